/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How a parsed session description is kept: its lines in order, and for each
 * m= section where it lies and what was read from it. For src/sdp only.
 */
#ifndef CV_SDP_SDP_INT_H
#define CV_SDP_SDP_INT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/addr.h"
#include "base/flow.h"
#include "base/str.h"
#include "sdp/sdp.h"

/** One line of the text; slices are borrowed from it. */
struct cv_sdp_line {
	struct cv_str text; /* without its line ending */
	size_t full; /* bytes with the line ending; equal: the last line has none */
};

/** One section: the session's own (before the first m=) or one a m= line. */
struct cv_sdp_part {
	size_t first, end;   /* lines first .. end - 1 */
	bool conn_found;     /* has a c= line of its own */
	bool conn_usable;    /* and conn is its literal address */
	struct cv_addr conn; /* first c= line; a literal, no port */
	bool dir_found;
	enum cv_dir dir; /* first direction attribute; SENDRECV when none */
	enum cv_setup setup; /* first a=setup */
	bool ice;        /* a=ice-ufrag seen */

	/* m= sections only */
	struct cv_str media, port, proto, fmt; /* words of the m= line; fmt: the first */
	struct cv_str codec;
	bool mux_line, rtcp_line; /* a=rtcp-mux, a=rtcp seen */
	bool held; /* written as 0.0.0.0 or ::, and not as ICE's placeholder */
	struct cv_flow flow;
	struct cv_attrs crypt, ice_attrs;
};

struct cv_sdp {
	struct cv_sdp_line *lines; /* owned */
	size_t linec;
	struct cv_sdp_part head;   /* session section */
	struct cv_sdp_part *parts; /* owned; one a m= line */
	size_t partc;
	struct cv_str *attrs; /* owned; all attribute lists one behind the other */
	struct cv_addr origin;
	struct cv_str origin_conn; /* "IN IP4 address" of o= */
	struct cv_str session, version; /* "user id" and version of o= */
	struct cv_str eol; /* line ending for lines we add */
};

/** What a line is to us. */
enum cv_sdp_kind {
	CV_SDP_PLAIN = 0, /* passes */
	CV_SDP_CONN,      /* c= */
	CV_SDP_ORIGIN,    /* o= */
	CV_SDP_MLINE,     /* m= */
	CV_SDP_DIR,       /* a=sendrecv and its like */
	CV_SDP_RTCP,      /* a=rtcp */
	CV_SDP_MUX,       /* a=rtcp-mux */
	CV_SDP_RTPMAP,    /* a=rtpmap */
	CV_SDP_CRYPT,     /* keys: a=crypto, a=fingerprint, k= ... */
	CV_SDP_ICE,       /* a=candidate, a=ice-ufrag ... */
};

/** Kind of a line; @p val gets what stands behind "x=" or "a=name:". */
enum cv_sdp_kind cv_sdp_line_kind(struct cv_str line, struct cv_str *val);
/** Role of an a=setup line of kind CRYPT; UNSAID: it is another line, or holds none. */
enum cv_setup cv_sdp_setup(struct cv_str line);
/** Takes the next word, delimited by blanks or tabs, off @p rest; false at the end. */
bool cv_sdp_word(struct cv_str *rest, struct cv_str *word);
/** Reads "IN IP4 192.0.2.1": a literal address without port, scope or TTL. EINVAL. */
int cv_sdp_conn(struct cv_addr *a, struct cv_str val);

#endif
