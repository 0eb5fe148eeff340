/* SPDX-License-Identifier: BSD-2-Clause */
/* Limits, as the opener asks for them. */
#include "limits.h"

#include "network.h"
#include "process.h"
#include "sys.h"

/* Where the controllers are is looked up when it is first asked for. */
static const struct controls *
controls_of(struct linux_kernel *lk)
{
	if (!lk->controls_known)
		controls_open(&lk->controls, lk->spawner.key);
	lk->controls_known = true;
	return &lk->controls;
}

int
linux_limitable(struct jail_kernel *k, enum jail_limit which, bool with,
    struct error *why)
{
	return controls_can(controls_of(k->data), which, with, why);
}

int
linux_limits(struct jail_kernel *k, int jid, const char *name,
    struct jail_limits *l, struct error *err)
{
	struct linux_kernel *lk = k->data;
	struct cgroup_line line;
	struct prison p;

	if (prison_find(lk->table, jid, &p) != 0)
		return error_sys(err, errno, "jail %s", name);
	network_line(&p, &line);
	return controls_read(controls_of(lk), &line, l, err);
}

int
linux_limit(struct jail_kernel *k, int jid, const char *name,
    const struct jail_limits *l, struct error *err)
{
	struct linux_kernel *lk = k->data;
	struct limit_request r = { .type = REQUEST_LIMIT, .limits = *l };
	struct prison p;
	int init, rc;

	/* What has ended has left nothing. */
	if (jid == 0)
		return 0;
	if (prison_find(lk->table, jid, &p) != 0)
		return error_sys(err, errno, "jail %s", name);
	network_line(&p, &r.line);
	init = process_open(&p.holder);
	if (init < 0)
		return error_sys(err, errno, "jail %s: its init", name);
	rc = spawner_call(&lk->spawner, &r, sizeof r, &init, 1, err);
	close_fd(&init);
	return rc;
}

void
limits_forget(struct linux_kernel *lk, const struct prison *p)
{
	struct unlimit_request r = { .type = REQUEST_UNLIMIT };

	network_line(p, &r.line);
	if (controls_exist(controls_of(lk), &r.line))
		spawner_clear(&lk->spawner, &r, sizeof r);
}

void
limits_finish(struct linux_kernel *lk)
{
	if (lk->controls_known)
		controls_close(&lk->controls);
}
