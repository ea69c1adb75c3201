/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * IP packets, both versions: heads, ports, checksums. Every offset is checked
 * against the bytes that are there. Extension headers of IPv6 are walked as
 * far as a NAT needs: to the transport, a fragment, or what it doesn't know.
 */
#include "config.h"

#include "tools/natpkt.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

enum {
	V4_HEAD = 20,
	V4_PROTO = 9,
	V4_SUM = 10,
	V4_SRC = 12,
	V4_DST = 16,
	V4_TTL = 8,
	V6_HEAD = 40,
	V6_HOPS = 7,
	V6_SRC = 8,
	V6_DST = 24,
	FRAG_OFFSET = 0x1fff, /* of the IPv4 word */
	FRAG_MORE = 0x2000,
	FRAG6_OFFSET = 0xfff8,
	FRAG6_MORE = 1,
	EXT_MAX = 8, /* extension headers that are walked */
	UDP_HEAD = 8,
	UDP_SUM = 6,
	TCP_HEAD = 20,
	TCP_SUM = 16,
	ICMP_HEAD = 8,
	ICMP_SUM = 2,
	ICMP_ID = 4,
	PORTS = 4, /* bytes of both */
};

/* RFC 792, RFC 4443 */
enum {
	ICMP4_ECHO_REPLY = 0,
	ICMP4_UNREACH = 3,
	ICMP4_ECHO = 8,
	ICMP4_TIME = 11,
	ICMP4_PARAM = 12,
	ICMP6_UNREACH = 1,
	ICMP6_PARAM = 4,
	ICMP6_ECHO = 128,
	ICMP6_ECHO_REPLY = 129,
};

static unsigned get16(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

static void set16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* Ones' complement sum so far; folded by sum_end(). */
static uint64_t sum_add(uint64_t sum, const uint8_t *p, size_t len)
{
	for (; len > 1; len -= 2, p += 2)
		sum += get16(p);

	return len > 0 ? sum + ((unsigned)p[0] << 8) : sum;
}

static unsigned sum_end(uint64_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);

	return ~(unsigned)sum & 0xffff;
}

/* RFC 1624 3: what the checksum at @p at becomes when @p was turns into @p is. */
static void sum_change(uint8_t *at, const uint8_t *was, const uint8_t *is, size_t len)
{
	uint64_t sum = ~get16(at) & 0xffff;

	for (size_t i = 0; i < len; i += 2)
		sum += (~get16(was + i) & 0xffff) + get16(is + i);

	set16(at, sum_end(sum));
}

static void take_addr(struct cv_addr *a, sa_family_t family, const uint8_t *p)
{
	*a = (struct cv_addr){.family = family};
	memcpy(a->ip.bytes, p, family == AF_INET ? 4 : 16);
}

static int head4(struct cv_natpkt *k)
{
	size_t head = k->len < V4_HEAD ? 0 : (size_t)(k->p[0] & 0xf) * 4;
	size_t total = head < V4_HEAD ? 0 : get16(k->p + 2);

	if (head < V4_HEAD || head > k->len || total < head)
		return EBADMSG;
	if (total > k->len && !k->inner)
		return EBADMSG;
	if (total < k->len)
		k->len = total;

	k->proto = k->p[V4_PROTO];
	k->l4 = head;
	k->l4_len = k->len - head;
	take_addr(&k->src, AF_INET, k->p + V4_SRC);
	take_addr(&k->dst, AF_INET, k->p + V4_DST);
	k->part_id = get16(k->p + 4);
	if (get16(k->p + 6) & FRAG_OFFSET)
		k->part = CV_NATPKT_LATER;
	else if (get16(k->p + 6) & FRAG_MORE)
		k->part = CV_NATPKT_FIRST;

	return 0;
}

static void part6(struct cv_natpkt *k, const uint8_t *p)
{
	k->part_id = get16(p + 4) << 16 | get16(p + 6);
	if (get16(p + 2) & FRAG6_OFFSET)
		k->part = CV_NATPKT_LATER;
	else if (get16(p + 2) & FRAG6_MORE)
		k->part = CV_NATPKT_FIRST;
}

static bool is_extension(unsigned next)
{
	return next == IPPROTO_HOPOPTS || next == IPPROTO_ROUTING ||
	       next == IPPROTO_DSTOPTS || next == IPPROTO_FRAGMENT;
}

static int head6(struct cv_natpkt *k)
{
	size_t at = V6_HEAD, total, n = 0;
	unsigned next;

	if (k->len < V6_HEAD)
		return EBADMSG;

	total = V6_HEAD + (size_t)get16(k->p + 4);
	if (total > k->len && !k->inner)
		return EBADMSG;
	if (total < k->len)
		k->len = total;

	next = k->p[6];
	for (; is_extension(next) && n < EXT_MAX && k->len - at >= 8; ++n) {
		size_t len = next == IPPROTO_FRAGMENT ? 8 : 8 + (size_t)k->p[at + 1] * 8;

		if (len > k->len - at)
			return EBADMSG;
		if (next == IPPROTO_FRAGMENT)
			part6(k, k->p + at);

		next = k->p[at];
		at += len;
		if (k->part == CV_NATPKT_LATER)
			break;
	}

	k->proto = is_extension(next) ? IPPROTO_RAW : (uint8_t)next;
	k->l4 = at;
	k->l4_len = k->len - at;
	take_addr(&k->src, AF_INET6, k->p + V6_SRC);
	take_addr(&k->dst, AF_INET6, k->p + V6_DST);

	return 0;
}

static enum cv_natpkt_kind icmp_kind(unsigned type, bool is_v6)
{
	if (is_v6) {
		if (type == ICMP6_ECHO || type == ICMP6_ECHO_REPLY)
			return CV_NATPKT_ECHO;

		return type >= ICMP6_UNREACH && type <= ICMP6_PARAM ? CV_NATPKT_ERROR
								    : CV_NATPKT_OTHER;
	}

	if (type == ICMP4_ECHO || type == ICMP4_ECHO_REPLY)
		return CV_NATPKT_ECHO;

	return type == ICMP4_UNREACH || type == ICMP4_TIME || type == ICMP4_PARAM
		       ? CV_NATPKT_ERROR
		       : CV_NATPKT_OTHER;
}

static size_t least(const struct cv_natpkt *k, size_t whole)
{
	return k->inner ? UDP_HEAD : whole; /* RFC 792: eight bytes come back */
}

static int transport(struct cv_natpkt *k)
{
	bool is_v6 = k->family == AF_INET6;
	const uint8_t *p = k->p + k->l4;

	k->kind = CV_NATPKT_OTHER;
	if (k->part == CV_NATPKT_LATER)
		return 0; /* no ports in it */
	if (k->proto == IPPROTO_UDP || k->proto == IPPROTO_TCP) {
		if (k->l4_len < least(k, k->proto == IPPROTO_UDP ? UDP_HEAD : TCP_HEAD))
			return EBADMSG;

		k->kind = k->proto == IPPROTO_UDP ? CV_NATPKT_UDP : CV_NATPKT_TCP;
		k->src.port = (uint16_t)get16(p);
		k->dst.port = (uint16_t)get16(p + 2);
		return 0;
	}

	if (k->proto != (is_v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP))
		return 0;
	if (k->l4_len < ICMP_HEAD)
		return EBADMSG;

	k->kind = icmp_kind(p[0], is_v6);
	if (k->kind == CV_NATPKT_ECHO)
		k->src.port = k->dst.port = (uint16_t)get16(p + ICMP_ID);

	return 0;
}

static int read_any(struct cv_natpkt *k, uint8_t *p, size_t len, bool inner)
{
	unsigned version = len > 0 ? p[0] >> 4 : 0;
	int err;

	*k = (struct cv_natpkt){.p = p, .len = len, .inner = inner};
	if (len > CV_NATPKT_MAX)
		return EMSGSIZE;
	if (version != 4 && version != 6)
		return EBADMSG;

	k->family = version == 4 ? AF_INET : AF_INET6;
	err = version == 4 ? head4(k) : head6(k);

	return err ? err : transport(k);
}

int cv_natpkt_read(struct cv_natpkt *k, uint8_t *p, size_t len)
{
	return read_any(k, p, len, false);
}

int cv_natpkt_inner(const struct cv_natpkt *k, struct cv_natpkt *inner)
{
	size_t at = k->l4 + ICMP_HEAD;
	int err;

	if (k->kind != CV_NATPKT_ERROR)
		return ENOENT;

	err = read_any(inner, k->p + at, k->len - at, true);
	if (err)
		return err;

	return inner->family == k->family ? 0 : EBADMSG;
}

/* Where the checksum of the transport stands; 0: there is none to keep. */
static size_t sum_of(const struct cv_natpkt *k)
{
	if (k->kind == CV_NATPKT_UDP && get16(k->p + k->l4 + UDP_SUM) != 0)
		return k->l4 + UDP_SUM;
	if (k->kind == CV_NATPKT_TCP && k->l4_len >= TCP_SUM + 2)
		return k->l4 + TCP_SUM;
	if (k->kind == CV_NATPKT_ECHO)
		return k->l4 + ICMP_SUM;

	return 0;
}

static void set_host(struct cv_natpkt *k, const struct cv_addr *a, bool is_src,
		     size_t sum)
{
	bool is_v4 = k->family == AF_INET;
	size_t len = is_v4 ? 4 : 16, at;

	if (is_v4)
		at = is_src ? V4_SRC : V4_DST;
	else
		at = is_src ? V6_SRC : V6_DST;
	if (is_v4)
		sum_change(k->p + V4_SUM, k->p + at, a->ip.bytes, len);
	/* the checksum of ICMP for IPv4 does not cover addresses */
	if (sum > 0 && !(is_v4 && k->kind == CV_NATPKT_ECHO))
		sum_change(k->p + sum, k->p + at, a->ip.bytes, len);
	memcpy(k->p + at, a->ip.bytes, len);
}

static void set_port(struct cv_natpkt *k, uint16_t port, bool is_src, size_t sum)
{
	size_t at = k->l4;
	uint8_t word[2];

	if (k->kind == CV_NATPKT_ECHO)
		at += ICMP_ID;
	else if (k->kind != CV_NATPKT_UDP && k->kind != CV_NATPKT_TCP)
		return;
	else if (!is_src)
		at += 2;

	set16(word, port);
	if (sum > 0)
		sum_change(k->p + sum, k->p + at, word, sizeof(word));
	memcpy(k->p + at, word, sizeof(word));
}

static void set(struct cv_natpkt *k, const struct cv_addr *a, bool is_src)
{
	size_t sum = sum_of(k); /* now: on the way it may come out as "none" */

	set_host(k, a, is_src, sum);
	set_port(k, a->port, is_src, sum);
	/* a UDP checksum that comes out as 0 is written as its other zero (RFC 768) */
	if (sum > 0 && k->kind == CV_NATPKT_UDP && get16(k->p + sum) == 0)
		set16(k->p + sum, 0xffff);
}

void cv_natpkt_set_src(struct cv_natpkt *k, const struct cv_addr *a)
{
	set(k, a, true);
	k->src = *a;
	if (k->kind == CV_NATPKT_ECHO)
		k->dst.port = a->port;
}

void cv_natpkt_set_dst(struct cv_natpkt *k, const struct cv_addr *a)
{
	set(k, a, false);
	k->dst = *a;
	if (k->kind == CV_NATPKT_ECHO)
		k->src.port = a->port;
}

/* The pseudo-header of RFC 768 and RFC 8200 8.1. */
static uint64_t sum_pseudo(const struct cv_natpkt *k, size_t l4_len)
{
	bool is_v4 = k->family == AF_INET;
	size_t at = is_v4 ? V4_SRC : V6_SRC;

	return sum_add(k->proto + (uint64_t)l4_len, k->p + at, is_v4 ? 8 : 32);
}

void cv_natpkt_seal(struct cv_natpkt *k)
{
	uint8_t *p = k->p + k->l4;
	bool is_v4 = k->family == AF_INET;

	if (k->kind != CV_NATPKT_ERROR)
		return;

	set16(p + ICMP_SUM, 0);
	set16(p + ICMP_SUM,
	      sum_end(sum_add(is_v4 ? 0 : sum_pseudo(k, k->l4_len), p, k->l4_len)));
}

bool cv_natpkt_hop(struct cv_natpkt *k)
{
	bool is_v4 = k->family == AF_INET;
	uint8_t *hops = k->p + (is_v4 ? V4_TTL : V6_HOPS);
	uint8_t was[2], is[2];

	if (*hops <= 1)
		return false;

	memcpy(was, k->p + V4_TTL, sizeof(was));
	--*hops;
	memcpy(is, k->p + V4_TTL, sizeof(is));
	if (is_v4)
		sum_change(k->p + V4_SUM, was, is, sizeof(is));

	return true;
}

struct cv_str cv_natpkt_payload(const struct cv_natpkt *k)
{
	if (k->kind != CV_NATPKT_UDP || k->inner || k->part != CV_NATPKT_WHOLE)
		return CV_STR_NULL;

	return cv_str_make((const char *)k->p + k->l4 + UDP_HEAD, k->l4_len - UDP_HEAD);
}

int cv_natpkt_set_payload(const struct cv_natpkt *k, struct cv_str payload, uint8_t *out,
			  size_t *len)
{
	size_t l4_len = UDP_HEAD + payload.len, total = k->l4 + l4_len;
	uint8_t *udp = out + k->l4;
	unsigned sum;

	if (k->kind != CV_NATPKT_UDP || k->inner || k->part != CV_NATPKT_WHOLE)
		return EINVAL;
	if (total > CV_NATPKT_MAX)
		return EMSGSIZE;

	memcpy(out, k->p, k->l4 + UDP_HEAD);
	if (payload.len > 0)
		memcpy(udp + UDP_HEAD, payload.p, payload.len);
	set16(udp + 4, (unsigned)l4_len);
	set16(udp + UDP_SUM, 0);
	sum = sum_end(sum_add(sum_pseudo(k, l4_len), udp, l4_len));
	set16(udp + UDP_SUM, sum == 0 ? 0xffff : sum);

	if (k->family == AF_INET) {
		set16(out + 2, (unsigned)total);
		set16(out + V4_SUM, 0);
		set16(out + V4_SUM, sum_end(sum_add(0, out, k->l4)));
	} else {
		set16(out + 4, (unsigned)(total - V6_HEAD));
	}

	*len = total;

	return 0;
}

const char *cv_natpkt_kind_name(enum cv_natpkt_kind kind)
{
	switch (kind) {
	case CV_NATPKT_UDP:
		return "udp";
	case CV_NATPKT_TCP:
		return "tcp";
	case CV_NATPKT_ECHO:
	case CV_NATPKT_ERROR:
		return "icmp";
	case CV_NATPKT_OTHER:
		break;
	}

	return "other";
}
