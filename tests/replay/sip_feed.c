/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What happens in the world of scripted parties, as its lines say it. Test's
 * thread.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "call_words.h"
#include "sip_world.h"

/* $NAME[.N].WHAT: what a conversation of a party goes by. */
static const char *value_of(struct cv_sworld *w, struct cv_str var, char *dst,
			    size_t size)
{
	struct cv_str part = CV_STR_NULL, s = CV_STR_NULL;
	const struct cv_stalk *t;
	struct cv_sparty *p;
	unsigned nr = 1;

	(void)cv_str_next(&var, '.', &part);
	p = cv_sworld_party(w, part);
	if (var.len > 0 && var.p[0] >= '0' && var.p[0] <= '9') {
		nr = cv_words_number(var.p);
		(void)cv_str_next(&var, '.', &part);
	}
	t = p ? cv_sparty_talk(p, nr) : NULL;
	if (p && p->boundc > 0 && cv_str_eq(var, CV_STR("bound")))
		s = cv_str_of(p->bound[p->boundc - 1].uri);
	else if (p && cv_str_eq(var, CV_STR("path")))
		s = cv_str_of(p->path);
	else if (!t)
		return NULL;
	else if (cv_str_eq(var, CV_STR("id")))
		s = cv_str_of(t->call_id);
	else if (cv_str_eq(var, CV_STR("local")))
		s = cv_stext_tag(cv_str_of(t->local));
	else if (cv_str_eq(var, CV_STR("remote")))
		s = cv_stext_tag(cv_str_of(t->remote));
	else if (cv_str_eq(var, CV_STR("target")))
		s = cv_str_of(t->target);
	(void)snprintf(dst, size, CV_STR_FMT, CV_STR_ARG(s));

	return s.len > 0 ? dst : NULL;
}

static int fill_in(struct cv_sworld *w, const char *line, struct cv_buf *to)
{
	static const char part[] = "abcdefghijklmnopqrstuvwxyz0123456789.";
	char value[512];

	while (*line) {
		size_t len = strcspn(line, "$");

		cv_buf_write(to, line, len);
		line += len;
		if (*line == '\0')
			break;

		len = strspn(line + 1, part);
		if (!value_of(w, cv_str_make(line + 1, len), value, sizeof(value)))
			return ENOENT;

		cv_buf_str(to, cv_str_of(value));
		line += len + 1;
	}

	return cv_buf_err(to);
}

/* Takes the {edits} out of a line. */
static int cut_edits(char *line, struct cv_ssaid *said)
{
	char *open = strchr(line, '{');

	while (open) {
		char *close = strchr(open, '}');

		if (!close || said->editc == sizeof(said->edits) / sizeof(said->edits[0]))
			return EINVAL;

		said->edits[said->editc++] =
			cv_str_trim(cv_str_make(open + 1, (size_t)(close - open - 1)));
		*open = '\0'; /* edits stand at the end of a line */
		open = strchr(close + 1, '{');
	}

	return 0;
}

/* Where what @p p begins goes to; empty: it begins nothing. */
static void target_of(struct cv_sworld *w, const struct cv_sparty *p, const char *method,
		      const char *word, char *dst, size_t size)
{
	const struct cv_sparty *callee = cv_sworld_party(w, cv_str_of(word));

	dst[0] = '\0';
	if (strcmp(method, "REGISTER") == 0) {
		(void)snprintf(dst, size, "sip:%s", p->domain);
		return;
	}

	if (strchr(word, ':') && strchr(word, ':') < word + 5) {
		(void)snprintf(dst, size, "%s", word);
		return;
	}

	if (strchr(word, '@')) {
		(void)snprintf(dst, size, "sip:%s", word);
		return;
	}

	if (callee)
		(void)snprintf(dst, size, "sip:%s@%s", word, callee->domain);

	for (size_t i = 0; callee && i < p->boundc; ++i) {
		if (strcmp(p->bound[i].user, word) == 0)
			(void)snprintf(dst, size, "%s", p->bound[i].uri);
	}
}

/* "always STATUS METHOD {edit}"; a later one takes the place of the one before. */
static int give_order(struct cv_sparty *p, struct cv_words *l,
		      const struct cv_ssaid *said)
{
	const char *status = cv_words_next(l), *method = cv_words_next(l);
	struct cv_sorder *o = cv_sparty_order(p, cv_str_of(method));

	if (!o && p->orderc == CV_SORDERS)
		return EINVAL;

	if (!o)
		o = &p->orders[p->orderc++];

	*o = (struct cv_sorder){.heard = 0};
	(void)snprintf(o->method, sizeof(o->method), "%s", method);
	(void)snprintf(o->words, sizeof(o->words), "%s %s", status, method);
	if (said->editc > 0)
		(void)snprintf(o->edits, sizeof(o->edits), CV_STR_FMT,
			       CV_STR_ARG(said->edits[0]));

	return 0;
}

/* That many REGISTERs, each of another Contact and in a conversation of its own. */
static int flood(struct cv_sparty *p, unsigned count)
{
	char contact[128], id[64], to[80];
	int err = 0;

	(void)snprintf(to, sizeof(to), "sip:%s", p->domain);
	for (unsigned i = 1; !err && i <= count; ++i) {
		struct cv_ssaid said = {.words = "REGISTER", .editc = 2};

		(void)snprintf(contact, sizeof(contact), "Contact: <sip:%s-%u@%s>",
			       p->name, i, p->shown);
		(void)snprintf(id, sizeof(id), "Call-ID: %s-tries-%u", p->name, i);
		(void)snprintf(said.to, sizeof(said.to), "%s", to);
		said.edits[0] = cv_str_of(contact);
		said.edits[1] = cv_str_of(id);
		err = cv_sparty_say(p, &said);
	}

	return err;
}

static int feed_party(struct cv_sworld *w, struct cv_sparty *p, unsigned nr, char *rest)
{
	struct cv_ssaid said = {.nr = nr};
	char words[CV_PLAYER_LINE];
	struct cv_words l;
	const char *method;
	int err;

	err = cut_edits(rest, &said);
	if (err)
		return err;

	cv_words_cut(&l, rest);
	method = cv_words_next(&l);
	if (strcmp(method, "falls") == 0 || strcmp(method, "answers") == 0) {
		p->silent = method[0] == 'f';
		return 0;
	}
	if (strcmp(method, "hangs") == 0 && p->stream) {
		cv_sstream_hang_up(p);
		return 0;
	}
	if (strcmp(method, "tries") == 0)
		return flood(p, cv_words_number(cv_words_next(&l)));

	if (strcmp(method, "always") == 0)
		return give_order(p, &l, &said);

	target_of(w, p, method, l.at < l.c ? l.v[l.at] : "", said.to, sizeof(said.to));
	said.words = rest;
	if (said.to[0] != '\0' && strcmp(method, "REGISTER") != 0) {
		const char *word = l.v[l.at];

		(void)snprintf(words, sizeof(words), "%s %s", method,
			       rest + (word - l.text) + strlen(word));
		said.words = words;
	}

	return cv_sparty_say(p, &said);
}

static int feed_media(struct cv_sworld *w, const char *what)
{
	const struct cv_media *m = cv_fake_media_last(&w->plane);
	struct cv_call_media_event ev = {.what = what};

	if (!m)
		return ENOENT;

	ev.dead = strcmp(what, "idle") == 0;
	ev.silent = !ev.dead;
	ev.id = m->id;
	ev.gen = cv_fake_media_ops.gen(m);
	cv_calls_media_event(w->calls, &ev);

	return 0;
}

static int feed_line(struct cv_sworld *w, char *line)
{
	size_t len = strspn(line, " \t"), end;
	struct cv_str name;
	struct cv_sparty *p;
	unsigned nr = 0;

	line += len;
	end = strcspn(line, " \t");
	if (strncmp(line, "media idle", 10) == 0)
		return feed_media(w, "idle");

	if (strncmp(line, "media silent", 12) == 0)
		return feed_media(w, "silent");

	name = cv_str_make(line, end);
	len = cv_str_chr(name, '.');
	if (len < name.len)
		nr = cv_words_number(name.p + len + 1);

	p = cv_sworld_party(w, cv_str_make(name.p, len));

	return p ? feed_party(w, p, nr, line + end) : EINVAL;
}

int cv_sworld_feed(struct cv_sworld *w, const char *line)
{
	struct cv_buf filled = {.p = NULL}, out = {.p = NULL};
	int err;

	err = cv_sworld_start(w);
	if (err)
		return err;

	err = fill_in(w, line, &filled);
	if (!err) {
		cv_sworld_outward(w, cv_buf_view(&filled), &out);
		err = cv_buf_err(&out);
	}
	if (!err)
		err = feed_line(w, out.p);

	cv_buf_free(&filled);
	cv_buf_free(&out);
	cv_sworld_settle(w, 0);

	return err;
}
