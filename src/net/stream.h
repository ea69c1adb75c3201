/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The door: all streams from outside end here, in a libevent thread of its
 * own: TCP and TLS, handshakes, limits, framing. What gets through is whole SIP
 * messages, over one loopback connection to the agent for each connection
 * outside.
 *
 * The story of a connection: it is accepted and counted against its source;
 * TLS shakes hands; bytes are framed (net/frame.h); with the first whole
 * message the door enters the agent's private listener (net/gate.h tells the
 * agent whom the connection stands for); then messages go in and bytes come
 * out, until one side ends and the other has got what was meant for it. The
 * other way round the agent's own connect() is led here, and the door dials the
 * peer. Mute, slow and greedy connections are closed.
 *
 * All is set up on the signalling thread before cv_door_start(); afterwards the
 * functions below that say so are called from there.
 */
#ifndef CV_NET_STREAM_H
#define CV_NET_STREAM_H

#include "base/addr.h"
#include "base/flow.h"
#include "base/stat.h"
#include "net/gate.h"
#include "net/tls.h"

enum {
	CV_DOOR_SHAKE_MS = 10000,  /* handshake, or reaching a peer (threats 13) */
	CV_DOOR_FIRST_MS = 10000,  /* the first byte */
	CV_DOOR_HALF_MS = 30000,   /* a message from its first byte to its last */
	CV_DOOR_IDLE_MS = 3600000, /* nothing at all; phones send or answer pings */
	CV_DOOR_CONNS = 20000,     /* each takes a loopback port; there are some 28,000 */
	CV_DOOR_SOURCE_CONNS = 1000, /* of one address: a company's phones behind a NAT */
};

struct cv_door;

struct cv_door_conf {
	size_t max_message; /* bytes */
	uint32_t shake_ms, first_ms, half_ms, idle_ms;
	size_t conns, source_conns; /* at most, of all sources, of one */
	struct cv_stat_cell *stat;  /* the door's own; may be NULL */
};

/** A listening point and transport as the door sees it. */
struct cv_door_way {
	uint8_t point;
	enum cv_transport transport; /* TCP or TLS */
	struct cv_addr own;    /* dialled connections leave by it; its port counts not */
	struct cv_addr inside; /* the agent's private listener */
};

/** Opens the loopback listener for the agent's own connections. ENOMEM, EMFILE. */
int cv_door_open(struct cv_door **dp, const struct cv_door_conf *conf);
struct cv_gate *cv_door_gate(struct cv_door *d);
/** Where a point's connections go and come from. E2BIG. Before cv_door_start(). */
int cv_door_way(struct cv_door *d, const struct cv_door_way *way);
/** Listens for a way that was given; @p at with the port, 0: any, which is filled in.
 * Errno of bind(). Before cv_door_start(). */
int cv_door_listen(struct cv_door *d, uint8_t point, enum cv_transport transport,
		   struct cv_addr *at);
/** Starts the thread. EAGAIN. */
int cv_door_start(struct cv_door *d);
/** New handshakes use @p t, whose reference is taken over; connections that stand are not
 * touched. Signalling thread. */
void cv_door_tls(struct cv_door *d, struct cv_tls *t);
/** Connections that are open. Any thread. */
size_t cv_door_count(const struct cv_door *d);
/** Ends the thread and all connections. Then cv_mem_unref(). */
void cv_door_close(struct cv_door *d);

#endif
