/* SPDX-License-Identifier: BSD-3-Clause */
/* Probes of a peer's hops, and REGISTERs that go to the next one, over loopback. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CUnit/CUnit.h>

#include "base/log.h"
#include "base/mem.h"
#include "module.h"
#include "sip/sip_int.h"
#include "suite_health.h"

enum { TEXT = 4096, STEPS = 600, QUIET_STEPS = 20, STEP_MS = 10, PBXS = 2 };

/** One agent for all tests of the program: the stack's STUN plug is once a process. */
struct bench {
	struct cv_loop *loop;
	struct cv_conf *conf;
	struct cv_peers *peers;
	struct cv_net *net;
	struct cv_stats *stats;
	struct cv_env env;
	struct cv_sip *sip;
	int phone, pbx[PBXS]; /* sockets */
	struct cv_addr edge, pbx_addr[PBXS];
	char got[TEXT]; /* last message received */
};

static struct bench b; /* CUnit hands tests no argument */

static int udp_open(struct cv_addr *a, const char *host)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct sockaddr_storage ss;
	socklen_t len;

	if (fd == -1 || cv_addr_parse(a, cv_str_of(host)))
		return -1;

	len = cv_addr_to_sa(a, &ss);
	if (bind(fd, (struct sockaddr *)&ss, len) == -1)
		return -1;

	len = sizeof(ss);
	if (getsockname(fd, (struct sockaddr *)&ss, &len) == -1 ||
	    cv_addr_from_sa(a, (struct sockaddr *)&ss))
		return -1;

	return fd;
}

/* Two targets in this order; @p rest: lines of [peer pbx]. */
static struct cv_conf *conf_of(const char *rest)
{
	struct cv_buf error = {0};
	struct cv_conf *c = NULL;
	char text[TEXT];

	(void)snprintf(text, sizeof(text),
		       "[general]\nname = edge.example\n"
		       "[listen lo]\naddress = 127.0.0.1\nudp = %u\ntcp = off\n"
		       "[peer pbx]\ntarget = sip:127.0.0.2:%u, sip:127.0.0.4:%u\n"
		       "domains = pbx.example\n%s\n",
		       b.edge.port, b.pbx_addr[0].port, b.pbx_addr[1].port, rest);
	if (cv_conf_parse(&c, "test", cv_str_of(text), &error))
		(void)fprintf(stderr, "%s", error.p ? error.p : "");
	cv_buf_free(&error);

	return c;
}

static int bench_open(void)
{
	struct cv_sip_env env = {0};
	struct cv_buf error = {0};
	struct cv_addr phone;
	int probe;

	cv_log_level(CV_LOG_ERROR);
	b.phone = udp_open(&phone, "127.0.0.3");
	b.pbx[0] = udp_open(&b.pbx_addr[0], "127.0.0.2");
	b.pbx[1] = udp_open(&b.pbx_addr[1], "127.0.0.4");
	probe = udp_open(&b.edge, "127.0.0.1"); /* a port that is free now */
	if (b.phone == -1 || b.pbx[0] == -1 || b.pbx[1] == -1 || probe == -1)
		return -1;

	(void)close(probe);
	b.conf = conf_of("options-ping = off");
	if (!b.conf || cv_net_new(&b.net) || cv_loop_su_open(&b.loop) ||
	    cv_stats_new(&b.stats, NULL) || cv_stats_cell(b.stats, &b.env.stat) ||
	    cv_routes_new(&b.env.routes) || cv_homes_new(&b.env.homes) ||
	    cv_peers_new(&b.peers,
			 &(struct cv_peers_env){.conf = b.conf, .loop = b.loop}))
		return -1;

	b.net->points[0].bind = b.edge;
	b.net->points[0].bind.port = 0;
	b.net->points[0].advertise = b.net->points[0].bind;
	b.net->points[0].side = CV_SIDE_WAN;
	b.net->pointc = 1;
	env.conf = b.conf;
	env.net = b.net;
	env.loop = b.loop;
	env.stats = b.stats;
	env.stat = b.env.stat;
	env.routes = b.env.routes;
	env.homes = b.env.homes;
	env.peers = b.peers;
	memset(env.key, 7, sizeof(env.key));
	if (cv_sip_open(&b.sip, &env, &error)) {
		(void)fprintf(stderr, "%s\n", error.p ? error.p : "");
		return -1;
	}

	return 0;
}

static int bench_close(void)
{
	cv_sip_close(b.sip);
	cv_mem_unref(b.sip);
	cv_mem_unref(b.peers);
	cv_mem_unref(b.env.homes);
	cv_mem_unref(b.env.routes);
	cv_mem_unref(b.stats);
	cv_mem_unref(b.loop);
	cv_mem_unref(b.net);
	cv_mem_unref(b.conf);
	(void)close(b.phone);
	(void)close(b.pbx[0]);
	(void)close(b.pbx[1]);

	return 0;
}

static void drain(int fd)
{
	while (recv(fd, b.got, sizeof(b.got), MSG_DONTWAIT) > 0)
		;
}

/* All hops are new: nothing is known of them, nothing of before is on its way. */
static void peer_is(const char *rest)
{
	struct cv_conf *was = b.conf, *none = conf_of(rest);

	CU_ASSERT_PTR_NOT_NULL_FATAL(none);
	none->peerc = 0;
	CU_ASSERT_EQUAL(cv_peers_conf(b.peers, none), 0);
	none->peerc = 1;
	CU_ASSERT_EQUAL(cv_peers_conf(b.peers, none), 0);
	cv_sip_conf(b.sip, none, b.net);
	b.conf = none;
	cv_mem_unref(was);
	cv_sip_health_close(b.sip);
	cv_sip_health_open(b.sip);
	drain(b.phone);
	drain(b.pbx[0]);
	drain(b.pbx[1]);
}

static void send_to_edge(int fd, const char *text)
{
	struct sockaddr_storage ss;
	socklen_t len = cv_addr_to_sa(&b.edge, &ss);

	CU_ASSERT(sendto(fd, text, strlen(text), 0, (struct sockaddr *)&ss, len) > 0);
}

/* Steps the agent until @p fd has a message that begins so; others are dropped. */
static bool receive(int fd, const char *begins, int steps)
{
	for (int i = 0; i < steps; ++i) {
		ssize_t n;

		(void)su_root_step(cv_loop_native(b.loop), STEP_MS);
		n = recv(fd, b.got, sizeof(b.got) - 1, MSG_DONTWAIT);
		if (n <= 0)
			continue;

		b.got[n] = '\0';
		if (strncmp(b.got, begins, strlen(begins)) == 0)
			return true;
	}

	b.got[0] = '\0';

	return false;
}

/* Value of header @p name in the last message. */
static const char *header(const char *name, char dst[512])
{
	char key[64];
	const char *p;

	(void)snprintf(key, sizeof(key), "\r\n%s: ", name);
	p = strstr(b.got, key);
	dst[0] = '\0';
	if (p) {
		p += strlen(key);
		(void)snprintf(dst, 512, "%.*s", (int)strcspn(p, "\r"), p);
	}

	return dst;
}

/* Answers the last message received. */
static void reply(int fd, const char *status, const char *rest)
{
	char text[TEXT], via[512], from[512], to[512], call[512], cseq[512];

	(void)snprintf(text, sizeof(text),
		       "SIP/2.0 %s\r\nVia: %s\r\nFrom: %s\r\nTo: %s;tag=r\r\n"
		       "Call-ID: %s\r\nCSeq: %s\r\n%sContent-Length: 0\r\n\r\n",
		       status, header("Via", via), header("From", from), header("To", to),
		       header("Call-ID", call), header("CSeq", cseq), rest);
	send_to_edge(fd, text);
}

static void ask(const char *call)
{
	char text[TEXT];

	(void)snprintf(text, sizeof(text),
		       "REGISTER sip:pbx.example SIP/2.0\r\n"
		       "Via: SIP/2.0/UDP 10.0.0.7:5060;branch=z9hG4bK%s\r\n"
		       "Max-Forwards: 70\r\nFrom: <sip:bob@pbx.example>;tag=%s\r\n"
		       "To: <sip:bob@pbx.example>\r\nCall-ID: %s\r\nCSeq: 1 REGISTER\r\n"
		       "Contact: <sip:bob@10.0.0.7:5060>\r\nExpires: 600\r\n"
		       "Content-Length: 0\r\n\r\n",
		       call, call, call);
	send_to_edge(b.phone, text);
}

/* The registrar at @p fd takes bob; the phone hears of it. */
static void take(int fd)
{
	char mine[512], rest[600];

	(void)snprintf(rest, sizeof(rest), "Contact: %s;expires=300\r\n",
		       header("Contact", mine));
	reply(fd, "200 OK", rest);
	CU_ASSERT_TRUE(receive(b.phone, "SIP/2.0 200", STEPS));
	CU_ASSERT_EQUAL(cv_binds_count(cv_sip_binds(b.sip)), 1);
	cv_bind_drop(cv_sip_binds(b.sip),
		     cv_bind_by_aor(cv_sip_binds(b.sip), CV_STR("bob@pbx.example"), NULL),
		     "end of test");
}

/* The hop a request would go to now. */
static uint16_t first_port(void)
{
	struct cv_hop h = {.target = 9};
	size_t c = 0;

	CU_ASSERT_EQUAL(cv_peers_hops(b.peers, "pbx", CV_STR("x"), &h, 1, &c), 0);

	return h.addr.port;
}

static void test_probe_is_answered(void)
{
	peer_is("options-ping = 1s");
	CU_ASSERT_TRUE_FATAL(receive(b.pbx[0], "OPTIONS sip:pbx.example SIP/2.0", STEPS));
	CU_ASSERT_PTR_NOT_NULL(strstr(b.got, "\r\nAccept: application/sdp\r\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(b.got, "\r\nMax-Forwards: 70\r\n"));
	reply(b.pbx[0], "503 Service Unavailable", "");
	(void)receive(b.phone, "nothing", QUIET_STEPS);
	CU_ASSERT_EQUAL(first_port(), b.pbx_addr[1].port);
	CU_ASSERT_TRUE_FATAL(receive(b.pbx[0], "OPTIONS", STEPS));
	reply(b.pbx[0], "405 Method Not Allowed", ""); /* but somebody is there */
	(void)receive(b.phone, "nothing", QUIET_STEPS);
	CU_ASSERT_EQUAL(first_port(), b.pbx_addr[0].port);
	peer_is("options-ping = off");
}

/* Only the second one says anything, and to whatever it is asked: transactions of the
 * tests before are still repeated. */
static void test_probe_without_an_answer(void)
{
	peer_is("options-ping = 30s");
	for (int i = 0; i < STEPS && first_port() == b.pbx_addr[0].port; ++i) {
		if (receive(b.pbx[1], "OPTIONS", 1))
			reply(b.pbx[1], "200 OK", "");
	}
	CU_ASSERT_EQUAL(first_port(), b.pbx_addr[1].port);
	peer_is("options-ping = off");
}

static void test_register_goes_on_after_503(void)
{
	peer_is("options-ping = off");
	ask("busy");
	CU_ASSERT_TRUE_FATAL(receive(b.pbx[0], "REGISTER", STEPS));
	reply(b.pbx[0], "503 Service Unavailable", "");
	CU_ASSERT_TRUE_FATAL(
		receive(b.pbx[1], "REGISTER sip:pbx.example SIP/2.0", STEPS));
	CU_ASSERT_EQUAL(first_port(), b.pbx_addr[1].port);
	take(b.pbx[1]);
	ask("next"); /* the one that failed isn't asked first */
	CU_ASSERT_TRUE_FATAL(receive(b.pbx[1], "REGISTER", STEPS));
	take(b.pbx[1]);
}

static void test_register_goes_on_after_silence(void)
{
	peer_is("options-ping = off");
	ask("mute");
	CU_ASSERT_TRUE_FATAL(receive(b.pbx[0], "REGISTER", STEPS));
	CU_ASSERT_TRUE_FATAL(receive(b.pbx[1], "REGISTER", STEPS));
	take(b.pbx[1]);
}

static void test_last_answer_counts(void)
{
	peer_is("options-ping = off");
	ask("both");
	CU_ASSERT_TRUE_FATAL(receive(b.pbx[0], "REGISTER", STEPS));
	reply(b.pbx[0], "503 Service Unavailable", "");
	CU_ASSERT_TRUE_FATAL(receive(b.pbx[1], "REGISTER", STEPS));
	reply(b.pbx[1], "503 Service Unavailable", "Retry-After: 7\r\n");
	CU_ASSERT_TRUE_FATAL(receive(b.phone, "SIP/2.0 503", STEPS));
	CU_ASSERT_PTR_NOT_NULL(strstr(b.got, "Retry-After: 7"));
	CU_ASSERT_EQUAL(cv_binds_count(cv_sip_binds(b.sip)), 0);
	CU_ASSERT_EQUAL(b.sip->regc, 0);
}

static void test_refusal_is_an_answer(void)
{
	peer_is("options-ping = off");
	ask("no");
	CU_ASSERT_TRUE_FATAL(receive(b.pbx[0], "REGISTER", STEPS));
	reply(b.pbx[0], "403 Forbidden", "");
	CU_ASSERT_TRUE(receive(b.phone, "SIP/2.0 403", STEPS));
	CU_ASSERT_EQUAL(first_port(), b.pbx_addr[0].port);
}

static void test_source_is_a_hop(void)
{
	const struct cv_conf_peer *p = &b.conf->peers[0];
	struct cv_addr other = b.edge;

	CU_ASSERT_TRUE(cv_sip_is_peer_host(b.sip, p, &b.pbx_addr[0]));
	CU_ASSERT_TRUE(cv_sip_is_peer_host(b.sip, p, &b.pbx_addr[1]));
	CU_ASSERT_FALSE(cv_sip_is_peer_host(b.sip, p, &other));
}

static void test_probe_without_memory(void)
{
	struct cv_hop h = {.addr = b.pbx_addr[0]};

	peer_is("options-ping = off");
	for (long n = 0; n < 8; ++n) {
		cv_mem_budget(n);
		b.sip->watch.probe(b.sip, "pbx", &h);
		cv_mem_budget(-1);
	}

	b.sip->watch.probe(b.sip, "nobody", &h);
	CU_ASSERT_EQUAL(first_port(), b.pbx_addr[0].port);
	cv_sip_health_close(b.sip);
	CU_ASSERT_TRUE(cv_list_is_empty(&b.sip->probes));
	cv_sip_health_open(b.sip);
}

/* Last: the agent closes with a REGISTER and a probe under way, and nothing is left. */
static void test_close_with_some_under_way(void)
{
	peer_is("options-ping = 1s");
	for (int i = 0; i < STEPS && cv_list_is_empty(&b.sip->probes); ++i)
		(void)su_root_step(cv_loop_native(b.loop), STEP_MS);
	CU_ASSERT_FALSE(cv_list_is_empty(&b.sip->probes));
	ask("open");
	CU_ASSERT_TRUE(receive(b.pbx[0], "REGISTER", STEPS));
	CU_ASSERT_EQUAL(b.sip->regc, 1);
}

int cv_test_health(void)
{
	CU_pSuite s = CU_add_suite("health", bench_open, bench_close);

	if (!s)
		return (int)CU_get_error();

	CU_ADD_TEST(s, test_probe_is_answered);
	CU_ADD_TEST(s, test_probe_without_an_answer);
	CU_ADD_TEST(s, test_register_goes_on_after_503);
	CU_ADD_TEST(s, test_register_goes_on_after_silence);
	CU_ADD_TEST(s, test_last_answer_counts);
	CU_ADD_TEST(s, test_refusal_is_an_answer);
	CU_ADD_TEST(s, test_source_is_a_hop);
	CU_ADD_TEST(s, test_probe_without_memory);
	CU_ADD_TEST(s, test_close_with_some_under_way);

	return 0;
}
