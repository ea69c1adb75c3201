/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory the allocator keeps after a busy hour, given back to the host.
 */
#ifndef CV_CORE_HEAP_H
#define CV_CORE_HEAP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/stat.h"
#include "loop/loop.h"

/** Decides when; plain data, zeroed to begin with. */
struct cv_heap_watch {
	uint64_t seen;     /* requests at the last step */
	uint64_t peak;     /* most requests a step since the last trim */
	unsigned calmness; /* steps in a row below half of it */
};

/** One step of 3 s, @p requests taken since the start: true when traffic has been below
 * half of its peak for as long as the stack keeps what it made for that peak. */
bool cv_heap_is_due(struct cv_heap_watch *w, uint64_t requests);

struct cv_heap;

/** Tells the allocator to take memory in large pieces, and from then on trims it after
 * each peak of the traffic that @p stats counts. ENOMEM. Ended by cv_mem_unref().
 * Signalling thread. */
int cv_heap_open(struct cv_heap **hp, struct cv_loop *loop, const struct cv_stats *stats);

#endif
