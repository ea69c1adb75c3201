/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The sink commands print into. Knows the two formats and how to keep them
 * harmless, not what a command shows. Runs on the signalling thread.
 */
#include "config.h"

#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cmd.h"
#include "base/mem.h"
#include "base/out_int.h"

enum {
	DEPTH_MAX = 8,       /* containers within containers; ours use 4 */
	VALUE_MAX = 1 << 20, /* bytes of one value: a whole ladder, not more */
};

/** A tree of values that grows at its open end. */
struct cv_out {
	enum cv_out_format format;
	int err;                  /* first value lost: ENOMEM */
	unsigned depth;           /* open containers above the root */
	json_t *v[DEPTH_MAX + 1]; /* the open ones, v[0] is owned, the others are its
				   * members; NULL: lost for want of memory */
};

/* jansson's memory obeys the budget too, so that the sweeps reach this file. */
static void *take(size_t size)
{
	return cv_mem_realloc(NULL, size, 1);
}

static void out_fini(void *obj)
{
	struct cv_out *o = obj;

	json_decref(o->v[0]);
}

int cv_out_new(struct cv_out **op, enum cv_out_format format)
{
	struct cv_out *o;

	o = cv_mem_new(sizeof(*o), out_fini);
	if (!o)
		return ENOMEM;

	json_set_alloc_funcs(take, free);
	o->format = format;
	o->v[0] = json_object();
	if (!o->v[0]) {
		cv_mem_unref(o);
		return ENOMEM;
	}

	*op = o;

	return 0;
}

/* Puts value into the open container, which takes it over, and says whether it got there.
 */
static bool put(struct cv_out *o, const char *key, json_t *value)
{
	json_t *in = o->v[o->depth];
	int res;

	if (json_is_array(in))
		res = json_array_append_new(in, value);
	else
		res = json_object_set_new(in, key, value);

	if (res != 0 && !o->err)
		o->err = ENOMEM;

	return res == 0;
}

static void open_in(struct cv_out *o, const char *key, json_t *value)
{
	bool is_kept = put(o, key, value);

	if (o->depth == DEPTH_MAX) {
		o->err = o->err ? o->err : EMSGSIZE;
		return;
	}

	o->v[++o->depth] = is_kept ? value : NULL;
}

void cv_out_list(struct cv_out *o, const char *key)
{
	open_in(o, key, json_array());
}

void cv_out_item(struct cv_out *o)
{
	open_in(o, "item", json_object());
}

void cv_out_object(struct cv_out *o, const char *key)
{
	open_in(o, key, json_object());
}

void cv_out_end(struct cv_out *o)
{
	if (o->depth > 0)
		--o->depth;
}

/* Writes one byte as it may stand in a line of ASCII. */
static void put_escaped(struct cv_buf *b, char c)
{
	unsigned char u = (unsigned char)c;

	if (u < 0x20 || u > 0x7e)
		cv_buf_printf(b, "\\x%02x", u);
	else
		cv_buf_write(b, &c, 1);
}

/* A JSON string; bytes that aren't UTF-8 are written as \xNN, and so is all beside them.
 */
static json_t *text_value(struct cv_str s)
{
	json_t *value = json_stringn(s.p, s.len);
	struct cv_buf b = {0};
	struct cv_str view;

	if (value || s.len == 0)
		return value;

	for (size_t i = 0; i < s.len; ++i)
		put_escaped(&b, s.p[i]);

	view = cv_buf_view(&b);
	if (cv_buf_err(&b) == 0)
		value = json_stringn(view.p, view.len);

	cv_buf_free(&b);

	return value;
}

void cv_out_str(struct cv_out *o, const char *key, const char *fmt, ...)
{
	va_list ap;
	char *text;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);

	if (len < 0 || len > VALUE_MAX) {
		o->err = o->err ? o->err : EMSGSIZE;
		return;
	}

	text = cv_mem_realloc(NULL, (size_t)len + 1, 1);
	if (!text) {
		o->err = o->err ? o->err : ENOMEM;
		return;
	}

	va_start(ap, fmt);
	(void)vsnprintf(text, (size_t)len + 1, fmt, ap);
	va_end(ap);
	(void)put(o, key, text_value(cv_str_make(text, (size_t)len)));
	free(text);
}

void cv_out_num(struct cv_out *o, const char *key, int64_t n)
{
	(void)put(o, key, json_integer(n));
}

void cv_out_bool(struct cv_out *o, const char *key, bool b)
{
	(void)put(o, key, json_boolean(b));
}

/* Two blanks a level. */
static void indent(struct cv_buf *to, unsigned level)
{
	cv_buf_printf(to, "%*s", (int)level * 2, "");
}

/* UTF-8 as it is, but controls (C0, DEL, C1: bytes c2 80 to c2 9f) as \xNN. */
static void print_clean(struct cv_buf *to, struct cv_str s)
{
	for (size_t i = 0; i < s.len; ++i) {
		unsigned char c = (unsigned char)s.p[i];
		unsigned char next = i + 1 < s.len ? (unsigned char)s.p[i + 1] : 0;

		if (c == 0xc2 && next >= 0x80 && next <= 0x9f) {
			put_escaped(to, s.p[i++]);
			put_escaped(to, s.p[i]);
		} else if (c < 0x20 || c == 0x7f) {
			put_escaped(to, s.p[i]);
		} else {
			cv_buf_write(to, &s.p[i], 1);
		}
	}
}

/* In quotes when a reader of key=value pairs couldn't see where it ends. */
static void print_word(struct cv_buf *to, struct cv_str s)
{
	static const char special[] = " \"=\\";
	bool is_plain = s.len > 0;

	for (size_t i = 0; i < sizeof(special) - 1; ++i)
		is_plain = is_plain && cv_str_chr(s, special[i]) == s.len;

	if (is_plain) {
		print_clean(to, s);
		return;
	}

	cv_buf_write(to, "\"", 1);
	while (s.len > 0) {
		size_t n = 0;

		while (n < s.len && s.p[n] != '"' && s.p[n] != '\\')
			++n;

		print_clean(to, cv_str_make(s.p, n));
		if (n < s.len)
			cv_buf_printf(to, "\\%c", s.p[n]);

		s = cv_str_from(s, n + 1);
	}

	cv_buf_write(to, "\"", 1);
}

static void print_scalar(struct cv_buf *to, const json_t *value,
			 void (*print)(struct cv_buf *to, struct cv_str s))
{
	if (json_is_string(value))
		print(to,
		      cv_str_make(json_string_value(value), json_string_length(value)));
	else if (json_is_integer(value))
		cv_buf_printf(to, "%lld", (long long)json_integer_value(value));
	else
		cv_buf_printf(to, "%s", json_is_true(value) ? "yes" : "no");
}

static bool is_container(const json_t *value)
{
	return json_is_object(value) || json_is_array(value);
}

static void print_object(struct cv_buf *to, json_t *object, unsigned level);

/* One line of pairs, then the containers among its members, further in. */
static void print_item(struct cv_buf *to, json_t *item, unsigned level)
{
	const char *sep = "", *key;
	json_t *value = json_object_get(item, "line");

	indent(to, level);
	if (json_is_string(value)) {
		print_scalar(to, value, print_clean);
		cv_buf_printf(to, "\n");
		return;
	}

	json_object_foreach(item, key, value)
	{
		if (is_container(value))
			continue;

		cv_buf_printf(to, "%s%s=", sep, key);
		print_scalar(to, value, print_word);
		sep = " ";
	}

	cv_buf_printf(to, "\n");
}

static void print_list(struct cv_buf *to, const char *key, json_t *list, unsigned level);

static void print_member(struct cv_buf *to, const char *key, json_t *value,
			 unsigned level)
{
	if (json_is_array(value)) {
		print_list(to, key, value, level);
		return;
	}

	indent(to, level);
	cv_buf_printf(to, "%s:", key);

	if (json_is_object(value)) {
		cv_buf_printf(to, "\n");
		print_object(to, value, level + 1);
		return;
	}

	cv_buf_printf(to, " ");
	print_scalar(to, value, print_clean);
	cv_buf_printf(to, "\n");
}

static void print_list(struct cv_buf *to, const char *key, json_t *list, unsigned level)
{
	const char *name;
	json_t *item, *value;
	size_t i;

	indent(to, level);
	cv_buf_printf(to, "%s: %zu\n", key, json_array_size(list));

	json_array_foreach(list, i, item)
	{
		print_item(to, item, level);
		json_object_foreach(item, name, value)
		{
			if (is_container(value))
				print_member(to, name, value, level + 1);
		}
	}
}

static void print_object(struct cv_buf *to, json_t *object, unsigned level)
{
	const char *key;
	json_t *value;

	json_object_foreach(object, key, value) print_member(to, key, value, level);
}

static int dump(const char *p, size_t len, void *arg)
{
	struct cv_buf *to = arg;

	cv_buf_write(to, p, len);

	return cv_buf_err(to) ? -1 : 0;
}

void cv_out_fail(struct cv_out *o, struct cv_str what, const char *why)
{
	o->depth = 0;
	if (!json_object_get(o->v[0], "error"))
		cv_out_str(o, "error", CV_STR_FMT ": %s", CV_STR_ARG(what), why);
}

int cv_out_finish(struct cv_out *o, struct cv_buf *to)
{
	if (o->err)
		return o->err;

	if (o->format == CV_OUT_TEXT) {
		print_object(to, o->v[0], 0);
		return cv_buf_err(to);
	}

	if (json_dump_callback(o->v[0], dump, to, JSON_INDENT(2)) != 0)
		return cv_buf_err(to) ? cv_buf_err(to) : ENOMEM;

	cv_buf_write(to, "\n", 1);

	return cv_buf_err(to);
}
