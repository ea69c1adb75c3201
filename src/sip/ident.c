/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Identities: what happens to Request-URI, From and To on the way through
 * (contract, "Identities"). Signalling thread.
 *
 * To a peer a host name passes; a host that is ours, or a literal private
 * address that isn't the peer's, becomes the peer's first domain or its
 * target. To a phone the Request-URI is its own Contact; a literal address of
 * the other side becomes ours on this side. User parts, display names and URI
 * parameters stay. A request that carries a digest for a foreign realm keeps
 * its Request-URI byte for byte, since the digest covers it.
 */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "sip/sip_int.h"

enum { SIP_PORT = 5060 };

bool cv_sip_is_ours(struct cv_sip *s, const char *host)
{
	struct cv_addr a;

	if (!host)
		return false;

	cv_sip_addr_of_host(&a, host, NULL);
	if (cv_addr_is_set(&a))
		return cv_net_is_ours(s->net, &a);

	return strcasecmp(host, s->conf->general.name) == 0;
}

static bool serves_domain(const struct cv_conf_peer *p, const char *host)
{
	for (size_t i = 0; i < p->domains.c; ++i) {
		if (strcasecmp(p->domains.v[i].text, host) == 0)
			return true;
	}

	return false;
}

const struct cv_conf_peer *cv_sip_registrar(struct cv_sip *s, const char *host)
{
	const struct cv_conf_peer *first = NULL, *with_domain = NULL;
	struct cv_addr a;

	cv_sip_addr_of_host(&a, host, NULL);
	for (size_t i = 0; i < s->conf->peerc; ++i) {
		const struct cv_conf_peer *p = &s->conf->peers[i];

		if (p->register_)
			continue; /* a trunk that registers us is nobody's registrar */

		if (host &&
		    (serves_domain(p, host) ||
		     (cv_addr_is_set(&a) && cv_peers_is_host(s->peers, p->name, &a))))
			return p;

		first = first ? first : p;
		if (!with_domain && p->domains.c > 0)
			with_domain = p;
	}

	if (!cv_sip_is_ours(s, host))
		return NULL;

	return with_domain ? with_domain : first;
}

/* The realm is an address or name of ours, or a domain of local accounts. */
static bool is_own_realm(struct cv_sip *s, const msg_auth_t *au)
{
	const char *realm = msg_params_find(au->au_params, "realm=");
	char bare[256];
	size_t len;

	if (!realm)
		return false;

	len = strlen(realm);
	if (len >= 2 && realm[0] == '"' && len < sizeof(bare)) {
		memcpy(bare, realm + 1, len - 2);
		bare[len - 2] = '\0';
		realm = bare;
	}

	return cv_sip_is_ours(s, realm) ||
	       cv_homes_know(s->homes, CV_STR_NULL, cv_str_of(realm));
}

static bool is_foreign(struct cv_sip *s, const msg_auth_t *au)
{
	for (; au; au = au->au_next) {
		if (!is_own_realm(s, au))
			return true;
	}

	return false;
}

bool cv_sip_has_foreign_auth(struct cv_sip *s, const sip_t *sip)
{
	return is_foreign(s, (const msg_auth_t *)sip->sip_authorization) ||
	       is_foreign(s, (const msg_auth_t *)sip->sip_proxy_authorization);
}

void cv_sip_drop_own_auth(struct cv_sip *s, msg_t *m)
{
	sip_t *sip = sip_object(m);
	msg_auth_t *au, *next;

	for (au = (msg_auth_t *)sip->sip_authorization; au; au = next) {
		next = au->au_next;
		if (is_own_realm(s, au))
			msg_header_remove(m, (msg_pub_t *)sip, (msg_header_t *)au);
	}
}

/* Credentials as text. The library's own printing loses the last parameter. */
struct cv_str cv_sip_auth_text(su_home_t *home, const msg_auth_t *au)
{
	struct cv_buf b = {0};
	char *text = NULL;

	cv_buf_printf(&b, "%s", au->au_scheme);
	for (size_t i = 0; au->au_params && au->au_params[i]; ++i)
		cv_buf_printf(&b, "%s%s", i > 0 ? ", " : " ", au->au_params[i]);

	if (cv_buf_err(&b) == 0)
		text = su_strndup(home, b.p, (isize_t)b.len);
	cv_buf_free(&b);

	return cv_str_of(text);
}

struct cv_str cv_sip_own_auth(struct cv_sip *s, su_home_t *home, const sip_t *sip)
{
	const msg_auth_t *au = (const msg_auth_t *)sip->sip_authorization;

	for (; au; au = au->au_next) {
		if (is_own_realm(s, au))
			return cv_sip_auth_text(home, au);
	}

	return CV_STR_NULL;
}

/* Host (no brackets for IPv6 are added here: sofia's URLs carry them) of a point's
 * advertised address. */
static char *our_host(struct cv_sip *s, su_home_t *home, uint8_t listen)
{
	char text[CV_ADDR_STRLEN];

	if (listen >= s->net->pointc)
		return su_strdup(home, s->conf->general.name);

	return su_strdup(home, cv_addr_print(&s->net->points[listen].advertise, text));
}

/* Of its first target: as it was written. */
static char *target_host(su_home_t *home, const struct cv_conf_target *t)
{
	uint16_t port = t->host ? t->port : t->addr.port;
	char text[CV_ADDR_STRLEN];
	struct cv_addr a = t->addr;

	a.port = port == SIP_PORT ? 0 : port;
	if (!t->host)
		return su_strdup(home, cv_addr_print(&a, text));

	return a.port > 0 ? su_sprintf(home, "%s:%u", t->host, (unsigned)a.port)
			  : su_strdup(home, t->host);
}

char *cv_sip_peer_host(su_home_t *home, const struct cv_conf_peer *p)
{
	if (p->domains.c > 0)
		return su_strdup(home, p->domains.v[0].text);

	return target_host(home, &p->targets[0]);
}

/* True when a literal @p a says something of a network that the other side must not or
 * can't use. */
static bool is_unroutable(struct cv_sip *s, const struct cv_addr *a)
{
	return cv_alist_find(s->net->nated, a) > 0 || cv_alist_find(s->net->lan, a) > 0 ||
	       cv_addr_kind(a) != CV_ADDR_PUBLIC;
}

static bool must_change(struct cv_sip *s, const struct cv_sip_ident_in *in,
			const url_t *url, const struct cv_conf_peer *to)
{
	struct cv_addr a;

	if (!url->url_host)
		return false;

	cv_sip_addr_of_host(&a, url->url_host, NULL);
	if (!cv_addr_is_set(&a))
		return to && cv_sip_is_ours(s, url->url_host);

	if (to)
		return !cv_peers_is_host(s->peers, to->name, &a) &&
		       (cv_net_is_ours(s->net, &a) || is_unroutable(s, &a));

	/* towards a phone: nothing that names another of our sides, the peer or a private
	 * network */
	return cv_net_is_ours(s->net, &a) || is_unroutable(s, &a) ||
	       (in->from_peer && cv_peers_is_host(s->peers, in->from_peer->name, &a));
}

/* Replaces host and port; the transport of one hop goes too. */
static void set_host(su_home_t *home, url_t *url, char *host)
{
	url->url_host = host;
	url->url_port = NULL;
	if (url->url_params) {
		char *p = su_strdup(home, url->url_params);

		p = p ? url_strip_param_string(p, "transport") : NULL;
		p = p ? url_strip_param_string(p, "maddr") : NULL;
		url->url_params = p && *p ? p : NULL;
	}
}

/* The Request-URI towards a peer; NULL: ENOMEM. */
static url_t *ruri_to_peer(struct cv_sip *s, su_home_t *home,
			   const struct cv_sip_ident_in *in,
			   const struct cv_conf_peer *peer, struct cv_evid *ev)
{
	url_t *url = url_hdup(home, in->sip->sip_request->rq_url);
	bool digest = cv_sip_has_foreign_auth(s, in->sip);

	if (!url)
		return NULL;

	if (in->to->user_changed) {
		url->url_user = su_strdup(home, in->to->user);
		if (digest)
			cv_evid_add(
				ev, "identity", "warning",
				"a route changed the number of a request that carries a "
				"digest: the digest can't match");
	}

	/* our Contact at a trunk says nothing to another peer: the number that was called
	 */
	if (!in->to->user_changed && cv_sip_trunk_by_token(s, url->url_user)) {
		url->url_user = su_strdup(home, in->sip->sip_to->a_url->url_user);
		digest = false;
	}

	if (digest || !must_change(s, in, url, peer))
		return url;

	set_host(home, url, cv_sip_peer_host(home, peer));
	cv_evid_add(ev, "identity", "rewritten",
		    "Request-URI host %s became %s, of peer %s",
		    in->sip->sip_request->rq_url->url_host, url->url_host, peer->name);

	return url->url_host ? url : NULL;
}

/* The Request-URI towards a phone is what it wrote in its Contact. */
static url_t *ruri_to_phone(su_home_t *home, const struct cv_sip_ident_in *in)
{
	if (!in->binding)
		return url_hdup(home, in->sip->sip_request->rq_url);

	return url_hdup(home, URL_STRING_MAKE(in->binding->contact)->us_url);
}

/* From and To differ in type only by name in sofia. */
static sip_addr_t *map_party(struct cv_sip *s, su_home_t *home,
			     const struct cv_sip_ident_in *in, const sip_addr_t *party,
			     const struct cv_conf_peer *to)
{
	sip_addr_t *a = (sip_addr_t *)msg_header_dup(home, (const msg_header_t *)party);

	if (!a)
		return NULL;

	msg_header_remove_param((msg_common_t *)a, "tag");
	a->a_tag = NULL;
	if (must_change(s, in, a->a_url, to))
		set_host(home, a->a_url,
			 to ? cv_sip_peer_host(home, to) : our_host(s, home, in->listen));

	return a;
}

/* What the sender asks for, then what the peer's section says; a registration is no call
 * of somebody. */
static int hide(su_home_t *home, const struct cv_sip_ident_in *in,
		const struct cv_conf_peer *peer, struct cv_sip_ident *out,
		struct cv_evid *ev)
{
	const struct cv_sip_edge edge = {
		.to = peer,
		.home = peer && in->home && strcmp(in->home, peer->name) == 0,
	};
	unsigned privacy = cv_sip_privacy(in->sip);
	int err = 0;

	if (in->sip->sip_request->rq_method == sip_method_register)
		return 0;

	if (!cv_sip_edge_keeps(&edge) && cv_sip_privacy_is_too_much(privacy))
		return EPROTO;

	if (!cv_sip_edge_keeps(&edge) && privacy & CV_PRIVACY_USER) {
		err = cv_sip_anonymous(home, out->from);
		cv_evid_add(ev, "identity", "anonymous", "the sender asked for Privacy");
	}

	return err || !peer ? err : cv_sip_rule_parties(peer, home, out);
}

int cv_sip_ident(struct cv_sip *s, su_home_t *home, const struct cv_sip_ident_in *in,
		 struct cv_sip_ident *out, struct cv_evid *ev)
{
	const struct cv_conf_peer *peer = NULL;

	if (in->to->kind == CV_TARGET_PEER) {
		peer = cv_conf_peer_find(s->conf, cv_str_of(in->to->peer));
		if (!peer)
			return ENOENT;
	}

	out->ruri = peer ? ruri_to_peer(s, home, in, peer, ev) : ruri_to_phone(home, in);
	out->from = (sip_from_t *)map_party(s, home, in, (sip_addr_t *)in->sip->sip_from,
					    peer);
	out->to = (sip_to_t *)map_party(s, home, in, (sip_addr_t *)in->sip->sip_to, peer);

	if (!out->ruri || !out->from || !out->to)
		return ENOMEM;

	return hide(home, in, peer, out, ev);
}

/* A phone that registers upstream and calls us its server can't know that @p host is the
 * same. */
static bool is_known_as_ours(const struct cv_sip_leg *to, const char *host)
{
	const struct cv_binding *b = to->phone;
	const struct cv_conf_peer *peer;

	if (!b || !b->calls_us || !b->home || !host)
		return false;

	peer = cv_conf_peer_find(to->sip->conf, cv_str_of(b->home));

	return peer && serves_domain(peer, host);
}

void cv_sip_ident_url(const struct cv_sip_leg *to, const struct cv_sip_leg *from,
		      su_home_t *home, url_t *url)
{
	struct cv_sip *s = to->sip;
	const struct cv_conf_peer *peer = NULL;
	struct cv_sip_ident_in in = {.listen = to->listen};

	if (to->peer)
		peer = cv_conf_peer_find(s->conf, cv_str_of(to->peer));
	if (from && from->peer)
		in.from_peer = cv_conf_peer_find(s->conf, cv_str_of(from->peer));

	if (must_change(s, &in, url, peer) || is_known_as_ours(to, url->url_host))
		set_host(home, url,
			 peer ? cv_sip_peer_host(home, peer)
			      : our_host(s, home, to->listen));
}

void cv_sip_ident_contact(const struct cv_sip_leg *to, const struct cv_sip_leg *from,
			  su_home_t *home, url_t *url)
{
	struct cv_sip *s = to->sip;
	const struct cv_conf_peer *peer =
		to->peer ? cv_conf_peer_find(s->conf, cv_str_of(to->peer)) : NULL;
	const struct cv_conf_peer *hidden =
		from->peer ? cv_conf_peer_find(s->conf, cv_str_of(from->peer)) : NULL;
	struct cv_binding *b = NULL;
	struct cv_addr a;
	char *at;

	cv_sip_addr_of_host(&a, url->url_host, NULL);
	if (!cv_sip_is_ours(s, url->url_host)) {
		if (hidden && cv_addr_is_set(&a) &&
		    cv_peers_is_host(s->peers, hidden->name, &a))
			set_host(home, url, our_host(s, home, to->listen));
		return;
	}

	/* a phone of ours by the token its registrar knows: by its address of record */
	if (cv_bind_by_token(s->binds, &b, cv_str_of(url->url_user)) == 0) {
		url->url_user = su_strdup(home, b->aor);
		at = (char *)(url->url_user ? strrchr(url->url_user, '@') : NULL);
		set_host(home, url, at ? at + 1 : NULL);
		if (at)
			*at = '\0';
	}
	if (cv_sip_is_ours(s, url->url_host))
		set_host(home, url,
			 peer ? cv_sip_peer_host(home, peer)
			      : our_host(s, home, to->listen));
}
