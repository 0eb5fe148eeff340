/* SPDX-License-Identifier: BSD-2-Clause */
#include "lexer.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_"
#define DIGITS "0123456789"
#define BLANKS " \t\r\n"
/* Bytes that stand together without quotes. */
#define PLAIN LETTERS DIGITS "!%&()-.:<>?@[]^`|~"
/* And those that are a piece of their own each. */
#define SINGLE "$*+/\\"

void
conf_fault(struct spec_errors *errors, struct spec_place place,
    const char *fmt, ...)
{
	char message[2 * ERROR_TEXT_MAX];
	va_list ap;

	if (errors->count >= CONF_ERRORS_MAX)
		return;
	va_start(ap, fmt);
	vsnprintf(message, sizeof message, fmt, ap);
	va_end(ap);
	spec_error_add(errors, place, false, "%s", message);
}

/* Whether a byte is one of a set; NUL never is. */
static bool
is_in(char c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

/* The byte `n` behind the present one, NUL at the end. */
static char
peek(const struct lexer *lx, size_t n)
{
	return lx->len - lx->at > n ? lx->text[lx->at + n] : '\0';
}

static bool
at_end(const struct lexer *lx)
{
	return lx->at >= lx->len;
}

/* Goes over bytes; columns count characters. */
static void
advance(struct lexer *lx, size_t n)
{
	for (; n > 0 && lx->at < lx->len; n--, lx->at++) {
		char c = lx->text[lx->at];

		if (c == '\n') {
			lx->place.line++;
			lx->place.column = 1;
		} else if (((unsigned char)c & 0xc0) != 0x80) {
			lx->place.column++;
		}
	}
}

static void
fault(struct lexer *lx, struct spec_place place, const char *what)
{
	conf_fault(lx->errors, place, "%s", what);
}

/* Keeps a line of a comment, without blanks behind it. */
static int
keep_comment(struct lexer *lx, const char *line, size_t len, unsigned number)
{
	struct comment *c = arena_take(lx->arena, sizeof *c);

	while (len > 0 && is_in(line[len - 1], BLANKS))
		len--;
	if (c == NULL)
		return -1;
	*c = (struct comment){ .line = number,
		.text = arena_bytes(lx->arena, line, len) };
	*lx->comment_tail = c;
	lx->comment_tail = &c->next;
	return c->text != NULL ? 0 : -1;
}

/* # and // to the end of the line. */
static int
line_comment(struct lexer *lx, size_t mark)
{
	const char *start = lx->text + lx->at + mark;
	const char *end = memchr(start, '\n', lx->len - lx->at - mark);
	size_t len = end != NULL ? (size_t)(end - start) :
				   lx->len - lx->at - mark;
	unsigned line = lx->place.line;

	advance(lx, mark + len);
	return keep_comment(lx, start, len, line);
}

/* The length of what is between the marks, or SIZE_MAX without an end. */
static size_t
comment_length(const struct lexer *lx)
{
	const char *start = lx->text + lx->at + 2;
	const char *end = memmem(start, lx->len - lx->at - 2, "*" "/", 2);

	return end != NULL ? (size_t)(end - start) : SIZE_MAX;
}

static int
block_comment(struct lexer *lx)
{
	size_t len = comment_length(lx);
	const char *at = lx->text + lx->at + 2;
	unsigned line = lx->place.line;

	if (len == SIZE_MAX) {
		char what[80];

		snprintf(what, sizeof what,
		    "unterminated comment; it begins in line %u", line);
		advance(lx, lx->len - lx->at);
		fault(lx, lx->place, what);
		return 0;
	}
	advance(lx, len + 4);
	for (const char *end = at + len; at <= end; line++) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		const char *stop = newline != NULL ? newline : end;

		/* Decoration in front of lines, and around the whole. */
		while (at < stop && is_in(*at, " \t*"))
			at++;
		while (stop > at && is_in(stop[-1], "*" BLANKS))
			stop--;
		if (stop > at && keep_comment(lx, at, (size_t)(stop - at),
		    line) != 0)
			return -1;
		at = (newline != NULL ? newline : end) + 1;
	}
	return 0;
}

/* Goes over blanks and comments; a word ends there. */
static int
skip(struct lexer *lx)
{
	for (;;) {
		char c = peek(lx, 0);
		int rc = 0;

		if (is_in(c, BLANKS))
			advance(lx, 1);
		else if (c == '#')
			rc = line_comment(lx, 1);
		else if (c == '/' && peek(lx, 1) == '/')
			rc = line_comment(lx, 2);
		else if (c == '/' && peek(lx, 1) == '*')
			rc = block_comment(lx);
		else
			return 0;
		if (rc != 0)
			return -1;
		lx->in_word = false;
	}
}

static unsigned
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	return (unsigned)((c | 0x20) - 'a' + 10);
}

/* The value of up to `most` digits of a base; *at goes over them. */
static unsigned
number(const char **at, const char *end, const char *digits, int most)
{
	unsigned base = digits[8] == '\0' ? 8 : 16, value = 0;

	for (; most > 0 && *at < end && is_in(**at, digits); most--)
		value = value * base + hex_value(*(*at)++);
	return value;
}

/* Reads what stands behind a backslash; -1: nothing. */
static int
escape(const char **at, const char *end)
{
	static const char from[] = "abfnrtv", to[] = "\a\b\f\n\r\t\v";
	const char *found;
	char c = **at;

	if (is_in(c, "01234567"))
		return (int)(number(at, end, "01234567", 3) & 0xff);
	(*at)++;
	if (c == 'x')
		return (int)number(at, end, "0123456789abcdefABCDEF", 2);
	if (c == '\n')
		return -1;
	found = c != '\0' ? strchr(from, c) : NULL;
	return (unsigned char)(found != NULL ? to[found - from] : c);
}

/* Makes a text of raw bytes: escapes are replaced. */
static char *
unescape(struct lexer *lx, const char *raw, size_t len,
    struct spec_place place)
{
	char *text = arena_bytes(lx->arena, raw, len), *to = text;
	const char *at = raw, *end = raw + len;
	bool nul = false;

	while (text != NULL && at < end) {
		int c = (unsigned char)*at++;

		if (c == '\\' && at < end)
			c = escape(&at, end);
		if (c > 0)
			*to++ = (char)c;
		nul |= c == 0;
	}
	if (text != NULL)
		*to = '\0';
	if (nul)
		fault(lx, place, "a NUL character: jail(8) silently drops the "
		    "rest of such a text; remove it (\\x without hexadecimal "
		    "digits is one, too)");
	return text;
}

static int
make(struct lexer *lx, struct token *t, enum token_kind kind, size_t before,
    size_t len, size_t after)
{
	const char *raw = lx->text + lx->at;

	*t = (struct token){ .kind = kind, .place = lx->place,
		.joined = lx->in_word, .raw = raw,
		.raw_len = before + len + after };
	t->text = unescape(lx, raw + before, len, lx->place);
	advance(lx, t->raw_len);
	lx->in_word = true;
	return t->text != NULL ? 0 : -1;
}

/*
 * The length of text up to one of the bytes in `stop`, escapes skipped;
 * SIZE_MAX when there is none.  *shown becomes how far the line goes.
 */
static size_t
find(const struct lexer *lx, size_t from, const char *stop, size_t *shown)
{
	size_t i = lx->at + from;
	bool same_line = true;

	*shown = lx->len - lx->at;
	for (; i < lx->len && !is_in(lx->text[i], stop); i++) {
		bool pair = lx->text[i] == '\\' && i + 1 < lx->len;

		if (same_line && lx->text[pair ? i + 1 : i] == '\n') {
			*shown = i - lx->at;
			same_line = false;
		}
		i += pair;
	}
	return i < lx->len ? i - lx->at - from : SIZE_MAX;
}

/* Whether a reference begins `n` bytes from here. */
static bool
is_reference(const struct lexer *lx, size_t n)
{
	return peek(lx, n) == '$' &&
	    (is_in(peek(lx, n + 1), LETTERS) || peek(lx, n + 1) == '{');
}

/* $x or ${x}; an unterminated one is reported and gone over. */
static int
read_reference(struct lexer *lx, struct token *t, bool *found)
{
	size_t len = 0, shown;

	*found = true;
	if (peek(lx, 1) != '{') {
		while (is_in(peek(lx, 1 + len), LETTERS DIGITS))
			len++;
		return make(lx, t, TOKEN_REFERENCE, 1, len, 0);
	}
	len = find(lx, 2, lx->in_quotes ? "\"{}\n" : "{}\n", &shown);
	if (len != SIZE_MAX && peek(lx, 2 + len) == '}')
		return make(lx, t, TOKEN_REFERENCE, 2, len, 1);
	fault(lx, lx->place, "unterminated variable: ${ without }");
	advance(lx, len == SIZE_MAX ? lx->len - lx->at : 2 + len);
	*found = false;
	return 0;
}

/* Text in double quotes from here to a reference or the closing quote. */
static int
read_quoted(struct lexer *lx, struct token *t, size_t before)
{
	size_t len = 0;

	while (lx->at + before + len < lx->len &&
	    peek(lx, before + len) != '"' && !is_reference(lx, before + len))
		len += peek(lx, before + len) == '\\' ? 2 : 1;
	if (len > lx->len - lx->at - before)
		len = lx->len - lx->at - before;
	lx->in_quotes = is_reference(lx, before + len);
	return make(lx, t, TOKEN_WORD, before, len,
	    !lx->in_quotes && peek(lx, before + len) == '"');
}

/* A quote begins; without an end it is reported and the line gone over. */
static int
start_quotes(struct lexer *lx, struct token *t, bool *found)
{
	bool single = peek(lx, 0) == '\'';
	size_t shown, len = find(lx, 1, single ? "'" : "\"", &shown);

	*found = len != SIZE_MAX;
	if (!*found) {
		fault(lx, lx->place, "unterminated string");
		advance(lx, shown);
		return 0;
	}
	return single ? make(lx, t, TOKEN_WORD, 1, len, 1) :
			read_quoted(lx, t, 1);
}

static int
read_mark(struct lexer *lx, struct token *t)
{
	char c = peek(lx, 0);
	bool append = c == '+';

	*t = (struct token){ .place = lx->place, .raw = lx->text + lx->at,
		.raw_len = append ? 2 : 1, .mark = c };
	if (at_end(lx)) {
		t->kind = TOKEN_END;
		t->raw_len = 0;
	} else {
		t->kind = append ? TOKEN_APPEND :
		    is_in(c, "{};,=") ? TOKEN_MARK : TOKEN_OTHER;
	}
	advance(lx, t->raw_len);
	lx->in_word = false;
	return 0;
}

/* A word without quotes, or one piece of it. */
static int
read_bare(struct lexer *lx, struct token *t)
{
	size_t len = 0;

	while (is_in(peek(lx, len), PLAIN))
		len++;
	if (len == 0 && peek(lx, 0) == '\\' && lx->at + 1 < lx->len) {
		const char *at = lx->text + lx->at + 1;

		(void)escape(&at, lx->text + lx->len);
		len = (size_t)(at - (lx->text + lx->at));
	}
	return make(lx, t, TOKEN_WORD, 0, len > 0 ? len : 1, 0);
}

int
lexer_next(struct lexer *lx, struct token *t)
{
	bool found = false;
	int rc = 0;

	while (!found && rc == 0) {
		char c;

		if (lx->in_quotes && !at_end(lx)) {
			if (is_reference(lx, 0)) {
				rc = read_reference(lx, t, &found);
				continue;
			}
			if (peek(lx, 0) != '"')
				return read_quoted(lx, t, 0);
			advance(lx, 1);
		}
		lx->in_quotes = false;
		rc = skip(lx);
		c = peek(lx, 0);
		if (rc != 0)
			break;
		if (is_in(c, "'\""))
			rc = start_quotes(lx, t, &found);
		else if (is_reference(lx, 0))
			rc = read_reference(lx, t, &found);
		else if (!at_end(lx) && !(c == '+' && peek(lx, 1) == '=') &&
		    is_in(c, PLAIN SINGLE))
			return read_bare(lx, t);
		else
			return read_mark(lx, t);
	}
	return rc;
}
