/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes specs as users and programs do, at random, as fast as it can:
 *
 *	writer DIR ROOT SECONDS SEED LOG
 *
 * Half of the jails are never given up: their files are changed, broken,
 * renamed, cut off, replaced by what is no file, and away for less than the
 * second that proves an absence.  The other half is given up for good, too.  A
 * few are written in steps, each of which opens and closes the file, also after
 * it was removed, and under another name: those have no other troubles, since the
 * first step of a file that was never seen whole is a whole one to everybody.
 * LOG says when each jail's file went away, and when one wanted it again
 * ("SECONDS NAME wanted|unwanted").  At the end all files are
 * valid, and no jail is in two of them.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "agent/base/clock.h"

#define JAILS 24
#define PATIENCE_MS 400 /* how long a file may be away that is not given up */
#define STEADY 6	/* every sixth jail is one that is written in steps */
#define SEEN_MS 2000	/* until its first text has been */

struct jail {
	char name[16];
	char file[32];	 /* its file's name now */
	unsigned version;
	bool there;	 /* the file is, with a valid spec */
	bool wanted;
	int64_t mend_at; /* ms; 0: nothing to be mended */
};

struct world {
	const char *dir, *root;
	FILE *log;
	uint64_t random;
	struct jail jail[JAILS];
	unsigned done;
	int64_t begun;
};

static unsigned
pick(struct world *w, unsigned n)
{
	w->random ^= w->random << 13;
	w->random ^= w->random >> 7;
	w->random ^= w->random << 17;
	return (unsigned)(w->random >> 33) % n;
}

static void
fail(const char *what)
{
	fprintf(stderr, "writer: %s: %s\n", what, strerror(errno));
	exit(1);
}

static const char *
path_of(const struct world *w, const char *name)
{
	static char path[4][512];
	static unsigned next;
	char *p = path[next++ % 4];

	snprintf(p, sizeof path[0], "%s/%s", w->dir, name);
	return p;
}

static void
note(struct world *w, struct jail *j, bool wanted)
{
	struct timespec now;

	if (j->wanted == wanted)
		return;
	j->wanted = wanted;
	clock_gettime(CLOCK_REALTIME, &now);
	fprintf(w->log, "%lld.%03ld %s %s\n", (long long)now.tv_sec,
	    now.tv_nsec / 1000000, j->name, wanted ? "wanted" : "unwanted");
	fflush(w->log);
}

static size_t
text_of(const struct world *w, struct jail *j, char *buf, size_t size)
{
	j->version++;
	return (size_t)snprintf(buf, size, "name: %s\npath: %s\n"
	    "persist: true\nhost.hostname: v%u\nchildren.max: %u\n", j->name,
	    w->root, j->version, j->version % 7);
}

/* In pieces, with pauses between them, or all at once. */
static void
write_file(struct world *w, const char *path, const char *text, size_t len,
    bool slowly)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	size_t at = 0;

	if (fd == -1)
		fail(path);
	while (at < len) {
		size_t n = slowly ? 1 + pick(w, (unsigned)(len - at)) :
		    len - at;

		if (write(fd, text + at, n) != (ssize_t)n)
			fail(path);
		at += n;
		if (slowly)
			usleep(1000 * pick(w, 15));
	}
	close(fd);
}

static void
clear(struct world *w, const struct jail *j)
{
	const char *path = path_of(w, j->file);

	if (unlink(path) != 0 && errno != ENOENT && rmdir(path) != 0)
		fail(path);
}

/* ------------------------------------------------- ways to a valid file */

static void
in_place(struct world *w, struct jail *j)
{
	char text[512];
	size_t len = text_of(w, j, text, sizeof text);

	write_file(w, path_of(w, j->file), text, len, pick(w, 3) == 0);
}

static void
by_rename(struct world *w, struct jail *j)
{
	char text[512];
	size_t len = text_of(w, j, text, sizeof text);
	const char *hidden = path_of(w, ".new.yaml.XyZ");

	write_file(w, hidden, text, len, false);
	if (rename(hidden, path_of(w, j->file)) != 0)
		fail(hidden);
}

static void
like_vim(struct world *w, struct jail *j)
{
	char backup[40];

	snprintf(backup, sizeof backup, "%s~", j->file);
	(void)rename(path_of(w, j->file), path_of(w, backup));
	in_place(w, j);
	(void)unlink(path_of(w, backup));
}

static void
made_anew(struct world *w, struct jail *j)
{
	(void)unlink(path_of(w, j->file));
	in_place(w, j);
}

/* The jail's file shall have another name from now on; its old one is in `old`. */
static void
name_anew(struct world *w, struct jail *j, char old[32])
{
	memcpy(old, j->file, sizeof j->file);
	snprintf(j->file, sizeof j->file, "%c%u-%s.yaml",
	    'a' + (int)pick(w, 26), pick(w, 10), j->name);
}

/*
 * A line or a few at a time; whoever reads between two has less than all.  The
 * file is removed before, or cut, or moved and cut, or made under another name.
 */
static void
in_steps(struct world *w, struct jail *j)
{
	char text[512], old[32];
	size_t len = text_of(w, j, text, sizeof text);
	unsigned how = pick(w, 4);
	const char *path, *at = text;

	if (how > 1)
		name_anew(w, j, old);
	path = path_of(w, j->file);
	if (how == 2 && rename(path_of(w, old), path) != 0)
		fail(old);
	if (how == 3)
		(void)unlink(path_of(w, old));
	else if (how == 0)
		(void)unlink(path);
	else if (truncate(path, 0) != 0)
		fail(path);
	while (at < text + len) {
		const char *end = at;
		FILE *f = fopen(path, "a");

		for (unsigned n = 1 + pick(w, 3); n > 0 && *end != '\0'; n--)
			end = strchr(end, '\n') + 1;
		if (f == NULL || fwrite(at, 1, (size_t)(end - at), f) !=
		    (size_t)(end - at) || fclose(f) != 0)
			fail(path);
		at = end;
		usleep(1000 * pick(w, 60));
	}
}

static void
by_link(struct world *w, struct jail *j)
{
	char text[512], to[40];
	size_t len = text_of(w, j, text, sizeof text);

	snprintf(to, sizeof to, ".%s.%u", j->name, j->version);
	write_file(w, path_of(w, to), text, len, false);
	(void)unlink(path_of(w, ".link"));
	if (symlink(to, path_of(w, ".link")) != 0 ||
	    rename(path_of(w, ".link"), path_of(w, j->file)) != 0)
		fail(j->file);
}

static void
other_name(struct world *w, struct jail *j)
{
	char old[32];

	name_anew(w, j, old);
	if (rename(path_of(w, old), path_of(w, j->file)) != 0)
		fail(old);
}

static void
other_times(struct world *w, struct jail *j)
{
	const struct timespec old[2] = { { 1000000000, 0 }, { 1000000000, 0 } };

	by_rename(w, j);
	(void)utimensat(AT_FDCWD, path_of(w, j->file), old, 0);
}

typedef void way_fn(struct world *w, struct jail *j);
static way_fn *const ways[] = { in_place, by_rename, like_vim, made_anew,
	by_link, other_name, other_times };
static way_fn *const steady_ways[] = { in_place, by_rename, like_vim,
	made_anew, in_steps, in_steps };

/* --------------------------------------------- what is mended afterwards */

static void
broken(struct world *w, struct jail *j)
{
	static const char *const texts[] = { "name: [", "", "nonsense: true\n",
		"name: x\nname: y\n", "\xff\xfe", "name: ${none}\n" };
	const char *text = texts[pick(w, sizeof texts / sizeof *texts)];

	write_file(w, path_of(w, j->file), text, strlen(text), false);
}

static void
cut_off(struct world *w, struct jail *j)
{
	char text[512];

	(void)text_of(w, j, text, sizeof text);
	/* At least the name is cut off, so that it is no other spec. */
	write_file(w, path_of(w, j->file), text, pick(w, 6), false);
}

static void
no_file(struct world *w, struct jail *j)
{
	const char *path = path_of(w, j->file);

	clear(w, j);
	switch (pick(w, 3)) {
	case 0:
		(void)mkdir(path, 0755);
		break;
	case 1:
		(void)mkfifo(path, 0644);
		break;
	default:
		(void)symlink("nowhere", path);
	}
}

static void
untrusted(struct world *w, struct jail *j)
{
	by_rename(w, j);
	(void)chmod(path_of(w, j->file), 0666);
}

static void
away(struct world *w, struct jail *j)
{
	note(w, j, false);
	clear(w, j);
}

static way_fn *const troubles[] = { broken, cut_off, no_file, untrusted, away };

static void
mend(struct world *w, struct jail *j)
{
	clear(w, j);
	by_rename(w, j);
	note(w, j, true);
	j->there = true;
	j->mend_at = 0;
}

static void
step(struct world *w)
{
	unsigned i = pick(w, JAILS);
	struct jail *j = &w->jail[i];
	int64_t now = clock_ms();

	for (unsigned k = 0; k < JAILS; k++)
		if (w->jail[k].mend_at != 0 && w->jail[k].mend_at <= now)
			mend(w, &w->jail[k]);
	if (j->mend_at != 0)
		return;
	w->done++;
	if (i % STEADY == 0) {
		way_fn *way = steady_ways[pick(w,
		    sizeof steady_ways / sizeof *steady_ways)];

		(now - w->begun < SEEN_MS ? by_rename : way)(w, j);
		return;
	}
	if (!j->there || pick(w, 8) == 0) {
		unsigned trouble = pick(w, 5);

		troubles[trouble](w, j);
		j->there = false;
		j->mend_at = now + 1 + pick(w, PATIENCE_MS);
		/* Every second jail may be given up for longer. */
		if (i % 2 == 1 && troubles[trouble] == away &&
		    pick(w, 3) == 0)
			j->mend_at = now + 500 + pick(w, 4000);
		return;
	}
	ways[pick(w, sizeof ways / sizeof *ways)](w, j);
}

int
main(int argc, char **argv)
{
	struct world w = { 0 };
	int64_t end;

	if (argc != 6) {
		fprintf(stderr, "usage: writer DIR ROOT SECONDS SEED LOG\n");
		return 64;
	}
	w.dir = argv[1];
	w.root = argv[2];
	w.random = strtoull(argv[4], NULL, 10) * 2654435761u + 88172645463325252u;
	w.log = fopen(argv[5], "w");
	if (w.log == NULL)
		fail(argv[5]);
	umask(022);
	for (unsigned i = 0; i < JAILS; i++) {
		struct jail *j = &w.jail[i];

		snprintf(j->name, sizeof j->name, "w%u", i);
		snprintf(j->file, sizeof j->file, "w%u.yaml", i);
		mend(&w, j);
	}
	w.begun = clock_ms();
	end = w.begun + 1000 * (int64_t)atoi(argv[3]);
	while (clock_ms() < end) {
		step(&w);
		if (pick(&w, 4) == 0)
			usleep(1000 * pick(&w, 20));
	}
	for (unsigned i = 0; i < JAILS; i++)
		if (!w.jail[i].there)
			mend(&w, &w.jail[i]);
	fclose(w.log);
	printf("%u writes\n", w.done);
	return 0;
}
