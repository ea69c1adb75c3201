/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The module contract: the only header every module includes.
 *
 * The story of a module: constant data names it and four functions. At start
 * core allocates `size` zeroed bytes and calls conf() (reads and checks the
 * options, no side effects; --check stops here), open() (what needs
 * privilege), then, unprivileged, start(), which adds op tables to the
 * registries in env. On reload conf() runs on a second zeroed state, then
 * adopt() hands that to the running one. stop() undoes start and open, in
 * reverse, and accepts a half-started module. A module has no globals.
 */
#ifndef CV_MODULE_H
#define CV_MODULE_H

#include <stddef.h>
#include <stdint.h>

enum { CV_MODULE_ABI = 1 };

struct cv_opts;
struct cv_loop;
struct cv_cmds;
struct cv_stats;
struct cv_stat_cell;
struct cv_routes;
struct cv_homes;

/** Services of the core, all borrowed and alive from open() to stop(). No data of other
 * modules. */
struct cv_env {
	struct cv_loop *loop;      /* signalling loop */
	struct cv_cmds *cmds;      /* admin commands */
	struct cv_stats *stats;    /* gauges */
	struct cv_stat_cell *stat; /* counters of the signalling thread */
	struct cv_routes *routes;  /* registry of call/route.h */
	struct cv_homes *homes;    /* registry of bind/home.h */
};

struct cv_module {
	const char *name; /* equals the directory name under modules/ */
	uint32_t abi;     /* CV_MODULE_ABI at build time */
	size_t size;      /* bytes of zeroed state, handed back as mod */

	/** Read and check options; no side effects. Also runs for --check. EINVAL after
	 * cv_opts_complain(). */
	int (*conf)(void *mod, const struct cv_opts *opts);
	/** Open what needs privilege; runs before privileges are dropped. May be NULL. */
	int (*open)(void *mod, struct cv_env *env);
	/** Add op tables to the registries in env; runs unprivileged. */
	int (*start)(void *mod, struct cv_env *env);
	/** Reload: take over the options of @p fresh, a second state on which conf() ran;
	 * EBUSY: needs a restart, nothing changed. */
	int (*adopt)(void *mod, void *fresh);
	/** Undo start and open, in reverse. Accepts a half-started module. */
	void (*stop)(void *mod);
};

/** All modules that were built in, in the order of their names; NULL ends it. Generated.
 */
extern const struct cv_module *const cv_modules[];

#endif
