/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The SIP user agent: agent, transports, event demultiplexing. With loop_su.c
 * the only place that knows sofia.
 *
 * The story of a request: nta hands it to ua.c on the signalling thread;
 * origin.c says where it came from (source, listening point, place, who);
 * ua.c sends it to uas.c (INVITE: a leg and a transaction for call/), reg.c
 * (REGISTER) or answers it (OPTIONS to us, what we don't serve). In a dialog it
 * goes to its leg. Before the library reads a header, guard.c has looked at it.
 * Outgoing requests are made in uac.c (legs), reg_up.c (a phone's REGISTER),
 * trunk.c (our own), keep.c (pings) and health.c (OPTIONS to peers); what passes is
 * copied by hdr.c, gets its identities from ident.c and the names of other dialogs
 * from refer.c, and leaves by the flow or listening point of the target. Responses go
 * back to the packet's source (RFC 3581, always).
 */
#ifndef CV_SIP_UA_H
#define CV_SIP_UA_H

#include "base/cmd.h"
#include "base/stat.h"
#include "bind/bind.h"
#include "bind/home.h"
#include "call/call.h"
#include "call/peers.h"
#include "call/route.h"
#include "conf/conf.h"
#include "loop/loop.h"
#include "net/place.h"
#include "net/stream.h"

struct cv_sip;

/** What the agent needs; borrowed until cv_sip_close(). */
struct cv_sip_env {
	const struct cv_conf *conf;
	const struct cv_net *net;
	struct cv_loop *loop; /* on su_root */
	struct cv_door *door; /* not started yet; NULL: no streams */
	struct cv_cmds *cmds;
	struct cv_stats *stats;
	struct cv_stat_cell *stat;
	struct cv_routes *routes; /* the binding route is added here, first */
	struct cv_peers *peers;
	struct cv_homes *homes;
	uint8_t key[CV_BIND_KEY];
};

/** Opens every listening socket. EADDRINUSE, EADDRNOTAVAIL, EACCES: @p error holds the
 * sentence with file and line. */
int cv_sip_open(struct cv_sip **sp, const struct cv_sip_env *env, struct cv_buf *error);
/** Joins the agent with the calls (leg_new with arg the agent). After cv_sip_open(),
 * before the loop runs. */
void cv_sip_calls(struct cv_sip *s, struct cv_calls *calls);
struct cv_binds *cv_sip_binds(struct cv_sip *s);
/** leg_new of call/call.h; arg is the agent. */
int cv_sip_leg_new(void *arg, struct cv_leg **lp, const struct cv_leg_setup *setup);
/** New configuration and network after a reload; listening points are not changed in this
 * version. */
void cv_sip_conf(struct cv_sip *s, const struct cv_conf *conf, const struct cv_net *net);
/** Listening points show other addresses: from now on requests show those of @p net, and
 * registrations of ours that showed an earlier one of @p points (a bit each) are renewed.
 */
void cv_sip_net(struct cv_sip *s, const struct cv_net *net, uint64_t points);
/** Refuses new out-of-dialog requests with 503 from now on, and takes our registrations
 * at trunks back. */
void cv_sip_drain(struct cv_sip *s);
/** Nothing is registered anywhere any more. After cv_sip_drain(): within two seconds. */
bool cv_sip_is_idle(const struct cv_sip *s);
/** Closes sockets and ends what is open. Then cv_mem_unref(). */
void cv_sip_close(struct cv_sip *s);

#endif
