/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Header policy: what passes from one leg to the other, what is ours, what
 * hides the topology. Signalling thread.
 *
 * A message sent on is a copy of what was received without everything that
 * belongs to one hop or one dialog; those headers are made anew (refer.c makes
 * those that name another dialog). Option tags of extensions that this version
 * does not serve are taken out of Supported and Require, so that nobody starts
 * what can't be finished; who asks for one by Require hears of it (require.c).
 * What passes between whom is policy.c's table.
 */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "sip/sip_int.h"

/* Takes out all headers of one kind; @p field is where the message keeps the first. */
static void drop(msg_t *m, sip_t *s, void *field)
{
	msg_header_t *const *first = field;

	while (*first)
		msg_header_remove(m, (msg_pub_t *)s, *first);
}

/*
 * The parser parks a second instance of a header that may stand once in
 * sip_error with its class; a copy puts it back on the chain and serialising
 * asserts: one packet would end the process (doc/threats.md). Taken out of the
 * source, one by one: removing "while the list is not empty" never ends.
 */
static void drop_errors(msg_t *src, sip_t *sip)
{
	msg_header_t *h, *next;

	for (h = (msg_header_t *)sip->sip_error; h; h = next) {
		next = h->sh_next;
		msg_header_remove(src, (msg_pub_t *)sip, h);
	}

	sip->sip_error = NULL;
}

static void drop_dialog(msg_t *m, sip_t *s)
{
	drop(m, s, &s->sip_via);
	drop(m, s, &s->sip_route);
	drop(m, s, &s->sip_record_route);
	drop(m, s, &s->sip_path);
	drop(m, s, &s->sip_service_route);
	drop(m, s, &s->sip_contact);
	drop(m, s, &s->sip_call_id);
	drop(m, s, &s->sip_cseq);
	drop(m, s, &s->sip_from);
	drop(m, s, &s->sip_to);
	drop(m, s, &s->sip_max_forwards);
	drop(m, s, &s->sip_content_length);
	drop(m, s, &s->sip_rack);
	drop(m, s, &s->sip_rseq);
	drop(m, s, &s->sip_timestamp);
}

/* Option tags that may pass, except @p without (may be NULL), as text in @p home; NULL:
 * none. */
static char *tags_left(su_home_t *home, const msg_list_t *list, const char *without)
{
	struct cv_buf b = {0};
	char *text = NULL;

	for (; list; list = (const msg_list_t *)list->k_next) {
		for (size_t i = 0; list->k_items && list->k_items[i]; ++i) {
			if (cv_sip_is_masked(list->k_items[i]) ||
			    (without && strcasecmp(list->k_items[i], without) == 0))
				continue;

			cv_buf_printf(&b, "%s%s", b.len > 0 ? ", " : "",
				      list->k_items[i]);
		}
	}

	if (b.len > 0 && cv_buf_err(&b) == 0)
		text = su_strndup(home, b.p, (isize_t)b.len);
	cv_buf_free(&b);

	return text;
}

static void mask_tags(msg_t *m, sip_t *s)
{
	su_home_t *home = msg_home(m);
	char *supported = tags_left(home, (const msg_list_t *)s->sip_supported, NULL);
	/* whether a response of ours is a reliable one is rel.c's to say */
	char *require = tags_left(home, (const msg_list_t *)s->sip_require,
				  s->sip_status ? "100rel" : NULL);

	drop(m, s, &s->sip_supported);
	drop(m, s, &s->sip_require);
	drop(m, s, &s->sip_proxy_require);
	sip_add_tl(m, s, TAG_IF(supported, SIPTAG_SUPPORTED_STR(supported)),
		   TAG_IF(require, SIPTAG_REQUIRE_STR(require)), TAG_END());
}

/* The parser takes a lone CR for an empty line, and the copy would keep it: what it calls
 * the body, the next one may call headers. */
static int renew_separator(msg_t *m, sip_t *s)
{
	sip_separator_t *sep = sip_separator_make(msg_home(m), "\r\n");

	if (!sep)
		return ENOMEM;

	drop(m, s, &s->sip_separator);

	return msg_header_insert(m, (msg_pub_t *)s, (msg_header_t *)sep) < 0 ? ENOMEM : 0;
}

msg_t *cv_sip_copy(struct cv_sip *s, msg_t *src)
{
	sip_t *in = sip_object(src), *pub;
	msg_t *m;

	(void)s;

	if (cv_sip_privacy_join(src))
		return NULL;

	drop_errors(src, in);
	/* with text of its own: a shallow copy leans on its source by a reference which
	 * the stack lets go of when it takes the copy for a response, and then repeats it
	 */
	m = msg_dup(src);
	if (!m)
		return NULL;

	pub = sip_object(m);
	if (renew_separator(m, pub)) {
		msg_destroy(m);
		return NULL;
	}
	drop_dialog(m, pub);
	mask_tags(m, pub);

	return m;
}

int cv_sip_body(msg_t *m, struct cv_str type, struct cv_str body)
{
	sip_t *s = sip_object(m);
	su_home_t *home = msg_home(m);
	sip_payload_t *pl;

	if (s->sip_payload && s->sip_payload->pl_len == body.len &&
	    memcmp(s->sip_payload->pl_data, body.p, body.len) == 0)
		return 0;

	drop(m, s, &s->sip_payload);
	if (body.len == 0) {
		drop(m, s, &s->sip_content_type);
		return 0;
	}

	if (type.len > 0) {
		char *text = su_strndup(home, type.p, (isize_t)type.len);
		sip_content_type_t *ct = text ? sip_content_type_make(home, text) : NULL;

		if (!ct)
			return ENOMEM;

		drop(m, s, &s->sip_content_type);
		msg_header_insert(m, (msg_pub_t *)s, (msg_header_t *)ct);
	}

	pl = sip_payload_create(home, body.p, (isize_t)body.len);
	if (!pl)
		return ENOMEM;

	msg_header_insert(m, (msg_pub_t *)s, (msg_header_t *)pl);

	return 0;
}

int cv_sip_max_forwards(msg_t *m, const sip_t *sip)
{
	su_home_t *home = msg_home(m);
	unsigned long have = sip && sip->sip_max_forwards
				     ? sip->sip_max_forwards->mf_count
				     : CV_SIP_HOPS;
	char *text = su_sprintf(home, "%lu", have > 0 ? have - 1 : 0);

	if (!text ||
	    sip_add_tl(m, sip_object(m), SIPTAG_MAX_FORWARDS_STR(text), TAG_END()) < 0)
		return ENOMEM;

	return 0;
}
