/* SPDX-License-Identifier: BSD-2-Clause */
#include "net.h"

#include <sys/file.h>

#include <stdio.h>

#include "net_list.h"
#include "sys.h"

/* Jails of a table that can be restricted at once, and all their addresses. */
#define JAILS_MAX 65536
#define ADDRESSES_MAX (1U << 20)
#define LOG_SIZE 16384

enum { SOCKETS, JAILS, ADDRESSES, MAPS };

static const struct bpf_map_kind kinds[MAPS] = {
	[SOCKETS] = { "jail_sockets", BPF_MAP_TYPE_SK_STORAGE, sizeof(int),
	    sizeof(struct net_socket), 0, BPF_F_NO_PREALLOC | BPF_F_CLONE },
	[JAILS] = { "jails", BPF_MAP_TYPE_HASH, sizeof(uint64_t),
	    sizeof(struct net_jail), JAILS_MAX, BPF_F_NO_PREALLOC },
	[ADDRESSES] = { "jail_addresses", BPF_MAP_TYPE_LPM_TRIE,
	    sizeof(struct net_key), sizeof(struct net_address), ADDRESSES_MAX,
	    BPF_F_NO_PREALLOC },
};

static int *
map_of(struct net_maps *m, int which)
{
	return which == SOCKETS ? &m->sockets :
	    which == JAILS ? &m->jails : &m->addresses;
}

static void
forget(struct net *n)
{
	close_fd(&n->table);
	for (int i = 0; i < MAPS; i++)
		close_fd(map_of(&n->maps, i));
}

void
net_open(struct net *n, const char *key, bool tree,
    const struct rights_pass *pass)
{
	*n = (struct net){ .bpf = { pass }, .table = -1, .tree = tree,
	    .maps = { -1, -1, -1 } };
	snprintf(n->key, sizeof n->key, "%s", key);
	n->root = key[0] != '\0' ? cgroup_root(&n->why) :
	    error_set(&n->why, ENAMETOOLONG, "the path of the jails' table is "
	    "too long for the name of a cgroup");
}

void
net_close(struct net *n)
{
	forget(n);
	if (n->root >= 0) {
		/* Not while another process loads what it is to find there. */
		(void)flock(n->root, LOCK_EX);
		cgroup_table_remove(n->root, n->key);
	}
	close_fd(&n->root);
}

/* Takes over the maps of an attached program; 0 when they are all there. */
static int
take_maps(struct net *n, int program)
{
	uint32_t id[MAPS + 1];
	struct bpf_prog_info info = { 0 };

	info.nr_map_ids = MAPS + 1;
	info.map_ids = (uint64_t)(uintptr_t)id;
	if (bpf_program_info(&n->bpf, program, &info) != 0 ||
	    info.nr_map_ids > MAPS + 1)
		return -1;
	for (uint32_t i = 0; i < info.nr_map_ids; i++) {
		struct bpf_map_info m = { 0 };
		int fd = bpf_map_open(&n->bpf, id[i]);

		if (fd >= 0 && bpf_map_info(&n->bpf, fd, &m) == 0)
			for (int k = 0; k < MAPS && fd >= 0; k++)
				if (strcmp(m.name, kinds[k].name) == 0 &&
				    m.key_size == kinds[k].key &&
				    m.value_size == kinds[k].value) {
					close_fd(map_of(&n->maps, k));
					*map_of(&n->maps, k) = fd;
					fd = -1;
				}
		close_fd(&fd);
	}
	return n->maps.sockets >= 0 && n->maps.jails >= 0 &&
	    n->maps.addresses >= 0 ? 0 : -1;
}

/*
 * The last program that is attached says that all are, and has all maps.
 * Returns 1 when the table has its programs, 0 when not.
 */
static int
find_attached(struct net *n)
{
	const struct net_program *last =
	    &net_programs[net_program_count - 1];
	uint32_t id[16];
	int found = 0, count;

	count = bpf_attached(&n->bpf, n->table, last->attach, id, 16);
	for (int i = 0; i < count && !found; i++) {
		struct bpf_prog_info info = { 0 };
		int fd = bpf_program_open(&n->bpf, id[i]);

		if (fd >= 0 && bpf_program_info(&n->bpf, fd, &info) == 0 &&
		    strcmp(info.name, last->name) == 0)
			found = take_maps(n, fd) == 0;
		close_fd(&fd);
	}
	return found;
}

static int
attach_program(struct net *n, const struct net_program *p, struct error *err)
{
	char log[LOG_SIZE] = "";
	struct bpf_text t;
	int fd, rc;

	text_begin(&t);
	p->write(&t, &n->maps, p->variant);
	if (text_end(&t) != 0)
		return error_set(err, EINVAL, "the BPF program %s is broken",
		    p->name);
	fd = bpf_load(&n->bpf, p->name, p->type, p->attach, t.insn, t.count,
	    log, sizeof log);
	if (fd < 0)
		return error_sys(err, errno, "loading the BPF program %s%s%.400s",
		    p->name, log[0] != '\0' ? ": " : "", log);
	rc = bpf_attach(&n->bpf, n->table, fd, p->attach);
	if (rc != 0)
		error_sys(err, errno, "attaching the BPF program %s", p->name);
	close_fd(&fd);
	return rc;
}

static int
load(struct net *n, struct error *err)
{
	for (int i = 0; i < MAPS; i++) {
		int fd = bpf_map_make(&n->bpf, &kinds[i]);

		if (fd < 0)
			return error_sys(err, errno, "making the BPF map %s",
			    kinds[i].name);
		close_fd(map_of(&n->maps, i));
		*map_of(&n->maps, i) = fd;
	}
	for (size_t i = 0; i < net_program_count; i++)
		if (attach_program(n, &net_programs[i], err) != 0)
			return -1;
	return 0;
}

static int
find_or_load(struct net *n, struct error *err)
{
	n->table = cgroup_table(n->root, n->key, true);
	if (n->table >= 0 && find_attached(n))
		return 0;
	/* What was attached in part by one that was killed goes with it. */
	forget(n);
	cgroup_table_remove(n->root, n->key);
	n->table = cgroup_table(n->root, n->key, true);
	if (n->table < 0)
		return error_sys(err, errno, "making the cgroup jailagent/%s",
		    n->key);
	if (load(n, err) == 0)
		return 0;
	forget(n);
	cgroup_table_remove(n->root, n->key);
	return -1;
}

static int
prepare(struct net *n, struct error *err)
{
	int rc;

	if (n->table >= 0)
		return 0;
	if (n->root < 0)
		return error_set(err, n->why.code, "%s", n->why.text);
	(void)flock(n->root, LOCK_EX);
	rc = find_or_load(n, err);
	(void)flock(n->root, LOCK_UN);
	return rc;
}

/* Where limits are, processes are in a leaf of their own. */
static void
path_of(const struct cgroup_line *l, bool tree, char path[CGROUP_PATH_SIZE])
{
	const struct cgroup_line one = { 1,
	    { l->depth > 0 ? l->serial[l->depth - 1] : 0 } };
	size_t len;

	if (!tree) {
		cgroup_line_path(&one, 1, path);
		return;
	}
	cgroup_line_path(l, l->depth, path);
	len = strlen(path);
	snprintf(path + len, CGROUP_PATH_SIZE - len, "/" CGROUP_LEAF);
}

/* Another process may have removed the cgroup of the table meanwhile. */
static int
make_cgroup(struct net *n, const struct cgroup_line *l, uint64_t *id,
    struct error *err)
{
	char path[CGROUP_PATH_SIZE];
	int fd;

	if (prepare(n, err) != 0)
		return -1;
	path_of(l, n->tree, path);
	fd = cgroup_make(n->table, path);
	if (fd < 0 && errno == ENOENT) {
		forget(n);
		if (prepare(n, err) != 0)
			return -1;
		fd = cgroup_make(n->table, path);
	}
	if (fd >= 0 && cgroup_id(fd, id) == 0)
		return fd;
	close_fd(&fd);
	return error_sys(err, errno, "making the jail's cgroup");
}

/* A jail may be older than the limits of its host, or this program. */
static int
open_cgroup(int table, const struct cgroup_line *l, bool tree,
    char path[CGROUP_PATH_SIZE])
{
	int fd;

	path_of(l, tree, path);
	fd = cgroup_open(table, path);
	if (fd < 0 && errno == ENOENT && tree) {
		path_of(l, false, path);
		fd = cgroup_open(table, path);
	}
	return fd;
}

int
net_add(struct net *n, const struct net_addresses *a, struct error *err)
{
	static const struct net_addresses none;
	uint64_t id;
	int fd = make_cgroup(n, &a->line, &id, err);

	if (fd < 0)
		return -1;
	if (net_list_set(n, id, &none, a, err) == 0)
		return fd;
	close_fd(&fd);
	net_remove(n, a);
	return -1;
}

int
net_change(struct net *n, const struct net_addresses *before,
    const struct net_addresses *after, struct error *err)
{
	char path[CGROUP_PATH_SIZE];
	uint64_t id;
	int fd, rc;

	if (prepare(n, err) != 0)
		return -1;
	fd = open_cgroup(n->table, &after->line, n->tree, path);
	if (fd < 0 || cgroup_id(fd, &id) != 0)
		rc = error_sys(err, errno, "the jail's cgroup");
	else
		rc = net_list_set(n, id, before, after, err);
	close_fd(&fd);
	return rc;
}

void
net_remove(struct net *n, const struct net_addresses *a)
{
	char path[CGROUP_PATH_SIZE];
	uint64_t id;
	int fd, rc;

	/* Only to tidy up, nothing is loaded. */
	if (n->table < 0 && n->root >= 0) {
		n->table = cgroup_table(n->root, n->key, false);
		if (n->table >= 0 && !find_attached(n))
			forget(n);
	}
	if (n->table < 0)
		return;
	fd = open_cgroup(n->table, &a->line, n->tree, path);
	if (fd < 0)
		return;
	rc = cgroup_id(fd, &id);
	close_fd(&fd);
	if (rc == 0)
		net_list_clear(n, id, a);
	if (cgroup_remove(n->table, path) == 0)
		cgroup_prune(n->table, path);
}

int
net_cgroup(struct net *n, const struct cgroup_line *line, struct error *err)
{
	char path[CGROUP_PATH_SIZE];
	int table, fd = -1;

	errno = ENOENT;
	table = n->table >= 0 ? n->table : n->root < 0 ? -1 :
	    cgroup_table(n->root, n->key, false);
	if (table >= 0)
		fd = open_cgroup(table, line, n->tree, path);
	if (fd < 0)
		error_sys(err, errno, "the jail's cgroup");
	if (table != n->table)
		close_fd(&table);
	return fd;
}

int
net_probe(struct error *err)
{
	static const struct rights_pass none;
	const struct bpf bpf = { &none };
	uint32_t id[16];
	int root = cgroup_root(err), rc;

	if (root < 0)
		return -1;
	rc = faccessat(root, ".", W_OK, AT_EACCESS);
	if (rc != 0)
		error_sys(err, errno, "the root of cgroup v2");
	else if (bpf_attached(&bpf, root, BPF_CGROUP_INET_SOCK_CREATE, id,
	    16) < 0) {
		rc = -1;
		error_sys(err, errno, "BPF on cgroups");
	}
	close_fd(&root);
	return rc;
}
