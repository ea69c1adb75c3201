/* SPDX-License-Identifier: BSD-3-Clause */
/* show registrations, reg del and explain, as text and JSON. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "base/mem.h"
#include "bind_kit.h"
#include "fake_loop.h"
#include "suite_bind.h"

/* Runs @p line and gives its JSON; ended by cv_buf_free(). */
static int run(struct cv_kit *k, struct cv_str line, struct cv_buf *to)
{
	struct cv_out *o = NULL;
	int err, fin;

	CU_ASSERT_EQUAL_FATAL(cv_out_new(&o, CV_OUT_JSON), 0);
	err = cv_cmd_run(k->cmds, line, o);
	cv_buf_reset(to);
	fin = cv_out_finish(o, to);
	CU_ASSERT_EQUAL(fin, 0);
	cv_mem_unref(o);

	return err;
}

static bool has(const struct cv_buf *b, const char *text)
{
	return b->p && strstr(b->p, text);
}

static void test_show_lists_all_keys(void)
{
	static const char *const keys[] = {
		"\"id\"",           "\"aor\"",
		"\"contact\"",      "\"side\"",
		"\"source\"",       "\"transport\"",
		"\"token\"",        "\"home\"",
		"\"expires\"",      "\"upstream_expires\"",
		"\"pings_missed\"", "\"flow\"",
		"\"agent\"",        "\"state\"",
	};
	struct cv_bind_ask ask = cv_kit_ask(4000);
	struct cv_buf out = {0};
	struct cv_kit k;

	cv_kit_open(&k);
	CU_ASSERT_PTR_NOT_NULL(cv_kit_register(&k, &ask, 60));
	CU_ASSERT_EQUAL(run(&k, CV_STR("show registrations"), &out), 0);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); ++i)
		CU_ASSERT_TRUE(has(&out, keys[i]));

	CU_ASSERT_TRUE(has(&out, "203.0.113.5:4000"));
	CU_ASSERT_TRUE(has(&out, "\"pbx\""));
	CU_ASSERT_TRUE(has(&out, "\"registered\""));
	CU_ASSERT_EQUAL(run(&k, CV_STR("show registrations nobody@x"), &out), 0);
	CU_ASSERT_FALSE(has(&out, "203.0.113.5"));
	cv_buf_free(&out);
	cv_kit_close(&k);
}

static void test_reg_del_ends_all_of_an_aor(void)
{
	struct cv_bind_ask ask = cv_kit_ask(4000);
	struct cv_buf out = {0};
	struct cv_kit k;

	cv_kit_open(&k);
	CU_ASSERT_PTR_NOT_NULL(cv_kit_register(&k, &ask, 60));
	ask.contact = CV_STR("sip:alice@10.0.0.9");
	CU_ASSERT_PTR_NOT_NULL(cv_kit_register(&k, &ask, 60));
	CU_ASSERT_EQUAL(run(&k, CV_STR("reg del alice@example.net"), &out), 0);
	CU_ASSERT_EQUAL(cv_binds_count(k.binds), 0);
	CU_ASSERT_EQUAL(k.ends, 2);
	CU_ASSERT_STRING_EQUAL(k.why, "deleted by command");
	CU_ASSERT_EQUAL(run(&k, CV_STR("reg del alice@example.net"), &out), ENOENT);
	CU_ASSERT_EQUAL(run(&k, CV_STR("reg del"), &out), EINVAL);
	cv_buf_free(&out);
	cv_kit_close(&k);
}

static void explain(struct cv_kit *k, struct cv_str what, int want)
{
	struct cv_buf out = {0};
	struct cv_out *o = NULL;

	CU_ASSERT_EQUAL_FATAL(cv_out_new(&o, CV_OUT_TEXT), 0);
	CU_ASSERT_EQUAL(cv_binds_explain(k->binds, what, o), want);
	CU_ASSERT_EQUAL(cv_out_finish(o, &out), 0);
	CU_ASSERT_EQUAL(has(&out, "source is not in nated"), want == 0);
	cv_buf_free(&out);
	cv_mem_unref(o);
}

static void test_explain_by_aor_id_and_token(void)
{
	struct cv_bind_ask ask = cv_kit_ask(4000);
	struct cv_evid *ev = NULL;
	struct cv_binding *b;
	char id[17];
	struct cv_kit k;

	cv_kit_open(&k);
	CU_ASSERT_EQUAL_FATAL(cv_evid_new(&ev), 0);
	cv_evid_add(ev, "place of phone", "far", "source is not in nated");
	ask.evid = ev;
	b = cv_kit_register(&k, &ask, 60);
	(void)snprintf(id, sizeof(id), "%016llx", (unsigned long long)b->id);
	explain(&k, ask.aor, 0);
	explain(&k, cv_str_of(id), 0);
	explain(&k, cv_str_of(b->token), 0);
	explain(&k, CV_STR("alice"), 0);
	explain(&k, CV_STR("Alice"), ENOENT);
	explain(&k, CV_STR("bob@example.net"), ENOENT);
	explain(&k, CV_STR("00000000000000ff"), ENOENT);
	cv_kit_close(&k);
	cv_mem_unref(ev);
}

static void test_gauges_count_live_and_pending(void)
{
	struct cv_bind_ask ask = cv_kit_ask(4000);
	struct cv_binding *b = NULL;
	struct cv_buf out = {0};
	struct cv_kit k;

	cv_kit_open(&k);
	CU_ASSERT_PTR_NOT_NULL(cv_kit_register(&k, &ask, 60));
	ask.aor = CV_STR("bob@example.net");
	CU_ASSERT_EQUAL(cv_bind_take(k.binds, &b, &ask), 0);
	CU_ASSERT_EQUAL(run(&k, CV_STR("show stats"), &out), 0);
	CU_ASSERT(has(&out, "\"bindings\": 1") || has(&out, "\"bindings\":1"));
	CU_ASSERT(has(&out, "\"bindings_pending\": 1") ||
		  has(&out, "\"bindings_pending\":1"));
	cv_buf_free(&out);
	cv_kit_close(&k);
}

/* Both ends of a registration, and how its keepalives went. */
static void test_explain_shows_both_ends_and_the_pings(void)
{
	struct cv_bind_ask ask = cv_kit_ask(4000);
	struct cv_buf text = {0};
	struct cv_out *o = NULL;
	struct cv_binding *b;
	struct cv_kit k;

	cv_kit_open(&k);
	b = cv_kit_register(&k, &ask, 600);
	CU_ASSERT_PTR_NOT_NULL_FATAL(b);
	CU_ASSERT_EQUAL(cv_bind_shown(b, "sip:cv0@198.51.100.10", CV_BIND_PATH), 0);
	cv_fake_loop_advance(k.loop, 60000);
	CU_ASSERT_EQUAL_FATAL(cv_out_new(&o, CV_OUT_TEXT), 0);
	CU_ASSERT_EQUAL(cv_binds_explain(k.binds, ask.aor, o), 0);
	CU_ASSERT_EQUAL(cv_out_finish(o, &text), 0);
	CU_ASSERT_TRUE(has(&text, "phone_sees:\n  contact: sip:alice@10.0.0.7:5060\n"));
	CU_ASSERT_TRUE(has(&text, "registrar_sees:\n  registrar: pbx\n  way: path\n"
				  "  contact: sip:cv0@198.51.100.10\n"));
	CU_ASSERT_TRUE(has(&text, "state: not answered"));
	CU_ASSERT_TRUE(has(&text, "sent: 2"));
	CU_ASSERT_TRUE(has(&text, "lost: 1"));
	cv_buf_free(&text);
	cv_mem_unref(o);
	cv_kit_close(&k);
}

static void test_shown_without_memory_stays(void)
{
	struct cv_bind_ask ask = cv_kit_ask(4000);
	struct cv_binding *b;
	struct cv_kit k;

	cv_kit_open(&k);
	b = cv_kit_register(&k, &ask, 600);
	CU_ASSERT_PTR_NOT_NULL_FATAL(b);
	CU_ASSERT_EQUAL(cv_bind_shown(b, "sip:cv0@198.51.100.10", CV_BIND_ALIAS), 0);
	cv_mem_budget(0);
	CU_ASSERT_EQUAL(cv_bind_shown(b, "sip:other@198.51.100.10", CV_BIND_PATH),
			ENOMEM);
	cv_mem_budget(-1);
	CU_ASSERT_STRING_EQUAL(b->shown, "sip:cv0@198.51.100.10");
	CU_ASSERT_EQUAL(b->form, CV_BIND_ALIAS);
	cv_kit_close(&k);
}

int cv_test_bind_show(void)
{
	CU_pSuite s = CU_add_suite("bind show", NULL, NULL);

	if (!s || !CU_add_test(s, "show lists all keys", test_show_lists_all_keys) ||
	    !CU_add_test(s, "reg del ends all of an AOR",
			 test_reg_del_ends_all_of_an_aor) ||
	    !CU_add_test(s, "explain by AOR, id and token",
			 test_explain_by_aor_id_and_token) ||
	    !CU_add_test(s, "explain shows both ends and the pings",
			 test_explain_shows_both_ends_and_the_pings) ||
	    !CU_add_test(s, "shown without memory stays",
			 test_shown_without_memory_stays) ||
	    !CU_add_test(s, "gauges count live and pending",
			 test_gauges_count_live_and_pending))
		return (int)CU_get_error();

	return 0;
}
