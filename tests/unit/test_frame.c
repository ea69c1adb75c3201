/* SPDX-License-Identifier: BSD-3-Clause */
/* Where SIP messages end in a stream (threats 12). */
#include "config.h"

#include "net/frame.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "suite_net.h"

enum { MAX = 1024 };

#define VIA "Via: SIP/2.0/TCP h;branch=z9hG4bKa\r\n"
#define RQ  "OPTIONS sip:a@h SIP/2.0\r\n"

/** Headers behind the top Via, the body, and what must come of it. */
struct row {
	const char *head, *body;
	enum cv_frame_what what;
	int status;
	size_t used; /* bytes of body that belong to the message */
};

static const struct row rows[] = {
	{"Content-Length: 0\r\n", "", CV_FRAME_MESSAGE, 0, 0},
	{"Content-Length: 0\r\n", "OPTIONS sip:x SIP/2.0\r\n", CV_FRAME_MESSAGE, 0, 0},
	{"l: 5\r\n", "hello", CV_FRAME_MESSAGE, 0, 5},
	{"L :\t5 \r\n", "hellohello", CV_FRAME_MESSAGE, 0, 5},
	{"CONTENT-LENGTH : 00005\r\n", "hello", CV_FRAME_MESSAGE, 0, 5},
	{"Content-Length: 0000000000000000000000000000005\r\n", "hello", CV_FRAME_MESSAGE,
	 0, 5},
	{"Content-Length: 6\r\n", "hello", CV_FRAME_MORE, 0, 0},
	{"Content-Length: -1\r\n", "hello", CV_FRAME_BAD, 400, 0},
	{"Content-Length: +5\r\n", "hello", CV_FRAME_BAD, 400, 0},
	{"Content-Length: 5;x\r\n", "hello", CV_FRAME_BAD, 400, 0},
	{"Content-Length: 0x5\r\n", "hello", CV_FRAME_BAD, 400, 0},
	{"Content-Length: 5 5\r\n", "hello", CV_FRAME_BAD, 400, 0},
	{"Content-Length: \r\n", "hello", CV_FRAME_BAD, 400, 0},
	{"Content-Length: 2147483648\r\n", "hello", CV_FRAME_BAD, 513, 0},
	{"Content-Length: 4294967301\r\n", "hello", CV_FRAME_BAD, 513, 0},
	{"Content-Length: 18446744073709551621\r\n", "hello", CV_FRAME_BAD, 513, 0},
	{"Content-Length: 1024\r\n", "hello", CV_FRAME_BAD, 513, 0},
	{"Content-Length: 5\r\nContent-Length: 0\r\n", "hello", CV_FRAME_BAD, 400, 0},
	{"Content-Length: 5\r\nl: 5\r\n", "hello", CV_FRAME_BAD, 400, 0},
	{"Content-Length: 5\r\n 0\r\n", "hello", CV_FRAME_BAD, 400, 0},
	{"Content-Length:\r\n 5\r\n", "hello", CV_FRAME_BAD, 400, 0},
	{"Subject: x\r\n Content-Length: 5\r\nl: 2\r\n", "hello", CV_FRAME_MESSAGE, 0, 2},
	{"Subject: x\r\n", "hello", CV_FRAME_BAD, 400, 0},
	{"Subject: x\nContent-Length: 9\r\nl: 0\r\n", "", CV_FRAME_BAD, 400, 0},
	{"l: 0\n\nOPTIONS sip:x SIP/2.0\r\n", "", CV_FRAME_BAD, 400, 0},
	{"l: 0\r\rOPTIONS sip:x SIP/2.0\r\n", "", CV_FRAME_BAD, 400, 0},
};

static void test_lengths(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
		const struct row *r = &rows[i];
		struct cv_frame f = {.max = MAX};
		char text[MAX];
		int n, body, status = 0;
		size_t len = 0;

		n = snprintf(text, sizeof(text), RQ VIA "%s\r\n", r->head);
		body = snprintf(text + n, sizeof(text) - (size_t)n, "%s", r->body);
		CU_ASSERT_EQUAL(cv_frame_look(&f, cv_str_make(text, (size_t)(n + body)),
					      &len, &status),
				r->what);
		if (r->what == CV_FRAME_BAD)
			CU_ASSERT_EQUAL(status, r->status);
		if (r->what == CV_FRAME_MESSAGE)
			CU_ASSERT_EQUAL(len, (size_t)n + r->used);
	}
}

static enum cv_frame_what look(const char *text, size_t *len, int *status)
{
	struct cv_frame f = {.max = MAX};

	*len = 0;

	return cv_frame_look(&f, cv_str_of(text), len, status);
}

static void test_what_is_not_sip_is_bad(void)
{
	size_t len;
	int status;

	CU_ASSERT_EQUAL(look("GET / HTTP/1.1\r\nHost: h\r\nl: 0\r\n\r\n", &len, &status),
			CV_FRAME_BAD);
	CU_ASSERT_EQUAL(look("OPTIONS SIP/2.0\r\n" VIA "l: 0\r\n\r\n", &len, &status),
			CV_FRAME_BAD);
	CU_ASSERT_EQUAL(look(RQ "l: 0\r\n\r\n", &len, &status), CV_FRAME_BAD);
	CU_ASSERT_EQUAL(look(RQ "Via: nonsense\r\nl: 0\r\n\r\n", &len, &status),
			CV_FRAME_BAD);
	CU_ASSERT_EQUAL(look("\r\r", &len, &status), CV_FRAME_BAD);
	CU_ASSERT_EQUAL(look("\n\n\r\n\r\n", &len, &status), CV_FRAME_BAD);
	CU_ASSERT_EQUAL(look("SIP/2.0 200 OK\r\nl: 0\r\n\r\n", &len, &status),
			CV_FRAME_MESSAGE);
}

/* What the agent could not read would leave its stream dead. */
static void test_start_line_is_read_in_full(void)
{
	static const struct {
		const char *line;
		int status;
	} v[] = {
		{"INVITE sip:a@h SIP/2.0", 0},
		{"X-1.2!~*'_ sip:a@h sip/2.0", 0},
		{"INVITE sip:a@h; lr SIP/2.0", 400},
		{"INVITE sip:a@h\tx SIP/2.0", 400},
		{"INVITE  sip:a@h SIP/2.0", 400},
		{"INVITE sip:a@h  SIP/2.0", 400},
		{"INVITE sip:a@h SIP/2.0 ", 400},
		{" INVITE sip:a@h SIP/2.0", 400},
		{"IN/VITE sip:a@h SIP/2.0", 400},
		{"IN+VITE sip:a@h SIP/2.0", 501},
		{"INVITE sip:a@h SIP/7.0", 505},
		{"INVITE sip:a@h SIP/x", 400},
		{"INVITE sip:a@h HTTP/1.1", 400},
		{"SIP/2.0 200 OK", 0},
		{"SIP/2.0 200", 0},
		{"SIP/2.0 20 OK", 400},
		{"SIP/2.0 2000 OK", 400},
		{"SIP/2.0 abc", 400},
	};
	char text[256];
	size_t len;
	int status;

	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); ++i) {
		(void)snprintf(text, sizeof(text), "%s\r\n" VIA "l: 0\r\n\r\n",
			       v[i].line);
		CU_ASSERT_EQUAL(look(text, &len, &status),
				v[i].status ? CV_FRAME_BAD : CV_FRAME_MESSAGE);
		if (v[i].status)
			CU_ASSERT_EQUAL(status, v[i].status);
	}
}

static void test_header_has_a_limit(void)
{
	struct cv_frame f = {.max = 64};
	char text[65];
	size_t len = 0;
	int status = 0;

	memset(text, 'A', sizeof(text));
	CU_ASSERT_EQUAL(cv_frame_look(&f, cv_str_make(text, 63), &len, &status),
			CV_FRAME_MORE);
	CU_ASSERT_EQUAL(cv_frame_look(&f, cv_str_make(text, 64), &len, &status),
			CV_FRAME_BAD);
	CU_ASSERT_EQUAL(status, 513);
}

static void test_top_via_is_found(void)
{
	static const char *const vias[] = {
		"Via: SIP/2.0/UDP h\r\n",
		"v:SIP/2.0/UDP h:1;rport,SIP/2.0/TCP x\r\n",
		"VIA  :  SIP / 2.0 / UDP  h\r\nVia: SIP/2.0/TLS x\r\n",
	};

	for (size_t i = 0; i < sizeof(vias) / sizeof(vias[0]); ++i) {
		struct cv_frame f = {.max = MAX};
		char text[MAX];
		size_t len = 0;
		int status = 0;

		(void)snprintf(text, sizeof(text), RQ "%sl: 0\r\n\r\n", vias[i]);
		CU_ASSERT_EQUAL(cv_frame_look(&f, cv_str_of(text), &len, &status),
				CV_FRAME_MESSAGE);
		CU_ASSERT_EQUAL(f.via_len, 3);
		CU_ASSERT_EQUAL(memcmp(text + f.via, "UDP", 3), 0);
	}
}

static void test_one_byte_at_a_time(void)
{
	static const char text[] = RQ VIA "Content-Length: 4\r\n\r\nbody";
	struct cv_frame f = {.max = MAX};
	size_t len = 0;
	int status = 0;

	for (size_t n = 0; n < sizeof(text) - 1; ++n) {
		CU_ASSERT_EQUAL(cv_frame_look(&f, cv_str_make(text, n), &len, &status),
				CV_FRAME_MORE);
	}
	CU_ASSERT_EQUAL(
		cv_frame_look(&f, cv_str_make(text, sizeof(text) - 1), &len, &status),
		CV_FRAME_MESSAGE);
	CU_ASSERT_EQUAL(len, sizeof(text) - 1);
}

/* RFC 5626 4.4.1: two line ends are a ping; one is skipped. */
static void test_pings_between_messages(void)
{
	static const char text[] = "\r\n\r\n\r\n" RQ VIA "l: 0\r\n\r\n\r\n\r\n";
	static const enum cv_frame_what want[] = {
		CV_FRAME_SKIP,    CV_FRAME_PING, CV_FRAME_SKIP,
		CV_FRAME_MESSAGE, CV_FRAME_SKIP, CV_FRAME_PING,
	};
	struct cv_str in = CV_STR(text);
	struct cv_frame f = {.max = MAX};

	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); ++i) {
		size_t len = 0;
		int status = 0;

		CU_ASSERT_EQUAL(cv_frame_look(&f, in, &len, &status), want[i]);
		cv_frame_next(&f, want[i]);
		in = cv_str_from(in, len);
	}
	CU_ASSERT(cv_str_is_empty(in));
}

static void test_refusal_repeats_what_it_must(void)
{
	static const char text[] = "INVITE sip:a@h SIP/2.0\r\nv: SIP/2.0/TCP h\r\n"
				   "Via: SIP/2.0/TCP x\r\nSubject: secret\r\n"
				   "From: <sip:b@h>\r\n ;tag=1\r\nt: <sip:a@h>\r\n"
				   "Call-ID: c\r\nCSeq: 1 INVITE\r\nl: -1\r\n\r\nbody";
	static const char want[] = "SIP/2.0 400 Bad Request\r\nv: SIP/2.0/TCP h\r\n"
				   "Via: SIP/2.0/TCP x\r\nFrom: <sip:b@h>\r\n ;tag=1\r\n"
				   "t: <sip:a@h>\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\n"
				   "Content-Length: 0\r\n\r\n";
	struct cv_buf out = {0};

	CU_ASSERT_EQUAL(cv_frame_refuse(&out, CV_STR(text), 400), 0);
	CU_ASSERT(cv_str_eq(cv_buf_view(&out), CV_STR(want)));
	cv_buf_reset(&out);
	CU_ASSERT_EQUAL(cv_frame_refuse(&out, CV_STR("SIP/2.0 200 OK\r\n\r\n"), 400),
			ENOMSG);
	CU_ASSERT_EQUAL(cv_frame_refuse(&out, CV_STR("ACK sip:a@h SIP/2.0\r\n" VIA), 400),
			ENOMSG);
	CU_ASSERT_EQUAL(cv_frame_refuse(&out, CV_STR("\x16\x03\x01"), 400), ENOMSG);
	CU_ASSERT_EQUAL(cv_frame_refuse(&out, CV_STR("INVITE\r\n" VIA), 400), ENOMSG);
	CU_ASSERT_EQUAL(cv_frame_refuse(&out, CV_STR("GET / HTTP/1.1\r\n" VIA), 400),
			ENOMSG);
	cv_buf_reset(&out);
	CU_ASSERT_EQUAL(cv_frame_refuse(&out, CV_STR("A sip:a b SIP/7.0 \r\n" VIA), 505),
			0);
	CU_ASSERT(cv_str_starts(cv_buf_view(&out),
				CV_STR("SIP/2.0 505 Version Not Supported\r\n")));
	cv_buf_free(&out);
}

int cv_test_frame(void)
{
	CU_pSuite s = CU_add_suite("frame", NULL, NULL);

	if (!s || !CU_add_test(s, "lengths", test_lengths) ||
	    !CU_add_test(s, "what is not SIP is bad", test_what_is_not_sip_is_bad) ||
	    !CU_add_test(s, "a start line is read in full",
			 test_start_line_is_read_in_full) ||
	    !CU_add_test(s, "a header has a limit", test_header_has_a_limit) ||
	    !CU_add_test(s, "the top Via is found", test_top_via_is_found) ||
	    !CU_add_test(s, "one byte at a time", test_one_byte_at_a_time) ||
	    !CU_add_test(s, "pings between messages", test_pings_between_messages) ||
	    !CU_add_test(s, "a refusal repeats what it must",
			 test_refusal_repeats_what_it_must))
		return (int)CU_get_error();

	return 0;
}
