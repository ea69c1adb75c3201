/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Early dialogs of a leg: an INVITE may be answered by several phones, each
 * with a To tag of its own (RFC 3261 12.1), and each counts its reliable 1xx
 * itself (RFC 3262). Here those of an outgoing leg are made and all are kept;
 * fork.c makes those of an incoming one. Signalling thread.
 *
 * An outgoing leg's own dialog keeps no remote tag before a 2xx, so that the INVITE can
 * be asked again on it; requests before that go out in the dialogs kept here.
 */
#include "config.h"

#include <errno.h>
#include <strings.h>

#include "sip/sip_int.h"

static bool eq(const char *a, const char *b)
{
	return a && b && strcasecmp(a, b) == 0;
}

/* Index of the early dialog with this remote tag; earlyc: none. */
static size_t find(const struct cv_sip_leg *leg, const char *tag)
{
	size_t i = 0;

	while (i < leg->earlyc && !eq(nta_leg_get_rtag(leg->early[i].dialog), tag))
		++i;

	return i;
}

static bool add(struct cv_sip_leg *leg, const sip_t *sip)
{
	struct cv_sip_early *e;

	if (leg->earlyc == CV_SIP_FORKS)
		return false;

	e = &leg->early[leg->earlyc];
	*e = (struct cv_sip_early){
		.fork = (uint32_t)leg->earlyc,
		.cseq = sip->sip_cseq->cs_seq,
	};
	e->dialog = nta_leg_tcreate(leg->sip->agent, cv_sip_on_dialog, leg,
				    SIPTAG_CALL_ID(sip->sip_call_id),
				    SIPTAG_FROM(sip->sip_from), SIPTAG_TO(sip->sip_to),
				    SIPTAG_CSEQ(sip->sip_cseq), TAG_END());
	if (!e->dialog)
		return false;

	nta_leg_client_reroute(e->dialog, sip->sip_record_route, sip->sip_contact, 1);
	++leg->earlyc;

	return true;
}

static bool is_reliable(const sip_t *sip)
{
	return sip->sip_rseq && sip->sip_rseq->rs_response != 0 && sip->sip_require &&
	       sip_has_feature(sip->sip_require, "100rel");
}

/* RFC 3262 4: in order, one after the other, each once. */
static bool in_order(struct cv_sip_early *e, const sip_t *sip)
{
	uint32_t rseq = sip->sip_rseq->rs_response, cseq = sip->sip_cseq->cs_seq;

	if (e->cseq == cseq && e->rseq != 0 && rseq != e->rseq + 1)
		return false;

	e->cseq = cseq;
	e->rseq = rseq;

	return true;
}

size_t cv_sip_early_at(const struct cv_sip_leg *leg, uint32_t fork)
{
	size_t i = 0;

	while (i < leg->earlyc && leg->early[i].fork != fork)
		++i;

	return i;
}

/* The early dialog of a fork; NULL: none. */
static const struct cv_sip_early *of_fork(const struct cv_sip_leg *leg, uint32_t fork)
{
	size_t i = cv_sip_early_at(leg, fork);

	return i < leg->earlyc ? &leg->early[i] : NULL;
}

bool cv_sip_early_heard(struct cv_sip_leg *leg, const sip_t *sip, struct cv_msg *m)
{
	const char *tag = sip->sip_to->a_tag;
	size_t i = 0;

	if (!tag || m->method != CV_METHOD_INVITE || m->status >= 300)
		return true;

	if (!leg->confirmed) {
		i = find(leg, tag);
		m->fork = (uint32_t)i;
		if (m->status < 200 && i == leg->earlyc && !add(leg, sip))
			return false;
	}

	if (m->status >= 200 || !is_reliable(sip))
		return true;

	if (!in_order(&leg->early[i], sip))
		return false;

	m->reliable = true;
	m->rseq = sip->sip_rseq->rs_response;

	return true;
}

uint32_t cv_sip_early_fork(const struct cv_sip_leg *leg, const char *local,
			   const char *remote)
{
	for (size_t i = 0; i < leg->earlyc; ++i) {
		nta_leg_t *d = leg->early[i].dialog ? leg->early[i].dialog : leg->dialog;

		if (eq(nta_leg_get_tag(d), local) && eq(nta_leg_get_rtag(d), remote))
			return leg->early[i].fork;
	}

	return 0;
}

nta_leg_t *cv_sip_early_dialog(const struct cv_sip_leg *leg, uint32_t fork)
{
	const struct cv_sip_early *e = of_fork(leg, fork);

	return e && e->dialog ? e->dialog : leg->dialog;
}

int cv_sip_early_rack(const struct cv_sip_leg *leg, const struct cv_msg *m, msg_t *prack)
{
	const struct cv_sip_early *e = of_fork(leg, m->fork);
	sip_rack_t rack[1];

	sip_rack_init(rack);
	rack->ra_response = m->rseq;
	rack->ra_cseq = e ? e->cseq : leg->early[0].cseq; /* it has won since */
	rack->ra_method = sip_method_invite;
	rack->ra_method_name = sip_method_name_invite;
	if (sip_add_tl(prack, sip_object(prack), SIPTAG_RACK(rack), TAG_END()) < 0)
		return ENOMEM;

	return 0;
}

void cv_sip_early_win(struct cv_sip_leg *leg, uint32_t fork)
{
	const struct cv_sip_early *e = of_fork(leg, fork);
	struct cv_sip_early winner = {0};

	if (e) {
		size_t i = (size_t)(e - leg->early);
		nta_leg_t *own = leg->dialog;

		winner = *e;
		if (winner.dialog) {
			leg->dialog = winner.dialog;
			leg->heard = 0; /* it counts for itself */
			leg->early[i].dialog = own;
		}
		winner.dialog = NULL;
	}

	cv_sip_early_drop(leg);
	leg->early[0] = winner;
}

void cv_sip_early_drop(struct cv_sip_leg *leg)
{
	for (size_t i = 0; i < leg->earlyc; ++i) {
		if (leg->early[i].dialog)
			nta_leg_destroy(leg->early[i].dialog);
		leg->early[i] = (struct cv_sip_early){0};
	}

	leg->earlyc = 0;
}
