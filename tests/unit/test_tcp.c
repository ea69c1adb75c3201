/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Streams over TCP in sessions of media/msess.c, through real threads and connections: A
 * in the LAN at 127.0.1.1, B outside at 127.0.1.2.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CUnit/CUnit.h>

#include "base/mem.h"
#include "media_bed.h"
#include "net/sock.h"
#include "suite_media.h"

enum { LO = 22000, HI = 22003 };

/* A session of one stream over TCP. */
struct desk {
	struct bed *bed;
	struct cv_media *m;
	struct cv_flow to_a, to_b; /* what we said to them */
	int fd;                    /* what `until` looks at */
	char got[16];
};

static struct bed *tcp_bed(void)
{
	struct bed *bed = bed_new();

	bed->conf.tcp_lo = LO;
	bed->conf.tcp_hi = HI;
	bed_start(bed);

	return bed;
}

static struct cv_flow tcp_flow(const char *at, enum cv_setup setup)
{
	struct cv_flow f = {.carry = CV_CARRY_TCP,
			    .profile = CV_PROFILE_TCP,
			    .setup = setup,
			    .rtp = bed_addr(at)};

	return f;
}

static void desk_open(struct desk *d, struct bed *bed, enum cv_side b)
{
	struct cv_place pa = bed_place(CV_SIDE_LAN, "127.0.1.1", 0);
	struct cv_place pb = bed_place(b, "127.0.1.2", 1);

	*d = (struct desk){.bed = bed, .fd = -1};
	CU_ASSERT_EQUAL_FATAL(cv_media_open(&d->m, bed->plane, &pa, &pb, 1), 0);
}

static int say(struct desk *d, enum cv_end from, const char *at, enum cv_setup setup)
{
	struct cv_flow f = tcp_flow(at, setup);

	return cv_media_set(d->m, from, 0, &f, from == CV_END_A ? &d->to_b : &d->to_a, 1);
}

static int64_t gauge(const struct bed *bed, const char *name)
{
	struct cv_buf text = {.p = NULL};
	struct cv_out *out;
	char key[48];
	const char *at;
	int64_t n = -1;

	CU_ASSERT_EQUAL_FATAL(cv_out_new(&out, CV_OUT_TEXT), 0);
	CU_ASSERT_EQUAL(cv_cmd_run(bed->cmds, CV_STR("show stats"), out), 0);
	CU_ASSERT_EQUAL(cv_out_finish(out, &text), 0);
	(void)snprintf(key, sizeof(key), "%s: ", name);
	at = text.p ? strstr(text.p, key) : NULL;
	if (at)
		n = strtoll(at + strlen(key), NULL, 10);
	cv_buf_free(&text);
	cv_mem_unref(out);

	return n;
}

static int come(const char *host, const struct cv_addr *to)
{
	struct cv_addr from = bed_addr(host);
	struct sockaddr_storage ss;
	socklen_t len = cv_addr_to_sa(to, &ss);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct sockaddr_storage me;
	socklen_t melen = cv_addr_to_sa(&from, &me);

	CU_ASSERT_EQUAL(bind(fd, (struct sockaddr *)&me, melen), 0);
	CU_ASSERT_EQUAL(connect(fd, (struct sockaddr *)&ss, len), 0);

	return fd;
}

static bool is_called(void *arg)
{
	struct desk *d = arg;
	int fd = accept(d->fd, NULL, NULL);

	if (fd == -1)
		return false;

	d->fd = fd;

	return true;
}

static bool has_text(void *arg)
{
	struct desk *d = arg;
	ssize_t n = recv(d->fd, d->got, sizeof(d->got) - 1, MSG_DONTWAIT);

	if (n < 0)
		return false;

	d->got[n] = '\0';

	return true;
}

static void hears(struct desk *d, int fd, const char *text)
{
	d->fd = fd;
	CU_ASSERT_TRUE(bed_wait(d->bed, has_text, d));
	CU_ASSERT_STRING_EQUAL(d->got, text);
}

static void talk(struct desk *d, int a, int b)
{
	CU_ASSERT_EQUAL(send(a, "desk", 4, MSG_NOSIGNAL), 4);
	hears(d, b, "desk");
	CU_ASSERT_EQUAL(send(b, "seen", 4, MSG_NOSIGNAL), 4);
	hears(d, a, "seen");
}

static bool is_free(void *arg)
{
	const struct desk *d = arg;

	return gauge(d->bed, "tcp_ports_used") == 0;
}

static void desk_close(struct desk *d)
{
	struct bed *bed = d->bed;

	cv_media_close(d->m);
	CU_ASSERT_TRUE(bed_wait(bed, is_free, d));
	bed_free(bed);
}

/* A waits at its port as it was before RFC 4145, B comes to ours. */
static void test_cg_17_offerer_waits(void)
{
	struct cv_addr a = bed_addr("127.0.1.1:0"), at = {0};
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	char text[CV_ADDR_STRLEN];
	struct cv_media_report r;
	struct desk d;
	int ear, here, there;

	desk_open(&d, tcp_bed(), CV_SIDE_WAN);
	CU_ASSERT_EQUAL_FATAL(cv_sock_listen(&ear, &a, 0), 0);
	CU_ASSERT_EQUAL(getsockname(ear, (struct sockaddr *)&ss, &len), 0);
	CU_ASSERT_EQUAL(cv_addr_from_sa(&at, (struct sockaddr *)&ss), 0);
	CU_ASSERT_EQUAL(say(&d, CV_END_A, cv_addr_print(&at, text), CV_SETUP_UNSAID), 0);
	CU_ASSERT_TRUE(d.to_b.rtp.port >= LO && d.to_b.rtp.port <= HI);
	CU_ASSERT_EQUAL(d.to_b.rtcp.port, 0);
	CU_ASSERT_EQUAL(say(&d, CV_END_B, "127.0.1.2:1503", CV_SETUP_UNSAID), 0);
	there = come("127.0.1.2:0", &d.to_b.rtp);
	d.fd = ear;
	CU_ASSERT_TRUE(bed_wait(d.bed, is_called, &d));
	here = d.fd;
	talk(&d, here, there);
	CU_ASSERT_EQUAL(cv_media_report(d.m, 0, CV_END_A, &r), 0);
	CU_ASSERT_EQUAL(r.bytes_in, 4);
	CU_ASSERT_TRUE(r.latched);
	CU_ASSERT_EQUAL(gauge(d.bed, "tcp_ports_used"), 2);
	CU_ASSERT_EQUAL(gauge(d.bed, "ports_used"), 0);
	(void)close(ear);
	(void)close(here);
	(void)close(there);
	desk_close(&d);
}

static int listen_at(const char *host, struct cv_addr *at)
{
	struct cv_addr a = bed_addr(host);
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	int ear;

	CU_ASSERT_EQUAL_FATAL(cv_sock_listen(&ear, &a, 0), 0);
	CU_ASSERT_EQUAL(getsockname(ear, (struct sockaddr *)&ss, &len), 0);
	CU_ASSERT_EQUAL(cv_addr_from_sa(at, (struct sockaddr *)&ss), 0);

	return ear;
}

/* Whether B, at 127.0.1.2, can have us connect to @p host, for A who is there. */
static bool is_dialled(const char *host, bool is_peer)
{
	const struct cv_manner manner = {.is_peer = is_peer};
	struct cv_addr at = {0};
	char text[CV_ADDR_STRLEN];
	struct desk d;
	bool called;
	int ear, here;

	desk_open(&d, tcp_bed(), CV_SIDE_WAN);
	ear = listen_at(host, &at);
	cv_media_manner(d.m, CV_END_B, &manner);
	CU_ASSERT_EQUAL(say(&d, CV_END_A, "127.0.1.1:9", CV_SETUP_ACTIVE), 0);
	CU_ASSERT_EQUAL(say(&d, CV_END_B, cv_addr_print(&at, text), CV_SETUP_PASSIVE), 0);
	bed_turn(d.bed, 20);
	here = come("127.0.1.1:0", &d.to_a.rtp);
	bed_turn(d.bed, 50);
	d.fd = ear;
	called = is_called(&d);
	if (called)
		(void)close(d.fd);
	(void)close(ear);
	(void)close(here);
	desk_close(&d);

	return called;
}

static void test_threat_18_only_its_own_host_is_dialled(void)
{
	CU_ASSERT_TRUE(is_dialled("127.0.1.2:0", false));
	CU_ASSERT_FALSE(is_dialled("127.0.1.9:0", false));
	CU_ASSERT_TRUE(is_dialled("127.0.1.9:0", true));
	CU_ASSERT_FALSE(is_dialled("127.0.0.1:0", true)); /* this host */
	CU_ASSERT_FALSE(is_dialled("127.0.0.2:0", false));
}

/* Both behind their words: A can wait, B behind a NAT is told to connect. */
static void test_cg_17_far_end_connects(void)
{
	struct desk d;
	int here, there;

	desk_open(&d, tcp_bed(), CV_SIDE_FAR);
	CU_ASSERT_EQUAL(say(&d, CV_END_A, "127.0.1.1:9", CV_SETUP_ACTIVE), 0);
	CU_ASSERT_EQUAL(d.to_b.setup, CV_SETUP_PASSIVE);
	CU_ASSERT_EQUAL(say(&d, CV_END_B, "127.0.9.7:9", CV_SETUP_ACTIVE), 0);
	CU_ASSERT_EQUAL(d.to_a.setup, CV_SETUP_ACTIVE);
	here = come("127.0.1.1:0", &d.to_a.rtp);
	there = come("127.0.1.2:0", &d.to_b.rtp);
	talk(&d, here, there);

	/* the same said again lets it be, another address begins anew */
	CU_ASSERT_EQUAL(say(&d, CV_END_A, "127.0.1.1:9", CV_SETUP_ACTIVE), 0);
	talk(&d, here, there);
	CU_ASSERT_EQUAL(say(&d, CV_END_A, "127.0.1.3:9", CV_SETUP_ACTIVE), 0);
	hears(&d, there, "");
	(void)close(here);
	(void)close(there);
	desk_close(&d);
}

static void test_cg_17_far_end_can_not_wait(void)
{
	struct desk d;

	desk_open(&d, tcp_bed(), CV_SIDE_FAR);
	CU_ASSERT_EQUAL(say(&d, CV_END_B, "127.0.9.7:1503", CV_SETUP_UNSAID), 0);
	CU_ASSERT_EQUAL(d.to_a.rtp.port, 0);
	CU_ASSERT_EQUAL(gauge(d.bed, "tcp_ports_used"), 0);
	CU_ASSERT_EQUAL(gauge(d.bed, "streams"), 0);
	desk_close(&d);
}

static void test_watched_sessions_let_it_pass(void)
{
	struct desk d;

	desk_open(&d, tcp_bed(), CV_SIDE_FAR);
	CU_ASSERT_EQUAL(cv_media_watch(d.m, true), 0);
	CU_ASSERT_EQUAL(say(&d, CV_END_B, "127.0.9.7:1503", CV_SETUP_UNSAID), 0);
	CU_ASSERT_EQUAL(d.to_a.rtp.port, 1503);
	CU_ASSERT_EQUAL(gauge(d.bed, "tcp_ports_used"), 0);
	desk_close(&d);
}

static void test_parked_and_back(void)
{
	struct desk d;
	int here, there;

	desk_open(&d, tcp_bed(), CV_SIDE_WAN);
	CU_ASSERT_EQUAL(say(&d, CV_END_A, "127.0.1.1:9", CV_SETUP_ACTIVE), 0);
	CU_ASSERT_EQUAL(say(&d, CV_END_B, "127.0.1.2:9", CV_SETUP_ACTIVE), 0);
	there = come("127.0.1.2:0", &d.to_b.rtp);
	CU_ASSERT_EQUAL(cv_media_park(d.m, true), 0);
	hears(&d, there, "");
	(void)close(there);
	CU_ASSERT_EQUAL(cv_media_park(d.m, false), 0);
	bed_turn(d.bed, 50);
	here = come("127.0.1.1:0", &d.to_a.rtp);
	there = come("127.0.1.2:0", &d.to_b.rtp);
	talk(&d, here, there);
	(void)close(here);
	(void)close(there);
	desk_close(&d);
}

static void test_errors_leave_all_as_it_was(void)
{
	struct cv_flow in[3], out[3];
	struct desk d;

	desk_open(&d, tcp_bed(), CV_SIDE_WAN);
	for (size_t i = 0; i < 3; ++i)
		in[i] = tcp_flow("127.0.1.1:9", CV_SETUP_ACTIVE);
	CU_ASSERT_EQUAL(cv_media_set(d.m, CV_END_A, 0, in, out, 3), 0);
	CU_ASSERT_EQUAL(gauge(d.bed, "tcp_ports_used"), 3);
	in[0].carry = CV_CARRY_UDP;
	CU_ASSERT_EQUAL(cv_media_set(d.m, CV_END_A, 0, in, out, 1), ENOTSUP);
	CU_ASSERT_EQUAL(gauge(d.bed, "tcp_ports_used"), 3);
	desk_close(&d);

	/* none configured: the stream is refused alone */
	desk_open(&d, bed_open(), CV_SIDE_WAN);
	CU_ASSERT_EQUAL(say(&d, CV_END_A, "127.0.1.1:9", CV_SETUP_ACTIVE), 0);
	CU_ASSERT_EQUAL(d.to_b.rtp.port, 0);
	desk_close(&d);
}

static void test_ports_run_out(void)
{
	struct cv_flow in[5], out[5];
	struct desk d;

	desk_open(&d, tcp_bed(), CV_SIDE_WAN);
	for (size_t i = 0; i < 5; ++i)
		in[i] = tcp_flow("127.0.1.1:9", CV_SETUP_ACTIVE);
	CU_ASSERT_EQUAL(cv_media_set(d.m, CV_END_A, 0, in, out, 5), ENOSPC);
	CU_ASSERT_EQUAL(gauge(d.bed, "tcp_ports_used"), 0);
	CU_ASSERT_EQUAL(cv_stats_sum(d.bed->stats, CV_STAT_ports_exhausted), 1);
	desk_close(&d);
}

int cv_test_tcp(void)
{
	CU_pSuite s = CU_add_suite("tcp", NULL, NULL);

	if (!s)
		return (int)CU_get_error();

	CU_ADD_TEST(s, test_cg_17_offerer_waits);
	CU_ADD_TEST(s, test_threat_18_only_its_own_host_is_dialled);
	CU_ADD_TEST(s, test_cg_17_far_end_connects);
	CU_ADD_TEST(s, test_cg_17_far_end_can_not_wait);
	CU_ADD_TEST(s, test_watched_sessions_let_it_pass);
	CU_ADD_TEST(s, test_parked_and_back);
	CU_ADD_TEST(s, test_errors_leave_all_as_it_was);
	CU_ADD_TEST(s, test_ports_run_out);

	return (int)CU_get_error();
}
