/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Are the peers' next hops well? One OPTIONS to each, whenever call/peers.c says
 * so; whatever is answered goes back there. Signalling thread.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "sip/sent_int.h"

enum {
	PATIENCE_MS = 4000, /* four packets over UDP (RFC 3261 17.1.2.2), and a
			       connection that is to be made first */
	TIMED_OUT = 408,
	UNAVAILABLE = 503,
};

/** One OPTIONS under way. In sip->probes, which holds the reference. */
struct probe {
	struct cv_sip *sip;
	char *peer; /* outlives the configuration; owned */
	struct cv_hop hop;
	nta_outgoing_t *orq; /* owned */
	struct cv_timer *timer;
	bool sending, over; /* in nta_outgoing_mcreate(), which may answer at once */
	struct cv_list node;
};

static void probe_fini(void *obj)
{
	struct probe *p = obj;

	cv_list_del(&p->node);
	cv_mem_unref(p->timer);
	if (p->orq)
		nta_outgoing_destroy(p->orq);

	free(p->peer);
}

/* It is over; the list's reference goes. */
static void done(struct probe *p, int status, int err)
{
	cv_peers_probed(p->sip->peers, p->peer, &p->hop, (uint16_t)status, err);
	cv_mem_unref(p);
}

static int on_answer(nta_outgoing_magic_t *magic, nta_outgoing_t *orq, const sip_t *sip)
{
	struct probe *p = magic;
	int status = nta_outgoing_status(orq);

	(void)sip;

	if (!p || status < 200 || p->over)
		return 0;

	if (p->sending)
		p->over = true;
	else
		done(p, status,
		     cv_sip_failure(p->sip, orq, &p->hop.addr, p->hop.transport));

	return 0;
}

static void on_timer(void *arg)
{
	done(arg, TIMED_OUT, ETIMEDOUT);
}

static msg_t *options(struct cv_sip *s, const struct cv_conf_peer *peer,
		      const struct cv_hop *hop, const struct cv_target *to)
{
	msg_t *m = nta_msg_create(s->agent, 0);
	sip_t *sip = sip_object(m);
	char text[CV_ADDR_STRLEN];
	su_home_t *home;
	char *us, *uri, *from, *them, *contact, *cseq;
	sip_request_t *rq;

	if (!m)
		return NULL;

	home = msg_home(m);
	us = cv_sip_contact_uri(s, home, "", to->place.listen, to->transport);
	uri = su_sprintf(home, "sip:%s",
			 peer->domains.c > 0 ? peer->domains.v[0].text
			 : hop->host         ? hop->host
					     : cv_addr_print(&hop->addr, text));
	from = us ? su_sprintf(home, "<%s>;tag=%08" PRIx32, us, ++s->ping_cseq) : NULL;
	contact = us ? su_sprintf(home, "<%s>", us) : NULL;
	them = uri ? su_sprintf(home, "<%s>", uri) : NULL;
	cseq = su_sprintf(home, "%" PRIu32 " OPTIONS", s->ping_cseq);
	rq = uri ? sip_request_create(home, SIP_METHOD_OPTIONS, (url_string_t *)uri, NULL)
		 : NULL;
	if (!from || !contact || !them || !cseq || !rq ||
	    msg_header_insert(m, (msg_pub_t *)sip, (msg_header_t *)rq) < 0 ||
	    sip_add_tl(m, sip, SIPTAG_FROM_STR(from), SIPTAG_TO_STR(them),
		       SIPTAG_CONTACT_STR(contact),
		       SIPTAG_CALL_ID(sip_call_id_create(home, NULL)),
		       SIPTAG_CSEQ_STR(cseq), SIPTAG_ACCEPT_STR("application/sdp"),
		       SIPTAG_MAX_FORWARDS_STR("70"), TAG_END()) < 0) {
		msg_destroy(m);
		return NULL;
	}

	return m;
}

/* Hands it to the stack. */
static int launch(struct probe *p, msg_t *m, const struct cv_target *to,
		  const struct cv_conf_peer *peer)
{
	struct cv_sip *s = p->sip;
	url_string_t *route = cv_sip_hop_url(msg_home(m), &to->hop, to->transport);
	tport_t *tp = cv_sip_tport(s, to->place.listen, to->transport);

	if (!route || !tp)
		return ENETUNREACH;
	if (to->transport != CV_TRANSPORT_UDP &&
	    cv_sip_aim(s, &to->hop, to->transport, to->place.listen, peer))
		return ENETUNREACH;

	p->sending = true;
	p->orq = nta_outgoing_mcreate(s->agent, on_answer, p, route, m, NTATAG_TPORT(tp),
				      TAG_END());
	p->sending = false;

	return p->orq ? 0 : ENETUNREACH;
}

static int transmit(struct probe *p, const struct cv_conf_peer *peer)
{
	struct cv_target to = {0};
	msg_t *m;
	int err;

	err = cv_sip_aim_peer(p->sip, peer, &p->hop, &to, NULL);
	if (err)
		return err;

	m = options(p->sip, peer, &p->hop, &to);
	if (!m)
		return ENOMEM;

	err = launch(p, m, &to, peer);
	if (err)
		msg_destroy(m);

	return err ? err : p->over ? ECONNREFUSED : 0;
}

static int probe_new(struct probe **pp, struct cv_sip *s, const char *peer,
		     const struct cv_hop *hop)
{
	struct probe *p = cv_mem_new(sizeof(*p), probe_fini);
	int err;

	if (!p)
		return ENOMEM;

	p->sip = s;
	p->hop = *hop;
	p->peer = cv_mem_strdup(peer);
	err = p->peer ? cv_timer_new(&p->timer, s->loop, on_timer, p) : ENOMEM;
	if (!err)
		err = cv_timer_set(p->timer, PATIENCE_MS);
	if (err) {
		cv_mem_unref(p);
		return err;
	}

	cv_list_add(&s->probes, &p->node);
	*pp = p;

	return 0;
}

static void on_probe(void *arg, const char *peer, const struct cv_hop *hop)
{
	struct cv_sip *s = arg;
	const struct cv_conf_peer *conf = cv_conf_peer_find(s->conf, cv_str_of(peer));
	struct probe *p;
	int err;

	if (!conf || s->draining)
		return;

	err = probe_new(&p, s, peer, hop);
	if (err) {
		cv_peers_probed(s->peers, peer, hop, 0, 0);
		return;
	}

	err = transmit(p, conf);
	if (err)
		done(p, err == ENOMEM ? 0 : UNAVAILABLE, err);
}

static void on_changed(void *arg, const char *peer)
{
	cv_sip_trunk_follow(arg, peer);
}

void cv_sip_health_open(struct cv_sip *s)
{
	s->watch = (struct cv_peers_watch){
		.probe = on_probe,
		.changed = on_changed,
		.arg = s,
	};
	cv_peers_watched(s->peers, &s->watch);
}

void cv_sip_health_close(struct cv_sip *s)
{
	struct cv_list *n, *tmp;

	if (s->watch.arg)
		cv_peers_watched(s->peers, NULL);

	s->watch.arg = NULL;
	CV_LIST_FOREACH (n, tmp, &s->probes) {
		cv_mem_unref(CV_CONTAINER(n, struct probe, node));
	}
}
