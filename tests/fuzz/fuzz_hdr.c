/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fuzz target of the header policy: a message as it comes, parsed as the agent
 * parses, its passing noted, copied, scrubbed and given a peer's headers as for
 * sending it on. What comes out is a message again, says nothing that only
 * trusted parties may say, and was here before when it comes back. One thread.
 */
#include "config.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "sip/sip_int.h"

enum { SIZE_MAX_IN = 16384 }; /* [limits] max-message */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char conf_text[] = "[peer p]\ntarget = sip:192.0.2.1\n"
				"remove-header = Subject, X-Gone, Privacy\n"
				"add-header = X-Added: a, b\nadd-header = Date: never\n"
				"from-user = u\nfrom-host = h\nto-host = t\n";

static const char *const secret[] = {
	"P-Asserted-Identity",
	"P-Preferred-Identity",
	"Remote-Party-ID",
	"P-Asserted-Service",
	"P-Preferred-Service",
	"Diversion",
	"History-Info",
	"P-Served-User",
	"P-Charging-Vector",
	"P-Associated-URI",
	"Flow-Timer",
	"X-Culvert-Other",
	"X-Gone",
};

/* What the agent has, as far as headers go. */
static struct cv_sip *agent(void)
{
	static struct cv_sip s; /* lives as long as the fuzzer */
	struct cv_buf error = {.p = NULL};
	struct cv_conf *conf = NULL;
	struct cv_net *net = NULL;

	if (s.conf)
		return &s;

	if (cv_conf_parse(&conf, "fuzz", cv_str_of(conf_text), &error) ||
	    cv_net_new(&net) || cv_sip_guard_new(&s.guard))
		abort();

	s.conf = conf;
	s.net = net;
	cv_list_init(&s.trunks);

	return &s;
}

/* The name of a line as a lax reader may see it; one that begins with a blank goes on
 * with the value before (RFC 3261 7.3.1). */
static bool says(struct cv_str line, const char *name)
{
	struct cv_str is = cv_str_make(line.p, cv_str_chr(line, ':'));

	if (is.len > 0 && (*is.p == ' ' || *is.p == '\t'))
		return false;

	return is.len < line.len && cv_str_ieq(cv_str_trim(is), cv_str_of(name));
}

static void check_text(const char *text, size_t len)
{
	struct cv_str rest = cv_str_make(text, len), line;

	while (cv_str_next(&rest, '\n', &line) && cv_str_trim(line).len > 0) {
		for (size_t i = 0; i < sizeof(secret) / sizeof(secret[0]); ++i) {
			if (says(line, secret[i]))
				abort();
		}
	}
}

static msg_t *parsed(const struct cv_sip *s, const void *data, size_t size)
{
	msg_t *m = msg_create(cv_sip_guard_table(s->guard), 0);
	msg_iovec_t iov[2];
	sip_t *sip;

	if (!m)
		return NULL;

	msg_addrinfo(m)->ai_socktype = SOCK_DGRAM;
	if (msg_recv_iovec(m, iov, 2, size, 1) != 1) {
		msg_destroy(m);
		return NULL;
	}

	memcpy(iov[0].mv_base, data, size);
	msg_recv_commit(m, (usize_t)size, 1);
	sip = sip_object(m);
	/* what the stack answers by itself never reaches us */
	if (msg_extract(m) < 0 || (!sip->sip_request && !sip->sip_status) ||
	    sip->sip_flags & MSG_FLG_ERROR || sip_sanity_check(sip) < 0) {
		msg_destroy(m);
		return NULL;
	}

	return m;
}

static void take(struct cv_sip *s, msg_t *m)
{
	struct cv_sip_origin o = {.peer = &s->conf->peers[0]}, again = o;
	const sip_t *sip = sip_object(m);
	int err;

	(void)cv_sip_unsupported(msg_home(m), sip);
	(void)cv_sip_breadth(sip);
	(void)cv_sip_privacy(sip);
	if (!sip->sip_request)
		return;

	err = cv_sip_pass(s, m, &o);
	if (err && err != EALREADY && err != ELOOP)
		abort();

	if (!err && cv_sip_pass(s, m, &again) == 0)
		abort(); /* it went in a circle, and nobody saw */
}

static void pass_on(struct cv_sip *s, msg_t *m)
{
	const struct cv_conf_peer *peer = &s->conf->peers[0];
	const struct cv_sip_edge edge = {.to = peer};
	msg_t *copy = cv_sip_copy(s, m), *back;
	struct cv_sip_ident id;
	char *text;
	size_t len = 0;

	if (!copy)
		abort();

	cv_sip_scrub(copy, &edge, NULL);
	id.from = sip_from_dup(msg_home(copy), sip_object(m)->sip_from);
	id.to = sip_to_dup(msg_home(copy), sip_object(m)->sip_to);
	if (!id.from || !id.to || cv_sip_anonymous(msg_home(copy), id.from) ||
	    cv_sip_rule_parties(peer, msg_home(copy), &id) ||
	    cv_sip_rule_headers(peer, copy) || cv_sip_breadth_set(copy, 0))
		abort();

	if (msg_serialize(copy, (msg_pub_t *)sip_object(copy)) < 0)
		abort();

	text = msg_as_string(msg_home(copy), copy, NULL, 0, &len);
	if (!text)
		abort();

	check_text(text, len);
	back = msg_make(cv_sip_guard_table(s->guard), 0, text, (ssize_t)len);
	if (!back || !cv_sip_find_named(sip_object(back), "X-Added"))
		abort();

	msg_destroy(back);
	msg_destroy(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cv_sip *s = agent();
	msg_t *m;

	if (size == 0 || size > SIZE_MAX_IN)
		return 0;

	m = parsed(s, data, size);
	if (!m)
		return 0;

	take(s, m);
	pass_on(s, m);
	msg_destroy(m);

	return 0;
}
