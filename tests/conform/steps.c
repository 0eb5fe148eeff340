/* SPDX-License-Identifier: BSD-2-Clause */
/* The steps of a case. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "conform.h"
#include "kernel/prison/prison.h"

#define ALIVE_MS 60

typedef json_t *step_fn(struct conform *c, const json_t *step);

void
outcome_put(struct outcome *o, json_t *result)
{
	size_t n = json_dumpb(result, o->json, sizeof o->json - 1,
	    JSON_ENCODE_ANY);

	o->json[n < sizeof o->json ? n : 0] = '\0';
	json_decref(result);
}

static void
body_set(struct conform *c, struct jail_kernel *k, const json_t *step,
    struct outcome *o)
{
	call_perform(c, k, step, false, o);
}

static void
body_get(struct conform *c, struct jail_kernel *k, const json_t *step,
    struct outcome *o)
{
	call_perform(c, k, step, true, o);
}

static void
body_remove(struct conform *c, struct jail_kernel *k, const json_t *step,
    struct outcome *o)
{
	int jid = (int)bound_int(c, json_object_get(step, "jid"));

	outcome_put(o, errno_result(k->backend->remove(k, jid) == 0 ? 0 :
	    errno));
}

static void
body_attach(struct conform *c, struct jail_kernel *k, const json_t *step,
    struct outcome *o)
{
	int jid = (int)bound_int(c, json_object_get(step, "jid"));

	outcome_put(o, errno_result(k->backend->attach(k, jid) == 0 ? 0 :
	    errno));
}

static void
body_attach_jd(struct conform *c, struct jail_kernel *k, const json_t *step,
    struct outcome *o)
{
	int fd = (int)bound_int(c, json_object_get(step, "fd"));
	int rc = -1;

	errno = ENOSYS;
	if (k->backend->attach_jd != NULL)
		rc = k->backend->attach_jd(k, fd);
	outcome_put(o, errno_result(rc == 0 ? 0 : errno));
}

static json_t *
take_outcome(struct conform *c)
{
	return c->outcome->done ? json_loads(c->outcome->json,
	    JSON_DECODE_ANY, NULL) : NULL;
}

static bool
attaches(const json_t *step)
{
	json_t *flag;
	size_t i;

	json_array_foreach(json_object_get(step, "flags"), i, flag)
		if (json_is_string(flag) ? strcmp(json_string_value(flag),
		    "ATTACH") == 0 : (json_integer_value(flag) &
		    JAIL_ATTACH) != 0)
			return true;
	return false;
}

static void
bind_name(struct conform *c, const json_t *step, const char *key,
    json_int_t value)
{
	const char *name = json_string_value(json_object_get(step, key));

	if (name != NULL && value >= 0)
		json_object_set_new(c->bindings, name, json_integer(value));
}

/* Makes a call here, or in a child when it must not happen to this process. */
static json_t *
run_body(struct conform *c, const json_t *step, bool fork_anyway,
    void (*body)(struct conform *c, struct jail_kernel *k, const json_t *step,
    struct outcome *o))
{
	const json_t *in = json_object_get(step, "in");
	bool hold = json_object_get(step, "hold") != NULL;
	struct outcome *o = c->outcome;
	pid_t pid;

	o->done = 0;
	o->jid = o->fd = -1;
	if (in == NULL && !fork_anyway && !hold) {
		body(c, c->k, step, o);
		o->done = 1;
	} else {
		pid = inmate_run(c, in == NULL ? 0 : (int)bound_int(c, in),
		    hold, body, step);
		if (pid < 0)
			return NULL;
		if (pid > 0) {
			bind_name(c, step, "hold", pid);
			inmate_find(c, pid)->jid = o->jid > 0 ? o->jid : 0;
		}
	}
	bind_name(c, step, "bind", o->jid);
	if (o->fd >= 0) {
		bind_name(c, step, "bindfd", o->fd);
		if (in == NULL && !fork_anyway && c->nfds < FDS_MAX)
			c->fds[c->nfds++] = o->fd;
	}
	return take_outcome(c);
}

static json_t *
step_set(struct conform *c, const json_t *step)
{
	return run_body(c, step, attaches(step), body_set);
}

static json_t *
step_get(struct conform *c, const json_t *step)
{
	return run_body(c, step, false, body_get);
}

static json_t *
step_list(struct conform *c, const json_t *step)
{
	return run_body(c, step, false, call_list);
}

static json_t *
step_remove(struct conform *c, const json_t *step)
{
	json_t *result = run_body(c, step, false, body_remove);

	inmate_await_killed(c);
	return result;
}

static json_t *
step_attach(struct conform *c, const json_t *step)
{
	return run_body(c, step, true, body_attach);
}

static json_t *
step_attach_jd(struct conform *c, const json_t *step)
{
	return run_body(c, step, true, body_attach_jd);
}

static json_t *
step_spawn(struct conform *c, const json_t *step)
{
	int jid = (int)bound_int(c, json_object_get(step, "jid"));
	json_t *result;
	pid_t pid;

	c->outcome->done = 0;
	pid = inmate_run(c, jid, true, NULL, step);
	if (pid <= 0 || (result = take_outcome(c)) == NULL)
		return NULL;
	if (json_object_get(result, "in_errno") != NULL)
		inmate_kill(c, pid);
	else
		bind_name(c, step, "bind", pid);
	return result;
}

static pid_t
pid_of(const struct conform *c, const json_t *step)
{
	return (pid_t)bound_int(c, json_object_get(step, "pid"));
}

static json_t *
step_kill(struct conform *c, const json_t *step)
{
	return errno_result(inmate_kill(c, pid_of(c, step)));
}

static json_t *
step_reap(struct conform *c, const json_t *step)
{
	return errno_result(inmate_reap(c, pid_of(c, step)));
}

static json_t *
step_alive(struct conform *c, const json_t *step)
{
	pid_t pid = pid_of(c, step);

	return json_boolean(inmate_find(c, pid) != NULL &&
	    !inmate_is_dead(pid, ALIVE_MS));
}

static json_t *
step_close(struct conform *c, const json_t *step)
{
	int fd = (int)bound_int(c, json_object_get(step, "fd"));
	int rc = close(fd) == 0 ? 0 : errno;

	for (size_t i = 0; i < c->nfds; i++)
		if (c->fds[i] == fd)
			c->fds[i] = -1;
	inmate_await_killed(c);
	return errno_result(rc);
}

static json_t *
step_remove_jd(struct conform *c, const json_t *step)
{
	int fd = (int)bound_int(c, json_object_get(step, "fd"));
	int rc = -1;

	errno = ENOSYS;
	if (c->k->backend->remove_jd != NULL)
		rc = c->k->backend->remove_jd(c->k, fd);
	rc = rc == 0 ? 0 : errno;
	inmate_await_killed(c);
	return errno_result(rc);
}

static json_t *
step_open_other(struct conform *c, const json_t *step)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	bind_name(c, step, "bind", fd);
	if (fd >= 0 && c->nfds < FDS_MAX)
		c->fds[c->nfds++] = fd;
	return errno_result(fd >= 0 ? 0 : errno);
}

static json_t *
step_jidcounter(struct conform *c, const json_t *step)
{
	int value = (int)json_integer_value(json_object_get(step, "value"));

	return errno_result(prison_set_counters(prison_table_of(c->k), value,
	    0) == 0 ? 0 : errno);
}

json_t *
step_run(struct conform *c, const json_t *step)
{
	static const struct {
		const char *name;
		step_fn *run;
	} steps[] = {
		{ "set", step_set }, { "get", step_get },
		{ "list", step_list }, { "remove", step_remove },
		{ "attach-errno", step_attach }, { "spawn", step_spawn },
		{ "kill", step_kill }, { "reap", step_reap },
		{ "alive", step_alive }, { "close", step_close },
		{ "remove-jd", step_remove_jd },
		{ "attach-jd-errno", step_attach_jd },
		{ "open-other", step_open_other },
		{ "jidcounter", step_jidcounter },
	};
	const char *name = json_string_value(json_object_get(step, "call"));

	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
		if (name != NULL && strcmp(steps[i].name, name) == 0)
			return steps[i].run(c, step);
	return NULL;
}
