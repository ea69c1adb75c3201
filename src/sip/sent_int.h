/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What becomes of requests of ours: given up, answered late, not answered;
 * private to src/sip. All on the signalling thread.
 */
#ifndef CV_SIP_SENT_INT_H
#define CV_SIP_SENT_INT_H

#include "sip/sip_int.h"

/* cancel.c */

/** cancel() of leg.h. */
void cv_sip_cancel(struct cv_txn *base, const struct cv_msg *m);
/** A 1xx came: a CANCEL may be sent now. */
void cv_sip_cancel_due(struct cv_sip_txn *t);
/** The INVITE is over. */
void cv_sip_cancel_drop(struct cv_sip_txn *t);

/* late.c */

/** Sees responses that no transaction waits for, from now on. ENOMEM. */
int cv_sip_late_open(struct cv_sip *s);
/** A 2xx came after the INVITE's final response: another place than the one that won has
 * answered; it is acknowledged and ended. */
void cv_sip_late(struct cv_sip_leg *leg, const sip_t *sip);

/* failure.c */

/** Why no answer to a request came from @p to: an errno; 0: the final response is from
 * there. */
int cv_sip_failure(struct cv_sip *s, nta_outgoing_t *orq, const struct cv_addr *to,
		   enum cv_transport t);

#endif
