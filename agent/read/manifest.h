/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * MANIFEST: a file in a directory of specs that lists the SHA-256 of each, as
 * sha256sum(1) writes it ("HEX  NAME" a line).  With it the files are a set
 * that counts as a whole or not at all: exactly those that are listed, each
 * with the text that is listed.  It is in the watched directory itself, and lists
 * those in directories below it as "HEX  a/b.yaml".
 */
#ifndef JA_MANIFEST_H
#define JA_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>

#include "kernel/error.h"

#define MANIFEST_NAME "MANIFEST"
#define MANIFEST_DIGEST 32
#define MANIFEST_MAX ((size_t)64 * 1024 * 1024) /* bytes of the file */

struct manifest {
	struct manifest_entry {
		char *name;
		unsigned char sha256[MANIFEST_DIGEST];
	} *entry; /* sorted by name */
	size_t count;
};

/* Returns 0, 1 when there is none, -1 with err (without the file's name). */
int manifest_read(int dirfd, struct manifest *m, struct error *err);
int manifest_parse(const char *text, size_t len, struct manifest *m,
    struct error *err);
/* The entry of a file, NULL when it is not listed. */
const struct manifest_entry *manifest_find(const struct manifest *m,
    const char *name);
void manifest_free(struct manifest *m);

void manifest_digest(const char *text, size_t len,
    unsigned char sha256[MANIFEST_DIGEST]);

/*
 * Reads the files of a directory, and of those below it if they count, beside
 * its MANIFEST: 0, 1 when there is none, -1 with the reason.
 */
int manifest_check(int dirfd, bool below, struct error *err);

#endif
