/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Socket addresses as values. Knows the reserved ranges of both families and
 * every way in which IPv6 can wrap an IPv4 address. Runs on any thread.
 */
#include "config.h"

#include "base/addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/** One reserved range, longest or most special first. */
struct range {
	uint8_t prefix[16];
	uint8_t bits;
	uint8_t kind; /* enum cv_addr_kind */
};

static const struct range v4_ranges[] = {
	{{0}, 8, CV_ADDR_ANY},
	{{127}, 8, CV_ADDR_LOOPBACK},
	{{10}, 8, CV_ADDR_PRIVATE},
	{{172, 16}, 12, CV_ADDR_PRIVATE},
	{{192, 168}, 16, CV_ADDR_PRIVATE},
	{{192, 0, 0, 0}, 29, CV_ADDR_PRIVATE}, /* RFC 6333 5.7, DS-Lite */
	{{100, 64}, 10, CV_ADDR_CGNAT},
	{{169, 254}, 16, CV_ADDR_LINKLOCAL},
	{{224}, 3, CV_ADDR_MULTICAST}, /* 224/4 and the reserved 240/4 with broadcast */
};

static const struct range v6_ranges[] = {
	{{0}, 128, CV_ADDR_ANY},
	{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 128, CV_ADDR_LOOPBACK},
	{{0xff}, 8, CV_ADDR_MULTICAST},
	{{0xfe, 0x80}, 10, CV_ADDR_LINKLOCAL},
	{{0xfe, 0xc0}, 10, CV_ADDR_PRIVATE}, /* site-local, RFC 3879 */
	{{0xfc}, 7, CV_ADDR_PRIVATE},
};

/** IPv6 prefixes behind which an IPv4 address stands at a fixed byte. */
struct wrap {
	uint8_t prefix[12];
	uint8_t bits;
	uint8_t at; /* first byte of the IPv4 address */
};

static const struct wrap wraps[] = {
	{{0}, 96, 12},                                  /* RFC 4291 2.5.5.1, ::a.b.c.d */
	{{0, 0x64, 0xff, 0x9b}, 96, 12},                /* RFC 6052, NAT64 */
	{{0x20, 0x02}, 16, 2},                          /* RFC 3056, 6to4 */
	{{0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 96, 12}, /* RFC 2765, translated */
};

static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static bool has_prefix(const uint8_t *bytes, const uint8_t *prefix, unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;

	if (memcmp(bytes, prefix, whole) != 0)
		return false;

	return rest == 0 || ((bytes[whole] ^ prefix[whole]) >> (8 - rest)) == 0;
}

static size_t host_len(const struct cv_addr *a)
{
	switch (a->family) {
	case AF_INET:
		return 4;
	case AF_INET6:
		return 16;
	default:
		return 0;
	}
}

/* One host has one form: mapped IPv4 is IPv4, a scope says something only on a link. */
static void canonicalise(struct cv_addr *a)
{
	uint8_t v4[4];

	if (a->family != AF_INET6)
		return;

	if (!has_prefix(a->ip.bytes, (const uint8_t[]){0xfe, 0x80}, 10))
		a->scope = 0;

	if (memcmp(a->ip.bytes, mapped, sizeof(mapped)) != 0)
		return;

	memcpy(v4, a->ip.bytes + 12, sizeof(v4));
	memset(&a->ip, 0, sizeof(a->ip));
	memcpy(a->ip.bytes, v4, sizeof(v4));
	a->family = AF_INET;
}

static int parse_port(uint16_t *port, struct cv_str s)
{
	uint64_t n;

	if (s.len > 5 || cv_str_u64(&n, s, UINT16_MAX))
		return EINVAL;

	*port = (uint16_t)n;

	return 0;
}

static int parse_scope(uint32_t *scope, struct cv_str s)
{
	uint64_t n;

	if (cv_str_u64(&n, s, UINT32_MAX))
		return EINVAL;

	*scope = (uint32_t)n;

	return 0;
}

static int parse_host(struct cv_addr *a, sa_family_t family, struct cv_str s)
{
	size_t scope_at = family == AF_INET6 ? cv_str_chr(s, '%') : s.len;
	char text[INET6_ADDRSTRLEN];

	if (scope_at < s.len && parse_scope(&a->scope, cv_str_from(s, scope_at + 1)))
		return EINVAL;

	if (scope_at == 0 || scope_at >= sizeof(text) || memchr(s.p, '\0', scope_at))
		return EINVAL;

	memcpy(text, s.p, scope_at);
	text[scope_at] = '\0';
	if (inet_pton(family, text, a->ip.bytes) != 1)
		return EINVAL;

	a->family = family;

	return 0;
}

static int parse_bracketed(struct cv_addr *a, struct cv_str s)
{
	size_t end = cv_str_chr(s, ']');
	struct cv_str rest = cv_str_from(s, end + 1);

	if (end == s.len || parse_host(a, AF_INET6, cv_str_make(s.p + 1, end - 1)))
		return EINVAL;

	if (rest.len == 0)
		return 0;

	return rest.p[0] == ':' ? parse_port(&a->port, cv_str_from(rest, 1)) : EINVAL;
}

static int parse_v4(struct cv_addr *a, struct cv_str host, struct cv_str port)
{
	if (parse_host(a, AF_INET, host))
		return EINVAL;

	return port.len > 0 ? parse_port(&a->port, cv_str_from(port, 1)) : 0;
}

int cv_addr_parse(struct cv_addr *a, struct cv_str s)
{
	struct cv_addr out = {0};
	size_t colon = cv_str_chr(s, ':');
	struct cv_str rest = cv_str_from(s, colon); /* ":port", or more of an IPv6 host */
	int err;

	if (s.len == 0)
		return EINVAL;

	if (s.p[0] == '[')
		err = parse_bracketed(&out, s);
	else if (cv_str_chr(cv_str_from(rest, 1), ':') + 1 < rest.len)
		err = parse_host(&out, AF_INET6, s);
	else
		err = parse_v4(&out, cv_str_make(s.p, colon), rest);

	if (err)
		return err;

	canonicalise(&out);
	*a = out;

	return 0;
}

int cv_addr_from_sa(struct cv_addr *a, const struct sockaddr *sa)
{
	struct cv_addr out = {.family = sa->sa_family};
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	switch (sa->sa_family) {
	case AF_INET:
		memcpy(&in, sa, sizeof(in));
		out.ip.v4 = in.sin_addr;
		out.port = ntohs(in.sin_port);
		break;
	case AF_INET6:
		memcpy(&in6, sa, sizeof(in6));
		out.ip.v6 = in6.sin6_addr;
		out.port = ntohs(in6.sin6_port);
		out.scope = in6.sin6_scope_id;
		break;
	default:
		return EAFNOSUPPORT;
	}

	canonicalise(&out);
	*a = out;

	return 0;
}

socklen_t cv_addr_to_sa(const struct cv_addr *a, struct sockaddr_storage *ss)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(a->port)};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(a->port)};

	memset(ss, 0, sizeof(*ss));

	switch (a->family) {
	case AF_INET:
		in.sin_addr = a->ip.v4;
		memcpy(ss, &in, sizeof(in));
		return sizeof(in);
	case AF_INET6:
		in6.sin6_addr = a->ip.v6;
		in6.sin6_scope_id = a->scope;
		memcpy(ss, &in6, sizeof(in6));
		return sizeof(in6);
	default:
		return 0;
	}
}

/* Digits of n at dst; returns where the next goes. By hand: addresses are printed dozens
 * of times a call, and inet_ntop() goes through sprintf(). */
static char *put_number(char *dst, unsigned n)
{
	char digits[8];
	size_t c = 0;

	do {
		digits[c++] = (char)('0' + n % 10);
		n /= 10;
	} while (n > 0);
	while (c > 0)
		*dst++ = digits[--c];

	return dst;
}

static const char *print_v4(const struct cv_addr *a, char *dst)
{
	char *at = dst;

	for (size_t i = 0; i < 4; ++i) {
		if (i > 0)
			*at++ = '.';
		at = put_number(at, a->ip.bytes[i]);
	}
	*at = '\0';

	return dst;
}

const char *cv_addr_print_host(const struct cv_addr *a, char *dst)
{
	size_t len;

	if (a->family == AF_INET)
		return print_v4(a, dst);

	if (!cv_addr_is_set(a) ||
	    !inet_ntop(a->family, a->ip.bytes, dst, INET6_ADDRSTRLEN)) {
		(void)snprintf(dst, sizeof("-"), "-");
		return dst;
	}

	len = strlen(dst);
	if (a->scope > 0)
		(void)snprintf(dst + len, CV_ADDR_STRLEN - len, "%%%u", a->scope);

	return dst;
}

const char *cv_addr_print(const struct cv_addr *a, char *dst)
{
	const char *close = a->family == AF_INET6 ? "]" : "";
	char *host = a->family == AF_INET6 ? dst + 1 : dst;
	size_t len;

	*dst = '[';
	cv_addr_print_host(a, host);
	len = strlen(dst);
	if (*close)
		dst[len++] = *close;
	if (a->port > 0 && cv_addr_is_set(a)) {
		dst[len++] = ':';
		len = (size_t)(put_number(dst + len, a->port) - dst);
	}
	dst[len] = '\0';

	return dst;
}

bool cv_addr_is_set(const struct cv_addr *a)
{
	return host_len(a) > 0;
}

bool cv_addr_eq(const struct cv_addr *a, const struct cv_addr *b)
{
	return a->port == b->port && cv_addr_host_eq(a, b);
}

bool cv_addr_host_eq(const struct cv_addr *a, const struct cv_addr *b)
{
	return cv_addr_host_cmp(a, b) == 0;
}

int cv_addr_host_cmp(const struct cv_addr *a, const struct cv_addr *b)
{
	int cmp;

	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;

	cmp = memcmp(a->ip.bytes, b->ip.bytes, host_len(a));
	if (cmp != 0)
		return cmp < 0 ? -1 : 1;

	if (a->scope != b->scope)
		return a->scope < b->scope ? -1 : 1;

	return 0;
}

static enum cv_addr_kind look_up(const struct range *v, size_t c, const uint8_t *bytes)
{
	for (size_t i = 0; i < c; ++i) {
		if (has_prefix(bytes, v[i].prefix, v[i].bits))
			return (enum cv_addr_kind)v[i].kind;
	}

	return CV_ADDR_PUBLIC;
}

static enum cv_addr_kind kind_v4(const uint8_t *bytes)
{
	return look_up(v4_ranges, sizeof(v4_ranges) / sizeof(v4_ranges[0]), bytes);
}

/* An IPv4 address wrapped in IPv6 is as reachable, and as forbidden, as by itself. */
static enum cv_addr_kind kind_v6(const uint8_t *bytes)
{
	enum cv_addr_kind kind;

	kind = look_up(v6_ranges, sizeof(v6_ranges) / sizeof(v6_ranges[0]), bytes);
	if (kind != CV_ADDR_PUBLIC)
		return kind;

	for (size_t i = 0; i < sizeof(wraps) / sizeof(wraps[0]); ++i) {
		if (has_prefix(bytes, wraps[i].prefix, wraps[i].bits))
			return kind_v4(bytes + wraps[i].at);
	}

	return CV_ADDR_PUBLIC;
}

enum cv_addr_kind cv_addr_kind(const struct cv_addr *a)
{
	switch (a->family) {
	case AF_INET:
		return kind_v4(a->ip.bytes);
	case AF_INET6:
		return kind_v6(a->ip.bytes);
	default:
		return CV_ADDR_UNSET;
	}
}
