/* SPDX-License-Identifier: BSD-2-Clause */
/* Parents and descendants, names, looking prisons up. */
#ifndef JA_PRISON_TREE_H
#define JA_PRISON_TREE_H

#include "engine.h"

struct record *tree_parent(struct op *op, const struct record *r);

/* Whether `r` is a proper descendant of `top`. */
bool tree_below(struct op *op, const struct record *top,
    const struct record *r);

/*
 * Descendants of `top`, parents before their children, the newest child
 * first.  Records that end while the walk goes on are passed to `each` no
 * more.  `each` returns WALK_NEXT, WALK_SKIP (not below this one) or
 * WALK_STOP; `depth` of a direct child is 1.
 */
enum walk { WALK_NEXT, WALK_SKIP, WALK_STOP };
typedef enum walk walk_fn(struct op *op, struct record *r, int depth,
    void *arg);
enum walk tree_walk(struct op *op, const struct record *top, walk_fn *each,
    void *arg);

/* Bytes of the names of children that their parent's name takes, dot too. */
size_t name_prefix(const struct record *parent);

/* The name as a caller in `my` sees it; "0" for `my` itself. */
const char *name_seen_from(const struct record *my, const struct record *r);

/* The path as a caller in `my` sees it. */
const char *path_seen_from(const struct record *my, const struct record *r);

/*
 * A descendant of `my` by its name as `my` sees it: an alive one, else a dying
 * one, else NULL.
 */
struct record *find_name(struct op *op, const struct record *my,
    const char *name);

/* A direct child by the rest of its name behind the parent's, as find_name. */
struct record *find_child(struct op *op, const struct record *parent,
    const char *rest, const struct record *except);

/* By its unique number; NULL when it is gone. */
struct record *find_serial(struct op *op, int jid, uint64_t serial);

#endif
