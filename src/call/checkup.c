/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The facts of a call for the doctor (call/doctor.h). Signalling thread.
 */
#include "config.h"

#include "base/clock.h"
#include "call/call_int.h"
#include "call/doctor.h"
#include "call/unfold.h"

/* The first stream that isn't refused; NULL: none. */
static const struct cv_flow *first_open(const struct cv_lines *lines)
{
	for (size_t i = 0; lines && i < lines->c; ++i) {
		if (lines->v[i].flow.rtp.port > 0 &&
		    lines->v[i].flow.carry == CV_CARRY_UDP)
			return &lines->v[i].flow;
	}

	return NULL;
}

void cv_checkup_take(const struct cv_call *call, struct cv_checkup *c)
{
	const struct cv_media_ops *ops = call->calls->env.media;
	const struct cv_media *media = cv_unfold_media(call);

	*c = (struct cv_checkup){
		.reason = cv_unfold_reason(call),
		.answered = call->answer_ms > 0,
		.talk_ms = call->answer_ms > 0 ? cv_clock_ms() - call->answer_ms : 0,
		.relayed = cv_call_is_relayed(call),
	};
	for (size_t i = 0; i < 2; ++i) {
		const struct cv_flow *flow = first_open(call->talk.now[i]);
		struct cv_checkup_end *e = &c->end[i];

		e->side = call->party[i].place.side;
		e->seen = call->party[i].place.seen;
		if (flow) {
			e->said = flow->rtp;
			e->dir = flow->dir;
		}
		if (cv_call_is_relayed(call))
			ops->sum(media, (enum cv_end)i, &e->sum);
	}
}
