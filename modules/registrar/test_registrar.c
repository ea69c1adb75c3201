/* SPDX-License-Identifier: BSD-3-Clause */
/* The registrar through a fake environment: challenge, proof, expiry, guessing. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/stat.h"
#include "bind/home.h"
#include "conf/conf.h"
#include "conf/opts.h"
#include "fake_loop.h"
#include "module.h"
#include "nonces.h"
#include "sip/digest.h"
#include "suite_registrar.h"

extern const struct cv_module cv_module_registrar;

enum { LINE = 512 };

/* "alice" "wonder" of edge.example, "bob" of b.example by MD5 ha1, "carol" of
 * c.example by SHA-256 ha1 */
static const char text[] =
	"[general]\n"
	"name = edge.example\n"
	"[user alice]\n"
	"password = wonder\n"
	"max-contacts = 2\n"
	"[user bob]\n"
	"ha1 = 9A1C1CE6A6BCD5E3ED8E9FD1A1D5A5C5\n"
	"domain = b.example\n"
	"[user carol]\n"
	"ha1 = 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n"
	"domain = c.example\n"
	"[registration]\n"
	"min-expires = 1m\n"
	"phone-expires-udp = 90s\n";

/* A started module and what it stands in. */
struct bench {
	struct cv_conf *conf;
	struct cv_loop *loop;
	struct cv_stats *stats;
	struct cv_env env;
	void *mod;
};

static void *mod_new(const struct cv_conf *conf, struct cv_buf *error)
{
	void *mod = calloc(1, cv_module_registrar.size);

	cv_opts_error_to(conf->opts, error);
	if (!mod || cv_module_registrar.conf(mod, conf->opts)) {
		free(mod);
		return NULL;
	}

	return mod;
}

static void mod_free(void *mod)
{
	if (mod)
		cv_module_registrar.stop(mod);

	free(mod);
}

static void bench_open(struct bench *b)
{
	struct cv_buf error = {0};

	memset(b, 0, sizeof(*b));
	if (cv_fake_loop_new(&b->loop) || cv_homes_new(&b->env.homes) ||
	    cv_stats_new(&b->stats, NULL) || cv_stats_cell(b->stats, &b->env.stat) ||
	    cv_conf_parse(&b->conf, "test", cv_str_of(text), &error))
		abort();

	b->mod = mod_new(b->conf, &error);
	if (!b->mod || cv_module_registrar.start(b->mod, &b->env))
		abort();

	cv_buf_free(&error);
}

static void bench_close(struct bench *b)
{
	mod_free(b->mod);
	cv_mem_unref(b->conf);
	cv_mem_unref(b->stats);
	cv_mem_unref(b->env.homes);
	cv_mem_unref(b->loop);
}

static struct cv_home_ask ask_of(const char *user)
{
	struct cv_home_ask ask = {
		.method = CV_STR("REGISTER"),
		.user = cv_str_of(user),
		.ruri = CV_STR("sip:192.0.2.1"),
		.expires_s = 3600,
	};

	(void)cv_addr_parse(&ask.seen, CV_STR("203.0.113.7:5060"));

	return ask;
}

/* Asks, then answers the challenge with @p password; the second verdict. */
static int prove(struct bench *b, struct cv_home_ask *ask, const char *password,
		 struct cv_home_answer *ans)
{
	char ha1[CV_DIGEST_HEX], hex[CV_DIGEST_HEX], value[1024];
	struct cv_home_answer first = {0};
	struct cv_digest d;
	int err;

	err = cv_homes_answer(b->env.homes, ask, &first);
	if (err)
		return err;

	CU_ASSERT_EQUAL_FATAL(first.verdict, CV_HOME_CHALLENGE);
	CU_ASSERT_EQUAL_FATAL(cv_digest_parse(&d, cv_str_of(first.challenge)), 0);
	d.uri = ask->ruri;
	d.nc = CV_STR("00000001");
	d.cnonce = CV_STR("abc");
	cv_digest_ha1(d.alg, ask->user, d.realm, cv_str_of(password), ha1);
	cv_digest_response(&d, ask->method, ha1, hex);
	(void)snprintf(value, sizeof(value),
		       "Digest username=\"" CV_STR_FMT "\", realm=\"" CV_STR_FMT
		       "\", nonce=\"" CV_STR_FMT "\", uri=\"" CV_STR_FMT
		       "\", response=\"%s\", qop=auth, nc=00000001, cnonce=\"abc\", "
		       "algorithm=%s",
		       CV_STR_ARG(ask->user), CV_STR_ARG(d.realm), CV_STR_ARG(d.nonce),
		       CV_STR_ARG(d.uri), hex,
		       d.alg == CV_DIGEST_MD5 ? "MD5" : "SHA-256");
	ask->authorization = cv_str_of(value);
	err = cv_homes_answer(b->env.homes, ask, ans);
	ask->authorization = CV_STR_NULL;

	return err;
}

static void test_right_password_is_accepted(void)
{
	struct cv_home_ask ask = ask_of("alice");
	struct cv_home_answer ans = {0};
	struct bench b;

	bench_open(&b);
	CU_ASSERT_EQUAL(prove(&b, &ask, "wonder", &ans), 0);
	CU_ASSERT_EQUAL(ans.verdict, CV_HOME_ACCEPT);
	CU_ASSERT_EQUAL(ans.expires_s, 3600);
	CU_ASSERT_EQUAL(ans.max_contacts, 2);
	bench_close(&b);
}

static void test_wrong_password_is_asked_again(void)
{
	struct cv_home_ask ask = ask_of("alice");
	struct cv_home_answer ans = {0};
	struct bench b;

	bench_open(&b);
	CU_ASSERT_EQUAL(prove(&b, &ask, "under", &ans), 0);
	CU_ASSERT_EQUAL(ans.verdict, CV_HOME_CHALLENGE);
	CU_ASSERT_PTR_NULL(strstr(ans.challenge, "stale"));
	CU_ASSERT_EQUAL(cv_stats_sum(b.stats, CV_STAT_auth_failed), 1);
	bench_close(&b);
}

static void keep_line(enum cv_log_level level, const char *line, void *arg)
{
	(void)level;
	(void)snprintf(arg, LINE, "%s", line);
}

/* The log knows which it was; what is answered doesn't show it. */
static void test_log_tells_account_from_password(void)
{
	static const struct {
		const char *user, *why;
	} v[] = {{"alice", "why=password"}, {"nobody", "why=no-such-account"}};
	char line[LINE] = "";

	for (size_t i = 0; i < 2; ++i) {
		struct cv_home_ask ask = ask_of(v[i].user);
		struct cv_home_answer ans = {0};
		struct bench b;

		bench_open(&b);
		cv_log_level(CV_LOG_INFO);
		cv_log_sink(keep_line, line);
		CU_ASSERT_EQUAL(prove(&b, &ask, "under", &ans), 0);
		cv_log_sink(NULL, NULL);
		CU_ASSERT_EQUAL(ans.verdict, CV_HOME_CHALLENGE);
		CU_ASSERT_PTR_NOT_NULL(strstr(line, "auth-failed user="));
		CU_ASSERT_PTR_NOT_NULL(strstr(line, v[i].why));
		bench_close(&b);
	}
}

/* The challenge without its nonce, which differs each time. */
static void shape_of(const char *challenge, char *dst, size_t size)
{
	const char *nonce = strstr(challenge, "nonce=\"");

	CU_ASSERT_PTR_NOT_NULL_FATAL(nonce);
	(void)snprintf(dst, size, "%.*s%s", (int)(nonce - challenge), challenge,
		       nonce + 7 + 48);
}

static void test_unknown_user_looks_like_a_wrong_password(void)
{
	struct cv_home_ask known = ask_of("alice"), unknown = ask_of("mallory");
	struct cv_home_answer a = {0}, b = {0};
	char shape_a[CV_HOME_TEXT], shape_b[CV_HOME_TEXT];
	struct bench bench;

	bench_open(&bench);
	known.host = unknown.host = CV_STR("edge.example");
	CU_ASSERT_EQUAL(cv_homes_answer(bench.env.homes, &known, &a), 0);
	CU_ASSERT_EQUAL(cv_homes_answer(bench.env.homes, &unknown, &b), 0);
	CU_ASSERT_EQUAL(a.verdict, CV_HOME_CHALLENGE);
	CU_ASSERT_EQUAL(b.verdict, CV_HOME_CHALLENGE);
	shape_of(a.challenge, shape_a, sizeof(shape_a));
	shape_of(b.challenge, shape_b, sizeof(shape_b));
	CU_ASSERT_STRING_EQUAL(shape_a, shape_b);

	CU_ASSERT_EQUAL(prove(&bench, &known, "x", &a), 0);
	CU_ASSERT_EQUAL(prove(&bench, &unknown, "x", &b), 0);
	CU_ASSERT_EQUAL(a.verdict, b.verdict);
	CU_ASSERT_EQUAL(cv_stats_sum(bench.stats, CV_STAT_auth_failed), 2);
	bench_close(&bench);
}

static void test_unknown_user_keeps_its_realm(void)
{
	struct cv_home_ask ask = ask_of("mallory");
	struct cv_home_answer a = {0}, b = {0};
	char shape_a[CV_HOME_TEXT], shape_b[CV_HOME_TEXT];
	struct bench bench;

	bench_open(&bench);
	CU_ASSERT_EQUAL(cv_homes_answer(bench.env.homes, &ask, &a), 0);
	CU_ASSERT_EQUAL(cv_homes_answer(bench.env.homes, &ask, &b), 0);
	shape_of(a.challenge, shape_a, sizeof(shape_a));
	shape_of(b.challenge, shape_b, sizeof(shape_b));
	CU_ASSERT_STRING_EQUAL(shape_a, shape_b);
	bench_close(&bench);
}

static void test_others_go_on(void)
{
	struct cv_home_ask ask = ask_of("alice");
	struct cv_home_answer ans = {0};
	struct bench b;

	bench_open(&b);
	ask.host = CV_STR("else.example");
	CU_ASSERT_EQUAL(cv_homes_answer(b.env.homes, &ask, &ans), ENOENT);
	ask = ask_of("dave");
	ask.upstream = true;
	CU_ASSERT_EQUAL(cv_homes_answer(b.env.homes, &ask, &ans), ENOENT);
	ask = ask_of("bob");
	ask.host = CV_STR("edge.example");
	ask.upstream = true;
	CU_ASSERT_EQUAL(cv_homes_answer(b.env.homes, &ask, &ans), ENOENT);
	bench_close(&b);
}

static void test_old_nonce_is_stale_another_source_is_not_ours(void)
{
	struct cv_home_ask ask = ask_of("alice");
	struct cv_home_answer ans = {0}, first = {0};
	char ha1[CV_DIGEST_HEX], hex[CV_DIGEST_HEX], value[1024];
	struct cv_digest d;
	struct bench b;

	bench_open(&b);
	CU_ASSERT_EQUAL_FATAL(cv_homes_answer(b.env.homes, &ask, &first), 0);
	CU_ASSERT_EQUAL_FATAL(cv_digest_parse(&d, cv_str_of(first.challenge)), 0);
	d.uri = ask.ruri;
	d.nc = CV_STR("00000001");
	d.cnonce = CV_STR("abc");
	cv_digest_ha1(d.alg, ask.user, d.realm, CV_STR("wonder"), ha1);
	cv_digest_response(&d, ask.method, ha1, hex);
	(void)snprintf(value, sizeof(value),
		       "Digest username=\"alice\", realm=\"edge.example\", "
		       "nonce=\"" CV_STR_FMT "\", uri=\"sip:192.0.2.1\", "
		       "response=\"%s\", qop=auth, nc=00000001, cnonce=\"abc\"",
		       CV_STR_ARG(d.nonce), hex);
	ask.authorization = cv_str_of(value);
	CU_ASSERT_EQUAL(cv_homes_answer(b.env.homes, &ask, &ans), 0);
	CU_ASSERT_EQUAL(ans.verdict, CV_HOME_ACCEPT);

	(void)cv_addr_parse(&ask.seen, CV_STR("203.0.113.8:5060"));
	CU_ASSERT_EQUAL(cv_homes_answer(b.env.homes, &ask, &ans), 0);
	CU_ASSERT_EQUAL(ans.verdict, CV_HOME_CHALLENGE);

	(void)cv_addr_parse(&ask.seen, CV_STR("203.0.113.7:9999"));
	cv_fake_loop_advance(b.loop, 302000);
	CU_ASSERT_EQUAL(cv_homes_answer(b.env.homes, &ask, &ans), 0);
	CU_ASSERT_EQUAL(ans.verdict, CV_HOME_CHALLENGE);
	CU_ASSERT_PTR_NOT_NULL(strstr(ans.challenge, "stale=true"));
	CU_ASSERT_EQUAL(cv_stats_sum(b.stats, CV_STAT_auth_failed), 0);
	bench_close(&b);
}

/* One answer to a challenge, as often as it is sent. */
struct answer {
	char value[1024];
	struct cv_digest d; /* of the challenge; borrowed */
	const char *uri, *nc;
};

static int say(struct bench *b, struct cv_home_ask *ask, struct answer *a,
	       struct cv_home_answer *ans)
{
	char ha1[CV_DIGEST_HEX], hex[CV_DIGEST_HEX];
	int err;

	a->d.uri = cv_str_of(a->uri);
	a->d.nc = cv_str_of(a->nc);
	a->d.cnonce = CV_STR("abc");
	cv_digest_ha1(a->d.alg, ask->user, a->d.realm, CV_STR("wonder"), ha1);
	cv_digest_response(&a->d, ask->method, ha1, hex);
	(void)snprintf(a->value, sizeof(a->value),
		       "Digest username=\"alice\", realm=\"edge.example\", "
		       "nonce=\"" CV_STR_FMT "\", uri=\"%s\", response=\"%s\", "
		       "qop=auth, nc=%s, cnonce=\"abc\"",
		       CV_STR_ARG(a->d.nonce), a->uri, hex, a->nc);
	ask->authorization = cv_str_of(a->value);
	err = cv_homes_answer(b->env.homes, ask, ans);
	ask->authorization = CV_STR_NULL;

	return err ? err : (int)ans->verdict;
}

static void test_credential_serves_once(void)
{
	static const struct {
		const char *nc;
		enum cv_home_verdict is;
		bool stale;
	} rows[] = {
		{"00000001", CV_HOME_ACCEPT, false},
		{"00000001", CV_HOME_CHALLENGE, true}, /* seen and sent again */
		{"00000002", CV_HOME_ACCEPT, false},
		{"0000000a", CV_HOME_ACCEPT, false}, /* requests may get lost */
		{"00000003", CV_HOME_CHALLENGE, true},
		{"00000000", CV_HOME_CHALLENGE, false},
		{"1", CV_HOME_CHALLENGE, false},
		{"0000000g", CV_HOME_CHALLENGE, false},
	};
	struct cv_home_ask ask = ask_of("alice");
	struct cv_home_answer first = {0}, ans = {0};
	struct answer a = {.uri = "sip:192.0.2.1"};
	struct bench b;

	bench_open(&b);
	CU_ASSERT_EQUAL_FATAL(cv_homes_answer(b.env.homes, &ask, &first), 0);
	CU_ASSERT_EQUAL_FATAL(cv_digest_parse(&a.d, cv_str_of(first.challenge)), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
		a.nc = rows[i].nc;
		CU_ASSERT_EQUAL(say(&b, &ask, &a, &ans), (int)rows[i].is);
		if (rows[i].is == CV_HOME_CHALLENGE)
			CU_ASSERT_EQUAL(strstr(ans.challenge, "stale=true") != NULL,
					rows[i].stale);
	}
	bench_close(&b);
}

static void test_credential_serves_its_request_only(void)
{
	struct cv_home_ask ask = ask_of("alice");
	struct cv_home_answer first = {0}, ans = {0};
	struct answer a = {.uri = "sip:911@192.0.2.1", .nc = "00000001"};
	struct bench b;

	bench_open(&b);
	CU_ASSERT_EQUAL_FATAL(cv_homes_answer(b.env.homes, &ask, &first), 0);
	CU_ASSERT_EQUAL_FATAL(cv_digest_parse(&a.d, cv_str_of(first.challenge)), 0);
	CU_ASSERT_EQUAL(say(&b, &ask, &a, &ans), CV_HOME_CHALLENGE);
	CU_ASSERT_EQUAL(cv_stats_sum(b.stats, CV_STAT_auth_failed), 1);
	a.uri = "sip:192.0.2.1:5060;transport=udp";
	CU_ASSERT_EQUAL(say(&b, &ask, &a, &ans), CV_HOME_ACCEPT);
	bench_close(&b);
}

/* Two phones behind one NAT ask in the same second. */
static void test_no_two_nonces_are_the_same(void)
{
	struct cv_home_ask ask = ask_of("alice");
	struct cv_home_answer a = {0}, b = {0};
	struct bench bench;

	bench_open(&bench);
	CU_ASSERT_EQUAL(cv_homes_answer(bench.env.homes, &ask, &a), 0);
	CU_ASSERT_EQUAL(cv_homes_answer(bench.env.homes, &ask, &b), 0);
	CU_ASSERT_STRING_NOT_EQUAL(a.challenge, b.challenge);
	bench_close(&bench);
}

/* However many are used, none is believed twice. */
static void test_forgotten_nonces_are_old(void)
{
	enum { MANY = 200000 };
	struct cv_nonces *n = NULL;
	unsigned believed = 0;

	CU_ASSERT_EQUAL_FATAL(cv_nonces_new(&n), 0);
	for (uint64_t i = 1; i <= MANY; ++i)
		CU_ASSERT_EQUAL(cv_nonces_use(n, i, 1), 0);
	for (uint64_t i = 1; i <= MANY; ++i)
		believed += cv_nonces_use(n, i, 1) == 0;
	CU_ASSERT_EQUAL(believed, 0);
	CU_ASSERT_EQUAL(cv_nonces_use(n, MANY, 2), 0);
	cv_mem_unref(n);
}

static void test_nonces_oom(void)
{
	struct cv_nonces *n = NULL;

	cv_mem_budget(0);
	CU_ASSERT_EQUAL(cv_nonces_new(&n), ENOMEM);
	cv_mem_budget(-1);
	CU_ASSERT_PTR_NULL(n);
}

static void test_expiry_is_clamped(void)
{
	struct cv_home_ask ask = ask_of("alice");
	struct cv_home_answer ans = {0};
	struct bench b;

	bench_open(&b);
	ask.nated_udp = true;
	CU_ASSERT_EQUAL(prove(&b, &ask, "wonder", &ans), 0);
	CU_ASSERT_EQUAL(ans.expires_s, 90);
	ask.nated_udp = false;
	ask.stream = true;
	CU_ASSERT_EQUAL(prove(&b, &ask, "wonder", &ans), 0);
	CU_ASSERT_EQUAL(ans.expires_s, 600);
	ask.expires_s = 59;
	CU_ASSERT_EQUAL(prove(&b, &ask, "wonder", &ans), 0);
	CU_ASSERT_EQUAL(ans.verdict, CV_HOME_BRIEF);
	CU_ASSERT_EQUAL(ans.min_s, 60);
	ask.expires_s = 0;
	CU_ASSERT_EQUAL(prove(&b, &ask, "wonder", &ans), 0);
	CU_ASSERT_EQUAL(ans.verdict, CV_HOME_ACCEPT);
	CU_ASSERT_EQUAL(ans.expires_s, 0);
	ask.method = CV_STR("INVITE");
	ask.expires_s = 1;
	CU_ASSERT_EQUAL(prove(&b, &ask, "wonder", &ans), 0);
	CU_ASSERT_EQUAL(ans.verdict, CV_HOME_ACCEPT);
	bench_close(&b);
}

static void test_algorithm_follows_the_domain(void)
{
	struct cv_home_ask ask = ask_of("carol");
	struct cv_home_answer ans = {0};
	struct bench b;

	bench_open(&b);
	CU_ASSERT_EQUAL(cv_homes_answer(b.env.homes, &ask, &ans), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(ans.challenge, "algorithm=SHA-256"));
	CU_ASSERT_PTR_NOT_NULL(strstr(ans.challenge, "realm=\"c.example\""));
	ask = ask_of("bob");
	CU_ASSERT_EQUAL(cv_homes_answer(b.env.homes, &ask, &ans), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(ans.challenge, "algorithm=MD5"));
	bench_close(&b);
}

static void test_knows_accounts_and_domains(void)
{
	struct cv_homes *h;
	char aor[64];
	struct bench b;

	bench_open(&b);
	h = b.env.homes;
	CU_ASSERT_TRUE(cv_homes_know(h, CV_STR("alice"), CV_STR_NULL));
	CU_ASSERT_TRUE(cv_homes_know(h, CV_STR("alice"), CV_STR("EDGE.example")));
	CU_ASSERT_FALSE(cv_homes_know(h, CV_STR("alice"), CV_STR("b.example")));
	CU_ASSERT_FALSE(cv_homes_know(h, CV_STR("eve"), CV_STR_NULL));
	CU_ASSERT_TRUE(cv_homes_know(h, CV_STR_NULL, CV_STR("b.example")));
	CU_ASSERT_FALSE(cv_homes_know(h, CV_STR_NULL, CV_STR("x.example")));
	CU_ASSERT_EQUAL(cv_homes_aor(h, CV_STR("bob"), CV_STR_NULL, aor, sizeof(aor)), 0);
	CU_ASSERT_STRING_EQUAL(aor, "bob@b.example");
	bench_close(&b);
}

static void test_adopt_swaps_accounts(void)
{
	static const char other[] = "[general]\nname = edge.example\n"
				    "[user zoe]\npassword = z\n";
	struct cv_buf error = {0};
	struct cv_conf *conf = NULL;
	struct bench b;
	void *fresh;

	bench_open(&b);
	CU_ASSERT_EQUAL_FATAL(cv_conf_parse(&conf, "test", cv_str_of(other), &error), 0);
	fresh = mod_new(conf, &error);
	CU_ASSERT_PTR_NOT_NULL_FATAL(fresh);
	CU_ASSERT_EQUAL(cv_module_registrar.adopt(b.mod, fresh), 0);
	mod_free(fresh);
	CU_ASSERT_TRUE(cv_homes_know(b.env.homes, CV_STR("zoe"), CV_STR_NULL));
	CU_ASSERT_FALSE(cv_homes_know(b.env.homes, CV_STR("alice"), CV_STR_NULL));
	cv_mem_unref(conf);
	cv_buf_free(&error);
	bench_close(&b);
}

static void test_mixed_domain_is_refused(void)
{
	static const char mixed[] =
		"[user a]\ndomain = d.example\nha1 = 00112233445566778899aabbccddeeff\n"
		"[user b]\ndomain = d.example\nha1 = "
		"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n";
	struct cv_buf error = {0};
	struct cv_conf *conf = NULL;

	CU_ASSERT_EQUAL_FATAL(cv_conf_parse(&conf, "test", cv_str_of(mixed), &error), 0);
	CU_ASSERT_PTR_NULL(mod_new(conf, &error));
	CU_ASSERT(error.p && strstr(error.p, "test:"));
	CU_ASSERT(error.p && strstr(error.p, "d.example"));
	cv_mem_unref(conf);
	cv_buf_free(&error);
}

static void test_conf_oom(void)
{
	struct cv_buf error = {0};
	struct cv_conf *conf = NULL;
	void *mod = calloc(1, cv_module_registrar.size);
	int err = ENOMEM;

	CU_ASSERT_EQUAL_FATAL(cv_conf_parse(&conf, "test", cv_str_of(text), &error), 0);
	for (long n = 0; err == ENOMEM && n < 64; ++n) {
		cv_mem_budget(n);
		err = cv_module_registrar.conf(mod, conf->opts);
	}

	cv_mem_budget(-1);
	CU_ASSERT_EQUAL(err, 0);
	mod_free(mod);
	cv_mem_unref(conf);
	cv_buf_free(&error);
}

int cv_test_registrar(void)
{
	CU_pSuite s = CU_add_suite("registrar", NULL, NULL);

	if (!s ||
	    !CU_add_test(s, "right password is accepted",
			 test_right_password_is_accepted) ||
	    !CU_add_test(s, "wrong password is asked again",
			 test_wrong_password_is_asked_again) ||
	    !CU_add_test(s, "log tells account from password",
			 test_log_tells_account_from_password) ||
	    !CU_add_test(s, "unknown user looks like a wrong password",
			 test_unknown_user_looks_like_a_wrong_password) ||
	    !CU_add_test(s, "unknown user keeps its realm",
			 test_unknown_user_keeps_its_realm) ||
	    !CU_add_test(s, "others go on", test_others_go_on) ||
	    !CU_add_test(s, "old nonce is stale, another source's is not ours",
			 test_old_nonce_is_stale_another_source_is_not_ours) ||
	    !CU_add_test(s, "credential serves once", test_credential_serves_once) ||
	    !CU_add_test(s, "credential serves its request only",
			 test_credential_serves_its_request_only) ||
	    !CU_add_test(s, "no two nonces are the same",
			 test_no_two_nonces_are_the_same) ||
	    !CU_add_test(s, "forgotten nonces are old", test_forgotten_nonces_are_old) ||
	    !CU_add_test(s, "nonces, out of memory", test_nonces_oom) ||
	    !CU_add_test(s, "expiry is clamped", test_expiry_is_clamped) ||
	    !CU_add_test(s, "algorithm follows the domain",
			 test_algorithm_follows_the_domain) ||
	    !CU_add_test(s, "knows accounts and domains",
			 test_knows_accounts_and_domains) ||
	    !CU_add_test(s, "adopt swaps accounts", test_adopt_swaps_accounts) ||
	    !CU_add_test(s, "mixed domain is refused", test_mixed_domain_is_refused) ||
	    !CU_add_test(s, "conf, out of memory", test_conf_oom))
		return (int)CU_get_error();

	return 0;
}
