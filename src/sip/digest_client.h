/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The other side of digest.h: what an account of ours answers to a challenge.
 * Pure; any thread.
 *
 * The story: one struct an account and server. It takes a challenge of its
 * realm, the first one it sees when none was configured, and refuses every
 * other (threats 22). Each value written from then on counts the nonce once
 * more, until a challenge brings another.
 */
#ifndef CV_SIP_DIGEST_CLIENT_H
#define CV_SIP_DIGEST_CLIENT_H

#include "sip/digest.h"

enum {
	CV_DIGEST_ANSWERS = 2, /* challenges of one request that are answered: the
				  first, and one that says stale */
	CV_DIGEST_CNONCE = 17, /* bytes of a cnonce of ours with its NUL */
};

/** All zero: any realm, no nonce yet. */
struct cv_digest_client {
	char realm[CV_DIGEST_FIELD + 1]; /* "": that of the first challenge */
	char nonce[CV_DIGEST_FIELD + 1]; /* "": none yet */
	char opaque[CV_DIGEST_FIELD + 1];
	enum cv_digest_alg alg;
	bool qop;      /* auth, with counting; else as RFC 2069 */
	uint32_t used; /* values written with this nonce */
};

/** What one value is made for. */
struct cv_digest_ask {
	struct cv_str username, password;
	struct cv_str method, uri; /* of the request; uri as in its first line */
	struct cv_str cnonce;
};

/** The only realm from now on. EMSGSIZE: too long. */
int cv_digest_client_realm(struct cv_digest_client *c, struct cv_str realm);
/** Takes a challenge that came after @p answered answers to the same request. ENOENT: of
 * another realm; EACCES: what we said was refused; EBADMSG: no nonce or realm in it. */
int cv_digest_client_take(struct cv_digest_client *c, const struct cv_digest *challenge,
			  unsigned answered);
/** Appends a value for Authorization or Proxy-Authorization. ENOENT: no nonce yet;
 * EINVAL: a quote in what it is made for; EIO: no sum. */
int cv_digest_client_write(struct cv_digest_client *c, const struct cv_digest_ask *ask,
			   struct cv_buf *to);
/** A random cnonce. EIO. */
int cv_digest_cnonce(char text[CV_DIGEST_CNONCE]);

#endif
