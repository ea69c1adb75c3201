/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Admin commands and the sink they print into.
 *
 * The story of a command: the file that owns the data registers a row (name,
 * help, handler) at start and takes it back at stop. admin/ finds the longest
 * registered name at the front of a line ("show calls"), hands the words
 * behind it to the handler with a cv_out, and sends what came out, as text or
 * as JSON. A handler writes values once; the sink decides the format: in JSON
 * objects and arrays, in text one line an object of a list (key=value), or
 * "key: value" lines.
 */
#ifndef CV_BASE_CMD_H
#define CV_BASE_CMD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/list.h"
#include "base/str.h"

struct cv_out;
struct cv_cmds;

enum cv_out_format { CV_OUT_TEXT = 0, CV_OUT_JSON };
enum { CV_CMD_WORDS = 8 }; /* a line has no more arguments than this */

/** Makes a sink whose root is an object. ENOMEM. Ended by cv_mem_unref(). */
int cv_out_new(struct cv_out **op, enum cv_out_format format);
/** Opens a list under @p key; its elements are objects opened with cv_out_item(). Closed
 * by cv_out_end(). */
void cv_out_list(struct cv_out *o, const char *key);
/** Opens the next object of the list that is open. Closed by cv_out_end(). An object with
 * a member "line" is drawn in text as that line alone; JSON has all members. */
void cv_out_item(struct cv_out *o);
/** Opens an object under @p key. Closed by cv_out_end(). */
void cv_out_object(struct cv_out *o, const char *key);
void cv_out_end(struct cv_out *o);
void cv_out_str(struct cv_out *o, const char *key, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void cv_out_num(struct cv_out *o, const char *key, int64_t n);
void cv_out_bool(struct cv_out *o, const char *key, bool b);
/** Writes the finished text; ENOMEM when any value was lost. */
int cv_out_finish(struct cv_out *o, struct cv_buf *to);

/** argv: the words behind the command's name, borrowed. ENOENT: no such object; EINVAL:
 * usage; the sentence goes to cv_out_str(o, "error", ...). */
typedef int cv_cmd_fn(struct cv_out *o, int argc, const struct cv_str *argv, void *arg);

/** One command. Owned by its registrar; must stay until cv_cmd_del(). */
struct cv_cmd {
	const char *name; /* words with one blank: "show calls" */
	const char *help; /* one line: arguments, then what it does */
	cv_cmd_fn *run;
	void *arg;
	struct cv_list node; /* the registry's */
};

int cv_cmds_new(struct cv_cmds **cp);
/** EEXIST: the name is taken. */
int cv_cmd_add(struct cv_cmds *c, struct cv_cmd *cmd);
/** Does nothing when it isn't registered. */
void cv_cmd_del(struct cv_cmd *cmd);
/** Runs one line (without --json). ENOENT with a sentence in @p o when there is no such
 * command. "help" lists all. */
int cv_cmd_run(struct cv_cmds *c, struct cv_str line, struct cv_out *o);

#endif
