/* SPDX-License-Identifier: BSD-2-Clause */
#include "names.h"

#include <sys/utsname.h>

#include <stdio.h>

#include "process.h"
#include "sys.h"

void
names_copy(const char *from, char to[HOSTNAME_TEXT])
{
	size_t len = strnlen(from, HOSTNAME_TEXT - 1);

	memcpy(to, from, len);
	to[len] = '\0';
}

int
names_change(struct linux_kernel *lk, const struct prison *before,
    const struct prison *after, int init, struct error *err)
{
	struct hostname_request r = { .type = REQUEST_HOSTNAME };
	const int fds[] = { init, *after->keep };

	if (!after->names_again &&
	    strcmp(before->hostname, after->hostname) == 0 &&
	    strcmp(before->domainname, after->domainname) == 0)
		return 0;
	names_copy(after->hostname, r.hostname);
	names_copy(after->domainname, r.domainname);
	return spawner_call(&lk->spawner, &r, sizeof r, fds,
	    fds[1] >= 0 ? 2 : 1, err);
}

/*
 * Looks at the names from inside the namespace, the only place from which Linux
 * tells them.  It takes no helper, which processes that only read do not have,
 * and a few microseconds.  Whether they are known.
 */
static bool
read_names(struct linux_kernel *lk, int init, struct utsname *u)
{
	bool known;

	if (lk->uts < 0)
		lk->uts = open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC);
	/* One that has ended has no namespaces any more. */
	if (lk->uts < 0 || setns(init, CLONE_NEWUTS) != 0)
		return false;
	known = uname(u) == 0;
	/* Whatever this process did from now on would be in the jail's. */
	if (setns(lk->uts, CLONE_NEWUTS) != 0) {
		dprintf(STDERR_FILENO, "jailagent: the UTS namespace of a jail "
		    "cannot be left, so this process ends: %s\n",
		    strerror(errno));
		_exit(1);
	}
	return known;
}

/* Another name than that of the record, of which there may be the start only. */
static void
take(const char *now, char *name)
{
	char shown[HOSTNAME_TEXT];

	names_copy(name, shown);
	if (strcmp(now, shown) != 0)
		names_copy(now, name);
}

void
names_now(void *arg, const struct prison *p, char *hostname, char *domainname)
{
	struct linux_kernel *lk = arg;
	int init = lk->inside < 0 ? process_open(&p->holder) : -1;
	struct utsname u;

	if (init >= 0 && read_names(lk, init, &u)) {
		take(u.nodename, hostname);
		take(u.domainname, domainname);
	}
	close_fd(&init);
}

void
names_finish(struct linux_kernel *lk)
{
	close_fd(&lk->uts);
}
