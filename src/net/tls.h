/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Certificates and what is asked of those of others: one set of contexts per
 * configuration generation, by listening point.
 *
 * The story: cv_tls_new() makes an empty set and cv_tls_add() reads the files of one
 * point, on the signalling thread; the whole set is handed to the door, which
 * makes handshakes from it until it gets the next one. A connection keeps what it
 * was made from.
 */
#ifndef CV_NET_TLS_H
#define CV_NET_TLS_H

#include <openssl/ssl.h>

#include "base/addr.h"
#include "base/buf.h"

enum cv_tls_verify { CV_TLS_NO = 0, CV_TLS_YES, CV_TLS_MUTUAL };
enum cv_tls_min { CV_TLS_1_2 = 0, CV_TLS_1_3 };

struct cv_tls;

/** Files of a listening point, borrowed. */
struct cv_tls_conf {
	const char *cert; /* chain, leaf first; NULL: none (we only dial) */
	const char *key;  /* NULL: in the same file */
	const char *ca;   /* NULL: the host's store */
	enum cv_tls_verify verify;
	enum cv_tls_min min;
};

/** ENOMEM. Ended by cv_mem_unref(). */
int cv_tls_new(struct cv_tls **tp);
/** Reads the files for @p point. EINVAL: @p why says what is wrong with which. ENOMEM. */
int cv_tls_add(struct cv_tls *t, uint8_t point, const struct cv_tls_conf *conf,
	       struct cv_buf *why);
/** A session to serve a connection to the point; any certificate of the set may be chosen
 * by the name it asks for (SNI). NULL: no such point, or memory is short. */
SSL *cv_tls_serve(struct cv_tls *t, uint8_t point);
/** A session to dial from the point; @p name (may be "") is asked for by SNI. */
SSL *cv_tls_dial(struct cv_tls *t, uint8_t point, const char *name);
/** After the handshake of a dialled session: true when the point doesn't ask for names,
 * or the certificate bears the address (NULL: none counts) or the name. */
bool cv_tls_is_right(const struct cv_tls *t, uint8_t point, const SSL *ssl,
		     const struct cv_addr *to, const char *name);

#endif
