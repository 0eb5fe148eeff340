/* SPDX-License-Identifier: BSD-2-Clause */
/* What planning needs to know of a spec's secrets. */
#ifndef JA_SECRETS_H
#define JA_SECRETS_H

#include "agent/plan/plan.h"
#include "agent/read/vault.h"

struct secrets {
	struct spec *revealed; /* NULL: the spec has none */
	struct text_list seals;
	struct error err; /* code 0: all can be had */
};

/*
 * Looks at the secrets of a spec (NULL: none), which a jail must not be able to
 * choose: a file below the root of one is refused, and so is a link there.
 * Returns 0, -1 when memory is out.  To be given back with secrets_close.
 */
int secrets_open(const struct vault *v, const struct observer *o,
    struct jail_roots *roots, const struct spec *s, struct secrets *x);
void secrets_close(struct secrets *x);

/* Whether some secret of the spec has not been looked at yet. */
bool secrets_pending(const struct vault *v, const struct spec *s);

/* Whether a spec (NULL: none) refers to the file. */
bool secrets_name(const struct spec *s, const char *file);

struct reconciler;

/* A secret changed: to its jails that is as if their specs did. */
void reconciler_secret(struct reconciler *r, const char *file);

/*
 * The digest of a spec in hex (2 * SPEC_DIGEST_SIZE + 1 bytes), keyed when it
 * has secrets, which count with the seals given, or (NULL) as they are now.
 */
char *reconciler_digest(const struct reconciler *r, const struct spec *s,
    const struct text_list *seals, char *hex);

#endif
