/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reading a session description: cutting lines, finding sections, and what
 * each m= section asks of the packet path. One pass over the lines for each
 * step, no look-ups, no state. Pure; any thread.
 */
#include "config.h"

#include "sdp/sdp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/mem.h"
#include "base/str.h"
#include "sdp/sdp_int.h"

enum {
	PORT_MAX = 65535,
	HEAD_ATTRS = 64, /* session-level key and ICE lines; they count for every m=, so
			    more would multiply (threats 15) */
	DISCARD = 9,     /* the port written where none is known (RFC 4145 4.1, 8839) */
};

/** A transport protocol of an m= line. */
struct proto {
	struct cv_str name;
	enum cv_carry carry;
	enum cv_profile profile;
};

static const struct proto protos[] = {
	{{"RTP/AVP", 7}, CV_CARRY_UDP, CV_PROFILE_AVP},
	{{"RTP/AVPF", 8}, CV_CARRY_UDP, CV_PROFILE_AVPF},
	{{"RTP/SAVP", 8}, CV_CARRY_UDP, CV_PROFILE_SAVP},
	{{"RTP/SAVPF", 9}, CV_CARRY_UDP, CV_PROFILE_SAVPF},
	{{"UDP/TLS/RTP/SAVP", 16}, CV_CARRY_UDP, CV_PROFILE_SAVP},
	{{"UDP/TLS/RTP/SAVPF", 17}, CV_CARRY_UDP, CV_PROFILE_SAVPF},
	{{"udptl", 5}, CV_CARRY_UDP, CV_PROFILE_UDPTL},
	{{"udp", 3}, CV_CARRY_UDP, CV_PROFILE_OTHER},
	{{"DTLS/SCTP", 9}, CV_CARRY_UDP, CV_PROFILE_OTHER}, /* before RFC 8841 */
	{{"tcp", 3}, CV_CARRY_TCP, CV_PROFILE_TCP},
};

/** Static payload types that phones send without rtpmap (RFC 3551 6). */
struct payload {
	struct cv_str fmt, codec;
};

static const struct payload payloads[] = {
	{{"0", 1}, {"PCMU/8000", 9}},    {{"3", 1}, {"GSM/8000", 8}},
	{{"4", 1}, {"G723/8000", 9}},    {{"8", 1}, {"PCMA/8000", 9}},
	{{"9", 1}, {"G722/8000", 9}},    {{"15", 2}, {"G728/8000", 9}},
	{{"18", 2}, {"G729/8000", 9}},   {{"26", 2}, {"JPEG/90000", 10}},
	{{"31", 2}, {"H261/90000", 10}}, {{"34", 2}, {"H263/90000", 10}},
};

static void sdp_fini(void *obj)
{
	struct cv_sdp *s = obj;

	free(s->lines);
	free(s->parts);
	free(s->attrs);
}

/* The line at the front of text. The ending is LF with any CRs before it; a CR anywhere
 * else is an end of line to some readers and none to others, so it is refused. */
static int line_cut(struct cv_sdp_line *l, struct cv_str text)
{
	size_t lf = cv_str_chr(text, '\n');
	size_t len = lf;

	while (len > 0 && text.p[len - 1] == '\r')
		--len;

	l->text = cv_str_make(text.p, len);
	l->full = lf < text.len ? lf + 1 : lf;
	if (lf == text.len)
		l->text.len = len = lf; /* no ending: a CR here stands alone */

	return cv_str_chr(l->text, '\r') < len ? EBADMSG : 0;
}

static bool is_mline(struct cv_str line)
{
	return cv_str_starts(line, CV_STR("m="));
}

static int lines_cut(struct cv_sdp *s, struct cv_str text)
{
	size_t n = 1;
	int err;

	for (size_t i = 0; i < text.len; ++i)
		n += text.p[i] == '\n';

	if (n > CV_SDP_LINES + 1)
		return E2BIG;

	s->lines = cv_mem_zalloc(n, sizeof(*s->lines));
	if (!s->lines)
		return ENOMEM;

	while (text.len > 0) {
		struct cv_sdp_line *l = &s->lines[s->linec];

		err = line_cut(l, text);
		if (err)
			return err;

		text = cv_str_from(text, l->full);
		s->partc += is_mline(l->text);
		++s->linec;
	}

	if (s->linec > CV_SDP_LINES || s->partc > CV_SDP_MEDIA)
		return E2BIG;

	return 0;
}

/* Line ending of the first line; CRLF when the text is one line without any. */
static struct cv_str eol_of(const struct cv_sdp_line *l)
{
	if (l->full > l->text.len + 1 || l->full == l->text.len)
		return CV_STR("\r\n");

	return CV_STR("\n");
}

static int parts_cut(struct cv_sdp *s)
{
	struct cv_sdp_part *part = &s->head;
	size_t n = 0;

	s->parts = cv_mem_zalloc(s->partc + 1, sizeof(*s->parts));
	if (!s->parts)
		return ENOMEM;

	for (size_t i = 0; i < s->linec; ++i) {
		if (is_mline(s->lines[i].text)) {
			part = &s->parts[n++];
			part->first = i;
		}

		part->end = i + 1;
	}

	return 0;
}

/* Blanks in the user name (against RFC 8866 5.2, but seen) don't matter: the words are
 * counted from the right. */
static int origin_read(struct cv_sdp *s, struct cv_str val)
{
	struct cv_str last[5] = {CV_STR_NULL};
	struct cv_str all = cv_str_trim(val), word;
	size_t n = 0;

	while (cv_sdp_word(&val, &word)) {
		memmove(&last[0], &last[1], 4 * sizeof(last[0]));
		last[4] = word;
		++n;
	}

	if (n < 5)
		return EBADMSG;

	s->session = cv_str_make(all.p, (size_t)(last[0].p - all.p) + last[0].len);
	s->version = last[1];
	s->origin_conn =
		cv_str_make(last[2].p, (size_t)(last[4].p - last[2].p) + last[4].len);
	if (cv_sdp_conn(&s->origin, s->origin_conn) != 0)
		s->origin = (struct cv_addr){0}; /* a name */

	return 0;
}

static int mline_read(struct cv_sdp_part *part, struct cv_str val)
{
	struct cv_str port, many;
	uint64_t n = 0;
	size_t slash;

	if (!cv_sdp_word(&val, &part->media) || !cv_sdp_word(&val, &port) ||
	    !cv_sdp_word(&val, &part->proto))
		return EBADMSG;

	if (!cv_sdp_word(&val, &part->fmt))
		part->fmt = CV_STR_NULL;

	slash = cv_str_chr(port, '/');
	part->port = cv_str_make(port.p, slash);
	if (cv_str_u64(&n, part->port, PORT_MAX) != 0)
		return EBADMSG;

	part->flow.rtp.port = (uint16_t)n;

	many = cv_str_from(port, slash);
	if (many.len > 0 && !cv_str_eq(many, CV_STR("/1")))
		return EBADMSG; /* layered streams on several ports: can't be relayed */

	return 0;
}

static void carry_find(struct cv_sdp_part *part)
{
	struct cv_flow *f = &part->flow;

	f->carry = CV_CARRY_NONE;
	f->profile = CV_PROFILE_OTHER;

	for (size_t i = 0; i < sizeof(protos) / sizeof(protos[0]); ++i) {
		if (!cv_str_ieq(part->proto, protos[i].name))
			continue;

		f->carry = protos[i].carry;
		f->profile = protos[i].profile;
		return;
	}

	if (cv_str_istarts(part->proto, CV_STR("TCP/"))) {
		f->carry = CV_CARRY_TCP;
		f->profile = CV_PROFILE_TCP;
		f->tls = cv_str_istarts(part->proto, CV_STR("TCP/TLS"));
		f->own_path = cv_str_ieq(part->proto, CV_STR("TCP/MSRP")) ||
			      cv_str_ieq(part->proto, CV_STR("TCP/TLS/MSRP"));
	} else if (cv_str_istarts(part->proto, CV_STR("UDP/"))) {
		f->carry = CV_CARRY_UDP;
	}
}

static bool has_rtcp(const struct cv_flow *f)
{
	switch (f->profile) {
	case CV_PROFILE_AVP:
	case CV_PROFILE_AVPF:
	case CV_PROFILE_SAVP:
	case CV_PROFILE_SAVPF:
		return f->carry == CV_CARRY_UDP;
	case CV_PROFILE_UDPTL:
	case CV_PROFILE_TCP:
	case CV_PROFILE_OTHER:
		break;
	}

	return false;
}

static void conn_read(struct cv_sdp_part *part, struct cv_str val)
{
	if (part->conn_found)
		return;

	part->conn_found = true;
	part->conn_usable = cv_sdp_conn(&part->conn, val) == 0 &&
			    cv_addr_kind(&part->conn) != CV_ADDR_MULTICAST;
}

static void dir_read(struct cv_sdp_part *part, struct cv_str word)
{
	if (part->dir_found)
		return;

	part->dir_found = true;
	if (cv_str_ieq(word, CV_STR("sendonly")))
		part->dir = CV_DIR_SENDONLY;
	else if (cv_str_ieq(word, CV_STR("recvonly")))
		part->dir = CV_DIR_RECVONLY;
	else if (cv_str_ieq(word, CV_STR("inactive")))
		part->dir = CV_DIR_INACTIVE;
}

/* RFC 3605 2.1: "53020" or "53020 IN IP4 126.16.64.4". Only for streams that have RTCP:
 * anywhere else the line means nothing. */
static int rtcp_read(struct cv_sdp_part *part, struct cv_str val)
{
	struct cv_str port;
	uint64_t n = 0;

	if (part->rtcp_line || !has_rtcp(&part->flow) || part->flow.rtp.port == 0)
		return 0;

	if (!cv_sdp_word(&val, &port) || cv_str_u64(&n, port, PORT_MAX) != 0 || n == 0)
		return EBADMSG;

	part->rtcp_line = true;
	if (!cv_str_is_empty(cv_str_trim(val)) && cv_sdp_conn(&part->flow.rtcp, val) != 0)
		return EBADMSG;

	if (cv_addr_kind(&part->flow.rtcp) == CV_ADDR_MULTICAST)
		return EBADMSG;

	part->flow.rtcp.port = (uint16_t)n;

	return 0;
}

static void rtpmap_read(struct cv_sdp_part *part, struct cv_str val)
{
	struct cv_str fmt, name;

	if (part->codec.len > 0 || !cv_sdp_word(&val, &fmt) || !cv_str_eq(fmt, part->fmt))
		return;

	if (cv_sdp_word(&val, &name))
		part->codec = name;
}

static int line_read(struct cv_sdp *s, struct cv_sdp_part *part, struct cv_str line)
{
	struct cv_str val;
	bool head = part == &s->head;
	int err = 0;

	switch (cv_sdp_line_kind(line, &val)) {
	case CV_SDP_CONN:
		conn_read(part, val);
		break;
	case CV_SDP_ORIGIN:
		err = head && s->version.len == 0 ? origin_read(s, val) : EBADMSG;
		break;
	case CV_SDP_MLINE:
		err = mline_read(part, val);
		carry_find(part);
		break;
	case CV_SDP_DIR:
		dir_read(part, val);
		break;
	case CV_SDP_RTCP:
		err = head ? 0 : rtcp_read(part, val);
		break;
	case CV_SDP_MUX:
		part->mux_line = true;
		break;
	case CV_SDP_RTPMAP:
		rtpmap_read(part, val);
		break;
	case CV_SDP_ICE:
		part->ice |= cv_str_istarts(val, CV_STR("ice-ufrag"));
		break;
	case CV_SDP_CRYPT:
		if (part->setup == CV_SETUP_UNSAID)
			part->setup = cv_sdp_setup(line);
		break;
	case CV_SDP_PLAIN:
		if (cv_str_ieq(cv_str_trim(line), CV_STR("a=msrp-cema")))
			part->flow.own_path = false;
		break;
	}

	return err;
}

static int part_read(struct cv_sdp *s, struct cv_sdp_part *part)
{
	for (size_t i = part->first; i < part->end; ++i) {
		int err = line_read(s, part, s->lines[i].text);

		if (err)
			return err;
	}

	return 0;
}

/* RFC 3264 8.4: 0.0.0.0 says "send me nothing". */
static enum cv_dir dir_held(enum cv_dir dir)
{
	switch (dir) {
	case CV_DIR_SENDRECV:
	case CV_DIR_SENDONLY:
		return CV_DIR_SENDONLY;
	case CV_DIR_RECVONLY:
	case CV_DIR_INACTIVE:
		break;
	}

	return CV_DIR_INACTIVE;
}

static void rtcp_settle(struct cv_sdp_part *part)
{
	struct cv_flow *f = &part->flow;
	uint16_t port = f->rtcp.port;
	bool own_host = cv_addr_is_set(&f->rtcp);

	if (!has_rtcp(f) || f->rtp.port == 0) {
		f->rtcp = (struct cv_addr){0};
		return;
	}

	f->mux = part->mux_line;
	if (f->mux || !own_host)
		f->rtcp = f->rtp;

	if (f->mux)
		return;

	if (port == 0 && f->rtp.port < PORT_MAX)
		port = f->rtp.port + 1;

	f->rtcp.port = port;
	if (port == 0)
		f->rtcp = (struct cv_addr){0}; /* nothing is above 65535 */
}

/* What follows from session and section together. */
static int part_settle(const struct cv_sdp *s, struct cv_sdp_part *part)
{
	const struct cv_sdp_part *from = part->conn_found ? part : &s->head;
	struct cv_flow *f = &part->flow;
	uint16_t port = f->rtp.port;
	bool placeholder = port == DISCARD && (part->ice || s->head.ice);

	if (from->conn_usable)
		f->rtp = from->conn;
	else if (port != 0 && f->carry != CV_CARRY_NONE)
		return EBADMSG;

	f->rtp.port = port;
	f->dir = part->dir_found ? part->dir : s->head.dir;
	if (f->carry == CV_CARRY_TCP)
		f->setup = part->setup != CV_SETUP_UNSAID ? part->setup : s->head.setup;
	rtcp_settle(part);

	if (f->carry == CV_CARRY_NONE || port == 0)
		return 0;

	part->held = cv_addr_kind(&f->rtp) == CV_ADDR_ANY && !placeholder;
	if (part->held)
		f->dir = dir_held(f->dir);

	return 0;
}

/* Appends the lines of one kind to the list that ends at s->attrs + n. */
static size_t attrs_add(const struct cv_sdp *s, const struct cv_sdp_part *part,
			enum cv_sdp_kind kind, size_t n)
{
	struct cv_str val;

	for (size_t i = part->first; i < part->end; ++i) {
		if (cv_sdp_line_kind(s->lines[i].text, &val) == kind)
			s->attrs[n++] = s->lines[i].text;
	}

	return n;
}

static size_t attrs_count(const struct cv_sdp *s, const struct cv_sdp_part *part)
{
	struct cv_str val;
	enum cv_sdp_kind kind;
	size_t n = 0;

	for (size_t i = part->first; i < part->end; ++i) {
		kind = cv_sdp_line_kind(s->lines[i].text, &val);
		n += kind == CV_SDP_CRYPT || kind == CV_SDP_ICE;
	}

	return n;
}

static const struct cv_attrs *attrs_end(struct cv_attrs *list, const struct cv_str *v,
					size_t c)
{
	list->v = v;
	list->c = c;

	return c > 0 ? list : NULL;
}

/* Session-level lines hold for each section and stand first in its lists. */
static int attrs_list(struct cv_sdp *s)
{
	size_t shared = attrs_count(s, &s->head);
	size_t n = shared * s->partc;
	size_t at = 0;
	size_t start;

	if (shared > HEAD_ATTRS)
		return E2BIG;

	for (size_t i = 0; i < s->partc; ++i)
		n += attrs_count(s, &s->parts[i]);

	s->attrs = cv_mem_zalloc(n + 1, sizeof(*s->attrs));
	if (!s->attrs)
		return ENOMEM;

	for (size_t i = 0; i < s->partc; ++i) {
		struct cv_sdp_part *part = &s->parts[i];

		start = at;
		at = attrs_add(s, &s->head, CV_SDP_CRYPT, at);
		at = attrs_add(s, part, CV_SDP_CRYPT, at);
		part->flow.crypt = attrs_end(&part->crypt, s->attrs + start, at - start);

		start = at;
		at = attrs_add(s, &s->head, CV_SDP_ICE, at);
		at = attrs_add(s, part, CV_SDP_ICE, at);
		part->flow.ice =
			attrs_end(&part->ice_attrs, s->attrs + start, at - start);
	}

	return 0;
}

static void codec_settle(struct cv_sdp_part *part)
{
	if (part->codec.len > 0)
		return;

	if (!has_rtcp(&part->flow)) {
		part->codec = part->fmt; /* "t38", "msdata": the format is the name */
		return;
	}

	for (size_t i = 0; i < sizeof(payloads) / sizeof(payloads[0]); ++i) {
		if (cv_str_eq(part->fmt, payloads[i].fmt))
			part->codec = payloads[i].codec;
	}
}

static int sections_read(struct cv_sdp *s)
{
	int err;

	err = parts_cut(s);
	if (err)
		return err;

	err = part_read(s, &s->head);
	if (err)
		return err;

	for (size_t i = 0; i < s->partc; ++i) {
		err = part_read(s, &s->parts[i]);
		if (err)
			return err;

		err = part_settle(s, &s->parts[i]);
		if (err)
			return err;

		codec_settle(&s->parts[i]);
	}

	return attrs_list(s);
}

int cv_sdp_parse(struct cv_sdp **sp, struct cv_str text)
{
	struct cv_sdp *s;
	int err;

	if (!sp)
		return EINVAL;

	if (text.len > CV_SDP_BYTES)
		return E2BIG;

	if (text.len == 0 || memchr(text.p, '\0', text.len))
		return EBADMSG;

	s = cv_mem_new(sizeof(*s), sdp_fini);
	if (!s)
		return ENOMEM;

	err = lines_cut(s, text);
	if (err)
		goto out;

	if (!cv_str_eq(cv_str_trim(s->lines[0].text), CV_STR("v=0"))) {
		err = EBADMSG;
		goto out;
	}

	s->eol = eol_of(&s->lines[0]);
	err = sections_read(s);

out:
	if (err)
		cv_mem_unref(s);
	else
		*sp = s;

	return err;
}

size_t cv_sdp_count(const struct cv_sdp *s)
{
	return s->partc;
}

const struct cv_flow *cv_sdp_flow(const struct cv_sdp *s, size_t i)
{
	return i < s->partc ? &s->parts[i].flow : NULL;
}

struct cv_str cv_sdp_media_name(const struct cv_sdp *s, size_t i)
{
	return i < s->partc ? s->parts[i].media : CV_STR_NULL;
}

struct cv_str cv_sdp_codec(const struct cv_sdp *s, size_t i)
{
	return i < s->partc ? s->parts[i].codec : CV_STR_NULL;
}

struct cv_str cv_sdp_session(const struct cv_sdp *s)
{
	return s->session;
}

struct cv_str cv_sdp_version(const struct cv_sdp *s)
{
	return s->version;
}
