/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A target of a peer: "sip:HOST:PORT;transport=tls;weight=10", where the host
 * is an address or a name. Pure but for findings; signalling thread.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "base/addr.h"
#include "base/flow.h"
#include "base/str.h"
#include "conf/conf.h"
#include "conf/conf_int.h"

enum {
	SIP_PORT = 5060,
	SIPS_PORT = 5061,
	PORT_MAX = 65535,
	WEIGHT_MAX = 65535, /* as of an SRV record */
	NAME_MAX_LEN = 253, /* RFC 1035 2.3.4, as written */
	LABEL_MAX = 63,
};

bool cv_conf_has_port(struct cv_str literal)
{
	struct cv_str rest = cv_str_from(literal, cv_str_chr(literal, ':') + 1);

	if (literal.len > 0 && literal.p[0] == '[')
		return literal.p[literal.len - 1] != ']';

	return cv_str_chr(literal, ':') < literal.len &&
	       cv_str_chr(rest, ':') == rest.len;
}

static bool transport_read(struct cv_str word, struct cv_conf_target *t)
{
	for (enum cv_transport k = CV_TRANSPORT_UDP; k <= CV_TRANSPORT_TLS; ++k) {
		if (cv_str_ieq(word, cv_str_of(cv_transport_name(k)))) {
			t->transport = k;
			t->transport_given = true;
			return true;
		}
	}

	return false;
}

static bool weight_read(struct cv_conf_job *job, const struct cv_conf_item *item,
			struct cv_str word, struct cv_conf_target *t)
{
	uint64_t n = 0;

	if (t->weight > 0) {
		cv_conf_find(job, item->pos, "%s: weight is there twice", item->text);
		return false;
	}
	if (cv_str_u64(&n, word, WEIGHT_MAX) != 0 || n == 0) {
		cv_conf_find(job, item->pos, "%s: weight is a number from 1 to %d",
			     item->text, WEIGHT_MAX);
		return false;
	}

	t->weight = (unsigned)n;

	return true;
}

/* ";transport=udp;weight=10;lr" */
static bool params_read(struct cv_conf_job *job, const struct cv_conf_item *item,
			struct cv_str rest, struct cv_conf_target *t)
{
	const struct cv_str transport = CV_STR("transport="), weight = CV_STR("weight=");
	struct cv_str part;

	while (cv_str_next(&rest, ';', &part)) {
		if (cv_str_istarts(part, weight)) {
			if (!weight_read(job, item, cv_str_from(part, weight.len), t))
				return false;
			continue;
		}

		if (cv_str_istarts(part, transport) && t->transport_given) {
			cv_conf_find(job, item->pos, "%s: transport is there twice",
				     item->text);
			return false;
		}
		if (cv_str_ieq(part, CV_STR("lr")) ||
		    (cv_str_istarts(part, transport) &&
		     transport_read(cv_str_from(part, transport.len), t)))
			continue;

		cv_conf_find(job, item->pos,
			     "%s: only the parameters transport=udp, transport=tcp, "
			     "transport=tls, weight and lr are known",
			     item->text);
		return false;
	}

	return true;
}

static bool scheme_read(struct cv_conf_job *job, const struct cv_conf_item *item,
			struct cv_str *uri)
{
	if (cv_str_istarts(*uri, CV_STR("sips:"))) {
		cv_conf_find(job, item->pos,
			     "%s: write sip: and ;transport=tls in place of sips:",
			     item->text);
		return false;
	}

	if (!cv_str_istarts(*uri, CV_STR("sip:"))) {
		cv_conf_find(job, item->pos, "%s is not a SIP URI, as sip:192.0.2.1:5060",
			     item->text);
		return false;
	}

	*uri = cv_str_from(*uri, 4);
	if (cv_str_chr(*uri, '@') < uri->len || cv_str_chr(*uri, '?') < uri->len) {
		cv_conf_find(job, item->pos,
			     "%s: a target is a host, without user and headers",
			     item->text);
		return false;
	}

	return true;
}

static bool is_label_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '-' || c == '_';
}

static bool is_label(struct cv_str label)
{
	if (label.len == 0 || label.len > LABEL_MAX || label.p[0] == '-')
		return false;

	for (size_t i = 0; i < label.len; ++i) {
		if (!is_label_char(label.p[i]))
			return false;
	}

	return true;
}

/* The last label is not a number, or a mistyped address were a name (RFC 3696 2). */
bool cv_conf_is_name(struct cv_str host)
{
	struct cv_str label = CV_STR_NULL;
	uint64_t n;

	if (host.len == 0 || host.len > NAME_MAX_LEN)
		return false;

	if (host.p[host.len - 1] == '.')
		--host.len;

	while (cv_str_next(&host, '.', &label)) {
		if (!is_label(label))
			return false;
	}

	return label.len > 0 && cv_str_u64(&n, label, UINT64_MAX) != 0;
}

/* "pbx.example.com" or "pbx.example.com:5070" */
static bool name_read(struct cv_conf_job *job, struct cv_str host,
		      struct cv_conf_target *t)
{
	size_t colon = cv_str_chr(host, ':');
	struct cv_str port = cv_str_from(host, colon + 1);
	uint64_t n = 0;

	if (colon < host.len && (cv_str_u64(&n, port, PORT_MAX) != 0 || n == 0))
		return false;

	host.len = colon;
	if (!cv_conf_is_name(host))
		return false;

	t->port = (uint16_t)n;
	t->host = cv_opts_keep(job->opts, host);
	if (!t->host)
		job->err = ENOMEM;

	return t->host;
}

static bool address_read(struct cv_conf_job *job, const struct cv_conf_item *item,
			 const struct cv_addr *a)
{
	enum cv_addr_kind kind = cv_addr_kind(a);

	if (kind != CV_ADDR_ANY && kind != CV_ADDR_MULTICAST)
		return true;

	cv_conf_find(job, item->pos, "%s: nobody can be reached at this address",
		     item->text);

	return false;
}

/* IPv6 needs its brackets: where would the port begin? */
static bool is_bare6(struct cv_str host)
{
	struct cv_str rest = cv_str_from(host, cv_str_chr(host, ':') + 1);

	return host.len > 0 && host.p[0] != '[' && cv_str_chr(rest, ':') < rest.len;
}

static bool host_read(struct cv_conf_job *job, const struct cv_conf_item *item,
		      struct cv_str host, struct cv_conf_target *t)
{
	if (is_bare6(host)) {
		cv_conf_find(job, item->pos, "%s: an IPv6 address stands in brackets",
			     item->text);
		return false;
	}

	if (cv_addr_parse(&t->addr, host) == 0) {
		if (!cv_conf_has_port(host) || t->addr.port > 0)
			return address_read(job, item, &t->addr);
		cv_conf_find(job, item->pos, "%s: there is no port 0", item->text);
		return false;
	}

	memset(&t->addr, 0, sizeof(t->addr));
	if (name_read(job, host, t))
		return true;

	cv_conf_find(job, item->pos,
		     "%s: the host is neither an address nor a name, with a port or "
		     "without",
		     item->text);

	return false;
}

bool cv_conf_target_read(struct cv_conf_job *job, const struct cv_conf_item *item,
			 struct cv_conf_target *t)
{
	struct cv_str uri = cv_str_of(item->text);
	size_t semi;

	*t = (struct cv_conf_target){.uri = item->text, .pos = item->pos};
	if (!scheme_read(job, item, &uri))
		return false;

	semi = cv_str_chr(uri, ';');
	if (!host_read(job, item, cv_str_make(uri.p, semi), t) ||
	    !params_read(job, item, cv_str_from(uri, semi + 1), t))
		return false;

	if (!t->host && t->addr.port == 0)
		t->addr.port = t->transport == CV_TRANSPORT_TLS ? SIPS_PORT : SIP_PORT;

	return true;
}
