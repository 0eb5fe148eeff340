/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the kernel calls cost: jail_get(2) of one jail with all its parameters,
 * and a walk over all jails.
 *
 *	calls KERNEL PATH COUNT
 *
 * Makes COUNT jails with the root PATH, in a table that the caller throws away,
 * and measures.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/clock.h"
#include "kernel/call.h"

#define ROUNDS 2001
#define WALKS 5
#define PARAMS 50

static void
fail(const char *what, const struct error *err)
{
	fprintf(stderr, "calls bench: %s: %s\n", what, err->text);
	exit(1);
}

static int
ascending(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

static void
make(struct jail_kernel *k, const char *path, int n)
{
	struct jail_call c = { 0 };
	struct error err;
	char name[32];

	error_clear(&err);
	snprintf(name, sizeof name, "calls%d", n);
	if (call_add_text(&c, "name", name) != 0 ||
	    call_add_text(&c, "path", path) != 0 ||
	    call_add_text(&c, "host.hostname", name) != 0 ||
	    call_add_bool(&c, "persist", true) != 0 ||
	    call_set(k, &c, JAIL_CREATE, &err) < 0)
		fail("jail_set", &err);
	call_finish(&c);
}

/* One raw jail_get with the first PARAMS parameters, prepared once. */
static void
measure_get(struct jail_kernel *k, const struct jail_params *p)
{
	static int64_t us[ROUNDS];
	struct iovec iov[2 * (PARAMS + 1)];
	char name[] = "calls7", buffer[PARAMS][4096];
	unsigned n = 0;
	struct error err;

	error_clear(&err);
	for (size_t i = 0; i < p->count && n < 2 * PARAMS; i++) {
		const struct jail_param_info *info = &p->info[i];
		size_t len = info->size;

		if (strcmp(info->name, "name") == 0)
			continue;
		if (info->type == PARAM_IP4 || info->type == PARAM_IP6)
			len = 16 * info->size;
		memset(buffer[n / 2], 0, len);
		iov[n++] = (struct iovec){ (void *)(uintptr_t)info->name,
			strlen(info->name) + 1 };
		iov[n] = (struct iovec){ buffer[n / 2], len };
		n++;
	}
	iov[n++] = (struct iovec){ (char[]){ "name" }, sizeof "name" };
	iov[n++] = (struct iovec){ name, sizeof name };
	for (int i = 0; i < ROUNDS; i++) {
		int64_t since = clock_us();

		for (int j = 0; j < 10; j++)
			if (k->backend->get(k, iov, n, 0) < 0)
				fail("jail_get", &err);
		us[i] = clock_us() - since;
	}
	qsort(us, ROUNDS, sizeof *us, ascending);
	printf("jail_get of %u parameters          median %7.1f us   "
	    "min %7.1f us\n", n / 2 - 1, (double)us[ROUNDS / 2] / 10,
	    (double)us[0] / 10);
}

static void
measure_walk(struct jail_kernel *k, int count)
{
	int64_t us[WALKS];

	for (int i = 0; i < WALKS; i++) {
		int64_t since = clock_us();
		int jid = 0, seen = 0;

		for (;; seen++) {
			char name[JAIL_NAME_MAX] = "";
			struct iovec iov[] = {
				{ (char[]){ "lastjid" }, sizeof "lastjid" },
				{ &jid, sizeof jid },
				{ (char[]){ "name" }, sizeof "name" },
				{ name, sizeof name },
			};
			int next = k->backend->get(k, iov, 4, 0);

			if (next < 0)
				break;
			jid = next;
		}
		us[i] = clock_us() - since;
		if (seen < count)
			fprintf(stderr, "calls bench: %d jails seen\n", seen);
	}
	qsort(us, WALKS, sizeof *us, ascending);
	printf("lastjid walk over %d jails      median %7.1f ms   "
	    "min %7.1f ms\n", count, (double)us[WALKS / 2] / 1000,
	    (double)us[0] / 1000);
}

int
main(int argc, char **argv)
{
	struct jail_params params;
	struct jail_kernel *k;
	struct error err;
	int64_t since;
	int count;

	if (argc != 4) {
		fprintf(stderr, "usage: calls KERNEL PATH COUNT\n");
		return 64;
	}
	count = atoi(argv[3]);
	k = kernel_open(argv[1], NULL, &err);
	if (k == NULL || params_read(k, &params, &err) != 0)
		fail(argv[1], &err);
	since = clock_us();
	for (int i = 0; i < count; i++)
		make(k, argv[2], i);
	printf("jail_set, create                    mean  %8.1f us   (%d)\n",
	    (double)(clock_us() - since) / count, count);
	measure_get(k, &params);
	measure_walk(k, count);
	params_free(&params);
	kernel_close(k);
	return 0;
}
