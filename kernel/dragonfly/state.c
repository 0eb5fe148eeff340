/* SPDX-License-Identifier: BSD-2-Clause */
#include <sys/param.h>
#include <sys/sysctl.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dragonfly.h"
#include "pure/list.h"
#include "pure/table.h"

/* jail.list; the caller frees it.  *cut: it may be longer.  NULL/errno. */
static char *
read_list(size_t *len, bool *cut)
{
	char *text = NULL, *grown;
	size_t size = 0, got;

	if (sysctlbyname("jail.list", NULL, &size, NULL, 0) != 0)
		return NULL;
	size = (size + 1) * 2 + 4096; /* jails may be made meanwhile */
	grown = realloc(text, size);
	if (grown == NULL)
		return NULL;
	text = grown;
	got = size;
	*cut = false;
	if (sysctlbyname("jail.list", text, &got, NULL, 0) != 0) {
		if (errno != ENOMEM && errno != ERANGE) {
			free(text);
			return NULL;
		}
		*cut = true;
	}
	*len = got < size ? got : size;
	return text;
}

static int
read_listed(struct dragonfly_jails *listed)
{
	bool cut;
	size_t len;
	char *text = read_list(&len, &cut);

	if (text == NULL)
		return -1;
	listed->room = list_parse(text, len, cut, NULL, 0);
	listed->jail = calloc(listed->room + 1, sizeof *listed->jail);
	if (listed->jail != NULL)
		listed->count = list_parse(text, len, cut, listed->jail,
		    listed->room);
	free(text);
	return listed->jail != NULL ? 0 : -1;
}

static const struct dragonfly_jail *
find_jid(const struct dragonfly_jails *all, int jid)
{
	for (size_t i = 0; i < all->count; i++)
		if (all->jail[i].jid == jid)
			return &all->jail[i];
	return NULL;
}

/*
 * A jail of the table: it lives if its holder is in it, whatever the list says;
 * without a holder the list must have it, beyond doubt.
 */
static bool
recall(struct dragonfly_jail *j, const struct dragonfly_jails *listed)
{
	const struct dragonfly_jail *line = find_jid(listed, j->jid);

	j->persist = !j->dying && process_holds(j);
	if (line != NULL && !line->doubtful && table_matches(j, line)) {
		memcpy(j->hostname, line->hostname, sizeof j->hostname);
		memcpy(j->ip4, line->ip4, sizeof j->ip4);
		memcpy(j->ip6, line->ip6, sizeof j->ip6);
		j->ip4_count = line->ip4_count;
		j->ip6_count = line->ip6_count;
		return true;
	}
	return j->persist;
}

int
state_read(const struct dragonfly_kernel *dk, struct dragonfly_jails *all)
{
	struct dragonfly_jails known = { NULL, 0, 0 }, listed = { NULL, 0, 0 };
	int rc = -1;

	if (store_read(dk, &known) != 0 || read_listed(&listed) != 0)
		goto done;
	for (size_t i = 0; i < known.count; i++)
		if (recall(&known.jail[i], &listed) &&
		    jails_add(all, &known.jail[i]) == NULL)
			goto done;
	for (size_t i = 0; i < listed.count; i++) {
		struct dragonfly_jail *j = &listed.jail[i];

		/* Somebody else's; what is doubtful may not exist at all. */
		if (j->doubtful || find_jid(all, j->jid) != NULL)
			continue;
		snprintf(j->name, sizeof j->name, "%d", j->jid);
		if (jails_add(all, j) == NULL)
			goto done;
	}
	rc = 0;
done:
	free(known.jail);
	free(listed.jail);
	return rc;
}

bool
state_has_node(const char *node)
{
	char name[64];
	int value;
	size_t len = sizeof value;

	/* Only these have the same name among the defaults. */
	if (strncmp(node, "vfs_mount_", strlen("vfs_mount_")) != 0)
		return true;
	snprintf(name, sizeof name, "jail.defaults.%s", node);
	return sysctlbyname(name, &value, &len, NULL, 0) == 0;
}

int
state_capabilities(struct dragonfly_jail *j)
{
	j->capabilities = 0;
	for (size_t i = 0; i < dragonfly_param_count; i++) {
		const struct dragonfly_param *p = &dragonfly_params[i];
		char node[64];
		int value = 0, on;
		size_t len = sizeof value;

		if (p->kind != DRAGONFLY_CAPABILITY)
			continue;
		on = dragonfly_node(p, j->jid, true, node, sizeof node);
		if (on < 0 || sysctlbyname(node, &value, &len, NULL, 0) != 0) {
			if (errno == ENOENT)
				continue;
			return -1;
		}
		if ((value != 0) == (on != 0))
			j->capabilities |= dragonfly_bit(p);
	}
	return 0;
}

int
state_set_capabilities(int jid, unsigned which, unsigned on)
{
	for (size_t i = 0; i < dragonfly_param_count; i++) {
		const struct dragonfly_param *p = &dragonfly_params[i];
		unsigned bit = dragonfly_bit(p);
		char node[64];
		int value;

		if (p->kind != DRAGONFLY_CAPABILITY || (which & bit) == 0)
			continue;
		value = dragonfly_node(p, jid, (on & bit) != 0, node,
		    sizeof node);
		if (value < 0 || sysctlbyname(node, NULL, NULL, &value,
		    sizeof value) != 0)
			return -1;
	}
	return 0;
}
