/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whether hostile spec files take time that grows with their size only: each
 * kind in a quarter, a half and all of the size that a file may have.  Prints
 * milliseconds of CPU time (the least of some tries), the ratio of all to a
 * quarter, where 4 is linear and 16 quadratic, and the most memory; the exit
 * status is 1 when a ratio is above 8 and the time is worth it.
 *
 *   hostile [KIND]
 */
#include <sys/resource.h>
#include <sys/wait.h>

#include <sodium.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "hostile.h"

#define TRIES 3
#define RATIO_MAX 8
#define WORTH_MS 20 /* less is noise */

static double
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static double
least_ms(const struct hostile *h, size_t size)
{
	double least = 0;
	size_t len;
	char *text = hostile_text(h, size, &len);

	for (int i = 0; text != NULL && i < TRIES; i++) {
		struct spec_set set;
		double from = now_ms(), spent;

		hostile_check(text, len, &set);
		spent = now_ms() - from;
		spec_set_free(&set);
		if (i == 0 || spent < least)
			least = spent;
	}
	free(text);
	return least;
}

/* In a process of its own, for the memory. */
static int
measure(const struct hostile *h)
{
	double quarter = least_ms(h, SPEC_FILE_MAX / 4);
	double half = least_ms(h, SPEC_FILE_MAX / 2);
	double all = least_ms(h, SPEC_FILE_MAX);
	double ratio = quarter > 0 ? all / quarter : 0;
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	printf("%-16s %8.1f %8.1f %8.1f ms  ratio %5.1f  %4ld MiB\n", h->name,
	    quarter, half, all, ratio, usage.ru_maxrss / 1024);
	fflush(stdout);
	return all > WORTH_MS && ratio > RATIO_MAX;
}

int
main(int argc, char **argv)
{
	int failed = 0;

	if (sodium_init() < 0)
		return 1;
	for (size_t i = 0; i < HOSTILE_KINDS; i++) {
		const struct hostile *h = &hostile_kinds[i];
		int status = 0;
		pid_t pid;

		if (argc > 1 && strcmp(argv[1], h->name) != 0)
			continue;
		pid = fork();
		if (pid == 0)
			_exit(measure(h));
		if (pid == -1 || waitpid(pid, &status, 0) != pid ||
		    status != 0)
			failed = 1;
	}
	return failed;
}
