/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A spec as canonical YAML: name and path first, then the parameters by name
 * with dotted keys, agent: last.  Texts stand plain where any YAML parser
 * reads them back as they are, else in double quotes with escapes.
 */
#include <stdlib.h>
#include <string.h>

#include "scalar.h"
#include "settings.h"
#include "text.h"

static void
put_key(struct textbuf *b, const char *key)
{
	scalar_put(b, key);
	textbuf_text(b, ":");
}

static void
put_secret(struct textbuf *b, const char *file)
{
	textbuf_text(b, "!secret ");
	scalar_put_literal(b, file);
}

static bool
takes_list(const struct param_def *def)
{
	return def->type == PARAM_LIST || def->type == PARAM_IP4 ||
	    def->type == PARAM_IP6;
}

static void
put_param(struct textbuf *b, const struct spec_param *p)
{
	put_key(b, p->name);
	if (!takes_list(p->def) || p->value.count == 0) {
		textbuf_text(b, " ");
		if (p->value.count == 0)
			textbuf_text(b, "[]");
		else if (p->secret)
			put_secret(b, p->value.text[0]);
		else
			scalar_put_literal(b, p->value.text[0]);
		textbuf_text(b, "\n");
		return;
	}
	textbuf_text(b, "\n");
	for (size_t i = 0; i < p->value.count; i++) {
		textbuf_text(b, "  - ");
		scalar_put_literal(b, p->value.text[i]);
		textbuf_text(b, "\n");
	}
}

static bool
has_secrets(const struct setting *s, const struct spec_agent *agent)
{
	return strcmp(s->name, "agent.environment") == 0 &&
	    agent->secrets.count > 0;
}

/* KEY=VALUE entries of a mapping. */
static void
put_entries(struct textbuf *b, const struct text_list *l,
    void (*put)(struct textbuf *b, const char *value))
{
	for (size_t i = 0; i < l->count; i++) {
		const char *equals = strchr(l->text[i], '=');
		char *key = strndup(l->text[i], (size_t)(equals - l->text[i]));

		if (key == NULL) {
			textbuf_fail(b);
			return;
		}
		textbuf_text(b, "    ");
		put_key(b, key);
		textbuf_text(b, " ");
		put(b, equals + 1);
		textbuf_text(b, "\n");
		free(key);
	}
}

/* A mapping; of the environment also what comes from files. */
static void
put_map(struct textbuf *b, const char *name, const struct setting *s,
    const struct spec_agent *agent)
{
	const char *at = (const char *)agent + s->offset;

	textbuf_format(b, "  %s:\n", name);
	put_entries(b, (const struct text_list *)(const void *)at,
	    scalar_put_literal);
	if (has_secrets(s, agent))
		put_entries(b, &agent->secrets, put_secret);
}

/* Settings that differ from their defaults; `agent.x.y` as y below x. */
static void
put_settings(struct textbuf *b, const struct spec_agent *agent)
{
	const char *group = "";
	size_t group_len = 0;

	for (size_t i = 0; i < setting_count; i++) {
		const struct setting *s = &setting_table[i];
		const char *name = s->name + strlen("agent.");
		const char *dot = strchr(name, '.');
		const char *text;
		char buf[32];

		if (setting_is_default(s, agent) && !has_secrets(s, agent))
			continue;
		if (s->type == SETTING_MAP)
			put_map(b, name, s, agent);
		text = setting_text(s, agent, buf, sizeof buf);
		if (text == NULL)
			continue;
		if (dot != NULL && ((size_t)(dot - name) != group_len ||
		    memcmp(group, name, group_len) != 0)) {
			group = name;
			group_len = (size_t)(dot - name);
			textbuf_format(b, "  %.*s:\n", (int)group_len, group);
		}
		textbuf_format(b, "%s%s: ", dot != NULL ? "    " : "  ",
		    dot != NULL ? dot + 1 : name);
		scalar_put_literal(b, text);
		textbuf_text(b, "\n");
	}
}

char *
spec_print(const struct spec *s)
{
	struct textbuf b = { 0 }, settings = { 0 };
	const struct spec_param *path = spec_param_find(s, "path");

	textbuf_text(&b, "name: ");
	scalar_put(&b, s->name);
	textbuf_text(&b, "\n");
	if (path != NULL)
		put_param(&b, path);
	for (size_t i = 0; i < s->count; i++) {
		if (&s->param[i] != path)
			put_param(&b, &s->param[i]);
	}
	put_settings(&settings, &s->agent);
	if (settings.len > 0) {
		textbuf_text(&b, "agent:\n");
		textbuf_add(&b, settings.text, settings.len);
	}
	if (settings.failed)
		textbuf_fail(&b);
	free(settings.text);
	return b.text;
}
