/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the two parties of a call mean for its relay and for how many calls
 * their peers have, how people read of them, and a party that is another one
 * from now on. Signalling thread.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "call/apart.h"
#include "call/call_int.h"
#include "call/fan.h"

bool cv_call_is_apart(const struct cv_calls *c, const struct cv_place *a,
		      const struct cv_place *b)
{
	return cv_apart_is(c->apart, &a->seen) || cv_apart_is(c->apart, &b->seen);
}

void cv_call_party_print(char *dst, struct cv_str user, struct cv_str host)
{
	(void)snprintf(dst, CV_CALL_PARTY_LEN, CV_STR_FMT "@" CV_STR_FMT,
		       CV_STR_ARG(user), CV_STR_ARG(host));
}

enum cv_reason cv_call_reason_with(const struct cv_party *p, const struct cv_place *place,
				   const char *peer)
{
	const struct cv_call *call = p->call;
	const struct cv_call_env *env = &call->calls->env;
	bool a = p->end == CV_END_A;
	const struct cv_need need = {
		.a = a ? *place : call->party[CV_END_A].place,
		.b = a ? call->party[CV_END_B].place : *place,
		.policy = cv_aim_policy(env, a ? peer : call->from_peer,
					a ? call->peer : peer),
		.same_nat_direct =
			env->same_nat_direct &&
			!cv_call_is_apart(call->calls, place,
					  &cv_call_other((struct cv_party *)p)->place),
	};

	return cv_need_decide(&need);
}

const char *cv_call_peer(const struct cv_party *p)
{
	return p->end == CV_END_A ? p->call->from_peer : p->call->peer;
}

int cv_call_admit(struct cv_party *p)
{
	struct cv_call *call = p->call;
	int err;

	if (cv_peers_is_same(cv_call_peer(p), cv_call_peer(cv_call_other(p))) &&
	    call->counted[cv_call_other(p)->end])
		return 0;

	err = cv_peers_admit(call->calls->env.peers, cv_call_peer(p));
	call->counted[p->end] = !err;

	return err;
}

void cv_call_leave(struct cv_party *p)
{
	struct cv_call *call = p->call;

	if (call->counted[p->end])
		cv_peers_leave(call->calls->env.peers, cv_call_peer(p));

	call->counted[p->end] = false;
}

void cv_call_manner_in(const struct cv_party *p, struct cv_media *m, enum cv_end end)
{
	const struct cv_call_env *env = &p->call->calls->env;
	const struct cv_conf_media *all = &env->conf->media;
	/* while several are asked nobody knows yet who it is */
	const char *name = p->leg && cv_fan_is(p->leg) ? NULL : cv_call_peer(p);
	const struct cv_conf_peer *peer =
		name ? cv_conf_peer_find(env->conf, cv_str_of(name)) : NULL;
	struct cv_manner is = {
		.latch_any = all->latch == CV_LATCH_ANY,
		.is_peer = peer != NULL,
		.dscp = (uint8_t)all->dscp,
		.keep_ms = all->keep_ms,
	};

	if (peer && peer->latch != CV_LATCH_AS_MEDIA)
		is.latch_any = peer->latch == CV_LATCH_ANY;
	if (peer && peer->dscp >= 0)
		is.dscp = (uint8_t)peer->dscp;
	if (peer && peer->keep_ms != CV_KEEP_AS_MEDIA)
		is.keep_ms = peer->keep_ms;

	env->media->manner(m, end, &is);
}

void cv_call_manner(const struct cv_party *p)
{
	if (p->call->media)
		cv_call_manner_in(p, p->call->media, p->end);
}

/* Whoever the call was counted for is still there, at the other end? */
static void leave_to_other(struct cv_party *p)
{
	struct cv_party *other = cv_call_other(p);
	bool *counted = p->call->counted;

	if (!counted[p->end] || counted[other->end] ||
	    !cv_peers_is_same(cv_call_peer(p), cv_call_peer(other))) {
		cv_call_leave(p);
		return;
	}

	counted[p->end] = false;
	counted[other->end] = true;
}

/* Of a call that ends, where either end may be counted for the peer of @p p. */
static void take_count(struct cv_party *p, struct cv_party *was)
{
	const struct cv_party *other = cv_call_other(p);
	bool *counted = was->call->counted;
	enum cv_end end = was->end;

	if (!counted[end] &&
	    cv_peers_is_same(cv_call_peer(was), cv_call_peer(cv_call_other(was))))
		end = cv_call_other(was)->end;

	if (!counted[end])
		return;

	if (p->call->counted[other->end] &&
	    cv_peers_is_same(cv_call_peer(p), cv_call_peer(other)))
		return; /* once is enough; the one that ends leaves */

	counted[end] = false;
	p->call->counted[p->end] = true;
}

void cv_call_party_move(struct cv_party *p, struct cv_party *was)
{
	char **name = p->end == CV_END_A ? &p->call->from_peer : &p->call->peer;
	const char *peer = cv_call_peer(was);
	char *is = peer ? cv_mem_strdup(peer) : NULL;

	if (peer && !is)
		return;

	leave_to_other(p);
	free(*name);
	*name = is;
	if (p->end == CV_END_B)
		p->call->target.peer = is;

	take_count(p, was);
	cv_call_manner(p);
}
