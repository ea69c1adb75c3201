/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a [peer] section says of headers: add-header, remove-header, from-user,
 * from-host, to-host. Applied to whatever leaves towards that peer, requests
 * and responses, in dialogs and out of them. Signalling thread.
 */
#include "config.h"

#include <errno.h>

#include "sip/sip_int.h"

int cv_sip_rule_headers(const struct cv_conf_peer *p, msg_t *m)
{
	int err = 0;

	if (!p)
		return 0;

	for (size_t i = 0; i < p->remove_headers.c; ++i)
		cv_sip_drop_named(m, p->remove_headers.v[i].text);

	for (size_t i = 0; !err && i < p->add_headers.c; ++i)
		err = cv_sip_add_line(m, p->add_headers.v[i].text);

	return err;
}

/* tel: and the like have neither user nor host. */
static bool is_sip(const url_t *url)
{
	return url->url_type == url_sip || url->url_type == url_sips;
}

static int set(su_home_t *home, url_t *url, const char *user, const char *host)
{
	if (!is_sip(url))
		return 0;

	if (user) {
		url->url_user = su_strdup(home, user);
		if (!url->url_user)
			return ENOMEM;
	}

	if (host) {
		url->url_port = NULL;
		url->url_host = su_strdup(home, host);
		if (!url->url_host)
			return ENOMEM;
	}

	return 0;
}

int cv_sip_rule_parties(const struct cv_conf_peer *p, su_home_t *home,
			struct cv_sip_ident *id)
{
	int err = set(home, id->from->a_url, p->from_user, p->from_host);

	return err ? err : set(home, id->to->a_url, NULL, p->to_host);
}
