/* SPDX-License-Identifier: BSD-2-Clause */
#include "fstab.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BLANKS " \t\r\n"
#define FIELDS_MAX 6

static bool
is_octal(char c)
{
	return c >= '0' && c <= '7';
}

/* Replaces \OOO and \\ in place. */
static int
unescape(char *field, struct error *err)
{
	char *to = field;

	for (const char *p = field; *p != '\0'; p++) {
		unsigned value;

		if (*p != '\\') {
			*to++ = *p;
			continue;
		}
		if (p[1] == '\\') {
			*to++ = *p++;
			continue;
		}
		if (!is_octal(p[1]) || !is_octal(p[2]) || !is_octal(p[3]))
			return error_set(err, EINVAL, "a \\ in \"%s\": "
			    "expected three octal digits after it, as in \\040 "
			    "for a blank, or another \\", field);
		value = (unsigned)(p[1] - '0') * 64 +
		    (unsigned)(p[2] - '0') * 8 + (unsigned)(p[3] - '0');
		if (value < 1 || value > 255)
			return error_set(err, EINVAL, "a \\%.3s in \"%s\": "
			    "expected \\001 to \\377", p + 1, field);
		*to++ = (char)value;
		p += 3;
	}
	*to = '\0';
	return 0;
}

static int
check_number(const char *what, const char *field, struct error *err)
{
	if (field == NULL || field[strspn(field, "0123456789")] == '\0')
		return 0;
	return error_set(err, EINVAL, "expected a number as %s, found \"%s\" "
	    "(a blank within a field is written \\040)", what, field);
}

static bool
has_dotdot(const char *path)
{
	for (const char *p = strstr(path, ".."); p != NULL;
	    p = strstr(p + 1, ".."))
		if ((p == path || p[-1] == '/') &&
		    (p[2] == '/' || p[2] == '\0'))
			return true;
	return false;
}

static int
check_target(const char *target, struct error *err)
{
	if (target[0] != '/')
		return error_set(err, EINVAL, "expected an absolute path to "
		    "mount on, found \"%s\"", target);
	if (has_dotdot(target))
		return error_set(err, EINVAL, "expected a path without .. to "
		    "mount on, found \"%s\"", target);
	return 0;
}

/* No empty component and no slash at the end. */
static void
squeeze(char *path)
{
	char *to = path;

	for (const char *p = path; *p != '\0'; p++)
		if (*p != '/' || (p[1] != '/' && p[1] != '\0'))
			*to++ = *p;
	if (to == path)
		*to++ = '/';
	*to = '\0';
}

/* Cuts the line into fields; returns how many, -1 with err. */
static int
split(char *line, char *field[FIELDS_MAX], struct error *err)
{
	int n = 0;

	for (char *p = line + strspn(line, BLANKS); *p != '\0' && *p != '#';) {
		size_t len = strcspn(p, BLANKS);

		if (n == FIELDS_MAX)
			return error_set(err, E2BIG, "expected at most six "
			    "fields (a blank within a field is written \\040), "
			    "found \"%s\"", p);
		field[n++] = p;
		p += len;
		if (*p != '\0')
			*p++ = '\0';
		p += strspn(p, BLANKS);
	}
	return n;
}

static int
judge(struct fstab_line *l, char *const field[FIELDS_MAX], int count,
    struct error *err)
{
	if (count < 3)
		return error_set(err, EINVAL, "missing information: expected "
		    "SOURCE TARGET TYPE [OPTIONS [DUMP PASS]], found %d field%s",
		    count, count == 1 ? "" : "s");
	l->source = field[0];
	l->target = field[1];
	l->type = field[2];
	if (count > 3)
		l->options = field[3];
	for (int i = 0; i < count; i++)
		if (unescape(field[i], err) != 0)
			return -1;
	if (check_number("dump frequency", count > 4 ? field[4] : NULL,
	    err) != 0 || check_number("pass number", count > 5 ? field[5] :
	    NULL, err) != 0)
		return -1;
	if (strchr(l->target, '\n') != NULL || strchr(l->source, '\n') != NULL)
		return error_set(err, EINVAL, "expected names without newlines");
	if (check_target(l->target, err) != 0)
		return -1;
	squeeze(l->target);
	return 0;
}

int
fstab_read(const char *text, struct fstab_line *l, struct error *err)
{
	char *field[FIELDS_MAX];
	size_t size = strlen(text) + 1;
	int count, rc = -1;

	memset(l, 0, sizeof *l);
	l->memory = malloc(size + sizeof "rw");
	if (l->memory == NULL)
		return error_sys(err, ENOMEM, "reading a mount");
	memcpy(l->memory, text, size);
	l->options = memcpy(l->memory + size, "rw", sizeof "rw");
	count = split(l->memory, field, err);
	if (count == 0)
		rc = 1;
	else if (count > 0)
		rc = judge(l, field, count, err);
	if (rc != 0)
		fstab_free(l);
	return rc;
}

void
fstab_free(struct fstab_line *l)
{
	free(l->memory);
	memset(l, 0, sizeof *l);
}

/* Copies a field; what would end it, or begin a comment, is escaped. */
static char *
put_field(char *to, const char *field)
{
	for (const char *p = field; *p != '\0'; p++) {
		unsigned char c = (unsigned char)*p;

		if (c > ' ' && c != '\\' && c != '#' && c != 0x7f) {
			*to++ = *p;
			continue;
		}
		*to++ = '\\';
		*to++ = (char)('0' + c / 64);
		*to++ = (char)('0' + c / 8 % 8);
		*to++ = (char)('0' + c % 8);
	}
	return to;
}

char *
fstab_print(const struct fstab_line *l)
{
	const char *const fields[] = { l->source, l->target, l->type,
		l->options };
	size_t room = 0;
	char *text, *to;

	for (size_t i = 0; i < 4; i++)
		room += 4 * strlen(fields[i]) + 1;
	text = to = malloc(room);
	for (size_t i = 0; text != NULL && i < 4; i++) {
		to = put_field(to, fields[i]);
		*to++ = i < 3 ? ' ' : '\0';
	}
	return text;
}

bool
fstab_has_option(const char *options, const char *word)
{
	size_t len = strlen(word);

	for (const char *p = options; *p != '\0';) {
		size_t n = strcspn(p, ",");

		if (n >= len && memcmp(p, word, len) == 0 &&
		    (n == len || p[len] == '='))
			return true;
		p += n + (p[n] == ',');
	}
	return false;
}

/* The target of a printed line, up to its blank. */
static const char *
target_of(const char *line, size_t *len)
{
	const char *target = strchr(line, ' ');

	target = target != NULL ? target + 1 : line;
	*len = strcspn(target, " ");
	return target;
}

/* Whether the target of `a` is that of `b`, or below it. */
static bool
is_on(const char *a, const char *b)
{
	size_t m, n;

	a = target_of(a, &m);
	b = target_of(b, &n);
	return m >= n && memcmp(a, b, n) == 0 &&
	    (m == n || a[n] == '/' || n == 1);
}

/*
 * Whether a line of the list that is marked cannot be mounted or unmounted
 * after those that are not: they meet, and it is not on top.
 */
static bool
in_the_way(const struct text_list *l, const bool *marked)
{
	for (size_t i = 0; i < l->count; i++)
		for (size_t j = 0; marked[i] && j < l->count; j++)
			if (!marked[j] && (is_on(l->text[j], l->text[i]) ||
			    is_on(l->text[i], l->text[j])) &&
			    !(i > j && is_on(l->text[i], l->text[j])))
				return true;
	return false;
}

bool
fstab_difference(const struct text_list *from, const struct text_list *to,
    bool *gone, bool *come)
{
	size_t next = 0;

	memset(gone, 1, from->count * sizeof *gone);
	memset(come, 1, to->count * sizeof *come);
	/* What stays keeps its order: each is looked for behind the last. */
	for (size_t i = 0; i < to->count; i++)
		for (size_t j = next; j < from->count; j++)
			if (strcmp(to->text[i], from->text[j]) == 0) {
				come[i] = gone[j] = false;
				next = j + 1;
				break;
			}
	return !in_the_way(from, gone) && !in_the_way(to, come);
}
