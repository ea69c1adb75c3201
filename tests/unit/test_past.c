/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests of call/past.c: the ladder of a call, and what remains when it ended. One thread.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "base/mem.h"
#include "call/call_int.h"
#include "call_bed.h"
#include "suite_call.h"

static const char *const parties[] = {
	"party desk lan 192.168.50.21:5060",
	"party trunk wan 203.0.113.5:5060 peer",
	NULL,
};

/* Plays the n-th whole call; leaves its id. */
static void play(struct cv_world *w, int n, char *id)
{
	char invite[80];
	const char *const up[] = {
		invite,
		"> desk INVITE ...",
		"+ 30",
		"< desk 200 audio 192.168.50.21:10000",
		"> trunk 200 INVITE ...",
		NULL,
	};
	static const char *const down[] = {
		"< trunk ACK",    "> desk ACK",  "+ 5000", "< desk BYE",
		"> desk 200 BYE", "> trunk BYE", NULL,
	};
	const struct cv_calls *c;

	(void)snprintf(invite, sizeof(invite),
		       "< trunk INVITE desk id n%d audio 203.0.113.7:7000", n);
	cv_bed_play(w, up);
	c = cv_world_calls(w);
	(void)snprintf(id, CV_CALL_ID_LEN + 1, "%s",
		       CV_CONTAINER(c->list.next, struct cv_call, node)->id);
	cv_bed_play(w, down);
	CU_ASSERT_EQUAL(c->count, 0);
}

static void ask(struct cv_world *w, const char *verb, const char *id,
		const char *const *want, size_t wantc)
{
	struct cv_buf text = {.p = NULL};
	char line[64];

	(void)snprintf(line, sizeof(line), "%s %s", verb, id);
	CU_ASSERT_EQUAL_FATAL(cv_world_ask(w, line, &text), 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(text.p);
	for (size_t i = 0; i < wantc; ++i) {
		CU_ASSERT_PTR_NOT_NULL(strstr(text.p, want[i]));
		if (!strstr(text.p, want[i]))
			(void)fprintf(stderr, "no \"%s\" in:\n%s", want[i], text.p);
	}
	cv_buf_free(&text);
}

static void test_ladder_draws_both_legs(void)
{
	static const char *const want[] = {
		"ended: callee bye\n",
		"ladder: 9\n",
		"       0 ms |--INVITE +body--------->|                        |\n",
		"       0 ms |                        |--INVITE +body--------->|\n",
		"      30 ms |                        |<-200 INVITE +body------|\n",
		"      30 ms |<-200 INVITE +body------|                        |\n",
		"    5030 ms |                        |--200 BYE-------------->|\n",
		"    5030 ms |<-BYE-------------------|                        |\n",
	};
	char id[CV_CALL_ID_LEN + 1];
	struct cv_world *w = cv_bed_open(parties);

	play(w, 0, id);
	ask(w, "ladder", id, want, sizeof(want) / sizeof(want[0]));
	cv_bed_close(w);
}

static void test_ended_call_is_explained(void)
{
	struct cv_out *out = NULL;
	struct cv_buf text = {.p = NULL};
	char id[CV_CALL_ID_LEN + 1];
	struct cv_world *w = cv_bed_open(parties);

	play(w, 0, id);
	CU_ASSERT_EQUAL_FATAL(cv_out_new(&out, CV_OUT_TEXT), 0);
	CU_ASSERT_EQUAL(cv_calls_explain(cv_world_calls(w), cv_str_of(id), out), 0);
	CU_ASSERT_EQUAL(cv_out_finish(out, &text), 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(text.p);
	CU_ASSERT_PTR_NOT_NULL(strstr(text.p, "ended: callee bye"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text.p, "what=relay decision=lan-wan"));
	cv_mem_unref(out);
	cv_buf_free(&text);
	cv_bed_close(w);
}

static void test_oldest_makes_room(void)
{
	char first[CV_CALL_ID_LEN + 1], second[CV_CALL_ID_LEN + 1],
		id[CV_CALL_ID_LEN + 1];
	struct cv_world *w = cv_bed_open(parties);
	const struct cv_calls *c;

	play(w, 0, first);
	play(w, 1, second);
	c = cv_world_calls(w);
	for (int i = 0; i < CV_CALL_PAST - 1; ++i)
		play(w, i + 2, id);

	CU_ASSERT_EQUAL(c->pastc, CV_CALL_PAST);
	CU_ASSERT_PTR_NULL(cv_past_find(c, cv_str_of(first)));
	CU_ASSERT_PTR_NOT_NULL(cv_past_find(c, cv_str_of(second)));
	CU_ASSERT_PTR_NOT_NULL(cv_past_find(c, cv_str_of(id)));
	cv_bed_close(w);
}

static void test_steps_are_bounded(void)
{
	static const char *const up[] = {
		"< trunk INVITE desk audio 203.0.113.7:7000",
		"> desk INVITE audio 192.168.50.1:20000",
		NULL,
	};
	const struct cv_msg m = {.method = CV_METHOD_INFO};
	struct cv_world *w = cv_bed_open(parties);
	struct cv_call *call;

	cv_bed_play(w, up);
	call = CV_CONTAINER(cv_world_calls(w)->list.next, struct cv_call, node);
	for (int i = 0; i < CV_LADDER_STEPS; ++i)
		cv_ladder_note(call, CV_END_A, CV_LADDER_IN, &m);

	CU_ASSERT_EQUAL(call->ladder.c, CV_LADDER_STEPS);
	CU_ASSERT_EQUAL(call->ladder.lost, 2);
	cv_bed_close(w);
}

static void test_unknown_id_is_refused(void)
{
	char id[CV_CALL_ID_LEN + 1];
	struct cv_buf text = {.p = NULL};
	struct cv_world *w = cv_bed_open(parties);

	play(w, 0, id);
	CU_ASSERT_EQUAL(cv_world_ask(w, "ladder nosuchid", &text), ENOENT);
	CU_ASSERT_EQUAL(cv_world_ask(w, "ladder", &text), EINVAL);
	cv_buf_free(&text);
	cv_bed_close(w);
}

int cv_test_past(void)
{
	CU_pSuite s = CU_add_suite("past", NULL, NULL);

	if (!s)
		return CU_get_error();

	CU_ADD_TEST(s, test_ladder_draws_both_legs);
	CU_ADD_TEST(s, test_ended_call_is_explained);
	CU_ADD_TEST(s, test_oldest_makes_room);
	CU_ADD_TEST(s, test_steps_are_bounded);
	CU_ADD_TEST(s, test_unknown_id_is_refused);

	return CU_get_error();
}
