/* SPDX-License-Identifier: BSD-2-Clause */
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lifecycle.h"

#define STEP_MS 45000
#define TICK_MS 5

static char *
below(const char *dir, const char *name)
{
	char *path;

	return asprintf(&path, "%s/%s", dir, name) < 0 ? NULL : path;
}

int
world_open(struct world *w, const char *dir)
{
	w->dir = strdup(dir);
	w->scratch = below(dir, "s");
	w->log = below(dir, "log");
	return w->dir != NULL && w->scratch != NULL && w->log != NULL ? 0 : -1;
}

void
world_close(struct world *w)
{
	free(w->dir);
	free(w->scratch);
	free(w->log);
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

/* Process 1 of a namespace: all others in it end, and their mounts with it. */
static void
end_all(void)
{
	if (getpid() != 1)
		abort();
	while (kill(-1, SIGKILL) == 0)
		while (waitpid(-1, NULL, 0) > 0)
			;
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}

static void
unmount_below(const char *dir)
{
	char line[8192], on[4096], last[4096] = "";
	FILE *f;

	do { /* the last one of the list first */
		last[0] = '\0';
		f = fopen("/proc/self/mountinfo", "re");
		while (f != NULL && fgets(line, sizeof line, f) != NULL)
			if (sscanf(line, "%*s %*s %*s %*s %4095s", on) == 1 &&
			    strncmp(on, dir, strlen(dir)) == 0)
				strcpy(last, on);
		if (f != NULL)
			fclose(f);
	} while (last[0] != '\0' && umount2(last, MNT_DETACH) == 0);
}

int
world_reset(const struct world *w)
{
	static const char *const made[] = { "s", "state", "table", "yaml",
	    "given", "run/jailagent" };

	end_all();
	unmount_below(w->scratch);
	if (unshare(CLONE_NEWNET) != 0)
		return -1;
	for (size_t i = 0; i < sizeof made / sizeof *made; i++) {
		char *path = below(w->dir, made[i]);

		if (path == NULL || (nftw(path, remove_one, 16,
		    FTW_DEPTH | FTW_PHYS | FTW_MOUNT) != 0 && errno != ENOENT))
			return -1;
		free(path);
	}
	if (mkdir(w->scratch, 0755) != 0 || chdir(w->scratch) != 0 ||
	    world_write(w, "log", "") != 0)
		return -1;
	return chmod(w->log, 0666);
}

int
world_write(const struct world *w, const char *name, const char *text)
{
	char *path = below(w->dir, name);
	FILE *f = path == NULL ? NULL : fopen(path, "we");
	int rc = f == NULL || fputs(text, f) < 0 ? -1 : 0;

	if (f != NULL && fclose(f) != 0)
		rc = -1;
	free(path);
	return rc;
}

static char *
replace(const char *text, const char *from, const char *to)
{
	size_t count = 0, flen = strlen(from), tlen = strlen(to);
	char *out, *at;

	for (const char *p = text; (p = strstr(p, from)) != NULL; p += flen)
		count++;
	out = at = malloc(strlen(text) + count * tlen + 1);
	for (const char *p; out != NULL && (p = strstr(text, from)) != NULL;
	    text = p + flen) {
		at = (char *)memcpy(at, text, (size_t)(p - text)) + (p - text);
		at = (char *)memcpy(at, to, tlen) + tlen;
	}
	if (out != NULL)
		strcpy(at, text);
	return out;
}

char *
world_expand(const struct world *w, const char *text)
{
	char *to = below(w->scratch, ""), *out;

	out = to == NULL ? NULL : replace(text, "@/", to);
	free(to);
	return out;
}

/* The users of the world live elsewhere than in the recordings: run.sh. */
char *
world_fold(const struct world *w, const char *text)
{
	char *home = below(w->dir, "home"), *folded, *out;

	folded = replace(text, w->scratch, "@");
	out = folded == NULL || home == NULL ? NULL :
	    replace(folded, home, "/root");
	free(folded);
	free(home);
	return out;
}

static void
become_command(const struct world *w, const char *command)
{
	static const char *const env[] = {
		"PATH=/bin:/sbin:/usr/bin:/usr/sbin", "HOME=/root",
		"TERM=dumb", "INHERITED=yes", NULL
	};
	const char *argv[] = { "sh", "-c", command, NULL };
	char *out = below(w->dir, "out"), *err = below(w->dir, "err");

	setsid();
	umask(022);
	if (freopen("/dev/null", "r", stdin) != NULL &&
	    freopen(out, "w", stdout) != NULL &&
	    freopen(err, "w", stderr) != NULL)
		execve("/bin/sh", (char **)argv, (char **)env);
	_exit(127);
}

int
world_run(const struct world *w, const char *command)
{
	struct timespec tick = { .tv_nsec = TICK_MS * 1000000L };
	pid_t pid, got;
	int status;

	fflush(stdout);
	pid = fork();
	if (pid == 0)
		become_command(w, command);
	for (int ms = 0; pid > 0 && ms < STEP_MS; ms += TICK_MS) {
		while ((got = waitpid(-1, &status, WNOHANG)) > 0)
			if (got == pid)
				return WIFEXITED(status) ?
				    WEXITSTATUS(status) :
				    128 + WTERMSIG(status);
		nanosleep(&tick, NULL);
	}
	if (pid > 0)
		kill(-pid, SIGKILL);
	return -1;
}

char *
world_read(const struct world *w, const char *name, long from)
{
	char *path = below(w->dir, name), *text = NULL;
	FILE *f = path == NULL ? NULL : fopen(path, "re");
	size_t room = 0;
	ssize_t n = -1;

	if (f != NULL && fseek(f, from, SEEK_SET) == 0)
		n = getdelim(&text, &room, '\0', f);
	if (f != NULL)
		fclose(f);
	free(path);
	if (n < 0 && text != NULL)
		text[0] = '\0';
	return text != NULL ? text : strdup("");
}

static bool
file_has(const char *pid, const char *name, const char *text)
{
	char path[300], line[8192];
	bool found = false;
	FILE *f;
	size_t n;

	snprintf(path, sizeof path, "/proc/%s/%s", pid, name);
	f = fopen(path, "re");
	while (f != NULL && !found && (n = fread(line, 1, sizeof line - 1,
	    f)) > 0) {
		line[n] = '\0';
		found = strstr(line, text) != NULL;
	}
	if (f != NULL)
		fclose(f);
	return found;
}

static ssize_t
namespace_of(const char *pid, char *buf, size_t size)
{
	char path[400];
	ssize_t n;

	snprintf(path, sizeof path, "/proc/%s/ns/pid", pid);
	n = readlink(path, buf, size - 1);
	buf[n > 0 ? n : 0] = '\0';
	return n;
}

/* The namespace of the processes of a jail, by the title of its first one. */
static bool
find_namespace(const char *jail, char *ns, size_t size)
{
	char title[300], pid[300] = "";
	DIR *d = opendir("/proc");
	struct dirent *e;

	snprintf(title, sizeof title, "jail: %s", jail);
	while (d != NULL && pid[0] == '\0' && (e = readdir(d)) != NULL) {
		char path[300], line[300] = "";
		FILE *f;

		snprintf(path, sizeof path, "/proc/%.200s/cmdline",
		    e->d_name);
		f = fopen(path, "re");
		if (f != NULL && fgets(line, sizeof line, f) != NULL &&
		    strcmp(line, title) == 0)
			snprintf(pid, sizeof pid, "%s", e->d_name);
		if (f != NULL)
			fclose(f);
	}
	if (d != NULL)
		closedir(d);
	return pid[0] != '\0' && namespace_of(pid, ns, size) > 0;
}

static void
add_sorted(json_t *list, const char *text)
{
	size_t at = 0;

	while (at < json_array_size(list) && strcmp(json_string_value(
	    json_array_get(list, at)), text) < 0)
		at++;
	json_array_insert_new(list, at, json_string(text));
}

json_t *
world_procs(const struct world *w, const char *jail)
{
	char of_jail[64], ns[64], path[300], comm[64];
	json_t *list = json_array();
	struct dirent *e;
	DIR *d;

	(void)w;
	if (!find_namespace(jail, of_jail, sizeof of_jail))
		return list;
	d = opendir("/proc");
	while (d != NULL && (e = readdir(d)) != NULL) {
		FILE *f;

		if (namespace_of(e->d_name, ns, sizeof ns) <= 0 ||
		    strcmp(ns, of_jail) != 0 ||
		    file_has(e->d_name, "cmdline", "jail: ") ||
		    file_has(e->d_name, "status", "State:\tZ"))
			continue;
		snprintf(path, sizeof path, "/proc/%.200s/comm", e->d_name);
		f = fopen(path, "re");
		if (f != NULL && fgets(comm, sizeof comm, f) != NULL) {
			comm[strcspn(comm, "\n")] = '\0';
			add_sorted(list, comm);
		}
		if (f != NULL)
			fclose(f);
	}
	if (d != NULL)
		closedir(d);
	return list;
}
