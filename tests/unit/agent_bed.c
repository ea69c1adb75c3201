/* SPDX-License-Identifier: BSD-3-Clause */
/* What tests of the whole agent begin and end with. Test's thread. */
#include "config.h"

#include "agent_bed.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CUnit/CUnit.h>
#include <sofia-sip/su_wait.h>

#include "base/mem.h"

int cv_agent_udp(struct cv_addr *at, const char *host)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct sockaddr_storage ss;
	socklen_t len;

	if (fd == -1 || cv_addr_parse(at, cv_str_of(host)))
		return -1;

	len = cv_addr_to_sa(at, &ss);
	if (bind(fd, (struct sockaddr *)&ss, len) == -1)
		return -1;

	len = sizeof(ss);
	if (getsockname(fd, (struct sockaddr *)&ss, &len) == -1 ||
	    cv_addr_from_sa(at, (struct sockaddr *)&ss))
		return -1;

	return fd;
}

struct cv_conf *cv_agent_conf(const struct cv_agent_bed *b, const char *peers)
{
	struct cv_buf error = {0};
	struct cv_conf *conf = NULL;
	char text[CV_AGENT_TEXT];

	(void)snprintf(text, sizeof(text),
		       "[general]\nname = edge.example\n"
		       "[listen lo]\naddress = 127.0.0.1\nudp = %u\ntcp = off\n%s",
		       b->edge.port, peers);
	if (cv_conf_parse(&conf, "test", cv_str_of(text), &error))
		(void)fprintf(stderr, "%s\n", error.p ? error.p : "");

	cv_buf_free(&error);

	return conf;
}

static int ground_open(struct cv_agent_bed *b, const char *peers)
{
	int fd = cv_agent_udp(&b->edge, "127.0.0.1"); /* a port that is free now */

	if (fd == -1)
		return -1;

	(void)close(fd);
	b->conf = cv_agent_conf(b, peers);
	if (!b->conf || cv_net_new(&b->net))
		return -1;

	b->net->points[0].bind = b->edge;
	b->net->points[0].bind.port = 0;
	b->net->points[0].advertise = b->net->points[0].bind;
	b->net->points[0].side = CV_SIDE_WAN;
	b->net->pointc = 1;

	return 0;
}

int cv_agent_open(struct cv_agent_bed *b, const char *peers)
{
	struct cv_sip_env env = {0};
	struct cv_buf error = {0};

	if (ground_open(b, peers) || cv_loop_su_open(&b->loop) || cv_cmds_new(&b->cmds) ||
	    cv_stats_new(&b->stats, NULL) || cv_stats_cell(b->stats, &b->env.stat) ||
	    cv_routes_new(&b->env.routes) || cv_homes_new(&b->env.homes) ||
	    cv_peers_new(&b->peers, &(struct cv_peers_env){b->conf, .loop = b->loop}))
		return -1;

	env.conf = b->conf;
	env.net = b->net;
	env.loop = b->loop;
	env.cmds = b->cmds;
	env.stats = b->stats;
	env.stat = b->env.stat;
	env.routes = b->env.routes;
	env.homes = b->env.homes;
	env.peers = b->peers;
	memset(env.key, 7, sizeof(env.key));
	if (cv_sip_open(&b->sip, &env, &error)) {
		(void)fprintf(stderr, "%s\n", error.p ? error.p : "");
		cv_buf_free(&error);
		return -1;
	}

	return 0;
}

void cv_agent_close(struct cv_agent_bed *b)
{
	cv_sip_close(b->sip);
	b->sip = cv_mem_unref(b->sip);
	b->peers = cv_mem_unref(b->peers);
	b->env.homes = cv_mem_unref(b->env.homes);
	b->env.routes = cv_mem_unref(b->env.routes);
	b->cmds = cv_mem_unref(b->cmds);
	b->stats = cv_mem_unref(b->stats);
	b->loop = cv_mem_unref(b->loop);
	b->net = cv_mem_unref(b->net);
	b->conf = cv_mem_unref(b->conf);
}

size_t cv_agent_step(struct cv_agent_bed *b, int fd)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	ssize_t n;

	(void)su_root_step(cv_loop_native(b->loop), CV_AGENT_STEP_MS);
	n = recvfrom(fd, b->got, sizeof(b->got) - 1, MSG_DONTWAIT, (struct sockaddr *)&ss,
		     &len);
	if (n > 0)
		(void)cv_addr_from_sa(&b->from, (struct sockaddr *)&ss);
	else
		n = 0;

	b->got[n] = '\0';

	return (size_t)n;
}

void cv_agent_send(const struct cv_agent_bed *b, int fd, const char *text)
{
	struct sockaddr_storage ss;
	socklen_t len = cv_addr_to_sa(&b->edge, &ss);

	CU_ASSERT(sendto(fd, text, strlen(text), 0, (struct sockaddr *)&ss, len) > 0);
}

void cv_agent_reply(const struct cv_agent_bed *b, int fd, const char *status,
		    const char *rest)
{
	char text[2 * CV_AGENT_TEXT], via[CV_AGENT_HEADER], from[CV_AGENT_HEADER];
	char to[CV_AGENT_HEADER], call[CV_AGENT_HEADER], cseq[CV_AGENT_HEADER];

	(void)cv_agent_header(b, "To", to);
	(void)snprintf(text, sizeof(text),
		       "SIP/2.0 %s\r\nVia: %s\r\nFrom: %s\r\nTo: %s%s\r\n"
		       "Call-ID: %s\r\nCSeq: %s\r\n%sContent-Length: 0\r\n\r\n",
		       status, cv_agent_header(b, "Via", via),
		       cv_agent_header(b, "From", from), to,
		       strstr(to, ";tag=") ? "" : ";tag=t",
		       cv_agent_header(b, "Call-ID", call),
		       cv_agent_header(b, "CSeq", cseq), rest);
	cv_agent_send(b, fd, text);
}

const char *cv_agent_header(const struct cv_agent_bed *b, const char *name,
			    char dst[CV_AGENT_HEADER])
{
	char key[64];
	const char *p;

	(void)snprintf(key, sizeof(key), "\r\n%s: ", name);
	p = strstr(b->got, key);
	dst[0] = '\0';
	if (p) {
		p += strlen(key);
		(void)snprintf(dst, CV_AGENT_HEADER, "%.*s", (int)strcspn(p, "\r"), p);
	}

	return dst;
}
