/* SPDX-License-Identifier: BSD-2-Clause */
#include "allow.h"

#include <string.h>

#include "kernel/nested.h"
#include "kernel/params.h"

/* Whether a new jail has a right (jail-semantics 1.4). */
enum allow_kind {
	PLAIN,	   /* only when it is asked for */
	INHERITED, /* when the parent has it */
	NOBODY,	   /* only when it is asked for; the host has it not */
};

/*
 * The place in this list is the bit in stored records: names are only ever
 * added, at the end.
 */
static const struct {
	const char *name;
	enum allow_kind kind;
} rights[] = {
	{ "allow.set_hostname", INHERITED },
	{ "allow.sysvipc", PLAIN },
	{ "allow.raw_sockets", PLAIN },
	{ "allow.chflags", PLAIN },
	{ "allow.mount", PLAIN },
	{ "allow.quotas", PLAIN },
	{ "allow.socket_af", PLAIN },
	{ "allow.mlock", PLAIN },
	{ "allow.read_msgbuf", PLAIN },
	{ "allow.unprivileged_proc_debug", INHERITED },
	{ "allow.suser", INHERITED },
	{ "allow.reserved_ports", INHERITED },
	{ "allow.nfsd", PLAIN },
	{ "allow.extattr", PLAIN },
	{ "allow.adjtime", PLAIN },
	{ "allow.settime", PLAIN },
	{ "allow.routing", PLAIN },
	{ "allow.unprivileged_parent_tampering", NOBODY },
	{ "allow.setaudit", PLAIN },
	{ "allow.mount.devfs", PLAIN },
	{ "allow.mount.fdescfs", PLAIN },
	{ "allow.mount.nullfs", PLAIN },
	{ "allow.mount.procfs", PLAIN },
	{ "allow.mount.tmpfs", PLAIN },
};

#define nitems(a) (sizeof(a) / sizeof *(a))

uint64_t
allow_bit(const char *name)
{
	if (strncmp(name, "allow.", 6) != 0)
		return 0;
	for (unsigned i = 0; i < nitems(rights); i++)
		if (strcmp(rights[i].name, name) == 0)
			return (uint64_t)1 << i;
	return 0;
}

uint64_t
allow_of_host(int generation)
{
	unsigned gen = generation == 13 ? GEN_13 : GEN_15;
	uint64_t bits = 0;

	for (unsigned i = 0; i < nitems(rights); i++) {
		const struct param_def *def = param_find(rights[i].name);

		if (def != NULL && (def->generations & gen) != 0 &&
		    rights[i].kind != NOBODY)
			bits |= (uint64_t)1 << i;
	}
	return bits;
}

uint64_t
allow_default(void)
{
	uint64_t bits = 0;

	for (unsigned i = 0; i < nitems(rights); i++)
		if (rights[i].kind == INHERITED)
			bits |= (uint64_t)1 << i;
	return bits;
}

uint64_t
allow_free(void)
{
	uint64_t bits = 0;

	for (unsigned i = 0; i < nitems(rights); i++)
		if (nested_rule(rights[i].name) == NESTED_OPEN)
			bits |= (uint64_t)1 << i;
	return bits;
}
