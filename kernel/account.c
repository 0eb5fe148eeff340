/* SPDX-License-Identifier: BSD-2-Clause */
#include "account.h"

#include <sys/stat.h>

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PASSWD "/etc/passwd"
#define GROUP "/etc/group"
#define MASTER "/etc/master.passwd" /* the BSDs' */

/*
 * Room for tens of thousands of users.  The files are written by root inside,
 * while everybody who starts programs waits for the reading.
 */
#define ACCOUNT_FILE_MAX (4L << 20)

/* A file read byte by byte, in pieces. */
struct reader {
	int fd;
	size_t left; /* of ACCOUNT_FILE_MAX: the file may grow */
	size_t at, len;
	char buf[4096];
	int last; /* the byte that ended the latest field; -1: end of file */
};

static void
reader_close(struct reader *r)
{
	int saved = errno;

	close(r->fd);
	r->fd = -1;
	errno = saved;
}

static int
reader_open(struct reader *r, const char *path)
{
	struct stat st;

	r->at = r->len = 0;
	r->left = ACCOUNT_FILE_MAX;
	r->last = '\n';
	r->fd = account_open(path);
	if (r->fd < 0)
		return -1;
	if (fstat(r->fd, &st) != 0 || !S_ISREG(st.st_mode))
		errno = EINVAL;
	else if (st.st_size > ACCOUNT_FILE_MAX)
		errno = EFBIG;
	else
		return 0;
	reader_close(r);
	return -1;
}

static int
next_byte(struct reader *r)
{
	if (r->at == r->len) {
		size_t size = r->left < sizeof r->buf ? r->left :
		    sizeof r->buf;
		ssize_t n = read(r->fd, r->buf, size);

		if (n <= 0)
			return -1;
		r->left -= (size_t)n;
		r->at = 0;
		r->len = (size_t)n;
	}
	return (unsigned char)r->buf[r->at++];
}

/*
 * Reads a field up to ':', `stop` or the end of the line; what is too long is
 * cut to an empty text, which no name or number equals.
 */
static void
read_field(struct reader *r, char stop, char *text, size_t size)
{
	size_t len = 0;
	int c;

	for (;;) {
		c = next_byte(r);
		if (c < 0 || c == ':' || c == '\n' || c == stop)
			break;
		if (len < size)
			text[len] = (char)c;
		len++;
	}
	text[len < size ? len : 0] = '\0';
	r->last = c;
}

static void
skip_line(struct reader *r)
{
	while (r->last >= 0 && r->last != '\n')
		r->last = next_byte(r);
}

static bool
at_field(const struct reader *r)
{
	return r->last == ':';
}

static bool
parse_id(const char *text, uint32_t *id)
{
	uint64_t n = 0;

	if (*text == '\0')
		return false;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9')
			return false;
		n = n * 10 + (uint64_t)(*text - '0');
		if (n >= UINT32_MAX) /* -1 means "unchanged" to the kernel */
			return false;
	}
	*id = (uint32_t)n;
	return true;
}

/* The next field of the line; false when it has none. */
static bool
next_field(struct reader *r, char *text, size_t size)
{
	if (!at_field(r))
		return false;
	read_field(r, '\n', text, size);
	return true;
}

/* What follows the number of the group: comment, home, shell. */
static void
read_login(struct reader *r, struct account *a)
{
	char text[ACCOUNT_TEXT_MAX];

	if (next_field(r, text, sizeof text) &&
	    next_field(r, text, sizeof text) && text[0] != '\0')
		snprintf(a->home, sizeof a->home, "%s", text);
	if (next_field(r, text, sizeof text) && text[0] != '\0')
		snprintf(a->shell, sizeof a->shell, "%s", text);
}

/* NAME:PASSWORD:UID:GID:... */
static bool
find_user(struct reader *r, const char *user, struct account *a)
{
	char name[sizeof a->name], text[256];
	uint32_t uid, gid;

	do {
		r->last = ':';
		if (next_field(r, name, sizeof name) &&
		    next_field(r, text, sizeof text) &&
		    (user == NULL || strcmp(name, user) == 0) &&
		    next_field(r, text, sizeof text) && at_field(r) &&
		    parse_id(text, &uid) && (user != NULL || uid == 0) &&
		    next_field(r, text, sizeof text) && parse_id(text, &gid)) {
			a->uid = uid;
			a->gid = gid;
			if (name[0] != '\0')
				snprintf(a->name, sizeof a->name, "%s", name);
			read_login(r, a);
			return true;
		}
		skip_line(r);
	} while (r->last >= 0);
	return false;
}

static int
add_group(struct account *a, gid_t gid)
{
	for (size_t i = 0; i < a->group_count; i++)
		if (a->groups[i] == gid)
			return 0;
	if (a->group_count == ACCOUNT_GROUPS_MAX)
		return -1;
	a->groups[a->group_count++] = gid;
	return 0;
}

/* NAME:PASSWORD:GID:MEMBER,MEMBER... */
static int
find_groups(struct reader *r, const char *user, struct account *a)
{
	char text[256];
	uint32_t gid;

	do {
		read_field(r, '\n', text, sizeof text);
		if (at_field(r))
			read_field(r, '\n', text, sizeof text);
		if (at_field(r)) {
			read_field(r, '\n', text, sizeof text);
			if (!at_field(r) || !parse_id(text, &gid)) {
				skip_line(r);
				continue;
			}
			do {
				read_field(r, ',', text, sizeof text);
				if (strcmp(text, user) == 0 &&
				    add_group(a, gid) != 0)
					return -1;
			} while (r->last == ',');
		}
		skip_line(r);
	} while (r->last >= 0);
	return 0;
}

int
account_read(const char *user, struct account *a, struct error *err)
{
	struct reader r;
	int rc;

	*a = (struct account){ .name = "root", .home = "/",
		.shell = "/bin/sh" };
	if (reader_open(&r, PASSWD) != 0)
		return user == NULL ? 0 :
		    error_sys(err, errno, "user %s: %s", user, PASSWD);
	if (user == NULL) {
		(void)find_user(&r, NULL, a);
		reader_close(&r);
		return 0;
	}
	rc = user[0] != '\0' && find_user(&r, user, a) ? 0 : -1;
	reader_close(&r);
	if (rc != 0)
		return error_set(err, ENOENT, "user %s: not in %s of the jail",
		    user, PASSWD);
	a->group_count = 0;
	add_group(a, a->gid);
	if (reader_open(&r, GROUP) != 0) {
		if (errno == ENOENT)
			return 0;
		return error_sys(err, errno, "user %s: %s", user, GROUP);
	}
	rc = find_groups(&r, user, a);
	reader_close(&r);
	if (rc != 0)
		return error_set(err, E2BIG, "user %s: more than %d groups in "
		    "%s of the jail", user, ACCOUNT_GROUPS_MAX, GROUP);
	return 0;
}

/* NAME:PASSWORD:UID:GID:CLASS:... */
void
account_class(const char *name, char *class, size_t size)
{
	char text[256];
	struct reader r;

	class[0] = '\0';
	if (reader_open(&r, MASTER) != 0)
		return;
	do {
		r.last = ':';
		if (next_field(&r, text, sizeof text) &&
		    strcmp(text, name) == 0 &&
		    next_field(&r, text, sizeof text) &&
		    next_field(&r, text, sizeof text) &&
		    next_field(&r, text, sizeof text) &&
		    next_field(&r, text, sizeof text)) {
			snprintf(class, size, "%s", text);
			break;
		}
		skip_line(&r);
	} while (r.last >= 0);
	reader_close(&r);
}

void
account_login(const struct account *a, const char **env,
    struct account_login *l)
{
	snprintf(l->user, sizeof l->user, "USER=%s", a->name);
	snprintf(l->home, sizeof l->home, "HOME=%s", a->home);
	snprintf(l->shell, sizeof l->shell, "SHELL=%s", a->shell);
	for (; *env != NULL; env++) {
		if (strcmp(*env, "USER=") == 0)
			*env = l->user;
		else if (strcmp(*env, "HOME=") == 0)
			*env = l->home;
		else if (strcmp(*env, "SHELL=") == 0)
			*env = l->shell;
	}
}
