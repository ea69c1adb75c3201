/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sections to struct cv_conf: every key is looked up in the table, every row
 * of the table gets its value or its default. Signalling thread.
 */
#include "config.h"

#include "conf/conf.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "conf/conf_int.h"

enum { HOST_LEN = 256 }; /* RFC 1035 2.3.4 and NUL */

void cv_conf_complain(struct cv_buf *error, struct cv_conf_pos pos, const char *fmt, ...)
{
	char text[CV_CONF_ERROR_LEN];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (pos.line > 0)
		cv_buf_printf(error, "%s:%u: %s\n", pos.file ? pos.file : "-", pos.line,
			      text);
	else /* a default: it stands on no line */
		cv_buf_printf(error, "%s: %s\n", pos.file ? pos.file : "-", text);
}

void cv_conf_find(struct cv_conf_job *job, struct cv_conf_pos pos, const char *fmt, ...)
{
	char text[CV_CONF_ERROR_LEN];
	va_list ap;

	if (++job->bad > CV_CONF_FINDINGS)
		return;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	cv_conf_complain(job->error, pos, "%s", text);
	if (job->bad == CV_CONF_FINDINGS)
		cv_conf_complain(job->error, pos, "further findings are left out");
}

static bool is_list(const struct cv_conf_key *key)
{
	return key->type == CV_CONF_LIST || key->type == CV_CONF_TARGETS ||
	       key->type == CV_CONF_PORTLIST || key->type == CV_CONF_NAMES ||
	       key->type == CV_CONF_HEADERS;
}

static void key_refuse(struct cv_conf_job *job, const struct cv_opts_sec *s,
		       const struct cv_opts_entry *e)
{
	const char *near;

	if (job->bad >= CV_CONF_FINDINGS) {
		++job->bad; /* nobody reads on: don't search for similar words */
		return;
	}

	near = cv_conf_nearest(s->kind, e->key);
	if (cv_conf_key_is_later(s->kind, e->key))
		cv_conf_find(job, e->pos, "%s is not served by this version", e->key);
	else if (near)
		cv_conf_find(job, e->pos, "there is no key %s in [%s]; is it %s?", e->key,
			     s->kind, near);
	else
		cv_conf_find(job, e->pos, "there is no key %s in [%s]", e->key, s->kind);
}

/* For modules a list is one text, however many lines it was written in. */
static void values_join(struct cv_conf_job *job, struct cv_opts_entry *first)
{
	struct cv_buf b = {0};

	cv_buf_str(&b, cv_str_of(first->value));
	for (const struct cv_opts_entry *e = first->next; e; e = e->next) {
		if (strcmp(e->key, first->key) == 0)
			cv_buf_printf(&b, ", %s", e->value);
	}

	if (!cv_buf_err(&b))
		first->all = cv_opts_keep(job->opts, cv_buf_view(&b));

	cv_buf_free(&b);
	if (!first->all)
		job->err = ENOMEM;
}

static void key_check(struct cv_conf_job *job, struct cv_opts_entry *e,
		      struct cv_opts_entry **first, const struct cv_conf_key *key)
{
	if (!*first)
		*first = e;
	else if (is_list(key))
		(*first)->all = (*first)->value; /* several lines: joined later */
	else
		cv_conf_find(job, e->pos, "%s is already set at %s:%u", e->key,
			     (*first)->pos.file, (*first)->pos.line);
}

/* Unknown keys, and scalars that are written twice. */
static void keys_check(struct cv_conf_job *job, const struct cv_opts_sec *s)
{
	struct cv_opts_entry *first[CV_CONF_KEYS] = {NULL}; /* by row of the table */

	for (struct cv_opts_entry *e = s->first; e; e = e->next) {
		const struct cv_conf_key *key = cv_conf_key_find(s->kind, e->key);

		if (key)
			key_check(job, e, &first[key - cv_conf_keys], key);
		else
			key_refuse(job, s, e);
	}

	for (size_t i = 0; i < cv_conf_keyc; ++i) {
		if (first[i] && first[i]->all)
			values_join(job, first[i]);
	}
}

static void key_fill(struct cv_conf_job *job, const struct cv_conf_key *key,
		     const struct cv_opts_sec *s, void *base)
{
	struct cv_opts_entry *e = s ? cv_opts_entry_find(s, key->name) : NULL;
	struct cv_conf_slot slot = {.key = key, .base = base};

	if (e)
		slot.pos = e->pos;
	else
		slot.pos.file = job->path;

	if (e && is_list(key))
		cv_conf_value_list(job, &slot, e, e->value);
	else if (e)
		cv_conf_value(job, &slot, e->value);
	else if (key->def && key->type != CV_CONF_INCLUDE)
		cv_conf_value(job, &slot, key->def);
}

/* base NULL: only checked. */
static void section_fill(struct cv_conf_job *job, const char *kind,
			 const struct cv_opts_sec *s, void *base)
{
	for (size_t i = 0; i < cv_conf_keyc; ++i) {
		if (strcmp(cv_conf_keys[i].kind, kind) == 0)
			key_fill(job, &cv_conf_keys[i], s, base);
	}
}

static struct cv_conf_pos key_pos(struct cv_conf_job *job, const struct cv_opts_sec *s,
				  const char *key)
{
	const struct cv_opts_entry *e = s ? cv_opts_entry_find(s, key) : NULL;

	if (e)
		return e->pos;

	return s ? s->pos : (struct cv_conf_pos){.file = job->path};
}

static void listen_fill(struct cv_conf_job *job, const struct cv_opts_sec *s)
{
	struct cv_conf_listen *l = &job->conf->listens[job->conf->listenc++];

	l->name = s->name;
	l->pos = key_pos(job, s, "address");
	section_fill(job, "listen", s, l);
}

static void peer_fill(struct cv_conf_job *job, const struct cv_opts_sec *s)
{
	struct cv_conf_peer *p = &job->conf->peers[job->conf->peerc++];

	p->name = s->name;
	p->pos = s->pos;
	p->dscp = -1;
	p->latch = CV_LATCH_AS_MEDIA;
	p->keep_ms = CV_KEEP_AS_MEDIA;
	section_fill(job, "peer", s, p);
}

static void route_fill(struct cv_conf_job *job, const struct cv_opts_sec *s)
{
	struct cv_conf_route *r = &job->conf->routes[job->conf->routec++];

	r->name = s->name;
	r->pos = s->pos;
	section_fill(job, "route", s, r);
}

static void named_fill(struct cv_conf_job *job, const struct cv_opts_sec *s)
{
	if (strcmp(s->kind, "listen") == 0)
		listen_fill(job, s);
	else if (strcmp(s->kind, "peer") == 0)
		peer_fill(job, s);
	else if (strcmp(s->kind, "route") == 0)
		route_fill(job, s);
	else if (cv_conf_kind_find(s->kind)->named)
		section_fill(job, s->kind, s, NULL);
}

static size_t sections_count(struct cv_conf_job *job, const char *kind)
{
	const struct cv_conf_kind *k = cv_conf_kind_find(kind);
	const struct cv_opts_sec *s = NULL;
	size_t n = 0;

	for (s = cv_opts_next(job->opts, kind, NULL); s;
	     s = cv_opts_next(job->opts, kind, s)) {
		if (++n == k->most + 1)
			cv_conf_find(job, s->pos, "there are more than %u [%s] sections",
				     k->most, kind);
	}

	return n;
}

static int arrays_make(struct cv_conf_job *job)
{
	struct cv_conf *c = job->conf;
	size_t listenc = sections_count(job, "listen");
	size_t peerc = sections_count(job, "peer");
	size_t routec = sections_count(job, "route");

	c->listens = cv_opts_alloc(job->opts, listenc + 1, sizeof(*c->listens));
	c->peers = cv_opts_alloc(job->opts, peerc + 1, sizeof(*c->peers));
	c->routes = cv_opts_alloc(job->opts, routec + 1, sizeof(*c->routes));

	return c->listens && c->peers && c->routes ? 0 : ENOMEM;
}

/* Sections that are there once, written or not. */
static void single_fill(struct cv_conf_job *job)
{
	struct cv_conf *c = job->conf;
	const struct cv_opts *o = job->opts;

	section_fill(job, "general", cv_opts_find(o, "general"), &c->general);
	section_fill(job, "network", cv_opts_find(o, "network"), &c->network);
	section_fill(job, "registration", cv_opts_find(o, "registration"),
		     &c->registration);
	section_fill(job, "ping", cv_opts_find(o, "ping"), &c->ping);
	section_fill(job, "media", cv_opts_find(o, "media"), &c->media);
	section_fill(job, "limits", cv_opts_find(o, "limits"), &c->limits);
	section_fill(job, "admin", cv_opts_find(o, "admin"), c);
	c->network.pos = key_pos(job, cv_opts_find(o, "network"), "lan");
	c->media.pos = key_pos(job, cv_opts_find(o, "media"), "ports");
}

/* Defaults that are not constants. */
static void derived_fill(struct cv_conf_job *job)
{
	struct cv_conf *c = job->conf;
	char host[HOST_LEN] = "";
	struct cv_buf b = {0};

	if (!c->general.name) {
		if (gethostname(host, sizeof(host) - 1) == -1 || host[0] == '\0')
			(void)snprintf(host, sizeof(host), "culvert");

		c->general.name = cv_opts_keep(job->opts, cv_str_of(host));
	}

	if (!c->admin_socket && c->general.run_dir) {
		cv_buf_printf(&b, "%s/culvert.sock", c->general.run_dir);
		c->admin_socket =
			cv_buf_err(&b) ? NULL : cv_opts_keep(job->opts, cv_buf_view(&b));
		cv_buf_free(&b);
	}

	if (!c->general.name || (!c->admin_socket && c->general.run_dir))
		job->err = ENOMEM;
}

void cv_conf_build(struct cv_conf_job *job)
{
	const struct cv_opts_sec *s;

	job->err = arrays_make(job);
	if (job->err)
		return;

	for (s = job->opts->first; s && !job->err; s = s->next) {
		keys_check(job, s);
		named_fill(job, s);
	}

	single_fill(job);
	derived_fill(job);
}

static void conf_fini(void *obj)
{
	struct cv_conf *c = obj;

	if (c->opts)
		cv_mem_unref(c->opts->self); /* const to everyone but its owner */
}

static int job_open(struct cv_conf_job *job)
{
	int err;

	job->conf = cv_mem_new(sizeof(*job->conf), conf_fini);
	if (!job->conf)
		return ENOMEM;

	err = cv_opts_new(&job->opts);
	if (err) {
		job->conf = cv_mem_unref(job->conf);
		return err;
	}

	job->conf->opts = job->opts;
	job->path = cv_opts_keep(job->opts, cv_str_of(job->path));

	return 0;
}

/* Sections are read: the rest, and the verdict. */
static int job_close(struct cv_conf_job *job, int err, struct cv_conf **cp)
{
	if (!err && !job->path)
		err = ENOMEM;

	if (!err)
		err = job->err;

	if (!err) {
		cv_conf_build(job);
		err = job->err;
	}

	if (!err)
		cv_conf_check(job);

	if (!err)
		err = job->err;

	if (!err && job->bad > 0)
		err = EINVAL;

	if (err)
		cv_mem_unref(job->conf);
	else
		*cp = job->conf;

	return err;
}

int cv_conf_load(struct cv_conf **cp, const char *path, struct cv_buf *error)
{
	struct cv_conf_job job = {.path = path, .error = error};
	int err;

	if (!cp || !path || !error)
		return EINVAL;

	err = job_open(&job);
	if (err)
		return err;

	err = cv_conf_read_file(&job, path);

	return job_close(&job, err, cp);
}

int cv_conf_parse(struct cv_conf **cp, const char *name, struct cv_str text,
		  struct cv_buf *error)
{
	struct cv_conf_job job = {.path = name, .error = error};
	int err;

	if (!cp || !name || !error)
		return EINVAL;

	err = job_open(&job);
	if (err)
		return err;

	cv_conf_read_text(&job, name, text);

	return job_close(&job, 0, cp);
}
