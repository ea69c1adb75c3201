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
	CLEAN_MAX = 4 * MSG_MAX,
	LINE_SIZE = 5 * CLEAN_MAX, /* JSON: each byte escaped, as event and as value */
	FIELDS_MAX = 32,
	WINDOW_MS = 10000, /* of a rate limit */
	STAMP_MAX = 64,
	HEAD_MAX = 256,
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

/* Printable ASCII only, the rest as \xNN. dst has room for 4 bytes each and NUL. */
static void clean(char *dst, const char *src)
{
	static const char hex[] = "0123456789abcdef";

	for (; *src; ++src) {
		unsigned char c = (unsigned char)*src;

		if (c >= 0x20 && c <= 0x7e) {
			*dst++ = (char)c;
			continue;
		}

		*dst++ = '\\';
		*dst++ = 'x';
		*dst++ = hex[c >> 4];
		*dst++ = hex[c & 15];
	}

	*dst = '\0';
}

/* Appends a clean text as a JSON string. A line has room for all that an event can be. */
static char *put_string(char *dst, const char *src, size_t len)
{
	*dst++ = '"';
	for (; len > 0; --len, ++src) {
		if (*src == '"' || *src == '\\')
			*dst++ = '\\';

		*dst++ = *src;
	}
	*dst++ = '"';

	return dst;
}

/* Length of the key that begins at @p s, as in key=value; 0: there is none. */
static size_t key_len(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz-");

	return s[n] == '=' ? n : 0;
}

/* A value ends before a blank that a key follows, or with its closing quote. */
static size_t value_len(const char *s)
{
	size_t quoted = s[0] == '"' ? 1 + strcspn(s + 1, "\"") : 0, n = 0;

	if (quoted > 0 && s[quoted] == '"' && (s[quoted + 1] == ' ' || !s[quoted + 1]))
		return quoted + 1;

	while (s[n] && !(s[n] == ' ' && key_len(s + n + 1) > 0))
		++n;

	return n;
}

static bool is_among(const char *const *keys, size_t keyc, const char *key, size_t len)
{
	for (size_t i = 0; i < keyc; ++i) {
		if (strncmp(keys[i], key, len + 1) == 0) /* up to its '=' */
			return true;
	}

	return false;
}

/* The pairs behind an event's words, as members of an object. Of a key that is there
 * twice the first counts: what the network says stands behind what we say. */
static char *put_fields(char *dst, const char *msg)
{
	const char *keys[FIELDS_MAX] = {"time=", "level=", "tag=", "msg="};
	size_t keyc = 4; /* taken by the line itself */

	while (*msg && key_len(msg) == 0) {
		msg += strcspn(msg, " ");
		msg += strspn(msg, " ");
	}

	while (keyc < FIELDS_MAX && key_len(msg) > 0) {
		size_t len = key_len(msg);
		const char *value = msg + len + 1;
		size_t n = value_len(value);
		size_t quote = n >= 2 && value[0] == '"' && value[n - 1] == '"' ? 1 : 0;

		if (!is_among(keys, keyc, msg, len)) {
			keys[keyc++] = msg;
			*dst++ = ',';
			dst = put_string(dst, msg, len);
			*dst++ = ':';
			dst = put_string(dst, value + quote, n - 2 * quote);
		}

		msg = value + n;
		msg += strspn(msg, " ");
	}

	return dst;
}

static void json_line(char line[LINE_SIZE], const char *head, const char *msg)
{
	char *dst = line + snprintf(line, LINE_SIZE, "%s,\"msg\":", head);
	char cleaned[CLEAN_MAX] = "";

	clean(cleaned, msg);
	dst = put_string(dst, cleaned, strlen(cleaned));
	dst = put_fields(dst, cleaned);
	memcpy(dst, "}", sizeof("}"));
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
	char msg[MSG_MAX], cleaned[CLEAN_MAX], head[HEAD_MAX], line[LINE_SIZE];
	char time_text[STAMP_MAX];
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
	stamp(time_text);
	if (format == CV_LOG_JSON) {
		(void)snprintf(head, sizeof(head),
			       "{\"time\":\"%s\",\"level\":\"%s\",\"tag\":\"%s\"",
			       time_text, level_names[level], tag);
		json_line(line, head, msg);
	} else {
		clean(cleaned, msg);
		(void)snprintf(line, sizeof(line), "%s %s %s %s", time_text,
			       level_names[level], tag, cleaned);
	}

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
