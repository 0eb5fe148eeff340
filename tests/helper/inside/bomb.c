/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A fork bomb that ignores SIGTERM, for users other than root: bomb LIMIT.  The
 * limit is on processes of its user, on the whole host.  Without the limit it
 * does nothing.
 */
#include <sys/resource.h>

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
	rlim_t most = argc == 2 ? (rlim_t)atoi(argv[1]) : 0;
	struct rlimit limit = { most, most };

	if (most == 0 || getuid() == 0 ||
	    setrlimit(RLIMIT_NPROC, &limit) != 0)
		return 1;
	signal(SIGTERM, SIG_IGN);
	for (;;)
		if (fork() < 0)
			usleep(10000);
}
