/* SPDX-License-Identifier: BSD-2-Clause */
#include "net_list.h"

#include <net/if.h>
#include <sys/socket.h>

#include "netlink.h"
#include "sys.h"

#define CGROUP_BITS 64
#define MAPPED_BITS 96 /* of ::ffff:0:0/96 */

#define HOST_MAX 512 /* addresses of the host that are looked at */

enum { V4, V6, FAMILIES };

/* An address in the form of the maps. */
static void
address_at(const struct net_addresses *a, int family, uint32_t i,
    uint32_t to[4])
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };

	if (family == V6) {
		memcpy(to, &a->ip6[i], sizeof a->ip6[i]);
		return;
	}
	memcpy(to, mapped, sizeof mapped);
	memcpy(to + 3, &a->ip4[i], sizeof a->ip4[i]);
}

static void
key_for(uint64_t id, const uint32_t address[4], uint32_t bits,
    struct net_key *key)
{
	key->bits = CGROUP_BITS + bits;
	memcpy(key->cgroup, &id, sizeof key->cgroup);
	memcpy(key->address, address, sizeof key->address);
}

static bool
contains(const struct net_addresses *a, int family, const uint32_t address[4])
{
	uint32_t other[4];

	for (uint32_t i = 0; i < net_count(a, family); i++) {
		address_at(a, family, i, other);
		if (memcmp(other, address, sizeof other) == 0)
			return true;
	}
	return false;
}

/* The host's addresses, as they are now. */
struct host_address {
	char interface[IFNAMSIZ];
	int family; /* V4, V6 */
	uint32_t address[4];
	uint32_t bits; /* of its net, 128 for the address alone */
	uint32_t source[4]; /* the jail's address from which it is reached */
	bool own; /* the jail's */
	bool used; /* there is a source, and a choice */
};
struct host {
	struct host_address list[HOST_MAX];
	size_t count;
};

static int
note_address(void *arg, const struct iface_alias *a)
{
	struct host *h = arg;
	struct host_address *at = &h->list[h->count];

	if (h->count == HOST_MAX || strlen(a->interface) >= IFNAMSIZ)
		return 0;
	memset(at, 0, sizeof *at);
	memcpy(at->interface, a->interface, strlen(a->interface));
	at->family = a->family == AF_INET ? V4 : V6;
	at->bits = (uint32_t)a->prefix;
	if (at->family == V4) {
		at->address[2] = htonl(0xffff);
		memcpy(at->address + 3, a->address, 4);
		at->bits += MAPPED_BITS;
	} else
		memcpy(at->address, a->address, sizeof at->address);
	h->count++;
	return 0;
}

/*
 * The oldest address of the jail on the interface of `at`: Linux lists those
 * of IPv6 with the newest first.
 */
static const struct host_address *
oldest_on(const struct host *h, const struct host_address *at,
    const struct net_addresses *a)
{
	const struct host_address *found = NULL;

	for (size_t i = 0; i < h->count; i++)
		if ((found == NULL || at->family == V6) &&
		    h->list[i].family == at->family &&
		    strcmp(h->list[i].interface, at->interface) == 0 &&
		    contains(a, at->family, h->list[i].address))
			found = &h->list[i];
	return found;
}

static bool
has_choice(const struct net_addresses *a, int family)
{
	return net_count(a, family) > 1 && a->select[family] != 0;
}

/*
 * What is on an interface on which the jail has an address is reached from the
 * one with that net, else from the oldest there (in_pcbladdr()).
 */
static void
read_nets(const struct net_addresses *a, struct host *h)
{
	struct error err;
	int sock;

	h->count = 0;
	if (!has_choice(a, V4) && !has_choice(a, V6))
		return;
	sock = netlink_open(&err);
	if (sock >= 0)
		(void)netlink_addresses(sock, note_address, h);
	close_fd(&sock);
	for (size_t i = 0; i < h->count; i++) {
		struct host_address *at = &h->list[i];
		const struct host_address *source = oldest_on(h, at, a);

		at->own = contains(a, at->family, at->address);
		at->used = source != NULL && has_choice(a, at->family);
		if (at->used)
			memcpy(at->source, source->address,
			    sizeof at->source);
	}
}

static int
put_address(struct net *n, uint64_t id, const uint32_t address[4],
    uint32_t bits, const uint32_t source[4])
{
	struct net_address value = { .own = bits == 128 };
	struct net_key key;

	memcpy(value.address, source, sizeof value.address);
	key_for(id, address, bits, &key);
	return bpf_map_set(&n->bpf, n->maps.addresses, &key, &value);
}

static int
put_addresses(struct net *n, uint64_t id, const struct net_addresses *a)
{
	uint32_t address[4];

	for (int f = 0; f < FAMILIES; f++)
		for (uint32_t i = 0; i < net_count(a, f); i++) {
			address_at(a, f, i, address);
			if (put_address(n, id, address, 128, address) != 0)
				return -1;
		}
	return 0;
}

/*
 * The nets that are a jail's own after those that only lead to it.  An own
 * address of IPv6 is reached from itself (RFC 6724), as it stands there.
 */
static int
put_nets(struct net *n, uint64_t id, const struct net_addresses *a)
{
	struct host host;
	int rc = 0;

	read_nets(a, &host);
	for (int own = 0; own < 2; own++)
		for (size_t i = host.count; i-- > 0 && rc == 0;) {
			const struct host_address *at = &host.list[i];

			if (!at->used || at->own != own)
				continue;
			if (at->bits > 0 && at->bits < 128)
				rc = put_address(n, id, at->address, at->bits,
				    own ? at->address : at->source);
			if (rc == 0 && own && at->family == V4)
				rc = put_address(n, id, at->address, 128,
				    at->source);
		}
	return rc;
}

/*
 * A net that the host has no more stays behind: the programs use none that
 * leads to an address which is not the jail's.
 */
static void
delete_nets(struct net *n, uint64_t id, const struct net_addresses *a)
{
	struct host host;
	struct net_key key;

	read_nets(a, &host);
	for (size_t i = 0; i < host.count; i++)
		if (host.list[i].used && host.list[i].bits < 128) {
			key_for(id, host.list[i].address, host.list[i].bits,
			    &key);
			(void)bpf_map_delete(&n->bpf, n->maps.addresses, &key);
		}
}

/*
 * ::/0, which has the addresses of IPv4 in it, and those alone: what is the
 * jail's as a whole.
 */
static int
put_families(struct net *n, uint64_t id, const struct net_addresses *a)
{
	struct net_address value = { 0 };
	uint32_t address[4];
	struct net_key key;

	if (a->count[V6] != NET_ANY && a->count[V4] != NET_ANY)
		return 0;
	memset(address, 0, sizeof address);
	key_for(id, address, 0, &key);
	value.own = 1;
	if (a->count[V6] == NET_ANY && bpf_map_set(&n->bpf,
	    n->maps.addresses, &key, &value) != 0)
		return -1;
	address[2] = htonl(0xffff);
	key_for(id, address, MAPPED_BITS, &key);
	value.own = a->count[V4] == NET_ANY;
	if (net_count(a, V4) > 0)
		address_at(a, V4, 0, value.address);
	return bpf_map_set(&n->bpf, n->maps.addresses, &key, &value);
}

static void
delete_families(struct net *n, uint64_t id, const struct net_addresses *a)
{
	uint32_t address[4] = { 0 };
	struct net_key key;

	if (a->count[V6] != NET_ANY && a->count[V4] != NET_ANY)
		return;
	key_for(id, address, 0, &key);
	(void)bpf_map_delete(&n->bpf, n->maps.addresses, &key);
	address[2] = htonl(0xffff);
	key_for(id, address, MAPPED_BITS, &key);
	(void)bpf_map_delete(&n->bpf, n->maps.addresses, &key);
}

static int
put_jail(struct net *n, uint64_t id, const struct net_addresses *a)
{
	struct net_jail jail = { { 0 }, { 0 }, { { 0 } } };

	for (int f = 0; f < FAMILIES; f++) {
		jail.select[f] = a->select[f];
		jail.count[f] = a->count[f];
		if (net_count(a, f) > 0)
			address_at(a, f, 0, jail.primary[f]);
	}
	return bpf_map_set(&n->bpf, n->maps.jails, &id, &jail);
}

/* Deletes the addresses that are not in the list `kept`. */
static void
delete_addresses(struct net *n, uint64_t id, const struct net_addresses *a,
    const struct net_addresses *kept)
{
	struct net_key key;
	uint32_t address[4];

	for (int f = 0; f < FAMILIES; f++)
		for (uint32_t i = 0; i < net_count(a, f); i++) {
			address_at(a, f, i, address);
			if (kept != NULL && contains(kept, f, address))
				continue;
			key_for(id, address, 128, &key);
			(void)bpf_map_delete(&n->bpf, n->maps.addresses, &key);
		}
}

int
net_list_set(struct net *n, uint64_t id, const struct net_addresses *before,
    const struct net_addresses *after, struct error *err)
{
	delete_nets(n, id, before);
	if (put_families(n, id, after) != 0 ||
	    put_addresses(n, id, after) != 0 || put_nets(n, id, after) != 0 ||
	    put_jail(n, id, after) != 0)
		return error_sys(err, errno, "the addresses of the jail%s",
		    errno == E2BIG || errno == ENOSPC ?
		    " (there is room for 65536 jails)" : "");
	delete_addresses(n, id, before, after);
	return 0;
}

void
net_list_clear(struct net *n, uint64_t id, const struct net_addresses *a)
{
	delete_nets(n, id, a);
	delete_families(n, id, a);
	delete_addresses(n, id, a, NULL);
	(void)bpf_map_delete(&n->bpf, n->maps.jails, &id);
}
