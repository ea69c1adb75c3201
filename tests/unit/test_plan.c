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

#include "base/log.h"
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
		{"[listen a]\naddress = 127.0.0.1\ntcp = off\ntls = 5062\n"
		 "tls-cert = /nowhere\n"
		 "[listen b]\naddress = 127.0.0.1\nudp = 5070\ntcp = 5062\n",
		 "t.conf:7: [listen b]: 127.0.0.1 is already the address of [listen a]"},
		{"[network]\nlan = 10.0.0.0/8, 127.0.0.0/8\n[listen a]\naddress = "
		 "127.0.0.1\nside = wan\n",
		 "t.conf:2: lan: 127.0.0.0/8 holds 127.0.0.1, the address of [listen a], "
		 "which has side = wan"},
		{"[network]\nlan = 10.0.0.0/8\nlan = 203.0.113.0/24\n[listen a]\n"
		 "address = 127.0.0.1\nadvertise = 203.0.113.9\n",
		 "t.conf:3: lan: 203.0.113.0/24 holds 203.0.113.9, which [listen a] "
		 "shows "
		 "to those outside"},
		{"[network]\nlan = 10.1.0.0/16\nnat-systems = 192.0.2.1\n"
		 "nat-systems = 10.0.0.0/8\n[listen a]\naddress = 127.0.0.1\n",
		 "t.conf:4: nat-systems: 10.0.0.0/8 holds all of lan 10.1.0.0/16: nobody "
		 "would be in that lan"},
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

static void note_line(enum cv_log_level level, const char *line, void *arg)
{
	if (level == CV_LOG_WARN)
		cv_buf_printf(arg, "%s\n", line);
}

/* Lines that were logged while @p text was planned. */
static void warnings(const char *text, struct cv_buf *to)
{
	struct cv_buf error = {0};
	struct cv_conf *conf;
	struct cv_net *net;

	cv_log_sink(note_line, to);
	CU_ASSERT_EQUAL(plan(text, &net, &conf, &error), 0);
	cv_log_sink(NULL, NULL);
	if (error.p)
		(void)fputs(error.p, stderr);
	cv_buf_free(&error);
	cv_mem_unref(net);
	cv_mem_unref(conf);
}

static void test_odd_lists_are_warned_of(void)
{
	static const struct {
		const char *text, *want; /* NULL: nothing is said */
	} rows[] = {
		{"[network]\nnat-systems = 203.0.113.0/28\nnat-systems = "
		 "203.0.113.8-203.0.113.20\n[listen a]\naddress = 127.0.0.1\n",
		 "entry=203.0.113.8-203.0.113.20 other=203.0.113.0/28 at=t.conf:3"},
		{"[network]\nnat-systems = 203.0.113.0/28, !203.0.113.8, 203.0.113.8, "
		 "2001:db8::/64\n[listen a]\naddress = 127.0.0.1\n",
		 NULL},
		{"[network]\nlan = 10.0.0.0/8\n[listen a]\naddress = 127.0.0.1\nside = "
		 "lan\n",
		 "127.0.0.1 is not in lan listen=a at=t.conf:4"},
		{"[network]\nlan = 10.0.0.0/8\n[listen a]\naddress = "
		 "127.0.0.1\nadvertise = 192.168.1.1\n",
		 "advertise=192.168.1.1 nated=192.168.0.0/16 at=t.conf:5"},
		{"[network]\nlan = 10.0.0.0/8\n[listen a]\naddress = "
		 "127.0.0.1\nadvertise = 203.0.113.1\n",
		 NULL},
		{"[listen a]\naddress = 127.0.0.1\nadvertise = 2001:db8::9\n",
		 "another IP version than the address listen=a "
		 "advertise=2001:db8::9 at=t.conf:3"},
		{"[network]\nlan = none\nnated = 127.0.0.0/8\n[listen a]\n"
		 "address = 127.0.0.1\n",
		 "shown a private address; behind a NAT, say with advertise which is "
		 "yours listen=a address=127.0.0.1 at=t.conf:5"},
		/* inside the LAN with a forwarded port: one address for both sides */
		{"[network]\nlan = 127.0.0.0/8\nnated = 127.0.0.0/8\n[listen a]\n"
		 "address = 127.0.0.1\nside = wan\nadvertise = 203.0.113.1\n",
		 NULL},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
		struct cv_buf said = {0};

		warnings(rows[i].text, &said);
		if (!rows[i].want)
			CU_ASSERT_EQUAL(said.len, 0);
		if (rows[i].want)
			CU_ASSERT_PTR_NOT_NULL(said.p ? strstr(said.p, rows[i].want)
						      : NULL);
		cv_buf_free(&said);
	}
}

/* What a followed point shows before anybody was asked. */
static void test_followed_point_shows_its_own_at_first(void)
{
	static const struct {
		const char *text;
		bool has_source, follows, own;
	} rows[] = {
		{"dns:edge.example.com", true, true, true},
		{"stun:192.0.2.9", true, true, true},
		{"stun:stun.example.com:3479", true, true, true},
		{"stun:[2001:db8::9]:3479", false, false, true}, /* that knows no IPv4 */
		{"203.0.113.1", true, false, false},
		{"2001:db8::1", false, false, true},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
		struct cv_buf error = {0};
		const struct cv_point *p;
		struct cv_conf *conf;
		struct cv_net *net;
		char text[128];

		(void)snprintf(text, sizeof(text),
			       "[listen a]\naddress = 127.0.0.1\nadvertise = %s\n",
			       rows[i].text);
		CU_ASSERT_EQUAL_FATAL(plan(text, &net, &conf, &error), 0);
		p = &net->points[0];
		CU_ASSERT_EQUAL(p->follows, rows[i].follows);
		CU_ASSERT_EQUAL(p->source != NULL, rows[i].has_source);
		CU_ASSERT_EQUAL(p->since_ms, 0);
		CU_ASSERT_EQUAL(cv_addr_host_eq(&p->advertise, &p->bind), rows[i].own);
		cv_buf_free(&error);
		cv_mem_unref(net);
		cv_mem_unref(conf);
	}
}

/* CG-7: the default follows from the interfaces, a list of one's own replaces it. */
static void test_lan_default_is_replaced(void)
{
	static const char point[] = "[listen a]\naddress = 127.0.0.1\n";
	struct cv_iface v[CV_IFACE_MAX];
	size_t c = 0, want = 0;
	struct cv_buf error = {0};
	struct cv_conf *conf;
	struct cv_net *net;
	char text[256];

	CU_ASSERT_EQUAL_FATAL(cv_iface_list(v, CV_IFACE_MAX, &c), 0);
	CU_ASSERT_EQUAL_FATAL(plan(point, &net, &conf, &error), 0);
	for (size_t i = 0; i < c; ++i) {
		enum cv_addr_kind kind = cv_addr_kind(&v[i].addr);
		bool is_private =
			kind == CV_ADDR_PRIVATE || kind == CV_ADDR_CGNAT ||
			(kind == CV_ADDR_LINKLOCAL && v[i].addr.family == AF_INET);

		CU_ASSERT_EQUAL(cv_alist_find(net->lan, &v[i].addr) > 0, is_private);
		want += is_private;
	}
	CU_ASSERT(cv_alist_count(net->lan) <= want);
	/* two addresses in one network are one entry */
	for (size_t i = 2; i <= cv_alist_count(net->lan); ++i)
		CU_ASSERT_STRING_NOT_EQUAL(cv_alist_text(net->lan, i),
					   cv_alist_text(net->lan, i - 1));
	cv_mem_unref(net);
	cv_mem_unref(conf);

	(void)snprintf(text, sizeof(text), "[network]\nlan = 198.18.0.0/15\n%s", point);
	CU_ASSERT_EQUAL_FATAL(plan(text, &net, &conf, &error), 0);
	CU_ASSERT_EQUAL(cv_alist_count(net->lan), 1);
	CU_ASSERT_STRING_EQUAL(cv_alist_text(net->lan, 1), "198.18.0.0/15");
	cv_mem_unref(net);
	cv_mem_unref(conf);

	(void)snprintf(text, sizeof(text), "[network]\nlan = none\n%s", point);
	CU_ASSERT_EQUAL_FATAL(plan(text, &net, &conf, &error), 0);
	CU_ASSERT_EQUAL(cv_alist_count(net->lan), 0);
	cv_buf_free(&error);
	cv_mem_unref(net);
	cv_mem_unref(conf);
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

static void test_one_address_has_two_faces(void)
{
	static const char text[] =
		"[network]\nlan = 127.0.0.0/8\nnated = 127.0.0.0/8\n"
		"[listen out]\naddress = 127.0.0.1\nside = wan\n"
		"advertise = 203.0.113.9\n"
		"[listen in]\naddress = 127.0.0.1\nudp = 5070\ntcp = 5070\n";
	struct cv_buf error = {0};
	char host[CV_ADDR_STRLEN];
	struct cv_conf *conf;
	struct cv_net *net;

	CU_ASSERT_EQUAL_FATAL(plan(text, &net, &conf, &error), 0);
	CU_ASSERT_EQUAL_FATAL(net->pointc, 2);
	CU_ASSERT_EQUAL(net->points[0].side, CV_SIDE_WAN);
	CU_ASSERT_EQUAL(net->points[1].side, CV_SIDE_LAN);
	CU_ASSERT_STRING_EQUAL(cv_addr_print(&net->points[0].media_adv, host),
			       "203.0.113.9");
	CU_ASSERT_STRING_EQUAL(cv_addr_print(&net->points[1].media_adv, host),
			       "127.0.0.1");
	cv_buf_free(&error);
	cv_mem_unref(net);
	cv_mem_unref(conf);
}

static void test_side_that_is_given_wins(void)
{
	static const char text[] = "[network]\nlan = 127.0.0.0/8\nnated = 127.0.0.0/8\n"
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
	CU_add_test(s, "odd lists", test_odd_lists_are_warned_of);
	CU_add_test(s, "cg_07 default LAN and replacing it",
		    test_lan_default_is_replaced);
	CU_add_test(s, "followed address", test_followed_point_shows_its_own_at_first);
	CU_add_test(s, "side and shown address", test_point_has_side_and_shown_address);
	CU_add_test(s, "one address, two faces", test_one_address_has_two_faces);
	CU_add_test(s, "given side wins", test_side_that_is_given_wins);
	CU_add_test(s, "LAN groups", test_lan_groups_follow_routes);
	CU_add_test(s, "port in use", test_port_in_use_is_named);
	CU_add_test(s, "no memory", test_plan_survives_no_memory);

	return (int)CU_get_error();
}
