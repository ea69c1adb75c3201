/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Marks in what we send, by which a request that comes back is known (RFC 5393,
 * RFC 7332). Signalling thread.
 *
 * Three carriers, for what may stand between: the branch of our Via, which a
 * proxy keeps; a header of our own, which proxies keep and so do back-to-back
 * user agents that pass what they don't know (or what begins with X-, as
 * FreeSWITCH does); and the offer, which call/trail.c knows again when nothing
 * else was kept. Who ends everything, media too, and begins with a fresh
 * Max-Forwards, leaves nothing that could be known again: [limits] bound that.
 *
 *   X-Culvert-Pass: 1-HOPS-PASS[.PASS...]-MAC
 *
 * HOPS is the Max-Forwards it left with, two hexadecimal digits: a fresh one
 * doesn't make it start anew. PASS is a passing, HMAC of who asked for what; so
 * the header says nothing to others. MAC is an HMAC under the key in state-dir:
 * a mark nobody else can make, and one that is copied harms only the request it
 * stands in. Marks of another edge pass, for that edge to find.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/hmac.h>

#include "base/hash.h"
#include "base/log.h"
#include "sip/sip_int.h"

enum {
	HASH_BYTES = 32,
	HEX = 16,     /* digits of a passing, and of each part of a branch */
	MAC_HEX = 20, /* 80 bits */
	HOPS_MAX = 255,
	LINES_MAX = 16, /* marks that are looked at; more are nobody's */
	OTHERS_MAX = 3, /* of other edges that go on; so ours is always looked at */
	LOG_BURST = 5,  /* lines in 10 s */
	BREADTH = 60,   /* RFC 5393 5.3.3: what a missing Max-Breadth means */
};

static const char header[] = "X-Culvert-Pass";
static const char cookie[] = "z9hG4bKcv"; /* begin of our branches */

static int mac(const struct cv_sip *s, const char *what, struct cv_str text,
	       uint8_t out[HASH_BYTES])
{
	struct cv_buf b = {0};
	unsigned len = 0;
	bool done;

	cv_buf_printf(&b, "%s " CV_STR_FMT, what, CV_STR_ARG(text));
	done = !cv_buf_err(&b) &&
	       HMAC(EVP_sha256(), s->key, sizeof(s->key), (const uint8_t *)b.p, b.len,
		    out, &len) &&
	       len == HASH_BYTES;
	cv_buf_free(&b);

	return done ? 0 : ENOMEM;
}

static void hex(const uint8_t *v, size_t digits, char *dst)
{
	static const char alphabet[] = "0123456789abcdef";

	for (size_t i = 0; i < digits; ++i)
		dst[i] = alphabet[v[i / 2] >> (i % 2 == 0 ? 4 : 0) & 15];

	dst[digits] = '\0';
}

/* Exactly so many digits in lower case off the front. */
static bool take_hex(struct cv_str *s, size_t digits, uint64_t *np)
{
	uint64_t n = 0;

	if (s->len < digits)
		return false;

	for (size_t i = 0; i < digits; ++i) {
		char c = s->p[i];

		if (c >= '0' && c <= '9')
			n = n << 4 | (uint64_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			n = n << 4 | (uint64_t)(c - 'a' + 10);
		else
			return false;
	}

	*s = cv_str_from(*s, digits);
	*np = n;

	return true;
}

static bool take_char(struct cv_str *s, char c)
{
	if (s->len == 0 || *s->p != c)
		return false;

	*s = cv_str_from(*s, 1);

	return true;
}

/* Text of a mark of ours. EBADMSG: it is none; ENOMEM. */
static int mark_read(const struct cv_sip *s, struct cv_str text, struct cv_sip_mark *m)
{
	struct cv_str rest = text;
	uint8_t want[HASH_BYTES];
	char want_hex[MAC_HEX + 1];
	uint64_t n;
	size_t len;

	memset(m, 0, sizeof(*m));
	if (!take_char(&rest, '1') || !take_char(&rest, '-') || !take_hex(&rest, 2, &n) ||
	    !take_char(&rest, '-'))
		return EBADMSG;

	m->hops = (unsigned)n;
	do {
		if (m->trail.c == CV_TRAIL_MAX || !take_hex(&rest, HEX, &n))
			return EBADMSG;

		m->trail.v[m->trail.c++] = n;
	} while (take_char(&rest, '.'));

	len = text.len - rest.len;
	if (!take_char(&rest, '-') || rest.len != MAC_HEX)
		return EBADMSG;

	if (mac(s, "mark", cv_str_make(text.p, len), want))
		return ENOMEM;

	hex(want, MAC_HEX, want_hex);

	return CRYPTO_memcmp(want_hex, rest.p, MAC_HEX) == 0 ? 0 : EBADMSG;
}

/* Appends it. ENOMEM. */
static int mark_print(const struct cv_sip *s, const struct cv_sip_mark *m,
		      struct cv_buf *to)
{
	unsigned hops = m->hops < HOPS_MAX ? m->hops : HOPS_MAX;
	size_t from = to->len;
	uint8_t sum[HASH_BYTES];
	char text[MAC_HEX + 1];
	int err;

	cv_buf_printf(to, "1-%02x-", hops);
	for (unsigned i = 0; i < m->trail.c; ++i)
		cv_buf_printf(to, "%s%016" PRIx64, i > 0 ? "." : "", m->trail.v[i]);

	if (cv_buf_err(to))
		return ENOMEM;

	err = mac(s, "mark", cv_str_make(to->p + from, to->len - from), sum);
	if (err)
		return err;

	hex(sum, MAC_HEX, text);
	cv_buf_printf(to, "-%s", text);

	return cv_buf_err(to);
}

/* What decides where it goes: who asks, for whom. Not the method, and not the name of
 * ours by which it was asked. */
static int pass_of(struct cv_sip *s, su_home_t *home, const sip_t *sip,
		   const struct cv_sip_origin *o, uint64_t *pass)
{
	const url_t *url = sip->sip_request->rq_url;
	const char *host = url->url_host ? url->url_host : "";
	char seen[CV_ADDR_STRLEN];
	uint8_t sum[HASH_BYTES];
	char *text;
	int err;

	text = su_sprintf(home, "%s %s %s@%s",
			  o->peer      ? "peer"
			  : o->binding ? "phone"
				       : "host",
			  o->peer      ? o->peer->name
			  : o->binding ? o->binding->aor
				       : cv_addr_print_host(&o->seen, seen),
			  url->url_user ? url->url_user : "",
			  cv_sip_is_ours(s, url->url_host) ? "" : host);
	if (!text)
		return ENOMEM;

	err = mac(s, "pass", cv_str_of(text), sum);
	if (err)
		return err;

	memcpy(pass, sum, sizeof(*pass));
	if (*pass == 0)
		*pass = 1;

	return 0;
}

static void join(struct cv_trail *to, const struct cv_trail *from)
{
	for (unsigned i = 0; i < from->c; ++i)
		(void)cv_trail_add(to, from->v[i]);
}

/* Our marks out of the message, into @p m. */
static void take_headers(struct cv_sip *s, msg_t *msg, struct cv_sip_mark *m)
{
	sip_t *sip = sip_object(msg);
	sip_unknown_t *u, *next;
	struct cv_sip_mark one;
	unsigned lines = 0, others = 0;

	for (u = sip->sip_unknown; u; u = next) {
		next = u->un_next;
		if (!u->un_name || !cv_str_ieq(cv_str_of(u->un_name), cv_str_of(header)))
			continue;

		if (++lines <= LINES_MAX &&
		    mark_read(s, cv_str_trim(cv_str_of(u->un_value)), &one) == 0) {
			m->hops = one.hops < m->hops ? one.hops : m->hops;
			join(&m->trail, &one.trail);
		} else if (++others <= OTHERS_MAX) {
			continue; /* another edge's, or nobody's */
		}

		msg_header_remove(msg, (msg_pub_t *)sip, (msg_header_t *)u);
	}
}

static uint64_t mark_of_branch(uint64_t unique, uint64_t pass)
{
	const uint64_t v[] = {unique, pass};

	return cv_hash_bytes(v, sizeof(v));
}

/* Passing in a branch of ours; 0: it isn't one. */
static uint64_t pass_of_branch(const char *branch)
{
	struct cv_str rest = cv_str_of(branch);
	uint64_t unique, pass, mark;

	if (!cv_str_starts(rest, cv_str_of(cookie)) ||
	    rest.len != sizeof(cookie) - 1 + 3 * (size_t)HEX)
		return 0;

	rest = cv_str_from(rest, sizeof(cookie) - 1);
	if (!take_hex(&rest, HEX, &unique) || !take_hex(&rest, HEX, &pass) ||
	    !take_hex(&rest, HEX, &mark))
		return 0;

	return mark == mark_of_branch(unique, pass) ? pass : 0;
}

char *cv_sip_branch(struct cv_sip *s, su_home_t *home, uint64_t pass)
{
	uint64_t count = ++s->branches, unique = cv_hash_bytes(&count, sizeof(count));

	return su_sprintf(home, "%s%016" PRIx64 "%016" PRIx64 "%016" PRIx64, cookie,
			  unique, pass, mark_of_branch(unique, pass));
}

static void take_vias(const sip_t *sip, struct cv_trail *t)
{
	for (const sip_via_t *v = sip->sip_via; v; v = v->v_next) {
		uint64_t pass = v->v_branch ? pass_of_branch(v->v_branch) : 0;

		if (pass != 0)
			(void)cv_trail_add(t, pass);
	}
}

/* It has at most what it left us with, less a hop. */
static int bound_hops(msg_t *msg, struct cv_sip_mark *m)
{
	sip_t *sip = sip_object(msg);
	unsigned long most = m->hops > 0 ? m->hops - 1 : 0;
	bool marked = m->hops <= HOPS_MAX;
	char *text;

	if (sip->sip_max_forwards && sip->sip_max_forwards->mf_count < most)
		most = sip->sip_max_forwards->mf_count;
	else if (sip->sip_max_forwards && sip->sip_max_forwards->mf_count > most)
		cv_sip_drop_named(msg, "Max-Forwards");

	if (!sip->sip_max_forwards) {
		most = most < CV_SIP_HOPS ? most : CV_SIP_HOPS;
		text = su_sprintf(msg_home(msg), "%lu", most);
		if (!text ||
		    sip_add_tl(msg, sip, SIPTAG_MAX_FORWARDS_STR(text), TAG_END()) < 0)
			return ENOMEM;
	}

	m->hops = most > 0 ? (unsigned)most - 1 : 0;

	return marked && most == 0 ? ELOOP : 0;
}

static int put_header(struct cv_sip *s, msg_t *msg, const struct cv_sip_mark *m)
{
	struct cv_buf b = {0};
	int err;

	cv_buf_printf(&b, "%s: ", header);
	err = mark_print(s, m, &b);
	if (!err)
		err = cv_sip_add_line(msg, b.p);
	cv_buf_free(&b);

	return err;
}

static void tell(struct cv_sip *s, const sip_t *sip, const struct cv_sip_origin *o,
		 int err)
{
	const url_t *url = sip->sip_request->rq_url;
	char seen[CV_ADDR_STRLEN];

	cv_stat_add(s->stat, CV_STAT_loops, 1);
	if (!cv_log_allow(&s->loop_log, LOG_BURST))
		return;

	cv_info("sip", "loop method=%s to=\"%s@%s\" source=%s passes=%u why=\"%s\"",
		sip->sip_request->rq_method_name, url->url_user ? url->url_user : "",
		url->url_host ? url->url_host : "", cv_addr_print(&o->seen, seen),
		o->trail.c,
		err == EALREADY ? "it was here before, asking for the same"
				: "no hops are left");
}

int cv_sip_pass(struct cv_sip *s, msg_t *msg, struct cv_sip_origin *o)
{
	struct cv_sip_mark m = {.hops = HOPS_MAX + 1};
	const sip_t *sip = sip_object(msg);
	uint64_t pass;
	int err;

	take_headers(s, msg, &m);
	take_vias(sip, &m.trail);
	err = pass_of(s, msg_home(msg), sip, o, &pass);
	if (err)
		return err;

	o->trail = m.trail;
	err = cv_trail_add(&m.trail, pass);
	if (!err)
		err = bound_hops(msg, &m);
	if (err == EALREADY || err == ELOOP)
		tell(s, sip, o, err);
	if (err)
		return err;

	if (o->trail.c > 0)
		cv_evid_add(o->evid, "spiral", "passed",
			    "it came through here %u times before, as something else",
			    o->trail.c);
	o->trail = m.trail;

	return put_header(s, msg, &m);
}

unsigned cv_sip_breadth(const sip_t *sip)
{
	const sip_unknown_t *u = cv_sip_find_named(sip, "Max-Breadth");
	uint64_t n = BREADTH;

	if (u && cv_str_u64(&n, cv_str_trim(cv_str_of(u->un_value)), BREADTH))
		n = BREADTH;

	return (unsigned)n;
}

int cv_sip_breadth_set(msg_t *m, unsigned n)
{
	char line[32];

	(void)snprintf(line, sizeof(line), "Max-Breadth: %u",
		       n > 0 ? n : cv_sip_breadth(sip_object(m)));
	cv_sip_drop_named(m, "Max-Breadth");

	return cv_sip_add_line(m, line);
}
