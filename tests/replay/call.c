/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Plays tests/replay/call/NAME.flow: the call state machine between scripted
 * legs and a packet path without packets; the words are those of
 * tests/unit/call_world.h. One thread.
 */
#include "config.h"

#include "base/mem.h"
#include "call_world.h"
#include "player.h"

_Static_assert((int)CV_PLAYER_LINE == (int)CV_FAKE_LINE, "lines of one length");

static int world_open(void **wp)
{
	struct cv_world *w;
	int err;

	err = cv_world_new(&w);
	if (err)
		return err;

	*wp = w;

	return 0;
}

static void world_close(void *w)
{
	cv_world_close(w);
	cv_mem_unref(w);
}

static int world_conf(void *w, const char *words)
{
	return cv_world_conf(w, words);
}

static int world_feed(void *w, const char *words)
{
	return cv_world_feed(w, words);
}

static bool world_next(void *w, char *line)
{
	return cv_world_next(w, line);
}

static int world_ask(void *w, const char *question, struct cv_buf *answer)
{
	return cv_world_ask(w, question, answer);
}

static void world_advance(void *w, uint64_t ms)
{
	cv_world_advance(w, ms);
}

int main(int argc, char **argv)
{
	const struct cv_player_ops ops = {
		.dir = "call",
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
