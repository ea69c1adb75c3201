/* SPDX-License-Identifier: BSD-3-Clause */
/* Tokens: only ours, only whole, only while the binding lives. */
#include "config.h"

#include <errno.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "base/mem.h"
#include "bind_kit.h"
#include "suite_bind.h"

static void test_token_finds_its_binding(void)
{
	struct cv_bind_ask ask = cv_kit_ask(4000);
	struct cv_binding *b, *found = NULL;
	struct cv_kit k;

	cv_kit_open(&k);
	b = cv_kit_register(&k, &ask, 60);
	CU_ASSERT_EQUAL(strlen(b->token), 31);
	CU_ASSERT_EQUAL(strncmp(b->token, "cv04", 4), 0); /* node 1, shard 2 */
	CU_ASSERT_EQUAL(cv_bind_by_token(k.binds, &found, cv_str_of(b->token)), 0);
	CU_ASSERT_PTR_EQUAL(found, b);
	cv_kit_close(&k);
}

/* Every other byte at place @p i; how many were taken for a token. */
static unsigned taken_at(struct cv_kit *k, const char *token, size_t i)
{
	struct cv_binding *found = NULL;
	char t[CV_BIND_TOKEN];
	unsigned taken = 0;

	memcpy(t, token, sizeof(t));
	for (int to = 1; to < 256; ++to) {
		int want = i < 2 ? ENOENT : EBADMSG;

		t[i] = (char)(token[i] ^ to);
		if (cv_bind_by_token(k->binds, &found, cv_str_make(t, 31)) != want)
			++taken;
	}

	return taken;
}

static void test_every_changed_byte_is_refused(void)
{
	struct cv_bind_ask ask = cv_kit_ask(4000);
	struct cv_binding *b;
	struct cv_kit k;

	cv_kit_open(&k);
	b = cv_kit_register(&k, &ask, 60);
	for (size_t i = 0; i < strlen(b->token); ++i)
		CU_ASSERT_EQUAL(taken_at(&k, b->token, i), 0);

	cv_kit_close(&k);
}

static void test_other_texts_are_no_tokens(void)
{
	struct cv_bind_ask ask = cv_kit_ask(4000);
	struct cv_binding *b, *found = NULL;
	struct cv_kit k;

	cv_kit_open(&k);
	b = cv_kit_register(&k, &ask, 60);
	CU_ASSERT_EQUAL(cv_bind_by_token(k.binds, &found, CV_STR_NULL), ENOENT);
	CU_ASSERT_EQUAL(cv_bind_by_token(k.binds, &found, CV_STR("cvetka")), ENOENT);
	CU_ASSERT_EQUAL(cv_bind_by_token(k.binds, &found, CV_STR("alice")), ENOENT);
	CU_ASSERT_EQUAL(cv_bind_by_token(k.binds, &found, cv_str_make(b->token, 30)),
			ENOENT);
	cv_kit_close(&k);
}

static void test_gone_binding_is_stale_not_forged(void)
{
	struct cv_bind_ask ask = cv_kit_ask(4000);
	struct cv_binding *b, *found = NULL;
	char token[CV_BIND_TOKEN];
	struct cv_kit k;

	cv_kit_open(&k);
	b = cv_kit_register(&k, &ask, 60);
	memcpy(token, b->token, sizeof(token));
	cv_bind_drop(k.binds, b, "unregistered");
	CU_ASSERT_EQUAL(cv_bind_by_token(k.binds, &found, cv_str_of(token)), ESTALE);
	cv_kit_close(&k);
}

static void test_another_secret_does_not_fit(void)
{
	struct cv_bind_ask ask = cv_kit_ask(4000);
	struct cv_binds_env env = {0};
	struct cv_binding *b, *found = NULL;
	struct cv_binds *other = NULL;
	struct cv_kit k;

	cv_kit_open(&k);
	env.conf = &k.conf;
	env.loop = k.loop;
	memset(env.key, 0x5b, sizeof(env.key));
	CU_ASSERT_EQUAL(cv_binds_new(&other, &env), 0);
	b = cv_kit_register(&k, &ask, 60);
	CU_ASSERT_EQUAL(cv_bind_by_token(other, &found, cv_str_of(b->token)), EBADMSG);
	cv_mem_unref(other);
	cv_kit_close(&k);
}

static void test_alias_depends_on_every_part(void)
{
	struct cv_str v[] = {CV_STR("ab"), CV_STR("c")};
	struct cv_str w[] = {CV_STR("a"), CV_STR("bc")};
	char a[33], b[33], c[33], d[33], e[9];
	struct cv_kit k;

	cv_kit_open(&k);
	cv_binds_alias(k.binds, "call-id", v, 2, a, 32);
	cv_binds_alias(k.binds, "call-id", v, 2, b, 32);
	cv_binds_alias(k.binds, "call-id", w, 2, c, 32);
	cv_binds_alias(k.binds, "tag", v, 2, d, 32);
	cv_binds_alias(k.binds, "call-id", v, 2, e, 8);
	CU_ASSERT_EQUAL(strlen(a), 32);
	CU_ASSERT_STRING_EQUAL(a, b);
	CU_ASSERT_STRING_NOT_EQUAL(a, c);
	CU_ASSERT_STRING_NOT_EQUAL(a, d);
	CU_ASSERT_EQUAL(strlen(e), 8);
	CU_ASSERT_EQUAL(strncmp(a, e, 8), 0);
	CU_ASSERT_EQUAL(strspn(a, "0123456789abcdef"), 32);
	cv_kit_close(&k);
}

int cv_test_bind_token(void)
{
	CU_pSuite s = CU_add_suite("bind token", NULL, NULL);

	if (!s ||
	    !CU_add_test(s, "token finds its binding", test_token_finds_its_binding) ||
	    !CU_add_test(s, "every changed byte is refused",
			 test_every_changed_byte_is_refused) ||
	    !CU_add_test(s, "other texts are no tokens",
			 test_other_texts_are_no_tokens) ||
	    !CU_add_test(s, "gone binding is stale, not forged",
			 test_gone_binding_is_stale_not_forged) ||
	    !CU_add_test(s, "another secret does not fit",
			 test_another_secret_does_not_fit) ||
	    !CU_add_test(s, "alias depends on every part",
			 test_alias_depends_on_every_part))
		return (int)CU_get_error();

	return 0;
}
