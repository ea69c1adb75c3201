/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Address lists. An entry is kept as the first and last address it covers;
 * membership is decided by the last entry that covers an address. Pure: any
 * thread may read a list that nobody adds to any more.
 */
#include "config.h"

#include "net/alist.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { GROW = 16 }; /* entries by which the table grows */

struct entry {
	struct cv_addr lo, hi; /* same family; port and scope 0 */
	bool away;             /* written with a leading ! */
	char *text;            /* owned; as written, trimmed */
};

struct cv_alist {
	struct entry *v;
	size_t c, size;
};

static void alist_fini(void *obj)
{
	struct cv_alist *l = obj;

	for (size_t i = 0; i < l->c; ++i)
		free(l->v[i].text);
	free(l->v);
}

static size_t host_len(const struct cv_addr *a)
{
	return a->family == AF_INET ? 4 : 16;
}

static size_t count_of(struct cv_str s, char c)
{
	size_t n = 0;

	for (size_t i = 0; i < s.len; ++i)
		n += s.p[i] == c;

	return n;
}

/* One literal host: no port, no brackets, no scope */
static int parse_host(struct cv_addr *a, struct cv_str s, const char **why)
{
	if (cv_str_is_empty(s)) {
		*why = "an address is missing";
		return EINVAL;
	}

	if (count_of(s, ':') == 1 || s.p[0] == '[') {
		*why = "a list entry has no port";
		return EINVAL;
	}

	if (count_of(s, '%') > 0) {
		*why = "a list entry has no interface scope";
		return EINVAL;
	}

	if (cv_addr_parse(a, s)) {
		*why = "not an IPv4 or IPv6 address (names are not looked up)";
		return EINVAL;
	}

	return 0;
}

static int parse_range(struct entry *e, struct cv_str s, size_t dash, const char **why)
{
	int err;

	err = parse_host(&e->lo, cv_str_trim(cv_str_make(s.p, dash)), why);
	if (err)
		return err;

	err = parse_host(&e->hi, cv_str_trim(cv_str_from(s, dash + 1)), why);
	if (err)
		return err;

	if (e->lo.family != e->hi.family) {
		*why = "both ends of a range must be of one IP version";
		return EINVAL;
	}

	if (cv_addr_host_cmp(&e->lo, &e->hi) > 0) {
		*why = "the first address of a range is above the last";
		return EINVAL;
	}

	return 0;
}

/* Last address of the prefix; EINVAL when lo has bits below it */
static int fill_prefix(struct entry *e, size_t bits, const char **why)
{
	size_t len = host_len(&e->lo);

	e->hi = e->lo;
	for (size_t i = 0; i < len; ++i) {
		size_t kept = bits > i * 8 ? bits - i * 8 : 0;
		uint8_t low = kept >= 8 ? 0 : (uint8_t)(0xff >> kept);

		if (e->lo.ip.bytes[i] & low) {
			*why = "address has bits set below the prefix length";
			return EINVAL;
		}
		e->hi.ip.bytes[i] |= low;
	}

	return 0;
}

static int parse_prefix(struct entry *e, struct cv_str s, size_t slash, const char **why)
{
	uint64_t bits;
	int err;

	err = parse_host(&e->lo, cv_str_trim(cv_str_make(s.p, slash)), why);
	if (err)
		return err;

	err = cv_str_u64(&bits, cv_str_trim(cv_str_from(s, slash + 1)),
			 host_len(&e->lo) * 8);
	if (err || bits == 0) {
		*why = e->lo.family == AF_INET ? "prefix length must be 1 to 32"
					       : "prefix length must be 1 to 128";
		return EINVAL;
	}

	return fill_prefix(e, (size_t)bits, why);
}

static int parse_entry(struct entry *e, struct cv_str s, const char **why)
{
	size_t at;
	int err;

	if (s.len > 0 && s.p[0] == '!') {
		e->away = true;
		s = cv_str_trim(cv_str_from(s, 1));
	}

	at = cv_str_chr(s, '-');
	if (at < s.len)
		return parse_range(e, s, at, why);

	at = cv_str_chr(s, '/');
	if (at < s.len)
		return parse_prefix(e, s, at, why);

	err = parse_host(&e->lo, s, why);
	e->hi = e->lo;

	return err;
}

/* Entries speak of addresses, not of interfaces */
static struct cv_addr bare(const struct cv_addr *a)
{
	struct cv_addr b = *a;

	b.port = 0;
	b.scope = 0;

	return b;
}

static bool covers(const struct entry *e, const struct cv_addr *a)
{
	return e->lo.family == a->family && cv_addr_host_cmp(&e->lo, a) <= 0 &&
	       cv_addr_host_cmp(a, &e->hi) <= 0;
}

/* The next higher (step 1) or lower (step -1) host; false at the end of the space */
static bool host_step(struct cv_addr *a, int step)
{
	for (size_t i = host_len(a); i > 0; --i) {
		a->ip.bytes[i - 1] = (uint8_t)(a->ip.bytes[i - 1] + step);
		if (a->ip.bytes[i - 1] != (step > 0 ? 0 : 0xff))
			return true;
	}

	return false;
}

int cv_alist_new(struct cv_alist **lp)
{
	struct cv_alist *l;

	if (!lp)
		return EINVAL;

	l = cv_mem_new(sizeof(*l), alist_fini);
	if (!l)
		return ENOMEM;

	*lp = l;

	return 0;
}

static int reserve(struct cv_alist *l)
{
	struct entry *v;

	if (l->c < l->size)
		return 0;

	v = cv_mem_realloc(l->v, l->size + GROW, sizeof(*v));
	if (!v)
		return ENOMEM;

	l->v = v;
	l->size += GROW;

	return 0;
}

int cv_alist_add(struct cv_alist *l, struct cv_str entry, const char **why)
{
	const char *unused;
	struct entry e;
	int err;

	if (!l)
		return EINVAL;
	if (!why)
		why = &unused;

	memset(&e, 0, sizeof(e));
	entry = cv_str_trim(entry);
	err = parse_entry(&e, entry, why);
	if (err)
		return err;

	if (l->c == CV_ALIST_MAX) {
		*why = "the list has too many entries";
		return E2BIG;
	}

	err = reserve(l);
	if (!err) {
		e.text = cv_str_dup(entry);
		err = e.text ? 0 : ENOMEM;
	}
	if (err) {
		*why = "out of memory";
		return err;
	}

	l->v[l->c++] = e;

	return 0;
}

size_t cv_alist_find(const struct cv_alist *l, const struct cv_addr *a)
{
	struct cv_addr host;

	if (!l || !cv_addr_is_set(a))
		return 0;

	host = bare(a);
	for (size_t i = l->c; i > 0; --i) {
		if (covers(&l->v[i - 1], &host))
			return l->v[i - 1].away ? 0 : i;
	}

	return 0;
}

/* Takes away from lo..hi what @p e decides; it does not cover @p a */
static void clip(const struct entry *e, const struct cv_addr *a, struct cv_addr *lo,
		 struct cv_addr *hi)
{
	if (e->lo.family != a->family)
		return;

	if (cv_addr_host_cmp(&e->hi, a) < 0 && cv_addr_host_cmp(&e->hi, lo) >= 0) {
		*lo = e->hi;
		(void)host_step(lo, 1);
	}
	if (cv_addr_host_cmp(&e->lo, a) > 0 && cv_addr_host_cmp(&e->lo, hi) <= 0) {
		*hi = e->lo;
		(void)host_step(hi, -1);
	}
}

void cv_alist_around(const struct cv_alist *l, const struct cv_addr *a,
		     struct cv_addr *lo, struct cv_addr *hi)
{
	size_t n = cv_alist_find(l, a);
	struct cv_addr host = bare(a);

	*lo = *a;
	lo->port = 0;
	*hi = *lo;
	if (n == 0)
		return;

	*lo = l->v[n - 1].lo;
	*hi = l->v[n - 1].hi;
	for (size_t i = n; i < l->c; ++i)
		clip(&l->v[i], &host, lo, hi);
}

static const struct entry *entry_at(const struct cv_alist *l, size_t n)
{
	return l && n > 0 && n <= l->c ? &l->v[n - 1] : NULL;
}

/* Some entry between takes away all that both hold */
static bool is_taken_between(const struct cv_alist *l, size_t from, size_t to)
{
	const struct entry *a = &l->v[from], *b = &l->v[to];
	const struct cv_addr *lo = cv_addr_host_cmp(&a->lo, &b->lo) < 0 ? &b->lo : &a->lo;
	const struct cv_addr *hi = cv_addr_host_cmp(&a->hi, &b->hi) < 0 ? &a->hi : &b->hi;

	for (size_t i = from + 1; i < to; ++i) {
		if (l->v[i].away && covers(&l->v[i], lo) && covers(&l->v[i], hi))
			return true;
	}

	return false;
}

size_t cv_alist_overlap(const struct cv_alist *l, size_t n)
{
	const struct entry *e = entry_at(l, n);

	if (!e || e->away)
		return 0;

	for (size_t i = 0; i + 1 < n; ++i) {
		const struct entry *o = &l->v[i];

		if (!o->away && o->lo.family == e->lo.family &&
		    cv_addr_host_cmp(&o->lo, &e->hi) <= 0 &&
		    cv_addr_host_cmp(&e->lo, &o->hi) <= 0 &&
		    !is_taken_between(l, i, n - 1))
			return i + 1;
	}

	return 0;
}

size_t cv_alist_holds(const struct cv_alist *l, const struct cv_alist *of, size_t n)
{
	const struct entry *e = entry_at(of, n);

	for (size_t i = 0; l && e && !e->away && i < l->c; ++i) {
		if (!l->v[i].away && covers(&l->v[i], &e->lo) && covers(&l->v[i], &e->hi))
			return i + 1;
	}

	return 0;
}

const char *cv_alist_text(const struct cv_alist *l, size_t n)
{
	if (!l || n == 0 || n > l->c)
		return "";

	return l->v[n - 1].text;
}

size_t cv_alist_count(const struct cv_alist *l)
{
	return l ? l->c : 0;
}
