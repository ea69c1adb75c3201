/* SPDX-License-Identifier: BSD-3-Clause */
/* A small name server for tests, on the thread of the tests. */
#include "config.h"

#include "dns_bed.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"

enum {
	HEADER = 12,
	MESSAGE = 4096,
	NAME = 256,
	CHAIN = 64, /* CNAMEs of an endless row that are sent */
	PORTS_TRIED = 32,
	FOLLOW = 8, /* CNAMEs of the zone that are followed */
};

struct dns_bed {
	const struct dns_row *rows;
	struct cv_loop *loop;
	int udp, tcp, conn; /* -1: none */
	struct cv_fd *udp_fd, *tcp_fd, *conn_fd;
	char server[CV_ADDR_STRLEN];
	unsigned questions, streams;
};

/** A message as it is written. */
struct out {
	uint8_t p[MESSAGE];
	size_t len;
	unsigned answers;
};

/** A question. */
struct question {
	uint8_t id[2];
	char name[NAME];
	int type;
	size_t len; /* of the message as far as the question goes */
};

static void put(struct out *o, const void *p, size_t len)
{
	if (o->len + len > sizeof(o->p))
		return;

	memcpy(o->p + o->len, p, len);
	o->len += len;
}

static void put16(struct out *o, unsigned n)
{
	const uint8_t v[] = {(uint8_t)(n >> 8), (uint8_t)n};

	put(o, v, sizeof(v));
}

static void put_name(struct out *o, const char *name)
{
	while (*name) {
		size_t len = strcspn(name, ".");
		const uint8_t n = (uint8_t)len;

		if (len > 0) {
			put(o, &n, 1);
			put(o, name, len);
		}
		name += len;
		name += *name == '.';
	}

	put(o, "", 1);
}

static void put_text(struct out *o, const char *text)
{
	const uint8_t n = (uint8_t)strlen(text);

	put(o, &n, 1);
	put(o, text, n);
}

static void put_naptr(struct out *o, const char *data)
{
	char flags[16], service[32], to[NAME];
	unsigned order, preference;

	if (sscanf(data, "%u %u %15s %31s %255s", &order, &preference, flags, service,
		   to) != 5)
		abort();

	put16(o, order);
	put16(o, preference);
	put_text(o, flags);
	put_text(o, service);
	put_text(o, "");
	put_name(o, to);
}

static void put_srv(struct out *o, const char *data)
{
	unsigned priority, weight, port;
	char to[NAME];

	if (sscanf(data, "%u %u %u %255s", &priority, &weight, &port, to) != 4)
		abort();

	put16(o, priority);
	put16(o, weight);
	put16(o, port);
	put_name(o, to);
}

static void put_data(struct out *o, int type, const char *data)
{
	uint8_t ip[16];

	if (type == DNS_A && inet_pton(AF_INET, data, ip) == 1)
		put(o, ip, 4);
	else if (type == DNS_AAAA && inet_pton(AF_INET6, data, ip) == 1)
		put(o, ip, 16);
	else if (type == DNS_SRV)
		put_srv(o, data);
	else if (type == DNS_NAPTR)
		put_naptr(o, data);
	else if (type == DNS_CNAME)
		put_name(o, data);
	else
		abort();
}

static void put_row(struct out *o, const struct dns_row *r)
{
	size_t at;

	put_name(o, r->name);
	put16(o, (unsigned)r->type);
	put16(o, 1);
	put16(o, r->ttl >> 16);
	put16(o, r->ttl);
	at = o->len;
	put16(o, 0);
	put_data(o, r->type, r->data);
	o->p[at] = (uint8_t)((o->len - at - 2) >> 8);
	o->p[at + 1] = (uint8_t)(o->len - at - 2);
	++o->answers;
}

static int read_question(struct question *q, const uint8_t *p, size_t len)
{
	size_t at = HEADER, n = 0;

	if (len < HEADER)
		return EBADMSG;

	memcpy(q->id, p, 2);
	while (at < len && p[at] > 0) {
		size_t label = p[at];

		if (at + 1 + label > len || n + label + 2 > sizeof(q->name))
			return EBADMSG;

		if (n > 0)
			q->name[n++] = '.';
		memcpy(q->name + n, p + at + 1, label);
		n += label;
		at += 1 + label;
	}

	if (at + 5 > len)
		return EBADMSG;

	q->name[n] = '\0';
	q->type = p[at + 1] << 8 | p[at + 2];
	q->len = at + 5;

	return 0;
}

static const struct dns_row *find(const struct dns_bed *b, const char *name, int type)
{
	for (const struct dns_row *r = b->rows; r && r->name; ++r) {
		if (strcasecmp(r->name, name) == 0 && r->type == type)
			return r;
	}

	return NULL;
}

/* How the question is met when not by records; 0: by records. */
static int manner(const struct dns_bed *b, const struct question *q)
{
	for (const struct dns_row *r = b->rows; r && r->name; ++r) {
		if (r->type >= DNS_SILENT && strcasecmp(r->name, q->name) == 0 &&
		    (r->ttl == 0 || (int)r->ttl == q->type))
			return r->type;
	}

	return 0;
}

static void put_rows(const struct dns_bed *b, struct out *o, const struct question *q)
{
	const char *name = q->name;

	for (size_t i = 0; i < FOLLOW; ++i) {
		const struct dns_row *alias = find(b, name, DNS_CNAME);

		if (!alias)
			break;
		put_row(o, alias);
		name = alias->data;
	}

	for (const struct dns_row *r = b->rows; r && r->name; ++r) {
		if (r->type == q->type && strcasecmp(r->name, name) == 0)
			put_row(o, r);
	}
}

static void put_chain(struct out *o, const struct question *q)
{
	char from[NAME + 16], to[NAME + 16];

	(void)snprintf(from, sizeof(from), "%s", q->name);
	for (unsigned i = 0; i < CHAIN; ++i) {
		(void)snprintf(to, sizeof(to), "c%u.test", i);
		put_row(o, &(struct dns_row){from, DNS_CNAME, 60, to});
		memcpy(from, to, sizeof(from));
	}

	put_row(o, &(struct dns_row){from, q->type, 60,
				     q->type == DNS_A ? "192.0.2.66" : "2001:db8::66"});
}

/* A record whose name and data point at themselves, or end too late. */
static void put_nonsense(struct out *o, int how)
{
	put16(o, 0xc000 | (unsigned)o->len);
	put16(o, DNS_SRV);
	put16(o, 1);
	put16(o, 0);
	put16(o, 60);
	put16(o, how == DNS_OVERRUN ? 4000 : 8);
	put16(o, 1);
	put16(o, 1);
	put16(o, 5060);
	put16(o, 0xc000 | (unsigned)o->len);
	++o->answers;
}

/* False: nothing is said. */
static bool answer(struct dns_bed *b, struct out *o, const uint8_t *p, size_t len,
		   bool stream)
{
	struct question q;
	unsigned flags = 0x8580; /* an answer, with authority */
	int how;

	if (read_question(&q, p, len))
		return false;

	++b->questions;
	how = manner(b, &q);
	if (how == DNS_SILENT)
		return false;

	o->len = 0;
	o->answers = 0;
	put(o, p, q.len);
	if (how == DNS_FAIL)
		flags |= 2;
	else if (how == DNS_CUT && !stream)
		flags |= 0x200;
	else if (how == DNS_GARBAGE || how == DNS_OVERRUN)
		put_nonsense(o, how);
	else if (how == DNS_CHAIN)
		put_chain(o, &q);
	else
		put_rows(b, o, &q);

	if (o->answers == 0 && flags == 0x8580)
		flags |= 3; /* no such name */
	o->p[2] = (uint8_t)(flags >> 8);
	o->p[3] = (uint8_t)flags;
	memset(o->p + 4, 0, 8);
	o->p[5] = 1;
	o->p[7] = (uint8_t)o->answers;

	return true;
}

static void on_udp(int fd, void *arg)
{
	struct sockaddr_storage from;
	socklen_t fromlen = sizeof(from);
	uint8_t p[MESSAGE];
	struct out o;
	ssize_t n = recvfrom(fd, p, sizeof(p), 0, (struct sockaddr *)&from, &fromlen);

	if (n > 0 && answer(arg, &o, p, (size_t)n, false))
		(void)sendto(fd, o.p, o.len, 0, (struct sockaddr *)&from, fromlen);
}

/* Length and question come in one piece from the one who asks here. */
static void on_conn(int fd, void *arg)
{
	struct dns_bed *b = arg;
	uint8_t p[MESSAGE], size[2];
	struct out o;
	ssize_t n = recv(fd, p, sizeof(p), MSG_DONTWAIT);

	if (n > 2 && answer(b, &o, p + 2, (size_t)n - 2, true)) {
		size[0] = (uint8_t)(o.len >> 8);
		size[1] = (uint8_t)o.len;
		(void)send(fd, size, 2, MSG_NOSIGNAL);
		(void)send(fd, o.p, o.len, MSG_NOSIGNAL);
		return;
	}

	b->conn_fd = cv_mem_unref(b->conn_fd);
	(void)close(b->conn);
	b->conn = -1;
}

/* One connection at a time. */
static void on_tcp(int fd, void *arg)
{
	struct dns_bed *b = arg;
	int conn = accept(fd, NULL, NULL);

	if (conn == -1)
		return;

	++b->streams;
	if (b->conn != -1 || cv_fd_new(&b->conn_fd, b->loop, conn, on_conn, b))
		(void)close(conn);
	else
		b->conn = conn;
}

static void close_sockets(struct dns_bed *b)
{
	if (b->udp != -1)
		(void)close(b->udp);
	if (b->tcp != -1)
		(void)close(b->tcp);
	b->udp = b->tcp = -1;
}

static void bed_fini(void *obj)
{
	struct dns_bed *b = obj;

	cv_mem_unref(b->udp_fd);
	cv_mem_unref(b->tcp_fd);
	cv_mem_unref(b->conn_fd);
	if (b->conn != -1)
		(void)close(b->conn);
	close_sockets(b);
}

/* UDP at a free port, TCP at the same. */
static int open_pair(struct dns_bed *b)
{
	struct sockaddr_in sin = {.sin_family = AF_INET};
	socklen_t len = sizeof(sin);
	struct cv_addr a;

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	b->udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	b->tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (b->udp == -1 || b->tcp == -1 ||
	    bind(b->udp, (struct sockaddr *)&sin, sizeof(sin)) == -1 ||
	    getsockname(b->udp, (struct sockaddr *)&sin, &len) == -1 ||
	    bind(b->tcp, (struct sockaddr *)&sin, sizeof(sin)) == -1 ||
	    listen(b->tcp, 8) == -1)
		return errno;

	(void)cv_addr_from_sa(&a, (struct sockaddr *)&sin);
	(void)cv_addr_print(&a, b->server);

	return 0;
}

/* A port that is free for UDP may be somebody's, or rest, for TCP: then another. */
static int open_sockets(struct dns_bed *b)
{
	int err = EADDRINUSE;

	for (int i = 0; err == EADDRINUSE && i < PORTS_TRIED; ++i) {
		close_sockets(b);
		err = open_pair(b);
	}

	return err;
}

int dns_bed_open(struct dns_bed **bp, struct cv_loop *loop)
{
	struct dns_bed *b = cv_mem_new(sizeof(*b), bed_fini);
	int err;

	if (!b)
		return ENOMEM;

	b->loop = loop;
	b->udp = b->tcp = b->conn = -1;
	err = open_sockets(b);
	if (!err)
		err = cv_fd_new(&b->udp_fd, loop, b->udp, on_udp, b);
	if (!err)
		err = cv_fd_new(&b->tcp_fd, loop, b->tcp, on_tcp, b);
	if (err)
		cv_mem_unref(b);
	else
		*bp = b;

	return err;
}

void dns_bed_zone(struct dns_bed *b, const struct dns_row *rows)
{
	b->rows = rows;
}

const char *dns_bed_server(const struct dns_bed *b)
{
	return b->server;
}

unsigned dns_bed_questions(const struct dns_bed *b)
{
	return b->questions;
}

unsigned dns_bed_streams(const struct dns_bed *b)
{
	return b->streams;
}
