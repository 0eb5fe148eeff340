/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/compat.h"

#include <stdlib.h>

#include "agent/command/command.h"
#include "agent/daemon/daemon.h"
#include "agent/command/letters.h"

#define DEFAULT_INTERVAL 30
#define DEFAULT_PARALLEL 16
#define DEFAULT_SNAPSHOTS 1000

extern const struct command command_run;

static const struct option options[] = {
	{ "interval", required_argument, NULL, 'I' },
	{ "keep-snapshots", required_argument, NULL, 'K' },
	{ "max-remove", required_argument, NULL, 'M' },
	{ NULL, 0, NULL, 0 },
};

static int
run(struct context *ctx, int argc, char **argv)
{
	struct daemon_options o = {
		.dir = paths_default_specs(),
		.parallel = DEFAULT_PARALLEL,
		.interval = DEFAULT_INTERVAL,
		.keep_snapshots = DEFAULT_SNAPSHOTS,
		.max_remove = { .value = -1 },
		.trust = true,
	};
	const char *wrong;
	long n;
	int ch;

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
		case 'I':
			if ((n = number_option(optarg)) < 1)
				return usage_error(&command_run, "--interval "
				    "%s: not a number of seconds", optarg);
			o.interval = (unsigned)n;
			break;
		case 'K':
			if ((n = number_option(optarg)) < 0)
				return usage_error(&command_run,
				    "--keep-snapshots %s: not a number", optarg);
			o.keep_snapshots = (unsigned)n;
			break;
		case 'M':
			if (removal_limit_parse(optarg, &o.max_remove) != 0)
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
	return daemon_run(ctx, &o);
}

const struct command command_run = {
	.name = "run",
	.synopsis = "[-cmr] [-d DIR] [-p N] [--interval S] "
	    "[--max-remove N|P%] [--keep-snapshots N]",
	.summary = "keep the jails as the specs in a directory say",
	.help = "  -c -m -r        what is allowed, as jail(8) has it: create, "
	    "modify,\n"
	    "                  restart; -m, -cm, -mr or -cmr (the default)\n"
	    "  -d DIR          the watched directory\n"
	    "                  (" SYSTEM_SPECS_DIR ")\n"
	    "  -p N            at most N jails at a time (16; 0: any number)\n"
	    "  --interval S    seconds between full rescans (30)\n"
	    "  --max-remove N  hold more removals than N, or P%, within 10\n"
	    "                  minutes (the larger of 1 and 20 %) until ack\n"
	    "  --keep-snapshots N  drop the oldest signed states beyond N (1000;\n"
	    "                  0: keep all)\n\n"
	    "Exit status: 0 after SIGTERM or SIGINT, 1 it cannot go on.\n",
	.run = run,
};
