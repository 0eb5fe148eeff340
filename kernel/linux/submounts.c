/* SPDX-License-Identifier: BSD-2-Clause */
#include "submounts.h"

#include <stdbool.h>
#include <stdlib.h>

#include "sys.h"

#include <sys/stat.h>

static const char *const kernel_types[] = {
	"autofs", "binder", "binfmt_misc", "bpf", "cgroup", "cgroup2",
	"configfs", "debugfs", "devpts", "devtmpfs", "efivarfs", "fusectl",
	"mqueue", "nfsd", "proc", "pstore", "resctrl", "rpc_pipefs",
	"securityfs", "selinuxfs", "smackfs", "sysfs", "tracefs",
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

struct row {
	uint64_t id;
	char *path, *type;
};

/* ID PARENT MAJOR:MINOR ROOT PATH OPTIONS [TAG...] - TYPE SOURCE SUPER */
static bool
parse_row(char *line, struct row *row)
{
	char *type = strstr(line, " - "), *path = line;

	if (type == NULL)
		return false;
	*type = '\0';
	type += 3;
	type[strcspn(type, " ")] = '\0';
	for (int field = 0; field < 4; field++) {
		path = strchr(path, ' ');
		if (path == NULL)
			return false;
		path++;
	}
	path[strcspn(path, " ")] = '\0';
	unescape(path);
	row->id = strtoull(line, NULL, 10);
	row->path = path;
	row->type = type;
	return true;
}

#define KERNEL_MAX 128

/* One reading of mountinfo: the kernel file systems, in its order. */
struct listing {
	char text[64 * 1024];
	struct row row[KERNEL_MAX];
	size_t count;
};

/* The whole of mountinfo(5), which the caller's root limits to what is in it. */
static int
read_text(int proc, char *text, size_t size)
{
	int fd = openat(proc, "self/mountinfo", O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n;

	if (fd < 0)
		return -1;
	while ((n = read(fd, text + len, size - 1 - len)) > 0)
		len += (size_t)n;
	if (n == 0 && len == size - 1) {
		errno = E2BIG;
		n = -1;
	}
	close_fd(&fd);
	text[len] = '\0';
	return n < 0 ? -1 : 0;
}

static int
read_listing(int proc, struct listing *l)
{
	char *line = l->text, *end;

	l->count = 0;
	if (read_text(proc, l->text, sizeof l->text) != 0)
		return -1;
	for (; (end = strchr(line, '\n')) != NULL; line = end + 1) {
		struct row row;

		*end = '\0';
		if (!parse_row(line, &row)) {
			errno = EPROTO;
			return -1;
		}
		if (!is_kernel_type(row.type))
			continue;
		if (l->count == KERNEL_MAX) {
			errno = E2BIG;
			return -1;
		}
		l->row[l->count++] = row;
	}
	return 0;
}

static int
refuse(const struct row *row, const char *path, struct error *err)
{
	if (strcmp(row->path, "/") == 0)
		return error_set(err, EPERM, "path: %s is a %s of the host, "
		    "which cannot be the root of a jail", path, row->type);
	if (strcmp(row->type, "proc") == 0)
		return error_set(err, EPERM, "path: %s%s: a procfs of the "
		    "host below a jail's path would show the host's processes "
		    "inside; unmount it and use mount.procfs: true", path,
		    row->path);
	return error_set(err, EPERM, "path: %s%s: a %s of the host below a "
	    "jail's path would show the host inside; unmount it%s", path,
	    row->path, row->type, strncmp(row->type, "dev", 3) == 0 ?
	    " and use mount.devfs: true" : "");
}

/* Unmounts exactly what the row tells of. */
static int
detach(const struct row *row, struct error *err)
{
	int fd = open_inside(AT_FDCWD, row->path, O_PATH);
	struct statx st;
	int rc = -1;

	if (fd >= 0 && statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &st) == 0 &&
	    (st.stx_mask & STATX_MNT_ID) != 0) {
		errno = EBUSY;
		if (st.stx_mnt_id == row->id && fchdir(fd) == 0)
			rc = umount2(".", MNT_DETACH);
	}
	close_fd(&fd);
	if (rc != 0 || chdir("/") != 0)
		return error_sys(err, errno, "path: hiding the host's %s at %s "
		    "from the jail", row->type, row->path);
	return 0;
}

int
submounts_judge(int proc, const char *path, struct error *err)
{
	struct listing l;

	if (read_listing(proc, &l) != 0)
		return error_sys(err, errno, "path: %s: reading what is "
		    "mounted there", path);
	/* The later ones are mounted on the earlier ones. */
	while (l.count > 0) {
		const struct row *row = &l.row[--l.count];

		if (strcmp(path, "/") != 0 || strcmp(row->path, "/") == 0)
			return refuse(row, path, err);
		if (detach(row, err) != 0)
			return -1;
	}
	return 0;
}
