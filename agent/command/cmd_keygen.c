/* SPDX-License-Identifier: BSD-2-Clause */
/* jailagent keygen: a key pair in minisign's formats. */
#include <sys/wait.h>

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/buffer.h"
#include "agent/base/channel.h"
#include "agent/command/command.h"
#include "agent/daemon/control.h"
#include "agent/sign/minisign.h"
#include "agent/sign/signer.h"
#include "kernel/compat.h"

static int run(struct context *ctx, int argc, char **argv);

const struct command command_keygen = {
	.name = "keygen",
	.synopsis = "[-k SECRET] [-p PUBLIC] [--rotate] [--json]",
	.summary = "make a key pair in minisign's format",
	.help =
	    "  -k SECRET  the secret key's file (STATEDIR/key), mode 0600\n"
	    "  -p PUBLIC  the public key's file (SECRET.pub)\n"
	    "  --rotate   changes the key in STATEDIR for a new one, which the\n"
	    "             old one signs; what was signed before still verifies,\n"
	    "             with either public key\n"
	    "  --json     for programs\n"
	    "\n"
	    "Existing files are never replaced.  \"jailagent run\" makes a pair\n"
	    "in STATEDIR when there is none.\n",
	.run = run,
};

struct files {
	const char *secret, *public;
	bool json, rotate;
};

/* Returns -1 to go on, else the exit status. */
static int
read_options(struct files *f, int argc, char **argv)
{
	enum { JSON = 256, ROTATE };
	static const struct option options[] = {
		{ "rotate", no_argument, NULL, ROTATE },
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
		case ROTATE:
			f->rotate = true;
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
	if (f->rotate && (f->secret != NULL || f->public != NULL))
		return usage_error(&command_keygen, "--rotate changes the key "
		    "in the state directory; leave -k and -p out");
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

static void
print_pair(const struct files *f, const char *line)
{
	if (f->json)
		print_json(f, line);
	else
		printf("secret key  %s\npublic key  %s\n\n%s\n", f->secret,
		    f->public, line);
}

/*
 * Has the signer change the key; returns 0 with the new one's line, or -1,
 * *late: it may take for ever.
 */
static int
ask_signer(int signer, bool *late, char line[MINISIGN_PUBLIC_LINE],
    struct error *err)
{
	struct message m;
	int rc;

	if (channel_write(signer, SIGNER_ROTATE, 0, NULL, 0) == -1)
		return error_sys(err, errno, "the signer cannot be reached");
	*late = signer_wait(signer, err) == -1;
	if (*late)
		return error_wrap(err, "whether the key is changed is only "
		    "known when the next signer starts");
	while ((rc = channel_read(signer, &m, err)) == 1 &&
	    m.type == SIGNER_READY) {
		complain("%s", (const char *)m.data);
		free(m.data);
	}
	if (rc != 1)
		return rc == 0 ? error_set(err, ECHILD, "the signer ended") :
		    -1;
	rc = m.type == SIGNER_ROTATED ? 0 :
	    error_set(err, EINVAL, "%s", (const char *)m.data);
	snprintf(line, MINISIGN_PUBLIC_LINE, "%s", (const char *)m.data);
	free(m.data);
	return rc;
}

/* Without an agent, and so that none starts meanwhile. */
static int
rotate_here(const struct paths *p, char line[MINISIGN_PUBLIC_LINE],
    struct error *err)
{
	const struct signer_options o = { .dir = p->snapshots,
		.good = p->good, .key = p->key, .public_key = p->public_key,
		.state = p->state, .head = p->head, .lock = p->signing };
	struct signer_said said;
	int signer, lock, rc = -1;
	long holder;
	pid_t pid;

	if (paths_make(p, err) != 0 ||
	    (lock = paths_lock(p, &holder, err)) == -1)
		return -1;
	signer = signer_start(&o, &said, &pid, err);
	if (signer != -1) {
		rc = said.late ?
		    error_set(err, ETIMEDOUT, "%s", said.text) :
		    ask_signer(signer, &said.late, line, err);
		close(signer);
		if (!said.late)
			waitpid(pid, NULL, 0);
	}
	close(lock);
	return rc;
}

static int
rotate(const struct context *ctx, struct files *f)
{
	char line[MINISIGN_PUBLIC_LINE] = "";
	const char *wrong = NULL;
	json_t *reply = NULL;
	struct error err;
	int rc;

	error_clear(&err);
	rc = control_call(&ctx->paths, "rotate", NULL, -1, &reply, &err);
	if (rc == 1) {
		rc = rotate_here(&ctx->paths, line, &err);
	} else if (rc == 0) {
		const char *key = json_string_value(json_object_get(reply,
		    "public_key"));

		wrong = json_string_value(json_object_get(reply, "error"));
		if (wrong == NULL && key == NULL)
			wrong = "the agent's answer has no key";
		if (wrong == NULL)
			snprintf(line, sizeof line, "%s", key);
	}
	f->secret = ctx->paths.key;
	f->public = ctx->paths.public_key;
	if (rc == 0 && wrong == NULL)
		print_pair(f, line);
	else
		complain("%s", wrong != NULL ? wrong : err.text);
	json_decref(reply);
	return rc == 0 && wrong == NULL ? EXIT_OK : EXIT_FAILED;
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
	compat_hide_memory();
	if (f.rotate)
		return rotate(ctx, &f);
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
	print_pair(&f, line);
	return EXIT_OK;
}
