/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where a party is: written address against seen source, the three lists of
 * [network] and the listening points. Pure, with evidence (CG-6 to CG-9).
 *
 * The story: core/plan.c fills one struct cv_net from configuration and
 * interfaces at start (a reload makes a second one). Every request and every
 * target is then placed with it: lan when the source is in the LAN list, far
 * when the party is behind a NAT of its own, else wan. The evidence names the
 * addresses and the list entry that decided.
 */
#ifndef CV_NET_PLACE_H
#define CV_NET_PLACE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/evid.h"
#include "base/flow.h"
#include "net/alist.h"

enum {
	CV_NET_POINTS = 64,     /* listening points, below CV_LISTEN_NONE */
	CV_PLACE_WRITTEN = 4,   /* written addresses that are looked at: top Via, Contact,
				   and two more */
	CV_NET_WAS = 8,         /* earlier addresses of ours that are remembered */
	CV_NET_WAS_MS = 300000, /* so long: requests made under an old one, and those who
				   look our name up less often */
};

enum cv_place_nat { CV_PLACE_NAT_AUTO = 0, CV_PLACE_NAT_YES, CV_PLACE_NAT_NO };

/** A listening point as resolved: one address, its side, what it shows. Plain data. */
struct cv_point {
	char name[64];            /* of the [listen] section */
	struct cv_addr bind;      /* port 0 */
	struct cv_addr advertise; /* shown in Via, Contact; port 0 */
	struct cv_addr media;     /* media sockets bind here; port 0 */
	struct cv_addr media_adv; /* shown in SDP; port 0 */
	enum cv_side side;        /* LAN or WAN */
	size_t conf;              /* index of its [listen] section in the configuration */
	/* advertise as written ("stun:192.0.2.1"), borrowed from the configuration; NULL:
	   it is bind */
	const char *source;
	bool follows;      /* advertise is asked for at run time */
	bool is_apart;     /* media_adv is media, whatever is advertised: media-address is
			      written without advertise */
	uint64_t since_ms; /* advertise is what the source says since then; 0: always, or
			      not yet */
	int source_err;    /* why the source says nothing now; 0: it does */
};

/** An address of ours that we showed before. */
struct cv_was_ours {
	struct cv_addr addr; /* unset: none */
	uint64_t until_ms;   /* it counts as ours */
};

/** The network as declared. Built once, then const. Lists are owned references. */
struct cv_net {
	struct cv_point points[CV_NET_POINTS];
	size_t pointc;
	struct cv_alist *lan, *nated, *nat_systems;
	unsigned char *lan_group; /* by lan entry index; owned; NULL: all are one group */
	bool same_nat_direct;
	struct cv_was_ours was[CV_NET_WAS];
};

/** Makes a net with empty lists and no points. ENOMEM. Ended by cv_mem_unref(), which
 * drops lists and groups. */
int cv_net_new(struct cv_net **np);

/** A copy that may be changed until it is in use; the lists are shared. ENOMEM. */
int cv_net_copy(struct cv_net **np, const struct cv_net *net);
/** From now on point @p n shows @p a (port 0) in SIP and SDP; what it showed counts as
 * ours for CV_NET_WAS_MS more. */
void cv_net_advertise(struct cv_net *net, size_t n, const struct cv_addr *a);
/** What @p old knew of points that are the same: where advertise is followed the address
 * that it had, and all earlier addresses. Of a reload. */
void cv_net_inherit(struct cv_net *net, const struct cv_net *old);
/** Points that show another address in @p b than in @p a, a bit each. */
uint64_t cv_net_changed(const struct cv_net *a, const struct cv_net *b);

/** One written address: a literal from a header; unset when the host is a name (never
 * resolved). */
struct cv_written {
	const char *where; /* "Via", "Contact" */
	struct cv_addr addr;
};

/** What is known of a party; plain data. */
struct cv_place_query {
	const char *party;   /* for the evidence: "caller", "phone" */
	struct cv_addr seen; /* packet source */
	uint8_t listen; /* where it came in; CV_LISTEN_NONE: find it by cv_place_point()
			 */
	enum cv_place_nat nat; /* the peer's override */
	struct cv_written written[CV_PLACE_WRITTEN];
	size_t writtenc;
};

/** Places a party. Cannot fail; without a listening point of its family listen is
 * CV_LISTEN_NONE. @p ev may be NULL. */
void cv_place_of(const struct cv_net *net, const struct cv_place_query *q,
		 struct cv_place *place, struct cv_evid *ev);

/** CG-9: a request sent to @p a goes behind a NAT: it is in nat-systems, or @p nat says
 * so. */
bool cv_net_is_far(const struct cv_net *net, const struct cv_addr *a,
		   enum cv_place_nat nat);

/** Listening point that faces @p to: same family; kernel's source address first (@p
 * source, may be unset), then the side of the list that holds it (of two points with one
 * address, too), then the first of the family. CV_LISTEN_NONE. */
uint8_t cv_place_point(const struct cv_net *net, const struct cv_addr *to,
		       const struct cv_addr *source);

/** True when @p a is the bound or advertised address of a listening point, or was of
 * late (ports not compared). */
bool cv_net_is_ours(const struct cv_net *net, const struct cv_addr *a);

/** It was of late. */
bool cv_net_was_ours(const struct cv_net *net, const struct cv_addr *a);

/** Where media of ours that @p a names is on this host: the address a point shows for
 * media becomes the one it has. A NAT before us need not send our packets back to us. */
struct cv_addr cv_net_inward(const struct cv_net *net, const struct cv_addr *a);

/** Adds to @p ev what point @p listen shows and why, where it is another address than its
 * own. */
void cv_net_tell_shown(const struct cv_net *net, uint8_t listen, struct cv_evid *ev);

/** CG-10: media from @p a counts as from @p b: same host, or one nat-systems entry holds
 * both. */
bool cv_net_is_same_host(const struct cv_net *net, const struct cv_addr *a,
			 const struct cv_addr *b);

/** True when media can be sent to @p a for a party on @p side: not unset, any, multicast
 * or loopback of another, and for FAR not in nated. */
bool cv_net_is_routable(const struct cv_net *net, const struct cv_addr *a,
			enum cv_side side);

/** Prints points, lists and the derived decision table: `show networks` and --check. */
void cv_net_show(const struct cv_net *net, struct cv_out *out);

#endif
