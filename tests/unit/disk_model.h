/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A disk that forgets.  While it records, the calls below, which this header
 * puts in the place of the C library's, note what is done to one directory.
 * Any moment of that can then be made again as a loss of power might have left
 * it: what was forced to the disk is there, of the rest any part.
 */
#ifndef TEST_DISK_MODEL_H
#define TEST_DISK_MODEL_H

#include <sys/syscall.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DISK_STEPS 512
#define DISK_FILES 256

enum disk_deed { DISK_LINK, DISK_RENAME, DISK_UNLINK, DISK_SYNC_DIR,
	DISK_WRITE, DISK_SYNC };

struct disk_step {
	enum disk_deed deed;
	int file;	 /* DISK_LINK, DISK_RENAME, DISK_WRITE, DISK_SYNC */
	char name[64], other[64];
	size_t len;	 /* of the file, after DISK_WRITE */
};

struct disk_file {
	char name[64];	/* at first, of those that were there before */
	char *data;
	size_t len, old; /* bytes that were there before */
	int fd;		/* while it is open */
};

static struct disk {
	bool records;
	int dir;
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
	*f = (struct disk_file){ .fd = fd };
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

int
openat(int dir, const char *name, int flags, ...)
{
	va_list ap;
	mode_t mode;
	int fd;

	va_start(ap, flags);
	mode = (flags & O_CREAT) != 0 ? va_arg(ap, mode_t) : 0;
	va_end(ap);
	fd = (int)syscall(SYS_openat, dir, name, flags, mode);
	if (disk.records && fd != -1 && dir == disk.dir &&
	    (flags & O_CREAT) != 0)
		disk_note(DISK_LINK, disk_add(name, fd), name);
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
	if (disk.records && fd == disk.dir)
		disk_note(DISK_SYNC_DIR, -1, "");
	else if (disk.records && disk_of(fd) != -1)
		disk_note(DISK_SYNC, disk_of(fd), "");
	return 0;
}

int
renameat(int dir, const char *from, int other, const char *to)
{
	if (disk.records && dir == disk.dir) {
		struct disk_step *s = disk_note(DISK_RENAME, disk_find(from),
		    from);

		snprintf(s->other, sizeof s->other, "%.63s", to);
	}
	return (int)syscall(SYS_renameat2, dir, from, other, to, 0);
}

int
unlinkat(int dir, const char *name, int flags)
{
	int rc = (int)syscall(SYS_unlinkat, dir, name, flags);

	if (disk.records && rc == 0 && dir == disk.dir)
		disk_note(DISK_UNLINK, -1, name);
	return rc;
}

/* Begins to record; all that is in the directory is on the disk. */
static inline void
disk_record(int dir)
{
	DIR *d = fdopendir(openat(dir, ".", O_RDONLY | O_DIRECTORY));
	struct dirent *e;

	memset(&disk, 0, sizeof disk);
	disk.dir = dir;
	while (d != NULL && (e = readdir(d)) != NULL) {
		struct disk_file *f;
		int fd;

		if (e->d_name[0] == '.')
			continue;
		f = &disk.file[disk_add(e->d_name, -1)];
		fd = openat(dir, e->d_name, O_RDONLY);
		f->data = malloc(65536);
		f->len = f->old = (size_t)read(fd, f->data, 65536);
		close(fd);
	}
	closedir(d);
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

/*
 * Makes in `dir`, which is empty, what a crash behind that many steps may have
 * left: with *chance 0 what was not forced to the disk is lost, with 1 nothing
 * is (as by kill -9), else any part.
 */
static inline void
disk_crash(int dir, size_t steps, uint64_t chance)
{
	struct { const char *name; int file; } entry[DISK_FILES * 2];
	size_t count = 0, sure = 0;

	for (size_t i = 0; i < disk.before; i++) {
		entry[count].name = disk.file[i].name;
		entry[count++].file = (int)i;
	}
	for (size_t i = 0; i < steps; i++)
		if (disk.step[i].deed == DISK_SYNC_DIR)
			sure = i + 1;
	for (size_t i = 0; i < steps; i++) {
		const struct disk_step *s = &disk.step[i];
		const char *gone = s->deed == DISK_LINK ? NULL : s->name;

		if (s->deed > DISK_UNLINK || (i >= sure && disk_lost(&chance)))
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
	for (size_t i = 0; i < count; i++) {
		const struct disk_file *f = &disk.file[entry[i].file];
		size_t len = disk_length(entry[i].file, steps, &chance);
		int fd = openat(dir, entry[i].name, O_WRONLY | O_CREAT |
		    O_TRUNC, 0644);

		if (fd == -1 || write(fd, f->data, len) != (ssize_t)len)
			abort();
		close(fd);
	}
}

#endif
