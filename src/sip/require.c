/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Option tags: which are ours to understand (RFC 3261 8.2.2.3), which pass.
 * Signalling thread.
 *
 * A tag in Require is for the end that is called, and passes, known to us or not:
 * 100rel, timer, replaces, join, norefersub, tdialog, from-change, precondition,
 * histinfo and whatever comes. Those of the first list say something of the way
 * there that isn't so, since our Contact stands in place of the phone's. A tag in
 * Proxy-Require is for those in between, so for us; all we know of these is
 * privacy (RFC 3323).
 */
#include "config.h"

#include <strings.h>

#include "base/log.h"
#include "sip/sip_int.h"

static const char *const masked[] = {
	"path", "outbound", "gruu",
	"sec-agree", /* RFC 3329: between a phone and its first hop */
};

bool cv_sip_is_masked(const char *tag)
{
	for (size_t i = 0; i < sizeof(masked) / sizeof(masked[0]); ++i) {
		if (strcasecmp(tag, masked[i]) == 0)
			return true;
	}

	return false;
}

static bool is_unknown(const char *tag)
{
	return strcasecmp(tag, "privacy") != 0;
}

static void put(struct cv_buf *b, const msg_list_t *list, bool (*is)(const char *tag))
{
	for (; list; list = (const msg_list_t *)list->k_next) {
		for (size_t i = 0; list->k_items && list->k_items[i]; ++i) {
			if (is(list->k_items[i]))
				cv_buf_printf(b, "%s%s", b->len > 0 ? ", " : "",
					      list->k_items[i]);
		}
	}
}

char *cv_sip_unsupported(su_home_t *home, const sip_t *sip)
{
	struct cv_buf b = {0};
	char *text = NULL;

	put(&b, (const msg_list_t *)sip->sip_require, cv_sip_is_masked);
	put(&b, (const msg_list_t *)sip->sip_proxy_require, is_unknown);
	if (b.len > 0)
		text = su_strndup(home, cv_buf_err(&b) ? "" : b.p,
				  cv_buf_err(&b) ? 0 : (isize_t)b.len);
	cv_buf_free(&b);

	return text;
}

bool cv_sip_refuse_tags(struct cv_sip *s, nta_incoming_t *irq, const sip_t *sip)
{
	su_home_t home[1] = {SU_HOME_INIT(home)};
	char *tags;

	su_home_init(home);
	tags = cv_sip_unsupported(home, sip);
	if (tags) {
		cv_stat_add(s->stat, CV_STAT_requests_refused, 1);
		nta_incoming_treply(irq, SIP_420_BAD_EXTENSION,
				    TAG_IF(*tags, SIPTAG_UNSUPPORTED_STR(tags)),
				    TAG_END());
		nta_incoming_destroy(irq);
	}
	su_home_deinit(home);

	return tags != NULL;
}
