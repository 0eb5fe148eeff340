/* SPDX-License-Identifier: BSD-2-Clause */
#include "list.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include <string.h>

/* What the kernel prints for an address of another family. */
#define OTHER_FAMILY "?family?"

/* The jid at the start of a line; *rest is what follows its blank.  0: none. */
static int
line_jid(const char *line, size_t len, size_t *rest)
{
	int jid = 0;
	size_t i = 0;

	while (i < len && i < 7 && line[i] >= '0' && line[i] <= '9')
		jid = jid * 10 + (line[i++] - '0');
	if (i == len || line[i] != ' ' || line[0] == '0')
		return 0;
	*rest = i + 1;
	return jid;
}

/* Puts an address in front of those that are there.  0, -1: it is none. */
static int
add_address(const char *field, size_t len, struct dragonfly_jail *j)
{
	char text[INET6_ADDRSTRLEN];
	struct in6_addr six;
	struct in_addr four;

	if (len == strlen(OTHER_FAMILY) &&
	    memcmp(field, OTHER_FAMILY, len) == 0)
		return 0;
	if (len == 0 || len >= sizeof text)
		return -1;
	memcpy(text, field, len);
	text[len] = '\0';
	if (inet_pton(AF_INET, text, &four) == 1) {
		if (j->ip4_count == DRAGONFLY_ADDRESSES)
			return -1;
		memmove(j->ip4 + 1, j->ip4, j->ip4_count++ * sizeof four);
		j->ip4[0] = four;
		return 0;
	}
	if (inet_pton(AF_INET6, text, &six) != 1 ||
	    j->ip6_count == DRAGONFLY_ADDRESSES)
		return -1;
	memmove(j->ip6 + 1, j->ip6, j->ip6_count++ * sizeof six);
	j->ip6[0] = six;
	return 0;
}

/* Where the last field begins; the blank in front of it is at the result - 1. */
static size_t
last_field(const char *text, size_t len)
{
	while (len > 0 && text[len - 1] != ' ')
		len--;
	return len;
}

static bool
copy(char *to, size_t size, const char *from, size_t len)
{
	if (len >= size || memchr(from, '\0', len) != NULL)
		return false;
	memcpy(to, from, len);
	to[len] = '\0';
	return true;
}

/* `hostname path [address ...]`: addresses from the right, then " /". */
static bool
parse_rest(const char *text, size_t len, struct dragonfly_jail *j)
{
	size_t at = len;

	for (;;) {
		at = last_field(text, len);
		if (at == 0 || add_address(text + at, len - at, j) != 0)
			break;
		len = at - 1;
	}
	for (at = len; at >= 2; at--)
		if (text[at - 2] == ' ' && text[at - 1] == '/')
			return copy(j->hostname, sizeof j->hostname, text,
			    at - 2) && copy(j->path, sizeof j->path,
			    text + at - 1, len - at + 1);
	return false;
}

static void
doubt_twins(struct dragonfly_jail *jails, size_t count)
{
	for (size_t i = 0; i < count; i++)
		for (size_t j = i + 1; j < count; j++)
			if (jails[i].jid == jails[j].jid)
				jails[i].doubtful = jails[j].doubtful = true;
}

size_t
list_parse(const char *text, size_t len, bool cut, struct dragonfly_jail *jails,
    size_t room)
{
	size_t count = 0, known;

	while (len > 0 && text[len - 1] == '\0')
		len--;
	for (size_t at = 0, end; at < len; at = end + 1) {
		const char *nl = memchr(text + at, '\n', len - at);
		size_t rest = 0;
		int jid;

		end = nl != NULL ? (size_t)(nl - text) : len;
		jid = line_jid(text + at, end - at, &rest);
		if (jid == 0) {
			/* The rest of a host name with a newline. */
			if (count > 0 && count <= room)
				jails[count - 1].doubtful = true;
			continue;
		}
		if (count < room) {
			struct dragonfly_jail *j = &jails[count];

			memset(j, 0, sizeof *j);
			j->jid = jid;
			j->doubtful = !parse_rest(text + at + rest,
			    end - at - rest, j) || (cut && nl == NULL);
		}
		count++;
	}
	known = count < room ? count : room;
	doubt_twins(jails, known);
	return count;
}
