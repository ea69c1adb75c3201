/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests of call/show.c: commands, gauges, and their refusals. One thread. */
#include "config.h"

#include <errno.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "base/mem.h"
#include "call_bed.h"
#include "suite_call.h"

static struct cv_world *world(void)
{
	static const char *const parties[] = {
		"party desk lan 192.168.50.21:5060",
		"party trunk wan 203.0.113.5:5060 peer",
		NULL,
	};
	static const char *const steps[] = {
		"< trunk INVITE desk audio 203.0.113.7:7000",
		"> desk INVITE audio 192.168.50.1:20000",
		"+ 65000",
		NULL,
	};
	struct cv_world *w = cv_bed_open(parties);

	cv_bed_play(w, steps);

	return w;
}

static void end(struct cv_world *w, struct cv_buf *text)
{
	cv_buf_free(text);
	cv_bed_close(w);
}

static void test_calls_are_listed(void)
{
	static const char *const parts[] = {"state=setup",
					    "from=trunk@example.net",
					    "to=desk@example.net",
					    "a_side=wan",
					    "a=203.0.113.5:5060",
					    "b_side=lan",
					    "b=192.168.50.21:5060",
					    "from_peer=trunk",
					    "relay=yes",
					    "reason=lan-wan",
					    "seconds=65",
					    "count: 1"};
	struct cv_buf text = {.p = NULL};
	struct cv_world *w = world();

	CU_ASSERT_EQUAL(cv_world_ask(w, "show calls", &text), 0);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); ++i)
		CU_ASSERT_PTR_NOT_NULL(strstr(text.p, parts[i]));

	CU_ASSERT_PTR_NULL(strstr(text.p, " peer="));
	end(w, &text);
}

static void test_one_call_shows_its_streams(void)
{
	struct cv_buf text = {.p = NULL};
	struct cv_world *w = world();

	CU_ASSERT_EQUAL(cv_world_ask(w, "call", &text), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(text.p, "requests_open: 1"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text.p, "203.0.113.7:7000"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text.p, "port_b=20000"));
	end(w, &text);
}

static void test_refusals_say_why(void)
{
	struct cv_buf text = {.p = NULL};
	struct cv_world *w = world();
	struct cv_out *out;

	CU_ASSERT_EQUAL(cv_world_ask(w, "show calls all", &text), EINVAL);
	CU_ASSERT_EQUAL(cv_world_ask(w, "call nosuchid", &text), ENOENT);
	CU_ASSERT_EQUAL(cv_world_ask(w, "call a b", &text), EINVAL);
	CU_ASSERT_EQUAL_FATAL(cv_out_new(&out, CV_OUT_JSON), 0);
	CU_ASSERT_EQUAL(cv_calls_explain(cv_world_calls(w), CV_STR("x"), out), ENOENT);
	cv_mem_unref(out);
	end(w, &text);
}

static void test_gauges_count_calls(void)
{
	static const char *const steps[] = {"< desk 401", "> trunk 401 INVITE", NULL};
	struct cv_buf text = {.p = NULL};
	struct cv_world *w = world();

	CU_ASSERT_EQUAL(cv_world_ask(w, "show stats", &text), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(text.p, "calls: 1\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text.p, "calls_challenged: 0\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text.p, "calls_started: 1\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text.p, "relays_made: 1\n"));
	CU_ASSERT_TRUE(cv_world_play(w, steps));
	cv_buf_reset(&text);
	CU_ASSERT_EQUAL(cv_world_ask(w, "show stats", &text), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(text.p, "calls_challenged: 1\n"));
	cv_world_advance(w, CV_CALL_RETRY_MS);
	cv_buf_reset(&text);
	CU_ASSERT_EQUAL(cv_world_ask(w, "show stats", &text), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(text.p, "calls: 0\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text.p, "calls_failed: 1\n"));
	end(w, &text);
}

int cv_test_show(void)
{
	CU_pSuite s = CU_add_suite("show", NULL, NULL);

	if (!s)
		return CU_get_error();

	CU_ADD_TEST(s, test_calls_are_listed);
	CU_ADD_TEST(s, test_one_call_shows_its_streams);
	CU_ADD_TEST(s, test_refusals_say_why);
	CU_ADD_TEST(s, test_gauges_count_calls);

	return CU_get_error();
}
