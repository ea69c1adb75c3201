/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A small world for calls: plays steps and asks questions. Test's thread.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "call_words.h"
#include "call_world.h"

enum { ID_LEN = 16 };

static bool is_alike(const char *want, const char *is)
{
	size_t len = strlen(want);

	if (len >= 3 && strcmp(want + len - 3, "...") == 0)
		return strncmp(want, is, len - 3) == 0;

	return strcmp(want, is) == 0;
}

static bool step(struct cv_world *w, const char *s)
{
	char line[CV_FAKE_LINE] = "nothing";

	if (s[0] == '+') {
		cv_world_advance(w, cv_words_number(s + 1));
		return true;
	}

	if (s[0] == '<') {
		int err = cv_world_feed(w, s + 1);

		if (err)
			printf("%s: %s\n", s, strerror(err));

		return !err;
	}

	(void)cv_world_next(w, line);
	if (is_alike(s + 2, line))
		return true;

	printf("expected %s, but %s left\n", s + 2, line);

	return false;
}

bool cv_world_play(struct cv_world *w, const char *const *steps)
{
	char line[CV_FAKE_LINE];
	bool good = true;

	for (; *steps && good; ++steps)
		good = step(w, *steps);

	while (good && cv_world_next(w, line)) {
		printf("left and was not expected: %s\n", line);
		good = false;
	}

	return good;
}

/* Id of the only call, from the text of `show calls`. */
static int first_id(struct cv_world *w, char *id, size_t size)
{
	struct cv_buf text = {.p = NULL};
	const char *at;
	int err = ENOENT;

	if (cv_world_ask(w, "show calls", &text) == 0 && text.p) {
		at = strstr(text.p, "id=");
		if (at && sscanf(at, "id=%15s", id) == 1 && size >= ID_LEN)
			err = 0;
	}
	cv_buf_free(&text);

	return err;
}

static void relays(const struct cv_media_plane *p, struct cv_buf *to)
{
	unsigned open = 0, parked = 0;

	for (const struct cv_list *n = p->list.next; n != &p->list; n = n->next) {
		bool is = CV_CONTAINER(n, const struct cv_media, node)->is_parked;

		parked += is;
		open += !is;
	}
	cv_buf_printf(to, "open: %u, parked: %u\n", open, parked);
}

int cv_world_ask(struct cv_world *w, const char *line, struct cv_buf *to)
{
	char id[ID_LEN], command[CV_FAKE_LINE];
	struct cv_call_env env;
	struct cv_out *out;
	int err;

	cv_world_env(w, &env);
	if (strcmp(line, "ports") == 0) {
		cv_buf_printf(to, "ports: %u\n", cv_world_plane(w)->used);
		return 0;
	}

	if (strcmp(line, "relays") == 0) {
		relays(cv_world_plane(w), to);
		return 0;
	}

	err = cv_out_new(&out, CV_OUT_TEXT);
	if (err)
		return err;

	if (strcmp(line, "explain") == 0) {
		err = first_id(w, id, sizeof(id));
		if (!err)
			err = cv_calls_explain(cv_world_calls(w), cv_str_of(id), out);
	} else if (strcmp(line, "call") == 0) {
		err = first_id(w, id, sizeof(id));
		(void)snprintf(command, sizeof(command), "call %s", id);
		if (!err)
			err = cv_cmd_run(env.cmds, cv_str_of(command), out);
	} else {
		err = cv_cmd_run(env.cmds, cv_str_of(line), out);
	}

	if (!err)
		err = cv_out_finish(out, to);

	cv_mem_unref(out);

	return err;
}
