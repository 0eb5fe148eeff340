/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/plan/aliases.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "kernel/iface.h"

static int
add_alias(int family, const char *value, const char *interface,
    struct text_list *out, struct error *err)
{
	char text[512], address[INET6_ADDRSTRLEN];
	struct iface_alias a;
	int rc = iface_parse(family, value, interface, &a, err);

	if (rc <= 0)
		return rc;
	if (inet_ntop(family, a.address, address, sizeof address) == NULL)
		return error_sys(err, errno, "%s", value);
	if (snprintf(text, sizeof text, "%s|%s/%d%s%s", a.interface, address,
	    a.prefix, a.words[0] != '\0' ? " " : "", a.words) >=
	    (int)sizeof text)
		return error_sys(err, ENAMETOOLONG, "%s", value);
	return text_list_add(out, text) == 0 ? 0 :
	    error_sys(err, ENOMEM, "%s", value);
}

int
aliases_wanted(const struct spec *s, int family, struct text_list *out,
    struct error *err)
{
	const struct text_list *l = spec_list(s, family == AF_INET ?
	    "ip4.addr" : "ip6.addr");
	const char *interface = spec_text(s, "interface");

	for (size_t i = 0; l != NULL && i < l->count; i++)
		if (add_alias(family, l->text[i], interface, out, err) != 0)
			return -1;
	return 0;
}

static bool
in_list(const struct text_list *l, const char *text)
{
	for (size_t i = 0; l != NULL && i < l->count; i++)
		if (strcmp(l->text[i], text) == 0)
			return true;
	return false;
}

int
aliases_left(const struct spec *s, const struct text_list *lost,
    struct text_list *out, struct error *err)
{
	struct text_list all = { 0 };
	int rc = aliases_wanted(s, AF_INET, &all, err) != 0 ? -1 :
	    aliases_wanted(s, AF_INET6, &all, err);

	for (size_t i = 0; rc == 0 && i < all.count; i++)
		if (!in_list(lost, all.text[i]) &&
		    text_list_add(out, all.text[i]) != 0)
			rc = error_sys(err, ENOMEM, "aliases");
	text_list_free(&all);
	return rc;
}
