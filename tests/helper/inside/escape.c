/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tries to get out of a jail, from inside and as its root:
 *
 *	escape WAY MARK [DIR]
 *
 * MARK is the absolute path of a file that exists on the host outside of the
 * jail's root.  Prints what was tried and exits 0 when the mark was out of
 * reach, 1 when it was found.  Static: it runs in a root without libraries.
 */
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/time.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int tried;

/* Whether the host's mark can be seen below a directory. */
static int
seen_from(int dir, const char *mark, const char *how)
{
	struct stat st;

	tried++;
	while (*mark == '/')
		mark++;
	if (fstatat(dir, mark, &st, 0) != 0)
		return 0;
	printf("reached the host by %s\n", how);
	return 1;
}

/* Upwards from a directory, which is entered. */
static int
upwards(int dir, const char *mark, const char *how)
{
	if (fchdir(dir) != 0)
		return 0;
	for (int i = 0; i < 64; i++) {
		if (seen_from(AT_FDCWD, mark, how))
			return 1;
		if (chdir("..") != 0)
			return 0;
	}
	return 0;
}

static int
way_dotdot(const char *mark)
{
	int fd = open("/", O_RDONLY | O_DIRECTORY);

	return fd != -1 && upwards(fd, mark, "..");
}

/* What is open already, whoever opened it. */
static int
way_descriptor(const char *mark)
{
	struct stat st;
	int found = 0;

	for (int fd = 0; fd < 4096; fd++) {
		if (fstat(fd, &st) != 0)
			continue;
		if (fd > 2)
			printf("descriptor %d is open\n", fd);
		if (S_ISDIR(st.st_mode))
			found |= seen_from(fd, mark, "an open descriptor") ||
			    upwards(fd, mark, ".. from an open descriptor");
	}
	tried++;
	return found;
}

/* root, cwd and descriptors of every process that can be seen. */
static int
way_proc(const char *mark)
{
	static const char *const links[] = { "root", "cwd" };
	DIR *proc = opendir("/proc");
	struct dirent *e;
	char path[300];
	int found = 0, fd;

	if (proc == NULL) {
		printf("no /proc: %s\n", strerror(errno));
		return 2;
	}
	while ((e = readdir(proc)) != NULL) {
		if (e->d_name[0] < '0' || e->d_name[0] > '9')
			continue;
		for (size_t i = 0; i < 2; i++) {
			snprintf(path, sizeof path, "/proc/%s/%s", e->d_name,
			    links[i]);
			fd = open(path, O_RDONLY | O_DIRECTORY);
			found |= fd != -1 && (seen_from(fd, mark, path) ||
			    upwards(fd, mark, path));
			tried++;
		}
		for (int n = 0; n < 64; n++) {
			snprintf(path, sizeof path, "/proc/%s/fd/%d",
			    e->d_name, n);
			fd = open(path, O_RDONLY | O_DIRECTORY);
			found |= fd != -1 && (seen_from(fd, mark, path) ||
			    upwards(fd, mark, path));
		}
	}
	closedir(proc);
	return found;
}

/* A directory kept open outside of a second root. */
static int
way_chroot(const char *mark)
{
	int fd = open("/", O_RDONLY | O_DIRECTORY);

	mkdir("/tmp/second", 0755);
	if (chroot("/tmp/second") != 0) {
		printf("chroot: %s\n", strerror(errno));
		tried++;
		return 0;
	}
	if (fchdir(fd) != 0)
		return 0;
	for (int i = 0; i < 64 && chdir("..") == 0; i++)
		continue;
	if (chroot(".") != 0)
		printf("chroot .: %s\n", strerror(errno));
	return seen_from(AT_FDCWD, mark, "a second chroot") ||
	    upwards(fd, mark, ".. after a second chroot");
}

/* Whatever is mounted where the jail's root is in the file system. */
static int
way_umount(const char *mark)
{
	int fd = open("/", O_RDONLY | O_DIRECTORY);

	if (umount2("/", MNT_DETACH) == 0)
		printf("/ could be unmounted\n");
	if (syscall(SYS_pivot_root, ".", ".") == 0)
		printf("pivot_root was allowed\n");
	if (mount("/", "/tmp", NULL, MS_BIND, NULL) == 0)
		printf("/ could be bound\n");
	return seen_from(AT_FDCWD, mark, "a mount") ||
	    upwards(fd, mark, "a mount");
}

struct handle {
	struct file_handle head;
	unsigned char bytes[128];
};

/* Handles do not care about roots: inode 2 is the host's root on ext4. */
static int
way_handle(const char *mark)
{
	static const unsigned char root[8] = { 2, 0, 0, 0, 0, 0, 0, 0 };
	struct handle h;
	int fd = open("/", O_RDONLY | O_DIRECTORY), dir, id;

	memset(&h, 0, sizeof h);
	h.head.handle_bytes = sizeof root;
	h.head.handle_type = 1;
	memcpy(h.head.f_handle, root, sizeof root);
	dir = open_by_handle_at(fd, &h.head, O_RDONLY | O_DIRECTORY);
	if (dir != -1)
		return seen_from(dir, mark, "a file handle");
	printf("open_by_handle_at: %s\n", strerror(errno));
	h.head.handle_bytes = sizeof h.bytes;
	if (name_to_handle_at(fd, "", &h.head, &id, AT_EMPTY_PATH) != 0)
		printf("name_to_handle_at: %s\n", strerror(errno));
	dir = open_by_handle_at(fd, &h.head, O_RDONLY | O_DIRECTORY);
	if (dir != -1)
		printf("reached / by a file handle\n");
	tried++;
	return dir != -1;
}

/* New namespaces of users would give all capabilities. */
static int
way_namespace(const char *mark)
{
	int fd = open("/", O_RDONLY | O_DIRECTORY);

	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0) {
		printf("a user namespace could be made\n");
		if (mount("proc", "/tmp", "proc", 0, NULL) == 0)
			printf("and proc mounted in it\n");
		umount2("/", MNT_DETACH);
	} else {
		printf("unshare: %s\n", strerror(errno));
	}
	if (unshare(CLONE_NEWNS) == 0)
		umount2("/", MNT_DETACH);
	return seen_from(AT_FDCWD, mark, "a namespace") ||
	    upwards(fd, mark, "a namespace");
}

/* The disks of the host, by device nodes of our own. */
static int
way_device(const char *mark)
{
	static const int major_of[] = { 1, 8, 253, 254, 259 };
	int found = 0;

	(void)mark;
	for (size_t i = 0; i < sizeof major_of / sizeof *major_of; i++) {
		mode_t kind = major_of[i] == 1 ? S_IFCHR : S_IFBLK;

		tried++;
		unlink("/tmp/node");
		if (mknod("/tmp/node", kind | 0600,
		    makedev((unsigned)major_of[i], 1)) == 0) {
			printf("a node of device %d:1 could be made\n",
			    major_of[i]);
			found |= open("/tmp/node", O_RDONLY) != -1;
		}
	}
	unlink("/tmp/node");
	return found;
}

/* What would change the host as a whole; each must be refused. */
static int
way_rights(const char *mark)
{
	struct timeval now;
	int found = 0, refused = 0;

	(void)mark;
	gettimeofday(&now, NULL);
#define REFUSED(call)                                                  \
	do {                                                           \
		tried++;                                               \
		errno = 0;                                             \
		if ((call) != -1) {                                    \
			printf("allowed: %s\n", #call);                \
			found = 1;                                     \
		} else if (errno == EPERM || errno == ENOSYS ||        \
		    errno == EACCES) {                                 \
			refused++;                                     \
		} else {                                               \
			printf("%s: %s\n", #call, strerror(errno));    \
			found = 1;                                     \
		}                                                      \
	} while (0)
	REFUSED(settimeofday(&now, NULL));
	REFUSED(syscall(SYS_init_module, "", 0L, ""));
	REFUSED(mount("none", "/tmp", "tmpfs", 0, NULL));
	REFUSED(syscall(SYS_bpf, 0L, &now, sizeof now));
	REFUSED(syscall(SYS_kexec_load, 0L, 0L, NULL, 0L));
	REFUSED(syscall(SYS_reboot, 0xfee1deadL, 672274793L, 0L, NULL));
	REFUSED(swapon("/tmp/none", 0));
	REFUSED(setns(open("/proc/1/ns/mnt", O_RDONLY), 0));
	REFUSED(ptrace(PTRACE_ATTACH, 1, NULL, NULL));
#undef REFUSED
	printf("%d refused\n", refused);
	return found;
}

static const struct {
	const char *name;
	int (*go)(const char *mark);
} ways[] = {
	{ "dotdot", way_dotdot },
	{ "descriptor", way_descriptor },
	{ "proc", way_proc },
	{ "chroot", way_chroot },
	{ "umount", way_umount },
	{ "handle", way_handle },
	{ "namespace", way_namespace },
	{ "device", way_device },
	{ "rights", way_rights },
};

int
main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (size_t i = 0; argc == 3 && i < sizeof ways / sizeof *ways; i++) {
		int found;

		if (strcmp(argv[1], ways[i].name) != 0)
			continue;
		found = ways[i].go(argv[2]);
		printf("%d tries\n", tried);
		return tried == 0 ? 3 : found;
	}
	fprintf(stderr, "usage: escape WAY MARK\n");
	return 64;
}
