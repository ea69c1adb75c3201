/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A scripted SIP party: a UDP socket or connections over TCP, what it remembers
 * of its conversations, and how it says the next message of one. It does nothing
 * by itself, except that it answers keepalives. Test's thread.
 *
 * The story: what arrives is heard (the conversation is noted by its Call-ID)
 * and becomes a line; what the script says becomes a message with the Via,
 * tags, CSeq and target that the conversation asks for.
 */
#ifndef CV_TESTS_REPLAY_SIP_PARTY_H
#define CV_TESTS_REPLAY_SIP_PARTY_H

#include <sys/socket.h>

#include "base/addr.h"
#include "player.h"
#include "sip_text.h"

enum {
	CV_STALKS = 40,  /* conversations of a party */
	CV_SASKED = 32,  /* requests it remembers having got */
	CV_SSENT = 16,   /* messages it can send again */
	CV_SHEARD = 512, /* messages it knows again */
	CV_STAGS = 8,
	CV_SBOUND = 4,
	CV_SORDERS = 4,
	CV_SPINGS = 1024,
	CV_SNAME = 16,
};

/** A conversation: what has one Call-ID. */
struct cv_stalk {
	unsigned nr; /* of those that INVITE or SUBSCRIBE began, from 1; 0: another */
	char call_id[256];
	char local[512], remote[600]; /* From and To of the party's requests */
	char target[512];             /* their Request-URI */
	bool mine;                    /* the party began it */
	unsigned fork;                /* it didn't: which of its forks has answered */
	uint32_t cseq;
	char invite[CV_STEXT];   /* the last INVITE sent; empty: none */
	char answer[CV_STEXT];   /* the last response to it */
	char rack[64];           /* of the last reliable 1xx */
	char tags[CV_STAGS][64]; /* To tags heard, in order */
	size_t tagc;
};

struct cv_sasked {
	char text[CV_STEXT];
	size_t talk;
	bool answered;
};

/** What a party always answers to a method; such requests are only counted. */
struct cv_sorder {
	char method[64], words[CV_STEXT_LINE], edits[CV_STEXT_LINE];
	unsigned heard;
};

struct cv_snat;

struct cv_sparty {
	char name[CV_SNAME], domain[64], shown[64];
	struct cv_addr addr, edge; /* its own; where it sends */
	bool peer, silent, pings_shown;
	bool stream;           /* it speaks TCP */
	struct cv_snat *nat;   /* that stands before it; owned; NULL: none */
	int fd;                /* of a stream: what it listens with */
	int conn;              /* the newest connection; -1: none */
	char in[2 * CV_STEXT]; /* what came over it and is no whole message yet */
	size_t inc;
	struct cv_stalk talks[CV_STALKS];
	size_t talkc,
		begun; /* those it knows; ever: the newest take the oldest's place */
	unsigned numbered;
	struct cv_sasked asked[CV_SASKED];
	size_t askedc; /* ever; the ring holds the last */
	char sent[CV_SSENT][CV_STEXT];
	size_t sentc; /* the same */
	uint64_t heard[CV_SHEARD];
	size_t heardc; /* the same */
	struct {       /* Contacts of REGISTERs that came, by user */
		char user[CV_SNAME], uri[256];
	} bound[CV_SBOUND];
	size_t boundc;
	char path[256];            /* Path of the last REGISTER that came with one */
	uint64_t pings[CV_SPINGS]; /* when */
	size_t pingc;
	const char *ping_kind; /* of the last one */
	struct cv_sorder orders[CV_SORDERS];
	size_t orderc;
	char taken[CV_STEXT];  /* the last message that was read as a line */
	char obeyed[CV_STEXT]; /* the last that a standing order answered */
	uint32_t branch;
	unsigned out; /* messages it has sent */
};

/** Opens its socket. Errno of bind(). */
int cv_sparty_open(struct cv_sparty *p);
void cv_sparty_close(struct cv_sparty *p);
/** Notes what @p text, which arrived, means and writes its line (CV_PLAYER_LINE bytes);
 * false: a keepalive or what a standing order answers, which have none. */
bool cv_sparty_hear(struct cv_sparty *p, struct cv_str text, char *line);
/** Sends bytes as they are. */
int cv_sparty_send(struct cv_sparty *p, struct cv_str text);
/** Takes the next message that came (CV_STEXT bytes) and when it was sent; false: none.
 */
bool cv_sparty_read(struct cv_sparty *p, char *text, uint64_t *stamp_ns);
/** When a datagram was sent, by the kernel's stamp. */
uint64_t cv_sparty_stamp(struct msghdr *m);
/** A conversation of which nothing is known yet. */
struct cv_stalk *cv_sparty_begin(struct cv_sparty *p);
/** The conversation of that number; NULL: none. */
struct cv_stalk *cv_sparty_talk(struct cv_sparty *p, unsigned nr);

/** What a script says; see README for the words. */
struct cv_ssaid {
	unsigned nr;       /* conversation; 0: the first */
	const char *words; /* without edits */
	struct cv_str edits[12];
	size_t editc;
	char to[512]; /* Request-URI of what begins something; empty: it doesn't */
};

/** The standing order for a method; NULL: none. */
struct cv_sorder *cv_sparty_order(struct cv_sparty *p, struct cv_str method);
/** EINVAL: not an event; ENOENT: nothing it could belong to. */
int cv_sparty_say(struct cv_sparty *p, const struct cv_ssaid *said);

/* sip_nat.c: of a party behind a NAT */

/** Puts a NAT of these traits (culvert-natbox(8)) before a party that speaks UDP and
 * shows a private address. EINVAL: no such traits; ENOMEM. */
int cv_snat_new(struct cv_sparty *p, const char *words);
/** It is about to send to the edge: its hole is made, or made anew, and its socket is
 * there. EHOSTUNREACH: it can't. */
int cv_snat_out(struct cv_sparty *p);
/** What came from there finds its hole. */
bool cv_snat_lets_in(struct cv_sparty *p, const struct cv_addr *from);

/* sip_stream.c: of a party that speaks TCP */

int cv_sstream_open(struct cv_sparty *p);
int cv_sstream_send(struct cv_sparty *p, struct cv_str text);
/** Takes the next whole message (CV_STEXT bytes); false: none. */
bool cv_sstream_read(struct cv_sparty *p, char *text);
/** Closes its connection. */
void cv_sstream_hang_up(struct cv_sparty *p);

#endif
