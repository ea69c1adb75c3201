/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * TLS contexts (OpenSSL): versions, certificate chains, the choice by name,
 * what is verified. Made on the signalling thread, used on the door's.
 */
#include "config.h"

#include "net/tls.h"

#include <errno.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/mem.h"

enum {
	POINTS = 64,         /* as many as there are listening points */
	DEPTH_MAX = 8,       /* certificates between a leaf and its root */
	CHAIN_BYTES = 32768, /* of a peer's chain; OpenSSL allows 100 kB */
};

/** One listening point's. */
struct ctx {
	SSL_CTX *serve; /* owned; NULL: no certificate */
	SSL_CTX *dial;  /* owned */
	enum cv_tls_verify verify;
};

struct cv_tls {
	struct ctx points[POINTS];
};

static void tls_fini(void *obj)
{
	struct cv_tls *t = obj;

	for (size_t i = 0; i < POINTS; ++i) {
		SSL_CTX_free(t->points[i].serve);
		SSL_CTX_free(t->points[i].dial);
	}
}

int cv_tls_new(struct cv_tls **tp)
{
	struct cv_tls *t = cv_mem_new(sizeof(*t), tls_fini);

	if (!t)
		return ENOMEM;

	*tp = t;

	return 0;
}

/* Bears the name in its subjectAltName (RFC 5922 7.1); a wildcard is no SIP identity. */
static bool bears(X509 *cert, const char *name)
{
	return X509_check_host(cert, name, strlen(name),
			       X509_CHECK_FLAG_NEVER_CHECK_SUBJECT |
				       X509_CHECK_FLAG_NO_WILDCARDS,
			       NULL) == 1;
}

static int use_certificate_of(SSL *ssl, SSL_CTX *from)
{
	STACK_OF(X509) *chain = NULL;

	SSL_CTX_get0_chain_certs(from, &chain);
	if (SSL_use_cert_and_key(ssl, SSL_CTX_get0_certificate(from),
				 SSL_CTX_get0_privatekey(from), chain, 1) != 1)
		return SSL_TLSEXT_ERR_ALERT_FATAL;

	return SSL_TLSEXT_ERR_OK;
}

/* The certificate changes, what is asked of the client stays the point's own. */
static int on_name(SSL *ssl, int *alert, void *arg)
{
	struct cv_tls *t = arg;
	const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);

	*alert = SSL_AD_INTERNAL_ERROR;
	if (!name || bears(SSL_get_certificate(ssl), name))
		return SSL_TLSEXT_ERR_OK;

	for (size_t i = 0; i < POINTS; ++i) {
		SSL_CTX *other = t->points[i].serve;

		if (other && bears(SSL_CTX_get0_certificate(other), name))
			return use_certificate_of(ssl, other);
	}

	return SSL_TLSEXT_ERR_OK; /* the point's own, for phones that ask for an address
				   */
}

static int complain(struct cv_buf *why, const char *key, const char *path)
{
	unsigned long e = ERR_peek_error();
	const char *reason = e ? ERR_reason_error_string(e) : NULL;

	if (e && ERR_SYSTEM_ERROR(e))
		reason = strerror(ERR_GET_REASON(e));
	cv_buf_printf(why, "%s %s: %s", key, path, reason ? reason : "can't be used");
	ERR_clear_error();

	return EINVAL;
}

static SSL_CTX *make(const SSL_METHOD *method, enum cv_tls_min min)
{
	SSL_CTX *c = SSL_CTX_new(method);

	if (!c)
		return NULL;

	(void)SSL_CTX_set_min_proto_version(c, min == CV_TLS_1_3 ? TLS1_3_VERSION
								 : TLS1_2_VERSION);
	/* no session is resumed: connections live for hours, and a resumed one would
	 * pass by a certificate check that a reload made stricter */
	(void)SSL_CTX_set_options(c, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET |
					     SSL_OP_NO_COMPRESSION);
	(void)SSL_CTX_set_num_tickets(c, 0);
	(void)SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
	(void)SSL_CTX_set_mode(c, SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_verify_depth(c, DEPTH_MAX);
	SSL_CTX_set_max_cert_list(c, CHAIN_BYTES);

	return c;
}

static int read_own(SSL_CTX *c, const struct cv_tls_conf *conf, struct cv_buf *why)
{
	const char *key = conf->key ? conf->key : conf->cert;

	if (SSL_CTX_use_certificate_chain_file(c, conf->cert) != 1)
		return complain(why, "tls-cert", conf->cert);
	if (SSL_CTX_use_PrivateKey_file(c, key, SSL_FILETYPE_PEM) != 1 ||
	    SSL_CTX_check_private_key(c) != 1)
		return complain(why, "tls-key", key);

	return 0;
}

static int read_ca(SSL_CTX *c, const struct cv_tls_conf *conf, struct cv_buf *why)
{
	if (!conf->ca)
		return SSL_CTX_set_default_verify_paths(c) == 1 ? 0 : ENOMEM;
	if (SSL_CTX_load_verify_file(c, conf->ca) != 1)
		return complain(why, "tls-ca", conf->ca);

	return 0;
}

static int make_serve(struct cv_tls *t, struct ctx *c, const struct cv_tls_conf *conf,
		      struct cv_buf *why)
{
	int err;

	c->serve = make(TLS_server_method(), conf->min);
	if (!c->serve)
		return ENOMEM;

	err = read_own(c->serve, conf, why);
	if (!err && conf->verify == CV_TLS_MUTUAL)
		err = read_ca(c->serve, conf, why);
	if (err)
		return err;

	if (conf->verify == CV_TLS_MUTUAL && conf->ca)
		SSL_CTX_set_client_CA_list(c->serve, SSL_load_client_CA_file(conf->ca));
	if (conf->verify == CV_TLS_MUTUAL)
		SSL_CTX_set_verify(c->serve,
				   SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
				   NULL);
	(void)SSL_CTX_set_tlsext_servername_callback(c->serve, on_name);
	(void)SSL_CTX_set_tlsext_servername_arg(c->serve, t);

	return 0;
}

static int make_dial(struct ctx *c, const struct cv_tls_conf *conf, struct cv_buf *why)
{
	int err = 0;

	c->dial = make(TLS_client_method(), conf->min);
	if (!c->dial)
		return ENOMEM;

	if (conf->cert)
		err = read_own(c->dial, conf, why);
	if (!err && conf->verify != CV_TLS_NO)
		err = read_ca(c->dial, conf, why);
	if (!err && conf->verify != CV_TLS_NO)
		SSL_CTX_set_verify(c->dial, SSL_VERIFY_PEER, NULL);

	return err;
}

int cv_tls_add(struct cv_tls *t, uint8_t point, const struct cv_tls_conf *conf,
	       struct cv_buf *why)
{
	struct ctx *c;
	int err = 0;

	if (!t || !conf || !why || point >= POINTS || t->points[point].dial)
		return EINVAL;

	c = &t->points[point];
	c->verify = conf->verify;
	ERR_clear_error();
	if (conf->cert)
		err = make_serve(t, c, conf, why);
	if (!err)
		err = make_dial(c, conf, why);

	return err;
}

SSL *cv_tls_serve(struct cv_tls *t, uint8_t point)
{
	if (!t || point >= POINTS || !t->points[point].serve)
		return NULL;

	return SSL_new(t->points[point].serve);
}

SSL *cv_tls_dial(struct cv_tls *t, uint8_t point, const char *name)
{
	SSL *ssl;

	if (!t || point >= POINTS || !t->points[point].dial)
		return NULL;

	ssl = SSL_new(t->points[point].dial);
	if (ssl && *name)
		(void)SSL_set_tlsext_host_name(ssl, name);

	return ssl;
}

bool cv_tls_is_right(const struct cv_tls *t, uint8_t point, const SSL *ssl,
		     const struct cv_addr *to, const char *name)
{
	char host[CV_ADDR_STRLEN];
	X509 *cert;

	if (t->points[point].verify == CV_TLS_NO)
		return true;

	cert = SSL_get0_peer_certificate(ssl);
	if (!cert)
		return false;

	return (to && X509_check_ip_asc(cert, cv_addr_print_host(to, host), 0) == 1) ||
	       (*name && bears(cert, name));
}

_Static_assert(POINTS <= UINT8_MAX, "a point's number is one byte");
