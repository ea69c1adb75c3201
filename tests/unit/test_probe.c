/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tests of call/probe.c: who is asked, how many at once, what remains to be
 * read. The ordinary flows are in tests/replay/call. One thread.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "base/mem.h"
#include "call/call_int.h"
#include "call_bed.h"
#include "suite_call.h"

enum { CALLS = 250, ROOM = 100, WITHIN_MS = 120000 };

static const char *const parties[] = {
	"party desk lan 192.168.50.21:5060",
	"party home far 198.51.100.31:40001",
	"party pbx wan 198.51.100.60:5060 peer",
	NULL,
};

static void call_up(struct cv_world *w, const char *callee, unsigned n)
{
	const char *const steps[] = {
		"> %s INVITE ...",
		"< %s 200 audio 10.0.0.7:4000",
		"> desk 200 INVITE ...",
		"< desk ACK",
		"> %s ACK",
	};
	char line[5][CV_FAKE_LINE], invite[CV_FAKE_LINE];
	const char *play[7] = {invite};

	(void)snprintf(invite, sizeof(invite),
		       "< desk INVITE %s id n%u audio 192.168.50.21:10000", callee, n);
	for (size_t i = 0; i < 5; ++i) {
		const char *at = strstr(steps[i], "%s");

		(void)snprintf(line[i], CV_FAKE_LINE, "%.*s%s%s",
			       (int)(at ? at - steps[i] : 0), steps[i],
			       at ? callee : steps[i], at ? at + 2 : "");
		play[i + 1] = line[i];
	}

	cv_bed_play(w, play);
}

static void fall_silent(struct cv_world *w)
{
	struct cv_calls *c = cv_world_calls(w);
	struct cv_list *n, *tmp;

	CV_LIST_FOREACH (n, tmp, &c->list) {
		const struct cv_call *call = CV_CONTAINER(n, struct cv_call, node);
		const struct cv_call_media_event ev = {
			.id = call->media_key[0],
			.gen = call->media_key[1],
			.what = "silent",
			.silent = true,
		};

		cv_calls_media_event(c, &ev);
	}
}

static unsigned asked(struct cv_world *w)
{
	char line[CV_FAKE_LINE];
	unsigned n = 0;

	while (cv_world_next(w, line))
		n += strcmp(line, "home OPTIONS") == 0;

	return n;
}

static void test_amb_15_many_at_once_are_asked_in_turn(void)
{
	struct cv_world *w = cv_bed_open(parties);
	unsigned all, most = 0;

	for (unsigned i = 0; i < CALLS; ++i)
		call_up(w, "home", i);

	fall_silent(w);
	all = asked(w);
	CU_ASSERT_EQUAL(all, ROOM);
	for (unsigned ms = 0; ms < WITHIN_MS; ms += 1000) {
		unsigned now;

		cv_world_advance(w, 1000);
		now = asked(w);
		all += now;
		most = now > most ? now : most;
	}
	CU_ASSERT_EQUAL(all, CALLS);
	CU_ASSERT_TRUE(most <= ROOM);
	cv_bed_close(w);
}

static void test_amb_15_peer_that_cant_answer_is_left_alone(void)
{
	static const char *const quiet[] = {"< media silent", "> desk OPTIONS",
					    "< desk 200 OPTIONS", NULL};
	static const char *const both[] = {"< media silent",    "> desk OPTIONS",
					   "> pbx OPTIONS",     "< desk 200 OPTIONS",
					   "< pbx 200 OPTIONS", NULL};
	struct cv_world *w = cv_bed_open(parties);
	struct cv_conf_peer *pbx;

	call_up(w, "pbx", 0);
	pbx = &cv_world_conf_edit(w)->peers[0];
	pbx->options_ping_ms = 0;
	cv_bed_play(w, quiet);
	pbx->options_ping_ms = 30000;
	cv_bed_play(w, both);
	cv_bed_close(w);
}

static void test_amb_15_who_is_gone_is_explained(void)
{
	static const char *const steps[] = {
		"< media silent",
		"> desk OPTIONS",
		"> home OPTIONS",
		"< desk 200 OPTIONS",
		"< home silent OPTIONS",
		"> desk BYE",
		"> home BYE",
		NULL,
	};
	struct cv_world *w = cv_bed_open(parties);
	char id[CV_CALL_ID_LEN + 1];
	struct cv_out *out = NULL;
	struct cv_buf text = {.p = NULL};
	const char *said;

	call_up(w, "home", 0);
	(void)snprintf(
		id, sizeof(id), "%s",
		CV_CONTAINER(cv_world_calls(w)->list.next, struct cv_call, node)->id);
	cv_bed_play(w, steps);
	CU_ASSERT_EQUAL_FATAL(cv_out_new(&out, CV_OUT_TEXT), 0);
	CU_ASSERT_EQUAL(cv_calls_explain(cv_world_calls(w), cv_str_of(id), out), 0);
	CU_ASSERT_EQUAL(cv_out_finish(out, &text), 0);
	said = text.p ? text.p : "";
	CU_ASSERT_PTR_NOT_NULL(strstr(said, "ended: callee dialog-lost"));
	CU_ASSERT_PTR_NOT_NULL(strstr(said, "what=\"probe of A\" decision=alive"));
	CU_ASSERT_PTR_NOT_NULL(strstr(said, "what=\"probe of B\" decision=gone"));
	CU_ASSERT_PTR_NOT_NULL(strstr(said, "408, which says that nothing came"));
	cv_mem_unref(out);
	cv_buf_free(&text);
	cv_bed_close(w);
}

/* An answer that comes when its party is another's by then ends nothing. */
static void test_late_answer_ends_nothing(void)
{
	static const char *const steps[] = {"< media silent",
					    "> desk OPTIONS",
					    "> home OPTIONS",
					    "< desk BYE",
					    "> desk 200 BYE",
					    "> home BYE",
					    NULL};
	struct cv_world *w = cv_bed_open(parties);

	call_up(w, "home", 0);
	cv_bed_play(w, steps);
	(void)cv_world_feed(w, "home 481 OPTIONS");
	CU_ASSERT_EQUAL(cv_calls_count(cv_world_calls(w)), 0);
	cv_bed_close(w);
}

int cv_test_probe(void)
{
	CU_pSuite s = CU_add_suite("probe", NULL, NULL);

	if (!s)
		return CU_get_error();

	CU_ADD_TEST(s, test_amb_15_many_at_once_are_asked_in_turn);
	CU_ADD_TEST(s, test_amb_15_peer_that_cant_answer_is_left_alone);
	CU_ADD_TEST(s, test_amb_15_who_is_gone_is_explained);
	CU_ADD_TEST(s, test_late_answer_ends_nothing);

	return CU_get_error();
}
