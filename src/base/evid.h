/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Evidence: what was decided about a call or a registration, and from what.
 * `explain` prints it.
 */
#ifndef CV_BASE_EVID_H
#define CV_BASE_EVID_H

#include "base/cmd.h"

enum {
	CV_EVID_MAX = 64,   /* entries; later ones are counted only: in-dialog requests
			       can't grow a call */
	CV_EVID_LINE = 256, /* bytes of one sentence, longer ones are cut */
};

struct cv_evid;

/** Makes an empty list. ENOMEM. Ended by cv_mem_unref(). */
int cv_evid_new(struct cv_evid **ep);
/** Adds an entry: @p what was decided ("place of A"), the decision in a word of
 * those that users know ("far"), and the sentence that says from what. Accepts NULL; lost
 * when memory is out. @p what and @p decision are copied. */
void cv_evid_add(struct cv_evid *e, const char *what, const char *decision,
		 const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/** Decision of the last entry on @p what, and its sentence into @p text (may be NULL);
 * borrowed until the next change. NULL: there is none. Accepts NULL. */
const char *cv_evid_find(const struct cv_evid *e, const char *what, const char **text);
/** Copies all entries of @p from to the end of @p to. Accepts NULL. */
void cv_evid_join(struct cv_evid *to, const struct cv_evid *from);
/** Prints list "explain" of {what, decision, evidence} into the object that is open.
 * Accepts NULL. */
void cv_evid_show(const struct cv_evid *e, struct cv_out *out);

#endif
