/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Small numbers for objects: take, find, give back. A number given back rests
 * for one port quarantine, and its generation counts up each time it is taken.
 * Signalling thread only.
 */
#ifndef CV_MEDIA_SLOTS_H
#define CV_MEDIA_SLOTS_H

#include <stddef.h>
#include <stdint.h>

struct cv_slots;

/** At most @p max numbers from 0. ENOMEM. Ended by cv_mem_unref(). */
int cv_slots_new(struct cv_slots **sp, uint32_t max);
/** Takes a number for @p obj (not owned). ENOSPC: all are in use or rest; ENOMEM. */
int cv_slots_take(struct cv_slots *s, uint32_t *np, void *obj);
/** The object of a number, NULL when nobody has it. */
void *cv_slots_find(const struct cv_slots *s, uint32_t n);
uint32_t cv_slots_gen(const struct cv_slots *s, uint32_t n);
void cv_slots_give(struct cv_slots *s, uint32_t n);
/** Numbers in use. */
size_t cv_slots_count(const struct cv_slots *s);
/** Every number ever taken is below this, for walks. */
uint32_t cv_slots_end(const struct cv_slots *s);

#endif
