/* SPDX-License-Identifier: BSD-2-Clause */
#include "rules.h"

#include <errno.h>
#include <string.h>

#include "kernel/fstab.h"
#include "kernel/jail.h"
#include "param_names.h"
#include "text.h"

/* A slash would lead out of the directories that have files of that name. */
static bool
has_wrong_character(const char *c, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)c[i] < ' ' || c[i] == 0x7f || c[i] == '/')
			return true;
	}
	return false;
}

/*
 * Whether jail_set(2), which uses strtoul(3), takes a component for a number:
 * digits, with blanks and a sign in front or not.
 */
static bool
is_number(const char *c, size_t len)
{
	size_t before = strspn(c, " ");

	before += c[before] == '+' || c[before] == '-';
	return before < len && before + strspn(c + before, "0123456789") >= len;
}

static int
check_component(const char *name, const char *c, size_t len, bool pattern,
    struct error *err)
{
	if (pattern && len == 1 && *c == '*')
		return 0;
	if (len == 0)
		return error_set(err, EINVAL, "name \"%.*s\" has an empty "
		    "component; expected something before, between and behind the "
		    "dots", TEXT_SHOWN, name);
	if (memchr(c, '*', len) != NULL)
		return error_set(err, EINVAL, "name \"%.*s\": a * stands for a "
		    "whole component as in \"*\" or \"web.*\", and only in "
		    "names of documents with defaults", TEXT_SHOWN, name);
	if (has_wrong_character(c, len))
		return error_set(err, EINVAL, "name \"%.*s\": expected "
		    "a name without / and control characters, with dots "
		    "between the names of nested jails", TEXT_SHOWN, name);
	if (is_number(c, len))
		return error_set(err, EINVAL, "name \"%.*s\" has a component "
		    "that is a number, which jail_set(2) takes for a jid; add a "
		    "letter, or give the number as jid:", TEXT_SHOWN, name);
	return 0;
}

int
rules_name(const char *name, bool pattern, struct error *err)
{
	const char *c = name;

	if (strlen(name) >= JAIL_NAME_MAX)
		return error_set(err, ENAMETOOLONG, "name \"%.*s...\" is "
		    "longer than %d bytes", TEXT_SHOWN, name,
		    JAIL_NAME_MAX - 1);
	for (;;) {
		size_t len = strcspn(c, ".");

		if (check_component(name, c, len, pattern, err) != 0)
			return -1;
		if (c[len] == '\0')
			return 0;
		c += len + 1;
	}
}

int
rules_own_name(const char *name, struct error *err)
{
	static const char service[] = "svcj-";
	const char *c = name;

	for (;;) {
		if (strncmp(c, service, strlen(service)) == 0)
			return error_set(err, EINVAL, "name \"%.*s\": jails "
			    "called svcj-* are those of services, which rc(8) "
			    "of FreeBSD makes and removes; no spec can "
			    "have such a name", TEXT_SHOWN, name);
		c = strchr(c, '.');
		if (c == NULL)
			return 0;
		c++;
	}
}

int
rules_key(const char *key, struct error *err)
{
	if (*key == '\0')
		return error_set(err, EINVAL, "expected a key after the dot");
	for (const char *c = key; *c != '\0'; c++) {
		if ((unsigned char)*c <= ' ' || *c == 0x7f || *c == '=')
			return error_set(err, EINVAL, "key \"%.*s\": expected "
			    "one without blanks, control characters and =",
			    TEXT_SHOWN, key);
	}
	return 0;
}

static bool
has_dotdot(const char *path)
{
	for (const char *p = strstr(path, "/.."); p != NULL;
	    p = strstr(p + 1, "/..")) {
		if (p[3] == '/' || p[3] == '\0')
			return true;
	}
	return false;
}

int
rules_path(char *text, struct error *err)
{
	char *to = text;
	const char *from = text;

	if (*text != '/')
		return error_set(err, EINVAL, "expected an absolute path, found"
		    " \"%.*s\"", TEXT_SHOWN, text);
	if (has_dotdot(text))
		return error_set(err, EINVAL, "expected a path without .. "
		    "components, found \"%.*s\"", TEXT_SHOWN, text);
	while (*from != '\0') {
		while (*from == '/')
			from++;
		if (from[0] == '.' && (from[1] == '/' || from[1] == '\0')) {
			from++;
			continue;
		}
		if (*from != '\0')
			*to++ = '/';
		while (*from != '\0' && *from != '/')
			*to++ = *from++;
	}
	if (to == text)
		*to++ = '/';
	*to = '\0';
	return 0;
}

/* No blanks and no control characters; may be empty. */
static int
rule_word(char *text, struct error *err)
{
	for (const char *c = text; *c != '\0'; c++) {
		if ((unsigned char)*c <= ' ' || *c == 0x7f)
			return error_set(err, EINVAL, "expected a word without "
			    "blanks and control characters, found \"%.*s\"",
			    TEXT_SHOWN, text);
	}
	return 0;
}

/* What sethostname(3) takes, which looks at no character. */
static int
rule_host_name(char *text, struct error *err)
{
	for (const char *c = text; *c != '\0'; c++) {
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			return error_set(err, EINVAL, "expected a name without "
			    "control characters, found \"%.*s\"", TEXT_SHOWN,
			    text);
	}
	return 0;
}

static int
rule_full_word(char *text, struct error *err)
{
	if (*text == '\0')
		return error_set(err, EINVAL, "expected a word, found an empty "
		    "text");
	return rule_word(text, err);
}

static int
rule_interface(char *text, struct error *err)
{
	if (text[strcspn(text, "|/,")] != '\0')
		return error_set(err, EINVAL, "expected the name of an "
		    "interface, found \"%.*s\"", TEXT_SHOWN, text);
	return rule_full_word(text, err);
}

static int
rule_filled(char *text, struct error *err)
{
	if (text[strspn(text, " \t\n")] == '\0')
		return error_set(err, EINVAL, "expected a command, found an "
		    "empty text");
	return 0;
}

/* One line of fstab(5). */
static int
rule_line(char *text, struct error *err)
{
	struct fstab_line l;
	int rc;

	rc = strchr(text, '\n') != NULL ? 1 : fstab_read(text, &l, err);
	if (rc == 0)
		fstab_free(&l);
	return rc <= 0 ? rc : error_set(err, EINVAL, "expected one line as in "
	    "fstab(5), found \"%.*s\"", TEXT_SHOWN, text);
}

static int
rule_depend(char *text, struct error *err)
{
	return rules_name(text, false, err);
}

/* 31 characters and the NUL are too long already, jail_set(2). */
static int
rule_osrelease(char *text, struct error *err)
{
	if (strlen(text) > 30)
		return error_set(err, ENAMETOOLONG, "expected at most 30 bytes,"
		    " found %zu", strlen(text));
	return rule_word(text, err);
}

static int
rule_not_zero(char *text, struct error *err)
{
	if (strcmp(text, "0") == 0)
		return error_set(err, EINVAL, "expected a number that is not "
		    "0");
	return 0;
}

/* The value of meta.K: a newline would begin a line of another key. */
static int
rule_one_line(char *text, struct error *err)
{
	if (strchr(text, '\n') != NULL)
		return error_set(err, EINVAL, "expected one line, found "
		    "several");
	return 0;
}

/* The same rules for JSON Schema, as far as a regular expression can. */
#define WORD "^[^\\x00-\\x20\\x7f]*$"
#define FULL_WORD "^[^\\x00-\\x20\\x7f]+$"
#define DATASETS \
	"^[^,\\x00-\\x20\\x7f]{1,255}(,[ \\t]*[^,\\x00-\\x20\\x7f]{1,255})*$"
#define INTERFACE "^[^|/,\\x00-\\x20\\x7f]+$"
#define INTERFACES \
	"^[^|/,\\x00-\\x20\\x7f]{1,15}(,[ \\t]*[^|/,\\x00-\\x20\\x7f]{1,15})*$"
#define FILLED "[^ \\t\\n]"
#define PATH "^/(?!(.*/)?\\.\\.(/|$))"
#define LINE \
	"^([ \\t\\r]*)[^# \\t\\r\\n][^ \\t\\r\\n]*[ \\t\\r]+" \
	"[/\\\\][^ \\t\\r\\n]*[ \\t\\r]+[^# \\t\\r\\n][^\\n]*$"
#define PRINTED "^[^\\x00-\\x1f\\x7f]*$"
#define COMPONENT "(?! *[-+]?[0-9]+(\\.|$))[^./*\\x00-\\x1f\\x7f]+"
#define NAME "^" COMPONENT "(\\." COMPONENT ")*$"

/* By parameter.  A rule may shorten the text. */
static const struct rule {
	int (*check)(char *text, struct error *err);
	const char *pattern;
} rules[P_COUNT] = {
	[P_COMMAND] = { rule_filled, FILLED },
	[P_DEPEND] = { rule_depend, NAME },
	[P_EXEC_CONSOLELOG] = { rules_path, PATH },
	[P_EXEC_CREATED] = { rule_filled, FILLED },
	[P_EXEC_JAIL_USER] = { rule_full_word, FULL_WORD },
	[P_EXEC_POSTSTART] = { rule_filled, FILLED },
	[P_EXEC_POSTSTOP] = { rule_filled, FILLED },
	[P_EXEC_PREPARE] = { rule_filled, FILLED },
	[P_EXEC_PRESTART] = { rule_filled, FILLED },
	[P_EXEC_PRESTOP] = { rule_filled, FILLED },
	[P_EXEC_RELEASE] = { rule_filled, FILLED },
	[P_EXEC_START] = { rule_filled, FILLED },
	[P_EXEC_STOP] = { rule_filled, FILLED },
	[P_EXEC_SYSTEM_USER] = { rule_full_word, FULL_WORD },
	[P_HOST_DOMAINNAME] = { rule_host_name, PRINTED },
	[P_HOST_HOSTNAME] = { rule_host_name, PRINTED },
	[P_HOST_HOSTUUID] = { rule_word, WORD },
	[P_INTERFACE] = { rule_interface, INTERFACE },
	[P_LINUX_OSNAME] = { rule_word, WORD },
	[P_LINUX_OSRELEASE] = { rule_word, WORD },
	[P_MOUNT] = { rule_line, LINE },
	[P_MOUNT_FSTAB] = { rules_path, PATH },
	[P_OSRELDATE] = { rule_not_zero, "[1-9]" },
	[P_OSRELEASE] = { rule_osrelease, "^[^\\x00-\\x20\\x7f]{0,30}$" },
	[P_PATH] = { rules_path, PATH },
	[P_VNET_INTERFACE] = { rule_interface, INTERFACES },
	[P_ZFS_DATASET] = { rule_full_word, DATASETS },
};

const char *
rules_pattern(const struct param_def *def)
{
	return param_index(def) < P_COUNT ? rules[param_index(def)].pattern :
	    NULL;
}

bool
rules_commas(const struct param_def *def)
{
	return def->type == PARAM_IP4 || def->type == PARAM_IP6 ||
	    def == &param_table[P_VNET_INTERFACE] ||
	    def == &param_table[P_ZFS_DATASET];
}

/* The rule of a parameter, or NULL. */
static int (*find_rule(const char *name, const struct param_def *def))(char *,
    struct error *)
{
	if (def->type == PARAM_BOOL || def->type == PARAM_JAILSYS)
		return NULL;
	if (def->type == PARAM_KEYVALUE)
		return strcmp(name, def->name) != 0 ? rule_one_line : NULL;
	return param_index(def) < P_COUNT ? rules[param_index(def)].check : NULL;
}

int
rules_check(const char *name, const struct param_def *def,
    struct arena *arena, struct text_list *texts, size_t *which,
    struct error *err)
{
	int (*check)(char *, struct error *) = find_rule(name, def);
	char buf[VALUE_TEXT_MAX];

	for (size_t i = 0; i < texts->count; i++) {
		const char *canonical = value_canonical(def, texts->text[i],
		    buf, err);

		*which = i;
		if (canonical == NULL)
			return -1;
		if (canonical != texts->text[i])
			texts->text[i] = arena_text(arena, canonical);
		if (texts->text[i] == NULL)
			return error_sys(err, ENOMEM, "value");
		if (check != NULL && check(texts->text[i], err) != 0)
			return -1;
	}
	return value_check_together(def, texts, which, err);
}
