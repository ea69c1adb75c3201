/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The daemon's own structs and the order of its start.
 *
 * The story: main.c reads options; conf and plan are built; daemon.c goes to
 * the background, raises limits and, after everything privileged is open,
 * drops privileges; wire.c joins the layers (the only file that knows all of
 * them) and runs the signalling loop; reload.c swaps generations. Shutdown is
 * start read backwards.
 */
#ifndef CV_CORE_CORE_INT_H
#define CV_CORE_CORE_INT_H

#include <stdbool.h>

#include "admin/admin.h"
#include "base/cmd.h"
#include "base/stat.h"
#include "bind/home.h"
#include "call/call.h"
#include "conf/conf.h"
#include "core/heap.h"
#include "loop/loop.h"
#include "media/media.h"
#include "module.h"
#include "net/iface.h"
#include "net/name.h"
#include "net/own.h"
#include "net/place.h"
#include "net/stream.h"
#include "sip/ua.h"

enum {
	CV_CORE_COMMANDS = 6,
	CV_CORE_GENERATIONS = 256, /* reloads of one process; each keeps its configuration
				      for calls made under it */
};

/** One configuration with the network derived from it. */
struct cv_generation {
	struct cv_conf *conf; /* owned */
	struct cv_net *net;   /* owned */
};

/** A module that runs. */
struct cv_running {
	const struct cv_module *mod;
	void *state; /* owned, mod->size zeroed bytes */
	bool opened; /* open() or start() was called */
};

struct cv_core;

/** The source of what one listening point shows. */
struct cv_core_own {
	struct cv_core *core;
	size_t point;
	const char *source; /* as written; borrowed from the configuration; NULL: none */
	struct cv_own *own; /* owned */
	bool said;          /* it has answered or failed */
};

/** The process. Signalling thread. */
struct cv_core {
	const char *path;          /* of the configuration file */
	struct cv_generation *now; /* the last of gen */
	struct cv_generation gen[CV_CORE_GENERATIONS];
	size_t genc;
	struct cv_loop *loop;
	struct cv_cmds *cmds;
	struct cv_stats *stats;
	struct cv_stat_cell *cell;
	struct cv_routes *routes;
	struct cv_homes *homes;
	struct cv_names *names;
	struct cv_core_own *own; /* CV_NET_POINTS of them; owned; own.c */
	bool own_waits;          /* the loop runs for the answers only */
	struct cv_peers *peers;
	struct cv_media_plane *plane;
	struct cv_door *door;
	struct cv_gauge connections; /* of the door */
	struct cv_sip *sip;
	struct cv_calls *calls;
	struct cv_admin *admin;
	struct cv_heap *heap;
	struct cv_running *modules;
	size_t modulec;
	struct cv_cmd cmd[CV_CORE_COMMANDS];
	int signals; /* signalfd; -1: none */
	struct cv_fd *signal_fd;
	struct cv_toward toward; /* which of our addresses faces a peer */
	struct cv_timer *stop;   /* drain: when to stop at the latest, polled */
	uint64_t stop_at_ms;
	bool stopping;
	uint8_t key[CV_BIND_KEY];
};

/* plan.c: configuration and interfaces -> network */

/** Resolves listening points, lists and sides; every finding goes to @p error with file
 * and line. EINVAL, ENOMEM. */
int cv_plan_build(struct cv_net **np, const struct cv_conf *conf, struct cv_buf *error);
/** Lists and points that contradict each other: findings to @p error with file and line,
 * or a warning where there is a meaning. EINVAL. clash.c */
int cv_plan_clash(const struct cv_net *net, const struct cv_conf *conf,
		  struct cv_buf *error);
/** Name of the listening point that takes requests at @p a by @p t; NULL: that isn't us.
 */
const char *cv_plan_is_us(const struct cv_net *net, const struct cv_conf *conf,
			  const struct cv_addr *a, enum cv_transport t);
/** Binds every address and port once and lets go: what --check can know of the host.
 * EINVAL when any failed. */
int cv_plan_try(const struct cv_net *net, const struct cv_conf *conf,
		struct cv_buf *error);

/* daemon.c: what a process owes the host */

/** Raises the number of descriptors to the hard limit; says so when it stays low. */
void cv_daemon_limits(void);
/** Makes @p dir (mode 0750) and gives it to @p user, as one that root owns in that mode.
 * Any other that is there must be writable for @p user already: EPERM. Errno. */
int cv_daemon_dir(const char *dir, const char *user);
/** What an errno of cv_daemon_dir() or cv_daemon_key() means, for people. */
const char *cv_daemon_dir_error(int err);
/** Could account and directories be had? Makes and changes nothing: what --check can
 * know. Every finding goes to @p error, after @p path. Errno of the first. */
int cv_daemon_try(const struct cv_conf_general *g, const char *path,
		  struct cv_buf *error);
/** Reads or makes the token secret in the state directory. EBADMSG: it is too short. */
int cv_daemon_key(uint8_t *key, size_t len, const char *state_dir, const char *user);
/** Becomes @p user; does nothing when not root or user is "root". ENOENT: no such
 * account. */
int cv_daemon_drop(const char *user);
/** Goes to the background: returns in the child with *ready the descriptor that
 * cv_daemon_ready() takes; the parent waits and exits. */
int cv_daemon_background(int *ready);
/** Tells the waiting parent how the start went (0: exit 0). */
void cv_daemon_ready(int ready, int status);

/* modules.c */

/** Picks [general] modules from those built in and runs conf() of each. EINVAL with
 * complaints. */
int cv_modules_conf(struct cv_running **vp, size_t *cp, const struct cv_conf *conf,
		    struct cv_buf *error);
int cv_modules_open(struct cv_running *v, size_t c, struct cv_env *env);
int cv_modules_start(struct cv_running *v, size_t c, struct cv_env *env);
void cv_modules_stop(struct cv_running *v, size_t c);
/** Frees states; accepts NULL. */
void cv_modules_free(struct cv_running *v, size_t c);

/* wire.c */

/** A process of which nothing is open. ENOMEM. Ended by cv_core_close(). */
int cv_core_new(struct cv_core **cp, const char *path);
/** Where a peer is, as a target: the kernel says which of our addresses faces it. */
void cv_core_place_peer(void *core, const struct cv_addr *hop,
			const struct cv_conf_peer *peer, struct cv_place *place,
			struct cv_evid *ev);
/** Joins everything and opens it; @p error holds sentences. On error nothing is left
 * open. */
int cv_core_open(struct cv_core **cp, const char *path, struct cv_buf *error);
/** Runs until a signal or command stops it. */
void cv_core_run(struct cv_core *c);
void cv_core_close(struct cv_core *c);
/** Refuses new calls; stops when none is left, at the latest after @p limit_ms. */
void cv_core_drain(struct cv_core *c, uint32_t limit_ms);

/* door.c */

/** Reads the certificates of all points that serve TLS, or dial it. EINVAL: @p error
 * holds the sentence. ENOMEM. */
int cv_core_tls(struct cv_tls **tp, const struct cv_net *net, const struct cv_conf *conf,
		struct cv_buf *error);
/** Opens c->door, not yet started, with its certificates. */
int cv_core_door_open(struct cv_core *c, struct cv_buf *error);
void cv_core_door_close(struct cv_core *c);

/* names.c */

/** Opens c->names and c->peers. */
int cv_core_names_open(struct cv_core *c);
/** After a reload: other name servers, other peers; all names are looked up anew. */
void cv_core_names_conf(struct cv_core *c);
void cv_core_names_close(struct cv_core *c);

/* own.c: the addresses that listening points show */

/** Asks for those that are followed. */
int cv_core_own_open(struct cv_core *c);
/** Runs the loop until each has answered or failed, or for three seconds. */
int cv_core_own_wait(struct cv_core *c);
/** There is one that is followed. */
bool cv_core_own_follows(const struct cv_core *c);
/** Each has answered or failed. */
bool cv_core_own_is_known(const struct cv_core *c);
/** Ends cv_core_own_wait(). */
void cv_core_own_go_on(struct cv_core *c);
/** After a reload: sources that are the same go on; what shows another address than in
 * @p old is told of it. */
void cv_core_own_conf(struct cv_core *c, const struct cv_net *old);
void cv_core_own_close(struct cv_core *c);

/* try.c */

/** Takes @p g over and asks for what its names stand for and where STUN servers see us.
 * EINVAL: an address to show can't be had, with file and line in @p error; ENOMEM. *cp is
 * set even so, but for ENOMEM at the start; ended by cv_core_close(). */
int cv_core_try(struct cv_core **cp, const char *path, struct cv_generation *g,
		struct cv_buf *error);
/** Prints the network and where each peer is: the derived table of --check. */
void cv_core_try_show(struct cv_core *c, struct cv_out *out);

/* reload.c */

/** Reads and checks a generation from @p path. */
int cv_generation_load(struct cv_generation *g, const char *path, struct cv_buf *error);
void cv_generation_drop(struct cv_generation *g);
/** HUP and `reload`: takes a new generation over, or leaves everything as it was. @p dry:
 * only checks. */
int cv_core_reload(struct cv_core *c, bool dry, struct cv_buf *error);

/* commands.c */

int cv_core_commands(struct cv_core *c);
void cv_core_commands_del(struct cv_core *c);

#endif
