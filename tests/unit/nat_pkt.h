/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packets for the tests of culvert-natbox: made from addresses, and judged by
 * checksums that are counted anew.
 */
#ifndef CV_TESTS_UNIT_NAT_PKT_H
#define CV_TESTS_UNIT_NAT_PKT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/natpkt.h"

enum { NAT_UDP = 17, NAT_TCP = 6, NAT_ICMP = 1, NAT_ICMP6 = 58 };

/** A packet and its bytes. */
struct nat_pkt {
	uint8_t p[CV_NATPKT_MAX];
	size_t len;
	struct cv_natpkt k;
};

/** Address out of text; fails the test. */
struct cv_addr nat_addr(const char *text);
/** UDP, TCP or echo request from @p src to @p dst with a payload; read already. */
void nat_make(struct nat_pkt *x, int proto, const char *src, const char *dst,
	      const char *payload);
/** An ICMP error from @p src to @p dst about @p about. */
void nat_make_error(struct nat_pkt *x, const char *src, const char *dst,
		    const struct nat_pkt *about);
/** Takes part @p from to @p to (bytes behind the IPv4 head) of a packet. */
void nat_cut(struct nat_pkt *x, const struct nat_pkt *whole, size_t from, size_t to);
/** All checksums of a whole packet are right. */
bool nat_is_right(const uint8_t *p, size_t len);
/** "SRC DST" as the bytes have them. */
const char *nat_ends(const struct nat_pkt *x, char dst[2 * CV_ADDR_STRLEN]);

#endif
