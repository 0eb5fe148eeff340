/* SPDX-License-Identifier: BSD-2-Clause */
/* What the subcommands of `jailagent snapshot` share. */
#ifndef JA_CMD_SNAPSHOT_H
#define JA_CMD_SNAPSHOT_H

#include "agent/command/command.h"
#include "agent/sign/keychain.h"
#include "agent/sign/snapshot.h"

/* The command line behind the subcommand, read. */
struct snapshot_args {
	const struct context *ctx;
	const char *pub; /* file or base64 line */
	const char *dir; /* where numbers are looked up */
	const char *host, *seen; /* for verify, or NULL */
	bool json, params;
	int argc; /* operands */
	char **argv;
};

/* Each returns the exit status. */
int snapshot_command_show(const struct snapshot_args *a);
int snapshot_command_list(const struct snapshot_args *a);
int snapshot_command_verify(const struct snapshot_args *a);
int snapshot_command_diff(const struct snapshot_args *a);

/*
 * Loads what an operand names and verifies it: a number, a file, or (NULL) the
 * newest one; `back` counts from there.  Complains and returns -1 when it is
 * not good.
 */
int snapshot_argument(const struct snapshot_args *a, const char *operand,
    size_t back, struct snapshot *s);

/* The keys of a directory, by --pub; a chain that is broken is an error. */
int snapshot_keys(const struct snapshot_args *a, int dir,
    struct keychain *keys, struct error *err);

/* "2026-01-31 23:59:59 UTC" */
#define SNAPSHOT_TIME_MAX 48
char *snapshot_time(int64_t taken, char buf[SNAPSHOT_TIME_MAX]);

#endif
