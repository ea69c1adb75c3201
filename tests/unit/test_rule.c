/* SPDX-License-Identifier: BSD-3-Clause */
/* A peer's header rules on a message, and on the parties of a dialog. */
#include "config.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "suite_sip.h"

static const char message[] = "INVITE sip:bob@example.test SIP/2.0\n"
			      "Via: SIP/2.0/UDP 10.1.1.11;branch=z9hG4bK1\n"
			      "From: \"A\" <sip:alice@10.1.1.11:5062>;tag=a\n"
			      "To: <sip:bob@example.test:5070>\nCall-ID: c1\n"
			      "CSeq: 7 INVITE\ns: theirs\nX-One: 1\nx-ONE : 2\n"
			      "User-Agent: theirs\nAllow: INVITE\nAllow: ACK\n"
			      "Content-Length: 0\n\n";

static struct cv_conf *conf_of(const char *keys)
{
	struct cv_buf error = {0};
	struct cv_conf *c = NULL;
	char text[1024];

	(void)snprintf(text, sizeof(text), "[peer p]\ntarget = sip:192.0.2.1\n%s", keys);
	CU_ASSERT_EQUAL_FATAL(cv_conf_parse(&c, "t", cv_str_of(text), &error), 0);
	cv_buf_free(&error);

	return c;
}

static void test_headers_are_taken_and_put(void)
{
	struct cv_conf *c = conf_of("remove-header = Subject, x-one\n"
				    "remove-header = ALLOW\n"
				    "add-header = X-Two: a, b;c=\"d, e\"\n"
				    "add-header = x-two: f\n"
				    "add-header = user-agent : ours/1.0\n"
				    "add-header = X-One: 3\n");
	msg_t *m = cv_sip_kit_msg(message);
	const char *text;

	CU_ASSERT_PTR_NOT_NULL_FATAL(m);
	CU_ASSERT_EQUAL(cv_sip_rule_headers(&c->peers[0], m), 0);
	text = cv_sip_kit_text(m);
	CU_ASSERT_PTR_NULL(strstr(text, "theirs"));
	CU_ASSERT_PTR_NULL(strstr(text, "Allow"));
	CU_ASSERT_PTR_NULL(strstr(text, "X-One: 1"));
	CU_ASSERT_PTR_NULL(strcasestr(text, "x-one : 2"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "X-Two: a, b;c=\"d, e\"\r\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "x-two: f\r\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "User-Agent: ours/1.0\r\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "X-One: 3\r\n"));
	msg_destroy(m);
	cv_mem_unref(c);
}

static void test_no_rule_changes_nothing(void)
{
	struct cv_conf *c = conf_of("");
	msg_t *a = cv_sip_kit_msg(message), *b = cv_sip_kit_msg(message);

	CU_ASSERT_EQUAL(cv_sip_rule_headers(&c->peers[0], a), 0);
	CU_ASSERT_EQUAL(cv_sip_rule_headers(NULL, a), 0);
	CU_ASSERT_STRING_EQUAL(cv_sip_kit_text(a), cv_sip_kit_text(b));
	msg_destroy(a);
	msg_destroy(b);
	cv_mem_unref(c);
}

static void test_bad_value_is_sent_as_it_is(void)
{
	struct cv_conf *c = conf_of("add-header = Date: the day after\n");
	msg_t *m = cv_sip_kit_msg(message);

	CU_ASSERT_EQUAL(cv_sip_rule_headers(&c->peers[0], m), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(cv_sip_kit_text(m), "Date: the day after\r\n"));
	msg_destroy(m);
	cv_mem_unref(c);
}

static void test_parties_are_renamed(void)
{
	static const struct {
		const char *keys, *from, *to;
	} rows[] = {
		{"", "sip:alice@10.1.1.11:5062", "sip:bob@example.test:5070"},
		{"from-user = 4930123\n", "sip:4930123@10.1.1.11:5062",
		 "sip:bob@example.test:5070"},
		{"from-host = itsp.example\nto-host = [2001:db8::1]\n",
		 "sip:alice@itsp.example", "sip:bob@[2001:db8::1]"},
		{"from-user = u\nfrom-host = h\nto-host = t\n", "sip:u@h", "sip:bob@t"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
		struct cv_conf *c = conf_of(rows[i].keys);
		msg_t *m = cv_sip_kit_msg(message);
		struct cv_sip_ident id = {
			.from = sip_object(m)->sip_from,
			.to = sip_object(m)->sip_to,
		};
		su_home_t *home = msg_home(m);

		CU_ASSERT_EQUAL(cv_sip_rule_parties(&c->peers[0], home, &id), 0);
		CU_ASSERT_STRING_EQUAL(url_as_string(home, id.from->a_url), rows[i].from);
		CU_ASSERT_STRING_EQUAL(url_as_string(home, id.to->a_url), rows[i].to);
		CU_ASSERT_STRING_EQUAL(id.from->a_display, "\"A\"");
		msg_destroy(m);
		cv_mem_unref(c);
	}
}

/* A tel: URI has no host to change, and its number isn't its user. */
static void test_tel_stays(void)
{
	struct cv_conf *c = conf_of("from-host = h\nto-host = t\n");
	msg_t *m = cv_sip_kit_msg("INVITE tel:+491 SIP/2.0\n"
				  "Via: SIP/2.0/UDP 10.1.1.11;branch=z9hG4bK1\n"
				  "From: <tel:+492>;tag=a\nTo: <tel:+491>\nCall-ID: c1\n"
				  "CSeq: 7 INVITE\nContent-Length: 0\n\n");
	struct cv_sip_ident id;

	CU_ASSERT_PTR_NOT_NULL_FATAL(m);
	id = (struct cv_sip_ident){.from = sip_object(m)->sip_from,
				   .to = sip_object(m)->sip_to};
	CU_ASSERT_EQUAL(cv_sip_rule_parties(&c->peers[0], msg_home(m), &id), 0);
	CU_ASSERT_STRING_EQUAL(url_as_string(msg_home(m), id.from->a_url), "tel:+492");
	CU_ASSERT_STRING_EQUAL(url_as_string(msg_home(m), id.to->a_url), "tel:+491");
	msg_destroy(m);
	cv_mem_unref(c);
}

int cv_test_rule(void)
{
	CU_pSuite s = CU_add_suite("rule", NULL, NULL);

	CU_add_test(s, "headers are taken and put", test_headers_are_taken_and_put);
	CU_add_test(s, "no rule changes nothing", test_no_rule_changes_nothing);
	CU_add_test(s, "bad value is sent as it is", test_bad_value_is_sent_as_it_is);
	CU_add_test(s, "parties are renamed", test_parties_are_renamed);
	CU_add_test(s, "tel: stays", test_tel_stays);

	return (int)CU_get_error();
}
