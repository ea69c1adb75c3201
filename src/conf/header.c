/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a peer's rules may say of SIP headers: a line, a name, the user or host
 * of a party. Pure; signalling thread.
 */
#include "config.h"

#include <string.h>

#include "conf/conf_int.h"

enum {
	NAME_MAX_LEN = 64,   /* longer ones are nobody's */
	LINE_MAX_LEN = 1024, /* a datagram holds little more */
};

/* Made anew for each hop or dialog, or a message can't be read without them; with their
 * compact forms (RFC 3261 7.3.3). */
static const char *const ours[] = {
	"Via",
	"v",
	"From",
	"f",
	"To",
	"t",
	"Call-ID",
	"i",
	"CSeq",
	"Contact",
	"m",
	"Max-Forwards",
	"Max-Breadth",
	"Content-Length",
	"l",
	"Content-Type",
	"c",
	"Content-Encoding",
	"e",
	"Route",
	"Record-Route",
	"Path",
	"Service-Route",
	"RAck",
	"RSeq",
	"Event",
	"o",
	"Subscription-State",
	"Refer-To",
	"r",
	"Replaces",
	"Session-Expires",
	"x",
	"Authorization",
	"Proxy-Authorization",
	"WWW-Authenticate",
	"Proxy-Authenticate",
	"X-Culvert-Pass",
};

static bool is_token(struct cv_str s)
{
	static const char also[] = "-.!%*_+`'~"; /* RFC 3261 25.1 */

	for (size_t i = 0; i < s.len; ++i) {
		unsigned char c = (unsigned char)s.p[i];

		if (!(c >= '0' && c <= '9') &&
		    !((c | 0x20) >= 'a' && (c | 0x20) <= 'z') &&
		    !memchr(also, c, sizeof(also) - 1))
			return false;
	}

	return s.len > 0 && s.len <= NAME_MAX_LEN;
}

const char *cv_conf_header_name(struct cv_str name)
{
	if (!is_token(name))
		return "is not the name of a header";

	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); ++i) {
		if (cv_str_ieq(name, cv_str_of(ours[i])))
			return "is made by us for each message and can't be changed";
	}

	return NULL;
}

const char *cv_conf_header_line(struct cv_str line)
{
	size_t colon = cv_str_chr(line, ':');

	if (colon == line.len || cv_str_trim(cv_str_from(line, colon + 1)).len == 0)
		return "is not a header, as X-Name: value";

	if (line.len > LINE_MAX_LEN)
		return "is too long";

	for (size_t i = 0; i < line.len; ++i) {
		if ((unsigned char)line.p[i] < ' ' || line.p[i] == 0x7f)
			return "holds a control character";
	}

	return cv_conf_header_name(cv_str_trim(cv_str_make(line.p, colon)));
}

/* @p also: what may stand there besides letters and digits. */
static bool is_made_of(const char *text, const char *also)
{
	for (; *text; ++text) {
		unsigned char c = (unsigned char)*text;

		if (!(c >= '0' && c <= '9') &&
		    !((c | 0x20) >= 'a' && (c | 0x20) <= 'z') && !strchr(also, c))
			return false;
	}

	return true;
}

bool cv_conf_is_user(const char *text)
{
	return is_made_of(text, "-_.!~*'()%&=+$,?/");
}

/* As it stands in a URI: an IPv6 address in brackets, or where would its port begin? */
bool cv_conf_is_host(const char *text)
{
	struct cv_str all = cv_str_of(text);
	struct cv_str rest = cv_str_from(all, cv_str_chr(all, ':') + 1);
	struct cv_addr a;

	if (!is_made_of(text, "-.[]:"))
		return false;
	if (all.p[0] != '[' && cv_str_chr(rest, ':') < rest.len)
		return false;

	return !strpbrk(text, "[]") || cv_addr_parse(&a, all) == 0;
}
