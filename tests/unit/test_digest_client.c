/* SPDX-License-Identifier: BSD-3-Clause */
/* What an account of ours answers: vectors, counting, refusals. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "sip/digest_client.h"
#include "suite_sip.h"

/* RFC 7616 3.9.1 */
static const char challenge7616[] =
	"Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm=%s, "
	"nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", "
	"opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"";

static const struct cv_digest_ask mufasa = {
	.username = {"Mufasa", 6},
	.password = {"Circle of Life", 14},
	.method = {"GET", 3},
	.uri = {"/dir/index.html", 15},
	.cnonce = {"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", 44},
};

static int take(struct cv_digest_client *c, const char *text, unsigned answered)
{
	struct cv_digest d;

	CU_ASSERT_EQUAL_FATAL(cv_digest_parse(&d, cv_str_of(text)), 0);

	return cv_digest_client_take(c, &d, answered);
}

static void check_7616(const char *alg, const char *response)
{
	struct cv_digest_client c = {.realm = ""};
	struct cv_buf b = {0};
	char text[512], want[1024];

	(void)snprintf(text, sizeof(text), challenge7616, alg);
	CU_ASSERT_EQUAL(take(&c, text, 0), 0);
	CU_ASSERT_EQUAL(cv_digest_client_write(&c, &mufasa, &b), 0);
	(void)snprintf(want, sizeof(want),
		       "Digest username=\"Mufasa\", realm=\"http-auth@example.org\", "
		       "nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", "
		       "uri=\"/dir/index.html\", response=\"%s\", algorithm=%s, "
		       "opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\", "
		       "qop=auth, nc=00000001, "
		       "cnonce=\"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ\"",
		       response, alg);
	CU_ASSERT_STRING_EQUAL(b.p, want);
	cv_buf_free(&b);
}

static void test_rfc7616_vectors(void)
{
	check_7616("MD5", "8ca523f5e9506fed4657c9700eebdbec");
	check_7616("SHA-256", "753927fa0e85d155564e2e272a28d180"
			      "2ca10daf4496794697cf8db5856cb6c1");
}

static void test_rfc2069_vector_without_qop(void)
{
	struct cv_digest_ask ask = mufasa;
	struct cv_digest_client c = {.realm = ""};
	struct cv_buf b = {0};

	ask.password = CV_STR("CircleOfLife"); /* erratum 749 of RFC 2069 */
	CU_ASSERT_EQUAL(take(&c,
			     "Digest realm=\"testrealm@host.com\", "
			     "nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\"",
			     0),
			0);
	CU_ASSERT_EQUAL(cv_digest_client_write(&c, &ask, &b), 0);
	CU_ASSERT_PTR_NOT_NULL(
		strstr(b.p, "response=\"1949323746fe6a43ef61f9606e7febea\""));
	CU_ASSERT_PTR_NULL(strstr(b.p, "nc="));
	CU_ASSERT_PTR_NULL(strstr(b.p, "cnonce="));
	CU_ASSERT_PTR_NULL(strstr(b.p, "opaque="));
	cv_buf_free(&b);
}

/* The next value's nonce count. */
static void expect_nc(struct cv_digest_client *c, const char *nc)
{
	struct cv_buf b = {0};
	char want[32];

	(void)snprintf(want, sizeof(want), " nc=%s,", nc);
	CU_ASSERT_EQUAL(cv_digest_client_write(c, &mufasa, &b), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(b.p, want));
	cv_buf_free(&b);
}

static void test_nonce_is_counted(void)
{
	struct cv_digest_client c = {.realm = ""};

	CU_ASSERT_EQUAL(take(&c, "Digest realm=\"r\", nonce=\"a\", qop=\"auth\"", 0), 0);
	expect_nc(&c, "00000001");
	expect_nc(&c, "00000002");
	/* another request is challenged with the same nonce: the count goes on */
	CU_ASSERT_EQUAL(take(&c, "Digest realm=\"r\", nonce=\"a\", qop=\"auth\"", 0), 0);
	expect_nc(&c, "00000003");
	CU_ASSERT_EQUAL(take(&c, "Digest realm=\"r\", nonce=\"b\", qop=\"auth\"", 0), 0);
	expect_nc(&c, "00000001");
	c.used = 0x1a;
	expect_nc(&c, "0000001b"); /* eight hexadecimal digits */
}

static void test_once_per_nonce_unless_stale(void)
{
	static const char fresh[] = "Digest realm=\"r\", nonce=\"b\", stale=true";
	static const char again[] = "Digest realm=\"r\", nonce=\"a\", stale=true";
	static const char wrong[] = "Digest realm=\"r\", nonce=\"b\"";
	struct cv_digest_client c = {.realm = ""};

	CU_ASSERT_EQUAL(take(&c, "Digest realm=\"r\", nonce=\"a\"", 0), 0);
	CU_ASSERT_EQUAL(take(&c, again, 1), EACCES);
	CU_ASSERT_EQUAL(take(&c, wrong, 1), EACCES); /* the password, not the nonce */
	CU_ASSERT_STRING_EQUAL(c.nonce, "a");
	CU_ASSERT_EQUAL(take(&c, fresh, 1), 0);
	CU_ASSERT_EQUAL(take(&c, "Digest realm=\"r\", nonce=\"c\", stale=true", 2),
			EACCES);
}

static void test_other_realms_get_nothing(void)
{
	struct cv_digest_client c = {.realm = ""};
	struct cv_buf b = {0};

	CU_ASSERT_EQUAL(cv_digest_client_write(&c, &mufasa, &b), ENOENT);
	CU_ASSERT_EQUAL(cv_digest_client_realm(&c, CV_STR("ours")), 0);
	CU_ASSERT_EQUAL(take(&c, "Digest realm=\"Ours\", nonce=\"a\"", 0), ENOENT);
	CU_ASSERT_EQUAL(take(&c, "Digest realm=\"\", nonce=\"a\"", 0), EBADMSG);
	CU_ASSERT_EQUAL(take(&c, "Digest realm=\"ours\"", 0), EBADMSG);
	CU_ASSERT_EQUAL(cv_digest_client_write(&c, &mufasa, &b), ENOENT);
	CU_ASSERT_EQUAL(b.len, 0);
	CU_ASSERT_EQUAL(take(&c, "Digest realm=\"ours\", nonce=\"a\"", 0), 0);

	memset(&c, 0, sizeof(c)); /* none configured: the first holds */
	CU_ASSERT_EQUAL(take(&c, "Digest realm=\"one\", nonce=\"a\"", 0), 0);
	CU_ASSERT_EQUAL(take(&c, "Digest realm=\"two\", nonce=\"b\"", 0), ENOENT);
	CU_ASSERT_STRING_EQUAL(c.nonce, "a");
	cv_buf_free(&b);
}

static void test_quotes_are_refused(void)
{
	struct cv_digest_ask ask = mufasa;
	struct cv_digest_client c = {.realm = ""};
	char text[CV_DIGEST_FIELD + 2];
	struct cv_buf b = {0};

	CU_ASSERT_EQUAL(take(&c, "Digest realm=\"r\", nonce=\"a\"", 0), 0);
	ask.uri = CV_STR("sip:a\"@b");
	CU_ASSERT_EQUAL(cv_digest_client_write(&c, &ask, &b), EINVAL);
	CU_ASSERT_EQUAL(b.len, 0);
	memset(text, 'r', sizeof(text));
	CU_ASSERT_EQUAL(cv_digest_client_realm(&c, cv_str_make(text, sizeof(text) - 1)),
			EMSGSIZE);
	CU_ASSERT_STRING_EQUAL(c.realm, "r");
	cv_buf_free(&b);
}

static void test_cnonces_differ(void)
{
	char a[CV_DIGEST_CNONCE], b[CV_DIGEST_CNONCE];

	CU_ASSERT_EQUAL(cv_digest_cnonce(a), 0);
	CU_ASSERT_EQUAL(cv_digest_cnonce(b), 0);
	CU_ASSERT_EQUAL(strlen(a), 16);
	CU_ASSERT_STRING_NOT_EQUAL(a, b);
}

int cv_test_digest_client(void)
{
	CU_pSuite s = CU_add_suite("digest client", NULL, NULL);

	if (!s || !CU_add_test(s, "RFC 7616 vectors", test_rfc7616_vectors) ||
	    !CU_add_test(s, "RFC 2069 vector without qop",
			 test_rfc2069_vector_without_qop) ||
	    !CU_add_test(s, "nonce is counted", test_nonce_is_counted) ||
	    !CU_add_test(s, "once per nonce unless stale",
			 test_once_per_nonce_unless_stale) ||
	    !CU_add_test(s, "other realms get nothing", test_other_realms_get_nothing) ||
	    !CU_add_test(s, "quotes are refused", test_quotes_are_refused) ||
	    !CU_add_test(s, "cnonces differ", test_cnonces_differ))
		return (int)CU_get_error();

	return 0;
}
