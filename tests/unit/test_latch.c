/* SPDX-License-Identifier: BSD-3-Clause */
/* Whom a latch believes: planted packets of the true phone and of others, on a clock of
 * the test. */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "base/mem.h"
#include "media/media_int.h"
#include "media/run.h"
#include "suite_media.h"

enum {
	T0 = 1000000,
	FRAME_MS = 20,
	FRAME_TS = 160, /* G.711, 8 kHz */
	PHONE_SSRC = 0x5eed0001,
	OTHER_SSRC = 0x0badcafe,
	FRESH = 200, /* the times of latch.c, as a user may count on them */
	QUIET = 1000,
	RTCP_QUIET = 10000,
	KEEP = 5000,
	HOLD = 5000,
};

/* Hosts: the phone's NAT, another face of the same nat-systems entry, elsewhere */
#define NAT    "192.0.2.7:"
#define FACE2  "192.0.2.6:"
#define MOBILE "203.0.113.9:"
#define EVIL   "198.51.100.66:"

/* A stream without sockets; a talker's numbers go on by themselves */
struct bench {
	struct cv_mthread *t;
	struct cv_mstream *s;
	struct cv_pkt *pkt;
	uint64_t now;
	uint32_t ts;
	uint16_t seq;
};

static void bench_open(struct bench *b)
{
	memset(b, 0, sizeof(*b));
	b->t = cv_mem_zalloc(1, sizeof(*b->t));
	b->pkt = cv_mem_zalloc(1, sizeof(*b->pkt));
	if (!b->t || !b->pkt)
		abort(); /* nothing can be tested */

	for (size_t i = 0; i < CV_WHEEL; ++i)
		cv_list_init(&b->t->wheel[i]);
	b->t->is_ticking = true;
	CU_ASSERT_EQUAL_FATAL(cv_arena_new(&b->t->arena), 0);
	CU_ASSERT_EQUAL_FATAL(cv_arena_clear(b->t->arena, 0), 0);
	atomic_store(&cv_arena_cell(b->t->arena, 0)->pending, 1); /* sends no note */
	CU_ASSERT_EQUAL_FATAL(cv_mstream_new(&b->s, b->t, 0), 0);
	b->now = T0;
	b->seq = 100;
	b->ts = 5000;
}

static void bench_close(struct bench *b)
{
	cv_mstream_free(b->s);
	cv_mem_unref(b->t->arena);
	free(b->pkt);
	free(b->t);
}

static struct cv_addr addr(const char *text)
{
	struct cv_addr a = {0};

	CU_ASSERT_EQUAL(cv_addr_parse(&a, cv_str_of(text)), 0);

	return a;
}

/* Signalling came from hosts lo to hi; a description that can't be reached */
static struct cv_expect from_hosts(const char *lo, const char *hi)
{
	struct cv_expect x = {.news = true};

	x.allow[0].lo = addr(lo);
	x.allow[0].hi = addr(hi);

	return x;
}

static void tell(struct bench *b, const struct cv_expect *x)
{
	cv_pipe_expect(&b->s->end[CV_END_A], x, b->now);
}

/* A new description, or a new place, of who signals from @p host */
static void retell(struct bench *b, const char *host)
{
	struct cv_expect x = from_hosts(host, host);

	x.reopen[CV_COMP_RTP] = x.reopen[CV_COMP_RTCP] = true;
	tell(b, &x);
}

static void put(uint8_t *d, uint32_t v)
{
	d[0] = (uint8_t)(v >> 24);
	d[1] = (uint8_t)(v >> 16);
	d[2] = (uint8_t)(v >> 8);
	d[3] = (uint8_t)v;
}

static bool judged(struct bench *b, const char *from)
{
	b->pkt->at_ms = b->now;
	b->pkt->from = addr(from);

	return cv_stage_latch.rx(b->s->end[CV_END_A].state[1], b->pkt) == CV_PKT_NEXT;
}

static bool rtp(struct bench *b, const char *from, uint32_t ssrc, uint16_t seq,
		uint32_t ts)
{
	uint8_t *d = b->pkt->data = b->pkt->buf + CV_PKT_HEADROOM;

	memset(d, 0, 12);
	d[0] = 0x80;
	d[2] = (uint8_t)(seq >> 8);
	d[3] = (uint8_t)seq;
	put(d + 4, ts);
	put(d + 8, ssrc);
	b->pkt->len = 28;
	b->pkt->kind = CV_PKT_RTP;
	b->pkt->comp = CV_COMP_RTP;

	return judged(b, from);
}

static bool rtcp(struct bench *b, const char *from, uint32_t ssrc)
{
	uint8_t *d = b->pkt->data = b->pkt->buf + CV_PKT_HEADROOM;

	memset(d, 0, 12);
	d[0] = 0x80;
	d[1] = 201;
	put(d + 4, ssrc);
	b->pkt->len = 8;
	b->pkt->kind = CV_PKT_RTCP;
	b->pkt->comp = CV_COMP_RTCP;

	return judged(b, from);
}

/* The next packet of the phone, one frame later */
static bool speaks(struct bench *b, const char *from)
{
	b->now += FRAME_MS;
	++b->seq;
	b->ts += FRAME_TS;

	return rtp(b, from, PHONE_SSRC, b->seq, b->ts);
}

/* It talks, or is cut off, for so long */
static void goes_on(struct bench *b, const char *from, unsigned ms)
{
	for (unsigned i = 0; i < ms / FRAME_MS; ++i)
		CU_ASSERT(speaks(b, from));
}

static void is_cut_off(struct bench *b, unsigned ms)
{
	b->now += ms;
	b->seq = (uint16_t)(b->seq + ms / FRAME_MS);
	b->ts += ms / FRAME_MS * FRAME_TS;
}

/* Latched to port 4000 of its NAT, and talking */
static void start(struct bench *b)
{
	struct cv_expect x = from_hosts("192.0.2.7", "192.0.2.7");

	bench_open(b);
	tell(b, &x);
	goes_on(b, NAT "4000", 200);
}

static enum cv_media_proof proof(const struct bench *b, const char *at)
{
	struct cv_addr is, want = addr(at);
	uint8_t p;

	cv_cell_get_remote(b->s->end[CV_END_A].cell, &is, &p);
	CU_ASSERT(cv_addr_eq(&is, &want));

	return (enum cv_media_proof)p;
}

static unsigned refused(const struct bench *b)
{
	return atomic_load(&b->s->end[CV_END_A].cell->refused);
}

static unsigned foreign(const struct bench *b)
{
	return (unsigned)cv_cell_read(b->s->end[CV_END_A].cell, CV_COUNT_FOREIGN);
}

/* The NAT gives the phone another port in mid-call */
static void test_cg_14_rebound_port_is_followed_with_proof(void)
{
	struct bench b;

	start(&b);
	CU_ASSERT_EQUAL(proof(&b, NAT "4000"), CV_PROOF_FIRST);
	for (unsigned i = 0; i < (QUIET / FRAME_MS) - 1; ++i) /* not silent for long */
		CU_ASSERT_FALSE(speaks(&b, NAT "4001"));
	CU_ASSERT(speaks(&b, NAT "4001"));
	CU_ASSERT_EQUAL(proof(&b, NAT "4001"), CV_PROOF_REBOUND);
	CU_ASSERT_FALSE(speaks(&b, NAT "4000"));
	CU_ASSERT_EQUAL(foreign(&b), QUIET / FRAME_MS);
	CU_ASSERT_EQUAL(refused(&b), QUIET / FRAME_MS);
	bench_close(&b);
}

/* threats.md 2: same host, right SSRC, but nothing else fits; and a replay */
static void test_cg_14_forged_run_is_refused(void)
{
	static const struct {
		uint32_t ssrc;
		int seq;
		int64_t ts;
	} v[] = {
		{OTHER_SSRC, 1, FRAME_TS},   /* another SSRC */
		{PHONE_SSRC, 0, 0},          /* the last packet again */
		{PHONE_SSRC, -5, -FRAME_TS}, /* an older one */
		{PHONE_SSRC, -5, FRAME_TS},  /* an older number */
		{PHONE_SSRC, 30000, 160},    /* a number out of the blue */
		{PHONE_SSRC, 3100, 160},     /* farther than it can have come */
		{PHONE_SSRC, 1, -FRAME_TS},  /* its clock runs back */
		{PHONE_SSRC, 1, 1000000},    /* its clock is far ahead */
		{PHONE_SSRC, 1, 0x7fffffff}, {PHONE_SSRC, 1, 0x80000000},
	};
	struct bench b;

	start(&b);
	b.now += 2 * QUIET;
	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); ++i)
		CU_ASSERT_FALSE(rtp(&b, NAT "4001", v[i].ssrc,
				    (uint16_t)(b.seq + v[i].seq),
				    (uint32_t)(b.ts + v[i].ts)));
	CU_ASSERT_EQUAL(refused(&b), sizeof(v) / sizeof(v[0]));
	CU_ASSERT_EQUAL(proof(&b, NAT "4000"), CV_PROOF_FIRST);
	CU_ASSERT(speaks(&b, NAT "4001")); /* and the true one is believed */
	bench_close(&b);
}

/* The right run from a host that nobody named: never, and it isn't even a move */
static void test_cg_14_other_host_is_never_followed(void)
{
	struct bench b;

	start(&b);
	CU_ASSERT_FALSE(speaks(&b, EVIL "4000"));
	b.now += 100 * QUIET;
	CU_ASSERT_FALSE(speaks(&b, EVIL "4000"));
	cv_pipe_silent(&b.s->end[CV_END_A], b.now);
	CU_ASSERT_FALSE(speaks(&b, EVIL "4000"));
	retell(&b, "203.0.113.9");
	CU_ASSERT_FALSE(speaks(&b, EVIL "4000"));
	CU_ASSERT_EQUAL(foreign(&b), 4);
	CU_ASSERT_EQUAL(refused(&b), 0);
	bench_close(&b);
}

/* From Wi-Fi to the mobile net: signalling says so, the run proves it, at once */
static void test_cg_14_new_host_needs_signalling_and_proof(void)
{
	struct bench b;

	start(&b);
	CU_ASSERT_FALSE(speaks(&b, MOBILE "900"));
	retell(&b, "203.0.113.9");
	CU_ASSERT_FALSE(rtp(&b, MOBILE "901", PHONE_SSRC, (uint16_t)(b.seq + 9000),
			    b.ts + FRAME_TS));
	CU_ASSERT(speaks(&b, MOBILE "900"));
	CU_ASSERT_EQUAL(proof(&b, MOBILE "900"), CV_PROOF_RUN);
	CU_ASSERT_FALSE(speaks(&b, NAT "4000"));
	bench_close(&b);
}

/* What worked goes on working until somebody is believed (complaint 6) */
static void test_cg_14_working_stream_survives_bad_news(void)
{
	struct bench b;

	start(&b);
	retell(&b, "192.0.2.7"); /* an address that can't be reached */
	CU_ASSERT_EQUAL(proof(&b, NAT "4000"), CV_PROOF_FIRST);
	goes_on(&b, NAT "4000", KEEP);
	CU_ASSERT_FALSE(rtp(&b, NAT "4001", OTHER_SSRC, 7, 7));
	CU_ASSERT_EQUAL(proof(&b, NAT "4000"), CV_PROOF_FIRST);

	/* it did not move: shut again, also for a new stream after a pause */
	is_cut_off(&b, FRESH);
	CU_ASSERT_FALSE(rtp(&b, NAT "4001", OTHER_SSRC, 8, 8));
	bench_close(&b);
}

/* A phone that opens a new socket for its new description begins a new stream there */
static void test_cg_14_new_stream_after_news_and_silence(void)
{
	struct bench b;

	start(&b);
	retell(&b, "192.0.2.7");
	CU_ASSERT(speaks(&b, NAT "4000"));
	CU_ASSERT_FALSE(rtp(&b, NAT "4001", OTHER_SSRC, 1, 1));
	b.now += FRESH - 1;
	CU_ASSERT_FALSE(rtp(&b, NAT "4001", OTHER_SSRC, 2, 2));
	b.now += 1;
	CU_ASSERT(rtp(&b, NAT "4001", OTHER_SSRC, 3, 3));
	CU_ASSERT_EQUAL(proof(&b, NAT "4001"), CV_PROOF_NEW);
	bench_close(&b);
}

/* Who was replaced, as by a transfer, can't keep the new one out by talking on */
static void test_cg_14_replaced_party_cannot_stay(void)
{
	struct bench b;

	start(&b);
	retell(&b, "203.0.113.9");
	for (unsigned i = 0; i < FRESH / FRAME_MS; ++i)
		(void)speaks(&b, NAT "4000");
	CU_ASSERT(rtp(&b, MOBILE "900", OTHER_SSRC, 1, 1));
	CU_ASSERT_FALSE(speaks(&b, NAT "4000"));
	bench_close(&b);
}

/* Rule 8: of several phones behind one NAT the wrong one may have been learnt */
static void test_winner_needs_no_proof(void)
{
	struct cv_expect x = from_hosts("192.0.2.7", "192.0.2.7");
	struct bench b;

	start(&b);
	x.fork = 1;
	x.aside = true;
	tell(&b, &x); /* another one rings */
	x.fork = 0;
	x.aside = false;
	tell(&b, &x);
	CU_ASSERT(speaks(&b, NAT "4000"));
	x.only = true;
	tell(&b, &x);
	CU_ASSERT(rtp(&b, NAT "4001", OTHER_SSRC, 1, 1));
	CU_ASSERT_EQUAL(proof(&b, NAT "4001"), CV_PROOF_FIRST);
	CU_ASSERT_FALSE(speaks(&b, NAT "4000"));
	bench_close(&b);
}

/* A call that is made again is with somebody else */
static void test_call_made_again_needs_no_proof(void)
{
	struct cv_expect x = from_hosts("203.0.113.9", "203.0.113.9");
	struct bench b;

	start(&b);
	x.only = x.reopen[CV_COMP_RTP] = true;
	tell(&b, &x);
	CU_ASSERT(speaks(&b, NAT "4000"));
	CU_ASSERT(rtp(&b, MOBILE "1", OTHER_SSRC, 1, 1));
	CU_ASSERT_FALSE(speaks(&b, NAT "4000"));
	bench_close(&b);
}

/* The very address that a description says needs nothing else */
static void test_cg_14_said_address_is_believed(void)
{
	struct cv_expect x = from_hosts("192.0.2.7", "192.0.2.7");
	struct bench b;

	start(&b);
	x.reopen[CV_COMP_RTP] = true;
	x.allow[1].lo = x.allow[1].hi = x.to[CV_COMP_RTP] = addr("198.51.100.20:6000");
	tell(&b, &x);
	CU_ASSERT_FALSE(rtp(&b, "198.51.100.20:6002", OTHER_SSRC, 1, 1));
	CU_ASSERT(rtp(&b, "198.51.100.20:6000", OTHER_SSRC, 1, 1));
	CU_ASSERT_EQUAL(proof(&b, "198.51.100.20:6000"), CV_PROOF_SAID);
	bench_close(&b);
}

/* Same address, another SSRC: a new source of the same phone, and it proves moves now */
static void test_cg_14_new_ssrc_at_the_same_address(void)
{
	struct bench b;

	start(&b);
	b.now += FRAME_MS;
	CU_ASSERT(rtp(&b, NAT "4000", OTHER_SSRC, 1, 1));
	b.now += QUIET;
	CU_ASSERT_FALSE(speaks(&b, NAT "4001"));
	CU_ASSERT(rtp(&b, NAT "4001", OTHER_SSRC, 2, 161));
	bench_close(&b);
}

static void test_cg_14_numbers_wrap(void)
{
	struct bench b;

	bench_open(&b);
	b.seq = UINT16_MAX - 5;
	b.ts = UINT32_MAX - 4 * FRAME_TS;
	retell(&b, "192.0.2.7");
	goes_on(&b, NAT "4000", 5 * FRAME_MS); /* the last one is 65535 */
	CU_ASSERT_EQUAL(b.seq, UINT16_MAX);
	is_cut_off(&b, 2 * QUIET);
	CU_ASSERT(speaks(&b, NAT "4001"));
	CU_ASSERT_EQUAL(proof(&b, NAT "4001"), CV_PROOF_REBOUND);
	bench_close(&b);
}

/* A packet that overtook another doesn't turn the run back */
static void test_cg_14_late_packet_leaves_the_run(void)
{
	struct bench b;

	start(&b);
	goes_on(&b, NAT "4000", 200);
	CU_ASSERT(rtp(&b, NAT "4000", PHONE_SSRC, (uint16_t)(b.seq - 4), b.ts - 640));
	b.now += QUIET;
	CU_ASSERT_FALSE(
		rtp(&b, NAT "4001", PHONE_SSRC, (uint16_t)(b.seq - 3), b.ts - 480));
	CU_ASSERT(speaks(&b, NAT "4001"));
	bench_close(&b);
}

/* CG-10: two faces of one nat-systems entry are one host, those of another entry aren't
 */
static void test_cg_10_faces_of_one_entry_are_one_host(void)
{
	struct cv_expect x = from_hosts("192.0.2.0", "192.0.2.7");
	struct bench b;

	bench_open(&b);
	tell(&b, &x); /* signalling from .7, which an entry of eight holds */
	CU_ASSERT_FALSE(speaks(&b, "192.0.2.8:4000"));
	CU_ASSERT(speaks(&b, FACE2 "4000"));
	is_cut_off(&b, 2 * QUIET);
	CU_ASSERT_FALSE(speaks(&b, "192.0.2.8:4000"));
	CU_ASSERT(speaks(&b, NAT "4001")); /* its NAT took another face, too */
	CU_ASSERT_EQUAL(proof(&b, NAT "4001"), CV_PROOF_REBOUND);
	CU_ASSERT_EQUAL(foreign(&b), 2);
	bench_close(&b);
}

/* RT-5: after a hold another port of the host may be it, for 5 s */
static void test_rt_05_after_hold_another_port(void)
{
	struct cv_expect x = from_hosts("192.0.2.7", "192.0.2.7");
	struct bench b;

	x.resumed = true;
	start(&b);
	tell(&b, &x);
	CU_ASSERT_FALSE(rtp(&b, NAT "4001", OTHER_SSRC, 1, 1)); /* no proof, no silence */
	CU_ASSERT_FALSE(speaks(&b, EVIL "4001"));
	CU_ASSERT(speaks(&b, NAT "4001")); /* proof at once */
	CU_ASSERT_EQUAL(proof(&b, NAT "4001"), CV_PROOF_RUN);

	is_cut_off(&b, QUIET);
	tell(&b, &x);
	b.now += HOLD - 1;
	CU_ASSERT_FALSE(rtp(&b, EVIL "4002", OTHER_SSRC, 1, 1));
	CU_ASSERT(rtp(&b, NAT "4002", OTHER_SSRC, 1, 1)); /* anew, after silence */
	CU_ASSERT_EQUAL(proof(&b, NAT "4002"), CV_PROOF_NEW);

	b.now += QUIET;
	tell(&b, &x);
	b.now += HOLD;
	CU_ASSERT_FALSE(rtp(&b, NAT "4003", PHONE_SSRC, 1, 1)); /* too late */
	CU_ASSERT(rtp(&b, NAT "4003", OTHER_SSRC, 2, 2));
	CU_ASSERT_EQUAL(proof(&b, NAT "4003"), CV_PROOF_REBOUND);
	bench_close(&b);
}

/* AMB-19: a phone that only wants to hear at first is learnt whenever it speaks */
static void test_amb_19_silent_party_is_learnt_late(void)
{
	struct cv_expect x = from_hosts("192.0.2.7", "192.0.2.7");
	struct bench b;

	bench_open(&b);
	tell(&b, &x);
	is_cut_off(&b, 3600 * 1000);
	x.resumed = true;
	tell(&b, &x);
	is_cut_off(&b, 60 * 1000);
	CU_ASSERT(speaks(&b, NAT "4000"));
	CU_ASSERT_EQUAL(proof(&b, NAT "4000"), CV_PROOF_FIRST);
	bench_close(&b);
}

/* RF-5: RTCP is learnt apart, and moves under the SSRC of its RTP */
static void test_rf_05_rtcp_follows_its_rtp(void)
{
	struct bench b;

	start(&b);
	CU_ASSERT(rtcp(&b, NAT "4100", PHONE_SSRC));
	CU_ASSERT_FALSE(rtcp(&b, NAT "4200", PHONE_SSRC)); /* nothing else has moved */
	is_cut_off(&b, 2 * QUIET);
	CU_ASSERT(speaks(&b, NAT "4001"));
	CU_ASSERT_FALSE(rtcp(&b, NAT "4200", OTHER_SSRC));
	CU_ASSERT_FALSE(rtcp(&b, EVIL "4200", PHONE_SSRC));
	CU_ASSERT(rtcp(&b, NAT "4200", PHONE_SSRC));
	CU_ASSERT_FALSE(rtcp(&b, NAT "4100", PHONE_SSRC));

	/* its own mapping alone is another: after two reports were missed */
	b.now += RTCP_QUIET - 1;
	CU_ASSERT_FALSE(rtcp(&b, NAT "4300", PHONE_SSRC));
	b.now += 1;
	CU_ASSERT_FALSE(rtcp(&b, NAT "4300", OTHER_SSRC));
	CU_ASSERT(rtcp(&b, NAT "4300", PHONE_SSRC));
	CU_ASSERT_EQUAL(proof(&b, NAT "4001"),
			CV_PROOF_REBOUND); /* RTP is where it was */

	/* also to a host that signalling names */
	retell(&b, "203.0.113.9");
	CU_ASSERT_FALSE(rtcp(&b, MOBILE "901", PHONE_SSRC));
	CU_ASSERT(speaks(&b, MOBILE "900"));
	CU_ASSERT(rtcp(&b, MOBILE "901", PHONE_SSRC));
	bench_close(&b);
}

/* RF-6: muxed RTCP is of the RTP's source only */
static void test_rf_06_muxed_rtcp_moves_with_rtp(void)
{
	struct cv_expect x = from_hosts("192.0.2.7", "192.0.2.7");
	struct bench b;

	bench_open(&b);
	x.mux = true;
	tell(&b, &x);
	CU_ASSERT(speaks(&b, NAT "4000"));
	is_cut_off(&b, 2 * QUIET);
	(void)rtcp(&b, EVIL "1", PHONE_SSRC); /* builds the packet */
	b.pkt->comp = CV_COMP_RTP;
	CU_ASSERT_FALSE(judged(&b, NAT "4001")); /* RTCP alone proves nothing */
	CU_ASSERT(speaks(&b, NAT "4001"));
	(void)rtcp(&b, EVIL "1", PHONE_SSRC);
	b.pkt->comp = CV_COMP_RTP;
	CU_ASSERT(judged(&b, NAT "4001"));
	bench_close(&b);
}

static void test_any_still_wants_proof_of_a_move(void)
{
	struct cv_expect x = from_hosts("192.0.2.7", "192.0.2.7");
	struct bench b;

	x.any = true;
	bench_open(&b);
	tell(&b, &x);
	CU_ASSERT(speaks(&b, MOBILE "4000"));
	CU_ASSERT_EQUAL(proof(&b, MOBILE "4000"), CV_PROOF_ANY);
	x.reopen[CV_COMP_RTP] = true;
	tell(&b, &x);
	CU_ASSERT_FALSE(rtp(&b, EVIL "1", OTHER_SSRC, 1, 1));
	CU_ASSERT(speaks(&b, MOBILE "4000"));
	CU_ASSERT(speaks(&b, EVIL "2")); /* the run of the talker is proof enough */
	bench_close(&b);
}

static void test_run_reads_whole_heads_only(void)
{
	struct cv_rtp h;
	struct bench b;
	uint32_t ssrc;

	bench_open(&b);
	(void)rtp(&b, NAT "1", PHONE_SSRC, 1, 1);
	CU_ASSERT(cv_rtp_read(&h, b.pkt));
	CU_ASSERT(h.ssrc == PHONE_SSRC && h.seq == 1 && h.ts == 1);
	CU_ASSERT_FALSE(cv_rtcp_ssrc(&ssrc, b.pkt));
	b.pkt->len = 11;
	CU_ASSERT_FALSE(cv_rtp_read(&h, b.pkt));
	(void)rtcp(&b, NAT "1", OTHER_SSRC);
	CU_ASSERT(cv_rtcp_ssrc(&ssrc, b.pkt) && ssrc == OTHER_SSRC);
	b.pkt->len = 7;
	CU_ASSERT_FALSE(cv_rtcp_ssrc(&ssrc, b.pkt));
	bench_close(&b);
}

static void test_proofs_have_words(void)
{
	static const char *const names[] = {"none", "first",   "any", "said",
					    "run",  "rebound", "new"};

	for (int p = CV_PROOF_NONE; p <= CV_PROOF_NEW; ++p) {
		CU_ASSERT_STRING_EQUAL(cv_media_proof_name((enum cv_media_proof)p),
				       names[p]);
		CU_ASSERT(strlen(cv_media_proof_why((enum cv_media_proof)p)) > 10);
	}
}

static const struct {
	const char *name;
	CU_TestFunc fn;
} tests[] = {
	{"cg_14 rebound port", test_cg_14_rebound_port_is_followed_with_proof},
	{"cg_14 forged run", test_cg_14_forged_run_is_refused},
	{"cg_14 other host", test_cg_14_other_host_is_never_followed},
	{"cg_14 new host", test_cg_14_new_host_needs_signalling_and_proof},
	{"cg_14 bad news", test_cg_14_working_stream_survives_bad_news},
	{"cg_14 new stream", test_cg_14_new_stream_after_news_and_silence},
	{"cg_14 replaced", test_cg_14_replaced_party_cannot_stay},
	{"winner", test_winner_needs_no_proof},
	{"made again", test_call_made_again_needs_no_proof},
	{"cg_14 said", test_cg_14_said_address_is_believed},
	{"cg_14 new ssrc", test_cg_14_new_ssrc_at_the_same_address},
	{"cg_14 wrap", test_cg_14_numbers_wrap},
	{"cg_14 late packet", test_cg_14_late_packet_leaves_the_run},
	{"cg_10 faces", test_cg_10_faces_of_one_entry_are_one_host},
	{"rt_05 after hold", test_rt_05_after_hold_another_port},
	{"amb_19 learnt late", test_amb_19_silent_party_is_learnt_late},
	{"rf_05 rtcp", test_rf_05_rtcp_follows_its_rtp},
	{"rf_06 mux", test_rf_06_muxed_rtcp_moves_with_rtp},
	{"any", test_any_still_wants_proof_of_a_move},
	{"heads", test_run_reads_whole_heads_only},
	{"words", test_proofs_have_words},
};

int cv_test_latch(void)
{
	CU_pSuite s = CU_add_suite("latch", NULL, NULL);

	for (size_t i = 0; s && i < sizeof(tests) / sizeof(tests[0]); ++i) {
		if (!CU_add_test(s, tests[i].name, tests[i].fn))
			return (int)CU_get_error();
	}

	return s ? 0 : (int)CU_get_error();
}
