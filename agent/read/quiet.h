/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading files that somebody may be writing (promise no-torn-reads).
 *
 * A file is used when nobody has it open for writing, and its stat(2) data are
 * the same before and after it was read.  A read lease tells about writers:
 * the kernel grants it only when there are none, and holds a new one back until
 * the text is read.  Where there are no leases, a file is used when it was
 * quiet for a second, or at once when it arrived by rename(2): an inode not
 * seen under this name before, whose data are older than the inode change that
 * the renaming left; a change of its mode in the middle of writing looks the same,
 * which nothing tells apart.  So it is on network file systems where a lease is
 * refused to all.  Since clocks can be set, and those of servers are not ours, the
 * second is counted from our first look.
 *
 * A script may write a file in steps, each of which opens and closes it: between
 * two of them nobody has it open.  What looks like that waits for a second of
 * quiet, too: a valid text that falls short of what was last good (steps_short), be
 * it in the file that was used or in one that was made anew; in the former also
 * what quiet_in_steps says.  A first step that says all that was said before cannot
 * be told from a whole file.
 */
#ifndef JA_QUIET_H
#define JA_QUIET_H

#include <sys/stat.h>
#include <sys/types.h>

#include <stdbool.h>
#include <time.h>

/* What tells one state of a file from another without reading it. */
struct file_id {
	dev_t dev;
	ino_t ino, link_ino; /* link_ino 0: no symbolic link */
	ino_t link_dir;	     /* the directory that the link leads into */
	off_t size;
	struct timespec mtime, ctime, link_ctime;
};

void id_set(struct file_id *id, const struct stat *st);
bool id_same(const struct file_id *a, const struct file_id *b);

/* Milliseconds since the last write or inode change, by the file's own times. */
long long id_age_ms(const struct file_id *id);

/*
 * Whether another write may leave the same times: a clock tick, or two seconds
 * where a file system keeps whole seconds.
 */
bool id_racy(const struct file_id *id);

/*
 * Whether the inode was changed after the last write, as by rename(2).  One that
 * was renamed within the same clock tick does not show it, and a change of its mode
 * looks the same; an event tells (watch_renamed).
 */
bool id_renamed(const struct file_id *id);

struct quiet {
	const struct file_id *id;
	ino_t before;	    /* what had the name at the last look; 0: nothing */
	long long since_ms; /* when `id` was first seen (monotonic_ms) */
	bool no_leases;	    /* as on a system without them */
	bool remote;	    /* as on a network file system */
};

/*
 * Whether nobody writes the open file; with *leased the caller must give the
 * lease back.
 */
bool quiet_is(int fd, const struct quiet *q, bool *leased);
void quiet_end(int fd, bool leased);

/* How long it is until it was for a second; 0: it was. */
long long quiet_left_ms(long long since_ms);

/*
 * Whether a file's text may be one of several steps: written into the file that
 * `old` was read from within a second of that (`since_ms`), or shorter than it, or
 * that with more behind it.
 */
struct content;
bool quiet_in_steps(const struct content *old, long long since_ms,
    const char *text, size_t len);

/* Reads exactly `len` bytes of which there must be no more: buf has len + 1. */
bool quiet_read(int fd, char *buf, size_t len);

long long monotonic_ms(void);

#endif
