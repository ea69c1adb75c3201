/* SPDX-License-Identifier: BSD-3-Clause */
/* The door with real sockets: what gets in, what is cut, what is dialled. */
#include "config.h"

#include "net/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CUnit/CUnit.h>

#include "base/mem.h"
#include "door_bed.h"
#include "suite_net.h"

enum {
	TEXT = 4096,
	LONG = 2 * TEXT,
	SHORT_MS = 150,
	FLOOD = 64 << 20, /* far more than all queues and kernel buffers hold */
};

static const char options[] = "OPTIONS sip:a@h SIP/2.0\r\n"
			      "Via: SIP/2.0/TCP 10.0.0.1;branch=z9hG4bKa\r\n"
			      "Content-Length: 0\r\n\r\n";
static const char options_udp[] = "OPTIONS sip:a@h SIP/2.0\r\n"
				  "Via: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKa\r\n"
				  "Content-Length: 0\r\n\r\n";
static const char answer[] = "SIP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n";

static void open_tcp(struct bed *b, struct cv_door_conf conf)
{
	CU_ASSERT_EQUAL_FATAL(bed_open(b, &conf, NULL), 0);
}

static struct cv_addr local_of(int fd)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	struct cv_addr a = {0};

	CU_ASSERT_EQUAL(getsockname(fd, (struct sockaddr *)&ss, &len), 0);
	CU_ASSERT_EQUAL(cv_addr_from_sa(&a, (struct sockaddr *)&ss), 0);

	return a;
}

static void test_message_goes_in_and_answer_out(void)
{
	struct cv_addr peer, us;
	char got[TEXT];
	struct bed b;
	int fd;

	open_tcp(&b, bed_conf());
	fd = bed_connect(&b);
	us = local_of(fd);
	CU_ASSERT(bed_send(fd, options));
	b.conn = bed_accept(b.inside, &peer);
	CU_ASSERT_NOT_EQUAL_FATAL(b.conn, -1);
	CU_ASSERT(cv_addr_eq(&peer, &us));
	bed_agent_gets(&b, options);
	CU_ASSERT(bed_send(b.conn, answer));
	CU_ASSERT_EQUAL(bed_read(fd, got, sizeof(answer) - 1), sizeof(answer) - 1);
	CU_ASSERT_STRING_EQUAL(got, answer);
	(void)close(fd);
	CU_ASSERT(bed_ends(b.conn));
	CU_ASSERT(bed_empties(&b));
	bed_close(&b);
}

static void test_agents_end_is_the_clients(void)
{
	char got[TEXT];
	struct bed b;
	int fd;

	open_tcp(&b, bed_conf());
	fd = bed_connect(&b);
	CU_ASSERT(bed_send(fd, options));
	bed_agent_gets(&b, options);
	CU_ASSERT(bed_send(b.conn, answer));
	(void)close(b.conn);
	b.conn = -1;
	CU_ASSERT_EQUAL(bed_read(fd, got, TEXT - 1), sizeof(answer) - 1);
	CU_ASSERT(bed_ends(fd));
	(void)close(fd);
	CU_ASSERT(bed_empties(&b));
	bed_close(&b);
}

static void test_last_words_arrive(void)
{
	struct bed b;
	int fd;

	open_tcp(&b, bed_conf());
	fd = bed_connect(&b);
	CU_ASSERT(bed_send(fd, options));
	(void)close(fd);
	bed_agent_gets(&b, options);
	CU_ASSERT(bed_ends(b.conn));
	bed_close(&b);
}

static void test_via_is_mended(void)
{
	struct bed b;
	int fd;

	open_tcp(&b, bed_conf());
	fd = bed_connect(&b);
	CU_ASSERT(bed_send(fd, options_udp));
	bed_agent_gets(&b, options);
	CU_ASSERT(bed_counts(&b, CV_STAT_vias_mended, 1));
	(void)close(fd);
	bed_close(&b);
}

static void test_body_never_becomes_a_message(void)
{
	char text[2 * TEXT], got[TEXT];
	struct bed b;
	int fd;

	open_tcp(&b, bed_conf());
	fd = bed_connect(&b);
	(void)snprintf(text, sizeof(text),
		       "%sOPTIONS sip:b@h SIP/2.0\r\nVia: SIP/2.0/TCP h\r\n"
		       "Content-Length: 32\r\nContent-Length: 0\r\n\r\n%s",
		       options, options);
	CU_ASSERT(bed_send(fd, text));
	bed_agent_gets(&b, options);
	CU_ASSERT(bed_ends(b.conn));
	CU_ASSERT_EQUAL(bed_read(fd, got, 12), 12);
	CU_ASSERT_STRING_EQUAL(got, "SIP/2.0 400 ");
	CU_ASSERT(bed_ends(fd));
	CU_ASSERT(bed_counts(&b, CV_STAT_frames_bad, 1));
	(void)close(fd);
	bed_close(&b);
}

static void test_segments_do_not_matter(void)
{
	char two[TEXT];
	struct bed b;
	int fd;

	open_tcp(&b, bed_conf());
	fd = bed_connect(&b);
	for (size_t i = 0; i < sizeof(options) - 1; ++i)
		CU_ASSERT(send(fd, options + i, 1, MSG_NOSIGNAL) == 1);
	bed_agent_gets(&b, options);
	(void)snprintf(two, sizeof(two), "%s%s", options, options);
	CU_ASSERT(bed_send(fd, two));
	bed_agent_gets(&b, two);
	(void)close(fd);
	bed_close(&b);
}

static void test_ping_is_answered_without_the_agent(void)
{
	char got[TEXT];
	struct bed b;
	int fd;

	open_tcp(&b, bed_conf());
	fd = bed_connect(&b);
	CU_ASSERT(bed_send(fd, "\r\n\r\n"));
	CU_ASSERT_EQUAL(bed_read(fd, got, 2), 2);
	CU_ASSERT_STRING_EQUAL(got, "\r\n");
	CU_ASSERT_EQUAL(poll(&(struct pollfd){.fd = b.inside, .events = POLLIN}, 1, 0),
			0);
	(void)close(fd);
	bed_close(&b);
}

static void test_mute_connection_is_cut(void)
{
	struct cv_door_conf conf = bed_conf();
	struct bed b;
	int fd;

	conf.first_ms = SHORT_MS;
	open_tcp(&b, conf);
	fd = bed_connect(&b);
	CU_ASSERT(bed_ends(fd));
	CU_ASSERT(bed_counts(&b, CV_STAT_streams_cut, 1));
	(void)close(fd);
	bed_close(&b);
}

/* A byte now and then doesn't keep it. */
static void test_dripping_connection_is_cut(void)
{
	struct cv_door_conf conf = bed_conf();
	bool sent = true;
	struct bed b;
	int fd;

	conf.half_ms = SHORT_MS;
	open_tcp(&b, conf);
	fd = bed_connect(&b);
	for (size_t i = 0; sent && i < 100; ++i) {
		sent = bed_send(fd, "A");
		if (sent)
			(void)poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1,
				   SHORT_MS / 5);
	}
	CU_ASSERT_FALSE(sent);
	CU_ASSERT(bed_counts(&b, CV_STAT_streams_cut, 1));
	(void)close(fd);
	bed_close(&b);
}

static void test_endless_header_is_cut(void)
{
	struct cv_door_conf conf = bed_conf();
	char text[LONG + 1];
	struct bed b;
	int fd;

	open_tcp(&b, conf);
	memset(text, 'A', LONG);
	text[LONG] = '\0';
	fd = bed_connect(&b);
	(void)bed_send(fd, text);
	CU_ASSERT(bed_ends(fd));
	CU_ASSERT(bed_counts(&b, CV_STAT_frames_bad, 1));
	(void)close(fd);
	bed_close(&b);
}

static void test_source_has_a_limit(void)
{
	struct cv_door_conf conf = bed_conf();
	char got[TEXT];
	struct bed b;
	int fd[3];

	conf.source_conns = 2;
	open_tcp(&b, conf);
	for (size_t i = 0; i < 2; ++i) {
		fd[i] = bed_connect(&b);
		CU_ASSERT(bed_send(fd[i], "\r\n\r\n"));
		CU_ASSERT_EQUAL(bed_read(fd[i], got, 2), 2);
	}
	fd[2] = bed_connect(&b);
	CU_ASSERT(bed_ends(fd[2]));
	CU_ASSERT(bed_counts(&b, CV_STAT_streams_refused, 1));
	for (size_t i = 0; i < 3; ++i)
		(void)close(fd[i]);
	CU_ASSERT(bed_empties(&b));
	fd[0] = bed_connect(&b);
	CU_ASSERT(bed_send(fd[0], "\r\n\r\n"));
	CU_ASSERT_EQUAL(bed_read(fd[0], got, 2), 2);
	(void)close(fd[0]);
	bed_close(&b);
}

/* The agent can't fill our memory through a client that doesn't read. */
static void test_slow_reader_stops_the_agent(void)
{
	static char block[1 << 16];
	size_t sent = 0;
	struct bed b;
	int fd;

	open_tcp(&b, bed_conf());
	fd = bed_connect(&b);
	CU_ASSERT(bed_send(fd, options));
	bed_agent_gets(&b, options);
	CU_ASSERT_EQUAL(fcntl(b.conn, F_SETFL, O_NONBLOCK), 0);
	while (sent < FLOOD) {
		struct pollfd p = {.fd = b.conn, .events = POLLOUT};
		ssize_t n;

		if (poll(&p, 1, 300) != 1)
			break;
		n = send(b.conn, block, sizeof(block), MSG_NOSIGNAL);
		if (n <= 0)
			break;
		sent += (size_t)n;
	}
	CU_ASSERT(sent < FLOOD);
	(void)close(fd);
	bed_close(&b);
}

static void test_nobody_else_enters(void)
{
	struct cv_addr at, peer;
	struct bed b;
	int fd;

	open_tcp(&b, bed_conf());
	at = b.at;
	b.at = local_of(b.inside);
	fd = bed_connect(&b);
	CU_ASSERT_EQUAL(bed_accept(b.inside, &peer), -1);
	CU_ASSERT_EQUAL(errno, ECONNABORTED);
	CU_ASSERT(bed_ends(fd));
	(void)close(fd);
	b.at = at;
	bed_close(&b);
}

/* Dialling */

static void test_dials_a_peer(void)
{
	struct cv_gate_dial dial = {.transport = CV_TRANSPORT_TCP, .point = 1};
	int ear = bed_listen(&dial.to), fd, pbx;
	struct cv_addr from;
	char got[TEXT];
	struct bed b;

	open_tcp(&b, bed_conf());
	CU_ASSERT_EQUAL(cv_gate_aim(cv_door_gate(b.door), &dial), 0);
	fd = bed_agent_connects(&dial.to);
	CU_ASSERT(bed_send(fd, options));
	pbx = bed_accept(ear, &from);
	CU_ASSERT_NOT_EQUAL_FATAL(pbx, -1);
	CU_ASSERT_EQUAL(bed_read(pbx, got, sizeof(options) - 1), sizeof(options) - 1);
	CU_ASSERT(bed_send(pbx, answer));
	CU_ASSERT_EQUAL(bed_read(fd, got, sizeof(answer) - 1), sizeof(answer) - 1);
	(void)close(pbx);
	CU_ASSERT(bed_ends(fd));
	(void)close(fd);
	(void)close(ear);
	CU_ASSERT(bed_empties(&b));
	bed_close(&b);
}

static void test_peer_that_does_not_listen_ends_it(void)
{
	struct cv_gate_dial dial = {.transport = CV_TRANSPORT_TCP, .point = 1};
	struct bed b;
	int fd;

	(void)close(bed_listen(&dial.to));
	open_tcp(&b, bed_conf());
	CU_ASSERT_EQUAL(cv_gate_aim(cv_door_gate(b.door), &dial), 0);
	fd = bed_agent_connects(&dial.to);
	CU_ASSERT(bed_ends(fd));
	(void)close(fd);
	CU_ASSERT(bed_empties(&b));
	bed_close(&b);
}

static void test_oom(void)
{
	struct cv_door_conf conf = bed_conf();
	struct cv_door *d = NULL;
	int err = ENOMEM;

	for (long n = 0; err == ENOMEM && n < 64; ++n) {
		cv_mem_budget(n);
		err = cv_door_open(&d, &conf);
		cv_mem_budget(-1);
		CU_ASSERT(err == 0 || (err == ENOMEM && !d));
	}
	CU_ASSERT_EQUAL(err, 0);
	cv_door_close(d);
	cv_mem_unref(d);
}

int cv_test_stream(void)
{
	static const struct {
		const char *name;
		void (*fn)(void);
	} tests[] = {
		{"a message goes in, its answer out",
		 test_message_goes_in_and_answer_out},
		{"the agent's end is the client's", test_agents_end_is_the_clients},
		{"last words arrive", test_last_words_arrive},
		{"a Via is mended", test_via_is_mended},
		{"a body never becomes a message", test_body_never_becomes_a_message},
		{"segments do not matter", test_segments_do_not_matter},
		{"a ping is answered", test_ping_is_answered_without_the_agent},
		{"a mute connection is cut", test_mute_connection_is_cut},
		{"a dripping connection is cut", test_dripping_connection_is_cut},
		{"an endless header is cut", test_endless_header_is_cut},
		{"a source has a limit", test_source_has_a_limit},
		{"a slow reader stops the agent", test_slow_reader_stops_the_agent},
		{"nobody else enters", test_nobody_else_enters},
		{"dials a peer", test_dials_a_peer},
		{"an absent peer ends it", test_peer_that_does_not_listen_ends_it},
		{"out of memory", test_oom},
	};
	CU_pSuite s = CU_add_suite("stream", NULL, NULL);

	for (size_t i = 0; s && i < sizeof(tests) / sizeof(tests[0]); ++i) {
		if (!CU_add_test(s, tests[i].name, tests[i].fn))
			return (int)CU_get_error();
	}

	return s ? 0 : (int)CU_get_error();
}
