/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Single-producer single-consumer ring. Knows bytes of one size. One thread
 * pushes, one pops; each writes only its own index and publishes the element
 * with it.
 */
#include "config.h"

#include "base/ring.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum {
	MAX_COUNT = 1 << 20, /* elements; a longer backlog is a stuck reader */
	CACHE_LINE = 64,
};

struct cv_ring {
	uint8_t *data; /* owned, count * size bytes */
	size_t count;  /* a power of two */
	size_t size;   /* of one element */
	char pad0[CACHE_LINE];
	_Atomic size_t head; /* next to pop; consumer's */
	char pad1[CACHE_LINE];
	_Atomic size_t tail; /* next to push; producer's */
};

static uint8_t *slot(const struct cv_ring *r, size_t i)
{
	return r->data + (i & (r->count - 1)) * r->size;
}

static void ring_fini(void *obj)
{
	struct cv_ring *r = obj;

	free(r->data);
}

int cv_ring_new(struct cv_ring **rp, size_t count, size_t size)
{
	struct cv_ring *r;

	if (count == 0 || count > MAX_COUNT || size == 0)
		return EINVAL;

	r = cv_mem_new(sizeof(*r), ring_fini);
	if (!r)
		return ENOMEM;

	r->size = size;
	r->count = 1;
	while (r->count < count)
		r->count *= 2;

	r->data = cv_mem_zalloc(r->count, size);
	if (!r->data) {
		cv_mem_unref(r);
		return ENOMEM;
	}

	*rp = r;

	return 0;
}

int cv_ring_push(struct cv_ring *r, const void *elem)
{
	size_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);
	size_t head = atomic_load_explicit(&r->head, memory_order_acquire);

	if (tail - head == r->count)
		return ENOBUFS;

	memcpy(slot(r, tail), elem, r->size);
	atomic_store_explicit(&r->tail, tail + 1, memory_order_release);

	return 0;
}

bool cv_ring_pop(struct cv_ring *r, void *elem)
{
	size_t head = atomic_load_explicit(&r->head, memory_order_relaxed);
	size_t tail = atomic_load_explicit(&r->tail, memory_order_acquire);

	if (head == tail)
		return false;

	memcpy(elem, slot(r, head), r->size);
	atomic_store_explicit(&r->head, head + 1, memory_order_release);

	return true;
}
