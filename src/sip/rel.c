/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reliable 1xx towards a caller (RFC 3262): numbers and repeats are the
 * stack's, order and what a PRACK means are ours. Signalling thread.
 *
 * At most one awaits its PRACK; the next is sent after it. The stack could
 * queue them too, but two that it sent at once make it number a 2xx and then
 * abort on its own assertion.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "sip/sip_int.h"

enum {
	/* of one INVITE that wait; a callee may not send a second before the first is
	 * acknowledged, but forks may */
	RELS_MAX = 8,
};

/* One that awaits PRACK, or its turn. Plain memory in t->rels. */
struct rel {
	struct cv_list node;
	nta_reliable_t *sent; /* the stack's; NULL: not sent yet */
	msg_t *msg;           /* owned; NULL once sent */
	uint32_t fork, rseq;  /* whose 1xx it was; rseq 0: it was no reliable one */
};

static struct rel *first(struct cv_sip_txn *t)
{
	if (cv_list_is_empty(&t->rels))
		return NULL;

	return CV_CONTAINER(t->rels.next, struct rel, node);
}

static void drop(struct rel *r)
{
	cv_list_del(&r->node);
	if (r->sent)
		nta_reliable_destroy(r->sent);
	if (r->msg)
		msg_destroy(r->msg);

	free(r);
}

void cv_sip_rel_drop(struct cv_sip_txn *t)
{
	struct cv_list *n, *tmp;

	CV_LIST_FOREACH (n, tmp, &t->rels)
		drop(CV_CONTAINER(n, struct rel, node));
}

void cv_sip_rel_note(struct cv_sip_txn *t, const sip_t *sip)
{
	t->rel_must = sip->sip_require && sip_has_feature(sip->sip_require, "100rel");
	t->rel_may = t->rel_must || (sip->sip_supported &&
				     sip_has_feature(sip->sip_supported, "100rel"));
}

static int on_prack(nta_reliable_magic_t *magic, nta_reliable_t *sent,
		    nta_incoming_t *irq, const sip_t *sip);

/*
 * The stack holds a 2xx back for the PRACK only when the 1xx has a body, and would answer
 * a PRACK that comes after the 2xx 481, which ends a call (RFC 3262 3, RFC 5057 5.1).
 */
static void have_body(msg_t *msg)
{
	sip_t *sip = sip_object(msg);
	sip_payload_t *none;

	if (sip->sip_payload)
		return;

	none = sip_payload_create(msg_home(msg), "", 0);
	if (none)
		(void)msg_header_insert(msg, (msg_pub_t *)sip, (msg_header_t *)none);
}

static int transmit(struct cv_sip_txn *t, struct rel *r)
{
	msg_t *msg = r->msg;

	r->msg = NULL;
	have_body(msg);
	r->sent = nta_reliable_mreply(t->irq, on_prack, t, msg);
	if (r->sent)
		return 0;

	drop(r);

	return EIO;
}

/* What waited for the one that was acknowledged. */
static void go_on(struct cv_sip_txn *t)
{
	struct rel *r;

	if (t->final)
		return;

	while ((r = first(t)) && !r->sent && transmit(t, r) != 0)
		cv_debug("sip", "reliable response lost call=%s", t->leg->call);
}

/* Hands the PRACK to the call, which answers it. */
static int take(struct cv_sip_leg *leg, nta_incoming_t *irq, uint32_t fork, uint32_t rseq)
{
	struct cv_sip_ref ref;
	struct cv_sip_txn *t;
	struct cv_msg m;
	msg_t *msg;
	int err;

	if (leg->ended || !leg->base.events)
		return 200;

	err = cv_sip_txn_new(&t, leg, CV_METHOD_PRACK);
	if (err)
		return 200;

	t->irq = irq;
	t->base.incoming = true;
	msg = nta_incoming_getrequest(irq);
	cv_sip_msg(&m, &ref, leg->sip, msg, 0);
	m.fork = fork;
	m.rseq = rseq;
	cv_sip_leg_request(t, &m);
	if (msg)
		msg_unref(msg);

	return 0;
}

/* nta's: the PRACK, or (irq NULL) it never came or isn't needed any more. Its own answer
 * can only be a 2xx; 0 when it was answered here or will be. */
static int on_prack(nta_reliable_magic_t *magic, nta_reliable_t *sent,
		    nta_incoming_t *irq, const sip_t *sip)
{
	struct cv_sip_txn *t = magic;
	struct cv_sip_leg *leg = t->leg;
	struct rel *r = first(t);
	uint32_t fork, rseq;
	int status = 0;

	if (!r || r->sent != sent) { /* not ours any more; can't be */
		nta_reliable_destroy(sent);
		return 200;
	}
	if (irq)
		status = cv_sip_leg_hears(leg, irq, sip);
	if (status != 0) {
		nta_incoming_treply(irq, status, cv_sip_phrase(status), TAG_END());
		nta_incoming_destroy(irq);
		return 0;
	}

	fork = r->fork;
	rseq = r->rseq;
	drop(r);
	if (!irq)
		return 200;

	cv_mem_ref(leg);
	cv_mem_ref(t);
	status = take(leg, irq, fork, rseq);
	go_on(t);
	cv_mem_unref(t);
	cv_mem_unref(leg);

	return status;
}

int cv_sip_rel_respond(struct cv_sip_txn *t, msg_t *msg, const struct cv_msg *m)
{
	bool waits = first(t) != NULL;
	struct rel *r = NULL;
	size_t count = 0;

	for (const struct cv_list *n = t->rels.next; n != &t->rels; n = n->next)
		++count;

	if (count < RELS_MAX)
		r = cv_mem_zalloc(1, sizeof(*r));
	if (!r) {
		msg_destroy(msg);
		return count < RELS_MAX ? ENOMEM : ENOBUFS;
	}

	r->msg = msg;
	r->fork = m->fork;
	r->rseq = m->reliable ? m->rseq : 0;
	cv_list_add(&t->rels, &r->node);

	return waits ? 0 : transmit(t, r);
}
