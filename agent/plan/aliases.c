/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/plan/aliases.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include <errno.h>
#include <stdio.h>

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
