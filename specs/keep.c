/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Assignments become a document.  They are in memory that the next document is
 * read into: what the document needs of them is copied.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "pack.h"
#include "parser.h"

/* At least as many as there are parameters and settings. */
#define BUCKETS_MAX 256

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

/*
 * Sorts pointers to the assignments: counted by bucket, then each bucket,
 * which has one element as a rule, by name.
 */
static void
sort_assigns(const struct parser *p)
{
	const struct assign **sorted = p->sorted;
	unsigned start[BUCKETS_MAX + 1] = { 0 };
	size_t buckets = param_count + setting_count + 1;
	unsigned sum = 0;

	assert(buckets <= BUCKETS_MAX);
	if (p->added) {
		for (size_t i = 0; i < p->count; i++)
			sorted[i] = &p->assign[i];
		qsort(sorted, p->count, sizeof *sorted, compare_assign);
		return;
	}
	for (size_t i = 0; i < p->count; i++)
		start[bucket_of(&p->assign[i])]++;
	for (size_t b = 0; b <= buckets; b++) {
		unsigned count = start[b];

		start[b] = sum;
		sum += count;
	}
	for (size_t i = 0; i < p->count; i++)
		sorted[start[bucket_of(&p->assign[i])]++] = &p->assign[i];
	/* Each start is now where the next bucket begins. */
	for (size_t b = 0; b < buckets; b++) {
		unsigned first = b == 0 ? 0 : start[b - 1];

		if (start[b] - first > 1)
			qsort(sorted + first, start[b] - first, sizeof *sorted,
			    compare_assign);
	}
}

static void
report_twice(struct parser *p)
{
	for (size_t i = 1; i < p->count; i++) {
		const struct assign *a = p->sorted[i], *first = p->sorted[i - 1];
		const struct node at = { .line = a->place.line,
			.column = a->place.column };

		if (assign_compare(first, a) == 0)
			parser_fault(p, &at, "%s is given twice, first in line %u",
			    a->name, first->place.line);
	}
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
	struct spec draft;
	int rc = -1;

	p->drafter.scope.errors = &errors;
	if (scope_begin_alone(&p->drafter.scope, p->doc, p->sorted,
	    p->count) == 0 && draft_make(&p->drafter, &draft) == 0)
		rc = 0;
	if (rc == 0 && p->drafter.scope.faults == 0) {
		*made = spec_pack(&draft);
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
	report_twice(p);
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
