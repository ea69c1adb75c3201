/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The command "show peers". Never shows what an account proves itself with.
 * Signalling thread.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "sip/reg_int.h"

static void show_targets(struct cv_out *o, const struct cv_conf_peer *p)
{
	struct cv_buf b = {0};

	for (size_t i = 0; i < p->targetc; ++i)
		cv_buf_printf(&b, "%s%s", i > 0 ? ", " : "", p->targets[i].uri);

	cv_out_str(o, "targets", "%s", b.p ? b.p : "");
	cv_buf_free(&b);
}

static void show_domains(struct cv_out *o, const struct cv_conf_peer *p)
{
	struct cv_buf b = {0};

	for (size_t i = 0; i < p->domains.c; ++i)
		cv_buf_printf(&b, "%s%s", i > 0 ? ", " : "", p->domains.v[i].text);

	cv_out_str(o, "domains", "%s", b.p ? b.p : "");
	cv_buf_free(&b);
}

static void show_registration(struct cv_out *o, const struct cv_conf_peer *p,
			      const struct cv_sip_trunk *t)
{
	struct cv_trunk_info i = {.state = CV_TRUNK_IDLE};
	char text[CV_ADDR_STRLEN] = "";

	if (!p->register_) {
		cv_out_str(o, "register", "no");
		return;
	}

	if (t && t->reg)
		cv_trunk_info(t->reg, &i);

	cv_out_str(o, "register", "%s", cv_trunk_state_name(i.state));
	cv_out_num(o, "expires_s", i.left_s);
	cv_out_num(o, "next_s", i.next_s);
	cv_out_str(o, "registrar", "%s",
		   t && cv_addr_is_set(&t->hop.addr) ? cv_addr_print(&t->hop.addr, text)
						     : "");
	cv_out_num(o, "status", i.status);
	cv_out_str(o, "error", "%s",
		   i.err             ? strerror(i.err)
		   : i.status >= 300 ? cv_sip_phrase(i.status)
				     : "");
}

int cv_sip_show_peers(struct cv_out *o, int argc, const struct cv_str *argv, void *arg)
{
	struct cv_sip *s = arg;

	(void)argv;

	if (argc > 0) {
		cv_out_str(o, "error", "show peers takes no argument");
		return EINVAL;
	}

	cv_out_list(o, "peers");
	for (size_t i = 0; i < s->conf->peerc; ++i) {
		const struct cv_conf_peer *p = &s->conf->peers[i];

		cv_out_item(o);
		cv_out_str(o, "name", "%s", p->name);
		show_targets(o, p);
		show_domains(o, p);
		cv_out_str(o, "path", "%s", cv_reg_path_name(s, p->name));
		show_registration(o, p, cv_sip_trunk_find(s, p->name));
		cv_peers_show(s->peers, p->name, o);
		cv_out_end(o);
	}
	cv_out_end(o);

	return 0;
}
