/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Redirections that are followed here ([peer] redirect = follow). Private to
 * src/call; signalling thread.
 */
#ifndef CV_CALL_REDIRECT_H
#define CV_CALL_REDIRECT_H

#include "call/call_int.h"

/** A final refusal of the INVITE that made the call, @p p. True: the call was sent to
 * another place, and goes on. */
bool cv_redirect_goes_on(struct cv_pair *p, const struct cv_msg *m);
/** What the caller hears when no place is left: a redirection isn't for it. */
struct cv_msg cv_redirect_last(const struct cv_call *call, const struct cv_msg *m);

#endif
