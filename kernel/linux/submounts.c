/* SPDX-License-Identifier: BSD-2-Clause */
#include "submounts.h"

#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "sys.h"

static const char *const kernel_types[] = {
	"autofs", "binder", "binfmt_misc", "bpf", "cgroup", "cgroup2",
	"configfs", "debugfs", "devtmpfs", "efivarfs", "fusectl", "mqueue",
	"nfsd", "proc", "pstore", "resctrl", "rpc_pipefs", "securityfs",
	"selinuxfs", "smackfs", "sysfs", "tracefs",
};

static bool
is_kernel_type(const char *type)
{
	for (size_t i = 0; i < sizeof kernel_types / sizeof *kernel_types; i++)
		if (strcmp(type, kernel_types[i]) == 0)
			return true;
	return false;
}

/* Blank, tab, newline and backslash are written as three octal digits. */
static void
unescape(char *text)
{
	char *to = text;

	for (; *text != '\0'; text++) {
		if (text[0] == '\\' && text[1] >= '0' && text[1] <= '3' &&
		    text[2] >= '0' && text[2] <= '7' &&
		    text[3] >= '0' && text[3] <= '7') {
			*to++ = (char)((text[1] - '0') * 64 +
			    (text[2] - '0') * 8 + text[3] - '0');
			text += 3;
		} else {
			*to++ = *text;
		}
	}
	*to = '\0';
}

/* ID PARENT MAJOR:MINOR ROOT PATH OPTIONS [TAG...] - TYPE SOURCE SUPER */
static const char *
parse_line(char *line)
{
	char *type = strstr(line, " - "), *path = line;

	if (type == NULL)
		return NULL;
	*type = '\0';
	type += 3;
	type[strcspn(type, " ")] = '\0';
	for (int field = 0; field < 4; field++) {
		path = strchr(path, ' ');
		if (path == NULL)
			return NULL;
		path++;
	}
	path[strcspn(path, " ")] = '\0';
	if (!is_kernel_type(type))
		return NULL;
	unescape(path);
	return path;
}

static int
keep_path(struct submounts *s, const char *path)
{
	size_t len = strlen(path) + 1;
	char *more = realloc(s->paths, s->len + len);

	if (more == NULL)
		return -1;
	memcpy(more + s->len, path, len);
	s->paths = more;
	s->len += len;
	return 0;
}

static int
read_all(struct submounts *s)
{
	char *line = NULL;
	size_t room = 0;
	int fd, rc = 0;
	FILE *f;

	free(s->paths);
	s->paths = NULL;
	s->len = 0;
	if (lseek(s->fd, 0, SEEK_SET) != 0)
		return -1;
	fd = fcntl(s->fd, F_DUPFD_CLOEXEC, 0);
	f = fd < 0 ? NULL : fdopen(fd, "r");
	if (f == NULL) {
		close_fd(&fd);
		return -1;
	}
	while (rc == 0 && getline(&line, &room, f) > 0) {
		const char *path = parse_line(line);

		if (path != NULL)
			rc = keep_path(s, path);
	}
	if (ferror(f))
		rc = -1;
	free(line);
	fclose(f);
	return rc;
}

/* The kernel reports a change of the mounts once, as an exceptional event. */
static int
refresh(struct submounts *s)
{
	struct pollfd p = { .events = POLLPRI };

	if (s->fd < 0) {
		s->fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
		if (s->fd < 0)
			return -1;
		return read_all(s);
	}
	p.fd = s->fd;
	if (poll(&p, 1, 0) == 0)
		return 0;
	return read_all(s);
}

int
submounts_below(struct submounts *s, const char *path, char *buf, size_t size,
    size_t *len, uint32_t *count, struct error *err)
{
	size_t prefix = strcmp(path, "/") == 0 ? 0 : strlen(path);

	*len = 0;
	*count = 0;
	if (refresh(s) != 0) {
		error_sys(err, errno, "/proc/self/mountinfo");
		submounts_finish(s);
		return -1;
	}
	for (const char *p = s->paths; p < s->paths + s->len;
	    p += strlen(p) + 1) {
		size_t need;

		if (strncmp(p, path, prefix) != 0 || p[prefix] != '/')
			continue;
		need = strlen(p + prefix + 1) + 1;
		if (need > size - *len)
			return error_set(err, E2BIG, "path: too many of the "
			    "host's kernel file systems below %s", path);
		memcpy(buf + *len, p + prefix + 1, need);
		*len += need;
		++*count;
	}
	return 0;
}

void
submounts_finish(struct submounts *s)
{
	close_fd(&s->fd);
	free(s->paths);
	s->paths = NULL;
	s->len = 0;
}
