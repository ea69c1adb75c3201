/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the registry asks of a sink beyond what commands do; private to
 * src/base.
 */
#ifndef CV_BASE_OUT_INT_H
#define CV_BASE_OUT_INT_H

#include "base/cmd.h"

/** Closes all that is open and says "what: why" as the error at the root, unless an error
 * stands there. */
void cv_out_fail(struct cv_out *o, struct cv_str what, const char *why);

#endif
