/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Requests that pass through a call: each is a pair of transactions, one with
 * who asked and one with who is asked. Signalling thread.
 *
 * The story of a pair: a request comes in a leg's dialog, its body goes through
 * offer.c, and it is sent on in the other leg's. Responses come back the same
 * way; the final one ends the pair, that of an INVITE only with its ACK. What
 * crosses is settled here: a second INVITE or offer while one is open (RFC 3261
 * 14.2, RFC 3311 5.2), CANCEL against 2xx, BYE against everything.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/mem.h"
#include "call/call_int.h"
#include "call/fan.h"
#include "call/redirect.h"
#include "call/restate.h"
#include "call/transfer.h"
#include "call/unfold.h"

enum { RETRY_MAX_S = 10 };

static void txn_forget(struct cv_txn *t)
{
	if (t)
		t->arg = NULL;

	cv_mem_unref(t);
}

static void pair_fini(void *obj)
{
	struct cv_pair *p = obj;

	txn_forget(p->in);
	txn_forget(p->out);
}

int cv_pair_new(struct cv_pair **pp, struct cv_party *from, struct cv_txn *in)
{
	struct cv_call *call = from->call;
	struct cv_pair *p;

	if (call->pairc >= CV_CALL_TXNS)
		return ENOBUFS;

	p = cv_mem_new(sizeof(*p), pair_fini);
	if (!p)
		return ENOMEM;

	p->call = call;
	p->from = from->end;
	p->method = CV_METHOD_INVITE;
	p->fork = CV_FORK_ALL;
	if (in) {
		p->method = in->method;
		p->in = cv_mem_ref(in);
		in->arg = p;
	}
	cv_list_add(&call->pairs, &p->node);
	++call->pairc;
	*pp = p;

	return 0;
}

int cv_pair_send(struct cv_pair *p, const struct cv_msg *m, const struct cv_target *to)
{
	struct cv_leg *leg = cv_call_other(&p->call->party[p->from])->leg;
	struct cv_txn *t = NULL;
	int err;

	if (!leg)
		return ESTALE;

	err = leg->ops->request(leg, &t, m, to);
	if (err)
		return err;

	cv_ladder_note(p->call, cv_call_other(&p->call->party[p->from])->end,
		       CV_LADDER_OUT, m);
	p->out = cv_mem_ref(t);
	t->arg = p;

	return 0;
}

void cv_pair_drop(struct cv_pair *p)
{
	struct cv_call *call = p->call;

	cv_offer_undo(p);
	if (call->setup == p)
		call->setup = NULL;

	cv_list_del(&p->node);
	--call->pairc;
	cv_mem_unref(p);
	cv_restate_ready(call);
}

/* Leg ops by way of the party: its leg may be over, then there is nobody to tell. */
static int respond(struct cv_pair *p, const struct cv_msg *m)
{
	const struct cv_leg *leg =
		p->in->leg; /* a transfer may have changed the party's */
	struct cv_msg shown = *m;

	if (!leg)
		return ESTALE;

	shown.single = p->call->single;
	cv_ladder_note(p->call, p->from, CV_LADDER_OUT, m);

	return leg->ops->respond(p->in, &shown);
}

static void reply(struct cv_txn *t, const struct cv_msg *m)
{
	if (!t->leg)
		return;

	if (t->leg->arg && t->leg->events == &cv_call_events) {
		const struct cv_party *party = t->leg->arg;

		cv_ladder_note(party->call, party->end, CV_LADDER_OUT, m);
	}

	(void)t->leg->ops->respond(t, m);
}

void cv_pair_reply(struct cv_txn *t, uint16_t status)
{
	const struct cv_msg m = {.method = t->method, .status = status};

	reply(t, &m);
}

/* RFC 3261 14.2, RFC 3311 5.2: not so fast, ask again after 0 to 10 s; nobody needs to
 * come back at once */
static void reply_later(struct cv_txn *t)
{
	struct cv_msg m = {.method = t->method, .status = 500, .retry_s = 1};
	uint8_t r;

	if (getrandom(&r, sizeof(r), GRND_NONBLOCK) == (ssize_t)sizeof(r))
		m.retry_s = 1 + r % RETRY_MAX_S;

	reply(t, &m);
}

static void ack(struct cv_pair *p, const struct cv_msg *m)
{
	const struct cv_leg *leg = cv_call_other(&p->call->party[p->from])->leg;
	int err;

	if (!leg || !p->out)
		return;

	cv_ladder_note(p->call, cv_call_other(&p->call->party[p->from])->end,
		       CV_LADDER_OUT, m);
	err = leg->ops->ack(p->out, m);
	if (err)
		cv_debug("call", "ack not sent call=%s err=%s", p->call->id,
			 strerror(err));
}

void cv_pair_ack(struct cv_pair *p)
{
	const struct cv_msg m = {.method = CV_METHOD_ACK};

	ack(p, &m);
}

static const char *who(const struct cv_party *p)
{
	return p->end == CV_END_A ? "caller" : "callee";
}

static void explain_flow(const struct cv_party *p)
{
	char was[CV_ADDR_STRLEN], is[CV_ADDR_STRLEN], what[16];

	if (cv_addr_eq(&p->leg->place.seen, &p->place.seen))
		return;

	(void)snprintf(what, sizeof(what), "flow of %s", cv_call_party_name(p->end));
	cv_evid_add(p->call->evid, what, "moved",
		    "its signalling came from %s, now from %s",
		    cv_addr_print(&p->place.seen, was),
		    cv_addr_print(&p->leg->place.seen, is));
}

/* The phone behind a leg may have moved, and of several that ring each may be elsewhere;
 * what may be latched follows. @p m: what it said; NULL: it has only registered. */
static void follow(struct cv_party *p, uint32_t fork, const struct cv_msg *m)
{
	const struct cv_call_env *env = &p->call->calls->env;
	bool rings = p->end == CV_END_B && p->call->state == CV_CALL_SETUP;

	if (!p->leg)
		return;

	if (cv_addr_eq(&p->leg->place.seen, &p->place.seen) &&
	    !(rings && m && m->body.len > 0))
		return;

	explain_flow(p);
	p->place = p->leg->place;
	if (p->call->media)
		env->media->place(p->call->media, p->end, rings ? fork : CV_FORK_ALL,
				  &p->place);

	cv_unfold_moved(p->call);
}

/* Status of a request we could not send on. */
static uint16_t refusal(int err)
{
	switch (err) {
	case EBADMSG:
		return 488;
	case EINPROGRESS:
		return 491;
	case ESTALE:
		return 481;
	default:
		return 500;
	}
}

/* Another INVITE is open: EALREADY when its sender asks again, EINPROGRESS when they
 * crossed; as for offers. */
static int glare(struct cv_party *from)
{
	struct cv_list *n, *tmp;

	CV_LIST_FOREACH (n, tmp, &from->call->pairs) {
		const struct cv_pair *p = CV_CONTAINER(n, struct cv_pair, node);

		if (p->method == CV_METHOD_INVITE)
			return p->in && p->from == from->end ? EALREADY : EINPROGRESS;
	}

	return 0;
}

/* The last NOTIFY of a REFER (RFC 3515 2.4.7). */
static void note_refer(struct cv_party *from, const struct cv_msg *m)
{
	struct cv_party *asker = cv_call_other(from);

	if (m->method == CV_METHOD_NOTIFY && m->lives_s == CV_LIVES_OVER &&
	    asker->refers > 0)
		--asker->refers;
}

static int send_on(struct cv_party *from, struct cv_txn *t, const struct cv_msg *m)
{
	struct cv_pass pass;
	struct cv_pair *p;
	int err;

	/* a description must not open media again for a call that is being left */
	if (!cv_call_other(from)->leg)
		return ESTALE;

	err = cv_pair_new(&p, from, t);
	if (err)
		return err;

	p->fork = m->fork;
	/* who sees one early dialog means the one that spoke last */
	if (p->call->single && from->end == CV_END_A && m->method != CV_METHOD_PRACK)
		p->fork = p->call->fork_now;
	err = cv_offer_pass(p, from->end, m, &pass);
	pass.m.fork = p->fork;
	if (!err)
		err = cv_pair_send(p, &pass.m, NULL);

	cv_pass_done(&pass);
	if (err)
		cv_pair_drop(p);
	else
		note_refer(from, m);

	return err;
}

/* Acknowledges a reliable 1xx that the other party can't. */
static void prack(struct cv_pair *p, const struct cv_msg *m)
{
	const struct cv_msg own = {
		.method = CV_METHOD_PRACK, .fork = m->fork, .rseq = m->rseq};
	struct cv_leg *leg = cv_call_other(&p->call->party[p->from])->leg;
	struct cv_txn *t;
	int err = leg ? leg->ops->request(leg, &t, &own, NULL) : ESTALE;

	cv_ladder_note(p->call, cv_call_other(&p->call->party[p->from])->end,
		       CV_LADDER_OUT, &own);
	if (err)
		cv_debug("call", "prack not sent call=%s err=%s", p->call->id,
			 strerror(err));
}

static void refuse(const struct cv_party *from, struct cv_txn *t, int err)
{
	cv_debug("call", "request refused call=%s method=%s err=%s", from->call->id,
		 cv_method_name(t->method), strerror(err));
	if (err == EALREADY)
		reply_later(t);
	else
		cv_pair_reply(t, refusal(err));
}

static void on_other(struct cv_party *from, struct cv_txn *t, const struct cv_msg *m)
{
	int err = 0;

	if (m->method == CV_METHOD_REFER && cv_transfer_is_ours(from)) {
		cv_transfer_start(from, t, m);
		return;
	}

	if (m->method == CV_METHOD_PRACK && m->rseq == 0) {
		cv_pair_reply(t, m->body.len > 0 ? 488 : 200); /* nobody there it could go
								  to */
		return;
	}

	if (m->method == CV_METHOD_INVITE)
		err = cv_transfer_is_offering(from->call) ? EINPROGRESS : glare(from);
	if (!err)
		err = send_on(from, t, m);
	if (err)
		refuse(from, t, err);
}

static void on_ack(struct cv_txn *t, const struct cv_msg *m)
{
	struct cv_pair *p = t->arg;
	struct cv_pass pass;
	int err;

	if (!p || !p->acking)
		return;

	err = cv_offer_pass(p, p->from, m, &pass);
	if (!err) {
		ack(p, &pass.m);
		cv_pass_done(&pass);
		cv_pair_drop(p);
		return;
	}

	cv_pass_done(&pass);
	cv_call_finish(p->call, &(struct cv_call_end){"edge", "bad-answer", err});
}

static void on_cancel(struct cv_party *from, struct cv_txn *t, const struct cv_msg *m)
{
	const struct cv_leg *leg = cv_call_other(from)->leg;
	struct cv_pair *p = t->arg;

	if (!p || p->acking || p->canceled)
		return;

	if (p == from->call->setup) {
		cv_call_abandon(from->call, &(struct cv_call_end){"caller", "cancel", 0},
				m, 487);
		return;
	}

	p->canceled = true;
	if (leg && p->out)
		leg->ops->cancel(p->out,
				 m); /* its final response is passed as any other */
}

static void on_bye(struct cv_party *from, struct cv_txn *t, const struct cv_msg *m)
{
	const struct cv_call_end e = {who(from), "bye", EHOSTUNREACH};
	const struct cv_msg bye = {.method = CV_METHOD_BYE, .src = m->src};
	struct cv_call *call = from->call;
	struct cv_leg *leg = cv_call_other(from)->leg;
	struct cv_txn *out;

	cv_pair_reply(t, 200);
	if (cv_transfer_outlives(from))
		return;

	if (call->state == CV_CALL_SETUP && from->end == CV_END_A) {
		/* RFC 3261 15: it may, in place of CANCEL */
		cv_call_abandon(call, &e, m, 487);
		return;
	}

	/* when it can't be sent on with its headers, the end of the leg makes its own */
	if (call->state == CV_CALL_ANSWERED && leg && !call->setup) {
		cv_ladder_note(call, cv_call_other(from)->end, CV_LADDER_OUT, &bye);
		call->parted = leg->ops->request(leg, &out, &bye, NULL) == 0;
	}

	cv_call_finish(call, &e);
}

static void on_request(void *arg, struct cv_txn *t, const struct cv_msg *m)
{
	struct cv_party *from = arg;
	struct cv_call *call = cv_mem_ref(from->call);

	follow(from, m->fork, m);
	cv_ladder_note(call, from->end, CV_LADDER_IN, m);
	if (m->method == CV_METHOD_ACK)
		on_ack(t, m);
	else if (m->method == CV_METHOD_CANCEL)
		on_cancel(from, t, m);
	else if (m->method == CV_METHOD_BYE)
		on_bye(from, t, m);
	else
		on_other(from, t, m);

	cv_mem_unref(call);
}

static void on_provisional(struct cv_pair *p, struct cv_party *from,
			   const struct cv_msg *m)
{
	struct cv_pass pass;
	int err;

	if (p->acking || p->canceled)
		return;

	err = cv_offer_pass(p, from->end, m, &pass);
	if (err) {
		cv_debug("call", "early media left out call=%s err=%s", p->call->id,
			 strerror(err));
		pass.m.type = pass.m.body = CV_STR_NULL;
	}

	p->call->fork_now = m->fork;
	err = respond(p, &pass.m);
	cv_pass_done(&pass);
	if (m->reliable && err == ENOTSUP)
		prack(p, m);
}

/* A final response that isn't the answer to the call itself. */
static void on_final(struct cv_pair *p, struct cv_party *from, const struct cv_msg *m)
{
	bool invite_2xx = p->method == CV_METHOD_INVITE && m->status < 300;
	struct cv_call *call = p->call;
	struct cv_pass pass;
	int err;

	if (p->acking)
		return; /* a 2xx of another fork; the leg ends it */

	err = cv_offer_pass(p, from->end, m, &pass);
	if (err)
		cv_pair_reply(p->in, refusal(err == EBADMSG ? err : EIO));
	else
		err = respond(p, &pass.m);

	cv_pass_done(&pass);
	p->acking = invite_2xx && !err;
	if (p->method == CV_METHOD_REFER && m->status < 300)
		++cv_call_other(from)->refers;
	if (!err && m->status < 300 &&
	    (p->method == CV_METHOD_INVITE || p->method == CV_METHOD_UPDATE))
		cv_call_session(p, m);
	if (p->acking)
		return;

	if (invite_2xx)
		cv_pair_ack(p);

	cv_pair_drop(p);
	/* RFC 3261 12.2.1.2; a subscription's 481 ends only that (RFC 5057 5.1), and what
	 * becomes of an INVITE is not said by its PRACK */
	if (m->method == CV_METHOD_PRACK)
		return;

	if (m->status == 408 || (m->status == 481 && m->method != CV_METHOD_NOTIFY &&
				 m->method != CV_METHOD_SUBSCRIBE))
		cv_call_finish(call, &(struct cv_call_end){who(from), "dialog-lost",
							   EHOSTUNREACH});
}

/* The 2xx that answers the call. */
static void on_answer(struct cv_pair *p, struct cv_party *from, const struct cv_msg *m)
{
	struct cv_call *call = p->call;
	struct cv_pass pass;
	int err;

	if (p->acking)
		return; /* a 2xx of another fork; the leg ends it */

	if (p->canceled) { /* they crossed */
		cv_pair_ack(p);
		cv_call_finish(call, &(struct cv_call_end){"caller", "cancel", 0});
		return;
	}

	err = cv_offer_pass(p, from->end, m, &pass);
	if (!err)
		err = respond(p, &pass.m);

	cv_pass_done(&pass);
	if (err) {
		cv_pair_ack(p);
		cv_call_finish(call, &(struct cv_call_end){"edge", "bad-answer", err});
		return;
	}

	p->acking = true;
	cv_talk_choose(call, m->fork);
	cv_call_answered(call);
	cv_call_session(p, m);
}

static void on_refusal(struct cv_pair *p, const struct cv_msg *m)
{
	struct cv_call *call = p->call;
	struct cv_pass pass;
	struct cv_msg last;

	if (p->canceled) {
		cv_call_finish(call, &(struct cv_call_end){"caller", "cancel", 0});
		return;
	}

	if (cv_redirect_goes_on(p, m))
		return;

	last = cv_redirect_last(call, m);
	(void)cv_offer_pass(p, CV_END_B, &last, &pass);
	(void)respond(p, &pass.m);
	cv_pass_done(&pass);
	cv_call_refused(call, &last);
}

static void on_response(void *arg, struct cv_txn *t, const struct cv_msg *m)
{
	struct cv_party *from = arg;
	struct cv_pair *p = t->arg;
	struct cv_call *call;

	if (!p && cv_transfer_hears(from, t, m))
		return;

	if (!p || p->out != t || m->status == 100)
		return; /* to a BYE of ours, or only a sign of life */

	call = cv_mem_ref(from->call);
	follow(from, p->fork == CV_FORK_ALL ? m->fork : p->fork, m);
	cv_ladder_note(call, from->end, CV_LADDER_IN, m);
	if (m->status >= 200 && p == call->setup && !p->canceled && !cv_fan_is(from->leg))
		cv_aim_heard(&call->calls->env, &call->target, m);
	if (!p->in)
		cv_restate_hears(p, from, m);
	else if (m->status < 200)
		on_provisional(p, from, m);
	else if (p != call->setup)
		on_final(p, from, m);
	else if (m->status < 300)
		on_answer(p, from, m);
	else
		on_refusal(p, m);

	cv_mem_unref(call);
}

static void on_gone(void *arg, int err)
{
	struct cv_party *from = arg;
	struct cv_call *call = cv_mem_ref(from->call);

	cv_call_finish(
		call, &(struct cv_call_end){
			      who(from), err == ETIMEDOUT ? "no-ack" : "flow-lost", err});
	cv_mem_unref(call);
}

static void on_moved(void *arg)
{
	follow(arg, CV_FORK_ALL, NULL);
}

/* One of several targets has answered: from now on it is B. */
static void on_won(void *arg, const struct cv_fan_win *w)
{
	struct cv_party *b = arg;
	struct cv_call *call = b->call;
	struct cv_pair *setup = call->setup;
	struct cv_leg *fan = b->leg;

	b->leg = cv_mem_ref(w->leg);
	w->leg->events = &cv_call_events;
	w->leg->arg = b;
	free(call->peer);
	call->peer = w->peer;
	call->target = *w->to;
	call->counted[CV_END_B] = w->counted;
	cv_call_manner(b);
	if (setup) {
		txn_forget(setup->out);
		setup->out = cv_mem_ref(w->t);
		w->t->arg = setup;
	}
	cv_mem_unref(fan);
}

/* What was passed on to a target that is given up gets no answer there any more. */
static void on_lost(void *arg, const struct cv_leg *leg)
{
	const struct cv_party *b = arg;
	struct cv_list *n, *tmp;

	CV_LIST_FOREACH (n, tmp, &b->call->pairs) {
		struct cv_pair *p = CV_CONTAINER(n, struct cv_pair, node);

		if (p == b->call->setup || !p->out || p->out->leg != leg)
			continue;

		cv_pair_reply(p->in, 481);
		cv_pair_drop(p);
	}
}

static void on_note(void *arg, unsigned n, enum cv_ladder_way way, const struct cv_msg *m)
{
	const struct cv_party *b = arg;

	cv_ladder_note_target(b->call, n, way, m);
}

static int on_body(void *arg, const struct cv_place *place, const struct cv_msg *m,
		   struct cv_pass *out)
{
	const struct cv_party *b = arg;

	return cv_face_pass(b->call, place, m, out);
}

const struct cv_fan_owner cv_call_fan_owner = {
	.won = on_won,
	.lost = on_lost,
	.body = on_body,
	.note = on_note,
};

static struct cv_leg *mate(void *arg, uint32_t *fork)
{
	struct cv_leg *leg = cv_fan_leg(cv_call_other(arg)->leg, fork);

	return cv_transfer_is_bridge(leg) ? NULL : leg;
}

const struct cv_leg_events cv_call_events = {
	.request = on_request,
	.response = on_response,
	.gone = on_gone,
	.moved = on_moved,
	.mate = mate,
};
