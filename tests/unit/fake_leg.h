/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Scripted SIP parties behind call/leg.h. What the call asks of a leg leaves as
 * a line of text, as it would leave on the wire; what a party does is said with
 * the functions below. Runs on the test's thread.
 *
 *   "bob INVITE audio 198.51.100.10:20000"   a request, with what its body says
 *   "alice 200 INVITE"                       a response and its method
 *   "alice 183 INVITE reliable audio ..."     a reliable 1xx (RFC 3262)
 *   "alice 183 INVITE fork 1 audio ..."       of another early dialog than the first
 *   "alice 200 INVITE o bob 7 audio ..."      user name and version of o=, unless "-"
 *   "alice 500 INVITE later"                  with Retry-After of 1 to 10 s
 *   "bob PRACK of 7"                         and its PRACK; 7 is the 1xx's number
 *   "bob INVITE session 1800 uas ..."         with a session timer, which bob refreshes
 *   "bob BYE"                                also when the end of a leg means it
 *   "bob CANCEL elsewhere"                   a CANCEL that says that another answered
 */
#ifndef CV_TESTS_UNIT_FAKE_LEG_H
#define CV_TESTS_UNIT_FAKE_LEG_H

#include <stdbool.h>

#include "base/list.h"
#include "call/leg.h"

enum { CV_FAKE_LINE = 512 };

/** All legs of a test and what left them. */
struct cv_fake_sip;

int cv_fake_sip_new(struct cv_fake_sip **sp);
/** Ended by this, then cv_mem_unref(). */
void cv_fake_sip_close(struct cv_fake_sip *s);
/** Takes the oldest line that left into @p line (CV_FAKE_LINE bytes); false: none. */
bool cv_fake_sip_next(struct cv_fake_sip *s, char *line);
/** Writes a line of one's own behind those that left. */
void cv_fake_sip_say(struct cv_fake_sip *s, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/** The next request a leg is asked to send fails with @p err. */
void cv_fake_sip_fail_request(struct cv_fake_sip *s, int err);

/** leg_new of a call environment; arg is the fake. The leg is called after the name that
 * @p name_of gives its target. */
int cv_fake_leg_new(void *arg, struct cv_leg **lp, const struct cv_leg_setup *setup);
typedef const char *cv_fake_name_fn(void *arg, const struct cv_target *to);
void cv_fake_sip_names(struct cv_fake_sip *s, cv_fake_name_fn *fn, void *arg);

/** Makes an incoming leg with its INVITE; both borrowed from the fake. */
int cv_fake_leg_invited(struct cv_fake_sip *s, const char *name,
			const struct cv_place *place, struct cv_leg **lp,
			struct cv_txn **tp);
/** The party of an incoming leg can acknowledge reliable 1xx. */
void cv_fake_leg_100rel(struct cv_leg *leg);
/** The same with a request other than INVITE. */
int cv_fake_leg_asked(struct cv_fake_sip *s, const char *name,
		      const struct cv_place *place, enum cv_method method,
		      struct cv_leg **lp, struct cv_txn **tp);
/** What a request that wasn't taken is answered with, and the leg's end. */
void cv_fake_leg_refuse(struct cv_txn *t, int err);

/** The party's last leg that hasn't ended, or of these the @p nth, from 1; NULL. */
struct cv_leg *cv_fake_leg_find(struct cv_fake_sip *s, const char *name, unsigned nth);
/** Blank separated contacts of the 3xx to come, and who makes the request that goes to
 * one; NULL: none. */
typedef int cv_fake_redirect_fn(void *arg, struct cv_str uri, const char *by,
				cv_redirected_fn *fn, void *fn_arg);
void cv_fake_sip_contacts(struct cv_fake_sip *s, const char *uris);
void cv_fake_sip_redirects(struct cv_fake_sip *s, cv_fake_redirect_fn *fn, void *arg);
/** What the next REFER asks for; borrowed until it was sent. NULL: nothing. */
void cv_fake_sip_refer(struct cv_fake_sip *s, const struct cv_refer *r);
/** The party sends a request in the dialog; ACK and CANCEL belong to the last INVITE,
 * PRACK to the oldest reliable 1xx it got.
 * ENOENT: no INVITE to belong to. */
int cv_fake_leg_request(struct cv_leg *base, const struct cv_msg *m);
/** The party answers the oldest open request of m->method. ENOENT: there is none. */
int cv_fake_leg_response(struct cv_leg *base, const struct cv_msg *m);
/** The party answers nothing: 408 as the stack says it. */
int cv_fake_leg_silent(struct cv_leg *base, enum cv_method method);
void cv_fake_leg_gone(struct cv_leg *base, int err);
/** Status src/sip would give for a refusal. */
int cv_fake_status(int err);

#endif
