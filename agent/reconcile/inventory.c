/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/reconcile/inventory_journal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "agent/base/copies.h"
#include "agent/base/file.h"
#include "agent/base/sorted.h"
#include "agent/reconcile/applied.h"
#include "agent/sign/head.h"

static const enum entry_stage entry_stage[] = {
	[JOURNAL_PREPARING] = ENTRY_PREPARING,
	[JOURNAL_CREATING] = ENTRY_CREATING,
	[JOURNAL_UP] = ENTRY_UP,
	[JOURNAL_REMOVING] = ENTRY_REMOVING,
	[JOURNAL_DOWN] = ENTRY_DOWN,
};
static const char *
name_of(const void *table, size_t i)
{
	return ((const struct inventory *)table)->entry[i]->name;
}

size_t
inventory_position(const struct inventory *inv, const char *name, bool *found)
{
	return sorted_position(inv, inv->count, name_of, name, found);
}

struct entry *
inventory_find(const struct inventory *inv, const char *name)
{
	bool found;
	size_t at = inventory_position(inv, name, &found);

	return found ? inv->entry[at] : NULL;
}

/* Whether a file's name, without its suffix, is that of a jail's file. */
static bool
known(const void *table, const char *file)
{
	const struct inventory *inv = table;
	char name[NAME_MAX + 2];

	if (inventory_find(inv, file) != NULL)
		return true;
	/* Of a long name a part and a hash are left (paths_of_jail). */
	for (size_t i = 0; strchr(file, '~') != NULL && i < inv->count; i++) {
		const char *whole = inv->entry[i]->name;

		if (strncmp(whole, file, strcspn(file, "~")) != 0)
			continue;
		paths_of_jail(name, sizeof name, "", whole, "");
		if (strcmp(name + 1, file) == 0)
			return true;
	}
	return false;
}

static void
entry_free(struct entry *e)
{
	if (e == NULL)
		return;
	spec_free(e->applied);
	text_list_free(&e->seals);
	text_list_free(&e->found);
	text_list_free(&e->made);
	free(e->name);
	free(e->set);
	free(e->path);
	free(e);
}

/* Finds or makes the entry of a name. */
static struct entry *
entry_get(struct inventory *inv, const char *name)
{
	bool found;
	size_t at = inventory_position(inv, name, &found);
	struct entry **grown, *e;

	if (found)
		return inv->entry[at];
	e = calloc(1, sizeof *e);
	grown = realloc(inv->entry, (inv->count + 1) * sizeof *grown);
	if (grown != NULL)
		inv->entry = grown;
	if (e == NULL || grown == NULL || (e->name = strdup(name)) == NULL ||
	    (e->set = strdup("")) == NULL) {
		entry_free(e);
		return NULL;
	}
	memmove(grown + at + 1, grown + at, (inv->count - at) * sizeof *grown);
	grown[at] = e;
	inv->count++;
	return e;
}

static void
entry_drop(struct inventory *inv, const char *name)
{
	bool found;
	size_t at = inventory_position(inv, name, &found);

	if (!found)
		return;
	entry_free(inv->entry[at]);
	inv->count--;
	memmove(inv->entry + at, inv->entry + at + 1,
	    (inv->count - at) * sizeof *inv->entry);
}

/* Takes a thing over, or forgets the last one of that name. */
static int
take_thing(struct inventory *inv, const struct journal_record *r)
{
	struct entry *e = inventory_find(inv, r->name);
	struct text_list *l;

	if (e == NULL || r->what == NULL)
		return 0; /* of a jail that is forgotten */
	l = &e->made;
	if (r->stage == JOURNAL_MAKING)
		return text_list_add(l, r->what);
	for (size_t i = l->count; i-- > 0;)
		if (strcmp(l->text[i], r->what) == 0) {
			free(l->text[i]);
			memmove(l->text + i, l->text + i + 1,
			    (--l->count - i) * sizeof *l->text);
			return 0;
		}
	return 0;
}

/* Carries a journal line, or a snapshot's jail, over into the inventory. */
static int
take_record(void *arg, const struct journal_record *r)
{
	struct inventory *inv = arg;
	struct entry *e;
	char *set;

	if (r->stage == JOURNAL_HOOK) {
		if (inv->writable)
			journal_kill_hook(r);
		return 0;
	}
	if (r->stage == JOURNAL_MAKING || r->stage == JOURNAL_UNMADE)
		return take_thing(inv, r);
	if (r->stage == JOURNAL_GONE) {
		entry_drop(inv, r->name);
		return 0;
	}
	e = entry_get(inv, r->name);
	set = strdup(r->set);
	if (e == NULL || set == NULL || entry_path(e, r->what) != 0) {
		free(set);
		return -1;
	}
	free(e->set);
	e->set = set;
	e->stage = entry_stage[r->stage];
	e->jid = r->jid;
	e->up_at = r->at;
	entry_begun_forget(e);
	snprintf(e->token, sizeof e->token, "%s", r->token);
	snprintf(e->boot, sizeof e->boot, "%s", r->boot);
	return 0;
}

static int
set_doubt(struct inventory *inv, const char *what, const char *why)
{
	size_t size = strlen(what) + strlen(why) + 1;

	inv->doubt = malloc(size);
	if (inv->doubt == NULL)
		return -1;
	snprintf(inv->doubt, size, "%s%s", what, why);
	return 0;
}

/* Jails of the newest snapshot; those of another boot are known by name. */
static int
take_snapshot(struct inventory *inv, struct error *err)
{
	unsigned char digest[DIGEST_SIZE] = { 0 };
	struct snapshot s; /* all zeros if there is none */
	struct head head;
	int rc;

	head_read(inv->paths->head, &head);
	rc = snapshot_newest(inv->paths->snapshots, inv->paths->public_key,
	    &s, digest, err);
	if (rc < 0 || head_check(&head, s.sequence, digest, err) == -1) {
		snapshot_free(&s);
		rc = set_doubt(inv, "the newest snapshot cannot be trusted: ",
		    err->text);
		error_clear(err);
		return rc;
	}
	for (size_t i = 0; rc == 0 && i < s.count; i++) {
		const struct snapshot_jail *j = &s.jail[i];
		struct journal_record r = { JOURNAL_UP, j->name, j->set,
			j->token, s.boot, j->jid, NULL, 0 };

		if (j->token[0] != '\0' && take_record(inv, &r) != 0)
			return error_sys(err, ENOMEM, "inventory");
	}
	snapshot_free(&s);
	return 0;
}

/* What a damaged line said is not known: nothing is removed on this word. */
static int
take_journal(struct inventory *inv, struct error *err)
{
	struct error why;
	int damaged;

	error_clear(&why);
	damaged = journal_read(inv->paths->journal, inv->boot, take_record,
	    inv, &why);
	if (damaged < 0)
		return error_set(err, why.code, "%s", why.text);
	if (damaged == 0 || inv->doubt != NULL)
		return 0;
	if (set_doubt(inv, "what the journal says is not whole: ",
	    why.text) == 0)
		return 0;
	return error_sys(err, ENOMEM, "inventory");
}

/*
 * What was written of it is lost when somebody else wrote it.  A start that was
 * cut off before it wrote what it starts is no reason to look for a copy: that
 * would be of a jail of the same name, of before.
 */
static int
take_applied(struct inventory *inv, struct entry *e, struct error *err)
{
	bool copy = e->stage != ENTRY_PREPARING;
	struct error why;
	char text[ERROR_TEXT_MAX + 64];

	/* Should that fail, as without room, the copy itself is read. */
	if (copy && inv->writable)
		(void)copies_bring_back(inv->paths, e->name, &why);
	error_clear(&why);
	if (applied_read(copy ? copies_place(inv->paths, e->name) :
	    inv->paths->applied, inv->vault, e->name, &e->applied, &e->seals,
	    &e->found, &why) < 0)
		return error_set(err, why.code, "%s", why.text);
	if (e->applied != NULL || why.code == ENOENT)
		return 0;
	snprintf(text, sizeof text, "%s, so what it was last given is not "
	    "known", why.text);
	return text_list_add(&inv->notes, text) == 0 ? 0 :
	    error_sys(err, ENOMEM, "%s", e->name);
}

int
inventory_open(struct inventory *inv, const struct paths *paths,
    const struct vault *vault, const char *boot, bool writable,
    struct error *err)
{
	memset(inv, 0, sizeof *inv);
	inv->paths = paths;
	inv->vault = vault;
	inv->journal = inv->rewrite = inv->old = -1;
	inv->writable = writable;
	snprintf(inv->boot, sizeof inv->boot, "%s", boot);
	if (take_snapshot(inv, err) != 0 || take_journal(inv, err) != 0)
		goto fail;
	for (size_t i = 0; i < inv->count; i++)
		if (take_applied(inv, inv->entry[i], err) != 0)
			goto fail;
	if (writable && (inv->journal = journal_open(paths->journal, boot,
	    err)) == -1)
		goto fail;
	inv->journal_len = inv->hook_len = writable ?
	    (size_t)lseek(inv->journal, 0, SEEK_END) : 0;
	if (writable && inv->doubt == NULL) {
		file_sweep(paths->applied, ".yaml", known, inv);
		file_sweep(paths->copies, ".yaml", known, inv);
		file_sweep(paths->console, ".log", known, inv);
	}
	return 0;
fail:
	inventory_close(inv);
	return -1;
}

void
inventory_close(struct inventory *inv)
{
	for (size_t i = 0; i < inv->count; i++)
		entry_free(inv->entry[i]);
	free(inv->entry);
	for (size_t i = 0; i < inv->hooks; i++)
		free(inv->hook[i].name);
	free(inv->hook);
	free(inv->doubt);
	text_list_free(&inv->notes);
	free(inv->rewritten);
	if (inv->rewrite != -1)
		close(inv->rewrite);
	if (inv->old != -1)
		close(inv->old);
	if (inv->journal != -1)
		close(inv->journal);
	memset(inv, 0, sizeof *inv);
	inv->journal = inv->rewrite = inv->old = -1;
}

/* The entry changes only when the journal has it. */
static int
change_stage(struct inventory *inv, struct entry *e, enum entry_stage stage,
    int jid, struct error *err)
{
	struct journal_record r = inventory_record(e, inventory_stage(stage));

	/* A stop that is given up leaves the jail that there was. */
	if (stage == ENTRY_UP && jid != e->jid)
		r.at = time(NULL);
	r.jid = jid;
	if (inventory_append(inv, &r, err) != 0)
		return -1;
	e->stage = stage;
	e->jid = jid;
	e->up_at = r.at;
	entry_begun_forget(e);
	return 0;
}

int
inventory_preparing(struct inventory *inv, const char *set,
    const struct spec *s, struct error *err)
{
	struct journal_record r = { JOURNAL_PREPARING, s->name, set, "",
		inv->boot, 0, NULL, 0 };

	if (inventory_append(inv, &r, err) != 0)
		return -1;
	if (take_record(inv, &r) != 0)
		return error_sys(err, ENOMEM, "%s", s->name);
	return inventory_apply(inv, inventory_find(inv, s->name), s, err);
}

static int
journal_thing(struct inventory *inv, enum journal_stage stage,
    struct entry *e, const char *what, struct error *err)
{
	/* The caller's text may be the one that is forgotten. */
	char *copy = strdup(what);
	struct journal_record r = inventory_record(e, stage);
	int rc;

	r.what = copy;
	rc = copy == NULL ? error_sys(err, ENOMEM, "%s", e->name) :
	    inventory_append(inv, &r, err);
	if (rc == 0 && take_thing(inv, &r) != 0)
		rc = error_sys(err, ENOMEM, "%s", e->name);
	free(copy);
	return rc;
}

int
inventory_making(struct inventory *inv, struct entry *e, const char *what,
    struct error *err)
{
	return journal_thing(inv, JOURNAL_MAKING, e, what, err);
}

int
inventory_unmade(struct inventory *inv, struct entry *e, const char *what,
    struct error *err)
{
	return journal_thing(inv, JOURNAL_UNMADE, e, what, err);
}

/* Journals a jail with a new mark, and takes it in. */
static int
begin_entry(struct inventory *inv, enum journal_stage stage, const char *set,
    const struct spec *s, int jid, struct entry **entry, struct error *err)
{
	unsigned char random[(TOKEN_SIZE - 1) / 2];
	char token[TOKEN_SIZE];
	struct journal_record r = { stage, s->name, set, token, inv->boot,
		jid, NULL, 0 };
	struct entry *e;

	randombytes_buf(random, sizeof random);
	sodium_bin2hex(token, sizeof token, random, sizeof random);
	if (inventory_append(inv, &r, err) != 0)
		return -1;
	if (take_record(inv, &r) != 0)
		return error_sys(err, ENOMEM, "%s", s->name);
	*entry = e = inventory_find(inv, s->name);
	return inventory_apply(inv, e, s, err);
}

int
inventory_creating(struct inventory *inv, const char *set,
    const struct spec *s, struct entry **entry, struct error *err)
{
	return begin_entry(inv, JOURNAL_CREATING, set, s, 0, entry, err);
}

int
inventory_adopt(struct inventory *inv, const char *set, const struct spec *s,
    int jid, struct entry **entry, struct error *err)
{
	return begin_entry(inv, JOURNAL_UP, set, s, jid, entry, err);
}

int
inventory_up(struct inventory *inv, struct entry *e, int jid,
    struct error *err)
{
	return change_stage(inv, e, ENTRY_UP, jid, err);
}

int
inventory_removing(struct inventory *inv, struct entry *e, struct error *err)
{
	return change_stage(inv, e, ENTRY_REMOVING, e->jid, err);
}

int
inventory_down(struct inventory *inv, struct entry *e, struct error *err)
{
	return change_stage(inv, e, ENTRY_DOWN, 0, err);
}

int
inventory_gone(struct inventory *inv, struct entry *e, struct error *err)
{
	struct journal_record r = inventory_record(e, JOURNAL_GONE);

	if (inventory_append(inv, &r, err) != 0)
		return -1;
	applied_remove(inv->paths->applied, e->name);
	entry_drop(inv, e->name);
	return 0;
}

int
inventory_copy(const struct inventory *inv, struct error *err)
{
	int rc = 0;

	for (size_t i = 0; i < inv->count; i++)
		if (copies_due(inv->paths, inv->entry[i]->name) &&
		    copies_do(COPIES_MAKE, inv->paths->applied,
		    inv->paths->copies, inv->entry[i]->name, err) != 0)
			rc = -1;
	if (inv->doubt == NULL)
		file_sweep(inv->paths->copies, ".yaml", known, inv);
	return rc;
}
