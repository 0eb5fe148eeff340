/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/golden/params/NAME.yaml for every parameter: documents called good*
 * that are right and wrong-* that are not, and in NAME.out what check makes of
 * them and whether a plan on each system takes the good ones.  The list comes
 * from the table: a parameter without its file, or without a document that
 * its type calls for, is a failure.  UPDATE=1 in the environment writes the
 * .out files anew; read what changed before it is committed.
 */
#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/plan/plan.h"
#include "golden.h"
#include "kernel/dragonfly/pure/jail.h"

#define DIRECTORY "tests/golden/params"
#define INFOS_MAX 256

/* A system: its rules, and what its kernel advertises. */
struct system {
	const char *name, *backend;
	struct jail_params params;
};

static struct jail_param_info infos[4][INFOS_MAX];

static enum param_type
type_of(const char *word)
{
	static const struct {
		const char *word;
		enum param_type type;
	} types[] = {
		{ "bool", PARAM_BOOL }, { "int", PARAM_INT },
		{ "ulong", PARAM_ULONG }, { "jailsys", PARAM_JAILSYS },
		/* The size of its elements tells which. */
		{ "string", PARAM_STRING }, { "array", PARAM_IP4 },
	};

	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		if (strcmp(word, types[i].word) == 0)
			return types[i].type;
	}
	fail_msg("type \"%s\"", word);
	return PARAM_STRING;
}

/* The parameters that a real kernel had, in the order of their names. */
static void
recorded(struct jail_params *p, struct jail_param_info *info,
    const char *file, json_t **keep)
{
	json_t *one;
	size_t i;

	*keep = json_load_file(file, 0, NULL);
	if (*keep == NULL)
		fail_msg("%s cannot be read", file);
	p->info = info;
	json_array_foreach(json_object_get(*keep, "params"), i, one) {
		assert_true(p->count < INFOS_MAX);
		info[p->count++] = (struct jail_param_info){
			.name = json_string_value(json_object_get(one,
			    "name")),
			.type = type_of(json_string_value(json_object_get(one,
			    "type"))),
			.access = PARAM_RW,
			.size = (size_t)json_integer_value(json_object_get(one,
			    "size")) };
	}
	for (i = 1; i < p->count; i++)
		assert_true(strcmp(info[i - 1].name, info[i].name) < 0);
}

/*
 * Linux: the engine's names, and what its effects take beside them.  A
 * parameter that is made on the host elsewhere, and not refused here, is one
 * of those.
 */
static void
on_linux(struct jail_params *p, struct jail_param_info *info)
{
	p->info = info;
	for (size_t i = 0; i < param_count; i++) {
		const struct param_def *d = &param_table[i];
		bool engine = d->kind == PARAM_KERNEL &&
		    (d->generations & GEN_15) != 0;

		if (engine || (d->kind == PARAM_PSEUDO &&
		    d->class == PARAM_USERLAND && d->linux_rule.only == NULL))
			info[p->count++] = (struct jail_param_info){ d->name,
				d->type, d->access, d->size };
	}
}

static void
on_dragonfly(struct jail_params *p, struct jail_param_info *info)
{
	p->info = info;
	for (size_t i = 0; i < dragonfly_param_count; i++)
		info[p->count++] = dragonfly_params[i].info;
}

/* Documents that a parameter of this type must have, besides those of all. */
static void
require_documents(const struct param_def *def, const char *yaml)
{
	static const char *const all[] = { "good-1", "wrong-type",
		"wrong-null", "wrong-name", NULL };
	static const char *const readonly[] = { "wrong-read-only",
		"wrong-name", NULL };
	static const char *const name[] = { "good-1", "wrong-name", NULL };
	const char *const *wanted = def->access == PARAM_RD ? readonly :
	    strcmp(def->name, "name") == 0 ? name : all;
	char line[64];

	for (; *wanted != NULL; wanted++) {
		snprintf(line, sizeof line, "%s\n", *wanted);
		if (strstr(yaml, line) == NULL)
			fail_msg("%s/%s.yaml has no document %s", DIRECTORY,
			    def->name, *wanted);
	}
	if (def->access == PARAM_RD || strcmp(def->name, "name") == 0)
		return;
	if (def->type == PARAM_INT || def->type == PARAM_ULONG)
		assert_non_null(strstr(yaml, "name: wrong-low\n"));
	if (def->type == PARAM_INT || def->type == PARAM_ULONG)
		assert_non_null(strstr(yaml, "name: wrong-high\n"));
	if (def->type == PARAM_JAILSYS)
		assert_non_null(strstr(yaml, "name: wrong-range\n"));
	if (def->type == PARAM_BOOL)
		assert_non_null(strstr(yaml, "name: wrong-negative\n"));
	if (def->size > 0 && (def->type == PARAM_STRING ||
	    def->type == PARAM_KEYVALUE || def->type == PARAM_LIST))
		assert_non_null(strstr(yaml, "name: wrong-long\n"));
	if (def->type == PARAM_IP4 || def->type == PARAM_IP6)
		assert_non_null(strstr(yaml, "name: wrong-prefix\n"));
}

/* Whether an error in these lines is about the parameter. */
static bool
is_told(const struct spec_errors *errors, unsigned first, unsigned last,
    const char *param)
{
	for (size_t i = 0; i < errors->count; i++) {
		const struct spec_error *e = &errors->error[i];

		if (e->place.line >= first && e->place.line <= last &&
		    !e->warning && strstr(e->message, param) != NULL)
			return true;
	}
	return false;
}

/* Whether what is wrong with each of the others is what it was made for. */
static void
judge_wrong(const char *input, const char *yaml, const struct spec_set *set,
    const char *param)
{
	bool good = false, any = false;
	unsigned first = 1;
	const char *at = yaml;

	for (unsigned line = 1;; line++) {
		bool end = *at == '\0' || strncmp(at, "---\n", 4) == 0;

		if (end && any && !good &&
		    !is_told(&set->errors, first, line, param))
			fail_msg("%s: no error in lines %u to %u speaks of %s",
			    input, first, line, param);
		if (*at == '\0')
			return;
		any = !end;
		good = !end && (good || strncmp(at, "name: good", 10) == 0);
		first = end ? line + 1 : first;
		at += strcspn(at, "\n");
		at += *at == '\n';
	}
}

/* Whether the good ones, and none but the good ones, became specs. */
static void
judge(const char *input, const char *yaml, const struct spec_set *set)
{
	size_t good = 0, documents = 1;

	for (const char *at = yaml; (at = strstr(at, "\n---\n")) != NULL; at++)
		documents++;
	for (size_t i = 0; i < set->count; i++) {
		if (strncmp(set->spec[i]->name, "good", 4) != 0)
			fail_msg("%s: \"%s\" is taken", input,
			    set->spec[i]->name);
	}
	for (const char *at = yaml; (at = strstr(at, "name: good")) != NULL;
	    at++)
		good++;
	if (good != set->count)
		fail_msg("%s: %zu of %zu good ones are taken", input,
		    set->count, good);
	/* One error, at least, for each of the others. */
	assert_true(set->errors.count >= documents - good);
}

/* What a plan says of each good one. */
static void
ask_system(struct textbuf *b, const struct system *s,
    const struct spec_set *set, const struct param_def *def)
{
	bool lacks = def->kind == PARAM_KERNEL && strcmp(def->name, "name") != 0 &&
	    params_find(&s->params, def->name) == NULL;

	for (size_t i = 0; i < set->count; i++) {
		char buf[ERROR_TEXT_MAX];
		const char *why = rules_refuse(set->spec[i], s->backend,
		    &s->params, buf, sizeof buf);

		if (lacks && why == NULL)
			fail_msg("%s can be planned on %s, which lacks it",
			    def->name, s->name);
		/* What concerns two at once may name the other. */
		if (why != NULL && strstr(why, def->name) == NULL)
			fail_msg("%s on %s: the refusal does not name it: %s",
			    def->name, s->name, why);
		textbuf_format(b, "%s: %s: %s\n", s->name, set->spec[i]->name,
		    why == NULL ? "can be planned" : why);
	}
}

static void
each_parameter(void **state)
{
	struct system systems[] = {
		{ "FreeBSD 13", "freebsd", { 0 } },
		{ "FreeBSD 15", "freebsd", { 0 } },
		{ "DragonFly", "dragonfly", { 0 } },
		{ "Linux", "linux", { 0 } },
	};
	json_t *keep[2];

	(void)state;
	recorded(&systems[0].params, infos[0],
	    "tests/vectors/params-13.2.json", &keep[0]);
	recorded(&systems[1].params, infos[1],
	    "tests/vectors/params-15.1.json", &keep[1]);
	on_dragonfly(&systems[2].params, infos[2]);
	on_linux(&systems[3].params, infos[3]);
	for (size_t i = 0; i < param_count; i++) {
		const struct param_def *def = &param_table[i];
		struct textbuf b = { 0 };
		struct spec_set set;
		char input[512], *yaml;
		const char *file = input;

		snprintf(input, sizeof input, DIRECTORY "/%s.yaml",
		    def->name);
		yaml = golden_read(input);
		if (yaml == NULL)
			fail_msg("%s: each parameter needs good and wrong "
			    "examples", input);
		require_documents(def, yaml);
		(void)spec_load(&file, 1, &set);
		judge(input, yaml, &set);
		judge_wrong(input, yaml, &set, def->name);
		golden_outcome(&b, &set, DIRECTORY);
		for (size_t j = 0; j < sizeof systems / sizeof *systems; j++)
			ask_system(&b, &systems[j], &set, def);
		assert_non_null(b.text);
		golden_compare(input, b.text);
		spec_set_free(&set);
		free(b.text);
		free(yaml);
	}
	json_decref(keep[0]);
	json_decref(keep[1]);
}

/* Files of parameters that are no more. */
static void
no_others(void **state)
{
	struct dirent *e;
	DIR *d = opendir(DIRECTORY);

	(void)state;
	assert_non_null(d);
	while ((e = readdir(d)) != NULL) {
		char *dot = strrchr(e->d_name, '.');

		if (*e->d_name == '.')
			continue;
		assert_non_null(dot);
		assert_true(strcmp(dot, ".yaml") == 0 ||
		    strcmp(dot, ".out") == 0);
		*dot = '\0';
		if (param_find(e->d_name) == NULL)
			fail_msg("%s: no such parameter", e->d_name);
	}
	closedir(d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_parameter),
		cmocka_unit_test(no_others),
	};

	/* Run from anywhere: the sources are where the Makefile is. */
	if (access(DIRECTORY, F_OK) != 0 && getenv("SRCDIR") != NULL &&
	    chdir(getenv("SRCDIR")) != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
