/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * jail.conf(5) is read as jail(8) reads it: each recorded file gives the same
 * jails and parameters in the same order, or the same errors at the same
 * places; what is in tests/import/exceptions.txt differs, and has a reason.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "import_record.h"

#define EXCEPTIONS "tests/import/exceptions.txt"
#define ERRORS "tests/import/errors.jsonl"

/* One record while it is replayed. */
struct replay {
	struct temp_dir dir;
	struct conf conf;
	struct conf_jails jails;
	struct spec_errors errors;
	bool parsed;
	char why[4096]; /* it differs; "" when it does not */
};

struct tally {
	unsigned same, excepted, failed;
};

static void differ(struct replay *r, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void
differ(struct replay *r, const char *fmt, ...)
{
	size_t len = strlen(r->why);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(r->why + len, sizeof r->why - len, fmt, ap);
	va_end(ap);
}

/* ---- errors ---- */

/* Whether our error says what a line of jail(8) says. */
static bool
says_same(const struct spec_error *e, const char *line)
{
	const char *place = strstr(line, " line ");
	const char *colon = strstr(line, ": ");
	char text[1024];
	unsigned number;

	if (place != NULL && sscanf(place, " line %u:", &number) == 1)
		return e->place.file != NULL && e->place.line == number &&
		    strncmp(e->place.file, line, (size_t)(place - line)) ==
		    0 && strlen(e->place.file) == (size_t)(place - line);
	if (strcmp(line, "maximum include depth exceeded") == 0)
		return strstr(e->message, "included deeper") != NULL;
	if (colon != NULL && strcmp(colon, ": unexpected EOF") == 0)
		return e->place.file != NULL &&
		    strncmp(e->place.file, line, (size_t)(colon - line)) ==
		    0 && strstr(e->message, "unexpected end") != NULL;
	if (strstr(line, ": No such file or directory") != NULL)
		return strstr(e->message, line) != NULL;
	if (colon == NULL)
		return false;
	/* JAIL: MESSAGE */
	snprintf(text, sizeof text, "jail \"%.*s\"%s", (int)(colon - line),
	    line, colon);
	if (text[strlen(text) - 1] == '.')
		text[strlen(text) - 1] = '\0';
	return e->place.line > 0 &&
	    strncmp(e->message, text, strlen(text)) == 0;
}

static void
compare_errors(struct replay *r, const char *recorded)
{
	size_t i = 0;

	while (*recorded != '\0') {
		size_t len = strcspn(recorded, "\n");
		char line[2048];

		snprintf(line, sizeof line, "%.*s", (int)len, recorded);
		recorded += len + (recorded[len] == '\n');
		if (i >= r->errors.count)
			differ(r, "missing: %s\n", line);
		else if (strncmp(line, "jail: ", 6) != 0 ||
		    !says_same(&r->errors.error[i], line + 6))
			differ(r, "expected: %s\nfound: %s:%u: %s\n", line,
			    r->errors.error[i].place.file,
			    r->errors.error[i].place.line,
			    r->errors.error[i].message);
		i++;
	}
	for (; i < r->errors.count; i++)
		differ(r, "unexpected: %s\n", r->errors.error[i].message);
}

/* ---- jails ---- */

/* A parameter as jail -e prints it; false when it is not printed. */
static bool
render(const struct conf_param *p, struct textbuf *value)
{
	*value = (struct textbuf){ 0 };
	if (p->variable || strcmp(p->name, "jid") == 0)
		return false;
	for (size_t i = 0; i < p->values; i++) {
		if (i > 0)
			textbuf_text(value, ",");
		record_render_value(value, p->value[i].text);
	}
	return true;
}

static void
compare_jail(struct replay *r, const struct conf_jail *jail, json_t *params)
{
	size_t n = 0;

	for (size_t i = 0; i < jail->count; i++) {
		json_t *pair = json_array_get(params, n);
		json_t *recorded = json_array_get(pair, 1);
		struct textbuf value;
		char *expected;

		if (!render(&jail->param[i], &value))
			continue;
		n++;
		expected = json_is_string(recorded) ?
		    record_text(recorded, r->dir.path) : NULL;
		if (pair == NULL || strcmp(jail->param[i].name,
		    json_string_value(json_array_get(pair, 0))) != 0 ||
		    (expected == NULL) != (value.text == NULL) ||
		    (expected != NULL && strcmp(expected, value.text) != 0))
			differ(r, "%s: %s=%s, recorded %s=%s\n", jail->name,
			    jail->param[i].name, value.text, pair == NULL ?
			    "nothing" :
			    json_string_value(json_array_get(pair, 0)),
			    expected);
		free(expected);
		free(value.text);
	}
	if (n != json_array_size(params))
		differ(r, "%s: %zu parameters, recorded %zu\n", jail->name, n,
		    json_array_size(params));
}

static void
compare_jails(struct replay *r, json_t *jails)
{
	size_t count = r->parsed ? r->jails.count : 0;

	if (count != json_array_size(jails))
		differ(r, "%zu jails, recorded %zu\n", count,
		    json_array_size(jails));
	for (size_t i = 0; i < count && i < json_array_size(jails); i++)
		compare_jail(r, &r->jails.jail[i], json_array_get(jails, i));
}

/* What jail -e SEPARATOR prints. */
static void
compare_output(struct replay *r, const char *separator, json_t *recorded)
{
	struct textbuf out = { 0 };
	char *expected = record_text(recorded, r->dir.path);

	textbuf_text(&out, "");
	for (size_t i = 0; r->parsed && i < r->jails.count; i++) {
		const struct conf_jail *jail = &r->jails.jail[i];
		bool first = true;

		for (size_t j = 0; j < jail->count; j++) {
			struct textbuf value;

			if (!render(&jail->param[j], &value))
				continue;
			textbuf_format(&out, "%s%s%s%s",
			    first ? "" : separator, jail->param[j].name,
			    value.text != NULL ? "=" : "",
			    value.text != NULL ? value.text : "");
			first = false;
			free(value.text);
		}
		textbuf_text(&out, "\n");
	}
	if (strcmp(out.text, expected) != 0)
		differ(r, "prints \"%s\", recorded \"%s\"\n", out.text,
		    expected);
	free(out.text);
	free(expected);
}

/* ---- replaying ---- */

/* The file and the separator that jail(8) was given; false when its options
   are about something else. */
static bool
read_args(json_t *args, const char **file, const char **separator)
{
	for (size_t i = 0; i < json_array_size(args); i++) {
		const char *word = json_string_value(json_array_get(args, i));

		if (strcmp(word, "-q") == 0)
			continue;
		if (strcmp(word, "-f") == 0)
			*file = json_string_value(
			    json_array_get(args, ++i));
		else if (strcmp(word, "-e") == 0)
			*separator = json_string_value(
			    json_array_get(args, ++i));
		else
			return false;
	}
	return true;
}

static void
read_conf(struct replay *r, json_t *record, const char *file)
{
	json_t *input = json_object_get(record, "stdin");
	char *path = record_expand(file, strlen(file), r->dir.path, NULL);
	int saved = -1;

	if (json_is_string(input)) {
		saved = dup(STDIN_FILENO);
		assert_non_null(freopen(temp_file(&r->dir,
		    json_string_value(input)), "r", stdin));
	}
	r->parsed = conf_parse(&r->conf, path, &conf_files, &r->errors) == 0;
	if (r->parsed)
		(void)conf_resolve(&r->conf, &r->jails, &r->errors);
	if (saved >= 0) {
		assert_return_code(dup2(saved, STDIN_FILENO), 0);
		close(saved);
	}
	free(path);
}

/* Replays a record in its directory, which is the current one then. */
static void
replay(struct replay *r, json_t *record)
{
	json_t *jails = json_object_get(record, "jails");
	const char *file = NULL, *separator = NULL;
	char *errors;

	if (!read_args(json_object_get(record, "args"), &file, &separator)) {
		/* Usage errors, which are so here: system/import. */
		if (strstr(json_string_value(json_object_get(record,
		    "stderr")), "usage: jail") == NULL)
			differ(r, "options about something else\n");
		return;
	}
	read_conf(r, record, file);
	if (r->parsed !=
	    (json_integer_value(json_object_get(record, "exit")) == 0))
		differ(r, "%s, recorded is exit status %lld\n",
		    r->parsed ? "parsed" : "not parsed",
		    json_integer_value(json_object_get(record, "exit")));
	errors = record_text(json_object_get(record, "stderr"), r->dir.path);
	compare_errors(r, errors);
	free(errors);
	if (json_is_array(jails))
		compare_jails(r, jails);
	else
		compare_output(r, separator, json_object_get(record,
		    "stdout"));
}

static void
replay_record(const char *id, json_t *record, void *arg)
{
	struct tally *tally = arg;
	struct replay *r = calloc(1, sizeof *r);
	char *reason = record_exception(EXCEPTIONS, id);
	char top[PATH_MAX];

	assert_non_null(r);
	assert_non_null(getcwd(top, sizeof top));
	temp_dir_make(&r->dir);
	record_files(record, r->dir.path);
	assert_return_code(chdir(r->dir.path), 0);
	replay(r, record);
	assert_return_code(chdir(top), 0);
	temp_dir_remove(&r->dir);
	if (reason == NULL && r->why[0] != '\0') {
		print_message("%s differs:\n%s", id, r->why);
		tally->failed++;
	} else if (reason != NULL && r->why[0] == '\0') {
		print_message("%s does not differ any more: %s\n", id, reason);
		tally->failed++;
	} else if (reason != NULL) {
		tally->excepted++;
	} else {
		tally->same++;
	}
	free(reason);
	conf_jails_free(&r->jails);
	spec_errors_free(&r->errors);
	conf_free(&r->conf);
	free(r);
}

static void
compare_all(const char *file, unsigned count)
{
	struct tally tally = { 0 };

	record_each(file, replay_record, &tally);
	print_message("%u records agree, %u are exceptions, %u differ\n",
	    tally.same, tally.excepted, tally.failed);
	assert_int_equal(tally.same + tally.excepted, count);
	assert_int_equal(tally.failed, 0);
}

static void
recorded_files(void **state)
{
	(void)state;
	compare_all(RECORDS, 423);
}

/* Random files with several errors each, recorded in the same way. */
static void
several_errors(void **state)
{
	(void)state;
	compare_all(ERRORS, 100);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(recorded_files),
		cmocka_unit_test(several_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
