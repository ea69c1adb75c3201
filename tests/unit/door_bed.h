/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A door on the loopback for tests: certificates made on the spot, a listener
 * in the agent's place, clients with sockets of their own. Every wait is
 * bounded.
 */
#ifndef CV_TESTS_UNIT_DOOR_BED_H
#define CV_TESTS_UNIT_DOOR_BED_H

#include <openssl/ssl.h>

#include "base/stat.h"
#include "net/stream.h"

enum { BED_WAIT_S = 5, BED_PATH = 128 };

/** Certificates in a directory of their own; files are named by bed_path(). */
struct bed_certs {
	char dir[64];
	X509 *ca;
	EVP_PKEY *ca_key;
};

/** The door between clients and a pretended agent. */
struct bed {
	struct cv_stats *stats;
	struct cv_stat_cell *cell;
	struct cv_door *door;
	int inside;        /* the agent's private listener */
	struct cv_addr at; /* where clients connect */
	int conn;          /* accepted last; -1: none */
};

int bed_certs_open(struct bed_certs *c);
void bed_certs_close(struct bed_certs *c);
/** Writes NAME.pem: a certificate for the DNS name (and 127.0.0.1 when @p ip), its key
 * behind it. */
int bed_cert(struct bed_certs *c, const char *name, const char *dns, bool ip);
/** "DIR/NAME.pem" into @p dst of BED_PATH bytes. */
const char *bed_path(const struct bed_certs *c, const char *name, char *dst);

/** Opens and starts; @p t (taken over) makes it TLS. */
int bed_open(struct bed *b, const struct cv_door_conf *conf, struct cv_tls *t);
void bed_close(struct bed *b);
/** Short times for tests that wait for them. */
struct cv_door_conf bed_conf(void);

/** A connected client; -1. */
int bed_connect(const struct bed *b);
/** A blocking socket listening on the loopback. */
int bed_listen(struct cv_addr *at);
/** The next connection on a listener, waited for; the peer into @p peer; -1 and errno. */
int bed_accept(int listener, struct cv_addr *peer);
/** A connection of the agent's own, bound to the loopback as its stack does; this
 * thread's gate leads it. */
int bed_agent_connects(const struct cv_addr *to);
/** Asserts that the agent gets this text next, accepting first when it must. */
void bed_agent_gets(struct bed *b, const char *want);
bool bed_send(int fd, const char *text);
/** What comes until @p n bytes are there, the end, or the time is over; terminated. */
size_t bed_read(int fd, char *dst, size_t n);
/** The other end closes within the time. */
bool bed_ends(int fd);
/** Waits until @p id has the value; false when the time is over. */
bool bed_counts(const struct bed *b, enum cv_stat_id id, uint64_t n);
bool bed_empties(const struct bed *b);

#endif
