/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the two parties of a call mean for its relay, and a party that is
 * another one from now on. Signalling thread.
 */
#include "config.h"

#include <stdlib.h>

#include "base/mem.h"
#include "call/call_int.h"

enum cv_need_policy cv_call_policy(const struct cv_conf *conf, const char *from_peer,
				   const char *to_peer)
{
	const char *names[] = {from_peer, to_peer};
	enum cv_conf_relay is = conf->media.relay;

	for (size_t i = 0; i < 2; ++i) {
		const struct cv_conf_peer *peer = NULL;

		if (names[i])
			peer = cv_conf_peer_find(conf, cv_str_of(names[i]));

		if (!peer || peer->relay == CV_RELAY_AUTO || is == CV_RELAY_ALWAYS)
			continue;

		is = peer->relay;
	}

	switch (is) {
	case CV_RELAY_ALWAYS:
		return CV_NEED_ALWAYS;
	case CV_RELAY_NEVER:
		return CV_NEED_NEVER;
	case CV_RELAY_AUTO:
		break;
	}

	return CV_NEED_AUTO;
}

enum cv_reason cv_call_reason_with(const struct cv_party *p, const struct cv_place *place,
				   const char *peer)
{
	const struct cv_call *call = p->call;
	const struct cv_call_env *env = &call->calls->env;
	bool a = p->end == CV_END_A;
	const struct cv_need need = {
		.a = a ? *place : call->party[CV_END_A].place,
		.b = a ? call->party[CV_END_B].place : *place,
		.policy = cv_call_policy(env->conf, a ? peer : call->from_peer,
					 a ? call->peer : peer),
		.same_nat_direct = env->same_nat_direct,
	};

	return cv_need_decide(&need);
}

void cv_call_party_peer(struct cv_party *p, const char *peer)
{
	char **name = p->end == CV_END_A ? &p->call->from_peer : &p->call->peer;
	char *is = peer ? cv_mem_strdup(peer) : NULL;

	if (peer && !is)
		return;

	free(*name);
	*name = is;
	if (p->end == CV_END_B)
		p->call->target.peer = is;
}
