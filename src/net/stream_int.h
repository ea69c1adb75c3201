/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Structs of the door; private to net/stream*.c. Door's thread.
 */
#ifndef CV_NET_STREAM_INT_H
#define CV_NET_STREAM_INT_H

#include <pthread.h>
#include <stdatomic.h>

#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>

#include "base/hash.h"
#include "base/list.h"
#include "base/log.h"
#include "loop/loop.h"
#include "net/frame.h"
#include "net/stream.h"

enum { CV_DOOR_WAYS = 128, CV_DOOR_LISTENERS = 512 };

struct cv_conn;

/** The outer layer of a connection: what carries frames between us and the other end. A
 * further layer (WebSocket, a tunnel's channel) is a further row. */
struct cv_outer {
	const char *via; /* transport word in Via */
	/** Makes the bufferevent over @p fd, which it owns from then on. NULL: failed, fd
	 * is still the caller's. BEV_EVENT_CONNECTED comes when frames may be sent; for a
	 * layer without handshake cv_conn_ready() is called at once instead. */
	struct bufferevent *(*serve)(struct cv_conn *c, int fd);
	struct bufferevent *(*dial)(struct cv_conn *c, int fd);
	bool shakes; /* it has a handshake of its own */
	/** Dialled: the other end is who we meant. NULL: can't be known. */
	bool (*is_right)(struct cv_conn *c);
	/** Why it failed, for the log. NULL: errno says. */
	const char *(*why)(struct cv_conn *c);
	/** A last word before it is closed. NULL: none. */
	void (*bye)(struct cv_conn *c);
};

extern const struct cv_outer cv_outer_tcp, cv_outer_tls;

/** Connections of one source address. */
struct cv_source {
	struct cv_hash_node node;
	struct cv_addr host; /* key */
	size_t count;
};

struct cv_door_listener {
	struct cv_door *door;
	const struct cv_door_way *way; /* NULL: the agent's own connections come here */
	struct evconnlistener *ear;    /* owned */
};

struct cv_door {
	struct cv_door_conf conf;
	struct cv_gate *gate; /* owned */
	struct cv_loop *loop; /* owned */
	struct event_base *base;
	struct cv_door_way ways[CV_DOOR_WAYS]; /* const once started */
	size_t wayc;
	struct cv_door_listener ears[CV_DOOR_LISTENERS];
	size_t earc;
	struct cv_timer *pause;         /* no descriptors: listen again when it fires */
	struct cv_hash *sources;        /* struct cv_source */
	struct cv_list conns;           /* struct cv_conn, which it owns */
	struct cv_tls *tls;             /* owned; NULL: no TLS */
	_Atomic(struct cv_tls *) fresh; /* owned; on its way from the signalling thread */
	_Atomic size_t count;           /* of conns */
	struct cv_log_limit log;
	pthread_t thread;
	bool started;
};

enum cv_conn_phase {
	CV_CONN_SHAKING = 0, /* handshake, or dialling */
	CV_CONN_MUTE,        /* no byte yet */
	CV_CONN_OPEN,
	CV_CONN_ENDING, /* one end is gone, the other gets what is left */
};

/** A connection outside and its loopback one. */
struct cv_conn {
	struct cv_door *door;
	const struct cv_outer *kind;
	const struct cv_door_way *way;
	struct cv_tls *tls;        /* referenced: what it was made from */
	struct bufferevent *outer; /* owned; NULL: gone */
	struct bufferevent *inner; /* owned; NULL: not entered yet, or gone */
	struct event *timer;       /* owned */
	struct cv_source *source;  /* counted there; NULL: dialled */
	struct cv_addr peer;
	struct cv_addr local;     /* ours of the loopback connection, until it is made */
	struct cv_gate_dial dial; /* of dialled ones */
	struct cv_frame frame;
	enum cv_conn_phase phase;
	bool half;  /* the timer runs for a message that isn't complete */
	bool stuck; /* nothing is read outside until the agent has taken what waits */
	struct cv_list node;
};

/* stream_conn.c */

/** Takes an accepted connection over; @p fd is closed on error. ENOMEM, EMFILE. */
int cv_conn_serve(struct cv_door *d, const struct cv_door_way *way,
		  struct cv_source *source, int fd, const struct cv_addr *peer);
/** Takes a connection of the agent's over and reaches the peer; @p fd is closed on error.
 * ENOMEM, EMFILE, errno of connect(). */
int cv_conn_dial(struct cv_door *d, const struct cv_door_way *way,
		 const struct cv_gate_dial *dial, int fd);
/** Bufferevent over a connected or fresh socket, not yet enabled. */
struct bufferevent *cv_conn_plain(struct cv_conn *c, int fd);

/* stream.c */

/** One connection less of a source. Accepts NULL. */
void cv_source_drop(struct cv_source *s);

#endif
