/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Contact tokens and other keyed names we show upstream. Knows the secret and
 * the form of a token; nothing of bindings. Signalling thread.
 *
 * A token is "cv" and base32hex in lower case of node (1 byte), shard (1), id
 * (6) and the first 10 bytes of HMAC-SHA256 over a purpose and these 8 bytes.
 * There is one spelling of each: upper case or stray end bits are refused. 80
 * bits of MAC: at 10,000 tries a second a forger needs 4 * 10^12 years.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/hmac.h>

#include "bind/bind_int.h"

enum {
	ID_BYTES = 8, /* node, shard, counter */
	MAC_BYTES = 10,
	RAW_BYTES = ID_BYTES + MAC_BYTES,
	HASH_BYTES = 32,
};

static const char alphabet[] = "0123456789abcdefghijklmnopqrstuv"; /* RFC 4648 7 */
static const char purpose[] = "token";

static int mac(const struct cv_binds *bs, const void *data, size_t len,
	       uint8_t out[HASH_BYTES])
{
	unsigned outlen = 0;

	if (!HMAC(EVP_sha256(), bs->env.key, sizeof(bs->env.key), data, len, out,
		  &outlen) ||
	    outlen != HASH_BYTES)
		return ENOMEM;

	return 0;
}

static int mac_of_id(const struct cv_binds *bs, const uint8_t id[ID_BYTES],
		     uint8_t out[HASH_BYTES])
{
	uint8_t text[sizeof(purpose) + ID_BYTES];

	memcpy(text, purpose, sizeof(purpose));
	memcpy(text + sizeof(purpose), id, ID_BYTES);

	return mac(bs, text, sizeof(text), out);
}

static void put_id(uint8_t raw[ID_BYTES], uint64_t id)
{
	for (int i = 0; i < ID_BYTES; ++i)
		raw[i] = (uint8_t)(id >> (8 * (ID_BYTES - 1 - i)));
}

int cv_bind_token_make(const struct cv_binds *bs, uint64_t id, char dst[CV_BIND_TOKEN])
{
	uint8_t raw[ID_BYTES + HASH_BYTES];
	uint32_t acc = 0;
	unsigned bits = 0;
	char *p = dst;
	int err;

	put_id(raw, id);
	err = mac_of_id(bs, raw, raw + ID_BYTES);
	if (err)
		return err;

	*p++ = 'c';
	*p++ = 'v';
	for (int i = 0; i < RAW_BYTES; ++i) {
		acc = (acc << 8 | raw[i]) & 0xfff;
		for (bits += 8; bits >= 5; bits -= 5)
			*p++ = alphabet[acc >> (bits - 5) & 31];
	}

	*p++ = alphabet[acc << (5 - bits) & 31]; /* 144 bits: 4 are left */
	*p = '\0';

	return 0;
}

/* Not a token's letters, or end bits that no token has: EBADMSG. */
static int decode(uint8_t raw[RAW_BYTES], struct cv_str text)
{
	uint32_t acc = 0;
	unsigned bits = 0;
	size_t n = 0;

	for (size_t i = 0; i < text.len; ++i) {
		const char *at = memchr(alphabet, text.p[i], sizeof(alphabet) - 1);

		if (!at)
			return EBADMSG;

		acc = (acc << 5 | (uint32_t)(at - alphabet)) & 0xfff;
		bits += 5;
		if (bits >= 8) {
			bits -= 8;
			raw[n++] = (uint8_t)(acc >> bits);
		}
	}

	return acc & ((1U << bits) - 1) ? EBADMSG : 0;
}

int cv_bind_token_read(const struct cv_binds *bs, struct cv_str user, uint64_t *idp)
{
	uint8_t raw[RAW_BYTES] = {0}, want[HASH_BYTES];
	uint64_t id = 0;
	int err;

	if (user.len != CV_BIND_TOKEN_LEN || !cv_str_starts(user, CV_STR("cv")))
		return ENOENT;

	err = decode(raw, cv_str_from(user, 2));
	if (err)
		return err;

	err = mac_of_id(bs, raw, want);
	if (err)
		return err;

	if (CRYPTO_memcmp(raw + ID_BYTES, want, MAC_BYTES) != 0)
		return EBADMSG;

	for (int i = 0; i < ID_BYTES; ++i)
		id = id << 8 | raw[i];

	*idp = id;

	return 0;
}

/* Each part goes in by its length and its own MAC, so that no two lists of parts give one
 * text and parts may be of any length. */
static int mac_of_parts(const struct cv_binds *bs, const char *what,
			const struct cv_str *parts, size_t partc, uint8_t out[HASH_BYTES])
{
	uint8_t text[2 * HASH_BYTES];
	int err;

	err = mac(bs, what, strlen(what) + 1, text);
	for (size_t i = 0; i < partc && !err; ++i) {
		err = mac(bs, parts[i].len > 0 ? parts[i].p : "", parts[i].len,
			  text + HASH_BYTES);
		if (!err)
			err = mac(bs, text, sizeof(text), text);
	}

	memcpy(out, text, HASH_BYTES);

	return err;
}

/* OpenSSL had no memory: the process's own keyed hash stands in, as stable and as hard to
 * guess until the process ends. */
static void poor_mac(const struct cv_str *parts, size_t partc, uint8_t out[HASH_BYTES])
{
	uint64_t h[HASH_BYTES / 8] = {0};

	for (size_t i = 0; i < partc; ++i) {
		h[0] ^= cv_hash_bytes(parts[i].p, parts[i].len);
		for (size_t k = 0; k < HASH_BYTES / 8; ++k)
			h[k] = cv_hash_bytes(h, sizeof(h));
	}

	memcpy(out, h, HASH_BYTES);
}

void cv_binds_alias(const struct cv_binds *bs, const char *what,
		    const struct cv_str *parts, size_t partc, char *dst, size_t len)
{
	uint8_t hash[HASH_BYTES];

	if (mac_of_parts(bs, what, parts, partc, hash))
		poor_mac(parts, partc, hash);

	if (len > 2 * sizeof(hash))
		len = 2 * sizeof(hash);

	for (size_t i = 0; i < len; ++i)
		dst[i] = alphabet[hash[i / 2] >> (i % 2 == 0 ? 4 : 0) & 15];

	dst[len] = '\0';
}
