/* SPDX-License-Identifier: BSD-2-Clause */
/* jailagent trust: which signed specs were accepted. */
#include "kernel/compat.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/buffer.h"
#include "agent/command/command.h"
#include "agent/daemon/control.h"
#include "agent/sign/accepted.h"

extern const struct command command_trust;

static void
print_text(const struct accepted *a)
{
	for (size_t i = 0; i < a->count; i++) {
		struct buffer b = { .data = NULL };

		buffer_printable(&b, a->entry[i].path);
		printf("%" PRIu64 " %s\n", a->entry[i].number,
		    b.failed ? "" : b.data);
		buffer_free(&b);
	}
}

static void
print_json(const struct accepted *a)
{
	struct buffer b = { .data = NULL };
	char hex[2 * ACCEPTED_DIGEST + 1];

	for (size_t i = 0; i < a->count; i++) {
		buffer_printf(&b, "%s{\"path\":", i == 0 ? "" : ",");
		buffer_json(&b, a->entry[i].path);
		buffer_printf(&b, ",\"number\":%" PRIu64 ",\"digest\":\"%s\"}",
		    a->entry[i].number, text_hex(a->entry[i].digest,
		    ACCEPTED_DIGEST, hex));
	}
	if (b.failed)
		complain("no memory for the list");
	else
		printf("{\"accepted\":[%s]}\n", b.len == 0 ? "" : b.data);
	buffer_free(&b);
}

static int
show(const struct context *ctx, bool json)
{
	struct accepted a;
	struct error err;
	int rc;

	error_clear(&err);
	rc = accepted_read(ctx->paths.accepted, ctx->paths.public_key, &a,
	    &err);
	if (rc != 0) {
		complain("%s%s%s", ctx->paths.accepted, rc == 1 ?
		    ": there is no record of signed specs" : ": ",
		    rc == 1 ? "" : err.text);
		return EXIT_FAILED;
	}
	(json ? print_json : print_text)(&a);
	accepted_free(&a);
	return EXIT_OK;
}

/* Without an agent, and so that none starts meanwhile. */
static int
reset_here(const struct context *ctx, struct error *err)
{
	int lock, rc;
	long holder;

	compat_hide_memory();
	if (paths_make(&ctx->paths, err) != 0 ||
	    (lock = paths_lock(&ctx->paths, &holder, err)) == -1)
		return -1;
	rc = accepted_keep(&ctx->paths, "", 0, err);
	close(lock);
	return rc;
}

static int
reset(const struct context *ctx)
{
	json_t *reply = NULL;
	struct error err;
	const char *wrong = NULL;
	int rc = control_call(&ctx->paths, "trust-reset", NULL, -1, &reply,
	    &err);

	if (rc == 1)
		rc = reset_here(ctx, &err);
	else if (rc == 0)
		wrong = json_string_value(json_object_get(reply, "error"));
	if (rc != 0 || wrong != NULL)
		complain("%s", wrong != NULL ? wrong : err.text);
	json_decref(reply);
	return rc != 0 || wrong != NULL ? EXIT_FAILED : EXIT_OK;
}

static int
run(struct context *ctx, int argc, char **argv)
{
	enum { RESET = 256, JSON };
	static const struct option options[] = {
		{ "reset", no_argument, NULL, RESET },
		{ "json", no_argument, NULL, JSON },
		{ NULL, 0, NULL, 0 },
	};
	bool anew = false, json = false;
	int ch;

	while ((ch = getopt_long(argc, argv, ":", options, NULL)) != -1) {
		if (ch == RESET)
			anew = true;
		else if (ch == JSON)
			json = true;
		else
			return option_error(&command_trust, argc, argv, ch);
	}
	if (optind < argc)
		return usage_error(&command_trust, "%s: not expected here",
		    argv[optind]);
	return anew ? reset(ctx) : show(ctx, json);
}

const struct command command_trust = {
	.name = "trust",
	.synopsis = "[--reset] [--json]",
	.summary = "show which signed specs were accepted, or begin anew",
	.help = "  --reset  forget the numbers; those that are there now count\n"
	    "           again, whatever they are\n"
	    "  --json   for programs\n\n"
	    "Exit status: 0 well, 1 there is no record, it is not genuine,\n"
	    "or it cannot begin anew.\n",
	.run = run,
};
