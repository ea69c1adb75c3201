/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Structs of src/call; private. All on the signalling thread.
 *
 * call.c is the life of a call, pair.c the requests that pass through it, transfer.c,
 * transfer_start.c and redirect.c calls that go elsewhere, party.c what its parties'
 * peers mean for it, restate.c re-INVITEs of our own, session.c how long it lasts, sub.c
 * and sub_table.c requests that make no call, aim.c where a request goes, fan.c and
 * branch.c one that goes to several places, offer.c the offers and answers, face.c the
 * offer as each target is shown it, talk.c whose they are, unfold.c, lead.c, outer.c,
 * park.c and shown.c media that comes back to us, origin.c their o= line, part.c the
 * session description in a multipart body, kept.c messages that outlive their event,
 * trail.c loops, probe.c asks whether the parties are there, table.c finds calls,
 * story.c, past.c and show.c tell the operator of them. Peers have structs of their own
 * (peers_int.h).
 */
#ifndef CV_CALL_CALL_INT_H
#define CV_CALL_CALL_INT_H

#include "base/hash.h"
#include "base/list.h"
#include "call/call.h"
#include "sdp/sdp.h"

enum {
	CV_CALL_ID_LEN = 10,       /* printable characters of an id: 50 random bits */
	CV_CALL_NAME_LEN = 12,     /* "audio", "application" */
	CV_CALL_PARTY_LEN = 96,    /* user@host for logs; longer ones are cut */
	CV_CALL_FORKS = 8,         /* early dialogs whose descriptions are kept */
	CV_CALL_CODEC_LEN = 32,    /* "telephone-event/8000" */
	CV_CALL_CANCEL_MS = 32000, /* a cancelled INVITE is awaited so long: 64*T1, RFC
				      3261 9.1 */
};

enum {
	CV_LADDER_STEPS = 64, /* messages of one call that are remembered: set-up, a few
				 changes, the end */
	CV_CALL_PAST = 200,   /* ended calls that can still be explained */
};

enum cv_ladder_way { CV_LADDER_IN = 0, CV_LADDER_OUT };

/** One message of a call. */
struct cv_ladder_step {
	uint32_t ms;     /* since the call's start */
	uint16_t status; /* 0: a request */
	uint8_t method, end, way;
	uint8_t target; /* which of several, from 1; 0: the only one */
	bool body;
};

/** Both legs' messages in the order in which they passed. Plain data. */
struct cv_ladder {
	struct cv_ladder_step v[CV_LADDER_STEPS];
	uint16_t c, lost;
};

struct cv_fan_owner;

enum cv_call_state {
	CV_CALL_SETUP = 0,  /* INVITE sent to B */
	CV_CALL_CHALLENGED, /* 401 or 407 passed to A, who is to ask again */
	CV_CALL_ANSWERED,   /* 2xx passed to A */
	CV_CALL_LEAVING,    /* A and media are gone, B's cancelled INVITE is awaited */
	CV_CALL_OVER,       /* in no table any more */
};

/** One m-line as somebody said it. */
struct cv_line {
	struct cv_flow flow;         /* without attribute lists */
	char name[CV_CALL_NAME_LEN]; /* media type */
};

/** Whom a description that names addresses of ours is really of. */
struct cv_lead {
	char call[CV_CALL_ID_LEN + 1]; /* id; empty: of who said it */
	enum cv_end end;
};

/** What the other party was told in place of what was said: an address of ours, that of
 * the outer party, or one of a relay between the outer parties, which this call has or
 * that one's (unfold.c). */
enum cv_told { CV_TOLD_OURS = 0, CV_TOLD_DIRECT, CV_TOLD_OUTER, CV_TOLD_FACE };

/** All m-lines of one description; const once kept, shared by reference. */
struct cv_lines {
	size_t c;
	struct cv_str text; /* the description as it was said; empty: not kept */
	struct cv_lead lead;
	enum cv_told told;
	struct cv_lines *of; /* what the outer party said when it was told; owned; NULL */
	bool is_lost;        /* told ours although it was told again for another */
	bool is_watched;     /* told a relay that only watches */
	struct cv_line v[];  /* then the bytes of text */
};

struct cv_pair;

/** What one party is shown in o= in one dialog. All zero: nothing yet. */
struct cv_origin {
	struct cv_addr shown; /* host of ours, shown first; unset: none */
	char *session;        /* user name and session id; a cv_mem object, shared */
	uint64_t version;     /* last one */
	uint64_t sum;         /* cv_sdp_sum() of the last text */
	bool counted;         /* by us: no longer what the other party writes */
};

/** What both parties have said to each other; while it rings, of one fork. By cv_end. */
struct cv_talk {
	uint32_t fork; /* CV_FORK_ALL: the call's own before the answer: the INVITE's */
	struct cv_lines *now[2];    /* said last; owned */
	struct cv_lines *good[2];   /* said in the last exchange that was agreed; owned */
	struct cv_origin origin[2]; /* by who is shown it */
	struct cv_pair *offered_in; /* pair that carries an offer without an answer yet;
				       borrowed */
	struct cv_pair *agreed_in;  /* INVITE whose offer was answered before the 2xx,
				       reliably; borrowed */
	enum cv_end offerer;
	bool previewed; /* the answer came in a 1xx already */
	bool is_apart;  /* A said something else to another fork before this one rang */
};

/** One of the two parties. Lives in the call; what its leg's events are given. */
struct cv_party {
	struct cv_call *call;
	enum cv_end end;
	struct cv_leg *leg;    /* owned; NULL: none, or over */
	struct cv_place place; /* as media was last told */

	struct cv_addr latched; /* where its first stream's media comes from */
	unsigned refers;        /* REFERs of its that the other one still reports on */
	struct cv_txn *probe;   /* OPTIONS of ours under way; owned; NULL */
};

/** A request of one party, sent on to the other. The call's list holds the reference. */
struct cv_pair {
	struct cv_list node;
	struct cv_call *call;
	enum cv_end from; /* who asked */
	enum cv_method method;
	struct cv_txn *in, *out; /* owned; in NULL: one of our own (restate.c), as if
				    `from` had asked; out NULL until it was sent on */
	bool acking;             /* INVITE: its 2xx was passed, the ACK is awaited */
	bool canceled;           /* INVITE: given up */
	uint32_t fork; /* early dialog of B it belongs to; CV_FORK_ALL: see its responses
			*/
};

struct cv_checkup; /* doctor.h */
struct cv_unfold;

struct cv_call {
	struct cv_calls *calls; /* parent; not referenced */
	char id[CV_CALL_ID_LEN + 1];
	char *key; /* A's Call-ID, From tag and Request-URI; owned */
	struct cv_hash_node by_id, by_key, by_media;
	struct cv_list node;
	struct cv_trail trail;        /* how often it came through us, this time too */
	char *offer_key;              /* key of by_offer; owned; NULL: none */
	struct cv_hash_node by_offer; /* until it is answered */

	enum cv_call_state state;
	struct cv_party party[2]; /* by cv_end */
	struct cv_list pairs;
	size_t pairc;
	struct cv_pair *setup; /* INVITE that made the call, until its ACK; borrowed */
	uint32_t cseq;         /* of A's INVITE, the last one */
	struct cv_timer *timer;
	uint32_t session_s;     /* interval agreed on last (RFC 4028); 0: none */
	enum cv_end refresher;  /* whose duty that is */
	struct cv_timer *watch; /* probe.c: the next look at it; NULL until answered */
	bool doubted;           /* it fell silent and its parties weren't asked yet */

	struct cv_target target; /* the first of several, then the one that answered */
	char *peer;      /* target.peer points here: outlives the configuration; owned */
	char *from_peer; /* [peer] that called; NULL; owned */
	bool counted[2]; /* at these peers, by cv_end */
	struct cv_evid *evid;
	struct cv_checkup *checkup; /* as it ended; owned; NULL: it lives */
	struct cv_ladder ladder;

	enum cv_reason reason;
	struct cv_media *media; /* NULL: no relay, or none yet */
	uint32_t media_key[2];  /* id and generation: key of by_media */
	bool hides_media;       /* A asked for it (Privacy: session) */
	struct cv_list shown;   /* addresses of ours that its parties saw (shown.c) */
	struct cv_unfold *unfold; /* owned; NULL: in no media loop so far */
	bool parted;            /* BYE has passed: neither leg needs one of ours */
	bool keeps_text;        /* one may have to be told again what the other said;
				   from before it is said */
	struct cv_restate *restate; /* restate.c; owned; NULL: never asked for */
	struct cv_trial *trial;     /* trial.c; owned; NULL: never on trial */
	struct cv_talk talk;    /* talk.c */
	struct cv_talk *ring;   /* of each place that rings; owned; NULL: none yet, or
				   answered */
	size_t ringc;
	struct cv_faces *faces; /* face.c: what targets elsewhere were shown; owned; NULL:
				   there are none */
	bool single;       /* A sees one early dialog, however many there are */
	uint32_t fork_now; /* B's early dialog that was shown last */

	struct cv_redirect *redirect; /* redirect.c: other places; owned; NULL: none */
	struct cv_transfer *transfer; /* transfer.c: under way; referenced; NULL */
	unsigned transfers;           /* in a row that led here */
	uint8_t readdressed; /* parties that are to be told of our new address, a bit an
				end */

	uint64_t start_ms, answer_ms; /* answer_ms 0: not yet */
	char from[CV_CALL_PARTY_LEN], to[CV_CALL_PARTY_LEN];
	char codec[CV_CALL_CODEC_LEN];
};

/** What remains of a call that ended. In cv_calls.past, which holds the reference. */
struct cv_past {
	char id[CV_CALL_ID_LEN + 1];
	char from[CV_CALL_PARTY_LEN], to[CV_CALL_PARTY_LEN];
	char end[48]; /* who and why */
	struct cv_ladder ladder;
	struct cv_evid *evid; /* referenced */
	struct cv_checkup *checkup; /* as it ended; owned; NULL: it was refused at once */
	struct cv_hash_node by_id;
	struct cv_list node;
};

struct cv_calls {
	struct cv_call_env env;
	struct cv_hash *by_id, *by_key, *by_media, *by_offer, *by_shown;
	struct cv_apart *apart; /* NATs that keep phones apart */
	struct cv_list list; /* all calls; holds their reference */
	struct cv_list past; /* ended calls, oldest first; holds their reference */
	struct cv_hash *past_by_id;
	size_t pastc;
	struct cv_hash *subs_by_key, *sub_sources;
	struct cv_list subs; /* sub.c; holds their reference */
	size_t subc;
	size_t count;
	uint64_t second_ms; /* start of the second that `started` counts */
	unsigned started;
	uint64_t probe_second_ms; /* the same of `probed` */
	unsigned probed;
	bool closed;
	struct cv_log_limit refused;
	struct cv_timer *readdress; /* owned; NULL: never needed */
	struct cv_cmd show_calls, show_subs, call, ladder, doctor;
	struct cv_gauge gauge_calls, gauge_challenged, gauge_subs;
};

/** How a call ended, for the log. */
struct cv_call_end {
	const char *who, *why; /* "caller", "callee", "edge"; "bye", "cancel", ... */
	int err;               /* for what still waits for an answer (status.c) */
};

/* call.c */

static inline struct cv_party *cv_call_other(struct cv_party *p)
{
	return &p->call->party[p->end == CV_END_A ? CV_END_B : CV_END_A];
}

/** Its media passes us; without a relay a session may only watch (trial.c). */
bool cv_call_is_relayed(const struct cv_call *call);

/** Name of a party in logs and evidence: "A", "B". */
static inline const char *cv_call_party_name(enum cv_end end)
{
	return end == CV_END_A ? "A" : "B";
}

/** Ends everything at once: both legs, media, log line. Does nothing a second time. */
void cv_call_finish(struct cv_call *call, const struct cv_call_end *e);
/** The INVITE that made the call was answered: its 2xx has passed. */
void cv_call_answered(struct cv_call *call);
/** The INVITE that made the call got a final refusal, which has passed. */
void cv_call_refused(struct cv_call *call, const struct cv_msg *m);
/** Sends the INVITE that made the call to another place: where [peer] @p own has its
 * targets, else where the routes say. Any error leaves nothing sent. */
int cv_call_again(struct cv_pair *p, const struct cv_request *rq, const char *own);
/** Given up before the answer: A's INVITE gets @p status, B's is cancelled for the reason
 * in the CANCEL @p why, NULL: none. */
void cv_call_abandon(struct cv_call *call, const struct cv_call_end *e,
		     const struct cv_msg *why, uint16_t status);

/** Same Call-ID, From tag and Request-URI: the same request, or the same asked again. A
 * terminated string, ended by free(); NULL: ENOMEM. */
char *cv_call_key(const struct cv_request *rq);

/* session.c */

/** A 2xx of @p p, an INVITE or UPDATE, passed: from now on the call lasts for the session
 * interval it names (RFC 4028), or without limit. Before the answer nothing. */
void cv_call_session(const struct cv_pair *p, const struct cv_msg *m);

/* aim.c */

/** Where a request may go: what the routes chose, peers with their next hops and places.
 * Peers' names are the configuration's. ENOENT, EHOSTUNREACH, or what a route said. */
int cv_aim(const struct cv_call_env *env, const struct cv_request *rq,
	   struct cv_targets *to, struct cv_evid *ev);
/** The same for the hops of one peer, whatever the routes say. */
int cv_aim_peer(const struct cv_call_env *env, const struct cv_request *rq,
		const char *peer, struct cv_targets *to, struct cv_evid *ev);
/** What the configuration says of relays between these peers (NULL: none). */
enum cv_need_policy cv_aim_policy(const struct cv_call_env *env, const char *from,
				  const char *to);
/** The relay that all of them together need for a caller of [peer] @p from (NULL: of
 * none); @p which needs it. */
enum cv_reason cv_aim_relay(const struct cv_calls *c, const struct cv_request *rq,
			    const char *from, const struct cv_targets *to, size_t *which);
/** Tells how a request to a target went, by its final response. */
void cv_aim_heard(const struct cv_call_env *env, const struct cv_target *to,
		  const struct cv_msg *m);
/** The first that a point of ours stands towards; what goes to all is written for it. */
const struct cv_place *cv_aim_place(const struct cv_targets *to);
/** The peer @p from (may be NULL) or one of these wants a single early dialog. */
bool cv_aim_single(const struct cv_call_env *env, const char *from,
		   const struct cv_targets *to);

/* kept.c */

/** A message with all it borrows. All zero is an empty one. */
struct cv_kept {
	struct cv_msg m;
	struct cv_sip_ref *ref; /* m.src; owned; NULL: none */
	struct cv_buf text;     /* type and body */
};

/** Keeps @p m in place of what was there; @p ops of the leg it came by. ENOMEM leaves
 * it. */
int cv_kept_take(struct cv_kept *k, const struct cv_msg *m, const struct cv_leg_ops *ops);
void cv_kept_drop(struct cv_kept *k);

/* party.c */

/** "user@host" into @p dst of CV_CALL_PARTY_LEN bytes, cut when it is longer. */
void cv_call_party_print(char *dst, struct cv_str user, struct cv_str host);
/** Why there would be a relay, or none, with @p p at @p place and of [peer] @p peer
 * (NULL: of none). */
enum cv_reason cv_call_reason_with(const struct cv_party *p, const struct cv_place *place,
				   const char *peer);
/** The NAT of one of these is known to keep its phones apart. */
bool cv_call_is_apart(const struct cv_calls *c, const struct cv_place *a,
		      const struct cv_place *b);
/** Name of its [peer]; NULL: none. */
const char *cv_call_peer(const struct cv_party *p);
/** Counts the call at the party's peer, once when both are of the same. EBUSY: that has
 * its share. */
int cv_call_admit(struct cv_party *p);
/** Counts it no more. */
void cv_call_leave(struct cv_party *p);
/** Tells the packet path how media of @p p is treated: what its [peer] says, else
 * [media]. */
void cv_call_manner(const struct cv_party *p);
/** The same in another session, where it stands at @p end. */
void cv_call_manner_in(const struct cv_party *p, struct cv_media *m, enum cv_end end);
/** From now on @p p is who @p was was in a call that ends: of the same [peer], and
 * counted there. Unchanged when memory is short. */
void cv_call_party_move(struct cv_party *p, struct cv_party *was);

/* sub.c */

/** Ends all requests and subscriptions without a word. */
void cv_subs_close(struct cv_calls *c);
/** Takes both legs of a call that ends, but for the NOTIFYs of a REFER that @p asker sent
 * in it. EBUSY: too many stand; ESTALE: a leg is gone; ENOMEM. */
int cv_sub_adopt(struct cv_call *call, struct cv_party *asker);

/* sub_table.c */

/** show subscriptions */
int cv_subs_show(struct cv_out *out, int argc, const struct cv_str *argv, void *arg);

/* pair.c */

extern const struct cv_leg_events cv_call_events;
extern const struct cv_fan_owner cv_call_fan_owner;

/** Makes a pair for @p in; NULL: for an INVITE of our own, as if @p from had sent it.
 * ENOMEM; ENOBUFS: CV_CALL_TXNS are open. */
int cv_pair_new(struct cv_pair **pp, struct cv_party *from, struct cv_txn *in);
/** Sends it on to the other party; @p to only out of dialog. ESTALE: nobody there. */
int cv_pair_send(struct cv_pair *p, const struct cv_msg *m, const struct cv_target *to);
/** Takes it out of its call, transactions forget it; an offer in it is undone. */
void cv_pair_drop(struct cv_pair *p);
/** Answers an incoming transaction by ourselves. */
void cv_pair_reply(struct cv_txn *t, uint16_t status);
/** Acknowledges the 2xx of an INVITE pair without a body. */
void cv_pair_ack(struct cv_pair *p);

/* probe.c */

/** The call was answered: from now on it is looked at. */
void cv_probe_start(struct cv_call *call);
/** Neither party's media is heard any more: are they there? */
void cv_probe_doubt(struct cv_call *call);
/** A response; false: not to an OPTIONS of ours. May end the call. */
bool cv_probe_hears(struct cv_party *from, const struct cv_txn *t,
		    const struct cv_msg *m);
/** The call is over. */
void cv_probe_end(struct cv_call *call);

/* offer.c */

/** A body on its way: as it came or rewritten. buf is freed by cv_pass_done(). */
struct cv_pass {
	struct cv_msg m; /* body points into the message that came or into buf */
	struct cv_buf buf;
};

/**
 * Takes what @p from says in @p m, a message of pair @p p, through the offer
 * and answer rules and the packet path, into @p out. EBADMSG: an address in it
 * can't be read; EINPROGRESS: an offer of the other party waits for its answer;
 * EALREADY: one of its own does; ENOSPC and others of media->set. On error nothing
 * has changed.
 */
int cv_offer_pass(struct cv_pair *p, enum cv_end from, const struct cv_msg *m,
		  struct cv_pass *out);
void cv_pass_done(struct cv_pass *out);
/** Pair @p p is over: an offer in it that was not agreed is undone, in media too. */
void cv_offer_undo(struct cv_pair *p);
/** Closes the media session; what was said is forgotten. */
void cv_offer_close(struct cv_call *call);
/** Name of media @p stream as either party called it, "stream" when unknown. */
const char *cv_offer_stream_name(const struct cv_call *call, size_t stream);

/* talk.c */

/** The talk with a fork; CV_FORK_ALL: the call's own, which is the only one after the
 * answer. NULL: it has said nothing. */
struct cv_talk *cv_talk_find(struct cv_call *call, uint32_t fork);
/** The same, made when there is none. ENOMEM. */
int cv_talk_get(struct cv_talk **tp, struct cv_call *call, uint32_t fork);
/** The fork has answered: what the others said is forgotten, in media too. */
void cv_talk_choose(struct cv_call *call, uint32_t fork);
/** The INVITE is going to be sent again: what rang is forgotten. */
void cv_talk_anew(struct cv_call *call);
/** All is forgotten. */
void cv_talk_end(struct cv_call *call);
/** What @p to is shown in o= of the dialog that this talk is for it, @p shown being the
 * host of ours that it is shown now. */
struct cv_origin *cv_talk_origin(struct cv_call *call, struct cv_talk *t, enum cv_end to,
				 const struct cv_addr *shown);

/* face.c */

/** What the INVITE @p m of the call says, as its target at @p place is shown it. Errors
 * of media->face. */
int cv_face_pass(struct cv_call *call, const struct cv_place *place,
		 const struct cv_msg *m, struct cv_pass *out);
/** What targets that were shown this host of ours were shown in o=; NULL: there are none,
 * or they are the first. */
const struct cv_origin *cv_face_origin(const struct cv_call *call,
				       const struct cv_addr *shown);

/* origin.c */

/** Writes the description with the o= line that fits what was shown before. Errors of
 * cv_sdp_rewrite(). */
int cv_origin_write(struct cv_origin *o, const struct cv_sdp *s, struct cv_sdp_edit *edit,
		    struct cv_buf *to);
/** The same without a relay: it passes as it was said until we have counted once. */
int cv_origin_pass(struct cv_origin *o, const struct cv_sdp *s, struct cv_sdp_edit *edit,
		   struct cv_buf *to);
/** The host of ours in what is shown: of the first live flow; unset: none is live. */
struct cv_addr cv_origin_shown(const struct cv_flow *v, size_t c);
/** What we put in o= for good, and in place of addresses of streams without media: what
 * was shown first; with no stream live so far the "no address" of @p family. */
struct cv_addr cv_origin_host(struct cv_origin *o, const struct cv_addr *shown,
			      sa_family_t family);
void cv_origin_copy(struct cv_origin *to, const struct cv_origin *from);
void cv_origin_free(struct cv_origin *o);

/* part.c */

/** Session description inside a body of @p type: the body itself, or the first
 * application/sdp part of a multipart one. ENOENT: it holds none; EBADMSG: can't tell. */
int cv_part_find_sdp(struct cv_str type, struct cv_str body, struct cv_str *sdp);

/* table.c */

void cv_call_link(struct cv_call *call);
void cv_call_unlink(struct cv_call *call);
/** Puts the call under its media session's id, once that exists. */
void cv_call_link_media(struct cv_call *call);
/** Call by key: the next one after @p prev, or the first. */
struct cv_call *cv_calls_find_key(const struct cv_calls *c, struct cv_str key,
				  const struct cv_call *prev);
/** Draws an id that no call has into @p id, which is CV_CALL_ID_LEN + 1 zero bytes. EIO:
 * no random numbers. */
int cv_call_id_draw(struct cv_calls *c, char *id);
const char *cv_call_state_name(enum cv_call_state s);

/* trail.c */

/** Where a call was before, by what its request says, or else by the call it continues.
 * EALREADY: a loop; ELOOP: too often. */
int cv_call_trail(const struct cv_calls *c, const struct cv_request *rq,
		  struct cv_trail *t);
/** Makes a call that was just sent on with @p m found by those that continue it. */
void cv_call_trail_link(struct cv_call *call, const struct cv_msg *m);

/* past.c */

/** Remembers one message that came from or went to the party at @p end. What several
 * targets are asked is noted for each of them alone. */
void cv_ladder_note(struct cv_call *call, enum cv_end end, enum cv_ladder_way way,
		    const struct cv_msg *m);
/** The same for one of several targets behind B, from 1. */
void cv_ladder_note_target(struct cv_call *call, unsigned target, enum cv_ladder_way way,
			   const struct cv_msg *m);
/** Prints list "ladder" into the object that is open. */
void cv_ladder_show(const struct cv_ladder *l, struct cv_out *out);
/** Notes the state of its media while that is there. */
void cv_past_note(struct cv_call *call);
/** Keeps what remains of a call that ends; the oldest makes room. */
void cv_past_keep(struct cv_call *call, const struct cv_call_end *e);
/** The same of one that was refused at once, and its line in the log. */
void cv_past_refused(struct cv_calls *c, const struct cv_request *rq, int err);
/** Drops all. */
void cv_past_forget(struct cv_calls *c);
/** NULL: none of that id. */
struct cv_past *cv_past_find(const struct cv_calls *c, struct cv_str id);

/* show.c */

/** Registers commands and gauges; EEXIST. */
int cv_calls_show_start(struct cv_calls *c);
void cv_calls_show_stop(struct cv_calls *c);

/* story.c: the lines a call leaves behind */

void cv_call_log_start(const struct cv_call *call);
void cv_call_log_answer(const struct cv_call *call);
void cv_call_log_end(const struct cv_call *call, const struct cv_call_end *e);
/** Why a call was refused by us, in a word for the log. */
const char *cv_call_refusal_name(int err);
/** The same as a sentence for explain. */
const char *cv_call_refusal_why(int err);
/** Evidence of route, places and relay. */
void cv_call_explain_start(struct cv_call *call);
/** Adds to @p ev who of an answered call has sent no media, and what was dropped. */
void cv_call_explain_media(const struct cv_call *call, struct cv_evid *ev);

#endif
