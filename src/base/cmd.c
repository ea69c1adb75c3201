/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Registry of admin commands. Knows names and words, not what a command does
 * or how its output looks. Runs on the signalling thread.
 */
#include "config.h"

#include "base/cmd.h"

#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "base/out_int.h"

enum {
	NAME_WORDS = 4, /* words of the longest command name */
	WORDS_MAX = NAME_WORDS + CV_CMD_WORDS,
};

struct cv_cmds {
	struct cv_list list; /* of struct cv_cmd, by name; their registrars' */
};

static void cmds_fini(void *obj)
{
	struct cv_cmds *c = obj;
	struct cv_list *node, *tmp;

	CV_LIST_FOREACH (node, tmp, &c->list)
		cv_list_del(node);
}

int cv_cmds_new(struct cv_cmds **cp)
{
	struct cv_cmds *c;

	c = cv_mem_new(sizeof(*c), cmds_fini);
	if (!c)
		return ENOMEM;

	cv_list_init(&c->list);
	*cp = c;

	return 0;
}

int cv_cmd_add(struct cv_cmds *c, struct cv_cmd *cmd)
{
	struct cv_list *node, *tmp;
	struct cv_list *before = &c->list;

	if (strcmp(cmd->name, "help") == 0)
		return EEXIST;

	CV_LIST_FOREACH (node, tmp, &c->list) {
		int cmp =
			strcmp(CV_CONTAINER(node, struct cv_cmd, node)->name, cmd->name);

		if (cmp == 0)
			return EEXIST;

		if (cmp > 0) {
			before = node;
			break;
		}
	}

	cv_list_add(before, &cmd->node);

	return 0;
}

void cv_cmd_del(struct cv_cmd *cmd)
{
	cv_list_del(&cmd->node);
}

static void help(const struct cv_cmds *c, struct cv_out *o)
{
	cv_out_object(o, "commands");
	cv_out_str(o, "help", "this list");

	for (const struct cv_list *n = c->list.next; n != &c->list; n = n->next) {
		const struct cv_cmd *cmd = CV_CONTAINER(n, const struct cv_cmd, node);

		cv_out_str(o, cmd->name, "%s", cmd->help);
	}

	cv_out_end(o);
}

/* Words of the name that stand at the front of argv, 0 when not all do. */
static int match(const char *name, int argc, const struct cv_str *argv)
{
	struct cv_str rest = cv_str_of(name), word;
	int n = 0;

	while (cv_str_next(&rest, ' ', &word)) {
		if (n == argc || !cv_str_eq(word, argv[n]))
			return 0;

		++n;
	}

	return n;
}

static struct cv_cmd *find(struct cv_cmds *c, int argc, const struct cv_str *argv,
			   int *words)
{
	struct cv_cmd *best = NULL;
	struct cv_list *node, *tmp;

	*words = 0;
	CV_LIST_FOREACH (node, tmp, &c->list) {
		struct cv_cmd *cmd = CV_CONTAINER(node, struct cv_cmd, node);
		int n = match(cmd->name, argc, argv);

		if (n > *words) {
			*words = n;
			best = cmd;
		}
	}

	return best;
}

int cv_cmd_run(struct cv_cmds *c, struct cv_str line, struct cv_out *o)
{
	struct cv_str argv[WORDS_MAX], rest = cv_str_trim(line), word;
	struct cv_cmd *cmd;
	int argc = 0, words, err;

	while (cv_str_next(&rest, ' ', &word)) {
		word = cv_str_trim(word);
		if (word.len == 0)
			continue;

		if (argc == WORDS_MAX) {
			cv_out_str(o, "error", "too many words");
			return EINVAL;
		}

		argv[argc++] = word;
	}

	if (argc == 1 && cv_str_eq(argv[0], CV_STR("help"))) {
		help(c, o);
		return 0;
	}

	cmd = find(c, argc, argv, &words);
	if (!cmd) {
		cv_out_str(o, "error",
			   "no command \"" CV_STR_FMT "\"; \"help\" lists all",
			   CV_STR_ARG(cv_str_trim(line)));
		return ENOENT;
	}

	if (argc - words > CV_CMD_WORDS) {
		cv_out_str(o, "error", "%s: more than %d arguments", cmd->name,
			   CV_CMD_WORDS);
		return EINVAL;
	}

	err = cmd->run(o, argc - words, argv + words, cmd->arg);
	if (err)
		cv_out_fail(o, cv_str_trim(line), strerror(err));

	return err;
}
