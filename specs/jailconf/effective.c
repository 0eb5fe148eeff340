/* SPDX-License-Identifier: BSD-2-Clause */
/* The effective parameters of each jail, spelled out as a spec. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "convert.h"
#include "lexer.h"
#include "specs/scalar.h"

void
convert_fault(struct converter *c, const struct imported *j,
    struct spec_place place, const char *message)
{
	c->faults++;
	conf_fault(c->errors, place.line > 0 ? place : j->jail->block->place,
	    "jail \"%s\": %s", j->jail->name, message);
}

/* Adds a warning, once for each place. */
static void
warn(struct converter *c, struct spec_place place, const char *message)
{
	for (size_t i = 0; i < c->errors->count; i++) {
		const struct spec_error *e = &c->errors->error[i];

		if (e->place.line == place.line &&
		    e->place.column == place.column &&
		    e->place.file == place.file)
			return;
	}
	if (c->warnings++ < WARNINGS_MAX)
		spec_error_add(c->errors, place, true, "%s", message);
}

char *
convert_take(struct converter *c, struct textbuf *b)
{
	char *text = b->failed || b->text == NULL ? NULL :
	    arena_bytes(&c->arena, b->text, b->len);

	free(b->text);
	c->failed |= text == NULL;
	return text != NULL ? text : c->nothing;
}

char *
convert_literal(struct converter *c, const char *text)
{
	struct textbuf b = { 0 };

	scalar_escape(&b, text);
	return convert_take(c, &b);
}

/* Whether the name of a jail is its jid. */
static bool
is_number(const struct conf_jail *jail)
{
	const struct conf_param *jid = conf_param(jail, "jid");
	const char *name = jail->name;

	return *name != '0' && *name != '\0' &&
	    name[strspn(name, "0123456789")] == '\0' && jid != NULL &&
	    jid->values == 1 && strcmp(jid->value[0].text, name) == 0;
}

static int
compare_texts(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void
list_numbers(struct converter *c)
{
	c->number = arena_take(&c->arena,
	    (c->jails + 1) * sizeof *c->number);
	if (c->number == NULL) {
		c->failed = true;
		return;
	}
	for (size_t i = 0; i < c->jails; i++) {
		if (is_number(c->jail[i].jail))
			c->number[c->numbers++] = c->jail[i].jail->name;
		c->unnamed |= *c->jail[i].jail->name == '\0';
	}
	if (c->numbers > 1)
		qsort(c->number, c->numbers, sizeof *c->number,
		    compare_texts);
}

const char *
convert_name(struct converter *c, const char *name)
{
	size_t len = strcspn(name, ".");
	struct textbuf b = { 0 };
	char first[16], *key = first;

	if (c->unnamed && *name == '\0')
		return "jail";
	if (c->numbers == 0 || len == 0 || len >= sizeof first ||
	    strspn(name, "0123456789") < len)
		return name;
	memcpy(first, name, len);
	first[len] = '\0';
	if (bsearch(&key, c->number, c->numbers, sizeof *c->number,
	    compare_texts) == NULL)
		return name;
	textbuf_text(&b, "jail");
	textbuf_text(&b, name);
	return convert_take(c, &b);
}

void
effective_entry(struct converter *c, struct document *d,
    const struct conf_key *key, const struct conf_said *said, bool append,
    const struct text_list *comments, struct spec_place place)
{
	struct entry e = { .key = key->name, .def = key->def,
		.list = conf_key_list(key), .append = append,
		.count = said->count, .comments = comments, .place = place };
	struct conf_value *value = arena_take(&c->arena,
	    (said->count + 1) * sizeof *value);
	bool depend = strcmp(key->name, "depend") == 0;

	if (value == NULL) {
		c->failed = true;
		return;
	}
	for (size_t i = 0; i < said->count; i++) {
		const char *text = said->value[i].text;

		value[i] = said->value[i];
		if (depend)
			text = convert_name(c, text);
		value[i].text = convert_literal(c, text);
	}
	e.value = value;
	document_entry(d, &e);
}

/*
 * jail_set(2) takes `disable` together with addresses for `new`; a spec that
 * says both contradicts itself.
 */
static void
settle_addresses(struct converter *c, const struct imported *j,
    const struct conf_key *key, struct conf_said *said)
{
	bool ip4 = strcmp(key->name, "ip4") == 0;
	const struct conf_param *p;

	if ((!ip4 && strcmp(key->name, "ip6") != 0) ||
	    strcmp(said->value[0].text, "disable") != 0)
		return;
	p = conf_param(j->jail, ip4 ? "ip4.addr" : "ip6.addr");
	if (p == NULL || p->values == 0 || *p->value[0].text == '\0')
		return;
	said->value[0].text = convert_literal(c, "new");
	warn(c, p->place, "disable with addresses means new");
}

/* Adds a parameter of a jail; what is wrong with it is said if `report`. */
static void
add_param(struct converter *c, const struct imported *j, struct document *d,
    const struct conf_param *p, bool report)
{
	struct error err = { 0 };
	struct conf_key key;
	struct conf_said said;

	/* Nothing is printed any more, and suggesting names takes time. */
	if (p->variable || strcmp(p->name, "name") == 0 ||
	    c->faults >= CONF_ERRORS_MAX)
		return;
	if (conf_translate_key(p->name, &key, &err) != 0 ||
	    conf_translate(&c->arena, &key, p->value, p->values, &said,
	    &err) != 0) {
		if (report)
			convert_fault(c, j, p->place, err.text);
		return;
	}
	if (!report && !is_flat(c, j, key.def))
		return;
	if (report && said.warning != NULL)
		warn(c, p->place, said.warning);
	if (said.silent)
		return;
	settle_addresses(c, j, &key, &said);
	effective_entry(c, d, &key, &said, false, NULL, p->place);
}

void
effective_flat(struct converter *c, const struct imported *j,
    struct document *d)
{
	for (size_t i = 0; i < j->jail->count; i++)
		add_param(c, j, d, &j->jail->param[i], false);
}

static void
write_want(struct converter *c, struct imported *j, size_t number)
{
	struct document *d = &j->want;
	const struct spec_place place = j->jail->block->place;
	struct conf_value name = { convert_literal(c, j->name), place };
	const struct entry e = { .key = "name", .value = &name, .count = 1,
		.place = place };
	size_t len = strlen(j->name);

	document_start(d, j->jail, "jail", number);
	if (utf8_prefix(j->name, len) < len) {
		convert_fault(c, j, place, "a name that is not UTF-8");
		return;
	}
	document_entry(d, &e);
	for (size_t i = 0; i < j->jail->count; i++)
		add_param(c, j, d, &j->jail->param[i], true);
	c->failed |= d->text.failed;
	if (strcmp(j->name, j->jail->name) != 0) {
		char message[512];

		snprintf(message, sizeof message, "the spec is called "
		    "\"%.256s\": %s", j->name, *j->jail->name == '\0' ?
		    "an empty name stands for whatever jid the jail gets" :
		    "a name of digits alone is a jid");
		warn(c, place, message);
	}
}

static int
compare_names(const void *a, const void *b)
{
	const struct imported *x = *(struct imported *const *)a;
	const struct imported *y = *(struct imported *const *)b;
	int order = strcmp(x->name, y->name);

	return order != 0 ? order : (x > y) - (x < y);
}

/* The second of two jails of one name: dropped, or an error. */
static void
handle_same_name(struct converter *c, const struct imported *first,
    struct imported *second)
{
	const struct spec_place *p = &first->jail->block->place;
	char message[512];

	second->dropped = true;
	if (first->want.text.text != NULL && second->want.text.text != NULL &&
	    strcmp(first->want.text.text, second->want.text.text) == 0) {
		warn(c, second->jail->block->place, "the same jail a second "
		    "time; it is left out");
		return;
	}
	snprintf(message, sizeof message, "it is also declared at %.300s:%u:%u,"
	    " and jail(8) would find that it exists already", p->file, p->line,
	    p->column);
	convert_fault(c, second, second->jail->block->place, message);
}

/* The jid that a jail is given; 0: none. */
static long
jid_of(const struct imported *j)
{
	const struct conf_param *p = conf_param(j->jail, "jid");

	return p != NULL && p->values > 0 ?
	    strtol(p->value[p->values - 1].text, NULL, 10) : 0;
}

static int
compare_jids(const void *a, const void *b)
{
	const struct imported *x = *(struct imported *const *)a;
	const struct imported *y = *(struct imported *const *)b;
	long i = jid_of(x), j = jid_of(y);

	return i != j ? (i < j ? -1 : 1) : (x > y) - (x < y);
}

static void
find_same_jids(struct converter *c, struct imported **sorted)
{
	size_t count = 0;

	for (size_t i = 0; i < c->jails; i++) {
		if (!c->jail[i].dropped && jid_of(&c->jail[i]) != 0)
			sorted[count++] = &c->jail[i];
	}
	if (count > 1)
		qsort(sorted, count, sizeof *sorted, compare_jids);
	for (size_t i = 1; i < count; i++) {
		long jid = jid_of(sorted[i]);
		char message[512];

		if (jid != jid_of(sorted[i - 1]))
			continue;
		snprintf(message, sizeof message, "jid %ld is also that of "
		    "jail \"%.256s\"", jid, sorted[i - 1]->name);
		convert_fault(c, sorted[i], conf_param(sorted[i]->jail,
		    "jid")->place, message);
	}
}

void
effective_documents(struct converter *c)
{
	struct imported **scratch = calloc(c->jails + 1, sizeof *scratch);

	if (scratch == NULL) {
		c->failed = true;
		return;
	}
	list_numbers(c);
	for (size_t i = 0; i < c->jails; i++) {
		c->jail[i].name = convert_name(c, c->jail[i].jail->name);
		write_want(c, &c->jail[i], i);
		c->sorted[i] = &c->jail[i];
	}
	if (c->jails > 1)
		qsort(c->sorted, c->jails, sizeof *c->sorted, compare_names);
	for (size_t i = 0, first = 0; i < c->jails; i++) {
		if (i > first &&
		    strcmp(c->sorted[first]->name, c->sorted[i]->name) == 0)
			handle_same_name(c, c->sorted[first], c->sorted[i]);
		else
			first = i;
	}
	find_same_jids(c, scratch);
	free(scratch);
}
