/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Outgoing: legs we open, requests in them, ACK and BYE, and the responses
 * that come back. Signalling thread.
 *
 * Where a request goes is never taken from a message alone: to a phone over
 * its own flow, to a peer at its address; a Contact or Route of a peer counts
 * only when it names an address of that peer (threats 18).
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "sip/alg_int.h"
#include "sip/refer_int.h"
#include "sip/sent_int.h"
#include "sip/sip_int.h"

static int on_response(nta_outgoing_magic_t *magic, nta_outgoing_t *orq,
		       const sip_t *sip);

bool cv_sip_hop_of_dialog(const struct cv_sip_leg *leg, struct cv_addr *hop)
{
	const struct cv_conf_peer *peer;
	const sip_route_t *route = NULL;
	const sip_contact_t *target = NULL;
	const url_t *url;

	peer = leg->peer ? cv_conf_peer_find(leg->sip->conf, cv_str_of(leg->peer)) : NULL;
	if (!peer || !leg->dialog || nta_leg_get_route(leg->dialog, &route, &target) < 0)
		return false;

	url = route ? route->r_url : target ? target->m_url : NULL;
	if (!url)
		return false;

	cv_sip_addr_of_host(hop, url->url_host, url->url_port);

	return cv_addr_is_set(hop) && cv_sip_is_peer_host(leg->sip, peer, hop);
}

/* A connection to a peer that isn't there yet is the door's to make. */
static int aim(const struct cv_sip_leg *leg)
{
	const struct cv_conf_peer *peer =
		leg->peer ? cv_conf_peer_find(leg->sip->conf, cv_str_of(leg->peer))
			  : NULL;

	if (leg->link || leg->transport == CV_TRANSPORT_UDP)
		return 0;

	return cv_sip_aim(leg->sip, &leg->hop, leg->transport, leg->listen, peer);
}

/* Where a request of the leg goes. */
static struct cv_addr hop_of(const struct cv_sip_leg *leg)
{
	struct cv_addr other;

	if (leg->transport == CV_TRANSPORT_UDP && (leg->confirmed || leg->routed) &&
	    cv_sip_hop_of_dialog(leg, &other))
		return other;

	return leg->hop;
}

static nta_outgoing_t *transmit(struct cv_sip_txn *t, msg_t *msg, nta_response_f *cb,
				const char *ack_branch)
{
	struct cv_sip_leg *leg = t->leg;
	bool as_proxy = t->base.method == CV_METHOD_INVITE && !ack_branch;
	struct cv_addr hop;
	const char *branch = NULL;
	nta_outgoing_t *orq;
	url_string_t *route;
	tport_t *tp;

	cv_sip_leg_follow_binding(leg);
	hop = hop_of(leg);
	tp = leg->link ? leg->link->tp
		       : cv_sip_tport(leg->sip, leg->listen, leg->transport);
	if (!tp || (leg->link && !cv_sip_link_is_alive(leg->link)))
		return NULL;

	if (t->answered > 0 && !ack_branch)
		hop = t->hop; /* credentials go to whom they were made for */

	t->hop = hop;
	route = cv_sip_hop_url(msg_home(msg), &hop, leg->transport);
	if (!route || aim(leg))
		return NULL;

	if (leg->pass != 0 && !leg->confirmed && !ack_branch)
		branch = cv_sip_branch(leg->sip, msg_home(msg), leg->pass);

	/* as a proxy's: else the stack ends late answers by itself, see late.c */
	if (as_proxy)
		nta_agent_set_params(leg->sip->agent, NTATAG_UA(0), TAG_END());
	orq = nta_outgoing_mcreate(leg->sip->agent, cb, t, route, msg, NTATAG_TPORT(tp),
				   NTATAG_PASS_100(cb != NULL),
				   TAG_IF(ack_branch, NTATAG_ACK_BRANCH(ack_branch)),
				   TAG_IF(branch, NTATAG_BRANCH_KEY(branch)), TAG_END());
	if (as_proxy)
		nta_agent_set_params(leg->sip->agent, NTATAG_UA(1), TAG_END());
	if (orq)
		cv_sip_large_note(leg, orq);

	return orq;
}

static int add_contact(struct cv_sip_leg *leg, msg_t *msg)
{
	su_home_t *home = msg_home(msg);
	char *uri = cv_sip_contact_uri(leg->sip, home, "", leg->listen, leg->transport);
	char *contact = uri ? su_sprintf(home, "<%s>", uri) : NULL;

	if (!contact ||
	    sip_add_tl(msg, sip_object(msg), SIPTAG_CONTACT_STR(contact), TAG_END()) < 0)
		return ENOMEM;

	return 0;
}

/* A request of ours in a session that is timed keeps it so (RFC 4028 7.4): without the
 * header who answers it would end the timing of its dialog. */
static int add_session(const struct cv_msg *m, msg_t *msg)
{
	const char *text =
		su_sprintf(msg_home(msg), "%u;refresher=%s", (unsigned)m->session_s,
			   m->session_uac ? "uac" : "uas");

	if (!text || sip_add_tl(msg, sip_object(msg), SIPTAG_SUPPORTED_STR("timer"),
				SIPTAG_SESSION_EXPIRES_STR(text), TAG_END()) < 0)
		return ENOMEM;

	return 0;
}

/* Headers of the request sent on, or a bare message of our own. */
static int build(struct cv_sip_leg *leg, const struct cv_msg *m, msg_t **mp)
{
	struct cv_sip *s = leg->sip;
	const struct cv_sip_origin *o = m->src ? m->src->origin : NULL;
	msg_t *msg = m->src ? cv_sip_copy(s, m->src->msg) : nta_msg_create(s->agent, 0);
	struct cv_sip_edge edge;
	int err;

	if (!msg)
		return ENOMEM;

	cv_sip_edge_of(leg, o, &edge);
	cv_sip_scrub(msg, &edge, o ? o->evid : NULL);
	cv_sip_name_dialogs(leg, msg);
	err = cv_sip_body(msg, m->type, cv_sip_name_body(leg, msg_home(msg), m));
	if (!err)
		err = cv_sip_max_forwards(msg, m->src ? m->src->pub : NULL);
	if (!err && cv_sip_has_target(m->method))
		err = add_contact(leg, msg);
	if (!err && m->method == CV_METHOD_PRACK)
		err = cv_sip_early_rack(leg, m, msg);
	if (!err && m->session_s > 0 && !m->src)
		err = add_session(m, msg);
	if (!err && m->method == CV_METHOD_NOTIFY && !m->src)
		err = cv_sip_refer_state(leg, m, msg);
	if (!err)
		err = cv_sip_rule_headers(edge.to, msg);

	if (err)
		msg_destroy(msg);
	else
		*mp = msg;

	return err;
}

static int ident_of(struct cv_sip_leg *leg, su_home_t *home, const struct cv_sip_ref *src,
		    const struct cv_target *to, struct cv_sip_ident *id,
		    struct cv_evid *ev)
{
	const struct cv_sip_ident_in in = {
		.sip = src->pub,
		.to = to,
		.from_peer = src->origin ? src->origin->peer : NULL,
		.binding = to->kind == CV_TARGET_BINDING
				   ? cv_bind_by_id(leg->sip->binds, to->binding)
				   : NULL,
		.home = src->origin && src->origin->binding ? src->origin->binding->home
							    : NULL,
		.listen = leg->listen,
	};

	return cv_sip_ident(leg->sip, home, &in, id, ev);
}

static struct cv_evid *evid_of(const struct cv_msg *m)
{
	return m->src && m->src->origin ? m->src->origin->evid : NULL;
}

int cv_sip_send(struct cv_leg *base, struct cv_txn **tp, const struct cv_msg *m,
		const struct cv_target *to)
{
	struct cv_sip_leg *leg = (struct cv_sip_leg *)base;
	const char *name = cv_method_name(m->method);
	struct cv_sip_ident id = {0};
	struct cv_sip_txn *t = NULL;
	sip_method_t method;
	msg_t *msg = NULL;
	int err;

	if (leg->ended || !leg->dialog || (m->method == CV_METHOD_OTHER && !m->src))
		return ESTALE;

	err = build(leg, m, &msg);
	if (err)
		return err;

	if (m->method == CV_METHOD_OTHER)
		name = m->src->pub->sip_request->rq_method_name;

	if (to && m->src)
		err = ident_of(leg, msg_home(msg), m->src, to, &id, evid_of(m));
	if (to && !err)
		err = cv_sip_breadth_set(msg, to->breadth);
	if (err)
		goto out;

	if (to)
		cv_sip_early_drop(leg); /* asked again: another INVITE, other forks */

	method = sip_method_code(name);
	if (nta_msg_request_complete(msg, cv_sip_early_dialog(leg, m->fork), method, name,
				     (const url_string_t *)id.ruri) < 0) {
		err = EINVAL;
		goto out;
	}

	if (to && cv_sip_large_move(leg, msg, evid_of(m)) &&
	    cv_sip_has_target(m->method)) {
		cv_sip_drop_named(msg, "Contact");
		err = add_contact(leg, msg);
		if (err)
			goto out;
	}

	err = cv_sip_txn_new(&t, leg, m->method);
	if (err)
		goto out;

	if (m->method == CV_METHOD_REFER && m->src)
		cv_sip_note_refer(leg, m->src->pub, sip_object(msg));

	t->orq = transmit(t, msg, on_response, NULL);
	if (!t->orq) {
		err = ECONNRESET;
		cv_sip_txn_done(t);
		goto out;
	}

	if (m->method == CV_METHOD_BYE)
		leg->bye = true;
	if (tp)
		*tp = &t->base;

	return 0;

out:
	msg_destroy(msg);

	return err;
}

int cv_sip_bye(struct cv_sip_leg *leg)
{
	struct cv_sip_txn *t;
	msg_t *msg;
	int err;

	msg = nta_msg_create(leg->sip->agent, 0);
	if (!msg)
		return ENOMEM;

	err = cv_sip_max_forwards(msg, NULL);
	if (!err)
		err = cv_sip_rule_headers(cv_sip_leg_peer(leg), msg);
	if (!err && nta_msg_request_complete(msg, leg->dialog, SIP_METHOD_BYE, NULL) < 0)
		err = EINVAL;
	if (!err)
		err = cv_sip_txn_new(&t, leg, CV_METHOD_BYE);
	if (err) {
		msg_destroy(msg);
		return err;
	}

	t->orq = transmit(t, msg, on_response, NULL);
	if (!t->orq) {
		msg_destroy(msg);
		cv_sip_txn_done(t);
		return ECONNRESET;
	}

	return 0;
}

int cv_sip_ack(struct cv_txn *base, const struct cv_msg *m)
{
	struct cv_sip_txn *t = (struct cv_sip_txn *)base;
	struct cv_sip_leg *leg = t->leg;
	struct cv_addr hop = hop_of(leg);
	nta_outgoing_t *ack;
	su_home_t *home;
	msg_t *msg;
	sip_t *sip;
	int err;

	if (!t->orq || !t->owes_ack)
		return ESTALE;

	msg = nta_msg_create(leg->sip->agent, 0);
	if (!msg)
		return ENOMEM;

	home = msg_home(msg);
	sip = sip_object(msg);
	err = cv_sip_max_forwards(msg, NULL);
	if (!err)
		err = cv_sip_body(msg, m->type, m->body);
	if (!err)
		err = cv_sip_auth_copy(t, msg, &hop);
	if (!err)
		err = cv_sip_rule_headers(cv_sip_leg_peer(leg), msg);
	if (err)
		goto out;

	sip_add_tl(msg, sip,
		   SIPTAG_CSEQ(sip_cseq_create(home, nta_outgoing_cseq(t->orq),
					       SIP_METHOD_ACK)),
		   TAG_END());
	if (nta_msg_request_complete(msg, leg->dialog, SIP_METHOD_ACK, NULL) < 0) {
		err = EINVAL;
		goto out;
	}

	/* without the branch an ACK after its INVITE's end aborts the stack
	 * (doc/threats.md)
	 */
	ack = transmit(t, msg, NULL, nta_outgoing_branch(t->orq));
	if (!ack) {
		err = ECONNRESET;
		goto out;
	}

	nta_outgoing_destroy(ack); /* lives on inside nta for retransmitted 2xx */
	cv_sip_txn_done(t);

	return 0;

out:
	msg_destroy(msg);

	return err;
}

int cv_sip_resend(struct cv_sip_txn *t, msg_t *msg)
{
	nta_outgoing_t *orq, *old = t->orq;

	/* the stack may answer at once: then the transaction is over when this returns */
	t->orq = NULL;
	orq = transmit(t, msg, on_response, NULL);
	if (!orq) {
		t->orq = old;
		return ECONNRESET;
	}

	nta_outgoing_destroy(old);
	if (t->final)
		nta_outgoing_destroy(orq);
	else
		t->orq = orq;

	return 0;
}

/* 2xx of what makes a dialog: it is there, whatever the call thinks of it. */
static void confirm(struct cv_sip_leg *leg, const sip_t *sip, nta_leg_t *dialog,
		    bool initial)
{
	if (!nta_leg_get_rtag(dialog) && sip->sip_to->a_tag)
		nta_leg_rtag(dialog, sip->sip_to->a_tag);

	nta_leg_client_reroute(dialog, sip->sip_record_route, sip->sip_contact, initial);
	if (dialog == leg->dialog)
		leg->routed = true;
}

/* 2xx of an INVITE; @p fork: which of the places that rang has answered. */
static void take_invite_ok(struct cv_sip_leg *leg, const sip_t *sip, uint32_t fork)
{
	bool initial = !leg->confirmed;

	if (!sip)
		return; /* the stack makes up errors only, but nothing promises that */

	if (initial)
		cv_sip_early_win(leg, fork);

	confirm(leg, sip, leg->dialog, initial);
	leg->confirmed = true;
}

/* 2xx of a SUBSCRIBE or REFER: alone it makes the dialog, in a call it may be one of an
 * early dialog. */
static void take_subscribe_ok(struct cv_sip_leg *leg, const sip_t *sip)
{
	uint32_t fork;

	if (!sip)
		return;

	fork = cv_sip_early_fork(leg, sip->sip_from->a_tag, sip->sip_to->a_tag);
	confirm(leg, sip, cv_sip_early_dialog(leg, fork),
		!leg->routed && leg->earlyc == 0);
	leg->subscribed = true;
}

static void on_final(struct cv_sip_txn *t, const struct cv_msg *m, const sip_t *sip)
{
	struct cv_sip_leg *leg = t->leg;

	t->final = true;
	if (m->status >= 300 || t->base.method != CV_METHOD_INVITE) {
		if (sip && m->status < 300 && sip->sip_contact &&
		    t->base.method == CV_METHOD_UPDATE)
			nta_leg_client_reroute(leg->dialog, NULL, sip->sip_contact, 0);
		if (m->status < 300 && (t->base.method == CV_METHOD_SUBSCRIBE ||
					t->base.method == CV_METHOD_REFER))
			take_subscribe_ok(leg, sip);

		cv_sip_leg_response(t, m);
		cv_sip_txn_done(t);
		return;
	}

	t->owes_ack = true;
	take_invite_ok(leg, sip, m->fork);
	if (!leg->ended) {
		cv_sip_leg_response(t, m);
		return;
	}

	/* it crossed our CANCEL: take it, then end it (settle sends the BYE) */
	if (cv_sip_ack(&t->base, &(struct cv_msg){0}))
		cv_sip_txn_done(t);
}

void cv_sip_timed_out(struct cv_sip_txn *t)
{
	const struct cv_msg m = {.method = t->base.method, .status = 408};

	cv_mem_ref(t);
	on_final(t, &m, NULL);
	cv_mem_unref(t);
}

static int on_response(nta_outgoing_magic_t *magic, nta_outgoing_t *orq, const sip_t *sip)
{
	struct cv_sip_txn *t = magic;
	struct cv_sip_leg *leg;
	struct cv_sip_ref ref;
	struct cv_msg m;
	int status = nta_outgoing_status(orq), refused;
	msg_t *msg;

	if (!t || status < 100)
		return 0;

	leg = t->leg;
	if (t->final) {
		if (sip && status < 300 && t->base.method == CV_METHOD_INVITE)
			cv_sip_late(leg, sip);
		return 0;
	}

	if (status < 200)
		cv_sip_cancel_due(t);
	if (status == 100) {
		cv_sip_leg_response(
			t, &(struct cv_msg){.method = t->base.method, .status = 100});
		return 0;
	}

	refused = status == 401 || status == 407 ? cv_sip_auth_again(t, sip) : ENOENT;
	if (refused == 0)
		return 0;

	msg = sip ? nta_outgoing_getresponse(orq) : NULL;
	if (msg && nta_is_internal_msg(msg)) {
		msg_unref(msg);
		msg = NULL;
	}

	/* the stack's own word for "not sent": a phone that is not there (RFC
	 * 3261 21.4.18) must not make the caller think that we are out of service */
	if (!msg && status == 503 && leg->binding != 0)
		status = 480;

	if (msg)
		cv_sip_alg_answered(leg, sip);
	cv_sip_msg(&m, &ref, leg->sip, msg, status);
	m.method = t->base.method;
	if (!msg)
		m.err = cv_sip_failure(leg->sip, orq, &t->hop, leg->transport);
	if (refused == EACCES) { /* a phone's password can't help: it isn't asked */
		m.status = 403;
		m.src = NULL;
	}
	cv_mem_ref(t);
	if (msg && !cv_sip_early_heard(leg, sip, &m))
		cv_debug("sip", "1xx left out call=%s", leg->call);
	else if (status >= 200)
		on_final(t, &m, msg ? sip : NULL);
	else
		cv_sip_leg_response(t, &m);
	cv_mem_unref(t);
	if (msg)
		msg_unref(msg);

	return 0;
}

/* Identifiers of a dialog of our own: nothing of the other side's is in them. */
static int open_dialog(struct cv_sip_leg *leg, const struct cv_leg_setup *setup)
{
	su_home_t home[1] = {SU_HOME_INIT(home)};
	struct cv_sip_ident id;
	int err;

	su_home_init(home);
	err = ident_of(leg, home, setup->rq->msg.src, setup->to, &id, NULL);
	if (err)
		goto out;

	leg->dialog = nta_leg_tcreate(leg->sip->agent, cv_sip_on_dialog, leg,
				      SIPTAG_CALL_ID(sip_call_id_create(home, NULL)),
				      SIPTAG_FROM(id.from), SIPTAG_TO(id.to), TAG_END());
	if (!leg->dialog || !nta_leg_tag(leg->dialog, NULL))
		err = ENOMEM;

	cv_sip_leg_self(leg, id.from->a_url);

out:
	su_home_deinit(home);

	return err;
}

static int set_target(struct cv_sip_leg *leg, const struct cv_target *to)
{
	struct cv_binding *b = NULL;

	leg->hop = to->hop;
	leg->transport = to->transport;
	leg->listen = to->place.listen;
	leg->base.place = to->place;
	if (to->kind == CV_TARGET_PEER) {
		leg->peer = cv_mem_strdup(to->peer);
		return leg->peer ? 0 : ENOMEM;
	}

	b = cv_bind_by_id(leg->sip->binds, to->binding);
	if (!b)
		return EHOSTUNREACH;

	cv_sip_flow_phone(leg, b);
	leg->link = cv_mem_ref(b->link);

	return 0;
}

int cv_sip_leg_new(void *arg, struct cv_leg **lp, const struct cv_leg_setup *setup)
{
	struct cv_sip *s = arg;
	struct cv_sip_leg *leg;
	int err;

	err = cv_sip_leg_alloc(&leg, s);
	if (err)
		return err;

	(void)snprintf(leg->call, sizeof(leg->call), "%s", setup->call);
	err = set_target(leg, setup->to);
	if (!err)
		err = open_dialog(leg, setup);
	if (err) {
		leg->ended = true;
		cv_sip_leg_settle(leg);
		cv_mem_unref(leg);
		return err;
	}

	if (setup->rq->msg.src && setup->rq->msg.src->origin)
		leg->pass = cv_trail_last(&setup->rq->msg.src->origin->trail);
	leg->base.events = setup->events;
	leg->base.arg = setup->arg;
	*lp = &leg->base;

	return 0;
}
