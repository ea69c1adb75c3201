/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Legs and transactions: what incoming and outgoing share, and how they end.
 * Signalling thread.
 *
 * A leg lives in sip->legs until the call has let go of it and its last
 * transaction is over; so a BYE is still repeated, and a 2xx that crosses a
 * CANCEL still acknowledged and ended, when the call is long gone.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "base/mem.h"
#include "sip/refer_int.h"
#include "sip/sent_int.h"
#include "sip/sip_int.h"

static void leg_fini(void *obj)
{
	struct cv_sip_leg *leg = obj;

	cv_list_del(&leg->node);
	cv_sip_early_drop(leg);
	if (leg->dialog)
		nta_leg_destroy(leg->dialog);

	cv_mem_unref(leg->grace);
	cv_mem_unref(leg->phone);
	cv_mem_unref(leg->link);
	free(leg->peer);
	free(leg->self);
}

int cv_sip_leg_alloc(struct cv_sip_leg **lp, struct cv_sip *s)
{
	struct cv_sip_leg *leg;

	leg = cv_mem_new(sizeof(*leg), leg_fini);
	if (!leg)
		return ENOMEM;

	leg->base.ops = &cv_sip_leg_ops;
	leg->sip = s;
	leg->listen = CV_LISTEN_NONE;
	leg->call[0] = '-';
	cv_list_init(&leg->txns);
	cv_list_add(&s->legs, &leg->node);
	cv_mem_ref(leg);
	*lp = leg;

	return 0;
}

void cv_sip_leg_self(struct cv_sip_leg *leg, const url_t *url)
{
	char text[256];

	if (url_e(text, sizeof(text), url) >= (issize_t)sizeof(text))
		return;

	free(leg->self);
	leg->self = cv_mem_strdup(text);
}

static void txn_fini(void *obj)
{
	struct cv_sip_txn *t = obj;

	cv_mem_unref(t->leg);
}

int cv_sip_txn_new(struct cv_sip_txn **tp, struct cv_sip_leg *leg, enum cv_method method)
{
	struct cv_sip_txn *t;

	t = cv_mem_new(sizeof(*t), txn_fini);
	if (!t)
		return ENOMEM;

	t->base.leg = &leg->base;
	t->base.method = method;
	t->leg = cv_mem_ref(leg);
	cv_list_init(&t->rels);
	cv_list_add(&leg->txns, &t->node);
	*tp = t;

	return 0;
}

void cv_sip_txn_done(struct cv_sip_txn *t)
{
	struct cv_sip_leg *leg = t->leg;

	t->final = true;
	cv_sip_rel_drop(t);
	cv_sip_cancel_drop(t);
	if (t->irq) {
		nta_incoming_bind(t->irq, NULL, NULL);
		nta_incoming_destroy(t->irq);
		t->irq = NULL;
	}
	if (t->orq) {
		nta_outgoing_destroy(t->orq);
		t->orq = NULL;
	}
	if (!cv_list_is_linked(&t->node))
		return;

	cv_mem_ref(leg);
	cv_list_del(&t->node);
	t->base.leg = NULL;
	cv_mem_unref(t);
	cv_sip_leg_settle(leg);
	cv_mem_unref(leg);
}

/* Content type with its parameters: a multipart body can't be read without its boundary.
 */
static struct cv_str type_text(su_home_t *home, const sip_content_type_t *c)
{
	struct cv_buf b = {0};
	char *text = NULL;

	if (!c->c_params || !c->c_params[0])
		return cv_str_of(c->c_type);

	cv_buf_printf(&b, "%s", c->c_type);
	for (size_t i = 0; c->c_params[i]; ++i)
		cv_buf_printf(&b, ";%s", c->c_params[i]);

	if (cv_buf_err(&b) == 0)
		text = su_strndup(home, b.p, (isize_t)b.len);
	cv_buf_free(&b);

	return cv_str_of(text ? text : c->c_type);
}

/* What a message says of a subscription's life (RFC 6665). */
static int32_t lives_of(const sip_t *sip)
{
	const sip_subscription_state_t *ss = sip->sip_subscription_state;
	uint64_t n;

	if (ss && ss->ss_substate && strcasecmp(ss->ss_substate, "terminated") == 0)
		return CV_LIVES_OVER;

	if (ss)
		return ss->ss_expires && cv_str_u64(&n, cv_str_of(ss->ss_expires),
						    INT32_MAX) == 0
			       ? (int32_t)n
			       : CV_LIVES_UNSAID;

	if (!sip->sip_expires)
		return CV_LIVES_UNSAID;

	n = sip->sip_expires->ex_delta;

	return n == 0 ? CV_LIVES_OVER : n < INT32_MAX ? (int32_t)n : INT32_MAX;
}

/* RFC 4028 4 */
static void session_read(struct cv_msg *m, const sip_session_expires_t *x)
{
	m->session_s = (uint32_t)x->x_delta;
	m->session_uac = x->x_refresher && strcasecmp(x->x_refresher, "uac") == 0;
}

void cv_sip_msg(struct cv_msg *m, struct cv_sip_ref *ref, struct cv_sip *s, msg_t *msg,
		int status)
{
	const sip_t *sip = msg ? sip_object(msg) : NULL;

	memset(m, 0, sizeof(*m));
	memset(ref, 0, sizeof(*ref));
	m->status = (uint16_t)status;
	m->method = CV_METHOD_OTHER;
	if (!sip)
		return;

	ref->sip = s;
	ref->msg = msg;
	ref->pub = sip;
	m->src = ref;
	if (sip->sip_cseq)
		m->method = cv_sip_method(sip->sip_cseq->cs_method);
	if (sip->sip_session_expires)
		session_read(m, sip->sip_session_expires);
	m->lives_s = lives_of(sip);
	if (status == 503 && sip->sip_retry_after)
		m->rest_s = (uint32_t)sip->sip_retry_after->af_delta;
	if (sip->sip_content_type)
		m->type = type_text(msg_home(msg), sip->sip_content_type);
	if (sip->sip_payload)
		m->body =
			cv_str_make(sip->sip_payload->pl_data, sip->sip_payload->pl_len);
}

void cv_sip_leg_request(struct cv_sip_txn *t, const struct cv_msg *m)
{
	struct cv_sip_leg *leg = t->leg;

	if (leg->ended || !leg->base.events)
		return;

	cv_mem_ref(leg);
	cv_mem_ref(t);
	leg->base.events->request(leg->base.arg, &t->base, m);
	cv_mem_unref(t);
	cv_mem_unref(leg);
}

void cv_sip_leg_response(struct cv_sip_txn *t, const struct cv_msg *m)
{
	struct cv_sip_leg *leg = t->leg;

	if (leg->ended || !leg->base.events)
		return;

	cv_mem_ref(leg);
	cv_mem_ref(t);
	leg->base.events->response(leg->base.arg, &t->base, m);
	cv_mem_unref(t);
	cv_mem_unref(leg);
}

void cv_sip_leg_gone(struct cv_sip_leg *leg, int err)
{
	if (leg->ended || !leg->base.events)
		return;

	cv_mem_ref(leg);
	leg->base.events->gone(leg->base.arg, err);
	cv_mem_unref(leg);
}

/* The same dialog once more, but for the CSeq it heard last. NULL: it can't be had. */
static nta_leg_t *dialog_again(struct cv_sip_leg *leg, nta_leg_t *was, uint32_t heard)
{
	nta_agent_t *agent = leg->sip->agent;
	msg_t *msg = nta_msg_create(agent, 0); /* its headers say what the dialog is */
	const sip_contact_t *target = NULL;
	const sip_route_t *route = NULL;
	nta_leg_t *is = NULL;
	const sip_t *sip;

	if (!msg)
		return NULL;

	if (nta_msg_request_complete(msg, was, SIP_METHOD_OPTIONS, NULL) < 0 ||
	    nta_leg_get_route(was, &route, &target) < 0)
		goto out;

	sip = sip_object(msg);
	is = nta_leg_tcreate(
		agent, cv_sip_on_dialog, leg, SIPTAG_CALL_ID(sip->sip_call_id),
		SIPTAG_FROM((const sip_from_t *)sip->sip_from), SIPTAG_TO(sip->sip_to),
		SIPTAG_CSEQ(sip->sip_cseq), NTATAG_REMOTE_CSEQ(heard),
		TAG_IF(route, SIPTAG_ROUTE(route)), TAG_IF(target, NTATAG_TARGET(target)),
		TAG_END());
	if (is && target && !route)
		(void)nta_leg_client_reroute(is, NULL, target, 1); /* that set is final */

out:
	msg_destroy(msg);

	return is;
}

/* The stack moves a dialog's CSeq before we are asked, and has no call to put it back:
 * whoever has seen the tags could make it refuse all that its party says. */
void cv_sip_leg_unhear(struct cv_sip_leg *leg, nta_leg_t *dialog)
{
	nta_leg_t **place = leg->dialog == dialog ? &leg->dialog : NULL, *is;
	uint32_t heard = place ? leg->heard : 0;

	for (size_t i = 0; !place && i < leg->earlyc; ++i) {
		if (leg->early[i].dialog == dialog)
			place = &leg->early[i].dialog;
	}

	is = place ? dialog_again(leg, dialog, heard) : NULL;
	if (!is)
		return;

	nta_leg_destroy(dialog);
	*place = is;
}

/* A 2xx of ours that waits for its ACK: no BYE before that (RFC 3261 15). */
static bool awaits_ack(const struct cv_sip_leg *leg)
{
	for (const struct cv_list *n = leg->txns.next; n != &leg->txns; n = n->next) {
		const struct cv_sip_txn *t = CV_CONTAINER(n, struct cv_sip_txn, node);

		if (t->irq && t->base.method == CV_METHOD_INVITE)
			return true;
	}

	return false;
}

void cv_sip_leg_settle(struct cv_sip_leg *leg)
{
	if (!leg->ended || !cv_list_is_linked(&leg->node))
		return;

	cv_mem_ref(leg);
	if (leg->confirmed && !leg->bye && !awaits_ack(leg)) {
		leg->bye = true;
		if (cv_sip_bye(leg))
			cv_debug("sip", "bye not sent call=%s", leg->call);
	}

	/* a BYE that could not be sent has settled the leg already */
	if (cv_list_is_empty(&leg->txns) && cv_list_is_linked(&leg->node)) {
		cv_list_del(&leg->node);
		cv_mem_unref(leg);
	}
	cv_mem_unref(leg);
}

/* Everything that is still open is answered or given up. */
static void let_go(struct cv_sip_leg *leg, int err)
{
	const struct cv_msg m = {.status =
					 (uint16_t)cv_sip_status(err ? err : ECANCELED)};
	struct cv_list *n, *tmp;

	CV_LIST_FOREACH (n, tmp, &leg->txns) {
		struct cv_sip_txn *t = CV_CONTAINER(n, struct cv_sip_txn, node);

		if (t->irq && !t->final)
			(void)cv_sip_respond(&t->base, &m);
		else if (t->orq && t->base.method == CV_METHOD_INVITE && !t->final)
			cv_sip_cancel(&t->base, &(struct cv_msg){0});
		else if (t->owes_ack && cv_sip_ack(&t->base, &(struct cv_msg){0}))
			cv_sip_txn_done(t); /* its connection is gone: nobody to tell */
	}
}

static void leg_end(struct cv_leg *base, int err)
{
	struct cv_sip_leg *leg = (struct cv_sip_leg *)base;

	if (leg->ended)
		return;

	cv_mem_ref(leg);
	leg->ended = true;
	base->events = NULL;
	leg->grace = cv_mem_unref(leg->grace);
	let_go(leg, err);
	cv_sip_leg_settle(leg);
	cv_mem_unref(leg);
}

void cv_sip_leg_close(struct cv_sip_leg *leg)
{
	struct cv_list *n, *tmp;

	cv_mem_ref(leg);
	leg->ended = leg->bye = true; /* no BYE any more: the agent is about to go */
	leg->base.events = NULL;
	CV_LIST_FOREACH (n, tmp, &leg->txns) {
		cv_sip_txn_done(CV_CONTAINER(n, struct cv_sip_txn, node));
	}

	cv_sip_leg_settle(leg);
	cv_sip_early_drop(leg);
	if (leg->dialog)
		nta_leg_destroy(leg->dialog);
	leg->dialog = NULL;
	leg->link = cv_mem_unref(leg->link);
	leg->phone = cv_mem_unref(leg->phone);
	leg->grace = cv_mem_unref(leg->grace);
	cv_mem_unref(leg);
}

/* A message with the origin it came from. */
struct kept {
	struct cv_sip_ref ref;
	struct cv_sip_origin origin;
	void *conf; /* origin.peer belongs to it; referenced */
};

static void kept_fini(void *obj)
{
	struct kept *k = obj;

	cv_sip_origin_done(&k->origin);
	cv_mem_unref(k->conf);
	msg_unref(k->ref.msg);
}

static int keep(struct cv_sip_ref **rp, const struct cv_sip_ref *ref)
{
	struct kept *k = cv_mem_new(sizeof(*k), kept_fini);

	if (!k)
		return ENOMEM;

	k->ref = *ref;
	(void)msg_ref(ref->msg);
	if (ref->origin) {
		k->ref.origin = &k->origin;
		k->origin = *ref->origin;
		(void)cv_mem_ref(k->origin.link);
		(void)cv_mem_ref(k->origin.evid);
		(void)cv_mem_ref(k->origin.binding);
		k->conf = cv_mem_ref((void *)ref->sip->conf);
	}
	*rp = &k->ref;

	return 0;
}

const struct cv_leg_ops cv_sip_leg_ops = {
	.request = cv_sip_send,
	.respond = cv_sip_respond,
	.ack = cv_sip_ack,
	.cancel = cv_sip_cancel,
	.refer = cv_sip_referred,
	.contacts = cv_sip_contacts,
	.redirected = cv_sip_redirected,
	.end = leg_end,
	.keep = keep,
};
