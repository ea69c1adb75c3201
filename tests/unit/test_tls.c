/* SPDX-License-Identifier: BSD-3-Clause */
/* Certificates: which files are taken, and what is said of those that aren't. */
#include "config.h"

#include "net/tls.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "base/mem.h"
#include "door_bed.h"
#include "suite_net.h"

static bool says(const struct cv_buf *b, const char *word)
{
	return b->p && strstr(b->p, word);
}

static int add(const struct cv_tls_conf *conf, struct cv_buf *why)
{
	struct cv_tls *t = NULL;
	int err = cv_tls_new(&t);

	if (!err)
		err = cv_tls_add(t, 0, conf, why);
	cv_mem_unref(t);

	return err;
}

static void test_files(void)
{
	char edge[BED_PATH], ca[BED_PATH], none[BED_PATH];
	struct bed_certs c;
	struct cv_buf why = {0};

	CU_ASSERT_EQUAL_FATAL(bed_certs_open(&c), 0);
	bed_path(&c, "edge", edge);
	bed_path(&c, "ca", ca);
	bed_path(&c, "none", none);
	CU_ASSERT_EQUAL(add(&(struct cv_tls_conf){.cert = edge}, &why), 0);
	CU_ASSERT_EQUAL(add(&(struct cv_tls_conf){.cert = edge,
						  .ca = ca,
						  .verify = CV_TLS_MUTUAL},
			    &why),
			0);
	CU_ASSERT_EQUAL(why.len, 0);
	CU_ASSERT_EQUAL(add(&(struct cv_tls_conf){.cert = none}, &why), EINVAL);
	CU_ASSERT(says(&why, "tls-cert"));
	CU_ASSERT(says(&why, "No such file"));
	cv_buf_reset(&why);
	CU_ASSERT_EQUAL(add(&(struct cv_tls_conf){.cert = edge, .key = ca}, &why),
			EINVAL);
	CU_ASSERT(says(&why, "tls-key"));
	cv_buf_reset(&why);
	CU_ASSERT_EQUAL(
		add(&(struct cv_tls_conf){.ca = none, .verify = CV_TLS_YES}, &why),
		EINVAL);
	CU_ASSERT(says(&why, "tls-ca"));
	cv_buf_free(&why);
	bed_certs_close(&c);
}

static void test_key_of_another_certificate_is_refused(void)
{
	char edge[BED_PATH], other[BED_PATH];
	struct bed_certs c;
	struct cv_buf why = {0};

	CU_ASSERT_EQUAL_FATAL(bed_certs_open(&c), 0);
	CU_ASSERT_EQUAL(bed_cert(&c, "other", "other.test", false), 0);
	bed_path(&c, "edge", edge);
	bed_path(&c, "other", other);
	CU_ASSERT_EQUAL(add(&(struct cv_tls_conf){.cert = edge, .key = other}, &why),
			EINVAL);
	cv_buf_free(&why);
	bed_certs_close(&c);
}

static void test_only_points_given_have_sessions(void)
{
	char edge[BED_PATH];
	struct bed_certs c;
	struct cv_buf why = {0};
	struct cv_tls *t = NULL;
	SSL *ssl;

	CU_ASSERT_EQUAL_FATAL(bed_certs_open(&c), 0);
	CU_ASSERT_EQUAL_FATAL(cv_tls_new(&t), 0);
	CU_ASSERT_EQUAL(
		cv_tls_add(t, 2,
			   &(struct cv_tls_conf){.cert = bed_path(&c, "edge", edge)},
			   &why),
		0);
	ssl = cv_tls_serve(t, 2);
	CU_ASSERT_PTR_NOT_NULL(ssl);
	SSL_free(ssl);
	CU_ASSERT_PTR_NULL(cv_tls_serve(t, 1));
	CU_ASSERT_PTR_NULL(cv_tls_serve(t, 255));
	CU_ASSERT_PTR_NULL(cv_tls_dial(NULL, 2, ""));
	cv_buf_free(&why);
	cv_mem_unref(t);
	bed_certs_close(&c);
}

static void test_oom(void)
{
	struct cv_tls *t = NULL;

	cv_mem_budget(0);
	CU_ASSERT_EQUAL(cv_tls_new(&t), ENOMEM);
	cv_mem_budget(-1);
	CU_ASSERT_PTR_NULL(t);
}

int cv_test_tls(void)
{
	CU_pSuite s = CU_add_suite("tls", NULL, NULL);

	if (!s || !CU_add_test(s, "files", test_files) ||
	    !CU_add_test(s, "the key of another certificate is refused",
			 test_key_of_another_certificate_is_refused) ||
	    !CU_add_test(s, "only points given have sessions",
			 test_only_points_given_have_sessions) ||
	    !CU_add_test(s, "out of memory", test_oom))
		return (int)CU_get_error();

	return 0;
}
