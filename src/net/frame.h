/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where one SIP message ends and the next begins in a stream of bytes, and
 * which keepalives lie between them. Reads no header beyond Content-Length
 * and the top Via.
 *
 * The story: bytes collect in a buffer of the caller's; cv_frame_look() says
 * what stands at its front; the caller consumes that and calls cv_frame_next().
 * What two readers could understand in two ways is bad: its stream must end.
 */
#ifndef CV_NET_FRAME_H
#define CV_NET_FRAME_H

#include "base/buf.h"
#include "base/str.h"

enum cv_frame_what {
	CV_FRAME_MORE = 0, /* not complete yet */
	CV_FRAME_SKIP,     /* an empty line between messages (RFC 3261 7.5) */
	CV_FRAME_PING,     /* the second of two: answered by CRLF (RFC 5626 4.4.1) */
	CV_FRAME_MESSAGE,  /* a whole message with its body */
	CV_FRAME_BAD,      /* refuse and close */
};

/** One stream's position. All zero but max to start. */
struct cv_frame {
	size_t max;          /* bytes a message may have */
	size_t scanned;      /* bytes known not to hold the end of the header */
	size_t head, body;   /* bytes; head 0: its end was not seen yet */
	size_t via, via_len; /* the transport word of a request's top Via; via_len 0: a
				response */
	bool odd;            /* one empty line was skipped just before */
};

/** Looks at what has come, @p in from the front of the message. SKIP, PING, MESSAGE: @p
 * lenp bytes are to be consumed. BAD: @p status is the SIP status to refuse with. */
enum cv_frame_what cv_frame_look(struct cv_frame *f, struct cv_str in, size_t *lenp,
				 int *status);
/** What cv_frame_look() found was consumed. */
void cv_frame_next(struct cv_frame *f, enum cv_frame_what what);
/** Writes a refusal of the request that begins with @p in (as far as it came) into @p
 * out; ENOMSG: it isn't one that can be answered. */
int cv_frame_refuse(struct cv_buf *out, struct cv_str in, int status);

#endif
