/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A bed for media tests: a plane with real threads on loopback, parties with
 * real sockets, and a signalling loop that turns until a condition holds or
 * time is up. Points: 0 lan 127.0.0.1, 1 wan 127.0.0.2, 2 lan 127.0.0.3, which
 * is shown as 127.0.0.4. 127.0.9.0/24 stands for private addresses behind NATs,
 * 127.0.8.0/29 is one nat-systems entry.
 */
#ifndef CV_TESTS_UNIT_MEDIA_BED_H
#define CV_TESTS_UNIT_MEDIA_BED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cmd.h"
#include "base/flow.h"
#include "base/stat.h"
#include "media/media.h"
#include "net/place.h"

enum {
	BED_EVENTS = 256,
	BED_WAIT_MS = 5000, /* bound of every wait; none is that long when it passes */
	BED_LO = 21000,
	BED_HI = 21999,
};

struct bed {
	struct cv_net *net;
	struct cv_loop *loop;
	struct cv_timer *poll;
	struct cv_stats *stats;
	struct cv_cmds *cmds;
	struct cv_media_plane *plane;
	struct cv_media_conf conf;
	struct cv_media_event ev[BED_EVENTS];
	size_t evc;
	bool (*until)(void *arg);
	void *arg;
	uint64_t end_ms;
	bool is_met;
};

/** A party: RTP socket and RTCP socket on the next port. */
struct party {
	int rtp, rtcp;
	struct cv_addr addr; /* of rtp */
	uint16_t seq;
};

/** A plane that isn't open yet, with conf to change; then bed_start(). */
struct bed *bed_new(void);
void bed_start(struct bed *b);
void bed_free(struct bed *b);
/** Turns the signalling loop until @p fn holds; false when time is up. */
bool bed_wait(struct bed *b, bool (*fn)(void *arg), void *arg);
/** Turns it until an event of this kind has come; NULL when time is up. */
const struct cv_media_event *bed_event(struct bed *b, enum cv_media_what what);
size_t bed_count(const struct bed *b, enum cv_media_what what);
/** Turns it for what is under way now. */
void bed_turn(struct bed *b, unsigned ms);

struct cv_addr bed_addr(const char *text);
struct cv_place bed_place(enum cv_side side, const char *seen, uint8_t listen);
/** A flow that says @p rtp, sendrecv AVP, RTCP unset. */
struct cv_flow bed_flow(const struct cv_addr *rtp);

void party_open(struct party *p, const char *host);
void party_close(struct party *p);
/** Sends one RTP packet out of the RTP socket, marked with @p mark. */
void party_rtp(struct party *p, const struct cv_addr *to, uint8_t mark);
void party_rtcp(struct party *p, const struct cv_addr *to, uint8_t mark);
void party_send(int fd, const struct cv_addr *to, const void *data, size_t len);
/** Waits for a packet and takes it; its mark, or -1 when time is up. */
int party_get(int fd, struct cv_addr *from, unsigned wait_ms);

/** Waits for an empty packet, a keepalive, and takes what comes; false: another one, or
 * none in time. */
bool party_is_kept(int fd, unsigned wait_ms);

/** A call: A far behind a NAT at 127.0.1.1 that says a private address, B in the LAN. */
struct call {
	struct bed *bed;
	struct cv_media *m;
	struct party a, b;
	struct cv_flow to_a, to_b; /* what we said to them */
};

/** A bed with its plane open. */
struct bed *bed_open(void);
/** Parties and session, nothing said. */
void call_open(struct call *c, struct bed *bed);
void call_open_as(struct call *c, struct bed *bed, const struct cv_place *pa,
		  const struct cv_place *pb);
/** The end says @p f. */
void call_say(struct call *c, enum cv_end from, struct cv_flow f);
/** call_open(), A's offer and B's answer. */
void call_start(struct call *c, struct bed *bed);
void call_end(struct call *c);
/** Condition for bed_wait(): A's packets reach B. */
bool call_reaches(void *arg);

#endif
