/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * git's split index (gitformat-index(5), "Split index"): most entries are in a
 * file that is shared by many versions of the index.  Two compressed bitmaps say
 * which of them are deleted and which replaced; the replacements are the first
 * entries of the index itself, without names, and those that are new follow,
 * sorted by name.
 */
#include "agent/read/git_index.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct split {
	struct index base;
	/* One byte for each of its entries. */
	unsigned char *deleted, *replaced;
	struct git_entry *instead; /* of those that are replaced, in order */
	size_t replacements;
};

static uint64_t
be(const unsigned char *p, size_t bytes)
{
	uint64_t value = 0;

	while (bytes-- > 0)
		value = value << 8 | *p++;
	return value;
}

static void
set_bits(unsigned char *bit, size_t count, uint64_t from, uint64_t n)
{
	for (; n > 0 && from < count; n--)
		bit[from++] = 1;
}

/*
 * EWAH: a word says how many words of all zeros or all ones there are, and how
 * many literal ones follow.
 */
static int
read_words(const unsigned char *p, uint64_t words, unsigned char *bit,
    size_t count)
{
	uint64_t at = 0;

	for (uint64_t i = 0; i < words;) {
		uint64_t word = be(p + 8 * i++, 8), literal = word >> 33;
		uint64_t run = (word >> 1 & 0xffffffff) * 64;

		if (literal > words - i)
			return -1;
		if ((word & 1) != 0)
			set_bits(bit, count, at, run);
		at += run;
		for (; literal > 0; literal--, at += 64) {
			word = be(p + 8 * i++, 8);
			for (unsigned k = 0; k < 64; k++)
				if ((word >> k & 1) != 0)
					set_bits(bit, count, at + k, 1);
		}
	}
	return 0;
}

/* Reads a bitmap and steps over it: bits, words, the words, a position. */
static int
read_bitmap(const unsigned char **p, size_t *len, unsigned char *bit,
    size_t count)
{
	uint64_t words;

	if (*len < 12)
		return -1;
	words = be(*p + 4, 4);
	if (words > (*len - 12) / 8 ||
	    read_words(*p + 8, words, bit, count) != 0)
		return -1;
	*p += 12 + 8 * words;
	*len -= (size_t)(12 + 8 * words);
	return 0;
}

/* The base, named by its checksum, and what the bitmaps say of it. */
static int
open_base(const struct git *g, struct split *s, const unsigned char *link,
    size_t len)
{
	const unsigned char *more;
	char path[PATH_MAX + GIT_HEX_SIZE + 16], hex[GIT_HEX_SIZE];
	struct git_entry e;
	size_t more_len;

	if (len < SHA1_SIZE)
		return -1;
	sodium_bin2hex(hex, sizeof hex, link, SHA1_SIZE);
	snprintf(path, sizeof path, "%s/sharedindex.%s", g->dir, hex);
	if (index_open(&s->base, path) != 0)
		return -1;
	for (uint32_t i = 0; i < s->base.entries; i++)
		if (index_next(&s->base, &e) != 0)
			return -1;
	if (index_extensions(&s->base, &more, &more_len) != 0 || more != NULL)
		return -1;
	index_rewind(&s->base);
	s->deleted = calloc(s->base.entries + 1, 1);
	s->replaced = calloc(s->base.entries + 1, 1);
	link += SHA1_SIZE;
	len -= SHA1_SIZE;
	if (s->deleted == NULL || s->replaced == NULL)
		return -1;
	/* Without bitmaps nothing is deleted or replaced. */
	return len == 0 || (read_bitmap(&link, &len, s->deleted,
	    s->base.entries) == 0 && read_bitmap(&link, &len, s->replaced,
	    s->base.entries) == 0) ? 0 : -1;
}

/* The first entries of the index. */
static int
read_replacements(struct split *s, struct index *x)
{
	size_t n = 0;

	for (uint32_t i = 0; i < s->base.entries; i++)
		n += s->replaced[i];
	s->instead = calloc(n + 1, sizeof *s->instead);
	if (s->instead == NULL || n > x->entries)
		return -1;
	for (; s->replacements < n; s->replacements++)
		if (index_next(x, &s->instead[s->replacements]) != 0 ||
		    x->name[0] != '\0')
			return -1;
	return 0;
}

/* What the base has and the index has besides, merged by name. */
static int
merge(const struct git *g, struct split *s, struct index *x,
    bool (*each)(void *arg, const struct git_entry *e), void *arg)
{
	uint32_t added = (uint32_t)s->replacements;
	struct git_entry own, base;
	bool stopped = false, has_own = false;
	size_t used = 0;

	for (uint32_t i = 0; i <= s->base.entries; i++) {
		bool last = i == s->base.entries;

		if (!last && index_next(&s->base, &base) != 0)
			return -1;
		for (;;) {
			if (!has_own && added < x->entries) {
				if (index_next(x, &own) != 0)
					return -1;
				has_own = true;
				added++;
			}
			if (!has_own || (!last &&
			    strcmp(x->name, s->base.name) > 0))
				break;
			index_tell(g, x->name, own, each, arg, &stopped);
			has_own = false;
		}
		if (last)
			break;
		if (s->replaced[i] != 0)
			base = s->instead[used++];
		if (s->deleted[i] == 0)
			index_tell(g, s->base.name, base, each, arg, &stopped);
	}
	return stopped;
}

int
index_split(const struct git *g, struct index *x, const unsigned char *link,
    size_t len, bool (*each)(void *arg, const struct git_entry *e),
    void *arg)
{
	struct split *s = calloc(1, sizeof *s);
	int rc = -1;

	if (s == NULL)
		return -1;
	if (open_base(g, s, link, len) == 0 && read_replacements(s, x) == 0)
		rc = merge(g, s, x, each, arg);
	index_close(&s->base);
	free(s->deleted);
	free(s->replaced);
	free(s->instead);
	free(s);
	return rc;
}
