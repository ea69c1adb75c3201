/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The one relay between the outer parties of a media loop: a session of the
 * call in which it was decided, with one end for its own party and one for
 * somebody of another call. Both calls' own sessions are parked beside it.
 * Signalling thread.
 */
#include "config.h"

#include "call/unfold.h"

#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "call/apart.h"
#include "call/trial.h"

static const struct cv_media_ops *ops_of(const struct cv_call *call)
{
	return call->calls->env.media;
}

static bool is_live(const struct cv_flow *f)
{
	return f->rtp.port != 0 && f->carry == CV_CARRY_UDP;
}

static void outer_manner(struct cv_unfold *u, const struct cv_unfold_work *w,
			 const struct cv_where *far)
{
	cv_call_manner_in(&far->call->party[far->end], u->outer, w->from->end);
	cv_call_manner_in(w->to, u->outer, w->to->end);
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
		outer_manner(u, w, far);
		return 0;
	}

	if (u->outer)
		return EBUSY;

	err = ops_of(call)->open(&u->outer, call->calls->env.plane, a ? from : to,
				 a ? to : from, w->lines->c);
	if (err)
		return err;

	outer_manner(u, w, far);
	u->outer_for = w->from->end;
	u->outer_key[0] = ops_of(call)->id(u->outer);
	u->outer_key[1] = ops_of(call)->gen(u->outer);
	cv_hash_add(call->calls->by_media, &u->by_outer,
		    cv_str_make((const char *)u->outer_key, sizeof(u->outer_key)), call);

	return 0;
}

/* It relays from now on, for they don't hear each other. */
static void anchor(struct cv_call *call, const char *why)
{
	struct cv_unfold *u = call->unfold;
	struct cv_chain ch;
	struct cv_where o;

	if (ops_of(call)->watch(u->outer, false)) { /* no room: tried again */
		u->is_timed = cv_timer_set(u->trial, CV_TRIAL_MS) == 0;
		return;
	}

	for (unsigned end = CV_END_A; end <= CV_END_B; ++end) {
		if (cv_lead_outer(&o, call, (enum cv_end)end) == 0)
			cv_apart_note(call->calls->apart,
				      &o.call->party[o.end].place.seen);
	}

	u->is_watch = false;
	u->reason = CV_REASON_FAR_END;
	cv_info("call", "relayed call=%s why=%s", call->id, why);
	cv_evid_add(call->evid, "relay", cv_reason_name(u->reason),
		    "same NAT, but %s: relayed", why);
	cv_unfold_repeat(call);
	cv_chain_take(&ch, call);
	cv_unfold_review(call, &ch);
}

/* Where the two send to now, and neither asks for silence. */
static bool ways(struct cv_call *call, struct cv_addr *way)
{
	for (unsigned end = CV_END_A; end <= CV_END_B; ++end) {
		const struct cv_lines *said = cv_lead_said(call, (enum cv_end)end);
		const struct cv_lines *l = said && said->of ? said->of : said;

		if (!l || l->c == 0 || said->c == 0 ||
		    said->v[0].flow.dir != CV_DIR_SENDRECV)
			return false;

		way[end] = l->v[0].flow.rtp;
	}

	return true;
}

static void on_trial(void *arg)
{
	struct cv_call *call = arg;
	struct cv_unfold *u = call->unfold;
	char why[CV_TRIAL_WHY];
	struct cv_addr way[2];
	int err;

	u->is_timed = false;
	if (!u->is_watch || !u->is_whole || u->is_outer_parked || !ways(call, way))
		return;

	err = cv_trial_judge(ops_of(call), u->outer, why);
	if (err == ENOENT) {
		anchor(call, why);
	} else if (err) {
		u->is_timed = cv_timer_set(u->trial, CV_TRIAL_LATER_MS) == 0;
	} else {
		u->is_proven = true;
		cv_evid_add(call->evid, "same NAT", "direct",
			    "both outer parties report that they hear each other");
	}
}

static int watch(struct cv_call *call, bool on)
{
	struct cv_unfold *u = call->unfold;
	int err = 0;

	if (u->is_watch == on)
		return 0;

	if (!u->trial)
		err = cv_timer_new(&u->trial, call->calls->env.loop, on_trial, call);
	if (!err)
		err = ops_of(call)->watch(u->outer, on);
	if (err)
		return err;

	u->is_watch = on;
	u->is_proven = false;

	return 0;
}

void cv_outer_try(struct cv_call *call)
{
	struct cv_unfold *u = call->unfold;
	struct cv_addr way[2];
	bool same, first;

	if (!u->is_watch || !u->is_whole || u->is_outer_parked ||
	    call->state != CV_CALL_ANSWERED || !ways(call, way))
		return;

	same = cv_addr_eq(&way[CV_END_A], &u->way[CV_END_A]) &&
	       cv_addr_eq(&way[CV_END_B], &u->way[CV_END_B]);
	if (same && (u->is_proven || u->is_timed))
		return;

	/* what was reported before is of other addresses */
	if (!same && ops_of(call)->watch(u->outer, true))
		return;

	first = !cv_addr_is_set(&u->way[CV_END_A]);
	memcpy(u->way, way, sizeof(u->way));
	u->is_proven = false;
	u->is_timed =
		cv_timer_set(u->trial, first ? CV_TRIAL_MS : CV_TRIAL_LATER_MS) == 0;
}

void cv_outer_drop(struct cv_unfold *u)
{
	cv_hash_del(&u->by_outer);
	if (u->outer) {
		cv_shown_drop(u->call, u->outer);
		ops_of(u->call)->close(u->outer);
	}

	u->outer = NULL;
	u->is_outer_parked = u->is_watch = false;
	u->face = cv_mem_unref(u->face);
}

static struct cv_lines *lines_of(const struct cv_lines *like, const struct cv_flow *v)
{
	struct cv_lines *l = cv_mem_new(sizeof(*l) + like->c * sizeof(l->v[0]), NULL);

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
void cv_outer_hear(struct cv_call *call, enum cv_end from, const struct cv_lines *said)
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
int cv_outer_tell(struct cv_unfold_work *w, const struct cv_where *far,
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

	err = watch(call, call->unfold->reason == CV_REASON_NONE_SAME_NAT);
	if (!err)
		err = ops_of(call)->set(call->unfold->outer, w->from->end, CV_FORK_ALL,
					in, out, w->lines->c);
	if (err && is_new) /* it takes no port of another's */
		cv_outer_drop(call->unfold);
	if (err)
		return err;

	if (own)
		cv_outer_hear(call, w->to->end, own);

	if (!call->unfold->is_watch) /* what isn't ours stands for itself */
		cv_shown_note(w, call->unfold->outer, out);

	w->lines->is_watched = call->unfold->is_watch;
	for (size_t i = 0; i < w->lines->c; ++i) {
		if (is_live(&w->in[i]))
			w->out[i] = out[i];
	}

	return 0;
}

/* What both see of one relay: its end for somebody of another call, and that one. */
static int outer_far(struct cv_where *o, const struct cv_unfold *u)
{
	return cv_lead_outer(o, u->call, u->outer_for);
}

/* The far one's call has a relay between just these two already. */
const struct cv_lines *cv_outer_face(const struct cv_unfold_work *w,
				     const struct cv_where *far)
{
	const struct cv_unfold *u = far->call->unfold;
	struct cv_where o;

	if (!u || !u->face || u->outer_for == far->end || outer_far(&o, u) ||
	    cv_lead_told(far->call, u->outer_for) != CV_TOLD_OUTER)
		return NULL;

	return o.call == w->to->call && o.end == w->to->end && cv_unfold_fits(w, u->face)
		       ? u->face
		       : NULL;
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

void cv_unfold_repeat(struct cv_call *call)
{
	struct cv_unfold *u = call->unfold;
	struct cv_lines *said;

	if (!u || !u->outer)
		return;

	outer_place(u);
	said = cv_lead_said(call, cv_end_other(u->outer_for));
	if (said && cv_lead_told(call, u->outer_for) == CV_TOLD_OUTER)
		cv_outer_hear(call, cv_end_other(u->outer_for), said);
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

/* The relay that a party of this call was told may be that of another one. */
void cv_unfold_readdress(struct cv_call *call)
{
	struct cv_chain ch;

	cv_chain_take(&ch, call);
	for (size_t i = 0; i < ch.c; ++i) {
		if (!ch.v[i]->unfold || !ch.v[i]->unfold->outer)
			continue;

		ops_of(call)->readdress(ch.v[i]->unfold->outer);
		cv_unfold_repeat(ch.v[i]);
	}
}

void cv_unfold_anew(struct cv_call *call)
{
	if (call->unfold)
		cv_outer_drop(call->unfold);
}
