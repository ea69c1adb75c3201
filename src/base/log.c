/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Log lines. Knows levels, the two formats and how to keep one event one
 * line. Runs on any thread: level and format are atomic, a mutex keeps lines
 * whole and guards the sink.
 */
#include "config.h"

#include "base/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"

enum {
	MSG_MAX = 1024, /* bytes of one event before cleaning; the rest is cut */
	LINE_SIZE =
		8 * 1024,  /* room for an event of which each byte is written as \xNN */
	WINDOW_MS = 10000, /* of a rate limit */
	STAMP_MAX = 64,
};

static const char *const level_names[] = {"error", "warn", "info", "debug"};

static _Atomic int level_now = CV_LOG_INFO;
static _Atomic int format_now = CV_LOG_TEXT;
static pthread_mutex_t sink_lock = PTHREAD_MUTEX_INITIALIZER;
static cv_log_sink_fn *sink_fn;
static void *sink_arg;

void cv_log_sink(cv_log_sink_fn *fn, void *arg)
{
	(void)pthread_mutex_lock(&sink_lock);
	sink_fn = fn;
	sink_arg = arg;
	(void)pthread_mutex_unlock(&sink_lock);
}

void cv_log_level(enum cv_log_level level)
{
	atomic_store_explicit(&level_now, (int)level, memory_order_relaxed);
}

void cv_log_format(enum cv_log_format format)
{
	atomic_store_explicit(&format_now, (int)format, memory_order_relaxed);
}

bool cv_log_is_on(enum cv_log_level level)
{
	return (int)level <= atomic_load_explicit(&level_now, memory_order_relaxed);
}

int cv_log_level_parse(enum cv_log_level *lp, const char *word)
{
	for (size_t i = 0; i < sizeof(level_names) / sizeof(level_names[0]); ++i) {
		if (strcmp(word, level_names[i]) == 0) {
			*lp = (enum cv_log_level)i;
			return 0;
		}
	}

	return EINVAL;
}

/* RFC 3339 in UTC with milliseconds. The second is kept: many lines share one. */
static void stamp(char dst[STAMP_MAX])
{
	static _Thread_local char second[STAMP_MAX];
	static _Thread_local time_t at = -1;
	struct timespec ts = {0};
	struct tm tm = {0};

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	if (ts.tv_sec != at) {
		(void)gmtime_r(&ts.tv_sec, &tm);
		(void)strftime(second, sizeof(second), "%Y-%m-%dT%H:%M:%S", &tm);
		at = ts.tv_sec;
	}
	(void)snprintf(dst, STAMP_MAX, "%.32s.%03ldZ", second, ts.tv_nsec / 1000000);
}

/* Printable ASCII only, the rest as \xNN; quotes and backslashes too when format is JSON,
 * whose string the result becomes. dst has room for 5 bytes each and NUL. */
static void clean(char *dst, const char *src, enum cv_log_format format)
{
	static const char hex[] = "0123456789abcdef";

	for (; *src; ++src) {
		unsigned char c = (unsigned char)*src;

		if (c < 0x20 || c > 0x7e) {
			if (format == CV_LOG_JSON)
				*dst++ = '\\';

			*dst++ = '\\';
			*dst++ = 'x';
			*dst++ = hex[c >> 4];
			*dst++ = hex[c & 15];
			continue;
		}

		if (format == CV_LOG_JSON && (c == '"' || c == '\\'))
			*dst++ = '\\';

		*dst++ = (char)c;
	}

	*dst = '\0';
}

static void emit(enum cv_log_level level, const char *line)
{
	(void)pthread_mutex_lock(&sink_lock);

	if (sink_fn)
		sink_fn(level, line, sink_arg);
	else
		(void)fprintf(stderr, "%s\n", line);

	(void)pthread_mutex_unlock(&sink_lock);
}

void cv_log_write(enum cv_log_level level, const char *tag, const char *fmt, ...)
{
	enum cv_log_format format;
	char msg[MSG_MAX], cleaned[5 * MSG_MAX], line[LINE_SIZE], time_text[STAMP_MAX];
	va_list ap;
	int len;

	if (!cv_log_is_on(level))
		return;

	va_start(ap, fmt);
	len = vsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	if (len < 0)
		return;

	if ((size_t)len >= sizeof(msg))
		memcpy(msg + sizeof(msg) - 4, "...", 4);

	format = (enum cv_log_format)atomic_load_explicit(&format_now,
							  memory_order_relaxed);
	clean(cleaned, msg, format);
	stamp(time_text);
	(void)snprintf(line, sizeof(line),
		       format == CV_LOG_JSON ? "{\"time\":\"%s\",\"level\":\"%s\","
					       "\"tag\":\"%s\",\"msg\":\"%s\"}"
					     : "%s %s %s %s",
		       time_text, level_names[level], tag, cleaned);
	emit(level, line);
}

bool cv_log_allow(struct cv_log_limit *limit, uint32_t burst)
{
	uint64_t now = cv_clock_ms();
	uint32_t suppressed = limit->suppressed;
	bool is_fresh = limit->count == 0 && suppressed == 0;

	if (is_fresh || now - limit->since_ms >= WINDOW_MS) {
		*limit = (struct cv_log_limit){.since_ms = now};
		if (suppressed > 0)
			cv_warn("log", "suppressed count=%u", suppressed);
	}

	if (limit->count >= burst) {
		++limit->suppressed;
		return false;
	}

	++limit->count;

	return true;
}
