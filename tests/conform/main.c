/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conform.h"

static int
usage(void)
{
	fprintf(stderr, "usage: conform [-k KERNEL] [--generation 13|15] "
	    "[-v] [-x EXCEPTIONS] FILE...\n"
	    "Replays recorded jail calls, see tests/vectors/FORMAT-kernel.md.\n"
	    "KERNEL is a backend, or BACKEND:ARG; auto is the system's own:");
	for (size_t i = 0; jail_backends[i] != NULL; i++)
		fprintf(stderr, " %s", jail_backends[i]->name);
	fprintf(stderr, "\n");
	return 64;
}

static int
read_arguments(struct conform *c, int argc, char **argv)
{
	static const struct option longs[] = {
		{ "kernel", required_argument, NULL, 'k' },
		{ "generation", required_argument, NULL, 'g' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "exceptions", required_argument, NULL, 'x' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "k:vx:", longs, NULL)) != -1) {
		switch (option) {
		case 'k':
			c->kernel = optarg;
			break;
		case 'g':
			if (strcmp(optarg, "13") != 0 &&
			    strcmp(optarg, "15") != 0)
				return -1;
			c->options.generation = optarg[1] == '3' ?
			    JAIL_GEN_13 : JAIL_GEN_15;
			break;
		case 'v':
			c->verbose = true;
			break;
		case 'x':
			if (c->exceptions != NULL ||
			    exceptions_read(c, optarg) != 0)
				return -1;
			break;
		default:
			return -1;
		}
	}
	return optind == argc ? -1 : 0;
}

/*
 * The directory that the cases work in: a real path of the same length as in
 * the recordings, "/tmp/scratch".
 */
static int
make_scratch(struct conform *c)
{
	int fd;

	snprintf(c->scratch, sizeof c->scratch, "/tmp/sXXXXXX");
	umask(022);
	if (mkdtemp(c->scratch) == NULL || chdir(c->scratch) != 0 ||
	    chmod(".", 0755) != 0 || mkdir("a", 0755) != 0 ||
	    mkdir("b", 0755) != 0 || mkdir("a/sub", 0755) != 0 ||
	    symlink("a", "link") != 0)
		return -1;
	fd = open("file", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	return fd < 0 ? -1 : close(fd);
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int
run_file(struct conform *c, const char *path)
{
	FILE *f = fopen(path, "re");
	char *line = NULL;
	size_t room = 0, number = 0;
	int rc = 0;

	if (f == NULL) {
		fprintf(stderr, "conform: %s: %s\n", path, strerror(errno));
		return -1;
	}
	while (rc == 0 && getline(&line, &room, f) >= 0) {
		json_error_t error;
		json_t *vector = json_loads(line, 0, &error);

		number++;
		if (vector == NULL) {
			fprintf(stderr, "conform: %s:%zu: %s\n", path, number,
			    error.text);
			rc = -1;
			break;
		}
		case_run(c, vector);
		json_decref(vector);
	}
	free(line);
	fclose(f);
	return rc;
}

static int
run_files(struct conform *c, char **files)
{
	struct error err;
	char cwd[4096], *path;
	int rc = 0;

	if (getcwd(cwd, sizeof cwd) == NULL || make_scratch(c) != 0) {
		fprintf(stderr, "conform: %s: %s\n", c->scratch,
		    strerror(errno));
		return 2;
	}
	c->k = kernel_open(c->kernel, &c->options, &err);
	if (c->k == NULL || params_read(c->k, &c->params, &err) != 0) {
		fprintf(stderr, "conform: %s\n", err.text);
		kernel_close(c->k);
		return 2;
	}
	c->hooks = strcmp(c->k->backend->name, "model") == 0 ||
	    strcmp(c->k->backend->name, "linux") == 0;
	if (!case_host_is_empty(c)) {
		fprintf(stderr, "conform: kernel %s has jails, maybe dying "
		    "ones; the recorded cases start without any, and remove "
		    "all\n", c->kernel);
		rc = 2;
	} else if (!c->hooks && (host_read(c) != 0 ||
	    counter_advance(c, FIRST_JID) != 0))
		rc = 2;
	for (; *files != NULL && rc == 0; files++) {
		if (asprintf(&path, "%s/%s", cwd, *files) < 0)
			path = NULL;
		if (path == NULL ||
		    run_file(c, **files == '/' ? *files : path) != 0)
			rc = 2;
		free(path);
	}
	params_free(&c->params);
	kernel_close(c->k);
	return rc;
}

int
main(int argc, char **argv)
{
	struct conform c = { .kernel = "auto" };
	int rc;

	if (read_arguments(&c, argc, argv) != 0) {
		json_decref(c.exceptions);
		return usage();
	}
	c.outcome = mmap(NULL, sizeof *c.outcome, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANON, -1, 0);
	if (c.outcome == MAP_FAILED) {
		perror("conform: mmap");
		return 2;
	}
	rc = run_files(&c, argv + optind);
	if (c.scratch[0] != '\0' && chdir("/") == 0)
		nftw(c.scratch, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	json_decref(c.exceptions);
	json_decref(c.host);
	if (rc != 0)
		return rc;
	printf("%u passed, %u failed, %u skipped\n", c.passed, c.failed,
	    c.skipped);
	return c.failed > 0;
}
