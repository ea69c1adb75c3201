/* SPDX-License-Identifier: BSD-3-Clause */
/* Marks of passing: what comes back is known, what others make up is not. */
#include "config.h"

#include <CUnit/CUnit.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "suite_sip.h"

enum { LINE = 512 };

/* A request with these header lines, its marks taken by @p k. */
static msg_t *request(const char *number, const char *headers)
{
	char text[8192];
	msg_t *m;

	(void)snprintf(text, sizeof(text),
		       "INVITE sip:%s@198.51.100.10 SIP/2.0\n"
		       "Via: SIP/2.0/UDP 198.51.100.5;branch=z9hG4bKtop\n"
		       "%s"
		       "From: <sip:a@x>;tag=t\nTo: <sip:b@x>\nCall-ID: c\n"
		       "CSeq: 1 INVITE\nContent-Length: 0\n\n",
		       number, headers);
	m = cv_sip_kit_msg(text);
	CU_ASSERT_PTR_NOT_NULL_FATAL(m);

	return m;
}

/* Passes it as a request of @p peer; the line that goes on into @p mark. */
static int pass(struct cv_sip_kit *k, const char *peer, const char *number,
		const char *headers, char mark[LINE], unsigned *hops)
{
	struct cv_sip_origin o = {.peer = cv_conf_peer_find(k->conf, cv_str_of(peer))};
	msg_t *m = request(number, headers);
	const sip_unknown_t *u;
	int err = cv_sip_pass(&k->sip, m, &o);

	if (!err) {
		u = cv_sip_find_named(sip_object(m), "X-Culvert-Pass");
		CU_ASSERT_PTR_NOT_NULL_FATAL(u);
		(void)snprintf(mark, LINE, "X-Culvert-Pass: %s\n", u->un_value);
		CU_ASSERT_PTR_NOT_NULL_FATAL(sip_object(m)->sip_max_forwards);
		*hops = (unsigned)sip_object(m)->sip_max_forwards->mf_count;
	}
	msg_destroy(m);

	return err;
}

static void test_same_again_is_a_loop(void)
{
	struct cv_sip_kit k;
	char one[LINE], two[LINE], last[LINE];
	unsigned hops;

	cv_sip_kit_open(&k);
	CU_ASSERT_EQUAL(pass(&k, "pbx", "100", "", one, &hops), 0);
	CU_ASSERT_EQUAL(hops, 70);
	CU_ASSERT_EQUAL(pass(&k, "trunk", "100", one, two, &hops), 0);
	CU_ASSERT_EQUAL(pass(&k, "pbx", "200", two, last, &hops), 0);
	CU_ASSERT_EQUAL(pass(&k, "pbx", "100", two, last, &hops), EALREADY);
	CU_ASSERT_EQUAL(pass(&k, "pbx", "100", one, last, &hops), EALREADY);
	/* a call of its own */
	CU_ASSERT_EQUAL(pass(&k, "pbx", "100", "", last, &hops), 0);
	cv_sip_kit_close(&k);
}

static void test_every_spelling_of_the_mark_is_read(void)
{
	static const char *const forms[][2] = {
		{"x-culvert-PASS:", "\n"},
		{"X-CULVERT-PASS \t:\n  ", "  \n"},
		{"X-Culvert-Pass: 1-46-0123456789abcdef-00000000000000000000\n"
		 "X-Culvert-Pass: ",
		 "\n"},
		{"X-Culvert-Pass: of somebody else\nX-Culvert-Pass: ", "\n"},
	};
	struct cv_sip_kit k;
	char one[LINE], text[2 * LINE], again[LINE];
	unsigned hops;

	cv_sip_kit_open(&k);
	CU_ASSERT_EQUAL(pass(&k, "pbx", "100", "", one, &hops), 0);
	one[strlen(one) - 1] = '\0';
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); ++i) {
		(void)snprintf(text, sizeof(text), "%s%s%s", forms[i][0], one + 16,
			       forms[i][1]);
		CU_ASSERT_EQUAL(pass(&k, "pbx", "100", text, again, &hops), EALREADY);
	}
	cv_sip_kit_close(&k);
}

static void test_forged_mark_refuses_nobody(void)
{
	struct cv_sip_kit k, other;
	char one[LINE], bad[LINE], out[LINE];
	unsigned hops;

	cv_sip_kit_open(&k);
	cv_sip_kit_open(&other);
	other.sip.key[0] = 1;
	CU_ASSERT_EQUAL(pass(&k, "pbx", "100", "", one, &hops), 0);
	for (size_t i = 16; one[i] != '\n'; ++i) {
		(void)snprintf(bad, sizeof(bad), "%s", one);
		bad[i] = bad[i] == '0' ? '1' : '0';
		CU_ASSERT_EQUAL(pass(&k, "pbx", "100", bad, out, &hops), 0);
		CU_ASSERT_EQUAL(hops, 70);
	}

	/* another edge's mark means nothing here, and stays for that edge */
	CU_ASSERT_EQUAL(pass(&other, "pbx", "100", one, out, &hops), 0);
	CU_ASSERT_STRING_EQUAL(one, out);
	cv_sip_kit_close(&other);
	cv_sip_kit_close(&k);
}

static void test_marks_of_others_pass(void)
{
	struct cv_sip_origin o = {.who = CV_WHO_STRANGER};
	struct cv_sip_edge edge = {.to = NULL};
	struct cv_sip_kit k;
	msg_t *m = request("100", "X-Culvert-Pass: theirs\nX-Culvert-Other: x\n"), *copy;
	const char *text;

	cv_sip_kit_open(&k);
	CU_ASSERT_EQUAL(cv_sip_pass(&k.sip, m, &o), 0);
	copy = cv_sip_copy(&k.sip, m);
	CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
	cv_sip_scrub(copy, &edge, NULL);
	text = cv_sip_kit_text(copy);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "X-Culvert-Pass: theirs\r\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "X-Culvert-Pass: 1-45-"));
	CU_ASSERT_PTR_NULL(strstr(text, "X-Culvert-Other"));
	msg_destroy(copy);
	msg_destroy(m);
	cv_sip_kit_close(&k);
}

static void test_many_marks_hide_nothing(void)
{
	struct cv_sip_kit k;
	struct cv_sip_origin o = {.who = CV_WHO_STRANGER}, again = o;
	char one[LINE], many[64 * 64] = "", out[LINE];
	unsigned hops, left = 0;
	msg_t *m;

	cv_sip_kit_open(&k);
	CU_ASSERT_EQUAL(pass(&k, "pbx", "100", "", one, &hops), 0);
	for (int i = 0; i < 60; ++i)
		(void)strcat(many, "X-Culvert-Pass: 1-46-0123456789abcdef-0\n");
	CU_ASSERT_EQUAL(pass(&k, "pbx", "100", many, out, &hops), 0);

	/* nor do they hide ours */
	m = request("100", many);
	o.peer = again.peer = cv_conf_peer_find(k.conf, CV_STR("pbx"));
	CU_ASSERT_EQUAL(cv_sip_pass(&k.sip, m, &o), 0);
	for (const sip_unknown_t *u = sip_object(m)->sip_unknown; u; u = u->un_next)
		++left;
	CU_ASSERT_EQUAL(left, 4);
	CU_ASSERT_EQUAL(cv_sip_pass(&k.sip, m, &again), EALREADY);
	msg_destroy(m);
	cv_sip_kit_close(&k);
}

static void test_fresh_max_forwards_gains_nothing(void)
{
	struct cv_sip_kit k;
	char mark[LINE] = "", text[2 * LINE], number[8];
	unsigned hops = 0, n;
	int err = 0;

	cv_sip_kit_open(&k);
	CU_ASSERT_EQUAL(pass(&k, "pbx", "1", "Max-Forwards: 5\n", mark, &hops), 0);
	for (n = 0; !err && n < 10; ++n) {
		(void)snprintf(text, sizeof(text), "Max-Forwards: 70\n%s", mark);
		(void)snprintf(number, sizeof(number), "2%u", n);
		err = pass(&k, "pbx", number, text, mark, &hops);
		if (!err)
			CU_ASSERT_EQUAL(hops, 3 - 2 * n);
	}
	CU_ASSERT_EQUAL(err, ELOOP);
	CU_ASSERT_EQUAL(n, 3);

	/* and one that goes on from proxy to proxy isn't shortened */
	CU_ASSERT_EQUAL(pass(&k, "pbx", "1", "Max-Forwards: 5\n", mark, &hops), 0);
	(void)snprintf(text, sizeof(text), "Max-Forwards: 3\n%s", mark);
	CU_ASSERT_EQUAL(pass(&k, "pbx", "2", text, mark, &hops), 0);
	CU_ASSERT_EQUAL(hops, 3);
	cv_sip_kit_close(&k);
}

static void test_spirals_have_an_end(void)
{
	struct cv_sip_kit k;
	char mark[LINE] = "", number[8];
	unsigned hops, n;
	int err = 0;

	cv_sip_kit_open(&k);
	for (n = 0; !err && n < 70; ++n) {
		char was[LINE];

		memcpy(was, mark, sizeof(was));
		(void)snprintf(number, sizeof(number), "%u", n);
		err = pass(&k, "pbx", number, was, mark, &hops);
	}
	CU_ASSERT_EQUAL(err, ELOOP);
	CU_ASSERT_EQUAL(n, CV_TRAIL_MAX + 1);
	cv_sip_kit_close(&k);
}

static void test_our_own_via_is_known(void)
{
	struct cv_sip_origin o = {.who = CV_WHO_STRANGER};
	struct cv_sip_kit k;
	char via[LINE], out[LINE];
	const char *branch, *other;
	su_home_t home[1] = {SU_HOME_INIT(home)};
	unsigned hops;
	msg_t *m;

	su_home_init(home);
	cv_sip_kit_open(&k);
	o.peer = cv_conf_peer_find(k.conf, CV_STR("pbx"));
	m = request("100", "");
	CU_ASSERT_EQUAL(cv_sip_pass(&k.sip, m, &o), 0);
	msg_destroy(m);
	branch = cv_sip_branch(&k.sip, home, cv_trail_last(&o.trail));
	other = cv_sip_branch(&k.sip, home, cv_trail_last(&o.trail));
	CU_ASSERT_PTR_NOT_NULL_FATAL(branch);
	CU_ASSERT_STRING_NOT_EQUAL(branch, other); /* RFC 3261 8.1.1.7 */

	(void)snprintf(via, sizeof(via), "Via: SIP/2.0/UDP 198.51.100.10;branch=%s\n",
		       branch);
	CU_ASSERT_EQUAL(pass(&k, "pbx", "100", via, out, &hops), EALREADY);
	CU_ASSERT_EQUAL(pass(&k, "pbx", "200", via, out, &hops), 0); /* a spiral */
	via[strlen(via) - 3] ^= 1;
	CU_ASSERT_EQUAL(pass(&k, "pbx", "100", via, out, &hops), 0); /* a forgery */
	cv_sip_kit_close(&k);
	su_home_deinit(home);
}

static void test_breadth_is_read_and_set(void)
{
	static const struct {
		const char *headers;
		unsigned is;
	} rows[] = {
		{"", 60},
		{"Max-Breadth: 0\n", 0},
		{"max-breadth : 7 \n", 7},
		{"Max-Breadth: 4294967297\n", 60},
		{"Max-Breadth: -1\n", 60},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
		msg_t *m = request("100", rows[i].headers);
		char want[32];

		CU_ASSERT_EQUAL(cv_sip_breadth(sip_object(m)), rows[i].is);
		CU_ASSERT_EQUAL(cv_sip_breadth_set(m, 0), 0);
		(void)snprintf(want, sizeof(want), "Max-Breadth: %u\r\n", rows[i].is);
		CU_ASSERT_PTR_NOT_NULL(strstr(cv_sip_kit_text(m), want));
		CU_ASSERT_EQUAL(cv_sip_breadth_set(m, 3), 0);
		CU_ASSERT_EQUAL(cv_sip_breadth(sip_object(m)), 3);
		msg_destroy(m);
	}
}

static void test_max_forwards_of_zero_is_the_callers(void)
{
	struct cv_sip_kit k;
	char mark[LINE];
	unsigned hops;

	/* OPTIONS to us is answered all the same (RFC 3261 16.3) */
	cv_sip_kit_open(&k);
	CU_ASSERT_EQUAL(pass(&k, "pbx", "100", "Max-Forwards: 0\n", mark, &hops), 0);
	CU_ASSERT_EQUAL(hops, 0);
	cv_sip_kit_close(&k);
}

int cv_test_pass(void)
{
	CU_pSuite s = CU_add_suite("pass", NULL, NULL);

	CU_add_test(s, "same again is a loop", test_same_again_is_a_loop);
	CU_add_test(s, "every spelling of the mark is read",
		    test_every_spelling_of_the_mark_is_read);
	CU_add_test(s, "forged mark refuses nobody", test_forged_mark_refuses_nobody);
	CU_add_test(s, "marks of others pass", test_marks_of_others_pass);
	CU_add_test(s, "many marks hide nothing", test_many_marks_hide_nothing);
	CU_add_test(s, "fresh Max-Forwards gains nothing",
		    test_fresh_max_forwards_gains_nothing);
	CU_add_test(s, "spirals have an end", test_spirals_have_an_end);
	CU_add_test(s, "our own Via is known", test_our_own_via_is_known);
	CU_add_test(s, "Max-Breadth is read and set", test_breadth_is_read_and_set);
	CU_add_test(s, "Max-Forwards of zero", test_max_forwards_of_zero_is_the_callers);

	return (int)CU_get_error();
}
