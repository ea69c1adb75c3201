/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of src/conf share: the key table's rows, the sections as they
 * were read, and the work of one load. For src/conf only.
 *
 * Everything a configuration points at lives in blocks of its cv_opts, which
 * the configuration owns: one end for all.
 */
#ifndef CV_CONF_CONF_INT_H
#define CV_CONF_CONF_INT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/hash.h"
#include "base/str.h"
#include "conf/conf.h"
#include "conf/opts.h"

enum {
	CV_CONF_KEYS = 128,     /* rows the key table may have */
	CV_CONF_FINDINGS = 100, /* findings that are written out; nobody reads more */
};

/** How a value is read, and what stands at the row's offset. */
enum cv_conf_type {
	CV_CONF_TEXT = 0, /* const char *, not empty */
	CV_CONF_PATH,     /* const char *, absolute */
	CV_CONF_ADDRESS,  /* const char *, literal without port */
	CV_CONF_REGEX,    /* const char *, POSIX extended */
	CV_CONF_METHOD,   /* const char *, a token in capitals */
	CV_CONF_SOURCE,   /* const char *: phones, any, peer:NAME */
	CV_CONF_HA1,      /* hash in hexadecimal digits; not stored */
	CV_CONF_LIST,     /* struct cv_conf_list */
	CV_CONF_TARGETS,  /* struct cv_conf_target *, count at also */
	CV_CONF_WORD,     /* an enum; its words in order; also: bool "given", or 0 */
	CV_CONF_BOOL,     /* bool */
	CV_CONF_COUNT,    /* unsigned or int, min to max */
	CV_CONF_SECONDS,  /* uint32_t */
	CV_CONF_MILLIS,   /* uint32_t */
	CV_CONF_PORTLIST, /* uint16_t[CV_CONF_PORTS], count at also */
	CV_CONF_RANGE,    /* uint16_t low, high at also */
	CV_CONF_INCLUDE,  /* read by load.c */
	CV_CONF_USER,     /* const char *, user of a SIP URI */
	CV_CONF_HOST,     /* const char *, its host */
	CV_CONF_NAMES,    /* struct cv_conf_list of header names */
	CV_CONF_HEADERS,  /* the same of whole headers, one a line */
	CV_CONF_SHOWN,    /* struct cv_conf_advertise */
};

/** A row of the key table. */
struct cv_conf_key {
	const char *kind, *name;
	enum cv_conf_type type;
	size_t offset, also; /* into the kind's struct */
	uint32_t min, max;   /* of numbers and durations, in the unit that is stored */
	const char *words;   /* of CV_CONF_WORD, separated by blanks; of CV_CONF_MILLIS:
				the word for 0, or NULL */
	const char *def;     /* NULL: none, or as doc says */
	const char *doc;     /* one sentence of mdoc, no full stop */
	bool secret;         /* its value is never shown */
};

/** A kind of section. */
struct cv_conf_kind {
	const char *name;
	bool named;    /* [kind name]; else [kind], once */
	bool stored;   /* false: for modules only, checked but kept as text */
	unsigned most; /* sections of this kind */
	const char *doc;
};

/** One "key = value" line. */
struct cv_opts_entry {
	struct cv_opts_entry *next;
	const char *key, *value;
	const char *all; /* values of a repeated list key, joined; NULL: value is all */
	struct cv_conf_pos pos;
};

struct cv_opts_sec {
	struct cv_opts *in; /* not owned */
	struct cv_opts_sec *next;
	const char *kind, *name; /* name "" when there is none */
	struct cv_conf_pos pos;
	struct cv_opts_entry *first, *last;
	struct cv_hash_node node; /* by id: "kind" or "kind name" */
	const char *id;
};

struct cv_opts {
	struct cv_opts *self; /* the same, writable: cv_opts_error_to() */
	void *blocks;         /* chain of what cv_opts_alloc() gave */
	struct cv_opts_sec *first, *last;
	struct cv_hash *by_id;
	struct cv_buf *error; /* borrowed; NULL: complaints are dropped */
};

/** The work of one load. */
struct cv_conf_job {
	struct cv_opts *opts;
	struct cv_conf *conf;
	struct cv_buf *error;
	const char *path; /* of the first file, for findings without a line */
	size_t bad;       /* findings so far */
	int err;          /* ENOMEM */
};

/* keys.c */
extern const struct cv_conf_key cv_conf_keys[];
extern const size_t cv_conf_keyc;
extern const struct cv_conf_kind cv_conf_kinds[];
extern const size_t cv_conf_kindc;
const struct cv_conf_kind *cv_conf_kind_find(const char *name);
const struct cv_conf_key *cv_conf_key_find(const char *kind, const char *name);
/** The contract names this key, but nothing serves it yet. */
bool cv_conf_key_is_later(const char *kind, const char *name);
bool cv_conf_kind_is_later(const char *name);
/** Known key of @p kind (kind NULL: known kind) that looks most like @p name, or NULL. */
const char *cv_conf_nearest(const char *kind, const char *name);

/* opts.c */
/** ENOMEM. */
int cv_opts_new(struct cv_opts **op);
/** Zeroed memory that lives as long as @p o; NULL when memory is out. */
void *cv_opts_alloc(struct cv_opts *o, size_t n, size_t size);
/** Copy of @p s that lives as long as @p o; NULL when memory is out. */
const char *cv_opts_keep(struct cv_opts *o, struct cv_str s);
/** NULL: none. */
struct cv_opts_sec *cv_opts_find(const struct cv_opts *o, const char *id);
struct cv_opts_sec *cv_opts_sec_add(struct cv_opts *o, const char *kind, const char *name,
				    struct cv_conf_pos pos);
int cv_opts_entry_add(struct cv_opts_sec *s, const char *key, const char *value,
		      struct cv_conf_pos pos);
/** First line with @p key; NULL: none. */
struct cv_opts_entry *cv_opts_entry_find(const struct cv_opts_sec *s, const char *key);

/* load.c: text to sections */
int cv_conf_read_file(struct cv_conf_job *job, const char *path);
void cv_conf_read_text(struct cv_conf_job *job, const char *name, struct cv_str text);

/* value.c: one value to one field */
/** Where a value goes and where it came from. */
struct cv_conf_slot {
	const struct cv_conf_key *key;
	struct cv_conf_pos pos;
	void *base; /* the kind's struct; NULL: check only */
};
/** Findings go to the job. */
void cv_conf_value(struct cv_conf_job *job, const struct cv_conf_slot *slot,
		   const char *text);
/** All elements of all lines with the key; @p e NULL: @p text alone. */
void cv_conf_value_list(struct cv_conf_job *job, const struct cv_conf_slot *slot,
			const struct cv_opts_entry *e, const char *text);

/* header.c: NULL: good; else what is wrong, as "is ..." */
const char *cv_conf_header_name(struct cv_str name);
const char *cv_conf_header_line(struct cv_str line);
bool cv_conf_is_user(const char *text);
bool cv_conf_is_host(const char *text);

/* advertise.c: NULL: good; else what it must be, as "an address, ..." */
const char *cv_conf_advertise_read(struct cv_conf_job *job, const char *text,
				   struct cv_conf_advertise *a);

/* target.c: a peer's target */
/** A port is written behind a literal address, were it 0. */
bool cv_conf_has_port(struct cv_str literal);
/** A name of the DNS, whose last label is not a number. */
bool cv_conf_is_name(struct cv_str host);
/** False: it was refused, with a finding. */
bool cv_conf_target_read(struct cv_conf_job *job, const struct cv_conf_item *item,
			 struct cv_conf_target *t);

/* build.c: sections to struct cv_conf */
void cv_conf_build(struct cv_conf_job *job);

/* check.c: values against each other */
void cv_conf_check(struct cv_conf_job *job);

/** Notes a finding. */
void cv_conf_find(struct cv_conf_job *job, struct cv_conf_pos pos, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
