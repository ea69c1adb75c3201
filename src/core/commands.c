/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Commands that concern the process as a whole. Signalling thread.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "core/core_int.h"

enum { DRAIN_DEFAULT_S = 300, DRAIN_MAX_S = 86400 };

static int run_version(struct cv_out *o, int argc, const struct cv_str *argv, void *arg)
{
	(void)argc;
	(void)argv;
	(void)arg;

	cv_out_str(o, "version", "%s", PACKAGE_VERSION);

	return 0;
}

static int run_log(struct cv_out *o, int argc, const struct cv_str *argv, void *arg)
{
	enum cv_log_level level;
	char word[16] = "";

	(void)arg;

	if (argc == 1 && argv[0].len < sizeof(word))
		memcpy(word, argv[0].p, argv[0].len);
	if (cv_log_level_parse(&level, word)) {
		cv_out_str(o, "error", "log wants a level: error, warn, info or debug");
		return EINVAL;
	}

	cv_log_level(level);
	cv_out_str(o, "log", "%s", word);

	return 0;
}

static int run_networks(struct cv_out *o, int argc, const struct cv_str *argv, void *arg)
{
	const struct cv_core *c = arg;

	(void)argc;
	(void)argv;

	cv_net_show(c->now->net, o);

	return 0;
}

static int run_explain(struct cv_out *o, int argc, const struct cv_str *argv, void *arg)
{
	struct cv_core *c = arg;
	int err;

	if (argc != 1) {
		cv_out_str(o, "error",
			   "explain wants the id of a call or a registration");
		return EINVAL;
	}

	err = cv_calls_explain(c->calls, argv[0], o);
	if (err == ENOENT)
		err = cv_binds_explain(cv_sip_binds(c->sip), argv[0], o);
	if (err == ENOENT)
		cv_out_str(o, "error", "no call or registration is called " CV_STR_FMT,
			   CV_STR_ARG(argv[0]));

	return err;
}

static int run_reload(struct cv_out *o, int argc, const struct cv_str *argv, void *arg)
{
	bool dry = argc == 1 && cv_str_eq(argv[0], CV_STR("--dry-run"));
	struct cv_buf error = {0};
	int err;

	if (argc > 0 && !dry) {
		cv_out_str(o, "error", "reload takes --dry-run or nothing");
		return EINVAL;
	}

	err = cv_core_reload(arg, dry, &error);
	if (err)
		cv_out_str(o, "error", "%s", error.p ? error.p : strerror(err));
	else
		cv_out_str(o, "reload", "%s", dry ? "would be taken" : "done");
	cv_buf_free(&error);

	return err;
}

static int run_drain(struct cv_out *o, int argc, const struct cv_str *argv, void *arg)
{
	uint64_t s = DRAIN_DEFAULT_S;

	if (argc > 1 || (argc == 1 && cv_str_u64(&s, argv[0], DRAIN_MAX_S))) {
		cv_out_str(o, "error", "drain takes a number of seconds up to %d",
			   DRAIN_MAX_S);
		return EINVAL;
	}

	cv_out_num(o, "drain_seconds", (int64_t)s);
	cv_core_drain(arg, (uint32_t)s * 1000);

	return 0;
}

int cv_core_commands(struct cv_core *c)
{
	static const struct cv_cmd rows[CV_CORE_COMMANDS] = {
		{.name = "version", .help = "version of the daemon", .run = run_version},
		{.name = "log",
		 .help = "LEVEL: error, warn, info or debug",
		 .run = run_log},
		{.name = "show networks",
		 .help = "listening points, lists, decision table",
		 .run = run_networks},
		{.name = "explain",
		 .help = "ID: every decision about a call or registration",
		 .run = run_explain},
		{.name = "reload",
		 .help = "[--dry-run]: read the configuration again",
		 .run = run_reload},
		{.name = "drain",
		 .help = "[SECONDS]: no new calls, then stop",
		 .run = run_drain},
	};

	for (size_t i = 0; i < CV_CORE_COMMANDS; ++i) {
		int err;

		c->cmd[i] = rows[i];
		c->cmd[i].arg = c;
		err = cv_cmd_add(c->cmds, &c->cmd[i]);
		if (err)
			return err;
	}

	return 0;
}

void cv_core_commands_del(struct cv_core *c)
{
	for (size_t i = 0; i < CV_CORE_COMMANDS; ++i)
		cv_cmd_del(&c->cmd[i]);
}
