/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One IP packet as a NAT sees it: who sends what to whom, and how to write
 * another address and port into it. Pure.
 *
 * The story: cv_natpkt_read() makes a view of bytes that came; the setters
 * change addresses and ports in place and keep the checksums right by RFC 1624;
 * cv_natpkt_payload() puts another UDP payload in and counts the checksums
 * anew. An ICMP error carries the packet that caused it: cv_natpkt_inner() is a
 * view of that.
 */
#ifndef CV_TOOLS_NATPKT_H
#define CV_TOOLS_NATPKT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/str.h"

enum { CV_NATPKT_MAX = 4096 }; /* bytes of a packet; longer than any link here carries */

enum cv_natpkt_kind {
	CV_NATPKT_UDP = 0,
	CV_NATPKT_TCP,
	CV_NATPKT_ECHO,  /* ICMP query; its identifier stands for both ports */
	CV_NATPKT_ERROR, /* ICMP error about another packet */
	CV_NATPKT_OTHER, /* anything else, also the later fragments of a packet */
};

/** Which part of a packet this is. */
enum cv_natpkt_part { CV_NATPKT_WHOLE = 0, CV_NATPKT_FIRST, CV_NATPKT_LATER };

/** A view; borrows the bytes. */
struct cv_natpkt {
	uint8_t *p;
	size_t len;    /* bytes of the packet */
	size_t l4;     /* where the transport header begins */
	size_t l4_len; /* bytes from there; of an inner packet only what was sent back */
	sa_family_t family;
	uint8_t proto;
	enum cv_natpkt_kind kind;
	enum cv_natpkt_part part;
	uint32_t part_id; /* the same in all parts of one packet */
	bool inner;       /* stands in an ICMP error: its checksums may be cut off */
	struct cv_addr src, dst; /* with ports; those of an ECHO are its identifier */
};

/** EBADMSG: cut, or no IP at all; EMSGSIZE: longer than CV_NATPKT_MAX. */
int cv_natpkt_read(struct cv_natpkt *k, uint8_t *p, size_t len);
/** Packet inside an ICMP error. EBADMSG: too little of it; ENOENT: this is no error. */
int cv_natpkt_inner(const struct cv_natpkt *k, struct cv_natpkt *inner);
/** Writes another source, or destination; the family must be the packet's. */
void cv_natpkt_set_src(struct cv_natpkt *k, const struct cv_addr *a);
void cv_natpkt_set_dst(struct cv_natpkt *k, const struct cv_addr *a);
/** After the inner packet was changed: the outer checksum is counted anew. */
void cv_natpkt_seal(struct cv_natpkt *k);
/** One hop is taken off. False: none is left, the packet must not go on. */
bool cv_natpkt_hop(struct cv_natpkt *k);
/** Payload of a UDP packet; empty for others. */
struct cv_str cv_natpkt_payload(const struct cv_natpkt *k);
/** Writes the packet with another payload into @p out (CV_NATPKT_MAX bytes). EMSGSIZE;
 * EINVAL: it isn't UDP. */
int cv_natpkt_set_payload(const struct cv_natpkt *k, struct cv_str payload, uint8_t *out,
			  size_t *len);
/** "udp", "tcp", "icmp" or "other". */
const char *cv_natpkt_kind_name(enum cv_natpkt_kind kind);

#endif
