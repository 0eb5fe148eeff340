/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/compat.h"

#include <stdlib.h>

#include "agent/command/command.h"
#include "agent/daemon/daemon.h"
#include "agent/command/letters.h"
#include "agent/command/required.h"

#define DEFAULT_INTERVAL 30
#define DEFAULT_SNAPSHOTS 1000

extern const struct command command_run;

static const struct option options[] = {
	{ "interval", required_argument, NULL, 'I' },
	{ "require-signed", required_argument, NULL, 'S' },
	{ "keep-snapshots", required_argument, NULL, 'K' },
	{ "max-remove", required_argument, NULL, 'M' },
	{ "max-restart", required_argument, NULL, 'W' },
	{ "recursive", no_argument, NULL, 'R' },
	{ NULL, 0, NULL, 0 },
};

static int
failed(const struct error *err)
{
	complain("%s", err->text);
	return EXIT_FAILED;
}

static int
run(struct context *ctx, int argc, char **argv)
{
	struct daemon_options o = {
		.dir = paths_default_specs(),
		.interval = DEFAULT_INTERVAL,
		.keep_snapshots = DEFAULT_SNAPSHOTS,
		.max_remove = { .value = -1 },
		.max_restart = { .value = -1 },
		.trust = true,
	};
	struct required required = { .keys = 0 };
	struct error err;
	const char *wrong;
	int ch, status;
	long n;

	while ((ch = getopt_long(argc, argv, ":cd:mp:r", options,
	    NULL)) != -1) {
		if (letters_take(ch, &o.letters))
			continue;
		switch (ch) {
		case 'd':
			o.dir = optarg;
			break;
		case 'p':
			if ((n = number_option(optarg)) < 0)
				return usage_error(&command_run,
				    "-p %s: not a number", optarg);
			o.parallel = (unsigned)n;
			break;
		case 'R':
			o.below = true;
			break;
		case 'I':
			if ((n = number_option(optarg)) < 1)
				return usage_error(&command_run, "--interval "
				    "%s: not a number of seconds", optarg);
			o.interval = (unsigned)n;
			break;
		case 'S':
			status = required_take(&required, &command_run, optarg);
			if (status != EXIT_OK)
				return status;
			break;
		case 'K':
			if ((n = number_option(optarg)) < 0)
				return usage_error(&command_run,
				    "--keep-snapshots %s: not a number", optarg);
			o.keep_snapshots = (unsigned)n;
			break;
		case 'W':
			if (limit_parse(optarg, &o.max_restart) != 0 ||
			    o.max_restart.value == 0)
				return usage_error(&command_run, "--max-restart "
				    "%s: neither a number from 1 on nor a "
				    "percentage", optarg);
			break;
		case 'M':
			if (limit_parse(optarg, &o.max_remove) != 0)
				return usage_error(&command_run, "--max-remove "
				    "%s: neither a number nor a percentage",
				    optarg);
			break;
		default:
			return option_error(&command_run, argc, argv, ch);
		}
	}
	if (optind < argc)
		return usage_error(&command_run, "%s: not expected here",
		    argv[optind]);
	wrong = letters_check(&o.letters, true);
	if (wrong != NULL)
		return usage_error(&command_run, "%s", wrong);
	if (required_check(&required, ctx, &err) != 0)
		return failed(&err);
	o.key = required.key;
	o.keys = required.keys;
	return daemon_run(ctx, &o);
}

const struct command command_run = {
	.name = "run",
	.synopsis = "[-cmr] [-d DIR] [-p N] [--interval S] "
	    "[--max-remove N|P%] "
	    "[--max-restart N|P%] [--keep-snapshots N] "
	    "[--require-signed PUB] ... [--recursive]",
	.summary = "keep the jails as the specs in a directory say",
	.help = "  -c -m -r        what is allowed, as jail(8) has it: create, "
	    "modify,\n"
	    "                  restart; -m, -cm, -mr or -cmr (the default)\n"
	    "  -d DIR          the watched directory\n"
	    "                  (" SYSTEM_SPECS_DIR ")\n"
	    "  -p N            at most N jails at a time (0, as by default:\n"
	    "                  any number)\n"
	    "  --interval S    seconds between full rescans (30)\n"
	    "  --max-remove N  hold more removals than N, or P%, within 10\n"
	    "                  minutes (the larger of 1 and 20 %) until ack\n"
	    "  --max-restart N  restart N jails, or P%, for changed specs before the\n"
	    "                  next ones (the larger of 1 and 10 %); when one fails\n"
	    "                  the rest waits for ack\n"
	    "  --keep-snapshots N  drop the oldest signed states beyond N (1000;\n"
	    "                  0: keep all)\n"
	    "  --require-signed PUB  a spec counts only when this key, a file or\n"
	    "                  its base64 line, or another one so named has signed\n"
	    "                  it: FILE.minisig or MANIFEST.minisig\n"
	    "  --recursive     with the directories below DIR\n\n"
	    "Exit status: 0 after SIGTERM or SIGINT, 1 it cannot go on.\n",
	.run = run,
};
