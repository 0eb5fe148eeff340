/* SPDX-License-Identifier: BSD-2-Clause */
#include "../confine.h"

#include <linux/landlock.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <unistd.h>

/* CAP_LEASE: a lease on files of others tells whether somebody writes. */
static const cap_value_t reader_caps[] = { CAP_DAC_READ_SEARCH, CAP_LEASE };

static const struct {
	const cap_value_t *cap;
	int count;
	bool writes;
} kinds[] = {
	[HELPER_READER] = { reader_caps, 2, false },
	[HELPER_SIGNER] = { NULL, 0, true },
};

/* A lacking CAP_SETPCAP leaves the bounding set, which then gives nothing. */
static void
drop_bounding(void)
{
	for (int cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		(void)prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
}

/* Keeps of `keep` what we have. */
static int
keep_caps(const cap_value_t *keep, int count)
{
	cap_t have = cap_get_proc(), want = cap_init();
	int rc = -1;

	if (have == NULL || want == NULL)
		goto out;
	for (int i = 0; i < count; i++) {
		cap_flag_value_t value;

		if (cap_get_flag(have, keep[i], CAP_PERMITTED, &value) != 0)
			goto out;
		if (value == CAP_SET && (cap_set_flag(want, CAP_PERMITTED, 1,
		    &keep[i], CAP_SET) != 0 || cap_set_flag(want,
		    CAP_EFFECTIVE, 1, &keep[i], CAP_SET) != 0))
			goto out;
	}
	rc = cap_set_proc(want);
out:
	cap_free(have);
	cap_free(want);
	return rc;
}

/*
 * Landlock (Linux 5.13): no file is written, made, removed or run any more.
 * Older kernels do without.
 */
static void
forbid_writing(void)
{
	const struct landlock_ruleset_attr attr = {
		.handled_access_fs = LANDLOCK_ACCESS_FS_EXECUTE |
		    LANDLOCK_ACCESS_FS_WRITE_FILE |
		    LANDLOCK_ACCESS_FS_REMOVE_DIR |
		    LANDLOCK_ACCESS_FS_REMOVE_FILE |
		    LANDLOCK_ACCESS_FS_MAKE_CHAR |
		    LANDLOCK_ACCESS_FS_MAKE_DIR |
		    LANDLOCK_ACCESS_FS_MAKE_REG |
		    LANDLOCK_ACCESS_FS_MAKE_SOCK |
		    LANDLOCK_ACCESS_FS_MAKE_FIFO |
		    LANDLOCK_ACCESS_FS_MAKE_BLOCK |
		    LANDLOCK_ACCESS_FS_MAKE_SYM,
	};
	int fd = (int)syscall(SYS_landlock_create_ruleset, &attr,
	    sizeof attr.handled_access_fs, 0u);

	if (fd == -1)
		return;
	(void)syscall(SYS_landlock_restrict_self, fd, 0u);
	close(fd);
}

int
helper_confine(enum helper_kind kind, struct error *err)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return error_sys(err, errno, "no_new_privs");
	if (!kinds[kind].writes)
		forbid_writing();
	drop_bounding();
	if (keep_caps(kinds[kind].cap, kinds[kind].count) != 0)
		return error_sys(err, errno, "capabilities cannot be dropped");
	return 0;
}
