/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The allocator's memory. Knows glibc's two calls for it and one counter.
 * Signalling thread.
 *
 * The SIP stack keeps about 40 KB of a call for 32 s after its transactions.
 * What is freed then lies between blocks that live on, so the allocator can't
 * give it back by itself: without a trim a process stays as large as its
 * busiest half minute made it. A trim stops the thread for about a tenth of a
 * second a gigabyte, which is why it waits for calm.
 */
#include "config.h"

#include "core/heap.h"

#include <errno.h>
#include <malloc.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

enum {
	STEP_MS = 3000,
	CALM_STEPS = 11,       /* 33 s: a little longer than the stack's 64 * T1 */
	FEW = 100,             /* requests a step that leave nothing worth a trim */
	TOP_PAD = 1024 * 1024, /* bytes a time from the kernel instead of 128 KB */
};

struct cv_heap {
	struct cv_heap_watch watch;
	const struct cv_stats *stats;
	struct cv_timer *timer; /* owned */
};

bool cv_heap_is_due(struct cv_heap_watch *w, uint64_t requests)
{
	uint64_t now = requests - w->seen;

	w->seen = requests;
	if (now > w->peak)
		w->peak = now;
	w->calmness = now < w->peak / 2 ? w->calmness + 1 : 0;
	if (w->peak < FEW || w->calmness < CALM_STEPS)
		return false;

	w->peak = now;
	w->calmness = 0;

	return true;
}

static void on_step(void *arg)
{
	struct cv_heap *h = arg;
	uint64_t began;

	if (cv_heap_is_due(&h->watch, cv_stats_sum(h->stats, CV_STAT_requests_in))) {
		began = cv_clock_ms();
		(void)malloc_trim(TOP_PAD);
		cv_debug("core", "heap-trimmed ms=%llu",
			 (unsigned long long)(cv_clock_ms() - began));
	}
	if (cv_timer_set(h->timer, STEP_MS))
		cv_warn("core", "heap-untended");
}

static void heap_fini(void *obj)
{
	struct cv_heap *h = obj;

	cv_mem_unref(h->timer);
}

int cv_heap_open(struct cv_heap **hp, struct cv_loop *loop, const struct cv_stats *stats)
{
	struct cv_heap *h;
	int err;

	h = cv_mem_new(sizeof(*h), heap_fini);
	if (!h)
		return ENOMEM;

	(void)mallopt(M_TOP_PAD, TOP_PAD);
	h->stats = stats;
	err = cv_timer_new(&h->timer, loop, on_step, h);
	if (!err)
		err = cv_timer_set(h->timer, STEP_MS);
	if (err)
		cv_mem_unref(h);
	else
		*hp = h;

	return err;
}
