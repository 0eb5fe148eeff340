/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a spec has to say for a parameter that jail -e printed: worked out from
 * the printed text alone, without the code that imports.
 */
#ifndef TEST_IMPORT_EXPECTED_H
#define TEST_IMPORT_EXPECTED_H

#include <ctype.h>
#include <strings.h>

#include "import_record.h"

/* The values of a printed text, their quotes and escapes undone. */
static inline void
expected_split(const char *text, struct text_list *to)
{
	struct textbuf b = { 0 };
	char quote = '\0';

	textbuf_text(&b, "");
	for (;; text++) {
		if (*text == '\0' || (*text == ',' && quote == '\0')) {
			assert_int_equal(text_list_add(to, b.text), 0);
			free(b.text);
			b = (struct textbuf){ 0 };
			textbuf_text(&b, "");
			if (*text == '\0')
				break;
		} else if (*text == '\\' && text[1] != '\0') {
			textbuf_add(&b, ++text, 1);
		} else if (*text == quote) {
			quote = '\0';
		} else if (quote == '\0' && (*text == '"' || *text == '\'')) {
			quote = *text;
		} else {
			textbuf_add(&b, text, 1);
		}
	}
	free(b.text);
}

static inline bool
expected_true(const char *text)
{
	return strcasecmp(text, "true") == 0 || strtol(text, NULL, 10) != 0;
}

/* The text of a number, or of a jailsys word. */
static inline void
expected_number(const struct param_def *def, const char *text, char *buf,
    size_t size)
{
	static const char *const words[] = { "disable", "new", "inherit" };

	if (def->type == PARAM_ULONG)
		snprintf(buf, size, "%lu", strtoul(text, NULL, 10));
	else if (def->type == PARAM_INT)
		snprintf(buf, size, "%ld", strtol(text, NULL, 10));
	else if (isdigit((unsigned char)*text))
		snprintf(buf, size, "%s", words[strtol(text, NULL, 10) % 3]);
	else
		snprintf(buf, size, "%s", *text != '\0' ? text : "new");
}

/* A jail whose name is its jid, or empty, gets a name with letters. */
static inline void
expected_name(const char *name, char *buf, size_t size)
{
	bool digits = name[strspn(name, "0123456789")] == '\0';

	snprintf(buf, size, "%s%s", digits ? "jail" : "", name);
}

/* Whether values of a list are those that were printed. */
static inline bool
expected_list(const struct spec_param *p, const struct text_list *printed)
{
	size_t n = 0;

	for (size_t i = 0; i < printed->count; i++) {
		char text[4096];

		if (printed->text[i][strspn(printed->text[i], " ")] == '\0')
			continue; /* nothing to run, no address */
		snprintf(text, sizeof text, "%s", printed->text[i]);
		if (strcmp(p->name, "depend") == 0)
			expected_name(printed->text[i], text, sizeof text);
		if (n >= p->value.count ||
		    strcmp(p->value.text[n], text) != 0)
			return false;
		n++;
	}
	return n == p->value.count;
}

/* Whether a spec says what was printed; `printed` is NULL for a name alone. */
static inline bool
expected_value(const struct spec_param *p, const char *printed, bool negative)
{
	const char *text = printed != NULL ? printed : "";
	struct text_list values = { 0 };
	const char *last;
	char buf[64];
	bool same;

	expected_split(text, &values);
	last = values.text[values.count - 1];
	switch (p->def->type) {
	case PARAM_BOOL:
		same = strcmp(p->value.text[0], (printed == NULL ||
		    expected_true(last)) != negative ? "true" : "false") == 0;
		break;
	case PARAM_INT:
	case PARAM_ULONG:
	case PARAM_JAILSYS:
		expected_number(p->def, last, buf, sizeof buf);
		same = strcmp(p->value.text[0], buf) == 0;
		/* With addresses the kernel takes the one for the other. */
		if (strncmp(p->name, "ip", 2) == 0 &&
		    strcmp(buf, "disable") == 0)
			same |= strcmp(p->value.text[0], "new") == 0;
		break;
	case PARAM_LIST:
	case PARAM_IP4:
	case PARAM_IP6:
		same = expected_list(p, &values);
		/* A comma that no quotes hide may belong to a text. */
		if (!same && values.count > 1 && p->value.count == 1)
			same = strcmp(p->value.text[0], text) == 0;
		break;
	default:
		same = strcmp(p->value.text[0], last) == 0 ||
		    strcmp(p->value.text[0], text) == 0;
		break;
	}
	text_list_free(&values);
	return same;
}

/* Whether a spec says nothing for it: it has no effect. */
static inline bool
expected_nothing(const struct param_def *def, const char *printed)
{
	return strcmp(def->name, "allow.dying") == 0 ||
	    (printed == NULL && (def->type == PARAM_KEYVALUE ||
	    (def->type == PARAM_STRING && def->kind == PARAM_PSEUDO)));
}

/* The key that a printed name has in a spec. */
static inline const struct param_def *
expected_key(const char *name, char *buf, size_t size, bool *negative)
{
	const struct param_def *def = param_find(name);
	const char *dot = strrchr(name, '.');
	size_t before = dot != NULL ? (size_t)(dot - name) + 1 : 0;

	*negative = def == NULL;
	if (def != NULL)
		snprintf(buf, size, "%s", name);
	else if (strncmp(name + before, "no", 2) == 0)
		snprintf(buf, size, "%.*s%s", (int)before, name,
		    name + before + 2);
	else
		return NULL;
	return param_find(buf);
}

#endif
