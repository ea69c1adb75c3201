/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Typed messages from one thread to another: a ring and a wake-up descriptor.
 */
#ifndef CV_LOOP_MBOX_H
#define CV_LOOP_MBOX_H

#include <stddef.h>

#include "loop/loop.h"

struct cv_mbox;

/** @p msg points to one message of the size given at cv_mbox_open(), valid during the
 * call. Reader's thread. */
typedef void cv_mbox_fn(const void *msg, void *arg);

/** Room for @p count messages of @p size bytes. EINVAL, ENOMEM, EMFILE. Ended by
 * cv_mem_unref() when neither thread uses it any more. */
int cv_mbox_open(struct cv_mbox **mp, size_t count, size_t size);
/** Starts to read on the loop @p l; called on the reader's thread or before it runs. */
int cv_mbox_listen(struct cv_mbox *m, struct cv_loop *l, cv_mbox_fn *fn, void *arg);
/** Stops reading; reader's thread, before its loop ends. */
void cv_mbox_close(struct cv_mbox *m);
/** Copies a message in and wakes the reader; ENOBUFS when full. One writer thread. */
int cv_mbox_send(struct cv_mbox *m, const void *msg);
/** Until cv_mbox_release() a message doesn't wake the reader: what belongs together
 * arrives together, with one wake-up. Writer thread; doesn't nest. */
void cv_mbox_hold(struct cv_mbox *m);
void cv_mbox_release(struct cv_mbox *m);

#endif
