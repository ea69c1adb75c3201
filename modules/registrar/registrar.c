/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The embedded registrar: accounts of [user] sections, proved by digest. Knows
 * passwords and domains, neither SIP messages nor bindings. Signalling
 * thread.
 *
 * Challenge: MD5, one line. RFC 8760 would have a SHA-256 line before it, but
 * common phones give up at the first challenge they don't understand instead
 * of trying the next (libre's auth_handler(), so baresip 1.0.0, returns ENOSYS
 * for any algorithm that isn't MD5 and drops the other lines). A domain all of
 * whose accounts can do SHA-256 (a password, or an ha1 of 64 digits) and one of
 * which can do nothing else is challenged with SHA-256 alone.
 *
 * Guessing: an unknown user of a domain of ours gets the same realm, the same
 * challenge, the same sums against a password nobody has, and the same refusal
 * as a wrong password (threats 24).
 *
 * Seeing: a credential serves once, for the Request-URI and with the count it
 * was made with (threats 23); the next needs a higher count or another nonce.
 */
#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/list.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/stat.h"
#include "bind/home.h"
#include "conf/opts.h"
#include "module.h"
#include "nonces.h"
#include "sip/digest.h"

enum {
	NONCE_LIFE_S = 300, /* a refresh later than this costs one more round trip */
	NAME_LEN = 256,     /* of user and domain; longer ones are never ours */
	KEY_LEN = 32,
	NC_LEN = 8,
	FAIL_BURST = 10, /* lines in 10 s about wrong passwords */
	MIN_EXPIRES_S = 60,
	UDP_EXPIRES_S = 60,
	STREAM_EXPIRES_S = 600,
	EXPIRES_S = 3600,
	MAX_CONTACTS = 5,
};

/* A domain of accounts; also the realm. */
struct domain {
	char *name;                 /* owned */
	enum cv_digest_alg alg;     /* of its challenge */
	bool only_md5, only_sha256; /* some account can do nothing else */
	struct cv_list node;
};

/* One [user]; ha1 by algorithm, empty where it has none. */
struct account {
	char *user; /* owned */
	struct domain *domain;
	char ha1[2][CV_DIGEST_HEX];
	unsigned max_contacts;
	struct cv_hash_node by_user;
};

/* All that options say; swapped as a whole on reload. */
struct accounts {
	struct cv_hash *by_user; /* owned */
	struct cv_list domains;
	size_t domainc;
	char *name; /* [general] name: the domain of accounts without one; owned */
	uint32_t min_s, udp_s, stream_s, max_s;
};

struct registrar {
	struct accounts *acc; /* owned */
	struct cv_home *home;
	struct cv_stat_cell *stat;
	uint8_t key[KEY_LEN];       /* of nonces */
	uint32_t serial;            /* of the last nonce */
	struct cv_nonces *nonces;   /* those that were used; owned */
	char nobody[CV_DIGEST_HEX]; /* ha1 of users that don't exist */
	struct cv_log_limit failures;
};

static void account_free(void *obj, void *arg)
{
	struct account *a = obj;

	(void)arg;

	cv_hash_del(&a->by_user);
	explicit_bzero(a->ha1, sizeof(a->ha1));
	free(a->user);
	free(a);
}

static void accounts_fini(void *obj)
{
	struct accounts *acc = obj;
	struct cv_list *n, *tmp;

	if (acc->by_user)
		cv_hash_walk(acc->by_user, account_free, NULL);

	cv_mem_unref(acc->by_user);
	CV_LIST_FOREACH (n, tmp, &acc->domains) {
		struct domain *d = CV_CONTAINER(n, struct domain, node);

		free(d->name);
		free(d);
	}

	free(acc->name);
}

static struct domain *domain_find(const struct accounts *acc, struct cv_str name)
{
	for (struct cv_list *n = acc->domains.next; n != &acc->domains; n = n->next) {
		struct domain *d = CV_CONTAINER(n, struct domain, node);

		if (cv_str_ieq(cv_str_of(d->name), name))
			return d;
	}

	return NULL;
}

static int domain_get(struct accounts *acc, const char *name, struct domain **dp)
{
	struct domain *d = domain_find(acc, cv_str_of(name));

	if (!d) {
		d = cv_mem_zalloc(1, sizeof(*d));
		if (!d)
			return ENOMEM;

		d->name = cv_mem_strdup(name);
		if (!d->name) {
			free(d);
			return ENOMEM;
		}

		cv_list_add(&acc->domains, &d->node);
		++acc->domainc;
	}

	*dp = d;

	return 0;
}

/* Reading options */

/* "30s", "5m", "2h"; the key table has checked it. */
static uint32_t seconds_of(const struct cv_opts_sec *s, const char *key, uint32_t def)
{
	const char *text = s ? cv_opts_get(s, key) : NULL;
	struct cv_str t = cv_str_of(text);
	uint64_t n = 0, per = 1;
	size_t len = t.len;

	while (len > 0 && (t.p[len - 1] < '0' || t.p[len - 1] > '9'))
		--len;

	if (cv_str_u64(&n, cv_str_make(t.p, len), UINT32_MAX / 3600))
		return def;

	if (cv_str_eq(cv_str_from(t, len), CV_STR("m")))
		per = 60;
	else if (cv_str_eq(cv_str_from(t, len), CV_STR("h")))
		per = 3600;
	else if (cv_str_eq(cv_str_from(t, len), CV_STR("ms")))
		return (uint32_t)(n / 1000);

	return (uint32_t)(n * per);
}

static unsigned max_contacts(const struct cv_opts_sec *s)
{
	const char *text = cv_opts_get(s, "max-contacts");
	uint64_t n = 0;

	return text && cv_str_u64(&n, cv_str_of(text), 1000) == 0 && n > 0 ? (unsigned)n
									   : MAX_CONTACTS;
}

/* Hash of the password, or what the option says, into the account. */
static int secrets(struct account *a, const struct cv_opts_sec *s)
{
	const char *password = cv_opts_get(s, "password"), *ha1 = cv_opts_get(s, "ha1");
	size_t len = ha1 ? strlen(ha1) : 0;

	if (password) {
		struct cv_str user = cv_str_of(a->user);
		struct cv_str realm = cv_str_of(a->domain->name);

		for (int alg = CV_DIGEST_MD5; alg <= CV_DIGEST_SHA256; ++alg)
			cv_digest_ha1((enum cv_digest_alg)alg, user, realm,
				      cv_str_of(password), a->ha1[alg]);

		return 0;
	}

	if (len != 32 && len != 64) {
		cv_opts_complain(s, "ha1", "[user %s] needs a password or an ha1",
				 a->user);
		return EINVAL;
	}

	for (size_t i = 0; i < len; ++i)
		a->ha1[len == 64][i] = (char)tolower((unsigned char)ha1[i]);

	a->domain->only_md5 = a->domain->only_md5 || len == 32;
	a->domain->only_sha256 = a->domain->only_sha256 || len == 64;

	return 0;
}

static int account_read(struct accounts *acc, const struct cv_opts_sec *s)
{
	const char *domain = cv_opts_get(s, "domain"), *user = cv_opts_name(s);
	struct account *a;
	int err;

	if (strlen(user) >= NAME_LEN || (domain && strlen(domain) >= NAME_LEN)) {
		cv_opts_complain(s, "domain", "[user %.32s...] is too long", user);
		return EINVAL;
	}

	if (cv_hash_find(acc->by_user, cv_str_of(user))) {
		cv_opts_complain(s, "", "[user %s] is there twice", user);
		return EINVAL;
	}

	a = cv_mem_zalloc(1, sizeof(*a));
	if (!a)
		return ENOMEM;

	a->max_contacts = max_contacts(s);
	a->user = cv_mem_strdup(user);
	err = a->user ? domain_get(acc, domain ? domain : acc->name, &a->domain) : ENOMEM;
	if (!err)
		err = secrets(a, s);

	if (err) {
		account_free(a, NULL);
		return err;
	}

	cv_hash_add(acc->by_user, &a->by_user, cv_str_of(a->user), a);

	return 0;
}

/* One algorithm must do for all accounts of a domain, or the challenge would tell who
 * exists. */
static int choose_algs(struct accounts *acc, const struct cv_opts *opts)
{
	for (struct cv_list *n = acc->domains.next; n != &acc->domains; n = n->next) {
		struct domain *d = CV_CONTAINER(n, struct domain, node);

		if (d->only_md5 && d->only_sha256) {
			cv_opts_complain(cv_opts_next(opts, "user", NULL), "ha1",
					 "domain %s has accounts with an MD5 ha1 and "
					 "accounts with a SHA-256 ha1: use one of them",
					 d->name);
			return EINVAL;
		}

		d->alg = d->only_sha256 ? CV_DIGEST_SHA256 : CV_DIGEST_MD5;
	}

	return 0;
}

static int name_read(struct accounts *acc, const struct cv_opts *opts)
{
	const struct cv_opts_sec *s = cv_opts_next(opts, "general", NULL);
	const char *name = s ? cv_opts_get(s, "name") : NULL;
	char host[NAME_LEN] = "";

	if (!name) {
		if (gethostname(host, sizeof(host) - 1) == -1 || host[0] == '\0')
			(void)snprintf(host, sizeof(host), "culvert");

		name = host;
	}

	acc->name = cv_mem_strdup(name);

	return acc->name ? 0 : ENOMEM;
}

static int accounts_read(struct accounts *acc, const struct cv_opts *opts)
{
	const struct cv_opts_sec *s = cv_opts_next(opts, "registration", NULL);
	int err;

	acc->min_s = seconds_of(s, "min-expires", MIN_EXPIRES_S);
	acc->udp_s = seconds_of(s, "phone-expires-udp", UDP_EXPIRES_S);
	acc->stream_s = seconds_of(s, "phone-expires-stream", STREAM_EXPIRES_S);
	acc->max_s = seconds_of(s, "peer-expires", EXPIRES_S);
	err = name_read(acc, opts);
	for (s = cv_opts_next(opts, "user", NULL); s && !err;
	     s = cv_opts_next(opts, "user", s))
		err = account_read(acc, s);

	return err ? err : choose_algs(acc, opts);
}

static int conf(void *mod, const struct cv_opts *opts)
{
	struct registrar *m = mod;
	struct accounts *acc;
	int err;

	acc = cv_mem_new(sizeof(*acc), accounts_fini);
	if (!acc)
		return ENOMEM;

	cv_list_init(&acc->domains);
	err = cv_hash_new(&acc->by_user);
	if (!err)
		err = accounts_read(acc, opts);

	if (err)
		cv_mem_unref(acc);
	else
		m->acc = acc;

	return err;
}

/* Answering */

static struct account *account_find(const struct accounts *acc, struct cv_str user,
				    struct cv_str host)
{
	struct cv_hash_node *n = cv_hash_find(acc->by_user, user);
	struct account *a = n ? n->obj : NULL;

	if (!a || cv_str_is_empty(host))
		return a;

	return cv_str_ieq(cv_str_of(a->domain->name), host) ? a : NULL;
}

/* The realm an unknown user is asked for: its domain, or, when it asked an address of
 * ours, always the same one of those we have. NULL: none of ours. */
static struct domain *domain_of_nobody(const struct accounts *acc, struct cv_str user,
				       struct cv_str host)
{
	struct cv_list *n = acc->domains.next;
	uint64_t skip;

	if (!cv_str_is_empty(host) || acc->domainc == 0)
		return domain_find(acc, host);

	for (skip = cv_hash_bytes(user.p, user.len) % acc->domainc; skip > 0; --skip)
		n = n->next;

	return CV_CONTAINER(n, struct domain, node);
}

static void challenge(struct registrar *m, const struct cv_home_ask *ask,
		      const struct domain *d, bool stale, struct cv_home_answer *ans)
{
	char source[CV_ADDR_STRLEN], nonce[64];

	cv_digest_nonce(m->key, cv_str_of(cv_addr_print_host(&ask->seen, source)),
			cv_digest_stamp(cv_clock_ms() / 1000, ++m->serial), nonce,
			sizeof(nonce));
	ans->verdict = CV_HOME_CHALLENGE;
	(void)snprintf(ans->challenge, sizeof(ans->challenge),
		       "Digest realm=\"%s\", nonce=\"%s\", algorithm=%s, "
		       "qop=\"auth\"%s",
		       d->name, nonce, d->alg == CV_DIGEST_SHA256 ? "SHA-256" : "MD5",
		       stale ? ", stale=true" : "");
}

/* nc: eight hexadecimal digits (RFC 7616 3.4); 0: it isn't. */
static uint32_t count_of(struct cv_str nc)
{
	char text[NC_LEN + 1] = "";

	for (size_t i = 0; i < nc.len; ++i) {
		if (nc.len != NC_LEN || !isxdigit((unsigned char)nc.p[i]))
			return 0;

		text[i] = nc.p[i];
	}

	return (uint32_t)strtoul(text, NULL, 16);
}

/* 0: proved; ENOENT: nothing that could be judged; EACCES: wrong; ESTALE: right, by an
 * old nonce or one that was used so. The same sums for a user that doesn't exist. */
static int verify(const struct registrar *m, const struct cv_home_ask *ask,
		  const struct domain *d, const struct account *a)
{
	char source[CV_ADDR_STRLEN];
	struct cv_digest got;
	bool good;
	int err;

	if (cv_str_is_empty(ask->authorization) ||
	    cv_digest_parse(&got, ask->authorization))
		return ENOENT;

	err = cv_digest_nonce_check(m->key,
				    cv_str_of(cv_addr_print_host(&ask->seen, source)),
				    cv_clock_ms() / 1000, NONCE_LIFE_S, got.nonce);
	if (err == EBADMSG)
		return ENOENT; /* of another run of ours: ask anew */

	good = got.alg == d->alg && !cv_str_is_empty(got.qop) &&
	       cv_str_eq(got.username, ask->user) &&
	       cv_str_eq(got.realm, cv_str_of(d->name)) &&
	       cv_digest_covers(&got, ask->ruri) && count_of(got.nc) > 0;
	good = cv_digest_matches(&got, ask->method, a ? a->ha1[d->alg] : m->nobody) &&
	       good && a;
	if (!good)
		return EACCES;

	return err ? err
		   : cv_nonces_use(m->nonces, cv_digest_nonce_stamp(got.nonce),
				   count_of(got.nc));
}

static void accept_for(const struct registrar *m, const struct cv_home_ask *ask,
		       const struct account *a, struct cv_home_answer *ans)
{
	const struct accounts *acc = m->acc;
	uint32_t most = acc->max_s;

	if (cv_str_eq(ask->method, CV_STR("REGISTER")) && ask->expires_s > 0 &&
	    ask->expires_s < acc->min_s) {
		ans->verdict = CV_HOME_BRIEF;
		ans->min_s = acc->min_s;
		return;
	}

	if (ask->nated_udp)
		most = acc->udp_s;
	else if (ask->stream)
		most = acc->stream_s;

	ans->verdict = CV_HOME_ACCEPT;
	ans->expires_s = ask->expires_s < most ? ask->expires_s : most;
	ans->max_contacts = a->max_contacts;
}

static int answer(void *arg, const struct cv_home_ask *ask, struct cv_home_answer *ans)
{
	struct registrar *m = arg;
	const struct account *a = account_find(m->acc, ask->user, ask->host);
	const struct domain *d =
		a ? a->domain : domain_of_nobody(m->acc, ask->user, ask->host);
	char seen[CV_ADDR_STRLEN];
	int err;

	if (!d || (!a && ask->upstream))
		return ENOENT;

	err = verify(m, ask, d, a);
	if (!err) {
		accept_for(m, ask, a, ans);
		return 0;
	}

	if (err == EACCES) {
		cv_stat_add(m->stat, CV_STAT_auth_failed, 1);
		if (cv_log_allow(&m->failures, FAIL_BURST))
			cv_info("registrar",
				"auth-failed user=\"" CV_STR_FMT
				"\" realm=%s source=%s why=%s",
				CV_STR_ARG(ask->user), d->name,
				cv_addr_print(&ask->seen, seen),
				a ? "password" : "no-such-account");
	}

	challenge(m, ask, d, err == ESTALE, ans);

	return 0;
}

/* Without a user: is the domain ours? */
static bool knows(void *arg, struct cv_str user, struct cv_str host)
{
	const struct registrar *m = arg;

	if (cv_str_is_empty(user))
		return !cv_str_is_empty(host) && domain_find(m->acc, host);

	return account_find(m->acc, user, host);
}

static const char *domain(void *arg, struct cv_str user, struct cv_str host)
{
	const struct registrar *m = arg;
	const struct account *a = account_find(m->acc, user, host);

	return a ? a->domain->name : NULL;
}

static const struct cv_home_ops home_ops = {
	.name = "registrar",
	.answer = answer,
	.knows = knows,
	.domain = domain,
};

static int start(void *mod, struct cv_env *env)
{
	struct registrar *m = mod;
	ssize_t n = getrandom(m->key, sizeof(m->key), 0);
	int err;

	if (n != (ssize_t)sizeof(m->key))
		return n == -1 ? errno : EIO;

	/* a hash of no known text; its length serves either algorithm's sum */
	cv_digest_nonce(m->key, CV_STR("nobody"), 0, m->nobody, sizeof(m->nobody));
	m->stat = env->stat;
	err = cv_nonces_new(&m->nonces);

	return err ? err : cv_home_add(env, &m->home, &home_ops, m);
}

static int adopt(void *mod, void *fresh)
{
	struct registrar *m = mod, *f = fresh;
	struct accounts *old = m->acc;

	m->acc = f->acc;
	f->acc = old; /* ended with the second state */

	return 0;
}

static void stop(void *mod)
{
	struct registrar *m = mod;

	m->home = cv_home_del(m->home);
	m->acc = cv_mem_unref(m->acc);
	m->nonces = cv_mem_unref(m->nonces);
	explicit_bzero(m->key, sizeof(m->key));
}

extern const struct cv_module cv_module_registrar;

const struct cv_module cv_module_registrar = {
	.name = "registrar",
	.abi = CV_MODULE_ABI,
	.size = sizeof(struct registrar),
	.conf = conf,
	.start = start,
	.adopt = adopt,
	.stop = stop,
};
