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
	TRANSFERS_MAX = 5, /* in a row of one call: two edges that transfer to each other
			      stop there */
	REPORTS_MAX = 16,  /* NOTIFYs of one transfer */
	LIFE_S = 180,      /* what a NOTIFY says; nobody rings longer: timer C */
	AGAIN_MS = 2100,   /* after a 491 of R, who began its call: RFC 3261 14.1 */
	AGAIN_MAX = 5,     /* C repeats its 2xx for 32 s */
};

enum state {
	STATE_ASKING = 0, /* C was asked for an offer, or rings */
	STATE_WAITING,    /* R has something else open: it is asked a little later */
	STATE_OFFERING,   /* R was asked */
	STATE_OVER,
};

struct cv_transfer {
	struct cv_leg leg;    /* the bridge; its arg is a party of the other call */
	struct cv_txn *asked; /* the INVITE that came of it; owned */
	struct cv_call *old;  /* of T and R; NULL: over */
	enum cv_end by;       /* T's end there */
	enum state state;
	bool alone;    /* T hung up, or R is dead: nothing to go back to */
	bool refused;  /* T was told how it ended */
	uint16_t told; /* status reported last */
	unsigned reports, tries;
	struct cv_txn *offer;  /* our re-INVITE to R; owned; NULL: none open */
	struct cv_leg *parked; /* attended: T's leg in the other call; owned; NULL */
	enum cv_reason reason; /* that call's, as it was with T */
	struct cv_origin shown; /* o= that T saw in it; owned */
	char *type, *body;     /* C's offer; owned; NULL until it came */
	size_t len;
	struct cv_timer *timer;
};

static const struct cv_leg_ops bridge_ops;
static const struct cv_leg_events parked_events;

static void transfer_fini(void *obj)
{
	struct cv_transfer *tr = obj;

	cv_mem_unref(tr->timer);
	cv_mem_unref(tr->asked);
	cv_mem_unref(tr->offer);
	cv_origin_free(&tr->shown);
	free(tr->type);
	free(tr->body);
}

static struct cv_party *transferor(const struct cv_transfer *tr)
{
	return &tr->old->party[tr->by];
}

static struct cv_party *stays(const struct cv_transfer *tr)
{
	return cv_call_other(transferor(tr));
}

/* Party of the other call; NULL: that isn't there any more. */
static struct cv_party *bridged(const struct cv_transfer *tr)
{
	return tr->leg.events ? tr->leg.arg : NULL;
}

static const char *peer_name(const struct cv_party *p)
{
	return p->end == CV_END_A ? p->call->from_peer : p->call->peer;
}

bool cv_transfer_is_ours(const struct cv_party *from)
{
	const char *name = peer_name(cv_call_other((struct cv_party *)from));
	const struct cv_conf_peer *peer;

	peer = name ? cv_conf_peer_find(from->call->calls->env.conf, cv_str_of(name))
		    : NULL;

	return peer && peer->refer == CV_REFER_ANSWER;
}

bool cv_transfer_is_offering(const struct cv_call *call)
{
	return call->transfer && call->transfer->state == STATE_OFFERING;
}

/* RFC 3515 2.4.5; the phrase is for people. */
static const char *phrase(uint16_t status)
{
	if (status < 200)
		return status == 100 ? "Trying" : "Ringing";

	return status < 300 ? "OK" : "Refused";
}

static void report(struct cv_transfer *tr, uint16_t status)
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
	struct cv_leg *leg = tr->old ? transferor(tr)->leg : NULL;
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
	const struct cv_leg *leg = cv_call_other(p)->leg;
	struct cv_pair *pair = tr->asked->arg;

	tr->asked->leg = NULL;
	if (!pair || pair->acking)
		return;

	pair->canceled = true;
	if (leg && pair->out && p->call->state != CV_CALL_OVER)
		leg->ops->cancel(pair->out);
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
static void fail(struct cv_transfer *tr, uint16_t status, const char *why)
{
	struct cv_party *p = bridged(tr);
	struct cv_call *old = tr->old;
	bool answered = tr->body != NULL;
	/* R may agree yet to what isn't there any more */
	bool over = tr->alone || tr->offer;

	if (tr->state == STATE_OVER)
		return;

	cv_mem_ref(tr);
	tr->state = STATE_OVER;
	cv_timer_stop(tr->timer);
	report(tr, status);
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
				487);
	part(tr);
	if (old && over)
		cv_call_finish(old, &(struct cv_call_end){"edge", "transfer-failed", 0});
	cv_mem_unref(tr);
}

/* R's leg goes over to the other call, T's are ended. */
static void join(struct cv_transfer *tr)
{
	struct cv_party *p = bridged(tr), *r = stays(tr);
	struct cv_call *old = tr->old;

	report(tr, 200);
	tr->state = STATE_OVER;
	cv_timer_stop(tr->timer);
	tr->leg.events = NULL;
	tr->asked->leg = NULL;
	cv_call_party_peer(p, peer_name(r));
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
	struct cv_leg *leg = stays(tr)->leg;
	struct cv_call *old = cv_mem_ref(tr->old);
	struct cv_party *p = bridged(tr);

	cv_ladder_note(old, stays(tr)->end, CV_LADDER_OUT, &plain);
	(void)leg->ops->ack(tr->offer, &plain);
	tr->offer = cv_mem_unref(tr->offer);
	if (p)
		tr->leg.events->request(p, tr->asked, &ack);

	if (tr->state == STATE_OFFERING && bridged(tr))
		join(tr);
	else /* the answer has ended that call, and R has its ports */
		cv_call_finish(old, &(struct cv_call_end){"edge", "bad-answer", EBADMSG});

	cv_mem_unref(old);
}

static bool is_inviting(const struct cv_call *call)
{
	for (const struct cv_list *n = call->pairs.next; n != &call->pairs; n = n->next) {
		if (CV_CONTAINER(n, struct cv_pair, node)->method == CV_METHOD_INVITE)
			return true;
	}

	return false;
}

static void ask_later(struct cv_transfer *tr)
{
	tr->state = STATE_WAITING;
	if (++tr->tries > AGAIN_MAX || cv_timer_set(tr->timer, AGAIN_MS))
		fail(tr, 491, "the party that stays has no time");
}

/* Puts C's offer to R. */
static void offer(struct cv_transfer *tr)
{
	struct cv_leg *leg = stays(tr)->leg;
	const struct cv_msg m = {
		.method = CV_METHOD_INVITE,
		.type = cv_str_of(tr->type),
		.body = cv_str_make(tr->body, tr->len),
	};
	struct cv_txn *t;
	int err;

	if (is_inviting(tr->old)) {
		ask_later(tr);
		return;
	}

	tr->state = STATE_OFFERING;
	err = leg ? leg->ops->request(leg, &t, &m, NULL) : ESTALE;
	if (err) {
		fail(tr, 500, strerror(err));
		return;
	}

	cv_ladder_note(tr->old, stays(tr)->end, CV_LADDER_OUT, &m);
	tr->offer = cv_mem_ref(t);
}

static void on_timer(void *arg)
{
	struct cv_transfer *tr = cv_mem_ref(arg);

	if (tr->state == STATE_WAITING)
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
			fail(tr, m->status, "the party that stays refused");
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
		report(tr, m->status);
		return m->reliable ? ENOTSUP : 0;
	}

	if (m->status >= 300) {
		if (!tr->parked)
			tr->leg.events = NULL; /* it ends by itself */
		fail(tr, m->status, "the new party refused");
		return 0;
	}

	if (m->body.len == 0)
		return EBADMSG; /* it was asked for an offer */

	err = keep_offer(tr, m);
	if (!err)
		err = cv_timer_set(tr->timer, 0); /* when that call has settled */
	tr->state = STATE_WAITING;

	return err;
}

static int bridge_ack(struct cv_txn *invite, const struct cv_msg *m)
{
	(void)invite;
	(void)m;

	return ESTALE;
}

static void bridge_cancel(struct cv_txn *t)
{
	(void)t; /* it never has an INVITE of that call's */
}

static void bridge_end(struct cv_leg *leg, int err)
{
	struct cv_transfer *tr = (struct cv_transfer *)leg;

	leg->events = NULL;
	if (tr->asked)
		tr->asked->leg = NULL;
	fail(tr, err == EHOSTUNREACH ? 480 : 500, "the new call ended");
}

static const struct cv_leg_ops bridge_ops = {
	.request = bridge_request,
	.respond = bridge_respond,
	.ack = bridge_ack,
	.cancel = bridge_cancel,
	.end = bridge_end,
};

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

static struct cv_leg *parked_mate(void *arg)
{
	(void)arg;

	return NULL;
}

static const struct cv_leg_events parked_events = {
	.request = parked_request,
	.response = parked_response,
	.gone = parked_gone,
	.mate = parked_mate,
};

static int transfer_new(struct cv_transfer **tp, struct cv_party *from)
{
	struct cv_call *old = from->call;
	struct cv_transfer *tr;
	int err;

	tr = cv_mem_new(sizeof(*tr), transfer_fini);
	if (!tr)
		return ENOMEM;

	tr->leg.ops = &bridge_ops;
	tr->leg.place = cv_call_other(from)->place;
	tr->by = from->end;
	tr->asked = cv_mem_new(sizeof(*tr->asked), NULL);
	err = tr->asked ? cv_timer_new(&tr->timer, old->calls->env.loop, on_timer, tr)
			: ENOMEM;
	if (err) {
		cv_mem_unref(tr);
		return err;
	}

	*tr->asked = (struct cv_txn){
		.leg = &tr->leg, .method = CV_METHOD_INVITE, .incoming = true};
	*tp = tr;

	return 0;
}

/* R's dialog goes on with the session it has seen so far (RFC 3264 8). */
static void keep_session(const struct cv_party *r, struct cv_party *p)
{
	cv_origin_copy(&p->call->talk.origin[p->end], &r->call->talk.origin[r->end]);
}

static int blind(struct cv_transfer *tr, struct cv_party *from, const struct cv_refer *r)
{
	struct cv_request rq = r->rq;
	struct cv_party *p;
	int err;

	rq.place = tr->leg.place;
	rq.for_peer = peer_name(cv_call_other(from));
	rq.stands_in = true;
	err = cv_call_start(from->call->calls, &rq, &tr->leg, tr->asked);
	if (err)
		return err;

	p = tr->leg.arg;
	p->call->transfers = from->call->transfers + 1;
	keep_session(cv_call_other(from), p);

	return 0;
}

/* The bridge takes T's place in its other call and asks for an offer there. */
static int attended(struct cv_transfer *tr, struct cv_party *from, struct cv_leg *other)
{
	const struct cv_msg ask = {.method = CV_METHOD_INVITE};
	struct cv_party *p = other->arg;
	struct cv_call *call = p->call;
	enum cv_reason is;

	if (other->events != &cv_call_events || call == from->call ||
	    call->state != CV_CALL_ANSWERED || call->transfer || is_inviting(call))
		return ESTALE;

	tr->reason = call->reason;
	is = cv_call_reason_with(p, &tr->leg.place, peer_name(cv_call_other(from)));
	if (!cv_reason_is_relay(call->reason))
		call->reason = is; /* a relay that is there stays */
	if (call->transfers < from->call->transfers)
		call->transfers = from->call->transfers;
	++call->transfers;
	cv_origin_copy(&tr->shown, &call->talk.origin[p->end]);
	keep_session(cv_call_other(from), p);
	tr->parked = p->leg; /* with its reference */
	tr->parked->events = &parked_events;
	tr->parked->arg = tr;
	p->leg = cv_mem_ref(&tr->leg);
	tr->leg.events = &cv_call_events;
	tr->leg.arg = p;
	tr->leg.events->request(p, tr->asked, &ask);

	return 0;
}

struct asked {
	struct cv_party *from;
	struct cv_txn *t;
	bool accepted;
};

static int take(void *arg, const struct cv_refer *r)
{
	struct asked *a = arg;
	struct cv_call *old = a->from->call;
	struct cv_transfer *tr;
	int err;

	err = transfer_new(&tr, a->from);
	if (err)
		return err;

	if (!r->replaced) {
		err = blind(tr, a->from, r);
		if (err)
			goto out;
	}

	a->accepted = true;
	tr->old = old;
	old->transfer = cv_mem_ref(tr);
	cv_evid_add(old->evid, "transfer", r->replaced ? "attended" : "blind",
		    "answered here for %s, which isn't sent a REFER",
		    peer_name(stays(tr)));
	cv_pair_reply(a->t, 202);
	report(tr, 100);
	if (r->replaced) {
		err = attended(tr, a->from, r->replaced);
		if (err)
			fail(tr, 481, "the call to be replaced is not there");
	}
	err = 0;

out:
	cv_mem_unref(tr);

	return err;
}

static uint16_t refusal(int err)
{
	switch (err) {
	case EBADMSG:
		return 400;
	case EACCES:
	case EDQUOT:
		return 403;
	case ENOENT:
		return 404;
	case EHOSTUNREACH:
	case ESTALE:
		return 480;
	case EALREADY:
		return 491;
	default:
		return 503;
	}
}

void cv_transfer_start(struct cv_party *from, struct cv_txn *t, const struct cv_msg *m)
{
	struct asked a = {.from = from, .t = t};
	struct cv_call *call = from->call;
	int err = 0;

	if (call->state != CV_CALL_ANSWERED || call->setup || call->transfer)
		err = EALREADY;
	else if (call->transfers >= TRANSFERS_MAX)
		err = EDQUOT;
	else if (!from->leg || !from->leg->ops->refer)
		err = EBADMSG;

	if (!err)
		err = from->leg->ops->refer(t, m, take, &a);
	if (!err || a.accepted)
		return;

	cv_info("call", "transfer refused call=%s why=%s", call->id,
		cv_call_refusal_name(err));
	cv_evid_add(call->evid, "transfer", "refused", "%s", cv_call_refusal_name(err));
	cv_pair_reply(t, refusal(err));
}

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
	fail(tr, 487, "the call to be transferred ended");
}
