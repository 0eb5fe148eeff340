/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs a fuzz target over files and directories of files, without libFuzzer,
 * and prints how many there were.
 */
#include <sys/stat.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

static int
replay_file(const char *path, unsigned long *count)
{
	FILE *f = fopen(path, "rb");
	uint8_t *data = NULL;
	struct stat st;
	size_t len;
	int rc = -1;

	if (f == NULL || fstat(fileno(f), &st) != 0)
		goto out;
	/* Exactly as long as the file, so that reading behind it is seen. */
	data = malloc((size_t)st.st_size + (st.st_size == 0));
	if (data == NULL)
		goto out;
	len = fread(data, 1, (size_t)st.st_size, f);
	if (len == (size_t)st.st_size)
		rc = LLVMFuzzerTestOneInput(data, len);
	*count += rc == 0;
out:
	if (rc != 0)
		perror(path);
	free(data);
	if (f != NULL)
		fclose(f);
	return rc;
}

static int
replay(const char *path, unsigned long *count)
{
	DIR *d = opendir(path);
	struct dirent *e;
	int rc = 0;

	if (d == NULL)
		return replay_file(path, count);
	while (rc == 0 && (e = readdir(d)) != NULL) {
		char below[4096];

		if (*e->d_name == '.')
			continue;
		snprintf(below, sizeof below, "%s/%s", path, e->d_name);
		rc = replay(below, count);
	}
	closedir(d);
	return rc;
}

int
main(int argc, char **argv)
{
	unsigned long count = 0;

	for (int i = 1; i < argc; i++) {
		if (replay(argv[i], &count) != 0)
			return 1;
	}
	printf("%lu inputs\n", count);
	return count == 0;
}
