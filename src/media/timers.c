/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every timer of the media plane. Media thread.
 *
 *  idle_ms (60 s)  neither end was heard: SILENT once, and the latches open
 *                  again. One end was not heard although its direction says
 *                  it sends, while the other was within half of the time:
 *                  ONE_WAY once, for the end that is missed.
 *  hold_ms (300 s) neither end was heard: IDLE once; the call is dead.
 *
 *  keep_ms (15 s)  nothing was sent to an end behind a NAT, by one of its
 *                  sockets: a keepalive leaves by that one, if its other side
 *                  was learnt. RTP and RTCP apart, for the NAT keeps them
 *                  apart. It goes to that end only, is counted in no report
 *                  and is not heard: a call on hold dies as without it.
 *
 * RTP, RTCP and all else that was accepted count as heard. Time runs from when
 * both ends have said their address and the sockets are open (a call that
 * rings is not dead, a parked one neither); any packet starts it anew, and
 * what was told may be told again after that. A time of 0 never ends.
 *
 * A packet only notes when it came. A wheel looks at a stream when its nearest
 * time could be over, at the latest after one turn: what runs on the packet
 * path is one store. Notes to signalling that found no room go out with the
 * next tick.
 */
#include "config.h"

#include "base/clock.h"
#include "media/media_int.h"

enum { TURN_MS = (CV_WHEEL - 1) * CV_MTIMER_TICK_MS };

static uint64_t later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* How long an end has not been heard */
static uint64_t quiet(const struct cv_mstream *s, enum cv_end end, uint64_t now)
{
	uint64_t heard = later(s->end[end].heard_ms, s->since_ms);

	return now > heard ? now - heard : 0;
}

static void tell(struct cv_mstream *s, enum cv_end end, enum cv_media_what what)
{
	cv_mthread_note(s->thread, s->slot, cv_note_bit(end, what));
}

/* Told once for one silence: `mark` is when it began */
static bool is_news(uint64_t *mark, uint64_t heard, bool holds)
{
	if (!holds || *mark == heard)
		return false;

	*mark = heard;

	return true;
}

static void check_both(struct cv_mstream *s, uint64_t both, uint64_t now)
{
	uint32_t hold_ms = s->thread->hold_ms;
	uint64_t heard = later(
		later(s->end[CV_END_A].heard_ms, s->end[CV_END_B].heard_ms), s->since_ms);

	if (is_news(&s->silent_mark, heard, s->idle_ms > 0 && both >= s->idle_ms)) {
		cv_pipe_silent(&s->end[CV_END_A], now);
		cv_pipe_silent(&s->end[CV_END_B], now);
		tell(s, CV_END_A, CV_MEDIA_SILENT);
	}
	if (is_news(&s->dead_mark, heard, hold_ms > 0 && both >= hold_ms))
		tell(s, CV_END_A, CV_MEDIA_IDLE);
}

static void check_end(struct cv_mstream *s, enum cv_end end, uint64_t mine,
		      uint64_t other)
{
	struct cv_mend *e = &s->end[end];
	bool is_missed = s->idle_ms > 0 && mine >= s->idle_ms && e->talks &&
			 other < s->idle_ms / 2;

	if (is_news(&e->missed_mark, later(e->heard_ms, s->since_ms), is_missed))
		tell(s, end, CV_MEDIA_ONE_WAY);
}

/* Time to the next threshold that lies ahead, at most one turn */
static uint64_t wait_for(uint64_t best, uint64_t passed, uint64_t limit)
{
	if (limit == 0 || passed >= limit || limit - passed >= best)
		return best;

	return limit - passed;
}

/* Time to the next keepalive of an end */
static uint64_t keep(struct cv_mstream *s, enum cv_end which, uint64_t now, uint64_t wait)
{
	struct cv_mend *end = &s->end[which];

	for (unsigned i = 0; end->keep_ms > 0 && i < CV_COMP_COUNT; ++i) {
		uint64_t sent = later(end->sent_ms[i], s->since_ms);
		uint64_t passed = now > sent ? now - sent : 0;

		if (passed >= end->keep_ms) {
			cv_pipe_keep(end, (enum cv_pkt_comp)i, now);
			passed = 0;
		}
		wait = wait_for(wait, passed, end->keep_ms);
	}

	return wait;
}

static uint64_t check(struct cv_mstream *s, uint64_t now)
{
	uint64_t a, b, both, wait = TURN_MS;

	if (s->since_ms == 0 || s->is_parked)
		return wait;

	a = quiet(s, CV_END_A, now);
	b = quiet(s, CV_END_B, now);
	both = a < b ? a : b;
	check_end(s, CV_END_A, a, b);
	check_end(s, CV_END_B, b, a);
	check_both(s, both, now);

	wait = wait_for(wait, a, s->idle_ms);
	wait = wait_for(wait, b, s->idle_ms);
	wait = keep(s, CV_END_A, now, wait);
	wait = keep(s, CV_END_B, now, wait);

	return wait_for(wait, both, s->thread->hold_ms);
}

static void place(struct cv_mstream *s, uint64_t wait)
{
	struct cv_mthread *t = s->thread;
	size_t steps = (size_t)(wait / CV_MTIMER_TICK_MS) + 1;

	if (steps > CV_WHEEL - 1)
		steps = CV_WHEEL - 1;
	cv_list_del(&s->timer);
	cv_list_add(&t->wheel[(t->hand + steps) % CV_WHEEL], &s->timer);
	if (t->is_ticking)
		return;

	t->is_ticking = cv_timer_set(t->timer, CV_MTIMER_TICK_MS) == 0;
}

void cv_mtimer_add(struct cv_mstream *s)
{
	place(s, check(s, cv_clock_ms()));
}

void cv_mtimer_tick(struct cv_mthread *t)
{
	uint64_t now = cv_clock_ms();
	struct cv_list *head, due, *node, *tmp;

	t->hand = (t->hand + 1) % CV_WHEEL;
	head = &t->wheel[t->hand];
	cv_list_init(&due);
	CV_LIST_FOREACH (node, tmp, head) {
		cv_list_del(node);
		cv_list_add(&due, node);
	}

	CV_LIST_FOREACH (node, tmp, &due) {
		struct cv_mstream *s = CV_CONTAINER(node, struct cv_mstream, timer);

		place(s, check(s, now));
	}
}
