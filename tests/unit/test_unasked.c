/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What an agent on the loopback says unasked: keepalives, and that its listening
 * point shows another address, to registrars that saw the old one. Phone, registrar and
 * trunk are sockets of the test, which steps the agent's loop itself.
 */
#include "config.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sofia-sip/su_wait.h>

#include "base/mem.h"
#include "module.h"
#include "net/stun.h"
#include "runner.h"
#include "sip/sip_int.h"
#include "suite_unasked.h"

enum { TEXT = 4096, STEPS = 500, QUIET = 40, PINGS = 2, STEP_MS = 10, ALL = 1 };

/** One agent for all tests of the program: the stack's STUN plug is once a process. */
struct bench {
	struct cv_loop *loop;
	struct cv_conf *conf;
	struct cv_peers *peers;
	struct cv_net *net; /* in use */
	struct cv_stats *stats;
	struct cv_env env;
	struct cv_sip *sip;
	int phone, pbx, itsp; /* sockets */
	struct cv_addr edge;
	char got[TEXT]; /* last message received */
	unsigned pings;
};

static struct bench b; /* CUnit hands tests no argument */

static int udp_open(struct cv_addr *a, const char *host)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct sockaddr_storage ss;
	socklen_t len;

	if (fd == -1 || cv_addr_parse(a, cv_str_of(host)))
		return -1;

	len = cv_addr_to_sa(a, &ss);
	if (bind(fd, (struct sockaddr *)&ss, len) == -1)
		return -1;

	len = sizeof(ss);
	if (getsockname(fd, (struct sockaddr *)&ss, &len) == -1 ||
	    cv_addr_from_sa(a, (struct sockaddr *)&ss))
		return -1;

	return fd;
}

static int conf_open(void)
{
	struct cv_addr pbx = {0}, itsp = {0}, probe = {0}, shown = {0};
	struct cv_buf error = {0};
	char text[TEXT];
	int fd;

	b.pbx = udp_open(&pbx, "127.0.0.2");
	b.itsp = udp_open(&itsp, "127.0.0.4");
	fd = udp_open(&probe, "127.0.0.1"); /* a port that is free now */
	if (b.pbx == -1 || b.itsp == -1 || fd == -1)
		return -1;

	(void)close(fd);
	b.edge = probe;
	(void)snprintf(text, sizeof(text),
		       "[general]\nname = edge.example\n"
		       "[listen lo]\naddress = 127.0.0.1\nudp = %u\ntcp = off\n"
		       "[ping]\nmethod = stun\ninterval = 1s\nwho = all\nlost = 1\n"
		       "[peer pbx]\ntarget = sip:127.0.0.2:%u\ndomains = pbx.example\n"
		       "options-ping = off\n"
		       "[peer itsp]\ntarget = sip:127.0.0.4:%u\ndomains = itsp.example\n"
		       "options-ping = off\nregister = yes\nusername = us\n"
		       "password = secret\n",
		       probe.port, pbx.port, itsp.port);
	if (cv_conf_parse(&b.conf, "test", cv_str_of(text), &error) ||
	    cv_net_new(&b.net) || cv_addr_parse(&shown, CV_STR("203.0.113.1")))
		return -1;

	b.net->points[0].bind = b.net->points[0].media = b.edge;
	b.net->points[0].bind.port = b.net->points[0].media.port = 0;
	b.net->points[0].follows = true;
	b.net->points[0].source = "stun:192.0.2.9";
	b.net->points[0].side = CV_SIDE_WAN;
	b.net->pointc = 1;
	cv_net_advertise(b.net, 0, &shown);
	cv_buf_free(&error);

	return 0;
}

static int bench_open(void)
{
	struct cv_sip_env env = {0};
	struct cv_buf error = {0};
	struct cv_addr phone;

	b.phone = udp_open(&phone, "127.0.0.3");
	if (b.phone == -1 || conf_open() || cv_loop_su_open(&b.loop) ||
	    cv_stats_new(&b.stats, NULL) || cv_stats_cell(b.stats, &b.env.stat) ||
	    cv_routes_new(&b.env.routes) || cv_homes_new(&b.env.homes))
		return -1;

	env.conf = b.conf;
	env.net = b.net;
	env.loop = b.loop;
	env.stats = b.stats;
	env.stat = b.env.stat;
	env.routes = b.env.routes;
	env.homes = b.env.homes;
	if (cv_peers_new(&b.peers,
			 &(struct cv_peers_env){.conf = b.conf, .loop = b.loop}))
		return -1;

	env.peers = b.peers;
	memset(env.key, 7, sizeof(env.key));
	if (cv_sip_open(&b.sip, &env, &error)) {
		(void)fprintf(stderr, "%s\n", error.p ? error.p : "");
		return -1;
	}

	return 0;
}

static int bench_close(void)
{
	cv_sip_close(b.sip);
	cv_mem_unref(b.sip);
	cv_mem_unref(b.peers);
	cv_mem_unref(b.env.homes);
	cv_mem_unref(b.env.routes);
	cv_mem_unref(b.stats);
	cv_mem_unref(b.loop);
	cv_mem_unref(b.net);
	cv_mem_unref(b.conf);
	(void)close(b.phone);
	(void)close(b.pbx);
	(void)close(b.itsp);

	return 0;
}

static void send_from(int fd, const char *text)
{
	struct sockaddr_storage ss;
	socklen_t len = cv_addr_to_sa(&b.edge, &ss);

	CU_ASSERT(sendto(fd, text, strlen(text), 0, (struct sockaddr *)&ss, len) > 0);
}

/* A keepalive is no message. */
static bool note_ping(size_t len)
{
	struct cv_stun m;

	if (!cv_stun_is((const uint8_t *)b.got, len))
		return false;

	CU_ASSERT_EQUAL(cv_stun_parse(&m, (const uint8_t *)b.got, len), 0);
	CU_ASSERT_EQUAL(m.class_, CV_STUN_INDICATION);
	CU_ASSERT_EQUAL(m.method, CV_STUN_BINDING);
	CU_ASSERT_TRUE(m.fingerprint);
	++b.pings;

	return true;
}

/* Steps the agent until @p fd has a message, at most so often; false: none came. */
static bool receive_in(int fd, int steps)
{
	for (int i = 0; i < steps; ++i) {
		ssize_t n;

		(void)su_root_step(cv_loop_native(b.loop), STEP_MS);
		n = recv(fd, b.got, sizeof(b.got) - 1, MSG_DONTWAIT);
		if (n <= 0 || note_ping((size_t)n))
			continue;

		b.got[n] = '\0';
		return true;
	}

	b.got[0] = '\0';

	return false;
}

static bool receive(int fd)
{
	return receive_in(fd, STEPS);
}

/* Nothing comes by this socket while the agent works off what it has got. */
static void quiet(int fd)
{
	CU_ASSERT_FALSE(receive_in(fd, QUIET));
}

static bool has(const char *text)
{
	return strstr(b.got, text);
}

/* Value of header @p name in the last message, in a buffer of its own. */
static const char *header(const char *name, char dst[512])
{
	char key[64];
	const char *p;

	(void)snprintf(key, sizeof(key), "\r\n%s: ", name);
	p = strstr(b.got, key);
	dst[0] = '\0';
	if (p) {
		p += strlen(key);
		(void)snprintf(dst, 512, "%.*s", (int)strcspn(p, "\r"), p);
	}

	return dst;
}

static void ask(const char *call, unsigned cseq)
{
	char text[TEXT];

	(void)snprintf(
		text, sizeof(text),
		"REGISTER sip:pbx.example SIP/2.0\r\n"
		"Via: SIP/2.0/UDP 10.0.0.7:5060;branch=z9hG4bK%s%u\r\n"
		"Max-Forwards: 70\r\n"
		"From: <sip:bob@pbx.example>;tag=%s\r\nTo: <sip:bob@pbx.example>\r\n"
		"Call-ID: %s\r\nCSeq: %u REGISTER\r\n"
		"Contact: <sip:bob@10.0.0.7:5060>\r\nExpires: 600\r\n"
		"Content-Length: 0\r\n\r\n",
		call, cseq, call, call, cseq);
	send_from(b.phone, text);
}

/* The registrar at @p fd answers the last message received. */
static void reply(int fd, const char *status, const char *rest)
{
	char text[TEXT], via[512], from[512], to[512], call[512], cseq[512];

	(void)snprintf(text, sizeof(text),
		       "SIP/2.0 %s\r\nVia: %s\r\nFrom: %s\r\nTo: %s;tag=r\r\n"
		       "Call-ID: %s\r\nCSeq: %s\r\n%sContent-Length: 0\r\n\r\n",
		       status, header("Via", via), header("From", from), header("To", to),
		       header("Call-ID", call), header("CSeq", cseq), rest);
	send_from(fd, text);
}

/* It grants what the REGISTER asks; an earlier Contact is listed as taken back. */
static void grant(int fd, const char *also)
{
	char mine[512], rest[1100];

	(void)snprintf(rest, sizeof(rest), "Contact: %.*s;expires=600\r\n%s",
		       (int)strcspn(header("Contact", mine), ","), mine, also);
	reply(fd, "200 OK", rest);
}

/* From now on the point shows @p text. */
static void shows(const char *text)
{
	struct cv_net *fresh = NULL, *old = b.net;
	struct cv_addr a;

	CU_ASSERT_EQUAL(cv_addr_parse(&a, cv_str_of(text)), 0);
	CU_ASSERT_EQUAL_FATAL(cv_net_copy(&fresh, old), 0);
	cv_net_advertise(fresh, 0, &a);
	cv_sip_net(b.sip, fresh, cv_net_changed(old, fresh));
	b.net = fresh;
	cv_mem_unref(old);
}

static void test_trunk_is_renewed_and_the_old_taken_back(void)
{
	char cseq[512], first[512];

	CU_ASSERT_TRUE_FATAL(receive(b.itsp));
	CU_ASSERT_TRUE(has("REGISTER sip:itsp.example SIP/2.0"));
	CU_ASSERT_TRUE(has("Via: SIP/2.0/UDP 203.0.113.1"));
	CU_ASSERT_TRUE(has("@203.0.113.1"));
	CU_ASSERT_FALSE(has("127.0.0.1"));
	grant(b.itsp, "");
	header("CSeq", first);
	quiet(b.itsp);

	shows("203.0.113.2");
	CU_ASSERT_TRUE_FATAL(receive(b.itsp)); /* long before half of 600 s */
	CU_ASSERT_TRUE(has("Via: SIP/2.0/UDP 203.0.113.2"));
	CU_ASSERT_TRUE(has("@203.0.113.2"));
	CU_ASSERT_TRUE(has("@203.0.113.1"));
	CU_ASSERT_TRUE(has(">;expires=0"));
	CU_ASSERT_STRING_NOT_EQUAL(header("CSeq", cseq), first);
	grant(b.itsp, "Contact: <sip:gone@203.0.113.1>;expires=0\r\n");
	quiet(b.itsp);

	shows("203.0.113.3"); /* what was taken back isn't taken back again */
	CU_ASSERT_TRUE_FATAL(receive(b.itsp));
	CU_ASSERT_TRUE(has("@203.0.113.3"));
	CU_ASSERT_TRUE(has("@203.0.113.2"));
	CU_ASSERT_FALSE(has("@203.0.113.1"));
	reply(b.itsp, "400 One Contact only", "");
	quiet(b.itsp);
	cv_sip_trunks_renew(b.sip, ALL); /* it refused two: the new one alone */
	CU_ASSERT_TRUE_FATAL(receive(b.itsp));
	CU_ASSERT_TRUE(has("@203.0.113.3"));
	CU_ASSERT_FALSE(has("expires=0"));
	grant(b.itsp, "");
	quiet(b.itsp);
}

static void test_phone_takes_its_old_contact_back(void)
{
	struct cv_binding *bob;

	ask("one", 1);
	CU_ASSERT_TRUE_FATAL(receive(b.pbx));
	CU_ASSERT_TRUE(has("@203.0.113.3"));
	grant(b.pbx, "");
	CU_ASSERT_TRUE_FATAL(receive(b.phone));
	CU_ASSERT_TRUE(has("SIP/2.0 200"));
	CU_ASSERT_TRUE(has(">;expires=120")); /* our address may change: come often */
	bob = cv_bind_by_aor(cv_sip_binds(b.sip), CV_STR("bob@pbx.example"), NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(bob);
	CU_ASSERT_PTR_NULL(bob->stale);
	CU_ASSERT(bob->upstream_until_ms > bob->phone_until_ms);

	shows("203.0.113.4");
	shows("203.0.113.5"); /* the registrar has never seen .4 */
	CU_ASSERT_PTR_NOT_NULL(bob->stale);
	ask("one", 2);
	CU_ASSERT_TRUE_FATAL(receive(b.pbx));
	CU_ASSERT_TRUE(has("@203.0.113.5"));
	CU_ASSERT_FALSE(has("@203.0.113.4"));
	CU_ASSERT_PTR_NOT_NULL(strstr(b.got, bob->stale));
	CU_ASSERT_TRUE(has(">;expires=0"));
	reply(b.pbx, "401 Unauthorized",
	      "WWW-Authenticate: Digest realm=\"pbx.example\", nonce=\"n\"\r\n");
	CU_ASSERT_TRUE_FATAL(receive(b.phone));
	CU_ASSERT_PTR_NOT_NULL(bob->stale); /* not yet */

	ask("one", 3);
	CU_ASSERT_TRUE_FATAL(receive(b.pbx));
	CU_ASSERT_TRUE(has("@203.0.113.3"));
	grant(b.pbx, "");
	CU_ASSERT_TRUE_FATAL(receive(b.phone));
	CU_ASSERT_TRUE(has(">;expires=120"));
	CU_ASSERT_FALSE(has("203.0.113"));
	CU_ASSERT_PTR_NULL(bob->stale);

	/* A phone that doesn't answer them isn't taken for dead */
	b.pings = 0;
	(void)receive_in(b.phone, PINGS * 1200 / STEP_MS);
	CU_ASSERT(b.pings >= PINGS);
	CU_ASSERT_EQUAL(bob->pings_missed, 0);
	CU_ASSERT_FALSE(bob->flow_dead);
	cv_bind_drop(cv_sip_binds(b.sip), bob, "end of test");
}

int cv_test_unasked(void)
{
	CU_pSuite s = CU_add_suite("unasked", bench_open, bench_close);

	if (!s ||
	    !CU_add_test(s, "lv_06 a trunk is renewed",
			 test_trunk_is_renewed_and_the_old_taken_back) ||
	    !CU_add_test(s, "a phone's registrar, and pings",
			 test_phone_takes_its_old_contact_back))
		return (int)CU_get_error();

	return 0;
}
