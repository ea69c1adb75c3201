/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Structs of peers.c, hops.c and hop.c; private to them. Signalling thread.
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
	unsigned fails;         /* in a row */
	struct cv_timer *timer; /* end of its rest */
};

/** A target of a peer's. In its peer, which holds the reference. */
struct cv_peer_target {
	struct cv_peer *peer;                    /* parent; not referenced */
	const struct cv_conf_target *conf;       /* borrowed */
	struct cv_peer_hop *hops[CV_PEERS_HOPS]; /* as struct cv_hop_found orders them;
						    owned */
	size_t hopc;
};

/** One [peer]. In cv_peers.list, which holds the reference. */
struct cv_peer {
	struct cv_peers *in;             /* parent; not referenced */
	const struct cv_conf_peer *conf; /* borrowed */
	struct cv_peer_target **targets; /* owned */
	size_t targetc;
	unsigned calls;
	uint64_t second_ms; /* start of the second that `started` counts */
	unsigned started;
	struct cv_hash_node by_name;
	struct cv_list node;
};

struct cv_peers {
	struct cv_peers_env env;
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

/* hop.c */

/** The hop at @p hop, untried. ENOMEM. */
int cv_peer_hop_new(struct cv_peer_hop **hp, struct cv_peer *p, const struct cv_hop *hop);
/** What was learned of it: 0, or why it failed. */
void cv_peer_hop_judge(struct cv_peer_hop *h, int err);

#endif
