/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Rounds of questions on one timer: the name first where there is one, then the
 * STUN server. Knows no listening points; owner thread of its loop.
 */
#include "config.h"

#include "net/own.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"

enum {
	MS_A_S = 1000,
	ANY_PORT = 1, /* with a port no service records are asked for */
};

struct cv_own {
	struct cv_own_conf conf;
	struct cv_timer *timer; /* begins a round */
	struct cv_name *look;
	struct cv_stun_ask *ask;
	struct cv_addr servers[CV_NAME_ADDRS]; /* of the name, of our family */
	size_t serverc, server;
	uint64_t servers_until_ms;
	struct cv_addr known;  /* what was told; unset: nothing yet */
	struct cv_addr unsure; /* seen once */
	uint64_t since_ms;     /* known was told; 0: before us */
	int err;               /* told last */
};

static const struct cv_own_ops real_ops = {
	.look = cv_name_look,
	.close = cv_name_close,
	.ask = cv_stun_ask_new,
};

static void own_fini(void *obj)
{
	struct cv_own *o = obj;

	if (o->look)
		o->conf.ops->close(o->look);
	cv_mem_unref(o->ask);
	cv_mem_unref(o->timer);
}

static void plan(struct cv_own *o, uint32_t ms)
{
	(void)cv_timer_set(o->timer, ms); /* fails for want of memory only: it stays */
}

static void fail(struct cv_own *o, int err)
{
	bool is_news = o->err != err;

	o->err = err;
	plan(o, CV_OWN_RETRY_MS);
	if (is_news)
		o->conf.fn(o->conf.arg, err, NULL);
}

/* Nobody could send to another kind from outside. */
static bool is_usable(const struct cv_own *o, const struct cv_addr *a)
{
	switch (cv_addr_kind(a)) {
	case CV_ADDR_PUBLIC:
	case CV_ADDR_PRIVATE:
	case CV_ADDR_CGNAT:
		return a->family == o->conf.local.family;
	case CV_ADDR_UNSET:
	case CV_ADDR_LINKLOCAL:
	case CV_ADDR_LOOPBACK:
	case CV_ADDR_MULTICAST:
	case CV_ADDR_ANY:
		break;
	}

	return false;
}

static void take(struct cv_own *o, const struct cv_addr *a, uint32_t next_ms)
{
	uint64_t age_ms = cv_clock_ms() - o->since_ms;
	bool is_same = cv_addr_host_eq(a, &o->known);
	struct cv_addr told;

	if (!is_same && o->since_ms > 0 && age_ms < CV_OWN_STEADY_MS) {
		plan(o, (uint32_t)(CV_OWN_STEADY_MS - age_ms));
		return;
	}

	plan(o, next_ms);
	if (is_same && o->err == 0 && o->since_ms > 0)
		return;
	if (!is_same || o->since_ms == 0)
		o->since_ms = cv_clock_ms();

	o->err = 0;
	o->known = *a;
	o->known.port = 0;
	told = o->known;
	o->conf.fn(o->conf.arg, 0, &told);
}

/* The server's word: twice, when it isn't what we know. */
static void on_mapped(int err, const struct cv_addr *mapped, void *arg)
{
	struct cv_own *o = arg;
	bool is_sure;

	o->ask = cv_mem_unref(o->ask);
	if (err) {
		o->server = o->serverc > 0 ? (o->server + 1) % o->serverc : 0;
		fail(o, err);
		return;
	}
	if (!is_usable(o, mapped)) {
		fail(o, EADDRNOTAVAIL);
		return;
	}

	is_sure = !cv_addr_is_set(&o->known) || cv_addr_host_eq(mapped, &o->known) ||
		  cv_addr_host_eq(mapped, &o->unsure);
	o->unsure = *mapped;
	if (is_sure)
		take(o, mapped, CV_OWN_STUN_MS);
	else
		plan(o, CV_OWN_SURE_MS);
}

static void ask(struct cv_own *o)
{
	struct cv_addr local = o->conf.local;
	int err;

	local.port = 0;
	err = o->conf.ops->ask(&o->ask, o->conf.loop, &local, &o->servers[o->server],
			       on_mapped, o);
	if (err)
		fail(o, err);
}

/* Addresses of the answer that are of our family. */
static size_t pick(const struct cv_own *o, const struct cv_hop_found *f,
		   struct cv_addr v[CV_NAME_ADDRS])
{
	size_t n = 0;

	for (size_t i = 0; i < f->c && n < CV_NAME_ADDRS; ++i) {
		if (is_usable(o, &f->v[i].addr))
			v[n++] = f->v[i].addr;
	}

	return n;
}

static const struct cv_addr *choose(const struct cv_own *o, const struct cv_addr *v,
				    size_t c)
{
	for (size_t i = 0; i < c; ++i) {
		if (cv_addr_host_eq(&v[i], &o->known))
			return &v[i];
	}

	return &v[0];
}

static void on_found(void *arg, const struct cv_hop_found *f)
{
	struct cv_addr v[CV_NAME_ADDRS];
	struct cv_own *o = arg;
	uint32_t ttl_ms = f->ttl_s * MS_A_S;
	size_t c = f->err ? 0 : pick(o, f, v);

	o->look = o->conf.ops->close(o->look);
	if (c == 0) {
		fail(o, f->err ? f->err : ENOENT);
		return;
	}
	if (o->conf.stun_port == 0) {
		take(o, choose(o, v, c), ttl_ms);
		return;
	}

	memcpy(o->servers, v, sizeof(v));
	o->serverc = c;
	o->server = 0;
	o->servers_until_ms = cv_clock_ms() + ttl_ms;
	ask(o);
}

static void on_round(void *arg)
{
	struct cv_own *o = arg;
	const struct cv_hop_ask what = {
		.host = o->conf.host,
		.port = o->conf.stun_port > 0 ? o->conf.stun_port : ANY_PORT,
	};
	int err;

	if (!o->conf.host || o->servers_until_ms > cv_clock_ms()) {
		ask(o);
		return;
	}

	err = o->conf.ops->look(o->conf.names, &o->look, &what, on_found, o);
	if (err)
		fail(o, err);
}

int cv_own_open(struct cv_own **op, const struct cv_own_conf *conf)
{
	struct cv_own *o;
	int err;

	if (!op || !conf || !conf->loop || !conf->fn ||
	    (!conf->host && !cv_addr_is_set(&conf->server)))
		return EINVAL;

	o = cv_mem_new(sizeof(*o), own_fini);
	if (!o)
		return ENOMEM;

	o->conf = *conf;
	o->known = conf->known;
	if (!conf->ops)
		o->conf.ops = &real_ops;
	if (!conf->host) {
		o->servers[0] = conf->server;
		o->serverc = 1;
	}
	err = cv_timer_new(&o->timer, conf->loop, on_round, o);
	if (!err)
		err = cv_timer_set(o->timer, 0);
	if (err)
		cv_mem_unref(o);
	else
		*op = o;

	return err;
}
