/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The maddr of a Via is ignored: responses go to the packet's source and
 * nowhere else (threats 17, 26). The stack would honour it before received,
 * also in answers it makes by itself, and so send to whomever a stranger names.
 * Signalling thread.
 *
 * The agent gets a copy of the library's table of header kinds in which Via is
 * parsed by a kind of ours. Parsed, the header is of the library's own kind
 * again, which therefore stays in the table behind ours: it is found by
 * address, ours by name.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <sofia-sip/msg_mclass.h>

#include "base/mem.h"
#include "sip/sip_int.h"

struct cv_sip_guard {
	msg_mclass_t *table; /* owned, by free() */
	struct msg_hclass_s
		via; /* the library's Via with our parser; the table points here */
};

/* RFC 3261 25.1: parameter names are case-insensitive. */
static bool is_maddr(const char *param)
{
	return strncasecmp(param, "maddr", 5) == 0 &&
	       (param[5] == '=' || param[5] == '\0');
}

/* The echo in the answer is without it too: who sent it finds its transaction by branch. */
static issize_t parse(su_home_t *home, msg_header_t *h, char *s, isize_t slen)
{
	sip_via_t *v = (sip_via_t *)h;
	issize_t n = sip_via_d(home, h, s, slen);
	msg_param_t *params = (msg_param_t *)v->v_params;
	size_t kept = 0;

	v->v_common->h_class = sip_via_class;
	v->v_maddr = NULL;
	if (n < 0 || !params)
		return n;

	for (size_t i = 0; params[i]; ++i) {
		if (!is_maddr(params[i]))
			params[kept++] = params[i];
	}
	params[kept] = NULL;

	return n;
}

static void guard_fini(void *obj)
{
	struct cv_sip_guard *g = obj;

	free(g->table);
}

/* Ours takes the place of the library's, which moves to the next free one of its chain.
 */
static int put(struct cv_sip_guard *g)
{
	msg_mclass_t *t = g->table;
	int size = t->mc_hash_size, i = (unsigned short)sip_via_class->hc_hash % size;
	msg_href_t theirs = {0};

	for (int n = 0; n < size && t->mc_hash[i].hr_class; ++n, i = (i + 1) % size) {
		if (t->mc_hash[i].hr_class != sip_via_class)
			continue;

		theirs = t->mc_hash[i];
		t->mc_hash[i].hr_class = &g->via;
	}

	if (!theirs.hr_class || t->mc_hash[i].hr_class)
		return EPROTO;

	t->mc_hash[i] = theirs;
	++t->mc_hash_used;

	return 0;
}

static void put_short(struct cv_sip_guard *g)
{
	msg_href_t *v = (msg_href_t *)g->table->mc_short; /* in the copy's own memory */

	if (v && v['v' - 'a'].hr_class == sip_via_class)
		v['v' - 'a'].hr_class = &g->via;
}

int cv_sip_guard_new(struct cv_sip_guard **gp)
{
	const msg_mclass_t *theirs = sip_default_mclass();
	struct cv_sip_guard *g;
	int err;

	g = cv_mem_new(sizeof(*g), guard_fini);
	if (!g)
		return ENOMEM;

	g->via = *sip_via_class;
	g->via.hc_parse = parse;
	/* another size makes the clone copy the short forms too; larger leaves chains
	 * free ends */
	g->table = msg_mclass_clone(theirs, 2 * theirs->mc_hash_size + 1, 0);
	err = g->table ? put(g) : ENOMEM;
	if (err) {
		cv_mem_unref(g);
		return err;
	}

	put_short(g);
	*gp = g;

	return 0;
}

const msg_mclass_t *cv_sip_guard_table(const struct cv_sip_guard *g)
{
	return g->table;
}
