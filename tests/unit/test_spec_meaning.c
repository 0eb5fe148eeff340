/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The digest of a spec depends on its meaning only: each random spec is written
 * in many ways (order of keys, comments, dotted or nested names, quotes, units,
 * variables, commas, defaults written out, inherited or replaced, lists put
 * together with key+), and is the same spec each time.  One that means
 * something else has another digest.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "specs/scalar.h"
#include "spec_random.h"

#define ITEMS_MAX 256

/* One key with its value; what it borrows belongs to the spec. */
struct item {
	char name[256];
	struct text_list value;
	const struct param_def *def;	/* NULL: a setting */
	const struct setting *setting;
	bool secret;
	char *one[1]; /* where a single text is */
	char text[64];
	bool inside; /* it is `text` */
};

/* A document that is being written. */
struct writer {
	struct textbuf body, vars;
	unsigned variables;
};

static void
add_one(struct item *it, const char *value)
{
	it->one[0] = (char *)(uintptr_t)value;
	it->value = (struct text_list){ it->one, 1 };
}

static size_t
map_items(struct item *item, const char *name, const struct text_list *map,
    bool secret)
{
	for (size_t i = 0; i < map->count; i++) {
		const char *equals = strchr(map->text[i], '=');

		item[i].secret = secret;
		snprintf(item[i].name, sizeof item[i].name, "%s.%.*s", name,
		    (int)(equals - map->text[i]), map->text[i]);
		add_one(&item[i], equals + 1);
	}
	return map->count;
}

static size_t
items_of(const struct spec *s, struct item *item)
{
	size_t count = 0;

	memset(item, 0, ITEMS_MAX * sizeof *item);
	for (size_t i = 0; i < s->count; i++) {
		struct item *it = &item[count++];

		snprintf(it->name, sizeof it->name, "%s", s->param[i].name);
		it->value = s->param[i].value;
		it->def = s->param[i].def;
		it->secret = s->param[i].secret;
	}
	count += map_items(item + count, "agent.environment",
	    &s->agent.environment, false);
	count += map_items(item + count, "agent.environment",
	    &s->agent.secrets, true);
	count += map_items(item + count, "agent.labels", &s->agent.labels,
	    false);
	for (size_t i = 0; i < setting_count; i++) {
		const struct setting *set = &setting_table[i];
		struct item *it = &item[count];
		const char *text = setting_text(set, &s->agent, it->text,
		    sizeof it->text);
		bool is_default = setting_is_default(set, &s->agent);

		/* Health without a command is an error, other defaults are not. */
		if (text == NULL || (is_default && (random_below(2) ||
		    strncmp(set->name, "agent.health.", 13) == 0)))
			continue;
		snprintf(it->name, sizeof it->name, "%s", set->name);
		add_one(it, text);
		it->inside = text == it->text;
		it->setting = set;
		count++;
	}
	assert_true(count <= ITEMS_MAX);
	return count;
}

static void
shuffle(struct item *item, size_t count)
{
	for (size_t i = count; i > 1; i--) {
		size_t j = random_below((unsigned)i);
		struct item swap = item[i - 1];

		item[i - 1] = item[j];
		item[j] = swap;
	}
	/* Single texts are inside of the items. */
	for (size_t i = 0; i < count; i++) {
		if (item[i].value.count != 1 || item[i].def != NULL)
			continue;
		if (item[i].inside)
			item[i].one[0] = item[i].text;
		item[i].value.text = item[i].one;
	}
}

static bool
is_simple(const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text < ' ' || *text > '~' || *text == '$')
			return false;
	}
	return true;
}

static void
single_quoted(struct textbuf *b, const char *text)
{
	textbuf_text(b, "'");
	for (; *text != '\0'; text++)
		textbuf_format(b, *text == '\'' ? "''" : "%c", *text);
	textbuf_text(b, "'");
}

/* Another text for the same value: TRUE, 007, 1000ms. */
static bool
other_text(const struct item *it, const char *text, char *to, size_t size)
{
	bool number = it->def != NULL && it->def->type == PARAM_INT;
	long ms;

	if (it->def != NULL && it->def->type == PARAM_BOOL) {
		snprintf(to, size, strcmp(text, "true") == 0 ? "TRUE" :
		    "False");
		return true;
	}
	if (number && *text != '-') {
		snprintf(to, size, "00%s", text);
		return true;
	}
	if (it->setting == NULL || it->setting->type != SETTING_DURATION)
		return false;
	ms = strtol(text, NULL, 10);
	ms *= strstr(text, "ms") != NULL ? 1 : strchr(text, 's') != NULL ?
	    1000 : strchr(text, 'm') != NULL ? 60000 : 3600000;
	snprintf(to, size, "%ldms", ms);
	return true;
}

static void
put_value(struct writer *w, const struct item *it, const char *text)
{
	struct textbuf *b = &w->body;
	char other[64];

	if (it->secret) {
		textbuf_text(b, "!secret ");
		scalar_put_literal(b, text);
		return;
	}
	switch (random_below(6)) {
	case 0:
		if (is_simple(text)) {
			single_quoted(b, text);
			return;
		}
		break;
	case 1:
	case 2:
		if (other_text(it, text, other, sizeof other))
			text = other;
		break;
	case 3:
		textbuf_format(&w->vars, "  v%u: ", w->variables);
		scalar_put_literal(&w->vars, text);
		textbuf_text(&w->vars, "\n");
		textbuf_format(b, random_below(2) ? "${v%u}" : "\"${v%u}\"",
		    w->variables++);
		return;
	default:
		break;
	}
	scalar_put_literal(b, text);
}

static void
put_comment(struct writer *w)
{
	static const char *const comments[] = { "", "", "", "\n",
		"# a comment: with {marks}\n", "   # indented\n" };

	textbuf_text(&w->body, comments[random_below(6)]);
}

/* Writes the name, nested or dotted; returns the depth of what follows. */
static unsigned
put_name(struct writer *w, const char *name, bool append)
{
	unsigned depth = 0;
	char part[256];

	for (;;) {
		const char *dot = strchr(name, '.');

		/* "Dotted" is to take more than one component at once. */
		while (dot != NULL && random_below(2))
			dot = strchr(dot + 1, '.');
		snprintf(part, sizeof part, "%.*s%s", dot != NULL ?
		    (int)(dot - name) : (int)strlen(name), name,
		    dot == NULL && append ? "+" : "");
		scalar_put(&w->body, part);
		textbuf_text(&w->body, ":");
		if (dot == NULL)
			return depth;
		depth++;
		textbuf_format(&w->body, "\n%*s", (int)depth, "");
		name = dot + 1;
	}
}

/* Values as a list, or as a text where that can be. */
static void
put_item(struct writer *w, const struct item *it, size_t from, size_t to,
    bool append)
{
	bool list = it->def != NULL && takes_list(it->def);
	unsigned depth;

	put_comment(w);
	depth = put_name(w, it->name, append);
	if (list && from == to) {
		textbuf_text(&w->body, " []\n");
		return;
	}
	if (!list || (to - from == 1 && random_below(2))) {
		textbuf_text(&w->body, " ");
		put_value(w, it, it->value.text[from]);
		textbuf_text(&w->body, random_below(2) ? " # why\n" : "\n");
		return;
	}
	if (it->def->type != PARAM_LIST && random_below(2)) {
		textbuf_text(&w->body, " \"");
		for (size_t i = from; i < to; i++)
			textbuf_format(&w->body, "%s%s", i > from ? ", " : "",
			    it->value.text[i]);
		textbuf_text(&w->body, "\"\n");
		return;
	}
	for (size_t i = from; i < to; i++) {
		textbuf_format(&w->body, "\n%*s- ", (int)depth + 1, "");
		put_value(w, it, it->value.text[i]);
	}
	textbuf_text(&w->body, "\n");
}

/* The same value said by both documents, or by one of them. */
static void
put_somewhere(struct writer *defaults, struct writer *own,
    const struct item *it)
{
	bool list = it->def != NULL && takes_list(it->def);
	size_t n = it->value.count, part = list && n > 0 ?
	    random_below((unsigned)n + 1) : 0;

	switch (random_below(4)) {
	case 0:
		put_item(defaults, it, 0, n, false);
		break;
	case 1:
		put_item(defaults, it, 0, n, false);
		put_item(own, it, 0, n, false);
		break;
	case 2:
		if (list) {
			put_item(defaults, it, 0, part, false);
			put_item(own, it, part, n, true);
			break;
		}
		/* FALLTHROUGH */
	default:
		put_item(own, it, 0, n, false);
	}
}

static void
finish(struct textbuf *to, struct writer *w, const char *name)
{
	bool first = random_below(2);

	textbuf_text(to, "---\n");
	if (first)
		textbuf_format(to, "name: \"%s\"\n", name);
	if (w->vars.len > 0)
		textbuf_text(to, "vars:\n");
	textbuf_add(to, w->vars.text, w->vars.len);
	textbuf_add(to, w->body.text, w->body.len);
	if (!first)
		textbuf_format(to, "name: '%s'\n", name);
	free(w->vars.text);
	free(w->body.text);
}

/* One of the ways to write a spec. */
static char *
write_spec(const struct spec *s)
{
	static struct item item[ITEMS_MAX];
	static const char *const patterns[] = { "*", "web.*", "*.x-1" };
	struct writer defaults = { 0 }, own = { 0 };
	struct textbuf b = { 0 };
	size_t count = items_of(s, item);

	shuffle(item, count);
	own.variables = 1000; /* of another name than those of the defaults */
	textbuf_text(&own.body, "");
	textbuf_text(&defaults.body, "");
	for (size_t i = 0; i < count; i++)
		put_somewhere(&defaults, &own, &item[i]);
	textbuf_text(&b, "# written in some way\n");
	finish(&b, &defaults, patterns[random_below(3)]);
	finish(&b, &own, s->name);
	return b.text;
}

static void
read_back(const char *text, struct spec_docs *docs, struct spec_set *set)
{
	(void)spec_parse("again.yaml", text, strlen(text), docs,
	    &set->errors);
	spec_resolve(docs, set);
}

static void
same_meaning(void **state)
{
	(void)state;
	for (unsigned i = 0; i < rounds(1000); i++) {
		struct spec_docs docs = { 0 };
		struct spec_set set = { 0 };
		struct spec *s;
		char *text, *canonical, *again;

		seed = 70000 + i;
		s = random_spec();
		canonical = spec_print(s);
		text = write_spec(s);
		assert_non_null(text);
		read_back(text, &docs, &set);
		if (set.errors.count > 0 || set.count != 1)
			fail_msg("seed %u: %s\n%s", 70000 + i,
			    set.errors.count > 0 ?
			    set.errors.error[0].message : "no spec", text);
		again = spec_print(set.spec[0]);
		if (strcmp(canonical, again) != 0)
			fail_msg("seed %u:\n%s\nis not\n%s\nwritten as\n%s",
			    70000 + i, again, canonical, text);
		assert_true(spec_same(set.spec[0], s));
		free(again);
		free(canonical);
		free(text);
		spec_free(s);
		spec_docs_free(&docs);
		spec_set_free(&set);
	}
}

/* A change of any one line of the canonical text is a change of the digest. */
static void
other_meaning(void **state)
{
	(void)state;
	for (unsigned i = 0; i < rounds(300); i++) {
		struct spec *s, *t;
		struct spec_param *p;
		char *text;

		seed = 90000 + i;
		s = random_spec();
		t = spec_copy(s);
		p = &t->param[random_below((unsigned)t->count)];
		if (p->value.count == 0 || random_below(4) == 0) {
			t->count--;
		} else {
			text = p->value.text[0];
			text[0] = text[0] == 'q' ? 'r' : 'q';
		}
		spec_digest(t);
		assert_false(spec_same(s, t));
		spec_free(t);
		t = spec_copy(s);
		t->agent.protect = !t->agent.protect;
		spec_digest(t);
		assert_false(spec_same(s, t));
		spec_free(t);
		/* A file's name is not the text that the file holds. */
		t = spec_copy(s);
		t->param[0].secret = !t->param[0].secret;
		spec_digest(t);
		assert_false(spec_same(s, t));
		spec_free(t);
		spec_free(s);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_meaning),
		cmocka_unit_test(other_meaning),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
