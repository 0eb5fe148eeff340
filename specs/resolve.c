/* SPDX-License-Identifier: BSD-2-Clause */
/* Documents of all files become specs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "draft.h"
#include "pack.h"
#include "text.h"

/* Comparing a name with that of defaults, in bytes that could be copied. */
#define COVER_COST 4

/* A document that declares a jail, and how many with defaults precede it. */
struct entry {
	const struct spec_doc *doc;
	size_t before;
	uint64_t prefix; /* of the name */
};

/*
 * A spec that was made, with places as the documents have them: those in the
 * spec go when it is dropped.
 */
struct made {
	struct spec *spec;
	struct spec_place place, jid, depend;
};

struct resolver {
	struct spec_set *set;
	struct spec_docs defaults; /* borrowed documents */
	struct entry *entry;
	size_t entries;
	struct made *made; /* sorted by name */
	size_t mades;
	struct drafter drafter;
	size_t size; /* of all specs */
};

static void
out_of_memory(struct resolver *r)
{
	spec_error_add(&r->set->errors, (struct spec_place){ 0 }, false,
	    "out of memory");
}

/* Tells apart what declares jails and what gives defaults. */
static int
sort_out(struct resolver *r, const struct spec_docs *docs)
{
	size_t room = docs->count + 1;

	r->defaults.doc = calloc(room, sizeof *r->defaults.doc);
	r->entry = calloc(room, sizeof *r->entry);
	r->made = calloc(room, sizeof *r->made);
	r->set->spec = calloc(room, sizeof *r->set->spec);
	if (r->defaults.doc == NULL || r->entry == NULL || r->made == NULL ||
	    r->set->spec == NULL)
		return -1;
	for (size_t i = 0; i < docs->count; i++) {
		struct spec_doc *d = docs->doc[i];

		if (d->defaults)
			r->defaults.doc[r->defaults.count++] = d;
		else
			r->entry[r->entries++] = (struct entry){ d,
				r->defaults.count, text_prefix(d->name) };
	}
	return 0;
}

static int
compare_entry(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	const struct spec_place *p = &x->doc->place, *q = &y->doc->place;
	int c;

	if (x->prefix != y->prefix)
		return x->prefix < y->prefix ? -1 : 1;
	c = strcmp(x->doc->name, y->doc->name);
	if (c == 0)
		c = strcmp(p->file, q->file);
	return c != 0 ? c : (p->line > q->line) - (p->line < q->line);
}

static void
mark_invalid(struct resolver *r, const char *name)
{
	struct text_list *l = &r->set->invalid;

	if (l->count > 0 && strcmp(l->text[l->count - 1], name) == 0)
		return;
	if (text_list_add(l, name) != 0)
		out_of_memory(r);
}

/* Reports a name that `count` > 1 documents declare, at each of them. */
static void
report_same_name(struct resolver *r, const struct entry *e, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct spec_place *other =
		    &e[i == 0 ? 1 : 0].doc->place;

		spec_error_add(&r->set->errors, e[i].doc->place, false,
		    "jail \"%s\" is declared here and at %s:%u:%u; none of "
		    "them is used", e[i].doc->name, other->file, other->line,
		    other->column);
	}
	mark_invalid(r, e->doc->name);
}

static void
add_made(struct resolver *r, const struct entry *e, struct spec *s,
    struct spec_place jid, struct spec_place depend)
{
	r->size += spec_size(s);
	r->made[r->mades++] = (struct made){ s, e->doc->place, jid, depend };
}

static bool
has_defaults(const struct resolver *r, const char *name)
{
	for (size_t i = 0; i < r->defaults.count; i++) {
		if (doc_covers(r->defaults.doc[i]->name, name))
			return true;
	}
	return false;
}

static int
resolve_scope(struct resolver *r, const struct entry *e)
{
	struct scope *s = &r->drafter.scope;
	struct spec *made;

	if (s->bad != NULL) {
		/* Without them it would be another jail. */
		scope_fault(s, e->doc->place, "its defaults at %s:%u:%u are "
		    "wrong", s->bad->place.file, s->bad->place.line,
		    s->bad->place.column);
		return 0;
	}
	if (draft_make(&r->drafter) != 0)
		return -1;
	r->size += s->slots * sizeof *s->slot + s->text_used;
	if (s->faults > 0)
		return 0;
	made = spec_pack(&r->drafter.spec);
	if (made == NULL)
		return -1;
	add_made(r, e, made, draft_place(&r->drafter, P_JID),
	    draft_place(&r->drafter, P_DEPEND));
	return 0;
}

static int
resolve_entry(struct resolver *r, const struct entry *e)
{
	struct scope *s = &r->drafter.scope;
	int rc;

	s->faults = 0;
	if (r->size > SPEC_SET_MAX) {
		s->doc = e->doc;
		scope_fault(s, e->doc->place, "the specs together are larger "
		    "than %d MiB", SPEC_SET_MAX >> 20);
		return 0;
	}
	/* What defaults can multiply is bounded, also where it fails. */
	r->size += r->defaults.count * COVER_COST;
	if (e->doc->spec != NULL && !has_defaults(r, e->doc->name)) {
		add_made(r, e, spec_share(e->doc->spec), e->doc->jid,
		    e->doc->depend);
		return 0;
	}
	rc = scope_begin(s, e->doc, &r->defaults, e->before);
	if (rc == 0)
		rc = resolve_scope(r, e);
	r->size += s->moved;
	scope_end(s);
	return rc;
}

/* Resolves a jail; what is wrong is also said in its own file. */
static void
resolve_jail(struct resolver *r, const struct entry *e)
{
	struct spec_errors *errors = &r->set->errors;
	size_t before = errors->count;

	if (e->doc->bad) {
		mark_invalid(r, e->doc->name);
		return;
	}
	if (resolve_entry(r, e) != 0) {
		out_of_memory(r);
		mark_invalid(r, e->doc->name);
		return;
	}
	if (r->drafter.scope.faults == 0)
		return;
	mark_invalid(r, e->doc->name);
	if (!r->drafter.scope.fault_at_home && errors->count > before) {
		struct spec_place p = errors->error[before].place;

		spec_error_add(errors, e->doc->place, false,
		    "jail \"%s\" cannot be used, see %s:%u:%u", e->doc->name,
		    p.file, p.line, p.column);
	}
}

/* A spec with a jid, by which they are sorted. */
struct numbered {
	long jid;
	struct made *made;
};

static int
compare_jid(const void *a, const void *b)
{
	const struct numbered *x = a, *y = b;

	if (x->jid != y->jid)
		return x->jid < y->jid ? -1 : 1;
	return (x->made > y->made) - (x->made < y->made);
}

/* Reports a jid that `count` > 1 specs have, and drops them. */
static void
refuse_same_jid(struct resolver *r, const struct numbered *n, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct made *m = n[i].made, *other = n[i == 0].made;

		spec_error_add(&r->set->errors, m->jid, false, "jail \"%s\": "
		    "jid %ld is also that of jail \"%s\" at %s:%u:%u; none "
		    "of them is used", m->spec->name, n[i].jid,
		    other->spec->name, other->jid.file, other->jid.line,
		    other->jid.column);
		if (m->jid.file != m->place.file)
			spec_error_add(&r->set->errors, m->place, false,
			    "jail \"%s\" cannot be used, see %s:%u:%u",
			    m->spec->name, m->jid.file, m->jid.line,
			    m->jid.column);
		mark_invalid(r, m->spec->name);
	}
	for (size_t i = 0; i < count; i++) {
		spec_free(n[i].made->spec);
		n[i].made->spec = NULL;
	}
}

static int
check_jids(struct resolver *r)
{
	struct numbered *n = calloc(r->mades + 1, sizeof *n);
	size_t numbered = 0, same;

	if (n == NULL)
		return -1;
	for (size_t i = 0; i < r->mades; i++) {
		if (r->made[i].jid.line > 0)
			n[numbered++] = (struct numbered){
				spec_int(r->made[i].spec, "jid"),
				&r->made[i] };
	}
	if (numbered > 1)
		qsort(n, numbered, sizeof *n, compare_jid);
	for (size_t i = 0; i < numbered; i += same) {
		same = 1;
		while (i + same < numbered && n[i + same].jid == n[i].jid)
			same++;
		if (same > 1)
			refuse_same_jid(r, n + i, same);
	}
	free(n);
	return 0;
}

static int
compare_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Puts what was made and not dropped into the set. */
static void
fill_set(struct resolver *r)
{
	size_t kept = 0;

	for (size_t i = 0; i < r->mades; i++) {
		if (r->made[i].spec == NULL)
			continue;
		r->made[kept] = r->made[i];
		r->set->spec[kept] = r->made[i].spec;
		kept++;
	}
	r->mades = r->set->count = kept;
	if (r->set->invalid.count > 1)
		qsort(r->set->invalid.text, r->set->invalid.count,
		    sizeof *r->set->invalid.text, compare_text);
}

static bool
is_invalid(const struct spec_set *set, const char *name)
{
	return set->invalid.count > 0 && bsearch(&name, set->invalid.text,
	    set->invalid.count, sizeof name, compare_text) != NULL;
}

static void
warn_depend(struct spec_set *set, const struct made *m)
{
	const struct spec *s = m->spec;

	for (size_t i = 0; i < s->depend.count &&
	    set->errors.count < SET_ERRORS_MAX; i++) {
		const char *name = s->depend.text[i];

		if (spec_find(set, name) == NULL && !is_invalid(set, name))
			spec_error_add(&set->errors, m->depend, true,
			    "jail \"%s\": depends on \"%s\", which is not in "
			    "the set", s->name, name);
	}
}

/* What this kernel alone has is no mistake, but may be one elsewhere. */
static void
warn_added(struct spec_set *set, const struct made *m)
{
	const struct spec *s = m->spec;

	for (size_t i = 0; i < s->count && param_added(0) != NULL; i++) {
		const struct spec_param *p = &s->param[i];
		struct spec_place place = p->place;

		if (param_index(p->def) < param_count)
			continue;
		if (strcmp(place.file, m->place.file) != 0)
			place = m->place; /* it comes from defaults */
		place.file = m->place.file;
		spec_error_add(&set->errors, place, true,
		    "jail \"%s\": %s is known to this host's kernel only; "
		    "it takes %s", s->name, p->name,
		    param_type_name(p->def->type));
	}
}

static void
resolve_all(struct resolver *r)
{
	size_t same;

	if (r->entries > 1)
		qsort(r->entry, r->entries, sizeof *r->entry, compare_entry);
	for (size_t i = 0; i < r->entries; i += same) {
		same = 1;
		while (i + same < r->entries &&
		    r->entry[i].prefix == r->entry[i + same].prefix &&
		    strcmp(r->entry[i].doc->name,
		    r->entry[i + same].doc->name) == 0)
			same++;
		if (same > 1)
			report_same_name(r, &r->entry[i], same);
		else
			resolve_jail(r, &r->entry[i]);
	}
	if (check_jids(r) != 0)
		out_of_memory(r);
	fill_set(r);
	for (size_t i = 0; i < r->mades; i++) {
		warn_depend(r->set, &r->made[i]);
		warn_added(r->set, &r->made[i]);
	}
}

void
spec_resolve(const struct spec_docs *docs, struct spec_set *set)
{
	struct resolver r = { .set = set };

	drafter_init(&r.drafter);
	r.drafter.scope.errors = &set->errors;
	if (sort_out(&r, docs) == 0)
		resolve_all(&r);
	else
		out_of_memory(&r);
	drafter_finish(&r.drafter);
	free(r.defaults.doc);
	free(r.entry);
	free(r.made);
}
