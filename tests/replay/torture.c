/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sends each message of tests/replay/torture to the real stack, over UDP and
 * over TCP through the door, and compares what it is answered with the table
 * there; after each of them and at the end all must work as ever. The test's
 * thread, and the door's.
 *
 * A file is a message with lines ended by LF, which become CRLF. $id is new in
 * each message, $tp the transport, $body how long its body is; \xNN is a byte,
 * \*N{TEXT} TEXT N times. 127.0.0. is the network of the run.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <sofia-sip/su_wait.h>

#include "base/log.h"
#include "base/mem.h"
#include "sip_world.h"

enum {
	FILE_MAX = 65536,
	WAIT_MS = 5000, /* of real time, for an answer over a stream */
	STILL_MS = 500, /* for a fence that may never be answered */
};

enum want { WANT_STATUS = 0, WANT_NONE, WANT_ANY, WANT_SKIP };

struct torture {
	struct cv_sworld *w;
	const char *dir;
	unsigned id, good, bad;
};

static const char *const settings[] = {
	"party gate wan 127.0.0.150 peer of gate.example",
	"party home lan 127.0.0.21",
	"party desk lan 127.0.0.22",
	"party door wan 127.0.0.131",
	NULL,
};

static const char *const orders[] = {
	"home always 486 INVITE",
	"home always 200 MESSAGE",
	"home always 200 NEWMETHOD",
	"home always 200 X-odd_Method.1!2*3~4",
	NULL,
};

/* A call after all that. */
static const char *const last_call[] = {
	"<desk INVITE door audio 192.168.50.22:10000",
	">door INVITE audio 198.51.100.10:20000",
	"<door 200 audio 203.0.113.31:4000",
	">desk 200 INVITE audio 192.168.50.1:20002",
	"<desk ACK",
	">door ACK",
	"<door BYE",
	">door 200 BYE",
	">desk BYE",
	"<desk 200 BYE",
	NULL,
};

static void drain(struct torture *t)
{
	char line[CV_PLAYER_LINE];

	while (cv_sworld_next(t->w, line))
		;
}

/* Messages */

static int read_file(const struct torture *t, const char *name, char *text)
{
	char path[4096];
	FILE *f;
	size_t n;

	(void)snprintf(path, sizeof(path), "%s/%s.sip", t->dir, name);
	f = fopen(path, "r");
	if (!f)
		return errno;

	n = fread(text, 1, FILE_MAX - 1, f);
	text[n] = '\0';
	(void)fclose(f);

	return 0;
}

static const char *repeat(const char *at, struct cv_buf *to)
{
	char *text;
	unsigned long n = strtoul(at, &text, 10);
	size_t len = strcspn(++text, "}");

	for (unsigned long i = 0; i < n; ++i)
		cv_buf_write(to, text, len);

	return text + len + (text[len] == '}');
}

/* Bytes of what stands in a file, but for the length of the body. */
static void expand(struct torture *t, const char *at, const char *tp, struct cv_buf *to)
{
	while (*at) {
		unsigned byte;

		if (at[0] == '\n') {
			cv_buf_str(to, CV_STR("\r\n"));
			++at;
		} else if (strncmp(at, "$id", 3) == 0) {
			cv_buf_printf(to, "torture%u", t->id);
			at += 3;
		} else if (strncmp(at, "$tp", 3) == 0) {
			cv_buf_str(to, cv_str_of(tp));
			at += 3;
		} else if (strncmp(at, "\\*", 2) == 0) {
			at = repeat(at + 2, to);
		} else if (sscanf(at, "\\x%2x", &byte) == 1) {
			cv_buf_printf(to, "%c", (int)byte);
			at += 4;
		} else {
			cv_buf_write(to, at++, 1);
		}
	}
}

static int message(struct torture *t, const char *name, const char *tp, struct cv_buf *to)
{
	struct cv_buf raw = {.p = NULL}, sized = {.p = NULL};
	char *text = calloc(1, FILE_MAX), length[24];
	size_t from;
	int err = text ? read_file(t, name, text) : ENOMEM;

	++t->id;
	if (!err) {
		expand(t, text, tp, &raw);
		from = raw.p ? strspn(raw.p, "\r\n") : 0;
		(void)snprintf(length, sizeof(length), "%zu",
			       cv_stext_body(cv_str_from(cv_buf_view(&raw), from)).len);
		cv_stext_swap(cv_buf_view(&raw), "$body", length, &sized);
		cv_sworld_outward(t->w, cv_buf_view(&sized), to);
		err = cv_buf_err(to);
	}
	free(text);
	cv_buf_free(&raw);
	cv_buf_free(&sized);

	return err;
}

/* Answers: the status of the last final one; 0: none */

static unsigned by_udp(struct torture *t, struct cv_str text)
{
	struct cv_sparty *gate = cv_sworld_party(t->w, CV_STR("gate"));
	char line[CV_PLAYER_LINE];
	unsigned status = 0;

	if (cv_sparty_send(gate, text))
		return 0;

	cv_sworld_settle(t->w, 0);
	while (cv_sworld_next(t->w, line)) {
		if (strncmp(line, "gate", 4) == 0)
			status = cv_stext_status(cv_str_of(gate->taken));
	}

	return status;
}

static int stream_open(struct torture *t)
{
	const struct cv_sparty *gate = cv_sworld_party(t->w, CV_STR("gate"));
	struct cv_addr own = gate->addr;
	struct sockaddr_storage from, to;
	socklen_t from_len, to_len = cv_addr_to_sa(&gate->edge, &to);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	own.port = 0;
	from_len = cv_addr_to_sa(&own, &from);
	if (fd == -1)
		return -1;

	if (bind(fd, (struct sockaddr *)&from, from_len) == -1 ||
	    syscall(SYS_connect, fd, &to, to_len) == -1) { /* connect() is the stack's */
		(void)close(fd);
		return -1;
	}

	return fd;
}

/* The final answer in what came, fence apart; @p fenced: the fence is answered. */
static unsigned answer_in(struct cv_str all, bool *fenced)
{
	unsigned status = 0;

	*fenced = false;
	for (size_t i = 0; i + 8 < all.len; ++i) {
		struct cv_str at = cv_str_from(all, i);

		if (!cv_str_starts(at, CV_STR("SIP/2.0 ")) || (i > 0 && at.p[-1] != '\n'))
			continue;

		if (cv_str_eq(cv_stext_header(at, "Call-ID", 0), CV_STR("fence")))
			*fenced = true;
		else if (cv_stext_status(at) >= 200)
			status = cv_stext_status(at);
	}

	return status;
}

static void fence(struct torture *t, struct cv_buf *to)
{
	struct cv_buf text = {.p = NULL};

	cv_buf_printf(&text,
		      "OPTIONS sip:edge.example SIP/2.0\r\n"
		      "Via: SIP/2.0/TCP 127.0.0.150:5060;branch=z9hG4bKfence%u\r\n"
		      "Max-Forwards: 70\r\nFrom: <sip:gate@gate.example>;tag=fence\r\n"
		      "To: <sip:edge.example>\r\nCall-ID: fence\r\n"
		      "CSeq: %u OPTIONS\r\nContent-Length: 0\r\n\r\n",
		      t->id, t->id);
	cv_sworld_outward(t->w, cv_buf_view(&text), to);
	cv_buf_free(&text);
}

enum { DEAD = 1 }; /* no status: the stream neither ended nor carried the fence */

/* What comes back over a stream: an answer when one is due, else the fence's or the
 * stream's end. */
static unsigned stream_read(struct torture *t, int fd, enum want want)
{
	unsigned wait_ms = want == WANT_STATUS ? WAIT_MS : STILL_MS, status = 0;
	struct cv_buf all = {.p = NULL};
	bool over = false;

	for (unsigned i = 0; i < wait_ms && !over; ++i) {
		char part[4096];
		ssize_t n;

		(void)su_root_step(cv_loop_native(t->w->loop), 1);
		cv_sworld_settle(t->w, 0);
		n = recv(fd, part, sizeof(part), MSG_DONTWAIT);
		if (n > 0)
			cv_buf_write(&all, part, (size_t)n);
		else
			over = n == 0 || errno != EAGAIN;

		status = answer_in(cv_buf_view(&all), &(bool){false});
		if (want == WANT_STATUS)
			over = over || status > 0;
		else if (!over)
			(void)answer_in(cv_buf_view(&all), &over);
	}
	cv_buf_free(&all);

	return over || status > 0 ? status : DEAD;
}

static unsigned by_tcp(struct torture *t, struct cv_str text, enum want want)
{
	struct cv_buf all = {.p = NULL};
	unsigned status = 0;
	int fd = stream_open(t);

	if (fd == -1)
		return 0;

	cv_buf_str(&all, text);
	if (want != WANT_STATUS)
		fence(t, &all);

	if (send(fd, all.p, all.len, MSG_NOSIGNAL) == (ssize_t)all.len)
		status = stream_read(t, fd, want);

	cv_buf_free(&all);
	(void)close(fd);
	cv_sworld_settle(t->w, 2);
	drain(t);

	return status;
}

/* The table */

static enum want want_of(const char *word)
{
	if (strcmp(word, "none") == 0)
		return WANT_NONE;

	if (strcmp(word, "any") == 0)
		return WANT_ANY;

	return strcmp(word, "skip") == 0 ? WANT_SKIP : WANT_STATUS;
}

static bool has_texts(struct torture *t, const char *at)
{
	const char *got = cv_sworld_party(t->w, CV_STR("home"))->obeyed;
	char text[CV_PLAYER_LINE];

	for (at = strchr(at, '"'); at; at = strchr(at + 1, '"')) {
		at = cv_player_unquote(at, text);
		if (!at || !strstr(got, text)) {
			printf("%s\nwas not received in:\n%s\n", text, got);
			return false;
		}
	}

	return true;
}

static bool is_alive(struct torture *t)
{
	char line[CV_PLAYER_LINE];

	return cv_sworld_feed(t->w, "gate OPTIONS sip:edge.example") == 0 &&
	       cv_sworld_next(t->w, line) && strcmp(line, "gate 200 OPTIONS") == 0;
}

static bool sent(struct torture *t, const char *name, const char *word, const char *tp,
		 const char *texts)
{
	enum want want = want_of(word);
	struct cv_buf text = {.p = NULL};
	unsigned status, due = (unsigned)strtoul(word, NULL, 10);
	bool good;

	if (want == WANT_SKIP)
		return true;

	cv_sworld_party(t->w, CV_STR("home"))->obeyed[0] = '\0';
	if (message(t, name, tp, &text)) {
		printf("%s: %s\n", name, strerror(ENOENT));
		return false;
	}

	status = strcmp(tp, "UDP") == 0 ? by_udp(t, cv_buf_view(&text))
					: by_tcp(t, cv_buf_view(&text), want);
	good = want == WANT_ANY || status == due;
	if (!good)
		printf("%s over %s: answered %u, expected %s\n", name, tp, status, word);

	good = has_texts(t, texts) && good;
	if (!is_alive(t)) {
		printf("%s over %s: nothing works after it\n", name, tp);
		good = false;
	}
	drain(t);
	cv_buf_free(&text);

	return good;
}

/* "NAME UDP TCP TEXTS # WHY" */
static void row(struct torture *t, char *line)
{
	char *save = NULL, *why = strstr(line, "# ");
	const char *name = strtok_r(line, " ", &save), *udp = strtok_r(NULL, " ", &save);
	const char *tcp = strtok_r(NULL, " ", &save);
	bool good;

	if (!why || !tcp) {
		printf("not a row: %s\n", line);
		++t->bad;
		return;
	}

	why[0] = '\0';
	good = sent(t, name, udp, "UDP", save);
	good = sent(t, name, tcp, "TCP", save) && good;
	good ? ++t->good : ++t->bad;
	printf("%s %s: %s", good ? "ok" : "FAIL", name, why + 2);
}

static int rows(struct torture *t)
{
	char line[CV_PLAYER_LINE], path[4096];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/expected", t->dir);
	f = fopen(path, "r");
	if (!f)
		return errno;

	while (fgets(line, sizeof(line), f)) {
		if (line[0] != '#')
			row(t, line);
	}
	(void)fclose(f);

	return 0;
}

static bool play(struct torture *t, const char *const *steps)
{
	char line[CV_PLAYER_LINE];

	for (; *steps; ++steps) {
		const char *step = *steps + 1;

		if (*steps[0] == '<' && cv_sworld_feed(t->w, step) == 0)
			continue;

		if (*steps[0] == '>' && cv_sworld_next(t->w, line) &&
		    strcmp(step, line) == 0)
			continue;

		printf("FAIL the call at the end: %s\n", *steps);
		return false;
	}

	return true;
}

static void quiet(enum cv_log_level level, const char *line, void *arg)
{
	(void)level;
	(void)line;
	(void)arg;
}

static int run(struct torture *t)
{
	int err = 0;

	for (const char *const *s = settings; !err && *s; ++s)
		err = cv_sworld_conf(t->w, *s);

	for (const char *const *s = orders; !err && *s; ++s)
		err = cv_sworld_feed(t->w, *s);

	if (!err)
		err = rows(t);
	if (err)
		return err;

	cv_sworld_advance(t->w, 60000);
	drain(t);
	t->w->plane.port = 20000; /* as if it were the first call */
	play(t, last_call) ? ++t->good : ++t->bad;

	return 0;
}

int main(void)
{
	const char *top = getenv("top_srcdir");
	struct torture t = {.dir = NULL};
	char dir[4000];
	int err;

	cv_log_sink(quiet, NULL);
	(void)snprintf(dir, sizeof(dir), "%s/tests/replay/torture", top ? top : ".");
	t.dir = dir;
	err = cv_sworld_new(&t.w);
	if (!err) {
		t.w->streams = true;
		err = run(&t);
		cv_sworld_close(t.w);
		cv_mem_unref(t.w);
	}
	if (err)
		printf("FAIL no world: %s\n", strerror(err));

	if (cv_mem_live() != 0)
		printf("FAIL leak: objects were never dropped\n");

	printf("%u passed, %u failed, 0 skipped\n", t.good, t.bad);

	return !err && t.good > 0 && t.bad == 0 && cv_mem_live() == 0 ? EXIT_SUCCESS
								      : EXIT_FAILURE;
}
