/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Several targets behind one leg; the story is in fan.h. Signalling thread.
 *
 * When the next turn is taken:
 *   a peer     408 or 503, by itself or by the stack for it, or no sign of life
 *              within its try-timeout: another door of it, or another peer, may
 *              do better. Whatever else it says is the answer.
 *   a phone    any failure but 6xx, or its time is over (a request other than
 *              INVITE: 408, 480, or no response in time).
 *
 * A leg that is given up ends itself: its INVITE is cancelled and awaited, and a
 * 2xx that comes all the same acknowledged and ended (leg.h, end()).
 */
#include "config.h"

#include "call/fan_int.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static const struct cv_leg_ops fan_ops;

static struct cv_fan *fan_of(struct cv_leg *leg)
{
	return CV_CONTAINER(leg, struct cv_fan, base);
}

static void txn_forget(struct cv_fan *f)
{
	if (f->t)
		f->t->leg = NULL;

	f->t = cv_mem_unref(f->t);
}

static void fan_fini(void *obj)
{
	struct cv_fan *f = obj;

	for (size_t i = 0; i < f->c; ++i) {
		cv_mem_unref(f->v[i].t);
		cv_mem_unref(f->v[i].leg);
		free(f->v[i].peer);
	}
	txn_forget(f);
	cv_kept_drop(&f->request);
	cv_kept_drop(&f->best);
	cv_mem_unref(f->timer);
	cv_mem_unref(f->evid);
}

/* All that still ring or think. */
static void give_up(struct cv_fan *f, uint16_t cause, const char *why)
{
	const struct cv_msg cancel = {.method = CV_METHOD_CANCEL, .status = cause};

	for (size_t i = 0; i < f->c; ++i) {
		struct cv_branch *b = &f->v[i];

		if (b->state != CV_BRANCH_ASKED)
			continue;

		if (cause == 0)
			cv_branch_failed(b, "given up", why);
		else
			cv_branch_explain(b, "given up", why);
		cv_branch_drop(b, &cancel);
	}
}

static bool is_anybody_asked(const struct cv_fan *f)
{
	for (size_t i = 0; i < f->c; ++i) {
		if (f->v[i].state == CV_BRANCH_ASKED)
			return true;
	}

	return false;
}

static void turn_time(struct cv_fan *f, uint32_t ms)
{
	/* with nobody left to ask there is nothing to be gained by haste */
	if (f->next == f->c || ms == 0)
		cv_timer_stop(f->timer);
	else if (cv_timer_set(f->timer, ms))
		cv_warn("call", "turn not timed call=%s", f->call);
}

/* Asks those whose turn it is; when none of them can be asked, the next ones. */
static int turn_take(struct cv_fan *f)
{
	int err = 0, none = EHOSTUNREACH;
	uint32_t ms = 0;

	f->busy = true;
	while (f->next < f->c && !f->settled && !is_anybody_asked(f)) {
		uint8_t turn = f->v[f->next].to.turn;

		do {
			ms = f->v[f->next].to.try_ms;
			err = cv_branch_ask(&f->v[f->next++]);
			none = err ? err : none;
		} while (f->next < f->c && f->v[f->next].to.turn == turn &&
			 f->method == CV_METHOD_INVITE);
	}
	f->busy = false;
	f->rings = false;
	if (!is_anybody_asked(f))
		return none;

	turn_time(f, ms);

	return 0;
}

/* RFC 3261 16.7 step 6. What somebody said beats what was made up for him, and a
 * challenge beats all but a 6xx, for it is the only thing that can be mended. */
static unsigned rank_of(const struct cv_msg *m)
{
	static const uint16_t telling[] = {415, 420, 484};
	unsigned rank = m->status / 100 * 10 + 1;

	if (m->status >= 600)
		return 0;

	if (m->status == 401 || m->status == 407)
		return 1;

	for (size_t i = 0; i < sizeof(telling) / sizeof(telling[0]); ++i)
		rank -= m->status == telling[i];

	return m->src ? rank : rank + 100;
}

/* What can't be kept in full is kept by its status. */
static void best_note(struct cv_branch *b, const struct cv_msg *m)
{
	struct cv_fan *f = b->fan;
	unsigned rank = rank_of(m);

	if (f->best.m.status != 0 && rank >= f->rank)
		return;

	if (cv_kept_take(&f->best, m, b->leg->ops)) {
		cv_kept_drop(&f->best);
		f->best.m = (struct cv_msg){.method = m->method, .status = m->status};
	}
	f->rank = rank;
	f->again = b;
}

/* All have failed: the owner hears the best. It may end the fan. */
static void deliver(struct cv_fan *f)
{
	struct cv_kept said = f->best;
	struct cv_txn *t = f->t;

	if (said.m.status == 0)
		said.m = (struct cv_msg){.status = f->canceled ? 487 : 408};

	said.m.method = f->method;
	if (said.m.status != 401 && said.m.status != 407)
		f->again = NULL;

	f->best = (struct cv_kept){.ref = NULL};
	f->t = NULL;
	t->leg = NULL;
	cv_timer_stop(f->timer);
	if (f->base.events)
		f->base.events->response(f->base.arg, t, &said.m);

	cv_mem_unref(t);
	cv_kept_drop(&said);
}

static void go_on(struct cv_fan *f)
{
	if (f->busy || !f->t || is_anybody_asked(f))
		return;

	if (f->settled || f->canceled || turn_take(f))
		deliver(f);
}

static void on_refusal(struct cv_branch *b, const struct cv_msg *m)
{
	struct cv_fan *f = b->fan;
	char why[64];

	(void)snprintf(why, sizeof(why), "%u%s", (unsigned)m->status,
		       m->src ? "" : ", said by the edge: it didn't answer");
	b->state = CV_BRANCH_OVER;
	cv_branch_failed(b, "failed", why);
	best_note(b, m);
	if (!m->src && !f->busy) /* whatever it may still say finds nobody */
		cv_branch_drop(b, NULL);

	f->settled = f->settled || !cv_branch_is_passed_over(b, m->status);
	if (m->status >= 600)
		give_up(f, 0, "another one spoke for all");

	go_on(f);
}

static void on_provisional(struct cv_branch *b, const struct cv_msg *m)
{
	struct cv_fan *f = b->fan;
	struct cv_msg up = *m;

	if (f->canceled)
		return;

	if (!f->rings)
		turn_time(f, b->to.kind == CV_TARGET_BINDING ? CV_FAN_RING_MS : 0);

	f->rings = true;
	if (m->status == 100)
		return;

	up.fork = cv_branch_fork(b, m->fork);
	if (up.fork == CV_FAN_FORKS)
		return;

	/* the packet path is told where this one's media comes from */
	if (m->body.len > 0)
		f->base.place = b->leg->place;

	f->base.events->response(f->base.arg, f->t, &up);
}

/* It crossed our CANCEL: taken, and ended. */
static void on_crossed(struct cv_branch *b)
{
	const struct cv_msg ack = {.method = CV_METHOD_ACK};

	if (b->fan->method == CV_METHOD_INVITE)
		(void)b->leg->ops->ack(b->t, &ack);

	b->state = CV_BRANCH_OVER;
	cv_branch_drop(b, NULL);
	go_on(b->fan);
}

static void on_win(struct cv_branch *b, const struct cv_msg *m)
{
	struct cv_fan *f = b->fan;
	const struct cv_leg_events *events = f->base.events;
	struct cv_leg *leg = b->leg;
	struct cv_txn *t = b->t;
	void *arg = f->base.arg;
	struct cv_msg up = *m;

	b->state = CV_BRANCH_OVER;
	cv_branch_explain(b, "answered", "it won");
	give_up(f, 200, "another one answered");
	up.fork = cv_branch_fork(b, m->fork);
	b->leg = NULL;
	b->t = NULL;
	cv_timer_stop(f->timer);
	f->owner->won(arg, &(struct cv_fan_win){leg, t, &b->to, b->peer, b->counted});
	b->counted = false;
	b->peer = NULL;
	cv_branches_leave(f);
	f->base.events = NULL;
	txn_forget(f);
	cv_branches_end(f, 0);
	events->response(arg, t, &up);
	cv_mem_unref(t);
	cv_mem_unref(leg);
}

static void on_first(struct cv_branch *b, const struct cv_msg *m)
{
	bool win = m->status >= 200 && m->status < 300;

	if (b->state != CV_BRANCH_ASKED)
		return;

	if (m->status != 100 && !win)
		cv_branch_note(b, CV_LADDER_IN, m);
	if (m->status >= 200 && !b->fan->canceled)
		cv_aim_heard(b->fan->env, &b->to, m);

	if (m->status < 200)
		on_provisional(b, m);
	else if (!win)
		on_refusal(b, m);
	else if (b->fan->canceled)
		on_crossed(b);
	else
		on_win(b, m);
}

/* Of the first request. One that can't be sent may be answered before request() has
 * returned, with a failure. */
static bool is_first(const struct cv_branch *b, const struct cv_txn *t,
		     const struct cv_msg *m)
{
	return b->t ? b->t == t
		    : b->fan->busy && t->method == b->fan->method && m->status >= 300;
}

static void on_response(void *arg, struct cv_txn *t, const struct cv_msg *m)
{
	struct cv_branch *b = arg;
	struct cv_fan *f = cv_mem_ref(b->fan);

	if (is_first(b, t, m))
		on_first(b, m);
	else if (f->base.events)
		f->base.events->response(f->base.arg, t, m);

	cv_mem_unref(f);
}

static void on_request(void *arg, struct cv_txn *t, const struct cv_msg *m)
{
	const struct cv_msg bye = {.method = CV_METHOD_BYE, .status = 200};
	struct cv_branch *b = arg;
	struct cv_fan *f = cv_mem_ref(b->fan);
	struct cv_msg up = *m;

	if (m->method == CV_METHOD_BYE) { /* this one only has hung up */
		(void)t->leg->ops->respond(t, &bye);
		on_first(b, &(struct cv_msg){.method = f->method, .status = 480});
	} else if (f->base.events) {
		up.fork = cv_branch_fork(b, m->fork);
		f->base.place = b->leg->place;
		f->base.events->request(f->base.arg, t, &up);
	}
	cv_mem_unref(f);
}

static void on_gone(void *arg, int err)
{
	struct cv_branch *b = arg;
	struct cv_fan *f = cv_mem_ref(b->fan);

	on_first(b, &(struct cv_msg){.method = f->method,
				     .status = err == ETIMEDOUT ? 408 : 503});
	cv_mem_unref(f);
}

static struct cv_leg *on_mate(void *arg, uint32_t *fork)
{
	struct cv_branch *b = arg;
	const struct cv_fan *f = b->fan;

	*fork = cv_branch_fork(b, *fork);

	return f->base.events ? f->base.events->mate(f->base.arg, fork) : NULL;
}

const struct cv_leg_events cv_branch_events = {
	.request = on_request,
	.response = on_response,
	.gone = on_gone,
	.mate = on_mate,
};

/* Nobody gave a sign of life, or those who ring have rung long enough. */
static void on_timer(void *arg)
{
	struct cv_fan *f = cv_mem_ref(arg);
	bool rings = f->rings;

	for (size_t i = 0; i < f->c && !rings; ++i) {
		if (f->v[i].state == CV_BRANCH_ASKED)
			cv_aim_heard(f->env, &f->v[i].to,
				     &(struct cv_msg){.status = 408});
	}
	give_up(f, 0, rings ? "it rang long enough" : "no response in time");
	go_on(f);
	cv_mem_unref(f);
}

static int txn_new(struct cv_fan *f)
{
	struct cv_txn *t = cv_mem_new(sizeof(*t), NULL);

	if (!t)
		return ENOMEM;

	t->leg = &f->base;
	t->method = f->method;
	f->t = t;

	return 0;
}

/* The one that challenged, and the others when it can't be asked any more. */
static int ask_again(struct cv_fan *f, struct cv_branch *b)
{
	f->busy = true;
	(void)cv_branch_ask(b);
	f->busy = false;
	f->rings = false;
	if (!is_anybody_asked(f))
		return turn_take(f);

	turn_time(f, b->to.try_ms);

	return 0;
}

static int request_first(struct cv_fan *f, struct cv_txn **tp, const struct cv_msg *m)
{
	struct cv_branch *again = f->again;
	int err;

	if (f->t)
		return EINVAL;

	err = cv_kept_take(&f->request, m, f->ops);
	if (!err)
		err = txn_new(f);
	if (err)
		return err;

	f->again = NULL;
	f->settled = false;
	f->forkc = 0;
	err = again ? ask_again(f, again) : turn_take(f);
	if (err) {
		txn_forget(f);
		return err;
	}

	*tp = f->t;

	return 0;
}

static int op_request(struct cv_leg *leg, struct cv_txn **tp, const struct cv_msg *m,
		      const struct cv_target *to)
{
	struct cv_msg down = *m;
	struct cv_leg *child;

	if (to)
		return request_first(fan_of(leg), tp, m);

	child = cv_fan_leg(leg, &down.fork);

	return child ? child->ops->request(child, tp, &down, NULL) : ESTALE;
}

static int op_respond(struct cv_txn *t, const struct cv_msg *m)
{
	return t->leg ? t->leg->ops->respond(t, m) : ESTALE;
}

/* The 2xx comes when the fan is gone: this one never has anything to acknowledge. */
static int op_ack(struct cv_txn *t, const struct cv_msg *m)
{
	(void)t;
	(void)m;

	return ESTALE;
}

static void op_cancel(struct cv_txn *t, const struct cv_msg *m)
{
	struct cv_fan *f = t->leg ? fan_of(t->leg) : NULL;

	if (!f || f->t != t || f->canceled)
		return;

	f->canceled = true;
	cv_timer_stop(f->timer);
	for (size_t i = 0; i < f->c; ++i) {
		struct cv_branch *b = &f->v[i];

		if (b->state != CV_BRANCH_ASKED)
			continue;

		cv_branch_note(b, CV_LADDER_OUT, m);
		b->leg->ops->cancel(b->t, m);
	}
}

static void op_end(struct cv_leg *leg, int err)
{
	struct cv_fan *f = fan_of(leg);

	f->base.events = NULL;
	cv_timer_stop(f->timer);
	cv_branches_leave(f);
	cv_branches_end(f, err);
	txn_forget(f);
}

static int op_keep(struct cv_sip_ref **rp, const struct cv_sip_ref *ref)
{
	(void)rp;
	(void)ref;

	return ENOTSUP; /* no message comes from a fan */
}

static const struct cv_leg_ops fan_ops = {
	.request = op_request,
	.respond = op_respond,
	.ack = op_ack,
	.cancel = op_cancel,
	.end = op_end,
	.keep = op_keep,
};

static int branches_fill(struct cv_fan *f, const struct cv_targets *to)
{
	for (size_t i = 0; i < f->c; ++i) {
		struct cv_branch *b = &f->v[i];

		b->fan = f;
		b->to = to->v[i];
		if (!b->to.peer)
			continue;

		b->peer = cv_mem_strdup(b->to.peer);
		if (!b->peer)
			return ENOMEM;

		b->to.peer = b->peer;
	}

	return 0;
}

int cv_fan_new(struct cv_leg **lp, const struct cv_fan_setup *setup)
{
	size_t c = setup->to->c;
	struct cv_fan *f;
	int err;

	f = cv_mem_new(sizeof(*f) + c * sizeof(f->v[0]), fan_fini);
	if (!f)
		return ENOMEM;

	f->base.ops = &fan_ops;
	f->base.events = setup->events;
	f->base.arg = setup->arg;
	f->base.place = *cv_aim_place(setup->to);
	f->env = setup->env;
	f->owner = setup->owner;
	f->ops = setup->ops;
	f->from_peer = setup->from_peer;
	f->method = setup->method;
	f->evid = cv_mem_ref(setup->evid);
	f->c = c;
	(void)snprintf(f->call, sizeof(f->call), "%s", setup->call);
	err = branches_fill(f, setup->to);
	if (!err)
		err = cv_timer_new(&f->timer, setup->env->loop, on_timer, f);

	if (err)
		cv_mem_unref(f);
	else
		*lp = &f->base;

	return err;
}

bool cv_fan_is(const struct cv_leg *leg)
{
	return leg && leg->ops == &fan_ops;
}

struct cv_leg *cv_fan_leg(struct cv_leg *leg, uint32_t *fork)
{
	const struct cv_fan *f;
	const struct cv_fan_fork *at;

	if (!cv_fan_is(leg))
		return leg;

	f = fan_of(leg);
	if (*fork >= f->forkc)
		return NULL;

	at = &f->forks[*fork];
	*fork = at->fork;

	return at->b->leg;
}
