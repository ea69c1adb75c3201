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

/* A request line or a status line; anything else isn't SIP. */
static bool is_start(struct cv_str line, bool *request)
{
	size_t end = sizeof(version) - 1;

	*request = !cv_str_istarts(line, CV_STR("SIP/2.0 "));
	if (!*request)
		return true;

	return line.len > end + 1 && is_blank(line.p[line.len - end - 1]) &&
	       cv_str_ieq(cv_str_from(line, line.len - end), cv_str_of(version)) &&
	       cv_str_chr(line, ' ') < line.len - end - 1;
}

static int read_head(struct cv_frame *f, struct cv_str head)
{
	struct cv_str rest = head, line;
	struct head h = {0};
	uint64_t body;
	bool request;
	int err;

	if (!is_clean(head) || !next_line(&rest, &line) || !is_start(line, &request))
		return BAD_REQUEST;

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
	bool request = false, repeat = false;
	size_t vias = 0;

	if (!next_line(&rest, &line) || !is_start(line, &request) || !request ||
	    cv_str_istarts(line, CV_STR("ACK ")))
		return ENOMSG;

	cv_buf_printf(out, "%s %d %s\r\n", version, status,
		      status == TOO_LARGE ? "Message Too Large" : "Bad Request");
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
