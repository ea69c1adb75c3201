/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Structs of sub.c and sub_table.c; private. All on the signalling thread.
 */
#ifndef CV_CALL_SUB_INT_H
#define CV_CALL_SUB_INT_H

#include "call/call_int.h"

enum {
	CV_SUBS_MAX = 20000, /* bounds what subscribing can take: some 4 kB each */
	CV_SUBS_PHONE = 300, /* of one phone: a lamp for every key of a large console, and
				what it sends meanwhile; one that repeats itself stops
				there */
	CV_SUBS_PEER = CV_SUBS_MAX / 2, /* of one peer: others find room too */
};

enum cv_sub_state {
	CV_SUB_ASKED = 0,  /* the first request waits for its final response */
	CV_SUB_CHALLENGED, /* A is to ask again */
	CV_SUB_STANDING,   /* a subscription */
	CV_SUB_OVER,
};

/** Whoever has subscriptions, and how many. Referenced by each of them. */
struct cv_sub_source {
	struct cv_hash_node node; /* calls->sub_sources */
	uint32_t count;
	char key[CV_CALL_PARTY_LEN]; /* address of a phone, name of a peer */
};

/** One of the two parties; what its leg's events are given. */
struct cv_sub_party {
	struct cv_sub *sub;
	enum cv_end end;
	struct cv_leg *leg; /* owned; NULL: none, or over */
};

struct cv_sub {
	struct cv_calls *calls; /* parent; not referenced */
	char *key;              /* as a call's; owned; NULL: it came from a call */
	struct cv_hash_node by_key;
	struct cv_list node;          /* calls->subs, which holds the reference */
	struct cv_sub_source *source; /* referenced; NULL: it came from a call */

	enum cv_sub_state state;
	enum cv_method method;
	uint32_t cseq;                /* of A's first request, the last one */
	struct cv_addr asker;         /* where A asked from */
	struct cv_sub_party party[2]; /* by cv_end */
	struct cv_list relays;        /* requests under way */
	size_t relayc;
	int32_t asked_s;   /* life A asked for last; 0: it didn't say */
	bool done;         /* the notifier said that it is over */
	uint64_t until_ms; /* when it ends unless it is refreshed; 0: not standing */
	struct cv_timer *timer;
	struct cv_target target;
	char *peer; /* target.peer points here; owned */
	struct cv_evid *evid;
	char from[CV_CALL_PARTY_LEN], to[CV_CALL_PARTY_LEN];
};

/* sub_table.c */

/** What was challenged and @p rq asks again. ENOENT; ENOMEM; EALREADY: this very request
 * came by another way (RFC 3261 8.2.2.2). */
int cv_sub_find(struct cv_sub **sp, const struct cv_calls *c,
		const struct cv_request *rq);
/** Counts one more of the request's sender. EDQUOT: it has its share; ENOMEM. */
int cv_sub_source_take(struct cv_sub_source **sp, struct cv_calls *c,
		       const struct cv_request *rq);
/** Accepts NULL; returns NULL. */
struct cv_sub_source *cv_sub_source_drop(struct cv_sub_source *src);

#endif
