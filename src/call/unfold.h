/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Media loops: a call that goes out to a PBX and comes back to us is two calls
 * of ours, X and Y, and what the PBX says in Y is what we showed it in X.
 * Private to src/call; signalling thread.
 *
 * The story: each call takes its ports as any other and shows the PBX its own
 * addresses; nothing else ever goes there. When a description names an address
 * of ours it is followed, by shown.c, to the call and the party it stands for,
 * from call to call until a party speaks for itself: the outer one (lead.c).
 * Whom the description is for, the other outer one, is told that party's own
 * address, or that of one relay between the two when they need it (unfold.c).
 * When both outer parties were told so, what each call has of its own isn't used
 * any more and is parked: sockets closed, numbers kept. When the way no longer holds
 * (the PBX puts somebody else through, a call ends) all is opened again on the same
 * numbers, and who was told another address is told ours, by the next description or
 * by a re-INVITE of our own.
 */
#ifndef CV_CALL_UNFOLD_H
#define CV_CALL_UNFOLD_H

#include "call/call_int.h"

enum {
	CV_LEAD_HOPS = 8,                      /* calls of ours in a row */
	CV_CHAIN_MAX = 4 * (CV_LEAD_HOPS + 1), /* calls that hang together, before a
						  change and after it */
};

/** A party of a call. */
struct cv_where {
	struct cv_call *call;
	enum cv_end end;
};

static inline bool cv_where_eq(const struct cv_where *a, const struct cv_where *b)
{
	return a->call == b->call && a->end == b->end;
}

static inline enum cv_end cv_end_other(enum cv_end end)
{
	return end == CV_END_A ? CV_END_B : CV_END_A;
}

/** Calls that hang together; borrowed for a moment. */
struct cv_chain {
	struct cv_call *v[CV_CHAIN_MAX];
	size_t c;
};

/** What a call has when it is part of a loop. */
struct cv_unfold {
	struct cv_call *call;   /* owner */
	bool is_whole;          /* both outer parties were told; what follows is so */
	bool is_parked;         /* the call's own media session */
	enum cv_reason reason;  /* of the outer pair, as decided last */
	struct cv_media *outer; /* relay between the outer pair; owned; NULL: none */
	enum cv_end outer_for;  /* its end that stands for somebody of another call */
	bool is_outer_parked;
	bool is_watch;          /* it only watches: both stand behind one NAT (trial.c) */
	bool is_proven;         /* and they hear each other, */
	bool is_timed;          /* the trial's timer runs */
	struct cv_addr way[2];  /* with media to these; by end */
	struct cv_timer *trial; /* they are to, by then; owned; NULL: never watched */
	struct cv_lines *face;  /* what it shows to that one; owned; NULL: nothing yet */
	uint32_t outer_key[2];  /* its id and generation */
	struct cv_hash_node by_outer;
	struct cv_timer *timer; /* someone has to be told again */
	unsigned tries;         /* how often that was tried in vain */
	bool is_stuck;          /* a session could not be parked or opened */
};

/** A description on its way: what offer.c gives and what becomes of it. */
struct cv_unfold_work {
	const struct cv_pair *pair;
	const struct cv_msg *m;
	struct cv_party *from, *to;
	const struct cv_talk *talk;
	const struct cv_sdp *sdp;
	struct cv_lines *lines;   /* for tell() */
	const struct cv_flow *in; /* as it came */
	struct cv_flow *out;      /* as we show it ourselves; then what is told */

	struct cv_lead lead; /* follow() */
	struct cv_chain was; /* calls that hung together before */
	const char *why_not; /* an address of ours, but it isn't followed; NULL */
};

/* shown.c */

/** An address that we showed a party in place of the other one. */
struct cv_shown {
	struct cv_hash_node node;
	struct cv_list in_call;
	struct cv_call *call;
	const struct cv_media *of; /* whose port it is; never read */
	enum cv_end end;           /* whom it stands for */
	size_t line;
	struct cv_addr rtp, rtcp;
	bool mux;
	uint64_t sum; /* cv_sdp_media_sum() of what was shown */
	uint8_t key[20];
};

/** Remembers that session @p of of the call showed @p out, in place of what the party at
 * @p end says in m-line @p line. ENOMEM. */
int cv_shown_put(struct cv_call *call, const struct cv_media *of,
		 const struct cv_shown *what);
/** The same of all that w says, as session @p of shows it: @p out. */
void cv_shown_note(const struct cv_unfold_work *w, const struct cv_media *of,
		   const struct cv_flow *out);
/** Whose address it is; NULL: none that we showed. */
const struct cv_shown *cv_shown_find(const struct cv_calls *c, const struct cv_addr *a);
/** Forgets what session @p of showed; NULL: all that the call showed. */
void cv_shown_drop(struct cv_call *call, const struct cv_media *of);

/* lead.c */

/** What a party says now, when it is one; NULL: nothing, or several ring. */
struct cv_lines *cv_lead_said(struct cv_call *call, enum cv_end end);
/** The call it leads to; NULL: nowhere, or that has ended. */
struct cv_call *cv_lead_call(const struct cv_calls *c, const struct cv_lead *l);
/** Who really speaks at @p end of @p call. ELOOP: nobody, it goes in a circle. */
int cv_lead_outer(struct cv_where *o, struct cv_call *call, enum cv_end end);
/** What the other party was told for what this one says. */
enum cv_told cv_lead_told(struct cv_call *call, enum cv_end end);
/** Neither party of this call is an outer one. */
bool cv_lead_is_between(struct cv_call *call);
/** Both outer parties of this call lead to each other. */
bool cv_lead_is_mutual(struct cv_call *call);
/** All calls that hang together with this one, itself first. */
void cv_chain_take(struct cv_chain *ch, struct cv_call *call);
/** One more, unless it is in it; or no room, which a chain that was taken leaves. */
void cv_chain_add(struct cv_chain *ch, struct cv_call *call);
/**
 * Finds where a description leads that names addresses of ours. ELOOP: to itself, or in
 * a circle. Nowhere is no error: then lead is empty, and why_not says why one of ours
 * isn't followed.
 */
int cv_lead_find(struct cv_unfold_work *w);

/* outer.c */

/** Puts what @p far says, @p said, into the relay between it and the party that hears w,
 * which is told its port. Errors of media->open and set; EBUSY: there is one between
 * others. */
int cv_outer_tell(struct cv_unfold_work *w, const struct cv_where *far,
		  const struct cv_lines *said);
/** That relay hears what its own party, at @p from, says, and has a port for the other.
 */
void cv_outer_hear(struct cv_call *call, enum cv_end from, const struct cv_lines *said);
/** What the relay of @p far's call shows the party that hears w; NULL: it has none
 * between just these two. */
const struct cv_lines *cv_outer_face(const struct cv_unfold_work *w,
				     const struct cv_where *far);
void cv_outer_drop(struct cv_unfold *u);
/** All was said: when it watches, the outer parties are to hear each other from now on.
 */
void cv_outer_try(struct cv_call *call);

/* park.c */

/** Makes the call part of a loop. ENOMEM. */
int cv_unfold_need(struct cv_call *call);
/** An outer party that was told ours although it was told again for another. */
bool cv_unfold_is_lost(const struct cv_where *outer);

/* unfold.c */

/** The same streams live in what came and in what is said. */
bool cv_unfold_fits(const struct cv_unfold_work *w, const struct cv_lines *said);

/* for offer.c, talk.c and pair.c */

/** Before a description is kept: where does it lead? EBADMSG: in a circle. */
int cv_unfold_follow(struct cv_unfold_work *w);
/** Decides what the other party is told in place of our own address. */
void cv_unfold_tell(struct cv_unfold_work *w);
/** After it was kept. */
void cv_unfold_kept(struct cv_unfold_work *w);
/** What was said in this call is another thing now; @p was: what hung together before. */
void cv_unfold_review(struct cv_call *call, const struct cv_chain *was);
/** What the party of this relay say was undone: it is told again. */
void cv_unfold_repeat(struct cv_call *call);
/** The INVITE is going to be sent again, to the same place or another. */
void cv_unfold_anew(struct cv_call *call);
/** Our own address may be another. */
void cv_unfold_readdress(struct cv_call *call);
/** A party is elsewhere. */
void cv_unfold_moved(struct cv_call *call);
/** Ends what the call has here. */
void cv_unfold_close(struct cv_call *call);

/* for show.c and story.c */

/** Why there is a relay in this call, or none, as it is now. */
enum cv_reason cv_unfold_reason(const struct cv_call *call);
/** The media session that carries this call's media; NULL: none does. */
struct cv_media *cv_unfold_media(const struct cv_call *call);

#endif
