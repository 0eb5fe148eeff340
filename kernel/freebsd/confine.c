/* SPDX-License-Identifier: BSD-2-Clause */
#include "../confine.h"

#include <sys/types.h>
#include <sys/procctl.h>

#include <errno.h>
#include <unistd.h>

/*
 * Programs started later gain nothing (procctl(2), FreeBSD 13.1 and later).
 * Capsicum is not used: both kinds of helper open files by path.
 */
int
helper_confine(enum helper_kind kind, struct error *err)
{
	(void)kind;
#ifdef PROC_NO_NEW_PRIVS_CTL
	int on = PROC_NO_NEW_PRIVS_ENABLE;

	if (procctl(P_PID, getpid(), PROC_NO_NEW_PRIVS_CTL, &on) != 0 &&
	    errno != EINVAL)
		return error_sys(err, errno, "no_new_privs");
#endif
	(void)err;
	return 0;
}
