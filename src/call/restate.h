/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Re-INVITEs of our own in an answered call: one party is told again what the
 * other one said last. Private to src/call; signalling thread.
 */
#ifndef CV_CALL_RESTATE_H
#define CV_CALL_RESTATE_H

#include "call/call_int.h"

/**
 * Asks party @p to, by a re-INVITE of ours, to go on with what the other one said last,
 * shown with the addresses that hold now: as soon as the call is answered and nothing
 * else is open in it. What comes of it stands in explain. For both parties call it twice.
 * ENOTSUP: the call keeps no text (cv_call.keeps_text); ESTALE: it is over; ENOMEM.
 */
int cv_restate(struct cv_call *call, enum cv_end to);
/** One of ours is open or waits. */
bool cv_restate_is_open(const struct cv_call *call);
/** A response to one of ours, which pair @p p is. */
void cv_restate_hears(struct cv_pair *p, struct cv_party *from, const struct cv_msg *m);
/** A request of the call is over: what waits may go on. */
void cv_restate_ready(struct cv_call *call);
/** The call is over. */
void cv_restate_off(struct cv_call *call);

#endif
