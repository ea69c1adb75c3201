/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tests of tools/natpkt.c: addresses and ports change, checksums stay right.
 * One thread.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "nat_pkt.h"
#include "suite_nat.h"

/* Versions, transports, payloads of even and odd length. */
static const struct {
	int proto;
	const char *src, *dst, *payload, *new_src, *new_dst;
} rows[] = {
	{NAT_UDP, "10.0.0.2:5060", "198.51.100.5:5060", "", "203.0.113.7:1024",
	 "198.51.100.6:65535"},
	{NAT_UDP, "10.0.0.2:5060", "198.51.100.5:5060", "abc", "203.0.113.7:5060",
	 "10.255.255.255:1"},
	{NAT_TCP, "10.0.0.2:40000", "198.51.100.5:443", "abcd", "203.0.113.7:40001",
	 "198.51.100.5:443"},
	{NAT_UDP, "[fd00::2]:5060", "[2001:db8::5]:5060", "abc", "[2001:db8::7]:1024",
	 "[2001:db8::6]:9"},
	{NAT_TCP, "[fd00::2]:5060", "[2001:db8::5]:5060", "", "[2001:db8:ffff::7]:2",
	 "[::1]:9"},
};

static void test_ends_change_and_checksums_stay_right(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
		struct cv_addr src = nat_addr(rows[i].new_src);
		struct cv_addr dst = nat_addr(rows[i].new_dst);
		char text[2 * CV_ADDR_STRLEN], want[2 * CV_ADDR_STRLEN];
		struct nat_pkt x;

		nat_make(&x, rows[i].proto, rows[i].src, rows[i].dst, rows[i].payload);
		CU_ASSERT_TRUE(nat_is_right(x.p, x.len));
		cv_natpkt_set_src(&x.k, &src);
		CU_ASSERT_TRUE(nat_is_right(x.p, x.len));
		cv_natpkt_set_dst(&x.k, &dst);
		CU_ASSERT_TRUE(nat_is_right(x.p, x.len));
		(void)snprintf(want, sizeof(want), "%s %s", rows[i].new_src,
			       rows[i].new_dst);
		CU_ASSERT_STRING_EQUAL(nat_ends(&x, text), want);
		CU_ASSERT_TRUE(cv_natpkt_hop(&x.k));
		CU_ASSERT_TRUE(nat_is_right(x.p, x.len));
	}
}

/* Of all ports one makes the UDP checksum come out as zero. */
static void test_zero_is_written_as_the_other_zero(void)
{
	struct cv_addr src = nat_addr("203.0.113.7:1");
	unsigned wrong = 0;
	struct nat_pkt x;

	nat_make(&x, NAT_UDP, "10.0.0.2:5060", "198.51.100.5:5060", "abc");
	for (unsigned port = 1; port < 65536; ++port) {
		src.port = (uint16_t)port;
		cv_natpkt_set_src(&x.k, &src);
		wrong += x.p[26] == 0 && x.p[27] == 0;
		wrong += !nat_is_right(x.p, x.len);
	}

	CU_ASSERT_EQUAL(wrong, 0);
}

static void test_no_checksum_stays_none(void)
{
	struct cv_addr src = nat_addr("203.0.113.7:1024");
	struct nat_pkt x;

	nat_make(&x, NAT_UDP, "10.0.0.2:5060", "198.51.100.5:5060", "abc");
	x.p[26] = x.p[27] = 0;
	cv_natpkt_set_src(&x.k, &src);
	CU_ASSERT_EQUAL(x.p[26], 0);
	CU_ASSERT_EQUAL(x.p[27], 0);
}

static void test_echo_has_one_number(void)
{
	static const struct {
		int proto;
		const char *src, *dst, *to, *want;
	} v[] = {
		{NAT_ICMP, "10.0.0.2:77", "198.51.100.5:77", "203.0.113.7:1024",
		 "203.0.113.7:1024 198.51.100.5:1024"},
		{NAT_ICMP6, "[fd00::2]:77", "[2001:db8::5]:77", "[2001:db8::7]:1024",
		 "[2001:db8::7]:1024 [2001:db8::5]:1024"},
	};

	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); ++i) {
		struct cv_addr src = nat_addr(v[i].to);
		char text[2 * CV_ADDR_STRLEN];
		struct nat_pkt x;

		nat_make(&x, v[i].proto, v[i].src, v[i].dst, "ping");
		CU_ASSERT_EQUAL(x.k.kind, CV_NATPKT_ECHO);
		cv_natpkt_set_src(&x.k, &src);
		CU_ASSERT_EQUAL(x.k.dst.port, 1024);
		CU_ASSERT_TRUE(nat_is_right(x.p, x.len));
		CU_ASSERT_STRING_EQUAL(nat_ends(&x, text), v[i].want);
	}
}

static void test_the_packet_in_an_error(void)
{
	static const struct {
		const char *src, *dst, *from, *inside;
	} v[] = {
		{"203.0.113.7:1024", "198.51.100.5:5060", "198.51.100.5",
		 "10.0.0.2:5060"},
		{"[2001:db8::7]:1024", "[2001:db8::5]:5060", "2001:db8::5",
		 "[fd00::2]:5060"},
	};

	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); ++i) {
		struct cv_addr inside = nat_addr(v[i].inside);
		char text[CV_ADDR_STRLEN];
		struct nat_pkt about, x;
		struct cv_natpkt inner;

		nat_make(&about, NAT_UDP, v[i].src, v[i].dst, "abc");
		nat_make_error(&x, v[i].from, i == 0 ? "203.0.113.7" : "2001:db8::7",
			       &about);
		CU_ASSERT_EQUAL(x.k.kind, CV_NATPKT_ERROR);
		CU_ASSERT_EQUAL_FATAL(cv_natpkt_inner(&x.k, &inner), 0);
		CU_ASSERT_STRING_EQUAL(cv_addr_print(&inner.src, text), v[i].src);
		cv_natpkt_set_src(&inner, &inside);
		cv_natpkt_seal(&x.k);
		CU_ASSERT_TRUE(nat_is_right(x.p, x.len));
		CU_ASSERT_EQUAL_FATAL(cv_natpkt_inner(&x.k, &inner), 0);
		CU_ASSERT_STRING_EQUAL(cv_addr_print(&inner.src, text), v[i].inside);
		CU_ASSERT_EQUAL(cv_natpkt_inner(&about.k, &inner), ENOENT);
	}
}

static void test_another_payload(void)
{
	static const char *const payloads[] = {"", "x", "longer than before", "ab"};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
		for (size_t n = 0; n < 4; ++n) {
			uint8_t out[CV_NATPKT_MAX];
			struct nat_pkt x;
			struct cv_natpkt k;
			size_t len = 0;
			int err;

			nat_make(&x, rows[i].proto, rows[i].src, rows[i].dst,
				 rows[i].payload);
			err = cv_natpkt_set_payload(&x.k, cv_str_of(payloads[n]), out,
						    &len);
			CU_ASSERT_EQUAL(err, rows[i].proto == NAT_UDP ? 0 : EINVAL);
			if (err)
				continue;

			CU_ASSERT_TRUE(nat_is_right(out, len));
			CU_ASSERT_EQUAL_FATAL(cv_natpkt_read(&k, out, len), 0);
			CU_ASSERT_TRUE(
				cv_str_eq(cv_natpkt_payload(&k), cv_str_of(payloads[n])));
		}
	}
}

static void test_too_long_a_payload(void)
{
	static char big[CV_NATPKT_MAX];
	uint8_t out[CV_NATPKT_MAX];
	struct nat_pkt x;
	size_t len = 0;

	nat_make(&x, NAT_UDP, "10.0.0.2:5060", "198.51.100.5:5060", "abc");
	CU_ASSERT_EQUAL(cv_natpkt_set_payload(&x.k, cv_str_make(big, sizeof(big) - 28),
					      out, &len),
			0);
	CU_ASSERT_EQUAL(cv_natpkt_set_payload(&x.k, cv_str_make(big, sizeof(big) - 27),
					      out, &len),
			EMSGSIZE);
}

static void test_every_cut_is_refused(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
		struct cv_natpkt k;
		struct nat_pkt x;

		nat_make(&x, rows[i].proto, rows[i].src, rows[i].dst, rows[i].payload);
		for (size_t n = 0; n < x.len; ++n) {
			uint8_t *exact = malloc(n + 1);

			CU_ASSERT_PTR_NOT_NULL_FATAL(exact);
			memcpy(exact, x.p, n);
			CU_ASSERT_EQUAL(cv_natpkt_read(&k, exact, n), EBADMSG);
			free(exact);
		}
	}
}

static void test_the_last_hop(void)
{
	struct nat_pkt x;

	nat_make(&x, NAT_UDP, "10.0.0.2:5060", "198.51.100.5:5060", "abc");
	x.p[8] = 1;
	CU_ASSERT_FALSE(cv_natpkt_hop(&x.k));
	nat_make(&x, NAT_UDP, "[fd00::2]:5060", "[2001:db8::5]:5060", "abc");
	x.p[7] = 1;
	CU_ASSERT_FALSE(cv_natpkt_hop(&x.k));
}

static void test_parts(void)
{
	static char text[2000];
	struct nat_pkt whole, x;

	memset(text, 'x', sizeof(text) - 1);
	nat_make(&whole, NAT_UDP, "10.0.0.2:5060", "198.51.100.5:5060", text);
	CU_ASSERT_EQUAL(whole.k.part, CV_NATPKT_WHOLE);
	nat_cut(&x, &whole, 0, 1480);
	CU_ASSERT_EQUAL(x.k.part, CV_NATPKT_FIRST);
	CU_ASSERT_EQUAL(x.k.kind, CV_NATPKT_UDP);
	CU_ASSERT_EQUAL(x.k.src.port, 5060);
	nat_cut(&x, &whole, 1480, 4000);
	CU_ASSERT_EQUAL(x.k.part, CV_NATPKT_LATER);
	CU_ASSERT_EQUAL(x.k.kind, CV_NATPKT_OTHER);
	CU_ASSERT_EQUAL(x.k.part_id, 0x1234);
	CU_ASSERT_EQUAL(x.k.src.port, 0);
}

int cv_test_natpkt(void)
{
	CU_pSuite s = CU_add_suite("tools/natpkt", NULL, NULL);

	if (!s)
		return (int)CU_get_error();

	CU_add_test(s, "ends change", test_ends_change_and_checksums_stay_right);
	CU_add_test(s, "the other zero", test_zero_is_written_as_the_other_zero);
	CU_add_test(s, "no checksum", test_no_checksum_stays_none);
	CU_add_test(s, "echo", test_echo_has_one_number);
	CU_add_test(s, "error", test_the_packet_in_an_error);
	CU_add_test(s, "another payload", test_another_payload);
	CU_add_test(s, "too long", test_too_long_a_payload);
	CU_add_test(s, "cuts", test_every_cut_is_refused);
	CU_add_test(s, "last hop", test_the_last_hop);
	CU_add_test(s, "parts", test_parts);

	return (int)CU_get_error();
}
