/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The words of a box: a table of keys, one reader a kind of value. One thread.
 */
#include "config.h"

#include "tools/natconf.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tools/natalg.h"

enum { PORT_MAX = 65535, PERMILLE = 1000, KBIT_MAX = 10000000 };

typedef int read_fn(struct cv_natconf *c, struct cv_str value);

static int read_side(struct cv_natconf_side *s, struct cv_str value)
{
	size_t slash = cv_str_chr(value, '/');
	struct cv_str ns = CV_STR_NULL, dev = value;

	if (slash < value.len) {
		ns = cv_str_make(value.p, slash);
		dev = cv_str_from(value, slash + 1);
	}
	if (dev.len == 0 || dev.len >= sizeof(s->dev) || ns.len >= sizeof(s->ns) ||
	    memchr(dev.p, '/', dev.len))
		return EINVAL;

	if (ns.len > 0)
		memcpy(s->ns, ns.p, ns.len);
	memcpy(s->dev, dev.p, dev.len);
	s->ns[ns.len] = s->dev[dev.len] = '\0';

	return 0;
}

static int read_inside(struct cv_natconf *c, struct cv_str value)
{
	return read_side(&c->inside, value);
}

static int read_outside(struct cv_natconf *c, struct cv_str value)
{
	return read_side(&c->outside, value);
}

static int read_address(struct cv_natconf *c, struct cv_str value)
{
	struct cv_nat_traits *t = &c->traits;
	struct cv_str part;

	while (cv_str_next(&value, ',', &part)) {
		if (t->outsidec == CV_NAT_OUTSIDES ||
		    cv_addr_parse(&t->outside[t->outsidec], part) ||
		    t->outside[t->outsidec].port != 0)
			return EINVAL;

		++t->outsidec;
	}

	return 0;
}

static int read_kind(enum cv_nat_kind *kind, struct cv_str value)
{
	for (enum cv_nat_kind k = CV_NAT_NONE; k <= CV_NAT_APD; ++k) {
		if (cv_str_eq(value, cv_str_of(cv_nat_kind_name(k)))) {
			*kind = k;
			return 0;
		}
	}

	return EINVAL;
}

static int read_map(struct cv_natconf *c, struct cv_str value)
{
	return read_kind(&c->traits.map, value);
}

static int read_filter(struct cv_natconf *c, struct cv_str value)
{
	return read_kind(&c->traits.filter, value);
}

/* One of two words. */
static int read_either(bool *is, struct cv_str value, const char *yes, const char *no)
{
	*is = cv_str_eq(value, cv_str_of(yes));

	return *is || cv_str_eq(value, cv_str_of(no)) ? 0 : EINVAL;
}

static int read_preserve(struct cv_natconf *c, struct cv_str value)
{
	return read_either(&c->traits.preserve, value, "yes", "no");
}

static int read_hairpin(struct cv_natconf *c, struct cv_str value)
{
	return read_either(&c->traits.hairpin, value, "yes", "no");
}

static int read_pool(struct cv_natconf *c, struct cv_str value)
{
	return read_either(&c->traits.pool_random, value, "random", "paired");
}

static int read_refresh(struct cv_natconf *c, struct cv_str value)
{
	return read_either(&c->traits.refresh_in, value, "both", "out");
}

static int read_ms(uint32_t *ms, struct cv_str value)
{
	uint64_t n = 0;
	int err = cv_str_ms(&n, value);

	if (err || n > UINT32_MAX)
		return EINVAL;

	*ms = (uint32_t)n;

	return 0;
}

static int read_idle(struct cv_natconf *c, struct cv_str value)
{
	return read_ms(&c->traits.udp_idle_ms, value);
}

static int read_tcp_idle(struct cv_natconf *c, struct cv_str value)
{
	return read_ms(&c->traits.tcp_idle_ms, value);
}

static int read_icmp_idle(struct cv_natconf *c, struct cv_str value)
{
	return read_ms(&c->traits.icmp_idle_ms, value);
}

static int read_range(uint16_t *lo, uint16_t *hi, struct cv_str value)
{
	size_t dash = cv_str_chr(value, '-');
	uint64_t from = 0, to = 0;

	if (cv_str_u64(&from, cv_str_make(value.p, dash), PORT_MAX) || from == 0)
		return EINVAL;

	to = from;
	if (dash < value.len &&
	    (cv_str_u64(&to, cv_str_from(value, dash + 1), PORT_MAX) || to < from))
		return EINVAL;

	*lo = (uint16_t)from;
	*hi = (uint16_t)to;

	return 0;
}

static int read_ports(struct cv_natconf *c, struct cv_str value)
{
	return read_range(&c->traits.port_lo, &c->traits.port_hi, value);
}

/* udp, tcp/5060, udp/1024-2048, icmp */
static int read_rule(struct cv_nat_rule *r, struct cv_str value)
{
	size_t slash = cv_str_chr(value, '/');
	struct cv_str proto = cv_str_make(value.p, slash);

	r->lo = 0;
	r->hi = PORT_MAX;
	if (cv_str_eq(proto, CV_STR("udp")))
		r->kind = CV_NATPKT_UDP;
	else if (cv_str_eq(proto, CV_STR("tcp")))
		r->kind = CV_NATPKT_TCP;
	else if (cv_str_eq(proto, CV_STR("icmp")) && slash == value.len)
		r->kind = CV_NATPKT_ECHO;
	else
		return EINVAL;

	return slash < value.len
		       ? read_range(&r->lo, &r->hi, cv_str_from(value, slash + 1))
		       : 0;
}

static int read_rules(struct cv_natconf *c, struct cv_str value, bool allow)
{
	struct cv_nat_traits *t = &c->traits;
	struct cv_str part;

	while (cv_str_next(&value, ',', &part)) {
		if (t->rulec == CV_NAT_RULES || read_rule(&t->rules[t->rulec], part))
			return EINVAL;

		t->rules[t->rulec++].allow = allow;
	}

	return 0;
}

static int read_block(struct cv_natconf *c, struct cv_str value)
{
	return read_rules(c, value, false);
}

static int read_allow(struct cv_natconf *c, struct cv_str value)
{
	return read_rules(c, value, true);
}

static int read_delay(struct cv_natconf *c, struct cv_str value)
{
	return read_ms(&c->line.delay_ms, value);
}

static int read_jitter(struct cv_natconf *c, struct cv_str value)
{
	return read_ms(&c->line.jitter_ms, value);
}

/* 2%, 0.5% */
static int read_share(unsigned *permille, struct cv_str value)
{
	size_t dot;
	uint64_t whole = 0, tenth = 0;

	if (value.len < 2 || value.p[value.len - 1] != '%')
		return EINVAL;

	value.len -= 1;
	dot = cv_str_chr(value, '.');
	if (cv_str_u64(&whole, cv_str_make(value.p, dot), 100))
		return EINVAL;
	if (dot < value.len && cv_str_u64(&tenth, cv_str_from(value, dot + 1), 9))
		return EINVAL;

	*permille = (unsigned)(whole * 10 + tenth);

	return *permille <= PERMILLE ? 0 : EINVAL;
}

static int read_loss(struct cv_natconf *c, struct cv_str value)
{
	return read_share(&c->line.loss_permille, value);
}

static int read_reorder(struct cv_natconf *c, struct cv_str value)
{
	return read_share(&c->line.reorder_permille, value);
}

static int read_rate(struct cv_natconf *c, struct cv_str value)
{
	static const struct cv_str unit = {"kbit", 4};
	uint64_t n = 0;

	if (value.len <= unit.len ||
	    !cv_str_eq(cv_str_from(value, value.len - unit.len), unit) ||
	    cv_str_u64(&n, cv_str_make(value.p, value.len - unit.len), KBIT_MAX) ||
	    n == 0)
		return EINVAL;

	c->line.kbit_s = (uint32_t)n;

	return 0;
}

static int read_queue(struct cv_natconf *c, struct cv_str value)
{
	return read_ms(&c->line.queue_ms, value);
}

static int read_alg(struct cv_natconf *c, struct cv_str value)
{
	static const struct {
		const char *name;
		unsigned bit;
	} bits[] = {
		{"via", CV_NATALG_VIA},   {"contact", CV_NATALG_CONTACT},
		{"sdp", CV_NATALG_SDP},   {"text", CV_NATALG_TEXT},
		{"back", CV_NATALG_BACK}, {"length", CV_NATALG_LENGTH},
	};
	struct cv_str part;

	while (cv_str_next(&value, ',', &part)) {
		unsigned bit = 0;

		for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); ++i) {
			if (cv_str_eq(part, cv_str_of(bits[i].name)))
				bit = bits[i].bit;
		}

		if (bit == 0)
			return EINVAL;

		c->alg |= bit;
	}

	return 0;
}

static int read_seed(struct cv_natconf *c, struct cv_str value)
{
	int err = cv_str_u64(&c->traits.seed, value, UINT64_MAX);

	c->line.seed = c->traits.seed;

	return err ? EINVAL : 0;
}

static const struct {
	const char *key;
	read_fn *read;
	const char *form, *help;
} keys[] = {
	{"inside", read_inside, "[NS/]DEV",
	 "TUN device of the inside, and its namespace"},
	{"outside", read_outside, "[NS/]DEV", "TUN device of the outside"},
	{"address", read_address, "IP[,IP...]", "outside addresses; none: a firewall"},
	{"map", read_map, "ei|ad|apd|none", "what a mapping depends on (ei)"},
	{"filter", read_filter, "ei|ad|apd|none", "who may answer (apd)"},
	{"preserve", read_preserve, "yes|no", "the inside port is kept if free (yes)"},
	{"hairpin", read_hairpin, "yes|no", "insiders meet at outside addresses (no)"},
	{"pool", read_pool, "paired|random", "outside address of a mapping (paired)"},
	{"refresh", read_refresh, "out|both", "what keeps a mapping alive (out)"},
	{"idle", read_idle, "TIME", "life of an unused UDP mapping (120s)"},
	{"tcp-idle", read_tcp_idle, "TIME", "of a TCP mapping (7440s)"},
	{"icmp-idle", read_icmp_idle, "TIME", "of an echo mapping (60s)"},
	{"ports", read_ports, "LO-HI", "outside ports (1024-65535)"},
	{"block", read_block, "PROTO[/PORTS][,...]", "what insiders may not send to"},
	{"allow", read_allow, "PROTO[/PORTS][,...]", "what they may all the same"},
	{"delay", read_delay, "TIME", "one way, in both directions"},
	{"jitter", read_jitter, "TIME", "added to it, from 0 to this"},
	{"loss", read_loss, "N%", "packets lost"},
	{"reorder", read_reorder, "N%", "packets that overtake others"},
	{"rate", read_rate, "Nkbit", "bandwidth, each direction"},
	{"queue", read_queue, "TIME", "longest wait for bandwidth; more is lost"},
	{"alg", read_alg, "WORD[,...]",
	 "SIP text rewritten: via, contact, sdp, text, back, length"},
	{"seed", read_seed, "N", "of all that is random (1)"},
};

static int complain(struct cv_buf *error, const char *what, struct cv_str word,
		    const char *form)
{
	cv_buf_printf(error, "%s: " CV_STR_FMT "%s%s\n", what, CV_STR_ARG(word),
		      form ? ", not " : "", form ? form : "");

	return EINVAL;
}

static int read_word(struct cv_natconf *c, struct cv_str word, struct cv_buf *error)
{
	size_t eq = cv_str_chr(word, '=');
	struct cv_str key = cv_str_make(word.p, eq), value = cv_str_from(word, eq + 1);

	if (cv_str_starts(key, CV_STR("--"))) /* as options are written */
		key = cv_str_from(key, 2);

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); ++i) {
		if (!cv_str_eq(key, cv_str_of(keys[i].key)))
			continue;
		if (eq == word.len || value.len == 0 || keys[i].read(c, value))
			return complain(error, "bad value", word, keys[i].form);

		return 0;
	}

	return complain(error, "unknown word", word, NULL);
}

static int name_read(struct cv_natconf *c, struct cv_str word, struct cv_buf *error)
{
	if (word.len >= sizeof(c->name) || memchr(word.p, '=', word.len))
		return complain(error, "a box begins with its name", word, NULL);

	memcpy(c->name, word.p, word.len);

	return 0;
}

/* What belongs together. */
static int check(struct cv_natconf *c, struct cv_buf *error)
{
	struct cv_str name = cv_str_of(c->name);

	if (c->traits.outsidec == 0)
		c->traits.map = CV_NAT_NONE;

	if (c->inside.dev[0] == '\0' || c->outside.dev[0] == '\0')
		return complain(error, "inside and outside are needed", name, NULL);
	if (c->traits.outsidec == 0 && c->alg != 0)
		return complain(error, "alg needs address", name, NULL);
	if (c->traits.outsidec > 0 && c->traits.map == CV_NAT_NONE)
		return complain(error, "address and map=none exclude each other", name,
				NULL);

	return 0;
}

int cv_natconf_read(struct cv_natconf *c, struct cv_str text, struct cv_buf *error)
{
	struct cv_str rest = text, word;
	int err;

	*c = (struct cv_natconf){0};
	cv_nat_traits_init(&c->traits);
	c->line.seed = c->traits.seed;
	while (cv_str_next(&rest, ' ', &word)) {
		word = cv_str_trim(word);
		if (word.len == 0)
			continue;

		err = c->name[0] ? read_word(c, word, error) : name_read(c, word, error);
		if (err)
			return err;
	}

	if (c->name[0] == '\0')
		return complain(error, "a box begins with its name", text, NULL);

	return check(c, error);
}

void cv_natconf_help(struct cv_buf *to)
{
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); ++i) {
		char word[64];

		(void)snprintf(word, sizeof(word), "%s=%s", keys[i].key, keys[i].form);
		cv_buf_printf(to, "  %-28s %s\n", word, keys[i].help);
	}
}
