/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a scripted party says: requests, responses, and the same again. Test's
 * thread.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "call_words.h"
#include "sip_party.h"

/** A message in the making. */
struct saying {
	struct cv_sparty *p;
	struct cv_stalk *t;
	const struct cv_ssaid *said;
	struct cv_words words;
	struct cv_sdraft d;
	struct cv_buf body;
	struct cv_str type;
	unsigned fork;
	const char *rseq; /* of a reliable 1xx; NULL */
};

static bool is(struct cv_str s, const char *word)
{
	return cv_str_eq(s, cv_str_of(word));
}

static void copy(char *dst, size_t size, struct cv_str s)
{
	(void)snprintf(dst, size, CV_STR_FMT, CV_STR_ARG(s));
}

/* "text TYPE WORDS...": a body of one line. Everything else is call_words' to say. */
static int take_body(struct saying *s)
{
	struct cv_msg m = {.method = CV_METHOD_INVITE};
	int err = 0;

	if (cv_words_accept(&s->words, "text")) {
		m.type = cv_str_of(cv_words_next(&s->words));
		while (s->words.at < s->words.c)
			cv_buf_printf(&s->body, "%s%s", s->body.len > 0 ? " " : "",
				      cv_words_next(&s->words));
		cv_buf_str(&s->body, CV_STR("\r\n"));
	} else {
		err = cv_words_body(&s->words, &s->body, &m);
	}
	s->type = m.type;

	return err;
}

static void take_options(struct saying *s)
{
	while (s->words.at < s->words.c) {
		if (cv_words_accept(&s->words, "fork"))
			s->fork = cv_words_number(cv_words_next(&s->words));
		else if (cv_words_accept(&s->words, "reliable"))
			s->rseq = cv_words_next(&s->words);
		else
			return;
	}
}

static int finish(struct saying *s)
{
	struct cv_buf out = {.p = NULL};
	int err = 0;

	for (size_t i = 0; !err && i < s->said->editc; ++i)
		err = cv_sdraft_edit(&s->d, s->said->edits[i]);

	cv_sdraft_write(&s->d, s->type, cv_buf_view(&s->body), &out);
	if (!err)
		err = cv_buf_err(&out);
	if (!err && out.len >= CV_STEXT)
		err = EMSGSIZE;
	if (!err) {
		copy(s->p->sent[s->p->sentc++ % CV_SSENT], CV_STEXT, cv_buf_view(&out));
		err = cv_sparty_send(s->p, cv_buf_view(&out));
	}
	cv_buf_free(&out);

	return err;
}

static const char *last_sent(const struct cv_sparty *p)
{
	return p->sent[(p->sentc + CV_SSENT - 1) % CV_SSENT];
}

/* Requests */

static void add_via(struct saying *s)
{
	cv_sdraft_add(&s->d, "Via", "SIP/2.0/%s %s;branch=z9hG4bK-%s-%u;rport",
		      s->p->stream ? "TCP" : "UDP", s->p->shown, s->p->name,
		      ++s->p->branch);
}

static bool shows_contact(const char *method)
{
	static const char *const v[] = {"INVITE", "REGISTER", "SUBSCRIBE",
					"UPDATE", "REFER",    "NOTIFY"};

	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); ++i) {
		if (strcmp(v[i], method) == 0)
			return true;
	}

	return false;
}

/* The other end's value with the tag of a fork of it. */
static void add_to(struct saying *s)
{
	struct cv_stalk *t = s->t;
	struct cv_str tag = cv_stext_tag(cv_str_of(t->remote));

	if (s->fork == 0 || s->fork >= t->tagc || tag.len == 0)
		cv_sdraft_add(&s->d, "To", "%s", t->remote);
	else
		cv_sdraft_add(&s->d, "To", "%.*s%s", (int)(tag.p - t->remote), t->remote,
			      t->tags[s->fork]);
}

/* A callee's own tag: each fork of it has another. */
static void add_own_tag(char *dst, size_t size, const char *value, unsigned fork)
{
	if (fork == 0)
		(void)snprintf(dst, size, "%s", value);
	else
		(void)snprintf(dst, size, "%s-fork%u", value, fork);
}

static void add_from(struct saying *s)
{
	char own[600];

	add_own_tag(own, sizeof(own), s->t->local, s->fork > 0 ? s->fork : s->t->fork);
	cv_sdraft_add(&s->d, "From", "%s", s->t->mine ? s->t->local : own);
}

static int say_request(struct saying *s, const char *method)
{
	struct cv_stalk *t = s->t;
	uint32_t cseq = ++t->cseq;
	struct cv_str text;
	int err;

	(void)snprintf(s->d.start, sizeof(s->d.start), "%s %s SIP/2.0", method,
		       t->target);
	add_via(s);
	cv_sdraft_add(&s->d, "Max-Forwards", "70");
	add_from(s);
	add_to(s);
	cv_sdraft_add(&s->d, "Call-ID", "%s", t->call_id);
	cv_sdraft_add(&s->d, "CSeq", "%u %s", cseq, method);
	if (shows_contact(method))
		cv_sdraft_add(&s->d, "Contact", "<sip:%s@%s>", s->p->name, s->p->shown);
	if (strcmp(method, "REGISTER") == 0)
		cv_sdraft_add(&s->d, "Expires", "3600");
	if (strcmp(method, "PRACK") == 0)
		cv_sdraft_add(&s->d, "RAck", "%s", t->rack);

	err = finish(s);
	if (err)
		return err;

	/* an edit may have said otherwise */
	text = cv_str_of(last_sent(s->p));
	copy(t->call_id, sizeof(t->call_id), cv_stext_header(text, "Call-ID", 0));
	t->cseq = (uint32_t)strtoul(cv_stext_header(text, "CSeq", 0).p, NULL, 10);
	if (strcmp(method, "INVITE") == 0)
		copy(t->invite, sizeof(t->invite), text);

	return 0;
}

/* CANCEL and the ACK of what isn't a 2xx belong to their INVITE's hop. */
static int say_with_invite(struct saying *s, const char *method)
{
	struct cv_str invite = cv_str_of(s->t->invite), answer = cv_str_of(s->t->answer);
	bool ack = strcmp(method, "ACK") == 0;
	struct cv_str uri = invite, word, cseq;

	if (invite.len == 0 || (ack && answer.len == 0))
		return ENOENT;

	(void)cv_str_next(&uri, ' ', &word);
	(void)cv_str_next(&uri, ' ', &word);
	(void)snprintf(s->d.start, sizeof(s->d.start), "%s " CV_STR_FMT " SIP/2.0",
		       method, CV_STR_ARG(word));
	cseq = cv_stext_header(invite, "CSeq", 0);
	cv_sdraft_copy(&s->d, invite, "Via");
	cv_sdraft_add(&s->d, "Max-Forwards", "70");
	cv_sdraft_copy(&s->d, invite, "From");
	cv_sdraft_copy(&s->d, ack ? answer : invite, "To");
	cv_sdraft_copy(&s->d, invite, "Call-ID");
	cv_sdraft_add(&s->d, "CSeq", "%.*s %s", (int)cv_str_chr(cseq, ' '), cseq.p,
		      method);

	return finish(s);
}

/* The ACK of a 2xx: a request of the dialog with the INVITE's number. */
static int say_ack(struct saying *s)
{
	struct cv_str cseq = cv_stext_header(cv_str_of(s->t->answer), "CSeq", 0);
	unsigned status = cv_stext_status(cv_str_of(s->t->answer));

	if (status < 200 || status >= 300)
		return say_with_invite(s, "ACK");

	(void)snprintf(s->d.start, sizeof(s->d.start), "ACK %s SIP/2.0", s->t->target);
	add_via(s);
	cv_sdraft_add(&s->d, "Max-Forwards", "70");
	cv_sdraft_add(&s->d, "From", "%s", s->t->local);
	cv_sdraft_copy(&s->d, cv_str_of(s->t->answer), "To");
	cv_sdraft_add(&s->d, "Call-ID", "%s", s->t->call_id);
	cv_sdraft_add(&s->d, "CSeq", "%.*s ACK", (int)cv_str_chr(cseq, ' '), cseq.p);

	return finish(s);
}

/* A conversation of the party's own making. REGISTERs are one for all time. */
static struct cv_stalk *begin(struct cv_sparty *p, const char *method, const char *to)
{
	bool reg = strcmp(method, "REGISTER") == 0;
	char id[256], own[512];
	struct cv_stalk *t;

	(void)snprintf(id, sizeof(id), reg ? "%s-registers" : "%s-%zu", p->name,
		       p->begun);
	for (size_t i = 0; reg && i < p->talkc; ++i) {
		if (strcmp(p->talks[i].call_id, id) == 0)
			return &p->talks[i];
	}

	t = cv_sparty_begin(p);
	t->mine = true;
	copy(t->call_id, sizeof(t->call_id), cv_str_of(id));
	(void)snprintf(own, sizeof(own), "<sip:%s@%s>;tag=%s-%zu", p->name, p->domain,
		       p->name, p->begun);
	copy(t->local, sizeof(t->local), cv_str_of(own));
	(void)snprintf(t->target, sizeof(t->target), "%s", to);
	(void)snprintf(t->remote, sizeof(t->remote), "<%s>", to);
	if (reg) {
		(void)snprintf(own, sizeof(own), "<sip:%s@%s>", p->name, p->domain);
		copy(t->remote, sizeof(t->remote), cv_str_of(own));
	}
	if (strcmp(method, "INVITE") == 0 || strcmp(method, "SUBSCRIBE") == 0)
		t->nr = ++p->numbered;

	return t;
}

/* The same conversation begun again: after a challenge, to another target. */
static struct cv_stalk *begin_again(struct cv_sparty *p, unsigned nr, const char *to)
{
	struct cv_stalk *t = cv_sparty_talk(p, nr);

	if (!t)
		return NULL;

	(void)snprintf(t->target, sizeof(t->target), "%s", to);
	(void)snprintf(t->remote, sizeof(t->remote), "<%s>", to);
	t->tagc = 0;

	return t;
}

static int request(struct saying *s, const char *method)
{
	if (s->said->to[0] != '\0' && s->said->nr > 0)
		s->t = begin_again(s->p, s->said->nr, s->said->to);
	else if (s->said->to[0] != '\0')
		s->t = begin(s->p, method, s->said->to);
	else
		s->t = cv_sparty_talk(s->p, s->said->nr > 0 ? s->said->nr : 1);

	if (!s->t)
		return ENOENT;

	if (strcmp(method, "ACK") == 0)
		return say_ack(s);

	if (strcmp(method, "CANCEL") == 0)
		return say_with_invite(s, method);

	return say_request(s, method);
}

/* Responses */

/* The newest request of that method without an answer, else the newest; of the
 * conversation that was named, or of any. */
static struct cv_sasked *asked_find(struct saying *s, const char *method)
{
	struct cv_sparty *p = s->p;
	struct cv_sasked *found = NULL;

	for (size_t i = 0; i < CV_SASKED && i < p->askedc; ++i) {
		struct cv_sasked *a = &p->asked[(p->askedc - 1 - i) % CV_SASKED];

		if (!is(cv_stext_method(cv_str_of(a->text)), method) ||
		    (s->said->nr > 0 && p->talks[a->talk].nr != s->said->nr))
			continue;

		if (!a->answered)
			return a;

		if (!found)
			found = a;
	}

	return found;
}

static const char *phrase(unsigned status)
{
	static const struct {
		unsigned status;
		const char *phrase;
	} v[] = {
		{100, "Trying"},
		{180, "Ringing"},
		{183, "Session Progress"},
		{200, "OK"},
		{202, "Accepted"},
		{302, "Moved Temporarily"},
		{401, "Unauthorized"},
		{404, "Not Found"},
		{407, "Proxy Authentication Required"},
		{486, "Busy Here"},
		{487, "Request Terminated"},
	};

	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); ++i) {
		if (v[i].status == status)
			return v[i].phrase;
	}

	return "So Be It";
}

static void add_response_to(struct saying *s, struct cv_str text, unsigned status)
{
	struct cv_str to = cv_stext_header(text, "To", 0);
	char own[600];

	if (cv_stext_tag(to).len > 0 || status == 100) {
		cv_sdraft_copy(&s->d, text, "To");
		return;
	}

	add_own_tag(own, sizeof(own), s->t->local, s->fork);
	cv_sdraft_add(&s->d, "To", "%s", own);
	if (status < 300 && status >= 200)
		s->t->fork = s->fork;
}

static int respond(struct saying *s, unsigned status)
{
	const char *method = "INVITE";
	struct cv_sasked *a;
	struct cv_str text;

	if (s->words.at < s->words.c && s->words.v[s->words.at][0] >= 'A' &&
	    s->words.v[s->words.at][0] <= 'Z')
		method = cv_words_next(&s->words);

	a = asked_find(s, method);
	if (!a)
		return ENOENT;

	take_options(s);
	a->answered = a->answered || status >= 200;
	text = cv_str_of(a->text);
	s->t = &s->p->talks[a->talk];
	(void)snprintf(s->d.start, sizeof(s->d.start), "SIP/2.0 %u %s", status,
		       phrase(status));
	cv_sdraft_copy(&s->d, text, "Via");
	cv_sdraft_copy(&s->d, text, "From");
	add_response_to(s, text, status);
	cv_sdraft_copy(&s->d, text, "Call-ID");
	cv_sdraft_copy(&s->d, text, "CSeq");
	if (strcmp(method, "REGISTER") == 0 && status == 200) {
		cv_sdraft_copy(&s->d, text, "Contact");
		cv_sdraft_copy(&s->d, text, "Expires");
	} else if (shows_contact(method) && status < 300) {
		cv_sdraft_add(&s->d, "Contact", "<sip:%s@%s>", s->p->name, s->p->shown);
	}
	if (s->rseq) {
		cv_sdraft_add(&s->d, "Require", "100rel");
		cv_sdraft_add(&s->d, "RSeq", "%s", s->rseq);
	}

	return 0;
}

static bool is_such(struct cv_str text, unsigned status, const char *method)
{
	return cv_stext_status(text) == status && is(cv_stext_method(text), method);
}

/* The same bytes once more: the last request of a method, or response to it. */
static int say_again(struct saying *s)
{
	struct cv_sparty *p = s->p;
	const char *what = cv_words_next(&s->words);
	unsigned status = cv_words_number(what);

	if (status > 0)
		what = s->words.at < s->words.c ? cv_words_next(&s->words) : "INVITE";

	for (size_t i = 0; i < CV_SSENT && i < p->sentc; ++i) {
		const char *text = p->sent[(p->sentc - 1 - i) % CV_SSENT];

		if (is_such(cv_str_of(text), status, what))
			return cv_sparty_send(p, cv_str_of(text));
	}

	return ENOENT;
}

static int play(struct saying *s)
{
	const char *word = cv_words_next(&s->words);
	unsigned status = cv_words_number(word);
	int err;

	if (strcmp(word, "again") == 0)
		return say_again(s);

	if (status > 0) {
		err = respond(s, status);
		if (!err)
			err = take_body(s);
		return err ? err : finish(s);
	}

	if (word[0] < 'A' || word[0] > 'Z')
		return EINVAL;

	take_options(s);
	err = take_body(s);

	return err ? err : request(s, word);
}

int cv_sparty_say(struct cv_sparty *p, const struct cv_ssaid *said)
{
	struct saying *s = calloc(1, sizeof(*s));
	int err;

	if (!s)
		return ENOMEM;

	s->p = p;
	s->said = said;
	cv_words_cut(&s->words, said->words);
	err = play(s);
	cv_buf_free(&s->body);
	free(s);

	return err;
}
