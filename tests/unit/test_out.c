/* SPDX-License-Identifier: BSD-3-Clause */
/* What base/out.c promises: one set of values, two formats, nothing harmful in either. */
#include "config.h"

#include <errno.h>

#include <CUnit/CUnit.h>
#include <jansson.h>

#include "base/cmd.h"
#include "base/mem.h"
#include "suite_base.h"

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

static void test_out_text_format(void)
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

static void test_out_json_format(void)
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

static void test_out_depth_and_size_are_bounded(void)
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

static void test_out_oom(void)
{
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

int cv_test_out(void)
{
	CU_pSuite s = CU_add_suite("out", NULL, NULL);

	CU_add_test(s, "text format", test_out_text_format);
	CU_add_test(s, "JSON format", test_out_json_format);
	CU_add_test(s, "depth and size are bounded", test_out_depth_and_size_are_bounded);
	CU_add_test(s, "out of memory", test_out_oom);

	return (int)CU_get_error();
}
