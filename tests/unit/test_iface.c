/* SPDX-License-Identifier: BSD-3-Clause */
/* Interfaces: every host has a loopback. */
#include "config.h"

#include "net/iface.h"

#include <errno.h>

#include <CUnit/CUnit.h>

#include "suite_net.h"

static void test_list_has_loopback(void)
{
	struct cv_iface v[CV_IFACE_MAX];
	size_t c = 0, found = 0;

	CU_ASSERT_EQUAL_FATAL(cv_iface_list(v, CV_IFACE_MAX, &c), 0);
	for (size_t i = 0; i < c; ++i) {
		CU_ASSERT(v[i].name[0] != '\0');
		CU_ASSERT_EQUAL(v[i].addr.port, 0);
		if (v[i].addr.family == AF_INET &&
		    cv_addr_kind(&v[i].addr) == CV_ADDR_LOOPBACK && v[i].bits == 8)
			++found;
	}
	CU_ASSERT(found > 0);

	CU_ASSERT_EQUAL(cv_iface_list(v, 1, &c), 0);
	CU_ASSERT_EQUAL(c, 1);
}

static void test_toward_loopback_leaves_by_loopback(void)
{
	struct cv_addr to, source = {0}, unset = {0};

	CU_ASSERT_EQUAL(cv_addr_parse(&to, CV_STR("127.0.0.7")), 0);
	CU_ASSERT_EQUAL(cv_iface_toward(&source, &to), 0);
	CU_ASSERT_EQUAL(cv_addr_kind(&source), CV_ADDR_LOOPBACK);
	CU_ASSERT_EQUAL(source.port, 0);
	CU_ASSERT_EQUAL(cv_iface_toward(&source, &unset), EINVAL);
}

int cv_test_iface(void)
{
	CU_pSuite s = CU_add_suite("iface", NULL, NULL);

	if (!s || !CU_add_test(s, "list", test_list_has_loopback) ||
	    !CU_add_test(s, "toward", test_toward_loopback_leaves_by_loopback))
		return (int)CU_get_error();

	return 0;
}
