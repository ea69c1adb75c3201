/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * TCP joined to TCP: a media stream over TCP (application sharing, fax, file transfer).
 * Private to src/media; the media thread that owns the stream.
 *
 * The story: each end has a port of ours that listens and knows who may connect there. An
 * end that waits for our connection instead gets one as soon as the other end is there,
 * or when both wait. When both ends are connected bytes pass untouched, each way at the
 * pace of the slower; what came before is kept, up to a bound. An end that closes its
 * direction closes it for the other. One connection an end: who knocks beside it is sent
 * away. When both are over, or one breaks, both are closed and the ends may come again.
 */
#ifndef CV_MEDIA_SPLICE_H
#define CV_MEDIA_SPLICE_H

#include "loop/loop.h"
#include "media/arena.h"
#include "media/media.h"
#include "media/msg.h"

struct cv_splice;

/** Makes one without ports; @p cell counts. ENOMEM. */
int cv_splice_new(struct cv_splice **sp, struct cv_loop *loop, struct cv_cell *cell,
		  unsigned dscp);
/** Takes over a socket that listens for a face of @p end, in place of the one before;
 * closes it on error. ENOMEM. */
int cv_splice_listen(struct cv_splice *s, enum cv_end end, unsigned face, int fd);
/** Closes the ports of all faces of @p end but this one. */
void cv_splice_keep(struct cv_splice *s, enum cv_end end, unsigned face);
/** Who may come at @p end, and where to connect to when it waits (x->dial). A word that
 * is new (x->reopen) ends connections that are there, and so does another fork that is
 * heard when who is there isn't of it. One that isn't heard (x->aside) is not joined. */
void cv_splice_expect(struct cv_splice *s, enum cv_end end, const struct cv_expect *x);
/** Closes its ports and connections, keeps what it expects. */
void cv_splice_park(struct cv_splice *s);

#endif
