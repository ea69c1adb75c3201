/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Names and peers of the process: who is asked, and which of the answers are of
 * use to us. Signalling thread.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "core/core_int.h"

static const struct cv_peers_name_ops name_ops = {
	.look = cv_name_look,
	.close = cv_name_close,
};

/* "192.0.2.53:53,[2001:db8::53]:5353"; empty: the host's own. */
static int servers_print(const struct cv_conf *conf, struct cv_buf *to)
{
	const struct cv_conf_list *dns = &conf->network.dns;
	char text[CV_ADDR_STRLEN];
	struct cv_addr a;

	for (size_t i = 0; i < dns->c; ++i) {
		if (cv_addr_parse(&a, cv_str_of(dns->v[i].text)))
			return EINVAL;

		if (a.port == 0)
			a.port = 53;

		cv_buf_printf(to, "%s%s", i > 0 ? "," : "", cv_addr_print(&a, text));
	}

	return cv_buf_err(to);
}

static bool faces(const struct cv_net *net, const struct cv_addr *a)
{
	for (size_t i = 0; i < net->pointc; ++i) {
		if (net->points[i].bind.family == a->family)
			return true;
	}

	return false;
}

/* Addresses of a family that we don't speak, and our own, are no way to a peer. */
static bool usable(void *arg, const char *peer, const struct cv_hop *hop)
{
	const struct cv_core *c = arg;
	const char *listen;
	char text[CV_ADDR_STRLEN];

	if (!faces(c->now->net, &hop->addr))
		return false;

	listen = cv_plan_is_us(c->now->net, c->now->conf, &hop->addr, hop->transport);
	if (!listen)
		return true;

	cv_warn("core", "name is ours peer=%s name=%s hop=%s listen=%s", peer, hop->host,
		cv_addr_print(&hop->addr, text), listen);

	return false;
}

static bool is_far(void *arg, const char *peer, const struct cv_hop *hop)
{
	const struct cv_core *c = arg;
	const struct cv_conf_peer *p = cv_conf_peer_find(c->now->conf, cv_str_of(peer));

	return p && cv_net_is_far(c->now->net, &hop->addr,
				  p->nat == CV_NAT_YES  ? CV_PLACE_NAT_YES
				  : p->nat == CV_NAT_NO ? CV_PLACE_NAT_NO
							: CV_PLACE_NAT_AUTO);
}

int cv_core_names_open(struct cv_core *c)
{
	struct cv_names_conf nc = {
		.loop = c->loop,
		.timeout_ms = CV_NAME_TIMEOUT_MS,
		.tries = CV_NAME_TRIES,
	};
	struct cv_peers_env pe = {
		.conf = c->now->conf,
		.loop = c->loop,
		.name_ops = &name_ops,
		.usable = usable,
		.far = is_far,
		.arg = c,
	};
	struct cv_buf servers = {0};
	int err;

	err = servers_print(c->now->conf, &servers);
	nc.servers = servers.p;
	if (!err)
		err = cv_names_open(&c->names, &nc);
	cv_buf_free(&servers);
	pe.names = c->names;

	return err ? err : cv_peers_new(&c->peers, &pe);
}

void cv_core_names_conf(struct cv_core *c)
{
	struct cv_buf servers = {0};
	int err;

	err = servers_print(c->now->conf, &servers);
	if (!err)
		err = cv_names_servers(c->names, servers.p);
	cv_buf_free(&servers);
	if (err)
		cv_error("core", "reload left name servers as they were err=%s",
			 strerror(err));

	err = cv_peers_conf(c->peers, c->now->conf);
	if (err)
		cv_error("core", "reload left peers as they were err=%s", strerror(err));

	cv_peers_refresh(c->peers);
}

void cv_core_names_close(struct cv_core *c)
{
	c->peers = cv_mem_unref(c->peers);
	c->names = cv_names_close(c->names);
}
