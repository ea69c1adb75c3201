/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The registration at a trunk as a state machine on a timer. Knows no
 * messages. Signalling thread.
 */
#include "config.h"

#include "bind/trunk.h"

#include <errno.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"

enum {
	START_MS = 1000,      /* many trunks don't begin in the same instant */
	NEXT_MS = 200,        /* before the next hop: one that fails at once is no loop */
	RENEW_MS = 3000,      /* many renew after one event: they are spread */
	WAIT_MS = 30000,      /* after all hops failed, doubled each time */
	WAIT_MAX_MS = 300000, /* and no longer */
	REFRESH_MS = 1000,    /* no sooner, however little is granted */
	LEAVE_MS = 2000,      /* a stop waits no longer for a registrar */
	EXPIRES_MAX_S = 604800, /* a week; what a registrar says beyond it is no time */
	RETRY_MAX_S = 3600,     /* the longest Retry-After that is obeyed */
	AGAIN_MAX = 4, /* of one attempt: 423, and a challenge with its stale nonces */
};

struct cv_trunk {
	struct cv_trunk_env env;
	struct cv_timer *timer; /* next REGISTER, or the end of leaving */
	bool started, leaving, gone;
	bool busy;         /* one is under way */
	bool takes_back;   /* it has expires 0 */
	bool renews;       /* the next one as soon as this one is answered */
	size_t hops;       /* of this round */
	size_t failed;     /* of them, in a row: the number of the one in use */
	unsigned rounds;   /* through all of them in a row */
	unsigned again;    /* of this attempt */
	uint32_t asks_s;   /* expires; grows by 423 */
	uint64_t until_ms; /* end of the registration; 0: none */
	uint64_t next_ms;  /* when the timer sends; 0: it won't */
	uint64_t draws;    /* random numbers taken */
	uint16_t status;
	int err;
};

static void on_timer(void *arg);

static void trunk_fini(void *obj)
{
	struct cv_trunk *t = obj;

	cv_mem_unref(t->timer);
}

int cv_trunk_new(struct cv_trunk **tp, const struct cv_trunk_env *env)
{
	struct cv_trunk *t;
	int err;

	if (!tp || !env || !env->send || !env->gone || !env->begin)
		return EINVAL;

	t = cv_mem_new(sizeof(*t), trunk_fini);
	if (!t)
		return ENOMEM;

	t->env = *env;
	t->asks_s = env->expires_s;
	err = cv_timer_new(&t->timer, env->loop, on_timer, t);
	if (err)
		cv_mem_unref(t);
	else
		*tp = t;

	return err;
}

/* 0 to @p max. Spread, not secret. */
static uint32_t draw(struct cv_trunk *t, uint32_t max)
{
	uint64_t mix[3] = {(uintptr_t)t, cv_clock_ms(), ++t->draws};

	return (uint32_t)(cv_hash_bytes(mix, sizeof(mix)) % ((uint64_t)max + 1));
}

static bool is_registered(const struct cv_trunk *t)
{
	return t->until_ms > cv_clock_ms();
}

static void plan(struct cv_trunk *t, uint32_t ms)
{
	t->next_ms = cv_clock_ms() + ms;
	if (cv_timer_set(t->timer, ms))
		cv_error("trunk", "no timer, it stays as it is peer=%s", t->env.name);
}

static void end(struct cv_trunk *t)
{
	cv_timer_stop(t->timer);
	t->next_ms = t->until_ms = 0;
	t->gone = true;
	t->env.gone(t->env.arg);
}

/* The next hop at once, all of them again after a while. */
static void fail(struct cv_trunk *t, uint32_t retry_after_s)
{
	uint32_t wait = WAIT_MAX_MS;

	if (++t->failed < t->hops) {
		plan(t, NEXT_MS);
		return;
	}

	t->failed = 0;
	if (t->rounds < 4)
		wait = (uint32_t)WAIT_MS << t->rounds;
	++t->rounds;
	wait += draw(t, wait / 5);
	wait = wait > WAIT_MAX_MS ? WAIT_MAX_MS : wait;
	retry_after_s = retry_after_s > RETRY_MAX_S ? RETRY_MAX_S : retry_after_s;
	if (retry_after_s * 1000 > wait)
		wait = retry_after_s * 1000;

	cv_warn("trunk", "not registered peer=%s status=%u err=%d again_s=%u%s",
		t->env.name, (unsigned)t->status, t->err, wait / 1000,
		is_registered(t) ? " note=\"the last one still holds\"" : "");
	plan(t, wait);
}

static int send(struct cv_trunk *t, uint32_t expires_s, bool again)
{
	struct cv_trunk_ask ask = {.expires_s = expires_s, .again = again};

	if (t->failed == 0 && !again)
		t->hops = t->env.begin(t->env.arg);

	ask.hop = t->failed;
	t->again = again ? t->again + 1 : 0;
	t->takes_back = expires_s == 0;
	t->busy = true;
	t->err = t->hops > 0 ? t->env.send(t->env.arg, &ask) : EHOSTUNREACH;
	if (t->err) {
		t->busy = false;
		t->status = 0;
	}

	return t->err;
}

/* Takes it back when there is something to take back. */
static void go(struct cv_trunk *t)
{
	t->failed = 0; /* where it stands */
	if (!is_registered(t) || send(t, 0, false))
		end(t);
}

static void on_timer(void *arg)
{
	struct cv_trunk *t = arg;

	t->next_ms = 0;
	if (t->leaving)
		end(t);
	else if (send(t, t->asks_s, false))
		fail(t, 0);
}

void cv_trunk_start(struct cv_trunk *t)
{
	t->started = true;
	plan(t, draw(t, START_MS));
}

void cv_trunk_wake(struct cv_trunk *t)
{
	if (!t->started || t->leaving || t->gone || t->busy)
		return;

	t->failed = 0;
	t->rounds = 0;
	plan(t, NEXT_MS);
}

void cv_trunk_renew(struct cv_trunk *t)
{
	if (!t->started || t->leaving || t->gone)
		return;

	t->renews = t->busy; /* what is under way may say the old */
	if (!t->busy)
		plan(t, NEXT_MS + draw(t, RENEW_MS));
}

static void take(struct cv_trunk *t, uint32_t granted_s)
{
	uint32_t ms = (granted_s > EXPIRES_MAX_S ? EXPIRES_MAX_S : granted_s) * 1000,
		 wait;

	if (!is_registered(t))
		cv_info("trunk", "registered peer=%s expires=%u", t->env.name, granted_s);

	t->failed = 0;
	t->rounds = 0;
	t->until_ms = cv_clock_ms() + ms;
	wait = ms / 2 + draw(t, ms / 10 * 4);
	if (t->renews)
		wait = 0;
	t->renews = false;
	if (!t->leaving)
		plan(t, wait < REFRESH_MS ? REFRESH_MS : wait);
}

/* The same once more: with credentials, or for a longer time. */
static bool asks_again(struct cv_trunk *t, const struct cv_trunk_answer *a)
{
	if (t->again >= AGAIN_MAX)
		return false;

	if (a->status == 423 && !t->takes_back && a->min_expires_s > t->asks_s &&
	    a->min_expires_s <= EXPIRES_MAX_S)
		t->asks_s = a->min_expires_s;
	else if ((a->status != 401 && a->status != 407) || !a->prove)
		return false;

	return send(t, t->takes_back ? 0 : t->asks_s, true) == 0;
}

void cv_trunk_answer(struct cv_trunk *t, const struct cv_trunk_answer *a)
{
	bool took_back = t->takes_back;

	if (!t->busy || t->gone)
		return;

	t->busy = false;
	t->status = a->status;
	t->err = 0;
	if (asks_again(t, a))
		return;

	if (took_back) {
		end(t);
		return;
	}

	if (a->status < 300 && a->granted_s > 0)
		take(t, a->granted_s);
	else if (!t->leaving)
		fail(t, a->retry_after_s);

	if (t->leaving)
		go(t);
}

void cv_trunk_leave(struct cv_trunk *t)
{
	if (t->leaving || t->gone)
		return;

	t->leaving = true;
	if (!t->busy && !is_registered(t)) {
		end(t);
		return;
	}

	plan(t, LEAVE_MS);
	t->next_ms = 0;
	if (!t->busy) /* else its answer first: one REGISTER at a time (RFC 3261 10.2) */
		go(t);
}

static enum cv_trunk_state state_of(const struct cv_trunk *t)
{
	if (!t->started || t->gone)
		return CV_TRUNK_IDLE;
	if (t->leaving)
		return CV_TRUNK_LEAVING;
	if (is_registered(t))
		return CV_TRUNK_REGISTERED;

	return t->busy || t->failed > 0 || t->rounds == 0 ? CV_TRUNK_TRYING
							  : CV_TRUNK_WAITING;
}

static uint32_t seconds_to(uint64_t ms)
{
	uint64_t now = cv_clock_ms();

	return ms > now ? (uint32_t)((ms - now + 999) / 1000) : 0;
}

void cv_trunk_info(const struct cv_trunk *t, struct cv_trunk_info *i)
{
	i->state = state_of(t);
	i->left_s = seconds_to(t->until_ms);
	i->next_s = seconds_to(t->next_ms);
	i->status = t->status;
	i->err = t->err;
}

const char *cv_trunk_state_name(enum cv_trunk_state s)
{
	switch (s) {
	case CV_TRUNK_IDLE:
		return "idle";
	case CV_TRUNK_TRYING:
		return "trying";
	case CV_TRUNK_REGISTERED:
		return "registered";
	case CV_TRUNK_WAITING:
		return "waiting";
	case CV_TRUNK_LEAVING:
		break;
	}

	return "leaving";
}
