/* SPDX-License-Identifier: BSD-3-Clause */
/* Option tags: which are refused, which pass. */
#include "config.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

#include "suite_sip.h"

static void test_tags_for_us_are_known_or_refused(void)
{
	static const struct {
		const char *headers, *unsupported;
	} rows[] = {
		{"", NULL},
		{"Require: 100rel, timer\n", NULL},
		{"Require: replaces, join, norefersub, tdialog, from-change\n", NULL},
		{"Require: precondition, histinfo, x-unheard-of\n", NULL},
		{"Supported: gruu, outbound, path\n", NULL}, /* masked, not refused */
		{"Require: timer, GRUU\n", "GRUU"},
		{"Require: outbound\nRequire: path\n", "outbound, path"},
		{"Require: sec-agree\nProxy-Require: sec-agree\n",
		 "sec-agree, sec-agree"},
		{"Proxy-Require: privacy\n", NULL},
		{"Proxy-Require: Privacy, x-foo\n", "x-foo"},
		{"proxy-require : x-foo\nProxy-Require: x-bar\n", "x-foo, x-bar"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
		char text[1024];
		const char *is;
		msg_t *m;

		(void)snprintf(text, sizeof(text),
			       "INVITE sip:bob@example.test SIP/2.0\n"
			       "Via: SIP/2.0/UDP 10.1.1.11;branch=z9hG4bK1\n"
			       "From: <sip:a@x>;tag=a\nTo: <sip:b@x>\nCall-ID: c1\n"
			       "CSeq: 7 INVITE\n%sContent-Length: 0\n\n",
			       rows[i].headers);
		m = cv_sip_kit_msg(text);
		CU_ASSERT_PTR_NOT_NULL_FATAL(m);
		is = cv_sip_unsupported(msg_home(m), sip_object(m));
		CU_ASSERT_EQUAL(!is, !rows[i].unsupported);
		if (is && rows[i].unsupported)
			CU_ASSERT_STRING_EQUAL(is, rows[i].unsupported);
		msg_destroy(m);
	}
}

int cv_test_require(void)
{
	CU_pSuite s = CU_add_suite("require", NULL, NULL);

	CU_add_test(s, "tags for us are known or refused",
		    test_tags_for_us_are_known_or_refused);

	return (int)CU_get_error();
}
