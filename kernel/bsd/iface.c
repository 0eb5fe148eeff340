/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Aliases by ifconfig(8), as jail(8) makes them: what is special about an
 * address (vhid, its lifetime) is said in words that ifconfig alone knows.
 */
#include "kernel/iface.h"

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <arpa/inet.h>
#include <net/if.h>
#include <net/route.h>
#include <netinet/in.h>

#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define IFCONFIG "/sbin/ifconfig"
#define LIMIT_MS 5000 /* ifconfig asks the kernel, and ends within some ms */
#define KILLED_MS 500 /* for its end when it was killed */
#define WORDS_MAX 32
#define WORDS_SIZE 512
#define ALIAS_TEXT (INET6_ADDRSTRLEN + 4) /* an address and its prefix */

static size_t
address_size(int family)
{
	return family == AF_INET ? 4 : 16;
}

static int
count_bits(const unsigned char *mask, size_t size)
{
	int bits = 0;

	for (size_t i = 0; i < size; i++)
		for (unsigned byte = mask[i]; byte != 0; byte &= byte - 1)
			bits++;
	return bits;
}

/* The address in a sockaddr of that family. */
static const unsigned char *
bytes_of(const struct sockaddr *sa, int family)
{
	return family == AF_INET ?
	    (const void *)&((const struct sockaddr_in *)
	    (const void *)sa)->sin_addr :
	    (const void *)&((const struct sockaddr_in6 *)
	    (const void *)sa)->sin6_addr;
}

static void
convert(const struct ifaddrs *from, struct iface_alias *a)
{
	int family = from->ifa_addr->sa_family;

	memset(a, 0, sizeof *a);
	a->family = family;
	a->words = "";
	snprintf(a->interface, sizeof a->interface, "%s", from->ifa_name);
	memcpy(a->address, bytes_of(from->ifa_addr, family),
	    address_size(family));
	a->prefix = from->ifa_netmask == NULL ?
	    (int)address_size(family) * 8 :
	    count_bits(bytes_of(from->ifa_netmask, family),
	    address_size(family));
}

int
iface_list(int (*each)(void *arg, const struct iface_alias *a), void *arg,
    struct error *err)
{
	struct ifaddrs *all, *i;
	int rc = 0;

	if (getifaddrs(&all) != 0)
		return error_sys(err, errno, "reading the addresses of the "
		    "host");
	for (i = all; i != NULL && rc == 0; i = i->ifa_next) {
		struct iface_alias a;

		if (i->ifa_addr == NULL ||
		    (i->ifa_addr->sa_family != AF_INET &&
		    i->ifa_addr->sa_family != AF_INET6))
			continue;
		convert(i, &a);
		rc = each(arg, &a);
	}
	freeifaddrs(all);
	return rc;
}

static int
compare(void *arg, const struct iface_alias *a)
{
	const struct iface_alias *b = arg;

	return a->family == b->family &&
	    strcmp(a->interface, b->interface) == 0 &&
	    memcmp(a->address, b->address, sizeof a->address) == 0;
}

/* Words for ifconfig may give it another prefix. */
static int
compare_whole(void *arg, const struct iface_alias *a)
{
	const struct iface_alias *b = arg;

	return compare(arg, a) && (b->words[0] != '\0' ||
	    a->prefix == b->prefix);
}

static int
look(const struct iface_alias *a,
    int (*same)(void *arg, const struct iface_alias *a), struct error *err)
{
	if (if_nametoindex(a->interface) == 0)
		return error_set(err, ENXIO, "there is no interface %s",
		    a->interface);
	return iface_list(same, (void *)(uintptr_t)a, err);
}

int
iface_has(const struct iface_alias *a, struct error *err)
{
	return look(a, compare, err);
}

/* What ifconfig says is kept, because it is the reason of a failure. */
static pid_t
start(const char *const *argv, int *output, struct error *err)
{
	extern char **environ;
	posix_spawn_file_actions_t files;
	int pipe[2], rc;
	pid_t pid = -1;

	if (pipe2(pipe, O_CLOEXEC) != 0)
		return error_sys(err, errno, IFCONFIG);
	rc = posix_spawn_file_actions_init(&files);
	if (rc == 0) {
		rc = posix_spawn_file_actions_addopen(&files, 0, "/dev/null",
		    O_RDONLY, 0);
		for (int fd = 1; fd <= 2 && rc == 0; fd++)
			rc = posix_spawn_file_actions_adddup2(&files, pipe[1],
			    fd);
		if (rc == 0)
			rc = posix_spawn(&pid, IFCONFIG, &files, NULL,
			    (char *const *)(uintptr_t)argv, environ);
		posix_spawn_file_actions_destroy(&files);
	}
	close(pipe[1]);
	*output = pipe[0];
	if (rc == 0)
		return pid;
	close(pipe[0]);
	return error_sys(err, rc, IFCONFIG);
}

static int64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Reads the first of what it says, until it ends or the time is over. */
static void
listen_to(int output, char *said, size_t size, int64_t until)
{
	struct pollfd p = { .fd = output, .events = POLLIN };
	size_t len = 0;
	int64_t left;
	ssize_t n = 1;

	while (n > 0 && len < size - 1 && (left = until - now_ms()) > 0 &&
	    poll(&p, 1, (int)left) > 0) {
		n = read(output, said + len, size - 1 - len);
		len += n > 0 ? (size_t)n : 0;
	}
	said[len] = '\0';
	said[strcspn(said, "\n")] = '\0';
}

/* Whether it ended in time. */
static bool
reap(pid_t pid, int *status, int64_t until)
{
	pid_t ended;

	while ((ended = waitpid(pid, status, WNOHANG)) == 0 ||
	    (ended < 0 && errno == EINTR)) {
		if (now_ms() >= until)
			return false;
		(void)poll(NULL, 0, 1);
	}
	return true;
}

/*
 * Runs ifconfig.  Returns 0, -1 with what it said.  Nothing else goes on
 * meanwhile, so one that hangs is killed; one that hangs in the kernel is left
 * to itself.
 */
static int
run(const char *const *argv, struct error *err)
{
	char said[256];
	int64_t until = now_ms() + LIMIT_MS;
	int output, status = 0;
	pid_t pid = start(argv, &output, err);
	bool ended;

	if (pid < 0)
		return -1;
	listen_to(output, said, sizeof said, until);
	close(output);
	ended = reap(pid, &status, until);
	if (!ended) {
		kill(pid, SIGKILL);
		(void)reap(pid, &status, now_ms() + KILLED_MS);
	}
	if (ended && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (!ended)
		return error_set(err, ETIMEDOUT, "%s %s %s %s did not end "
		    "within %d s, and was killed", argv[0], argv[1], argv[2],
		    argv[3], LIMIT_MS / 1000);
	return error_set(err, EIO, "%s %s %s %s: %s", argv[0], argv[1],
	    argv[2], argv[3], said[0] != '\0' ? said : "failed");
}

/* "inet", "ADDRESS/PREFIX" of an alias, behind the interface. */
static void
begin(const struct iface_alias *a, const char **argv, char text[ALIAS_TEXT])
{
	char address[INET6_ADDRSTRLEN];

	inet_ntop(a->family, a->address, address, sizeof address);
	snprintf(text, ALIAS_TEXT, "%s/%d", address, a->prefix);
	argv[0] = IFCONFIG;
	argv[1] = a->interface;
	argv[2] = a->family == AF_INET ? "inet" : "inet6";
	argv[3] = text;
}

int
iface_add(const struct iface_alias *a, struct error *err)
{
	const char *argv[WORDS_MAX + 8];
	char text[ALIAS_TEXT], words[WORDS_SIZE], *at = words, *word;
	size_t n = 4;
	int has = iface_has(a, err);

	if (has < 0)
		return -1;
	begin(a, argv, text);
	if (has > 0)
		return error_set(err, EEXIST, "adding %s: %s has it already",
		    text, a->interface);
	if (strlen(a->words) >= sizeof words)
		return error_set(err, E2BIG, "adding %s: the words for "
		    "ifconfig are too long", text);
	memcpy(words, a->words, strlen(a->words) + 1);
	while ((word = strsep(&at, " ")) != NULL)
		if (word[0] != '\0' && n < WORDS_MAX + 4)
			argv[n++] = word;
	argv[n++] = "alias";
	argv[n] = NULL;
	return run(argv, err);
}

/* One with another prefix was put in its place by somebody else. */
int
iface_remove(const struct iface_alias *a, struct error *err)
{
	const char *argv[6];
	char text[ALIAS_TEXT], address[INET6_ADDRSTRLEN];
	struct error why = { 0 };
	int has = look(a, compare_whole, &why);

	if (has == 0 || (has < 0 && why.code == ENXIO))
		return 0;
	if (has < 0)
		return error_set(err, why.code, "%s", why.text);
	inet_ntop(a->family, a->address, address, sizeof address);
	begin(a, argv, text);
	argv[3] = address;
	argv[4] = "-alias";
	argv[5] = NULL;
	return run(argv, err);
}

int
iface_events(void)
{
	return socket(PF_ROUTE, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

bool
iface_lost(int events)
{
	_Alignas(struct rt_msghdr) char buf[4096];
	bool lost = false;
	ssize_t n;

	while ((n = read(events, buf, sizeof buf)) > 0 ||
	    (n < 0 && errno == ENOBUFS)) {
		const struct rt_msghdr *h = (const void *)buf;

		/* One message each; with too many some are lost. */
		lost |= n < (ssize_t)sizeof *h || h->rtm_type == RTM_DELADDR;
	}
	return lost;
}
