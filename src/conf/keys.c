/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The table of all keys: the single place where a key is declared. It feeds
 * the reader, the defaults and the manual page. Const; any thread.
 */
#include "config.h"

#include <stddef.h>
#include <string.h>

#include "base/str.h"
#include "conf/conf.h"
#include "conf/conf_int.h"

#define AT(type, field)   .offset = offsetof(struct type, field)
#define ALSO(type, field) .also = offsetof(struct type, field)

enum {
	DAY_S = 86400,
	HOUR_MS = 3600 * 1000,
	MANY = 1000000, /* no count of ours makes sense above */
};

const struct cv_conf_kind cv_conf_kinds[] = {
	{"general", false, true, 1, "The daemon itself"},
	{"network", false, true, 1,
	 "What the networks around this host are; the side of each party follows from "
	 "them; address lists take single addresses, ranges LO-HI and prefixes "
	 "ADDRESS/BITS; a "
	 "leading exclamation mark takes away from what stands before, and the last word "
	 "wins"},
	{"listen", true, true, CV_CONF_LISTENS, "A point at which requests are taken"},
	{"peer", true, true, CV_CONF_PEERS, "A PBX, registrar or trunk"},
	{"route", true, true, CV_CONF_PEERS,
	 "Where a request goes that no registration answers; the first match in the "
	 "order "
	 "of the file wins"},
	{"user", true, false, 0,
	 "An account of the embedded registrar; NAME is its user"},
	{"registration", false, true, 1, "How long registrations last"},
	{"ping", false, true, 1, "How holes in NATs are kept open"},
	{"media", false, true, 1, "Relaying of audio, video and fax"},
	{"limits", false, true, 1, "Bounds; 0 means as many as memory holds"},
	{"admin", false, true, 1, "The door of culvertctl"},
};
const size_t cv_conf_kindc = sizeof(cv_conf_kinds) / sizeof(cv_conf_kinds[0]);

const struct cv_conf_key cv_conf_keys[] = {
	/* [general] */
	{"general", "name", CV_CONF_TEXT, AT(cv_conf_general, name),
	 .doc = "Name of this edge in logs and headers; by default the host's name"},
	{"general", "user", CV_CONF_TEXT, AT(cv_conf_general, user), .def = "culvert",
	 .doc = "Account to run as once the sockets are open; root stays root"},
	{"general", "state-dir", CV_CONF_PATH, AT(cv_conf_general, state_dir),
	 .def = "/var/lib/culvert", .doc = "Directory of what must outlive a restart"},
	{"general", "run-dir", CV_CONF_PATH, AT(cv_conf_general, run_dir),
	 .def = "/run/culvert", .doc = "Directory of sockets"},
	{"general", "media-threads", CV_CONF_COUNT, AT(cv_conf_general, media_threads),
	 .max = 256, .def = "0", .doc = "Threads that move packets; 0: one a core"},
	{"general", "modules", CV_CONF_LIST, AT(cv_conf_general, modules),
	 .doc = "Modules to start, in order; by default all that were built"},
	{"general", "include", CV_CONF_INCLUDE,
	 .doc = "A file, or DIR/*.conf, read behind this one; a relative path begins at "
		"the file that says it"},
	{"general", "strangers", CV_CONF_WORD, AT(cv_conf_general, strangers),
	 .words = "refuse challenge pass", .def = "refuse",
	 .doc = "What happens to requests of unknown sources: refuse, challenge "
		"(accounts "
		"of the embedded registrar only) or pass to the peer whose domains hold "
		"the Request-URI"},
	{"general", "log-level", CV_CONF_WORD, AT(cv_conf_general, log_level),
	 .words = "error warn info debug", .def = "info",
	 .doc = "Least grave lines that are logged: error, warn, info or debug"},
	{"general", "log-format", CV_CONF_WORD, AT(cv_conf_general, log_format),
	 .words = "text json", .def = "text", .doc = "Form of log lines: text or json"},

	/* [network] */
	{"network", "lan", CV_CONF_LIST, AT(cv_conf_network, lan), .def = "auto",
	 .doc = "Addresses of the local networks; auto: the directly attached networks "
		"whose interface address is in nated"},
	{"network", "lan-routes", CV_CONF_LIST, AT(cv_conf_network, lan_routes),
	 .def = "all",
	 .doc = "Local networks that reach each other without us: all, none, or groups "
		"as "
		"A B | C"},
	{"network", "nated", CV_CONF_LIST, AT(cv_conf_network, nated),
	 .def = "10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 100.64.0.0/10, 192.0.0.0/29, "
		"169.254.0.0/16, fc00::/7",
	 .doc = "Addresses that are not routed in the internet: whoever writes one there "
		"stands behind a NAT"},
	{"network", "nat-systems", CV_CONF_LIST, AT(cv_conf_network, nat_systems),
	 .doc = "Sources that are always taken as standing behind a NAT; none by "
		"default"},
	{"network", "same-nat-direct", CV_CONF_BOOL, AT(cv_conf_network, same_nat_direct),
	 .def = "yes",
	 .doc = "Let two phones behind one NAT exchange media without us, as long as "
		"they report by RTCP, which we pass on, that they hear each other: yes "
		"or no"},
	{"network", "dns", CV_CONF_LIST, AT(cv_conf_network, dns),
	 .doc = "Name servers to ask for the names in target and advertise, as "
		"192.0.2.53 or "
		"192.0.2.53:5353; by default those of the host (resolv.conf)"},

	/* [listen NAME] */
	{"listen", "address", CV_CONF_TEXT, AT(cv_conf_listen, address), .def = "auto",
	 .doc = "Address, name of an interface, or auto: every address of this host"},
	{"listen", "udp", CV_CONF_PORTLIST, AT(cv_conf_listen, udp),
	 ALSO(cv_conf_listen, udpc), .def = "5060", .doc = "UDP ports, or off"},
	{"listen", "tcp", CV_CONF_PORTLIST, AT(cv_conf_listen, tcp),
	 ALSO(cv_conf_listen, tcpc), .def = "5060", .doc = "TCP ports, or off"},
	{"listen", "tls", CV_CONF_PORTLIST, AT(cv_conf_listen, tls),
	 ALSO(cv_conf_listen, tlsc), .def = "off",
	 .doc = "TLS ports, as 5061, or off; needs tls-cert"},
	{"listen", "tls-cert", CV_CONF_PATH, AT(cv_conf_listen, tls_cert),
	 .doc = "PEM file with the certificate, the intermediate ones behind it; read "
		"again at a reload by the account of [general] user; a client that asks "
		"for a name (SNI) gets the certificate of the section that bears it"},
	{"listen", "tls-key", CV_CONF_PATH, AT(cv_conf_listen, tls_key),
	 .doc = "PEM file with its private key; by default it stands in tls-cert"},
	{"listen", "tls-ca", CV_CONF_PATH, AT(cv_conf_listen, tls_ca),
	 .doc = "PEM file of the authorities that others' certificates are verified "
		"against; by default those of the host"},
	{"listen", "tls-verify", CV_CONF_WORD, AT(cv_conf_listen, tls_verify),
	 .words = "no yes mutual", .def = "no",
	 .doc = "Whose certificates are verified: no (nobody's), yes (of peers we "
		"connect to; it must bear the host of target or a domain of "
		"the peer) or mutual (those, and whoever connects must have one)"},
	{"listen", "tls-min", CV_CONF_WORD, AT(cv_conf_listen, tls_min),
	 .words = "1.2 1.3", .def = "1.2", .doc = "Oldest version of TLS: 1.2 or 1.3"},
	{"listen", "side", CV_CONF_WORD, AT(cv_conf_listen, side),
	 ALSO(cv_conf_listen, side_given), .words = "lan wan",
	 .doc = "Side this point faces, lan or wan; by default it follows from the "
		"address"},
	{"listen", "advertise", CV_CONF_SHOWN, AT(cv_conf_listen, advertise),
	 .doc = "Address to write in SIP headers and in SDP where the host itself stands "
		"behind a NAT: an address, dns:NAME (what the name stands for, followed "
		"as long as its TTL says) or stun:HOST[:PORT] (where that STUN server "
		"sees us, asked every 30 s); by default the address itself"},
	{"listen", "media-address", CV_CONF_ADDRESS, AT(cv_conf_listen, media_address),
	 .doc = "Address of this host to relay media at; by default the address itself"},

	/* [peer NAME] */
	{"peer", "target", CV_CONF_TARGETS, AT(cv_conf_peer, targets),
	 ALSO(cv_conf_peer, targetc),
	 .doc = "SIP URIs to send to, in order, as sip:192.0.2.1:5060;transport=tcp "
		"(or udp, tls); a host that is a name is looked up and followed, by "
		"NAPTR "
		"and SRV records where no port is written, else by its addresses; "
		"neighbours with ;weight=N are equals, taken by chance in that "
		"proportion; those that don't answer come last"},
	{"peer", "domains", CV_CONF_LIST, AT(cv_conf_peer, domains),
	 .doc = "SIP domains this peer serves"},
	{"peer", "from", CV_CONF_LIST, AT(cv_conf_peer, from),
	 .doc = "Address list of the sources taken as this peer; by default the "
		"addresses "
		"of target"},
	{"peer", "nat", CV_CONF_WORD, AT(cv_conf_peer, nat), .words = "auto yes no",
	 .def = "auto", .doc = "Whether it stands behind a NAT: auto, yes or no"},
	{"peer", "relay", CV_CONF_WORD, AT(cv_conf_peer, relay),
	 .words = "auto always never", .def = "auto",
	 .doc = "Relay its media: auto (when needed), always or never"},
	{"peer", "latch", CV_CONF_WORD, AT(cv_conf_peer, latch),
	 .words = "signalling any", .def = "signalling",
	 .doc = "Who may begin to send media: signalling (the address its SIP or SDP "
		"came "
		"from) or any"},
	{"peer", "early", CV_CONF_WORD, AT(cv_conf_peer, early), .words = "all one",
	 .def = "all",
	 .doc = "When a call rings at several places at once: all shows a caller each of "
		"them (an early dialog each), one shows a single one; for calls from or "
		"to this peer"},
	{"peer", "refer", CV_CONF_WORD, AT(cv_conf_peer, refer), .words = "pass answer",
	 .def = "pass",
	 .doc = "A transfer (REFER) in a call with this peer: pass it on, or answer it "
		"here, by a new call to where the [route] sections let its sender call"},
	{"peer", "redirect", CV_CONF_WORD, AT(cv_conf_peer, redirect),
	 .words = "pass follow", .def = "pass",
	 .doc = "When this peer answers a call with a redirection (3xx): pass it to the "
		"caller, or follow it here: to this peer's own domains and addresses, "
		"[user] accounts, and where the [route] sections let it call"},
	{"peer", "try-timeout", CV_CONF_MILLIS, AT(cv_conf_peer, try_ms), .min = 500,
	 .max = 32000, .def = "4s",
	 .doc = "Time without any response, not even 100, after which the next target is "
		"tried; the last one is awaited for 32 s"},
	{"peer", "register", CV_CONF_BOOL, AT(cv_conf_peer, register_), .def = "no",
	 .doc = "It is a trunk that wants a REGISTER from us, which needs username and "
		"password: yes or no"},
	{"peer", "username", CV_CONF_TEXT, AT(cv_conf_peer, username),
	 .doc = "Our account there, for the REGISTER and for its challenges; calls to "
		"it find the user of their To header in the to of a [route]"},
	{"peer", "password", CV_CONF_TEXT, AT(cv_conf_peer, password), .secret = true,
	 .doc = "Password of username; it is used towards the target only, never for "
		"anybody else; best kept in a file of its own, see include"},
	{"peer", "realm", CV_CONF_TEXT, AT(cv_conf_peer, realm),
	 .doc = "The only realm the password is for; by default the first one the "
		"target "
		"asks for"},
	{"peer", "trust-identity", CV_CONF_BOOL, AT(cv_conf_peer, trust_identity),
	 .def = "no",
	 .doc = "Believe the identity headers it sends (P-Asserted-Identity, "
		"Remote-Party-ID, Diversion, History-Info and the like), let it see "
		"those of others whatever their Privacy says, and leave Privacy to it: "
		"yes or no"},
	{"peer", "add-header", CV_CONF_HEADERS, AT(cv_conf_peer, add_headers),
	 .doc = "A header, as X-Name: value, put into every request and response to it; "
		"a repeated key adds another; a blank before a semicolon would begin a "
		"comment"},
	{"peer", "remove-header", CV_CONF_NAMES, AT(cv_conf_peer, remove_headers),
	 .doc = "Names of headers that it never gets, before add-header"},
	{"peer", "from-user", CV_CONF_USER, AT(cv_conf_peer, from_user),
	 .doc = "User of From in what starts towards it, as a trunk that wants its "
		"account there; by default the caller's"},
	{"peer", "from-host", CV_CONF_HOST, AT(cv_conf_peer, from_host),
	 .doc = "The same for the host of From"},
	{"peer", "to-host", CV_CONF_HOST, AT(cv_conf_peer, to_host),
	 .doc = "The same for the host of To"},
	{"peer", "mtu", CV_CONF_COUNT, AT(cv_conf_peer, mtu), .min = 500, .max = 65535,
	 .doc = "Bytes above which a request that starts something goes to it by TCP in "
		"place of UDP, with all that follows in the dialog, when a target "
		"that is the same address says transport=tcp; by default never, they are "
		"logged"},
	{"peer", "options-ping", CV_CONF_MILLIS, AT(cv_conf_peer, options_ping_ms),
	 .min = 1000, .max = HOUR_MS, .words = "off", .def = "30s",
	 .doc = "Time between two OPTIONS with which each address of target is asked "
		"whether it is well, or off; any answer but 408 and 503 says yes; off: "
		"in its calls it isn't asked either whether it is still there"},
	{"peer", "max-calls", CV_CONF_COUNT, AT(cv_conf_peer, max_calls), .max = MANY,
	 .def = "0", .doc = "Calls from and to it at once; 0: as many as come"},
	{"peer", "max-cps", CV_CONF_COUNT, AT(cv_conf_peer, max_cps), .max = MANY,
	 .def = "0",
	 .doc = "New calls a second from and to it; 0: as many as come; beyond either "
		"limit a caller gets 503 with Retry-After"},
	{"peer", "dscp", CV_CONF_COUNT, AT(cv_conf_peer, dscp), .max = 63,
	 .doc = "DSCP of the media sent to it; by default that of [media]"},

	/* [route NAME] */
	{"route", "from", CV_CONF_SOURCE, AT(cv_conf_route, from), .def = "any",
	 .doc = "Where the request comes from: phones, peer:NAME or any"},
	{"route", "to", CV_CONF_REGEX, AT(cv_conf_route, to),
	 .doc = "POSIX extended regular expression on the user of the Request-URI; by "
		"default every user"},
	{"route", "method", CV_CONF_METHOD, AT(cv_conf_route, method),
	 .doc = "SIP method; by default every method"},
	{"route", "peer", CV_CONF_LIST, AT(cv_conf_route, peers),
	 .doc = "Peers to send to; the next one is tried when one fails"},
	{"route", "user", CV_CONF_TEXT, AT(cv_conf_route, user),
	 .doc = "In place of peer: the [user] whose phone rings"},
	{"route", "strip", CV_CONF_COUNT, AT(cv_conf_route, strip), .max = 64, .def = "0",
	 .doc = "Characters taken off the front of the user"},
	{"route", "prefix", CV_CONF_TEXT, AT(cv_conf_route, prefix),
	 .doc = "Text put before the user, after strip; nothing by default"},

	/* [user NAME]: kept as text for the module registrar */
	{"user", "password", CV_CONF_TEXT, .secret = true,
	 .doc = "Password, or else ha1; both are best kept in a file of their own, see "
		"include"},
	{"user", "ha1", CV_CONF_HA1, .secret = true,
	 .doc = "Hash of NAME:DOMAIN:PASSWORD in place of the password"},
	{"user", "domain", CV_CONF_TEXT,
	 .doc = "Its SIP domain and realm; by default the domain the phone asks for"},
	{"user", "max-contacts", CV_CONF_COUNT, .min = 1, .max = 100, .def = "5",
	 .doc = "Phones that may be registered at once"},

	/* [registration] */
	{"registration", "min-expires", CV_CONF_SECONDS,
	 AT(cv_conf_registration, min_expires_s), .min = 1, .max = DAY_S, .def = "60s",
	 .doc = "Shortest registration that is accepted"},
	{"registration", "phone-expires-udp", CV_CONF_SECONDS,
	 AT(cv_conf_registration, phone_expires_udp_s), .min = 1, .max = DAY_S,
	 .def = "60s", .doc = "Time told to a phone behind a NAT that came over UDP"},
	{"registration", "phone-expires-stream", CV_CONF_SECONDS,
	 AT(cv_conf_registration, phone_expires_stream_s), .min = 1, .max = DAY_S,
	 .def = "600s", .doc = "Time told to a phone that came over a connection"},
	{"registration", "peer-expires", CV_CONF_SECONDS,
	 AT(cv_conf_registration, peer_expires_s), .min = 1, .max = DAY_S, .def = "3600s",
	 .doc = "Time asked of the registrar behind us"},

	/* [ping] */
	{"ping", "method", CV_CONF_WORD, AT(cv_conf_pinger, method),
	 .words = "options crlf zero stun", .def = "options",
	 .doc = "What is sent to a phone over UDP: options, crlf (two line ends), zero "
		"(four zero bytes) or stun (a Binding indication); only options is "
		"answered, so only it can tell that a phone is gone"},
	{"ping", "interval", CV_CONF_MILLIS, AT(cv_conf_pinger, interval_ms), .min = 1000,
	 .max = HOUR_MS, .def = "25s", .doc = "Time between two pings over UDP"},
	{"ping", "stream-interval", CV_CONF_MILLIS,
	 AT(cv_conf_pinger, stream_interval_ms), .min = 1000, .max = HOUR_MS,
	 .def = "110s", .doc = "Time between two pings over a connection"},
	{"ping", "lost", CV_CONF_COUNT, AT(cv_conf_pinger, lost), .min = 1, .max = 100,
	 .def = "3", .doc = "Pings without answer after which a phone counts as gone"},
	{"ping", "who", CV_CONF_WORD, AT(cv_conf_pinger, who), .words = "nated all",
	 .def = "nated", .doc = "Who is pinged: nated (phones behind a NAT) or all"},

	/* [media] */
	{"media", "ports", CV_CONF_RANGE, AT(cv_conf_media, port_lo),
	 ALSO(cv_conf_media, port_hi), .def = "16384-32767",
	 .doc = "UDP ports of relayed media, from an even to an odd one"},
	{"media", "tcp-ports", CV_CONF_RANGE, AT(cv_conf_media, tcp_lo),
	 ALSO(cv_conf_media, tcp_hi), .def = "7000-7099",
	 .doc = "TCP ports of relayed media (shared desktops, fax, file transfer): two a "
		"stream"},
	{"media", "relay", CV_CONF_WORD, AT(cv_conf_media, relay),
	 .words = "auto always never", .def = "auto",
	 .doc = "Relay media: auto (when needed), always or never"},
	{"media", "latch", CV_CONF_WORD, AT(cv_conf_media, latch),
	 .words = "signalling any", .def = "signalling",
	 .doc = "Who may begin to send media: signalling (the address SIP or SDP came "
		"from) or any"},
	{"media", "idle-timeout", CV_CONF_MILLIS, AT(cv_conf_media, idle_ms), .min = 1000,
	 .max = HOUR_MS, .def = "60s",
	 .doc = "Silence after which a stream counts as dead"},
	{"media", "hold-timeout", CV_CONF_MILLIS, AT(cv_conf_media, hold_ms), .min = 1000,
	 .max = 24 * HOUR_MS, .def = "300s", .doc = "The same for a stream on hold"},
	{"media", "dscp", CV_CONF_COUNT, AT(cv_conf_media, dscp), .max = 63, .def = "46",
	 .doc = "DSCP of relayed packets"},

	/* [limits] */
	{"limits", "max-calls", CV_CONF_COUNT, AT(cv_conf_limits, max_calls), .max = MANY,
	 .def = "0", .doc = "Calls at once"},
	{"limits", "max-cps", CV_CONF_COUNT, AT(cv_conf_limits, max_cps), .max = MANY,
	 .def = "0", .doc = "New calls a second"},
	{"limits", "max-registrations", CV_CONF_COUNT,
	 AT(cv_conf_limits, max_registrations), .max = MANY, .def = "0",
	 .doc = "Registrations at once"},
	{"limits", "max-message", CV_CONF_COUNT, AT(cv_conf_limits, max_message),
	 .min = 1500, .max = 65535, .def = "16384", .doc = "Bytes of one SIP message"},

	/* [admin] */
	{"admin", "socket", CV_CONF_PATH, AT(cv_conf, admin_socket),
	 .doc = "Unix socket of culvertctl; by default culvert.sock in run-dir"},
};
const size_t cv_conf_keyc = sizeof(cv_conf_keys) / sizeof(cv_conf_keys[0]);

_Static_assert(sizeof(cv_conf_keys) / sizeof(cv_conf_keys[0]) <= CV_CONF_KEYS,
	       "build.c counts on it");

/** Names of the contract that a later version serves. */
struct later {
	const char *kind, *names; /* separated by blanks; NULL: the whole section */
};

static const struct later laters[] = {
	{"general", " store log-to "},
	{"peer", " srtp srtp-keys contact rtp-keepalive codecs "},
	{"ping", " adaptive "},
	{"media", " ice fast-path "},
	{"admin", " http token "},
	{"log-file", NULL},
	{"cdr", NULL},
	{"hep", NULL},
	{"tunnel", NULL},
	{"cluster", NULL},
};

enum { NEAR_LEN = 32 }; /* longer words are nobody's typing error */

const struct cv_conf_kind *cv_conf_kind_find(const char *name)
{
	for (size_t i = 0; i < cv_conf_kindc; ++i) {
		if (strcmp(cv_conf_kinds[i].name, name) == 0)
			return &cv_conf_kinds[i];
	}

	return NULL;
}

const struct cv_conf_key *cv_conf_key_find(const char *kind, const char *name)
{
	for (size_t i = 0; i < cv_conf_keyc; ++i) {
		if (strcmp(cv_conf_keys[i].name, name) == 0 &&
		    strcmp(cv_conf_keys[i].kind, kind) == 0)
			return &cv_conf_keys[i];
	}

	return NULL;
}

static bool has_word(const char *words, const char *word)
{
	struct cv_str rest = cv_str_of(words);
	struct cv_str part;

	while (cv_str_next(&rest, ' ', &part)) {
		if (part.len > 0 && cv_str_eq(part, cv_str_of(word)))
			return true;
	}

	return false;
}

bool cv_conf_key_is_later(const char *kind, const char *name)
{
	for (size_t i = 0; i < sizeof(laters) / sizeof(laters[0]); ++i) {
		if (strcmp(laters[i].kind, kind) == 0)
			return laters[i].names && has_word(laters[i].names, name);
	}

	return false;
}

bool cv_conf_kind_is_later(const char *name)
{
	for (size_t i = 0; i < sizeof(laters) / sizeof(laters[0]); ++i) {
		if (!laters[i].names && strcmp(laters[i].kind, name) == 0)
			return true;
	}

	return false;
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Letters to add, drop or change to make one word of the other. */
static size_t distance(const char *a, const char *b)
{
	size_t row[NEAR_LEN + 1];
	size_t alen = strlen(a), blen = strlen(b);
	size_t corner, above;

	if (alen > NEAR_LEN || blen > NEAR_LEN)
		return NEAR_LEN;

	for (size_t j = 0; j <= blen; ++j)
		row[j] = j;

	for (size_t i = 1; i <= alen; ++i) {
		corner = row[0];
		row[0] = i;
		for (size_t j = 1; j <= blen; ++j) {
			above = row[j];
			row[j] = least(corner + (a[i - 1] != b[j - 1]),
				       1 + least(above, row[j - 1]));
			corner = above;
		}
	}

	return row[blen];
}

static void nearer(const char *word, const char *name, size_t *best, const char **near)
{
	size_t d = distance(word, name);

	if (d < *best && d <= strlen(name) / 2) {
		*best = d;
		*near = word;
	}
}

const char *cv_conf_nearest(const char *kind, const char *name)
{
	size_t best = 4; /* more wrong letters than 3 are another word */
	const char *near = NULL;

	if (!kind) {
		for (size_t i = 0; i < cv_conf_kindc; ++i)
			nearer(cv_conf_kinds[i].name, name, &best, &near);

		return near;
	}

	for (size_t i = 0; i < cv_conf_keyc; ++i) {
		if (strcmp(cv_conf_keys[i].kind, kind) == 0)
			nearer(cv_conf_keys[i].name, name, &best, &near);
	}

	return near;
}
