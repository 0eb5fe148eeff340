/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/reconcile/lookup.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/base/channel.h"

/* Of an answer: twice as many addresses of each family as a jail may have. */
#define ANSWER_MAX (2 * 255 * (INET_ADDRSTRLEN + INET6_ADDRSTRLEN))
/* What an answer begins with that says why there are no addresses. */
#define WRONG '!'

struct question {
	const char *name;
	int family;
};

/* Nobody reads before the child has ended: it must never wait for room. */
static int
send_answer(int fd, const char *text, size_t len)
{
	return send(fd, text, len, MSG_NOSIGNAL | MSG_DONTWAIT) ==
	    (ssize_t)len ? 0 : 1;
}

static int
send_wrong(int fd, const char *why)
{
	char text[512];
	int n = snprintf(text, sizeof text, "%c%.400s", WRONG, why);

	return send_answer(fd, text, (size_t)n);
}

/* The bytes of an address, which inet_ntop(3) takes; NULL: of another family. */
static const void *
address_bytes(const struct addrinfo *a)
{
	const void *address = a->ai_addr;

	if (a->ai_family == AF_INET)
		return &((const struct sockaddr_in *)address)->sin_addr;
	if (a->ai_family == AF_INET6)
		return &((const struct sockaddr_in6 *)address)->sin6_addr;
	return NULL;
}

static int
send_addresses(int fd, const struct addrinfo *list)
{
	char text[ANSWER_MAX], one[INET6_ADDRSTRLEN];
	size_t len = 0;

	for (const struct addrinfo *a = list; a != NULL; a = a->ai_next) {
		const void *bytes = address_bytes(a);

		if (bytes == NULL || inet_ntop(a->ai_family, bytes, one,
		    sizeof one) == NULL)
			continue;
		if (len + strlen(one) + 2 > sizeof text)
			return send_wrong(fd, "it has too many");
		len += (size_t)snprintf(text + len, sizeof text - len, "%s\n",
		    one);
	}
	return send_answer(fd, text, len);
}

/* In the child. */
static int
ask(int fd, void *arg)
{
	const struct question *q = arg;
	const struct addrinfo hints = { .ai_family = q->family,
		.ai_socktype = SOCK_STREAM };
	struct addrinfo *list = NULL;
	int rc;

	(void)setpgid(0, 0);
	rc = getaddrinfo(q->name, NULL, &hints, &list);
	if (rc != 0)
		return send_wrong(fd, rc == EAI_SYSTEM ? strerror(errno) :
		    gai_strerror(rc));
	rc = send_addresses(fd, list);
	freeaddrinfo(list);
	return rc;
}

pid_t
lookup_start(const char *name, int family, int *answer, struct error *err)
{
	struct question q = { name, family };
	const int room = 2 * ANSWER_MAX;
	pid_t pid;

	*answer = helper_start("lookup", ask, &q, NULL, &pid, err);
	if (*answer == -1)
		return -1;
	/* Where it is the reader's room that counts (BSD). */
	(void)setsockopt(*answer, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
	/* The group is there before anybody kills it, whoever is first. */
	(void)setpgid(pid, pid);
	return pid;
}

static int
read_text(char *text, struct text_list *found, struct error *err)
{
	char *next = text, *line;

	if (text[0] == WRONG)
		return error_set(err, ENOENT, "%s", text + 1);
	while ((line = strsep(&next, "\n")) != NULL)
		if (line[0] != '\0' && text_list_add(found, line) != 0)
			return error_sys(err, ENOMEM, "addresses");
	return found->count > 0 ? 0 : error_set(err, ENOENT,
	    "the resolver gave no answer");
}

int
lookup_read(int answer, struct text_list *found, struct error *err)
{
	char text[ANSWER_MAX + 1];
	ssize_t n = recv(answer, text, ANSWER_MAX, MSG_DONTWAIT | MSG_WAITALL);

	close(answer);
	if (n < 0)
		return error_sys(err, errno, "the answer");
	text[n] = '\0';
	return read_text(text, found, err);
}
