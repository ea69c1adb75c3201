/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tests of conf/keys.c: the table itself and the words near to a wrong one.
 * One thread.
 */
#include "config.h"

#include <string.h>

#include <CUnit/CUnit.h>

#include "conf/conf_int.h"

int cv_test_keys(void);

struct near_case {
	const char *kind, *word, *near; /* NULL: none */
};

static const struct near_case near_cases[] = {
	{"listen", "addresx", "address"},
	{"listen", "udpp", "udp"},
	{"media", "port", "ports"},
	{"registration", "min-expire", "min-expires"},
	{"ping", "intervalx", "interval"},
	{"ping", "zzzzzz", NULL},
	{"ping", "x", NULL},
	{"ping", "", NULL},
	{"peer", "a-word-that-is-much-longer-than-any-key-of-ours", NULL},
	{NULL, "listn", "listen"},
	{NULL, "networks", "network"},
	{NULL, "sofia", NULL},
};

static void test_nearest_finds_typing_errors_only(void)
{
	for (size_t i = 0; i < sizeof(near_cases) / sizeof(near_cases[0]); ++i) {
		const struct near_case *c = &near_cases[i];
		const char *near = cv_conf_nearest(c->kind, c->word);

		CU_ASSERT_EQUAL(!near, !c->near);
		if (near && c->near)
			CU_ASSERT_STRING_EQUAL(near, c->near);
	}
}

static void test_rows_are_unique_and_have_a_kind(void)
{
	for (size_t i = 0; i < cv_conf_keyc; ++i) {
		const struct cv_conf_key *k = &cv_conf_keys[i];

		CU_ASSERT_PTR_EQUAL(cv_conf_key_find(k->kind, k->name), k);
		CU_ASSERT_PTR_NOT_NULL(cv_conf_kind_find(k->kind));
		CU_ASSERT_FALSE(cv_conf_key_is_later(k->kind, k->name));
		CU_ASSERT_TRUE(k->doc && k->doc[strlen(k->doc) - 1] != '.');
	}

	CU_ASSERT_PTR_NULL(cv_conf_key_find("media", "udp"));
	CU_ASSERT_PTR_NULL(cv_conf_kind_find("tls"));
}

static void test_later_keys_are_known_by_name(void)
{
	CU_ASSERT_TRUE(cv_conf_key_is_later("peer", "srtp"));
	CU_ASSERT_TRUE(cv_conf_key_is_later("peer", "codecs"));
	CU_ASSERT_FALSE(cv_conf_key_is_later("peer", "srt"));
	CU_ASSERT_FALSE(cv_conf_key_is_later("listen", ""));
	CU_ASSERT_FALSE(cv_conf_key_is_later("cdr", "file"));
	CU_ASSERT_TRUE(cv_conf_kind_is_later("cdr"));
	CU_ASSERT_FALSE(cv_conf_kind_is_later("listen"));
}

int cv_test_keys(void)
{
	CU_pSuite s = CU_add_suite("conf/keys", NULL, NULL);

	if (!s)
		return (int)CU_get_error();

	CU_add_test(s, "nearest word", test_nearest_finds_typing_errors_only);
	CU_add_test(s, "rows", test_rows_are_unique_and_have_a_kind);
	CU_add_test(s, "later keys", test_later_keys_are_known_by_name);

	return (int)CU_get_error();
}
