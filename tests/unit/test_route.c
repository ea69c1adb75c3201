/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests of call/route.c: order, refusal, coming and going. One thread. */
#include "config.h"

#include <errno.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "base/mem.h"
#include "call/route.h"
#include "module.h"
#include "suite_call.h"

/* A route that gives what it is told; adds a target all the same. */
struct answer {
	int err;
	uint64_t binding;
	unsigned asked;
};

static int pick(void *arg, const struct cv_request *rq, struct cv_targets *to)
{
	struct answer *a = arg;

	(void)rq;
	++a->asked;
	cv_targets_add(to)->binding = a->binding;

	return a->err;
}

static const struct cv_route_ops ops = {.name = "answer", .pick = pick};

static void test_first_that_decides_wins(void)
{
	struct answer none = {ENOENT, 1, 0}, yes = {0, 2, 0}, late = {0, 3, 0};
	struct cv_route *r[3] = {NULL};
	struct cv_env env = {.loop = NULL};
	struct cv_request rq = {.cseq = 1};
	struct cv_targets to = {.c = 9};

	CU_ASSERT_EQUAL_FATAL(cv_routes_new(&env.routes), 0);
	CU_ASSERT_EQUAL(cv_routes_pick(env.routes, &rq, &to), ENOENT);
	CU_ASSERT_EQUAL(cv_route_add(&env, &r[0], &ops, &none), 0);
	CU_ASSERT_EQUAL(cv_routes_pick(env.routes, &rq, &to), ENOENT);
	CU_ASSERT_EQUAL(to.c, 0);
	CU_ASSERT_EQUAL(cv_route_add(&env, &r[1], &ops, &yes), 0);
	CU_ASSERT_EQUAL(cv_route_add(&env, &r[2], &ops, &late), 0);
	CU_ASSERT_EQUAL(cv_routes_pick(env.routes, &rq, &to), 0);
	CU_ASSERT_EQUAL(to.v[0].binding, 2);
	CU_ASSERT_EQUAL(to.c, 1);
	CU_ASSERT_EQUAL(none.asked, 2);
	CU_ASSERT_EQUAL(late.asked, 0);

	yes.err = EACCES; /* a refusal ends the search too */
	CU_ASSERT_EQUAL(cv_routes_pick(env.routes, &rq, &to), EACCES);
	CU_ASSERT_EQUAL(late.asked, 0);

	r[1] = cv_route_del(r[1]);
	CU_ASSERT_PTR_NULL(r[1]);
	CU_ASSERT_EQUAL(cv_routes_pick(env.routes, &rq, &to), 0);
	CU_ASSERT_EQUAL(to.v[0].binding, 3);

	cv_route_del(r[0]);
	cv_mem_unref(env.routes); /* before the last route: that stays valid */
	CU_ASSERT_PTR_NULL(cv_route_del(r[2]));
	CU_ASSERT_PTR_NULL(cv_route_del(NULL));
}

static void test_add_refuses_nonsense(void)
{
	static const struct cv_route_ops empty = {.name = "empty"};
	struct cv_env env = {.loop = NULL};
	struct cv_route *r = NULL;

	CU_ASSERT_EQUAL(cv_routes_new(NULL), EINVAL);
	CU_ASSERT_EQUAL(cv_route_add(&env, &r, &ops, NULL), EINVAL);
	CU_ASSERT_EQUAL_FATAL(cv_routes_new(&env.routes), 0);
	CU_ASSERT_EQUAL(cv_route_add(&env, &r, &empty, NULL), EINVAL);
	CU_ASSERT_PTR_NULL(r);
	cv_mem_unref(env.routes);
}

static void test_oom(void)
{
	struct cv_env env = {.loop = NULL};
	struct cv_route *r = NULL;

	cv_mem_budget(0);
	CU_ASSERT_EQUAL(cv_routes_new(&env.routes), ENOMEM);
	cv_mem_budget(1);
	CU_ASSERT_EQUAL(cv_routes_new(&env.routes), 0);
	CU_ASSERT_EQUAL(cv_route_add(&env, &r, &ops, NULL), ENOMEM);
	cv_mem_budget(-1);
	cv_mem_unref(env.routes);
}

int cv_test_route(void)
{
	CU_pSuite s = CU_add_suite("route", NULL, NULL);

	if (!s)
		return CU_get_error();

	CU_ADD_TEST(s, test_first_that_decides_wins);
	CU_ADD_TEST(s, test_add_refuses_nonsense);
	CU_ADD_TEST(s, test_oom);

	return CU_get_error();
}
