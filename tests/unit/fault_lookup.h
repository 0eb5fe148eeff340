/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lookups of host names as points of fault_host.h, which includes this: each
 * name has the address 192.0.2.7.
 */
#ifndef JA_TEST_FAULT_LOOKUP_H
#define JA_TEST_FAULT_LOOKUP_H

#include "agent/reconcile/lookup.h"

pid_t
lookup_start(const char *name, int family, int *answer, struct error *err)
{
	bool fails = host_point("lookup");
	pid_t pid;

	(void)name;
	(void)family;
	(void)err;
	*answer = open(fails ? "/dev/zero" : "/dev/null",
	    O_RDONLY | O_CLOEXEC);
	pid = vfork();
	if (pid == 0)
		_exit(fails);
	host_point(NULL);
	return pid;
}

int
lookup_read(int answer, struct text_list *found, struct error *err)
{
	char wrong;
	bool fails = read(answer, &wrong, 1) != 0;

	close(answer);
	return fails ? error_set(err, ENOENT, "broken") :
	    text_list_add(found, "192.0.2.7");
}

#endif
