/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A scripted SIP party: its socket, what it hears and remembers. Test's
 * thread.
 */
#include "config.h"

#include "sip_party.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/mem.h"
#include "call_words.h"

enum { SECOND_NS = 1000000000 };

_Static_assert((int)CV_PLAYER_LINE == (int)CV_FAKE_LINE, "lines of one length");

int cv_sparty_open(struct cv_sparty *p)
{
	struct sockaddr_storage ss;
	socklen_t len = cv_addr_to_sa(&p->addr, &ss);
	int on = 1;

	if (p->stream)
		return cv_sstream_open(p);

	p->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (p->fd == -1)
		return errno;

	/* the order in which the stack sent, over all sockets */
	if (setsockopt(p->fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)) == -1 ||
	    bind(p->fd, (struct sockaddr *)&ss, len) == -1)
		return errno;

	return 0;
}

void cv_sparty_close(struct cv_sparty *p)
{
	if (p->fd != -1)
		(void)close(p->fd);

	p->fd = -1;
	p->nat = cv_mem_unref(p->nat);
	cv_sstream_hang_up(p);
}

static uint64_t ns_of(const struct timespec *ts)
{
	return (uint64_t)ts->tv_sec * SECOND_NS + (uint64_t)ts->tv_nsec;
}

uint64_t cv_sparty_stamp(struct msghdr *m)
{
	struct timespec ts = {0};

	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS)
			memcpy(&ts, CMSG_DATA(c), sizeof(ts));
	}

	return ns_of(&ts);
}

/* Streams bear no stamps: what came over one comes last. */
static bool read_stream(struct cv_sparty *p, char *text, uint64_t *stamp_ns)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	*stamp_ns = ns_of(&now);

	return cv_sstream_read(p, text);
}

/* A datagram; one that a NAT keeps out is as if it had not come. */
static bool read_datagram(struct cv_sparty *p, char *text, uint64_t *stamp_ns)
{
	char control[CMSG_SPACE(sizeof(struct timespec))];
	struct iovec iov = {.iov_base = text, .iov_len = CV_STEXT - 1};
	struct sockaddr_storage ss;
	struct cv_addr from;
	bool lost = true;

	while (lost) {
		struct msghdr m = {
			.msg_name = &ss,
			.msg_namelen = sizeof(ss),
			.msg_iov = &iov,
			.msg_iovlen = 1,
			.msg_control = control,
			.msg_controllen = sizeof(control),
		};
		ssize_t n = recvmsg(p->fd, &m, MSG_DONTWAIT);

		if (n < 0)
			return false;

		text[n] = '\0';
		*stamp_ns = cv_sparty_stamp(&m);
		lost = p->nat && (cv_addr_from_sa(&from, (struct sockaddr *)&ss) ||
				  !cv_snat_lets_in(p, &from));
	}

	return true;
}

bool cv_sparty_read(struct cv_sparty *p, char *text, uint64_t *stamp_ns)
{
	return p->stream ? read_stream(p, text, stamp_ns)
			 : read_datagram(p, text, stamp_ns);
}

int cv_sparty_send(struct cv_sparty *p, struct cv_str text)
{
	struct sockaddr_storage ss;
	socklen_t len = cv_addr_to_sa(&p->edge, &ss);

	++p->out;
	if (p->stream)
		return cv_sstream_send(p, text);
	if (p->nat) {
		int err = cv_snat_out(p);

		if (err)
			return err;
	}

	return sendto(p->fd, text.p, text.len, 0, (struct sockaddr *)&ss, len) == -1
		       ? errno
		       : 0;
}

struct cv_stalk *cv_sparty_talk(struct cv_sparty *p, unsigned nr)
{
	for (size_t i = 0; i < p->talkc; ++i) {
		if (p->talks[i].nr == nr)
			return &p->talks[i];
	}

	return NULL;
}

static void copy(char *dst, size_t size, struct cv_str s)
{
	(void)snprintf(dst, size, CV_STR_FMT, CV_STR_ARG(s));
}

static bool is(struct cv_str s, const char *word)
{
	return cv_str_eq(s, cv_str_of(word));
}

struct cv_stalk *cv_sparty_begin(struct cv_sparty *p)
{
	struct cv_stalk *t = &p->talks[p->begun++ % CV_STALKS];

	if (p->talkc < CV_STALKS)
		++p->talkc;

	memset(t, 0, sizeof(*t));

	return t;
}

/* The conversation a message belongs to, a new one when it begins it. */
static struct cv_stalk *talk_of(struct cv_sparty *p, struct cv_str text)
{
	struct cv_str id = cv_stext_header(text, "Call-ID", 0);
	struct cv_str method = cv_stext_method(text);
	struct cv_stalk *t;
	char own[sizeof(t->local)];

	for (size_t i = 0; i < p->talkc; ++i) {
		if (is(id, p->talks[i].call_id))
			return &p->talks[i];
	}

	t = cv_sparty_begin(p);
	copy(t->call_id, sizeof(t->call_id), id);
	copy(t->remote, sizeof(t->remote), cv_stext_header(text, "From", 0));
	(void)snprintf(own, sizeof(own), CV_STR_FMT ";tag=%s-%zu",
		       CV_STR_ARG(cv_stext_header(text, "To", 0)), p->name, p->begun);
	copy(t->local, sizeof(t->local), cv_str_of(own));
	t->cseq = 100;
	if (is(method, "INVITE") || is(method, "SUBSCRIBE"))
		t->nr = ++p->numbered;

	return t;
}

static bool heard_before(struct cv_sparty *p, struct cv_str text)
{
	uint64_t hash = cv_hash_bytes(text.p, text.len);
	size_t c = p->heardc < CV_SHEARD ? p->heardc : CV_SHEARD;

	for (size_t i = 0; i < c; ++i) {
		if (p->heard[i] == hash)
			return true;
	}
	p->heard[p->heardc++ % CV_SHEARD] = hash;

	return false;
}

/* A keepalive comes from nobody at all: there is no user in its From. */
static bool is_ping(struct cv_str text)
{
	struct cv_str from = cv_stext_uri(cv_stext_header(text, "From", 0));

	return cv_stext_status(text) == 0 && is(cv_stext_method(text), "OPTIONS") &&
	       cv_str_chr(from, '@') == from.len;
}

/* Keepalives that are no SIP: two empty lines, or four zero bytes, whose text is empty.
 */
static const char *raw_ping(struct cv_str text)
{
	if (text.len == 0)
		return "zeros";

	return cv_str_eq(text, CV_STR("\r\n\r\n")) ? "empty lines" : NULL;
}

static void answer_ping(struct cv_sparty *p, struct cv_str text, bool again)
{
	static const char *const same[] = {"Via", "From", "To", "Call-ID", "CSeq"};
	struct cv_sdraft *d;
	struct cv_buf out = {.p = NULL};

	p->ping_kind = "OPTIONS";
	if (!again)
		p->pings[p->pingc++ % CV_SPINGS] = cv_clock_ms();

	if (p->silent)
		return;

	d = calloc(1, sizeof(*d));
	if (!d)
		return;

	(void)snprintf(d->start, sizeof(d->start), "SIP/2.0 200 OK");
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); ++i)
		cv_sdraft_copy(d, text, same[i]);

	cv_sdraft_write(d, CV_STR_NULL, CV_STR_NULL, &out);
	(void)cv_sparty_send(p, cv_buf_view(&out));
	cv_buf_free(&out);
	free(d);
}

static void note_register(struct cv_sparty *p, struct cv_str text)
{
	struct cv_str user = cv_stext_uri(cv_stext_header(text, "To", 0));
	struct cv_str contact = cv_stext_uri(cv_stext_header(text, "Contact", 0));
	size_t i = 0;

	user = cv_str_from(user, cv_str_chr(user, ':') + 1);
	user.len = cv_str_chr(user, '@');
	while (i < p->boundc && !is(user, p->bound[i].user))
		++i;

	if (i == CV_SBOUND || contact.len == 0)
		return;

	p->boundc += i == p->boundc;
	copy(p->bound[i].user, sizeof(p->bound[i].user), user);
	copy(p->bound[i].uri, sizeof(p->bound[i].uri), contact);
	if (cv_stext_header(text, "Path", 0).len > 0)
		copy(p->path, sizeof(p->path),
		     cv_stext_uri(cv_stext_header(text, "Path", 0)));
}

static void note_target(struct cv_stalk *t, struct cv_str text)
{
	struct cv_str uri = cv_stext_uri(cv_stext_header(text, "Contact", 0));

	if (uri.len > 0)
		copy(t->target, sizeof(t->target), uri);
}

static void note_request(struct cv_sparty *p, struct cv_stalk *t, struct cv_str text)
{
	struct cv_str method = cv_stext_method(text);
	struct cv_sasked *a;

	if (is(method, "REGISTER"))
		note_register(p, text);
	else
		note_target(t, text);

	if (is(method, "ACK"))
		return;

	a = &p->asked[p->askedc++ % CV_SASKED];
	copy(a->text, sizeof(a->text), text);
	a->talk = (size_t)(t - p->talks);
	a->answered = false;
}

static void note_tag(struct cv_stalk *t, struct cv_str tag)
{
	for (size_t i = 0; i < t->tagc; ++i) {
		if (is(tag, t->tags[i]))
			return;
	}

	if (t->tagc < CV_STAGS)
		copy(t->tags[t->tagc++], sizeof(t->tags[0]), tag);
}

static void note_response(struct cv_stalk *t, struct cv_str text)
{
	struct cv_str to = cv_stext_header(text, "To", 0), tag = cv_stext_tag(to);
	struct cv_str rseq = cv_stext_header(text, "RSeq", 0);
	bool invite = is(cv_stext_method(text), "INVITE");

	if (invite)
		copy(t->answer, sizeof(t->answer), text);

	if (tag.len == 0 || cv_stext_status(text) >= 300)
		return;

	note_tag(t, tag);
	copy(t->remote, sizeof(t->remote), to);
	note_target(t, text);
	if (rseq.len > 0)
		(void)snprintf(t->rack, sizeof(t->rack), CV_STR_FMT " " CV_STR_FMT,
			       CV_STR_ARG(rseq),
			       CV_STR_ARG(cv_stext_header(text, "CSeq", 0)));
}

/* Which of the tags that the conversation has heard. */
static size_t fork_of(const struct cv_stalk *t, struct cv_str text)
{
	struct cv_str tag = cv_stext_tag(cv_stext_header(text, "To", 0));

	for (size_t i = 0; i < t->tagc; ++i) {
		if (is(tag, t->tags[i]))
			return i;
	}

	return 0;
}

struct cv_sorder *cv_sparty_order(struct cv_sparty *p, struct cv_str method)
{
	for (size_t i = 0; i < p->orderc; ++i) {
		if (is(method, p->orders[i].method))
			return &p->orders[i];
	}

	return NULL;
}

/* Answers by a standing order; false: there is none for it. */
static bool obey(struct cv_sparty *p, struct cv_str text, bool again)
{
	struct cv_sorder *o = cv_sparty_order(p, cv_stext_method(text));
	struct cv_ssaid said = {.words = ""};

	if (!o || cv_stext_status(text) != 0)
		return false;

	said.words = o->words;
	said.edits[0] = cv_str_of(o->edits);
	said.editc = o->edits[0] != '\0';
	o->heard += !again;
	(void)cv_sparty_say(p, &said);

	return true;
}

static size_t line_start(const struct cv_sparty *p, const struct cv_stalk *t, char *line)
{
	size_t at = cv_words_put(line, 0, "%s", p->name);

	return t->nr > 1 ? cv_words_put(line, at, ".%u", t->nr) : at;
}

bool cv_sparty_hear(struct cv_sparty *p, struct cv_str text, char *line)
{
	unsigned status = cv_stext_status(text);
	bool again = heard_before(p, text);
	struct cv_stalk *t;
	size_t at;

	if (raw_ping(text)) {
		p->ping_kind = raw_ping(text);
		p->pings[p->pingc++ % CV_SPINGS] = cv_clock_ms();
		return false;
	}

	if (is_ping(text) && !p->pings_shown) {
		answer_ping(p, text, again);
		return false;
	}

	t = talk_of(p, text);
	at = line_start(p, t, line);
	if (again)
		at = cv_words_put(line, at, " again");
	else if (status == 0)
		note_request(p, t, text);
	else
		note_response(t, text);

	if (obey(p, text, again))
		return false;

	if (status != 0)
		at = cv_words_put(line, at, " %u", status);

	at = cv_words_put(line, at, " " CV_STR_FMT, CV_STR_ARG(cv_stext_method(text)));
	if (status != 0 && fork_of(t, text) > 0)
		at = cv_words_put(line, at, " fork %zu", fork_of(t, text));

	if (cv_stext_header(text, "RSeq", 0).len > 0)
		at = cv_words_put(line, at, " reliable");

	cv_words_say_body(line, at, cv_stext_header(text, "Content-Type", 0),
			  cv_stext_body(text));

	return true;
}
