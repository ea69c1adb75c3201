/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The single file that knows everything: it opens the layers in their order,
 * hands media's functions to call and sip's to call, gives modules their
 * environment, and takes it all down in reverse. Signalling thread.
 */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/core_int.h"
#include "net/iface.h"

enum {
	DRAIN_MS = 5000, /* TERM: calls may end by themselves for so long */
	DRAIN_POLL_MS = 100,
};

static const struct cv_media_ops media_ops = {
	.open = cv_media_open,
	.set = cv_media_set,
	.face = cv_media_face,
	.park = cv_media_park,
	.watch = cv_media_watch,
	.watched = cv_media_watched,
	.close = cv_media_close,
	.place = cv_media_place,
	.hear = cv_media_hear,
	.choose = cv_media_choose,
	.anew = cv_media_anew,
	.readdress = cv_media_readdress,
	.id = cv_media_id,
	.gen = cv_media_gen,
	.show = cv_media_show,
	.sum = cv_media_sum,
};

static const char *media_word(enum cv_media_what what)
{
	switch (what) {
	case CV_MEDIA_LATCHED:
		return "latched";
	case CV_MEDIA_MOVED:
		return "moved";
	case CV_MEDIA_SILENT:
		return "silent";
	case CV_MEDIA_ONE_WAY:
		return "one-way";
	case CV_MEDIA_IDLE:
		return "idle";
	case CV_MEDIA_REPORTED:
		return "reported";
	}

	return "unknown";
}

/* media has never heard of calls: its event becomes theirs here */
static void on_media(const struct cv_media_event *ev, void *arg)
{
	struct cv_core *c = arg;
	const struct cv_call_media_event e = {
		.id = ev->id,
		.gen = ev->gen,
		.stream = ev->stream,
		.end = ev->end,
		.what = media_word(ev->what),
		.seen = ev->seen,
		.silent = ev->what == CV_MEDIA_SILENT,
		.dead = ev->what == CV_MEDIA_IDLE,
		.reported = ev->what == CV_MEDIA_REPORTED,
	};

	if (c->calls)
		cv_calls_media_event(c->calls, &e);
}

void cv_core_place_peer(void *core, const struct cv_addr *hop,
			const struct cv_conf_peer *peer, struct cv_place *place,
			struct cv_evid *ev)
{
	struct cv_core *c = core;
	struct cv_place_query q = {.party = peer->name, .seen = *hop};
	struct cv_addr source = {0};

	(void)cv_toward_find(&c->toward, &source, hop);
	q.listen = cv_place_point(c->now->net, hop, &source);
	if (peer->nat == CV_NAT_YES)
		q.nat = CV_PLACE_NAT_YES;
	if (peer->nat == CV_NAT_NO)
		q.nat = CV_PLACE_NAT_NO;

	cv_place_of(c->now->net, &q, place, ev);
}

static void on_stop_poll(void *arg)
{
	struct cv_core *c = arg;

	if ((cv_calls_count(c->calls) == 0 && cv_sip_is_idle(c->sip)) ||
	    cv_clock_ms() >= c->stop_at_ms) {
		cv_loop_break(c->loop);
		return;
	}

	(void)cv_timer_set(c->stop, DRAIN_POLL_MS);
}

void cv_core_drain(struct cv_core *c, uint32_t limit_ms)
{
	if (c->stopping)
		limit_ms = 0; /* asked twice: at once */

	c->stopping = true;
	c->stop_at_ms = cv_clock_ms() + limit_ms;
	cv_sip_drain(c->sip);
	cv_info("core", "draining calls=%zu limit_ms=%u", cv_calls_count(c->calls),
		limit_ms);
	on_stop_poll(c);
}

static void on_signal(int fd, void *arg)
{
	struct cv_core *c = arg;
	struct signalfd_siginfo si;
	struct cv_buf error = {0};

	if (read(fd, &si, sizeof(si)) != (ssize_t)sizeof(si))
		return;

	if (!c->calls) { /* it waits for its own address; the file has just been read */
		if (si.ssi_signo == SIGHUP)
			return;

		c->stopping = true;
		cv_core_own_go_on(c);
		return;
	}

	if (si.ssi_signo == SIGHUP) {
		if (cv_core_reload(c, false, &error))
			cv_error("core", "reload refused why=\"%s\"",
				 error.p ? error.p : "");
		cv_buf_free(&error);
		return;
	}

	cv_core_drain(c, DRAIN_MS);
}

static int open_signals(struct cv_core *c)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &set, NULL) == -1)
		return errno;

	(void)signal(SIGPIPE, SIG_IGN);
	c->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (c->signals == -1)
		return errno;

	return cv_fd_new(&c->signal_fd, c->loop, c->signals, on_signal, c);
}

static int open_base(struct cv_core *c)
{
	int err;

	err = cv_loop_su_open(&c->loop);
	if (!err)
		err = open_signals(c);
	if (!err)
		err = cv_timer_new(&c->stop, c->loop, on_stop_poll, c);
	if (!err)
		err = cv_cmds_new(&c->cmds);
	if (!err)
		err = cv_stats_new(&c->stats, c->cmds);
	if (!err)
		err = cv_stats_cell(c->stats, &c->cell);
	if (!err)
		err = cv_heap_open(&c->heap, c->loop, c->stats);
	if (!err)
		err = cv_routes_new(&c->routes);
	if (!err)
		err = cv_homes_new(&c->homes);

	return err;
}

static int open_media(struct cv_core *c)
{
	const struct cv_conf *conf = c->now->conf;
	const struct cv_media_conf mc = {
		.port_lo = conf->media.port_lo,
		.port_hi = conf->media.port_hi,
		.tcp_lo = conf->media.tcp_lo,
		.tcp_hi = conf->media.tcp_hi,
		.threads = conf->general.media_threads,
		.dscp = conf->media.dscp,
		.idle_ms = conf->media.idle_ms,
		.hold_ms = conf->media.hold_ms,
		.latch_any = conf->media.latch == CV_LATCH_ANY,
		.net = c->now->net,
		.loop = c->loop,
		.stats = c->stats,
		.cmds = c->cmds,
		.event = on_media,
		.arg = c,
	};

	return cv_media_plane_open(&c->plane, &mc);
}

static int open_sip(struct cv_core *c, struct cv_buf *error)
{
	struct cv_sip_env env = {
		.conf = c->now->conf,
		.net = c->now->net,
		.loop = c->loop,
		.door = c->door,
		.cmds = c->cmds,
		.stats = c->stats,
		.stat = c->cell,
		.routes = c->routes,
		.peers = c->peers,
		.homes = c->homes,
	};

	memcpy(env.key, c->key, sizeof(env.key));

	return cv_sip_open(&c->sip, &env, error);
}

static int open_calls(struct cv_core *c)
{
	const struct cv_call_env env = {
		.conf = c->now->conf,
		.loop = c->loop,
		.cmds = c->cmds,
		.stats = c->stats,
		.stat = c->cell,
		.routes = c->routes,
		.peers = c->peers,
		.media = &media_ops,
		.plane = c->plane,
		.leg_new = cv_sip_leg_new,
		.leg_arg = c->sip,
		.place_peer = cv_core_place_peer,
		.place_arg = c,
		.same_nat_direct = c->now->conf->network.same_nat_direct,
		.keeps_text = cv_core_own_follows(c),
	};
	int err;

	err = cv_calls_new(&c->calls, &env);
	if (!err)
		cv_sip_calls(c->sip, c->calls);

	return err;
}

/* What needs privilege: directories, the secret, low ports, the admin socket. */
static int open_privileged(struct cv_core *c, struct cv_buf *error)
{
	const struct cv_conf_general *g = &c->now->conf->general;
	int err;

	cv_daemon_limits();
	err = cv_daemon_dir(g->state_dir, g->user);
	if (!err)
		err = cv_daemon_key(c->key, sizeof(c->key), g->state_dir, g->user);
	if (err) {
		cv_buf_printf(error, "%s: state-dir %s: %s\n", c->path, g->state_dir,
			      cv_daemon_dir_error(err));
		return err;
	}

	err = cv_daemon_dir(g->run_dir, g->user);
	if (err) {
		cv_buf_printf(error, "%s: run-dir %s: %s\n", c->path, g->run_dir,
			      cv_daemon_dir_error(err));
		return err;
	}

	err = cv_core_names_open(c);
	if (!err)
		err = cv_core_own_open(c);
	if (!err)
		err = cv_core_own_wait(c);
	if (!err)
		err = open_media(c);
	if (!err)
		err = cv_core_door_open(c, error);
	if (!err)
		err = open_sip(c, error);
	if (!err)
		err = cv_door_start(c->door);
	if (err)
		return err;

	err = cv_admin_open(&c->admin, c->loop, c->cmds, c->now->conf->admin_socket,
			    (gid_t)-1);
	if (err)
		cv_buf_printf(error, "%s: admin socket %s: %s\n", c->path,
			      c->now->conf->admin_socket, strerror(err));

	return err;
}

static int open_modules(struct cv_core *c, struct cv_buf *error)
{
	const struct cv_conf_general *g = &c->now->conf->general;
	struct cv_env env = {
		.loop = c->loop,
		.cmds = c->cmds,
		.stats = c->stats,
		.stat = c->cell,
		.routes = c->routes,
		.homes = c->homes,
	};
	int err;

	err = cv_modules_conf(&c->modules, &c->modulec, c->now->conf, error);
	if (!err)
		err = cv_modules_open(c->modules, c->modulec, &env);
	if (err)
		return err;

	err = cv_daemon_drop(g->user);
	if (err) {
		cv_buf_printf(
			error, "%s: user %s: %s\n", c->path, g->user,
			err == ENOENT
				? "no such account (adduser --system --group makes one)"
				: strerror(err));
		return err;
	}

	return cv_modules_start(c->modules, c->modulec, &env);
}

static void core_fini(void *obj)
{
	struct cv_core *c = obj;

	for (size_t i = 0; i < c->genc; ++i)
		cv_generation_drop(&c->gen[i]);
}

int cv_core_new(struct cv_core **cp, const char *path)
{
	struct cv_core *c;

	c = cv_mem_new(sizeof(*c), core_fini);
	if (!c)
		return ENOMEM;

	c->path = path;
	c->signals = -1;
	*cp = c;

	return 0;
}

int cv_core_open(struct cv_core **cp, const char *path, struct cv_buf *error)
{
	struct cv_core *c;
	int err;

	err = cv_core_new(&c, path);
	if (err)
		return err;

	err = cv_generation_load(&c->gen[0], path, error);
	if (err)
		goto out;

	c->genc = 1;
	c->now = &c->gen[0];
	cv_log_format(c->now->conf->general.log_format);
	err = open_base(c);
	if (!err)
		err = open_privileged(c, error);
	if (!err)
		err = open_calls(c);
	if (!err)
		err = open_modules(c, error);
	if (!err)
		err = cv_core_commands(c);

out:
	if (err) {
		if (error->len == 0)
			cv_buf_printf(error, "%s: can't start: %s\n", path,
				      strerror(err));
		cv_core_close(c);
	} else {
		*cp = c;
	}

	return err;
}

void cv_core_run(struct cv_core *c)
{
	cv_info("core", "serving points=%zu peers=%zu modules=%zu", c->now->net->pointc,
		c->now->conf->peerc, c->modulec);
	if (!c->stopping)
		cv_loop_run(c->loop);
	cv_info("core", "stopping calls=%zu", cv_calls_count(c->calls));
}

void cv_core_close(struct cv_core *c)
{
	cv_core_commands_del(c);
	c->admin = cv_mem_unref(c->admin);
	c->heap = cv_mem_unref(c->heap);
	if (c->calls)
		cv_calls_close(c->calls);
	cv_modules_stop(c->modules, c->modulec);
	if (c->sip)
		cv_sip_close(c->sip);
	c->calls = cv_mem_unref(c->calls);
	c->sip = cv_mem_unref(c->sip);
	cv_core_door_close(c);
	if (c->plane)
		cv_media_plane_close(c->plane);
	c->plane = cv_mem_unref(c->plane);
	cv_modules_free(c->modules, c->modulec);
	c->modules = NULL;
	cv_core_own_close(c);
	cv_core_names_close(c);
	c->homes = cv_mem_unref(c->homes);
	c->routes = cv_mem_unref(c->routes);
	c->stats = cv_mem_unref(c->stats);
	c->cmds = cv_mem_unref(c->cmds);
	c->stop = cv_mem_unref(c->stop);
	c->signal_fd = cv_mem_unref(c->signal_fd);
	if (c->signals != -1)
		(void)close(c->signals);
	c->loop = cv_mem_unref(c->loop);
	cv_mem_unref(c);
}
