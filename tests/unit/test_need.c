/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tests of call/need.c: every cell of the table against answers written out.
 * One thread.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "call/need.h"
#include "suite_call.h"

/* How the NATs of two far parties relate. */
enum nat { NAT_OTHER = 0, NAT_FACE, NAT_ENTRY };

/* How the groups of two LAN parties relate: 0 and 0, 0 and 1, 1 and 1, 1 and 2. */
enum group { GROUP_NONE = 0, GROUP_ONE_SIDED, GROUP_SAME, GROUP_APART };

/*
 * Answers for one family and policy auto. Nine sides in the order A-B:
 * lan-lan lan-wan lan-far wan-lan wan-wan wan-far far-lan far-wan far-far;
 * S none:same-side, N none:same-nat, W lan-wan, L lan-lan, F far-end.
 */
static const struct row {
	enum nat nat;
	bool direct;
	enum group group;
	const char *cells;
} rows[] = {
	{NAT_OTHER, false, GROUP_NONE, "SWFWSFFFF"},
	{NAT_OTHER, false, GROUP_ONE_SIDED, "SWFWSFFFF"},
	{NAT_OTHER, false, GROUP_SAME, "SWFWSFFFF"},
	{NAT_OTHER, false, GROUP_APART, "LWFWSFFFF"},
	{NAT_OTHER, true, GROUP_NONE, "SWFWSFFFF"},
	{NAT_OTHER, true, GROUP_ONE_SIDED, "SWFWSFFFF"},
	{NAT_OTHER, true, GROUP_SAME, "SWFWSFFFF"},
	{NAT_OTHER, true, GROUP_APART, "LWFWSFFFF"},
	{NAT_FACE, false, GROUP_NONE, "SWFWSFFFF"},
	{NAT_FACE, false, GROUP_ONE_SIDED, "SWFWSFFFF"},
	{NAT_FACE, false, GROUP_SAME, "SWFWSFFFF"},
	{NAT_FACE, false, GROUP_APART, "LWFWSFFFF"},
	{NAT_FACE, true, GROUP_NONE, "SWFWSFFFN"},
	{NAT_FACE, true, GROUP_ONE_SIDED, "SWFWSFFFN"},
	{NAT_FACE, true, GROUP_SAME, "SWFWSFFFN"},
	{NAT_FACE, true, GROUP_APART, "LWFWSFFFN"},
	{NAT_ENTRY, false, GROUP_NONE, "SWFWSFFFF"},
	{NAT_ENTRY, false, GROUP_ONE_SIDED, "SWFWSFFFF"},
	{NAT_ENTRY, false, GROUP_SAME, "SWFWSFFFF"},
	{NAT_ENTRY, false, GROUP_APART, "LWFWSFFFF"},
	{NAT_ENTRY, true, GROUP_NONE, "SWFWSFFFN"},
	{NAT_ENTRY, true, GROUP_ONE_SIDED, "SWFWSFFFN"},
	{NAT_ENTRY, true, GROUP_SAME, "SWFWSFFFN"},
	{NAT_ENTRY, true, GROUP_APART, "LWFWSFFFN"},
};

enum { ROWS = sizeof(rows) / sizeof(rows[0]), SIDES = 9 };

static char letter(enum cv_reason r)
{
	switch (r) {
	case CV_REASON_NONE_SAME_SIDE:
		return 'S';
	case CV_REASON_NONE_SAME_NAT:
		return 'N';
	case CV_REASON_LAN_WAN:
		return 'W';
	case CV_REASON_LAN_LAN:
		return 'L';
	case CV_REASON_FAR_END:
		return 'F';
	case CV_REASON_FAMILY:
		return 'A';
	case CV_REASON_FORCED:
		return 'O';
	case CV_REASON_NEVER:
		return 'X';
	case CV_REASON_NONE_LOOP: /* of two calls, never decided here */
		break;
	}

	return '?';
}

static struct cv_need cell(const struct row *r, int sides)
{
	static const uint8_t groups[][2] = {{0, 0}, {0, 1}, {1, 1}, {1, 2}};
	struct cv_need n = {.same_nat_direct = r->direct};

	n.a.side = (enum cv_side)(sides / 3);
	n.b.side = (enum cv_side)(sides % 3);
	n.a.family = n.b.family = AF_INET;
	n.a.lan_group = groups[r->group][0];
	n.b.lan_group = groups[r->group][1];
	(void)cv_addr_parse(&n.a.seen, CV_STR("198.51.100.31:1024"));
	(void)cv_addr_parse(&n.b.seen, r->nat == NAT_FACE ? CV_STR("198.51.100.31:2048")
							  : CV_STR("198.51.100.32:1024"));
	if (r->nat == NAT_ENTRY)
		n.a.nat_entry = n.b.nat_entry = 300;

	return n;
}

/* Every cell of the table under one policy and pair of families; expect 0: as written. */
static void check_all(enum cv_need_policy policy, sa_family_t b_family, char expect)
{
	for (size_t i = 0; i < ROWS; ++i) {
		for (int sides = 0; sides < SIDES; ++sides) {
			struct cv_need n = cell(&rows[i], sides);
			char want = expect ? expect : rows[i].cells[sides];
			char is;

			n.policy = policy;
			n.b.family = b_family;
			is = letter(cv_need_decide(&n));
			if (is != want)
				printf("row %zu sides %d: %c, not %c\n", i, sides, is,
				       want);

			CU_ASSERT_EQUAL(is, want);
		}
	}
}

static void test_auto_every_cell(void)
{
	check_all(CV_NEED_AUTO, AF_INET, 0);
}

static void test_always_every_cell(void)
{
	check_all(CV_NEED_ALWAYS, AF_INET, 'O');
}

static void test_never_every_cell(void)
{
	check_all(CV_NEED_NEVER, AF_INET, 'X');
}

static void test_families_beat_every_policy(void)
{
	check_all(CV_NEED_AUTO, AF_INET6, 'A');
	check_all(CV_NEED_ALWAYS, AF_INET6, 'A');
	check_all(CV_NEED_NEVER, AF_INET6, 'A');
}

static void test_unset_faces_are_not_the_same_nat(void)
{
	struct cv_need n = {.a = {.side = CV_SIDE_FAR}, .same_nat_direct = true};

	n.b = n.a;
	CU_ASSERT_EQUAL(cv_need_decide(&n), CV_REASON_FAR_END);
	n.a.nat_entry = 1;
	n.b.nat_entry = 2;
	CU_ASSERT_EQUAL(cv_need_decide(&n), CV_REASON_FAR_END);
}

static void test_reasons_have_the_words_of_the_contract(void)
{
	static const struct {
		enum cv_reason reason;
		const char *name;
		bool relay;
	} v[] = {
		{CV_REASON_NONE_SAME_SIDE, "none:same-side", false},
		{CV_REASON_NONE_SAME_NAT, "none:same-nat", false},
		{CV_REASON_LAN_WAN, "lan-wan", true},
		{CV_REASON_LAN_LAN, "lan-lan", true},
		{CV_REASON_FAR_END, "far-end", true},
		{CV_REASON_FAMILY, "family", true},
		{CV_REASON_FORCED, "forced", true},
		{CV_REASON_NEVER, "none:never", false},
	};

	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); ++i) {
		CU_ASSERT_STRING_EQUAL(cv_reason_name(v[i].reason), v[i].name);
		CU_ASSERT_EQUAL(cv_reason_is_relay(v[i].reason), v[i].relay);
	}
}

int cv_test_need(void)
{
	CU_pSuite s = CU_add_suite("need", NULL, NULL);

	if (!s)
		return CU_get_error();

	CU_ADD_TEST(s, test_auto_every_cell);
	CU_ADD_TEST(s, test_always_every_cell);
	CU_ADD_TEST(s, test_never_every_cell);
	CU_ADD_TEST(s, test_families_beat_every_policy);
	CU_ADD_TEST(s, test_unset_faces_are_not_the_same_nat);
	CU_ADD_TEST(s, test_reasons_have_the_words_of_the_contract);

	return CU_get_error();
}
