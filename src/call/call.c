/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The life of a call: start, answer, the ways it ends. Signalling thread.
 */
#include "config.h"

#include "call/call.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "call/apart.h"
#include "call/call_int.h"
#include "call/fan.h"
#include "call/restate.h"
#include "call/transfer.h"
#include "call/trial.h"

enum {
	SECOND_MS = 1000,
	REFUSALS_LOGGED = 5, /* refused calls written in 10 s; the rest is counted */
};

static void calls_fini(void *obj)
{
	struct cv_calls *c = obj;

	cv_past_forget(c);
	cv_mem_unref(c->readdress);
	cv_mem_unref(c->apart);
	cv_mem_unref(c->past_by_id);
	cv_mem_unref(c->by_id);
	cv_mem_unref(c->by_key);
	cv_mem_unref(c->by_media);
	cv_mem_unref(c->by_offer);
	cv_mem_unref(c->by_shown);
	cv_mem_unref(c->subs_by_key);
	cv_mem_unref(c->sub_sources);
}

int cv_calls_new(struct cv_calls **cp, const struct cv_call_env *env)
{
	struct cv_calls *c;
	int err;

	if (!cp || !env || !env->conf || !env->loop || !env->routes || !env->peers ||
	    !env->media || !env->leg_new || !env->place_peer)
		return EINVAL;

	c = cv_mem_new(sizeof(*c), calls_fini);
	if (!c)
		return ENOMEM;

	c->env = *env;
	cv_list_init(&c->list);
	cv_list_init(&c->past);
	cv_list_init(&c->subs);
	err = cv_apart_new(&c->apart);
	if (err)
		goto out;

	err = cv_hash_new(&c->subs_by_key);
	if (err)
		goto out;

	err = cv_hash_new(&c->sub_sources);
	if (err)
		goto out;

	err = cv_hash_new(&c->past_by_id);
	if (err)
		goto out;

	err = cv_hash_new(&c->by_id);
	if (err)
		goto out;

	err = cv_hash_new(&c->by_key);
	if (err)
		goto out;

	err = cv_hash_new(&c->by_media);
	if (err)
		goto out;

	err = cv_hash_new(&c->by_offer);
	if (err)
		goto out;

	err = cv_hash_new(&c->by_shown);
	if (err)
		goto out;

	err = cv_calls_show_start(c);

out:
	if (err)
		cv_mem_unref(c);
	else
		*cp = c;

	return err;
}

void cv_calls_close(struct cv_calls *c)
{
	struct cv_list *n, *tmp;

	if (!c || c->closed)
		return;

	c->closed = true;
	CV_LIST_FOREACH (n, tmp, &c->list)
		cv_call_finish(CV_CONTAINER(n, struct cv_call, node),
			       &(struct cv_call_end){"edge", "shutdown", EBUSY});

	cv_subs_close(c);
	cv_calls_show_stop(c);
}

void cv_calls_conf(struct cv_calls *c, const struct cv_conf *conf)
{
	c->env.conf = conf;
	c->env.same_nat_direct = conf->network.same_nat_direct;
}

size_t cv_calls_count(const struct cv_calls *c)
{
	return c->count;
}

static void call_fini(void *obj)
{
	struct cv_call *call = obj;

	cv_mem_unref(call->timer);
	cv_mem_unref(call->evid);
	cv_mem_unref(call->redirect);
	cv_mem_unref(call->faces);
	cv_mem_unref(call->checkup);
	cv_restate_off(call);
	cv_trial_off(call);
	free(call->key);
	free(call->offer_key);
	free(call->peer);
	free(call->from_peer);
}

static void leg_end(struct cv_party *p, int err)
{
	struct cv_leg *leg = p->leg;

	if (!leg)
		return;

	p->leg = NULL;
	leg->ops->end(leg, err);
	cv_mem_unref(leg);
}

/* Answers what still waits for the other party, which nobody asks any more; the INVITE
 * that made the call is answered by the end of its leg. */
static void pairs_end(struct cv_call *call)
{
	struct cv_list *n, *tmp;

	CV_LIST_FOREACH (n, tmp, &call->pairs) {
		struct cv_pair *p = CV_CONTAINER(n, struct cv_pair, node);

		if (p->acking)
			cv_pair_ack(p); /* or the other side repeats its 2xx */
		else if (p != call->setup && p->in)
			cv_pair_reply(p->in, 487); /* RFC 3261 15.1.2 */

		cv_pair_drop(p);
	}
}

/* What both kinds of end have in common: the call is over for those who talk. */
static void settle(struct cv_call *call, const struct cv_call_end *e)
{
	if (call->answer_ms == 0)
		cv_stat_add(call->calls->env.stat, CV_STAT_calls_failed, 1);

	cv_call_explain_media(call, call->evid);
	cv_call_log_end(call, e);
	cv_past_note(call);
	cv_offer_close(call);
}

/* The talk is over; what a REFER asked for may still be reported on. */
static void leave_refers(struct cv_call *call)
{
	for (size_t i = 0; i < 2; ++i) {
		int err;

		if (call->party[i].refers == 0)
			continue;

		err = cv_sub_adopt(call, &call->party[i]);
		if (err)
			cv_debug("call", "transfer not followed call=%s err=%s", call->id,
				 strerror(err));
		return;
	}
}

void cv_call_finish(struct cv_call *call, const struct cv_call_end *e)
{
	if (call->state == CV_CALL_OVER)
		return;

	cv_transfer_off(call);
	cv_restate_off(call);
	cv_trial_off(call);
	if (call->state != CV_CALL_LEAVING)
		settle(call, e);

	call->state = CV_CALL_OVER;
	cv_timer_stop(call->timer);
	cv_probe_end(call);
	cv_past_keep(call, e);
	pairs_end(call);
	if (call->parted)
		leave_refers(call);
	leg_end(&call->party[CV_END_A], e->err);
	leg_end(&call->party[CV_END_B], e->err);
	cv_call_leave(&call->party[CV_END_A]);
	cv_call_leave(&call->party[CV_END_B]);
	cv_call_unlink(call);
	cv_mem_unref(call);
}

void cv_call_abandon(struct cv_call *call, const struct cv_call_end *e,
		     const struct cv_msg *why, uint16_t status)
{
	const struct cv_msg cancel = {.method = CV_METHOD_CANCEL,
				      .src = why ? why->src : NULL};
	struct cv_leg *b = call->party[CV_END_B].leg;
	struct cv_pair *setup = call->setup;
	struct cv_list *n, *tmp;
	int err;

	if (call->state != CV_CALL_SETUP || !setup || !setup->out || !b) {
		cv_call_finish(call, e);
		return;
	}

	call->state = CV_CALL_LEAVING;
	settle(call, e);
	setup->canceled = true;
	cv_pair_reply(setup->in, status);
	CV_LIST_FOREACH (n, tmp, &call->pairs) {
		struct cv_pair *p = CV_CONTAINER(n, struct cv_pair, node);

		if (p == setup)
			continue;

		cv_pair_reply(p->in, 487);
		cv_pair_drop(p);
	}

	leg_end(&call->party[CV_END_A], 0);
	err = cv_timer_set(call->timer, CV_CALL_CANCEL_MS);
	if (err)
		cv_call_finish(call, e);
	else {
		cv_ladder_note(call, CV_END_B, CV_LADDER_OUT, &cancel);
		b->ops->cancel(setup->out, &cancel);
	}
}

void cv_call_answered(struct cv_call *call)
{
	call->state = CV_CALL_ANSWERED;
	cv_hash_del(&call->by_offer);
	call->answer_ms = cv_clock_ms();
	cv_timer_stop(call->timer);
	cv_stat_add(call->calls->env.stat, CV_STAT_calls_answered, 1);
	cv_call_log_answer(call);
	cv_probe_start(call);
	cv_trial_agreed(call);
}

/* The caller may ask again with credentials: keep target, ports and leg B for it. */
static int challenge(struct cv_call *call)
{
	int err;

	err = cv_timer_set(call->timer, CV_CALL_RETRY_MS);
	if (err)
		return err;

	call->state = CV_CALL_CHALLENGED;
	pairs_end(call);
	cv_talk_anew(call);
	leg_end(&call->party[CV_END_A], 0);

	return 0;
}

void cv_call_refused(struct cv_call *call, const struct cv_msg *m)
{
	char why[sizeof("65535")];

	if ((m->status == 401 || m->status == 407) && challenge(call) == 0)
		return;

	(void)snprintf(why, sizeof(why), "%u", (unsigned)m->status);
	cv_call_finish(call, &(struct cv_call_end){m->src ? "callee" : "edge",
						   m->src ? why : "no-response", 0});
}

static void on_timer(void *arg)
{
	struct cv_call *call = cv_mem_ref(arg);

	switch (call->state) {
	case CV_CALL_SETUP:
		cv_call_abandon(call, &(struct cv_call_end){"edge", "setup-timeout", 0},
				NULL, 408);
		break;
	case CV_CALL_CHALLENGED:
		cv_call_finish(call, &(struct cv_call_end){"caller", "challenged", 0});
		break;
	case CV_CALL_LEAVING:
		cv_call_finish(call, &(struct cv_call_end){"edge", "cancel", ETIMEDOUT});
		break;
	case CV_CALL_ANSWERED:
		cv_call_finish(call, &(struct cv_call_end){"edge", "session-expired",
							   ETIMEDOUT});
		break;
	case CV_CALL_OVER:
		break;
	}

	cv_mem_unref(call);
}

char *cv_call_key(const struct cv_request *rq)
{
	size_t len = rq->call_id.len + rq->from_tag.len + rq->ruri.len + sizeof("  ");
	char *key = cv_mem_zalloc(len, 1);

	if (key)
		(void)snprintf(key, len, CV_STR_FMT " " CV_STR_FMT " " CV_STR_FMT,
			       CV_STR_ARG(rq->call_id), CV_STR_ARG(rq->from_tag),
			       CV_STR_ARG(rq->ruri));

	return key;
}

static int call_new(struct cv_call **callp, struct cv_calls *c,
		    const struct cv_request *rq)
{
	struct cv_call *call;
	const char *peer;
	int err;

	call = cv_mem_new(sizeof(*call), call_fini);
	if (!call)
		return ENOMEM;

	call->calls = c;
	call->talk.fork = CV_FORK_ALL;
	cv_list_init(&call->pairs);
	cv_list_init(&call->shown);
	call->hides_media = rq->hide_media;
	call->party[CV_END_A] = (struct cv_party){.call = call, .place = rq->place};
	call->party[CV_END_B] = (struct cv_party){.call = call, .end = CV_END_B};
	call->cseq = rq->cseq;
	call->start_ms = cv_clock_ms();
	cv_call_party_print(call->from, rq->from_user, rq->from_host);
	cv_call_party_print(call->to, rq->to_user, rq->to_host);
	call->key = cv_call_key(rq);
	peer = rq->stands_in ? rq->for_peer : rq->who == CV_WHO_PEER ? rq->peer : NULL;
	call->from_peer = peer ? cv_mem_strdup(peer) : NULL;
	err = !call->key || (peer && !call->from_peer) ? ENOMEM
						       : cv_call_id_draw(c, call->id);
	if (err)
		goto out;

	/* shared, for the legs go on to say what they decide of the request */
	call->evid = cv_mem_ref(rq->evid);
	err = call->evid ? 0 : cv_evid_new(&call->evid);
	if (err)
		goto out;

	err = cv_timer_new(&call->timer, c->env.loop, on_timer, call);

out:
	if (err)
		cv_mem_unref(call);
	else
		*callp = call;

	return err;
}

/* Targets, places, relay: all that is decided before anything is sent; @p own goes past
 * the routes. */
static int decide(struct cv_call *call, const struct cv_request *rq, const char *own,
		  struct cv_targets *to)
{
	const struct cv_call_env *env = &call->calls->env;
	struct cv_party *b = &call->party[CV_END_B];
	size_t which;
	int err;

	err = own ? cv_aim_peer(env, rq, own, to, call->evid)
		  : cv_aim(env, rq, to, call->evid);
	if (err)
		return err;

	free(call->peer);
	call->peer = NULL;
	call->target = to->v[0];
	if (call->target.peer) {
		call->peer = cv_mem_strdup(call->target.peer);
		if (!call->peer)
			return ENOMEM;

		call->target.peer = call->peer;
	}

	call->reason = cv_aim_relay(call->calls, rq, call->from_peer, to, &which);
	call->single = cv_aim_single(env, call->from_peer, to);
	call->keeps_text = call->keeps_text || env->keeps_text ||
			   call->reason == CV_REASON_NONE_SAME_NAT;
	b->place = to->v[which].place;
	cv_call_explain_start(call);
	b->place = *cv_aim_place(to);

	return 0;
}

static int leg_make(struct cv_call *call, const struct cv_request *rq,
		    const struct cv_leg *a, const struct cv_targets *to)
{
	const struct cv_call_env *env = &call->calls->env;
	struct cv_party *b = &call->party[CV_END_B];
	const struct cv_leg_setup one = {
		.events = &cv_call_events,
		.arg = b,
		.to = &call->target,
		.rq = rq,
		.call = call->id,
	};
	const struct cv_fan_setup several = {
		.env = env,
		.owner = &cv_call_fan_owner,
		.events = &cv_call_events,
		.arg = b,
		.to = to,
		.ops = a->ops,
		.method = rq->method,
		.call = call->id,
		.evid = call->evid,
		.from_peer = call->from_peer,
	};

	return to->c > 1 ? cv_fan_new(&b->leg, &several)
			 : env->leg_new(env->leg_arg, &b->leg, &one);
}

/* Sends the INVITE on and takes leg A over. On error A is as it was. */
static int invite_send(struct cv_call *call, const struct cv_request *rq,
		       struct cv_leg *a, struct cv_txn *invite)
{
	struct cv_party *party = &call->party[CV_END_A];
	struct cv_pass pass;
	struct cv_pair *p;
	int err;

	err = cv_pair_new(&p, party, invite);
	if (err)
		return err;

	cv_ladder_note(call, CV_END_A, CV_LADDER_IN, &rq->msg);
	err = cv_offer_pass(p, CV_END_A, &rq->msg, &pass);
	if (!err)
		err = cv_timer_set(call->timer, CV_CALL_SETUP_MS);

	if (!err)
		err = cv_pair_send(p, &pass.m, &call->target);

	cv_pass_done(&pass);
	if (err) {
		cv_pair_drop(p);
		return err;
	}

	call->setup = p;
	call->state = CV_CALL_SETUP;
	party->leg = cv_mem_ref(a);
	a->events = &cv_call_events;
	a->arg = party;

	return 0;
}

int cv_call_again(struct cv_pair *p, const struct cv_request *rq, const char *own)
{
	struct cv_call *call = p->call;
	struct cv_targets to;
	struct cv_pass pass;
	int err;

	if (p->out)
		p->out->arg = NULL;
	p->out = cv_mem_unref(p->out);
	cv_offer_undo(p);
	cv_talk_anew(call); /* whoever rang rings no more */
	leg_end(&call->party[CV_END_B], 0);
	cv_call_leave(&call->party[CV_END_B]);
	err = decide(call, rq, own, &to);
	if (!err && to.c == 1)
		err = cv_call_admit(&call->party[CV_END_B]);
	if (!err)
		err = leg_make(call, rq, p->in->leg, &to);
	if (err)
		return err;

	if (call->media && cv_reason_is_relay(call->reason))
		call->calls->env.media->place(call->media, CV_END_B, CV_FORK_ALL,
					      &call->party[CV_END_B].place);
	else
		cv_offer_close(call);
	cv_call_manner(&call->party[CV_END_B]);

	err = cv_offer_pass(p, CV_END_A, &rq->msg, &pass);
	if (!err)
		err = cv_timer_set(call->timer, CV_CALL_SETUP_MS);
	if (!err)
		err = cv_pair_send(p, &pass.m, &call->target);

	cv_pass_done(&pass);

	return err;
}

/* Undoes a start that failed: nobody has heard of the call yet but leg B. */
static void start_undo(struct cv_call *call, int err)
{
	cv_timer_stop(call->timer);
	cv_offer_close(call);
	leg_end(&call->party[CV_END_B], err);
	cv_call_leave(&call->party[CV_END_A]);
	cv_call_leave(&call->party[CV_END_B]);
	cv_mem_unref(call);
}

static int start(struct cv_calls *c, const struct cv_request *rq, struct cv_leg *a,
		 struct cv_txn *invite)
{
	struct cv_targets to;
	struct cv_call *call;
	int err;

	err = call_new(&call, c, rq);
	if (err)
		return err;

	err = cv_call_trail(c, rq, &call->trail);
	if (!err)
		err = decide(call, rq, NULL, &to);
	if (err)
		goto out;

	/* who stands in for another is counted in the call it comes from */
	err = rq->stands_in ? 0 : cv_call_admit(&call->party[CV_END_A]);
	if (!err && to.c == 1) /* several are counted when they are asked */
		err = cv_call_admit(&call->party[CV_END_B]);
	if (err)
		goto out;

	err = leg_make(call, rq, a, &to);
	if (err)
		goto out;

	err = invite_send(call, rq, a, invite);

out:
	if (err) {
		start_undo(call, err);
		return err;
	}

	cv_call_link(call);
	cv_call_trail_link(call, &rq->msg);
	cv_stat_add(c->env.stat, CV_STAT_calls_started, 1);
	cv_call_log_start(call);

	return 0;
}

/* The INVITE that was challenged, asked again. */
static int retry(struct cv_call *call, const struct cv_request *rq, struct cv_leg *a,
		 struct cv_txn *invite)
{
	struct cv_party *party = &call->party[CV_END_A];
	const struct cv_call_env *env = &call->calls->env;
	int err;

	party->place = rq->place;
	if (call->media)
		env->media->place(call->media, CV_END_A, CV_FORK_ALL, &rq->place);

	call->cseq = rq->cseq;
	cv_evid_add(call->evid, "challenge", "asked again",
		    "INVITE with CSeq %u takes over target and ports",
		    (unsigned)rq->cseq);
	err = invite_send(call, rq, a, invite);
	if (err)
		cv_call_finish(call, &(struct cv_call_end){
					     "edge", cv_call_refusal_name(err), err});

	return err;
}

/* Room for one more call? */
static int admit(struct cv_calls *c)
{
	const struct cv_conf_limits *lim = &c->env.conf->limits;
	uint64_t now = cv_clock_ms();

	if (c->closed || (lim->max_calls != 0 && c->count >= lim->max_calls))
		return EBUSY;

	if (now - c->second_ms >= SECOND_MS) {
		c->second_ms = now;
		c->started = 0;
	}

	if (lim->max_cps != 0 && c->started >= lim->max_cps)
		return EBUSY;

	++c->started;

	return 0;
}

static int start_or_retry(struct cv_calls *c, const struct cv_request *rq,
			  struct cv_leg *a, struct cv_txn *invite)
{
	struct cv_call *call = NULL;
	char *key = cv_call_key(rq);
	int err = 0;

	if (!key)
		return ENOMEM;

	/* a request that came a second time by another way is a loop (RFC 3261 8.2.2.2);
	 * only who was challenged may take a call over */
	while (!err && (call = cv_calls_find_key(c, cv_str_of(key), call))) {
		if (call->cseq == rq->cseq)
			err = EALREADY;
		else if (call->state == CV_CALL_CHALLENGED && rq->cseq > call->cseq &&
			 cv_addr_host_eq(&call->party[CV_END_A].place.seen,
					 &rq->place.seen))
			break;
	}

	free(key);
	if (err)
		return err;

	if (call)
		return retry(call, rq, a, invite);

	err = admit(c);

	return err ? err : start(c, rq, a, invite);
}

int cv_call_start(struct cv_calls *c, const struct cv_request *rq, struct cv_leg *a,
		  struct cv_txn *invite)
{
	int err;

	if (!c || !rq || !a || !invite)
		return EINVAL;

	err = rq->max_forwards == 0  ? ELOOP
	      : rq->max_breadth == 0 ? EMLINK
				     : start_or_retry(c, rq, a, invite);
	if (err && cv_log_allow(&c->refused, REFUSALS_LOGGED))
		cv_past_refused(c, rq, err); /* a flood pushes nothing out */

	return err;
}
