/* SPDX-License-Identifier: BSD-3-Clause */
/* The words of base/flow.c, which logs and JSON rely on. */
#include "config.h"

#include <CUnit/CUnit.h>

#include "base/flow.h"
#include "suite_base.h"

static void test_flow_names_are_the_contract(void)
{
	CU_ASSERT_STRING_EQUAL(cv_side_name(CV_SIDE_LAN), "lan");
	CU_ASSERT_STRING_EQUAL(cv_side_name(CV_SIDE_WAN), "wan");
	CU_ASSERT_STRING_EQUAL(cv_side_name(CV_SIDE_FAR), "far");
	CU_ASSERT_STRING_EQUAL(cv_transport_name(CV_TRANSPORT_UDP), "udp");
	CU_ASSERT_STRING_EQUAL(cv_transport_name(CV_TRANSPORT_TCP), "tcp");
	CU_ASSERT_STRING_EQUAL(cv_transport_name(CV_TRANSPORT_TLS), "tls");
	CU_ASSERT_STRING_EQUAL(cv_dir_name(CV_DIR_SENDRECV), "sendrecv");
	CU_ASSERT_STRING_EQUAL(cv_dir_name(CV_DIR_SENDONLY), "sendonly");
	CU_ASSERT_STRING_EQUAL(cv_dir_name(CV_DIR_RECVONLY), "recvonly");
	CU_ASSERT_STRING_EQUAL(cv_dir_name(CV_DIR_INACTIVE), "inactive");
}

int cv_test_flow(void)
{
	CU_pSuite s = CU_add_suite("flow", NULL, NULL);

	CU_add_test(s, "names are the contract", test_flow_names_are_the_contract);

	return (int)CU_get_error();
}
