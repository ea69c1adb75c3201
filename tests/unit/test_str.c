/* SPDX-License-Identifier: BSD-3-Clause */
/* What base/str.c promises: slices compared, cut and read as numbers. */
#include "config.h"

#include <errno.h>
#include <stdlib.h>

#include <CUnit/CUnit.h>

#include "base/mem.h"
#include "base/str.h"
#include "suite_base.h"

static void test_str_of_null_is_empty(void)
{
	CU_ASSERT_TRUE(cv_str_is_empty(cv_str_of(NULL)));
	CU_ASSERT_TRUE(cv_str_is_empty(CV_STR("")));
	CU_ASSERT_TRUE(cv_str_eq(CV_STR_NULL, CV_STR("")));
	CU_ASSERT_FALSE(cv_str_is_empty(CV_STR("x")));
}

static void test_str_compares(void)
{
	static const struct {
		struct cv_str a, b;
		bool eq, ieq, starts, istarts;
	} rows[] = {
		{CV_STR("abc"), CV_STR("abc"), true, true, true, true},
		{CV_STR("aBc"), CV_STR("AbC"), false, true, false, true},
		{CV_STR("abc"), CV_STR("ab"), false, false, true, true},
		{CV_STR("ABC"), CV_STR("ab"), false, false, false, true},
		{CV_STR("ab"), CV_STR("abc"), false, false, false, false},
		{CV_STR("abc"), CV_STR(""), false, false, true, true},
		{CV_STR("["), CV_STR("{"), false, false, false, false},
		{CV_STR("@"), CV_STR("`"), false, false, false, false},
		{CV_STR("\xc4"), CV_STR("\xe4"), false, false, false, false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
		CU_ASSERT_EQUAL(cv_str_eq(rows[i].a, rows[i].b), rows[i].eq);
		CU_ASSERT_EQUAL(cv_str_ieq(rows[i].a, rows[i].b), rows[i].ieq);
		CU_ASSERT_EQUAL(cv_str_starts(rows[i].a, rows[i].b), rows[i].starts);
		CU_ASSERT_EQUAL(cv_str_istarts(rows[i].a, rows[i].b), rows[i].istarts);
	}
}

static void test_str_trims_and_cuts(void)
{
	CU_ASSERT_TRUE(cv_str_eq(cv_str_trim(CV_STR(" \t a b\r\n")), CV_STR("a b")));
	CU_ASSERT_EQUAL(cv_str_trim(CV_STR(" \r\n")).len, 0);
	CU_ASSERT_EQUAL(cv_str_trim(CV_STR_NULL).len, 0);
	CU_ASSERT_TRUE(cv_str_eq(cv_str_from(CV_STR("abc"), 1), CV_STR("bc")));
	CU_ASSERT_EQUAL(cv_str_from(CV_STR("abc"), 3).len, 0);
	CU_ASSERT_EQUAL(cv_str_from(CV_STR("abc"), 99).len, 0);
	CU_ASSERT_EQUAL(cv_str_from(CV_STR_NULL, 1).len, 0);
	CU_ASSERT_EQUAL(cv_str_chr(CV_STR("a:b:"), ':'), 1);
	CU_ASSERT_EQUAL(cv_str_chr(CV_STR("ab"), ':'), 2);
	CU_ASSERT_EQUAL(cv_str_chr(CV_STR_NULL, ':'), 0);
}

static void test_str_next_walks_parts(void)
{
	struct cv_str rest = CV_STR("a,,b,"), part;

	CU_ASSERT_TRUE(cv_str_next(&rest, ',', &part));
	CU_ASSERT_TRUE(cv_str_eq(part, CV_STR("a")));
	CU_ASSERT_TRUE(cv_str_next(&rest, ',', &part));
	CU_ASSERT_EQUAL(part.len, 0);
	CU_ASSERT_TRUE(cv_str_next(&rest, ',', &part));
	CU_ASSERT_TRUE(cv_str_eq(part, CV_STR("b")));
	CU_ASSERT_FALSE(cv_str_next(&rest, ',', &part));
}

static void test_str_u64_reads_whole_numbers(void)
{
	static const struct {
		struct cv_str s;
		uint64_t max;
		int err;
		uint64_t n;
	} rows[] = {
		{CV_STR("0"), 10, 0, 0},
		{CV_STR("0010"), 10, 0, 10},
		{CV_STR("11"), 10, ERANGE, 0},
		{CV_STR("18446744073709551615"), UINT64_MAX, 0, UINT64_MAX},
		{CV_STR("18446744073709551616"), UINT64_MAX, ERANGE, 0},
		{CV_STR("99999999999999999999999999999999"), UINT64_MAX, ERANGE, 0},
		{CV_STR("99999999999999999999999999999999x"), UINT64_MAX, EINVAL, 0},
		{CV_STR(""), 10, EINVAL, 0},
		{CV_STR("-1"), 10, EINVAL, 0},
		{CV_STR("+1"), 10, EINVAL, 0},
		{CV_STR(" 1"), 10, EINVAL, 0},
		{CV_STR("1 "), 10, EINVAL, 0},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
		uint64_t n = 77;

		CU_ASSERT_EQUAL(cv_str_u64(&n, rows[i].s, rows[i].max), rows[i].err);
		CU_ASSERT_EQUAL(n, rows[i].err ? 77 : rows[i].n);
	}
}

static void test_str_dup_terminates(void)
{
	char *s = cv_str_dup(cv_str_make("abcdef", 3));
	char *empty = cv_str_dup(CV_STR_NULL);

	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	CU_ASSERT_PTR_NOT_NULL_FATAL(empty);
	CU_ASSERT_STRING_EQUAL(s, "abc");
	CU_ASSERT_STRING_EQUAL(empty, "");
	free(s);
	free(empty);

	cv_mem_budget(0);
	CU_ASSERT_PTR_NULL(cv_str_dup(CV_STR("abc")));
	cv_mem_budget(-1);
}

static void test_str_ms(void)
{
	static const struct {
		struct cv_str s;
		int err;
		uint64_t ms;
	} rows[] = {
		{{"0ms", 3}, 0, 0},
		{{"20ms", 4}, 0, 20},
		{{"30s", 3}, 0, 30000},
		{{"5m", 2}, 0, 300000},
		{{"2h", 2}, 0, 7200000},
		{{"4294967295h", 11}, 0, UINT64_C(4294967295) * 3600000},
		{{"4294967296s", 11}, ERANGE, 0},
		{{"30", 2}, EINVAL, 0},
		{{"s", 1}, EINVAL, 0},
		{{"", 0}, EINVAL, 0},
		{{"3 s", 3}, EINVAL, 0},
		{{"3S", 2}, EINVAL, 0},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
		uint64_t ms = 0;

		CU_ASSERT_EQUAL(cv_str_ms(&ms, rows[i].s), rows[i].err);
		if (rows[i].err == 0)
			CU_ASSERT_EQUAL(ms, rows[i].ms);
	}
}

static void test_str_controls(void)
{
	CU_ASSERT_FALSE(cv_str_has_control(CV_STR_NULL));
	CU_ASSERT_FALSE(cv_str_has_control(CV_STR(" a\tb\x80~")));
	CU_ASSERT_TRUE(cv_str_has_control(CV_STR("a\n")));
	CU_ASSERT_TRUE(cv_str_has_control(CV_STR("\x1f")));
	CU_ASSERT_TRUE(cv_str_has_control(CV_STR("a\x7f")));
	CU_ASSERT_TRUE(cv_str_has_control(cv_str_make("a\0b", 3)));
}

static void test_char_kinds(void)
{
	for (int c = 0; c < 256; ++c) {
		bool blank = c == ' ' || c == '\t';

		CU_ASSERT_EQUAL(cv_char_is_blank((char)c), blank);
		CU_ASSERT_EQUAL(cv_char_is_space((char)c),
				blank || c == '\r' || c == '\n');
	}
}

int cv_test_str(void)
{
	CU_pSuite s = CU_add_suite("str", NULL, NULL);

	CU_add_test(s, "of NULL is empty", test_str_of_null_is_empty);
	CU_add_test(s, "compares", test_str_compares);
	CU_add_test(s, "trims and cuts", test_str_trims_and_cuts);
	CU_add_test(s, "next walks parts", test_str_next_walks_parts);
	CU_add_test(s, "u64 reads whole numbers", test_str_u64_reads_whole_numbers);
	CU_add_test(s, "times with units", test_str_ms);
	CU_add_test(s, "controls", test_str_controls);
	CU_add_test(s, "kinds of characters", test_char_kinds);
	CU_add_test(s, "dup terminates", test_str_dup_terminates);

	return (int)CU_get_error();
}
