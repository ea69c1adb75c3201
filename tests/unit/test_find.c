/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tests of conf/find.c. One thread.
 */
#include "config.h"

#include <CUnit/CUnit.h>

#include "base/buf.h"
#include "base/mem.h"
#include "conf/conf.h"

int cv_test_find(void);

static void test_peer_is_found_by_whole_name(void)
{
	struct cv_buf error = {0};
	struct cv_conf *c = NULL;

	CU_ASSERT_EQUAL_FATAL(
		cv_conf_parse(&c, "t",
			      CV_STR("[peer pbx]\ntarget = sip:192.0.2.1\n"
				     "[peer pbx2]\ntarget = sip:192.0.2.2\n"),
			      &error),
		0);
	CU_ASSERT_PTR_EQUAL(cv_conf_peer_find(c, CV_STR("pbx")), &c->peers[0]);
	CU_ASSERT_PTR_EQUAL(cv_conf_peer_find(c, CV_STR("pbx2")), &c->peers[1]);
	CU_ASSERT_PTR_NULL(cv_conf_peer_find(c, CV_STR("pb")));
	CU_ASSERT_PTR_NULL(cv_conf_peer_find(c, CV_STR("PBX")));
	CU_ASSERT_PTR_NULL(cv_conf_peer_find(c, CV_STR_NULL));
	cv_buf_free(&error);
	cv_mem_unref(c);
}

int cv_test_find(void)
{
	CU_pSuite s = CU_add_suite("conf/find", NULL, NULL);

	if (!s)
		return (int)CU_get_error();

	CU_add_test(s, "peer by name", test_peer_is_found_by_whole_name);

	return (int)CU_get_error();
}
