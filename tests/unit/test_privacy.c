/* SPDX-License-Identifier: BSD-3-Clause */
/* Privacy: what each value does, towards whom, and what is said of the rest. */
#include "config.h"

#include <CUnit/CUnit.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "suite_sip.h"

#define HEAD                                                                             \
	"INVITE sip:bob@example.test SIP/2.0\n"                                          \
	"Via: SIP/2.0/UDP 10.1.1.11:5060;branch=z9hG4bK1\n"                              \
	"From: \"Alice A.\" <sip:alice@example.test>;tag=a;x=y\n"                        \
	"To: <sip:bob@example.test>\n"                                                   \
	"Call-ID: c1\n"                                                                  \
	"CSeq: 7 INVITE\n"                                                               \
	"User-Agent: telling\nSubject: telling\ns: telling\nReply-To: <sip:telling@x>\n" \
	"Organization: telling\nCall-Info: <http://telling>\nIn-Reply-To: telling@x\n"

#define TAIL "X-Other: kept\nContent-Length: 0\n\n"

static msg_t *request(const char *privacy)
{
	char text[4096];
	msg_t *m;

	(void)snprintf(text, sizeof(text), HEAD "%s" TAIL, privacy);
	m = cv_sip_kit_msg(text);
	CU_ASSERT_PTR_NOT_NULL_FATAL(m);

	return m;
}

static void test_values_are_read(void)
{
	static const struct {
		const char *privacy;
		unsigned is;
	} rows[] = {
		{"", 0},
		{"Privacy: id\n", CV_PRIVACY_ID},
		{"privacy : USER;Id\n", CV_PRIVACY_USER | CV_PRIVACY_ID},
		{"Privacy: user,header\n", CV_PRIVACY_USER | CV_PRIVACY_HEADER},
		{"Privacy: id\nPrivacy: session\n", CV_PRIVACY_ID | CV_PRIVACY_SESSION},
		{"Privacy: history;critical\n", CV_PRIVACY_HISTORY | CV_PRIVACY_CRITICAL},
		{"Privacy: none\n", CV_PRIVACY_NONE},
		{"Privacy: id\nPrivacy: none\n", CV_PRIVACY_NONE},
		{"Privacy: moon\n", CV_PRIVACY_OTHER},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
		msg_t *m = request(rows[i].privacy);

		CU_ASSERT_EQUAL(cv_sip_privacy(sip_object(m)), rows[i].is);
		msg_destroy(m);
	}
}

/* A copy towards @p to; in *mp. */
static const char *copy(msg_t **mp, const char *privacy, const struct cv_sip_edge *edge)
{
	msg_t *src = request(privacy);

	*mp = cv_sip_copy(NULL, src);
	CU_ASSERT_PTR_NOT_NULL_FATAL(*mp);
	msg_destroy(src);
	cv_sip_scrub(*mp, edge, NULL);

	return cv_sip_kit_text(*mp);
}

static void test_user_takes_what_tells(void)
{
	const struct cv_sip_edge phone = {.to = NULL};
	msg_t *m;
	const char *text = copy(&m, "Privacy: user\n", &phone);

	CU_ASSERT_PTR_NULL(strstr(text, "telling"));
	CU_ASSERT_PTR_NULL(strstr(text, "Privacy")); /* it is done */
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "X-Other: kept"));
	msg_destroy(m);

	text = copy(&m, "Privacy: id\n", &phone);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "telling"));
	msg_destroy(m);
}

static void test_what_is_not_done_is_still_asked_for(void)
{
	const struct cv_conf_peer trusted = {.trust_identity = true};
	const struct cv_sip_edge edges[] = {
		{.to = NULL}, {.to = &trusted}, {.home = true}};
	static const char *const all[] = {"Privacy: user;moon\n", "Privacy: user\n",
					  "Privacy: user\n"};

	for (size_t i = 0; i < 3; ++i) {
		msg_t *m;
		const char *text = copy(&m, all[i], &edges[i]);

		CU_ASSERT_PTR_NOT_NULL(strstr(text, "Privacy: user"));
		CU_ASSERT_EQUAL(strstr(text, "telling") != NULL, i > 0);
		msg_destroy(m);
	}
}

static void test_second_line_is_not_lost(void)
{
	const struct cv_conf_peer trusted = {.trust_identity = true};
	const struct cv_sip_edge edge = {.to = &trusted};
	msg_t *m;
	const char *text = copy(&m, "Privacy: user\nPrivacy: id\n", &edge);

	CU_ASSERT_PTR_NOT_NULL(strstr(text, "user"));
	CU_ASSERT_EQUAL(cv_sip_privacy(sip_object(m)), CV_PRIVACY_USER | CV_PRIVACY_ID);
	msg_destroy(m);
}

/* From towards peer or (to NULL) a phone, as text; "err N" */
static void from_of(struct cv_sip_kit *k, const char *privacy, const char *to,
		    const char *home, char *dst, size_t size)
{
	const struct cv_target peer = {.kind = CV_TARGET_PEER, .peer = to};
	const struct cv_target phone = {.kind = CV_TARGET_BINDING};
	char contact[] = "sip:bob@10.2.2.11";
	struct cv_binding b = {.contact = contact};
	msg_t *m = request(privacy);
	struct cv_sip_ident_in in = {
		.sip = sip_object(m),
		.to = to ? &peer : &phone,
		.binding = to ? NULL : &b,
		.home = home,
		.listen = 1,
	};
	struct cv_sip_ident id;
	int err = cv_sip_ident(&k->sip, msg_home(m), &in, &id, NULL);

	if (err)
		(void)snprintf(dst, size, "err %d", err);
	else
		(void)snprintf(dst, size, "%s <%s>%s",
			       id.from->a_display ? id.from->a_display : "",
			       url_as_string(msg_home(m), id.from->a_url),
			       id.from->a_params && id.from->a_params[0]
				       ? id.from->a_params[0]
				       : "");
	msg_destroy(m);
}

static void test_from_becomes_anonymous(void)
{
	static const char plain[] = "\"Alice A.\" <sip:alice@example.test>x=y";
	static const char nobody[] = "\"Anonymous\" <sip:anonymous@anonymous.invalid>";
	static const struct {
		const char *privacy, *to, *home, *is;
	} rows[] = {
		{"", NULL, NULL, plain},
		{"Privacy: id\n", NULL, NULL, plain},
		{"Privacy: none;user\n", NULL, NULL, plain},
		{"Privacy: user\n", NULL, NULL, nobody},
		{"Privacy: user\n", "pbx", NULL, nobody},
		{"Privacy: id;user;critical\n", "pbx", NULL, nobody},
		{"Privacy: user\n", "pbx", "pbx", plain}, /* its registrar does it */
		{"Privacy: user\n", "trunk", "pbx", nobody},
	};
	struct cv_sip_kit k;
	char text[256], err[16];

	cv_sip_kit_open(&k);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
		from_of(&k, rows[i].privacy, rows[i].to, rows[i].home, text,
			sizeof(text));
		CU_ASSERT_STRING_EQUAL(text, rows[i].is);
	}

	/* RFC 3323 4.2: rather not at all */
	(void)snprintf(err, sizeof(err), "err %d", EPROTO);
	from_of(&k, "Privacy: moon;critical\n", "trunk", NULL, text, sizeof(text));
	CU_ASSERT_STRING_EQUAL(text, err);
	CU_ASSERT_EQUAL(cv_sip_status(EPROTO), 500);
	from_of(&k, "Privacy: moon;critical\n", "pbx", "pbx", text, sizeof(text));
	CU_ASSERT_STRING_EQUAL(text, plain);
	cv_sip_kit_close(&k);
}

static void test_register_is_nobodys_call(void)
{
	const struct cv_target to = {.kind = CV_TARGET_PEER, .peer = "pbx"};
	struct cv_sip_kit k;
	struct cv_sip_ident id;
	msg_t *m = cv_sip_kit_msg("REGISTER sip:example.test SIP/2.0\n"
				  "Via: SIP/2.0/UDP 10.1.1.11;branch=z9hG4bK1\n"
				  "From: <sip:a@example.test>;tag=a\n"
				  "To: <sip:a@example.test>\nCall-ID: c\n"
				  "CSeq: 7 REGISTER\nPrivacy: user\n"
				  "Content-Length: 0\n\n");
	struct cv_sip_ident_in in = {.to = &to};

	cv_sip_kit_open(&k);
	CU_ASSERT_PTR_NOT_NULL_FATAL(m);
	in.sip = sip_object(m);
	CU_ASSERT_EQUAL_FATAL(cv_sip_ident(&k.sip, msg_home(m), &in, &id, NULL), 0);
	CU_ASSERT_STRING_EQUAL(id.from->a_url->url_user, "a");
	msg_destroy(m);
	cv_sip_kit_close(&k);
}

int cv_test_privacy(void)
{
	CU_pSuite s = CU_add_suite("privacy", NULL, NULL);

	CU_add_test(s, "values are read", test_values_are_read);
	CU_add_test(s, "user takes what tells", test_user_takes_what_tells);
	CU_add_test(s, "what is not done is still asked for",
		    test_what_is_not_done_is_still_asked_for);
	CU_add_test(s, "second line is not lost", test_second_line_is_not_lost);
	CU_add_test(s, "From becomes anonymous", test_from_becomes_anonymous);
	CU_add_test(s, "REGISTER is nobody's call", test_register_is_nobodys_call);

	return (int)CU_get_error();
}
