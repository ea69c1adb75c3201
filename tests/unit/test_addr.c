/* SPDX-License-Identifier: BSD-3-Clause */
/* What base/addr.c promises: one form a host, and the right class for each range. */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "base/addr.h"
#include "suite_base.h"

static struct cv_addr addr(const char *text)
{
	struct cv_addr a = {0};

	CU_ASSERT_EQUAL(cv_addr_parse(&a, cv_str_of(text)), 0);

	return a;
}

static void test_addr_parses_and_prints(void)
{
	static const struct {
		const char *in, *out, *host;
	} rows[] = {
		{"192.0.2.1", "192.0.2.1", "192.0.2.1"},
		{"192.0.2.1:5060", "192.0.2.1:5060", "192.0.2.1"},
		{"192.0.2.1:0", "192.0.2.1", "192.0.2.1"},
		{"0.0.0.0:65535", "0.0.0.0:65535", "0.0.0.0"},
		{"2001:db8::1", "[2001:db8::1]", "2001:db8::1"},
		{"[2001:db8::1]", "[2001:db8::1]", "2001:db8::1"},
		{"[2001:DB8:0:0::1]:5060", "[2001:db8::1]:5060", "2001:db8::1"},
		{"::", "[::]", "::"},
		{"fe80::1%3", "[fe80::1%3]", "fe80::1%3"},
		{"[fe80::1%4294967295]:65535", "[fe80::1%4294967295]:65535",
		 "fe80::1%4294967295"},
		{"2001:db8::1%3", "[2001:db8::1]", "2001:db8::1"}, /* scope: links only */
		{"::ffff:192.0.2.1", "192.0.2.1", "192.0.2.1"},
		{"[::ffff:c000:201]:5060", "192.0.2.1:5060", "192.0.2.1"},
		{"[::FFFF:127.0.0.1]:25", "127.0.0.1:25", "127.0.0.1"},
		{"::192.0.2.1", "[::192.0.2.1]", "::192.0.2.1"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
		struct cv_addr a = addr(rows[i].in);
		char text[CV_ADDR_STRLEN];

		CU_ASSERT_TRUE(cv_addr_is_set(&a));
		CU_ASSERT_STRING_EQUAL(cv_addr_print(&a, text), rows[i].out);
		CU_ASSERT_STRING_EQUAL(cv_addr_print_host(&a, text), rows[i].host);
	}
}

static void test_addr_refuses_what_is_no_literal(void)
{
	static const char *const rows[] = {
		"",
		"example.net",
		"192.0.2",
		"192.0.2.256",
		"192.0.2.01",
		"0x7f.0.0.1",
		"2130706433",
		"192.0.2.1:",
		"192.0.2.1:65536",
		"192.0.2.1:000080",
		"192.0.2.1:+80",
		"192.0.2.1 ",
		" 192.0.2.1",
		"192.0.2.1%1",
		":5060",
		":",
		"::1:",
		":::",
		"[",
		"[]",
		"[]:5060",
		"[::1",
		"[::1]5060",
		"[::1]:",
		"[::1]:99999",
		"[192.0.2.1]:5060",
		"fe80::1%",
		"fe80::1%eth0",
		"fe80::1%4294967296",
		"%1",
		"2001:db8::1/64",
		"1111:2222:3333:4444:5555:6666:7777:8888:9999",
		"1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc:dddd:eeee",
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
		struct cv_addr a = {.port = 7};

		CU_ASSERT_EQUAL(cv_addr_parse(&a, cv_str_of(rows[i])), EINVAL);
		CU_ASSERT_EQUAL(a.port, 7);
	}

	CU_ASSERT_EQUAL(
		cv_addr_parse(&(struct cv_addr){0}, cv_str_make("1.2.3.4\0.5", 10)),
		EINVAL);
}

static void test_addr_survives_sockaddr(void)
{
	static const char *const rows[] = {"192.0.2.1:5060", "[2001:db8::1]:5061",
					   "[fe80::1%7]:5062"};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
		struct cv_addr a = addr(rows[i]), b = {0};
		struct sockaddr_storage ss;
		char text[CV_ADDR_STRLEN];

		CU_ASSERT_TRUE(cv_addr_to_sa(&a, &ss) > 0);
		CU_ASSERT_EQUAL(cv_addr_from_sa(&b, (struct sockaddr *)&ss), 0);
		CU_ASSERT_TRUE(cv_addr_eq(&a, &b));
		CU_ASSERT_STRING_EQUAL(cv_addr_print(&b, text), rows[i]);
	}
}

static void test_addr_from_sa_unwraps_mapped(void)
{
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(5060)};
	struct cv_addr a = {0}, want = addr("192.0.2.1:5060");
	struct sockaddr other = {.sa_family = AF_UNIX};

	CU_ASSERT_EQUAL(inet_pton(AF_INET6, "::ffff:192.0.2.1", &in6.sin6_addr), 1);
	CU_ASSERT_EQUAL(cv_addr_from_sa(&a, (struct sockaddr *)&in6), 0);
	CU_ASSERT_TRUE(cv_addr_eq(&a, &want));
	CU_ASSERT_EQUAL(cv_addr_from_sa(&a, &other), EAFNOSUPPORT);
}

static void test_addr_unset_is_no_host(void)
{
	struct cv_addr a = {0};
	struct sockaddr_storage ss;
	char text[CV_ADDR_STRLEN];

	CU_ASSERT_FALSE(cv_addr_is_set(&a));
	CU_ASSERT_EQUAL(cv_addr_kind(&a), CV_ADDR_UNSET);
	CU_ASSERT_EQUAL(cv_addr_to_sa(&a, &ss), 0);
	CU_ASSERT_STRING_EQUAL(cv_addr_print(&a, text), "-");
}

static void test_addr_compares(void)
{
	struct cv_addr a = addr("192.0.2.1:5060"), b = addr("192.0.2.1:5061");
	struct cv_addr c = addr("192.0.2.2:5060"), d = addr("[::1]:5060");
	struct cv_addr e = addr("fe80::1%1"), f = addr("fe80::1%2");

	CU_ASSERT_FALSE(cv_addr_eq(&a, &b));
	CU_ASSERT_TRUE(cv_addr_host_eq(&a, &b));
	CU_ASSERT_EQUAL(cv_addr_host_cmp(&a, &b), 0);
	CU_ASSERT_EQUAL(cv_addr_host_cmp(&a, &c), -1);
	CU_ASSERT_EQUAL(cv_addr_host_cmp(&c, &a), 1);
	CU_ASSERT_EQUAL(cv_addr_host_cmp(&a, &d), -1);
	CU_ASSERT_EQUAL(cv_addr_host_cmp(&d, &a), 1);
	CU_ASSERT_FALSE(cv_addr_host_eq(&e, &f));
}

static void test_addr_kind_of_each_range(void)
{
	static const struct {
		const char *text;
		enum cv_addr_kind kind;
	} rows[] = {
		{"0.0.0.0", CV_ADDR_ANY},
		{"0.1.2.3", CV_ADDR_ANY},
		{"9.255.255.255", CV_ADDR_PUBLIC},
		{"10.0.0.0", CV_ADDR_PRIVATE},
		{"10.255.255.255", CV_ADDR_PRIVATE},
		{"11.0.0.0", CV_ADDR_PUBLIC},
		{"100.63.255.255", CV_ADDR_PUBLIC},
		{"100.64.0.0", CV_ADDR_CGNAT},
		{"100.127.255.255", CV_ADDR_CGNAT},
		{"100.128.0.0", CV_ADDR_PUBLIC},
		{"127.0.0.1", CV_ADDR_LOOPBACK},
		{"127.255.255.255", CV_ADDR_LOOPBACK},
		{"169.254.169.254", CV_ADDR_LINKLOCAL},
		{"172.15.255.255", CV_ADDR_PUBLIC},
		{"172.16.0.0", CV_ADDR_PRIVATE},
		{"172.31.255.255", CV_ADDR_PRIVATE},
		{"172.32.0.0", CV_ADDR_PUBLIC},
		{"192.0.0.7", CV_ADDR_PRIVATE},
		{"192.0.0.8", CV_ADDR_PUBLIC},
		{"192.168.0.1", CV_ADDR_PRIVATE},
		{"192.169.0.1", CV_ADDR_PUBLIC},
		{"198.51.100.1", CV_ADDR_PUBLIC},
		{"223.255.255.255", CV_ADDR_PUBLIC},
		{"224.0.0.1", CV_ADDR_MULTICAST},
		{"239.255.255.255", CV_ADDR_MULTICAST},
		{"255.255.255.255", CV_ADDR_MULTICAST},
		{"::", CV_ADDR_ANY},
		{"::1", CV_ADDR_LOOPBACK},
		{"2001:db8::1", CV_ADDR_PUBLIC},
		{"fc00::1", CV_ADDR_PRIVATE},
		{"fdff::1", CV_ADDR_PRIVATE},
		{"fe00::1", CV_ADDR_PUBLIC},
		{"fe80::1", CV_ADDR_LINKLOCAL},
		{"febf::1", CV_ADDR_LINKLOCAL},
		{"fec0::1", CV_ADDR_PRIVATE},
		{"ff02::1", CV_ADDR_MULTICAST},
		{"::ffff:10.0.0.1", CV_ADDR_PRIVATE},
		{"::127.0.0.1", CV_ADDR_LOOPBACK},
		{"::ffff:0:127.0.0.1", CV_ADDR_LOOPBACK},
		{"64:ff9b::10.0.0.1", CV_ADDR_PRIVATE},
		{"64:ff9b::198.51.100.1", CV_ADDR_PUBLIC},
		{"2002:7f00:1::1", CV_ADDR_LOOPBACK},
		{"2002:c633:6401::1", CV_ADDR_PUBLIC},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
		struct cv_addr a = addr(rows[i].text);

		CU_ASSERT_EQUAL(cv_addr_kind(&a), rows[i].kind);
	}
}

int cv_test_addr(void)
{
	CU_pSuite s = CU_add_suite("addr", NULL, NULL);

	CU_add_test(s, "parses and prints", test_addr_parses_and_prints);
	CU_add_test(s, "refuses what is no literal",
		    test_addr_refuses_what_is_no_literal);
	CU_add_test(s, "survives sockaddr", test_addr_survives_sockaddr);
	CU_add_test(s, "from_sa unwraps mapped", test_addr_from_sa_unwraps_mapped);
	CU_add_test(s, "unset is no host", test_addr_unset_is_no_host);
	CU_add_test(s, "compares", test_addr_compares);
	CU_add_test(s, "kind of each range", test_addr_kind_of_each_range);

	return (int)CU_get_error();
}
