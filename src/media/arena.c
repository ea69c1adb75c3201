/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The shared cells. Chunks are made on demand by the signalling thread and
 * stay to the end of the plane, so that a media thread may go from a slot to
 * its cell without asking.
 */
#include "config.h"

#include "media/arena.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum {
	CHUNK = 128, /* cells allocated at once: 40 KiB */
	CHUNKS = CV_ARENA_SLOTS / CHUNK,
	READ_TRIES = 1000, /* one more only when the writer finished a whole copy since */
};

struct cv_arena {
	_Atomic(struct cv_cell *) chunk[CHUNKS]; /* owned */
	void *block[CHUNKS]; /* what was allocated for it; owned, signalling thread */
};

static void arena_fini(void *obj)
{
	struct cv_arena *a = obj;

	for (size_t i = 0; i < CHUNKS; ++i)
		free(a->block[i]);
}

int cv_arena_new(struct cv_arena **ap)
{
	struct cv_arena *a;

	a = cv_mem_new(sizeof(*a), arena_fini);
	if (!a)
		return ENOMEM;

	*ap = a;

	return 0;
}

struct cv_cell *cv_arena_cell(struct cv_arena *a, uint32_t slot)
{
	struct cv_cell *chunk;

	if (slot >= CV_ARENA_SLOTS)
		return NULL;

	chunk = atomic_load_explicit(&a->chunk[slot / CHUNK], memory_order_acquire);

	return chunk ? &chunk[slot % CHUNK] : NULL;
}

static int add_chunk(struct cv_arena *a, size_t n)
{
	const size_t align = _Alignof(struct cv_cell);
	uintptr_t at;

	a->block[n] = cv_mem_zalloc(1, CHUNK * sizeof(struct cv_cell) + align);
	if (!a->block[n])
		return ENOMEM;

	at = ((uintptr_t)a->block[n] + align - 1) & ~(uintptr_t)(align - 1);
	atomic_store_explicit(&a->chunk[n],
			      (struct cv_cell *)(void *)((char *)a->block[n] +
							 (at - (uintptr_t)a->block[n])),
			      memory_order_release);

	return 0;
}

int cv_arena_clear(struct cv_arena *a, uint32_t slot)
{
	struct cv_cell *c;
	int err;

	if (slot >= CV_ARENA_SLOTS)
		return EINVAL;

	if (!cv_arena_cell(a, slot)) {
		err = add_chunk(a, slot / CHUNK);
		if (err)
			return err;
	}

	c = cv_arena_cell(a, slot);
	atomic_store(&c->pending, 0);
	c->retry = 0;
	for (size_t i = 0; i < 2; ++i) {
		const struct cv_addr none = {0};

		for (size_t k = 0; k < CV_COUNT_COUNT; ++k)
			atomic_store_explicit(&c->end[i].count[k], 0,
					      memory_order_relaxed);
		atomic_store_explicit(&c->end[i].unheard, 0, memory_order_relaxed);
		atomic_store_explicit(&c->end[i].refused, 0, memory_order_relaxed);
		cv_cell_put_said(&c->end[i], 0);
		cv_cell_put_remote(&c->end[i], &none, 0);
	}

	return 0;
}

/* word 0 and 1: address; word 2: scope, port, family, proof. The new copy is written
 * beside the one that readers use, so a writer that was interrupted keeps nobody. */
void cv_cell_put_remote(struct cv_cell_end *c, const struct cv_addr *remote,
			uint8_t proof)
{
	uint32_t turn = atomic_load_explicit(&c->turn, memory_order_relaxed);
	uint64_t word[3] = {0, 0, 0};

	memcpy(word, remote->ip.bytes, sizeof(remote->ip.bytes));
	word[2] = (uint64_t)remote->scope << 32 | (uint64_t)remote->port << 16 |
		  (uint64_t)(remote->family & 0xff) << 8 | proof;

	for (size_t i = 0; i < 3; ++i)
		atomic_store_explicit(&c->word[(turn + 1) % 2][i], word[i],
				      memory_order_release);
	atomic_store_explicit(&c->turn, turn + 1, memory_order_release);
}

void cv_cell_get_remote(const struct cv_cell_end *c, struct cv_addr *remote,
			uint8_t *proof)
{
	uint64_t word[3] = {0, 0, 0};

	for (int try = 0; try < READ_TRIES; ++try) {
		uint32_t turn = atomic_load_explicit(&c->turn, memory_order_acquire);

		for (size_t i = 0; i < 3; ++i)
			word[i] = atomic_load_explicit(&c->word[turn % 2][i],
						       memory_order_acquire);
		if (atomic_load_explicit(&c->turn, memory_order_relaxed) == turn)
			break;
	}

	memset(remote, 0, sizeof(*remote));
	memcpy(remote->ip.bytes, word, sizeof(remote->ip.bytes));
	remote->scope = (uint32_t)(word[2] >> 32);
	remote->port = (uint16_t)(word[2] >> 16);
	remote->family = (sa_family_t)(word[2] >> 8 & 0xff);
	*proof = (uint8_t)word[2];
}
