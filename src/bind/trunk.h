/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Our own registration at a trunk: when to send which REGISTER, and what the
 * answer means. Pure; knows times and statuses, neither messages nor digest.
 * Signalling thread.
 *
 * The story: cv_trunk_start() asks for the first REGISTER within a second. A
 * 2xx holds for the granted time and is refreshed at a random moment between a
 * half and nine tenths of it. 423 is asked again with what the registrar wants
 * at least, 401 and 407 when the sender says that it can prove who we are.
 * Anything else goes to the next hop, and after the last of them waits, 30 s at
 * first and twice as long each time, up to five minutes, or until there are others. A
 * registration that can't be refreshed counts until it expires. cv_trunk_leave() takes it
 * back and says when it is gone, after two seconds whatever the registrar does.
 */
#ifndef CV_BIND_TRUNK_H
#define CV_BIND_TRUNK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loop/loop.h"

struct cv_trunk;

enum cv_trunk_state {
	CV_TRUNK_IDLE = 0, /* before its start, and when it is gone */
	CV_TRUNK_TRYING,   /* not registered, about to be or just asked */
	CV_TRUNK_REGISTERED,
	CV_TRUNK_WAITING, /* not registered; all hops failed, tries again later */
	CV_TRUNK_LEAVING,
};

/** One REGISTER to be sent. */
struct cv_trunk_ask {
	size_t hop;         /* which of this round's */
	uint32_t expires_s; /* 0: takes the registration back */
	bool again; /* the one before was answered with 401, 407 or 423; else an attempt
		       begins */
};

/** Its final answer. */
struct cv_trunk_answer {
	uint16_t status;
	bool prove;             /* 401, 407: credentials can be added to the next one */
	uint32_t granted_s;     /* 2xx */
	uint32_t min_expires_s; /* 423 */
	uint32_t retry_after_s; /* 0: it says nothing */
};

/** Borrowed texts and objects live as long as the trunk. */
struct cv_trunk_env {
	struct cv_loop *loop;
	const char *name;   /* of the peer, for logs */
	uint32_t expires_s; /* to ask for */
	/** A round begins: how many next hops it has, the one where the registration
	 * stands the first; 0: none is known. */
	size_t (*begin)(void *arg);
	/** Sends one; 0: cv_trunk_answer() follows, but not before this returns. Any
	 * errno counts as a hop that failed. */
	int (*send)(void *arg, const struct cv_trunk_ask *ask);
	/** The last thing heard after cv_trunk_leave(); may drop the trunk. */
	void (*gone)(void *arg);
	void *arg;
};

/** What `show peers` shows. */
struct cv_trunk_info {
	enum cv_trunk_state state;
	uint32_t left_s; /* until the registration expires; 0: none */
	uint32_t next_s; /* until the next REGISTER; 0: none planned */
	uint16_t status; /* of the last answer; 0: none yet */
	int err;         /* of the last REGISTER that could not be sent; 0: it was sent */
};

/** ENOMEM. Ended by cv_mem_unref(), without a word to anybody. */
int cv_trunk_new(struct cv_trunk **tp, const struct cv_trunk_env *env);
void cv_trunk_start(struct cv_trunk *t);
/** Begins a round soon: there are other hops. */
void cv_trunk_wake(struct cv_trunk *t);
/** Refreshes it within a few seconds, whatever was planned, as what it says isn't true
 * any more. */
void cv_trunk_renew(struct cv_trunk *t);
/** The answer to what was sent last. */
void cv_trunk_answer(struct cv_trunk *t, const struct cv_trunk_answer *a);
/** Takes the registration back, if there is one. Calls gone(), maybe at once. */
void cv_trunk_leave(struct cv_trunk *t);
void cv_trunk_info(const struct cv_trunk *t, struct cv_trunk_info *i);
const char *cv_trunk_state_name(enum cv_trunk_state s);

#endif
