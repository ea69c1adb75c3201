/* SPDX-License-Identifier: BSD-3-Clause */
/* Builds the tests' table of bindings. Test code; one thread. */
#include "config.h"

#include "bind_kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "fake_loop.h"

static void on_ping(void *arg, struct cv_binding *b)
{
	struct cv_kit *k = arg;

	++k->pings;
	k->pinged_at = cv_clock_ms();
	k->pinged_id = b->id;
	if (k->answers)
		cv_bind_pong(k->binds, b, true);
}

static void on_end(void *arg, struct cv_binding *b, const char *why)
{
	struct cv_kit *k = arg;

	++k->ends;
	(void)snprintf(k->why, sizeof(k->why), "%s", why);
	k->pinged_id = b->id;
}

void cv_kit_open(struct cv_kit *k)
{
	struct cv_binds_env env = {0};

	memset(k, 0, sizeof(*k));
	k->conf.ping.interval_ms = 25000;
	k->conf.ping.stream_interval_ms = 110000;
	k->conf.ping.lost = 3;
	if (cv_fake_loop_new(&k->loop) || cv_cmds_new(&k->cmds) ||
	    cv_stats_new(&k->stats, k->cmds))
		abort();

	env.conf = &k->conf;
	env.loop = k->loop;
	env.cmds = k->cmds;
	env.stats = k->stats;
	if (cv_stats_cell(k->stats, &env.stat))
		abort();

	memset(env.key, 0x5a, sizeof(env.key));
	env.node = 1;
	env.shard = 2;
	env.ping = on_ping;
	env.ended = on_end;
	env.arg = k;
	if (cv_binds_new(&k->binds, &env))
		abort();
}

void cv_kit_close(struct cv_kit *k)
{
	cv_mem_unref(k->binds);
	cv_mem_unref(k->stats);
	cv_mem_unref(k->cmds);
	cv_mem_unref(k->loop);
}

struct cv_bind_ask cv_kit_ask(uint16_t port)
{
	struct cv_bind_ask ask = {0};

	ask.aor = CV_STR("alice@example.net");
	ask.contact = CV_STR("sip:alice@10.0.0.7:5060");
	ask.agent = CV_STR("phone/1");
	ask.home = "pbx";
	(void)cv_addr_parse(&ask.flow.seen, CV_STR("203.0.113.5"));
	ask.flow.seen.port = port;
	ask.flow.listen = 1;
	ask.place.side = CV_SIDE_FAR;
	ask.place.seen = ask.flow.seen;

	return ask;
}

struct cv_binding *cv_kit_register(struct cv_kit *k, const struct cv_bind_ask *ask,
				   uint32_t expires_s)
{
	struct cv_binding *b;

	if (cv_bind_take(k->binds, &b, ask) ||
	    cv_bind_confirm(k->binds, b, ask, expires_s, expires_s))
		return NULL;

	return b;
}
