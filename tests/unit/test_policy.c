/* SPDX-License-Identifier: BSD-3-Clause */
/* Header policy: every row of the table, between every two kinds of party. */
#include "config.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "suite_sip.h"

#define HEAD                                                                             \
	"INVITE sip:bob@198.51.100.10 SIP/2.0\n"                                         \
	"Via: SIP/2.0/UDP 10.1.1.11:5060;branch=z9hG4bK1\n"                              \
	"From: Alice <sip:alice@10.1.1.11>;tag=a\n"                                      \
	"To: <sip:bob@198.51.100.10>\n"                                                  \
	"Call-ID: c1@10.1.1.11\n"                                                        \
	"CSeq: 7 INVITE\n"

#define TAIL "Content-Length: 0\n\n"

static const struct cv_conf_peer trusted = {.name = "t", .trust_identity = true};
static const struct cv_conf_peer other = {.name = "o"};

/* What is left of @p headers on the way between the two; in *mp's home. */
static const char *pass(msg_t **mp, const char *headers, const struct cv_conf_peer *from,
			const struct cv_conf_peer *to)
{
	const struct cv_sip_edge edge = {.from = from, .to = to};
	char text[4096];
	msg_t *src;

	(void)snprintf(text, sizeof(text), HEAD "%s" TAIL, headers);
	src = cv_sip_kit_msg(text);
	CU_ASSERT_PTR_NOT_NULL_FATAL(src);
	*mp = cv_sip_copy(NULL, src);
	CU_ASSERT_PTR_NOT_NULL_FATAL(*mp);
	msg_destroy(src);
	cv_sip_scrub(*mp, &edge, NULL);

	return cv_sip_kit_text(*mp);
}

static void test_each_header_passes_where_it_may(void)
{
	enum { NO, YES };
	static const struct {
		const char *header;
		int up, down, out, through; /* to trusted from other; trusted to other;
					       other to other; trusted to trusted */
	} rows[] = {
		{"P-Asserted-Identity: <sip:secret@x>\n", NO, YES, NO, YES},
		{"P-Preferred-Identity: <sip:secret@x>\n", NO, YES, NO, YES},
		{"Remote-Party-ID: <sip:secret@x>\n", NO, YES, NO, YES},
		{"Diversion: <sip:secret@x>;reason=unconditional\n", NO, YES, NO, YES},
		{"History-Info: <sip:secret@x>;index=1\n", NO, YES, NO, YES},
		{"P-Asserted-Service: secret\n", NO, NO, NO, YES},
		{"P-Preferred-Service: secret\n", NO, NO, NO, YES},
		{"P-Served-User: <sip:secret@x>\n", NO, NO, NO, YES},
		{"P-Charging-Vector: icid-value=secret\n", NO, NO, NO, YES},
		{"P-Charging-Function-Addresses: ccf=secret\n", NO, NO, NO, YES},
		{"P-Access-Network-Info: secret\n", NO, NO, NO, NO},
		{"P-Associated-URI: <sip:secret@x>\n", NO, NO, NO, NO},
		{"P-Visited-Network-ID: secret\n", NO, NO, NO, NO},
		{"Flow-Timer: 120 secret\n", NO, NO, NO, NO},
		{"X-Culvert-Anything: secret\n", NO, NO, NO, NO},
		{"X-Other: secret\n", YES, YES, YES, YES},
		{"Identity: secret\n", YES, YES, YES, YES},
		{"Subject: secret\n", YES, YES, YES, YES},
		{"User-To-User: secret\n", YES, YES, YES, YES},
		{"Privacy: id\nP-Asserted-Identity: <sip:secret@x>\n", NO, NO, NO, YES},
		{"Privacy: none\nP-Asserted-Identity: <sip:secret@x>\n", NO, YES, NO,
		 YES},
		{"Privacy: id\nDiversion: <sip:secret@x>\n", NO, NO, NO, YES},
		{"Privacy: history\nHistory-Info: <sip:secret@x>\n", NO, NO, NO, YES},
		{"Privacy: header\nHistory-Info: <sip:secret@x>\n", NO, NO, NO, YES},
		{"Privacy: history\nDiversion: <sip:secret@x>\n", NO, YES, NO, YES},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
		const struct {
			const struct cv_conf_peer *from, *to;
			int is;
		} ways[] = {
			{&other, &trusted, rows[i].up},
			{NULL, &trusted, rows[i].up},
			{&trusted, &other, rows[i].down},
			{&trusted, NULL, rows[i].down},
			{&other, NULL, rows[i].out},
			{NULL, NULL, rows[i].out},
			{&trusted, &trusted, rows[i].through},
		};

		for (size_t w = 0; w < sizeof(ways) / sizeof(ways[0]); ++w) {
			msg_t *m;
			const char *text =
				pass(&m, rows[i].header, ways[w].from, ways[w].to);

			if ((strstr(text, "secret") != NULL) != ways[w].is)
				(void)printf("way %zu: %s", w, rows[i].header);
			CU_ASSERT_EQUAL(strstr(text, "secret") != NULL, ways[w].is);
			msg_destroy(m);
		}
	}
}

static void test_every_spelling_is_taken(void)
{
	static const char *const rows[] = {
		"p-asserted-identity: <sip:secret@x>\n",
		"P-ASSERTED-IDENTITY : <sip:secret@x>\n",
		"P-Asserted-Identity\t:\t<sip:secret@x>\n",
		"P-Asserted-Identity \n : <sip:secret@x>\n",
		"P-Asserted-Identity:\n <sip:secret@x>\n",
		"P-Asserted-Identity: <sip:a@x>, <tel:secret>\n",
		"P-Asserted-Identity: <sip:a@x>\nX-Own: 1\n"
		"P-Asserted-Identity: <sip:secret@x>\n",
		"Remote-party-ID: <sip:a@x>\nREMOTE-PARTY-ID: <sip:secret@x>\n",
		"diversion: <sip:a@x>, <sip:secret@x>\nDiversion: <sip:secret@y>\n",
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
		msg_t *m;

		CU_ASSERT_PTR_NULL(strstr(pass(&m, rows[i], NULL, &trusted), "secret"));
		msg_destroy(m);
	}
}

static void test_explain_names_what_was_scrubbed(void)
{
	const struct cv_sip_edge edge = {.to = &trusted};
	struct cv_evid *ev = NULL;
	struct cv_out *out = NULL;
	struct cv_buf b = {0};
	msg_t *m = cv_sip_kit_msg(
		HEAD
		"Remote-Party-ID: <sip:x>\nDiversion: <sip:x>\nX-Culvert-A: b\n" TAIL);

	CU_ASSERT_PTR_NOT_NULL_FATAL(m);
	CU_ASSERT_EQUAL_FATAL(cv_evid_new(&ev), 0);
	cv_sip_scrub(m, &edge, ev);
	CU_ASSERT_EQUAL_FATAL(cv_out_new(&out, CV_OUT_JSON), 0);
	cv_evid_show(ev, out);
	CU_ASSERT_EQUAL_FATAL(cv_out_finish(out, &b), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(b.p, "Remote-Party-ID, Diversion: the sender is "
					   "not trusted to say so"));
	cv_buf_free(&b);
	cv_mem_unref(out);
	cv_mem_unref(ev);
	msg_destroy(m);
}

int cv_test_policy(void)
{
	CU_pSuite s = CU_add_suite("policy", NULL, NULL);

	CU_add_test(s, "each header passes where it may",
		    test_each_header_passes_where_it_may);
	CU_add_test(s, "every spelling is taken", test_every_spelling_is_taken);
	CU_add_test(s, "explain names what was scrubbed",
		    test_explain_names_what_was_scrubbed);

	return (int)CU_get_error();
}
