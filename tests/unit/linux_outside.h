/* SPDX-License-Identifier: BSD-2-Clause */
/* What a jail is outside its record: its mounts and its addresses. */
#ifndef TEST_LINUX_OUTSIDE_H
#define TEST_LINUX_OUTSIDE_H

#include <sys/socket.h>
#include <sys/types.h>

#include <netinet/in.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

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
