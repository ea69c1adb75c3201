/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Keepalives: one packet out of the registration's own socket to the very
 * address it came from, so that exactly that hole stays open (CG-13).
 * bind/ping.c says when. Signalling thread.
 *
 * OPTIONS is a whole request and any answer proves the phone alive. An empty
 * line, four zero bytes or a STUN indication only keep the hole open: nobody
 * answers them, so they count as answered. On a stream a phone that is gone shows as a
 * closed connection; OPTIONS goes there whatever the method.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "base/log.h"
#include "base/mem.h"
#include "net/stun.h"
#include "sip/alg_int.h"

/** One OPTIONS under way. In sip->pings, which holds the reference. */
struct ping {
	struct cv_sip *sip;
	uint64_t binding;    /* id: the binding may be gone when the answer comes */
	nta_outgoing_t *orq; /* owned */
	struct cv_addr canary; /* alg.c; unset: none */
	struct cv_list node;
};

static void ping_fini(void *obj)
{
	struct ping *p = obj;

	cv_list_del(&p->node);
	if (p->orq)
		nta_outgoing_destroy(p->orq);
}

/* @p sip is the phone's answer; NULL: there is none. */
static void pong(struct cv_sip *s, const struct ping *p, const sip_t *sip)
{
	struct cv_binding *b = cv_bind_by_id(s->binds, p->binding);

	if (!b)
		return;

	if (sip)
		cv_sip_alg_echoed(s, b, &p->canary, sip);
	cv_bind_pong(s->binds, b, sip);
}

/* 408 and 503 of the stack's own making have no response of the phone behind them. */
static bool is_from_phone(nta_outgoing_t *orq)
{
	msg_t *m = nta_outgoing_getresponse(orq);
	bool is = m && !nta_is_internal_msg(m);

	if (m)
		msg_unref(m);

	return is;
}

static int on_pong(nta_outgoing_magic_t *magic, nta_outgoing_t *orq, const sip_t *sip)
{
	struct ping *p = magic;

	if (!p || nta_outgoing_status(orq) < 200)
		return 0;

	cv_list_del(&p->node);
	pong(p->sip, p, is_from_phone(orq) ? sip : NULL);
	cv_mem_unref(p);

	return 0;
}

/* An answer that is later than the next ping counts as none: the old one makes room. */
static void drop_old(struct cv_sip *s, uint64_t binding)
{
	struct cv_list *n, *tmp;

	CV_LIST_FOREACH (n, tmp, &s->pings) {
		struct ping *p = CV_CONTAINER(n, struct ping, node);

		if (p->binding == binding)
			cv_mem_unref(p);
	}
}

static msg_t *options(struct cv_sip *s, const struct cv_binding *b)
{
	msg_t *m = nta_msg_create(s->agent, 0);
	sip_t *sip = sip_object(m);
	su_home_t *home;
	char *us, *from, *to, *id, *cseq;
	sip_request_t *rq;

	if (!m)
		return NULL;

	home = msg_home(m);
	us = cv_sip_contact_uri(s, home, "", b->flow.listen, b->flow.transport);
	from = us ? su_sprintf(home, "<%s>;tag=%016" PRIx64, us, b->id) : NULL;
	to = su_sprintf(home, "<%s>", b->contact);
	id = su_sprintf(home, "keep-%s", b->token);
	cseq = su_sprintf(home, "%" PRIu32 " OPTIONS", ++s->ping_cseq);
	rq = sip_request_create(home, SIP_METHOD_OPTIONS, (url_string_t *)b->contact,
				NULL);
	if (!from || !to || !id || !cseq || !rq ||
	    msg_header_insert(m, (msg_pub_t *)sip, (msg_header_t *)rq) < 0 ||
	    sip_add_tl(m, sip, SIPTAG_FROM_STR(from), SIPTAG_TO_STR(to),
		       SIPTAG_CALL_ID_STR(id), SIPTAG_CSEQ_STR(cseq),
		       SIPTAG_MAX_FORWARDS_STR("70"), TAG_END()) < 0) {
		msg_destroy(m);
		return NULL;
	}

	return m;
}

static int send_options(struct cv_sip *s, struct cv_binding *b,
			const struct cv_sip_link *l)
{
	struct ping *p;
	msg_t *m;
	int err;

	p = cv_mem_new(sizeof(*p), ping_fini);
	if (!p)
		return ENOMEM;

	m = options(s, b);
	if (!m) {
		cv_mem_unref(p);
		return ENOMEM;
	}

	err = cv_sip_alg_canary(s, b, l, m);
	if (!err)
		p->canary = cv_alg_inside(&b->alg);

	p->sip = s;
	p->binding = b->id;
	cv_list_add(&s->pings, &p->node);
	p->orq = nta_outgoing_mcreate(
		s->agent, on_pong, p,
		cv_sip_hop_url(msg_home(m), &b->flow.seen, b->flow.transport), m,
		NTATAG_TPORT(l->tp), TAG_IF(!err, NTATAG_USER_VIA(1)), TAG_END());
	if (p->orq)
		return 0;

	msg_destroy(m);
	cv_mem_unref(p);

	return ECONNRESET;
}

static int send_raw(const struct cv_binding *b, const struct cv_sip_link *l,
		    const void *data, size_t len)
{
	struct sockaddr_storage ss;
	socklen_t sslen = cv_addr_to_sa(&b->flow.seen, &ss);
	int fd = cv_sip_udp_fd(l->tp);

	if (fd == -1)
		return ENOTCONN;

	return sendto(fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL, (struct sockaddr *)&ss,
		      sslen) == -1
		       ? errno
		       : 0;
}

/* An indication, which nobody answers: phones don't expect STUN requests at their
 * SIP port, and silence would say nothing about them. */
static int send_stun(const struct cv_binding *b, const struct cv_sip_link *l)
{
	uint8_t p[CV_STUN_MAX], tid[CV_STUN_TID];
	struct cv_stun_out o;
	size_t len;
	int err;

	if (getrandom(tid, sizeof(tid), 0) != (ssize_t)sizeof(tid))
		return EIO;

	cv_stun_begin(&o, p, sizeof(p));
	cv_stun_head(&o, CV_STUN_INDICATION, CV_STUN_BINDING, tid);
	err = cv_stun_end(&o, &len);

	return err ? err : send_raw(b, l, p, len);
}

void cv_sip_ping(void *arg, struct cv_binding *b)
{
	static const char zeros[4];
	struct cv_sip *s = arg;
	const struct cv_sip_link *l = b->link;
	enum cv_conf_ping method = s->conf->ping.method;
	int err = ECONNRESET;

	drop_old(s, b->id);
	if (!cv_sip_link_is_alive(l)) {
		cv_bind_pong(s->binds, b, false);
		return;
	}

	if (b->flow.transport != CV_TRANSPORT_UDP)
		method = CV_PING_OPTIONS;

	switch (method) {
	case CV_PING_OPTIONS:
		err = send_options(s, b, l);
		break;
	case CV_PING_CRLF:
		err = send_raw(b, l, "\r\n\r\n", 4);
		break;
	case CV_PING_ZERO:
		err = send_raw(b, l, zeros, sizeof(zeros));
		break;
	case CV_PING_STUN:
		err = send_stun(b, l);
		break;
	}

	if (err)
		cv_debug("sip", "ping not sent aor=%s err=%s", b->aor, strerror(err));
	if (err || method != CV_PING_OPTIONS)
		cv_bind_pong(s->binds, b, !err);
}

void cv_sip_keep_close(struct cv_sip *s)
{
	struct cv_list *n, *tmp;

	CV_LIST_FOREACH (n, tmp, &s->pings) {
		cv_mem_unref(CV_CONTAINER(n, struct ping, node));
	}
}
