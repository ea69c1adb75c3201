/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Media loops: what is followed and what isn't, what the packet path is told, and
 * what remains when memory or ports are short. Whole stories are in
 * tests/replay/call/07*.flow to 09*.flow. One thread.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "base/mem.h"
#include "call/unfold.h"
#include "call_bed.h"
#include "suite_call.h"

static const char *const lan[] = {
	"party ann lan 192.168.50.21:5060",
	"party bob lan 192.168.50.22:5060",
	"party pbx wan 198.51.100.5:5060 peer",
	NULL,
};

static const char *const far[] = {
	"party ann far 198.51.100.31:40001",
	"party bob far 198.51.100.32:40002",
	"party pbx wan 198.51.100.5:5060 peer",
	NULL,
};

static const char *const lan_loop[] = {
	"< ann INVITE pbx audio 192.168.50.21:10000",
	"> pbx INVITE audio 198.51.100.10:20000",
	"< pbx INVITE bob id back audio 198.51.100.10:20000",
	"> bob INVITE audio 192.168.50.21:10000",
	"< bob 200 audio 192.168.50.22:4000",
	"> pbx 200 INVITE audio 198.51.100.10:20004",
	"< pbx#1 200 audio 198.51.100.10:20004",
	"> ann 200 INVITE audio 192.168.50.22:4000",
	"< ann ACK",
	"> pbx ACK",
	"< pbx#2 ACK",
	"> bob ACK",
	NULL,
};

static const char *const far_loop[] = {
	"< ann INVITE pbx audio 10.0.0.7:10000",
	"> pbx INVITE audio 198.51.100.10:20000",
	"< pbx INVITE bob id back audio 198.51.100.10:20000",
	"> bob INVITE audio 198.51.100.10:20004",
	"< bob 200 audio 10.0.0.8:4000",
	"> pbx 200 INVITE audio 198.51.100.10:20006",
	"< pbx#1 200 audio 198.51.100.10:20006",
	"> ann 200 INVITE audio 198.51.100.10:20008",
	"< ann ACK",
	"> pbx ACK",
	"< pbx#2 ACK",
	"> bob ACK",
	NULL,
};

static struct cv_call *nth(struct cv_world *w, unsigned n)
{
	struct cv_list *at = cv_world_calls(w)->list.next;

	while (n-- > 0)
		at = at->next;

	return CV_CONTAINER(at, struct cv_call, node);
}

static void expect_relays(struct cv_world *w, const char *text)
{
	const char *const texts[] = {text, NULL};

	cv_bed_ask(w, "relays", texts);
}

static struct cv_addr addr(const char *text)
{
	struct cv_addr a;

	CU_ASSERT_EQUAL_FATAL(cv_addr_parse(&a, cv_str_of(text)), 0);

	return a;
}

static void test_shown_is_found_by_address_and_port(void)
{
	struct cv_shown what = {.end = CV_END_B, .line = 3, .sum = 7};
	struct cv_world *w = cv_bed_open(lan);
	struct cv_addr other;
	struct cv_call *call;

	cv_bed_play(w, lan_loop);
	call = nth(w, 0);
	what.rtp = addr("[2001:db8::1]:7000");
	CU_ASSERT_EQUAL(cv_shown_put(call, call->media, &what), 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(cv_shown_find(cv_world_calls(w), &what.rtp));
	CU_ASSERT_EQUAL(cv_shown_find(cv_world_calls(w), &what.rtp)->line, 3);
	other = addr("[2001:db8::1]:7002");
	CU_ASSERT_PTR_NULL(cv_shown_find(cv_world_calls(w), &other));
	other = addr("198.51.100.11:20000");
	CU_ASSERT_PTR_NULL(cv_shown_find(cv_world_calls(w), &other));

	/* the same place shows another port: the old one is nobody's */
	other = what.rtp;
	what.rtp.port = 7004;
	CU_ASSERT_EQUAL(cv_shown_put(call, call->media, &what), 0);
	CU_ASSERT_PTR_NULL(cv_shown_find(cv_world_calls(w), &other));
	CU_ASSERT_PTR_NOT_NULL(cv_shown_find(cv_world_calls(w), &what.rtp));
	cv_shown_drop(call, NULL);
	CU_ASSERT_PTR_NULL(cv_shown_find(cv_world_calls(w), &what.rtp));
	cv_bed_close(w);
}

/* Leads that were planted: a circle, one that is too long, a call that is gone. */
static void test_leads_end(void)
{
	struct cv_world *w = cv_bed_open(lan);
	struct cv_call *x, *y;
	struct cv_where o;

	cv_bed_play(w, lan_loop);
	x = nth(w, 0);
	y = nth(w, 1);
	CU_ASSERT_EQUAL(cv_lead_outer(&o, x, CV_END_B), 0);
	CU_ASSERT(o.call == y && o.end == CV_END_B);
	CU_ASSERT_TRUE(cv_lead_is_mutual(x) && cv_lead_is_mutual(y));

	/* what the phone behind y says would be what the PBX says in x */
	y->talk.now[CV_END_B]->lead = x->talk.now[CV_END_B]->lead;
	(void)snprintf(y->talk.now[CV_END_B]->lead.call, CV_CALL_ID_LEN + 1, "%s", x->id);
	CU_ASSERT_EQUAL(cv_lead_outer(&o, x, CV_END_B), ELOOP);
	CU_ASSERT_FALSE(cv_lead_is_mutual(x));
	(void)snprintf(y->talk.now[CV_END_B]->lead.call, CV_CALL_ID_LEN + 1, "%s", y->id);
	CU_ASSERT_EQUAL(cv_lead_outer(&o, x, CV_END_B), ELOOP);
	(void)snprintf(y->talk.now[CV_END_B]->lead.call, CV_CALL_ID_LEN + 1, "gone");
	CU_ASSERT_EQUAL(cv_lead_outer(&o, x, CV_END_B), 0);
	CU_ASSERT_PTR_EQUAL(o.call, y);
	y->talk.now[CV_END_B]->lead.call[0] = '\0';
	cv_bed_close(w);
}

static void test_the_relay_follows_a_phone_that_moves(void)
{
	static const char *const steps[] = {
		"< ann moves 198.51.100.77:5555",
		"< ann INFO type text/plain",
		"> pbx INFO text/plain 10",
		NULL,
	};
	struct cv_world *w = cv_bed_open(far);
	struct cv_addr now = addr("198.51.100.77:5555");
	const struct cv_unfold *u;

	cv_bed_play(w, far_loop);
	u = nth(w, 1)->unfold;
	CU_ASSERT_PTR_NOT_NULL_FATAL(u->outer);
	CU_ASSERT_FALSE(cv_addr_eq(&u->outer->place[CV_END_A].seen, &now));
	cv_bed_play(w, steps);
	CU_ASSERT_TRUE(cv_addr_eq(&u->outer->place[CV_END_A].seen, &now));
	cv_bed_close(w);
}

static void test_the_relay_hears_both_outer_parties(void)
{
	struct cv_world *w = cv_bed_open(far);
	struct cv_addr a = addr("10.0.0.7:10000"), b = addr("10.0.0.8:4000");
	const struct cv_media *m;

	cv_bed_play(w, far_loop);
	m = nth(w, 1)->unfold->outer;
	CU_ASSERT_TRUE(cv_addr_eq(&cv_fake_media_in(m, CV_END_A)->rtp, &a));
	CU_ASSERT_TRUE(cv_addr_eq(&cv_fake_media_in(m, CV_END_B)->rtp, &b));
	CU_ASSERT_PTR_EQUAL(cv_unfold_media(nth(w, 1)), m);
	CU_ASSERT_PTR_NULL(cv_unfold_media(nth(w, 0)));
	cv_bed_close(w);
}

/* It is treated as its own [peer] says, whichever call the relay belongs to. */
static void test_the_relay_knows_a_peers_manner(void)
{
	static const char *const conf[] = {
		"party ann far 198.51.100.31:40001",
		"party bob lan 192.168.50.22:5060 peer",
		"party pbx wan 198.51.100.5:5060 peer",
		"peer-media all signalling 46 15000",
		"peer-media bob any 34 20000",
		NULL,
	};
	static const char *const steps[] = {
		"< ann INVITE pbx audio 10.0.0.7:10000",
		"> pbx INVITE audio 198.51.100.10:20000",
		"< pbx INVITE bob id back audio 198.51.100.10:20000",
		"> bob INVITE audio 192.168.50.1:20004",
		NULL,
	};
	struct cv_world *w = cv_bed_open(conf);
	const struct cv_media *m;

	cv_bed_play(w, steps);
	m = nth(w, 1)->unfold->outer;
	CU_ASSERT_PTR_NOT_NULL_FATAL(m);
	CU_ASSERT_TRUE(m->manner[CV_END_B].latch_any && m->manner[CV_END_B].is_peer);
	CU_ASSERT_EQUAL(m->manner[CV_END_B].dscp, 34);
	CU_ASSERT_FALSE(m->manner[CV_END_A].latch_any);
	CU_ASSERT_EQUAL(m->manner[CV_END_A].dscp, 46);
	cv_bed_close(w);
}

/* It is the other call's, and shows the point at which a party of this one stands. */
static void test_the_relay_shows_our_new_address(void)
{
	struct cv_world *w = cv_bed_open(far);

	cv_bed_play(w, far_loop);
	CU_ASSERT_PTR_NULL(nth(w, 0)->unfold->outer);
	CU_ASSERT_FALSE(nth(w, 1)->unfold->outer->moved);
	cv_unfold_readdress(nth(w, 0));
	CU_ASSERT_TRUE(nth(w, 1)->unfold->outer->moved);
	cv_bed_close(w);
}

/* No port for the relay of the two: both calls keep theirs. */
static void test_no_port_for_the_one_relay(void)
{
	static const char *const offer[] = {
		"< ann INVITE pbx audio 10.0.0.7:10000",
		"> pbx INVITE audio 198.51.100.10:20000",
		"< pbx INVITE bob id back audio 198.51.100.10:20000",
		"> bob INVITE audio 198.51.100.10:20002",
		NULL,
	};
	static const char *const answer[] = {
		"< bob 200 audio 10.0.0.8:4000",
		"> pbx 200 INVITE audio 198.51.100.10:20004",
		"< pbx#1 200 audio 198.51.100.10:20004",
		"> ann 200 INVITE audio 198.51.100.10:20006",
		"< ann ACK",
		"> pbx ACK",
		"< pbx#2 ACK",
		"> bob ACK",
		NULL,
	};
	struct cv_world *w = cv_bed_open(far);

	/* two pairs are there while it is offered, four when it is answered */
	cv_world_plane(w)->max = 2;
	cv_bed_play(w, offer);
	cv_world_plane(w)->max = 4;
	cv_bed_play(w, answer);
	CU_ASSERT_EQUAL(cv_world_plane(w)->used, 4);
	CU_ASSERT_FALSE(nth(w, 0)->unfold && nth(w, 0)->unfold->is_whole);
	cv_bed_close(w);
}

/* A session that can't be parked or opened is tried again. */
static void test_parking_is_tried_again(void)
{
	static const char *const leave[] = {"< ann BYE", "> ann 200 BYE", "> pbx BYE",
					    NULL};
	static const char *const again[] = {
		"+ 1000", "> bob INVITE audio 192.168.50.1:20002", NULL};
	struct cv_world *w = cv_bed_open(lan);

	cv_bed_play(w, lan_loop);
	expect_relays(w, "open: 0, parked: 2");
	cv_world_plane(w)->park_err = EADDRINUSE;
	cv_bed_play(w, leave);
	expect_relays(w, "open: 0, parked: 1");
	cv_bed_play(w, again);
	expect_relays(w, "open: 1, parked: 0");
	cv_bed_close(w);
}

/* With any allocation failing the calls end or go on, and nothing is left. */
static void sweep(const char *const *conf, const char *const *steps, size_t failing)
{
	for (int n = 0; n < 400; ++n) {
		struct cv_world *w = cv_bed_open(conf);
		char line[CV_FAKE_LINE];
		size_t i = 0, event = 0;

		for (; steps[i]; ++i) {
			if (steps[i][0] != '<')
				continue;

			cv_mem_budget(event == failing ? n : -1);
			(void)cv_world_feed(w, steps[i] + 2);
			cv_mem_budget(-1);
			++event;
		}
		cv_world_advance(w, 5000);
		while (cv_world_next(w, line))
			continue;
		cv_bed_close(w);
	}
}

static void test_without_memory(void)
{
	for (size_t failing = 0; failing < 4; ++failing) {
		sweep(lan, lan_loop, failing);
		sweep(far, far_loop, failing);
	}
}

static unsigned draw(uint32_t *seed, size_t of)
{
	*seed = *seed * 1103515245U + 12345U;

	return (*seed >> 16) % (unsigned)of;
}

/* What is open must be what is_whole says, whatever was said before. */
static void check_parked(struct cv_world *w)
{
	const struct cv_list *head = &cv_world_calls(w)->list;

	for (const struct cv_list *n = head->next; n != head; n = n->next) {
		const struct cv_call *c = CV_CONTAINER(n, const struct cv_call, node);

		if (!c->unfold || !c->media)
			continue;

		CU_ASSERT_EQUAL(c->unfold->is_whole, c->media->is_parked);
		CU_ASSERT_EQUAL(c->unfold->is_whole,
				cv_lead_is_mutual((struct cv_call *)c) &&
					c->unfold->is_whole);
	}
}

/* Descriptions, refusals, BYEs and time in any order: nothing is left at the end, and
 * nothing is parked that doesn't hang together. */
static void test_whatever_comes(void)
{
	static const char *const events[] = {
		"ann INVITE audio 192.168.50.21:10000",
		"ann INVITE audio 192.168.50.21:10002 sendonly",
		"ann INVITE audio 0.0.0.0:10000",
		"ann UPDATE audio 192.168.50.21:10000",
		"ann 200 audio 192.168.50.21:10000",
		"ann 200",
		"ann 488",
		"ann ACK",
		"ann ACK audio 192.168.50.21:10004",
		"bob INVITE audio 192.168.50.22:4000",
		"bob INVITE audio off",
		"bob 183 audio 192.168.50.22:4000",
		"bob 200 audio 192.168.50.22:4002",
		"bob 200 UPDATE audio 192.168.50.22:4002",
		"bob 491",
		"bob ACK",
		"pbx#1 INVITE audio 198.51.100.10:20004",
		"pbx#1 INVITE audio 198.51.100.5:7000",
		"pbx#1 INVITE",
		"pbx#1 200 audio 198.51.100.10:20004",
		"pbx#1 200 audio 198.51.100.10:20000",
		"pbx#1 200 audio 198.51.100.5:7000",
		"pbx#1 ACK",
		"pbx#1 ACK audio 198.51.100.10:20004",
		"pbx#2 INVITE audio 198.51.100.10:20000",
		"pbx#2 INVITE audio 198.51.100.10:20000 pcma",
		"pbx#2 INVITE audio 198.51.100.5:7002",
		"pbx#2 INVITE audio 198.51.100.10:20000 video 198.51.100.10:20000",
		"pbx#2 200 audio 198.51.100.10:20000",
		"pbx#2 ACK",
		"pbx#2 BYE",
		"ann BYE",
		"pbx INVITE bob id third audio 198.51.100.10:20000",
		"ann moves 198.51.100.77:5555",
	};
	enum { EVENTS = sizeof(events) / sizeof(events[0]), SEEDS = 400, STEPS = 60 };
	char line[CV_FAKE_LINE];

	for (uint32_t n = 0; n < SEEDS; ++n) {
		struct cv_world *w = cv_bed_open(n % 2 ? lan : far);
		uint32_t seed = n;

		cv_bed_play(w, n % 2 ? lan_loop : far_loop);
		for (int i = 0; i < STEPS; ++i) {
			/* BYEs are rare */
			unsigned e = draw(&seed, draw(&seed, 8) ? EVENTS - 4 : EVENTS);

			(void)cv_world_feed(w, events[e]);
			if (draw(&seed, 4) == 0)
				cv_world_advance(w, draw(&seed, 3000));
			check_parked(w);
		}
		cv_world_advance(w, 10000);
		check_parked(w);
		while (cv_world_next(w, line))
			continue;
		cv_bed_close(w);
	}
}

int cv_test_unfold(void)
{
	CU_pSuite s = CU_add_suite("unfold", NULL, NULL);

	if (!s)
		return (int)CU_get_error();

	CU_ADD_TEST(s, test_shown_is_found_by_address_and_port);
	CU_ADD_TEST(s, test_leads_end);
	CU_ADD_TEST(s, test_the_relay_follows_a_phone_that_moves);
	CU_ADD_TEST(s, test_the_relay_hears_both_outer_parties);
	CU_ADD_TEST(s, test_the_relay_knows_a_peers_manner);
	CU_ADD_TEST(s, test_the_relay_shows_our_new_address);
	CU_ADD_TEST(s, test_no_port_for_the_one_relay);
	CU_ADD_TEST(s, test_parking_is_tried_again);
	CU_ADD_TEST(s, test_without_memory);
	CU_ADD_TEST(s, test_whatever_comes);

	return (int)CU_get_error();
}
