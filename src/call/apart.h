/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * NATs behind which a call found that phones don't reach each other. Private to
 * src/call; signalling thread.
 */
#ifndef CV_CALL_APART_H
#define CV_CALL_APART_H

#include <stdbool.h>

#include "base/addr.h"

enum {
	CV_APART_MAX = 1024,      /* faces; a NAT more pushes out the oldest */
	CV_APART_MS = 60 * 60000, /* after an hour a call may try again: somebody may have
				      switched the isolation of a WLAN off */
};

struct cv_apart;

/** ENOMEM. Ended by cv_mem_unref(). */
int cv_apart_new(struct cv_apart **ap);
/** Phones behind the NAT whose face is @p host (any port) did not hear each other just
 * now. Forgotten when memory is short: the next call finds it again. */
void cv_apart_note(struct cv_apart *a, const struct cv_addr *host);
/** They did not within the last CV_APART_MS. */
bool cv_apart_is(const struct cv_apart *a, const struct cv_addr *host);

#endif
