/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Addresses between sofia's forms and ours.
 */
#include "config.h"

#include <CUnit/CUnit.h>
#include <arpa/inet.h>
#include <string.h>

#include "suite_sip.h"

static void test_mapped_source_is_ipv4(void)
{
	su_sockaddr_t su;
	struct cv_addr a;
	char text[CV_ADDR_STRLEN];

	memset(&su, 0, sizeof(su));
	su.su_family = AF_INET6;
	su.su_port = htons(5060);
	CU_ASSERT_EQUAL(inet_pton(AF_INET6, "::ffff:192.0.2.7", &su.su_sin6.sin6_addr),
			1);
	cv_sip_addr(&a, &su);
	CU_ASSERT_STRING_EQUAL(cv_addr_print(&a, text), "192.0.2.7:5060");
}

static void test_host_literals_only(void)
{
	static const struct {
		const char *host, *port, *want;
	} rows[] = {
		{"192.0.2.7", "5062", "192.0.2.7:5062"},
		{"[2001:db8::1]", NULL, "[2001:db8::1]"},
		{"example.test", "5060", ""},
		{NULL, NULL, ""},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
		char text[CV_ADDR_STRLEN];
		struct cv_addr a;

		cv_sip_addr_of_host(&a, rows[i].host, rows[i].port);
		CU_ASSERT_EQUAL(cv_addr_is_set(&a), rows[i].want[0] != '\0');
		if (cv_addr_is_set(&a))
			CU_ASSERT_STRING_EQUAL(cv_addr_print(&a, text), rows[i].want);
	}
}

static void test_hop_url_brackets_ipv6(void)
{
	su_home_t home[1] = {SU_HOME_INIT(home)};
	struct cv_addr a;

	su_home_init(home);
	CU_ASSERT_EQUAL(cv_addr_parse(&a, CV_STR("[2001:db8::1]:5062")), 0);
	CU_ASSERT_STRING_EQUAL((char *)cv_sip_hop_url(home, &a, CV_TRANSPORT_UDP),
			       "sip:[2001:db8::1]:5062;transport=udp");
	CU_ASSERT_EQUAL(cv_addr_parse(&a, CV_STR("192.0.2.1")), 0);
	CU_ASSERT_STRING_EQUAL((char *)cv_sip_hop_url(home, &a, CV_TRANSPORT_TCP),
			       "sip:192.0.2.1:5060;transport=tcp");
	/* the door adds TLS to what is TCP to the stack */
	CU_ASSERT_STRING_EQUAL((char *)cv_sip_hop_url(home, &a, CV_TRANSPORT_TLS),
			       "sip:192.0.2.1:5061;transport=tcp");
	su_home_deinit(home);
}

int cv_test_nat(void)
{
	CU_pSuite s = CU_add_suite("nat", NULL, NULL);

	CU_add_test(s, "mapped source is IPv4", test_mapped_source_is_ipv4);
	CU_add_test(s, "host literals only", test_host_literals_only);
	CU_add_test(s, "hop URL", test_hop_url_brackets_ipv6);

	return (int)CU_get_error();
}
