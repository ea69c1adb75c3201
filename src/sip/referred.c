/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A REFER that is answered here: the INVITE it asks for, as its sender would
 * send it, and the NOTIFYs about it. Signalling thread.
 *
 * Who calls is whom the sender of the REFER talks with, by the URI it knows
 * them by; what may be called is asked of the routes as if the sender called.
 * Of Refer-To only the URI counts, and Replaces in it: other headers there are
 * somebody else's words in our request (RFC 3515 6).
 */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "sip/refer_int.h"

/* What is to be called, without headers and method; NULL: nothing that can be. */
static url_t *target_of(su_home_t *home, const sip_t *sip)
{
	const sip_refer_to_t *r = sip->sip_refer_to;
	char method[16] = "INVITE";
	url_t *url;

	if (!r || (r->r_url->url_type != url_sip && r->r_url->url_type != url_sips) ||
	    !r->r_url->url_host)
		return NULL;

	url = url_hdup(home, r->r_url);
	if (!url)
		return NULL;

	url->url_headers = NULL;
	if (url->url_params) {
		(void)url_param(url->url_params, "method", method, sizeof(method));
		url->url_params =
			url_strip_param_string((char *)url->url_params, "method");
	}

	return strcasecmp(method, "INVITE") == 0 ? url : NULL;
}

/* The sender's other leg that Replaces in Refer-To names; @p text is Replaces, as
 * written, when it is none of ours. */
static struct cv_sip_leg *replaced(const struct cv_sip_leg *from, su_home_t *home,
				   const sip_t *sip, char **text)
{
	struct cv_sip_leg *leg;

	*text = cv_sip_replaces_in_url(home, sip->sip_refer_to->r_url->url_headers);
	leg = *text ? cv_sip_leg_by_name(from->sip, home, *text) : NULL;
	if (!leg || leg == from || !leg->confirmed || !cv_sip_is_same_party(leg, from))
		return NULL;

	*text = NULL;

	return leg;
}

/* The INVITE, in a message of its own. */
static int invite_of(struct cv_sip_leg *leg, const sip_t *refer, url_t *url,
		     const char *replaces, msg_t **mp)
{
	msg_t *m = nta_msg_create(leg->sip->agent, 0);
	const sip_max_forwards_t *hops = refer->sip_max_forwards;
	su_home_t *home = m ? msg_home(m) : NULL;
	sip_request_t *rq;
	char *from, *to;

	if (!m)
		return ENOMEM;

	rq = sip_request_create(home, SIP_METHOD_INVITE, (url_string_t *)url, NULL);
	to = url_as_string(home, url);
	to = to ? su_sprintf(home, "<%s>", to) : NULL;
	from = leg->self ? su_sprintf(home, "<%s>", leg->self) : to;
	if (!rq || !to || !from ||
	    sip_add_tl(m, sip_object(m), SIPTAG_REQUEST(rq), SIPTAG_FROM_STR(from),
		       SIPTAG_TO_STR(to), SIPTAG_CALL_ID(sip_call_id_create(home, NULL)),
		       SIPTAG_CSEQ(sip_cseq_create(home, 1, SIP_METHOD_INVITE)),
		       TAG_IF(hops, SIPTAG_MAX_FORWARDS(hops)),
		       TAG_IF(refer->sip_referred_by,
			      SIPTAG_REFERRED_BY(refer->sip_referred_by)),
		       TAG_IF(replaces, SIPTAG_REPLACES_STR(replaces)),
		       TAG_IF(replaces, SIPTAG_REQUIRE_STR("replaces")), TAG_END()) < 0 ||
	    !sip_object(m)->sip_call_id || !sip_object(m)->sip_cseq) {
		msg_destroy(m);
		return ENOMEM;
	}

	*mp = m;

	return 0;
}

void cv_sip_origin_of_leg(struct cv_sip_leg *leg, struct cv_sip_origin *o,
			  const char *why)
{
	struct cv_sip *s = leg->sip;

	*o = (struct cv_sip_origin){
		.seen = leg->base.place.seen,
		.transport = leg->transport,
		.listen = leg->listen,
		.place = leg->base.place,
		.who = CV_WHO_STRANGER,
	};
	o->peer = leg->peer ? cv_conf_peer_find(s->conf, cv_str_of(leg->peer)) : NULL;
	if (leg->binding)
		o->binding = cv_mem_ref(cv_bind_by_id(s->binds, leg->binding));
	if (o->peer)
		o->who = CV_WHO_PEER;
	else if (o->binding)
		o->who = CV_WHO_PHONE;

	(void)cv_evid_new(&o->evid);
	cv_evid_add(o->evid, "sender",
		    o->peer      ? "peer"
		    : o->binding ? "phone"
				 : "stranger",
		    "%s in call %s", why, leg->call);
}

int cv_sip_referred(struct cv_txn *base, const struct cv_msg *m, cv_refer_fn *fn,
		    void *arg)
{
	struct cv_sip_leg *leg = ((struct cv_sip_txn *)base)->leg, *other;
	su_home_t home[1] = {SU_HOME_INIT(home)};
	struct cv_sip_origin origin;
	struct cv_sip_ref ref = {.sip = leg->sip};
	struct cv_refer r = {.replaced = NULL};
	const sip_t *sip = m->src->pub;
	char *replaces = NULL;
	url_t *url;
	int err;

	su_home_init(home);
	url = target_of(home, sip);
	err = url ? 0 : EBADMSG;
	if (err)
		goto out;

	other = replaced(leg, home, sip, &replaces);
	r.replaced = other ? &other->base : NULL;
	err = invite_of(leg, sip, url, replaces, &ref.msg);
	if (err)
		goto out;

	leg->refer_id = leg->refers_had++ > 0 ? sip->sip_cseq->cs_seq : 0;
	ref.pub = sip_object(ref.msg);
	cv_sip_origin_of_leg(leg, &origin, "a transfer (REFER)");
	cv_sip_request(leg->sip, &r.rq, &ref, &origin);
	err = fn(arg, &r);
	cv_sip_origin_done(&origin);
	msg_destroy(ref.msg);

out:
	su_home_deinit(home);

	return err;
}

/* RFC 3515 2.4.4, 2.4.6 */
int cv_sip_refer_state(const struct cv_sip_leg *leg, const struct cv_msg *m,
		       msg_t *notify)
{
	su_home_t *home = msg_home(notify);
	char *event = leg->refer_id > 0
			      ? su_sprintf(home, "refer;id=%u", (unsigned)leg->refer_id)
			      : su_strdup(home, "refer");
	char *state = m->lives_s > 0
			      ? su_sprintf(home, "active;expires=%d", (int)m->lives_s)
			      : su_strdup(home, "terminated;reason=noresource");

	if (!event || !state ||
	    sip_add_tl(notify, sip_object(notify), SIPTAG_EVENT_STR(event),
		       SIPTAG_SUBSCRIPTION_STATE_STR(state), TAG_END()) < 0)
		return ENOMEM;

	return 0;
}
