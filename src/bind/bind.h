/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Registrations, pure: a binding = contact, flow, NAT verdict, two expiries,
 * ping state. Knows neither SIP messages nor calls. Signalling thread.
 *
 * The story of a binding: a REGISTER comes from a phone; cv_bind_take() finds
 * the binding of that AOR and Contact, or makes a pending one, and gives it a
 * keyed token. The registrar upstream is shown a Contact of ours with the token
 * as user part; the phone sees its own Contact back. A 2xx confirms the binding
 * with both expiries and moves it to the flow the REGISTER came over; anything
 * else leaves what was there (a pending one is dropped after its transaction).
 * The token stays the same while the binding lives, also when the phone's port
 * moves. Expiry, unregistering, or the loss of the connection it came over ends
 * it. ping.c says when to ping; sip/keep.c sends.
 *
 * A token is "cv" + node and shard + id + a MAC under a secret of this
 * installation (RFC 5626 5.2): it can't be made or changed by others,
 * and it names no host.
 */
#ifndef CV_BIND_BIND_H
#define CV_BIND_BIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cmd.h"
#include "base/evid.h"
#include "base/flow.h"
#include "base/hash.h"
#include "base/list.h"
#include "base/stat.h"
#include "bind/alg.h"
#include "conf/conf.h"
#include "loop/loop.h"

enum {
	CV_BIND_KEY = 32,   /* bytes of the token secret */
	CV_BIND_TOKEN = 48, /* bytes of a token with its NUL, at most */
	CV_BIND_PENDING_MS =
		40000,          /* a pending binding waits for its 2xx: 64*T1 and some */
	CV_BIND_MAX_S = 604800, /* a week: no binding stands longer unrefreshed */
	CV_BIND_CONTACT = 1024, /* bytes of a Contact URI we keep */
	CV_BIND_PER_AOR =
		32, /* bindings of one AOR; stops one account from filling the table */
};

struct cv_binds;

/** The flow a phone is reached over: for UDP our listening point and its address; for
 * streams also its connection (link). */
struct cv_bind_flow {
	struct cv_addr seen;
	enum cv_transport transport;
	uint8_t listen; /* index of the listening point */
};

/** By what a registrar upstream finds its way back to a phone. */
enum cv_bind_form {
	CV_BIND_ALIAS = 0, /* a Contact of ours with the token */
	CV_BIND_BOTH,      /* that, and a Path with the token, to see who takes one */
	CV_BIND_PATH,      /* the phone's own Contact, and a Path with the token */
};

/** One registration. Read by sip; changed by the functions below only, but for form
 * and alg, which sip writes. */
struct cv_binding {
	uint64_t id;
	char token[CV_BIND_TOKEN];
	char *aor;     /* user@host of the REGISTER's To, host in lower case; owned */
	char *contact; /* URI as the phone wrote it, without < >; owned */
	char *params;  /* its header parameters but expires, as written, with leading ';'
			  or empty; owned */
	char *home;  /* name of the [peer] where it is registered; NULL: with us; owned */
	char *agent; /* User-Agent, or empty; owned */
	char *stale; /* Contact of ours that its registrar holds with an address we don't
			show any more; owned; NULL: none */
	char *instance; /* +sip.instance (RFC 5626), or empty; owned */
	struct cv_bind_flow flow;
	void *link; /* sip's handle of the flow, a cv_mem object; referenced; may be NULL
		       in tests */
	struct cv_place place;
	struct cv_evid *evid; /* of the place; referenced, may be NULL */
	char *shown; /* Contact URI as its registrar upstream holds it; NULL: none does;
			owned */
	enum cv_bind_form form; /* of what goes upstream */
	struct cv_alg alg;
	enum cv_alg_verdict alg_told; /* note.c: what the log has said */
	bool calls_us; /* in what it wrote the server is us, though home is a peer */
	bool confirmed;
	unsigned takes;                             /* REGISTERs under way that took it */
	uint64_t phone_until_ms, upstream_until_ms; /* monotonic; 0 while pending */
	uint64_t made_ms, refreshed_ms;
	uint32_t moves; /* times the flow changed */
	/* ping.c */
	uint64_t ping_at_ms; /* next ping; 0: none */
	unsigned pings_missed;
	bool ping_busy, flow_dead;
	uint64_t pinged_ms, ponged_ms;           /* last ping, last answer; 0: never */
	uint32_t pings_sent, pings_lost, rtt_ms; /* ever; of the last answer */
	/* table.c */
	struct cv_hash_node by_id, by_aor, by_flow, by_link;
	char flow_key[40];   /* storage of by_flow's key */
	struct cv_list node; /* all bindings, oldest refresh first */
	/* due.c */
	uint64_t due_ms; /* earliest of ping, expiry, end of waiting */
	struct cv_list due;
};

/** What one Contact of a REGISTER says; borrowed. */
struct cv_bind_ask {
	struct cv_str aor, contact, params, agent, instance;
	const char *home; /* peer it goes to; NULL: us */
	struct cv_bind_flow flow;
	void *link; /* cv_mem object, referenced by the binding */
	struct cv_place place;
	struct cv_evid *evid;
	const struct cv_alg *alg; /* what the REGISTER says of it; NULL: nothing */
	bool calls_us;            /* see cv_binding */
};

/** Borrowed; alive until the table is gone. */
struct cv_binds_env {
	const struct cv_conf *conf;
	struct cv_loop *loop;
	struct cv_cmds *cmds;   /* show registrations, reg del; may be NULL */
	struct cv_stats *stats; /* gauges bindings, bindings_pending; may be NULL */
	struct cv_stat_cell *stat;
	uint8_t key[CV_BIND_KEY];
	uint8_t node, shard; /* of this process, carried in every token */
	/** Asked to send one keepalive to @p b, which then has ping_busy until
	 * cv_bind_pong(). */
	void (*ping)(void *arg, struct cv_binding *b);
	/** A confirmed binding ended (expired, flow lost, deleted by command). Not for
	 * those the phone itself ended. */
	void (*ended)(void *arg, struct cv_binding *b, const char *why);
	void *arg;
};

int cv_binds_new(struct cv_binds **bp, const struct cv_binds_env *env);
void cv_binds_conf(struct cv_binds *bs, const struct cv_conf *conf);

/** Finds or makes the binding of ask->aor and ask->contact (or instance). The table owns
 * it; borrowed. A live one keeps its flow until cv_bind_confirm(). Each take is ended by
 * cv_bind_confirm(), cv_bind_giveup() or cv_bind_drop(). ENOSPC: a limit; EMSGSIZE: AOR,
 * Contact or a parameter too long; ENOMEM. */
int cv_bind_take(struct cv_binds *bs, struct cv_binding **bp,
		 const struct cv_bind_ask *ask);
/** The binding of an AOR and a Contact or, when given, instance, pending ones too. NULL:
 * none. */
struct cv_binding *cv_bind_find(struct cv_binds *bs, const struct cv_bind_ask *ask);
/** Ends a take without a confirm: a pending binding that no other REGISTER waits for is
 * dropped, anything else stays as it is. */
void cv_bind_giveup(struct cv_binds *bs, struct cv_binding *b, const char *why);
/** The registrar took it: moves it to the flow of @p ask, sets expiries (seconds, not 0;
 * beyond CV_BIND_MAX_S they are that).
 * ENOMEM leaves it as it was. */
int cv_bind_confirm(struct cv_binds *bs, struct cv_binding *b,
		    const struct cv_bind_ask *ask, uint32_t phone_s, uint32_t upstream_s);
/** The registrar holds this Contact of ours, which is to be taken back with the next
 * REGISTER; the first one stays. NULL: no longer. ENOMEM. */
int cv_bind_stale(struct cv_binding *b, const char *uri);
/** Each confirmed binding that is registered at [peer] @p home, in no order. @p fn must
 * not end any. */
void cv_binds_at(struct cv_binds *bs, const char *home,
		 void (*fn)(void *arg, struct cv_binding *b), void *arg);
/** Ends it now; @p why for the log. */
void cv_bind_drop(struct cv_binds *bs, struct cv_binding *b, const char *why);

/** By token: ENOENT: not a token of ours at all; EBADMSG: looks like one but forged or
 * damaged; ESTALE: genuine, binding is gone. */
int cv_bind_by_token(struct cv_binds *bs, struct cv_binding **bp, struct cv_str user);
struct cv_binding *cv_bind_by_id(struct cv_binds *bs, uint64_t id);
/** Confirmed bindings of an AOR, newest refresh first: *bp first NULL, then the last one.
 * NULL at the end. */
struct cv_binding *cv_bind_by_aor(struct cv_binds *bs, struct cv_str aor,
				  const struct cv_binding *prev);
/** Confirmed bindings over a flow, as above. Address, transport and point all count. */
struct cv_binding *cv_bind_by_flow(struct cv_binds *bs, const struct cv_bind_flow *flow,
				   const struct cv_binding *prev);
/** A stream connection closed: ends the bindings whose link it was (RFC 5626 5.3: a phone
 * behind it can't be reached any more, and asks again). */
void cv_bind_link_gone(struct cv_binds *bs, const void *link);
/** A ping's outcome; @p answered by any response. After [ping] lost misses the flow is
 * marked dead (CG-13). A miss counts only while ping_busy: a ping over a flow the phone
 * has left says nothing. */
void cv_bind_pong(struct cv_binds *bs, struct cv_binding *b, bool answered);

/** Keeps the Contact URI and the form that go upstream. ENOMEM leaves them. */
int cv_bind_shown(struct cv_binding *b, const char *uri, enum cv_bind_form form);
/** The evidence in b->alg has changed: says so in the log once a verdict, and takes
 * whoever stands behind such a router as far. */
void cv_bind_alg_changed(struct cv_binds *bs, struct cv_binding *b);
/** Its party stands behind a NAT after all, because of @p why: it is pinged from now on.
 */
void cv_bind_far(struct cv_binds *bs, struct cv_binding *b, const char *why);

/** `explain` of an AOR, an id as `show registrations` prints it, or a token: ENOENT. */
int cv_binds_explain(struct cv_binds *bs, struct cv_str id, struct cv_out *out);
/** Bindings held, pending ones too. */
size_t cv_binds_count(const struct cv_binds *bs);

/** Keyed one-way name for identifiers we show upstream (Call-ID, tags): HMAC of the parts
 * under the token secret, hex, @p len characters at most 64 into @p dst (with NUL, so len
 * + 1 bytes). */
void cv_binds_alias(const struct cv_binds *bs, const char *what,
		    const struct cv_str *parts, size_t partc, char *dst, size_t len);

#endif
