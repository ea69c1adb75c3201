/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where the host of a SIP URI is to be reached: RFC 3263 over NAPTR, SRV, A and
 * AAAA records. Never blocks; owner is the thread of its loop.
 *
 * The story of a question: with a port only addresses are asked for; with a
 * transport its SRV records; without either NAPTR records choose the service,
 * else the SRV records of UDP, TCP and TLS are asked for in this order. Where
 * there are none the addresses of the host itself count, at the port of the
 * transport. Whatever a name server says, the number of records, addresses and
 * questions is bounded, and so is the time. Nothing is remembered: who asks
 * keeps the answer as long as it holds.
 */
#ifndef CV_NET_NAME_H
#define CV_NET_NAME_H

#include "base/hop.h"
#include "loop/loop.h"

enum {
	CV_NAME_RECORDS = 16,      /* SRV records that count, those that come first */
	CV_NAME_ADDRS = 8,         /* addresses of one record */
	CV_NAME_HOPS = 16,         /* of one answer */
	CV_NAME_TTL_MIN_S = 5,     /* nothing is asked more often */
	CV_NAME_TTL_MAX_S = 3600,  /* nor believed longer */
	CV_NAME_LIMIT_MS = 30000,  /* for all questions about one host */
	CV_NAME_TIMEOUT_MS = 2000, /* for the first try at a server */
	CV_NAME_TRIES = 2,         /* at each server */
};

struct cv_names;
struct cv_name; /* one question */

/** servers: addresses with or without a port, separated by commas; NULL: those of the
 * host (resolv.conf). */
struct cv_names_conf {
	struct cv_loop *loop;
	const char *servers;
	uint32_t timeout_ms; /* CV_NAME_TIMEOUT_MS */
	unsigned tries;      /* CV_NAME_TRIES */
};

/** EINVAL: servers can't be read; ENOMEM. cv_names_close() ends it. */
int cv_names_open(struct cv_names **np, const struct cv_names_conf *conf);
/** Asks other servers from now on, or the host's again; what is under way ends with
 * ECANCELED. On error nothing has changed. */
int cv_names_servers(struct cv_names *n, const char *servers);
/** Ends what is under way with ECANCELED, then itself. Accepts NULL, returns NULL. Like
 * cv_names_servers() not from within an answer. */
struct cv_names *cv_names_close(struct cv_names *n);

/** Asks; @p fn is called once, never from within. ENOMEM. cv_name_close() ends @p qp,
 * before the answer or after. */
int cv_name_look(struct cv_names *n, struct cv_name **qp, const struct cv_hop_ask *ask,
		 cv_hop_found_fn *fn, void *arg);
/** No answer is wanted any more. Accepts NULL, returns NULL. */
struct cv_name *cv_name_close(struct cv_name *q);

#endif
