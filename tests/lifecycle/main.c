/* SPDX-License-Identifier: BSD-2-Clause */
/* See lifecycle.h; `lifecycle import' is what tools/jail calls. */
#include <fnmatch.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lifecycle.h"

static int
usage(void)
{
	fprintf(stderr, "usage: lifecycle [-v] -x DIFFERENCES WORLD FILE "
	    "[TOPIC|PATTERN...]\n"
	    "       lifecycle import LETTERS UP CONF DIR [NAME...]\n"
	    "WORLD is made by tests/lifecycle/run.sh, which calls this.\n");
	return 64;
}

static bool
chosen(const json_t *record, char **words)
{
	const char *id = json_string_value(json_object_get(record, "id"));
	const char *topic = json_string_value(json_object_get(record,
	    "topic"));

	if (id == NULL || topic == NULL)
		return false;
	for (char **w = words; *w != NULL; w++)
		if (strcmp(*w, topic) == 0 || fnmatch(*w, id, 0) == 0)
			return true;
	return *words == NULL;
}

static int
replay_file(struct replay *r, const char *path, char **words)
{
	FILE *f = fopen(path, "re");
	char *line = NULL;
	size_t room = 0;
	int rc = 0;

	if (f == NULL) {
		perror(path);
		return -1;
	}
	while (rc == 0 && getline(&line, &room, f) >= 0) {
		json_error_t error;
		json_t *record = json_loads(line, 0, &error);

		if (record == NULL) {
			fprintf(stderr, "lifecycle: %s: %s\n", path,
			    error.text);
			rc = -1;
		} else if (chosen(record, words)) {
			record_run(r, record);
			fflush(stdout);
		}
		json_decref(record);
	}
	free(line);
	fclose(f);
	return rc;
}

static int
replay(struct replay *r, int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "vx:")) != -1) {
		if (option == 'v')
			r->verbose = true;
		else if (option != 'x' || differences_read(r, optarg) != 0)
			return usage();
	}
	if (argc - optind < 2)
		return usage();
	if (getpid() != 1) {
		fprintf(stderr, "lifecycle: ends all processes that it sees, "
		    "so it has to be the first one of a namespace: call "
		    "tests/lifecycle/run.sh\n");
		return 64;
	}
	if (world_open(&r->world, argv[optind]) != 0 ||
	    replay_file(r, argv[optind + 1], argv + optind + 2) != 0)
		return 2;
	printf("%u passed, %u failed, %u skipped\n", r->passed, r->failed,
	    r->skipped);
	return r->failed > 0 || r->passed == 0;
}

int
main(int argc, char **argv)
{
	if (argc < 2 || strcmp(argv[1], "import") != 0) {
		struct replay r = { 0 };
		int status = replay(&r, argc, argv);

		world_close(&r.world);
		differences_free(&r);
		free(r.listed);
		return status;
	}
	if (argc < 6)
		return usage();
	return import_conf(argv[2], argv[3], argv[4], argv[5], argv + 6) != 0;
}
