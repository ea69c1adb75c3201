/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Calls that go elsewhere: what refer.c, redirect.c and referred.c have for each
 * other and for the messages that leave. Private to src/sip. Signalling thread.
 */
#ifndef CV_SIP_REFER_INT_H
#define CV_SIP_REFER_INT_H

#include "sip/sip_int.h"

/* refer.c */

/** Both lead to one and the same party. */
bool cv_sip_is_same_party(const struct cv_sip_leg *a, const struct cv_sip_leg *b);
/** Value of Replaces among the headers of a URI (may be NULL), in @p home; NULL: none. */
char *cv_sip_replaces_in_url(su_home_t *home, const char *headers);
/** Our leg that the value of a Replaces names, in either's order of tags; NULL. */
struct cv_sip_leg *cv_sip_leg_by_name(struct cv_sip *s, su_home_t *home,
				      const char *text);

/* redirect.c: 3xx */

/** Puts the contacts of the 3xx behind @p m into the one that leaves by @p to. ENOMEM. */
int cv_sip_pass_contacts(const struct cv_sip_leg *to, const struct cv_msg *m, msg_t *out);
/** contacts() and redirected() of leg.h. */
void cv_sip_contacts(const struct cv_msg *m, cv_contact_fn *fn, void *arg);
int cv_sip_redirected(struct cv_txn *invite, struct cv_str uri, const char *by,
		      cv_redirected_fn *fn, void *arg);

/* referred.c: REFERs that are answered here */

/** Who the leg's party is, as when it calls; ended by cv_sip_origin_done(). */
void cv_sip_origin_of_leg(struct cv_sip_leg *leg, struct cv_sip_origin *o,
			  const char *why);
/** refer() of leg.h. */
int cv_sip_referred(struct cv_txn *base, const struct cv_msg *m, cv_refer_fn *fn,
		    void *arg);
/** Puts Event and Subscription-State into a NOTIFY of our own about the last one. ENOMEM.
 */
int cv_sip_refer_state(const struct cv_sip_leg *leg, const struct cv_msg *m,
		       msg_t *notify);

#endif
