/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From configuration to network: what is refused says where, what is taken is
 * resolved. Uses nothing of the host but its loopback address.
 */
#include "config.h"

#include <CUnit/CUnit.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "core/core_int.h"
#include "net/udp.h"
#include "suite_core.h"

/* Plans a text; the finding or the network comes back. */
static int plan(const char *text, struct cv_net **np, struct cv_conf **cp,
		struct cv_buf *error)
{
	int err;

	*np = NULL;
	*cp = NULL;
	err = cv_conf_parse(cp, "t.conf", cv_str_of(text), error);

	return err ? err : cv_plan_build(np, *cp, error);
}

static void test_bad_values_say_where(void)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{"[listen a]\naddress = 203.0.113.77\n",
		 "t.conf:2: [listen a] address: 203.0.113.77 is not an address of this "
		 "host"},
		{"[general]\nname = a\n", "there is no [listen] section"},
		{"[listen a]\naddress = nosuch0\n",
		 "t.conf:2: [listen a] address: nosuch0 is neither an address nor an "
		 "interface of this host"},
		{"[listen a]\naddress = 0.0.0.0\n",
		 "t.conf:2: [listen a] address: 0.0.0.0 can't be told to a phone"},
		{"[listen a]\naddress = ::\n",
		 "t.conf:2: [listen a] address: :: can't be told to a phone"},
		{"[listen a]\naddress = 127.0.0.1\nadvertise = 0.0.0.0\n",
		 "t.conf:3: advertise must be an IPv4 or IPv6 address"},
		{"[listen a]\naddress = 127.0.0.1\n[peer p]\ntarget = sip:127.0.0.1\n",
		 "t.conf:4: [peer p] target: sip:127.0.0.1 is this edge itself, [listen "
		 "a]"},
		{"[network]\nnated = 10.0.0.1/8\n[listen a]\naddress = 127.0.0.1\n",
		 "t.conf:2: nated: \"10.0.0.1/8\" is not a list entry"},
		{"[network]\nlan = 127.0.0.0/8\nlan-routes = 127.0.0.0/8 10.0.0.0/8\n"
		 "[listen a]\naddress = 127.0.0.1\n",
		 "t.conf:3: lan-routes: 10.0.0.0/8 is not an entry of lan"},
		{"[listen a]\naddress = 127.0.0.1\n[listen b]\naddress = 127.0.0.1\nudp "
		 "= 5070\n",
		 "t.conf:4: [listen b]: 127.0.0.1 is already the address of [listen a]"},
		{"[listen a]\naddress = 127.0.0.1\nmedia-address = 203.0.113.77\n",
		 "[listen a] media-address: 203.0.113.77 is not an address of this host"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
		struct cv_buf error = {0};
		struct cv_conf *conf;
		struct cv_net *net;

		CU_ASSERT_NOT_EQUAL(plan(rows[i].text, &net, &conf, &error), 0);
		CU_ASSERT_PTR_NULL(net);
		CU_ASSERT_PTR_NOT_NULL_FATAL(error.p);
		CU_ASSERT_PTR_NOT_NULL(strstr(error.p, rows[i].want));
		if (!strstr(error.p, rows[i].want))
			(void)fprintf(stderr, "row %zu: %s", i, error.p);
		cv_buf_free(&error);
		cv_mem_unref(net);
		cv_mem_unref(conf);
	}
}

static void test_point_has_side_and_shown_address(void)
{
	static const char text[] =
		"[network]\nlan = 127.0.0.0/8\n"
		"[listen a]\naddress = 127.0.0.1\nadvertise = 203.0.113.9\n";
	struct cv_buf error = {0};
	char host[CV_ADDR_STRLEN];
	struct cv_conf *conf;
	struct cv_net *net;

	CU_ASSERT_EQUAL_FATAL(plan(text, &net, &conf, &error), 0);
	CU_ASSERT_EQUAL_FATAL(net->pointc, 1);
	CU_ASSERT_EQUAL(net->points[0].side, CV_SIDE_LAN);
	CU_ASSERT_STRING_EQUAL(cv_addr_print(&net->points[0].bind, host), "127.0.0.1");
	CU_ASSERT_STRING_EQUAL(cv_addr_print(&net->points[0].advertise, host),
			       "203.0.113.9");
	CU_ASSERT_STRING_EQUAL(cv_addr_print(&net->points[0].media, host), "127.0.0.1");
	CU_ASSERT_STRING_EQUAL(cv_addr_print(&net->points[0].media_adv, host),
			       "203.0.113.9");
	cv_buf_free(&error);
	cv_mem_unref(net);
	cv_mem_unref(conf);
}

static void test_side_that_is_given_wins(void)
{
	static const char text[] = "[network]\nlan = 127.0.0.0/8\n"
				   "[listen a]\naddress = 127.0.0.1\nside = wan\n";
	struct cv_buf error = {0};
	struct cv_conf *conf;
	struct cv_net *net;

	CU_ASSERT_EQUAL_FATAL(plan(text, &net, &conf, &error), 0);
	CU_ASSERT_EQUAL(net->points[0].side, CV_SIDE_WAN);
	cv_buf_free(&error);
	cv_mem_unref(net);
	cv_mem_unref(conf);
}

static void test_lan_groups_follow_routes(void)
{
	static const struct {
		const char *routes;
		int groups[3]; /* equal numbers: one group */
	} rows[] = {
		{"none", {1, 2, 3}},
		{"10.1.0.0/16 10.2.0.0/16 | 10.3.0.0/16", {1, 1, 2}},
		{"10.1.0.0/16 10.3.0.0/16", {1, 2, 1}},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
		struct cv_buf error = {0};
		struct cv_conf *conf;
		struct cv_net *net;
		char text[256];

		(void)snprintf(text, sizeof(text),
			       "[network]\nlan = 10.1.0.0/16, 10.2.0.0/16, 10.3.0.0/16\n"
			       "lan-routes = %s\n[listen a]\naddress = 127.0.0.1\n",
			       rows[i].routes);
		CU_ASSERT_EQUAL_FATAL(plan(text, &net, &conf, &error), 0);
		CU_ASSERT_PTR_NOT_NULL_FATAL(net->lan_group);
		for (size_t a = 0; a < 3; ++a) {
			for (size_t b = 0; b < 3; ++b)
				CU_ASSERT_EQUAL(net->lan_group[a] == net->lan_group[b],
						rows[i].groups[a] == rows[i].groups[b]);
		}
		cv_buf_free(&error);
		cv_mem_unref(net);
		cv_mem_unref(conf);
	}
}

static void test_port_in_use_is_named(void)
{
	struct cv_buf error = {0};
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	struct cv_conf *conf;
	struct cv_net *net;
	struct cv_addr a;
	char text[128], want[64];
	int fd;

	CU_ASSERT_EQUAL(cv_addr_parse(&a, CV_STR("127.0.0.1")), 0);
	CU_ASSERT_EQUAL_FATAL(cv_udp_open(&fd, &a, 0), 0);
	CU_ASSERT_EQUAL(getsockname(fd, (struct sockaddr *)&ss, &len), 0);
	CU_ASSERT_EQUAL(cv_addr_from_sa(&a, (struct sockaddr *)&ss), 0);
	(void)snprintf(text, sizeof(text),
		       "[listen a]\naddress = 127.0.0.1\nudp = %u\ntcp = off\n",
		       (unsigned)a.port);
	(void)snprintf(want, sizeof(want), "udp 127.0.0.1 port %u: ", (unsigned)a.port);
	CU_ASSERT_EQUAL_FATAL(plan(text, &net, &conf, &error), 0);
	CU_ASSERT_EQUAL(cv_plan_try(net, conf, &error), EADDRINUSE);
	CU_ASSERT_PTR_NOT_NULL_FATAL(error.p);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.p, want));
	(void)close(fd);
	cv_buf_reset(&error);
	CU_ASSERT_EQUAL(cv_plan_try(net, conf, &error), 0);
	cv_buf_free(&error);
	cv_mem_unref(net);
	cv_mem_unref(conf);
}

static void test_plan_survives_no_memory(void)
{
	static const char text[] =
		"[network]\nlan = 10.1.0.0/16, 10.2.0.0/16\nlan-routes = none\n"
		"[listen a]\naddress = 127.0.0.1\n[peer p]\n"
		"target = sip:192.0.2.1\nfrom = 192.0.2.0/24\n";
	struct cv_buf error = {0};
	struct cv_conf *conf = NULL;
	struct cv_net *net = NULL;
	int err = ENOMEM;

	CU_ASSERT_EQUAL_FATAL(cv_conf_parse(&conf, "t.conf", cv_str_of(text), &error), 0);
	for (long n = 0; err && n < 64; ++n) {
		cv_mem_budget(n);
		err = cv_plan_build(&net, conf, &error);
		cv_mem_budget(-1);
		CU_ASSERT(err == 0 || !net);
		cv_buf_free(&error);
	}

	CU_ASSERT_EQUAL(err, 0);
	cv_mem_unref(net);
	cv_mem_unref(conf);
}

int cv_test_plan(void)
{
	CU_pSuite s = CU_add_suite("plan", NULL, NULL);

	CU_add_test(s, "bad values say where", test_bad_values_say_where);
	CU_add_test(s, "side and shown address", test_point_has_side_and_shown_address);
	CU_add_test(s, "given side wins", test_side_that_is_given_wins);
	CU_add_test(s, "LAN groups", test_lan_groups_follow_routes);
	CU_add_test(s, "port in use", test_port_in_use_is_named);
	CU_add_test(s, "no memory", test_plan_survives_no_memory);

	return (int)CU_get_error();
}
