/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One of several targets: asked, counted, given up, explained. Signalling
 * thread.
 */
#include "config.h"

#include "call/fan_int.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

static unsigned number(const struct cv_branch *b)
{
	return (unsigned)(b - b->fan->v) + 1;
}

void cv_branch_note(const struct cv_branch *b, enum cv_ladder_way way,
		    const struct cv_msg *m)
{
	const struct cv_fan *f = b->fan;

	if (f->owner->note && f->base.events)
		f->owner->note(f->base.arg, number(b), way, m);
}

void cv_branch_explain(const struct cv_branch *b, const char *word, const char *why)
{
	char what[32], hop[CV_ADDR_STRLEN];

	(void)snprintf(what, sizeof(what), "target %u", number(b));
	cv_evid_add(b->fan->evid, what, word, "%s at %s over %s: %s",
		    b->peer ? b->peer : "phone", cv_addr_print(&b->to.hop, hop),
		    cv_transport_name(b->to.transport), why);
}

void cv_branch_failed(const struct cv_branch *b, const char *word, const char *why)
{
	char hop[CV_ADDR_STRLEN];

	cv_branch_explain(b, word, why);
	if (b->peer)
		cv_info("call", "target failed call=%s peer=%s hop=%s why=\"%s\"",
			b->fan->call, b->peer, cv_addr_print(&b->to.hop, hop), why);
}

void cv_branch_drop(struct cv_branch *b, const struct cv_msg *cancel)
{
	struct cv_fan *f = b->fan;
	struct cv_leg *leg = b->leg;

	if (!leg)
		return;

	if (b->state == CV_BRANCH_ASKED && f->method == CV_METHOD_INVITE && b->t) {
		cv_branch_note(b, CV_LADDER_OUT, cancel);
		leg->ops->cancel(b->t, cancel);
	}

	b->state = CV_BRANCH_OVER;
	b->leg = NULL;
	b->t = cv_mem_unref(b->t);
	if (f->base.events)
		f->owner->lost(f->base.arg, leg);

	leg->ops->end(leg, 0);
	cv_mem_unref(leg);
}

static bool is_same(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

/* One call is counted once at a peer, however many doors of it are tried. */
static int branch_admit(struct cv_branch *b)
{
	struct cv_fan *f = b->fan;
	struct cv_peers *ps = f->env->peers;
	int err;

	if (f->method != CV_METHOD_INVITE || !b->peer || is_same(b->peer, f->from_peer))
		return 0;

	for (size_t i = 0; i < f->c && !b->counted; ++i) {
		b->counted = f->v[i].counted && is_same(f->v[i].peer, b->peer);
		f->v[i].counted = f->v[i].counted && !b->counted;
	}
	if (b->counted)
		return 0;

	err = cv_peers_admit(ps, b->peer);
	b->counted = !err;

	return err;
}

void cv_branches_leave(struct cv_fan *f)
{
	for (size_t i = 0; i < f->c; ++i) {
		if (f->v[i].counted)
			cv_peers_leave(f->env->peers, f->v[i].peer);

		f->v[i].counted = false;
	}
}

static int branch_send(struct cv_branch *b, const struct cv_msg *m)
{
	struct cv_fan *f = b->fan;
	const struct cv_request rq = {.method = f->method, .msg = *m};
	const struct cv_leg_setup setup = {
		.events = &cv_branch_events,
		.arg = b,
		.to = &b->to,
		.rq = &rq,
		.call = f->call,
	};
	struct cv_txn *t = NULL;
	int err = 0;

	if (!b->leg)
		err = f->env->leg_new(f->env->leg_arg, &b->leg, &setup);
	if (err)
		return err;

	b->t = cv_mem_unref(b->t);
	b->state = CV_BRANCH_ASKED;
	err = b->leg->ops->request(b->leg, &t, m, &b->to);
	if (err)
		return err;

	b->t = cv_mem_ref(t);

	return 0;
}

/* Sends it the request as it is shown there. */
static int branch_try(struct cv_branch *b)
{
	struct cv_fan *f = b->fan;
	struct cv_pass pass = {.m = f->request.m};
	int err;

	err = branch_admit(b);
	if (!err && f->owner->body && f->base.events)
		err = f->owner->body(f->base.arg, &b->to.place, &f->request.m, &pass);
	if (!err)
		err = branch_send(b, &pass.m);

	cv_pass_done(&pass);

	return err;
}

static const char *why_not(int err)
{
	switch (err) {
	case EBUSY:
		return "it has as many calls as it may have";
	case ENOSPC:
		return "no media port is left in [media] ports";
	case EADDRNOTAVAIL:
		return "no [listen] section stands towards it";
	default:
		return strerror(err);
	}
}

int cv_branch_ask(struct cv_branch *b)
{
	int err = branch_try(b);

	if (err) {
		b->state = CV_BRANCH_OVER;
		cv_branch_failed(b, "not asked", why_not(err));
		return err;
	}

	cv_branch_note(b, CV_LADDER_OUT, &b->fan->request.m);
	cv_branch_explain(b, "asked", b->to.why);

	return 0;
}

bool cv_branch_is_passed_over(const struct cv_branch *b, uint16_t status)
{
	if (b->to.kind == CV_TARGET_PEER)
		return status == 408 || status == 503;

	if (b->fan->method == CV_METHOD_INVITE)
		return status < 600;

	return status == 408 || status == 480;
}

uint32_t cv_branch_fork(struct cv_branch *b, uint32_t fork)
{
	struct cv_fan *f = b->fan;
	size_t i = 0;

	while (i < f->forkc && (f->forks[i].b != b || f->forks[i].fork != fork))
		++i;

	if (i == f->forkc && i < CV_FAN_FORKS)
		f->forks[f->forkc++] = (struct cv_fan_fork){.b = b, .fork = fork};

	return (uint32_t)i;
}

void cv_branches_end(struct cv_fan *f, int err)
{
	for (size_t i = 0; i < f->c; ++i) {
		struct cv_branch *b = &f->v[i];

		b->state = CV_BRANCH_OVER;
		b->t = cv_mem_unref(b->t);
		if (b->leg)
			b->leg->ops->end(b->leg, err);

		b->leg = cv_mem_unref(b->leg);
	}
}
