/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How much CPU time 10,000 specs of 40 lines take, against reading their files
 * and running libyaml over them in the same run.  Prints medians of rounds
 * that take turns, in milliseconds, and their ratio.
 *
 *   specs [files [rounds]]
 */
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <yaml.h>

#include "specs/spec.h"

#define ROUNDS_MAX 99

static char dir[] = "/tmp/jailagent-bench-XXXXXX";

static const char spec_form[] =
    "# Jail %u\n"
    "name: jail%u\n"
    "path: /jails/jail%u\n"
    "persist: true\n"
    "host.hostname: jail%u.example.org\n"
    "host.domainname: example.org\n"
    "ip4.addr:\n"
    "  - em0|10.%u.%u.%u/24\n"
    "  - 192.0.2.10\n"
    "ip6.addr: ['2001:db8::%x/64']\n"
    "allow:\n"
    "  raw_sockets: true\n"
    "  chflags: false\n"
    "  mount: {devfs: true, tmpfs: true}\n"
    "children.max: 10\n"
    "enforce_statfs: 1\n"
    "devfs_ruleset: 4\n"
    "securelevel: 2\n"
    "sysvmsg: new\n"
    "sysvsem: new\n"
    "sysvshm: new\n"
    "mount.devfs: true\n"
    "mount.procfs: false\n"
    "mount:\n"
    "  - /data/jail%u /jails/jail%u/data nullfs rw 0 0\n"
    "exec:\n"
    "  clean: true\n"
    "  start: /bin/sh /etc/rc\n"
    "  stop: /bin/sh /etc/rc.shutdown jail\n"
    "  timeout: 60\n"
    "  consolelog: /var/log/jail%u.log\n"
    "stop.timeout: 30\n"
    "depend: []\n"
    "agent:\n"
    "  restart: allow\n"
    "  retry: {initial: 2s, max: 10m}\n"
    "  labels:\n"
    "    team: infrastructure\n"
    "    tier: web\n"
    "  environment: {LANG: C.UTF-8}\n";

static void
file_path(unsigned i, char *buf, size_t size)
{
	snprintf(buf, size, "%s/%05u.yaml", dir, i);
}

static int
write_files(unsigned count)
{
	char path[128];

	for (unsigned i = 0; i < count; i++) {
		FILE *f;

		file_path(i, path, sizeof path);
		f = fopen(path, "w");
		if (f == NULL)
			return -1;
		fprintf(f, spec_form, i, i, i, i, i >> 16 & 0xff,
		    i >> 8 & 0xff, (i & 0xff) % 254 + 1, i + 1, i, i, i);
		if (fclose(f) != 0)
			return -1;
	}
	return 0;
}

static void
remove_files(unsigned count)
{
	char path[128];

	for (unsigned i = 0; i < count; i++) {
		file_path(i, path, sizeof path);
		unlink(path);
	}
	rmdir(dir);
}

static double
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* Reads a file and lets libyaml make events of it. */
static int
plain_file(const char *path)
{
	unsigned char data[16384];
	yaml_parser_t parser;
	yaml_event_t e;
	bool end = false;
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -1;
	n = read(fd, data, sizeof data);
	close(fd);
	if (n < 0 || !yaml_parser_initialize(&parser))
		return -1;
	yaml_parser_set_input_string(&parser, data, (size_t)n);
	while (!end && yaml_parser_parse(&parser, &e)) {
		end = e.type == YAML_STREAM_END_EVENT;
		yaml_event_delete(&e);
	}
	yaml_parser_delete(&parser);
	return end ? 0 : -1;
}

static double
plain_round(unsigned count)
{
	double from = now_ms();
	char path[128];

	for (unsigned i = 0; i < count; i++) {
		file_path(i, path, sizeof path);
		if (plain_file(path) != 0)
			return -1;
	}
	return now_ms() - from;
}

static double
spec_round(unsigned count)
{
	double from = now_ms(), spent;
	const char *path = dir;
	struct spec_set set;
	int rc = spec_load(&path, 1, &set);

	spent = now_ms() - from;
	if (rc != 0 && set.errors.count > 0)
		fprintf(stderr, "%s:%u: %s\n", set.errors.error[0].place.file,
		    set.errors.error[0].place.line,
		    set.errors.error[0].message);
	if (rc != 0 || set.count != count)
		spent = -1;
	spec_set_free(&set);
	return spent;
}

static int
compare_double(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double
median(double *values, unsigned count)
{
	qsort(values, count, sizeof *values, compare_double);
	return values[count / 2];
}

int
main(int argc, char **argv)
{
	unsigned count = argc > 1 ? (unsigned)atoi(argv[1]) : 10000;
	unsigned rounds = argc > 2 ? (unsigned)atoi(argv[2]) : 7;
	double plain[ROUNDS_MAX], spec[ROUNDS_MAX], p, s;
	int rc = 1;

	/* The program does so too: it chooses the fastest code. */
	if (sodium_init() < 0)
		return 1;
	if (rounds == 0 || rounds > ROUNDS_MAX || mkdtemp(dir) == NULL)
		return 1;
	if (write_files(count) != 0)
		goto out;
	for (unsigned i = 0; i < rounds; i++) {
		plain[i] = plain_round(count);
		spec[i] = spec_round(count);
		if (plain[i] < 0 || spec[i] < 0)
			goto out;
	}
	p = median(plain, rounds);
	s = median(spec, rounds);
	printf("specs %u: read and libyaml %.1f ms, parsed and validated "
	    "%.1f ms, ratio %.2f\n", count, p, s, s / p);
	rc = 0;
out:
	remove_files(count);
	return rc;
}
