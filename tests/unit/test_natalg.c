/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tests of tools/natalg.c: which lines a router's help touches. One thread.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "nat_pkt.h"
#include "suite_nat.h"
#include "tools/natalg.h"

#define BODY                                                                             \
	"v=0\r\n"                                                                        \
	"o=- 1 1 IN IP4 10.0.0.2\r\n"                                                    \
	"c=IN IP4 10.0.0.2\r\n"                                                          \
	"m=audio 4000 RTP/AVP 0\r\n"
#define HEAD                                                                             \
	"INVITE sip:bob@10.0.0.20 SIP/2.0\r\n"                                           \
	"Via: SIP/2.0/UDP 10.0.0.2:5060;branch=z9hG4bK1\r\n"                             \
	"Call-ID: 7@10.0.0.2\r\n"                                                        \
	"m: <sip:alice@10.0.0.2:5060>\r\n"
#define LEN "Content-Length: 73\r\n"

static const char message[] = HEAD LEN "\r\n" BODY;

/* Rewrites @p in for 10.0.0.2:5060 to 203.0.113.7:4711. */
static int rewrite(unsigned bits, const char *in, struct cv_buf *out)
{
	struct cv_natalg g = {.bits = bits};

	g.from = nat_addr("10.0.0.2:5060");
	g.to = nat_addr("203.0.113.7:4711");

	return cv_natalg_rewrite(&g, cv_str_of(in), out);
}

static void test_each_bit_its_lines(void)
{
	static const struct {
		unsigned bits;
		const char *want;
	} rows[] = {
		{CV_NATALG_VIA, "INVITE sip:bob@10.0.0.20 SIP/2.0\r\n"
				"Via: SIP/2.0/UDP 203.0.113.7:4711;branch=z9hG4bK1\r\n"
				"Call-ID: 7@10.0.0.2\r\n"
				"m: <sip:alice@10.0.0.2:5060>\r\n" LEN "\r\n" BODY},
		{CV_NATALG_CONTACT,
		 "INVITE sip:bob@10.0.0.20 SIP/2.0\r\n"
		 "Via: SIP/2.0/UDP 10.0.0.2:5060;branch=z9hG4bK1\r\n"
		 "Call-ID: 7@10.0.0.2\r\n"
		 "m: <sip:alice@203.0.113.7:4711>\r\n" LEN "\r\n" BODY},
		{CV_NATALG_SDP, HEAD "Content-Length: 79\r\n\r\n"
				     "v=0\r\n"
				     "o=- 1 1 IN IP4 203.0.113.7\r\n"
				     "c=IN IP4 203.0.113.7\r\n"
				     "m=audio 4000 RTP/AVP 0\r\n"},
		{CV_NATALG_SDP | CV_NATALG_LENGTH,
		 HEAD LEN "\r\n"
			  "v=0\r\n"
			  "o=- 1 1 IN IP4 203.0.113.7\r\n"
			  "c=IN IP4 203.0.113.7\r\n"
			  "m=audio 4000 RTP/AVP 0\r\n"},
		{CV_NATALG_TEXT, "INVITE sip:bob@10.0.0.20 SIP/2.0\r\n"
				 "Via: SIP/2.0/UDP 203.0.113.7:5060;branch=z9hG4bK1\r\n"
				 "Call-ID: 7@203.0.113.7\r\n"
				 "m: <sip:alice@203.0.113.7:5060>\r\n"
				 "Content-Length: 79\r\n\r\n"
				 "v=0\r\n"
				 "o=- 1 1 IN IP4 203.0.113.7\r\n"
				 "c=IN IP4 203.0.113.7\r\n"
				 "m=audio 4000 RTP/AVP 0\r\n"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
		struct cv_buf out = {0};

		CU_ASSERT_EQUAL(rewrite(rows[i].bits, message, &out), 0);
		CU_ASSERT_PTR_NOT_NULL_FATAL(out.p);
		CU_ASSERT_STRING_EQUAL(out.p, rows[i].want);
		cv_buf_free(&out);
	}
}

static void test_a_port_that_isnt_written(void)
{
	struct cv_buf out = {0};

	CU_ASSERT_EQUAL(
		rewrite(CV_NATALG_CONTACT, "Contact: <sip:10.0.0.2>\r\n\r\n", &out), 0);
	CU_ASSERT_STRING_EQUAL(out.p, "Contact: <sip:203.0.113.7:4711>\r\n\r\n");
	cv_buf_reset(&out);
	CU_ASSERT_EQUAL(
		rewrite(CV_NATALG_CONTACT, "Contact: <sip:10.0.0.2:50600>\r\n\r\n", &out),
		0);
	CU_ASSERT_STRING_EQUAL(out.p, "Contact: <sip:203.0.113.7:50600>\r\n\r\n");
	cv_buf_free(&out);
}

static void test_nothing_to_do(void)
{
	struct cv_buf out = {0};

	CU_ASSERT_EQUAL(
		rewrite(CV_NATALG_VIA, "Via: SIP/2.0/UDP 10.0.0.21\r\n\r\n", &out),
		ENOENT);
	CU_ASSERT_EQUAL(
		rewrite(CV_NATALG_VIA, "Via: SIP/2.0/UDP 110.0.0.2\r\n\r\n", &out),
		ENOENT);
	CU_ASSERT_EQUAL(rewrite(0, message, &out), ENOENT);
	CU_ASSERT_EQUAL(rewrite(CV_NATALG_TEXT, "", &out), ENOENT);
	CU_ASSERT_EQUAL(out.len, 0);
	cv_buf_free(&out);
}

static void test_what_is_sip(void)
{
	static const struct {
		const char *text;
		bool is;
	} rows[] = {
		{message, true},
		{"SIP/2.0 200 OK\r\n\r\n", true},
		{"GET / HTTP/1.1\r\n\r\n", false},
		{"\r\n\r\n", false},
		{"", false},
		{" SIP/2.0", false},
		{"A SIP/2.0\n", true},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i)
		CU_ASSERT_EQUAL(cv_natalg_is_sip(cv_str_of(rows[i].text)), rows[i].is);
}

int cv_test_natalg(void)
{
	CU_pSuite s = CU_add_suite("tools/natalg", NULL, NULL);

	if (!s)
		return (int)CU_get_error();

	CU_add_test(s, "each bit", test_each_bit_its_lines);
	CU_add_test(s, "ports", test_a_port_that_isnt_written);
	CU_add_test(s, "nothing to do", test_nothing_to_do);
	CU_add_test(s, "what is SIP", test_what_is_sip);

	return (int)CU_get_error();
}
