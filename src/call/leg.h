/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a call asks of a leg and hears from it. Implemented by src/sip and by
 * tests/unit/fake_leg.c; the call state machine knows nothing else of SIP.
 *
 * The story: a leg is one dialog (or what may become one) with one party; a
 * transaction is one request in it and its responses, in either direction.
 * Several may be open at once both ways. An incoming leg exists when
 * cv_call_start() is called; an outgoing one is made by the environment's
 * leg_new() and gets its dialog with the first request().
 *
 * Ownership: legs and transactions are cv_mem objects whose first member is
 * the struct below. The leg keeps a reference to a transaction until its final
 * response was sent or delivered (INVITE: until its ACK); whoever keeps a
 * pointer longer takes a reference of its own. After that, operations on it
 * return ESTALE. end() detaches a leg: no event comes after it.
 */
#ifndef CV_CALL_LEG_H
#define CV_CALL_LEG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/evid.h"
#include "base/flow.h"
#include "base/str.h"
#include "call/trail.h"

enum cv_method {
	CV_METHOD_INVITE = 0,
	CV_METHOD_ACK,
	CV_METHOD_BYE,
	CV_METHOD_CANCEL,
	CV_METHOD_OPTIONS,
	CV_METHOD_INFO,
	CV_METHOD_UPDATE,
	CV_METHOD_PRACK,
	CV_METHOD_REFER,
	CV_METHOD_NOTIFY,
	CV_METHOD_SUBSCRIBE,
	CV_METHOD_MESSAGE,
	CV_METHOD_PUBLISH,
	CV_METHOD_REGISTER,
	CV_METHOD_OTHER, /* its name is in the message's src */
};

struct cv_sip_ref; /* a SIP message, known to src/sip only */

enum { CV_LIVES_UNSAID = 0, CV_LIVES_OVER = -1 };

/** One SIP message as the call sees it; everything else in it stays with sip and passes
 * through hdr.c. */
struct cv_msg {
	enum cv_method method; /* of the transaction, also in a response */
	uint16_t status;       /* 0: a request */
	uint32_t fork; /* early dialog it belongs to: which of the places that ring, as
			  the leg that calls them counts; in a final response:
			  which gave it */
	bool single;   /* response: show all forks as one */
	bool reliable; /* a 1xx that wants PRACK (RFC 3262) */
	uint32_t rseq; /* reliable 1xx: its number; PRACK: number of the 1xx it
			  acknowledges on the leg it goes to, 0: of none there */
	uint32_t session_s; /* session interval it names (RFC 4028), 0: none */
	bool session_uac;   /* and who sent the request is to refresh it */
	uint8_t retry_s;    /* response of our own: Retry-After, 0: none */
	uint32_t rest_s;    /* 503 that came: its Retry-After, 0: none */
	int err;         /* response that the stack made: why none came; 0: not known */
	int32_t lives_s; /* SUBSCRIBE, its 2xx, NOTIFY: seconds a subscription lives from
			    now on, CV_LIVES_UNSAID or CV_LIVES_OVER */
	struct cv_str type, body; /* content type with parameters, and body; borrowed */
	struct cv_sip_ref
		*src; /* where its other headers come from; NULL: made by us. Borrowed */
};

/** Who sent a request: a registered phone's flow, a [peer], anybody else. */
enum cv_who { CV_WHO_STRANGER = 0, CV_WHO_PHONE, CV_WHO_PEER };

/** An out-of-dialog request as guards and routes see it. Slices are borrowed from the
 * message. */
struct cv_request {
	enum cv_method method;
	enum cv_who who;
	const char *peer; /* name of the [peer] that sent it; NULL unless who is PEER */
	const char *home_peer; /* name of the [peer] where the sending phone is
				  registered; NULL: nowhere or with us */
	uint64_t binding;      /* the sending phone's binding; 0: none */
	struct cv_str call_id, from_tag;
	uint32_t cseq;
	unsigned max_forwards; /* as received; 70 when absent */
	unsigned max_breadth;  /* as received (RFC 5393 5); 60 when absent */
	struct cv_trail trail; /* earlier passings it tells of, and this one as last;
				  empty: not known */
	struct cv_str ruri, ruri_user, ruri_host; /* Request-URI, its user part (as
						     written), its host without port */
	bool ruri_ours;                           /* host is an address or name of ours */
	bool ruri_token; /* user part is a contact token of ours (checked by the binding
			    route) */
	struct cv_str flow_token; /* user part of a Route of ours, what a Path of ours
				     becomes; empty: none */
	struct cv_str from_user, from_host, to_user, to_host;
	struct cv_place place; /* of the sender */
	enum cv_transport transport;
	bool stands_in; /* what came of a REFER: its party is another than its sender, at
			   place, and of peer for_peer (NULL: of none) */
	const char *for_peer;
	bool hide_media; /* Privacy: session, relay whatever else decides (RFC 3323) */
	struct cv_msg msg;
	struct cv_evid
		*evid; /* what was decided of the sender so far; borrowed, may be NULL */
};

enum cv_target_kind { CV_TARGET_PEER = 0, CV_TARGET_BINDING };

/** Where a request may go. Filled by a route; aim.c completes hop, transport, place and
 * time of a peer. Strings are copied into it. */
struct cv_target {
	enum cv_target_kind kind;
	uint8_t turn;     /* those of one turn are asked at once, the next turn when they
			     failed */
	uint32_t try_ms;  /* without any response for so long it counts as dead */
	const char *peer; /* PEER: name in the configuration, borrowed from it */
	uint64_t binding; /* BINDING: id of the phone's binding */
	struct cv_addr hop; /* numeric next hop */
	enum cv_transport transport;
	struct cv_place place;
	unsigned breadth;  /* what its Max-Breadth says: its share (call/trail.h) */
	bool user_changed; /* a [route] stripped or prefixed: user below replaces the
			      Request-URI's user */
	char user[128];
	char why[128]; /* one sentence for explain: which route and rule chose it */
};

struct cv_leg;
struct cv_txn;

/** What a REFER asks for. Borrowed while it is handed over. */
struct cv_refer {
	struct cv_request rq;    /* the INVITE that its sender would send */
	struct cv_leg *replaced; /* its sender's leg in the call that Replaces names;
				    NULL: none of ours */
};
typedef int cv_refer_fn(void *arg, const struct cv_refer *r);

typedef void cv_contact_fn(void *arg, struct cv_str uri);
/** @p rq: an INVITE that was sent to another place by the [peer] that refused it, as if
 * that peer called there; @p own: the place is one of that peer's. Borrowed. */
typedef int cv_redirected_fn(void *arg, const struct cv_request *rq, bool own);

/** Down: a call to its leg. All return errno; ESTALE: the leg or transaction is over. */
struct cv_leg_ops {
	/** Sends a request; @p to only out of dialog (first request, or again after
	 * 401/407 on the same leg: same Call-ID and From tag, next CSeq). The new
	 * transaction is returned borrowed. */
	int (*request)(struct cv_leg *leg, struct cv_txn **tp, const struct cv_msg *m,
		       const struct cv_target *to);
	/** Sends a response of an incoming transaction; headers of m->src pass through
	 * hdr.c. ENOTSUP: a reliable 1xx was sent, but the party can't acknowledge it. */
	int (*respond)(struct cv_txn *t, const struct cv_msg *m);
	/** Acknowledges a 2xx of an INVITE of ours; with a body when the offer was in the
	 * 2xx. */
	int (*ack)(struct cv_txn *invite, const struct cv_msg *m);
	/** Gives up an INVITE of ours; its final response still comes. Also before the
	 * first 1xx. Of @p m, a CANCEL, counts why (RFC 3326): src is the one that came,
	 * whose Reason is passed on; else status is the cause, 0: none is said. */
	void (*cancel)(struct cv_txn *t, const struct cv_msg *m);
	/** Reads an incoming REFER and hands over what it asks for; returns what @p fn
	 * does. EBADMSG: nothing that can be called. NULL: it has no REFERs. */
	int (*refer)(struct cv_txn *t, const struct cv_msg *m, cv_refer_fn *fn,
		     void *arg);
	/** Hands over the contacts of a 3xx that can be called, in the order of their q.
	 * May be NULL: it has none. */
	void (*contacts)(const struct cv_msg *m, cv_contact_fn *fn, void *arg);
	/** Hands over an incoming INVITE as it goes to @p uri, where [peer] @p by
	 * redirected it; returns what @p fn does. EBADMSG: no such place. May be NULL. */
	int (*redirected)(struct cv_txn *invite, struct cv_str uri, const char *by,
			  cv_redirected_fn *fn, void *arg);
	/** Ends the leg whatever its state: BYE when it is a confirmed dialog and none
	 * was sent or received, CANCEL when it rings out, a final response by @p err
	 * (status.c) to an INVITE that still waits. No event follows. */
	void (*end)(struct cv_leg *leg, int err);
	/** Makes where a message's headers come from last beyond its event: a copy, ended
	 * by cv_mem_unref(). ENOMEM. */
	int (*keep)(struct cv_sip_ref **rp, const struct cv_sip_ref *ref);
};

/** Up: a leg to its call. The dispatcher holds references around each. */
struct cv_leg_events {
	/** A request in the leg's dialog. ACK with a body and CANCEL come with @p t the
	 * INVITE they belong to and are answered by the leg; every other one is answered
	 * by respond(), BYE too. A plain ACK comes as well (m->body empty). */
	void (*request)(void *arg, struct cv_txn *t, const struct cv_msg *m);
	/** A response to a transaction of ours; 408 and 503 made by the stack look the
	 * same (src NULL). 100 comes without its headers, for who waits for a sign. */
	void (*response)(void *arg, struct cv_txn *t, const struct cv_msg *m);
	/** The leg is over without BYE: no ACK came (ETIMEDOUT), its flow is lost
	 * (ECONNRESET). end() must still be called. */
	void (*gone)(void *arg, int err);
	/** The party has registered from elsewhere: its place is another one now. The leg
	 * stays. May be NULL. */
	void (*moved)(void *arg);
	/** The other leg of the same call, borrowed; NULL: there is none (any more), or
	 * several. @p fork, an early dialog as this leg counts them, becomes what the
	 * other one calls it. */
	struct cv_leg *(*mate)(void *arg, uint32_t *fork);
};

/** Head of every implementation's leg. */
struct cv_leg {
	const struct cv_leg_ops *ops;
	const struct cv_leg_events
		*events;       /* NULL until the call takes it, and after end() */
	void *arg;             /* for events */
	struct cv_place place; /* of the party, follows its flow */
};

/** Head of every implementation's transaction. */
struct cv_txn {
	struct cv_leg *leg; /* not referenced; NULL once the leg ended */
	enum cv_method method;
	bool incoming;
	void *arg; /* the call's own: its record of the pair; NULL at first */
};

/** What an outgoing leg needs to be made; all borrowed during the call. */
struct cv_leg_setup {
	const struct cv_leg_events *events;
	void *arg;
	const struct cv_target *to;
	const struct cv_request *rq; /* the request that caused it; its method and msg
					count */
	const char *call;            /* id of the call, for logs */
};

typedef int cv_leg_new_fn(void *arg, struct cv_leg **lp,
			  const struct cv_leg_setup *setup);

/** Drops a transaction of the call: nothing more of it is heard. Accepts NULL. */
void cv_txn_forget(struct cv_txn *t);
/** "INVITE", ... ; "request" for OTHER. */
const char *cv_method_name(enum cv_method m);

#endif
