/* SPDX-License-Identifier: BSD-3-Clause */
/* TLS at the door: what is shown, asked for and refused; and rounds that leave nothing.
 */
#include "config.h"

#include "net/stream.h"

#include <dirent.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CUnit/CUnit.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/mem.h"
#include "door_bed.h"
#include "suite_net.h"

enum {
	TEXT = 4096,
	SHORT_MS = 150,
	ROUNDS = 1000,
	LIVE_SLACK = 8, /* objects of connections that are still being closed */
	FDS_SLACK = 16,
};

/* Memory that was freed is held back on purpose; the leak check counts in its place. */
#ifndef __has_feature
#define __has_feature(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) ||                     \
	__has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
enum { GROWS = 1 };
#else
enum { GROWS = 0 };
#endif

static const char options[] = "OPTIONS sip:a@h SIP/2.0\r\n"
			      "Via: SIP/2.0/TCP 10.0.0.1;branch=z9hG4bKa\r\n"
			      "Content-Length: 0\r\n\r\n";
static const char answer[] = "SIP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n";

/* options with TLS in its Via */
static void say_tls(char *dst)
{
	char *via;

	(void)snprintf(dst, TEXT, "%s", options);
	via = strstr(dst, "TCP");
	CU_ASSERT_PTR_NOT_NULL(via);
	if (!via)
		return;

	via[1] = 'L';
	via[2] = 'S';
}

static struct cv_tls *tls_of(struct bed_certs *c, const char *name,
			     enum cv_tls_verify verify)
{
	char cert[BED_PATH], ca[BED_PATH];
	struct cv_tls *t = NULL;
	struct cv_buf why = {0};

	CU_ASSERT_EQUAL_FATAL(cv_tls_new(&t), 0);
	CU_ASSERT_EQUAL_FATAL(
		cv_tls_add(t, 0,
			   &(struct cv_tls_conf){.cert = bed_path(c, name, cert),
						 .ca = bed_path(c, "ca", ca),
						 .verify = verify},
			   &why),
		0);

	return t;
}

/** A TLS client. */
struct client {
	int fd;
	SSL_CTX *ctx;
	SSL *ssl;
};

static bool shake(const struct bed *b, struct client *c, const char *sni,
		  const char *cert)
{
	c->fd = bed_connect(b);
	c->ctx = SSL_CTX_new(TLS_client_method());
	if (cert) {
		(void)SSL_CTX_use_certificate_chain_file(c->ctx, cert);
		(void)SSL_CTX_use_PrivateKey_file(c->ctx, cert, SSL_FILETYPE_PEM);
	}
	c->ssl = SSL_new(c->ctx);
	if (sni)
		(void)SSL_set_tlsext_host_name(c->ssl, sni);
	(void)SSL_set_fd(c->ssl, c->fd);

	return SSL_connect(c->ssl) == 1;
}

static void leave(struct client *c)
{
	SSL_free(c->ssl);
	SSL_CTX_free(c->ctx);
	(void)close(c->fd);
}

static bool shows(const struct client *c, const char *name)
{
	return X509_check_host(SSL_get0_peer_certificate(c->ssl), name, 0, 0, NULL) == 1;
}

static bool tls_pings(struct client *c)
{
	char got[2];

	return SSL_write(c->ssl, "\r\n\r\n", 4) == 4 && SSL_read(c->ssl, got, 2) > 0;
}

static void test_tls_carries_messages(void)
{
	struct cv_door_conf conf = bed_conf();
	struct bed_certs certs;
	struct client c;
	char got[TEXT], want[TEXT];
	struct bed b;
	int n;

	CU_ASSERT_EQUAL_FATAL(bed_certs_open(&certs), 0);
	CU_ASSERT_EQUAL_FATAL(bed_open(&b, &conf, tls_of(&certs, "edge", CV_TLS_NO)), 0);
	CU_ASSERT(shake(&b, &c, NULL, NULL));
	CU_ASSERT(shows(&c, "edge.test"));
	CU_ASSERT(SSL_write(c.ssl, options, sizeof(options) - 1) > 0);
	say_tls(want);
	bed_agent_gets(&b, want);
	CU_ASSERT(bed_send(b.conn, answer));
	n = SSL_read(c.ssl, got, sizeof(got));
	CU_ASSERT_EQUAL(n, (int)sizeof(answer) - 1);
	(void)close(b.conn);
	b.conn = -1;
	CU_ASSERT(SSL_read(c.ssl, got, sizeof(got)) <= 0);
	CU_ASSERT_EQUAL(SSL_get_shutdown(c.ssl) & SSL_RECEIVED_SHUTDOWN,
			SSL_RECEIVED_SHUTDOWN);
	leave(&c);
	CU_ASSERT(bed_empties(&b));
	bed_close(&b);
	bed_certs_close(&certs);
}

static void test_tls_chooses_by_name(void)
{
	struct cv_door_conf conf = bed_conf();
	char other[BED_PATH];
	struct bed_certs certs;
	struct cv_buf why = {0};
	struct cv_tls *t;
	struct client c;
	struct bed b;

	CU_ASSERT_EQUAL_FATAL(bed_certs_open(&certs), 0);
	CU_ASSERT_EQUAL(bed_cert(&certs, "other", "other.test", false), 0);
	t = tls_of(&certs, "edge", CV_TLS_NO);
	CU_ASSERT_EQUAL(cv_tls_add(t, 1,
				   &(struct cv_tls_conf){
					   .cert = bed_path(&certs, "other", other)},
				   &why),
			0);
	CU_ASSERT_EQUAL_FATAL(bed_open(&b, &conf, t), 0);
	CU_ASSERT(shake(&b, &c, "other.test", NULL));
	CU_ASSERT(shows(&c, "other.test"));
	leave(&c);
	CU_ASSERT(shake(&b, &c, "unknown.test", NULL));
	CU_ASSERT(shows(&c, "edge.test"));
	leave(&c);
	bed_close(&b);
	bed_certs_close(&certs);
}

/* The test's authority stands behind the certificate, as an intermediate one would. */
static void chain_write(const struct bed_certs *c, const char *name)
{
	char path[BED_PATH];
	FILE *f = fopen(bed_path(c, name, path), "a");

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	CU_ASSERT_EQUAL(PEM_write_X509(f, c->ca), 1);
	CU_ASSERT_EQUAL(fclose(f), 0);
}

static void test_tls_sends_the_chain(void)
{
	static const char *const asked[] = {"edge.test", "other.test"};
	struct cv_door_conf conf = bed_conf();
	char other[BED_PATH];
	struct bed_certs certs;
	struct cv_buf why = {0};
	struct cv_tls *t;
	struct client c;
	struct bed b;

	CU_ASSERT_EQUAL_FATAL(bed_certs_open(&certs), 0);
	CU_ASSERT_EQUAL(bed_cert(&certs, "other", "other.test", false), 0);
	chain_write(&certs, "edge");
	chain_write(&certs, "other");
	t = tls_of(&certs, "edge", CV_TLS_NO);
	CU_ASSERT_EQUAL(cv_tls_add(t, 1,
				   &(struct cv_tls_conf){
					   .cert = bed_path(&certs, "other", other)},
				   &why),
			0);
	CU_ASSERT_EQUAL_FATAL(bed_open(&b, &conf, t), 0);
	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); ++i) {
		CU_ASSERT(shake(&b, &c, asked[i], NULL));
		CU_ASSERT(shows(&c, asked[i]));
		CU_ASSERT_EQUAL(sk_X509_num(SSL_get_peer_cert_chain(c.ssl)), 2);
		leave(&c);
	}
	bed_close(&b);
	bed_certs_close(&certs);
}

static bool shakes_by(const struct bed *b, int version)
{
	struct client c = {.fd = bed_connect(b), .ctx = SSL_CTX_new(TLS_client_method())};
	bool ok;

	(void)SSL_CTX_set_max_proto_version(c.ctx, version);
	c.ssl = SSL_new(c.ctx);
	(void)SSL_set_fd(c.ssl, c.fd);
	ok = SSL_connect(c.ssl) == 1;
	leave(&c);

	return ok;
}

static void test_tls_has_an_oldest_version(void)
{
	static const struct {
		enum cv_tls_min min;
		int version;
		bool ok;
	} rows[] = {
		{CV_TLS_1_2, TLS1_2_VERSION, true},
		{CV_TLS_1_3, TLS1_2_VERSION, false},
		{CV_TLS_1_3, TLS1_3_VERSION, true},
	};
	struct cv_door_conf conf = bed_conf();
	char cert[BED_PATH];
	struct bed_certs certs;

	CU_ASSERT_EQUAL_FATAL(bed_certs_open(&certs), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
		struct cv_tls_conf files = {.cert = bed_path(&certs, "edge", cert),
					    .min = rows[i].min};
		struct cv_buf why = {0};
		struct cv_tls *t = NULL;
		struct bed b;

		CU_ASSERT_EQUAL_FATAL(cv_tls_new(&t), 0);
		CU_ASSERT_EQUAL(cv_tls_add(t, 0, &files, &why), 0);
		CU_ASSERT_EQUAL_FATAL(bed_open(&b, &conf, t), 0);
		CU_ASSERT_EQUAL(shakes_by(&b, rows[i].version), rows[i].ok);
		bed_close(&b);
	}
	bed_certs_close(&certs);
}

static void test_tls_mutual(void)
{
	struct cv_door_conf conf = bed_conf();
	struct bed_certs certs, strange;
	char phone[BED_PATH], alien[BED_PATH];
	struct client c;
	struct bed b;

	CU_ASSERT_EQUAL_FATAL(bed_certs_open(&certs), 0);
	CU_ASSERT_EQUAL_FATAL(bed_certs_open(&strange), 0);
	CU_ASSERT_EQUAL(bed_cert(&certs, "phone", "phone.test", false), 0);
	CU_ASSERT_EQUAL_FATAL(bed_open(&b, &conf, tls_of(&certs, "edge", CV_TLS_MUTUAL)),
			      0);
	CU_ASSERT(shake(&b, &c, NULL, bed_path(&certs, "phone", phone)));
	CU_ASSERT(tls_pings(&c));
	leave(&c);
	/* in TLS 1.3 the client learns of the refusal with its first read */
	CU_ASSERT_FALSE(shake(&b, &c, NULL, NULL) && tls_pings(&c));
	leave(&c);
	CU_ASSERT_FALSE(shake(&b, &c, NULL, bed_path(&strange, "edge", alien)) &&
			tls_pings(&c));
	leave(&c);
	CU_ASSERT(bed_counts(&b, CV_STAT_tls_failed, 2));
	bed_close(&b);
	bed_certs_close(&certs);
	bed_certs_close(&strange);
}

static void test_tls_reload(void)
{
	struct cv_door_conf conf = bed_conf();
	struct bed_certs certs;
	struct client old, fresh;
	struct bed b;

	CU_ASSERT_EQUAL_FATAL(bed_certs_open(&certs), 0);
	CU_ASSERT_EQUAL(bed_cert(&certs, "other", "other.test", false), 0);
	CU_ASSERT_EQUAL_FATAL(bed_open(&b, &conf, tls_of(&certs, "edge", CV_TLS_NO)), 0);
	CU_ASSERT(shake(&b, &old, NULL, NULL));
	CU_ASSERT(shows(&old, "edge.test"));
	cv_door_tls(b.door, tls_of(&certs, "other", CV_TLS_NO));
	for (size_t i = 0; i < 100;
	     ++i) { /* the door takes it over when it comes to it */
		CU_ASSERT(shake(&b, &fresh, NULL, NULL));
		if (shows(&fresh, "other.test"))
			break;
		leave(&fresh);
	}
	CU_ASSERT(shows(&fresh, "other.test"));
	CU_ASSERT(tls_pings(&old));
	CU_ASSERT(tls_pings(&fresh));
	leave(&old);
	leave(&fresh);
	bed_close(&b);
	bed_certs_close(&certs);
}

static void test_tls_handshake_has_a_limit(void)
{
	struct cv_door_conf conf = bed_conf();
	struct bed_certs certs;
	struct bed b;
	int fd;

	conf.shake_ms = SHORT_MS;
	CU_ASSERT_EQUAL_FATAL(bed_certs_open(&certs), 0);
	CU_ASSERT_EQUAL_FATAL(bed_open(&b, &conf, tls_of(&certs, "edge", CV_TLS_NO)), 0);
	fd = bed_connect(&b);
	CU_ASSERT(send(fd, "\x16\x03\x01\x02", 4, MSG_NOSIGNAL) == 4);
	CU_ASSERT(bed_ends(fd));
	CU_ASSERT(bed_counts(&b, CV_STAT_streams_cut, 1));
	(void)close(fd);
	bed_close(&b);
	bed_certs_close(&certs);
}

/* Dials the door's own TLS listener as if it were a peer; true: what we say arrives. */
static bool reaches(struct bed *b, const char *name, bool named, char *want)
{
	struct cv_gate_dial dial = {
		.to = b->at, .transport = CV_TRANSPORT_TLS, .named = named};
	struct cv_addr peer;
	bool there;
	int fd;

	(void)snprintf(dial.name, sizeof(dial.name), "%s", name);
	CU_ASSERT_EQUAL(cv_gate_aim(cv_door_gate(b->door), &dial), 0);
	fd = bed_agent_connects(&dial.to);
	(void)bed_send(fd, want);
	there = poll(&(struct pollfd){.fd = b->inside, .events = POLLIN}, 1, 1000) == 1;
	if (there) {
		b->conn = bed_accept(b->inside, &peer);
		(void)close(b->conn);
		b->conn = -1;
	}
	CU_ASSERT(bed_ends(fd));
	(void)close(fd);

	return there;
}

static void test_dials_tls_to_who_it_is(void)
{
	struct cv_door_conf conf = bed_conf();
	struct bed_certs certs, strange;
	struct bed b;
	char want[TEXT];

	say_tls(want);
	CU_ASSERT_EQUAL_FATAL(bed_certs_open(&certs), 0);
	CU_ASSERT_EQUAL_FATAL(bed_certs_open(&strange), 0);
	CU_ASSERT_EQUAL(bed_cert(&certs, "other", "other.test", false), 0);
	CU_ASSERT_EQUAL_FATAL(bed_open(&b, &conf, tls_of(&certs, "edge", CV_TLS_YES)), 0);
	CU_ASSERT(reaches(&b, "", false, want)); /* it bears 127.0.0.1 */
	CU_ASSERT(reaches(&b, "pbx.test", false, want));
	CU_ASSERT_FALSE(reaches(&b, "pbx.test", true, want)); /* which the DNS said */
	CU_ASSERT(reaches(&b, "edge.test", true, want));
	bed_close(&b);
	CU_ASSERT_EQUAL_FATAL(bed_open(&b, &conf, tls_of(&certs, "other", CV_TLS_YES)),
			      0);
	CU_ASSERT(reaches(&b, "other.test", false, want));
	CU_ASSERT_FALSE(reaches(&b, "pbx.test", false, want));
	CU_ASSERT_FALSE(reaches(&b, "", false, want));
	bed_close(&b);
	bed_certs_close(&certs);
	bed_certs_close(&strange);
}

/* Rounds */

static size_t descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	size_t n = 0;

	while (d && readdir(d))
		++n;
	if (d)
		(void)closedir(d);

	return n;
}

static long resident_kb(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	long pages = 0;

	if (f) {
		if (fscanf(f, "%*s %ld", &pages) != 1)
			pages = 0;
		(void)fclose(f);
	}

	return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static size_t rounds(void)
{
	const char *more = getenv("CV_DOOR_ROUNDS");

	return more ? strtoul(more, NULL, 10) : ROUNDS;
}

/* Connects, gets as far as @p i says, leaves by FIN or by reset. */
static void visit(struct bed *b, size_t i, bool tls)
{
	const struct linger hard = {1, 0};
	struct client c = {.fd = -1};

	if (tls && i % 4 != 0) {
		if (shake(b, &c, NULL, NULL) && i % 4 == 3)
			(void)tls_pings(&c);
	} else {
		c.fd = bed_connect(b);
		(void)send(c.fd, options, i % 3 == 0 ? 20 : 0, MSG_NOSIGNAL);
	}

	if (i % 2)
		(void)setsockopt(c.fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
	leave(&c);
}

/** What a process has in use. */
struct usage {
	size_t fds, live;
	long kb;
};

static struct usage usage(struct bed *b)
{
	CU_ASSERT(bed_empties(b));

	return (struct usage){descriptors(), cv_mem_live(), resident_kb()};
}

static void walk(struct bed *b, bool tls)
{
	size_t n = rounds();
	struct usage early = {0}, late;

	for (size_t i = 0; i < n; ++i) {
		visit(b, i, tls);
		if (i % 50 == 49)
			CU_ASSERT(bed_empties(b));
		if (i == n / 4) /* arenas and tables have their size by now */
			early = usage(b);
	}

	late = usage(b);
	CU_ASSERT(late.fds <= early.fds + FDS_SLACK);
	CU_ASSERT(late.live <= early.live + LIVE_SLACK);
	CU_ASSERT(GROWS || late.kb < early.kb + (long)n); /* less than 1 kB a round */
}

static void test_rounds_leave_nothing(void)
{
	struct cv_door_conf conf = bed_conf();
	struct bed_certs certs;
	struct bed b;

	CU_ASSERT_EQUAL_FATAL(bed_open(&b, &conf, NULL), 0);
	walk(&b, false);
	bed_close(&b);
	CU_ASSERT_EQUAL_FATAL(bed_certs_open(&certs), 0);
	CU_ASSERT_EQUAL_FATAL(bed_open(&b, &conf, tls_of(&certs, "edge", CV_TLS_NO)), 0);
	walk(&b, true);
	bed_close(&b);
	bed_certs_close(&certs);
}

int cv_test_stream_outer(void)
{
	CU_pSuite s = CU_add_suite("stream_outer", NULL, NULL);

	if (!s || !CU_add_test(s, "TLS carries messages", test_tls_carries_messages) ||
	    !CU_add_test(s, "TLS chooses by name", test_tls_chooses_by_name) ||
	    !CU_add_test(s, "TLS sends the chain", test_tls_sends_the_chain) ||
	    !CU_add_test(s, "TLS has an oldest version",
			 test_tls_has_an_oldest_version) ||
	    !CU_add_test(s, "TLS mutual", test_tls_mutual) ||
	    !CU_add_test(s, "TLS reload", test_tls_reload) ||
	    !CU_add_test(s, "a TLS handshake has a limit",
			 test_tls_handshake_has_a_limit) ||
	    !CU_add_test(s, "dials TLS to who it is", test_dials_tls_to_who_it_is) ||
	    !CU_add_test(s, "rounds leave nothing", test_rounds_leave_nothing))
		return (int)CU_get_error();

	return 0;
}
