/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Files to sections. inih splits a line into key and value; this file gives it
 * the lines one by one, so that it knows their numbers, keeps section headers
 * of any length, and reports every bad line, not just the first. Runs where
 * the configuration is loaded: at start and at reload, signalling thread.
 */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ini.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "conf/conf.h"
#include "conf/conf_int.h"

enum {
	FILE_SIZE = 1 << 20, /* bytes of one file; some ten thousand accounts */
	FILES = 256,         /* files of one configuration; stops a fan of includes */
	NAME_LEN = 64,       /* bytes of a section's name */
};

/** A file to be included. */
struct include {
	struct include *next;
	const struct include *up; /* who asks for it; NULL: the first file */
	const char *path;
	struct cv_conf_pos from; /* the line that asks for it */
	unsigned depth;
};

/** Files still to be read, in order. */
struct queue {
	struct include *first, *last;
	unsigned files;
};

/** One text on its way through inih. */
struct reader {
	struct cv_conf_job *job;
	struct queue *queue;        /* NULL: includes are refused */
	const struct include *file; /* NULL: a text without a file */
	struct cv_str rest;
	struct cv_conf_pos pos; /* of the line being read */
	struct cv_opts_sec *sec;
	bool skip;    /* the section's header was bad: its keys are not looked at */
	bool waiting; /* a line was given to inih that must give a key */
};

static void pending_check(struct reader *r)
{
	if (r->waiting)
		cv_conf_find(r->job, r->pos, "this line is not KEY = VALUE");

	r->waiting = false;
}

static bool is_name(struct cv_str s)
{
	if (s.len == 0 || s.len > NAME_LEN)
		return false;

	for (size_t i = 0; i < s.len; ++i) {
		if (strchr(" \t,[]\"", s.p[i]))
			return false;
	}

	return true;
}

static void section_open(struct reader *r, const struct cv_conf_kind *kind,
			 struct cv_str name)
{
	struct cv_opts *o = r->job->opts;
	const char *copy = cv_opts_keep(o, name);
	struct cv_opts_sec *was = NULL;
	char id[NAME_LEN * 2];

	if (!copy) {
		r->job->err = ENOMEM;
		return;
	}

	(void)snprintf(id, sizeof(id), "%s%s%s", kind->name, kind->named ? " " : "",
		       copy);
	was = cv_opts_find(o, id);
	if (was && kind->named)
		cv_conf_find(r->job, r->pos, "[%s] is already at %s:%u", id,
			     was->pos.file, was->pos.line);

	r->sec = was && !kind->named ? was : NULL;
	if (was)
		return;

	r->sec = cv_opts_sec_add(o, kind->name, copy, r->pos);
	if (!r->sec)
		r->job->err = ENOMEM;
}

static void kind_refuse(struct reader *r, struct cv_str word)
{
	char name[NAME_LEN];
	const char *near;

	(void)snprintf(name, sizeof(name), CV_STR_FMT, CV_STR_ARG(word));
	near = cv_conf_nearest(NULL, name);
	if (cv_conf_kind_is_later(name))
		cv_conf_find(r->job, r->pos, "[%s] is not served by this version", name);
	else if (near)
		cv_conf_find(r->job, r->pos, "there is no section [%s]; is it [%s]?",
			     name, near);
	else
		cv_conf_find(r->job, r->pos, "there is no section [%s]", name);
}

/* "[kind]" or "[kind name]", with nothing but a comment behind it. */
static void header_read(struct reader *r, struct cv_str line)
{
	size_t end = cv_str_chr(line, ']');
	struct cv_str in = cv_str_trim(cv_str_make(line.p + 1, end - 1));
	struct cv_str behind = cv_str_trim(cv_str_from(line, end + 1));
	size_t blank = cv_str_chr(in, ' ');
	const struct cv_conf_kind *kind;
	struct cv_str name;
	char word[NAME_LEN];

	r->sec = NULL;
	r->skip = true;
	if (end == line.len || (behind.len > 0 && !strchr(";#", behind.p[0]))) {
		cv_conf_find(r->job, r->pos,
			     "a section is written [KIND] or [KIND NAME]");
		return;
	}

	name = cv_str_trim(cv_str_from(in, blank));
	in = cv_str_make(in.p, blank);
	(void)snprintf(word, sizeof(word), CV_STR_FMT, CV_STR_ARG(in));
	kind = cv_conf_kind_find(word);
	if (!kind) {
		kind_refuse(r, in);
		return;
	}

	if (kind->named && !is_name(name)) {
		cv_conf_find(r->job, r->pos,
			     "[%s NAME] needs a name of at most %d bytes without blanks, "
			     "commas, quotes and brackets",
			     kind->name, NAME_LEN);
		return;
	}

	if (!kind->named && name.len > 0) {
		cv_conf_find(r->job, r->pos, "[%s] takes no name", kind->name);
		return;
	}

	section_open(r, kind, name);
	r->skip = !r->sec;
}

/* Gives inih the next line without blanks in front (they would make it a continuation),
 * or an empty one in place of what it shall not see. */
static char *line_next(char *dst, int size, void *stream)
{
	struct reader *r = stream;
	struct cv_str line;

	pending_check(r);
	if (r->job->err || !cv_str_next(&r->rest, '\n', &line))
		return NULL;

	++r->pos.line;
	(void)snprintf(dst, (size_t)size, "\n");
	if (r->pos.line == 1 && cv_str_starts(line, CV_STR("\xef\xbb\xbf")))
		line = cv_str_from(line, 3); /* byte order mark */

	line = cv_str_trim(line);
	if (line.len == 0 || strchr(";#", line.p[0]))
		return dst;

	if (cv_str_has_control(line)) {
		cv_conf_find(r->job, r->pos, "there is a control character in this line");
		return dst;
	}

	if (line.p[0] == '[') {
		header_read(r, line);
		return dst;
	}

	if (line.len + 2 > (size_t)size) {
		cv_conf_find(r->job, r->pos,
			     "this line is longer than %d bytes; a list may go on in a "
			     "second line with the same key",
			     size - 2);
		return dst;
	}

	memcpy(dst, line.p, line.len);
	memcpy(dst + line.len, "\n", 2);
	r->waiting = true;

	return dst;
}

/* Directory of the file that includes, for a relative path. */
static const char *path_join(struct reader *r, struct cv_str path)
{
	const char *slash = strrchr(r->pos.file, '/');
	struct cv_buf b = {0};
	const char *joined;

	if (slash && path.len > 0 && path.p[0] != '/')
		cv_buf_write(&b, r->pos.file, (size_t)(slash - r->pos.file) + 1);

	cv_buf_str(&b, path);
	joined = cv_buf_err(&b) ? NULL : cv_opts_keep(r->job->opts, cv_buf_view(&b));
	cv_buf_free(&b);
	if (!joined)
		r->job->err = ENOMEM;

	return joined;
}

/* A file that is being read already, by its name or by another that leads to it. */
static bool is_circle(const struct reader *r, const char *path)
{
	struct stat a, b;

	for (const struct include *in = r->file; in; in = in->up) {
		if (strcmp(in->path, path) == 0)
			return true;

		if (stat(path, &a) == 0 && stat(in->path, &b) == 0 &&
		    a.st_dev == b.st_dev && a.st_ino == b.st_ino)
			return true;
	}

	return false;
}

static void queue_add(struct reader *r, const char *path)
{
	struct include *in;

	if (is_circle(r, path)) {
		cv_conf_find(r->job, r->pos, "%s includes itself, by way of this line",
			     path);
		return;
	}

	in = cv_opts_alloc(r->job->opts, 1, sizeof(*in));
	if (!in) {
		r->job->err = ENOMEM;
		return;
	}

	in->path = path;
	in->from = r->pos;
	in->up = r->file;
	in->depth = r->file ? r->file->depth + 1 : 1;
	if (r->queue->last)
		r->queue->last->next = in;
	else
		r->queue->first = in;

	r->queue->last = in;
}

static int is_conf(const struct dirent *e)
{
	struct cv_str name = cv_str_of(e->d_name);

	return name.len > 5 && name.p[0] != '.' &&
	       cv_str_eq(cv_str_from(name, name.len - 5), CV_STR(".conf"));
}

/* Byte order, whatever the locale. */
static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void dir_add(struct reader *r, struct cv_str dir)
{
	const char *path = path_join(r, dir);
	struct dirent **names = NULL;
	struct cv_buf b = {0};
	int n;

	if (!path)
		return;

	n = scandir(path, &names, is_conf, by_name);
	if (n == -1)
		cv_conf_find(r->job, r->pos, "%s: %s", path, strerror(errno));

	for (int i = 0; i < n; ++i) {
		const char *file;

		cv_buf_reset(&b);
		cv_buf_printf(&b, "%s/%s", path, names[i]->d_name);
		file = cv_buf_err(&b) ? NULL
				      : cv_opts_keep(r->job->opts, cv_buf_view(&b));
		if (file)
			queue_add(r, file);
		else
			r->job->err = ENOMEM;

		free(names[i]);
	}

	free(names);
	cv_buf_free(&b);
}

static void include_read(struct reader *r, struct cv_str value)
{
	static const struct cv_str tail = {"/*.conf", 7};
	struct cv_str part;
	const char *path;

	if (!r->queue) {
		cv_conf_find(r->job, r->pos, "include is not possible here");
		return;
	}

	while (cv_str_next(&value, ',', &part)) {
		part = cv_str_trim(part);
		if (part.len > tail.len &&
		    cv_str_eq(cv_str_from(part, part.len - tail.len), tail)) {
			dir_add(r, cv_str_make(part.p, part.len - tail.len));
		} else if (part.len == 0 || cv_str_chr(part, '*') < part.len) {
			cv_conf_find(r->job, r->pos, "include takes FILE or DIR/*.conf");
		} else {
			path = path_join(r, part);
			if (path)
				queue_add(r, path);
		}
	}
}

static int pair_read(void *user, const char *section, const char *name, const char *value)
{
	struct reader *r = user;

	(void)section; /* header_read() knows it in full length */
	r->waiting = false;
	if (r->skip || r->job->err)
		return 1;

	if (!r->sec) {
		cv_conf_find(r->job, r->pos, "%s stands before the first [section]",
			     name);
		return 1;
	}

	if (strcmp(r->sec->kind, "general") == 0 && strcmp(name, "include") == 0)
		include_read(r, cv_str_of(value));
	else
		r->job->err = cv_opts_entry_add(r->sec, name, value, r->pos);

	return 1;
}

static void text_read(struct reader *r)
{
	size_t bad = r->job->bad;
	int line;

	line = ini_parse_stream(line_next, r, pair_read, r);
	if (line != 0 && bad == r->job->bad && !r->job->err)
		cv_conf_find(r->job, r->pos, "this file can't be read");
}

void cv_conf_read_text(struct cv_conf_job *job, const char *name, struct cv_str text)
{
	struct reader r = {.job = job, .rest = text};

	r.pos.file = cv_opts_keep(job->opts, cv_str_of(name));
	if (!r.pos.file)
		job->err = ENOMEM;
	else
		text_read(&r);
}

static int file_slurp(struct cv_buf *text, const char *path)
{
	char part[4096];
	struct stat st;
	ssize_t n = 0;
	int err = 0;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd == -1)
		return errno;

	if (fstat(fd, &st) == -1)
		err = errno;
	else if (!S_ISREG(st.st_mode))
		err = S_ISDIR(st.st_mode) ? EISDIR : EINVAL;

	while (!err) {
		n = read(fd, part, sizeof(part));
		if (n == -1 && errno == EINTR)
			continue;

		if (n == -1)
			err = errno;

		if (n <= 0)
			break;

		cv_buf_write(text, part, (size_t)n);
		err = text->len > FILE_SIZE ? EFBIG : cv_buf_err(text);
	}

	(void)close(fd);

	return err;
}

static int file_read(struct cv_conf_job *job, struct queue *queue,
		     const struct include *in)
{
	struct reader r = {.job = job, .queue = queue, .file = in};
	struct cv_buf text = {0};
	int err;

	err = file_slurp(&text, in->path);
	if (err) {
		cv_conf_find(job, in->from, "%s: %s", in->path, strerror(err));
	} else {
		r.rest = cv_buf_view(&text);
		r.pos.file = in->path;
		text_read(&r);
	}

	cv_buf_free(&text);

	return err;
}

int cv_conf_read_file(struct cv_conf_job *job, const char *path)
{
	struct queue queue = {.first = NULL};
	struct include top = {.from = {.file = path}};
	const struct include *in;
	int err;

	top.path = cv_opts_keep(job->opts, cv_str_of(path));
	if (!top.path)
		return ENOMEM;

	err = file_read(job, &queue, &top);
	for (in = queue.first; in && !job->err; in = in->next) {
		if (in->depth > CV_CONF_INCLUDE_DEPTH) {
			cv_conf_find(job, in->from,
				     "files include each other more than %d deep",
				     CV_CONF_INCLUDE_DEPTH);
			break;
		}

		if (++queue.files > FILES) {
			cv_conf_find(job, in->from, "more than %d files are included",
				     FILES);
			break;
		}

		(void)file_read(job, &queue, in); /* a finding of its own line */
	}

	return err;
}
