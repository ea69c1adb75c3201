/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Was a digest made for this request? Its uri against the Request-URI (RFC
 * 7616 3.4.6), as far as two spellings of one SIP URI go. Pure; any thread.
 */
#include "config.h"

#include "sip/digest.h"

/** A SIP URI in parts; host without port, in brackets when IPv6. */
struct parts {
	struct cv_str scheme, user, host, port;
};

static size_t last(struct cv_str s, char c)
{
	for (size_t n = s.len; n > 0; --n) {
		if (s.p[n - 1] == c)
			return n - 1;
	}

	return s.len;
}

static void split(struct parts *u, struct cv_str uri)
{
	size_t colon = cv_str_chr(uri, ':'), at, end;
	struct cv_str rest;

	u->scheme = cv_str_make(uri.p, colon);
	rest = cv_str_from(uri, colon + 1);
	at = last(cv_str_make(rest.p, cv_str_chr(rest, '?')), '@');
	u->user = CV_STR_NULL;
	if (at < cv_str_chr(rest, '?')) {
		u->user = cv_str_make(rest.p, at);
		rest = cv_str_from(rest, at + 1);
	}

	rest.len = cv_str_chr(rest, '?');
	rest.len = cv_str_chr(rest, ';');
	end = rest.len > 0 && *rest.p == '[' ? cv_str_chr(rest, ']') : 0;
	end += cv_str_chr(cv_str_from(rest, end), ':');
	u->host = cv_str_make(rest.p, end < rest.len ? end : rest.len);
	u->port = cv_str_from(rest, end + 1);
}

static int hex_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';

	c |= 0x20;

	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The next character off the front, escaped or not; -1: none is left. */
static int take(struct cv_str *s)
{
	int c, hi, lo;

	if (s->len == 0)
		return -1;

	c = (unsigned char)*s->p;
	hi = c == '%' && s->len > 2 ? hex_of(s->p[1]) : -1;
	lo = hi >= 0 ? hex_of(s->p[2]) : -1;
	*s = cv_str_from(*s, lo >= 0 ? 3 : 1);

	return lo >= 0 ? hi << 4 | lo : c;
}

static bool is_same_user(struct cv_str a, struct cv_str b)
{
	int c;

	do {
		c = take(&a);
		if (c != take(&b))
			return false;
	} while (c >= 0);

	return true;
}

static bool is_same_port(const struct parts *a, const struct parts *b)
{
	struct cv_str usual =
		cv_str_ieq(a->scheme, CV_STR("sips")) ? CV_STR("5061") : CV_STR("5060");

	return cv_str_eq(a->port.len > 0 ? a->port : usual,
			 b->port.len > 0 ? b->port : usual);
}

bool cv_digest_covers(const struct cv_digest *d, struct cv_str ruri)
{
	struct parts a, b;

	split(&a, d->uri);
	split(&b, ruri);

	return cv_str_ieq(a.scheme, b.scheme) && cv_str_ieq(a.host, b.host) &&
	       is_same_user(a.user, b.user) && is_same_port(&a, &b);
}
