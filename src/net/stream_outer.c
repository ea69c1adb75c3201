/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The outer layers a connection may have: plain TCP, TLS. Door's thread.
 */
#include "config.h"

#include "net/stream_int.h"

#include <errno.h>

#include <event2/bufferevent_ssl.h>

#include <openssl/err.h>

const struct cv_outer cv_outer_tcp = {
	.via = "TCP",
	.serve = cv_conn_plain,
	.dial = cv_conn_plain,
};

static struct bufferevent *wrap(struct cv_conn *c, int fd, SSL *ssl,
				enum bufferevent_ssl_state state)
{
	struct bufferevent *b;

	if (!ssl)
		return NULL;

	b = bufferevent_openssl_socket_new(c->door->base, fd, ssl, state,
					   BEV_OPT_CLOSE_ON_FREE);
	if (!b) {
		SSL_free(ssl);
		return NULL;
	}

	/* phones hang up without the word; lengths tell us what is whole */
	bufferevent_openssl_set_allow_dirty_shutdown(b, 1);

	return b;
}

static struct bufferevent *tls_serve(struct cv_conn *c, int fd)
{
	return wrap(c, fd, cv_tls_serve(c->tls, c->way->point),
		    BUFFEREVENT_SSL_ACCEPTING);
}

static struct bufferevent *tls_dial(struct cv_conn *c, int fd)
{
	return wrap(c, fd, cv_tls_dial(c->tls, c->way->point, c->dial.name),
		    BUFFEREVENT_SSL_CONNECTING);
}

static bool tls_is_right(struct cv_conn *c)
{
	return cv_tls_is_right(c->tls, c->way->point,
			       bufferevent_openssl_get_ssl(c->outer),
			       c->dial.named ? NULL : &c->dial.to, c->dial.name);
}

static const char *tls_why(struct cv_conn *c)
{
	unsigned long e = bufferevent_get_openssl_error(c->outer);

	return e ? ERR_reason_error_string(e) : NULL;
}

static void tls_bye(struct cv_conn *c)
{
	SSL *ssl = bufferevent_openssl_get_ssl(c->outer);

	if (!ssl || !SSL_is_init_finished(ssl))
		return;

	ERR_clear_error();
	SSL_set_shutdown(ssl, SSL_RECEIVED_SHUTDOWN); /* we don't wait for its answer */
	(void)SSL_shutdown(ssl);
	ERR_clear_error();
}

const struct cv_outer cv_outer_tls = {
	.via = "TLS",
	.serve = tls_serve,
	.dial = tls_dial,
	.shakes = true,
	.is_right = tls_is_right,
	.why = tls_why,
	.bye = tls_bye,
};
