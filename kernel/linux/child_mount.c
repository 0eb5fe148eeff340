/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The child that mounts and unmounts in a jail.  Entering the jail's mount
 * namespace makes the jail's root its own, so no name leads out of it.
 */
#include <sys/stat.h>

#include <stdbool.h>

#include "child.h"
#include "kernel/fslinux.h"
#include "mounts.h"
#include "sys.h"

/* tmpfs has no more options than these. */
#define OPTIONS_MAX 8

static void
fail(const struct mount_job *j, struct error *err)
{
	if (errno == ELOOP)
		error_set(err, ELOOP, "%s in the jail leads through a symbolic "
		    "link, which its processes could change",
		    j->request->place);
	else
		error_sys(err, errno, "%s in the jail", j->request->place);
}

static uint64_t
attributes(const struct mount_request *r)
{
	static const struct {
		uint32_t flag;
		uint64_t attribute;
	} table[] = {
		{ FSLINUX_READ_ONLY, MOUNT_ATTR_RDONLY },
		{ FSLINUX_NOSUID, MOUNT_ATTR_NOSUID },
		{ FSLINUX_NOEXEC, MOUNT_ATTR_NOEXEC },
		{ FSLINUX_NOATIME, MOUNT_ATTR_NOATIME },
	};
	uint64_t set = MOUNT_ATTR_NODEV;

	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if ((r->flags & table[i].flag) != 0)
			set |= table[i].attribute;
	return set;
}

/* A new tmpfs or procfs; -1/errno. */
static int
make(const struct mount_request *r)
{
	struct mount_option options[OPTIONS_MAX + 1] = { { NULL, NULL } };
	const char *p = r->options, *end = p + r->options_len;
	bool proc = r->kind == FSLINUX_PROC;

	for (size_t i = 0; i < OPTIONS_MAX && p < end; i++) {
		options[i].key = p;
		p += strlen(p) + 1;
		if (p >= end) {
			errno = EPROTO;
			return -1;
		}
		options[i].value = p;
		p += strlen(p) + 1;
	}
	return mount_make(proc ? "proc" : "tmpfs", options,
	    (unsigned)attributes(r) | (proc ? MOUNT_ATTR_RDONLY |
	    MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC : 0));
}

/* The tree was cloned with the attributes of its source. */
static int
restrict_tree(const struct mount_job *j)
{
	struct mount_attr attr = { .attr_set = attributes(j->request) };

	if (j->request->kind == FSLINUX_DEV)
		return 0; /* ready as it is */
	if ((attr.attr_set & MOUNT_ATTR_NOATIME) != 0)
		attr.attr_clr = MOUNT_ATTR__ATIME;
	return mount_setattr(j->tree, "", AT_EMPTY_PATH, &attr, sizeof attr);
}

static int
attach(int from, const char *place)
{
	int to = open_inside(AT_FDCWD, place, O_PATH), rc;

	if (to < 0)
		return -1;
	rc = move_mount(from, "", to, "", MOVE_MOUNT_T_EMPTY_PATH |
	    MOVE_MOUNT_F_EMPTY_PATH);
	close_fd(&to);
	return rc;
}

/* What a device file system has mounted on it. */
static int
add_to_devices(const char *place)
{
	static const struct {
		const char *name, *type;
	} more[] = { { "/pts", "devpts" }, { "/shm", "tmpfs" } };
	static const struct mount_option options[][4] = {
		{ { "ptmxmode", "0666" }, { "mode", "0620" }, { "gid", "5" },
		    { NULL, NULL } },
		{ { "mode", "1777" }, { NULL, NULL } },
	};
	char path[sizeof((struct mount_request *)0)->place + 8];
	size_t len = strlen(place);
	int mnt, rc = 0;

	memcpy(path, place, len);
	for (size_t i = 0; i < 2 && rc == 0; i++) {
		memcpy(path + len, more[i].name, strlen(more[i].name) + 1);
		mnt = mount_make(more[i].type, options[i], MOUNT_ATTR_NOSUID |
		    (i == 0 ? MOUNT_ATTR_NOEXEC : MOUNT_ATTR_NODEV));
		rc = mnt < 0 ? -1 : attach(mnt, path);
		close_fd(&mnt);
	}
	return rc;
}

/*
 * What still uses it goes on until it is closed.  A directory is entered, so
 * that what was looked at is what is unmounted.
 */
static int
detach(const char *place)
{
	int fd = open_inside(AT_FDCWD, place, O_PATH), rc;
	struct stat st;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
		rc = fchdir(fd) != 0 ? -1 : umount2(".", MNT_DETACH);
	else
		rc = umount2(place, MNT_DETACH | UMOUNT_NOFOLLOW);
	close_fd(&fd);
	return rc;
}

void
mount_child(void *arg, struct error *err)
{
	const struct mount_job *j = arg;
	const struct mount_request *r = j->request;
	int mnt, rc;

	if (setns(j->jail, CLONE_NEWNS) != 0) {
		error_sys(err, errno, "entering the jail's root");
		return;
	}
	if (r->unmount != 0) {
		if (detach(r->place) != 0)
			fail(j, err);
		return;
	}
	mnt = j->tree >= 0 ? j->tree : make(r);
	rc = mnt < 0 ? -1 : 0;
	if (rc == 0 && j->tree >= 0)
		rc = restrict_tree(j);
	if (rc != 0) {
		error_sys(err, errno, "making the file system");
		return;
	}
	rc = attach(mnt, r->place);
	if (rc != 0)
		fail(j, err);
	else if (r->kind == FSLINUX_DEV && add_to_devices(r->place) != 0) {
		fail(j, err);
		(void)detach(r->place);
	}
	if (mnt != j->tree)
		close(mnt);
}
