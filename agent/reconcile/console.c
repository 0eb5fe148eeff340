/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/reconcile/console.h"

#include <sys/socket.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/base/channel.h"
#include "agent/base/paths.h"
#include "agent/reconcile/copier.h"

#define NAME_ROOM (PATHS_MAX + 300)
#define ANSWER_MS 500
#define LAST_BYTES 16384 /* that CONSOLE_LINES are looked for in */
#define APPEND (O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | \
	O_NOCTTY | O_NONBLOCK)

/* Opens what `part` names in `dir`, which is closed. */
static int
enter(int dir, const char *part, int flags)
{
	int fd = openat(dir, part, flags | O_CLOEXEC, 0600), saved = errno;

	close(dir);
	errno = saved;
	return fd;
}

/* Walks to the file; `text` is a copy of the path, and is cut up. */
static int
walk(char *text)
{
	int fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char *save, *part = strtok_r(text, "/", &save), *next;

	for (; fd != -1 && part != NULL; part = next) {
		next = strtok_r(NULL, "/", &save);
		if (strcmp(part, "..") == 0) {
			close(fd);
			errno = EINVAL;
			return -1;
		}
		fd = enter(fd, part, next == NULL ? APPEND : O_RDONLY |
		    O_DIRECTORY | O_NOFOLLOW);
	}
	return fd;
}

int
console_log(const char *path, struct error *err)
{
	struct stat st;
	char text[NAME_ROOM];
	int fd, saved;

	if (path[0] != '/' || strlen(path) >= sizeof text)
		return error_set(err, EINVAL, "exec.consolelog: %s: must be "
		    "an absolute path", path);
	snprintf(text, sizeof text, "%s", path);
	fd = walk(text);
	if (fd == -1)
		return error_sys(err, errno, "exec.consolelog: %s: cannot be "
		    "opened (the file, and what is below the root of a jail, "
		    "must not be symbolic links)", path);
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		return fd;
	saved = EINVAL;
	close(fd);
	return error_set(err, saved, "exec.consolelog: %s: not a regular file",
	    path);
}

static int
open_own(const char *dir, const char *name, struct error *err)
{
	char own[NAME_ROOM];
	int fd;

	paths_of_jail(own, sizeof own, dir, name, ".log");
	fd = open(own, APPEND | O_CLOEXEC, 0600);
	return fd != -1 ? fd : error_sys(err, errno, "%s", own);
}

/* Asks the copier, which is started when there is none or it was killed. */
static int
ask(struct console *c, const struct copier_request *r,
    const int fd[COPIER_FDS], size_t count, struct error *err)
{
	for (int tries = 0; tries < 2; tries++) {
		int code;

		if (c->pid == 0) {
			int sock = helper_start("console", copier_main, NULL,
			    NULL, &c->pid, err);

			if (sock == -1) {
				c->pid = 0;
				return -1;
			}
			c->sock = sock;
		}
		if (copier_send(c->sock, r, fd, count) == 0)
			return 0;
		code = errno;
		error_sys(err, code, "the process that copies the output "
		    "of hooks");
		if (code != EPIPE && code != ECONNRESET)
			return -1;
		console_stop(c);
	}
	return -1;
}

static void
close_if_open(int fd)
{
	if (fd != -1)
		close(fd);
}

int
console_open(struct console *c, const char *dir, const char *name,
    const char *log, uint64_t *id, struct error *err)
{
	struct copier_request r = { COPIER_ADD, ++c->newest };
	size_t count = log != NULL ? 3 : 2;
	int end[2] = { -1, -1 }, fd[COPIER_FDS] = { -1, -1, -1 }, rc = -1;

	*id = r.id;
	/* Each end has a mode of its own: the command's one stays blocking. */
	if ((fd[1] = open_own(dir, name, err)) == -1 ||
	    (log != NULL && (fd[2] = console_log(log, err)) == -1))
		rc = -1;
	else if (pipe2(end, O_CLOEXEC) != 0 ||
	    fcntl(end[0], F_SETFL, O_NONBLOCK) != 0)
		error_sys(err, errno, "a pipe for the output of hooks");
	else {
		fd[0] = end[0];
		rc = ask(c, &r, fd, count, err);
	}
	close_if_open(end[0]);
	close_if_open(fd[1]);
	close_if_open(fd[2]);
	if (rc == 0)
		return end[1];
	close_if_open(end[1]);
	return -1;
}

/* Leaves of a text its last line, without control characters. */
static void
last_line(char *text)
{
	size_t n = strlen(text);
	char *line;

	while (n > 0 && text[n - 1] == '\n')
		n--;
	text[n] = '\0';
	line = strrchr(text, '\n');
	if (line != NULL)
		memmove(text, line + 1, strlen(line + 1) + 1);
	for (char *p = text; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' || *p == 127)
			*p = ' ';
}

void
console_close(struct console *c, uint64_t id, char *tail, size_t size)
{
	struct copier_request r = { tail != NULL ? COPIER_TAIL_OF :
		COPIER_FORGET, id };
	struct copier_reply reply = { 0 };
	struct pollfd p = { .fd = c->sock, .events = POLLIN };

	if (tail != NULL)
		tail[0] = '\0';
	if (c->pid == 0 || copier_send(c->sock, &r, NULL, 0) != 0 || tail == NULL)
		return;
	/* An answer that came too late for an earlier question is skipped. */
	while (reply.id != id)
		if (poll(&p, 1, ANSWER_MS) <= 0 || recv(c->sock, &reply,
		    sizeof reply, MSG_WAITALL) != (ssize_t)sizeof reply)
			return;
	reply.tail[sizeof reply.tail - 1] = '\0';
	last_line(reply.tail);
	snprintf(tail, size, "%s", reply.tail);
}

void
console_say(const char *dir, const char *name, const char *text)
{
	struct error err;
	int fd = open_own(dir, name, &err);

	if (fd != -1) {
		(void)dprintf(fd, "%s\n", text);
		close(fd);
	}
}

void
console_stop(struct console *c)
{
	if (c->pid != 0)
		close(c->sock);
	c->pid = 0;
}

void
console_remove(const char *dir, const char *name)
{
	char path[NAME_ROOM];

	paths_of_jail(path, sizeof path, dir, name, ".log");
	unlink(path);
}

char *
console_last(const char *dir, const char *name)
{
	char path[NAME_ROOM], *text = malloc(LAST_BYTES + 1), *at;
	struct stat st;
	ssize_t n = -1;
	int fd;

	paths_of_jail(path, sizeof path, dir, name, ".log");
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (text != NULL && fd != -1 && fstat(fd, &st) == 0)
		n = pread(fd, text, LAST_BYTES, st.st_size > LAST_BYTES ?
		    st.st_size - LAST_BYTES : 0);
	close_if_open(fd);
	if (text == NULL)
		return NULL;
	for (ssize_t i = 0; i < n; i++)
		if (text[i] == '\0')
			text[i] = '\1'; /* shown as other control characters */
	at = text + (n > 0 ? n : 0);
	*at = '\0';
	if (at > text && at[-1] == '\n')
		*--at = '\0';
	for (int lines = 0; at > text; at--)
		if (at[-1] == '\n' && ++lines == CONSOLE_LINES)
			break;
	memmove(text, at, strlen(at) + 1);
	return text;
}
