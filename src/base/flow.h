/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The values that cross all planes: where a party is (cv_place), what one m= line
 * asks of the packet path (cv_flow), and what came of it (cv_flow_sum, cv_flow_watch).
 * Plain data, no behaviour but names.
 */
#ifndef CV_BASE_FLOW_H
#define CV_BASE_FLOW_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/addr.h"
#include "base/str.h"

enum cv_side { CV_SIDE_LAN = 0, CV_SIDE_WAN, CV_SIDE_FAR };
enum cv_end { CV_END_A = 0, CV_END_B }; /* A called */
enum cv_transport { CV_TRANSPORT_UDP = 0, CV_TRANSPORT_TCP, CV_TRANSPORT_TLS };
#define CV_FORK_ALL UINT32_MAX /* in place of the number of an early dialog */
enum cv_carry { CV_CARRY_UDP = 0, CV_CARRY_TCP, CV_CARRY_TUNNEL, CV_CARRY_NONE };
enum cv_profile {
	CV_PROFILE_AVP = 0,
	CV_PROFILE_AVPF,
	CV_PROFILE_SAVP,
	CV_PROFILE_SAVPF,
	CV_PROFILE_UDPTL,
	CV_PROFILE_TCP,
	CV_PROFILE_OTHER,
};
enum cv_setup { /* who opens the connection (RFC 4145 4): who wrote it ... */
		CV_SETUP_UNSAID = 0, /* before RFC 4145: the answerer */
		CV_SETUP_ACTIVE,     /* ... does */
		CV_SETUP_PASSIVE,    /* ... waits for it */
		CV_SETUP_ACTPASS,    /* ... does as the other one likes */
		CV_SETUP_HOLDCONN,   /* ... wants none now */
};
enum cv_dir { CV_DIR_SENDRECV = 0, CV_DIR_SENDONLY, CV_DIR_RECVONLY, CV_DIR_INACTIVE };

enum { CV_LISTEN_NONE = 0xff }; /* no listening point of ours stands towards the party */

/** Where a party is, as far as media can reach it. Compared by value. */
struct cv_place {
	enum cv_side side;
	struct cv_addr seen; /* packet source, or next hop when we call; the NAT's face
				when side is FAR */
	sa_family_t family;  /* what it speaks: v4 to v6 always needs a relay */
	uint8_t listen;      /* index of the listening point that faces it, in the
				configuration; CV_LISTEN_NONE */
	uint8_t lan_group;   /* LAN networks with one number reach each other without us;
				meaningful when side is LAN */
	uint16_t nat_entry; /* 1 + index of the nat-systems entry that holds seen; 0: none
			     */
};

/** How an end is treated: as configured for its peer, or for all. */
struct cv_manner {
	bool latch_any;   /* the first packet counts, whoever sent it */
	bool is_peer; /* its connections may end at another host than its signalling */
	uint8_t dscp;     /* of media sent to it */
	uint32_t keep_ms; /* behind a NAT it gets a keepalive when nothing else was sent
			     for so long; 0: never */
};

/** Attribute lines that sdp/ does not interpret (a=crypto, fingerprint, ice-*,
 * candidate). Borrowed. */
struct cv_attrs {
	const struct cv_str *v;
	size_t c;
};

/** What one m= line asks of the packet path. Addresses and numbers by value; attribute
 * lists borrowed from the message. */
struct cv_flow {
	struct cv_addr rtp;  /* as signalled; port 0: refused or disabled m-line; latching
				may learn another address */
	struct cv_addr rtcp; /* equals rtp when mux; unset for TCP */
	enum cv_carry carry; /* NONE: an m-line that carries no media of its own
				(x-ms-message): passes untouched */
	enum cv_profile profile;
	enum cv_dir dir;     /* seen from the party that wrote it */
	uint32_t idle_ms;    /* silence before the flow counts as dead; 0: never */
	bool mux;            /* RTP and RTCP share one port */
	enum cv_setup setup; /* TCP only */
	bool tls;      /* TCP: with TLS inside, whose roles follow setup (RFC 8122) */
	bool own_path; /* TCP: its parties follow an address inside, not this one (MSRP
			  without RFC 6714) */
	const struct cv_attrs *crypt, *ice; /* may be NULL */
};

/** What passed one end of a media session so far, over all its streams. */
struct cv_flow_sum {
	uint64_t rtp_in, rtp_out, rtcp_in; /* packets */
	uint64_t lost;                     /* of this end's, by sequence gaps */
	uint64_t foreign;                  /* dropped: not from who may speak */
	uint64_t refused;                  /* of those: a move that wasn't proven */
	uint64_t wait;                     /* for this end, dropped: no address yet */
	struct cv_addr local;              /* our port that faces it, of the first stream;
					      unset: none */
	struct cv_addr remote;             /* where that sends to; unset while it waits */
};

/** What one end of a media session that is only watched has reported by RTCP. */
struct cv_flow_watch {
	bool reports, sends, hears; /* anything; that it sends; that it hears the other */
};

/** For logs and JSON: "lan", "wan", "far". */
const char *cv_side_name(enum cv_side side);
/** "udp", "tcp", "tls". */
const char *cv_transport_name(enum cv_transport t);
/** "active", ...; "" for UNSAID. */
const char *cv_setup_name(enum cv_setup setup);
/** "sendrecv", ... */
const char *cv_dir_name(enum cv_dir dir);

#endif
