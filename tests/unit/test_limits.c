/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Limits on Linux: what is written to the files of controllers and read from
 * them, in both versions, on a directory with such files; and the tree of
 * cgroups, in the real hierarchy of version 2 where there is one.  That limits
 * limit is tried in system/limits.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <sys/wait.h>

#include "kernel/linux/control.h"
#include "temp_dir.h"

#define KEY "run:table"

static const struct cgroup_line jail = { 1, { 7 } };
static const struct cgroup_line below = { 2, { 7, 9 } };

struct groups {
	struct temp_dir dir;
	struct controls c;
};

static void
put_file(const struct groups *g, const char *path, const char *text)
{
	char dir[PATH_MAX];

	snprintf(dir, sizeof dir, "%s", temp_file(&g->dir, path));
	for (char *p = dir + strlen(g->dir.path) + 1;
	    (p = strchr(p, '/')) != NULL; p++) {
		*p = '\0';
		(void)mkdir(dir, 0755);
		*p = '/';
	}
	temp_write(dir, 0644, text, strlen(text));
}

/* A plain file keeps what was longer than the last text. */
static void
begins_with(const struct groups *g, const char *path, const char *text)
{
	size_t len;
	char *data = temp_read(temp_file(&g->dir, path), &len);

	if (strncmp(data, text, strlen(text)) != 0)
		fail_msg("%s: \"%s\", not \"%s\"", path, data, text);
	free(data);
}

static void
has_text(const struct groups *g, const char *path, const char *text)
{
	size_t len;
	char *data = temp_read(temp_file(&g->dir, path), &len);

	if (strcmp(data, text) != 0)
		fail_msg("%s: \"%s\", not \"%s\"", path, data, text);
	free(data);
}

/* Both jails' cgroups in a hierarchy with all controllers. */
static void
make(struct groups *g, bool v2)
{
	static const char *const dirs[] = { "", "jailagent/",
		"jailagent/" KEY "/", "jailagent/" KEY "/7/",
		"jailagent/" KEY "/7/9/" };
	static const char *const files[2][5] = {
		{ "cpu.cfs_quota_us", "cpu.cfs_period_us",
		    "memory.limit_in_bytes", "memory.memsw.limit_in_bytes",
		    "pids.max" },
		{ "cgroup.subtree_control", "cpu.max", "memory.max",
		    "memory.swap.max", "pids.max" },
	};
	char path[PATH_MAX];

	temp_dir_make(&g->dir);
	for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++) {
		for (size_t k = 0; k < 5; k++) {
			snprintf(path, sizeof path, "%s%s", dirs[i],
			    files[v2][k]);
			put_file(g, path, "");
		}
		snprintf(path, sizeof path, "%scgroup.procs", dirs[i]);
		put_file(g, path, "");
	}
	memset(&g->c, 0, sizeof g->c);
	snprintf(g->c.key, sizeof g->c.key, KEY);
	for (int i = 0; i < CONTROLS; i++) {
		g->c.of[i].v2 = v2;
		g->c.of[i].top = open(g->dir.path, O_RDONLY | O_DIRECTORY |
		    O_CLOEXEC);
		assert_true(g->c.of[i].top >= 0);
	}
}

static void
finish(struct groups *g)
{
	controls_close(&g->c);
	temp_dir_remove(&g->dir);
}

static void
set(struct groups *g, const struct cgroup_line *line,
    const struct jail_limits *l)
{
	struct error err = { 0 };
	unsigned made;

	if (controls_make(&g->c, line, l, &made, &err) != 0 ||
	    controls_write(&g->c, line, l, &err) != 0)
		fail_msg("%s", err.text);
}

static void
version_2(void **state)
{
	static const struct jail_limits l = { .most = { 150, 1 << 20, 10,
	    1 << 16 } };
	struct groups g;
	struct stat st;

	(void)state;
	make(&g, true);
	set(&g, &below, &l);
	has_text(&g, "jailagent/" KEY "/7/9/cpu.max", "150000 100000");
	has_text(&g, "jailagent/" KEY "/7/9/memory.max", "1048576");
	has_text(&g, "jailagent/" KEY "/7/9/memory.swap.max", "65536");
	has_text(&g, "jailagent/" KEY "/7/9/pids.max", "10");
	/* Handed down by all above it, and not by itself: its leaf has
	   processes. */
	begins_with(&g, "cgroup.subtree_control", "+pids");
	begins_with(&g, "jailagent/cgroup.subtree_control", "+pids");
	begins_with(&g, "jailagent/" KEY "/cgroup.subtree_control", "+pids");
	begins_with(&g, "jailagent/" KEY "/7/cgroup.subtree_control", "+pids");
	has_text(&g, "jailagent/" KEY "/7/9/cgroup.subtree_control", "");
	assert_int_equal(stat(temp_file(&g.dir, "jailagent/" KEY "/7/9/own"),
	    &st), 0);
	has_text(&g, "jailagent/" KEY "/7/pids.max", "");
	finish(&g);
}

static void
version_1(void **state)
{
	static const struct jail_limits l = { .most = { 50, 1 << 20, 10,
	    1 << 16 } };
	struct groups g;
	struct stat st;

	(void)state;
	make(&g, false);
	set(&g, &jail, &l);
	has_text(&g, "jailagent/" KEY "/7/cpu.cfs_period_us", "100000");
	has_text(&g, "jailagent/" KEY "/7/cpu.cfs_quota_us", "50000");
	has_text(&g, "jailagent/" KEY "/7/memory.limit_in_bytes", "1048576");
	/* Of memory and swap together; "-1" came before it. */
	has_text(&g, "jailagent/" KEY "/7/memory.memsw.limit_in_bytes",
	    "1114112");
	has_text(&g, "jailagent/" KEY "/7/pids.max", "10");
	assert_int_not_equal(stat(temp_file(&g.dir, "jailagent/" KEY
	    "/7/own"), &st), 0);
	finish(&g);
}

static void
no_limits(void **state)
{
	static const struct jail_limits none;
	struct groups g;

	(void)state;
	make(&g, true);
	set(&g, &jail, &none);
	has_text(&g, "jailagent/" KEY "/7/cpu.max", "max");
	has_text(&g, "jailagent/" KEY "/7/memory.max", "max");
	has_text(&g, "jailagent/" KEY "/7/memory.swap.max", "max");
	has_text(&g, "jailagent/" KEY "/7/pids.max", "max");
	has_text(&g, "cgroup.subtree_control", "");
	finish(&g);
	make(&g, false);
	set(&g, &jail, &none);
	has_text(&g, "jailagent/" KEY "/7/cpu.cfs_quota_us", "-1");
	has_text(&g, "jailagent/" KEY "/7/memory.limit_in_bytes", "-1");
	has_text(&g, "jailagent/" KEY "/7/memory.memsw.limit_in_bytes", "-1");
	has_text(&g, "jailagent/" KEY "/7/pids.max", "max");
	finish(&g);
}

static void
what_files_say(void **state)
{
	static const struct {
		bool v2;
		const char *file[2], *text[2];
		enum jail_limit which;
		uint64_t value;
	} rows[] = {
		{ true, { "cpu.max" }, { "50000 100000\n" }, LIMIT_CPU, 50 },
		{ true, { "cpu.max" }, { "20000 10000\n" }, LIMIT_CPU, 200 },
		{ true, { "cpu.max" }, { "max 100000\n" }, LIMIT_CPU, 0 },
		{ true, { "memory.max" }, { "max\n" }, LIMIT_MEMORY, 0 },
		{ true, { "memory.max" }, { "4096\n" }, LIMIT_MEMORY, 4096 },
		{ true, { "memory.swap.max" }, { "8192\n" }, LIMIT_SWAP,
		    8192 },
		{ true, { "pids.max" }, { "max\n" }, LIMIT_PROCESSES, 0 },
		{ true, { "pids.max" }, { "12\n" }, LIMIT_PROCESSES, 12 },
		{ false, { "cpu.cfs_quota_us", "cpu.cfs_period_us" },
		    { "25000\n", "50000\n" }, LIMIT_CPU, 50 },
		{ false, { "cpu.cfs_quota_us", "cpu.cfs_period_us" },
		    { "-1\n", "100000\n" }, LIMIT_CPU, 0 },
		{ false, { "memory.limit_in_bytes" },
		    { "9223372036854771712\n" }, LIMIT_MEMORY, 0 },
		{ false, { "memory.limit_in_bytes",
		    "memory.memsw.limit_in_bytes" }, { "65536\n",
		    "196608\n" }, LIMIT_SWAP, 131072 },
		{ false, { "memory.limit_in_bytes",
		    "memory.memsw.limit_in_bytes" }, { "65536\n",
		    "9223372036854771712\n" }, LIMIT_SWAP, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct jail_limits l;
		struct error err = { 0 };
		struct groups g;
		char path[PATH_MAX];

		make(&g, rows[i].v2);
		for (int k = 0; k < 2 && rows[i].file[k] != NULL; k++) {
			snprintf(path, sizeof path, "jailagent/%s/7/%s", KEY,
			    rows[i].file[k]);
			put_file(&g, path, rows[i].text[k]);
		}
		if (!rows[i].v2 && rows[i].which != LIMIT_CPU)
			put_file(&g, "jailagent/" KEY "/7/cpu.cfs_quota_us",
			    "-1\n");
		if (controls_read(&g.c, &jail, &l, &err) != 0)
			fail_msg("%s", err.text);
		if (l.most[rows[i].which] != rows[i].value)
			fail_msg("row %zu: %" PRIu64, i,
			    l.most[rows[i].which]);
		finish(&g);
	}
}

static void
a_jail_without_cgroups(void **state)
{
	static const struct cgroup_line other = { 1, { 8 } };
	struct jail_limits l = { .most = { 1, 1, 1, 1 } };
	struct groups g;

	(void)state;
	make(&g, true);
	assert_true(controls_exist(&g.c, &jail));
	assert_false(controls_exist(&g.c, &other));
	assert_int_equal(controls_read(&g.c, &other, &l, NULL), 0);
	for (int i = 0; i < LIMIT_COUNT; i++)
		assert_int_equal(l.most[i], 0);
	finish(&g);
}

static void
who_is_inside(void **state)
{
	static const char path[] = "/jailagent/" KEY "/7";
	static const struct {
		bool v2;
		int control;
		const char *text;
		bool inside;
	} rows[] = {
		{ true, CONTROL_PIDS, "0::/jailagent/" KEY "/7\n", true },
		{ true, CONTROL_PIDS, "0::/jailagent/" KEY "/7/own\n", true },
		{ true, CONTROL_PIDS, "0::/jailagent/" KEY "/77\n", false },
		{ true, CONTROL_PIDS, "3:pids:/jailagent/" KEY "/7\n0::/\n",
		    false },
		{ false, CONTROL_PIDS, "3:pids:/jailagent/" KEY "/7\n0::/\n",
		    true },
		{ false, CONTROL_CPU, "3:pids:/jailagent/" KEY "/7\n"
		    "2:cpu,cpuacct:/\n", false },
		{ false, CONTROL_CPU, "2:cpu,cpuacct:/a/jailagent/" KEY
		    "/7/9\n", true },
		{ false, CONTROL_CPU, "2:cpuacct:/jailagent/" KEY "/7\n",
		    false },
		{ false, CONTROL_CPU, "", false },
		{ false, CONTROL_CPU, "nonsense", false },
	};
	struct groups g = { .c = { .key = KEY } };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		g.c.of[rows[i].control].v2 = rows[i].v2;
		if (controls_inside(&g.c, rows[i].control, rows[i].text,
		    path) != rows[i].inside)
			fail_msg("%s", rows[i].text);
	}
}

/* Waits in the cgroup until it is killed. */
static pid_t
start_in(int cgroup)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		for (;;)
			pause();
	assert_int_equal(cgroup_enter(cgroup, pid), 0);
	return pid;
}

static void
tree_of_version_2(void **state)
{
	struct error err;
	int root = cgroup_root(&err), table = -1, dir;
	char key[64];
	struct stat st;
	pid_t pid;

	(void)state;
	if (root >= 0 && geteuid() == 0) {
		snprintf(key, sizeof key, "test-limits-%ld", (long)getpid());
		table = cgroup_table(root, key, true);
	}
	if (table < 0) {
		print_message("skip: cgroup v2 cannot be written here\n");
		if (root >= 0)
			close(root);
		skip();
	}
	dir = cgroup_make(table, "1/2/own");
	assert_true(dir >= 0);
	pid = start_in(dir);
	close(dir);
	/* What has a process or others below it stays, at once. */
	assert_int_equal(cgroup_remove(table, "1"), -1);
	assert_int_equal(errno, EBUSY);
	/* One left of another jail is emptied. */
	dir = cgroup_make(table, "1/2/own");
	assert_true(dir >= 0);
	close(dir);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	dir = cgroup_need(table, "1/3");
	assert_true(dir >= 0);
	close(dir);
	assert_int_equal(cgroup_remove(table, "1/2/own"), 0);
	cgroup_prune(table, "1/2/own");
	assert_int_not_equal(fstatat(table, "1/2", &st, 0), 0);
	assert_int_equal(fstatat(table, "1", &st, 0), 0);
	assert_int_equal(cgroup_remove(table, "1/3"), 0);
	cgroup_prune(table, "1/3");
	assert_int_not_equal(fstatat(table, "1", &st, 0), 0);
	close(table);
	cgroup_table_remove(root, key);
	close(root);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(version_2),
		cmocka_unit_test(version_1),
		cmocka_unit_test(no_limits),
		cmocka_unit_test(what_files_say),
		cmocka_unit_test(a_jail_without_cgroups),
		cmocka_unit_test(who_is_inside),
		cmocka_unit_test(tree_of_version_2),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
