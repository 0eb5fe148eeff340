/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A disk that forgets.  While it records, the calls below, which this header
 * puts in the place of the C library's, note what is done to some directories.
 * Any moment of that can then be made again as a loss of power might have left
 * it: what was forced to the disk is there, of the rest any part.
 *
 * A name is that of the directory, its number, and that in it: "0/key".
 */
#ifndef TEST_DISK_MODEL_H
#define TEST_DISK_MODEL_H

#include <sys/stat.h>
#include <sys/syscall.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DISK_STEPS 512
#define DISK_FILES 256
#define DISK_DIRS 3

enum disk_deed { DISK_LINK, DISK_RENAME, DISK_UNLINK, DISK_SYNC_DIR,
	DISK_WRITE, DISK_SYNC };

struct disk_step {
	enum disk_deed deed;
	int file;	 /* DISK_SYNC_DIR: which directory */
	char name[64], other[64];
	size_t len;	 /* of the file, after DISK_WRITE */
};

struct disk_file {
	char name[64];	/* at first, of those that were there before */
	char *data;
	size_t len, old; /* bytes that were there before */
	mode_t mode;
	int fd;		/* while it is open */
};

static struct disk {
	bool records;
	int dir[DISK_DIRS];
	size_t dirs;
	struct disk_step step[DISK_STEPS];
	size_t steps;
	struct disk_file file[DISK_FILES];
	size_t files, before; /* those that were there before come first */
} disk;

static struct disk_step *
disk_note(enum disk_deed deed, int file, const char *name)
{
	struct disk_step *s = &disk.step[disk.steps++];

	if (disk.steps == DISK_STEPS)
		abort();
	*s = (struct disk_step){ .deed = deed, .file = file };
	snprintf(s->name, sizeof s->name, "%.63s", name);
	return s;
}

static int
disk_add(const char *name, int fd)
{
	struct disk_file *f = &disk.file[disk.files++];

	if (disk.files == DISK_FILES)
		abort();
	*f = (struct disk_file){ .fd = fd, .mode = 0644 };
	snprintf(f->name, sizeof f->name, "%.63s", name);
	return (int)disk.files - 1;
}

/* The file that a name means now. */
static int
disk_find(const char *name)
{
	int found = -1;

	for (size_t i = 0; i < disk.before; i++)
		if (strcmp(disk.file[i].name, name) == 0)
			found = (int)i;
	for (size_t i = 0; i < disk.steps; i++) {
		const struct disk_step *s = &disk.step[i];

		if ((s->deed == DISK_LINK && strcmp(s->name, name) == 0) ||
		    (s->deed == DISK_RENAME && strcmp(s->other, name) == 0))
			found = s->file;
	}
	return found;
}

static int
disk_of(int fd)
{
	for (size_t i = disk.files; i-- > disk.before; )
		if (disk.file[i].fd == fd)
			return (int)i;
	return -1;
}

/* Which of the directories that is; -1: none. */
static int
disk_dir(const struct stat *st)
{
	struct stat own;

	for (size_t i = 0; i < disk.dirs; i++)
		if (fstat(disk.dir[i], &own) == 0 &&
		    own.st_dev == st->st_dev && own.st_ino == st->st_ino)
			return (int)i;
	return -1;
}

/* The model's name of a file; -1: it is in none of the directories. */
static int
disk_name(int dir, const char *path, char name[64])
{
	const char *slash = strrchr(path, '/');
	char parent[4096];
	struct stat st;
	int n, rc;

	if (!disk.records)
		return -1;
	snprintf(parent, sizeof parent, "%.*s", slash == NULL ? 0 :
	    (int)(slash - path), path);
	rc = slash != NULL ? stat(parent, &st) : fstat(dir, &st);
	n = rc == 0 ? disk_dir(&st) : -1;
	snprintf(name, 64, "%d/%.60s", n, slash != NULL ? slash + 1 : path);
	return n == -1 ? -1 : 0;
}

int
openat(int dir, const char *path, int flags, ...)
{
	char name[64];
	va_list ap;
	mode_t mode;
	int fd, i;

	va_start(ap, flags);
	mode = (flags & O_CREAT) != 0 ? va_arg(ap, mode_t) : 0;
	va_end(ap);
	fd = (int)syscall(SYS_openat, dir, path, flags, mode);
	if (fd != -1 && (flags & O_CREAT) != 0 &&
	    disk_name(dir, path, name) == 0) {
		i = disk_add(name, fd);
		disk.file[i].mode = mode;
		disk_note(DISK_LINK, i, name);
	}
	return fd;
}

ssize_t
write(int fd, const void *data, size_t len)
{
	ssize_t n = syscall(SYS_write, fd, data, len);
	int i = disk.records && n > 0 ? disk_of(fd) : -1;

	if (i != -1) {
		struct disk_file *f = &disk.file[i];

		f->data = realloc(f->data, f->len + (size_t)n);
		if (f->data == NULL)
			abort();
		memcpy(f->data + f->len, data, (size_t)n);
		f->len += (size_t)n;
		disk_note(DISK_WRITE, i, "")->len = f->len;
	}
	return n;
}

int
close(int fd)
{
	int i = disk.records ? disk_of(fd) : -1;

	if (i != -1)
		disk.file[i].fd = -1;
	return (int)syscall(SYS_close, fd);
}

/* The real disk is not asked: it is not what is tested. */
int
fsync(int fd)
{
	struct stat st;

	if (disk.records && fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
		if (disk_dir(&st) != -1)
			disk_note(DISK_SYNC_DIR, disk_dir(&st), "");
	} else if (disk.records && disk_of(fd) != -1) {
		disk_note(DISK_SYNC, disk_of(fd), "");
	}
	return 0;
}

int
renameat(int dir, const char *from, int other, const char *to)
{
	int rc = (int)syscall(SYS_renameat2, dir, from, other, to, 0);
	char name[64], next[64];

	if (rc == 0 && disk_name(dir, from, name) == 0 &&
	    disk_name(other, to, next) == 0) {
		struct disk_step *s = disk_note(DISK_RENAME, disk_find(name),
		    name);

		snprintf(s->other, sizeof s->other, "%s", next);
	}
	return rc;
}

int
rename(const char *from, const char *to)
{
	return renameat(AT_FDCWD, from, AT_FDCWD, to);
}

int
link(const char *from, const char *to)
{
	int rc = (int)syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0);
	char name[64], next[64];

	if (rc == 0 && disk_name(AT_FDCWD, from, name) == 0 &&
	    disk_name(AT_FDCWD, to, next) == 0)
		disk_note(DISK_LINK, disk_find(name), next);
	return rc;
}

int
unlinkat(int dir, const char *path, int flags)
{
	int rc = (int)syscall(SYS_unlinkat, dir, path, flags);
	char name[64];

	if (rc == 0 && disk_name(dir, path, name) == 0)
		disk_note(DISK_UNLINK, -1, name);
	return rc;
}

int
unlink(const char *path)
{
	return unlinkat(AT_FDCWD, path, 0);
}

static inline void
disk_take(int dir, const char *base)
{
	int fd = openat(disk.dir[dir], base, O_RDONLY | O_NONBLOCK);
	struct disk_file *f;
	char name[64];
	struct stat st;

	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
		snprintf(name, sizeof name, "%d/%.60s", dir, base);
		f = &disk.file[disk_add(name, -1)];
		f->mode = st.st_mode & 07777;
		f->data = malloc(65536);
		if (f->data == NULL)
			abort();
		f->len = f->old = (size_t)read(fd, f->data, 65536);
	}
	close(fd);
}

/* Begins to record; all that is in the directories is on the disk. */
static inline void
disk_record(const int *dirs, size_t count)
{
	memset(&disk, 0, sizeof disk);
	for (size_t i = 0; i < count; i++) {
		DIR *d = fdopendir(openat(dirs[i], ".",
		    O_RDONLY | O_DIRECTORY));
		struct dirent *e;

		disk.dir[i] = dirs[i];
		while (d != NULL && (e = readdir(d)) != NULL)
			if (e->d_name[0] != '.')
				disk_take((int)i, e->d_name);
		closedir(d);
	}
	disk.dirs = count;
	disk.before = disk.files;
	disk.records = true;
}

static inline void
disk_free(void)
{
	disk.records = false;
	for (size_t i = 0; i < disk.files; i++)
		free(disk.file[i].data);
	disk.files = 0;
}

/* xorshift64; 0 and 1 are the two sure cases: all lost, nothing lost. */
static inline bool
disk_lost(uint64_t *chance)
{
	if (*chance < 2)
		return *chance == 0;
	*chance ^= *chance << 13;
	*chance ^= *chance >> 7;
	*chance ^= *chance << 17;
	return (*chance >> 20 & 1) != 0;
}

/* How much of a file is there after a crash behind `steps` steps. */
static inline size_t
disk_length(int file, size_t steps, uint64_t *chance)
{
	size_t sure = disk.file[file].old, len = sure;

	for (size_t i = 0; i < steps; i++) {
		const struct disk_step *s = &disk.step[i];

		if (s->file == file && s->deed == DISK_WRITE)
			len = s->len;
		if (s->file == file && s->deed == DISK_SYNC)
			sure = len;
	}
	if (!disk_lost(chance))
		return len;
	return *chance < 2 ? sure : sure + *chance % (len - sure + 1);
}

static inline void
disk_make(const int *dirs, const char *name, const struct disk_file *f,
    size_t len)
{
	int fd = openat(dirs[name[0] - '0'], name + 2, O_WRONLY | O_CREAT |
	    O_TRUNC, 0600);

	if (fd == -1 || write(fd, f->data, len) != (ssize_t)len ||
	    fchmod(fd, f->mode) == -1)
		abort();
	close(fd);
}

/*
 * Makes in the directories, which are empty, what a crash behind that many steps
 * may have left: with `chance` 0 what was not forced to the disk is lost, with 1
 * nothing is (as by kill -9), else any part.
 */
static inline void
disk_crash(const int *dirs, size_t steps, uint64_t chance)
{
	struct { const char *name; int file; } entry[DISK_FILES * 2];
	size_t count = 0, sure[DISK_DIRS] = { 0 };

	for (size_t i = 0; i < disk.before; i++) {
		entry[count].name = disk.file[i].name;
		entry[count++].file = (int)i;
	}
	for (size_t i = 0; i < steps; i++)
		if (disk.step[i].deed == DISK_SYNC_DIR)
			sure[disk.step[i].file] = i + 1;
	for (size_t i = 0; i < steps; i++) {
		const struct disk_step *s = &disk.step[i];
		const char *gone = s->deed == DISK_LINK ? NULL : s->name;

		if (s->deed > DISK_UNLINK || (i >= sure[s->name[0] - '0'] &&
		    disk_lost(&chance)))
			continue;
		for (size_t k = 0; gone != NULL && k < count; k++)
			if (strcmp(entry[k].name, gone) == 0 ||
			    strcmp(entry[k].name, s->other) == 0)
				entry[k--] = entry[--count];
		if (s->deed != DISK_UNLINK) {
			entry[count].name = s->deed == DISK_LINK ? s->name :
			    s->other;
			entry[count++].file = s->file;
		}
	}
	for (size_t i = 0; i < count; i++)
		disk_make(dirs, entry[i].name, &disk.file[entry[i].file],
		    disk_length(entry[i].file, steps, &chance));
}

#endif
