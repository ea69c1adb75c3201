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

static void target_fini(void *obj)
{
	struct cv_peer_target *t = obj;

	for (size_t i = 0; i < t->hopc; ++i)
		cv_mem_unref(t->hops[i]);
}

/* An address is a hop; there is nothing to look up. */
static int add_address(struct cv_peer_target *t, size_t index)
{
	const struct cv_hop hop = {
		.addr = t->conf->addr,
		.transport = t->conf->transport,
		.target = index,
	};
	int err;

	err = cv_peer_hop_new(&t->hops[0], t->peer, &hop);
	if (!err)
		t->hopc = 1;

	return err;
}

static int target_new(struct cv_peer_target **tp, struct cv_peer *p,
		      const struct cv_conf_target *conf, size_t index)
{
	struct cv_peer_target *t;
	int err;

	t = cv_mem_new(sizeof(*t), target_fini);
	if (!t)
		return ENOMEM;

	t->peer = p;
	t->conf = conf;
	err = add_address(t, index);
	if (err)
		cv_mem_unref(t);
	else
		*tp = t;

	return err;
}

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
	struct cv_peer_target **v = cv_mem_zalloc(conf->targetc + 1, sizeof(*v));
	int err = v ? 0 : ENOMEM;
	size_t c = 0;

	for (; !err && c < conf->targetc; ++c) {
		v[c] = cv_mem_ref(target_like(p, conf->targets[c].uri));
		if (!v[c])
			err = target_new(&v[c], p, &conf->targets[c], c);
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
	for (size_t i = 0; i < p->targetc; ++i) {
		struct cv_peer_target *t = v[i];

		t->conf = &conf->targets[i];
		for (size_t n = 0; n < t->hopc; ++n)
			t->hops[n]->hop.target = i;
	}
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

	peer_take(p, conf, v);
	cv_list_add(&ps->list, &p->node);

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

void cv_peers_heard(struct cv_peers *ps, const char *peer, const struct cv_hop *hop,
		    int err)
{
	const struct cv_peer *p = cv_peer_find(ps, peer);
	struct cv_peer_hop *h =
		p ? cv_peer_hop_find(p, &hop->addr, hop->transport) : NULL;

	if (h)
		cv_peer_hop_judge(h, err);
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
