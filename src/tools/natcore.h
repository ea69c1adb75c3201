/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The behaviours of network address translators and firewalls (RFC 4787, RFC
 * 5382, RFC 5508), pure: packets and times in, packets out. No sockets; the
 * caller says what time it is.
 *
 * The story: cv_nat_new() makes a box by its traits. Each packet that came from
 * inside goes to cv_nat_out(), each from outside to cv_nat_in(); both change it
 * in place and say where it goes on: out of the other side, back where it came
 * from (hairpin), or nowhere, and why. A packet from inside makes a mapping
 * (inside endpoint to outside endpoint) and a permit (who may answer); both end
 * when they were not used for the idle time.
 */
#ifndef CV_TOOLS_NATCORE_H
#define CV_TOOLS_NATCORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/cmd.h"
#include "tools/natpkt.h"

enum {
	CV_NAT_OUTSIDES = 8,    /* outside addresses of one box */
	CV_NAT_RULES = 16,      /* blocked or allowed things */
	CV_NAT_MAPPINGS = 8192, /* of one box at a time */
	CV_NAT_PERMITS = 256,   /* of one mapping at a time; the oldest goes */
};

/** What a mapping, or a permit, depends on (RFC 4787 4.1, 5). */
enum cv_nat_kind {
	CV_NAT_NONE =
		0,  /* mapping: addresses stay, a firewall; filter: nothing is kept out */
	CV_NAT_EI,  /* endpoint-independent */
	CV_NAT_AD,  /* address-dependent */
	CV_NAT_APD, /* address and port-dependent */
};

/** Something of the outside that may not be sent to, or may all the same. */
struct cv_nat_rule {
	bool allow;
	enum cv_natpkt_kind kind; /* UDP, TCP or ECHO */
	uint16_t lo, hi;          /* ports over there; of ECHO: 0 to 65535 */
};

/** How a box behaves. Plain data. */
struct cv_nat_traits {
	enum cv_nat_kind map, filter;
	struct cv_addr outside[CV_NAT_OUTSIDES]; /* ports 0; both families may be there */
	size_t outsidec;
	bool pool_random; /* any outside address for each mapping, not one a host */
	bool preserve;    /* the inside port is kept where it is free */
	bool hairpin;     /* inside hosts reach each other by outside addresses */
	bool refresh_in;  /* packets from outside keep a mapping alive, too */
	uint16_t port_lo, port_hi; /* of mappings whose port isn't kept */
	uint32_t udp_idle_ms, tcp_idle_ms, icmp_idle_ms;
	struct cv_nat_rule rules[CV_NAT_RULES]; /* allow goes before block */
	size_t rulec;
	uint64_t seed; /* of all that is random */
};

enum cv_nat_verdict {
	CV_NAT_DROP = 0,
	CV_NAT_PASS, /* out of the other side */
	CV_NAT_BACK, /* out of the side it came from */
};

/** Why packets were dropped, and how many passed. */
struct cv_nat_counts {
	uint64_t out, in, back;
	uint64_t bad;      /* not understood, hops used up */
	uint64_t blocked;  /* a rule */
	uint64_t full;     /* no room or no port for a mapping */
	uint64_t unmapped; /* from outside, to no mapping */
	uint64_t filtered; /* from outside, from who has no permit */
	uint64_t hairpins; /* to an own outside address, where that isn't served */
	uint64_t family;   /* no outside address of its family */
};

struct cv_nat;

/** What is missing in traits that were not all said. */
void cv_nat_traits_init(struct cv_nat_traits *t);
/** EINVAL: traits that contradict each other; ENOMEM. Ended by cv_mem_unref(). */
int cv_nat_new(struct cv_nat **np, const struct cv_nat_traits *t);
/** Takes a packet from inside. */
enum cv_nat_verdict cv_nat_out(struct cv_nat *n, struct cv_natpkt *k, uint64_t now_ms);
/** Takes a packet from outside. */
enum cv_nat_verdict cv_nat_in(struct cv_nat *n, struct cv_natpkt *k, uint64_t now_ms);
/** Outside endpoint of an inside one, towards @p remote (as far as that matters).
 * ENOENT: there is none now. */
int cv_nat_find(struct cv_nat *n, enum cv_natpkt_kind kind, const struct cv_addr *inside,
		const struct cv_addr *remote, uint64_t now_ms, struct cv_addr *outside);
const struct cv_nat_counts *cv_nat_counts(const struct cv_nat *n);
/** Forgets the mappings of one inside endpoint, as a box that needs room: its next packet
 * gets new ones. How many there were. */
size_t cv_nat_drop(struct cv_nat *n, enum cv_natpkt_kind kind,
		   const struct cv_addr *inside);
/** Forgets all mappings, as a box that is switched off and on. */
void cv_nat_reset(struct cv_nat *n);
/** Prints list "mappings" into the object that is open. */
void cv_nat_show(const struct cv_nat *n, uint64_t now_ms, struct cv_out *out);
/** Prints the counts into the object that is open. */
void cv_nat_show_counts(const struct cv_nat *n, struct cv_out *out);
/** "none", "ei", "ad", "apd". */
const char *cv_nat_kind_name(enum cv_nat_kind kind);

#endif
