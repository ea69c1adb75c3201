/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packets for tests, written without the code under test. One thread.
 */
#include "config.h"

#include "nat_pkt.h"

#include <stdio.h>
#include <string.h>

#include <CUnit/CUnit.h>

enum { V4 = 20, V6 = 40, TTL = 64, UDP = 8, TCP = 20, ICMP = 8 };

struct cv_addr nat_addr(const char *text)
{
	struct cv_addr a = {0};

	CU_ASSERT_EQUAL_FATAL(cv_addr_parse(&a, cv_str_of(text)), 0);

	return a;
}

static void w16(uint8_t *p, size_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static unsigned sum(const uint8_t *p, size_t len, unsigned s)
{
	for (size_t i = 0; i < len; ++i)
		s += (unsigned)p[i] << (i % 2 ? 0 : 8);
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);

	return s;
}

static size_t l4_at(const uint8_t *p)
{
	return p[0] >> 4 == 4 ? V4 : V6;
}

static int proto_of(const uint8_t *p)
{
	return p[0] >> 4 == 4 ? p[9] : p[6];
}

static unsigned l4_sum(const uint8_t *p, size_t len)
{
	size_t at = l4_at(p);
	unsigned s = 0;

	if (proto_of(p) != NAT_ICMP) {
		s = sum(at == V4 ? p + 12 : p + 8, at == V4 ? 8 : 32, 0);
		s += (unsigned)proto_of(p) + (unsigned)(len - at);
	}

	return sum(p + at, len - at, s);
}

bool nat_is_right(const uint8_t *p, size_t len)
{
	if (l4_at(p) == V4 && sum(p, V4, 0) != 0xffff)
		return false;
	if (proto_of(p) == NAT_UDP && p[l4_at(p) + 6] == 0 && p[l4_at(p) + 7] == 0)
		return l4_at(p) == V4; /* no checksum, which IPv6 does not allow */

	return l4_sum(p, len) == 0xffff;
}

static void head(struct nat_pkt *x, int proto, const struct cv_addr *src,
		 const struct cv_addr *dst)
{
	uint8_t *p = x->p;

	memset(p, 0, V6);
	if (src->family == AF_INET) {
		p[0] = 0x45;
		w16(p + 2, x->len);
		w16(p + 4, 0x1234);
		p[8] = TTL;
		p[9] = (uint8_t)proto;
		memcpy(p + 12, src->ip.bytes, 4);
		memcpy(p + 16, dst->ip.bytes, 4);
		w16(p + 10, ~sum(p, V4, 0) & 0xffff);
		return;
	}

	p[0] = 0x60;
	w16(p + 4, x->len - V6);
	p[6] = (uint8_t)proto;
	p[7] = TTL;
	memcpy(p + 8, src->ip.bytes, 16);
	memcpy(p + 24, dst->ip.bytes, 16);
}

static void finish(struct nat_pkt *x, size_t sum_at)
{
	unsigned s = ~l4_sum(x->p, x->len) & 0xffff;

	w16(x->p + l4_at(x->p) + sum_at, s == 0 ? 0xffff : s);
	CU_ASSERT_EQUAL_FATAL(cv_natpkt_read(&x->k, x->p, x->len), 0);
}

void nat_make(struct nat_pkt *x, int proto, const char *src, const char *dst,
	      const char *payload)
{
	struct cv_addr from = nat_addr(src), to = nat_addr(dst);
	size_t at = from.family == AF_INET ? V4 : V6, n = strlen(payload);
	size_t l4 = proto == NAT_TCP ? TCP : UDP;
	uint8_t *p = x->p + at;

	memset(x->p, 0, sizeof(x->p));
	x->len = at + l4 + n;
	head(x, proto, &from, &to);
	memcpy(p + l4, payload, n);
	w16(p, from.port);
	w16(p + 2, to.port);
	if (proto == NAT_UDP) {
		w16(p + 4, l4 + n);
		finish(x, 6);
	} else if (proto == NAT_TCP) {
		p[12] = 0x50;
		finish(x, 16);
	} else {
		w16(p, (size_t)(proto == NAT_ICMP ? 8 : 128) << 8);
		w16(p + 2, 0);
		w16(p + 4, from.port);
		finish(x, 2);
	}
}

void nat_make_error(struct nat_pkt *x, const char *src, const char *dst,
		    const struct nat_pkt *about)
{
	struct cv_addr from = nat_addr(src), to = nat_addr(dst);
	bool is_v4 = from.family == AF_INET;
	size_t at = is_v4 ? V4 : V6, n = at + UDP;

	memset(x->p, 0, sizeof(x->p));
	x->len = at + ICMP + n;
	head(x, is_v4 ? NAT_ICMP : NAT_ICMP6, &from, &to);
	x->p[at] = is_v4 ? 3 : 1;
	memcpy(x->p + at + ICMP, about->p, n);
	finish(x, 2);
}

void nat_cut(struct nat_pkt *x, const struct nat_pkt *whole, size_t from, size_t to)
{
	bool last = V4 + to >= whole->len;

	if (last)
		to = whole->len - V4;
	memset(x->p, 0, sizeof(x->p));
	memcpy(x->p, whole->p, V4);
	memcpy(x->p + V4, whole->p + V4 + from, to - from);
	x->len = V4 + to - from;
	w16(x->p + 2, x->len);
	w16(x->p + 6, from / 8 | (last ? 0 : 0x2000));
	w16(x->p + 10, 0);
	w16(x->p + 10, ~sum(x->p, V4, 0) & 0xffff);
	CU_ASSERT_EQUAL_FATAL(cv_natpkt_read(&x->k, x->p, x->len), 0);
}

const char *nat_ends(const struct nat_pkt *x, char dst[2 * CV_ADDR_STRLEN])
{
	char a[CV_ADDR_STRLEN], b[CV_ADDR_STRLEN];
	uint8_t p[CV_NATPKT_MAX];
	struct cv_natpkt k;

	memcpy(p, x->p, x->len);
	CU_ASSERT_EQUAL_FATAL(cv_natpkt_read(&k, p, x->len), 0);
	(void)snprintf(dst, 2 * CV_ADDR_STRLEN, "%s %s", cv_addr_print(&k.src, a),
		       cv_addr_print(&k.dst, b));

	return dst;
}
