/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Streams as the stack sees them: for each listening point and transport one
 * private listener on the loopback, behind the door (net/stream.h), whose Via
 * shows what is outside. Signalling thread.
 */
#include "config.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "sip/sip_int.h"

enum {
	STREAM_QUEUE = 64, /* messages that wait for the door */
	HALF_MESSAGE_MS =
		30000, /* the door hands over whole messages; it may have died */
	TCP_PORT = 5060,
	TLS_PORT = 5061,
};

static const char *const words[CV_SIP_TRANSPORTS] = {" udp", " tcp", " tls"};

int cv_sip_listener(const tport_t *tp, uint8_t *listen, enum cv_transport *t)
{
	struct cv_str ident = cv_str_of(tport_name(tport_parent(tp))->tpn_ident);
	size_t blank = cv_str_chr(ident, ' ');
	struct cv_str word = cv_str_from(ident, blank);
	uint64_t n;
	int err;

	ident.len = blank;
	err = cv_str_u64(&n, ident, CV_NET_POINTS - 1);
	if (err)
		return EINVAL;

	for (size_t i = 0; i < CV_SIP_TRANSPORTS; ++i) {
		if (!cv_str_eq(word, cv_str_of(words[i])))
			continue;
		*listen = (uint8_t)n;
		*t = (enum cv_transport)i;
		return 0;
	}

	return EINVAL;
}

/* Name that the certificate at @p hop must bear; NULL: its address or a domain will do.
 * Of a hop that is gone meanwhile the name still counts. */
static const char *name_at(const struct cv_sip *s, const struct cv_conf_peer *peer,
			   const struct cv_addr *hop, enum cv_transport t)
{
	const struct cv_hop *at = cv_peers_hop_at(s->peers, peer->name, hop, t);

	if (at)
		return at->host;

	for (size_t i = 0; i < peer->targetc; ++i) {
		if (peer->targets[i].host)
			return peer->targets[i].host;
	}

	return NULL;
}

int cv_sip_aim(struct cv_sip *s, const struct cv_addr *hop, enum cv_transport t,
	       uint8_t listen, const struct cv_conf_peer *peer)
{
	struct cv_gate_dial dial = {.to = *hop, .transport = t, .point = listen};
	const char *name;

	if (!s->door)
		return ENETUNREACH;

	if (dial.to.port == 0)
		dial.to.port = t == CV_TRANSPORT_TLS ? TLS_PORT : TCP_PORT;

	name = peer ? name_at(s, peer, &dial.to, t) : NULL;
	dial.named = name;
	if (!name && peer && peer->domains.c > 0)
		name = peer->domains.v[0].text;
	if (name)
		(void)snprintf(dial.name, sizeof(dial.name), "%s", name);

	return cv_gate_aim(cv_door_gate(s->door), &dial);
}

/* The listener that was added last for @p ident. */
static tport_t *find(struct cv_sip *s, const char *ident)
{
	tport_t *tp = tport_primaries(nta_agent_tports(s->agent));

	while (tp && (!tport_name(tp)->tpn_ident ||
		      strcmp(tport_name(tp)->tpn_ident, ident) != 0))
		tp = tport_next(tp);

	return tp;
}

/* Opens it and tells the door where it is. */
static int open_inside(struct cv_sip *s, size_t point, enum cv_transport t)
{
	const struct cv_point *p = &s->net->points[point];
	struct cv_door_way way = {.point = (uint8_t)point, .transport = t};
	const char *url = p->bind.family == AF_INET6 ? "sip:[::1]:*;transport=tcp"
						     : "sip:127.0.0.1:*;transport=tcp";
	char ident[32];
	tport_t *tp;

	(void)snprintf(ident, sizeof(ident), "%zu%s", point, words[t]);
	if (nta_agent_add_tport(
		    s->agent, URL_STRING_MAKE(url), TPTAG_IDENT(ident),
		    TPTAG_IDLE(UINT_MAX) /* the door says */,
		    TPTAG_TIMEOUT(HALF_MESSAGE_MS), TPTAG_QUEUESIZE(STREAM_QUEUE),
		    TPTAG_SDWN_ERROR(1) /* or link_gone() never runs */, TAG_END()) < 0)
		return su_errno() ? su_errno() : EADDRINUSE;

	tp = find(s, ident);
	if (!tp)
		return EADDRNOTAVAIL;

	way.own = p->bind;
	if (cv_addr_from_sa(&way.inside, tport_get_address(tp)->ai_addr))
		return EADDRNOTAVAIL;

	return cv_door_way(s->door, &way);
}

static int listen_outside(struct cv_sip *s, size_t point, enum cv_transport t,
			  uint16_t port)
{
	struct cv_addr at = s->net->points[point].bind;

	at.port = port;

	return cv_door_listen(s->door, (uint8_t)point, t, &at);
}

int cv_sip_streams_open(struct cv_sip *s, size_t point, enum cv_transport t,
			struct cv_buf *error)
{
	const struct cv_conf_listen *l = &s->conf->listens[s->net->points[point].conf];
	const uint16_t *portv = t == CV_TRANSPORT_TLS ? l->tls : l->tcp;
	size_t portc = t == CV_TRANSPORT_TLS ? l->tlsc : l->tcpc;
	uint16_t shown = t == CV_TRANSPORT_TLS ? TLS_PORT : TCP_PORT;
	char host[CV_ADDR_STRLEN];
	int err;

	if (portc == 0 && !cv_conf_dials(s->conf, t))
		return 0; /* a peer needs a way there, though no phone comes by it */

	err = s->door ? open_inside(s, point, t) : ENOTSUP;
	if (err) {
		cv_conf_complain(error, l->pos,
				 "[listen %s]: no private listener for %s: %s", l->name,
				 cv_transport_name(t), strerror(err));
		return err;
	}

	(void)snprintf(s->via_port[point][t], sizeof(s->via_port[point][t]), "%u",
		       portc > 0 ? (unsigned)portv[0] : (unsigned)shown);
	for (size_t i = 0; !err && i < portc; ++i) {
		err = listen_outside(s, point, t, portv[i]);
		if (err)
			cv_conf_complain(error, l->pos,
					 "[listen %s]: can't listen on %s %s port %u: %s",
					 l->name, cv_transport_name(t),
					 cv_addr_print(&s->net->points[point].bind, host),
					 (unsigned)portv[i], strerror(err));
	}

	return err;
}
