/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Session descriptions (RFC 8866) as text that is edited in place of being
 * printed anew: every line we don't understand passes byte for byte, in order.
 *
 * The story: cv_sdp_parse() cuts the text into lines, finds the sections and
 * reads from each m= section what the packet path must know (struct cv_flow).
 * cv_sdp_rewrite() writes the text again with the addresses and ports of an
 * edit in c=, m=, o=, a=rtcp and without the lines that would lead media past
 * us. Pure: no state, no look-ups, names are never resolved. A text that can't
 * be read is refused, never passed on half rewritten.
 */
#ifndef CV_SDP_SDP_H
#define CV_SDP_SDP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/flow.h"
#include "base/str.h"

enum {
	CV_SDP_LINES = 1024,  /* lines of one body; more is a bomb (threats 15) */
	CV_SDP_MEDIA = 32,    /* m= sections */
	CV_SDP_BYTES = 65535, /* bytes of one body */
};

struct cv_sdp;

/**
 * Parses @p text, which is borrowed and must outlive the result. Accepts CRLF
 * and bare LF. EBADMSG: not a session description or one we could not rewrite
 * (no v=, a host name in a c= of a stream that carries media, port above 65535,
 * no c= for a stream, ...); E2BIG: above a limit; ENOMEM. Ended by cv_mem_unref().
 */
int cv_sdp_parse(struct cv_sdp **sp, struct cv_str text);

/** Number of m= lines. */
size_t cv_sdp_count(const struct cv_sdp *s);

/** What m-line @p i asks of the packet path; attribute lists are borrowed from @p s and
 * hold whole lines ("a=crypto:..."), those of the session first. 0.0.0.0 in c= gives dir
 * INACTIVE or SENDONLY as RFC 3264 8.4 has it, unless it is ICE's placeholder (port 9
 * with a=ice-ufrag). rtcp is set for live RTP over UDP only. NULL: no such m-line. */
const struct cv_flow *cv_sdp_flow(const struct cv_sdp *s, size_t i);

/** Media type ("audio") and first format's encoding name ("PCMU/8000") for logs; empty
 * when unknown. Borrowed. */
struct cv_str cv_sdp_media_name(const struct cv_sdp *s, size_t i);
struct cv_str cv_sdp_codec(const struct cv_sdp *s, size_t i);

/** Who and which session: user name and session id of o=, as written. Borrowed. */
struct cv_str cv_sdp_session(const struct cv_sdp *s);
/** Session version of o=. Borrowed. */
struct cv_str cv_sdp_version(const struct cv_sdp *s);
/** Sum over all of a description but its o= line: the same for two that say the same. */
uint64_t cv_sdp_sum(struct cv_str text);
/** Sum over what m-line @p i says of its transport, codecs and keys, whatever its address
 * and port and the order of its attributes. 0: no such m-line. */
uint64_t cv_sdp_media_sum(const struct cv_sdp *s, size_t i);

/** What to write in place of what was said. */
struct cv_sdp_edit {
	const struct cv_flow *flows; /* one a m-line; of each rtp, rtcp, mux and, over
					TCP, setup are used;
					port 0 keeps the m-line's 0 */
	size_t flowc;                /* must equal cv_sdp_count() */
	struct cv_addr origin;       /* address for o=; unset: it stays */
	struct cv_str session;       /* user name and session id for o=; empty: they and
					the version stay */
	uint64_t version;            /* for o= */
	bool drop_ice;               /* leave out a=candidate, ice-*, remote-candidates,
					end-of-candidates: we stand in the path without ICE */
};

/**
 * Appends the edited text to @p to. A line changes only when what it says differs, so an
 * edit with the values that were read gives the same bytes. An m-line that is refused (by
 * the text or by port 0 in the edit) or not carried gets, where it writes an address,
 * that of origin, else of the first live one. A hold by 0.0.0.0 stays one. a=rtcp-mux is
 * added or left out as mux says. EINVAL: flowc differs, or a port without host; ENOMEM.
 */
int cv_sdp_rewrite(const struct cv_sdp *s, const struct cv_sdp_edit *edit,
		   struct cv_buf *to);

#endif
