/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Privacy that a sender asks for (RFC 3323, 3325 7, 7044 10.1.2), as far as a
 * back-to-back user agent does it by itself. Signalling thread.
 *
 *   none      nothing is done
 *   id        asserted identities stay inside the trusted part (policy.c)
 *   user      From becomes anonymous (ident.c), headers that say who speaks go
 *   header    Via, Contact, Route and Record-Route are ours anyway; History-Info goes
 *   history   History-Info goes
 *   session   media is relayed, whatever else decides (call.c)
 *   critical  if the rest is more than this table: 500, nothing is sent
 *
 * It is done for receivers that aren't trusted. One that is does it itself, and
 * so does the registrar of a phone for what that phone sends.
 */
#include "config.h"

#include <errno.h>
#include <strings.h>

#include <sofia-sip/msg_header.h>

#include "sip/sip_int.h"

static const struct {
	const char *name;
	unsigned bit;
} values[] = {
	{"none", CV_PRIVACY_NONE},         {"id", CV_PRIVACY_ID},
	{"user", CV_PRIVACY_USER},         {"header", CV_PRIVACY_HEADER},
	{"history", CV_PRIVACY_HISTORY},   {"session", CV_PRIVACY_SESSION},
	{"critical", CV_PRIVACY_CRITICAL},
};

/* What says who speaks but nobody needs (RFC 3323 4.1). */
static const char *const telling[] = {
	"Call-Info", "In-Reply-To", "Organization", "Reply-To",
	"Server",    "Subject",     "User-Agent",   "P-Preferred-Identity",
};

static unsigned bit_of(const char *value)
{
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); ++i) {
		if (strcasecmp(value, values[i].name) == 0)
			return values[i].bit;
	}

	return CV_PRIVACY_OTHER;
}

static unsigned bits_of(const sip_privacy_t *p)
{
	unsigned bits = 0;

	for (size_t i = 0; p->priv_values && p->priv_values[i]; ++i)
		bits |= bit_of(p->priv_values[i]);

	return bits;
}

unsigned cv_sip_privacy(const sip_t *sip)
{
	unsigned bits = 0;

	if (sip->sip_privacy)
		bits = bits_of(sip->sip_privacy);

	/* a second line, which the parser takes for a mistake */
	for (const msg_header_t *h = (const msg_header_t *)sip->sip_error; h;
	     h = h->sh_next) {
		if (h->sh_class->hc_hash == sip_privacy_class->hc_hash)
			bits |= bits_of((const sip_privacy_t *)h);
	}

	return bits & CV_PRIVACY_NONE ? CV_PRIVACY_NONE : bits;
}

int cv_sip_privacy_join(msg_t *m)
{
	sip_t *s = sip_object(m);
	unsigned have = s->sip_privacy ? bits_of(s->sip_privacy) : 0;
	unsigned all = cv_sip_privacy(s);

	if (!s->sip_privacy || have & CV_PRIVACY_NONE)
		return 0;

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); ++i) {
		if (values[i].bit & all & ~have &&
		    msg_header_add_param(msg_home(m), s->sip_privacy->priv_common,
					 values[i].name) < 0)
			return ENOMEM;
	}

	return 0;
}

bool cv_sip_privacy_is_too_much(unsigned privacy)
{
	return privacy & CV_PRIVACY_CRITICAL && privacy & CV_PRIVACY_OTHER;
}

void cv_sip_privacy_apply(msg_t *m, unsigned privacy)
{
	if (privacy == 0 || privacy & CV_PRIVACY_NONE)
		return;

	if (privacy & CV_PRIVACY_USER) {
		for (size_t i = 0; i < sizeof(telling) / sizeof(telling[0]); ++i)
			cv_sip_drop_named(m, telling[i]);
	}

	/* what is done needs nobody else; what is not is still asked for */
	if (!(privacy & CV_PRIVACY_OTHER))
		cv_sip_drop_named(m, "Privacy");
}

int cv_sip_anonymous(su_home_t *home, sip_from_t *from)
{
	static const char display[] = "\"Anonymous\"";
	url_t *url = url_hdup(home, (const url_t *)"sip:anonymous@anonymous.invalid");

	if (!url)
		return ENOMEM;

	*from->a_url = *url;
	from->a_params = NULL;
	from->a_display = su_strdup(home, display);

	return from->a_display ? 0 : ENOMEM;
}
