/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Header policy: what passes, what doesn't, and the copies that used to abort
 * the stack.
 */
#include "config.h"

#include <CUnit/CUnit.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "suite_sip.h"

#define HEAD                                                                             \
	"INVITE sip:bob@198.51.100.10 SIP/2.0\n"                                         \
	"Via: SIP/2.0/UDP 10.1.1.11:5060;branch=z9hG4bK1\n"                              \
	"Route: <sip:198.51.100.10;lr>\n"                                                \
	"Record-Route: <sip:10.9.9.9;lr>\n"                                              \
	"From: Alice <sip:alice@10.1.1.11>;tag=a\n"                                      \
	"To: <sip:bob@198.51.100.10>\n"                                                  \
	"Call-ID: c1@10.1.1.11\n"                                                        \
	"CSeq: 7 INVITE\n"                                                               \
	"Contact: <sip:alice@10.1.1.11:5060>\n"

static msg_t *copy_of(const char *text, msg_t **src)
{
	msg_t *m;

	*src = cv_sip_kit_msg(text);
	CU_ASSERT_PTR_NOT_NULL_FATAL(*src);
	m = cv_sip_copy(NULL, *src);
	CU_ASSERT_PTR_NOT_NULL_FATAL(m);

	return m;
}

static void test_copy_hides_one_side(void)
{
	msg_t *src,
		*m = copy_of(HEAD "Path: <sip:10.9.9.8;lr>\nUser-Agent: phone\nX-Own: 1\n"
				  "Content-Length: 0\n\n",
			     &src);
	const char *text;

	CU_ASSERT_EQUAL(sip_add_tl(m, sip_object(m), SIPTAG_SUBJECT_STR("s"), TAG_END()),
			0);
	text = cv_sip_kit_text(m);
	CU_ASSERT_PTR_NULL(strstr(text, "10.1.1.11"));
	CU_ASSERT_PTR_NULL(strstr(text, "10.9.9."));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "User-Agent: phone"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "X-Own: 1"));
	msg_destroy(m);
	msg_destroy(src);
}

static void test_copy_survives_second_single_header(void)
{
	/* one request with two of these ended the process when its copy was sent */
	static const char *const twice[] = {
		"Subject: a\nSubject: b\n",
		"Server: a\nServer: b\n",
		"Organization: a\nOrganization: b\n",
		"MIME-Version: 1.0\nMIME-Version: 1.0\n",
	};

	for (size_t i = 0; i < sizeof(twice) / sizeof(twice[0]); ++i) {
		char text[1024];
		msg_t *src, *m;

		(void)snprintf(text, sizeof(text), "%s%s%s", HEAD, twice[i],
			       "Content-Length: 0\n\n");
		m = copy_of(text, &src);
		CU_ASSERT_PTR_NOT_NULL(cv_sip_kit_text(m));
		msg_destroy(m);
		msg_destroy(src);
	}
}

static void test_copy_masks_extensions(void)
{
	msg_t *src,
		*m = copy_of(HEAD "Supported: timer, 100rel\nSupported: replaces, x-own\n"
				  "Require: JOIN, GRUU, 100REL\nContent-Length: 0\n\n",
			     &src);
	const char *text = cv_sip_kit_text(m);

	CU_ASSERT_PTR_NOT_NULL(strstr(text, "Supported: timer, 100rel, replaces, x-own"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "Require: JOIN, 100REL\r\n"));
	CU_ASSERT_PTR_NULL(strcasestr(text, "gruu"));
	msg_destroy(m);
	msg_destroy(src);
}

/* Ours is a reliable response only when we send it as one. */
static void test_copy_of_response_is_not_reliable(void)
{
	msg_t *src,
		*m = copy_of("SIP/2.0 183 Session Progress\n"
			     "Via: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKx\n"
			     "From: <sip:a@x>;tag=1\nTo: <sip:b@y>;tag=2\nCall-ID: c\n"
			     "CSeq: 1 INVITE\nRequire: 100rel, x-own\nRSeq: 7\n"
			     "Supported: 100rel\nContent-Length: 0\n\n",
			     &src);
	const char *text = cv_sip_kit_text(m);

	CU_ASSERT_PTR_NOT_NULL(strstr(text, "Require: x-own\r\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "Supported: 100rel\r\n"));
	CU_ASSERT_PTR_NULL(strstr(text, "RSeq"));
	msg_destroy(m);
	msg_destroy(src);
}

/* What one parser calls a body the next may call headers. */
static void test_copy_ends_its_headers_for_everybody(void)
{
	char text[1024];
	msg_t *src, *m;
	const char *out, *end;

	(void)snprintf(text, sizeof(text),
		       "%sX-Last: 1\n\rP-Asserted-Identity: <sip:boss@x>\n\n", HEAD);
	src = msg_make(sip_default_mclass(), 0, text, (ssize_t)strlen(text));
	CU_ASSERT_PTR_NOT_NULL_FATAL(src);
	m = cv_sip_copy(NULL, src);
	CU_ASSERT_PTR_NOT_NULL_FATAL(m);
	out = cv_sip_kit_text(m);
	end = strstr(out, "\r\n\r\n");
	CU_ASSERT_PTR_NOT_NULL_FATAL(end);
	CU_ASSERT(!strstr(out, "boss") || strstr(out, "boss") > end);
	msg_destroy(m);
	msg_destroy(src);
}

static void test_body_is_replaced_with_its_length(void)
{
	msg_t *src,
		*m = copy_of(HEAD
			     "Content-Type: application/sdp\nContent-Length: 3\n\nold",
			     &src);
	const char *text;

	CU_ASSERT_EQUAL(cv_sip_body(m, CV_STR("application/sdp"), CV_STR("brand new")),
			0);
	text = cv_sip_kit_text(m);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\r\n\r\nbrand new"));
	CU_ASSERT_PTR_NULL(strstr(text, "old"));
	CU_ASSERT_EQUAL(cv_sip_body(m, CV_STR_NULL, CV_STR_NULL), 0);
	CU_ASSERT_PTR_NULL(sip_object(m)->sip_payload);
	CU_ASSERT_PTR_NULL(sip_object(m)->sip_content_type);
	msg_destroy(m);
	msg_destroy(src);
}

static void test_max_forwards_counts_down(void)
{
	static const struct {
		const char *header;
		unsigned long expect;
	} rows[] = {
		{"Max-Forwards: 70\n", 69},
		{"Max-Forwards: 1\n", 0},
		{"", 69},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
		char text[1024];
		msg_t *src, *m;

		(void)snprintf(text, sizeof(text), "%s%s%s", HEAD, rows[i].header,
			       "Content-Length: 0\n\n");
		m = copy_of(text, &src);
		CU_ASSERT_EQUAL(cv_sip_max_forwards(m, sip_object(src)), 0);
		CU_ASSERT_EQUAL(sip_object(m)->sip_max_forwards->mf_count,
				rows[i].expect);
		msg_destroy(m);
		msg_destroy(src);
	}
}

/* 14 kB of one-letter tags kept 130 MB for 32 s: every step copied all before it. */
static void test_tags_cost_what_they_weigh(void)
{
	enum { TAGS = 3000, MOST = 1 << 20 };
	char *text = cv_mem_zalloc(sizeof(HEAD) + 2 * TAGS + 64, 1);
	size_t before, n;
	msg_t *src, *m;

	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	n = (size_t)sprintf(text, "%sRequire: a", HEAD);
	for (int i = 1; i < TAGS; ++i)
		n += (size_t)sprintf(text + n, ",a");
	(void)sprintf(text + n, "\nContent-Length: 0\n\n");
	src = cv_sip_kit_msg(text);
	CU_ASSERT_PTR_NOT_NULL_FATAL(src);
	before = mallinfo2().uordblks;
	m = cv_sip_copy(NULL, src);
	CU_ASSERT_PTR_NOT_NULL_FATAL(m);
	CU_ASSERT(mallinfo2().uordblks - before < MOST);
	CU_ASSERT_PTR_NOT_NULL(sip_object(m)->sip_require);
	msg_destroy(m);
	msg_destroy(src);
	free(text);
}

static void test_message_type_has_its_parameters(void)
{
	msg_t *m =
		cv_sip_kit_msg(HEAD "Content-Type: multipart/mixed;boundary=\"b 1\";x=y\n"
				    "Content-Length: 3\n\nabc");
	struct cv_sip_ref ref;
	struct cv_msg msg;

	CU_ASSERT_PTR_NOT_NULL_FATAL(m);
	cv_sip_msg(&msg, &ref, NULL, m, 0);
	CU_ASSERT(cv_str_eq(msg.type, CV_STR("multipart/mixed;boundary=\"b 1\";x=y")));
	CU_ASSERT(cv_str_eq(msg.body, CV_STR("abc")));
	CU_ASSERT_EQUAL(msg.method, CV_METHOD_INVITE);
	msg_destroy(m);
}

int cv_test_hdr(void)
{
	CU_pSuite s = CU_add_suite("hdr", NULL, NULL);

	CU_add_test(s, "copy hides one side", test_copy_hides_one_side);
	CU_add_test(s, "copy survives a second single header",
		    test_copy_survives_second_single_header);
	CU_add_test(s, "copy masks extensions", test_copy_masks_extensions);
	CU_add_test(s, "copy of a response is not reliable",
		    test_copy_of_response_is_not_reliable);
	CU_add_test(s, "copy ends its headers for everybody",
		    test_copy_ends_its_headers_for_everybody);
	CU_add_test(s, "body is replaced", test_body_is_replaced_with_its_length);
	CU_add_test(s, "tags cost what they weigh", test_tags_cost_what_they_weigh);
	CU_add_test(s, "type has its parameters", test_message_type_has_its_parameters);
	CU_add_test(s, "max-forwards", test_max_forwards_counts_down);

	return (int)CU_get_error();
}
