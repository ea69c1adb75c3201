/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Calls through a real agent on the loopback: two peers and an intruder are
 * sockets of the test, which steps the agent's loop itself.
 */
#include "config.h"

#include <CUnit/CUnit.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent_bed.h"
#include "base/hash.h"
#include "base/mem.h"
#include "call/call.h"
#include "fake_media.h"
#include "runner.h"
#include "suite_dialog.h"

enum { STEPS = 300, QUIET_STEPS = 20, SEEN = 64 };
enum { ANN = 0, BOB, INTRUDER, SOCKETS };

/** A dialog as one of the test's ends knows it. */
struct dialog {
	unsigned who; /* socket */
	char target[512], me[512], they[512], call[512];
	unsigned cseq;
};

struct bench {
	struct cv_agent_bed bed;
	struct cv_calls *calls;
	struct cv_media_plane plane;
	struct cv_route *route;
	int fd[SOCKETS];
	struct cv_addr at[SOCKETS];
	unsigned branch;     /* of the last request */
	uint64_t seen[SEEN]; /* sums of messages received */
	size_t seenc;
};

static struct bench b; /* CUnit hands tests no argument */

static int pick(void *arg, const struct cv_request *rq, struct cv_targets *to)
{
	struct cv_target *t;

	(void)arg;
	if (cv_str_eq(rq->ruri_host, CV_STR("nowhere.example")))
		return ENOENT;

	if (rq->who != CV_WHO_PEER)
		return EACCES;

	t = cv_targets_add(to);
	t->kind = CV_TARGET_PEER;
	t->peer = cv_str_eq(rq->ruri_user, CV_STR("bob")) ? "bob" : "ann";

	return 0;
}

static const struct cv_route_ops route_ops = {.name = "test", .pick = pick};

static void place_peer(void *arg, const struct cv_addr *hop,
		       const struct cv_conf_peer *peer, struct cv_place *place,
		       struct cv_evid *ev)
{
	(void)arg;
	(void)peer;
	(void)ev;
	*place = (struct cv_place){
		.side = CV_SIDE_WAN, .seen = *hop, .family = hop->family};
}

static int calls_open(void)
{
	struct cv_call_env env = {
		.conf = b.bed.conf,
		.loop = b.bed.loop,
		.stats = b.bed.stats,
		.stat = b.bed.env.stat,
		.routes = b.bed.env.routes,
		.peers = b.bed.peers,
		.media = &cv_fake_media_ops,
		.plane = &b.plane,
		.leg_new = cv_sip_leg_new,
		.leg_arg = b.bed.sip,
		.place_peer = place_peer,
	};
	int err;

	cv_fake_media_init(&b.plane);
	err = cv_calls_new(&b.calls, &env);
	if (!err)
		cv_sip_calls(b.bed.sip, b.calls);

	return err;
}

static int bench_open(void)
{
	static const char *const hosts[SOCKETS] = {"127.0.0.2", "127.0.0.3", "127.0.0.4"};
	char peers[512];

	for (size_t i = 0; i < SOCKETS; ++i) {
		b.fd[i] = cv_agent_udp(&b.at[i], hosts[i]);
		if (b.fd[i] == -1)
			return -1;
	}

	(void)snprintf(peers, sizeof(peers),
		       "[peer ann]\ntarget = sip:127.0.0.2:%u\n"
		       "[peer bob]\ntarget = sip:127.0.0.3:%u\n"
		       "redirect = follow\n",
		       b.at[ANN].port, b.at[BOB].port);
	if (cv_agent_open(&b.bed, peers) == -1)
		return -1;

	cv_peers_watched(b.bed.peers, NULL); /* no probes: they are test_health's */

	return cv_route_add(&b.bed.env, &b.route, &route_ops, NULL) || calls_open() ? -1
										    : 0;
}

static int bench_close(void)
{
	cv_calls_close(b.calls);
	cv_sip_close(b.bed.sip);
	cv_mem_unref(b.calls);
	cv_route_del(b.route);
	cv_agent_close(&b.bed);
	for (size_t i = 0; i < SOCKETS; ++i)
		(void)close(b.fd[i]);

	return 0;
}

__attribute__((format(printf, 2, 3))) static void send_from(unsigned who, const char *fmt,
							    ...)
{
	char text[CV_AGENT_TEXT];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	cv_agent_send(&b.bed, b.fd[who], text);
}

/* A busy machine repeats messages, byte for byte. */
static bool is_repeat(size_t len)
{
	uint64_t sum = cv_hash_bytes(b.bed.got, len);

	for (size_t i = 0; i < SEEN; ++i) {
		if (b.seen[i] == sum)
			return true;
	}

	b.seen[b.seenc++ % SEEN] = sum;

	return false;
}

/* Steps the agent until a new message that is no 100 came, or the steps are over. */
static bool receive_within(unsigned who, int steps)
{
	for (int i = 0; i < steps; ++i) {
		size_t n = cv_agent_step(&b.bed, b.fd[who]);

		if (n > 0 && strncmp(b.bed.got, "SIP/2.0 100", 11) != 0 && !is_repeat(n))
			return true;
	}

	b.bed.got[0] = '\0';

	return false;
}

/* Steps the agent until @p who has a message that begins with @p what; a message of
 * another kind, or none, fails. */
static bool got(unsigned who, const char *what)
{
	bool good =
		receive_within(who, STEPS) && strncmp(b.bed.got, what, strlen(what)) == 0;

	if (!good)
		printf("%u waited for %s, got %.40s\n", who, what, b.bed.got);

	return good;
}

/* Value of header @p name in the last message, in a buffer of its own. */
static const char *header(const char *name, char dst[CV_AGENT_HEADER])
{
	return cv_agent_header(&b.bed, name, dst);
}

/* What stands between < and > of the last message's Contact. */
static void contact(char dst[512])
{
	char text[512];
	const char *p = strchr(header("Contact", text), '<');

	dst[0] = '\0';
	if (p)
		(void)snprintf(dst, 512, "%.*s", (int)strcspn(p + 1, ">"), p + 1);
}

/* A request of @p d's end, or of somebody else's socket. */
static void ask_from(unsigned who, struct dialog *d, const char *method, unsigned cseq,
		     const char *more)
{
	char addr[CV_ADDR_STRLEN];

	send_from(who,
		  "%s %s SIP/2.0\r\nVia: SIP/2.0/UDP %s;rport;branch=z9hG4bK%u\r\n"
		  "Max-Forwards: 70\r\nFrom: %s\r\nTo: %s\r\nCall-ID: %s\r\n"
		  "CSeq: %u %s\r\nContact: <sip:k@%s>\r\n%sContent-Length: 0\r\n\r\n",
		  method, d->target, cv_addr_print(&b.at[who], addr), b.branch, d->me,
		  d->they, d->call, cseq, method, cv_addr_print(&b.at[who], addr), more);
}

static void ask(struct dialog *d, const char *method, const char *more)
{
	if (strcmp(method, "ACK") != 0)
		++d->cseq;
	++b.branch;
	ask_from(d->who, d, method, d->cseq, more);
}

/* Answers the last message received, with a Contact of its own. */
static void reply(unsigned who, const char *status)
{
	char addr[CV_ADDR_STRLEN], mine[128];

	(void)snprintf(mine, sizeof(mine), "Contact: <sip:k@%s>\r\n",
		       cv_addr_print(&b.at[who], addr));
	cv_agent_reply(&b.bed, b.fd[who], status, mine);
}

/* What is on its way arrives. */
static void settle(void)
{
	for (unsigned who = 0; who < SOCKETS; ++who) {
		while (receive_within(who, QUIET_STEPS / 2))
			;
	}
}

static bool has(const char *text)
{
	return strstr(b.bed.got, text);
}

/* Whom @p d calls through the edge. */
static void aim(struct dialog *d, unsigned who, const char *user, const char *id)
{
	char addr[CV_ADDR_STRLEN], host[CV_ADDR_STRLEN];

	*d = (struct dialog){.who = who};
	(void)snprintf(d->target, sizeof(d->target), "sip:%s@%s", user,
		       cv_addr_print(&b.bed.edge, addr));
	(void)snprintf(d->me, sizeof(d->me), "<sip:%s@%s>;tag=%s", id,
		       cv_addr_print_host(&b.at[who], host), id);
	(void)snprintf(d->they, sizeof(d->they), "<sip:%s@127.0.0.1>", user);
	(void)snprintf(d->call, sizeof(d->call), "%s", id);
}

/* ann calls bob, who answers; the dialog as each of them knows it. */
static void call(struct dialog *ann, struct dialog *bob, const char *id)
{
	char to[512];

	aim(ann, ANN, "bob", id);
	*bob = (struct dialog){.who = BOB};
	ask(ann, "INVITE", "");
	CU_ASSERT_TRUE_FATAL(got(BOB, "INVITE "));
	(void)header("From", bob->they);
	(void)snprintf(bob->me, sizeof(bob->me), "%.500s;tag=t", header("To", to));
	(void)header("Call-ID", bob->call);
	contact(bob->target);
	reply(BOB, "200 OK");
	CU_ASSERT_TRUE_FATAL(got(ANN, "SIP/2.0 200"));
	(void)header("To", ann->they);
	contact(ann->target);
	ask(ann, "ACK", "");
	CU_ASSERT_TRUE(got(BOB, "ACK "));
}

/* Who has seen the tags of a call sends what looks like its next request; the party
 * itself must still be heard. */
static void test_intruder_does_not_move_cseq(void)
{
	struct dialog ann, bob;

	call(&ann, &bob, "cseq");
	++b.branch;
	ask_from(INTRUDER, &ann, "INFO", 70000, "");
	CU_ASSERT_TRUE(got(INTRUDER, "SIP/2.0 403"));
	++b.branch;
	ask_from(INTRUDER, &bob, "BYE", 80000, "");
	CU_ASSERT_TRUE(got(INTRUDER, "SIP/2.0 403"));
	ask(&ann, "INFO", "");
	CU_ASSERT_TRUE(got(BOB, "INFO "));
	reply(BOB, "200 OK");
	CU_ASSERT_TRUE(got(ANN, "SIP/2.0 200"));
	/* and what its party said still counts */
	++b.branch;
	ask_from(INTRUDER, &ann, "INFO", 70001, "");
	CU_ASSERT_TRUE(got(INTRUDER, "SIP/2.0 403"));
	++b.branch;
	ask_from(ANN, &ann, "INFO", 1, "");
	CU_ASSERT_TRUE(got(ANN, "SIP/2.0 500"));
	ask(&bob, "BYE", "");
	CU_ASSERT_TRUE(got(BOB, "SIP/2.0 200"));
	CU_ASSERT_TRUE(got(ANN, "BYE "));
	reply(ANN, "200 OK");
	settle();
	CU_ASSERT_EQUAL(cv_calls_count(b.calls), 0);
}

/* Contacts of a redirection reach the caller: third parties' as they stand, what leads
 * behind the edge by way of the edge. */
static void test_redirection_is_passed(void)
{
	char more[600], text[512], addr[CV_ADDR_STRLEN], edge[CV_ADDR_STRLEN];
	struct dialog bob;

	cv_addr_print(&b.at[ANN], addr);
	cv_addr_print(&b.bed.edge, edge);
	aim(&bob, BOB, "ann", "passed");
	ask(&bob, "INVITE", "");
	CU_ASSERT_TRUE_FATAL(got(ANN, "INVITE "));
	(void)snprintf(more, sizeof(more),
		       "Contact: <sip:c@third.example:5070;user=phone>;q=0.5,"
		       " \"D\" <sip:d@10.1.2.3>\r\nContact: <sip:e@%s>;q=0.1\r\n"
		       "Contact: <tel:+4930123>\r\nContact: <sip:f@%s>\r\n",
		       addr, edge);
	cv_agent_reply(&b.bed, b.fd[ANN], "302 Moved Temporarily", more);
	CU_ASSERT_TRUE(got(ANN, "ACK "));
	CU_ASSERT_TRUE(got(BOB, "SIP/2.0 302"));
	CU_ASSERT_TRUE(has("<sip:c@third.example:5070;user=phone>;q=0.5"));
	CU_ASSERT_TRUE(has("<sip:d@10.1.2.3>"));
	CU_ASSERT_TRUE(has("<tel:+4930123>"));
	CU_ASSERT_TRUE(has("<sip:e@127.0.0.1>;q=0.1"));
	CU_ASSERT_FALSE(has(addr)); /* ann's own is not shown */
	(void)snprintf(text, sizeof(text), "<sip:f@127.0.0.3:%u>", b.at[BOB].port);
	CU_ASSERT_TRUE(has(text)); /* a user at the edge is one of bob's there */
	ask_from(BOB, &bob, "ACK", bob.cseq, ""); /* its INVITE was the last request */
	while (receive_within(ANN, QUIET_STEPS))
		CU_ASSERT_TRUE(strncmp(b.bed.got, "ACK ", 4) != 0); /* one is enough */
	CU_ASSERT_EQUAL(cv_calls_count(b.calls), 0);
}

/* A phone that ann knows by the token of its registration through the edge. */
static void test_redirection_to_a_phone_of_ours(void)
{
	const struct cv_bind_ask phone = {
		.aor = CV_STR("carol@ann.example"),
		.contact = CV_STR("sip:carol@10.0.0.9"),
		.flow = {.seen = b.at[INTRUDER]},
		.place = {.side = CV_SIDE_WAN, .seen = b.at[INTRUDER]},
	};
	char more[600], edge[CV_ADDR_STRLEN];
	struct cv_binds *binds = cv_sip_binds(b.bed.sip);
	struct cv_binding *bd;
	struct dialog bob;

	CU_ASSERT_EQUAL_FATAL(cv_bind_take(binds, &bd, &phone), 0);
	CU_ASSERT_EQUAL_FATAL(cv_bind_confirm(binds, bd, &phone, 60, 60), 0);
	aim(&bob, BOB, "ann", "token");
	ask(&bob, "INVITE", "");
	CU_ASSERT_TRUE_FATAL(got(ANN, "INVITE "));
	(void)snprintf(more, sizeof(more), "Contact: <sip:%s@%s>\r\n", bd->token,
		       cv_addr_print(&b.bed.edge, edge));
	cv_agent_reply(&b.bed, b.fd[ANN], "302 Moved Temporarily", more);
	CU_ASSERT_TRUE(got(ANN, "ACK "));
	CU_ASSERT_TRUE(got(BOB, "SIP/2.0 302"));
	CU_ASSERT_TRUE(has("<sip:carol@ann.example>"));
	CU_ASSERT_FALSE(has(bd->token));
	ask_from(BOB, &bob, "ACK", bob.cseq, ""); /* its INVITE was the last request */
	cv_bind_drop(binds, bd, "end of test");
}

/* Followed: in the order of q, to the peer's own address, without what is only the
 * caller's; the caller sees the answer. */
static void test_redirection_is_followed(void)
{
	char more[600], addr[CV_ADDR_STRLEN];
	struct dialog ann;

	cv_addr_print(&b.at[BOB], addr);
	aim(&ann, ANN, "bob", "followed");
	ask(&ann, "INVITE",
	    "Subject: one\r\nSubject: two\r\nProxy-Authorization: Digest "
	    "username=\"ann\", realm=\"bob.example\", nonce=\"1\", uri=\"sip:bob\", "
	    "response=\"2\"\r\n");
	CU_ASSERT_TRUE_FATAL(got(BOB, "INVITE "));
	CU_ASSERT_TRUE(has("Proxy-Authorization"));
	(void)snprintf(more, sizeof(more),
		       "Contact: <sip:last@%s>;q=0.2\r\n"
		       "Contact: <sip:x@nowhere.example>;q=0.9\r\n"
		       "Contact: <sip:mail@%s?Subject=mine>;q=0.5\r\n",
		       addr, addr);
	cv_agent_reply(&b.bed, b.fd[BOB], "302 Moved Temporarily", more);
	CU_ASSERT_TRUE(got(BOB, "ACK "));
	CU_ASSERT_TRUE_FATAL(got(BOB, "INVITE sip:mail@127.0.0.3"));
	CU_ASSERT_FALSE(has("Proxy-Authorization"));
	CU_ASSERT_FALSE(has("mine"));
	CU_ASSERT_TRUE(has("Max-Forwards: 69"));
	cv_agent_reply(&b.bed, b.fd[BOB], "404 Not Found", "");
	CU_ASSERT_TRUE(got(BOB, "ACK "));
	CU_ASSERT_TRUE_FATAL(got(BOB, "INVITE sip:last@127.0.0.3"));
	reply(BOB, "200 OK");
	CU_ASSERT_TRUE(got(ANN, "SIP/2.0 200"));
	(void)header("To", ann.they);
	contact(ann.target);
	ask(&ann, "ACK", "");
	CU_ASSERT_TRUE(got(BOB, "ACK "));
	ask(&ann, "BYE", "");
	CU_ASSERT_TRUE(got(ANN, "SIP/2.0 200"));
	CU_ASSERT_TRUE(got(BOB, "BYE "));
	reply(BOB, "200 OK");
	settle();
	CU_ASSERT_EQUAL(cv_calls_count(b.calls), 0);
}

/* ann transfers bob and hangs up; what bob tells of it still reaches her. */
static void test_report_after_bye(void)
{
	struct dialog ann, bob;

	call(&ann, &bob, "report");
	ask(&ann, "REFER", "Refer-To: <sip:carol@third.example>\r\n");
	CU_ASSERT_TRUE_FATAL(got(BOB, "REFER "));
	reply(BOB, "202 Accepted");
	CU_ASSERT_TRUE(got(ANN, "SIP/2.0 202"));
	ask(&ann, "BYE", "");
	CU_ASSERT_TRUE(got(ANN, "SIP/2.0 200"));
	CU_ASSERT_TRUE(got(BOB, "BYE "));
	reply(BOB, "200 OK");
	CU_ASSERT_EQUAL(cv_calls_count(b.calls), 0);
	ask(&bob, "NOTIFY", "Event: refer\r\nSubscription-State: active;expires=60\r\n");
	CU_ASSERT_TRUE_FATAL(got(ANN, "NOTIFY "));
	reply(ANN, "200 OK");
	CU_ASSERT_TRUE(got(BOB, "SIP/2.0 200"));
	ask(&bob, "NOTIFY", "Event: refer\r\nSubscription-State: terminated\r\n");
	CU_ASSERT_TRUE_FATAL(got(ANN, "NOTIFY "));
	reply(ANN, "200 OK");
	CU_ASSERT_TRUE(got(BOB, "SIP/2.0 200"));
	ask(&bob, "NOTIFY", "Event: refer\r\nSubscription-State: terminated\r\n");
	CU_ASSERT_TRUE(got(BOB, "SIP/2.0 481"));
	settle();
}

int cv_test_dialog(void)
{
	CU_pSuite s = CU_add_suite("dialog", bench_open, bench_close);

	if (!s)
		return CU_get_error();

	CU_ADD_TEST(s, test_intruder_does_not_move_cseq);
	CU_ADD_TEST(s, test_redirection_is_passed);
	CU_ADD_TEST(s, test_redirection_to_a_phone_of_ours);
	CU_ADD_TEST(s, test_redirection_is_followed);
	CU_ADD_TEST(s, test_report_after_bye);

	return CU_get_error();
}

const struct cv_test_suite cv_test_suites[] = {
	{"dialog", cv_test_dialog},
	{NULL, NULL},
};
