/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Asks a STUN server where it sees us (RFC 8489 2, 6.2.1).
 *
 * The story: cv_stun_ask_new() opens a socket, sends a Binding request and
 * sends it again while no answer comes, each wait twice as long as the one
 * before. The first answer of that server with the right transaction id, or
 * the end of patience, is told once. Then, or earlier, the owner drops it.
 * One thread: the loop's.
 */
#ifndef CV_NET_STUN_ASK_H
#define CV_NET_STUN_ASK_H

#include "base/addr.h"
#include "loop/loop.h"

struct cv_stun_ask;

/** Called once; may drop the ask. 0: @p mapped is how the server sees us. ETIMEDOUT: no
 * answer; ECONNREFUSED: it answered with an error; EBADMSG: without an address;
 * ENETUNREACH and others of sendto(): nothing can be sent. */
typedef void cv_stun_ask_fn(int err, const struct cv_addr *mapped, void *arg);

/** Asks @p server out of a port of its own at @p local (port 0: any; unset: any address
 * of that family). EINVAL, ENOMEM, EMFILE, EADDRNOTAVAIL. Ended by cv_mem_unref(). */
int cv_stun_ask_new(struct cv_stun_ask **ap, struct cv_loop *l,
		    const struct cv_addr *local, const struct cv_addr *server,
		    cv_stun_ask_fn *fn, void *arg);

#endif
