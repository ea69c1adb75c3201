/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Single-producer single-consumer ring of fixed-size elements, without locks.
 */
#ifndef CV_BASE_RING_H
#define CV_BASE_RING_H

#include <stdbool.h>
#include <stddef.h>

struct cv_ring;

/** @p count elements (rounded up to a power of two) of @p size bytes. EINVAL, ENOMEM.
 * Ended by cv_mem_unref(). */
int cv_ring_new(struct cv_ring **rp, size_t count, size_t size);
/** Copies one element in; ENOBUFS when full. Producer thread only. */
int cv_ring_push(struct cv_ring *r, const void *elem);
/** Copies one element out; false when empty. Consumer thread only. */
bool cv_ring_pop(struct cv_ring *r, void *elem);

#endif
