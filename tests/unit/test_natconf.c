/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tests of tools/natconf.c: what the words of a box mean, and the sentences
 * about those that mean nothing. One thread.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "suite_nat.h"
#include "tools/natalg.h"
#include "tools/natconf.h"

#define ENDS "home inside=a/nat0 outside=w/nat1 "

static void test_a_whole_box(void)
{
	struct cv_buf error = {0};
	struct cv_natconf c;

	CU_ASSERT_EQUAL_FATAL(
		cv_natconf_read(
			&c,
			CV_STR(ENDS
			       "address=203.0.113.7,203.0.113.8,2001:db8::7 map=apd "
			       "--filter=ad preserve=no hairpin=yes pool=random "
			       "refresh=both idle=30s tcp-idle=2m icmp-idle=500ms "
			       "ports=2000-3000 block=udp,tcp/25 allow=udp/5060-5061,"
			       "icmp delay=20ms jitter=5ms loss=0.5% reorder=2% "
			       "rate=512kbit queue=1s alg=via,sdp,length seed=9"),
			&error),
		0);
	CU_ASSERT_STRING_EQUAL(c.name, "home");
	CU_ASSERT_STRING_EQUAL(c.inside.ns, "a");
	CU_ASSERT_STRING_EQUAL(c.inside.dev, "nat0");
	CU_ASSERT_STRING_EQUAL(c.outside.ns, "w");
	CU_ASSERT_EQUAL(c.traits.map, CV_NAT_APD);
	CU_ASSERT_EQUAL(c.traits.filter, CV_NAT_AD);
	CU_ASSERT_EQUAL(c.traits.outsidec, 3);
	CU_ASSERT_EQUAL(c.traits.outside[2].family, AF_INET6);
	CU_ASSERT_FALSE(c.traits.preserve);
	CU_ASSERT_TRUE(c.traits.hairpin);
	CU_ASSERT_TRUE(c.traits.pool_random);
	CU_ASSERT_TRUE(c.traits.refresh_in);
	CU_ASSERT_EQUAL(c.traits.udp_idle_ms, 30000);
	CU_ASSERT_EQUAL(c.traits.tcp_idle_ms, 120000);
	CU_ASSERT_EQUAL(c.traits.icmp_idle_ms, 500);
	CU_ASSERT_EQUAL(c.traits.port_lo, 2000);
	CU_ASSERT_EQUAL(c.traits.port_hi, 3000);
	CU_ASSERT_EQUAL_FATAL(c.traits.rulec, 4);
	CU_ASSERT_EQUAL(c.traits.rules[0].hi, 65535);
	CU_ASSERT_FALSE(c.traits.rules[1].allow);
	CU_ASSERT_EQUAL(c.traits.rules[1].lo, 25);
	CU_ASSERT_EQUAL(c.traits.rules[1].hi, 25);
	CU_ASSERT_TRUE(c.traits.rules[2].allow);
	CU_ASSERT_EQUAL(c.traits.rules[2].hi, 5061);
	CU_ASSERT_EQUAL(c.traits.rules[3].kind, CV_NATPKT_ECHO);
	CU_ASSERT_EQUAL(c.line.delay_ms, 20);
	CU_ASSERT_EQUAL(c.line.jitter_ms, 5);
	CU_ASSERT_EQUAL(c.line.loss_permille, 5);
	CU_ASSERT_EQUAL(c.line.reorder_permille, 20);
	CU_ASSERT_EQUAL(c.line.kbit_s, 512);
	CU_ASSERT_EQUAL(c.line.queue_ms, 1000);
	CU_ASSERT_EQUAL(c.alg, CV_NATALG_VIA | CV_NATALG_SDP | CV_NATALG_LENGTH);
	CU_ASSERT_EQUAL(c.traits.seed, 9);
	CU_ASSERT_EQUAL(error.len, 0);
	cv_buf_free(&error);
}

static void test_defaults(void)
{
	struct cv_buf error = {0};
	struct cv_natconf c;

	CU_ASSERT_EQUAL(cv_natconf_read(&c, CV_STR("  fw  inside=d outside=e "), &error),
			0);
	CU_ASSERT_EQUAL(c.traits.map, CV_NAT_NONE); /* no address: a firewall */
	CU_ASSERT_EQUAL(c.traits.filter, CV_NAT_APD);
	CU_ASSERT_STRING_EQUAL(c.inside.ns, "");
	CU_ASSERT_EQUAL(cv_natconf_read(&c, CV_STR(ENDS "address=192.0.2.1"), &error), 0);
	CU_ASSERT_EQUAL(c.traits.map, CV_NAT_EI);
	CU_ASSERT_TRUE(c.traits.preserve);
	CU_ASSERT_EQUAL(c.traits.udp_idle_ms, 120000);
	CU_ASSERT_EQUAL(error.len, 0);
	cv_buf_free(&error);
}

static void test_each_mistake_its_sentence(void)
{
	static const struct {
		const char *text, *sentence;
	} rows[] = {
		{"", "a box begins with its name"},
		{"inside=a outside=b", "a box begins with its name: inside=a"},
		{"home inside=a", "inside and outside are needed: home"},
		{ENDS "colour=blue", "unknown word: colour=blue"},
		{ENDS "map=cone", "bad value: map=cone, not ei|ad|apd|none"},
		{ENDS "map", "bad value: map, not"},
		{ENDS "map=", "bad value: map="},
		{ENDS "address=nowhere", "bad value: address=nowhere, not IP"},
		{ENDS "address=192.0.2.1:5060", "bad value"},
		{ENDS "address=192.0.2.1 map=none", "exclude each other"},
		{ENDS "alg=via", "alg needs address"},
		{ENDS "alg=all", "bad value: alg=all"},
		{ENDS "idle=30", "bad value: idle=30, not TIME"},
		{ENDS "idle=9999999h", "bad value"},
		{ENDS "ports=3000-2000", "bad value: ports=3000-2000, not LO-HI"},
		{ENDS "ports=0", "bad value"},
		{ENDS "ports=1-70000", "bad value"},
		{ENDS "block=sctp", "bad value"},
		{ENDS "block=icmp/7", "bad value"},
		{ENDS "loss=5", "bad value: loss=5, not N%"},
		{ENDS "loss=101%", "bad value"},
		{ENDS "loss=100.5%", "bad value"},
		{ENDS "loss=1.55%", "bad value"},
		{ENDS "rate=5", "bad value: rate=5, not Nkbit"},
		{ENDS "rate=0kbit", "bad value"},
		{ENDS "preserve=maybe", "bad value: preserve=maybe, not yes|no"},
		{ENDS "seed=x", "bad value: seed=x, not N"},
		{"home inside=a/b/c outside=d", "bad value: inside=a/b/c"},
		{"home inside=abcdefghijklmnop outside=d", "bad value: inside="},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
		struct cv_buf error = {0};
		struct cv_natconf c;

		CU_ASSERT_EQUAL(cv_natconf_read(&c, cv_str_of(rows[i].text), &error),
				EINVAL);
		CU_ASSERT_PTR_NOT_NULL_FATAL(error.p);
		CU_ASSERT_PTR_NOT_NULL(strstr(error.p, rows[i].sentence));
		cv_buf_free(&error);
	}
}

static void test_lists_are_bounded(void)
{
	struct cv_buf text = {0}, error = {0};
	struct cv_natconf c;

	cv_buf_printf(&text, ENDS "address=192.0.2.1");
	for (int i = 0; i < CV_NAT_OUTSIDES; ++i)
		cv_buf_printf(&text, ",192.0.2.%d", i + 2);
	CU_ASSERT_EQUAL(cv_natconf_read(&c, cv_buf_view(&text), &error), EINVAL);
	cv_buf_reset(&text);
	cv_buf_printf(&text, ENDS "block=udp");
	for (int i = 0; i < CV_NAT_RULES; ++i)
		cv_buf_printf(&text, ",tcp");
	CU_ASSERT_EQUAL(cv_natconf_read(&c, cv_buf_view(&text), &error), EINVAL);
	cv_buf_free(&text);
	cv_buf_free(&error);
}

static void test_help_names_every_key(void)
{
	struct cv_buf text = {0};

	cv_natconf_help(&text);
	CU_ASSERT_PTR_NOT_NULL_FATAL(text.p);
	CU_ASSERT_PTR_NOT_NULL(strstr(text.p, "inside=[NS/]DEV"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text.p, "filter=ei|ad|apd|none"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text.p, "alg=WORD"));
	cv_buf_free(&text);
}

int cv_test_natconf(void)
{
	CU_pSuite s = CU_add_suite("tools/natconf", NULL, NULL);

	if (!s)
		return (int)CU_get_error();

	CU_add_test(s, "a whole box", test_a_whole_box);
	CU_add_test(s, "defaults", test_defaults);
	CU_add_test(s, "mistakes", test_each_mistake_its_sentence);
	CU_add_test(s, "bounded lists", test_lists_are_bounded);
	CU_add_test(s, "help", test_help_names_every_key);

	return (int)CU_get_error();
}
