/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who opens the connections of a stream over TCP (RFC 4145, RFC 7362 4). Pure.
 *
 * We listen towards both ends and connect to whoever waits. What one end says passes to
 * the other unless that one, behind a NAT, would then wait for a connection that can't
 * come: it is told to connect to us. TLS inside keeps its roles, which follow these words
 * (RFC 8122 5); where they can't be kept the stream is refused.
 */
#ifndef CV_MEDIA_SETUP_H
#define CV_MEDIA_SETUP_H

#include "base/flow.h"

/** One end. */
struct cv_msetup_end {
	enum cv_setup said; /* by it */
	enum cv_setup told; /* to it */
	bool spoken;
	bool reachable; /* we can connect to it */
};

/** A stream. All zero at first but reachable. */
struct cv_msetup {
	struct cv_msetup_end end[2];
	enum cv_end offerer; /* who spoke first */
	bool tls;
};

/** End @p from says @p in; @p out is what the other end is told. EHOSTUNREACH: one of
 * them would wait for ever; nothing has changed. */
int cv_msetup_say(struct cv_msetup *s, enum cv_end from, enum cv_setup in,
		  enum cv_setup *out);
/** It waits for a connection of ours. */
bool cv_msetup_waits(const struct cv_msetup *s, enum cv_end end);

#endif
