/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * STUN messages: head, attributes padded to four bytes, two kinds of
 * integrity, a fingerprint. Every length is checked against what is there
 * before it is believed. Any thread.
 */
#include "config.h"

#include "net/stun.h"

#include <errno.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

enum {
	COOKIE = 0x2112a442,
	ATTR_HEAD = 4,
	ALIGN = 4,
	SHA1_LEN = 20,
	SHA256_LEN = 32,
	SHA256_LEAST = 16, /* it may be cut to this, RFC 8489 14.6 */
	CRC_LEN = 4,
	CRC_XOR = 0x5354554e,
	ADDR_V4 = 1, /* families, RFC 8489 14.1 */
	ADDR_V6 = 2,
	V4_LEN = 8, /* bytes of an address attribute */
	V6_LEN = 20,
	TYPE_MUST = 0x8000, /* below: it must be understood */
	ERROR_LEAST = 300,
	ERROR_MOST = 699,
	REASON_MAX = 128,
};

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static void set16(uint8_t *p, size_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void set32(uint8_t *p, uint32_t v)
{
	set16(p, v >> 16);
	set16(p + 2, v & 0xffff);
}

static size_t padded(size_t len)
{
	return (len + ALIGN - 1) & ~(size_t)(ALIGN - 1);
}

/* CRC-32 of ISO HDLC, RFC 8489 14.7, bit by bit: messages are short and few. Continues
 * from @p crc, 0 at first. */
static uint32_t crc32_add(uint32_t crc, const uint8_t *p, size_t len)
{
	crc = ~crc;
	for (; len > 0; --len, ++p) {
		crc ^= *p;
		for (int i = 0; i < 8; ++i)
			crc = crc >> 1 ^ (crc & 1 ? UINT32_C(0xedb88320) : 0);
	}

	return ~crc;
}

/* The head with the length that an attribute ending at @p end gives it. */
static void head_as_if(uint8_t head[CV_STUN_HEAD], const uint8_t *p, size_t end)
{
	memcpy(head, p, CV_STUN_HEAD);
	set16(head + 2, end - CV_STUN_HEAD);
}

/* The fingerprint whose attribute begins at @p at. */
static uint32_t fingerprint(const uint8_t *p, size_t at)
{
	uint8_t head[CV_STUN_HEAD];
	uint32_t crc;

	head_as_if(head, p, at + ATTR_HEAD + CRC_LEN);
	crc = crc32_add(0, head, sizeof(head));

	return crc32_add(crc, p + CV_STUN_HEAD, at - CV_STUN_HEAD) ^ CRC_XOR;
}

/* HMAC over what stands before the attribute at @p at, whose value has @p len bytes: the
 * length in the head counts a value that was cut as it was cut. */
static int hmac(const EVP_MD *md, const uint8_t *p, size_t at, size_t len,
		struct cv_str key, uint8_t mac[SHA256_LEN])
{
	uint8_t text[CV_STUN_MAX];
	unsigned n = 0;

	if (at > sizeof(text) || key.len > CV_STUN_KEY_MAX)
		return E2BIG;

	memcpy(text, p, at);
	head_as_if(text, p, at + ATTR_HEAD + len);

	return HMAC(md, key.p, (int)key.len, text, at, mac, &n) ? 0 : ENOMEM;
}

bool cv_stun_is(const uint8_t *p, size_t len)
{
	return len >= CV_STUN_HEAD && p[0] < 0x40 && get32(p + 4) == COOKIE &&
	       get16(p + 2) % ALIGN == 0 && (size_t)get16(p + 2) + CV_STUN_HEAD <= len;
}

static bool is_known(unsigned type)
{
	switch (type) {
	case CV_STUN_MAPPED_ADDRESS:
	case CV_STUN_CHANGE_REQUEST:
	case CV_STUN_USERNAME:
	case CV_STUN_INTEGRITY:
	case CV_STUN_ERROR_CODE:
	case CV_STUN_UNKNOWN_ATTRS:
	case CV_STUN_REALM:
	case CV_STUN_NONCE:
	case CV_STUN_INTEGRITY_SHA256:
	case CV_STUN_XOR_MAPPED_ADDRESS:
		return true;
	default:
		return type >= TYPE_MUST;
	}
}

/* One attribute at @p at; what stands behind an integrity is not looked at, but for the
 * stronger one and the fingerprint (RFC 8489 14.5). */
static int attr_take(struct cv_stun *m, size_t at, unsigned type, size_t len)
{
	if (m->fingerprint)
		return EBADMSG; /* it must be the last */

	if (type == CV_STUN_FINGERPRINT) {
		if (len != CRC_LEN ||
		    get32(m->p + at + ATTR_HEAD) != fingerprint(m->p, at))
			return EBADMSG;

		m->fingerprint = true;
		if (m->end == 0)
			m->end = at;

		return 0;
	}

	if (m->sha256 > 0)
		return 0;

	if (type == CV_STUN_INTEGRITY_SHA256) {
		if (len < SHA256_LEAST || len > SHA256_LEN || len % ALIGN != 0)
			return EBADMSG;

		m->sha256 = at;
		if (m->end == 0)
			m->end = at;

		return 0;
	}

	if (m->integrity > 0)
		return 0;

	if (type == CV_STUN_INTEGRITY) {
		if (len != SHA1_LEN)
			return EBADMSG;

		m->integrity = m->end = at;
	} else if (!is_known(type) && m->unknownc < CV_STUN_UNKNOWN) {
		m->unknown[m->unknownc++] = (uint16_t)type;
	}

	return 0;
}

int cv_stun_parse(struct cv_stun *m, const uint8_t *p, size_t len)
{
	unsigned type;
	size_t at, n;
	int err;

	if (!m || !p || !cv_stun_is(p, len))
		return EBADMSG;

	type = get16(p);
	*m = (struct cv_stun){
		.p = p,
		.len = CV_STUN_HEAD + (size_t)get16(p + 2),
		.class_ = (enum cv_stun_class)((type >> 4 & 1) | (type >> 7 & 2)),
		.method = (uint16_t)((type & 0xf) | (type >> 1 & 0x70) |
				     (type >> 2 & 0xf80)),
		.tid = p + 8,
	};
	if (m->len > CV_STUN_MAX)
		return EBADMSG;

	for (at = CV_STUN_HEAD; at < m->len; at += ATTR_HEAD + padded(n)) {
		if (m->len - at < ATTR_HEAD)
			return EBADMSG;

		n = get16(p + at + 2);
		if (padded(n) > m->len - at - ATTR_HEAD)
			return EBADMSG;

		err = attr_take(m, at, get16(p + at), n);
		if (err)
			return err;
	}

	if (m->end == 0)
		m->end = m->len;

	return 0;
}

int cv_stun_find(const struct cv_stun *m, enum cv_stun_attr type, struct cv_str *value)
{
	size_t at, n;

	for (at = CV_STUN_HEAD; at < m->end; at += ATTR_HEAD + padded(n)) {
		n = get16(m->p + at + 2);
		if (get16(m->p + at) != (unsigned)type)
			continue;

		*value = cv_str_make((const char *)m->p + at + ATTR_HEAD, n);

		return 0;
	}

	return ENOENT;
}

/* Masks or unmasks port and host, RFC 8489 14.2: cookie and transaction id stand one
 * behind the other. */
static void mask(struct cv_addr *a, const uint8_t *cookie)
{
	size_t len = a->family == AF_INET ? 4 : 16;

	a->port ^= get16(cookie);
	for (size_t i = 0; i < len; ++i)
		a->ip.bytes[i] ^= cookie[i];
}

int cv_stun_addr(const struct cv_stun *m, enum cv_stun_attr type, struct cv_addr *a)
{
	struct cv_str v = CV_STR_NULL;
	struct sockaddr_storage ss;
	struct cv_addr got = {0};
	const uint8_t *p;
	int err;

	err = cv_stun_find(m, type, &v);
	if (err)
		return err;

	p = (const uint8_t *)v.p;
	if (v.len == V4_LEN && p[1] == ADDR_V4)
		got.family = AF_INET;
	else if (v.len == V6_LEN && p[1] == ADDR_V6)
		got.family = AF_INET6;
	else
		return EBADMSG;

	got.port = get16(p + 2);
	memcpy(got.ip.bytes, p + 4, v.len - 4);
	if (type == CV_STUN_XOR_MAPPED_ADDRESS)
		mask(&got, m->p + 4);

	/* one host has one form: a mapped IPv4 address becomes IPv4 here as elsewhere */
	(void)cv_addr_to_sa(&got, &ss);

	return cv_addr_from_sa(a, (struct sockaddr *)&ss);
}

int cv_stun_mapped(const struct cv_stun *m, struct cv_addr *a)
{
	int err = cv_stun_addr(m, CV_STUN_XOR_MAPPED_ADDRESS, a);

	return err == ENOENT ? cv_stun_addr(m, CV_STUN_MAPPED_ADDRESS, a) : err;
}

int cv_stun_error(const struct cv_stun *m, unsigned *code)
{
	struct cv_str v = CV_STR_NULL;
	unsigned n;
	int err;

	err = cv_stun_find(m, CV_STUN_ERROR_CODE, &v);
	if (err)
		return err;
	if (v.len < 4)
		return EBADMSG;

	n = ((unsigned char)v.p[2] & 7) * 100u + (unsigned char)v.p[3];
	if ((unsigned char)v.p[3] > 99 || n < ERROR_LEAST || n > ERROR_MOST)
		return EBADMSG;

	*code = n;

	return 0;
}

static int integrity_check(const struct cv_stun *m, size_t at, const EVP_MD *md,
			   struct cv_str key)
{
	size_t len = get16(m->p + at + 2);
	uint8_t mac[SHA256_LEN];
	int err;

	err = hmac(md, m->p, at, len, key, mac);
	if (err)
		return err;

	return CRYPTO_memcmp(mac, m->p + at + ATTR_HEAD, len) == 0 ? 0 : EACCES;
}

int cv_stun_verify(const struct cv_stun *m, struct cv_str key)
{
	int err = m->integrity == 0 && m->sha256 == 0 ? ENOENT : 0;

	if (!err && m->integrity > 0)
		err = integrity_check(m, m->integrity, EVP_sha1(), key);
	if (!err && m->sha256 > 0)
		err = integrity_check(m, m->sha256, EVP_sha256(), key);

	return err;
}

void cv_stun_begin(struct cv_stun_out *o, uint8_t *p, size_t size)
{
	*o = (struct cv_stun_out){.p = p,
				  .size = size < CV_STUN_MAX ? size : CV_STUN_MAX};
}

static void fail(struct cv_stun_out *o, int err)
{
	if (!o->err)
		o->err = err;
}

/* Room for @p len bytes behind what is there, zeroed, and counted in the head; NULL: an
 * error is kept. */
static uint8_t *room(struct cv_stun_out *o, size_t len)
{
	uint8_t *at = o->p + o->len;

	if (o->err)
		return NULL;

	if (len > o->size - o->len) {
		fail(o, ENOBUFS);
		return NULL;
	}

	memset(at, 0, len);
	o->len += len;

	return at;
}

static uint8_t *attr_room(struct cv_stun_out *o, unsigned type, size_t len)
{
	uint8_t *at = o->len < CV_STUN_HEAD ? NULL : room(o, ATTR_HEAD + padded(len));

	if (!at) {
		fail(o, EINVAL);
		return NULL;
	}

	set16(at, type);
	set16(at + 2, len);
	set16(o->p + 2, o->len - CV_STUN_HEAD);

	return at + ATTR_HEAD;
}

void cv_stun_head(struct cv_stun_out *o, enum cv_stun_class c, uint16_t method,
		  const uint8_t tid[CV_STUN_TID])
{
	unsigned m = method, type = (m & 0xf) | (m & 0x70) << 1 | (m & 0xf80) << 2;
	uint8_t *at = room(o, CV_STUN_HEAD);

	if (!at)
		return;

	set16(at, type | ((unsigned)c & 1) << 4 | ((unsigned)c & 2) << 7);
	set32(at + 4, COOKIE);
	memcpy(at + 8, tid, CV_STUN_TID);
}

void cv_stun_put(struct cv_stun_out *o, enum cv_stun_attr type, struct cv_str value)
{
	uint8_t *at = attr_room(o, type, value.len);

	if (at && value.len > 0)
		memcpy(at, value.p, value.len);
}

void cv_stun_put_addr(struct cv_stun_out *o, enum cv_stun_attr type,
		      const struct cv_addr *a)
{
	struct cv_addr shown = *a;
	uint8_t *at;

	if (a->family != AF_INET && a->family != AF_INET6) {
		fail(o, EAFNOSUPPORT);
		return;
	}

	at = attr_room(o, type, a->family == AF_INET ? V4_LEN : V6_LEN);
	if (!at)
		return;

	if (type == CV_STUN_XOR_MAPPED_ADDRESS)
		mask(&shown, o->p + 4);

	at[1] = a->family == AF_INET ? ADDR_V4 : ADDR_V6;
	set16(at + 2, shown.port);
	memcpy(at + 4, shown.ip.bytes, a->family == AF_INET ? 4 : 16);
}

void cv_stun_put_error(struct cv_stun_out *o, unsigned code, const char *reason)
{
	size_t len = strnlen(reason, REASON_MAX);
	uint8_t *at = attr_room(o, CV_STUN_ERROR_CODE, 4 + len);

	if (!at)
		return;

	at[2] = (uint8_t)(code / 100);
	at[3] = (uint8_t)(code % 100);
	memcpy(at + 4, reason, len);
}

void cv_stun_put_unknown(struct cv_stun_out *o, const struct cv_stun *m)
{
	uint8_t *at = attr_room(o, CV_STUN_UNKNOWN_ATTRS, 2 * m->unknownc);

	for (size_t i = 0; at && i < m->unknownc; ++i)
		set16(at + 2 * i, m->unknown[i]);
}

void cv_stun_sign(struct cv_stun_out *o, struct cv_str key)
{
	size_t at = o->len;
	uint8_t *value = attr_room(o, CV_STUN_INTEGRITY, SHA1_LEN);
	uint8_t mac[SHA256_LEN];
	int err;

	if (!value)
		return;

	err = hmac(EVP_sha1(), o->p, at, SHA1_LEN, key, mac);
	if (err)
		fail(o, err);
	else
		memcpy(value, mac, SHA1_LEN);
}

int cv_stun_end(struct cv_stun_out *o, size_t *len)
{
	size_t at = o->len;
	uint8_t *value = attr_room(o, CV_STUN_FINGERPRINT, CRC_LEN);

	if (!value)
		return o->err;

	set32(value, fingerprint(o->p, at));
	if (!o->err)
		*len = o->len;

	return o->err;
}
