/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The addresses that listening points show: who is asked for them, and who has
 * to know when one is another. Signalling thread.
 *
 * An address that changes makes a copy of the network, which takes the place of
 * the one in use: from then on every request and every SDP shows the new one.
 * Then what others were told earlier is put right: registrations, and calls.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "core/core_int.h"

enum { WAIT_MS = 3000 }; /* a start is not held up longer by who doesn't answer */

/* The new network is in use: whoever was shown an address of @p points is told. */
static void tell(struct cv_core *c, uint64_t points)
{
	cv_media_plane_net(c->plane, c->now->net);
	cv_sip_net(c->sip, c->now->net, points);
	if (points != 0)
		cv_calls_readdress(c->calls, points);
}

static void log_change(const struct cv_point *old, const struct cv_point *now)
{
	char was[CV_ADDR_STRLEN], is[CV_ADDR_STRLEN];

	if (cv_addr_host_eq(&old->advertise, &now->advertise))
		cv_info("core", "own-address listen=%s address=%s source=%s", now->name,
			cv_addr_print_host(&now->advertise, is), now->source);
	else
		cv_info("core", "own-address-changed listen=%s old=%s new=%s source=%s",
			now->name, cv_addr_print_host(&old->advertise, was),
			cv_addr_print_host(&now->advertise, is),
			now->source ? now->source : "address");
}

static void log_failure(const struct cv_point *p, int err)
{
	char text[CV_ADDR_STRLEN];

	cv_warn("core", "own-address-unknown listen=%s source=%s shown=%s err=\"%s\"",
		p->name, p->source, cv_addr_print_host(&p->advertise, text),
		err == ENOENT ? "no such address" : strerror(err));
}

/* Before calls and sip are there nobody has been told anything. */
static void take(struct cv_core *c, struct cv_net *fresh)
{
	struct cv_net *old = c->now->net;
	uint64_t points = cv_net_changed(old, fresh);

	c->now->net = fresh;
	if (c->calls)
		tell(c, points);
	cv_mem_unref(old);
}

static void on_news(void *arg, int err, const struct cv_addr *a)
{
	struct cv_core_own *o = arg;
	struct cv_core *c = o->core;
	struct cv_net *fresh;

	o->said = true;
	if (cv_net_copy(&fresh, c->now->net)) {
		cv_error("core", "own-address-lost listen=%s err=\"%s\"",
			 c->now->net->points[o->point].name, strerror(ENOMEM));
		return;
	}

	if (err) {
		fresh->points[o->point].source_err = err;
		log_failure(&fresh->points[o->point], err);
	} else {
		cv_net_advertise(fresh, o->point, a);
		log_change(&c->now->net->points[o->point], &fresh->points[o->point]);
	}

	take(c, fresh);
	if (cv_core_own_is_known(c))
		cv_core_own_go_on(c);
}

/* Its address so far, which a reload keeps. */
static struct cv_addr known(const struct cv_point *p)
{
	struct cv_addr none = {0};

	return p->since_ms > 0 ? p->advertise : none;
}

static int follow(struct cv_core *c, size_t n)
{
	const struct cv_point *p = &c->now->net->points[n];
	const struct cv_conf_advertise *a = &c->now->conf->listens[p->conf].advertise;
	struct cv_core_own *o = &c->own[n];
	struct cv_own_conf oc = {
		.loop = c->loop,
		.names = c->names,
		.host = a->host,
		.server = a->addr,
		.stun_port = a->by == CV_SHOWN_STUN ? a->port : 0,
		.local = p->bind,
		.known = known(p),
		.fn = on_news,
		.arg = o,
	};
	int err;

	o->core = c;
	o->point = n;
	if (o->source && p->follows && strcmp(o->source, p->source) == 0)
		return 0;

	o->own = cv_mem_unref(o->own);
	o->source = NULL;
	o->said = false;
	if (!p->follows)
		return 0;

	oc.server.port = a->port;
	err = cv_own_open(&o->own, &oc);
	if (!err)
		o->source = p->source;

	return err;
}

static int follow_all(struct cv_core *c)
{
	int first = 0;

	for (size_t i = 0; i < c->now->net->pointc; ++i) {
		int err = follow(c, i);

		first = first ? first : err;
	}

	return first;
}

int cv_core_own_open(struct cv_core *c)
{
	c->own = cv_mem_zalloc(CV_NET_POINTS, sizeof(*c->own));

	return c->own ? follow_all(c) : ENOMEM;
}

bool cv_core_own_follows(const struct cv_core *c)
{
	for (size_t i = 0; i < c->now->net->pointc; ++i) {
		if (c->now->net->points[i].follows)
			return true;
	}

	return false;
}

bool cv_core_own_is_known(const struct cv_core *c)
{
	for (size_t i = 0; i < c->now->net->pointc; ++i) {
		if (c->own[i].own && !c->own[i].said)
			return false;
	}

	return true;
}

void cv_core_own_go_on(struct cv_core *c)
{
	if (!c->own_waits)
		return;

	c->own_waits = false; /* a second break would end the next run of the loop */
	cv_loop_break(c->loop);
}

static void on_wait(void *arg)
{
	cv_core_own_go_on(arg);
}

static void say_unanswered(struct cv_core *c)
{
	for (size_t i = 0; i < c->now->net->pointc; ++i) {
		if (c->own[i].own && !c->own[i].said)
			log_failure(&c->now->net->points[i], ETIMEDOUT);
	}
}

int cv_core_own_wait(struct cv_core *c)
{
	struct cv_timer *timer = NULL;
	int err;

	if (cv_core_own_is_known(c))
		return 0;

	err = cv_timer_new(&timer, c->loop, on_wait, c);
	if (!err)
		err = cv_timer_set(timer, WAIT_MS);
	if (!err) {
		c->own_waits = true;
		cv_loop_run(c->loop);
		c->own_waits = false;
		say_unanswered(c);
	}
	cv_mem_unref(timer);

	return err;
}

void cv_core_own_conf(struct cv_core *c, const struct cv_net *old)
{
	int err = follow_all(c);

	if (err)
		cv_error("core", "reload left an own address unfollowed err=\"%s\"",
			 strerror(err));

	for (size_t i = 0; i < c->now->net->pointc; ++i) {
		const struct cv_point *was = &old->points[i], *is;

		is = &c->now->net->points[i];
		if (!cv_addr_host_eq(&was->advertise, &is->advertise))
			log_change(was, is);
	}

	cv_calls_keep_text(c->calls, cv_core_own_follows(c));
	tell(c, cv_net_changed(old, c->now->net));
}

void cv_core_own_close(struct cv_core *c)
{
	for (size_t i = 0; c->own && i < CV_NET_POINTS; ++i)
		cv_mem_unref(c->own[i].own);

	free(c->own);
	c->own = NULL;
}
