/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the answers about one host add up to, for name.c: pure, without the
 * library that reads them.
 */
#ifndef CV_NET_NAME_INT_H
#define CV_NET_NAME_INT_H

#include "net/name.h"

enum {
	CV_NAME_HOST = 256,   /* RFC 1035 2.3.4 and NUL */
	CV_NAME_SERVICES = 3, /* transports that records may choose from */
};

/** A NAPTR record; texts borrowed. */
struct cv_name_naptr {
	unsigned order, preference;
	const char *flags, *service, *regexp, *replacement;
};

/** Where SRV records are asked for. */
struct cv_name_candidate {
	enum cv_transport transport;
	unsigned order, preference; /* of its NAPTR record */
	char name[CV_NAME_HOST];
};

/** A host that may answer. */
struct cv_name_record {
	struct cv_name *name; /* its question; referenced while its addresses are asked
				 for */
	char host[CV_NAME_HOST];
	uint16_t port, priority, weight; /* port 0: that of the transport */
	struct cv_addr v[CV_NAME_ADDRS];
	size_t c;
};

/** All of it; zeroed to begin with. */
struct cv_name_set {
	struct cv_name_candidate candidates[CV_NAME_SERVICES];
	size_t candidatec;
	enum cv_transport transport; /* of the records */
	struct cv_name_record records[CV_NAME_RECORDS];
	size_t recordc;
	bool refused; /* a service is said not to exist */
};

/** Takes a NAPTR record in, by order and preference, when it names a service of ours
 * (RFC 3263 4.1); one record for each. */
void cv_name_set_naptr(struct cv_name_set *s, const struct cv_name_naptr *r);
/** The service of @p t at @p host; all services, by our own preference, when @p t is
 * NULL. */
void cv_name_set_services(struct cv_name_set *s, const char *host,
			  const enum cv_transport *t);
/** Takes an SRV record in, those of the best priorities, in the order in which they come.
 */
void cv_name_set_srv(struct cv_name_set *s, const struct cv_name_record *r);
/** The host itself in place of records. */
void cv_name_set_host(struct cv_name_set *s, const struct cv_hop_ask *ask);
/** Adds an address, unless nobody can be reached there; false: it was not. */
bool cv_name_set_address(struct cv_name_record *r, const struct cv_addr *a);
/** Next hops to @p v (CV_NAME_HOPS); returns their number. */
size_t cv_name_set_hops(const struct cv_name_set *s, const char *host, struct cv_hop *v);

#endif
