/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading jails: what a kernel advertises, and one jail's values. */
#include "call.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"

/* Tries when a list grows between asking for its length and reading it. */
#define TRIES 5
/* Addresses that there is room for beyond the length that was told. */
#define SPARE 5
/* Bytes of a list of texts at the first try. */
#define LIST_ROOM 1024

static int
keep_info(void *arg, const struct jail_param_info *info)
{
	struct jail_params *p = arg;
	struct jail_param_info *kept;

	if ((p->count & (p->count - 1)) == 0) {
		size_t room = p->count == 0 ? 1 : p->count * 2;
		struct jail_param_info *grown = realloc(p->info,
		    room * sizeof *grown);

		if (grown == NULL)
			return -1;
		p->info = grown;
	}
	kept = &p->info[p->count];
	*kept = *info;
	kept->name = strdup(info->name);
	if (kept->name == NULL)
		return -1;
	p->count++;
	return 0;
}

static int
compare_info(const void *a, const void *b)
{
	const struct jail_param_info *x = a, *y = b;

	return strcmp(x->name, y->name);
}

int
params_read(struct jail_kernel *k, struct jail_params *p, struct error *err)
{
	*p = (struct jail_params){ 0 };
	errno = ENOMEM;
	if (k->backend->params(k, keep_info, p) != 0) {
		int code = errno;

		params_free(p);
		return error_sys(err, code, "cannot read what parameters the "
		    "kernel has");
	}
	if (p->count > 0)
		qsort(p->info, p->count, sizeof *p->info, compare_info);
	return 0;
}

const struct jail_param_info *
params_find(const struct jail_params *p, const char *name)
{
	const struct jail_param_info key = { .name = name };

	if (p->count == 0)
		return NULL;
	return bsearch(&key, p->info, p->count, sizeof *p->info, compare_info);
}

void
params_free(struct jail_params *p)
{
	for (size_t i = 0; i < p->count; i++)
		free((char *)p->info[i].name);
	free(p->info);
	free(p->no_limit);
	*p = (struct jail_params){ 0 };
}

/* One reading: what is asked for, and the buffers of the present try. */
struct reading {
	struct jail_kernel *k;
	const struct jail_params *p;
	const char *const *extra;
	size_t count; /* values: parameters, then extra ones */
	int jid;      /* as row_read's */
	const char *name;
	int flags;
	size_t *room;	   /* bytes for each value */
	struct iovec *iov; /* parameter i has its value at 2 * i + 1 */
	unsigned niov;
	struct iovec *value; /* what was read; a NULL base: not there */
	unsigned char *data;
	char errmsg[JAIL_ERRMSG_MAX];
	int key_jid; /* where the key stands apart; the kernel writes there */
	char key_name[JAIL_NAME_MAX];
};

static bool
is_array(const struct reading *r, size_t i)
{
	return i < r->p->count && (r->p->info[i].type == PARAM_IP4 ||
	    r->p->info[i].type == PARAM_IP6 ||
	    r->p->info[i].type == PARAM_LIST);
}

static const char *
value_name(const struct reading *r, size_t i)
{
	return i < r->p->count ? r->p->info[i].name :
				 r->extra[i - r->p->count];
}

/* The parameter meta, when the value is that of meta.K; NULL if not read. */
static const struct jail_param_info *
base_of(const struct reading *r, size_t i)
{
	char name[JAIL_NAME_MAX] = "";
	const struct jail_param_info *base;

	if (i < r->p->count)
		return NULL;
	strncat(name, value_name(r, i), sizeof name - 1);
	name[strcspn(name, ".")] = '\0';
	base = params_find(r->p, name);
	return base != NULL && base->type == PARAM_KEYVALUE ? base : NULL;
}

/*
 * Bytes for a value; texts and arrays get as much as they can ever have.  A
 * key whose whole text is read is found there and not asked for: a list may
 * have 64 KiB, and a few buffers for keys would exceed that.
 */
static size_t
first_room(const struct reading *r, size_t i)
{
	const struct jail_param_info *info;

	if (i >= r->p->count)
		return base_of(r, i) != NULL ? 0 : 1024;
	info = &r->p->info[i];
	if (info->type == PARAM_ULONG)
		return sizeof(unsigned long);
	if (info->type == PARAM_STRING || info->type == PARAM_KEYVALUE)
		return info->size > 0 ? info->size : 1024;
	if (info->type == PARAM_LIST)
		return LIST_ROOM;
	return is_array(r, i) ? ADDRESS_MAX * info->size : sizeof(int);
}

static void
add_pair(struct reading *r, const char *name, void *data, size_t len)
{
	r->iov[r->niov++] = (struct iovec){ (char *)name, strlen(name) + 1 };
	r->iov[r->niov++] = (struct iovec){ data, len };
}

/* Says which jail is meant: in the buffer of `name` or `jid`, or apart. */
static int
add_key(struct reading *r, bool apart)
{
	const char *key = r->jid > 0 ? "jid" :
	    r->jid == 0 && r->name != NULL ? "name" : "lastjid";
	const struct jail_param_info *info = params_find(r->p, key);
	bool by_name = strcmp(key, "name") == 0;
	struct iovec *value;
	int after = -r->jid;

	if (apart || info == NULL) {
		if (by_name)
			add_pair(r, key, r->key_name, sizeof r->key_name);
		else
			add_pair(r, key, &r->key_jid, sizeof r->key_jid);
		value = &r->iov[r->niov - 1];
	} else {
		value = &r->iov[2 * (info - r->p->info) + 1];
	}
	if (by_name && strlen(r->name) >= value->iov_len) {
		errno = ENOENT; /* longer than any name can be */
		return -1;
	}
	if (by_name)
		memcpy(value->iov_base, r->name, strlen(r->name) + 1);
	else
		memcpy(value->iov_base, r->jid > 0 ? &r->jid : &after,
		    sizeof after);
	return 0;
}

static int
get(struct reading *r)
{
	r->errmsg[0] = '\0';
	add_pair(r, "errmsg", r->errmsg, sizeof r->errmsg);
	return r->k->backend->get(r->k, r->iov, r->niov, r->flags);
}

/* Asks how long the arrays are, and changes `room`. */
static int
measure_arrays(struct reading *r)
{
	unsigned at = 0;

	r->niov = 0;
	for (size_t i = 0; i < r->p->count; i++) {
		if (is_array(r, i))
			add_pair(r, value_name(r, i), NULL, 0);
	}
	if (add_key(r, true) != 0 || get(r) < 0)
		return -1;
	for (size_t i = 0; i < r->p->count; i++) {
		if (is_array(r, i)) {
			r->room[i] = r->iov[2 * at + 1].iov_len +
			    SPARE * r->p->info[i].size;
			at++;
		}
	}
	return 0;
}

/* Rooms are rounded up so that every value is aligned. */
static size_t
aligned(size_t size)
{
	return (size + 7) & ~(size_t)7;
}

/* One try with the present rooms.  Returns the jid, -1/errno. */
static int
try_read(struct reading *r)
{
	size_t total = 0;
	unsigned char *at;

	for (size_t i = 0; i < r->count; i++)
		total += aligned(r->room[i]);
	free(r->data);
	r->data = calloc(1, total == 0 ? 1 : total);
	if (r->data == NULL)
		return -1;
	r->niov = 0;
	at = r->data;
	for (size_t i = 0; i < r->count; i++) {
		if (base_of(r, i) != NULL)
			continue;
		add_pair(r, value_name(r, i), at, r->room[i]);
		at += aligned(r->room[i]);
	}
	return add_key(r, false) == 0 ? get(r) : -1;
}

/*
 * The kernel refuses a buffer that is too small for a list with EINVAL and
 * no text, jail_get(2).
 */
static int
read_with_room(struct reading *r)
{
	int jid = try_read(r);

	for (int i = 0; i < TRIES && jid < 0 && errno == EINVAL &&
	    r->errmsg[0] == '\0'; i++) {
		if (measure_arrays(r) != 0)
			return -1;
		jid = try_read(r);
	}
	return jid;
}

/* The value of the first line that begins "KEY=". */
static struct iovec
find_line(const char *text, const char *key)
{
	size_t len = strlen(key);

	for (const char *line = text; *line != '\0';) {
		size_t end = strcspn(line, "\n");

		if (end > len && strncmp(line, key, len) == 0 &&
		    line[len] == '=')
			return (struct iovec){ (char *)line + len + 1,
				end - len - 1 };
		line += end + (line[end] == '\n');
	}
	return (struct iovec){ NULL, 0 };
}

/* A text without its NUL; a buffer that lacks one is cut. */
static void
end_text(const struct reading *r, size_t i, struct iovec *v)
{
	v->iov_len = strnlen(v->iov_base, r->room[i] - 1);
	((char *)v->iov_base)[v->iov_len] = '\0';
}

static bool
is_text(const struct reading *r, size_t i)
{
	return i >= r->p->count || r->p->info[i].type == PARAM_STRING ||
	    r->p->info[i].type == PARAM_KEYVALUE;
}

/* Finds each value: where it was read to, or in the text of its base. */
static void
collect_values(const struct reading *r)
{
	unsigned at = 1;

	for (size_t i = 0; i < r->count; i++) {
		const struct jail_param_info *base = base_of(r, i);
		struct iovec *v = &r->value[i];

		if (base != NULL) {
			const struct iovec *text =
			    &r->value[base - r->p->info];

			*v = text->iov_base == NULL ? *text :
			    find_line(text->iov_base,
			    strchr(value_name(r, i), '.') + 1);
			continue;
		}
		*v = r->iov[at];
		at += 2;
		/* A key that is not there comes back without a value. */
		if (v->iov_len == 0 && !is_array(r, i))
			v->iov_base = NULL;
		if (v->iov_base != NULL && is_text(r, i))
			end_text(r, i, v);
	}
}

/* Bytes that a value takes in a row. */
static size_t
kept_length(const struct reading *r, size_t i)
{
	return r->value[i].iov_base == NULL ? 0 :
	    r->value[i].iov_len + is_text(r, i);
}

/* Copies what was read into one block as small as possible. */
static int
keep_row(const struct reading *r, int jid, struct jail_row *row)
{
	size_t total = r->count * sizeof *row->value;
	unsigned char *at;

	collect_values(r);
	for (size_t i = 0; i < r->count; i++)
		total += aligned(kept_length(r, i));
	row->value = calloc(1, total);
	if (row->value == NULL)
		return -1;
	row->jid = jid;
	row->count = r->count;
	at = (unsigned char *)(row->value + r->count);
	for (size_t i = 0; i < r->count; i++) {
		struct jail_value *v = &row->value[i];

		v->name = value_name(r, i);
		v->info = i < r->p->count ? &r->p->info[i] : NULL;
		v->len = kept_length(r, i);
		/* A list without elements was read all the same. */
		if (r->value[i].iov_base == NULL)
			continue;
		v->data = at;
		memcpy(at, r->value[i].iov_base, r->value[i].iov_len);
		at += aligned(v->len);
	}
	return 0;
}

int
row_read(struct jail_kernel *k, const struct jail_params *p, int jid,
    const char *name, const char *const *extra, int flags,
    struct jail_row *row, struct error *err)
{
	struct reading r = { .k = k, .p = p, .extra = extra,
		.count = p->count, .jid = jid, .name = name, .flags = flags };
	int rc = -1, found;

	*row = (struct jail_row){ 0 };
	while (extra != NULL && extra[r.count - p->count] != NULL)
		r.count++;
	/* Two more pairs: the key where it stands apart, and errmsg. */
	r.iov = calloc(2 * (r.count + 2), sizeof *r.iov);
	r.room = calloc(r.count + 1, sizeof *r.room);
	r.value = calloc(r.count + 1, sizeof *r.value);
	if (r.iov == NULL || r.room == NULL || r.value == NULL) {
		error_sys(err, ENOMEM, "jail_get");
		goto out;
	}
	for (size_t i = 0; i < r.count; i++)
		r.room[i] = first_room(&r, i);
	found = read_with_room(&r);
	if (found < 0 && errno == ENOENT)
		rc = 1;
	else if (found < 0)
		call_failure(r.errmsg, errno, err);
	else if (keep_row(&r, found, row) != 0)
		error_sys(err, ENOMEM, "jail_get");
	else
		rc = 0;
out:
	free(r.iov);
	free(r.room);
	free(r.value);
	free(r.data);
	return rc;
}

void
row_free(struct jail_row *row)
{
	free(row->value);
	*row = (struct jail_row){ 0 };
}

static int
compare_value(const void *name, const void *value)
{
	return strcmp(name, ((const struct jail_value *)value)->info->name);
}

const struct jail_value *
row_find(const struct jail_row *row, const char *name)
{
	const struct jail_value *v = NULL;
	size_t count = row->count;

	/* The extra ones are few, and stand behind the sorted ones. */
	for (; count > 0 && row->value[count - 1].info == NULL; count--)
		if (strcmp(row->value[count - 1].name, name) == 0)
			v = &row->value[count - 1];
	if (v == NULL && count > 0)
		v = bsearch(name, row->value, count, sizeof *v, compare_value);
	return v != NULL && v->data != NULL ? v : NULL;
}

const char *
row_text(const struct jail_row *row, const char *name)
{
	const struct jail_value *v = row_find(row, name);

	if (v == NULL || (v->info != NULL && v->info->type != PARAM_STRING &&
	    v->info->type != PARAM_KEYVALUE))
		return NULL;
	return v->data;
}

int
row_int(const struct jail_row *row, const char *name, int dflt)
{
	const struct jail_value *v = row_find(row, name);
	int value;

	if (v == NULL || v->len != sizeof value)
		return dflt;
	memcpy(&value, v->data, sizeof value);
	return value;
}
