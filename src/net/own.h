/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Follows the address by which a listening point is known outside: what a name
 * stands for, or where a STUN server sees us.
 *
 * The story: cv_own_open() asks at once. A name is asked again when its answer
 * has aged; of several addresses the one in use stays while it is among them. A
 * STUN server is asked out of a port of our own at the point's address, and
 * again every half minute; another address than before counts when a second
 * question two seconds later finds it too, so that neither one stray answer nor a
 * NAT with several faces moves us. Only the address counts, not the port: that
 * is the forwarded one. Whatever is not answered leaves the address as it was.
 * One thread: the loop's.
 */
#ifndef CV_NET_OWN_H
#define CV_NET_OWN_H

#include "base/hop.h"
#include "loop/loop.h"
#include "net/name.h"
#include "net/stun_ask.h"

enum {
	CV_OWN_STUN_MS = 30000, /* between two questions: about as long as NATs keep a UDP
				   mapping, so what rests on the old address has not been
				   gone for long */
	CV_OWN_SURE_MS = 2000,  /* before the question that confirms another address */
	CV_OWN_RETRY_MS = 5000, /* after a question that failed */
	CV_OWN_STEADY_MS = 30000, /* an address is kept at least so long: each change
				     costs a request a call and a registration */
};

struct cv_own;

/** Who is asked: the functions of net/name.h and net/stun_ask.h. */
struct cv_own_ops {
	int (*look)(struct cv_names *n, struct cv_name **qp, const struct cv_hop_ask *ask,
		    cv_hop_found_fn *fn, void *arg);
	struct cv_name *(*close)(struct cv_name *q);
	int (*ask)(struct cv_stun_ask **ap, struct cv_loop *l,
		   const struct cv_addr *local, const struct cv_addr *server,
		   cv_stun_ask_fn *fn, void *arg);
};

/** There is news. 0: @p a (port 0) is the address, for the first time, another one, or
 * again after an error. ENOENT: the name has no address of this family; ETIMEDOUT: no
 * answer; EADDRNOTAVAIL: the address told is nobody's; others of the functions above. The
 * address stays as it was; the same error is not told again. */
typedef void cv_own_fn(void *arg, int err, const struct cv_addr *a);

/** Texts and objects are borrowed while it is open. */
struct cv_own_conf {
	struct cv_loop *loop;
	struct cv_names *names;
	const struct cv_own_ops *ops; /* NULL: the real ones */
	const char *host;             /* a name; NULL: server */
	struct cv_addr server;        /* STUN server with its port; unset: see host */
	uint16_t stun_port;           /* 0: the name itself is the answer */
	struct cv_addr local;         /* of the listening point */
	struct cv_addr known;         /* in use already; unset: none */
	cv_own_fn *fn;
	void *arg;
};

/** EINVAL, ENOMEM. Ended by cv_mem_unref(), not from within fn. */
int cv_own_open(struct cv_own **op, const struct cv_own_conf *conf);

#endif
