/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What follows from a media loop for its calls: sessions that aren't used any
 * more are parked, opened again when the loop doesn't hold, and a party that knows of
 * somebody it should not, or doesn't of whom it should, is told by a re-INVITE.
 * Signalling thread.
 */
#include "config.h"

#include "call/unfold.h"

#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "call/restate.h"

static void review(struct cv_call *call);

enum {
	AGAIN_MS = 1000, /* so long a description may take through the loop */
	TRIES_MAX = 3,   /* a party that refuses ours is asked no more */
};

/* What the other end of its call says is told to an outer party. */
static bool was_told(const struct cv_where *outer)
{
	return cv_lead_told(outer->call, cv_end_other(outer->end)) != CV_TOLD_OURS;
}

static bool is_whole(struct cv_call *call)
{
	struct cv_where a, b;

	return cv_lead_is_mutual(call) && cv_lead_outer(&a, call, CV_END_A) == 0 &&
	       cv_lead_outer(&b, call, CV_END_B) == 0 && was_told(&a) && was_told(&b);
}

/* Who it leads to has said another address since. */
static bool is_stale(struct cv_call *call, const struct cv_lines *l)
{
	struct cv_where o;
	const struct cv_lines *now;

	if (l->told == CV_TOLD_FACE || !l->of || !cv_lead_call(call->calls, &l->lead) ||
	    cv_lead_outer(&o, cv_lead_call(call->calls, &l->lead), l->lead.end))
		return false;

	now = cv_lead_said(o.call, o.end);
	if (!now || now == l->of)
		return false;

	for (size_t i = 0; i < l->c && i < now->c && i < l->of->c; ++i) {
		if (!cv_addr_eq(&now->v[i].flow.rtp, &l->of->v[i].flow.rtp))
			return true;
	}

	return false;
}

/* What is said to an outer party; of its call, the other end. */
static const struct cv_lines *said_to(const struct cv_where *outer)
{
	return cv_lead_said(outer->call, cv_end_other(outer->end));
}

/* Nor will the outer party be told by asking it again. */
bool cv_unfold_is_lost(const struct cv_where *outer)
{
	const struct cv_lines *l = said_to(outer);

	return l && l->is_lost;
}

/* Does the relay that the party was told only watch? */
static bool is_on_trial(const struct cv_call *call, const struct cv_lines *l,
			const struct cv_where *far)
{
	const struct cv_unfold *u =
		l->told == CV_TOLD_FACE ? far->call->unfold : call->unfold;

	return l->told != CV_TOLD_DIRECT && u && u->is_watch;
}

/* Is what (call, end) says to be told anew? One of two that knows of the other is one too
 * few: the other one is told as well, or this one is told ours again. */
static bool is_due(struct cv_call *call, enum cv_end end)
{
	const struct cv_lines *l = cv_lead_said(call, end);
	struct cv_where far;

	if (!l || !l->lead.call[0])
		return false;

	if (!cv_lead_is_mutual(call) || cv_lead_outer(&far, call, end))
		return l->told != CV_TOLD_OURS;

	if (l->told != CV_TOLD_OURS)
		return cv_unfold_is_lost(&far) || is_stale(call, l) ||
		       is_on_trial(call, l, &far) != l->is_watched;

	return !l->is_lost && was_told(&far) && !cv_lead_is_between(call);
}

static void on_timer(void *arg)
{
	struct cv_unfold *u = arg;
	struct cv_call *call = u->call;
	int err;

	if (u->is_stuck)
		review(call);

	/* the end of what is open comes here again */
	if (call->state != CV_CALL_ANSWERED || call->setup || call->talk.offered_in)
		return;

	for (unsigned end = CV_END_A; end <= CV_END_B; ++end) {
		if (!is_due(call, (enum cv_end)end) || u->tries >= TRIES_MAX)
			continue;

		++u->tries;
		err = cv_restate(call, cv_end_other((enum cv_end)end));
		if (err)
			cv_warn("call", "loop not told call=%s err=%s", call->id,
				strerror(err));
	}
}

static void unfold_fini(void *obj)
{
	struct cv_unfold *u = obj;

	cv_hash_del(&u->by_outer);
	if (u->outer)
		u->call->calls->env.media->close(u->outer);

	cv_mem_unref(u->face);
	cv_mem_unref(u->timer);
	cv_mem_unref(u->trial);
}

int cv_unfold_need(struct cv_call *call)
{
	struct cv_unfold *u;
	int err;

	if (call->unfold)
		return 0;

	u = cv_mem_new(sizeof(*u), unfold_fini);
	if (!u)
		return ENOMEM;

	u->call = call;
	err = cv_timer_new(&u->timer, call->calls->env.loop, on_timer, u);
	if (err)
		cv_mem_unref(u);
	else
		call->unfold = u;

	return err;
}

/* Parks or opens a session; what can't be opened is tried again. */
static bool park(struct cv_call *call, struct cv_media *m, bool parked, bool *is)
{
	int err;

	if (!m || (!parked && !*is))
		return true;

	err = call->calls->env.media->park(m, parked);
	if (err)
		cv_warn("call", "media not %s call=%s err=%s",
			parked ? "parked" : "opened again", call->id, strerror(err));
	else
		*is = parked;

	return !err;
}

static void turned(struct cv_unfold *u)
{
	struct cv_call *call = u->call;
	const char *name = cv_reason_name(cv_unfold_reason(call));

	cv_info("call", "loop call=%s %s relay=%s", call->id,
		u->is_whole ? "unfolded" : "folded", name);
	cv_evid_add(call->evid, "relay", name,
		    u->is_whole
			    ? "both outer parties of this loop know of each other: "
			      "the ports of this call are parked"
			    : "the loop doesn't hold any more: the ports of this call "
			      "are open again");
}

static void review(struct cv_call *call)
{
	struct cv_unfold *u = call->unfold;
	bool whole, used, good;

	if (!u || call->state == CV_CALL_LEAVING || call->state == CV_CALL_OVER)
		return;

	whole = is_whole(call);
	used = u->outer && cv_lead_told(call, u->outer_for) == CV_TOLD_OUTER &&
	       !(whole && cv_lead_is_between(call));
	good = park(call, call->media, whole, &u->is_parked);
	good = park(call, u->outer, !used, &u->is_outer_parked) && good;
	if (whole != u->is_whole) {
		u->is_whole = whole;
		turned(u);
	}

	if (u->outer && !call->talk.offered_in && call->talk.fork != CV_FORK_ALL)
		call->calls->env.media->choose(u->outer, CV_FORK_ALL);

	cv_outer_try(call);
	u->is_stuck = !good;
	if (good && !is_due(call, CV_END_A) && !is_due(call, CV_END_B))
		cv_timer_stop(u->timer);
	else if (cv_timer_set(u->timer, AGAIN_MS))
		cv_warn("call", "loop not timed call=%s", call->id);
}

void cv_unfold_review(struct cv_call *call, const struct cv_chain *was)
{
	struct cv_chain now;

	cv_chain_take(&now, call);
	for (size_t i = 0; i < was->c; ++i)
		cv_chain_add(&now, was->v[i]);

	for (size_t i = 0; i < now.c; ++i)
		review(now.v[i]);
}

void cv_unfold_close(struct cv_call *call)
{
	call->unfold = cv_mem_unref(call->unfold);
	cv_shown_drop(call, NULL);
}

enum cv_reason cv_unfold_reason(const struct cv_call *call)
{
	const struct cv_unfold *u = call->unfold;

	if (!u || !u->is_whole)
		return call->reason;

	return u->outer && !u->is_outer_parked ? u->reason : CV_REASON_NONE_LOOP;
}

struct cv_media *cv_unfold_media(const struct cv_call *call)
{
	const struct cv_unfold *u = call->unfold;

	if (!u || !u->is_whole)
		return call->media;

	return u->is_outer_parked ? NULL : u->outer;
}

bool cv_call_is_relayed(const struct cv_call *call)
{
	return cv_unfold_media(call) && cv_reason_is_relay(cv_unfold_reason(call));
}
