/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Does a router on the way rewrite a phone's SIP text (a SIP ALG)? Evidence
 * and verdict of one registration, pure. Signalling thread.
 *
 * The story: such a router changes some of the addresses a phone writes and
 * forgets others, so that a message contradicts itself in a way no phone does.
 * A phone's first REGISTER counts most: it can't know its NAT's address yet,
 * later ones may have learned it from our received and rport. What it says of
 * itself by itself, as STUN makes it do, is the same in Via, Contact and SDP
 * and no evidence. The proof is a canary: an address in our keepalive that the
 * phone must send back as it came. Nothing is judged on IPv6 and on streams.
 */
#ifndef CV_BIND_ALG_H
#define CV_BIND_ALG_H

#include <stdbool.h>

#include "base/addr.h"
#include "base/cmd.h"

enum cv_alg_verdict { CV_ALG_NO = 0, CV_ALG_SUSPECTED, CV_ALG_YES };

/** What was rewritten; bits. */
enum cv_alg_what {
	CV_ALG_VIA = 1,
	CV_ALG_CONTACT = 2,
	CV_ALG_SDP = 4,
	CV_ALG_LENGTH = 8, /* Content-Length was not adjusted */
	CV_ALG_FROM = 16,  /* and what else repeats an address */
};

enum {
	CV_ALG_WORDS = 64,    /* bytes for the names of all of them */
	CV_ALG_BACK = 48,     /* of a canary that came back */
	CV_ALG_PHONES = 1024, /* whose first REGISTER is remembered, more or less */
};

/** Addresses of one REGISTER; unset where a name was written. Plain data. */
struct cv_alg_look {
	struct cv_addr seen, via, contact;
	bool seen_nated, via_nated, contact_nated; /* by [network] nated */
	bool stream;
};

/** What a first REGISTER was found to say; small, for a table of phones. */
struct cv_alg_first {
	uint8_t likely, sure; /* bits of cv_alg_what */
	bool open;            /* Via and Contact both bore the NAT's address */
};

/** One that has registered lately; for tables in which one takes another's place. */
struct cv_alg_phone {
	uint64_t phone; /* hash of who it is; 0: nobody */
	struct cv_alg_first first;
};

/** Addresses of a body, unset where there are none. */
struct cv_alg_sdp {
	struct cv_addr c, o; /* of the first c= and of o= */
	bool c_nated;
};

enum cv_alg_canary { CV_ALG_UNTRIED = 0, CV_ALG_INTACT, CV_ALG_ALTERED };

/** All that is known for one registration. All zero: nothing. Plain data. */
struct cv_alg {
	uint8_t likely, sure;    /* bits of cv_alg_what */
	uint8_t by_canary;       /* what the last canary proved, bits of the same */
	bool open;               /* as above */
	struct cv_alg_look look; /* of the last REGISTER */
	struct cv_alg_sdp sdp;   /* of the last offer or answer; unset: none yet */
	unsigned said, had; /* Content-Length and body of the last broken one; 0: none */
	enum cv_alg_canary canary;
	struct cv_addr sent;    /* host of the last canary */
	char back[CV_ALG_BACK]; /* as it came back, cut */
};

/** Judges a REGISTER of a phone that was told nothing yet. */
struct cv_alg_first cv_alg_first_of(const struct cv_alg_look *l);
/** Takes a REGISTER into @p a; @p first: of the first one of that phone. What was known
 * stays while the phone comes from the same host, but for what the REGISTER disproves. */
void cv_alg_register(struct cv_alg *a, const struct cv_alg_look *l,
		     const struct cv_alg_first *first);
/** Takes the evidence of @p from, a REGISTER that was accepted, into that of its
 * binding. */
void cv_alg_join(struct cv_alg *a, const struct cv_alg *from);
/** An offer or answer of the phone. */
void cv_alg_body(struct cv_alg *a, const struct cv_alg_sdp *sdp);
/** A body that is not as long as Content-Length says. */
void cv_alg_length(struct cv_alg *a, unsigned said, unsigned had);
/** A private address the phone is known to have, for a canary; unset: none. */
struct cv_addr cv_alg_inside(const struct cv_alg *a);
/** The canary, host of @p sent, came back in a header as @p back; NULL: it was left out,
 * which says nothing. A VIA opens a new test, the others add to it. */
void cv_alg_echo(struct cv_alg *a, enum cv_alg_what where, const struct cv_addr *sent,
		 const char *back);

/** First c= and o= of a body; names and what isn't SDP leave them unset. */
void cv_alg_sdp_read(struct cv_alg_sdp *sdp, struct cv_str body);

enum cv_alg_verdict cv_alg_verdict(const struct cv_alg *a);
/** "no", "suspected", "yes". */
const char *cv_alg_name(enum cv_alg_verdict v);
/** All bits there is evidence for. */
unsigned cv_alg_bits(const struct cv_alg *a);
/** Names of what is rewritten, "Via, Contact", into @p dst. Returns dst. */
const char *cv_alg_words(const struct cv_alg *a, char dst[CV_ALG_WORDS]);
/** Object "sip_alg" of `explain`: verdict, what was compared, advice. */
void cv_alg_show(const struct cv_alg *a, struct cv_out *out);

#endif
