/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Routers that rewrite SIP (ALGs): what messages show of them goes to
 * bind/alg.c, and what must be mended because of them is mended here.
 * Signalling thread.
 *
 * Our keepalive bears a canary, the phone's own private address, in a Via of
 * ours and in From; the phone sends both back as it got them. Quoted, so that
 * whatever is put in its place can't break the header.
 */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/hash.h"
#include "sip/alg_int.h"

static const char echo[] = "cv-echo"; /* the parameter */

static bool is_nated(const struct cv_sip *s, const struct cv_addr *a)
{
	return cv_alist_find(s->net->nated, a) > 0;
}

/* The first Contact that is an address. */
static void contact_of(struct cv_addr *a, const sip_t *sip)
{
	for (const sip_contact_t *c = sip->sip_contact; c; c = c->m_next) {
		cv_sip_addr_of_host(a, c->m_url->url_host, c->m_url->url_port);
		if (cv_addr_is_set(a))
			return;
	}
}

static void look(struct cv_alg_look *l, const struct cv_sip *s,
		 const struct cv_sip_origin *o, const sip_t *sip)
{
	memset(l, 0, sizeof(*l));
	l->seen = o->seen;
	l->stream = o->transport != CV_TRANSPORT_UDP;
	if (sip->sip_via && !sip->sip_via->v_next)
		cv_sip_addr_of_host(&l->via, sip->sip_via->v_host, sip->sip_via->v_port);
	contact_of(&l->contact, sip);
	l->seen_nated = is_nated(s, &l->seen);
	l->via_nated = is_nated(s, &l->via);
	l->contact_nated = is_nated(s, &l->contact);
}

/* A phone is the same as long as its REGISTERs have one Call-ID and come from one host.
 */
static uint64_t phone_of(const struct cv_sip_origin *o, const sip_t *sip)
{
	const char *id = sip->sip_call_id->i_id;
	uint64_t mix[2] = {
		cv_hash_bytes(id, strlen(id)),
		cv_hash_bytes(o->seen.ip.bytes, sizeof(o->seen.ip.bytes)),
	};

	return cv_hash_bytes(mix, sizeof(mix));
}

/* What its first REGISTER said. One that brings an answer to a challenge isn't the first,
 * whether we remember or not. */
static struct cv_alg_first first_of(struct cv_sip *s, const struct cv_alg_look *l,
				    const struct cv_sip_origin *o, const sip_t *sip)
{
	static const struct cv_alg_first nothing;
	uint64_t phone = phone_of(o, sip);
	struct cv_alg_phone *p = &s->phones[phone % CV_ALG_PHONES];

	if (p->phone == phone)
		return p->first;

	p->phone = phone;
	p->first = sip->sip_authorization || sip->sip_proxy_authorization
			   ? nothing
			   : cv_alg_first_of(l);

	return p->first;
}

void cv_sip_alg_register(struct cv_reg *r, const struct cv_sip_origin *o,
			 const sip_t *sip)
{
	struct cv_alg_look l;
	struct cv_alg_first first;
	char words[CV_ALG_WORDS];

	look(&l, r->sip, o, sip);
	first = first_of(r->sip, &l, o, sip);
	cv_alg_register(&r->alg, &l, &first);
	if (cv_alg_verdict(&r->alg) == CV_ALG_NO)
		return;

	cv_evid_add(r->evid, "alg", cv_alg_name(cv_alg_verdict(&r->alg)),
		    "addresses in its first REGISTER contradict each other; rewritten: "
		    "%s",
		    cv_alg_words(&r->alg, words));
	if (r->place.side != CV_SIDE_WAN)
		return;

	r->place.side = CV_SIDE_FAR;
	cv_evid_add(r->evid, "place of phone", cv_side_name(CV_SIDE_FAR),
		    "a router there rewrites SIP, so it stands behind a NAT");
}

bool cv_sip_alg_sdp(struct cv_alg_sdp *sdp, const struct cv_sip *s, const sip_t *sip)
{
	const sip_payload_t *pl = sip->sip_payload;

	if (!pl || !sip->sip_content_type || !sip->sip_content_type->c_type ||
	    strcasecmp(sip->sip_content_type->c_type, "application/sdp") != 0)
		return false;

	cv_alg_sdp_read(sdp, cv_str_make(pl->pl_data, pl->pl_len));
	sdp->c_nated = is_nated(s, &sdp->c);

	return true;
}

void cv_sip_alg_heard(struct cv_sip *s, struct cv_binding *b, const sip_t *sip)
{
	const sip_content_length_t *l = sip->sip_content_length;
	struct cv_alg_sdp sdp;

	if (!cv_sip_alg_sdp(&sdp, s, sip))
		return;

	if (l && l->l_length != sip->sip_payload->pl_len)
		cv_alg_length(&b->alg, (unsigned)l->l_length,
			      (unsigned)sip->sip_payload->pl_len);
	cv_alg_body(&b->alg, &sdp);
	if (sdp.c_nated && !is_nated(s, &b->flow.seen))
		cv_bind_far(s->binds, b,
			    "its SDP names a private address and its packets come from "
			    "another");
	cv_bind_alg_changed(s->binds, b);
}

void cv_sip_alg_tell(const struct cv_binding *b, struct cv_evid *ev)
{
	char words[CV_ALG_WORDS];

	if (cv_alg_verdict(&b->alg) != CV_ALG_NO)
		cv_evid_add(ev, "alg", cv_alg_name(cv_alg_verdict(&b->alg)),
			    "a router before the phone of %s rewrites SIP: %s", b->aor,
			    cv_alg_words(&b->alg, words));
}

void cv_sip_alg_answered(const struct cv_sip_leg *leg, const sip_t *sip)
{
	struct cv_binding *b =
		leg->binding ? cv_bind_by_id(leg->sip->binds, leg->binding) : NULL;

	if (b)
		cv_sip_alg_heard(leg->sip, b, sip);
}

/* Canary */

int cv_sip_alg_canary(struct cv_sip *s, const struct cv_binding *b,
		      const struct cv_sip_link *l, msg_t *m)
{
	struct cv_addr inside = cv_alg_inside(&b->alg), us;
	char host[CV_ADDR_STRLEN], shown[CV_ADDR_STRLEN];
	su_home_t *home = msg_home(m);
	sip_t *sip = sip_object(m);
	char *via, *branch, *param;
	uint64_t port = 0;

	if (!cv_addr_is_set(&inside) || l->transport != CV_TRANSPORT_UDP ||
	    b->pings_missed > 0) /* a phone may stumble over what it doesn't know */
		return ENOENT;

	if (cv_str_u64(&port, cv_str_of(tport_name(l->tp)->tpn_port), UINT16_MAX))
		return ENOENT;

	us = s->net->points[l->listen].advertise;
	us.port = (uint16_t)port;
	cv_addr_print_host(&inside, host);
	branch = cv_sip_branch(s, home, 0);
	param = su_sprintf(home, "%s=\"%s\"", echo, host);
	via = branch && param ? su_sprintf(home, "SIP/2.0/UDP %s;branch=%s;%s",
					   cv_addr_print(&us, shown), branch, param)
			      : NULL;
	if (!via ||
	    msg_header_add_param(home, (msg_common_t *)sip->sip_from, param) < 0 ||
	    sip_add_tl(m, sip, SIPTAG_VIA_STR(via), TAG_END()) < 0)
		return ENOMEM;

	return 0;
}

/* Value of the parameter without its quotes; NULL: it isn't there. */
static const char *echoed(su_home_t *home, const msg_param_t *params)
{
	const char *v = msg_params_find(params, "cv-echo=");
	size_t len = v ? strlen(v) : 0;

	if (len >= 2 && v[0] == '"' && v[len - 1] == '"')
		return su_strndup(home, v + 1, (isize_t)(len - 2));

	return v;
}

void cv_sip_alg_echoed(struct cv_sip *s, struct cv_binding *b, const struct cv_addr *sent,
		       const sip_t *sip)
{
	su_home_t home[1] = {SU_HOME_INIT(home)};

	if (!cv_addr_is_set(sent) || !sip->sip_via || !sip->sip_from)
		return;

	su_home_init(home);
	cv_alg_echo(&b->alg, CV_ALG_VIA, sent, echoed(home, sip->sip_via->v_params));
	cv_alg_echo(&b->alg, CV_ALG_FROM, sent, echoed(home, sip->sip_from->a_params));
	su_home_deinit(home);
	cv_bind_alg_changed(s->binds, b);
}

/* A Contact that a router has rewritten, as the phone itself wrote it: the host and port
 * of its Via. */
void cv_sip_alg_list(su_home_t *home, const struct cv_alg *a, struct cv_buf *list,
		     const char *uri, const char *params, uint32_t expires_s)
{
	struct cv_addr inside = cv_alg_inside(a);
	char host[CV_ADDR_STRLEN];
	url_t *url;
	char *text;

	if (!(cv_alg_bits(a) & CV_ALG_CONTACT) || !cv_addr_is_set(&inside))
		return;

	url = url_make(home, uri);
	if (!url)
		return;

	url->url_host = cv_addr_print_host(&inside, host);
	url->url_port =
		inside.port ? su_sprintf(home, "%u", (unsigned)inside.port) : NULL;
	text = url_as_string(home, url);
	if (text && strcmp(text, uri) != 0)
		cv_reg_list(list, text, params, expires_s);
}
