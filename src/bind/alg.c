/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The rules by which a rewriting router is known, and the words for it. Pure;
 * signalling thread.
 */
#include "config.h"

#include "bind/alg.h"

#include <stdio.h>
#include <string.h>

enum {
	SIP_PORT = 5060,
	SDP_LINES = 64, /* of a body that are looked at: c= stands near its front */
};

static uint16_t port_of(const struct cv_addr *a)
{
	return a->port == 0 ? SIP_PORT : a->port;
}

/* Nothing to judge: no NAT's face in sight, or a way that routers leave alone. */
static bool is_out_of_scope(const struct cv_alg_look *l)
{
	return l->stream || l->seen_nated || l->seen.family != AF_INET;
}

static bool is_hidden(const struct cv_addr *a, bool nated, const struct cv_alg_look *l)
{
	return nated && !cv_addr_host_eq(a, &l->seen);
}

/* The NAT's own address is written. */
static bool is_face(const struct cv_addr *a, const struct cv_alg_look *l)
{
	return cv_addr_is_set(a) && cv_addr_host_eq(a, &l->seen);
}

/* The host is right and the port isn't: who knows one of them by STUN knows the other. */
static bool is_half(const struct cv_alg_look *l)
{
	return port_of(&l->via) == SIP_PORT && port_of(&l->contact) == SIP_PORT &&
	       l->seen.port != SIP_PORT;
}

struct cv_alg_first cv_alg_first_of(const struct cv_alg_look *l)
{
	struct cv_alg_first f = {0};
	bool via, contact;

	if (is_out_of_scope(l))
		return f;

	via = is_face(&l->via, l);
	contact = is_face(&l->contact, l);
	if (via && is_hidden(&l->contact, l->contact_nated, l))
		f.sure = CV_ALG_VIA; /* who knows it writes it where it matters */
	else if (contact && is_hidden(&l->via, l->via_nated, l))
		f.likely = CV_ALG_CONTACT; /* STUN may make a phone do so */
	else if (via && contact && is_half(l))
		f.likely = CV_ALG_VIA | CV_ALG_CONTACT;

	f.open = via && contact;

	return f;
}

/* Via and Contact as the phone itself writes them. */
static bool is_untouched(const struct cv_alg_look *l)
{
	return is_hidden(&l->via, l->via_nated, l) &&
	       is_hidden(&l->contact, l->contact_nated, l);
}

static void forget(struct cv_alg *a)
{
	static const struct cv_alg none;

	*a = none;
}

void cv_alg_register(struct cv_alg *a, const struct cv_alg_look *l,
		     const struct cv_alg_first *first)
{
	static const struct cv_alg_first nothing;
	unsigned bits = CV_ALG_VIA | CV_ALG_CONTACT;

	if (is_out_of_scope(l) || !cv_addr_host_eq(&a->look.seen, &l->seen))
		forget(a);

	a->look = *l;
	if (is_out_of_scope(l))
		return;

	if (is_untouched(l))
		first = &nothing;

	if (!first->open || !a->open) /* else a body has said more */
		a->likely = (uint8_t)(a->likely & ~bits);
	a->likely = (uint8_t)(a->likely | first->likely);
	a->sure = (uint8_t)((a->sure & ~bits) | first->sure);
	a->open = first->open;
}

void cv_alg_join(struct cv_alg *a, const struct cv_alg *from)
{
	const struct cv_alg_first f = {from->likely, from->sure, from->open};

	cv_alg_register(a, &from->look, &f);
}

void cv_alg_body(struct cv_alg *a, const struct cv_alg_sdp *sdp)
{
	const struct cv_alg_look *l = &a->look;

	if (is_out_of_scope(l) || !cv_addr_is_set(&sdp->c))
		return;

	a->sdp = *sdp;
	if (is_untouched(l) && is_face(&sdp->c, l) && is_face(&sdp->o, l))
		a->likely |= CV_ALG_SDP; /* STUN for media leaves o= as it is */
	else if (a->open && is_hidden(&sdp->c, sdp->c_nated, l))
		a->likely |= CV_ALG_VIA | CV_ALG_CONTACT;
}

void cv_alg_length(struct cv_alg *a, unsigned said, unsigned had)
{
	a->said = said;
	a->had = had;
	a->sure |= CV_ALG_LENGTH;
}

struct cv_addr cv_alg_inside(const struct cv_alg *a)
{
	static const struct cv_addr none;
	const struct cv_alg_look *l = &a->look;

	if (is_out_of_scope(l))
		return none;
	if (is_hidden(&l->contact, l->contact_nated, l))
		return l->contact;

	return is_hidden(&l->via, l->via_nated, l) ? l->via : none;
}

void cv_alg_echo(struct cv_alg *a, enum cv_alg_what where, const struct cv_addr *sent,
		 const char *back)
{
	char text[CV_ADDR_STRLEN];

	if (!back)
		return;

	if (where == CV_ALG_VIA) {
		a->by_canary = 0;
		a->canary = CV_ALG_INTACT;
		a->sent = *sent;
		(void)snprintf(a->back, sizeof(a->back), "%s", back);
	}
	if (strcmp(cv_addr_print_host(sent, text), back) == 0)
		return;

	a->canary = CV_ALG_ALTERED;
	a->by_canary = (uint8_t)(a->by_canary | where);
	(void)snprintf(a->back, sizeof(a->back), "%s", back);
}

/* "... IN IP4 192.0.2.1", with whatever stands before: the last word. */
static void host_of(struct cv_addr *a, struct cv_str line)
{
	struct cv_str word, host = CV_STR_NULL, type = CV_STR_NULL;

	line = cv_str_trim(line);
	while (cv_str_next(&line, ' ', &word)) {
		type = host;
		host = word;
	}

	if ((!cv_str_eq(type, CV_STR("IP4")) && !cv_str_eq(type, CV_STR("IP6"))) ||
	    cv_addr_parse(a, cv_str_make(host.p, cv_str_chr(host, '/'))))
		memset(a, 0, sizeof(*a));
}

void cv_alg_sdp_read(struct cv_alg_sdp *sdp, struct cv_str body)
{
	struct cv_str line;
	unsigned n = 0;

	memset(sdp, 0, sizeof(*sdp));
	while (n++ < SDP_LINES && cv_str_next(&body, '\n', &line)) {
		if (cv_str_starts(line, CV_STR("o=")))
			host_of(&sdp->o, line);
		if (cv_str_starts(line, CV_STR("c="))) {
			host_of(&sdp->c, line);
			return;
		}
	}
}

enum cv_alg_verdict cv_alg_verdict(const struct cv_alg *a)
{
	if (a->sure || a->by_canary)
		return CV_ALG_YES;

	return a->likely ? CV_ALG_SUSPECTED : CV_ALG_NO;
}

const char *cv_alg_name(enum cv_alg_verdict v)
{
	switch (v) {
	case CV_ALG_NO:
		return "no";
	case CV_ALG_SUSPECTED:
		return "suspected";
	case CV_ALG_YES:
		return "yes";
	}

	return "?";
}

unsigned cv_alg_bits(const struct cv_alg *a)
{
	return a->sure | a->likely | a->by_canary;
}

const char *cv_alg_words(const struct cv_alg *a, char dst[CV_ALG_WORDS])
{
	static const struct {
		unsigned bit;
		const char *name;
	} rows[] = {
		{CV_ALG_VIA, "Via"},   {CV_ALG_CONTACT, "Contact"},
		{CV_ALG_SDP, "SDP"},   {CV_ALG_LENGTH, "Content-Length"},
		{CV_ALG_FROM, "From"},
	};
	unsigned bits = cv_alg_bits(a);
	size_t len = 0;

	dst[0] = '\0';
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
		if (bits & rows[i].bit)
			len += (size_t)snprintf(dst + len, CV_ALG_WORDS - len, "%s%s",
						len > 0 ? ", " : "", rows[i].name);
	}

	return dst;
}

static void show_addr(struct cv_out *out, const char *key, const struct cv_addr *a)
{
	char text[CV_ADDR_STRLEN];

	if (cv_addr_is_set(a))
		cv_out_str(out, key, "%s", cv_addr_print(a, text));
}

static const char *canary_name(enum cv_alg_canary c)
{
	switch (c) {
	case CV_ALG_UNTRIED:
		return "untried";
	case CV_ALG_INTACT:
		return "intact";
	case CV_ALG_ALTERED:
		return "altered";
	}

	return "?";
}

void cv_alg_show(const struct cv_alg *a, struct cv_out *out)
{
	char words[CV_ALG_WORDS], sent[CV_ADDR_STRLEN];

	cv_out_object(out, "sip_alg");
	cv_out_str(out, "verdict", "%s", cv_alg_name(cv_alg_verdict(a)));
	cv_out_str(out, "rewritten", "%s", cv_alg_words(a, words));
	show_addr(out, "source", &a->look.seen);
	show_addr(out, "via", &a->look.via);
	show_addr(out, "contact", &a->look.contact);
	show_addr(out, "sdp", &a->sdp.c);
	show_addr(out, "sdp_origin", &a->sdp.o);
	if (a->said != a->had) {
		cv_out_num(out, "content_length", a->said);
		cv_out_num(out, "body_length", a->had);
	}
	cv_out_str(out, "canary", "%s", canary_name(a->canary));
	if (a->canary != CV_ALG_UNTRIED) {
		cv_out_str(out, "canary_sent", "%s", cv_addr_print_host(&a->sent, sent));
		cv_out_str(out, "canary_back", "%s", a->back);
	}
	if (cv_alg_verdict(a) != CV_ALG_NO)
		cv_out_str(out, "advice",
			   "turn off SIP ALG in the router at this address, or let the "
			   "phone use TLS or another SIP port");
	cv_out_end(out);
}
