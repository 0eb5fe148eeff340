/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/read/vault.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/buffer.h"
#include "agent/base/file.h"
#include "agent/base/sorted.h"
#include "agent/read/secret.h"
#include "kernel/compat.h"
#include "specs/text.h"

#define SEAL_SIZE 16
#define TRIES 100 /* to read a file that is written again and again */

/* ------------------------------------------------------------- the table */

static const char *
file_of(const void *table, size_t i)
{
	return ((const struct vault *)table)->entry[i].file;
}

const struct vault_entry *
vault_find(const struct vault *v, const char *file)
{
	bool found;
	size_t at = sorted_position(v, v->count, file_of, file, &found);

	return found ? &v->entry[at] : NULL;
}

static void
free_value(char *value)
{
	if (value != NULL)
		sodium_memzero(value, strlen(value));
	free(value);
}

static void
entry_finish(struct vault_entry *e)
{
	free_value(e->value);
	free_value(e->former);
	free(e->file);
	free(e->real);
	free(e->problem);
}

/* Finds or makes the entry of a file. */
static struct vault_entry *
entry_get(struct vault *v, const char *file)
{
	bool found;
	size_t at = sorted_position(v, v->count, file_of, file, &found);
	struct vault_entry *grown;
	char *copy;

	if (found)
		return &v->entry[at];
	copy = strdup(file);
	grown = realloc(v->entry, (v->count + 1) * sizeof *grown);
	if (grown != NULL)
		v->entry = grown;
	if (copy == NULL || grown == NULL) {
		free(copy);
		return NULL;
	}
	memmove(grown + at + 1, grown + at, (v->count - at) * sizeof *grown);
	grown[at] = (struct vault_entry){ .file = copy };
	v->count++;
	return &grown[at];
}

static bool
same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* Replaces a text; true when it is another one. */
static bool
replace(char **to, const char *text, bool *failed)
{
	char *copy;

	if (same_text(*to, text))
		return false;
	copy = text != NULL ? strdup(text) : NULL;
	*failed |= text != NULL && copy == NULL;
	free_value(*to);
	*to = copy;
	return true;
}

int
vault_put(struct vault *v, const char *file, const char *real,
    const char *value, const char *problem)
{
	struct vault_entry *e = entry_get(v, file);
	bool failed = false, news;

	if (e == NULL)
		return -1;
	news = replace(&e->problem, problem, &failed);
	news |= replace(&e->real, real, &failed);
	if (value != NULL && !same_text(e->value, value)) {
		free_value(e->former);
		e->former = e->value;
		e->value = NULL;
		news |= replace(&e->value, value, &failed);
	}
	return failed ? -1 : news;
}

void
vault_drop(struct vault *v, const char *file)
{
	bool found;
	size_t at = sorted_position(v, v->count, file_of, file, &found);

	if (!found)
		return;
	entry_finish(&v->entry[at]);
	v->count--;
	memmove(v->entry + at, v->entry + at + 1,
	    (v->count - at) * sizeof *v->entry);
}

/* --------------------------------------------------------------- the key */

/*
 * Returns 0, 1 when there is no such file, -1.  A loss of power can leave the
 * name without the bytes that were not forced to the disk, which read as none or
 * as zeros: that is no key.
 */
static int
read_key(struct vault *v, const char *file, struct error *err)
{
	char *data = NULL;
	size_t len = 0;

	if (file_read(AT_FDCWD, file, sizeof v->key, &data, &len, err) != 0)
		return err->code == ENOENT ? 1 : err->code != EFBIG ?
		    error_wrap(err, "%s", file) : error_set(err, EINVAL,
		    "%s is damaged: expected %zu bytes; remove it, and all "
		    "secrets count as changed", file, sizeof v->key);
	v->has_key = len == sizeof v->key &&
	    !sodium_is_zero((const unsigned char *)data, len);
	if (v->has_key)
		memcpy(v->key, data, len);
	sodium_memzero(data, len);
	free(data);
	return !v->has_key;
}

int
vault_open(struct vault *v, const char *key, bool make, struct error *err)
{
	int rc;

	*v = (struct vault){ .entry = NULL };
	compat_hide_memory();
	rc = read_key(v, key, err);
	if (rc == 0 || (rc == -1 && make))
		return rc;
	error_clear(err);
	if (!make)
		return 0; /* others than the agent's user may plan */
	randombytes_buf(v->key, sizeof v->key);
	v->has_key = true;
	return file_replace_sync(AT_FDCWD, key, 0600, v->key, sizeof v->key,
	    err);
}

void
vault_close(struct vault *v)
{
	for (size_t i = 0; i < v->count; i++)
		entry_finish(&v->entry[i]);
	free(v->entry);
	sodium_memzero(v, sizeof *v);
}

/* ----------------------------------------------------- the secrets of specs */

int
vault_read(struct vault *v, const struct spec *s)
{
	struct spec_secret ref;
	int rc = 0;

	for (size_t at = 0; rc >= 0 && spec_secret_next(s, &at, &ref);) {
		struct secret found;
		int tries = TRIES;

		if (vault_find(v, ref.file) != NULL)
			continue;
		/* Unless it is changed at just this moment. */
		while (secret_look(ref.file, NULL, false, &found) ==
		    SECRET_WRITTEN && --tries > 0)
			secret_finish(&found);
		rc = vault_put(v, ref.file, found.real, found.value,
		    found.problem);
		secret_finish(&found);
	}
	return rc >= 0 ? 0 : -1;
}

int
vault_check(const struct vault *v, const struct spec *s, struct error *err)
{
	struct spec_secret ref;
	bool pending = false;

	for (size_t at = 0; spec_secret_next(s, &at, &ref);) {
		const struct vault_entry *e = vault_find(v, ref.file);

		if (e == NULL) {
			pending = true;
			error_set(err, EAGAIN, "%s%.*s: secret %s was not read "
			    "yet", ref.prefix, ref.key_len, ref.key, ref.file);
		} else if (e->problem != NULL || e->value == NULL) {
			return error_set(err, EACCES, "%s%.*s: secret %s; the "
			    "jail is left as it is until it can be read",
			    ref.prefix, ref.key_len, ref.key,
			    e->problem != NULL ? e->problem : e->file);
		} else if (ref.param != NULL && strchr(e->value, '\n') != NULL) {
			return error_set(err, EINVAL, "%s%.*s: secret %s: "
			    "expected one line, found several", ref.prefix,
			    ref.key_len, ref.key, ref.file);
		}
	}
	return pending;
}

/* Adds "KEY=VALUE"; both texts of the list are wiped by the caller. */
static int
add_variable(struct text_list *to, const struct spec_secret *ref,
    const char *value)
{
	struct textbuf b = { 0 };
	int rc;

	textbuf_add(&b, ref->key, (size_t)ref->key_len);
	textbuf_text(&b, "=");
	textbuf_text(&b, value);
	rc = b.failed ? -1 : text_list_add(to, b.text);
	free_value(b.text);
	return rc;
}

/* The parameters of a spec; `text` holds a pointer for each. */
static void
reveal_params(const struct vault *v, const struct spec *s, struct spec *draft,
    char **text)
{
	for (size_t i = 0; i < s->count; i++) {
		struct spec_param *p = &draft->param[draft->count];
		const struct vault_entry *e;

		*p = s->param[i];
		if (p->secret) {
			e = vault_find(v, p->value.text[0]);
			if (e == NULL || e->value == NULL)
				continue;
			text[i] = e->value;
			p->value = (struct text_list){ &text[i], 1 };
			p->secret = false;
		}
		draft->count++;
	}
}

static int
reveal_variables(const struct vault *v, const struct spec *s,
    struct text_list *variables)
{
	struct spec_secret ref;

	if (text_list_copy(variables, &s->agent.environment) != 0)
		return -1;
	for (size_t at = 0; spec_secret_next(s, &at, &ref);) {
		const struct vault_entry *e = vault_find(v, ref.file);

		if (ref.param == NULL && e != NULL && e->value != NULL &&
		    add_variable(variables, &ref, e->value) != 0)
			return -1;
	}
	return 0;
}

const struct spec *
vault_reveal(const struct vault *v, const struct spec *s, struct spec **made)
{
	struct spec draft = *s;
	struct text_list variables = { 0 };
	struct spec_secret ref;
	size_t at = 0;
	char **text;

	*made = NULL;
	if (!spec_secret_next(s, &at, &ref))
		return s;
	text = calloc(s->count + 1, sizeof *text);
	draft.count = 0;
	draft.param = calloc(s->count + 1, sizeof *draft.param);
	if (draft.param != NULL && text != NULL &&
	    reveal_variables(v, s, &variables) == 0) {
		reveal_params(v, s, &draft, text);
		draft.agent.environment = variables;
		draft.agent.secrets = (struct text_list){ 0 };
		*made = spec_copy(&draft);
	}
	for (size_t i = 0; i < variables.count; i++)
		sodium_memzero(variables.text[i], strlen(variables.text[i]));
	text_list_free(&variables);
	free(draft.param);
	free(text);
	return *made;
}

void
vault_hide(struct spec *made)
{
	spec_wipe(made);
}

/* "-" of one that cannot be had. */
static void
seal(const struct vault *v, const struct spec *s,
    const struct spec_secret *ref, char hex[2 * SEAL_SIZE + 1])
{
	const struct vault_entry *e = vault_find(v, ref->file);
	unsigned char digest[SEAL_SIZE];
	crypto_generichash_state h;

	snprintf(hex, 2 * SEAL_SIZE + 1, "-");
	if (e == NULL || e->value == NULL || !v->has_key)
		return;
	crypto_generichash_init(&h, v->key, sizeof v->key, SEAL_SIZE);
	crypto_generichash_update(&h, (const unsigned char *)s->name,
	    strlen(s->name) + 1);
	crypto_generichash_update(&h, (const unsigned char *)ref->prefix,
	    strlen(ref->prefix));
	crypto_generichash_update(&h, (const unsigned char *)ref->key,
	    (size_t)ref->key_len);
	crypto_generichash_update(&h, (const unsigned char *)"", 1);
	crypto_generichash_update(&h, (const unsigned char *)e->value,
	    strlen(e->value));
	crypto_generichash_final(&h, digest, sizeof digest);
	sodium_memzero(&h, sizeof h);
	sodium_bin2hex(hex, 2 * SEAL_SIZE + 1, digest, sizeof digest);
}

int
vault_seals(const struct vault *v, const struct spec *s,
    struct text_list *seals)
{
	struct spec_secret ref;

	for (size_t at = 0; spec_secret_next(s, &at, &ref);) {
		struct buffer b = { .data = NULL };
		char hex[2 * SEAL_SIZE + 1];
		int rc;

		seal(v, s, &ref, hex);
		buffer_printf(&b, "%s%.*s %s", ref.prefix, ref.key_len,
		    ref.key, hex);
		rc = b.failed ? -1 : text_list_add(seals, b.data);
		buffer_free(&b);
		if (rc != 0)
			return -1;
	}
	return 0;
}

void
vault_digest(const struct vault *v, const struct spec *s,
    const struct text_list *seals, unsigned char digest[SPEC_DIGEST_SIZE])
{
	crypto_generichash_state h;

	memcpy(digest, spec_digest(s), SPEC_DIGEST_SIZE);
	if (seals->count == 0)
		return;
	crypto_generichash_init(&h, v->has_key ? v->key : NULL,
	    v->has_key ? sizeof v->key : 0, SPEC_DIGEST_SIZE);
	crypto_generichash_update(&h, spec_digest(s), SPEC_DIGEST_SIZE);
	for (size_t i = 0; i < seals->count; i++)
		crypto_generichash_update(&h,
		    (const unsigned char *)seals->text[i],
		    strlen(seals->text[i]) + 1);
	crypto_generichash_final(&h, digest, SPEC_DIGEST_SIZE);
}
