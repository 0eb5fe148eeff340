/* SPDX-License-Identifier: BSD-2-Clause */
/* What a jail is outside its record: its mounts and its addresses. */
#ifndef TEST_LINUX_OUTSIDE_H
#define TEST_LINUX_OUTSIDE_H

#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/types.h>

#include <netinet/in.h>

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kernel/call.h"

/*
 * How often something is mounted at its places, and how often of that the host
 * has mounted it, which the jail has with its root.
 */
static const struct {
	const char *place;
	int hosts, old, new;
} mounted[] = {
	{ "/tmp", 0, 1, 0 },
	{ "/etc", 1, 1, 2 },
	{ "/sub/deep", 0, 2, 1 },
	{ "/proc", 1, 2, 1 },
};

#define PLACES (sizeof mounted / sizeof *mounted)

/* How often something is mounted at one of the places that a process sees. */
static inline int
count_at(pid_t pid, const char *place)
{
	char path[64], line[4096], at[4096];
	int count = 0;
	FILE *f;

	snprintf(path, sizeof path, "/proc/%d/mountinfo", (int)pid);
	f = fopen(path, "r");
	assert_non_null(f);
	while (fgets(line, sizeof line, f) != NULL)
		count += sscanf(line, "%*s %*s %*s %*s %4095s", at) == 1 &&
		    strcmp(at, place) == 0;
	fclose(f);
	return count;
}

static inline void
add_mounts(const char *root, struct jail_call *c, bool changed)
{
	char list[4 * PATH_MAX];
	size_t len = 0;

	for (size_t i = 0; i < PLACES; i++) {
		int count = changed ? mounted[i].new : mounted[i].old;

		for (int n = mounted[i].hosts; n < count; n++)
			len += (size_t)snprintf(list + len, sizeof list - len,
			    "tmpfs %s%s tmpfs size=%dk", root,
			    mounted[i].place, 64 * (n + 1)) + 1;
	}
	call_add(c, "mount", list, len);
}

static inline void
check_mounts(pid_t init, bool changed)
{
	for (size_t i = 0; i < PLACES; i++)
		assert_int_equal(count_at(init, mounted[i].place),
		    changed ? mounted[i].new : mounted[i].old);
}

/* Mounts, or unmounts, the host's in the mount namespace of the test. */
static inline void
mount_hosts(const char *root, bool there)
{
	char path[PATH_MAX];

	for (size_t i = 0; i < PLACES; i++) {
		snprintf(path, sizeof path, "%s%s", root, mounted[i].place);
		assert_int_equal(mounted[i].hosts == 0 ? 0 : !there ?
		    umount2(path, 0) :
		    mount("test", path, "tmpfs", 0, "size=64k"), 0);
	}
}

/* Inside: the bits of those of 10.0.0.1 to .3 that are the jail's. */
static inline int
probe_addresses(void)
{
	int bits = 0, on = 1;

	for (unsigned i = 1; i <= 3; i++) {
		struct sockaddr_in a = { .sin_family = AF_INET };
		int fd = socket(AF_INET, SOCK_DGRAM, 0);

		a.sin_addr.s_addr = htonl(0x0a000000U + i);
		/* The host need not have it. */
		if (setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &on,
		    sizeof on) == 0 &&
		    bind(fd, (struct sockaddr *)&a, sizeof a) == 0)
			bits |= 1 << i;
		close(fd);
	}
	return bits;
}

#endif
