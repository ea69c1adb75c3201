/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Plays scenarios: files that read as a flow of messages, on virtual time. The
 * player knows the language, a world knows what its words mean.
 *
 *   # comment
 *   conf WORDS          a setting of the world
 *   < WORDS             something enters
 *   > WORDS             this must have left, in this order; * stands for one
 *                       word, ... at the end for any rest
 *   ? QUESTION "A" "B"  the answer to a question must hold each text; ! before
 *                       a text: must not; \" stands for a quote in it
 *   at TIME ...         first moves time to TIME from the start (40, 60s);
 *                       <, > or ? may follow
 *
 * What left and was not expected fails the scenario at the next line that is
 * no >, and at the end. One thread.
 */
#ifndef CV_TESTS_REPLAY_PLAYER_H
#define CV_TESTS_REPLAY_PLAYER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

enum { CV_PLAYER_LINE = 512 };

/** A world. Each scenario gets a fresh one; errno results fail it. */
struct cv_player_ops {
	const char *dir; /* scenarios are tests/replay/DIR/NAME.flow */
	int (*open)(void **wp);
	void (*close)(void *w);
	int (*conf)(void *w, const char *words);
	int (*feed)(void *w, const char *words);
	/** Takes the oldest line that left (CV_PLAYER_LINE bytes); false: none. */
	bool (*next)(void *w, char *line);
	/** Something must be on its way: waits until it has come, or won't. NULL: what
	 * leaves is always there at once. */
	void (*await)(void *w);
	int (*ask)(void *w, const char *question, struct cv_buf *answer);
	void (*advance)(void *w, uint64_t ms);
};

/** Text between the quote at @p at and the next into @p text (CV_PLAYER_LINE bytes), \"
 * standing for a quote; the closing one, NULL: there is none. */
const char *cv_player_unquote(const char *at, char *text);
/** Plays the files named, or all of the world's directory; prints a line each and the
 * sum. The exit status of main(). */
int cv_player_main(const struct cv_player_ops *ops, int argc, char **argv);

#endif
