/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SIP text line by line: which lines are touched, and how. Knows as little of
 * SIP as the boxes it stands for. One thread.
 */
#include "config.h"

#include "tools/natalg.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { SIP_PORT = 5060, PORT_LEN = 8 };

/** A rewriting under way. */
struct job {
	const struct cv_natalg *g;
	char from[CV_ADDR_STRLEN], to[CV_ADDR_STRLEN]; /* hosts as text */
	struct cv_buf head, body;
	size_t changes;
};

bool cv_natalg_is_sip(struct cv_str text)
{
	struct cv_str line = cv_str_make(text.p, cv_str_chr(text, '\n'));

	line = cv_str_trim(line);

	return cv_str_starts(line, CV_STR("SIP/2.0 ")) ||
	       (line.len > 8 &&
		cv_str_eq(cv_str_from(line, line.len - 8), CV_STR(" SIP/2.0")));
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '.';
}

/* Offset of the address in @p s as a word of its own; s.len: it isn't there. */
static size_t find(const struct job *j, struct cv_str s, size_t at)
{
	size_t len = strlen(j->from);

	for (; at + len <= s.len; ++at) {
		if (memcmp(s.p + at, j->from, len) != 0)
			continue;
		if ((at == 0 || !is_word(s.p[at - 1])) &&
		    (at + len == s.len || !is_word(s.p[at + len])))
			return at;
	}

	return s.len;
}

/* Length of ":PORT" at the front of @p s when it is the port that goes with the host. */
static size_t port_len(const struct job *j, struct cv_str s)
{
	char text[PORT_LEN];
	size_t len =
		(size_t)snprintf(text, sizeof(text), ":%u", (unsigned)j->g->from.port);

	if (!cv_str_starts(s, cv_str_make(text, len)) ||
	    (s.len > len && isdigit((unsigned char)s.p[len])))
		return 0;

	return len;
}

/* Every address in a line becomes the other one; with_port: the port behind it, too. */
static void line_write(struct job *j, struct cv_buf *to, struct cv_str line,
		       bool with_port)
{
	size_t at = 0, hit;

	for (hit = find(j, line, 0); hit < line.len; hit = find(j, line, at)) {
		size_t port;

		cv_buf_write(to, line.p + at, hit - at);
		cv_buf_str(to, cv_str_of(j->to));
		at = hit + strlen(j->from);
		++j->changes;
		if (!with_port)
			continue;

		port = port_len(j, cv_str_from(line, at));
		if (port > 0 ||
		    (j->g->from.port == SIP_PORT && j->g->to.port != SIP_PORT &&
		     (at == line.len || line.p[at] != ':')))
			cv_buf_printf(to, ":%u", (unsigned)j->g->to.port);
		at += port;
	}

	cv_buf_str(to, cv_str_from(line, at));
}

static bool is_header(struct cv_str line, struct cv_str name, char compact)
{
	struct cv_str is = cv_str_trim(cv_str_make(line.p, cv_str_chr(line, ':')));

	return cv_str_ieq(is, name) ||
	       (is.len == 1 && tolower((unsigned char)is.p[0]) == compact);
}

static void head_line(struct job *j, struct cv_str line)
{
	unsigned bits = j->g->bits;
	bool via = is_header(line, CV_STR("Via"), 'v');
	bool contact = is_header(line, CV_STR("Contact"), 'm');

	if ((via && (bits & CV_NATALG_VIA)) || (contact && (bits & CV_NATALG_CONTACT)))
		line_write(j, &j->head, line, true);
	else if (bits & CV_NATALG_TEXT)
		line_write(j, &j->head, line, false);
	else
		cv_buf_str(&j->head, line);
}

static void body_line(struct job *j, struct cv_str line)
{
	bool address =
		cv_str_starts(line, CV_STR("c=")) || cv_str_starts(line, CV_STR("o="));

	if ((j->g->bits & CV_NATALG_TEXT) || (address && (j->g->bits & CV_NATALG_SDP)))
		line_write(j, &j->body, line, false);
	else
		cv_buf_str(&j->body, line);
}

/* The line at the front of @p rest with its ending. */
static struct cv_str line_take(struct cv_str *rest)
{
	size_t n = cv_str_chr(*rest, '\n');
	struct cv_str line;

	if (n < rest->len)
		++n;
	line = cv_str_make(rest->p, n);
	*rest = cv_str_from(*rest, n);

	return line;
}

/* Writes the head with the length that the body has now. */
static void head_finish(const struct job *j, struct cv_buf *out)
{
	struct cv_str rest = cv_buf_view(&j->head);

	while (rest.len > 0) {
		struct cv_str line = line_take(&rest);

		if (is_header(line, CV_STR("Content-Length"), 'l') &&
		    !(j->g->bits & CV_NATALG_LENGTH))
			cv_buf_printf(out, "Content-Length: %zu\r\n", j->body.len);
		else
			cv_buf_str(out, line);
	}
}

int cv_natalg_rewrite(const struct cv_natalg *g, struct cv_str in, struct cv_buf *out)
{
	struct job j = {.g = g};
	struct cv_str rest = in;
	bool body = false;
	int err;

	(void)cv_addr_print_host(&g->from, j.from);
	(void)cv_addr_print_host(&g->to, j.to);
	while (rest.len > 0) {
		struct cv_str line = line_take(&rest);

		if (body) {
			body_line(&j, line);
			continue;
		}

		head_line(&j, line);
		body = cv_str_trim(line).len == 0;
	}

	err = j.changes == 0 ? ENOENT : 0;
	if (!err) {
		head_finish(&j, out);
		cv_buf_str(out, cv_buf_view(&j.body));
		err = cv_buf_err(&j.head) ? ENOMEM : cv_buf_err(&j.body);
	}
	if (!err)
		err = cv_buf_err(out);
	cv_buf_free(&j.head);
	cv_buf_free(&j.body);

	return err;
}
