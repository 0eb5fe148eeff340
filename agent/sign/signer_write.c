/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/sign/signer_write.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/base/file.h"
#include "agent/sign/head.h"
#include "agent/sign/snapshot.h"
#include "agent/sign/statement.h"

#define TEMPORARY_PREFIX ".new-"

int
signer_open(const char *dir, const char *head, struct error *err)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct head known;

	if (fd != -1)
		return fd;
	if (errno != ENOENT)
		return error_sys(err, errno, "%s", dir);
	head_read(head, &known);
	if (known.sequence > 0)
		return error_set(err, ENOENT, "%s: is gone, with what was "
		    "written since the host booted: bring it back, or remove "
		    "%s to begin anew", dir, head);
	if (mkdir(dir, 0755) == -1)
		return error_sys(err, errno, "directory %s cannot be made",
		    dir);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1 || fchmod(fd, 0755) == -1) {
		error_sys(err, errno, "%s", dir);
		if (fd != -1)
			close(fd);
		return -1;
	}
	return fd;
}

/* The three other names that a signed file has while it is written. */
struct names {
	const char *name;
	char signature[SNAPSHOT_NAME_MAX + 8];
	char new_name[SNAPSHOT_NAME_MAX + 8];
	char new_signature[SNAPSHOT_NAME_MAX + 16];
};

static void
make_names(const char *name, struct names *n)
{
	n->name = name;
	snprintf(n->signature, sizeof n->signature, "%.31s" MINISIGN_SUFFIX,
	    name);
	snprintf(n->new_name, sizeof n->new_name, TEMPORARY_PREFIX "%.31s",
	    name);
	snprintf(n->new_signature, sizeof n->new_signature,
	    TEMPORARY_PREFIX "%s", n->signature);
}

static int
rename_sync(int dir, const char *from, const char *to, struct error *err)
{
	if (renameat(dir, from, dir, to) == -1)
		return error_sys(err, errno, "%s: cannot be renamed to %s",
		    from, to);
	return file_sync_dir(dir, to, err);
}

/*
 * The signature gets its name, for good, before the file does: one that is
 * there is signed at every moment.
 */
static int
write_both(int dir, const struct names *n, const char *json, size_t len,
    const char *signature, struct error *err)
{
	struct stat st;

	if (fstatat(dir, n->name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return error_set(err, EEXIST, "%s: is there already; nothing "
		    "that was signed is ever replaced", n->name);
	if (file_create(dir, n->new_name, 0644, json, len, err) == -1 ||
	    file_create(dir, n->new_signature, 0644, signature,
	    strlen(signature), err) == -1 ||
	    rename_sync(dir, n->new_signature, n->signature, err) == -1)
		return -1;
	return rename_sync(dir, n->new_name, n->name, err);
}

int
signer_write(int dir, const char *name, const char *json, size_t len,
    const char *signature, struct error *err)
{
	struct names n;

	make_names(name, &n);
	if (write_both(dir, &n, json, len, signature, err) == 0)
		return 0;
	(void)unlinkat(dir, n.new_name, 0);
	(void)unlinkat(dir, n.new_signature, 0);
	return -1;
}

int
signer_clean(int dir, uint64_t newest, struct error *err)
{
	const size_t prefix = sizeof TEMPORARY_PREFIX - 1;
	char name[SNAPSHOT_NAME_MAX], by_new[SNAPSHOT_NAME_MAX + 8];
	uint64_t changes;
	struct names next;
	DIR *d = file_list(dir, "the snapshots", err);
	struct dirent *e;

	if (d == NULL)
		return -1;
	while ((e = readdir(d)) != NULL)
		if (strncmp(e->d_name, TEMPORARY_PREFIX, prefix) == 0)
			(void)unlinkat(dir, e->d_name, 0);
	closedir(d);
	make_names(snapshot_name(newest + 1, name), &next);
	(void)unlinkat(dir, next.signature, 0);
	if (statement_newest(dir, STATEMENT_KEY, &changes, err) == -1)
		return -1;
	make_names(statement_name(STATEMENT_KEY, changes + 1, name), &next);
	snprintf(by_new, sizeof by_new, "%s" STATEMENT_BY_NEW, name);
	(void)unlinkat(dir, next.signature, 0);
	(void)unlinkat(dir, by_new, 0);
	return 0;
}

char *
signer_sign(const struct minisign_secret *secret, const char *json, size_t len,
    struct error *err)
{
	char *comment, *signature;

	if ((comment = snapshot_comment(json, len, err)) == NULL)
		return NULL;
	signature = minisign_sign(secret, json, len, comment, err);
	free(comment);
	return signature;
}
