/* SPDX-License-Identifier: BSD-3-Clause */
/* The life of a binding on virtual time: take, confirm, move, expiry, limits. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <CUnit/CUnit.h>

#include "base/mem.h"
#include "bind_kit.h"
#include "fake_loop.h"
#include "suite_bind.h"

/* An event may hold a binding while what it does ends it: it must be gone for all others.
 */
static void test_ended_while_held_is_found_no_more(void)
{
	struct cv_bind_ask ask = cv_kit_ask(4000);
	struct cv_binding *b;
	struct cv_kit k;
	uint64_t id;

	cv_kit_open(&k);
	b = cv_mem_ref(cv_kit_register(&k, &ask, 60));
	CU_ASSERT_PTR_NOT_NULL_FATAL(b);
	id = b->id;
	cv_bind_drop(k.binds, b, "test");
	CU_ASSERT_PTR_NULL(cv_bind_by_id(k.binds, id));
	CU_ASSERT_PTR_NULL(cv_bind_by_aor(k.binds, ask.aor, NULL));
	CU_ASSERT_PTR_NULL(cv_bind_by_flow(k.binds, &ask.flow, NULL));
	CU_ASSERT_EQUAL(cv_binds_count(k.binds), 0);
	cv_mem_unref(b);
	cv_kit_close(&k);
}

static void test_take_is_pending_until_confirmed(void)
{
	struct cv_bind_ask ask = cv_kit_ask(4000);
	struct cv_binding *b = NULL;
	struct cv_kit k;

	cv_kit_open(&k);
	CU_ASSERT_EQUAL(cv_bind_take(k.binds, &b, &ask), 0);
	CU_ASSERT_FALSE(b->confirmed);
	CU_ASSERT_PTR_NULL(cv_bind_by_aor(k.binds, ask.aor, NULL));
	CU_ASSERT_PTR_EQUAL(cv_bind_find(k.binds, &ask), b);

	CU_ASSERT_EQUAL(cv_bind_confirm(k.binds, b, &ask, 60, 3600), 0);
	CU_ASSERT_TRUE(b->confirmed);
	CU_ASSERT_PTR_EQUAL(cv_bind_by_aor(k.binds, ask.aor, NULL), b);
	CU_ASSERT_PTR_EQUAL(cv_bind_by_id(k.binds, b->id), b);
	CU_ASSERT_PTR_EQUAL(cv_bind_by_flow(k.binds, &ask.flow, NULL), b);
	CU_ASSERT_EQUAL(b->phone_until_ms, cv_fake_loop_now() + 60000);
	CU_ASSERT_EQUAL(b->upstream_until_ms, cv_fake_loop_now() + 3600000);
	cv_kit_close(&k);
}

static void test_no_binding_stands_longer_than_a_week(void)
{
	struct cv_bind_ask ask = cv_kit_ask(4000);
	struct cv_binding *b = NULL;
	struct cv_kit k;

	cv_kit_open(&k);
	CU_ASSERT_EQUAL(cv_bind_take(k.binds, &b, &ask), 0);
	CU_ASSERT_EQUAL(cv_bind_confirm(k.binds, b, &ask, UINT32_MAX, UINT32_MAX), 0);
	CU_ASSERT_EQUAL(b->phone_until_ms, cv_fake_loop_now() + 604800000);
	CU_ASSERT_EQUAL(b->upstream_until_ms, cv_fake_loop_now() + 604800000);
	cv_kit_close(&k);
}

static void test_pending_ends_after_its_wait(void)
{
	struct cv_bind_ask ask = cv_kit_ask(4000);
	struct cv_binding *b = NULL;
	struct cv_kit k;

	cv_kit_open(&k);
	CU_ASSERT_EQUAL(cv_bind_take(k.binds, &b, &ask), 0);
	cv_fake_loop_advance(k.loop, 39900);
	CU_ASSERT_EQUAL(cv_binds_count(k.binds), 1);
	cv_fake_loop_advance(k.loop, 300);
	CU_ASSERT_EQUAL(cv_binds_count(k.binds), 0);
	CU_ASSERT_EQUAL(k.ends, 0);
	cv_kit_close(&k);
}

static void test_giveup_drops_only_the_last_pending_take(void)
{
	struct cv_bind_ask ask = cv_kit_ask(4000);
	struct cv_binding *a = NULL, *b = NULL;
	struct cv_kit k;

	cv_kit_open(&k);
	CU_ASSERT_EQUAL(cv_bind_take(k.binds, &a, &ask), 0);
	CU_ASSERT_EQUAL(cv_bind_take(k.binds, &b, &ask), 0);
	CU_ASSERT_PTR_EQUAL(a, b);
	cv_bind_giveup(k.binds, a, "401");
	CU_ASSERT_EQUAL(cv_binds_count(k.binds), 1);
	cv_bind_giveup(k.binds, b, "401");
	CU_ASSERT_EQUAL(cv_binds_count(k.binds), 0);

	b = cv_kit_register(&k, &ask, 60);
	CU_ASSERT_EQUAL(cv_bind_take(k.binds, &a, &ask), 0);
	cv_bind_giveup(k.binds, a, "503");
	CU_ASSERT_PTR_EQUAL(cv_bind_by_aor(k.binds, ask.aor, NULL), b);
	cv_kit_close(&k);
}

static void test_expiry_ends_and_says_so(void)
{
	struct cv_bind_ask ask = cv_kit_ask(4000);
	struct cv_kit k;

	cv_kit_open(&k);
	CU_ASSERT_PTR_NOT_NULL(cv_kit_register(&k, &ask, 60));
	cv_fake_loop_advance(k.loop, 59900);
	CU_ASSERT_EQUAL(cv_binds_count(k.binds), 1);
	cv_fake_loop_advance(k.loop, 200);
	CU_ASSERT_EQUAL(cv_binds_count(k.binds), 0);
	CU_ASSERT_EQUAL(k.ends, 1);
	CU_ASSERT_STRING_EQUAL(k.why, "expired");
	cv_kit_close(&k);
}

static void test_expiry_beyond_the_wheel_is_kept(void)
{
	struct cv_bind_ask ask = cv_kit_ask(4000);
	struct cv_kit k;

	cv_kit_open(&k);
	ask.place.side = CV_SIDE_LAN;
	CU_ASSERT_PTR_NOT_NULL(cv_kit_register(&k, &ask, 3600));
	cv_fake_loop_advance(k.loop, 3599000);
	CU_ASSERT_EQUAL(cv_binds_count(k.binds), 1);
	cv_fake_loop_advance(k.loop, 1200);
	CU_ASSERT_EQUAL(cv_binds_count(k.binds), 0);
	CU_ASSERT_EQUAL(k.pings, 0);
	cv_kit_close(&k);
}

static void test_refresh_moves_flow_and_keeps_token(void)
{
	struct cv_bind_ask ask = cv_kit_ask(4000), moved = cv_kit_ask(4001);
	char token[CV_BIND_TOKEN];
	struct cv_binding *b;
	struct cv_kit k;

	cv_kit_open(&k);
	b = cv_kit_register(&k, &ask, 60);
	memcpy(token, b->token, sizeof(token));
	cv_fake_loop_advance(k.loop, 50000);
	CU_ASSERT_PTR_EQUAL(cv_kit_register(&k, &moved, 60), b);
	CU_ASSERT_STRING_EQUAL(b->token, token);
	CU_ASSERT_EQUAL(b->moves, 1);
	CU_ASSERT_PTR_NULL(cv_bind_by_flow(k.binds, &ask.flow, NULL));
	CU_ASSERT_PTR_EQUAL(cv_bind_by_flow(k.binds, &moved.flow, NULL), b);
	cv_fake_loop_advance(k.loop, 50000);
	CU_ASSERT_EQUAL(cv_binds_count(k.binds), 1);
	CU_ASSERT_EQUAL(cv_stats_sum(k.stats, CV_STAT_registrations_made), 1);
	CU_ASSERT_EQUAL(cv_stats_sum(k.stats, CV_STAT_registrations_moved), 1);
	cv_kit_close(&k);
}

static void test_take_of_a_live_one_keeps_its_flow(void)
{
	struct cv_bind_ask ask = cv_kit_ask(4000), moved = cv_kit_ask(4001);
	struct cv_binding *b, *again = NULL;
	struct cv_kit k;

	cv_kit_open(&k);
	b = cv_kit_register(&k, &ask, 60);
	CU_ASSERT_EQUAL(cv_bind_take(k.binds, &again, &moved), 0);
	CU_ASSERT_PTR_EQUAL(again, b);
	CU_ASSERT_EQUAL(b->flow.seen.port, 4000);
	CU_ASSERT_TRUE(b->confirmed);
	cv_kit_close(&k);
}

static void test_instance_makes_another_contact_the_same(void)
{
	struct cv_bind_ask ask = cv_kit_ask(4000);
	struct cv_binding *b;
	struct cv_kit k;

	cv_kit_open(&k);
	ask.instance = CV_STR("\"<urn:uuid:1>\"");
	b = cv_kit_register(&k, &ask, 60);
	ask.contact = CV_STR("sip:alice@10.0.0.7:6060");
	CU_ASSERT_PTR_EQUAL(cv_kit_register(&k, &ask, 60), b);
	CU_ASSERT_STRING_EQUAL(b->contact, "sip:alice@10.0.0.7:6060");
	ask.instance = CV_STR("\"<urn:uuid:2>\"");
	ask.contact = CV_STR("sip:alice@10.0.0.8:6060");
	CU_ASSERT_PTR_NOT_EQUAL(cv_kit_register(&k, &ask, 60), b);
	CU_ASSERT_EQUAL(cv_binds_count(k.binds), 2);
	cv_kit_close(&k);
}

static void test_by_aor_gives_newest_refresh_first(void)
{
	static const char *const contacts[] = {"sip:a@10.0.0.1", "sip:a@10.0.0.2",
					       "sip:a@10.0.0.3"};
	struct cv_bind_ask ask = cv_kit_ask(4000);
	struct cv_binding *v[3], *b;
	struct cv_kit k;

	cv_kit_open(&k);
	for (int i = 0; i < 3; ++i) {
		ask.contact = cv_str_of(contacts[i]);
		v[i] = cv_kit_register(&k, &ask, 600);
	}

	ask.contact = cv_str_of(contacts[0]);
	CU_ASSERT_PTR_EQUAL(cv_kit_register(&k, &ask, 600), v[0]);
	b = cv_bind_by_aor(k.binds, CV_STR("alice@EXAMPLE.net"), NULL);
	CU_ASSERT_PTR_EQUAL(b, v[0]);
	b = cv_bind_by_aor(k.binds, ask.aor, b);
	CU_ASSERT_PTR_EQUAL(b, v[2]);
	b = cv_bind_by_aor(k.binds, ask.aor, b);
	CU_ASSERT_PTR_EQUAL(b, v[1]);
	CU_ASSERT_PTR_NULL(cv_bind_by_aor(k.binds, ask.aor, b));
	CU_ASSERT_PTR_EQUAL(cv_bind_by_flow(k.binds, &ask.flow, NULL), v[0]);
	cv_kit_close(&k);
}

static void test_user_part_keeps_its_case(void)
{
	struct cv_bind_ask ask = cv_kit_ask(4000);
	struct cv_binding *b;
	struct cv_kit k;

	cv_kit_open(&k);
	ask.aor = CV_STR("Alice@Example.NET");
	b = cv_kit_register(&k, &ask, 60);
	CU_ASSERT_STRING_EQUAL(b->aor, "Alice@example.net");
	CU_ASSERT_PTR_NULL(cv_bind_by_aor(k.binds, CV_STR("alice@example.net"), NULL));
	cv_kit_close(&k);
}

static void test_limits_refuse_new_ones_only(void)
{
	struct cv_bind_ask ask = cv_kit_ask(4000);
	struct cv_binding *b = NULL;
	char contact[64];
	struct cv_kit k;

	cv_kit_open(&k);
	for (int i = 0; i < CV_BIND_PER_AOR; ++i) {
		(void)snprintf(contact, sizeof(contact), "sip:a@10.0.0.1:%d", 1000 + i);
		ask.contact = cv_str_of(contact);
		CU_ASSERT_PTR_NOT_NULL(cv_kit_register(&k, &ask, 60));
	}

	CU_ASSERT_PTR_NOT_NULL(cv_kit_register(&k, &ask, 60));
	ask.contact = CV_STR("sip:a@10.0.0.1:9999");
	CU_ASSERT_EQUAL(cv_bind_take(k.binds, &b, &ask), ENOSPC);

	ask.aor = CV_STR("bob@example.net");
	k.conf.limits.max_registrations = CV_BIND_PER_AOR;
	CU_ASSERT_EQUAL(cv_bind_take(k.binds, &b, &ask), ENOSPC);
	k.conf.limits.max_registrations = CV_BIND_PER_AOR + 1;
	CU_ASSERT_EQUAL(cv_bind_take(k.binds, &b, &ask), 0);
	cv_kit_close(&k);
}

static void test_long_texts_are_refused(void)
{
	static char text[CV_BIND_CONTACT + 2];
	struct cv_bind_ask ask = cv_kit_ask(4000);
	struct cv_binding *b = NULL;
	struct cv_kit k;

	cv_kit_open(&k);
	memset(text, 'x', sizeof(text));
	ask.contact = cv_str_make(text, CV_BIND_CONTACT + 1);
	CU_ASSERT_EQUAL(cv_bind_take(k.binds, &b, &ask), EMSGSIZE);
	ask = cv_kit_ask(4000);
	ask.aor = cv_str_make(text, 512);
	CU_ASSERT_EQUAL(cv_bind_take(k.binds, &b, &ask), EMSGSIZE);
	CU_ASSERT_EQUAL(cv_binds_count(k.binds), 0);
	cv_kit_close(&k);
}

static void test_closed_link_ends_its_bindings(void)
{
	struct cv_bind_ask ask = cv_kit_ask(4000);
	void *link = cv_mem_new(8, NULL), *other = cv_mem_new(8, NULL);
	struct cv_kit k;

	cv_kit_open(&k);
	ask.flow.transport = CV_TRANSPORT_TCP;
	ask.link = link;
	CU_ASSERT_PTR_NOT_NULL(cv_kit_register(&k, &ask, 600));
	ask.contact = CV_STR("sip:alice@10.0.0.8");
	CU_ASSERT_PTR_NOT_NULL(cv_kit_register(&k, &ask, 600));
	ask.contact = CV_STR("sip:alice@10.0.0.9");
	ask.link = other;
	CU_ASSERT_PTR_NOT_NULL(cv_kit_register(&k, &ask, 600));

	cv_bind_link_gone(k.binds, link);
	CU_ASSERT_EQUAL(cv_binds_count(k.binds), 1);
	CU_ASSERT_EQUAL(k.ends, 2);
	CU_ASSERT_STRING_EQUAL(k.why, "connection closed");
	cv_bind_link_gone(k.binds, link);
	CU_ASSERT_EQUAL(cv_binds_count(k.binds), 1);
	cv_kit_close(&k);
	cv_mem_unref(link);
	cv_mem_unref(other);
}

static void test_drop_by_the_phone_is_silent_upwards(void)
{
	struct cv_bind_ask ask = cv_kit_ask(4000);
	struct cv_kit k;

	cv_kit_open(&k);
	cv_bind_drop(k.binds, cv_kit_register(&k, &ask, 60), "unregistered");
	CU_ASSERT_EQUAL(cv_binds_count(k.binds), 0);
	CU_ASSERT_EQUAL(k.ends, 0);
	cv_fake_loop_advance(k.loop, 120000);
	CU_ASSERT_EQUAL(k.pings, 0);
	cv_kit_close(&k);
}

static void test_confirm_without_memory_changes_nothing(void)
{
	struct cv_bind_ask ask = cv_kit_ask(4000), moved = cv_kit_ask(4001);
	struct cv_binding *b;
	struct cv_kit k;

	cv_kit_open(&k);
	b = cv_kit_register(&k, &ask, 60);
	for (long n = 0; n < 4; ++n) {
		cv_mem_budget(n);
		CU_ASSERT_EQUAL(cv_bind_confirm(k.binds, b, &moved, 60, 60), ENOMEM);
		CU_ASSERT_EQUAL(b->flow.seen.port, 4000);
	}

	cv_mem_budget(-1);
	cv_kit_close(&k);
}

static void test_new_oom(void)
{
	struct cv_binds *bs = NULL;
	struct cv_binds_env env = {0};
	int err = ENOMEM;
	struct cv_kit k;

	cv_kit_open(&k);
	env.conf = &k.conf;
	env.loop = k.loop;
	for (long n = 0; err == ENOMEM && n < 64; ++n) {
		cv_mem_budget(n);
		err = cv_binds_new(&bs, &env);
		CU_ASSERT(err == 0 || (err == ENOMEM && !bs));
	}

	cv_mem_budget(-1);
	CU_ASSERT_EQUAL(err, 0);
	cv_mem_unref(bs);
	cv_kit_close(&k);
}

static void test_take_oom(void)
{
	struct cv_bind_ask ask = cv_kit_ask(4000);
	struct cv_binding *b = NULL;
	int err = ENOMEM;
	struct cv_kit k;

	cv_kit_open(&k);
	for (long n = 0; err == ENOMEM && n < 64; ++n) {
		cv_mem_budget(n);
		err = cv_bind_take(k.binds, &b, &ask);
		CU_ASSERT(err == 0 || (err == ENOMEM && !b));
		CU_ASSERT_EQUAL(cv_binds_count(k.binds), err ? 0 : 1);
	}

	cv_mem_budget(-1);
	CU_ASSERT_EQUAL(err, 0);
	cv_kit_close(&k);
}

/* 20,000 phones: one minute of pings and refreshes must cost well below a second. */
static void test_many_bindings_are_quick(void)
{
	enum { MANY = 20000 };
	struct cv_bind_ask ask = cv_kit_ask(4000);
	clock_t start = clock();
	char aor[64];
	struct cv_kit k;

	cv_log_level(CV_LOG_WARN);
	cv_kit_open(&k);
	k.answers = true;
	for (int i = 0; i < MANY; ++i) {
		(void)snprintf(aor, sizeof(aor), "u%d@example.net", i);
		ask.aor = cv_str_of(aor);
		ask.flow.seen.port = (uint16_t)(1024 + i);
		CU_ASSERT_PTR_NOT_NULL_FATAL(cv_kit_register(&k, &ask, 3600));
	}

	cv_fake_loop_advance(k.loop, 60000);
	CU_ASSERT(k.pings >= 2 * MANY);
	CU_ASSERT(k.pings <= 3 * MANY);
	CU_ASSERT_PTR_NOT_NULL(
		cv_bind_by_aor(k.binds, CV_STR("u19999@example.net"), NULL));
	CU_ASSERT_EQUAL(cv_binds_count(k.binds), MANY);
	cv_kit_close(&k);
	cv_log_level(CV_LOG_INFO);
	CU_ASSERT(clock() - start < 5 * CLOCKS_PER_SEC); /* sanitizers and all */
}

int cv_test_bind_table(void)
{
	CU_pSuite s = CU_add_suite("bind table", NULL, NULL);

	if (!s ||
	    !CU_add_test(s, "ended while held is found no more",
			 test_ended_while_held_is_found_no_more) ||
	    !CU_add_test(s, "take is pending until confirmed",
			 test_take_is_pending_until_confirmed) ||
	    !CU_add_test(s, "no binding stands longer than a week",
			 test_no_binding_stands_longer_than_a_week) ||
	    !CU_add_test(s, "pending ends after its wait",
			 test_pending_ends_after_its_wait) ||
	    !CU_add_test(s, "giveup drops only the last pending take",
			 test_giveup_drops_only_the_last_pending_take) ||
	    !CU_add_test(s, "expiry ends and says so", test_expiry_ends_and_says_so) ||
	    !CU_add_test(s, "expiry beyond the wheel is kept",
			 test_expiry_beyond_the_wheel_is_kept) ||
	    !CU_add_test(s, "refresh moves flow and keeps token",
			 test_refresh_moves_flow_and_keeps_token) ||
	    !CU_add_test(s, "take of a live one keeps its flow",
			 test_take_of_a_live_one_keeps_its_flow) ||
	    !CU_add_test(s, "instance makes another contact the same",
			 test_instance_makes_another_contact_the_same) ||
	    !CU_add_test(s, "by aor gives newest refresh first",
			 test_by_aor_gives_newest_refresh_first) ||
	    !CU_add_test(s, "user part keeps its case", test_user_part_keeps_its_case) ||
	    !CU_add_test(s, "limits refuse new ones only",
			 test_limits_refuse_new_ones_only) ||
	    !CU_add_test(s, "long texts are refused", test_long_texts_are_refused) ||
	    !CU_add_test(s, "closed link ends its bindings",
			 test_closed_link_ends_its_bindings) ||
	    !CU_add_test(s, "drop by the phone is silent upwards",
			 test_drop_by_the_phone_is_silent_upwards) ||
	    !CU_add_test(s, "confirm without memory changes nothing",
			 test_confirm_without_memory_changes_nothing) ||
	    !CU_add_test(s, "new, out of memory", test_new_oom) ||
	    !CU_add_test(s, "take, out of memory", test_take_oom) ||
	    !CU_add_test(s, "many bindings are quick", test_many_bindings_are_quick))
		return (int)CU_get_error();

	return 0;
}
