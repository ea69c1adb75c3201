/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Lines of a story cut into words, and message bodies made of them. Test's
 * thread.
 */
#include "config.h"

#include "call_words.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sdp/sdp.h"

void cv_words_cut(struct cv_words *w, const char *line)
{
	char *save = NULL;

	*w = (struct cv_words){.c = 0};
	(void)snprintf(w->text, sizeof(w->text), "%s", line);
	for (char *s = strtok_r(w->text, " \t", &save); s && w->c < CV_WORDS_MAX;
	     s = strtok_r(NULL, " \t", &save))
		w->v[w->c++] = s;
}

const char *cv_words_next(struct cv_words *w)
{
	return w->at < w->c ? w->v[w->at++] : "";
}

bool cv_words_accept(struct cv_words *w, const char *word)
{
	if (w->at >= w->c || strcmp(w->v[w->at], word) != 0)
		return false;

	++w->at;

	return true;
}

unsigned cv_words_number(const char *s)
{
	return (unsigned)strtoul(s, NULL, 10);
}

static const char *ip_word(const struct cv_addr *a)
{
	return a->family == AF_INET6 ? "IP6" : "IP4";
}

static int sdp_line(struct cv_words *l, struct cv_buf *to)
{
	const char *name = cv_words_next(l), *word = cv_words_next(l);
	bool msrp = strcmp(name, "x-msrp") == 0;
	bool tcp = msrp || strcmp(name, "x-tcp") == 0, pcma;
	char host[CV_ADDR_STRLEN];
	struct cv_addr a;
	int err;

	if (strcmp(word, "off") == 0) {
		cv_buf_printf(to, "m=%s 0 RTP/AVP 0\r\n", name);
		return 0;
	}

	err = cv_addr_parse(&a, cv_str_of(word));
	if (err)
		return err;

	pcma = cv_words_accept(l, "pcma");
	cv_buf_printf(to, "m=%s %u %s\r\n", tcp ? "application" : name, a.port,
		      msrp   ? "TCP/MSRP *"
		      : tcp  ? "tcp msdata"
		      : pcma ? "RTP/AVP 8"
			     : "RTP/AVP 0");
	cv_buf_printf(to, "c=IN %s %s\r\n", ip_word(&a), cv_addr_print_host(&a, host));
	if (!tcp)
		cv_buf_str(to, pcma ? CV_STR("a=rtpmap:8 PCMA/8000\r\n")
				    : CV_STR("a=rtpmap:0 PCMU/8000\r\n"));

	if (cv_words_accept(l, "fmtp"))
		cv_buf_str(to, CV_STR("a=fmtp:0 x=1\r\n"));
	if (cv_words_accept(l, "mux"))
		cv_buf_str(to, CV_STR("a=rtcp-mux\r\n"));
	if (cv_words_accept(l, "ice"))
		cv_buf_str(to, CV_STR("a=ice-ufrag:F7gI\r\na=ice-pwd:x9cml/"
				      "YzichV2+XlhiMu8g\r\n"));

	for (enum cv_dir d = CV_DIR_SENDONLY; d <= CV_DIR_INACTIVE; ++d) {
		if (cv_words_accept(l, cv_dir_name(d)))
			cv_buf_printf(to, "a=%s\r\n", cv_dir_name(d));
	}

	return 0;
}

static int sdp_of(struct cv_words *l, struct cv_buf *to)
{
	bool named = cv_words_accept(l, "o");
	const char *user = named ? cv_words_next(l) : "-";
	const char *version = named ? cv_words_next(l) : "1";
	struct cv_buf lines = {.p = NULL};
	int err = 0;

	while (!err && l->at < l->c)
		err = sdp_line(l, &lines);

	cv_buf_printf(to, "v=0\r\no=%s 1 %s IN IP4 10.9.9.9\r\ns=-\r\nt=0 0\r\n", user,
		      version);
	cv_buf_str(to, cv_buf_view(&lines));
	cv_buf_free(&lines);

	return err;
}

int cv_words_body(struct cv_words *l, struct cv_buf *to, struct cv_msg *m)
{
	int err = 0;

	if (l->at >= l->c)
		return 0;

	m->type = CV_STR("application/sdp");
	if (cv_words_accept(l, "broken")) {
		cv_buf_str(to, CV_STR("v=0\r\nm=audio 99999 RTP/AVP 0\r\n"));
	} else if (cv_words_accept(l, "type")) {
		m->type = cv_str_of(cv_words_next(l));
		cv_buf_str(to, CV_STR("Signal=5\r\n"));
	} else if (cv_words_accept(l, "in")) {
		(void)cv_words_next(l);
		m->type = CV_STR("multipart/mixed; boundary=cut");
		cv_buf_str(to, CV_STR("--cut\r\nContent-Type: application/sdp\r\n\r\n"));
		err = sdp_of(l, to);
		cv_buf_str(to, CV_STR("\r\n--cut--\r\n"));
	} else {
		err = sdp_of(l, to);
	}
	m->body = cv_buf_view(to);

	return err ? err : cv_buf_err(to);
}

size_t cv_words_put(char *dst, size_t at, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(dst + at, CV_FAKE_LINE - at, fmt, ap);
	va_end(ap);

	return n < 0 || at + (size_t)n >= CV_FAKE_LINE ? CV_FAKE_LINE - 1
						       : at + (size_t)n;
}

/* Where it isn't the port after RTP's. */
static size_t put_rtcp(char *dst, size_t at, const struct cv_flow *f)
{
	char addr[CV_ADDR_STRLEN];

	if (f->mux)
		return cv_words_put(dst, at, " mux");

	if (f->rtp.port == 0 || f->rtcp.port == 0 ||
	    (f->rtcp.port == f->rtp.port + 1 && cv_addr_host_eq(&f->rtcp, &f->rtp)))
		return at;

	return cv_words_put(dst, at, " rtcp %s", cv_addr_print(&f->rtcp, addr));
}

static size_t put_sdp(char *dst, size_t at, const struct cv_sdp *sdp)
{
	struct cv_str user = cv_sdp_session(sdp);
	char addr[CV_ADDR_STRLEN];

	user.len = cv_str_chr(user, ' ');
	if (!cv_str_eq(user, CV_STR("-")))
		at = cv_words_put(dst, at, " o " CV_STR_FMT " " CV_STR_FMT,
				  CV_STR_ARG(user), CV_STR_ARG(cv_sdp_version(sdp)));

	for (size_t i = 0; i < cv_sdp_count(sdp); ++i) {
		const struct cv_flow *f = cv_sdp_flow(sdp, i);

		at = cv_words_put(dst, at, " " CV_STR_FMT " ",
				  CV_STR_ARG(cv_sdp_media_name(sdp, i)));
		if (f->rtp.port == 0)
			at = cv_words_put(dst, at, "off");
		else
			at = cv_words_put(dst, at, "%s", cv_addr_print(&f->rtp, addr));

		at = put_rtcp(dst, at, f);
		if (f->dir != CV_DIR_SENDRECV)
			at = cv_words_put(dst, at, " %s", cv_dir_name(f->dir));
	}

	return at;
}

void cv_words_say_body(char *dst, size_t at, struct cv_str type, struct cv_str body)
{
	struct cv_sdp *sdp = NULL;

	if (body.len == 0)
		return;

	if (cv_str_istarts(type, CV_STR("application/sdp")) &&
	    cv_sdp_parse(&sdp, body) == 0)
		(void)put_sdp(dst, at, sdp);
	else
		(void)cv_words_put(dst, at, " " CV_STR_FMT " %zu", CV_STR_ARG(type),
				   body.len);

	cv_mem_unref(sdp);
}
