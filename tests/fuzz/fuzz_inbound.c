/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fuzz target of the whole inbound path: what the network sends, through the
 * stack, src/sip, src/call, src/bind and back out. One thread.
 *
 * An input is a short play. A line "@N" begins a datagram from party N (edge.h),
 * with LF sent as CRLF; "=N" the same with bytes as they are; "+N" lets N
 * milliseconds pass. In a datagram a tilde and a letter stand for what the sender
 * was told last, so that a mutated input still answers the edge's own requests:
 *   ~v ~f ~t ~i ~q ~s ~c ~x ~u  of the last request: Via lines, From, To, Call-ID,
 *                               CSeq, its number, Contact, the URI in it, Request-URI
 *   ~V ~F ~T ~I ~Q ~D ~C ~X ~R  the same of the last response, and RSeq
 *   ~j ~k                       of the last INVITE: Via lines, number of its CSeq
 *   ~E ~S ~B ~N                 the edge, the sender, a new branch, its number
 */
#include "config.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "edge.h"

enum {
	STEPS_MAX = 64,    /* datagrams and waits of one input */
	WAIT_MAX = 400000, /* ms */
	VIAS_MAX = 70,
};

/** A datagram in the making. */
struct draft {
	char text[CV_EDGE_TEXT];
	size_t len;
	bool raw;
	enum cv_edge_party from;
};

/** One input being played. */
struct play {
	struct cv_edge *e;
	const char *p, *end;
	unsigned serial;
	struct draft d;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void put(struct draft *d, const char *p, size_t len)
{
	size_t room = sizeof(d->text) - d->len;

	len = len < room ? len : room;
	memcpy(d->text + d->len, p, len);
	d->len += len;
}

static void put_text(struct draft *d, const char *text)
{
	put(d, text, strlen(text));
}

/* Value of a header from @p text on; NULL: none is left. */
static const char *find(const char *text, const char *name)
{
	char key[32];
	const char *p;

	(void)snprintf(key, sizeof(key), "\r\n%s: ", name);
	p = strstr(text, key);

	return p ? p + strlen(key) : NULL;
}

static size_t line_len(const char *p)
{
	return strcspn(p, "\r");
}

static void put_header(struct draft *d, const char *text, const char *name)
{
	const char *p = find(text, name);

	if (p)
		put(d, p, line_len(p));
}

static void put_vias(struct draft *d, const char *text)
{
	const char *p = find(text, "Via");

	for (int i = 0; p && i < VIAS_MAX; ++i) {
		put_text(d, i > 0 ? "\r\nVia: " : "Via: ");
		put(d, p, line_len(p));
		p = find(p, "Via");
	}
}

static void put_number(struct draft *d, const char *text, const char *name)
{
	const char *p = find(text, name);

	if (p)
		put(d, p, strspn(p, "0123456789"));
}

/* What stands between the first < and > of a Contact. */
static void put_uri(struct draft *d, const char *text)
{
	const char *p = find(text, "Contact");

	if (p)
		p = memchr(p, '<', line_len(p));
	if (p)
		put(d, p + 1, strcspn(p + 1, ">\r"));
}

static void put_ruri(struct draft *d, const char *text)
{
	const char *p = strchr(text, ' ');

	if (p)
		put(d, p + 1, strcspn(p + 1, " \r"));
}

static void put_of(struct draft *d, const char *text, char what)
{
	switch (what) {
	case 'v':
		put_vias(d, text);
		break;
	case 'f':
		put_header(d, text, "From");
		break;
	case 't':
		put_header(d, text, "To");
		break;
	case 'i':
		put_header(d, text, "Call-ID");
		break;
	case 'q':
		put_header(d, text, "CSeq");
		break;
	case 's':
	case 'd':
		put_number(d, text, "CSeq");
		break;
	case 'c':
		put_header(d, text, "Contact");
		break;
	case 'x':
		put_uri(d, text);
		break;
	case 'u':
		put_ruri(d, text);
		break;
	case 'r':
		put_number(d, text, "RSeq");
		break;
	default: /* the fuzzer's letters: anything */
		break;
	}
}

static void put_word(struct play *pl, char what)
{
	const struct cv_edge_heard *h = cv_edge_heard(pl->e, pl->d.from);
	char number[24];

	(void)snprintf(number, sizeof(number), "z9hG4bK-%u", pl->serial);
	switch (what) {
	case 'E':
		put_text(&pl->d, cv_edge_point(pl->e, pl->d.from));
		return;
	case 'S':
		put_text(&pl->d, cv_edge_party(pl->e, pl->d.from));
		return;
	case 'B':
		put_text(&pl->d, number);
		return;
	case 'N':
		put_text(&pl->d, strchr(number, '-') + 1);
		return;
	case 'j':
		put_vias(&pl->d, h->invite);
		return;
	case 'k':
		put_number(&pl->d, h->invite, "CSeq");
		return;
	default: /* the fuzzer's letters: anything */
		break;
	}

	if (what >= 'a' && what <= 'z')
		put_of(&pl->d, h->request, what);
	else if (what >= 'A' && what <= 'Z')
		put_of(&pl->d, h->response, (char)(what - 'A' + 'a'));
}

/* A line that isn't a datagram's: "@2", "=2", "+500". */
static bool is_cue(const char *p, size_t len)
{
	if (len == 2 && (*p == '@' || *p == '='))
		return p[1] >= '0' && p[1] < '0' + CV_EDGE_PARTIES;

	return len >= 2 && len <= 7 && *p == '+' && p[1] >= '0' && p[1] <= '9';
}

static size_t cue_len(const struct play *pl)
{
	const char *nl = memchr(pl->p, '\n', (size_t)(pl->end - pl->p));

	return nl ? (size_t)(nl - pl->p) : (size_t)(pl->end - pl->p);
}

/* The lines up to the next cue. */
static void read_datagram(struct play *pl)
{
	bool begins = true;

	while (pl->p < pl->end && !(begins && is_cue(pl->p, cue_len(pl)))) {
		char c = *pl->p++;

		begins = c == '\n';
		if (c == '~' && pl->p < pl->end)
			put_word(pl, *pl->p++);
		else if (c == '\n' && !pl->d.raw)
			put(&pl->d, "\r\n", 2);
		else
			put(&pl->d, &c, 1);
	}
}

static void step(struct play *pl)
{
	size_t len = cue_len(pl);
	const char *p = pl->p;
	unsigned long ms = 0;

	pl->p += len < (size_t)(pl->end - p) ? len + 1 : len;
	if (!is_cue(p, len))
		return; /* before the first cue */

	if (*p == '+') {
		for (size_t i = 1; i < len && p[i] >= '0' && p[i] <= '9'; ++i)
			ms = ms * 10 + (unsigned long)(p[i] - '0');
		cv_edge_wait(pl->e, (uint32_t)(ms < WAIT_MAX ? ms : WAIT_MAX));
		return;
	}

	pl->d.len = 0;
	pl->d.raw = *p == '=';
	pl->d.from = (enum cv_edge_party)(p[1] - '0');
	++pl->serial;
	read_datagram(pl);
	cv_edge_send(pl->e, pl->d.from, pl->d.text, pl->d.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct cv_edge *e; /* the stack allows one a process */
	static struct play pl;

	if (!e && cv_edge_open(&e))
		abort();

	pl.e = e;
	pl.p = (const char *)data;
	pl.end = pl.p + size;
	pl.serial = 0;
	cv_edge_begin(e);
	for (int i = 0; i < STEPS_MAX && pl.p < pl.end; ++i)
		step(&pl);
	cv_edge_end(e);

	return 0;
}
