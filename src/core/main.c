/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * culvertd: options, then core. The main thread becomes the signalling thread.
 */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "core/core_int.h"

enum { EXIT_REFUSED = 1, EXIT_USAGE = 2 };

/** What the command line says. */
struct args {
	const char *path;
	bool foreground, check;
	bool level_given;
	enum cv_log_level level;
};

static void usage(FILE *to)
{
	(void)fprintf(to,
		      "usage: culvertd [-f] [-c FILE] [-d LEVEL] [--check] [--version] "
		      "[--help]\n"
		      "  -c FILE   configuration (default %s/culvert/culvert.conf)\n"
		      "  -f        stay in the foreground\n"
		      "  -d LEVEL  log level: error, warn, info, debug\n"
		      "  --check   read the configuration, try every address, print the "
		      "decisions, exit\n",
		      SYSCONFDIR);
}

/* Exit code to leave with, or -1 to go on. */
static int read_args(struct args *a, int argc, char **argv)
{
	static const struct option longs[] = {
		{"check", no_argument, NULL, 'k'},
		{"version", no_argument, NULL, 'v'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "c:fd:vh", longs, NULL)) != -1) {
		switch (c) {
		case 'c':
			a->path = optarg;
			break;
		case 'f':
			a->foreground = true;
			break;
		case 'k':
			a->check = true;
			break;
		case 'd':
			a->level_given = cv_log_level_parse(&a->level, optarg) == 0;
			if (a->level_given)
				break;

			usage(stderr);
			return EXIT_USAGE;
		case 'v':
			(void)printf("culvertd %s\n", PACKAGE_VERSION);
			return EXIT_SUCCESS;
		case 'h':
			usage(stdout);
			return EXIT_SUCCESS;
		default:
			usage(stderr);
			return EXIT_USAGE;
		}
	}

	if (optind == argc)
		return -1;

	usage(stderr);

	return EXIT_USAGE;
}

static int print_plan(struct cv_core *c)
{
	struct cv_buf text = {0};
	struct cv_out *out;
	int err;

	err = cv_out_new(&out, CV_OUT_TEXT);
	if (err)
		return err;

	cv_core_try_show(c, out);
	err = cv_out_finish(out, &text);
	if (!err)
		(void)fwrite(text.p, 1, text.len, stdout);
	cv_buf_free(&text);
	cv_mem_unref(out);

	return err;
}

static int check(const char *path)
{
	struct cv_generation g = {0};
	struct cv_running *mods = NULL;
	struct cv_buf error = {0};
	struct cv_core *core = NULL;
	size_t modc = 0;
	int err;

	err = cv_generation_load(&g, path, &error);
	if (!err)
		err = cv_modules_conf(&mods, &modc, g.conf, &error);
	if (!err)
		err = cv_plan_try(g.net, g.conf, &error);
	if (!err)
		err = cv_daemon_try(&g.conf->general, path, &error);
	if (!err)
		err = cv_core_try(&core, path, &g, &error);
	if (!err)
		err = print_plan(core);

	if (err && error.len == 0)
		cv_buf_printf(&error, "%s: %s\n", path, strerror(err));
	if (error.p)
		(void)fputs(error.p, stderr);
	cv_buf_free(&error);
	cv_modules_free(mods, modc);
	if (core)
		cv_core_close(core);
	cv_generation_drop(&g);

	return err ? EXIT_REFUSED : EXIT_SUCCESS;
}

static int serve(const struct args *a)
{
	struct cv_buf error = {0};
	struct cv_core *core;
	int ready = -1;
	int err;

	if (!a->foreground) {
		err = cv_daemon_background(&ready);
		if (err) {
			(void)fprintf(stderr, "culvertd: can't fork: %s\n",
				      strerror(err));
			return EXIT_REFUSED;
		}
	}

	err = cv_core_open(&core, a->path, &error);
	if (err) {
		(void)fputs(error.p ? error.p : "culvertd: out of memory\n", stderr);
		cv_buf_free(&error);
		cv_daemon_ready(ready, EXIT_REFUSED);
		return EXIT_REFUSED;
	}

	cv_buf_free(&error);
	cv_log_level(a->level_given ? a->level : core->now->conf->general.log_level);
	cv_daemon_ready(ready, EXIT_SUCCESS);
	cv_core_run(core);
	cv_core_close(core);
	cv_mem_report();

	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	struct args a = {.path = SYSCONFDIR "/culvert/culvert.conf"};
	int status;

	status = read_args(&a, argc, argv);
	if (status != -1)
		return status;

	return a.check ? check(a.path) : serve(&a);
}
