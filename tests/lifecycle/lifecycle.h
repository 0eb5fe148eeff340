/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Replays what jail(8) was recorded to do (tests/vectors/lifecycle.jsonl, see
 * FORMAT-jail8.md there) with jailagent on Linux.
 *
 *	sudo sh tests/lifecycle/run.sh [-v] [-x FILE] [TOPIC|ID|PATTERN...]
 *
 * prints a line for each record that differs, with the field, what was wanted
 * and what was got, and last "N passed, N failed, N skipped"; -v names all.
 * A word is a topic ("env"), or a pattern on ids ("env-0[34]", "mount-*").
 *
 * run.sh makes a small world: mount, network, process and IPC namespaces of
 * its own, in which the host has the users of the recordings, and a /bin that
 * also has jail, jls, jexec, mkroot, ifconfig and note (tools/).  These are
 * what a record's commands call: `jail -f CONF -cm NAME' imports the file
 * (import.c) and calls `jailagent apply -cm' for the jails that jail(8) would
 * choose.  Nothing of it is seen outside, and all of it ends with the
 * runner, which is process 1 there and refuses to be anything else.
 *
 * Compared are, after every step: exit (the status), stdout (unless the step
 * calls jail), log (what the hooks noted), jails.KEY (each key of the living
 * jails), mounts and addrs of the host.  FORMAT-jail8.md tells what they are.
 * A log that is as recorded, but goes on with exec.poststop or exec.release
 * (docs/DESIGN.md: a creation that fails), differs in log.undo only, one that
 * goes on with anything else in log.more only, and one in
 * which the same commands ran in the same order, but saw something else, in
 * log.KEY for what they saw (log.mnt, log.JID).  Where jails ran at once
 * ("unordered"), the order is that of each jail, and of the jails that are up
 * only the one that a command is for counts.
 *
 * What differs on purpose or has no counterpart stands in differences.txt,
 * one line each: PATTERN[,PATTERN...] FIELD[,FIELD...] REASON.  PATTERN is a
 * shell pattern on ID/STEP (steps count from 1), FIELD one of the above, jails.*
 * for all keys, or `all': such records are not replayed.  A record that a line
 * speaks of, and in which a field of it does not differ in any step, fails: the
 * list is exact.  `without:PARAM' (the pattern is on ID then) is no field: the
 * record is replayed, but its files lose that parameter, which has nothing to
 * do with what the record is about.
 */
#ifndef JA_LIFECYCLE_H
#define JA_LIFECYCLE_H

#include <jansson.h>

#include <stdbool.h>
#include <stddef.h>

/* Paths of the world, as run.sh makes it. */
struct world {
	char *dir;     /* everything is below it */
	char *scratch; /* @ of the recordings */
	char *log;
};

struct difference {
	char *pattern, *reason;
	char *field[8];
	bool used[8]; /* in the record at hand */
};

struct replay {
	struct world world;
	struct difference *difference;
	size_t differences;
	bool verbose;
	unsigned passed, failed, skipped;
	/* Of the record at hand. */
	const char *id;
	size_t step;
	json_t *jids; /* "$web" -> the number that it stands for */
	char *listed; /* the jails, as compare_quietly saw them last */
	bool unordered, wrong;
};

/* import.c: jail.conf(5) to YAML in a directory; `up' names a file. */
int import_conf(const char *letters, const char *up, const char *file,
    const char *dir, char **names);

/* differences.c */
int differences_read(struct replay *r, const char *path);
const struct difference *differences_whole(struct replay *r);
/* Takes the parameters out of a file's text that the record is to lack. */
void differences_without(struct replay *r, char *text);
/* `use': the line is needed, which differences_stale asks for later. */
bool difference_known(struct replay *r, const char *field, bool use);
/* Tells of lines that speak of the record and are not needed by it. */
bool differences_stale(struct replay *r, size_t steps);
void differences_free(struct replay *r);

/* world.c */
int world_open(struct world *w, const char *dir);
void world_close(struct world *w);
int world_reset(const struct world *w);
int world_write(const struct world *w, const char *name, const char *text);
/* With "@/" as the scratch directory; allocated. */
char *world_expand(const struct world *w, const char *text);
/* With the scratch directory as "@"; allocated. */
char *world_fold(const struct world *w, const char *text);
/* Runs sh -c there; returns its status, -1 if it had to be killed. */
int world_run(const struct world *w, const char *command);
/* What a file of the world holds from an offset on; allocated. */
char *world_read(const struct world *w, const char *name, long from);
/* The program names of a jail's processes, sorted. */
json_t *world_procs(const struct world *w, const char *jail);

/* compare.c: whether the state after a step is as recorded; says nothing. */
bool compare_quietly(struct replay *r, const json_t *step, int status,
    const char *log);
/* Tells of the differences in what compare_quietly saw last. */
void compare_step(struct replay *r, const json_t *step, int status,
    const char *log);

/* record.c */
void record_run(struct replay *r, const json_t *record);

#endif
