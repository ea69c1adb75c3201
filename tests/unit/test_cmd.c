/* SPDX-License-Identifier: BSD-3-Clause */
/* What base/cmd.c promises: the longest name wins, errors say a sentence, two formats. */
#include "config.h"

#include <errno.h>
#include <string.h>

#include <CUnit/CUnit.h>
#include <jansson.h>

#include "base/cmd.h"
#include "base/mem.h"
#include "suite_base.h"

/** What the last command was called with. */
struct called {
	int argc, times, err;
	struct cv_str argv[CV_CMD_WORDS];
};

static int note(struct cv_out *o, int argc, const struct cv_str *argv, void *arg)
{
	struct called *c = arg;

	++c->times;
	c->argc = argc;
	for (int i = 0; i < argc; ++i)
		c->argv[i] = argv[i];

	cv_out_num(o, "argc", argc);

	return c->err;
}

static int fail_inside(struct cv_out *o, int argc, const struct cv_str *argv, void *arg)
{
	(void)argc;
	(void)argv;
	(void)arg;
	cv_out_list(o, "calls");
	cv_out_item(o);

	return ENOENT;
}

static int fail_with_words(struct cv_out *o, int argc, const struct cv_str *argv,
			   void *arg)
{
	(void)argc;
	(void)argv;
	(void)arg;
	cv_out_str(o, "error", "no call 9");

	return ENOENT;
}

/* Runs a line and leaves its text in b. */
static int run(struct cv_cmds *c, const char *line, enum cv_out_format format,
	       struct cv_buf *b)
{
	struct cv_out *o = NULL;
	int err;

	CU_ASSERT_EQUAL_FATAL(cv_out_new(&o, format), 0);
	err = cv_cmd_run(c, cv_str_of(line), o);
	cv_buf_reset(b);
	CU_ASSERT_EQUAL(cv_out_finish(o, b), 0);
	cv_mem_unref(o);

	return err;
}

static void test_cmd_longest_name_wins(void)
{
	struct called plain = {0}, longer = {0};
	struct cv_cmd a = {.name = "show", .help = "", .run = note, .arg = &plain};
	struct cv_cmd b = {.name = "show calls", .help = "", .run = note, .arg = &longer};
	struct cv_cmds *c = NULL;
	struct cv_buf text = {0};

	CU_ASSERT_EQUAL_FATAL(cv_cmds_new(&c), 0);
	CU_ASSERT_EQUAL(cv_cmd_add(c, &b), 0);
	CU_ASSERT_EQUAL(cv_cmd_add(c, &a), 0);

	CU_ASSERT_EQUAL(run(c, "  show  calls 7 lan ", CV_OUT_TEXT, &text), 0);
	CU_ASSERT_EQUAL(longer.times, 1);
	CU_ASSERT_EQUAL_FATAL(longer.argc, 2);
	CU_ASSERT_TRUE(cv_str_eq(longer.argv[0], CV_STR("7")));
	CU_ASSERT_TRUE(cv_str_eq(longer.argv[1], CV_STR("lan")));

	CU_ASSERT_EQUAL(run(c, "show callsx", CV_OUT_TEXT, &text), 0);
	CU_ASSERT_EQUAL(plain.times, 1);
	CU_ASSERT_EQUAL(plain.argc, 1);
	CU_ASSERT_TRUE(cv_str_eq(cv_buf_view(&text), CV_STR("argc: 1\n")));

	cv_cmd_del(&a);
	cv_cmd_del(&a);
	CU_ASSERT_EQUAL(run(c, "show", CV_OUT_TEXT, &text), ENOENT);
	CU_ASSERT_EQUAL(plain.times, 1);
	cv_buf_free(&text);
	cv_mem_unref(c);
	cv_cmd_del(&b); /* the registry is gone: nothing happens */
}

static void test_cmd_refuses(void)
{
	static const struct {
		const char *line;
		int err;
		const char *text;
	} rows[] = {
		{"", ENOENT, "error: no command \"\"; \"help\" lists all\n"},
		{"nope 1", ENOENT, "error: no command \"nope 1\"; \"help\" lists all\n"},
		{"go 1 2 3 4 5 6 7 8 9", EINVAL, "error: go: more than 8 arguments\n"},
		{"go 1 2 3 4 5 6 7 8 9 10 11 12", EINVAL, "error: too many words\n"},
		{"inside", ENOENT,
		 "calls: 1\n\nerror: inside: No such file or directory\n"},
		{"words", ENOENT, "error: no call 9\n"},
	};
	struct called called = {0};
	struct cv_cmd go = {.name = "go", .help = "", .run = note, .arg = &called};
	struct cv_cmd in = {.name = "inside", .help = "", .run = fail_inside};
	struct cv_cmd words = {.name = "words", .help = "", .run = fail_with_words};
	struct cv_cmds *c = NULL;
	struct cv_buf text = {0};

	CU_ASSERT_EQUAL_FATAL(cv_cmds_new(&c), 0);
	CU_ASSERT_EQUAL(cv_cmd_add(c, &go), 0);
	CU_ASSERT_EQUAL(cv_cmd_add(c, &go), EEXIST);
	CU_ASSERT_EQUAL(cv_cmd_add(c, &in), 0);
	CU_ASSERT_EQUAL(cv_cmd_add(c, &words), 0);
	CU_ASSERT_EQUAL(cv_cmd_add(c, &(struct cv_cmd){.name = "help"}), EEXIST);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
		CU_ASSERT_EQUAL(run(c, rows[i].line, CV_OUT_TEXT, &text), rows[i].err);
		CU_ASSERT_STRING_EQUAL(text.p, rows[i].text);
	}

	CU_ASSERT_EQUAL(called.times, 0);
	cv_buf_free(&text);
	cv_mem_unref(c);
}

static void test_cmd_help_lists_by_name(void)
{
	struct cv_cmd b = {.name = "show media", .help = "streams", .run = note};
	struct cv_cmd a = {.name = "show calls", .help = "calls", .run = note};
	struct cv_cmds *c = NULL;
	struct cv_buf text = {0};

	CU_ASSERT_EQUAL_FATAL(cv_cmds_new(&c), 0);
	CU_ASSERT_EQUAL(cv_cmd_add(c, &b), 0);
	CU_ASSERT_EQUAL(cv_cmd_add(c, &a), 0);
	CU_ASSERT_EQUAL(run(c, "help", CV_OUT_TEXT, &text), 0);
	CU_ASSERT_STRING_EQUAL(text.p, "commands:\n"
				       "  help: this list\n"
				       "  show calls: calls\n"
				       "  show media: streams\n");
	cv_buf_free(&text);
	cv_mem_unref(c);
}

/* Two calls, one with a nested list and object, and awkward values. */
static void fill(struct cv_out *o)
{
	cv_out_str(o, "host", "edge \"one\"");
	cv_out_list(o, "calls");
	cv_out_item(o);
	cv_out_num(o, "id", 7);
	cv_out_str(o, "from", "a b\"c\\");
	cv_out_str(o, "raw", "x\r\n\x1b\xff");
	cv_out_list(o, "streams");
	cv_out_item(o);
	cv_out_num(o, "port", 4000);
	cv_out_end(o);
	cv_out_end(o);
	cv_out_object(o, "need");
	cv_out_str(o, "reason", "far-end");
	cv_out_end(o);
	cv_out_bool(o, "relay", true);
	cv_out_end(o);
	cv_out_item(o);
	cv_out_num(o, "id", -8);
	cv_out_str(o, "from", "%s", "");
	cv_out_str(o, "ctl", "a\tb\x1b\x7f");
	cv_out_str(o, "city", "Z\xc3\xbcrich");
	cv_out_str(o, "csi",
		   "\xc2\x9b"
		   "31m");
	cv_out_bool(o, "relay", false);
	cv_out_end(o);
	cv_out_end(o);
	cv_out_list(o, "none");
	cv_out_end(o);
}

static void test_cmd_text_format(void)
{
	struct cv_out *o = NULL;
	struct cv_buf b = {0};

	CU_ASSERT_EQUAL_FATAL(cv_out_new(&o, CV_OUT_TEXT), 0);
	fill(o);
	CU_ASSERT_EQUAL(cv_out_finish(o, &b), 0);
	CU_ASSERT_STRING_EQUAL(b.p,
			       "host: edge \"one\"\n"
			       "calls: 2\n"
			       "id=7 from=\"a b\\\"c\\\\\" "
			       "raw=\"x\\\\x0d\\\\x0a\\\\x1b\\\\xff\" relay=yes\n"
			       "  streams: 1\n"
			       "  port=4000\n"
			       "  need:\n"
			       "    reason: far-end\n"
			       "id=-8 from=\"\" ctl=a\\x09b\\x1b\\x7f city=Z\xc3\xbcrich "
			       "csi=\\xc2\\x9b31m relay=no\n"
			       "none: 0\n");
	cv_buf_free(&b);
	cv_mem_unref(o);
}

static void test_cmd_json_format(void)
{
	struct cv_out *o = NULL;
	struct cv_buf b = {0};
	json_t *root, *want;

	CU_ASSERT_EQUAL_FATAL(cv_out_new(&o, CV_OUT_JSON), 0);
	fill(o);
	CU_ASSERT_EQUAL(cv_out_finish(o, &b), 0);
	root = json_loadb(b.p, b.len, JSON_DISABLE_EOF_CHECK, NULL);
	want = json_loads(
		"{\"host\":\"edge \\\"one\\\"\",\"calls\":["
		"{\"id\":7,\"from\":\"a b\\\"c\\\\\","
		"\"raw\":\"x\\\\x0d\\\\x0a\\\\x1b\\\\xff\","
		"\"streams\":[{\"port\":4000}],\"need\":{\"reason\":\"far-end\"},"
		"\"relay\":true},{\"id\":-8,\"from\":\"\",\"ctl\":\"a\\tb\\u001b\x7f\","
		"\"city\":\"Z\xc3\xbcrich\","
		"\"csi\":\"\\u009b31m\",\"relay\":false}],\"none\":[]}",
		0, NULL);
	CU_ASSERT_PTR_NOT_NULL(want);
	CU_ASSERT_TRUE(json_equal(root, want));
	json_decref(root);
	json_decref(want);
	cv_buf_free(&b);
	cv_mem_unref(o);
}

static void test_cmd_depth_and_size_are_bounded(void)
{
	struct cv_out *o = NULL;
	struct cv_buf b = {0};

	CU_ASSERT_EQUAL_FATAL(cv_out_new(&o, CV_OUT_TEXT), 0);
	for (int i = 0; i < 20; ++i)
		cv_out_object(o, "in");

	cv_out_num(o, "n", 1);
	for (int i = 0; i < 30; ++i)
		cv_out_end(o);

	CU_ASSERT_EQUAL(cv_out_finish(o, &b), EMSGSIZE);
	cv_mem_unref(o);

	CU_ASSERT_EQUAL_FATAL(cv_out_new(&o, CV_OUT_TEXT), 0);
	cv_out_str(o, "long", "%*s", (1 << 20) + 1, "x");
	CU_ASSERT_EQUAL(cv_out_finish(o, &b), EMSGSIZE);
	cv_mem_unref(o);
	cv_buf_free(&b);
}

static int print_all(enum cv_out_format format, struct cv_buf *b)
{
	struct cv_out *o = NULL;
	int err;

	err = cv_out_new(&o, format);
	if (err)
		return err;

	fill(o);
	err = cv_out_finish(o, b);
	cv_mem_unref(o);

	return err;
}

static void test_cmd_oom(void)
{
	struct cv_cmds *c = NULL;

	cv_mem_budget(0);
	CU_ASSERT_EQUAL(cv_cmds_new(&c), ENOMEM);
	CU_ASSERT_PTR_NULL(c);

	for (int format = CV_OUT_TEXT; format <= CV_OUT_JSON; ++format) {
		int err = ENOMEM;
		long n;

		for (n = 0; err == ENOMEM && n < 256; ++n) {
			struct cv_buf b = {0};

			cv_mem_budget(n);
			err = print_all((enum cv_out_format)format, &b);
			CU_ASSERT(err == 0 || err == ENOMEM);
			cv_buf_free(&b);
		}

		CU_ASSERT_EQUAL(err, 0);
		CU_ASSERT_TRUE(n > 20);
	}

	cv_mem_budget(-1);
}

int cv_test_cmd(void)
{
	CU_pSuite s = CU_add_suite("cmd", NULL, NULL);

	CU_add_test(s, "longest name wins", test_cmd_longest_name_wins);
	CU_add_test(s, "refuses", test_cmd_refuses);
	CU_add_test(s, "help lists by name", test_cmd_help_lists_by_name);
	CU_add_test(s, "text format", test_cmd_text_format);
	CU_add_test(s, "JSON format", test_cmd_json_format);
	CU_add_test(s, "depth and size are bounded", test_cmd_depth_and_size_are_bounded);
	CU_add_test(s, "out of memory", test_cmd_oom);

	return (int)CU_get_error();
}
