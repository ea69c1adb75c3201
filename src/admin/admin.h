/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The admin socket: one command a connection, from culvertctl or a script.
 *
 * The story of a query: a client connects to the Unix socket and sends one
 * line, "[--json ]command arguments\n". The command runs on the loop that
 * watches the socket, which is the signalling one, and finds its data there.
 * The answer is "ok\n" or "error CODE\n", where CODE is the errno's name, then
 * the text or JSON the command printed; then the connection is closed. Nothing
 * here waits for a client: a line has a limit in bytes and in time, and so has
 * the reading of the answer.
 */
#ifndef CV_ADMIN_ADMIN_H
#define CV_ADMIN_ADMIN_H

#include <sys/types.h>

#include "base/cmd.h"
#include "base/str.h"
#include "loop/loop.h"

struct cv_admin;

enum {
	CV_ADMIN_LINE_MAX = 4096, /* bytes of a command line, newline included */
	CV_ADMIN_CONNS_MAX = 16,  /* a script's parallel queries, not a flood */
	CV_ADMIN_IDLE_MS = 10000, /* for a line to arrive, and again for the answer to be
				     read */
};

/** Listens on the Unix socket @p path, mode 0660, of group @p gid ((gid_t)-1: as it
 * comes). A socket on which nobody answers is replaced. EADDRINUSE: a daemon answers
 * there; EEXIST: the path is no socket; ENAMETOOLONG, or what bind() said. @p l and
 * @p cmds must outlive it; a command must not end it, but may post that. Ended by
 * cv_mem_unref(), which takes the socket off the file system. */
int cv_admin_open(struct cv_admin **ap, struct cv_loop *l, struct cv_cmds *cmds,
		  const char *path, gid_t gid);

/** One command line, read. */
struct cv_admin_line {
	struct cv_str cmd; /* the words, borrowed, without blanks at the ends */
	enum cv_out_format format;
};

/** Reads a line without its newline. EINVAL: empty, or a control byte in it; EMSGSIZE:
 * too long. */
int cv_admin_line_parse(struct cv_admin_line *line, struct cv_str raw);

#endif
