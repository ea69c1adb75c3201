/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Two places -> relay or not, and why. One table, no side effects: the heart.
 */
#ifndef CV_CALL_NEED_H
#define CV_CALL_NEED_H

#include <stdbool.h>

#include "base/flow.h"

/** Their names are what users see. */
enum cv_reason {
	CV_REASON_NONE_SAME_SIDE = 0, /* none:same-side */
	CV_REASON_NONE_SAME_NAT,      /* none:same-nat */
	CV_REASON_LAN_WAN,
	CV_REASON_LAN_LAN,
	CV_REASON_FAR_END,
	CV_REASON_FAMILY,
	CV_REASON_FORCED,
	CV_REASON_NEVER,     /* none:never: a policy forbids the relay */
	CV_REASON_NONE_LOOP, /* none:loop: it came back to us; never decided here */
};

enum cv_need_policy { CV_NEED_AUTO = 0, CV_NEED_ALWAYS, CV_NEED_NEVER };

/** All that decides. Plain data. */
struct cv_need {
	struct cv_place a, b;
	enum cv_need_policy
		policy; /* of [media] and the peers: always beats never beats auto */
	bool same_nat_direct; /* [network] same-nat-direct */
};

/** Decides. */
enum cv_reason cv_need_decide(const struct cv_need *n);
bool cv_reason_is_relay(enum cv_reason r);
/** "lan-wan", "none:same-nat", ... */
const char *cv_reason_name(enum cv_reason r);

#endif
