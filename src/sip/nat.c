/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Flows and addresses: from sofia's forms to ours and back, and the links by
 * which a party behind a NAT is reached. Signalling thread.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "sip/sip_int.h"

void cv_sip_addr(struct cv_addr *a, const su_sockaddr_t *su)
{
	if (cv_addr_from_sa(a, &su->su_sa))
		memset(a, 0, sizeof(*a));
}

void cv_sip_addr_of_host(struct cv_addr *a, const char *host, const char *port)
{
	uint64_t n = 0;

	if (!host || cv_addr_parse(a, cv_str_of(host))) {
		memset(a, 0, sizeof(*a));
		return;
	}

	if (port && cv_str_u64(&n, cv_str_of(port), UINT16_MAX) == 0)
		a->port = (uint16_t)n;
}

/* The stream ended: its bindings must hear of it, nothing else may use it. */
static void on_gone(void *arg)
{
	struct cv_sip_link *l = cv_mem_ref(arg);

	if (l->sip && l->sip->binds)
		cv_bind_link_gone(l->sip->binds, l);
	if (l->sip)
		cv_sip_flow_lost(l);
	cv_mem_unref(l);
}

/* The stack may say so in the middle of a write of ours, and whoever writes is not to
 * find his call ended by that: it is told in the next turn. */
static void link_gone(tp_stack_t *stack, tp_client_t *client, tport_t *tp, msg_t *msg,
		      int error)
{
	struct cv_sip_link *l = (void *)client;

	(void)stack;
	(void)msg;
	(void)error;

	/* or the stack would call again when it lets go of the connection */
	if (l->pending > 0)
		tport_release(tp, l->pending, NULL, NULL, client, 0);
	l->pending = -1;
	if (cv_timer_set(l->gone, 0))
		on_gone(l);
}

static void link_fini(void *obj)
{
	struct cv_sip_link *l = obj;

	cv_list_del(&l->node);
	if (l->pending > 0)
		tport_release(l->tp, l->pending, NULL, NULL, (void *)l, 0);

	cv_mem_unref(l->gone);
	if (l->tp && l->transport != CV_TRANSPORT_UDP)
		tport_unref(l->tp);
}

static struct cv_sip_link *link_find(struct cv_sip *s, const tport_t *tp)
{
	struct cv_list *n, *tmp;

	CV_LIST_FOREACH (n, tmp, &s->links) {
		struct cv_sip_link *l = CV_CONTAINER(n, struct cv_sip_link, node);

		if (l->tp == tp)
			return l;
	}

	return NULL;
}

int cv_sip_link_new(struct cv_sip_link **lp, struct cv_sip *s, tport_t *tp,
		    const struct cv_addr *peer, uint8_t listen)
{
	enum cv_transport t = CV_TRANSPORT_TCP;
	uint8_t point;
	struct cv_sip_link *l;

	if (!lp || !s || !tp || !peer)
		return EINVAL;

	(void)cv_sip_listener(tp, &point, &t);

	l = tport_is_udp(tp) ? NULL : link_find(s, tp);
	if (l) {
		*lp = cv_mem_ref(l);
		return 0;
	}

	l = cv_mem_new(sizeof(*l), link_fini);
	if (!l)
		return ENOMEM;

	l->sip = s;
	l->peer = *peer;
	l->listen = listen;
	l->pending = -1;
	l->transport = tport_is_udp(tp) ? CV_TRANSPORT_UDP : t;
	if (l->transport != CV_TRANSPORT_UDP &&
	    cv_timer_new(&l->gone, s->loop, on_gone, l)) {
		cv_mem_unref(l);
		return ENOMEM;
	}

	l->tp = tp;
	if (l->transport != CV_TRANSPORT_UDP) {
		tport_ref(tp);
		l->pending = tport_pend(tp, NULL, link_gone, (void *)l);
		cv_list_add(&s->links, &l->node);
	}

	*lp = l;

	return 0;
}

bool cv_sip_link_is_alive(const struct cv_sip_link *l)
{
	if (!l)
		return false;

	return l->transport == CV_TRANSPORT_UDP || tport_is_clear_to_send(l->tp);
}

url_string_t *cv_sip_hop_url(su_home_t *home, const struct cv_addr *hop,
			     enum cv_transport t)
{
	char text[CV_ADDR_STRLEN];
	struct cv_addr a = *hop;

	if (a.port == 0)
		a.port = t == CV_TRANSPORT_TLS ? 5061 : 5060;
	if (t == CV_TRANSPORT_TLS)
		t = CV_TRANSPORT_TCP; /* on the private stream; the door adds the rest */

	return (url_string_t *)su_sprintf(home, "sip:%s;transport=%s",
					  cv_addr_print(&a, text), cv_transport_name(t));
}

tport_t *cv_sip_tport(struct cv_sip *s, uint8_t listen, enum cv_transport t)
{
	if (listen >= s->net->pointc || t > CV_TRANSPORT_TLS)
		return NULL;

	return s->tports[listen][t];
}

char *cv_sip_contact_uri(struct cv_sip *s, su_home_t *home, const char *user,
			 uint8_t listen, enum cv_transport t)
{
	char text[CV_ADDR_STRLEN];
	struct cv_addr a;
	tport_t *tp = cv_sip_tport(s, listen, t);
	uint64_t port = 0;

	if (!tp)
		return NULL;

	a = s->net->points[listen].advertise;
	if (cv_str_u64(&port,
		       cv_str_of(t == CV_TRANSPORT_UDP ? tport_name(tp)->tpn_port
						       : s->via_port[listen][t]),
		       UINT16_MAX))
		return NULL;

	a.port = (uint16_t)port;

	return su_sprintf(home, "sip:%s%s%s%s%s", user, *user ? "@" : "",
			  cv_addr_print(&a, text),
			  t == CV_TRANSPORT_UDP ? "" : ";transport=",
			  t == CV_TRANSPORT_UDP ? "" : cv_transport_name(t));
}
