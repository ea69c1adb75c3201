/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Addresses we showed to parties, and whom each stands for: the index by which
 * a media loop is known. They go with their call. Signalling thread.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "call/unfold.h"

_Static_assert(sizeof(((struct cv_shown *)0)->key) ==
		       sizeof(((struct cv_addr *)0)->ip.bytes) + 2 * sizeof(uint16_t),
	       "a key is host, family and port");

/* Scopes are left out: an address of ours is one without them. */
static struct cv_str key_make(uint8_t *key, const struct cv_addr *a)
{
	const uint16_t more[2] = {a->family, a->port};
	size_t len = a->family == AF_INET ? sizeof(a->ip.v4) : sizeof(a->ip.v6);

	memset(key, 0, sizeof(a->ip.bytes));
	memcpy(key, a->ip.bytes, len);
	memcpy(key + sizeof(a->ip.bytes), more, sizeof(more));

	return cv_str_make((const char *)key, sizeof(a->ip.bytes) + sizeof(more));
}

static bool is_live(const struct cv_flow *f)
{
	return f->rtp.port != 0 && f->carry == CV_CARRY_UDP;
}

static void shown_fini(void *obj)
{
	struct cv_shown *s = obj;

	cv_hash_del(&s->node);
	cv_list_del(&s->in_call);
}

static struct cv_shown *same_place(struct cv_call *call, const struct cv_media *of,
				   const struct cv_shown *what)
{
	struct cv_list *n, *tmp;

	CV_LIST_FOREACH (n, tmp, &call->shown) {
		struct cv_shown *s = CV_CONTAINER(n, struct cv_shown, in_call);

		if (s->of == of && s->end == what->end && s->line == what->line)
			return s;
	}

	return NULL;
}

int cv_shown_put(struct cv_call *call, const struct cv_media *of,
		 const struct cv_shown *what)
{
	struct cv_shown *s = same_place(call, of, what);

	if (!s) {
		s = cv_mem_new(sizeof(*s), shown_fini);
		if (!s)
			return ENOMEM;

		s->call = call;
		s->of = of;
		s->end = what->end;
		s->line = what->line;
		cv_list_add(&call->shown, &s->in_call);
	}

	s->rtcp = what->rtcp;
	s->mux = what->mux;
	s->sum = what->sum;
	if (cv_addr_eq(&s->rtp, &what->rtp))
		return 0;

	s->rtp = what->rtp;
	cv_hash_del(&s->node);
	cv_hash_add(call->calls->by_shown, &s->node, key_make(s->key, &s->rtp), s);

	return 0;
}

/* Remembers what the session @p of shows the party that hears w. */
void cv_shown_note(const struct cv_unfold_work *w, const struct cv_media *of,
		   const struct cv_flow *out)
{
	for (size_t i = 0; i < w->lines->c; ++i) {
		const struct cv_shown s = {
			.end = w->from->end,
			.line = i,
			.rtp = out[i].rtp,
			.rtcp = out[i].rtcp,
			.mux = out[i].mux,
			.sum = cv_sdp_media_sum(w->sdp, i),
		};

		/* what isn't known is relayed as any other */
		if (is_live(&out[i]) && cv_shown_put(w->from->call, of, &s))
			cv_warn("call", "loop not known call=%s", w->from->call->id);
	}
}

const struct cv_shown *cv_shown_find(const struct cv_calls *c, const struct cv_addr *a)
{
	const struct cv_hash_node *n;
	uint8_t key[sizeof(((struct cv_shown *)0)->key)];

	n = cv_hash_find(c->by_shown, key_make(key, a));

	return n ? n->obj : NULL;
}

void cv_shown_drop(struct cv_call *call, const struct cv_media *of)
{
	struct cv_list *n, *tmp;

	CV_LIST_FOREACH (n, tmp, &call->shown) {
		struct cv_shown *s = CV_CONTAINER(n, struct cv_shown, in_call);

		if (!of || s->of == of)
			cv_mem_unref(s);
	}
}
