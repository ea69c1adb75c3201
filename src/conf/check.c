/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Values against each other, as far as that needs no host: names that must
 * exist, ports that collide, times that contradict. A value that was refused
 * by itself is not complained about again. Signalling thread.
 */
#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/addr.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "conf/conf.h"
#include "conf/conf_int.h"

enum {
	PORTS_LEAST = 4,  /* one relayed call: two pairs */
	PORT_LOW = 1024,  /* below: other services */
	SOURCE_LEN = 128, /* an element of a from list */
};

/** A source address and whose it is. */
struct source {
	struct cv_hash_node node;
	const struct cv_conf_peer *peer;
	struct cv_conf_pos pos;
};

static const struct cv_opts_sec *section(const struct cv_conf_job *job, const char *kind,
					 const char *name)
{
	char id[256];

	(void)snprintf(id, sizeof(id), "%s %s", kind, name);

	return cv_opts_find(job->opts, id);
}

static bool is_off(const struct cv_conf_job *job, const char *name, const char *key)
{
	const struct cv_opts_sec *s = section(job, "listen", name);
	const struct cv_opts_entry *e = s ? cv_opts_entry_find(s, key) : NULL;

	return e && strcmp(e->value, "off") == 0;
}

static void listen_check(struct cv_conf_job *job, const struct cv_conf_listen *l)
{
	const struct cv_conf_media *m = &job->conf->media;

	if (is_off(job, l->name, "udp") && is_off(job, l->name, "tcp") && l->tlsc == 0)
		cv_conf_find(job, l->pos,
			     "[listen %s] has udp and tcp off: nothing is left", l->name);

	if (l->tlsc > 0 && !l->tls_cert)
		cv_conf_find(job, l->pos, "[listen %s] has tls, which needs tls-cert",
			     l->name);
	if (l->tls_key && !l->tls_cert)
		cv_conf_find(job, l->pos, "[listen %s] has tls-key, which needs tls-cert",
			     l->name);

	for (size_t i = 0; i < l->tlsc; ++i) {
		for (size_t n = 0; n < l->tcpc; ++n) {
			if (l->tls[i] == l->tcp[n])
				cv_conf_find(
					job, l->pos,
					"[listen %s]: port %u is in both tcp and tls",
					l->name, (unsigned)l->tls[i]);
		}
	}

	for (size_t i = 0; i < l->udpc; ++i) {
		if (l->udp[i] >= m->port_lo && l->udp[i] <= m->port_hi)
			cv_conf_find(
				job, m->pos,
				"ports %u-%u hold UDP port %u of [listen %s] (%s:%u)",
				(unsigned)m->port_lo, (unsigned)m->port_hi,
				(unsigned)l->udp[i], l->name, l->pos.file, l->pos.line);
	}
}

static void dns_check(struct cv_conf_job *job)
{
	const struct cv_conf_list *dns = &job->conf->network.dns;
	struct cv_addr a;

	if (dns->c > CV_CONF_DNS)
		cv_conf_find(job, dns->v[CV_CONF_DNS].pos, "dns: %d servers are enough",
			     CV_CONF_DNS);

	for (size_t i = 0; i < dns->c; ++i) {
		struct cv_str text = cv_str_of(dns->v[i].text);

		if (cv_addr_parse(&a, text) == 0 && a.port == 0 && cv_conf_has_port(text))
			cv_conf_find(job, dns->v[i].pos, "dns: %s: there is no port 0",
				     dns->v[i].text);
		else if (cv_addr_parse(&a, text) != 0)
			cv_conf_find(job, dns->v[i].pos,
				     "dns: %s is not an address with or without a port",
				     dns->v[i].text);
	}
}

static void media_check(struct cv_conf_job *job)
{
	const struct cv_conf_media *m = &job->conf->media;

	if (m->port_lo == 0)
		return; /* was refused */

	if (m->port_lo > m->port_hi)
		cv_conf_find(job, m->pos, "ports: %u is above %u", (unsigned)m->port_lo,
			     (unsigned)m->port_hi);
	else if (m->port_lo < PORT_LOW)
		cv_conf_find(job, m->pos, "ports must begin at %d or above", PORT_LOW);
	else if (m->port_lo % 2 != 0 || m->port_hi % 2 == 0)
		cv_conf_find(
			job, m->pos,
			"ports must begin with an even and end with an odd port: RTP "
			"and RTCP go in pairs");
	else if (m->port_hi - m->port_lo + 1 < PORTS_LEAST)
		cv_conf_find(job, m->pos,
			     "ports must be at least %d: a call takes two pairs",
			     PORTS_LEAST);
}

static bool has_tcp(const struct cv_conf_media *m, uint16_t port)
{
	return port >= m->tcp_lo && port <= m->tcp_hi;
}

static void tcp_ports_check(struct cv_conf_job *job)
{
	const struct cv_conf_media *m = &job->conf->media;
	const struct cv_opts_sec *s = cv_opts_find(job->opts, "media");
	const struct cv_opts_entry *e = s ? cv_opts_entry_find(s, "tcp-ports") : NULL;
	struct cv_conf_pos pos = e ? e->pos : m->pos;

	if (m->tcp_lo == 0)
		return; /* was refused */

	if (m->tcp_lo > m->tcp_hi)
		cv_conf_find(job, pos, "tcp-ports: %u is above %u", (unsigned)m->tcp_lo,
			     (unsigned)m->tcp_hi);
	else if (m->tcp_lo < PORT_LOW)
		cv_conf_find(job, pos, "tcp-ports must begin at %d or above", PORT_LOW);

	for (size_t i = 0; i < job->conf->listenc; ++i) {
		const struct cv_conf_listen *l = &job->conf->listens[i];
		uint16_t held = 0;

		for (size_t n = 0; n < l->tcpc; ++n)
			held = has_tcp(m, l->tcp[n]) ? l->tcp[n] : held;
		for (size_t n = 0; n < l->tlsc; ++n)
			held = has_tcp(m, l->tls[n]) ? l->tls[n] : held;
		if (held > 0)
			cv_conf_find(job, pos,
				     "tcp-ports %u-%u hold TCP port %u of [listen %s] "
				     "(%s:%u)",
				     (unsigned)m->tcp_lo, (unsigned)m->tcp_hi,
				     (unsigned)held, l->name, l->pos.file, l->pos.line);
	}
}

static void expires_check(struct cv_conf_job *job, const char *key, uint32_t seconds)
{
	const struct cv_conf_registration *r = &job->conf->registration;
	const struct cv_opts_sec *s = cv_opts_find(job->opts, "registration");
	const struct cv_opts_entry *e;

	if (!s || seconds == 0 || r->min_expires_s <= seconds)
		return;

	e = cv_opts_entry_find(s, key);
	if (!e)
		e = cv_opts_entry_find(s, "min-expires");

	cv_conf_find(job, e ? e->pos : s->pos, "%s (%us) is less than min-expires (%us)",
		     key, seconds, r->min_expires_s);
}

static void user_check(struct cv_conf_job *job, const struct cv_opts_sec *s)
{
	bool password = cv_opts_entry_find(s, "password");
	bool ha1 = cv_opts_entry_find(s, "ha1");

	if (!password && !ha1)
		cv_conf_find(job, s->pos, "[user %s] needs password or ha1", s->name);

	if (password && ha1)
		cv_conf_find(job, s->pos, "[user %s] has both password and ha1", s->name);

	if (ha1 && !cv_opts_entry_find(s, "domain"))
		cv_conf_find(job, s->pos, "[user %s] has ha1, which needs its domain too",
			     s->name);
}

static void peer_name_check(struct cv_conf_job *job, struct cv_conf_pos pos,
			    const char *name)
{
	if (!section(job, "peer", name))
		cv_conf_find(job, pos, "there is no [peer %s]", name);
}

static void route_check(struct cv_conf_job *job, const struct cv_conf_route *r)
{
	const struct cv_opts_sec *s = section(job, "route", r->name);
	const struct cv_opts_entry *from = s ? cv_opts_entry_find(s, "from") : NULL;

	if (r->peers.c == 0 && !r->user)
		cv_conf_find(job, r->pos, "[route %s] needs peer or user", r->name);

	if (r->peers.c > 0 && r->user)
		cv_conf_find(job, r->pos, "[route %s] has both peer and user", r->name);

	if (r->user && !section(job, "user", r->user))
		cv_conf_find(job, r->pos, "[route %s]: there is no [user %s]", r->name,
			     r->user);

	for (size_t i = 0; i < r->peers.c; ++i)
		peer_name_check(job, r->peers.v[i].pos, r->peers.v[i].text);

	if (from && r->from && strncmp(r->from, "peer:", 5) == 0 && r->from[5] != '\0')
		peer_name_check(job, from->pos, r->from + 5);
}

/* One address has one spelling; ranges stand as they are written. */
static struct cv_str source_text(const char *text, char *dst)
{
	struct cv_addr a;

	if (cv_addr_parse(&a, cv_str_of(text)) == 0)
		(void)cv_addr_print_host(&a, dst);
	else
		(void)snprintf(dst, SOURCE_LEN, "%s", text);

	return cv_str_of(dst);
}

/* Who had @p key before; NULL: nobody, now it is @p p's. */
static const struct source *claim(struct cv_conf_job *job, struct cv_hash *table,
				  const struct cv_conf_peer *p, struct cv_str key,
				  struct cv_conf_pos pos)
{
	const struct cv_hash_node *node = cv_hash_find(table, key);
	const char *kept;
	struct source *src;

	if (node)
		return node->obj;

	src = cv_opts_alloc(job->opts, 1, sizeof(*src));
	kept = cv_opts_keep(job->opts, key);
	if (!src || !kept) {
		job->err = ENOMEM;
		return NULL;
	}

	src->peer = p;
	src->pos = pos;
	cv_hash_add(table, &src->node, cv_str_of(kept), src);

	return NULL;
}

static void source_add(struct cv_conf_job *job, struct cv_hash *table,
		       const struct cv_conf_peer *p, const struct cv_conf_item *item)
{
	char text[SOURCE_LEN];
	const struct source *was =
		claim(job, table, p, source_text(item->text, text), item->pos);

	if (was && was->peer != p)
		cv_conf_find(job, item->pos,
			     "from: %s is a source of [peer %s] already (%s:%u)",
			     item->text, was->peer->name, was->pos.file, was->pos.line);
}

/* What stands between quotes in a digest; nothing there needs escapes. */
static bool is_quotable(const char *text)
{
	return !text || !strpbrk(text, "\"\\");
}

static void account_check(struct cv_conf_job *job, const struct cv_conf_peer *p)
{
	if (p->register_ && (!p->username || !p->password))
		cv_conf_find(job, p->pos,
			     "[peer %s] has register = yes, which needs username and "
			     "password",
			     p->name);
	else if (!p->username != !p->password)
		cv_conf_find(job, p->pos, "[peer %s] has %s", p->name,
			     p->username ? "username, which needs password"
					 : "password, which needs username");

	if (p->realm && !p->username)
		cv_conf_find(job, p->pos,
			     "[peer %s] has realm, which needs username and password",
			     p->name);

	if (!is_quotable(p->username) || !is_quotable(p->realm))
		cv_conf_find(job, p->pos,
			     "[peer %s]: username and realm can't hold quotes or "
			     "backslashes",
			     p->name);
}

/* sip/large.c moves a request to a target with the hop's own address, never to a name */
static void mtu_check(struct cv_conf_job *job, const struct cv_conf_peer *p)
{
	if (p->mtu == 0 || p->targetc == 0)
		return;

	for (size_t i = 0; i < p->targetc; ++i) {
		if (p->targets[i].transport == CV_TRANSPORT_TCP && !p->targets[i].host)
			return;
	}

	cv_conf_find(job, p->pos,
		     "[peer %s] has mtu, which needs a target that is an address with "
		     "transport=tcp",
		     p->name);
}

static bool is_same_target(const struct cv_conf_target *a, const struct cv_conf_target *b)
{
	if (a->transport != b->transport || !a->host != !b->host)
		return false;
	if (!a->host) /* by UDP, whether that is written or not */
		return cv_addr_eq(&a->addr, &b->addr);

	return a->transport_given == b->transport_given && a->port == b->port &&
	       strcasecmp(a->host, b->host) == 0;
}

/* The second one would only be a second try of what has just failed. */
static void targets_check(struct cv_conf_job *job, const struct cv_conf_peer *p)
{
	for (size_t i = 0; i < p->targetc; ++i) {
		for (size_t n = 0; n < i; ++n) {
			if (is_same_target(&p->targets[n], &p->targets[i]))
				cv_conf_find(job, p->targets[i].pos,
					     "target: %s is there twice (%s:%u)",
					     p->targets[i].uri, p->targets[n].pos.file,
					     p->targets[n].pos.line);
		}
	}
}

static void peer_check(struct cv_conf_job *job, struct cv_hash *sources,
		       const struct cv_conf_peer *p)
{
	const struct cv_opts_sec *s = section(job, "peer", p->name);

	if (s && !cv_opts_entry_find(s, "target"))
		cv_conf_find(job, p->pos, "[peer %s] needs target", p->name);

	account_check(job, p);
	mtu_check(job, p);
	targets_check(job, p);

	for (size_t i = 0; i < p->from.c && !job->err; ++i)
		source_add(job, sources, p, &p->from.v[i]);
}

static void node_drop(void *obj, void *arg)
{
	struct source *src = obj;

	(void)arg;
	cv_hash_del(&src->node);
}

static void table_drop(struct cv_hash *table)
{
	if (table)
		cv_hash_walk(table, node_drop, NULL);
	cv_mem_unref(table);
}

/* Two accounts at one provider share its domain; what names only the domain, like the
 * REGISTER of a phone, goes to the first. */
static void domains_warn(struct cv_conf_job *job, struct cv_hash *domains,
			 const struct cv_conf_peer *p)
{
	for (size_t i = 0; i < p->domains.c && !job->err; ++i) {
		const struct cv_conf_item *item = &p->domains.v[i];
		char text[SOURCE_LEN];
		const struct source *was;

		(void)snprintf(text, sizeof(text), "%s", item->text);
		for (char *c = text; *c; ++c)
			*c = (char)tolower((unsigned char)*c);

		was = claim(job, domains, p, cv_str_of(text), item->pos);
		if (was && was->peer != p)
			cv_warn("conf",
				"ambiguous domain=%s peer=%s taken-as=%s at=%s:%u",
				item->text, p->name, was->peer->name, item->pos.file,
				item->pos.line);
	}
}

/* Two peers may share a target's host (two accounts at one provider), but then it can't
 * be told which of them a request comes from: the first is taken. */
static void targets_warn(struct cv_conf_job *job, struct cv_hash *sources,
			 const struct cv_conf_peer *p)
{
	char host[CV_ADDR_STRLEN];
	struct cv_conf_item item;
	const struct source *was;

	for (size_t i = 0; i < p->targetc && p->from.c == 0 && !job->err; ++i) {
		if (p->targets[i].host)
			continue; /* whose address that is shows when it is looked up */

		item.text = cv_addr_print_host(&p->targets[i].addr, host);
		item.pos = p->targets[i].pos;
		was = claim(job, sources, p, cv_str_of(item.text), item.pos);
		if (was && was->peer != p)
			cv_warn("conf",
				"ambiguous source=%s peer=%s taken-as=%s at=%s:%u",
				item.text, p->name, was->peer->name, item.pos.file,
				item.pos.line);
	}
}

static void peers_check(struct cv_conf_job *job)
{
	const struct cv_conf *c = job->conf;
	struct cv_hash *sources = NULL, *domains = NULL;

	if (cv_hash_new(&sources) != 0 || cv_hash_new(&domains) != 0) {
		job->err = ENOMEM;
		goto out;
	}

	for (size_t i = 0; i < c->peerc; ++i)
		peer_check(job, sources, &c->peers[i]);

	for (size_t i = 0; i < c->peerc; ++i) {
		targets_warn(job, sources, &c->peers[i]);
		domains_warn(job, domains, &c->peers[i]);
	}

out:
	table_drop(sources);
	table_drop(domains);
}

void cv_conf_check(struct cv_conf_job *job)
{
	const struct cv_conf *c = job->conf;
	const struct cv_conf_registration *r = &c->registration;
	const struct cv_opts_sec *s;

	dns_check(job);
	media_check(job);
	tcp_ports_check(job);
	expires_check(job, "phone-expires-udp", r->phone_expires_udp_s);
	expires_check(job, "phone-expires-stream", r->phone_expires_stream_s);
	expires_check(job, "peer-expires", r->peer_expires_s);

	for (size_t i = 0; i < c->listenc; ++i)
		listen_check(job, &c->listens[i]);

	peers_check(job);
	for (size_t i = 0; i < c->routec; ++i)
		route_check(job, &c->routes[i]);

	for (s = cv_opts_next(job->opts, "user", NULL); s;
	     s = cv_opts_next(job->opts, "user", s))
		user_check(job, s);
}
