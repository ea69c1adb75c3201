/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Requests larger than a packet. Signalling thread.
 *
 * RFC 3261 18.1.1 would send them by TCP whoever is there; many a peer has no
 * TCP, or none its firewall knows, so we don't: a request keeps
 * the transport of its flow, in as many fragments as it takes, and is counted
 * and logged. Only [peer] mtu, and a target of the same host that says
 * transport=tcp, sends what starts a dialog by TCP, and then all of the dialog.
 * The stack never changes the transport by itself: it is given the listener
 * (NTATAG_TPORT) and a limit that no datagram reaches (NTATAG_UDP_MTU).
 */
#include "config.h"

#include "base/log.h"
#include "sip/sip_int.h"

enum {
	PACKET = 1300, /* RFC 3261 18.1.1: more may not fit one */
	VIA = 150,     /* bytes of the Via the stack adds, at most */
	LOG_BURST = 1, /* lines in 10 s: calls bring them about */
};

static const struct cv_conf_target *tcp_of(const struct cv_conf_peer *p,
					   const struct cv_addr *hop)
{
	for (size_t i = 0; i < p->targetc; ++i) {
		if (p->targets[i].transport == CV_TRANSPORT_TCP &&
		    cv_addr_host_eq(&p->targets[i].addr, hop))
			return &p->targets[i];
	}

	return NULL;
}

static size_t size_of(msg_t *m)
{
	size_t len = 0;

	if (msg_serialize(m, (msg_pub_t *)sip_object(m)) < 0 ||
	    !msg_as_string(msg_home(m), m, NULL, 0, &len))
		return 0;

	return len + VIA;
}

bool cv_sip_large_move(struct cv_sip_leg *leg, msg_t *m, struct cv_evid *ev)
{
	const struct cv_conf_peer *p = cv_sip_leg_peer(leg);
	const struct cv_conf_target *t;
	char text[CV_ADDR_STRLEN];
	size_t size;

	if (!p || p->mtu == 0 || leg->link || leg->transport != CV_TRANSPORT_UDP)
		return false;

	t = tcp_of(p, &leg->hop);
	size = t ? size_of(m) : 0;
	if (size <= p->mtu || !cv_sip_tport(leg->sip, leg->listen, CV_TRANSPORT_TCP))
		return false;

	leg->hop = t->addr;
	leg->transport = CV_TRANSPORT_TCP;
	cv_evid_add(ev, "transport", "tcp",
		    "%zu bytes are more than mtu of peer %s allows: to %s", size, p->name,
		    cv_addr_print(&leg->hop, text));

	return true;
}

void cv_sip_large_note(const struct cv_sip_leg *leg, nta_outgoing_t *orq)
{
	const struct cv_conf_peer *p = cv_sip_leg_peer(leg);
	unsigned most = p && p->mtu > 0 ? p->mtu : PACKET;
	msg_t *m;
	size_t size;

	if (leg->transport != CV_TRANSPORT_UDP)
		return;

	m = nta_outgoing_getrequest(orq);
	size = m ? msg_size(m) : 0;
	if (size > most) {
		cv_stat_add(leg->sip->stat, CV_STAT_requests_large, 1);
		if (cv_log_allow(&leg->sip->large_log, LOG_BURST))
			cv_warn("sip",
				"large request call=%s method=%s bytes=%zu peer=%s "
				"transport=udp",
				leg->call, sip_object(m)->sip_request->rq_method_name,
				size, leg->peer ? leg->peer : "-");
	}
	if (m)
		msg_unref(m);
}
