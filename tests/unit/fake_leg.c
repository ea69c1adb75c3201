/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Scripted SIP parties: keeps the dialog and transaction state that decides
 * what an order of the call would put on the wire. Test's thread.
 */
#include "config.h"

#include "fake_leg.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "call_words.h"

enum { NAME_LEN = 16, RELS = 4 };

struct line {
	struct cv_list node;
	char text[CV_FAKE_LINE];
};

/* Where a message's other headers would be: of these only contacts are asked for. */
struct cv_sip_ref {
	char contacts[CV_FAKE_LINE];
};

struct cv_fake_sip {
	struct cv_sip_ref ref; /* of what a party said */
	struct cv_list lines, legs;
	cv_fake_name_fn *name_of;
	void *name_arg;
	const struct cv_refer *refer;
	cv_fake_redirect_fn *redirect;
	void *redirect_arg;
	int request_err;
};

struct fake_leg {
	struct cv_leg base;
	struct cv_list node; /* the fake's, which holds a reference */
	struct cv_fake_sip *sip;
	char name[NAME_LEN];
	bool confirmed; /* a 2xx to an INVITE was sent or came */
	bool byed;      /* BYE was sent or came */
	bool ended;
	bool can_100rel;
	struct cv_msg rels[RELS]; /* reliable 1xx it got and didn't acknowledge yet */
	size_t relc;
	struct cv_list txns; /* open ones; hold a reference */
};

struct fake_txn {
	struct cv_txn base;
	struct cv_list node;
	struct fake_leg *fake;
	bool accepted; /* INVITE: 2xx sent or came, ACK awaited */
	bool canceled;
};

static struct fake_leg *fake_of(struct cv_leg *leg)
{
	return CV_CONTAINER(leg, struct fake_leg, base);
}

/* Plain memory: what a test observes must not fail with what it observes. */
static void say(struct cv_fake_sip *s, const char *text)
{
	struct line *l = calloc(1, sizeof(*l));

	if (!l)
		abort();

	(void)snprintf(l->text, sizeof(l->text), "%s", text);
	cv_list_add(&s->lines, &l->node);
}

void cv_fake_sip_say(struct cv_fake_sip *s, const char *fmt, ...)
{
	char text[CV_FAKE_LINE];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	say(s, text);
}

bool cv_fake_sip_next(struct cv_fake_sip *s, char *line)
{
	struct line *l;

	if (cv_list_is_empty(&s->lines))
		return false;

	l = CV_CONTAINER(s->lines.next, struct line, node);
	memcpy(line, l->text, sizeof(l->text));
	cv_list_del(&l->node);
	free(l);

	return true;
}

void cv_fake_sip_fail_request(struct cv_fake_sip *s, int err)
{
	s->request_err = err;
}

void cv_fake_sip_names(struct cv_fake_sip *s, cv_fake_name_fn *fn, void *arg)
{
	s->name_of = fn;
	s->name_arg = arg;
}

static void say_msg(struct fake_leg *leg, const struct cv_msg *m)
{
	char text[CV_FAKE_LINE];
	size_t at = cv_words_put(text, 0, "%s ", leg->name);

	if (m->status != 0)
		at = cv_words_put(text, at, "%u ", (unsigned)m->status);

	at = cv_words_put(text, at, "%s", cv_method_name(m->method));
	if (m->retry_s > 0)
		at = cv_words_put(text, at, m->retry_s <= 10 ? " later" : " much later");
	if (m->fork != 0 && !m->single && m->status < 300)
		at = cv_words_put(text, at, " fork %u", (unsigned)m->fork);
	if (m->reliable)
		at = cv_words_put(text, at, " reliable");
	if (m->status == 0 && m->rseq != 0)
		at = cv_words_put(text, at, " of %u", (unsigned)m->rseq);
	if (m->status == 0 && m->session_s != 0)
		at = cv_words_put(text, at, " session %u %s", (unsigned)m->session_s,
				  m->session_uac ? "uac" : "uas");
	cv_words_say_body(text, at, m->type, m->body);
	say(leg->sip, text);
}

static void txn_over(struct fake_txn *t)
{
	if (!t->fake)
		return;

	t->fake = NULL;
	cv_list_del(&t->node);
	cv_mem_unref(t);
}

static int txn_new(struct fake_txn **tp, struct fake_leg *leg, enum cv_method method,
		   bool incoming)
{
	struct fake_txn *t = cv_mem_new(sizeof(*t), NULL);

	if (!t)
		return ENOMEM;

	t->base = (struct cv_txn){
		.leg = &leg->base, .method = method, .incoming = incoming};
	t->fake = leg;
	cv_list_add(&leg->txns, &t->node);
	*tp = t;

	return 0;
}

static int op_request(struct cv_leg *base, struct cv_txn **tp, const struct cv_msg *m,
		      const struct cv_target *to)
{
	struct fake_leg *leg = fake_of(base);
	struct fake_txn *t;
	int err = leg->sip->request_err;

	leg->sip->request_err = 0;
	if (err)
		return err;

	if (leg->ended)
		return ESTALE;

	err = txn_new(&t, leg, m->method, false);
	if (err)
		return err;

	(void)to;
	if (m->method == CV_METHOD_BYE)
		leg->byed = true;

	say_msg(leg, m);
	*tp = &t->base;

	return 0;
}

static int op_respond(struct cv_txn *base, const struct cv_msg *m)
{
	struct fake_txn *t = CV_CONTAINER(base, struct fake_txn, base);
	struct fake_leg *leg = t->fake;
	struct cv_msg say_rel;

	if (!leg || leg->ended || t->accepted)
		return ESTALE;

	say_rel = *m;
	say_rel.reliable = m->reliable && leg->can_100rel && leg->relc < RELS;
	say_msg(leg, &say_rel);
	if (say_rel.reliable)
		leg->rels[leg->relc++] = say_rel;
	if (m->status < 200)
		return m->reliable && !say_rel.reliable ? ENOTSUP : 0;

	if (m->method == CV_METHOD_INVITE && m->status < 300)
		t->accepted = leg->confirmed = true;
	else
		txn_over(t);

	return 0;
}

static int op_ack(struct cv_txn *base, const struct cv_msg *m)
{
	struct fake_txn *t = CV_CONTAINER(base, struct fake_txn, base);
	struct fake_leg *leg = t->fake;
	struct cv_msg ack = *m;

	if (!leg || leg->ended || !t->accepted)
		return ESTALE;

	ack.method = CV_METHOD_ACK;
	ack.status = 0;
	say_msg(leg, &ack);
	txn_over(t);

	return 0;
}

static void op_cancel(struct cv_txn *base, const struct cv_msg *m)
{
	struct fake_txn *t = CV_CONTAINER(base, struct fake_txn, base);

	if (!t->fake || t->fake->ended || t->accepted || t->canceled)
		return;

	t->canceled = true;
	cv_fake_sip_say(t->fake->sip, "%s CANCEL%s", t->fake->name,
			m->status == 200 ? " elsewhere" : "");
}

/* First open transaction of a method and direction; the last one when @p last. */
static struct fake_txn *txn_find(struct fake_leg *leg, enum cv_method m, bool incoming)
{
	struct cv_list *n, *tmp;

	CV_LIST_FOREACH (n, tmp, &leg->txns) {
		struct fake_txn *t = CV_CONTAINER(n, struct fake_txn, node);

		if (t->base.method == m && t->base.incoming == incoming)
			return t;
	}

	return NULL;
}

static void op_end(struct cv_leg *base, int err)
{
	struct fake_leg *leg = fake_of(base);
	struct fake_txn *in = txn_find(leg, CV_METHOD_INVITE, true);
	struct fake_txn *out = txn_find(leg, CV_METHOD_INVITE, false);
	struct cv_list *n, *tmp;

	if (leg->ended)
		return;

	if (leg->confirmed && !leg->byed)
		cv_fake_sip_say(leg->sip, "%s BYE", leg->name);
	else if (!leg->confirmed && in && !leg->byed)
		cv_fake_sip_say(leg->sip, "%s %d INVITE", leg->name, cv_fake_status(err));
	else if (!leg->confirmed && out && !out->canceled)
		cv_fake_sip_say(leg->sip, "%s CANCEL", leg->name);

	leg->ended = true;
	leg->base.events = NULL;
	CV_LIST_FOREACH (n, tmp, &leg->txns) {
		struct fake_txn *t = CV_CONTAINER(n, struct fake_txn, node);

		t->base.leg = NULL;
		txn_over(t);
	}
}

static int op_refer(struct cv_txn *t, const struct cv_msg *m, cv_refer_fn *fn, void *arg)
{
	struct cv_fake_sip *s = fake_of(t->leg)->sip;
	struct cv_refer r;

	(void)m;
	if (!s->refer)
		return EBADMSG;

	r = *s->refer;
	r.rq.msg.src = &s->ref;

	return fn(arg, &r);
}

static void op_contacts(const struct cv_msg *m, cv_contact_fn *fn, void *arg)
{
	struct cv_str rest = cv_str_of(m->src ? m->src->contacts : NULL), uri;

	while (cv_str_next(&rest, ' ', &uri))
		fn(arg, uri);
}

static int op_redirected(struct cv_txn *t, struct cv_str uri, const char *by,
			 cv_redirected_fn *fn, void *arg)
{
	struct cv_fake_sip *s = fake_of(t->leg)->sip;

	return s->redirect(s->redirect_arg, uri, by, fn, arg);
}

static int op_keep(struct cv_sip_ref **rp, const struct cv_sip_ref *ref)
{
	struct cv_sip_ref *copy = cv_mem_new(sizeof(*copy), NULL);

	if (!copy)
		return ENOMEM;

	*copy = *ref;
	*rp = copy;

	return 0;
}

static const struct cv_leg_ops ops = {
	.request = op_request,
	.respond = op_respond,
	.ack = op_ack,
	.cancel = op_cancel,
	.refer = op_refer,
	.contacts = op_contacts,
	.redirected = op_redirected,
	.end = op_end,
	.keep = op_keep,
};

static int leg_make(struct cv_fake_sip *s, const char *name, struct fake_leg **lp)
{
	struct fake_leg *leg = cv_mem_new(sizeof(*leg), NULL);

	if (!leg)
		return ENOMEM;

	leg->base.ops = &ops;
	leg->sip = s;
	(void)snprintf(leg->name, sizeof(leg->name), "%s", name);
	cv_list_init(&leg->txns);
	cv_list_add(&s->legs, &leg->node);
	*lp = leg;

	return 0;
}

int cv_fake_leg_new(void *arg, struct cv_leg **lp, const struct cv_leg_setup *setup)
{
	struct cv_fake_sip *s = arg;
	struct fake_leg *leg;
	int err;

	err = leg_make(s, s->name_of(s->name_arg, setup->to), &leg);
	if (err)
		return err;

	leg->base.events = setup->events;
	leg->base.arg = setup->arg;
	leg->base.place = setup->to->place;
	*lp = cv_mem_ref(&leg->base);

	return 0;
}

int cv_fake_leg_asked(struct cv_fake_sip *s, const char *name,
		      const struct cv_place *place, enum cv_method method,
		      struct cv_leg **lp, struct cv_txn **tp)
{
	struct fake_leg *leg;
	struct fake_txn *t;
	int err;

	err = leg_make(s, name, &leg);
	if (err)
		return err;

	leg->base.place = *place;
	err = txn_new(&t, leg, method, true);
	if (err)
		return err; /* the fake drops the leg with all others */

	*lp = &leg->base;
	*tp = &t->base;

	return 0;
}

int cv_fake_leg_invited(struct cv_fake_sip *s, const char *name,
			const struct cv_place *place, struct cv_leg **lp,
			struct cv_txn **tp)
{
	return cv_fake_leg_asked(s, name, place, CV_METHOD_INVITE, lp, tp);
}

void cv_fake_leg_100rel(struct cv_leg *leg)
{
	fake_of(leg)->can_100rel = true;
}

void cv_fake_leg_refuse(struct cv_txn *t, int err)
{
	struct cv_leg *leg = t->leg;

	if (t->method != CV_METHOD_INVITE)
		cv_fake_sip_say(fake_of(leg)->sip, "%s %d %s", fake_of(leg)->name,
				cv_fake_status(err), cv_method_name(t->method));

	op_end(leg, err);
}

void cv_fake_sip_contacts(struct cv_fake_sip *s, const char *uris)
{
	(void)snprintf(s->ref.contacts, sizeof(s->ref.contacts), "%s", uris ? uris : "");
}

void cv_fake_sip_redirects(struct cv_fake_sip *s, cv_fake_redirect_fn *fn, void *arg)
{
	s->redirect = fn;
	s->redirect_arg = arg;
}

void cv_fake_sip_refer(struct cv_fake_sip *s, const struct cv_refer *r)
{
	s->refer = r;
}

struct cv_leg *cv_fake_leg_find(struct cv_fake_sip *s, const char *name, unsigned nth)
{
	struct cv_leg *found = NULL;
	struct cv_list *n, *tmp;

	CV_LIST_FOREACH (n, tmp, &s->legs) {
		struct fake_leg *leg = CV_CONTAINER(n, struct fake_leg, node);

		if (leg->ended || strcmp(leg->name, name) != 0)
			continue;

		found = &leg->base;
		if (nth > 0 && --nth == 0)
			break;
	}

	return found;
}

static void deliver_request(struct fake_leg *leg, struct fake_txn *t,
			    const struct cv_msg *m)
{
	cv_mem_ref(leg);
	cv_mem_ref(t);
	if (leg->base.events)
		leg->base.events->request(leg->base.arg, &t->base, m);

	cv_mem_unref(t);
	cv_mem_unref(leg);
}

int cv_fake_leg_request(struct cv_leg *base, const struct cv_msg *m)
{
	struct fake_leg *leg = fake_of(base);
	struct cv_msg prack = *m;
	struct fake_txn *t;
	int err;

	if (m->method == CV_METHOD_PRACK && leg->relc > 0) {
		prack.fork = leg->rels[0].fork;
		prack.rseq = leg->rels[0].rseq;
		memmove(leg->rels, leg->rels + 1, --leg->relc * sizeof(leg->rels[0]));
		m = &prack;
	}

	if (m->method == CV_METHOD_ACK || m->method == CV_METHOD_CANCEL) {
		t = txn_find(leg, CV_METHOD_INVITE, true);
		if (!t || t->accepted != (m->method == CV_METHOD_ACK))
			return ENOENT;

		cv_mem_ref(t);
		if (m->method == CV_METHOD_ACK)
			txn_over(t);

		deliver_request(leg, t, m);
		cv_mem_unref(t);

		return 0;
	}

	err = txn_new(&t, leg, m->method, true);
	if (err)
		return err;

	if (m->method == CV_METHOD_BYE)
		leg->byed = true;

	deliver_request(leg, t, m);

	return 0;
}

static int response(struct cv_leg *base, const struct cv_msg *m, struct cv_sip_ref *src)
{
	struct fake_leg *leg = fake_of(base);
	struct fake_txn *t = txn_find(leg, m->method, false);
	bool ok = m->status >= 200 && m->status < 300;
	struct cv_msg said = *m;

	if (!t)
		return ENOENT;

	said.src = src;

	cv_mem_ref(leg);
	cv_mem_ref(t);
	if (m->method == CV_METHOD_INVITE && ok)
		t->accepted = leg->confirmed = true;
	else if (m->status >= 200)
		txn_over(t);

	if (leg->base.events)
		leg->base.events->response(leg->base.arg, &t->base, &said);

	cv_mem_unref(t);
	cv_mem_unref(leg);

	return 0;
}

int cv_fake_leg_response(struct cv_leg *base, const struct cv_msg *m)
{
	return response(base, m, &fake_of(base)->sip->ref);
}

int cv_fake_leg_silent(struct cv_leg *base, enum cv_method method)
{
	return response(base, &(struct cv_msg){.method = method, .status = 408}, NULL);
}

void cv_fake_leg_gone(struct cv_leg *base, int err)
{
	cv_mem_ref(base);
	if (base->events)
		base->events->gone(base->arg, err);

	cv_mem_unref(base);
}

int cv_fake_status(int err)
{
	switch (err) {
	case 0: /* nobody said why */
	case ECANCELED:
		return 487;
	case ENOENT:
		return 404;
	case EACCES:
	case EDQUOT:
		return 403;
	case EBUSY:
	case ENOSPC:
	case ENOMEM:
	case ENOBUFS:
	case ECONNRESET:
		return 503;
	case EBADMSG:
		return 488;
	case EALREADY:
		return 482;
	case ELOOP:
		return 483;
	case ETIMEDOUT:
		return 408;
	case EHOSTUNREACH:
		return 480;
	default:
		return 500;
	}
}

int cv_fake_sip_new(struct cv_fake_sip **sp)
{
	struct cv_fake_sip *s = cv_mem_new(sizeof(*s), NULL);

	if (!s)
		return ENOMEM;

	cv_list_init(&s->lines);
	cv_list_init(&s->legs);
	*sp = s;

	return 0;
}

void cv_fake_sip_close(struct cv_fake_sip *s)
{
	struct cv_list *n, *tmp;

	CV_LIST_FOREACH (n, tmp, &s->legs) {
		struct fake_leg *leg = CV_CONTAINER(n, struct fake_leg, node);

		op_end(&leg->base, 0);
		cv_list_del(n);
		cv_mem_unref(leg);
	}

	CV_LIST_FOREACH (n, tmp, &s->lines)
		free(CV_CONTAINER(n, struct line, node));

	cv_list_init(&s->lines);
}
