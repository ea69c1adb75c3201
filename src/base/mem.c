/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reference-counted objects and plain blocks. Knows sizes and counts, never
 * what an object is. Runs on any thread: the two process-wide numbers are
 * atomic, the count of one object belongs to its owner's thread.
 */
#include "config.h"

#include "base/mem.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

/** Stands before every object; as strictly aligned as what malloc() gives. */
struct head {
	_Alignas(max_align_t) cv_mem_fini_fn *fini; /* may be NULL */
	size_t refs;                                /* 0: being finalized */
};

static _Atomic size_t live;
static _Atomic long budget = -1; /* allocations left; negative: no limit */

static bool spend(void)
{
	long n = atomic_load_explicit(&budget, memory_order_relaxed);

	while (n > 0) {
		if (atomic_compare_exchange_weak(&budget, &n, n - 1))
			return true;
	}

	return n < 0;
}

void *cv_mem_new(size_t size, cv_mem_fini_fn *fini)
{
	struct head *h;

	if (size > SIZE_MAX - sizeof(*h))
		return NULL;

	h = cv_mem_zalloc(1, sizeof(*h) + size);
	if (!h)
		return NULL;

	h->fini = fini;
	h->refs = 1;
	atomic_fetch_add_explicit(&live, 1, memory_order_relaxed);

	return h + 1;
}

void *cv_mem_ref(void *obj)
{
	struct head *h = obj;

	if (!obj)
		return NULL;

	--h;
	assert(h->refs > 0);
	++h->refs;

	return obj;
}

void *cv_mem_unref(void *obj)
{
	struct head *h = obj;

	if (!obj)
		return NULL;

	--h;
	assert(h->refs > 0);
	if (--h->refs > 0)
		return NULL;

	if (h->fini)
		h->fini(obj);

	free(h);
	atomic_fetch_sub_explicit(&live, 1, memory_order_relaxed);

	return NULL;
}

void *cv_mem_zalloc(size_t n, size_t size)
{
	if (n == 0 || size == 0)
		n = size = 1; /* never NULL for want of bytes */

	if (n > SIZE_MAX / size || !spend())
		return NULL;

	return calloc(n, size);
}

void *cv_mem_realloc(void *p, size_t n, size_t size)
{
	if (n == 0 || size == 0)
		n = size = 1; /* realloc(p, 0) may free p */

	if (n > SIZE_MAX / size || !spend())
		return NULL;

	return realloc(p, n * size);
}

char *cv_mem_strdup(const char *s)
{
	size_t size;
	char *copy;

	if (!s)
		return NULL;

	size = strlen(s) + 1;
	copy = cv_mem_realloc(NULL, size, 1);
	if (copy)
		memcpy(copy, s, size);

	return copy;
}

void cv_mem_budget(long n)
{
	atomic_store(&budget, n);
}

size_t cv_mem_live(void)
{
	return atomic_load_explicit(&live, memory_order_relaxed);
}

void cv_mem_report(void)
{
	size_t n = cv_mem_live();

	if (n > 0)
		cv_warn("base", "objects-alive count=%zu", n);
	else
		cv_debug("base", "objects-alive count=0");
}
