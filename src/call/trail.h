/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The trail of a request: how often it came through us already, and as what.
 * A loop is the same party asking for the same again (RFC 5393: whatever decides
 * where a request goes); another Request-URI or sender is a spiral, and goes on
 * as long as there are few of them. Pure; signalling thread.
 */
#ifndef CV_CALL_TRAIL_H
#define CV_CALL_TRAIL_H

#include <stdint.h>

enum { CV_TRAIL_MAX = 10 }; /* nobody is forwarded more often and meant it */

/** Oldest first. Plain data. */
struct cv_trail {
	unsigned c;
	uint64_t v[CV_TRAIL_MAX]; /* keyed hashes of who asked for what; never 0 */
};

/** Adds a passing. EALREADY: it is there, a loop (482); ELOOP: too many (483). */
int cv_trail_add(struct cv_trail *t, uint64_t pass);
/** The last one; 0: none. */
uint64_t cv_trail_last(const struct cv_trail *t);

struct cv_targets;

/** Splits what a Max-Breadth (RFC 5393 5.3.3) of @p have, at least 1, leaves among the
 * targets of each turn; those it isn't enough for are asked in a turn of their own. */
void cv_breadth_split(struct cv_targets *to, unsigned have);

#endif
