/* SPDX-License-Identifier: BSD-2-Clause */
/* The start of a process, from /proc/PID/stat: clock ticks since the boot. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel/start.h"

#define FIELD_STATE 3
#define FIELD_START 22

/* The text of the file, cut after its first kilobyte. */
static int
read_stat(pid_t pid, char *buf, size_t size)
{
	char path[64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	n = read(fd, buf, size - 1);
	close(fd);
	if (n <= 0)
		return -1;
	buf[n] = '\0';
	return 0;
}

int
process_start(pid_t pid, uint64_t *start, bool *zombie)
{
	char buf[1024], *p;

	errno = ESRCH;
	if (read_stat(pid, buf, sizeof buf) != 0)
		return -1;
	/* The name before it may hold anything, ')' included. */
	p = strrchr(buf, ')');
	if (p == NULL || p[1] != ' ')
		return -1;
	p += 2;
	*zombie = *p == 'Z' || *p == 'X';
	for (int field = FIELD_STATE; field < FIELD_START; field++) {
		p = strchr(p, ' ');
		if (p == NULL)
			return -1;
		p++;
	}
	*start = strtoull(p, NULL, 10);
	return 0;
}
