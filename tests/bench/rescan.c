/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How long the reader takes for a directory in which nothing changed, and for
 * one in which one file did.  Prints medians of CPU time in milliseconds.
 *
 *   rescan [files [rounds]]
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "agent/read/scan.h"

#define ROUNDS_MAX 99

static char dir[] = "/tmp/jailagent-bench-XXXXXX";

static void
fail(const char *what)
{
	fprintf(stderr, "rescan bench: %s\n", what);
	exit(1);
}

static void
file_path(unsigned i, char *buf, size_t size)
{
	snprintf(buf, size, "%s/jail%05u.yaml", dir, i);
}

static void
write_file(unsigned i, unsigned version)
{
	char path[128], new[128];
	FILE *f;

	file_path(i, path, sizeof path);
	snprintf(new, sizeof new, "%s/.new", dir);
	f = fopen(new, "w");
	if (f == NULL)
		fail("cannot write");
	fprintf(f, "name: jail%u\npath: /jails/jail%u\npersist: true\n"
	    "host.hostname: v%u.example.org\nexec.clean: true\n", i, i,
	    version);
	if (fclose(f) != 0 || rename(new, path) != 0)
		fail("cannot write");
}

static double
scan_ms(struct reader *r)
{
	struct timespec from, to;
	unsigned char *answer;
	size_t len;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
	if (reader_scan(r, &answer, &len) != 0)
		fail("no memory");
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
	free(answer);
	return (double)(to.tv_sec - from.tv_sec) * 1e3 +
	    (double)(to.tv_nsec - from.tv_nsec) / 1e6;
}

static int
compare_double(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

int
main(int argc, char **argv)
{
	unsigned count = argc > 1 ? (unsigned)atoi(argv[1]) : 10000;
	unsigned rounds = argc > 2 ? (unsigned)atoi(argv[2]) : 9;
	struct reader_options opt = { .dir = dir };
	double same[ROUNDS_MAX], one[ROUNDS_MAX], first;
	struct reader r;
	struct error err;
	char path[128];

	/* Breaking a lease sends it. */
	signal(SIGIO, SIG_IGN);
	if (rounds == 0 || rounds > ROUNDS_MAX || mkdtemp(dir) == NULL ||
	    reader_init(&r, &opt, &err) != 0)
		fail("cannot begin");
	for (unsigned i = 0; i < count; i++)
		write_file(i, 0);
	first = scan_ms(&r);
	for (unsigned i = 0; i < rounds; i++) {
		/* What was written just now is read once more. */
		usleep(100000);
		(void)scan_ms(&r);
		same[i] = scan_ms(&r);
		write_file(i % count, i + 1);
		one[i] = scan_ms(&r);
	}
	qsort(same, rounds, sizeof *same, compare_double);
	qsort(one, rounds, sizeof *one, compare_double);
	printf("rescan of %u: first %.1f ms, nothing changed %.1f ms, one file "
	    "changed %.1f ms\n", count, first, same[rounds / 2],
	    one[rounds / 2]);
	reader_finish(&r);
	for (unsigned i = 0; i < count; i++) {
		file_path(i, path, sizeof path);
		unlink(path);
	}
	rmdir(dir);
	return 0;
}
