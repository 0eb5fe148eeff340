/* SPDX-License-Identifier: BSD-2-Clause */
#include "tree.h"

#include "sys.h"

int
tree_clone(const char *path, bool whole, struct error *err)
{
	struct open_how how = {
		.flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
		.resolve = RESOLVE_NO_SYMLINKS,
	};
	struct mount_attr attr = {
		.attr_set = MOUNT_ATTR_NODEV,
		.propagation = MS_PRIVATE,
	};
	unsigned flags = AT_EMPTY_PATH | (whole ? AT_RECURSIVE : 0);
	int dir, tree;

	dir = (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how);
	if (dir < 0)
		return error_sys(err, errno, "path: %s", path);
	tree = open_tree(dir, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | flags);
	close_fd(&dir);
	if (tree < 0)
		return error_sys(err, errno, "path: cloning %s", path);
	if (mount_setattr(tree, "", flags, &attr, sizeof attr) == 0)
		return tree;
	error_sys(err, errno, "path: forbidding devices below %s", path);
	close_fd(&tree);
	return -1;
}
