/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The world of scripted parties: settings, what arrives, time, questions.
 * Test's thread.
 */
#include "config.h"

#include "sip_world.h"

#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <sofia-sip/su_wait.h>

#include "base/clock.h"
#include "base/mem.h"
#include "call_words.h"

enum {
	QUIET = 6,      /* steps of the loop without anything: it stands still */
	ARRIVALS = 128, /* messages of one step */
	SECOND_NS = 1000000000,
	MS_NS = 1000000,
	LATER_NS = 2000000,
	STAMP_TRIES = 1000,
	DOOR_MS = 8,        /* real time in which what crosses the door mostly does */
	AWAIT_STEPS = 4000, /* of a millisecond at most: and in which it must */
};

/* The library takes one clock for all agents of a process, and it never goes back. The
 * door's thread reads it too. */
static uint64_t now_ms = 1000000;

static uint64_t virtual_ms(void *arg)
{
	(void)arg;

	return __atomic_load_n(&now_ms, __ATOMIC_RELAXED);
}

/** One message on its way into a line. */
struct arrival {
	uint64_t stamp_ns;
	struct cv_sparty *p;
	char text[CV_STEXT];
};

static void world_fini(void *obj)
{
	struct cv_sworld *w = obj;

	free(w->arrivals);
	cv_buf_free(&w->text);
	cv_buf_free(&w->lines);
}

int cv_sworld_new(struct cv_sworld **wp)
{
	struct cv_sworld *w = cv_mem_new(sizeof(*w), world_fini);

	if (!w)
		return ENOMEM;

	w->arrivals = calloc(ARRIVALS, sizeof(*w->arrivals));
	if (!w->arrivals) {
		cv_mem_unref(w);
		return ENOMEM;
	}

	for (size_t i = 0; i < CV_SWORLD_PARTIES; ++i)
		w->parties[i].fd = w->parties[i].conn = -1;

	cv_fake_media_init(&w->plane);
	cv_clock_set(virtual_ms, NULL);
	*wp = w;

	return 0;
}

void cv_sworld_close(struct cv_sworld *w)
{
	cv_sworld_shut(w);
}

struct cv_sparty *cv_sworld_party(struct cv_sworld *w, struct cv_str name)
{
	for (size_t i = 0; i < w->partyc; ++i) {
		if (cv_str_eq(name, cv_str_of(w->parties[i].name)))
			return &w->parties[i];
	}

	return NULL;
}

void cv_sworld_outward(const struct cv_sworld *w, struct cv_str text, struct cv_buf *to)
{
	char net[32];

	(void)snprintf(net, sizeof(net), "127.%u.%u.", w->net_nr >> 8, w->net_nr & 0xff);
	cv_stext_swap(text, "127.0.0.", net, to);
}

void cv_sworld_inward(const struct cv_sworld *w, struct cv_str text, struct cv_buf *to)
{
	char net[32];

	(void)snprintf(net, sizeof(net), "127.%u.%u.", w->net_nr >> 8, w->net_nr & 0xff);
	cv_stext_swap(text, net, "127.0.0.", to);
}

/* What arrives */

/* Sends itself a packet and takes it later: is the stamp of then, or of now? */
static bool is_stamped(int fd)
{
	const struct timespec later = {.tv_nsec = LATER_NS};
	char control[CMSG_SPACE(sizeof(struct timespec))], byte = 0;
	struct iovec iov = {.iov_base = &byte, .iov_len = 1};
	struct msghdr m = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct timespec now;

	if (send(fd, &byte, 1, 0) != 1)
		return false;

	(void)nanosleep(&later, NULL);
	(void)clock_gettime(CLOCK_REALTIME, &now);
	if (recvmsg(fd, &m, 0) != 1)
		return false;

	return cv_sparty_stamp(&m) + MS_NS <
	       (uint64_t)now.tv_sec * SECOND_NS + (uint64_t)now.tv_nsec;
}

int cv_sworld_stamps(int *fdp)
{
	struct sockaddr_in sa = {.sin_family = AF_INET};
	socklen_t len = sizeof(sa);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), on = 1;

	if (fd == -1)
		return errno;

	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)) == 0 &&
	    bind(fd, (struct sockaddr *)&sa, len) == 0 &&
	    getsockname(fd, (struct sockaddr *)&sa, &len) == 0 &&
	    connect(fd, (struct sockaddr *)&sa, len) == 0) {
		for (unsigned i = 0; i < STAMP_TRIES; ++i) {
			if (!is_stamped(fd))
				continue;

			*fdp = fd;
			return 0;
		}
	}
	(void)close(fd);

	return ETIMEDOUT;
}

static bool receive(struct cv_sparty *p, struct arrival *a)
{
	a->p = p;

	return cv_sparty_read(p, a->text, &a->stamp_ns);
}

static int by_stamp(const void *a, const void *b)
{
	const struct arrival *x = a, *y = b;

	return (x->stamp_ns > y->stamp_ns) - (x->stamp_ns < y->stamp_ns);
}

/* A line that waits: its party, how long its text is, the line; then the text. */
static void hear(struct cv_sworld *w, const struct arrival *a)
{
	struct cv_str text = cv_str_of(a->text);
	struct cv_buf shown = {.p = NULL};
	bool has_line;
	char line[CV_PLAYER_LINE];

	has_line = cv_sparty_hear(a->p, text, line);
	if (cv_stext_status(text) == 100 && !w->trying)
		return;

	cv_sworld_inward(w, text, &shown);
	if (!has_line && cv_sparty_order(a->p, cv_stext_method(text)))
		(void)snprintf(a->p->obeyed, CV_STEXT, CV_STR_FMT,
			       CV_STR_ARG(cv_buf_view(&shown)));
	if (!has_line)
		goto out;

	cv_buf_printf(&w->lines, "%td %zu %s\n", a->p - w->parties, shown.len, line);
	cv_buf_str(&w->lines, cv_buf_view(&shown));

out:
	cv_buf_free(&shown);
}

static bool collect(struct cv_sworld *w)
{
	struct arrival *v = w->arrivals;
	size_t c = 0;

	for (size_t i = 0; i < w->partyc; ++i) {
		while (c < ARRIVALS && receive(&w->parties[i], &v[c]))
			++c;
	}

	qsort(v, c, sizeof(*v), by_stamp);
	for (size_t i = 0; i < c; ++i)
		hear(w, &v[i]);

	return c > 0;
}

static unsigned sent(const struct cv_sworld *w)
{
	unsigned n = 0;

	for (size_t i = 0; i < w->partyc; ++i)
		n += w->parties[i].out;

	return n;
}

void cv_sworld_settle(struct cv_sworld *w, unsigned wait_ms)
{
	unsigned quiet = 0;

	if (wait_ms < w->door_ms)
		wait_ms = w->door_ms;

	/* a step takes at least one datagram, and not each is answered */
	while (quiet < QUIET + wait_ms + sent(w) - w->sent) {
		(void)su_root_step(cv_loop_native(w->loop), wait_ms > 0);
		quiet = collect(w) ? 0 : quiet + 1;
	}
	w->sent = sent(w);
}

bool cv_sworld_next(struct cv_sworld *w, char *line)
{
	const char *at = w->lines.p ? w->lines.p + w->read : "";
	char shown[CV_PLAYER_LINE];
	unsigned party;
	size_t len;
	int n = 0;

	if (w->read >= w->lines.len ||
	    sscanf(at, "%u %zu %511[^\n]%n", &party, &len, shown, &n) != 3)
		return false;

	(void)snprintf(line, CV_PLAYER_LINE, "%s", shown);
	at += n + 1;
	(void)snprintf(w->parties[party].taken, CV_STEXT, "%.*s", (int)len, at);
	w->read = (size_t)(at - w->lines.p) + len;

	return true;
}

void cv_sworld_await(struct cv_sworld *w)
{
	for (unsigned i = 0; w->door_ms > 0 && i < AWAIT_STEPS; ++i) {
		if (w->read < w->lines.len)
			return;

		(void)su_root_step(cv_loop_native(w->loop), 1);
		(void)collect(w);
	}
}

/* Time */

static void pass(uint64_t ms)
{
	__atomic_store_n(&now_ms, now_ms + ms, __ATOMIC_RELAXED);
}

void cv_sworld_advance(struct cv_sworld *w, uint64_t ms)
{
	if (cv_sworld_start(w))
		return;

	while (ms > 0) {
		su_duration_t next = su_root_step(cv_loop_native(w->loop), 0);
		uint64_t step = next > 0 && (uint64_t)next < ms ? (uint64_t)next : ms;

		if (next == 0)
			step = 1;

		pass(step);
		ms -= step;
		cv_sworld_settle(w, 0);
	}
}

/* Settings */

static int add_party(struct cv_sworld *w, struct cv_words *l)
{
	struct cv_sparty *p = &w->parties[w->partyc];
	const char *side;
	char host[64];
	int err;

	if (w->partyc == CV_SWORLD_PARTIES || w->conf)
		return EINVAL;

	(void)snprintf(p->name, sizeof(p->name), "%s", cv_words_next(l));
	side = cv_words_next(l);
	err = cv_addr_parse(&p->addr, cv_str_of(cv_words_next(l)));
	if (err)
		return err;

	if (p->addr.port == 0)
		p->addr.port = 5060;

	(void)snprintf(p->domain, sizeof(p->domain), "edge.example");
	if (strcmp(side, "far") == 0)
		(void)snprintf(p->shown, sizeof(p->shown), "10.0.0.7:5060");
	else
		(void)snprintf(p->shown, sizeof(p->shown), "%s",
			       cv_addr_print(&p->addr, host));
	while (l->at < l->c) {
		if (cv_words_accept(l, "peer"))
			p->peer = true;
		else if (cv_words_accept(l, "stream"))
			p->stream = true;
		else if (cv_words_accept(l, "guest"))
			w->guest[w->partyc] = true;
		else if (cv_words_accept(l, "of"))
			(void)snprintf(p->domain, sizeof(p->domain), "%s",
				       cv_words_next(l));
		else
			return EINVAL;
	}

	if (p->stream) {
		w->streams = true;
		w->door_ms = DOOR_MS;
	}
	if (p->peer)
		cv_buf_printf(&w->text, "[peer %s]\ntarget = sip:%s:%u%s\n", p->name,
			      cv_addr_print_host(&p->addr, host), p->addr.port,
			      p->stream ? ";transport=tcp" : "");
	if (p->peer && strcmp(p->domain, "edge.example") != 0)
		cv_buf_printf(&w->text, "domains = %s\n", p->domain);
	++w->partyc;

	return 0;
}

static int add_nat(struct cv_sworld *w, struct cv_words *l)
{
	struct cv_sparty *p = cv_sworld_party(w, cv_str_of(cv_words_next(l)));
	char words[256] = "";
	size_t at = 0;

	if (!p || p->stream)
		return EINVAL;

	while (l->at < l->c && at < sizeof(words))
		at += (size_t)snprintf(words + at, sizeof(words) - at, "%s ",
				       cv_words_next(l));

	return at < sizeof(words) ? cv_snat_new(p, words) : E2BIG;
}

int cv_sworld_conf(struct cv_sworld *w, const char *line)
{
	struct cv_words l;

	cv_words_cut(&l, line);
	if (cv_words_accept(&l, "party"))
		return add_party(w, &l);

	if (cv_words_accept(&l, "natbox"))
		return add_nat(w, &l);

	if (cv_words_accept(&l, "trying")) {
		w->trying = true;
		return 0;
	}

	if (cv_words_accept(&l, "probes")) {
		w->probes = true;
		return 0;
	}

	if (cv_words_accept(&l, "ports")) {
		w->plane.max = cv_words_number(cv_words_next(&l));
		return 0;
	}

	if (cv_words_accept(&l, "pings")) {
		struct cv_sparty *p = cv_sworld_party(w, cv_str_of(cv_words_next(&l)));

		if (!p)
			return ENOENT;

		p->pings_shown = true;
		return 0;
	}

	if (w->conf)
		return EINVAL;

	cv_buf_printf(&w->text, "%s\n", line);

	return cv_buf_err(&w->text);
}

/* The phones are there before the story begins. */
static int register_all(struct cv_sworld *w)
{
	char line[CV_PLAYER_LINE];
	int err = 0;

	for (size_t i = 0; !err && i < w->partyc; ++i) {
		struct cv_sparty *p = &w->parties[i];
		const struct cv_ssaid said = {
			.words = "REGISTER",
			.edits = {CV_STR("Expires: 86400")},
			.editc = 1,
			.to = "sip:edge.example",
		};

		if (p->peer || w->guest[i])
			continue;

		err = cv_sparty_say(p, &said);
		cv_sworld_settle(w, 0);
		if (!err && (!cv_sworld_next(w, line) ||
			     cv_stext_status(cv_str_of(p->taken)) != 200))
			err = ECONNREFUSED;
	}

	return err;
}

int cv_sworld_start(struct cv_sworld *w)
{
	int err;

	if (w->conf)
		return w->failed ? ECANCELED : 0;

	err = cv_sworld_open(w);
	if (!err)
		err = register_all(w);
	w->failed = err != 0;

	return err;
}

/* Questions */

static void pings_of(const struct cv_sparty *p, struct cv_words *l, struct cv_buf *to)
{
	uint64_t min = cv_words_number(cv_words_next(l)), last = 0;
	uint64_t max = cv_words_number(cv_words_next(l));
	unsigned bad = 0;

	for (size_t i = 0; i < p->pingc && i < CV_SPINGS; ++i) {
		if (last > 0 && max > 0)
			bad += p->pings[i] - last < min || p->pings[i] - last > max;
		last = p->pings[i];
	}
	if (last > 0 && max > 0)
		bad += cv_clock_ms() - last > max;

	cv_buf_printf(to, "pings: %zu, out of time: %u, of %s\n", p->pingc, bad,
		      p->ping_kind ? p->ping_kind : "nothing");
}

/* How many of a method a standing order has answered. */
static int heard_of(struct cv_sworld *w, struct cv_words *l, struct cv_buf *to)
{
	struct cv_sparty *p = cv_sworld_party(w, cv_str_of(cv_words_next(l)));
	const struct cv_sorder *o;
	unsigned min, max;

	o = p ? cv_sparty_order(p, cv_str_of(cv_words_next(l))) : NULL;
	if (!o)
		return ENOENT;

	min = cv_words_number(cv_words_next(l));
	max = cv_words_number(cv_words_next(l));
	cv_buf_printf(to, "%u: %s\n", o->heard,
		      o->heard < min   ? "too few"
		      : o->heard > max ? "too many"
				       : "as expected");

	return 0;
}

static int command(struct cv_sworld *w, const char *line, struct cv_buf *to)
{
	struct cv_buf text = {.p = NULL};
	struct cv_out *out;
	int err;

	err = cv_out_new(&out, CV_OUT_TEXT);
	if (err)
		return err;

	err = strncmp(line, "explain ", 8) == 0
		      ? cv_binds_explain(cv_sip_binds(w->sip), cv_str_of(line + 8), out)
		      : cv_cmd_run(w->cmds, cv_str_of(line), out);
	if (!err)
		err = cv_out_finish(out, &text);
	cv_sworld_inward(w, cv_buf_view(&text), to);
	cv_buf_free(&text);
	cv_mem_unref(out);

	return err;
}

int cv_sworld_ask(struct cv_sworld *w, const char *question, struct cv_buf *answer)
{
	const struct cv_sparty *p;
	struct cv_words l;

	if (cv_sworld_start(w))
		return ECANCELED;

	cv_words_cut(&l, question);
	if (cv_words_accept(&l, "ports")) {
		cv_buf_printf(answer, "ports: %u\n", w->plane.used);
		return 0;
	}

	if (cv_words_accept(&l, "pings")) {
		p = cv_sworld_party(w, cv_str_of(cv_words_next(&l)));
		if (p)
			pings_of(p, &l, answer);
		return p ? 0 : ENOENT;
	}

	if (cv_words_accept(&l, "heard"))
		return heard_of(w, &l, answer);

	if (cv_words_accept(&l, "order")) {
		p = cv_sworld_party(w, cv_str_of(cv_words_next(&l)));
		if (p)
			cv_buf_str(answer, cv_str_of(p->obeyed));
		return p ? 0 : ENOENT;
	}

	p = cv_sworld_party(w, cv_str_of(question));
	if (!p)
		return command(w, question, answer);

	cv_buf_str(answer, cv_str_of(p->taken));

	return 0;
}
