/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Dialogs named in a body of type application/dialog-info+xml (RFC 4235): the
 * attributes call-id, local-tag and remote-tag of its elements "dialog". Pure;
 * any thread.
 */
#ifndef CV_SIP_DLGINFO_H
#define CV_SIP_DLGINFO_H

#include <stdbool.h>

#include "sip/named.h"

/** Asked for each dialog that is named in full; @p was: tag[0] local, tag[1] remote.
 * True: it is called @p is from now on. */
typedef bool cv_dlginfo_fn(struct cv_named *is, const struct cv_named *was, void *arg);

/** Writes @p body with the names that @p fn changes; the rest stays byte for byte. What
 * isn't well formed passes as it is. */
void cv_dlginfo_map(struct cv_buf *to, struct cv_str body, cv_dlginfo_fn *fn, void *arg);

#endif
