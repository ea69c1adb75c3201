/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests of call/part.c: where the description stands, and what is refused. One thread. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "call/call_int.h"
#include "suite_call.h"

#define MIXED "multipart/mixed; boundary=cut"
#define SDP   "Content-Type: application/sdp\r\n\r\nv=0\r\n"
#define ISUP  "Content-Type: application/isup\r\n\r\n\x01\x02\r\n"

static const struct {
	const char *type, *body;
	int err;
	const char *sdp;
} cases[] = {
	{"application/sdp", "v=0\r\n", 0, "v=0\r\n"},
	{"Application/SDP ; charset=utf-8", "v=0\r\n", 0, "v=0\r\n"},
	{"", "v=0\r\n", 0, "v=0\r\n"},
	{"", "hello", ENOENT, NULL},
	{"application/sdp", "", ENOENT, NULL},
	{"application/dtmf-relay", "Signal=1\r\n", ENOENT, NULL},
	{"application/sdpx", "v=0\r\n", ENOENT, NULL},
	{MIXED, "--cut\r\n" SDP "--cut--\r\n", 0, "v=0"},
	{MIXED, "--cut\r\n" SDP "\r\n--cut--", 0, "v=0\r\n"},
	{MIXED, "hi\r\n--cut\r\n" ISUP "--cut\r\n" SDP "--cut--\r\n", 0, "v=0"},
	{MIXED,
	 "--cut\n"
	 "content-type:APPLICATION/SDP;x=y\n\nv=0\n--cut--\n",
	 0, "v=0"},
	{MIXED, "--cut  \r\nX: y\r\n folded\r\n" SDP "--cut--\r\n", 0, "v=0"},
	{MIXED, "--cut\r\n\r\nplain text\r\n--cut--\r\n", ENOENT, NULL},
	{MIXED, "--cut\r\n" ISUP "--cut--\r\n", ENOENT, NULL},
	{"multipart/mixed;boundary=\"a b\"", "--a b\r\n" SDP "--a b--", 0, "v=0"},
	{MIXED, "--cut\r\n" SDP, EBADMSG, NULL},
	{MIXED, "--cut\r\nContent-Type: application/sdp", EBADMSG, NULL},
	{MIXED, "no delimiter", EBADMSG, NULL},
	{MIXED, "--cutter\r\n" SDP "--cutter--\r\n", EBADMSG, NULL},
	{MIXED, "--cut\r\n" SDP "--cut\r\n" SDP "--cut--", EBADMSG, NULL},
	{MIXED, "--cut\r\nContent-Type:\r\n application/sdp\r\n\r\nv=0\r\n--cut--",
	 EBADMSG, NULL},
	{MIXED, "--cut\r\nContent-Type: text/plain;\r\n x=y\r\n\r\nv=0\r\n--cut--",
	 EBADMSG, NULL},
	{MIXED,
	 "--cut\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n--cut--",
	 EBADMSG, NULL},
	{"multipart/mixed", "--cut\r\n" SDP "--cut--", EBADMSG, NULL},
	{"multipart/mixed; boundary=", "--\r\n" SDP "----", EBADMSG, NULL},
	{"multipart/mixed; boundary=\"\"", "--\r\n" SDP "----", EBADMSG, NULL},
	{"MULTIPART/related; boundary="
	 "0123456789012345678901234567890123456789012345678901234567890123456789x",
	 "--\r\n", EBADMSG, NULL},
};

static void test_table(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
		struct cv_str sdp = CV_STR_NULL;
		int err = cv_part_find_sdp(cv_str_of(cases[i].type),
					   cv_str_of(cases[i].body), &sdp);

		if (err != cases[i].err)
			printf("case %zu: %d, not %d\n", i, err, cases[i].err);

		CU_ASSERT_EQUAL(err, cases[i].err);
		CU_ASSERT_EQUAL(!sdp.p, !cases[i].sdp);
		if (sdp.p && cases[i].sdp)
			CU_ASSERT_TRUE(cv_str_eq(sdp, cv_str_of(cases[i].sdp)));
	}
}

static void test_many_lines_are_refused(void)
{
	static char body[8192];
	struct cv_str sdp;

	memset(body, '\n', sizeof(body));
	CU_ASSERT_EQUAL(
		cv_part_find_sdp(CV_STR(MIXED), cv_str_make(body, sizeof(body)), &sdp),
		EBADMSG);
}

/* Whatever comes: no byte beyond the body is read (the sanitizer's duty) and a
 * description lies inside it. */
static void test_every_prefix_is_safe(void)
{
	static const char body[] = "--cut\r\n" ISUP "--cut\r\n" SDP "--cut--\r\n";

	for (size_t len = 0; len < sizeof(body); ++len) {
		char *copy = cv_str_dup(cv_str_make(body, len));
		struct cv_str sdp = CV_STR_NULL;

		CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
		if (cv_part_find_sdp(CV_STR(MIXED), cv_str_make(copy, len), &sdp) == 0)
			CU_ASSERT(sdp.p >= copy && sdp.p + sdp.len <= copy + len);

		free(copy);
	}
}

int cv_test_part(void)
{
	CU_pSuite s = CU_add_suite("part", NULL, NULL);

	if (!s)
		return CU_get_error();

	CU_ADD_TEST(s, test_table);
	CU_ADD_TEST(s, test_many_lines_are_refused);
	CU_ADD_TEST(s, test_every_prefix_is_safe);

	return CU_get_error();
}
