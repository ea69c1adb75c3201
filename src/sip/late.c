/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A second 2xx of an INVITE: another place answered after the first one won. It
 * is acknowledged and ended (RFC 3261 13.2.2.4), along the leg's own way.
 * Signalling thread.
 *
 * The stack would do so by itself, but wherever the Contact of that 2xx points
 * to, and by the first socket it has (threats 18): so an INVITE is made as a
 * proxy makes it, then such a 2xx comes here, or through the INVITE's own
 * callback while that is still there.
 */
#include "config.h"

#include <errno.h>
#include <strings.h>

#include "base/log.h"
#include "base/mem.h"
#include "sip/sent_int.h"

/* A request in the dialog that nobody here wanted. */
static msg_t *request(struct cv_sip_leg *leg, const sip_t *answer, sip_method_t method,
		      const char *name, uint32_t cseq)
{
	const url_t *url =
		answer->sip_contact ? answer->sip_contact->m_url : answer->sip_to->a_url;
	msg_t *m = nta_msg_create(leg->sip->agent, 0);
	su_home_t *home = m ? msg_home(m) : NULL;
	sip_request_t *rq;

	if (!m)
		return NULL;

	rq = sip_request_create(home, method, name, (const url_string_t *)url, NULL);
	if (!rq ||
	    msg_header_insert(m, (msg_pub_t *)sip_object(m), (msg_header_t *)rq) < 0 ||
	    sip_add_tl(m, sip_object(m), SIPTAG_FROM(answer->sip_from),
		       SIPTAG_TO(answer->sip_to), SIPTAG_CALL_ID(answer->sip_call_id),
		       SIPTAG_CSEQ(sip_cseq_create(home, cseq, method, name)),
		       SIPTAG_ROUTE(sip_route_reverse(home, answer->sip_record_route)),
		       SIPTAG_MAX_FORWARDS_STR("70"), TAG_END()) < 0) {
		msg_destroy(m);
		return NULL;
	}

	return m;
}

/* Takes @p m; nobody waits for its answer. */
static int transmit(struct cv_sip_leg *leg, msg_t *m, const char *ack_branch)
{
	tport_t *tp = leg->link ? leg->link->tp
				: cv_sip_tport(leg->sip, leg->listen, leg->transport);
	nta_outgoing_t *orq = NULL;
	url_string_t *route;

	if (!m)
		return ENOMEM;

	route = cv_sip_hop_url(msg_home(m), &leg->hop, leg->transport);
	if (route && tp && (!leg->link || cv_sip_link_is_alive(leg->link)))
		orq = nta_outgoing_mcreate(
			leg->sip->agent, NULL, NULL, route, m, NTATAG_TPORT(tp),
			TAG_IF(ack_branch, NTATAG_ACK_BRANCH(ack_branch)), TAG_END());
	if (!orq) {
		msg_destroy(m);
		return ECONNRESET;
	}

	nta_outgoing_destroy(orq); /* goes on inside the stack */

	return 0;
}

void cv_sip_late(struct cv_sip_leg *leg, const sip_t *sip)
{
	const char *won = leg->dialog ? nta_leg_get_rtag(leg->dialog) : NULL;
	uint32_t cseq = sip->sip_cseq->cs_seq;
	int err;

	if (!sip->sip_to->a_tag || !sip->sip_via || !sip->sip_via->v_branch ||
	    (won && strcasecmp(won, sip->sip_to->a_tag) == 0))
		return; /* the one that won, again */

	err = transmit(leg, request(leg, sip, SIP_METHOD_ACK, cseq),
		       sip->sip_via->v_branch);
	if (!err)
		err = transmit(leg, request(leg, sip, SIP_METHOD_BYE, cseq + 1), NULL);
	if (err)
		cv_debug("sip", "late answer not ended call=%s", leg->call);
}

/* Responses that no transaction waits for. */
static int on_stray(nta_outgoing_magic_t *magic, nta_outgoing_t *orq, const sip_t *sip)
{
	struct cv_sip *s = magic;
	struct cv_sip_leg *leg;
	nta_leg_t *dialog;

	(void)orq;
	if (!sip || !sip->sip_status || sip->sip_status->st_status < 200 ||
	    sip->sip_status->st_status >= 300 ||
	    sip->sip_cseq->cs_method != sip_method_invite)
		return 0;

	dialog = nta_leg_by_call_id(s->agent, sip->sip_call_id->i_id);
	leg = dialog ? nta_leg_magic(dialog, cv_sip_on_dialog) : NULL;
	if (leg && leg->dialog && nta_leg_get_tag(leg->dialog) && sip->sip_from->a_tag &&
	    strcasecmp(nta_leg_get_tag(leg->dialog), sip->sip_from->a_tag) == 0)
		cv_sip_late(leg, sip);

	return 0;
}

int cv_sip_late_open(struct cv_sip *s)
{
	s->stray = nta_outgoing_default(s->agent, on_stray, s);

	return s->stray ? 0 : ENOMEM;
}
