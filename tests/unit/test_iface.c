/* SPDX-License-Identifier: BSD-3-Clause */
/* Interfaces: every host has a loopback. */
#include "config.h"

#include "net/iface.h"

#include <errno.h>

#include <CUnit/CUnit.h>

#include "base/clock.h"
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

static uint64_t clock_at(void *arg)
{
	return *(const uint64_t *)arg;
}

static void test_toward_is_remembered_for_a_second(void)
{
	struct cv_toward t = {0};
	struct cv_addr to, source, wrong;
	uint64_t now = 5000;

	cv_clock_set(clock_at, &now);
	CU_ASSERT_EQUAL(cv_addr_parse(&to, CV_STR("127.0.0.7:5060")), 0);
	CU_ASSERT_EQUAL(cv_addr_parse(&wrong, CV_STR("192.0.2.1")), 0);
	CU_ASSERT_EQUAL(cv_toward_find(&t, &source, &to), 0);
	CU_ASSERT_EQUAL(cv_addr_kind(&source), CV_ADDR_LOOPBACK);

	/* The remembered answer is given, not the kernel's, for any port of the host. */
	t.v[0].source = wrong;
	to.port = 5070;
	now += 999;
	CU_ASSERT_EQUAL(cv_toward_find(&t, &source, &to), 0);
	CU_ASSERT(cv_addr_eq(&source, &wrong));
	now += 1;
	CU_ASSERT_EQUAL(cv_toward_find(&t, &source, &to), 0);
	CU_ASSERT_EQUAL(cv_addr_kind(&source), CV_ADDR_LOOPBACK);

	cv_clock_set(NULL, NULL);
}

static void test_toward_survives_many_hosts(void)
{
	struct cv_toward t = {0};
	struct cv_addr to, source, unset = {0};

	CU_ASSERT_EQUAL(cv_addr_parse(&to, CV_STR("127.0.0.1")), 0);
	for (uint8_t i = 0; i < 3 * CV_TOWARD; ++i) {
		to.ip.bytes[3] = (uint8_t)(i + 1);
		CU_ASSERT_EQUAL(cv_toward_find(&t, &source, &to), 0);
		CU_ASSERT_EQUAL(cv_addr_kind(&source), CV_ADDR_LOOPBACK);
	}
	CU_ASSERT_EQUAL(cv_toward_find(&t, &source, &unset), EINVAL);
}

int cv_test_iface(void)
{
	CU_pSuite s = CU_add_suite("iface", NULL, NULL);

	if (!s || !CU_add_test(s, "list", test_list_has_loopback) ||
	    !CU_add_test(s, "toward", test_toward_loopback_leaves_by_loopback) ||
	    !CU_add_test(s, "toward remembered",
			 test_toward_is_remembered_for_a_second) ||
	    !CU_add_test(s, "toward many", test_toward_survives_many_hosts))
		return (int)CU_get_error();

	return 0;
}
