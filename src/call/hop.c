/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The health of one next hop: up, down, and when it is given another chance.
 * Signalling thread.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "call/peers_int.h"

enum {
	REST_MS = 30000,      /* a hop that failed is left alone so long, doubled each */
	REST_MAX_MS = 300000, /* time, and no longer */
	REST_DOUBLED = 4,     /* 30 s so often doubled is beyond the maximum */
};

static void on_timer(void *arg);

static void hop_fini(void *obj)
{
	struct cv_peer_hop *h = obj;

	cv_mem_unref(h->timer);
}

int cv_peer_hop_new(struct cv_peer_hop **hp, struct cv_peer *p, const struct cv_hop *hop)
{
	struct cv_peer_hop *h;
	int err;

	h = cv_mem_new(sizeof(*h), hop_fini);
	if (!h)
		return ENOMEM;

	h->peer = p;
	h->hop = *hop;
	h->since_ms = cv_clock_ms();
	err = cv_timer_new(&h->timer, p->in->env.loop, on_timer, h);
	if (err)
		cv_mem_unref(h);
	else
		*hp = h;

	return err;
}

static const char *state_name(enum cv_hop_state s)
{
	switch (s) {
	case CV_HOP_UNTRIED:
		return "untried";
	case CV_HOP_UP:
		return "up";
	case CV_HOP_DOWN:
		break;
	}

	return "down";
}

static void enter(struct cv_peer_hop *h, enum cv_hop_state state, const char *why)
{
	char text[CV_ADDR_STRLEN];

	if (h->state == state)
		return;

	if (state == CV_HOP_DOWN || h->state == CV_HOP_DOWN)
		cv_log_write(state == CV_HOP_DOWN ? CV_LOG_WARN : CV_LOG_INFO, "peer",
			     "hop is %s peer=%s hop=%s transport=%s why=\"%s\"",
			     state_name(state), h->peer->conf->name,
			     cv_addr_print(&h->hop.addr, text),
			     cv_transport_name(h->hop.transport), why);

	h->state = state;
	h->since_ms = cv_clock_ms();
}

/* It has rested: the next request finds out. */
static void on_timer(void *arg)
{
	enter(arg, CV_HOP_UNTRIED, "it has rested");
}

static void rest(struct cv_peer_hop *h)
{
	uint32_t ms = REST_MAX_MS;

	if (h->fails <= REST_DOUBLED)
		ms = (uint32_t)REST_MS << (h->fails - 1);

	ms = ms > REST_MAX_MS ? REST_MAX_MS : ms;
	if (cv_timer_set(h->timer, ms))
		enter(h, CV_HOP_UNTRIED, "no timer");
}

void cv_peer_hop_judge(struct cv_peer_hop *h, int err)
{
	if (!err) {
		h->fails = 0;
		cv_timer_stop(h->timer);
		enter(h, CV_HOP_UP, "it answered");
		return;
	}

	++h->fails;
	enter(h, CV_HOP_DOWN, strerror(err));
	rest(h);
}
