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

	return cv_addr_eq(&p->bind, &q->bind) &&
	       cv_addr_eq(&p->advertise, &q->advertise) &&
	       cv_addr_eq(&p->media, &q->media) &&
	       same_ports(l->udp, l->udpc, m->udp, m->udpc) &&
	       same_ports(l->tcp, l->tcpc, m->tcp, m->tcpc);
}

/* What is open already and can't follow in this version. */
static int check_fixed(const struct cv_generation *old, const struct cv_generation *fresh,
		       struct cv_buf *error)
{
	bool same = old->net->pointc == fresh->net->pointc;

	for (size_t i = 0; same && i < old->net->pointc; ++i)
		same = same_point(old, fresh, i);

	if (!same) {
		cv_buf_printf(error, "listening points changed: restart to move them\n");
		return EBUSY;
	}
	if (old->conf->media.port_lo != fresh->conf->media.port_lo ||
	    old->conf->media.port_hi != fresh->conf->media.port_hi) {
		cv_buf_printf(error, "[media] ports changed: restart to move them\n");
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

static void swap(struct cv_core *c, struct cv_generation *g)
{
	c->gen[c->genc] = *g;
	c->now = &c->gen[c->genc++];
	cv_sip_conf(c->sip, c->now->conf, c->now->net);
	cv_calls_conf(c->calls, c->now->conf);
	cv_media_plane_net(c->plane, c->now->net);
	cv_info("core", "reloaded peers=%zu generation=%zu", c->now->conf->peerc,
		c->genc);
}

int cv_core_reload(struct cv_core *c, bool dry, struct cv_buf *error)
{
	struct cv_generation g = {0};
	struct cv_running *fresh = NULL;
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
		err = cv_modules_conf(&fresh, &freshc, g.conf, error);
	if (!err && !dry)
		err = adopt(c, fresh, freshc, error);

	cv_modules_free(fresh, freshc);
	if (err || dry)
		cv_generation_drop(&g);
	else
		swap(c, &g);

	return err;
}
