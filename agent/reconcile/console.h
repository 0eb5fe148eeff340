/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the output of hooks goes: a file of the jail's own in the run directory,
 * whose end `status NAME` shows, and that of commands in the jail also to
 * exec.consolelog, when the spec names one.
 *
 * A command writes to a pipe of its own, never to the file: a program in a jail
 * could change the mode of a file of the host, cut it, or read what others
 * wrote.  A helper process copies; it is started for the first hook and lives
 * until the agent and all writers have ended, so that what a hook started goes
 * on without SIGPIPE.
 */
#ifndef JA_CONSOLE_H
#define JA_CONSOLE_H

#include <sys/types.h>

#include <stddef.h>
#include <stdint.h>

#include "kernel/error.h"

#define CONSOLE_MAX (1024 * 1024) /* our own files are cut at this size */

/* All zero: not started. */
struct console {
	pid_t pid; /* of the copier; 0: none */
	int sock;
	uint64_t newest;
};

/*
 * A pipe for the output of one command.  `log` is the canonical path of
 * exec.consolelog, or NULL.  Returns the end to write to; *id is for
 * console_close.
 */
int console_open(struct console *c, const char *dir, const char *name,
    const char *log, uint64_t *id, struct error *err);

/* Adds a line to the own file of a jail. */
void console_say(const char *dir, const char *name, const char *text);

/*
 * The command has ended, or is not waited for.  `tail`, unless NULL, gets the
 * last line that it wrote, or "".
 */
void console_close(struct console *c, uint64_t id, char *tail, size_t size);

/* The agent ends: the copier does so after the last writer. */
void console_stop(struct console *c);

/*
 * Opens a log of a jail for appending: absolute, without "..", a regular file.
 * No symbolic link is followed: one that was not there when the path was made
 * canonical may have been put there by a jail's processes.
 */
int console_log(const char *path, struct error *err);

/*
 * The last lines of the own file of a jail, without the newline at the end;
 * allocated, "" if there are none, NULL without memory.
 */
#define CONSOLE_LINES 20
char *console_last(const char *dir, const char *name);

/* Removes the own file of a jail that is gone. */
void console_remove(const char *dir, const char *name);

#endif
