/* SPDX-License-Identifier: BSD-3-Clause */
/* Digest: the vectors of RFC 2617 and 7616, the parser's refusals, nonces. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "sip/digest.h"
#include "suite_registrar.h"

static const char rfc2617[] =
	"Digest username=\"Mufasa\", realm=\"testrealm@host.com\", "
	"nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", uri=\"/dir/index.html\", "
	"qop=auth, nc=00000001, cnonce=\"0a4f113b\", "
	"response=\"6629fae49393a05397450978507c4ef1\", "
	"opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"";

/* RFC 7616 3.9.1; the algorithm and the response differ. */
static const char rfc7616[] =
	"Digest username=\"Mufasa\", realm=\"http-auth@example.org\", "
	"uri=\"/dir/index.html\", algorithm=%s, "
	"nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", nc=00000001, "
	"cnonce=\"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ\", qop=auth, "
	"response=\"%s\", opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"";

static void test_rfc2617_vector(void)
{
	char ha1[CV_DIGEST_HEX], hex[CV_DIGEST_HEX];
	struct cv_digest d;

	CU_ASSERT_EQUAL_FATAL(cv_digest_parse(&d, CV_STR(rfc2617)), 0);
	CU_ASSERT_EQUAL(d.alg, CV_DIGEST_MD5);
	cv_digest_ha1(d.alg, d.username, d.realm, CV_STR("Circle Of Life"), ha1);
	CU_ASSERT_STRING_EQUAL(ha1, "939e7578ed9e3c518a452acee763bce9");
	cv_digest_response(&d, CV_STR("GET"), ha1, hex);
	CU_ASSERT_STRING_EQUAL(hex, "6629fae49393a05397450978507c4ef1");
	CU_ASSERT_TRUE(cv_digest_matches(&d, CV_STR("GET"), ha1));
	CU_ASSERT_FALSE(cv_digest_matches(&d, CV_STR("PUT"), ha1));
}

static void test_rfc2069_vector_without_qop(void)
{
	char hex[CV_DIGEST_HEX];
	struct cv_digest d;

	CU_ASSERT_EQUAL_FATAL(
		cv_digest_parse(&d, CV_STR("Digest username=\"Mufasa\", "
					   "realm=\"testrealm@host.com\", nonce="
					   "\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", "
					   "uri=\"/dir/index.html\"")),
		0);
	CU_ASSERT_TRUE(cv_str_is_empty(d.qop));
	cv_digest_response(&d, CV_STR("GET"), "939e7578ed9e3c518a452acee763bce9", hex);
	CU_ASSERT_STRING_EQUAL(hex, "670fd8c2df070c60b045671b8b24ff02");
}

static void check_7616(const char *name, enum cv_digest_alg alg, const char *response)
{
	char text[640], ha1[CV_DIGEST_HEX];
	struct cv_digest d;

	(void)snprintf(text, sizeof(text), rfc7616, name, response);
	CU_ASSERT_EQUAL_FATAL(cv_digest_parse(&d, cv_str_of(text)), 0);
	CU_ASSERT_EQUAL(d.alg, alg);
	cv_digest_ha1(alg, CV_STR("Mufasa"), d.realm, CV_STR("Circle of Life"), ha1);
	CU_ASSERT_TRUE(cv_digest_matches(&d, CV_STR("GET"), ha1));
	cv_digest_ha1(alg, CV_STR("Mufasa"), d.realm, CV_STR("circle of life"), ha1);
	CU_ASSERT_FALSE(cv_digest_matches(&d, CV_STR("GET"), ha1));
}

static void test_rfc7616_vectors(void)
{
	check_7616("MD5", CV_DIGEST_MD5, "8ca523f5e9506fed4657c9700eebdbec");
	check_7616("MD5", CV_DIGEST_MD5, "8CA523F5E9506FED4657C9700EEBDBEC");
	check_7616("SHA-256", CV_DIGEST_SHA256,
		   "753927fa0e85d155564e2e272a28d180"
		   "2ca10daf4496794697cf8db5856cb6c1");
}

static void test_challenge_is_read(void)
{
	struct cv_digest d;

	CU_ASSERT_EQUAL_FATAL(
		cv_digest_parse(&d, CV_STR("digest  realm = \"a b\" ,qop=\"auth-int, "
					   "auth\", nonce=x,stale=TRUE,algorithm=md5, "
					   "charset=UTF-8")),
		0);
	CU_ASSERT_TRUE(cv_str_eq(d.realm, CV_STR("a b")));
	CU_ASSERT_TRUE(cv_str_eq(d.nonce, CV_STR("x")));
	CU_ASSERT_TRUE(cv_str_eq(d.qop, CV_STR("auth")));
	CU_ASSERT_TRUE(d.stale);
}

static void test_bad_text_is_refused(void)
{
	static const struct {
		const char *text;
		int err;
	} rows[] = {
		{"", EBADMSG},
		{"Digest", EBADMSG},
		{"Basic Zm9v", EBADMSG},
		{"Digestrealm=\"a\"", EBADMSG},
		{"Digest realm", EBADMSG},
		{"Digest realm=", EBADMSG},
		{"Digest realm=\"a", EBADMSG},
		{"Digest realm=\"a\\\"b\"", EBADMSG},
		{"Digest realm=\"a\" nonce=\"b\"", EBADMSG},
		{"Digest realm=\"a\", realm=\"b\"", EBADMSG},
		{"Digest realm=\"\", realm=\"b\"", EBADMSG},
		{"Digest qop=auth, qop=auth", EBADMSG},
		{"Digest algorithm=MD5, algorithm=SHA-256", EBADMSG},
		{"Digest realm=\"a\x01\"", EBADMSG},
		{"Digest realm=\"a\r\nX: y\"", EBADMSG},
		{"Digest algorithm=MD5-sess", ENOTSUP},
		{"Digest algorithm=SHA-512-256", ENOTSUP},
		{"Digest qop=auth-int", ENOTSUP},
		{"Digest algorithm=AKAv1-MD5, realm=\"a", EBADMSG},
	};
	struct cv_digest d;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i)
		CU_ASSERT_EQUAL(cv_digest_parse(&d, cv_str_of(rows[i].text)),
				rows[i].err);
}

static void test_long_field_is_refused(void)
{
	char text[320] = "Digest username=\"";
	struct cv_digest d;

	memset(text + 17, 'u', 256);
	text[273] = '"';
	CU_ASSERT_EQUAL(cv_digest_parse(&d, cv_str_make(text, 274)), 0);
	text[273] = 'u';
	text[274] = '"';
	CU_ASSERT_EQUAL(cv_digest_parse(&d, cv_str_make(text, 275)), EBADMSG);
}

static void test_response_of_wrong_length_never_matches(void)
{
	struct cv_digest d = {.uri = CV_STR("sip:a"), .nonce = CV_STR("n")};

	d.response = CV_STR_NULL;
	CU_ASSERT_FALSE(cv_digest_matches(&d, CV_STR("REGISTER"), "x"));
	d.response = CV_STR("6629fae49393a05397450978507c4ef1aa");
	CU_ASSERT_FALSE(cv_digest_matches(&d, CV_STR("REGISTER"), "x"));
}

static void test_nonce_is_ours_fresh_and_of_its_source(void)
{
	static const uint8_t key[32] = {1}, other[32] = {2};
	struct cv_str from = CV_STR("192.0.2.1");
	struct cv_str n;
	char text[64];

	cv_digest_nonce(key, from, cv_digest_stamp(1000, 7), text, sizeof(text));
	n = cv_str_of(text);
	CU_ASSERT_EQUAL(n.len, 48);
	CU_ASSERT_EQUAL(cv_digest_nonce_stamp(n), 1000ULL << 24 | 7);
	CU_ASSERT_EQUAL(cv_digest_nonce_stamp(CV_STR("x")), 0);
	CU_ASSERT_EQUAL(cv_digest_nonce_check(key, from, 1000, 300, n), 0);
	CU_ASSERT_EQUAL(cv_digest_nonce_check(key, from, 1300, 300, n), 0);
	CU_ASSERT_EQUAL(cv_digest_nonce_check(key, from, 1301, 300, n), ESTALE);
	CU_ASSERT_EQUAL(cv_digest_nonce_check(key, from, 999, 300, n), EBADMSG);
	CU_ASSERT_EQUAL(cv_digest_nonce_check(other, from, 1000, 300, n), EBADMSG);
	CU_ASSERT_EQUAL(cv_digest_nonce_check(key, CV_STR("192.0.2.2"), 1000, 300, n),
			EBADMSG);
	text[3] ^= 1;
	CU_ASSERT_EQUAL(cv_digest_nonce_check(key, from, 1000, 300, n), EBADMSG);
	CU_ASSERT_EQUAL(cv_digest_nonce_check(key, from, 1000, 300, CV_STR("x")),
			EBADMSG);
	CU_ASSERT_EQUAL(cv_digest_nonce_check(key, from, 1000, 300, CV_STR_NULL),
			EBADMSG);
}

static void test_digest_covers_its_request_only(void)
{
	static const struct {
		const char *uri, *ruri;
		bool is;
	} rows[] = {
		{"sip:edge.example", "sip:edge.example", true},
		{"SIP:Edge.Example", "sip:edge.example:5060", true},
		{"sip:edge.example;transport=tcp", "sip:edge.example", true},
		{"sip:bob@edge.example?x=y", "sip:bob@edge.example", true},
		{"sip:b%6fb@edge.example", "sip:bob@edge.example", true},
		{"sip:a;b@edge.example", "sip:a;b@edge.example;lr", true},
		{"sips:edge.example:5061", "sips:edge.example", true},
		{"sip:[2001:db8::1]:5060", "sip:[2001:db8::1]", true},
		{"sip:[2001:db8::1]:5070", "sip:[2001:db8::1]", false},
		{"sip:edge.example:5070", "sip:edge.example", false},
		{"sips:edge.example", "sip:edge.example", false},
		{"sip:bob@edge.example", "sip:edge.example", false},
		{"sip:bob@edge.example", "sip:Bob@edge.example", false},
		{"sip:900@edge.example", "sip:901@edge.example", false},
		{"sip:bob@edge.example", "sip:bob@edge.example.org", false},
		{"sip:b%6", "sip:b%6f", false},
		{"", "sip:edge.example", false},
		{"", "", true},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
		const struct cv_digest d = {.uri = cv_str_of(rows[i].uri)};

		CU_ASSERT_EQUAL(cv_digest_covers(&d, cv_str_of(rows[i].ruri)),
				rows[i].is);
	}
}

int cv_test_digest(void)
{
	CU_pSuite s = CU_add_suite("digest", NULL, NULL);

	if (!s || !CU_add_test(s, "vector of RFC 2617", test_rfc2617_vector) ||
	    !CU_add_test(s, "vector without qop", test_rfc2069_vector_without_qop) ||
	    !CU_add_test(s, "vectors of RFC 7616", test_rfc7616_vectors) ||
	    !CU_add_test(s, "challenge is read", test_challenge_is_read) ||
	    !CU_add_test(s, "bad text is refused", test_bad_text_is_refused) ||
	    !CU_add_test(s, "long field is refused", test_long_field_is_refused) ||
	    !CU_add_test(s, "response of wrong length never matches",
			 test_response_of_wrong_length_never_matches) ||
	    !CU_add_test(s, "nonce is ours, fresh and of its source",
			 test_nonce_is_ours_fresh_and_of_its_source) ||
	    !CU_add_test(s, "digest covers its request only",
			 test_digest_covers_its_request_only))
		return (int)CU_get_error();

	return 0;
}
