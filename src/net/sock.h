/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sockets of media: made, marked, bound. SIP has its own (src/sip, net/stream.h).
 */
#ifndef CV_NET_SOCK_H
#define CV_NET_SOCK_H

#include "base/addr.h"

/** Opens a non-blocking socket of @p type (SOCK_DGRAM, SOCK_STREAM) bound to @p local
 * (port 0: any), DSCP (0 to 63) set on what it sends. EADDRINUSE, EADDRNOTAVAIL, EMFILE,
 * ... */
int cv_sock_open(int *fdp, int type, const struct cv_addr *local, unsigned dscp);
/** A TCP socket that listens, made the same way. */
int cv_sock_listen(int *fdp, const struct cv_addr *local, unsigned dscp);

#endif
