/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Single lines of a session description: which lines mean something to us and
 * how their words are read. Pure; any thread.
 */
#include "config.h"

#include "sdp/sdp_int.h"

#include <errno.h>
#include <sys/socket.h>

#include "base/addr.h"
#include "base/str.h"

/** An attribute we know. */
struct attr {
	struct cv_str name;
	enum cv_sdp_kind kind;
};

/* RFC 8866 6.7, 3605, 5761, 4568, 8122, 4145, 4567, 8839 */
static const struct attr attrs[] = {
	{{"sendrecv", 8}, CV_SDP_DIR},
	{{"sendonly", 8}, CV_SDP_DIR},
	{{"recvonly", 8}, CV_SDP_DIR},
	{{"inactive", 8}, CV_SDP_DIR},
	{{"rtcp", 4}, CV_SDP_RTCP},
	{{"rtcp-mux", 8}, CV_SDP_MUX},
	{{"rtpmap", 6}, CV_SDP_RTPMAP},
	{{"crypto", 6}, CV_SDP_CRYPT},
	{{"fingerprint", 11}, CV_SDP_CRYPT},
	{{"setup", 5}, CV_SDP_CRYPT},
	{{"connection", 10}, CV_SDP_CRYPT},
	{{"key-mgmt", 8}, CV_SDP_CRYPT},
	{{"candidate", 9}, CV_SDP_ICE},
	{{"remote-candidates", 17}, CV_SDP_ICE},
	{{"end-of-candidates", 17}, CV_SDP_ICE},
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

bool cv_sdp_word(struct cv_str *rest, struct cv_str *word)
{
	size_t at = 0;
	size_t end;

	while (at < rest->len && is_blank(rest->p[at]))
		++at;

	end = at;
	while (end < rest->len && !is_blank(rest->p[end]))
		++end;

	if (end == at)
		return false;

	*word = cv_str_make(rest->p + at, end - at);
	*rest = cv_str_from(*rest, end);

	return true;
}

static enum cv_sdp_kind attr_kind(struct cv_str text, struct cv_str *val)
{
	size_t colon = cv_str_chr(text, ':');
	struct cv_str name = cv_str_trim(cv_str_make(text.p, colon));

	if (cv_str_istarts(name, CV_STR("ice-"))) {
		*val = text;
		return CV_SDP_ICE;
	}

	for (size_t i = 0; i < sizeof(attrs) / sizeof(attrs[0]); ++i) {
		if (!cv_str_ieq(name, attrs[i].name))
			continue;

		*val = attrs[i].kind == CV_SDP_DIR ? name : cv_str_from(text, colon + 1);
		return attrs[i].kind;
	}

	return CV_SDP_PLAIN;
}

enum cv_sdp_kind cv_sdp_line_kind(struct cv_str line, struct cv_str *val)
{
	*val = CV_STR_NULL;
	if (line.len < 2 || line.p[1] != '=')
		return CV_SDP_PLAIN;

	*val = cv_str_from(line, 2);
	switch (line.p[0]) {
	case 'a':
		return attr_kind(*val, val);
	case 'c':
		return CV_SDP_CONN;
	case 'k':
		return CV_SDP_CRYPT;
	case 'm':
		return CV_SDP_MLINE;
	case 'o':
		return CV_SDP_ORIGIN;
	default:
		return CV_SDP_PLAIN;
	}
}

enum cv_setup cv_sdp_setup(struct cv_str line)
{
	size_t colon = cv_str_chr(line, ':');
	struct cv_str val = cv_str_trim(cv_str_from(line, colon + 1));

	if (colon >= line.len ||
	    !cv_str_ieq(cv_str_trim(cv_str_make(line.p, colon)), CV_STR("a=setup")))
		return CV_SETUP_UNSAID;

	for (unsigned s = CV_SETUP_ACTIVE; s <= CV_SETUP_HOLDCONN; ++s) {
		if (cv_str_ieq(val, cv_str_of(cv_setup_name((enum cv_setup)s))))
			return (enum cv_setup)s;
	}

	return CV_SETUP_UNSAID;
}

/* An address as it stands in SDP: no port, brackets, scope or TTL. */
static int literal(struct cv_addr *a, struct cv_str s, sa_family_t family)
{
	size_t colon = cv_str_chr(s, ':');
	bool one_colon = colon < s.len &&
			 cv_str_chr(cv_str_from(s, colon + 1), ':') == s.len - colon - 1;

	if (cv_str_chr(s, '[') < s.len || cv_str_chr(s, '%') < s.len || one_colon)
		return EINVAL;

	if ((family == AF_INET) != (colon == s.len))
		return EINVAL;

	return cv_addr_parse(a, s);
}

int cv_sdp_conn(struct cv_addr *a, struct cv_str val)
{
	struct cv_str net, type, host, more;
	sa_family_t family;

	if (!cv_sdp_word(&val, &net) || !cv_sdp_word(&val, &type) ||
	    !cv_sdp_word(&val, &host) || cv_sdp_word(&val, &more))
		return EINVAL;

	if (!cv_str_ieq(net, CV_STR("IN")))
		return EINVAL;

	if (cv_str_ieq(type, CV_STR("IP4")))
		family = AF_INET;
	else if (cv_str_ieq(type, CV_STR("IP6")))
		family = AF_INET6;
	else
		return EINVAL;

	return literal(a, host, family);
}
