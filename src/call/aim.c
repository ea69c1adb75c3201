/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From a peer's name to where a request goes. Signalling thread.
 */
#include "config.h"

#include <errno.h>

#include "base/mem.h"
#include "call/call_int.h"

int cv_call_aim(const struct cv_call_env *env, const struct cv_request *rq,
		struct cv_target *to, char **name, struct cv_evid *ev)
{
	const struct cv_conf_peer *peer;
	struct cv_hop hop;
	size_t c;
	int err;

	peer = to->peer ? cv_conf_peer_find(env->conf, cv_str_of(to->peer)) : NULL;
	if (!peer)
		return EHOSTUNREACH;

	err = cv_peers_hops(env->peers, to->peer, rq->call_id, &hop, 1, &c);
	if (err)
		return err;

	*name = cv_mem_strdup(to->peer);
	if (!*name)
		return ENOMEM;

	to->peer = *name;
	to->hop = hop.addr;
	to->transport = hop.transport;
	env->place_peer(env->place_arg, &to->hop, peer, &to->place, ev);

	return 0;
}
