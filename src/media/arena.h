/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Counters and learnt addresses of all streams, indexed by slot: written by
 * the thread that owns the stream, read by signalling without asking.
 */
#ifndef CV_MEDIA_ARENA_H
#define CV_MEDIA_ARENA_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"

enum {
	CV_ARENA_SLOTS = 1 << 17
}; /* streams of one plane: two a session when it is full */

enum cv_count {
	CV_COUNT_RTP_IN = 0,
	CV_COUNT_RTP_OUT,
	CV_COUNT_RTCP_IN,
	CV_COUNT_RTCP_OUT,
	CV_COUNT_BYTES_IN,
	CV_COUNT_FOREIGN,
	CV_COUNT_WAIT,
	CV_COUNT_LOST,
	CV_COUNT_COUNT
};

enum cv_said {
	CV_SAID_REPORT = 1, /* anything at all */
	CV_SAID_SENDS = 2,
	CV_SAID_HEARS = 4, /* the other end */
};

/** One end of a stream. */
struct cv_cell_end {
	_Atomic uint64_t count[CV_COUNT_COUNT];
	_Atomic uint32_t turn;       /* its lowest bit says which copy is whole */
	_Atomic uint32_t unheard;    /* dropped: early media of a fork that isn't heard */
	_Atomic uint32_t refused;    /* of the foreign ones: a move that wasn't proven */
	_Atomic uint32_t said; /* bits below: what it reported, when it is watched */
	_Atomic uint64_t word[2][3]; /* remote and how it was learnt, packed */
};

/** One stream; on lines of its own, as two threads may own neighbours. */
struct cv_cell {
	_Alignas(64) _Atomic uint32_t
		pending; /* bits of msg.h that signalling hasn't seen */
	uint32_t retry;  /* 1 + slot of the next cell whose note found no room; the
			    thread's */
	struct cv_cell_end end[2];
};

struct cv_arena;

/** Makes an empty arena. ENOMEM. Ended by cv_mem_unref() when no thread uses it. */
int cv_arena_new(struct cv_arena **ap);
/** Makes sure that @p slot has a cell, and clears it. ENOMEM. Signalling thread, before
 * the slot is told to anybody. */
int cv_arena_clear(struct cv_arena *a, uint32_t slot);
/** The cell of a slot that was cleared once; NULL otherwise. Any thread. */
struct cv_cell *cv_arena_cell(struct cv_arena *a, uint32_t slot);

/** Publishes where we send and how that was learnt (enum cv_media_proof; 0: it wasn't).
 * Owner thread. */
void cv_cell_put_remote(struct cv_cell_end *c, const struct cv_addr *remote,
			uint8_t proof);
/** Reads what was published last. Any thread. */
void cv_cell_get_remote(const struct cv_cell_end *c, struct cv_addr *remote,
			uint8_t *proof);

/** Adds to a counter. Owner thread. */
static inline void cv_cell_add(struct cv_cell_end *c, enum cv_count id, uint64_t n)
{
	atomic_store_explicit(&c->count[id],
			      atomic_load_explicit(&c->count[id], memory_order_relaxed) +
				      n,
			      memory_order_relaxed);
}

/** Counts a packet of a fork that isn't heard. Owner thread. */
static inline void cv_cell_add_unheard(struct cv_cell_end *c)
{
	atomic_store_explicit(&c->unheard,
			      atomic_load_explicit(&c->unheard, memory_order_relaxed) + 1,
			      memory_order_relaxed);
}

/** Counts a packet that would have been a move. Owner thread. */
static inline void cv_cell_add_refused(struct cv_cell_end *c)
{
	atomic_store_explicit(&c->refused,
			      atomic_load_explicit(&c->refused, memory_order_relaxed) + 1,
			      memory_order_relaxed);
}

/** Owner thread. */
static inline void cv_cell_put_said(struct cv_cell_end *c, uint32_t said)
{
	atomic_store_explicit(&c->said, said, memory_order_relaxed);
}

static inline uint32_t cv_cell_read_said(const struct cv_cell_end *c)
{
	return atomic_load_explicit(&c->said, memory_order_relaxed);
}

static inline uint64_t cv_cell_read(const struct cv_cell_end *c, enum cv_count id)
{
	return atomic_load_explicit(&c->count[id], memory_order_relaxed);
}

static inline uint64_t cv_cell_read_unheard(const struct cv_cell_end *c)
{
	return atomic_load_explicit(&c->unheard, memory_order_relaxed);
}

#endif
