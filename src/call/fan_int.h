/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Structs of fan.c and branch.c; private to them. Signalling thread.
 */
#ifndef CV_CALL_FAN_INT_H
#define CV_CALL_FAN_INT_H

#include "call/fan.h"

enum cv_branch_state {
	CV_BRANCH_WAITS = 0, /* not asked yet */
	CV_BRANCH_ASKED,
	CV_BRANCH_OVER, /* it said no, or was given up */
};

/* One target. Lives in the fan; what its leg's events are given. */
struct cv_branch {
	struct cv_fan *fan;
	struct cv_target to;
	char *peer; /* to.peer points here; owned */
	enum cv_branch_state state;
	struct cv_leg *leg; /* owned; NULL: not asked yet, or given up */
	struct cv_txn *t;   /* the request in it; owned */
	bool counted;       /* as a call to its peer */
};

/* An early dialog, by the number its owner knows it by. */
struct cv_fan_fork {
	struct cv_branch *b;
	uint32_t fork; /* as its leg counts them */
};

struct cv_fan {
	struct cv_leg base;
	const struct cv_call_env *env;
	const struct cv_fan_owner *owner;
	const struct cv_leg_ops *ops; /* of the leg that asks */
	const char *from_peer;        /* who asks, counted by the owner; NULL: no peer */
	enum cv_method method;
	char call[CV_CALL_ID_LEN + 1];
	struct cv_evid *evid;
	struct cv_timer *timer; /* of the turn */

	struct cv_txn *t;        /* the request as its owner sees it; owned; NULL: none */
	struct cv_kept request;  /* for those that are asked later */
	struct cv_kept best;     /* of the final responses */
	unsigned rank;           /* of best; less is better */
	struct cv_branch *again; /* gave best, and is asked again after a challenge */
	struct cv_fan_fork forks[CV_FAN_FORKS];
	size_t forkc;

	bool rings;    /* somebody of this turn gave a sign of life */
	bool settled;  /* no other turn: somebody spoke for all */
	bool canceled; /* by the owner: finals are awaited */
	bool busy;     /* requests are being sent: who answers at once is heard later */
	size_t next;   /* first branch whose turn hasn't come */
	size_t c;
	struct cv_branch v[];
};

/* branch.c */

/** Asks it; ENOMEM, EBUSY (it has as many calls as it may) and others: it
 * couldn't be. */
int cv_branch_ask(struct cv_branch *b);
/** Gives it up: its INVITE is cancelled as @p cancel says, its leg goes. */
void cv_branch_drop(struct cv_branch *b, const struct cv_msg *cancel);
/** Tells the owner of a message. */
void cv_branch_note(const struct cv_branch *b, enum cv_ladder_way way,
		    const struct cv_msg *m);
/** "target 2", a word, and a sentence for `explain`. */
void cv_branch_explain(const struct cv_branch *b, const char *word, const char *why);
/** The same, for the log too when it is a peer. */
void cv_branch_failed(const struct cv_branch *b, const char *word, const char *why);
/** After this final response the next turn may do better. */
bool cv_branch_is_passed_over(const struct cv_branch *b, uint16_t status);
/** The number by which the owner knows an early dialog; CV_FAN_FORKS: one too many. */
uint32_t cv_branch_fork(struct cv_branch *b, uint32_t fork);
/** None is counted as a call to its peer any more. */
void cv_branches_leave(struct cv_fan *f);
/** Ends the legs of all, as end() does. */
void cv_branches_end(struct cv_fan *f, int err);

/* fan.c */

/** What a target's leg tells; arg is the branch. */
extern const struct cv_leg_events cv_branch_events;

#endif
