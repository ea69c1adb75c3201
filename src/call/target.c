/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A target of a peer and the next hops it stands for: one address, or what a
 * name was found to be. Signalling thread.
 *
 * A name is asked for at once, again when its answer has aged, and after a
 * failure, later each time. While nobody can say, what was found last stays;
 * when the domain says that there is nothing, it goes.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "call/peers_int.h"

enum {
	SOON_MS = 200,        /* many names don't begin in the same instant */
	FAIL_MS = 5000,       /* after a failure, doubled each time */
	FAIL_MAX_MS = 300000, /* and no longer */
	DOUBLED = 6,
	SECOND_MS = 1000,
};

static void on_timer(void *arg);

static void target_fini(void *obj)
{
	struct cv_peer_target *t = obj;

	if (t->look)
		t->peer->in->env.name_ops->close(t->look);

	cv_mem_unref(t->timer);
	for (size_t i = 0; i < t->hopc; ++i)
		cv_mem_unref(t->hops[i]);
}

static void plan(struct cv_peer_target *t, uint32_t ms)
{
	t->next_ms = cv_clock_ms() + ms;
	if (cv_timer_set(t->timer, ms))
		cv_error("peer", "no timer, name stays as it is peer=%s target=%s",
			 t->peer->conf->name, t->conf->uri);
}

/* Hops that stay keep their health. */
static struct cv_peer_hop *take_old(struct cv_peer_target *t, const struct cv_hop *hop)
{
	for (size_t i = 0; i < t->hopc; ++i) {
		struct cv_peer_hop *h = t->hops[i];

		if (h && h->hop.transport == hop->transport &&
		    cv_addr_eq(&h->hop.addr, &hop->addr)) {
			t->hops[i] = NULL;
			return h;
		}
	}

	return NULL;
}

/* The hop for what was found; NULL: it can't be used, or there is no memory. */
static struct cv_peer_hop *hop_for(struct cv_peer_target *t, const struct cv_hop *found)
{
	const struct cv_peers_env *env = &t->peer->in->env;
	struct cv_hop hop = *found;
	struct cv_peer_hop *h;

	hop.host = t->conf->host;
	hop.target = t->index;
	if (env->usable && !env->usable(env->arg, t->peer->conf->name, &hop))
		return NULL;

	h = take_old(t, &hop);
	if (h)
		h->hop = hop;
	else if (cv_peer_hop_new(&h, t->peer, &hop))
		h = NULL;

	return h;
}

static void changed(struct cv_peer_target *t)
{
	const struct cv_peers_watch *w = t->peer->in->watch;

	if (w)
		w->changed(w->arg, t->peer->conf->name);
}

static bool is_among(struct cv_peer_hop *const *v, size_t c, const struct cv_hop *hop)
{
	for (size_t i = 0; i < c; ++i) {
		if (v[i]->hop.transport == hop->transport &&
		    cv_addr_eq(&v[i]->hop.addr, &hop->addr))
			return true;
	}

	return false;
}

/* What was found takes the place of what was. True: it is something else. */
static bool replace(struct cv_peer_target *t, const struct cv_hop *v, size_t c)
{
	struct cv_peer_hop *fresh[CV_PEERS_HOPS];
	size_t n = 0, was = t->hopc, kept = 0;

	for (size_t i = 0; i < c && n < CV_PEERS_HOPS; ++i) {
		fresh[n] = is_among(fresh, n, &v[i]) ? NULL : hop_for(t, &v[i]);
		n += fresh[n] ? 1 : 0;
	}

	for (size_t i = 0; i < was; ++i) {
		kept += t->hops[i] ? 0 : 1;
		cv_mem_unref(t->hops[i]);
	}

	for (size_t i = 0; i < n; ++i)
		t->hops[i] = fresh[i];

	t->hopc = n;

	return kept != was || n != was;
}

static void say(const struct cv_peer_target *t)
{
	if (t->err)
		cv_warn("peer", "name not found peer=%s target=%s err=\"%s\" hops=%zu%s",
			t->peer->conf->name, t->conf->uri, strerror(t->err), t->hopc,
			t->hopc > 0 ? " note=\"the last ones still hold\"" : "");
	else
		cv_info("peer", "name found peer=%s target=%s hops=%zu",
			t->peer->conf->name, t->conf->uri, t->hopc);
}

static void fail(struct cv_peer_target *t)
{
	uint64_t ms = (uint64_t)FAIL_MS << (t->fails < DOUBLED ? t->fails : DOUBLED);

	++t->fails;
	plan(t, ms > FAIL_MAX_MS ? FAIL_MAX_MS : (uint32_t)ms);
}

static void on_found(void *arg, const struct cv_hop_found *f)
{
	struct cv_peer_target *t = cv_mem_ref(arg);
	bool other = false, news;
	int err = f->err;

	t->look = t->peer->in->env.name_ops->close(t->look);
	if (err == ECANCELED) {
		plan(t, SOON_MS);
		cv_mem_unref(t);
		return;
	}

	if (!err || err == ENOENT)
		other = replace(t, f->v, err ? 0 : f->c);
	if (!err && t->hopc == 0)
		err = EHOSTUNREACH; /* found, but none of it is of use from here */

	news = other || err != t->err || !t->asked;
	t->asked = true;
	t->err = err;
	if (news)
		say(t);

	if (err) {
		fail(t);
	} else {
		t->fails = 0;
		plan(t, f->ttl_s * SECOND_MS);
	}

	if (other)
		changed(t);
	cv_mem_unref(t);
}

static void on_timer(void *arg)
{
	struct cv_peer_target *t = arg;
	const struct cv_peers_env *env = &t->peer->in->env;
	const struct cv_hop_ask ask = {
		.host = t->conf->host,
		.port = t->conf->port,
		.transport = t->conf->transport,
		.transport_given = t->conf->transport_given,
	};

	if (t->look)
		return;

	if (env->name_ops->look(env->names, &t->look, &ask, on_found, t))
		fail(t);
}

/* An address is a hop; there is nothing to look up. */
static int add_address(struct cv_peer_target *t)
{
	const struct cv_hop hop = {
		.addr = t->conf->addr,
		.transport = t->conf->transport,
		.target = t->index,
	};
	int err;

	err = cv_peer_hop_new(&t->hops[0], t->peer, &hop);
	if (!err)
		t->hopc = 1;

	return err;
}

static int add_name(struct cv_peer_target *t)
{
	int err;

	if (!t->peer->in->env.name_ops)
		return 0; /* nobody to ask */

	err = cv_timer_new(&t->timer, t->peer->in->env.loop, on_timer, t);
	if (!err)
		cv_peer_target_refresh(t);

	return err;
}

int cv_peer_target_new(struct cv_peer_target **tp, struct cv_peer *p,
		       const struct cv_conf_target *conf, size_t index)
{
	struct cv_peer_target *t;
	int err;

	t = cv_mem_new(sizeof(*t), target_fini);
	if (!t)
		return ENOMEM;

	t->peer = p;
	t->conf = conf;
	t->index = index;
	err = conf->host ? add_name(t) : add_address(t);
	if (err)
		cv_mem_unref(t);
	else
		*tp = t;

	return err;
}

void cv_peer_target_follow(struct cv_peer_target *t, const struct cv_conf_target *conf,
			   size_t index)
{
	t->conf = conf;
	t->index = index;
	for (size_t i = 0; i < t->hopc; ++i) {
		t->hops[i]->hop.host = conf->host;
		t->hops[i]->hop.target = index;
		cv_peer_hop_follow(t->hops[i]);
	}
}

void cv_peer_target_refresh(struct cv_peer_target *t)
{
	if (t->timer && !t->look)
		plan(t, cv_peers_draw(t->peer->in, SOON_MS));
}
