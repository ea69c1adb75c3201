/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tests of call/trial.c and call/apart.c: what is remembered of NATs, memory that is
 * short, a packet path that is busy. What trials do is in tests/replay/call. One thread.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>

#include <CUnit/CUnit.h>

#include "base/mem.h"
#include "call/apart.h"
#include "call_bed.h"
#include "fake_loop.h"
#include "suite_call.h"

enum { ALLOCATIONS = 40 }; /* no step takes more */

static const char *const up[] = {
	"< one INVITE two audio 192.168.1.2:4000",
	"> two INVITE audio 192.168.1.2:4000 rtcp 198.51.100.10:20001",
	"< two 200 audio 192.168.1.3:5000",
	"> one 200 INVITE audio 192.168.1.3:5000 rtcp 198.51.100.10:20003",
	"< one ACK",
	"> two ACK",
	NULL,
};

static struct cv_world *world(void)
{
	static const char *const conf[] = {
		"party one far 198.51.100.31:40001",
		"party two far 198.51.100.31:40002",
		NULL,
	};

	return cv_bed_open(conf);
}

static void end(struct cv_world *w)
{
	char line[CV_FAKE_LINE];

	(void)cv_world_feed(w, "one BYE");
	(void)cv_world_feed(w, "one CANCEL");
	(void)cv_world_feed(w, "two 487");
	cv_world_advance(w, 40000);
	CU_ASSERT_EQUAL(cv_calls_count(cv_world_calls(w)), 0);
	while (cv_world_next(w, line))
		;
	cv_bed_close(w);
}

static struct cv_addr face(unsigned n)
{
	char text[CV_ADDR_STRLEN];
	struct cv_addr a;

	(void)snprintf(text, sizeof(text), "198.51.%u.%u:5060", n / 256, n % 256);
	CU_ASSERT_EQUAL(cv_addr_parse(&a, cv_str_of(text)), 0);

	return a;
}

static void test_a_face_is_remembered_for_an_hour(void)
{
	struct cv_addr one = face(1), other = face(2), port = one;
	struct cv_apart *a = NULL;
	struct cv_loop *time;

	CU_ASSERT_EQUAL_FATAL(cv_fake_loop_new(&time), 0);
	CU_ASSERT_EQUAL_FATAL(cv_apart_new(&a), 0);
	CU_ASSERT_FALSE(cv_apart_is(a, &one));
	cv_apart_note(a, &one);
	port.port = 61000;
	CU_ASSERT_TRUE(cv_apart_is(a, &port));
	CU_ASSERT_FALSE(cv_apart_is(a, &other));
	cv_fake_loop_advance(time, CV_APART_MS - 1);
	CU_ASSERT_TRUE(cv_apart_is(a, &one));
	cv_apart_note(a, &one);
	cv_fake_loop_advance(time, CV_APART_MS - 1);
	CU_ASSERT_TRUE(cv_apart_is(a, &one));
	cv_fake_loop_advance(time, 1);
	CU_ASSERT_FALSE(cv_apart_is(a, &one));
	cv_mem_unref(a);
	cv_mem_unref(time);
}

static void test_the_oldest_face_makes_room(void)
{
	struct cv_apart *a = NULL;
	struct cv_addr f = face(1);

	CU_ASSERT_EQUAL_FATAL(cv_apart_new(&a), 0);
	for (unsigned n = 0; n < CV_APART_MAX; ++n) {
		f = face(n);
		cv_apart_note(a, &f);
	}
	f = face(0);
	cv_apart_note(a, &f); /* no longer the oldest */
	f = face(CV_APART_MAX);
	cv_apart_note(a, &f);
	CU_ASSERT_TRUE(cv_apart_is(a, &f));
	f = face(0);
	CU_ASSERT_TRUE(cv_apart_is(a, &f));
	f = face(1);
	CU_ASSERT_FALSE(cv_apart_is(a, &f));
	f = face(2);
	CU_ASSERT_TRUE(cv_apart_is(a, &f));
	cv_mem_unref(a);
}

static void test_apart_oom(void)
{
	struct cv_apart *a = NULL;
	struct cv_addr f = face(1);
	int err = ENOMEM;

	for (long n = 0; err == ENOMEM && n < ALLOCATIONS; ++n) {
		cv_mem_budget(n);
		err = cv_apart_new(&a);
		CU_ASSERT(err == 0 || (err == ENOMEM && !a));
	}
	cv_mem_budget(0);
	cv_apart_note(a, &f);
	cv_mem_budget(-1);
	CU_ASSERT_EQUAL(err, 0);
	CU_ASSERT_FALSE(cv_apart_is(a, &f));
	cv_mem_unref(a);
}

/* The thread's queue is full when the relay is wanted: a little later it isn't. */
static void test_a_busy_packet_path_is_asked_again(void)
{
	static const char *const steps[] = {"+ 5900", NULL};
	static const char *const later[] = {
		"+ 200",
		"+ 6000",
		"> one INVITE audio 198.51.100.10:20002",
		NULL,
	};
	struct cv_world *w = world();

	cv_bed_play(w, up);
	cv_bed_play(w, steps);
	cv_world_plane(w)->watch_err = ENOBUFS;
	cv_bed_play(w, later);
	end(w);
}

/* Each step with memory for n allocations: the call goes on whatever is missing. */
static void test_without_memory(void)
{
	static const char *const events[] = {
		"one INVITE two audio 192.168.1.2:4000",
		"two 200 audio 192.168.1.3:5000",
		"one ACK",
		"media reported a sends",
		"one 200 audio 192.168.1.2:4000",
		"two 200 audio 192.168.1.3:5000",
	};
	size_t c = sizeof(events) / sizeof(events[0]);
	char line[CV_FAKE_LINE];

	for (long n = 0; n < ALLOCATIONS * (long)c; ++n) {
		struct cv_world *w = world();

		CU_ASSERT_EQUAL(cv_world_start(w), 0);
		for (size_t i = 0; i < c; ++i) {
			if (i == (size_t)n % c)
				cv_mem_budget(n / (long)c);
			(void)cv_world_feed(w, events[i]);
			cv_world_advance(w, i < 3 ? 10 : 6000);
			cv_mem_budget(-1);
			while (cv_world_next(w, line))
				;
		}
		end(w);
	}
}

int cv_test_trial(void)
{
	CU_pSuite s = CU_add_suite("trial", NULL, NULL);

	if (!s)
		return (int)CU_get_error();

	CU_ADD_TEST(s, test_a_face_is_remembered_for_an_hour);
	CU_ADD_TEST(s, test_the_oldest_face_makes_room);
	CU_ADD_TEST(s, test_apart_oom);
	CU_ADD_TEST(s, test_a_busy_packet_path_is_asked_again);
	CU_ADD_TEST(s, test_without_memory);

	return (int)CU_get_error();
}
