/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sums that tell whether two descriptions say the same. FNV-1a, 64 bits: for
 * texts that nobody forges, never for proof. Pure; any thread.
 */
#include "config.h"

#include "sdp/sdp_int.h"

#define SUM_SEED  UINT64_C(0xcbf29ce484222325)
#define SUM_PRIME UINT64_C(0x100000001b3)

static uint64_t add(uint64_t sum, struct cv_str s)
{
	for (size_t i = 0; i < s.len; ++i)
		sum = (sum ^ (uint8_t)s.p[i]) * SUM_PRIME;

	return sum;
}

uint64_t cv_sdp_sum(struct cv_str text)
{
	uint64_t sum = SUM_SEED;
	bool skips = false;

	for (size_t i = 0; i < text.len; ++i) {
		if (i == 0 || text.p[i - 1] == '\n')
			skips = cv_str_starts(cv_str_from(text, i), CV_STR("o="));
		if (!skips)
			sum = add(sum, cv_str_make(text.p + i, 1));
	}

	return sum;
}

/* What a line says of codecs and keys; 0: nothing. Lines may change places. */
static uint64_t line_sum(struct cv_str line)
{
	struct cv_str val;
	enum cv_sdp_kind kind = cv_sdp_line_kind(line, &val);

	if (kind == CV_SDP_RTPMAP || kind == CV_SDP_CRYPT ||
	    cv_str_istarts(line, CV_STR("a=fmtp:")))
		return add(SUM_SEED, cv_str_trim(line));

	return 0;
}

static uint64_t part_sum(const struct cv_sdp *s, const struct cv_sdp_part *part)
{
	uint64_t sum = 0;

	for (size_t i = part->first; i < part->end; ++i)
		sum += line_sum(s->lines[i].text);

	return sum;
}

uint64_t cv_sdp_media_sum(const struct cv_sdp *s, size_t i)
{
	const struct cv_sdp_part *part;
	struct cv_str line;
	uint64_t sum;

	if (i >= s->partc)
		return 0;

	part = &s->parts[i];
	line = s->lines[part->first].text;
	sum = add(SUM_SEED, cv_str_make(line.p, (size_t)(part->port.p - line.p)));
	line = cv_str_from(line, (size_t)(part->port.p + part->port.len - line.p));

	return add(sum, cv_str_trim(line)) + part_sum(s, part) + part_sum(s, &s->head);
}
