/* SPDX-License-Identifier: BSD-2-Clause */
/* The inventory's journal: what is written to it, and that it stays short. */
#include "agent/reconcile/inventory_journal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel/start.h"

#define JOURNAL_REWRITE (1024 * 1024)
/* Of the old journal, given back at once. */
#define OLD_STEP (256 * 1024)

static const enum journal_stage journal_stage[] = {
	[ENTRY_PREPARING] = JOURNAL_PREPARING,
	[ENTRY_CREATING] = JOURNAL_CREATING,
	[ENTRY_UP] = JOURNAL_UP,
	[ENTRY_REMOVING] = JOURNAL_REMOVING,
	[ENTRY_DOWN] = JOURNAL_DOWN,
};

enum journal_stage
inventory_stage(enum entry_stage stage)
{
	return journal_stage[stage];
}

struct journal_record
inventory_record(const struct entry *e, enum journal_stage stage)
{
	return (struct journal_record){ stage, e->name, e->set, e->token,
		e->boot, e->jid, e->path, e->up_at };
}

static void
rewrite_abandon(struct inventory *inv)
{
	close(inv->rewrite);
	inv->rewrite = -1;
	free(inv->rewritten);
	inv->rewritten = NULL;
}

/*
 * To the new journal, too, of what it has already; what is behind that is
 * written as it is then.  That a jail is gone the snapshot does not say.
 */
static void
append_to_new(struct inventory *inv, const struct journal_record *r)
{
	struct error ignored;

	if (r->stage != JOURNAL_HOOK && (r->stage == JOURNAL_GONE ||
	    (inv->rewritten != NULL && strcmp(r->name, inv->rewritten) <= 0)) &&
	    journal_append(inv->rewrite, r, &ignored) < 0)
		rewrite_abandon(inv);
}

int
inventory_append(struct inventory *inv, const struct journal_record *r,
    struct error *err)
{
	int n = journal_append(inv->journal, r, err);

	inventory_changed(inv, r->name);
	if (n < 0)
		return -1;
	inv->journal_len += (size_t)n;
	if (inv->rewrite != -1)
		append_to_new(inv, r);
	return 0;
}

static struct journal_record
hook_record(const struct inventory *inv, const struct hook_mark *h)
{
	return (struct journal_record){ JOURNAL_HOOK, h->name, "", h->start,
		inv->boot, h->pid, NULL, 0 };
}

/* Forgets those that have ended. */
static void
forget_hooks(struct inventory *inv)
{
	size_t kept = 0;

	for (size_t i = 0; i < inv->hooks; i++) {
		struct journal_record r = hook_record(inv, &inv->hook[i]);

		if (journal_hook_lives(&r))
			inv->hook[kept++] = inv->hook[i];
		else
			free(inv->hook[i].name);
	}
	inv->hooks = kept;
}

/* Room for one more, with more room than hooks, so that this is seldom. */
static int
make_hook_room(struct inventory *inv)
{
	struct hook_mark *more;
	size_t room;

	if (inv->hooks < inv->hook_room)
		return 0;
	forget_hooks(inv);
	room = inv->hooks * 2 + 16;
	more = realloc(inv->hook, room * sizeof *more);
	if (more == NULL)
		return -1;
	inv->hook = more;
	inv->hook_room = room;
	return 0;
}

static void
close_old(struct inventory *inv)
{
	if (inv->old != -1)
		close(inv->old);
	inv->old = -1;
}

/*
 * Gives the memory of the old journal back, which has no name any more: some
 * milliseconds for all of it.  Returns whether there is more.
 */
static bool
shrink_old(struct inventory *inv)
{
	struct stat st;

	if (inv->old != -1 && fstat(inv->old, &st) == 0 && st.st_nlink == 0 &&
	    st.st_size > OLD_STEP &&
	    ftruncate(inv->old, st.st_size - OLD_STEP) == 0)
		return true;
	close_old(inv);
	return false;
}

/*
 * Puts a journal that holds all but hooks in the place of the old one, which is
 * to be closed.
 */
static int
end_rewrite(struct inventory *inv, int fd, struct error *err)
{
	forget_hooks(inv);
	for (size_t i = 0; i < inv->hooks; i++) {
		struct journal_record r = hook_record(inv, &inv->hook[i]);

		if (journal_append(fd, &r, err) < 0) {
			close(fd);
			return -1;
		}
	}
	if (journal_end_rewrite(inv->paths->journal, fd, err) != 0)
		return -1;
	close_old(inv);
	inv->old = inv->journal;
	inv->journal = fd;
	inv->hook_len = 0;
	return 0;
}

static int
keep_line(void *arg, const struct journal_record *r)
{
	struct error ignored;

	return r->stage == JOURNAL_HOOK ||
	    journal_append(*(const int *)arg, r, &ignored) > 0 ? 0 : -1;
}

/*
 * Takes hooks that have ended out of the journal; health checks make many.
 * Should that fail, it stays as it is until there are as many again.
 */
static void
drop_ended_hooks(struct inventory *inv)
{
	struct error ignored;
	int fd = journal_begin_rewrite(inv->paths->journal, inv->boot,
	    &ignored);

	inv->hook_len = 0;
	if (fd == -1)
		return;
	if (journal_read(inv->paths->journal, inv->boot, keep_line, &fd,
	    &ignored) != 0)
		close(fd);
	else if (end_rewrite(inv, fd, &ignored) == 0)
		inv->journal_len = (size_t)lseek(fd, 0, SEEK_END);
	close_old(inv);
}

int
inventory_hook(struct inventory *inv, const char *name, pid_t pid,
    struct error *err)
{
	struct hook_mark h = { strdup(name), pid, "" };
	struct journal_record r = hook_record(inv, &h);
	uint64_t start;
	size_t before;
	bool zombie;

	if (h.name == NULL || make_hook_room(inv) != 0) {
		free(h.name);
		return error_sys(err, ENOMEM, "%s", name);
	}
	if (process_start(pid, &start, &zombie) != 0) {
		free(h.name);
		return 0; /* it has ended */
	}
	snprintf(h.start, sizeof h.start, "%" PRIu64, start);
	if (inv->hook_len >= JOURNAL_REWRITE && inv->rewrite == -1)
		drop_ended_hooks(inv);
	before = inv->journal_len;
	if (inventory_append(inv, &r, err) != 0) {
		free(h.name);
		return -1;
	}
	inv->hook_len += inv->journal_len - before;
	inv->hook[inv->hooks++] = h;
	return 0;
}

static int
write_entry(int fd, const struct entry *e, struct error *err)
{
	struct journal_record r = inventory_record(e, inventory_stage(e->stage));

	if (journal_append(fd, &r, err) < 0)
		return -1;
	r.stage = JOURNAL_MAKING;
	for (size_t i = 0; i < e->made.count; i++) {
		r.what = e->made.text[i];
		if (journal_append(fd, &r, err) < 0)
			return -1;
	}
	return 0;
}

int
inventory_compact(struct inventory *inv, struct error *err)
{
	if (inv->journal == -1 || inv->rewrite != -1 ||
	    inv->journal_len < JOURNAL_REWRITE)
		return 0;
	inv->rewrite = journal_begin_rewrite(inv->paths->journal, inv->boot,
	    err);
	return inv->rewrite == -1 ? -1 : 1;
}

/* The first entry that the new journal does not have. */
static size_t
next_to_write(const struct inventory *inv)
{
	bool found;
	size_t at = inv->rewritten == NULL ? 0 :
	    inventory_position(inv, inv->rewritten, &found);

	return inv->rewritten != NULL && found ? at + 1 : at;
}

/* Writes entries; 1: there are more, 0, -1. */
static int
write_some(struct inventory *inv, size_t most, struct error *err)
{
	size_t at = next_to_write(inv), end = inv->count - at > most ?
	    at + most : inv->count;
	char *last;

	for (size_t i = at; i < end; i++)
		if (write_entry(inv->rewrite, inv->entry[i], err) != 0)
			return -1;
	if (end > at) {
		last = strdup(inv->entry[end - 1]->name);
		if (last == NULL)
			return error_sys(err, ENOMEM, "journal");
		free(inv->rewritten);
		inv->rewritten = last;
	}
	return end < inv->count;
}

int
inventory_compact_on(struct inventory *inv, size_t most, struct error *err)
{
	int fd = inv->rewrite, rc = fd == -1 ? 0 : write_some(inv, most, err);

	if (fd == -1)
		return shrink_old(inv);
	if (rc > 0)
		return rc;
	if (rc < 0) {
		rewrite_abandon(inv);
		return -1;
	}
	inv->rewrite = -1;
	free(inv->rewritten);
	inv->rewritten = NULL;
	if (end_rewrite(inv, fd, err) != 0)
		return -1;
	inv->journal_len = 0;
	return shrink_old(inv);
}
