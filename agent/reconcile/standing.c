/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/reconcile/standing.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "agent/base/file.h"
#include "agent/base/sorted.h"

#define FORMAT "jailagent-orders/1"
#define FILE_MAX ((size_t)64 * 1024 * 1024)

static const char *const kind_word[] = {
	[STANDING_PAUSE] = "pause",
	[STANDING_STOP] = "stop",
};

static const char *
name_of(const void *table, size_t i)
{
	return ((const struct standing *)table)->order[i].name;
}

static void
order_clear(struct standing_order *o)
{
	free(o->name);
	free(o->reason);
}

static void
drop(struct standing *s, size_t at)
{
	order_clear(&s->order[at]);
	s->count--;
	memmove(s->order + at, s->order + at + 1,
	    (s->count - at) * sizeof *s->order);
}

/* Takes a copy of an order into the table. */
static int
put(struct standing *s, const struct standing_order *o)
{
	struct standing_order copy = *o, *grown;
	bool found;
	size_t at = sorted_position(s, s->count, name_of, o->name, &found);

	copy.name = strdup(o->name);
	copy.reason = strdup(o->reason);
	grown = realloc(s->order, (s->count + 1) * sizeof *grown);
	if (grown != NULL)
		s->order = grown;
	if (copy.name == NULL || copy.reason == NULL || grown == NULL) {
		order_clear(&copy);
		return -1;
	}
	if (found)
		drop(s, at);
	memmove(grown + at + 1, grown + at, (s->count - at) * sizeof *grown);
	grown[at] = copy;
	s->count++;
	return 0;
}

/* ---------------------------------------------------------------- the file */

static int
take_object(struct standing *s, json_t *value)
{
	struct standing_order o = { 0 };
	const char *name, *kind, *reason;
	json_int_t until;
	int no_hooks = 0;

	if (json_unpack(value, "{s:s, s:s, s:s, s:I, s?b !}", "jail", &name,
	    "order", &kind, "reason", &reason, "until", &until, "no_hooks",
	    &no_hooks) != 0)
		return -1;
	for (o.kind = STANDING_PAUSE; strcmp(kind_word[o.kind], kind) != 0;
	    o.kind++)
		if (o.kind == STANDING_STOP)
			return -1;
	o.name = (char *)(uintptr_t)name;
	o.reason = (char *)(uintptr_t)reason;
	o.until = until;
	o.no_hooks = no_hooks != 0;
	return put(s, &o);
}

/* Files of earlier versions say nothing of waves. */
static int
take_waves(struct standing *s, json_t *root)
{
	json_t *failed = json_object_get(root, "wave_failed"), *value;
	int rc = 0;
	size_t i;

	json_array_foreach (json_object_get(root, "wave"), i, value)
		if (rc == 0)
			rc = json_is_string(value) ? text_list_add(&s->wave,
			    json_string_value(value)) : -1;
	if (rc == 0 && json_is_string(failed) &&
	    (s->failed = strdup(json_string_value(failed))) == NULL)
		rc = -1;
	return rc;
}

/* Of all members but the stamp itself.  0, -1 without memory. */
static int
stamp_of(const struct standing *s, const json_t *root, char hex[STAMP_SIZE])
{
	char *text = json_dumps(root, JSON_COMPACT | JSON_SORT_KEYS);

	if (text == NULL)
		return -1;
	stamp_text(s->vault, "orders", text, strlen(text), hex);
	free(text);
	return 0;
}

/* Takes the stamp out; whether it is right, where there has to be one. */
static bool
is_stamped(const struct standing *s, json_t *root)
{
	const char *text = json_string_value(json_object_get(root, "stamp"));
	char found[STAMP_SIZE] = "", right[STAMP_SIZE];

	if (text != NULL)
		snprintf(found, sizeof found, "%s", text);
	json_object_del(root, "stamp");
	return !stamp_has_key(s->vault) || !s->vault->stamped ||
	    (stamp_of(s, root, right) == 0 && strcmp(found, right) == 0);
}

static int
take_file(struct standing *s, const char *data, size_t len, struct error *err)
{
	json_error_t why;
	json_t *root = json_loadb(data, len, JSON_REJECT_DUPLICATES, &why);
	json_t *list = json_object_get(root, "orders"), *value;
	const char *format = json_string_value(json_object_get(root,
	    "format"));
	bool ours = is_stamped(s, root);
	size_t i;
	int rc = format == NULL || strcmp(format, FORMAT) != 0 ||
	    !json_is_array(list) ? -1 : take_waves(s, root);

	if (rc == 0 && !ours) {
		json_decref(root);
		return error_set(err, EINVAL, "%s: these orders (which jails "
		    "are paused or stopped) are not as the agent wrote them; "
		    "remove the file and give them again, or put back what it "
		    "was", s->path);
	}

	json_array_foreach (list, i, value)
		if (rc == 0)
			rc = take_object(s, value);
	json_decref(root);
	return rc == 0 ? 0 : error_set(err, EINVAL, "%s: this is no list of "
	    "orders (%s); it says which jails are paused or stopped, so mend "
	    "it, or remove it when there are none", s->path, FORMAT);
}

int
standing_open(struct standing *s, const struct paths *paths,
    const struct vault *vault, struct error *err)
{
	struct error why;
	size_t len;
	char *data;
	int rc;

	memset(s, 0, sizeof *s);
	s->path = paths->orders;
	s->vault = vault;
	error_clear(&why);
	if (file_read(AT_FDCWD, s->path, FILE_MAX, &data, &len, &why) != 0) {
		if (why.code == ENOENT)
			return 0;
		return error_set(err, why.code, "%s: %s", s->path, why.text);
	}
	rc = take_file(s, data, len, err);
	free(data);
	if (rc != 0)
		standing_close(s);
	return rc;
}

void
standing_close(struct standing *s)
{
	for (size_t i = 0; i < s->count; i++)
		order_clear(&s->order[i]);
	free(s->order);
	text_list_free(&s->wave);
	free(s->failed);
	s->order = NULL;
	s->failed = NULL;
	s->count = 0;
}

/* What is not always there is unknown to earlier versions. */
static json_t *
order_object(const struct standing_order *o)
{
	return json_pack("{s:s, s:s, s:s, s:I, s:o*}", "jail", o->name,
	    "order", kind_word[o->kind], "reason", o->reason, "until",
	    (json_int_t)o->until, "no_hooks",
	    o->no_hooks ? json_true() : NULL);
}

static int
add_waves(json_t *root, const struct text_list *wave, const char *failed)
{
	json_t *list = wave->count > 0 ? json_array() : NULL;
	int rc = 0;

	for (size_t i = 0; i < wave->count; i++)
		rc |= json_array_append_new(list, json_string(wave->text[i]));
	if (list != NULL)
		rc |= json_object_set_new(root, "wave", list);
	if (failed != NULL)
		rc |= json_object_set_new(root, "wave_failed",
		    json_string(failed));
	return rc;
}

static int
write_object(const struct standing *s, json_t *root, struct error *err)
{
	char hex[STAMP_SIZE], *text = NULL;
	int rc;

	if (!stamp_has_key(s->vault) || (stamp_of(s, root, hex) == 0 &&
	    json_object_set_new(root, "stamp", json_string(hex)) == 0))
		text = json_dumps(root, JSON_INDENT(1));
	if (text == NULL)
		return error_sys(err, ENOMEM, "%s", s->path);
	rc = file_replace(AT_FDCWD, s->path, text, strlen(text), err);
	free(text);
	return rc == 0 ? 0 : error_wrap(err, "%s", s->path);
}

/*
 * Writes all orders but those about `name` (NULL: all), and `more` if it is not
 * NULL, with what is to be known of waves.
 */
static int
write_file(const struct standing *s, const char *name,
    const struct standing_order *more, const struct text_list *wave,
    const char *failed, struct error *err)
{
	json_t *list = json_array(), *root;
	int rc = 0;

	for (size_t i = 0; i < s->count; i++)
		if (name == NULL || strcmp(s->order[i].name, name) != 0)
			rc |= json_array_append_new(list,
			    order_object(&s->order[i]));
	if (more != NULL)
		rc |= json_array_append_new(list, order_object(more));
	root = json_pack("{s:s, s:o}", "format", FORMAT, "orders", list);
	rc |= root == NULL ? -1 : add_waves(root, wave, failed);
	if (rc != 0)
		rc = error_sys(err, ENOMEM, "%s", s->path);
	else if (json_array_size(list) == 0 && json_object_size(root) == 2)
		rc = unlink(s->path) == 0 || errno == ENOENT ? 0 :
		    error_sys(err, errno, "%s", s->path);
	else
		rc = write_object(s, root, err);
	json_decref(root);
	return rc;
}

/* ------------------------------------------------------------------ orders */

static bool
ended(const struct standing_order *o, int64_t now)
{
	return o->until != 0 && o->until <= now;
}

const struct standing_order *
standing_find(const struct standing *s, const char *name, int64_t now)
{
	bool found;
	size_t at = sorted_position(s, s->count, name_of, name, &found);

	return found && !ended(&s->order[at], now) ? &s->order[at] : NULL;
}

bool
standing_forces(const struct standing_order *o)
{
	return o != NULL && o->kind == STANDING_STOP && o->no_hooks;
}

int
standing_give(struct standing *s, const struct standing_order *o, struct error *err)
{
	if (write_file(s, o->name, o, &s->wave, s->failed, err) != 0)
		return -1;
	return put(s, o) == 0 ? 0 : error_sys(err, ENOMEM, "%s", s->path);
}

int
standing_take_back(struct standing *s, const char *name, struct error *err)
{
	bool found;
	size_t at = sorted_position(s, s->count, name_of, name, &found);

	if (!found)
		return 0;
	if (write_file(s, name, NULL, &s->wave, s->failed, err) != 0)
		return -1;
	drop(s, at);
	return 0;
}

int
standing_tidy(struct standing *s, int64_t now, struct error *err)
{
	size_t before = s->count;

	for (size_t i = s->count; i-- > 0;)
		if (ended(&s->order[i], now))
			drop(s, i);
	return s->count == before ? 0 :
	    write_file(s, NULL, NULL, &s->wave, s->failed, err);
}

int
standing_waves(struct standing *s, const struct text_list *wave,
    const char *failed, struct error *err)
{
	struct text_list copy = { 0 };
	char *name = failed != NULL ? strdup(failed) : NULL;
	int rc = text_list_copy(&copy, wave) != 0 ||
	    (failed != NULL && name == NULL) ?
	    error_sys(err, ENOMEM, "%s", s->path) :
	    write_file(s, NULL, NULL, wave, failed, err);

	if (rc != 0) {
		text_list_free(&copy);
		free(name);
		return -1;
	}
	text_list_free(&s->wave);
	free(s->failed);
	s->wave = copy;
	s->failed = name;
	return 0;
}

int
standing_stamp(const struct standing *s, struct error *err)
{
	return write_file(s, NULL, NULL, &s->wave, s->failed, err);
}

int64_t
standing_next_end(const struct standing *s, int64_t now)
{
	int64_t next = 0;

	for (size_t i = 0; i < s->count; i++) {
		const struct standing_order *o = &s->order[i];

		if (o->until > now && (next == 0 || o->until < next))
			next = o->until;
	}
	return next;
}

const char *
standing_text(const struct standing_order *o, char *buf, size_t size)
{
	char until[64] = "";
	time_t t = (time_t)o->until;
	struct tm tm;

	if (o->until != 0 && gmtime_r(&t, &tm) != NULL)
		strftime(until, sizeof until, " (until %Y-%m-%dT%H:%M:%SZ)",
		    &tm);
	snprintf(buf, size, "%s by hand%s%.300s%s",
	    o->kind == STANDING_PAUSE ? "paused" : "stopped",
	    o->reason[0] != '\0' ? ": " : "", o->reason, until);
	return buf;
}
