/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/reconcile/things.h"

#include <sys/socket.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/plan/aliases.h"
#include "agent/plan/mounts.h"
#include "kernel/compat.h"
#include "kernel/fstab.h"
#include "kernel/iface.h"
#include "kernel/mounted.h"

static const char *const kind_word[] = {
	[THING_ALIAS4] = "alias4",
	[THING_ALIAS6] = "alias6",
	[THING_MOUNT] = "mount",
};

char *
thing_name(enum thing kind, const char *text)
{
	size_t size = strlen(kind_word[kind]) + 1 + strlen(text) + 1;
	char *name = malloc(size);

	if (name != NULL)
		snprintf(name, size, "%s %s", kind_word[kind], text);
	return name;
}

const char *
thing_text(enum thing kind, const char *name)
{
	size_t len = strlen(kind_word[kind]);

	return strncmp(name, kind_word[kind], len) == 0 && name[len] == ' ' ?
	    name + len + 1 : NULL;
}

bool
alias_same(const char *a, const char *b)
{
	size_t len = strcspn(a, "/");

	return strncmp(a, b, len) == 0 && b[len] == '/';
}

bool
thing_same(const char *a, const char *b)
{
	return strncmp(a, "alias", 5) == 0 ? alias_same(a, b) :
	    strcmp(a, b) == 0;
}

/* ------------------------------------------------------------- aliases */

static int
family_of(enum thing kind)
{
	return kind == THING_ALIAS4 ? AF_INET : AF_INET6;
}

static int
read_alias(enum thing kind, const char *text, struct iface_alias *a,
    struct error *err)
{
	return iface_parse(family_of(kind), text, NULL, a, err) > 0 ? 0 :
	    error_wrap(err, "journal");
}

/* -------------------------------------------------------------- mounts */

/* What `mount.devfs` and the like mean in lines of fstab(5), by mount(8). */
static int
add_standard(const struct observer *o, struct jail_roots *roots,
    const struct spec *s, const char *path, struct text_list *out,
    struct error *err)
{
	static const struct {
		const char *param, *place, *type;
	} standard[] = {
		{ "mount.devfs", "/dev", "devfs" },
		{ "mount.fdescfs", "/dev/fd", "fdescfs" },
		{ "mount.procfs", "/proc", "procfs" },
	};
	const char *ruleset = spec_text(s, "devfs_ruleset");
	char target[1200], options[64];

	for (size_t i = 0; i < sizeof standard / sizeof *standard; i++) {
		struct fstab_line l = { .source = (char []){ "." },
			.target = target, .options = options };
		char type[16], *line;
		int rc;

		if (!spec_bool(s, standard[i].param))
			continue;
		snprintf(type, sizeof type, "%s", standard[i].type);
		l.type = type;
		snprintf(target, sizeof target, "%s%s",
		    strcmp(path, "/") == 0 ? "" : path, standard[i].place);
		if (i == 0 && !COMPAT_DEVFS_RULESETS)
			snprintf(options, sizeof options, "rw,jail");
		else if (i == 0)
			snprintf(options, sizeof options, "rw,ruleset=%s",
			    ruleset != NULL && strcmp(ruleset, "0") != 0 ?
			    ruleset : "4");
		else
			snprintf(options, sizeof options, "rw");
		if (mounts_check_target(o, roots, target, path, err) != 0)
			return error_wrap(err, "%s", standard[i].param);
		line = fstab_print(&l);
		rc = line == NULL ? -1 : text_list_add(out, line);
		free(line);
		if (rc != 0)
			return error_sys(err, ENOMEM, "%s", standard[i].param);
	}
	return 0;
}

/* Without mounts the jail's root may still be made by exec.prestart. */
static bool
has_mounts(const struct spec *s)
{
	return spec_param_find(s, "mount") != NULL ||
	    spec_param_find(s, "mount.fstab") != NULL ||
	    spec_bool(s, "mount.devfs") || spec_bool(s, "mount.fdescfs") ||
	    spec_bool(s, "mount.procfs");
}

static int
wanted_mounts(const struct observer *o, const struct spec *s,
    struct text_list *out, struct error *err)
{
	struct jail_roots roots = { 0 };
	char path[1024];
	int rc;

	/* A kernel that takes it as a parameter does it itself. */
	if (!has_mounts(s) || params_find(&o->params, "mount") != NULL)
		return 0;
	rc = canonical_path(o, &roots, spec_text(s, "path"), path,
	    sizeof path, err);
	if (rc == 0)
		rc = mounts_read(o, &roots, s, path, out, err);
	if (rc == 0)
		rc = add_standard(o, &roots, s, path, out, err);
	jail_roots_forget(&roots);
	return rc;
}

int
thing_check(const struct observer *o, const struct spec *s, enum thing kind,
    const char *text, struct error *err)
{
	struct jail_roots roots = { 0 };
	struct fstab_line l;
	char path[1024];
	int rc;

	if (kind != THING_MOUNT)
		return 0;
	if (fstab_read(text, &l, err) != 0)
		return -1;
	rc = canonical_path(o, &roots, spec_text(s, "path"), path,
	    sizeof path, err);
	if (rc == 0)
		rc = mounts_check_target(o, &roots, l.target, path, err);
	jail_roots_forget(&roots);
	fstab_free(&l);
	return rc;
}

int
things_wanted(const struct observer *o, const struct spec *s,
    enum thing kind, struct text_list *out, struct error *err)
{
	return kind == THING_MOUNT ? wanted_mounts(o, s, out, err) :
	    aliases_wanted(s, family_of(kind), out, err);
}

/* The words of a program, NULL at the end, in one block. */
static char **
block(const char *const *words, size_t count)
{
	size_t bytes = (count + 1) * sizeof(char *);
	char **argv, *at;

	for (size_t i = 0; i < count; i++)
		bytes += strlen(words[i]) + 1;
	argv = malloc(bytes);
	if (argv == NULL)
		return NULL;
	at = (char *)(argv + count + 1);
	for (size_t i = 0; i < count; i++) {
		argv[i] = memcpy(at, words[i], strlen(words[i]) + 1);
		at += strlen(words[i]) + 1;
	}
	argv[count] = NULL;
	return argv;
}

static int
mount_words(const char *text, bool up, char ***argv, struct error *err)
{
	struct fstab_line l;

	if (fstab_read(text, &l, err) != 0)
		return -1;
	if (up) {
		const char *const words[] = { "/sbin/mount", "-t", l.type, "-o",
			l.options, l.source, l.target };

		*argv = block(words, sizeof words / sizeof *words);
	} else {
		const char *const words[] = { "/sbin/umount", "-t", l.type,
			l.target };

		*argv = block(words, sizeof words / sizeof *words);
	}
	fstab_free(&l);
	return *argv != NULL ? 1 : error_sys(err, ENOMEM, "mount");
}

static int
mount_there(const char *text, struct error *err)
{
	struct fstab_line l;
	int rc;

	if (fstab_read(text, &l, err) != 0)
		return -1;
	rc = mounted_at(l.target, l.type, err);
	fstab_free(&l);
	return rc;
}

/* ---------------------------------------------------------------- both */

int
thing_there(enum thing kind, const char *text, struct error *err)
{
	struct iface_alias a;
	int rc;

	if (kind == THING_MOUNT)
		return mount_there(text, err);
	if (read_alias(kind, text, &a, err) != 0)
		return -1;
	rc = iface_has(&a, err);
	return rc < 0 && err->code == ENXIO ? 0 : rc;
}

int
thing_make(enum thing kind, const char *text, char ***argv,
    struct error *err)
{
	struct iface_alias a;

	if (kind == THING_MOUNT)
		return mount_words(text, true, argv, err);
	return read_alias(kind, text, &a, err) != 0 ? -1 : iface_add(&a, err);
}

int
thing_unmake(enum thing kind, const char *text, char ***argv,
    struct error *err)
{
	struct iface_alias a;

	if (kind == THING_MOUNT)
		return mount_words(text, false, argv, err);
	return read_alias(kind, text, &a, err) != 0 ? -1 :
	    iface_remove(&a, err);
}
