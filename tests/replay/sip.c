/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Plays tests/replay/sip/NAME.flow: the real SIP stack, calls and registrations
 * between scripted parties over the loopback; the words are those of
 * tests/replay/README. One thread.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "sip_world.h"

static int world_open(void **wp)
{
	struct cv_sworld *w;
	int err;

	err = cv_sworld_new(&w);
	if (err)
		return err;

	*wp = w;

	return 0;
}

static void world_close(void *w)
{
	cv_sworld_close(w);
	cv_mem_unref(w);
}

static int world_conf(void *w, const char *words)
{
	return cv_sworld_conf(w, words);
}

static int world_feed(void *w, const char *words)
{
	return cv_sworld_feed(w, words);
}

static bool world_next(void *w, char *line)
{
	return cv_sworld_next(w, line);
}

static void world_await(void *w)
{
	cv_sworld_await(w);
}

static int world_ask(void *w, const char *question, struct cv_buf *answer)
{
	return cv_sworld_ask(w, question, answer);
}

static void world_advance(void *w, uint64_t ms)
{
	cv_sworld_advance(w, ms);
}

int main(int argc, char **argv)
{
	const struct cv_player_ops ops = {
		.dir = "sip",
		.open = world_open,
		.close = world_close,
		.conf = world_conf,
		.feed = world_feed,
		.next = world_next,
		.await = world_await,
		.ask = world_ask,
		.advance = world_advance,
	};

	int stamps, status;

	if (cv_sworld_stamps(&stamps)) {
		printf("the kernel stamps no packets: their order can't be told\n");
		return EXIT_FAILURE;
	}

	status = cv_player_main(&ops, argc, argv);
	(void)close(stamps);

	return status;
}
