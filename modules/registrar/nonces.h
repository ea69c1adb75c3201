/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which nonces were used, and how often: a credential that was seen on its way
 * must not serve a second time (threats 23). Signalling thread.
 */
#ifndef CV_REGISTRAR_NONCES_H
#define CV_REGISTRAR_NONCES_H

#include <stdint.h>

struct cv_nonces;

/** ENOMEM. Ended by cv_mem_unref(). */
int cv_nonces_new(struct cv_nonces **np);
/**
 * Notes that the nonce of @p stamp proved something with this count; only for
 * credentials that are right. 0: for the first time with a count so high;
 * ESTALE: it was seen before, or so long ago that nobody can tell.
 */
int cv_nonces_use(struct cv_nonces *n, uint64_t stamp, uint32_t count);

#endif
