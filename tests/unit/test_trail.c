/* SPDX-License-Identifier: BSD-3-Clause */
/* Trails: loops and spirals, calls that continue others, shares of Max-Breadth. */
#include "config.h"

#include <CUnit/CUnit.h>
#include <errno.h>
#include <stdio.h>

#include "call/trail.h"
#include "call_bed.h"
#include "suite_call.h"

#define OFFER "audio 10.1.1.1:4000"

static const char *const parties[] = {
	"party desk lan 10.1.1.1:5060",
	"party east lan 10.1.1.5:5060 peer",
	"party west lan 10.1.1.6:5060 peer",
	NULL,
};

/* Feeds an INVITE; what cv_call_start() said. What left is not looked at. */
static int invite(struct cv_world *w, const char *line)
{
	char left[CV_FAKE_LINE];

	CU_ASSERT_EQUAL(cv_world_feed(w, line), 0);
	while (cv_world_next(w, left))
		;

	return cv_world_start_err(w);
}

static void test_trail_tells_loop_from_spiral(void)
{
	struct cv_trail t = {0};

	CU_ASSERT_EQUAL(cv_trail_last(&t), 0);
	for (unsigned i = 1; i <= CV_TRAIL_MAX; ++i) {
		CU_ASSERT_EQUAL(cv_trail_add(&t, i), 0);
		CU_ASSERT_EQUAL(cv_trail_last(&t), i);
		CU_ASSERT_EQUAL(cv_trail_add(&t, 1), EALREADY);
	}
	CU_ASSERT_EQUAL(cv_trail_add(&t, 99), ELOOP);
	CU_ASSERT_EQUAL(t.c, CV_TRAIL_MAX);
}

static void test_breadth_is_shared(void)
{
	enum { MOST = 4 };
	static const struct {
		unsigned have;
		size_t c;
		uint8_t turns[MOST], is[MOST];
		unsigned shares[MOST];
	} rows[] = {
		{60, 1, {0}, {0}, {60}},
		{60, 3, {0, 0, 0}, {0, 0, 0}, {20, 20, 20}},
		{7, 3, {0, 0, 0}, {0, 0, 0}, {3, 2, 2}},
		{60, 4, {0, 0, 1, 1}, {0, 0, 1, 1}, {30, 30, 30, 30}},
		/* not enough for all at once: the rest waits for its turn */
		{2, 4, {0, 0, 0, 1}, {0, 0, 1, 2}, {1, 1, 2, 2}},
		{1, 3, {0, 0, 0}, {0, 1, 2}, {1, 1, 1}},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
		struct cv_targets to = {.c = rows[i].c};

		for (size_t k = 0; k < to.c; ++k)
			to.v[k].turn = rows[i].turns[k];

		cv_breadth_split(&to, rows[i].have);
		for (size_t k = 0; k < to.c; ++k) {
			CU_ASSERT_EQUAL(to.v[k].turn, rows[i].is[k]);
			CU_ASSERT_EQUAL(to.v[k].breadth, rows[i].shares[k]);
		}
	}
}

static void test_no_breadth_no_call(void)
{
	struct cv_world *w = cv_bed_open(parties);

	CU_ASSERT_EQUAL(invite(w, "desk INVITE east breadth 0 " OFFER), EMLINK);
	CU_ASSERT_EQUAL(invite(w, "desk MESSAGE east breadth 0"), EMLINK);
	CU_ASSERT_EQUAL(invite(w, "desk INVITE east id b breadth 1 " OFFER), 0);
	cv_bed_close(w);
}

/* Each turn asks for another number: it ends all the same. */
static void test_spiral_without_marks_ends(void)
{
	struct cv_world *w = cv_bed_open(parties);
	char line[128];
	int err = 0;
	unsigned n;

	for (n = 0; !err && n < 4 * CV_TRAIL_MAX; ++n) {
		(void)snprintf(line, sizeof(line), "%s INVITE %s id c%u pass %u " OFFER,
			       n % 2 ? "east" : "west", n % 2 ? "west" : "east", n,
			       n + 1);
		err = invite(w, line);
	}
	CU_ASSERT_EQUAL(err, ELOOP);
	CU_ASSERT_EQUAL(n, CV_TRAIL_MAX + 1);
	cv_bed_close(w);
}

static void test_another_offer_is_another_call(void)
{
	static const char *const other[] = {
		"east INVITE west id c pass 1",        /* no offer at all */
		"east INVITE west id d pass 1 broken", /* none that can be read */
		"west INVITE desk id e pass 1 " OFFER, /* not from where it went */
	};
	struct cv_world *w = cv_bed_open(parties);

	CU_ASSERT_EQUAL(invite(w, "desk INVITE east id a pass 1 " OFFER), 0);
	for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); ++i)
		CU_ASSERT_NOT_EQUAL(invite(w, other[i]), EALREADY);

	CU_ASSERT_EQUAL(invite(w, "east INVITE west id f pass 1 " OFFER), EALREADY);
	/* what its own mark says counts for more than a guess */
	CU_ASSERT_EQUAL(invite(w, "east INVITE west id g pass 8 pass 1 " OFFER), 0);
	cv_bed_close(w);
}

static void test_answered_call_is_continued_by_none(void)
{
	struct cv_world *w = cv_bed_open(parties);

	CU_ASSERT_EQUAL(invite(w, "desk INVITE east id a pass 1 " OFFER), 0);
	CU_ASSERT_EQUAL(invite(w, "east 200 audio 10.1.1.5:5000"), 0);
	CU_ASSERT_EQUAL(invite(w, "east INVITE west id b pass 1 " OFFER), 0);
	cv_bed_close(w);
}

int cv_test_trail(void)
{
	CU_pSuite s = CU_add_suite("trail", NULL, NULL);

	if (!s ||
	    !CU_add_test(s, "trail tells loop from spiral",
			 test_trail_tells_loop_from_spiral) ||
	    !CU_add_test(s, "breadth is shared", test_breadth_is_shared) ||
	    !CU_add_test(s, "no breadth, no call", test_no_breadth_no_call) ||
	    !CU_add_test(s, "spiral without marks ends",
			 test_spiral_without_marks_ends) ||
	    !CU_add_test(s, "another offer is another call",
			 test_another_offer_is_another_call) ||
	    !CU_add_test(s, "answered call is continued by none",
			 test_answered_call_is_continued_by_none))
		return (int)CU_get_error();

	return 0;
}
