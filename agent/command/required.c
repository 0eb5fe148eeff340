/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/command/required.h"

#include <sys/stat.h>

#include <errno.h>

int
required_take(struct required *r, const struct command *c, const char *text)
{
	struct error err;

	if (r->keys == REQUIRED_MAX)
		return usage_error(c, "--require-signed: more than %d keys",
		    REQUIRED_MAX);
	if (minisign_public_read(text, &r->key[r->keys], &err) == 0) {
		r->keys++;
		return EXIT_OK;
	}
	complain("--require-signed: %s", err.text);
	return EXIT_FAILED;
}

int
required_check(const struct required *r, const struct context *ctx,
    struct error *err)
{
	struct stat st;

	if (r->keys > 0 || lstat(ctx->paths.accepted, &st) != 0)
		return 0;
	return error_set(err, EPERM, "signed specs were accepted with this "
	    "state directory, so unsigned ones do not count: name the keys "
	    "with --require-signed, or remove %s to take unsigned ones again",
	    ctx->paths.accepted);
}
