/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fuzz target of tools/natpkt.c and natcore.c: a box, and packets from both
 * sides. The first byte chooses the box; then packets, each after a byte of
 * side and time and one of length. A packet that goes on can be read again.
 */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tools/natcore.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INSIDE = 1, STEP_MS = 64 };

static struct cv_nat *make(uint8_t kind)
{
	struct cv_nat_traits t;
	struct cv_nat *n = NULL;

	cv_nat_traits_init(&t);
	t.map = (enum cv_nat_kind)(kind & 3);
	t.filter = (enum cv_nat_kind)(kind >> 2 & 3);
	t.hairpin = kind & 16;
	t.preserve = kind & 32;
	t.refresh_in = kind & 64;
	t.udp_idle_ms = 4 * STEP_MS;
	if (t.map != CV_NAT_NONE) {
		(void)cv_addr_parse(&t.outside[0], CV_STR("203.0.113.7"));
		(void)cv_addr_parse(&t.outside[1], CV_STR("2001:db8::7"));
		t.outsidec = 2;
	}

	return cv_nat_new(&n, &t) ? NULL : n;
}

static void feed(struct cv_nat *n, const uint8_t *data, size_t len, bool inside,
		 uint64_t now_ms)
{
	uint8_t p[CV_NATPKT_MAX], out[CV_NATPKT_MAX];
	enum cv_nat_verdict v;
	struct cv_natpkt k, again;
	size_t out_len;

	memcpy(p, data, len);
	if (cv_natpkt_read(&k, p, len))
		return;

	v = inside ? cv_nat_out(n, &k, now_ms) : cv_nat_in(n, &k, now_ms);
	if (v == CV_NAT_DROP)
		return;
	if (cv_natpkt_read(&again, k.p, k.len) || again.kind != k.kind ||
	    !cv_addr_host_eq(&again.src, &k.src) || !cv_addr_host_eq(&again.dst, &k.dst))
		abort();
	if (cv_natpkt_set_payload(&k, CV_STR("other"), out, &out_len) == 0 &&
	    cv_natpkt_read(&again, out, out_len))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cv_nat *n = size > 0 ? make(data[0]) : NULL;
	uint64_t now_ms = 0;
	size_t at = 1;

	while (n && size - at >= 2) {
		size_t len = data[at + 1];
		bool inside = data[at] & INSIDE;

		now_ms += (uint64_t)(data[at] >> 1) * STEP_MS / 16;
		at += 2;
		if (len > size - at)
			len = size - at;
		feed(n, data + at, len, inside, now_ms);
		at += len;
	}
	cv_mem_unref(n);

	return 0;
}
