/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the output of hooks goes: exec.consolelog for commands in the jail when
 * the spec names one, else a file of the jail's own in the run directory.
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
 * A pipe for the output of one command.  `log` is exec.consolelog of a jail at
 * `root`, or NULL.  Returns the end to write to; *id is for console_close.
 */
int console_open(struct console *c, const char *dir, const char *name,
    const char *root, const char *log, uint64_t *id, struct error *err);

/*
 * The command has ended, or is not waited for.  `tail`, unless NULL, gets the
 * last line that it wrote, or "".
 */
void console_close(struct console *c, uint64_t id, char *tail, size_t size);

/* The agent ends: the copier does so after the last writer. */
void console_stop(struct console *c);

/*
 * Opens a log of a jail for appending, as exec.consolelog names it: absolute,
 * without "..", a regular file; no symbolic link is followed from the jail's
 * root on.
 */
int console_log(const char *path, const char *root, struct error *err);

/* Removes the own file of a jail that is gone. */
void console_remove(const char *dir, const char *name);

#endif
