/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Structs of src/sip; private. All on the signalling thread.
 */
#ifndef CV_SIP_SIP_INT_H
#define CV_SIP_SIP_INT_H

#define SU_ROOT_MAGIC_T      void
#define NTA_AGENT_MAGIC_T    struct cv_sip
#define NTA_LEG_MAGIC_T      void
#define NTA_INCOMING_MAGIC_T void
#define NTA_OUTGOING_MAGIC_T void
#define NTA_RELIABLE_MAGIC_T void

#include <sofia-sip/su.h>

#include <sofia-sip/msg.h>
#include <sofia-sip/msg_addr.h>
#include <sofia-sip/msg_header.h>
#include <sofia-sip/nta.h>
#include <sofia-sip/nta_tag.h>
#include <sofia-sip/nta_tport.h>
#include <sofia-sip/sip.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_status.h>
#include <sofia-sip/sip_tag.h>
#include <sofia-sip/sip_util.h>
#include <sofia-sip/su_tag.h>
#include <sofia-sip/tport.h>
#include <sofia-sip/tport_tag.h>
#include <sofia-sip/url.h>

#include "base/list.h"
#include "base/log.h"
#include "bind/trunk.h"
#include "sip/digest_client.h"
#include "sip/flow.h"
#include "sip/ua.h"

struct cv_sip_guard;

enum {
	CV_SIP_GAUGES = 3,
	CV_SIP_SHOWN = 8, /* texts of one point's address; each is in use for
			     CV_OWN_STEADY_MS at least, so the oldest outlives a
			     transaction: timer C is 185 s */
	CV_SIP_TRANSPORTS = CV_TRANSPORT_TLS + 1,
	CV_SIP_FORKS = 8, /* early dialogs of one INVITE; more are not heard */
};

/** The message behind a cv_msg. */
struct cv_sip_ref {
	struct cv_sip *sip;
	msg_t *msg;       /* borrowed; sip_object(msg) is the parsed form */
	const sip_t *pub; /* of msg */
	const struct cv_sip_origin *origin; /* requests out of dialog; NULL otherwise */
};

/** A flow (RFC 5626): where requests to a party leave and what they are sent to. A cv_mem
 * object; bindings hold it as link. */
struct cv_sip_link {
	struct cv_sip *sip;
	tport_t *tp; /* UDP: the listening primary; streams: the connection; referenced */
	struct cv_addr peer;
	enum cv_transport transport;
	uint8_t listen;
	int pending;         /* tport_pend() id, to hear of its end; -1: none */
	struct cv_timer *gone; /* streams: runs out when it has ended; owned */
	struct cv_list node; /* sip->links, streams only */
};

/** What a mark of ours says; pass.c. */
struct cv_sip_mark {
	unsigned hops; /* Max-Forwards it left with */
	struct cv_trail trail;
};

/** Where a request came from and who sent it; plain data with references, ended by
 * cv_sip_origin_done(). */
struct cv_sip_origin {
	struct cv_addr seen;
	enum cv_transport transport;
	uint8_t listen;
	struct cv_sip_link *link; /* referenced */
	struct cv_place place;
	struct cv_evid *evid; /* referenced; may be NULL when memory is short */
	enum cv_who who;
	const struct cv_conf_peer *peer; /* who is PEER; borrowed */
	struct cv_binding *binding;      /* who is PHONE; referenced */
	struct cv_trail trail;           /* its passings, this one too; empty: unknown */
};

struct cv_sip {
	const struct cv_conf *conf;
	const struct cv_net *net;
	struct cv_loop *loop;
	su_root_t *root; /* borrowed from loop */
	nta_agent_t *agent;
	struct cv_sip_guard *guard; /* owned; what the agent parses with */
	nta_leg_t *dflt;            /* takes all out-of-dialog requests */
	nta_outgoing_t *stray;      /* takes responses nobody waits for; owned */
	/* primaries by point and transport: the first UDP port, the private listeners of
	   TCP and TLS; borrowed; NULL: off */
	tport_t *tports[CV_NET_POINTS][CV_SIP_TRANSPORTS];
	struct cv_door *door; /* borrowed; NULL: no streams */
	/* what the Vias show; the stack and messages under way point here, so an earlier
	   text stays for a while: shown.c */
	char via_host[CV_NET_POINTS][CV_SIP_SHOWN][CV_ADDR_STRLEN];
	uint8_t via_at[CV_NET_POINTS]; /* the text in use */
	char via_port[CV_NET_POINTS][CV_SIP_TRANSPORTS][8];
	struct cv_alist **from; /* by peer: its from list; NULL where the targets' hosts
				   count; owned */
	size_t fromc;
	struct cv_binds *binds;
	struct cv_homes *homes;   /* borrowed */
	struct cv_calls *calls;   /* borrowed; NULL until cv_sip_calls() */
	struct cv_route *route;   /* "binding" */
	struct cv_routes *routes; /* borrowed */
	struct cv_peers *peers;   /* borrowed */
	struct cv_stat_cell *stat;
	struct cv_stats *stats;
	struct cv_cmds *cmds;
	struct cv_list links;            /* stream links */
	struct cv_list legs;             /* all legs, for the end */
	struct cv_list pings, regs, paths; /* of keep.c, reg_up.c, reg_path.c */
	struct cv_peers_watch watch;     /* health.c */
	struct cv_list probes;           /* the same: transactions under way */
	size_t regc;                     /* in regs */
	struct cv_log_limit reg_log;     /* lines about REGISTERs nobody takes */
	struct cv_log_limit refusal_log; /* lines about other requests of strangers */
	struct cv_log_limit loop_log;
	struct cv_log_limit large_log; /* lines about requests larger than a packet */
	uint8_t key[CV_BIND_KEY];      /* of marks, pass.c */
	uint64_t branches;             /* ever drawn */
	struct cv_list trunks;         /* trunk.c: accounts of ours */
	struct cv_cmd show_peers;
	struct cv_gauge gauges[CV_SIP_GAUGES];
	bool draining;
	uint32_t ping_cseq;
	struct cv_alg_phone phones[CV_ALG_PHONES]; /* alg.c */
};

/** An early dialog: what one fork of an INVITE has answered so far, or what we made of
 * that for the caller. */
struct cv_sip_early {
	nta_leg_t *dialog; /* owned; NULL: it is the leg's own */
	uint32_t fork;     /* as the leg that calls counts them */
	uint32_t rseq; /* last reliable 1xx that came, or 1 when one was sent; 0: none */
	uint32_t cseq; /* of the INVITE that rseq belongs to */
};

/* REFERs of one leg that may still be reported on; one more forgets the oldest */
enum { CV_SIP_REFERS = 4 };

/** A REFER that was sent on: its CSeq is the id of its subscription (RFC 3515 2.4.6). */
struct cv_sip_refer {
	uint32_t came, left; /* by the other leg, and by this one; 0: none */
};

/** One dialog, or what may become one, with one party. Listed in sip->legs, which holds a
 * reference, until it has ended and its last transaction is over. */
struct cv_sip_leg {
	struct cv_leg base;
	struct cv_sip *sip;
	nta_leg_t *dialog; /* owned; NULL once closed */
	struct cv_sip_link
		*link; /* of a phone or a stream: requests leave by it; NULL: by hop */
	struct cv_addr hop; /* where requests go, the source or the next hop */
	enum cv_transport transport;
	uint8_t listen;
	char *peer;       /* name of the [peer] at the other end; NULL: none; owned */
	uint64_t binding; /* of the phone at the other end; 0: none */
	struct cv_binding *phone; /* the same, also when it has ended; referenced; NULL */
	struct cv_timer
		*grace; /* flow.c: its connection closed; NULL until then; owned */
	bool told;      /* flow.c: that the connection of link closed */
	char *self;     /* URI by which the other end knows us; NULL: unknown; owned */
	char call[32];  /* id of the call, for logs; "-" until known */
	struct cv_addr bound; /* flow of that binding when we last looked */
	struct cv_sip_early early[CV_SIP_FORKS];
	size_t earlyc;
	uint32_t heard;  /* CSeq of the last request taken in its own dialog; 0: none */
	uint64_t pass;   /* of the request that made this outgoing leg; 0: unknown */
	bool routed;     /* the dialog knows its remote target; of a subscription too */
	bool subscribed; /* a 2xx of a SUBSCRIBE or REFER was sent or received */
	bool confirmed;  /* a 2xx of an INVITE was sent or received */
	struct cv_sip_refer refers[CV_SIP_REFERS];
	unsigned referc;   /* REFERs ever sent on by this leg */
	uint32_t refer_id; /* referred.c: CSeq of the REFER that is reported on; 0: it was
			      the first */
	unsigned refers_had; /* referred.c: REFERs of its party answered here */
	bool bye;            /* a BYE was sent or received */
	bool ended;          /* the call let go of it */
	struct cv_list txns;
	struct cv_list node;
};

/** One request and its responses, either way. In leg->txns, which holds a reference,
 * until it is over. */
struct cv_sip_txn {
	struct cv_txn base;
	struct cv_sip_leg *leg; /* referenced */
	nta_incoming_t *irq;    /* owned; NULL once over */
	nta_outgoing_t *orq;    /* owned; NULL once over */
	bool final;             /* its final response was sent or received */
	bool owes_ack;          /* ours, an INVITE: it was a 2xx */
	bool cancelled;         /* by us */
	msg_t *cancel;          /* that waits for the first 1xx; owned; NULL: none */
	struct cv_timer *patience; /* since it was sent; owned; NULL: it wasn't */
	struct cv_addr hop;     /* ours: where it went */
	unsigned answered;      /* ours: challenges of the trunk's that were answered */
	bool rel_may, rel_must; /* incoming INVITE: 100rel is supported, required */
	uint32_t rel_fork;      /* fork of the last reliable 1xx */
	bool confirms;          /* incoming INVITE: its 2xx makes the dialog */
	struct cv_list rels;    /* reliable 1xx that await PRACK, rel.c; owned */
	struct cv_list node;
};

enum {
	CV_SIP_TRUNK_TOKEN = 24,   /* bytes of a trunk's Contact user with its NUL */
	CV_SIP_CONTACT = 192,      /* bytes of a Contact URI of ours */
	CV_SIP_TRUNK_CALL_ID = 33, /* the same of its REGISTERs' Call-ID */
};

/** Our account at a peer: its registration, when it wants one, and what we answer to its
 * challenges. In sip->trunks, which holds the reference. */
struct cv_sip_trunk {
	struct cv_sip *sip;
	const struct cv_conf_peer *peer; /* borrowed from the configuration it was made
					    under, or a later one that says the same */
	struct cv_trunk *reg;            /* owned; NULL: it wants no REGISTER */
	uint32_t expires_s;              /* asked for */
	struct cv_digest_client auth;
	bool proxy;                     /* the last challenge of a REGISTER was a 407 */
	char token[CV_SIP_TRUNK_TOKEN]; /* user of our Contact there */
	char call_id[CV_SIP_TRUNK_CALL_ID]; /* of all our REGISTERs */
	char tag[CV_DIGEST_CNONCE];         /* of their From */
	uint32_t cseq;                      /* of the last one */
	unsigned answered;                  /* challenges of this attempt */
	uint8_t listen;                     /* point whose address the last one showed */
	char says[CV_SIP_CONTACT];          /* our Contact in the last one */
	char stands[CV_SIP_CONTACT];        /* the one that is registered; empty: none */
	bool alone; /* the registrar refused a REGISTER that took an earlier one back */
	struct cv_hop hops[CV_PEERS_HOPS];  /* of this round, in order */
	size_t hopc;
	struct cv_hop hop;   /* where the last one went */
	struct cv_hop at;    /* where the registration stands; unset: nowhere */
	nta_outgoing_t *orq; /* owned; NULL: none under way */
	bool sending, over;  /* in nta_outgoing_mcreate(), which may answer at once */
	struct cv_log_limit log;
	struct cv_list node;
};

/* origin.c: RFC 3581, contract "Who is who". */

/** Fills @p o from a request. ENOTCONN: no source could be had; ENOMEM. */
int cv_sip_origin_of(struct cv_sip *s, struct cv_sip_origin *o, nta_incoming_t *irq,
		     const sip_t *sip);
void cv_sip_origin_done(struct cv_sip_origin *o);
/** True when @p a is an address of @p peer: in its from list, else one of its targets'
 * hosts. */
bool cv_sip_is_peer_host(const struct cv_sip *s, const struct cv_conf_peer *peer,
			 const struct cv_addr *a);

/* nat.c: links and addresses */

/** From sofia's socket address. */
void cv_sip_addr(struct cv_addr *a, const su_sockaddr_t *su);
/** Literal host (brackets allowed) and port text to an address; unset when it is a name.
 */
void cv_sip_addr_of_host(struct cv_addr *a, const char *host, const char *port);
/** Makes a link. ENOMEM. Ended by cv_mem_unref(). */
int cv_sip_link_new(struct cv_sip_link **lp, struct cv_sip *s, tport_t *tp,
		    const struct cv_addr *peer, uint8_t listen);
/** False when its connection has closed; UDP never. */
bool cv_sip_link_is_alive(const struct cv_sip_link *l);
/** Listening point and outer transport of a listener or connection. EINVAL: not one of a
 * point. */
int cv_sip_listener(const tport_t *tp, uint8_t *listen, enum cv_transport *t);
/** Connections to @p hop are made by the door from now on: before a request without a
 * link is sent by stream. @p peer (may be NULL) says which domain its certificate bears.
 */
int cv_sip_aim(struct cv_sip *s, const struct cv_addr *hop, enum cv_transport t,
	       uint8_t listen, const struct cv_conf_peer *peer);
/** Why the door's last connection to @p hop failed; 0: it didn't. */
int cv_sip_stream_error(struct cv_sip *s, const struct cv_addr *hop, enum cv_transport t);
/** Opens the private listeners of a point's streams and what the door has before them;
 * @p error holds the sentence. */
int cv_sip_streams_open(struct cv_sip *s, size_t point, enum cv_transport t,
			struct cv_buf *error);
/** Makes the Vias of all listeners show what the net says; when all are open, and when an
 * address is another. shown.c */
void cv_sip_show(struct cv_sip *s);
/** Route URL to send along @p hop ("sip:1.2.3.4:5060;transport=udp") into the message's
 * home; TLS is tcp to the stack. NULL: ENOMEM. */
url_string_t *cv_sip_hop_url(su_home_t *home, const struct cv_addr *hop,
			     enum cv_transport t);
/** Contact URI of ours on a listening point with @p user ("" for none):
 * "sip:user@adv:port;transport=tcp" (udp without). In @p home. */
char *cv_sip_contact_uri(struct cv_sip *s, su_home_t *home, const char *user,
			 uint8_t listen, enum cv_transport t);
/** tport to send a new request by for a place without a link. NULL: no such listener. */
tport_t *cv_sip_tport(struct cv_sip *s, uint8_t listen, enum cv_transport t);

/* hdr.c: header policy and topology hiding */

/** Copy of a received message that may be sent on: without Via, Route, Record-Route,
 * Contact, Call-ID, CSeq, From, To, Max-Forwards, Content-Length and what else is one
 * hop's or ours; sip_error entries are taken out of the source first (doc/threats.md).
 * NULL: ENOMEM. */
msg_t *cv_sip_copy(struct cv_sip *s, msg_t *src);
/** Puts @p body with @p type in place of the message's own; a body equal to the present
 * one changes nothing. ENOMEM. */
int cv_sip_body(msg_t *m, struct cv_str type, struct cv_str body);
/** Max-Forwards one less than @p sip has; 69 when absent (70 made here). ENOMEM. */
int cv_sip_max_forwards(msg_t *m, const sip_t *sip);

/* policy.c: what passes an edge of trust */

/** Between whom a message passes. NULL: a phone, or nobody we know. Borrowed. */
struct cv_sip_edge {
	const struct cv_conf_peer *from, *to;
	bool home; /* the sender is registered at the receiver */
};

/** Takes out of a copy what may not pass, and does what Privacy asks for when the
 * receiver doesn't. Evidence to @p ev (may be NULL). */
void cv_sip_scrub(msg_t *m, const struct cv_sip_edge *e, struct cv_evid *ev);
/** The receiver does itself what Privacy asks for. */
bool cv_sip_edge_keeps(const struct cv_sip_edge *e);
/** The edge a message of the leg's mate, or of @p o (may be NULL), passes on its way out
 * by the leg. */
void cv_sip_edge_of(const struct cv_sip_leg *leg, const struct cv_sip_origin *o,
		    struct cv_sip_edge *e);
/** Takes out every header of this name. */
void cv_sip_drop_named(msg_t *m, const char *name);
/** First header of a name the parser doesn't know; NULL: none. */
const sip_unknown_t *cv_sip_find_named(const sip_t *sip, const char *name);
/** Adds "Name: value"; in place of its like where only one may stand. ENOMEM. */
int cv_sip_add_line(msg_t *m, const char *line);

/* privacy.c: RFC 3323 */

enum {
	CV_PRIVACY_NONE = 1 << 0,
	CV_PRIVACY_ID = 1 << 1,
	CV_PRIVACY_USER = 1 << 2,
	CV_PRIVACY_HEADER = 1 << 3,
	CV_PRIVACY_HISTORY = 1 << 4,
	CV_PRIVACY_SESSION = 1 << 5,
	CV_PRIVACY_CRITICAL = 1 << 6,
	CV_PRIVACY_OTHER = 1 << 7, /* what we don't know */
};

/** What a message asks for, in all its lines; NONE rules the rest out. */
unsigned cv_sip_privacy(const sip_t *sip);
/** Makes one line of several in a received message, whose copies would lose the rest.
 * ENOMEM. */
int cv_sip_privacy_join(msg_t *m);
/** More is asked for than we can do, and nothing less will do (RFC 3323 4.2). */
bool cv_sip_privacy_is_too_much(unsigned privacy);
/** Takes out of a copy what says who speaks, and the request that was granted. */
void cv_sip_privacy_apply(msg_t *m, unsigned privacy);
/** Makes From anonymous. ENOMEM. */
int cv_sip_anonymous(su_home_t *home, sip_from_t *from);

/* require.c: RFC 3261 8.2.2.3 */

/** Option tags of a request that address us and that we don't know, as a list in @p home;
 * NULL: none. */
char *cv_sip_unsupported(su_home_t *home, const sip_t *sip);
/** Answers 420 with Unsupported when there are any, and destroys @p irq. */
bool cv_sip_refuse_tags(struct cv_sip *s, nta_incoming_t *irq, const sip_t *sip);
/** Not to be agreed on through us. */
bool cv_sip_is_masked(const char *tag);

/* ident.c: contract "Identities" */

/** What decides; borrowed. */
struct cv_sip_ident_in {
	const sip_t *sip;                     /* the request as received */
	const struct cv_target *to;           /* where it goes */
	const struct cv_conf_peer *from_peer; /* it came from this peer; NULL */
	const struct cv_binding *binding;     /* BINDING target's binding; NULL */
	const char *home; /* peer where the sender is registered; NULL */
	uint8_t listen;   /* point it leaves by */
};

/** URIs and headers for the outgoing request, in the home given. */
struct cv_sip_ident {
	url_t *ruri;
	sip_from_t *from; /* without tag */
	sip_to_t *to;     /* without tag */
};

/** Applies the table. ENOMEM; EPROTO: its Privacy is critical and too much. Evidence to
 * @p ev (may be NULL), with a warning where a [route] breaks a digest. */
int cv_sip_ident(struct cv_sip *s, su_home_t *home, const struct cv_sip_ident_in *in,
		 struct cv_sip_ident *out, struct cv_evid *ev);
/** Host is a literal address of ours, the name of [general] name, or localhost's name of
 * a point. */
bool cv_sip_is_ours(struct cv_sip *s, const char *host);
/** The peer a REGISTER of user@host goes to, by domain, else the default registrar when
 * host is ours; NULL: none. */
const struct cv_conf_peer *cv_sip_registrar(struct cv_sip *s, const char *host);
/** Request carries credentials of a realm that isn't ours. */
bool cv_sip_has_foreign_auth(struct cv_sip *s, const sip_t *sip);
/** Value of the Authorization header for a realm of ours, in @p home; empty: none. */
struct cv_str cv_sip_own_auth(struct cv_sip *s, su_home_t *home, const sip_t *sip);
/** Takes the credentials for realms of ours out of a received message. */
void cv_sip_drop_own_auth(struct cv_sip *s, msg_t *m);

/** What stands for @p p in a URI of ours, with a port where one is needed: its first
 * domain, else its first target. In @p home; NULL: ENOMEM. */
char *cv_sip_peer_host(su_home_t *home, const struct cv_conf_peer *p);
/** Host of a URI in a header (Refer-To) as a leg to @p to shows it: by the rules of From
 * and To; to a phone that registers upstream and calls us its server, the domain there
 * is us. @p from: the leg it came by; NULL: unknown. */
void cv_sip_ident_url(const struct cv_sip_leg *to, const struct cv_sip_leg *from,
		      su_home_t *home, url_t *url);

/** URI of a 3xx that came by @p from as a leg to @p to shows it: what is ours, or leads
 * behind us, so that it works from there; a third party's as it stands. */
void cv_sip_ident_contact(const struct cv_sip_leg *to, const struct cv_sip_leg *from,
			  su_home_t *home, url_t *url);
/* pass.c: loops and spirals (RFC 5393, RFC 7332) */

enum { CV_SIP_HOPS = 70 }; /* RFC 3261 8.1.1.6 */

/** Notes in a received request that it passed us, in place, so that every copy says so,
 * and fills @p o's trail; its Max-Forwards never grows on the way round. EALREADY: it
 * was here before; ELOOP: no hops are left; ENOMEM. */
int cv_sip_pass(struct cv_sip *s, msg_t *msg, struct cv_sip_origin *o);
/** Branch of a Via that bears the mark of a passing, in @p home; NULL: ENOMEM. */
char *cv_sip_branch(struct cv_sip *s, su_home_t *home, uint64_t pass);
/** Max-Breadth of a request; 60 when absent, unreadable or more. */
unsigned cv_sip_breadth(const sip_t *sip);
/** Sets it; 0: what it has. ENOMEM. */
int cv_sip_breadth_set(msg_t *m, unsigned n);

/* large.c: requests larger than a packet */

/** Moves an outgoing leg to its peer's TCP before its first request @p m, when [peer] mtu
 * says so; its Contact must be made anew then. */
bool cv_sip_large_move(struct cv_sip_leg *leg, msg_t *m, struct cv_evid *ev);
/** Counts and logs a request that was sent and is too large for one packet. */
void cv_sip_large_note(const struct cv_sip_leg *leg, nta_outgoing_t *orq);

/* rule.c: what a [peer] section says of headers */

/** remove-header, then add-header of the peer a message leaves to (may be NULL). ENOMEM.
 */
int cv_sip_rule_headers(const struct cv_conf_peer *p, msg_t *m);
/** from-user, from-host, to-host. ENOMEM. */
int cv_sip_rule_parties(const struct cv_conf_peer *p, su_home_t *home,
			struct cv_sip_ident *id);

/* refer.c: transfer and pickup */

/** Gives dialogs and REFERs named in a copy that leaves by @p to the names they have
 * there. */
void cv_sip_name_dialogs(const struct cv_sip_leg *to, msg_t *m);
/** The other leg of the call, and what it calls an early dialog of this one; NULL: none,
 * or several. */
struct cv_sip_leg *cv_sip_leg_mate(const struct cv_sip_leg *leg, uint32_t *fork);
/** [peer] at the other end; NULL: none, or gone from the configuration. */
const struct cv_conf_peer *cv_sip_leg_peer(const struct cv_sip_leg *leg);
/** The body as it leaves by @p to, in @p home: names in dialog-info translated. */
struct cv_str cv_sip_name_body(const struct cv_sip_leg *to, su_home_t *home,
			       const struct cv_msg *m);
/** Remembers a REFER that leaves by @p to. */
void cv_sip_note_refer(struct cv_sip_leg *to, const sip_t *came, const sip_t *left);

/** A challenge or credential as text in @p home. */
struct cv_str cv_sip_auth_text(su_home_t *home, const msg_auth_t *au);

/* trunk.c: accounts of ours at peers */

/** Makes an account for every peer that wants one and has none yet. */
void cv_sip_trunks_fill(struct cv_sip *s);
/** The peer has other hops: an account there that isn't registered, or at a hop that is
 * gone, tries them soon. */
void cv_sip_trunk_follow(struct cv_sip *s, const char *peer);
/** After a reload: what changed leaves and comes again. */
void cv_sip_trunks_conf(struct cv_sip *s);
/** Renews the registrations whose Contact showed one of @p points (a bit each), within a
 * few seconds. */
void cv_sip_trunks_renew(struct cv_sip *s, uint64_t points);
/** Takes all registrations back; the accounts stay for requests in calls. */
void cv_sip_trunks_leave(struct cv_sip *s);
/** Ends all at once, without a word. */
void cv_sip_trunks_close(struct cv_sip *s);
/** By peer; NULL: no account there. */
struct cv_sip_trunk *cv_sip_trunk_find(struct cv_sip *s, const char *peer);
/** By the user of a Request-URI; NULL: no Contact of a trunk. */
struct cv_sip_trunk *cv_sip_trunk_by_token(struct cv_sip *s, const char *user);
/** show peers */
int cv_sip_show_peers(struct cv_out *o, int argc, const struct cv_str *argv, void *arg);

/* auth.c: what these accounts prove, and to whom (threats 22) */

/** Takes the challenge of a 401 or 407 after @p answered answers. ENOENT: none for this
 * account; EACCES: what we said was refused. */
int cv_sip_auth_take(struct cv_sip_trunk *tr, const sip_t *sip, unsigned answered);
/** Puts our credentials into a request that is complete but for them, in place of all
 * others, as Proxy-Authorization when @p proxy says so. ENOENT: no challenge was taken
 * yet; ENOMEM. */
int cv_sip_auth_add(struct cv_sip_trunk *tr, msg_t *m, bool proxy);
/** A response came from where its request went. */
bool cv_sip_auth_is_from(nta_outgoing_t *orq, const struct cv_addr *hop);
/** Answers the challenge of a trunk by sending the request again in its transaction.
 * ENOENT: it isn't ours to answer; EACCES: our credentials were refused. */
int cv_sip_auth_again(struct cv_sip_txn *t, const sip_t *sip);
/** The INVITE's credentials for its ACK (RFC 3261 22.1): the caller's, or ours when @p
 * hop is the trunk's too. ENOMEM. */
int cv_sip_auth_copy(const struct cv_sip_txn *t, msg_t *ack, const struct cv_addr *hop);

/* status.c: the one table of errno and SIP status */

int cv_sip_status(int err);
const char *cv_sip_phrase(int status);
enum cv_method cv_sip_method(sip_method_t m);

/* leg.c: what both directions share */

/** Makes a leg without a dialog; sip->legs takes its own reference. ENOMEM. */
int cv_sip_leg_alloc(struct cv_sip_leg **lp, struct cv_sip *s);
/** Makes a transaction in the leg; borrowed. ENOMEM. */
int cv_sip_txn_new(struct cv_sip_txn **tp, struct cv_sip_leg *leg, enum cv_method method);
/** The transaction is over: sofia's halves are dropped; an ended leg goes with its last
 * one. */
void cv_sip_txn_done(struct cv_sip_txn *t);
/** Remembers the URI by which the party knows us; nothing when memory is short. */
void cv_sip_leg_self(struct cv_sip_leg *leg, const url_t *url);
/** Tells the call, unless the leg has ended; references are held around it. */
void cv_sip_leg_request(struct cv_sip_txn *t, const struct cv_msg *m);
void cv_sip_leg_response(struct cv_sip_txn *t, const struct cv_msg *m);
void cv_sip_leg_gone(struct cv_sip_leg *leg, int err);
/** After the call let go: BYE when one is due and may be sent, then out of the list when
 * nothing is left. */
void cv_sip_leg_settle(struct cv_sip_leg *leg);
/** Drops everything at once, without a word to the other end: the agent closes. */
void cv_sip_leg_close(struct cv_sip_leg *leg);
/** A request in @p dialog of the leg was refused: it counts for nothing, its CSeq
 * neither. @p dialog may be gone afterwards. */
void cv_sip_leg_unhear(struct cv_sip_leg *leg, nta_leg_t *dialog);
/** Message of a request or response as the call sees it; @p ref must outlive it. */
void cv_sip_msg(struct cv_msg *m, struct cv_sip_ref *ref, struct cv_sip *s, msg_t *msg,
		int status);
extern const struct cv_leg_ops cv_sip_leg_ops;

/* early.c: early dialogs of a leg, and their reliable 1xx */

/** A response that came: fills fork of @p m, and reliable and rseq of a 1xx. False: the
 * 1xx is a repeat, out of order, or of a fork too many, and goes no further. */
bool cv_sip_early_heard(struct cv_sip_leg *leg, const sip_t *sip, struct cv_msg *m);
/** Index of @p fork among the early dialogs; earlyc: it is none of them. */
size_t cv_sip_early_at(const struct cv_sip_leg *leg, uint32_t fork);
/** Dialog for a request to @p fork: the early one, or the leg's own. */
nta_leg_t *cv_sip_early_dialog(const struct cv_sip_leg *leg, uint32_t fork);
/** Puts the RAck for m->rseq of m->fork into a PRACK. ENOMEM. */
int cv_sip_early_rack(const struct cv_sip_leg *leg, const struct cv_msg *m, msg_t *prack);
/** Fork whose dialog a message with these tags belongs to; 0 when none. */
uint32_t cv_sip_early_fork(const struct cv_sip_leg *leg, const char *local,
			   const char *remote);
/** The fork has answered: its dialog becomes the leg's own. */
void cv_sip_early_win(struct cv_sip_leg *leg, uint32_t fork);
/** Forgets all of them. */
void cv_sip_early_drop(struct cv_sip_leg *leg);

/* fork.c: early dialogs towards a caller */

/** Gives a response to the INVITE that began an incoming leg the To tag of its fork; a
 * 2xx makes that dialog the leg's own. ENOMEM, ENOBUFS. */
int cv_sip_fork_tag(struct cv_sip_txn *t, msg_t *response, const struct cv_msg *m);
/** May the next 1xx of @p fork be reliable? The stack numbers all forks in one row, which
 * a caller can't follow once two take turns. Notes it when so. */
bool cv_sip_fork_rel(struct cv_sip_txn *t, uint32_t fork);

/* rel.c: reliable 1xx of an incoming INVITE */

/** Notes in an INVITE's transaction what its sender can. */
void cv_sip_rel_note(struct cv_sip_txn *t, const sip_t *sip);
/** Sends a complete 1xx reliably, after the one that awaits its PRACK; takes @p msg.
 * ENOMEM, ENOBUFS, EIO. */
int cv_sip_rel_respond(struct cv_sip_txn *t, msg_t *msg, const struct cv_msg *m);
/** Forgets what awaits PRACK. */
void cv_sip_rel_drop(struct cv_sip_txn *t);

/* uas.c: incoming */

/** Takes an INVITE without To tag. Returns 0, or the status nta is to answer. */
int cv_sip_on_invite(struct cv_sip *s, nta_incoming_t *irq, const sip_t *sip,
		     struct cv_sip_origin *o);
/** The same for a request other than INVITE that isn't ours to answer. */
int cv_sip_on_other(struct cv_sip *s, nta_incoming_t *irq, const sip_t *sip,
		    struct cv_sip_origin *o);
/** A message of this method names where its sender wants to be asked in the dialog. */
bool cv_sip_has_target(enum cv_method m);
/** nta's callback for requests in a leg's dialog. */
int cv_sip_on_dialog(nta_leg_magic_t *magic, nta_leg_t *dialog, nta_incoming_t *irq,
		     const sip_t *sip);
/** Is a request in the leg's dialog from its party? Then the leg follows it. 0, or the
 * status to refuse it with. */
int cv_sip_leg_hears(struct cv_sip_leg *leg, nta_incoming_t *irq, const sip_t *sip);
/** respond() of leg.h. */
int cv_sip_respond(struct cv_txn *base, const struct cv_msg *m);
/** Fills rq from a request and its origin; slices borrow from the message, @p ref and the
 * origin. */
void cv_sip_request(struct cv_sip *s, struct cv_request *rq, struct cv_sip_ref *ref,
		    const struct cv_sip_origin *o);

/* uac.c: outgoing */

/** request() and ack() of leg.h. */
int cv_sip_send(struct cv_leg *base, struct cv_txn **tp, const struct cv_msg *m,
		const struct cv_target *to);
int cv_sip_ack(struct cv_txn *base, const struct cv_msg *m);
/** Nobody waits for the final response any more: as if it were a 408. */
void cv_sip_timed_out(struct cv_sip_txn *t);
/** Where the route set or remote target of the leg's dialog leads, when that is an
 * address of its own peer. */
bool cv_sip_hop_of_dialog(const struct cv_sip_leg *leg, struct cv_addr *hop);
/** Sends @p msg in place of the transaction's request, under its next CSeq. ECONNRESET
 * leaves both as they were. */
int cv_sip_resend(struct cv_sip_txn *t, msg_t *msg);
/** BYE of our own; nobody hears of its answer. */
int cv_sip_bye(struct cv_sip_leg *leg);

/* ua.c */

/** Dispatches a request out of dialog. Returns 0 or the status nta is to answer. */
int cv_sip_on_initial(struct cv_sip *s, nta_incoming_t *irq, const sip_t *sip);
/** Answers with a status and optional Retry-After (seconds; 0: none), and destroys @p
 * irq. */
void cv_sip_refuse(struct cv_sip *s, nta_incoming_t *irq, int status, unsigned retry_s);

/* reg.c */

/** Takes a REGISTER; answers it now or when upstream answers. Destroys @p irq in the end.
 * Returns 0 or a status to be answered. */
int cv_sip_on_register(struct cv_sip *s, nta_incoming_t *irq, const sip_t *sip,
		       struct cv_sip_origin *o);
/** The route named "binding"; arg is the agent. */
extern const struct cv_route_ops cv_sip_binding_route;
/** Where @p hop of a peer is, seen from here. ENETUNREACH: no listening point faces it.
 */
int cv_sip_aim_peer(struct cv_sip *s, const struct cv_conf_peer *peer,
		    const struct cv_hop *hop, struct cv_target *to, struct cv_evid *ev);
/** Ends upstream REGISTER transactions under way. */
void cv_sip_reg_close(struct cv_sip *s);

/* keep.c */

/** bind's ping callback: one keepalive out of the registration's own flow. */
void cv_sip_ping(void *arg, struct cv_binding *b);
/* guard.c */

/** Makes the table of header kinds the agent parses with: headers of thousands of parts
 * are bad ones, a Via's maddr counts for nothing. ENOMEM; E2BIG: the library knows more
 * kinds than we. Ended by cv_mem_unref() after the agent. */
int cv_sip_guard_new(struct cv_sip_guard **gp);
/** Counts Vias that were mended, from now on. */
void cv_sip_guard_stat(struct cv_sip_guard *g, struct cv_stat_cell *stat);
/** Borrowed. */
const msg_mclass_t *cv_sip_guard_table(const struct cv_sip_guard *g);

/* health.c: are the peers' hops well? */

/** Has the peers' hops probed from now on. */
void cv_sip_health_open(struct cv_sip *s);
/** No longer; ends probes under way. */
void cv_sip_health_close(struct cv_sip *s);

/* stun_plug.c */

/** Takes STUN on the SIP ports away from the stack (it answers RFC 3489 style); once a
 * process, before the agent. */
int cv_sip_stun_plug(void);
/** Socket of a UDP listener; -1: none. Never closed or read by the asker. */
int cv_sip_udp_fd(const tport_t *tp);
/** Ends pings under way. */
void cv_sip_keep_close(struct cv_sip *s);

#endif
