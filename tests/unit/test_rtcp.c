/* SPDX-License-Identifier: BSD-3-Clause */
/* Reports of RTCP, and sessions that only watch: what is said to whom, what is kept. */
#include "config.h"

#include <errno.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "base/mem.h"
#include "media/media.h"
#include "media/rtcp.h"
#include "media_bed.h"
#include "runner.h"
#include "suite_media.h"

enum {
	SSRC_A = 0x0a0a0a0a,
	SSRC_B = 0x0b0b0b0b,
	SR_LEN = 28,
	RR_LEN = 8,
	BLOCK_LEN = 24,
	SOON_MS = 2000,
	NEVER_MS = 60,
};

static void put32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

/* A report of @p ssrc that sent so many packets and hears @p other (0: nobody). */
static size_t report(uint8_t *p, uint32_t ssrc, uint32_t packets, uint32_t other)
{
	size_t len = packets > 0 ? SR_LEN : RR_LEN;

	memset(p, 0, SR_LEN + BLOCK_LEN);
	p[0] = 0x80;
	p[1] = packets > 0 ? 200 : 201;
	put32(p + 4, ssrc);
	if (packets > 0)
		put32(p + 20, packets);
	if (other != 0) {
		p[0] |= 1;
		put32(p + len, other);
		put32(p + len + 8, 4711);
		len += BLOCK_LEN;
	}
	p[3] = (uint8_t)(len / 4 - 1);

	return len;
}

static void test_what_reports_say(void)
{
	uint8_t p[128];
	struct cv_rtcp r;
	size_t len = report(p, SSRC_A, 50, SSRC_B);

	CU_ASSERT_EQUAL(cv_rtcp_read(&r, p, len), 0);
	CU_ASSERT(r.reported && r.sends && r.ssrc == SSRC_A && r.packets == 50);
	CU_ASSERT_EQUAL_FATAL(r.blockc, 1);
	CU_ASSERT(r.block[0].ssrc == SSRC_B && r.block[0].highest == 4711);

	CU_ASSERT_EQUAL(cv_rtcp_read(&r, p, len - 1), EBADMSG);
	CU_ASSERT_FALSE(r.reported);
	p[0] |= 3; /* more blocks than there are */
	CU_ASSERT_EQUAL(cv_rtcp_read(&r, p, len), EBADMSG);
	CU_ASSERT_FALSE(r.reported);

	len = report(p, SSRC_B, 0, 0);
	CU_ASSERT_EQUAL(cv_rtcp_read(&r, p, len), 0);
	CU_ASSERT(r.reported && !r.sends && r.ssrc == SSRC_B && r.blockc == 0);

	p[1] = 202; /* a source description alone */
	CU_ASSERT_EQUAL(cv_rtcp_read(&r, p, len), 0);
	CU_ASSERT_FALSE(r.reported);
	CU_ASSERT_EQUAL(cv_rtcp_read(&r, p, 0), 0);
	p[0] = 0x40;
	CU_ASSERT_EQUAL(cv_rtcp_read(&r, p, len), EBADMSG);
}

static int corpus_file(const uint8_t *data, size_t size)
{
	struct cv_rtcp r;

	CU_ASSERT_NOT_EQUAL(cv_rtcp_read(&r, data, size), ENOMEM);
	CU_ASSERT(r.blockc <= CV_RTCP_BLOCKS && r.blockc * BLOCK_LEN <= size);

	return 0;
}

static void test_corpus(void)
{
	CU_ASSERT_TRUE(cv_test_corpus("rtcp", corpus_file) >= 10);
}

/* Two phones behind one NAT, whose addresses nobody outside reaches. */
static void watch(struct call *c, struct bed *bed)
{
	struct cv_place pa = bed_place(CV_SIDE_FAR, "127.0.1.1", 1);
	struct cv_place pb = bed_place(CV_SIDE_FAR, "127.0.1.2", 1);
	struct cv_addr a = bed_addr("127.0.9.9:4000"), b = bed_addr("127.0.9.10:4000");
	struct cv_flow f = bed_flow(&a);

	call_open_as(c, bed, &pa, &pb);
	CU_ASSERT_EQUAL(cv_media_watch(c->m, true), 0);
	f.mux = true;
	call_say(c, CV_END_A, f);
	call_say(c, CV_END_B, bed_flow(&b));
	CU_ASSERT(cv_addr_eq(&c->to_b.rtp, &a) && cv_addr_eq(&c->to_a.rtp, &b));
	CU_ASSERT(cv_addr_host_eq(&c->to_b.rtcp, &c->to_a.rtcp));
	CU_ASSERT_FALSE(c->to_b.mux);
	CU_ASSERT_FALSE(cv_addr_host_eq(&c->to_b.rtcp, &a));
}

static void say(const struct party *p, const struct cv_addr *to, uint32_t ssrc,
		uint32_t packets, uint32_t other)
{
	uint8_t d[SR_LEN + BLOCK_LEN];

	party_send(p->rtcp, to, d, report(d, ssrc, packets, other));
}

struct hope {
	const struct call *c;
	enum cv_end end;
	struct cv_flow_watch w;
};

static bool is_true(void *arg)
{
	const struct hope *h = arg;
	struct cv_flow_watch w;

	cv_media_watched(h->c->m, h->end, &w);

	return w.reports == h->w.reports && w.sends == h->w.sends &&
	       w.hears == h->w.hears;
}

static bool reports(const struct call *c, enum cv_end end, bool sends, bool hears)
{
	struct hope h = {c, end, {.reports = true, .sends = sends, .hears = hears}};

	return bed_wait(c->bed, is_true, &h);
}

static void test_a_session_watches(void)
{
	struct bed *bed = bed_open();
	const struct cv_media_event *ev;
	struct cv_flow_watch w;
	struct cv_addr from;
	struct call c;

	watch(&c, bed);
	say(&c.a, &c.to_a.rtcp, SSRC_A, 50, 0);
	CU_ASSERT(reports(&c, CV_END_A, true, false));
	ev = bed_event(bed, CV_MEDIA_REPORTED);
	CU_ASSERT_PTR_NOT_NULL_FATAL(ev);
	CU_ASSERT_EQUAL(ev->end, CV_END_A);

	/* of somebody else that says nothing */
	say(&c.b, &c.to_b.rtcp, SSRC_B, 0, 0x0c0c0c0c);
	CU_ASSERT(reports(&c, CV_END_B, false, false));
	say(&c.b, &c.to_b.rtcp, SSRC_B, 0, SSRC_A);
	CU_ASSERT(reports(&c, CV_END_B, false, true));
	/* and goes on to the other one, from the port that was shown to it */
	CU_ASSERT_NOT_EQUAL(party_get(c.a.rtcp, &from, SOON_MS), -1);
	CU_ASSERT(cv_addr_eq(&from, &c.to_a.rtcp));

	/* a new trial */
	CU_ASSERT_EQUAL(cv_media_watch(c.m, true), 0);
	say(&c.a, &c.to_a.rtcp, SSRC_A, 0, 0);
	CU_ASSERT(reports(&c, CV_END_A, false, false));
	cv_media_watched(c.m, CV_END_B, &w);
	CU_ASSERT_FALSE(w.reports || w.hears);
	call_end(&c);
	bed_free(bed);
}

/* From then on both are shown our ports, and what they report is no news. */
static void test_a_watch_becomes_a_relay(void)
{
	struct bed *bed = bed_open();
	struct cv_addr a = bed_addr("127.0.9.9:4000"), b = bed_addr("127.0.9.10:4000");
	struct cv_addr rtcp_a, rtcp_b, from;
	struct call c;

	watch(&c, bed);
	rtcp_a = c.to_a.rtcp;
	rtcp_b = c.to_b.rtcp;
	CU_ASSERT_EQUAL(cv_media_watch(c.m, false), 0);
	call_say(&c, CV_END_B, bed_flow(&b));
	call_say(&c, CV_END_A, bed_flow(&a));
	CU_ASSERT_EQUAL(c.to_a.rtp.port + 1, rtcp_a.port);
	CU_ASSERT_EQUAL(c.to_b.rtp.port + 1, rtcp_b.port);
	CU_ASSERT_TRUE(c.to_a.mux); /* as it can, again */

	party_rtp(&c.a, &c.to_a.rtp, 1); /* each must be learnt first */
	CU_ASSERT_PTR_NOT_NULL(bed_event(bed, CV_MEDIA_LATCHED));
	party_rtp(&c.b, &c.to_b.rtp, 2);
	CU_ASSERT_EQUAL(party_get(c.a.rtp, &from, SOON_MS), 2);
	party_rtp(&c.a, &c.to_a.rtp, 3);
	CU_ASSERT_EQUAL(party_get(c.b.rtp, &from, SOON_MS), 3);
	say(&c.a, &c.to_a.rtcp, SSRC_A, 50, SSRC_B);
	bed_turn(bed, NEVER_MS);
	CU_ASSERT_EQUAL(bed_count(bed, CV_MEDIA_REPORTED), 0);
	call_end(&c);
	bed_free(bed);
}

int cv_test_rtcp(void)
{
	CU_pSuite s = CU_add_suite("rtcp", NULL, NULL);

	if (!s)
		return (int)CU_get_error();

	CU_ADD_TEST(s, test_what_reports_say);
	CU_ADD_TEST(s, test_corpus);
	CU_ADD_TEST(s, test_a_session_watches);
	CU_ADD_TEST(s, test_a_watch_becomes_a_relay);

	return (int)CU_get_error();
}
