/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Assignments become a document.  They are in memory that the next document is
 * read into: what the document needs of them is copied.
 */
#include <assert.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "pack.h"
#include "parser.h"

/* At least as many as there are parameters and settings, and variables. */
#define BUCKETS_MAX 256
#define WORD_BITS 64
#define NONE UINT_MAX

static int
compare_assign(const void *a, const void *b)
{
	const struct assign *x = *(const struct assign *const *)a;
	const struct assign *y = *(const struct assign *const *)b;
	int c = assign_compare(x, y);

	/* The first one of a name first. */
	return c != 0 ? c : (x > y) - (x < y);
}

/* Where an assignment goes: the tables give the order, variables are last. */
static size_t
bucket_of(const struct assign *a)
{
	return a->kind == ASSIGN_PARAM ? a->index :
	    a->kind == ASSIGN_AGENT ? param_count + a->index :
				      param_count + setting_count;
}

/* Sorts some assignments by name, and reports those given twice. */
static void
sort_names(struct parser *p, const struct assign **sorted, size_t count)
{
	qsort(sorted, count, sizeof *sorted, compare_assign);
	for (size_t i = 1; i < count; i++) {
		const struct assign *a = sorted[i], *first = sorted[i - 1];
		const struct node at = { .line = a->place.line,
			.column = a->place.column };

		if (assign_compare(first, a) == 0)
			parser_fault(p, &at, "%s is given twice, first in line %u",
			    a->name, first->place.line);
	}
}

/*
 * Sorts pointers to the assignments.  They are put into buckets, of which a bit
 * tells whether there is anything in them; as a rule that is one.
 */
static void
sort_assigns(struct parser *p)
{
	unsigned newest[BUCKETS_MAX];
	uint64_t used[BUCKETS_MAX / WORD_BITS] = { 0 };
	size_t n = 0;

	assert(param_count + setting_count < BUCKETS_MAX);
	for (size_t i = 0; i < p->count; i++) {
		size_t b = bucket_of(&p->assign[i]);
		uint64_t bit = (uint64_t)1 << b % WORD_BITS;

		p->assign[i].next = used[b / WORD_BITS] & bit ? newest[b] :
		    NONE;
		used[b / WORD_BITS] |= bit;
		newest[b] = (unsigned)i;
	}
	for (size_t w = 0; w < BUCKETS_MAX / WORD_BITS; w++) {
		for (; used[w] != 0; used[w] &= used[w] - 1) {
			size_t b = w * WORD_BITS +
			    (size_t)__builtin_ctzll(used[w]), first = n;

			for (unsigned i = newest[b]; i != NONE;
			    i = p->assign[i].next)
				p->sorted[n++] = &p->assign[i];
			if (n - first > 1)
				sort_names(p, p->sorted + first, n - first);
		}
	}
	/* What the kernel added stands between the others by its name. */
	if (p->added)
		qsort(p->sorted, n, sizeof *p->sorted, compare_assign);
}

/* Copies an assignment with all that it points to. */
static int
copy_assign(struct arena *to, struct assign *copy, const struct assign *a)
{
	const char *known = a->kind == ASSIGN_PARAM ? a->def->name :
	    a->kind == ASSIGN_AGENT ? a->setting->name : NULL;

	*copy = *a;
	copy->value = (struct text_list){ 0 };
	if (a->name != known)
		copy->name = arena_text(to, a->name);
	for (size_t i = 0; i < a->value.count; i++) {
		char *text = arena_text(to, a->value.text[i]);

		if (text == NULL || arena_list_add(to, &copy->value, text) != 0)
			return -1;
	}
	return copy->name != NULL ? 0 : -1;
}

/* Takes the sorted assignments from the given one on into the document. */
static int
keep_assigns(struct parser *p, size_t from)
{
	struct spec_doc *doc = p->doc;

	if (from == p->count)
		return 0;
	doc->assign = arena_take(&p->kept,
	    (p->count - from) * sizeof *doc->assign);
	if (doc->assign == NULL)
		return -1;
	for (size_t i = from; i < p->count; i++) {
		if (copy_assign(&p->kept, &doc->assign[doc->count++],
		    p->sorted[i]) != 0)
			return -1;
	}
	return 0;
}

/* Whether a document may be the whole of a jail. */
static bool
is_whole(const struct parser *p)
{
	if (p->doc->bad || p->doc->defaults || p->docs->defaults)
		return false;
	for (size_t i = 0; i < p->count; i++) {
		const struct assign *a = p->sorted[i];

		if (a->expand || a->append || a->kind == ASSIGN_VAR)
			return false;
	}
	return true;
}

/*
 * Makes the spec of a document that is the whole of a jail.  What is wrong with
 * it is said when it is resolved: *made stays NULL then.
 */
static int
make_spec(struct parser *p, struct spec **made)
{
	struct spec_errors errors = { 0 };
	int rc;

	p->drafter.scope.errors = &errors;
	rc = draft_whole(&p->drafter, p->doc, p->sorted, p->count);
	if (rc == 0 && p->drafter.scope.faults == 0) {
		*made = spec_put(&p->shelf, &p->drafter.spec);
		rc = *made != NULL ? 0 : -1;
	}
	scope_end(&p->drafter.scope);
	spec_errors_free(&errors);
	return rc;
}

/* What of a whole jail is not in its spec. */
static int
keep_whole(struct parser *p, struct spec *s)
{
	struct spec_doc *doc = p->doc;

	doc->spec = s;
	doc->name = s->name;
	doc->jid = draft_place(&p->drafter, P_JID);
	doc->depend = draft_place(&p->drafter, P_DEPEND);
	doc->value_place = arena_take(&p->kept,
	    s->count * sizeof *doc->value_place);
	if (doc->value_place == NULL)
		return -1;
	for (size_t i = 0; i < s->count; i++)
		doc->value_place[i] = (struct value_place){
			p->sorted[i]->value_line, p->sorted[i]->value_column };
	return keep_assigns(p, s->count);
}

int
parser_keep(struct parser *p)
{
	struct spec_doc *doc = p->doc;
	struct spec *s = NULL;

	sort_assigns(p);
	doc->defaults = doc->name != NULL && strchr(doc->name, '*') != NULL;
	doc->bad = p->faults > 0;
	p->docs->defaults = p->docs->defaults || doc->defaults;
	if (doc->name == NULL)
		return 0;
	if (is_whole(p) && make_spec(p, &s) != 0)
		return -1;
	if (s != NULL)
		return keep_whole(p, s);
	doc->name = arena_text(&p->kept, doc->name);
	return doc->name != NULL ? keep_assigns(p, 0) : -1;
}
