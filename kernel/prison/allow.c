/* SPDX-License-Identifier: BSD-2-Clause */
#include "allow.h"

#include <string.h>

#include "kernel/params.h"

/* What is special about a right (jail-semantics 1.4). */
enum allow_kind {
	PLAIN,
	INHERITED, /* on in a new jail when the parent has it */
	FREE,	   /* needs nothing of the parent */
	FREE_INHERITED,
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
	{ "allow.unprivileged_proc_debug", FREE_INHERITED },
	{ "allow.suser", INHERITED },
	{ "allow.reserved_ports", INHERITED },
	{ "allow.nfsd", PLAIN },
	{ "allow.extattr", PLAIN },
	{ "allow.adjtime", PLAIN },
	{ "allow.settime", PLAIN },
	{ "allow.routing", PLAIN },
	{ "allow.unprivileged_parent_tampering", FREE },
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

static uint64_t
of_kind(enum allow_kind a, enum allow_kind b)
{
	uint64_t bits = 0;

	for (unsigned i = 0; i < nitems(rights); i++)
		if (rights[i].kind == a || rights[i].kind == b)
			bits |= (uint64_t)1 << i;
	return bits;
}

uint64_t
allow_of_host(int generation)
{
	unsigned gen = generation == 13 ? GEN_13 : GEN_15;
	uint64_t bits = 0;

	for (unsigned i = 0; i < nitems(rights); i++) {
		const struct param_def *def = param_find(rights[i].name);

		if (def != NULL && (def->generations & gen) != 0 &&
		    rights[i].kind != FREE)
			bits |= (uint64_t)1 << i;
	}
	return bits;
}

uint64_t
allow_default(void)
{
	return of_kind(INHERITED, FREE_INHERITED);
}

uint64_t
allow_free(void)
{
	return of_kind(FREE, FREE_INHERITED);
}
