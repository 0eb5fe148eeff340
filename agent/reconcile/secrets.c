/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/reconcile/secrets.h"

#include <errno.h>
#include <limits.h>
#include <sodium.h>
#include <string.h>

#include "agent/reconcile/reconcile.h"

/*
 * The file that was read is where the path leads now, and no jail can change
 * that: root in a jail could have it lead to any file of the host.
 */
static int
check_place(const struct observer *o, struct jail_roots *roots,
    const struct vault_entry *e, const struct spec_secret *ref,
    struct error *err)
{
	const char *jail = NULL;
	char real[PATH_MAX];
	int held;

	if (canonical_source(o, roots, e->file, real, sizeof real, err) != 0)
		return error_wrap(err, "%s%.*s", ref->prefix, ref->key_len,
		    ref->key);
	if (e->real == NULL || strcmp(real, e->real) != 0)
		return error_set(err, EAGAIN, "%s%.*s: secret %s leads "
		    "elsewhere than when it was read; it is read again",
		    ref->prefix, ref->key_len, ref->key, e->file);
	held = jail_roots_hold(o, roots, real, &jail, err);
	if (held == 1)
		return error_set(err, EPERM, "%s%.*s: secret %s is below the "
		    "root of jail %s, whose processes could change it; keep it "
		    "elsewhere", ref->prefix, ref->key_len, ref->key, e->file,
		    jail);
	return held;
}

static int
check_places(const struct vault *v, const struct observer *o,
    struct jail_roots *roots, const struct spec *s, struct error *err)
{
	struct spec_secret ref;

	for (size_t at = 0; spec_secret_next(s, &at, &ref);) {
		const struct vault_entry *e = vault_find(v, ref.file);

		if (e != NULL && check_place(o, roots, e, &ref, err) != 0)
			return -1;
	}
	return 0;
}

int
secrets_open(const struct vault *v, const struct observer *o,
    struct jail_roots *roots, const struct spec *s, struct secrets *x)
{
	struct spec_secret ref;
	size_t at = 0;

	*x = (struct secrets){ .revealed = NULL };
	if (s == NULL || !spec_secret_next(s, &at, &ref))
		return 0;
	if (vault_check(v, s, &x->err) == 0)
		(void)check_places(v, o, roots, s, &x->err);
	if (vault_reveal(v, s, &x->revealed) != NULL && vault_seals(v, s, &x->seals) == 0)
		return 0;
	secrets_close(x);
	return -1;
}

void
secrets_close(struct secrets *x)
{
	vault_hide(x->revealed);
	text_list_free(&x->seals);
	x->revealed = NULL;
}

bool
secrets_pending(const struct vault *v, const struct spec *s)
{
	return s != NULL && vault_check(v, s, NULL) == 1;
}

bool
secrets_name(const struct spec *s, const char *file)
{
	struct spec_secret ref;

	for (size_t at = 0; s != NULL && spec_secret_next(s, &at, &ref);)
		if (strcmp(ref.file, file) == 0)
			return true;
	return false;
}

void
reconciler_secret(struct reconciler *r, const char *file)
{
	for (size_t i = 0; i < r->count; i++) {
		struct managed *m = r->jail[i];
		struct spec *s = rollback_secret(&m->rollback, r->shop.paths,
		    r->shop.vault, file);

		if (s != NULL) {
			spec_free(m->desired);
			m->desired = s;
		} else if (!secrets_name(m->desired, file)) {
			continue;
		}
		m->fresh = true;
		claims_changed(r, m);
		reconciler_look(r, m);
	}
}

char *
reconciler_digest(const struct reconciler *r, const struct spec *s,
    const struct text_list *seals, char *hex)
{
	unsigned char digest[SPEC_DIGEST_SIZE];
	struct text_list now = { 0 };

	if (seals == NULL)
		(void)vault_seals(r->shop.vault, s, &now);
	vault_digest(r->shop.vault, s, seals != NULL ? seals : &now, digest);
	text_list_free(&now);
	return sodium_bin2hex(hex, 2 * SPEC_DIGEST_SIZE + 1, digest,
	    sizeof digest);
}
