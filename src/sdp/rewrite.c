/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Writing a session description again with other addresses and ports: line by
 * line, and a line changes only when what it says differs from what it must
 * say, so an edit with the values that were read gives the same bytes. Pure;
 * any thread.
 *
 * Which address a section gets: a live stream (its port and that of the edit
 * are not 0) gets the edit's; anything else that writes an address, as a
 * refused stream or one we don't carry, gets the edit's origin or else that of
 * the first live stream, so no address of one side is seen on the other. A
 * stream on hold in the old way keeps its 0.0.0.0.
 */
#include "config.h"

#include "sdp/sdp.h"

#include <errno.h>
#include <inttypes.h>

#include "base/addr.h"
#include "base/buf.h"
#include "base/str.h"
#include "sdp/sdp_int.h"

/** One run of cv_sdp_rewrite(). */
struct work {
	const struct cv_sdp *s;
	const struct cv_sdp_edit *edit;
	struct cv_buf *to;
	struct cv_addr other; /* for what is not live; may be unset: stays as it is */
	struct cv_addr head;  /* for c= of the session; may be unset */
	bool open;            /* the line written last had no ending */
};

/** The section being written. */
struct section {
	const struct cv_sdp_part *part;
	const struct cv_flow *flow; /* all zero: the session section */
	bool live;
	struct cv_addr host; /* for c=; unset: stays */
	struct cv_addr rtcp; /* for a=rtcp of a live stream; port 0: none */
	bool conn_add, rtcp_add, mux_add, setup_add;
};

static bool has_rtcp(const struct cv_sdp_part *part)
{
	return part->flow.rtcp.port != 0;
}

static bool is_live(const struct work *w, size_t i)
{
	const struct cv_flow *was = &w->s->parts[i].flow;

	return was->carry != CV_CARRY_NONE && was->rtp.port != 0 &&
	       w->edit->flows[i].rtp.port != 0;
}

/* The host as SDP may write it, or the hold address of its family. */
static struct cv_addr host_of(struct cv_addr a, bool held)
{
	a.port = 0;
	a.scope = 0;
	if (held)
		a.ip.v6 = (struct in6_addr){0};

	return a;
}

static struct cv_addr live_host(const struct work *w, size_t i)
{
	return host_of(w->edit->flows[i].rtp, w->s->parts[i].held);
}

/* Two hosts that print alike; hold addresses included. */
static bool same(const struct cv_addr *a, const struct cv_addr *b)
{
	return cv_addr_host_eq(a, b);
}

static void hosts_choose(struct work *w)
{
	const struct cv_sdp *s = w->s;

	w->other = host_of(w->edit->origin, false);
	for (size_t i = 0; i < s->partc; ++i) {
		if (!is_live(w, i))
			continue;

		if (!cv_addr_is_set(&w->other))
			w->other = live_host(w, i);

		if (!cv_addr_is_set(&w->head) && !s->parts[i].conn_found)
			w->head = live_host(w, i);
	}

	if (!cv_addr_is_set(&w->head))
		w->head = w->other;
}

static void line_copy(struct work *w, const struct cv_sdp_line *l)
{
	cv_buf_write(w->to, l->text.p, l->full);
	w->open = l->full == l->text.len;
}

/* The rest of a changed line: what stood behind the change, with its ending. */
static void line_rest(struct work *w, const struct cv_sdp_line *l, const char *from)
{
	cv_buf_write(w->to, from, (size_t)(l->text.p + l->full - from));
	w->open = l->full == l->text.len;
}

static void conn_print(struct work *w, const struct cv_addr *a)
{
	char host[CV_ADDR_STRLEN];

	cv_buf_printf(w->to, "IN %s %s", a->family == AF_INET6 ? "IP6" : "IP4",
		      cv_addr_print_host(a, host));
}

/* Starts a line that wasn't there. */
static void line_add(struct work *w)
{
	if (w->open)
		cv_buf_str(w->to, w->s->eol);

	w->open = false;
}

static void conn_put(struct work *w, const struct cv_sdp_line *l,
		     const struct cv_addr *host)
{
	struct cv_addr was;

	if (!cv_addr_is_set(host) ||
	    (cv_sdp_conn(&was, cv_str_from(l->text, 2)) == 0 && same(&was, host))) {
		line_copy(w, l);
		return;
	}

	cv_buf_str(w->to, CV_STR("c="));
	conn_print(w, host);
	line_rest(w, l, l->text.p + l->text.len);
}

static void origin_put(struct work *w, const struct cv_sdp_line *l)
{
	const struct cv_sdp *s = w->s;
	const struct cv_sdp_edit *edit = w->edit;
	struct cv_addr host = host_of(edit->origin, false);
	struct cv_str was = s->origin_conn;

	if (!cv_addr_is_set(&host))
		host = s->origin;

	if (edit->session.len == 0 && same(&host, &s->origin)) {
		line_copy(w, l);
		return;
	}

	if (edit->session.len > 0)
		cv_buf_printf(w->to, "o=" CV_STR_FMT " %" PRIu64 " ",
			      CV_STR_ARG(edit->session), edit->version);
	else
		cv_buf_write(w->to, l->text.p, (size_t)(was.p - l->text.p));

	if (cv_addr_is_set(&host))
		conn_print(w, &host);
	else
		cv_buf_str(w->to, was); /* a name */
	line_rest(w, l, was.p + was.len);
}

static void mline_put(struct work *w, const struct cv_sdp_line *l,
		      const struct section *sec)
{
	const struct cv_sdp_part *part = sec->part;
	uint16_t port = sec->flow->rtp.port;

	if (part->flow.carry == CV_CARRY_NONE || part->flow.rtp.port == 0)
		port = part->flow.rtp.port;

	if (port == part->flow.rtp.port) {
		line_copy(w, l);
		return;
	}

	cv_buf_write(w->to, l->text.p, (size_t)(part->port.p - l->text.p));
	cv_buf_printf(w->to, "%u", (unsigned)port);
	line_rest(w, l, part->port.p + part->port.len);
}

static void rtcp_print(struct work *w, const struct cv_addr *rtcp,
		       const struct cv_addr *host)
{
	cv_buf_printf(w->to, "a=rtcp:%u", (unsigned)rtcp->port);
	if (host) {
		cv_buf_str(w->to, CV_STR(" "));
		conn_print(w, host);
	}
}

/* a=rtcp where there is no live stream with RTCP: only its address is ours to hide. */
static void rtcp_hide(struct work *w, const struct cv_sdp_line *l, struct cv_str val,
		      const struct cv_addr *host)
{
	struct cv_addr was;
	struct cv_str port;

	if (!cv_addr_is_set(host) || !cv_sdp_word(&val, &port) ||
	    cv_str_is_empty(cv_str_trim(val)) ||
	    (cv_sdp_conn(&was, val) == 0 && same(&was, host))) {
		line_copy(w, l);
		return;
	}

	cv_buf_write(w->to, l->text.p, (size_t)(port.p + port.len - l->text.p));
	cv_buf_str(w->to, CV_STR(" "));
	conn_print(w, host);
	line_rest(w, l, l->text.p + l->text.len);
}

static void rtcp_put(struct work *w, const struct cv_sdp_line *l, struct cv_str val,
		     const struct section *sec)
{
	const struct cv_addr none = {0};
	struct cv_addr was = none;
	struct cv_addr host = host_of(sec->rtcp, sec->part->held);
	struct cv_str word;
	uint64_t port = 0;
	bool written;

	if (!sec->live || !has_rtcp(sec->part)) {
		rtcp_hide(w, l, val, &sec->host);
		return;
	}

	if (sec->rtcp.port == 0)
		return; /* the line goes: no port of ours to name */

	if (cv_sdp_word(&val, &word) && cv_str_u64(&port, word, UINT16_MAX) != 0)
		port = 0;

	written = !cv_str_is_empty(cv_str_trim(val));
	if (!written)
		was = sec->host;
	else if (cv_sdp_conn(&was, val) != 0)
		was = none;

	if (port == sec->rtcp.port && same(&was, &host)) {
		line_copy(w, l);
		return;
	}

	rtcp_print(w, &sec->rtcp, written || !same(&host, &sec->host) ? &host : NULL);
	line_rest(w, l, l->text.p + l->text.len);
}

/* Who opens the connection of a stream over TCP; for DTLS the line isn't ours. */
static void setup_put(struct work *w, const struct cv_sdp_line *l,
		      const struct section *sec)
{
	enum cv_setup was = cv_sdp_setup(l->text), is = sec->flow->setup;

	/* of two such lines the first counts; as long as that holds, both stay */
	if (!sec->live || sec->part->flow.carry != CV_CARRY_TCP ||
	    was == CV_SETUP_UNSAID || is == CV_SETUP_UNSAID || was == is ||
	    is == sec->part->flow.setup) {
		line_copy(w, l);
		return;
	}

	cv_buf_printf(w->to, "a=setup:%s", cv_setup_name(is));
	line_rest(w, l, l->text.p + l->text.len);
}

static void line_put(struct work *w, const struct cv_sdp_line *l,
		     const struct section *sec)
{
	struct cv_str val;

	switch (cv_sdp_line_kind(l->text, &val)) {
	case CV_SDP_CONN:
		conn_put(w, l, &sec->host);
		return;
	case CV_SDP_ORIGIN:
		origin_put(w, l);
		return;
	case CV_SDP_MLINE:
		mline_put(w, l, sec);
		return;
	case CV_SDP_RTCP:
		rtcp_put(w, l, val, sec);
		return;
	case CV_SDP_MUX:
		if (sec->live && has_rtcp(sec->part) && !sec->flow->mux)
			return;
		break;
	case CV_SDP_ICE:
		if (w->edit->drop_ice)
			return;
		break;
	case CV_SDP_CRYPT:
		setup_put(w, l, sec);
		return;
	case CV_SDP_DIR:
	case CV_SDP_RTPMAP:
	case CV_SDP_PLAIN:
		break;
	}

	line_copy(w, l);
}

/* Lines that must be there now and were not: c= behind m= and i=, attributes before the
 * first one. */
static void lines_add(struct work *w, struct section *sec, struct cv_str before)
{
	if (sec->conn_add && !cv_str_starts(before, CV_STR("i="))) {
		line_add(w);
		cv_buf_str(w->to, CV_STR("c="));
		conn_print(w, &sec->host);
		cv_buf_str(w->to, w->s->eol);
		sec->conn_add = false;
	}

	if (before.len > 0 && !cv_str_starts(before, CV_STR("a=")))
		return;

	if (sec->rtcp_add) {
		struct cv_addr host = host_of(sec->rtcp, sec->part->held);

		line_add(w);
		rtcp_print(w, &sec->rtcp, same(&host, &sec->host) ? NULL : &host);
		cv_buf_str(w->to, w->s->eol);
		sec->rtcp_add = false;
	}

	if (sec->mux_add) {
		line_add(w);
		cv_buf_str(w->to, CV_STR("a=rtcp-mux"));
		cv_buf_str(w->to, w->s->eol);
		sec->mux_add = false;
	}

	if (sec->setup_add) {
		line_add(w);
		cv_buf_printf(w->to, "a=setup:%s", cv_setup_name(sec->flow->setup));
		cv_buf_str(w->to, w->s->eol);
		sec->setup_add = false;
	}
}

static void section_put(struct work *w, struct section *sec)
{
	for (size_t i = sec->part->first; i < sec->part->end; ++i) {
		const struct cv_sdp_line *l = &w->s->lines[i];

		if (i > sec->part->first)
			lines_add(w, sec, l->text);

		line_put(w, l, sec);
	}

	lines_add(w, sec, CV_STR_NULL);
}

static bool rtcp_is_default(const struct section *sec)
{
	struct cv_addr host = host_of(sec->rtcp, sec->part->held);

	return sec->rtcp.port == sec->flow->rtp.port + 1 && same(&host, &sec->host);
}

static void section_open(const struct work *w, size_t i, struct section *sec)
{
	const struct cv_sdp_part *part = &w->s->parts[i];
	const struct cv_flow *flow = &w->edit->flows[i];

	sec->part = part;
	sec->flow = flow;
	sec->live = is_live(w, i);
	sec->host = sec->live ? live_host(w, i) : w->other;
	if (!sec->live)
		return;

	sec->conn_add = !part->conn_found && !same(&sec->host, &w->head);
	sec->setup_add =
		part->flow.carry == CV_CARRY_TCP && part->setup == CV_SETUP_UNSAID &&
		flow->setup != CV_SETUP_UNSAID && flow->setup != part->flow.setup;
	if (!has_rtcp(part))
		return;

	if (flow->mux)
		sec->rtcp = flow->rtp;
	else if (cv_addr_is_set(&flow->rtcp))
		sec->rtcp = flow->rtcp;

	sec->mux_add = flow->mux && !part->mux_line;
	sec->rtcp_add = !flow->mux && !part->rtcp_line && sec->rtcp.port != 0 &&
			!rtcp_is_default(sec);
}

int cv_sdp_rewrite(const struct cv_sdp *s, const struct cv_sdp_edit *edit,
		   struct cv_buf *to)
{
	struct work w = {.s = s, .edit = edit, .to = to};
	const struct cv_flow none = {0};
	struct section head = {.flow = &none};

	if (!s || !edit || !to || edit->flowc != s->partc || (s->partc && !edit->flows))
		return EINVAL;

	for (size_t i = 0; i < s->partc; ++i) {
		if (is_live(&w, i) && !cv_addr_is_set(&edit->flows[i].rtp))
			return EINVAL;
	}

	hosts_choose(&w);
	head.part = &s->head;
	head.host = w.head;
	section_put(&w, &head);

	for (size_t i = 0; i < s->partc; ++i) {
		struct section sec = {.part = NULL};

		section_open(&w, i, &sec);
		section_put(&w, &sec);
	}

	return cv_buf_err(to);
}
