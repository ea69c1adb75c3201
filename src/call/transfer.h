/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Transfers that are answered here and not by the party they are asked of
 * ([peer] refer = answer). Private to src/call; signalling thread.
 */
#ifndef CV_CALL_TRANSFER_H
#define CV_CALL_TRANSFER_H

#include "call/call_int.h"

/** The party that @p from speaks with isn't to see a REFER. */
bool cv_transfer_is_ours(const struct cv_party *from);
/** Answers a REFER of @p from, and does what it asks for. */
void cv_transfer_start(struct cv_party *from, struct cv_txn *t, const struct cv_msg *m);
/** A response to a transaction of a call without a pair. True: it was the transfer's. */
bool cv_transfer_hears(const struct cv_party *from, const struct cv_txn *t,
		       const struct cv_msg *m);
/** The one who stays is asked at this moment: another INVITE would cross. */
bool cv_transfer_is_offering(const struct cv_call *call);
/** @p from hung up: true when it is the one who transfers, whose call goes on until that
 * is decided. */
bool cv_transfer_outlives(const struct cv_party *from);
/** The call that was to be transferred ends. */
void cv_transfer_off(struct cv_call *call);

#endif
