/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Trails, and the calls whose trail a new one continues although its own says
 * nothing. Signalling thread.
 *
 * A PBX that forwards a call as a back-to-back user agent may keep no header of
 * it. What such an agent does keep, when it doesn't carry the media itself, is
 * who offered it: user, id and version of o= name one offer in the world (RFC
 * 4566 5.2). An INVITE from where an unanswered call of ours was sent, with that
 * call's offer, continues it. A stranger who copies an offer harms nobody but his
 * own call: only the new one is ever refused.
 */
#include "config.h"

#include "call/trail.h"

#include <errno.h>
#include <stdlib.h>

#include "base/mem.h"
#include "call/call_int.h"

enum { LOOKED_AT = 16 }; /* calls of one offer: test tools give all theirs the same */

int cv_trail_add(struct cv_trail *t, uint64_t pass)
{
	for (unsigned i = 0; i < t->c; ++i) {
		if (t->v[i] == pass)
			return EALREADY;
	}

	if (t->c == CV_TRAIL_MAX)
		return ELOOP;

	t->v[t->c++] = pass;

	return 0;
}

uint64_t cv_trail_last(const struct cv_trail *t)
{
	return t->c > 0 ? t->v[t->c - 1] : 0;
}

/* Targets of one turn stand together; no turn has more than @p have. */
static void turns_split(struct cv_targets *to, unsigned have)
{
	uint8_t more = 0, before = 0;
	unsigned used = 0;

	for (size_t i = 0; i < to->c; ++i) {
		struct cv_target *t = &to->v[i];
		bool same = i > 0 && t->turn == before;

		before = t->turn;
		if (same && used == have)
			++more;
		used = same && used < have ? used + 1 : 1;
		t->turn = (uint8_t)(t->turn + more);
	}
}

void cv_breadth_split(struct cv_targets *to, unsigned have)
{
	turns_split(to, have);
	for (size_t i = 0; i < to->c; ++i) {
		unsigned all = 1, nr = 0; /* of its turn; and before it */

		for (size_t k = 0; k < to->c; ++k) {
			all += k != i && to->v[k].turn == to->v[i].turn;
			nr += k < i && to->v[k].turn == to->v[i].turn;
		}
		to->v[i].breadth = have / all + (nr < have % all);
	}
}

/* "user id version" of o=, all but its last three words; empty: none. */
static struct cv_str offer_name(const struct cv_msg *m)
{
	struct cv_str rest, line;
	int words = 3;

	if (cv_part_find_sdp(m->type, m->body, &rest))
		return CV_STR_NULL;

	do {
		if (!cv_str_next(&rest, '\n', &line))
			return CV_STR_NULL;
	} while (!cv_str_starts(line, CV_STR("o=")));

	line = cv_str_trim(cv_str_from(line, 2));
	while (words > 0 && line.len > 0)
		words -= line.p[--line.len] == ' ';

	return line;
}

/* "host user id version": who was or is offered what, by whom; NULL: no offer, or no
 * memory. Ended by free(). */
static char *continued_key(const struct cv_addr *at, const struct cv_msg *m)
{
	struct cv_str name = offer_name(m);
	char host[CV_ADDR_STRLEN];
	struct cv_buf b = {0};
	char *key = NULL;

	if (name.len == 0)
		return NULL;

	cv_buf_printf(&b, "%s " CV_STR_FMT, cv_addr_print_host(at, host),
		      CV_STR_ARG(name));
	if (!cv_buf_err(&b))
		key = cv_str_dup(cv_buf_view(&b));
	cv_buf_free(&b);

	return key;
}

/* The call that this one continues, the longest trail of those that may be it; NULL. */
static const struct cv_call *continued(const struct cv_calls *c,
				       const struct cv_request *rq)
{
	char *key = continued_key(&rq->place.seen, &rq->msg);
	const struct cv_hash_node *n =
		key ? cv_hash_find(c->by_offer, cv_str_of(key)) : NULL;
	const struct cv_call *best = NULL;

	for (int i = 0; n && i < LOOKED_AT; n = cv_hash_next(n), ++i) {
		const struct cv_call *call = n->obj;

		if (!best || call->trail.c > best->trail.c)
			best = call;
	}

	free(key);

	return best;
}

int cv_call_trail(const struct cv_calls *c, const struct cv_request *rq,
		  struct cv_trail *t)
{
	const struct cv_call *before;
	uint64_t pass = cv_trail_last(&rq->trail);

	*t = rq->trail;
	if (pass == 0 || rq->trail.c > 1)
		return 0; /* it says by itself where it was */

	before = continued(c, rq);
	if (!before)
		return 0;

	*t = before->trail;

	return cv_trail_add(t, pass);
}

void cv_call_trail_link(struct cv_call *call, const struct cv_msg *m)
{
	if (call->trail.c == 0)
		return;

	call->offer_key = continued_key(&call->target.hop, m);
	if (call->offer_key)
		cv_hash_add(call->calls->by_offer, &call->by_offer,
			    cv_str_of(call->offer_key), call);
}
