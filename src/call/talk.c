/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The talks of a call: what A and each phone that rings at B have said to each
 * other (offer.c). Signalling thread.
 *
 * The call's own talk is, before the answer, what the INVITE said to all. Each
 * place that rings has one that began as a copy of it; they are kept until one
 * place has answered, whose talk becomes the call's own.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "call/unfold.h"

static void clear(struct cv_talk *t)
{
	for (size_t i = 0; i < 2; ++i) {
		cv_mem_unref(t->now[i]);
		cv_mem_unref(t->good[i]);
		cv_origin_free(&t->origin[i]);
	}

	*t = (struct cv_talk){.fork = CV_FORK_ALL};
}

static void copy(struct cv_talk *to, const struct cv_talk *from)
{
	clear(to);
	*to = *from;
	for (size_t i = 0; i < 2; ++i) {
		cv_mem_ref(to->now[i]);
		cv_mem_ref(to->good[i]);
		cv_mem_ref(to->origin[i].session);
	}
}

static struct cv_talk *ring_find(const struct cv_call *call, uint32_t fork)
{
	for (size_t i = 0; i < call->ringc; ++i) {
		if (call->ring[i].fork == fork)
			return &call->ring[i];
	}

	return NULL;
}

static bool is_own(const struct cv_call *call, uint32_t fork)
{
	return fork == CV_FORK_ALL || call->talk.fork != CV_FORK_ALL;
}

struct cv_talk *cv_talk_find(struct cv_call *call, uint32_t fork)
{
	return is_own(call, fork) ? &call->talk : ring_find(call, fork);
}

/* Did A say something else in another talk than what the INVITE said? */
static bool has_moved(const struct cv_call *call)
{
	for (size_t i = 0; i < call->ringc; ++i) {
		if (call->ring[i].now[CV_END_A] != call->talk.now[CV_END_A])
			return true;
	}

	return false;
}

/* Room for one more: most calls ring at one place, so there is room for one, then for
 * twice as many each time. */
static int ring_need(struct cv_call *call)
{
	size_t c = call->ringc, room = c > 0 ? 2 * c : 1;
	struct cv_talk *v;

	if (c > 0 && (c & (c - 1)) != 0)
		return 0;

	v = cv_mem_realloc(call->ring, room, sizeof(*v));
	if (!v)
		return ENOMEM;

	memset(v + c, 0, (room - c) * sizeof(*v));
	call->ring = v;

	return 0;
}

int cv_talk_get(struct cv_talk **tp, struct cv_call *call, uint32_t fork)
{
	struct cv_talk *t;

	if (is_own(call, fork)) {
		*tp = &call->talk;
		return 0;
	}

	t = ring_find(call, fork);
	if (t) {
		*tp = t;
		return 0;
	}

	if (call->ringc == CV_CALL_FORKS) /* the one that came last makes room */
		--call->ringc;
	else if (ring_need(call))
		return ENOMEM;

	t = &call->ring[call->ringc];
	copy(t, &call->talk);
	t->fork = fork;
	t->is_apart = has_moved(call);
	++call->ringc;
	*tp = t;

	return 0;
}

static void ring_end(struct cv_call *call)
{
	for (size_t i = 0; i < call->ringc; ++i)
		clear(&call->ring[i]);

	free(call->ring);
	call->ring = NULL;
	call->ringc = 0;
}

void cv_talk_choose(struct cv_call *call, uint32_t fork)
{
	struct cv_origin shown = {.session = NULL};
	const struct cv_talk *t = ring_find(call, fork);
	struct cv_chain ch;

	cv_chain_take(&ch, call);
	if (t) {
		cv_origin_copy(&shown, &call->talk.origin[CV_END_A]);
		copy(&call->talk, t);
		if (call->single) /* A saw one dialog all the time */
			cv_origin_copy(&call->talk.origin[CV_END_A], &shown);
		cv_origin_free(&shown);
	}

	call->talk.fork = fork;
	ring_end(call);
	if (call->media)
		call->calls->env.media->choose(call->media, fork);

	cv_unfold_review(call, &ch);
}

void cv_talk_anew(struct cv_call *call)
{
	ring_end(call);
	cv_unfold_anew(call);
	if (call->media)
		call->calls->env.media->anew(call->media);
}

void cv_talk_end(struct cv_call *call)
{
	ring_end(call);
	clear(&call->talk);
}

struct cv_origin *cv_talk_origin(struct cv_call *call, struct cv_talk *t, enum cv_end to,
				 const struct cv_addr *shown)
{
	const struct cv_origin *face;

	if (to == CV_END_A)
		return call->single ? &call->talk.origin[to] : &t->origin[to];

	/* its dialog began with what was shown there */
	face = cv_face_origin(call, shown);
	if (face && !cv_addr_host_eq(&t->origin[to].shown, shown))
		cv_origin_copy(&t->origin[to], face);
	if (call->talk.fork != CV_FORK_ALL) /* the others are over */
		call->faces = cv_mem_unref(call->faces);

	return &t->origin[to];
}
