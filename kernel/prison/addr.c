/* SPDX-License-Identifier: BSD-2-Clause */
#include "addr.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "life.h"
#include "tree.h"

const struct family families[2] = {
	{ sizeof(struct in_addr), offsetof(struct record, ip4), PR_IP4_USER,
	    PR_IP4, "ip4", "ip4.addr", "IPv4" },
	{ sizeof(struct in6_addr), offsetof(struct record, ip6), PR_IP6_USER,
	    PR_IP6, "ip6", "ip6.addr", "IPv6" },
};

struct list *
family_list(const struct family *f, struct record *r)
{
	return (void *)((char *)r + f->list);
}

static int
compare4(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct in_addr));
}

static int
compare6(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct in6_addr));
}

static const unsigned char *
nth(const struct list *l, size_t size, uint32_t i)
{
	return (const unsigned char *)l->data + i * size;
}

/* No address of a host: all zeros, and for IPv4 also all ones. */
static bool
refused(const unsigned char *address, size_t size)
{
	static const unsigned char zeros[16];
	static const unsigned char ones[4] = { 255, 255, 255, 255 };

	return memcmp(address, zeros, size) == 0 ||
	    (size == sizeof ones && memcmp(address, ones, size) == 0);
}

int
addr_read(struct op *op, const struct family *f, const void *data, size_t len,
    struct list *out)
{
	size_t size = f->size;

	out->count = (uint32_t)(len / size);
	out->data = arena_copy(&op->arena, data, len);
	if (out->data == NULL)
		return ENOMEM;
	if (out->count > 1)
		qsort((unsigned char *)out->data + size, out->count - 1, size,
		    size == sizeof(struct in_addr) ? compare4 : compare6);
	for (uint32_t i = 0; i < out->count; i++) {
		const unsigned char *a = nth(out, size, i);

		if (refused(a, size) ||
		    (i > 0 && memcmp(a, nth(out, size, 0), size) == 0) ||
		    (i > 1 && memcmp(a, nth(out, size, i - 1), size) == 0))
			return EINVAL;
	}
	return 0;
}

/* The rest of a list is sorted. */
static bool
contains(const struct list *l, const unsigned char *address, size_t size)
{
	if (l->count == 0)
		return false;
	if (memcmp(nth(l, size, 0), address, size) == 0)
		return true;
	return l->count > 1 && bsearch(address, nth(l, size, 1), l->count - 1,
	    size, size == sizeof(struct in_addr) ? compare4 : compare6) != NULL;
}

bool
addr_subset(const struct list *l, const struct list *parent, size_t size)
{
	for (uint32_t i = 0; i < l->count; i++)
		if (!contains(parent, nth(l, size, i), size))
			return false;
	return true;
}

struct clash {
	struct op *op;
	const struct family *f;
	const struct record *top; /* the nearest owner of a network stack */
	const struct record *self;
};

/* Whether a prison that has a wanted address stands in the way. */
static bool
in_the_way(void *arg, int jid)
{
	const struct clash *c = arg;
	struct record *r = life_get(c->op, jid);

	if (r == NULL || r->state != PRISON_ALIVE || r == c->self ||
	    (r->flags & PR_VNET) != 0)
		return false;
	for (;;) {
		r = tree_parent(c->op, r);
		if (r == NULL)
			return false;
		if (r == c->top)
			return true;
		/* Below others that are restricted nothing is looked at. */
		if (r->state != PRISON_ALIVE || r == c->self ||
		    (r->flags & (PR_VNET | c->f->user)) != 0)
			return false;
	}
}

bool
addr_clash(struct op *op, const struct family *f, struct record *parent,
    const struct record *self, const struct list *l)
{
	struct clash c = { op, f, parent, self };

	while (c.top->jid != 0 && (c.top->flags & PR_VNET) == 0)
		c.top = tree_parent(op, c.top);
	for (uint32_t i = 0; i < l->count; i++) {
		const unsigned char *a = nth(l, f->size, i);

		/* Two prisons may share an address that is the only one of
		   either. */
		if (jids_by_address(op, f->size, false, a, in_the_way, &c) ||
		    (l->count > 1 && jids_by_address(op, f->size, true, a,
		    in_the_way, &c)))
			return true;
	}
	return false;
}

/* Drops addresses that the parent has no more; the order stays. */
static void
restrict_list(struct op *op, struct list *l, const struct list *parent,
    size_t size)
{
	unsigned char *kept;
	uint32_t count = 0;

	if (addr_subset(l, parent, size))
		return;
	kept = arena_alloc(&op->arena, l->count * size);
	if (kept == NULL)
		return;
	for (uint32_t i = 0; i < l->count; i++)
		if (contains(parent, nth(l, size, i), size))
			memcpy(kept + size * count++, nth(l, size, i), size);
	*l = (struct list){ kept, count };
}

static enum walk
follow_parent(struct op *op, struct record *r, int depth, void *arg)
{
	const struct family *f = arg;
	struct record *parent = tree_parent(op, r);
	struct list *l = family_list(f, r);

	(void)depth;
	if (parent == NULL || (r->flags & PR_VNET) != 0)
		return WALK_SKIP;
	if ((r->flags & f->user) == 0) {
		r->flags |= f->any;
		*l = *family_list(f, parent);
	} else
		restrict_list(op, l, family_list(f, parent), f->size);
	record_changed(op, r);
	return WALK_NEXT;
}

void
addr_cascade(struct op *op, const struct family *f, struct record *r)
{
	tree_walk(op, r, follow_parent, (void *)(uintptr_t)f);
}
