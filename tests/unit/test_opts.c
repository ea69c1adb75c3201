/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tests of conf/opts.c: what a module sees. One thread.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "base/buf.h"
#include "base/mem.h"
#include "conf/conf.h"
#include "conf/conf_int.h"
#include "conf/opts.h"

int cv_test_opts(void);

static const char text[] = "[user alice]\npassword = secret ; not this\n"
			   "[general]\nmodules = a, b\nmodules = c\n"
			   "[user bob]\nha1 = 0123456789abcdef0123456789abcdef\n"
			   "domain = example.com\nmax-contacts = 2\n";

static struct cv_conf *conf_open(void)
{
	struct cv_conf *c = NULL;
	struct cv_buf error = {0};

	CU_ASSERT_EQUAL_FATAL(cv_conf_parse(&c, "t", cv_str_of(text), &error), 0);
	CU_ASSERT_EQUAL(error.len, 0);
	cv_buf_free(&error);

	return c;
}

static void test_sections_come_in_order(void)
{
	struct cv_conf *c = conf_open();
	const struct cv_opts_sec *s = cv_opts_next(c->opts, "user", NULL);

	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	CU_ASSERT_STRING_EQUAL(cv_opts_name(s), "alice");
	CU_ASSERT_STRING_EQUAL(cv_opts_get(s, "password"), "secret");
	CU_ASSERT_STRING_EQUAL(cv_opts_get(s, "max-contacts"), "5"); /* default */
	CU_ASSERT_PTR_NULL(cv_opts_get(s, "domain"));
	CU_ASSERT_PTR_NULL(cv_opts_get(s, "no-such-key"));

	s = cv_opts_next(c->opts, "user", s);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	CU_ASSERT_STRING_EQUAL(cv_opts_name(s), "bob");
	CU_ASSERT_STRING_EQUAL(cv_opts_get(s, "max-contacts"), "2");
	CU_ASSERT_PTR_NULL(cv_opts_next(c->opts, "user", s));
	CU_ASSERT_PTR_NULL(cv_opts_next(c->opts, "route", NULL));

	s = cv_opts_next(c->opts, "general", NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	CU_ASSERT_STRING_EQUAL(cv_opts_name(s), "");
	CU_ASSERT_STRING_EQUAL(cv_opts_get(s, "modules"), "a, b, c");
	cv_mem_unref(c);
}

static void test_complaints_name_line_of_key_or_section(void)
{
	struct cv_conf *c = conf_open();
	const struct cv_opts_sec *s = cv_opts_next(c->opts, "user", NULL);
	struct cv_buf error = {0};

	cv_opts_complain(s, "password", "goes nowhere");
	cv_opts_error_to(c->opts, &error);
	cv_opts_complain(s, "password", "too %s", "short");
	cv_opts_complain(s, "domain", "is missing");
	cv_opts_error_to(c->opts, NULL);
	cv_opts_complain(s, "password", "goes nowhere");

	CU_ASSERT_PTR_NOT_NULL_FATAL(error.p);
	CU_ASSERT_STRING_EQUAL(error.p, "t:2: too short\nt:1: is missing\n");
	cv_buf_free(&error);
	cv_mem_unref(c);
}

static void test_opts_oom(void)
{
	struct cv_opts *o = NULL;
	int err = ENOMEM;

	for (long n = 0; err == ENOMEM && n < 64; ++n) {
		cv_mem_budget(n);
		err = cv_opts_new(&o);
		CU_ASSERT(err == 0 || (err == ENOMEM && !o));
	}

	cv_mem_budget(-1);
	CU_ASSERT_EQUAL_FATAL(err, 0);
	CU_ASSERT_PTR_NULL(cv_opts_alloc(o, SIZE_MAX / 2, 16));
	cv_mem_unref(o);
}

int cv_test_opts(void)
{
	CU_pSuite s = CU_add_suite("conf/opts", NULL, NULL);

	if (!s)
		return (int)CU_get_error();

	CU_add_test(s, "sections in order", test_sections_come_in_order);
	CU_add_test(s, "complaints", test_complaints_name_line_of_key_or_section);
	CU_add_test(s, "out of memory", test_opts_oom);

	return (int)CU_get_error();
}
