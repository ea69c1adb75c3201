/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Log lines: a level, a subsystem tag, an event followed by key=value pairs.
 *
 * The line is cleaned before it reaches the sink: control and non-ASCII bytes
 * are written as \xNN, so one event stays one line (threats 32). The sink,
 * level and format are process-wide, as standard error is; they are set once
 * at start and by `log LEVEL`. Lines may come from any thread.
 */
#ifndef CV_BASE_LOG_H
#define CV_BASE_LOG_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

enum cv_log_level { CV_LOG_ERROR = 0, CV_LOG_WARN, CV_LOG_INFO, CV_LOG_DEBUG };
enum cv_log_format { CV_LOG_TEXT = 0, CV_LOG_JSON };

typedef void cv_log_sink_fn(enum cv_log_level level, const char *line, void *arg);

/** Sends lines to @p fn instead of standard error; NULL restores it. */
void cv_log_sink(cv_log_sink_fn *fn, void *arg);
void cv_log_level(enum cv_log_level level);
void cv_log_format(enum cv_log_format format);
bool cv_log_is_on(enum cv_log_level level);
/** Level from its word; EINVAL. */
int cv_log_level_parse(enum cv_log_level *lp, const char *word);

void cv_log_write(enum cv_log_level level, const char *tag, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/** For what the network can trigger: at most @p burst lines per 10 s, then one line with
 * the number left out. All zero to start. */
struct cv_log_limit {
	uint64_t since_ms;
	uint32_t count, suppressed;
};
/** True when a line may be written now. One thread per limit. */
bool cv_log_allow(struct cv_log_limit *limit, uint32_t burst);

#define cv_error(tag, ...) cv_log_write(CV_LOG_ERROR, tag, __VA_ARGS__)
#define cv_warn(tag, ...)  cv_log_write(CV_LOG_WARN, tag, __VA_ARGS__)
#define cv_info(tag, ...)  cv_log_write(CV_LOG_INFO, tag, __VA_ARGS__)
#define cv_debug(tag, ...)                                                               \
	(cv_log_is_on(CV_LOG_DEBUG) ? cv_log_write(CV_LOG_DEBUG, tag, __VA_ARGS__)       \
				    : (void)0)

#endif
