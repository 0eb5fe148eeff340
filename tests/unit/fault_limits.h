/* SPDX-License-Identifier: BSD-2-Clause */
/* A part of fault_host.h: limits as files. */
#ifndef JA_TEST_FAULT_LIMITS_H
#define JA_TEST_FAULT_LIMITS_H

/* Limits are of a name, as rctl(4)'s, and stay when their jail has ended. */
static int
fault_limit(struct jail_kernel *k, int jid, const char *name,
    const struct jail_limits *l, struct error *err)
{
	char path[4 * PATHS_MAX];
	int fd;

	(void)k;
	host_file("limit", name, path, sizeof path);
	if (jid == 0 && access(path, F_OK) != 0)
		return 0;
	if (host_point(jid != 0 ? "+limit" : "-limit"))
		return error_set(err, EIO, "limits of %s", name);
	if (jid == 0)
		assert_int_equal(unlink(path), 0);
	else {
		fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		assert_int_equal(write(fd, l, sizeof *l), sizeof *l);
		close(fd);
	}
	host_point(NULL);
	return 0;
}

static int
fault_limits(struct jail_kernel *k, int jid, const char *name,
    struct jail_limits *l, struct error *err)
{
	char path[4 * PATHS_MAX];
	int fd;

	(void)k;
	(void)jid;
	(void)err;
	*l = (struct jail_limits){ 0 };
	host_file("limit", name, path, sizeof path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		assert_int_equal(read(fd, l, sizeof *l), sizeof *l);
		close(fd);
	}
	return 0;
}

#endif
