/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Answers to challenges, from plain strings. Knows no messages. Pure; any
 * thread.
 */
#include "config.h"

#include "sip/digest_client.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

static int keep(char to[CV_DIGEST_FIELD + 1], struct cv_str s)
{
	if (s.len > CV_DIGEST_FIELD)
		return EMSGSIZE;

	if (s.len > 0)
		memcpy(to, s.p, s.len);
	to[s.len] = '\0';

	return 0;
}

int cv_digest_client_realm(struct cv_digest_client *c, struct cv_str realm)
{
	return keep(c->realm, realm);
}

int cv_digest_client_take(struct cv_digest_client *c, const struct cv_digest *challenge,
			  unsigned answered)
{
	bool same = cv_str_eq(cv_str_of(c->nonce), challenge->nonce);
	int err;

	if (cv_str_is_empty(challenge->nonce) || cv_str_is_empty(challenge->realm))
		return EBADMSG;

	if (c->realm[0] && !cv_str_eq(cv_str_of(c->realm), challenge->realm))
		return ENOENT;

	/* once per nonce, and another one helps only when the first was merely old */
	if (answered >= CV_DIGEST_ANSWERS ||
	    (answered > 0 && (same || !challenge->stale)))
		return EACCES;

	err = keep(c->realm, challenge->realm);
	if (!err)
		err = keep(c->opaque, challenge->opaque);
	if (!err && !same)
		err = keep(c->nonce, challenge->nonce);
	if (err)
		return err;

	c->alg = challenge->alg;
	c->qop = !cv_str_is_empty(challenge->qop);
	if (!same)
		c->used = 0;

	return 0;
}

int cv_digest_client_write(struct cv_digest_client *c, const struct cv_digest_ask *ask,
			   struct cv_buf *to)
{
	struct cv_digest d = {
		.alg = c->alg,
		.username = ask->username,
		.realm = cv_str_of(c->realm),
		.nonce = cv_str_of(c->nonce),
		.uri = ask->uri,
		.opaque = cv_str_of(c->opaque),
	};
	char ha1[CV_DIGEST_HEX], response[CV_DIGEST_HEX], nc[9];

	if (!c->nonce[0])
		return ENOENT;

	(void)snprintf(nc, sizeof(nc), "%08x", (unsigned)(c->used + 1));
	if (c->qop) {
		d.qop = CV_STR("auth");
		d.nc = cv_str_of(nc);
		d.cnonce = ask->cnonce;
	}

	cv_digest_ha1(d.alg, d.username, d.realm, ask->password, ha1);
	cv_digest_response(&d, ask->method, ha1, response);
	if (!ha1[0] || !response[0])
		return EIO;

	d.response = cv_str_of(response);
	++c->used;

	return cv_digest_print(to, &d);
}

int cv_digest_cnonce(char text[CV_DIGEST_CNONCE])
{
	uint64_t r;

	if (getrandom(&r, sizeof(r), 0) != (ssize_t)sizeof(r))
		return EIO;

	(void)snprintf(text, CV_DIGEST_CNONCE, "%016llx", (unsigned long long)r);

	return 0;
}
