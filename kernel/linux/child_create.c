/* SPDX-License-Identifier: BSD-2-Clause */
/* The child that becomes the init of a new jail. */
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "child.h"
#include "mounts.h"
#include "sys.h"

static int
set_names(const struct create_request *r, struct error *err)
{
	size_t len = strlen(r->hostname);

	if (r->keep_names != 0)
		return 0;
	if (sethostname(r->hostname, len) != 0)
		return error_sys(err, errno, "host.hostname: %s", r->hostname);
	len = strlen(r->domainname);
	if (setdomainname(r->domainname, len) != 0)
		return error_sys(err, errno, "host.domainname: %s",
		    r->domainname);
	return 0;
}

/* A nested jail that inherits the network has its parent's, not the host's. */
static int
join_network(const struct create_job *j, struct error *err)
{
	if (j->parent < 0 || j->request->own_net != 0 ||
	    setns(j->parent, CLONE_NEWNET) == 0)
		return 0;
	return error_sys(err, errno, "entering the parent's network");
}

/* In a network that was made just now. */
static int
raise_loopback(const struct create_job *j, struct error *err)
{
	struct ifreq r = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int sock, rc = -1;

	if (j->request->loopback == 0)
		return 0;
	sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (sock >= 0)
		rc = ioctl(sock, SIOCSIFFLAGS, &r);
	if (rc != 0)
		error_sys(err, errno, "the loopback interface of the jail");
	close_fd(&sock);
	return rc;
}

void
create_child(void *arg, struct error *err)
{
	const struct create_job *j = arg;
	const char *argv[] = { j->request->title, NULL };
	const char *envp[] = { NULL };

	if (controls_enter(j->procs, 0, err) != 0 ||
	    rights_raw(false, err) != 0 || join_network(j, err) != 0 ||
	    raise_loopback(j, err) != 0 ||
	    mounts_enter_root(j->request, j->proc, j->tree, err) != 0 ||
	    set_names(j->request, err) != 0)
		return;
	if (dup2(j->release, 0) < 0 ||
	    close_range(1, ~0U, CLOSE_RANGE_CLOEXEC) != 0) {
		error_sys(err, errno, "closing descriptors");
		return;
	}
	syscall(SYS_execveat, j->init, "", argv, envp, AT_EMPTY_PATH);
	error_sys(err, errno, "starting the jail's init");
}

void
nested_child(void *arg, struct error *err)
{
	struct create_job *j = arg;
	pid_t pid;

	j->start.flags |= CLONE_PIDFD;
	j->start.id = &j->pidfd;
	pid = child_run(&j->start, create_child, j, err);
	if (pid > 0 && err->code != 0)
		waitpid(pid, NULL, __WALL);
	/* Another way to tell the host's pid would need a /proc. */
	else if (pid > 0 && fcntl(j->pidfd, F_SETOWN, pid) != 0)
		error_sys(err, errno, "the pid of the jail's init");
	j->finished = true;
}
