/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From what is written to what is there: listening points, LAN list and sides,
 * resolved against this host's interfaces. Start and reload; no thread yet or
 * the signalling thread.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "core/core_int.h"
#include "net/iface.h"
#include "net/udp.h"

/** What is being planned. */
struct plan {
	const struct cv_conf *conf;
	struct cv_net *net;
	struct cv_buf *error;
	struct cv_iface ifaces[CV_IFACE_MAX];
	size_t ifacec;
	unsigned char *groups; /* by LAN entry; handed to net */
	int err;               /* first finding */
};

static void fail(struct plan *p, int err)
{
	if (!p->err)
		p->err = err;
}

static void read_list(struct plan *p, struct cv_alist *to,
		      const struct cv_conf_list *from, const char *key)
{
	for (size_t i = 0; i < from->c; ++i) {
		const char *why = NULL;
		int err = cv_alist_add(to, cv_str_of(from->v[i].text), &why);

		if (!err)
			continue;

		cv_conf_complain(p->error, from->v[i].pos,
				 "%s: \"%s\" is not a list entry: %s", key,
				 from->v[i].text, why ? why : strerror(err));
		fail(p, err);
	}
}

static bool is_usable(const struct cv_iface *i)
{
	enum cv_addr_kind k = cv_addr_kind(&i->addr);

	return k != CV_ADDR_LOOPBACK &&
	       !(k == CV_ADDR_LINKLOCAL && i->addr.family == AF_INET6);
}

/* Network of an interface's address as a list entry. */
static void network_text(const struct cv_iface *i, char *dst, size_t size)
{
	char host[CV_ADDR_STRLEN];
	struct cv_addr a = i->addr;
	unsigned bytes = a.family == AF_INET ? 4 : 16;

	a.port = 0;
	a.scope = 0;
	for (unsigned n = 0; n < bytes; ++n) {
		unsigned keep = i->bits > n * 8 ? i->bits - n * 8 : 0;

		if (keep < 8)
			a.ip.bytes[n] &= (uint8_t)(0xff00u >> keep);
	}

	(void)snprintf(dst, size, "%s/%u", cv_addr_print_host(&a, host), i->bits);
}

static size_t lan_index(const struct plan *p, struct cv_str text)
{
	for (size_t n = 1; n <= cv_alist_count(p->net->lan); ++n) {
		if (cv_str_eq(cv_str_of(cv_alist_text(p->net->lan, n)), text))
			return n;
	}

	return 0;
}

/* CG-7: networks attached to us whose address of ours is a private one. */
static void lan_auto(struct plan *p)
{
	char text[CV_ADDR_STRLEN + 8];
	const char *why;

	for (size_t i = 0; i < p->ifacec; ++i) {
		if (!is_usable(&p->ifaces[i]) ||
		    cv_alist_find(p->net->nated, &p->ifaces[i].addr) == 0)
			continue;

		network_text(&p->ifaces[i], text, sizeof(text));
		if (lan_index(p, cv_str_of(text)) == 0 &&
		    cv_alist_add(p->net->lan, cv_str_of(text), &why))
			fail(p, ENOMEM);
	}
}

static void read_lan(struct plan *p)
{
	const struct cv_conf_list *lan = &p->conf->network.lan;

	if (lan->c == 1 && strcmp(lan->v[0].text, "auto") == 0)
		lan_auto(p);
	else if (!(lan->c == 1 && strcmp(lan->v[0].text, "none") == 0))
		read_list(p, p->net->lan, lan, "lan");
}

/* One group of lan-routes: networks with blanks between. */
static void read_group(struct plan *p, struct cv_str group, unsigned char number)
{
	struct cv_str word;

	while (cv_str_next(&group, ' ', &word)) {
		size_t n;

		word = cv_str_trim(word);
		if (word.len == 0)
			continue;

		n = lan_index(p, word);
		if (n > 0) {
			p->groups[n - 1] = number;
			continue;
		}

		cv_conf_complain(p->error, p->conf->network.lan_routes.v[0].pos,
				 "lan-routes: " CV_STR_FMT " is not an entry of lan",
				 CV_STR_ARG(word));
		fail(p, EINVAL);
	}
}

static void read_routes(struct plan *p)
{
	const struct cv_conf_list *routes = &p->conf->network.lan_routes;
	size_t c = cv_alist_count(p->net->lan);
	struct cv_str rest, group;
	unsigned char number = 0;

	if (routes->c == 0 || strcmp(routes->v[0].text, "all") == 0 || c == 0)
		return;

	p->groups = cv_mem_zalloc(c, 1);
	if (!p->groups) {
		fail(p, ENOMEM);
		return;
	}

	p->net->lan_group = p->groups;
	rest = cv_str_of(routes->v[0].text);
	if (!cv_str_eq(rest, CV_STR("none"))) {
		while (number < UINT8_MAX && cv_str_next(&rest, '|', &group))
			read_group(p, group, ++number);
	}

	/* a network that no group names reaches nobody but itself */
	for (size_t i = 0; i < c && number < UINT8_MAX; ++i) {
		if (p->groups[i] == 0)
			p->groups[i] = ++number;
	}
}

static int try_bind(const struct cv_addr *host, uint16_t port, int type)
{
	struct sockaddr_storage ss;
	struct cv_addr a = *host;
	const int on = 1;
	socklen_t len;
	int fd, err = 0;

	a.port = port;
	len = cv_addr_to_sa(&a, &ss);
	fd = socket(a.family, type | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return errno;

	if (type == SOCK_STREAM)
		(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (const struct sockaddr *)&ss, len) == -1)
		err = errno;
	(void)close(fd);

	return err;
}

/* The kernel's word: all of 127/8 is here, though one address of it is listed. */
static bool is_here(const struct cv_addr *a)
{
	return try_bind(a, 0, SOCK_DGRAM) == 0;
}

static void say_not_here(struct plan *p, const struct cv_conf_listen *l, const char *key,
			 const char *text)
{
	struct cv_buf have = {0};
	char host[CV_ADDR_STRLEN];

	for (size_t i = 0; i < p->ifacec; ++i)
		cv_buf_printf(&have, "%s%s (%s)", i > 0 ? ", " : "",
			      cv_addr_print_host(&p->ifaces[i].addr, host),
			      p->ifaces[i].name);

	cv_conf_complain(
		p->error, l->pos,
		"[listen %s] %s: %s is not an address of this host, which has %s",
		l->name, key, text, have.p ? have.p : "none");
	cv_buf_free(&have);
	fail(p, EADDRNOTAVAIL);
}

/* A literal of the listen section for points of @p family; unset when not given or of
 * another family. */
static void read_literal(struct plan *p, const struct cv_conf_listen *l, const char *key,
			 const char *text, struct cv_addr *a)
{
	memset(a, 0, sizeof(*a));
	if (!text ||
	    (cv_addr_parse(a, cv_str_of(text)) == 0 && cv_addr_kind(a) != CV_ADDR_ANY))
		return;

	cv_conf_complain(p->error, l->pos, "[listen %s] %s: \"%s\" is not an address",
			 l->name, key, text);
	fail(p, EINVAL);
}

/* A STUN server at an address tells of that family only. */
static bool follows(const struct cv_conf_advertise *a, const struct cv_addr *bind)
{
	return a->by == CV_SHOWN_DNS ||
	       (a->by == CV_SHOWN_STUN && (a->host || a->addr.family == bind->family));
}

static void add_point(struct plan *p, size_t listen, const struct cv_addr *bind)
{
	const struct cv_conf_listen *l = &p->conf->listens[listen];
	const struct cv_addr none = {0};
	struct cv_addr advertise, media;
	struct cv_point *pt;

	if (p->net->pointc == CV_NET_POINTS) {
		cv_conf_complain(p->error, l->pos,
				 "[listen %s]: more than %d listening points", l->name,
				 CV_NET_POINTS);
		fail(p, E2BIG);
		return;
	}

	advertise = l->advertise.by == CV_SHOWN_LITERAL ? l->advertise.addr : none;
	read_literal(p, l, "media-address", l->media_address, &media);
	if (cv_addr_is_set(&media) && !is_here(&media)) {
		say_not_here(p, l, "media-address", l->media_address);
		return;
	}

	pt = &p->net->points[p->net->pointc++];
	(void)snprintf(pt->name, sizeof(pt->name), "%s", l->name);
	pt->conf = listen;
	pt->bind = pt->advertise = pt->media = *bind;
	pt->bind.port = pt->advertise.port = pt->media.port = 0;
	if (advertise.family == bind->family)
		pt->advertise = advertise;
	pt->advertise.port = 0;
	pt->media_adv = pt->advertise;
	pt->follows = follows(&l->advertise, bind);
	if (pt->follows || advertise.family == bind->family)
		pt->source = l->advertise.text;
	if (media.family == bind->family) {
		pt->is_apart = !pt->source;
		pt->media = media;
		pt->media_adv = advertise.family == bind->family ? pt->advertise : media;
	}

	pt->side = cv_alist_find(p->net->lan, bind) > 0 ? CV_SIDE_LAN : CV_SIDE_WAN;
	if (l->side_given)
		pt->side = l->side;
}

static void resolve(struct plan *p, size_t listen)
{
	const struct cv_conf_listen *l = &p->conf->listens[listen];
	bool all = strcmp(l->address, "auto") == 0;
	size_t before = p->net->pointc;
	struct cv_addr a;

	if (!all && cv_addr_parse(&a, cv_str_of(l->address)) == 0) {
		if (cv_addr_kind(&a) == CV_ADDR_ANY) {
			/* it would be written into Via, Contact and SDP as it stands */
			cv_conf_complain(p->error, l->pos,
					 "[listen %s] address: %s can't be told to a "
					 "phone; auto is every address of this host",
					 l->name, l->address);
			fail(p, EADDRNOTAVAIL);
			return;
		}

		if (is_here(&a))
			add_point(p, listen, &a);
		else
			say_not_here(p, l, "address", l->address);
		return;
	}

	for (size_t i = 0; i < p->ifacec; ++i) {
		if ((all || strcmp(p->ifaces[i].name, l->address) == 0) &&
		    (is_usable(&p->ifaces[i]) ||
		     (!all && p->ifaces[i].addr.family == AF_INET)))
			add_point(p, listen, &p->ifaces[i].addr);
	}

	if (p->net->pointc > before)
		return;

	cv_conf_complain(p->error, l->pos, "[listen %s] address: %s%s", l->name,
			 all ? "" : l->address,
			 all ? "this host has no address but loopback; write one"
			     : " is neither an address nor an interface of this host");
	fail(p, EADDRNOTAVAIL);
}

static bool has_port(const uint16_t *v, size_t c, uint16_t port)
{
	for (size_t i = 0; i < c; ++i) {
		if (v[i] == port)
			return true;
	}

	return false;
}

static bool share_port(const uint16_t *a, size_t ac, const uint16_t *b, size_t bc)
{
	for (size_t i = 0; i < ac; ++i) {
		if (has_port(b, bc, a[i]))
			return true;
	}

	return false;
}

/* One address may have two faces, as long as no port belongs to both. */
static bool want_one_socket(const struct cv_conf_listen *a,
			    const struct cv_conf_listen *b)
{
	return share_port(a->udp, a->udpc, b->udp, b->udpc) ||
	       share_port(a->tcp, a->tcpc, b->tcp, b->tcpc) ||
	       share_port(a->tcp, a->tcpc, b->tls, b->tlsc) ||
	       share_port(a->tls, a->tlsc, b->tcp, b->tcpc) ||
	       share_port(a->tls, a->tlsc, b->tls, b->tlsc);
}

/* Two sections that want one socket. */
static void find_clashes(struct plan *p)
{
	for (size_t i = 0; i < p->net->pointc; ++i) {
		for (size_t k = 0; k < i; ++k) {
			const struct cv_point *a = &p->net->points[k],
					      *b = &p->net->points[i];
			const struct cv_conf_listen *l = &p->conf->listens[b->conf];
			char host[CV_ADDR_STRLEN];

			if (!cv_addr_host_eq(&a->bind, &b->bind) ||
			    !want_one_socket(&p->conf->listens[a->conf], l))
				continue;

			cv_conf_complain(p->error, l->pos,
					 "[listen %s]: %s is already the address of "
					 "[listen %s]; give it other ports, or more "
					 "ports there",
					 l->name, cv_addr_print_host(&b->bind, host),
					 a->name);
			fail(p, EINVAL);
		}
	}
}

const char *cv_plan_is_us(const struct cv_net *net, const struct cv_conf *conf,
			  const struct cv_addr *a, enum cv_transport t)
{
	for (size_t i = 0; i < net->pointc; ++i) {
		const struct cv_point *pt = &net->points[i];
		const struct cv_conf_listen *l = &conf->listens[pt->conf];
		const uint16_t *const ports[] = {l->udp, l->tcp, l->tls};
		const size_t counts[] = {l->udpc, l->tcpc, l->tlsc};

		if ((cv_addr_host_eq(&pt->bind, a) ||
		     cv_addr_host_eq(&pt->advertise, a)) &&
		    has_port(ports[t], counts[t], a->port))
			return l->name;
	}

	return NULL;
}

/* A target that is one of our own listening points: each call would come back to us until
 * its Max-Forwards is used up. */
static void check_target(struct plan *p, const struct cv_conf_peer *peer,
			 const struct cv_conf_target *t)
{
	const char *listen;

	if (t->host)
		return; /* core/names.c, once it is known */

	listen = cv_plan_is_us(p->net, p->conf, &t->addr, t->transport);
	if (!listen)
		return;

	cv_conf_complain(p->error, t->pos,
			 "[peer %s] target: %s is this edge itself, [listen %s]",
			 peer->name, t->uri, listen);
	fail(p, EINVAL);
}

static void check_peers(struct plan *p)
{
	for (size_t i = 0; i < p->conf->peerc; ++i) {
		const struct cv_conf_peer *peer = &p->conf->peers[i];
		struct cv_alist *l = NULL;

		for (size_t k = 0; k < peer->targetc; ++k)
			check_target(p, peer, &peer->targets[k]);

		if (cv_alist_new(&l)) {
			fail(p, ENOMEM);
			return;
		}

		read_list(p, l, &p->conf->peers[i].from, "from");
		cv_mem_unref(l);
	}
}

int cv_plan_build(struct cv_net **np, const struct cv_conf *conf, struct cv_buf *error)
{
	struct plan *p;
	int err;

	p = cv_mem_zalloc(1, sizeof(*p));
	if (!p)
		return ENOMEM;

	p->conf = conf;
	p->error = error;
	err = cv_net_new(&p->net);
	if (!err)
		err = cv_iface_list(p->ifaces, CV_IFACE_MAX, &p->ifacec);
	if (err)
		goto out;

	p->net->same_nat_direct = conf->network.same_nat_direct;
	read_list(p, p->net->nated, &conf->network.nated, "nated");
	read_list(p, p->net->nat_systems, &conf->network.nat_systems, "nat-systems");
	read_lan(p);
	read_routes(p);
	if (conf->listenc == 0) {
		cv_conf_complain(error, conf->network.pos,
				 "there is no [listen] section: nothing to serve");
		fail(p, EINVAL);
	}
	for (size_t i = 0; i < conf->listenc; ++i)
		resolve(p, i);
	find_clashes(p);
	check_peers(p);
	if (!p->err) /* lists whose entries were refused say nothing */
		fail(p, cv_plan_clash(p->net, conf, error));
	err = p->err;

out:
	if (err)
		cv_mem_unref(p->net);
	else
		*np = p->net;
	free(p);

	return err;
}

static int try_ports(const struct cv_point *pt, const struct cv_conf_listen *l,
		     enum cv_transport t, struct cv_buf *error)
{
	const uint16_t *const lists[] = {l->udp, l->tcp, l->tls};
	const size_t counts[] = {l->udpc, l->tcpc, l->tlsc};
	const uint16_t *v = lists[t];
	size_t c = counts[t];
	int type = t == CV_TRANSPORT_UDP ? SOCK_DGRAM : SOCK_STREAM;
	char host[CV_ADDR_STRLEN];
	int first = 0;

	for (size_t i = 0; i < c; ++i) {
		int err = try_bind(&pt->bind, v[i], type);

		if (!err)
			continue;

		first = first ? first : err;
		cv_conf_complain(error, l->pos,
				 "[listen %s]: can't listen on %s %s port %u: %s",
				 l->name, cv_transport_name(t),
				 cv_addr_print_host(&pt->bind, host), (unsigned)v[i],
				 strerror(err));
	}

	return first;
}

int cv_plan_try(const struct cv_net *net, const struct cv_conf *conf,
		struct cv_buf *error)
{
	struct cv_tls *certs;
	int first = 0, err;

	for (size_t i = 0; i < net->pointc; ++i) {
		const struct cv_conf_listen *l = &conf->listens[net->points[i].conf];
		int udp = try_ports(&net->points[i], l, CV_TRANSPORT_UDP, error);
		int tcp = try_ports(&net->points[i], l, CV_TRANSPORT_TCP, error);
		int tls = try_ports(&net->points[i], l, CV_TRANSPORT_TLS, error);

		if (!first)
			first = udp ? udp : tcp ? tcp : tls;
	}

	err = cv_core_tls(&certs, net, conf, error);
	if (!err)
		cv_mem_unref(certs);

	return first ? first : err;
}
