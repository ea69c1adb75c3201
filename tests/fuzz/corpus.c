/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The main() of a fuzz target in an ordinary build: feeds it every file named on the
 * command line once, each in a block of exactly its size so that a sanitizer sees an
 * overrun. One thread.
 */
#include "config.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INPUT_MAX = 1 << 20 }; /* far above any message the edge accepts */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int slurp(uint8_t **datap, size_t *sizep, const char *path)
{
	uint8_t *data = NULL;
	FILE *file = NULL;
	long size = 0;
	int err = 0;

	file = fopen(path, "rb");
	if (!file)
		return errno;

	if (fseek(file, 0, SEEK_END) == -1) {
		err = errno;
		goto out;
	}

	size = ftell(file);
	if (size < 0 || size > INPUT_MAX) {
		err = EFBIG;
		goto out;
	}

	rewind(file);
	data = malloc(size > 0 ? (size_t)size : 1);
	if (!data) {
		err = ENOMEM;
		goto out;
	}

	if (fread(data, 1, (size_t)size, file) != (size_t)size)
		err = EIO;

out:
	fclose(file);
	if (err) {
		free(data);
	} else {
		*datap = data;
		*sizep = (size_t)size;
	}

	return err;
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; ++i) {
		uint8_t *data = NULL;
		size_t size = 0;
		int err = slurp(&data, &size, argv[i]);

		if (err) {
			fprintf(stderr, "%s: %s\n", argv[i], strerror(err));
			return 1;
		}

		LLVMFuzzerTestOneInput(data, size);
		free(data);
	}

	printf("%d inputs\n", argc - 1);

	return argc > 1 ? 0 : 1;
}
