/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The fuzz corpora as test input: every file of tests/fuzz/corpus/NAME.
 */
#ifndef CV_TESTS_UNIT_CORPUS_H
#define CV_TESTS_UNIT_CORPUS_H

#include <stddef.h>

#include "base/str.h"

typedef void cv_corpus_fn(const char *file, struct cv_str text, void *arg);

/** Calls @p fn for each file of the corpus @p name; the text lives as long as the call.
 * Returns how many there were, 0 when the corpus is missing. */
size_t cv_corpus_walk(const char *name, cv_corpus_fn *fn, void *arg);

#endif
