/* SPDX-License-Identifier: BSD-2-Clause */
/* The files of controllers: what is written there, and what they say. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "control.h"
#include "sys.h"

#define PERIOD_US 100000 /* over which processor time is counted out */

/* What v1 says where nothing is limited: a number of whole pages. */
#define V1_NONE (UINT64_MAX / 4)

#define V1_PERIOD "cpu.cfs_period_us"
#define V1_BOTH "memory.memsw.limit_in_bytes"

static const struct {
	int control;
	const char *file[2]; /* of v1, v2 */
} files[LIMIT_COUNT] = {
	[LIMIT_CPU] = { CONTROL_CPU, { "cpu.cfs_quota_us", "cpu.max" } },
	[LIMIT_MEMORY] = { CONTROL_MEMORY, { "memory.limit_in_bytes",
	    "memory.max" } },
	[LIMIT_PROCESSES] = { CONTROL_PIDS, { "pids.max", "pids.max" } },
	[LIMIT_SWAP] = { CONTROL_MEMORY, { V1_BOTH, "memory.swap.max" } },
};

static bool
is_none(const char *text)
{
	return strncmp(text, "max", 3) == 0 || text[0] == '-';
}

/* Percent of a quota in a period. */
static uint64_t
percent_of(const char *quota, const char *period)
{
	uint64_t q = strtoull(quota, NULL, 10);
	uint64_t p = strtoull(period, NULL, 10);

	return p == 0 || q > UINT64_MAX / 100 ? 0 : q * 100 / p;
}

static int
read_cpu(int dir, bool v2, const char *text, uint64_t *value)
{
	char period[32];
	const char *blank = strchr(text, ' ');

	if (v2)
		*value = percent_of(text, blank != NULL ? blank : "");
	else if (cgroup_read(dir, V1_PERIOD, period, sizeof period) < 0)
		return -1;
	else
		*value = percent_of(text, period);
	return 0;
}

/* A file that is not there limits nothing. */
static int
read_one(int dir, bool v2, enum jail_limit which, uint64_t *value)
{
	char text[128];

	*value = 0;
	if (cgroup_read(dir, files[which].file[v2], text, sizeof text) < 0)
		return errno == ENOENT ? 0 : -1;
	if (is_none(text))
		return 0;
	if (which == LIMIT_CPU)
		return read_cpu(dir, v2, text, value);
	*value = strtoull(text, NULL, 10);
	if (!v2 && *value >= V1_NONE)
		*value = 0;
	return 0;
}

/* The directory of a jail; -1 when it has none, or with errno. */
static int
open_one(const struct controls *c, const char *path, int control)
{
	const struct control *k = &c->of[control];

	errno = ENOENT;
	return k->top < 0 ? -1 : cgroup_open(k->top, path);
}

int
controls_read(const struct controls *c, const struct cgroup_line *l,
    struct jail_limits *limits, struct error *err)
{
	char path[CGROUP_PATH_SIZE];
	uint64_t *most = limits->most;

	*limits = (struct jail_limits){ 0 };
	controls_path(c, l, l->depth, path);
	for (int i = 0; i < LIMIT_COUNT; i++) {
		bool v2 = c->of[files[i].control].v2;
		int dir = open_one(c, path, files[i].control), rc;

		if (dir < 0 && errno == ENOENT)
			continue;
		rc = dir < 0 ? -1 : read_one(dir, v2, i, &most[i]);
		close_fd(&dir);
		if (rc != 0)
			return error_sys(err, errno, "reading %s of the "
			    "jail's cgroup", files[i].file[v2]);
	}
	/* In v1 it is a limit of both. */
	if (!c->of[CONTROL_MEMORY].v2 && most[LIMIT_SWAP] != 0)
		most[LIMIT_SWAP] = most[LIMIT_SWAP] > most[LIMIT_MEMORY] ?
		    most[LIMIT_SWAP] - most[LIMIT_MEMORY] : 1;
	return 0;
}

static int
put(int dir, const char *file, const char *text, struct error *err)
{
	if (cgroup_write(dir, file, text) == 0)
		return 0;
	return error_sys(err, errno, "writing %s to %s of the jail's cgroup%s",
	    text, file, errno != EINVAL ? errno != EBUSY ? "" :
	    " (more is in use, and cannot be given back)" :
	    strcmp(file, "cpu.cfs_quota_us") == 0 ? " (in cgroup v1 a jail has "
	    "no more processor time than the one around it)" : "");
}

static int
write_cpu(int dir, bool v2, uint64_t percent, struct error *err)
{
	char text[64], period[16];
	uint64_t quota = percent * (PERIOD_US / 100);

	snprintf(period, sizeof period, "%d", PERIOD_US);
	if (percent == 0)
		snprintf(text, sizeof text, "%s", v2 ? "max" : "-1");
	else
		snprintf(text, sizeof text, "%" PRIu64 "%s%s", quota,
		    v2 ? " " : "", v2 ? period : "");
	if (!v2 && put(dir, V1_PERIOD, period, err) != 0)
		return -1;
	return put(dir, files[LIMIT_CPU].file[v2], text, err);
}

static int
write_number(int dir, bool v2, enum jail_limit which, uint64_t value,
    struct error *err)
{
	const char *file = files[which].file[v2];
	char text[32];

	if (value == 0 && faccessat(dir, file, F_OK, 0) != 0)
		return 0;
	snprintf(text, sizeof text, "%" PRIu64, value);
	return put(dir, file, value != 0 ? text :
	    v2 || which == LIMIT_PROCESSES ? "max" : "-1", err);
}

/* v1: the limit of both is never less than that of memory alone. */
static int
write_memory(int dir, bool v2, const struct jail_limits *l, struct error *err)
{
	uint64_t memory = l->most[LIMIT_MEMORY], swap = l->most[LIMIT_SWAP];

	if (!v2 && write_number(dir, v2, LIMIT_SWAP, 0, err) != 0)
		return -1;
	if (write_number(dir, v2, LIMIT_MEMORY, memory, err) != 0)
		return -1;
	if (v2)
		return write_number(dir, v2, LIMIT_SWAP, swap, err);
	return swap == 0 || memory == 0 ? 0 :
	    write_number(dir, v2, LIMIT_SWAP, memory + swap, err);
}

int
controls_write(const struct controls *c, const struct cgroup_line *l,
    const struct jail_limits *limits, struct error *err)
{
	char path[CGROUP_PATH_SIZE];
	int rc = 0;

	controls_path(c, l, l->depth, path);
	for (int i = 0; i < CONTROLS && rc == 0; i++) {
		bool v2 = c->of[i].v2;
		int dir = open_one(c, path, i);

		if (dir < 0 && errno == ENOENT)
			continue;
		if (dir < 0)
			rc = error_sys(err, errno, "the jail's cgroup");
		else if (i == CONTROL_CPU)
			rc = write_cpu(dir, v2, limits->most[LIMIT_CPU], err);
		else if (i == CONTROL_MEMORY)
			rc = write_memory(dir, v2, limits, err);
		else
			rc = write_number(dir, v2, LIMIT_PROCESSES,
			    limits->most[LIMIT_PROCESSES], err);
		close_fd(&dir);
	}
	return rc;
}
