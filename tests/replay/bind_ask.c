/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Questions about the world of registrations. Changes nothing. Test's thread.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "bind_world.h"

static const char letters[] = "0123456789abcdefghijklmnopqrstuv"; /* of tokens */

/* The token of a name; NULL: no such. */
static const char *token_of(struct cv_bworld *w, struct cv_str name)
{
	char is[CV_BWORLD_NAME];

	for (size_t i = 0; i < w->tokenc; ++i) {
		(void)snprintf(is, sizeof(is), "token%zu", i + 1);
		if (cv_str_eq(name, cv_str_of(is)))
			return w->tokens[i];
	}

	return NULL;
}

static void look_up(struct cv_bworld *w, struct cv_str token, struct cv_buf *to)
{
	struct cv_binding *b = NULL;
	char seen[CV_ADDR_STRLEN];
	int err;

	err = cv_bind_by_token(w->binds, &b, token);
	if (err)
		cv_buf_printf(to, "%s\n", cv_bworld_errno(err));
	else
		cv_buf_printf(to, "is %s at %s\n", b->aor,
			      cv_addr_print(&b->flow.seen, seen));
}

static int ask_token(struct cv_bworld *w, struct cv_str words, struct cv_buf *to)
{
	const char *token = token_of(w, cv_bworld_word(&words));

	if (!token)
		return ENOENT;

	look_up(w, cv_str_of(token), to);

	return 0;
}

/* A token of another installation: the same maker under another key. */
static int ask_forged(struct cv_bworld *w, struct cv_buf *to)
{
	struct cv_binds_env env = {
		.conf = w->conf, .loop = w->loop, .node = 1, .shard = 2};
	const struct cv_bind_ask ask = {.aor = CV_STR("alice@pbx.example"),
					.contact = CV_STR("sip:alice@10.0.0.7:5060")};
	struct cv_binds *other = NULL;
	struct cv_binding *b;
	int err;

	memset(env.key, 0xa5, sizeof(env.key));
	err = cv_binds_new(&other, &env);
	if (!err)
		err = cv_bind_take(other, &b, &ask);

	if (!err)
		look_up(w, cv_str_of(b->token), to);

	cv_mem_unref(other);

	return err;
}

/* Every token that differs in one letter, counted by what it meets. */
static int ask_damaged(struct cv_bworld *w, struct cv_str words, struct cv_buf *to)
{
	const char *token = token_of(w, cv_bworld_word(&words));
	size_t len = token ? strlen(token) : 0;
	unsigned strange = 0, bad = 0, taken = 0;

	if (!token)
		return ENOENT;

	for (size_t i = 0; i < len * (sizeof(letters) - 1); ++i) {
		size_t at = i / (sizeof(letters) - 1);
		char changed[CV_BIND_TOKEN], letter = letters[i % (sizeof(letters) - 1)];
		struct cv_binding *b = NULL;
		int err;

		if (token[at] == letter)
			continue;

		(void)snprintf(changed, sizeof(changed), "%s", token);
		changed[at] = letter;
		err = cv_bind_by_token(w->binds, &b, cv_str_of(changed));
		strange += err == ENOENT;
		bad += err == EBADMSG;
		taken += err != ENOENT && err != EBADMSG;
	}

	cv_buf_printf(to, "ENOENT %u\nEBADMSG %u\nelse %u\n", strange, bad, taken);

	return 0;
}

static int ask_flow(struct cv_bworld *w, struct cv_str words, struct cv_buf *to)
{
	struct cv_binding *b = NULL;
	struct cv_bind_flow flow = {.listen = 0};
	int err;

	err = cv_addr_parse(&flow.seen, cv_bworld_word(&words));
	flow.transport = cv_bworld_transport(&words);
	while (!err && (b = cv_bind_by_flow(w->binds, &flow, b)))
		cv_buf_printf(to, "%s %s, ", b->aor, b->contact);

	cv_buf_printf(to, "end\n");

	return err;
}

static int ask_phones(struct cv_bworld *w, struct cv_str words, struct cv_buf *to)
{
	struct cv_str aor = cv_bworld_word(&words);
	struct cv_binding *b = NULL;

	while ((b = cv_bind_by_aor(w->binds, aor, b)))
		cv_buf_printf(to, "%s, ", b->contact);

	cv_buf_printf(to, "end\n");

	return 0;
}

static int ask_pings(struct cv_bworld *w, struct cv_str words, struct cv_buf *to)
{
	uint64_t least = 0, most = UINT32_MAX, last = 0;
	unsigned count = 0, bad = 0;
	struct cv_addr at;
	int err;

	err = cv_addr_parse(&at, cv_bworld_word(&words));
	if (!err && !cv_str_is_empty(cv_str_trim(words))) {
		err = cv_str_u64(&least, cv_bworld_word(&words), UINT32_MAX);
		if (!err)
			err = cv_str_u64(&most, cv_bworld_word(&words), UINT32_MAX);
	}

	for (size_t i = 0; i < w->pingc && !err; ++i) {
		const struct cv_bping *p = &w->pings[i];
		uint64_t gap = p->at_ms - last;

		if (!cv_addr_eq(&p->to, &at))
			continue;

		bad += count > 0 && (gap < least || gap > most);
		last = p->at_ms;
		++count;
	}

	bad += count > 0 && cv_clock_ms() - last > most;
	cv_buf_printf(to, "pings: %u, out of time: %u\n", count, bad);

	return w->pingc < CV_BWORLD_PINGS ? err : ENOSPC;
}

static int ask_command(struct cv_bworld *w, struct cv_str question, struct cv_buf *to)
{
	struct cv_str words = question;
	struct cv_out *out;
	int err;

	err = cv_out_new(&out, CV_OUT_TEXT);
	if (err)
		return err;

	if (cv_bworld_has(&words, "explain"))
		err = cv_binds_explain(w->binds, cv_bworld_word(&words), out);
	else
		err = cv_cmd_run(w->cmds, question, out);

	if (!err)
		err = cv_out_finish(out, to);

	cv_mem_unref(out);

	return err;
}

int cv_bworld_ask(struct cv_bworld *w, const char *question, struct cv_buf *answer)
{
	struct cv_str words = cv_str_of(question);
	int err;

	err = cv_bworld_start(w);
	if (err)
		return err;

	if (cv_bworld_has(&words, "token"))
		return ask_token(w, words, answer);

	if (cv_bworld_has(&words, "forged"))
		return ask_forged(w, answer);

	if (cv_bworld_has(&words, "damaged"))
		return ask_damaged(w, words, answer);

	if (cv_bworld_has(&words, "flow"))
		return ask_flow(w, words, answer);

	if (cv_bworld_has(&words, "phones"))
		return ask_phones(w, words, answer);

	if (cv_bworld_has(&words, "pings"))
		return ask_pings(w, words, answer);

	return ask_command(w, cv_str_of(question), answer);
}
