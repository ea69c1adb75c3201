/* SPDX-License-Identifier: BSD-3-Clause */
/* What base/stat.c promises: sums over cells, gauges asked, one command. */
#include "config.h"

#include <errno.h>

#include <CUnit/CUnit.h>
#include <jansson.h>

#include "base/buf.h"
#include "base/cmd.h"
#include "base/mem.h"
#include "base/stat.h"
#include "suite_base.h"

static void test_stat_sums_cells(void)
{
	struct cv_stats *s = NULL;
	struct cv_stat_cell *a = NULL, *b = NULL;

	CU_ASSERT_EQUAL_FATAL(cv_stats_new(&s, NULL), 0);
	CU_ASSERT_EQUAL(cv_stats_sum(s, CV_STAT_rtp_in), 0);
	CU_ASSERT_EQUAL_FATAL(cv_stats_cell(s, &a), 0);
	CU_ASSERT_EQUAL_FATAL(cv_stats_cell(s, &b), 0);
	cv_stat_add(a, CV_STAT_rtp_in, 2);
	cv_stat_add(b, CV_STAT_rtp_in, 3);
	cv_stat_add(b, CV_STAT_rtp_out, 7);
	cv_stat_add(NULL, CV_STAT_rtp_in, 1000);
	CU_ASSERT_EQUAL(cv_stats_sum(s, CV_STAT_rtp_in), 5);
	CU_ASSERT_EQUAL(cv_stats_sum(s, CV_STAT_rtp_out), 7);
	cv_mem_unref(s);
}

static int64_t six(void *arg)
{
	(void)arg;

	return 6;
}

static json_t *show(struct cv_cmds *cmds, const char *line, int want_err)
{
	struct cv_out *o = NULL;
	struct cv_buf b = {0};
	json_t *root;

	CU_ASSERT_EQUAL_FATAL(cv_out_new(&o, CV_OUT_JSON), 0);
	CU_ASSERT_EQUAL(cv_cmd_run(cmds, cv_str_of(line), o), want_err);
	CU_ASSERT_EQUAL(cv_out_finish(o, &b), 0);
	root = json_loadb(b.p, b.len, 0, NULL);
	cv_buf_free(&b);
	cv_mem_unref(o);

	return root;
}

static void test_stat_show_stats(void)
{
	struct cv_gauge g = {.name = "calls_now", .read = six};
	struct cv_cmds *cmds = NULL;
	struct cv_stats *s = NULL;
	struct cv_stat_cell *c = NULL;
	json_t *root, *counters;

	CU_ASSERT_EQUAL_FATAL(cv_cmds_new(&cmds), 0);
	CU_ASSERT_EQUAL_FATAL(cv_stats_new(&s, cmds), 0);
	CU_ASSERT_EQUAL_FATAL(cv_stats_cell(s, &c), 0);
	cv_stat_add(c, CV_STAT_calls_started, 4);
	cv_gauge_add(s, &g);

	root = show(cmds, "show stats", 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(root);
	counters = json_object_get(root, "counters");
	CU_ASSERT_EQUAL(json_object_size(counters), CV_STAT_COUNT);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(counters, "calls_started")),
			4);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(
				json_object_get(root, "gauges"), "calls_now")),
			6);
	json_decref(root);

	cv_gauge_del(&g);
	cv_gauge_del(&g);
	root = show(cmds, "show stats now", EINVAL);
	CU_ASSERT_PTR_NOT_NULL(json_object_get(root, "error"));
	json_decref(root);

	cv_mem_unref(s);
	root = show(cmds, "show stats", ENOENT);
	json_decref(root);
	cv_mem_unref(cmds);
}

static void test_stat_outlived_by_gauge_and_registry(void)
{
	struct cv_gauge g = {.name = "calls_now", .read = six};
	struct cv_cmds *cmds = NULL;
	struct cv_stats *s = NULL, *again = NULL;

	CU_ASSERT_EQUAL_FATAL(cv_cmds_new(&cmds), 0);
	CU_ASSERT_EQUAL_FATAL(cv_stats_new(&s, cmds), 0);
	CU_ASSERT_EQUAL(cv_stats_new(&again, cmds), EEXIST);
	CU_ASSERT_PTR_NULL(again);
	cv_gauge_add(s, &g);
	cv_mem_unref(cmds);
	cv_mem_unref(s);
	cv_gauge_del(&g);
}

static void test_stat_oom(void)
{
	struct cv_stats *s = NULL;
	struct cv_stat_cell *c = NULL;
	int err = ENOMEM;

	for (long n = 0; err == ENOMEM && n < 8; ++n) {
		cv_mem_budget(n);
		err = cv_stats_new(&s, NULL);
		CU_ASSERT(err == 0 || (err == ENOMEM && !s));
	}

	CU_ASSERT_EQUAL(err, 0);
	cv_mem_budget(0);
	CU_ASSERT_EQUAL(cv_stats_cell(s, &c), ENOMEM);
	CU_ASSERT_PTR_NULL(c);
	cv_mem_budget(-1);
	cv_mem_unref(s);
}

int cv_test_stat(void)
{
	CU_pSuite s = CU_add_suite("stat", NULL, NULL);

	CU_add_test(s, "sums cells", test_stat_sums_cells);
	CU_add_test(s, "show stats", test_stat_show_stats);
	CU_add_test(s, "outlived by gauge and registry",
		    test_stat_outlived_by_gauge_and_registry);
	CU_add_test(s, "out of memory", test_stat_oom);

	return (int)CU_get_error();
}
