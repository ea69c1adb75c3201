/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What alg.c and length.c do against routers that rewrite SIP. Private to
 * src/sip. Signalling thread.
 */
#ifndef CV_SIP_ALG_INT_H
#define CV_SIP_ALG_INT_H

#include "sip/reg_int.h"

/** First addresses of a message's SDP; false: it has none. */
bool cv_sip_alg_sdp(struct cv_alg_sdp *sdp, const struct cv_sip *s, const sip_t *sip);
/** Takes the evidence of a message with SDP that the phone of @p b sent. */
void cv_sip_alg_heard(struct cv_sip *s, struct cv_binding *b, const sip_t *sip);
/** Adds what is known of the phone of @p b to the evidence of a call (may be NULL). */
void cv_sip_alg_tell(const struct cv_binding *b, struct cv_evid *ev);
/** Takes the evidence of a response that the phone at the other end of the leg sent. */
void cv_sip_alg_answered(const struct cv_sip_leg *leg, const sip_t *sip);
/** Puts a canary into an OPTIONS, with a Via of ours. ENOENT: there is none for this
 * phone; ENOMEM. */
int cv_sip_alg_canary(struct cv_sip *s, const struct cv_binding *b,
		      const struct cv_sip_link *l, msg_t *m);
/** What came back of the canary @p sent (unset: none was). */
void cv_sip_alg_echoed(struct cv_sip *s, struct cv_binding *b, const struct cv_addr *sent,
		       const sip_t *sip);

/** Takes the body off a message's buffer, in place of the library's function. */
issize_t cv_sip_length_extract(msg_t *msg, msg_pub_t *pub, char b[], isize_t len,
			       int eos);

/** Takes the evidence of a REGISTER into r->alg; where there is some, its phone is far.
 */
void cv_sip_alg_register(struct cv_reg *r, const struct cv_sip_origin *o,
			 const sip_t *sip);
/** Appends the Contact @p uri as the phone itself wrote it, when a router has changed
 * it and what it was is known. */
void cv_sip_alg_list(su_home_t *home, const struct cv_alg *a, struct cv_buf *list,
		     const char *uri, const char *params, uint32_t expires_s);

#endif
