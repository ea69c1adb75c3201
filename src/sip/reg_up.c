/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A REGISTER on its way to the phone's own registrar and back: our Contact
 * with a token goes up, the phone's own Contact comes back, credentials pass
 * untouched (CG-19). Signalling thread.
 *
 * What goes up has one Call-ID and From tag for all REGISTERs of one of the
 * phone, and its CSeq, so that a REGISTER asked again after 401 is that to the
 * registrar too. Bindings are held by id meanwhile: they may end before the
 * answer comes.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "net/iface.h"
#include "sip/alg_int.h"
#include "sip/reg_int.h"
#include "sip/sent_int.h"

enum {
	CALL_ID_LEN = 32, /* hex digits; 128 bits */
	TAG_LEN = 16,
	PATIENCE_MS = 4000, /* with a hop, where there is another: four packets over UDP
			       (RFC 3261 17.1.2.2) */
	TIMED_OUT = 408,
	UNAVAILABLE = 503,
};

/** One under way. In sip->regs, which holds the reference. */
struct up {
	struct cv_reg r;                   /* with references of its own */
	char *aor;                         /* as the registrar knows it; in r.home */
	char *peer;                        /* its name; in r.home */
	const struct cv_conf_peer *from;   /* a peer that sent it; NULL; borrowed */
	struct cv_hop hops[CV_PEERS_HOPS]; /* in the order in which they are tried */
	size_t hopc, at;
	struct cv_timer *timer; /* patience with a hop that isn't the last */
	nta_incoming_t *irq;    /* owned; NULL once answered */
	nta_outgoing_t *orq;    /* owned */
	uint8_t listen;         /* point whose address it showed */
	bool sending;           /* in nta_outgoing_mcreate(), which may answer at once */
	bool over;              /* answered while sending */
	bool failed;            /* the hop failed while sending, and there is another */
	struct cv_list node;
};

static void up_fini(void *obj)
{
	struct up *u = obj;

	if (cv_list_is_linked(&u->node))
		--u->r.sip->regc;

	cv_list_del(&u->node);
	cv_mem_unref(u->timer);
	if (u->orq)
		nta_outgoing_destroy(u->orq);

	if (u->irq)
		nta_incoming_destroy(u->irq);

	cv_mem_unref(u->r.link);
	cv_mem_unref(u->r.evid);
	su_home_unref(u->r.home);
}

static void on_patience(void *arg);

static int up_new(struct up **up, const struct cv_reg *r, const struct cv_conf_peer *peer)
{
	struct up *u;
	int err;

	u = cv_mem_new(sizeof(*u), up_fini);
	if (!u)
		return ENOMEM;

	u->r = *r;
	u->r.home = su_home_ref(r->home);
	u->r.link = cv_mem_ref(r->link);
	u->r.evid = cv_mem_ref(r->evid);
	u->peer = su_strdup(r->home, peer->name);
	err = u->peer ? cv_timer_new(&u->timer, r->sip->loop, on_patience, u) : ENOMEM;
	if (err) {
		cv_mem_unref(u);
		return err;
	}

	cv_list_add(&r->sip->regs, &u->node);
	++r->sip->regc;
	*up = u;

	return 0;
}

/* Lets go of what was taken; bindings that were registered before stay as they are. */
static void give_up(struct up *u, const char *why)
{
	for (size_t i = 0; i < u->r.c; ++i) {
		struct cv_binding *b = cv_reg_binding(&u->r, i);

		if (b)
			cv_bind_giveup(u->r.sip->binds, b, why);

		u->r.v[i].binding = 0;
	}
}

static int take_bindings(struct up *u)
{
	struct cv_bind_ask ask;
	struct cv_binding *b;
	int err;

	for (size_t i = 0; i < u->r.c; ++i) {
		if (u->r.v[i].binding)
			continue; /* for the hop before */

		cv_reg_ask(&u->r, i, u->aor, u->peer, &ask);
		err = cv_bind_take(u->r.sip->binds, &b, &ask);
		if (err)
			return err;

		u->r.v[i].binding = b->id;
	}

	return 0;
}

/* Answering the phone */

/* A binding the REGISTER did not name is shown to the phone only over its own flow: to
 * another phone of the same user its Contact is none of its business. */
static bool is_own(const struct up *u, const struct cv_binding *b)
{
	return cv_str_ieq(cv_str_of(b->aor), cv_str_of(u->aor)) && b->confirmed &&
	       cv_addr_eq(&b->flow.seen, &u->r.seen) &&
	       b->flow.transport == u->r.flow.transport;
}

/* What the registrar granted, into u->r.v; others of this phone's into @p list. */
static void read_grants(struct up *u, const sip_t *sip, struct cv_buf *list)
{
	for (const sip_contact_t *c = sip->sip_contact; c; c = c->m_next) {
		uint32_t s = cv_reg_expires(c, sip->sip_expires, CV_REG_EXPIRES_S);
		struct cv_binding *b;
		int i = cv_reg_index_of(&u->r, c, &b);

		if (i >= 0) /* the one that was taken back may be listed too */
			u->r.v[i].granted_s =
				s > u->r.v[i].granted_s ? s : u->r.v[i].granted_s;
		else if (b && s > 0 && is_own(u, b))
			cv_reg_list(list, b->contact, b->params,
				    cv_reg_shown_s(&u->r, s));
	}

	/* some registrars list nothing: then it is what was asked for (or Expires) */
	for (size_t i = 0; !sip->sip_contact && i < u->r.c; ++i) {
		uint32_t asked = u->r.v[i].expires_s;

		if (asked > 0)
			u->r.v[i].granted_s =
				cv_reg_expires(NULL, sip->sip_expires, asked);
	}
}

static void settle_one(struct up *u, size_t i, struct cv_buf *list)
{
	struct cv_reg_contact *v = &u->r.v[i];
	struct cv_binding *b = cv_reg_binding(&u->r, i);
	struct cv_bind_ask ask;
	uint32_t told_s =
		cv_reg_shown_s(&u->r, cv_reg_told_s(u->r.sip, u->listen, v->granted_s));

	v->binding = 0;
	if (!b)
		return;

	if (v->granted_s == 0) {
		cv_bind_drop(u->r.sip->binds, b,
			     v->expires_s == 0 ? "by the phone" : "by the registrar");
		return;
	}

	cv_reg_ask(&u->r, i, u->aor, u->peer, &ask);
	if (cv_sip_flow_confirm(u->r.sip, b, &ask, told_s, v->granted_s)) {
		cv_bind_giveup(u->r.sip->binds, b, "no memory");
		return;
	}

	(void)cv_bind_stale(b, NULL);
	cv_reg_list(list, v->uri, v->params, told_s);
	cv_sip_alg_list(u->r.home, &b->alg, list, v->uri, v->params, told_s);
}

/* The 2xx: bindings follow it; @p list is what the phone is shown. */
static void settle(struct up *u, const sip_t *sip, struct cv_buf *list)
{
	struct cv_binding *b = NULL, *next;

	if (u->r.star) {
		b = cv_bind_by_aor(u->r.sip->binds, cv_str_of(u->aor), NULL);
		for (; b; b = next) {
			next = cv_bind_by_aor(u->r.sip->binds, cv_str_of(u->aor), b);
			if (b->home && strcmp(b->home, u->peer) == 0)
				cv_bind_drop(u->r.sip->binds, b, "by the phone");
		}
		return;
	}

	read_grants(u, sip, list);
	for (size_t i = 0; i < u->r.c; ++i)
		settle_one(u, i, list);
}

/* The registrar's answer with the phone's Contacts. ENOMEM. */
static int relay(struct up *u, msg_t *answer, const sip_t *sip, int status)
{
	const char *phrase =
		sip->sip_status ? sip->sip_status->st_phrase : cv_sip_phrase(status);
	const struct cv_sip_edge edge = {
		.from = cv_conf_peer_find(u->r.sip->conf, cv_str_of(u->peer)),
	};
	struct cv_buf list = {0};
	int err = 0;
	msg_t *m;

	if (status < 300)
		settle(u, sip, &list);
	else
		give_up(u, "refused by the registrar");

	m = cv_sip_copy(u->r.sip, answer);
	if (m)
		cv_sip_scrub(m, &edge, NULL);
	else
		err = ENOMEM;

	if (!err)
		cv_reg_hide_expires(&u->r, m);
	if (!err && list.len > 0 &&
	    (cv_buf_err(&list) ||
	     sip_add_tl(m, sip_object(m), SIPTAG_CONTACT_STR(list.p), TAG_END()) < 0))
		err = ENOMEM;

	cv_buf_free(&list);
	if (err) {
		if (m)
			msg_destroy(m);
		return err;
	}

	phrase = su_strdup(msg_home(m),
			   phrase); /* kept by pointer, longer than its source */
	if (nta_incoming_complete_response(u->irq, m, status, phrase, TAG_END()) < 0) {
		msg_destroy(m); /* no status there is: 700 and above */
		return EPROTO;
	}

	return nta_incoming_mreply(u->irq, m) < 0 ? ENOMEM : 0;
}

/* Sending it on */

int cv_sip_aim_peer(struct cv_sip *s, const struct cv_conf_peer *peer,
		    const struct cv_hop *hop, struct cv_target *to, struct cv_evid *ev)
{
	struct cv_place_query q = {.party = peer->name};
	struct cv_addr source = {0};

	to->kind = CV_TARGET_PEER;
	to->peer = peer->name;
	to->hop = hop->addr;
	to->transport = hop->transport;
	(void)cv_iface_toward(&source, &to->hop);
	q.seen = to->hop;
	q.listen = cv_place_point(s->net, &to->hop, &source);
	if (peer->nat == CV_NAT_YES)
		q.nat = CV_PLACE_NAT_YES;
	if (peer->nat == CV_NAT_NO)
		q.nat = CV_PLACE_NAT_NO;

	cv_place_of(s->net, &q, &to->place, ev);

	return cv_sip_tport(s, to->place.listen, to->transport) ? 0 : ENETUNREACH;
}

/* Identifiers of ours that stand for the phone's; others with a Path, so that one sent
 * again without is new. */
static int add_dialog(const struct up *u, msg_t *m, const sip_t *sip,
		      const struct cv_sip_ident *id, uint8_t listen)
{
	const struct cv_sip *s = u->r.sip;
	const struct cv_str parts[] = {cv_str_of(sip->sip_call_id->i_id),
				       cv_str_of(sip->sip_from->a_tag)};
	char call[CALL_ID_LEN + 1], tag[TAG_LEN + 1], host[CV_ADDR_STRLEN];
	su_home_t *home = msg_home(m);
	char *call_id, *cseq;

	cv_binds_alias(s->binds, u->r.by_path ? "call-id path" : "call-id", parts, 2,
		       call, CALL_ID_LEN);
	cv_binds_alias(s->binds, u->r.by_path ? "tag path" : "tag", parts, 2, tag,
		       TAG_LEN);
	call_id = su_sprintf(home, "%s@%s", call,
			     cv_addr_print(&s->net->points[listen].advertise, host));
	cseq = su_sprintf(home, "%" PRIu32 " REGISTER", sip->sip_cseq->cs_seq);
	if (!call_id || !cseq || sip_from_tag(home, id->from, tag) < 0 ||
	    sip_add_tl(m, sip_object(m), SIPTAG_FROM(id->from), SIPTAG_TO(id->to),
		       SIPTAG_CALL_ID_STR(call_id), SIPTAG_CSEQ_STR(cseq), TAG_END()) < 0)
		return ENOMEM;

	return 0;
}

static int set_request(msg_t *m, const url_t *ruri)
{
	sip_t *pub = sip_object(m);
	sip_request_t *rq;

	rq = sip_request_create(msg_home(m), SIP_METHOD_REGISTER,
				(const url_string_t *)ruri, NULL);
	if (!rq)
		return ENOMEM;

	if (pub->sip_request)
		msg_header_remove(m, (msg_pub_t *)pub, (msg_header_t *)pub->sip_request);

	return msg_header_insert(m, (msg_pub_t *)pub, (msg_header_t *)rq) < 0 ? ENOMEM
									      : 0;
}

/* AOR as the registrar knows it: To as it goes up. */
static int name_aor(struct up *u, const sip_to_t *to)
{
	u->aor = su_sprintf(u->r.home, "%s@%s", u->r.user,
			    to->a_url->url_host ? to->a_url->url_host : "");

	return u->aor ? 0 : ENOMEM;
}

static int fill(struct up *u, msg_t *m, const sip_t *sip, const struct cv_target *to)
{
	const struct cv_sip_ident_in in = {
		.sip = sip,
		.to = to,
		.from_peer = u->from,
		.listen = to->place.listen,
	};
	struct cv_sip *s = u->r.sip;
	const struct cv_sip_edge edge = {
		.from = u->from,
		.to = cv_conf_peer_find(s->conf, cv_str_of(to->peer)),
		.home = true,
	};
	struct cv_sip_ident id = {0};
	int err;

	u->listen = to->place.listen;
	cv_sip_scrub(m, &edge, u->r.evid);
	err = cv_sip_ident(s, msg_home(m), &in, &id, u->r.evid);
	if (!err)
		err = name_aor(u, id.to);
	if (!err)
		err = take_bindings(u);
	if (!err)
		err = set_request(m, id.ruri);
	if (!err)
		err = cv_reg_add_contacts(&u->r, m, sip, to);
	if (!err)
		err = add_dialog(u, m, sip, &id, to->place.listen);
	if (!err)
		err = cv_reg_take_back(&u->r, m);
	if (!err)
		err = cv_sip_max_forwards(m, sip);
	if (!err)
		err = cv_sip_rule_headers(edge.to, m);

	return err;
}

static int on_answer(nta_outgoing_magic_t *magic, nta_outgoing_t *orq, const sip_t *sip);

/* Hands @p m to the stack. ENETUNREACH leaves it to the caller. */
static int launch(struct up *u, msg_t *m, const struct cv_target *to)
{
	struct cv_sip *s = u->r.sip;
	tport_t *tp = cv_sip_tport(s, to->place.listen, to->transport);
	url_string_t *route = cv_sip_hop_url(msg_home(m), &to->hop, to->transport);

	if (!route || !tp)
		return ENETUNREACH;
	if (to->transport != CV_TRANSPORT_UDP &&
	    cv_sip_aim(s, &to->hop, to->transport, to->place.listen,
		       cv_conf_peer_find(s->conf, cv_str_of(to->peer))))
		return ENETUNREACH;

	u->sending = true;
	u->orq = nta_outgoing_mcreate(s->agent, on_answer, u, route, m, NTATAG_TPORT(tp),
				      TAG_END());
	u->sending = false;
	if (u->over)
		return 0;

	return u->orq ? 0 : ENETUNREACH;
}

static int transmit(struct up *u, const struct cv_target *to)
{
	msg_t *request = nta_incoming_getrequest(u->irq);
	msg_t *m = request ? cv_sip_copy(u->r.sip, request) : NULL;
	int err = m ? 0 : ENOMEM;

	if (!err)
		err = fill(u, m, sip_object(request), to);

	if (!err)
		err = launch(u, m, to);

	if (err && m)
		msg_destroy(m);

	if (request)
		msg_unref(request);

	return err;
}

static bool is_last(const struct up *u)
{
	return u->at + 1 >= u->hopc;
}

static void hop_done(struct up *u)
{
	cv_timer_stop(u->timer);
	if (u->orq)
		nta_outgoing_destroy(u->orq);

	u->orq = NULL;
}

static int try_hop(struct up *u)
{
	struct cv_sip *s = u->r.sip;
	const struct cv_conf_peer *peer = cv_conf_peer_find(s->conf, cv_str_of(u->peer));
	struct cv_target to = {0};
	int err;

	if (!peer)
		return EHOSTUNREACH;

	err = cv_sip_aim_peer(s, peer, &u->hops[u->at], &to, u->r.evid);
	if (!err)
		err = transmit(u, &to);
	if (!err && u->failed)
		err = ECONNREFUSED;
	if (!err && !u->over && !is_last(u))
		err = cv_timer_set(u->timer, PATIENCE_MS);

	u->failed = false;

	return err;
}

/* From the hop in use on to the first that takes it. */
static int send_on(struct up *u)
{
	int err;

	for (;;) {
		err = try_hop(u);
		if (!err || u->over || is_last(u))
			return err;

		hop_done(u);
		++u->at;
	}
}

/* What an answer, or its absence, says of the hop. */
static void note(struct up *u, int status, int err)
{
	if (!err)
		err = status == TIMED_OUT ? ETIMEDOUT : status == UNAVAILABLE ? EBUSY : 0;

	cv_peers_heard(u->r.sip->peers, u->peer, &u->hops[u->at], err);
}

/* The hop in use is no good, and another one takes it; or it takes no Path. */
static bool goes_on(struct up *u, int status, const sip_t *sip)
{
	if (cv_reg_path_answered(&u->r, u->peer, status, sip)) {
		hop_done(u);
		return send_on(u) == 0;
	}
	if ((status != TIMED_OUT && status != UNAVAILABLE) || is_last(u))
		return false;

	if (u->sending) {
		u->failed = true; /* send_on() goes on */
		return true;
	}

	hop_done(u);
	++u->at;

	return send_on(u) == 0;
}

static void refuse(struct up *u, int status)
{
	nta_incoming_treply(u->irq, status, cv_sip_phrase(status), TAG_END());
}

/* To the phone: the registrar's answer, or that there is none. */
static void reply(struct up *u, msg_t *answer, int status)
{
	int err = ENOENT;

	if (answer && !nta_is_internal_msg(answer))
		err = relay(u, answer, sip_object(answer), status);
	else
		give_up(u, "the registrar does not answer");

	if (err)
		refuse(u, err == ENOENT ? status : 500);
}

static int on_answer(nta_outgoing_magic_t *magic, nta_outgoing_t *orq, const sip_t *sip)
{
	int status = nta_outgoing_status(orq);
	struct up *u = magic;
	msg_t *answer;

	if (!u || status < 200 || u->over)
		return 0;

	note(u, status,
	     cv_sip_failure(u->r.sip, orq, &u->hops[u->at].addr,
			    u->hops[u->at].transport));
	answer = nta_outgoing_getresponse(orq);
	if (!goes_on(u, status, sip)) {
		reply(u, sip ? answer : NULL, status);
		if (u->sending)
			u->over = true;
		else
			cv_mem_unref(u);
	} else if (u->over) {
		cv_mem_unref(u);
	}

	if (answer)
		msg_unref(answer);

	return 0;
}

static void on_patience(void *arg)
{
	struct up *u = arg;

	note(u, TIMED_OUT, ETIMEDOUT);
	if (!goes_on(u, TIMED_OUT, NULL)) {
		reply(u, NULL, TIMED_OUT);
		cv_mem_unref(u);
	} else if (u->over) {
		cv_mem_unref(u);
	}
}

int cv_reg_upstream(const struct cv_reg *r, nta_incoming_t *irq,
		    const struct cv_sip_origin *o, const struct cv_conf_peer *peer)
{
	struct up *u = NULL;
	int err;

	if (r->sip->regc >= CV_REG_UPSTREAM) {
		cv_sip_refuse(r->sip, irq, 503, CV_REG_RETRY_S);
		return 0;
	}

	err = up_new(&u, r, peer);
	if (!err)
		err = cv_peers_hops(r->sip->peers, peer->name, cv_str_of(r->user),
				    u->hops, CV_PEERS_HOPS, &u->hopc);
	if (err) {
		cv_mem_unref(u);
		return cv_sip_status(err);
	}

	u->irq = irq;
	u->from = o->peer;
	cv_evid_add(o->evid, "registrar", peer->name,
		    "%s is not an account of ours; peer %s serves its domain", r->user,
		    peer->name);
	err = send_on(u);
	if (u->over)
		cv_mem_unref(u);
	if (!err)
		return 0;

	give_up(u, "not sent");
	u->irq = NULL; /* the caller answers it */
	cv_mem_unref(u);

	return cv_sip_status(err);
}

void cv_sip_reg_close(struct cv_sip *s)
{
	struct cv_list *n, *tmp;

	CV_LIST_FOREACH (n, tmp, &s->regs) {
		cv_mem_unref(CV_CONTAINER(n, struct up, node));
	}
}
