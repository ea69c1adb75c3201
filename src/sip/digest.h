/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Digest authentication (RFC 7616, 2617, 8760) from plain strings: parse a
 * credential, compute and compare. No sofia type. Pure; any thread.
 */
#ifndef CV_SIP_DIGEST_H
#define CV_SIP_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

enum cv_digest_alg { CV_DIGEST_MD5 = 0, CV_DIGEST_SHA256 };
enum { CV_DIGEST_HEX = 65, CV_DIGEST_FIELD = 256 };

/** Parameters of an Authorization or WWW-Authenticate value; unquoted slices into it
 * (quoted pairs are refused). Empty: absent. */
struct cv_digest {
	enum cv_digest_alg alg;
	struct cv_str username, realm, nonce, uri, response, cnonce, opaque, qop, nc;
	bool stale;
};

/** Parses "Digest k=v, ...". EBADMSG: not Digest, a field twice, too long, or a control
 * byte in it; ENOTSUP: other algorithm or qop. */
int cv_digest_parse(struct cv_digest *d, struct cv_str value);
/** Hex of H(user:realm:password). */
void cv_digest_ha1(enum cv_digest_alg alg, struct cv_str user, struct cv_str realm,
		   struct cv_str password, char hex[CV_DIGEST_HEX]);
/** Expected response for @p d and @p method from @p ha1 (hex), hex out. */
void cv_digest_response(const struct cv_digest *d, struct cv_str method, const char *ha1,
			char hex[CV_DIGEST_HEX]);
/** Compares in constant time. */
bool cv_digest_matches(const struct cv_digest *d, struct cv_str method, const char *ha1);

/** Appends a credential: "Digest username=..., ..."; what is empty and may be absent is
 * left out. EINVAL: a quote, backslash or control byte in it; ENOMEM. */
int cv_digest_print(struct cv_buf *to, const struct cv_digest *d);

/** The credential was made for the request with this Request-URI: scheme, user, host and
 * port are the same (RFC 3261 19.1.4); parameters are not looked at, since phones leave
 * out what is one hop's. */
bool cv_digest_covers(const struct cv_digest *d, struct cv_str ruri);

/** Names a nonce: the second it is made in and a number that no other of the same key and
 * second has, of which 24 bits count. */
static inline uint64_t cv_digest_stamp(uint64_t now_s, uint32_t serial)
{
	return now_s << 24 | (serial & 0xffffff);
}

/** Nonces that can't be made by others: stamp + keyed hash of stamp and source address.
 * No table is needed to know them again. */
void cv_digest_nonce(const uint8_t key[32], struct cv_str source, uint64_t stamp,
		     char *dst, size_t size);
/** Stamp of a genuine nonce; 0 when it has not the form of one. */
uint64_t cv_digest_nonce_stamp(struct cv_str nonce);
/** 0: fresh; ESTALE: genuine but older than @p life_s; EBADMSG: not ours. */
int cv_digest_nonce_check(const uint8_t key[32], struct cv_str source, uint64_t now_s,
			  uint64_t life_s, struct cv_str nonce);

#endif
