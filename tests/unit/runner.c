/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Runs the suites of one program and says how it went. Knows CUnit, the
 * table and the count of living objects, which must be zero at the end.
 */
#include "config.h"

#include "runner.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>

#include "base/mem.h"

enum { INPUT_MAX = 1 << 20 }; /* bytes of one corpus file */

static bool is_wanted(const char *name, int argc, char **argv)
{
	for (int i = 1; i < argc; ++i) {
		if (strcmp(name, argv[i]) == 0)
			return true;
	}

	return argc < 2;
}

static int add_suites(int argc, char **argv)
{
	for (const struct cv_test_suite *s = cv_test_suites; s->name; ++s) {
		int err;

		if (!is_wanted(s->name, argc, argv))
			continue;

		err = s->add();
		if (err) {
			(void)fprintf(stderr, "%s: %s\n", s->name, CU_get_error_msg());
			return err;
		}
	}

	return 0;
}

static bool run_all(void)
{
	size_t alive;
	bool is_good;

	CU_basic_set_mode(CU_BRM_VERBOSE);
	CU_basic_run_tests();
	is_good = CU_get_number_of_tests_run() > 0 &&
		  CU_get_number_of_tests_failed() == 0 &&
		  CU_get_number_of_suites_failed() == 0;

	alive = cv_mem_live();
	if (alive > 0)
		(void)fprintf(stderr, "%zu objects were never dropped\n", alive);

	return is_good && alive == 0;
}

int main(int argc, char **argv)
{
	bool is_good;

	if (CU_initialize_registry() != CUE_SUCCESS)
		return EXIT_FAILURE;

	is_good = add_suites(argc, argv) == 0 && run_all();
	CU_cleanup_registry();

	return is_good ? EXIT_SUCCESS : EXIT_FAILURE;
}

static bool give_file(const char *path, cv_test_fuzz_fn *fn)
{
	uint8_t *data;
	size_t len;
	FILE *f;

	f = fopen(path, "rb");
	if (!f)
		return false;

	data = malloc(INPUT_MAX);
	if (!data) {
		(void)fclose(f);
		return false;
	}

	len = fread(data, 1, INPUT_MAX, f);
	(void)fclose(f);
	(void)fn(data, len);
	free(data);

	return true;
}

size_t cv_test_corpus(const char *name, cv_test_fuzz_fn *fn)
{
	const char *top = getenv("top_srcdir");
	char dir[2048], path[4096];
	struct dirent *entry;
	size_t n = 0;
	DIR *d;

	(void)snprintf(dir, sizeof(dir), "%s/tests/fuzz/corpus/%s", top ? top : ".",
		       name);
	d = opendir(dir);
	if (!d)
		return 0;

	while ((entry = readdir(d))) {
		if (entry->d_name[0] == '.')
			continue;

		(void)snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
		n += give_file(path, fn) ? 1 : 0;
	}

	(void)closedir(d);

	return n;
}
