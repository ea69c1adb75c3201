/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The door's place in the process: opened before the agent that listens
 * through it, closed after it; certificates of a generation. Signalling
 * thread.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "core/core_int.h"

static int add_point(struct cv_tls *t, uint8_t point, const struct cv_conf_listen *l,
		     struct cv_buf *error)
{
	static const enum cv_tls_verify verify[] = {CV_TLS_NO, CV_TLS_YES, CV_TLS_MUTUAL};
	const struct cv_tls_conf tc = {
		.cert = l->tls_cert,
		.key = l->tls_key,
		.ca = l->tls_ca,
		.verify = verify[l->tls_verify],
		.min = l->tls_min == CV_TLS_MIN_1_3 ? CV_TLS_1_3 : CV_TLS_1_2,
	};
	struct cv_buf why = {0};
	int err;

	err = cv_tls_add(t, point, &tc, &why);
	if (err)
		cv_conf_complain(error, l->pos, "[listen %s]: %s", l->name,
				 why.p ? why.p : strerror(err));
	cv_buf_free(&why);

	return err;
}

int cv_core_tls(struct cv_tls **tp, const struct cv_net *net, const struct cv_conf *conf,
		struct cv_buf *error)
{
	bool dials = cv_conf_dials(conf, CV_TRANSPORT_TLS);
	struct cv_tls *t;
	int err;

	err = cv_tls_new(&t);
	if (err)
		return err;

	for (size_t i = 0; !err && i < net->pointc; ++i) {
		const struct cv_conf_listen *l = &conf->listens[net->points[i].conf];

		if (dials || l->tlsc > 0)
			err = add_point(t, (uint8_t)i, l, error);
	}

	if (err)
		cv_mem_unref(t);
	else
		*tp = t;

	return err;
}

static int64_t count(void *arg)
{
	return (int64_t)cv_door_count(arg);
}

int cv_core_door_open(struct cv_core *c, struct cv_buf *error)
{
	struct cv_door_conf dc = {
		.max_message = c->now->conf->limits.max_message,
		.shake_ms = CV_DOOR_SHAKE_MS,
		.first_ms = CV_DOOR_FIRST_MS,
		.half_ms = CV_DOOR_HALF_MS,
		.idle_ms = CV_DOOR_IDLE_MS,
		.conns = CV_DOOR_CONNS,
		.source_conns = CV_DOOR_SOURCE_CONNS,
	};
	struct cv_tls *t;
	int err;

	err = cv_stats_cell(c->stats, &dc.stat);
	if (!err)
		err = cv_door_open(&c->door, &dc);
	if (err)
		return err;

	err = cv_core_tls(&t, c->now->net, c->now->conf, error);
	if (err)
		return err;

	cv_door_tls(c->door, t);
	c->connections = (struct cv_gauge){
		.name = "connections",
		.read = count,
		.arg = c->door,
	};
	cv_gauge_add(c->stats, &c->connections);

	return 0;
}

void cv_core_door_close(struct cv_core *c)
{
	if (!c->door)
		return;

	if (c->connections.read)
		cv_gauge_del(&c->connections);
	cv_door_close(c->door);
	c->door = cv_mem_unref(c->door);
}
