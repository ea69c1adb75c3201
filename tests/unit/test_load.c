/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tests of conf/load.c: lines, sections, includes. Writes below a directory of
 * its own that mkdtemp() makes. One thread.
 */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CUnit/CUnit.h>

#include "base/buf.h"
#include "base/mem.h"
#include "conf/conf.h"
#include "conf/opts.h"
#include "corpus.h"

int cv_test_load(void);

enum { PATH_LEN = 256 };

struct line_case {
	const char *text, *findings;
};

static const struct line_case cases[] = {
	{"\n; x\n# y\n  \t\n[limits] ; z\nmax-calls = 1 ; w\nmax-cps: 2\n", ""},
	{"\xef\xbb\xbf[limits]\r\nmax-calls = 1\r\n", ""},
	{"[limits]\n  max-calls = 1\n\tmax-cps = 1\n", ""},
	{"  [ user   alice  ]\npassword = [x]; #y\n", ""},
	{"[limits]\nmax-calls\n  nonsense\nmax-cps = 1\n= 5\n",
	 "t:2: this line is not KEY = VALUE\nt:3: this line is not KEY = VALUE\n"
	 "t:5: there is no key  in [limits]\n"},
	{"[limits]\nmax-calls", "t:2: this line is not KEY = VALUE\n"},
	{"max-calls = 1\n", "t:1: max-calls stands before the first [section]\n"},
	{"[limits\nmax-calls = 1\n", "t:1: a section is written [KIND] or [KIND NAME]\n"},
	{"[limits] x\nmax-calls = x\n",
	 "t:1: a section is written [KIND] or [KIND NAME]\n"},
	{"[]\n", "t:1: there is no section []\n"},
	{"[limitz]\nmax-calls = x\n",
	 "t:1: there is no section [limitz]; is it [limits]?\n"},
	{"[sofia]\n", "t:1: there is no section [sofia]\n"},
	{"[cdr]\nfile = x\n", "t:1: [cdr] is not served by this version\n"},
	{"[limits a]\n", "t:1: [limits] takes no name\n"},
	{"[user]\npassword = x\n", "t:1: [user NAME] needs a name of at most 64 bytes "
				   "without blanks, commas, quotes "
				   "and brackets\n"},
	{"[user a b]\n", "t:1: [user NAME] needs a name of at most 64 bytes without "
			 "blanks, commas, quotes "
			 "and brackets\n"},
	{"[limits]\nmax-calls = 1\n[ping]\n[limits]\nmax-cps = 1\nmax-calls = 2\n",
	 "t:6: max-calls is already set at t:2\n"},
	{"[general]\nname = a\x1b[31m\n",
	 "t:2: there is a control character in this line\n"},
	{"[general]\ninclude = /etc/passwd\n", "t:2: include is not possible here\n"},
	{"[user aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1]\n"
	 "password = x\n"
	 "[user aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa2]\n"
	 "password = x\n",
	 ""},
};

static void test_line_gives_its_finding(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
		struct cv_conf *c = NULL;
		struct cv_buf error = {0};
		const char *got;
		int err = cv_conf_parse(&c, "t", cv_str_of(cases[i].text), &error);

		got = error.p ? error.p : "";
		CU_ASSERT_EQUAL(err, cases[i].findings[0] ? EINVAL : 0);
		CU_ASSERT_STRING_EQUAL(got, cases[i].findings);
		if (strcmp(got, cases[i].findings) != 0)
			printf("\nexpected: %sgot: %s", cases[i].findings, got);

		cv_buf_free(&error);
		cv_mem_unref(c);
	}
}

static void test_nul_is_a_finding(void)
{
	struct cv_conf *c = NULL;
	struct cv_buf error = {0};

	CU_ASSERT_EQUAL(
		cv_conf_parse(&c, "t", CV_STR("[general]\nname = a\0b\n"), &error),
		EINVAL);
	CU_ASSERT_STRING_EQUAL(error.p,
			       "t:2: there is a control character in this line\n");
	cv_buf_free(&error);
}

/* "name = xxx..." of @p len bytes in all. */
static int long_line(size_t len, struct cv_buf *error)
{
	struct cv_buf text = {0};
	struct cv_conf *c = NULL;
	int err;

	cv_buf_str(&text, CV_STR("[general]\nname = "));
	for (size_t i = 7; i < len; ++i)
		cv_buf_str(&text, CV_STR("x"));

	err = cv_conf_parse(&c, "t", cv_buf_view(&text), error);
	if (err == 0)
		CU_ASSERT_EQUAL(strlen(c->general.name), len - 7);

	cv_buf_free(&text);
	cv_mem_unref(c);

	return err;
}

static void test_long_line_is_refused_not_cut(void)
{
	struct cv_buf error = {0};

	CU_ASSERT_EQUAL(long_line(198, &error), 0);
	CU_ASSERT_EQUAL(error.len, 0);
	CU_ASSERT_EQUAL(long_line(199, &error), EINVAL);
	CU_ASSERT_STRING_EQUAL(
		error.p, "t:2: this line is longer than 198 bytes; a list may go on "
			 "in a second line with the same key\n");
	cv_buf_free(&error);
}

/** A directory for one test. */
struct dir {
	char path[PATH_LEN];
};

static void dir_open(struct dir *d)
{
	const char *base = getenv("TMPDIR");

	(void)snprintf(d->path, sizeof(d->path), "%s/culvert-conf-XXXXXX",
		       base ? base : "/tmp");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(d->path));
}

static void path_of(const struct dir *d, const char *name, char *path)
{
	CU_ASSERT_TRUE(snprintf(path, PATH_LEN * 2, "%s/%s", d->path, name) > 0);
}

static void file_put(const struct dir *d, const char *name, const char *text)
{
	char path[PATH_LEN * 2];
	FILE *f;

	path_of(d, name, path);
	f = fopen(path, "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	(void)fputs(text, f);
	(void)fclose(f);
}

static void dir_close(const struct dir *d, const char *const *names)
{
	char path[PATH_LEN * 2];

	for (; *names; ++names) {
		path_of(d, *names, path);
		if (unlink(path) == -1)
			(void)rmdir(path);
	}

	CU_ASSERT_EQUAL(rmdir(d->path), 0);
}

static int conf_load(const struct dir *d, const char *name, struct cv_conf **c,
		     struct cv_buf *error)
{
	char path[PATH_LEN * 2];

	path_of(d, name, path);

	return cv_conf_load(c, path, error);
}

static void test_includes_are_read_behind_the_file(void)
{
	static const char *const names[] = {"a.conf",    "d/2.conf", "d/1.conf",
					    "d/.3.conf", "d/4.txt",  "d",
					    "users",     NULL};
	struct cv_buf error = {0};
	const struct cv_opts_sec *s;
	struct cv_conf *c = NULL;
	char path[PATH_LEN * 2];
	struct dir d;

	dir_open(&d);
	path_of(&d, "d", path);
	CU_ASSERT_EQUAL(mkdir(path, 0700), 0);
	file_put(&d, "a.conf",
		 "[general]\ninclude = users, d/*.conf\nname = n\n"
		 "[user z]\npassword = x\n");
	file_put(&d, "users", "[user y]\npassword = p\n[general]\nlog-level = debug\n");
	file_put(&d, "d/2.conf", "[user b]\npassword = x\n");
	file_put(&d, "d/1.conf", "[user a]\npassword = x\n");
	file_put(&d, "d/.3.conf", "[nonsense]\n");
	file_put(&d, "d/4.txt", "[nonsense]\n");

	CU_ASSERT_EQUAL(conf_load(&d, "a.conf", &c, &error), 0);
	CU_ASSERT_STRING_EQUAL(error.p ? error.p : "", "");
	CU_ASSERT_PTR_NOT_NULL_FATAL(c);
	CU_ASSERT_STRING_EQUAL(c->general.name, "n");
	CU_ASSERT_EQUAL(c->general.log_level, CV_LOG_DEBUG);
	s = cv_opts_next(c->opts, "user", NULL);
	CU_ASSERT_STRING_EQUAL(cv_opts_name(s), "z");
	s = cv_opts_next(c->opts, "user", s);
	CU_ASSERT_STRING_EQUAL(cv_opts_name(s), "y");
	s = cv_opts_next(c->opts, "user", s);
	CU_ASSERT_STRING_EQUAL(cv_opts_name(s), "a");
	s = cv_opts_next(c->opts, "user", s);
	CU_ASSERT_STRING_EQUAL(cv_opts_name(s), "b");
	cv_mem_unref(c);
	cv_buf_free(&error);
	dir_close(&d, names);
}

static void test_finding_names_the_included_file(void)
{
	static const char *const names[] = {"a.conf", "b.conf", NULL};
	char want[PATH_LEN * 8];
	struct cv_buf error = {0};
	struct cv_conf *c = NULL;
	struct dir d;

	dir_open(&d);
	file_put(&d, "a.conf",
		 "[general]\nuser = x\ninclude = b.conf, no-such-file\n"
		 "include = none/*.conf\ninclude = *x\n");
	file_put(&d, "b.conf", "\n[general]\nuser = y\n");
	CU_ASSERT_EQUAL(conf_load(&d, "a.conf", &c, &error), EINVAL);
	(void)snprintf(want, sizeof(want),
		       "%s/a.conf:4: %s/none: No such file or directory\n"
		       "%s/a.conf:5: include takes FILE or DIR/*.conf\n"
		       "%s/a.conf:3: %s/no-such-file: No such file or directory\n"
		       "%s/b.conf:3: user is already set at %s/a.conf:2\n",
		       d.path, d.path, d.path, d.path, d.path, d.path, d.path);
	CU_ASSERT_STRING_EQUAL(error.p, want);
	cv_buf_free(&error);
	dir_close(&d, names);
}

static void test_circle_of_includes_ends(void)
{
	static const char *const names[] = {"a.conf", "b.conf", NULL};
	struct cv_buf error = {0};
	struct cv_conf *c = NULL;
	struct dir d;

	dir_open(&d);
	file_put(&d, "a.conf", "[general]\ninclude = a.conf\n");
	CU_ASSERT_EQUAL(conf_load(&d, "a.conf", &c, &error), EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.p, "a.conf includes itself"));
	cv_buf_free(&error);

	file_put(&d, "a.conf", "[general]\ninclude = b.conf\n");
	file_put(&d, "b.conf", "[general]\ninclude = ./a.conf\n");
	CU_ASSERT_EQUAL(conf_load(&d, "a.conf", &c, &error), EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.p, "b.conf:2: "));
	CU_ASSERT_PTR_NOT_NULL(strstr(error.p, "./a.conf includes itself"));
	cv_buf_free(&error);
	dir_close(&d, names);
}

static void test_fan_of_includes_ends(void)
{
	static const char *const names[] = {"a.conf", "b.conf", "c.conf", NULL};
	struct cv_buf error = {0};
	struct cv_conf *c = NULL;
	struct dir d;

	dir_open(&d);
	file_put(&d, "a.conf",
		 "[general]\ninclude = b.conf, b.conf, b.conf, b.conf\n"
		 "include = b.conf, b.conf, b.conf, b.conf, b.conf\n");
	file_put(&d, "b.conf",
		 "[general]\n"
		 "include = c.conf, c.conf, c.conf, c.conf, c.conf, c.conf, c.conf\n"
		 "include = c.conf, c.conf, c.conf, c.conf, c.conf, c.conf, c.conf\n"
		 "include = c.conf, c.conf, c.conf, c.conf, c.conf, c.conf, c.conf\n"
		 "include = c.conf, c.conf, c.conf, c.conf, c.conf, c.conf, c.conf\n");
	file_put(&d, "c.conf", "[general]\n");
	CU_ASSERT_EQUAL(conf_load(&d, "a.conf", &c, &error), EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.p, "more than 256 files are included\n"));
	cv_buf_free(&error);
	dir_close(&d, names);
}

static void test_missing_file_is_its_errno(void)
{
	static const char *const names[] = {NULL};
	struct cv_buf error = {0};
	struct cv_conf *c = NULL;
	struct dir d;

	dir_open(&d);
	CU_ASSERT_EQUAL(conf_load(&d, "a.conf", &c, &error), ENOENT);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.p, "No such file or directory\n"));
	cv_buf_free(&error);
	CU_ASSERT_EQUAL(conf_load(&d, ".", &c, &error), EISDIR);
	CU_ASSERT_PTR_NULL(c);
	cv_buf_free(&error);
	dir_close(&d, names);
}

static void test_load_oom(void)
{
	static const char *const names[] = {"a.conf", "b.conf", NULL};
	struct cv_buf error = {0};
	struct cv_conf *c = NULL;
	int err = ENOMEM;
	struct dir d;

	dir_open(&d);
	file_put(&d, "a.conf", "[general]\ninclude = b.conf\nmodules = a\nmodules = b\n");
	file_put(&d, "b.conf", "[listen a]\nudp = 5060, 5080\n");
	for (long n = 0; err == ENOMEM && n < 2000; ++n) {
		cv_mem_budget(n);
		err = conf_load(&d, "a.conf", &c, &error);
		CU_ASSERT(err == 0 || (err == ENOMEM && !c));
	}

	cv_mem_budget(-1);
	CU_ASSERT_EQUAL(err, 0);
	cv_mem_unref(c);
	cv_buf_free(&error);
	dir_close(&d, names);
}

/* Files named bad-* are those that must be refused, with findings. */
static void corpus_file(const char *file, struct cv_str text, void *arg)
{
	size_t *wrong = arg;
	struct cv_conf *c = NULL;
	struct cv_buf error = {0};
	bool refused = cv_conf_parse(&c, file, text, &error) != 0;

	if (refused != (strncmp(file, "bad-", 4) == 0) || refused != (error.len > 0)) {
		printf("\n%s: %s", file, error.p ? error.p : "accepted");
		++*wrong;
	}

	cv_buf_free(&error);
	cv_mem_unref(c);
}

static void test_corpus_loads_as_its_names_say(void)
{
	size_t wrong = 0;

	CU_ASSERT_TRUE(cv_corpus_walk("conf", corpus_file, &wrong) >= 15);
	CU_ASSERT_EQUAL(wrong, 0);
}

int cv_test_load(void)
{
	CU_pSuite s = CU_add_suite("conf/load", NULL, NULL);

	if (!s)
		return (int)CU_get_error();

	CU_add_test(s, "lines", test_line_gives_its_finding);
	CU_add_test(s, "NUL", test_nul_is_a_finding);
	CU_add_test(s, "long line", test_long_line_is_refused_not_cut);
	CU_add_test(s, "includes", test_includes_are_read_behind_the_file);
	CU_add_test(s, "finding in an included file",
		    test_finding_names_the_included_file);
	CU_add_test(s, "circle of includes", test_circle_of_includes_ends);
	CU_add_test(s, "fan of includes", test_fan_of_includes_ends);
	CU_add_test(s, "missing file", test_missing_file_is_its_errno);
	CU_add_test(s, "out of memory", test_load_oom);
	CU_add_test(s, "corpus", test_corpus_loads_as_its_names_say);

	return (int)CU_get_error();
}
