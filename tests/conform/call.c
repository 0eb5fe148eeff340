/* SPDX-License-Identifier: BSD-2-Clause */
/* One jail_set or jail_get: from JSON to bytes and back. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "conform.h"

#define FILL 0xA5
#define ERRMSG_SIZE 1024

/* A parameter list under construction; memory is the list's own. */
struct list {
	struct iovec *iov;
	unsigned count;
	int errmsg, desc; /* indexes of the last such pairs, or -1 */
};

/* What is read back after the call. */
struct want {
	const char *name;
	unsigned index;
	enum param_type type;
	bool query; /* a NULL value: only the length counts */
};

static void *
must(void *p)
{
	if (p == NULL)
		abort();
	return p;
}

static void *
filled(size_t size, int byte)
{
	return memset(must(malloc(size + 1)), byte, size + 1);
}

static unsigned
add(struct list *l, void *name, size_t name_len, void *value, size_t len)
{
	l->iov = must(realloc(l->iov, (l->count + 2) * sizeof *l->iov));
	l->iov[l->count] = (struct iovec){ name, name_len };
	l->iov[l->count + 1] = (struct iovec){ value, len };
	l->count += 2;
	if (strcmp(name, "errmsg") == 0)
		l->errmsg = (int)l->count - 2;
	if (strcmp(name, "desc") == 0)
		l->desc = (int)l->count - 2;
	return l->count - 2;
}

static void
list_free(struct list *l)
{
	for (unsigned i = 0; i < l->count; i++)
		free(l->iov[i].iov_base);
	free(l->iov);
}

static void *
from_hex(const char *hex, size_t *len)
{
	unsigned char *p = filled(strlen(hex) / 2, 0);

	*len = strlen(hex) / 2;
	for (size_t i = 0; i < *len; i++) {
		char two[3] = { hex[2 * i], hex[2 * i + 1], '\0' };

		p[i] = (unsigned char)strtoul(two, NULL, 16);
	}
	return p;
}

static void *
addresses(const json_t *texts, size_t *len)
{
	size_t n = json_array_size(texts), i;
	unsigned char *p;
	json_t *text;

	*len = 0;
	if (n == 0)
		return NULL;
	p = filled(n * sizeof(struct in6_addr), 0);
	json_array_foreach((json_t *)(uintptr_t)texts, i, text) {
		const char *a = json_string_value(text);

		if (inet_pton(AF_INET, a, p + *len) == 1)
			*len += sizeof(struct in_addr);
		else if (inet_pton(AF_INET6, a, p + *len) == 1)
			*len += sizeof(struct in6_addr);
		else
			abort();
	}
	return p;
}

static void *
integer(const char *name, json_int_t value, size_t *len)
{
	unsigned long wide = (unsigned long)value;
	int narrow = (int)value;
	void *p = filled(sizeof wide, 0);

	if (strcmp(name, "host.hostid") == 0)
		memcpy(p, &wide, *len = sizeof wide);
	else
		memcpy(p, &narrow, *len = sizeof narrow);
	return p;
}

static void *
value_bytes(const struct conform *c, const char *name, const json_t *value,
    size_t *len)
{
	const char *text = json_string_value(value);
	json_t *part;
	char *plain;

	*len = 0;
	if (json_is_integer(value) || (text != NULL && text[0] == '$' &&
	    text[1] != '{' && text[1] != '\0'))
		return integer(name, bound_int(c, value), len);
	if (text != NULL) {
		plain = expand(c, text, true);
		*len = strlen(plain) + 1;
		return plain;
	}
	if (json_is_array(value))
		return addresses(value, len);
	if ((part = json_object_get(value, "hex")) != NULL)
		return from_hex(json_string_value(part), len);
	if ((part = json_object_get(value, "buf")) != NULL) {
		*len = (size_t)json_integer_value(part);
		return filled(*len, FILL);
	}
	return NULL;
}

static void
add_params(const struct conform *c, struct list *l, const json_t *params)
{
	json_t *pair;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)params, i, pair) {
		json_t *name = json_array_get(pair, 0);
		json_t *hex = json_object_get(name, "hex");
		size_t name_len, len;
		void *bytes, *value;

		if (hex != NULL)
			bytes = from_hex(json_string_value(hex), &name_len);
		else {
			bytes = expand(c, json_string_value(name), false);
			name_len = strlen(bytes) + 1;
		}
		value = value_bytes(c, bytes, json_array_get(pair, 1), &len);
		add(l, bytes, name_len, value, len);
	}
}

/* jid, name, lastjid and desc are keys: their buffers begin as zeros. */
static int
fill_of(const char *name)
{
	static const char *const keys[] = { "jid", "name", "lastjid", "desc" };

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (strcmp(keys[i], name) == 0)
			return 0;
	return FILL;
}

/* A plain jid or name that is a key already is read back from there. */
static bool
reuse_key(struct list *l, const char *name, size_t size, unsigned *index)
{
	if (strcmp(name, "jid") != 0 && strcmp(name, "name") != 0)
		return false;
	for (unsigned i = 0; i < l->count; i += 2) {
		struct iovec *v = &l->iov[i + 1];
		void *longer;

		if (strcmp(l->iov[i].iov_base, name) != 0)
			continue;
		if (v->iov_len < size) {
			longer = filled(size, 0);
			if (v->iov_len > 0)
				memcpy(longer, v->iov_base, v->iov_len);
			free(v->iov_base);
			*v = (struct iovec){ longer, size };
		}
		*index = i;
		return true;
	}
	return false;
}

static struct want
add_want(const struct conform *c, struct list *l, const json_t *entry)
{
	const json_t *first = json_array_get(entry, 0);
	const json_t *size = json_array_get(entry, 1);
	struct want w = { .name = json_string_value(first != NULL ? first :
	    entry) };
	size_t room;
	void *value = NULL;

	w.type = wanted_type(c, w.name, &room);
	if (first == NULL && reuse_key(l, w.name, room, &w.index))
		return w;
	if (json_is_null(size)) {
		w.query = true;
		room = 0;
	} else {
		if (size != NULL)
			room = (size_t)json_integer_value(json_object_get(size,
			    "size"));
		value = filled(room, fill_of(w.name));
	}
	w.index = add(l, must(strdup(w.name)), strlen(w.name) + 1, value,
	    room);
	return w;
}

static json_t *
hex_value(const unsigned char *p, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	char *text = filled(2 * len, 0);
	json_t *result;

	for (size_t i = 0; i < len; i++) {
		text[2 * i] = digits[p[i] >> 4];
		text[2 * i + 1] = digits[p[i] & 15];
	}
	result = json_pack("{s:s}", "hex", text);
	free(text);
	return result;
}

static bool
is_untouched(const unsigned char *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (p[i] != FILL)
			return false;
	return len > 0;
}

static json_t *
address_value(const unsigned char *p, size_t len, int family, size_t size)
{
	json_t *list = json_array();
	char text[INET6_ADDRSTRLEN];

	if (len % size != 0)
		return hex_value(p, len);
	for (size_t i = 0; i < len; i += size)
		json_array_append_new(list, json_string(inet_ntop(family,
		    p + i, text, sizeof text)));
	return list;
}

static json_t *
text_value(const unsigned char *p, size_t len)
{
	size_t n = strnlen((const char *)p, len);
	json_t *text = json_stringn((const char *)p, n);

	return text != NULL ? text : hex_value(p, n);
}

static json_t *
number_value(const unsigned char *p, size_t len)
{
	unsigned long wide;
	int narrow;

	if (len == sizeof narrow) {
		memcpy(&narrow, p, sizeof narrow);
		return json_integer(narrow);
	}
	if (len != sizeof wide)
		return hex_value(p, len);
	memcpy(&wide, p, sizeof wide);
	return json_integer((json_int_t)wide);
}

static json_t *
read_back(const struct list *l, const struct want *w)
{
	const struct iovec *v = &l->iov[w->index + 1];
	const unsigned char *p = v->iov_base;
	bool array = w->type == PARAM_IP4 || w->type == PARAM_IP6;

	if (w->query)
		return v->iov_len == 0 && !array ? json_null() :
		    json_pack("{s:I}", "len", (json_int_t)v->iov_len);
	if (v->iov_len == 0 && !array)
		return is_untouched(p, 1) ? json_null() : json_string("");
	if (is_untouched(p, v->iov_len))
		return json_pack("{s:b}", "untouched", 1);
	switch (w->type) {
	case PARAM_IP4:
		return address_value(p, v->iov_len, AF_INET, 4);
	case PARAM_IP6:
		return address_value(p, v->iov_len, AF_INET6, 16);
	case PARAM_STRING:
	case PARAM_KEYVALUE:
		return text_value(p, v->iov_len);
	default:
		return number_value(p, v->iov_len);
	}
}

/* The text of errmsg, NULL when its buffer was not written. */
static json_t *
message(const struct list *l)
{
	const unsigned char *p;

	if (l->errmsg < 0 || l->iov[l->errmsg + 1].iov_len == 0)
		return json_null();
	p = l->iov[l->errmsg + 1].iov_base;
	return p[0] == FILL ? json_null() :
	    text_value(p, l->iov[l->errmsg + 1].iov_len);
}

static int
flags_of(const json_t *flags)
{
	static const struct {
		const char *name;
		int flag;
	} names[] = {
		{ "CREATE", JAIL_CREATE }, { "UPDATE", JAIL_UPDATE },
		{ "ATTACH", JAIL_ATTACH }, { "DYING", JAIL_DYING },
		{ "USE_DESC", JAIL_USE_DESC }, { "AT_DESC", JAIL_AT_DESC },
		{ "GET_DESC", JAIL_GET_DESC }, { "OWN_DESC", JAIL_OWN_DESC },
	};
	json_t *flag;
	size_t i;
	int bits = 0;

	json_array_foreach((json_t *)(uintptr_t)flags, i, flag) {
		bits |= (int)json_integer_value(flag);
		for (size_t n = 0; json_is_string(flag) &&
		    n < sizeof names / sizeof *names; n++)
			if (strcmp(json_string_value(flag),
			    names[n].name) == 0)
				bits |= names[n].flag;
	}
	return bits;
}

static json_t *
values(const struct list *l, const struct want *wants, size_t count)
{
	json_t *result = json_object();

	for (size_t i = 0; i < count; i++)
		json_object_set_new(result, wants[i].name,
		    read_back(l, &wants[i]));
	return result;
}

void
call_perform(struct conform *c, struct jail_kernel *k, const json_t *step,
    bool get, struct outcome *o)
{
	const json_t *wanted = json_object_get(step, "want");
	size_t count = json_array_size(wanted);
	struct want *wants = must(calloc(count + 1, sizeof *wants));
	struct list l = { .errmsg = -1, .desc = -1 };
	int flags = flags_of(json_object_get(step, "flags")), rc, code;
	json_t *result, *text;

	add_params(c, &l, json_object_get(step, "params"));
	for (size_t i = 0; i < count; i++)
		wants[i] = add_want(c, &l, json_array_get(wanted, i));
	if (l.errmsg < 0 && json_object_get(step, "noerrmsg") == NULL)
		add(&l, must(strdup("errmsg")), 7, filled(ERRMSG_SIZE, FILL),
		    ERRMSG_SIZE);
	rc = get ? k->backend->get(k, l.iov, l.count, flags) :
	    k->backend->set(k, l.iov, l.count, flags);
	code = errno;
	text = message(&l);
	if (rc < 0)
		result = json_pack("{s:s,s:o}", "errno", errno_name(code),
		    "errmsg", text);
	else {
		result = json_pack("{s:i}", "jid", rc);
		o->jid = rc;
		if (!json_is_null(text))
			json_object_set_new(result, "errmsg", text);
		if (l.desc >= 0 && json_object_get(step, "bindfd") != NULL) {
			memcpy(&o->fd, l.iov[l.desc + 1].iov_base,
			    sizeof o->fd);
			json_object_set_new(result, "desc",
			    json_integer(o->fd));
		}
		if (get && count > 0)
			json_object_set_new(result, "values",
			    values(&l, wants, count));
	}
	free(wants);
	list_free(&l);
	outcome_put(o, result);
}

void
call_list(struct conform *c, struct jail_kernel *k, const json_t *step,
    struct outcome *o)
{
	bool with_dying = json_is_true(json_object_get(step, "dying"));
	json_t *jails = json_array();
	int last = 0, jid, dying;
	char name[JAIL_NAME_MAX];

	(void)c;
	for (;;) {
		struct iovec iov[] = {
			{ (char[]){ "lastjid" }, 8 }, { &last, sizeof last },
			{ (char[]){ "name" }, 5 }, { name, sizeof name },
			{ (char[]){ "dying" }, 6 }, { &dying, sizeof dying },
		};

		memset(name, 0, sizeof name);
		jid = k->backend->get(k, iov, 6, with_dying ? JAIL_DYING : 0);
		if (jid < 0)
			break;
		last = jid;
		json_array_append_new(jails, with_dying ?
		    json_pack("[i,s,b]", jid, name, dying) :
		    json_pack("[i,s]", jid, name));
	}
	if (errno == ENOENT)
		outcome_put(o, json_pack("{s:o}", "jails", jails));
	else {
		json_decref(jails);
		outcome_put(o, errno_result(errno));
	}
}
