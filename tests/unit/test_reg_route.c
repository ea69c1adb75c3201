/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tests of sip/reg_route.c: which phones of an account are asked, and in which
 * order. What a token names is tested in test_reg.c. One thread.
 */
#include "config.h"

#include <CUnit/CUnit.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "fake_loop.h"
#include "module.h"
#include "suite_sip.h"

struct bed {
	struct cv_sip_kit kit;
	struct cv_loop *loop;
	struct cv_binds *binds;
	struct cv_home *home;
	struct cv_sip_link *link;
};

static bool knows(void *arg, struct cv_str user, struct cv_str host)
{
	(void)arg;

	return cv_str_eq(user, CV_STR("alice")) && cv_str_is_empty(host);
}

static int answer(void *arg, const struct cv_home_ask *ask, struct cv_home_answer *ans)
{
	(void)arg;
	(void)ask;
	(void)ans;

	return ENOENT;
}

static const struct cv_home_ops home_ops = {
	.name = "test",
	.answer = answer,
	.knows = knows,
};

static void no_ping(void *arg, struct cv_binding *b)
{
	(void)arg;
	(void)b;
}

static void no_end(void *arg, struct cv_binding *b, const char *why)
{
	(void)arg;
	(void)b;
	(void)why;
}

static void bed_open(struct bed *b)
{
	struct cv_binds_env env = {.ping = no_ping, .ended = no_end};
	struct cv_env module = {.loop = NULL};

	memset(b, 0, sizeof(*b));
	cv_sip_kit_open(&b->kit);
	CU_ASSERT_EQUAL_FATAL(cv_fake_loop_new(&b->loop), 0);
	env.conf = b->kit.conf;
	env.loop = b->loop;
	memset(env.key, 7, sizeof(env.key));
	CU_ASSERT_EQUAL_FATAL(cv_binds_new(&b->binds, &env), 0);
	module.homes = b->kit.sip.homes;
	CU_ASSERT_EQUAL_FATAL(cv_home_add(&module, &b->home, &home_ops, NULL), 0);
	b->kit.sip.binds = b->binds;
	b->link = cv_mem_new(sizeof(*b->link), NULL);
}

static void bed_close(struct bed *b)
{
	cv_mem_unref(b->binds);
	cv_mem_unref(b->link);
	cv_home_del(b->home);
	cv_mem_unref(b->loop);
	cv_sip_kit_close(&b->kit);
}

static struct cv_binding *phone(struct bed *b, const char *contact, const char *params)
{
	struct cv_bind_ask ask = {
		.aor = CV_STR("alice@"),
		.contact = cv_str_of(contact),
		.params = cv_str_of(params),
		.link = b->link,
	};
	struct cv_binding *got = NULL;

	CU_ASSERT_EQUAL(cv_addr_parse(&ask.flow.seen, CV_STR("203.0.113.7:5060")), 0);
	CU_ASSERT_EQUAL_FATAL(cv_bind_take(b->binds, &got, &ask), 0);
	CU_ASSERT_EQUAL_FATAL(cv_bind_confirm(b->binds, got, &ask, 60, 60), 0);

	return got;
}

/* Contacts of the targets with their turns: "a4/0 a2/0 "; or the error. */
static void check(struct bed *b, uint64_t caller, const char *want)
{
	const struct cv_request rq = {
		.who = CV_WHO_PHONE,
		.binding = caller,
		.ruri_user = CV_STR("alice"),
		.ruri_ours = true,
	};
	struct cv_targets to = {.c = 0};
	char is[256] = "";
	size_t at = 0;
	int err = cv_sip_binding_route.pick(&b->kit.sip, &rq, &to);

	for (size_t i = 0; i < to.c; ++i)
		at += (size_t)snprintf(is + at, sizeof(is) - at, "%.2s/%u ",
				       cv_bind_by_id(b->binds, to.v[i].binding)->contact +
					       4,
				       (unsigned)to.v[i].turn);

	CU_ASSERT_EQUAL(err, to.c > 0 ? 0 : EHOSTUNREACH);
	CU_ASSERT_STRING_EQUAL(is, want);
}

static void test_preferred_first_then_newest(void)
{
	struct bed b;

	bed_open(&b);
	check(&b, 0, "");
	phone(&b, "sip:a1@10.0.0.7", ";q=0.5");
	phone(&b, "sip:a2@10.0.0.7", ";x=y; Q=0.50");
	phone(&b, "sip:a3@10.0.0.7", ";+sip.instance=\"<urn:uuid:7>\"");
	phone(&b, "sip:a4@10.0.0.7", ";q=1.0");
	phone(&b, "sip:a5@10.0.0.7", ";q=0");
	check(&b, 0, "a4/0 a3/0 a2/1 a1/1 a5/2 ");
	bed_close(&b);
}

static void test_nobody_rings_himself(void)
{
	struct cv_binding *own;
	struct bed b;

	bed_open(&b);
	own = phone(&b, "sip:a1@10.0.0.7", "");
	check(&b, own->id, "");
	phone(&b, "sip:a2@10.0.0.7", "");
	check(&b, own->id, "a2/0 ");
	check(&b, 0, "a2/0 a1/0 ");
	bed_close(&b);
}

static void test_phones_without_pong_are_the_last_resort(void)
{
	struct cv_binding *dead;
	struct bed b;

	bed_open(&b);
	dead = phone(&b, "sip:a1@10.0.0.7", "");
	dead->flow_dead = true;
	check(&b, 0, "a1/0 ");
	phone(&b, "sip:a2@10.0.0.7", ";q=0.1");
	check(&b, 0, "a2/0 ");
	bed_close(&b);
}

static void test_more_phones_than_one_call_asks(void)
{
	char contact[32], want[256] = "";
	size_t at = 0;
	struct bed b;

	bed_open(&b);
	for (unsigned i = 0; i < CV_TARGETS + 4; ++i) {
		(void)snprintf(contact, sizeof(contact), "sip:%c0@10.0.0.7", 'a' + i);
		phone(&b, contact, i == 2 ? "" : ";q=0.7");
	}
	for (unsigned i = 0; i < CV_TARGETS; ++i)
		at += (size_t)snprintf(want + at, sizeof(want) - at, "%c0/%u ",
				       i == 0 ? 'c' : 'a' + CV_TARGETS + 4 - (int)i,
				       i == 0 ? 0U : 1U);

	check(&b, 0, want);
	bed_close(&b);
}

int cv_test_reg_route(void)
{
	CU_pSuite s = CU_add_suite("reg_route", NULL, NULL);

	if (!s)
		return CU_get_error();

	CU_ADD_TEST(s, test_preferred_first_then_newest);
	CU_ADD_TEST(s, test_nobody_rings_himself);
	CU_ADD_TEST(s, test_phones_without_pong_are_the_last_resort);
	CU_ADD_TEST(s, test_more_phones_than_one_call_asks);

	return CU_get_error();
}
