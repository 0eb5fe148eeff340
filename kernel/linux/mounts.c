/* SPDX-License-Identifier: BSD-2-Clause */
#include "mounts.h"

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

/* Moves the mount `from` (below dirfd) to a place in the jail. */
static int
attach(const struct create_request *r, const char *parameter, int from_fd,
    const char *from, int tree, const char *target, struct error *err)
{
	int dir, rc;

	dir = open_target(tree, target);
	if (dir < 0)
		return fail(r, parameter, target, err);
	rc = move_mount(from_fd, from, dir, "", MOVE_MOUNT_T_EMPTY_PATH |
	    (from[0] == '\0' ? MOVE_MOUNT_F_EMPTY_PATH : 0));
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
	rc = attach(r, m->parameter, mnt, "", tree, m->target, err);
	close_fd(&mnt);
	return rc;
}

static int
add_mounts(const struct create_request *r, int tree, struct error *err)
{
	if ((r->mounts & MOUNT_DEVFS) != 0 &&
	    (attach(r, "mount.devfs", AT_FDCWD, "/dev", tree, "dev", err) != 0 ||
	    add_mount(r, &pts_mount, tree, err) != 0 ||
	    add_mount(r, &shm_mount, tree, err) != 0))
		return -1;
	if ((r->mounts & MOUNT_PROCFS) != 0)
		return add_mount(r, &proc_mount, tree, err);
	if ((r->mounts & MOUNT_FDESCFS) != 0)
		return add_mount(r, &fd_mount, tree, err);
	return 0;
}

/*
 * The host's kernel file systems in the tree: to be looked at only.  One that
 * cannot be reached is hidden below another mount, from the jail as well.
 */
static int
protect(const struct create_request *r, const char *texts, int tree,
    struct error *err)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY | PLAIN };
	const char *path = texts;

	for (uint32_t i = 0; i < r->readonly_count; i++) {
		int fd = open_inside(tree, path, O_PATH);

		if (fd < 0 && errno != ENOENT)
			return fail(r, "path", path, err);
		if (fd >= 0 && mount_setattr(fd, "", AT_EMPTY_PATH, &attr,
		    sizeof attr) != 0) {
			fail(r, "path", path, err);
			close_fd(&fd);
			return -1;
		}
		close_fd(&fd);
		path += strlen(path) + 1;
	}
	return 0;
}

int
mounts_enter_root(const struct create_request *r, const char *texts, int tree,
    struct error *err)
{
	if (move_mount(tree, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH) != 0)
		return error_sys(err, errno, "path: mounting %s", r->path);
	if (protect(r, texts, tree, err) != 0 ||
	    add_mounts(r, tree, err) != 0)
		return -1;
	if (fchdir(tree) != 0 || chroot(".") != 0)
		return error_sys(err, errno, "path: entering %s", r->path);
	return 0;
}
