/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The note of the recordings (tests/vectors/FORMAT-jail8.md): appends a line
 * about itself to the log, sleeps, ends with a status.
 *
 *	note LABEL [-e] [-s SECONDS] [-f STATUS]
 *
 * In a jail the log is /log and the jail's directory is named by /.name.  Where
 * the root is the host's, tools/note calls it as note -H LOG SCRATCH PIDNS LABEL...
 * which tells by the namespace of processes whether that is the host.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

static char line[65536];

static void
add(const char *before, const char *text)
{
	size_t len = strlen(line);

	snprintf(line + len, sizeof line - len, "%s%s", before, text);
}

static void
add_number(const char *before, unsigned long number)
{
	char text[32];

	snprintf(text, sizeof text, "%lu", number);
	add(before, text);
}

static void
add_variable(const char *before, const char *name)
{
	const char *value = getenv(name);

	add(before, value == NULL ? "-" : value[0] == '\0' ? "\"\"" : value);
}

static int
by_pid(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

/* The processes that can be seen, sorted. */
static size_t
list_processes(int *pid, size_t room)
{
	DIR *d = opendir("/proc");
	struct dirent *e;
	size_t n = 0;

	while (d != NULL && (e = readdir(d)) != NULL && n < room)
		if (atoi(e->d_name) > 1)
			pid[n++] = atoi(e->d_name);
	if (d != NULL)
		closedir(d);
	qsort(pid, n, sizeof *pid, by_pid);
	return n;
}

/* Of a file below /proc the first line; "" when there is none. */
static void
proc_line(int pid, const char *file, char *text, size_t size)
{
	char path[64];
	FILE *f;

	snprintf(path, sizeof path, "/proc/%d/%s", pid, file);
	f = fopen(path, "re");
	if (f == NULL || fgets(text, (int)size, f) == NULL)
		text[0] = '\0';
	if (f != NULL)
		fclose(f);
}

/* A process that is being started has memory, and no title yet for a moment. */
static void
read_title(int pid, char *title, size_t size)
{
	char memory[64];

	for (int ms = 0; ms < 500; ms++) {
		proc_line(pid, "cmdline", title, size);
		if (title[0] != '\0')
			return;
		proc_line(pid, "statm", memory, sizeof memory);
		if (atoi(memory) == 0)
			return;
		usleep(1000);
	}
}

/*
 * The living jails, oldest first, by the titles of their first processes:
 * unlike the table of jails, those can be read by everybody.
 */
static void
add_jails(void)
{
	static int pid[4096];
	size_t n = list_processes(pid, sizeof pid / sizeof *pid);
	char name[300];
	const char *comma = "";

	add(" up=", "");
	for (size_t i = 0; i < n; i++) {
		read_title(pid[i], name, sizeof name);
		if (strncmp(name, "jail: ", 6) == 0) {
			add(comma, name + 6);
			comma = ",";
		}
	}
	if (*comma == '\0')
		add("-", "");
}

/* In a jail all but the root, on the host what is below `dir'. */
static void
add_mounts(const char *dir)
{
	char text[8192], on[4096], type[64];
	FILE *f = fopen("/proc/self/mounts", "re");
	const char *comma = "";

	add(" mnt=", "");
	while (f != NULL && fgets(text, sizeof text, f) != NULL) {
		if (sscanf(text, "%*s %4095s %63s", on, type) != 2 ||
		    strcmp(on, "/") == 0 ||
		    (dir != NULL && strncmp(on, dir, strlen(dir)) != 0))
			continue;
		add(comma, on);
		add(":", type);
		comma = ",";
	}
	if (f != NULL)
		fclose(f);
	if (*comma == '\0')
		add("-", "");
}

static unsigned
ones(const unsigned char *mask, size_t size)
{
	unsigned n = 0;

	for (size_t i = 0; i < size; i++)
		for (unsigned b = mask[i]; b != 0; b &= b - 1)
			n++;
	return n;
}

static void
add_addresses(void)
{
	struct ifaddrs *all = NULL;
	const char *comma = "";
	char text[64];

	add(" if=", "");
	if (getifaddrs(&all) != 0)
		all = NULL;
	for (const struct ifaddrs *a = all; a != NULL; a = a->ifa_next) {
		const struct sockaddr_in *in = (const void *)a->ifa_addr;
		const struct sockaddr_in *mask = (const void *)a->ifa_netmask;
		const struct sockaddr_in6 *in6 = (const void *)a->ifa_addr;
		const struct sockaddr_in6 *mask6 =
		    (const void *)a->ifa_netmask;
		unsigned length;

		if (in == NULL || mask == NULL)
			continue;
		if (in->sin_family == AF_INET) {
			inet_ntop(AF_INET, &in->sin_addr, text, sizeof text);
			length = ones((const void *)&mask->sin_addr, 4);
		} else if (in->sin_family == AF_INET6 &&
		    !IN6_IS_ADDR_LINKLOCAL(&in6->sin6_addr) &&
		    !IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr)) {
			inet_ntop(AF_INET6, &in6->sin6_addr, text,
			    sizeof text);
			length = ones((const void *)&mask6->sin6_addr, 16);
		} else
			continue;
		add(comma, a->ifa_name);
		add(":", text);
		add_number("/", length);
		comma = ",";
	}
	if (*comma == '\0')
		add("-", "");
	freeifaddrs(all);
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int
by_number(const void *a, const void *b)
{
	const gid_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void
add_environment(void)
{
	const char *blank = "";
	size_t n = 0;

	while (environ[n] != NULL)
		n++;
	qsort(environ, n, sizeof *environ, by_text);
	add(" env=[", "");
	for (char **e = environ; *e != NULL; e++) {
		if (strncmp(*e, "PWD=", 4) == 0 ||
		    strncmp(*e, "OLDPWD=", 7) == 0 ||
		    strncmp(*e, "_=", 2) == 0)
			continue;
		add(blank, *e);
		blank = " ";
	}
	add("]", "");
}

static void
add_groups(void)
{
	gid_t group[64];
	int n = getgroups(63, group);

	n = n < 0 ? 0 : n;
	group[n++] = getegid();
	qsort(group, (size_t)n, sizeof *group, by_number);
	add(" groups=", "");
	for (int i = 0; i < n; i++)
		if (i == 0 || group[i] != group[i - 1])
			add_number(i == 0 ? "" : ",", group[i]);
	add(" fib=0", "");
}

static int
is_namespace(const char *name)
{
	char own[64];
	ssize_t n = readlink("/proc/self/ns/pid", own, sizeof own - 1);

	own[n > 0 ? n : 0] = '\0';
	return strcmp(own, name) == 0;
}

static void
add_place(int host)
{
	char name[256] = "/", dir[4096];
	FILE *f = host ? NULL : fopen("/.name", "re");

	if (f != NULL && fgets(name, sizeof name, f) != NULL)
		name[strcspn(name, "\n")] = '\0';
	if (f != NULL)
		fclose(f);
	add(host ? " host" : " jail:", host ? "" : name);
	add_number(" uid=", geteuid());
	add_number(" gid=", getegid());
	add(" cwd=", getcwd(dir, sizeof dir) != NULL ? dir : "?");
}

int
main(int argc, char **argv)
{
	int shared = argc > 4 && strcmp(argv[1], "-H") == 0, option, fd;
	const char *log = shared ? argv[2] : "/log", *all = NULL;
	const char *scratch = shared ? argv[3] : NULL;
	int host = shared && is_namespace(argv[4]);
	unsigned seconds = 0, status = 0;
	size_t len;

	argc -= shared ? 4 : 0;
	argv += shared ? 4 : 0;
	if (argc < 2)
		return 64;
	add(argv[1], "");
	optind = 2;
	while ((option = getopt(argc, argv, "es:f:")) != -1) {
		if (option == 'e')
			all = "";
		else if (option == 's')
			seconds = (unsigned)strtoul(optarg, NULL, 10);
		else if (option == 'f')
			status = (unsigned)strtoul(optarg, NULL, 10);
	}
	add_place(host);
	add_variable(" JID=", "JID");
	add_variable(" JNAME=", "JNAME");
	add_variable(" JPATH=", "JPATH");
	add_jails();
	add_mounts(scratch);
	add_addresses();
	if (all != NULL) {
		add_environment();
		add_groups();
	}
	add("\n", "");
	len = strlen(line);
	fd = open(log, O_WRONLY | O_APPEND | O_CLOEXEC);
	if (fd == -1 || write(fd, line, len) != (ssize_t)len) {
		perror(log);
		return 1;
	}
	sleep(seconds);
	return (int)status;
}
