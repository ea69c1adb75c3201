/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The real stack between scripted parties: src/sip on nta, src/call, src/bind
 * and the two modules, over UDP on the loopback, on virtual time, with a packet
 * path without packets (fake_media.h). tests/replay/README has the words. Runs
 * on the test's thread.
 *
 * The story: parties and lines of culvert.conf are collected; the first event
 * opens the agent at two addresses of a loopback network that no other run
 * uses, registers the phones, and lets time stand still. After each event the
 * loop runs until nothing moves any more; what the parties got is read as
 * lines, in the order in which it left. Time goes from timer to timer.
 */
#ifndef CV_TESTS_REPLAY_SIP_WORLD_H
#define CV_TESTS_REPLAY_SIP_WORLD_H

#include "base/cmd.h"
#include "bind/home.h"
#include "call/call.h"
#include "fake_media.h"
#include "module.h"
#include "net/place.h"
#include "sip/ua.h"
#include "sip_party.h"

enum { CV_SWORLD_PARTIES = 8, CV_SWORLD_MODULES = 2 };

struct arrival;

struct cv_sworld {
	struct cv_loop *loop;
	struct cv_cmds *cmds;
	struct cv_stats *stats;
	struct cv_env env;
	struct cv_home *home; /* the phones' accounts, without a password */
	struct cv_media_plane plane;
	struct cv_buf text;   /* of the configuration */
	struct cv_conf *conf; /* NULL until started */
	struct cv_net *net;
	struct cv_door *door; /* NULL: no streams */
	struct cv_peers *peers;
	struct cv_sip *sip;
	bool probes; /* peers get their OPTIONS */
	struct cv_calls *calls;
	void *modules[CV_SWORLD_MODULES]; /* states; owned */
	struct cv_sparty parties[CV_SWORLD_PARTIES];
	bool guest[CV_SWORLD_PARTIES]; /* doesn't register by itself */
	size_t partyc;
	struct cv_buf lines; /* that left: party, length of the text, line, text */
	size_t read;
	struct arrival *arrivals; /* of one step; owned */
	unsigned sent;   /* datagrams the stack had been sent when all was still */
	unsigned net_nr; /* 127.A.B.0/24 */
	bool trying;     /* 100s are lines too */
	bool streams;    /* before the start: open the door */
	unsigned door_ms; /* real time to wait for what may cross it; 0: nobody does */
	bool failed;     /* it could not start */
};

int cv_sworld_new(struct cv_sworld **wp);
/** Makes the kernel stamp packets as they are sent, which it begins some time after it
 * was asked; while @p fdp is open. ETIMEDOUT: it doesn't. Before the first world. */
int cv_sworld_stamps(int *fdp);
/** Ends all; then cv_mem_unref(). */
void cv_sworld_close(struct cv_sworld *w);
int cv_sworld_conf(struct cv_sworld *w, const char *line);
/** EINVAL: no such event; ENOENT: nothing it could happen to. */
int cv_sworld_feed(struct cv_sworld *w, const char *line);
/** Oldest line that left (CV_PLAYER_LINE bytes); false: none. */
bool cv_sworld_next(struct cv_sworld *w, char *line);
/** Waits until a line has left that must cross the door. */
void cv_sworld_await(struct cv_sworld *w);
int cv_sworld_ask(struct cv_sworld *w, const char *question, struct cv_buf *answer);
void cv_sworld_advance(struct cv_sworld *w, uint64_t ms);

/** Opens everything, if that hasn't happened. */
int cv_sworld_start(struct cv_sworld *w);
/** Runs until nothing moves, @p wait_ms of real time at the longest without anything. */
void cv_sworld_settle(struct cv_sworld *w, unsigned wait_ms);
struct cv_sparty *cv_sworld_party(struct cv_sworld *w, struct cv_str name);
/** 127.0.0. written as the network of this run, and back. */
void cv_sworld_outward(const struct cv_sworld *w, struct cv_str text, struct cv_buf *to);
void cv_sworld_inward(const struct cv_sworld *w, struct cv_str text, struct cv_buf *to);

/* sip_open.c */

int cv_sworld_open(struct cv_sworld *w);
void cv_sworld_shut(struct cv_sworld *w);

#endif
