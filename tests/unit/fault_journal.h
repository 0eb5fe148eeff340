/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The lines of the journal as points of fault_host.h, which includes this:
 * "journal STAGE", "journal hook of HOOK".
 */
#ifndef JA_TEST_FAULT_JOURNAL_H
#define JA_TEST_FAULT_JOURNAL_H

#include <sys/syscall.h>

static inline void
journal_label(const char *line, char *buf, size_t size)
{
	const char *stage = strstr(line, "\"stage\":\"");

	stage = stage != NULL ? stage + strlen("\"stage\":\"") : "";
	snprintf(buf, size, "journal %.*s%s%s", (int)strcspn(stage, "\""),
	    stage, strncmp(stage, "hook", 4) == 0 ? " of " : "",
	    strncmp(stage, "hook", 4) == 0 ? host.label[host.labels - 1] : "");
}

ssize_t
write(int fd, const void *data, size_t len)
{
	bool watched = host.journal != NULL && !host.dry &&
	    fd == *host.journal;
	char line[1024], label[PATHS_MAX + 64];
	ssize_t n;

	if (watched) {
		snprintf(line, sizeof line, "%.*s", (int)len,
		    (const char *)data);
		journal_label(line, label, sizeof label);
		if (host_point(label)) {
			errno = ENOSPC;
			return -1;
		}
	}
	n = syscall(SYS_write, fd, data, len);
	if (watched)
		host_point(NULL);
	return n;
}

#endif
