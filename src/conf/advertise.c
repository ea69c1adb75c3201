/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a listening point shows: an address, "dns:NAME" or "stun:HOST:PORT".
 * Pure; signalling thread.
 */
#include "config.h"

#include <errno.h>

#include "base/addr.h"
#include "base/str.h"
#include "conf/conf.h"
#include "conf/conf_int.h"

enum { STUN_PORT = 3478 /* RFC 8489 18.6 */ };

/* An address that somebody else could send to. */
static bool is_shown(const struct cv_addr *a)
{
	enum cv_addr_kind kind = cv_addr_kind(a);

	return kind != CV_ADDR_ANY && kind != CV_ADDR_MULTICAST;
}

static const char *keep_name(struct cv_conf_job *job, struct cv_str host, const char **to)
{
	*to = cv_opts_keep(job->opts, host);
	if (!*to)
		job->err = ENOMEM;

	return NULL;
}

static const char *dns_read(struct cv_conf_job *job, struct cv_str host,
			    struct cv_conf_advertise *a)
{
	a->by = CV_SHOWN_DNS;
	if (!cv_conf_is_name(host))
		return "dns: and a name, as dns:edge.example.com";

	return keep_name(job, host, &a->host);
}

static const char *stun_read(struct cv_conf_job *job, struct cv_str host,
			     struct cv_conf_advertise *a)
{
	static const char want[] =
		"stun: and an address or a name, with a port or without, as "
		"stun:stun.example.com:3478";
	size_t colon = cv_str_chr(host, ':');
	struct cv_str port = cv_str_from(host, colon + 1);
	uint64_t n = STUN_PORT;

	a->by = CV_SHOWN_STUN;
	if (cv_addr_parse(&a->addr, host) == 0) {
		a->port = cv_conf_has_port(host) ? a->addr.port : STUN_PORT;
		return is_shown(&a->addr) && a->port > 0 ? NULL : want;
	}

	a->addr = (struct cv_addr){0};
	if (colon < host.len && (cv_str_u64(&n, port, UINT16_MAX) != 0 || n == 0))
		return want;

	a->port = (uint16_t)n;
	host.len = colon;

	return cv_conf_is_name(host) ? keep_name(job, host, &a->host) : want;
}

const char *cv_conf_advertise_read(struct cv_conf_job *job, const char *text,
				   struct cv_conf_advertise *a)
{
	struct cv_str all = cv_str_of(text);

	a->text = text;
	if (cv_str_istarts(all, CV_STR("dns:")))
		return dns_read(job, cv_str_from(all, 4), a);
	if (cv_str_istarts(all, CV_STR("stun:")))
		return stun_read(job, cv_str_from(all, 5), a);

	a->by = CV_SHOWN_LITERAL;
	if (cv_addr_parse(&a->addr, all) == 0 && a->addr.port == 0 && is_shown(&a->addr))
		return NULL;

	return "an IPv4 or IPv6 address without port, dns:NAME or stun:HOST[:PORT]";
}
