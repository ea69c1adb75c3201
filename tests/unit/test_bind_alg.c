/* SPDX-License-Identifier: BSD-3-Clause */
/* How a router that rewrites SIP is known, and who must not be taken for one. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "base/mem.h"
#include "bind_kit.h"
#include "suite_bind.h"

static struct cv_addr addr(const char *text)
{
	struct cv_addr a = {0};

	if (*text)
		CU_ASSERT_EQUAL_FATAL(cv_addr_parse(&a, cv_str_of(text)), 0);

	return a;
}

static bool is_private(const char *text)
{
	return strncmp(text, "10.", 3) == 0 || strncmp(text, "192.168.", 8) == 0;
}

static struct cv_alg_look look(const char *seen, const char *via, const char *contact)
{
	return (struct cv_alg_look){
		.seen = addr(seen),
		.via = addr(via),
		.contact = addr(contact),
		.seen_nated = is_private(seen),
		.via_nated = is_private(via),
		.contact_nated = is_private(contact),
	};
}

static struct cv_alg_sdp body(const char *c, const char *o)
{
	return (struct cv_alg_sdp){
		.c = addr(c),
		.o = addr(o),
		.c_nated = is_private(c),
	};
}

/* The evidence of one first REGISTER. */
static struct cv_alg first(const struct cv_alg_look *l)
{
	struct cv_alg_first f = cv_alg_first_of(l);
	struct cv_alg a = {0};

	cv_alg_register(&a, l, &f);

	return a;
}

/* cg_08, complaint 11: what a first REGISTER says, row by row */
static void test_cg_08_first_register(void)
{
	static const struct {
		const char *what, *seen, *via, *contact;
		enum cv_alg_verdict verdict;
		const char *words;
	} rows[] = {
		{"behind a NAT", "203.0.113.5:40001", "10.0.0.7:5060", "10.0.0.7:5060",
		 CV_ALG_NO, ""},
		{"Via only", "203.0.113.5:40001", "203.0.113.5:40001", "10.0.0.7:5060",
		 CV_ALG_YES, "Via"},
		{"Contact only", "203.0.113.5:40001", "10.0.0.7:5060",
		 "203.0.113.5:40001", CV_ALG_SUSPECTED, "Contact"},
		{"both, without the port", "203.0.113.5:40001", "203.0.113.5:5060",
		 "203.0.113.5", CV_ALG_SUSPECTED, "Via, Contact"},
		{"STUN: both public", "203.0.113.5:40001", "203.0.113.5:40001",
		 "203.0.113.5:40001", CV_ALG_NO, ""},
		{"STUN behind a NAT with another port for everybody", "203.0.113.5:40001",
		 "203.0.113.5:40007", "203.0.113.5:40007", CV_ALG_NO, ""},
		{"no NAT", "198.51.100.77:5060", "198.51.100.77:5060",
		 "198.51.100.77:5060", CV_ALG_NO, ""},
		{"two NATs: the inner one's address in Contact", "203.0.113.5:40001",
		 "192.168.1.7:5060", "10.0.0.7:5060", CV_ALG_NO, ""},
		{"an address that isn't the NAT's", "203.0.113.5:40001",
		 "203.0.113.99:5060", "10.0.0.7:5060", CV_ALG_NO, ""},
		{"LAN", "192.168.50.21:5060", "192.168.50.21:5060", "192.168.50.21:5060",
		 CV_ALG_NO, ""},
		{"LAN with two addresses", "192.168.50.21:5060", "192.168.50.21:5060",
		 "10.0.0.7:5060", CV_ALG_NO, ""},
		{"IPv6", "[2001:db8::7]:40001", "[2001:db8::7]:5060", "10.0.0.7:5060",
		 CV_ALG_NO, ""},
		{"names", "203.0.113.5:40001", "", "", CV_ALG_NO, ""},
	};
	char words[CV_ALG_WORDS];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
		struct cv_alg_look l = look(rows[i].seen, rows[i].via, rows[i].contact);
		struct cv_alg a = first(&l);
		bool ok = cv_alg_verdict(&a) == rows[i].verdict &&
			  strcmp(cv_alg_words(&a, words), rows[i].words) == 0;

		if (!ok)
			(void)fprintf(stderr, "%s: %s %s\n", rows[i].what,
				      cv_alg_name(cv_alg_verdict(&a)), words);
		CU_ASSERT_TRUE(ok);

		l.stream = true; /* TCP and TLS: whatever stands there */
		a = first(&l);
		CU_ASSERT_EQUAL(cv_alg_verdict(&a), CV_ALG_NO);
	}
}

/* A phone may write what our answer told it (pjsip, belle-sip): its first word counts. */
static void test_what_a_phone_was_told_is_no_evidence(void)
{
	struct cv_alg_look l = look("203.0.113.5:40001", "10.0.0.7", "10.0.0.7");
	struct cv_alg_first f = cv_alg_first_of(&l);
	struct cv_alg a = first(&l);

	l.contact = addr("203.0.113.5:40001");
	l.contact_nated = false;
	cv_alg_register(&a, &l, &f);
	CU_ASSERT_EQUAL(cv_alg_verdict(&a), CV_ALG_NO);
}

static void test_evidence_stays_until_disproved(void)
{
	struct cv_alg_look l = look("203.0.113.5:40001", "203.0.113.5:40001", "10.0.0.7");
	struct cv_alg_first f = cv_alg_first_of(&l);
	struct cv_alg a = first(&l);
	struct cv_alg_look other;

	cv_alg_length(&a, 220, 218);
	cv_alg_register(&a, &l, &f); /* a refresh */
	CU_ASSERT_EQUAL(a.sure, CV_ALG_VIA | CV_ALG_LENGTH);

	other = look("203.0.113.5:40002", "10.0.0.7", "10.0.0.7"); /* it was turned off */
	cv_alg_register(&a, &other, &f);
	CU_ASSERT_EQUAL(a.sure, CV_ALG_LENGTH);

	other = look("203.0.113.9:40002", "10.0.0.7", "10.0.0.7"); /* another router */
	f = cv_alg_first_of(&other);
	cv_alg_register(&a, &other, &f);
	CU_ASSERT_EQUAL(cv_alg_verdict(&a), CV_ALG_NO);
}

static void test_join_takes_a_register_to_its_binding(void)
{
	struct cv_alg_look l = look("203.0.113.5:40001", "203.0.113.5:40001", "10.0.0.7");
	struct cv_alg a = {0}, from = first(&l);

	cv_alg_join(&a, &from);
	CU_ASSERT_EQUAL(a.sure, CV_ALG_VIA);
	cv_alg_length(&a, 1, 2);
	cv_alg_join(&a, &from);
	CU_ASSERT_EQUAL(a.sure, CV_ALG_VIA | CV_ALG_LENGTH);
}

static void test_bodies(void)
{
	static const struct {
		const char *what, *via, *contact, *c, *o;
		enum cv_alg_verdict verdict;
		const char *words;
	} rows[] = {
		{"as the phone wrote it", "10.0.0.7", "10.0.0.7", "10.0.0.7", "10.0.0.7",
		 CV_ALG_NO, ""},
		{"SDP only", "10.0.0.7", "10.0.0.7", "203.0.113.5", "203.0.113.5",
		 CV_ALG_SUSPECTED, "SDP"},
		{"STUN for media", "10.0.0.7", "10.0.0.7", "203.0.113.5", "10.0.0.7",
		 CV_ALG_NO, ""},
		{"STUN for all", "203.0.113.5:40001", "203.0.113.5:40001", "203.0.113.5",
		 "203.0.113.5", CV_ALG_NO, ""},
		{"all but SDP", "203.0.113.5:40001", "203.0.113.5:40001", "10.0.0.7",
		 "10.0.0.7", CV_ALG_SUSPECTED, "Via, Contact"},
		{"on hold the old way", "203.0.113.5:40001", "203.0.113.5:40001",
		 "0.0.0.0", "10.0.0.7", CV_ALG_NO, ""},
	};
	char words[CV_ALG_WORDS];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
		struct cv_alg_look l =
			look("203.0.113.5:40001", rows[i].via, rows[i].contact);
		struct cv_alg_first f = cv_alg_first_of(&l);
		struct cv_alg_sdp sdp = body(rows[i].c, rows[i].o);
		struct cv_alg a = first(&l);

		cv_alg_body(&a, &sdp);
		cv_alg_register(&a, &l, &f); /* it outlives a refresh */
		CU_ASSERT_EQUAL(cv_alg_verdict(&a), rows[i].verdict);
		CU_ASSERT_STRING_EQUAL(cv_alg_words(&a, words), rows[i].words);
	}
}

static void test_canary_proves(void)
{
	struct cv_alg_look l = look("203.0.113.5:40001", "10.0.0.7:5060", "10.0.0.7");
	struct cv_alg a = first(&l);
	struct cv_addr sent = cv_alg_inside(&a);

	CU_ASSERT_TRUE(cv_addr_is_set(&sent));
	cv_alg_echo(&a, CV_ALG_VIA, &sent, NULL); /* a phone may leave it out */
	CU_ASSERT_EQUAL(a.canary, CV_ALG_UNTRIED);
	cv_alg_echo(&a, CV_ALG_VIA, &sent, "10.0.0.7");
	cv_alg_echo(&a, CV_ALG_FROM, &sent, "10.0.0.7");
	CU_ASSERT_EQUAL(a.canary, CV_ALG_INTACT);
	CU_ASSERT_EQUAL(cv_alg_verdict(&a), CV_ALG_NO);

	cv_alg_echo(&a, CV_ALG_VIA, &sent, "203.0.113.5:40001");
	CU_ASSERT_EQUAL(a.canary, CV_ALG_ALTERED);
	CU_ASSERT_EQUAL(cv_alg_bits(&a), CV_ALG_VIA);
	cv_alg_echo(&a, CV_ALG_FROM, &sent, "203.0.113.5");
	CU_ASSERT_EQUAL(cv_alg_bits(&a), CV_ALG_VIA | CV_ALG_FROM);
	CU_ASSERT_EQUAL(cv_alg_verdict(&a), CV_ALG_YES);

	cv_alg_echo(&a, CV_ALG_VIA, &sent, "10.0.0.7"); /* turned off meanwhile */
	CU_ASSERT_EQUAL(cv_alg_verdict(&a), CV_ALG_NO);
}

static void test_canary_wants_a_private_address(void)
{
	struct cv_alg_look l =
		look("203.0.113.5:40001", "203.0.113.5:40001", "203.0.113.5:40001");
	struct cv_alg a = first(&l);
	struct cv_addr none = cv_alg_inside(&a);

	CU_ASSERT_FALSE(cv_addr_is_set(&none));
}

static void test_addresses_of_a_body(void)
{
	static const struct {
		const char *text, *c, *o;
	} rows[] = {
		{"v=0\r\no=- 1 1 IN IP4 10.0.0.7\r\ns=-\r\nc=IN IP4 203.0.113.5\r\n"
		 "t=0 0\r\nm=audio 4000 RTP/AVP 0\r\nc=IN IP4 10.9.9.9\r\n",
		 "203.0.113.5", "10.0.0.7"},
		{"v=0\no=a b c IN IP6 2001:db8::7\nc=IN IP6 2001:db8::7\n", "2001:db8::7",
		 "2001:db8::7"},
		{"c=IN IP4 224.2.1.1/127", "224.2.1.1", ""},
		{"c=IN IP4 host.example\r\no=- 1 1 IN IP4\r\n", "", ""},
		{"o=\r\nc=\r\n", "", ""},
		{"c=IN ATM 10.0.0.7", "", ""},
		{"", "", ""},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
		struct cv_addr c = addr(rows[i].c), o = addr(rows[i].o);
		struct cv_alg_sdp sdp;

		cv_alg_sdp_read(&sdp, cv_str_of(rows[i].text));
		CU_ASSERT_TRUE(cv_addr_eq(&sdp.c, &c));
		CU_ASSERT_TRUE(cv_addr_eq(&sdp.o, &o));
	}
}

/* Evidence makes a phone far, so it is pinged, and the log says it once. */
static void test_evidence_makes_far(void)
{
	struct cv_alg_look l =
		look("203.0.113.5:4000", "203.0.113.5:4000", "203.0.113.5:4000");
	struct cv_alg alg = first(&l);
	struct cv_bind_ask ask = cv_kit_ask(4000);
	struct cv_alg_sdp sdp = body("10.0.0.7", "10.0.0.7");
	struct cv_binding *b;
	struct cv_kit k;

	cv_kit_open(&k);
	ask.alg = &alg;
	ask.place.side = CV_SIDE_WAN;
	b = cv_kit_register(&k, &ask, 600);
	CU_ASSERT_PTR_NOT_NULL_FATAL(b);
	CU_ASSERT_EQUAL(b->place.side, CV_SIDE_WAN);
	CU_ASSERT_EQUAL(b->ping_at_ms, 0);

	cv_alg_body(&b->alg, &sdp);
	cv_bind_alg_changed(k.binds, b);
	CU_ASSERT_EQUAL(b->place.side, CV_SIDE_FAR);
	CU_ASSERT_NOT_EQUAL(b->ping_at_ms, 0);
	CU_ASSERT_EQUAL(b->alg_told, CV_ALG_SUSPECTED);
	cv_kit_close(&k);
}

static void test_explain_shows_what_was_compared(void)
{
	struct cv_alg_look l =
		look("203.0.113.5:40001", "203.0.113.5:40001", "10.0.0.7:5060");
	struct cv_alg a = first(&l);
	struct cv_addr sent = cv_alg_inside(&a);
	struct cv_out *o = NULL;
	struct cv_buf text = {0};

	cv_alg_length(&a, 220, 218);
	cv_alg_echo(&a, CV_ALG_VIA, &sent, "203.0.113.5:40001");
	CU_ASSERT_EQUAL_FATAL(cv_out_new(&o, CV_OUT_TEXT), 0);
	cv_alg_show(&a, o);
	CU_ASSERT_EQUAL(cv_out_finish(o, &text), 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(text.p);
	CU_ASSERT_PTR_NOT_NULL(strstr(text.p, "verdict: yes"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text.p, "rewritten: Via, Content-Length"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text.p, "via: 203.0.113.5:40001"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text.p, "contact: 10.0.0.7:5060"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text.p, "content_length: 220"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text.p, "canary_sent: 10.0.0.7"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text.p, "canary_back: 203.0.113.5:40001"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text.p, "advice: turn off SIP ALG"));
	cv_buf_free(&text);
	cv_mem_unref(o);
}

int cv_test_bind_alg(void)
{
	CU_pSuite s = CU_add_suite("bind alg", NULL, NULL);

	CU_add_test(s, "cg_08 first REGISTER", test_cg_08_first_register);
	CU_add_test(s, "what a phone was told",
		    test_what_a_phone_was_told_is_no_evidence);
	CU_add_test(s, "stays until disproved", test_evidence_stays_until_disproved);
	CU_add_test(s, "join", test_join_takes_a_register_to_its_binding);
	CU_add_test(s, "bodies", test_bodies);
	CU_add_test(s, "canary proves", test_canary_proves);
	CU_add_test(s, "canary wants an address", test_canary_wants_a_private_address);
	CU_add_test(s, "addresses of a body", test_addresses_of_a_body);
	CU_add_test(s, "evidence makes far", test_evidence_makes_far);
	CU_add_test(s, "explain", test_explain_shows_what_was_compared);

	return (int)CU_get_error();
}
