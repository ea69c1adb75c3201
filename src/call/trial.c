/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Calls between two phones behind one NAT: their media goes directly, on trial.
 * Signalling thread.
 *
 * The story: nobody can know whether two phones behind one NAT reach each
 * other; a WLAN that isolates its stations, two networks behind one address or
 * a carrier's NAT keep them apart. So both are told each other's own address
 * for RTP, but for RTCP a port of ours (RFC 3605): a media session that only
 * watches joins these ports and reads what passes. When both report that they hear
 * each other, the trial is over and RTCP goes on. When CV_TRIAL_MS after the
 * answer one that talks isn't heard, or nobody reports anything, the media
 * session becomes a relay and both parties are told so by re-INVITEs
 * (restate.c). For an hour the next calls behind that NAT begin with a relay.
 *
 * A phone that sends its RTCP past us, to the port after the other one's RTP, is
 * not heard here although all is well: that costs a relay, but no sound.
 * Phones that find their way by ICE, or whose RTCP is encrypted, are not
 * watched. A line on hold proves nothing; it is looked at when it is resumed.
 */
#include "config.h"

#include "call/trial.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "call/apart.h"
#include "call/restate.h"

enum trial_state {
	TRIAL_WATCHING = 0,
	TRIAL_PROVEN,  /* they hear each other */
	TRIAL_RELAYED, /* they did not */
	TRIAL_OFF,     /* can't be watched, or not any more */
};

struct cv_trial {
	struct cv_call *call; /* owner */
	enum trial_state state;
	struct cv_timer *timer;
	bool is_timed;         /* the timer runs */
	struct cv_addr way[2]; /* where their media goes, by who said so; unset: not
				  answered yet */
};

static void on_timer(void *arg);

static void trial_fini(void *obj)
{
	struct cv_trial *t = obj;

	cv_mem_unref(t->timer);
}

static const struct cv_media_ops *media_of(const struct cv_call *call)
{
	return call->calls->env.media;
}

static bool is_watched(const struct cv_call *call)
{
	return call->trial && call->media && call->trial->state <= TRIAL_PROVEN;
}

static bool is_watchable(const struct cv_flow *f)
{
	return f->carry == CV_CARRY_UDP && f->rtp.port != 0 && f->rtcp.port != 0 &&
	       (f->profile == CV_PROFILE_AVP || f->profile == CV_PROFILE_AVPF);
}

/* Who has ICE looks for the way itself, and would take another port of RTCP amiss. */
bool cv_trial_can_watch(const struct cv_flow *flows, size_t c)
{
	bool found = false;

	for (size_t i = 0; i < c; ++i) {
		if (flows[i].ice && flows[i].ice->c > 0)
			return false;

		found = found || is_watchable(&flows[i]);
	}

	return found;
}

static int trial_need(struct cv_call *call)
{
	struct cv_trial *t;
	int err;

	if (call->trial)
		return 0;

	t = cv_mem_new(sizeof(*t), trial_fini);
	if (!t)
		return ENOMEM;

	t->call = call;
	err = cv_timer_new(&t->timer, call->calls->env.loop, on_timer, t);
	if (err)
		cv_mem_unref(t);
	else
		call->trial = t;

	return err;
}

static int media_need(struct cv_call *call, size_t c)
{
	const struct cv_call_env *env = &call->calls->env;
	int err;

	if (call->media)
		return 0;

	err = env->media->open(&call->media, env->plane, &call->party[CV_END_A].place,
			       &call->party[CV_END_B].place, c);
	if (err)
		return err;

	cv_call_manner(&call->party[CV_END_A]);
	cv_call_manner(&call->party[CV_END_B]);
	cv_call_link_media(call);

	return env->media->watch(call->media, true);
}

static void give_up(struct cv_call *call, int err)
{
	cv_info("call", "same NAT, not watched call=%s err=%s", call->id, strerror(err));
	cv_evid_add(call->evid, "same NAT", "not watched",
		    "the media goes directly, and nobody looks whether it arrives: %s",
		    strerror(err));
	if (call->trial)
		call->trial->state = TRIAL_OFF;
}

void cv_trial_flows(struct cv_call *call, enum cv_end from, uint32_t fork,
		    struct cv_flow *flows, size_t c)
{
	struct cv_flow in[CV_SDP_MEDIA], out[CV_SDP_MEDIA];
	int err;

	if (call->reason != CV_REASON_NONE_SAME_NAT ||
	    (call->trial && call->trial->state > TRIAL_PROVEN) ||
	    !cv_trial_can_watch(flows, c))
		return;

	for (size_t i = 0; i < c; ++i) {
		in[i] = flows[i];
		if (!is_watchable(&in[i]))
			in[i].rtp.port = 0;
	}

	err = trial_need(call);
	if (!err)
		err = media_need(call, c);
	if (!err)
		err = media_of(call)->set(call->media, from, fork, in, out, c);
	if (err) {
		give_up(call, err);
		return;
	}

	for (size_t i = 0; i < c; ++i) {
		if (!is_watchable(&flows[i]))
			continue;

		flows[i].rtcp = out[i].rtcp;
		flows[i].mux = false;
	}
}

/* The first line that is watched, as a party said it; NULL: none. */
static const struct cv_flow *first_line(const struct cv_lines *lines)
{
	for (size_t i = 0; lines && i < lines->c; ++i) {
		if (is_watchable(&lines->v[i].flow))
			return &lines->v[i].flow;
	}

	return NULL;
}

static void set_time(struct cv_trial *t, uint32_t ms)
{
	t->is_timed = cv_timer_set(t->timer, ms) == 0;
}

/* Notes where the media goes now; true: to where it went before. */
static bool is_same_way(struct cv_trial *t)
{
	bool same = true;

	for (size_t i = 0; i < 2; ++i) {
		const struct cv_flow *f = first_line(t->call->talk.now[i]);

		same = same && f && cv_addr_eq(&f->rtp, &t->way[i]);
		if (f)
			t->way[i] = f->rtp;
	}

	return same;
}

void cv_trial_agreed(struct cv_call *call)
{
	struct cv_trial *t = call->trial;
	bool first;
	int err;

	if (!is_watched(call) || call->state != CV_CALL_ANSWERED)
		return;

	first = !cv_addr_is_set(&t->way[CV_END_A]);
	if (is_same_way(t) && t->state == TRIAL_PROVEN)
		return;

	err = media_of(call)->watch(call->media, true);
	if (err) {
		give_up(call, err);
		return;
	}

	t->state = TRIAL_WATCHING;
	set_time(t, first ? CV_TRIAL_MS : CV_TRIAL_LATER_MS);
}

/* Neither asks for silence. */
static bool is_open(const struct cv_call *call)
{
	for (size_t i = 0; i < 2; ++i) {
		const struct cv_flow *f = first_line(call->talk.now[i]);

		if (!f || f->dir != CV_DIR_SENDRECV)
			return false;
	}

	return true;
}

static void prove(struct cv_trial *t)
{
	if (t->state == TRIAL_PROVEN)
		return;

	t->state = TRIAL_PROVEN;
	t->is_timed = false;
	cv_timer_stop(t->timer);
	cv_evid_add(t->call->evid, "same NAT", "direct",
		    "A and B report that they hear each other");
}

static void restate(struct cv_call *call, enum cv_end end)
{
	int err = cv_restate(call, end);

	if (err)
		cv_warn("call", "not restated call=%s end=%s err=%s", call->id,
			cv_call_party_name(end), strerror(err));
}

static void anchor(struct cv_trial *t, const char *why)
{
	struct cv_call *call = t->call;
	struct cv_apart *apart = call->calls->apart;
	int err = media_of(call)->watch(call->media, false);

	if (err) { /* the thread's queue is full: it is tried again */
		set_time(t, CV_TRIAL_MS);
		return;
	}

	t->state = TRIAL_RELAYED;
	call->reason = CV_REASON_FAR_END;
	cv_apart_note(apart, &call->party[CV_END_A].place.seen);
	cv_apart_note(apart, &call->party[CV_END_B].place.seen);
	cv_stat_add(call->calls->env.stat, CV_STAT_relays_made, 1);
	cv_info("call", "relayed call=%s why=%s", call->id, why);
	cv_evid_add(call->evid, "relay", cv_reason_name(call->reason),
		    "same NAT, but %s: relayed", why);
	restate(call, CV_END_A);
	restate(call, CV_END_B);
}

int cv_trial_judge(const struct cv_media_ops *ops, const struct cv_media *m, char *why)
{
	struct cv_flow_watch w[2];

	for (size_t i = 0; i < 2; ++i)
		ops->watched(m, (enum cv_end)i, &w[i]);

	if (w[CV_END_A].hears && w[CV_END_B].hears)
		return 0;

	if (!w[CV_END_A].reports && !w[CV_END_B].reports) {
		(void)snprintf(why, CV_TRIAL_WHY, "no RTCP of A or B came to the edge");
		return ENOENT;
	}

	for (size_t i = 0; i < 2; ++i) {
		enum cv_end deaf = i == CV_END_A ? CV_END_B : CV_END_A;

		if (!w[i].sends || w[deaf].hears)
			continue;

		(void)snprintf(why, CV_TRIAL_WHY, "%s %s %s", cv_call_party_name(deaf),
			       w[deaf].reports ? "did not hear"
					       : "did not report to hear",
			       cv_call_party_name((enum cv_end)i));
		return ENOENT;
	}

	return EAGAIN;
}

static int judge(const struct cv_call *call, char *why)
{
	return cv_trial_judge(media_of(call), call->media, why);
}

static void on_timer(void *arg)
{
	struct cv_trial *t = cv_mem_ref(arg);
	char why[CV_TRIAL_WHY];

	t->is_timed = false;
	if (is_watched(t->call) && is_open(t->call)) {
		int verdict = judge(t->call, why);

		if (verdict == 0)
			prove(t);
		else if (verdict == ENOENT)
			anchor(t, why);
	}
	cv_mem_unref(t);
}

void cv_trial_heard(struct cv_call *call)
{
	char why[CV_TRIAL_WHY];

	if (!is_watched(call) || call->state != CV_CALL_ANSWERED ||
	    call->trial->state == TRIAL_PROVEN)
		return;

	if (judge(call, why) == 0)
		prove(call->trial);
	else if (!call->trial->is_timed)
		set_time(call->trial, CV_TRIAL_LATER_MS);
}

void cv_trial_relayed(struct cv_call *call)
{
	if (!is_watched(call))
		return;

	call->trial->state = TRIAL_OFF;
	cv_timer_stop(call->trial->timer);
	cv_stat_add(call->calls->env.stat, CV_STAT_relays_made, 1);
	(void)media_of(call)->watch(call->media, false);
}

void cv_trial_refused(struct cv_call *call, enum cv_end by)
{
	if (!call->trial || call->trial->state != TRIAL_RELAYED)
		return;

	call->trial->state = TRIAL_OFF;
	call->reason = CV_REASON_NONE_SAME_NAT;
	cv_evid_add(call->evid, "relay", cv_reason_name(call->reason),
		    "%s refused the relay: they go on directly", cv_call_party_name(by));
	restate(call, by == CV_END_A ? CV_END_B : CV_END_A);
}

void cv_trial_off(struct cv_call *call)
{
	call->trial = cv_mem_unref(call->trial);
}

const char *cv_trial_name(const struct cv_call *call)
{
	if (!call->trial)
		return NULL;

	switch (call->trial->state) {
	case TRIAL_WATCHING:
		return "watching";
	case TRIAL_PROVEN:
		return "proven";
	case TRIAL_RELAYED:
		return "failed";
	case TRIAL_OFF:
		break;
	}

	return "off";
}
