/* SPDX-License-Identifier: BSD-2-Clause */
#include "fslinux.h"

#include <errno.h>
#include <string.h>

static const struct {
	const char *name;
	enum fslinux_kind kind;
} types[] = {
	{ "bind", FSLINUX_BIND },
	{ "devfs", FSLINUX_DEV },
	{ "linprocfs", FSLINUX_PROC }, /* which is modelled on Linux's */
	{ "none", FSLINUX_BIND },      /* with the option bind */
	{ "nullfs", FSLINUX_BIND },
	{ "proc", FSLINUX_PROC },
	{ "procfs", FSLINUX_PROC },
	{ "tmpfs", FSLINUX_TMPFS },
};

static const struct {
	const char *name, *why;
} refused[] = {
	{ "fdescfs", "/dev/fd comes with mount.devfs: true and "
	    "mount.fdescfs: true" },
	{ "linsysfs", "it would show the host's devices" },
	{ "sysfs", "it would show the host's devices" },
};

/* Options of every type. */
static const struct {
	const char *name;
	uint32_t flag;
} common[] = {
	{ "defaults", 0 },
	{ "noatime", FSLINUX_NOATIME },
	{ "nodev", 0 }, /* always: devices are those of devfs */
	{ "noexec", FSLINUX_NOEXEC },
	{ "nosuid", FSLINUX_NOSUID },
	{ "ro", FSLINUX_READ_ONLY },
	{ "rw", 0 },
	/* These speak of the host's boot. */
	{ "failok", 0 }, { "late", 0 }, { "noauto", 0 }, { "nofail", 0 },
};

#define DIGITS "0123456789"

/* Options of tmpfs: FreeBSD's names, and what Linux calls them. */
static const struct {
	const char *name, *linux_name;
	const char *digits, *suffixes;
} tmpfs_options[] = {
	{ "gid", "gid", DIGITS, "" },
	{ "inodes", "nr_inodes", DIGITS, "kmgKMG" },
	{ "mode", "mode", "01234567", "" },
	{ "nr_inodes", "nr_inodes", DIGITS, "kmgKMG" },
	{ "size", "size", DIGITS, "kmgtKMGT%" },
	{ "uid", "uid", DIGITS, "" },
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static bool
same(const char *name, const char *text, size_t len)
{
	return strlen(name) == len && memcmp(name, text, len) == 0;
}

static int
find_kind(const struct fstab_line *l, enum fslinux_kind *kind,
    struct error *err)
{
	for (size_t i = 0; i < COUNT(types); i++)
		if (strcmp(types[i].name, l->type) == 0) {
			*kind = types[i].kind;
			if (strcmp(l->type, "none") != 0 ||
			    fstab_has_option(l->options, "bind"))
				return 0;
		}
	for (size_t i = 0; i < COUNT(refused); i++)
		if (strcmp(refused[i].name, l->type) == 0)
			return error_set(err, EOPNOTSUPP, "type %s is refused "
			    "on Linux: %s", l->type, refused[i].why);
	return error_set(err, EOPNOTSUPP, "type %s is refused on Linux: a jail "
	    "there can have nullfs, bind, tmpfs, procfs and devfs; mount "
	    "anything else on the host, and say nullfs here", l->type);
}

static int
add_option(struct fslinux *f, const char *text)
{
	size_t len = strlen(text) + 1;

	if (len > sizeof f->options - f->options_len)
		return -1;
	memcpy(f->options + f->options_len, text, len);
	f->options_len += len;
	return 0;
}

/* Returns 0, 1 when it is none of tmpfs, -1 with err. */
static int
tmpfs_option(struct fslinux *f, const char *word, size_t len,
    struct error *err)
{
	size_t name = strcspn(word, "=,"), value, n;
	char text[32];

	for (size_t i = 0; i < COUNT(tmpfs_options); i++) {
		if (!same(tmpfs_options[i].name, word, name))
			continue;
		value = name < len ? len - name - 1 : 0;
		if (value == 0 || value >= sizeof text)
			return error_set(err, EINVAL, "option %.*s: expected "
			    "%s=NUMBER", (int)len, word, tmpfs_options[i].name);
		memcpy(text, word + name + 1, value);
		text[value] = '\0';
		n = strspn(text, tmpfs_options[i].digits);
		if (n == 0 || (text[n] != '\0' && (text[n + 1] != '\0' ||
		    strchr(tmpfs_options[i].suffixes, text[n]) == NULL)))
			return error_set(err, EINVAL, "option %.*s: expected a "
			    "number%s%s%s", (int)len, word,
			    tmpfs_options[i].suffixes[0] != '\0' ?
			    ", with one of " : "", tmpfs_options[i].suffixes,
			    tmpfs_options[i].digits[8] == '\0' ? " (octal)" :
			    "");
		if (add_option(f, tmpfs_options[i].linux_name) == 0 &&
		    add_option(f, text) == 0)
			return 0;
		return error_set(err, E2BIG, "too many options");
	}
	return 1;
}

static int
read_option(struct fslinux *f, const char *word, size_t len,
    struct error *err)
{
	int rc;

	for (size_t i = 0; i < COUNT(common); i++)
		if (same(common[i].name, word, len)) {
			f->flags |= common[i].flag;
			return 0;
		}
	if (f->kind == FSLINUX_BIND && same("bind", word, len))
		return 0;
	rc = f->kind == FSLINUX_TMPFS ? tmpfs_option(f, word, len, err) : 1;
	if (rc <= 0)
		return rc;
	return error_set(err, EOPNOTSUPP, "option %.*s is not known on Linux; "
	    "expected ro, rw, noatime, noexec, nosuid%s", (int)len, word,
	    f->kind == FSLINUX_TMPFS ?
	    ", size=, mode=, uid=, gid=, inodes=" : "");
}

int
fslinux_read(const struct fstab_line *l, struct fslinux *f,
    struct error *err)
{
	memset(f, 0, sizeof *f);
	if (find_kind(l, &f->kind, err) != 0)
		return -1;
	if (f->kind == FSLINUX_BIND && l->source[0] != '/')
		return error_set(err, EINVAL, "expected an absolute path to be "
		    "mounted, found \"%s\"", l->source);
	for (const char *p = l->options; *p != '\0';) {
		size_t len = strcspn(p, ",");

		if (len > 0 && read_option(f, p, len, err) != 0)
			return -1;
		p += len + (p[len] == ',');
	}
	return 0;
}

const char *
fslinux_place(const char *target, const char *path)
{
	size_t len = strcmp(path, "/") == 0 ? 0 : strlen(path);

	return strncmp(target, path, len) == 0 && target[len] == '/' &&
	    target[len + 1] != '\0' ? target + len : NULL;
}
