/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tests of call/redirect.c: memory that is short while a call is sent on. What
 * it does is in tests/replay/call. One thread.
 */
#include "config.h"

#include <CUnit/CUnit.h>

#include "base/mem.h"
#include "call_bed.h"
#include "suite_call.h"

enum { ALLOCATIONS = 40 }; /* no step takes more */

static struct cv_world *world(void)
{
	static const char *const up[] = {
		"< desk INVITE pbx audio 192.168.50.21:10000",
		"> pbx INVITE audio 198.51.100.10:20000",
		NULL,
	};
	static const char *const conf[] = {
		"party desk lan 192.168.50.21:5060",
		"party home far 198.51.100.31:40001",
		"party pbx wan 198.51.100.60:5060 peer",
		"peer-redirect pbx follow",
		NULL,
	};
	struct cv_world *w = cv_bed_open(conf);

	cv_bed_play(w, up);

	return w;
}

/* However it went, the caller has its answer or can give up, and nothing is left. */
static void end(struct cv_world *w)
{
	char line[CV_FAKE_LINE];

	(void)cv_world_feed(w, "desk CANCEL");
	cv_world_advance(w, 40000);
	CU_ASSERT_EQUAL(cv_calls_count(cv_world_calls(w)), 0);
	CU_ASSERT_EQUAL(cv_world_plane(w)->used, 0);
	while (cv_world_next(w, line))
		;
	cv_bed_close(w);
}

static void test_following_without_memory(void)
{
	for (long n = 0; n < ALLOCATIONS; ++n) {
		struct cv_world *w = world();

		cv_mem_budget(n);
		(void)cv_world_feed(w, "pbx 302 to home pbx/mail");
		cv_mem_budget(-1);
		end(w);
	}
}

static void test_next_place_without_memory(void)
{
	static const char *const first[] = {"< pbx 302 to home pbx/mail",
					    "> home INVITE ...", NULL};

	for (long n = 0; n < ALLOCATIONS; ++n) {
		struct cv_world *w = world();

		CU_ASSERT_TRUE(cv_world_play(w, first));
		cv_mem_budget(n);
		(void)cv_world_feed(w, "home 486");
		cv_mem_budget(-1);
		end(w);
	}
}

int cv_test_redirect(void)
{
	CU_pSuite s = CU_add_suite("redirect", NULL, NULL);

	if (!s)
		return (int)CU_get_error();

	CU_ADD_TEST(s, test_following_without_memory);
	CU_ADD_TEST(s, test_next_place_without_memory);

	return (int)CU_get_error();
}
