/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Counters listed once (stats.inc), one cell a thread, summed by readers, and
 * gauges asked of their owners.
 *
 * A thread that counts opens a cell at start and writes only there; `show
 * stats` sums all cells without asking anyone. A gauge is a function of the
 * object that owns the number; it runs on the signalling thread.
 */
#ifndef CV_BASE_STAT_H
#define CV_BASE_STAT_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/list.h"

enum cv_stat_id {
#define CV_STAT(name, doc) CV_STAT_##name,
#include "base/stats.inc"
#undef CV_STAT
	CV_STAT_COUNT
};

/** One thread's counters. Written by that thread, read relaxed by others. */
struct cv_stat_cell {
	_Atomic uint64_t v[CV_STAT_COUNT];
	struct cv_list node; /* the collection's; signalling thread only */
};

struct cv_stats;
struct cv_cmds;

typedef int64_t cv_gauge_fn(void *arg);

/** One number asked of its owner. Owned by its registrar; must stay until cv_gauge_del().
 */
struct cv_gauge {
	const char *name;
	cv_gauge_fn *read;
	void *arg;
	struct cv_list node;
};

/** Makes a collection and, when @p cmds is not NULL, its `show stats` command. Both live
 * on the signalling thread. */
int cv_stats_new(struct cv_stats **sp, struct cv_cmds *cmds);
/** Opens a cell; lives as long as the collection. ENOMEM. Signalling thread. */
int cv_stats_cell(struct cv_stats *s, struct cv_stat_cell **cp);
void cv_gauge_add(struct cv_stats *s, struct cv_gauge *g);
void cv_gauge_del(struct cv_gauge *g);
/** Sum over all cells. */
uint64_t cv_stats_sum(const struct cv_stats *s, enum cv_stat_id id);

/** Adds to a counter; accepts a NULL cell, so that tests need none. */
static inline void cv_stat_add(struct cv_stat_cell *c, enum cv_stat_id id, uint64_t n)
{
	if (c)
		atomic_store_explicit(
			&c->v[id],
			atomic_load_explicit(&c->v[id], memory_order_relaxed) + n,
			memory_order_relaxed);
}

#endif
