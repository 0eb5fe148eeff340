/* SPDX-License-Identifier: BSD-2-Clause */
#include "value.h"

#include <sys/socket.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "address.h"

static const char *const jailsys_words[] = { "disable", "new", "inherit" };
#define JAILSYS_WORDS (sizeof jailsys_words / sizeof *jailsys_words)

/* How much of an offending text a message shows. */
#define SHOWN 64

int
text_list_add(struct text_list *l, const char *text)
{
	/* The array doubles whenever its length is a power of two. */
	if ((l->count & (l->count - 1)) == 0) {
		size_t room = l->count == 0 ? 1 : l->count * 2;
		char **grown = realloc(l->text, room * sizeof *grown);

		if (grown == NULL)
			return -1;
		l->text = grown;
	}
	l->text[l->count] = strdup(text);
	if (l->text[l->count] == NULL)
		return -1;
	l->count++;
	return 0;
}

int
text_list_copy(struct text_list *to, const struct text_list *from)
{
	*to = (struct text_list){ 0 };
	for (size_t i = 0; i < from->count; i++) {
		if (text_list_add(to, from->text[i]) != 0) {
			text_list_free(to);
			return -1;
		}
	}
	return 0;
}

bool
text_list_equal(const struct text_list *a, const struct text_list *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		if (strcmp(a->text[i], b->text[i]) != 0)
			return false;
	}
	return true;
}

void
text_list_free(struct text_list *l)
{
	for (size_t i = 0; i < l->count; i++)
		free(l->text[i]);
	free(l->text);
	*l = (struct text_list){ 0 };
}

/*
 * Checkers return the canonical form: the text itself, or `buf`, which has
 * VALUE_TEXT_MAX bytes; NULL with the error set when it is no value.
 */
static const char *
check_bool(const struct param_def *def, const char *text, char *buf,
    struct error *err)
{
	(void)def;
	(void)buf;
	if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)
		return text;
	if (strcasecmp(text, "true") == 0)
		return "true";
	if (strcasecmp(text, "false") == 0)
		return "false";
	error_set(err, EINVAL, "expected true or false, found \"%.*s\"",
	    SHOWN, text);
	return NULL;
}

/* strtol(3) without its leniency: an optional minus, then digits. */
static bool
is_decimal(const char *text)
{
	if (*text == '-')
		text++;
	if (*text == '\0')
		return false;
	while (*text >= '0' && *text <= '9')
		text++;
	return *text == '\0';
}

/* Whether the only canonical form of a number is the text itself. */
static bool
is_canonical_number(const char *text)
{
	return (*text >= '1' && *text <= '9') ||
	    (*text == '0' && text[1] == '\0');
}

static const char *
check_int(const struct param_def *def, const char *text, char *buf,
    struct error *err)
{
	long value;

	if (!is_decimal(text)) {
		error_set(err, EINVAL, "expected an integer, found \"%.*s\"",
		    SHOWN, text);
		return NULL;
	}
	errno = 0;
	value = strtol(text, NULL, 10);
	if (errno != 0 || value < def->min || value > def->max) {
		error_set(err, ERANGE,
		    "expected an integer from %ld to %ld, found %.*s",
		    def->min, def->max, SHOWN, text);
		return NULL;
	}
	if (is_canonical_number(text))
		return text;
	snprintf(buf, VALUE_TEXT_MAX, "%ld", value);
	return buf;
}

static const char *
check_ulong(const struct param_def *def, const char *text, char *buf,
    struct error *err)
{
	unsigned long value;

	(void)def;
	if (!is_decimal(text) || *text == '-') {
		error_set(err, EINVAL,
		    "expected a non-negative integer, found \"%.*s\"", SHOWN,
		    text);
		return NULL;
	}
	errno = 0;
	value = strtoul(text, NULL, 10);
	if (errno != 0) {
		error_set(err, ERANGE,
		    "expected an integer up to %lu, found %.*s", ~0UL, SHOWN,
		    text);
		return NULL;
	}
	snprintf(buf, VALUE_TEXT_MAX, "%lu", value);
	return buf;
}

static const char *
check_jailsys(const struct param_def *def, const char *text, char *buf,
    struct error *err)
{
	(void)buf;
	for (size_t i = 0; i < JAILSYS_WORDS; i++) {
		if ((long)i >= def->min && strcmp(text, jailsys_words[i]) == 0)
			return text;
	}
	if (strcmp(text, "true") == 0)
		error_set(err, EINVAL, "expected %snew or inherit, found "
		    "\"true\"; what has no value in jail.conf(5) is new",
		    def->min == 0 ? "disable, " : "");
	else
		error_set(err, EINVAL, "expected %snew or inherit, found "
		    "\"%.*s\"", def->min == 0 ? "disable, " : "", SHOWN,
		    text);
	return NULL;
}

static const char *
check_text(const struct param_def *def, const char *text, char *buf,
    struct error *err)
{
	size_t len = strlen(text);

	(void)buf;
	if (def->size == 0 || len < def->size)
		return text;
	error_set(err, ENAMETOOLONG,
	    "expected at most %zu bytes, found %zu: \"%.*s...\"",
	    def->size - 1, len, SHOWN, text);
	return NULL;
}

static const char *
check_address(const struct param_def *def, const char *text, char *buf,
    struct error *err)
{
	return address_canonical(def->type == PARAM_IP4 ? AF_INET : AF_INET6,
	    text, buf, VALUE_TEXT_MAX, err) == 0 ? buf : NULL;
}

const char *
value_canonical(const struct param_def *def, const char *text,
    char buf[VALUE_TEXT_MAX], struct error *err)
{
	static const char *(*const check[])(const struct param_def *,
	    const char *, char *, struct error *) = {
		[PARAM_BOOL] = check_bool,
		[PARAM_INT] = check_int,
		[PARAM_ULONG] = check_ulong,
		[PARAM_JAILSYS] = check_jailsys,
		[PARAM_STRING] = check_text,
		[PARAM_KEYVALUE] = check_text,
		[PARAM_IP4] = check_address,
		[PARAM_IP6] = check_address,
		[PARAM_LIST] = check_text,
	};

	return check[def->type](def, text, buf, err);
}

int
value_check_together(const struct param_def *def,
    const struct text_list *texts, size_t *which, struct error *err)
{
	*which = 0;
	if (def->type == PARAM_IP4 || def->type == PARAM_IP6)
		return address_check_list(texts, which, err);
	if (def->type == PARAM_LIST || texts->count == 1)
		return 0;
	*which = texts->count == 0 ? 0 : 1;
	return error_set(err, EINVAL, "expected one value, found %s",
	    texts->count == 0 ? "none" : "several");
}

int
value_check(const struct param_def *def, struct text_list *texts,
    size_t *which, struct error *err)
{
	char buf[VALUE_TEXT_MAX];

	for (size_t i = 0; i < texts->count; i++) {
		const char *canonical = value_canonical(def, texts->text[i],
		    buf, err);
		char *copy;

		*which = i;
		if (canonical == NULL)
			return -1;
		if (strcmp(canonical, texts->text[i]) == 0)
			continue;
		copy = strdup(canonical);
		if (copy == NULL)
			return error_sys(err, ENOMEM, "value");
		free(texts->text[i]);
		texts->text[i] = copy;
	}
	return value_check_together(def, texts, which, err);
}

static int
import_bytes(const void *bytes, size_t size, void **data, size_t *len)
{
	*data = malloc(size);
	if (*data == NULL)
		return -1;
	memcpy(*data, bytes, size);
	*len = size;
	return 0;
}

static int
import_int(enum param_type type, const char *text, void **data, size_t *len)
{
	int value = 0;

	if (type == PARAM_JAILSYS) {
		while (value < (int)JAILSYS_WORDS - 1 &&
		    strcmp(text, jailsys_words[value]) != 0)
			value++;
	} else {
		value = (int)strtol(text, NULL, 10);
	}
	return import_bytes(&value, sizeof value, data, len);
}

static int
import_list(const struct text_list *texts, void **data, size_t *len)
{
	size_t size = 0;
	char *p;

	for (size_t i = 0; i < texts->count; i++)
		size += strlen(texts->text[i]) + 1;
	if (size == 0)
		return 0;
	p = malloc(size);
	if (p == NULL)
		return -1;
	*data = p;
	*len = size;
	for (size_t i = 0; i < texts->count; i++) {
		size_t n = strlen(texts->text[i]) + 1;

		memcpy(p, texts->text[i], n);
		p += n;
	}
	return 0;
}

int
value_import(enum param_type type, const struct text_list *texts,
    void **data, size_t *len, struct error *err)
{
	const char *first = texts->count == 0 ? "" : texts->text[0];
	unsigned long number;
	int rc = 0;

	*data = NULL;
	*len = 0;
	switch (type) {
	case PARAM_BOOL:
		break;
	case PARAM_INT:
	case PARAM_JAILSYS:
		rc = import_int(type, first, data, len);
		break;
	case PARAM_ULONG:
		number = strtoul(first, NULL, 10);
		rc = import_bytes(&number, sizeof number, data, len);
		break;
	case PARAM_STRING:
	case PARAM_KEYVALUE:
		rc = import_bytes(first, strlen(first) + 1, data, len);
		break;
	case PARAM_IP4:
		return address_import(AF_INET, texts, data, len, err);
	case PARAM_IP6:
		return address_import(AF_INET6, texts, data, len, err);
	case PARAM_LIST:
		rc = import_list(texts, data, len);
		break;
	}
	return rc == 0 ? 0 : error_sys(err, ENOMEM, "value");
}

static int
export_number(enum param_type type, const void *data, size_t len,
    struct text_list *texts, struct error *err)
{
	size_t size = type == PARAM_ULONG ? sizeof(unsigned long) : sizeof(int);
	unsigned long big = 0;
	char text[24];
	int value = 0;

	if (len != size)
		return error_set(err, EINVAL,
		    "the kernel returned %zu bytes for a number of %zu", len,
		    size);
	if (type == PARAM_ULONG)
		memcpy(&big, data, sizeof big);
	else
		memcpy(&value, data, sizeof value);
	if (type == PARAM_ULONG)
		snprintf(text, sizeof text, "%lu", big);
	else if (type == PARAM_BOOL)
		snprintf(text, sizeof text, "%s", value ? "true" : "false");
	else if (type == PARAM_JAILSYS && value >= 0 &&
	    value < (int)JAILSYS_WORDS)
		snprintf(text, sizeof text, "%s", jailsys_words[value]);
	else
		snprintf(text, sizeof text, "%d", value);
	return text_list_add(texts, text) == 0 ? 0 :
	    error_sys(err, ENOMEM, "value");
}

/* One text, or for a list each of those that stand one after another. */
static int
export_text(enum param_type type, const char *data, size_t len,
    struct text_list *texts, struct error *err)
{
	do {
		size_t n = strnlen(data, len);
		char *copy = strndup(data, n);
		int rc = copy == NULL ? -1 : text_list_add(texts, copy);

		free(copy);
		if (rc != 0)
			return error_sys(err, ENOMEM, "value");
		data += n + (n < len);
		len -= n + (n < len);
	} while (type == PARAM_LIST && len > 0);
	return 0;
}

int
value_export(enum param_type type, const void *data, size_t len,
    struct text_list *texts, struct error *err)
{
	*texts = (struct text_list){ 0 };
	switch (type) {
	case PARAM_BOOL:
	case PARAM_INT:
	case PARAM_JAILSYS:
	case PARAM_ULONG:
		return export_number(type, data, len, texts, err);
	case PARAM_IP4:
		return address_export(AF_INET, data, len, texts, err);
	case PARAM_IP6:
		return address_export(AF_INET6, data, len, texts, err);
	case PARAM_LIST:
		if (len == 0)
			return 0;
		break;
	case PARAM_STRING:
	case PARAM_KEYVALUE:
		break;
	}
	if (data == NULL)
		data = "";
	return export_text(type, data, len, texts, err);
}

bool
value_same(const char *name, enum param_type type, const struct text_list *a,
    const struct text_list *b)
{
	if (type == PARAM_IP4 || type == PARAM_IP6)
		return address_same(a, b);
	if (text_list_equal(a, b))
		return true;
	if (strcmp(name, "ip4") != 0 && strcmp(name, "ip6") != 0)
		return false;
	/* Both are "restricted to the list"; jail_get(2) tells 0 for either. */
	return a->count == 1 && b->count == 1 &&
	    strcmp(a->text[0], "inherit") != 0 &&
	    strcmp(b->text[0], "inherit") != 0;
}
