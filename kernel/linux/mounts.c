/* SPDX-License-Identifier: BSD-2-Clause */
#include "mounts.h"

#include "submounts.h"
#include "sys.h"

/* What a mount that root inside must not use to reach the host has. */
#define PLAIN (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)

int
mount_make(const char *type, const struct mount_option *options,
    unsigned attributes)
{
	int fs, mnt = -1, rc = 0;

	fs = fsopen(type, FSOPEN_CLOEXEC);
	if (fs < 0)
		return -1;
	for (; options != NULL && options->key != NULL && rc == 0; options++)
		rc = fsconfig(fs, options->value != NULL ?
		    FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG, options->key,
		    options->value, 0);
	if (rc == 0 && fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
		mnt = fsmount(fs, FSMOUNT_CLOEXEC, attributes);
	close_fd(&fs);
	return mnt;
}

/* A file system that a jail may have at a place of its own. */
struct jail_mount {
	const char *parameter;
	const char *target;
	const char *type;
	const struct mount_option *options;
	unsigned attributes;
};

static const struct mount_option pts_options[] = {
	{ "ptmxmode", "0666" }, { "mode", "0620" }, { "gid", "5" },
	{ NULL, NULL },
};
static const struct mount_option shm_options[] = {
	{ "mode", "1777" }, { NULL, NULL },
};
static const struct mount_option pid_options[] = {
	{ "subset", "pid" }, { NULL, NULL },
};

static const struct jail_mount pts_mount = { "mount.devfs", "dev/pts",
	"devpts", pts_options, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC };
static const struct jail_mount shm_mount = { "mount.devfs", "dev/shm",
	"tmpfs", shm_options, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV };
static const struct jail_mount proc_mount = { "mount.procfs", "proc", "proc",
	NULL, PLAIN | MOUNT_ATTR_RDONLY };
/* /dev/fd is a link to /proc/self/fd: it needs processes, and no more. */
static const struct jail_mount fd_mount = { "mount.fdescfs", "proc", "proc",
	pid_options, PLAIN | MOUNT_ATTR_RDONLY };

/* The directory of the jail that a file system is mounted on. */
static int
open_target(int tree, const char *target)
{
	return open_inside(tree, target, O_PATH | O_DIRECTORY);
}

static int
fail(const struct create_request *r, const char *parameter,
    const char *target, struct error *err)
{
	return error_sys(err, errno, "%s: %s/%s", parameter,
	    r->path[1] == '\0' ? "" : r->path, target);
}

/* Moves the mount `from` to a place in the jail. */
static int
attach(const struct create_request *r, const char *parameter, int from,
    int tree, const char *target, struct error *err)
{
	int dir, rc;

	dir = open_target(tree, target);
	if (dir < 0)
		return fail(r, parameter, target, err);
	rc = move_mount(from, "", dir, "", MOVE_MOUNT_T_EMPTY_PATH |
	    MOVE_MOUNT_F_EMPTY_PATH);
	if (rc != 0)
		fail(r, parameter, target, err);
	close_fd(&dir);
	return rc;
}

static int
add_mount(const struct create_request *r, const struct jail_mount *m,
    int tree, struct error *err)
{
	int mnt, rc;

	mnt = mount_make(m->type, m->options, m->attributes);
	if (mnt < 0)
		return fail(r, m->parameter, m->target, err);
	rc = attach(r, m->parameter, mnt, tree, m->target, err);
	close_fd(&mnt);
	return rc;
}

/* `dev`: the ready device file system, or -1. */
static int
add_mounts(const struct create_request *r, int dev, int tree,
    struct error *err)
{
	if (dev >= 0 && (attach(r, "mount.devfs", dev, tree, "dev",
	    err) != 0 || add_mount(r, &pts_mount, tree, err) != 0 ||
	    add_mount(r, &shm_mount, tree, err) != 0))
		return -1;
	if ((r->mounts & MOUNT_PROCFS) != 0)
		return add_mount(r, &proc_mount, tree, err);
	if ((r->mounts & MOUNT_FDESCFS) != 0)
		return add_mount(r, &fd_mount, tree, err);
	return 0;
}

static int
enter_tree(const struct create_request *r, int tree, struct error *err)
{
	if (move_mount(tree, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH) != 0)
		return error_sys(err, errno, "path: mounting %s", r->path);
	if (fchdir(tree) != 0 || chroot(".") != 0)
		return error_sys(err, errno, "path: entering %s", r->path);
	return 0;
}

int
mounts_enter_root(const struct create_request *r, int proc, int tree,
    struct error *err)
{
	int dev = -1, rc = -1;

	if ((r->mounts & MOUNT_DEVFS) != 0 &&
	    (dev = open("/dev", O_PATH | O_DIRECTORY | O_CLOEXEC)) < 0)
		return error_sys(err, errno, "mount.devfs");
	if (enter_tree(r, tree, err) == 0 &&
	    submounts_judge(proc, r->path, err) == 0)
		rc = add_mounts(r, dev, tree, err);
	close_fd(&dev);
	if (rc == 0 && chdir("/") != 0)
		rc = error_sys(err, errno, "path: entering %s", r->path);
	return rc;
}
