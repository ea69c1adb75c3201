/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The world of registrations: its life, its settings, what happens to phones
 * and what leaves. Knows no REGISTER (bind_reg.c). Test's thread.
 */
#include "config.h"

#include "bind_world.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "conf/opts.h"
#include "fake_loop.h"

extern const struct cv_module cv_module_registrar;

/* Words */

struct cv_str cv_bworld_word(struct cv_str *rest)
{
	struct cv_str s = cv_str_trim(*rest);
	size_t len = cv_str_chr(s, ' ');

	*rest = cv_str_from(s, len);

	return cv_str_make(s.p, len);
}

bool cv_bworld_has(struct cv_str *rest, const char *word)
{
	struct cv_str s = *rest;

	if (!cv_str_eq(cv_bworld_word(&s), cv_str_of(word)))
		return false;

	*rest = s;

	return true;
}

int cv_bworld_copy(char *dst, size_t size, struct cv_str s)
{
	if (cv_str_is_empty(s))
		return EINVAL;

	if (s.len >= size)
		return EMSGSIZE;

	memcpy(dst, s.p, s.len);
	dst[s.len] = '\0';

	return 0;
}

enum cv_transport cv_bworld_transport(struct cv_str *rest)
{
	if (cv_bworld_has(rest, "tcp"))
		return CV_TRANSPORT_TCP;

	return cv_bworld_has(rest, "tls") ? CV_TRANSPORT_TLS : CV_TRANSPORT_UDP;
}

const char *cv_bworld_errno(int err)
{
	switch (err) {
	case 0:
		return "OK";
	case EACCES:
		return "EACCES";
	case EBADMSG:
		return "EBADMSG";
	case EMSGSIZE:
		return "EMSGSIZE";
	case ENOENT:
		return "ENOENT";
	case ENOSPC:
		return "ENOSPC";
	case ESTALE:
		return "ESTALE";
	default:
		return strerror(err);
	}
}

void cv_bworld_say(struct cv_bworld *w, const char *fmt, ...)
{
	char line[512];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	cv_buf_printf(&w->out, "%s\n", line);
}

bool cv_bworld_next(struct cv_bworld *w, char *line, size_t size)
{
	struct cv_str rest = cv_str_from(cv_buf_view(&w->out), w->read);
	size_t len = cv_str_chr(rest, '\n');

	if (cv_str_is_empty(rest))
		return false;

	w->read += len + 1;
	(void)snprintf(line, size, "%.*s", (int)len, rest.p);

	return true;
}

const char *cv_bworld_name(struct cv_bworld *w, const char *token,
			   char dst[CV_BWORLD_NAME])
{
	size_t i = 0;

	while (i < w->tokenc && strcmp(w->tokens[i], token) != 0)
		++i;

	if (i == CV_BWORLD_TOKENS)
		return "one-token-more";

	if (i == w->tokenc)
		(void)snprintf(w->tokens[w->tokenc++], CV_BIND_TOKEN, "%s", token);

	(void)snprintf(dst, CV_BWORLD_NAME, "token%zu", i + 1);

	return dst;
}

/* What the table says */

static bool is_at(const struct cv_bphone *p, const struct cv_bind_flow *f)
{
	return cv_addr_eq(&p->flow.seen, &f->seen) && p->flow.transport == f->transport &&
	       p->flow.listen == f->listen;
}

static void on_ping(void *arg, struct cv_binding *b)
{
	struct cv_bworld *w = arg;
	char to[CV_ADDR_STRLEN];

	if (w->pingc < CV_BWORLD_PINGS)
		w->pings[w->pingc++] = (struct cv_bping){b->flow.seen, cv_clock_ms()};

	if (!w->pings_counted)
		cv_bworld_say(w, "ping %s %s", cv_addr_print(&b->flow.seen, to), b->aor);

	for (size_t i = 0; i < w->phonec; ++i) {
		if (is_at(&w->phones[i], &b->flow) && !w->phones[i].silent) {
			cv_bind_pong(w->binds, b, true);
			return;
		}
	}
}

static void on_end(void *arg, struct cv_binding *b, const char *why)
{
	cv_bworld_say(arg, "ended %s %s", b->aor, why);
}

/* Life */

static void world_fini(void *obj)
{
	struct cv_bworld *w = obj;

	if (w->registrar)
		cv_module_registrar.stop(w->registrar);

	free(w->registrar);
	for (size_t i = 0; i < CV_BWORLD_OPEN; ++i)
		cv_mem_unref(w->open[i].link);

	cv_mem_unref(w->binds);
	for (size_t i = 0; i < w->phonec; ++i) {
		cv_mem_unref(w->phones[i].was);
		cv_mem_unref(w->phones[i].link);
	}

	cv_mem_unref(w->env.homes);
	cv_mem_unref(w->stats);
	cv_mem_unref(w->cmds);
	cv_mem_unref(w->loop);
	cv_mem_unref(w->conf);
	cv_buf_free(&w->text);
	cv_buf_free(&w->out);
}

int cv_bworld_new(struct cv_bworld **wp)
{
	struct cv_bworld *w = cv_mem_new(sizeof(*w), world_fini);
	int err;

	if (!w)
		return ENOMEM;

	err = cv_fake_loop_new(&w->loop);
	if (!err)
		err = cv_cmds_new(&w->cmds);

	if (!err)
		err = cv_stats_new(&w->stats, w->cmds);

	if (!err)
		err = cv_stats_cell(w->stats, &w->env.stat);

	if (!err)
		err = cv_homes_new(&w->env.homes);

	w->env.loop = w->loop;
	w->env.cmds = w->cmds;
	w->env.stats = w->stats;
	if (err)
		cv_mem_unref(w);
	else
		*wp = w;

	return err;
}

static int registrar_start(struct cv_bworld *w, struct cv_buf *error)
{
	int err;

	w->registrar = cv_mem_zalloc(1, cv_module_registrar.size);
	if (!w->registrar)
		return ENOMEM;

	cv_opts_error_to(w->conf->opts, error);
	err = cv_module_registrar.conf(w->registrar, w->conf->opts);
	cv_opts_error_to(w->conf->opts, NULL);

	return err ? err : cv_module_registrar.start(w->registrar, &w->env);
}

int cv_bworld_start(struct cv_bworld *w)
{
	struct cv_binds_env env = {
		.loop = w->loop,
		.cmds = w->cmds,
		.stats = w->stats,
		.stat = w->env.stat,
		.node = 1,
		.shard = 2,
		.ping = on_ping,
		.ended = on_end,
		.arg = w,
	};
	struct cv_buf error = {.p = NULL};
	int err;

	if (w->binds)
		return 0;

	if (w->conf)
		return EINVAL; /* it failed before */

	memset(env.key, 0x5a, sizeof(env.key));
	err = cv_conf_parse(&w->conf, "conf", cv_buf_view(&w->text), &error);
	if (!err)
		err = registrar_start(w, &error);

	if (error.p)
		printf("%s", error.p);

	cv_buf_free(&error);
	if (err)
		return err;

	env.conf = w->conf;

	return cv_binds_new(&w->binds, &env);
}

void cv_bworld_advance(struct cv_bworld *w, uint64_t ms)
{
	if (cv_bworld_start(w) == 0)
		cv_fake_loop_advance(w->loop, ms);
}

/* Settings */

static int side_of(struct cv_str word, enum cv_side *side)
{
	for (enum cv_side s = CV_SIDE_LAN; s <= CV_SIDE_FAR; ++s) {
		if (cv_str_eq(word, cv_str_of(cv_side_name(s)))) {
			*side = s;
			return 0;
		}
	}

	return EINVAL;
}

/* A new connection under a stream; the one before stays open. */
static int connect_phone(struct cv_bphone *p)
{
	void *link;

	if (p->flow.transport == CV_TRANSPORT_UDP)
		return 0;

	link = cv_mem_new(sizeof(int), NULL);
	if (!link)
		return ENOMEM;

	cv_mem_unref(p->was);
	p->was = p->link;
	p->link = link;

	return 0;
}

static int phone_options(struct cv_bphone *p, struct cv_str words)
{
	uint64_t n = 0;
	int err = 0;

	while (!err && !cv_str_is_empty(cv_str_trim(words))) {
		if (cv_bworld_has(&words, "account")) {
			err = cv_bworld_copy(p->account, sizeof(p->account),
					     cv_bworld_word(&words));
		} else if (cv_bworld_has(&words, "contact")) {
			err = cv_bworld_copy(p->contact, sizeof(p->contact),
					     cv_bworld_word(&words));
		} else if (cv_bworld_has(&words, "instance")) {
			err = cv_bworld_copy(p->instance, sizeof(p->instance),
					     cv_bworld_word(&words));
		} else if (cv_bworld_has(&words, "listen")) {
			err = cv_str_u64(&n, cv_bworld_word(&words), 7);
			p->flow.listen = (uint8_t)n;
		} else {
			err = EINVAL;
		}
	}

	p->place.listen = p->flow.listen;

	return err;
}

static int conf_phone(struct cv_bworld *w, struct cv_str words)
{
	struct cv_bphone p = {.silent = false};
	struct cv_str name = cv_bworld_word(&words);
	int err;

	if (w->phonec == CV_BWORLD_PHONES)
		return ENOSPC;

	err = cv_bworld_copy(p.name, sizeof(p.name), name);
	if (!err)
		err = side_of(cv_bworld_word(&words), &p.place.side);

	if (!err)
		err = cv_addr_parse(&p.flow.seen, cv_bworld_word(&words));

	if (err)
		return err;

	p.flow.transport = cv_bworld_transport(&words);
	(void)snprintf(p.account, sizeof(p.account), CV_STR_FMT "@pbx.example",
		       CV_STR_ARG(name));
	(void)snprintf(p.contact, sizeof(p.contact), "sip:" CV_STR_FMT "@10.0.0.7:5060",
		       CV_STR_ARG(name));
	p.place.seen = p.flow.seen;
	p.place.family = p.flow.seen.family;
	err = phone_options(&p, words);
	if (!err)
		err = connect_phone(&p);

	if (!err)
		w->phones[w->phonec++] = p;

	return err;
}

int cv_bworld_conf(struct cv_bworld *w, const char *line)
{
	struct cv_str words = cv_str_of(line);

	if (w->conf)
		return EINVAL;

	if (cv_bworld_has(&words, "phone"))
		return conf_phone(w, words);

	if (cv_bworld_has(&words, "pings")) {
		w->pings_counted = cv_bworld_has(&words, "counted");
		return w->pings_counted ? 0 : EINVAL;
	}

	cv_buf_printf(&w->text, "%s\n", line);

	return cv_buf_err(&w->text);
}

/* Events */

static int phone_moves(struct cv_bphone *p, struct cv_str words)
{
	int err = cv_addr_parse(&p->flow.seen, cv_bworld_word(&words));

	p->place.seen = p->flow.seen;

	return err ? err : connect_phone(p);
}

static int phone_loses(struct cv_bworld *w, struct cv_bphone *p, struct cv_str words)
{
	void **which = cv_bworld_has(&words, "old") ? &p->was : &p->link;

	if (which == &p->link && !cv_bworld_has(&words, "new"))
		return EINVAL;

	if (!*which)
		return ENOENT;

	cv_bind_link_gone(w->binds, *which);
	*which = cv_mem_unref(*which);

	return 0;
}

static int phone_event(struct cv_bworld *w, struct cv_bphone *p, struct cv_str words)
{
	struct cv_str word = cv_bworld_word(&words);

	if (cv_str_eq(word, CV_STR("REGISTER")))
		return cv_bworld_register(w, p, words);

	if (cv_str_eq(word, CV_STR("tries")))
		return cv_bworld_tries(w, p, words);

	if (cv_str_eq(word, CV_STR("moves")))
		return phone_moves(p, words);

	if (cv_str_eq(word, CV_STR("loses")))
		return phone_loses(w, p, words);

	if (cv_str_eq(word, CV_STR("falls")) && cv_bworld_has(&words, "silent"))
		p->silent = true;
	else if (cv_str_eq(word, CV_STR("answers")) && cv_bworld_has(&words, "again"))
		p->silent = false;
	else
		return EINVAL;

	return 0;
}

static int admin_event(struct cv_bworld *w, struct cv_str words)
{
	struct cv_out *out;
	int err;

	err = cv_out_new(&out, CV_OUT_TEXT);
	if (err)
		return err;

	err = cv_cmd_run(w->cmds, cv_str_trim(words), out);
	if (err)
		cv_bworld_say(w, "admin %s", cv_bworld_errno(err));

	cv_mem_unref(out);

	return 0;
}

static int late_event(struct cv_bworld *w, struct cv_str words)
{
	struct cv_binding *b = cv_bind_by_aor(w->binds, cv_bworld_word(&words), NULL);

	if (!b)
		return ENOENT;

	cv_bind_pong(w->binds, b, false);

	return 0;
}

int cv_bworld_feed(struct cv_bworld *w, const char *line)
{
	struct cv_str words = cv_str_of(line), who = cv_bworld_word(&words);
	const struct cv_conf_peer *peer;
	int err;

	err = cv_bworld_start(w);
	if (err)
		return err;

	for (size_t i = 0; i < w->phonec; ++i) {
		if (cv_str_eq(who, cv_str_of(w->phones[i].name)))
			return phone_event(w, &w->phones[i], words);
	}

	if (cv_str_eq(who, CV_STR("admin")))
		return admin_event(w, words);

	if (cv_str_eq(who, CV_STR("late")))
		return late_event(w, words);

	peer = cv_conf_peer_find(w->conf, who);

	return peer ? cv_bworld_answer(w, peer, words) : ENOENT;
}
