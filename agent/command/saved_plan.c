/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/command/saved_plan.h"

#include <sodium.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/base/file.h"
#include "agent/command/letters.h"
#include "agent/daemon/status.h"
#include "agent/sign/minisign.h"

#define FORMAT "jailagent-plan/1"
#define FILE_MAX_BYTES (256 * 1024 * 1024)
#define HEX_SIZE (2 * BOUND_DIGEST_SIZE + 1)

/* ------------------------------------------------------------- writing */

static json_t *
actions_array(const struct action *actions, const struct bound_plan *bound)
{
	json_t *list = json_array();

	for (size_t i = 0; i < bound->count; i++) {
		const struct bound *b = &bound->jail[i];
		char hex[HEX_SIZE];
		json_t *one;

		if (b->kind == ACTION_NONE)
			continue;
		one = status_action(&actions[i]);
		sodium_bin2hex(hex, sizeof hex, b->digest, sizeof b->digest);
		json_object_set_new(one, "bound", json_string(hex));
		json_array_append_new(list, one);
	}
	return list;
}

/* Beside the file, when there is a key; without one nobody asks for it. */
static int
sign(const struct context *ctx, const char *file, const char *text,
    struct error *err)
{
	char name[PATHS_MAX + sizeof MINISIGN_SUFFIX], *sig;
	struct minisign_secret *secret;
	int rc;

	if (access(ctx->paths.key, F_OK) != 0)
		return 0;
	secret = minisign_secret_read(ctx->paths.key, err);
	if (secret == NULL)
		return error_wrap(err, "signing the plan");
	sig = minisign_sign(secret, text, strlen(text), FORMAT, err);
	minisign_secret_free(secret);
	if (sig == NULL)
		return -1;
	snprintf(name, sizeof name, "%s" MINISIGN_SUFFIX, file);
	rc = file_replace(AT_FDCWD, name, sig, strlen(sig), err);
	free(sig);
	return rc;
}

int
saved_plan_write(const struct context *ctx, const struct pass_options *opt,
    struct pass *p, const struct action *actions, const char *file,
    struct error *err)
{
	struct bound_plan bound;
	char *path, *text = NULL, letters[4];
	json_t *o = NULL;
	int rc = -1;

	if (strlen(file) >= PATHS_MAX)
		return error_sys(err, ENAMETOOLONG, "%s", file);
	if (bound_make(&p->reconciler, actions, &bound, err) != 0)
		return -1;
	path = realpath(opt->path, NULL);
	o = json_pack("{s:s, s:s, s:s, s:s, s:s, s:b, s:b, s:o}", "format", FORMAT,
	    "kernel", p->kernel->backend->name, "path", path != NULL ? path :
	    opt->path, "set", p->set, "letters", letters_text(opt->letters,
	    letters), "prune", opt->prune, "recursive", opt->below,
	    "actions", actions_array(actions, &bound));
	if (o != NULL)
		text = json_dumps(o, JSON_INDENT(2) | JSON_SORT_KEYS);
	if (text == NULL)
		error_sys(err, ENOMEM, "%s", file);
	else if (file_replace(AT_FDCWD, file, text, strlen(text), err) == 0 &&
	    sign(ctx, file, text, err) == 0)
		rc = 0;
	free(text);
	free(path);
	json_decref(o);
	bound_free(&bound);
	return rc;
}

/* ------------------------------------------------------------- reading */

static int
verify(const struct context *ctx, const char *file, const char *text,
    size_t len, struct error *err)
{
	char name[PATHS_MAX + sizeof MINISIGN_SUFFIX], *sig;
	struct minisign_public pub;
	size_t sig_len;
	int rc;

	if (access(ctx->paths.public_key, F_OK) != 0 &&
	    access(ctx->paths.key, F_OK) != 0)
		return 0;
	snprintf(name, sizeof name, "%s" MINISIGN_SUFFIX, file);
	if (minisign_public_read(ctx->paths.public_key, &pub, err) != 0)
		return -1;
	if (file_read(AT_FDCWD, name, MINISIGN_FILE_MAX, &sig, &sig_len,
	    err) != 0)
		return error_wrap(err, "%s: the plan has to be signed with "
		    "the agent's key, since there is one; make it again",
		    name);
	rc = minisign_verify(&pub, text, len, sig, sig_len, NULL, err);
	free(sig);
	return rc == 0 ? 0 : error_wrap(err, "%s", name);
}

static int
wrong(const char *file, const char *what, struct error *err)
{
	return error_set(err, EINVAL, "%s: %s; make the plan again with: "
	    "jailagent plan -o FILE PATH", file, what);
}

static int
read_action(json_t *o, struct bound_plan *bound)
{
	const char *name = json_string_value(json_object_get(o, "jail"));
	const char *hex = json_string_value(json_object_get(o, "bound"));
	const char *word = json_string_value(json_object_get(o, "action"));
	unsigned char digest[BOUND_DIGEST_SIZE];
	size_t len;

	if (name == NULL || hex == NULL || word == NULL ||
	    sodium_hex2bin(digest, sizeof digest, hex, strlen(hex), NULL, &len,
	    NULL) != 0 || len != sizeof digest)
		return -1;
	for (int kind = ACTION_NONE; kind <= ACTION_CONFLICT; kind++)
		if (strcmp(action_word((enum action_kind)kind), word) == 0)
			return bound_add(bound, name, (enum action_kind)kind,
			    digest);
	return -1;
}

static int
read_plan(const char *file, json_t *o, struct saved_plan *plan,
    struct error *err)
{
	const char *format = json_string_value(json_object_get(o, "format"));
	const char *path = json_string_value(json_object_get(o, "path"));
	const char *made = json_string_value(json_object_get(o, "kernel"));
	const char *l = json_string_value(json_object_get(o, "letters"));
	json_t *one;
	size_t i;

	if (format == NULL || strcmp(format, FORMAT) != 0)
		return wrong(file, "this is no plan of the format " FORMAT,
		    err);
	if (path == NULL || made == NULL || l == NULL ||
	    strlen(path) >= sizeof plan->path)
		return wrong(file, "something is missing in it", err);
	snprintf(plan->kernel, sizeof plan->kernel, "%s", made);
	snprintf(plan->path, sizeof plan->path, "%s", path);
	plan->prune = json_is_true(json_object_get(o, "prune"));
	plan->below = json_is_true(json_object_get(o, "recursive"));
	for (; *l != '\0'; l++)
		if (!letters_take(*l, &plan->letters))
			return wrong(file, "letters that are not known", err);
	json_array_foreach (json_object_get(o, "actions"), i, one)
		if (read_action(one, &plan->bound) != 0)
			return wrong(file, "an action that is not understood",
			    err);
	return 0;
}

int
saved_plan_read(const struct context *ctx, const char *file,
    struct saved_plan *plan, struct error *err)
{
	char *text;
	json_t *o;
	size_t len;
	int rc;

	memset(plan, 0, sizeof *plan);
	if (strlen(file) >= PATHS_MAX)
		return error_sys(err, ENAMETOOLONG, "%s", file);
	if (file_read(AT_FDCWD, file, FILE_MAX_BYTES, &text, &len, err) != 0)
		return error_wrap(err, "%s", file);
	if (verify(ctx, file, text, len, err) != 0) {
		free(text);
		return -1;
	}
	o = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	free(text);
	rc = o == NULL ? wrong(file, "this is no JSON", err) :
	    read_plan(file, o, plan, err);
	json_decref(o);
	if (rc != 0)
		saved_plan_free(plan);
	return rc;
}

void
saved_plan_free(struct saved_plan *plan)
{
	bound_free(&plan->bound);
}
