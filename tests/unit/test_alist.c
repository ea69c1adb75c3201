/* SPDX-License-Identifier: BSD-3-Clause */
/* Address lists: grammar, order, what a list answers. */
#include "config.h"

#include "net/alist.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "base/mem.h"
#include "runner.h"
#include "suite_net.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct cv_addr addr(const char *text)
{
	struct cv_addr a = {0};

	CU_ASSERT_EQUAL(cv_addr_parse(&a, cv_str_of(text)), 0);

	return a;
}

/* Entries separated by blanks */
static struct cv_alist *list(const char *entries)
{
	struct cv_str rest = cv_str_of(entries), part;
	struct cv_alist *l = NULL;
	const char *why = NULL;

	CU_ASSERT_EQUAL_FATAL(cv_alist_new(&l), 0);
	while (cv_str_next(&rest, ' ', &part))
		CU_ASSERT_EQUAL(cv_alist_add(l, part, &why), 0);

	return l;
}

static void test_find_last_word_wins(void)
{
	static const struct {
		const char *entries, *addr;
		size_t found;
	} v[] = {
		{"10.0.0.1", "10.0.0.1", 1},
		{"10.0.0.1", "10.0.0.2", 0},
		{"10.0.0.1", "10.0.0.1:5060", 1},
		{"10.0.0.0/8", "10.255.255.255", 1},
		{"10.0.0.0/8", "11.0.0.0", 0},
		{"192.0.2.10-192.0.2.20", "192.0.2.10", 1},
		{"192.0.2.10-192.0.2.20", "192.0.2.20", 1},
		{"192.0.2.10-192.0.2.20", "192.0.2.21", 0},
		{"10.0.0.0/8 !10.1.0.0/16", "10.1.2.3", 0},
		{"10.0.0.0/8 !10.1.0.0/16", "10.2.2.3", 1},
		{"10.0.0.0/8 !10.1.0.0/16 10.1.1.0/24", "10.1.1.9", 3},
		{"!10.1.0.0/16 10.0.0.0/8", "10.1.2.3", 2},
		{"10.0.0.0/8 10.1.1.1", "10.1.1.1", 2},
		{"172.16.0.0/12", "172.31.255.255", 1},
		{"172.16.0.0/12", "172.32.0.0", 0},
		{"10.1.1.1/32", "10.1.1.1", 1},
		{"128.0.0.0/1", "200.0.0.1", 1},
		{"fc00::/7", "fd00::1", 1},
		{"fc00::/7", "fe00::1", 0},
		{"2001:db8::1-2001:db8::ff", "2001:db8::80", 1},
		{"fc00::/7", "10.0.0.1", 0},
		{"10.0.0.0/8", "::ffff:10.0.0.1", 1},
		{"::ffff:10.0.0.1", "10.0.0.1", 1},
		{"2001:db8::/33", "2001:db8:8000::", 0},
		{"2001:db8::1/128", "2001:db8::1", 1},
		{"fe80::1", "fe80::1%1", 1},
		{"fe80::/10", "fe80::1%1", 1},
	};

	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); ++i) {
		struct cv_alist *l = list(v[i].entries);
		struct cv_addr a = addr(v[i].addr);

		CU_ASSERT_EQUAL(cv_alist_find(l, &a), v[i].found);
		cv_mem_unref(l);
	}
}

static void test_add_refuses_with_a_sentence(void)
{
	static const struct {
		const char *entry, *why;
	} v[] = {
		{"", "an address is missing"},
		{"!", "an address is missing"},
		{"10.0.0.0/33", "prefix length must be 1 to 32"},
		{"10.0.0.0/0", "prefix length must be 1 to 32"},
		{"10.0.0.0/", "prefix length must be 1 to 32"},
		{"fc00::/129", "prefix length must be 1 to 128"},
		{"fc00::/0", "prefix length must be 1 to 128"},
		{"10.0.0.1/8", "address has bits set below the prefix length"},
		{"fc00::1/7", "address has bits set below the prefix length"},
		{"10.0.0.9-10.0.0.1", "the first address of a range is above the last"},
		{"10.0.0.1-", "an address is missing"},
		{"10.0.0.1-fc00::1", "both ends of a range must be of one IP version"},
		{"10.0.0.1:5060", "a list entry has no port"},
		{"[fc00::1]:5060", "a list entry has no port"},
		{"fe80::1%lo", "a list entry has no interface scope"},
		{"example.com", "not an IPv4 or IPv6 address (names are not looked up)"},
		{"10.0.0", "not an IPv4 or IPv6 address (names are not looked up)"},
		{"10.0.0.256", "not an IPv4 or IPv6 address (names are not looked up)"},
	};
	struct cv_alist *l = list("");

	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); ++i) {
		const char *why = "";

		CU_ASSERT_EQUAL(cv_alist_add(l, cv_str_of(v[i].entry), &why), EINVAL);
		CU_ASSERT_STRING_EQUAL(why, v[i].why);
	}
	CU_ASSERT_EQUAL(cv_alist_count(l), 0);
	cv_mem_unref(l);
}

static void test_add_keeps_text_without_blanks(void)
{
	struct cv_alist *l = list("");

	CU_ASSERT_EQUAL(cv_alist_add(l, CV_STR("\t10.0.0.1 - 10.0.0.9 "), NULL), 0);
	CU_ASSERT_STRING_EQUAL(cv_alist_text(l, 1), "10.0.0.1 - 10.0.0.9");
	CU_ASSERT_STRING_EQUAL(cv_alist_text(l, 2), "");
	CU_ASSERT_STRING_EQUAL(cv_alist_text(l, 0), "");
	CU_ASSERT_STRING_EQUAL(cv_alist_text(NULL, 1), "");
	CU_ASSERT_EQUAL(cv_alist_count(NULL), 0);
	cv_mem_unref(l);
}

static void test_add_stops_at_the_limit(void)
{
	struct cv_alist *l = list("");
	const char *why = "";

	for (int i = 0; i < CV_ALIST_MAX; ++i)
		CU_ASSERT_EQUAL(cv_alist_add(l, CV_STR("192.0.2.1"), NULL), 0);
	CU_ASSERT_EQUAL(cv_alist_add(l, CV_STR("192.0.2.1"), &why), E2BIG);
	CU_ASSERT_STRING_EQUAL(why, "the list has too many entries");
	CU_ASSERT_EQUAL(cv_alist_count(l), CV_ALIST_MAX);
	cv_mem_unref(l);
}

static void test_around_is_what_one_entry_decides(void)
{
	static const struct {
		const char *entries, *addr, *lo, *hi;
	} v[] = {
		{"", "192.0.2.9", "192.0.2.9", "192.0.2.9"},
		{"192.0.2.0/24", "192.0.2.9:77", "192.0.2.0", "192.0.2.255"},
		{"192.0.2.0/24 !192.0.2.4", "192.0.2.9", "192.0.2.5", "192.0.2.255"},
		{"192.0.2.0/24 !192.0.2.4", "192.0.2.4", "192.0.2.4", "192.0.2.4"},
		{"192.0.2.0/24 192.0.2.16/28", "192.0.2.9", "192.0.2.0", "192.0.2.15"},
		{"192.0.2.0/24 192.0.2.16/28", "192.0.2.17", "192.0.2.16", "192.0.2.31"},
	};

	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); ++i) {
		struct cv_alist *l = list(v[i].entries);
		struct cv_addr a = addr(v[i].addr), lo, hi;
		struct cv_addr want_lo = addr(v[i].lo), want_hi = addr(v[i].hi);

		cv_alist_around(l, &a, &lo, &hi);
		CU_ASSERT(cv_addr_eq(&lo, &want_lo));
		CU_ASSERT(cv_addr_eq(&hi, &want_hi));
		cv_mem_unref(l);
	}
}

static void test_overlap_is_found(void)
{
	static const struct {
		const char *entries;
		size_t n, overlap;
	} v[] = {
		{"192.0.2.1", 1, 0},
		{"192.0.2.1 192.0.2.2", 2, 0},
		{"192.0.2.0/24 192.0.2.9", 2, 1},
		{"192.0.2.0/24 192.0.2.9", 1, 0}, /* only what stands before */
		{"192.0.2.9 192.0.2.0/24", 2, 1},
		{"192.0.2.1-192.0.2.9 192.0.2.9-192.0.2.20", 2, 1},
		{"192.0.2.1-192.0.2.8 192.0.2.9-192.0.2.20", 2, 0},
		{"192.0.2.0/24 !192.0.2.9 192.0.2.9", 3, 0},
		{"192.0.2.0/24 !192.0.2.9 192.0.2.8/31", 3, 1},
		{"192.0.2.0/24 !192.0.2.9", 2, 0},
		{"!192.0.2.0/24 192.0.2.9", 2, 0},
		{"2001:db8::/64 192.0.2.9", 2, 0},
		{"2001:db8::/64 2001:db8::9", 2, 1},
		{"192.0.2.1", 2, 0},
	};

	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); ++i) {
		struct cv_alist *l = list(v[i].entries);

		CU_ASSERT_EQUAL(cv_alist_overlap(l, v[i].n), v[i].overlap);
		cv_mem_unref(l);
	}
}

static void test_holds_is_all_of_an_entry(void)
{
	struct cv_alist *l = list("10.1.0.0/17 10.2.0.0/16 !10.3.0.0/16 10.3.0.0/16");
	struct cv_alist *of = list("10.1.0.0/16 10.2.0.0/16 10.2.1.1 10.4.0.1 "
				   "!10.2.0.0/16 2001:db8::1");
	static const size_t want[] = {0, 2, 2, 0, 0, 0, 0};

	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); ++i)
		CU_ASSERT_EQUAL(cv_alist_holds(l, of, i + 1), want[i]);
	cv_mem_unref(l);
	cv_mem_unref(of);
}

static void test_corpus_is_survived(void)
{
	CU_ASSERT(cv_test_corpus("alist", LLVMFuzzerTestOneInput) > 0);
}

static void test_alist_oom(void)
{
	struct cv_alist *l = NULL;
	int err = ENOMEM;

	for (long n = 0; err == ENOMEM && n < 16; ++n) {
		cv_mem_budget(n);
		err = cv_alist_new(&l);
		if (!err)
			err = cv_alist_add(l, CV_STR("10.0.0.0/8"), NULL);
		cv_mem_budget(-1);
		CU_ASSERT(err == 0 || err == ENOMEM);
		if (err)
			l = cv_mem_unref(l);
	}
	CU_ASSERT_EQUAL(err, 0);
	CU_ASSERT_EQUAL(cv_alist_count(l), 1);
	cv_mem_unref(l);
}

int cv_test_alist(void)
{
	CU_pSuite s = CU_add_suite("alist", NULL, NULL);

	if (!s ||
	    !CU_add_test(s, "cg_06 find: last word wins", test_find_last_word_wins) ||
	    !CU_add_test(s, "cg_06 add: sentences", test_add_refuses_with_a_sentence) ||
	    !CU_add_test(s, "add: text", test_add_keeps_text_without_blanks) ||
	    !CU_add_test(s, "add: limit", test_add_stops_at_the_limit) ||
	    !CU_add_test(s, "around", test_around_is_what_one_entry_decides) ||
	    !CU_add_test(s, "overlap", test_overlap_is_found) ||
	    !CU_add_test(s, "holds", test_holds_is_all_of_an_entry) ||
	    !CU_add_test(s, "corpus", test_corpus_is_survived) ||
	    !CU_add_test(s, "oom", test_alist_oom))
		return (int)CU_get_error();

	return 0;
}
