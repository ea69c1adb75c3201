/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Peers and their targets: what the configuration names, and how many calls
 * each has. Signalling thread.
 */
#include "config.h"

#include "call/peers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "call/peers_int.h"

enum { SECOND_MS = 1000 };

static void targets_drop(struct cv_peer_target **v, size_t c)
{
	for (size_t i = 0; i < c; ++i)
		cv_mem_unref(v[i]);

	free(v);
}

static void peer_fini(void *obj)
{
	struct cv_peer *p = obj;

	cv_hash_del(&p->by_name);
	cv_list_del(&p->node);
	targets_drop(p->targets, p->targetc);
}

/* The peer's target that was written in the same words. */
static struct cv_peer_target *target_like(const struct cv_peer *p, const char *uri)
{
	for (size_t i = 0; i < p->targetc; ++i) {
		if (strcmp(p->targets[i]->conf->uri, uri) == 0)
			return p->targets[i];
	}

	return NULL;
}

/* The targets that @p conf names: those that are there already, and new ones. */
static int targets_make(struct cv_peer *p, const struct cv_conf_peer *conf,
			struct cv_peer_target ***vp)
{
	struct cv_peer_target **v =
		cv_mem_zalloc(conf->targetc + 1, sizeof(struct cv_peer_target *));
	int err = v ? 0 : ENOMEM;
	size_t c = 0;

	for (; !err && c < conf->targetc; ++c) {
		v[c] = cv_mem_ref(target_like(p, conf->targets[c].uri));
		if (!v[c])
			err = cv_peer_target_new(&v[c], p, &conf->targets[c], c);
		if (err)
			break;
	}

	if (err)
		targets_drop(v, c);
	else
		*vp = v;

	return err;
}

static void peer_take(struct cv_peer *p, const struct cv_conf_peer *conf,
		      struct cv_peer_target **v)
{
	targets_drop(p->targets, p->targetc);
	p->conf = conf;
	p->targets = v;
	p->targetc = conf->targetc;
	cv_hash_del(&p->by_name);
	cv_hash_add(p->in->by_name, &p->by_name, cv_str_of(conf->name), p);
	for (size_t i = 0; i < p->targetc; ++i)
		cv_peer_target_follow(v[i], &conf->targets[i], i);
}

static int peer_new(struct cv_peers *ps, const struct cv_conf_peer *conf)
{
	struct cv_peer_target **v;
	struct cv_peer *p;
	int err;

	p = cv_mem_new(sizeof(*p), peer_fini);
	if (!p)
		return ENOMEM;

	p->in = ps;
	p->conf = conf;
	err = targets_make(p, conf, &v);
	if (err) {
		cv_mem_unref(p);
		return err;
	}

	cv_list_add(&ps->list, &p->node);
	peer_take(p, conf, v);

	return 0;
}

static void peer_drop(struct cv_peer *p)
{
	cv_hash_del(&p->by_name);
	cv_list_del(&p->node);
	cv_mem_unref(p);
}

static void peers_fini(void *obj)
{
	struct cv_peers *ps = obj;
	struct cv_list *n, *tmp;

	CV_LIST_FOREACH (n, tmp, &ps->list) {
		peer_drop(CV_CONTAINER(n, struct cv_peer, node));
	}

	cv_mem_unref(ps->by_name);
}

int cv_peers_new(struct cv_peers **pp, const struct cv_peers_env *env)
{
	struct cv_peers *ps;
	int err;

	if (!pp || !env || !env->conf || !env->loop)
		return EINVAL;

	ps = cv_mem_new(sizeof(*ps), peers_fini);
	if (!ps)
		return ENOMEM;

	ps->env = *env;
	cv_list_init(&ps->list);
	err = cv_hash_new(&ps->by_name);
	if (!err)
		err = cv_peers_conf(ps, env->conf);
	if (err)
		cv_mem_unref(ps);
	else
		*pp = ps;

	return err;
}

/* Takes over what @p conf says of a peer, new or not. */
static int peer_follow(struct cv_peers *ps, const struct cv_conf_peer *conf)
{
	struct cv_peer *p = cv_peer_find(ps, conf->name);
	struct cv_peer_target **v;
	int err;

	if (!p)
		return peer_new(ps, conf);

	err = targets_make(p, conf, &v);
	if (!err)
		peer_take(p, conf, v);

	return err;
}

int cv_peers_conf(struct cv_peers *ps, const struct cv_conf *conf)
{
	struct cv_list *n, *tmp;
	int err = 0;

	ps->env.conf = conf;
	CV_LIST_FOREACH (n, tmp, &ps->list) {
		struct cv_peer *p = CV_CONTAINER(n, struct cv_peer, node);

		if (!cv_conf_peer_find(conf, cv_str_of(p->conf->name)))
			peer_drop(p);
	}

	for (size_t i = 0; i < conf->peerc; ++i) {
		int failed = peer_follow(ps, &conf->peers[i]);

		err = failed ? failed : err;
	}

	return err;
}

struct cv_peer *cv_peer_find(const struct cv_peers *ps, const char *name)
{
	const struct cv_hash_node *n =
		ps && name ? cv_hash_find(ps->by_name, cv_str_of(name)) : NULL;

	return n ? n->obj : NULL;
}

struct cv_peer_hop *cv_peer_hop_find(const struct cv_peer *p, const struct cv_addr *a,
				     enum cv_transport t)
{
	for (size_t i = 0; i < p->targetc; ++i) {
		const struct cv_peer_target *target = p->targets[i];

		for (size_t n = 0; n < target->hopc; ++n) {
			const struct cv_hop *h = &target->hops[n]->hop;

			if (h->transport == t && cv_addr_eq(&h->addr, a))
				return target->hops[n];
		}
	}

	return NULL;
}

int cv_peers_admit(struct cv_peers *ps, const char *peer)
{
	struct cv_peer *p = cv_peer_find(ps, peer);
	uint64_t now = cv_clock_ms();

	if (!p)
		return 0;

	if (p->conf->max_calls > 0 && p->calls >= p->conf->max_calls)
		return EBUSY;

	if (now - p->second_ms >= SECOND_MS) {
		p->second_ms = now;
		p->started = 0;
	}

	if (p->conf->max_cps > 0 && p->started >= p->conf->max_cps)
		return EBUSY;

	++p->started;
	++p->calls;

	return 0;
}

void cv_peers_leave(struct cv_peers *ps, const char *peer)
{
	struct cv_peer *p = cv_peer_find(ps, peer);

	if (p && p->calls > 0)
		--p->calls;
}

bool cv_peers_is_same(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

bool cv_peers_is_host(const struct cv_peers *ps, const char *peer,
		      const struct cv_addr *a)
{
	const struct cv_peer *p = cv_peer_find(ps, peer);

	for (size_t i = 0; p && i < p->targetc; ++i) {
		const struct cv_peer_target *t = p->targets[i];

		for (size_t n = 0; n < t->hopc; ++n) {
			if (cv_addr_host_eq(&t->hops[n]->hop.addr, a))
				return true;
		}
	}

	return false;
}

const struct cv_hop *cv_peers_hop_at(const struct cv_peers *ps, const char *peer,
				     const struct cv_addr *a, enum cv_transport t)
{
	const struct cv_peer *p = cv_peer_find(ps, peer);
	const struct cv_peer_hop *h = p ? cv_peer_hop_find(p, a, t) : NULL;

	return h ? &h->hop : NULL;
}

void cv_peers_watched(struct cv_peers *ps, const struct cv_peers_watch *watch)
{
	ps->watch = watch;
}

void cv_peers_prefer(struct cv_peers *ps, const char *peer, const struct cv_hop *hop)
{
	struct cv_peer *p = cv_peer_find(ps, peer);

	if (p)
		p->preferred = hop ? *hop : (struct cv_hop){.target = 0};
}

void cv_peers_refresh(struct cv_peers *ps)
{
	struct cv_list *n, *tmp;

	CV_LIST_FOREACH (n, tmp, &ps->list) {
		struct cv_peer *p = CV_CONTAINER(n, struct cv_peer, node);

		for (size_t i = 0; i < p->targetc; ++i)
			cv_peer_target_refresh(p->targets[i]);
	}
}

uint32_t cv_peers_draw(struct cv_peers *ps, uint32_t max)
{
	const uint64_t mix[2] = {(uintptr_t)ps, ++ps->draws};

	return (uint32_t)(cv_hash_bytes(mix, sizeof(mix)) % ((uint64_t)max + 1));
}

static int64_t seconds_since(uint64_t ms)
{
	return (int64_t)((cv_clock_ms() - ms) / SECOND_MS);
}

static int64_t seconds_to(uint64_t ms)
{
	uint64_t now = cv_clock_ms();

	return ms > now ? (int64_t)((ms - now + SECOND_MS - 1) / SECOND_MS) : 0;
}

static void show_hop(const struct cv_peer_target *t, const struct cv_peer_hop *h,
		     struct cv_out *out)
{
	char text[CV_ADDR_STRLEN];

	cv_out_item(out);
	cv_out_str(out, "hop", "%s", cv_addr_print(&h->hop.addr, text));
	cv_out_str(out, "transport", "%s", cv_transport_name(h->hop.transport));
	cv_out_str(out, "state", "%s", cv_peer_hop_state(h->state));
	cv_out_num(out, "since_s", seconds_since(h->since_ms));
	cv_out_num(out, "status", h->status);
	cv_out_str(out, "why", "%s", cv_peer_hop_why(h));
	cv_out_num(out, "next_s", seconds_to(h->next_ms));
	cv_out_num(out, "priority", h->hop.priority);
	cv_out_num(out, "weight", h->hop.weight);
	cv_out_str(out, "target", "%s", t->conf->uri);
	cv_out_end(out);
}

static void show_names(const struct cv_peer *p, struct cv_out *out)
{
	cv_out_list(out, "names");
	for (size_t i = 0; i < p->targetc; ++i) {
		const struct cv_peer_target *t = p->targets[i];

		if (!t->conf->host)
			continue;

		cv_out_item(out);
		cv_out_str(out, "name", "%s", t->conf->host);
		cv_out_num(out, "hops", (int64_t)t->hopc);
		cv_out_num(out, "next_s", seconds_to(t->next_ms));
		cv_out_str(out, "error", "%s", t->err ? strerror(t->err) : "");
		cv_out_end(out);
	}
	cv_out_end(out);
}

void cv_peers_show(const struct cv_peers *ps, const char *peer, struct cv_out *out)
{
	const struct cv_peer *p = cv_peer_find(ps, peer);

	if (!p)
		return;

	cv_out_num(out, "calls", p->calls);
	cv_out_num(out, "cps", seconds_since(p->second_ms) < 1 ? p->started : 0);
	show_names(p, out);
	cv_out_list(out, "hops");
	for (size_t i = 0; i < p->targetc; ++i) {
		for (size_t n = 0; n < p->targets[i]->hopc; ++n)
			show_hop(p->targets[i], p->targets[i]->hops[n], out);
	}
	cv_out_end(out);
}
