/* SPDX-License-Identifier: BSD-3-Clause */
/* Places of parties: every rule that decides on a side, with its evidence. */
#include "config.h"

#include "net/place.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "base/cmd.h"
#include "base/mem.h"
#include "suite_net.h"

enum { LAN_POINT = 0, WAN_POINT, WAN6_POINT };

static struct cv_addr addr(const char *text)
{
	struct cv_addr a = {0};

	if (text)
		CU_ASSERT_EQUAL(cv_addr_parse(&a, cv_str_of(text)), 0);

	return a;
}

static void fill(struct cv_alist *l, const char *entries)
{
	struct cv_str rest = cv_str_of(entries), part;

	while (cv_str_next(&rest, ' ', &part))
		CU_ASSERT_EQUAL(cv_alist_add(l, part, NULL), 0);
}

static void add_point(struct cv_net *net, const char *name, const char *host,
		      const char *adv, enum cv_side side)
{
	struct cv_point *p = &net->points[net->pointc++];

	(void)snprintf(p->name, sizeof(p->name), "%s", name);
	p->bind = p->media = addr(host);
	p->advertise = p->media_adv = addr(adv);
	p->side = side;
}

static struct cv_net *make_net(void)
{
	static const unsigned char groups[] = {1, 2};
	struct cv_net *net = NULL;
	unsigned char *copy;

	CU_ASSERT_EQUAL_FATAL(cv_net_new(&net), 0);
	fill(net->lan, "10.1.1.0/24 10.1.2.0/24");
	fill(net->nated, "10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 fc00::/7");
	fill(net->nat_systems, "203.0.113.0-203.0.113.7 203.0.113.9 10.1.1.77");
	copy = cv_mem_zalloc(2, 1);
	CU_ASSERT_PTR_NOT_NULL(copy);
	if (copy)
		memcpy(copy, groups, sizeof(groups));
	net->lan_group = copy;
	net->same_nat_direct = true;
	add_point(net, "inside", "10.1.1.1", "10.1.1.1", CV_SIDE_LAN);
	add_point(net, "outside", "192.0.2.1", "198.51.100.1", CV_SIDE_WAN);
	add_point(net, "outside6", "2001:db8::1", "2001:db8::1", CV_SIDE_WAN);

	return net;
}

/* Evidence as the one line a person reads: decision, then sentence */
static void evidence(const struct cv_evid *ev, char *text, size_t size)
{
	struct cv_out *out = NULL;
	struct cv_buf buf = {0};
	struct cv_str view;

	CU_ASSERT_EQUAL_FATAL(cv_out_new(&out, CV_OUT_JSON), 0);
	cv_evid_show(ev, out);
	CU_ASSERT_EQUAL(cv_out_finish(out, &buf), 0);
	view = cv_buf_view(&buf);
	(void)snprintf(text, size, CV_STR_FMT, CV_STR_ARG(view));
	cv_buf_free(&buf);
	cv_mem_unref(out);
}

struct row {
	const char *seen, *via, *contact;
	enum cv_place_nat nat;
	enum cv_side side;
	uint8_t listen, group;
	uint16_t system;
	const char *evidence; /* must stand in the evidence; NULL: not looked at */
};

static const struct row rows[] = {
	/* LAN: by source alone */
	{"10.1.1.11", "10.1.1.11", "10.1.1.11", CV_PLACE_NAT_AUTO, CV_SIDE_LAN, 0, 1, 0,
	 "packet came from 10.1.1.11, in lan 10.1.1.0/24"},
	{"10.1.2.11", "10.1.2.11", NULL, CV_PLACE_NAT_AUTO, CV_SIDE_LAN, 0, 2, 0,
	 "in lan 10.1.2.0/24"},
	{"10.1.1.11", "192.168.0.4", NULL, CV_PLACE_NAT_AUTO, CV_SIDE_LAN, 0, 1, 0, NULL},
	{"10.1.1.11", NULL, NULL, CV_PLACE_NAT_AUTO, CV_SIDE_LAN, 0, 1, 0, NULL},
	{"10.1.1.11", "10.1.1.11", NULL, CV_PLACE_NAT_NO, CV_SIDE_LAN, 0, 1, 0, NULL},
	{"10.1.1.11", "10.1.1.11", NULL, CV_PLACE_NAT_YES, CV_SIDE_FAR, 0, 0, 0,
	 "the peer says nat = yes; packet came from 10.1.1.11"},
	/* CG-8: Via or Contact private to somebody, source not */
	{"198.51.100.31", "10.1.1.11", NULL, CV_PLACE_NAT_AUTO, CV_SIDE_FAR, 1, 0, 0,
	 "Via says 10.1.1.11, in nated 10.0.0.0/8; packet came from 198.51.100.31, which "
	 "is not"},
	{"198.51.100.31", "198.51.100.31", "192.168.7.7", CV_PLACE_NAT_AUTO, CV_SIDE_FAR,
	 1, 0, 0,
	 "Contact says 192.168.7.7, in nated 192.168.0.0/16; packet came from "
	 "198.51.100.31, which is not"},
	{"198.51.100.31", "172.31.0.9", "172.31.0.9", CV_PLACE_NAT_AUTO, CV_SIDE_FAR, 1,
	 0, 0, "in nated 172.16.0.0/12"},
	{"192.168.5.5", "192.168.5.6", NULL, CV_PLACE_NAT_AUTO, CV_SIDE_WAN, 1, 0, 0,
	 NULL},
	{"192.168.5.5", "10.9.9.9", NULL, CV_PLACE_NAT_AUTO, CV_SIDE_WAN, 1, 0, 0, NULL},
	{"192.168.5.5", "192.168.5.5", NULL, CV_PLACE_NAT_AUTO, CV_SIDE_WAN, 1, 0, 0,
	 "Via says 192.168.5.5, which is where the packet came from"},
	{"198.51.100.31", "198.51.100.31", "198.51.100.31", CV_PLACE_NAT_AUTO,
	 CV_SIDE_WAN, 1, 0, 0,
	 "Via says 198.51.100.31, which is where the packet came from"},
	{"198.51.100.31", NULL, "198.51.100.31", CV_PLACE_NAT_AUTO, CV_SIDE_WAN, 1, 0, 0,
	 "Contact says 198.51.100.31, which is where"},
	{"198.51.100.31", "198.51.100.99", NULL, CV_PLACE_NAT_AUTO, CV_SIDE_WAN, 1, 0, 0,
	 "packet came from 198.51.100.31, not in lan or nat-systems, and no nated "
	 "address"},
	/* names are not looked up */
	{"198.51.100.31", NULL, NULL, CV_PLACE_NAT_AUTO, CV_SIDE_WAN, 1, 0, 0, NULL},
	/* the peer's word */
	{"198.51.100.31", "10.1.1.11", NULL, CV_PLACE_NAT_NO, CV_SIDE_WAN, 1, 0, 0,
	 "the peer says nat = no; packet came from 198.51.100.31, not in lan"},
	{"198.51.100.31", "198.51.100.31", NULL, CV_PLACE_NAT_YES, CV_SIDE_FAR, 1, 0, 0,
	 "the peer says nat = yes"},
	/* cg_09: nat-systems, whatever is written */
	{"203.0.113.3", "203.0.113.3", NULL, CV_PLACE_NAT_AUTO, CV_SIDE_FAR, 1, 0, 1,
	 "packet came from 203.0.113.3, in nat-systems 203.0.113.0-203.0.113.7"},
	{"203.0.113.9", NULL, NULL, CV_PLACE_NAT_AUTO, CV_SIDE_FAR, 1, 0, 2,
	 "in nat-systems 203.0.113.9"},
	{"203.0.113.8", "203.0.113.8", NULL, CV_PLACE_NAT_AUTO, CV_SIDE_WAN, 1, 0, 0,
	 NULL},
	{"203.0.113.3", "203.0.113.3", NULL, CV_PLACE_NAT_NO, CV_SIDE_WAN, 1, 0, 1, NULL},
	{"10.1.1.77", "10.1.1.77", NULL, CV_PLACE_NAT_AUTO, CV_SIDE_FAR, 0, 0, 3,
	 "in nat-systems 10.1.1.77"},
	{"10.1.1.77", "10.1.1.77", NULL, CV_PLACE_NAT_NO, CV_SIDE_LAN, 0, 1, 3, NULL},
	/* IPv6: private only when listed */
	{"2001:db8::99", "fd00::9", NULL, CV_PLACE_NAT_AUTO, CV_SIDE_FAR, 2, 0, 0,
	 "Via says fd00::9, in nated fc00::/7; packet came from 2001:db8::99"},
	{"2001:db8::99", "2001:db8::99", NULL, CV_PLACE_NAT_AUTO, CV_SIDE_WAN, 2, 0, 0,
	 NULL},
	{"2001:db8::99", "10.0.0.1", NULL, CV_PLACE_NAT_AUTO, CV_SIDE_FAR, 2, 0, 0, NULL},
};

static void check_row(const struct cv_net *net, const struct row *r)
{
	struct cv_place_query q = {
		.party = "caller",
		.seen = addr(r->seen),
		.listen = CV_LISTEN_NONE,
		.nat = r->nat,
		.written = {{"Via", addr(r->via)}, {"Contact", addr(r->contact)}},
		.writtenc = 2,
	};
	struct cv_evid *ev = NULL;
	struct cv_place place;
	char text[1024];

	CU_ASSERT_EQUAL_FATAL(cv_evid_new(&ev), 0);
	cv_place_of(net, &q, &place, ev);
	CU_ASSERT_EQUAL(place.side, r->side);
	CU_ASSERT_EQUAL(place.listen, r->listen);
	CU_ASSERT_EQUAL(place.lan_group, r->group);
	CU_ASSERT_EQUAL(place.nat_entry, r->system);
	CU_ASSERT_EQUAL(place.family, q.seen.family);
	CU_ASSERT(cv_addr_eq(&place.seen, &q.seen));

	evidence(ev, text, sizeof(text));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "place of caller"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, cv_side_name(r->side)));
	if (r->evidence && !strstr(text, r->evidence)) {
		(void)fprintf(stderr, "%s: %s\n", r->seen, text);
		CU_FAIL("evidence differs");
	}
	cv_mem_unref(ev);
}

static void test_place_table(void)
{
	struct cv_net *net = make_net();

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i)
		check_row(net, &rows[i]);
	cv_mem_unref(net);
}

static void test_place_keeps_the_point_it_came_by(void)
{
	struct cv_place_query q = {.seen = addr("10.1.1.11"), .listen = WAN_POINT};
	struct cv_net *net = make_net();
	struct cv_place place;

	cv_place_of(net, &q, &place, NULL);
	CU_ASSERT_EQUAL(place.listen, WAN_POINT);
	cv_mem_unref(net);
}

static void test_place_without_groups_is_one_group(void)
{
	struct cv_place_query q = {.seen = addr("10.1.2.11"), .listen = LAN_POINT};
	struct cv_net *net = make_net();
	struct cv_place place;

	free(net->lan_group);
	net->lan_group = NULL;
	cv_place_of(net, &q, &place, NULL);
	CU_ASSERT_EQUAL(place.lan_group, 0);
	cv_mem_unref(net);
}

static void test_point_faces_an_address(void)
{
	static const struct {
		const char *to, *source;
		uint8_t point;
	} v[] = {
		{"10.1.1.50", NULL, LAN_POINT},
		{"198.51.100.31", NULL, WAN_POINT},
		{"198.51.100.31", "10.1.1.1", LAN_POINT}, /* the kernel knows better */
		{"10.1.1.50", "10.9.9.9", LAN_POINT},     /* no point there */
		{"2001:db8::5", NULL, WAN6_POINT},
		{"2001:db8::5", "192.0.2.1", WAN6_POINT},
		{NULL, NULL, CV_LISTEN_NONE},
	};
	struct cv_net *net = make_net();

	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); ++i) {
		struct cv_addr to = addr(v[i].to), source = addr(v[i].source);

		CU_ASSERT_EQUAL(cv_place_point(net, &to, &source), v[i].point);
	}

	net->pointc = 2;
	{
		struct cv_addr to = addr("2001:db8::5");

		CU_ASSERT_EQUAL(cv_place_point(net, &to, NULL), CV_LISTEN_NONE);
	}
	cv_mem_unref(net);
}

static void test_point_of_two_faces_goes_by_side(void)
{
	const struct cv_addr lan = addr("10.1.1.50"), wan = addr("198.51.100.31"),
			     source = addr("10.1.1.1");
	struct cv_net *net = make_net();

	/* two ports of one address; the kernel can't tell them apart */
	net->points[WAN_POINT].bind = net->points[LAN_POINT].bind;
	CU_ASSERT_EQUAL(cv_place_point(net, &lan, &source), LAN_POINT);
	CU_ASSERT_EQUAL(cv_place_point(net, &wan, &source), WAN_POINT);
	cv_mem_unref(net);
}

static void test_shown_address_is_found_inside(void)
{
	static const struct {
		const char *shown, *here;
	} v[] = {
		{"198.51.100.1:20000", "192.0.2.1:20000"}, /* behind a NAT of ours */
		{"10.1.1.1:20000", "10.1.1.1:20000"},
		{"198.51.100.2:20000", "198.51.100.2:20000"},
		{NULL, NULL},
	};
	struct cv_net *net = make_net();

	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); ++i) {
		struct cv_addr shown = addr(v[i].shown), here = addr(v[i].here);
		struct cv_addr in = cv_net_inward(net, &shown);

		CU_ASSERT_TRUE(cv_addr_eq(&in, &here));
	}
	cv_mem_unref(net);
}

static void test_ours_is_bound_or_advertised(void)
{
	static const struct {
		const char *addr;
		bool ours;
	} v[] = {
		{"10.1.1.1:5060", true}, {"192.0.2.1", true},   {"198.51.100.1:9", true},
		{"198.51.100.2", false}, {"2001:db8::1", true}, {NULL, false},
	};
	struct cv_net *net = make_net();

	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); ++i) {
		struct cv_addr a = addr(v[i].addr);

		CU_ASSERT_EQUAL(cv_net_is_ours(net, &a), v[i].ours);
	}
	cv_mem_unref(net);
}

static void test_same_host_is_one_address_or_one_entry(void)
{
	static const struct {
		const char *a, *b;
		bool same;
	} v[] = {
		{"198.51.100.31:1", "198.51.100.31:2", true},
		{"198.51.100.31", "198.51.100.32", false},
		{"203.0.113.1", "203.0.113.7", true},
		{"203.0.113.1", "203.0.113.9", false}, /* CG-10: two entries */
		{"203.0.113.8", "203.0.113.7", false},
		{NULL, NULL, false},
	};
	struct cv_net *net = make_net();

	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); ++i) {
		struct cv_addr a = addr(v[i].a), b = addr(v[i].b);

		CU_ASSERT_EQUAL(cv_net_is_same_host(net, &a, &b), v[i].same);
	}
	cv_mem_unref(net);
}

static void test_routable_depends_on_the_side(void)
{
	static const struct {
		const char *addr;
		bool far, lan;
	} v[] = {
		{"198.51.100.31:4000", true, true},
		{"10.5.5.5:4000", false, true},
		{"192.168.1.1:4000", false, true},
		{"0.0.0.0", false, false},
		{"::", false, false},
		{"224.0.0.1", false, false},
		{"255.255.255.255", false, false},
		{"127.0.0.1", false, false},
		{"::1", false, false},
		{"fe80::1", false, false},
		{"fd00::1", false, true},
		{"2001:db8::7", true, true},
		{NULL, false, false},
	};
	struct cv_net *net = make_net();

	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); ++i) {
		struct cv_addr a = addr(v[i].addr);

		CU_ASSERT_EQUAL(cv_net_is_routable(net, &a, CV_SIDE_FAR), v[i].far);
		CU_ASSERT_EQUAL(cv_net_is_routable(net, &a, CV_SIDE_LAN), v[i].lan);
		CU_ASSERT_EQUAL(cv_net_is_routable(net, &a, CV_SIDE_WAN), v[i].lan);
	}

	add_point(net, "loop", "127.0.0.1", "127.0.0.1", CV_SIDE_LAN);
	{
		struct cv_addr a = addr("127.0.0.5:4000");

		CU_ASSERT(cv_net_is_routable(net, &a, CV_SIDE_LAN));
	}
	cv_mem_unref(net);
}

static void show(const struct cv_net *net, enum cv_out_format format, char *text,
		 size_t size)
{
	struct cv_out *out = NULL;
	struct cv_buf buf = {0};
	struct cv_str view;

	CU_ASSERT_EQUAL_FATAL(cv_out_new(&out, format), 0);
	cv_net_show(net, out);
	CU_ASSERT_EQUAL(cv_out_finish(out, &buf), 0);
	view = cv_buf_view(&buf);
	CU_ASSERT(view.len < size);
	(void)snprintf(text, size, CV_STR_FMT, CV_STR_ARG(view));
	cv_buf_free(&buf);
	cv_mem_unref(out);
}

static void test_show_says_who_gets_a_relay(void)
{
	static const char *const words[] = {
		"inside",         "198.51.100.1",  "203.0.113.0-203.0.113.7",
		"none:same-side", "none:same-nat", "lan-lan",
		"lan-wan",        "far-end",       "family",
		"10.1.2.0/24",
	};
	struct cv_net *net = make_net();
	char text[8192];

	show(net, CV_OUT_TEXT, text, sizeof(text));
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); ++i)
		CU_ASSERT_PTR_NOT_NULL(strstr(text, words[i]));
	show(net, CV_OUT_JSON, text, sizeof(text));
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); ++i)
		CU_ASSERT_PTR_NOT_NULL(strstr(text, words[i]));

	net->pointc = 1;
	net->same_nat_direct = false;
	show(net, CV_OUT_TEXT, text, sizeof(text));
	CU_ASSERT_PTR_NULL(strstr(text, "none:same-nat"));
	CU_ASSERT_PTR_NULL(strstr(text, "family"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "same-nat-direct = no"));
	cv_mem_unref(net);
}

static void test_net_oom(void)
{
	struct cv_net *net = NULL;
	int err = ENOMEM;

	for (long n = 0; err == ENOMEM && n < 16; ++n) {
		cv_mem_budget(n);
		err = cv_net_new(&net);
		CU_ASSERT(err == 0 || (err == ENOMEM && !net));
	}
	cv_mem_budget(-1);
	CU_ASSERT_EQUAL(err, 0);
	cv_mem_unref(net);
}

/* CG-9, second half: a target, of which nothing is written; the peer's word goes first */
static void test_cg_09_what_is_sent_to_nat_systems_goes_far(void)
{
	static const struct {
		const char *to;
		enum cv_place_nat nat;
		bool far;
	} targets[] = {
		{"203.0.113.3", CV_PLACE_NAT_AUTO, true},
		{"203.0.113.9", CV_PLACE_NAT_AUTO, true},
		{"203.0.113.3", CV_PLACE_NAT_NO, false},
		{"203.0.113.8", CV_PLACE_NAT_AUTO, false},
		{"203.0.113.8", CV_PLACE_NAT_YES, true},
		{"10.1.1.11", CV_PLACE_NAT_AUTO, false},
	};
	struct cv_net *net = make_net();

	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); ++i) {
		struct cv_addr to = addr(targets[i].to);

		CU_ASSERT_EQUAL(cv_net_is_far(net, &to, targets[i].nat), targets[i].far);
	}
	cv_mem_unref(net);
}

int cv_test_place(void)
{
	CU_pSuite s = CU_add_suite("place", NULL, NULL);

	if (!s || !CU_add_test(s, "cg_08 cg_09 table", test_place_table) ||
	    !CU_add_test(s, "cg_09 sent to nat-systems",
			 test_cg_09_what_is_sent_to_nat_systems_goes_far) ||
	    !CU_add_test(s, "keeps point", test_place_keeps_the_point_it_came_by) ||
	    !CU_add_test(s, "no groups", test_place_without_groups_is_one_group) ||
	    !CU_add_test(s, "point", test_point_faces_an_address) ||
	    !CU_add_test(s, "inward", test_shown_address_is_found_inside) ||
	    !CU_add_test(s, "point of two faces", test_point_of_two_faces_goes_by_side) ||
	    !CU_add_test(s, "ours", test_ours_is_bound_or_advertised) ||
	    !CU_add_test(s, "same host", test_same_host_is_one_address_or_one_entry) ||
	    !CU_add_test(s, "routable", test_routable_depends_on_the_side) ||
	    !CU_add_test(s, "show", test_show_says_who_gets_a_relay) ||
	    !CU_add_test(s, "oom", test_net_oom))
		return (int)CU_get_error();

	return 0;
}
