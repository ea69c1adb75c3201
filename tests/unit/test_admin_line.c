/* SPDX-License-Identifier: BSD-3-Clause */
/* What admin/line.c promises: one option, clean words, nothing else. */
#include "config.h"

#include <errno.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "admin/admin.h"
#include "base/mem.h"
#include "runner.h"
#include "suite_admin.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void test_line_reads_option_and_words(void)
{
	static const struct {
		struct cv_str raw;
		int err;
		enum cv_out_format format;
		struct cv_str cmd;
	} rows[] = {
		{CV_STR("show calls"), 0, CV_OUT_TEXT, CV_STR("show calls")},
		{CV_STR("  show calls \r"), 0, CV_OUT_TEXT, CV_STR("show calls")},
		{CV_STR("--json show calls"), 0, CV_OUT_JSON, CV_STR("show calls")},
		{CV_STR("--json   x"), 0, CV_OUT_JSON, CV_STR("x")},
		{CV_STR("--json --json x"), 0, CV_OUT_JSON, CV_STR("--json x")},
		{CV_STR("--jsonx"), 0, CV_OUT_TEXT, CV_STR("--jsonx")},
		{CV_STR("reload --dry-run"), 0, CV_OUT_TEXT, CV_STR("reload --dry-run")},
		{CV_STR("reg del j\xc3\xbcrg@x"), 0, CV_OUT_TEXT,
		 CV_STR("reg del j\xc3\xbcrg@x")},
		{CV_STR(""), EINVAL, CV_OUT_TEXT, CV_STR("")},
		{CV_STR(" \r"), EINVAL, CV_OUT_TEXT, CV_STR("")},
		{CV_STR("--json"), EINVAL, CV_OUT_TEXT, CV_STR("")},
		{CV_STR("--json "), EINVAL, CV_OUT_TEXT, CV_STR("")},
		{CV_STR("show\tcalls"), EINVAL, CV_OUT_TEXT, CV_STR("")},
		{CV_STR("show\0calls"), EINVAL, CV_OUT_TEXT, CV_STR("")},
		{CV_STR("show\x1b[2J"), EINVAL, CV_OUT_TEXT, CV_STR("")},
		{CV_STR("show\x7f"), EINVAL, CV_OUT_TEXT, CV_STR("")},
		{CV_STR("--json\tx"), EINVAL, CV_OUT_TEXT, CV_STR("")},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
		struct cv_admin_line line;
		int err = cv_admin_line_parse(&line, rows[i].raw);

		CU_ASSERT_EQUAL(err, rows[i].err);
		if (err)
			continue;

		CU_ASSERT_EQUAL(line.format, rows[i].format);
		CU_ASSERT_TRUE(cv_str_eq(line.cmd, rows[i].cmd));
	}
}

static void test_line_has_a_limit(void)
{
	static char raw[CV_ADMIN_LINE_MAX];
	struct cv_admin_line line;

	memset(raw, 'x', sizeof(raw));
	CU_ASSERT_EQUAL(cv_admin_line_parse(&line, cv_str_make(raw, sizeof(raw) - 1)), 0);
	CU_ASSERT_EQUAL(cv_admin_line_parse(&line, cv_str_make(raw, sizeof(raw))),
			EMSGSIZE);
}

static void test_line_corpus(void)
{
	CU_ASSERT_TRUE(cv_test_corpus("adminline", LLVMFuzzerTestOneInput) >= 10);
}

int cv_test_admin_line(void)
{
	CU_pSuite s = CU_add_suite("line", NULL, NULL);

	CU_add_test(s, "reads option and words", test_line_reads_option_and_words);
	CU_add_test(s, "has a limit", test_line_has_a_limit);
	CU_add_test(s, "corpus", test_line_corpus);

	return (int)CU_get_error();
}
