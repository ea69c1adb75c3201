/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * UDP sockets: open and bind; receive and send in batches without a malloc.
 */
#ifndef CV_NET_UDP_H
#define CV_NET_UDP_H

#include <stddef.h>

#include "base/addr.h"
#include "net/pkt.h"

enum { CV_UDP_BATCH = 32 }; /* packets a system call */

/** Opens a non-blocking socket bound to @p local, DSCP (0 to 63) set on what it sends.
 * EADDRINUSE, EADDRNOTAVAIL, EMFILE, ... */
int cv_udp_open(int *fdp, const struct cv_addr *local, unsigned dscp);
/** Receives up to @p max (at most CV_UDP_BATCH) packets that wait into @p v; *c how many.
 * EAGAIN: none; other errnos of recvmmsg(). A packet that was cut has len 0. */
int cv_udp_recv(int fd, struct cv_pkt *v, size_t max, size_t *c);
/** Sends each packet of @p v (pointers) to its own `to`; *c how many the kernel took. The
 * errno of the first refusal; the rest is still tried. */
int cv_udp_send(int fd, struct cv_pkt *const *v, size_t n, size_t *c);

#endif
