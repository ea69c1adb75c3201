/* SPDX-License-Identifier: BSD-3-Clause */
/* What base/cmd.c promises: the longest name wins, errors say a sentence. */
#include "config.h"

#include <errno.h>

#include <CUnit/CUnit.h>

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

static void test_cmd_oom(void)
{
	struct cv_cmds *c = NULL;

	cv_mem_budget(0);
	CU_ASSERT_EQUAL(cv_cmds_new(&c), ENOMEM);
	CU_ASSERT_PTR_NULL(c);
	cv_mem_budget(-1);
}

int cv_test_cmd(void)
{
	CU_pSuite s = CU_add_suite("cmd", NULL, NULL);

	CU_add_test(s, "longest name wins", test_cmd_longest_name_wins);
	CU_add_test(s, "refuses", test_cmd_refuses);
	CU_add_test(s, "help lists by name", test_cmd_help_lists_by_name);
	CU_add_test(s, "out of memory", test_cmd_oom);

	return (int)CU_get_error();
}
