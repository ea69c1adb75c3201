/* SPDX-License-Identifier: BSD-3-Clause */
/* What base/log.c promises: one event one clean line, levels, both formats, a limit. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <CUnit/CUnit.h>
#include <jansson.h>

#include "base/clock.h"
#include "base/log.h"
#include "suite_base.h"

enum { STAMP_LEN = sizeof("2026-11-21T10:00:00.123Z ") - 1 };

/** What the sink saw last. */
struct seen {
	char line[16384];
	enum cv_log_level level;
	int count;
};

static void keep(enum cv_log_level level, const char *line, void *arg)
{
	struct seen *s = arg;

	(void)snprintf(s->line, sizeof(s->line), "%s", line);
	s->level = level;
	++s->count;
}

static void put_back(void)
{
	cv_log_sink(NULL, NULL);
	cv_log_level(CV_LOG_INFO);
	cv_log_format(CV_LOG_TEXT);
}

static void test_log_text_line(void)
{
	static struct seen s;

	s = (struct seen){0};
	cv_log_sink(keep, &s);
	cv_info("call", "start id=%d", 7);
	put_back();

	CU_ASSERT_EQUAL(s.count, 1);
	CU_ASSERT_EQUAL(s.level, CV_LOG_INFO);
	CU_ASSERT_EQUAL_FATAL(strlen(s.line), STAMP_LEN + strlen("info call start id=7"));
	CU_ASSERT_STRING_EQUAL(s.line + STAMP_LEN, "info call start id=7");
	CU_ASSERT_EQUAL(s.line[4], '-');
	CU_ASSERT_EQUAL(s.line[10], 'T');
	CU_ASSERT_EQUAL(s.line[19], '.');
	CU_ASSERT_EQUAL(s.line[23], 'Z');
}

static void test_log_keeps_bytes_harmless(void)
{
	static const struct {
		const char *in, *text, *json; /* json: the value once read back */
	} rows[] = {
		{"a\r\nb", "a\\x0d\\x0ab", "a\\x0d\\x0ab"},
		{"\x1b[31m", "\\x1b[31m", "\\x1b[31m"},
		{"caf\xc3\xa9\xff", "caf\\xc3\\xa9\\xff", "caf\\xc3\\xa9\\xff"},
		{"\x7f\t", "\\x7f\\x09", "\\x7f\\x09"},
		{"Q=\"x\" \\", "Q=\"x\" \\", "Q=\"x\" \\"},
		{"%n%s", "%n%s", "%n%s"},
	};
	static struct seen s;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
		json_t *line;

		s = (struct seen){0};
		cv_log_sink(keep, &s);
		cv_warn("sip", "%s", rows[i].in);
		CU_ASSERT_STRING_EQUAL(s.line + STAMP_LEN + strlen("warn sip "),
				       rows[i].text);

		cv_log_format(CV_LOG_JSON);
		cv_warn("sip", "%s", rows[i].in);
		put_back();

		line = json_loads(s.line, 0, NULL);
		CU_ASSERT_PTR_NOT_NULL_FATAL(line);
		CU_ASSERT_PTR_NULL(strchr(s.line, '\n'));
		CU_ASSERT_EQUAL(json_object_size(line), 4);
		CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(line, "level")),
				       "warn");
		CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(line, "tag")),
				       "sip");
		CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(line, "msg")),
				       rows[i].json);
		CU_ASSERT_EQUAL(json_string_length(json_object_get(line, "time")),
				STAMP_LEN - 1);
		json_decref(line);
	}
}

static void test_log_cuts_long_events(void)
{
	static struct seen s;
	static char junk[100000];
	size_t len;

	memset(junk, 0xff, sizeof(junk) - 1);
	for (int format = CV_LOG_TEXT; format <= CV_LOG_JSON; ++format) {
		s = (struct seen){0};
		cv_log_sink(keep, &s);
		cv_log_format((enum cv_log_format)format);
		cv_error("sip", "%s", junk);
		put_back();
		len = strlen(s.line);
		CU_ASSERT_TRUE_FATAL(len > 1000 && len < 8192);
		CU_ASSERT_PTR_NOT_NULL(strstr(s.line + len - 6, "..."));
	}
}

static void test_log_json_has_a_member_a_pair(void)
{
	static const struct {
		const char *in, *key, *value; /* value NULL: no such member */
	} rows[] = {
		{"start call=abc from=a@b", "call", "abc"},
		{"start call=abc from=a@b", "from", "a@b"},
		{"session not timed call=x err=No such file", "err", "No such file"},
		{"a hint=\"raise LimitNOFILE\" to=5", "hint", "raise LimitNOFILE"},
		{"a hint=\"raise LimitNOFILE\" to=5", "to", "5"},
		{"a who=\"x\"y to=5", "who", "\"x\"y"},
		{"a relay-reason=far-end", "relay-reason", "far-end"},
		{"end call=x why=b call=y", "call", "x"},
		{"end call=x Why=b", "call", "x Why=b"},
		{"end call=", "call", ""},
		{"path=a\\b", "path", "a\\b"},
		{"no pairs = here", "pairs", NULL},
		{"half=\"", "half", "\""},
	};
	static struct seen s;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
		const char *got;
		json_t *line;

		s = (struct seen){0};
		cv_log_sink(keep, &s);
		cv_log_format(CV_LOG_JSON);
		cv_info("call", "%s", rows[i].in);
		put_back();
		line = json_loads(s.line, JSON_REJECT_DUPLICATES, NULL);
		CU_ASSERT_PTR_NOT_NULL_FATAL(line);
		CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(line, "msg")),
				       rows[i].in);
		got = json_string_value(json_object_get(line, rows[i].key));
		if (rows[i].value)
			CU_ASSERT_STRING_EQUAL(got ? got : "(none)", rows[i].value);
		if (!rows[i].value)
			CU_ASSERT_PTR_NULL(got);
		json_decref(line);
	}
}

/* The network's text can't add a member of the line's own. */
static void test_log_json_keeps_its_head(void)
{
	static struct seen s;
	json_t *line;

	s = (struct seen){0};
	cv_log_sink(keep, &s);
	cv_log_format(CV_LOG_JSON);
	cv_info("call", "refused level=error msg=x tag=y time=z a=\"b\\\" c=d");
	put_back();
	line = json_loads(s.line, JSON_REJECT_DUPLICATES, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(line);
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(line, "level")), "info");
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(line, "tag")), "call");
	json_decref(line);
}

static void test_log_levels(void)
{
	static struct seen s;
	enum cv_log_level level = CV_LOG_WARN;

	s = (struct seen){0};
	cv_log_sink(keep, &s);
	cv_debug("base", "not shown");
	CU_ASSERT_EQUAL(s.count, 0);
	cv_log_level(CV_LOG_DEBUG);
	cv_debug("base", "shown");
	CU_ASSERT_EQUAL(s.count, 1);
	cv_log_level(CV_LOG_ERROR);
	cv_warn("base", "not shown");
	CU_ASSERT_EQUAL(s.count, 1);
	put_back();

	CU_ASSERT_EQUAL(cv_log_level_parse(&level, "debug"), 0);
	CU_ASSERT_EQUAL(level, CV_LOG_DEBUG);
	CU_ASSERT_EQUAL(cv_log_level_parse(&level, "error"), 0);
	CU_ASSERT_EQUAL(level, CV_LOG_ERROR);
	CU_ASSERT_EQUAL(cv_log_level_parse(&level, "loud"), EINVAL);
	CU_ASSERT_EQUAL(cv_log_level_parse(&level, ""), EINVAL);
}

static uint64_t fixed(void *arg)
{
	return *(const uint64_t *)arg;
}

static void test_log_limit_counts_what_it_left_out(void)
{
	static struct seen s;
	struct cv_log_limit limit = {0};
	uint64_t now = 5000;
	int allowed = 0;

	s = (struct seen){0};
	cv_clock_set(fixed, &now);
	cv_log_sink(keep, &s);

	for (int i = 0; i < 10; ++i)
		allowed += cv_log_allow(&limit, 3);

	CU_ASSERT_EQUAL(allowed, 3);
	now += 9999;
	CU_ASSERT_FALSE(cv_log_allow(&limit, 3));
	CU_ASSERT_EQUAL(s.count, 0);
	now += 1;
	CU_ASSERT_TRUE(cv_log_allow(&limit, 3));
	CU_ASSERT_EQUAL(s.count, 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(s.line, "suppressed count=8"));

	put_back();
	cv_clock_set(NULL, NULL);
}

int cv_test_log(void)
{
	CU_pSuite s = CU_add_suite("log", NULL, NULL);

	CU_add_test(s, "text line", test_log_text_line);
	CU_add_test(s, "keeps bytes harmless", test_log_keeps_bytes_harmless);
	CU_add_test(s, "JSON: a member a pair", test_log_json_has_a_member_a_pair);
	CU_add_test(s, "JSON: head stays", test_log_json_keeps_its_head);
	CU_add_test(s, "cuts long events", test_log_cuts_long_events);
	CU_add_test(s, "levels", test_log_levels);
	CU_add_test(s, "limit counts what it left out",
		    test_log_limit_counts_what_it_left_out);

	return (int)CU_get_error();
}
