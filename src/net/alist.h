/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ordered address lists: `addr`, `lo-hi`, `addr/bits`; a leading `!` takes
 * away from what stands before it; the last word wins (CG-6). Pure.
 */
#ifndef CV_NET_ALIST_H
#define CV_NET_ALIST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/addr.h"
#include "base/str.h"

enum { CV_ALIST_MAX = 4096 }; /* entries of one list */

struct cv_alist;

/** Makes an empty list. ENOMEM. Ended by cv_mem_unref(). */
int cv_alist_new(struct cv_alist **lp);
/** Adds one entry in text. EINVAL: not an entry, with a sentence in @p why (static text);
 * E2BIG; ENOMEM. */
int cv_alist_add(struct cv_alist *l, struct cv_str entry, const char **why);
/** 1 + index of the entry whose word decided that @p a is in the list; 0 when it is not.
 * Accepts a NULL list. */
size_t cv_alist_find(const struct cv_alist *l, const struct cv_addr *a);
/** An entry before @p n that holds addresses of it too, which count as @p n's; 0: none.
 */
size_t cv_alist_overlap(const struct cv_alist *l, size_t n);
/** An entry of @p l that holds all of entry @p n of list @p of; 0: none. */
size_t cv_alist_holds(const struct cv_alist *l, const struct cv_alist *of, size_t n);
/** Text of entry @p n as returned by cv_alist_find(), for evidence. Borrowed. */
const char *cv_alist_text(const struct cv_alist *l, size_t n);
size_t cv_alist_count(const struct cv_alist *l);
/** Widest run of hosts around @p a that the entry holding @p a decides, for a check that
 * must work without the list; just @p a when it is not in the list. Ports are 0; a scope
 * is left only in the latter case, as entries have none. */
void cv_alist_around(const struct cv_alist *l, const struct cv_addr *a,
		     struct cv_addr *lo, struct cv_addr *hi);

#endif
