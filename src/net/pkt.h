/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A packet in a thread's pool. Returned at the end of the batch; a stage that
 * must keep data copies it.
 */
#ifndef CV_NET_PKT_H
#define CV_NET_PKT_H

#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

enum {
	CV_PKT_HEADROOM = 64, /* room before data for tunnel and SRTP headers */
	CV_PKT_TAILROOM = 64, /* room behind for an authentication tag */
	CV_PKT_MAX = 2048, /* longest datagram taken; longer ones are cut and dropped */
};

/** What a datagram is, by its first bytes (RFC 7983, RFC 5761 4). */
enum cv_pkt_kind {
	CV_PKT_OPAQUE = 0, /* not looked at */
	CV_PKT_RTP,
	CV_PKT_RTCP,
	CV_PKT_DTLS,
};
/** Which socket of a port pair. */
enum cv_pkt_comp { CV_COMP_RTP = 0, CV_COMP_RTCP, CV_COMP_COUNT };

/** One datagram; all fields belong to the thread whose pool it lives in. */
struct cv_pkt {
	uint8_t *data; /* into buf, CV_PKT_HEADROOM bytes from its start when received */
	size_t len;    /* bytes of data */
	struct cv_addr from; /* source */
	struct cv_addr to;   /* where it is to be sent; set by the relay */
	uint64_t at_ms;      /* arrival, monotonic */
	uint8_t tos;         /* as received; 0 when unknown */
	uint8_t kind;        /* enum cv_pkt_kind; set by media/demux */
	uint8_t comp; /* enum cv_pkt_comp: socket it came by, then the one it leaves by */
	uint8_t face; /* which of several pairs towards one end it came by (media.h) */
	uint8_t buf[CV_PKT_HEADROOM + CV_PKT_MAX + CV_PKT_TAILROOM];
};

#endif
