/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * When to ping which binding, and what its silence means (CG-13). Knows
 * times, not packets. Signalling thread.
 *
 * Who is behind a NAT of its own (or everyone, [ping] who = all) is pinged
 * every interval, each time up to a tenth earlier at random, so that phones
 * that came back together don't stay together. 25 s are below the 30 s after
 * which common NATs forget a UDP mapping, 110 s below the 120 s of a connection.
 */
#include "config.h"

#include <inttypes.h>

#include "base/clock.h"
#include "bind/bind_int.h"

enum { LOST_DEFAULT = 3 }; /* misses, when the configuration says 0 */

static bool wants(const struct cv_binds *bs, const struct cv_binding *b)
{
	if (!b->confirmed || !bs->env.ping)
		return false;

	return b->place.side == CV_SIDE_FAR || bs->env.conf->ping.who == CV_PING_ALL;
}

static uint32_t period(const struct cv_binds *bs, const struct cv_binding *b)
{
	const struct cv_conf_pinger *p = &bs->env.conf->ping;

	return b->flow.transport == CV_TRANSPORT_UDP ? p->interval_ms
						     : p->stream_interval_ms;
}

/* Nine tenths to the whole of @p ms, the wheel's grain that comes on top included: a
 * period that fits a NAT's is not to be stretched. Spread, not secret: the process's
 * keyed hash is random enough. */
static uint64_t jitter(const struct cv_binding *b, uint32_t ms)
{
	uint64_t mix[2] = {b->id, cv_clock_ms()};
	uint64_t spread = ms / 10 > CV_BIND_TICK_MS ? ms / 10 - CV_BIND_TICK_MS : 0;

	return ms - ms / 10 + cv_hash_bytes(mix, sizeof(mix)) % (spread + 1);
}

void cv_bind_ping_plan(struct cv_binds *bs, struct cv_binding *b)
{
	uint32_t ms = period(bs, b);

	b->ping_at_ms = wants(bs, b) && ms > 0 ? cv_clock_ms() + jitter(b, ms) : 0;
}

void cv_bind_ping_due(struct cv_binds *bs, struct cv_binding *b)
{
	if (b->ping_busy)
		cv_bind_pong(bs, b, false);

	cv_bind_ping_plan(bs, b);
	cv_bind_arm(bs, b);
	if (!wants(bs, b))
		return;

	b->ping_busy = true;
	b->pinged_ms = cv_clock_ms();
	++b->pings_sent;
	cv_stat_add(bs->env.stat, CV_STAT_pings_sent, 1);
	bs->env.ping(bs->env.arg, b);
}

static void revive(struct cv_binding *b)
{
	b->pings_missed = 0;
	if (!b->flow_dead)
		return;

	b->flow_dead = false;
	cv_info("bind", "flow-alive id=%016" PRIx64 " aor=%s", b->id, b->aor);
}

void cv_bind_pong(struct cv_binds *bs, struct cv_binding *b, bool answered)
{
	unsigned lost = bs->env.conf->ping.lost;
	char seen[CV_ADDR_STRLEN];
	bool busy = b->ping_busy;

	b->ping_busy = false;
	if (answered) {
		b->ponged_ms = cv_clock_ms();
		b->rtt_ms = (uint32_t)(b->ponged_ms - b->pinged_ms);
		revive(b);
		return;
	}

	if (!busy)
		return; /* of a ping that went over a flow the phone has left */

	cv_stat_add(bs->env.stat, CV_STAT_pings_lost, 1);
	++b->pings_lost;
	++b->pings_missed;
	if (b->flow_dead || b->pings_missed < (lost > 0 ? lost : LOST_DEFAULT))
		return;

	b->flow_dead = true;
	cv_info("bind", "flow-dead id=%016" PRIx64 " aor=%s source=%s missed=%u", b->id,
		b->aor, cv_addr_print(&b->flow.seen, seen), b->pings_missed);
}
