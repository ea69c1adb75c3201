/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Framing of SIP on streams (RFC 3261 18.3). Pure; any thread. Strict where a
 * second reader behind us could disagree on where a message ends: no bare CR,
 * LF or NUL in a header, exactly one Content-Length, digits only.
 */
#include "config.h"

#include "net/frame.h"

#include <errno.h>
#include <string.h>

enum {
	BAD_REQUEST = 400,
	NOT_IMPLEMENTED = 501,
	NO_SUCH_VERSION = 505,
	TOO_LARGE = 513,
	BLANK = 4, /* bytes of CR LF CR LF */
};

/** What the header says. */
struct head {
	struct cv_str length;
	size_t lengths, vias; /* how many there are */
};

static const char version[] = "SIP/2.0";

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* CR and LF only as a pair, and no NUL. */
static bool is_clean(struct cv_str head)
{
	for (size_t i = 0; i < head.len; ++i) {
		char c = head.p[i];

		if (c == '\0' || (c == '\n' && (i == 0 || head.p[i - 1] != '\r')))
			return false;
		if (c == '\r' && (i + 1 == head.len || head.p[i + 1] != '\n'))
			return false;
	}

	return true;
}

/* One line without its end off the front; false: only the blank line is left. */
static bool next_line(struct cv_str *rest, struct cv_str *line)
{
	size_t n = cv_str_chr(*rest, '\n');

	if (n == rest->len)
		return false;

	line->p = rest->p;
	line->len = n > 0 && rest->p[n - 1] == '\r' ? n - 1 : n;
	*rest = cv_str_from(*rest, n + 1);

	return line->len > 0;
}

/* The name and what follows the colon; a continuation has no name. */
static struct cv_str name_of(struct cv_str line, struct cv_str *value)
{
	size_t n = cv_str_chr(line, ':');
	struct cv_str name = cv_str_make(line.p, n);

	*value = cv_str_from(line, n + 1);
	if (n == line.len || n == 0 || is_blank(line.p[0]))
		return CV_STR_NULL;

	return cv_str_trim(name);
}

static bool is_name(struct cv_str name, const char *full, const char *compact)
{
	return cv_str_ieq(name, cv_str_of(full)) || cv_str_ieq(name, cv_str_of(compact));
}

static size_t skip_blanks(struct cv_str s, size_t i)
{
	while (i < s.len && is_blank(s.p[i]))
		++i;

	return i;
}

/* "SIP / 2.0 / UDP host": the third word */
static void read_via(struct cv_frame *f, struct cv_str head, struct cv_str value)
{
	size_t i = 0, start;

	for (int slash = 0; slash < 2; ++slash) {
		while (i < value.len && value.p[i] != '/' && value.p[i] != ',')
			++i;
		if (i == value.len || value.p[i] != '/')
			return;
		++i;
	}

	i = skip_blanks(value, i);
	start = i;
	while (i < value.len && !is_blank(value.p[i]) && value.p[i] != '/' &&
	       value.p[i] != ';' && value.p[i] != ',')
		++i;
	if (i == value.len || !is_blank(value.p[i]))
		return; /* no host behind it */

	f->via = (size_t)(value.p - head.p) + start;
	f->via_len = i - start;
}

static void read_lines(struct cv_frame *f, struct cv_str head, struct cv_str rest,
		       struct head *h)
{
	struct cv_str line, value;
	bool was_length = false;

	while (next_line(&rest, &line)) {
		struct cv_str name = name_of(line, &value);

		if (was_length && is_blank(line.p[0]))
			++h->lengths; /* a folded length: two readers, two numbers */
		was_length = is_name(name, "Content-Length", "l");
		if (was_length && h->lengths++ == 0)
			h->length = cv_str_trim(value);
		if (is_name(name, "Via", "v") && h->vias++ == 0)
			read_via(f, head, value);
	}
}

/* First word of @p rest, up to one blank; what is behind it remains. */
static struct cv_str word_of(struct cv_str *rest)
{
	size_t n = cv_str_chr(*rest, ' ');
	struct cv_str word = cv_str_make(rest->p, n);

	*rest = cv_str_from(*rest, n + 1);

	return word;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c);
}

/* 400: no token; 501: a token, but the agent behind us knows fewer characters. */
static int judge_method(struct cv_str method)
{
	int status = method.len > 0 ? 0 : BAD_REQUEST;

	for (size_t i = 0; i < method.len; ++i) {
		char c = method.p[i];

		if (is_alnum(c) || memchr("-_.!~*'", c, sizeof("-_.!~*'") - 1))
			continue;
		if (!memchr("+%`", c, sizeof("+%`") - 1))
			return BAD_REQUEST;
		status = NOT_IMPLEMENTED;
	}

	return status;
}

static int judge_version(struct cv_str word)
{
	if (cv_str_ieq(word, cv_str_of(version)))
		return 0;

	return cv_str_istarts(word, CV_STR("SIP/")) && word.len > 4 &&
			       is_digit(word.p[4]) && cv_str_chr(word, ' ') == word.len
		       ? NO_SUCH_VERSION
		       : BAD_REQUEST;
}

/* Three digits and a phrase, which may be missing. */
static bool is_status(struct cv_str rest)
{
	return rest.len >= 3 && is_digit(rest.p[0]) && is_digit(rest.p[1]) &&
	       is_digit(rest.p[2]) && (rest.len == 3 || is_blank(rest.p[3]));
}

/* A request line or a status line, which the agent could read; else the status to refuse
 * it with: one that it can't read would leave its stream dead. */
static int read_start(struct cv_str line, bool *request)
{
	struct cv_str rest = line, method, uri;
	int status;

	*request = !cv_str_istarts(line, CV_STR("SIP/2.0 "));
	if (!*request)
		return is_status(cv_str_from(line, sizeof(version))) ? 0 : BAD_REQUEST;

	method = word_of(&rest);
	uri = word_of(&rest);
	if (uri.len == 0 || cv_str_chr(uri, '\t') < uri.len)
		return BAD_REQUEST;

	status = judge_version(rest);

	return status ? status : judge_method(method);
}

/* Of a request that somebody waits for an answer to, however it is written. */
static bool is_answerable(struct cv_str line)
{
	struct cv_str rest = cv_str_trim(line), last = rest;

	if (cv_str_istarts(rest, CV_STR("SIP/")) || cv_str_istarts(rest, CV_STR("ACK ")))
		return false;

	while (rest.len > 0)
		last = word_of(&rest);

	return last.p != line.p && cv_str_istarts(last, CV_STR("SIP/"));
}

static const char *phrase(int status)
{
	switch (status) {
	case NOT_IMPLEMENTED:
		return "Not Implemented";
	case NO_SUCH_VERSION:
		return "Version Not Supported";
	case TOO_LARGE:
		return "Message Too Large";
	default:
		return "Bad Request";
	}
}

static int read_head(struct cv_frame *f, struct cv_str head)
{
	struct cv_str rest = head, line;
	struct head h = {0};
	uint64_t body;
	bool request;
	int err;

	if (!is_clean(head) || !next_line(&rest, &line))
		return BAD_REQUEST;

	err = read_start(line, &request);
	if (err)
		return err;

	read_lines(f, head, rest, &h);
	if (h.lengths != 1 || (request && f->via_len == 0))
		return BAD_REQUEST;
	if (!request)
		f->via_len = 0;

	err = cv_str_u64(&body, h.length, f->max - head.len);
	if (err)
		return err == ERANGE ? TOO_LARGE : BAD_REQUEST;

	f->head = head.len;
	f->body = (size_t)body;

	return 0;
}

static enum cv_frame_what look_between(const struct cv_frame *f, struct cv_str in,
				       size_t *lenp)
{
	if (in.len < 2 || in.p[1] != '\n')
		return in.len < 2 ? CV_FRAME_MORE : CV_FRAME_BAD;

	*lenp = 2;

	return f->odd ? CV_FRAME_PING : CV_FRAME_SKIP;
}

/* The end of the header; 0: not there yet. */
static size_t find_end(struct cv_frame *f, struct cv_str in)
{
	const char *p = memmem(in.p + f->scanned, in.len - f->scanned, "\r\n\r\n", BLANK);

	if (p)
		return (size_t)(p - in.p) + BLANK;

	f->scanned = in.len < BLANK ? 0 : in.len - BLANK + 1;

	return 0;
}

enum cv_frame_what cv_frame_look(struct cv_frame *f, struct cv_str in, size_t *lenp,
				 int *status)
{
	size_t end;

	*status = BAD_REQUEST;
	if (in.len == 0)
		return CV_FRAME_MORE;
	if (f->head == 0 && in.p[0] == '\r')
		return look_between(f, in, lenp);

	if (f->head == 0) {
		end = find_end(f, in);
		*status = end > f->max || (end == 0 && in.len >= f->max) ? TOO_LARGE : 0;
		if (end > 0 && *status == 0)
			*status = read_head(f, cv_str_make(in.p, end));
		if (*status != 0)
			return CV_FRAME_BAD;
		if (end == 0)
			return CV_FRAME_MORE;
	}

	if (in.len < f->head + f->body)
		return CV_FRAME_MORE;

	*lenp = f->head + f->body;

	return CV_FRAME_MESSAGE;
}

void cv_frame_next(struct cv_frame *f, enum cv_frame_what what)
{
	*f = (struct cv_frame){.max = f->max, .odd = what == CV_FRAME_SKIP};
}

/* Headers an answer repeats (RFC 3261 8.2.6.2). */
static bool is_repeated(struct cv_str name)
{
	return is_name(name, "Via", "v") || is_name(name, "From", "f") ||
	       is_name(name, "To", "t") || is_name(name, "Call-ID", "i") ||
	       is_name(name, "CSeq", "CSeq");
}

int cv_frame_refuse(struct cv_buf *out, struct cv_str in, int status)
{
	struct cv_str rest = in, line, value;
	bool repeat = false;
	size_t vias = 0;

	if (!next_line(&rest, &line) || !is_answerable(line))
		return ENOMSG;

	cv_buf_printf(out, "%s %d %s\r\n", version, status, phrase(status));
	while (next_line(&rest, &line)) {
		if (!is_blank(line.p[0]))
			repeat = is_repeated(name_of(line, &value));
		if (!repeat || !is_clean(line))
			continue;

		vias += is_name(name_of(line, &value), "Via", "v");
		cv_buf_str(out, line);
		cv_buf_str(out, CV_STR("\r\n"));
	}

	cv_buf_str(out, CV_STR("Content-Length: 0\r\n\r\n"));

	return vias > 0 ? cv_buf_err(out) : ENOMSG;
}
