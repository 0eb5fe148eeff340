/* SPDX-License-Identifier: BSD-2-Clause */
/* A prison table of a test's own, and calls in one line. */
#ifndef TEST_PRISON_FIXTURE_H
#define TEST_PRISON_FIXTURE_H

#include <errno.h>
#include <stdarg.h>

#include "kernel/call.h"
#include "kernel/prison/prison.h"
#include "temp_dir.h"

struct prison_fixture {
	struct temp_dir dir;
	struct prison_table *t;
	char errmsg[JAIL_ERRMSG_MAX]; /* of the last call */
};

static inline struct prison_table *
fixture_open(struct prison_fixture *f, const struct prison_effects *effects,
    void *arg)
{
	struct kernel_options opt = { .generation = JAIL_GEN_15 };
	struct error err = { 0 };

	f->t = prison_open(f->dir.path, "boot", &opt, effects, arg, &err);
	if (f->t == NULL)
		print_error("%s\n", err.text);
	assert_non_null(f->t);
	return f->t;
}

static inline void
fixture_start(struct prison_fixture *f, const struct prison_effects *effects,
    void *arg)
{
	memset(f, 0, sizeof *f);
	temp_dir_make(&f->dir);
	fixture_open(f, effects, arg);
}

static inline void
fixture_end(struct prison_fixture *f)
{
	prison_close(f->t);
	temp_dir_remove(&f->dir);
}

/*
 * jail_set(2) with parameters given as "name=text", or "name" alone (boolean),
 * or "name#number"; NULL at the end.
 */
static inline int
fixture_set(struct prison_fixture *f, int flags, ...)
{
	struct jail_call c = { 0 };
	const char *p;
	va_list ap;
	int rc, saved;

	va_start(ap, flags);
	while ((p = va_arg(ap, const char *)) != NULL) {
		size_t n = strcspn(p, "=#");
		char name[64];

		snprintf(name, sizeof name, "%.*s", (int)n, p);
		if (p[n] == '=')
			rc = call_add_text(&c, name, p + n + 1);
		else if (p[n] == '#')
			rc = call_add_int(&c, name, atoi(p + n + 1));
		else
			rc = call_add(&c, name, NULL, 0);
		assert_int_equal(rc, 0);
	}
	va_end(ap);
	memset(f->errmsg, 0, sizeof f->errmsg);
	assert_int_equal(call_add(&c, "errmsg", f->errmsg, sizeof f->errmsg),
	    0);
	rc = prison_set(f->t, c.iov, c.count, flags);
	saved = errno;
	memcpy(f->errmsg, c.iov[c.count - 1].iov_base, sizeof f->errmsg);
	call_finish(&c);
	errno = saved;
	return rc;
}

/* The jid of a jail by name, -1 when there is none. */
static inline int
fixture_jid(struct prison_fixture *f, const char *name)
{
	struct iovec iov[] = {
		{ (char[]){ "name" }, 5 },
		{ (void *)(uintptr_t)name, strlen(name) + 1 },
	};

	return prison_get(f->t, iov, 2, 0);
}

/* An integer parameter of a jail; `missing` when there is no such jail. */
static inline int
fixture_int(struct prison_fixture *f, int jid, const char *name, int missing)
{
	int value = missing;
	struct iovec iov[] = {
		{ (char[]){ "jid" }, 4 }, { &jid, sizeof jid },
		{ (void *)(uintptr_t)name, strlen(name) + 1 },
		{ &value, sizeof value },
	};

	return prison_get(f->t, iov, 4, JAIL_DYING) < 0 ? missing : value;
}

/* The next jail after `jid`, dying ones too; -1 when there is none. */
static inline int
fixture_next(struct prison_fixture *f, int jid)
{
	struct iovec iov[] = {
		{ (char[]){ "lastjid" }, 8 }, { &jid, sizeof jid },
	};

	return prison_get(f->t, iov, 2, JAIL_DYING);
}

#endif
