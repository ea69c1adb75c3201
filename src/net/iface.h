/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Addresses of this host's interfaces, and which of them the kernel would
 * leave by.
 */
#ifndef CV_NET_IFACE_H
#define CV_NET_IFACE_H

#include <stddef.h>

#include "base/addr.h"

enum { CV_IFACE_MAX = 256 }; /* addresses of one host that we look at */

/** One address of one interface; plain data. */
struct cv_iface {
	char name[16];
	struct cv_addr addr; /* port 0 */
	unsigned bits;       /* prefix length of the attached network */
};

/** Fills @p v with at most @p max addresses of interfaces that are up; loopback and IPv6
 * link-local are included. Errno of getifaddrs(). */
int cv_iface_list(struct cv_iface *v, size_t max, size_t *c);
/** Source address the kernel would take towards @p to (no packet is sent). ENETUNREACH
 * and other errnos of connect(). */
int cv_iface_toward(struct cv_addr *source, const struct cv_addr *to);

#endif
