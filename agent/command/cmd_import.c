/* SPDX-License-Identifier: BSD-2-Clause */
/* jailagent import: jail.conf(5) as specs. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "agent/command/command.h"
#include "kernel/jail.h"
#include "specs/jailconf/jailconf.h"

#define DEFAULT_FILE "/etc/jail.conf"

/*
 * The kernel is asked when something is wrong only: a name may be that of a
 * parameter which a module has brought.
 */
static char *
convert(const struct context *ctx, const struct conf *conf,
    const struct conf_jails *jails, struct spec_errors *errors)
{
	char *text = conf_convert(conf, jails, errors);

	if (text != NULL || kernel_learn(ctx->kernel) == 0)
		return text;
	spec_errors_free(errors);
	return conf_convert(conf, jails, errors);
}

static int
import(const struct context *ctx, const char *file)
{
	struct spec_errors errors = { 0 };
	struct conf_jails jails = { 0 };
	struct conf conf;
	char *text = NULL;
	bool wrong;

	if (conf_parse(&conf, file, &conf_files, &errors) == 0 &&
	    conf_resolve(&conf, &jails, &errors) == 0)
		text = convert(ctx, &conf, &jails, &errors);
	wrong = print_errors(&errors) > 0;
	if (text != NULL && !wrong)
		fputs(text, stdout);
	free(text);
	conf_jails_free(&jails);
	spec_errors_free(&errors);
	conf_free(&conf);
	return text != NULL && !wrong ? EXIT_OK : EXIT_FAILED;
}

static int
run_import(struct context *ctx, int argc, char **argv)
{
	static const struct option options[] = { { NULL, 0, NULL, 0 } };
	int ch;

	while ((ch = getopt_long(argc, argv, ":", options, NULL)) != -1)
		return option_error(&command_import, argc, argv, ch);
	if (argc - optind > 1)
		return usage_error(&command_import, "one file at a time");
	return import(ctx, optind < argc ? argv[optind] : DEFAULT_FILE);
}

const struct command command_import = {
	.name = "import",
	.synopsis = "[FILE]",
	.summary = "print jail.conf(5) as specs",
	.help = "  FILE  a jail.conf(5), " DEFAULT_FILE " by default; - is "
	    "standard input\n\n"
	    "The specs mean what jail(8) of FreeBSD makes of the file and of "
	    "what it\nincludes.  If anything cannot be said in specs, or is "
	    "wrong, nothing is printed\nbut the errors with their places.  The "
	    "kernel is asked only about parameters\nthat nobody else knows.  "
	    "Exit status: 0 printed, 1 not.\n",
	.run = run_import,
};
