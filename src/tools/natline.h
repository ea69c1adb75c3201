/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One direction of a line: delay, jitter, loss, reordering, bandwidth. Pure:
 * packets and times in, packets and times out.
 *
 * The story: cv_natline_put() takes a copy of a packet and decides when it
 * arrives, or that it doesn't; cv_natline_due() says when the next one does;
 * cv_natline_take() hands out those that have.
 */
#ifndef CV_TOOLS_NATLINE_H
#define CV_TOOLS_NATLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CV_NATLINE_QUEUE = 4096 }; /* packets on the way; more are lost */

/** Plain data; all zero: a perfect line. */
struct cv_natline_traits {
	uint32_t delay_ms, jitter_ms; /* jitter is added, from 0 to this; order stays */
	unsigned loss_permille, reorder_permille; /* reordered: it overtakes, undelayed */
	uint32_t kbit_s;                          /* 0: no limit */
	uint32_t queue_ms; /* what waits longer for bandwidth is lost */
	uint64_t seed;
};

struct cv_natline_counts {
	uint64_t passed, lost, overflow, reordered;
};

struct cv_natline;

/** ENOMEM. Ended by cv_mem_unref(). */
int cv_natline_new(struct cv_natline **lp, const struct cv_natline_traits *t);
/** Nothing to wait for: packets need not be put at all. */
bool cv_natline_is_perfect(const struct cv_natline *l);
/** Takes a copy of a packet. ENOMEM; 0 also when it is lost on purpose. */
int cv_natline_put(struct cv_natline *l, const uint8_t *p, size_t len, uint64_t now_ms);
/** True, and when, in ms from now (0: now), if a packet is on its way. */
bool cv_natline_due(const struct cv_natline *l, uint64_t now_ms, uint32_t *wait_ms);
/** Next packet that has arrived, into @p p (@p size bytes); its length, 0: none. */
size_t cv_natline_take(struct cv_natline *l, uint8_t *p, size_t size, uint64_t now_ms);
const struct cv_natline_counts *cv_natline_counts(const struct cv_natline *l);

#endif
