/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Structs of src/bind; private. All on the signalling thread.
 */
#ifndef CV_BIND_BIND_INT_H
#define CV_BIND_BIND_INT_H

#include "base/log.h"
#include "bind/bind.h"

enum {
	CV_BIND_TICK_MS = 100,  /* grain of expiry and pings: a hundredth of a ping period
				   spreads their load */
	CV_BIND_SLOTS = 1024,   /* of the wheel: 102 s; later dues wait a round more */
	CV_BIND_AOR = 512,      /* bytes of an AOR */
	CV_BIND_PARAMS = 1024,  /* bytes of Contact parameters we keep */
	CV_BIND_AGENT = 128,    /* bytes of a User-Agent we keep, longer ones are cut */
	CV_BIND_INSTANCE = 256, /* bytes of a +sip.instance */
	CV_BIND_ID_LEN = 16,    /* hex digits of an id as shown */
	CV_BIND_TOKEN_LEN = 31, /* "cv" and 18 bytes in base32hex */
};

struct cv_binds {
	struct cv_binds_env env; /* conf follows cv_binds_conf() */
	uint64_t next;           /* 48-bit counter of ids, started at random */
	struct cv_hash *by_id, *by_aor, *by_flow, *by_link; /* owned */
	struct cv_list all;                                 /* oldest refresh first */
	size_t count, pending; /* bindings held; of these, not confirmed yet */
	/* due.c */
	struct cv_list wheel[CV_BIND_SLOTS];
	uint64_t tick;          /* every tick up to this one was worked off */
	uint64_t wake;          /* tick the timer is set to; 0: not set */
	struct cv_timer *timer; /* owned */
	/* show.c */
	struct cv_cmd show, del;
	struct cv_gauge live, waiting;
	struct cv_log_limit full; /* lines about reached limits */
	/* note.c */
	struct cv_log_limit alg; /* lines about rewriting routers */
};

/* token.c */

/** Writes the token of @p id. ENOMEM. */
int cv_bind_token_make(const struct cv_binds *bs, uint64_t id, char dst[CV_BIND_TOKEN]);
/** Id of a token, checked: ENOENT, EBADMSG as cv_bind_by_token(). */
int cv_bind_token_read(const struct cv_binds *bs, struct cv_str user, uint64_t *idp);

/* due.c */

/** Puts @p b where its next due is: ping, expiry, end of waiting. */
void cv_bind_arm(struct cv_binds *bs, struct cv_binding *b);
/** The timer: works off everything due. */
void cv_bind_tick(void *arg);

/* ping.c */

/** Says when the next ping of @p b is due, from now; none when its party needs none. */
void cv_bind_ping_plan(struct cv_binds *bs, struct cv_binding *b);
/** The ping that is due now. Calls up last: @p b may be gone behind it. */
void cv_bind_ping_due(struct cv_binds *bs, struct cv_binding *b);

/* table.c */

/** Ends a confirmed binding and says so to env->ended. */
void cv_bind_end(struct cv_binds *bs, struct cv_binding *b, const char *why);

/* show.c */

/** Registers commands and gauges. EEXIST. */
int cv_binds_show_open(struct cv_binds *bs);
void cv_binds_show_close(struct cv_binds *bs);

#endif
