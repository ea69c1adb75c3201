/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What tests of the whole agent begin and end with: an agent on the loopback whose
 * loop the test steps itself, and sockets of the test that speak with it. One agent
 * for all tests of a program: the stack's STUN plug is once a process. Test's thread.
 */
#ifndef CV_TESTS_UNIT_AGENT_BED_H
#define CV_TESTS_UNIT_AGENT_BED_H

#include "module.h"
#include "sip/sip_int.h"

enum { CV_AGENT_TEXT = 4096, CV_AGENT_HEADER = 512, CV_AGENT_STEP_MS = 10 };

struct cv_agent_bed {
	struct cv_loop *loop;
	struct cv_conf *conf;
	struct cv_net *net;
	struct cv_stats *stats;
	struct cv_cmds *cmds;
	struct cv_peers *peers;
	struct cv_env env;
	struct cv_sip *sip;
	struct cv_addr edge;
	char got[CV_AGENT_TEXT]; /* last message received */
	struct cv_addr from;     /* its sender */
};

/** A socket of the test on a free port of @p host, or -1; @p at: its address. */
int cv_agent_udp(struct cv_addr *at, const char *host);
/** The agent's settings with these @p peers sections; NULL: printed why. Unref it. */
struct cv_conf *cv_agent_conf(const struct cv_agent_bed *b, const char *peers);
/** Opens the agent of a zeroed bed on 127.0.0.1; -1: it can't be. */
int cv_agent_open(struct cv_agent_bed *b, const char *peers);
/** Ends all of it. What the test added to it leaves before. */
void cv_agent_close(struct cv_agent_bed *b);

/** Steps the agent once; the length of what @p fd has then, 0: nothing. */
size_t cv_agent_step(struct cv_agent_bed *b, int fd);
/** Sends @p text out of @p fd to the agent. */
void cv_agent_send(const struct cv_agent_bed *b, int fd, const char *text);
/** Answers the last message received, out of @p fd. @p rest: lines with CRLF. */
void cv_agent_reply(const struct cv_agent_bed *b, int fd, const char *status,
		    const char *rest);
/** Value of a header of the last message in @p dst, which is returned; "": none. */
const char *cv_agent_header(const struct cv_agent_bed *b, const char *name,
			    char dst[CV_AGENT_HEADER]);

#endif
