/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Media ports of this host: take (sockets are opened on the spot), give back,
 * quarantine. A pool holds UDP pairs or TCP ports; signalling thread only.
 *
 * A pair is an even port for RTP and the next for RTCP on one local address; in a
 * TCP pool it is a single port that listens. A pair given back rests for the
 * quarantine before it is handed out again, so that late packets of a dead call
 * don't reach a new one.
 */
#ifndef CV_NET_PORTS_H
#define CV_NET_PORTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

enum {
	CV_PORTS_QUARANTINE_MS = 5000
}; /* late packets of the old call die out; two RTCP intervals */

struct cv_ports;

/** A taken pair. fds are the taker's: it closes them before giving back. */
struct cv_pair {
	struct cv_addr local; /* bound address with the RTP port; RTCP is port + 1 */
	int rtp, rtcp;        /* non-blocking UDP sockets; -1 when closed */
	bool tcp;             /* rtp is a TCP socket that listens, rtcp always -1 */
};

/** UDP pairs of range [lo, hi], lo even. EINVAL, ENOMEM. Ended by cv_mem_unref(). */
int cv_ports_new(struct cv_ports **pp, uint16_t lo, uint16_t hi);
/** TCP ports of range [lo, hi]; the same. */
int cv_ports_tcp_new(struct cv_ports **pp, uint16_t lo, uint16_t hi);
/** Takes a random free pair on @p host (port ignored) with both sockets bound, DSCP set.
 * ENOSPC: none free; EADDRNOTAVAIL: address not on this host; EMFILE. */
int cv_ports_take(struct cv_ports *p, struct cv_pair *pair, const struct cv_addr *host,
		  unsigned dscp);
/** Opens both sockets again on the numbers of a pair that is taken and closed.
 * EADDRINUSE: somebody else sits there now; EMFILE. On error both stay closed. */
int cv_ports_reopen(struct cv_pair *pair, unsigned dscp);
/** Closes the sockets of a pair that are open; the numbers stay taken. */
void cv_ports_shut(struct cv_pair *pair);
/** Gives the numbers back, after the sockets were closed. */
void cv_ports_give(struct cv_ports *p, const struct cv_addr *local);
/** Pairs in use now, without those in quarantine. */
size_t cv_ports_used(const struct cv_ports *p);
size_t cv_ports_quarantined(const struct cv_ports *p);

#endif
