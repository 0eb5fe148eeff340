/* SPDX-License-Identifier: BSD-2-Clause */
#include "yaml.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "doc.h"
#include "text.h"

/* A list or a mapping, or the document, whose nodes are being read. */
struct level {
	struct node **end; /* where the next one goes */
	bool map;
	bool key; /* the next one is a key */
};

struct reader {
	const char *file;
	struct spec_errors *errors;
	yaml_parser_t yaml;
	struct arena *scratch; /* until the end of the document */
	struct level level[SPEC_DEPTH_MAX + 1];
	unsigned depth;
	struct node *root;
	size_t documents;
	size_t errors_start; /* of the file */
	size_t faults;	     /* of the document */
};

bool
node_is_null(const struct node *n)
{
	static const char *const words[] = { "", "~", "null", "Null", "NULL" };

	if (n->kind != NODE_TEXT || !n->plain || n->len > 4 ||
	    strchr("~nN", *n->text) == NULL)
		return false;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (strcmp(n->text, words[i]) == 0)
			return true;
	}
	return false;
}

const char *
node_kind_name(const struct node *n)
{
	static const char *const names[] = {
		[NODE_TEXT] = "a text",
		[NODE_LIST] = "a list",
		[NODE_MAP] = "a mapping",
		[NODE_BAD] = "a mistake",
	};

	return names[n->kind];
}

static struct spec_place
place_of(const struct reader *r, const yaml_mark_t *mark)
{
	return (struct spec_place){ r->file, (unsigned)mark->line + 1,
		(unsigned)mark->column + 1 };
}

/* Reports what is wrong, up to the limit of a file.  Returns -1. */
static int fault(struct reader *r, const yaml_mark_t *mark, const char *fmt,
    ...) __attribute__((format(printf, 3, 4)));

static int
fault(struct reader *r, const yaml_mark_t *mark, const char *fmt, ...)
{
	char message[ERROR_TEXT_MAX];
	va_list ap;

	r->faults++;
	if (r->errors->count - r->errors_start >= DOC_ERRORS_MAX)
		return -1;
	va_start(ap, fmt);
	vsnprintf(message, sizeof message, fmt, ap);
	va_end(ap);
	return spec_error_add(r->errors, place_of(r, mark), false, "%s",
	    message);
}

static struct node *
add_node(struct reader *r, enum node_kind kind, const yaml_mark_t *mark)
{
	struct node *n = arena_take(r->scratch, sizeof *n);
	struct level *l = &r->level[r->depth];

	if (n == NULL) {
		fault(r, mark, "out of memory");
		return NULL;
	}
	*n = (struct node){ .kind = kind, .line = (unsigned)mark->line + 1,
		.column = (unsigned)mark->column + 1 };
	if (l->key && kind != NODE_TEXT) {
		if (kind != NODE_BAD)
			fault(r, mark, "expected a name as the key, found %s",
			    node_kind_name(n));
		/* A key without a name; what is below it is not looked at. */
		n->kind = NODE_BAD;
	}
	l->key = l->map && !l->key;
	*l->end = n;
	l->end = &n->next;
	return n;
}

/* Anchors and tags: nothing of the language, and so always an error. */
static bool
refuse_properties(struct reader *r, const yaml_char_t *anchor,
    const yaml_char_t *tag, const yaml_mark_t *mark)
{
	static const char prefix[] = "tag:yaml.org,2002:";
	const char *t = (const char *)tag;
	bool standard = t != NULL && strncmp(t, prefix, sizeof prefix - 1) == 0;

	if (anchor != NULL)
		fault(r, mark, "anchor &%.*s: anchors and aliases are not part "
		    "of the spec language; use vars: and ${name}, or a "
		    "document with defaults", TEXT_SHOWN,
		    (const char *)anchor);
	else if (t != NULL && strcmp(t, "!secret") == 0)
		fault(r, mark, "!secret: expected the name of one file behind "
		    "it");
	else if (t != NULL)
		fault(r, mark, "tag %s%.*s: tags are not part of the spec "
		    "language; types come from the parameters", standard ?
		    "!!" : "", TEXT_SHOWN, standard ? t + sizeof prefix - 1 :
		    t);
	return anchor != NULL || tag != NULL;
}

static bool
is_secret(const yaml_event_t *e)
{
	const yaml_char_t *tag = e->data.scalar.tag;

	return tag != NULL && strcmp((const char *)tag, "!secret") == 0;
}

static int
add_text(struct reader *r, const yaml_event_t *e)
{
	char *text = (char *)e->data.scalar.value;
	size_t len = e->data.scalar.length;
	struct node *n;
	bool secret = !r->level[r->depth].key &&
	    e->data.scalar.anchor == NULL && is_secret(e);

	if (!secret &&
	    (e->data.scalar.anchor != NULL || e->data.scalar.tag != NULL) &&
	    refuse_properties(r, e->data.scalar.anchor, e->data.scalar.tag,
	    &e->start_mark))
		return add_node(r, NODE_BAD, &e->start_mark) != NULL ? 0 : -1;
	if (len > SPEC_SCALAR_MAX) {
		fault(r, &e->start_mark, "a text of %zu bytes is longer than "
		    "the limit of %d", len, SPEC_SCALAR_MAX);
		return add_node(r, NODE_BAD, &e->start_mark) != NULL ? 0 : -1;
	}
	/* Only an escape can be one: check_bytes saw the text itself. */
	if (e->data.scalar.style == YAML_DOUBLE_QUOTED_SCALAR_STYLE &&
	    memchr(text, '\0', len) != NULL) {
		fault(r, &e->start_mark, "a text holds a NUL character");
		return add_node(r, NODE_BAD, &e->start_mark) != NULL ? 0 : -1;
	}
	n = add_node(r, NODE_TEXT, &e->start_mark);
	if (n == NULL)
		return -1;
	n->text = arena_bytes(r->scratch, text, len);
	if (n->text == NULL)
		return fault(r, &e->start_mark, "out of memory");
	n->len = (unsigned)len;
	n->plain = e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	n->secret = secret;
	return 0;
}

static int
start_node(struct reader *r, enum node_kind kind, const yaml_char_t *anchor,
    const yaml_char_t *tag, const yaml_mark_t *mark)
{
	struct node *n;

	if (r->depth == SPEC_DEPTH_MAX)
		return spec_error_add(r->errors, place_of(r, mark), false,
		    "nested deeper than %d levels; the rest of the file is not "
		    "looked at", SPEC_DEPTH_MAX);
	refuse_properties(r, anchor, tag, mark);
	n = add_node(r, kind, mark);
	if (n == NULL)
		return -1;
	r->level[++r->depth] = (struct level){ .end = &n->child,
		.map = n->kind == NODE_MAP, .key = n->kind == NODE_MAP };
	return 0;
}

/* Handles one event of a document.  Returns -1 when reading must end. */
static int
handle(struct reader *r, const yaml_event_t *e)
{
	switch (e->type) {
	case YAML_SCALAR_EVENT:
		return add_text(r, e);
	case YAML_SEQUENCE_START_EVENT:
		return start_node(r, NODE_LIST, e->data.sequence_start.anchor,
		    e->data.sequence_start.tag, &e->start_mark);
	case YAML_MAPPING_START_EVENT:
		return start_node(r, NODE_MAP, e->data.mapping_start.anchor,
		    e->data.mapping_start.tag, &e->start_mark);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		r->depth--;
		return 0;
	case YAML_ALIAS_EVENT:
		fault(r, &e->start_mark, "alias *%.*s: anchors and aliases are "
		    "not part of the spec language; use vars: and ${name}, or "
		    "quote the text", TEXT_SHOWN,
		    (const char *)e->data.alias.anchor);
		return add_node(r, NODE_BAD, &e->start_mark) != NULL ? 0 : -1;
	case YAML_DOCUMENT_START_EVENT:
		r->faults = 0;
		r->root = NULL;
		r->depth = 0;
		r->level[0] = (struct level){ .end = &r->root };
		if (r->documents++ < SPEC_DOCUMENTS_MAX)
			return 0;
		return spec_error_add(r->errors, place_of(r, &e->start_mark),
		    false, "more than %d documents in one file",
		    SPEC_DOCUMENTS_MAX);
	default:
		return 0;
	}
}

/* Line and column of a byte of the text. */
static struct spec_place
place_at(const char *file, const char *text, size_t offset)
{
	struct spec_place p = { file, 1, 1 };

	for (size_t i = 0; i < offset; i++) {
		if (text[i] == '\n') {
			p.line++;
			p.column = 1;
		} else if (((unsigned char)text[i] & 0xc0) != 0x80) {
			p.column++;
		}
	}
	return p;
}

/* Whether a tab stands at a place, where libyaml only says that it cannot. */
static bool
is_tab(const char *text, size_t len, yaml_mark_t mark)
{
	const char *line = text, *end = text + len;

	for (size_t i = 0; i < mark.line && line != NULL; i++) {
		line = memchr(line, '\n', (size_t)(end - line));
		line = line == NULL ? NULL : line + 1;
	}
	for (size_t i = 0; line != NULL && line < end && i < mark.column; i++)
		line += utf8_length(line);
	return line != NULL && line < end && *line == '\t';
}

/* What to do about a problem, which libyaml only names. */
static const char *
advice(const yaml_parser_t *y, bool tab)
{
	static const struct {
		const char *problem, *advice;
	} known[] = {
		{ "mapping values are not allowed",
		    ": quote a text that has \": \" in it; the keys of a "
		    "mapping begin in the same column" },
		{ "expected alphabetic or numeric character",
		    ": quote a text that begins with * or &, as \"*\"" },
		{ "cannot start any token",
		    ": quote a text that begins with @, ` or %" },
		{ "find expected key",
		    ": the keys of a mapping begin in the same column" },
		{ "find expected ':'",
		    ": a key has a colon and a blank behind it" },
		{ "find expected '-' indicator",
		    ": the items of a list begin in the same column" },
		{ "find expected ',' or",
		    ": close it, or quote a text that has , [ ] { or } in it" },
		{ "unexpected end of stream", ": a quote is not closed" },
		{ "escape", ": a text in single quotes has no escapes" },
		{ "undefined tag handle",
		    ": tags are not part of the spec language" },
	};

	if (tab)
		return ": a tab; lines are indented with blanks";
	for (size_t i = 0; y->problem != NULL &&
	    i < sizeof known / sizeof *known; i++) {
		if (strstr(y->problem, known[i].problem) != NULL)
			return known[i].advice;
	}
	return "";
}

static int
syntax_error(struct reader *r, const char *text, size_t len)
{
	const yaml_parser_t *y = &r->yaml;
	char context[128] = "";

	/* Characters are read ahead: only the offset tells where they are. */
	if (y->error == YAML_READER_ERROR)
		return spec_error_add(r->errors, place_at(r->file, text,
		    y->problem_offset < len ? y->problem_offset : len), false,
		    "%s (U+%04X)", y->problem, (unsigned)y->problem_value);
	if (y->context != NULL && y->context_mark.line != y->problem_mark.line)
		snprintf(context, sizeof context, "%s that begins in line %zu ",
		    y->context, y->context_mark.line + 1);
	else if (y->context != NULL)
		snprintf(context, sizeof context, "%s ", y->context);
	return spec_error_add(r->errors, place_of(r, &y->problem_mark), false,
	    "not YAML: %s%s%s", context,
	    y->problem != NULL ? y->problem : "out of memory",
	    advice(y, is_tab(text, len, y->problem_mark)));
}

/*
 * Whether a text has only the characters of ASCII that YAML allows.  Eight are
 * looked at together: a byte whose highest bit is set, in itself or when 1 is
 * added or a blank is taken away, is no printable one.
 */
static bool
is_ascii(const char *text, size_t len)
{
	const uint64_t ones = 0x0101010101010101U;

	for (size_t i = 0; i < len; i++) {
		uint64_t word;
		char c = text[i];

		if (len - i >= sizeof word) {
			memcpy(&word, text + i, sizeof word);
			if (((word | (word + ones) | (word - ones * ' ')) &
			    ones << 7) == 0) {
				i += sizeof word - 1;
				continue;
			}
		}
		if ((c < ' ' || c > '~') && c != '\n' && c != '\t' &&
		    c != '\r')
			return false;
	}
	return true;
}

/* Whether libyaml begins a line at a byte: also behind a lone CR, NEL, LS, PS. */
static bool
begins_line(const char *text, const char *at)
{
	static const char *const breaks[] = { "\n", "\r", "\xc2\x85",
		"\xe2\x80\xa8", "\xe2\x80\xa9", "\xef\xbb\xbf" };
	size_t before = (size_t)(at - text);

	for (size_t i = 0; i < sizeof breaks / sizeof *breaks; i++) {
		size_t len = strlen(breaks[i]);

		if (before >= len && memcmp(at - len, breaks[i], len) == 0)
			return true;
	}
	return before == 0;
}

/*
 * What is to be refused before libyaml sees it: bytes that are no text, and
 * tag directives, which it compares each with each.
 */
static int
check_bytes(const char *file, const char *text, size_t len, bool ascii,
    struct spec_errors *errors)
{
	size_t good = ascii ? len : utf8_prefix(text, len);
	const char *p = ascii ? NULL : memchr(text, '\0', len);

	if (len > SPEC_FILE_MAX)
		return spec_error_add(errors, (struct spec_place){ file, 0, 0 },
		    false, "%zu bytes are more than the limit of %d", len,
		    SPEC_FILE_MAX);
	if (p != NULL)
		return spec_error_add(errors, place_at(file, text,
		    (size_t)(p - text)), false,
		    "a NUL character: this is not a text file");
	if (good < len)
		return spec_error_add(errors, place_at(file, text, good), false,
		    "the byte 0x%02X does not begin a UTF-8 character",
		    (unsigned char)text[good]);
	for (p = text; (p = memchr(p, '%', (size_t)(text + len - p))) != NULL;
	    p++) {
		if ((size_t)(text + len - p) >= 4 &&
		    memcmp(p, "%TAG", 4) == 0 && begins_line(text, p))
			return spec_error_add(errors, place_at(file, text,
			    (size_t)(p - text)), false, "%%TAG: tags are not "
			    "part of the spec language");
	}
	return 0;
}

/*
 * Gives libyaml its input.  It would decode and check each character, and copy
 * it to its buffer: a tenth of the time that all takes.  ASCII that fits is put
 * there at once, with the NUL by which it knows the end, as if it had been read.
 */
static void
set_input(yaml_parser_t *y, const char *text, size_t len, bool ascii)
{
	yaml_parser_set_encoding(y, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(y, (const unsigned char *)text, len);
	if (!ascii || len >= (size_t)(y->buffer.end - y->buffer.last))
		return;
	memcpy(y->buffer.last, text, len);
	y->buffer.last += len;
	*y->buffer.last++ = '\0';
	y->unread = len + 1;
	y->eof = 1;
}

/*
 * As yaml_event_delete, but most events are a text, or hold nothing, and
 * clearing them costs as much as handling them.  libyaml's memory is malloc's.
 */
static void
drop_event(yaml_event_t *e)
{
	if (e->type == YAML_SCALAR_EVENT && e->data.scalar.anchor == NULL &&
	    e->data.scalar.tag == NULL)
		free(e->data.scalar.value);
	else if (e->type != YAML_MAPPING_END_EVENT &&
	    e->type != YAML_SEQUENCE_END_EVENT)
		yaml_event_delete(e);
}

/* Reads events until the end of the stream. */
static int
read_events(struct reader *r, const char *text, size_t len,
    void (*each)(void *arg, const struct node *root, size_t faults), void *arg)
{
	yaml_event_t e;
	bool end = false;
	int rc = 0;

	while (rc == 0 && !end) {
		if (!yaml_parser_parse(&r->yaml, &e))
			return syntax_error(r, text, len);
		rc = handle(r, &e);
		end = e.type == YAML_STREAM_END_EVENT;
		if (rc == 0 && e.type == YAML_DOCUMENT_END_EVENT) {
			each(arg, r->root, r->faults);
			arena_reset(r->scratch);
		}
		drop_event(&e);
	}
	return rc;
}

int
yaml_read(const char *file, const char *text, size_t len,
    void (*each)(void *arg, const struct node *root, size_t faults), void *arg,
    struct arena *scratch, struct spec_errors *errors)
{
	struct reader r = { .file = file, .errors = errors,
		.errors_start = errors->count, .scratch = scratch };
	bool ascii = is_ascii(text, len);
	int rc;

	if (check_bytes(file, text, len, ascii, errors) != 0)
		return -1;
	/* libyaml would count a byte order mark as indentation. */
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		text += 3;
		len -= 3;
	}
	if (!yaml_parser_initialize(&r.yaml))
		return spec_error_add(errors, (struct spec_place){ file, 0, 0 },
		    false, "out of memory");
	set_input(&r.yaml, text, len, ascii);
	rc = read_events(&r, text, len, each, arg);
	if (rc == 0 && r.documents == 0)
		rc = spec_error_add(errors, (struct spec_place){ file, 1, 1 },
		    false, "the file holds no document; to remove its jails, "
		    "remove the file");
	yaml_parser_delete(&r.yaml);
	return rc;
}
