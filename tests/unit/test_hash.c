/* SPDX-License-Identifier: BSD-3-Clause */
/* What base/hash.c promises: SipHash, many keys, one key many times, growth. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "base/hash.h"
#include "base/hash_int.h"
#include "base/mem.h"
#include "suite_base.h"

enum { MANY = 1000 };

/** What the tests put into tables. */
struct thing {
	struct cv_hash_node node;
	char key[16];
	int seen;
};

/* Vectors of the SipHash paper's reference program: key 00..0f, message 00, 01, ... */
static void test_hash_matches_published_vectors(void)
{
	static const uint64_t key[2] = {0x0706050403020100, 0x0f0e0d0c0b0a0908};
	static const struct {
		size_t len;
		uint64_t hash;
	} rows[] = {
		{0, 0x726fdb47dd0e0e31},  {1, 0x74f839c593dc67fd},
		{7, 0xab0200f58b01d137},  {8, 0x93f5f5799a932462},
		{15, 0xa129ca6149be45e5}, {63, 0x958a324ceb064572},
	};
	uint8_t msg[64];

	for (size_t i = 0; i < sizeof(msg); ++i)
		msg[i] = (uint8_t)i;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i)
		CU_ASSERT_EQUAL(cv_hash_keyed(key, msg, rows[i].len), rows[i].hash);
}

static void test_hash_seed_is_stable_and_not_zero(void)
{
	static const uint64_t zero[2];

	CU_ASSERT_EQUAL(cv_hash_bytes("alice", 5), cv_hash_bytes("alice", 5));
	CU_ASSERT_NOT_EQUAL(cv_hash_bytes("alice", 5), cv_hash_bytes("alicf", 5));
	CU_ASSERT_NOT_EQUAL(cv_hash_bytes("alice", 5), cv_hash_keyed(zero, "alice", 5));
}

static void fill(struct cv_hash *h, struct thing *v)
{
	for (int i = 0; i < MANY; ++i) {
		(void)snprintf(v[i].key, sizeof(v[i].key), "key-%d", i);
		cv_hash_add(h, &v[i].node, cv_str_of(v[i].key), &v[i]);
	}
}

static void test_hash_finds_all_after_growing(void)
{
	static struct thing v[MANY];
	struct cv_hash *h = NULL;
	int missing = 0;

	memset(v, 0, sizeof(v));
	CU_ASSERT_EQUAL_FATAL(cv_hash_new(&h), 0);
	CU_ASSERT_PTR_NULL(cv_hash_find(h, CV_STR("key-1")));
	fill(h, v);
	CU_ASSERT_EQUAL(cv_hash_count(h), MANY);

	for (int i = 0; i < MANY; ++i) {
		struct cv_hash_node *n = cv_hash_find(h, cv_str_of(v[i].key));

		missing += !n || n->obj != &v[i] || cv_hash_next(n);
	}

	CU_ASSERT_EQUAL(missing, 0);
	CU_ASSERT_PTR_NULL(cv_hash_find(h, CV_STR("key-1000")));
	CU_ASSERT_PTR_NULL(cv_hash_find(h, CV_STR("key-1x")));
	cv_mem_unref(h);
	CU_ASSERT_PTR_NULL(v[0].node.in);
	cv_hash_del(&v[0].node); /* the table is gone: nothing happens */
}

static void test_hash_works_when_growing_fails(void)
{
	static struct thing v[MANY];
	struct cv_hash *h = NULL;
	int missing = 0;

	memset(v, 0, sizeof(v));
	CU_ASSERT_EQUAL_FATAL(cv_hash_new(&h), 0);
	cv_mem_budget(0);
	fill(h, v);
	cv_mem_budget(-1);

	for (int i = 0; i < MANY; ++i)
		missing += !cv_hash_find(h, cv_str_of(v[i].key));

	CU_ASSERT_EQUAL(missing, 0);
	cv_mem_unref(h);
}

static void test_hash_keeps_equal_keys_apart(void)
{
	struct thing v[3] = {0};
	struct cv_hash *h = NULL;
	struct cv_hash_node *n;

	CU_ASSERT_EQUAL_FATAL(cv_hash_new(&h), 0);
	for (int i = 0; i < 3; ++i)
		cv_hash_add(h, &v[i].node, CV_STR("same"), &v[i]);

	cv_hash_del(&v[1].node);
	cv_hash_del(&v[1].node);
	CU_ASSERT_EQUAL(cv_hash_count(h), 2);

	for (n = cv_hash_find(h, CV_STR("same")); n; n = cv_hash_next(n))
		++((struct thing *)n->obj)->seen;

	CU_ASSERT_EQUAL(v[0].seen, 1);
	CU_ASSERT_EQUAL(v[1].seen, 0);
	CU_ASSERT_EQUAL(v[2].seen, 1);
	cv_mem_unref(h);
}

static void drop(void *obj, void *arg)
{
	struct thing *t = obj;
	int *count = arg;

	++*count;
	cv_hash_del(&t->node);
}

static void test_hash_walk_may_drop_each(void)
{
	static struct thing v[MANY];
	struct cv_hash *h = NULL;
	int count = 0;

	memset(v, 0, sizeof(v));
	CU_ASSERT_EQUAL_FATAL(cv_hash_new(&h), 0);
	fill(h, v);
	cv_hash_walk(h, drop, &count);
	CU_ASSERT_EQUAL(count, MANY);
	CU_ASSERT_EQUAL(cv_hash_count(h), 0);
	cv_mem_unref(h);
}

static void test_hash_oom(void)
{
	struct cv_hash *h = NULL;
	int err = ENOMEM;

	for (long n = 0; err == ENOMEM && n < 8; ++n) {
		cv_mem_budget(n);
		err = cv_hash_new(&h);
		CU_ASSERT(err == 0 || (err == ENOMEM && !h));
	}

	cv_mem_budget(-1);
	CU_ASSERT_EQUAL(err, 0);
	cv_mem_unref(h);
}

int cv_test_hash(void)
{
	CU_pSuite s = CU_add_suite("hash", NULL, NULL);

	CU_add_test(s, "matches published vectors", test_hash_matches_published_vectors);
	CU_add_test(s, "seed is stable and not zero",
		    test_hash_seed_is_stable_and_not_zero);
	CU_add_test(s, "finds all after growing", test_hash_finds_all_after_growing);
	CU_add_test(s, "works when growing fails", test_hash_works_when_growing_fails);
	CU_add_test(s, "keeps equal keys apart", test_hash_keeps_equal_keys_apart);
	CU_add_test(s, "walk may drop each", test_hash_walk_may_drop_each);
	CU_add_test(s, "out of memory", test_hash_oom);

	return (int)CU_get_error();
}
