/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reads the fuzz corpora from the source tree. Test code; one thread.
 */
#include "config.h"

#include "corpus.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

enum { FILE_MAX_SIZE = 1 << 20 };

static size_t slurp(char **textp, const char *path)
{
	FILE *f = fopen(path, "rb");
	size_t len;

	*textp = NULL;
	if (!f)
		return 0;

	*textp = malloc(FILE_MAX_SIZE);
	len = *textp ? fread(*textp, 1, FILE_MAX_SIZE, f) : 0;
	(void)fclose(f);

	return len;
}

static void file_walk(const char *dir, const char *file, cv_corpus_fn *fn, void *arg)
{
	char path[4096];
	char *text, *exact;
	size_t len;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, file);
	len = slurp(&text, path);
	if (!text)
		return;

	exact = realloc(text,
			len > 0 ? len : 1); /* so that a sanitizer sees an overrun */
	if (exact)
		text = exact;

	fn(file, cv_str_make(text, len), arg);
	free(text);
}

size_t cv_corpus_walk(const char *name, cv_corpus_fn *fn, void *arg)
{
	char dir[2048];
	const struct dirent *e;
	size_t n = 0;
	DIR *d;

	(void)snprintf(dir, sizeof(dir), "%s/%s", CV_CORPUS_DIR, name);
	d = opendir(dir);
	if (!d)
		return 0;

	for (e = readdir(d); e; e = readdir(d)) {
		if (e->d_name[0] == '.')
			continue;

		file_walk(dir, e->d_name, fn, arg);
		++n;
	}

	closedir(d);

	return n;
}
