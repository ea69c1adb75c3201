/* SPDX-License-Identifier: BSD-3-Clause */
/* The door's test bed; test code, on the thread of the tests. */
#include "config.h"

#include "door_bed.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CUnit/CUnit.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/clock.h"
#include "base/mem.h"

enum {
	BED_WAIT_MS = BED_WAIT_S * 1000,
	BED_TEXT = 4096,
	DAY_S = 86400,
	POLL_MS = 5,
	BACKLOG = 512
};

const char *bed_path(const struct bed_certs *c, const char *name, char *dst)
{
	(void)snprintf(dst, BED_PATH, "%s/%s.pem", c->dir, name);

	return dst;
}

static bool extend(X509 *x, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *e;
	bool ok;

	X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
	e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	ok = e && X509_add_ext(x, e, -1) == 1;
	X509_EXTENSION_free(e);

	return ok;
}

static X509 *issue(EVP_PKEY *key, const char *cn, X509 *ca, EVP_PKEY *ca_key, bool ip)
{
	static long serial = 1;
	X509 *x = X509_new();
	X509_NAME *n = X509_get_subject_name(x);
	char san[160];

	(void)X509_set_version(x, 2);
	(void)ASN1_INTEGER_set(X509_get_serialNumber(x), serial++);
	(void)X509_gmtime_adj(X509_getm_notBefore(x), -DAY_S);
	(void)X509_gmtime_adj(X509_getm_notAfter(x), DAY_S);
	(void)X509_set_pubkey(x, key);
	(void)X509_NAME_add_entry_by_txt(n, "CN", MBSTRING_ASC, (const unsigned char *)cn,
					 -1, -1, 0);
	(void)X509_set_issuer_name(x, ca ? X509_get_subject_name(ca) : n);
	(void)snprintf(san, sizeof(san), "DNS:%s%s", cn, ip ? ",IP:127.0.0.1" : "");
	(void)extend(x, ca ? ca : x, ca ? NID_subject_alt_name : NID_basic_constraints,
		     ca ? san : "critical,CA:TRUE");
	if (X509_sign(x, ca_key ? ca_key : key, EVP_sha256()) == 0) {
		X509_free(x);
		return NULL;
	}

	return x;
}

int bed_cert(struct bed_certs *c, const char *name, const char *dns, bool ip)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *x = key ? issue(key, dns, c->ca, c->ca_key, ip) : NULL;
	char path[BED_PATH];
	FILE *f = x ? fopen(bed_path(c, name, path), "w") : NULL;

	if (f) {
		(void)PEM_write_X509(f, x);
		(void)PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL);
		(void)fclose(f);
	}
	X509_free(x);
	EVP_PKEY_free(key);

	return f ? 0 : EIO;
}

int bed_certs_open(struct bed_certs *c)
{
	char path[BED_PATH];
	FILE *f;

	memset(c, 0, sizeof(*c));
	(void)snprintf(c->dir, sizeof(c->dir), "/tmp/cv-door-XXXXXX");
	if (!mkdtemp(c->dir))
		return errno;

	c->ca_key = EVP_EC_gen("P-256");
	c->ca = issue(c->ca_key, "test authority", NULL, NULL, false);
	f = fopen(bed_path(c, "ca", path), "w");
	if (!c->ca || !f)
		return EIO;

	(void)PEM_write_X509(f, c->ca);
	(void)fclose(f);

	return bed_cert(c, "edge", "edge.test", true);
}

void bed_certs_close(struct bed_certs *c)
{
	static const char *const names[] = {"ca", "edge", "other", "phone"};
	char path[BED_PATH];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); ++i)
		(void)unlink(bed_path(c, names[i], path));
	(void)rmdir(c->dir);
	X509_free(c->ca);
	EVP_PKEY_free(c->ca_key);
}

struct cv_door_conf bed_conf(void)
{
	return (struct cv_door_conf){
		.max_message = 4096,
		.shake_ms = 10000,
		.first_ms = 10000,
		.half_ms = 10000,
		.idle_ms = 10000,
		.conns = 64,
		.source_conns = 64,
	};
}

static void be_patient(int fd)
{
	const struct timeval tv = {BED_WAIT_S, 0};

	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
}

int bed_listen(struct cv_addr *at)
{
	struct sockaddr_storage ss;
	socklen_t len;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)cv_addr_parse(at, CV_STR("127.0.0.1"));
	len = cv_addr_to_sa(at, &ss);
	if (bind(fd, (struct sockaddr *)&ss, len) == -1 || listen(fd, BACKLOG) == -1)
		return -1;

	len = sizeof(ss);
	(void)getsockname(fd, (struct sockaddr *)&ss, &len);
	(void)cv_addr_from_sa(at, (struct sockaddr *)&ss);

	return fd;
}

int bed_open(struct bed *b, const struct cv_door_conf *conf, struct cv_tls *t)
{
	enum cv_transport tr = t ? CV_TRANSPORT_TLS : CV_TRANSPORT_TCP;
	struct cv_door_way way = {.transport = tr}, tcp = {0};
	struct cv_door_conf dc = *conf;
	int err;

	memset(b, 0, sizeof(*b));
	b->conn = -1;
	b->inside = bed_listen(&way.inside);
	(void)cv_addr_parse(&way.own, CV_STR("127.0.0.1"));
	(void)cv_addr_parse(&b->at, CV_STR("127.0.0.1"));
	err = cv_stats_new(&b->stats, NULL);
	if (!err)
		err = cv_stats_cell(b->stats, &b->cell);
	dc.stat = b->cell;
	if (!err)
		err = cv_door_open(&b->door, &dc);
	if (err)
		return err;

	if (t)
		cv_door_tls(b->door, t);
	tcp = way;
	tcp.transport = CV_TRANSPORT_TCP;
	tcp.point = 1; /* no listener: dialled only */
	err = cv_door_way(b->door, &way);
	if (!err)
		err = cv_door_way(b->door, &tcp);
	if (!err)
		err = cv_door_listen(b->door, 0, tr, &b->at);
	if (!err)
		err = cv_door_start(b->door);
	cv_gate_here(cv_door_gate(b->door));

	return err;
}

void bed_close(struct bed *b)
{
	cv_gate_here(NULL);
	if (b->conn != -1)
		(void)close(b->conn);
	(void)close(b->inside);
	cv_door_close(b->door);
	cv_mem_unref(b->door);
	cv_mem_unref(b->stats);
}

int bed_connect(const struct bed *b)
{
	struct sockaddr_storage ss;
	socklen_t len = cv_addr_to_sa(&b->at, &ss);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	be_patient(fd);
	if (connect(fd, (struct sockaddr *)&ss, len) == 0)
		return fd;

	(void)close(fd);

	return -1;
}

int bed_accept(int listener, struct cv_addr *peer)
{
	struct pollfd p = {.fd = listener, .events = POLLIN};
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	int fd;

	if (poll(&p, 1, BED_WAIT_MS) != 1) {
		errno = ETIMEDOUT;
		return -1;
	}

	fd = cv_gate_accept(listener, (struct sockaddr *)&ss, &len);
	if (fd == -1)
		return -1;

	be_patient(fd);
	(void)cv_addr_from_sa(peer, (struct sockaddr *)&ss);

	return fd;
}

bool bed_send(int fd, const char *text)
{
	size_t len = strlen(text);

	return send(fd, text, len, MSG_NOSIGNAL) == (ssize_t)len;
}

size_t bed_read(int fd, char *dst, size_t n)
{
	size_t have = 0;

	while (have < n) {
		ssize_t got = recv(fd, dst + have, n - have, 0);

		if (got <= 0)
			break;
		have += (size_t)got;
	}
	dst[have] = '\0';

	return have;
}

int bed_agent_connects(const struct cv_addr *to)
{
	struct sockaddr_storage ss;
	struct cv_addr lo = {0};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t len;

	be_patient(fd);
	(void)cv_addr_parse(&lo, CV_STR("127.0.0.1"));
	len = cv_addr_to_sa(&lo, &ss);
	CU_ASSERT_EQUAL(bind(fd, (struct sockaddr *)&ss, len), 0);
	len = cv_addr_to_sa(to, &ss);
	CU_ASSERT_EQUAL(cv_gate_connect(fd, (struct sockaddr *)&ss, len), 0);

	return fd;
}

void bed_agent_gets(struct bed *b, const char *want)
{
	struct cv_addr peer;
	char got[BED_TEXT];

	if (b->conn == -1)
		b->conn = bed_accept(b->inside, &peer);
	CU_ASSERT_NOT_EQUAL_FATAL(b->conn, -1);
	CU_ASSERT_EQUAL(bed_read(b->conn, got, strlen(want)), strlen(want));
	CU_ASSERT_STRING_EQUAL(got, want);
}

bool bed_ends(int fd)
{
	char c[256];
	ssize_t n;

	do
		n = recv(fd, c, sizeof(c), 0);
	while (n > 0);

	return n == 0 || errno == ECONNRESET;
}

bool bed_counts(const struct bed *b, enum cv_stat_id id, uint64_t n)
{
	uint64_t end = cv_clock_ms() + BED_WAIT_MS;

	while (cv_stats_sum(b->stats, id) != n && cv_clock_ms() < end)
		(void)poll(NULL, 0, POLL_MS);

	return cv_stats_sum(b->stats, id) == n;
}

bool bed_empties(const struct bed *b)
{
	uint64_t end = cv_clock_ms() + BED_WAIT_MS;

	while (cv_door_count(b->door) > 0 && cv_clock_ms() < end)
		(void)poll(NULL, 0, POLL_MS);

	return cv_door_count(b->door) == 0;
}
