/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How a transfer begins that is answered here: what the REFER asks for, whether
 * it may, and the bridge in a new call or in one that is there. Signalling
 * thread.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>

#include "base/mem.h"
#include "call/transfer.h"

enum {
	TRANSFERS_MAX = 5, /* in a row of one call: two edges that transfer to each other
			      stop there */
};

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

static int transfer_new(struct cv_transfer **tp, struct cv_party *from)
{
	struct cv_call *old = from->call;
	struct cv_transfer *tr;
	int err;

	tr = cv_mem_new(sizeof(*tr), transfer_fini);
	if (!tr)
		return ENOMEM;

	tr->ops = cv_transfer_bridge;
	tr->ops.keep = from->leg->ops->keep; /* what goes by it came from there */
	tr->leg.ops = &tr->ops;
	tr->leg.place = cv_call_other(from)->place;
	tr->by = from->end;
	tr->asked = cv_mem_new(sizeof(*tr->asked), NULL);
	err = tr->asked ? cv_timer_new(&tr->timer, old->calls->env.loop,
				       cv_transfer_timer, tr)
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
	rq.for_peer = cv_call_peer(cv_call_other(from));
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
	    call->state != CV_CALL_ANSWERED || call->transfer ||
	    cv_transfer_is_inviting(call))
		return ESTALE;

	tr->reason = call->reason;
	is = cv_call_reason_with(p, &tr->leg.place, cv_call_peer(cv_call_other(from)));
	if (!cv_reason_is_relay(call->reason))
		call->reason = is; /* a relay that is there stays */
	if (call->transfers < from->call->transfers)
		call->transfers = from->call->transfers;
	++call->transfers;
	cv_origin_copy(&tr->shown, &call->talk.origin[p->end]);
	keep_session(cv_call_other(from), p);
	tr->parked = p->leg; /* with its reference */
	tr->parked->events = &cv_transfer_parked;
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
		    cv_call_peer(cv_transfer_stays(tr)));
	cv_pair_reply(a->t, 202);
	cv_transfer_report(tr, 100);
	if (r->replaced) {
		err = attended(tr, a->from, r->replaced);
		if (err)
			cv_transfer_fail(tr, 481, "the call to be replaced is not there");
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
