/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Session timers (RFC 4028): the parties agree on one through us and refresh it; a call
 * that nobody refreshes ends. Signalling thread.
 */
#include "config.h"

#include <string.h>

#include "call/call_int.h"

enum { SECOND_MS = 1000 };

void cv_call_session(const struct cv_pair *p, const struct cv_msg *m)
{
	struct cv_call *call = p->call;
	uint64_t s = m->session_s;
	int err;

	if (call->state != CV_CALL_ANSWERED)
		return;

	call->session_s = m->session_s;
	call->refresher =
		m->session_uac ? p->from : cv_call_other(&call->party[p->from])->end;
	if (s == 0) {
		cv_timer_stop(call->timer);
		return;
	}

	if (s < CV_CALL_SESSION_MIN_S)
		s = CV_CALL_SESSION_MIN_S;
	else if (s > UINT32_MAX / SECOND_MS)
		s = UINT32_MAX / SECOND_MS;

	err = cv_timer_set(call->timer, (uint32_t)(s * SECOND_MS));
	if (err)
		cv_warn("call", "session not timed call=%s err=%s", call->id,
			strerror(err));
}
