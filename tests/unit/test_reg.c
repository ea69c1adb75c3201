/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * REGISTER through a real agent on the loopback: a phone and a registrar are
 * two sockets of the test, which steps the agent's loop itself.
 */
#include "config.h"

#include <CUnit/CUnit.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent_bed.h"
#include "runner.h"
#include "suite_reg.h"

enum { STEPS = 300 };

struct bench {
	struct cv_agent_bed bed;
	struct cv_home *home;
	int phone, pbx;        /* sockets */
	unsigned max_contacts; /* of the home's accounts */
};

static struct bench b; /* CUnit hands tests no argument */

/* A home of one account, "alice", that asks for no password. */
static bool knows(void *arg, struct cv_str user, struct cv_str host)
{
	(void)arg;

	return cv_str_eq(user, CV_STR("alice")) && cv_str_is_empty(host);
}

static int answer(void *arg, const struct cv_home_ask *ask, struct cv_home_answer *ans)
{
	if (!knows(arg, ask->user, ask->host))
		return ENOENT;

	if (ask->expires_s > 0 && ask->expires_s < 60) {
		ans->verdict = CV_HOME_BRIEF;
		ans->min_s = 60;
		return 0;
	}

	ans->verdict = CV_HOME_ACCEPT;
	ans->expires_s = ask->expires_s < 90 ? ask->expires_s : 90;
	ans->max_contacts = b.max_contacts;

	return 0;
}

static const struct cv_home_ops home_ops = {
	.name = "test",
	.answer = answer,
	.knows = knows,
};

static int bench_open(void)
{
	struct cv_addr phone, pbx;
	char peers[512];

	b.phone = cv_agent_udp(&phone, "127.0.0.3");
	b.pbx = cv_agent_udp(&pbx, "127.0.0.2");
	if (b.phone == -1 || b.pbx == -1)
		return -1;

	(void)snprintf(peers, sizeof(peers),
		       "[peer pbx]\ntarget = sip:127.0.0.2:%u\ndomains = pbx.example\n"
		       "options-ping = off\n",
		       pbx.port);
	if (cv_agent_open(&b.bed, peers) == -1 ||
	    cv_home_add(&b.bed.env, &b.home, &home_ops, NULL))
		return -1;

	return 0;
}

static int bench_close(void)
{
	cv_home_del(b.home);
	cv_agent_close(&b.bed);
	(void)close(b.phone);
	(void)close(b.pbx);

	return 0;
}

/* Steps the agent until @p fd has a message; false: none came. */
static bool receive(int fd)
{
	for (int i = 0; i < STEPS; ++i) {
		if (cv_agent_step(&b.bed, fd) > 0)
			return true;
	}

	return false;
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

/* The phone registers. @p rest: Contact and whatever else, each line with CRLF. */
static void ask(const char *aor, const char *call, unsigned cseq, const char *rest)
{
	char text[CV_AGENT_TEXT];

	(void)snprintf(text, sizeof(text),
		       "REGISTER sip:%s SIP/2.0\r\n"
		       "Via: SIP/2.0/UDP 10.0.0.7:5060;branch=z9hG4bK%s%u\r\n"
		       "Max-Forwards: 70\r\n"
		       "From: <sip:%s>;tag=%s\r\nTo: <sip:%s>\r\n"
		       "Call-ID: %s\r\nCSeq: %u REGISTER\r\n"
		       "Supported: path, outbound, timer\r\n%s"
		       "Content-Length: 0\r\n\r\n",
		       strchr(aor, '@') + 1, call, cseq, aor, call, aor, call, cseq,
		       rest);
	cv_agent_send(&b.bed, b.phone, text);
}

/* The registrar answers the last message received. */
static void reply(const char *status, const char *rest)
{
	cv_agent_reply(&b.bed, b.pbx, status, rest);
}

static const char contact[] = "Contact: <sip:bob@10.0.0.7:5060;ob>;reg-id=1;"
			      "+sip.instance=\"<urn:uuid:1>\"\r\nExpires: 600\r\n";

/* Bob's binding; without one no test can go on. */
static struct cv_binding *bob_of(void)
{
	struct cv_binding *bob;

	bob = cv_bind_by_aor(cv_sip_binds(b.bed.sip), CV_STR("bob@pbx.example"), NULL);
	if (!bob)
		abort();

	return bob;
}

/* Registers bob upstream; its binding, which the caller drops. */
static struct cv_binding *register_bob(const char *call)
{
	char mine[512], rest[600];

	ask("bob@pbx.example", call, 1, contact);
	CU_ASSERT_TRUE(receive(b.pbx));
	(void)snprintf(rest, sizeof(rest), "Contact: %s;expires=300\r\n",
		       header("Contact", mine));
	reply("200 OK", rest);
	CU_ASSERT_TRUE(receive(b.phone));
	CU_ASSERT_TRUE(has("SIP/2.0 200"));

	return bob_of();
}

static void drop_bob(void)
{
	cv_bind_drop(cv_sip_binds(b.bed.sip), bob_of(), "end of test");
}

static void test_registrar_sees_a_token_and_no_phone(void)
{
	ask("bob@pbx.example", "seen", 1, contact);
	CU_ASSERT_TRUE_FATAL(receive(b.pbx));
	CU_ASSERT_TRUE(has("REGISTER sip:pbx.example SIP/2.0"));
	CU_ASSERT_TRUE(has("Contact: <sip:cv0"));
	CU_ASSERT_TRUE(has("+sip.instance=\"<urn:uuid:1>\""));
	CU_ASSERT_TRUE(has("Max-Forwards: 69"));
	CU_ASSERT_TRUE(has("Supported: timer, path\r\n"));
	CU_ASSERT_TRUE(has("Path: <sip:cv0"));
	CU_ASSERT_FALSE(has("10.0.0.7"));
	CU_ASSERT_FALSE(has("127.0.0.3"));
	CU_ASSERT_FALSE(has("reg-id"));
	CU_ASSERT_FALSE(has("Call-ID: seen"));
	reply("403 Forbidden", "");
	CU_ASSERT_TRUE(receive(b.phone));
	CU_ASSERT_TRUE(has("SIP/2.0 403"));
	CU_ASSERT_EQUAL(cv_binds_count(cv_sip_binds(b.bed.sip)), 0);
}

static void test_asked_again_is_the_same_upstream(void)
{
	static const char challenge[] =
		"WWW-Authenticate: Digest realm=\"pbx.example\", nonce=\"n\"\r\n";
	static const char proof[] =
		"Authorization: Digest username=\"bob\", realm=\"pbx.example\", "
		"nonce=\"n\", uri=\"sip:pbx.example\", response=\"0\"\r\n";
	char call[512], from[512], again[512], rest[1024];

	ask("bob@pbx.example", "again", 1, contact);
	CU_ASSERT_TRUE_FATAL(receive(b.pbx));
	(void)header("Call-ID", call);
	(void)header("From", from);
	reply("401 Unauthorized", challenge);
	CU_ASSERT_TRUE(receive(b.phone));
	CU_ASSERT_TRUE(has("SIP/2.0 401"));
	CU_ASSERT_TRUE(has(challenge));

	(void)snprintf(rest, sizeof(rest), "%s%s", contact, proof);
	ask("bob@pbx.example", "again", 2, rest);
	CU_ASSERT_TRUE_FATAL(receive(b.pbx));
	CU_ASSERT_STRING_EQUAL(header("Call-ID", again), call);
	CU_ASSERT_STRING_EQUAL(header("From", again), from);
	CU_ASSERT_TRUE(has("CSeq: 2 REGISTER"));
	CU_ASSERT_TRUE(has(proof));
	reply("500 Enough", "");
	CU_ASSERT_TRUE(receive(b.phone));
}

static void test_phone_sees_its_own_contact_with_the_grant(void)
{
	struct cv_binding *bob = register_bob("grant");

	CU_ASSERT_TRUE(has("Contact: <sip:bob@10.0.0.7:5060;ob>;reg-id=1;"
			   "+sip.instance=\"<urn:uuid:1>\";expires=300\r\n"));
	CU_ASSERT_FALSE(has("cv0"));
	CU_ASSERT_STRING_EQUAL(bob->home, "pbx");
	CU_ASSERT_STRING_EQUAL(bob->contact, "sip:bob@10.0.0.7:5060;ob");
	drop_bob();
}

static void test_foreign_contacts_are_left_out(void)
{
	char mine[512], rest[700];

	ask("bob@pbx.example", "foreign", 1, contact);
	CU_ASSERT_TRUE_FATAL(receive(b.pbx));
	(void)snprintf(rest, sizeof(rest),
		       "Contact: <sip:x@192.0.2.99>;expires=60, %s;expires=300\r\n",
		       header("Contact", mine));
	reply("200 OK", rest);
	CU_ASSERT_TRUE(receive(b.phone));
	CU_ASSERT_FALSE(has("192.0.2.99"));
	drop_bob();
}

static void test_absent_in_the_answer_is_unregistered(void)
{
	(void)register_bob("absent");
	ask("bob@pbx.example", "absent", 2,
	    "Contact: <sip:bob@10.0.0.7:5060;ob>;expires=0\r\n");
	CU_ASSERT_TRUE_FATAL(receive(b.pbx));
	CU_ASSERT_TRUE(has(";expires=0\r\n"));
	reply("200 OK", "");
	CU_ASSERT_TRUE(receive(b.phone));
	CU_ASSERT_FALSE(has("\r\nContact:"));
	CU_ASSERT_EQUAL(cv_binds_count(cv_sip_binds(b.bed.sip)), 0);
}

static void test_refused_refresh_leaves_what_was(void)
{
	(void)register_bob("keep");
	ask("bob@pbx.example", "keep", 2, contact);
	CU_ASSERT_TRUE_FATAL(receive(b.pbx));
	reply("503 Busy", "");
	CU_ASSERT_TRUE(receive(b.phone));
	CU_ASSERT_TRUE(has("SIP/2.0 503"));
	drop_bob();
}

static int pick(const char *user, enum cv_who who, struct cv_targets *to)
{
	struct cv_request rq = {
		.who = who,
		.ruri_user = cv_str_of(user),
		.ruri_host = CV_STR("127.0.0.1"),
		.ruri_ours = true,
	};

	return cv_routes_pick(b.bed.env.routes, &rq, to);
}

static void test_token_leads_a_peer_to_the_phone(void)
{
	struct cv_binding *bob = register_bob("token");
	struct cv_targets to;
	char token[CV_BIND_TOKEN];

	memcpy(token, bob->token, sizeof(token));
	CU_ASSERT_EQUAL(pick(token, CV_WHO_PEER, &to), 0);
	CU_ASSERT_EQUAL(to.v[0].kind, CV_TARGET_BINDING);
	CU_ASSERT_EQUAL(to.v[0].binding, bob->id);
	CU_ASSERT_TRUE(cv_addr_eq(&to.v[0].hop, &bob->flow.seen));
	CU_ASSERT_EQUAL(pick(token, CV_WHO_STRANGER, &to), EACCES);
	CU_ASSERT_EQUAL(pick(token, CV_WHO_PHONE, &to), EACCES);
	token[10] = token[10] == '0' ? '1' : '0';
	CU_ASSERT_EQUAL(pick(token, CV_WHO_PEER, &to), EACCES);
	token[10] = bob->token[10];
	drop_bob();
	CU_ASSERT_EQUAL(pick(token, CV_WHO_PEER, &to), ESTALE);
}

static void test_account_is_answered_here(void)
{
	struct cv_targets to;

	CU_ASSERT_EQUAL(pick("alice", CV_WHO_PEER, &to), EHOSTUNREACH);
	CU_ASSERT_EQUAL(pick("eve", CV_WHO_PEER, &to), ENOENT);
	ask("alice@edge.example", "acc", 1, "Contact: <sip:a@10.0.0.7>;x=y\r\n");
	CU_ASSERT_TRUE(receive(b.phone));
	CU_ASSERT_TRUE(has("SIP/2.0 200"));
	CU_ASSERT_TRUE(has("Contact: <sip:a@10.0.0.7>;x=y;expires=90\r\n"));
	CU_ASSERT_EQUAL(pick("alice", CV_WHO_PEER, &to), 0);
	CU_ASSERT_EQUAL(pick("%61lice", CV_WHO_PHONE, &to), 0);
	CU_ASSERT_EQUAL(pick("alice", CV_WHO_STRANGER, &to), EACCES);

	ask("alice@127.0.0.1", "acc", 2, "Contact: <sip:a@10.0.0.8>\r\nExpires: 30\r\n");
	CU_ASSERT_TRUE(receive(b.phone));
	CU_ASSERT_TRUE(has("SIP/2.0 423") && has("Min-Expires: 60"));
	b.max_contacts = 1;
	ask("alice@127.0.0.1", "acc", 3, "Contact: <sip:a@10.0.0.8>\r\n");
	CU_ASSERT_TRUE(receive(b.phone));
	CU_ASSERT_TRUE(has("SIP/2.0 403"));
	b.max_contacts = 0;
	ask("alice@127.0.0.1", "acc", 4, "Contact: *\r\nExpires: 60\r\n");
	CU_ASSERT_TRUE(receive(b.phone));
	CU_ASSERT_TRUE(has("SIP/2.0 400"));
	ask("alice@127.0.0.1", "acc", 5, "");
	CU_ASSERT_TRUE(receive(b.phone));
	CU_ASSERT_TRUE(has("SIP/2.0 200") && has("<sip:a@10.0.0.7>"));
	ask("alice@127.0.0.1", "acc", 6, "Contact: *\r\nExpires: 0\r\n");
	CU_ASSERT_TRUE(receive(b.phone));
	CU_ASSERT_TRUE(has("SIP/2.0 200"));
	CU_ASSERT_EQUAL(cv_binds_count(cv_sip_binds(b.bed.sip)), 0);
}

/* A phone that is switched off and on takes another port; what it left must not lock it
 * out. */
static void test_phone_that_came_back_takes_its_old_place(void)
{
	struct cv_addr other = {0};
	int old = b.phone;

	b.max_contacts = 1;
	ask("alice@127.0.0.1", "off", 1, "Contact: <sip:a-1@10.0.0.7>\r\n");
	CU_ASSERT_TRUE(receive(b.phone));
	CU_ASSERT_TRUE(has("SIP/2.0 200"));

	b.phone = cv_agent_udp(&other, "127.0.0.3");
	CU_ASSERT_NOT_EQUAL_FATAL(b.phone, -1);
	ask("alice@127.0.0.1", "on", 1, "Contact: <sip:a-2@10.0.0.7>\r\n");
	CU_ASSERT_TRUE(receive(b.phone));
	CU_ASSERT_TRUE(has("SIP/2.0 200") && has("<sip:a-2@") && !has("<sip:a-1@"));
	(void)close(b.phone);

	b.phone = cv_agent_udp(&other, "127.0.0.6");
	CU_ASSERT_NOT_EQUAL_FATAL(b.phone, -1);
	ask("alice@127.0.0.1", "else", 1, "Contact: <sip:a-3@10.0.0.7>\r\n");
	CU_ASSERT_TRUE(receive(b.phone));
	CU_ASSERT_TRUE(has("SIP/2.0 403"));
	b.max_contacts = 0;
	ask("alice@127.0.0.1", "end", 1, "Contact: *\r\nExpires: 0\r\n");
	CU_ASSERT_TRUE(receive(b.phone));
	CU_ASSERT_EQUAL(cv_binds_count(cv_sip_binds(b.bed.sip)), 0);
	(void)close(b.phone);
	b.phone = old;
}

static void test_nobodys_domain_is_refused(void)
{
	ask("eve@nowhere.example", "eve", 1, contact);
	CU_ASSERT_TRUE(receive(b.phone));
	CU_ASSERT_TRUE(has("SIP/2.0 403"));
}

static void test_too_many_contacts_are_refused(void)
{
	char rest[CV_AGENT_TEXT / 2];
	size_t n = 0;

	for (int i = 0; i < 11; ++i)
		n += (size_t)snprintf(rest + n, sizeof(rest) - n,
				      "Contact: <sip:b@10.0.0.%d>\r\n", i);

	ask("bob@pbx.example", "many", 1, rest);
	CU_ASSERT_TRUE(receive(b.phone));
	CU_ASSERT_TRUE(has("SIP/2.0 403"));
	CU_ASSERT_EQUAL(cv_binds_count(cv_sip_binds(b.bed.sip)), 0);
}

static void test_ping_leaves_by_the_flow(void)
{
	struct cv_binding *bob = register_bob("ping");

	cv_sip_ping(b.bed.sip, bob);
	CU_ASSERT_TRUE_FATAL(receive(b.phone));
	CU_ASSERT_TRUE(has("OPTIONS sip:bob@10.0.0.7:5060;ob SIP/2.0"));
	CU_ASSERT_TRUE(cv_addr_eq(&b.bed.from, &b.bed.edge));
	drop_bob();
}

/* A stranger may not name who gets our answers (threats 17): one got eleven for one
 * INVITE. */
static void test_answers_go_to_the_source_not_to_maddr(void)
{
	static const struct {
		const char *name, *params;
	} forms[] = {
		{"Via", ";maddr=127.0.0.4"},
		{"v", ";MADDR=127.0.0.4"},
		{"Via", ";maddr=127.0.0.4;rport, SIP/2.0/UDP 10.0.0.8;maddr=127.0.0.4"},
	};
	struct cv_addr victim = {0};
	int fd = cv_agent_udp(&victim, "127.0.0.4");

	CU_ASSERT_NOT_EQUAL_FATAL(fd, -1);
	for (unsigned i = 0; i < sizeof(forms) / sizeof(forms[0]); ++i) {
		char text[CV_AGENT_TEXT];

		(void)snprintf(text, sizeof(text),
			       "OPTIONS sip:edge.example SIP/2.0\r\n"
			       "%s: SIP/2.0/UDP 10.0.0.7:%u;branch=z9hG4bKm%u%s\r\n"
			       "From: <sip:x@y>;tag=%u\r\nTo: <sip:x@y>\r\n"
			       "Call-ID: maddr%u\r\nCSeq: 1 OPTIONS\r\n"
			       "Content-Length: 0\r\n\r\n",
			       forms[i].name, (unsigned)victim.port, i, forms[i].params,
			       i, i);
		cv_agent_send(&b.bed, b.phone, text);
		CU_ASSERT_TRUE(receive(b.phone));
		CU_ASSERT_TRUE(has("SIP/2.0 200"));
		CU_ASSERT_TRUE(has("z9hG4bKm"));
	}

	CU_ASSERT_EQUAL(recv(fd, b.bed.got, sizeof(b.bed.got), MSG_DONTWAIT), -1);
	(void)close(fd);
}

/* 14 kB of parameters kept 29 MB for 32 s, from anybody, for any method. */
static void test_header_of_thousands_of_parts_is_refused(void)
{
	static const char *const heads[] = {"Require: a", "Accept: a/b",
					    "Authorization: Digest a=b",
					    "Contact: <sip:a@b>"};
	enum { PARTS = 3000 };

	for (unsigned i = 0; i < sizeof(heads) / sizeof(heads[0]); ++i) {
		char text[2 * PARTS + 1024];
		int n = snprintf(text, sizeof(text),
				 "OPTIONS sip:edge.example SIP/2.0\r\n"
				 "Via: SIP/2.0/UDP 10.0.0.7;branch=z9hG4bKp%u\r\n"
				 "From: <sip:x@y>;tag=%u\r\nTo: <sip:x@y>\r\n"
				 "Call-ID: parts%u\r\nCSeq: 1 OPTIONS\r\n%s",
				 i, i, i, heads[i]);

		for (int k = 0; k < PARTS; ++k)
			n += snprintf(text + n, sizeof(text) - (size_t)n, "%s",
				      i == 3 ? ";a" : ",a");
		(void)snprintf(text + n, sizeof(text) - (size_t)n,
			       "\r\nContent-Length: 0\r\n\r\n");
		cv_agent_send(&b.bed, b.phone, text);
		CU_ASSERT_TRUE(receive(b.phone));
		CU_ASSERT_TRUE(has("SIP/2.0 400") || has("SIP/2.0 200"));
	}
}

/* The second line of a list header is parsed into the header of the first: once it
 * crashed. */
static void test_list_header_in_many_lines_is_read(void)
{
	static const char *const lines[] = {"Require: a",    "Supported: a",
					    "Allow: INVITE", "k: b",
					    "Accept: a/b",   "Via: SIP/2.0/UDP a.b"};

	for (unsigned i = 0; i < sizeof(lines) / sizeof(lines[0]); ++i) {
		char text[CV_AGENT_TEXT];
		int n = snprintf(text, sizeof(text),
				 "OPTIONS sip:edge.example SIP/2.0\r\n"
				 "Via: SIP/2.0/UDP 10.0.0.7;branch=z9hG4bKl%u\r\n"
				 "From: <sip:x@y>;tag=%u\r\nTo: <sip:x@y>\r\n"
				 "Call-ID: lines%u\r\nCSeq: 1 OPTIONS\r\n",
				 i, i, i);

		for (int k = 0; k < 40; ++k)
			n += snprintf(text + n, sizeof(text) - (size_t)n, "%s\r\n",
				      lines[i]);
		(void)snprintf(text + n, sizeof(text) - (size_t)n,
			       "Content-Length: 0\r\n\r\n");
		cv_agent_send(&b.bed, b.phone, text);
		CU_ASSERT_TRUE(receive(b.phone));
		CU_ASSERT_TRUE(has("SIP/2.0 200"));
	}
}

/* Many lines of a list become one header: together they have no more room than one. */
static void test_list_header_is_bounded_over_its_lines(void)
{
	enum { LINES = 12, TAGS = 100 };
	char text[LINES * (2 * TAGS + 16) + 512];
	int n = snprintf(text, sizeof(text),
			 "OPTIONS sip:edge.example SIP/2.0\r\n"
			 "Via: SIP/2.0/UDP 10.0.0.7;branch=z9hG4bKbound\r\n"
			 "From: <sip:x@y>;tag=b\r\nTo: <sip:x@y>\r\n"
			 "Call-ID: bound\r\nCSeq: 1 OPTIONS\r\n");

	for (int i = 0; i < LINES; ++i) {
		n += snprintf(text + n, sizeof(text) - (size_t)n, "Require: a");
		for (int k = 1; k < TAGS; ++k)
			n += snprintf(text + n, sizeof(text) - (size_t)n, ",a");
		n += snprintf(text + n, sizeof(text) - (size_t)n, "\r\n");
	}
	(void)snprintf(text + n, sizeof(text) - (size_t)n, "Content-Length: 0\r\n\r\n");
	cv_agent_send(&b.bed, b.phone, text);
	CU_ASSERT_TRUE(receive(b.phone));
	CU_ASSERT_TRUE(has("SIP/2.0 400"));
}

/* Last: the agent closes with a REGISTER under way, and nothing may be left. */
static void test_close_with_one_under_way(void)
{
	ask("bob@pbx.example", "open", 1, contact);
	CU_ASSERT_TRUE_FATAL(receive(b.pbx));
	CU_ASSERT_EQUAL(b.bed.sip->regc, 1);
	cv_sip_reg_close(b.bed.sip);
	CU_ASSERT_EQUAL(b.bed.sip->regc, 0);
	CU_ASSERT_TRUE(cv_list_is_empty(&b.bed.sip->regs));
}

int cv_test_reg(void)
{
	CU_pSuite s = CU_add_suite("reg", bench_open, bench_close);

	if (!s ||
	    !CU_add_test(s, "registrar sees a token and no phone",
			 test_registrar_sees_a_token_and_no_phone) ||
	    !CU_add_test(s, "asked again is the same upstream",
			 test_asked_again_is_the_same_upstream) ||
	    !CU_add_test(s, "phone sees its own Contact with the grant",
			 test_phone_sees_its_own_contact_with_the_grant) ||
	    !CU_add_test(s, "foreign Contacts are left out",
			 test_foreign_contacts_are_left_out) ||
	    !CU_add_test(s, "absent in the answer is unregistered",
			 test_absent_in_the_answer_is_unregistered) ||
	    !CU_add_test(s, "refused refresh leaves what was",
			 test_refused_refresh_leaves_what_was) ||
	    !CU_add_test(s, "token leads a peer to the phone",
			 test_token_leads_a_peer_to_the_phone) ||
	    !CU_add_test(s, "account is answered here", test_account_is_answered_here) ||
	    !CU_add_test(s, "phone that came back takes its old place",
			 test_phone_that_came_back_takes_its_old_place) ||
	    !CU_add_test(s, "nobody's domain is refused",
			 test_nobodys_domain_is_refused) ||
	    !CU_add_test(s, "too many Contacts are refused",
			 test_too_many_contacts_are_refused) ||
	    !CU_add_test(s, "ping leaves by the flow", test_ping_leaves_by_the_flow) ||
	    !CU_add_test(s, "answers go to the source, not to maddr",
			 test_answers_go_to_the_source_not_to_maddr) ||
	    !CU_add_test(s, "header of thousands of parts is refused",
			 test_header_of_thousands_of_parts_is_refused) ||
	    !CU_add_test(s, "list header in many lines is read",
			 test_list_header_in_many_lines_is_read) ||
	    !CU_add_test(s, "list header is bounded over its lines",
			 test_list_header_is_bounded_over_its_lines) ||
	    !CU_add_test(s, "close with one under way", test_close_with_one_under_way))
		return (int)CU_get_error();

	return 0;
}
