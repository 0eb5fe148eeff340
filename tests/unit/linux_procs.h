/* SPDX-License-Identifier: BSD-2-Clause */
/* Finding the processes of jails from the host. */
#ifndef TEST_LINUX_PROCS_H
#define TEST_LINUX_PROCS_H

#include <sys/types.h>

#include <dirent.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Calls `each` with the pid and command line of every process. */
static inline void
each_process(void (*each)(void *arg, pid_t pid, const char *cmdline),
    void *arg)
{
	DIR *proc = opendir("/proc");
	struct dirent *d;

	assert_non_null(proc);
	while ((d = readdir(proc)) != NULL) {
		char path[300], text[256];
		FILE *f;
		size_t n;

		snprintf(path, sizeof path, "/proc/%s/cmdline", d->d_name);
		if (d->d_name[0] < '1' || d->d_name[0] > '9' ||
		    (f = fopen(path, "r")) == NULL)
			continue;
		n = fread(text, 1, sizeof text - 1, f);
		text[n] = '\0';
		fclose(f);
		each(arg, atoi(d->d_name), text);
	}
	closedir(proc);
}

struct search {
	char title[300];
	pid_t pid;
};

static inline void
compare_title(void *arg, pid_t pid, const char *cmdline)
{
	struct search *s = arg;

	if (strcmp(cmdline, s->title) == 0)
		s->pid = pid;
}

/* The host's pid of a jail's init, by its title; 0 when there is none. */
static inline pid_t
find_init(const char *name)
{
	struct search s = { .pid = 0 };

	snprintf(s.title, sizeof s.title, "jail: %s", name);
	each_process(compare_title, &s);
	return s.pid;
}

static inline void
sleep_ms(long ms)
{
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&ts, NULL);
}

/* As find_init, for a jail that was made just now: its title comes at once. */
static inline pid_t
await_init(const char *name)
{
	pid_t pid = 0;

	for (int i = 0; i < 1000 && pid == 0; i++) {
		pid = find_init(name);
		if (pid == 0)
			sleep_ms(1);
	}
	assert_true(pid > 0);
	return pid;
}

/* Whether a process has ended; its parent, as the host's init, may be late to see. */
static inline bool
has_ended(pid_t pid)
{
	char path[64], state = 'Z';
	FILE *f;

	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	f = fopen(path, "r");
	if (f == NULL)
		return true;
	if (fscanf(f, "%*d (%*[^)]) %c", &state) != 1)
		state = 'Z'; /* it went while it was read */
	fclose(f);
	return state == 'Z' || state == 'X';
}

/* Waits up to 5 s for a process to end. */
static inline bool
gone_soon(pid_t pid)
{
	for (int i = 0; i < 5000; i++) {
		if (has_ended(pid))
			return true;
		sleep_ms(1);
	}
	return false;
}

/* The spawner of this process. */
static inline pid_t
find_spawner(void)
{
	char path[64], text[64] = "";
	FILE *children, *comm;
	pid_t pid = 0;

	snprintf(path, sizeof path, "/proc/self/task/%d/children",
	    (int)getpid());
	children = fopen(path, "r");
	assert_non_null(children);
	while (strcmp(text, "jail spawner\n") != 0 &&
	    fscanf(children, "%d", &pid) == 1) {
		snprintf(path, sizeof path, "/proc/%d/comm", (int)pid);
		comm = fopen(path, "r");
		assert_non_null(comm);
		assert_non_null(fgets(text, sizeof text, comm));
		fclose(comm);
	}
	fclose(children);
	assert_string_equal(text, "jail spawner\n");
	return pid;
}

#endif
