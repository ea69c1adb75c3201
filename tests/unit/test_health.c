/* SPDX-License-Identifier: BSD-3-Clause */
/* Probes of a peer's hops, and REGISTERs that go to the next one, over loopback. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CUnit/CUnit.h>

#include "agent_bed.h"
#include "base/log.h"
#include "base/mem.h"
#include "suite_health.h"

enum { STEPS = 600, QUIET_STEPS = 20, PBXS = 2 };

struct bench {
	struct cv_agent_bed bed;
	int phone, pbx[PBXS]; /* sockets */
	struct cv_addr pbx_addr[PBXS];
};

static struct bench b; /* CUnit hands tests no argument */

/* Two targets in this order; @p rest: lines of [peer pbx]. */
static const char *peer_of(const char *rest, char text[CV_AGENT_TEXT])
{
	(void)snprintf(text, CV_AGENT_TEXT,
		       "[peer pbx]\ntarget = sip:127.0.0.2:%u, sip:127.0.0.4:%u\n"
		       "domains = pbx.example\n%s\n",
		       b.pbx_addr[0].port, b.pbx_addr[1].port, rest);

	return text;
}

static int bench_open(void)
{
	struct cv_addr phone;
	char text[CV_AGENT_TEXT];

	cv_log_level(CV_LOG_ERROR);
	b.phone = cv_agent_udp(&phone, "127.0.0.3");
	b.pbx[0] = cv_agent_udp(&b.pbx_addr[0], "127.0.0.2");
	b.pbx[1] = cv_agent_udp(&b.pbx_addr[1], "127.0.0.4");
	if (b.phone == -1 || b.pbx[0] == -1 || b.pbx[1] == -1)
		return -1;

	return cv_agent_open(&b.bed, peer_of("options-ping = off", text));
}

static int bench_close(void)
{
	cv_agent_close(&b.bed);
	(void)close(b.phone);
	(void)close(b.pbx[0]);
	(void)close(b.pbx[1]);

	return 0;
}

static void drain(int fd)
{
	while (recv(fd, b.bed.got, sizeof(b.bed.got), MSG_DONTWAIT) > 0)
		;
}

/* All hops are new: nothing is known of them, nothing of before is on its way. */
static void peer_is(const char *rest)
{
	char text[CV_AGENT_TEXT];
	struct cv_conf *was = b.bed.conf;
	struct cv_conf *none = cv_agent_conf(&b.bed, peer_of(rest, text));

	CU_ASSERT_PTR_NOT_NULL_FATAL(none);
	none->peerc = 0;
	CU_ASSERT_EQUAL(cv_peers_conf(b.bed.peers, none), 0);
	none->peerc = 1;
	CU_ASSERT_EQUAL(cv_peers_conf(b.bed.peers, none), 0);
	cv_sip_conf(b.bed.sip, none, b.bed.net);
	b.bed.conf = none;
	cv_mem_unref(was);
	cv_sip_health_close(b.bed.sip);
	cv_sip_health_open(b.bed.sip);
	drain(b.phone);
	drain(b.pbx[0]);
	drain(b.pbx[1]);
}

/* Steps the agent until @p fd has a message that begins so; others are dropped. */
static bool receive(int fd, const char *begins, int steps)
{
	for (int i = 0; i < steps; ++i) {
		if (cv_agent_step(&b.bed, fd) > 0 &&
		    strncmp(b.bed.got, begins, strlen(begins)) == 0)
			return true;
	}

	b.bed.got[0] = '\0';

	return false;
}

/* Value of header @p name in the last message, in a buffer of its own. */
static const char *header(const char *name, char dst[CV_AGENT_HEADER])
{
	return cv_agent_header(&b.bed, name, dst);
}

/* Answers the last message received. */
static void reply(int fd, const char *status, const char *rest)
{
	cv_agent_reply(&b.bed, fd, status, rest);
}

static void ask(const char *call)
{
	char text[CV_AGENT_TEXT];

	(void)snprintf(text, sizeof(text),
		       "REGISTER sip:pbx.example SIP/2.0\r\n"
		       "Via: SIP/2.0/UDP 10.0.0.7:5060;branch=z9hG4bK%s\r\n"
		       "Max-Forwards: 70\r\nFrom: <sip:bob@pbx.example>;tag=%s\r\n"
		       "To: <sip:bob@pbx.example>\r\nCall-ID: %s\r\nCSeq: 1 REGISTER\r\n"
		       "Contact: <sip:bob@10.0.0.7:5060>\r\nExpires: 600\r\n"
		       "Content-Length: 0\r\n\r\n",
		       call, call, call);
	cv_agent_send(&b.bed, b.phone, text);
}

/* The registrar at @p fd takes bob; the phone hears of it. */
static void take(int fd)
{
	char mine[512], rest[600];

	(void)snprintf(rest, sizeof(rest), "Contact: %s;expires=300\r\n",
		       header("Contact", mine));
	reply(fd, "200 OK", rest);
	CU_ASSERT_TRUE(receive(b.phone, "SIP/2.0 200", STEPS));
	CU_ASSERT_EQUAL(cv_binds_count(cv_sip_binds(b.bed.sip)), 1);
	cv_bind_drop(
		cv_sip_binds(b.bed.sip),
		cv_bind_by_aor(cv_sip_binds(b.bed.sip), CV_STR("bob@pbx.example"), NULL),
		"end of test");
}

/* The hop a request would go to now. */
static uint16_t first_port(void)
{
	struct cv_hop h = {.target = 9};
	size_t c = 0;

	CU_ASSERT_EQUAL(cv_peers_hops(b.bed.peers, "pbx", CV_STR("x"), &h, 1, &c), 0);

	return h.addr.port;
}

static void test_probe_is_answered(void)
{
	peer_is("options-ping = 1s");
	CU_ASSERT_TRUE_FATAL(receive(b.pbx[0], "OPTIONS sip:pbx.example SIP/2.0", STEPS));
	CU_ASSERT_PTR_NOT_NULL(strstr(b.bed.got, "\r\nAccept: application/sdp\r\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(b.bed.got, "\r\nMax-Forwards: 70\r\n"));
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
	CU_ASSERT_PTR_NOT_NULL(strstr(b.bed.got, "Retry-After: 7"));
	CU_ASSERT_EQUAL(cv_binds_count(cv_sip_binds(b.bed.sip)), 0);
	CU_ASSERT_EQUAL(b.bed.sip->regc, 0);
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
	const struct cv_conf_peer *p = &b.bed.conf->peers[0];
	struct cv_addr other = b.bed.edge;

	CU_ASSERT_TRUE(cv_sip_is_peer_host(b.bed.sip, p, &b.pbx_addr[0]));
	CU_ASSERT_TRUE(cv_sip_is_peer_host(b.bed.sip, p, &b.pbx_addr[1]));
	CU_ASSERT_FALSE(cv_sip_is_peer_host(b.bed.sip, p, &other));
}

static void test_probe_without_memory(void)
{
	struct cv_hop h = {.addr = b.pbx_addr[0]};

	peer_is("options-ping = off");
	for (long n = 0; n < 8; ++n) {
		cv_mem_budget(n);
		b.bed.sip->watch.probe(b.bed.sip, "pbx", &h);
		cv_mem_budget(-1);
	}

	b.bed.sip->watch.probe(b.bed.sip, "nobody", &h);
	CU_ASSERT_EQUAL(first_port(), b.pbx_addr[0].port);
	cv_sip_health_close(b.bed.sip);
	CU_ASSERT_TRUE(cv_list_is_empty(&b.bed.sip->probes));
	cv_sip_health_open(b.bed.sip);
}

/* Last: the agent closes with a REGISTER and a probe under way, and nothing is left. */
static void test_close_with_some_under_way(void)
{
	peer_is("options-ping = 1s");
	for (int i = 0; i < STEPS && cv_list_is_empty(&b.bed.sip->probes); ++i)
		(void)su_root_step(cv_loop_native(b.bed.loop), CV_AGENT_STEP_MS);
	CU_ASSERT_FALSE(cv_list_is_empty(&b.bed.sip->probes));
	ask("open");
	CU_ASSERT_TRUE(receive(b.pbx[0], "REGISTER", STEPS));
	CU_ASSERT_EQUAL(b.bed.sip->regc, 1);
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
