/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Opens the real stack for a world of scripted parties, as core/wire.c does for
 * a process, and takes it down. Test's thread.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "conf/opts.h"
#include "sip_world.h"

enum { NETS = 64, WHOLE_DAY_S = 86400, MAX_CONTACTS = 5 };

extern const struct cv_module cv_module_registrar, cv_module_route_peer;

static const struct cv_module *const modules[CV_SWORLD_MODULES] = {
	&cv_module_registrar,
	&cv_module_route_peer,
};

/* The phones' registrar: who is declared is let in for as long as he asks. */

static bool knows(void *arg, struct cv_str user, struct cv_str host)
{
	struct cv_sworld *w = arg;
	const struct cv_sparty *p = cv_sworld_party(w, user);

	return p && !p->peer && !w->guest[p - w->parties] &&
	       (cv_str_is_empty(host) || cv_str_eq(host, CV_STR("edge.example")));
}

static int answer(void *arg, const struct cv_home_ask *ask, struct cv_home_answer *ans)
{
	if (!knows(arg, ask->user, ask->host))
		return ENOENT;

	ans->verdict = CV_HOME_ACCEPT;
	ans->expires_s = ask->expires_s < WHOLE_DAY_S ? ask->expires_s : WHOLE_DAY_S;
	ans->max_contacts = MAX_CONTACTS;

	return 0;
}

static const struct cv_home_ops home_ops = {
	.name = "world",
	.answer = answer,
	.knows = knows,
};

/* Where a peer stands: its address says it, as the lists here do. */
static void place_peer(void *arg, const struct cv_addr *hop,
		       const struct cv_conf_peer *peer, struct cv_place *place,
		       struct cv_evid *ev)
{
	const struct cv_sworld *w = arg;
	struct cv_place_query q = {
		.party = peer->name,
		.seen = *hop,
		.listen = cv_place_point(w->net, hop, hop),
		.nat = peer->nat == CV_NAT_YES ? CV_PLACE_NAT_YES : CV_PLACE_NAT_AUTO,
	};

	cv_place_of(w->net, &q, place, ev);
}

static int add_point(struct cv_sworld *w, const char *name, unsigned host,
		     enum cv_side side)
{
	struct cv_point *p = &w->net->points[w->net->pointc];
	char text[32];
	int err;

	(void)snprintf(text, sizeof(text), "127.%u.%u.%u", w->net_nr >> 8,
		       w->net_nr & 0xff, host);
	err = cv_addr_parse(&p->bind, cv_str_of(text));
	p->bind.port = 0;
	p->advertise = p->media = p->media_adv = p->bind;
	p->side = side;
	p->conf = w->net->pointc++;
	(void)snprintf(p->name, sizeof(p->name), "%s", name);

	return err;
}

static int add_lists(struct cv_sworld *w)
{
	const char *why;
	char text[32];
	int err;

	(void)snprintf(text, sizeof(text), "127.%u.%u.0/25", w->net_nr >> 8,
		       w->net_nr & 0xff);
	err = cv_alist_add(w->net->lan, cv_str_of(text), &why);

	return err ? err : cv_alist_add(w->net->nated, CV_STR("10.0.0.0/8"), &why);
}

static int open_net(struct cv_sworld *w)
{
	int err = cv_net_new(&w->net);

	if (!err)
		err = add_point(w, "lan", 1, CV_SIDE_LAN);
	if (!err)
		err = add_point(w, "wan", 129, CV_SIDE_WAN);
	if (!err)
		err = add_lists(w);
	w->net->same_nat_direct = true;

	return err;
}

static int open_conf(struct cv_sworld *w)
{
	struct cv_buf text = {.p = NULL}, error = {.p = NULL};
	const char *tcp = w->streams ? "5060" : "off";
	int err;

	cv_buf_printf(&text,
		      "[listen lan]\naddress = 127.0.0.1\ntcp = %s\n"
		      "[listen wan]\naddress = 127.0.0.129\ntcp = %s\n"
		      "[general]\nname = edge.example\n",
		      tcp, tcp);
	cv_buf_str(&text, cv_buf_view(&w->text));
	cv_buf_reset(&w->text);
	cv_sworld_outward(w, cv_buf_view(&text), &w->text);
	err = cv_conf_parse(&w->conf, "conf", cv_buf_view(&w->text), &error);
	if (err && error.p)
		printf("%s", error.p);

	cv_buf_free(&text);
	cv_buf_free(&error);

	return err;
}

static int open_door(struct cv_sworld *w)
{
	struct cv_door_conf dc = {
		.max_message = w->conf->limits.max_message,
		.shake_ms = CV_DOOR_SHAKE_MS,
		.first_ms = CV_DOOR_FIRST_MS,
		.half_ms = CV_DOOR_HALF_MS,
		.idle_ms = CV_DOOR_IDLE_MS,
		.conns = CV_DOOR_CONNS,
		.source_conns = CV_DOOR_SOURCE_CONNS,
	};
	int err = cv_stats_cell(w->stats, &dc.stat);

	return err ? err : cv_door_open(&w->door, &dc);
}

static bool is_far(void *arg, const char *peer, const struct cv_hop *hop)
{
	const struct cv_sworld *w = arg;
	const struct cv_conf_peer *p = cv_conf_peer_find(w->conf, cv_str_of(peer));

	return p &&
	       cv_net_is_far(w->net, &hop->addr,
			     p->nat == CV_NAT_YES ? CV_PLACE_NAT_YES : CV_PLACE_NAT_AUTO);
}

static int open_peers(struct cv_sworld *w)
{
	const struct cv_peers_env env = {
		.conf = w->conf,
		.loop = w->loop,
		.far = is_far,
		.arg = w,
	};

	return cv_peers_new(&w->peers, &env);
}

static int open_sip(struct cv_sworld *w)
{
	struct cv_sip_env env = {
		.conf = w->conf,
		.net = w->net,
		.loop = w->loop,
		.door = w->door,
		.cmds = w->cmds,
		.stats = w->stats,
		.stat = w->env.stat,
		.routes = w->env.routes,
		.peers = w->peers,
		.homes = w->env.homes,
	};
	struct cv_buf error = {.p = NULL};
	int err;

	memset(env.key, 7, sizeof(env.key));
	err = cv_sip_open(&w->sip, &env, &error);
	if (!w->probes)
		cv_peers_watched(w->peers,
				 NULL); /* no OPTIONS that a flow doesn't speak of */
	if (!err && w->door)
		err = cv_door_start(w->door);
	if (err && error.p)
		printf("%s\n", error.p);
	cv_buf_free(&error);

	return err;
}

static int open_calls(struct cv_sworld *w)
{
	const struct cv_call_env env = {
		.conf = w->conf,
		.loop = w->loop,
		.cmds = w->cmds,
		.stats = w->stats,
		.stat = w->env.stat,
		.routes = w->env.routes,
		.peers = w->peers,
		.media = &cv_fake_media_ops,
		.plane = &w->plane,
		.leg_new = cv_sip_leg_new,
		.leg_arg = w->sip,
		.place_peer = place_peer,
		.place_arg = w,
		.same_nat_direct = true,
	};
	int err = cv_calls_new(&w->calls, &env);

	if (!err)
		cv_sip_calls(w->sip, w->calls);

	return err;
}

static int open_modules(struct cv_sworld *w)
{
	struct cv_buf error = {.p = NULL};
	int err = 0;

	cv_opts_error_to(w->conf->opts, &error);
	for (size_t i = 0; !err && i < CV_SWORLD_MODULES; ++i) {
		w->modules[i] = cv_mem_zalloc(1, modules[i]->size);
		err = w->modules[i] ? modules[i]->conf(w->modules[i], w->conf->opts)
				    : ENOMEM;
		if (!err)
			err = modules[i]->start(w->modules[i], &w->env);
	}
	cv_opts_error_to(w->conf->opts, NULL);
	if (error.p)
		printf("%s", error.p);
	cv_buf_free(&error);

	return err;
}

/* In the network of this run. */
static void outward(const struct cv_sworld *w, char *text, size_t size)
{
	struct cv_buf out = {.p = NULL};

	cv_sworld_outward(w, cv_str_of(text), &out);
	(void)snprintf(text, size, "%s", out.p);
	cv_buf_free(&out);
}

static int open_parties(struct cv_sworld *w)
{
	int err = 0;

	for (size_t i = 0; !err && i < w->partyc; ++i) {
		struct cv_sparty *p = &w->parties[i];
		unsigned host = p->addr.ip.bytes[3];

		outward(w, p->shown, sizeof(p->shown));
		outward(w, p->domain, sizeof(p->domain));
		p->addr.ip.bytes[1] = (uint8_t)(w->net_nr >> 8);
		p->addr.ip.bytes[2] = (uint8_t)w->net_nr;
		p->edge = w->net->points[host < 128 ? 0 : 1].bind;
		p->edge.port = 5060;
		err = cv_sparty_open(p);
	}

	return err;
}

static int open_base(struct cv_sworld *w)
{
	int err = cv_loop_su_open(&w->loop);

	if (!err)
		err = cv_cmds_new(&w->cmds);
	if (!err)
		err = cv_stats_new(&w->stats, w->cmds);
	if (!err)
		err = cv_stats_cell(w->stats, &w->env.stat);
	if (!err)
		err = cv_routes_new(&w->env.routes);
	if (!err)
		err = cv_homes_new(&w->env.homes);

	w->env.loop = w->loop;
	w->env.cmds = w->cmds;
	w->env.stats = w->stats;

	return err ? err : cv_home_add(&w->env, &w->home, &home_ops, w);
}

/* A network of the loopback in which nobody has the edge's addresses: test runs go on
 * side by side. */
static int claim_net(struct cv_sworld *w)
{
	for (unsigned i = 0; i < NETS; ++i) {
		struct cv_sparty probe = {.fd = -1, .conn = -1};
		char text[32];
		int err;

		w->net_nr = (64u + ((unsigned)getpid() + i) % 128u) << 8 |
			    ((unsigned)getpid() >> 7 & 0xff);
		(void)snprintf(text, sizeof(text), "127.%u.%u.129:5060", w->net_nr >> 8,
			       w->net_nr & 0xff);
		err = cv_addr_parse(&probe.addr, cv_str_of(text));
		if (!err)
			err = cv_sparty_open(&probe);
		cv_sparty_close(&probe);
		if (err != EADDRINUSE)
			return err;
	}

	return EADDRINUSE;
}

int cv_sworld_open(struct cv_sworld *w)
{
	int err = claim_net(w);

	if (!err)
		err = open_base(w);
	if (!err)
		err = open_conf(w);
	if (!err)
		err = open_net(w);
	if (!err && w->streams)
		err = open_door(w);
	if (!err)
		err = open_parties(w);
	if (!err)
		err = open_peers(w);
	if (!err)
		err = open_sip(w);
	if (!err)
		err = open_calls(w);
	if (!err)
		err = open_modules(w);

	return err;
}

void cv_sworld_shut(struct cv_sworld *w)
{
	if (w->calls)
		cv_calls_close(w->calls);

	for (size_t i = CV_SWORLD_MODULES; i-- > 0;) {
		if (w->modules[i])
			modules[i]->stop(w->modules[i]);
		free(w->modules[i]);
		w->modules[i] = NULL;
	}

	if (w->sip)
		cv_sip_close(w->sip);

	w->calls = cv_mem_unref(w->calls);
	w->sip = cv_mem_unref(w->sip);
	w->peers = cv_mem_unref(w->peers);
	if (w->door)
		cv_door_close(w->door);
	w->door = cv_mem_unref(w->door);
	w->home = cv_home_del(w->home);
	w->env.homes = cv_mem_unref(w->env.homes);
	w->env.routes = cv_mem_unref(w->env.routes);
	w->stats = cv_mem_unref(w->stats);
	w->cmds = cv_mem_unref(w->cmds);
	w->loop = cv_mem_unref(w->loop);
	w->net = cv_mem_unref(w->net);
	w->conf = cv_mem_unref(w->conf);
	for (size_t i = 0; i < w->partyc; ++i)
		cv_sparty_close(&w->parties[i]);
}
