/* SPDX-License-Identifier: BSD-2-Clause */
/* Where the controllers are, and the cgroups of jails there. */
#include "control.h"

#include <stdio.h>

#include "sys.h"

static const char *const names[CONTROLS] = {
	[CONTROL_CPU] = "cpu",
	[CONTROL_MEMORY] = "memory",
	[CONTROL_PIDS] = "pids",
};

/* Whether a word is in a list of words, between `gaps`. */
static bool
has_word(const char *list, const char *gaps, const char *word)
{
	size_t len = strlen(word);

	for (const char *p = list; *p != '\0';) {
		size_t n = strcspn(p, gaps);

		if (n == len && memcmp(p, word, n) == 0)
			return true;
		p += n;
		p += strspn(p, gaps);
	}
	return false;
}

static bool
take_mount(void *arg, bool v2, const char *options, const char *path)
{
	struct controls *c = arg;
	char text[1024];
	int top = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (top < 0)
		return false;
	if (v2 && cgroup_read(top, "cgroup.controllers", text,
	    sizeof text) >= 0)
		options = text;
	for (int i = 0; i < CONTROLS; i++)
		if (c->of[i].top < 0 && has_word(options, ", \n", names[i])) {
			c->of[i].top = fcntl(top, F_DUPFD_CLOEXEC, 3);
			c->of[i].v2 = v2;
		}
	close_fd(&top);
	return false;
}

void
controls_open(struct controls *c, const char *key)
{
	struct error none;

	for (int i = 0; i < CONTROLS; i++)
		c->of[i] = (struct control){ -1, false };
	snprintf(c->key, sizeof c->key, "%s", key);
	(void)cgroup_mounts(take_mount, c, &none);
}

void
controls_close(struct controls *c)
{
	for (int i = 0; i < CONTROLS; i++)
		close_fd(&c->of[i].top);
}

bool
controls_tree(const struct controls *c)
{
	for (int i = 0; i < CONTROLS; i++)
		if (c->of[i].top >= 0 && c->of[i].v2)
			return true;
	return false;
}

/*
 * v2: a cgroup with processes hands no controllers down, but for the root of
 * all, which has no cgroup.type.
 */
static int
check_handed_down(const struct control *k, const char *name,
    struct error *why)
{
	char text[1024];

	if (cgroup_read(k->top, "cgroup.subtree_control", text,
	    sizeof text) >= 0 && has_word(text, " \n", name))
		return 0;
	if (faccessat(k->top, "cgroup.type", F_OK, 0) != 0 ||
	    cgroup_read(k->top, "cgroup.procs", text, sizeof text) == 0)
		return 0;
	return error_set(why, EBUSY, "the controller %s of cgroup v2 is not "
	    "enabled for what is below the mounted cgroup, which has processes "
	    "itself; move them to a cgroup below it", name);
}

int
controls_can(const struct controls *c, enum jail_limit which, bool with,
    struct error *why)
{
	static const int of[LIMIT_COUNT] = { CONTROL_CPU, CONTROL_MEMORY,
		CONTROL_PIDS, CONTROL_MEMORY };
	const struct control *k = &c->of[of[which]];
	const char *name = names[of[which]];

	if (k->top < 0)
		return error_set(why, ENOENT, "no mounted hierarchy of cgroups "
		    "has the controller %s; mount one that has (mount -t "
		    "cgroup2 none /sys/fs/cgroup), or boot without "
		    "cgroup_disable=%s", name, name);
	if (faccessat(k->top, ".", W_OK, AT_EACCESS) != 0)
		return error_sys(why, errno, "the hierarchy of cgroups with "
		    "the controller %s", name);
	if (which == LIMIT_CPU && !k->v2 && faccessat(k->top,
	    "cpu.cfs_quota_us", F_OK, 0) != 0 && errno == ENOENT &&
	    faccessat(k->top, "cpu.shares", F_OK, 0) == 0)
		return error_set(why, ENOENT, "this kernel was built without "
		    "CONFIG_CFS_BANDWIDTH");
	if (which == LIMIT_SWAP && !k->v2) {
		if (faccessat(k->top, "memory.memsw.limit_in_bytes", F_OK,
		    0) != 0)
			return error_set(why, ENOENT, "swap is not counted; "
			    "boot with swapaccount=1");
		if (!with)
			return error_set(why, EINVAL, "cgroup v1 limits swap "
			    "together with memory; say agent.limits.memory, "
			    "too");
	}
	return k->v2 ? check_handed_down(k, name, why) : 0;
}

void
controls_path(const struct controls *c, const struct cgroup_line *l,
    uint32_t depth, char path[CGROUP_PATH_SIZE])
{
	char line[CGROUP_PATH_SIZE];

	cgroup_line_path(l, depth, line);
	if (snprintf(path, CGROUP_PATH_SIZE, CGROUP_TOP "/%s/%s", c->key,
	    line) >= CGROUP_PATH_SIZE)
		path[0] = '\0';
}

/* A hierarchy that has several of the controllers is dealt with once. */
static bool
is_first(const struct controls *c, int control)
{
	for (int i = 0; i < control; i++)
		if (c->of[i].top >= 0 && c->of[i].v2 && c->of[control].v2)
			return false;
	return c->of[control].top >= 0;
}

bool
controls_exist(const struct controls *c, const struct cgroup_line *l)
{
	char path[CGROUP_PATH_SIZE];

	controls_path(c, l, l->depth, path);
	for (int i = 0; i < CONTROLS; i++)
		if (is_first(c, i) &&
		    faccessat(c->of[i].top, path, F_OK, 0) == 0)
			return true;
	return false;
}

/* Enables the controller in all cgroups above the path. */
static int
hand_down(const struct control *k, const char *name, const char *path,
    struct error *err)
{
	char part[CGROUP_PATH_SIZE], text[16];

	snprintf(text, sizeof text, "+%s", name);
	for (size_t i = 0; path[i] != '\0'; i++) {
		int dir, rc;

		if (i > 0 && path[i] != '/')
			continue;
		memcpy(part, path, i);
		memcpy(part + i, "", 1);
		dir = i == 0 ? k->top : cgroup_open(k->top, part);
		rc = dir < 0 ? -1 : cgroup_write(dir,
		    "cgroup.subtree_control", text);
		if (rc != 0)
			error_sys(err, errno, "enabling the controller %s "
			    "below the cgroup /%s%s", name, part,
			    errno == EBUSY ? ", which has processes itself" :
			    "");
		if (dir != k->top)
			close_fd(&dir);
		if (rc != 0)
			return -1;
	}
	return 0;
}

/* Of one jail in one hierarchy.  0, -1 with err. */
static int
make_one(const struct control *k, const char *name, const char *path,
    struct error *err)
{
	char leaf[CGROUP_PATH_SIZE + sizeof CGROUP_LEAF];
	char text[64];
	int dir = cgroup_need(k->top, path);
	bool old;

	if (dir < 0)
		return error_sys(err, errno, "making the cgroup %s", path);
	/* One that has processes itself is older than this leaf. */
	old = k->v2 && cgroup_read(dir, "cgroup.procs", text, sizeof text) > 0;
	close_fd(&dir);
	if (!k->v2)
		return 0;
	if (hand_down(k, name, path, err) != 0)
		return -1;
	if (old)
		return 0;
	snprintf(leaf, sizeof leaf, "%s/" CGROUP_LEAF, path);
	dir = cgroup_need(k->top, leaf);
	if (dir < 0)
		return error_sys(err, errno, "making the cgroup %s", leaf);
	close_fd(&dir);
	return 0;
}

int
controls_make(const struct controls *c, const struct cgroup_line *l,
    const struct jail_limits *limits, unsigned *made, struct error *err)
{
	const uint64_t *most = limits->most;
	const bool wanted[CONTROLS] = {
		[CONTROL_CPU] = most[LIMIT_CPU] != 0,
		[CONTROL_MEMORY] = most[LIMIT_MEMORY] != 0 ||
		    most[LIMIT_SWAP] != 0,
		[CONTROL_PIDS] = most[LIMIT_PROCESSES] != 0,
	};
	char path[CGROUP_PATH_SIZE];

	controls_path(c, l, l->depth, path);
	*made = 0;
	if (c->key[0] == '\0')
		return error_set(err, ENAMETOOLONG, "the path of the jails' "
		    "table is too long for the name of a cgroup");
	for (int i = 0; i < CONTROLS; i++) {
		if (c->of[i].top < 0 && wanted[i])
			return error_set(err, ENOENT, "no mounted hierarchy of "
			    "cgroups has the controller %s", names[i]);
		if (wanted[i] && make_one(&c->of[i], names[i], path, err) != 0)
			return -1;
		if (c->of[i].top >= 0 &&
		    faccessat(c->of[i].top, path, F_OK, 0) == 0)
			*made |= 1U << i;
	}
	return 0;
}

static void
remove_one(const struct control *k, const char *path, bool kill_all)
{
	char leaf[CGROUP_PATH_SIZE + sizeof CGROUP_LEAF];
	int dir = kill_all ? cgroup_open(k->top, path) : -1;

	if (dir >= 0)
		cgroup_kill(dir);
	close_fd(&dir);
	snprintf(leaf, sizeof leaf, "%s/" CGROUP_LEAF, path);
	if (k->v2 && cgroup_remove(k->top, leaf) != 0)
		return;
	if (cgroup_remove(k->top, path) == 0)
		cgroup_prune(k->top, path);
}

static void
remove_all(const struct controls *c, const struct cgroup_line *l, bool kill_all)
{
	char path[CGROUP_PATH_SIZE];

	controls_path(c, l, l->depth, path);
	for (int i = 0; i < CONTROLS; i++)
		if (is_first(c, i) &&
		    faccessat(c->of[i].top, path, F_OK, 0) == 0)
			remove_one(&c->of[i], path, kill_all);
}

void
controls_remove(const struct controls *c, const struct cgroup_line *l)
{
	remove_all(c, l, false);
}

void
controls_clean(const struct controls *c, const struct cgroup_line *l)
{
	remove_all(c, l, true);
}

/* The nearest one's file, or -1. */
static int
find_one(const struct controls *c, const struct control *k,
    const struct cgroup_line *l)
{
	char path[CGROUP_PATH_SIZE], file[CGROUP_PATH_SIZE + 32];
	int fd = -1;

	for (uint32_t depth = l->depth; depth > 0 && fd < 0; depth--) {
		controls_path(c, l, depth, path);
		snprintf(file, sizeof file, "%s/%scgroup.procs", path,
		    k->v2 ? CGROUP_LEAF "/" : "");
		fd = open_inside(k->top, file, O_WRONLY);
	}
	return fd;
}

void
controls_find(const struct controls *c, const struct cgroup_line *l, bool v2,
    int procs[CONTROLS])
{
	for (int i = 0; i < CONTROLS; i++)
		procs[i] = is_first(c, i) && (v2 || !c->of[i].v2) ?
		    find_one(c, &c->of[i], l) : -1;
}

void
controls_let_go(int procs[CONTROLS])
{
	for (int i = 0; i < CONTROLS; i++)
		close_fd(&procs[i]);
}

int
controls_enter(const int procs[CONTROLS], long pid, struct error *err)
{
	char text[24];
	int len = snprintf(text, sizeof text, "%ld", pid);

	for (int i = 0; i < CONTROLS; i++)
		if (procs[i] >= 0 &&
		    write(procs[i], text, (size_t)len) != len)
			return error_sys(err, errno, "entering the jail's "
			    "cgroup of the controller %s", names[i]);
	return 0;
}

bool
controls_inside(const struct controls *c, int control, const char *text,
    const char *path)
{
	size_t len = strlen(path);

	for (const char *line = text; *line != '\0';) {
		size_t end = strcspn(line, "\n");
		const char *list = memchr(line, ':', end), *at;
		char word[128];

		at = list == NULL ? NULL :
		    memchr(list + 1, ':', (size_t)(line + end - list - 1));
		if (at != NULL && (size_t)(at - list) <= sizeof word) {
			memcpy(word, list + 1, (size_t)(at - list - 1));
			word[at - list - 1] = '\0';
			at = (c->of[control].v2 ? word[0] == '\0' :
			    has_word(word, ",", names[control])) ?
			    strstr(at, path) : NULL;
			if (at != NULL && at < line + end &&
			    (at[len] == '/' || at[len] == '\n' ||
			    at[len] == '\0'))
				return true;
		}
		line += end + (line[end] == '\n');
	}
	return false;
}
