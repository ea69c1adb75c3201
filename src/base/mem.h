/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reference-counted objects with a finalizer, plain blocks, and an allocation
 * budget with which tests make the n-th allocation fail.
 *
 * The story of an object: cv_mem_new() gives zeroed memory and one reference;
 * a constructor fills it step by step and drops it on the first error, so the
 * finalizer accepts any prefix of construction. Parents hold references to
 * children, children point up without one. The last cv_mem_unref() runs the
 * finalizer, then frees. An object belongs to one thread at a time; the count
 * is not atomic. What crosses threads is a message, not an object.
 */
#ifndef CV_BASE_MEM_H
#define CV_BASE_MEM_H

#include <stddef.h>

typedef void cv_mem_fini_fn(void *obj);

/** Makes a zeroed object with one reference; NULL when memory or budget is out. @p fini
 * may be NULL. */
void *cv_mem_new(size_t size, cv_mem_fini_fn *fini);

/** Adds a reference and returns @p obj. Accepts NULL. */
void *cv_mem_ref(void *obj);

/** Drops a reference; the last one runs the finalizer. Accepts NULL, returns NULL. */
void *cv_mem_unref(void *obj);

/** Plain zeroed memory for @p n elements, ended by free(); NULL on overflow or when
 * memory is out. */
void *cv_mem_zalloc(size_t n, size_t size);

/** realloc() that obeys the budget and checks n * size; new bytes are not zeroed. */
void *cv_mem_realloc(void *p, size_t n, size_t size);

/** strdup() that obeys the budget; ended by free(). NULL in gives NULL out. */
char *cv_mem_strdup(const char *s);

/** Lets @p n further allocations succeed, then fails all; -1 lifts the limit. For tests,
 * process wide. */
void cv_mem_budget(long n);

/** Objects made by cv_mem_new() that are still alive, process wide. */
size_t cv_mem_live(void);

/** Logs how many objects are alive; at the end of main, where the number must be zero. */
void cv_mem_report(void);

#endif
