/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How the commands of exec.* and `command` are run: jail(8)'s run_command
 * (jail-semantics 5.6) on top of the backend's spawn.
 */
#ifndef JA_HOOK_H
#define JA_HOOK_H

#include "kernel/jail.h"
#include "agent/read/vault.h"

struct hook {
	struct jail_kernel *kernel;
	const struct spec *spec;
	/* Its secrets, for commands that the spec says. */
	const struct vault *vault;
	const char *command;
	const char *const *argv; /* the words, if they are known; else NULL */
	bool in_jail;
	int jid; /* 0: the jail does not exist yet */
	int output; /* becomes standard output and error */
	/* jail_exec.started of a command that is waited for */
	int (*started)(void *arg, pid_t pid, struct error *err);
	void *arg;
};

/*
 * Starts the command; it is a child of the caller, in a session of its own.
 * *background: a trailing `&', it is not waited for.  Returns its pid, -1.
 */
pid_t hook_start(const struct hook *h, bool *background, struct error *err);

/*
 * The words of a command: split at white space, or given to /bin/sh when it holds
 * one of the shell's characters.  Allocated as one block, NULL-terminated.
 */
char **hook_words(const char *command, bool *background);

/*
 * Its environment: the caller's own, or with exec.clean only TERM and a fixed
 * PATH; with that or a user, USER, HOME and SHELL, empty for jail_exec.login to
 * fill; agent.environment; on the host JID, JNAME and JPATH.  Allocated.
 */
char **hook_environment(const struct hook *h, char *const *inherited);
void hook_environment_free(char **env);

/*
 * Why a command failed, by wait(2)'s status and the last line of its output:
 * "exit status 1: no such file"; returns buf.
 */
const char *hook_why(int status, bool timed_out, const char *tail, char *buf,
    size_t size);

#endif
