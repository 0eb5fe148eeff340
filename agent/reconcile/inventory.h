/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The inventory: which jails are the agent's own, by what mark, and what spec
 * each was last given.
 *
 * It is read from the newest good snapshot and the journal, and kept by
 * appending a line to the journal *before* anything is done to a jail, so that
 * an agent that starts after a crash knows what its predecessor was about to
 * do.  The journal lives in the run directory and speaks of one boot; no jail
 * outlives that.  Applied specs (applied.h) live beside it.
 */
#ifndef JA_INVENTORY_H
#define JA_INVENTORY_H

#include "agent/plan/observe.h"
#include "agent/base/paths.h"
#include "agent/read/vault.h"

enum entry_stage {
	ENTRY_PREPARING, /* its start has begun; there is no jail yet */
	ENTRY_CREATING, /* journalled; its creation has not ended */
	ENTRY_UP,
	ENTRY_REMOVING,
	ENTRY_DOWN, /* stopped in good order, to be started again */
};

struct entry {
	char *name, *set;
	char token[TOKEN_SIZE];
	char boot[64];
	int jid;
	int64_t up_at; /* since when, s since the epoch; 0: not known */
	char *path; /* of the living jail, where it has no mark; NULL: unknown */
	enum entry_stage stage;
	struct spec *applied; /* NULL: unknown */
	bool secretless;      /* it names no secret; false: not looked at */
	struct text_list seals; /* of its secrets as they were (vault.h) */
	struct text_list found; /* addresses of ip_hostname (hostname.h) */
	struct text_list made; /* on the host for it, see things.h; in order */
};

struct hook_mark;

struct inventory {
	struct entry **entry; /* sorted by name */
	size_t count;
	const struct paths *paths;
	char boot[64];
	int journal;	    /* descriptor; -1: read only */
	size_t journal_len; /* bytes appended since the last rewrite */
	int rewrite;	    /* descriptor of the next journal; -1: none */
	int old;	    /* of the one before, to be closed; -1: none */
	char *rewritten;    /* the last jail that it has; NULL: it has none */
	size_t hook_len;    /* of these, such as may be of ended hooks */
	bool writable;	    /* the lock is ours: surviving hooks are killed */
	struct hook_mark *hook; /* those journalled that may run still */
	size_t hooks, hook_room;
	const struct vault *vault; /* NULL: there is none */
	struct text_list notes; /* for users: specs that are not used, ... */
	/* Told, when set, that a jail's entry may be another one now. */
	void (*changed)(void *arg, const char *name);
	void *changed_arg;
	char *doubt;	    /* why no jail may be removed on its word, whole */
};

/*
 * Reads what there is.  `writable` needs the lock of the state directory.
 * A newest snapshot that does not verify is no error but a doubt.
 */
int inventory_open(struct inventory *inv, const struct paths *paths,
    const struct vault *vault, const char *boot, bool writable,
    struct error *err);
void inventory_close(struct inventory *inv);

struct entry *inventory_find(const struct inventory *inv, const char *name);

/*
 * Journals that a hook runs, with its identity: an agent that finds it alive
 * when it opens the inventory kills it and its group, before anything else.
 */
int inventory_hook(struct inventory *inv, const char *name, pid_t pid,
    struct error *err);

/*
 * Journals that a jail that runs already is the agent's own from now on, as if
 * it had been given `s`, under a new mark.
 */
int inventory_adopt(struct inventory *inv, const char *set,
    const struct spec *s, int jid, struct entry **entry, struct error *err);

/*
 * Journals that a start of `s` begins: from now on hooks may have done
 * something, and things may be there, though there is no jail.
 */
int inventory_preparing(struct inventory *inv, const char *set,
    const struct spec *s, struct error *err);

/* Journals a thing before it is made on the host, and after it is gone. */
int inventory_making(struct inventory *inv, struct entry *e, const char *what,
    struct error *err);
int inventory_unmade(struct inventory *inv, struct entry *e, const char *what,
    struct error *err);
bool entry_made(const struct entry *e, const char *what);

/*
 * Journals that hooks of an entry that is being prepared begin, which those of
 * the parameter `undo` are to undo; NULL: that it will be told of each.
 * entry_began: whether they may have begun, which is so from the next stage on,
 * and where nobody told.
 *
 * inventory_ran, entry_ran: that the hooks of a parameter ran, the jail being
 * gone.  entry_begun_forget: the entry has another stage.
 */
int inventory_begins(struct inventory *inv, struct entry *e, const char *undo,
    struct error *err);
bool entry_began(const struct entry *e, const char *undo);
int inventory_ran(struct inventory *inv, struct entry *e, const char *param,
    struct error *err);
bool entry_ran(const struct entry *e, const char *param);
void entry_begun_forget(struct entry *e);

/* The name by which another jail has the same thing (thing_same), or NULL. */
const char *inventory_shared(const struct inventory *inv,
    const struct entry *e, const char *what);

/* Journals that a jail is about to be made of `s`; gives it a new mark. */
int inventory_creating(struct inventory *inv, const char *set,
    const struct spec *s, struct entry **entry, struct error *err);
int inventory_up(struct inventory *inv, struct entry *e, int jid,
    struct error *err);
int inventory_removing(struct inventory *inv, struct entry *e,
    struct error *err);
int inventory_down(struct inventory *inv, struct entry *e, struct error *err);
/* The living jail's path, as the next line of its entry journals it. */
int entry_path(struct entry *e, const char *path);
/* The jail is gone: forgets the entry (freed) and its applied spec. */
int inventory_gone(struct inventory *inv, struct entry *e, struct error *err);

/*
 * A change to `s` begins: from now on what it sets may be in force, besides
 * what was applied.  inventory_apply ends it.
 */
int inventory_changing(struct inventory *inv, struct entry *e,
    const struct spec *s, struct error *err);
/* Keeps `s` as the applied spec of its jail, on disk first. */
int inventory_apply(struct inventory *inv, struct entry *e,
    const struct spec *s, struct error *err);
/* Keeps what ip_hostname found for the applied spec; takes the list over. */
int inventory_found(struct inventory *inv, struct entry *e,
    struct text_list *found, struct error *err);

/*
 * Copies the applied specs that are newer than their copies, for who has no
 * signer that does it; -1 when some could not be.
 */
int inventory_copy(const struct inventory *inv, struct error *err);

/* Whether its applied spec has secrets; cheap for who asks again. */
bool inventory_has_secrets(struct entry *e);

/* Tells who wants to be told. */
void inventory_changed(const struct inventory *inv, const char *name);

/*
 * Rewrites a journal that has grown, hooks that run included; to be begun when a
 * snapshot of exactly this inventory is durable: 1; 0: it is short still, -1.
 * Then inventory_compact_on writes up to so many jails and returns 1 as long as
 * there is more to do, 0 when the new journal is in its place, or -1: the old one
 * goes on.  Both are written to meanwhile.
 */
int inventory_compact(struct inventory *inv, struct error *err);
int inventory_compact_on(struct inventory *inv, size_t most,
    struct error *err);

#endif
