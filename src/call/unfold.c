/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Media loops: what the outer parties are told, and what of our own is parked
 * when they were; the story is in unfold.h. Signalling thread.
 *
 *   the outer pair needs    the party is told
 *   nothing                 what the other one said of itself
 *   a relay                 the port of one session between the two: that of the call
 *                           in which it was decided first, of both parties alike
 *
 * Nothing of it happens when a relay is asked for (relay = always, Privacy: session),
 * when several targets ring, or while we transfer a call ourselves.
 */
#include "config.h"

#include "call/unfold.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "call/fan.h"
#include "call/transfer.h"
#include "call/trial.h"

static bool is_live(const struct cv_flow *f)
{
	return f->rtp.port != 0 && f->carry == CV_CARRY_UDP;
}

/* Put to the other party again by us (restate.c), or the answer to that. */
static bool is_restated(const struct cv_unfold_work *w)
{
	return !w->pair->in;
}

/* An answer to us: the other party doesn't see it. */
static bool is_unheard(const struct cv_unfold_work *w)
{
	return is_restated(w) && w->from->end != w->pair->from;
}

/* An answer that was given in a 1xx already, as far as its addresses go: it stays what it
 * was (RFC 3261 13.2.1). */
static bool repeats(const struct cv_unfold_work *w)
{
	const struct cv_talk *t = w->talk;
	const struct cv_lines *old = t->now[w->from->end];
	bool first = !t->previewed && t->agreed_in != w->pair;

	if (w->m->status == 0 || first || !old || old->told != CV_TOLD_OURS ||
	    old->c != w->lines->c)
		return false;

	for (size_t i = 0; i < old->c; ++i) {
		if (!cv_addr_eq(&old->v[i].flow.rtp, &w->in[i].rtp))
			return false;
	}

	return true;
}

/* Connections end where they are accepted: their stream stays with its call. */
static bool has_tcp(const struct cv_sdp *s)
{
	for (size_t i = 0; i < cv_sdp_count(s); ++i) {
		const struct cv_flow *f = cv_sdp_flow(s, i);

		if (f->carry == CV_CARRY_TCP && f->rtp.port != 0)
			return true;
	}

	return false;
}

int cv_unfold_follow(struct cv_unfold_work *w)
{
	struct cv_call *call = w->from->call;
	char what[32];
	int err;

	cv_chain_take(&w->was, call);
	err = cv_lead_find(w);
	if (err) {
		cv_stat_add(call->calls->env.stat, CV_STAT_media_loops, 1);
		(void)snprintf(what, sizeof(what), "media of %s",
			       cv_call_party_name(w->from->end));
		cv_evid_add(call->evid, what, "refused",
			    "its addresses lead back to this call");
		return EBADMSG;
	}

	if (w->lead.call[0] && has_tcp(w->sdp)) {
		w->why_not = "a stream over TCP stays with its call";
		w->lead.call[0] = '\0';
	}
	if (w->lead.call[0] && cv_unfold_need(call))
		w->lead.call[0] = '\0';

	if (w->lead.call[0])
		call->keeps_text = true; /* for when it holds no more */

	return 0;
}

/* relay = always, Privacy: session, a transfer of ours: nothing is unfolded there. */
static bool is_kept_apart(const struct cv_call *call)
{
	return call->hides_media || call->transfer ||
	       cv_transfer_is_bridge(call->party[CV_END_A].leg) ||
	       cv_transfer_is_bridge(call->party[CV_END_B].leg);
}

/* The strongest word of all calls that hang together. */
static enum cv_need_policy policy_of(const struct cv_where *far, struct cv_call *call)
{
	enum cv_need_policy is = CV_NEED_AUTO;
	struct cv_chain ch;

	cv_chain_take(&ch, far->call);
	cv_chain_add(&ch, call);
	for (size_t i = 0; i < ch.c; ++i) {
		const struct cv_call *c = ch.v[i];
		enum cv_need_policy p =
			is_kept_apart(c)
				? CV_NEED_ALWAYS
				: cv_aim_policy(&c->calls->env, c->from_peer, c->peer);

		if (p == CV_NEED_ALWAYS || is == CV_NEED_AUTO)
			is = p;
	}

	return is;
}

static enum cv_reason decide(const struct cv_unfold_work *w, const struct cv_where *far)
{
	const struct cv_call_env *env = &w->from->call->calls->env;
	const struct cv_need n = {
		.a = far->call->party[far->end].place,
		.b = w->to->place,
		.policy = policy_of(far, w->from->call),
		.same_nat_direct = env->same_nat_direct &&
				   !cv_call_is_apart(w->from->call->calls,
						     &far->call->party[far->end].place,
						     &w->to->place),
	};

	return n.policy == CV_NEED_ALWAYS ? CV_REASON_FORCED : cv_need_decide(&n);
}

/* What the outer one said fits what came: the same streams live. */
bool cv_unfold_fits(const struct cv_unfold_work *w, const struct cv_lines *said)
{
	for (size_t i = 0; i < w->lines->c; ++i) {
		if (is_live(&w->in[i]) && (i >= said->c || !is_live(&said->v[i].flow)))
			return false;
	}

	return true;
}

static void say(struct cv_unfold_work *w, const struct cv_lines *said)
{
	for (size_t i = 0; i < w->lines->c; ++i) {
		if (!is_live(&w->in[i]))
			continue;

		w->out[i].rtp = said->v[i].flow.rtp;
		w->out[i].rtcp = said->v[i].flow.rtcp;
		w->out[i].mux = said->v[i].flow.mux;
	}
}

static bool is_of_family(const struct cv_unfold_work *w, const struct cv_lines *said)
{
	for (size_t i = 0; i < w->lines->c; ++i) {
		if (is_live(&w->in[i]) &&
		    said->v[i].flow.rtp.family != w->to->place.family)
			return false;
	}

	return true;
}

/* Does the other direction lead back to who is told? It may not have been said yet, or be
 * about to be said anew, in answer to what the far one offers. */
static bool comes_back(const struct cv_unfold_work *w, const struct cv_where *far)
{
	const struct cv_talk *t = &far->call->talk;
	enum cv_end back = cv_end_other(far->end);
	struct cv_where o;

	if (!is_restated(w) &&
	    (!cv_lead_said(far->call, back) || (t->offered_in && t->offerer == far->end)))
		return true;

	if (!cv_lead_said(far->call, back))
		return false;

	return cv_lead_outer(&o, far->call, back) == 0 && o.call == w->to->call &&
	       o.end == w->to->end;
}

static enum cv_told tell_pair(struct cv_unfold_work *w, const struct cv_where *far,
			      const struct cv_lines *said)
{
	struct cv_unfold *u = w->from->call->unfold;
	const struct cv_lines *face;
	bool watch;
	int err;

	u->reason = decide(w, far);
	if (u->reason == CV_REASON_FORCED) {
		w->why_not = "a relay is asked for in one of the calls";
		return CV_TOLD_OURS;
	}

	watch = u->reason == CV_REASON_NONE_SAME_NAT &&
		cv_trial_can_watch(w->in, w->lines->c);
	if (!cv_reason_is_relay(u->reason) && !watch && is_of_family(w, said)) {
		say(w, said);
		return CV_TOLD_DIRECT;
	}

	face = cv_outer_face(w, far);
	if (face) {
		say(w, face);
		w->lines->is_watched = far->call->unfold->is_watch;
		return CV_TOLD_FACE;
	}

	err = watch || cv_reason_is_relay(u->reason) ? cv_outer_tell(w, far, said)
						     : EAFNOSUPPORT;
	if (err) {
		w->why_not = "no relay can be made between the two";
		return CV_TOLD_OURS;
	}

	return CV_TOLD_OUTER;
}

static enum cv_told tell(struct cv_unfold_work *w)
{
	struct cv_call *call = cv_lead_call(w->from->call->calls, &w->lead);
	struct cv_where far, to;
	struct cv_lines *said;
	enum cv_told is;

	if (!call || cv_lead_outer(&far, call, w->lead.end) ||
	    cv_lead_outer(&to, w->to->call, w->to->end))
		return CV_TOLD_OURS;

	if (to.call != w->to->call) /* it leads on that way too: we stand between */
		return CV_TOLD_OURS;

	said = cv_lead_said(far.call, far.end);
	if (!said || !cv_unfold_fits(w, said)) {
		w->why_not = "who it stands for says something else";
		return CV_TOLD_OURS;
	}

	if (cv_fan_is(w->to->leg)) {
		w->why_not = "it rings at several places";
		return CV_TOLD_OURS;
	}

	if (repeats(w) || !comes_back(w, &far)) {
		w->why_not = repeats(w) ? "it was told our address before"
					: "the other direction doesn't come back to us";
		return CV_TOLD_OURS;
	}

	if (is_restated(w) && cv_unfold_is_lost(&far))
		return CV_TOLD_OURS;

	w->lines->of = cv_mem_ref(said);
	is = w->why_not ? CV_TOLD_OURS : tell_pair(w, &far, said);
	w->lines->is_lost = is_restated(w) && is == CV_TOLD_OURS;

	return is;
}

static void explain(const struct cv_unfold_work *w)
{
	static const char *const words[] = {
		[CV_TOLD_OURS] = "followed",
		[CV_TOLD_DIRECT] = "unfolded",
		[CV_TOLD_OUTER] = "relayed once",
		[CV_TOLD_FACE] = "relayed once",
	};
	static const char *const ends[] = {
		[CV_TOLD_OURS] = "it is told ours",
		[CV_TOLD_DIRECT] = "it is told that one's own address",
		[CV_TOLD_OUTER] = "it is told a relay of this call between the two",
		[CV_TOLD_FACE] = "it is told the relay of that call between the two",
	};
	const struct cv_lines *old = w->talk->now[w->from->end];
	bool watched = w->lines->is_watched;
	enum cv_told is = w->lines->told;
	char what[32];

	if (old && old->told == is && old->is_watched == watched &&
	    strcmp(old->lead.call, w->lead.call) == 0)
		return;

	(void)snprintf(what, sizeof(what), "loop of %s",
		       cv_call_party_name(w->from->end));
	if (w->lead.call[0])
		cv_evid_add(w->from->call->evid, what, watched ? "unfolded" : words[is],
			    "%s names our address that stands for %s of call %s; %s%s%s",
			    cv_call_party_name(w->from->end),
			    cv_call_party_name(w->lead.end), w->lead.call,
			    watched ? "it is told that one's own address, and a port of "
				      "ours for RTCP"
				    : ends[is],
			    w->why_not ? ": " : "", w->why_not ? w->why_not : "");
	else if (w->why_not)
		cv_evid_add(w->from->call->evid, what, "not unfolded",
			    "%s names an address of ours, but %s",
			    cv_call_party_name(w->from->end), w->why_not);
}

void cv_unfold_tell(struct cv_unfold_work *w)
{
	struct cv_call *call = w->from->call;
	struct cv_unfold *u = call->unfold;

	w->lines->lead = w->lead;
	if (!is_unheard(w))
		cv_shown_note(w, call->media, w->out);
	if (w->lead.call[0])
		w->lines->told = tell(w);

	if (u && u->outer && u->outer_for != w->from->end &&
	    cv_lead_told(call, u->outer_for) == CV_TOLD_OUTER)
		cv_outer_hear(call, w->from->end, w->lines);

	explain(w);
}

void cv_unfold_kept(struct cv_unfold_work *w)
{
	struct cv_call *call = w->from->call;

	if (call->unfold && !is_restated(w))
		call->unfold->tries = 0;

	cv_unfold_review(call, &w->was);
}
