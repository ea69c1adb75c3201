/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The modules of a process: which, and their lives. Signalling thread.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "conf/opts.h"
#include "core/core_int.h"

static const struct cv_module *find(const char *name)
{
	for (size_t i = 0; cv_modules[i]; ++i) {
		if (strcmp(cv_modules[i]->name, name) == 0)
			return cv_modules[i];
	}

	return NULL;
}

static int prepare(struct cv_running *r, const struct cv_module *mod,
		   const struct cv_conf *conf)
{
	if (mod->abi != CV_MODULE_ABI)
		return EPROTO;

	r->mod = mod;
	r->state = cv_mem_zalloc(1, mod->size > 0 ? mod->size : 1);
	if (!r->state)
		return ENOMEM;

	return mod->conf ? mod->conf(r->state, conf->opts) : 0;
}

static size_t count_built(void)
{
	size_t n = 0;

	while (cv_modules[n])
		++n;

	return n;
}

int cv_modules_conf(struct cv_running **vp, size_t *cp, const struct cv_conf *conf,
		    struct cv_buf *error)
{
	const struct cv_conf_list *want = &conf->general.modules;
	size_t c = want->c > 0 ? want->c : count_built();
	struct cv_running *v = cv_mem_zalloc(c + 1, sizeof(*v));
	int err = v ? 0 : ENOMEM;

	if (conf->opts)
		cv_opts_error_to(conf->opts, error);

	for (size_t i = 0; !err && i < c; ++i) {
		const struct cv_module *mod =
			want->c > 0 ? find(want->v[i].text) : cv_modules[i];

		if (!mod) {
			cv_conf_complain(
				error, want->v[i].pos,
				"[general] modules: %s is not built into this program",
				want->v[i].text);
			err = EINVAL;
			break;
		}

		err = prepare(&v[i], mod, conf);
	}

	if (err) {
		cv_modules_free(v, c);
		return err;
	}

	*vp = v;
	*cp = c;

	return 0;
}

int cv_modules_open(struct cv_running *v, size_t c, struct cv_env *env)
{
	for (size_t i = 0; i < c; ++i) {
		int err;

		v[i].opened = true;
		err = v[i].mod->open ? v[i].mod->open(v[i].state, env) : 0;
		if (err)
			return err;
	}

	return 0;
}

int cv_modules_start(struct cv_running *v, size_t c, struct cv_env *env)
{
	for (size_t i = 0; i < c; ++i) {
		int err;

		v[i].opened = true;
		err = v[i].mod->start ? v[i].mod->start(v[i].state, env) : 0;
		if (err)
			return err;
	}

	return 0;
}

void cv_modules_stop(struct cv_running *v, size_t c)
{
	while (v && c-- > 0) {
		if (v[c].opened && v[c].mod->stop)
			v[c].mod->stop(v[c].state);
		v[c].opened = false;
	}
}

void cv_modules_free(struct cv_running *v, size_t c)
{
	for (size_t i = 0; v && i < c; ++i) {
		/* conf() may have allocated: stop accepts a half-started module */
		if (v[i].mod && v[i].state && v[i].mod->stop)
			v[i].mod->stop(v[i].state);
		free(v[i].state);
	}

	free(v);
}
