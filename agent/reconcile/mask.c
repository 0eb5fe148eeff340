/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/reconcile/mask.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "agent/plan/plan.h"
#include "specs/text.h"

struct mask {
	const char *text;
	size_t len;
	char *hidden; /* for each byte whether it is of a secret */
	bool failed;
};

/* Each place of a value, and what ends it at the beginning of the text. */
static void
hide(struct mask *m, const char *value, size_t n)
{
	const char *at = m->text, *end = m->text + m->len;

	while ((at = memmem(at, (size_t)(end - at), value, n)) != NULL) {
		memset(m->hidden + (at - m->text), 1, n);
		at++;
	}
	for (size_t k = n < m->len ? n : m->len; k >= MASK_LEAST; k--) {
		if (memcmp(m->text, value + n - k, k) != 0)
			continue;
		memset(m->hidden, 1, k);
		break;
	}
}

static bool
is_control(char c)
{
	return (unsigned char)c < ' ' || c == 127;
}

/* As it is, and as it is where control characters became blanks. */
static void
hide_both(struct mask *m, const char *value, size_t n)
{
	size_t controls = 0;
	char *plain;

	if (n < MASK_LEAST)
		return;
	hide(m, value, n);
	for (size_t i = 0; i < n; i++)
		controls += is_control(value[i]);
	if (controls == 0)
		return;
	plain = malloc(n);
	if (plain == NULL) {
		m->failed = true;
		return;
	}
	for (size_t i = 0; i < n; i++)
		plain[i] = is_control(value[i]) ? ' ' : value[i];
	hide(m, plain, n);
	sodium_memzero(plain, n);
	free(plain);
}

static void
hide_value(struct mask *m, const char *value)
{
	if (value == NULL)
		return;
	hide_both(m, value, strlen(value));
	if (strchr(value, '\n') == NULL)
		return;
	for (const char *line = value; *line != '\0';) {
		size_t n = strcspn(line, "\n");

		hide_both(m, line, n);
		line += n + (line[n] == '\n');
	}
}

static void
hide_spec(struct mask *m, const struct vault *v, const struct spec *s)
{
	struct spec_secret ref;

	for (size_t at = 0; s != NULL && spec_secret_next(s, &at, &ref);) {
		const struct vault_entry *e = vault_find(v, ref.file);

		if (e == NULL)
			continue;
		hide_value(m, e->value);
		hide_value(m, e->former);
	}
}

char *
mask_secrets(const struct vault *v, const struct spec *a,
    const struct spec *b, const char *text)
{
	struct mask m = { .text = text, .len = strlen(text) };
	struct textbuf out = { 0 };

	m.hidden = calloc(m.len + 1, 1);
	if (m.hidden == NULL)
		return NULL;
	hide_spec(&m, v, a);
	hide_spec(&m, v, b);
	textbuf_text(&out, "");
	for (size_t i = 0, n; i < m.len; i += n) {
		for (n = 1; i + n < m.len && m.hidden[i + n] == m.hidden[i];)
			n++;
		if (m.hidden[i])
			textbuf_text(&out, SECRET_SHOWN);
		else
			textbuf_add(&out, text + i, n);
	}
	free(m.hidden);
	if (!m.failed && !out.failed)
		return out.text;
	free(out.text);
	return NULL;
}
