/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Peers as they stand: where each [peer] is reached now, which of these next
 * hops are well, and how many calls it has. The configuration says what was
 * written, this says what is. Signalling thread.
 *
 * The story: cv_peers_new() takes every [peer] over. A target that is an
 * address is a hop at once; a target that is a name is looked up (RFC 3263; by
 * net/name.c, handed in by core) and looked up again when its answer has aged.
 * What couldn't be looked up stays as it was, what is said not to exist any more
 * goes. Whoever sends a request asks cv_peers_hops() for the order in which to
 * try, and tells by cv_peers_heard() how it went. A hop that failed goes to the
 * end of the order until it answers a probe (sip/health.c), or, where probes are
 * off, until it has rested. A reload keeps what both configurations have.
 */
#ifndef CV_CALL_PEERS_H
#define CV_CALL_PEERS_H

#include "base/cmd.h"
#include "base/hop.h"
#include "conf/conf.h"
#include "loop/loop.h"

enum {
	CV_PEERS_REST_S = 60, /* the longest Retry-After that is believed: a peer may be
				 well sooner, and one hop may not hold off all */
	CV_PEERS_HOPS = 16,   /* next hops of one target; a name with more is cut */
};

struct cv_peers;
struct cv_names;
struct cv_name;

/** What peers ask of names: the functions of net/name.h. */
struct cv_peers_name_ops {
	int (*look)(struct cv_names *n, struct cv_name **qp, const struct cv_hop_ask *ask,
		    cv_hop_found_fn *fn, void *arg);
	struct cv_name *(*close)(struct cv_name *q);
};

/** What peers need; borrowed until cv_peers is gone. */
struct cv_peers_env {
	const struct cv_conf *conf;
	struct cv_loop *loop;
	struct cv_names *names;
	const struct cv_peers_name_ops *name_ops;
	/** A hop that a name led to may be used: we can get there, and it isn't us. NULL:
	 * all of them. */
	bool (*usable)(void *arg, const char *peer, const struct cv_hop *hop);
	/** A hop stands behind a NAT of its own and never registers: only our OPTIONS
	 * keep the way to it open. NULL: none does. */
	bool (*far)(void *arg, const char *peer, const struct cv_hop *hop);
	void *arg;
};

/** What sip/ does for peers, and wants to know of them. */
struct cv_peers_watch {
	/** Asks @p hop whether it is well; cv_peers_probed() follows, maybe from within.
	 */
	void (*probe)(void *arg, const char *peer, const struct cv_hop *hop);
	/** The peer has other hops than before. */
	void (*changed)(void *arg, const char *peer);
	void *arg;
};

/** ENOMEM. Ended by cv_mem_unref(). */
int cv_peers_new(struct cv_peers **pp, const struct cv_peers_env *env);
/** New configuration after a reload: targets that stay keep their hops and health, peers
 * their calls. ENOMEM: nothing has changed. */
int cv_peers_conf(struct cv_peers *ps, const struct cv_conf *conf);

/**
 * Next hops of one new request to @p peer in the order in which to try them, at
 * most @p max, their number to @p c (1 at least): targets as configured, those
 * with a weight among their neighbours by chance, the same for SRV records;
 * those that are down last. Requests with the same @p key (a Call-ID, an AOR)
 * get the same order as long as nothing changes. EHOSTUNREACH: there are none;
 * EAGAIN: a name was not looked up yet.
 */
int cv_peers_hops(struct cv_peers *ps, const char *peer, struct cv_str key,
		  struct cv_hop *v, size_t max, size_t *c);
/** How a request to @p hop went: 0, it was answered; EBUSY, with a 503; ETIMEDOUT,
 * ECONNRESET or another errno, it was not. Peers and hops that are gone are ignored. */
void cv_peers_heard(struct cv_peers *ps, const char *peer, const struct cv_hop *hop,
		    int err);

/** @p hop answered 503 and named the time after which it wants to be asked again, 0:
 * none; it is down so long, at most CV_PEERS_REST_S seconds. */
void cv_peers_busy(struct cv_peers *ps, const char *peer, const struct cv_hop *hop,
		   uint32_t rest_s);
/** A probe's final status, 0 for want of memory: then nothing was learned. @p err: none
 * came or could be sent, and why; 0: it is the hop's own. */
void cv_peers_probed(struct cv_peers *ps, const char *peer, const struct cv_hop *hop,
		     uint16_t status, int err);
/** Who probes; NULL: nobody any more. Borrowed. */
void cv_peers_watched(struct cv_peers *ps, const struct cv_peers_watch *watch);
/** Requests to @p peer begin with @p hop while that is well: our registration stands
 * there. NULL: no longer. */
void cv_peers_prefer(struct cv_peers *ps, const char *peer, const struct cv_hop *hop);
/** Asks for all names anew, soon: the name servers are others. */
void cv_peers_refresh(struct cv_peers *ps);

/** One more call from or to @p peer, once for each call; EBUSY: it has max-calls, or
 * max-cps began in this second. Ended by cv_peers_leave(). */
int cv_peers_admit(struct cv_peers *ps, const char *peer);
void cv_peers_leave(struct cv_peers *ps, const char *peer);

/** Both are the name of one peer; NULL: nobody's. */
bool cv_peers_is_same(const char *a, const char *b);
/** The peer has a hop at the host of @p a, whatever the port. */
bool cv_peers_is_host(const struct cv_peers *ps, const char *peer,
		      const struct cv_addr *a);
/** The hop of the peer's at @p a by @p t; NULL: none. Borrowed, until the loop runs on.
 */
const struct cv_hop *cv_peers_hop_at(const struct cv_peers *ps, const char *peer,
				     const struct cv_addr *a, enum cv_transport t);

/** Prints list "hops", "calls" and "cps" of the peer into the object that is open. */
void cv_peers_show(const struct cv_peers *ps, const char *peer, struct cv_out *out);

#endif
