/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who is told what we know of an account (threats 22): the configured target
 * of its peer, as it is found now, for its one realm, once per nonce; nobody else,
 * whatever realm is named. Signalling thread.
 *
 * A challenge counts only when the request went to one of the peer's hops,
 * address, port and transport, and the response came from there. The same
 * challenge from another peer, a phone, or a Contact or Route of the peer's is
 * passed on like any other response.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "sip/sip_int.h"

enum { LOG_BURST = 5 }; /* lines of one account in 10 s: calls can bring them about */

static bool is_target(const struct cv_sip_trunk *tr, const struct cv_addr *hop,
		      enum cv_transport transport)
{
	return cv_peers_hop_at(tr->sip->peers, tr->peer->name, hop, transport);
}

bool cv_sip_auth_is_from(nta_outgoing_t *orq, const struct cv_addr *hop)
{
	msg_t *m = nta_outgoing_getresponse(orq);
	struct cv_addr from = {0};

	if (m && !nta_is_internal_msg(m))
		cv_sip_addr(&from, msg_addr(m));
	if (m)
		msg_unref(m);

	return cv_addr_is_set(&from) && cv_addr_host_eq(&from, hop);
}

static int take_one(struct cv_sip_trunk *tr, const msg_auth_t *au, unsigned answered)
{
	su_home_t home[1] = {SU_HOME_INIT(home)};
	struct cv_digest d;
	int err;

	su_home_init(home);
	err = cv_digest_parse(&d, cv_sip_auth_text(home, au));
	if (!err)
		err = cv_digest_client_take(&tr->auth, &d, answered);
	su_home_deinit(home);

	return err;
}

int cv_sip_auth_take(struct cv_sip_trunk *tr, const sip_t *sip, unsigned answered)
{
	const msg_auth_t *au = NULL;
	int err, first = ENOENT;

	if (sip->sip_status->st_status == 401)
		au = sip->sip_www_authenticate;
	else if (sip->sip_status->st_status == 407)
		au = sip->sip_proxy_authenticate;

	/* RFC 8760 2.4: the topmost that is known */
	for (; au; au = au->au_next) {
		err = take_one(tr, au, answered);
		if (!err)
			return 0;
		if (err == EACCES)
			first = EACCES;
	}

	return first;
}

/* Takes all credentials out: a phone's own are for somebody else. */
static void drop_auth(msg_t *m)
{
	sip_t *pub = sip_object(m);

	while (pub->sip_authorization)
		msg_header_remove(m, (msg_pub_t *)pub,
				  (msg_header_t *)pub->sip_authorization);
	while (pub->sip_proxy_authorization)
		msg_header_remove(m, (msg_pub_t *)pub,
				  (msg_header_t *)pub->sip_proxy_authorization);
}

int cv_sip_auth_add(struct cv_sip_trunk *tr, msg_t *m, bool proxy)
{
	sip_t *pub = sip_object(m);
	su_home_t *home = msg_home(m);
	char cnonce[CV_DIGEST_CNONCE];
	struct cv_buf value = {0};
	struct cv_digest_ask ask = {
		.username = cv_str_of(tr->peer->username),
		.password = cv_str_of(tr->peer->password),
		.method = cv_str_of(pub->sip_request->rq_method_name),
		.uri = cv_str_of(url_as_string(home, pub->sip_request->rq_url)),
	};
	msg_hclass_t *hc =
		proxy ? sip_proxy_authorization_class : sip_authorization_class;
	int err;

	err = cv_digest_cnonce(cnonce);
	if (err)
		return err;

	ask.cnonce = cv_str_of(cnonce);
	err = cv_digest_client_write(&tr->auth, &ask, &value);
	if (!err) {
		drop_auth(m);
		err = sip_add_make(m, pub, hc, value.p) < 0 ? ENOMEM : 0;
	}
	cv_buf_free(&value);

	return err;
}

/* The request without what belongs to one sending of it. */
static msg_t *copy_of(nta_outgoing_t *orq)
{
	msg_t *sent = nta_outgoing_getrequest(orq);
	msg_t *m = sent ? msg_dup(sent) : NULL;
	sip_t *pub = m ? sip_object(m) : NULL;

	if (sent)
		msg_unref(sent);
	if (!m)
		return NULL;

	while (pub->sip_via)
		msg_header_remove(m, (msg_pub_t *)pub, (msg_header_t *)pub->sip_via);
	while (pub->sip_route)
		msg_header_remove(m, (msg_pub_t *)pub, (msg_header_t *)pub->sip_route);
	if (pub->sip_cseq)
		msg_header_remove(m, (msg_pub_t *)pub, (msg_header_t *)pub->sip_cseq);

	return m;
}

static int send_again(struct cv_sip_txn *t, struct cv_sip_trunk *tr, bool proxy)
{
	struct cv_sip_leg *leg = t->leg;
	msg_t *m = copy_of(t->orq);
	const sip_request_t *rq;
	int err = 0;

	if (!m)
		return ENOMEM;

	rq = sip_object(m)->sip_request;
	if (nta_msg_request_complete(m, leg->dialog, rq->rq_method, rq->rq_method_name,
				     NULL) < 0)
		err = EINVAL;
	if (!err)
		err = cv_sip_auth_add(tr, m, proxy);
	if (!err)
		err = cv_sip_resend(t, m);
	if (err)
		msg_destroy(m);

	return err;
}

int cv_sip_auth_again(struct cv_sip_txn *t, const sip_t *sip)
{
	struct cv_sip_leg *leg = t->leg;
	struct cv_sip_trunk *tr =
		leg->peer ? cv_sip_trunk_find(leg->sip, leg->peer) : NULL;
	int err;

	if (!tr || !sip || !sip->sip_status || !leg->dialog || t->cancelled ||
	    (leg->ended && t->base.method != CV_METHOD_BYE))
		return ENOENT;

	if (!is_target(tr, &t->hop, leg->transport) ||
	    !cv_sip_auth_is_from(t->orq, &t->hop))
		return ENOENT;

	err = cv_sip_auth_take(tr, sip, t->answered);
	if (!err) {
		++t->answered;
		err = send_again(t, tr, sip->sip_status->st_status == 407);
	}

	if (!err) {
		cv_stat_add(leg->sip->stat, CV_STAT_challenges_answered, 1);
		return 0;
	}
	if (err != EACCES)
		return ENOENT;

	cv_stat_add(leg->sip->stat, CV_STAT_challenges_refused, 1);
	if (cv_log_allow(&tr->log, LOG_BURST))
		cv_warn("sip", "our credentials were refused peer=%s call=%s method=%s",
			leg->peer, leg->call, cv_method_name(t->base.method));

	return EACCES;
}

int cv_sip_auth_copy(const struct cv_sip_txn *t, msg_t *ack, const struct cv_addr *hop)
{
	const struct cv_sip_leg *leg = t->leg;
	const struct cv_sip_trunk *tr =
		t->answered > 0 ? cv_sip_trunk_find(leg->sip, leg->peer) : NULL;
	const sip_t *rq;
	msg_t *sent;
	int err = 0;

	if (t->answered > 0 && (!tr || !is_target(tr, hop, leg->transport)))
		return 0; /* ours are for that trunk only; the caller's are with its peer
			     already */

	sent = nta_outgoing_getrequest(t->orq);
	if (!sent)
		return 0;

	rq = sip_object(sent);
	if (sip_add_tl(ack, sip_object(ack),
		       TAG_IF(rq->sip_authorization,
			      SIPTAG_AUTHORIZATION(rq->sip_authorization)),
		       TAG_IF(rq->sip_proxy_authorization,
			      SIPTAG_PROXY_AUTHORIZATION(rq->sip_proxy_authorization)),
		       TAG_END()) < 0)
		err = ENOMEM;

	msg_unref(sent);

	return err;
}
