/* SPDX-License-Identifier: BSD-2-Clause */
#include "network.h"

#include <sys/stat.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "process.h"
#include "sys.h"

bool
network_is_own(const struct prison *p)
{
	return p->vnet == JAIL_SYS_NEW || (p->ip4 == JAIL_SYS_DISABLE &&
	    p->ip6 == JAIL_SYS_DISABLE);
}

bool
network_is_restricted(const struct prison *p)
{
	return p->vnet != JAIL_SYS_NEW && (p->ip4 != JAIL_SYS_INHERIT ||
	    p->ip6 != JAIL_SYS_INHERIT);
}

void
network_line(const struct prison *p, struct cgroup_line *l)
{
	l->depth = p->depth;
	memcpy(l->serial, p->line, p->depth * sizeof *p->line);
}

static void
fill_addresses(const struct prison *p, struct net_addresses *a)
{
	network_line(p, &a->line);
	a->select[0] = p->ip4_saddrsel;
	a->select[1] = p->ip6_saddrsel;
	a->count[0] = p->ip4 == JAIL_SYS_INHERIT ? NET_ANY :
	    (uint32_t)p->ip4_count;
	a->count[1] = p->ip6 == JAIL_SYS_INHERIT ? NET_ANY :
	    (uint32_t)p->ip6_count;
	if (net_count(a, 0) > 0)
		memcpy(a->ip4, p->ip4_addr, p->ip4_count * sizeof *a->ip4);
	if (net_count(a, 1) > 0)
		memcpy(a->ip6, p->ip6_addr, p->ip6_count * sizeof *a->ip6);
}

void
network_fill(struct create_request *r, const struct prison *p)
{
	r->own_net = network_is_own(p);
	r->loopback = p->vnet == JAIL_SYS_NEW;
	r->restricted = network_is_restricted(p);
	if (r->restricted != 0)
		fill_addresses(p, &r->addresses);
	else
		network_line(p, &r->addresses.line);
}

static bool
same_addresses(const struct prison *a, const struct prison *b)
{
	return a->ip4_count == b->ip4_count && a->ip6_count == b->ip6_count &&
	    a->ip4_saddrsel == b->ip4_saddrsel &&
	    a->ip6_saddrsel == b->ip6_saddrsel &&
	    (a->ip4_count == 0 || memcmp(a->ip4_addr, b->ip4_addr,
	    a->ip4_count * sizeof *a->ip4_addr) == 0) &&
	    (a->ip6_count == 0 || memcmp(a->ip6_addr, b->ip6_addr,
	    a->ip6_count * sizeof *a->ip6_addr) == 0);
}

int
network_change(struct linux_kernel *lk, const struct prison *before,
    const struct prison *after, struct error *err)
{
	struct addresses_request r;

	if (!network_is_restricted(after) || same_addresses(before, after))
		return 0;
	memset(&r, 0, sizeof r);
	r.type = REQUEST_ADDRESSES;
	fill_addresses(before, &r.before);
	fill_addresses(after, &r.after);
	return spawner_call(&lk->spawner, &r, sizeof r, after->keep,
	    *after->keep >= 0 ? 1 : 0, err);
}

void
network_forget(struct linux_kernel *lk, const struct prison *p)
{
	struct forget_request r;

	if (!network_is_restricted(p))
		return;
	memset(&r, 0, sizeof r);
	r.type = REQUEST_FORGET;
	fill_addresses(p, &r.addresses);
	spawner_clear(&lk->spawner, &r, sizeof r);
}

bool
network_is_raw(const struct prison *p)
{
	return p->raw_sockets && p->vnet == JAIL_SYS_NEW;
}

void
network_rights(const struct prison *p, struct exec_request *r)
{
	network_name(p, &r->cgroup);
	r->raw = network_is_raw(p);
}

void
network_name(const struct prison *p, struct cgroup_name *name)
{
	*name = (struct cgroup_name){ 0 };
	network_line(p, &name->line);
	name->restricted = network_is_restricted(p);
	name->optional = network_is_own(p);
}

int
network_join(struct linux_kernel *lk, const struct prison *p,
    struct error *err)
{
	struct join_request r = { .type = REQUEST_JOIN };

	network_name(p, &r.cgroup);
	return spawner_call(&lk->spawner, &r, sizeof r, NULL, 0, err);
}

/* The network namespace of a process; 0: the caller's.  Returns 0, -1. */
static int
network_of(pid_t pid, struct stat *st)
{
	char path[64] = "/proc/self/ns/net";

	if (pid != 0)
		snprintf(path, sizeof path, "/proc/%ld/ns/net", (long)pid);
	return stat(path, st);
}

/* One that was made with addresses has its parent's network. */
bool
linux_secluded(struct jail_kernel *k, int jid)
{
	struct linux_kernel *lk = k->data;
	struct stat own, outer;
	struct prison p, parent = { .jid = 0 };

	return prison_find(lk->table, jid, &p) != 0 ||
	    (p.parent != 0 &&
	    prison_find(lk->table, p.parent, &parent) != 0) ||
	    network_of(p.holder.pid, &own) != 0 ||
	    network_of(parent.holder.pid, &outer) != 0 ||
	    own.st_ino != outer.st_ino || own.st_dev != outer.st_dev;
}

int
linux_interface(struct jail_kernel *k, int jid, const char *name,
    struct error *err)
{
	struct linux_kernel *lk = k->data;
	struct interface_request r = { .type = REQUEST_INTERFACE };
	struct prison p;
	int init, rc;

	if (strlen(name) >= sizeof r.name || name[0] == '\0')
		return error_set(err, EINVAL, "interface %s: a name has 1 to "
		    "%zu bytes on Linux", name, sizeof r.name - 1);
	memcpy(r.name, name, strlen(name));
	if (prison_find(lk->table, jid, &p) != 0)
		return error_set(err, errno, "jail %d: there is none", jid);
	if (p.vnet != JAIL_SYS_NEW)
		return error_set(err, EINVAL, "interface %s: jail %s has no "
		    "network of its own; say vnet: new", name, p.name);
	init = process_open(&p.holder);
	if (init < 0)
		return error_sys(err, errno, "jail %s: its init", p.name);
	rc = spawner_call(&lk->spawner, &r, sizeof r, &init, 1, err);
	close_fd(&init);
	return rc;
}

/* Veth and the like would end with the network, others lose their names. */
void
network_return(struct linux_kernel *lk, const struct prison *p, int init)
{
	struct interface_request r = { .type = REQUEST_INTERFACE };
	struct error err;

	if (p->vnet == JAIL_SYS_NEW)
		(void)spawner_call(&lk->spawner, &r, sizeof r, &init, 1, &err);
}
