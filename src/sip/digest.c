/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Digest authentication from plain strings. Knows RFC 7616's grammar and
 * sums, no accounts and no messages. Pure; any thread.
 */
#include "config.h"

#include "sip/digest.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

enum {
	NONCE_TIME = 16,   /* hex digits of a stamp */
	NONCE_MAC = 32,    /* hex digits: 16 bytes of HMAC-SHA256 */
	STAMP_SERIAL = 24, /* low bits of a stamp that are no time */
	PARTS = 7,         /* of the longest sum */
};

static const char digits[] = "0123456789abcdef";

/* Parsing */

static struct cv_str skip_blanks(struct cv_str s)
{
	while (s.len > 0 && cv_char_is_blank(*s.p))
		s = cv_str_from(s, 1);

	return s;
}

/* Takes a quoted string or a token off the front of @p rest. */
static int take_value(struct cv_str *rest, struct cv_str *value)
{
	size_t n = 0;

	if (rest->len > 0 && *rest->p == '"') {
		*rest = cv_str_from(*rest, 1);
		n = cv_str_chr(*rest, '"');
		if (n == rest->len || cv_str_chr(cv_str_make(rest->p, n), '\\') < n)
			return EBADMSG;

		*value = cv_str_make(rest->p, n);
		*rest = cv_str_from(*rest, n + 1);
		return n > CV_DIGEST_FIELD ? EBADMSG : 0;
	}

	while (n < rest->len && rest->p[n] != ',' && rest->p[n] != '"' &&
	       !cv_char_is_blank(rest->p[n]))
		++n;

	*value = cv_str_make(rest->p, n);
	*rest = cv_str_from(*rest, n);

	return n == 0 || n > CV_DIGEST_FIELD ? EBADMSG : 0;
}

/* Takes "name = value" and the comma behind it off the front of @p rest. */
static int take_param(struct cv_str *rest, struct cv_str *name, struct cv_str *value)
{
	size_t n = cv_str_chr(*rest, '=');
	int err;

	if (n == rest->len)
		return EBADMSG;

	*name = cv_str_trim(cv_str_make(rest->p, n));
	*rest = skip_blanks(cv_str_from(*rest, n + 1));
	err = take_value(rest, value);
	if (err)
		return err;

	*rest = skip_blanks(*rest);
	if (rest->len == 0)
		return 0;

	if (*rest->p != ',')
		return EBADMSG;

	*rest = skip_blanks(cv_str_from(*rest, 1));

	return 0;
}

static int set_alg(struct cv_digest *d, struct cv_str value)
{
	if (cv_str_ieq(value, CV_STR("MD5")))
		d->alg = CV_DIGEST_MD5;
	else if (cv_str_ieq(value, CV_STR("SHA-256")))
		d->alg = CV_DIGEST_SHA256;
	else
		return ENOTSUP;

	return 0;
}

/* A credential says auth, a challenge a list that has it. */
static int set_qop(struct cv_digest *d, struct cv_str value)
{
	struct cv_str one;

	while (cv_str_next(&value, ',', &one)) {
		one = cv_str_trim(one);
		if (cv_str_ieq(one, CV_STR("auth"))) {
			d->qop = one;
			return 0;
		}
	}

	return ENOTSUP;
}

static struct cv_str *field_of(struct cv_digest *d, struct cv_str name)
{
	const struct {
		const char *name;
		struct cv_str *at;
	} rows[] = {
		{"username", &d->username},
		{"realm", &d->realm},
		{"nonce", &d->nonce},
		{"uri", &d->uri},
		{"cnonce", &d->cnonce},
		{"opaque", &d->opaque},
		{"nc", &d->nc},
		{"response", &d->response},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
		if (cv_str_ieq(name, cv_str_of(rows[i].name)))
			return rows[i].at;
	}

	return NULL;
}

/* Bits of what was seen, for the parameters that are not slices. */
enum { SEEN_ALG = 1, SEEN_QOP = 2, SEEN_STALE = 4 };

static int once(unsigned *seen, unsigned bit)
{
	if (*seen & bit)
		return EBADMSG;

	*seen |= bit;

	return 0;
}

static int set_param(struct cv_digest *d, unsigned *seen, struct cv_str name,
		     struct cv_str value)
{
	struct cv_str *at = field_of(d, name);
	int err;

	if (at) {
		if (at->p)
			return EBADMSG;

		*at = value;
		return 0;
	}

	if (cv_str_ieq(name, CV_STR("algorithm"))) {
		err = once(seen, SEEN_ALG);
		return err ? err : set_alg(d, value);
	}

	if (cv_str_ieq(name, CV_STR("qop"))) {
		err = once(seen, SEEN_QOP);
		return err ? err : set_qop(d, value);
	}

	if (cv_str_ieq(name, CV_STR("stale"))) {
		d->stale = cv_str_ieq(value, CV_STR("true"));
		return once(seen, SEEN_STALE);
	}

	return 0; /* RFC 7616 3.3: what isn't known is ignored */
}

int cv_digest_parse(struct cv_digest *d, struct cv_str value)
{
	struct cv_digest out = {.alg = CV_DIGEST_MD5};
	struct cv_str rest = cv_str_trim(value), name = {0}, v = {0};
	unsigned seen = 0;
	int err = 0, first = 0;

	if (!cv_str_istarts(rest, CV_STR("Digest")) || rest.len < 7 ||
	    !cv_char_is_blank(rest.p[6]) || cv_str_has_control(rest))
		return EBADMSG;

	rest = skip_blanks(cv_str_from(rest, 6));
	while (rest.len > 0) {
		err = take_param(&rest, &name, &v);
		if (err)
			return err;

		err = set_param(&out, &seen, name, v);
		if (err == EBADMSG)
			return err;

		first = first ? first : err; /* bad text beats what isn't served */
	}

	if (!first)
		*d = out;

	return first;
}

/* Sums */

static const EVP_MD *md_of(enum cv_digest_alg alg)
{
	return alg == CV_DIGEST_SHA256 ? EVP_sha256() : EVP_md5();
}

static void to_hex(const uint8_t *p, size_t len, char *hex)
{
	for (size_t i = 0; i < len; ++i) {
		hex[2 * i] = digits[p[i] >> 4];
		hex[2 * i + 1] = digits[p[i] & 15];
	}

	hex[2 * len] = '\0';
}

/* Hex of the hash over @p v joined by colons; empty when OpenSSL failed. */
static void hash_joined(enum cv_digest_alg alg, const struct cv_str *v, size_t c,
			char hex[CV_DIGEST_HEX])
{
	uint8_t sum[EVP_MAX_MD_SIZE];
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned len = 0;
	int ok;

	ok = ctx && EVP_DigestInit_ex(ctx, md_of(alg), NULL);
	for (size_t i = 0; ok && i < c; ++i) {
		if (i > 0)
			ok = EVP_DigestUpdate(ctx, ":", 1);

		if (ok && v[i].len > 0)
			ok = EVP_DigestUpdate(ctx, v[i].p, v[i].len);
	}

	ok = ok && EVP_DigestFinal_ex(ctx, sum, &len);
	EVP_MD_CTX_free(ctx);
	to_hex(sum, ok ? len : 0, hex);
}

void cv_digest_ha1(enum cv_digest_alg alg, struct cv_str user, struct cv_str realm,
		   struct cv_str password, char hex[CV_DIGEST_HEX])
{
	const struct cv_str v[] = {user, realm, password};

	hash_joined(alg, v, 3, hex);
}

void cv_digest_response(const struct cv_digest *d, struct cv_str method, const char *ha1,
			char hex[CV_DIGEST_HEX])
{
	const struct cv_str a2[] = {method, d->uri};
	struct cv_str v[PARTS];
	char ha2[CV_DIGEST_HEX];
	size_t c = 0;

	hash_joined(d->alg, a2, 2, ha2);
	v[c++] = cv_str_of(ha1);
	v[c++] = d->nonce;
	if (!cv_str_is_empty(d->qop)) {
		v[c++] = d->nc;
		v[c++] = d->cnonce;
		v[c++] = d->qop;
	}

	v[c++] = cv_str_of(ha2);
	hash_joined(d->alg, v, c, hex);
}

bool cv_digest_matches(const struct cv_digest *d, struct cv_str method, const char *ha1)
{
	char want[CV_DIGEST_HEX];
	struct cv_str got = d->response;
	unsigned diff = 0;
	size_t len;

	cv_digest_response(d, method, ha1, want);
	len = strlen(want);
	if (len == 0 || got.len != len)
		return false;

	for (size_t i = 0; i < len; ++i) {
		unsigned c = (unsigned char)got.p[i];

		if (c >= 'A' && c <= 'F')
			c += 'a' - 'A';

		diff |= c ^ (unsigned char)want[i];
	}

	return diff == 0;
}

/* Printing */

static bool is_quotable(struct cv_str s)
{
	return cv_str_chr(s, '"') == s.len && cv_str_chr(s, '\\') == s.len &&
	       !cv_str_has_control(s);
}

int cv_digest_print(struct cv_buf *to, const struct cv_digest *d)
{
	const struct cv_str quoted[] = {d->username, d->realm,  d->nonce,
					d->uri,      d->cnonce, d->opaque};

	for (size_t i = 0; i < sizeof(quoted) / sizeof(quoted[0]); ++i) {
		if (!is_quotable(quoted[i]))
			return EINVAL;
	}

	cv_buf_printf(to,
		      "Digest username=\"" CV_STR_FMT "\", realm=\"" CV_STR_FMT
		      "\", nonce=\"" CV_STR_FMT "\", uri=\"" CV_STR_FMT
		      "\", response=\"" CV_STR_FMT "\", algorithm=%s",
		      CV_STR_ARG(d->username), CV_STR_ARG(d->realm), CV_STR_ARG(d->nonce),
		      CV_STR_ARG(d->uri), CV_STR_ARG(d->response),
		      d->alg == CV_DIGEST_SHA256 ? "SHA-256" : "MD5");
	if (!cv_str_is_empty(d->opaque))
		cv_buf_printf(to, ", opaque=\"" CV_STR_FMT "\"", CV_STR_ARG(d->opaque));
	if (!cv_str_is_empty(d->qop))
		cv_buf_printf(to,
			      ", qop=" CV_STR_FMT ", nc=" CV_STR_FMT
			      ", cnonce=\"" CV_STR_FMT "\"",
			      CV_STR_ARG(d->qop), CV_STR_ARG(d->nc),
			      CV_STR_ARG(d->cnonce));

	return cv_buf_err(to);
}

/* Nonces */

/* Hex of 16 bytes; false when OpenSSL failed. */
static bool nonce_mac(const uint8_t key[32], struct cv_str source, const char *time_hex,
		      char hex[NONCE_MAC + 1])
{
	uint8_t sum[EVP_MAX_MD_SIZE];
	char text[NONCE_TIME + CV_DIGEST_FIELD];
	int n;

	n = snprintf(text, sizeof(text), "%.16s" CV_STR_FMT, time_hex,
		     CV_STR_ARG(source));
	if (n < 0 || (size_t)n >= sizeof(text) ||
	    !HMAC(EVP_sha256(), key, 32, (const uint8_t *)text, (size_t)n, sum, NULL))
		return false;

	to_hex(sum, NONCE_MAC / 2, hex);

	return true;
}

void cv_digest_nonce(const uint8_t key[32], struct cv_str source, uint64_t stamp,
		     char *dst, size_t size)
{
	char time_hex[NONCE_TIME + 1], mac[NONCE_MAC + 1];

	(void)snprintf(time_hex, sizeof(time_hex), "%016llx", (unsigned long long)stamp);
	if (!nonce_mac(key, source, time_hex, mac))
		mac[0] = '\0'; /* a nonce that no check takes: asked again */

	(void)snprintf(dst, size, "%s%s", time_hex, mac);
}

static int read_hex(uint64_t *np, const char *p, size_t len)
{
	uint64_t n = 0;

	for (size_t i = 0; i < len; ++i) {
		const char *at = memchr(digits, p[i], sizeof(digits) - 1);

		if (!at)
			return EBADMSG;

		n = n << 4 | (uint64_t)(at - digits);
	}

	*np = n;

	return 0;
}

uint64_t cv_digest_nonce_stamp(struct cv_str nonce)
{
	uint64_t stamp;

	if (nonce.len != NONCE_TIME + NONCE_MAC || read_hex(&stamp, nonce.p, NONCE_TIME))
		return 0;

	return stamp;
}

int cv_digest_nonce_check(const uint8_t key[32], struct cv_str source, uint64_t now_s,
			  uint64_t life_s, struct cv_str nonce)
{
	uint64_t stamp = cv_digest_nonce_stamp(nonce), made_s = stamp >> STAMP_SERIAL;
	char mac[NONCE_MAC + 1];

	if (stamp == 0)
		return EBADMSG;

	if (!nonce_mac(key, source, nonce.p, mac) ||
	    CRYPTO_memcmp(mac, nonce.p + NONCE_TIME, NONCE_MAC) != 0)
		return EBADMSG;

	if (made_s > now_s)
		return EBADMSG; /* of another run's clock */

	return now_s - made_s > life_s ? ESTALE : 0;
}
