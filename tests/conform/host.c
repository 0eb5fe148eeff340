/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where a real host may differ from the one that was recorded, though its
 * kernel behaves alike: names and numbers of the host that jails inherit, and
 * parameters that come and go with modules and kernel options.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conform.h"

/* What jails inherit, and what the recorded hosts had. */
static const struct {
	const char *name, *recorded[2];
	json_int_t number;
} inherited[] = {
	{ "host.hostname", { "", NULL }, 0 },
	{ "host.domainname", { "", NULL }, 0 },
	{ "host.hostuuid", { "00000000-0000-0000-0000-000000000000", NULL },
	    0 },
	{ "host.hostid", { NULL, NULL }, 0 },
	{ "osrelease", { "13.2-RELEASE", "15.1-RELEASE-p1" }, 0 },
	{ "osreldate", { NULL, NULL }, 1302001 },
	{ "osreldate", { NULL, NULL }, 1501000 },
};

#define INHERITED (sizeof inherited / sizeof *inherited)

/* A jail that has all from the host, asked and removed. */
int
host_read(struct conform *c)
{
	json_t *make = json_pack("{s:[s],s:[[s,n],[s,i]]}", "flags", "CREATE",
	    "params", "persist", "host", 2);
	json_t *ask = json_pack("{s:[],s:[[s,s]],s:[]}", "flags", "params",
	    "jid", "$host", "want"), *got;
	struct outcome *o = c->outcome;

	for (size_t i = 0; i < INHERITED; i++)
		json_array_append_new(json_object_get(ask, "want"),
		    json_string(inherited[i].name));
	call_perform(c, c->k, make, false, o);
	if (o->jid <= 0) {
		fprintf(stderr, "conform: the host lets no jail be made: %s\n"
		    "This needs root, outside of jails.\n", o->json);
		json_decref(make);
		json_decref(ask);
		return -1;
	}
	c->bindings = json_pack("{s:i}", "host", o->jid);
	call_perform(c, c->k, ask, true, o);
	got = json_loads(o->json, JSON_DECODE_ANY, NULL);
	c->host = json_incref(json_object_get(got, "values"));
	c->k->backend->remove(c->k, (int)json_integer_value(
	    json_object_get(c->bindings, "host")));
	json_decref(c->bindings);
	c->bindings = NULL;
	json_decref(got);
	json_decref(make);
	json_decref(ask);
	return 0;
}

/* Whether `value` is this text or number, or the size of it. */
static bool
tells(const json_t *value, const char *text, json_int_t number)
{
	const json_t *len = json_object_get(value, "len");

	if (text == NULL)
		return json_is_integer(value) &&
		    json_integer_value(value) == number;
	if (len != NULL)
		return json_integer_value(len) ==
		    (json_int_t)strlen(text) + 1;
	return json_is_string(value) &&
	    strcmp(json_string_value(value), text) == 0;
}

static bool
is_recorded_host(size_t i, const json_t *value)
{
	if (inherited[i].recorded[0] == NULL)
		return tells(value, NULL, inherited[i].number);
	for (size_t j = 0; j < 2; j++)
		if (inherited[i].recorded[j] != NULL &&
		    tells(value, inherited[i].recorded[j], 0))
			return true;
	return false;
}

void
host_translate(const struct conform *c, json_t *got, const json_t *recorded)
{
	json_t *values = json_object_get(got, "values");
	const json_t *listed = json_object_get(recorded, "values");

	for (size_t i = 0; i < INHERITED; i++) {
		const char *name = inherited[i].name;
		const json_t *mine = json_object_get(c->host, name);
		json_t *was = json_object_get(listed, name);

		if (mine != NULL && was != NULL && is_recorded_host(i, was) &&
		    tells(json_object_get(values, name),
		    json_string_value(mine), json_integer_value(mine)))
			json_object_set(values, name, was);
	}
}

static const char *
unknown_parameter(const json_t *result)
{
	static const char text[] = "unknown parameter: ";
	const char *message = json_string_value(json_object_get(result,
	    "errmsg"));

	if (message == NULL || strncmp(message, text, sizeof text - 1) != 0)
		return NULL;
	return message + sizeof text - 1;
}

char *
host_excuse(const struct conform *c, const json_t *got, const json_t *recorded)
{
	const char *lacks = unknown_parameter(got);
	const char *lacked = unknown_parameter(recorded);
	char *text = NULL;
	int n = 0;

	if (c->hooks || got == NULL)
		return NULL;
	if (lacks != NULL && params_find(&c->params, lacks) == NULL)
		n = asprintf(&text, "this kernel has no parameter %s, which "
		    "comes with a module or an option of the kernel", lacks);
	else if (lacked != NULL && find_param(c, lacked) != NULL)
		n = asprintf(&text, "this kernel has a parameter %s, which "
		    "comes with a module; the recorded one had not", lacked);
	return n < 0 ? NULL : text;
}
