/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Flows of legs (RFC 5626): which registration stands behind a leg, and what
 * becomes of the leg when its connection closes. Signalling thread.
 *
 * The story: a call that isn't answered yet ends with the connection it came
 * by. One that is waits FLOW_GRACE_MS: a phone that registers again meanwhile
 * (the same AOR with the same +sip.instance, or the same Contact) or speaks in
 * the dialog over another connection keeps it and is reached over the new one;
 * else the call ends as flow-lost and the other side gets its BYE. A peer is
 * simply connected to again by the next request.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "sip/sip_int.h"

enum {
	FLOW_GRACE_MS = 30000, /* a phone notices, connects and registers anew: seconds;
				  RFC 5626 4.5 waits 30 s at most after a first failure */
};

static bool is_same_text(const char *a, const char *b)
{
	return a && b && *a && strcmp(a, b) == 0;
}

bool cv_sip_flow_is_user(const struct cv_sip_leg *leg, const struct cv_binding *b)
{
	const struct cv_binding *was = leg->phone;

	return was && b && is_same_text(was->aor, b->aor) && !was->home == !b->home &&
	       (!was->home || strcmp(was->home, b->home) == 0);
}

static bool is_phone(const struct cv_sip_leg *leg, const struct cv_binding *b)
{
	const struct cv_binding *was = leg->phone;

	if (!cv_sip_flow_is_user(leg, b))
		return false;

	if (*was->instance || *b->instance)
		return is_same_text(was->instance, b->instance);

	return is_same_text(was->contact, b->contact);
}

/* The registration that took the place of the leg's; NULL. */
static struct cv_binding *binding_again(const struct cv_sip_leg *leg)
{
	struct cv_binds *binds = leg->sip->binds;
	struct cv_str aor = cv_str_of(leg->phone->aor);
	struct cv_binding *b = NULL;

	while ((b = cv_bind_by_aor(binds, aor, b))) {
		if (!cv_sip_link_is_alive(b->link))
			continue;

		if (is_phone(leg, b) || (!*b->instance && !*leg->phone->instance &&
					 cv_addr_host_eq(&b->flow.seen, &leg->hop)))
			return b;
	}

	return NULL;
}

void cv_sip_flow_phone(struct cv_sip_leg *leg, struct cv_binding *b)
{
	cv_mem_unref(leg->phone);
	leg->phone = cv_mem_ref(b);
	leg->binding = b ? b->id : 0;
	if (b)
		leg->bound = b->flow.seen;
}

void cv_sip_leg_follow_binding(struct cv_sip_leg *leg)
{
	struct cv_binding *b;

	b = leg->binding ? cv_bind_by_id(leg->sip->binds, leg->binding) : NULL;
	if (!b && leg->phone && !cv_sip_link_is_alive(leg->link))
		b = binding_again(leg);
	if (!b || !b->link ||
	    (cv_addr_eq(&b->flow.seen, &leg->bound) && cv_sip_link_is_alive(leg->link)))
		return;

	cv_sip_flow_phone(leg, b);
	cv_mem_unref(leg->link);
	leg->link = cv_mem_ref(b->link);
	leg->told = false;
	leg->hop = b->flow.seen;
	leg->transport = b->flow.transport;
	leg->listen = b->flow.listen;
	leg->base.place.seen = b->flow.seen;
}

/* The next request in the call would find out as well; its media can't wait for that */
static void move_legs(struct cv_sip *s, const struct cv_binding *b)
{
	struct cv_list *n, *tmp;

	CV_LIST_FOREACH (n, tmp, &s->legs) {
		struct cv_sip_leg *leg = CV_CONTAINER(n, struct cv_sip_leg, node);
		const struct cv_leg_events *ev = leg->base.events;

		if (leg->ended || leg->binding != b->id || !ev || !ev->moved)
			continue;

		cv_sip_leg_follow_binding(leg);
		ev->moved(leg->base.arg);
	}
}

int cv_sip_flow_confirm(struct cv_sip *s, struct cv_binding *b,
			const struct cv_bind_ask *ask, uint32_t phone_s,
			uint32_t upstream_s)
{
	uint32_t moves = b->moves;
	int err;

	err = cv_bind_confirm(s->binds, b, ask, phone_s, upstream_s);
	if (!err && b->moves != moves)
		move_legs(s, b);

	return err;
}

static void give_up(struct cv_sip_leg *leg)
{
	cv_mem_ref(leg);
	cv_sip_leg_gone(leg, ECONNRESET);
	leg->base.events = NULL; /* whatever the call did, it has been told */
	cv_mem_unref(leg);
}

static void on_grace(void *arg)
{
	struct cv_sip_leg *leg = arg;

	if (leg->ended || !leg->base.events)
		return;

	cv_sip_leg_follow_binding(leg);
	if (!cv_sip_link_is_alive(leg->link))
		give_up(leg);
}

/* The next request connects anew: to where its party says it listens, when that is the
 * peer's, else to its target. */
static void reopen(struct cv_sip_leg *leg, const struct cv_conf_peer *peer)
{
	struct cv_addr at;

	leg->link = cv_mem_unref(leg->link);
	if (cv_sip_hop_of_dialog(leg, &at)) {
		leg->hop = at;
		return;
	}

	for (size_t i = 0; i < peer->targetc; ++i) {
		if (peer->targets[i].transport != leg->transport)
			continue;

		leg->hop = peer->targets[i].addr;
		return;
	}
}

static void lost(struct cv_sip_leg *leg)
{
	const struct cv_conf_peer *peer =
		leg->peer ? cv_conf_peer_find(leg->sip->conf, cv_str_of(leg->peer))
			  : NULL;
	int err = 0;

	if (peer) {
		reopen(leg, peer);
		return;
	}

	if (!leg->grace)
		err = cv_timer_new(&leg->grace, leg->sip->loop, on_grace, leg);
	if (!err)
		err = cv_timer_set(leg->grace, FLOW_GRACE_MS);
	if (err) {
		give_up(leg);
		return;
	}

	cv_info("sip", "flow closed call=%s grace_s=%d", leg->call, FLOW_GRACE_MS / 1000);
}

/* A leg of the link that hasn't heard of its end yet; NULL. From the head each time,
 * since a call that ends frees other legs. */
static struct cv_sip_leg *next_on(const struct cv_sip_link *l, bool stands)
{
	struct cv_list *n, *tmp;

	CV_LIST_FOREACH (n, tmp, &l->sip->legs) {
		struct cv_sip_leg *leg = CV_CONTAINER(n, struct cv_sip_leg, node);

		if (leg->link == l && !leg->ended && leg->base.events && !leg->told &&
		    (leg->confirmed || leg->subscribed) == stands)
			return leg;
	}

	return NULL;
}

void cv_sip_flow_lost(const struct cv_sip_link *l)
{
	struct cv_sip_leg *leg;

	while ((leg = next_on(l, false)))
		give_up(leg);

	while ((leg = next_on(l, true))) {
		leg->told = true;
		lost(leg);
	}
}
