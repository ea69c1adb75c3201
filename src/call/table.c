/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where calls are found: by id, by what A's INVITE says of itself, by media
 * session. Signalling thread.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/random.h>

#include "base/clock.h"
#include "call/call_int.h"
#include "call/trial.h"

enum { DRAWS = 4 }; /* of 50 bits each: a fourth clash means broken random numbers */

static struct cv_str media_key(const struct cv_call *call)
{
	return cv_str_make((const char *)call->media_key, sizeof(call->media_key));
}

void cv_call_link(struct cv_call *call)
{
	struct cv_calls *c = call->calls;

	cv_hash_add(c->by_id, &call->by_id, cv_str_of(call->id), call);
	cv_hash_add(c->by_key, &call->by_key, cv_str_of(call->key), call);
	cv_list_add(&c->list, &call->node);
	++c->count;
}

void cv_call_unlink(struct cv_call *call)
{
	cv_hash_del(&call->by_id);
	cv_hash_del(&call->by_key);
	cv_hash_del(&call->by_media);
	cv_hash_del(&call->by_offer);
	cv_list_del(&call->node);
	--call->calls->count;
}

void cv_call_link_media(struct cv_call *call)
{
	const struct cv_media_ops *ops = call->calls->env.media;

	call->media_key[0] = ops->id(call->media);
	call->media_key[1] = ops->gen(call->media);
	cv_hash_add(call->calls->by_media, &call->by_media, media_key(call), call);
}

struct cv_call *cv_calls_find_key(const struct cv_calls *c, struct cv_str key,
				  const struct cv_call *prev)
{
	const struct cv_hash_node *n =
		prev ? cv_hash_next(&prev->by_key) : cv_hash_find(c->by_key, key);

	return n ? n->obj : NULL;
}

int cv_call_id_draw(struct cv_calls *c, char *id)
{
	static const char digits[] = "0123456789abcdefghjkmnpqrstvwxyz"; /* not i l o u */
	uint8_t r[CV_CALL_ID_LEN];

	for (unsigned n = 0; n < DRAWS; ++n) {
		if (getrandom(r, sizeof(r), 0) != (ssize_t)sizeof(r))
			return EIO;

		for (size_t i = 0; i < sizeof(r); ++i)
			id[i] = digits[r[i] % 32];

		if (!cv_hash_find(c->by_id, cv_str_of(id)))
			return 0;
	}

	return EIO;
}

const char *cv_call_state_name(enum cv_call_state s)
{
	switch (s) {
	case CV_CALL_SETUP:
		return "setup";
	case CV_CALL_CHALLENGED:
		return "challenged";
	case CV_CALL_ANSWERED:
		return "answered";
	case CV_CALL_LEAVING:
		return "leaving";
	case CV_CALL_OVER:
		break;
	}

	return "over";
}

static void note_latch(struct cv_call *call, const struct cv_call_media_event *ev)
{
	uint64_t ms = cv_clock_ms() - call->start_ms;
	char what[48], addr[CV_ADDR_STRLEN];
	struct cv_party *p = &call->party[ev->end];

	if (ev->stream == 0 && cv_addr_is_set(&ev->seen))
		p->latched = ev->seen;

	(void)snprintf(what, sizeof(what), "latch of %s %s", cv_call_party_name(p->end),
		       cv_offer_stream_name(call, ev->stream));
	cv_evid_add(call->evid, what, ev->what,
		    "%s, %" PRIu64 ".%03u s after the call began: %s",
		    cv_addr_print(&ev->seen, addr), ms / 1000, (unsigned)(ms % 1000),
		    ev->why);
}

void cv_calls_media_event(struct cv_calls *c, const struct cv_call_media_event *ev)
{
	const uint32_t key[2] = {ev->id, ev->gen};
	const struct cv_hash_node *n;
	struct cv_call *call;

	n = cv_hash_find(c->by_media, cv_str_make((const char *)key, sizeof(key)));
	if (!n || ev->end > CV_END_B)
		return;

	call = n->obj;
	if (ev->reported)
		cv_trial_heard(call);
	if (ev->reported || !cv_call_is_relayed(call))
		return; /* silence of RTCP that only passes means nothing */

	if (ev->dead) {
		cv_call_finish(call,
			       &(struct cv_call_end){"edge", "media-timeout", ETIMEDOUT});
		return;
	}

	cv_debug("call", "media %s call=%s end=%s stream=%u", ev->what, call->id,
		 cv_call_party_name((enum cv_end)ev->end), ev->stream);
	if (cv_addr_is_set(&ev->seen))
		note_latch(call, ev);
	else
		cv_evid_add(call->evid, "media", ev->what, "stream %u of %s", ev->stream,
			    cv_call_party_name((enum cv_end)ev->end));
	if (ev->silent)
		cv_probe_doubt(call);
}
