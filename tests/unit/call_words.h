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

/** Appends to a line of CV_FAKE_LINE bytes at @p at; where it ends now. */
size_t cv_words_put(char *dst, size_t at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/** Appends what a body says: its streams, or its type and length. */
void cv_words_say_body(char *dst, size_t at, struct cv_str type, struct cv_str body);

#endif
