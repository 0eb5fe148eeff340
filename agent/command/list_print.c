/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/command/list.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* The value of a column; data NULL when the kernel does not have it. */
static const struct jail_value *
column_value(const struct jail_row *row, const struct list_column *c)
{
	const struct jail_value *v;

	if (c->info != NULL)
		return row_find(row, c->info->name);
	v = c->at < row->count ? &row->value[c->at] : NULL;
	return v != NULL && v->data != NULL ? v : NULL;
}

static int
column_texts(const struct jail_row *row, const struct list_column *c,
    struct text_list *texts, struct error *err)
{
	const struct jail_value *v = column_value(row, c);

	*texts = (struct text_list){ 0 };
	if (v == NULL)
		return 0;
	if (value_export(c->info != NULL ? c->info->type : PARAM_STRING,
	    v->data, v->len, texts, err) != 0)
		return error_wrap(err, "jail %d: %s", row->jid, c->name);
	return 0;
}

static bool
is_array(const struct list_column *c)
{
	return c->info != NULL && (c->info->type == PARAM_IP4 ||
	    c->info->type == PARAM_IP6 || c->info->type == PARAM_LIST);
}

static bool
is_bool(const struct list_column *c)
{
	return c->info != NULL && c->info->type == PARAM_BOOL;
}

void
list_quoted(FILE *f, const char *text)
{
	int quote = 0;

	if (text[0] == '\0') {
		fputs("\"\"", f);
		return;
	}
	if (strchr(text, '"') != NULL && strchr(text, '\'') == NULL)
		quote = '\'';
	else if (strpbrk(text, " \t\n'") != NULL)
		quote = '"';
	if (quote != 0)
		putc(quote, f);
	for (; *text != '\0'; text++) {
		if (*text == '\\' || *text == quote)
			putc('\\', f);
		putc(*text, f);
	}
	if (quote != 0)
		putc(quote, f);
}

static void
print_text(FILE *f, const struct list_options *o, const char *text)
{
	if (o->quoted || text[0] == '\0')
		list_quoted(f, text);
	else
		fputs(text, f);
}

static void
print_array(FILE *f, const struct list_options *o,
    const struct text_list *texts)
{
	if (texts->count == 0)
		fputs(o->quoted ? "\"\"" : o->name_value ? "" : "-", f);
	for (size_t i = 0; i < texts->count; i++)
		fprintf(f, "%s%s", i > 0 ? "," : "", texts->text[i]);
}

static void
print_column(FILE *f, const struct list_options *o,
    const struct list_column *c, const struct text_list *texts)
{
	char negative[JAIL_NAME_MAX];
	const char *text = texts->count > 0 ? texts->text[0] : "";

	if (o->name_value && is_bool(c)) {
		if (strcmp(text, "true") == 0 || param_negative(c->info->name,
		    negative, sizeof negative) == NULL)
			fputs(c->info->name, f);
		else
			fputs(negative, f);
		return;
	}
	if (c->negated)
		text = strcmp(text, "true") == 0 ? "false" : "true";
	/* A key that this jail does not have is no empty one. */
	if (c->info == NULL && texts->count == 0) {
		fputs(o->name_value ? c->name : "", f);
		return;
	}
	if (o->name_value)
		fprintf(f, "%s=", c->name);
	if (is_array(c))
		print_array(f, o, texts);
	else
		print_text(f, o, text);
}

/*
 * -s: what cannot be set, and what a jailsys parameter above it that is not
 * "new" makes meaningless, is left out.
 */
static bool
is_hidden(const struct list_options *o, const struct jail_row *row,
    const struct list_column *c)
{
	char above[JAIL_NAME_MAX];
	const struct jail_value *v;
	const char *dot;

	if (!o->settable)
		return false;
	if (c->info != NULL && c->info->access == PARAM_RD)
		return true;
	dot = strchr(c->name, '.');
	if (dot == NULL || (size_t)(dot - c->name) >= sizeof above)
		return false;
	memcpy(above, c->name, (size_t)(dot - c->name));
	above[dot - c->name] = '\0';
	v = row_find(row, above);
	return v != NULL && v->info != NULL && v->info->type == PARAM_JAILSYS &&
	    row_int(row, above, JAIL_SYS_NEW) != JAIL_SYS_NEW;
}

static int
print_columns(FILE *f, const struct list_options *o,
    const struct jail_row *row, struct error *err)
{
	bool first = true;

	for (size_t i = 0; i < o->count; i++) {
		struct text_list texts;

		if (is_hidden(o, row, &o->column[i]))
			continue;
		if (column_texts(row, &o->column[i], &texts, err) != 0)
			return -1;
		if (!first)
			putc(' ', f);
		first = false;
		print_column(f, o, &o->column[i], &texts);
		text_list_free(&texts);
	}
	putc('\n', f);
	return 0;
}

/* The addresses of one family, one a line. */
static int
print_addresses(FILE *f, const struct jail_row *row, const char *name,
    struct error *err)
{
	const struct jail_value *v = row_find(row, name);
	struct text_list texts;

	if (v == NULL)
		return 0;
	if (value_export(v->info->type, v->data, v->len, &texts, err) != 0)
		return error_wrap(err, "jail %d: %s", row->jid, name);
	for (size_t i = 0; i < texts.count; i++)
		fprintf(f, "%6s  %s\n", "", texts.text[i]);
	text_list_free(&texts);
	return 0;
}

static const char *
text_of(const struct jail_row *row, const char *name)
{
	const char *text = row_text(row, name);

	return text != NULL ? text : "-";
}

static int
print_verbose(FILE *f, const struct jail_row *row, struct error *err)
{
	fprintf(f, "%6d  %-29.29s %.74s\n", row->jid,
	    text_of(row, "host.hostname"), text_of(row, "path"));
	fprintf(f, "%6s  %-29.29s %.74s\n", "", text_of(row, "name"),
	    row_int(row, "dying", 0) != 0 ? "DYING" : "ACTIVE");
	fprintf(f, "%6s  %d\n", "", row_int(row, "cpuset.id", 0));
	if (print_addresses(f, row, "ip4.addr", err) != 0)
		return -1;
	return print_addresses(f, row, "ip6.addr", err);
}

static int
print_default(FILE *f, const struct list_options *o,
    const struct jail_row *row, struct error *err)
{
	const struct jail_value *v = row_find(row, "ip4.addr");
	struct text_list ip4 = { 0 };

	if (v != NULL && v->data != NULL &&
	    value_export(PARAM_IP4, v->data, v->len, &ip4, err) != 0)
		return error_wrap(err, "jail %d: ip4.addr", row->jid);
	if (o->names)
		fprintf(f, " %-15s ", text_of(row, "name"));
	else
		fprintf(f, "%6d  ", row->jid);
	fprintf(f, "%-15.15s %-29.29s %.74s\n",
	    ip4.count > 0 ? ip4.text[0] : "", text_of(row, "host.hostname"),
	    text_of(row, "path"));
	text_list_free(&ip4);
	return 0;
}

void
list_header(FILE *f, const struct list_options *o)
{
	if (o->column != NULL && o->header) {
		for (size_t i = 0; i < o->count; i++)
			fprintf(f, "%s%s", i > 0 ? " " : "",
			    o->column[i].name);
		putc('\n', f);
	} else if (o->column == NULL && o->verbose) {
		fprintf(f, "%6s  %-29s %s\n%6s  %-29s %s\n%6s  %s\n%6s  %s\n",
		    "JID", "Hostname", "Path", "", "Name", "State", "",
		    "CPUSetID", "", "IP Address(es)");
	} else if (o->column == NULL) {
		if (o->names)
			fprintf(f, " %-15s ", "JID");
		else
			fprintf(f, "%6s  ", "JID");
		fprintf(f, "%-15s %-29s %s\n", "IP Address", "Hostname",
		    "Path");
	}
}

int
list_row(FILE *f, const struct list_options *o, const struct jail_row *row,
    struct error *err)
{
	if (o->column != NULL)
		return print_columns(f, o, row, err);
	return o->verbose ? print_verbose(f, row, err) :
	    print_default(f, o, row, err);
}

static json_t *
texts_json(const struct text_list *texts)
{
	json_t *array = json_array();

	for (size_t i = 0; i < texts->count; i++)
		json_array_append_new(array, json_string(texts->text[i]));
	return array;
}

static json_t *
column_json(const struct list_column *c, const struct text_list *texts)
{
	const char *text = texts->count > 0 ? texts->text[0] : NULL;

	if (is_array(c))
		return texts_json(texts);
	if (text == NULL)
		return json_null();
	if (is_bool(c))
		return json_boolean((strcmp(text, "true") == 0) != c->negated);
	if (c->info != NULL && (c->info->type == PARAM_INT ||
	    c->info->type == PARAM_ULONG))
		return json_integer(strtoll(text, NULL, 10));
	return json_string(text);
}

struct json_t *
list_json(const struct list_options *o, const struct jail_row *row,
    struct error *err)
{
	json_t *object = json_object();

	for (size_t i = 0; i < o->count; i++) {
		const struct list_column *c = &o->column[i];
		struct text_list texts;

		if (is_hidden(o, row, c))
			continue;
		if (column_texts(row, c, &texts, err) != 0) {
			json_decref(object);
			return NULL;
		}
		json_object_set_new(object, c->name, column_json(c, &texts));
		text_list_free(&texts);
	}
	return object;
}
