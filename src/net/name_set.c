/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Answers about a host put together: services, records, addresses, each in its
 * order and bounded in number. Pure.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "net/name_int.h"

enum { SIP_PORT = 5060, SIPS_PORT = 5061 }; /* RFC 3261 19.1.2 */

/** A way in which a server may be asked for. */
struct service {
	enum cv_transport transport;
	const char *naptr, *prefix;
};

/* In the order in which they are tried where no NAPTR record chooses. */
static const struct service services[CV_NAME_SERVICES] = {
	{CV_TRANSPORT_UDP, "SIP+D2U", "_sip._udp."},
	{CV_TRANSPORT_TCP, "SIP+D2T", "_sip._tcp."},
	{CV_TRANSPORT_TLS, "SIPS+D2T", "_sips._tcp."},
};

static const struct service *service_of(const struct cv_name_naptr *r)
{
	if (strcasecmp(r->flags, "s") != 0 || r->regexp[0] != '\0' ||
	    r->replacement[0] == '\0' || strlen(r->replacement) >= CV_NAME_HOST)
		return NULL;

	for (size_t i = 0; i < CV_NAME_SERVICES; ++i) {
		if (strcasecmp(r->service, services[i].naptr) == 0)
			return &services[i];
	}

	return NULL;
}

/* RFC 3403 4.1 */
static bool comes_before(const struct cv_name_candidate *a,
			 const struct cv_name_candidate *b)
{
	return a->order != b->order ? a->order < b->order : a->preference < b->preference;
}

static void candidate_drop(struct cv_name_set *s, size_t at)
{
	--s->candidatec;
	memmove(&s->candidates[at], &s->candidates[at + 1],
		(s->candidatec - at) * sizeof(s->candidates[0]));
}

/* There is room: one for each transport. */
static void candidate_put(struct cv_name_set *s, const struct cv_name_candidate *c)
{
	size_t at = s->candidatec++;

	for (; at > 0 && comes_before(c, &s->candidates[at - 1]); --at)
		s->candidates[at] = s->candidates[at - 1];

	s->candidates[at] = *c;
}

void cv_name_set_naptr(struct cv_name_set *s, const struct cv_name_naptr *r)
{
	const struct service *service = service_of(r);
	struct cv_name_candidate c = {.order = r->order, .preference = r->preference};

	if (!service)
		return;

	c.transport = service->transport;
	(void)snprintf(c.name, sizeof(c.name), "%s", r->replacement);
	for (size_t i = 0; i < s->candidatec; ++i) {
		if (s->candidates[i].transport != c.transport)
			continue;
		if (!comes_before(&c, &s->candidates[i]))
			return;

		candidate_drop(s, i);
		break;
	}

	candidate_put(s, &c);
}

void cv_name_set_services(struct cv_name_set *s, const char *host,
			  const enum cv_transport *t)
{
	for (unsigned i = 0; i < CV_NAME_SERVICES; ++i) {
		struct cv_name_candidate c = {.transport = services[i].transport,
					      .order = i};
		int len;

		if (t && *t != c.transport)
			continue;

		len = snprintf(c.name, sizeof(c.name), "%s%s", services[i].prefix, host);
		if (len > 0 && (size_t)len < sizeof(c.name))
			candidate_put(s, &c);
	}
}

void cv_name_set_srv(struct cv_name_set *s, const struct cv_name_record *r)
{
	size_t at = s->recordc;

	if (r->host[0] == '\0' || strcmp(r->host, ".") == 0) {
		s->refused = true; /* RFC 2782: "decidedly not available" */
		return;
	}

	if (r->port == 0)
		return;

	while (at > 0 && s->records[at - 1].priority > r->priority)
		--at;

	if (at == CV_NAME_RECORDS)
		return;

	if (s->recordc < CV_NAME_RECORDS)
		++s->recordc;

	memmove(&s->records[at + 1], &s->records[at],
		(s->recordc - 1 - at) * sizeof(s->records[0]));
	s->records[at] = *r;
}

void cv_name_set_host(struct cv_name_set *s, const struct cv_hop_ask *ask)
{
	struct cv_name_record *r = &s->records[0];

	*r = (struct cv_name_record){.port = ask->port};
	(void)snprintf(r->host, sizeof(r->host), "%s", ask->host);
	s->recordc = 1;
	s->transport = ask->transport;
}

bool cv_name_set_address(struct cv_name_record *r, const struct cv_addr *a)
{
	enum cv_addr_kind kind = cv_addr_kind(a);

	if (kind == CV_ADDR_UNSET || kind == CV_ADDR_MULTICAST || kind == CV_ADDR_ANY ||
	    r->c == CV_NAME_ADDRS)
		return false;

	r->v[r->c++] = *a;

	return true;
}

size_t cv_name_set_hops(const struct cv_name_set *s, const char *host, struct cv_hop *v)
{
	uint16_t port = s->transport == CV_TRANSPORT_TLS ? SIPS_PORT : SIP_PORT;
	size_t c = 0;

	for (size_t i = 0; i < s->recordc; ++i) {
		const struct cv_name_record *r = &s->records[i];

		for (size_t n = 0; n < r->c && c < CV_NAME_HOPS; ++n) {
			v[c] = (struct cv_hop){
				.addr = r->v[n],
				.transport = s->transport,
				.host = host,
				.priority = r->priority,
				.weight = r->weight,
				.record = (uint16_t)i,
			};
			v[c++].addr.port = r->port > 0 ? r->port : port;
		}
	}

	return c;
}
