/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests of media/setup.c: who connects to whom. One thread. */
#include "config.h"

#include "media/setup.h"

#include <errno.h>

#include <CUnit/CUnit.h>

#include "suite_media.h"

#define U CV_SETUP_UNSAID
#define A CV_SETUP_ACTIVE
#define P CV_SETUP_PASSIVE
#define X CV_SETUP_ACTPASS
#define H CV_SETUP_HOLDCONN

/* A offers, B answers. */
struct row {
	bool a, b, tls; /* reachable; with TLS inside */
	enum cv_setup offer, told_b, answer, told_a;
	bool waits_a, waits_b; /* for us */
};

static const struct row rows[] = {
	/* as before RFC 4145: the offerer waits, the answerer connects */
	{true, true, false, U, U, U, U, true, false},
	{true, false, false, U, U, U, U, true, false},
	/* all can be reached: every word passes */
	{true, true, false, A, A, P, P, false, true},
	{true, true, false, P, P, A, A, true, false},
	{true, true, false, X, X, A, A, true, false},
	{true, true, false, X, X, P, P, false, true},
	{true, true, false, H, H, H, H, false, false},
	{true, true, true, X, X, A, A, true, false},
	/* B behind a NAT is told to connect, both then come to us */
	{true, false, false, A, P, A, A, false, false},
	{true, false, false, X, P, A, A, true, false},
	{true, false, false, P, P, A, A, true, false},
	/* with TLS the roles stay apart */
	{true, false, true, X, P, A, A, true, false},
	{true, false, true, P, P, A, A, true, false},
	/* A behind a NAT comes to us whatever B likes */
	{false, true, false, A, A, P, P, false, true},
	{false, true, false, X, X, A, P, false, false},
	{false, true, false, X, X, P, P, false, true},
	{false, true, true, X, A, P, P, false, true},
	{false, true, true, A, A, P, P, false, true},
	/* both behind NATs: both come to us (RFC 7362 4) */
	{false, false, false, A, P, A, P, false, false},
	{false, false, false, X, P, A, P, false, false},
};

static struct cv_msetup of(const struct row *r)
{
	struct cv_msetup s = {.tls = r->tls};

	s.end[CV_END_A].reachable = r->a;
	s.end[CV_END_B].reachable = r->b;

	return s;
}

static void test_who_connects(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
		const struct row *r = &rows[i];
		struct cv_msetup s = of(r);
		enum cv_setup out = H;

		CU_ASSERT_EQUAL(cv_msetup_say(&s, CV_END_A, r->offer, &out), 0);
		CU_ASSERT_EQUAL(out, r->told_b);
		CU_ASSERT_EQUAL(cv_msetup_say(&s, CV_END_B, r->answer, &out), 0);
		CU_ASSERT_EQUAL(out, r->told_a);
		CU_ASSERT_EQUAL(cv_msetup_waits(&s, CV_END_A), r->waits_a);
		CU_ASSERT_EQUAL(cv_msetup_waits(&s, CV_END_B), r->waits_b);
	}
}

static void test_the_other_way_round(void)
{
	struct cv_msetup s = {.end = {{.reachable = true}, {.reachable = true}}};
	enum cv_setup out;

	CU_ASSERT_EQUAL(cv_msetup_say(&s, CV_END_B, U, &out), 0);
	CU_ASSERT_FALSE(cv_msetup_waits(&s, CV_END_A));
	CU_ASSERT_EQUAL(cv_msetup_say(&s, CV_END_A, U, &out), 0);
	CU_ASSERT_FALSE(cv_msetup_waits(&s, CV_END_A));
	CU_ASSERT_TRUE(cv_msetup_waits(&s, CV_END_B));
}

/* Where somebody would wait for ever. */
static const struct row refused[] = {
	{.a = false, .b = true, .offer = U},
	{.a = false, .b = true, .offer = P},
	{.a = false, .b = false, .offer = P},
	{.a = true, .b = false, .tls = true, .offer = A},
	{.a = false, .b = false, .tls = true, .offer = X},
	{.a = false, .b = false, .tls = true, .offer = A},
};

static void test_what_can_not_be(void)
{
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); ++i) {
		struct cv_msetup s = of(&refused[i]);
		enum cv_setup out = H;

		CU_ASSERT_EQUAL(cv_msetup_say(&s, CV_END_A, refused[i].offer, &out),
				EHOSTUNREACH);
		CU_ASSERT_FALSE(s.end[CV_END_A].spoken);
	}
}

int cv_test_setup(void)
{
	CU_pSuite s = CU_add_suite("setup", NULL, NULL);

	if (!s)
		return (int)CU_get_error();

	CU_ADD_TEST(s, test_who_connects);
	CU_ADD_TEST(s, test_the_other_way_round);
	CU_ADD_TEST(s, test_what_can_not_be);

	return (int)CU_get_error();
}
