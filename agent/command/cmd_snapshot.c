/* SPDX-License-Identifier: BSD-2-Clause */
/* jailagent snapshot: signed states, for people and pipelines. */
#include "agent/command/cmd_snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "agent/base/buffer.h"
#include "agent/sign/statement.h"
#include "agent/sign/verify.h"

static const struct subcommand {
	const char *name;
	int operands; /* at most */
	int (*run)(const struct snapshot_args *a);
} subcommands[] = {
	{ "show", 1, snapshot_command_show },
	{ "list", 0, snapshot_command_list },
	{ "verify", 1, snapshot_command_verify },
	{ "diff", 2, snapshot_command_diff },
};

static int run(struct context *ctx, int argc, char **argv);

const struct command command_snapshot = {
	.name = "snapshot",
	.synopsis = "show|list|verify|diff [--pub KEY] [--dir DIR] "
	    "[--host NAME] [--seen N:DIGEST|FILE] [--json] [-v] ...",
	.summary = "show, verify and compare signed states",
	.help =
	    "  show [N|FILE]      one state; the newest when none is named\n"
	    "  list               all states\n"
	    "  verify [DIR|FILE]  signatures, chain, sequence and roots; what is\n"
	    "                     wrong comes one a line\n"
	    "  diff [A [B]]       what changed from A to B (newest), or from the\n"
	    "                     one before the newest\n"
	    "\n"
	    "  --pub KEY   public key: a file (STATEDIR/key.pub) or its base64\n"
	    "              line; needed to look at a copy elsewhere\n"
	    "  --dir DIR   where snapshots, and the keys that came after the\n"
	    "              public one, are (STATEDIR/snapshots; of a FILE its own)\n"
	    "  --host NAME  verify: all have to be of this host\n"
	    "  --seen N:DIGEST|FILE  verify: this one, which an earlier verify\n"
	    "              printed, or a copy of it, has to be among them\n"
	    "  --json      for programs; show: the file itself\n"
	    "  -v          show: also the parameters of each jail\n"
	    "\n"
	    "Only what verifies is shown.  Exit status: 0 good, 1 bad.\n",
	.run = run,
};

static const struct subcommand *
find_subcommand(const char *name)
{
	for (size_t i = 0; i < sizeof subcommands / sizeof *subcommands; i++)
		if (strcmp(subcommands[i].name, name) == 0)
			return &subcommands[i];
	return NULL;
}

static void
print_help(const struct command *c)
{
	printf("usage: jailagent [-k KERNEL] [-s STATEDIR] %s %s\n\n%s",
	    c->name, c->synopsis, c->help);
}

/* argv[0] is the subcommand.  Returns -1 to go on, else the exit status. */
static int
read_options(struct snapshot_args *a, int argc, char **argv)
{
	enum { PUB = 256, DIRECTORY, HOST, SEEN, JSON, HELP };
	static const struct option options[] = {
		{ "pub", required_argument, NULL, PUB },
		{ "dir", required_argument, NULL, DIRECTORY },
		{ "host", required_argument, NULL, HOST },
		{ "seen", required_argument, NULL, SEEN },
		{ "json", no_argument, NULL, JSON },
		{ "help", no_argument, NULL, HELP },
		{ NULL, 0, NULL, 0 },
	};
	int ch;

	/* Operands may come first: "show 3 --json". */
	while ((ch = getopt_long(argc, argv, ":v", options, NULL)) != -1) {
		switch (ch) {
		case PUB:
			a->pub = optarg;
			break;
		case DIRECTORY:
			a->dir = optarg;
			break;
		case HOST:
			a->host = optarg;
			break;
		case SEEN:
			a->seen = optarg;
			break;
		case JSON:
			a->json = true;
			break;
		case 'v':
			a->params = true;
			break;
		case HELP:
			print_help(&command_snapshot);
			return EXIT_OK;
		default:
			return option_error(&command_snapshot, argc, argv, ch);
		}
	}
	a->argc = argc - optind;
	a->argv = argv + optind;
	return -1;
}

static int
run(struct context *ctx, int argc, char **argv)
{
	struct snapshot_args a = {
		.ctx = ctx,
		.pub = ctx->paths.public_key,
		.dir = ctx->paths.snapshots,
	};
	const struct subcommand *sub;
	int status;

	if (argc < 2)
		return usage_error(&command_snapshot, "show, list, verify or "
		    "diff is missing");
	if ((sub = find_subcommand(argv[1])) == NULL)
		return usage_error(&command_snapshot, "\"%s\" is none of show, "
		    "list, verify, diff", argv[1]);
	if ((status = read_options(&a, argc - 1, argv + 1)) != -1)
		return status;
	if (a.argc > sub->operands)
		return usage_error(&command_snapshot, "%s: \"%s\" is too much",
		    sub->name, a.argv[sub->operands]);
	return sub->run(&a);
}

/* Findings, in the form that was asked for. */
struct findings {
	bool json;
	struct buffer list; /* of the JSON */
};

static void
add_finding(void *arg, const char *file, const char *problem)
{
	struct findings *f = arg;
	struct buffer b = { .data = NULL };

	if (f->json) {
		buffer_text(&f->list, f->list.len > 0 ? "," : "");
		buffer_text(&f->list, "{\"file\":");
		buffer_json(&f->list, file);
		buffer_text(&f->list, ",\"problem\":");
		buffer_json(&f->list, problem);
		buffer_text(&f->list, "}");
		return;
	}
	/* The problem may quote what somebody else wrote. */
	buffer_printable(&b, file);
	buffer_text(&b, ": ");
	buffer_printable(&b, problem);
	puts(b.failed ? "no memory to tell what is wrong" : b.data);
	buffer_free(&b);
}

static void
print_verified(const struct verify_result *r, bool good,
    const struct buffer *problems)
{
	struct buffer host = { .data = NULL };

	buffer_json(&host, r->host);
	printf("{\"good\":%s,\"verified\":%zu,\"newest\":%" PRIu64
	    ",\"digest\":\"%s\",\"host\":%s,\"problems\":[%s]}\n",
	    good ? "true" : "false", r->verified, r->newest, r->digest,
	    host.failed ? "null" : host.data,
	    problems->len == 0 ? "" : problems->data);
	buffer_free(&host);
}

static void
print_text(const char *path, const struct verify_result *r, bool good)
{
	struct buffer host = { .data = NULL };

	buffer_text(&host, r->host[0] == '\0' ? "" : " of host ");
	buffer_printable(&host, r->host);
	printf("%s: %s, %zu snapshot%s verified, the newest is %" PRIu64 ":%s"
	    "%s\n", path, good ? "good" : "BAD", r->verified,
	    r->verified == 1 ? "" : "s", r->newest, r->digest,
	    host.failed ? "" : host.data);
	buffer_free(&host);
}

int
snapshot_command_verify(const struct snapshot_args *a)
{
	const char *path = a->argc > 0 ? a->argv[0] : a->dir;
	struct findings f = { .json = a->json };
	struct head head;
	const struct verify_options opt = { .public_key = a->pub,
		.host = a->host, .seen = a->seen, .head = &head,
		.keys_dir = a->dir == a->ctx->paths.snapshots ? NULL : a->dir,
		.report = add_finding, .arg = &f };
	struct verify_result r;
	struct error err;
	int rc;

	/* Of the agent's own directory the run directory knows something. */
	head_read(path == a->ctx->paths.snapshots ? a->ctx->paths.head : NULL,
	    &head);
	rc = snapshot_verify(path, &opt, &r, &err);
	if (rc == -1)
		complain("%s", err.text);
	else if (a->json)
		print_verified(&r, rc == 0, &f.list);
	else
		print_text(path, &r, rc == 0);
	buffer_free(&f.list);
	return rc == 0 ? EXIT_OK : EXIT_FAILED;
}

/* The file name that a number, or the newest one, stands for. */
static int
find_number(int dir, const char *operand, size_t back,
    char name[SNAPSHOT_NAME_MAX], struct error *err)
{
	uint64_t *sequence, n = 0;
	size_t count;

	if (operand != NULL) {
		errno = 0;
		n = strtoull(operand, NULL, 10);
		if (errno != 0 || n == 0)
			return error_set(err, EINVAL,
			    "%s: is not a snapshot's number", operand);
	} else {
		if (snapshot_sequences(dir, &sequence, &count, err) == -1)
			return -1;
		if (count > back)
			n = sequence[count - 1 - back];
		free(sequence);
		if (n == 0)
			return error_set(err, ENOENT, back == 0 ?
			    "there is no snapshot yet" :
			    "there is no snapshot before the newest one");
	}
	snapshot_name(n, name);
	return 0;
}

int
snapshot_keys(const struct snapshot_args *a, int dir, struct keychain *keys,
    struct error *err)
{
	char file[SNAPSHOT_NAME_MAX];
	struct minisign_public pub;
	int rc;

	if (minisign_public_read(a->pub, &pub, err) == -1)
		return -1;
	rc = keychain_load(dir, &pub, keys, file, err);
	return rc == 1 ? error_wrap(err, "%s", file) : rc;
}

/* A number of the directory, or a file anywhere. */
static int
load(const struct snapshot_args *a, int dir, bool is_file, const char *operand,
    size_t back, struct snapshot *s, struct error *err)
{
	unsigned char digest[DIGEST_SIZE];
	char name[SNAPSHOT_NAME_MAX];
	struct keychain keys = { 0 };
	bool readable;
	int rc;

	rc = snapshot_keys(a, dir, &keys, err);
	if (rc == 0 && !is_file)
		rc = find_number(dir, operand, back, name, err);
	if (rc == -1) {
		error_wrap(err, "%s", is_file ? operand : a->dir);
	} else if (is_file) {
		rc = snapshot_load(AT_FDCWD, operand, &keys, s, digest,
		    &readable, err);
		if (rc == -1)
			error_wrap(err, "%s", operand);
	} else {
		rc = snapshot_load(dir, name, &keys, s, digest, &readable,
		    err);
		if (rc == -1)
			error_wrap(err, "%s/%s", a->dir, name);
	}
	keychain_free(&keys);
	return rc;
}

/* Where the keys are: beside a file, unless --dir says so. */
static int
keys_directory(const struct snapshot_args *a, const char *file,
    struct error *err)
{
	bool own = file != NULL && a->dir == a->ctx->paths.snapshots;
	const char *path = own ? file : a->dir;
	int dir = snapshot_directory(path, !own);

	return dir != -1 ? dir : error_sys(err, errno, "%s", path);
}

int
snapshot_argument(const struct snapshot_args *a, const char *operand,
    size_t back, struct snapshot *s)
{
	bool is_file = operand != NULL &&
	    operand[strspn(operand, "0123456789")] != '\0';
	struct statement_marks marks = { { 0 } };
	struct error err;
	int dir = keys_directory(a, is_file ? operand : NULL, &err), rc = -1;

	if (dir != -1)
		(void)statement_moved(dir, &marks);
	for (int i = 0; dir != -1 && rc == -1 && i < STATEMENT_TRIES; i++) {
		rc = load(a, dir, is_file, operand, back, s, &err);
		if (rc == -1 && !statement_moved(dir, &marks))
			break;
	}
	if (dir != -1)
		close(dir);
	if (rc == -1)
		complain("%s", err.text);
	return rc;
}

char *
snapshot_time(int64_t taken, char buf[SNAPSHOT_TIME_MAX])
{
	time_t t = (time_t)taken;
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL ||
	    strftime(buf, SNAPSHOT_TIME_MAX, "%Y-%m-%d %H:%M:%S UTC",
	    &tm) == 0)
		snprintf(buf, SNAPSHOT_TIME_MAX, "%lld", (long long)taken);
	return buf;
}
