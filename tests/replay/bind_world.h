/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A small world for registrations: the table of src/bind and the embedded
 * registrar (both real) between scripted phones and peers, on virtual time
 * (fake_loop.h). bind_reg.c stands where src/sip/reg.c does, without messages.
 * Runs on the test's thread.
 *
 * Settings, before the first event:
 *   phone NAME SIDE ADDR [tcp|tls] [account USER@HOST] [contact URI]
 *         [instance TEXT] [listen N]
 *                       account is NAME@pbx.example when left out; a host
 *                       "us" stands for an address of ours
 *   pings counted       pings are not said as lines, only counted
 *   anything else       a line of culvert.conf
 *
 * Events:
 *   PHONE REGISTER [expires N] [password TEXT] [contact URI]
 *                       expires is 3600 when left out; with a password it
 *                       answers the last challenge the phone was given
 *   PEER STATUS PHONE [expires N]
 *                       answers the phone's oldest open REGISTER; expires is
 *                       what was asked when left out
 *   PHONE tries N       N REGISTERs of other Contacts, each on its way upstream
 *   PHONE moves ADDR    sends from there now; a stream opens a new connection
 *   PHONE loses old     the connection before the last closes
 *   PHONE loses new     the last one closes
 *   PHONE falls silent, PHONE answers again   what it does with pings
 *   late AOR            the stack gives up waiting for the answer to a ping of
 *                       its newest binding
 *   admin COMMAND       an admin command; only its failure is said
 *
 * What leaves:
 *   PEER REGISTER AOR TOKEN expires N
 *                       TOKEN is token1 for the first token seen, and so on
 *   PHONE STATUS [URI SECONDS]...
 *   PHONE 401 CHALLENGE the challenge as written, its nonce as its length
 *   PHONE refused ERRNO
 *   PHONE took N ERRNO  of "tries": how many were taken, what the next met
 *   ping ADDR AOR       a phone at that address that isn't silent answers
 *   ended AOR WHY       the table's own word that a registration is over
 *
 * Questions: any admin command; explain AOR;
 *   token TOKEN         "is AOR at ADDR" or the errno
 *   forged              the errno of a token made under another key
 *   damaged TOKEN       what each change of one letter meets: "ERRNO N" a line
 *   flow ADDR [tcp|tls] contacts registered over it, newest first
 *   phones AOR          contacts registered, newest first
 *   pings ADDR [MIN MAX]
 *                       "pings: N, out of time: K": K gaps were not of MIN to
 *                       MAX ms, the silence after the last counts when longer
 */
#ifndef CV_TESTS_REPLAY_BIND_WORLD_H
#define CV_TESTS_REPLAY_BIND_WORLD_H

#include "base/buf.h"
#include "bind/bind.h"
#include "bind/home.h"
#include "module.h"

enum {
	CV_BWORLD_PHONES = 8,
	CV_BWORLD_OPEN = 8,    /* REGISTERs on their way upstream that can be answered */
	CV_BWORLD_TOKENS = 16, /* that have names */
	CV_BWORLD_PINGS = 512, /* that are remembered */
	CV_BWORLD_TEXT = 160,  /* bytes of a word */
	CV_BWORLD_NAME = 32,   /* bytes of a token's name */
};

/** A phone behind its address. */
struct cv_bphone {
	char name[32], account[CV_BWORLD_TEXT], contact[CV_BWORLD_TEXT];
	char instance[CV_BWORLD_TEXT];
	struct cv_bind_flow flow;
	struct cv_place place;
	void *was, *link; /* connections of a stream: before the last, the last; owned */
	bool silent;
	char challenge[CV_HOME_TEXT]; /* the last it was given */
	unsigned used;                /* answers made of it */
};

/** A REGISTER on its way upstream, with what it came over. */
struct cv_bopen {
	const struct cv_bphone *phone; /* NULL: free */
	char contact[CV_BWORLD_TEXT], token[CV_BIND_TOKEN];
	const char *peer;
	struct cv_bind_flow flow;
	struct cv_place place;
	void *link; /* owned */
	uint32_t expires_s;
	uint64_t nr; /* the oldest is the least */
};

struct cv_bping {
	struct cv_addr to;
	uint64_t at_ms;
};

struct cv_bworld {
	struct cv_loop *loop;
	struct cv_cmds *cmds;
	struct cv_stats *stats;
	struct cv_env env;
	struct cv_buf text; /* of the configuration */
	struct cv_conf *conf;
	struct cv_binds *binds; /* NULL until started */
	void *registrar;        /* state of the module; owned */
	struct cv_bphone phones[CV_BWORLD_PHONES];
	size_t phonec;
	struct cv_bopen open[CV_BWORLD_OPEN];
	uint64_t opened;
	char tokens[CV_BWORLD_TOKENS][CV_BIND_TOKEN];
	size_t tokenc;
	struct cv_bping pings[CV_BWORLD_PINGS];
	size_t pingc;
	bool pings_counted;
	struct cv_buf out; /* lines that left */
	size_t read;       /* bytes of it that were taken */
};

int cv_bworld_new(struct cv_bworld **wp);
int cv_bworld_conf(struct cv_bworld *w, const char *line);
/** EINVAL: no such event; ENOENT: nobody there it could happen to. */
int cv_bworld_feed(struct cv_bworld *w, const char *line);
/** Oldest line that left, @p size bytes; false: none. */
bool cv_bworld_next(struct cv_bworld *w, char *line, size_t size);
int cv_bworld_ask(struct cv_bworld *w, const char *question, struct cv_buf *answer);
void cv_bworld_advance(struct cv_bworld *w, uint64_t ms);

/* For bind_reg.c and bind_ask.c */

/** A line leaves. */
void cv_bworld_say(struct cv_bworld *w, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/** Next word of @p rest; empty at the end. */
struct cv_str cv_bworld_word(struct cv_str *rest);
/** Takes the next word when it is @p word. */
bool cv_bworld_has(struct cv_str *rest, const char *word);
/** Copies a word; EMSGSIZE when it doesn't fit. */
int cv_bworld_copy(char *dst, size_t size, struct cv_str s);
/** UDP unless the next word says another, which is taken. */
enum cv_transport cv_bworld_transport(struct cv_str *rest);
/** "ENOSPC" and the like. */
const char *cv_bworld_errno(int err);
/** A token's name in this scenario, a new one when it is new. */
const char *cv_bworld_name(struct cv_bworld *w, const char *token,
			   char dst[CV_BWORLD_NAME]);
int cv_bworld_start(struct cv_bworld *w);

/* bind_reg.c */

int cv_bworld_register(struct cv_bworld *w, struct cv_bphone *p, struct cv_str words);
int cv_bworld_tries(struct cv_bworld *w, struct cv_bphone *p, struct cv_str words);
int cv_bworld_answer(struct cv_bworld *w, const struct cv_conf_peer *peer,
		     struct cv_str words);

#endif
