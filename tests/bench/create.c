/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What creating and destroying a jail on Linux costs, with few and with many
 * live jails:
 *
 *	create ROOT [COUNT [LIVE...]]
 *
 * ROOT has the directories dev and proc.  COUNT jails are made and removed
 * one after the other while LIVE others live (10 1000 5000).  One line for
 * each LIVE: medians in microseconds, memory in KiB.
 */
#include <sys/wait.h>

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "kernel/call.h"

struct bench {
	struct jail_kernel *k;
	const char *root;
	bool devfs, procfs;
	bool addresses; /* restricted to one, else with the host's network */
};

static void
die(const char *what, const char *why)
{
	fprintf(stderr, "create: %s: %s\n", what, why);
	exit(1);
}

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static int
create(const struct bench *b, int number)
{
	static const unsigned char address[4] = { 127, 0, 0, 2 };
	struct jail_call c = { 0 };
	struct error err = { 0 };
	char name[32];
	int jid;

	snprintf(name, sizeof name, "bench%d", number);
	call_add_text(&c, "name", name);
	call_add_text(&c, "path", b->root);
	call_add_text(&c, "host.hostname", name);
	if (b->addresses)
		call_add(&c, "ip4.addr", address, sizeof address);
	else {
		call_add_int(&c, "ip4", JAIL_SYS_INHERIT);
		call_add_int(&c, "ip6", JAIL_SYS_INHERIT);
	}
	call_add_bool(&c, "persist", true);
	call_add_bool(&c, "mount.devfs", b->devfs);
	call_add_bool(&c, "mount.procfs", b->procfs);
	jid = call_set(b->k, &c, JAIL_CREATE, &err);
	call_finish(&c);
	if (jid < 0)
		die(name, err.text);
	return jid;
}

static void
destroy(const struct bench *b, int jid)
{
	if (b->k->backend->remove(b->k, jid) != 0)
		die("remove", strerror(errno));
}

static double
run(const struct bench *b, int jid)
{
	const char *argv[] = { "/bin/busybox", "true", NULL };
	const char *envp[] = { NULL };
	struct jail_exec x = { .jid = jid, .argv = argv, .envp = envp,
		.fd = { -1, -1, -1 } };
	struct error err = { 0 };
	double start = now();
	pid_t pid = b->k->backend->spawn(b->k, &x, &err);

	if (pid < 0)
		return 0;
	start = now() - start;
	waitpid(pid, NULL, 0);
	return start;
}

/* KiB: what the host has left, and what slabs take. */
static long
memory(const char *key)
{
	char line[256];
	long kib = 0;
	FILE *f = fopen("/proc/meminfo", "r");

	while (f != NULL && fgets(line, sizeof line, f) != NULL)
		if (strncmp(line, key, strlen(key)) == 0)
			kib = atol(line + strlen(key) + 1);
	if (f != NULL)
		fclose(f);
	return kib;
}

static void
measure(const struct bench *b, int live, int count)
{
	double *made = calloc((size_t)count, sizeof *made);
	double *gone = calloc((size_t)count, sizeof *gone);
	double *ran = calloc((size_t)count, sizeof *ran);
	size_t middle = (size_t)count / 2;

	if (made == NULL || gone == NULL || ran == NULL)
		die("memory", "there is none");
	for (int i = 0; i < count; i++) {
		double start = now();
		int jid = create(b, 1000000 + i);

		made[i] = now() - start;
		ran[i] = run(b, jid);
		start = now();
		destroy(b, jid);
		gone[i] = now() - start;
	}
	qsort(made, (size_t)count, sizeof *made, compare);
	qsort(gone, (size_t)count, sizeof *gone, compare);
	qsort(ran, (size_t)count, sizeof *ran, compare);
	printf("live %5d: create min %.0f med %.0f p90 %.0f, exec med %.0f, "
	    "destroy min %.0f med %.0f p90 %.0f us\n", live, made[0],
	    made[middle], made[(size_t)count * 9 / 10], ran[middle], gone[0],
	    gone[middle], gone[(size_t)count * 9 / 10]);
	fflush(stdout);
	free(made);
	free(gone);
	free(ran);
}

static void
measure_all(const struct bench *b, int count, const int *lives, int nlives)
{
	long before = memory("MemAvailable:");
	int *jids = NULL, n = 0;

	for (int i = 0; i < nlives; i++) {
		jids = realloc(jids, (size_t)(lives[i] + 1) * sizeof *jids);
		if (jids == NULL)
			die("memory", "there is none");
		while (n < lives[i]) {
			jids[n] = create(b, n);
			n++;
		}
		measure(b, n, count);
	}
	if (n >= 1000)
		printf("memory: %ld KiB a jail\n",
		    (before - memory("MemAvailable:")) / n);
	while (n > 0)
		destroy(b, jids[--n]);
	free(jids);
}

int
main(int argc, char **argv)
{
	static const struct {
		const char *name;
		bool mounts, addresses;
	} kinds[] = {
		{ "root alone", false, false },
		{ "mount.devfs and mount.procfs", true, false },
		{ "root alone, ip4.addr", false, true },
	};
	static const int usual[] = { 10, 1000, 5000 };
	struct error err = { 0 };
	struct bench b = { .root = argv[1] };
	char dir[] = "/tmp/jailagent-bench.XXXXXX", name[64], file[64];
	int count = argc > 2 ? atoi(argv[2]) : 300, lives[16], nlives = 0;

	if (argc < 2 || count < 1)
		die("usage", "create ROOT [COUNT [LIVE...]]");
	for (int i = 3; i < argc && nlives < 16; i++)
		lives[nlives++] = atoi(argv[i]);
	if (mkdtemp(dir) == NULL)
		die(dir, strerror(errno));
	snprintf(name, sizeof name, "linux:%s", dir);
	b.k = kernel_open(name, NULL, &err);
	if (b.k == NULL)
		die(name, err.text);
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		b.devfs = b.procfs = kinds[i].mounts;
		b.addresses = kinds[i].addresses;
		printf("%s\n", kinds[i].name);
		measure_all(&b, count, nlives > 0 ? lives : usual,
		    nlives > 0 ? nlives : 3);
	}
	kernel_close(b.k);
	for (const char *const *f = (const char *const[]){ "table.mdb",
	    "table.mdb-lock", "boot", "users", NULL }; *f != NULL; f++) {
		snprintf(file, sizeof file, "%s/%s", dir, *f);
		unlink(file);
	}
	return rmdir(dir) == 0 ? 0 : 1;
}
