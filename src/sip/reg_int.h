/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A REGISTER as reg.c reads it and reg_up.c sends it on. Private to these
 * files. Signalling thread.
 */
#ifndef CV_SIP_REG_INT_H
#define CV_SIP_REG_INT_H

#include "sip/sip_int.h"

enum {
	CV_REG_CONTACTS = 10,    /* of one REGISTER; a phone has one or two */
	CV_REG_UPSTREAM = 1000,  /* REGISTERs under way; beyond that 503 */
	CV_REG_RETRY_S = 5,      /* Retry-After of that 503 */
	CV_REG_EXPIRES_S = 3600, /* asked by who says nothing (RFC 3261 10.2) */
	CV_REG_LOG_BURST = 5,    /* lines in 10 s */
};

/** One Contact; texts in the request's home. */
struct cv_reg_contact {
	char *uri, *params, *instance; /* as of struct cv_bind_ask; never NULL */
	uint32_t expires_s;            /* asked */
	bool has_expires;              /* by a parameter of its own */
	uint64_t binding;              /* upstream: what was taken for it; 0: none */
	uint32_t granted_s;            /* upstream: by the 2xx; 0: not there */
};

/** One REGISTER. Texts in home. */
struct cv_reg {
	struct cv_sip *sip;
	su_home_t *home; /* referenced by whoever keeps the struct */
	char *user;      /* of To, without escapes */
	char *host;      /* of To */
	char *agent;     /* User-Agent, or empty */
	struct cv_reg_contact v[CV_REG_CONTACTS];
	size_t c;
	bool star; /* Contact: * */
	struct cv_addr seen;
	struct cv_bind_flow flow;
	struct cv_place place;
	struct cv_sip_link *link; /* referenced by whoever keeps the struct */
	struct cv_evid *evid;     /* as link */
};

/** Contact number @p i as bind/ takes it, under @p aor and @p home (NULL: us). */
void cv_reg_ask(const struct cv_reg *r, size_t i, const char *aor, const char *home,
		struct cv_bind_ask *ask);
/** Appends "<uri>params;expires=N", with a comma before all but the first. */
void cv_reg_list(struct cv_buf *to, const char *uri, const char *params,
		 uint32_t expires_s);
/** "expires" of a Contact, else Expires, else @p def; what isn't a number counts as 3600
 * (RFC 3261 10.3). */
uint32_t cv_reg_expires(const sip_contact_t *c, const sip_expires_t *ex, uint32_t def);

/** Adds to a REGISTER that goes upstream our Contacts with an address that we don't show
 * any more, to be taken back. ENOMEM. shown.c */
int cv_reg_take_back(const struct cv_reg *r, msg_t *m);
/** Seconds that the phone is told for @p granted_s: less where the address of @p listen,
 * which the registrar was shown, may change. shown.c */
uint32_t cv_reg_told_s(const struct cv_sip *s, uint8_t listen, uint32_t granted_s);

/** Sends it on to @p peer; the answer comes later. 0 or a status; @p irq is kept on 0. */
int cv_reg_upstream(const struct cv_reg *r, nta_incoming_t *irq,
		    const struct cv_sip_origin *o, const struct cv_conf_peer *peer);

#endif
