/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Early dialogs of an outgoing leg and the order of reliable responses, with a
 * stack that has no sockets.
 */
#include "config.h"

#include <CUnit/CUnit.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "suite_sip.h"

struct bed {
	struct cv_sip_kit kit;
	su_root_t *root;
	struct cv_sip_leg *leg;
};

static void bed_open(struct bed *b)
{
	url_string_t *no_sockets =
		(url_string_t *)-1; /* NOLINT(performance-no-int-to-ptr): its spelling */

	cv_sip_kit_open(&b->kit);
	CU_ASSERT_EQUAL_FATAL(su_init(), 0);
	b->root = su_root_create(NULL);
	cv_list_init(&b->kit.sip.legs);
	b->kit.sip.agent = nta_agent_create(b->root, no_sockets, NULL, &b->kit.sip,
					    NTATAG_UA(1), TAG_END());
	CU_ASSERT_PTR_NOT_NULL_FATAL(b->kit.sip.agent);
	CU_ASSERT_EQUAL_FATAL(cv_sip_leg_alloc(&b->leg, &b->kit.sip), 0);
	b->leg->dialog = nta_leg_tcreate(b->kit.sip.agent, cv_sip_on_dialog, b->leg,
					 SIPTAG_CALL_ID_STR("c"),
					 SIPTAG_FROM_STR("<sip:a@x>;tag=us"),
					 SIPTAG_TO_STR("<sip:b@y>"), TAG_END());
	CU_ASSERT_PTR_NOT_NULL_FATAL(b->leg->dialog);
}

static void bed_close(struct bed *b)
{
	cv_sip_leg_close(b->leg);
	cv_mem_unref(b->leg);
	nta_agent_destroy(b->kit.sip.agent);
	b->kit.sip.agent = NULL;
	su_root_destroy(b->root);
	su_deinit();
	cv_sip_kit_close(&b->kit);
}

/* A response with To tag; rseq 0: not a reliable one. */
static bool heard(struct bed *b, int status, unsigned cseq, const char *tag,
		  unsigned rseq, struct cv_msg *m)
{
	char text[1024], rel[64] = "";
	struct cv_sip_ref ref;
	msg_t *msg;
	bool passes;

	if (rseq > 0)
		(void)snprintf(rel, sizeof(rel), "Require: 100rel\nRSeq: %u\n", rseq);
	(void)snprintf(text, sizeof(text),
		       "SIP/2.0 %d x\nVia: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKx\n"
		       "From: <sip:a@x>;tag=us\nTo: <sip:b@y>;tag=%s\nCall-ID: c\n"
		       "CSeq: %u INVITE\nContact: <sip:%s@10.0.0.9>\n%s"
		       "Content-Length: 0\n\n",
		       status, tag, cseq, tag, rel);
	msg = cv_sip_kit_msg(text);
	CU_ASSERT_PTR_NOT_NULL_FATAL(msg);
	cv_sip_msg(m, &ref, &b->kit.sip, msg, status);
	passes = cv_sip_early_heard(b->leg, sip_object(msg), m);
	msg_destroy(msg);

	return passes;
}

static const char *remote_tag(nta_leg_t *dialog)
{
	const char *tag = nta_leg_get_rtag(dialog);

	return tag ? tag : "";
}

static void test_each_tag_is_a_fork(void)
{
	struct bed b;
	struct cv_msg m;

	bed_open(&b);
	CU_ASSERT(heard(&b, 180, 5, "one", 0, &m));
	CU_ASSERT_EQUAL(m.fork, 0);
	CU_ASSERT(heard(&b, 183, 5, "two", 0, &m));
	CU_ASSERT_EQUAL(m.fork, 1);
	CU_ASSERT(heard(&b, 180, 5, "ONE", 0, &m));
	CU_ASSERT_EQUAL(m.fork, 0);
	CU_ASSERT_FALSE(m.reliable);
	CU_ASSERT_STRING_EQUAL(remote_tag(cv_sip_early_dialog(b.leg, 1)), "two");
	CU_ASSERT_PTR_EQUAL(cv_sip_early_dialog(b.leg, 7), b.leg->dialog);
	CU_ASSERT_EQUAL(cv_sip_early_fork(b.leg, "us", "two"), 1);
	CU_ASSERT_EQUAL(cv_sip_early_fork(b.leg, "other", "two"), 0);
	bed_close(&b);
}

static void test_too_many_forks_are_not_heard(void)
{
	struct bed b;
	struct cv_msg m;
	char tag[8];

	bed_open(&b);
	for (unsigned i = 0; i < CV_SIP_FORKS; ++i) {
		(void)snprintf(tag, sizeof(tag), "t%u", i);
		CU_ASSERT(heard(&b, 180, 5, tag, 0, &m));
	}
	CU_ASSERT_FALSE(heard(&b, 180, 5, "more", 0, &m));
	CU_ASSERT(heard(&b, 180, 5, "t3", 0, &m));
	CU_ASSERT(heard(&b, 200, 5, "more", 0, &m)); /* it may still answer */
	CU_ASSERT_EQUAL(m.fork, CV_SIP_FORKS);
	bed_close(&b);
}

static void test_reliable_ones_come_in_order(void)
{
	static const struct {
		unsigned cseq;
		const char *tag;
		unsigned rseq;
		bool passes;
	} rows[] = {
		{5, "one", 7, true},  {5, "one", 7, false}, {5, "one", 9, false},
		{5, "two", 90, true}, {5, "one", 8, true},  {5, "two", 92, false},
		{5, "one", 0, true},  {6, "one", 8, true}, /* of the next INVITE */
		{6, "one", 8, false},
	};
	struct bed b;
	struct cv_msg m;

	bed_open(&b);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
		CU_ASSERT_EQUAL(
			heard(&b, 183, rows[i].cseq, rows[i].tag, rows[i].rseq, &m),
			rows[i].passes);
		CU_ASSERT_EQUAL(m.reliable, rows[i].passes && rows[i].rseq > 0);
		if (m.reliable)
			CU_ASSERT_EQUAL(m.rseq, rows[i].rseq);
	}
	bed_close(&b);
}

static void test_rack_names_the_legs_own_numbers(void)
{
	struct cv_msg m, prack = {.method = CV_METHOD_PRACK, .fork = 1, .rseq = 90};
	struct bed b;
	msg_t *msg;

	bed_open(&b);
	CU_ASSERT(heard(&b, 183, 5, "one", 7, &m));
	CU_ASSERT(heard(&b, 183, 5, "two", 90, &m));
	msg = nta_msg_create(b.kit.sip.agent, 0);
	CU_ASSERT_EQUAL(cv_sip_early_rack(b.leg, &prack, msg), 0);
	CU_ASSERT_EQUAL(sip_object(msg)->sip_rack->ra_response, 90);
	CU_ASSERT_EQUAL(sip_object(msg)->sip_rack->ra_cseq, 5);
	CU_ASSERT_EQUAL(sip_object(msg)->sip_rack->ra_method, sip_method_invite);
	msg_destroy(msg);
	bed_close(&b);
}

static void test_winner_becomes_the_dialog(void)
{
	struct cv_msg m, prack = {.method = CV_METHOD_PRACK, .fork = 1, .rseq = 90};
	struct bed b;
	msg_t *msg;

	bed_open(&b);
	CU_ASSERT(heard(&b, 180, 5, "one", 0, &m));
	CU_ASSERT(heard(&b, 183, 5, "two", 90, &m));
	CU_ASSERT(heard(&b, 200, 5, "two", 0, &m));
	CU_ASSERT_EQUAL(m.fork, 1);
	cv_sip_early_win(b.leg, m.fork);
	b.leg->confirmed = true;
	CU_ASSERT_STRING_EQUAL(remote_tag(b.leg->dialog), "two");
	CU_ASSERT_EQUAL(b.leg->earlyc, 0);

	/* a PRACK that was under way still finds its INVITE */
	msg = nta_msg_create(b.kit.sip.agent, 0);
	CU_ASSERT_EQUAL(cv_sip_early_rack(b.leg, &prack, msg), 0);
	CU_ASSERT_EQUAL(sip_object(msg)->sip_rack->ra_cseq, 5);
	msg_destroy(msg);

	/* reliable ones of a re-INVITE start anew, and make no fork */
	CU_ASSERT(heard(&b, 183, 6, "two", 3, &m));
	CU_ASSERT(m.reliable);
	CU_ASSERT_EQUAL(m.fork, 0);
	CU_ASSERT_EQUAL(b.leg->earlyc, 0);
	bed_close(&b);
}

static struct cv_leg *mate(void *arg, uint32_t *fork)
{
	(void)fork;

	return arg;
}

static nta_leg_t *dialog_with(struct bed *b, const char *from, const char *to)
{
	return nta_leg_tcreate(b->kit.sip.agent, cv_sip_on_dialog, b->leg,
			       SIPTAG_CALL_ID_STR("far"), SIPTAG_FROM_STR(from),
			       SIPTAG_TO_STR(to), TAG_END());
}

/* Who picks up a call that rings at several phones names one of them: the far side knows
 * that one by the early dialog which it was shown for it. */
static void test_name_of_a_fork_is_translated(void)
{
	static const struct cv_leg_events ev = {.mate = mate};
	struct bed b;
	struct cv_sip_leg *far;
	struct cv_msg m;
	msg_t *msg;

	bed_open(&b);
	CU_ASSERT(heard(&b, 180, 5, "one", 0, &m));
	CU_ASSERT(heard(&b, 180, 5, "two", 0, &m));
	CU_ASSERT_EQUAL_FATAL(cv_sip_leg_alloc(&far, &b.kit.sip), 0);
	far->dialog = dialog_with(&b, "<sip:b@y>;tag=shown1", "<sip:a@x>;tag=caller");
	far->early[0] = (struct cv_sip_early){.fork = 0};
	far->early[1] = (struct cv_sip_early){
		.fork = 1,
		.dialog = dialog_with(&b, "<sip:b@y>;tag=shown2", "<sip:a@x>;tag=caller"),
	};
	far->earlyc = 2;
	far->binding = 7;
	b.leg->base.events = &ev;
	b.leg->base.arg = far;

	msg = cv_sip_kit_msg("INVITE sip:a@x SIP/2.0\n"
			     "Via: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKy\n"
			     "From: <sip:c@x>;tag=c\nTo: <sip:a@x>\nCall-ID: p\n"
			     "CSeq: 1 INVITE\nReplaces: c;from-tag=two;to-tag=us\n"
			     "Content-Length: 0\n\n");
	CU_ASSERT_PTR_NOT_NULL_FATAL(msg);
	cv_sip_name_dialogs(far, msg);
	CU_ASSERT_STRING_EQUAL(sip_object(msg)->sip_replaces->rp_call_id, "far");
	CU_ASSERT_STRING_EQUAL(sip_object(msg)->sip_replaces->rp_from_tag, "shown2");
	CU_ASSERT_STRING_EQUAL(sip_object(msg)->sip_replaces->rp_to_tag, "caller");
	msg_destroy(msg);

	b.leg->base.events = NULL;
	cv_sip_leg_close(far);
	cv_mem_unref(far);
	bed_close(&b);
}

static void test_forks_that_take_turns_are_not_reliable(void)
{
	struct cv_sip_txn *t;
	struct bed b;

	bed_open(&b);
	CU_ASSERT_EQUAL_FATAL(cv_sip_txn_new(&t, b.leg, CV_METHOD_INVITE), 0);
	b.leg->earlyc = 2;
	b.leg->early[1].fork = 4;
	CU_ASSERT(cv_sip_fork_rel(t, 0));
	CU_ASSERT(cv_sip_fork_rel(t, 0));
	CU_ASSERT(cv_sip_fork_rel(t, 4));
	CU_ASSERT_FALSE(cv_sip_fork_rel(t, 0));
	CU_ASSERT(cv_sip_fork_rel(t, 4));
	bed_close(&b);
}

static void test_reliable_without_memory_keeps_nothing(void)
{
	const struct cv_msg m = {.method = CV_METHOD_INVITE, .status = 183};
	struct cv_sip_txn *t;
	struct bed b;

	bed_open(&b);
	CU_ASSERT_EQUAL_FATAL(cv_sip_txn_new(&t, b.leg, CV_METHOD_INVITE), 0);
	cv_mem_budget(0);
	CU_ASSERT_EQUAL(cv_sip_rel_respond(t, nta_msg_create(b.kit.sip.agent, 0), &m),
			ENOMEM);
	cv_mem_budget(-1);
	CU_ASSERT(cv_list_is_empty(&t->rels));
	bed_close(&b);
}

int cv_test_early(void)
{
	CU_pSuite s = CU_add_suite("early", NULL, NULL);

	CU_add_test(s, "each tag is a fork", test_each_tag_is_a_fork);
	CU_add_test(s, "too many forks", test_too_many_forks_are_not_heard);
	CU_add_test(s, "reliable in order", test_reliable_ones_come_in_order);
	CU_add_test(s, "RAck", test_rack_names_the_legs_own_numbers);
	CU_add_test(s, "winner", test_winner_becomes_the_dialog);
	CU_add_test(s, "name of a fork", test_name_of_a_fork_is_translated);
	CU_add_test(s, "turns", test_forks_that_take_turns_are_not_reliable);
	CU_add_test(s, "reliable without memory",
		    test_reliable_without_memory_keeps_nothing);

	return (int)CU_get_error();
}
