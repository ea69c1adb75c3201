/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The main program all unit tests share. A program links runner.c, its
 * test_<file>.c and one suite_<layer>.c that holds the table below.
 */
#ifndef CV_TESTS_UNIT_RUNNER_H
#define CV_TESTS_UNIT_RUNNER_H

#include <stddef.h>
#include <stdint.h>

/** One row a tested file. */
struct cv_test_suite {
	const char
		*name; /* of the file tested; may be given as argument to run it alone */
	int (*add)(void); /* registers one CUnit suite; 0 or CU_get_error() */
};

/** The program's table, ended by a row without name. */
extern const struct cv_test_suite cv_test_suites[];

/** A parser's fuzz entrance, as LLVMFuzzerTestOneInput. */
typedef int cv_test_fuzz_fn(const uint8_t *data, size_t size);

/** Gives every file of tests/fuzz/corpus/NAME to @p fn; returns how many there were, so a
 * test asserts that it is not 0. */
size_t cv_test_corpus(const char *name, cv_test_fuzz_fn *fn);

#endif
