/* SPDX-License-Identifier: BSD-2-Clause */
/* The spawner's part of limits, and which cgroups a process enters. */
#include "server.h"
#include "sys.h"

/* Of the network.  *cgroup stays -1 where the jail has none.  0, -1 with err. */
static int
find_network(struct server *s, const struct cgroup_name *name, int *cgroup,
    struct error *err)
{
	struct error why;

	if (name->restricted == 0)
		return 0;
	*cgroup = net_cgroup(&s->net, &name->line, &why);
	return *cgroup >= 0 || (name->optional != 0 && why.code == ENOENT) ?
	    0 : error_set(err, why.code, "%s", why.text);
}

int
server_cgroups(struct server *s, const struct cgroup_name *name, int *cgroup,
    int procs[CONTROLS], struct error *err)
{
	*cgroup = -1;
	if (find_network(s, name, cgroup, err) != 0)
		return -1;
	/* That of the network is below those of v2. */
	controls_find(&s->controls, &name->line, *cgroup < 0, procs);
	return 0;
}

static void
open_procs(struct move_job *job, struct cgroup_line *own)
{
	controls_find(job->controls, own, true, job->procs);
	for (int i = 0; i < CONTROLS; i++)
		if ((job->made & (1U << i)) == 0)
			close_fd(&job->procs[i]);
}

static int
move_all(struct server *s, const struct cgroup_line *line, unsigned made,
    struct error *err)
{
	const struct child_start start = { .cgroup = -1 };
	char path[CGROUP_PATH_SIZE + 1] = "/";
	struct cgroup_line own = *line;
	struct move_job job = { .controls = &s->controls, .path = path,
		.made = made };
	pid_t pid;

	controls_path(&s->controls, line, line->depth, path + 1);
	open_procs(&job, &own);
	pid = server_run_in(s, s->fds[0], &start, move_child, &job, err);
	controls_let_go(job.procs);
	if (pid > 0)
		s->reap = pid;
	return pid < 0 ? -1 : 0;
}

/* Limits count when everything that they concern is where they are. */
int
serve_limit(struct server *s, struct error *err)
{
	const struct limit_request *r = (const void *)s->message;
	unsigned made;

	if (s->len != sizeof *r || s->fds[0] < 0 ||
	    !server_line_valid(&r->line))
		return server_refuse(err);
	if (controls_make(&s->controls, &r->line, &r->limits, &made,
	    err) != 0 ||
	    (made != 0 && move_all(s, &r->line, made, err) != 0))
		return -1;
	return controls_write(&s->controls, &r->line, &r->limits, err);
}

int
serve_unlimit(struct server *s, struct error *err)
{
	const struct unlimit_request *r = (const void *)s->message;

	if (s->len != sizeof *r || !server_line_valid(&r->line))
		return server_refuse(err);
	controls_remove(&s->controls, &r->line);
	return 0;
}
