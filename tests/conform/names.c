/* SPDX-License-Identifier: BSD-2-Clause */
/* Names in vectors: errno values, bindings, parameters. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "conform.h"

#define E(name) { name, #name }

static const struct {
	int code;
	const char *name;
} errnos[] = {
	E(EPERM), E(ENOENT), E(ESRCH), E(EINTR), E(EIO), E(ENXIO), E(E2BIG),
	E(EBADF), E(ECHILD), E(EAGAIN), E(ENOMEM), E(EACCES), E(EFAULT),
	E(EBUSY), E(EEXIST), E(EXDEV), E(ENODEV), E(ENOTDIR), E(EISDIR),
	E(EINVAL), E(ENFILE), E(EMFILE), E(EFBIG), E(ENOSPC), E(EROFS),
	E(EPIPE), E(ERANGE), E(EADDRINUSE), E(ENAMETOOLONG), E(ELOOP),
	E(ENOTEMPTY), E(ENOSYS), E(EOPNOTSUPP),
};

const char *
errno_name(int code)
{
	static char other[32];

	for (size_t i = 0; i < sizeof errnos / sizeof *errnos; i++)
		if (errnos[i].code == code)
			return errnos[i].name;
	snprintf(other, sizeof other, "errno %d", code);
	return other;
}

json_t *
errno_result(int code)
{
	return code == 0 ? json_pack("{s:n}", "errno") :
	    json_pack("{s:s}", "errno", errno_name(code));
}

json_int_t
bound_int(const struct conform *c, const json_t *value)
{
	const char *text = json_string_value(value);

	if (text == NULL)
		return json_is_integer(value) ? json_integer_value(value) : -1;
	value = text[0] == '$' ? json_object_get(c->bindings, text + 1) : NULL;
	return value == NULL ? -1 : json_integer_value(value);
}

/* Appends what `${NAME}` at `p` stands for; returns the end of it. */
static const char *
put_binding(const struct conform *c, const char *p, FILE *out)
{
	const char *end = strchr(p, '}');
	json_t *value;
	char name[64];

	if (end == NULL || (size_t)(end - p) >= sizeof name) {
		putc(*p, out);
		return p + 1;
	}
	snprintf(name, sizeof name, "%.*s", (int)(end - p) - 2, p + 2);
	value = json_object_get(c->bindings, name);
	if (value == NULL)
		fprintf(out, "${%s}", name);
	else
		fprintf(out, "%lld", (long long)json_integer_value(value));
	return end + 1;
}

char *
expand(const struct conform *c, const char *text, bool scratch)
{
	static const char up[] = "../scratch/";
	char *buf = NULL;
	size_t size;
	FILE *out = open_memstream(&buf, &size);

	if (out == NULL)
		abort();
	if (scratch && text[0] == '@' && (text[1] == '/' || text[1] == '\0')) {
		fputs(c->scratch, out);
		text++;
	} else if (scratch && strncmp(text, up, sizeof up - 1) == 0) {
		fprintf(out, "..%s/", strrchr(c->scratch, '/'));
		text += sizeof up - 1;
	}
	while (*text != '\0') {
		if (strncmp(text, "${", 2) == 0)
			text = put_binding(c, text, out);
		else
			putc(*text++, out);
	}
	fclose(out);
	return buf;
}

/* IPv6 addresses are put into the form of inet_ntop(3). */
static json_t *
expand_text(const struct conform *c, const char *text, bool path)
{
	char canonical[INET6_ADDRSTRLEN], *plain;
	struct in6_addr address;
	json_t *bound;

	if (text[0] == '$' && text[1] != '{') {
		bound = json_object_get(c->bindings, text + 1);
		if (bound != NULL)
			return json_incref(bound);
	}
	plain = expand(c, text, path);
	if (inet_pton(AF_INET6, plain, &address) == 1)
		bound = json_string(inet_ntop(AF_INET6, &address, canonical,
		    sizeof canonical));
	else
		bound = json_string(plain);
	free(plain);
	return bound;
}

static json_t *
expand_json(const struct conform *c, const json_t *value, bool path)
{
	json_t *copy, *item;
	const char *key;
	size_t i;

	switch (json_typeof(value)) {
	case JSON_STRING:
		return expand_text(c, json_string_value(value), path);
	case JSON_ARRAY:
		copy = json_array();
		json_array_foreach(value, i, item)
			json_array_append_new(copy,
			    expand_json(c, item, false));
		return copy;
	case JSON_OBJECT:
		copy = json_object();
		json_object_foreach((json_t *)(uintptr_t)value, key, item)
			json_object_set_new(copy, key, expand_json(c, item,
			    strcmp(key, "path") == 0));
		return copy;
	default:
		return json_copy((json_t *)(uintptr_t)value);
	}
}

json_t *
expand_result(const struct conform *c, const json_t *recorded)
{
	return expand_json(c, recorded, false);
}

const struct jail_param_info *
find_param(const struct conform *c, const char *name)
{
	const struct jail_param_info *info = params_find(&c->params, name);
	const char *dot = strrchr(name, '.');
	size_t prefix = dot == NULL ? 0 : (size_t)(dot + 1 - name);
	char positive[256];

	if (info != NULL || strncmp(name + prefix, "no", 2) != 0)
		return info;
	snprintf(positive, sizeof positive, "%.*s%s", (int)prefix, name,
	    name + prefix + 2);
	return params_find(&c->params, positive);
}

enum param_type
wanted_type(const struct conform *c, const char *name, size_t *size)
{
	const struct jail_param_info *info;

	if (strncmp(name, "meta.", 5) == 0 || strncmp(name, "env.", 4) == 0) {
		*size = 4096;
		return PARAM_STRING;
	}
	info = find_param(c, name);
	*size = info == NULL ? sizeof(int) : info->size;
	if (info == NULL)
		return PARAM_INT;
	if (info->type == PARAM_IP4 || info->type == PARAM_IP6)
		*size = 4096;
	return info->type;
}
