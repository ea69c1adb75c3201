/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Re-INVITEs of our own in an answered call. Signalling thread.
 *
 * The story: an address that was shown to a party holds no more, since media
 * was anchored, let go or moved to another address of ours. The party is asked
 * by a re-INVITE to go on with what the other one said last. That offer is a pair
 * whose request nobody sent: it goes through the offer and answer rules as if
 * the other party had made it, whatever else comes meanwhile crosses it (RFC 3261
 * 14.2), and what undoes any offer undoes it. The answer goes no further,
 * unless it says something else than the other party has heard; then that one
 * is told in its turn.
 *
 * When both are to be told, the one who made the last offer is first: it
 * hears what was agreed on, and so its answer fits the other one.
 */
#include "config.h"

#include "call/restate.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/mem.h"
#include "call/transfer.h"
#include "call/trial.h"

enum {
	AGAIN_MAX = 5,  /* 491s in a row: who is asked has something else to do */
	ROUNDS_MAX = 2, /* told in turn; two that never agree stop there */
	BUSY_MS = 2100, /* a transfer is under way: RFC 3261 14.1's time as well */
	STEP_MS = 10,   /* RFC 3261 14.1 */
	OWN_LO_MS = 2100,
	OWN_STEPS = 190, /* up to 4 s in a call that we began */
	OTHER_STEPS = 200,
};

struct cv_restate {
	struct cv_call *call; /* owner */
	struct cv_timer *timer;
	bool wanted[2];
	uint64_t after_ms[2]; /* not before */
	unsigned tries[2];    /* 491s in a row */
	unsigned rounds;      /* told in turn so far */
};

static void on_timer(void *arg);

static void restate_fini(void *obj)
{
	struct cv_restate *r = obj;

	cv_mem_unref(r->timer);
}

static int need(struct cv_call *call)
{
	struct cv_restate *r;
	int err;

	if (call->restate)
		return 0;

	r = cv_mem_new(sizeof(*r), restate_fini);
	if (!r)
		return ENOMEM;

	r->call = call;
	err = cv_timer_new(&r->timer, call->calls->env.loop, on_timer, r);
	if (err)
		cv_mem_unref(r);
	else
		call->restate = r;

	return err;
}

static bool is_wanted(const struct cv_restate *r)
{
	return r->wanted[CV_END_A] || r->wanted[CV_END_B];
}

/* For whoever may be told first. */
static int wake(struct cv_restate *r)
{
	uint64_t now = cv_clock_ms(), at = UINT64_MAX;

	for (size_t i = 0; i < 2; ++i) {
		if (r->wanted[i] && r->after_ms[i] < at)
			at = r->after_ms[i];
	}

	return cv_timer_set(r->timer, at > now ? (uint32_t)(at - now) : 0);
}

static void later(struct cv_restate *r, enum cv_end to, uint32_t ms)
{
	r->wanted[to] = true;
	r->after_ms[to] = cv_clock_ms() + ms;
	cv_restate_ready(r->call);
}

/* RFC 3261 14.1: who began the dialog waits longer. We began that of B. */
static uint32_t again_ms(enum cv_end end)
{
	uint8_t byte;

	if (getrandom(&byte, sizeof(byte), GRND_NONBLOCK) != (ssize_t)sizeof(byte))
		byte = 0;

	return end == CV_END_B ? OWN_LO_MS + (byte % OWN_STEPS) * STEP_MS
			       : (byte % OTHER_STEPS + 1) * STEP_MS;
}

static void explain(const struct cv_party *to, const char *how, const char *why)
{
	struct cv_call *call = to->call;

	cv_info("call", "%s call=%s end=%s why=%s", how, call->id,
		cv_call_party_name(to->end), why);
	cv_evid_add(call->evid, "media", how,
		    "%s was asked to go on with what %s said: %s",
		    cv_call_party_name(to->end),
		    cv_call_party_name(cv_call_other((struct cv_party *)to)->end), why);
}

/* Puts to @p to what the other one said last. */
static int ask(struct cv_party *to, const struct cv_lines *said)
{
	struct cv_call *call = to->call;
	const struct cv_msg m = {
		.method = CV_METHOD_INVITE,
		.session_s = call->session_s,
		.session_uac = call->refresher != to->end,
		.type = CV_STR("application/sdp"),
		.body = said->text,
	};
	struct cv_pass pass;
	struct cv_pair *p;
	int err;

	err = cv_pair_new(&p, cv_call_other(to), NULL);
	if (err)
		return err;

	err = cv_offer_pass(p, p->from, &m, &pass);
	if (!err)
		err = cv_pair_send(p, &pass.m, NULL);

	cv_pass_done(&pass);
	if (err)
		cv_pair_drop(p);

	return err;
}

static void tell(struct cv_restate *r, struct cv_party *to)
{
	struct cv_lines *said = to->call->talk.now[cv_call_other(to)->end];
	int err = ENOENT;

	r->wanted[to->end] = false;
	if (said && said->text.len > 0) {
		cv_mem_ref(said);
		err = ask(to, said);
		cv_mem_unref(said);
	}

	if (err)
		explain(to, "not restated", strerror(err));
	if (err)
		cv_restate_ready(to->call); /* the other one */
}

static bool is_bridged(const struct cv_call *call)
{
	return cv_transfer_is_offering(call) ||
	       cv_transfer_is_bridge(call->party[CV_END_A].leg) ||
	       cv_transfer_is_bridge(call->party[CV_END_B].leg);
}

static bool is_due(const struct cv_restate *r, enum cv_end to)
{
	return r->wanted[to] && r->after_ms[to] <= cv_clock_ms();
}

static void on_timer(void *arg)
{
	struct cv_restate *r = arg;
	struct cv_call *call = r->call;
	enum cv_end to = call->talk.offerer;

	/* the end of what is open wakes it again */
	if (call->state != CV_CALL_ANSWERED || call->setup || call->talk.offered_in ||
	    cv_transfer_is_inviting(call) || !is_wanted(r))
		return;

	if (!is_due(r, to))
		to = to == CV_END_A ? CV_END_B : CV_END_A;
	if (!is_due(r, to)) {
		cv_restate_ready(call);
		return;
	}

	if (is_bridged(call)) {
		later(r, to, BUSY_MS);
		return;
	}

	cv_mem_ref(r);
	tell(r, &call->party[to]);
	cv_mem_unref(r);
}

int cv_restate(struct cv_call *call, enum cv_end to)
{
	int err;

	if (call->state == CV_CALL_LEAVING || call->state == CV_CALL_OVER)
		return ESTALE;

	if (!call->keeps_text)
		return ENOTSUP;

	err = need(call);
	if (err)
		return err;

	call->restate->wanted[to] = true;
	call->restate->after_ms[to] = 0;
	call->restate->tries[to] = 0;
	call->restate->rounds = 0;

	return wake(call->restate);
}

bool cv_restate_is_open(const struct cv_call *call)
{
	for (const struct cv_list *n = call->pairs.next; n != &call->pairs; n = n->next) {
		if (!CV_CONTAINER(n, struct cv_pair, node)->in)
			return true;
	}

	return call->restate && is_wanted(call->restate);
}

void cv_restate_ready(struct cv_call *call)
{
	struct cv_restate *r = call->restate;
	int err = r && is_wanted(r) ? wake(r) : 0;

	if (err)
		cv_warn("call", "not restated call=%s err=%s", call->id, strerror(err));
}

void cv_restate_off(struct cv_call *call)
{
	call->restate = cv_mem_unref(call->restate);
}

/* The other party is told in its turn. */
static void tell_other(struct cv_restate *r, const struct cv_party *other)
{
	if (r->wanted[other->end])
		return;

	if (r->rounds++ < ROUNDS_MAX)
		r->wanted[other->end] = true;
	else
		explain(other, "not restated", "each answer says something else");
}

/* What it answered goes through the rules, but not to the other party; is that to know
 * of it? */
static int answer(struct cv_pair *p, const struct cv_party *from, const struct cv_msg *m,
		  bool *news)
{
	struct cv_origin was = {.session = NULL};
	struct cv_origin *shown = &p->call->talk.origin[p->from];
	struct cv_pass pass;
	int err;

	cv_origin_copy(&was, shown);
	err = cv_offer_pass(p, from->end, m, &pass);
	cv_pass_done(&pass);
	*news = !err && shown->sum != was.sum;
	cv_origin_copy(shown, &was);
	cv_origin_free(&was);

	return err;
}

static void agreed(struct cv_pair *p, struct cv_party *from, const struct cv_msg *m)
{
	struct cv_call *call = p->call;
	bool news;
	int err = answer(p, from, m, &news);

	cv_pair_ack(p);
	if (m->session_s > 0)
		cv_call_session(p, m);

	call->restate->tries[from->end] = 0;
	explain(from, err ? "not restated" : "restated",
		err ? "its answer can't be used" : "it agreed");
	if (news)
		tell_other(call->restate, cv_call_other(from));
	cv_pair_drop(p);
}

static void refused(struct cv_pair *p, struct cv_party *from, const struct cv_msg *m)
{
	struct cv_call *call = p->call;
	struct cv_restate *r = call->restate;

	cv_pair_drop(p);
	if (m->status == 491 && ++r->tries[from->end] <= AGAIN_MAX) {
		later(r, from->end, again_ms(from->end));
		return;
	}

	explain(from, "not restated", m->src ? "it refused" : "it doesn't answer");
	cv_trial_refused(call, from->end);
	if (m->status == 408 || m->status == 481) /* RFC 3261 12.2.1.2 */
		cv_call_finish(call, &(struct cv_call_end){
					     from->end == CV_END_A ? "caller" : "callee",
					     "dialog-lost", EHOSTUNREACH});
}

void cv_restate_hears(struct cv_pair *p, struct cv_party *from, const struct cv_msg *m)
{
	if (m->status < 200)
		return;

	if (m->status < 300)
		agreed(p, from, m);
	else
		refused(p, from, m);
}
