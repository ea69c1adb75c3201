/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tests of the module through its registry: what each sort of request gets
 * under one configuration. One thread.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "base/mem.h"
#include "call/route.h"
#include "conf/conf.h"
#include "module.h"
#include "runner.h"

int cv_test_route_peer(void);

extern const struct cv_module cv_module_route_peer;

static const char base_conf[] =
	"[peer pbx]\ntarget = sip:203.0.113.5\ndomains = pbx.example, old.example\n"
	"[peer trunk]\ntarget = sip:203.0.113.9\ndomains = trunk.example\n"
	"register = yes\nusername = u\npassword = p\n";

static const char routes_conf[] =
	"[peer pbx]\ntarget = sip:203.0.113.5\ndomains = pbx.example\n"
	"[peer trunk]\ntarget = sip:203.0.113.9\nregister = yes\n"
	"username = u\npassword = p\n"
	"[route out]\nfrom = phones\nto = ^0[1-9]\nmethod = INVITE\npeer = trunk, pbx\n"
	"strip = 1\nprefix = +49\n"
	"[route in]\nfrom = peer:trunk\npeer = pbx\n"
	"[route star]\nto = ^[*]\npeer = pbx\n";

/* A module that runs under a configuration. */
struct bench {
	struct cv_conf *conf;
	struct cv_routes *routes;
	void *mod;
	struct cv_targets to;
};

static int bench_open(struct bench *b, const char *text)
{
	struct cv_buf error = {.p = NULL};
	struct cv_env env = {.loop = NULL};
	int err;

	*b = (struct bench){.conf = NULL};
	err = cv_conf_parse(&b->conf, "test.conf", cv_str_of(text), &error);
	if (err)
		printf("%s", error.p ? error.p : "no reason\n");

	cv_buf_free(&error);
	if (!err)
		err = cv_routes_new(&b->routes);

	b->mod = calloc(1, cv_module_route_peer.size);
	if (err || !b->mod)
		return err ? err : ENOMEM;

	err = cv_module_route_peer.conf(b->mod, b->conf->opts);
	env.routes = b->routes;

	return err ? err : cv_module_route_peer.start(b->mod, &env);
}

static void bench_close(struct bench *b)
{
	if (b->mod) {
		cv_module_route_peer.stop(b->mod);
		cv_module_route_peer.stop(b->mod); /* twice does no harm */
	}

	free(b->mod);
	cv_mem_unref(b->routes);
	cv_mem_unref(b->conf);
}

static struct cv_request request(enum cv_who who, const char *user, const char *host)
{
	return (struct cv_request){
		.method = CV_METHOD_INVITE,
		.who = who,
		.ruri = CV_STR("sip:somebody"),
		.ruri_user = cv_str_of(user),
		.ruri_host = cv_str_of(host),
	};
}

static int ask(struct bench *b, const struct cv_request *rq)
{
	b->to.v[0] = (struct cv_target){.peer = "nobody"};

	return cv_routes_pick(b->routes, rq, &b->to);
}

static void test_phone_goes_to_the_peer_of_the_domain(void)
{
	struct cv_request rq = request(CV_WHO_PHONE, "bob", "OLD.example");
	struct bench b;

	CU_ASSERT_EQUAL_FATAL(bench_open(&b, base_conf), 0);
	CU_ASSERT_EQUAL(ask(&b, &rq), 0);
	CU_ASSERT_EQUAL(b.to.v[0].kind, CV_TARGET_PEER);
	CU_ASSERT_STRING_EQUAL(b.to.v[0].peer, "pbx");
	CU_ASSERT_FALSE(b.to.v[0].user_changed);
	CU_ASSERT_PTR_NOT_NULL(strstr(b.to.v[0].why, "domains"));

	rq.ruri_host = CV_STR("elsewhere.example");
	CU_ASSERT_EQUAL(ask(&b, &rq), ENOENT);
	CU_ASSERT_STRING_EQUAL(b.to.v[0].peer, "nobody");
	rq.ruri_host = CV_STR_NULL;
	CU_ASSERT_EQUAL(ask(&b, &rq), ENOENT);
	bench_close(&b);
}

static void test_phone_that_asks_us_goes_home(void)
{
	struct cv_request rq = request(CV_WHO_PHONE, "bob", "192.0.2.1");
	struct bench b;

	CU_ASSERT_EQUAL_FATAL(bench_open(&b, base_conf), 0);
	rq.ruri_ours = true;
	rq.home_peer = "trunk";
	CU_ASSERT_EQUAL(ask(&b, &rq), 0);
	CU_ASSERT_STRING_EQUAL(b.to.v[0].peer, "trunk");

	rq.home_peer = NULL; /* registered with us: the only peer that is no trunk */
	CU_ASSERT_EQUAL(ask(&b, &rq), 0);
	CU_ASSERT_STRING_EQUAL(b.to.v[0].peer, "pbx");

	rq.home_peer = "gone"; /* taken away by a reload */
	CU_ASSERT_EQUAL(ask(&b, &rq), ENOENT);
	bench_close(&b);
}

static void test_two_peers_leave_no_default(void)
{
	struct cv_request rq = request(CV_WHO_PHONE, "bob", "192.0.2.1");
	struct bench b;

	CU_ASSERT_EQUAL_FATAL(bench_open(&b, "[peer a]\ntarget = sip:203.0.113.5\n"
					     "[peer b]\ntarget = sip:203.0.113.6\n"),
			      0);
	rq.ruri_ours = true;
	CU_ASSERT_EQUAL(ask(&b, &rq), ENOENT);
	bench_close(&b);
}

static void test_peer_needs_a_route(void)
{
	struct cv_request rq = request(CV_WHO_PEER, "bob", "pbx.example");
	struct bench b;

	rq.peer = "trunk";
	rq.ruri_ours = true;
	CU_ASSERT_EQUAL_FATAL(bench_open(&b, base_conf), 0);
	CU_ASSERT_EQUAL(ask(&b, &rq), ENOENT);
	bench_close(&b);

	CU_ASSERT_EQUAL_FATAL(bench_open(&b, routes_conf), 0);
	CU_ASSERT_EQUAL(ask(&b, &rq), 0);
	CU_ASSERT_STRING_EQUAL(b.to.v[0].peer, "pbx");
	rq.peer = "pbx";
	CU_ASSERT_EQUAL(ask(&b, &rq), ENOENT);
	bench_close(&b);
}

static void test_route_strips_and_prefixes(void)
{
	struct cv_request rq = request(CV_WHO_PHONE, "0301234", "192.0.2.1");
	struct bench b;

	CU_ASSERT_EQUAL_FATAL(bench_open(&b, routes_conf), 0);
	CU_ASSERT_EQUAL(ask(&b, &rq), 0);
	CU_ASSERT_EQUAL(b.to.c, 2); /* the next one when it fails, with the same number */
	CU_ASSERT(b.to.v[1].turn > b.to.v[0].turn);
	CU_ASSERT_STRING_EQUAL(b.to.v[1].peer, "pbx");
	CU_ASSERT_STRING_EQUAL(b.to.v[1].user, "+49301234");
	CU_ASSERT_STRING_EQUAL(b.to.v[0].peer, "trunk");
	CU_ASSERT_TRUE(b.to.v[0].user_changed);
	CU_ASSERT_STRING_EQUAL(b.to.v[0].user, "+49301234");
	CU_ASSERT_PTR_NOT_NULL(strstr(b.to.v[0].why, "[route out]"));

	rq.method = CV_METHOD_MESSAGE; /* the route says INVITE */
	CU_ASSERT_EQUAL(ask(&b, &rq), ENOENT);
	rq.method = CV_METHOD_INVITE;
	rq.ruri_user = CV_STR("00491");
	CU_ASSERT_EQUAL(ask(&b, &rq), ENOENT);
	rq.ruri_user = CV_STR("*97");
	CU_ASSERT_EQUAL(ask(&b, &rq), 0);
	CU_ASSERT_STRING_EQUAL(b.to.v[0].peer, "pbx");
	CU_ASSERT_FALSE(b.to.v[0].user_changed);
	bench_close(&b);
}

static void test_long_users_are_bounded(void)
{
	char user[300], most[128];
	struct cv_request rq = request(CV_WHO_PHONE, "", "192.0.2.1");
	struct bench b;

	memset(user, '1', sizeof(user));
	user[0] = '0';
	rq.ruri_user = cv_str_make(user, sizeof(user));
	CU_ASSERT_EQUAL_FATAL(bench_open(&b, routes_conf), 0);
	CU_ASSERT_EQUAL(ask(&b, &rq), ENOENT); /* no expression is asked */

	memset(most, '1', sizeof(most));
	most[0] = '0';
	rq.ruri_user = cv_str_make(most, 127); /* matches, but +49 finds no room */
	CU_ASSERT_EQUAL(ask(&b, &rq), EINVAL);
	rq.ruri_user = cv_str_make(most, 125);
	CU_ASSERT_EQUAL(ask(&b, &rq), 0);
	CU_ASSERT_EQUAL(strlen(b.to.v[0].user), 127);
	bench_close(&b);
}

static void test_short_user_is_not_stripped(void)
{
	struct cv_request rq = request(CV_WHO_PHONE, "1", "192.0.2.1");
	struct bench b;

	CU_ASSERT_EQUAL_FATAL(bench_open(&b, "[peer a]\ntarget = sip:203.0.113.5\n"
					     "[peer b]\ntarget = sip:203.0.113.6\n"
					     "[route r]\npeer = a\nstrip = 2\n"
					     "[route s]\npeer = b\n"),
			      0);
	CU_ASSERT_EQUAL(ask(&b, &rq), 0);
	CU_ASSERT_STRING_EQUAL(b.to.v[0].peer, "b");
	rq.ruri_user = CV_STR("12");
	CU_ASSERT_EQUAL(ask(&b, &rq), 0);
	CU_ASSERT_STRING_EQUAL(b.to.v[0].peer, "a");
	CU_ASSERT_STRING_EQUAL(b.to.v[0].user, "");
	bench_close(&b);
}

/* Stands for the registrations: alice has two phones, and only at an address of ours. */
static int pick_alice(void *arg, const struct cv_request *rq, struct cv_targets *to)
{
	(void)arg;

	if (!cv_str_eq(rq->ruri_user, CV_STR("alice")) || !rq->ruri_ours)
		return ENOENT;

	for (uint64_t id = 7; id <= 8; ++id) {
		struct cv_target *t = cv_targets_add(to);

		t->kind = CV_TARGET_BINDING;
		t->binding = id;
	}

	return 0;
}

static void test_route_rings_a_user(void)
{
	static const struct cv_route_ops ops = {.name = "alice", .pick = pick_alice};
	struct cv_request rq = request(CV_WHO_PEER, "4930123", "trunk.example");
	struct cv_route *reg = NULL;
	struct cv_env env = {.loop = NULL};
	struct bench b;

	CU_ASSERT_EQUAL_FATAL(
		bench_open(&b, "[peer trunk]\ntarget = sip:203.0.113.9\n"
			       "[user alice]\npassword = a\n[user bob]\npassword = b\n"
			       "[route in]\nfrom = peer:trunk\nto = 123$\nuser = alice\n"
			       "[route no]\nfrom = peer:trunk\nuser = bob\n"),
		0);
	env.routes = b.routes;
	CU_ASSERT_EQUAL_FATAL(cv_route_add(&env, &reg, &ops, NULL), 0);
	rq.peer = "trunk";
	CU_ASSERT_EQUAL(ask(&b, &rq), 0);
	CU_ASSERT_EQUAL(b.to.v[0].kind, CV_TARGET_BINDING);
	CU_ASSERT_EQUAL(b.to.c, 2);
	CU_ASSERT_EQUAL(b.to.v[0].binding, 7);
	CU_ASSERT_EQUAL(b.to.v[1].binding, 8);
	CU_ASSERT_PTR_NOT_NULL(strstr(b.to.v[1].why, "[route in] rings alice"));
	CU_ASSERT_PTR_NOT_NULL(strstr(b.to.v[0].why, "[route in] rings alice"));

	rq.ruri_user =
		CV_STR("4930999"); /* bob has no phone, and no rule is asked twice */
	CU_ASSERT_EQUAL(ask(&b, &rq), ENOENT);
	rq.peer = "other";
	rq.ruri_user = CV_STR("4930123");
	CU_ASSERT_EQUAL(ask(&b, &rq), ENOENT);
	reg = cv_route_del(reg);
	bench_close(&b);
}

static void test_peers_of_a_route_are_bounded(void)
{
	static const char peer[] = "[peer a]\ntarget = sip:203.0.113.5\n[route r]\n";
	char text[512];
	struct bench b;
	size_t at = (size_t)snprintf(text, sizeof(text), "%s", peer);

	for (int i = 0; i < CV_TARGETS; ++i)
		at += (size_t)snprintf(text + at, sizeof(text) - at, "peer = a\n");

	CU_ASSERT_EQUAL(bench_open(&b, text), 0);
	bench_close(&b);
	(void)snprintf(text + at, sizeof(text) - at, "peer = a\n");
	CU_ASSERT_EQUAL(bench_open(&b, text), EINVAL);
	bench_close(&b);
}

static void test_strangers_never_use_our_account(void)
{
	struct cv_request rq = request(CV_WHO_STRANGER, "bob", "itsp.example");
	struct bench b;

	CU_ASSERT_EQUAL_FATAL(
		bench_open(&b, "[general]\nstrangers = pass\n"
			       "[peer itsp]\ntarget = sip:203.0.113.9\n"
			       "domains = itsp.example\nusername = u\npassword = p\n"),
		0);
	CU_ASSERT_EQUAL(ask(&b, &rq), EACCES);
	bench_close(&b);
}

static void test_strangers_are_refused(void)
{
	struct cv_request rq = request(CV_WHO_STRANGER, "bob", "pbx.example");
	struct bench b;

	CU_ASSERT_EQUAL_FATAL(bench_open(&b, base_conf), 0);
	CU_ASSERT_EQUAL(ask(&b, &rq), EACCES);
	bench_close(&b);

	CU_ASSERT_EQUAL_FATAL(bench_open(&b, routes_conf), 0);
	rq.ruri_user = CV_STR("*97"); /* [route star] says any: strangers aren't */
	CU_ASSERT_EQUAL(ask(&b, &rq), EACCES);
	bench_close(&b);
}

static void test_strangers_pass_to_domains_only(void)
{
	static const char *const numbers[] = {"5551234",   "+15551234",   "*97",
					      "#31#555",   "555-12.34",   "%35551234",
					      "%2b1555",   "555;ext=bob", "(0)30 1234",
					      "555%3bbob", "555:secret"};
	static const char *const names[] = {"bob", "bob2", "2bob", "1a", "", "%zz"};
	struct cv_request rq = request(CV_WHO_STRANGER, "bob", "pbx.example");
	char text[sizeof(base_conf) + 64];
	struct bench b;

	(void)snprintf(text, sizeof(text), "[general]\nstrangers = pass\n%s", base_conf);
	CU_ASSERT_EQUAL_FATAL(bench_open(&b, text), 0);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); ++i) {
		rq.ruri_user = cv_str_of(names[i]);
		CU_ASSERT_EQUAL(ask(&b, &rq), 0);
		CU_ASSERT_STRING_EQUAL(b.to.v[0].peer, "pbx");
	}

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); ++i) {
		rq.ruri_user = cv_str_of(numbers[i]);
		CU_ASSERT_EQUAL(ask(&b, &rq), EACCES);
	}

	rq.ruri_user = CV_STR("bob");
	rq.ruri = CV_STR("sip:bob@pbx.example;User=Phone");
	CU_ASSERT_EQUAL(ask(&b, &rq), EACCES);
	rq.ruri = CV_STR("TEL:+15551234");
	CU_ASSERT_EQUAL(ask(&b, &rq), EACCES);
	rq.ruri = CV_STR("sip:bob@trunk.example");
	rq.ruri_host = CV_STR("trunk.example");
	CU_ASSERT_EQUAL(ask(&b, &rq), EACCES);
	rq.ruri_host = CV_STR("192.0.2.1");
	rq.ruri_ours = true;
	CU_ASSERT_EQUAL(ask(&b, &rq), EACCES);
	bench_close(&b);
}

static void test_stale_token_goes_nowhere(void)
{
	struct cv_request rq = request(CV_WHO_PHONE, "t0ken", "192.0.2.1");
	struct bench b;

	CU_ASSERT_EQUAL_FATAL(bench_open(&b, base_conf), 0);
	rq.ruri_ours = true;
	rq.ruri_token = true;
	CU_ASSERT_EQUAL(ask(&b, &rq), ENOENT);
	bench_close(&b);
}

static void test_adopt_takes_the_new_options(void)
{
	struct cv_request rq = request(CV_WHO_PHONE, "bob", "new.example");
	struct bench b, fresh;

	CU_ASSERT_EQUAL_FATAL(bench_open(&b, base_conf), 0);
	CU_ASSERT_EQUAL_FATAL(bench_open(&fresh, "[peer new]\ntarget = sip:203.0.113.5\n"
						 "domains = new.example\n"),
			      0);
	CU_ASSERT_EQUAL(ask(&b, &rq), ENOENT);
	CU_ASSERT_EQUAL(cv_module_route_peer.adopt(b.mod, fresh.mod), 0);
	bench_close(&fresh);
	CU_ASSERT_EQUAL(ask(&b, &rq), 0);
	CU_ASSERT_STRING_EQUAL(b.to.v[0].peer, "new");
	bench_close(&b);
}

static void test_conf_oom(void)
{
	struct cv_conf *c = NULL;
	void *mod = calloc(1, cv_module_route_peer.size);
	struct cv_buf error = {.p = NULL};
	int err = ENOMEM;

	CU_ASSERT_PTR_NOT_NULL_FATAL(mod);
	CU_ASSERT_EQUAL_FATAL(
		cv_conf_parse(&c, "test.conf", cv_str_of(routes_conf), &error), 0);
	for (long n = 0; err == ENOMEM && n < 64; ++n) {
		cv_mem_budget(n);
		err = cv_module_route_peer.conf(mod, c->opts);
		cv_mem_budget(-1);
		CU_ASSERT(err == 0 || err == ENOMEM);
	}

	CU_ASSERT_EQUAL(err, 0);
	cv_module_route_peer.stop(mod);
	free(mod);
	cv_buf_free(&error);
	cv_mem_unref(c);
}

int cv_test_route_peer(void)
{
	CU_pSuite s = CU_add_suite("route_peer", NULL, NULL);

	if (!s)
		return CU_get_error();

	CU_ADD_TEST(s, test_phone_goes_to_the_peer_of_the_domain);
	CU_ADD_TEST(s, test_phone_that_asks_us_goes_home);
	CU_ADD_TEST(s, test_two_peers_leave_no_default);
	CU_ADD_TEST(s, test_peer_needs_a_route);
	CU_ADD_TEST(s, test_route_strips_and_prefixes);
	CU_ADD_TEST(s, test_long_users_are_bounded);
	CU_ADD_TEST(s, test_short_user_is_not_stripped);
	CU_ADD_TEST(s, test_route_rings_a_user);
	CU_ADD_TEST(s, test_peers_of_a_route_are_bounded);
	CU_ADD_TEST(s, test_strangers_never_use_our_account);
	CU_ADD_TEST(s, test_strangers_are_refused);
	CU_ADD_TEST(s, test_strangers_pass_to_domains_only);
	CU_ADD_TEST(s, test_stale_token_goes_nowhere);
	CU_ADD_TEST(s, test_adopt_takes_the_new_options);
	CU_ADD_TEST(s, test_conf_oom);

	return CU_get_error();
}

const struct cv_test_suite cv_test_suites[] = {
	{"route_peer", cv_test_route_peer},
	{0},
};
