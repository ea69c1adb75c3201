/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Counts of nonces, in a table of fixed size: rows of a few cells, the row by
 * the stamp. Who needs a cell of a full row takes the oldest one, and from then
 * on nonces as old as that are old for this row: asked anew, never believed.
 * Signalling thread.
 */
#include "config.h"

#include "nonces.h"

#include <errno.h>
#include <stddef.h>

#include "base/hash.h"
#include "base/mem.h"

enum {
	ROWS = 8192, /* with CELLS: 32768 phones within the life of a nonce, 650 kB */
	CELLS = 4,
};

struct cell {
	uint64_t stamp; /* 0: free */
	uint32_t count; /* highest that was used */
};

struct row {
	struct cell cells[CELLS];
	uint64_t oldest; /* stamps up to this were forgotten */
};

struct cv_nonces {
	struct row rows[ROWS];
};

int cv_nonces_new(struct cv_nonces **np)
{
	struct cv_nonces *n = cv_mem_new(sizeof(*n), NULL);

	if (!n)
		return ENOMEM;

	*np = n;

	return 0;
}

int cv_nonces_use(struct cv_nonces *n, uint64_t stamp, uint32_t count)
{
	struct row *r = &n->rows[cv_hash_bytes(&stamp, sizeof(stamp)) % ROWS];
	struct cell *c = &r->cells[0];

	for (size_t i = 0; i < CELLS; ++i) {
		if (r->cells[i].stamp == stamp) {
			c = &r->cells[i];
			if (count <= c->count)
				return ESTALE;

			c->count = count;
			return 0;
		}

		if (r->cells[i].stamp < c->stamp)
			c = &r->cells[i];
	}

	if (stamp <= r->oldest)
		return ESTALE;

	if (c->stamp > r->oldest)
		r->oldest = c->stamp;

	c->stamp = stamp;
	c->count = count;

	return 0;
}
