/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * When something is due with a binding: one wheel of ticks and one timer for
 * all, so that a binding costs no timer of its own. Signalling thread.
 *
 * A binding stands in the slot of the tick at which its earliest due is over;
 * what is further away than a round stands in the last slot of the round and
 * is put again when that comes. The timer is set to the next slot that holds
 * anything, so an idle table costs nothing.
 */
#include "config.h"

#include <errno.h>

#include "base/clock.h"
#include "bind/bind_int.h"

static struct cv_list *slot(struct cv_binds *bs, uint64_t tick)
{
	return &bs->wheel[tick % CV_BIND_SLOTS];
}

static void wake_at(struct cv_binds *bs, uint64_t tick)
{
	uint64_t now = cv_clock_ms(), at = tick * CV_BIND_TICK_MS;

	if (bs->wake != 0 && bs->wake <= tick)
		return;

	bs->wake = tick;
	if (cv_timer_set(bs->timer, at > now ? (uint32_t)(at - now) : 0))
		bs->wake = 0; /* the next arm tries again */
}

static uint64_t earliest(const struct cv_binding *b)
{
	uint64_t at;

	if (!b->confirmed)
		return b->refreshed_ms + CV_BIND_PENDING_MS;

	at = b->phone_until_ms;
	if (b->ping_at_ms != 0 && b->ping_at_ms < at)
		at = b->ping_at_ms;

	return at;
}

void cv_bind_arm(struct cv_binds *bs, struct cv_binding *b)
{
	uint64_t tick;

	cv_list_del(&b->due);
	b->due_ms = earliest(b);
	tick = (b->due_ms + CV_BIND_TICK_MS - 1) / CV_BIND_TICK_MS;
	if (tick <= bs->tick)
		tick = bs->tick + 1;
	else if (tick >= bs->tick + CV_BIND_SLOTS)
		tick = bs->tick + CV_BIND_SLOTS - 1;

	cv_list_add(slot(bs, tick), &b->due);
	wake_at(bs, tick);
}

/* One binding whose slot has come. It may be gone behind this. */
static void work(struct cv_binds *bs, struct cv_binding *b, uint64_t now)
{
	if (b->due_ms > now)
		cv_bind_arm(bs, b);
	else if (!b->confirmed)
		cv_bind_drop(bs, b, "never confirmed");
	else if (b->phone_until_ms <= now)
		cv_bind_end(bs, b, "expired");
	else
		cv_bind_ping_due(bs, b);
}

/* Takes what stands in the slots up to now into @p out. */
static void collect(struct cv_binds *bs, uint64_t until, struct cv_list *out)
{
	uint64_t from = bs->tick + 1;

	if (until >= from + CV_BIND_SLOTS)
		from = until - CV_BIND_SLOTS + 1;

	for (uint64_t t = from; t <= until; ++t) {
		struct cv_list *n, *tmp;

		CV_LIST_FOREACH (n, tmp, slot(bs, t)) {
			cv_list_del(n);
			cv_list_add(out, n);
		}
	}

	if (until > bs->tick)
		bs->tick = until;
}

static void sleep_on(struct cv_binds *bs)
{
	for (uint64_t t = bs->tick + 1; t < bs->tick + CV_BIND_SLOTS; ++t) {
		if (!cv_list_is_empty(slot(bs, t))) {
			wake_at(bs, t);
			return;
		}
	}
}

void cv_bind_tick(void *arg)
{
	struct cv_binds *bs = arg;
	uint64_t now = cv_clock_ms();
	struct cv_list out;

	bs->wake = 0;
	cv_list_init(&out);
	collect(bs, now / CV_BIND_TICK_MS, &out);
	while (!cv_list_is_empty(&out)) {
		struct cv_binding *b = CV_CONTAINER(out.next, struct cv_binding, due);

		cv_list_del(&b->due);
		work(bs, b, now);
	}

	sleep_on(bs);
}
