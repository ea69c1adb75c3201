/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One value to one field: what each type of the key table accepts, and the
 * sentence that says so when it doesn't. Pure but for the memory of the
 * configuration; signalling thread.
 */
#include "config.h"

#include <errno.h>
#include <regex.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/addr.h"
#include "base/buf.h"
#include "base/flow.h"
#include "base/str.h"
#include "conf/conf.h"
#include "conf/conf_int.h"

enum {
	PORT_MAX = 65535,
	SHOWN = 60, /* bytes of a refused value that are shown: enough to find it */
};

/* Where the value is stored, or NULL when it is only checked. */
static void *field(const struct cv_conf_slot *slot)
{
	return slot->base ? (char *)slot->base + slot->key->offset : NULL;
}

static void *also(const struct cv_conf_slot *slot)
{
	return slot->base ? (char *)slot->base + slot->key->also : NULL;
}

static void put(void *dst, const void *src, size_t size)
{
	if (dst)
		memcpy(dst, src, size);
}

/* Keeps a copy, since the text may be a part of a line. */
static void text_put(struct cv_conf_job *job, void *dst, struct cv_str s)
{
	const char *copy = cv_opts_keep(job->opts, s);

	if (!copy)
		job->err = ENOMEM;
	else
		put(dst, &copy, sizeof(copy));
}

/* Start of @p text that fits, cut between two UTF-8 characters. */
static struct cv_str shown(const char *text)
{
	size_t len = strlen(text);

	if (len <= SHOWN)
		return cv_str_make(text, len);

	len = SHOWN;
	while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
		--len;

	return cv_str_make(text, len);
}

/* "KEY must be WHAT, not "TEXT"", where TEXT is no secret. */
static void refuse(struct cv_conf_job *job, const struct cv_conf_slot *slot,
		   const char *text, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

static void refuse(struct cv_conf_job *job, const struct cv_conf_slot *slot,
		   const char *text, const char *fmt, ...)
{
	struct cv_str part = shown(text);
	char what[CV_CONF_ERROR_LEN];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	if (slot->key->secret)
		cv_conf_find(job, slot->pos, "%s must be %s", slot->key->name, what);
	else
		cv_conf_find(job, slot->pos, "%s must be %s, not \"" CV_STR_FMT "%s\"",
			     slot->key->name, what, CV_STR_ARG(part),
			     text[part.len] ? "..." : "");
}

static void regex_check(struct cv_conf_job *job, const struct cv_conf_slot *slot,
			const char *text)
{
	char why[128];
	regex_t re;
	int ret;

	ret = regcomp(&re, text, REG_EXTENDED | REG_NOSUB);
	if (ret != 0) {
		(void)regerror(ret, &re, why, sizeof(why));
		refuse(job, slot, text, "a regular expression (%s)", why);
		return;
	}

	regfree(&re);
}

static bool is_made_of(const char *text, const char *chars)
{
	return *text && text[strspn(text, chars)] == '\0';
}

static void text_check(struct cv_conf_job *job, const struct cv_conf_slot *slot,
		       const char *text)
{
	size_t len = strlen(text);
	struct cv_addr a;

	switch (slot->key->type) {
	case CV_CONF_PATH:
		if (text[0] != '/')
			refuse(job, slot, text, "a path that begins with /");
		break;
	case CV_CONF_ADDRESS:
		if (cv_addr_parse(&a, cv_str_of(text)) != 0 || a.port != 0)
			refuse(job, slot, text, "an IPv4 or IPv6 address without port");
		break;
	case CV_CONF_REGEX:
		regex_check(job, slot, text);
		break;
	case CV_CONF_METHOD:
		if (!is_made_of(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
			refuse(job, slot, text, "a SIP method in capitals, as INVITE");
		break;
	case CV_CONF_SOURCE:
		if (strcmp(text, "phones") != 0 && strcmp(text, "any") != 0 &&
		    (strncmp(text, "peer:", 5) != 0 || text[5] == '\0'))
			refuse(job, slot, text, "phones, peer:NAME or any");
		break;
	case CV_CONF_HA1:
		if ((len != 32 && len != 64) ||
		    !is_made_of(text, "0123456789abcdefABCDEF"))
			refuse(job, slot, text,
			       "32 (MD5) or 64 (SHA-256) hexadecimal digits");
		break;
	case CV_CONF_USER:
		if (!cv_conf_is_user(text))
			refuse(job, slot, text, "the user of a SIP URI, as 4930123456");
		break;
	case CV_CONF_HOST:
		if (!cv_conf_is_host(text))
			refuse(job, slot, text,
			       "a host, as example.com or [2001:db8::1]");
		break;
	case CV_CONF_TEXT:
	case CV_CONF_LIST:
	case CV_CONF_TARGETS:
	case CV_CONF_WORD:
	case CV_CONF_BOOL:
	case CV_CONF_COUNT:
	case CV_CONF_SECONDS:
	case CV_CONF_MILLIS:
	case CV_CONF_PORTLIST:
	case CV_CONF_RANGE:
	case CV_CONF_INCLUDE:
	case CV_CONF_NAMES:
	case CV_CONF_HEADERS:
	case CV_CONF_SHOWN:
		break;
	}

	text_put(job, field(slot), cv_str_of(text));
}

/* "auto, yes or no" out of "auto yes no". */
static void words_print(struct cv_buf *b, const char *words)
{
	struct cv_str rest = cv_str_of(words);
	struct cv_str word;

	while (cv_str_next(&rest, ' ', &word)) {
		if (b->len > 0)
			cv_buf_str(b, rest.len > 0 ? CV_STR(", ") : CV_STR(" or "));

		cv_buf_str(b, word);
	}
}

static void word_read(struct cv_conf_job *job, const struct cv_conf_slot *slot,
		      const char *words, const char *text)
{
	struct cv_str rest = cv_str_of(words);
	struct cv_buf list = {0};
	struct cv_str word;
	unsigned n = 0;
	bool yes;

	while (cv_str_next(&rest, ' ', &word)) {
		if (cv_str_eq(word, cv_str_of(text)))
			break;
		++n;
		word = CV_STR_NULL;
	}

	if (word.len == 0) {
		words_print(&list, words);
		refuse(job, slot, text, CV_STR_FMT, CV_STR_ARG(cv_buf_view(&list)));
		cv_buf_free(&list);
		return;
	}

	if (slot->key->type == CV_CONF_BOOL) {
		yes = n == 0;
		put(field(slot), &yes, sizeof(yes));
		return;
	}

	put(field(slot), &n, sizeof(n));
	yes = true;
	if (slot->key->also > 0)
		put(also(slot), &yes, sizeof(yes));
}

static void count_read(struct cv_conf_job *job, const struct cv_conf_slot *slot,
		       const char *text)
{
	const struct cv_conf_key *key = slot->key;
	uint64_t n = 0;
	unsigned value;

	if (cv_str_u64(&n, cv_str_of(text), key->max) != 0 || n < key->min) {
		refuse(job, slot, text, "a number from %u to %u", key->min, key->max);
		return;
	}

	value = (unsigned)n;
	put(field(slot), &value, sizeof(value));
}

static void duration_read(struct cv_conf_job *job, const struct cv_conf_slot *slot,
			  const char *text)
{
	const struct cv_conf_key *key = slot->key;
	uint64_t per = key->type == CV_CONF_SECONDS ? 1000 : 1;
	const char *unit = per == 1000 ? "s" : "ms";
	uint64_t ms = 0;
	uint32_t value;
	int err;

	if (key->words && strcmp(text, key->words) == 0) {
		value = 0;
		put(field(slot), &value, sizeof(value));
		return;
	}

	err = cv_str_ms(&ms, cv_str_of(text));
	if (err == EINVAL) {
		refuse(job, slot, text,
		       "a number with a unit (ms, s, m or h), as 30s%s%s",
		       key->words ? ", or " : "", key->words ? key->words : "");
		return;
	}

	if (err || ms % per != 0 || ms / per < key->min || ms / per > key->max) {
		refuse(job, slot, text, "from %u%s to %u%s%s", key->min, unit, key->max,
		       unit, per == 1000 ? " in whole seconds" : "");
		return;
	}

	value = (uint32_t)(ms / per);
	put(field(slot), &value, sizeof(value));
}

static int port_parse(uint16_t *port, struct cv_str s)
{
	uint64_t n = 0;

	if (cv_str_u64(&n, s, PORT_MAX) != 0 || n == 0)
		return EINVAL;

	*port = (uint16_t)n;

	return 0;
}

static void range_read(struct cv_conf_job *job, const struct cv_conf_slot *slot,
		       const char *text)
{
	struct cv_str s = cv_str_of(text);
	size_t dash = cv_str_chr(s, '-');
	uint16_t lo = 0, hi = 0;

	if (port_parse(&lo, cv_str_trim(cv_str_make(s.p, dash))) != 0 ||
	    port_parse(&hi, cv_str_trim(cv_str_from(s, dash + 1))) != 0) {
		refuse(job, slot, text, "two ports, as 16384-32767");
		return;
	}

	put(field(slot), &lo, sizeof(lo));
	put(also(slot), &hi, sizeof(hi));
}

/* Number of elements: those of all lines with the key. */
static size_t items_count(const struct cv_opts_entry *e, const char *text)
{
	size_t n = 1;

	for (; *text; ++text)
		n += *text == ',';

	for (const struct cv_opts_entry *m = e ? e->next : NULL; m; m = m->next) {
		if (strcmp(m->key, e->key) != 0)
			continue;

		++n;
		for (const char *p = m->value; *p; ++p)
			n += *p == ',';
	}

	return n;
}

static void item_add(struct cv_conf_job *job, const struct cv_conf_slot *slot,
		     struct cv_conf_list *list, struct cv_str part)
{
	const char *why = NULL;

	if (slot->key->type == CV_CONF_HEADERS)
		why = cv_conf_header_line(part);
	else if (slot->key->type == CV_CONF_NAMES)
		why = cv_conf_header_name(part);

	if (why)
		cv_conf_find(job, slot->pos, "%s: " CV_STR_FMT " %s", slot->key->name,
			     part.len < SHOWN ? (int)part.len : SHOWN, part.p, why);

	list->v[list->c].text = cv_opts_keep(job->opts, part);
	list->v[list->c].pos = slot->pos;
	if (!list->v[list->c].text)
		job->err = ENOMEM;
	else
		++list->c;
}

/* Adds the elements of one line; an empty one is a finding, an empty line is not. */
static void items_add(struct cv_conf_job *job, const struct cv_conf_slot *slot,
		      struct cv_conf_list *list, struct cv_str text)
{
	struct cv_str part;
	bool more = text.len > 0;

	if (more && slot->key->type == CV_CONF_HEADERS) { /* commas are the header's */
		item_add(job, slot, list, text);
		return;
	}

	while (more) {
		more = cv_str_chr(text, ',') < text.len;
		if (!cv_str_next(&text, ',', &part))
			part = CV_STR_NULL;

		part = cv_str_trim(part);
		if (part.len == 0) {
			cv_conf_find(job, slot->pos,
				     "%s: there is nothing between two commas",
				     slot->key->name);
			continue;
		}

		item_add(job, slot, list, part);
	}
}

static void portlist_read(struct cv_conf_job *job, const struct cv_conf_slot *slot,
			  const struct cv_conf_list *list)
{
	uint16_t ports[CV_CONF_PORTS] = {0};
	size_t n = 0;

	if (list->c == 1 && strcmp(list->v[0].text, "off") == 0) {
		put(also(slot), &n, sizeof(n));
		return;
	}

	if (list->c == 0 || list->c > CV_CONF_PORTS) {
		cv_conf_find(job, slot->pos, "%s must be off or 1 to %d ports, not %zu",
			     slot->key->name, CV_CONF_PORTS, list->c);
		return;
	}

	for (; n < list->c; ++n) {
		if (port_parse(&ports[n], cv_str_of(list->v[n].text)) != 0) {
			cv_conf_find(job, list->v[n].pos,
				     "%s: %s is not a port (1 to 65535, or off alone)",
				     slot->key->name, list->v[n].text);
			return;
		}

		for (size_t i = 0; i < n; ++i) {
			if (ports[i] == ports[n])
				cv_conf_find(job, list->v[n].pos, "%s: %u is there twice",
					     slot->key->name, (unsigned)ports[n]);
		}
	}

	put(field(slot), ports, sizeof(ports));
	put(also(slot), &n, sizeof(n));
}

static void targets_read(struct cv_conf_job *job, const struct cv_conf_slot *slot,
			 const struct cv_conf_list *list)
{
	struct cv_conf_target *v = cv_opts_alloc(job->opts, list->c + 1, sizeof(*v));
	struct cv_conf_target **vp = field(slot);
	size_t n = 0;

	if (!v) {
		job->err = ENOMEM;
		return;
	}

	if (list->c == 0)
		cv_conf_find(job, slot->pos, "%s has no value", slot->key->name);
	if (list->c > CV_CONF_PEER_TARGETS)
		cv_conf_find(job, slot->pos, "%s has more than %d URIs", slot->key->name,
			     CV_CONF_PEER_TARGETS);

	for (size_t i = 0; i < list->c && n < CV_CONF_PEER_TARGETS; ++i)
		n += cv_conf_target_read(job, &list->v[i], &v[n]);

	if (vp)
		*vp = v;

	put(also(slot), &n, sizeof(n));
}

void cv_conf_value_list(struct cv_conf_job *job, const struct cv_conf_slot *slot,
			const struct cv_opts_entry *e, const char *text)
{
	struct cv_conf_slot at = *slot;
	struct cv_conf_list list = {0};
	size_t n = items_count(e, text);

	list.v = cv_opts_alloc(job->opts, n, sizeof(*list.v));
	if (!list.v) {
		job->err = ENOMEM;
		return;
	}

	items_add(job, &at, &list, cv_str_of(text));
	for (const struct cv_opts_entry *m = e ? e->next : NULL; m; m = m->next) {
		if (strcmp(m->key, e->key) != 0)
			continue;

		at.pos = m->pos;
		items_add(job, &at, &list, cv_str_of(m->value));
	}

	if (job->err)
		return;

	if (slot->key->type == CV_CONF_PORTLIST)
		portlist_read(job, slot, &list);
	else if (slot->key->type == CV_CONF_TARGETS)
		targets_read(job, slot, &list);
	else
		put(field(slot), &list, sizeof(list));
}

static void advertise_read(struct cv_conf_job *job, const struct cv_conf_slot *slot,
			   const char *text)
{
	struct cv_conf_advertise a = {.pos = slot->pos};
	const char *want = cv_conf_advertise_read(job, text, &a);

	if (want)
		refuse(job, slot, text, "%s", want);
	else
		put(field(slot), &a, sizeof(a));
}

void cv_conf_value(struct cv_conf_job *job, const struct cv_conf_slot *slot,
		   const char *text)
{
	if (text[0] == '\0') {
		cv_conf_find(job, slot->pos, "%s has no value", slot->key->name);
		return;
	}

	switch (slot->key->type) {
	case CV_CONF_TEXT:
	case CV_CONF_PATH:
	case CV_CONF_ADDRESS:
	case CV_CONF_REGEX:
	case CV_CONF_METHOD:
	case CV_CONF_SOURCE:
	case CV_CONF_HA1:
	case CV_CONF_USER:
	case CV_CONF_HOST:
		text_check(job, slot, text);
		break;
	case CV_CONF_WORD:
		word_read(job, slot, slot->key->words, text);
		break;
	case CV_CONF_BOOL:
		word_read(job, slot, "yes no", text);
		break;
	case CV_CONF_COUNT:
		count_read(job, slot, text);
		break;
	case CV_CONF_SECONDS:
	case CV_CONF_MILLIS:
		duration_read(job, slot, text);
		break;
	case CV_CONF_RANGE:
		range_read(job, slot, text);
		break;
	case CV_CONF_LIST:
	case CV_CONF_TARGETS:
	case CV_CONF_PORTLIST:
	case CV_CONF_NAMES:
	case CV_CONF_HEADERS:
		cv_conf_value_list(job, slot, NULL, text);
		break;
	case CV_CONF_SHOWN:
		advertise_read(job, slot, text);
		break;
	case CV_CONF_INCLUDE:
		break;
	}
}
