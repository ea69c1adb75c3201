/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Intrusive hash table by bytes, keyed by a per-process random seed
 * (SipHash), so that an outsider can't choose colliding keys. Grows by
 * itself; several nodes may share a key.
 */
#ifndef CV_BASE_HASH_H
#define CV_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct cv_hash;

/** Lives in the object. key is borrowed: it must stay valid while linked. */
struct cv_hash_node {
	struct cv_hash_node *next; /* chain of the bucket */
	struct cv_str key;
	uint64_t hash;
	void *obj;          /* the object this node stands for; not owned */
	struct cv_hash *in; /* NULL: in no table */
};

/** Makes an empty table, ended by cv_mem_unref(). ENOMEM. */
int cv_hash_new(struct cv_hash **hp);
/** Links @p node under @p key (borrowed). Cannot fail: when growing fails the chains get
 * longer. */
void cv_hash_add(struct cv_hash *h, struct cv_hash_node *node, struct cv_str key,
		 void *obj);
/** Takes the node out of the table it is in; does nothing when it is in none. */
void cv_hash_del(struct cv_hash_node *node);
/** First node with @p key, NULL when none; go on with cv_hash_next(). */
struct cv_hash_node *cv_hash_find(const struct cv_hash *h, struct cv_str key);
/** Next node with the same key. */
struct cv_hash_node *cv_hash_next(const struct cv_hash_node *node);
size_t cv_hash_count(const struct cv_hash *h);

typedef void cv_hash_walk_fn(void *obj, void *arg);
/** Calls @p fn for every object; fn may take its own node out, no other. */
void cv_hash_walk(struct cv_hash *h, cv_hash_walk_fn *fn, void *arg);

/** SipHash-2-4 of @p data under the process's seed. */
uint64_t cv_hash_bytes(const void *data, size_t len);

#endif
