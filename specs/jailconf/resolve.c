/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which assignments a jail has: those of all blocks that cover it, in the
 * order of the files, as jail(8) merges them.
 */
#include "resolve.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lexer.h"
#include "names.h"
#include "specs/doc.h"

/* What a parameter counts: it takes memory, too. */
#define PARAM_WORK 20
/* Comparing the name of a variable with those of parameters. */
#define SPECIAL_WORK 20
/* Bytes of a name that is cut into components, for a comparison of names. */
#define COVER_BYTES 4

void
conf_jail_fault(struct resolver *r, struct spec_place place, const char *fmt,
    ...)
{
	char message[ERROR_TEXT_MAX];
	va_list ap;

	r->jail->failed = true;
	/* It would not be said, and takes time. */
	if (r->errors->count >= CONF_ERRORS_MAX)
		return;
	va_start(ap, fmt);
	vsnprintf(message, sizeof message, fmt, ap);
	va_end(ap);
	conf_fault(r->errors, place, "jail \"%s\": %s", r->jail->name != NULL ?
	    r->jail->name : r->jail->block->name, message);
}

bool
conf_work(struct resolver *r, size_t amount)
{
	r->work += amount;
	if (r->work <= CONF_WORK_MAX)
		return true;
	if (!r->stopped)
		conf_jail_fault(r, r->jail->block->place, "the configuration "
		    "is too large: too many jails with too many parameters");
	r->stopped = true;
	return false;
}

static int
out_of_memory(struct resolver *r)
{
	r->stopped = true;
	return spec_error_add(r->errors, (struct spec_place){ 0 }, false,
	    "out of memory");
}

struct conf_param *
conf_find(struct resolver *r, const char *name, bool exactly)
{
	const size_t work = CONF_TEXT_WORK(name);
	size_t i = r->bucket[conf_param_hash(name) % CONF_BUCKETS];
	struct conf_param *found = NULL;

	if (!conf_work(r, work))
		return NULL;
	/* The oldest one, as jail(8). */
	while (i > 0 && conf_work(r, work)) {
		struct conf_param *p = &r->jail->param[i - 1];

		if (exactly ? strcmp(p->name, name) == 0 :
		    conf_same_param(p->name, name))
			found = p;
		i = p->chain;
	}
	return r->stopped ? NULL : found;
}

/* Empties the buckets that the jail has filled. */
static void
clear_buckets(struct resolver *r)
{
	for (size_t i = 0; i < r->jail->count; i++)
		r->bucket[conf_param_hash(r->jail->param[i].name) %
		    CONF_BUCKETS] = 0;
}

static struct conf_param *
new_param(struct resolver *r, const char *name, bool variable)
{
	unsigned *bucket = &r->bucket[conf_param_hash(name) % CONF_BUCKETS];
	struct conf_jail *jail = r->jail;

	if (jail->count == jail->room) {
		size_t room = jail->room == 0 ? 16 : jail->room * 2;
		struct conf_param *grown = realloc(jail->param,
		    room * sizeof *grown);

		if (grown == NULL) {
			out_of_memory(r);
			return NULL;
		}
		jail->param = grown;
		jail->room = room;
	}
	jail->param[jail->count] = (struct conf_param){ .name = name,
		.variable = variable, .chain = *bucket };
	*bucket = (unsigned)jail->count + 1;
	if (!conf_work(r, PARAM_WORK))
		return NULL;
	return &jail->param[jail->count++];
}

static int
add_string(struct resolver *r, struct conf_param *p,
    const struct conf_string *s)
{
	if (p->strings == p->strings_room) {
		size_t room = p->strings == 0 ? 1 : p->strings * 2;
		const struct conf_string **grown = arena_take(
		    &r->jails->arena, room * sizeof *grown);

		if (grown == NULL)
			return out_of_memory(r);
		if (p->strings > 0)
			memcpy(grown, p->string, p->strings * sizeof *grown);
		p->string = grown;
		p->strings_room = room;
	}
	p->string[p->strings++] = s;
	return conf_work(r, 1) ? 0 : -1;
}

static void
variable_fault(struct resolver *r, const char *name, struct spec_place place)
{
	conf_jail_fault(r, place, "variable \"$%s\" cannot have the same name "
	    "as a parameter", name);
}

/*
 * Adds what an assignment says.  Returns -1 when the work must end; what is
 * wrong with the assignment alone marks the jail.
 */
static int
add(struct resolver *r, const char *name, bool variable, bool append,
    const struct conf_string *value, struct spec_place place)
{
	struct conf_param *p;

	p = conf_find(r, name, false);
	if (r->stopped)
		return -1;
	if (p != NULL && p->variable != variable) {
		variable_fault(r, name, place);
		return 0;
	}
	if (p != NULL && p->fixed) {
		conf_jail_fault(r, place, "cannot redefine parameter \"%s\"",
		    p->name);
		return 0;
	}
	if (p == NULL) {
		p = new_param(r, name, variable);
		if (p == NULL || (variable && !conf_work(r, SPECIAL_WORK)))
			return -1;
		if (variable && conf_is_special(name))
			variable_fault(r, name, place);
	}
	p->name = name;
	p->place = place;
	p->fixed = !variable &&
	    (conf_same_param(name, "jid") || conf_same_param(name, "name"));
	if (!append || value == NULL)
		p->strings = 0;
	for (const struct conf_string *s = value; s != NULL; s = s->next) {
		if (add_string(r, p, s) != 0)
			return -1;
	}
	return 0;
}

static int
add_block(struct resolver *r, const struct conf_block *b)
{
	for (const struct conf_assign *a = b->assign; a != NULL; a = a->next) {
		if (add(r, a->name, a->variable, a->append, a->value,
		    a->place) != 0)
			return -1;
	}
	return 0;
}

/* The name of the block as the value of a parameter. */
static int
add_name(struct resolver *r, const char *param)
{
	struct conf_string *s = arena_take(&r->jails->arena, sizeof *s);
	struct conf_piece *piece = arena_take(&r->jails->arena, sizeof *piece);
	const struct conf_block *b = r->jail->block;

	if (s == NULL || piece == NULL)
		return out_of_memory(r);
	*piece = (struct conf_piece){ .text = b->name };
	*s = (struct conf_string){ .piece = piece, .place = b->place };
	return add(r, param, false, false, s, b->place);
}

/* Whether strtol(3) reads all of a name as a number that is not 0. */
static bool
is_jid(const char *name)
{
	char *end;
	long jid;

	errno = 0;
	jid = strtol(name, &end, 10);
	return *name != '\0' && *end == '\0' && jid != 0;
}

/* Adds the blocks with defaults from *at on that stand before `until`. */
static int
add_patterns(struct resolver *r, size_t *at, const struct conf_block *until)
{
	const char *name = r->jail->block->name;
	const size_t work = 1 + strlen(name) / COVER_BYTES;

	for (; *at < r->patterns; (*at)++) {
		const struct conf_block *b = r->pattern[*at];

		if (until != NULL && b->order > until->order)
			return 0;
		if (!conf_work(r, work) ||
		    (doc_covers(b->name, name) && add_block(r, b) != 0))
			return -1;
	}
	return 0;
}

static int
merge(struct resolver *r)
{
	const struct conf_block *own = r->jail->block;
	bool number = is_jid(own->name);
	size_t at = 0;

	if (add_name(r, number ? "jid" : "name") != 0 ||
	    add_patterns(r, &at, own) != 0 || add_block(r, own) != 0 ||
	    add_patterns(r, &at, NULL) != 0)
		return -1;
	if (number && conf_find(r, "name", false) == NULL && !r->stopped)
		return add_name(r, "name");
	return r->stopped ? -1 : 0;
}

static int
new_jail(struct resolver *r, const struct conf_block *b)
{
	struct conf_jails *jails = r->jails;

	if ((jails->count & (jails->count - 1)) == 0) {
		size_t room = jails->count == 0 ? 1 : jails->count * 2;
		struct conf_jail *grown = realloc(jails->jail,
		    room * sizeof *grown);

		if (grown == NULL)
			return out_of_memory(r);
		jails->jail = grown;
	}
	r->jail = &jails->jail[jails->count++];
	*r->jail = (struct conf_jail){ .block = b };
	return 0;
}

static void
set_name(struct conf_jail *jail)
{
	const struct conf_param *name = conf_param(jail, "name");

	jail->name = name != NULL && name->values > 0 ?
	    name->value[name->values - 1].text : jail->block->name;
}

static int
list_patterns(struct resolver *r, const struct conf *conf)
{
	size_t count = 0;

	for (const struct conf_block *b = conf->block; b != NULL; b = b->next)
		count += b->pattern;
	r->pattern = arena_take(&r->jails->arena,
	    (count + 1) * sizeof *r->pattern);
	if (r->pattern == NULL)
		return out_of_memory(r);
	for (const struct conf_block *b = conf->block; b != NULL; b = b->next) {
		if (b->pattern)
			r->pattern[r->patterns++] = b;
	}
	return 0;
}

int
conf_resolve(const struct conf *conf, struct conf_jails *jails,
    struct spec_errors *errors)
{
	struct resolver *r = calloc(1, sizeof *r);
	size_t before = errors->count;

	*jails = (struct conf_jails){ 0 };
	if (r == NULL)
		return spec_error_add(errors, (struct spec_place){ 0 }, false,
		    "out of memory");
	r->jails = jails;
	r->errors = errors;
	(void)list_patterns(r, conf);
	for (const struct conf_block *b = conf->block; b != NULL && !r->stopped;
	    b = b->next) {
		if (b->pattern)
			continue;
		if (new_jail(r, b) != 0 || merge(r) != 0 ||
		    conf_substitute(r) != 0)
			break;
		set_name(r->jail);
		clear_buckets(r);
	}
	free(r);
	return errors->count == before ? 0 : -1;
}

void
conf_jails_free(struct conf_jails *jails)
{
	for (size_t i = 0; i < jails->count; i++)
		free(jails->jail[i].param);
	free(jails->jail);
	arena_release(&jails->arena);
	*jails = (struct conf_jails){ 0 };
}

const struct conf_param *
conf_param(const struct conf_jail *jail, const char *name)
{
	for (size_t i = 0; i < jail->count; i++) {
		if (strcmp(jail->param[i].name, name) == 0)
			return &jail->param[i];
	}
	return NULL;
}
