/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the door and the SIP agent must know of each other's loopback
 * connections: whom a connection to the agent's private listener stands for,
 * and whom the agent means when it connects.
 *
 * The story, inwards: the door binds its loopback socket, enters its address
 * with the real peer's, connects; the agent's accept() finds the entry and is
 * shown the real peer. Outwards: the agent aims at a peer, its connect() is
 * led to the door's own loopback listener, which finds by the source whom to
 * dial. What has no entry is refused, so no other process of this host gets in
 * by either way.
 *
 * A connection's entry must be there before the kernel tells the other thread
 * of it, so the two tables are shared under a lock and not sent as messages.
 */
#ifndef CV_NET_GATE_H
#define CV_NET_GATE_H

#include <stdbool.h>

#include "base/addr.h"
#include "base/flow.h"

enum {
	CV_GATE_NAME = 256,   /* a name in a certificate, with its NUL */
	CV_GATE_GUARDS = 128, /* private listeners */
};

struct cv_gate;

/** A party the agent sends to by connections of our own making. */
struct cv_gate_dial {
	struct cv_addr to;
	enum cv_transport transport;
	uint8_t point;           /* listening point it leaves by */
	char name[CV_GATE_NAME]; /* its certificate may bear this name; "" for none */
	bool named; /* it must: the address is what the DNS said (RFC 5922 4) */
};

/** ENOMEM. Ended by cv_mem_unref() when no thread uses it any more. */
int cv_gate_new(struct cv_gate **gp);
/** From now on accept() and connect() of this thread obey @p g; NULL: nobody. */
void cv_gate_here(struct cv_gate *g);
/** @p listener is a private one: nobody is accepted there without an entry. E2BIG. Before
 * connections come. */
int cv_gate_guard(struct cv_gate *g, const struct cv_addr *listener);
/** Where connect() is led for targets of the family. Before connections go. */
void cv_gate_exit(struct cv_gate *g, const struct cv_addr *listener);

/** Who connects from @p local stands for @p peer. ENOMEM. Door's thread. */
int cv_gate_enter(struct cv_gate *g, const struct cv_addr *local,
		  const struct cv_addr *peer);
/** The connection from @p local is over, if it was ever taken. Door's thread. */
void cv_gate_leave(struct cv_gate *g, const struct cv_addr *local);
/** Whom the connection from @p local is to reach; ENOENT: nobody sent it. Door's thread.
 */
int cv_gate_dialled(struct cv_gate *g, const struct cv_addr *local,
		    struct cv_gate_dial *dial);

/** How the last connection that the agent sent to @p to went: 0 or why it failed. Door's
 * thread. */
void cv_gate_went(struct cv_gate *g, const struct cv_addr *to, int err);
/** What was said of it last; 0: nothing, or forgotten. Any thread. */
int cv_gate_failure(struct cv_gate *g, const struct cv_addr *to);

/** Connections to dial->to are the door's to make, in this way. ENOMEM, E2BIG.
 * Signalling thread. */
int cv_gate_aim(struct cv_gate *g, const struct cv_gate_dial *dial);

/** accept() and connect() of the program; same contract, plus ECONNABORTED and
 * ECONNREFUSED for what the gate doesn't know. Any thread. */
int cv_gate_accept(int fd, struct sockaddr *sa, socklen_t *len);
int cv_gate_connect(int fd, const struct sockaddr *sa, socklen_t len);

#endif
