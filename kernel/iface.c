/* SPDX-License-Identifier: BSD-2-Clause */
#include "iface.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ADDRESS_TEXT 64 /* more than INET6_ADDRSTRLEN and a prefix */

static int
bad_text(const char *text, struct error *err)
{
	return error_set(err, EINVAL, "address %s: it must be "
	    "[interface|]address[/prefix][ words]", text);
}

/* The address and its prefix, without what is around them. */
static int
parse_address(struct iface_alias *a, const char *part, size_t len)
{
	char text[ADDRESS_TEXT], *slash, *end;
	long bits = a->family == AF_INET ? 32 : 128;

	if (len >= sizeof text)
		return -1;
	memcpy(text, part, len);
	text[len] = '\0';
	a->prefix = (int)bits;
	slash = strchr(text, '/');
	if (slash != NULL) {
		long prefix = strtol(slash + 1, &end, 10);

		if (slash[1] == '\0' || *end != '\0' || prefix < 0 ||
		    prefix > bits)
			return -1;
		a->prefix = (int)prefix;
		*slash = '\0';
	}
	return inet_pton(a->family, text, a->address) == 1 ? 0 : -1;
}

int
iface_parse(int family, const char *text, const char *interface,
    struct iface_alias *a, struct error *err)
{
	const char *bar = strchr(text, '|');
	const char *part = bar != NULL ? bar + 1 : text;
	size_t len = strcspn(part, " "), name;

	memset(a, 0, sizeof *a);
	if (bar != NULL)
		interface = text;
	else if (interface == NULL || interface[0] == '\0')
		return 0;
	name = strcspn(interface, "|");
	if (name == 0 || name >= sizeof a->interface)
		return bad_text(text, err);
	memcpy(a->interface, interface, name);
	a->family = family;
	a->words = part[len] == ' ' ? part + len + 1 : "";
	return parse_address(a, part, len) == 0 ? 1 : bad_text(text, err);
}
