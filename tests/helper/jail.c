/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * jail_set(2) and jail_remove(2) for system tests:
 *
 *	jail KERNEL create|update NAME[=VALUE[,VALUE...]]...
 *	jail KERNEL remove JID
 *
 * Prints the jid.  A boolean is its name alone, or NAME=false; NAME= is an empty
 * list.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/call.h"
#include "kernel/value.h"

static int
add(struct jail_call *c, char *text, struct error *err)
{
	char *value = strchr(text, '=');
	const struct param_def *def;
	struct text_list texts = { 0 };
	size_t len, which;
	void *data;
	int rc;

	if (value != NULL)
		*value++ = '\0';
	def = param_find(text);
	if (def == NULL)
		return error_set(err, ENOENT, "unknown parameter: %s", text);
	if (def->type == PARAM_BOOL)
		return call_add_bool(c, text, value == NULL ||
		    strcmp(value, "true") == 0);
	while (value != NULL && value[0] != '\0') {
		const char *one = def->type == PARAM_IP4 ||
		    def->type == PARAM_IP6 ? strsep(&value, ",") : value;

		if (one == value)
			value = NULL;
		if (text_list_add(&texts, one) != 0)
			return error_set(err, ENOMEM, "out of memory");
	}
	rc = value_check(def, &texts, &which, err);
	if (rc == 0)
		rc = value_import(def->type, &texts, &data, &len, err);
	if (rc == 0) {
		rc = call_add(c, text, data, len);
		free(data);
	}
	text_list_free(&texts);
	return rc;
}

static int
set(struct jail_kernel *k, int flags, char **argv, struct error *err)
{
	struct jail_call c = { 0 };
	int jid = 0;

	for (; *argv != NULL && jid == 0; argv++)
		if (add(&c, *argv, err) != 0)
			jid = -1;
	if (jid == 0)
		jid = call_set(k, &c, flags, err);
	call_finish(&c);
	return jid;
}

int
main(int argc, char **argv)
{
	struct jail_kernel *k;
	struct error err = { 0 };
	int jid;

	if (argc < 4)
		return 64;
	k = kernel_open(argv[1], NULL, &err);
	if (k == NULL) {
		fprintf(stderr, "jail: %s\n", err.text);
		return 1;
	}
	if (strcmp(argv[2], "remove") == 0) {
		jid = atoi(argv[3]);
		if (k->backend->remove(k, jid) != 0)
			jid = error_sys(&err, errno, "jail_remove");
	} else {
		jid = set(k, strcmp(argv[2], "create") == 0 ? JAIL_CREATE :
		    JAIL_UPDATE, argv + 3, &err);
	}
	if (jid < 0)
		fprintf(stderr, "jail: %s\n", err.text);
	else
		printf("%d\n", jid);
	kernel_close(k);
	return jid < 0;
}
