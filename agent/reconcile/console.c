/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/reconcile/console.h"

#include <sys/socket.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/base/channel.h"
#include "agent/base/paths.h"
#include "agent/reconcile/copier.h"

#define NAME_ROOM (PATHS_MAX + 300)
#define ANSWER_MS 500
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
open_file(const char *dir, const char *name, const char *log,
    struct error *err)
{
	char own[NAME_ROOM];
	int fd;

	if (log != NULL)
		return console_log(log, err);
	paths_of_jail(own, sizeof own, dir, name, ".log");
	fd = open(own, APPEND | O_CLOEXEC, 0600);
	return fd != -1 ? fd : error_sys(err, errno, "%s", own);
}

/* Asks the copier, which is started when there is none or it was killed. */
static int
ask(struct console *c, const struct copier_request *r, const int fd[2],
    struct error *err)
{
	for (int tries = 0; tries < 2; tries++) {
		if (c->pid == 0) {
			int sock = helper_start("console", copier_main, NULL,
			    NULL, &c->pid, err);

			if (sock == -1) {
				c->pid = 0;
				return -1;
			}
			c->sock = sock;
		}
		if (copier_send(c->sock, r, fd) == 0)
			return 0;
		error_sys(err, errno, "the process that copies the output "
		    "of hooks");
		if (errno != EPIPE && errno != ECONNRESET)
			return -1;
		console_stop(c);
	}
	return -1;
}

int
console_open(struct console *c, const char *dir, const char *name,
    const char *log, uint64_t *id, struct error *err)
{
	struct copier_request r = { COPIER_ADD, log == NULL, ++c->newest };
	int end[2], fd[2], rc = -1;

	*id = r.id;
	fd[1] = open_file(dir, name, log, err);
	if (fd[1] == -1)
		return -1;
	if (pipe2(end, O_CLOEXEC) != 0) {
		error_sys(err, errno, "a pipe for the output of hooks");
		close(fd[1]);
		return -1;
	}
	/* Each end has a mode of its own: the command's one stays blocking. */
	fd[0] = end[0];
	if (fcntl(fd[0], F_SETFL, O_NONBLOCK) != 0)
		error_sys(err, errno, "a pipe for the output of hooks");
	else
		rc = ask(c, &r, fd, err);
	close(fd[0]);
	close(fd[1]);
	if (rc == 0)
		return end[1];
	close(end[1]);
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
		COPIER_FORGET, false, id };
	static const int none[2] = { -1, -1 };
	struct copier_reply reply = { 0 };
	struct pollfd p = { .fd = c->sock, .events = POLLIN };

	if (tail != NULL)
		tail[0] = '\0';
	if (c->pid == 0 || copier_send(c->sock, &r, none) != 0 || tail == NULL)
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
	int fd = open_file(dir, name, NULL, &err);

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
