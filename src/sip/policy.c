/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Header policy: what passes an edge of trust (RFC 3325, 3323), in one table.
 * Signalling thread.
 *
 * Trusted is a [peer] with trust-identity = yes; nobody else, and no phone. What
 * is not in the table passes, known to us or not. What belongs to one hop or
 * one dialog is hdr.c's, privacy that is asked for privacy.c's.
 *
 * Names are compared by the table the message was parsed with, so that a header
 * in its compact form, in other letters or with blanks before its colon is the
 * same header, and by text where that table knows no such name.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <sofia-sip/msg_mclass.h>
#include <sofia-sip/msg_parser.h>

#include "sip/sip_int.h"

enum { SHOWN = 120 }; /* bytes of names that explain shows */

/* When a header passes. */
enum {
	NEVER = 1 << 0,   /* it is one hop's */
	FROM = 1 << 1,    /* only when its sender is trusted: who else may say so? */
	TO = 1 << 2,      /* only when the receiver is trusted too */
	PRIVATE = 1 << 3, /* not when the sender asked for Privacy: id and the receiver
			     isn't trusted (RFC 3325 7) */
	HISTORY = 1 << 4, /* the same for Privacy: history or header (RFC 7044 10.1.2) */
	START = 1 << 5,   /* the name is the start of a name */
};

struct rule {
	const char *name;
	unsigned when;
};

static const struct rule table[] = {
	{"P-Asserted-Identity", FROM | PRIVATE},
	{"P-Preferred-Identity", FROM | PRIVATE},
	{"Remote-Party-ID", FROM | PRIVATE},
	{"P-Asserted-Service", FROM | TO}, /* RFC 6050 4.1 */
	{"P-Preferred-Service", FROM | TO},
	{"Diversion", FROM | PRIVATE}, /* RFC 5806 */
	{"History-Info", FROM | PRIVATE | HISTORY},
	{"P-Served-User", FROM | TO},       /* RFC 5502 */
	{"P-Charging-", START | FROM | TO}, /* RFC 7315: -Vector, -Function-Addresses */
	{"P-Access-Network-Info", NEVER},
	{"P-Associated-URI", NEVER},
	{"P-Visited-Network-ID", NEVER},
	{"Flow-Timer", NEVER}, /* RFC 5626 */
	{"X-Culvert-Pass", 0}, /* pass.c has taken out what is ours and was sent to us */
	{"X-Culvert-", START | NEVER},
};

static bool is_named(const struct rule *r, const char *name)
{
	return r->when & START ? strncasecmp(name, r->name, strlen(r->name)) == 0
			       : strcasecmp(name, r->name) == 0;
}

static unsigned when_of(const char *name)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); ++i) {
		if (is_named(&table[i], name))
			return table[i].when;
	}

	return 0;
}

const struct cv_conf_peer *cv_sip_leg_peer(const struct cv_sip_leg *leg)
{
	return leg && leg->peer ? cv_conf_peer_find(leg->sip->conf, cv_str_of(leg->peer))
				: NULL;
}

void cv_sip_edge_of(const struct cv_sip_leg *leg, const struct cv_sip_origin *o,
		    struct cv_sip_edge *e)
{
	uint32_t fork = 0;
	const struct cv_sip_leg *mate = o ? NULL : cv_sip_leg_mate(leg, &fork);
	const struct cv_binding *b = o ? o->binding : NULL;

	if (mate && mate->binding)
		b = cv_bind_by_id(leg->sip->binds, mate->binding);

	e->from = o ? o->peer : cv_sip_leg_peer(mate);
	e->to = cv_sip_leg_peer(leg);
	e->home = b && b->home && e->to && strcmp(b->home, e->to->name) == 0;
}

static bool is_trusted(const struct cv_conf_peer *p)
{
	return p && p->trust_identity;
}

bool cv_sip_edge_keeps(const struct cv_sip_edge *e)
{
	return e->home || is_trusted(e->to);
}

static bool may_pass(unsigned when, const struct cv_sip_edge *e, unsigned privacy)
{
	if (when & NEVER || (when & FROM && !is_trusted(e->from)) ||
	    (when & TO && !is_trusted(e->to)))
		return false;

	if (is_trusted(e->to))
		return true;

	return !(when & PRIVATE && privacy & CV_PRIVACY_ID) &&
	       !(when & HISTORY && privacy & (CV_PRIVACY_HISTORY | CV_PRIVACY_HEADER));
}

static void say(struct cv_evid *ev, const char *names, const struct cv_sip_edge *e)
{
	if (!*names)
		return;

	cv_evid_add(ev, "headers", "scrubbed", "%s: the %s", names,
		    is_trusted(e->from) ? "receiver is not trusted with it"
					: "sender is not trusted to say so");
}

void cv_sip_scrub(msg_t *m, const struct cv_sip_edge *e, struct cv_evid *ev)
{
	sip_t *s = sip_object(m);
	unsigned privacy = cv_sip_privacy(s);
	char names[SHOWN] = "";
	sip_unknown_t *u, *next;
	unsigned when;
	size_t len = 0;

	for (u = s->sip_unknown; u; u = next) {
		next = u->un_next;
		when = u->un_name ? when_of(u->un_name) : 0;
		if (may_pass(when, e, privacy))
			continue;

		if (!(when & NEVER) && len < sizeof(names))
			len += (size_t)snprintf(names + len, sizeof(names) - len,
						"%s%.40s", len > 0 ? ", " : "",
						u->un_name);
		msg_header_remove(m, (msg_pub_t *)s, (msg_header_t *)u);
	}

	say(ev, names, e);
	if (!cv_sip_edge_keeps(e))
		cv_sip_privacy_apply(m, privacy);
}

/* Where the message keeps the first header of this name, which it knows; NULL: it
 * doesn't. */
static msg_header_t **place_of(msg_t *m, const char *name)
{
	const msg_href_t *r = msg_find_hclass(msg_mclass(m), name, NULL);

	if (!r || r->hr_class->hc_hash == msg_unknown_hash ||
	    r->hr_class->hc_hash == msg_error_hash)
		return NULL;

	return (msg_header_t **)((char *)sip_object(m) + r->hr_offset);
}

void cv_sip_drop_named(msg_t *m, const char *name)
{
	msg_pub_t *pub = (msg_pub_t *)sip_object(m);
	msg_header_t **first = place_of(m, name);
	sip_unknown_t *u, *next;

	while (first && *first)
		msg_header_remove(m, pub, *first);

	for (u = sip_object(m)->sip_unknown; u; u = next) {
		next = u->un_next;
		if (u->un_name && strcasecmp(u->un_name, name) == 0)
			msg_header_remove(m, pub, (msg_header_t *)u);
	}
}

const sip_unknown_t *cv_sip_find_named(const sip_t *sip, const char *name)
{
	const sip_unknown_t *u = sip->sip_unknown;

	while (u && (!u->un_name || strcasecmp(u->un_name, name) != 0))
		u = u->un_next;

	return u;
}

int cv_sip_add_line(msg_t *m, const char *line)
{
	msg_header_t *h = msg_header_d(msg_home(m), m, line);
	msg_header_t **first = place_of(m, line);

	if (!h)
		return ENOMEM;

	/* a second one of these would be taken for a mistake */
	if (first && *first && h->sh_class->hc_kind == msg_kind_single)
		msg_header_remove(m, (msg_pub_t *)sip_object(m), *first);

	return msg_header_insert(m, (msg_pub_t *)sip_object(m), h) < 0 ? ENOMEM : 0;
}
