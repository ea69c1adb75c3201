/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sections and keys as text, in file order, and the memory of a configuration.
 * Read by modules on the signalling thread; built by load.c.
 */
#include "config.h"

#include "conf/opts.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/str.h"
#include "conf/conf.h"
#include "conf/conf_int.h"

/** Head of a block; the caller's bytes follow. */
struct block {
	struct block *next;
	max_align_t data[];
};

static void opts_fini(void *obj)
{
	struct cv_opts *o = obj;
	struct cv_opts_sec *s;
	struct block *b, *next;

	for (s = o->first; s; s = s->next)
		cv_hash_del(&s->node);

	cv_mem_unref(o->by_id);
	for (b = o->blocks; b; b = next) {
		next = b->next;
		free(b);
	}
}

int cv_opts_new(struct cv_opts **op)
{
	struct cv_opts *o;
	int err;

	o = cv_mem_new(sizeof(*o), opts_fini);
	if (!o)
		return ENOMEM;

	o->self = o;
	err = cv_hash_new(&o->by_id);
	if (err)
		cv_mem_unref(o);
	else
		*op = o;

	return err;
}

void *cv_opts_alloc(struct cv_opts *o, size_t n, size_t size)
{
	struct block *b;

	if (size > 0 && n > (SIZE_MAX / 2) / size)
		return NULL;

	b = cv_mem_zalloc(1, sizeof(*b) + n * size);
	if (!b)
		return NULL;

	b->next = o->blocks;
	o->blocks = b;

	return b->data;
}

const char *cv_opts_keep(struct cv_opts *o, struct cv_str s)
{
	char *copy = cv_opts_alloc(o, s.len + 1, 1);

	if (copy && s.len > 0)
		memcpy(copy, s.p, s.len);

	return copy;
}

struct cv_opts_sec *cv_opts_find(const struct cv_opts *o, const char *id)
{
	struct cv_hash_node *node = cv_hash_find(o->by_id, cv_str_of(id));

	return node ? node->obj : NULL;
}

struct cv_opts_sec *cv_opts_sec_add(struct cv_opts *o, const char *kind, const char *name,
				    struct cv_conf_pos pos)
{
	struct cv_opts_sec *s = cv_opts_alloc(o, 1, sizeof(*s));
	size_t len = strlen(kind) + 1 + strlen(name) + 1;
	char *id = cv_opts_alloc(o, len, 1);

	if (!s || !id)
		return NULL;

	(void)snprintf(id, len, "%s%s%s", kind, *name ? " " : "", name);
	s->in = o;
	s->kind = kind;
	s->name = name;
	s->pos = pos;
	s->id = id;
	cv_hash_add(o->by_id, &s->node, cv_str_of(id), s);

	if (o->last)
		o->last->next = s;
	else
		o->first = s;

	o->last = s;

	return s;
}

int cv_opts_entry_add(struct cv_opts_sec *s, const char *key, const char *value,
		      struct cv_conf_pos pos)
{
	struct cv_opts_entry *e = cv_opts_alloc(s->in, 1, sizeof(*e));

	if (!e)
		return ENOMEM;

	e->key = cv_opts_keep(s->in, cv_str_of(key));
	e->value = cv_opts_keep(s->in, cv_str_of(value));
	e->pos = pos;
	if (!e->key || !e->value)
		return ENOMEM;

	if (s->last)
		s->last->next = e;
	else
		s->first = e;

	s->last = e;

	return 0;
}

struct cv_opts_entry *cv_opts_entry_find(const struct cv_opts_sec *s, const char *key)
{
	struct cv_opts_entry *e;

	for (e = s->first; e; e = e->next) {
		if (strcmp(e->key, key) == 0)
			return e;
	}

	return NULL;
}

const struct cv_opts_sec *cv_opts_next(const struct cv_opts *o, const char *kind,
				       const struct cv_opts_sec *prev)
{
	const struct cv_opts_sec *s = prev ? prev->next : o->first;

	while (s && strcmp(s->kind, kind) != 0)
		s = s->next;

	return s;
}

const char *cv_opts_name(const struct cv_opts_sec *s)
{
	return s->name;
}

const char *cv_opts_get(const struct cv_opts_sec *s, const char *key)
{
	const struct cv_opts_entry *e = cv_opts_entry_find(s, key);
	const struct cv_conf_key *k;

	if (e)
		return e->all ? e->all : e->value;

	k = cv_conf_key_find(s->kind, key);

	return k ? k->def : NULL;
}

void cv_opts_complain(const struct cv_opts_sec *s, const char *key, const char *fmt, ...)
{
	const struct cv_opts_entry *e = cv_opts_entry_find(s, key);
	char text[CV_CONF_ERROR_LEN];
	va_list ap;

	if (!s->in->error)
		return;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	cv_conf_complain(s->in->error, e ? e->pos : s->pos, "%s", text);
}

void cv_opts_error_to(const struct cv_opts *o, struct cv_buf *error)
{
	o->self->error = error;
}
