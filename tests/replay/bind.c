/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Plays tests/replay/bind/NAME.flow: registrations between scripted phones and
 * peers; the words are those of bind_world.h. One thread.
 */
#include "config.h"

#include "base/mem.h"
#include "bind_world.h"
#include "player.h"

static int world_open(void **wp)
{
	struct cv_bworld *w;
	int err;

	err = cv_bworld_new(&w);
	if (err)
		return err;

	*wp = w;

	return 0;
}

static void world_close(void *w)
{
	cv_mem_unref(w);
}

static int world_conf(void *w, const char *words)
{
	return cv_bworld_conf(w, words);
}

static int world_feed(void *w, const char *words)
{
	return cv_bworld_feed(w, words);
}

static bool world_next(void *w, char *line)
{
	return cv_bworld_next(w, line, CV_PLAYER_LINE);
}

static int world_ask(void *w, const char *question, struct cv_buf *answer)
{
	return cv_bworld_ask(w, question, answer);
}

static void world_advance(void *w, uint64_t ms)
{
	cv_bworld_advance(w, ms);
}

int main(int argc, char **argv)
{
	const struct cv_player_ops ops = {
		.dir = "bind",
		.open = world_open,
		.close = world_close,
		.conf = world_conf,
		.feed = world_feed,
		.next = world_next,
		.ask = world_ask,
		.advance = world_advance,
	};

	return cv_player_main(&ops, argc, argv);
}
