/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tests of sdp/line.c: kinds of lines, words, addresses. One thread.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "base/addr.h"
#include "base/str.h"
#include "sdp/sdp_int.h"

int cv_test_line(void);

struct kind_case {
	const char *line;
	enum cv_sdp_kind kind;
	const char *val;
};

static const struct kind_case kind_cases[] = {
	{"", CV_SDP_PLAIN, ""},
	{"c", CV_SDP_PLAIN, ""},
	{"c =IN IP4 192.0.2.1", CV_SDP_PLAIN, ""},
	{"C=IN IP4 192.0.2.1", CV_SDP_PLAIN, "IN IP4 192.0.2.1"},
	{"c=IN IP4 192.0.2.1", CV_SDP_CONN, "IN IP4 192.0.2.1"},
	{"o=-", CV_SDP_ORIGIN, "-"},
	{"m=audio 1", CV_SDP_MLINE, "audio 1"},
	{"k=base64:AA", CV_SDP_CRYPT, "base64:AA"},
	{"a=sendrecv", CV_SDP_DIR, "sendrecv"},
	{"a=SENDONLY ", CV_SDP_DIR, "SENDONLY"},
	{"a=sendrecv-ish", CV_SDP_PLAIN, "sendrecv-ish"},
	{"a=rtcp:4001 IN IP4 192.0.2.1", CV_SDP_RTCP, "4001 IN IP4 192.0.2.1"},
	{"a=rtcp-mux", CV_SDP_MUX, ""},
	{"a=rtcp-mux-only", CV_SDP_PLAIN, "rtcp-mux-only"},
	{"a=rtcp-fb:* nack", CV_SDP_PLAIN, "rtcp-fb:* nack"},
	{"a=rtpmap:0 PCMU/8000", CV_SDP_RTPMAP, "0 PCMU/8000"},
	{"a=crypto:1 X", CV_SDP_CRYPT, "1 X"},
	{"a=fingerprint:sha-1 00", CV_SDP_CRYPT, "sha-1 00"},
	{"a=setup:active", CV_SDP_CRYPT, "active"},
	{"a=connection:new", CV_SDP_CRYPT, "new"},
	{"a=key-mgmt:mikey A", CV_SDP_CRYPT, "mikey A"},
	{"a=candidate:1 1 UDP", CV_SDP_ICE, "1 1 UDP"},
	{"a=Candidate:1 1 UDP", CV_SDP_ICE, "1 1 UDP"},
	{"a=remote-candidates:1 x", CV_SDP_ICE, "1 x"},
	{"a=end-of-candidates", CV_SDP_ICE, ""},
	{"a=ice-lite", CV_SDP_ICE, "ice-lite"},
	{"a=ice-ufrag:x", CV_SDP_ICE, "ice-ufrag:x"},
	{"a=x-nat:10.0.0.1 1", CV_SDP_PLAIN, "x-nat:10.0.0.1 1"},
};

static void test_kind_is_read_from_each_line(void)
{
	for (size_t i = 0; i < sizeof(kind_cases) / sizeof(kind_cases[0]); ++i) {
		const struct kind_case *c = &kind_cases[i];
		struct cv_str val;

		CU_ASSERT_EQUAL(cv_sdp_line_kind(cv_str_of(c->line), &val), c->kind);
		CU_ASSERT_TRUE(cv_str_eq(val, cv_str_of(c->val)));
	}
}

struct conn_case {
	const char *text;
	const char *host; /* NULL: refused */
};

static const struct conn_case conn_cases[] = {
	{"IN IP4 192.0.2.1", "192.0.2.1"},
	{"IN IP4 192.0.2.1 ", "192.0.2.1"},
	{"in ip4\t0.0.0.0", "0.0.0.0"},
	{"IN IP6 2001:DB8::1", "2001:db8::1"},
	{"IN IP6 ::ffff:192.0.2.1", "192.0.2.1"},
	{"IN IP6 ::", "::"},
	{"IN IP4 192.0.2.1/127", NULL},
	{"IN IP4 192.0.2.1:5060", NULL},
	{"IN IP4 192.0.2.1 192.0.2.2", NULL},
	{"IN IP4 192.0.2", NULL},
	{"IN IP4 2001:db8::1", NULL},
	{"IN IP4 host.example", NULL},
	{"IN IP4", NULL},
	{"IN IP6 192.0.2.1", NULL},
	{"IN IP6 192.0.2.1:5060", NULL},
	{"IN IP6 [2001:db8::1]", NULL},
	{"IN IP6 fe80::1%2", NULL},
	{"TN RFC2543 +1-201-555-0100", NULL},
	{"", NULL},
};

static void test_conn_takes_literals_only(void)
{
	for (size_t i = 0; i < sizeof(conn_cases) / sizeof(conn_cases[0]); ++i) {
		const struct conn_case *c = &conn_cases[i];
		char host[CV_ADDR_STRLEN];
		struct cv_addr a = {0};
		int err = cv_sdp_conn(&a, cv_str_of(c->text));

		CU_ASSERT_EQUAL(err, c->host ? 0 : EINVAL);
		if (err == 0 && c->host)
			CU_ASSERT_STRING_EQUAL(cv_addr_print_host(&a, host), c->host);
	}
}

static void test_word_skips_runs_of_blanks(void)
{
	struct cv_str rest = CV_STR(" \taudio  4000\t");
	struct cv_str word;

	CU_ASSERT_TRUE(cv_sdp_word(&rest, &word));
	CU_ASSERT_TRUE(cv_str_eq(word, CV_STR("audio")));
	CU_ASSERT_TRUE(cv_sdp_word(&rest, &word));
	CU_ASSERT_TRUE(cv_str_eq(word, CV_STR("4000")));
	CU_ASSERT_FALSE(cv_sdp_word(&rest, &word));
}

int cv_test_line(void)
{
	CU_pSuite s = CU_add_suite("sdp/line", NULL, NULL);

	if (!s)
		return (int)CU_get_error();

	CU_add_test(s, "kind is read from each line", test_kind_is_read_from_each_line);
	CU_add_test(s, "c= takes literals only", test_conn_takes_literals_only);
	CU_add_test(s, "words are split at blanks", test_word_skips_runs_of_blanks);

	return (int)CU_get_error();
}
