/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Transfers that are answered here and not by the party they are asked of
 * ([peer] refer = answer). Private to src/call; signalling thread.
 */
#ifndef CV_CALL_TRANSFER_H
#define CV_CALL_TRANSFER_H

#include "call/call_int.h"

enum cv_transfer_state {
	CV_TRANSFER_ASKING = 0, /* C was asked for an offer, or rings */
	CV_TRANSFER_WAITING,  /* R has something else open: it is asked a little later */
	CV_TRANSFER_OFFERING, /* R was asked */
	CV_TRANSFER_OVER,
};

/** A transfer under way: R moves from one call to another. */
struct cv_transfer {
	struct cv_leg leg; /* the bridge; its arg is a party of the other call */
	struct cv_leg_ops ops;
	struct cv_txn *asked; /* the INVITE that came of it; owned */
	struct cv_call *old;  /* of T and R; NULL: over */
	enum cv_end by;       /* T's end there */
	enum cv_transfer_state state;
	bool alone;    /* T hung up, or R is dead: nothing to go back to */
	bool refused;  /* T was told how it ended */
	uint16_t told; /* status reported last */
	unsigned reports, tries;
	struct cv_txn *offer;   /* our re-INVITE to R; owned; NULL: none open */
	struct cv_leg *parked;  /* attended: T's leg in the other call; owned; NULL */
	enum cv_reason reason;  /* that call's, as it was with T */
	struct cv_origin shown; /* o= that T saw in it; owned */
	char *type, *body;      /* C's offer; owned; NULL until it came */
	size_t len;
	struct cv_timer *timer;
};

/** The one who transfers, T in transfer.c; only while tr->old is there. */
static inline struct cv_party *cv_transfer_by(const struct cv_transfer *tr)
{
	return &tr->old->party[tr->by];
}

/** The one who stays, R; the same. */
static inline struct cv_party *cv_transfer_stays(const struct cv_transfer *tr)
{
	return cv_call_other(cv_transfer_by(tr));
}

/** The leg is nobody's but a transfer's. Accepts NULL. */
bool cv_transfer_is_bridge(const struct cv_leg *leg);
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

/* transfer.c, for transfer_start.c */

/** An INVITE is open in the call. */
bool cv_transfer_is_inviting(const struct cv_call *call);
/** Tells T, each status once. */
void cv_transfer_report(struct cv_transfer *tr, uint16_t status);
/** It came to nothing; the other call is told when it isn't the one that says so. */
void cv_transfer_fail(struct cv_transfer *tr, uint16_t status, const char *why);
/** Of its timer. */
void cv_transfer_timer(void *arg);
/** The bridge: what the other call asks of the party it takes it for. */
extern const struct cv_leg_ops cv_transfer_bridge;
/** Of T's leg in the other call, while the bridge stands there. */
extern const struct cv_leg_events cv_transfer_parked;

#endif
