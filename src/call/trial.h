/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Calls between two phones behind one NAT: their media goes directly, on trial.
 * Private to src/call; signalling thread.
 */
#ifndef CV_CALL_TRIAL_H
#define CV_CALL_TRIAL_H

#include "call/call_int.h"

/** How long two phones that talk have to report that they hear each other. One that keeps
 * to RFC 3550 6.2 reports 3.1 s after it began at the latest, others after a fixed 5 s
 * (doc/same-nat.md); one second is for the way. In a call that stands reports are up to
 * 6.2 s apart, and one may be lost. */
enum { CV_TRIAL_MS = 6000, CV_TRIAL_LATER_MS = 13000, CV_TRIAL_WHY = 128 };

/** What @p from says in a call without a relay, @p flows, as the other party is to see
 * it: with RTCP that comes by us, when the call is on trial. */
void cv_trial_flows(struct cv_call *call, enum cv_end from, uint32_t fork,
		    struct cv_flow *flows, size_t c);
/** The call was answered, or an offer in it: from now on the parties are to hear each
 * other. When they did, and go on with the same addresses, that holds. */
void cv_trial_agreed(struct cv_call *call);
/** One of them reported something new. */
void cv_trial_heard(struct cv_call *call);
/** The call gets a relay for another reason. */
void cv_trial_relayed(struct cv_call *call);
/** A party refused the relay: they go on directly, as they did. */
void cv_trial_refused(struct cv_call *call, enum cv_end by);
/** The call is over. */
void cv_trial_off(struct cv_call *call);
/** In a word for show calls; NULL: it isn't and never was on trial. */
const char *cv_trial_name(const struct cv_call *call);

/* for a session that stands between two calls (outer.c) */

/** Can these be watched? */
bool cv_trial_can_watch(const struct cv_flow *flows, size_t c);
/** What the ends of @p m, which watches, have reported. 0: both hear each other; ENOENT:
 * one isn't heard, or nobody says anything, and @p why, CV_TRIAL_WHY bytes; EAGAIN:
 * nothing to be said yet. */
int cv_trial_judge(const struct cv_media_ops *ops, const struct cv_media *m, char *why);

#endif
