/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Live state: what the kernel says of a jail, through kernel/jail.h alone.
 */
#ifndef JA_OBSERVE_H
#define JA_OBSERVE_H

#include "kernel/call.h"
#include "specs/spec.h"

/*
 * The mark by which a jail is known as the agent's own: a random token, kept in
 * the jail's meta where the kernel has it.
 */
#define TOKEN_KEY "meta.jailagent"
#define TOKEN_SIZE 33 /* 32 hex digits and a NUL */

struct observer {
	struct jail_kernel *kernel;
	struct jail_params params; /* what this kernel advertises */
	bool has_meta;
	char boot[64];
};

/* A living jail.  Texts point into the row. */
struct live {
	struct jail_row row;
	int jid;
	const char *name, *path;
	const char *token; /* NULL: no mark */
	bool secluded; /* the addresses that a spec speaks of need a restart */
	bool limits_known; /* a spec speaks of some, and they were read: */
	struct jail_limits limits;
};

int observer_init(struct observer *o, struct jail_kernel *k,
    struct error *err);
void observer_free(struct observer *o);

/*
 * Reads a living jail by name, with the meta and env keys, and the limits, that
 * the two specs (either may be NULL) mention.  Returns 0, 1 when there is none, -1.
 */
int live_read(const struct observer *o, const char *name,
    const struct spec *desired, const struct spec *applied, struct live *live,
    struct error *err);
void live_free(struct live *live);

/*
 * Whether it is the jail with that mark; where the kernel keeps none (`marked`
 * is false) the one with that jid and that path (NULL: not known).
 */
bool live_is(const struct live *live, bool marked, const char *token, int jid,
    const char *path);

/* What the kernel says of it, or of none (all zeros), in few bytes. */
#define LIVE_DIGEST 16
void live_digest(const struct live *live, unsigned char digest[LIVE_DIGEST]);

/* The name of the living jail that has the jid: 0, 1 when there is none, -1. */
int live_name(const struct observer *o, int jid, char *buf, size_t size,
    struct error *err);
/* The same if the jail has that mark, else 1. */
int live_marked(const struct observer *o, int jid, const char *token,
    char *buf, size_t size, struct error *err);

/* The canonical texts of a live value, empty when the kernel has none. */
int live_texts(const struct live *live, const char *name,
    struct text_list *texts, struct error *err);

/* One row of a walk over all jails. */
struct seen {
	int jid;
	const char *name, *path, *token;
	bool dying;
};

/*
 * Calls `each` for every jail, dying ones included, in the order of their jids.
 * Returns the number of jails, -1 on error.
 */
int observe_all(const struct observer *o,
    void (*each)(void *arg, const struct seen *s), void *arg,
    struct error *err);

/*
 * The same for those behind *jid, until that time (clock_us) and one at least;
 * *jid becomes the last one's.  Returns 1, 0 when there are no more, -1.
 */
int observe_some(const struct observer *o, int *jid, int64_t until,
    void (*each)(void *arg, const struct seen *s), void *arg,
    struct error *err);

/* The roots of all jails, by which links in paths are judged. */
struct jail_roots {
	struct jail_root {
		char *name, *path;
	} *root;
	size_t count;
	bool known; /* they have been read */
};

void jail_roots_forget(struct jail_roots *roots);

/*
 * The canonical form of a spec's path.  A symbolic link below the root of a
 * jail is not followed, since its processes could change where it leads.  The
 * roots are read when the path has a link in it, and they are not known.
 * Returns 0, -1 with err, which names the path.
 */
int canonical_path(const struct observer *o, struct jail_roots *roots,
    const char *path, char *buf, size_t size, struct error *err);

/* The same for what is bound into a jail, which may also be a file. */
int canonical_source(const struct observer *o, struct jail_roots *roots,
    const char *path, char *buf, size_t size, struct error *err);

/*
 * Whether a path is below the root of a jail: 1 and its name, valid until the
 * roots are forgotten; 0; -1.
 */
int jail_roots_hold(const struct observer *o, struct jail_roots *roots,
    const char *path, const char **jail, struct error *err);

#endif
