/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Structs of a box; private to natcore.c (what becomes of a packet) and
 * natmap.c (mappings and permits). One thread.
 */
#ifndef CV_TOOLS_NATCORE_INT_H
#define CV_TOOLS_NATCORE_INT_H

#include "base/hash.h"
#include "base/list.h"
#include "tools/natcore.h"

enum { CV_NAT_PARTS = 64 }; /* packets of which parts are still expected */

/** An endpoint as key of a table: no padding, no scope. */
struct key {
	uint8_t kind, family;
	uint8_t port[2], ip[16], to_port[2], to_ip[16];
};

struct permit {
	struct cv_addr remote; /* port 0: any */
	uint64_t used_ms;
};

struct mapping {
	struct cv_hash_node by_in, by_out;
	struct cv_list node; /* least recently used first */
	struct key in_key, out_key;
	enum cv_natpkt_kind kind;
	struct cv_addr inside, outside;
	uint64_t used_ms;
	struct permit *permits; /* owned */
	size_t permitc, permits_size;
};

/** What became of the first part of a packet: the later ones have no ports. */
struct part {
	struct cv_addr src, dst, new_src, new_dst; /* ports count for nothing */
	uint32_t id;
	uint8_t proto;
	enum cv_nat_verdict verdict;
	uint64_t at_ms;
};

struct cv_nat {
	struct cv_nat_traits t;
	struct cv_hash *by_in, *by_out;
	struct cv_list list;
	size_t mappingc;
	struct part parts[CV_NAT_PARTS];
	size_t next_part;
	uint64_t random;
	struct cv_nat_counts counts;
};

/** Mapping that a packet from inside uses; NULL: none, or it is over. */
struct mapping *cv_natmap_by_inside(struct cv_nat *n, enum cv_natpkt_kind kind,
				    const struct cv_addr *inside,
				    const struct cv_addr *remote, uint64_t now_ms);
/** Mapping behind an outside endpoint; NULL: none, or it is over. */
struct mapping *cv_natmap_by_outside(struct cv_nat *n, enum cv_natpkt_kind kind,
				     const struct cv_addr *outside, uint64_t now_ms);
/** Makes one for a packet from inside. EAFNOSUPPORT: no outside address of its family;
 * ENOSPC: no room or no port; ENOMEM. */
int cv_natmap_new(struct mapping **mp, struct cv_nat *n, const struct cv_natpkt *k,
		  uint64_t now_ms);
/** It was used: lives on. */
void cv_natmap_use(struct cv_nat *n, struct mapping *m, uint64_t now_ms);
/** Lets @p remote answer from now on. */
void cv_natmap_permit(const struct cv_nat *n, struct mapping *m,
		      const struct cv_addr *remote, uint64_t now_ms);
/** The permit that @p remote has; NULL: none that still holds. */
struct permit *cv_natmap_permit_of(const struct cv_nat *n, const struct mapping *m,
				   const struct cv_addr *remote, uint64_t now_ms);

#endif
