/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fuzz target: a line of the admin protocol, from its bytes to the command
 * that runs and what it prints. Needs no socket.
 */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>

#include "admin/admin.h"
#include "base/buf.h"
#include "base/cmd.h"
#include "base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Prints every argument in each way the sink knows. */
static int echo(struct cv_out *o, int argc, const struct cv_str *argv, void *arg)
{
	(void)arg;
	if (argc > CV_CMD_WORDS)
		abort();

	cv_out_list(o, "words");
	for (int i = 0; i < argc; ++i) {
		if (argv[i].len == 0 || cv_str_chr(argv[i], ' ') < argv[i].len)
			abort();

		cv_out_item(o);
		cv_out_str(o, "word", CV_STR_FMT, CV_STR_ARG(argv[i]));
		cv_out_end(o);
	}

	cv_out_end(o);
	if (argc > 0)
		cv_out_str(o, "first", CV_STR_FMT, CV_STR_ARG(argv[0]));

	return 0;
}

/* What reaches a terminal holds no control byte but the line's end. */
static void check_text(struct cv_str text)
{
	for (size_t i = 0; i < text.len; ++i) {
		unsigned char c = (unsigned char)text.p[i];

		if ((c < 0x20 && c != '\n') || c == 0x7f)
			abort();
	}
}

static void run(const struct cv_admin_line *line)
{
	struct cv_cmd cmd = {.name = "echo all", .help = "WORDS", .run = echo};
	struct cv_cmds *cmds = NULL;
	struct cv_out *o = NULL;
	struct cv_buf text = {0};

	if (cv_cmds_new(&cmds) || cv_cmd_add(cmds, &cmd) || cv_out_new(&o, line->format))
		abort();

	(void)cv_cmd_run(cmds, line->cmd, o);
	if (cv_out_finish(o, &text))
		abort();

	check_text(cv_buf_view(&text));
	cv_buf_free(&text);
	cv_mem_unref(o);
	cv_mem_unref(cmds);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cv_admin_line line;

	if (cv_admin_line_parse(&line, cv_str_make((const char *)data, size)) == 0)
		run(&line);

	return 0;
}
