/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What signalling and a media thread say to each other. Numbers, descriptors
 * and addresses by value, no pointer: the thread may become a process.
 *
 * Down, in order: PAIR hands over the two sockets of an end (the first one
 * makes the stream), EXPECT says who speaks there and where to send, PARK has
 * the sockets closed, KEEP those of all faces of an end but one, CLOSE ends
 * the stream, QUIT the thread. Up goes only
 * the number of a stream: what happened waits as bits in its cell of the
 * arena, so a stream has at most one message under way.
 */
#ifndef CV_MEDIA_MSG_H
#define CV_MEDIA_MSG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/flow.h"
#include "net/pkt.h"

enum {
	CV_MSG_ROOM = 1024, /* messages a mailbox holds, each way */
	CV_EXPECT_ALLOW = 3,
	CV_MEDIA_FORKS = 8, /* phones that ring at one end; a ninth takes the place of the
			       one that said something longest ago */
};

enum cv_mmsg_type {
	CV_MMSG_PAIR = 0,
	CV_MMSG_EXPECT,
	CV_MMSG_PARK,
	CV_MMSG_KEEP,
	CV_MMSG_CLOSE,
	CV_MMSG_QUIT,
};

/** What may come in as media of a stream. */
enum cv_mclass {
	CV_MCLASS_RTP = 0,  /* RTP and RTCP only */
	CV_MCLASS_RTP_DTLS, /* and DTLS, which passes through to the other end */
	CV_MCLASS_ANY,      /* fax and unknown: no look inside */
};

/** Hosts from lo to hi, ports ignored; unset: nobody. */
struct cv_hosts {
	struct cv_addr lo, hi;
};

/** @p a is one of them. */
static inline bool cv_hosts_have(const struct cv_hosts *h, const struct cv_addr *a)
{
	struct cv_addr host = *a;

	if (h->lo.family != a->family)
		return false;
	if (h->lo.scope == 0)
		host.scope = 0;

	return cv_addr_host_cmp(&h->lo, &host) <= 0 &&
	       cv_addr_host_cmp(&host, &h->hi) <= 0;
}

/** What is expected of one end. */
struct cv_expect {
	struct cv_addr to[CV_COMP_COUNT]; /* where to send until it has spoken; unset:
					     wait for its first packet */
	struct cv_hosts allow[CV_EXPECT_ALLOW]; /* who may be learnt as its source */
	enum cv_mclass class_;
	uint32_t idle_ms;           /* 0: silence is never reported */
	uint32_t fork;              /* whose these are, of those who ring at this end;
				       CV_FORK_ALL: nobody has said anything yet */
	uint8_t face;               /* by which of the end's pairs it speaks */
	bool reopen[CV_COMP_COUNT]; /* what was learnt may change with the next packet */
	bool follow; /* not behind a NAT: a new address in `to` is used at once */
	bool any;    /* anybody may be learnt */
	bool mux;    /* RTCP on the RTP port */
	bool spoken; /* this end has said its address; silence counts when both have */
	bool talks;  /* its direction says that packets come */
	bool aside;  /* this fork isn't the one that the other end hears */
	bool news;   /* it has just said this: the newest word of all forks */
	bool only;   /* the others are over */
	bool watch;  /* what it reports counts */
	bool fresh;  /* from now on */
	bool dial;   /* TCP: it waits for our connection at `to` */
};

struct cv_mmsg {
	enum cv_mmsg_type type;
	uint32_t slot; /* of the stream in the arena */
	uint8_t end;   /* enum cv_end; PAIR, EXPECT, KEEP */
	uint8_t face;  /* of the end; PAIR, KEEP */
	union {
		int fd[CV_COMP_COUNT]; /* PAIR: the thread's from now on; TCP: one that
					  listens, and -1 */
		struct cv_expect expect;
	} u;
};

/** A stream has bits waiting in its cell. */
struct cv_mnote {
	uint32_t slot;
};

/* Bits of a cell: what (enum cv_media_what) of end A from bit 0, of end B from bit 8 */
enum { CV_NOTE_END = 8 };
#define CV_NOTE_KEPT   (UINT32_C(1) << 29)
#define CV_NOTE_PARKED (UINT32_C(1) << 30)
#define CV_NOTE_CLOSED (UINT32_C(1) << 31)

#endif
