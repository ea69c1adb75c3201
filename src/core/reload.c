/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Generations of the configuration: read a second one, check all of it, swap;
 * a failure anywhere leaves the old one running. Signalling thread.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "core/core_int.h"

int cv_generation_load(struct cv_generation *g, const char *path, struct cv_buf *error)
{
	int err;

	err = cv_conf_load(&g->conf, path, error);
	if (!err)
		err = cv_plan_build(&g->net, g->conf, error);
	if (err)
		cv_generation_drop(g);

	return err;
}

void cv_generation_drop(struct cv_generation *g)
{
	g->net = cv_mem_unref(g->net);
	g->conf = cv_mem_unref(g->conf);
}

static bool same_ports(const uint16_t *a, size_t ac, const uint16_t *b, size_t bc)
{
	return ac == bc && memcmp(a, b, ac * sizeof(*a)) == 0;
}

static bool same_point(const struct cv_generation *a, const struct cv_generation *b,
		       size_t i)
{
	const struct cv_point *p = &a->net->points[i], *q = &b->net->points[i];
	const struct cv_conf_listen *l = &a->conf->listens[p->conf];
	const struct cv_conf_listen *m = &b->conf->listens[q->conf];

	return cv_addr_eq(&p->bind, &q->bind) && cv_addr_eq(&p->media, &q->media) &&
	       same_ports(l->udp, l->udpc, m->udp, m->udpc) &&
	       same_ports(l->tcp, l->tcpc, m->tcp, m->tcpc) &&
	       same_ports(l->tls, l->tlsc, m->tls, m->tlsc);
}

static bool same_text(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "") == 0;
}

/* The first key outside of [listen] that was read once, at start; NULL: none changed. */
static const char *fixed_key(const struct cv_conf *a, const struct cv_conf *b)
{
	if (!same_text(a->general.user, b->general.user))
		return "[general] user";
	if (!same_text(a->general.state_dir, b->general.state_dir))
		return "[general] state-dir";
	if (!same_text(a->general.run_dir, b->general.run_dir))
		return "[general] run-dir";
	if (a->general.media_threads != b->general.media_threads)
		return "[general] media-threads";
	if (!same_text(a->admin_socket, b->admin_socket))
		return "[admin] socket";
	if (a->limits.max_message != b->limits.max_message)
		return "[limits] max-message";
	if (a->media.port_lo != b->media.port_lo || a->media.port_hi != b->media.port_hi)
		return "[media] ports";
	if (a->media.tcp_lo != b->media.tcp_lo || a->media.tcp_hi != b->media.tcp_hi)
		return "[media] tcp-ports";
	if (a->media.latch != b->media.latch)
		return "[media] latch";
	if (a->media.idle_ms != b->media.idle_ms)
		return "[media] idle-timeout";
	if (a->media.hold_ms != b->media.hold_ms)
		return "[media] hold-timeout";
	if (a->media.dscp != b->media.dscp)
		return "[media] dscp";

	return NULL;
}

/* What is open already and can't follow in this version. */
static int check_fixed(const struct cv_generation *old, const struct cv_generation *fresh,
		       struct cv_buf *error)
{
	bool same = old->net->pointc == fresh->net->pointc;
	const char *key;

	for (size_t i = 0; same && i < old->net->pointc; ++i)
		same = same_point(old, fresh, i);

	if (!same) {
		cv_buf_printf(error, "listening points changed: restart to move them\n");
		return EBUSY;
	}

	key = fixed_key(old->conf, fresh->conf);
	if (key) {
		cv_buf_printf(error, "%s changed: that takes a restart\n", key);
		return EBUSY;
	}

	return 0;
}

/* Each running module takes over the options of its second state. */
static int adopt(struct cv_core *c, struct cv_running *fresh, size_t freshc,
		 struct cv_buf *error)
{
	bool same = freshc == c->modulec;

	for (size_t i = 0; same && i < freshc; ++i)
		same = fresh[i].mod == c->modules[i].mod && fresh[i].mod->adopt;

	if (!same) {
		cv_buf_printf(error, "modules changed: restart to change them\n");
		return EBUSY;
	}

	for (size_t i = 0; i < freshc; ++i) {
		int err = fresh[i].mod->adopt(c->modules[i].state, fresh[i].state);

		if (err) {
			cv_buf_printf(error, "module %s: %s\n", fresh[i].mod->name,
				      strerror(err));
			return err;
		}
	}

	return 0;
}

/* What -d or the command `log` has set stays until the key itself is changed. */
static void swap_log(const struct cv_conf_general *old,
		     const struct cv_conf_general *fresh)
{
	if (old->log_level != fresh->log_level)
		cv_log_level(fresh->log_level);
	if (old->log_format != fresh->log_format)
		cv_log_format(fresh->log_format);
}

static void swap(struct cv_core *c, struct cv_generation *g, struct cv_tls *tls)
{
	const struct cv_net *old = c->now->net;

	swap_log(&c->now->conf->general, &g->conf->general);
	cv_net_inherit(g->net, old);
	c->gen[c->genc] = *g;
	c->now = &c->gen[c->genc++];
	cv_core_names_conf(c);
	cv_core_own_conf(c, old); /* before sip: it still knows what it showed */
	cv_sip_conf(c->sip, c->now->conf, c->now->net);
	cv_calls_conf(c->calls, c->now->conf);
	cv_door_tls(c->door, tls);
	cv_info("core", "reloaded peers=%zu generation=%zu", c->now->conf->peerc,
		c->genc);
}

/* Findings are lines; who asks for a reload gets a sentence. */
static void one_line(struct cv_buf *error)
{
	while (error->len > 0 && error->p[error->len - 1] == '\n')
		error->p[--error->len] = '\0';

	for (size_t i = 0; i < error->len; ++i) {
		if (error->p[i] == '\n')
			error->p[i] = ';';
	}
}

int cv_core_reload(struct cv_core *c, bool dry, struct cv_buf *error)
{
	struct cv_generation g = {0};
	struct cv_running *fresh = NULL;
	struct cv_tls *tls = NULL;
	size_t freshc = 0;
	int err;

	if (c->genc == CV_CORE_GENERATIONS) {
		cv_buf_printf(error, "%d reloads are enough for one process: restart\n",
			      CV_CORE_GENERATIONS);
		return EBUSY;
	}

	err = cv_generation_load(&g, c->path, error);
	if (!err)
		err = check_fixed(c->now, &g, error);
	if (!err)
		err = cv_core_tls(&tls, g.net, g.conf, error);
	if (!err)
		err = cv_modules_conf(&fresh, &freshc, g.conf, error);
	if (!err && !dry)
		err = adopt(c, fresh, freshc, error);

	cv_modules_free(fresh, freshc);
	if (err)
		one_line(error);
	if (err || dry) {
		cv_mem_unref(tls);
		cv_generation_drop(&g);
	} else {
		swap(c, &g, tls);
	}

	return err;
}
