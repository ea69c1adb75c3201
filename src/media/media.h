/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Media sessions as signalling sees them. Knows flows and packets; has never
 * heard of SIP or SDP.
 *
 * The story of a session: cv_media_open() makes it for two places; nothing is
 * on the wire yet. The first cv_media_set() from one end takes a port pair on
 * the point that faces the *other* end, for each flow, and returns what we say
 * there; the answer from the other end takes the pairs facing the first. From
 * then on our ports of this leg and m-line never change. The
 * sockets are opened on the signalling thread and handed over by message; the
 * media thread that gets a stream owns it to its end. It latches each source
 * (media/latch.c has the rules), forwards, counts, and reports by message:
 * latched, silent, idle. A later set() from either end only changes what is
 * expected and where to send; port 0 ends that stream. Several phones may ring at
 * end B (forks): they share our ports, each has its own descriptions and latch,
 * end A hears and reaches one (cv_media_hear()) until one has answered
 * (cv_media_choose()). Those that stand at different points of ours (one in the
 * LAN, one outside) have a face each: cv_media_face() says what the offer shows
 * there, on pairs of its own, and what comes by them is of who stands there;
 * with the choice all faces but one give their pairs back. cv_media_close() takes
 * everything back: the thread closes the sockets and says so, then the numbers
 * go through quarantine to the pool.
 *
 * All functions run on the signalling thread and never wait.
 */
#ifndef CV_MEDIA_MEDIA_H
#define CV_MEDIA_MEDIA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cmd.h"
#include "base/flow.h"
#include "base/stat.h"
#include "loop/loop.h"
#include "net/place.h"

enum {
	CV_MEDIA_FLOWS = 32, /* m-lines of one session */
	CV_MEDIA_FACES = 4,  /* points of ours towards those who ring at one end: lan and
				wan, IPv4 and IPv6 */
	CV_MEDIA_THREADS = 64,
	CV_MEDIA_SESSIONS = 65536, /* counters arena */
};

struct cv_media_plane;
struct cv_media;

enum cv_media_what {
	CV_MEDIA_LATCHED = 0, /* first packet of an end: seen says from where */
	CV_MEDIA_MOVED,       /* re-latched after a new offer or answer */
	CV_MEDIA_SILENT,      /* nothing from either end for idle_ms; the latches are open
				 again */
	CV_MEDIA_ONE_WAY,     /* one end talks, the other has been silent for idle_ms */
	CV_MEDIA_IDLE,        /* nothing from either end for hold_ms: the call is dead */
	CV_MEDIA_REPORTED, /* of an end that is watched: cv_media_watched() says more */
};

/** Why a source was believed: of the first one, or of one that the end moved to. The
 * rules are in media/latch.c. */
enum cv_media_proof {
	CV_PROOF_NONE = 0, /* nobody was learnt yet */
	CV_PROOF_FIRST,    /* first packet from a host that signalling names */
	CV_PROOF_ANY,      /* first packet from anywhere: latch = any */
	CV_PROOF_SAID,     /* it is the very address that its description says */
	CV_PROOF_RUN,      /* signalling spoke; same SSRC, its numbers go on */
	CV_PROOF_REBOUND,  /* the same, without signalling: only its port is another */
	CV_PROOF_NEW,      /* signalling spoke, the old source is silent: a new stream */
};

/** The word for it in JSON: "none", "first", ... */
const char *cv_media_proof_name(enum cv_media_proof p);
/** The same as a sentence for explain. */
const char *cv_media_proof_why(enum cv_media_proof p);

/** Up from the packet path, by message only: id and generation, never a pointer. */
struct cv_media_event {
	uint32_t id, gen;
	uint8_t stream, end, fork;
	enum cv_media_what what;
	struct cv_addr seen;
	enum cv_media_proof proof;
};

typedef void cv_media_event_fn(const struct cv_media_event *ev, void *arg);

/** Plain data; copied. */
struct cv_media_conf {
	uint16_t port_lo, port_hi; /* UDP */
	uint16_t tcp_lo, tcp_hi;   /* TCP; 0: none, streams over TCP are refused */
	unsigned threads; /* 0: one a core */
	unsigned dscp;
	uint32_t idle_ms, hold_ms;
	bool latch_any;   /* accept the first packet from anywhere (latch = any) */
	uint32_t keep_ms; /* as in struct cv_manner */
	const struct cv_net *net; /* borrowed; outlives the plane */
	struct cv_loop *loop;     /* signalling loop; borrowed */
	struct cv_stats *stats;   /* borrowed */
	struct cv_cmds *cmds;     /* `show media` is registered here; may be NULL */
	cv_media_event_fn *event; /* on the signalling thread */
	void *arg;
};

/** Starts the threads. EINVAL, ENOMEM, EMFILE, EAGAIN. cv_media_plane_close() first ends
 * sessions and joins threads, then cv_mem_unref(). */
int cv_media_plane_open(struct cv_media_plane **pp, const struct cv_media_conf *conf);
void cv_media_plane_close(struct cv_media_plane *p);
/** Replaces the net after a reload, or when a listening point shows another address;
 * sessions that exist keep what they have. */
void cv_media_plane_net(struct cv_media_plane *p, const struct cv_net *net);

/** Makes a session between the places of end A and end B for up to @p flowc m-lines.
 * EINVAL, ENOMEM, ENOSPC (arena full). */
int cv_media_open(struct cv_media **mp, struct cv_media_plane *p,
		  const struct cv_place *a, const struct cv_place *b, size_t flowc);
/**
 * End @p from says @p in, with @p fork of end B, CV_FORK_ALL: whichever is heard; @p out
 * receives what we say to the other end in its name (dir copied; mux copied until the
 * other end has spoken, from then on its own, and RTCP is bridged). Flows with port 0 or
 * carry NONE are copied; idle_ms 0 stands for the plane's. ENOSPC: no port free;
 * EADDRNOTAVAIL: no point faces the other end; ENOBUFS: the thread's queue is full;
 * E2BIG: more than CV_MEDIA_FLOWS flows; ENOTSUP: carry TUNNEL, or a line that was
 * carried by UDP is to be by TCP. On error the session is as it was before. A stream over
 * TCP for which nobody could connect (media/setup.h) has port 0 in @p out. One that is
 * refused by port 0 keeps its ports until cv_media_choose(): another fork may take it, or
 * the offer be refused. The first fork that says something is heard, any other only on
 * demand.
 */
int cv_media_set(struct cv_media *m, enum cv_end from, uint32_t fork,
		 const struct cv_flow *in, struct cv_flow *out, size_t flowc);
/**
 * What end A has said to all of end B, as who stands at @p place is shown it: @p in is
 * what cv_media_set() gave for it; @p out has our address that faces the place, on pairs
 * of their own when it is another one than @p in shows, else it is the same. The same
 * again for who stands at the CV_MEDIA_FACES+1st, or while it only watches. Errors of
 * cv_media_set(), then the session is as it was.
 */
int cv_media_face(struct cv_media *m, const struct cv_place *place,
		  const struct cv_flow *in, struct cv_flow *out, size_t flowc);
/** Closes sockets and keeps the numbers, or reopens on them. EADDRINUSE, ENOBUFS. */
int cv_media_park(struct cv_media *m, bool parked);
/** From now on the session only watches: cv_media_set() leaves RTP where it was said and
 * has RTCP come by us, in clear and on a port of its own; false: it relays again, on the
 * same ports. What was reported before is forgotten. ENOBUFS. */
int cv_media_watch(struct cv_media *m, bool on);
/** What an end has reported of its sound since then. */
void cv_media_watched(const struct cv_media *m, enum cv_end end, struct cv_flow_watch *w);
/** Ends the session; accepts NULL. */
void cv_media_close(struct cv_media *m);
/** Place of an end changed (phone moved, peer answered from elsewhere) or one of the
 * phones that ring at end B is elsewhere: what may be latched follows. @p fork:
 * CV_FORK_ALL for all of them; of end A not used. The same place again changes nothing.
 * The first place of a fork tells by which face it speaks, which stays, and so do our
 * ports. */
void cv_media_place(struct cv_media *m, enum cv_end end, uint32_t fork,
		    const struct cv_place *place);
/** How an end is treated from now on, whoever it is; at first as the plane's
 * configuration says. */
void cv_media_manner(struct cv_media *m, enum cv_end end, const struct cv_manner *is);
/** From now on end A hears this fork and is heard by it. ENOENT: it has said nothing;
 * ENOBUFS. */
int cv_media_hear(struct cv_media *m, uint32_t fork);
/** This fork has answered: the others are strangers. One that said nothing at all: the
 * one that is heard stays. Then and after each exchange that was agreed on later: streams
 * that either end refused end, their ports come back. */
void cv_media_choose(struct cv_media *m, uint32_t fork);
/** The call is made again on the same ports: what end B said is forgotten. */
void cv_media_anew(struct cv_media *m);

/** What we say of our ports from now on is what the net says of their listening points;
 * the ports stay. The next cv_media_set() tells it. */
void cv_media_readdress(struct cv_media *m);

uint32_t cv_media_id(const struct cv_media *m);
uint32_t cv_media_gen(const struct cv_media *m);

/** What is known of one stream's end now; plain data, read without asking the thread. */
struct cv_media_report {
	struct cv_addr local, remote; /* our port; where we send, unset while waiting */
	bool latched;
	enum cv_media_proof proof; /* why remote is believed, when it was learnt */
	uint64_t rtp_in, rtp_out, rtcp_in, rtcp_out, bytes_in;
	uint64_t foreign; /* dropped: not from who may speak */
	uint64_t refused; /* of those: a move to there was not proven */
	uint64_t wait;    /* dropped: this end has no address yet */
	uint64_t lost;    /* by sequence gaps */
	uint64_t unheard; /* dropped: early media of a fork that end A doesn't hear */
};

/** Fills @p r; ENOENT when there is no such stream. */
int cv_media_report(const struct cv_media *m, size_t stream, enum cv_end end,
		    struct cv_media_report *r);
/** What passed @p end so far. Accepts NULL: nothing. */
void cv_media_sum(const struct cv_media *m, enum cv_end end, struct cv_flow_sum *sum);
/** Prints list "streams" into the object that is open. Accepts NULL. */
void cv_media_show(const struct cv_media *m, struct cv_out *out);

#endif
