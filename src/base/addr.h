/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A socket address as a plain value: parse, print, compare, classify.
 * IPv4-mapped IPv6 becomes IPv4 at every entrance, so that one host has one
 * form everywhere (threats 18).
 */
#ifndef CV_BASE_ADDR_H
#define CV_BASE_ADDR_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/str.h"

/** Host and port. All zero is "unset" (AF_UNSPEC). Compared by value, with the functions
 * below. */
struct cv_addr {
	sa_family_t family; /* AF_UNSPEC, AF_INET or AF_INET6 */
	uint16_t port;      /* host order; 0: no port */
	uint32_t scope;     /* IPv6 link-local interface index, else 0 */
	union {
		struct in_addr v4;
		struct in6_addr v6;
		uint8_t bytes[16]; /* network order; 4 used for IPv4 */
	} ip;
};

enum cv_addr_kind {
	CV_ADDR_UNSET = 0,
	CV_ADDR_PUBLIC,
	CV_ADDR_PRIVATE,   /* RFC 1918, 192.0.0.0/29 (DS-Lite), fc00::/7 */
	CV_ADDR_CGNAT,     /* 100.64/10 */
	CV_ADDR_LINKLOCAL, /* 169.254/16, fe80::/10 */
	CV_ADDR_LOOPBACK,
	CV_ADDR_MULTICAST, /* and broadcast */
	CV_ADDR_ANY,       /* 0.0.0.0, :: */
};

enum { CV_ADDR_STRLEN = 80 }; /* "[v6%scope]:65535" and NUL */

/** Literal host with optional port: 192.0.2.1, 192.0.2.1:5060, 2001:db8::1,
 * [2001:db8::1]:5060. EINVAL otherwise: no names. */
int cv_addr_parse(struct cv_addr *a, struct cv_str s);
/** From what the kernel gave. EAFNOSUPPORT for other families. */
int cv_addr_from_sa(struct cv_addr *a, const struct sockaddr *sa);
/** Fills @p ss, returns its length in bytes; 0 when unset. */
socklen_t cv_addr_to_sa(const struct cv_addr *a, struct sockaddr_storage *ss);
/** Host and port into @p dst (CV_ADDR_STRLEN bytes), IPv6 in brackets; port left out when
 * 0. Returns dst. */
const char *cv_addr_print(const struct cv_addr *a, char *dst);
/** Host only; IPv6 without brackets. Returns dst. */
const char *cv_addr_print_host(const struct cv_addr *a, char *dst);
bool cv_addr_is_set(const struct cv_addr *a);
bool cv_addr_eq(const struct cv_addr *a, const struct cv_addr *b);
/** Same host, whatever the ports. */
bool cv_addr_host_eq(const struct cv_addr *a, const struct cv_addr *b);
/** Orders hosts by family, then bytes; ports are not compared. */
int cv_addr_host_cmp(const struct cv_addr *a, const struct cv_addr *b);
enum cv_addr_kind cv_addr_kind(const struct cv_addr *a);

#endif
