/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Incoming: the INVITE that starts a call, requests in a dialog, and the
 * responses we send. Signalling thread.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "sip/refer_int.h"
#include "sip/reg_int.h"
#include "sip/sip_int.h"

enum {
	RETRY_S = 5
}; /* Retry-After of a 503: a full edge frees ports within the quarantine */

static bool is_from_party(const struct cv_sip_leg *leg, msg_t *msg)
{
	const struct cv_conf_peer *peer;
	struct cv_addr seen;

	cv_sip_addr(&seen, msg_addr(msg));
	if (cv_net_is_same_host(leg->sip->net, &leg->hop, &seen))
		return true;

	peer = leg->peer ? cv_conf_peer_find(leg->sip->conf, cv_str_of(leg->peer)) : NULL;

	return peer && cv_sip_is_peer_host(leg->sip, peer, &seen);
}

/* ACK of our 2xx, CANCEL, or (sip == NULL) no ACK for 64*T1. */
static int on_ack_cancel(nta_incoming_magic_t *magic, nta_incoming_t *irq,
			 const sip_t *sip)
{
	struct cv_sip_txn *t = magic;
	struct cv_sip_leg *leg = t->leg;
	struct cv_sip_ref ref;
	struct cv_msg m;
	msg_t *msg = NULL;

	cv_mem_ref(leg);
	cv_mem_ref(t);
	if (!sip) {
		if (t->confirms && nta_incoming_status(irq) < 200)
			leg->confirmed = false; /* its 2xx still waited for a PRACK */
		cv_sip_txn_done(t);
		cv_sip_leg_gone(leg, ETIMEDOUT);
		goto out;
	}

	/* nta keeps the ACK or CANCEL as the transaction's last request */
	msg = nta_incoming_getrequest_ackcancel(irq);
	cv_sip_msg(&m, &ref, leg->sip, msg, 0);
	m.method = cv_sip_method(sip->sip_request->rq_method);
	if (m.method == CV_METHOD_CANCEL && msg && !is_from_party(leg, msg))
		goto out; /* who saw a branch can't end the call */

	if (sip->sip_request->rq_method == sip_method_ack && leg->dialog)
		leg->confirmed = true;

	cv_sip_leg_request(t, &m);
	if (m.method == CV_METHOD_ACK)
		cv_sip_txn_done(t);

out:
	if (msg)
		msg_unref(msg);
	cv_mem_unref(t);
	cv_mem_unref(leg);

	return 0;
}

static char *url_text(su_home_t *home, const url_t *url)
{
	char *text = url_as_string(home, url);

	return text ? text : su_strdup(home, "");
}

void cv_sip_request(struct cv_sip *s, struct cv_request *rq, struct cv_sip_ref *ref,
		    const struct cv_sip_origin *o)
{
	const sip_t *sip = ref->pub;
	const url_t *ruri = sip->sip_request->rq_url;
	struct cv_binding *b = NULL;

	memset(rq, 0, sizeof(*rq));
	cv_sip_msg(&rq->msg, ref, s, ref->msg, 0);
	ref->origin = o;
	rq->method = cv_sip_method(sip->sip_request->rq_method);
	rq->who = o->who;
	rq->peer = o->peer ? o->peer->name : NULL;
	rq->home_peer = o->binding ? o->binding->home : NULL;
	rq->binding = o->binding ? o->binding->id : 0;
	rq->call_id = cv_str_of(sip->sip_call_id->i_id);
	rq->from_tag = cv_str_of(sip->sip_from->a_tag);
	rq->cseq = sip->sip_cseq->cs_seq;
	rq->max_forwards = sip->sip_max_forwards
				   ? (unsigned)sip->sip_max_forwards->mf_count
				   : CV_SIP_HOPS;
	rq->max_breadth = cv_sip_breadth(sip);
	rq->trail = o->trail;
	rq->ruri = cv_str_of(url_text(msg_home(ref->msg), ruri));
	rq->ruri_user = cv_str_of(ruri->url_user);
	rq->ruri_host = cv_str_of(ruri->url_host);
	rq->ruri_ours = cv_sip_is_ours(s, ruri->url_host);
	rq->ruri_token = cv_bind_by_token(s->binds, &b, rq->ruri_user) == 0;
	rq->flow_token = cv_sip_flow_token(s, sip);
	rq->from_user = cv_str_of(sip->sip_from->a_url->url_user);
	rq->from_host = cv_str_of(sip->sip_from->a_url->url_host);
	rq->to_user = cv_str_of(sip->sip_to->a_url->url_user);
	rq->to_host = cv_str_of(sip->sip_to->a_url->url_host);
	if (o->peer && cv_sip_trunk_by_token(s, ruri->url_user)) {
		rq->ruri_user = rq->to_user; /* the number that was called there */
		cv_evid_add(o->evid, "number", "from To",
			    "the request names our registration at peer %s",
			    o->peer->name);
	}
	rq->hide_media = cv_sip_privacy(sip) & CV_PRIVACY_SESSION;
	rq->place = o->place;
	rq->transport = o->transport;
	rq->evid = o->evid;
}

static bool makes_dialog(enum cv_method m)
{
	return m == CV_METHOD_INVITE || m == CV_METHOD_SUBSCRIBE || m == CV_METHOD_REFER;
}

bool cv_sip_has_target(enum cv_method m)
{
	return m != CV_METHOD_BYE && m != CV_METHOD_MESSAGE && m != CV_METHOD_PUBLISH &&
	       m != CV_METHOD_INFO;
}

/* The leg's dialog, when the request makes one. */
static int open_dialog(struct cv_sip_leg *leg, struct cv_sip_txn *t, nta_incoming_t *irq,
		       const sip_t *sip)
{
	struct cv_sip *s = leg->sip;

	t->irq = irq;
	t->base.incoming = true;
	if (!makes_dialog(t->base.method))
		return 0;

	leg->dialog = nta_leg_tcreate(
		s->agent, cv_sip_on_dialog, leg, SIPTAG_CALL_ID(sip->sip_call_id),
		SIPTAG_FROM(sip->sip_to), SIPTAG_TO(sip->sip_from), TAG_END());
	if (!leg->dialog || !nta_leg_tag(leg->dialog, NULL) ||
	    nta_leg_server_route(leg->dialog, sip->sip_record_route, sip->sip_contact) <
		    0)
		return ENOMEM;

	leg->routed = true;
	cv_sip_leg_self(leg, sip->sip_to->a_url);
	nta_incoming_tag(irq, nta_leg_get_tag(leg->dialog));
	if (t->base.method == CV_METHOD_INVITE) {
		nta_incoming_bind(irq, on_ack_cancel, t);
		cv_sip_rel_note(t, sip);
	}

	return 0;
}

static void take_origin(struct cv_sip_leg *leg, const struct cv_sip_origin *o)
{
	leg->link = cv_mem_ref(o->link);
	leg->hop = o->seen;
	leg->transport = o->transport;
	leg->listen = o->listen;
	leg->peer = o->peer ? cv_mem_strdup(o->peer->name) : NULL;
	cv_sip_flow_phone(leg, o->binding);
	leg->base.place = o->place;
}

/* The call refused it: nta's halves go back to the caller, who answers. */
static void unmake(struct cv_sip_leg *leg, struct cv_sip_txn *t, nta_incoming_t *irq)
{
	leg->ended = true;
	leg->base.events = NULL;
	leg->confirmed = false;
	if (t) {
		nta_incoming_bind(irq, NULL, NULL);
		t->irq = NULL;
		cv_sip_txn_done(t);
	} else {
		cv_sip_leg_settle(leg);
	}
}

static int start(struct cv_sip_leg *leg, nta_incoming_t *irq, const sip_t *sip,
		 const struct cv_sip_origin *o)
{
	struct cv_sip *s = leg->sip;
	struct cv_sip_txn *t = NULL;
	struct cv_sip_ref ref = {.sip = s, .pub = sip};
	struct cv_request rq;
	int err;

	ref.msg = nta_incoming_getrequest(irq);
	if (!ref.msg)
		return ENOMEM;

	take_origin(leg, o);
	err = cv_sip_txn_new(&t, leg, cv_sip_method(sip->sip_request->rq_method));
	if (err)
		goto out;

	err = open_dialog(leg, t, irq, sip);
	if (err)
		goto out;

	ref.pub = sip_object(ref.msg);
	cv_sip_request(s, &rq, &ref, o);
	err = rq.method == CV_METHOD_INVITE
		      ? cv_call_start(s->calls, &rq, &leg->base, &t->base)
		      : cv_sub_start(s->calls, &rq, &leg->base, &t->base);

out:
	if (err)
		unmake(leg, t, irq);
	msg_unref(ref.msg);

	return err;
}

/* A leg and a transaction for the calls; on refusal the answer. */
static void take_initial(struct cv_sip *s, nta_incoming_t *irq, const sip_t *sip,
			 const struct cv_sip_origin *o)
{
	struct cv_sip_leg *leg;
	int err, status;

	err = cv_sip_leg_alloc(&leg, s);
	if (!err) {
		err = start(leg, irq, sip, o);
		cv_mem_unref(leg);
	}
	if (!err)
		return;

	status = cv_sip_status(err);
	cv_sip_refuse(s, irq, status, status == 503 ? RETRY_S : 0);
}

/* RFC 3261 12.1.1: a dialog needs one */
static bool has_contact(const sip_t *sip)
{
	return sip->sip_contact && sip->sip_contact->m_url->url_host;
}

int cv_sip_on_invite(struct cv_sip *s, nta_incoming_t *irq, const sip_t *sip,
		     struct cv_sip_origin *o)
{
	if (!has_contact(sip))
		return 400;

	nta_incoming_treply(irq, SIP_100_TRYING, TAG_END());
	take_initial(s, irq, sip, o);

	return 0;
}

int cv_sip_on_other(struct cv_sip *s, nta_incoming_t *irq, const sip_t *sip,
		    struct cv_sip_origin *o)
{
	if (makes_dialog(cv_sip_method(sip->sip_request->rq_method)) && !has_contact(sip))
		return 400;

	take_initial(s, irq, sip, o);

	return 0;
}

/*
 * A request in a dialog counts only from the party's own host, from its peer's
 * addresses, or over a live registration of the same account: tags can be
 * guessed or seen (threats 20). A phone that went to another network may have
 * another Contact there and no instance.
 */
static bool is_party(const struct cv_sip_leg *leg, const struct cv_sip_origin *o)
{
	if (cv_net_is_same_host(leg->sip->net, &leg->hop, &o->seen))
		return true;

	if (leg->peer && o->peer)
		return strcmp(leg->peer, o->peer->name) == 0;

	return o->binding &&
	       (o->binding->id == leg->binding || cv_sip_flow_is_user(leg, o->binding));
}

/* The NAT gave the phone another port: follow it, in-dialog requests go there. */
static void follow(struct cv_sip_leg *leg, const struct cv_sip_origin *o)
{
	if (!leg->link ||
	    (leg->link->tp == o->link->tp && cv_addr_eq(&leg->hop, &o->seen)))
		return;

	cv_mem_unref(leg->link);
	leg->link = cv_mem_ref(o->link);
	leg->told = false;
	leg->hop = o->seen;
	leg->transport = o->transport;
	leg->listen = o->listen;
	leg->base.place.seen = o->seen;
	if (o->binding && cv_sip_flow_is_user(leg, o->binding))
		cv_sip_flow_phone(leg, o->binding);
}

int cv_sip_leg_hears(struct cv_sip_leg *leg, nta_incoming_t *irq, const sip_t *sip)
{
	struct cv_sip_origin o;
	int status = 0;

	if (cv_sip_origin_of(leg->sip, &o, irq, sip))
		return 503;

	if (is_party(leg, &o)) {
		follow(leg, &o);
	} else {
		cv_stat_add(leg->sip->stat, CV_STAT_requests_refused, 1);
		status = 403;
	}
	cv_sip_origin_done(&o);

	return status;
}

/* Requests that may move the remote target (RFC 3261 12.2, RFC 6665 3.1). */
static bool is_refresh(enum cv_method m)
{
	return m == CV_METHOD_INVITE || m == CV_METHOD_UPDATE ||
	       m == CV_METHOD_SUBSCRIBE || m == CV_METHOD_NOTIFY || m == CV_METHOD_REFER;
}

/* Ours is an INVITE that waits for its 2xx: only that decides who the other end is. */
static bool is_inviting(const struct cv_sip_leg *leg)
{
	for (const struct cv_list *n = leg->txns.next; n != &leg->txns; n = n->next) {
		const struct cv_sip_txn *t = CV_CONTAINER(n, struct cv_sip_txn, node);

		if (t->orq && t->base.method == CV_METHOD_INVITE)
			return !leg->confirmed;
	}

	return false;
}

/* A NOTIFY may come before the 2xx of its SUBSCRIBE, and makes the dialog then. */
static void take_target(struct cv_sip_leg *leg, const sip_t *sip, uint32_t fork)
{
	nta_leg_t *dialog = cv_sip_early_dialog(leg, fork);

	if (dialog == leg->dialog && is_inviting(leg))
		return;

	if (!nta_leg_get_rtag(dialog) && sip->sip_from->a_tag)
		nta_leg_rtag(dialog, sip->sip_from->a_tag);

	nta_leg_server_route(dialog, sip->sip_record_route, sip->sip_contact);
	if (dialog == leg->dialog)
		leg->routed = true;
}

static int take_in_dialog(struct cv_sip_leg *leg, nta_incoming_t *irq, const sip_t *sip)
{
	uint32_t fork = cv_sip_early_fork(leg, sip->sip_to->a_tag, sip->sip_from->a_tag);
	struct cv_sip_ref ref;
	struct cv_sip_txn *t;
	struct cv_msg m;
	msg_t *msg;
	int err;

	err = cv_sip_txn_new(&t, leg, cv_sip_method(sip->sip_request->rq_method));
	if (err)
		return 503;

	t->irq = irq;
	t->base.incoming = true;
	if (t->base.method == CV_METHOD_INVITE) {
		nta_incoming_bind(irq, on_ack_cancel, t);
		cv_sip_rel_note(t, sip);
	}

	if (t->base.method == CV_METHOD_BYE)
		leg->bye = true;

	if (sip->sip_contact && is_refresh(t->base.method))
		take_target(leg, sip, fork);

	msg = nta_incoming_getrequest(irq);
	cv_sip_msg(&m, &ref, leg->sip, msg, 0);
	m.fork = fork;
	cv_mem_ref(t);
	cv_sip_leg_request(t, &m);
	cv_mem_unref(t);
	if (msg)
		msg_unref(msg);

	return 0;
}

int cv_sip_on_dialog(nta_leg_magic_t *magic, nta_leg_t *dialog, nta_incoming_t *irq,
		     const sip_t *sip)
{
	struct cv_sip_leg *leg = magic;
	int status;

	if (sip->sip_request->rq_method == sip_method_ack) {
		nta_incoming_destroy(
			irq); /* not destroyed it leaks and slows every tick */
		return 0;
	}

	/* the stack matches a request without To tag loosely: it is a new one */
	if (!sip->sip_to->a_tag)
		return cv_sip_on_initial(leg->sip, irq, sip);

	cv_stat_add(leg->sip->stat, CV_STAT_requests_in, 1);
	if (leg->ended) /* a BYE that crosses ours is answered (RFC 3261 15.1.2) */
		return leg->bye && sip->sip_request->rq_method == sip_method_bye ? 200
										 : 481;
	if (cv_sip_refuse_tags(leg->sip, irq, sip))
		return 0;

	status = cv_sip_leg_hears(leg, irq, sip);
	if (status != 0) {
		cv_sip_leg_unhear(leg, dialog);
		return status;
	}

	/* the stack may give another dialog of the leg: early.c looks closer */
	if (dialog == leg->dialog)
		leg->heard = sip->sip_cseq->cs_seq;
	if (sip->sip_request->rq_method == sip_method_register ||
	    sip->sip_request->rq_method == sip_method_publish)
		return 405; /* they have no business in a call's dialog */

	cv_mem_ref(leg);
	status = take_in_dialog(leg, irq, sip);
	cv_mem_unref(leg);

	return status;
}

static int put_retry(msg_t *msg, unsigned s)
{
	char text[16];

	(void)snprintf(text, sizeof(text), "%u", s);

	return sip_add_tl(msg, sip_object(msg), SIPTAG_RETRY_AFTER_STR(text), TAG_END()) <
			       0
		       ? ENOMEM
		       : 0;
}

/* A response of our own making, or one passed on; NULL: ENOMEM. */
static msg_t *response_of(struct cv_sip_leg *leg, const struct cv_sip_txn *t,
			  const struct cv_msg *m)
{
	struct cv_sip *s = leg->sip;
	msg_t *msg = m->src ? cv_sip_copy(s, m->src->msg) : nta_msg_create(s->agent, 0);
	struct cv_sip_edge edge;
	char *contact;
	int err;

	if (!msg)
		return NULL;

	cv_sip_edge_of(leg, NULL, &edge);
	cv_sip_scrub(msg, &edge, NULL);
	err = cv_sip_body(msg, m->type, m->body);
	if (!err && m->src && m->status >= 300 && m->status < 400)
		err = cv_sip_pass_contacts(leg, m, msg);
	if (!err && m->retry_s > 0)
		err = put_retry(msg, m->retry_s);
	if (!err && m->status < 300 && cv_sip_has_target(t->base.method)) {
		contact = cv_sip_contact_uri(s, msg_home(msg), "", leg->listen,
					     leg->transport);
		contact = contact ? su_sprintf(msg_home(msg), "<%s>", contact) : NULL;
		if (!contact || sip_add_tl(msg, sip_object(msg),
					   SIPTAG_CONTACT_STR(contact), TAG_END()) < 0)
			err = ENOMEM;
	}
	if (!err)
		err = cv_sip_rule_headers(edge.to, msg);
	if (err) {
		msg_destroy(msg);
		return NULL;
	}

	return msg;
}

int cv_sip_respond(struct cv_txn *base, const struct cv_msg *m)
{
	struct cv_sip_txn *t = (struct cv_sip_txn *)base;
	struct cv_sip_leg *leg = t->leg;
	const char *phrase = cv_sip_phrase(m->status);
	msg_t *msg;
	int err;

	if (!t->irq || t->final)
		return ESTALE;

	if (m->src && m->src->pub->sip_status)
		phrase = m->src->pub->sip_status->st_phrase;

	msg = response_of(leg, t, m);
	if (!msg)
		return ENOMEM;

	/* the stack keeps the pointer, and repeats the response when its source is gone
	 */
	phrase = su_strdup(msg_home(msg), phrase);
	err = phrase ? cv_sip_fork_tag(t, msg, m) : ENOMEM;
	if (err) {
		msg_destroy(msg);
		return err;
	}
	if (m->status >= 200) {
		t->final = true;
		if (t->base.method == CV_METHOD_INVITE && m->status < 300) {
			t->confirms = !leg->confirmed;
			leg->confirmed = true;
		}
		if (leg->dialog && m->status < 300 &&
		    (t->base.method == CV_METHOD_SUBSCRIBE ||
		     t->base.method == CV_METHOD_REFER))
			leg->subscribed = true;
	}

	err = nta_incoming_complete_response(t->irq, msg, m->status, phrase, TAG_END());
	if (err == 0 && m->status < 200 && (t->rel_must || (t->rel_may && m->reliable))) {
		if (cv_sip_fork_rel(t, m->single ? 0 : m->fork))
			return cv_sip_rel_respond(t, msg, m);
		if (t->rel_must) { /* then not at all: it may not be another way */
			msg_destroy(msg);
			return m->reliable ? ENOTSUP : 0;
		}
	}

	if (err < 0)
		msg_destroy(msg); /* no status there is: 700 and above */
	if (err < 0 || nta_incoming_mreply(t->irq, msg) < 0)
		nta_incoming_treply(t->irq, SIP_500_INTERNAL_SERVER_ERROR, TAG_END());

	if (m->status >= 300 || (m->status >= 200 && t->base.method != CV_METHOD_INVITE))
		cv_sip_txn_done(t);

	return m->reliable && m->status < 200 ? ENOTSUP : 0;
}
