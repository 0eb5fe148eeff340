/* SPDX-License-Identifier: BSD-2-Clause */
#include "seed.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "mounts.h"
#include "sys.h"

/* Character devices of a jail: those of FreeBSD's devfsrules_jail. */
static const struct {
	const char *name;
	unsigned major, minor;
} nodes[] = {
	{ "null", 1, 3 }, { "zero", 1, 5 }, { "full", 1, 7 },
	{ "random", 1, 8 }, { "urandom", 1, 9 }, { "tty", 5, 0 },
};

static const struct {
	const char *name, *target;
} links[] = {
	{ "fd", "/proc/self/fd" }, { "stdin", "fd/0" }, { "stdout", "fd/1" },
	{ "stderr", "fd/2" }, { "ptmx", "pts/ptmx" },
};

static const char *const directories[] = { "pts", "shm" };

#define COUNT(array) (sizeof(array) / sizeof *(array))

static int
fill_devices(int dir)
{
	for (size_t i = 0; i < COUNT(nodes); i++)
		if (mknodat(dir, nodes[i].name, S_IFCHR | 0666,
		    makedev(nodes[i].major, nodes[i].minor)) != 0)
			return -1;
	for (size_t i = 0; i < COUNT(links); i++)
		if (symlinkat(links[i].target, dir, links[i].name) != 0)
			return -1;
	for (size_t i = 0; i < COUNT(directories); i++)
		if (mkdirat(dir, directories[i], 0755) != 0)
			return -1;
	return 0;
}

static int
make_read_only(int mount)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };

	return mount_setattr(mount, "", AT_EMPTY_PATH, &attr, sizeof attr);
}

/* A small tmpfs that is not attached anywhere yet. */
static int
make_tmpfs(unsigned attributes)
{
	static const struct mount_option options[] = {
		{ "size", "64k" }, { "nr_inodes", "32" }, { "mode", "0755" },
		{ NULL, NULL },
	};

	return mount_make("tmpfs", options, attributes);
}

/*
 * Entering a mount namespace, even one's own, makes its root that of the
 * process.  In a chroot nothing else gives the place where pivot_root(2) works.
 */
static int
leave_chroot(int ns)
{
	int own = openat(ns, "mnt", O_RDONLY | O_CLOEXEC);
	int rc;

	if (own < 0)
		return -1;
	rc = setns(own, CLONE_NEWNS);
	close_fd(&own);
	return rc;
}

/* Puts an empty file system in the place of the host's root. */
static int
leave_host(int root)
{
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
	    move_mount(root, "", AT_FDCWD, "/proc",
	    MOVE_MOUNT_F_EMPTY_PATH) != 0 ||
	    fchdir(root) != 0 || syscall(SYS_pivot_root, ".", ".") != 0 ||
	    umount2(".", MNT_DETACH) != 0)
		return -1;
	return chdir("/");
}

/* Makes the second namespace, with the devices, and stays in it. */
static int
add_devices(void)
{
	int dev, rc = -1;

	if (unshare(CLONE_NEWNS) != 0)
		return -1;
	dev = make_tmpfs(MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
	if (dev < 0)
		return -1;
	if (fill_devices(dev) == 0 && make_read_only(dev) == 0 &&
	    move_mount(dev, "", AT_FDCWD, "/dev",
	    MOVE_MOUNT_F_EMPTY_PATH) == 0)
		rc = 0;
	close_fd(&dev);
	return rc;
}

static int
make_both(struct seed *s, int ns, int root)
{
	if (mkdirat(root, "dev", 0555) != 0 || unshare(CLONE_NEWNS) != 0 ||
	    leave_chroot(ns) != 0 || leave_host(root) != 0 ||
	    make_read_only(root) != 0)
		return -1;
	s->plain = openat(ns, "mnt", O_RDONLY | O_CLOEXEC);
	if (s->plain < 0 || add_devices() != 0)
		return -1;
	s->devices = openat(ns, "mnt", O_RDONLY | O_CLOEXEC);
	s->in_devices = true;
	return s->devices < 0 ? -1 : 0;
}

int
seed_make(struct seed *s, struct error *err)
{
	mode_t mask = umask(0); /* programs inherit it */
	int ns, root, rc = -1;

	s->plain = s->devices = -1;
	ns = open("/proc/self/ns", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (ns < 0)
		return error_sys(err, errno, "/proc/self/ns");
	root = make_tmpfs(MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
	    MOUNT_ATTR_NOEXEC);
	if (root >= 0)
		rc = make_both(s, ns, root);
	if (rc != 0)
		error_sys(err, errno,
		    "making the empty mount namespace of jails%s",
		    errno == ENOSYS ? " (Linux 5.12 or later is needed)" : "");
	close_fd(&root);
	close_fd(&ns);
	umask(mask);
	return rc;
}

int
seed_enter(struct seed *s, bool devices, struct error *err)
{
	if (s->in_devices == devices)
		return 0;
	if (setns(devices ? s->devices : s->plain, CLONE_NEWNS) != 0)
		return error_sys(err, errno, "entering a mount namespace");
	s->in_devices = devices;
	return 0;
}

int
seed_return(struct seed *s)
{
	s->in_devices = false;
	return setns(s->plain, CLONE_NEWNS);
}
