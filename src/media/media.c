/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The media plane as one object: port pool, arena, threads, the events that
 * come back from them, and `show media`. Signalling thread.
 */
#include "config.h"

#include "media/media.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "media/media_int.h"

enum {
	CLOSE_MS =
		20, /* streams that end within it are closed together, with one wake-up */
	RETRY_MS = 5, /* a thread empties its mailbox in far less */
};

const char *cv_media_proof_name(enum cv_media_proof p)
{
	static const char *const names[] = {"none", "first",   "any", "said",
					    "run",  "rebound", "new"};

	return names[p];
}

const char *cv_media_proof_why(enum cv_media_proof p)
{
	static const char *const why[] = {
		"nothing was learnt yet",
		"the first packet of a host that its signalling names",
		"the first packet, and latch = any takes it from anywhere",
		"the very address that its description says",
		"after new signalling: the same SSRC, and its numbers go on",
		"its NAT gave it another port: its numbers go on, the old one is silent",
		"after new signalling: a new stream, and the old address is silent",
	};

	return why[p];
}

struct cv_list *cv_plane_port_head(struct cv_media_plane *p, uint16_t port)
{
	if (port < p->conf.port_lo || port > p->conf.port_hi)
		return NULL;

	return &p->by_port[(port - p->conf.port_lo) / 2];
}

struct cv_mdoor *cv_plane_port(struct cv_media_plane *p, const struct cv_addr *a)
{
	struct cv_list *head = cv_plane_port_head(p, a->port);
	struct cv_list *node, *tmp;

	if (!head)
		return NULL;

	CV_LIST_FOREACH (node, tmp, head) {
		struct cv_mdoor *d = CV_CONTAINER(node, struct cv_mdoor, node);

		if (cv_addr_host_eq(&d->pair.local, a) || cv_addr_host_eq(&d->adv, a))
			return d;
	}

	return NULL;
}

void cv_plane_event(struct cv_mline *l, enum cv_end end, enum cv_media_what what)
{
	struct cv_media_plane *p = l->plane;
	struct cv_media_event ev = {
		.id = l->session->id,
		.gen = l->session->gen,
		.stream = (uint8_t)l->index,
		.end = (uint8_t)end,
		.fork = end == CV_END_B && l->session->fork != CV_FORK_ALL
				? (uint8_t)l->session->fork
				: 0,
		.what = what,
	};
	uint8_t proof;

	cv_cell_get_remote(&cv_arena_cell(p->arena, l->slot)->end[end], &ev.seen, &proof);
	ev.proof = (enum cv_media_proof)proof;
	if (p->conf.event)
		p->conf.event(&ev, p->conf.arg);
}

/* The owner may close session and plane in any event, so look again each time */
static void tell(struct cv_media_plane *p, uint32_t slot, uint32_t bits)
{
	uint32_t gen = cv_slots_gen(p->lines, slot);

	for (unsigned what = 0; what <= CV_MEDIA_REPORTED; ++what) {
		for (unsigned end = CV_END_A; end <= CV_END_B; ++end) {
			struct cv_mline *l = cv_slots_find(p->lines, slot);

			if (!(bits &
			      cv_note_bit((enum cv_end)end, (enum cv_media_what)what)))
				continue;
			if (!p->is_open || !l || !l->session ||
			    cv_slots_gen(p->lines, slot) != gen)
				return;

			cv_plane_event(l, (enum cv_end)end, (enum cv_media_what)what);
		}
	}
}

static void on_note(const void *msg, void *arg)
{
	const struct cv_mnote *note = msg;
	struct cv_media_plane *p = arg;
	struct cv_mline *l = cv_slots_find(p->lines, note->slot);
	uint32_t bits;

	if (!l)
		return;

	bits = atomic_exchange(&cv_arena_cell(p->arena, note->slot)->pending, 0);
	if (bits & CV_NOTE_CLOSED) {
		cv_mline_free(l);
		return;
	}
	cv_mem_ref(p);
	if (bits & CV_NOTE_PARKED)
		cv_mline_parked(l);
	if (bits & CV_NOTE_KEPT)
		cv_mline_kept(l);
	tell(p, note->slot, bits);
	cv_mem_unref(p);
}

void cv_plane_close_soon(struct cv_media_plane *p, struct cv_mline *l)
{
	bool is_first = cv_list_is_empty(&p->closing);

	cv_list_add(&p->closing, &l->closing);
	if (is_first && cv_timer_set(p->retry, CLOSE_MS))
		cv_plane_retry(p);
}

void cv_plane_retry(void *arg)
{
	struct cv_media_plane *p = arg;
	struct cv_list *node, *tmp;

	for (size_t i = 0; i < p->threadc; ++i)
		cv_mthread_hold(p->thread[i]);
	CV_LIST_FOREACH (node, tmp, &p->closing) {
		struct cv_mline *l = CV_CONTAINER(node, struct cv_mline, closing);
		struct cv_mmsg msg = {.type = CV_MMSG_CLOSE, .slot = l->slot};

		if (cv_mthread_send(l->thread, &msg))
			break;

		cv_list_del(node);
	}
	for (size_t i = 0; i < p->threadc; ++i)
		cv_mthread_release(p->thread[i]);
	if (!cv_list_is_empty(&p->closing))
		(void)cv_timer_set(p->retry, RETRY_MS);
}

static int64_t count_parked(void *arg)
{
	const struct cv_media_plane *p = arg;
	int64_t parked = 0;

	for (const struct cv_list *n = p->list.next; n != &p->list; n = n->next)
		parked +=
			cv_media_is_parked(CV_CONTAINER(n, const struct cv_media, node));

	return parked;
}

static int show_media(struct cv_out *o, int argc, const struct cv_str *argv, void *arg)
{
	struct cv_media_plane *p = arg;
	struct cv_list *node, *tmp;
	int64_t parked;

	(void)argv;
	if (argc > 0) {
		cv_out_str(o, "error", "show media takes no argument");
		return EINVAL;
	}

	cv_out_list(o, "media");
	CV_LIST_FOREACH (node, tmp, &p->list) {
		const struct cv_media *m = CV_CONTAINER(node, struct cv_media, node);

		cv_out_item(o);
		cv_out_num(o, "id", m->id);
		cv_out_str(o, "kind", "%s", m->is_watch ? "watch" : "relay");
		cv_media_show(m, o);
		cv_out_end(o);
	}
	cv_out_end(o);
	parked = count_parked(p);
	cv_out_num(o, "count", (int64_t)cv_slots_count(p->sessions) - parked);
	cv_out_num(o, "parked", parked);

	return 0;
}

static int64_t count_sessions(void *arg)
{
	const struct cv_media_plane *p = arg;

	return (int64_t)cv_slots_count(p->sessions);
}

static int64_t count_lines(void *arg)
{
	const struct cv_media_plane *p = arg;

	return (int64_t)cv_slots_count(p->lines);
}

static int64_t count_used(void *arg)
{
	const struct cv_media_plane *p = arg;

	return (int64_t)cv_ports_used(p->ports);
}

static int64_t count_tcp(void *arg)
{
	const struct cv_media_plane *p = arg;

	return (int64_t)cv_ports_used(p->tcp_ports);
}

static int64_t count_resting(void *arg)
{
	const struct cv_media_plane *p = arg;

	return (int64_t)(cv_ports_quarantined(p->ports) +
			 cv_ports_quarantined(p->tcp_ports));
}

static void add_gauges(struct cv_media_plane *p)
{
	const struct {
		const char *name;
		cv_gauge_fn *read;
	} v[] = {
		{"media_sessions", count_sessions}, {"media_parked", count_parked},
		{"streams", count_lines},           {"ports_used", count_used},
		{"tcp_ports_used", count_tcp},      {"ports_quarantined", count_resting},
	};

	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); ++i) {
		p->gauge[i].name = v[i].name;
		p->gauge[i].read = v[i].read;
		p->gauge[i].arg = p;
		cv_gauge_add(p->conf.stats, &p->gauge[i]);
	}
}

static int add_command(struct cv_media_plane *p)
{
	p->cmd.name = "show media";
	p->cmd.help = "media sessions with their streams, addresses and counters";
	p->cmd.run = show_media;
	p->cmd.arg = p;

	return cv_cmd_add(p->conf.cmds, &p->cmd);
}

static void plane_fini(void *obj)
{
	struct cv_media_plane *p = obj;

	cv_media_plane_close(p);
	for (uint32_t i = 0; p->lines && i < cv_slots_end(p->lines); ++i) {
		struct cv_mline *l = cv_slots_find(p->lines, i);

		if (l)
			cv_mline_free(l);
	}
	for (size_t i = 0; i < p->threadc; ++i)
		cv_mem_unref(p->thread[i]);
	cv_mem_unref(p->retry);
	cv_mem_unref(p->lines);
	cv_mem_unref(p->sessions);
	cv_mem_unref(p->arena);
	cv_mem_unref(p->ports);
	cv_mem_unref(p->tcp_ports);
	free(p->by_port);
}

static int make_tables(struct cv_media_plane *p)
{
	size_t pairc = ((size_t)p->conf.port_hi - p->conf.port_lo + 1) / 2;
	int err;

	err = cv_ports_new(&p->ports, p->conf.port_lo, p->conf.port_hi);
	if (!err && p->conf.tcp_lo > 0)
		err = cv_ports_tcp_new(&p->tcp_ports, p->conf.tcp_lo, p->conf.tcp_hi);
	if (!err)
		err = cv_arena_new(&p->arena);
	if (!err)
		err = cv_slots_new(&p->sessions, CV_MEDIA_SESSIONS);
	if (!err)
		err = cv_slots_new(&p->lines, CV_ARENA_SLOTS);
	if (!err)
		err = cv_timer_new(&p->retry, p->conf.loop, cv_plane_retry, p);
	if (!err && p->conf.stats)
		err = cv_stats_cell(p->conf.stats, &p->stats);
	if (err)
		return err;

	p->by_port = cv_mem_zalloc(pairc, sizeof(*p->by_port));
	if (!p->by_port)
		return ENOMEM;

	for (size_t i = 0; i < pairc; ++i)
		cv_list_init(&p->by_port[i]);

	return 0;
}

static unsigned thread_count(unsigned wanted)
{
	long cores;

	if (wanted > 0)
		return wanted < CV_MEDIA_THREADS ? wanted : CV_MEDIA_THREADS;

	cores = sysconf(_SC_NPROCESSORS_ONLN);
	if (cores < 1)
		return 1;

	return cores < CV_MEDIA_THREADS ? (unsigned)cores : CV_MEDIA_THREADS;
}

static int start_threads(struct cv_media_plane *p)
{
	unsigned n = thread_count(p->conf.threads);
	int err = 0;

	for (unsigned i = 0; i < n && !err; ++i) {
		err = cv_mthread_new(&p->thread[i], p, on_note);
		p->threadc += err ? 0 : 1;
	}
	for (size_t i = 0; i < p->threadc && !err; ++i)
		err = cv_mthread_start(p->thread[i]);

	return err;
}

int cv_media_plane_open(struct cv_media_plane **pp, const struct cv_media_conf *conf)
{
	struct cv_media_plane *p;
	int err;

	if (!pp || !conf || !conf->net || !conf->loop || conf->port_hi <= conf->port_lo)
		return EINVAL;

	p = cv_mem_new(sizeof(*p), plane_fini);
	if (!p)
		return ENOMEM;

	p->conf = *conf;
	cv_list_init(&p->list);
	cv_list_init(&p->closing);
	err = make_tables(p);
	if (!err)
		err = start_threads(p);
	if (!err && conf->cmds)
		err = add_command(p);
	if (err) {
		cv_mem_unref(p);
		return err;
	}

	if (conf->stats)
		add_gauges(p);
	p->is_open = true;
	*pp = p;

	return 0;
}

void cv_media_plane_close(struct cv_media_plane *p)
{
	struct cv_list *node, *tmp;

	if (!p)
		return;

	if (p->is_open) {
		p->is_open = false;
		cv_cmd_del(&p->cmd);
		for (size_t i = 0; p->conf.stats && i < CV_MEDIA_GAUGES; ++i)
			cv_gauge_del(&p->gauge[i]);
		CV_LIST_FOREACH (node, tmp, &p->list)
			cv_media_detach(CV_CONTAINER(node, struct cv_media, node));
	}

	for (size_t i = 0; i < p->threadc; ++i)
		cv_mthread_stop(p->thread[i]);
	if (p->retry)
		cv_timer_stop(p->retry);
}

void cv_media_plane_net(struct cv_media_plane *p, const struct cv_net *net)
{
	if (p && net)
		p->conf.net = net;
}
