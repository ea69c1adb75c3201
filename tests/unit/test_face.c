/* SPDX-License-Identifier: BSD-3-Clause */
/* Those who ring at end B stand at several points of ours: a face for each. */
#include "config.h"

#include <errno.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "base/mem.h"
#include "media/media_int.h"
#include "media_bed.h"
#include "suite_media.h"

enum { SOON_MS = 2000, NEVER_MS = 60, LAN = 0, WAN = 1, THIRD = 2 };

/* A call of A that rings at B in the LAN (fork 0) and at C outside (fork 1) */
struct ring {
	struct call call;
	struct party c;
	struct cv_place in, out; /* of B, C */
	struct cv_flow to_c;     /* what C was shown */
};

static void says(struct ring *r, enum cv_end from, uint32_t fork, struct cv_flow f)
{
	struct cv_flow *out = from == CV_END_A ? &r->call.to_b : &r->call.to_a;

	CU_ASSERT_EQUAL_FATAL(cv_media_set(r->call.m, from, fork, &f, out, 1), 0);
}

static void ring_open_in(struct ring *r, struct bed *bed)
{
	struct cv_place pa = bed_place(CV_SIDE_WAN, "127.0.1.1", WAN);

	memset(r, 0, sizeof(*r));
	r->in = bed_place(CV_SIDE_LAN, "127.0.1.2", LAN);
	r->out = bed_place(CV_SIDE_FAR, "127.0.1.3", WAN);
	call_open_as(&r->call, bed, &pa, &r->in);
	party_open(&r->c, "127.0.1.3");
	says(r, CV_END_A, CV_FORK_ALL, bed_flow(&r->call.a.addr));
}

/* The same, and C is shown the offer */
static void ring_open(struct ring *r, struct bed *bed)
{
	ring_open_in(r, bed);
	CU_ASSERT_EQUAL(cv_media_face(r->call.m, &r->out, &r->call.to_b, &r->to_c, 1), 0);
}

static void ring_end(struct ring *r)
{
	struct bed *bed = r->call.bed;

	party_close(&r->c);
	call_end(&r->call);
	bed_free(bed);
}

/* C writes an address behind its NAT */
static void both_ring(struct ring *r)
{
	struct cv_addr hidden = bed_addr("127.0.9.9:4000");

	cv_media_place(r->call.m, CV_END_B, 0, &r->in);
	says(r, CV_END_B, 0, bed_flow(&r->call.b.addr));
	cv_media_place(r->call.m, CV_END_B, 1, &r->out);
	says(r, CV_END_B, 1, bed_flow(&hidden));
}

/* A packet of @p from, sent to @p at, arrives at A */
static bool is_heard(struct ring *r, struct party *from, const struct cv_flow *at,
		     uint8_t mark)
{
	party_rtp(from, &at->rtp, mark);

	return party_get(r->call.a.rtp, NULL, SOON_MS) == mark;
}

/* A packet of A arrives at @p to, out of the port that it was shown */
static bool is_reached(struct ring *r, struct party *to, const struct cv_flow *at,
		       uint8_t mark)
{
	struct cv_addr from = {0};

	party_rtp(&r->call.a, &r->call.to_a.rtp, mark);

	return party_get(to->rtp, &from, SOON_MS) == mark && cv_addr_eq(&from, &at->rtp);
}

struct hope {
	const struct ring *r;
	uint64_t unheard, foreign;
	size_t used;
};

static bool is_dropped(void *arg)
{
	const struct hope *h = arg;
	struct cv_media_report r = {0};

	return cv_media_report(h->r->call.m, 0, CV_END_B, &r) == 0 &&
	       r.unheard == h->unheard && r.foreign == h->foreign;
}

static bool drops(const struct ring *r, uint64_t unheard, uint64_t foreign)
{
	struct hope h = {.r = r, .unheard = unheard, .foreign = foreign};

	return bed_wait(r->call.bed, is_dropped, &h);
}

static size_t used(const struct ring *r)
{
	return cv_ports_used(r->call.bed->plane->ports);
}

static bool is_used(void *arg)
{
	const struct hope *h = arg;

	return used(h->r) == h->used;
}

/* So many pairs are taken, or will be soon */
static bool comes_to(const struct ring *r, size_t pairs)
{
	struct hope h = {.r = r, .used = pairs};

	return bed_wait(r->call.bed, is_used, &h);
}

static bool is_at(const struct cv_flow *f, const char *host)
{
	struct cv_addr a = bed_addr(host);

	return cv_addr_host_eq(&f->rtp, &a);
}

static void test_each_is_shown_what_faces_it(void)
{
	struct cv_place near = bed_place(CV_SIDE_LAN, "127.0.1.7", LAN);
	struct cv_place third = bed_place(CV_SIDE_LAN, "127.0.1.8", THIRD);
	struct bed *bed = bed_open();
	struct cv_flow again;
	struct ring r;

	ring_open(&r, bed);
	CU_ASSERT(is_at(&r.call.to_b, "127.0.0.1"));
	CU_ASSERT(is_at(&r.to_c, "127.0.0.2"));
	CU_ASSERT_EQUAL(r.to_c.rtcp.port, r.to_c.rtp.port + 1);
	CU_ASSERT_EQUAL(used(&r), 2);

	/* another at the same point shares it, the first point is shown what it was */
	CU_ASSERT_EQUAL(cv_media_face(r.call.m, &r.out, &r.call.to_b, &again, 1), 0);
	CU_ASSERT(cv_addr_eq(&again.rtp, &r.to_c.rtp));
	CU_ASSERT_EQUAL(cv_media_face(r.call.m, &near, &r.call.to_b, &again, 1), 0);
	CU_ASSERT(cv_addr_eq(&again.rtp, &r.call.to_b.rtp));
	CU_ASSERT_EQUAL(used(&r), 2);
	CU_ASSERT_EQUAL(cv_media_face(r.call.m, &third, &r.call.to_b, &again, 1), 0);
	CU_ASSERT(is_at(&again, "127.0.0.4")); /* as it is advertised */
	CU_ASSERT_EQUAL(used(&r), 3);
	ring_end(&r);
}

static void test_each_is_heard_and_reached_by_its_face(void)
{
	struct bed *bed = bed_open();
	struct ring r;

	ring_open(&r, bed);
	both_ring(&r);
	CU_ASSERT(is_heard(&r, &r.call.b, &r.call.to_b, 1));
	CU_ASSERT(is_reached(&r, &r.call.b, &r.call.to_b, 2));
	party_rtp(&r.c, &r.to_c.rtp, 3);
	CU_ASSERT(drops(&r, 1, 0));
	CU_ASSERT_EQUAL(cv_media_hear(r.call.m, 1), 0);
	CU_ASSERT(is_heard(&r, &r.c, &r.to_c, 4));
	CU_ASSERT(is_reached(&r, &r.c, &r.to_c, 5)); /* learnt before it was heard */
	party_rtcp(&r.call.a, &r.call.to_a.rtcp, 6);
	party_rtcp(&r.c, &r.to_c.rtcp, 7);
	CU_ASSERT_EQUAL(party_get(r.call.a.rtcp, NULL, SOON_MS), 7);
	CU_ASSERT_EQUAL(cv_media_hear(r.call.m, 0), 0);
	CU_ASSERT(is_heard(&r, &r.call.b, &r.call.to_b, 8));
	CU_ASSERT(is_reached(&r, &r.call.b, &r.call.to_b, 9));
	ring_end(&r);
}

/* B sends to the address of the other face: nobody who stands there */
static void test_wrong_face_is_foreign(void)
{
	struct bed *bed = bed_open();
	struct ring r;

	ring_open(&r, bed);
	both_ring(&r);
	party_rtp(&r.call.b, &r.to_c.rtp, 1);
	CU_ASSERT(drops(&r, 0, 1));
	party_rtp(&r.c, &r.call.to_b.rtp, 2);
	CU_ASSERT(drops(&r, 0, 2));
	CU_ASSERT_EQUAL(party_get(r.call.a.rtp, NULL, NEVER_MS), -1);
	cv_media_choose(r.call.m, 0);
	party_rtp(&r.c, &r.call.to_b.rtp, 3);
	CU_ASSERT(drops(&r, 0, 3));
	ring_end(&r);
}

static bool is_live(void *arg)
{
	const struct ring *r = arg;

	return r->call.m->line[0]->park == CV_PARK_LIVE &&
	       r->call.m->line[1]->park == CV_PARK_LIVE;
}

static void winner_is(uint32_t fork)
{
	struct bed *bed = bed_open();
	struct cv_media_report rep;
	const struct cv_flow *at;
	struct cv_flow was, two[2], out[2];
	struct party *p, *other;
	struct ring r;

	ring_open(&r, bed);
	both_ring(&r);
	p = fork == 0 ? &r.call.b : &r.c;
	other = fork == 0 ? &r.c : &r.call.b;
	at = fork == 0 ? &r.call.to_b : &r.to_c;
	CU_ASSERT_EQUAL(used(&r), 3);
	cv_media_choose(r.call.m, fork);
	CU_ASSERT(comes_to(&r, 2)); /* the other face's came back */
	CU_ASSERT(is_heard(&r, p, at, 1));
	CU_ASSERT(is_reached(&r, p, at, 2));
	party_rtp(other, &at->rtp, 3);
	CU_ASSERT(drops(&r, 0, 1));
	CU_ASSERT_EQUAL(cv_media_report(r.call.m, 0, CV_END_B, &rep), 0);
	CU_ASSERT(cv_addr_eq(&rep.local, &at->rtp));

	/* the talk goes on there, new lines too */
	was = *at;
	two[0] = two[1] = bed_flow(&r.call.a.addr);
	CU_ASSERT_EQUAL(cv_media_set(r.call.m, CV_END_A, 5, two, out, 2), 0);
	CU_ASSERT(cv_addr_eq(&out[0].rtp, &was.rtp));
	CU_ASSERT(cv_addr_host_eq(&out[1].rtp, &was.rtp));
	CU_ASSERT_EQUAL(used(&r), 3);

	/* so does a parked one */
	CU_ASSERT_EQUAL(cv_media_park(r.call.m, true), 0);
	CU_ASSERT_EQUAL(cv_media_park(r.call.m, false), 0);
	CU_ASSERT(bed_wait(bed, is_live, &r));
	CU_ASSERT(is_heard(&r, p, &was, 4));
	ring_end(&r);
}

static void test_winner_at_the_first_face(void)
{
	winner_is(0);
}

static void test_winner_at_another_face(void)
{
	winner_is(1);
}

/* The only one that spoke stands at the other face */
static void test_only_one_speaks(void)
{
	struct bed *bed = bed_open();
	struct ring r;

	ring_open(&r, bed);
	cv_media_place(r.call.m, CV_END_B, 0, &r.out);
	says(&r, CV_END_B, 0, bed_flow(&r.c.addr));
	cv_media_choose(r.call.m, 0);
	CU_ASSERT(comes_to(&r, 2));
	CU_ASSERT(is_heard(&r, &r.c, &r.to_c, 1));
	CU_ASSERT(is_reached(&r, &r.c, &r.to_c, 2));
	ring_end(&r);
}

/* Asked again after a challenge: the same ports everywhere, other numbers of forks */
static void test_made_again_keeps_all_faces(void)
{
	struct bed *bed = bed_open();
	struct cv_flow b, c;
	struct ring r;

	ring_open(&r, bed);
	both_ring(&r);
	CU_ASSERT_EQUAL(cv_media_hear(r.call.m, 1), 0);
	CU_ASSERT(is_heard(&r, &r.c, &r.to_c, 1));
	b = r.call.to_b;
	c = r.to_c;
	cv_media_anew(r.call.m);
	says(&r, CV_END_A, CV_FORK_ALL, bed_flow(&r.call.a.addr));
	CU_ASSERT(cv_addr_eq(&r.call.to_b.rtp, &b.rtp));
	CU_ASSERT_EQUAL(cv_media_face(r.call.m, &r.out, &r.call.to_b, &r.to_c, 1), 0);
	CU_ASSERT(cv_addr_eq(&r.to_c.rtp, &c.rtp));
	cv_media_place(r.call.m, CV_END_B, 0, &r.out); /* the place it had as another */
	says(&r, CV_END_B, 0, bed_flow(&r.c.addr));
	CU_ASSERT(is_heard(&r, &r.c, &r.to_c, 2));
	CU_ASSERT(is_reached(&r, &r.c, &r.to_c, 3));
	ring_end(&r);
}

/* Sent on to another place: all that is said now is shown there */
static void test_sent_elsewhere(void)
{
	struct bed *bed = bed_open();
	struct ring r;

	ring_open_in(&r, bed);
	says(&r, CV_END_B, 0, bed_flow(&r.call.b.addr));
	cv_media_anew(r.call.m);
	cv_media_place(r.call.m, CV_END_B, CV_FORK_ALL, &r.out);
	says(&r, CV_END_A, CV_FORK_ALL, bed_flow(&r.call.a.addr));
	CU_ASSERT(is_at(&r.call.to_b, "127.0.0.2"));
	r.to_c = r.call.to_b;
	CU_ASSERT_EQUAL(cv_media_face(r.call.m, &r.in, &r.call.to_b, &r.call.to_b, 1), 0);
	CU_ASSERT(is_at(&r.call.to_b, "127.0.0.1"));
	both_ring(&r);
	cv_media_choose(r.call.m, 1);
	CU_ASSERT(comes_to(&r, 2));
	CU_ASSERT(is_heard(&r, &r.c, &r.to_c, 1));
	CU_ASSERT(is_reached(&r, &r.c, &r.to_c, 2));
	ring_end(&r);
}

/* B and C make offers; what A answers each is shown at its face */
static void test_late_offers(void)
{
	struct cv_place pa = bed_place(CV_SIDE_WAN, "127.0.1.1", WAN);
	struct bed *bed = bed_open();
	struct ring r;

	memset(&r, 0, sizeof(r));
	r.in = bed_place(CV_SIDE_LAN, "127.0.1.2", LAN);
	r.out = bed_place(CV_SIDE_FAR, "127.0.1.3", WAN);
	call_open_as(&r.call, bed, &pa, &r.in);
	party_open(&r.c, "127.0.1.3");
	both_ring(&r);
	says(&r, CV_END_A, 1, bed_flow(&r.call.a.addr));
	r.to_c = r.call.to_b;
	CU_ASSERT(is_at(&r.to_c, "127.0.0.2"));
	says(&r, CV_END_A, 0, bed_flow(&r.call.a.addr));
	CU_ASSERT(is_at(&r.call.to_b, "127.0.0.1"));
	CU_ASSERT_EQUAL(cv_media_hear(r.call.m, 1), 0);
	CU_ASSERT(is_heard(&r, &r.c, &r.to_c, 1));
	CU_ASSERT(is_reached(&r, &r.c, &r.to_c, 2));
	cv_media_choose(r.call.m, 1);
	CU_ASSERT(comes_to(&r, 2));
	CU_ASSERT(is_heard(&r, &r.c, &r.to_c, 3));
	ring_end(&r);
}

static void test_no_point_or_too_many(void)
{
	struct cv_place six = bed_place(CV_SIDE_WAN, "::1", WAN);
	struct cv_place none = bed_place(CV_SIDE_WAN, "127.0.1.3", CV_LISTEN_NONE);
	struct cv_place p = bed_place(CV_SIDE_LAN, "127.0.1.5", THIRD);
	struct bed *bed = bed_new();
	struct cv_flow out;
	struct ring r;

	for (uint8_t i = 5; i < 8; ++i) {
		struct cv_point *pt = &bed->net->points[bed->net->pointc++];

		pt->bind = pt->media = pt->advertise = pt->media_adv =
			bed_addr("127.0.0.5");
		pt->media.ip.bytes[3] = pt->media_adv.ip.bytes[3] = i;
	}
	bed_start(bed);
	ring_open(&r, bed);
	six.family = AF_INET6;
	CU_ASSERT_EQUAL(cv_media_face(r.call.m, &six, &r.call.to_b, &out, 1),
			EADDRNOTAVAIL);
	CU_ASSERT_EQUAL(cv_media_face(r.call.m, &none, &r.call.to_b, &out, 1),
			EADDRNOTAVAIL);
	CU_ASSERT_EQUAL(used(&r), 2);
	for (p.listen = THIRD; p.listen < 4; ++p.listen) {
		CU_ASSERT_EQUAL(cv_media_face(r.call.m, &p, &r.call.to_b, &out, 1), 0);
		CU_ASSERT(!cv_addr_eq(&out.rtp, &r.call.to_b.rtp));
	}
	CU_ASSERT_EQUAL(used(&r), 4);
	CU_ASSERT_EQUAL(cv_media_face(r.call.m, &p, &r.call.to_b, &out, 1), 0);
	CU_ASSERT(cv_addr_eq(&out.rtp, &r.call.to_b.rtp)); /* as the first are shown */
	CU_ASSERT_EQUAL(used(&r), 4);

	/* and it is heard there */
	cv_media_place(r.call.m, CV_END_B, 0, &p);
	says(&r, CV_END_B, 0, bed_flow(&r.call.b.addr));
	CU_ASSERT(is_heard(&r, &r.call.b, &r.call.to_b, 1));
	ring_end(&r);
}

/* No port is left for the second line of the second face: all is as it was */
static void test_no_port_leaves_all_as_it_was(void)
{
	struct cv_pair extra = {.rtp = -1, .rtcp = -1};
	struct cv_addr host = bed_addr("127.0.0.2");
	struct cv_flow two[2], in[2], out[2];
	struct bed *bed = bed_new();
	struct ring r;

	bed->conf.port_hi = BED_LO + 7; /* four pairs on each address */
	bed_start(bed);
	ring_open_in(&r, bed);
	two[0] = two[1] = bed_flow(&r.call.a.addr);
	CU_ASSERT_EQUAL(cv_media_set(r.call.m, CV_END_A, CV_FORK_ALL, two, in, 2), 0);
	two[0] = two[1] = bed_flow(&r.call.b.addr);
	cv_media_place(r.call.m, CV_END_B, 0, &r.in);
	CU_ASSERT_EQUAL(cv_media_set(r.call.m, CV_END_B, 0, two, out, 2), 0);
	r.call.to_b = in[0];
	r.call.to_a = out[0];
	CU_ASSERT_EQUAL_FATAL(cv_ports_take(bed->plane->ports, &extra, &host, 0), 0);
	CU_ASSERT_EQUAL(used(&r), 5);
	CU_ASSERT_EQUAL(cv_media_face(r.call.m, &r.out, in, out, 2), ENOSPC);
	CU_ASSERT_EQUAL(used(&r), 5);
	cv_ports_shut(&extra);
	cv_ports_give(bed->plane->ports, &extra.local);
	CU_ASSERT(is_heard(&r, &r.call.b, &r.call.to_b, 1));
	CU_ASSERT(is_reached(&r, &r.call.b, &r.call.to_b, 2));
	ring_end(&r);
}

/* RTP doesn't pass us: nothing is gained by another address */
static void test_watching_has_one_face(void)
{
	struct bed *bed = bed_open();
	struct ring r;

	ring_open_in(&r, bed);
	CU_ASSERT_EQUAL(cv_media_watch(r.call.m, true), 0);
	CU_ASSERT_EQUAL(cv_media_face(r.call.m, &r.out, &r.call.to_b, &r.to_c, 1), 0);
	CU_ASSERT(cv_addr_eq(&r.to_c.rtp, &r.call.to_b.rtp));
	CU_ASSERT(cv_addr_eq(&r.to_c.rtcp, &r.call.to_b.rtcp));
	CU_ASSERT_EQUAL(used(&r), 1);
	ring_end(&r);
}

/* A point shows another address while they ring: its face says so, on the same ports */
static void test_face_follows_its_point(void)
{
	struct bed *bed = bed_open();
	struct cv_flow again;
	struct ring r;

	ring_open(&r, bed);
	bed->net->points[WAN].media_adv = bed_addr("127.0.0.77");
	cv_media_readdress(r.call.m);
	CU_ASSERT_EQUAL(cv_media_face(r.call.m, &r.out, &r.call.to_b, &again, 1), 0);
	CU_ASSERT(is_at(&again, "127.0.0.77"));
	CU_ASSERT_EQUAL(again.rtp.port, r.to_c.rtp.port);
	both_ring(&r);
	cv_media_choose(r.call.m, 1);
	CU_ASSERT(is_heard(&r, &r.c, &r.to_c, 1)); /* which is bound where it was */
	says(&r, CV_END_A, 1, bed_flow(&r.call.a.addr));
	CU_ASSERT(cv_addr_eq(&r.call.to_b.rtp, &again.rtp));
	ring_end(&r);
}

static void test_face_oom(void)
{
	struct bed *bed = bed_open();
	struct ring r;
	int err = ENOMEM;

	ring_open_in(&r, bed);
	says(&r, CV_END_B, 0, bed_flow(&r.call.b.addr));
	CU_ASSERT(is_heard(&r, &r.call.b, &r.call.to_b, 1)); /* the thread is at rest */
	for (long n = 0; err == ENOMEM && n < 64; ++n) {
		cv_mem_budget(n);
		err = cv_media_face(r.call.m, &r.out, &r.call.to_b, &r.to_c, 1);
		cv_mem_budget(-1);
		CU_ASSERT(err == 0 || err == ENOMEM);
		CU_ASSERT_EQUAL(used(&r), err ? 2 : 3);
	}
	CU_ASSERT_EQUAL(err, 0);
	ring_end(&r);
}

/* The thread finds no memory for the second face: the call is dead, nothing leaks */
static void test_thread_without_memory_for_a_face(void)
{
	struct bed *bed = bed_open();
	struct ring r;

	ring_open_in(&r, bed);
	says(&r, CV_END_B, 0, bed_flow(&r.call.b.addr));
	CU_ASSERT(is_heard(&r, &r.call.b, &r.call.to_b, 1));
	cv_mem_budget(2); /* both blocks of signalling */
	CU_ASSERT_EQUAL(cv_media_face(r.call.m, &r.out, &r.call.to_b, &r.to_c, 1), 0);
	CU_ASSERT_PTR_NOT_NULL(bed_event(bed, CV_MEDIA_IDLE));
	cv_mem_budget(-1);
	ring_end(&r);
}

static const struct {
	const char *name;
	CU_TestFunc fn;
} tests[] = {
	{"each its address", test_each_is_shown_what_faces_it},
	{"heard and reached", test_each_is_heard_and_reached_by_its_face},
	{"wrong face", test_wrong_face_is_foreign},
	{"first wins", test_winner_at_the_first_face},
	{"other wins", test_winner_at_another_face},
	{"one speaks", test_only_one_speaks},
	{"again", test_made_again_keeps_all_faces},
	{"elsewhere", test_sent_elsewhere},
	{"late offers", test_late_offers},
	{"bounds", test_no_point_or_too_many},
	{"no port", test_no_port_leaves_all_as_it_was},
	{"watching", test_watching_has_one_face},
	{"readdressed", test_face_follows_its_point},
	{"oom", test_face_oom},
	{"thread oom", test_thread_without_memory_for_a_face},
};

int cv_test_face(void)
{
	CU_pSuite s = CU_add_suite("face", NULL, NULL);

	if (!s)
		return CU_get_error();

	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); ++i)
		CU_add_test(s, tests[i].name, tests[i].fn);

	return CU_get_error();
}
