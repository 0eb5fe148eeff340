/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/reconcile/hook.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

extern char **environ;

#define SHELL_CHARACTERS "!\"$&'()*;<>?[\\]`{|}~"
#define BLANKS " \t\f\v\r\n"
#define CLEAN_PATH "PATH=/bin:/usr/bin"

static char **
one_block(size_t words, size_t bytes)
{
	return malloc((words + 1) * sizeof(char *) + bytes);
}

static char **
shell_words(const char *command)
{
	static const char *const sh[] = { "/bin/sh", "-c" };
	size_t len = strlen(command) + 1;
	char **w = one_block(3, sizeof "/bin/sh" + sizeof "-c" + len);
	char *at;

	if (w == NULL)
		return NULL;
	at = (char *)(w + 4);
	for (size_t i = 0; i < 2; i++) {
		w[i] = memcpy(at, sh[i], strlen(sh[i]) + 1);
		at += strlen(sh[i]) + 1;
	}
	w[2] = memcpy(at, command, len);
	w[3] = NULL;
	return w;
}

char **
hook_words(const char *command, bool *background)
{
	size_t len = strlen(command), n = 0;
	char **w, *at, *save;

	*background = len > 1 && command[len - 1] == '&' &&
	    strcspn(command, SHELL_CHARACTERS) == len - 1;
	if (*background)
		len--;
	else if (strpbrk(command, SHELL_CHARACTERS) != NULL)
		return shell_words(command);
	w = one_block(len / 2 + 2, len + 1);
	if (w == NULL)
		return NULL;
	at = (char *)(w + len / 2 + 3);
	memcpy(at, command, len);
	at[len] = '\0';
	for (char *p = strtok_r(at, BLANKS, &save); p != NULL;
	    p = strtok_r(NULL, BLANKS, &save))
		w[n++] = p;
	w[n] = NULL;
	return w;
}

static bool
add(char ***env, size_t *n, const char *text)
{
	size_t name = strcspn(text, "=") + 1;
	char **grown, *copy;

	copy = strdup(text);
	for (size_t i = 0; copy != NULL && i < *n; i++)
		if (strncmp((*env)[i], text, name) == 0) {
			free((*env)[i]);
			(*env)[i] = copy;
			return true;
		}
	grown = realloc(*env, (*n + 2) * sizeof *grown);
	if (grown != NULL)
		*env = grown;
	if (copy == NULL || grown == NULL) {
		free(copy);
		return false;
	}
	grown[(*n)++] = copy;
	grown[*n] = NULL;
	return true;
}

static bool
add_pair(char ***env, size_t *n, const char *name, const char *value)
{
	size_t size = strlen(name) + 1 + strlen(value) + 1;
	char *text = malloc(size);
	bool added;

	if (text == NULL)
		return false;
	snprintf(text, size, "%s=%s", name, value);
	added = add(env, n, text);
	free(text);
	return added;
}

static bool
add_jail(const struct hook *h, char ***env, size_t *n)
{
	char number[16];
	const char *jid = number;

	snprintf(number, sizeof number, "%d", h->jid);
	if (h->jid == 0) /* the one that it will have, if that is known */
		jid = spec_text(h->spec, "jid");
	return (jid == NULL || add_pair(env, n, "JID", jid)) &&
	    add_pair(env, n, "JNAME", h->spec->name) &&
	    add_pair(env, n, "JPATH", spec_text(h->spec, "path"));
}

static bool
add_clean(char ***env, size_t *n, char *const *inherited)
{
	for (size_t i = 0; inherited[i] != NULL; i++)
		if (strncmp(inherited[i], "TERM=", 5) == 0 &&
		    !add(env, n, inherited[i]))
			return false;
	return add(env, n, CLEAN_PATH);
}

static bool
add_inherited(char ***env, size_t *n, char *const *inherited)
{
	for (size_t i = 0; inherited[i] != NULL; i++)
		if (!add(env, n, inherited[i]))
			return false;
	return true;
}

/* What is run around the jail is run by the agent's own user. */
static const char *
user_of(const struct hook *h)
{
	if (h->argv != NULL)
		return NULL;
	return spec_text(h->spec,
	    h->in_jail ? "exec.jail_user" : "exec.system_user");
}

/* Whether the user's own USER, HOME and SHELL are wanted. */
static bool
logs_in(const struct hook *h)
{
	return spec_bool(h->spec, "exec.clean") || user_of(h) != NULL;
}

char **
hook_environment(const struct hook *h, char *const *inherited)
{
	const struct text_list *more = &h->spec->agent.environment;
	char **env = calloc(1, sizeof *env);
	size_t n = 0;
	bool ok = env != NULL;

	if (ok)
		ok = spec_bool(h->spec, "exec.clean") ?
		    add_clean(&env, &n, inherited) :
		    add_inherited(&env, &n, inherited);
	if (ok && logs_in(h)) /* empty: jail_exec.login */
		ok = add(&env, &n, "USER=") && add(&env, &n, "HOME=") &&
		    add(&env, &n, "SHELL=");
	for (size_t i = 0; ok && i < more->count; i++)
		ok = add(&env, &n, more->text[i]);
	if (ok && !h->in_jail)
		ok = add_jail(h, &env, &n);
	if (ok)
		return env;
	hook_environment_free(env);
	return NULL;
}

void
hook_environment_free(char **env)
{
	for (size_t i = 0; env != NULL && env[i] != NULL; i++) {
		sodium_memzero(env[i], strlen(env[i])); /* secrets */
		free(env[i]);
	}
	free(env);
}

static pid_t
start(const struct hook *h, bool *background, struct error *err)
{
	const struct jail_backend *b = h->kernel->backend;
	const char *user = user_of(h);
	int fib = (int)spec_int(h->spec, "exec.fib");
	char **words = h->argv != NULL ? NULL :
	    hook_words(h->command, background);
	char **env = hook_environment(h, environ);
	struct jail_exec x = {
		.jid = h->in_jail ? h->jid : 0,
		.argv = h->argv != NULL ? h->argv :
		    (const char *const *)words,
		.envp = (const char *const *)env,
		.user = user,
		.host_user = !h->in_jail ||
		    spec_bool(h->spec, "exec.system_jail_user"),
		.login = logs_in(h),
		.kept = (const char *const *)h->spec->agent.environment.text,
		.kept_count = h->spec->agent.environment.count,
		.fib = h->in_jail && spec_param_find(h->spec, "exec.fib") !=
		    NULL ? &fib : NULL,
		.home = user != NULL && spec_bool(h->spec, "exec.clean"),
		.fd = { -1, h->output, h->output },
		.session = true,
		.started = *background ? NULL : h->started, .arg = h->arg,
	};
	pid_t pid = -1;

	if (h->argv != NULL)
		*background = false;
	if (x.argv == NULL || env == NULL)
		error_sys(err, ENOMEM, "%s", h->command);
	else if (x.argv[0] == NULL)
		error_set(err, EINVAL, "an empty command");
	else
		pid = b->spawn(h->kernel, &x, err);
	free(words);
	hook_environment_free(env);
	return pid;
}

pid_t
hook_start(const struct hook *h, bool *background, struct error *err)
{
	struct hook revealed = *h;
	struct spec *made = NULL;
	pid_t pid = -1;

	if (h->argv == NULL)
		revealed.spec = vault_reveal(h->vault, h->spec, &made);
	if (revealed.spec == NULL)
		error_sys(err, ENOMEM, "%s", h->command);
	else
		pid = start(&revealed, background, err);
	vault_hide(made);
	return pid;
}

const char *
hook_why(int status, bool timed_out, const char *tail, char *buf, size_t size)
{
	const char *colon = tail[0] != '\0' ? ": " : "";

	if (WIFSIGNALED(status))
		snprintf(buf, size, "killed by signal %d%s%s%s",
		    WTERMSIG(status), timed_out ? " (timed out)" : "", colon,
		    tail);
	else
		snprintf(buf, size, "exit status %d%s%s%s",
		    WEXITSTATUS(status), timed_out ? " (timed out)" : "",
		    colon, tail);
	return buf;
}
