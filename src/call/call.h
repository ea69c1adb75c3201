/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Calls: two legs and, when one is needed, a media handle. Pure decisions: what
 * to do, not how.
 *
 * The story of a call: src/sip has placed the sender of an INVITE, said who it
 * is and made leg A; cv_call_start() asks the limits, then the routes, places
 * the target, asks need.c for a relay, has leg B made, and sends the INVITE on
 * with its SDP rewritten (offer.c) or untouched. Responses come back the same
 * way. A 2xx makes it answered; ACK passes; requests in either dialog are
 * relayed as pairs of transactions. BYE from one side is answered and sent on
 * to the other; CANCEL is answered by the leg, the INVITE by us with 487, and a
 * 2xx that crosses it is acknowledged and ended. A 401 or 407 is passed back
 * and the call waits CV_CALL_RETRY_MS for the same INVITE asked again (same
 * Call-ID and From tag, higher CSeq, no To tag), which takes over leg B's
 * identifiers, the target and the ports. A session timer (RFC 4028) is agreed on
 * by the two parties through us, refreshes pass like other requests; when one is
 * overdue, both legs are ended. So they are when a party that is asked by an OPTIONS
 * of our own (probe.c) is gone. When the last leg is gone the media
 * handle is closed at once.
 */
#ifndef CV_CALL_CALL_H
#define CV_CALL_CALL_H

#include "base/cmd.h"
#include "base/stat.h"
#include "call/leg.h"
#include "call/media_ops.h"
#include "call/need.h"
#include "call/peers.h"
#include "call/route.h"
#include "conf/conf.h"
#include "loop/loop.h"

enum {
	CV_CALL_RETRY_MS = 32000,   /* how long a challenged call waits to be asked again:
				       64*T1, the caller's own limit */
	CV_CALL_SETUP_MS = 180000,  /* an INVITE without a final answer is given up: timer
				       C (RFC 3261 16.6) */
	CV_CALL_SESSION_MIN_S = 90, /* a session interval is never taken shorter, RFC
				       4028 5 */
	CV_CALL_TXNS = 32, /* requests of one call that may wait at once; more get 500 */
};

struct cv_calls;
struct cv_call;

/** What the calls of a process need. Borrowed; alive until cv_calls is gone. */
struct cv_call_env {
	const struct cv_conf *conf;
	struct cv_loop *loop;
	struct cv_cmds
		*cmds; /* `show calls` and `call` are registered here; may be NULL */
	struct cv_stats *stats;    /* gauges; may be NULL */
	struct cv_stat_cell *stat; /* may be NULL */
	struct cv_routes *routes;
	struct cv_peers *peers;
	const struct cv_media_ops *media;
	struct cv_media_plane *plane; /* handed to media->open */
	cv_leg_new_fn *leg_new;
	void *leg_arg;
	/** Places a peer's address (net/place.c, passed in by core): seen = hop. */
	void (*place_peer)(void *arg, const struct cv_addr *hop,
			   const struct cv_conf_peer *peer, struct cv_place *place,
			   struct cv_evid *ev);
	void *place_arg;
	bool same_nat_direct;
	bool keeps_text; /* calls keep what their parties say: an address of ours may
			    change, then they are told again */
};

/** ENOMEM. cv_calls_close() ends all calls; then cv_mem_unref(). */
int cv_calls_new(struct cv_calls **cp, const struct cv_call_env *env);
void cv_calls_close(struct cv_calls *c);
/** Listening points @p points (a bit each) show another address from now on: what calls
 * say of our ports follows, and those of their parties that were shown the old one are
 * asked to go on by a re-INVITE, a few at a time. */
void cv_calls_readdress(struct cv_calls *c, uint64_t points);
/** As cv_call_env.keeps_text, for calls that begin from now on. */
void cv_calls_keep_text(struct cv_calls *c, bool keeps);
/** New configuration after a reload; calls that exist keep what they decided. */
void cv_calls_conf(struct cv_calls *c, const struct cv_conf *conf);

/**
 * Starts (or, after a challenge, goes on with) a call for an INVITE without To
 * tag. On 0 the calls own leg A's events and the transaction's answer. On error
 * nothing was kept and the caller answers by sip/status.c: ENOENT no route,
 * EACCES refused, EBUSY limit (503), ENOSPC no media port (503), EBADMSG SDP
 * (488), ELOOP Max-Forwards used up (483), EALREADY the same request by another
 * way, or a loop (482), EMLINK Max-Breadth used up (440), EHOSTUNREACH, ENOMEM.
 */
int cv_call_start(struct cv_calls *c, const struct cv_request *rq, struct cv_leg *a,
		  struct cv_txn *invite);

/**
 * The same for a request other than INVITE (MESSAGE, SUBSCRIBE, PUBLISH, REFER,
 * OPTIONS, INFO, NOTIFY, unknown ones), without To tag: two legs without media,
 * until the final response, or as a subscription. Errors as cv_call_start();
 * EBUSY: too many subscriptions stand; EDQUOT: its sender has its share; EINVAL: a method
 * that never starts anything.
 */
int cv_sub_start(struct cv_calls *c, const struct cv_request *rq, struct cv_leg *a,
		 struct cv_txn *t);

/** A media event of the packet path: id and generation find the call or nobody. Plain
 * values, see media/media.h. */
struct cv_call_media_event {
	uint32_t id, gen;
	uint8_t stream, end;
	const char *what; /* "latched", "moved", "silent", "one-way", "idle", "reported"
			   */
	struct cv_addr seen;
	const char *why; /* a sentence: why it was believed to come from there */
	bool reported; /* by RTCP, in a call that is only watched */
	bool silent;   /* neither party is heard: are they there? */
	bool dead;     /* the hold time-out passed: the call is ended */
};
void cv_calls_media_event(struct cv_calls *c, const struct cv_call_media_event *ev);

size_t cv_calls_count(const struct cv_calls *c);

/** The call's part of `explain ID`, into the object that is open: call, from, to and list
 * "explain". ENOENT: no call has this id. The command is core's. */
int cv_calls_explain(struct cv_calls *c, struct cv_str id, struct cv_out *out);

#endif
