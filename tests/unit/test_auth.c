/* SPDX-License-Identifier: BSD-3-Clause */
/* Our credentials in a message, at every length of a nonce. */
#include "config.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

#include "suite_sip.h"

/* The library's own text of credentials lost its last parameter at some lengths. */
static void test_no_length_loses_a_parameter(void)
{
	struct cv_sip_trunk tr = {.auth = {.realm = "r", .opaque = "o", .qop = true}};
	struct cv_sip_kit k;

	cv_sip_kit_open(&k);
	tr.peer = cv_conf_peer_find(k.conf, CV_STR("trunk"));
	for (size_t n = 1; n <= CV_DIGEST_FIELD; ++n) {
		bool proxy = n % 2;
		char value[2048], cnonce[32];
		const char *p;
		msg_t *m = cv_sip_kit_msg(
			"INVITE sip:1@x SIP/2.0\nProxy-Authorization: Digest a=b\n"
			"Authorization: Digest a=b\n\n");

		memset(tr.auth.nonce, 'n', n);
		tr.auth.nonce[n] = '\0';
		tr.auth.used = 0;
		CU_ASSERT_EQUAL(cv_sip_auth_add(&tr, m, proxy), 0);
		p = strstr(cv_sip_kit_text(m), "Authorization: Digest ");
		CU_ASSERT_PTR_NOT_NULL_FATAL(p);
		CU_ASSERT_EQUAL(p[-1] == '-', proxy);
		(void)snprintf(value, sizeof(value), "%.*s", (int)strcspn(p, "\r"), p);
		CU_ASSERT_PTR_NOT_NULL(strstr(value, "username=\"account\""));
		CU_ASSERT_PTR_NOT_NULL(strstr(value, tr.auth.nonce));
		CU_ASSERT_EQUAL(sscanf(strstr(value, "qop=auth"),
				       "qop=auth, nc=00000001, cnonce=%31s", cnonce),
				1);
		CU_ASSERT_EQUAL(strlen(cnonce),
				18); /* with its quotes: nothing is lost */
		CU_ASSERT_PTR_NULL(strstr(p + 1, "a=b")); /* ours alone */
		msg_destroy(m);
	}

	cv_sip_kit_close(&k);
}

int cv_test_auth(void)
{
	CU_pSuite s = CU_add_suite("auth", NULL, NULL);

	if (!s || !CU_add_test(s, "no length loses a parameter",
			       test_no_length_loses_a_parameter))
		return (int)CU_get_error();

	return 0;
}
