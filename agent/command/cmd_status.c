/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/compat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agent/base/buffer.h"
#include "agent/daemon/control.h"
#include "agent/command/pass.h"
#include "agent/command/picture.h"
#include "agent/daemon/status.h"

extern const struct command command_status;

enum { OPTION_JSON = 256, OPTION_WATCH };

/* How long the agent may take to answer. */
#define ONCE_MS 30000
#define WATCH_MS 2000

static const struct option options[] = {
	{ "json", no_argument, NULL, OPTION_JSON },
	{ "watch", no_argument, NULL, OPTION_WATCH },
	{ NULL, 0, NULL, 0 },
};

/* Green: well; yellow: on its way; red: somebody should look. */
static const struct {
	const char *state, *colour;
} colours[] = {
	{ "ready", "\033[32m" },
	{ "matching", "\033[32m" },
	{ "progressing", "\033[33m" },
	{ "dying", "\033[33m" },
	{ "paused", "\033[33m" },
	{ "stopped", "\033[33m" },
	{ "unmanaged", "\033[2m" },
};

static const char *
colour_of(const char *state)
{
	for (size_t i = 0; i < sizeof colours / sizeof *colours; i++)
		if (strcmp(state, colours[i].state) == 0)
			return colours[i].colour;
	return "\033[31m";
}

/* "modify: host.hostname differs (host.hostname), 0.2 ms". */
static void
print_last(FILE *out, json_t *last)
{
	json_t *params = json_object_get(last, "params"), *one;
	size_t i;

	if (!json_is_object(last))
		return;
	fprintf(out, "%s", control_text(last, "action", ""));
	json_array_foreach (params, i, one)
		fprintf(out, "%s%s", i == 0 ? " " : ",", json_string_value(one));
	fprintf(out, " at %s", control_text(last, "at", "?"));
}

/* What hooks printed, which may be meant for somebody else's terminal; tabs stay. */
static void
print_output(FILE *out, json_t *output)
{
	char *text, *rest, *part;
	json_t *line;
	size_t i;

	json_array_foreach (output, i, line) {
		text = rest = strdup(json_string_value(line));
		fprintf(out, "    | ");
		while ((part = strsep(&rest, "\t")) != NULL) {
			print_plain(out, part);
			if (rest != NULL)
				putc('\t', out);
		}
		putc('\n', out);
		free(text);
	}
}

/*
 * How long ago that was, in one unit, which has two digits mostly.  Seconds are
 * not told: --watch would have something new each second.
 */
static void
age(const char *since, char *buf, size_t size)
{
	static const struct {
		double least;
		int seconds;
		char unit;
	} units[] = { { 172800, 86400, 'd' }, { 7200, 3600, 'h' },
		{ 60, 60, 'm' } };
	struct tm tm = { 0 };
	double s;
	size_t i = 0;

	snprintf(buf, size, "-");
	if (since == NULL || strptime(since, "%Y-%m-%dT%H:%M:%SZ", &tm) == NULL)
		return;
	s = difftime(time(NULL), timegm(&tm));
	while (i < sizeof units / sizeof *units && s < units[i].least)
		i++;
	if (i == sizeof units / sizeof *units)
		snprintf(buf, size, "<1m");
	else
		snprintf(buf, size, "%lld%c", (long long)s / units[i].seconds,
		    units[i].unit);
}

static void
print_jail(FILE *out, const struct context *ctx, json_t *j, int width)
{
	const char *state = control_text(j, "state", "?");
	const char *reason = control_text(j, "reason", NULL);
	json_t *jid = json_object_get(j, "jid");
	char number[24] = "-", old[24];

	if (json_is_integer(jid))
		snprintf(number, sizeof number, "%" JSON_INTEGER_FORMAT,
		    json_integer_value(jid));
	age(control_text(j, "since", NULL), old, sizeof old);
	fprintf(out, "%-*s  %6s  %s%-11s%s  %4s  %8" JSON_INTEGER_FORMAT "  ",
	    width, control_text(j, "name", "?"), number,
	    ctx->colour ? colour_of(state) : "", state,
	    ctx->colour ? "\033[0m" : "", old,
	    json_integer_value(json_object_get(j, "restarts")));
	print_last(out, json_object_get(j, "last_change"));
	if (reason != NULL)
		fprintf(out, "\n%*s  %s", width, "", reason);
	if (json_is_string(json_object_get(j, "next_retry")))
		fprintf(out, "; next try at %s", control_text(j, "next_retry", ""));
	putc('\n', out);
	print_output(out, json_object_get(j, "output"));
}

static void
print_agent(FILE *out, json_t *agent)
{
	const char *problem = control_text(agent, "problem", NULL);

	if (json_is_true(json_object_get(agent, "running")))
		fprintf(out, "agent %" JSON_INTEGER_FORMAT ", kernel %s, specs %s\n",
		    json_integer_value(json_object_get(agent, "pid")),
		    control_text(agent, "kernel", "?"),
		    control_text(agent, "specs", "?"));
	else
		fprintf(out, "no agent runs; kernel %s; compared with "
		    "what was applied last\n",
		    control_text(agent, "kernel", "?"));
	if (problem != NULL)
		fprintf(out, "%s\n", problem);
	if (control_text(agent, "events", NULL) != NULL)
		fprintf(out, "no events: %s\n", control_text(agent, "events", ""));
	if (control_text(agent, "snapshot", NULL) != NULL)
		fprintf(out, "%s\n", control_text(agent, "snapshot", ""));
}

static void
print_files(FILE *out, json_t *files)
{
	json_t *file, *error;
	json_int_t line, column;
	size_t i;

	json_array_foreach (files, i, file) {
		error = json_object_get(file, "error");
		if (!json_is_object(error))
			continue;
		line = json_integer_value(json_object_get(error, "line"));
		column = json_integer_value(json_object_get(error, "column"));
		fprintf(out, "%s", control_text(file, "path", "?"));
		/* An error about the whole file has no place in it. */
		if (line > 0)
			fprintf(out, ":%" JSON_INTEGER_FORMAT
			    ":%" JSON_INTEGER_FORMAT, line, column);
		fprintf(out, ": %s\n", control_text(error, "message", "?"));
	}
}

/*
 * What jails and files are called, and what programs print, may be anything: a
 * terminal must not obey it.
 */
static void
make_plain(json_t *o)
{
	struct buffer b = { .data = NULL };
	const char *key;
	json_t *value;
	size_t i;

	json_array_foreach (o, i, value)
		make_plain(value);
	json_object_foreach (o, key, value)
		make_plain(value);
	if (!json_is_string(o))
		return;
	buffer_printable(&b, json_string_value(o));
	json_string_set(o, b.len > 0 ? b.data : "");
	buffer_free(&b);
}

static void
print_status(FILE *out, const struct context *ctx, json_t *status)
{
	json_t *jails = json_object_get(status, "jails"), *jail;
	int width = 4;
	size_t i;

	print_agent(out, json_object_get(status, "agent"));
	json_array_foreach (jails, i, jail) {
		int n = (int)strlen(control_text(jail, "name", ""));

		if (n > width)
			width = n;
	}
	if (json_array_size(jails) > 0)
		fprintf(out, "%-*s  %6s  %-11s  %4s  %8s  %s\n", width, "NAME",
		    "JID", "STATE", "AGE", "RESTARTS", "LAST CHANGE");
	else
		fprintf(out, "no jails\n");
	json_array_foreach (jails, i, jail)
		print_jail(out, ctx, jail, width);
	print_files(out, json_object_get(status, "files"));
}

static bool
is_named(json_t *jail, int count, char **names)
{
	for (int n = 0; n < count; n++)
		if (name_matches(names[n], control_text(jail, "name", "")))
			return true;
	return false;
}

static bool
has_named(json_t *jails, char *name)
{
	json_t *jail;
	size_t i;

	json_array_foreach (jails, i, jail)
		if (is_named(jail, 1, &name))
			return true;
	return false;
}

/*
 * Leaves only the named jails, each once, of which more is told.  That there is
 * none of a name goes to `missing`, or (NULL) is an error.
 */
static int
only_named(json_t *status, int count, char **names, FILE *missing)
{
	json_t *jails = json_object_get(status, "jails");
	json_t *kept = json_array(), *jail;
	size_t i;

	json_array_foreach (jails, i, jail)
		if (is_named(jail, count, names))
			json_array_append(kept, jail);
	for (int n = 0; n < count; n++) {
		if (has_named(kept, names[n]))
			continue;
		if (missing == NULL) {
			complain("%s: there is no such jail", names[n]);
			json_decref(kept);
			return -1;
		}
		fprintf(missing, "%s: there is no such jail\n", names[n]);
	}
	json_object_set_new(status, "jails", kept);
	json_object_set_new(status, "files", json_array());
	return 0;
}

/* Whether no spec is concerned: it is no jail of the agent's, or none any more. */
static bool
is_beside(const char *state)
{
	return strcmp(state, "unmanaged") == 0 || strcmp(state, "dying") == 0;
}

static bool
all_ready(json_t *status)
{
	json_t *jail, *file;
	size_t i;

	json_array_foreach (json_object_get(status, "jails"), i, jail) {
		const char *state = control_text(jail, "state", "");

		if (strcmp(state, "ready") != 0 && !is_beside(state))
			return false;
	}
	json_array_foreach (json_object_get(status, "files"), i, file)
		if (json_is_object(json_object_get(file, "error")))
			return false;
	return json_is_null(json_object_get(json_object_get(status, "agent"),
	    "problem"));
}

/* Without an agent: what was applied, against what lives. */
static json_t *
own_look(const struct context *ctx, const json_t *names, struct error *err)
{
	struct pass_options opt = { .letters = LETTER_C | LETTER_M | LETTER_R };
	struct status_source src = { .revision = "", .output = names };
	struct pass p;
	json_t *status = NULL;

	if (pass_open(&p, ctx, &opt, err) == 0) {
		src.reconciler = &p.reconciler;
		status = status_build(&src);
	}
	pass_close(&p);
	return status;
}

static json_t *
array_of(int count, char **names)
{
	json_t *a = json_array();

	for (int i = 0; i < count; i++)
		json_array_append_new(a, status_text(names[i]));
	return a;
}

/*
 * Asks for all jails, and for the output of those that are named.  Returns the
 * exit status, EXIT_TIMEOUT when there is no answer in time; *status is a new
 * reference or NULL.
 */
static int
ask(const struct context *ctx, int count, char **names, int timeout_ms,
    json_t **status)
{
	json_t *output = array_of(count, names);
	struct error err;
	int rc;

	error_clear(&err);
	*status = NULL;
	rc = control_call(&ctx->paths, "status", json_pack("{s:O}", "output",
	    output), timeout_ms, status, &err);
	if (rc == 1)
		*status = own_look(ctx, output, &err);
	json_decref(output);
	if (rc == 1) {
		if (*status != NULL)
			return EXIT_NO_AGENT;
	} else if (rc == 2) {
		return EXIT_TIMEOUT;
	} else if (rc == 0 && json_object_get(*status, "error") == NULL) {
		*status = status_ordered(*status);
		return EXIT_OK;
	} else if (rc == 0) {
		error_set(&err, 0, "%s", control_text(*status, "error", ""));
		json_decref(*status);
		*status = NULL;
	}
	complain("%s", err.text);
	return EXIT_FAILED;
}

/* What one look says, into `out`; as `ask`. */
static int
look(const struct context *ctx, bool json, bool watch, int count,
    char **names, FILE *out)
{
	json_t *status;
	int rc = ask(ctx, count, names, watch ? WATCH_MS : ONCE_MS, &status);

	if (status == NULL)
		return rc;
	if (count > 0 && only_named(status, count, names,
	    watch ? out : NULL) != 0) {
		json_decref(status);
		return EXIT_FAILED;
	}
	if (json) {
		json_dumpf(status, out, JSON_INDENT(2));
		putc('\n', out);
	} else {
		make_plain(status);
		print_status(out, ctx, status);
	}
	if (rc == EXIT_OK && !all_ready(status))
		rc = EXIT_DIFFERENT;
	json_decref(status);
	return rc;
}

static int
once(const struct context *ctx, bool json, int count, char **names)
{
	int rc = look(ctx, json, false, count, names, stdout);

	if (rc != EXIT_TIMEOUT)
		return rc;
	complain("the agent does not answer");
	return EXIT_FAILED;
}

/* What one look shows; *text is allocated, NULL without memory. */
static int
draw(const struct context *ctx, int count, char **names, char **text)
{
	size_t len;
	FILE *out;
	int rc;

	*text = NULL;
	out = open_memstream(text, &len);
	if (out == NULL)
		return EXIT_FAILED;
	rc = look(ctx, false, true, count, names, out);
	if (fclose(out) != 0) {
		free(*text);
		*text = NULL;
	}
	return rc;
}

/* The last picture, which may not be true any more; allocated, or NULL. */
static char *
outdated(const char *last, time_t since)
{
	char clock[32], *text;
	struct tm tm;

	if (localtime_r(&since, &tm) == NULL ||
	    strftime(clock, sizeof clock, "%H:%M:%S", &tm) == 0)
		clock[0] = '\0';
	return asprintf(&text, "the agent does not answer, since %s%s%s", clock,
	    last[0] != '\0' ? "; before that:\n\n" : "\n", last) < 0 ? NULL :
	    text;
}

/* Until it is interrupted, whatever becomes of the jails and the agent. */
static int
watch_on(const struct context *ctx, int count, char **names)
{
	const struct timespec second = { 1, 0 };
	struct picture p = { .shown = NULL };
	char *text, *last = NULL;
	time_t since = 0, asked;
	int rc;

	for (;;) {
		asked = time(NULL);
		rc = draw(ctx, count, names, &text);
		if (rc == EXIT_TIMEOUT) {
			since = since == 0 ? asked : since;
			free(text);
			text = outdated(last != NULL ? last : "", since);
		} else if (rc != EXIT_FAILED && text != NULL) {
			since = 0;
			free(last);
			last = strdup(text);
		}
		if (text == NULL || rc == EXIT_FAILED ||
		    picture_show(&p, text, stdout) != 0)
			break;
		text = NULL; /* the picture's */
		nanosleep(&second, NULL);
	}
	if (rc == EXIT_FAILED)
		free(text);
	free(last);
	picture_free(&p);
	return EXIT_FAILED;
}

static int
run(struct context *ctx, int argc, char **argv)
{
	bool json = false, watch = false;
	int ch;

	while ((ch = getopt_long(argc, argv, ":", options, NULL)) != -1) {
		if (ch == OPTION_JSON)
			json = true;
		else if (ch == OPTION_WATCH)
			watch = true;
		else
			return option_error(&command_status, argc, argv, ch);
	}
	if (json && watch)
		return usage_error(&command_status,
		    "--json and --watch do not go together");
	if (check_names(&command_status, argc - optind, argv + optind) != 0)
		return EXIT_USAGE;
	if (watch)
		return watch_on(ctx, argc - optind, argv + optind);
	return once(ctx, json, argc - optind, argv + optind);
}

const struct command command_status = {
	.name = "status",
	.synopsis = "[--json] [--watch] [NAME ...]",
	.summary = "show what is, read from the kernel now",
	.help = "  --json     for programs\n"
	    "  --watch    again every second, until interrupted\n\n"
	    "Exit status: 0 all ready, 2 not all ready, 3 no agent runs.\n",
	.run = run,
};
