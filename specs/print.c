/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A spec as canonical YAML: name and path first, then the parameters by name
 * with dotted keys, agent: last.  Texts stand plain where any YAML parser
 * reads them back as they are, else in double quotes with escapes.
 */
#include <stdlib.h>
#include <string.h>

#include "settings.h"
#include "text.h"

/* Texts that mean "no value" when they stand plain. */
static bool
means_null(const char *text)
{
	static const char *const words[] = { "null", "Null", "NULL" };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (strcmp(text, words[i]) == 0)
			return true;
	}
	return false;
}

static bool
is_plain(const char *text)
{
	static const char first[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789/_";
	size_t len = strlen(text);

	bool number = text[0] == '-' && text[1] >= '0' && text[1] <= '9';

	if (len == 0 || means_null(text) ||
	    (strchr(first, *text) == NULL && !number))
		return false;
	for (size_t i = 0; i < len; i++) {
		char next = text[i + 1];

		if (text[i] < ' ' || text[i] > '~')
			return false;
		if (text[i] == ':' && (next == ' ' || next == '\0'))
			return false;
		if (text[i] == ' ' && (next == '#' || next == '\0'))
			return false;
	}
	return true;
}

/* Whether a character cannot stand in YAML, or breaks a line there. */
static bool
needs_escape(unsigned c)
{
	return c < ' ' || (c >= 0x7f && c < 0xa0) || c == 0x2028 ||
	    c == 0x2029 || c == 0xfeff || c == 0xfffe || c == 0xffff;
}

static unsigned
decode(const char *s, size_t len)
{
	unsigned c = (unsigned char)*s;

	if (len > 1)
		c &= 0xffu >> (len + 1);
	for (size_t i = 1; i < len; i++)
		c = c << 6 | ((unsigned char)s[i] & 0x3f);
	return c;
}

static void
put_quoted(struct textbuf *b, const char *text)
{
	textbuf_text(b, "\"");
	while (*text != '\0') {
		size_t len = utf8_length(text);
		unsigned c = decode(text, len);

		if (c == '\n')
			textbuf_text(b, "\\n");
		else if (c == '"' || c == '\\')
			textbuf_format(b, "\\%c", (int)c);
		else if (needs_escape(c))
			textbuf_format(b, c > 0xff ? "\\u%04X" : "\\x%02X", c);
		else
			textbuf_add(b, text, len);
		text += len;
	}
	textbuf_text(b, "\"");
}

/* Writes a text so that it is read back as it is, ${ included. */
static void
put_text(struct textbuf *b, const char *text)
{
	struct textbuf escaped = { 0 };
	const char *reference;

	if (strstr(text, "${") != NULL) {
		while ((reference = strstr(text, "${")) != NULL) {
			textbuf_add(&escaped, text, (size_t)(reference - text));
			textbuf_text(&escaped, "$${");
			text = reference + 2;
		}
		textbuf_text(&escaped, text);
		if (escaped.failed)
			textbuf_fail(b);
		text = escaped.failed ? "" : escaped.text;
	}
	if (is_plain(text))
		textbuf_text(b, text);
	else
		put_quoted(b, text);
	free(escaped.text);
}

static void
put_key(struct textbuf *b, const char *key)
{
	if (is_plain(key))
		textbuf_text(b, key);
	else
		put_quoted(b, key);
	textbuf_text(b, ":");
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
		else
			put_text(b, p->value.text[0]);
		textbuf_text(b, "\n");
		return;
	}
	textbuf_text(b, "\n");
	for (size_t i = 0; i < p->value.count; i++) {
		textbuf_text(b, "  - ");
		put_text(b, p->value.text[i]);
		textbuf_text(b, "\n");
	}
}

/* KEY=VALUE entries as a mapping. */
static void
put_map(struct textbuf *b, const char *name, const struct text_list *l)
{
	textbuf_format(b, "  %s:\n", name);
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
		put_text(b, equals + 1);
		textbuf_text(b, "\n");
		free(key);
	}
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
		const char *at = (const char *)agent + s->offset, *text;
		char buf[32];

		if (setting_is_default(s, agent))
			continue;
		if (s->type == SETTING_MAP)
			put_map(b, name,
			    (const struct text_list *)(const void *)at);
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
		put_text(b, text);
		textbuf_text(b, "\n");
	}
}

char *
spec_print(const struct spec *s)
{
	struct textbuf b = { 0 }, settings = { 0 };
	const struct spec_param *path = spec_param_find(s, "path");

	textbuf_text(&b, "name: ");
	put_text(&b, s->name);
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
