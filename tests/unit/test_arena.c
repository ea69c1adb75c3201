/* SPDX-License-Identifier: BSD-3-Clause */
/* The cells between a media thread and signalling. */
#include "config.h"

#include "media/arena.h"

#include <errno.h>
#include <pthread.h>

#include <CUnit/CUnit.h>

#include "base/mem.h"
#include "suite_media.h"

enum { ROUNDS = 20000 };

static void test_clear_makes_and_empties_a_cell(void)
{
	struct cv_arena *a = NULL;
	struct cv_cell *c;
	struct cv_addr out, in = {.family = AF_INET, .port = 4000};
	uint8_t proof;

	CU_ASSERT_EQUAL_FATAL(cv_arena_new(&a), 0);
	CU_ASSERT_PTR_NULL(cv_arena_cell(a, 300));
	CU_ASSERT_EQUAL(cv_arena_clear(a, 300), 0);
	CU_ASSERT_EQUAL(cv_arena_clear(a, CV_ARENA_SLOTS), EINVAL);
	CU_ASSERT_PTR_NULL(cv_arena_cell(a, CV_ARENA_SLOTS));
	c = cv_arena_cell(a, 300);
	CU_ASSERT_PTR_NOT_NULL_FATAL(c);
	CU_ASSERT_EQUAL((uintptr_t)c % 64, 0);

	cv_cell_add(&c->end[1], CV_COUNT_RTP_IN, 5);
	cv_cell_add_refused(&c->end[1]);
	cv_cell_put_remote(&c->end[1], &in, 6);
	cv_cell_get_remote(&c->end[1], &out, &proof);
	CU_ASSERT(proof == 6 && cv_addr_eq(&in, &out));
	CU_ASSERT_EQUAL(atomic_load(&c->end[1].refused), 1);
	CU_ASSERT_EQUAL(cv_arena_clear(a, 300), 0);
	CU_ASSERT_EQUAL(cv_cell_read(&c->end[1], CV_COUNT_RTP_IN), 0);
	CU_ASSERT_EQUAL(atomic_load(&c->end[1].refused), 0);
	cv_cell_get_remote(&c->end[1], &out, &proof);
	CU_ASSERT(proof == 0 && !cv_addr_is_set(&out));

	cv_mem_budget(0);
	CU_ASSERT_EQUAL(cv_arena_clear(a, 300), 0);
	CU_ASSERT_EQUAL(cv_arena_clear(a, 3000), ENOMEM);
	cv_mem_budget(-1);
	cv_mem_unref(a);
}

/* All bytes and the port carry one number, so a torn read shows */
static void *writer(void *arg)
{
	struct cv_cell_end *c = arg;

	for (int i = 0; i < ROUNDS; ++i) {
		struct cv_addr a = {.family = AF_INET6, .port = (uint16_t)(i % 251)};

		for (size_t k = 0; k < 16; ++k)
			a.ip.bytes[k] = (uint8_t)(i % 251);
		cv_cell_put_remote(c, &a, 1);
	}

	return NULL;
}

static void test_remote_is_never_torn(void)
{
	struct cv_arena *a = NULL;
	struct cv_cell_end *c;
	pthread_t thread;
	unsigned torn = 0;

	CU_ASSERT_EQUAL_FATAL(cv_arena_new(&a), 0);
	CU_ASSERT_EQUAL_FATAL(cv_arena_clear(a, 0), 0);
	c = &cv_arena_cell(a, 0)->end[0];
	CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, writer, c), 0);
	for (int i = 0; i < ROUNDS; ++i) {
		struct cv_addr out;
		uint8_t proof;

		cv_cell_get_remote(c, &out, &proof);
		for (size_t k = 0; k < 16; ++k)
			torn += out.ip.bytes[k] != (uint8_t)out.port;
	}
	CU_ASSERT_EQUAL(pthread_join(thread, NULL), 0);
	CU_ASSERT_EQUAL(torn, 0);
	cv_mem_unref(a);
}

int cv_test_arena(void)
{
	CU_pSuite s = CU_add_suite("arena", NULL, NULL);

	if (!s || !CU_add_test(s, "clear", test_clear_makes_and_empties_a_cell) ||
	    !CU_add_test(s, "torn", test_remote_is_never_torn))
		return (int)CU_get_error();

	return 0;
}
