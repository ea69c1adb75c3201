/* SPDX-License-Identifier: BSD-3-Clause */
/* Peers as they stand: order, health, names, limits, on virtual time. */
#include "config.h"

#include "call/peers.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "base/log.h"
#include "base/mem.h"
#include "fake_loop.h"
#include "suite_call.h"

enum { LINE = 512, LOOKS = 64 };

/** A question that was asked. */
struct cv_name {
	cv_hop_found_fn *fn; /* NULL: closed */
	void *arg;
	struct cv_hop_ask ask;
};

/** Peers, and all they ask for. */
struct world {
	struct cv_loop *loop;
	struct cv_conf *conf;
	struct cv_peers *peers;
	struct cv_peers_watch watch;
	struct cv_name looks[LOOKS];
	size_t lookc;
	char probes[LINE]; /* "HOP HOP " */
	unsigned changes;
	uint16_t status; /* what probes are answered with; 0: nothing */
};

static struct world w;

static int look(struct cv_names *n, struct cv_name **qp, const struct cv_hop_ask *ask,
		cv_hop_found_fn *fn, void *arg)
{
	struct cv_name *q = &w.looks[w.lookc];

	(void)n;
	if (w.lookc == LOOKS)
		return ENOMEM;

	*q = (struct cv_name){fn, arg, *ask};
	*qp = q;
	++w.lookc;

	return 0;
}

static struct cv_name *look_close(struct cv_name *q)
{
	if (q)
		q->fn = NULL;

	return NULL;
}

static const struct cv_peers_name_ops name_ops = {.look = look, .close = look_close};

static bool usable(void *arg, const char *peer, const struct cv_hop *hop)
{
	(void)arg;
	(void)peer;

	return hop->addr.family == AF_INET;
}

static void probe(void *arg, const char *peer, const struct cv_hop *hop)
{
	char text[CV_ADDR_STRLEN];
	size_t len = strlen(w.probes);

	(void)arg;
	(void)snprintf(w.probes + len, sizeof(w.probes) - len, "%s ",
		       cv_addr_print(&hop->addr, text));
	if (w.status > 0)
		cv_peers_probed(w.peers, peer, hop, w.status, 0);
}

static void changed(void *arg, const char *peer)
{
	(void)arg;
	CU_ASSERT_STRING_EQUAL(peer, "pbx");
	++w.changes;
}

static struct cv_conf *conf_of(const char *peers)
{
	struct cv_buf error = {0};
	struct cv_conf *c = NULL;

	CU_ASSERT_EQUAL_FATAL(cv_conf_parse(&c, "t", cv_str_of(peers), &error), 0);
	cv_buf_free(&error);

	return c;
}

static int peers_try(void)
{
	const struct cv_peers_env env = {
		.conf = w.conf,
		.loop = w.loop,
		.name_ops = &name_ops,
		.usable = usable,
	};
	int err = cv_peers_new(&w.peers, &env);

	w.watch = (struct cv_peers_watch){.probe = probe, .changed = changed};
	if (!err)
		cv_peers_watched(w.peers, &w.watch);

	return err;
}

static void world_open(const char *peers)
{
	memset(&w, 0, sizeof(w));
	cv_log_level(CV_LOG_ERROR);
	CU_ASSERT_EQUAL_FATAL(cv_fake_loop_new(&w.loop), 0);
	w.conf = conf_of(peers);
	CU_ASSERT_EQUAL_FATAL(peers_try(), 0);
}

static void world_close(void)
{
	cv_mem_unref(w.peers);
	cv_mem_unref(w.conf);
	cv_mem_unref(w.loop);
}

/* Order for a key as "ADDR ADDR"; "errno N". */
static const char *order(const char *key)
{
	static char line[LINE];
	struct cv_hop v[32];
	char text[CV_ADDR_STRLEN];
	size_t c = 0, len = 0;
	int err = cv_peers_hops(w.peers, "pbx", cv_str_of(key), v, 32, &c);

	(void)snprintf(line, sizeof(line), "errno %s",
		       err == EAGAIN ? "EAGAIN" : strerror(err));
	for (size_t i = 0; !err && i < c; ++i) {
		v[i].addr.port = 0;
		len += (size_t)snprintf(line + len, sizeof(line) - len, "%s%s",
					i > 0 ? " " : "",
					cv_addr_print(&v[i].addr, text));
	}

	return line;
}

static struct cv_hop hop_at(const char *addr)
{
	struct cv_hop h = {.transport = CV_TRANSPORT_UDP};

	CU_ASSERT_EQUAL(cv_addr_parse(&h.addr, cv_str_of(addr)), 0);
	if (h.addr.port == 0)
		h.addr.port = 5060;

	return h;
}

/* Answers the last question with addresses: "ADDR PRIORITY WEIGHT RECORD, ..." */
static void found(uint32_t ttl_s, const char *hops)
{
	struct cv_name *q = &w.looks[w.lookc - 1];
	struct cv_hop v[CV_PEERS_HOPS];
	struct cv_str rest = cv_str_of(hops), part;
	size_t c = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(q->fn);
	while (c < CV_PEERS_HOPS && cv_str_next(&rest, ',', &part)) {
		char text[64], addr[32];
		unsigned n[3] = {0};

		(void)snprintf(text, sizeof(text), CV_STR_FMT, CV_STR_ARG(part));
		(void)sscanf(text, " %31s %u %u %u", addr, &n[0], &n[1], &n[2]);
		v[c] = hop_at(addr);
		v[c].priority = (uint16_t)n[0];
		v[c].weight = (uint16_t)n[1];
		v[c++].record = (uint16_t)n[2];
	}

	q->fn(q->arg, &(struct cv_hop_found){.v = v, .c = c, .ttl_s = ttl_s});
}

static void not_found(int err)
{
	struct cv_name *q = &w.looks[w.lookc - 1];

	CU_ASSERT_PTR_NOT_NULL_FATAL(q->fn);
	q->fn(q->arg, &(struct cv_hop_found){.err = err});
}

/* Of many keys, how often @p addr comes first. */
static unsigned firsts(const char *addr)
{
	unsigned n = 0;

	for (unsigned i = 0; i < 1000; ++i) {
		char key[16];

		(void)snprintf(key, sizeof(key), "call-%u", i);
		n += strncmp(order(key), addr, strlen(addr)) == 0;
	}

	return n;
}

#define PBX  "[peer pbx]\noptions-ping = off\n"
#define PING "[peer pbx]\noptions-ping = 30s\n"

static void test_targets_come_in_their_order(void)
{
	world_open(PBX "target = sip:192.0.2.1, sip:192.0.2.2:5070;transport=tcp\n");
	CU_ASSERT_STRING_EQUAL(order("a"), "192.0.2.1 192.0.2.2");
	CU_ASSERT_EQUAL(firsts("192.0.2.1"), 1000);
	world_close();
}

static void test_weights_share(void)
{
	unsigned n;

	world_open(PBX "target = sip:192.0.2.1;weight=10, sip:192.0.2.2;weight=30, "
		       "sip:192.0.2.3\n");
	n = firsts("192.0.2.1");
	CU_ASSERT_TRUE(n > 190 && n < 310);
	CU_ASSERT_EQUAL(firsts("192.0.2.3"), 0);
	CU_ASSERT_EQUAL(firsts("192.0.2.2"), 1000 - n);
	world_close();
}

static void test_one_key_one_order(void)
{
	char first[LINE];

	world_open(PBX "target = sip:192.0.2.1;weight=1, sip:192.0.2.2;weight=1\n");
	for (unsigned i = 0; i < 20; ++i) {
		char key[16];

		(void)snprintf(key, sizeof(key), "%u", i);
		(void)snprintf(first, sizeof(first), "%s", order(key));
		CU_ASSERT_STRING_EQUAL(order(key), first);
	}
	world_close();
}

static void test_hop_that_failed_comes_last_until_it_has_rested(void)
{
	struct cv_hop one = hop_at("192.0.2.1");

	world_open(PBX "target = sip:192.0.2.1, sip:192.0.2.2\n");
	cv_peers_heard(w.peers, "pbx", &one, ETIMEDOUT);
	CU_ASSERT_STRING_EQUAL(order("a"), "192.0.2.2 192.0.2.1");
	cv_fake_loop_advance(w.loop, 29000);
	CU_ASSERT_STRING_EQUAL(order("a"), "192.0.2.2 192.0.2.1");
	cv_fake_loop_advance(w.loop, 1000);
	CU_ASSERT_STRING_EQUAL(order("a"), "192.0.2.1 192.0.2.2");
	cv_peers_heard(w.peers, "pbx", &one, ECONNRESET); /* twice as long */
	cv_fake_loop_advance(w.loop, 59000);
	CU_ASSERT_STRING_EQUAL(order("a"), "192.0.2.2 192.0.2.1");
	cv_peers_heard(w.peers, "pbx", &one,
		       0); /* somebody tried, as there was no other */
	CU_ASSERT_STRING_EQUAL(order("a"), "192.0.2.1 192.0.2.2");
	cv_peers_heard(w.peers, "pbx", &(struct cv_hop){.addr = {0}}, EBUSY);
	cv_peers_heard(w.peers, "nobody", &one, EBUSY);
	world_close();
}

static void test_all_down_are_still_tried(void)
{
	struct cv_hop one = hop_at("192.0.2.1"), two = hop_at("192.0.2.2");

	world_open(PBX "target = sip:192.0.2.1, sip:192.0.2.2\n");
	cv_peers_heard(w.peers, "pbx", &one, ETIMEDOUT);
	cv_peers_heard(w.peers, "pbx", &two, EBUSY);
	CU_ASSERT_STRING_EQUAL(order("a"), "192.0.2.1 192.0.2.2");
	world_close();
}

static void test_probes_find_out(void)
{
	world_open(PING "target = sip:192.0.2.1, sip:192.0.2.2\n");
	w.status = 404; /* any answer says that somebody is there */
	cv_fake_loop_advance(w.loop, 1000);
	CU_ASSERT_EQUAL(strlen(w.probes), 2 * strlen("192.0.2.1:5060 "));
	w.probes[0] = '\0';
	cv_fake_loop_advance(w.loop, 26000);
	CU_ASSERT_STRING_EQUAL(w.probes, "");
	w.status = 408;
	cv_fake_loop_advance(w.loop, 7000);
	CU_ASSERT_STRING_EQUAL(order("a"), "192.0.2.1 192.0.2.2"); /* both down */
	w.status = 200;
	cv_fake_loop_advance(w.loop, 9000);
	w.probes[0] = '\0';
	cv_fake_loop_advance(w.loop, 20000); /* up: asked at the usual pace again */
	CU_ASSERT_TRUE(strlen(w.probes) <= 2 * strlen("192.0.2.1:5060 "));
	world_close();
}

static void test_down_is_probed_fast_then_slower(void)
{
	static const unsigned at_s[] = {1, 3, 7, 15, 31, 61, 91, 121};
	struct cv_hop one = hop_at("192.0.2.1");
	const size_t len = strlen("192.0.2.1:5060 ");

	world_open(PING "target = sip:192.0.2.1\n");
	w.status = 200;
	cv_fake_loop_advance(w.loop, 1000);
	w.status = 503;
	w.probes[0] = '\0';
	cv_peers_heard(w.peers, "pbx", &one, ETIMEDOUT);
	for (size_t i = 0; i < sizeof(at_s) / sizeof(at_s[0]); ++i) {
		unsigned before = i > 0 ? at_s[i - 1] : 0;

		cv_fake_loop_advance(w.loop, (at_s[i] - before) * 1000 - 1);
		CU_ASSERT_EQUAL(strlen(w.probes), i * len);
		cv_fake_loop_advance(w.loop, 1);
		CU_ASSERT_EQUAL(strlen(w.probes), (i + 1) * len);
	}

	w.probes[0] = '\0';
	w.status = 0; /* one that is under way is not sent again */
	cv_fake_loop_advance(w.loop, 100000);
	CU_ASSERT_EQUAL(strlen(w.probes), len);
	cv_peers_probed(w.peers, "pbx", &one, 0, 0); /* it couldn't be sent: soon again */
	cv_fake_loop_advance(w.loop, 30000);
	CU_ASSERT_EQUAL(strlen(w.probes), 2 * len);
	world_close();
}

static void test_busy_hop_is_left_alone(void)
{
	struct cv_hop one = hop_at("192.0.2.1");

	world_open(PING "target = sip:192.0.2.1\n");
	w.status = 200;
	cv_fake_loop_advance(w.loop, 1000);
	w.probes[0] = '\0';
	cv_peers_heard(w.peers, "pbx", &one, EBUSY);
	cv_fake_loop_advance(w.loop, 9999);
	CU_ASSERT_STRING_EQUAL(w.probes, "");
	cv_fake_loop_advance(w.loop, 1);
	CU_ASSERT_STRING_EQUAL(w.probes, "192.0.2.1:5060 ");
	world_close();
}

static void test_busy_hop_rests_as_long_as_it_says(void)
{
	struct cv_hop one = hop_at("192.0.2.1");

	world_open(PBX "target = sip:192.0.2.1, sip:192.0.2.2\n");
	cv_peers_busy(w.peers, "pbx", &one, 45);
	CU_ASSERT_STRING_EQUAL(order("a"), "192.0.2.2 192.0.2.1");
	cv_fake_loop_advance(w.loop, 44999);
	CU_ASSERT_STRING_EQUAL(order("a"), "192.0.2.2 192.0.2.1");
	cv_fake_loop_advance(w.loop, 1);
	CU_ASSERT_STRING_EQUAL(order("a"), "192.0.2.1 192.0.2.2");
	cv_peers_busy(w.peers, "pbx", &one, 4000000000U);
	cv_fake_loop_advance(w.loop, 59999);
	CU_ASSERT_STRING_EQUAL(order("a"), "192.0.2.2 192.0.2.1");
	cv_fake_loop_advance(w.loop, 1);
	CU_ASSERT_STRING_EQUAL(order("a"), "192.0.2.1 192.0.2.2");
	cv_peers_busy(w.peers, "nobody", &one, 1);
	world_close();
}

static void test_probed_hop_that_is_busy_is_asked_when_it_says(void)
{
	struct cv_hop one = hop_at("192.0.2.1");

	world_open(PING "target = sip:192.0.2.1\n");
	w.status = 200;
	cv_fake_loop_advance(w.loop, 1000);
	w.probes[0] = '\0';
	cv_peers_busy(w.peers, "pbx", &one, 3);
	cv_fake_loop_advance(w.loop, 2999);
	CU_ASSERT_STRING_EQUAL(w.probes, "");
	cv_fake_loop_advance(w.loop, 1);
	CU_ASSERT_STRING_EQUAL(w.probes, "192.0.2.1:5060 ");
	world_close();
}

static void test_name_is_followed(void)
{
	world_open(PBX "target = sip:pbx.test;transport=tls, sip:192.0.2.9\n");
	CU_ASSERT_STRING_EQUAL(order("a"), "192.0.2.9");
	cv_fake_loop_advance(w.loop, 200);
	CU_ASSERT_EQUAL_FATAL(w.lookc, 1);
	CU_ASSERT_STRING_EQUAL(w.looks[0].ask.host, "pbx.test");
	CU_ASSERT_EQUAL(w.looks[0].ask.port, 0);
	CU_ASSERT_TRUE(w.looks[0].ask.transport_given);
	found(60, "192.0.2.1 1 0 0, 2001:db8::1 1 0 0, 192.0.2.1 1 0 1, 192.0.2.2 2 0 2");
	CU_ASSERT_STRING_EQUAL(order("a"), "192.0.2.1 192.0.2.2 192.0.2.9");
	CU_ASSERT_EQUAL(w.changes, 1);
	cv_fake_loop_advance(w.loop, 59999);
	CU_ASSERT_EQUAL(w.lookc, 1);
	cv_fake_loop_advance(w.loop, 1);
	CU_ASSERT_EQUAL(w.lookc, 2);
	found(5, "192.0.2.1 1 0 0, 192.0.2.2 2 0 1"); /* the same */
	CU_ASSERT_EQUAL(w.changes, 1);
	cv_fake_loop_advance(w.loop, 5000);
	found(5, "192.0.2.2 1 0 0, 192.0.2.3 2 0 1");
	CU_ASSERT_EQUAL(w.changes, 2);
	CU_ASSERT_STRING_EQUAL(order("a"), "192.0.2.2 192.0.2.3 192.0.2.9");
	world_close();
}

static void test_health_stays_over_an_answer(void)
{
	struct cv_hop one = hop_at("192.0.2.1");

	world_open(PBX "target = sip:pbx.test\n");
	cv_fake_loop_advance(w.loop, 200);
	found(5, "192.0.2.1 1 0 0, 192.0.2.2 2 0 1");
	cv_peers_heard(w.peers, "pbx", &one, ETIMEDOUT);
	cv_fake_loop_advance(w.loop, 5000);
	found(5, "192.0.2.1 1 0 0, 192.0.2.2 2 0 1");
	CU_ASSERT_STRING_EQUAL(order("a"), "192.0.2.2 192.0.2.1");
	world_close();
}

static void test_nobody_can_say(void)
{
	world_open(PBX "target = sip:pbx.test\n");
	CU_ASSERT_STRING_EQUAL(order("a"), "errno EAGAIN");
	cv_fake_loop_advance(w.loop, 200);
	not_found(ETIMEDOUT);
	CU_ASSERT_STRING_NOT_EQUAL(order("a"), "errno EAGAIN");
	cv_fake_loop_advance(w.loop, 5000);
	CU_ASSERT_EQUAL(w.lookc, 2);
	not_found(ETIMEDOUT);
	cv_fake_loop_advance(w.loop, 9999);
	CU_ASSERT_EQUAL(w.lookc, 2);
	cv_fake_loop_advance(w.loop, 1);
	CU_ASSERT_EQUAL(w.lookc, 3);
	found(60, "192.0.2.1");
	cv_fake_loop_advance(w.loop, 60000);
	not_found(ETIMEDOUT);
	CU_ASSERT_STRING_EQUAL(order("a"), "192.0.2.1"); /* the last one still holds */
	cv_fake_loop_advance(w.loop, 5000);
	not_found(ENOENT); /* but not when it is said to be gone */
	CU_ASSERT_STRING_EQUAL(order("a"), "errno No route to host");
	CU_ASSERT_EQUAL(w.changes, 2);
	world_close();
}

static void test_backoff_is_bounded(void)
{
	world_open(PBX "target = sip:pbx.test\n");
	cv_fake_loop_advance(w.loop, 200);
	for (int i = 0; i < 10; ++i) {
		not_found(ENOENT);
		cv_fake_loop_advance(w.loop, 300000);
	}
	CU_ASSERT_EQUAL(w.lookc, 11);
	world_close();
}

static void test_other_servers_are_asked_at_once(void)
{
	world_open(PBX "target = sip:pbx.test\n");
	cv_fake_loop_advance(w.loop, 200);
	not_found(ECANCELED); /* the old servers' question */
	CU_ASSERT_STRING_EQUAL(order("a"), "errno EAGAIN");
	cv_fake_loop_advance(w.loop, 200);
	CU_ASSERT_EQUAL(w.lookc, 2);
	cv_peers_refresh(w.peers); /* it is being asked */
	found(3600, "192.0.2.1");
	cv_peers_refresh(w.peers);
	cv_fake_loop_advance(w.loop, 200);
	CU_ASSERT_EQUAL(w.lookc, 3);
	world_close();
}

static void test_preferred_hop_comes_first_while_it_is_well(void)
{
	struct cv_hop two = hop_at("192.0.2.2");

	world_open(PBX "target = sip:192.0.2.1, sip:192.0.2.2\n");
	cv_peers_prefer(w.peers, "pbx", &two);
	CU_ASSERT_STRING_EQUAL(order("a"), "192.0.2.2 192.0.2.1");
	cv_peers_heard(w.peers, "pbx", &two, ETIMEDOUT);
	CU_ASSERT_STRING_EQUAL(order("a"), "192.0.2.1 192.0.2.2");
	cv_peers_heard(w.peers, "pbx", &two, 0);
	cv_peers_prefer(w.peers, "pbx", NULL);
	CU_ASSERT_STRING_EQUAL(order("a"), "192.0.2.1 192.0.2.2");
	cv_peers_prefer(w.peers, "nobody", &two);
	world_close();
}

static void test_reload_keeps_what_stays(void)
{
	struct cv_conf *was;
	struct cv_hop one = hop_at("192.0.2.1");

	world_open(PBX "target = sip:192.0.2.1, sip:192.0.2.2, sip:pbx.test\n"
		       "max-calls = 1\n[peer gone]\ntarget = sip:192.0.2.8\n");
	cv_fake_loop_advance(w.loop, 200);
	found(3600, "192.0.2.3");
	cv_peers_heard(w.peers, "pbx", &one, ETIMEDOUT);
	CU_ASSERT_EQUAL(cv_peers_admit(w.peers, "pbx"), 0);
	CU_ASSERT_EQUAL(cv_peers_admit(w.peers, "gone"), 0);
	was = w.conf;
	w.conf = conf_of(PBX "target = sip:pbx.test, sip:192.0.2.4, sip:192.0.2.1\n"
			     "max-calls = 1\n[peer new]\ntarget = sip:192.0.2.7\n");
	CU_ASSERT_EQUAL(cv_peers_conf(w.peers, w.conf), 0);
	cv_mem_unref(was);
	CU_ASSERT_STRING_EQUAL(order("a"), "192.0.2.3 192.0.2.4 192.0.2.1");
	CU_ASSERT_EQUAL(w.lookc, 1);
	CU_ASSERT_EQUAL(cv_peers_admit(w.peers, "pbx"), EBUSY);
	cv_peers_leave(w.peers, "pbx");
	CU_ASSERT_EQUAL(cv_peers_admit(w.peers, "pbx"), 0);
	cv_peers_leave(w.peers, "gone");
	CU_ASSERT_FALSE(cv_peers_is_host(w.peers, "gone", &one.addr));
	CU_ASSERT_TRUE(cv_peers_is_host(w.peers, "pbx", &one.addr));
	world_close();
}

static void test_question_dies_with_its_target(void)
{
	struct cv_conf *was;

	world_open(PBX "target = sip:pbx.test\n");
	cv_fake_loop_advance(w.loop, 200);
	CU_ASSERT_PTR_NOT_NULL(w.looks[0].fn);
	was = w.conf;
	w.conf = conf_of(PBX "target = sip:192.0.2.4\n");
	CU_ASSERT_EQUAL(cv_peers_conf(w.peers, w.conf), 0);
	CU_ASSERT_PTR_NULL(w.looks[0].fn);
	cv_mem_unref(was);
	world_close();
}

static void test_limits(void)
{
	world_open(PBX "target = sip:192.0.2.1\nmax-calls = 3\nmax-cps = 2\n");
	CU_ASSERT_EQUAL(cv_peers_admit(w.peers, "pbx"), 0);
	CU_ASSERT_EQUAL(cv_peers_admit(w.peers, "pbx"), 0);
	CU_ASSERT_EQUAL(cv_peers_admit(w.peers, "pbx"), EBUSY);
	cv_fake_loop_advance(w.loop, 1000);
	CU_ASSERT_EQUAL(cv_peers_admit(w.peers, "pbx"), 0);
	CU_ASSERT_EQUAL(cv_peers_admit(w.peers, "pbx"), EBUSY);
	cv_peers_leave(w.peers, "pbx");
	CU_ASSERT_EQUAL(cv_peers_admit(w.peers, "pbx"), 0);
	CU_ASSERT_EQUAL(cv_peers_admit(w.peers, "nobody"), 0);
	CU_ASSERT_EQUAL(cv_peers_admit(w.peers, NULL), 0);
	cv_peers_leave(w.peers, NULL);
	world_close();
}

static void test_hops_are_found_by_address(void)
{
	struct cv_addr a;
	const struct cv_hop *h;

	world_open(PBX "target = sip:pbx.test:5070, sip:192.0.2.2;transport=tcp\n");
	cv_fake_loop_advance(w.loop, 200);
	CU_ASSERT_EQUAL(w.looks[0].ask.port, 5070);
	found(60, "192.0.2.1:5070");
	a = hop_at("192.0.2.1:5070").addr;
	h = cv_peers_hop_at(w.peers, "pbx", &a, CV_TRANSPORT_UDP);
	CU_ASSERT_PTR_NOT_NULL_FATAL(h);
	CU_ASSERT_STRING_EQUAL(h->host, "pbx.test");
	CU_ASSERT_PTR_NULL(cv_peers_hop_at(w.peers, "pbx", &a, CV_TRANSPORT_TCP));
	a.port = 9;
	CU_ASSERT_PTR_NULL(cv_peers_hop_at(w.peers, "pbx", &a, CV_TRANSPORT_UDP));
	CU_ASSERT_TRUE(cv_peers_is_host(w.peers, "pbx", &a));
	CU_ASSERT_FALSE(cv_peers_is_host(w.peers, "nobody", &a));
	a = hop_at("192.0.2.2").addr;
	h = cv_peers_hop_at(w.peers, "pbx", &a, CV_TRANSPORT_TCP);
	CU_ASSERT_PTR_NOT_NULL_FATAL(h);
	CU_ASSERT_PTR_NULL(h->host);
	CU_ASSERT_EQUAL(h->target, 1);
	world_close();
}

static void test_show(void)
{
	struct cv_hop two = hop_at("192.0.2.2");
	struct cv_out *out = NULL;
	struct cv_buf b = {0};

	world_open(PBX "target = sip:pbx.test, sip:192.0.2.2\n");
	cv_fake_loop_advance(w.loop, 200);
	found(60, "192.0.2.1 10 5 0");
	cv_peers_heard(w.peers, "pbx", &two, ETIMEDOUT);
	CU_ASSERT_EQUAL(cv_peers_admit(w.peers, "pbx"), 0);
	CU_ASSERT_EQUAL_FATAL(cv_out_new(&out, CV_OUT_TEXT), 0);
	cv_peers_show(w.peers, "pbx", out);
	cv_peers_show(w.peers, "nobody", out);
	CU_ASSERT_EQUAL(cv_out_finish(out, &b), 0);
	CU_ASSERT_STRING_EQUAL(
		b.p,
		"calls: 1\ncps: 1\nnames: 1\n"
		"name=pbx.test hops=1 next_s=60 error=\"\"\n"
		"hops: 2\n"
		"hop=192.0.2.1:5060 transport=udp state=untried since_s=0 status=0 "
		"why=\"\" next_s=0 priority=10 weight=5 target=sip:pbx.test\n"
		"hop=192.0.2.2:5060 transport=udp state=down since_s=0 status=0 "
		"why=\"timed out\" next_s=30 priority=0 weight=0 target=sip:192.0.2.2\n");
	cv_mem_unref(out);
	cv_buf_free(&b);
	world_close();
}

static void test_bad_arguments(void)
{
	struct cv_peers *ps = NULL;
	struct cv_hop v;
	size_t c;

	CU_ASSERT_EQUAL(cv_peers_new(NULL, NULL), EINVAL);
	CU_ASSERT_EQUAL(cv_peers_new(&ps, &(struct cv_peers_env){.conf = NULL}), EINVAL);
	world_open(PBX "target = sip:192.0.2.1\n");
	CU_ASSERT_EQUAL(cv_peers_hops(w.peers, "nobody", CV_STR_NULL, &v, 1, &c),
			EHOSTUNREACH);
	CU_ASSERT_EQUAL(cv_peers_hops(w.peers, "pbx", CV_STR_NULL, &v, 0, &c),
			EHOSTUNREACH);
	CU_ASSERT_EQUAL(cv_peers_hops(w.peers, "pbx", CV_STR_NULL, &v, 1, &c), 0);
	world_close();
}

static void test_memory_that_ends(void)
{
	static const char text[] = PING "target = sip:192.0.2.1, sip:pbx.test\n"
					"[peer b]\ntarget = sip:192.0.2.2\n";
	size_t live;
	int err = ENOMEM;

	memset(&w, 0, sizeof(w));
	CU_ASSERT_EQUAL_FATAL(cv_fake_loop_new(&w.loop), 0);
	w.conf = conf_of(text);
	live = cv_mem_live();
	for (long n = 0; err && n < 60; ++n) {
		cv_mem_budget(n);
		err = peers_try();
		CU_ASSERT(err == 0 || (err == ENOMEM && !w.peers));
		cv_mem_budget(-1);
		CU_ASSERT(err == 0 || cv_mem_live() == live);
	}

	CU_ASSERT_EQUAL(err, 0);
	cv_fake_loop_advance(w.loop, 200);
	for (long n = 0; n < 8; ++n) { /* answers without memory leave what there is */
		cv_mem_budget(n);
		found(5, "192.0.2.3, 192.0.2.4 0 0 1");
		cv_mem_budget(-1);
		cv_fake_loop_advance(w.loop, 300000);
	}
	world_close();
}

int cv_test_peers(void)
{
	CU_pSuite s = CU_add_suite("peers", NULL, NULL);

	if (!s)
		return (int)CU_get_error();

	CU_ADD_TEST(s, test_targets_come_in_their_order);
	CU_ADD_TEST(s, test_weights_share);
	CU_ADD_TEST(s, test_one_key_one_order);
	CU_ADD_TEST(s, test_hop_that_failed_comes_last_until_it_has_rested);
	CU_ADD_TEST(s, test_all_down_are_still_tried);
	CU_ADD_TEST(s, test_probes_find_out);
	CU_ADD_TEST(s, test_down_is_probed_fast_then_slower);
	CU_ADD_TEST(s, test_busy_hop_is_left_alone);
	CU_ADD_TEST(s, test_busy_hop_rests_as_long_as_it_says);
	CU_ADD_TEST(s, test_probed_hop_that_is_busy_is_asked_when_it_says);
	CU_ADD_TEST(s, test_name_is_followed);
	CU_ADD_TEST(s, test_health_stays_over_an_answer);
	CU_ADD_TEST(s, test_nobody_can_say);
	CU_ADD_TEST(s, test_backoff_is_bounded);
	CU_ADD_TEST(s, test_other_servers_are_asked_at_once);
	CU_ADD_TEST(s, test_preferred_hop_comes_first_while_it_is_well);
	CU_ADD_TEST(s, test_reload_keeps_what_stays);
	CU_ADD_TEST(s, test_question_dies_with_its_target);
	CU_ADD_TEST(s, test_limits);
	CU_ADD_TEST(s, test_hops_are_found_by_address);
	CU_ADD_TEST(s, test_show);
	CU_ADD_TEST(s, test_bad_arguments);
	CU_ADD_TEST(s, test_memory_that_ends);

	return 0;
}
