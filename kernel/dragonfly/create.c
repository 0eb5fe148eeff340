/* SPDX-License-Identifier: BSD-2-Clause */
/* jail(2), called by a new process that becomes the holder. */
#include <sys/param.h>
#include <sys/jail.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "dragonfly.h"
#include "kernel/compat.h"
#include "kernel/start.h"
#include "pure/holder.h"

#define VERSION 1 /* of struct jail: any number of addresses */

/*
 * The kernel puts each address in front of those before: they are given to it
 * from the last to the first.
 */
static uint32_t
put_addresses(const struct dragonfly_jail *j, struct sockaddr_storage *to)
{
	uint32_t n = 0;

	memset(to, 0, 2 * DRAGONFLY_ADDRESSES * sizeof *to);
	for (size_t i = j->ip6_count; i-- > 0; n++) {
		struct sockaddr_in6 *six = (struct sockaddr_in6 *)&to[n];

		six->sin6_family = AF_INET6;
		six->sin6_len = sizeof *six;
		six->sin6_addr = j->ip6[i];
	}
	for (size_t i = j->ip4_count; i-- > 0; n++) {
		struct sockaddr_in *four = (struct sockaddr_in *)&to[n];

		four->sin_family = AF_INET;
		four->sin_len = sizeof *four;
		four->sin_addr = j->ip4[i];
	}
	return n;
}

/* Enters a new jail, or the one that the number means. */
static int
enter(void *arg)
{
	struct dragonfly_jail *j = arg;
	struct sockaddr_storage addresses[2 * DRAGONFLY_ADDRESSES];
	struct jail new = { .version = VERSION, .path = j->path,
		.hostname = j->hostname };
	int jid = j->jid;

	if (chdir(j->path) != 0)
		return -1;
	if (jid != 0)
		return jail_attach(jid) == 0 && chdir("/") == 0 ? jid : -1;
	new.n_ips = put_addresses(j, addresses);
	new.ips = addresses;
	jid = jail(&new);
	return jid > 0 && chdir("/") == 0 ? jid : -1;
}

static void
be_holder(struct dragonfly_jail *j, int report, int release)
{
	sigset_t all;

	(void)setsid();
	compat_process_title("holder");
	sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, NULL);
	if (!holder_begin(report, release, enter, j))
		_exit(1);
	compat_close_range(0, INT_MAX);
	for (;;)
		pause();
}

/* A grandchild, so that init(8) reaps it whenever it ends. */
static int
fork_holder(struct dragonfly_jail *j, const int report[2], const int go[2])
{
	pid_t pid = fork();

	if (pid == 0) {
		close(report[0]);
		close(go[1]);
		pid = fork();
		if (pid == 0)
			be_holder(j, report[1], go[0]);
		_exit(pid < 0);
	}
	if (pid < 0)
		return -1;
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return 0;
}

int
create_holder(struct dragonfly_jail *j, int *release, struct error *err)
{
	struct holder_report r;
	int report[2], go[2], rc;
	bool zombie;

	if (pipe2(report, O_CLOEXEC) != 0)
		return error_sys(err, errno, "pipe");
	if (pipe2(go, O_CLOEXEC) != 0) {
		rc = errno;
		close(report[0]);
		close(report[1]);
		return error_sys(err, rc, "pipe");
	}
	rc = fork_holder(j, report, go) != 0 ? errno : 0;
	close(report[1]);
	close(go[0]);
	if (rc == 0 && holder_receive(report[0], &r) != 0)
		rc = errno;
	close(report[0]);
	if (rc == 0 && r.jid > DRAGONFLY_JID_MAX)
		rc = ERANGE; /* its nodes would be another jail's */
	if (rc == 0 && process_start(r.pid, &j->holder_start, &zombie) != 0)
		rc = errno;
	if (rc != 0) {
		close(go[1]);
		return error_sys(err, rc, "jail(2)");
	}
	j->jid = r.jid;
	j->holder = r.pid;
	*release = go[1];
	return 0;
}
