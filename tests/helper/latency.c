/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the end of writing a spec to the first kernel call about its jail:
 *
 *	latency TRACE SPECDIR ROOT COUNT LIMIT
 *
 * An agent runs on SPECDIR with the kernel trace:TRACE:...; COUNT new specs are
 * renamed in, and as many are written in place.  Prints the times, and fails
 * when a median is over LIMIT milliseconds.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/base/clock.h"

#define PATIENCE_US (20 * 1000 * 1000)

struct bench {
	int trace;
	const char *dir, *root;
	char text[65536]; /* the newest of the trace */
	size_t len;
};

static void
fail(const char *what)
{
	fprintf(stderr, "latency: %s\n", what);
	exit(1);
}

/* Whether the trace speaks of a jail by now. */
static int
speaks_of(struct bench *b, const char *mark)
{
	ssize_t n = read(b->trace, b->text + b->len,
	    sizeof b->text - 1 - b->len);

	if (n > 0)
		b->len += (size_t)n;
	b->text[b->len] = '\0';
	if (strstr(b->text, mark) != NULL)
		return 1;
	if (b->len > sizeof b->text / 2) {
		memmove(b->text, b->text + b->len - 1024, 1024);
		b->len = 1024;
	}
	return 0;
}

static int64_t
sample(struct bench *b, const char *kind, int i, int renamed)
{
	char path[512], hidden[512], mark[64];
	int64_t since;
	FILE *f;

	snprintf(path, sizeof path, "%s/%s%d.yaml", b->dir, kind, i);
	snprintf(hidden, sizeof hidden, "%s/.new", b->dir);
	snprintf(mark, sizeof mark, "name=%s%d ", kind, i);
	f = fopen(renamed ? hidden : path, "w");
	if (f == NULL)
		fail("a spec cannot be written");
	fprintf(f, "name: %s%d\npath: %s\npersist: true\n", kind, i, b->root);
	fflush(f);
	/* As long as somebody types. */
	usleep(2000);
	since = clock_us();
	if (fclose(f) != 0)
		fail("a spec cannot be written");
	if (renamed) {
		since = clock_us();
		if (rename(hidden, path) != 0)
			fail("a spec cannot be renamed");
	}
	while (!speaks_of(b, mark))
		if (clock_us() - since > PATIENCE_US)
			fail("the agent did not use a spec within 20 s");
	return clock_us() - since;
}

static int
ascending(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

/* Returns the median. */
static int64_t
measure(struct bench *b, const char *what, const char *kind, int count,
    int renamed)
{
	int64_t *us = calloc((size_t)count, sizeof *us), median;

	if (us == NULL)
		fail("no memory");
	for (int i = 0; i < count; i++) {
		us[i] = sample(b, kind, i, renamed);
		usleep(30000);
	}
	qsort(us, (size_t)count, sizeof *us, ascending);
	median = us[count / 2];
	printf("%-34s median %7lld us   min %7lld us   max %7lld us   (%d)\n",
	    what, (long long)median, (long long)us[0],
	    (long long)us[count - 1], count);
	free(us);
	return median;
}

int
main(int argc, char **argv)
{
	static struct bench b;
	int64_t renamed, closed, limit;
	int count;

	if (argc != 6)
		fail("usage: latency TRACE SPECDIR ROOT COUNT LIMIT");
	b.trace = open(argv[1], O_RDONLY | O_CLOEXEC);
	b.dir = argv[2];
	b.root = argv[3];
	count = atoi(argv[4]);
	limit = 1000 * (int64_t)atoi(argv[5]);
	if (b.trace == -1 || count < 1)
		fail(argv[1]);
	renamed = measure(&b, "file renamed in -> first kernel call", "moved",
	    count, 1);
	closed = measure(&b, "file closed -> first kernel call", "typed",
	    count, 0);
	return renamed > limit || closed > limit;
}
