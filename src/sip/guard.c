/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What stands before the library's header parsers. Signalling thread.
 *
 * Some of its habits must not be reachable from the network. Its arrays of tags
 * and parameters grow by eight, each step a new one in the message's memory:
 * 7000 parameters of one letter, 14 kB, kept 29 MB for 32 s (threats 9, 16). And
 * it sends a response where maddr of the top Via says, before received, also
 * answers it makes by itself: anybody could aim our responses at anybody
 * (threats 17, 26). Nor does it note the source in the top Via before it answers a
 * request of another version, too large or by the wrong transport: here it is noted while
 * the Via is parsed. And it reads behind the parameters of a route.
 *
 * The agent parses with a copy of the library's table of header kinds in which
 * each kind has a twin of ours with guard() for its parser. The twin stands
 * where the name is looked for, the library's kind behind it in the same chain:
 * what the parser made is of the twin's kind, what the stack makes of the
 * library's; both are found, by address, at one place of a message.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <sofia-sip/msg_mclass.h>

#include "base/mem.h"
#include "sip/alg_int.h"

enum {
	KINDS = 100,     /* header kinds of the library; 1.12.11 has 74 */
	PARTS_MAX = 500, /* commas and semicolons of one header: 70 Vias in a line stay
			    below */
	TABLE_SIZE = 4 * KINDS, /* two places a kind, half empty: chains stay short */
};

/** A header kind and its twin. */
struct kind {
	struct msg_hclass_s twin;
	msg_hclass_t *theirs;
	struct cv_sip_guard *guard; /* it belongs to */
};

struct cv_sip_guard {
	msg_mclass_t *table; /* owned, by free(); points into v */
	struct kind v[KINDS];
	size_t c;
	struct cv_stat_cell *stat; /* borrowed; NULL: nobody counts */
};

/* The header is unlinked from the message yet: parameters can be taken out as they are.
 */
static void drop_maddr(sip_via_t *v)
{
	for (; v; v = v->v_next) {
		msg_header_remove_param(v->v_common, "maddr");
		v->v_maddr = NULL;
	}
}

/*
 * The message in which @p v is the top Via of a request; NULL: it isn't. The stack
 * gives its parsers the message's own memory, which is the message. A Via further down
 * its line has something before it.
 */
static msg_t *request_of(su_home_t *home, const sip_via_t *v)
{
	msg_t *msg = (msg_t *)home;
	const sip_t *sip = sip_object(msg);

	if (!sip || !sip->sip_request || sip->sip_via || v->v_common->h_prev)
		return NULL;

	return msg;
}

/*
 * A request whose top Via names another transport than it came by is dropped by
 * the stack without a word; phones and gateways write such Vias. Over UDP it is
 * mended here, on streams by the door (net/stream_conn.c).
 */
static void mend(const struct kind *k, msg_t *m, sip_via_t *v)
{
	if (v->v_protocol == sip_transport_udp ||
	    msg_addrinfo(m)->ai_socktype != SOCK_DGRAM)
		return;

	v->v_protocol = sip_transport_udp;
	cv_stat_add(k->guard->stat, CV_STAT_vias_mended, 1);
}

/* received and rport of a request's top Via (RFC 3261 18.2.1, RFC 3581 4). */
static void note_source(msg_t *m, sip_via_t *v)
{
	su_home_t *home = msg_home(m);
	char host[CV_ADDR_STRLEN];
	struct cv_addr seen;

	cv_sip_addr(&seen, msg_addr(m));
	if (!cv_addr_is_set(&seen))
		return;

	cv_addr_print_host(&seen, host);
	if (strcmp(v->v_host, host) != 0)
		msg_header_replace_param(home, v->v_common,
					 su_sprintf(home, "received=%s", host));
	msg_header_replace_param(home, v->v_common,
				 su_sprintf(home, "rport=%u", (unsigned)seen.port));
}

/* What earlier lines of a list header left in it. */
static size_t parts_before(const struct kind *k, const msg_header_t *h)
{
	const msg_list_t *list = (const msg_list_t *)h;
	size_t n = 0;

	if (k->theirs->hc_kind != msg_kind_list)
		return 0; /* Require, Supported, Allow, ...: those whose lines become one
			     header */

	while (list->k_items && list->k_items[n])
		++n;

	return n;
}

/* url_param() goes on behind the end when the last parameter only begins as the one it
 * looks for; in these headers it looks for lr. */
static bool is_overread(const sip_route_t *r)
{
	for (; r; r = r->r_next) {
		const char *params = r->r_url->url_params, *last;

		last = params ? strrchr(params, ';') : NULL;
		last = last ? last + 1 : params;
		if (last && strncasecmp(last, "lr", 2) == 0 && last[2] && last[2] != '=')
			return true;
	}

	return false;
}

static bool has_route(const struct kind *k)
{
	return k->theirs == sip_route_class || k->theirs == sip_record_route_class;
}

/* A list header's later lines are parsed into the first one's header: it keeps its kind.
 */
static issize_t guard(su_home_t *home, msg_header_t *h, char *s, isize_t len)
{
	struct msg_hclass_s *twin = (struct msg_hclass_s *)h->sh_class;
	const struct kind *k = CV_CONTAINER(twin, struct kind, twin);
	size_t parts = parts_before(k, h);
	msg_t *request;
	issize_t n;

	/* to its NUL: the library's parsers of lists call this again with a wrong length
	 */
	for (const char *p = s; *p; ++p)
		parts += *p == ',' || *p == ';';
	if (parts > PARTS_MAX)
		return -1;

	n = k->theirs->hc_parse(home, h, s, len);
	if (n >= 0 && has_route(k) && is_overread((sip_route_t *)h))
		return -1;
	if (n < 0 || k->theirs != sip_via_class)
		return n;

	drop_maddr((sip_via_t *)h);
	request = request_of(home, (sip_via_t *)h);
	if (request) {
		mend(k, request, (sip_via_t *)h);
		note_source(request, (sip_via_t *)h);
	}

	return n;
}

static void guard_fini(void *obj)
{
	struct cv_sip_guard *g = obj;

	free(g->table);
}

static bool is_done(const struct cv_sip_guard *g, msg_hclass_t *hc)
{
	for (size_t i = 0; i < g->c; ++i) {
		if (g->v[i].theirs == hc || &g->v[i].twin == hc)
			return true;
	}

	return false;
}

/* The twin takes place @p at, the library's kind the next free one. */
static void put(struct cv_sip_guard *g, int at)
{
	msg_mclass_t *t = g->table;
	msg_href_t *hash =
		t->mc_hash; /* of mc_hash_size, whatever its declaration says */
	struct kind *k = &g->v[g->c++];
	int n = t->mc_hash_size, next = at;

	k->theirs = hash[at].hr_class;
	k->twin = *k->theirs;
	k->twin.hc_parse = guard;
	k->guard = g;
	while (hash[next % n].hr_class)
		++next;

	hash[next % n] = hash[at];
	hash[at].hr_class = &k->twin;
	++t->mc_hash_used;
	for (int i = 0; t->mc_short && i < MC_SHORT_SIZE; ++i) {
		msg_href_t *r =
			(msg_href_t *)&t->mc_short[i]; /* in the copy's own memory */

		if (r->hr_class == k->theirs)
			r->hr_class = &k->twin;
	}
}

static int put_all(struct cv_sip_guard *g)
{
	const msg_href_t *hash = g->table->mc_hash;

	for (int i = 0; i < g->table->mc_hash_size; ++i) {
		msg_hclass_t *hc = hash[i].hr_class;

		if (!hc || is_done(g, hc))
			continue;
		if (g->c == KINDS)
			return E2BIG;

		put(g, i);
	}

	return 0;
}

int cv_sip_guard_new(struct cv_sip_guard **gp)
{
	struct cv_sip_guard *g;
	int err;

	g = cv_mem_new(sizeof(*g), guard_fini);
	if (!g)
		return ENOMEM;

	g->table = msg_mclass_clone(sip_default_mclass(), TABLE_SIZE, 0);
	if (g->table)
		g->table->mc_extract_body = cv_sip_length_extract;
	err = g->table ? put_all(g) : ENOMEM;
	if (err)
		cv_mem_unref(g);
	else
		*gp = g;

	return err;
}

void cv_sip_guard_stat(struct cv_sip_guard *g, struct cv_stat_cell *stat)
{
	g->stat = stat;
}

const msg_mclass_t *cv_sip_guard_table(const struct cv_sip_guard *g)
{
	return g->table;
}
