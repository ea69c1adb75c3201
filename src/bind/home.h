/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Kind *registrar*: who answers a REGISTER. Homes are asked in order; the first
 * that does not say ENOENT answers; when all say ENOENT it goes upstream.
 */
#ifndef CV_BIND_HOME_H
#define CV_BIND_HOME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/str.h"

struct cv_env;
struct cv_homes;
struct cv_home; /* a registration */

/** A REGISTER, or another request to be authenticated, as a home sees it. Borrowed. */
struct cv_home_ask {
	struct cv_str method;     /* "REGISTER", "INVITE" */
	struct cv_str user, host; /* of To (REGISTER) or From; host is empty when it is an
				     address or name of ours */
	struct cv_str ruri;       /* as on the request line */
	struct cv_str authorization; /* value of the Authorization header for a realm of
					ours, or empty */
	struct cv_addr seen;
	uint32_t expires_s; /* asked; 0: unregister */
	bool nated_udp;     /* far-end phone over UDP: short expiry */
	bool stream;        /* TCP or TLS: expiry of a connection */
	bool upstream;      /* a [peer] takes what no home does: an unknown user is ENOENT
			       then,      not challenged */
};

enum cv_home_verdict {
	CV_HOME_ACCEPT = 0,
	CV_HOME_CHALLENGE,
	CV_HOME_REFUSE,
	CV_HOME_BRIEF
};

enum { CV_HOME_TEXT = 512 };

/** The answer; plain data. */
struct cv_home_answer {
	enum cv_home_verdict verdict; /* BRIEF: 423 with min_s */
	char challenge[CV_HOME_TEXT]; /* CHALLENGE: value of WWW-Authenticate; RFC 8760:
					 one a line ('\n') in order of preference */
	uint32_t expires_s;           /* ACCEPT */
	uint32_t min_s;               /* BRIEF */
	unsigned max_contacts;        /* ACCEPT */
};

struct cv_home_ops {
	const char *name;
	/** ENOENT: not an account of mine. Same answer and work for a wrong password and
	 * an unknown user of a domain of mine (threats 24). */
	int (*answer)(void *arg, const struct cv_home_ask *ask,
		      struct cv_home_answer *ans);
	/** True when user@host is an account of mine. */
	bool (*knows)(void *arg, struct cv_str user, struct cv_str host);
	/** The one domain under which the account user@host is filed, whichever host of
	 * its own it was asked for by; borrowed until the next reload. NULL: not an
	 * account of mine. Op NULL: the host asked for. */
	const char *(*domain)(void *arg, struct cv_str user, struct cv_str host);
};

int cv_homes_new(struct cv_homes **hp);
int cv_home_add(struct cv_env *env, struct cv_home **hp, const struct cv_home_ops *ops,
		void *arg);
/** Accepts NULL, returns NULL. */
struct cv_home *cv_home_del(struct cv_home *h);
/** Asks all in order; ENOENT when none answers. */
int cv_homes_answer(struct cv_homes *hs, const struct cv_home_ask *ask,
		    struct cv_home_answer *ans);
bool cv_homes_know(struct cv_homes *hs, struct cv_str user, struct cv_str host);
/** AOR "user@domain" under which bindings of the account user@host are filed (host empty:
 * ours), into @p dst. ENOENT: no home has such an account; EMSGSIZE. */
int cv_homes_aor(struct cv_homes *hs, struct cv_str user, struct cv_str host, char *dst,
		 size_t size);

#endif
