/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fuzz target of conf/: a text is accepted without a finding or refused with
 * one, and what was accepted keeps what it promises. One thread.
 */
#include "config.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/addr.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "conf/conf.h"
#include "conf/opts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool truth)
{
	if (!truth)
		abort();
}

static void line_drop(enum cv_log_level level, const char *line, void *arg)
{
	(void)level;
	(void)line;
	(void)arg;
}

static void conf_check(const struct cv_conf *c)
{
	const struct cv_opts_sec *s = NULL;

	must(c->media.port_lo >= 1024 && c->media.port_lo < c->media.port_hi);
	must(c->listenc <= CV_CONF_LISTENS && c->peerc <= CV_CONF_PEERS);
	must(c->general.name && c->admin_socket && c->admin_socket[0] == '/');
	for (size_t i = 0; i < c->listenc; ++i)
		must(c->listens[i].udpc <= CV_CONF_PORTS && c->listens[i].address);

	for (size_t i = 0; i < c->peerc; ++i) {
		must(c->peers[i].targetc > 0);
		must(c->peers[i].targets[0].addr.port > 0 || c->peers[i].targets[0].host);
	}

	for (size_t i = 0; i < c->routec; ++i)
		must(c->routes[i].peers.c > 0 && c->routes[i].from);

	for (s = cv_opts_next(c->opts, "user", NULL); s;
	     s = cv_opts_next(c->opts, "user", s))
		must(cv_opts_get(s, "password") || cv_opts_get(s, "ha1"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cv_conf *c = NULL;
	struct cv_buf error = {0};
	int err;

	cv_log_sink(line_drop, NULL);
	err = cv_conf_parse(&c, "fuzz", cv_str_make((const char *)data, size), &error);
	must(err == 0 || err == EINVAL);
	must((err == 0) == (error.len == 0));
	if (err == 0)
		conf_check(c);

	cv_buf_free(&error);
	cv_mem_unref(c);
	must(cv_mem_live() == 0);

	return 0;
}
