/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What import prints is valid, means what jail(8) recorded, and does not change
 * when it is printed and read again.  A recorded file that is not imported is
 * one that jail(8) itself refuses, or it is in tests/import/refused.txt with
 * the reason.  Where that is the kernel, the models of both kernels refuse the
 * jail, too.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "import_expected.h"
#include "kernel/call.h"

#define EXCEPTIONS "tests/import/exceptions.txt"
#define REFUSED "tests/import/refused.txt"

struct tally {
	unsigned imported, persist, jails, by_jail, refused, unread, failed;
};

/* An import; the files are on disk while it is made. */
struct import {
	struct conf conf;
	struct conf_jails jails;
	struct spec_errors errors;
	bool read; /* parsed, and all jails resolved */
	char *yaml;
};

static void
import(struct import *i, const char *path)
{
	*i = (struct import){ 0 };
	i->read = conf_parse(&i->conf, path, &conf_files, &i->errors) == 0 &&
	    conf_resolve(&i->conf, &i->jails, &i->errors) == 0;
	if (i->read)
		i->yaml = conf_convert(&i->conf, &i->jails, &i->errors);
}

static void
import_free(struct import *i)
{
	free(i->yaml);
	conf_jails_free(&i->jails);
	spec_errors_free(&i->errors);
	conf_free(&i->conf);
}

/* Whether all errors say that a jail has neither persist nor a command, which
   most recorded ones have not since they were only read. */
static bool
lacks_life(const struct import *i)
{
	for (size_t e = 0; e < i->errors.count; e++) {
		if (!i->errors.error[e].warning && strstr(
		    i->errors.error[e].message, "must persist") == NULL)
			return false;
	}
	return i->read && i->yaml == NULL;
}

/* Appends defaults that make all jails persist. */
static void
add_persist(const char *path)
{
	FILE *f = fopen(path, "a");

	assert_non_null(f);
	fputs("\n'*' { persist = true; }\n", f);
	assert_int_equal(fclose(f), 0);
}

static void
parse(const char *yaml, struct spec_set *set)
{
	struct spec_docs docs = { 0 };

	*set = (struct spec_set){ 0 };
	(void)spec_parse("import", yaml, strlen(yaml), &docs, &set->errors);
	spec_resolve(&docs, set);
	spec_docs_free(&docs);
}

/* As jailagent check; of a file without jails there is nothing to check. */
static bool
is_valid(struct spec_set *set, const char *yaml)
{
	bool valid = spec_set_loops(set) == 0;

	if (*yaml == '\0')
		return set->count == 0;
	for (size_t i = 0; i < set->errors.count; i++)
		valid &= set->errors.error[i].warning;
	return valid;
}

/* Compares a spec with what was recorded of its jail. */
static bool
same_jail(const struct spec *s, json_t *params, const char *dir, bool persist)
{
	size_t said = 0, i;
	json_t *pair;

	json_array_foreach(params, i, pair) {
		const char *name = json_string_value(json_array_get(pair, 0));
		json_t *value = json_array_get(pair, 1);
		char key[128], *text;
		bool negative, good;
		const struct param_def *def = expected_key(name, key,
		    sizeof key, &negative);
		const struct spec_param *p = spec_param_find(s, key);

		if (strcmp(name, "name") == 0 ||
		    (persist && strcmp(key, "persist") == 0))
			continue;
		assert_non_null(def);
		text = json_is_string(value) ? record_text(value, dir) : NULL;
		good = expected_nothing(def, text) ? p == NULL : p != NULL &&
		    expected_value(p, text, negative);
		said += p != NULL;
		if (!good)
			print_message("%s: %s=%s\n", s->name, name,
			    text != NULL ? text : "(alone)");
		free(text);
		if (!good)
			return false;
	}
	said += persist && spec_bool(s, "persist");
	said += spec_param_find(s, "jid") != NULL; /* is not printed */
	if (said != s->count)
		print_message("%s: %zu parameters instead of %zu\n", s->name,
		    s->count, said);
	return said == s->count;
}

static bool
same_jails(const struct spec_set *set, json_t *jails, const char *dir,
    bool persist, struct tally *tally)
{
	size_t i, j;
	json_t *params, *pair;

	json_array_foreach(jails, i, params) {
		const struct spec *s = NULL;

		json_array_foreach(params, j, pair) {
			struct text_list names = { 0 };
			char name[300];

			if (strcmp(json_string_value(json_array_get(pair, 0)),
			    "name") != 0)
				continue;
			expected_split(json_string_value(
			    json_array_get(pair, 1)), &names);
			expected_name(names.text[names.count - 1], name,
			    sizeof name);
			s = spec_find(set, name);
			text_list_free(&names);
		}
		if (s == NULL || !same_jail(s, params, dir, persist))
			return false;
		tally->jails++;
	}
	return set->count <= json_array_size(jails);
}

/* Printing and reading again changes nothing. */
static bool
is_stable(const struct spec_set *set)
{
	struct textbuf b = { 0 };
	struct spec_set again;
	unsigned char digest[2][SPEC_DIGEST_SIZE];
	bool same;

	textbuf_text(&b, "");
	for (size_t i = 0; i < set->count; i++) {
		char *text = spec_print(set->spec[i]);

		assert_non_null(text);
		textbuf_text(&b, i == 0 ? "" : "---\n");
		textbuf_text(&b, text);
		free(text);
	}
	parse(b.text, &again);
	spec_set_digest(set, digest[0]);
	spec_set_digest(&again, digest[1]);
	same = set->count == 0 || (is_valid(&again, b.text) &&
	    memcmp(digest[0], digest[1], SPEC_DIGEST_SIZE) == 0);
	spec_set_free(&again);
	free(b.text);
	return same;
}

static void
check_import(const char *id, const struct import *i, json_t *record,
    const char *dir, bool persist, struct tally *tally)
{
	struct spec_set set;
	const char *why = NULL;

	parse(i->yaml, &set);
	if (!is_valid(&set, i->yaml))
		why = "is not valid";
	else if (!same_jails(&set, json_object_get(record, "jails"), dir,
	    persist, tally))
		why = "means something else";
	else if (!is_stable(&set))
		why = "changes when it is printed";
	if (why != NULL)
		print_message("%s: what is imported %s\n%s", id, why, i->yaml);
	tally->failed += why != NULL;
	tally->imported++;
	tally->persist += persist;
	spec_set_free(&set);
}

/* What was not imported has to be wrong for jail(8), or listed. */
static void
check_refusal(const char *id, const struct import *i, json_t *record,
    struct tally *tally)
{
	json_t *create = json_object_get(record, "create");
	const char *said = json_string_value(json_object_get(create,
	    "stderr"));
	/* Of a loop of dependencies it complains, and exits with 0. */
	bool by_jail = !i->read || (create != NULL &&
	    (json_integer_value(json_object_get(create, "exit")) != 0 ||
	    strstr(said, "dependency loop") != NULL));
	char *reason = record_exception(REFUSED, id);

	if (by_jail != (reason == NULL) || i->errors.count == 0) {
		print_message("%s: %s\n", id, reason != NULL ?
		    "is listed but need not be" : "is not imported:");
		for (size_t e = 0; e < i->errors.count; e++)
			print_message("  %u:%u: %s\n",
			    i->errors.error[e].place.line,
			    i->errors.error[e].place.column,
			    i->errors.error[e].message);
		tally->failed++;
	}
	tally->by_jail += by_jail;
	tally->refused += !by_jail;
	free(reason);
}

static void
replay(const char *id, json_t *record, void *arg)
{
	char *exception = record_exception(EXCEPTIONS, id);
	struct tally *tally = arg;
	struct temp_dir dir;
	struct import i;
	bool persist;

	if (exception != NULL || !json_is_array(json_object_get(record,
	    "jails")) || json_integer_value(json_object_get(record, "exit")) !=
	    0) {
		tally->unread++;
		free(exception);
		return;
	}
	temp_dir_make(&dir);
	record_files(record, dir.path);
	import(&i, temp_file(&dir, "jail.conf"));
	persist = lacks_life(&i);
	if (persist) {
		import_free(&i);
		add_persist(temp_file(&dir, "jail.conf"));
		import(&i, temp_file(&dir, "jail.conf"));
	}
	if (i.yaml != NULL)
		check_import(id, &i, record, dir.path, persist, tally);
	else
		check_refusal(id, &i, record, tally);
	import_free(&i);
	temp_dir_remove(&dir);
}

static void
recorded_files(void **state)
{
	struct tally t = { 0 };

	(void)state;
	record_each(RECORDS, replay, &t);
	print_message("%u files imported with %u jails (%u of them with "
	    "persist added), %u not since jail(8) refuses them, %u listed as "
	    "refused, %u not readable; %u wrong\n", t.imported, t.jails,
	    t.persist, t.by_jail, t.refused, t.unread, t.failed);
	assert_int_equal(t.imported + t.by_jail + t.refused + t.unread, 423);
	assert_int_equal(t.failed, 0);
}

/* Whether libjail knows the name and finds a value in the text. */
static bool
is_value(const struct param_def *def, const char *text)
{
	char buf[VALUE_TEXT_MAX];

	return def->type != PARAM_JAILSYS || text == NULL || *text == '\0' ||
	    value_canonical(def, text, buf, NULL) != NULL;
}

/*
 * Whether a kernel makes a jail of the printed parameters.  What is known has
 * good values but for words; what is not known is the kernel's to judge.
 */
static bool
kernel_takes(struct jail_kernel *k, json_t *params)
{
	struct jail_call c = { 0 };
	struct error err = { 0 };
	bool taken = true;
	size_t i;
	json_t *pair;

	assert_int_equal(call_add(&c, "persist", NULL, 0), 0);
	json_array_foreach(params, i, pair) {
		const char *name = json_string_value(json_array_get(pair, 0));
		const char *text = json_string_value(json_array_get(pair, 1));
		const struct param_def *def = param_find(name);
		struct text_list values = { 0 };

		if (def != NULL && strcmp(name, "name") != 0) {
			taken &= is_value(def, text);
			continue;
		}
		expected_split(text != NULL ? text : "", &values);
		assert_int_equal(call_add_text(&c, name,
		    values.text[values.count - 1]), 0);
		text_list_free(&values);
	}
	taken = taken && call_set(k, &c, JAIL_CREATE, &err) > 0;
	call_finish(&c);
	return taken;
}

/* Counts the jails of a record that a generation of kernels refuses. */
static size_t
refused_jails(json_t *jails, enum jail_generation generation)
{
	const struct kernel_options opt = { .generation = generation };
	char kernel[PATH_MAX + 8];
	struct temp_dir dir;
	struct jail_kernel *k;
	size_t i, refused = 0;
	json_t *params;

	temp_dir_make(&dir);
	snprintf(kernel, sizeof kernel, "model:%s", dir.path);
	k = kernel_open(kernel, &opt, NULL);
	assert_non_null(k);
	json_array_foreach(jails, i, params)
		refused += !kernel_takes(k, params);
	kernel_close(k);
	temp_dir_remove(&dir);
	return refused;
}

static void
ask_kernels(const char *id, json_t *record, void *arg)
{
	static const enum jail_generation generations[] = { JAIL_GEN_13,
		JAIL_GEN_15 };
	char *reason = record_exception(REFUSED, id);
	bool kernel = reason != NULL && strncmp(reason, "kernel: ", 8) == 0;
	unsigned *asked = arg;

	for (size_t i = 0; i < 2 && reason != NULL; i++) {
		size_t refused = refused_jails(json_object_get(record,
		    "jails"), generations[i]);

		if (kernel != (refused > 0))
			fail_msg("%s: kernel %d refuses %zu jails", id,
			    (int)generations[i], refused);
	}
	*asked += kernel;
	free(reason);
}

static void
refused_by_kernels(void **state)
{
	unsigned asked = 0;

	(void)state;
	record_each(RECORDS, ask_kernels, &asked);
	print_message("%u files with a jail that no kernel makes\n", asked);
	assert_true(asked > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(recorded_files),
		cmocka_unit_test(refused_by_kernels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
