/* SPDX-License-Identifier: BSD-3-Clause */
/* Lines of a session: their ports, what is said of them, loops, parking. */
#include "config.h"

#include <errno.h>

#include <CUnit/CUnit.h>

#include "base/mem.h"
#include "media/media.h"
#include "media_bed.h"
#include "net/ports.h"
#include "suite_media.h"

enum { SOON_MS = 2000, NEVER_MS = 60 };

static void test_ports_stay_for_the_session(void)
{
	struct cv_addr hold = bed_addr("0.0.0.0:4000");
	struct bed *bed = bed_open();
	struct cv_flow first_a, first_b;
	struct call c;

	call_start(&c, bed);
	first_a = c.to_a;
	first_b = c.to_b;
	call_say(&c, CV_END_A, bed_flow(&hold));
	call_say(&c, CV_END_B, bed_flow(&c.a.addr));
	call_say(&c, CV_END_A, bed_flow(&c.a.addr));
	CU_ASSERT(cv_addr_eq(&first_a.rtp, &c.to_a.rtp));
	CU_ASSERT(cv_addr_eq(&first_b.rtp, &c.to_b.rtp));
	CU_ASSERT(cv_addr_eq(&first_b.rtcp, &c.to_b.rtcp));
	call_end(&c);
	bed_free(bed);
}

static void test_own_output_is_never_an_address(void)
{
	struct bed *bed = bed_open();
	struct cv_addr dead = bed_addr("127.0.0.1:21998");
	struct cv_media_report r;
	struct call c;

	call_open(&c, bed);
	call_say(&c, CV_END_A, bed_flow(&c.a.addr));
	call_say(&c, CV_END_B, bed_flow(&c.to_b.rtp)); /* B says our own port */
	CU_ASSERT(cv_stats_sum(bed->stats, CV_STAT_media_loops) > 0);
	party_rtp(&c.a, &c.to_a.rtp, 1);
	CU_ASSERT_PTR_NOT_NULL(bed_event(bed, CV_MEDIA_LATCHED));
	CU_ASSERT_EQUAL(cv_media_report(c.m, 0, CV_END_B, &r), 0);
	CU_ASSERT_FALSE(cv_addr_is_set(&r.remote));
	CU_ASSERT_EQUAL(r.wait, 1);

	call_say(&c, CV_END_B, bed_flow(&dead)); /* ours, and nobody's */
	bed_turn(bed, NEVER_MS);
	CU_ASSERT_EQUAL(cv_media_report(c.m, 0, CV_END_B, &r), 0);
	CU_ASSERT_FALSE(cv_addr_is_set(&r.remote));
	call_end(&c);
	bed_free(bed);
}

/* Two sessions in a row, as when a call comes back to us from a PBX */
static void test_two_sessions_in_a_row_carry_media(void)
{
	struct cv_place mid = bed_place(CV_SIDE_WAN, "127.0.0.2", 1);
	struct cv_place lan = bed_place(CV_SIDE_LAN, "127.0.1.2", 0);
	struct cv_place far = bed_place(CV_SIDE_FAR, "127.0.1.1", 1);
	struct bed *bed = bed_open();
	struct call c1, c2;

	call_open_as(&c1, bed, &far, &mid);
	call_open_as(&c2, bed, &mid, &lan);
	call_say(&c1, CV_END_A, bed_flow(&c1.a.addr));
	call_say(&c2, CV_END_A, bed_flow(&c1.to_b.rtp));
	call_say(&c2, CV_END_B, bed_flow(&c2.b.addr));
	call_say(&c1, CV_END_B, bed_flow(&c2.to_a.rtp));
	party_rtp(&c1.a, &c1.to_a.rtp, 1);
	CU_ASSERT_EQUAL(party_get(c2.b.rtp, NULL, SOON_MS), 1);
	party_rtp(&c2.b, &c2.to_b.rtp, 2);
	CU_ASSERT_EQUAL(party_get(c1.a.rtp, NULL, SOON_MS), 2);
	CU_ASSERT_EQUAL(cv_stats_sum(bed->stats, CV_STAT_media_loops), 0);

	/* and back to where it came from: a circle */
	call_say(&c2, CV_END_B, bed_flow(&c1.to_a.rtp));
	CU_ASSERT_EQUAL(cv_stats_sum(bed->stats, CV_STAT_media_loops) > 0, true);
	call_end(&c1);
	call_end(&c2);
	bed_free(bed);
}

/* B outside names somebody in the LAN, or a service of this host. */
static void test_threat_18_media_goes_outside(void)
{
	struct cv_place pa = bed_place(CV_SIDE_LAN, "127.0.1.1", 0);
	struct cv_place pb = bed_place(CV_SIDE_WAN, "127.0.1.2", 1);
	const struct cv_manner peer = {.is_peer = true};
	struct cv_addr own = bed_addr("127.0.0.1:5060");
	struct bed *bed = bed_new();
	struct cv_media_report r;
	struct party victim;
	struct call c;

	CU_ASSERT_EQUAL(cv_alist_add(bed->net->lan, CV_STR("127.0.7.0/24"), NULL), 0);
	bed_start(bed);
	party_open(&victim, "127.0.7.7");
	call_open_as(&c, bed, &pa, &pb);
	call_say(&c, CV_END_A, bed_flow(&c.a.addr));
	call_say(&c, CV_END_B, bed_flow(&victim.addr));
	party_rtp(&c.a, &c.to_a.rtp, 1);
	CU_ASSERT_EQUAL(party_get(victim.rtp, NULL, 100), -1);
	call_say(&c, CV_END_B, bed_flow(&own));
	bed_turn(bed, 50);
	CU_ASSERT_EQUAL(cv_media_report(c.m, 0, CV_END_B, &r), 0);
	CU_ASSERT_FALSE(cv_addr_is_set(&r.remote));

	/* a PBX outside may send phones in the LAN to each other */
	cv_media_manner(c.m, CV_END_B, &peer);
	call_say(&c, CV_END_B, bed_flow(&victim.addr));
	party_rtp(&c.a, &c.to_a.rtp, 2);
	CU_ASSERT_EQUAL(party_get(victim.rtp, NULL, SOON_MS), 2);
	party_close(&victim);
	call_end(&c);
	bed_free(bed);
}

static void test_advertised_address_is_said(void)
{
	struct cv_place pa = bed_place(CV_SIDE_WAN, "127.0.1.1", 1);
	struct cv_place pb = bed_place(CV_SIDE_LAN, "127.0.1.2", 2);
	struct cv_addr shown = bed_addr("127.0.0.4"), bound = bed_addr("127.0.0.3");
	struct cv_media_report r;
	struct bed *bed = bed_open();
	struct call c;

	call_open_as(&c, bed, &pa, &pb);
	call_say(&c, CV_END_A, bed_flow(&c.a.addr));
	CU_ASSERT(cv_addr_host_eq(&c.to_b.rtp, &shown));
	CU_ASSERT_EQUAL(cv_media_report(c.m, 0, CV_END_B, &r), 0);
	CU_ASSERT(cv_addr_host_eq(&r.local, &bound));
	CU_ASSERT_EQUAL(r.local.port, c.to_b.rtp.port);
	call_end(&c);
	bed_free(bed);
}

static void test_readdressed_ports_stay(void)
{
	struct cv_place pa = bed_place(CV_SIDE_WAN, "127.0.1.1", 1);
	struct cv_place pb = bed_place(CV_SIDE_LAN, "127.0.1.2", 2);
	struct cv_addr fresh = bed_addr("127.0.0.5");
	struct bed *bed = bed_open();
	struct cv_net *net = NULL;
	struct cv_flow said, in;
	struct call c;

	call_open_as(&c, bed, &pa, &pb);
	call_say(&c, CV_END_A, bed_flow(&c.a.addr));
	said = c.to_b;
	CU_ASSERT_EQUAL_FATAL(cv_net_copy(&net, bed->net), 0);
	cv_net_advertise(net, 2, &fresh);
	cv_media_plane_net(bed->plane, net);
	in = bed_flow(&c.a.addr);
	call_say(&c, CV_END_A, in);
	CU_ASSERT(cv_addr_eq(&c.to_b.rtp, &said.rtp)); /* not by itself */
	cv_media_readdress(c.m);
	call_say(&c, CV_END_A, in);
	CU_ASSERT(cv_addr_host_eq(&c.to_b.rtp, &fresh));
	CU_ASSERT(cv_addr_host_eq(&c.to_b.rtcp, &fresh));
	CU_ASSERT_EQUAL(c.to_b.rtp.port, said.rtp.port);
	call_say(&c, CV_END_B, bed_flow(&c.b.addr));
	party_rtp(&c.a, &c.to_a.rtp, 7);
	CU_ASSERT_EQUAL(party_get(c.b.rtp, NULL, BED_WAIT_MS), 7);
	call_end(&c);
	cv_media_plane_net(bed->plane, bed->net);
	bed_free(bed);
	cv_mem_unref(net);
}

static void test_port_zero_frees_that_stream(void)
{
	struct cv_flow in[3], out[3];
	struct cv_media_report r;
	struct bed *bed = bed_open();
	struct cv_addr was;
	struct call c;

	call_open(&c, bed);
	for (size_t i = 0; i < 3; ++i)
		in[i] = bed_flow(&c.a.addr);
	in[2].carry = CV_CARRY_NONE;
	in[2].rtp.port = 9;
	CU_ASSERT_EQUAL(cv_media_set(c.m, CV_END_A, 0, in, out, 3), 0);
	CU_ASSERT_EQUAL(out[2].rtp.port, 9);
	CU_ASSERT_EQUAL(cv_media_report(c.m, 2, CV_END_A, &r), ENOENT);
	was = out[1].rtp;

	in[1].rtp.port = 0;
	CU_ASSERT_EQUAL(cv_media_set(c.m, CV_END_B, 0, in, out, 3), 0);
	CU_ASSERT_EQUAL(out[1].rtp.port, 0);
	CU_ASSERT_EQUAL(cv_media_report(c.m, 1, CV_END_A, &r),
			0); /* another may want it */
	cv_media_choose(c.m, 0);
	CU_ASSERT_EQUAL(cv_media_report(c.m, 1, CV_END_A, &r), ENOENT);
	CU_ASSERT_EQUAL(cv_media_report(c.m, 0, CV_END_A, &r), 0);

	in[1] = bed_flow(&c.a.addr);
	CU_ASSERT_EQUAL(cv_media_set(c.m, CV_END_A, 0, in, out, 3), 0);
	CU_ASSERT_FALSE(cv_addr_eq(&out[1].rtp, &was));

	/* an offer without it that is taken back changes nothing */
	was = out[1].rtp;
	in[1].rtp.port = 0;
	CU_ASSERT_EQUAL(cv_media_set(c.m, CV_END_A, 0, in, out, 3), 0);
	in[1] = bed_flow(&c.a.addr);
	CU_ASSERT_EQUAL(cv_media_set(c.m, CV_END_A, 0, in, out, 3), 0);
	cv_media_choose(c.m, 0);
	CU_ASSERT(cv_addr_eq(&out[1].rtp, &was));
	CU_ASSERT_EQUAL(cv_media_report(c.m, 1, CV_END_A, &r), 0);
	call_end(&c);
	bed_free(bed);
}

static void test_errors_leave_the_session_as_it_was(void)
{
	struct cv_place pa = bed_place(CV_SIDE_FAR, "127.0.1.1", CV_LISTEN_NONE);
	struct cv_place pb = bed_place(CV_SIDE_LAN, "127.0.1.2", 0);
	struct cv_flow in[CV_MEDIA_FLOWS + 1], out[CV_MEDIA_FLOWS + 1];
	struct cv_media_report r;
	struct bed *bed = bed_new();
	struct call c;

	bed->conf.port_lo = 21000;
	bed->conf.port_hi = 21005; /* three pairs an address */
	bed_start(bed);
	call_open_as(&c, bed, &pa, &pb);
	for (size_t i = 0; i <= CV_MEDIA_FLOWS; ++i)
		in[i] = bed_flow(&c.a.addr);

	CU_ASSERT_EQUAL(cv_media_set(c.m, CV_END_A, 0, in, out, CV_MEDIA_FLOWS + 1),
			E2BIG);
	CU_ASSERT_EQUAL(cv_media_set(c.m, CV_END_A, 0, in, out, 4), ENOSPC);
	CU_ASSERT_EQUAL(cv_stats_sum(bed->stats, CV_STAT_ports_exhausted), 1);
	CU_ASSERT_EQUAL(cv_media_report(c.m, 0, CV_END_A, &r), ENOENT);
	CU_ASSERT_EQUAL(cv_media_set(c.m, CV_END_B, 0, in, out, 1), EADDRNOTAVAIL);
	in[0].carry = CV_CARRY_TUNNEL;
	CU_ASSERT_EQUAL(cv_media_set(c.m, CV_END_A, 0, in, out, 1), ENOTSUP);
	CU_ASSERT_EQUAL(cv_media_report(c.m, 0, CV_END_A, &r), ENOENT);
	call_end(&c);
	bed_free(bed);
}

static void test_park_keeps_the_numbers(void)
{
	struct bed *bed = bed_open();
	struct cv_pair probe = {.rtp = -1};
	struct call c;

	call_start(&c, bed);
	CU_ASSERT(bed_wait(bed, call_reaches, &c));
	CU_ASSERT_EQUAL(cv_media_park(c.m, true), 0);
	CU_ASSERT_EQUAL(cv_media_park(c.m, true), 0);
	bed_turn(bed, NEVER_MS);
	CU_ASSERT_FALSE(call_reaches(&c));

	/* the port is closed: another socket gets it, and unparking says so */
	probe.local = c.to_a.rtp;
	probe.rtp = probe.rtcp = -1;
	CU_ASSERT_EQUAL(cv_ports_reopen(&probe, 0), 0);
	CU_ASSERT_EQUAL(cv_media_park(c.m, false), EADDRINUSE);
	cv_ports_shut(&probe);

	CU_ASSERT_EQUAL(cv_media_park(c.m, false), 0);
	CU_ASSERT(bed_wait(bed, call_reaches, &c));

	/* both in one go: opened when the thread has closed */
	CU_ASSERT_EQUAL(cv_media_park(c.m, true), 0);
	CU_ASSERT_EQUAL(cv_media_park(c.m, false), 0);
	CU_ASSERT(bed_wait(bed, call_reaches, &c));
	call_end(&c);
	bed_free(bed);
}

static void test_what_is_said_while_parked_holds(void)
{
	struct cv_flow in[2], out[2];
	struct bed *bed = bed_open();
	struct cv_media_report r;
	struct party moved;
	struct cv_flow was;
	struct call c;

	call_start(&c, bed);
	CU_ASSERT(bed_wait(bed, call_reaches, &c));
	was = c.to_a;
	CU_ASSERT_EQUAL(cv_media_park(c.m, true), 0);
	party_open(&moved, "127.0.1.2");
	call_say(&c, CV_END_B, bed_flow(&moved.addr));
	CU_ASSERT(cv_addr_eq(&was.rtp, &c.to_a.rtp));
	party_rtp(&c.a, &c.to_a.rtp, 7);
	CU_ASSERT_EQUAL(party_get(moved.rtp, NULL, NEVER_MS), -1);

	/* a second stream begins: parked with the first */
	in[0] = bed_flow(&c.a.addr);
	in[1] = bed_flow(&c.a.addr);
	CU_ASSERT_EQUAL(cv_media_set(c.m, CV_END_A, 0, in, out, 2), 0);
	CU_ASSERT_EQUAL(cv_media_park(c.m, true), 0);
	CU_ASSERT_EQUAL(cv_media_report(c.m, 1, CV_END_B, &r), 0);
	CU_ASSERT_EQUAL(cv_media_park(c.m, false), 0);
	bed_turn(bed, NEVER_MS);
	party_rtp(&c.a, &c.to_a.rtp, 8);
	CU_ASSERT_EQUAL(party_get(moved.rtp, NULL, SOON_MS), 8);
	party_rtp(&moved, &c.to_b.rtp, 9);
	CU_ASSERT_EQUAL(party_get(c.a.rtp, NULL, SOON_MS), 9);

	/* parked at the end: the numbers go back as well */
	CU_ASSERT_EQUAL(cv_media_park(c.m, true), 0);
	party_close(&moved);
	call_end(&c);
	bed_turn(bed, NEVER_MS);
	bed_free(bed);
}

int cv_test_mline(void)
{
	CU_pSuite s = CU_add_suite("mline", NULL, NULL);

	if (!s || !CU_add_test(s, "ports stay", test_ports_stay_for_the_session) ||
	    !CU_add_test(s, "own output", test_own_output_is_never_an_address) ||
	    !CU_add_test(s, "in a row", test_two_sessions_in_a_row_carry_media) ||
	    !CU_add_test(s, "threats 18", test_threat_18_media_goes_outside) ||
	    !CU_add_test(s, "advertised", test_advertised_address_is_said) ||
	    !CU_add_test(s, "readdressed", test_readdressed_ports_stay) ||
	    !CU_add_test(s, "port zero", test_port_zero_frees_that_stream) ||
	    !CU_add_test(s, "errors", test_errors_leave_the_session_as_it_was) ||
	    !CU_add_test(s, "park", test_park_keeps_the_numbers) ||
	    !CU_add_test(s, "said while parked", test_what_is_said_while_parked_holds))
		return (int)CU_get_error();

	return 0;
}
