/* SPDX-License-Identifier: BSD-2-Clause */
#include "gate.h"

#include <sys/socket.h>

#include <errno.h>
#include <unistd.h>

static ssize_t
receive(int fd, void *to, size_t size)
{
	ssize_t n;

	do
		n = recv(fd, to, size, MSG_WAITALL);
	while (n < 0 && errno == EINTR);
	return n;
}

int
gate_pass(int fd, pid_t self, struct error *err)
{
	char go;

	if (send(fd, &self, sizeof self, MSG_NOSIGNAL) == sizeof self &&
	    receive(fd, &go, 1) == 1)
		return 0;
	return error_set(err, ECANCELED, "who started it has ended");
}

int
gate_open(int fd, const struct jail_exec *x, struct error *err)
{
	pid_t pid;
	int rc = 0;

	if (receive(fd, &pid, sizeof pid) == sizeof pid) {
		rc = x->started(x->arg, pid, err);
		if (rc == 0)
			(void)send(fd, "", 1, MSG_NOSIGNAL);
	}
	close(fd);
	return rc;
}
