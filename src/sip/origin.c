/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where a request came from and who sent it (contract, "Who is who"):
 * source, listening point, place with evidence, phone, peer or stranger.
 * Signalling thread.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "sip/alg_int.h"

enum { NARROWEST = 129 }; /* a single address beats every network */

/* How narrow an entry of a from list is. */
static unsigned narrowness(const char *entry)
{
	const char *slash = strchr(entry, '/');

	if (slash)
		return (unsigned)strtoul(slash + 1, NULL, 10);

	return strchr(entry, '-') ? 1 : NARROWEST;
}

/* 0: the address is not this peer's. */
static unsigned peer_match(const struct cv_sip *s, size_t i, const struct cv_addr *seen)
{
	const struct cv_conf_peer *p = &s->conf->peers[i];
	size_t n;

	if (p->from.c > 0) {
		n = cv_alist_find(s->from[i], seen);
		return n > 0 ? narrowness(cv_alist_text(s->from[i], n)) : 0;
	}

	return cv_peers_is_host(s->peers, p->name, seen) ? NARROWEST : 0;
}

static const struct cv_conf_peer *peer_of(const struct cv_sip *s,
					  const struct cv_addr *seen)
{
	const struct cv_conf_peer *best = NULL;
	unsigned most = 0;

	for (size_t i = 0; i < s->conf->peerc; ++i) {
		unsigned n = peer_match(s, i, seen);

		if (n > most) {
			most = n;
			best = &s->conf->peers[i];
		}
	}

	return best;
}

/* Of several accounts at one provider the one whose Contact is called. */
static const struct cv_conf_peer *trunk_of(struct cv_sip *s, const sip_t *sip,
					   const struct cv_addr *seen)
{
	struct cv_sip_trunk *tr =
		cv_sip_trunk_by_token(s, sip->sip_request->rq_url->url_user);
	const struct cv_conf_peer *p =
		tr ? cv_conf_peer_find(s->conf, cv_str_of(tr->peer->name)) : NULL;

	return p && peer_match(s, (size_t)(p - s->conf->peers), seen) > 0 ? p : NULL;
}

bool cv_sip_is_peer_host(const struct cv_sip *s, const struct cv_conf_peer *peer,
			 const struct cv_addr *a)
{
	return peer && peer_match(s, (size_t)(peer - s->conf->peers), a) > 0;
}

/* Of several registrations over one flow the one whose user speaks; else the newest. */
static struct cv_binding *binding_of(struct cv_sip *s, const struct cv_sip_origin *o,
				     const sip_t *sip)
{
	const struct cv_bind_flow flow = {o->seen, o->transport, o->listen};
	struct cv_str user =
		cv_str_of(sip->sip_from ? sip->sip_from->a_url->url_user : NULL);
	struct cv_binding *first = NULL, *b = NULL;

	for (;;) {
		struct cv_str aor;

		b = cv_bind_by_flow(s->binds, &flow, b);
		if (!b)
			return first;

		first = first ? first : b;
		aor = cv_str_of(b->aor);
		aor.len = cv_str_chr(aor, '@');
		if (cv_str_eq(aor, user))
			return b;
	}
}

static void place(struct cv_sip *s, struct cv_sip_origin *o, const sip_t *sip)
{
	struct cv_place_query q = {
		.party = "sender",
		.seen = o->seen,
		.listen = o->listen,
	};
	struct cv_alg_sdp sdp;

	if (o->peer && o->peer->nat == CV_NAT_YES)
		q.nat = CV_PLACE_NAT_YES;
	if (o->peer && o->peer->nat == CV_NAT_NO)
		q.nat = CV_PLACE_NAT_NO;

	if (sip->sip_via && !sip->sip_via->v_next) {
		q.written[q.writtenc].where = "Via";
		cv_sip_addr_of_host(&q.written[q.writtenc++].addr, sip->sip_via->v_host,
				    sip->sip_via->v_port);
	}

	for (const sip_contact_t *c = sip->sip_contact;
	     c && q.writtenc < CV_PLACE_WRITTEN; c = c->m_next) {
		q.written[q.writtenc].where = "Contact";
		cv_sip_addr_of_host(&q.written[q.writtenc++].addr, c->m_url->url_host,
				    c->m_url->url_port);
	}

	if (q.writtenc < CV_PLACE_WRITTEN && cv_sip_alg_sdp(&sdp, s, sip)) {
		q.written[q.writtenc].where = "SDP";
		q.written[q.writtenc++].addr = sdp.c;
	}

	cv_place_of(s->net, &q, &o->place, o->evid);
}

static void who(struct cv_sip *s, struct cv_sip_origin *o, const sip_t *sip)
{
	char text[CV_ADDR_STRLEN];

	cv_addr_print(&o->seen, text);
	o->binding =
		cv_mem_ref(binding_of(s, o, sip)); /* an answer may end its connection */
	if (o->binding) {
		o->who = CV_WHO_PHONE;
		cv_evid_add(o->evid, "sender", "phone",
			    "the packet came from %s, the flow of the registration of %s",
			    text, o->binding->aor);
		return;
	}

	o->peer = trunk_of(s, sip, &o->seen);
	if (!o->peer)
		o->peer = peer_of(s, &o->seen);
	if (o->peer) {
		o->who = CV_WHO_PEER;
		cv_evid_add(o->evid, "sender", "peer",
			    "the packet came from %s, an address of peer %s", text,
			    o->peer->name);
		return;
	}

	o->who = CV_WHO_STRANGER;
	cv_evid_add(o->evid, "sender", "stranger",
		    "when it came, %s was neither the flow of a registration nor "
		    "an address of a peer",
		    text);
}

int cv_sip_origin_of(struct cv_sip *s, struct cv_sip_origin *o, nta_incoming_t *irq,
		     const sip_t *sip)
{
	msg_t *msg = nta_incoming_getrequest(irq);
	tport_t *tp = msg ? nta_incoming_transport(s->agent, irq, msg) : NULL;
	int err;

	memset(o, 0, sizeof(*o));
	if (!tp) {
		err = ENOTCONN;
		goto out;
	}

	cv_sip_addr(&o->seen, msg_addr(msg));
	err = cv_addr_is_set(&o->seen) ? cv_sip_listener(tp, &o->listen, &o->transport)
				       : ENOTCONN;
	if (err)
		goto out;

	err = cv_sip_link_new(&o->link, s, tp, &o->seen, o->listen);
	if (err)
		goto out;

	(void)cv_evid_new(&o->evid);
	who(s, o, sip);
	if (o->binding) {
		cv_sip_alg_heard(s, o->binding, sip);
		cv_sip_alg_tell(o->binding, o->evid);
	}
	place(s, o, sip);
	if (o->binding && o->binding->place.side == CV_SIDE_FAR &&
	    o->place.side == CV_SIDE_WAN) {
		o->place.side = CV_SIDE_FAR;
		cv_evid_add(o->evid, "place of sender", "far",
			    "its registration over this flow showed a NAT");
	}

out:
	if (tp)
		tport_unref(tp);
	if (msg)
		msg_unref(msg);
	if (err)
		cv_sip_origin_done(o);

	return err;
}

void cv_sip_origin_done(struct cv_sip_origin *o)
{
	o->link = cv_mem_unref(o->link);
	o->evid = cv_mem_unref(o->evid);
	o->binding = cv_mem_unref(o->binding);
}
