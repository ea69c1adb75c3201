/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Our account at a trunk through a real agent on the loopback: the trunk and
 * another peer are two sockets of the test, which steps the agent's loop
 * itself. The tests follow each other: registered, used, taken back.
 */
#include "config.h"

#include <CUnit/CUnit.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sofia-sip/su_wait.h>

#include "agent_bed.h"
#include "base/clock.h"
#include "base/mem.h"
#include "runner.h"
#include "suite_account.h"

enum { LONG_MS = 4000, QUIET_MS = 150 };

struct bench {
	struct cv_agent_bed bed;
	int trunk, other; /* sockets */
	struct cv_addr trunk_addr, other_addr;
	unsigned events;
	uint16_t status; /* of the last event */
	bool src;        /* it had headers */
};

static struct bench b; /* CUnit hands tests no argument */

static const char challenge[] =
	"Proxy-Authenticate: Digest realm=\"itsp.example\", nonce=\"%s\", "
	"qop=\"auth\"%s\r\n";

static int bench_open(void)
{
	char peers[512];

	b.trunk = cv_agent_udp(&b.trunk_addr, "127.0.0.2");
	b.other = cv_agent_udp(&b.other_addr, "127.0.0.4");
	if (b.trunk == -1 || b.other == -1)
		return -1;

	(void)snprintf(peers, sizeof(peers),
		       "[peer itsp]\ntarget = sip:127.0.0.2:%u\ndomains = itsp.example\n"
		       "register = yes\nusername = 49@30\npassword = geheim\n"
		       "[peer other]\ntarget = sip:127.0.0.4:%u\n",
		       b.trunk_addr.port, b.other_addr.port);
	if (cv_agent_open(&b.bed, peers) == -1)
		return -1;

	cv_peers_watched(b.bed.peers, NULL); /* no probes: they are test_health's */

	return 0;
}

static int bench_close(void)
{
	cv_agent_close(&b.bed);
	(void)close(b.trunk);
	(void)close(b.other);

	return 0;
}

/* Steps the agent until @p fd has a message that begins with @p start; false: none. */
static bool receive_in(int fd, const char *start, uint32_t ms)
{
	uint64_t end_ms = cv_clock_ms() + ms;

	while (cv_clock_ms() < end_ms) {
		if (cv_agent_step(&b.bed, fd) > 0 &&
		    strncmp(b.bed.got, start, strlen(start)) == 0)
			return true;
	}

	b.bed.got[0] = '\0';

	return false;
}

static bool receive(int fd, const char *start)
{
	return receive_in(fd, start, LONG_MS);
}

static bool has(const char *text)
{
	return strstr(b.bed.got, text);
}

/* Value of header @p name in the last message, in a buffer of its own. */
static const char *header(const char *name, char dst[CV_AGENT_HEADER])
{
	return cv_agent_header(&b.bed, name, dst);
}

static void reply_challenge(int fd, const char *nonce, const char *more)
{
	char text[512];

	(void)snprintf(text, sizeof(text), challenge, nonce, more);
	cv_agent_reply(&b.bed, fd, "407 Prove it", text);
}

/* The last message carries our credentials for @p method, counted @p nc. */
static bool is_proven(const char *name, const char *method, const char *nc)
{
	char value[CV_AGENT_HEADER], ha1[CV_DIGEST_HEX];
	struct cv_digest d;

	if (cv_digest_parse(&d, cv_str_of(header(name, value))))
		return false;

	cv_digest_ha1(CV_DIGEST_MD5, CV_STR("49@30"), CV_STR("itsp.example"),
		      CV_STR("geheim"), ha1);

	return cv_str_eq(d.nc, cv_str_of(nc)) && cv_str_eq(d.username, CV_STR("49@30")) &&
	       cv_digest_matches(&d, cv_str_of(method), ha1);
}

static unsigned cseq(void)
{
	char text[CV_AGENT_HEADER];

	return (unsigned)strtoul(header("CSeq", text), NULL, 10);
}

static struct cv_trunk_info info(void)
{
	struct cv_trunk_info i = {.state = CV_TRUNK_IDLE};
	struct cv_sip_trunk *t = cv_sip_trunk_find(b.bed.sip, "itsp");

	if (t && t->reg)
		cv_trunk_info(t->reg, &i);

	return i;
}

static void step(void)
{
	uint64_t end_ms = cv_clock_ms() + QUIET_MS / 3;

	while (cv_clock_ms() < end_ms)
		(void)su_root_step(cv_loop_native(b.bed.loop), 1);
}

static void test_registers_and_proves_it(void)
{
	char call[CV_AGENT_HEADER], again[CV_AGENT_HEADER], contact[CV_AGENT_HEADER],
		rest[1200];
	unsigned first;

	CU_ASSERT_TRUE_FATAL(receive(b.trunk, "REGISTER sip:itsp.example SIP/2.0\r\n"));
	CU_ASSERT_TRUE(has("\r\nTo: <sip:49%4030@itsp.example>\r\n"));
	CU_ASSERT_TRUE(has("\r\nExpires: 3600\r\n"));
	CU_ASSERT_TRUE(has("\r\nContact: <sip:ct"));
	CU_ASSERT_FALSE(has("uthorization"));
	first = cseq();
	(void)header("Call-ID", call);
	cv_agent_reply(&b.bed, b.trunk, "401 Who?",
		       "WWW-Authenticate: Digest realm=\"itsp.example\", nonce=\"n1\", "
		       "qop=\"auth\"\r\n");
	CU_ASSERT_TRUE_FATAL(receive(b.trunk, "REGISTER"));
	CU_ASSERT_TRUE(is_proven("Authorization", "REGISTER", "00000001"));
	CU_ASSERT_EQUAL(cseq(), first + 1);
	CU_ASSERT_STRING_EQUAL(header("Call-ID", again), call);
	(void)snprintf(rest, sizeof(rest),
		       "Contact: <sip:x@192.0.2.1>;expires=9, %s;expires=1\r\n",
		       header("Contact", contact));
	cv_agent_reply(&b.bed, b.trunk, "200 OK", rest);
	step();
	CU_ASSERT_EQUAL(info().state, CV_TRUNK_REGISTERED);
	CU_ASSERT_EQUAL(info().left_s, 1);
}

static void test_refresh_counts_the_nonce(void)
{
	CU_ASSERT_TRUE_FATAL(receive(b.trunk, "REGISTER"));
	CU_ASSERT_TRUE(is_proven("Authorization", "REGISTER", "00000002"));
	cv_agent_reply(&b.bed, b.trunk, "401 Old",
		       "WWW-Authenticate: Digest realm=\"itsp.example\", nonce=\"n2\", "
		       "qop=\"auth\", stale=true\r\n");
	CU_ASSERT_TRUE_FATAL(receive(b.trunk, "REGISTER"));
	CU_ASSERT_TRUE(is_proven("Authorization", "REGISTER", "00000001"));
	cv_agent_reply(&b.bed, b.trunk, "200 OK",
		       ""); /* no Contact, no time: what was asked for */
	step();
	CU_ASSERT_EQUAL(info().left_s, 3600);
}

static void ask_options(int fd, const char *user)
{
	char text[CV_AGENT_TEXT];

	(void)snprintf(text, sizeof(text),
		       "OPTIONS sip:%s@127.0.0.1 SIP/2.0\r\n"
		       "Via: SIP/2.0/UDP 127.0.0.9;branch=z9hG4bK%d%s\r\n"
		       "Max-Forwards: 70\r\nFrom: <sip:x@y>;tag=x\r\nTo: <sip:x@y>\r\n"
		       "Call-ID: o%d\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n",
		       user, fd, user, fd);
	cv_agent_send(&b.bed, fd, text);
}

static void test_contact_speaks_from_the_trunk_only(void)
{
	const char *token = cv_sip_trunk_find(b.bed.sip, "itsp")->token;
	struct cv_addr stranger_addr;
	int stranger = cv_agent_udp(&stranger_addr, "127.0.0.5");

	ask_options(b.trunk, token);
	CU_ASSERT_TRUE(receive(b.trunk, "SIP/2.0 200"));
	ask_options(stranger, token);
	CU_ASSERT_TRUE(receive(stranger, "SIP/2.0 403"));
	CU_ASSERT_PTR_NULL(cv_sip_trunk_by_token(b.bed.sip, "ct"));
	CU_ASSERT_PTR_NULL(cv_sip_trunk_by_token(b.bed.sip, NULL));
	(void)close(stranger);
}

static void show(char *text, size_t size, enum cv_out_format format)
{
	struct cv_out *o = NULL;
	struct cv_buf buf = {0};

	text[0] = '\0';
	CU_ASSERT_EQUAL_FATAL(cv_out_new(&o, format), 0);
	CU_ASSERT_EQUAL(cv_cmd_run(b.bed.cmds, CV_STR("show peers"), o), 0);
	CU_ASSERT_EQUAL(cv_out_finish(o, &buf), 0);
	(void)snprintf(text, size, "%s", buf.p ? buf.p : "");
	cv_buf_free(&buf);
	cv_mem_unref(o);
}

static void test_show_peers_tells_no_secret(void)
{
	char text[CV_AGENT_TEXT];

	show(text, sizeof(text), CV_OUT_TEXT);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "name=itsp"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "register=registered"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "name=other"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "register=no"));
	CU_ASSERT_PTR_NULL(strstr(text, "geheim"));
	show(text, sizeof(text), CV_OUT_JSON);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"status\": 200"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"domains\": \"itsp.example\""));
	CU_ASSERT_PTR_NULL(strstr(text, "geheim"));
}

/* Calls */

static void on_request(void *arg, struct cv_txn *t, const struct cv_msg *m)
{
	(void)arg;
	(void)t;
	(void)m;
}

static void on_event(void *arg, struct cv_txn *t, const struct cv_msg *m)
{
	(void)arg;
	(void)t;
	++b.events;
	b.status = m->status;
	b.src = m->src;
}

static void on_gone(void *arg, int err)
{
	(void)arg;
	(void)err;
}

static const struct cv_leg_events events = {
	.request = on_request,
	.response = on_event,
	.gone = on_gone,
};

/* A phone's INVITE as it came in. */
static msg_t *phones_invite(void)
{
	static const char wire[] =
		"INVITE sip:123@127.0.0.1 SIP/2.0\r\n"
		"Via: SIP/2.0/UDP 10.0.0.7;branch=z9hG4bK1\r\nMax-Forwards: 70\r\n"
		"From: <sip:alice@127.0.0.1>;tag=a\r\nTo: <sip:123@127.0.0.1>\r\n"
		"Call-ID: phone\r\nCSeq: 7 INVITE\r\nContact: <sip:alice@10.0.0.7>\r\n"
		"Proxy-Authorization: Digest username=\"alice\", realm=\"itsp.example\", "
		"nonce=\"x\", uri=\"sip:123@127.0.0.1\", response=\"0\"\r\n"
		"Content-Type: text/plain\r\nContent-Length: 2\r\n\r\nhi";

	return msg_make(sip_default_mclass(), 0, wire, (ssize_t)sizeof(wire) - 1);
}

/* Calls @p peer at @p hop: its INVITE is the last message received. */
static struct cv_leg *call_peer(const char *peer, int fd, const struct cv_addr *hop,
				struct cv_txn **tp)
{
	struct cv_sip_ref ref = {.sip = b.bed.sip, .msg = phones_invite()};
	struct cv_target to = {.kind = CV_TARGET_PEER, .peer = peer, .hop = *hop};
	struct cv_request rq = {.method = CV_METHOD_INVITE};
	struct cv_leg_setup setup = {
		.events = &events, .to = &to, .rq = &rq, .call = "test"};
	struct cv_leg *leg = NULL;

	if (!ref.msg)
		abort();

	ref.pub = sip_object(ref.msg);
	rq.msg = (struct cv_msg){
		.type = CV_STR("text/plain"), .body = CV_STR("hi"), .src = &ref};
	b.events = 0;
	b.status = 0;
	if (cv_sip_leg_new(b.bed.sip, &leg, &setup) ||
	    leg->ops->request(leg, tp, &rq.msg, &to))
		abort();

	msg_destroy(ref.msg);
	CU_ASSERT_TRUE_FATAL(receive(fd, "INVITE"));
	if (strcmp(peer, "itsp") == 0)
		CU_ASSERT_FALSE(is_proven("Proxy-Authorization", "INVITE", "00000001"));

	return leg;
}

static void end_leg(struct cv_leg *leg)
{
	leg->ops->end(leg, 0);
	cv_mem_unref(leg);
	step();
}

static void test_call_is_proven_by_the_leg(void)
{
	char call[CV_AGENT_HEADER], again[CV_AGENT_HEADER], contact[64];
	struct cv_txn *t = NULL;
	struct cv_leg *leg = call_peer("itsp", b.trunk, &b.trunk_addr, &t);
	unsigned first = cseq();

	(void)header("Call-ID", call);
	reply_challenge(b.trunk, "c1", "");
	CU_ASSERT_TRUE_FATAL(receive(b.trunk, "INVITE sip:123@"));
	CU_ASSERT_TRUE(is_proven("Proxy-Authorization", "INVITE", "00000001"));
	CU_ASSERT_FALSE(has("username=\"alice\"")); /* its own is not for this realm */
	CU_ASSERT_EQUAL(cseq(), first + 1);
	CU_ASSERT_STRING_EQUAL(header("Call-ID", again), call);
	CU_ASSERT_TRUE(has("\r\n\r\nhi"));
	CU_ASSERT_EQUAL(b.events, 0);

	(void)snprintf(contact, sizeof(contact), "Contact: <sip:s@127.0.0.2:%u>\r\n",
		       b.trunk_addr.port);
	cv_agent_reply(&b.bed, b.trunk, "200 OK", contact);
	step();
	CU_ASSERT_EQUAL(b.status, 200);
	CU_ASSERT_EQUAL(leg->ops->ack(t, &(struct cv_msg){0}), 0);
	CU_ASSERT_TRUE(receive(b.trunk, "ACK"));
	CU_ASSERT_TRUE(is_proven("Proxy-Authorization", "INVITE", "00000001"));
	CU_ASSERT_EQUAL(cseq(), first + 1);

	end_leg(leg); /* nobody hears of the BYE any more, it must end the call anyway */
	CU_ASSERT_TRUE_FATAL(receive(b.trunk, "BYE"));
	reply_challenge(b.trunk, "c1", "");
	CU_ASSERT_TRUE_FATAL(receive(b.trunk, "BYE"));
	CU_ASSERT_TRUE(is_proven("Proxy-Authorization", "BYE", "00000002"));
	cv_agent_reply(&b.bed, b.trunk, "200 OK", "");
	step();
	CU_ASSERT_TRUE(cv_list_is_empty(&b.bed.sip->legs));
}

/* A call of the trunk's that goes on at another port of its host. */
static void test_next_hop_of_a_call_gets_nothing(void)
{
	struct cv_addr away_addr;
	int away = cv_agent_udp(&away_addr, "127.0.0.2");
	struct cv_txn *t = NULL;
	struct cv_leg *leg = call_peer("itsp", b.trunk, &b.trunk_addr, &t);
	char contact[64];

	reply_challenge(b.trunk, "a1", "");
	CU_ASSERT_TRUE_FATAL(receive(b.trunk, "INVITE"));
	(void)snprintf(contact, sizeof(contact), "Contact: <sip:s@127.0.0.2:%u>\r\n",
		       away_addr.port);
	cv_agent_reply(&b.bed, b.trunk, "200 OK", contact);
	step();
	CU_ASSERT_EQUAL(leg->ops->ack(t, &(struct cv_msg){0}), 0);
	CU_ASSERT_TRUE(receive(away, "ACK"));
	CU_ASSERT_FALSE(has("uthorization"));
	end_leg(leg);
	CU_ASSERT_TRUE_FATAL(receive(away, "BYE"));
	reply_challenge(away, "a2", "");
	CU_ASSERT_FALSE(receive_in(away, "BYE", QUIET_MS));
	CU_ASSERT_TRUE(cv_list_is_empty(&b.bed.sip->legs));
	(void)close(away);
}

static void test_second_refusal_passes_as_403(void)
{
	struct cv_txn *t = NULL;
	struct cv_leg *leg = call_peer("itsp", b.trunk, &b.trunk_addr, &t);

	reply_challenge(b.trunk, "s1", "");
	CU_ASSERT_TRUE_FATAL(receive(b.trunk, "INVITE"));
	reply_challenge(b.trunk, "s2", ", stale=true"); /* merely old: once more */
	CU_ASSERT_TRUE_FATAL(receive(b.trunk, "INVITE"));
	CU_ASSERT_TRUE(is_proven("Proxy-Authorization", "INVITE", "00000001"));
	reply_challenge(b.trunk, "s3", "");
	CU_ASSERT_FALSE(receive_in(b.trunk, "INVITE", QUIET_MS));
	CU_ASSERT_EQUAL(b.events, 1);
	CU_ASSERT_EQUAL(b.status, 403);
	CU_ASSERT_FALSE(b.src);
	end_leg(leg);
}

/* The challenge that was sent for the last INVITE passes, and nothing was proven. */
static void expect_passed(struct cv_leg *leg, int fd)
{
	CU_ASSERT_FALSE(receive_in(fd, "INVITE", QUIET_MS));
	CU_ASSERT_EQUAL(b.events, 1);
	CU_ASSERT_EQUAL(b.status, 407);
	CU_ASSERT_TRUE(b.src);
	end_leg(leg);
}

static void test_other_realm_passes(void)
{
	struct cv_txn *t = NULL;
	struct cv_leg *leg = call_peer("itsp", b.trunk, &b.trunk_addr, &t);

	cv_agent_reply(
		&b.bed, b.trunk, "407 Prove it",
		"Proxy-Authenticate: Digest realm=\"bank.example\", nonce=\"n\"\r\n");
	expect_passed(leg, b.trunk);
}

static void test_other_peer_gets_nothing(void)
{
	struct cv_txn *t = NULL;
	struct cv_leg *leg = call_peer("other", b.other, &b.other_addr, &t);

	reply_challenge(b.other, "o", "");
	expect_passed(leg, b.other);
}

static void test_other_address_of_the_peer_gets_nothing(void)
{
	struct cv_txn *t = NULL;
	struct cv_leg *leg = call_peer("itsp", b.other, &b.other_addr, &t);

	reply_challenge(b.other, "h", ""); /* not the configured target */
	expect_passed(leg, b.other);
}

static void test_answer_from_elsewhere_gets_nothing(void)
{
	struct cv_txn *t = NULL;
	struct cv_leg *leg = call_peer("itsp", b.trunk, &b.trunk_addr, &t);

	reply_challenge(b.other, "e", "");
	expect_passed(leg, b.trunk);
}

static void test_cancelled_is_not_sent_again(void)
{
	struct cv_txn *t = NULL;
	struct cv_leg *leg = call_peer("itsp", b.trunk, &b.trunk_addr, &t);

	leg->ops->cancel(t, &(struct cv_msg){0});
	reply_challenge(b.trunk, "x", "");
	expect_passed(leg, b.trunk);
}

static void test_reload_leaves_what_is_the_same(void)
{
	struct cv_sip_trunk *was = cv_sip_trunk_find(b.bed.sip, "itsp");

	cv_sip_conf(b.bed.sip, b.bed.conf, b.bed.net);
	CU_ASSERT_PTR_EQUAL(cv_sip_trunk_find(b.bed.sip, "itsp"), was);
	CU_ASSERT_FALSE(receive_in(b.trunk, "REGISTER", QUIET_MS));
}

static void test_reload_registers_anew_what_changed(void)
{
	struct cv_conf *fresh = NULL, *was = b.bed.conf;
	struct cv_buf error = {0};
	char text[CV_AGENT_TEXT];

	(void)snprintf(text, sizeof(text),
		       "[listen lo]\naddress = 127.0.0.1\nudp = %u\ntcp = off\n"
		       "[peer itsp]\ntarget = sip:127.0.0.2:%u\ndomains = itsp.example\n"
		       "register = yes\nusername = 49@30\npassword = anders\n",
		       b.bed.edge.port, b.trunk_addr.port);
	CU_ASSERT_EQUAL_FATAL(cv_conf_parse(&fresh, "t", cv_str_of(text), &error), 0);
	CU_ASSERT_EQUAL(cv_peers_conf(b.bed.sip->peers, fresh), 0);
	cv_sip_conf(b.bed.sip, fresh, b.bed.net);
	CU_ASSERT_TRUE_FATAL(receive(b.trunk, "REGISTER"));
	CU_ASSERT_TRUE(has("\r\nExpires: 0\r\n"));
	CU_ASSERT_TRUE(has("username=\"49@30\""));
	cv_agent_reply(&b.bed, b.trunk, "200 OK", "");
	CU_ASSERT_TRUE_FATAL(receive(b.trunk, "REGISTER"));
	CU_ASSERT_TRUE(has("\r\nExpires: 3600\r\n"));
	CU_ASSERT_FALSE(has("uthorization")); /* the new account knows no nonce yet */
	cv_agent_reply(&b.bed, b.trunk, "200 OK", "");
	step();
	CU_ASSERT_EQUAL(info().state, CV_TRUNK_REGISTERED);
	b.bed.conf = fresh;
	cv_buf_free(&error);
	cv_mem_unref(was);
}

static void test_oom(void)
{
	struct cv_sip_trunk *t = NULL;

	cv_sip_trunks_close(b.bed.sip);
	CU_ASSERT_PTR_NULL(cv_sip_trunk_find(b.bed.sip, "itsp"));
	for (long n = 0; !t && n < 32; ++n) {
		cv_mem_budget(n);
		cv_sip_trunks_fill(b.bed.sip);
		cv_mem_budget(-1);
		t = cv_sip_trunk_find(b.bed.sip, "itsp");
		CU_ASSERT_TRUE(t || n < 31);
	}

	CU_ASSERT_TRUE_FATAL(receive(b.trunk, "REGISTER"));
	cv_agent_reply(&b.bed, b.trunk, "200 OK", "");
	step();
	CU_ASSERT_EQUAL(info().state, CV_TRUNK_REGISTERED);
}

/* Last. */
static void test_drain_takes_it_back(void)
{
	CU_ASSERT_FALSE(cv_sip_is_idle(b.bed.sip));
	cv_sip_drain(b.bed.sip);
	CU_ASSERT_TRUE_FATAL(receive(b.trunk, "REGISTER"));
	CU_ASSERT_TRUE(has("\r\nExpires: 0\r\n"));
	CU_ASSERT_FALSE(cv_sip_is_idle(b.bed.sip));
	cv_agent_reply(&b.bed, b.trunk, "200 OK", "");
	step();
	CU_ASSERT_TRUE(cv_sip_is_idle(b.bed.sip));
	CU_ASSERT_PTR_NOT_NULL(
		cv_sip_trunk_find(b.bed.sip, "itsp")); /* for calls that end */
}

int cv_test_account(void)
{
	CU_pSuite s = CU_add_suite("account", bench_open, bench_close);

	if (!s ||
	    !CU_add_test(s, "registers and proves it", test_registers_and_proves_it) ||
	    !CU_add_test(s, "refresh counts the nonce", test_refresh_counts_the_nonce) ||
	    !CU_add_test(s, "Contact speaks from the trunk only",
			 test_contact_speaks_from_the_trunk_only) ||
	    !CU_add_test(s, "show peers tells no secret",
			 test_show_peers_tells_no_secret) ||
	    !CU_add_test(s, "call is proven by the leg",
			 test_call_is_proven_by_the_leg) ||
	    !CU_add_test(s, "next hop of a call gets nothing",
			 test_next_hop_of_a_call_gets_nothing) ||
	    !CU_add_test(s, "second refusal passes as 403",
			 test_second_refusal_passes_as_403) ||
	    !CU_add_test(s, "other realm passes", test_other_realm_passes) ||
	    !CU_add_test(s, "other peer gets nothing", test_other_peer_gets_nothing) ||
	    !CU_add_test(s, "other address of the peer gets nothing",
			 test_other_address_of_the_peer_gets_nothing) ||
	    !CU_add_test(s, "answer from elsewhere gets nothing",
			 test_answer_from_elsewhere_gets_nothing) ||
	    !CU_add_test(s, "cancelled is not sent again",
			 test_cancelled_is_not_sent_again) ||
	    !CU_add_test(s, "reload leaves what is the same",
			 test_reload_leaves_what_is_the_same) ||
	    !CU_add_test(s, "reload registers anew what changed",
			 test_reload_registers_anew_what_changed) ||
	    !CU_add_test(s, "out of memory", test_oom) ||
	    !CU_add_test(s, "drain takes it back", test_drain_takes_it_back))
		return (int)CU_get_error();

	return 0;
}
