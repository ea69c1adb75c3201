/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * STUN messages (RFC 8489): parse, build, integrity, fingerprint. Pure; any
 * thread; the only copy.
 *
 * The story: bytes that cv_stun_is() takes for STUN are parsed into a view
 * that borrows from them; cv_stun_find() finds an attribute, cv_stun_addr() an
 * address, cv_stun_verify() proves who sent it. A message of our own is written
 * into the caller's bytes: cv_stun_begin(), the attributes, then maybe
 * cv_stun_sign(), and cv_stun_end(), which adds the fingerprint. An error on
 * the way is kept and told by cv_stun_end().
 */
#ifndef CV_NET_STUN_H
#define CV_NET_STUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/str.h"

enum {
	CV_STUN_PORT = 3478,   /* RFC 8489 18.6 */
	CV_STUN_HEAD = 20,     /* bytes of a header */
	CV_STUN_TID = 12,      /* bytes of a transaction id */
	CV_STUN_UNKNOWN = 8,   /* unknown attributes that are remembered */
	CV_STUN_MAX = 1280,    /* bytes of a message of ours: never fragmented */
	CV_STUN_KEY_MAX = 768, /* bytes of a key: a password, or MD5 of three texts */
};

enum cv_stun_class {
	CV_STUN_REQUEST = 0,
	CV_STUN_INDICATION,
	CV_STUN_SUCCESS,
	CV_STUN_ERROR,
};

enum { CV_STUN_BINDING = 1 }; /* methods */

enum cv_stun_attr {
	CV_STUN_MAPPED_ADDRESS = 0x0001,
	CV_STUN_CHANGE_REQUEST = 0x0003, /* RFC 5780 */
	CV_STUN_USERNAME = 0x0006,
	CV_STUN_INTEGRITY = 0x0008,
	CV_STUN_ERROR_CODE = 0x0009,
	CV_STUN_UNKNOWN_ATTRS = 0x000a,
	CV_STUN_REALM = 0x0014,
	CV_STUN_NONCE = 0x0015,
	CV_STUN_INTEGRITY_SHA256 = 0x001c,
	CV_STUN_XOR_MAPPED_ADDRESS = 0x0020,
	CV_STUN_SOFTWARE = 0x8022,
	CV_STUN_ALTERNATE_SERVER = 0x8023,
	CV_STUN_FINGERPRINT = 0x8028,
	CV_STUN_RESPONSE_ORIGIN = 0x802b, /* RFC 5780 */
	CV_STUN_OTHER_ADDRESS = 0x802c,
};

/** A parsed message; borrows the bytes. */
struct cv_stun {
	const uint8_t *p;
	size_t len;
	enum cv_stun_class class_;
	uint16_t method;
	const uint8_t *tid;       /* CV_STUN_TID bytes, after the cookie */
	size_t end;               /* of the attributes that count: before the integrity */
	size_t integrity, sha256; /* where these attributes begin; 0: none */
	bool fingerprint;         /* there is one, and it is right */
	uint16_t unknown[CV_STUN_UNKNOWN]; /* must be understood, but isn't by us */
	size_t unknownc;
};

/** Looks like STUN: head bits, cookie and length (RFC 7983 7). What else came may follow
 * a stream's message, so len may be more than the message. */
bool cv_stun_is(const uint8_t *p, size_t len);
/** EBADMSG: cut, padded wrongly, a wrong fingerprint, or an attribute behind the
 * integrity that may not stand there. Unknown attributes are listed, not refused. */
int cv_stun_parse(struct cv_stun *m, const uint8_t *p, size_t len);
/** First attribute of this type that the integrity covers. ENOENT. */
int cv_stun_find(const struct cv_stun *m, enum cv_stun_attr type, struct cv_str *value);
/** An address attribute, XOR-MAPPED-ADDRESS taken apart. ENOENT; EBADMSG. */
int cv_stun_addr(const struct cv_stun *m, enum cv_stun_attr type, struct cv_addr *a);
/** Where the other end saw us: XOR-MAPPED-ADDRESS, else MAPPED-ADDRESS. ENOENT, EBADMSG.
 */
int cv_stun_mapped(const struct cv_stun *m, struct cv_addr *a);
/** Code of an error response, 300 to 699. ENOENT, EBADMSG. */
int cv_stun_error(const struct cv_stun *m, unsigned *code);
/** Was it sent by who knows @p key? Every integrity that is there must be right. ENOENT:
 * there is none; EACCES: no. */
int cv_stun_verify(const struct cv_stun *m, struct cv_str key);

/** A message being written into the caller's bytes. */
struct cv_stun_out {
	uint8_t *p;
	size_t size, len;
	int err; /* first error */
};

/** @p p must stay until the end. */
void cv_stun_begin(struct cv_stun_out *o, uint8_t *p, size_t size);
/** Writes the head. Must be the first. */
void cv_stun_head(struct cv_stun_out *o, enum cv_stun_class c, uint16_t method,
		  const uint8_t tid[CV_STUN_TID]);
void cv_stun_put(struct cv_stun_out *o, enum cv_stun_attr type, struct cv_str value);
/** An address; XOR-MAPPED-ADDRESS is masked. EAFNOSUPPORT when unset. */
void cv_stun_put_addr(struct cv_stun_out *o, enum cv_stun_attr type,
		      const struct cv_addr *a);
void cv_stun_put_error(struct cv_stun_out *o, unsigned code, const char *reason);
/** UNKNOWN-ATTRIBUTES of a 420: what @p m had. */
void cv_stun_put_unknown(struct cv_stun_out *o, const struct cv_stun *m);
/** MESSAGE-INTEGRITY (HMAC-SHA1) over all so far. */
void cv_stun_sign(struct cv_stun_out *o, struct cv_str key);
/** Adds the fingerprint. Bytes of the whole go to @p len. ENOBUFS: they found no room;
 * the first error on the way. */
int cv_stun_end(struct cv_stun_out *o, size_t *len);

#endif
