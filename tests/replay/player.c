/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Plays scenarios. Knows the language of player.h and nothing of what it is
 * about. One thread.
 */
#include "config.h"

#include "player.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"

struct run {
	const struct cv_player_ops *ops;
	const char *path;
	void *world;
	unsigned line;
	uint64_t now_ms;
	unsigned failures;
};

static void fail(struct run *r, const char *what, const char *text)
{
	printf("%s:%u: %s: %s\n", r->path, r->line, what, text);
	++r->failures;
}

static void check(struct run *r, int err, const char *words)
{
	if (err)
		fail(r, strerror(err), words);
}

/* Nothing may be left over when the story goes on. */
static void leave_none(struct run *r)
{
	char line[CV_PLAYER_LINE];

	while (r->ops->next(r->world, line))
		fail(r, "left before this line and was not expected", line);
}

/* Next word of @p s into @p word; the rest behind it, NULL at the end. */
static const char *take(const char *s, char *word)
{
	size_t len;

	s += strspn(s, " \t");
	len = strcspn(s, " \t");
	memcpy(word, s, len);
	word[len] = '\0';

	return len > 0 ? s + len : NULL;
}

static bool matches(const char *want, const char *is)
{
	char a[CV_PLAYER_LINE], b[CV_PLAYER_LINE];

	while (want) {
		want = take(want, a);
		if (want && strcmp(a, "...") == 0)
			return true;

		is = take(is, b);
		if (!want || !is)
			return !want && !is;

		if (strcmp(a, "*") != 0 && strcmp(a, b) != 0)
			return false;
	}

	return false;
}

static void expect(struct run *r, const char *want)
{
	char line[CV_PLAYER_LINE];

	if (r->ops->await)
		r->ops->await(r->world);

	if (!r->ops->next(r->world, line)) {
		fail(r, "nothing left, expected", want);
		return;
	}

	if (matches(want, line))
		return;

	fail(r, "expected", want);
	fail(r, "but this left", line);
}

const char *cv_player_unquote(const char *at, char *text)
{
	for (++at; *at && *at != '"'; ++at) {
		at += at[0] == '\\' && at[1] == '"';
		*text++ = *at;
	}
	*text = '\0';

	return *at ? at : NULL;
}

/* Each quoted text from @p at on must be in the answer, with ! before it must not. */
static void compare(struct run *r, const char *at, const char *answer)
{
	char text[CV_PLAYER_LINE];

	while (at) {
		const char *end = cv_player_unquote(at, text);
		bool not = at[-1] == '!';

		if (!end) {
			fail(r, "no closing quote", at);
			return;
		}

		if (!strstr(answer, text) != not )
			fail(r, not ? "in the answer" : "not in the answer", text);

		at = strchr(end + 1, '"');
	}
}

static void ask(struct run *r, const char *words)
{
	const char *at = strchr(words, '"');
	struct cv_buf answer = {.p = NULL};
	char question[CV_PLAYER_LINE];
	unsigned failures = r->failures;
	size_t len;

	leave_none(r);
	if (!at || at == words) {
		fail(r, "a question without an answer", words);
		return;
	}

	len = (size_t)(at - words);
	while (len > 0 && strchr(" \t!", words[len - 1]))
		--len;

	(void)snprintf(question, sizeof(question), "%.*s", (int)len, words);
	check(r, r->ops->ask(r->world, question, &answer), question);
	compare(r, at, answer.p ? answer.p : "");
	if (r->failures > failures)
		printf("%s", answer.p ? answer.p : "");

	cv_buf_free(&answer);
}

static void line_play(struct run *r, char *s);

static void advance(struct run *r, char *s)
{
	char word[CV_PLAYER_LINE], *unit;
	const char *rest = take(s, word);
	unsigned long n = strtoul(word, &unit, 10);
	uint64_t to = strcmp(unit, "s") == 0 ? n * 1000ULL : n;

	leave_none(r);
	if (!rest || unit == word || to < r->now_ms) {
		fail(r, "not a time from here on", s);
		return;
	}

	r->ops->advance(r->world, to - r->now_ms);
	r->now_ms = to;
	line_play(r, s + (rest - s));
}

static void line_play(struct run *r, char *s)
{
	s += strspn(s, " \t");
	if (s[0] == '\0' || s[0] == '#')
		return;

	if (strncmp(s, "at ", 3) == 0) {
		advance(r, s + 3);
	} else if (strncmp(s, "conf ", 5) == 0) {
		check(r, r->ops->conf(r->world, s + 5), s);
	} else if (s[0] == '<') {
		leave_none(r);
		check(r, r->ops->feed(r->world, s + 1), s);
	} else if (s[0] == '>') {
		expect(r, s + 1);
	} else if (s[0] == '?') {
		s += 1 + strspn(s + 1, " \t");
		ask(r, s);
	} else {
		fail(r, "not a line of a scenario", s);
	}
}

static void file_play(struct run *r)
{
	char s[CV_PLAYER_LINE];
	FILE *f = fopen(r->path, "r");

	if (!f) {
		fail(r, "cannot be opened", strerror(errno));
		return;
	}

	while (fgets(s, sizeof(s), f)) {
		++r->line;
		s[strcspn(s, "\r\n")] = '\0';
		line_play(r, s);
	}

	if (r->line == 0)
		fail(r, "says nothing", r->path);

	leave_none(r);
	(void)fclose(f);
}

static bool scenario(const struct cv_player_ops *ops, const char *path)
{
	struct run r = {.ops = ops, .path = path};
	const char *name = strrchr(path, '/');
	size_t alive = cv_mem_live();
	int err;

	err = ops->open(&r.world);
	if (err) {
		fail(&r, "no world", strerror(err));
		return false;
	}

	file_play(&r);
	ops->close(r.world);
	if (cv_mem_live() != alive)
		fail(&r, "leak", "objects were never dropped");

	printf("%s %s\n", r.failures == 0 ? "ok" : "FAIL", name ? name + 1 : path);

	return r.failures == 0;
}

static void quiet(enum cv_log_level level, const char *line, void *arg)
{
	(void)level;
	(void)line;
	(void)arg;
}

int cv_player_main(const struct cv_player_ops *ops, int argc, char **argv)
{
	const char *top = getenv("top_srcdir");
	char pattern[4096];
	unsigned good = 0, bad = 0;
	glob_t found = {0};

	cv_log_sink(quiet, NULL);
	(void)snprintf(pattern, sizeof(pattern), "%s/tests/replay/%s/*.flow",
		       top ? top : ".", ops->dir);
	if (argc < 2 && glob(pattern, 0, NULL, &found) != 0)
		printf("no scenario: %s\n", pattern);

	for (int i = 1; i < argc; ++i)
		scenario(ops, argv[i]) ? ++good : ++bad;

	for (size_t i = 0; i < found.gl_pathc; ++i)
		scenario(ops, found.gl_pathv[i]) ? ++good : ++bad;

	globfree(&found);
	printf("%u passed, %u failed, 0 skipped\n", good, bad);

	return good > 0 && bad == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
