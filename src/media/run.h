/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The run of a talker's RTP packets: who it says it is, and how far it has
 * counted (RFC 3550 5.1). Pure; knows headers, no sockets.
 *
 * The proof of rule 5 in latch.c: a packet from elsewhere is of the same
 * talker when its identifier is the same and its numbers and its clock go on
 * where the run stands. That isn't authentication, but who can't read the
 * stream has to guess 32 bits of identifier, and who only replays what he read
 * is behind the run. It never is the only condition.
 */
#ifndef CV_MEDIA_RUN_H
#define CV_MEDIA_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "net/pkt.h"

/** What the head of an RTP packet says. */
struct cv_rtp {
	uint32_t ssrc, ts;
	uint16_t seq;
};

/** Where a talker stands. All zero: not heard yet. */
struct cv_run {
	struct cv_rtp last; /* the newest of its packets */
	uint64_t at_ms;     /* when that came */
	bool is_known;
};

/** Reads the head. False: the packet has none. */
bool cv_rtp_read(struct cv_rtp *h, const struct cv_pkt *pkt);
/** Who sent a packet of RTCP says it is. False: the packet is too short. */
bool cv_rtcp_ssrc(uint32_t *ssrc, const struct cv_pkt *pkt);

/** Notes a packet of the talker itself. One that came late changes nothing, another
 * identifier or a jump begins a new run. */
void cv_run_take(struct cv_run *r, const struct cv_pkt *pkt);
/** True when the packet goes on with this run, wherever it comes from: strictly ahead of
 * it, by no more than the time since allows. */
bool cv_run_goes_on(const struct cv_run *r, const struct cv_pkt *pkt);

#endif
