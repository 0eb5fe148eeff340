/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How soon a running agent does what the directory says, seen from outside:
 *
 *	agent KERNEL SPECDIR ROOT COUNT
 *
 * Writes specs into SPECDIR and asks the kernel until it shows the result.
 * Prints the median and the smallest time of each deed in microseconds.
 */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/base/clock.h"
#include "kernel/call.h"

#define PATIENCE_US (10 * 1000 * 1000)

struct bench {
	struct jail_kernel *kernel;
	struct jail_params params;
	const char *dir, *root;
	int count;
};

static void
fail(const char *what)
{
	fprintf(stderr, "agent bench: %s\n", what);
	exit(1);
}

static void
drop(const struct bench *b, int n, const char *hostname, bool in_place)
{
	char from[512], to[512];
	FILE *f;

	snprintf(from, sizeof from, "%s/.new", b->dir);
	snprintf(to, sizeof to, "%s/bench%d.yaml", b->dir, n);
	f = fopen(in_place ? to : from, "w");
	if (f == NULL)
		fail("the directory of specs cannot be written");
	fprintf(f, "name: bench%d\npath: %s\npersist: true\n"
	    "host.hostname: %s\n", n, b->root, hostname);
	if (fclose(f) != 0 || (!in_place && rename(from, to) != 0))
		fail("a spec cannot be written");
}

/* The jail's hostname as the kernel has it, "" without the jail; its jid. */
static int
look(const struct bench *b, int n, char *hostname, size_t size)
{
	char name[32];
	struct jail_row row;
	struct error err;
	const char *text;
	int jid;

	snprintf(name, sizeof name, "bench%d", n);
	hostname[0] = '\0';
	if (row_read(b->kernel, &b->params, 0, name, NULL, 0, &row,
	    &err) != 0)
		return 0;
	jid = row.jid;
	text = row_text(&row, "host.hostname");
	snprintf(hostname, size, "%s", text != NULL ? text : "");
	row_free(&row);
	return jid;
}

/* Waits for a hostname, or for another jid than `not`. */
static int64_t
await(const struct bench *b, int n, const char *hostname, int not,
    int64_t since)
{
	char now[256];

	while (clock_us() - since < PATIENCE_US) {
		int jid = look(b, n, now, sizeof now);

		if (strcmp(now, hostname) == 0 && jid != not)
			return clock_us() - since;
		if (hostname[0] == '\0')
			usleep(1000);
	}
	fail("the agent did not do it within 10 s");
	return 0;
}

static int
ascending(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

static void
print(const char *what, int64_t *us, int count)
{
	qsort(us, (size_t)count, sizeof *us, ascending);
	printf("%-34s median %7lld us   min %7lld us   (%d)\n", what,
	    (long long)us[count / 2], (long long)us[0], count);
}

#define SLOW_COUNT 5

static const struct deed {
	const char *what, *hostname;
	bool in_place, slow;
} deeds[] = {
	{ "file renamed in -> jail lives", "first.example", false, false },
	{ "file changed -> hostname changed", "second.example", false, false },
	{ "written in place -> changed", "the.third.example", true, false },
	{ "shorter in place -> changed", "fourth.example", true, true },
};

int
main(int argc, char **argv)
{
	struct kernel_options opt = { .read_only = true };
	struct bench b = { 0 };
	struct error err;
	int64_t *us, since;

	if (argc != 5)
		fail("usage: agent KERNEL SPECDIR ROOT COUNT");
	b.dir = argv[2];
	b.root = argv[3];
	b.count = atoi(argv[4]);
	us = calloc((size_t)b.count, sizeof *us);
	b.kernel = kernel_open(argv[1], &opt, &err);
	if (us == NULL || b.kernel == NULL ||
	    params_read(b.kernel, &b.params, &err) != 0)
		fail(err.text);
	for (size_t k = 0; k < sizeof deeds / sizeof *deeds; k++) {
		const struct deed *deed = &deeds[k];
		int count = deed->slow && b.count > SLOW_COUNT ? SLOW_COUNT :
		    b.count;

		/* What was written within a second counts as one of steps. */
		if (deed->in_place)
			usleep(1200000);
		for (int i = 0; i < count; i++) {
			since = clock_us();
			drop(&b, i, deed->hostname, deed->in_place);
			us[i] = await(&b, i, deed->hostname, 0, since);
			usleep(20000);
		}
		print(deed->what, us, count);
	}
	params_free(&b.params);
	kernel_close(b.kernel);
	free(us);
	return 0;
}
