/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes as a jail.conf(5).  Lines of "%%" part them into files: the first
 * is the one that is read, .include finds the others by the letters a, b ...
 * and patterns find all of them.  What is imported must be valid specs that
 * stay the same when they are printed and parsed again.
 */
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "specs/jailconf/jailconf.h"
#include "specs/text.h"

#define FILES_MAX 8

struct input {
	const char *text[FILES_MAX];
	size_t len[FILES_MAX];
	size_t count;
};

static void
split(const char *data, size_t size, struct input *in)
{
	static const char mark[] = "\n%%\n";

	*in = (struct input){ 0 };
	while (in->count < FILES_MAX) {
		const char *end = memmem(data, size, mark, sizeof mark - 1);
		size_t len = end != NULL ? (size_t)(end - data) + 1 : size;

		in->text[in->count] = data;
		in->len[in->count++] = len;
		if (end == NULL)
			break;
		data += len + 3;
		size -= len + 3;
	}
}

static int
add_file(const struct input *in, size_t i, struct conf_texts *found)
{
	const char path[] = { 'd', '/', (char)('a' + i), '\0' };
	char *bytes = malloc(in->len[i] + 1);

	if (bytes != NULL)
		memcpy(bytes, in->text[i], in->len[i]);
	return conf_texts_add(found, path, bytes, in->len[i]);
}

static int
read_input(void *arg, const char *path, bool pattern,
    struct conf_texts *found, struct error *err)
{
	const struct input *in = arg;
	size_t i = (size_t)path[strlen(path) - (*path != '\0')] - 'a';
	int rc = 0;

	if (pattern) {
		for (i = 0; i < in->count && rc == 0; i++)
			rc = add_file(in, i, found);
	} else if (i < in->count) {
		rc = add_file(in, i, found);
	} else {
		return error_sys(err, ENOENT, "%s", path);
	}
	if (rc != 0)
		conf_texts_free(found);
	return rc;
}

/* Messages go to terminals; places are in a file or nowhere. */
static void
check_errors(const struct spec_errors *errors)
{
	for (size_t i = 0; i < errors->count; i++) {
		const struct spec_error *e = &errors->error[i];

		for (const char *c = e->message; *c != '\0'; c++) {
			if ((unsigned char)*c < ' ' || *c == 0x7f)
				fuzz_broken("messages are printable",
				    e->message);
		}
		if (utf8_prefix(e->message, strlen(e->message)) !=
		    strlen(e->message))
			fuzz_broken("messages are UTF-8", e->message);
		if (e->place.line > 0 && e->place.file == NULL)
			fuzz_broken("lines are those of a file", e->message);
		if (strncmp(e->message, "cannot be said in specs", 23) == 0)
			fuzz_broken("what is meant can be said", e->message);
	}
}

static void
check_printed(const struct spec *s)
{
	char *text = spec_print(s);
	struct spec_docs docs = { 0 };
	struct spec_set set = { 0 };

	if (text == NULL)
		return;
	(void)spec_parse("again.yaml", text, strlen(text), &docs, &set.errors);
	spec_resolve(&docs, &set);
	spec_docs_free(&docs);
	if (set.count != 1 || !spec_same(set.spec[0], s))
		fuzz_broken("an import is stable", text);
	spec_set_free(&set);
	free(text);
}

static void
check_yaml(const char *yaml, const struct conf_jails *jails)
{
	struct spec_docs docs = { 0 };
	struct spec_set set = { 0 };

	(void)spec_parse("import.yaml", yaml, strlen(yaml), &docs,
	    &set.errors);
	spec_resolve(&docs, &set);
	spec_docs_free(&docs);
	(void)spec_set_loops(&set);
	for (size_t i = 0; i < set.errors.count; i++) {
		/* Of nothing comes nothing, with a warning. */
		if (jails->count == 0 && strncmp(set.errors.error[i].message,
		    "the file holds no document", 26) == 0)
			continue;
		if (!set.errors.error[i].warning)
			fuzz_broken(set.errors.error[i].message, yaml);
	}
	if (set.count > jails->count || (set.count == 0 && jails->count > 0))
		fuzz_broken("each jail has a spec", yaml);
	for (size_t i = 0; i < set.count; i++)
		check_printed(set.spec[i]);
	spec_set_free(&set);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in;
	const struct conf_reader reader = { read_input, &in };
	struct spec_errors errors = { 0 };
	struct conf_jails jails = { 0 };
	struct conf conf;
	char *yaml = NULL;
	bool wrong = false;

	if (sodium_init() < 0)
		return -1;
	split((const char *)data, size, &in);
	if (conf_parse(&conf, "a", &reader, &errors) == 0 &&
	    conf_resolve(&conf, &jails, &errors) == 0)
		yaml = conf_convert(&conf, &jails, &errors);
	check_errors(&errors);
	for (size_t i = 0; i < errors.count; i++)
		wrong |= !errors.error[i].warning;
	if (yaml == NULL && !wrong)
		fuzz_broken("a refusal has a reason", "");
	if (yaml != NULL && !wrong && strlen(yaml) <= SPEC_FILE_MAX)
		check_yaml(yaml, &jails);
	free(yaml);
	conf_jails_free(&jails);
	spec_errors_free(&errors);
	conf_free(&conf);
	return 0;
}
