/* SPDX-License-Identifier: BSD-3-Clause */
/* The registry of homes: order, ENOENT, the one AOR of an account. */
#include "config.h"

#include <errno.h>

#include <CUnit/CUnit.h>

#include "base/mem.h"
#include "bind/home.h"
#include "module.h"
#include "suite_bind.h"

/* A home that has one user of one domain. */
struct one {
	const char *user, *domain;
	unsigned asked;
};

static bool knows(void *arg, struct cv_str user, struct cv_str host)
{
	struct one *o = arg;

	return cv_str_eq(user, cv_str_of(o->user)) &&
	       (host.len == 0 || cv_str_eq(host, cv_str_of(o->domain)));
}

static const char *domain(void *arg, struct cv_str user, struct cv_str host)
{
	struct one *o = arg;

	return knows(arg, user, host) ? o->domain : NULL;
}

static int answer(void *arg, const struct cv_home_ask *ask, struct cv_home_answer *ans)
{
	struct one *o = arg;

	++o->asked;
	if (!knows(arg, ask->user, ask->host))
		return ENOENT;

	ans->verdict = CV_HOME_ACCEPT;
	ans->expires_s = ask->expires_s;

	return 0;
}

static const struct cv_home_ops with_domain = {
	.name = "with-domain",
	.answer = answer,
	.knows = knows,
	.domain = domain,
};

static const struct cv_home_ops plain = {
	.name = "plain",
	.answer = answer,
	.knows = knows,
};

static void test_first_that_answers_decides(void)
{
	struct one a = {"alice", "a.example", 0}, b = {"bob", "b.example", 0};
	struct cv_home_ask ask = {.user = CV_STR("bob"), .expires_s = 60};
	struct cv_home_answer ans = {0};
	struct cv_home *ha = NULL, *hb = NULL;
	struct cv_env env = {0};

	CU_ASSERT_EQUAL_FATAL(cv_homes_new(&env.homes), 0);
	CU_ASSERT_EQUAL(cv_homes_answer(env.homes, &ask, &ans), ENOENT);
	CU_ASSERT_EQUAL(cv_home_add(&env, &ha, &plain, &a), 0);
	CU_ASSERT_EQUAL(cv_home_add(&env, &hb, &plain, &b), 0);
	CU_ASSERT_EQUAL(cv_homes_answer(env.homes, &ask, &ans), 0);
	CU_ASSERT_EQUAL(ans.expires_s, 60);
	CU_ASSERT_EQUAL(a.asked, 1);
	ask.user = CV_STR("alice");
	CU_ASSERT_EQUAL(cv_homes_answer(env.homes, &ask, &ans), 0);
	CU_ASSERT_EQUAL(b.asked, 1);

	CU_ASSERT_PTR_NULL(cv_home_del(ha));
	CU_ASSERT_EQUAL(cv_homes_answer(env.homes, &ask, &ans), ENOENT);
	CU_ASSERT_PTR_NULL(cv_home_del(NULL));
	cv_mem_unref(env.homes);
	cv_home_del(hb);
}

static void test_an_account_has_one_aor(void)
{
	struct one a = {"alice", "a.example", 0}, b = {"bob", "b.example", 0};
	struct cv_home *ha = NULL, *hb = NULL;
	struct cv_env env = {0};
	char aor[64];

	CU_ASSERT_EQUAL_FATAL(cv_homes_new(&env.homes), 0);
	CU_ASSERT_EQUAL(cv_home_add(&env, &ha, &with_domain, &a), 0);
	CU_ASSERT_EQUAL(cv_home_add(&env, &hb, &plain, &b), 0);
	CU_ASSERT_TRUE(cv_homes_know(env.homes, CV_STR("alice"), CV_STR_NULL));
	CU_ASSERT_FALSE(cv_homes_know(env.homes, CV_STR("alice"), CV_STR("b.example")));
	CU_ASSERT_EQUAL(cv_homes_aor(env.homes, CV_STR("alice"), CV_STR_NULL, aor, 64),
			0);
	CU_ASSERT_STRING_EQUAL(aor, "alice@a.example");
	CU_ASSERT_EQUAL(
		cv_homes_aor(env.homes, CV_STR("bob"), CV_STR("b.example"), aor, 64), 0);
	CU_ASSERT_STRING_EQUAL(aor, "bob@b.example");
	CU_ASSERT_EQUAL(cv_homes_aor(env.homes, CV_STR("eve"), CV_STR_NULL, aor, 64),
			ENOENT);
	CU_ASSERT_EQUAL(cv_homes_aor(env.homes, CV_STR("alice"), CV_STR_NULL, aor, 6),
			EMSGSIZE);
	cv_home_del(hb);
	cv_home_del(ha);
	cv_mem_unref(env.homes);
}

static void test_add_oom(void)
{
	struct cv_home *h = NULL;
	struct cv_env env = {0};

	cv_mem_budget(0);
	CU_ASSERT_EQUAL(cv_homes_new(&env.homes), ENOMEM);
	CU_ASSERT_PTR_NULL(env.homes);
	cv_mem_budget(-1);
	CU_ASSERT_EQUAL_FATAL(cv_homes_new(&env.homes), 0);
	cv_mem_budget(0);
	CU_ASSERT_EQUAL(cv_home_add(&env, &h, &plain, NULL), ENOMEM);
	CU_ASSERT_PTR_NULL(h);
	cv_mem_budget(-1);
	cv_mem_unref(env.homes);
}

int cv_test_home(void)
{
	CU_pSuite s = CU_add_suite("home", NULL, NULL);

	if (!s ||
	    !CU_add_test(s, "first that answers decides",
			 test_first_that_answers_decides) ||
	    !CU_add_test(s, "an account has one AOR", test_an_account_has_one_aor) ||
	    !CU_add_test(s, "add, out of memory", test_add_oom))
		return (int)CU_get_error();

	return 0;
}
