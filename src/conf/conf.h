/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Configuration: a file becomes one const struct, read once.
 *
 * The story: cv_conf_load() reads the INI text (inih) with its includes,
 * checks every section, key and value against the table in keys.c and against
 * each other, and gives a struct that nobody changes any more. Whoever was
 * started under it holds a reference. A reload builds a second one and swaps.
 * What needs the host (is this address ours? is that port free?) is checked by
 * core/plan.c, which finds file and line of every value here.
 */
#ifndef CV_CONF_CONF_H
#define CV_CONF_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/buf.h"
#include "base/flow.h"
#include "base/log.h"

enum {
	CV_CONF_PORTS = 8,         /* ports of one listening point and transport */
	CV_CONF_LISTENS = 32,      /* [listen] sections */
	CV_CONF_DNS = 8,           /* name servers */
	CV_CONF_PEERS = 1000,      /* [peer] sections */
	CV_CONF_PEER_TARGETS = 16, /* targets of one peer */
	CV_CONF_ERROR_LEN = 512,   /* bytes of an error sentence */
	CV_CONF_INCLUDE_DEPTH = 4, /* files that include files; stops a circle */
};

/** Where a value was written. file is owned by the configuration; line 0: a default. */
struct cv_conf_pos {
	const char *file;
	unsigned line;
};

/** One element of a list, trimmed, with its place. */
struct cv_conf_item {
	const char *text;
	struct cv_conf_pos pos;
};

/** A list key; repeated keys add. Elements keep their order. */
struct cv_conf_list {
	struct cv_conf_item *v;
	size_t c;
};

enum cv_conf_nat { CV_NAT_AUTO = 0, CV_NAT_YES, CV_NAT_NO };
enum cv_conf_relay { CV_RELAY_AUTO = 0, CV_RELAY_ALWAYS, CV_RELAY_NEVER };
enum cv_conf_early { CV_EARLY_ALL = 0, CV_EARLY_ONE };
enum cv_conf_refer { CV_REFER_PASS = 0, CV_REFER_ANSWER };
enum cv_conf_redirect { CV_REDIRECT_PASS = 0, CV_REDIRECT_FOLLOW };
enum cv_conf_latch { CV_LATCH_SIGNALLING = 0, CV_LATCH_ANY };
enum cv_conf_strangers {
	CV_STRANGERS_REFUSE = 0,
	CV_STRANGERS_CHALLENGE,
	CV_STRANGERS_PASS
};
enum cv_conf_ping { CV_PING_OPTIONS = 0, CV_PING_CRLF, CV_PING_ZERO, CV_PING_STUN };
enum cv_conf_who { CV_PING_NATED = 0, CV_PING_ALL };

enum cv_conf_tls_verify {
	CV_TLS_VERIFY_NO = 0,
	CV_TLS_VERIFY_YES,
	CV_TLS_VERIFY_MUTUAL,
};
enum cv_conf_tls_min { CV_TLS_MIN_1_2 = 0, CV_TLS_MIN_1_3 };

/** [general] */
struct cv_conf_general {
	const char *name; /* default: the host's name */
	const char *user; /* account to run as; "root": stay */
	const char *state_dir, *run_dir;
	unsigned media_threads;      /* 0: one a core */
	struct cv_conf_list modules; /* empty: all built */
	enum cv_conf_strangers strangers;
	enum cv_log_level log_level;
	enum cv_log_format log_format;
};

/** [network]; lists are text in the grammar of net/alist.h. */
struct cv_conf_network {
	struct cv_conf_list lan; /* one item "auto" by default */
	struct cv_conf_list
		lan_routes; /* one item "all" by default; "none", or groups "A B | C" */
	struct cv_conf_list nated, nat_systems;
	bool same_nat_direct;
	struct cv_conf_list dns; /* addresses of name servers; empty: the host's */
	struct cv_conf_pos pos;
};

/** How the address that a listening point shows is known. */
enum cv_conf_shown {
	CV_SHOWN_SELF = 0, /* not written: its own */
	CV_SHOWN_LITERAL,
	CV_SHOWN_DNS,  /* what a name stands for */
	CV_SHOWN_STUN, /* what a STUN server sees */
};

/** Key advertise of [listen]. */
struct cv_conf_advertise {
	enum cv_conf_shown by;
	struct cv_addr addr; /* LITERAL; STUN: of the server, unset when it is a name */
	const char *host;    /* DNS; STUN: name of the server, or NULL */
	uint16_t port;       /* STUN */
	const char *text;    /* as written; NULL: not written */
	struct cv_conf_pos pos;
};

/** [listen NAME] as written; core/plan.c turns it into listening points. */
struct cv_conf_listen {
	const char *name, *address; /* literal, interface name, or "auto" */
	uint16_t udp[CV_CONF_PORTS], tcp[CV_CONF_PORTS]; /* host order */
	uint16_t tls[CV_CONF_PORTS];
	size_t udpc, tcpc, tlsc; /* 0: off */
	const char *tls_cert;    /* chain, leaf first; NULL: none */
	const char *tls_key;     /* NULL: in tls_cert */
	const char *tls_ca;      /* NULL: the host's store */
	enum cv_conf_tls_verify tls_verify;
	enum cv_conf_tls_min tls_min;
	bool side_given;
	enum cv_side side;         /* LAN or WAN; valid when side_given */
	struct cv_conf_advertise advertise;
	const char *media_address; /* literal; NULL: the address itself */
	struct cv_conf_pos pos;    /* of the address */
};

/** One SIP URI of a peer's target list. */
struct cv_conf_target {
	struct cv_addr addr; /* with a port; unset where the host is a name */
	const char *host;    /* a name; NULL: it is an address */
	uint16_t port;       /* of a name; 0: not written */
	enum cv_transport transport;
	bool transport_given; /* else records of a name may choose it */
	const char *uri;      /* as written */
	unsigned weight; /* among neighbours that have one; 0: none, it stands alone */
	struct cv_conf_pos pos;
};

/** [peer NAME] */
struct cv_conf_peer {
	const char *name;
	struct cv_conf_target *targets;
	size_t targetc;
	struct cv_conf_list domains, from; /* from empty: the targets' hosts */
	enum cv_conf_nat nat;
	enum cv_conf_relay relay;
	enum cv_conf_latch latch;
	enum cv_conf_early early;
	enum cv_conf_refer refer;
	enum cv_conf_redirect redirect;
	uint32_t try_ms; /* without any response for so long the next target is tried */
	bool register_;  /* a trunk that wants a REGISTER from us (key "register") */
	const char *username, *password; /* what we prove to it; NULL: nothing; never
					    shown or logged */
	const char *realm; /* the only one they are for; NULL: the first it asks for */
	bool trust_identity;
	struct cv_conf_list add_headers, remove_headers; /* whole headers; names */
	const char *from_user, *from_host, *to_host;     /* NULL: as it comes */
	unsigned mtu;                /* bytes of a request over UDP; 0: whatever it has */
	uint32_t options_ping_ms;    /* 0: off */
	unsigned max_calls, max_cps; /* 0: no limit of its own */
	int dscp;                    /* -1: as [media] */
	struct cv_conf_pos pos;
};

/** [route NAME]; first match wins. */
struct cv_conf_route {
	const char *name;
	const char *from; /* "phones", "peer:NAME" or "any" */
	const char *
		to; /* POSIX extended regular expression on the request user; NULL: any */
	const char *method;        /* NULL: any */
	struct cv_conf_list peers; /* failover in order; empty when user is set */
	const char *user;          /* an account of ours to ring; NULL: to a peer */
	unsigned strip;            /* characters taken off the user's front */
	const char *prefix;        /* put before the user; NULL: nothing */
	struct cv_conf_pos pos;
};

/** [registration], seconds */
struct cv_conf_registration {
	uint32_t min_expires_s, phone_expires_udp_s, phone_expires_stream_s,
		peer_expires_s;
};

/** [ping] */
struct cv_conf_pinger {
	enum cv_conf_ping method;
	uint32_t interval_ms, stream_interval_ms;
	unsigned lost;
	enum cv_conf_who who;
};

/** [media] */
struct cv_conf_media {
	uint16_t port_lo, port_hi;
	uint16_t tcp_lo, tcp_hi;
	enum cv_conf_relay relay;
	enum cv_conf_latch latch;
	uint32_t idle_ms, hold_ms;
	unsigned dscp;
	struct cv_conf_pos pos; /* of ports */
};

/** [limits]; 0: no limit but memory, for calls a second and counts */
struct cv_conf_limits {
	unsigned max_calls, max_cps, max_registrations, max_message;
};

/** One configuration generation. Const after cv_conf_load(). */
struct cv_conf {
	struct cv_conf_general general;
	struct cv_conf_network network;
	struct cv_conf_listen *listens;
	size_t listenc;
	struct cv_conf_peer *peers;
	size_t peerc;
	struct cv_conf_route *routes;
	size_t routec;
	struct cv_conf_registration registration;
	struct cv_conf_pinger ping;
	struct cv_conf_media media;
	struct cv_conf_limits limits;
	const char *admin_socket; /* default run_dir/culvert.sock */
	const struct cv_opts
		*opts; /* all sections as text, for modules (conf/opts.h); owned */
};

/**
 * Reads @p path with its includes. On EINVAL (bad text) or the errno of an
 * unreadable file, @p error holds every finding as "FILE:LINE: sentence\n".
 * The result is ended by cv_mem_unref().
 */
int cv_conf_load(struct cv_conf **cp, const char *path, struct cv_buf *error);

/** The same from memory; @p name stands for the file in errors. For tests and the fuzzer;
 * includes are refused. */
int cv_conf_parse(struct cv_conf **cp, const char *name, struct cv_str text,
		  struct cv_buf *error);

/** Peer by name; NULL: none. Borrowed from @p c. */
const struct cv_conf_peer *cv_conf_peer_find(const struct cv_conf *c, struct cv_str name);

/** Some peer is reached by @p transport, or may be. */
bool cv_conf_dials(const struct cv_conf *c, enum cv_transport transport);

/** Appends "FILE:LINE: sentence\n". */
void cv_conf_complain(struct cv_buf *error, struct cv_conf_pos pos, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/** Prints the table of all keys as mdoc (for culvert.conf.5), from keys.c. */
void cv_conf_doc(struct cv_buf *to);

#endif
