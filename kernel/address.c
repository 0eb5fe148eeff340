/* SPDX-License-Identifier: BSD-2-Clause */
#include "address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLANKS " \t"
#define INTERFACE_MAX 15 /* IFNAMSIZ - 1, everywhere */
#define FEW 8		 /* addresses that are compared each with each */
#define SHOWN 64	 /* characters of an offending text in a message */

/* The pieces of an address text; they point into it. */
struct pieces {
	const char *interface, *address, *suffix, *extra;
	size_t interface_len, address_len, suffix_len;
};

/* The end of an address that begins here. */
static const char *
address_end(const char *address)
{
	while (*address != '\0' && *address != '/' && *address != ' ' &&
	    *address != '\t')
		address++;
	return address;
}

static void
split(const char *text, struct pieces *p)
{
	const char *bar = strchr(text, '|');

	*p = (struct pieces){ .interface = bar == NULL ? NULL : text,
		.interface_len = bar == NULL ? 0 : (size_t)(bar - text),
		.address = bar == NULL ? text : bar + 1 };
	p->extra = address_end(p->address);
	p->address_len = (size_t)(p->extra - p->address);
	if (*p->extra == '/') {
		p->suffix = p->extra + 1;
		p->suffix_len = strcspn(p->suffix, BLANKS);
		p->extra = p->suffix + p->suffix_len;
	}
	p->extra += strspn(p->extra, BLANKS);
}

int
address_part(const char *text, char *buf, size_t size)
{
	const char *bar = strchr(text, '|');
	const char *address = bar == NULL ? text : bar + 1;
	size_t len = (size_t)(address_end(address) - address);

	if (len >= size)
		return -1;
	memcpy(buf, address, len);
	buf[len] = '\0';
	return 0;
}

bool
address_listed(const struct text_list *l, const char *address)
{
	char one[128];

	for (size_t i = 0; l != NULL && i < l->count; i++)
		if (address_part(l->text[i], one, sizeof one) == 0 &&
		    strcmp(one, address) == 0)
			return true;
	return false;
}

/* The prefix length that a netmask stands for, -1 if it has holes. */
static int
mask_prefix(struct in_addr mask)
{
	uint32_t bits = ntohl(mask.s_addr);
	int prefix = 0;

	while (bits & 0x80000000u) {
		bits <<= 1;
		prefix++;
	}
	return bits == 0 ? prefix : -1;
}

/* The number that a suffix says, a length or an IPv4 netmask; -1: neither. */
static int
suffix_prefix(int family, const char *suffix, size_t len)
{
	char text[INET_ADDRSTRLEN];
	struct in_addr mask;

	if (len == 0 || len >= sizeof text)
		return -1;
	memcpy(text, suffix, len);
	text[len] = '\0';
	if (family == AF_INET && strchr(text, '.') != NULL)
		return inet_pton(AF_INET, text, &mask) == 1 ?
		    mask_prefix(mask) : -1;
	if (len > 3 || text[strspn(text, "0123456789")] != '\0' ||
	    atoi(text) > (family == AF_INET ? 32 : 128))
		return -1;
	return atoi(text);
}

/* Words go to ifconfig(8) as they are. */
static int
check_words(const char *words, struct error *err)
{
	for (const char *c = words; *c != '\0'; c++) {
		if ((unsigned char)*c < ' ' && *c != '\t')
			return error_set(err, EINVAL, "expected words without "
			    "control characters after the address");
	}
	return 0;
}

static int
check_interface(const struct pieces *p, struct error *err)
{
	size_t plain;

	if (p->interface == NULL)
		return 0;
	plain = strcspn(p->interface, "|/," BLANKS);
	if (p->interface_len == 0 || p->interface_len > INTERFACE_MAX ||
	    plain != p->interface_len)
		return error_set(err, EINVAL, "expected an interface name of 1 "
		    "to %d characters before |, found \"%.*s\"", INTERFACE_MAX,
		    p->interface_len > SHOWN ? SHOWN : (int)p->interface_len,
		    p->interface);
	return 0;
}

/* Refused by jail_set(2): wildcards and the IPv4 broadcast address. */
static bool
is_forbidden(const char *canonical)
{
	return strcmp(canonical, "0.0.0.0") == 0 ||
	    strcmp(canonical, "255.255.255.255") == 0 ||
	    strcmp(canonical, "::") == 0;
}

/* As inet_ntop(3), which takes ten times as long. */
static void
format_ip4(const struct in_addr *address, char *to)
{
	const unsigned char *byte = (const unsigned char *)address;

	for (int i = 0; i < 4; i++) {
		if (i > 0)
			*to++ = '.';
		if (byte[i] >= 100)
			*to++ = (char)('0' + byte[i] / 100);
		if (byte[i] >= 10)
			*to++ = (char)('0' + byte[i] / 10 % 10);
		*to++ = (char)('0' + byte[i] % 10);
	}
	*to = '\0';
}

/*
 * As inet_ntop(3), which takes twenty times as long; not for what begins with
 * zeros, which may have an IPv4 address in it.
 */
static void
format_ip6(const struct in6_addr *address, char *to)
{
	unsigned group[8];
	int longest = -1, zeros = 1;

	for (int i = 0; i < 8; i++)
		group[i] = (unsigned)address->s6_addr[2 * i] << 8 |
		    address->s6_addr[2 * i + 1];
	for (int i = 0, n; i < 8; i += n + 1) {
		for (n = 0; i + n < 8 && group[i + n] == 0; n++)
			;
		if (n > zeros) {
			longest = i;
			zeros = n;
		}
	}
	for (int i = 0; i < 8; i++) {
		if (i > 0)
			*to++ = ':';
		if (i == longest) {
			i += zeros - 1;
			if (i == 7)
				*to++ = ':';
			continue;
		}
		for (int shift = 12; shift >= 0; shift -= 4)
			if (shift == 0 || group[i] >> shift != 0)
				*to++ = "0123456789abcdef"[group[i] >> shift &
				    15];
	}
	*to = '\0';
}

/* "/24": for each address of each spec, and so without snprintf(3). */
static void
format_prefix(int prefix, char *to)
{
	*to++ = '/';
	if (prefix >= 100)
		*to++ = (char)('0' + prefix / 100);
	if (prefix >= 10)
		*to++ = (char)('0' + prefix / 10 % 10);
	*to++ = (char)('0' + prefix % 10);
	*to = '\0';
}

static int
canonical_host(int family, const void *bytes, char *canonical, size_t size,
    struct error *err)
{
	if (family == AF_INET)
		format_ip4(bytes, canonical);
	else if (*(const unsigned char *)bytes != 0)
		format_ip6(bytes, canonical);
	else if (inet_ntop(family, bytes, canonical, (socklen_t)size) == NULL)
		return error_sys(err, errno, "address");
	if (is_forbidden(canonical))
		return error_set(err, EINVAL,
		    "%s cannot be the address of a jail", canonical);
	return 0;
}

static int
check_host(int family, const char *text, char *canonical, size_t size,
    struct error *err)
{
	union {
		struct in_addr v4;
		struct in6_addr v6;
	} bytes;
	char address[INET6_ADDRSTRLEN];
	int other = family == AF_INET ? AF_INET6 : AF_INET;
	bool fits = address_part(text, address, sizeof address) == 0;

	if (fits && inet_pton(family, address, &bytes) == 1)
		return canonical_host(family, &bytes, canonical, size, err);
	if (fits && inet_pton(other, address, &bytes) == 1)
		return error_set(err, EINVAL, "expected an %s address, found "
		    "the %s address \"%s\"; it belongs into %s",
		    family == AF_INET ? "IPv4" : "IPv6",
		    family == AF_INET ? "IPv6" : "IPv4", address,
		    family == AF_INET ? "ip6.addr" : "ip4.addr");
	return error_set(err, EINVAL, "expected an %s address as in %s, found "
	    "\"%.*s\"", family == AF_INET ? "IPv4" : "IPv6",
	    family == AF_INET ? "192.0.2.10" : "2001:db8::10", SHOWN, text);
}

/* Copies bytes and a NUL to where there is room, and returns their end. */
static char *
put(char *to, const char *from, size_t len)
{
	memcpy(to, from, len);
	to[len] = '\0';
	return to + len;
}

/* Appends the extra words with single blanks; `to` has room for them. */
static void
append_words(char *to, const char *words)
{
	while (*words != '\0') {
		size_t n = strcspn(words, BLANKS);

		*to++ = ' ';
		memcpy(to, words, n);
		to += n;
		words += n + strspn(words + n, BLANKS);
	}
	*to = '\0';
}

int
address_canonical(int family, const char *text, char *buf, size_t size,
    struct error *err)
{
	char address[INET6_ADDRSTRLEN], suffix[16] = "";
	struct pieces p;

	split(text, &p);
	if (check_interface(&p, err) != 0 || check_words(p.extra, err) != 0 ||
	    check_host(family, text, address, sizeof address, err) != 0)
		return -1;
	if (p.suffix != NULL) {
		int prefix = suffix_prefix(family, p.suffix, p.suffix_len);

		if (prefix < 0)
			return error_set(err, EINVAL, "expected %s after /, "
			    "found \"%.*s\"", family == AF_INET ?
			    "a prefix length from 0 to 32 or a netmask" :
			    "a prefix length from 0 to 128", SHOWN, p.suffix);
		format_prefix(prefix, suffix);
	}
	if (p.interface_len + sizeof address + sizeof suffix +
	    strlen(p.extra) + 2 > size)
		return error_set(err, ENAMETOOLONG, "expected fewer words "
		    "after the address, found %zu bytes", strlen(p.extra));
	if (p.interface != NULL)
		buf = put(buf, p.interface, p.interface_len + 1);
	buf = put(buf, address, strlen(address));
	buf = put(buf, suffix, strlen(suffix));
	append_words(buf, p.extra);
	return 0;
}

/* An address text and where it stood, for finding duplicates by sorting. */
struct sorted {
	char address[INET6_ADDRSTRLEN];
	size_t index;
};

static int
compare_address(const void *a, const void *b)
{
	const struct sorted *x = a, *y = b;
	int c = strcmp(x->address, y->address);

	return c != 0 ? c : (x->index > y->index) - (x->index < y->index);
}

/* The addresses of a list, sorted from index `from` on; NULL: no memory. */
static struct sorted *
sort_addresses(const struct text_list *texts, size_t from)
{
	struct sorted *s = calloc(texts->count + 1, sizeof *s);

	if (s == NULL)
		return NULL;
	for (size_t i = 0; i < texts->count; i++) {
		/* What does not fit is no address and stays empty. */
		(void)address_part(texts->text[i], s[i].address,
		    sizeof s[i].address);
		s[i].index = i;
	}
	if (texts->count > from)
		qsort(s + from, texts->count - from, sizeof *s,
		    compare_address);
	return s;
}

/* Whether two of a few texts may have the same address. */
static bool
may_repeat(const struct text_list *texts)
{
	char address[FEW][INET6_ADDRSTRLEN];

	for (size_t i = 0; i < texts->count; i++) {
		if (i == FEW || address_part(texts->text[i], address[i],
		    sizeof address[i]) != 0)
			return true;
		for (size_t k = 0; k < i; k++)
			if (strcmp(address[i], address[k]) == 0)
				return true;
	}
	return false;
}

int
address_check_list(const struct text_list *texts, size_t *which,
    struct error *err)
{
	struct sorted *s;
	int rc = 0;

	if (texts->count > ADDRESS_MAX) {
		*which = ADDRESS_MAX;
		return error_set(err, EINVAL,
		    "expected at most %d addresses, found %zu", ADDRESS_MAX,
		    texts->count);
	}
	if (!may_repeat(texts))
		return 0;
	s = sort_addresses(texts, 0);
	if (s == NULL)
		return error_sys(err, ENOMEM, "addresses");
	for (size_t i = 1; i < texts->count && rc == 0; i++) {
		if (strcmp(s[i].address, s[i - 1].address) != 0)
			continue;
		*which = s[i].index;
		rc = error_set(err, EINVAL, "address %s is there twice",
		    s[i].address);
	}
	free(s);
	return rc;
}

int
address_import(int family, const struct text_list *texts, void **data,
    size_t *len, struct error *err)
{
	size_t size = family == AF_INET ? sizeof(struct in_addr) :
	    sizeof(struct in6_addr);
	unsigned char *bytes;

	*data = NULL;
	*len = 0;
	if (texts->count == 0)
		return 0;
	bytes = calloc(texts->count, size);
	if (bytes == NULL)
		return error_sys(err, ENOMEM, "addresses");
	for (size_t i = 0; i < texts->count; i++) {
		char address[INET6_ADDRSTRLEN];

		if (address_part(texts->text[i], address, sizeof address) != 0 ||
		    inet_pton(family, address, bytes + i * size) != 1) {
			free(bytes);
			return error_set(err, EINVAL, "not an address: %.*s",
			    SHOWN, texts->text[i]);
		}
	}
	*data = bytes;
	*len = texts->count * size;
	return 0;
}

int
address_export(int family, const void *data, size_t len,
    struct text_list *texts, struct error *err)
{
	size_t size = family == AF_INET ? sizeof(struct in_addr) :
	    sizeof(struct in6_addr);

	*texts = (struct text_list){ 0 };
	if (len % size != 0)
		return error_set(err, EINVAL, "the kernel returned %zu bytes "
		    "for addresses of %zu", len, size);
	for (size_t i = 0; i < len / size; i++) {
		const unsigned char *bytes = data;
		char text[INET6_ADDRSTRLEN];

		if (inet_ntop(family, bytes + i * size, text,
		    sizeof text) == NULL || text_list_add(texts, text) != 0) {
			text_list_free(texts);
			return error_sys(err, ENOMEM, "addresses");
		}
	}
	return 0;
}

bool
address_same(const struct text_list *a, const struct text_list *b)
{
	struct sorted *x, *y;
	bool same;

	if (a->count != b->count)
		return false;
	x = sort_addresses(a, 1);
	y = sort_addresses(b, 1);
	same = x != NULL && y != NULL;
	for (size_t i = 0; same && i < a->count; i++)
		same = strcmp(x[i].address, y[i].address) == 0;
	free(x);
	free(y);
	return same;
}
