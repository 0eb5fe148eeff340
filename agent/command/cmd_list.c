/* SPDX-License-Identifier: BSD-2-Clause */
/* jailagent list: the live jails, as jls(8). */
#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/command/command.h"
#include "kernel/compat.h"
#include "agent/command/list.h"

/* One listing from its first call to its last line. */
struct listing {
	struct jail_kernel *k;
	struct jail_params params;
	struct list_options opt;
	const char **extra; /* keys of meta and env; NULL at the end */
	size_t extra_count;
	const char *jail;   /* -j */
	bool headed;	    /* the header is printed */
	json_t *array;	    /* --json */
};

/* Top-level names first, then by name. */
static int
compare_columns(const void *a, const void *b)
{
	const struct list_column *x = a, *y = b;
	int deep_x = strchr(x->name, '.') != NULL;
	int deep_y = strchr(y->name, '.') != NULL;

	return deep_x != deep_y ? deep_x - deep_y : strcmp(x->name, y->name);
}

static bool
has_column(const struct list_options *o, const char *name)
{
	for (size_t i = 0; i < o->count; i++)
		if (strcmp(o->column[i].name, name) == 0)
			return true;
	return false;
}

/* The boolean that `name` is the negative of, NULL if there is none. */
static const struct jail_param_info *
find_negated(const struct jail_params *params, const char *name)
{
	char negative[JAIL_NAME_MAX];

	for (size_t i = 0; i < params->count; i++) {
		const struct jail_param_info *info = &params->info[i];

		if (info->type == PARAM_BOOL && param_negative(info->name,
		    negative, sizeof negative) != NULL &&
		    strcmp(negative, name) == 0)
			return info;
	}
	return NULL;
}

/* What is named again is shown once. */
static int
add_column(struct listing *l, const char *name)
{
	struct list_options *o = &l->opt;
	const struct jail_param_info *info = params_find(&l->params, name);
	char base[JAIL_NAME_MAX] = "";
	bool negated = info == NULL;
	size_t at = 0;

	if (has_column(o, name))
		return 0;
	if (info == NULL)
		info = find_negated(&l->params, name);
	negated = negated && info != NULL;
	if (info == NULL) {
		strncat(base, name, sizeof base - 1);
		base[strcspn(base, ".")] = '\0';
		info = params_find(&l->params, base);
		/* FreeBSD 15 does not return from a call about an empty key. */
		if (strlen(name) <= strlen(base) + 1 || info == NULL ||
		    info->type != PARAM_KEYVALUE) {
			complain("unknown parameter: %s", name);
			return -1;
		}
		at = l->params.count + l->extra_count;
		l->extra[l->extra_count++] = name;
		info = NULL;
	}
	o->column[o->count++] = (struct list_column){ name, info, at,
	    negated };
	return 0;
}

static void
add_all(struct listing *l)
{
	struct list_options *o = &l->opt;
	size_t first = o->count;

	for (size_t i = 0; i < l->params.count; i++)
		if (!has_column(o, l->params.info[i].name))
			o->column[o->count++] = (struct list_column){
			    l->params.info[i].name, &l->params.info[i], 0, false };
	qsort(o->column + first, o->count - first, sizeof *o->column,
	    compare_columns);
}

/* What --json shows when nothing is named; a kernel may lack some. */
static int
add_usual(struct listing *l)
{
	static const char *const usual[] = { "jid", "name", "host.hostname",
	    "path", "ip4.addr", "ip6.addr", "dying" };

	for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
		if (params_find(&l->params, usual[i]) != NULL &&
		    add_column(l, usual[i]) != 0)
			return -1;
	return 0;
}

/* Without parameters -n, -s and -h show all, --json the usual ones. */
static int
choose_columns(struct listing *l, int argc, char **argv)
{
	struct list_options *o = &l->opt;
	bool all = o->name_value || o->header;

	if (argc == 0 && !all && !o->json)
		return 0;
	o->column = calloc(((size_t)argc + 1) * (l->params.count + 1),
	    sizeof *o->column);
	l->extra = calloc((size_t)argc + 1, sizeof *l->extra);
	if (o->column == NULL || l->extra == NULL) {
		complain("out of memory");
		return -1;
	}
	if (argc == 0 && !all)
		return add_usual(l);
	if (argc == 0)
		add_all(l);
	for (int i = 0; i < argc; i++) {
		if (strcmp(argv[i], "all") == 0)
			add_all(l);
		else if (add_column(l, argv[i]) != 0)
			return -1;
	}
	return 0;
}

/* Once, and not in front of a complaint that there is no such jail. */
static void
head(struct listing *l)
{
	if (!l->headed)
		list_header(stdout, &l->opt);
	l->headed = true;
}

static int
show(struct listing *l, const struct jail_row *row)
{
	struct error err;
	json_t *object;

	if (l->array == NULL) {
		head(l);
		if (list_row(stdout, &l->opt, row, &err) == 0)
			return 0;
	} else {
		object = list_json(&l->opt, row, &err);
		if (object != NULL)
			return json_array_append_new(l->array, object);
	}
	complain("%s", err.text);
	return -1;
}

/* Reads and shows one jail; the jid that it has, 0 when there is none, -1. */
static int
show_one(struct listing *l, int jid, const char *name)
{
	int flags = l->opt.dying ? JAIL_DYING : 0;
	struct jail_row row;
	struct error err;
	int rc = row_read(l->k, &l->params, jid, name, l->extra, flags, &row,
	    &err);

	if (rc == 1)
		return 0;
	if (rc != 0) {
		complain("%s", err.text);
		return -1;
	}
	rc = show(l, &row) == 0 ? row.jid : -1;
	row_free(&row);
	return rc;
}

static int
show_jails(struct listing *l)
{
	int jid = 0;

	if (l->jail == NULL) {
		while ((jid = show_one(l, -jid, NULL)) > 0)
			continue;
		return jid;
	}
	jid = jail_number(l->jail);
	if (jid != 0)
		jid = show_one(l, jid > 0 ? jid : 0, jid > 0 ? NULL : l->jail);
	if (jid == 0)
		complain("there is no jail \"%s\"", l->jail);
	return jid > 0 ? 0 : -1;
}

static int
list_jails(struct listing *l, int argc, char **argv)
{
	int rc;

	if (choose_columns(l, argc, argv) != 0)
		return -1;
	if (l->opt.json) {
		l->array = json_array();
		rc = show_jails(l);
		json_dumpf(l->array, stdout, JSON_INDENT(2));
		putchar('\n');
		json_decref(l->array);
		return rc;
	}
	rc = show_jails(l);
	if (rc == 0)
		head(l);
	return rc;
}

/* Of the options that shape the output a later one undoes what it excludes. */
static void
shape(struct list_options *o, int ch)
{
	if (ch != 'q')
		o->verbose = ch == 'v';
	if (ch == 'h' || ch == 'v')
		o->settable = false;
	if (ch == 's' || ch == 'v')
		o->header = false;
	if (ch == 'v')
		o->name_value = false;
	o->header |= ch == 'h';
	o->name_value |= ch == 'n' || ch == 's';
	o->quoted |= ch == 'q' || ch == 's';
	o->settable |= ch == 's';
}

/* Returns 0, or the exit status. */
static int
list_options_read(struct listing *l, int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 256 },
		{ NULL, 0, NULL, 0 },
	};
	struct list_options *o = &l->opt;
	int ch;

	while ((ch = getopt_long(argc, argv, "+:adhj:Nnqsv", options,
	    NULL)) != -1) {
		switch (ch) {
		case 'a':
		case 'd':
			o->dying = true;
			break;
		case 'j':
			l->jail = optarg;
			break;
		case 'N':
			o->names = true;
			break;
		case 'h':
		case 'n':
		case 'q':
		case 's':
		case 'v':
			shape(o, ch);
			break;
		case 256:
			o->json = true;
			break;
		default:
			return option_error(&command_list, argc, argv, ch);
		}
	}
	return 0;
}

static int
run_list(struct context *ctx, int argc, char **argv)
{
	struct listing l = { 0 };
	struct error err;
	int status = list_options_read(&l, argc, argv);

	if (status != 0)
		return status;
	l.k = context_kernel(ctx, true);
	if (l.k == NULL)
		return EXIT_FAILED;
	status = EXIT_FAILED;
	if (params_read(l.k, &l.params, &err) != 0)
		complain("%s", err.text);
	else if (list_jails(&l, argc - optind, argv + optind) == 0)
		status = EXIT_OK;
	params_free(&l.params);
	free(l.opt.column);
	free(l.extra);
	kernel_close(l.k);
	return status;
}

const struct command command_list = {
	.name = "list",
	.synopsis = "[-dhNnqsv] [-j JAIL] [--json] [PARAM...]",
	.summary = "list the live jails, as jls(8)",
	.help = "  -d       dying jails, too\n"
	    "  -h       a line with the names of the parameters\n"
	    "  -j JAIL  this jail only; a name or a jid\n"
	    "  -N       names instead of jids in the usual columns\n"
	    "  -n       NAME=VALUE; booleans as NAME or noNAME\n"
	    "  -q       values in quotes where a shell needs them\n"
	    "  -s       what jail(8) would take to make the jail: as -nq "
	    "without what\n           cannot be set\n"
	    "  -v       more about each jail, in several lines\n"
	    "  --json   an array of objects\n"
	    "  PARAM    parameters to be shown; all: every one\n",
	.run = run_list,
};
