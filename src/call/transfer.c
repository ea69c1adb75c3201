/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Transfers answered by ourselves, for parties that can't (RFC 5589, RFC 3725).
 * Signalling thread.
 *
 * The story: T and R talk in a call; T sends REFER. It is answered with 202,
 * and what becomes of it is told in NOTIFYs. A bridge is made: a leg that is
 * nobody's, for which the other call takes its party.
 *
 *   blind      the other call is a new one, started as if T had called whom
 *              Refer-To names: what T may not call nobody is put through to. Its
 *              INVITE has no description, so the answer is an offer.
 *   attended   Replaces names another call of T's through us. The bridge takes
 *              T's place in it and asks its other party, C, for an offer.
 *
 * C's offer, which comes to the bridge as a 2xx, is put to R with a re-INVITE;
 * R's answer goes back in the ACK. Then R's leg takes the bridge's place, and
 * the call of T and R ends with a BYE to T. When anything goes wrong before
 * that, T hears of it and its calls go on as they were; a T that has hung up
 * meanwhile leaves an R that gets a BYE.
 */
#include "config.h"

#include "call/transfer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum {
	REPORTS_MAX = 16, /* NOTIFYs of one transfer */
	LIFE_S = 180,     /* what a NOTIFY says; nobody rings longer: timer C */
	AGAIN_MS = 2100,  /* after a 491 of R, who began its call: RFC 3261 14.1 */
	AGAIN_MAX = 5,    /* C repeats its 2xx for 32 s */
};

/* Party of the other call; NULL: that isn't there any more. */
static struct cv_party *bridged(const struct cv_transfer *tr)
{
	return tr->leg.events ? tr->leg.arg : NULL;
}

bool cv_transfer_is_ours(const struct cv_party *from)
{
	const char *name = cv_call_peer(cv_call_other((struct cv_party *)from));
	const struct cv_conf_peer *peer;

	peer = name ? cv_conf_peer_find(from->call->calls->env.conf, cv_str_of(name))
		    : NULL;

	return peer && peer->refer == CV_REFER_ANSWER;
}

bool cv_transfer_is_offering(const struct cv_call *call)
{
	return call->transfer && call->transfer->state == CV_TRANSFER_OFFERING;
}

/* RFC 3515 2.4.5; the phrase is for people. */
static const char *phrase(uint16_t status)
{
	if (status < 200)
		return status == 100 ? "Trying" : "Ringing";

	return status < 300 ? "OK" : "Refused";
}

void cv_transfer_report(struct cv_transfer *tr, uint16_t status)
{
	char text[48];
	int len = snprintf(text, sizeof(text), "SIP/2.0 %u %s\r\n", (unsigned)status,
			   phrase(status));
	const struct cv_msg m = {
		.method = CV_METHOD_NOTIFY,
		.lives_s = status < 200 ? LIFE_S : CV_LIVES_OVER,
		.type = CV_STR("message/sipfrag;version=2.0"),
		.body = cv_str_make(text, (size_t)len),
	};
	struct cv_leg *leg = tr->old ? cv_transfer_by(tr)->leg : NULL;
	struct cv_txn *t;

	if (!leg || tr->refused || tr->told == status ||
	    (status < 200 && tr->reports >= REPORTS_MAX))
		return;

	tr->told = status;
	tr->refused = status >= 200;
	++tr->reports;
	cv_ladder_note(tr->old, tr->by, CV_LADDER_OUT, &m);
	if (leg->ops->request(leg, &t, &m, NULL))
		cv_debug("call", "transfer not reported call=%s", tr->old->id);
}

/* Nobody waits for an answer of C's any more. */
static void forget_asked(struct cv_transfer *tr, struct cv_party *p)
{
	const struct cv_msg cancel = {.method = CV_METHOD_CANCEL};
	const struct cv_leg *leg = cv_call_other(p)->leg;
	struct cv_pair *pair = tr->asked->arg;

	tr->asked->leg = NULL;
	if (!pair || pair->acking)
		return;

	pair->canceled = true;
	if (leg && pair->out && p->call->state != CV_CALL_OVER)
		leg->ops->cancel(pair->out, &cancel);
}

/* T's leg takes its place in the other call again; false: it can't. */
static bool unpark(struct cv_transfer *tr)
{
	struct cv_party *p = bridged(tr);
	const struct cv_call_env *env;

	if (!p || !tr->parked || p->leg != &tr->leg)
		return false;

	env = &p->call->calls->env;
	forget_asked(tr, p);
	tr->leg.events = NULL;
	p->leg = tr->parked;
	p->leg->events = &cv_call_events;
	p->leg->arg = p;
	p->place = p->leg->place;
	p->call->reason = tr->reason;
	if (p->call->state != CV_CALL_OVER)
		cv_origin_copy(&p->call->talk.origin[p->end], &tr->shown);
	if (p->call->media)
		env->media->place(p->call->media, p->end, CV_FORK_ALL, &p->place);
	tr->parked = NULL;
	cv_mem_unref(&tr->leg);

	return true;
}

static void part(struct cv_transfer *tr)
{
	struct cv_leg *leg = tr->parked;

	if (!leg)
		return;

	tr->parked = NULL;
	leg->ops->end(leg, 0);
	cv_mem_unref(leg);
}

/* It came to nothing; the other call is told when it isn't the one that says so. */
void cv_transfer_fail(struct cv_transfer *tr, uint16_t status, const char *why)
{
	struct cv_party *p = bridged(tr);
	struct cv_call *old = tr->old;
	bool answered = tr->body != NULL;
	/* R may agree yet to what isn't there any more */
	bool over = tr->alone || tr->offer;

	if (tr->state == CV_TRANSFER_OVER)
		return;

	cv_mem_ref(tr);
	tr->state = CV_TRANSFER_OVER;
	cv_timer_stop(tr->timer);
	cv_transfer_report(tr, status);
	if (old) {
		cv_info("call", "transfer failed call=%s status=%u why=%s", old->id,
			(unsigned)status, why);
		cv_evid_add(old->evid, "transfer", "failed", "%u, %s", (unsigned)status,
			    why);
		old->transfer = NULL;
		tr->old = NULL;
		cv_mem_unref(tr);
	}

	/* its media is C's offer already: without an answer that call can't go on */
	if (p && (answered || !unpark(tr)))
		cv_call_abandon(p->call, &(struct cv_call_end){"edge", "transfer", 0},
				NULL, 487);
	part(tr);
	if (old && over)
		cv_call_finish(old, &(struct cv_call_end){"edge", "transfer-failed", 0});
	cv_mem_unref(tr);
}

/* R's leg goes over to the other call, T's are ended. */
static void join(struct cv_transfer *tr)
{
	struct cv_party *p = bridged(tr), *r = cv_transfer_stays(tr);
	struct cv_call *old = tr->old;

	cv_transfer_report(tr, 200);
	tr->state = CV_TRANSFER_OVER;
	cv_timer_stop(tr->timer);
	tr->leg.events = NULL;
	tr->asked->leg = NULL;
	cv_call_party_move(p, r);
	p->leg = r->leg; /* with its reference */
	r->leg = NULL;
	p->leg->events = &cv_call_events;
	p->leg->arg = p;
	p->refers = 0;
	cv_info("call", "transferred call=%s to=%s", old->id, p->call->id);
	cv_evid_add(old->evid, "transfer", "done", "%s goes on in call %s",
		    cv_call_party_name(r->end), p->call->id);
	cv_evid_add(p->call->evid, "transfer", "done", "%s came from call %s",
		    cv_call_party_name(p->end), old->id);
	cv_mem_unref(&tr->leg); /* the other call's */
	part(tr);
	old->transfer = NULL;
	tr->old = NULL;
	cv_mem_unref(tr);
	cv_call_finish(old, &(struct cv_call_end){"edge", "transferred", 0});
}

/* R agreed: its answer to C, which completes that call. */
static void answer(struct cv_transfer *tr, const struct cv_msg *m)
{
	const struct cv_msg plain = {.method = CV_METHOD_ACK};
	const struct cv_msg ack = {
		.method = CV_METHOD_ACK, .type = m->type, .body = m->body};
	struct cv_leg *leg = cv_transfer_stays(tr)->leg;
	struct cv_call *old = cv_mem_ref(tr->old);
	struct cv_party *p = bridged(tr);

	cv_ladder_note(old, cv_transfer_stays(tr)->end, CV_LADDER_OUT, &plain);
	(void)leg->ops->ack(tr->offer, &plain);
	tr->offer = cv_mem_unref(tr->offer);
	if (p)
		tr->leg.events->request(p, tr->asked, &ack);

	if (tr->state == CV_TRANSFER_OFFERING && bridged(tr))
		join(tr);
	else /* the answer has ended that call, and R has its ports */
		cv_call_finish(old, &(struct cv_call_end){"edge", "bad-answer", EBADMSG});

	cv_mem_unref(old);
}

bool cv_transfer_is_inviting(const struct cv_call *call)
{
	for (const struct cv_list *n = call->pairs.next; n != &call->pairs; n = n->next) {
		if (CV_CONTAINER(n, struct cv_pair, node)->method == CV_METHOD_INVITE)
			return true;
	}

	return false;
}

static void ask_later(struct cv_transfer *tr)
{
	tr->state = CV_TRANSFER_WAITING;
	if (++tr->tries > AGAIN_MAX || cv_timer_set(tr->timer, AGAIN_MS))
		cv_transfer_fail(tr, 491, "the party that stays has no time");
}

/* Puts C's offer to R. */
static void offer(struct cv_transfer *tr)
{
	struct cv_leg *leg = cv_transfer_stays(tr)->leg;
	const struct cv_msg m = {
		.method = CV_METHOD_INVITE,
		.type = cv_str_of(tr->type),
		.body = cv_str_make(tr->body, tr->len),
	};
	struct cv_txn *t;
	int err;

	if (cv_transfer_is_inviting(tr->old)) {
		ask_later(tr);
		return;
	}

	tr->state = CV_TRANSFER_OFFERING;
	err = leg ? leg->ops->request(leg, &t, &m, NULL) : ESTALE;
	if (err) {
		cv_transfer_fail(tr, 500, strerror(err));
		return;
	}

	cv_ladder_note(tr->old, cv_transfer_stays(tr)->end, CV_LADDER_OUT, &m);
	tr->offer = cv_mem_ref(t);
}

void cv_transfer_timer(void *arg)
{
	struct cv_transfer *tr = cv_mem_ref(arg);

	if (tr->state == CV_TRANSFER_WAITING)
		offer(tr);
	cv_mem_unref(tr);
}

bool cv_transfer_hears(const struct cv_party *from, const struct cv_txn *t,
		       const struct cv_msg *m)
{
	struct cv_transfer *tr = from->call->transfer;

	if (!tr || !tr->offer || tr->offer != t)
		return false;

	if (m->status < 200)
		return true;

	cv_mem_ref(tr);
	cv_ladder_note(tr->old, from->end, CV_LADDER_IN, m);
	if (m->status < 300) {
		answer(tr, m);
	} else {
		tr->offer = cv_mem_unref(tr->offer);
		tr->alone = tr->alone || m->status == 408 || m->status == 481;
		if (m->status == 491)
			ask_later(tr);
		else
			cv_transfer_fail(tr, m->status, "the party that stays refused");
	}
	cv_mem_unref(tr);

	return true;
}

/* The bridge: what the other call asks of the party it takes it for. */

static int keep_offer(struct cv_transfer *tr, const struct cv_msg *m)
{
	char *type = cv_str_dup(m->type), *body = cv_str_dup(m->body);

	if (!type || !body) {
		free(type);
		free(body);
		return ENOMEM;
	}

	tr->type = type;
	tr->body = body;
	tr->len = m->body.len;

	return 0;
}

static int bridge_request(struct cv_leg *leg, struct cv_txn **tp, const struct cv_msg *m,
			  const struct cv_target *to)
{
	(void)leg;
	(void)tp;
	(void)to;

	return m->method == CV_METHOD_BYE ? ESTALE : EBUSY; /* nobody is there yet */
}

static int bridge_respond(struct cv_txn *t, const struct cv_msg *m)
{
	struct cv_transfer *tr = (struct cv_transfer *)t->leg;
	int err;

	if (!tr || !tr->old || tr->body)
		return ESTALE;

	if (m->status < 200) {
		cv_transfer_report(tr, m->status);
		return m->reliable ? ENOTSUP : 0;
	}

	if (m->status >= 300) {
		if (!tr->parked)
			tr->leg.events = NULL; /* it ends by itself */
		cv_transfer_fail(tr, m->status, "the new party refused");
		return 0;
	}

	if (m->body.len == 0)
		return EBADMSG; /* it was asked for an offer */

	err = keep_offer(tr, m);
	if (!err)
		err = cv_timer_set(tr->timer, 0); /* when that call has settled */
	tr->state = CV_TRANSFER_WAITING;

	return err;
}

static int bridge_ack(struct cv_txn *invite, const struct cv_msg *m)
{
	(void)invite;
	(void)m;

	return ESTALE;
}

static void bridge_cancel(struct cv_txn *t, const struct cv_msg *m)
{
	(void)m;
	(void)t; /* it never has an INVITE of that call's */
}

static void bridge_end(struct cv_leg *leg, int err)
{
	struct cv_transfer *tr = (struct cv_transfer *)leg;

	leg->events = NULL;
	if (tr->asked)
		tr->asked->leg = NULL;
	cv_transfer_fail(tr, err == EHOSTUNREACH ? 480 : 500, "the new call ended");
}

const struct cv_leg_ops cv_transfer_bridge = {
	.request = bridge_request,
	.respond = bridge_respond,
	.ack = bridge_ack,
	.cancel = bridge_cancel,
	.end = bridge_end,
};

bool cv_transfer_is_bridge(const struct cv_leg *leg)
{
	return leg && leg->ops->end == bridge_end;
}

/* T's leg in the other call, while the bridge stands there. */

static void parked_request(void *arg, struct cv_txn *t, const struct cv_msg *m)
{
	struct cv_transfer *tr = cv_mem_ref(arg);

	if (m->method == CV_METHOD_BYE) {
		cv_pair_reply(t, 200);
		part(tr);
	} else if (m->method != CV_METHOD_ACK && m->method != CV_METHOD_CANCEL) {
		cv_pair_reply(t, 491);
	}
	cv_mem_unref(tr);
}

static void parked_response(void *arg, struct cv_txn *t, const struct cv_msg *m)
{
	(void)arg;
	(void)t;
	(void)m;
}

static void parked_gone(void *arg, int err)
{
	(void)err;
	part(arg);
}

static struct cv_leg *parked_mate(void *arg, uint32_t *fork)
{
	(void)arg;
	(void)fork;

	return NULL;
}

const struct cv_leg_events cv_transfer_parked = {
	.request = parked_request,
	.response = parked_response,
	.gone = parked_gone,
	.mate = parked_mate,
};

bool cv_transfer_outlives(const struct cv_party *from)
{
	struct cv_transfer *tr = from->call->transfer;

	if (!tr || tr->by != from->end)
		return false;

	tr->alone = true;

	return true;
}

void cv_transfer_off(struct cv_call *call)
{
	struct cv_transfer *tr = call->transfer;

	if (!tr)
		return;

	tr->alone = false; /* the call ends by itself, with what is open in it */
	tr->offer = cv_mem_unref(tr->offer);
	cv_transfer_fail(tr, 487, "the call to be transferred ended");
}
