/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * CANCEL of an INVITE of ours (RFC 3261 9.1). Signalling thread.
 *
 * The stack's own CANCEL would do, but not for an INVITE that it has been told
 * to treat as a proxy's (see late.c): on a stream it forgets such a one when it
 * cancels it, and the 487 has no ACK. So the CANCEL is a request of our own,
 * which bears the INVITE's branch and goes where that went, and the INVITE
 * lives on until its final response, or until nobody waits for it any more.
 */
#include "config.h"

#include <errno.h>

#include "base/log.h"
#include "base/mem.h"
#include "sip/sent_int.h"

enum { PATIENCE_MS = 32000 }; /* 64*T1 after the CANCEL: RFC 3261 9.1 */

/* What RFC 3261 9.1 and RFC 3841 10 want in it, and why. NULL: ENOMEM. */
static msg_t *request(const struct cv_sip_txn *t, const sip_t *invite,
		      const struct cv_msg *m)
{
	const char *elsewhere = "SIP;cause=200;text=\"Call completed elsewhere\"";
	const sip_reason_t *reason = m->src ? m->src->pub->sip_reason : NULL;
	msg_t *msg = nta_msg_create(t->leg->sip->agent, 0);
	su_home_t *home = msg ? msg_home(msg) : NULL;
	sip_via_t via;

	if (!msg)
		return NULL;

	via = *invite->sip_via;
	via.v_next = NULL;
	if (sip_add_tl(msg, sip_object(msg),
		       SIPTAG_REQUEST(sip_request_create(
			       home, SIP_METHOD_CANCEL,
			       (const url_string_t *)invite->sip_request->rq_url, NULL)),
		       SIPTAG_VIA(&via), SIPTAG_MAX_FORWARDS(invite->sip_max_forwards),
		       SIPTAG_ROUTE(invite->sip_route), SIPTAG_FROM(invite->sip_from),
		       SIPTAG_TO(invite->sip_to), SIPTAG_CALL_ID(invite->sip_call_id),
		       SIPTAG_CSEQ(sip_cseq_create(home, invite->sip_cseq->cs_seq,
						   SIP_METHOD_CANCEL)),
		       SIPTAG_ACCEPT_CONTACT(invite->sip_accept_contact),
		       SIPTAG_REJECT_CONTACT(invite->sip_reject_contact),
		       SIPTAG_REQUEST_DISPOSITION(invite->sip_request_disposition),
		       TAG_IF(reason, SIPTAG_REASON(reason)),
		       TAG_IF(m->status == 200, SIPTAG_REASON_STR(elsewhere)),
		       TAG_END()) < 0) {
		msg_destroy(msg);
		return NULL;
	}

	return msg;
}

static void on_impatient(void *arg)
{
	struct cv_sip_txn *t = arg;

	cv_debug("sip", "no final response after cancel call=%s", t->leg->call);
	cv_sip_timed_out(t);
}

static int wait_for_end(struct cv_sip_txn *t)
{
	int err = cv_timer_new(&t->patience, t->leg->sip->loop, on_impatient, t);

	return err ? err : cv_timer_set(t->patience, PATIENCE_MS);
}

/* By the very connection of the INVITE: if that has closed, there is nobody to tell. */
static void transmit(struct cv_sip_txn *t, msg_t *msg)
{
	tport_t *tp = nta_outgoing_transport(t->orq);
	nta_outgoing_t *orq = NULL;
	url_string_t *route = NULL;

	if (tp && !tport_is_secondary(tp))
		route = cv_sip_hop_url(msg_home(msg), &t->hop, CV_TRANSPORT_UDP);
	if (tp && (route || tport_is_secondary(tp)))
		orq = nta_outgoing_mcreate(t->leg->sip->agent, NULL, NULL, route, msg,
					   NTATAG_TPORT(tp), NTATAG_USER_VIA(1),
					   NTATAG_BRANCH_KEY(nta_outgoing_branch(t->orq)),
					   TAG_END());
	if (!orq) {
		msg_destroy(msg);
		cv_debug("sip", "cancel not sent call=%s", t->leg->call);
	}
	if (tp)
		tport_unref(tp);
}

void cv_sip_cancel_due(struct cv_sip_txn *t)
{
	msg_t *msg = t->cancel;

	if (!msg || nta_outgoing_status(t->orq) < 100)
		return;

	t->cancel = NULL;
	transmit(t, msg);
	if (wait_for_end(t))
		cv_debug("sip", "waits for ever call=%s", t->leg->call);
}

void cv_sip_cancel(struct cv_txn *base, const struct cv_msg *m)
{
	struct cv_sip_txn *t = (struct cv_sip_txn *)base;
	msg_t *invite;

	if (!t->orq || t->final || t->cancelled || t->base.method != CV_METHOD_INVITE)
		return;

	invite = nta_outgoing_getrequest(t->orq);
	if (!invite)
		return;

	t->cancelled = true;
	t->cancel = request(t, sip_object(invite), m);
	msg_unref(invite);
	cv_sip_cancel_due(t);
}

void cv_sip_cancel_drop(struct cv_sip_txn *t)
{
	t->patience = cv_mem_unref(t->patience);
	if (t->cancel)
		msg_destroy(t->cancel);

	t->cancel = NULL;
}
