/* SPDX-License-Identifier: BSD-2-Clause */
/* jailagent check: are these specs valid? */
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "agent/base/buffer.h"
#include "agent/command/command.h"
#include "agent/read/links.h"
#include "kernel/compat.h"
#include "specs/spec.h"

/*
 * Loads specs.  No kernel is asked, unless they are wrong: then they may name
 * parameters of a module that only the running kernel knows.
 */
static int
load(const struct context *ctx, char **path, int count, bool below,
    struct spec_set *set)
{
	const char *const *paths = (const char *const *)path;

	if (spec_load_below(paths, (size_t)count, below, set) == 0)
		return 0;
	if (kernel_learn(ctx->kernel) == 0)
		return -1;
	spec_set_free(set);
	return spec_load_below(paths, (size_t)count, below, set);
}

int
command_load(const struct context *ctx, char **path, int count,
    bool below, struct spec_set *set)
{
	int rc = load(ctx, path, count, below, set);

	print_errors(&set->errors);
	return rc;
}

json_t *
file_json(const char *path)
{
	struct buffer b = { 0 };
	json_t *name;

	if (path == NULL)
		return json_null();
	buffer_printable(&b, path);
	name = json_string(b.data != NULL ? b.data : "");
	buffer_free(&b);
	return name;
}

static json_t *
error_json(const struct spec_error *e)
{
	return json_pack("{s:o, s:i, s:i, s:s, s:s}",
	    "file", file_json(e->place.file), "line", (int)e->place.line,
	    "column", (int)e->place.column, "message", e->message,
	    "severity", e->warning ? "warning" : "error");
}

static int
print_json(const struct spec_set *set, bool valid)
{
	json_t *specs = json_array(), *errors = json_array(), *top;
	unsigned char digest[SPEC_DIGEST_SIZE];
	char hex[2 * SPEC_DIGEST_SIZE + 1];
	int rc;

	spec_set_digest(set, digest);
	text_hex(digest, sizeof digest, hex);
	for (size_t i = 0; i < set->count; i++)
		json_array_append_new(specs, json_string(set->spec[i]->name));
	for (size_t i = 0; i < set->errors.count; i++)
		json_array_append_new(errors,
		    error_json(&set->errors.error[i]));
	top = json_pack("{s:b, s:s, s:o, s:o}", "valid", valid,
	    "digest", hex, "specs", specs, "errors", errors);
	if (top == NULL) {
		complain("out of memory");
		return EXIT_FAILED;
	}
	rc = json_dumpf(top, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(top);
	return rc == 0 && valid ? EXIT_OK : EXIT_FAILED;
}

static const char *
plural(size_t n)
{
	return n == 1 ? "" : "s";
}

static void
print_summary(const struct spec_set *set, bool valid)
{
	size_t wrong = 0;

	for (size_t i = 0; i < set->errors.count; i++)
		wrong += !set->errors.error[i].warning;
	if (valid)
		printf("%zu spec%s in %zu file%s %s valid\n", set->count,
		    plural(set->count), set->file_count,
		    plural(set->file_count), set->count == 1 ? "is" : "are");
	else
		printf("%zu error%s in %zu file%s; %zu spec%s %s valid\n",
		    wrong, plural(wrong), set->file_count,
		    plural(set->file_count), set->count, plural(set->count),
		    set->count == 1 ? "is" : "are");
}

/* Files that the agent would not take for the set that is announced. */
static int
check_set(const char *path, bool below, struct spec_set *set)
{
	struct spec_place place = { .file = path };
	struct error err;
	bool whole;

	return whole_check(path, below, &whole, &err) == 0 ? 0 : spec_error_add(
	    &set->errors, place, false, "%s", err.text);
}

static int
run_check(struct context *ctx, int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 256 },
		{ "recursive", no_argument, NULL, 257 },
		{ NULL, 0, NULL, 0 },
	};
	struct spec_set set = { 0 };
	bool json = false, below = false, valid;
	int ch, status = EXIT_OK;

	while ((ch = getopt_long(argc, argv, ":", options, NULL)) != -1) {
		if (ch != 256 && ch != 257)
			return option_error(&command_check, argc, argv, ch);
		*(ch == 256 ? &json : &below) = true;
	}
	if (optind == argc)
		return usage_error(&command_check, "a path is missing");
	valid = load(ctx, argv + optind, argc - optind, below, &set) == 0;
	valid &= spec_set_loops(&set) == 0;
	for (int i = optind; i < argc; i++)
		valid &= check_set(argv[i], below, &set) == 0;
	if (json) {
		status = print_json(&set, valid);
	} else {
		print_errors(&set.errors);
		print_summary(&set, valid);
		status = valid ? EXIT_OK : EXIT_FAILED;
	}
	spec_set_free(&set);
	return status;
}

const struct command command_check = {
	.name = "check",
	.synopsis = "[--recursive] [--json] PATH...",
	.summary = "say whether specs are valid",
	.help = "  PATH         a file, or a directory of .yaml and .yml files\n"
	    "  --recursive  with the directories below PATH\n"
	    "  --json       {valid, digest, specs, errors: [{file, line, column, "
	    "message,\n               severity}]}; digest is the set's, its "
	    "revision outside of git\n\n"
	    "The kernel is asked only about parameters that nobody else "
	    "knows.\nExit status: 0 valid, 1 invalid.\n",
	.run = run_check,
};
