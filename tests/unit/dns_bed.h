/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A small name server on loopback for tests, UDP and TCP at one port, driven by
 * the test's own loop. Its zone is a table that the test may change between two
 * questions.
 */
#ifndef CV_TESTS_UNIT_DNS_BED_H
#define CV_TESTS_UNIT_DNS_BED_H

#include "base/addr.h"
#include "loop/loop.h"

enum {
	DNS_A = 1,
	DNS_CNAME = 5,
	DNS_AAAA = 28,
	DNS_SRV = 33,
	DNS_NAPTR = 35,
	/* no records: how questions for the name and the type in ttl (0: any) are met */
	DNS_SILENT = 0x100,
	DNS_FAIL,    /* SERVFAIL */
	DNS_CUT,     /* truncated over UDP */
	DNS_GARBAGE, /* an answer whose names point at themselves */
	DNS_OVERRUN, /* records that end behind the message */
	DNS_CHAIN,   /* CNAMEs, one to the next, without an end */
};

/** data: the address; the target of a CNAME; "PRIORITY WEIGHT PORT TARGET"; "ORDER
 * PREFERENCE FLAGS SERVICE REPLACEMENT". */
struct dns_row {
	const char *name;
	int type;
	uint32_t ttl;
	const char *data;
};

struct dns_bed;

/** Errno of a socket, ENOMEM. Ended by cv_mem_unref(). */
int dns_bed_open(struct dns_bed **bp, struct cv_loop *loop);
/** Ends with a row without name; borrowed. */
void dns_bed_zone(struct dns_bed *b, const struct dns_row *rows);
/** "127.0.0.1:PORT" */
const char *dns_bed_server(const struct dns_bed *b);
/** Questions that came so far, over TCP. */
unsigned dns_bed_questions(const struct dns_bed *b);
unsigned dns_bed_streams(const struct dns_bed *b);

#endif
