/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tests of conf/doc.c: the manual page and the samples say what the key table
 * says. One thread.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "base/buf.h"
#include "base/mem.h"
#include "conf/conf.h"
#include "conf/conf_int.h"

int cv_test_doc(void);

/* Empty when it can't be read. */
static void file_read(struct cv_buf *to, const char *path)
{
	FILE *f = fopen(path, "r");
	char part[4096];
	size_t n;

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	for (n = fread(part, 1, sizeof(part), f); n > 0;
	     n = fread(part, 1, sizeof(part), f))
		cv_buf_write(to, part, n);

	(void)fclose(f);
	CU_ASSERT_TRUE_FATAL(to->len > 0);
}

static void test_manual_page_holds_the_key_table(void)
{
	struct cv_buf page = {0}, keys = {0};
	const char *at;

	file_read(&page, CV_TOP_DIR "/doc/man/culvert.conf.5");
	cv_conf_doc(&keys);
	CU_ASSERT_EQUAL(cv_buf_err(&keys), 0);
	cv_buf_str(&keys, CV_STR(".\\\" keys: end\n"));

	at = strstr(page.p, ".\\\" keys: begin");
	CU_ASSERT_PTR_NOT_NULL_FATAL(at);
	at = strchr(at, '\n') + 1;
	CU_ASSERT_EQUAL(strncmp(at, keys.p, keys.len), 0); /* else: make man-keys */
	cv_buf_free(&keys);
	cv_buf_free(&page);
}

/* "[general]" or "[listen "; the text behind it, or NULL. */
static const char *section_find(const char *text, const char *kind)
{
	char head[64];

	(void)snprintf(head, sizeof(head), "[%s", kind);

	return strstr(text, head);
}

/* "\nudp = " or "\n#udp = " behind the section's head. */
static bool has_key(const char *text, const struct cv_conf_key *key)
{
	const char *at = section_find(text, key->kind);
	char plain[64], comment[64];

	(void)snprintf(plain, sizeof(plain), "\n%s = ", key->name);
	(void)snprintf(comment, sizeof(comment), "\n#%s = ", key->name);

	return at && (strstr(at, plain) || strstr(at, comment));
}

static void test_sample_names_every_key(void)
{
	struct cv_buf text = {0};

	file_read(&text, CV_TOP_DIR "/etc/culvert.conf");
	for (size_t i = 0; i < cv_conf_keyc; ++i)
		CU_ASSERT_TRUE(has_key(text.p, &cv_conf_keys[i]));

	cv_buf_free(&text);
}

/* The sample with every commented key and section made to count. */
static void uncomment(struct cv_buf *to, const char *text)
{
	for (const char *p = text; *p; ++p) {
		if (*p == '#' && (p == text || p[-1] == '\n') && p[1] != ' ')
			continue;

		cv_buf_write(to, p, 1);
	}
}

static unsigned count_lines(const char *text)
{
	unsigned n = 0;

	for (; *text; ++text)
		n += *text == '\n';

	return n;
}

static void test_sample_values_are_accepted(void)
{
	struct cv_buf text = {0}, all = {0}, error = {0};
	struct cv_conf *c = NULL;

	file_read(&text, CV_TOP_DIR "/etc/culvert.conf");
	uncomment(&all, text.p);

	/* two of each pair can't count at once, and there is no such file */
	CU_ASSERT_EQUAL(cv_conf_parse(&c, "t", cv_buf_view(&all), &error), EINVAL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(strstr(error.p, "include is not possible here\n"));
	CU_ASSERT_PTR_NOT_NULL_FATAL(strstr(error.p, "has both password and ha1\n"));
	CU_ASSERT_PTR_NOT_NULL_FATAL(strstr(error.p, "has both peer and user\n"));
	CU_ASSERT_EQUAL(count_lines(error.p), 3);
	cv_buf_free(&error);
	cv_buf_free(&all);
	cv_buf_free(&text);
}

static void test_samples_load(void)
{
	static const char *const files[] = {
		CV_TOP_DIR "/etc/culvert.conf", CV_TOP_DIR "/etc/lan-wan.conf",
		CV_TOP_DIR "/etc/lans.conf",    CV_TOP_DIR "/etc/inside-lan.conf",
		CV_TOP_DIR "/etc/cloud.conf",   CV_TOP_DIR "/etc/hosted.conf",
	};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); ++i) {
		struct cv_conf *c = NULL;
		struct cv_buf error = {0};

		CU_ASSERT_EQUAL(cv_conf_load(&c, files[i], &error), 0);
		CU_ASSERT_TRUE(c && c->listenc > 0);
		CU_ASSERT_EQUAL(error.len, 0);
		cv_buf_free(&error);
		cv_mem_unref(c);
	}
}

int cv_test_doc(void)
{
	CU_pSuite s = CU_add_suite("conf/doc", NULL, NULL);

	if (!s)
		return (int)CU_get_error();

	CU_add_test(s, "manual page", test_manual_page_holds_the_key_table);
	CU_add_test(s, "sample names every key", test_sample_names_every_key);
	CU_add_test(s, "sample values", test_sample_values_are_accepted);
	CU_add_test(s, "samples load", test_samples_load);

	return (int)CU_get_error();
}
