/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Jails of the backend model whose hooks are really run, on the host, and note what
 * they do in the file "log"; to be included after cmocka.h.
 */
#ifndef JA_TEST_REAL_HOOKS_H
#define JA_TEST_REAL_HOOKS_H

#include <errno.h>
#include <unistd.h>

#include "agent_fixture.h"

struct stage {
	struct world w;
	struct jail_backend backend;
};

static inline pid_t
really_spawn(struct jail_kernel *k, const struct jail_exec *x,
    struct error *err)
{
	pid_t pid;

	(void)k;
	if (strcmp(x->argv[0], "/no/such/program") == 0)
		return error_sys(err, ENOENT, "%s", x->argv[0]);
	pid = fork();
	if (pid == 0) {
		setsid();
		dup2(x->fd[1], 1);
		dup2(x->fd[2], 2);
		execve(x->argv[0], (char *const *)(uintptr_t)x->argv,
		    (char *const *)(uintptr_t)x->envp);
		_exit(127);
	}
	return pid;
}

static inline int
setup(void **state)
{
	struct stage *s = calloc(1, sizeof *s);

	world_make(&s->w, JAIL_GEN_15);
	s->backend = *s->w.kernel->backend;
	s->backend.spawn = really_spawn;
	s->w.kernel->backend = &s->backend;
	*state = s;
	return 0;
}

static inline int
teardown(void **state)
{
	struct stage *s = *state;

	world_remove(&s->w);
	free(s);
	return 0;
}

/* The names in the log, on one line; the file is emptied. */
static inline const char *
log_of(struct stage *s)
{
	static char text[1024];
	char path[PATHS_MAX + 8], *data;
	size_t len;

	snprintf(path, sizeof path, "%s/log", s->w.root);
	if (access(path, F_OK) != 0)
		return "";
	data = temp_read(path, &len);
	for (char *p = data; *p != '\0'; p++)
		if (*p == '\n')
			*p = p[1] == '\0' ? '\0' : ' ';
	snprintf(text, sizeof text, "%s", data);
	free(data);
	unlink(path);
	return text;
}

/* Processes that stay, whatever they are sent. */
static inline int
deaf(struct jail_kernel *k, int jid, int sig)
{
	(void)k;
	(void)jid;
	(void)sig;
	return 1;
}

/* Runs the loop for some ms. */
static inline void
world_turns(struct stage *s, int ms)
{
	for (; ms > 0; ms--) {
		assert_int_not_equal(event_base_loop(s->w.base,
		    EVLOOP_NONBLOCK), -1);
		usleep(1000);
	}
}

/* Runs the loop until the log has a word, but not for ever. */
static inline void
until_said(struct stage *s, const char *word)
{
	int64_t end = clock_ms() + 20000;
	char path[PATHS_MAX + 8];
	bool there = false;

	snprintf(path, sizeof path, "%s/log", s->w.root);
	while (!there) {
		size_t len;
		char *data;

		assert_true(clock_ms() < end);
		assert_int_not_equal(event_base_loop(s->w.base,
		    EVLOOP_NONBLOCK), -1);
		usleep(1000);
		if (access(path, F_OK) != 0)
			continue;
		data = temp_read(path, &len);
		there = strstr(data, word) != NULL;
		free(data);
	}
}

#endif
