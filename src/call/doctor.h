/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `doctor call ID`: what is wrong with the sound of a call, in words that tell an
 * administrator where to look. checkup.c takes the facts from a call, while it lives or
 * as it ends; doctor.c judges them, which is pure. Signalling thread.
 */
#ifndef CV_CALL_DOCTOR_H
#define CV_CALL_DOCTOR_H

#include "base/cmd.h"
#include "base/evid.h"
#include "base/flow.h"
#include "call/need.h"

struct cv_call;

/** What is known of one party. */
struct cv_checkup_end {
	enum cv_side side;
	struct cv_addr seen; /* where its signalling comes from */
	struct cv_addr said; /* where it wants the media of its first open stream; unset:
				none */
	enum cv_dir dir;     /* of that stream, as it said */
	struct cv_flow_sum sum;
};

/** The facts of one call. Plain data. */
struct cv_checkup {
	struct cv_checkup_end end[2];
	enum cv_reason reason;
	uint64_t talk_ms; /* since the answer, until the end */
	bool answered;
	bool relayed; /* its media has a session of ours */
};

/** Takes the facts of a call as it is. */
void cv_checkup_take(const struct cv_call *call, struct cv_checkup *c);
/** Prints "verdict", the gravest finding in a word, and list "findings" of {finding, end,
 * says, advice} into the object that is open. @p ended: who ended the call and why; NULL:
 * it lives. @p ev: what was decided of it; may be NULL. */
void cv_doctor_show(const struct cv_checkup *c, const char *ended,
		    const struct cv_evid *ev, struct cv_out *out);

#endif
