/* SPDX-License-Identifier: BSD-2-Clause */
#include "tree.h"

#include <sys/vfs.h>

#include <linux/magic.h>

#include "sys.h"

/* Those that Debian 12's headers lack. */
#define CONFIGFS_FS_MAGIC 0x62656570
#define FUSECTL_FS_MAGIC 0x65735543
#define MQUEUE_FS_MAGIC 0x19800202

/* What a kernel file system gives is the host's, whoever asks. */
static const unsigned long kernel_magics[] = {
	AUTOFS_SUPER_MAGIC, BINDERFS_SUPER_MAGIC, BINFMTFS_MAGIC,
	BPF_FS_MAGIC, CGROUP_SUPER_MAGIC, CGROUP2_SUPER_MAGIC,
	CONFIGFS_FS_MAGIC, DEBUGFS_MAGIC, DEVPTS_SUPER_MAGIC, EFIVARFS_MAGIC,
	FUSECTL_FS_MAGIC, MQUEUE_FS_MAGIC, NSFS_MAGIC, PROC_SUPER_MAGIC,
	PSTOREFS_MAGIC, RDTGROUP_SUPER_MAGIC, SECURITYFS_MAGIC, SELINUX_MAGIC,
	SMACK_MAGIC, SYSFS_MAGIC, TRACEFS_MAGIC,
};

static int
open_source(const char *what, const char *path, uint64_t flags,
    struct error *err)
{
	struct open_how how = {
		.flags = O_PATH | O_CLOEXEC | flags,
		.resolve = RESOLVE_NO_SYMLINKS,
	};
	int fd = (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how);

	return fd < 0 ? error_sys(err, errno, "%s: %s", what, path) : fd;
}

/* Takes over `fd`. */
static int
clone_of(int fd, const char *what, const char *path, unsigned flags,
    struct error *err)
{
	struct mount_attr attr = {
		.attr_set = MOUNT_ATTR_NODEV,
		.propagation = MS_PRIVATE,
	};
	int tree;

	flags |= AT_EMPTY_PATH;
	tree = open_tree(fd, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | flags);
	close_fd(&fd);
	if (tree < 0)
		return error_sys(err, errno, "%s: cloning %s", what, path);
	if (mount_setattr(tree, "", flags, &attr, sizeof attr) == 0)
		return tree;
	error_sys(err, errno, "%s: forbidding devices below %s", what, path);
	close_fd(&tree);
	return -1;
}

int
tree_clone(const char *path, bool whole, struct error *err)
{
	int fd = open_source("path", path, O_DIRECTORY, err);

	return fd < 0 ? -1 : clone_of(fd, "path", path,
	    whole ? AT_RECURSIVE : 0, err);
}

static bool
is_kernel_file_system(int fd)
{
	struct statfs fs;

	if (fstatfs(fd, &fs) != 0)
		return true;
	for (size_t i = 0; i < sizeof kernel_magics / sizeof *kernel_magics;
	    i++)
		if ((unsigned long)fs.f_type == kernel_magics[i])
			return true;
	return false;
}

int
tree_clone_part(const char *path, struct error *err)
{
	int fd = open_source("mount", path, 0, err);

	if (fd < 0)
		return -1;
	if (is_kernel_file_system(fd)) {
		close_fd(&fd);
		return error_set(err, EPERM, "mount: %s: a kernel file system "
		    "of the host would show the host inside", path);
	}
	return clone_of(fd, "mount", path, 0, err);
}
