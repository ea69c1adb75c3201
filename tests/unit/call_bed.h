/* SPDX-License-Identifier: BSD-3-Clause */
/* What tests of calls begin and end with: a world of call_world.h, checked by CUnit. */
#ifndef CV_TESTS_UNIT_CALL_BED_H
#define CV_TESTS_UNIT_CALL_BED_H

#include "call_world.h"

/** A world with these settings, up to NULL. */
struct cv_world *cv_bed_open(const char *const *conf);
/** Plays steps, up to NULL. */
void cv_bed_play(struct cv_world *w, const char *const *steps);
/** Ends all calls; no port may be left. */
void cv_bed_close(struct cv_world *w);
/** The answer to a question must hold each text, up to NULL. */
void cv_bed_ask(struct cv_world *w, const char *question, const char *const *texts);

#endif
