/* SPDX-License-Identifier: BSD-3-Clause */
/* Several phones that ring for one call: who is heard, who is reached, who is left. */
#include "config.h"

#include <errno.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "base/mem.h"
#include "media/media.h"
#include "media_bed.h"
#include "suite_media.h"

enum { SOON_MS = 2000, NEVER_MS = 60, MANY = 12 };

/* A call that rings at phones b and c behind one proxy, 127.0.1.9 */
struct ring {
	struct call call;
	struct party c;
	struct cv_flow to_b[3]; /* what A was shown to each fork as */
};

static void says(struct ring *r, enum cv_end from, uint32_t fork, struct cv_flow f)
{
	struct cv_flow *out = from == CV_END_A ? &r->call.to_b : &r->call.to_a;

	CU_ASSERT_EQUAL_FATAL(cv_media_set(r->call.m, from, fork, &f, out, 1), 0);
}

static void ring_open(struct ring *r, struct bed *bed)
{
	struct cv_place pa = bed_place(CV_SIDE_LAN, "127.0.1.1", 0);
	struct cv_place pb = bed_place(CV_SIDE_WAN, "127.0.1.9", 1);

	memset(r, 0, sizeof(*r));
	call_open_as(&r->call, bed, &pa, &pb);
	party_open(&r->c, "127.0.1.3");
	says(r, CV_END_A, CV_FORK_ALL, bed_flow(&r->call.a.addr));
}

static void ring_end(struct ring *r)
{
	struct bed *bed = r->call.bed;

	party_close(&r->c);
	call_end(&r->call);
	bed_free(bed);
}

/* B rings as fork 0, then C as fork 1: C is heard */
static void both_ring(struct ring *r)
{
	uint16_t port;

	says(r, CV_END_B, 0, bed_flow(&r->call.b.addr));
	port = r->call.to_a.rtp.port;
	says(r, CV_END_B, 1, bed_flow(&r->c.addr));
	CU_ASSERT_EQUAL(r->call.to_a.rtp.port, port); /* complaint 3 */
	CU_ASSERT_EQUAL(cv_media_hear(r->call.m, 1), 0);
}

/* A packet of @p from arrives at A */
static bool is_heard(struct ring *r, struct party *from, uint8_t mark)
{
	party_rtp(from, &r->call.to_b.rtp, mark);

	return party_get(r->call.a.rtp, NULL, SOON_MS) == mark;
}

/* A packet of A arrives at @p to */
static bool is_reached(struct ring *r, struct party *to, uint8_t mark)
{
	party_rtp(&r->call.a, &r->call.to_a.rtp, mark);

	return party_get(to->rtp, NULL, SOON_MS) == mark;
}

struct hope {
	const struct ring *r;
	uint64_t unheard, foreign;
};

static bool is_true(void *arg)
{
	const struct hope *h = arg;
	struct cv_media_report r = {0};

	return cv_media_report(h->r->call.m, 0, CV_END_B, &r) == 0 &&
	       r.unheard == h->unheard && r.foreign == h->foreign;
}

static bool drops(const struct ring *r, uint64_t unheard, uint64_t foreign)
{
	struct hope h = {r, unheard, foreign};

	return bed_wait(r->call.bed, is_true, &h);
}

static void test_one_fork_is_heard_and_reached(void)
{
	struct bed *bed = bed_open();
	struct ring r;

	ring_open(&r, bed);
	both_ring(&r);
	CU_ASSERT(is_heard(&r, &r.c, 1));
	party_rtp(&r.call.b, &r.call.to_b.rtp, 2);
	CU_ASSERT(drops(&r, 1, 0));
	CU_ASSERT_EQUAL(cv_stats_sum(bed->stats, CV_STAT_media_unheard), 1);
	CU_ASSERT_EQUAL(party_get(r.call.a.rtp, NULL, NEVER_MS), -1);
	CU_ASSERT(is_reached(&r, &r.c, 3));
	CU_ASSERT_EQUAL(party_get(r.call.b.rtp, NULL, NEVER_MS), -1);

	/* B repeats its 18x: it has the last word again, and was learnt meanwhile */
	CU_ASSERT_EQUAL(cv_media_hear(r.call.m, 0), 0);
	CU_ASSERT(is_heard(&r, &r.call.b, 4));
	CU_ASSERT(is_reached(&r, &r.call.b, 5));
	CU_ASSERT_EQUAL(party_get(r.c.rtp, NULL, NEVER_MS), -1);
	CU_ASSERT_EQUAL(cv_media_hear(r.call.m, 7), ENOENT);
	ring_end(&r);
}

static void test_winner_is_left(void)
{
	struct bed *bed = bed_open();
	struct cv_media_report rep;
	struct ring r;

	ring_open(&r, bed);
	both_ring(&r);
	CU_ASSERT(is_heard(&r, &r.c, 1));
	cv_media_choose(r.call.m, 0); /* its answer was in its 18x */
	CU_ASSERT(is_heard(&r, &r.call.b, 2));
	CU_ASSERT(is_reached(&r, &r.call.b, 3));
	party_rtp(&r.c, &r.call.to_b.rtp, 4);
	CU_ASSERT(drops(&r, 0, 1));
	CU_ASSERT_EQUAL(party_get(r.call.a.rtp, NULL, NEVER_MS), -1);
	CU_ASSERT_EQUAL(cv_media_report(r.call.m, 0, CV_END_B, &rep), 0);
	CU_ASSERT(cv_addr_eq(&rep.remote, &r.call.b.addr));

	/* the number counts no more: what end B says is said by the winner */
	says(&r, CV_END_B, 5, bed_flow(&r.c.addr));
	CU_ASSERT(is_reached(&r, &r.c, 5));
	ring_end(&r);
}

/* Two phones behind one NAT whose addresses can't be reached: the last word counts, and
 * what was taken for the wrong one is put right when one answers */
static void test_phones_behind_one_nat(void)
{
	struct cv_addr hidden_b = bed_addr("127.0.9.9:4000");
	struct cv_addr hidden_c = bed_addr("127.0.9.10:4000");
	struct cv_place nat = bed_place(CV_SIDE_FAR, "127.0.1.2", 1);
	struct bed *bed = bed_open();
	struct party c;
	struct ring r;

	ring_open(&r, bed);
	cv_media_place(r.call.m, CV_END_B, CV_FORK_ALL, &nat);
	says(&r, CV_END_B, 0, bed_flow(&hidden_b));
	says(&r, CV_END_B, 1, bed_flow(&hidden_c));
	CU_ASSERT_EQUAL(cv_media_hear(r.call.m, 1), 0);
	party_open(&c, "127.0.1.2");
	CU_ASSERT(is_heard(&r, &r.call.b, 1)); /* taken for fork 1 */
	party_rtp(&c, &r.call.to_b.rtp, 2);    /* so this is fork 0 */
	CU_ASSERT(drops(&r, 1, 0));

	cv_media_choose(r.call.m, 0);
	CU_ASSERT(is_heard(&r, &r.call.b, 3));
	CU_ASSERT(is_reached(&r, &r.call.b, 4));
	party_close(&c);
	ring_end(&r);
}

static void test_same_source_is_of_the_newest(void)
{
	struct bed *bed = bed_open();
	struct ring r;

	ring_open(&r, bed);
	says(&r, CV_END_B, 0, bed_flow(&r.call.b.addr));
	CU_ASSERT(is_heard(&r, &r.call.b, 1));
	says(&r, CV_END_B, 1, bed_flow(&r.call.b.addr)); /* a media server for both */
	CU_ASSERT_EQUAL(cv_media_hear(r.call.m, 1), 0);
	CU_ASSERT(is_heard(&r, &r.call.b, 2));
	CU_ASSERT(is_reached(&r, &r.call.b, 3));
	CU_ASSERT(drops(&r, 0, 0));
	ring_end(&r);
}

static void test_each_fork_has_its_place(void)
{
	struct cv_place pb = bed_place(CV_SIDE_WAN, "127.0.1.2", 1);
	struct cv_place pc = bed_place(CV_SIDE_FAR, "127.0.1.3", 1);
	struct cv_addr hidden = bed_addr("127.0.9.9:4000");
	struct bed *bed = bed_open();
	struct party evil, other;
	struct ring r;

	ring_open(&r, bed);
	cv_media_place(r.call.m, CV_END_B, 0, &pb);
	cv_media_place(r.call.m, CV_END_B, 1, &pc);
	says(&r, CV_END_B, 1, bed_flow(&hidden));
	CU_ASSERT_EQUAL(cv_media_hear(r.call.m, 1), 0);
	party_open(&evil, "127.0.1.9");
	party_rtp(&evil, &r.call.to_b.rtp, 66);
	CU_ASSERT(drops(&r, 0, 1));
	CU_ASSERT(is_heard(&r, &r.c, 1));
	CU_ASSERT(is_reached(&r, &r.c, 2));
	party_rtp(&r.call.b, &r.call.to_b.rtp, 3);
	CU_ASSERT(drops(&r, 1, 1));

	/* the same place again opens no latch */
	cv_media_place(r.call.m, CV_END_B, 1, &pc);
	party_open(&other, "127.0.1.3");
	party_rtp(&other, &r.call.to_b.rtp, 4);
	CU_ASSERT(drops(&r, 1, 2));
	party_close(&other);
	cv_media_choose(r.call.m, 1);
	party_rtp(&r.call.b, &r.call.to_b.rtp, 5);
	CU_ASSERT(drops(&r, 1, 3));
	party_close(&evil);
	ring_end(&r);
}

/* What the caller says in one early dialog counts there */
static void test_callers_address_is_the_forks(void)
{
	struct bed *bed = bed_open();
	struct party elsewhere;
	struct ring r;

	ring_open(&r, bed);
	both_ring(&r);
	CU_ASSERT(is_heard(&r, &r.c, 1));
	party_open(&elsewhere, "127.0.1.4");
	says(&r, CV_END_A, 0, bed_flow(&elsewhere.addr)); /* UPDATE for B */
	CU_ASSERT(is_heard(&r, &r.c, 2));
	cv_media_choose(r.call.m, 0);
	party_rtp(&r.call.b, &r.call.to_b.rtp, 3);
	CU_ASSERT_EQUAL(party_get(elsewhere.rtp, NULL, SOON_MS), 3);
	party_close(&elsewhere);
	ring_end(&r);
}

static void test_rtcp_follows_the_fork(void)
{
	struct bed *bed = bed_open();
	struct ring r;

	ring_open(&r, bed);
	both_ring(&r);
	party_rtcp(&r.call.a, &r.call.to_a.rtcp, 1);
	CU_ASSERT_EQUAL(party_get(r.c.rtcp, NULL, SOON_MS), 1);
	party_rtcp(&r.call.b, &r.call.to_b.rtcp, 2);
	CU_ASSERT(drops(&r, 1, 0));
	party_rtcp(&r.c, &r.call.to_b.rtcp, 3);
	CU_ASSERT_EQUAL(party_get(r.call.a.rtcp, NULL, SOON_MS), 3);
	CU_ASSERT_EQUAL(cv_media_hear(r.call.m, 0), 0);
	party_rtcp(&r.call.a, &r.call.to_a.rtcp, 4);
	CU_ASSERT_EQUAL(party_get(r.call.b.rtcp, NULL, SOON_MS), 4);
	ring_end(&r);
}

static bool has_no_line(void *arg)
{
	const struct ring *r = arg;
	struct cv_media_report rep;

	return cv_media_report(r->call.m, 0, CV_END_B, &rep) == ENOENT;
}

static void test_refusal_of_one_leaves_the_stream_to_another(void)
{
	struct cv_flow off = {.rtp = bed_addr("127.0.1.2:0")};
	struct bed *bed = bed_open();
	struct ring r;

	ring_open(&r, bed);
	says(&r, CV_END_B, 0, off);
	says(&r, CV_END_B, 1, bed_flow(&r.c.addr));
	CU_ASSERT_EQUAL(cv_media_hear(r.call.m, 1), 0);
	CU_ASSERT(is_heard(&r, &r.c, 1));
	CU_ASSERT(is_reached(&r, &r.c, 2));
	cv_media_choose(r.call.m, 0);
	CU_ASSERT(has_no_line(&r)); /* the winner wants none */
	ring_end(&r);
}

static void test_many_forks_are_bounded(void)
{
	struct bed *bed = bed_open();
	struct party v[MANY];
	struct ring r;

	ring_open(&r, bed);
	for (uint32_t i = 0; i < MANY; ++i) {
		party_open(&v[i], "127.0.1.5");
		says(&r, CV_END_B, i, bed_flow(&v[i].addr));
		CU_ASSERT_EQUAL(cv_media_hear(r.call.m, i), 0);
	}
	CU_ASSERT_EQUAL(cv_media_hear(r.call.m, 0), ENOENT); /* its place was needed */
	CU_ASSERT(is_reached(&r, &v[MANY - 1], 1));
	CU_ASSERT_EQUAL(cv_media_hear(r.call.m, MANY - 2), 0);
	CU_ASSERT(is_reached(&r, &v[MANY - 2], 2));
	CU_ASSERT(is_heard(&r, &v[MANY - 2], 3));
	cv_media_choose(r.call.m, MANY - 3);
	CU_ASSERT(is_reached(&r, &v[MANY - 3], 4));
	for (size_t i = 0; i < MANY; ++i)
		party_close(&v[i]);
	ring_end(&r);
}

static void test_call_made_again_keeps_its_ports(void)
{
	struct bed *bed = bed_open();
	struct cv_flow was;
	struct ring r;

	ring_open(&r, bed);
	was = r.call.to_b;
	both_ring(&r);
	cv_media_anew(r.call.m);
	says(&r, CV_END_A, CV_FORK_ALL, bed_flow(&r.call.a.addr));
	CU_ASSERT(cv_addr_eq(&was.rtp, &r.call.to_b.rtp));
	says(&r, CV_END_B, 0, bed_flow(&r.c.addr)); /* other phones, numbers from 0 */
	cv_media_choose(r.call.m, 0);
	CU_ASSERT(is_heard(&r, &r.c, 1));
	CU_ASSERT(is_reached(&r, &r.c, 2));
	party_rtp(&r.call.b, &r.call.to_b.rtp, 3);
	CU_ASSERT(drops(&r, 0, 1));
	ring_end(&r);
}

static void test_fork_oom(void)
{
	struct bed *bed = bed_open();
	struct cv_flow in, out;
	struct ring r;
	int err = ENOMEM;

	ring_open(&r, bed);
	says(&r, CV_END_B, 0, bed_flow(&r.call.b.addr));
	CU_ASSERT(is_heard(&r, &r.call.b, 1)); /* the thread is at rest */
	in = bed_flow(&r.c.addr);
	for (long n = 0; err == ENOMEM && n < 64; ++n) {
		cv_mem_budget(n);
		err = cv_media_set(r.call.m, CV_END_B, 1, &in, &out, 1);
		CU_ASSERT(err == 0 || err == ENOMEM);
		cv_mem_budget(-1);
		if (err)
			CU_ASSERT(is_heard(&r, &r.call.b, 2));
	}
	CU_ASSERT_EQUAL(err, 0);
	ring_end(&r);
}

/* The thread finds no memory for a second fork: the last word counts */
static void test_thread_without_memory_hears_the_last(void)
{
	struct bed *bed = bed_open();
	struct ring r;

	ring_open(&r, bed);
	says(&r, CV_END_B, 0, bed_flow(&r.call.b.addr));
	CU_ASSERT(is_reached(&r, &r.call.b, 1));
	cv_mem_budget(2); /* both blocks of signalling */
	says(&r, CV_END_B, 1, bed_flow(&r.c.addr));
	CU_ASSERT_EQUAL(cv_media_hear(r.call.m, 1), 0);
	CU_ASSERT(is_reached(&r, &r.c, 2));
	cv_mem_budget(-1);
	ring_end(&r);
}

static const struct {
	const char *name;
	CU_TestFunc fn;
} tests[] = {
	{"one is heard", test_one_fork_is_heard_and_reached},
	{"winner", test_winner_is_left},
	{"one nat", test_phones_behind_one_nat},
	{"same source", test_same_source_is_of_the_newest},
	{"places", test_each_fork_has_its_place},
	{"caller's address", test_callers_address_is_the_forks},
	{"rtcp", test_rtcp_follows_the_fork},
	{"refused stream", test_refusal_of_one_leaves_the_stream_to_another},
	{"many", test_many_forks_are_bounded},
	{"made again", test_call_made_again_keeps_its_ports},
	{"oom", test_fork_oom},
	{"thread's oom", test_thread_without_memory_hears_the_last},
};

int cv_test_fork(void)
{
	CU_pSuite s = CU_add_suite("fork", NULL, NULL);

	for (size_t i = 0; s && i < sizeof(tests) / sizeof(tests[0]); ++i) {
		if (!CU_add_test(s, tests[i].name, tests[i].fn))
			return (int)CU_get_error();
	}

	return s ? 0 : (int)CU_get_error();
}
