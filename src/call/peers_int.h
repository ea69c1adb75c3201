/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Structs of peers.c, target.c, hops.c and hop.c; private to them. Signalling thread.
 */
#ifndef CV_CALL_PEERS_INT_H
#define CV_CALL_PEERS_INT_H

#include "base/hash.h"
#include "base/list.h"
#include "call/peers.h"

struct cv_peer;

enum cv_hop_state {
	CV_HOP_UNTRIED = 0, /* counts as well */
	CV_HOP_UP,
	CV_HOP_DOWN,
};

/** A next hop and how it is. In its target, which holds the reference. */
struct cv_peer_hop {
	struct cv_peer *peer; /* parent; not referenced */
	struct cv_hop hop;
	enum cv_hop_state state;
	uint64_t since_ms;      /* of the state */
	uint16_t status;        /* of the last probe; 0: none came yet */
	int err;                /* why it is down */
	unsigned fails;         /* in a row */
	struct cv_timer *timer; /* the next probe, or the end of its rest */
	uint64_t next_ms;       /* when that is; 0: never */
};

/** A target of a peer's. In its peer, which holds the reference. */
struct cv_peer_target {
	struct cv_peer *peer;                    /* parent; not referenced */
	const struct cv_conf_target *conf;       /* borrowed */
	size_t index;                            /* of the peer's */
	struct cv_peer_hop *hops[CV_PEERS_HOPS]; /* as struct cv_hop_found orders them;
						    owned */
	size_t hopc;
	/* only of a name: */
	struct cv_name *look;   /* the question under way; NULL: none */
	struct cv_timer *timer; /* the next one */
	uint64_t next_ms;       /* when that is */
	unsigned fails;         /* in a row */
	bool asked;             /* an answer came, whatever it said */
	int err;                /* of the last answer */
};

/** One [peer]. In cv_peers.list, which holds the reference. */
struct cv_peer {
	struct cv_peers *in;             /* parent; not referenced */
	const struct cv_conf_peer *conf; /* borrowed */
	struct cv_peer_target **targets; /* owned */
	size_t targetc;
	struct cv_hop preferred; /* unset: none */
	unsigned calls;
	uint64_t second_ms; /* start of the second that `started` counts */
	unsigned started;
	struct cv_hash_node by_name;
	struct cv_list node;
};

struct cv_peers {
	struct cv_peers_env env;
	const struct cv_peers_watch *watch; /* NULL: nobody */
	struct cv_hash *by_name;
	struct cv_list list;
	uint64_t draws; /* random numbers taken */
};

/* peers.c */

/** NULL: no such peer. */
struct cv_peer *cv_peer_find(const struct cv_peers *ps, const char *name);
/** The peer's hop like @p hop; NULL: gone. */
struct cv_peer_hop *cv_peer_hop_find(const struct cv_peer *p, const struct cv_addr *a,
				     enum cv_transport t);

/** 0 to @p max, spread, not secret. */
uint32_t cv_peers_draw(struct cv_peers *ps, uint32_t max);

/* target.c */

/** ENOMEM. Ended by cv_mem_unref(). */
int cv_peer_target_new(struct cv_peer_target **tp, struct cv_peer *p,
		       const struct cv_conf_target *conf, size_t index);
/** The same target in a later configuration. */
void cv_peer_target_follow(struct cv_peer_target *t, const struct cv_conf_target *conf,
			   size_t index);
/** Asks for a name soon, unless it is being asked. */
void cv_peer_target_refresh(struct cv_peer_target *t);

/* hop.c */

/** The hop at @p hop, untried. ENOMEM. */
int cv_peer_hop_new(struct cv_peer_hop **hp, struct cv_peer *p, const struct cv_hop *hop);
/** Why it is down; empty: it isn't. */
const char *cv_peer_hop_why(const struct cv_peer_hop *h);
/** The configuration has changed: probes begin, end or come at another pace. */
void cv_peer_hop_follow(struct cv_peer_hop *h);
const char *cv_peer_hop_state(enum cv_hop_state s);

#endif
