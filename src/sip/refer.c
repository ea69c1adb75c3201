/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Transfer and pickup: a request that names another dialog (Replaces, Join,
 * Target-Dialog, Replaces inside Refer-To, a dialog-info body) is given the name which
 * that dialog has where the request goes. Signalling thread.
 *
 * Both ends of a call through us know it by different Call-IDs and tags. When
 * one of the call's two legs leads to the party that gets the request, its
 * identifiers are written; when neither does (a REFER to a third party), the
 * name stays, and is translated when that party's INVITE comes by here. A name
 * that isn't one of ours passes untouched.
 */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "sip/dlginfo.h"
#include "sip/named.h"
#include "sip/sip_int.h"

enum { NAMES_MAX = 8 }; /* names looked at in one message; more stay as they are */

/* Headers that name a dialog and that the parser doesn't know. */
static const char *const naming_headers[] = {"Join", "Target-Dialog"};

/* Identifiers of a dialog in @p home: tag[0] ours, tag[1] the party's. */
static int ids_of(struct cv_named *n, su_home_t *home, nta_leg_t *dialog)
{
	sip_replaces_t *rp;

	rp = dialog ? nta_leg_make_replaces(dialog, home, 0) : NULL;
	if (!rp || !rp->rp_call_id || !rp->rp_from_tag || !rp->rp_to_tag)
		return ENOENT;

	n->call_id = cv_str_of(rp->rp_call_id);
	n->tag[0] = cv_str_of(rp->rp_from_tag);
	n->tag[1] = cv_str_of(rp->rp_to_tag);

	return 0;
}

/* Our leg with this Call-ID, tag[ours] ours and the other tag the party's, and which of
 * its early dialogs that is; NULL. */
static struct cv_sip_leg *leg_of(struct cv_sip *s, su_home_t *home,
				 const struct cv_named *n, size_t ours, uint32_t *fork)
{
	sip_replaces_t rp;
	struct cv_sip_leg *leg;
	struct cv_named is;
	nta_leg_t *dialog;

	sip_replaces_init(&rp);
	rp.rp_call_id = su_strndup(home, n->call_id.p, (isize_t)n->call_id.len);
	rp.rp_to_tag = su_strndup(home, n->tag[ours].p, (isize_t)n->tag[ours].len);
	rp.rp_from_tag =
		su_strndup(home, n->tag[1 - ours].p, (isize_t)n->tag[1 - ours].len);
	if (!rp.rp_call_id || !rp.rp_to_tag || !rp.rp_from_tag)
		return NULL;

	dialog = nta_leg_by_replaces(s->agent, &rp);
	leg = dialog ? nta_leg_magic(dialog, cv_sip_on_dialog) : NULL;
	if (!leg || leg->ended || ids_of(&is, home, dialog))
		return NULL;

	/* the stack's own match is loose. Of an early dialog the party's tag isn't known:
	 * ours, which nobody can guess, must do */
	if (!cv_str_eq(is.tag[0], n->tag[ours]))
		return NULL;

	if (nta_leg_get_rtag(dialog) && !cv_str_eq(is.tag[1], n->tag[1 - ours]))
		return NULL;

	*fork = cv_sip_early_fork(leg, nta_leg_get_tag(dialog), nta_leg_get_rtag(dialog));

	return leg;
}

/* The other leg of its call, and what it calls an early dialog of this one; NULL. */
static struct cv_sip_leg *mate_of(const struct cv_sip_leg *leg, uint32_t *fork)
{
	const struct cv_leg_events *ev = leg->base.events;

	return ev && ev->mate ? (struct cv_sip_leg *)ev->mate(leg->base.arg, fork) : NULL;
}

/* Both lead to one and the same party. */
static bool is_same_party(const struct cv_sip_leg *a, const struct cv_sip_leg *b)
{
	if (a->peer || b->peer)
		return a->peer && b->peer && strcmp(a->peer, b->peer) == 0;

	if (a->binding != 0 || b->binding != 0)
		return a->binding == b->binding;

	return cv_addr_eq(&a->hop, &b->hop);
}

/* What @p n is called where @p to leads; ENOENT: it keeps its name. */
static int translate(struct cv_named *is, su_home_t *home, const struct cv_sip_leg *to,
		     const struct cv_named *n)
{
	struct cv_sip_leg *leg, *mate;
	struct cv_named m;
	uint32_t fork = 0;

	for (size_t ours = 0; ours < 2; ++ours) {
		leg = leg_of(to->sip, home, n, ours, &fork);
		mate = leg ? mate_of(leg, &fork) : NULL;
		if (!mate || is_same_party(leg, to) || !is_same_party(mate, to) ||
		    ids_of(&m, home, cv_sip_early_dialog(mate, fork)))
			continue;

		is->call_id = m.call_id;
		is->tag[ours] = m.tag[1]; /* what was our tag stands for the far party */
		is->tag[1 - ours] = m.tag[0];

		return 0;
	}

	return ENOENT;
}

/* The same for the text of a header, in @p home. NULL: it stays. */
static char *translate_text(const struct cv_sip_leg *to, su_home_t *home,
			    const char *text)
{
	struct cv_named was, is;
	struct cv_buf buf = {.p = NULL};
	char *out = NULL;

	if (!text || cv_named_parse(&was, cv_str_of(text)) ||
	    translate(&is, home, to, &was))
		return NULL;

	cv_named_print(&buf, cv_str_of(text), &was, &is);
	if (!cv_buf_err(&buf))
		out = su_strndup(home, buf.p, (isize_t)buf.len);
	cv_buf_free(&buf);

	return out;
}

static void name_replaces(const struct cv_sip_leg *to, msg_t *m)
{
	su_home_t *home = msg_home(m);
	sip_t *sip = sip_object(m);
	char *text;

	if (!sip->sip_replaces)
		return;

	text = sip_header_as_string(home, (const sip_header_t *)sip->sip_replaces);
	text = translate_text(to, home, text);
	if (!text)
		return;

	msg_header_remove(m, (msg_pub_t *)sip, (msg_header_t *)sip->sip_replaces);
	(void)sip_add_tl(m, sip, SIPTAG_REPLACES_STR(text), TAG_END());
}

static bool names_dialog(const sip_unknown_t *u)
{
	for (size_t i = 0; i < sizeof(naming_headers) / sizeof(naming_headers[0]); ++i) {
		if (u->un_name && strcasecmp(u->un_name, naming_headers[i]) == 0)
			return true;
	}

	return false;
}

static void name_unknown(const struct cv_sip_leg *to, msg_t *m)
{
	su_home_t *home = msg_home(m);
	sip_t *sip = sip_object(m);
	sip_unknown_t *u = sip->sip_unknown, *next;
	char *text;

	for (unsigned i = 0; u && i < NAMES_MAX; u = next) {
		next = u->un_next;
		if (!names_dialog(u))
			continue;

		++i;
		text = translate_text(to, home, u->un_value);
		if (!text)
			continue;

		text = su_sprintf(home, "%s: %s", u->un_name, text);
		msg_header_remove(m, (msg_pub_t *)sip, (msg_header_t *)u);
		(void)sip_add_tl(m, sip, TAG_IF(text, SIPTAG_UNKNOWN_STR(text)),
				 TAG_END());
	}
}

static char *escape(su_home_t *home, const char *text)
{
	static const char reserved[] = ";/?:@&=+$,"; /* RFC 3261 25.1 */
	char *out = su_alloc(home, url_esclen(text, reserved) + 1);

	return out ? url_escape(out, text, reserved) : NULL;
}

/* One header of a URI, "Replaces=..." translated; escaped as it stands there. */
static char *name_part(const struct cv_sip_leg *to, su_home_t *home, struct cv_str h)
{
	const struct cv_str name = CV_STR("Replaces=");
	char *part = su_strndup(home, h.p, (isize_t)h.len), *text;

	if (!part || !cv_str_istarts(h, name))
		return part;

	text = su_strdup(home, part + name.len);
	if (!text)
		return part;

	url_unescape(text, text);
	text = translate_text(to, home, text);
	text = text ? escape(home, text) : NULL;

	return text ? su_sprintf(home, "Replaces=%s", text) : part;
}

/* NULL: memory is short, the headers stay. */
static char *name_in_url(const struct cv_sip_leg *to, su_home_t *home,
			 const char *headers)
{
	struct cv_str rest = cv_str_of(headers), h;
	char *out = NULL, *part;

	for (unsigned i = 0; i < NAMES_MAX && cv_str_next(&rest, '&', &h); ++i) {
		part = name_part(to, home, h);
		if (part)
			part = out ? su_sprintf(home, "%s&%s", out, part) : part;
		if (!part)
			return NULL;

		out = part;
	}

	if (rest.len > 0 && out)
		out = su_sprintf(home, "%s&" CV_STR_FMT, out, CV_STR_ARG(rest));

	return out;
}

/* The call of ours that Replaces in a URI names, as whoever wrote it knows it; NULL. */
static struct cv_sip_leg *leg_in_url(const struct cv_sip_leg *to, su_home_t *home,
				     const char *headers)
{
	struct cv_str rest = cv_str_of(headers), h;
	const struct cv_str name = CV_STR("Replaces=");
	struct cv_sip_leg *leg = NULL;
	struct cv_named n;
	uint32_t fork;
	char *text;

	while (cv_str_next(&rest, '&', &h)) {
		if (!cv_str_istarts(h, name))
			continue;

		h = cv_str_from(h, name.len);
		text = su_strndup(home, h.p, (isize_t)h.len);
		if (!text)
			return NULL;

		url_unescape(text, text);
		if (cv_named_parse(&n, cv_str_of(text)))
			return NULL;

		leg = leg_of(to->sip, home, &n, 0, &fork);

		return leg ? leg : leg_of(to->sip, home, &n, 1, &fork);
	}

	return NULL;
}

/*
 * Many phones write the Contact of the one to be replaced (RFC 5589), and that is
 * ours, without a user: in its place stands whom that call was with.
 */
static void name_contact(const struct cv_sip_leg *to, su_home_t *home, url_t *url)
{
	const struct cv_sip_leg *leg;
	const url_t *self;

	if (url->url_user || !url->url_headers || !cv_sip_is_ours(to->sip, url->url_host))
		return;

	leg = leg_in_url(to, home, url->url_headers);
	self = leg && leg->self ? url_make(home, leg->self) : NULL;
	if (!self)
		return;

	url->url_user = self->url_user;
	url->url_host = self->url_host;
	url->url_port = self->url_port;
}

/* Whom to call: a user at our address here is a user of the peer there, and back. */
static void name_refer_to(const struct cv_sip_leg *to, msg_t *m)
{
	su_home_t *home = msg_home(m);
	sip_t *sip = sip_object(m);
	sip_refer_to_t *r;
	uint32_t fork = 0;
	char *headers;

	if (!sip->sip_refer_to)
		return;

	r = sip_refer_to_dup(home, sip->sip_refer_to);
	if (!r)
		return;

	name_contact(to, home, r->r_url);
	cv_sip_ident_url(to, mate_of(to, &fork), home, r->r_url);
	if (r->r_url->url_headers) {
		headers = name_in_url(to, home, r->r_url->url_headers);
		if (headers)
			r->r_url->url_headers = headers;
	}

	msg_header_remove(m, (msg_pub_t *)sip, (msg_header_t *)sip->sip_refer_to);
	msg_header_insert(m, (msg_pub_t *)sip, (msg_header_t *)r);
}

/* CSeq of a REFER on the way out of @p to for the one it has now; 0: not one of these.
 * NOTIFY comes back by the leg that the REFER left by, SUBSCRIBE goes after it. */
static uint32_t refer_id(const struct cv_sip_leg *to, uint64_t id)
{
	uint32_t fork = 0;
	const struct cv_sip_leg *from = mate_of(to, &fork);

	for (size_t i = 0; i < CV_SIP_REFERS; ++i) {
		if (from && from->refers[i].left == id)
			return from->refers[i].came;

		if (to->refers[i].came == id)
			return to->refers[i].left;
	}

	return 0;
}

/* "Event: refer;id=N" */
static void name_event(const struct cv_sip_leg *to, msg_t *m)
{
	su_home_t *home = msg_home(m);
	sip_t *sip = sip_object(m);
	char *text;
	uint64_t n;
	uint32_t id;

	if (!sip->sip_event || !sip->sip_event->o_id ||
	    strcasecmp(sip->sip_event->o_type, "refer") != 0 ||
	    cv_str_u64(&n, cv_str_of(sip->sip_event->o_id), UINT32_MAX) || n == 0)
		return;

	id = refer_id(to, n);
	if (id == 0)
		return;

	text = su_sprintf(home, "refer;id=%u", (unsigned)id);
	if (!text)
		return;

	msg_header_remove(m, (msg_pub_t *)sip, (msg_header_t *)sip->sip_event);
	(void)sip_add_tl(m, sip, SIPTAG_EVENT_STR(text), TAG_END());
}

void cv_sip_note_refer(struct cv_sip_leg *to, const sip_t *came, const sip_t *left)
{
	struct cv_sip_refer *r;

	if (!came || !came->sip_cseq || !left->sip_cseq)
		return;

	r = &to->refers[to->referc++ % CV_SIP_REFERS];
	r->came = came->sip_cseq->cs_seq;
	r->left = left->sip_cseq->cs_seq;
}

void cv_sip_name_dialogs(const struct cv_sip_leg *to, msg_t *m)
{
	name_replaces(to, m);
	name_unknown(to, m);
	name_refer_to(to, m);
	name_event(to, m);
}

struct asked {
	const struct cv_sip_leg *to;
	su_home_t *home;
};

static bool rename_dialog(struct cv_named *is, const struct cv_named *was, void *arg)
{
	const struct asked *a = arg;

	return translate(is, a->home, a->to, was) == 0;
}

struct cv_str cv_sip_name_body(const struct cv_sip_leg *to, su_home_t *home,
			       const struct cv_msg *m)
{
	struct asked a = {.to = to, .home = home};
	struct cv_buf buf = {.p = NULL};
	struct cv_str type = m->type, body = m->body;
	char *text;

	type.len = cv_str_chr(type, ';');
	if (!cv_str_ieq(cv_str_trim(type), CV_STR("application/dialog-info+xml")))
		return body;

	cv_dlginfo_map(&buf, body, rename_dialog, &a);
	text = cv_buf_err(&buf) ? NULL : su_strndup(home, buf.p, (isize_t)buf.len);
	if (text)
		body = cv_str_make(text, buf.len);
	cv_buf_free(&buf);

	return body;
}
