/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An edge inside a test program: the real agent, calls, bindings, routes and
 * modules on the real loop, with a packet path without packets and a clock of
 * its own. Five parties speak to it from addresses of 127/8 by real datagrams;
 * what it sends never leaves the process. One thread, one edge a process (the
 * stack's STUN plug).
 *
 * The story: an edge is opened once. For each input, cv_edge_begin(), any number
 * of messages and waits, cv_edge_end(): that lets time pass until whatever the
 * input began is over, and aborts when something is left. It aborts as well
 * when the edge sends anything to who isn't one of the five (threats 17, 18).
 * With EDGE_TRACE in the environment all messages are shown.
 */
#ifndef CV_TESTS_FUZZ_EDGE_H
#define CV_TESTS_FUZZ_EDGE_H

#include <stddef.h>
#include <stdint.h>

enum cv_edge_party {
	CV_EDGE_PBX = 0,  /* [peer pbx], registrar of pbx.example */
	CV_EDGE_LAN,      /* a phone on the LAN */
	CV_EDGE_FAR,      /* a phone behind a NAT of its own */
	CV_EDGE_TRUNK,    /* [peer trunk], which asks for a password */
	CV_EDGE_STRANGER, /* nobody */
	CV_EDGE_PARTIES
};

enum { CV_EDGE_TEXT = 65536 };

/** What a party got last, with a NUL behind; empty: nothing yet in this input. */
struct cv_edge_heard {
	char request[CV_EDGE_TEXT];
	char invite[CV_EDGE_TEXT]; /* the last request that was an INVITE */
	char response[CV_EDGE_TEXT];
};

struct cv_edge;

/** 0, or an errno after a sentence on standard error. */
int cv_edge_open(struct cv_edge **ep);
void cv_edge_close(struct cv_edge *e);

void cv_edge_begin(struct cv_edge *e);
/** One datagram from a party; the edge has taken it when this returns. */
void cv_edge_send(struct cv_edge *e, enum cv_edge_party from, const void *data,
		  size_t len);
void cv_edge_wait(struct cv_edge *e, uint32_t ms);
void cv_edge_end(struct cv_edge *e);

const struct cv_edge_heard *cv_edge_heard(const struct cv_edge *e,
					  enum cv_edge_party who);
/** "127.0.0.1:1234": the listening point this party uses, and the party itself. */
const char *cv_edge_point(const struct cv_edge *e, enum cv_edge_party who);
const char *cv_edge_party(const struct cv_edge *e, enum cv_edge_party who);

#endif
