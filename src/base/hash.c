/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Intrusive hash table by bytes. Knows nodes and keys, not the objects. A
 * table belongs to one thread; the seed is drawn once a process and may be
 * used from any.
 */
#include "config.h"

#include "base/hash.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/hash_int.h"
#include "base/log.h"
#include "base/mem.h"

enum {
	FIRST_SIZE = 16,    /* buckets; a power of two */
	MAX_SIZE = 1 << 24, /* buckets; beyond that chains get longer instead */
};

struct cv_hash {
	struct cv_hash_node **v; /* buckets, owned */
	size_t size;             /* buckets, a power of two */
	size_t count;            /* nodes */
};

static uint64_t seed[2];
static pthread_once_t seed_once = PTHREAD_ONCE_INIT;

static void draw_seed(void)
{
	ssize_t n;

	do {
		n = getrandom(seed, sizeof(seed), 0);
	} while (n == -1 && errno == EINTR);

	if (n == (ssize_t)sizeof(seed))
		return;

	/* A kernel without getrandom(): the table still works, an attacker may guess. */
	seed[0] ^= cv_clock_ms();
	seed[1] ^= (uint64_t)(uintptr_t)&n;
	cv_warn("base", "weak-hash-seed err=%d", n == -1 ? errno : 0);
}

static uint64_t rotl(uint64_t x, unsigned n)
{
	return x << n | x >> (64 - n);
}

static void sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[1] = rotl(v[1], 13) ^ v[0];
	v[0] = rotl(v[0], 32);
	v[2] += v[3];
	v[3] = rotl(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = rotl(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = rotl(v[1], 17) ^ v[2];
	v[2] = rotl(v[2], 32);
}

static uint64_t load_le(const uint8_t *p, size_t n)
{
	uint64_t w = 0;

	for (size_t i = 0; i < n; ++i)
		w |= (uint64_t)p[i] << (8 * i);

	return w;
}

uint64_t cv_hash_keyed(const uint64_t key[2], const void *data, size_t len)
{
	const uint8_t *p = data;
	uint64_t last = (uint64_t)len << 56;
	uint64_t v[4] = {
		key[0] ^ 0x736f6d6570736575, /* "somepseu" */
		key[1] ^ 0x646f72616e646f6d, /* "dorandom" */
		key[0] ^ 0x6c7967656e657261, /* "lygenera" */
		key[1] ^ 0x7465646279746573, /* "tedbytes" */
	};

	for (; len >= 8; p += 8, len -= 8) {
		uint64_t w = load_le(p, 8);

		v[3] ^= w;
		sip_round(v);
		sip_round(v);
		v[0] ^= w;
	}

	last |= load_le(p, len);
	v[3] ^= last;
	sip_round(v);
	sip_round(v);
	v[0] ^= last;
	v[2] ^= 0xff;
	for (int i = 0; i < 4; ++i)
		sip_round(v);

	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

uint64_t cv_hash_bytes(const void *data, size_t len)
{
	(void)pthread_once(&seed_once, draw_seed);

	return cv_hash_keyed(seed, data, len);
}

static struct cv_hash_node **bucket(const struct cv_hash *h, uint64_t hash)
{
	return &h->v[hash & (h->size - 1)];
}

/* Splits the chain of old bucket i in two, keeping the order within each. */
static void split(struct cv_hash_node **v, struct cv_hash_node *chain, size_t i,
		  size_t old)
{
	struct cv_hash_node **low = &v[i], **high = &v[i + old];

	for (; chain; chain = chain->next) {
		struct cv_hash_node ***tail = (chain->hash & old) ? &high : &low;

		**tail = chain;
		*tail = &chain->next;
	}

	*low = *high = NULL;
}

static void grow(struct cv_hash *h)
{
	size_t old = h->size;
	struct cv_hash_node **v;

	if (h->count < old || old >= MAX_SIZE)
		return;

	v = cv_mem_zalloc(old * 2, sizeof(struct cv_hash_node *));
	if (!v)
		return;

	for (size_t i = 0; i < old; ++i)
		split(v, h->v[i], i, old);

	free(h->v);
	h->v = v;
	h->size = old * 2;
}

static void hash_fini(void *obj)
{
	struct cv_hash *h = obj;

	for (size_t i = 0; h->v && i < h->size; ++i) {
		while (h->v[i])
			cv_hash_del(h->v[i]);
	}

	free(h->v);
}

int cv_hash_new(struct cv_hash **hp)
{
	struct cv_hash *h;

	h = cv_mem_new(sizeof(*h), hash_fini);
	if (!h)
		return ENOMEM;

	h->size = FIRST_SIZE;
	h->v = cv_mem_zalloc(h->size, sizeof(struct cv_hash_node *));
	if (!h->v) {
		cv_mem_unref(h);
		return ENOMEM;
	}

	*hp = h;

	return 0;
}

void cv_hash_add(struct cv_hash *h, struct cv_hash_node *node, struct cv_str key,
		 void *obj)
{
	struct cv_hash_node **at;

	grow(h);
	node->key = key;
	node->hash = cv_hash_bytes(key.p, key.len);
	node->obj = obj;
	node->in = h;

	at = bucket(h, node->hash);
	node->next = *at;
	*at = node;
	++h->count;
}

void cv_hash_del(struct cv_hash_node *node)
{
	struct cv_hash *h = node->in;
	struct cv_hash_node **at;

	if (!h)
		return;

	at = bucket(h, node->hash);
	while (*at != node)
		at = &(*at)->next;

	*at = node->next;
	node->next = NULL;
	node->in = NULL;
	--h->count;
}

static struct cv_hash_node *match(struct cv_hash_node *node, uint64_t hash,
				  struct cv_str key)
{
	while (node && (node->hash != hash || !cv_str_eq(node->key, key)))
		node = node->next;

	return node;
}

struct cv_hash_node *cv_hash_find(const struct cv_hash *h, struct cv_str key)
{
	uint64_t hash = cv_hash_bytes(key.p, key.len);

	return match(*bucket(h, hash), hash, key);
}

struct cv_hash_node *cv_hash_next(const struct cv_hash_node *node)
{
	return match(node->next, node->hash, node->key);
}

size_t cv_hash_count(const struct cv_hash *h)
{
	return h->count;
}

void cv_hash_walk(struct cv_hash *h, cv_hash_walk_fn *fn, void *arg)
{
	for (size_t i = 0; i < h->size; ++i) {
		struct cv_hash_node *node = h->v[i];

		while (node) {
			struct cv_hash_node *next = node->next;

			fn(node->obj, arg);
			node = next;
		}
	}
}
