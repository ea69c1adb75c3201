/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A fan: one leg towards several targets (forking, RFC 3261 16.6 to 16.10, and
 * failover). Private to src/call. Signalling thread.
 *
 * The story of a fan: it is the leg B of a request that may go to more than one
 * place. Its first request goes to all targets of the first turn at once (one
 * after the other when it is no INVITE), each over a leg of its own; their early
 * dialogs are numbered through, so that its owner sees one leg with several. A
 * turn is over when all in it have failed, when none gave a sign of life in time,
 * or when its phones rang long enough; then the next one is asked. The first 2xx
 * wins: the others are given up, the winner's leg takes the fan's place with its
 * owner, and the fan is gone before the owner hears of the 2xx. When all have
 * failed, the owner hears the best of their responses. A challenge among
 * them leaves the fan, and the same request comes again to the one who challenged.
 */
#ifndef CV_CALL_FAN_H
#define CV_CALL_FAN_H

#include "call/call_int.h"

enum {
	CV_FAN_RING_MS = 20000, /* phones of one turn ring so long before those of the
				   next are asked: four or five rings */
	CV_FAN_FORKS = 32,      /* early dialogs that are told apart */
};

/** Who has won. */
struct cv_fan_win {
	struct cv_leg *leg;         /* borrowed: the owner takes a reference and events */
	struct cv_txn *t;           /* the request's transaction in it; borrowed */
	const struct cv_target *to; /* to->peer is peer */
	char *peer;                 /* the owner's from now on; NULL: not a peer */
	bool counted;               /* as a call to that peer: the owner leaves it */
};

/** Up, besides the events of a leg; arg is the same. */
struct cv_fan_owner {
	/** Is to put the winner's leg and transaction in place of the fan's. */
	void (*won)(void *arg, const struct cv_fan_win *w);
	/** A leg is given up: responses still awaited from it don't come. */
	void (*lost)(void *arg, const struct cv_leg *leg);
	/** What of the request @p m, which came to the fan, goes to a target at @p place;
	 * then cv_pass_done(). Its errors: that target can't be asked. NULL: all get
	 * the same. */
	int (*body)(void *arg, const struct cv_place *place, const struct cv_msg *m,
		    struct cv_pass *out);
	/** A message of the request's transaction with target @p n, from 1; NULL: of no
	 * interest. */
	void (*note)(void *arg, unsigned n, enum cv_ladder_way way,
		     const struct cv_msg *m);
};

/** What a fan is made of; all borrowed, env and owner for as long as it lives. */
struct cv_fan_setup {
	const struct cv_call_env *env;
	const struct cv_fan_owner *owner;
	const struct cv_leg_events *events;
	void *arg;
	const struct cv_targets *to;
	const struct cv_leg_ops *ops; /* of the leg that asks: keep() */
	enum cv_method method;        /* of its first request */
	const char *call;             /* for logs */
	struct cv_evid *evid;         /* referenced; may be NULL */
	const char *from_peer; /* who asks, counted by the owner; NULL: not a peer */
};

/** Makes one; nothing is sent yet. ENOMEM. Ended as every leg. */
int cv_fan_new(struct cv_leg **lp, const struct cv_fan_setup *setup);
bool cv_fan_is(const struct cv_leg *leg);
/** The [peer] that gave the response its owner heard, when all had failed; NULL: none. */
const char *cv_fan_peer(const struct cv_leg *leg);
/** The leg behind a leg that may be a fan: it is itself, or the one that has early dialog
 * @p fork, which becomes what that one calls it. NULL: none. Accepts NULL. */
struct cv_leg *cv_fan_leg(struct cv_leg *leg, uint32_t *fork);

#endif
