/* SPDX-License-Identifier: BSD-2-Clause */
/* Records as bytes: version, numbers, name, texts, lists. */
#include "record.h"

#include <netinet/in.h>

#include <string.h>

#define NUMBER(f) { offsetof(struct record, f), sizeof((struct record *)0)->f }
#define nitems(a) (sizeof(a) / sizeof *(a))

static const struct {
	size_t offset, size;
} numbers[] = {
	NUMBER(jid), NUMBER(parent), NUMBER(serial), NUMBER(state),
	NUMBER(flags), NUMBER(children_max), NUMBER(children_cur),
	NUMBER(securelevel), NUMBER(enforce_statfs), NUMBER(devfs_ruleset),
	NUMBER(osreldate), NUMBER(cpuset), NUMBER(allow), NUMBER(sysv),
	NUMBER(hostid), NUMBER(extra), NUMBER(leaks), NUMBER(holder_pid),
	NUMBER(holder_id),
};

static const size_t texts[] = {
	offsetof(struct record, path), offsetof(struct record, hostname),
	offsetof(struct record, domainname), offsetof(struct record, hostuuid),
	offsetof(struct record, osrelease), offsetof(struct record, meta),
	offsetof(struct record, env),
};

static const struct {
	size_t offset, size;
} lists[] = {
	{ offsetof(struct record, ip4), sizeof(struct in_addr) },
	{ offsetof(struct record, ip6), sizeof(struct in6_addr) },
	{ offsetof(struct record, procs), sizeof(struct prison_proc) },
	{ offsetof(struct record, owners), sizeof(uint64_t) },
	{ offsetof(struct record, extra_list), 1 },
};

static const void *
at(const struct record *r, size_t offset)
{
	return (const char *)r + offset;
}

static char *
text_of(const struct record *r, size_t i)
{
	char *text;

	memcpy(&text, at(r, texts[i]), sizeof text);
	return text;
}

static size_t
name_length(const struct record *r)
{
	size_t n = sizeof r->name;

	while (n > 0 && r->name[n - 1] == '\0')
		n--;
	return n;
}

static unsigned char *
put(unsigned char *p, const void *data, size_t len)
{
	if (len > 0)
		memcpy(p, data, len);
	return p + len;
}

static unsigned char *
put_block(unsigned char *p, const void *data, size_t len)
{
	uint32_t n = (uint32_t)len;

	return put(put(p, &n, sizeof n), data, len);
}

int
record_encode(struct arena *a, const struct record *r, void **data,
    size_t *len)
{
	const uint32_t version = RECORD_VERSION;
	size_t room = sizeof *r + sizeof version;
	unsigned char *p;
	const struct list *l;

	for (size_t i = 0; i < nitems(texts); i++)
		room += sizeof(uint32_t) + strlen(text_of(r, i));
	for (size_t i = 0; i < nitems(lists); i++) {
		l = at(r, lists[i].offset);
		room += sizeof(uint32_t) + l->count * lists[i].size;
	}
	*data = p = arena_alloc(a, room);
	if (p == NULL)
		return -1;
	p = put(p, &version, sizeof version);
	for (size_t i = 0; i < nitems(numbers); i++)
		p = put(p, at(r, numbers[i].offset), numbers[i].size);
	p = put_block(p, r->name, name_length(r));
	for (size_t i = 0; i < nitems(texts); i++)
		p = put_block(p, text_of(r, i), strlen(text_of(r, i)));
	for (size_t i = 0; i < nitems(lists); i++) {
		l = at(r, lists[i].offset);
		p = put_block(p, l->data, l->count * lists[i].size);
	}
	*len = (size_t)(p - (unsigned char *)*data);
	return 0;
}

/* Takes `len` bytes from the input; NULL when there are not so many. */
static const unsigned char *
take(const unsigned char **p, size_t *left, size_t len)
{
	const unsigned char *start = *p;

	if (*left < len)
		return NULL;
	*p += len;
	*left -= len;
	return start;
}

static const unsigned char *
take_block(const unsigned char **p, size_t *left, size_t *len)
{
	const unsigned char *n = take(p, left, sizeof(uint32_t));
	uint32_t value;

	if (n == NULL)
		return NULL;
	memcpy(&value, n, sizeof value);
	*len = value;
	return take(p, left, value);
}

static int
decode_blocks(struct arena *a, struct record *r, const unsigned char *p,
    size_t left, uint32_t version)
{
	size_t count = nitems(lists) - (version == 1);
	const unsigned char *block;
	size_t len;

	block = take_block(&p, &left, &len);
	if (block == NULL || len >= sizeof r->name)
		return -1;
	memcpy(r->name, block, len);
	for (size_t i = 0; i < nitems(texts); i++) {
		char *text;

		if ((block = take_block(&p, &left, &len)) == NULL ||
		    (text = arena_copy(a, block, len)) == NULL)
			return -1;
		memcpy((char *)r + texts[i], &text, sizeof text);
	}
	for (size_t i = 0; i < count; i++) {
		struct list *l = (void *)((char *)r + lists[i].offset);

		block = take_block(&p, &left, &len);
		if (block == NULL || len % lists[i].size != 0)
			return -1;
		l->count = (uint32_t)(len / lists[i].size);
		if (len > 0 && (l->data = arena_copy(a, block, len)) == NULL)
			return -1;
	}
	return left == 0 ? 0 : -1;
}

struct record *
record_decode(struct arena *a, const void *data, size_t left)
{
	const unsigned char *p = data, *n;
	struct record *r = arena_alloc(a, sizeof *r);
	uint32_t version;

	if (r == NULL || (n = take(&p, &left, sizeof version)) == NULL)
		return NULL;
	memcpy(&version, n, sizeof version);
	if (version < 1 || version > RECORD_VERSION)
		return NULL;
	for (size_t i = 0; i < nitems(numbers); i++) {
		n = take(&p, &left, numbers[i].size);
		if (n == NULL)
			return NULL;
		memcpy((char *)r + numbers[i].offset, n, numbers[i].size);
	}
	if (decode_blocks(a, r, p, left, version) != 0)
		return NULL;
	record_keys(r, &r->was);
	r->was.stored = true;
	r->had_ip4 = r->ip4;
	r->had_ip6 = r->ip6;
	r->had_hostname = r->hostname;
	r->had_domainname = r->domainname;
	return r;
}

void
record_keys(const struct record *r, struct record_keys *k)
{
	static const struct list none;
	bool alive = r->state == PRISON_ALIVE;

	k->stored = !r->gone;
	k->busy = !alive || r->procs.count > 0 || r->holder_pid != 0 ||
	    r->owners.count > 0;
	k->jid = r->jid;
	k->parent = r->parent;
	k->serial = r->serial;
	memcpy(k->name, r->name, sizeof k->name);
	k->ip4 = alive && (r->flags & PR_IP4_USER) != 0 ? r->ip4 : none;
	k->ip6 = alive && (r->flags & PR_IP6_USER) != 0 ? r->ip6 : none;
}
