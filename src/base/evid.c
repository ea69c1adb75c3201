/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Evidence of decisions, a bounded list of sentences. Belongs to one thread,
 * the signalling thread in the daemon.
 */
#include "config.h"

#include "base/evid.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct entry {
	char *what, *decision, *text; /* owned */
};

struct cv_evid {
	struct entry v[CV_EVID_MAX];
	size_t c;
	size_t lost; /* entries that found no room */
};

static void evid_fini(void *obj)
{
	struct cv_evid *e = obj;

	for (size_t i = 0; i < e->c; ++i) {
		free(e->v[i].what);
		free(e->v[i].decision);
		free(e->v[i].text);
	}
}

static int put(struct cv_evid *e, const char *what, const char *decision,
	       const char *text)
{
	struct entry *n;

	if (e->c == CV_EVID_MAX) {
		++e->lost;
		return ENOBUFS;
	}

	n = &e->v[e->c];
	n->what = cv_mem_strdup(what);
	n->decision = cv_mem_strdup(decision);
	n->text = cv_mem_strdup(text);
	++e->c;
	if (n->what && n->decision && n->text)
		return 0;

	--e->c;
	free(n->what);
	free(n->decision);
	free(n->text);
	++e->lost;
	return ENOMEM;
}

int cv_evid_new(struct cv_evid **ep)
{
	struct cv_evid *e;

	if (!ep)
		return EINVAL;

	e = cv_mem_new(sizeof(*e), evid_fini);
	if (!e)
		return ENOMEM;

	*ep = e;

	return 0;
}

void cv_evid_add(struct cv_evid *e, const char *what, const char *decision,
		 const char *fmt, ...)
{
	char text[CV_EVID_LINE];
	va_list ap;

	if (!e || !what || !decision || !fmt)
		return;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);

	(void)put(e, what, decision, text);
}

const char *cv_evid_find(const struct cv_evid *e, const char *what, const char **text)
{
	for (size_t i = e ? e->c : 0; i > 0; --i) {
		const struct entry *n = &e->v[i - 1];

		if (strcmp(n->what, what) != 0)
			continue;

		if (text)
			*text = n->text;
		return n->decision;
	}

	return NULL;
}

void cv_evid_join(struct cv_evid *to, const struct cv_evid *from)
{
	if (!to || !from)
		return;

	for (size_t i = 0; i < from->c; ++i)
		(void)put(to, from->v[i].what, from->v[i].decision, from->v[i].text);
}

void cv_evid_show(const struct cv_evid *e, struct cv_out *out)
{
	if (!e)
		return;

	cv_out_list(out, "explain");
	for (size_t i = 0; i < e->c; ++i) {
		cv_out_item(out);
		cv_out_str(out, "what", "%s", e->v[i].what);
		cv_out_str(out, "decision", "%s", e->v[i].decision);
		cv_out_str(out, "evidence", "%s", e->v[i].text);
		cv_out_end(out);
	}
	cv_out_end(out);

	if (e->lost > 0)
		cv_out_num(out, "explain_lost", (int64_t)e->lost);
}
