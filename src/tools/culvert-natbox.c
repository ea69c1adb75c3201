/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A NAT and firewall emulator between two TUN devices, as many boxes a process
 * as are named. Here: devices, namespaces, the loop and the commands; what a
 * box does stands in natcore.c, natalg.c and natline.c. One thread.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "admin/admin.h"
#include "base/clock.h"
#include "base/mem.h"
#include "tools/natalg.h"
#include "tools/natconf.h"

enum { EXIT_REFUSED = 1, EXIT_USAGE = 2 };
enum {
	BOXES = 256,
	READS = 64,       /* packets of a device each time it is readable */
	FILE_MAX = 65536, /* bytes of a file of boxes */
};

struct box;

/** One device of a box, and the line behind it. */
struct port {
	struct box *box;
	int fd;                  /* owned; -1: none */
	struct cv_fd *watch;     /* owned */
	struct cv_natline *line; /* of what goes out of it; owned */
	struct cv_timer *timer;  /* owned */
	bool is_inside;
};

struct box {
	struct cv_natconf conf;
	struct cv_nat *nat; /* owned */
	struct port inside, outside;
	uint64_t rewritten; /* SIP messages */
};

struct natbox {
	struct cv_loop *loop;
	struct cv_cmds *cmds;
	struct cv_admin *admin;
	struct cv_fd *signal_fd;
	int signals, home; /* signalfd; namespace we began in */
	struct box *box[BOXES];
	size_t boxc;
	struct cv_cmd show_boxes, show_mappings, find, drop, reset;
};

static void port_close(struct port *p)
{
	cv_mem_unref(p->watch);
	cv_mem_unref(p->timer);
	cv_mem_unref(p->line);
	if (p->fd != -1)
		(void)close(p->fd);
}

static void box_fini(void *obj)
{
	struct box *b = obj;

	port_close(&b->inside);
	port_close(&b->outside);
	cv_mem_unref(b->nat);
}

/* ---- packets */

static void transmit(struct port *p, const uint8_t *bytes, size_t len)
{
	/* a device that is down or full loses packets, as wires do */
	if (write(p->fd, bytes, len) == -1)
		return;
}

static void line_wait(struct port *p)
{
	uint32_t wait_ms;

	if (cv_natline_due(p->line, cv_clock_ms(), &wait_ms))
		(void)cv_timer_set(p->timer, wait_ms);
}

static void on_line(void *arg)
{
	uint8_t bytes[CV_NATPKT_MAX];
	struct port *p = arg;
	size_t len;

	while ((len = cv_natline_take(p->line, bytes, sizeof(bytes), cv_clock_ms())) > 0)
		transmit(p, bytes, len);

	line_wait(p);
}

static void forward(struct port *p, const uint8_t *bytes, size_t len)
{
	if (cv_natline_is_perfect(p->line)) {
		transmit(p, bytes, len);
		return;
	}

	(void)cv_natline_put(p->line, bytes, len, cv_clock_ms());
	line_wait(p);
}

/* The router's "help": @p from stands for @p to in SIP text. False: nothing changed. */
static bool help(struct box *b, const struct cv_natpkt *k, const struct cv_addr *from,
		 const struct cv_addr *to, struct cv_buf *text)
{
	const struct cv_natalg g = {b->conf.alg, *from, *to};
	struct cv_str payload = cv_natpkt_payload(k);

	if (b->conf.alg == 0 || !cv_natalg_is_sip(payload) ||
	    cv_natalg_rewrite(&g, payload, text))
		return false;

	++b->rewritten;

	return true;
}

static void send_on(struct box *b, struct port *to, const struct cv_natpkt *k,
		    const struct cv_addr *was, const struct cv_addr *is)
{
	uint8_t bytes[CV_NATPKT_MAX];
	struct cv_buf text = {0};
	size_t len;

	if (help(b, k, was, is, &text) &&
	    cv_natpkt_set_payload(k, cv_buf_view(&text), bytes, &len) == 0)
		forward(to, bytes, len);
	else
		forward(to, k->p, k->len);

	cv_buf_free(&text);
}

static void from_inside(struct box *b, struct cv_natpkt *k)
{
	struct cv_addr was = k->src;

	switch (cv_nat_out(b->nat, k, cv_clock_ms())) {
	case CV_NAT_PASS:
		send_on(b, &b->outside, k, &was, &k->src);
		break;
	case CV_NAT_BACK:
		forward(&b->inside, k->p, k->len);
		break;
	case CV_NAT_DROP:
		break;
	}
}

static void from_outside(struct box *b, struct cv_natpkt *k)
{
	struct cv_addr was = k->dst;

	if (cv_nat_in(b->nat, k, cv_clock_ms()) != CV_NAT_PASS)
		return;

	if (b->conf.alg & CV_NATALG_BACK)
		send_on(b, &b->inside, k, &was, &k->dst);
	else
		forward(&b->inside, k->p, k->len);
}

static void on_readable(int fd, void *arg)
{
	uint8_t bytes[CV_NATPKT_MAX];
	struct port *p = arg;
	struct cv_natpkt k;
	ssize_t n;

	for (int i = 0; i < READS; ++i) {
		n = read(fd, bytes, sizeof(bytes));
		if (n <= 0)
			return;
		if (cv_natpkt_read(&k, bytes, (size_t)n))
			continue;

		if (p->is_inside)
			from_inside(p->box, &k);
		else
			from_outside(p->box, &k);
	}
}

/* ---- devices */

/* Goes to a namespace by its name, or home. */
static int enter(const struct natbox *n, const char *ns)
{
	char path[CV_NATCONF_NS + 32];
	int fd = n->home, err = 0;

	if (ns) {
		(void)snprintf(path, sizeof(path), "/run/netns/%s", ns);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd == -1)
			return errno;
	}
	if (setns(fd, CLONE_NEWNET) == -1)
		err = errno;
	if (ns)
		(void)close(fd);

	return err;
}

static int bring_up(const char *dev)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), err = 0;
	struct ifreq ifr = {0};

	if (fd == -1)
		return errno;

	(void)snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", dev);
	if (ioctl(fd, SIOCGIFFLAGS, &ifr) == -1)
		err = errno;
	ifr.ifr_flags = (short)(ifr.ifr_flags | IFF_UP);
	if (!err && ioctl(fd, SIOCSIFFLAGS, &ifr) == -1)
		err = errno;
	(void)close(fd);

	return err;
}

static int tun_open(int *fdp, const char *dev)
{
	struct ifreq ifr = {.ifr_flags = IFF_TUN | IFF_NO_PI};
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC), err = 0;

	if (fd == -1)
		return errno;

	(void)snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", dev);
	if (ioctl(fd, TUNSETIFF, &ifr) == -1)
		err = errno;
	if (!err)
		err = bring_up(dev);
	if (err)
		(void)close(fd);
	else
		*fdp = fd;

	return err;
}

static int port_open(struct natbox *n, struct port *p, const struct cv_natconf_side *side)
{
	int err, back;

	err = side->ns[0] ? enter(n, side->ns) : 0;
	if (!err)
		err = tun_open(&p->fd, side->dev);
	back = side->ns[0] ? enter(n, NULL) : 0;
	if (!err)
		err = back;
	if (!err)
		err = cv_natline_new(&p->line, &p->box->conf.line);
	if (!err)
		err = cv_timer_new(&p->timer, n->loop, on_line, p);
	if (!err)
		err = cv_fd_new(&p->watch, n->loop, p->fd, on_readable, p);
	if (err)
		(void)fprintf(stderr, "culvert-natbox: %s: %s%s%s: %s\n",
			      p->box->conf.name, side->ns, side->ns[0] ? "/" : "",
			      side->dev, strerror(err));

	return err;
}

static struct box *box_find(const struct natbox *n, struct cv_str name)
{
	for (size_t i = 0; i < n->boxc; ++i) {
		if (cv_str_eq(name, cv_str_of(n->box[i]->conf.name)))
			return n->box[i];
	}

	return NULL;
}

static int box_open(struct natbox *n, const struct cv_natconf *conf)
{
	struct box *b;
	int err;

	if (n->boxc == BOXES || box_find(n, cv_str_of(conf->name)))
		return n->boxc == BOXES ? E2BIG : EEXIST;

	b = cv_mem_new(sizeof(*b), box_fini);
	if (!b)
		return ENOMEM;

	b->conf = *conf;
	b->inside = (struct port){.box = b, .fd = -1, .is_inside = true};
	b->outside = (struct port){.box = b, .fd = -1};
	n->box[n->boxc++] = b;
	err = cv_nat_new(&b->nat, &conf->traits);
	if (!err)
		err = port_open(n, &b->inside, &conf->inside);
	if (!err)
		err = port_open(n, &b->outside, &conf->outside);

	return err;
}

/* One line of a file, or the words of the command line. */
static int box_add(struct natbox *n, struct cv_str text, const char *where)
{
	struct cv_buf error = {0};
	struct cv_natconf conf;
	int err;

	err = cv_natconf_read(&conf, text, &error);
	if (err) {
		(void)fprintf(stderr, "culvert-natbox: %s: %s", where,
			      error.p ? error.p : "out of memory\n");
		cv_buf_free(&error);
		return err;
	}

	err = box_open(n, &conf);
	if (err)
		(void)fprintf(stderr, "culvert-natbox: %s: %s: %s\n", where, conf.name,
			      strerror(err));

	return err;
}

static int file_read(struct natbox *n, const char *path)
{
	char text[FILE_MAX], where[512];
	struct cv_str rest, line;
	unsigned number = 0;
	FILE *f = fopen(path, "re");
	size_t len;
	int err = 0;

	if (!f) {
		(void)fprintf(stderr, "culvert-natbox: %s: %s\n", path, strerror(errno));
		return EINVAL;
	}

	len = fread(text, 1, sizeof(text), f);
	(void)fclose(f);
	if (len == sizeof(text)) {
		(void)fprintf(stderr, "culvert-natbox: %s is too long\n", path);
		return EINVAL;
	}

	rest = cv_str_make(text, len);
	while (!err && cv_str_next(&rest, '\n', &line)) {
		(void)snprintf(where, sizeof(where), "%s:%u", path, ++number);
		line = cv_str_trim(line);
		if (line.len > 0 && line.p[0] != '#')
			err = box_add(n, line, where);
	}

	return err;
}

/* ---- commands */

static void show_line(struct cv_out *o, const char *key, const struct port *p)
{
	const struct cv_natline_counts *c = cv_natline_counts(p->line);

	cv_out_object(o, key);
	cv_out_num(o, "passed", (int64_t)c->passed);
	cv_out_num(o, "lost", (int64_t)c->lost);
	cv_out_num(o, "overflow", (int64_t)c->overflow);
	cv_out_num(o, "reordered", (int64_t)c->reordered);
	cv_out_end(o);
}

static int show_boxes(struct cv_out *o, int argc, const struct cv_str *argv, void *arg)
{
	struct natbox *n = arg;

	(void)argc;
	(void)argv;
	cv_out_list(o, "boxes");
	for (size_t i = 0; i < n->boxc; ++i) {
		struct box *b = n->box[i];

		cv_out_item(o);
		cv_out_str(o, "name", "%s", b->conf.name);
		cv_out_str(o, "map", "%s", cv_nat_kind_name(b->conf.traits.map));
		cv_out_str(o, "filter", "%s", cv_nat_kind_name(b->conf.traits.filter));
		cv_nat_show_counts(b->nat, o);
		cv_out_num(o, "rewritten", (int64_t)b->rewritten);
		if (!cv_natline_is_perfect(b->outside.line)) {
			show_line(o, "up", &b->outside);
			show_line(o, "down", &b->inside);
		}
		cv_out_end(o);
	}
	cv_out_end(o);

	return 0;
}

/* The box an argument names; NULL: the sentence is said. */
static struct box *box_arg(struct cv_out *o, int argc, const struct cv_str *argv,
			   struct natbox *n)
{
	struct box *b = argc > 0 ? box_find(n, argv[0]) : NULL;

	if (!b)
		cv_out_str(o, "error", argc > 0 ? "no box of this name" : "which box?");

	return b;
}

static int show_mappings(struct cv_out *o, int argc, const struct cv_str *argv, void *arg)
{
	struct box *b = box_arg(o, argc, argv, arg);

	if (!b)
		return argc > 0 ? ENOENT : EINVAL;

	cv_nat_show(b->nat, cv_clock_ms(), o);

	return 0;
}

static int find(struct cv_out *o, int argc, const struct cv_str *argv, void *arg)
{
	struct cv_addr inside = {0}, remote = {0}, outside = {0};
	struct box *b = box_arg(o, argc, argv, arg);
	char text[CV_ADDR_STRLEN];

	if (!b)
		return argc > 0 ? ENOENT : EINVAL;
	if (argc < 2 || argc > 3 || cv_addr_parse(&inside, argv[1]) ||
	    (argc == 3 && cv_addr_parse(&remote, argv[2]))) {
		cv_out_str(o, "error", "find BOX INSIDE:PORT [REMOTE:PORT]");
		return EINVAL;
	}
	if (cv_nat_find(b->nat, CV_NATPKT_UDP, &inside, &remote, cv_clock_ms(),
			&outside)) {
		cv_out_str(o, "error", "no mapping");
		return ENOENT;
	}

	cv_out_str(o, "outside", "%s", cv_addr_print(&outside, text));

	return 0;
}

static int forget(struct cv_out *o, int argc, const struct cv_str *argv, void *arg)
{
	struct box *b = box_arg(o, argc, argv, arg);
	struct cv_addr inside = {0};

	if (!b)
		return argc > 0 ? ENOENT : EINVAL;
	if (argc != 2 || cv_addr_parse(&inside, argv[1])) {
		cv_out_str(o, "error", "drop BOX INSIDE:PORT");
		return EINVAL;
	}

	cv_out_num(o, "dropped", (int64_t)cv_nat_drop(b->nat, CV_NATPKT_UDP, &inside));

	return 0;
}

static int reset(struct cv_out *o, int argc, const struct cv_str *argv, void *arg)
{
	struct box *b = box_arg(o, argc, argv, arg);

	if (!b)
		return argc > 0 ? ENOENT : EINVAL;

	cv_nat_reset(b->nat);

	return 0;
}

static int commands_open(struct natbox *n, const char *path)
{
	struct cv_cmd *all[] = {&n->show_boxes, &n->show_mappings, &n->find, &n->drop,
				&n->reset};
	int err;

	n->show_boxes = (struct cv_cmd){
		"show boxes", "lists boxes and what they did", show_boxes, n, {0}};
	n->show_mappings = (struct cv_cmd){
		"show mappings", "BOX: its table now", show_mappings, n, {0}};
	n->find = (struct cv_cmd){
		"find",
		"BOX INSIDE:PORT [REMOTE:PORT]: the outside face of a UDP port",
		find,
		n,
		{0}};
	n->drop = (struct cv_cmd){"drop",
				  "BOX INSIDE:PORT: forgets the mappings of a UDP port",
				  forget,
				  n,
				  {0}};
	n->reset = (struct cv_cmd){"reset", "BOX: forgets its mappings", reset, n, {0}};
	err = cv_cmds_new(&n->cmds);
	for (size_t i = 0; !err && i < sizeof(all) / sizeof(all[0]); ++i)
		err = cv_cmd_add(n->cmds, all[i]);
	if (!err && path)
		err = cv_admin_open(&n->admin, n->loop, n->cmds, path, (gid_t)-1);
	if (err)
		(void)fprintf(stderr, "culvert-natbox: %s: %s\n",
			      path ? path : "commands", strerror(err));

	return err;
}

/* ---- the program */

static void on_signal(int fd, void *arg)
{
	struct signalfd_siginfo si;
	struct natbox *n = arg;

	if (read(fd, &si, sizeof(si)) == sizeof(si))
		cv_loop_break(n->loop);
}

static int signals_open(struct natbox *n)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	if (sigprocmask(SIG_BLOCK, &set, NULL) == -1)
		return errno;

	n->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (n->signals == -1)
		return errno;

	return cv_fd_new(&n->signal_fd, n->loop, n->signals, on_signal, n);
}

static void usage(FILE *to)
{
	struct cv_buf keys = {0};

	cv_natconf_help(&keys);
	(void)fprintf(
		to,
		"usage: culvert-natbox [-s SOCKET] [-f FILE] [NAME KEY=VALUE ...]\n"
		"  -f FILE    boxes, one a line; # begins a comment\n"
		"  -s SOCKET  answers culvertctl there: show boxes, show mappings,\n"
		"             find, drop, reset\n"
		"keys (also with -- before them):\n%s",
		keys.p ? keys.p : "");
	cv_buf_free(&keys);
}

static int words_read(struct natbox *n, int argc, char **argv)
{
	struct cv_buf line = {0};
	int err;

	for (int i = 0; i < argc; ++i)
		cv_buf_printf(&line, "%s%s", i > 0 ? " " : "", argv[i]);

	err = cv_buf_err(&line);
	if (!err)
		err = box_add(n, cv_buf_view(&line), "command line");
	cv_buf_free(&line);

	return err;
}

/** What the command line says. */
struct args {
	const char *socket, *file;
	int first; /* word of argv that is no option */
};

/* Exit code to leave with, or -1 to go on. */
static int read_args(struct args *a, int argc, char **argv)
{
	static const struct option longs[] = {{"help", no_argument, NULL, 'h'},
					      {"version", no_argument, NULL, 'v'},
					      {NULL, 0, NULL, 0}};
	int c;

	/* + : what follows the name of a box is not for getopt */
	while ((c = getopt_long(argc, argv, "+f:s:hv", longs, NULL)) != -1) {
		switch (c) {
		case 'f':
			a->file = optarg;
			break;
		case 's':
			a->socket = optarg;
			break;
		case 'h':
			usage(stdout);
			return EXIT_SUCCESS;
		case 'v':
			(void)printf("culvert-natbox %s\n", PACKAGE_VERSION);
			return EXIT_SUCCESS;
		default:
			usage(stderr);
			return EXIT_USAGE;
		}
	}

	a->first = optind;
	if (a->file || optind < argc)
		return -1;

	usage(stderr);

	return EXIT_USAGE;
}

static int open_all(struct natbox *n, const struct args *a, int argc, char **argv)
{
	int err;

	n->home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (n->home == -1)
		return errno;

	err = cv_loop_ev_open(&n->loop);
	if (!err)
		err = signals_open(n);
	if (!err && a->file)
		err = file_read(n, a->file);
	if (!err && a->first < argc)
		err = words_read(n, argc - a->first, argv + a->first);

	return err ? err : commands_open(n, a->socket);
}

static void close_all(struct natbox *n)
{
	cv_mem_unref(n->admin);
	for (size_t i = 0; i < n->boxc; ++i)
		cv_mem_unref(n->box[i]);
	cv_mem_unref(n->cmds);
	cv_mem_unref(n->signal_fd);
	if (n->signals != -1)
		(void)close(n->signals);
	if (n->home != -1)
		(void)close(n->home);
	cv_mem_unref(n->loop);
}

int main(int argc, char **argv)
{
	struct natbox n = {.signals = -1, .home = -1};
	struct args a = {0};
	int status = read_args(&a, argc, argv), err;

	if (status != -1)
		return status;

	err = open_all(&n, &a, argc, argv);
	if (!err) {
		(void)printf("ready boxes=%zu\n", n.boxc);
		(void)fflush(stdout);
		cv_loop_run(n.loop);
	}
	close_all(&n);

	return err ? EXIT_REFUSED : EXIT_SUCCESS;
}
