/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How soon a running agent mends what somebody else did to a jail, seen from
 * outside, on Linux:
 *
 *	healing KERNEL SPECDIR ROOT COUNT
 *
 * ROOT has a /bin/sh and a directory mnt; the interface lo is up.  Each deed is
 * done COUNT times; the median and the smallest time from the deed until
 * everything is as it was are printed in microseconds.
 */
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/base/clock.h"
#include "kernel/call.h"
#include "kernel/iface.h"

#define PATIENCE_US (10 * 1000 * 1000)
#define NAME "healed"
#define ADDRESS "127.77.0.1/32"

struct bench {
	struct jail_kernel *kernel;
	struct jail_params params;
	const char *dir, *root;
	int count;
	int jid, init; /* of the jail as it is now */
	int was;       /* its jid before the deed */
	struct iface_alias alias;
};

static void
fail(const char *what)
{
	fprintf(stderr, "healing bench: %s\n", what);
	exit(1);
}

/* A back-off that begins anew each time, so that each deed is a first one. */
static void
drop(const struct bench *b)
{
	char from[512], to[512];
	FILE *f;

	snprintf(from, sizeof from, "%s/.new", b->dir);
	snprintf(to, sizeof to, "%s/" NAME ".yaml", b->dir);
	f = fopen(from, "w");
	if (f == NULL)
		fail("the directory of specs cannot be written");
	fprintf(f, "name: " NAME "\npath: %s\npersist: true\n"
	    "host.hostname: right\nip4.addr: [lo|" ADDRESS "]\n"
	    "mount: [\"tmpfs %s/mnt tmpfs rw\"]\n"
	    "exec.start: [\"echo > /up\"]\n"
	    "agent: {retry: {initial: 1s, reset: 1ms}}\n", b->root, b->root);
	if (fclose(f) != 0 || rename(from, to) != 0)
		fail("a spec cannot be written");
}

/* ------------------------------------------------------- what is there */

static bool
has_title(const char *pid)
{
	char path[300], title[64] = "";
	int fd;

	snprintf(path, sizeof path, "/proc/%s/cmdline", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	if (read(fd, title, sizeof title - 1) < 0)
		title[0] = '\0';
	close(fd);
	return strcmp(title, "jail: " NAME) == 0;
}

/* Others may measure as well, and leave jails of that name. */
static bool
has_root(const char *pid, const char *root)
{
	char path[300];
	struct stat a, b;

	snprintf(path, sizeof path, "/proc/%s/root", pid);
	return stat(path, &a) == 0 && stat(root, &b) == 0 &&
	    a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/* The first process of the jail, by its title and its root. */
static int
find_init(const struct bench *b)
{
	DIR *d = opendir("/proc");
	struct dirent *e;
	int pid = 0;

	while (d != NULL && pid == 0 && (e = readdir(d)) != NULL)
		if (isdigit((unsigned char)e->d_name[0]) &&
		    has_title(e->d_name) && has_root(e->d_name, b->root))
			pid = atoi(e->d_name);
	if (d != NULL)
		closedir(d);
	return pid;
}

/* Whether the jail, be it another one, is as its spec says for the kernel. */
static bool
is_right(struct bench *b)
{
	struct jail_row row;
	struct error err;
	const struct jail_value *addresses;
	const char *hostname;
	bool right;

	if (row_read(b->kernel, &b->params, 0, NAME, NULL, 0, &row,
	    &err) != 0)
		return false;
	hostname = row_text(&row, "host.hostname");
	addresses = row_find(&row, "ip4.addr");
	right = hostname != NULL && strcmp(hostname, "right") == 0 &&
	    addresses != NULL && addresses->len == 4;
	b->jid = row.jid;
	row_free(&row);
	return right;
}

static bool
has_alias(struct bench *b)
{
	struct error err;

	return iface_has(&b->alias, &err) == 1;
}

static bool
is_mounted(struct bench *b)
{
	char path[64], line[1024];
	bool there = false;
	FILE *f;

	snprintf(path, sizeof path, "/proc/%d/mountinfo", b->init);
	f = fopen(path, "re");
	while (f != NULL && fgets(line, sizeof line, f) != NULL)
		there |= strstr(line, " /mnt rw") != NULL;
	if (f != NULL)
		fclose(f);
	return there;
}

static bool
is_up(struct bench *b)
{
	char path[512];

	snprintf(path, sizeof path, "%s/up", b->root);
	return access(path, F_OK) == 0;
}

/* --------------------------------------------------------------- deeds */

static void
change_hostname(struct bench *b)
{
	struct jail_call c = { 0 };

	if (call_add_text(&c, "name", NAME) != 0 ||
	    call_add_text(&c, "host.hostname", "wrong") != 0 ||
	    call_set(b->kernel, &c, JAIL_UPDATE, NULL) <= 0)
		fail("the hostname cannot be changed");
	call_finish(&c);
}

static void
take_address(struct bench *b)
{
	struct jail_call c = { 0 };

	if (call_add_text(&c, "name", NAME) != 0 ||
	    call_add(&c, "ip4.addr", NULL, 0) != 0 ||
	    call_set(b->kernel, &c, JAIL_UPDATE, NULL) <= 0)
		fail("the address cannot be taken");
	call_finish(&c);
}

static void
take_alias(struct bench *b)
{
	struct error err;

	if (iface_remove(&b->alias, &err) != 0)
		fail(err.text);
}

static void
take_mount(struct bench *b)
{
	char path[64];
	int status = 1, fd;
	pid_t pid;

	snprintf(path, sizeof path, "/proc/%d/ns/mnt", b->init);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	pid = fork();
	if (pid == 0)
		_exit(setns(fd, CLONE_NEWNS) != 0 || umount("/mnt") != 0);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
		fail("the mount cannot be undone");
	close(fd);
}

static void
forget_start(const struct bench *b)
{
	char path[512];

	snprintf(path, sizeof path, "%s/up", b->root);
	(void)unlink(path);
}

static void
kill_init(struct bench *b)
{
	forget_start(b);
	if (kill(b->init, SIGKILL) != 0)
		fail("the first process cannot be killed");
}

static void
remove_jail(struct bench *b)
{
	forget_start(b);
	if (b->kernel->backend->remove(b->kernel, b->jid) != 0)
		fail("the jail cannot be removed");
}

/* ------------------------------------------------------------- measuring */

static bool
lives_again(struct bench *b)
{
	return is_right(b) && b->jid != b->was;
}

static const struct {
	const char *what;
	void (*deed)(struct bench *b);
	bool (*mended)(struct bench *b);
} deeds[] = {
	{ "hostname changed -> as it was", change_hostname, is_right },
	{ "address taken -> as it was", take_address, is_right },
	{ "alias removed -> on the interface", take_alias, has_alias },
	{ "mount undone -> mounted", take_mount, is_mounted },
	{ "jail removed -> another one lives", remove_jail, lives_again },
	{ "init killed -> jail lives again", kill_init, lives_again },
	{ "init killed -> exec.start has run", kill_init, is_up },
};

static int64_t
await(struct bench *b, bool (*mended)(struct bench *b), int64_t since)
{
	while (clock_us() - since < PATIENCE_US) {
		if (mended(b))
			return clock_us() - since;
		usleep(50);
	}
	return -1;
}

/* The agent is done when its last deed is a while ago. */
static void
settle(struct bench *b)
{
	int64_t since = clock_us();

	while (!is_right(b) || !has_alias(b) || !is_up(b) ||
	    (b->init = find_init(b)) == 0 || !is_mounted(b)) {
		if (clock_us() - since > PATIENCE_US)
			fail("the jail does not come to rest");
		usleep(1000);
	}
	usleep(50000);
}

static int
ascending(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

int
main(int argc, char **argv)
{
	struct bench b = { 0 };
	struct error err;
	int64_t *us;

	if (argc != 5)
		fail("usage: healing KERNEL SPECDIR ROOT COUNT");
	b.dir = argv[2];
	b.root = argv[3];
	b.count = atoi(argv[4]);
	us = calloc((size_t)b.count, sizeof *us);
	b.kernel = kernel_open(argv[1], NULL, &err);
	if (us == NULL || b.kernel == NULL ||
	    params_read(b.kernel, &b.params, &err) != 0 ||
	    iface_parse(AF_INET, ADDRESS, "lo", &b.alias, &err) != 1)
		fail(err.text);
	drop(&b);
	for (size_t d = 0; d < sizeof deeds / sizeof *deeds; d++) {
		for (int i = 0; i < b.count; i++) {
			int64_t since;

			settle(&b);
			b.was = b.jid;
			since = clock_us();
			deeds[d].deed(&b);
			us[i] = await(&b, deeds[d].mended, since);
			if (us[i] < 0)
				fail(deeds[d].what);
		}
		qsort(us, (size_t)b.count, sizeof *us, ascending);
		printf("%-36s median %7lld us   min %7lld us   (%d)\n",
		    deeds[d].what, (long long)us[b.count / 2],
		    (long long)us[0], b.count);
	}
	params_free(&b.params);
	kernel_close(b.kernel);
	free(us);
	return 0;
}
