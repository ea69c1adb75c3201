/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Lines of a story cut into words, and message bodies made of them: see
 * call_world.h for what they may say.
 */
#ifndef CV_TESTS_UNIT_CALL_WORDS_H
#define CV_TESTS_UNIT_CALL_WORDS_H

#include "base/buf.h"
#include "call/leg.h"
#include "fake_leg.h"

enum { CV_WORDS_MAX = 40 };

/** A line; words point into text. */
struct cv_words {
	char text[CV_FAKE_LINE];
	char *v[CV_WORDS_MAX];
	size_t c, at; /* at: the next one */
};

void cv_words_cut(struct cv_words *w, const char *line);
/** Next word, or "" at the end. */
const char *cv_words_next(struct cv_words *w);
/** Takes the next word when it is @p word. */
bool cv_words_accept(struct cv_words *w, const char *word);
/** Number at the front of a word; 0 when it is none. */
unsigned cv_words_number(const char *s);
/** Makes what the rest of the line says the body of @p m; its text is kept in @p to.
 * EINVAL. */
int cv_words_body(struct cv_words *l, struct cv_buf *to, struct cv_msg *m);

#endif
