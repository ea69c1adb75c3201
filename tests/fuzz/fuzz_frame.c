/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fuzz target of net/frame.c: the input as one stream. However it is cut into
 * segments, the same frames come out; a frame lies inside what has come; a
 * refusal holds no more than was received. One thread.
 */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>

#include "net/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX = 512 };

/* Frames found, and where the stream stood in the end. */
struct walk {
	size_t frames, at;
	enum cv_frame_what last;
};

static void refuse(struct cv_str in, int status)
{
	struct cv_buf out = {0};

	if (cv_frame_refuse(&out, in, status) == 0 && out.len > 2 * in.len + 64)
		abort();
	cv_buf_free(&out);
}

/* Gives @p step bytes more each time. */
static struct walk walk(struct cv_str all, size_t step)
{
	struct cv_frame f = {.max = MAX};
	struct walk w = {0};
	size_t have = 0;

	for (;;) {
		struct cv_str in = cv_str_make(all.p + w.at, have - w.at);
		size_t len = 0;
		int status = 0;

		if (in.len > MAX)
			in.len = MAX;
		w.last = cv_frame_look(&f, in, &len, &status);
		if (w.last == CV_FRAME_BAD) {
			refuse(in, status);
			return w;
		}
		if (w.last == CV_FRAME_MORE && have == all.len)
			return w;
		if (w.last == CV_FRAME_MORE) {
			have = have + step < all.len ? have + step : all.len;
			continue;
		}
		if (len == 0 || len > in.len || f.via + f.via_len > len)
			abort();

		cv_frame_next(&f, w.last);
		w.at += len;
		++w.frames;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cv_str all = cv_str_make((const char *)data, size);
	struct walk whole, bytes;

	if (size == 0)
		return 0;

	whole = walk(all, size);
	bytes = walk(all, 1);
	if (whole.frames != bytes.frames || whole.at != bytes.at ||
	    whole.last != bytes.last)
		abort();

	return 0;
}
