/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests of call/story.c: the lines of a call, and what explains it. One thread. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "base/log.h"
#include "call/call_int.h"
#include "call_bed.h"
#include "suite_call.h"

/* Lines at INFO and above, one behind the other. */
struct tape {
	char text[4096];
	unsigned lines;
};

static void record(enum cv_log_level level, const char *line, void *arg)
{
	struct tape *t = arg;
	size_t len = strlen(t->text);

	if (level > CV_LOG_INFO)
		return;

	(void)snprintf(t->text + len, sizeof(t->text) - len, "%s\n", line);
	++t->lines;
}

static const char *const far_and_trunk[] = {"party desk lan 192.168.50.21:5060",
					    "party trunk wan 203.0.113.5:5060 peer",
					    NULL};

static bool holds(const struct cv_buf *b, const char *part)
{
	return b->p && strstr(b->p, part);
}

static void test_three_lines_a_call(void)
{
	static const char *const steps[] = {
		"< desk INVITE trunk audio 192.168.50.21:10000",
		"> trunk INVITE audio 198.51.100.10:20000",
		"+ 250",
		"< trunk 200 audio 203.0.113.7:7000",
		"> desk 200 INVITE audio 192.168.50.1:20002",
		"< desk ACK",
		"> trunk ACK",
		"+ 12345",
		"< trunk BYE",
		"> trunk 200 BYE",
		"> desk BYE",
		NULL,
	};
	static const char *const parts[] = {
		"start call=",
		" from=desk@example.net to=trunk@example.net ",
		" a=192.168.50.21:5060 a_side=lan b=203.0.113.5:5060 b_side=wan ",
		" peer=trunk relay=lan-wan\n",
		"answer call=",
		" after_ms=250 ",
		"codec=PCMU",
		"end call=",
		" duration=12.345s ",
		" by=callee why=bye ",
		" loss=a:3/1500,b:0/1500 relay=lan-wan\n"};
	struct cv_world *w = cv_bed_open(far_and_trunk);
	struct tape tape = {.lines = 0};
	char start[16], answer[16], over[16];

	cv_log_level(CV_LOG_INFO);
	cv_log_sink(record, &tape);
	cv_bed_play(w, steps);
	cv_log_sink(NULL, NULL);
	CU_ASSERT_EQUAL(tape.lines, 3);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); ++i) {
		if (!strstr(tape.text, parts[i]))
			printf("no \"%s\" in:\n%s", parts[i], tape.text);

		CU_ASSERT_PTR_NOT_NULL(strstr(tape.text, parts[i]));
	}

	CU_ASSERT_EQUAL(sscanf(strstr(tape.text, "start "), "start call=%15s", start), 1);
	CU_ASSERT_EQUAL(sscanf(strstr(tape.text, "answer "), "answer call=%15s", answer),
			1);
	CU_ASSERT_EQUAL(sscanf(strstr(tape.text, "end "), "end call=%15s", over), 1);
	CU_ASSERT_STRING_EQUAL(start, answer);
	CU_ASSERT_STRING_EQUAL(start, over);
	CU_ASSERT_EQUAL(strlen(start), 10);
	cv_bed_close(w);
}

/* A story and what its last line says of who and why. */
static const struct ending {
	const char *why;
	const char *steps[9]; /* NULL ends them */
} endings[] = {
	{"by=callee why=486",
	 {"< desk INVITE trunk", "> trunk INVITE", "< trunk 486", "> desk 486 INVITE"}},
	{"by=caller why=cancel",
	 {"< desk INVITE trunk", "> trunk INVITE", "< desk CANCEL", "> desk 487 INVITE",
	  "> trunk CANCEL", "< trunk 487"}},
	{"by=edge why=setup-timeout",
	 {"< desk INVITE trunk", "> trunk INVITE", "+ 180000", "> desk 408 INVITE",
	  "> trunk CANCEL"}},
	{"by=caller why=challenged",
	 {"< desk INVITE trunk", "> trunk INVITE", "< trunk 407", "> desk 407 INVITE",
	  "+ 32000"}},
	{"by=callee why=flow-lost",
	 {"< desk INVITE trunk", "> trunk INVITE", "< trunk gone lost",
	  "> desk 503 INVITE", "> trunk CANCEL"}},
	{"by=caller why=no-ack",
	 {"< desk INVITE trunk", "> trunk INVITE", "< trunk 200", "> desk 200 INVITE",
	  "< desk gone timeout", "> trunk ACK", "> desk BYE", "> trunk BYE"}},
	{"by=edge why=media-timeout",
	 {"< desk INVITE trunk audio 192.168.50.21:10000",
	  "> trunk INVITE audio 198.51.100.10:20000", "< media idle", "> desk 408 INVITE",
	  "> trunk CANCEL"}},
};

static void test_end_says_who_and_why(void)
{
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); ++i) {
		struct cv_world *w = cv_bed_open(far_and_trunk);
		struct tape tape = {.lines = 0};

		cv_log_level(CV_LOG_INFO);
		cv_log_sink(record, &tape);
		CU_ASSERT_TRUE(cv_world_play(w, endings[i].steps));
		cv_log_sink(NULL, NULL);
		if (!strstr(tape.text, endings[i].why))
			printf("no \"%s\" in:\n%s", endings[i].why, tape.text);

		CU_ASSERT_PTR_NOT_NULL(strstr(tape.text, endings[i].why));
		cv_bed_close(w);
	}
}

static void test_refused_starts_are_not_a_flood(void)
{
	struct cv_world *w = cv_bed_open(far_and_trunk);
	struct tape tape = {.lines = 0};

	cv_log_level(CV_LOG_INFO);
	cv_log_sink(record, &tape);
	for (int i = 0; i < 50; ++i)
		CU_ASSERT_EQUAL(cv_world_feed(w, "desk INVITE nobody"), 0);

	cv_log_sink(NULL, NULL);
	CU_ASSERT(tape.lines >= 1 && tape.lines <= 10);
	CU_ASSERT_PTR_NOT_NULL(strstr(tape.text,
				      " from=desk@example.net to=nobody@example.net "
				      "why=no-route"));
	cv_bed_close(w);
}

static void test_every_relay_decision_is_explained(void)
{
	static const struct {
		const char *a, *b, *extra, *says;
	} v[] = {
		{"lan 192.168.50.21:5060", "wan 203.0.113.5:5060", "relay auto",
		 "A at 192.168.50.21 is lan, B at 203.0.113.5 is wan"},
		{"lan 192.168.50.21:5060", "lan 192.168.50.22:5060", "relay auto",
		 "A at 192.168.50.21 is lan, B at 192.168.50.22 is lan"},
		{"lan 192.168.50.21:5060 group 1", "lan 192.168.60.22:5060 group 2",
		 "relay auto", "are in LAN groups 1 and 2"},
		{"far 198.51.100.31:1", "far 198.51.100.31:2", "relay auto",
		 "stand behind one NAT"},
		{"far 198.51.100.31:1", "far 198.51.100.31:2", "same-nat-direct no",
		 "A at 198.51.100.31 is far, B at 198.51.100.31 is far"},
		{"wan 203.0.113.5:5060", "wan [2001:db8::5]:5060", "relay auto",
		 "A at 203.0.113.5 speaks IPv4, B at 2001:db8::5 speaks IPv6"},
		{"wan 203.0.113.5:5060", "wan 203.0.113.6:5060", "relay always",
		 "relay = always"},
		{"lan 192.168.50.21:5060", "wan 203.0.113.5:5060", "relay never",
		 "relay = never"},
	};

	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); ++i) {
		const char *const parties[] = {v[i].extra, NULL};
		struct cv_world *w = cv_bed_open(parties);
		struct cv_buf text = {.p = NULL};
		char line[128];

		(void)snprintf(line, sizeof(line), "party one %s", v[i].a);
		CU_ASSERT_EQUAL(cv_world_conf(w, line), 0);
		(void)snprintf(line, sizeof(line), "party two %s", v[i].b);
		CU_ASSERT_EQUAL(cv_world_conf(w, line), 0);
		CU_ASSERT_EQUAL(cv_world_feed(w, "one INVITE two"), 0);
		CU_ASSERT_EQUAL(cv_world_ask(w, "explain", &text), 0);
		CU_ASSERT_TRUE(holds(&text, v[i].says));
		CU_ASSERT_TRUE(holds(&text, "place of A"));
		CU_ASSERT_TRUE(holds(&text, "place of B"));
		CU_ASSERT_TRUE(holds(&text, "user two"));
		cv_buf_free(&text);
		cv_bed_close(w);
	}
}

static void test_refusals_have_words(void)
{
	static const struct {
		int err;
		const char *word;
	} v[] = {
		{ENOENT, "no-route"},
		{EACCES, "forbidden"},
		{EBUSY, "limit"},
		{ENOSPC, "no-media-port"},
		{EBADMSG, "bad-description"},
		{E2BIG, "bad-description"},
		{ELOOP, "max-forwards"},
		{EALREADY, "loop"},
		{EMLINK, "max-breadth"},
		{EPROTO, "privacy"},
		{EHOSTUNREACH, "unreachable"},
		{EAGAIN, "name-not-found-yet"},
		{ENOMEM, "memory"},
		{EIO, "failed"},
	};

	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); ++i)
		CU_ASSERT_STRING_EQUAL(cv_call_refusal_name(v[i].err), v[i].word);
}

int cv_test_story(void)
{
	CU_pSuite s = CU_add_suite("story", NULL, NULL);

	if (!s)
		return CU_get_error();

	CU_ADD_TEST(s, test_three_lines_a_call);
	CU_ADD_TEST(s, test_end_says_who_and_why);
	CU_ADD_TEST(s, test_refused_starts_are_not_a_flood);
	CU_ADD_TEST(s, test_refusals_have_words);
	CU_ADD_TEST(s, test_every_relay_decision_is_explained);

	return CU_get_error();
}
