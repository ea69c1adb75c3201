/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Early dialogs towards a caller: each place that rings on the other leg has a
 * To tag of ours (RFC 3261 12.1), so that the caller can tell their early media
 * and their answers apart. Signalling thread.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "sip/sip_int.h"

static nta_leg_t *dialog_new(struct cv_sip_leg *leg, const sip_t *invite)
{
	nta_leg_t *d = nta_leg_tcreate(leg->sip->agent, cv_sip_on_dialog, leg,
				       SIPTAG_CALL_ID(invite->sip_call_id),
				       SIPTAG_FROM(invite->sip_to),
				       SIPTAG_TO(invite->sip_from), TAG_END());

	if (!d)
		return NULL;

	if (nta_leg_tag(d, NULL) &&
	    nta_leg_server_route(d, invite->sip_record_route, invite->sip_contact) >= 0)
		return d;

	nta_leg_destroy(d);

	return NULL;
}

/* The first fork has the leg's own dialog. */
static int add(struct cv_sip_leg *leg, const sip_t *invite, uint32_t fork)
{
	struct cv_sip_early e = {.fork = fork};

	if (leg->earlyc == CV_SIP_FORKS)
		return ENOBUFS;

	if (leg->earlyc > 0) {
		e.dialog = dialog_new(leg, invite);
		if (!e.dialog)
			return ENOMEM;
	}

	leg->early[leg->earlyc++] = e;

	return 0;
}

static int put_tag(msg_t *response, const sip_t *invite, const char *tag)
{
	su_home_t *home = msg_home(response);
	sip_to_t *to = sip_to_dup(home, invite->sip_to);

	if (!to || !tag || sip_to_tag(home, to, tag) < 0 ||
	    msg_header_insert(response, (msg_pub_t *)sip_object(response),
			      (msg_header_t *)to) < 0)
		return ENOMEM;

	return 0;
}

/*
 * The stack finds the INVITE of an ACK by the To tag it gave the transaction,
 * and has no call to give it another. The text is the transaction's own copy
 * and all tags the stack draws have one length.
 */
static void retag(nta_incoming_t *irq, const char *tag)
{
	char *is = (char *)nta_incoming_tag(irq, NULL);

	if (is && strlen(is) == strlen(tag))
		memcpy(is, tag, strlen(tag) + 1);
}

static int tag_of(struct cv_sip_txn *t, const sip_t *invite, msg_t *response,
		  const struct cv_msg *m)
{
	struct cv_sip_leg *leg = t->leg;
	uint32_t fork = m->single ? 0 : m->fork;
	const char *tag;
	int err = 0;

	if (cv_sip_early_at(leg, fork) == leg->earlyc)
		err = add(leg, invite, fork);
	if (err == ENOBUFS && m->status >= 200)
		fork = leg->early[0].fork; /* better as another than not at all */
	else if (err)
		return err;

	tag = nta_leg_get_tag(cv_sip_early_dialog(leg, fork));
	err = put_tag(response, invite, tag);
	if (err || m->status < 200)
		return err;

	retag(t->irq, tag);
	cv_sip_early_win(leg, fork);

	return 0;
}

int cv_sip_fork_tag(struct cv_sip_txn *t, msg_t *response, const struct cv_msg *m)
{
	msg_t *invite;
	int err;

	if (t->base.method != CV_METHOD_INVITE || t->leg->confirmed || !m->src ||
	    m->status >= 300)
		return 0;

	invite = nta_incoming_getrequest(t->irq);
	if (!invite)
		return ENOMEM;

	err = tag_of(t, sip_object(invite), response, m);
	msg_unref(invite);

	return err;
}

bool cv_sip_fork_rel(struct cv_sip_txn *t, uint32_t fork)
{
	size_t i = cv_sip_early_at(t->leg, fork);
	struct cv_sip_early *e = &t->leg->early[i];

	if (i == t->leg->earlyc)
		return true;

	if (e->rseq != 0 && t->rel_fork != fork)
		return false;

	e->rseq = 1;
	t->rel_fork = fork;

	return true;
}
