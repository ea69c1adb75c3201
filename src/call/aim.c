/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where a request may go: what the routes chose, each peer with its next hops,
 * each with its place, and what all of them together want of the packet path.
 * Signalling thread.
 */
#include "config.h"

#include <errno.h>

#include "call/call_int.h"

enum { PHONE_TRY_MS = 4000 }; /* a phone that is there says 100 or 180 long before */

/* The hops of a peer take turns: it is one place with several doors. */
static int add_hops(const struct cv_call_env *env, const struct cv_request *rq,
		    const struct cv_target *t, struct cv_targets *to, struct cv_evid *ev)
{
	struct cv_hop hops[CV_TARGETS];
	const struct cv_conf_peer *peer;
	struct cv_target *hop;
	size_t c;
	int err;

	peer = t->peer ? cv_conf_peer_find(env->conf, cv_str_of(t->peer)) : NULL;
	if (!peer)
		return EHOSTUNREACH;

	err = cv_peers_hops(env->peers, t->peer, rq->call_id, hops, CV_TARGETS, &c);
	if (err)
		return err;

	for (size_t i = 0; i < c; ++i) {
		hop = cv_targets_add(to);
		if (!hop)
			return 0;

		*hop = *t;
		hop->peer = peer->name;
		hop->turn = (uint8_t)to->c;
		hop->try_ms = peer->try_ms;
		hop->hop = hops[i].addr;
		hop->transport = hops[i].transport;
		env->place_peer(env->place_arg, &hop->hop, peer, &hop->place, ev);
	}

	return 0;
}

static void add_binding(const struct cv_target *t, const struct cv_target *before,
			struct cv_targets *to)
{
	uint8_t turn = before && before->turn == t->turn ? to->v[to->c - 1].turn
							 : (uint8_t)(to->c + 1);
	struct cv_target *b = cv_targets_add(to);

	if (!b)
		return;

	*b = *t;
	b->turn = turn;
	b->try_ms = PHONE_TRY_MS;
}

static const struct cv_conf_peer *peer_of(const struct cv_call_env *env, const char *name)
{
	return name ? cv_conf_peer_find(env->conf, cv_str_of(name)) : NULL;
}

/* The next hops of a peer, unless it can't do what is asked: one that can't be asked for
 * a transfer in a call can't outside of it either. */
static int add_peer(const struct cv_call_env *env, const struct cv_request *rq,
		    const struct cv_target *t, struct cv_targets *to, struct cv_evid *ev)
{
	const struct cv_conf_peer *p = peer_of(env, t->peer);

	if (rq->method != CV_METHOD_REFER || !p || p->refer != CV_REFER_ANSWER)
		return add_hops(env, rq, t, to, ev);

	cv_evid_add(ev, "transfer", "refused",
		    "peer %s has refer = answer: outside a call nothing can be answered "
		    "for it",
		    p->name);

	return ENOSYS;
}

int cv_aim(const struct cv_call_env *env, const struct cv_request *rq,
	   struct cv_targets *to, struct cv_evid *ev)
{
	const struct cv_target *before = NULL;
	struct cv_targets chosen;
	int err;

	to->c = 0;
	err = cv_routes_pick(env->routes, rq, &chosen);
	if (err)
		return err;

	for (size_t i = 0; i < chosen.c; ++i) {
		const struct cv_target *t = &chosen.v[i];

		if (t->kind == CV_TARGET_PEER)
			err = add_peer(env, rq, t, to, ev);
		else
			add_binding(t, before, to);

		before = t->kind == CV_TARGET_BINDING ? t : NULL;
	}

	cv_breadth_split(to, rq->max_breadth);

	return to->c > 0 ? 0 : err ? err : EHOSTUNREACH;
}

int cv_aim_peer(const struct cv_call_env *env, const struct cv_request *rq,
		const char *peer, struct cv_targets *to, struct cv_evid *ev)
{
	const struct cv_target t = {.kind = CV_TARGET_PEER, .peer = peer};

	int err;

	to->c = 0;
	err = add_hops(env, rq, &t, to, ev);
	if (!err)
		cv_breadth_split(to, rq->max_breadth);

	return err;
}

/* always beats never beats auto */
static enum cv_conf_relay stronger(enum cv_conf_relay is, const struct cv_conf_peer *peer)
{
	if (!peer || peer->relay == CV_RELAY_AUTO || is == CV_RELAY_ALWAYS)
		return is;

	return peer->relay;
}

enum cv_need_policy cv_aim_policy(const struct cv_call_env *env, const char *from,
				  const char *to)
{
	enum cv_conf_relay is = env->conf->media.relay;

	is = stronger(is, peer_of(env, from));
	is = stronger(is, peer_of(env, to));
	switch (is) {
	case CV_RELAY_ALWAYS:
		return CV_NEED_ALWAYS;
	case CV_RELAY_NEVER:
		return CV_NEED_NEVER;
	case CV_RELAY_AUTO:
		break;
	}

	return CV_NEED_AUTO;
}

enum cv_reason cv_aim_relay(const struct cv_calls *c, const struct cv_request *rq,
			    const char *from, const struct cv_targets *to, size_t *which)
{
	const struct cv_call_env *env = &c->env;
	enum cv_reason first = CV_REASON_NONE_SAME_SIDE;

	*which = 0;
	for (size_t i = 0; i < to->c; ++i) {
		const struct cv_need need = {
			.a = rq->place,
			.b = to->v[i].place,
			.policy = rq->hide_media
					  ? CV_NEED_ALWAYS
					  : cv_aim_policy(env, from, to->v[i].peer),
			.same_nat_direct =
				env->same_nat_direct &&
				!cv_call_is_apart(c, &rq->place, &to->v[i].place),
		};
		enum cv_reason r = cv_need_decide(&need);

		if (cv_reason_is_relay(r)) {
			*which = i;
			return r;
		}

		if (i == 0)
			first = r;
	}

	return first;
}

void cv_aim_heard(const struct cv_call_env *env, const struct cv_target *to,
		  const struct cv_msg *m)
{
	const struct cv_hop hop = {.addr = to->hop, .transport = to->transport};

	if (to->kind != CV_TARGET_PEER)
		return;

	if (m->src && m->status == 503)
		cv_peers_busy(env->peers, to->peer, &hop, m->rest_s);
	else if (m->src)
		cv_peers_heard(env->peers, to->peer, &hop, 0);
	else /* the stack's word for it */
		cv_peers_heard(env->peers, to->peer, &hop,
			       m->err             ? m->err
			       : m->status == 408 ? ETIMEDOUT
						  : ECONNRESET);
}

const struct cv_place *cv_aim_place(const struct cv_targets *to)
{
	for (size_t i = 0; i < to->c; ++i) {
		if (to->v[i].place.listen != CV_LISTEN_NONE)
			return &to->v[i].place;
	}

	return &to->v[0].place;
}

bool cv_aim_single(const struct cv_call_env *env, const char *from,
		   const struct cv_targets *to)
{
	const struct cv_conf_peer *peer = peer_of(env, from);
	bool one = peer && peer->early == CV_EARLY_ONE;

	for (size_t i = 0; i < to->c && !one; ++i) {
		peer = peer_of(env, to->v[i].peer);
		one = peer && peer->early == CV_EARLY_ONE;
	}

	return one;
}
