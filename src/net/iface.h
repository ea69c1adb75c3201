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

enum { CV_TOWARD = 16 }; /* answers remembered: about as many as peers that are busy */

/** What cv_iface_toward() said of late; zeroed to begin with. One thread's. */
struct cv_toward {
	struct {
		struct cv_addr to, source;
		uint64_t until_ms;
	} v[CV_TOWARD];
	size_t next; /* to be overwritten */
};

/** The same, asking the kernel at most once a second about a host. */
int cv_toward_find(struct cv_toward *t, struct cv_addr *source, const struct cv_addr *to);

#endif
