/* SPDX-License-Identifier: BSD-2-Clause */
/* jailagent exec: runs a command inside of a jail, as jexec(8). */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/command/command.h"
#include "kernel/call.h"
#include "kernel/compat.h"
#include "agent/command/relay.h"

#define CLEAN_PATH \
	"/sbin:/bin:/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin"

extern char **environ;

struct exec_request {
	bool clean;	   /* -l */
	const char *dir;   /* -d */
	const char *user;  /* -u, -U */
	bool host_user;	   /* -u */
	const char *jail;
	char **argv;	   /* NULL-terminated; empty: a shell */
};

static int
run_and_wait(struct jail_kernel *k, struct jail_exec *x, const char *jail)
{
	struct error err;
	struct terminal t;
	struct relay *r;
	pid_t pid = -1;
	int status = EXIT_FAILED;

	if (terminal_open(&t, x->fd) != 0) {
		complain("a terminal for the command: %s", strerror(errno));
		return EXIT_FAILED;
	}
	r = relay_new(&t, &err);
	if (r != NULL)
		pid = k->backend->spawn(k, x, &err);
	if (t.slave >= 0)
		close(t.slave);
	t.slave = -1;
	if (pid != -1)
		status = relay_run(r, pid);
	terminal_close(&t);
	relay_free(r);
	if (pid == -1)
		complain("%s: %s", jail, err.text);
	return status;
}

static int
run_in(struct jail_kernel *k, const struct exec_request *r, int jid)
{
	const char *term = getenv("TERM");
	char term_text[256];
	const char *env[] = { "HOME=", "SHELL=", "USER=", "PATH=" CLEAN_PATH,
	    term != NULL ? term_text : NULL, NULL };
	struct jail_exec x = { .jid = jid, .fd = { 0, 1, 2 },
	    .dir = r->dir, .user = r->user, .host_user = r->host_user,
	    .login = true, .session = true };

	snprintf(term_text, sizeof term_text, "TERM=%.200s",
	    term != NULL ? term : "");
	x.envp = r->clean ? env : (const char *const *)environ;
	x.argv = r->argv[0] != NULL ? (const char *const *)r->argv : NULL;
	x.home = x.dir == NULL && r->clean && r->user != NULL;
	return run_and_wait(k, &x, r->jail);
}

static int
exec_in_kernel(struct jail_kernel *k, const struct exec_request *r)
{
	struct jail_params params;
	struct jail_row row;
	struct error err;
	int jid = jail_number(r->jail), status = EXIT_FAILED, rc;

	/* The model plays that programs run, which is no use here. */
	if (k->backend->spawn == NULL || !k->backend->native) {
		complain("the jails of the %s kernel have no processes, so "
		    "nothing can run in them", k->backend->name);
		return EXIT_FAILED;
	}
	if (params_read(k, &params, &err) != 0) {
		complain("%s", err.text);
		return EXIT_FAILED;
	}
	rc = jid == 0 ? 1 : row_read(k, &params, jid > 0 ? jid : 0,
	    jid > 0 ? NULL : r->jail, NULL, 0, &row, &err);
	if (rc == 0) {
		status = run_in(k, r, row.jid);
		row_free(&row);
	} else if (rc == 1) {
		complain("there is no jail \"%s\"", r->jail);
	} else {
		complain("%s", err.text);
	}
	params_free(&params);
	return status;
}

/* Returns 0, or the exit status. */
static int
read_request(struct exec_request *r, int argc, char **argv)
{
	int ch;

	while ((ch = getopt(argc, argv, "+:d:lu:U:")) != -1) {
		switch (ch) {
		case 'd':
			r->dir = optarg;
			break;
		case 'l':
			r->clean = true;
			break;
		case 'u':
		case 'U':
			if (r->user != NULL)
				return usage_error(&command_exec,
				    "only one user can run the command");
			r->user = optarg;
			r->host_user = ch == 'u';
			break;
		default:
			return option_error(&command_exec, argc, argv, ch);
		}
	}
	if (optind == argc)
		return usage_error(&command_exec, "a jail is missing");
	r->jail = argv[optind];
	r->argv = argv + optind + 1;
	return 0;
}

static int
run_exec(struct context *ctx, int argc, char **argv)
{
	struct exec_request r = { 0 };
	struct jail_kernel *k;
	int status = read_request(&r, argc, argv);

	if (status != 0)
		return status;
	k = context_kernel(ctx, false);
	if (k == NULL)
		return EXIT_FAILED;
	status = exec_in_kernel(k, &r);
	kernel_close(k);
	return status;
}

const struct command command_exec = {
	.name = "exec",
	.synopsis = "[-l] [-d DIR] [-u USER | -U USER] JAIL [COMMAND...]",
	.summary = "run a command inside of a jail, as jexec(8)",
	.help = "  JAIL     a name, or a jid\n"
	    "  COMMAND  without one: the user's shell\n"
	    "  -d DIR   the directory inside to start in\n"
	    "  -l       a clean environment: HOME, SHELL, TERM, USER and "
	    "PATH alone\n"
	    "  -u USER  as this user of the host\n"
	    "  -U USER  as this user of the jail\n\n"
	    "Exit status: the command's; 128 + N when signal N ended it; 1 "
	    "when it could\nnot be run.\n",
	.run = run_exec,
};
