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
 * Nothing of it happens when a relay is asked for (relay = always, Privacy: session), when
 * several targets ring, or while we transfer a call ourselves.
 */
#include "config.h"

#include "call/unfold.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "call/fan.h"
#include "call/restate.h"
#include "call/transfer.h"

static void review(struct cv_call *call);

enum {
	AGAIN_MS = 1000, /* so long a description may take through the loop */
	TRIES_MAX = 3,   /* a party that refuses ours is asked no more */
};

static const struct cv_media_ops *ops_of(const struct cv_call *call)
{
	return call->calls->env.media;
}

static bool is_live(const struct cv_flow *f)
{
	return f->rtp.port != 0 && f->carry == CV_CARRY_UDP;
}

/* What both see of one relay: its end for somebody of another call, and that one. */
static int outer_far(struct cv_where *o, const struct cv_unfold *u)
{
	return cv_lead_outer(o, u->call, u->outer_for);
}

static bool is_between(struct cv_call *call)
{
	struct cv_where a, b;

	return cv_lead_outer(&a, call, CV_END_A) == 0 && a.call != call &&
	       cv_lead_outer(&b, call, CV_END_B) == 0 && b.call != call;
}

static enum cv_told told(struct cv_call *call, enum cv_end end)
{
	const struct cv_lines *l = cv_lead_said(call, end);

	return l ? l->told : CV_TOLD_OURS;
}

/* What the other end of its call says is told to an outer party. */
static bool was_told(const struct cv_where *outer)
{
	return told(outer->call, cv_end_other(outer->end)) != CV_TOLD_OURS;
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
static bool is_lost(const struct cv_where *outer)
{
	const struct cv_lines *l = said_to(outer);

	return l && l->is_lost;
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
		return is_lost(&far) || is_stale(call, l);

	return !l->is_lost && was_told(&far) && !is_between(call);
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
		ops_of(u->call)->close(u->outer);

	cv_mem_unref(u->face);
	cv_mem_unref(u->timer);
}

static int need(struct cv_call *call)
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

	if (w->lead.call[0] && need(call))
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
		.same_nat_direct = env->same_nat_direct,
	};

	return n.policy == CV_NEED_ALWAYS ? CV_REASON_FORCED : cv_need_decide(&n);
}

/* What the outer one said fits what came: the same streams live. */
static bool fits(const struct cv_unfold_work *w, const struct cv_lines *said)
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

static void outer_place(struct cv_unfold *u)
{
	for (unsigned end = CV_END_A; u->outer && end <= CV_END_B; ++end) {
		struct cv_where o;

		if (cv_lead_outer(&o, u->call, (enum cv_end)end) == 0)
			ops_of(u->call)->place(u->outer, (enum cv_end)end, CV_FORK_ALL,
					       &o.call->party[o.end].place);
	}
}

static int outer_open(struct cv_unfold_work *w, const struct cv_where *far)
{
	struct cv_call *call = w->from->call;
	struct cv_unfold *u = call->unfold;
	const struct cv_place *from = &far->call->party[far->end].place;
	const struct cv_place *to = &w->to->place;
	bool a = w->from->end == CV_END_A;
	int err;

	if (u->outer && u->outer_for == w->from->end) {
		ops_of(call)->place(u->outer, w->from->end, CV_FORK_ALL, from);
		ops_of(call)->place(u->outer, w->to->end, CV_FORK_ALL, to);
		return 0;
	}

	if (u->outer)
		return EBUSY;

	err = ops_of(call)->open(&u->outer, call->calls->env.plane, a ? from : to,
				 a ? to : from, w->lines->c);
	if (err)
		return err;

	u->outer_for = w->from->end;
	u->outer_key[0] = ops_of(call)->id(u->outer);
	u->outer_key[1] = ops_of(call)->gen(u->outer);
	cv_hash_add(call->calls->by_media, &u->by_outer,
		    cv_str_make((const char *)u->outer_key, sizeof(u->outer_key)), call);
	cv_stat_add(call->calls->env.stat, CV_STAT_relays_made, 1);

	return 0;
}

static void outer_drop(struct cv_unfold *u)
{
	cv_hash_del(&u->by_outer);
	if (u->outer) {
		cv_shown_drop(u->call, u->outer);
		ops_of(u->call)->close(u->outer);
	}

	u->outer = NULL;
	u->face = cv_mem_unref(u->face);
}

/* Remembers what the session @p of shows the party that hears w. */
static void note_shown(struct cv_unfold_work *w, const struct cv_media *of,
		       const struct cv_flow *out)
{
	for (size_t i = 0; i < w->lines->c; ++i) {
		const struct cv_shown s = {
			.end = w->from->end,
			.line = i,
			.rtp = out[i].rtp,
			.rtcp = out[i].rtcp,
			.mux = out[i].mux,
			.sum = cv_sdp_media_sum(w->sdp, i),
		};

		/* what isn't known is relayed as any other */
		if (is_live(&out[i]) && cv_shown_put(w->from->call, of, &s))
			cv_warn("call", "loop not known call=%s", w->from->call->id);
	}
}

static struct cv_lines *lines_of(const struct cv_lines *like, const struct cv_flow *v)
{
	struct cv_lines *l =
		cv_mem_new(sizeof(*l) + like->c * sizeof(l->v[0]), NULL);

	for (size_t i = 0; l && i < like->c; ++i) {
		l->v[i] = like->v[i];
		l->v[i].flow = v[i];
		l->v[i].flow.crypt = l->v[i].flow.ice = NULL;
	}
	if (l)
		l->c = like->c;

	return l;
}

/* The relay between the two hears what its own party says, and has a port for the far
 * one. */
static void hear_outer(struct cv_call *call, enum cv_end from, const struct cv_lines *said)
{
	struct cv_flow in[CV_SDP_MEDIA], out[CV_SDP_MEDIA];
	struct cv_unfold *u = call->unfold;
	int err;

	for (size_t i = 0; i < said->c; ++i)
		in[i] = said->v[i].flow;

	u->face = cv_mem_unref(u->face);
	err = ops_of(call)->set(u->outer, from, CV_FORK_ALL, in, out, said->c);
	if (!err)
		u->face = lines_of(said, out);

	if (!u->face)
		cv_warn("call", "loop not relayed call=%s err=%s", call->id,
			strerror(err ? err : ENOMEM));
}

/* Puts what the far one says into the relay between the two; the party that hears w is
 * told its port. */
static int tell_outer(struct cv_unfold_work *w, const struct cv_where *far,
		      const struct cv_lines *said)
{
	struct cv_flow in[CV_SDP_MEDIA], out[CV_SDP_MEDIA];
	struct cv_call *call = w->from->call;
	const struct cv_lines *own = cv_lead_said(call, w->to->end);
	bool is_new = !call->unfold->outer;
	int err;

	err = outer_open(w, far);
	if (err)
		return err;

	for (size_t i = 0; i < w->lines->c; ++i) {
		in[i] = w->in[i];
		if (!is_live(&in[i]))
			continue;

		in[i].rtp = said->v[i].flow.rtp;
		in[i].rtcp = said->v[i].flow.rtcp;
		in[i].mux = said->v[i].flow.mux;
	}

	err = ops_of(call)->set(call->unfold->outer, w->from->end, CV_FORK_ALL, in, out,
				w->lines->c);
	if (err && is_new) /* it takes no port of another's */
		outer_drop(call->unfold);
	if (err)
		return err;

	if (own)
		hear_outer(call, w->to->end, own);

	note_shown(w, call->unfold->outer, out);
	for (size_t i = 0; i < w->lines->c; ++i) {
		if (is_live(&w->in[i]))
			w->out[i] = out[i];
	}

	return 0;
}

/* The far one's call has a relay between just these two already. */
static const struct cv_lines *face_of(const struct cv_unfold_work *w,
				      const struct cv_where *far)
{
	const struct cv_unfold *u = far->call->unfold;
	struct cv_where o;

	if (!u || !u->face || u->outer_for == far->end || outer_far(&o, u) ||
	    told(far->call, u->outer_for) != CV_TOLD_OUTER)
		return NULL;

	return o.call == w->to->call && o.end == w->to->end && fits(w, u->face) ? u->face
										 : NULL;
}

/* Does the other direction lead back to who is told? It may not have been said yet, or be
 * about to be said anew, in answer to what the far one offers. */
static bool comes_back(const struct cv_unfold_work *w, const struct cv_where *far)
{
	const struct cv_talk *t = &far->call->talk;
	enum cv_end back = cv_end_other(far->end);
	struct cv_where o;

	if (!w->restated && (!cv_lead_said(far->call, back) ||
			     (t->offered_in && t->offerer == far->end)))
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
	int err;

	u->reason = decide(w, far);
	if (u->reason == CV_REASON_FORCED) {
		w->why_not = "a relay is asked for in one of the calls";
		return CV_TOLD_OURS;
	}

	if (!cv_reason_is_relay(u->reason) && is_of_family(w, said)) {
		say(w, said);
		return CV_TOLD_DIRECT;
	}

	face = face_of(w, far);
	if (face) {
		say(w, face);
		return CV_TOLD_FACE;
	}

	err = cv_reason_is_relay(u->reason) ? tell_outer(w, far, said) : EAFNOSUPPORT;
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
	if (!said || !fits(w, said)) {
		w->why_not = "who it stands for says something else";
		return CV_TOLD_OURS;
	}

	if (cv_fan_is(w->to->leg)) {
		w->why_not = "it rings at several places";
		return CV_TOLD_OURS;
	}

	if (w->repeats || !comes_back(w, &far)) {
		w->why_not = w->repeats ? "it was told our address before"
					: "the other direction doesn't come back to us";
		return CV_TOLD_OURS;
	}

	if (w->restated && is_lost(&far))
		return CV_TOLD_OURS;

	w->lines->of = cv_mem_ref(said);
	is = w->why_not ? CV_TOLD_OURS : tell_pair(w, &far, said);
	w->lines->is_lost = w->restated && is == CV_TOLD_OURS;

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
	enum cv_told is = w->lines->told;
	char what[32];

	if (old && old->told == is && strcmp(old->lead.call, w->lead.call) == 0)
		return;

	(void)snprintf(what, sizeof(what), "loop of %s",
		       cv_call_party_name(w->from->end));
	if (w->lead.call[0])
		cv_evid_add(w->from->call->evid, what, words[is],
			    "%s names our address that stands for %s of call %s; %s%s%s",
			    cv_call_party_name(w->from->end),
			    cv_call_party_name(w->lead.end), w->lead.call, ends[is],
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
	if (!w->unheard)
		note_shown(w, call->media, w->out);
	if (w->lead.call[0])
		w->lines->told = tell(w);

	if (u && u->outer && u->outer_for != w->from->end &&
	    told(call, u->outer_for) == CV_TOLD_OUTER)
		hear_outer(call, w->from->end, w->lines);

	explain(w);
}

void cv_unfold_kept(struct cv_unfold_work *w)
{
	struct cv_call *call = w->from->call;

	if (call->unfold && !w->restated)
		call->unfold->tries = 0;

	cv_unfold_review(call, &w->was);
}

/* Parks or opens a session; what can't be opened is tried again. */
static bool park(struct cv_call *call, struct cv_media *m, bool parked, bool *is)
{
	int err;

	if (!m || (!parked && !*is))
		return true;

	err = ops_of(call)->park(m, parked);
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
		    u->is_whole ? "both outer parties of this loop know of each other: "
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
	used = u->outer && told(call, u->outer_for) == CV_TOLD_OUTER &&
	       !(whole && is_between(call));
	good = park(call, call->media, whole, &u->is_parked);
	good = park(call, u->outer, !used, &u->is_outer_parked) && good;
	if (whole != u->is_whole) {
		u->is_whole = whole;
		turned(u);
	}

	if (u->outer && !call->talk.offered_in && call->talk.fork != CV_FORK_ALL)
		ops_of(call)->choose(u->outer, CV_FORK_ALL);

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

void cv_unfold_repeat(struct cv_call *call)
{
	struct cv_unfold *u = call->unfold;
	struct cv_lines *said;

	if (!u || !u->outer)
		return;

	outer_place(u);
	said = cv_lead_said(call, cv_end_other(u->outer_for));
	if (said && told(call, u->outer_for) == CV_TOLD_OUTER)
		hear_outer(call, cv_end_other(u->outer_for), said);
}

void cv_unfold_moved(struct cv_call *call)
{
	struct cv_chain ch;

	cv_chain_take(&ch, call);
	for (size_t i = 0; i < ch.c; ++i) {
		if (ch.v[i]->unfold)
			outer_place(ch.v[i]->unfold);
	}
}

void cv_unfold_anew(struct cv_call *call)
{
	if (call->unfold)
		outer_drop(call->unfold);
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
