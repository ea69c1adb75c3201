/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A next hop, and the question where the host of a SIP URI is to be reached
 * (RFC 3263 4): plain data between who looks names up and who uses them.
 */
#ifndef CV_BASE_HOP_H
#define CV_BASE_HOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/flow.h"

/** Where a request to a peer may go. Compared by address and transport. */
struct cv_hop {
	struct cv_addr addr; /* port is never 0 */
	enum cv_transport transport;
	const char *host; /* name that was asked for, which its certificate bears (RFC
			     5922); borrowed from the configuration, which lives as long
			     as the process; NULL: the target is written as an address */
	size_t target;    /* which of the peer's */
	uint16_t priority, weight; /* of its SRV record; 0 without one */
	uint16_t record; /* hops of one number are addresses of one host, in its order */
};

/** What is asked; host is borrowed until the answer. */
struct cv_hop_ask {
	const char *host;
	uint16_t port; /* 0: not written, so there may be SRV records */
	enum cv_transport transport;
	bool transport_given; /* else NAPTR and SRV records may choose it */
};

/** The answer; v borrowed during the call. */
struct cv_hop_found {
	int err; /* ENOENT: no such host; ETIMEDOUT: nobody could say; ECANCELED: asked in
		    vain, ask again; ENOMEM */
	const struct cv_hop *v; /* by rising priority; addresses of one record together */
	size_t c;
	uint32_t ttl_s; /* how long it holds; of no meaning on an error */
};

typedef void cv_hop_found_fn(void *arg, const struct cv_hop_found *f);

#endif
