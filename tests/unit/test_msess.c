/* SPDX-License-Identifier: BSD-3-Clause */
/* Media sessions on loopback: who is heard, where packets go, what ports do. */
#include "config.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include <CUnit/CUnit.h>

#include "base/mem.h"
#include "media/media.h"
#include "media_bed.h"
#include "suite_media.h"

enum { SOON_MS = 2000, NEVER_MS = 60 };

/* A counter of an end that the thread will bring to a value */
struct hope {
	const struct call *c;
	enum cv_end end;
	uint64_t foreign, wait;
};

static bool is_true(void *arg)
{
	const struct hope *h = arg;
	struct cv_media_report r = {0};

	return cv_media_report(h->c->m, 0, h->end, &r) == 0 && r.foreign == h->foreign &&
	       r.wait == h->wait;
}

static bool drops(const struct call *c, enum cv_end end, uint64_t foreign, uint64_t wait)
{
	struct hope h = {c, end, foreign, wait};

	return bed_wait(c->bed, is_true, &h);
}

static void test_forwards_both_ways(void)
{
	struct bed *bed = bed_open();
	struct cv_media_report r;
	struct cv_addr from;
	struct call c;

	call_start(&c, bed);
	CU_ASSERT_EQUAL(cv_addr_kind(&c.to_b.rtp), CV_ADDR_LOOPBACK);
	CU_ASSERT_EQUAL(c.to_b.rtcp.port, c.to_b.rtp.port + 1);

	party_rtp(&c.a, &c.to_a.rtp, 1);
	CU_ASSERT_EQUAL(party_get(c.b.rtp, &from, SOON_MS), 1);
	CU_ASSERT(cv_addr_eq(&from, &c.to_b.rtp));
	party_rtp(&c.b, &c.to_b.rtp, 2);
	CU_ASSERT_EQUAL(party_get(c.a.rtp, &from, SOON_MS), 2);
	CU_ASSERT(cv_addr_eq(&from, &c.to_a.rtp));

	CU_ASSERT_EQUAL(cv_media_report(c.m, 0, CV_END_A, &r), 0);
	CU_ASSERT(r.latched && cv_addr_eq(&r.remote, &c.a.addr));
	CU_ASSERT(cv_addr_eq(&r.local, &c.to_a.rtp));
	CU_ASSERT_EQUAL(r.rtp_in, 1);
	CU_ASSERT_EQUAL(r.bytes_in, 32);
	CU_ASSERT_EQUAL(cv_media_report(c.m, 1, CV_END_A, &r), ENOENT);
	call_end(&c);
	bed_free(bed);
}

static void test_far_end_is_waited_for(void)
{
	struct bed *bed = bed_open();
	const struct cv_media_event *ev;
	struct cv_media_report r;
	struct call c;

	call_start(&c, bed);
	party_rtp(&c.b, &c.to_b.rtp, 1);
	CU_ASSERT_EQUAL(party_get(c.a.rtp, NULL, NEVER_MS), -1);
	CU_ASSERT_EQUAL(cv_media_report(c.m, 0, CV_END_A, &r), 0);
	CU_ASSERT(drops(&c, CV_END_A, 0, 1));
	CU_ASSERT_FALSE(r.latched || cv_addr_is_set(&r.remote));

	party_rtp(&c.a, &c.to_a.rtp, 2);
	CU_ASSERT_EQUAL(party_get(c.b.rtp, NULL, SOON_MS), 2);
	party_rtp(&c.b, &c.to_b.rtp, 3);
	CU_ASSERT_EQUAL(party_get(c.a.rtp, NULL, SOON_MS), 3);

	ev = bed_event(bed, CV_MEDIA_LATCHED);
	CU_ASSERT_PTR_NOT_NULL(ev);
	if (!ev)
		goto out;

	CU_ASSERT_EQUAL(ev->id, cv_media_id(c.m));
	CU_ASSERT_EQUAL(ev->gen, cv_media_gen(c.m));
	CU_ASSERT_EQUAL(ev->stream, 0);

out:
	call_end(&c);
	bed_free(bed);
}

static void test_routable_sdp_address_is_used_first(void)
{
	struct bed *bed = bed_open();
	struct call c;

	call_open(&c, bed);
	call_say(&c, CV_END_A, bed_flow(&c.a.addr));
	call_say(&c, CV_END_B, bed_flow(&c.b.addr));
	party_rtp(&c.b, &c.to_b.rtp, 1);
	CU_ASSERT_EQUAL(party_get(c.a.rtp, NULL, SOON_MS), 1);
	call_end(&c);
	bed_free(bed);
}

static void test_stranger_is_ignored_before_and_after(void)
{
	struct bed *bed = bed_open();
	struct party evil;
	struct call c;

	call_start(&c, bed);
	party_open(&evil, "127.0.1.66");
	party_rtp(&evil, &c.to_a.rtp, 66);
	party_rtcp(&evil, &c.to_a.rtcp, 66);
	CU_ASSERT_EQUAL(party_get(c.b.rtp, NULL, NEVER_MS), -1);
	CU_ASSERT(drops(&c, CV_END_A, 2, 0));

	party_rtp(&c.a, &c.to_a.rtp, 1);
	CU_ASSERT_EQUAL(party_get(c.b.rtp, NULL, SOON_MS), 1);
	party_rtp(&evil, &c.to_a.rtp, 67);
	party_rtp(&c.b, &c.to_b.rtp, 2);
	CU_ASSERT_EQUAL(party_get(c.a.rtp, NULL, SOON_MS), 2);
	CU_ASSERT_EQUAL(party_get(c.b.rtp, NULL, NEVER_MS), -1);
	CU_ASSERT_EQUAL(party_get(evil.rtp, NULL, 0), -1);
	CU_ASSERT(drops(&c, CV_END_A, 3, 0));
	party_close(&evil);

	/* another port of the very host counts as foreign too, once learnt */
	party_open(&evil, "127.0.1.1");
	party_rtp(&evil, &c.to_a.rtp, 68);
	CU_ASSERT_EQUAL(party_get(c.b.rtp, NULL, NEVER_MS), -1);
	CU_ASSERT(drops(&c, CV_END_A, 4, 0));
	party_close(&evil);
	call_end(&c);
	bed_free(bed);
}

static void test_nat_system_counts_as_one_host(void)
{
	struct cv_place pa = bed_place(CV_SIDE_FAR, "127.0.8.1", 1);
	struct cv_place pb = bed_place(CV_SIDE_LAN, "127.0.1.2", 0);
	struct cv_addr hidden = bed_addr("127.0.9.9:4000");
	struct bed *bed = bed_open();
	struct party inside, outside;
	struct call c;

	call_open_as(&c, bed, &pa, &pb);
	call_say(&c, CV_END_A, bed_flow(&hidden));
	call_say(&c, CV_END_B, bed_flow(&c.b.addr));
	party_open(&outside, "127.0.8.8");
	party_open(&inside, "127.0.8.6");
	party_rtp(&outside, &c.to_a.rtp, 1);
	CU_ASSERT_EQUAL(party_get(c.b.rtp, NULL, NEVER_MS), -1);
	party_rtp(&inside, &c.to_a.rtp, 2);
	CU_ASSERT_EQUAL(party_get(c.b.rtp, NULL, SOON_MS), 2);
	CU_ASSERT(drops(&c, CV_END_A, 1, 0));
	party_close(&inside);
	party_close(&outside);
	call_end(&c);
	bed_free(bed);
}

static void test_latch_any_takes_the_first(void)
{
	struct bed *bed = bed_new();
	struct party other;
	struct call c;

	bed->conf.latch_any = true;
	bed_start(bed);
	call_start(&c, bed);
	party_open(&other, "127.0.1.66");
	party_rtp(&other, &c.to_a.rtp, 1);
	CU_ASSERT_EQUAL(party_get(c.b.rtp, NULL, SOON_MS), 1);
	party_rtp(&c.a, &c.to_a.rtp, 2);
	CU_ASSERT_EQUAL(party_get(c.b.rtp, NULL, NEVER_MS), -1);
	party_close(&other);
	call_end(&c);
	bed_free(bed);
}

/* latch = any of one peer is that peer's alone */
static void test_cg_10_manner_is_the_ends(void)
{
	const struct cv_manner any = {.latch_any = true};
	struct bed *bed = bed_open();
	struct party other;
	struct call c;

	call_start(&c, bed);
	cv_media_manner(c.m, CV_END_B, &any);
	party_open(&other, "127.0.1.66");
	party_rtp(&other, &c.to_a.rtp, 1);
	CU_ASSERT_EQUAL(party_get(c.b.rtp, NULL, NEVER_MS), -1);
	party_rtp(&c.a, &c.to_a.rtp, 2);
	CU_ASSERT_EQUAL(party_get(c.b.rtp, NULL, SOON_MS), 2);
	party_rtp(&other, &c.to_b.rtp, 3);
	CU_ASSERT_EQUAL(party_get(c.a.rtp, NULL, SOON_MS), 3);
	party_close(&other);
	call_end(&c);
	bed_free(bed);
}

/* The TOS byte of the next packet */
static int tos_of(int fd)
{
	char data[64], control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = {data, sizeof(data)};
	struct msghdr m = {.msg_iov = &iov,
			   .msg_iovlen = 1,
			   .msg_control = control,
			   .msg_controllen = sizeof(control)};
	struct pollfd pfd = {.fd = fd, .events = POLLIN};
	const struct cmsghdr *h;

	if (poll(&pfd, 1, SOON_MS) != 1 || recvmsg(fd, &m, 0) < 1)
		return -1;

	h = CMSG_FIRSTHDR(&m);

	return h && h->cmsg_type == IP_TOS ? *CMSG_DATA(h) : -1;
}

static bool is_marked(void *arg)
{
	struct call *c = arg;

	party_rtp(&c->a, &c->to_a.rtp, 1);

	return tos_of(c->b.rtp) == 34 << 2;
}

/* CG-18: the mark is that of whom it goes to, and stays when the sockets come anew */
static void test_cg_18_dscp_is_the_ends(void)
{
	const struct cv_manner video = {.dscp = 34};
	struct bed *bed = bed_new();
	struct call c;
	int on = 1;

	bed->conf.dscp = 46;
	bed_start(bed);
	call_start(&c, bed);
	CU_ASSERT_EQUAL(setsockopt(c.a.rtp, IPPROTO_IP, IP_RECVTOS, &on, sizeof(on)), 0);
	CU_ASSERT_EQUAL(setsockopt(c.b.rtp, IPPROTO_IP, IP_RECVTOS, &on, sizeof(on)), 0);
	party_rtp(&c.a, &c.to_a.rtp, 1);
	CU_ASSERT_EQUAL(tos_of(c.b.rtp), 46 << 2);
	cv_media_manner(c.m, CV_END_B, &video);
	CU_ASSERT(bed_wait(bed, is_marked, &c));
	party_rtp(&c.b, &c.to_b.rtp, 2);
	CU_ASSERT_EQUAL(tos_of(c.a.rtp), 46 << 2);

	CU_ASSERT_EQUAL(cv_media_park(c.m, true), 0);
	CU_ASSERT_EQUAL(cv_media_park(c.m, false), 0);
	CU_ASSERT(bed_wait(bed, is_marked, &c));
	call_end(&c);
	bed_free(bed);
}

static void test_new_offer_opens_the_latch(void)
{
	struct cv_addr hidden = bed_addr("127.0.9.9:4002");
	struct bed *bed = bed_open();
	struct party moved, evil;
	struct call c;

	call_start(&c, bed);
	party_rtp(&c.a, &c.to_a.rtp, 1);
	CU_ASSERT_EQUAL(party_get(c.b.rtp, NULL, SOON_MS), 1);
	party_open(&moved, "127.0.1.1");
	party_rtp(&moved, &c.to_a.rtp, 2);
	CU_ASSERT_EQUAL(party_get(c.b.rtp, NULL, NEVER_MS), -1);

	/* the new address can't be reached: the old way stays until somebody speaks who
	 * may; a third host that finds the latch open isn't (complaints 4, 6) */
	call_say(&c, CV_END_A, bed_flow(&hidden));
	party_open(&evil, "127.0.1.66");
	party_rtp(&evil, &c.to_a.rtp, 66);
	CU_ASSERT_EQUAL(party_get(c.b.rtp, NULL, NEVER_MS), -1);
	party_close(&evil);
	party_rtp(&c.b, &c.to_b.rtp, 3);
	CU_ASSERT_EQUAL(party_get(c.a.rtp, NULL, SOON_MS), 3);
	party_rtp(&moved, &c.to_a.rtp, 4);
	CU_ASSERT_EQUAL(party_get(c.b.rtp, NULL, SOON_MS), 4);
	party_rtp(&c.b, &c.to_b.rtp, 5);
	CU_ASSERT_EQUAL(party_get(moved.rtp, NULL, SOON_MS), 5);
	CU_ASSERT_PTR_NOT_NULL(bed_event(bed, CV_MEDIA_MOVED));

	/* the same address again keeps the latch */
	call_say(&c, CV_END_A, bed_flow(&hidden));
	party_rtp(&c.a, &c.to_a.rtp, 6);
	CU_ASSERT_EQUAL(party_get(c.b.rtp, NULL, NEVER_MS), -1);
	party_close(&moved);
	call_end(&c);
	bed_free(bed);
}

static void test_hold_address_keeps_the_latch(void)
{
	static const char *const holds[] = {"0.0.0.0:4000", "[::]:4000"};
	struct bed *bed = bed_open();
	struct party other;
	struct call c;

	call_start(&c, bed);
	party_rtp(&c.a, &c.to_a.rtp, 1);
	CU_ASSERT_EQUAL(party_get(c.b.rtp, NULL, SOON_MS), 1);
	party_open(&other, "127.0.1.1");
	for (size_t i = 0; i < 2; ++i) {
		struct cv_addr hold = bed_addr(holds[i]);

		call_say(&c, CV_END_A, bed_flow(&hold));
		party_rtp(&other, &c.to_a.rtp, 2);
		CU_ASSERT_EQUAL(party_get(c.b.rtp, NULL, NEVER_MS), -1);
		party_rtp(&c.b, &c.to_b.rtp, 3);
		CU_ASSERT_EQUAL(party_get(c.a.rtp, NULL, SOON_MS), 3);
	}
	party_close(&other);
	call_end(&c);
	bed_free(bed);
}

/* RT-5: who comes back from a hold may come by another port, at once when it is proven */
static void test_rt_05_resume_opens_the_latch(void)
{
	struct cv_addr hidden = bed_addr("127.0.9.9:4000");
	struct bed *bed = bed_open();
	struct cv_flow f = bed_flow(&hidden);
	struct party moved;
	struct call c;

	call_start(&c, bed);
	party_rtp(&c.a, &c.to_a.rtp, 1);
	CU_ASSERT_EQUAL(party_get(c.b.rtp, NULL, SOON_MS), 1);
	party_open(&moved, "127.0.1.1");
	moved.seq = c.a.seq;
	f.dir = CV_DIR_INACTIVE;
	call_say(&c, CV_END_A, f);
	party_rtp(&moved, &c.to_a.rtp, 2);
	CU_ASSERT_EQUAL(party_get(c.b.rtp, NULL, NEVER_MS), -1);
	f.dir = CV_DIR_SENDRECV;
	call_say(&c, CV_END_A, f);
	party_rtp(&moved, &c.to_a.rtp, 3);
	CU_ASSERT_EQUAL(party_get(c.b.rtp, NULL, SOON_MS), 3);
	party_rtp(&c.b, &c.to_b.rtp, 4);
	CU_ASSERT_EQUAL(party_get(moved.rtp, NULL, SOON_MS), 4);
	party_close(&moved);
	call_end(&c);
	bed_free(bed);
}

/* A call that begins on hold: there is nowhere to send to until the party speaks */
static void test_hold_address_is_never_sent_to(void)
{
	static const char *const holds[] = {"0.0.0.0:4000", "[::]:4000"};

	for (size_t i = 0; i < 2; ++i) {
		struct cv_addr hold = bed_addr(holds[i]);
		struct bed *bed = bed_open();
		struct cv_media_report r;
		struct call c;

		call_open(&c, bed);
		call_say(&c, CV_END_A, bed_flow(&hold));
		call_say(&c, CV_END_B, bed_flow(&c.b.addr));
		party_rtp(&c.b, &c.to_b.rtp, 1);
		CU_ASSERT(drops(&c, CV_END_A, 0, 1));
		CU_ASSERT_EQUAL(cv_media_report(c.m, 0, CV_END_A, &r), 0);
		CU_ASSERT_FALSE(r.latched || cv_addr_is_set(&r.remote));
		party_rtp(&c.a, &c.to_a.rtp, 2);
		CU_ASSERT_EQUAL(party_get(c.b.rtp, NULL, SOON_MS), 2);
		party_rtp(&c.b, &c.to_b.rtp, 3);
		CU_ASSERT_EQUAL(party_get(c.a.rtp, NULL, SOON_MS), 3);
		call_end(&c);
		bed_free(bed);
	}
}

static void test_peer_without_nat_is_followed_at_once(void)
{
	struct bed *bed = bed_open();
	struct party moved;
	struct call c;

	call_start(&c, bed);
	party_rtp(&c.a, &c.to_a.rtp, 1);
	CU_ASSERT_EQUAL(party_get(c.b.rtp, NULL, SOON_MS), 1);
	party_rtp(&c.b, &c.to_b.rtp, 2);
	CU_ASSERT_EQUAL(party_get(c.a.rtp, NULL, SOON_MS), 2);

	party_open(&moved, "127.0.1.3");
	call_say(&c, CV_END_B, bed_flow(&moved.addr));
	party_rtp(&c.a, &c.to_a.rtp, 3);
	CU_ASSERT_EQUAL(party_get(moved.rtp, NULL, SOON_MS), 3);
	party_rtp(&moved, &c.to_b.rtp, 4);
	CU_ASSERT_EQUAL(party_get(c.a.rtp, NULL, SOON_MS), 4);
	party_close(&moved);
	call_end(&c);
	bed_free(bed);
}

static void test_rtcp_goes_its_own_way(void)
{
	struct cv_media_report r;
	struct bed *bed = bed_open();
	struct cv_addr from;
	struct call c;

	call_start(&c, bed);
	party_rtcp(&c.a, &c.to_a.rtcp, 1);
	CU_ASSERT_EQUAL(party_get(c.b.rtcp, &from, SOON_MS), 1);
	CU_ASSERT(cv_addr_eq(&from, &c.to_b.rtcp));
	party_rtcp(&c.b, &c.to_b.rtcp, 2);
	CU_ASSERT_EQUAL(party_get(c.a.rtcp, NULL, SOON_MS), 2);
	CU_ASSERT_EQUAL(cv_media_report(c.m, 0, CV_END_A, &r), 0);
	CU_ASSERT_EQUAL(r.rtcp_in, 1);
	CU_ASSERT_FALSE(r.latched); /* RTP is learnt apart */
	call_end(&c);
	bed_free(bed);
}

static void test_signalled_rtcp_address_is_used(void)
{
	struct bed *bed = bed_open();
	struct party elsewhere;
	struct cv_flow f;
	struct call c;

	call_start(&c, bed);
	party_open(&elsewhere, "127.0.1.2");
	f = bed_flow(&c.b.addr);
	f.rtcp = elsewhere.addr; /* a=rtcp, RFC 3605 */
	call_say(&c, CV_END_B, f);
	party_rtcp(&c.a, &c.to_a.rtcp, 1);
	CU_ASSERT_EQUAL(party_get(elsewhere.rtp, NULL, SOON_MS), 1);
	party_close(&elsewhere);
	call_end(&c);
	bed_free(bed);
}

static void test_mux_on_one_end_is_bridged(void)
{
	struct cv_addr hidden = bed_addr("127.0.9.9:4000");
	struct bed *bed = bed_open();
	struct party mux;
	struct cv_flow f;
	struct call c;

	call_open(&c, bed);
	f = bed_flow(&hidden);
	f.mux = true;
	f.rtcp = f.rtp;
	call_say(&c, CV_END_A, f);
	CU_ASSERT(c.to_b.mux);
	CU_ASSERT(cv_addr_eq(&c.to_b.rtcp, &c.to_b.rtp));
	call_say(&c, CV_END_B, bed_flow(&c.b.addr)); /* B does not */
	CU_ASSERT(c.to_a.mux);

	party_rtp(&c.a, &c.to_a.rtp, 1);
	CU_ASSERT_EQUAL(party_get(c.b.rtp, NULL, SOON_MS), 1);
	mux = c.a;
	mux.rtcp = c.a.rtp; /* RTCP out of the RTP socket */
	party_rtcp(&mux, &c.to_a.rtp, 2);
	CU_ASSERT_EQUAL(party_get(c.b.rtcp, NULL, SOON_MS), 2);
	party_rtcp(&c.b, &c.to_a.rtcp, 3);
	CU_ASSERT_EQUAL(party_get(c.a.rtp, NULL, NEVER_MS), -1);
	c.to_b.rtcp.port = (uint16_t)(c.to_b.rtp.port + 1);
	party_rtcp(&c.b, &c.to_b.rtcp, 4);
	CU_ASSERT_EQUAL(party_get(c.a.rtp, NULL, SOON_MS), 4);
	call_end(&c);
	bed_free(bed);
}

static void test_dtls_and_fax_pass_where_asked(void)
{
	static const uint8_t dtls[24] = {22, 254, 253}, fax[3] = {0, 1, 2};
	static const uint8_t stun[20] = {0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42};
	struct bed *bed = bed_open();
	struct cv_flow f;
	struct call c;

	call_start(&c, bed);
	party_send(c.a.rtp, &c.to_a.rtp, dtls, sizeof(dtls));
	party_send(c.a.rtp, &c.to_a.rtp, stun, sizeof(stun));
	CU_ASSERT_EQUAL(party_get(c.b.rtp, NULL, NEVER_MS), -1);
	CU_ASSERT_EQUAL(cv_stats_sum(bed->stats, CV_STAT_media_garbage), 2);

	f = bed_flow(&c.b.addr);
	f.profile = CV_PROFILE_SAVP;
	call_say(&c, CV_END_B, f);
	call_say(&c, CV_END_A,
		 (struct cv_flow){.rtp = bed_addr("127.0.9.9:4000"),
				  .profile = CV_PROFILE_SAVP});
	party_send(c.a.rtp, &c.to_a.rtp, dtls, sizeof(dtls));
	CU_ASSERT_EQUAL(party_get(c.b.rtp, NULL, SOON_MS), 0);

	f.profile = CV_PROFILE_UDPTL;
	call_say(&c, CV_END_B, f);
	call_say(&c, CV_END_A,
		 (struct cv_flow){.rtp = bed_addr("127.0.9.9:4000"),
				  .profile = CV_PROFILE_UDPTL});
	party_send(c.a.rtp, &c.to_a.rtp, fax, sizeof(fax));
	CU_ASSERT_EQUAL(party_get(c.b.rtp, NULL, SOON_MS), 0);
	call_end(&c);
	bed_free(bed);
}

static void test_early_media_from_the_next_hop(void)
{
	struct cv_addr hidden = bed_addr("127.0.9.9:4000");
	struct cv_media_report r;
	struct bed *bed = bed_open();
	struct call c;

	call_open(&c, bed);
	call_say(&c, CV_END_A, bed_flow(&hidden));
	party_rtp(&c.b, &c.to_b.rtp, 1); /* B has not answered yet */
	CU_ASSERT_PTR_NOT_NULL(bed_event(bed, CV_MEDIA_LATCHED));
	CU_ASSERT_EQUAL(cv_media_report(c.m, 0, CV_END_B, &r), 0);
	CU_ASSERT(r.latched && cv_addr_eq(&r.remote, &c.b.addr));
	call_end(&c);
	bed_free(bed);
}

static void test_new_place_is_heard(void)
{
	struct cv_place to = bed_place(CV_SIDE_FAR, "127.0.1.7", 1);
	struct bed *bed = bed_open();
	struct party moved;
	struct call c;

	call_start(&c, bed);
	CU_ASSERT(call_reaches(&c));
	party_open(&moved, "127.0.1.7");
	party_rtp(&moved, &c.to_a.rtp, 1);
	CU_ASSERT_EQUAL(party_get(c.b.rtp, NULL, NEVER_MS), -1);
	cv_media_place(c.m, CV_END_A, CV_FORK_ALL, &to);
	party_rtp(&moved, &c.to_a.rtp, 2);
	CU_ASSERT_EQUAL(party_get(c.b.rtp, NULL, SOON_MS), 2);
	party_close(&moved);
	call_end(&c);
	bed_free(bed);
}

static bool has_sent_three(void *arg)
{
	const struct call *c = arg;
	struct cv_flow_sum sum;

	cv_media_sum(c->m, CV_END_B, &sum);

	return sum.rtp_out == 3;
}

static void test_loss_is_counted_by_gaps(void)
{
	struct bed *bed = bed_open();
	struct cv_media_report r;
	struct cv_flow_sum sum;
	struct call c;

	call_start(&c, bed);
	party_rtp(&c.a, &c.to_a.rtp, 1);
	c.a.seq =
		(uint16_t)(c.a.seq + 4); /* four are lost, then one of them comes late */
	party_rtp(&c.a, &c.to_a.rtp, 2);
	c.a.seq = 3;
	party_rtp(&c.a, &c.to_a.rtp, 3);
	for (int i = 1; i <= 3; ++i)
		CU_ASSERT_EQUAL(party_get(c.b.rtp, NULL, SOON_MS), i);
	bed_turn(bed, NEVER_MS); /* what was sent is counted after it has left */
	CU_ASSERT_EQUAL(cv_media_report(c.m, 0, CV_END_A, &r), 0);
	CU_ASSERT_EQUAL(r.lost, 3);
	cv_media_sum(c.m, CV_END_A, &sum);
	CU_ASSERT_EQUAL(sum.rtp_in, 3);
	CU_ASSERT_EQUAL(sum.lost, 3);
	CU_ASSERT_TRUE(cv_addr_eq(&sum.local, &r.local));
	CU_ASSERT_TRUE(cv_addr_eq(&sum.remote, &r.remote));
	CU_ASSERT(bed_wait(bed, has_sent_three, &c)); /* counted after it was sent */
	cv_media_sum(c.m, CV_END_B, &sum);
	CU_ASSERT_EQUAL(sum.rtp_in, 0);
	cv_media_sum(NULL, CV_END_A, &sum);
	CU_ASSERT_EQUAL(sum.rtp_in, 0);
	CU_ASSERT_FALSE(cv_addr_is_set(&sum.local));
	call_end(&c);
	bed_free(bed);
}

static void test_msess_oom(void)
{
	struct cv_place pa = bed_place(CV_SIDE_FAR, "127.0.1.1", 1);
	struct cv_place pb = bed_place(CV_SIDE_LAN, "127.0.1.2", 0);
	struct cv_addr a = bed_addr("127.0.1.1:4000");
	struct cv_flow in = bed_flow(&a), out;
	struct bed *bed = bed_open();
	struct cv_media *m = NULL;
	int err = ENOMEM;

	for (long n = 0; err == ENOMEM && n < 64; ++n) {
		cv_mem_budget(n);
		err = cv_media_open(&m, bed->plane, &pa, &pb, 1);
		if (!err)
			err = cv_media_set(m, CV_END_A, 0, &in, &out, 1);
		cv_mem_budget(-1);
		CU_ASSERT(err == 0 || err == ENOMEM);
		if (err) {
			cv_media_close(m);
			m = NULL;
		}
	}
	CU_ASSERT_EQUAL(err, 0);
	cv_media_close(m);
	cv_media_close(NULL);
	bed_free(bed);
}

static const struct {
	const char *name;
	CU_TestFunc fn;
} tests[] = {
	{"forward", test_forwards_both_ways},
	{"wait for far", test_far_end_is_waited_for},
	{"routable first", test_routable_sdp_address_is_used_first},
	{"stranger", test_stranger_is_ignored_before_and_after},
	{"nat system", test_nat_system_counts_as_one_host},
	{"latch any", test_latch_any_takes_the_first},
	{"cg_10 manner", test_cg_10_manner_is_the_ends},
	{"cg_18 dscp", test_cg_18_dscp_is_the_ends},
	{"new offer", test_new_offer_opens_the_latch},
	{"hold", test_hold_address_keeps_the_latch},
	{"rt_05 resume", test_rt_05_resume_opens_the_latch},
	{"begins on hold", test_hold_address_is_never_sent_to},
	{"follow", test_peer_without_nat_is_followed_at_once},
	{"rtcp", test_rtcp_goes_its_own_way},
	{"a=rtcp", test_signalled_rtcp_address_is_used},
	{"mux bridge", test_mux_on_one_end_is_bridged},
	{"dtls, fax", test_dtls_and_fax_pass_where_asked},
	{"early media", test_early_media_from_the_next_hop},
	{"new place", test_new_place_is_heard},
	{"loss", test_loss_is_counted_by_gaps},
	{"oom", test_msess_oom},
};

int cv_test_msess(void)
{
	CU_pSuite s = CU_add_suite("msess", NULL, NULL);

	for (size_t i = 0; s && i < sizeof(tests) / sizeof(tests[0]); ++i) {
		if (!CU_add_test(s, tests[i].name, tests[i].fn))
			return (int)CU_get_error();
	}

	return s ? 0 : (int)CU_get_error();
}
