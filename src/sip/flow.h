/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Flows of legs: which registration stands behind a leg. Private to src/sip;
 * signalling thread. The story is in flow.c.
 */
#ifndef CV_SIP_FLOW_H
#define CV_SIP_FLOW_H

#include <stdbool.h>
#include <stdint.h>

struct cv_bind_ask;
struct cv_binding;
struct cv_sip;
struct cv_sip_leg;
struct cv_sip_link;

/** The phone at the other end; @p b may be NULL. */
void cv_sip_flow_phone(struct cv_sip_leg *leg, struct cv_binding *b);
/** @p b is of the account at the other end. */
bool cv_sip_flow_is_user(const struct cv_sip_leg *leg, const struct cv_binding *b);
/** The phone behind the leg has registered again from elsewhere: its new flow counts. */
void cv_sip_leg_follow_binding(struct cv_sip_leg *leg);
/** cv_bind_confirm(); calls of a phone that is elsewhere now follow it. */
int cv_sip_flow_confirm(struct cv_sip *s, struct cv_binding *b,
			const struct cv_bind_ask *ask, uint32_t phone_s,
			uint32_t upstream_s);
/** The connection of @p l has closed: what becomes of the legs on it. */
void cv_sip_flow_lost(const struct cv_sip_link *l);

#endif
