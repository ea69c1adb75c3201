/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The addresses of ours that messages show. Contacts are made from the net when
 * they are needed; the stack makes Vias from texts of its own, which are pointed
 * to ours here. Signalling thread.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "sip/reg_int.h"

enum {
	FOLLOWED_S = 120
}; /* between two REGISTERs of a phone whose registrar was shown
      an address of ours that may change: calls for it go astray
      no longer */

/* Messages under way still point to what stood there before: a text is not changed. */
static char *text_of(struct cv_sip *s, size_t point)
{
	struct cv_addr a = s->net->points[point].advertise;
	char *text = s->via_host[point][s->via_at[point]], want[CV_ADDR_STRLEN];

	a.port = 0;
	if (strcmp(text, cv_addr_print(&a, want)) == 0)
		return text;
	if (*text)
		s->via_at[point] = (uint8_t)((s->via_at[point] + 1) % CV_SIP_SHOWN);

	text = s->via_host[point][s->via_at[point]];
	memcpy(text, want, sizeof(want));

	return text;
}

/* The agent copies the last Via of a listener's chain into requests, and compares those
 * of requests with its transport. Streams come to the private listeners of the door. */
static void show(struct cv_sip *s, const tport_t *tp)
{
	sip_via_t *v = (sip_via_t *)tport_magic(tp);
	enum cv_transport t;
	uint8_t point;

	while (v && v->v_next)
		v = v->v_next;
	if (!v || cv_sip_listener(tp, &point, &t) || point >= s->net->pointc)
		return;

	v->v_host = text_of(s, point);
	if (t == CV_TRANSPORT_UDP)
		return;

	v->v_port = s->via_port[point][t];
	v->v_protocol = t == CV_TRANSPORT_TLS ? sip_transport_tls : sip_transport_tcp;
}

void cv_sip_show(struct cv_sip *s)
{
	tport_t *tp = tport_primaries(nta_agent_tports(s->agent));

	for (; tp; tp = tport_next(tp))
		show(s, tp);
}

uint32_t cv_reg_told_s(const struct cv_sip *s, uint8_t listen, uint32_t granted_s)
{
	bool follows = listen < s->net->pointc && s->net->points[listen].follows;

	return follows && granted_s > FOLLOWED_S ? FOLLOWED_S : granted_s;
}

int cv_reg_take_back(const struct cv_reg *r, msg_t *m)
{
	for (size_t i = 0; i < r->c; ++i) {
		const struct cv_binding *b = NULL;
		char *text;

		if (r->v[i].binding)
			b = cv_bind_by_id(r->sip->binds, r->v[i].binding);
		if (!b || !b->stale)
			continue;

		text = su_sprintf(msg_home(m), "<%s>;expires=0", b->stale);
		if (!text || sip_add_make(m, sip_object(m), sip_contact_class, text) < 0)
			return ENOMEM;
	}

	return 0;
}

/** Our Contacts towards one peer. */
struct way {
	struct cv_sip *sip;
	uint8_t listen;
	enum cv_transport transport;
};

/* Its password isn't ours, so its registrar hears of the new Contact by its own next
 * REGISTER, which takes this one back. */
static void note_stale(void *arg, struct cv_binding *b)
{
	const struct way *w = arg;
	su_home_t home[1] = {SU_HOME_INIT(home)};
	char *uri;

	su_home_init(home);
	uri = cv_sip_contact_uri(w->sip, home, b->token, w->listen, w->transport);
	if (uri && cv_bind_stale(b, uri))
		cv_debug("sip", "old contact stays until it expires aor=%s", b->aor);
	cv_evid_add(b->evid, "address shown", "changed",
		    "its registrar holds our earlier address until it registers again");
	su_home_deinit(home);
}

/* Bindings whose registrar was shown an address of @p points; the net is still the one
 * that says so. */
static void note_bindings(struct cv_sip *s, uint64_t points)
{
	for (size_t i = 0; i < s->conf->peerc; ++i) {
		const struct cv_conf_peer *p = &s->conf->peers[i];
		struct cv_hop hops[CV_PEERS_HOPS];
		struct cv_target to = {0};
		struct way w = {.sip = s};
		size_t c;

		if (cv_peers_hops(s->peers, p->name, CV_STR_NULL, hops, CV_PEERS_HOPS,
				  &c) ||
		    cv_sip_aim_peer(s, p, &hops[0], &to, NULL) ||
		    (points >> to.place.listen & 1) == 0)
			continue;

		w.listen = to.place.listen;
		w.transport = to.transport;
		cv_binds_at(s->binds, p->name, note_stale, &w);
	}
}

void cv_sip_net(struct cv_sip *s, const struct cv_net *net, uint64_t points)
{
	if (points != 0)
		note_bindings(s, points);

	s->net = net;
	if (points == 0)
		return;

	cv_sip_show(s);
	cv_sip_trunks_renew(s, points);
}
