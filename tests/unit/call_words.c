/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Lines of a story cut into words, and message bodies made of them. Test's
 * thread.
 */
#include "config.h"

#include "call_words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
	bool tcp = strcmp(name, "x-tcp") == 0;
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

	cv_buf_printf(to, "m=%s %u %s\r\n", tcp ? "application" : name, a.port,
		      tcp ? "TCP/MRCPv2 1" : "RTP/AVP 0");
	cv_buf_printf(to, "c=IN %s %s\r\n", ip_word(&a), cv_addr_print_host(&a, host));
	if (!tcp)
		cv_buf_str(to, CV_STR("a=rtpmap:0 PCMU/8000\r\n"));

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
