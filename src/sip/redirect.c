/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Redirections (3xx): their contacts on the way to a caller, or followed here.
 * Signalling thread.
 *
 * Passed on, a contact that is ours, or an address behind us, is written so
 * that it leads here from the other side; a third party's stays as it is, and
 * q and other parameters with it. Followed, the caller's INVITE is sent to it,
 * without credentials: they were made for another Request-URI, and whoever
 * redirects has no right to them (threats 22).
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "sip/refer_int.h"

enum { CONTACTS_MAX = 16 }; /* of one 3xx; more are not looked at */

static bool is_callable(const sip_contact_t *c)
{
	return (c->m_url->url_type == url_sip || c->m_url->url_type == url_sips) &&
	       c->m_url->url_host;
}

int cv_sip_pass_contacts(const struct cv_sip_leg *to, const struct cv_msg *m, msg_t *out)
{
	uint32_t fork = m->fork;
	const struct cv_sip_leg *from = cv_sip_leg_mate(to, &fork);
	const sip_contact_t *c = m->src->pub->sip_contact;
	su_home_t *home = msg_home(out);

	for (size_t i = 0; c && i < CONTACTS_MAX; c = c->m_next, ++i) {
		sip_contact_t one = *c, *copy;

		one.m_next = NULL;
		copy = sip_contact_dup(home, &one);
		if (!copy)
			return ENOMEM;

		if (from && is_callable(copy))
			cv_sip_ident_contact(to, from, home, copy->m_url);
		if (msg_header_insert(out, (msg_pub_t *)sip_object(out),
				      (msg_header_t *)copy) < 0)
			return ENOMEM;
	}

	return 0;
}

/* RFC 3261 20.10; 1 when it isn't said. */
static int thousandths(const sip_contact_t *c)
{
	double q = c->m_q ? strtod(c->m_q, NULL) : 1;

	return q >= 0 && q <= 1 ? (int)(q * 1000) : 1000;
}

void cv_sip_contacts(const struct cv_msg *m, cv_contact_fn *fn, void *arg)
{
	const sip_contact_t *v[CONTACTS_MAX], *c;
	su_home_t home[1] = {SU_HOME_INIT(home)};
	size_t n = 0;

	if (!m->src)
		return;

	for (c = m->src->pub->sip_contact; c && n < CONTACTS_MAX; c = c->m_next) {
		size_t at = n;

		if (!is_callable(c))
			continue;

		/* the highest q first, equal ones as they stand */
		for (; at > 0 && thousandths(v[at - 1]) < thousandths(c); --at)
			v[at] = v[at - 1];
		v[at] = c;
		++n;
	}

	su_home_init(home);
	for (size_t i = 0; i < n; ++i) {
		url_t *url = url_hdup(home, v[i]->m_url);
		char *text;

		if (!url)
			continue;

		url->url_headers = NULL; /* another's words in our request */
		text = url_as_string(home, url);
		if (text)
			fn(arg, cv_str_of(text));
	}
	su_home_deinit(home);
}

static bool is_of(const struct cv_sip *s, const struct cv_conf_peer *peer,
		  const url_t *url)
{
	struct cv_addr a;

	for (size_t i = 0; i < peer->domains.c; ++i) {
		if (strcasecmp(peer->domains.v[i].text, url->url_host) == 0)
			return true;
	}

	cv_sip_addr_of_host(&a, url->url_host, NULL);

	return cv_addr_is_set(&a) && cv_sip_is_peer_host(s, peer, &a);
}

/* The caller's INVITE with another Request-URI, in a message of its own. It was sent on
 * once: what a copy must not have (hdr.c) has been taken out then. */
static int invite_of(msg_t *came, struct cv_str uri, msg_t **mp)
{
	msg_t *m = msg_dup(came);
	su_home_t *home = m ? msg_home(m) : NULL;
	char *text = m ? su_strndup(home, uri.p, (isize_t)uri.len) : NULL;
	url_t *url = text ? url_make(home, text) : NULL;
	sip_request_t *rq = NULL;
	sip_t *sip;

	if (url)
		rq = sip_request_create(home, SIP_METHOD_INVITE, (url_string_t *)url,
					NULL);
	if (!rq) {
		if (m)
			msg_destroy(m);
		return ENOMEM;
	}

	sip = sip_object(m);
	while (sip->sip_authorization)
		msg_header_remove(m, (msg_pub_t *)sip,
				  (msg_header_t *)sip->sip_authorization);
	while (sip->sip_proxy_authorization)
		msg_header_remove(m, (msg_pub_t *)sip,
				  (msg_header_t *)sip->sip_proxy_authorization);
	msg_header_insert(m, (msg_pub_t *)sip, (msg_header_t *)rq);
	*mp = m;

	return 0;
}

int cv_sip_redirected(struct cv_txn *invite, struct cv_str uri, const char *by,
		      cv_redirected_fn *fn, void *arg)
{
	struct cv_sip_txn *t = (struct cv_sip_txn *)invite;
	struct cv_sip_leg *leg = t->leg;
	struct cv_sip *s = leg->sip;
	const struct cv_conf_peer *peer = cv_conf_peer_find(s->conf, cv_str_of(by));
	msg_t *came = t->irq ? nta_incoming_getrequest(t->irq) : NULL;
	struct cv_sip_ref ref = {.sip = s};
	struct cv_sip_origin origin;
	struct cv_request rq;
	bool own;
	int err;

	if (!came || !peer)
		return came ? (msg_unref(came), ENOENT) : ESTALE;

	err = invite_of(came, uri, &ref.msg);
	msg_unref(came);
	if (err)
		return err;

	ref.pub = sip_object(ref.msg);
	cv_sip_origin_of_leg(leg, &origin, "a redirection");
	cv_sip_request(s, &rq, &ref, &origin);
	/* from the caller, but where the one who redirects may call */
	rq.who = CV_WHO_PEER;
	rq.peer = by;
	rq.home_peer = NULL;
	rq.binding = 0;
	own = is_of(s, peer, ref.pub->sip_request->rq_url);
	err = fn(arg, &rq, own);
	cv_sip_origin_done(&origin);
	msg_destroy(ref.msg);

	return err;
}
