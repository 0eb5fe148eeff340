/* SPDX-License-Identifier: BSD-2-Clause */
/* jailagent keygen: a key pair in minisign's formats. */
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "agent/base/buffer.h"
#include "agent/command/command.h"
#include "agent/sign/minisign.h"

static int run(struct context *ctx, int argc, char **argv);

const struct command command_keygen = {
	.name = "keygen",
	.synopsis = "[-k SECRET] [-p PUBLIC] [--json]",
	.summary = "make a key pair in minisign's format",
	.help =
	    "  -k SECRET  the secret key's file (STATEDIR/key), mode 0600\n"
	    "  -p PUBLIC  the public key's file (SECRET.pub)\n"
	    "  --json     for programs\n"
	    "\n"
	    "Existing files are never replaced.  \"jailagent run\" makes a pair\n"
	    "in STATEDIR when there is none.\n",
	.run = run,
};

struct files {
	const char *secret, *public;
	bool json;
};

/* Returns -1 to go on, else the exit status. */
static int
read_options(struct files *f, int argc, char **argv)
{
	enum { JSON = 256 };
	static const struct option options[] = {
		{ "json", no_argument, NULL, JSON },
		{ NULL, 0, NULL, 0 },
	};
	int ch;

	while ((ch = getopt_long(argc, argv, "+:k:p:", options,
	    NULL)) != -1) {
		switch (ch) {
		case 'k':
			f->secret = optarg;
			break;
		case 'p':
			f->public = optarg;
			break;
		case JSON:
			f->json = true;
			break;
		default:
			return option_error(&command_keygen, argc, argv, ch);
		}
	}
	if (optind < argc)
		return usage_error(&command_keygen, "\"%s\" is too much",
		    argv[optind]);
	return -1;
}

static void
print_json(const struct files *f, const char *line)
{
	struct buffer b = { .data = NULL };

	buffer_text(&b, "{\"secret_file\":");
	buffer_json(&b, f->secret);
	buffer_text(&b, ",\"public_file\":");
	buffer_json(&b, f->public);
	buffer_text(&b, ",\"public_key\":");
	buffer_json(&b, line);
	buffer_text(&b, "}");
	if (b.failed)
		complain("no memory for the answer");
	else
		printf("%s\n", b.data);
	buffer_free(&b);
}

static int
run(struct context *ctx, int argc, char **argv)
{
	struct files f = { .secret = NULL };
	char line[MINISIGN_PUBLIC_LINE], beside[PATH_MAX];
	struct minisign_public pub;
	struct error err;
	int status;

	if ((status = read_options(&f, argc, argv)) != -1)
		return status;
	if (f.secret == NULL) {
		if (paths_make(&ctx->paths, &err) == -1) {
			complain("%s", err.text);
			return EXIT_FAILED;
		}
		f.secret = ctx->paths.key;
	}
	if (f.public == NULL) {
		snprintf(beside, sizeof beside, "%s.pub", f.secret);
		f.public = beside;
	}
	if (minisign_generate(f.secret, f.public, &pub, &err) == -1) {
		complain("%s", err.text);
		return EXIT_FAILED;
	}
	minisign_public_line(&pub, line);
	if (f.json)
		print_json(&f, line);
	else
		printf("secret key  %s\npublic key  %s\n\n%s\n", f.secret,
		    f.public, line);
	return EXIT_OK;
}
