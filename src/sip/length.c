/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Bodies whose length isn't what Content-Length says: routers that rewrite the
 * addresses in SDP forget to count again. Signalling thread.
 *
 * The library cuts such a body in the middle of its last line, or takes the
 * packet for damaged. Over UDP the packet's end is the body's (RFC 3261 18.3
 * speaks of other packets): SDP that ends in a whole line there, and is not as
 * long as was said by no more than what addresses differ in, is taken as it
 * came. The header stays as it was: the difference is evidence (alg.c).
 */
#include "config.h"

#include <strings.h>

#include <sofia-sip/msg_mclass.h>

#include "sip/alg_int.h"

enum { SLACK = 96 }; /* twelve IPv4 addresses that are 8 characters longer or shorter */

static bool is_sdp(const sip_t *sip)
{
	const sip_content_type_t *c = sip->sip_content_type;

	return c && c->c_type && strcasecmp(c->c_type, "application/sdp") == 0;
}

static bool is_line_end(const char *b, size_t len)
{
	return len > 0 && b[len - 1] == '\n';
}

/* What came is whole, and what was said isn't. */
static bool is_miscounted(const sip_t *sip, size_t said, const char *b, size_t had)
{
	if (said == had || had == 0 || said == 0 || !is_sdp(sip) || !is_line_end(b, had))
		return false;
	if (said > had)
		return said - had <= SLACK;

	return had - said <= SLACK && !is_line_end(b, said);
}

issize_t cv_sip_length_extract(msg_t *msg, msg_pub_t *pub, char b[], isize_t len, int eos)
{
	sip_t *sip = (sip_t *)pub;
	sip_content_length_t *l = sip->sip_content_length;
	size_t said = l ? l->l_length : 0;
	issize_t n;

	if (!l || !eos || !(sip->sip_flags & MSG_FLG_BODY) ||
	    msg_addrinfo(msg)->ai_socktype != SOCK_DGRAM ||
	    !is_miscounted(sip, said, b, (size_t)len))
		return sip_default_mclass()->mc_extract_body(msg, pub, b, len, eos);

	l->l_length = (uint32_t)len;
	n = sip_default_mclass()->mc_extract_body(msg, pub, b, len, eos);
	l->l_length = (uint32_t)said;

	return n;
}
