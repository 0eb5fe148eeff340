/* SPDX-License-Identifier: BSD-2-Clause */
/* Documents, and what may be assigned in them. */
#include "doc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rules.h"

#define SECRET_PATH_MAX 1024

void
spec_docs_free(struct spec_docs *docs)
{
	struct arena arena = { .chunk = docs->memory };

	spec_docs_settle(docs);
	for (size_t i = 0; i < docs->count; i++)
		spec_free(docs->doc[i]->spec);
	arena_release(&arena);
	free(docs->doc);
	*docs = (struct spec_docs){ 0 };
}

bool
spec_doc_lost(const struct spec_doc *doc)
{
	return doc->defaults && doc->bad;
}

bool
spec_doc_lacks(const struct spec_doc *doc, const struct spec_doc *before)
{
	struct arena arena = { 0 };
	size_t n, most, k = 0, i = 0;
	const struct assign *a = doc_assigns(doc, &arena, &n),
	    *b = doc_assigns(before, &arena, &most);

	if (a == NULL)
		n = 0;
	/* Both are sorted. */
	for (; b != NULL && i < most; i++) {
		while (k < n && assign_compare(&a[k], &b[i]) < 0)
			k++;
		if (k == n || assign_compare(&a[k], &b[i]) != 0)
			break;
	}
	arena_release(&arena);
	return b != NULL && i < most;
}

bool
spec_docs_lack(const struct spec_docs *docs, const struct spec_docs *before)
{
	for (size_t i = 0; i < before->count; i++) {
		const struct spec_doc *b = before->doc[i], *a = NULL;

		for (size_t k = 0; b->name != NULL && a == NULL &&
		    k < docs->count; k++)
			if (docs->doc[k]->name != NULL &&
			    strcmp(docs->doc[k]->name, b->name) == 0)
				a = docs->doc[k];
		if (b->name != NULL && (a == NULL || spec_doc_lacks(a, b)))
			return true;
	}
	return false;
}

struct spec_place
assign_value_place(const struct assign *a)
{
	return (struct spec_place){ a->place.file, a->value_line,
		a->value_column };
}

const struct assign *
doc_assigns(const struct spec_doc *doc, struct arena *arena, size_t *count)
{
	const struct spec *s = doc->spec;
	struct assign *made;

	*count = doc->count + (s != NULL ? s->count : 0);
	if (s == NULL)
		return doc->assign;
	made = arena_take(arena, *count * sizeof *made + 1);
	if (made == NULL)
		return NULL;
	for (size_t i = 0; i < s->count; i++) {
		const struct spec_param *p = &s->param[i];

		made[i] = (struct assign){ .name = p->name,
			.kind = ASSIGN_PARAM,
			.index = param_index(p->def),
			.def = p->def, .value = p->value,
			.secret = p->secret,
			.place = { doc->place.file, p->place.line,
			    p->place.column },
			.value_line = doc->value_place[i].line,
			.value_column = doc->value_place[i].column };
	}
	/* Settings come after parameters. */
	if (doc->count > 0)
		memcpy(made + s->count, doc->assign,
		    doc->count * sizeof *made);
	return made;
}

bool
doc_covers(const char *pattern, const char *name)
{
	for (;;) {
		size_t p = strcspn(pattern, "."), n = strcspn(name, ".");
		bool star = p == 1 && *pattern == '*';

		if (n == 0 || (!star && (p != n ||
		    memcmp(pattern, name, n) != 0)))
			return false;
		/* A final * stands for one or more components. */
		if (pattern[p] == '\0')
			return star || name[n] == '\0';
		if (name[n] == '\0')
			return false;
		pattern += p + 1;
		name += n + 1;
	}
}

int
assign_compare(const struct assign *a, const struct assign *b)
{
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	/* What the kernel added stands between the others by its name. */
	if (a->kind == ASSIGN_PARAM &&
	    (a->index == param_count || b->index == param_count))
		return strcmp(a->name, b->name);
	if (a->index != b->index)
		return a->index < b->index ? -1 : 1;
	/* The same pointer for all names of a table. */
	return a->name == b->name ? 0 : strcmp(a->name, b->name);
}

static bool
is_addresses(const struct assign *a)
{
	return a->kind == ASSIGN_PARAM && (a->def->type == PARAM_IP4 ||
	    a->def->type == PARAM_IP6);
}

bool
assign_may_be_secret(const struct assign *a)
{
	if (a->kind == ASSIGN_AGENT)
		return strncmp(a->name, "agent.environment.", 18) == 0;
	/* Of one key, not of the text as a whole. */
	return a->kind == ASSIGN_PARAM && a->def->type == PARAM_KEYVALUE &&
	    strcmp(a->name, a->def->name) != 0;
}

bool
assign_is_list(const struct assign *a)
{
	return a->kind == ASSIGN_VAR || is_addresses(a) ||
	    (a->kind == ASSIGN_PARAM && a->def->type == PARAM_LIST);
}

/* Puts comma-separated values into texts of their own. */
static int
split_commas(struct arena *arena, struct text_list *texts)
{
	struct text_list made = { 0 };
	bool any = false;

	for (size_t i = 0; i < texts->count; i++)
		any = any || strchr(texts->text[i], ',') != NULL;
	if (!any)
		return 0;
	for (size_t i = 0; i < texts->count; i++) {
		/* A copy: who reports errors wants the text as it was. */
		char *next = arena_text(arena, texts->text[i]), *part;

		if (next == NULL)
			return -1;
		while ((part = strsep(&next, ",")) != NULL) {
			part += strspn(part, " \t");
			if (arena_list_add(arena, &made, part) != 0)
				return -1;
		}
	}
	*texts = made;
	return 0;
}

static int
check_setting(const struct assign *a, const struct text_list *texts,
    struct error *err)
{
	if (texts->count != 1)
		return error_set(err, EINVAL, "expected one value, found %s",
		    texts->count == 0 ? "none" : "several");
	if (a->setting->type == SETTING_MAP)
		return setting_check_entry(a->setting,
		    a->name + strlen(a->setting->name) + 1, texts->text[0],
		    err);
	return setting_store(a->setting, texts->text[0], NULL, err);
}

static int
check_secret(const struct text_list *texts, struct error *err)
{
	if (texts->count != 1 || strlen(texts->text[0]) >= SECRET_PATH_MAX)
		return error_set(err, EINVAL, "!secret: expected the name of "
		    "one file of at most %d bytes", SECRET_PATH_MAX - 1);
	return rules_path(texts->text[0], err);
}

int
assign_check(const struct assign *a, struct arena *arena,
    struct text_list *texts, size_t *which, struct error *err)
{
	size_t before = texts->count;
	int rc;

	*which = 0;
	if (a->kind == ASSIGN_VAR)
		return 0;
	if (a->kind == ASSIGN_AGENT && check_setting(a, texts, err) != 0)
		return -1;
	if (a->secret)
		return check_secret(texts, err);
	if (a->kind == ASSIGN_AGENT)
		return 0;
	/* Settings and variables are done with. */
	if (rules_commas(a->def) && split_commas(arena, texts) != 0)
		return error_sys(err, ENOMEM, "value");
	rc = rules_check(a->name, a->def, arena, texts, which, err);
	if (texts->count != before && *which >= before)
		*which = before - 1;
	return rc;
}
