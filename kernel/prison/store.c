/* SPDX-License-Identifier: BSD-2-Clause */
/* The LMDB environment: opening, transactions, the meta record. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "allow.h"
#include "begun.h"
#include "engine.h"

#define FORMAT_VERSION 1
#define MAP_SIZE ((size_t)1 << 30)
#define FIRST_CPUSET 3 /* the kernel itself uses 0, 1 and 2 */

static const struct {
	const char *name;
	unsigned flags;
} databases[DB_COUNT] = {
	[DB_META] = { "meta", 0 },
	[DB_JAILS] = { "jails", 0 },
	[DB_NAMES] = { "names", MDB_DUPSORT | MDB_DUPFIXED },
	[DB_CHILDREN] = { "children", 0 },
	[DB_ADDRS] = { "addresses", MDB_DUPSORT | MDB_DUPFIXED },
	[DB_BUSY] = { "busy", 0 },
	[DB_CPUSETS] = { "cpusets", 0 },
	[DB_DESCS] = { "descriptors", 0 },
};

static int
errno_of(int rc)
{
	if (rc > 0)
		return rc;
	return rc == MDB_MAP_FULL ? ENOSPC : EIO;
}

void
store_broken(struct op *op, int rc)
{
	if (op->broken == 0)
		op->broken = rc;
}

/* The files of a table that another boot has left are removed. */
static int
discard_old_boot(const char *dir, const char *boot, struct error *err)
{
	static const char *const files[] = { "table.mdb", "table.mdb-lock",
		BEGUN_FILE };
	char path[PRISON_PATH_MAX + 16], seen[64] = "";
	ssize_t n;
	int fd;

	snprintf(path, sizeof path, "%s/boot", dir);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || flock(fd, LOCK_EX) != 0 ||
	    (n = pread(fd, seen, sizeof seen - 1, 0)) < 0) {
		error_sys(err, errno, "prison table %s", path);
		goto fail;
	}
	if ((size_t)n == strlen(boot) && strcmp(seen, boot) == 0) {
		close(fd);
		return 0;
	}
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		char old[PRISON_PATH_MAX + 32];

		snprintf(old, sizeof old, "%s/%s", dir, files[i]);
		if (unlink(old) != 0 && errno != ENOENT) {
			error_sys(err, errno, "prison table %s", old);
			goto fail;
		}
	}
	n = (ssize_t)strlen(boot);
	if (ftruncate(fd, 0) != 0 || pwrite(fd, boot, (size_t)n, 0) != n) {
		error_sys(err, errno, "prison table %s", path);
		goto fail;
	}
	close(fd);
	return 0;
fail:
	if (fd >= 0)
		close(fd);
	return -1;
}

static bool
is_of_boot(const char *dir, const char *boot)
{
	char path[PRISON_PATH_MAX + 16], seen[64] = "";
	bool same;
	int fd;

	snprintf(path, sizeof path, "%s/boot", dir);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	same = fd >= 0 && read(fd, seen, sizeof seen - 1) > 0 &&
	    strcmp(seen, boot) == 0;
	if (fd >= 0)
		close(fd);
	return same;
}

/*
 * LMDB must not be opened twice by one process: closing one of the two would
 * take the other's locks away.  Each process therefore locks the byte of its
 * pid, in a way that also works between two descriptors of one process.
 */
static int
lock_byte(struct prison_table *t, short type)
{
#ifdef F_OFD_SETLK
	struct flock byte = { .l_type = type, .l_whence = SEEK_SET,
		.l_start = t->owner, .l_len = 1 };

	return fcntl(t->claim, F_OFD_SETLK, &byte);
#else
	(void)t;
	(void)type;
	return 0;
#endif
}

static int
claim(struct prison_table *t, struct error *err)
{
	char path[PRISON_PATH_MAX + 16];

	snprintf(path, sizeof path, "%s/users", t->dir);
	t->claim = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (t->claim < 0)
		return error_sys(err, errno, "prison table %s", path);
	if (lock_byte(t, F_WRLCK) == 0)
		return 0;
	return error_set(err, EBUSY, "prison table %s: this process has it "
	    "open already; use that handle", t->dir);
}

/*
 * Another process may have made the map larger, or have died with the place
 * of a reader.
 */
static int
begin_once(MDB_env *env, unsigned flags, MDB_txn **txn)
{
	int dead, rc = mdb_txn_begin(env, NULL, flags, txn);

	if (rc == MDB_MAP_RESIZED)
		rc = mdb_env_set_mapsize(env, 0);
	else if (rc == MDB_READERS_FULL)
		rc = mdb_reader_check(env, &dead);
	else
		return rc;
	return rc == 0 ? mdb_txn_begin(env, NULL, flags, txn) : rc;
}

/* Whether the table has a commit that this reader does not see. */
static bool
is_behind(MDB_env *env, MDB_txn *txn)
{
	MDB_envinfo info;

	return mdb_env_info(env, &info) == 0 &&
	    mdb_txn_id(txn) < info.me_last_txnid;
}

/*
 * A writer may have been killed when its commit was in the file and LMDB had
 * not announced it: writers go on from it, but readers get what was before.
 * The next writer announces it, so a reader has to be one for a moment.
 */
static int
begin(MDB_env *env, unsigned flags, MDB_txn **txn)
{
	int rc = begin_once(env, flags, txn);

	if (rc != 0 || (flags & MDB_RDONLY) == 0 || !is_behind(env, *txn))
		return rc;
	/* As a rule somebody has written just now. */
	mdb_txn_reset(*txn);
	rc = mdb_txn_renew(*txn);
	if (rc == 0 && !is_behind(env, *txn))
		return 0;
	mdb_txn_abort(*txn);
	*txn = NULL;
	rc = begin_once(env, 0, txn);
	/* EACCES: it was opened for reading only, and gets what was before. */
	if (rc == 0)
		mdb_txn_abort(*txn);
	else if (rc != EACCES)
		return rc;
	return begin_once(env, flags, txn);
}

static int
open_databases(struct prison_table *t)
{
	unsigned create = t->read_only ? 0 : MDB_CREATE;
	MDB_txn *txn;
	int rc;

	rc = begin(t->env, t->read_only ? MDB_RDONLY : 0, &txn);
	if (rc != 0)
		return rc;
	for (int i = 0; i < DB_COUNT && rc == 0; i++)
		rc = mdb_dbi_open(txn, databases[i].name,
		    databases[i].flags | create, &t->db[i]);
	if (rc != 0) {
		mdb_txn_abort(txn);
		return rc;
	}
	return mdb_txn_commit(txn);
}

/* Fills in t->env, NULL when it fails.  0 or what LMDB says. */
static int
make_env(struct prison_table *t, const char *path)
{
	unsigned flags = MDB_NOSUBDIR | MDB_NOTLS |
	    (t->read_only ? MDB_RDONLY : MDB_NOSYNC);
	int rc = mdb_env_create(&t->env), dead;

	if (rc == 0)
		rc = mdb_env_set_maxdbs(t->env, DB_COUNT);
	if (rc == 0)
		rc = mdb_env_set_mapsize(t->env, MAP_SIZE);
	if (rc == 0)
		rc = mdb_env_open(t->env, path, flags, 0600);
	if (rc == 0)
		rc = mdb_reader_check(t->env, &dead);
	if (rc == 0)
		rc = open_databases(t);
	if (rc != 0 && t->env != NULL)
		mdb_env_close(t->env);
	if (rc != 0)
		t->env = NULL;
	return rc;
}

static void
path_of(const struct prison_table *t, char *path, size_t size)
{
	snprintf(path, size, "%s/table.mdb", t->dir);
}

static int
open_env(struct prison_table *t, struct error *err)
{
	char path[PRISON_PATH_MAX + 16];
	int rc;

	path_of(t, path, sizeof path);
	if (t->read_only && access(path, F_OK) != 0 && errno == ENOENT)
		return 0;
	t->dir_fd = open(t->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (t->dir_fd < 0)
		return error_sys(err, errno, "prison table %s", t->dir);
	if (claim(t, err) != 0)
		return -1;
	if (!t->read_only && (t->begun = begun_open(t->dir_fd)) < 0)
		return error_sys(err, errno, "prison table %s/" BEGUN_FILE,
		    t->dir);
	rc = make_env(t, path);
	if (rc == 0)
		return 0;
	if (t->read_only && rc == MDB_NOTFOUND)
		return 0; /* just being made by somebody */
	return error_set(err, errno_of(rc), "prison table %s: %s", path,
	    mdb_strerror(rc));
}

static void
fill_host(struct op *op, struct record *r)
{
	bool old = op->t->generation == JAIL_GEN_13;

	r->state = PRISON_ALIVE;
	r->flags = PR_PERSIST | PR_HOST | PR_VNET;
	r->serial = HOST_SERIAL;
	r->children_max = PRISON_CHILDREN_MAX;
	r->securelevel = -1;
	r->allow = allow_of_host(op->t->generation);
	r->osreldate = old ? 1302001 : 1501000;
	r->osrelease = old ? "13.2-RELEASE" : "15.1-RELEASE-p1";
	for (int i = 0; i < SYSV_KINDS; i++)
		r->sysv[i] = HOST_SERIAL;
	r->path = "/";
	r->hostname = r->domainname = r->meta = r->env = "";
	r->hostuuid = "00000000-0000-0000-0000-000000000000";
	snprintf(r->name, sizeof r->name, "0");
}

/* A new table, or one that has no jails, takes the generation asked for. */
static int
settle_generation(struct op *op, unsigned generation, const char *boot,
    struct error *err)
{
	bool fresh = op->meta.version == 0;
	struct record *host;

	if (op->meta.version > FORMAT_VERSION)
		return error_set(err, EINVAL, "prison table %s: it was written "
		    "by a newer version of this program; use that, or reboot",
		    op->t->dir);
	if (generation == 0)
		generation = fresh ? JAIL_GEN_15 : op->meta.generation;
	op->t->generation = (int)generation;
	if (op->meta.generation == generation)
		return 0;
	if (jid_after(op, 0) != 0)
		return error_set(err, EBUSY, "prison table %s: it has jails of "
		    "generation %u; remove them before using generation %u",
		    op->t->dir, op->meta.generation, generation);
	if (fresh) {
		op->meta.version = FORMAT_VERSION;
		op->meta.serial = HOST_SERIAL;
		op->meta.cpusets = FIRST_CPUSET;
		if (boot != NULL)
			snprintf(op->meta.boot, sizeof op->meta.boot, "%s",
			    boot);
	}
	op->meta.generation = generation;
	op->meta_dirty = true;
	host = fresh ? arena_alloc(&op->arena, sizeof *host) :
	    record_get(op, 0);
	if (host == NULL)
		return error_sys(err, ENOMEM, "prison table %s", op->t->dir);
	fill_host(op, host);
	if (fresh)
		record_insert(op, host);
	else
		record_changed(op, host);
	return 0;
}

int
store_open(struct prison_table *t, const char *boot,
    const struct kernel_options *opt, struct error *err)
{
	struct op op = { .t = t };
	int rc;

	if (!t->read_only && boot != NULL &&
	    discard_old_boot(t->dir, boot, err) != 0)
		return -1;
	t->generation = opt->generation != 0 ? (int)opt->generation :
	    JAIL_GEN_15;
	if (t->read_only && boot != NULL && !is_of_boot(t->dir, boot))
		return 0;
	if (open_env(t, err) != 0)
		return -1;
	if (t->env == NULL)
		return 0;
	rc = store_begin(&op, !t->read_only);
	if (rc != 0) {
		error_sys(err, rc, "prison table %s", t->dir);
		goto fail;
	}
	if (t->read_only) {
		if (op.meta.version != 0)
			t->generation = (int)op.meta.generation;
		store_abort(&op);
		return 0;
	}
	if (settle_generation(&op, opt->generation, boot, err) != 0) {
		store_abort(&op);
		goto fail;
	}
	rc = store_commit(&op);
	store_abort(&op);
	if (rc == 0)
		return 0;
	error_set(err, rc > 0 ? rc : ENOSPC, "prison table %s: %s", t->dir,
	    rc > 0 ? strerror(rc) : mdb_strerror(rc));
fail:
	store_close(t);
	return -1;
}

void
store_close(struct prison_table *t)
{
	/* A forked child must not touch its parent's environment. */
	if (t->env != NULL && t->owner == getpid())
		mdb_env_close(t->env);
	t->env = NULL;
	/* A child that was forked meanwhile has the descriptor too. */
	if (t->claim >= 0 && t->owner == getpid())
		lock_byte(t, F_UNLCK);
	if (t->claim >= 0)
		close(t->claim);
	if (t->dir_fd >= 0)
		close(t->dir_fd);
	if (t->begun >= 0)
		close(t->begun);
	t->claim = t->dir_fd = t->begun = -1;
}

static int
read_meta(struct op *op)
{
	char name[] = "meta";
	MDB_val key = { 4, name }, val;
	int rc = mdb_get(op->txn, op->t->db[DB_META], &key, &val);

	if (rc == MDB_NOTFOUND)
		return 0;
	if (rc != 0)
		return rc;
	if (val.mv_size != sizeof op->meta)
		return EIO;
	memcpy(&op->meta, val.mv_data, sizeof op->meta);
	return 0;
}

/*
 * After a write that failed at its very end LMDB takes no more until the file
 * is opened anew: it has the last state that was written whole.
 */
static int
reopen(struct prison_table *t)
{
	char path[PRISON_PATH_MAX + 16];

	path_of(t, path, sizeof path);
	if (t->env != NULL)
		mdb_env_close(t->env);
	return make_env(t, path);
}

int
store_begin(struct op *op, bool write)
{
	unsigned flags = write ? 0 : MDB_RDONLY;
	int rc;

	if (op->t->owner != getpid())
		return ECHILD;
	rc = op->t->env == NULL ? MDB_PANIC :
	    begin(op->t->env, flags, &op->txn);
	if (rc == MDB_PANIC && (rc = reopen(op->t)) == 0)
		rc = begin(op->t->env, flags, &op->txn);
	if (rc != 0)
		return errno_of(rc);
	op->write = write;
	rc = read_meta(op);
	if (rc != 0) {
		store_abort(op);
		return errno_of(rc);
	}
	rc = begun_recover(op);
	if (rc != 0)
		store_abort(op);
	return rc;
}

void
store_abort(struct op *op)
{
	if (op->txn != NULL)
		mdb_txn_abort(op->txn);
	op->txn = NULL;
	begun_end(op);
	arena_free(&op->arena);
	memset(&op->cache, 0, sizeof *op - offsetof(struct op, cache));
	op->broken = 0;
	op->stale = false;
}

int
store_commit(struct op *op)
{
	char name[] = "meta";
	MDB_val key = { 4, name }, val = { sizeof op->meta, &op->meta };
	uint64_t number = mdb_txn_id(op->txn);
	int rc;

	op->wrote |= op->meta_dirty;
	store_flush(op);
	if (op->broken == 0 && op->arena.failed)
		op->broken = ENOMEM;
	if (op->broken == 0 && op->meta_dirty)
		op->broken = mdb_put(op->txn, op->t->db[DB_META], &key, &val,
		    0);
	if (op->broken != 0) {
		mdb_txn_abort(op->txn);
		op->txn = NULL;
		return op->broken == MDB_MAP_FULL ? MDB_MAP_FULL :
		    errno_of(op->broken);
	}
	rc = mdb_txn_commit(op->txn);
	op->txn = NULL;
	/* Commits are numbered one by one: nobody has come between. */
	if (rc == 0 && op->wrote && op->t->seen == number - 1)
		op->t->seen = number;
	return rc == 0 || rc == MDB_MAP_FULL ? rc : errno_of(rc);
}

int
store_grow(struct prison_table *t)
{
	MDB_envinfo info;
	int rc = mdb_env_info(t->env, &info);

	if (rc == 0)
		rc = mdb_env_set_mapsize(t->env, info.me_mapsize * 2);
	return rc == 0 ? 0 : errno_of(rc);
}
