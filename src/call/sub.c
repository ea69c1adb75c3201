/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Requests other than INVITE: MESSAGE, PUBLISH, OPTIONS, INFO, SUBSCRIBE,
 * REFER, NOTIFY and methods we have no name for. Two legs without media.
 * Signalling thread.
 *
 * The story: a request out of dialog takes the road of a call, guards, routes,
 * place, identities, to leg B. Its final response ends the matter, but after
 * a 401 or 407 leg B waits for the same request asked again, and after a 2xx
 * of SUBSCRIBE or REFER both legs stand as a subscription (RFC 6665): what
 * comes in either dialog is passed on, and it lives as long as the last
 * Expires or Subscription-State said, and a little longer for what is under
 * way. "terminated", a 481 or 408 to anything in it, or a flow that is lost,
 * ends it. Nobody is told of an end that isn't his: who asks again gets 481.
 * A call that ends while a REFER in it is still reported on leaves its two
 * dialogs here (RFC 5589 6): the NOTIFYs to come still pass.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "call/fan.h"
#include "call/sub_int.h"

enum {
	RELAYS_MAX = 16, /* requests of one subscription that wait at once */
	GRACE_S = 32,    /* a last NOTIFY is awaited so long: 64*T1, RFC 6665 4.1.2.4 */
	UNSAID_S = 3600, /* a life nobody stated: RFC 3261's default for Expires */
	ADOPTED_S = 180, /* what a REFER asked for rings no longer: timer C */
	LIFE_MAX_S = 604800, /* a week: nobody refreshes more rarely */
	REFUSALS_LOGGED = 5, /* refused requests written in 10 s; the rest is counted */
};

/* A request of one party, sent on to the other. The list holds the reference. */
struct relay {
	struct cv_list node;
	struct cv_sub *sub;
	enum cv_end from;
	bool first, last; /* the one that began it; a NOTIFY that ends it */
	struct cv_txn *in, *out;
};

static const struct cv_leg_events sub_events;

static void relay_fini(void *obj)
{
	struct relay *r = obj;

	cv_txn_forget(r->in);
	cv_txn_forget(r->out);
}

static int relay_new(struct relay **rp, struct cv_sub *s, enum cv_end from,
		     struct cv_txn *in)
{
	struct relay *r;

	if (s->relayc >= RELAYS_MAX)
		return ENOBUFS;

	r = cv_mem_new(sizeof(*r), relay_fini);
	if (!r)
		return ENOMEM;

	r->sub = s;
	r->from = from;
	r->in = cv_mem_ref(in);
	in->arg = r;
	cv_list_add(&s->relays, &r->node);
	++s->relayc;
	*rp = r;

	return 0;
}

static void relay_drop(struct relay *r)
{
	cv_list_del(&r->node);
	--r->sub->relayc;
	cv_mem_unref(r);
}

static struct cv_sub_party *other(struct relay *r)
{
	return &r->sub->party[r->from == CV_END_A ? CV_END_B : CV_END_A];
}

/* A description in a request that makes no session names addresses nobody may use. */
static struct cv_msg without_sdp(const struct cv_msg *m)
{
	struct cv_msg out = *m;
	struct cv_str sdp;

	if (cv_part_find_sdp(m->type, m->body, &sdp) != ENOENT)
		out.type = out.body = CV_STR_NULL;

	return out;
}

static int relay_send(struct relay *r, const struct cv_msg *m, const struct cv_target *to)
{
	const struct cv_msg pass = without_sdp(m);
	struct cv_leg *leg = other(r)->leg;
	struct cv_txn *t = NULL;
	int err;

	if (!leg)
		return ESTALE;

	err = leg->ops->request(leg, &t, &pass, to);
	if (err)
		return err;

	r->out = cv_mem_ref(t);
	t->arg = r;

	return 0;
}

static void reply(struct cv_txn *t, uint16_t status)
{
	const struct cv_msg m = {.method = t->method, .status = status};

	if (t->leg)
		(void)t->leg->ops->respond(t, &m);
}

static void relay_answer(struct relay *r, const struct cv_msg *m)
{
	const struct cv_msg pass = without_sdp(m);

	if (r->in->leg)
		(void)r->in->leg->ops->respond(r->in, &pass);
}

static void leg_end(struct cv_sub_party *p)
{
	struct cv_leg *leg = p->leg;

	if (!leg)
		return;

	p->leg = NULL;
	leg->ops->end(leg, 0);
	cv_mem_unref(leg);
}

/* What still waits is answered: nobody asks for it any more. */
static void relays_end(struct cv_sub *s, uint16_t status)
{
	struct cv_list *n, *tmp;

	CV_LIST_FOREACH (n, tmp, &s->relays) {
		struct relay *r = CV_CONTAINER(n, struct relay, node);

		reply(r->in, status);
		relay_drop(r);
	}
}

static void finish(struct cv_sub *s, const char *why)
{
	if (s->state == CV_SUB_OVER)
		return;

	if (s->state == CV_SUB_STANDING)
		cv_debug("call", "subscription end method=%s why=%s",
			 cv_method_name(s->method), why);

	s->state = CV_SUB_OVER;
	cv_timer_stop(s->timer);
	relays_end(s, 481);
	leg_end(&s->party[CV_END_A]);
	leg_end(&s->party[CV_END_B]);
	cv_hash_del(&s->by_key);
	cv_list_del(&s->node);
	--s->calls->subc;
	cv_mem_unref(s);
}

static void on_timer(void *arg)
{
	struct cv_sub *s = cv_mem_ref(arg);

	finish(s, s->state == CV_SUB_CHALLENGED ? "challenged" : "expired");
	cv_mem_unref(s);
}

static void live(struct cv_sub *s, int32_t seconds)
{
	uint32_t ms = (uint32_t)(seconds < LIFE_MAX_S ? seconds : LIFE_MAX_S) * 1000;

	s->until_ms = cv_clock_ms() + ms;
	if (cv_timer_set(s->timer, ms + GRACE_S * 1000))
		finish(s, "memory");
}

static bool makes_dialog(enum cv_method m)
{
	return m == CV_METHOD_SUBSCRIBE || m == CV_METHOD_REFER;
}

/* What a 2xx to a SUBSCRIBE or REFER says of the life. */
static void live_on(struct cv_sub *s, enum cv_method method, int32_t lives_s)
{
	if (lives_s == CV_LIVES_UNSAID && method == CV_METHOD_SUBSCRIBE)
		lives_s = s->asked_s != CV_LIVES_UNSAID ? s->asked_s : UNSAID_S;

	live(s, lives_s > 0 ? lives_s : 0);
}

/* The first request was answered for good. */
static void first_done(struct cv_sub *s, const struct cv_msg *m)
{
	if ((m->status == 401 || m->status == 407) &&
	    cv_timer_set(s->timer, CV_CALL_RETRY_MS) == 0) {
		s->state = CV_SUB_CHALLENGED;
		relays_end(s, 481);
		leg_end(&s->party[CV_END_A]);
		return;
	}

	if (m->status >= 300 || !makes_dialog(s->method) || s->done) {
		finish(s, "answered");
		return;
	}

	s->state = CV_SUB_STANDING;
	live_on(s, s->method, m->lives_s);
}

static void on_final(struct relay *r, const struct cv_msg *m)
{
	struct cv_sub *s = r->sub;
	bool first = r->first, last = r->last;

	if (first && !cv_fan_is(s->party[CV_END_B].leg))
		cv_aim_heard(&s->calls->env, &s->target, m);

	relay_answer(r, m);
	relay_drop(r);
	if (first) {
		first_done(s, m);
		return;
	}

	s->done = s->done || last;
	if (s->state != CV_SUB_STANDING)
		return;

	if (s->done || m->status == 481 || m->status == 408)
		finish(s, s->done ? "terminated" : "dialog-lost");
	else if (m->method == CV_METHOD_SUBSCRIBE && m->status < 300)
		live_on(s, CV_METHOD_SUBSCRIBE, m->lives_s);
}

static void on_response(void *arg, struct cv_txn *t, const struct cv_msg *m)
{
	const struct cv_sub_party *from = arg;
	struct cv_sub *s = from->sub;
	struct relay *r = t->arg;

	if (!r || r->out != t || m->status == 100)
		return;

	cv_mem_ref(s);
	if (m->status < 200)
		relay_answer(r, m);
	else
		on_final(r, m);
	cv_mem_unref(s);
}

/* What the request says of the subscription itself. */
static void note_life(struct relay *r, const struct cv_msg *m)
{
	struct cv_sub *s = r->sub;

	if (m->method == CV_METHOD_SUBSCRIBE)
		s->asked_s = m->lives_s;

	if (m->method != CV_METHOD_NOTIFY || r->from != CV_END_B)
		return;

	r->last = m->lives_s == CV_LIVES_OVER;
	if (s->state == CV_SUB_STANDING && m->lives_s > 0)
		live(s, m->lives_s);
}

static bool may_pass(enum cv_method m)
{
	return m != CV_METHOD_INVITE && m != CV_METHOD_ACK && m != CV_METHOD_CANCEL &&
	       m != CV_METHOD_BYE && m != CV_METHOD_PRACK && m != CV_METHOD_UPDATE;
}

static void pass_on(struct cv_sub_party *from, struct cv_txn *t, const struct cv_msg *m)
{
	struct cv_sub *s = from->sub;
	struct relay *r;
	int err;

	err = relay_new(&r, s, from->end, t);
	if (err) {
		reply(t, 500);
		return;
	}

	err = relay_send(r, m, NULL);
	if (!err) {
		note_life(r, m);
		return;
	}

	relay_drop(r);
	cv_debug("call", "request refused method=%s err=%s", cv_method_name(m->method),
		 strerror(err));
	if (err != ESTALE && err != ECONNRESET) {
		reply(t, 500);
		return;
	}

	/* its party can't be reached any more: who asks is to forget it */
	reply(t, 481);
	if (s->state == CV_SUB_STANDING)
		finish(s, "flow-lost");
}

static void on_request(void *arg, struct cv_txn *t, const struct cv_msg *m)
{
	struct cv_sub_party *from = arg;
	struct cv_sub *s = cv_mem_ref(from->sub);

	if (may_pass(m->method))
		pass_on(from, t, m);
	else if (m->method != CV_METHOD_ACK)
		reply(t, 405);

	cv_mem_unref(s);
}

static void on_gone(void *arg, int err)
{
	const struct cv_sub_party *from = arg;
	struct cv_sub *s = cv_mem_ref(from->sub);

	(void)err;
	finish(s, "flow-lost");
	cv_mem_unref(s);
}

static struct cv_leg *mate(void *arg, uint32_t *fork)
{
	const struct cv_sub_party *p = arg;

	return cv_fan_leg(p->sub->party[p->end == CV_END_A ? CV_END_B : CV_END_A].leg,
			  fork);
}

static const struct cv_leg_events sub_events = {
	.request = on_request,
	.response = on_response,
	.gone = on_gone,
	.mate = mate,
};

static void sub_fini(void *obj)
{
	struct cv_sub *s = obj;

	cv_mem_unref(s->timer);
	cv_mem_unref(s->evid);
	cv_sub_source_drop(s->source);
	free(s->key);
	free(s->peer);
}

static int sub_make(struct cv_sub **sp, struct cv_calls *c, enum cv_method method)
{
	struct cv_sub *s;
	int err;

	s = cv_mem_new(sizeof(*s), sub_fini);
	if (!s)
		return ENOMEM;

	s->calls = c;
	s->method = method;
	s->party[CV_END_A] = (struct cv_sub_party){.sub = s};
	s->party[CV_END_B] = (struct cv_sub_party){.sub = s, .end = CV_END_B};
	cv_list_init(&s->relays);
	err = cv_timer_new(&s->timer, c->env.loop, on_timer, s);
	if (err)
		cv_mem_unref(s);
	else
		*sp = s;

	return err;
}

static int sub_new(struct cv_sub **sp, struct cv_calls *c, const struct cv_request *rq)
{
	struct cv_sub *s;
	int err;

	err = sub_make(&s, c, rq->method);
	if (err)
		return err;

	cv_call_party_print(s->from, rq->from_user, rq->from_host);
	cv_call_party_print(s->to, rq->to_user, rq->to_host);
	s->key = cv_call_key(rq);
	err = s->key ? cv_evid_new(&s->evid) : ENOMEM;
	if (err)
		goto out;

	cv_evid_join(s->evid, rq->evid);
	err = cv_sub_source_take(&s->source, c, rq);

out:
	if (err)
		cv_mem_unref(s);
	else
		*sp = s;

	return err;
}

/* One of several targets took it: from now on it is B. */
static void on_won(void *arg, const struct cv_fan_win *w)
{
	struct cv_sub_party *b = arg;
	struct cv_sub *s = b->sub;
	struct cv_leg *fan = b->leg;
	struct cv_list *n, *tmp;

	b->leg = cv_mem_ref(w->leg);
	w->leg->events = &sub_events;
	w->leg->arg = b;
	free(s->peer);
	s->peer = w->peer;
	s->target = *w->to;
	CV_LIST_FOREACH (n, tmp, &s->relays) {
		struct relay *r = CV_CONTAINER(n, struct relay, node);

		if (!r->first)
			continue;

		cv_txn_forget(r->out);
		r->out = cv_mem_ref(w->t);
		w->t->arg = r;
	}
	cv_mem_unref(fan);
}

/* A target that is given up: what was passed on to it, or came from it, is over. */
static void on_lost(void *arg, const struct cv_leg *leg)
{
	const struct cv_sub_party *b = arg;
	struct cv_list *n, *tmp;

	CV_LIST_FOREACH (n, tmp, &b->sub->relays) {
		struct relay *r = CV_CONTAINER(n, struct relay, node);

		if (r->first || !r->out || r->out->leg != leg)
			continue;

		reply(r->in, 481);
		relay_drop(r);
	}
}

static const struct cv_fan_owner fan_owner = {
	.won = on_won,
	.lost = on_lost,
};

/* Targets, places and leg B. */
static int aim(struct cv_sub *s, const struct cv_request *rq, const struct cv_leg *a)
{
	const struct cv_call_env *env = &s->calls->env;
	struct cv_sub_party *b = &s->party[CV_END_B];
	const struct cv_leg_setup one = {
		.events = &sub_events,
		.arg = b,
		.to = &s->target,
		.rq = rq,
		.call = "-",
	};
	struct cv_targets to;
	const struct cv_fan_setup several = {
		.env = env,
		.owner = &fan_owner,
		.events = &sub_events,
		.arg = b,
		.to = &to,
		.ops = a->ops,
		.method = rq->method,
		.call = "-",
		.evid = s->evid,
	};
	int err;

	err = cv_aim(env, rq, &to, s->evid);
	if (err)
		return err;

	s->target = to.v[0];
	if (s->target.peer) {
		s->peer = cv_mem_strdup(s->target.peer);
		if (!s->peer)
			return ENOMEM;

		s->target.peer = s->peer;
	}

	return to.c > 1 ? cv_fan_new(&b->leg, &several)
			: env->leg_new(env->leg_arg, &b->leg, &one);
}

/* Sends the request on and takes leg A over. On error A is as it was. */
static int first_send(struct cv_sub *s, const struct cv_request *rq, struct cv_leg *a,
		      struct cv_txn *t)
{
	struct cv_sub_party *party = &s->party[CV_END_A];
	struct relay *r;
	int err;

	err = relay_new(&r, s, CV_END_A, t);
	if (err)
		return err;

	r->first = true;
	err = relay_send(r, &rq->msg, &s->target);
	if (err) {
		relay_drop(r);
		return err;
	}

	s->state = CV_SUB_ASKED;
	s->cseq = rq->cseq;
	s->asker = rq->place.seen;
	s->asked_s = rq->msg.lives_s;
	party->leg = cv_mem_ref(a);
	a->events = &sub_events;
	a->arg = party;

	return 0;
}

static int start(struct cv_calls *c, const struct cv_request *rq, struct cv_leg *a,
		 struct cv_txn *t)
{
	struct cv_sub *s;
	int err;

	if (c->closed || c->subc >= CV_SUBS_MAX)
		return EBUSY;

	err = sub_new(&s, c, rq);
	if (err)
		return err;

	err = aim(s, rq, a);
	if (!err)
		err = first_send(s, rq, a, t);
	if (err) {
		leg_end(&s->party[CV_END_B]);
		cv_mem_unref(s);
		return err;
	}

	cv_hash_add(c->subs_by_key, &s->by_key, cv_str_of(s->key), s);
	cv_list_add(&c->subs, &s->node);
	++c->subc;

	return 0;
}

/* What was challenged, asked again over the same leg B. */
static int retry(struct cv_sub *s, const struct cv_request *rq, struct cv_leg *a,
		 struct cv_txn *t)
{
	int err;

	cv_timer_stop(s->timer);
	err = first_send(s, rq, a, t);
	if (err)
		finish(s, "failed");

	return err;
}

static int start_or_retry(struct cv_calls *c, const struct cv_request *rq,
			  struct cv_leg *a, struct cv_txn *t)
{
	struct cv_sub *s;
	int err;

	if (rq->max_forwards == 0)
		return ELOOP;

	if (rq->max_breadth == 0)
		return EMLINK;

	err = cv_sub_find(&s, c, rq);
	if (err == ENOENT)
		return start(c, rq, a, t);

	return err ? err : retry(s, rq, a, t);
}

int cv_sub_start(struct cv_calls *c, const struct cv_request *rq, struct cv_leg *a,
		 struct cv_txn *t)
{
	char source[CV_ADDR_STRLEN];
	int err;

	if (!c || !rq || !a || !t || !may_pass(rq->method))
		return EINVAL;

	err = start_or_retry(c, rq, a, t);
	if (err && cv_log_allow(&c->refused, REFUSALS_LOGGED))
		cv_info("call",
			"refused method=%s from=" CV_STR_FMT "@" CV_STR_FMT
			" to=" CV_STR_FMT "@" CV_STR_FMT " source=%s why=%s",
			cv_method_name(rq->method), CV_STR_ARG(rq->from_user),
			CV_STR_ARG(rq->from_host), CV_STR_ARG(rq->to_user),
			CV_STR_ARG(rq->to_host), cv_addr_print(&rq->place.seen, source),
			cv_call_refusal_name(err));

	return err;
}

int cv_sub_adopt(struct cv_call *call, struct cv_party *asker)
{
	struct cv_party *parties[2] = {asker, cv_call_other(asker)};
	struct cv_calls *c = call->calls;
	struct cv_sub *s;
	int err;

	if (c->closed || c->subc >= CV_SUBS_MAX)
		return EBUSY;

	if (!parties[0]->leg || !parties[1]->leg)
		return ESTALE;

	err = sub_make(&s, c, CV_METHOD_REFER);
	if (err)
		return err;

	s->state = CV_SUB_STANDING;
	s->asker = asker->leg->place.seen;
	memcpy(s->from, call->from, sizeof(s->from));
	memcpy(s->to, call->to, sizeof(s->to));
	for (size_t i = 0; i < 2; ++i) {
		s->party[i].leg = parties[i]->leg; /* with its reference */
		parties[i]->leg = NULL;
		s->party[i].leg->events = &sub_events;
		s->party[i].leg->arg = &s->party[i];
	}

	cv_list_add(&c->subs, &s->node);
	++c->subc;
	live(s, ADOPTED_S);

	return 0;
}

void cv_subs_close(struct cv_calls *c)
{
	struct cv_list *n, *tmp;

	CV_LIST_FOREACH (n, tmp, &c->subs)
		finish(CV_CONTAINER(n, struct cv_sub, node), "shutdown");
}
