/* SPDX-License-Identifier: BSD-2-Clause */
#include <sys/types.h>
#include <sys/socket.h>

#include <arpa/inet.h>
#include <ctype.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "compare.h"

#define LIST_JAILS \
	"list --json name jid path host.hostname persist vnet ip4 ip6 " \
	"ip4.addr ip6.addr securelevel children.max devfs_ruleset " \
	"enforce_statfs"

#define PROCS_TRIES 50 /* in half a second */

/* "$web", "$web#2", "$?": one number each, and each another one. */
static bool
same_jid(struct replay *r, const char *token, size_t len, const char *number,
    size_t digits)
{
	char key[300], value[16];
	const json_t *known;

	if (digits == 0 || digits >= sizeof value || len >= sizeof key)
		return false;
	snprintf(key, sizeof key, "%.*s", (int)len, token);
	snprintf(value, sizeof value, "%.*s", (int)digits, number);
	known = json_object_get(r->jids, key);
	if (strcmp(key, "$?") == 0)
		return true;
	if (known == NULL)
		json_object_set_new(r->jids, key, json_string(value));
	return known == NULL || strcmp(json_string_value(known), value) == 0;
}

static size_t
token_length(const char *text)
{
	size_t len = 1;

	while (isalnum((unsigned char)text[len]) || text[len] == '?' ||
	    text[len] == '_' || text[len] == '#' ||
	    (text[len] == '.' && isalnum((unsigned char)text[len + 1])))
		len++;
	return len;
}

bool
same_text(struct replay *r, const char *want, const char *got)
{
	while (*want != '\0') {
		size_t len, digits;

		if (*want != '$') {
			if (*want++ != *got++)
				return false;
			continue;
		}
		len = token_length(want);
		digits = strspn(got, "0123456789");
		if (!same_jid(r, want, len, got, digits))
			return false;
		want += len;
		got += digits;
	}
	return *got == '\0';
}

void
differs(struct comparison *c, const char *field, const char *want,
    const char *got)
{
	if (difference_known(c->r, field, !c->quiet))
		return;
	c->same = false;
	if (c->quiet)
		return;
	c->r->wrong = true;
	printf("FAIL %s/%zu %s\n  wanted: %s\n  got:    %s\n", c->r->id,
	    c->r->step, field, want, got);
}

static void
compare_text(struct comparison *c, const char *field, const char *want,
    const char *got)
{
	if (!same_text(c->r, want, got))
		differs(c, field, want, got);
}

static void
compare_json(struct comparison *c, const char *field, const json_t *want,
    const json_t *got)
{
	char *w = json_dumps(want, JSON_ENCODE_ANY | JSON_COMPACT);
	char *g = got == NULL ? strdup("none") :
	    json_dumps(got, JSON_ENCODE_ANY | JSON_COMPACT);

	if (w == NULL || g == NULL || strcmp(w, g) != 0)
		differs(c, field, w, g);
	free(w);
	free(g);
}

/* ---- jails -------------------------------------------------------------- */

/* Those of a jail, which may be about to begin or to end: as soon as they fit. */
static json_t *
procs_of(const struct comparison *c, const json_t *jail, const json_t *want)
{
	static const struct timespec pause = { 0, 10 * 1000 * 1000 };
	const char *name = json_string_value(json_object_get(jail, "name"));
	json_t *value = world_procs(&c->r->world, name);

	for (int i = 0; i < PROCS_TRIES && !json_equal(value, want); i++) {
		json_decref(value);
		nanosleep(&pause, NULL);
		value = world_procs(&c->r->world, name);
	}
	return value;
}

static void
compare_key(struct comparison *c, json_t *got, const char *key, json_t *want)
{
	const char *ours = strcmp(key, "hostname") == 0 ? "host.hostname" :
	    key;
	json_t *value = json_object_get(got, ours);
	char field[64], number[32], *folded = NULL;

	snprintf(field, sizeof field, "jails.%.50s", key);
	if (strcmp(key, "procs") == 0) {
		value = procs_of(c, got, want);
		compare_json(c, field, want, value);
		json_decref(value);
		return;
	}
	if (json_is_string(want) && json_is_integer(value)) {
		snprintf(number, sizeof number, "%lld",
		    (long long)json_integer_value(value));
		compare_text(c, field, json_string_value(want), number);
	} else if (json_is_string(want) && json_is_string(value)) {
		folded = world_fold(&c->r->world, json_string_value(value));
		compare_text(c, field, json_string_value(want), folded);
		free(folded);
	} else
		compare_json(c, field, want, value);
}

static json_t *
jail_named(json_t *list, const json_t *name)
{
	json_t *one;
	size_t i;

	json_array_foreach (list, i, one)
		if (json_equal(json_object_get(one, "name"), name))
			return one;
	return NULL;
}

/*
 * Jails that are created at once have their jids in any order; where some are
 * missing or too many, the others are compared.
 */
static void
compare_jails(struct comparison *c, json_t *want)
{
	const char *text = c->r->listed, *key;
	json_t *got = json_loads(text, 0, NULL), *one, *value, *ours;
	bool by_name = c->r->unordered;
	size_t i;

	if (json_array_size(got) != json_array_size(want)) {
		char *w = json_dumps(want, JSON_COMPACT);

		differs(c, "jails", w, text);
		free(w);
		by_name = true;
	}
	json_array_foreach (want, i, one) {
		ours = by_name ? jail_named(got, json_object_get(one,
		    "name")) : json_array_get(got, i);
		if (ours != NULL)
			json_object_foreach (one, key, value)
				compare_key(c, ours, key, value);
		else if (json_array_size(got) == json_array_size(want))
			compare_json(c, "jails.name", json_object_get(one,
			    "name"), NULL);
	}
	json_decref(got);
}

/* ---- the host ----------------------------------------------------------- */

static void
compare_mounts(struct comparison *c, json_t *want)
{
	char line[8192], from[4096], on[4096], type[64], mode[256];
	size_t len = strlen(c->r->world.scratch);
	FILE *f = fopen("/proc/mounts", "re");
	json_t *got = json_array();

	while (f != NULL && fgets(line, sizeof line, f) != NULL) {
		char *source, *target;

		if (sscanf(line, "%4095s %4095s %63s %255s", from, on, type,
		    mode) != 4 || strncmp(on, c->r->world.scratch, len) != 0)
			continue;
		source = world_fold(&c->r->world, from);
		target = world_fold(&c->r->world, on);
		json_array_append_new(got, json_pack("[s, s, s, s]", source,
		    target, type, strncmp(mode, "ro", 2) == 0 ? "ro" : "rw"));
		free(source);
		free(target);
	}
	if (f != NULL)
		fclose(f);
	compare_json(c, "mounts", want, got);
	json_decref(got);
}

static unsigned
prefix_length(const unsigned char *mask, size_t size)
{
	unsigned n = 0;

	for (size_t i = 0; i < size; i++)
		for (unsigned b = mask[i]; b != 0; b &= b - 1)
			n++;
	return n;
}

static void
add_address(json_t *list, const struct ifaddrs *a)
{
	char text[64], line[128];
	const struct sockaddr_in *in = (const void *)a->ifa_addr;
	const struct sockaddr_in *in_mask = (const void *)a->ifa_netmask;
	const struct sockaddr_in6 *in6 = (const void *)a->ifa_addr;
	const struct sockaddr_in6 *in6_mask = (const void *)a->ifa_netmask;
	unsigned len;

	if (a->ifa_addr == NULL || a->ifa_netmask == NULL ||
	    (a->ifa_addr->sa_family != AF_INET &&
	    a->ifa_addr->sa_family != AF_INET6))
		return;
	if (a->ifa_addr->sa_family == AF_INET) {
		inet_ntop(AF_INET, &in->sin_addr, text, sizeof text);
		len = prefix_length((const void *)&in_mask->sin_addr, 4);
	} else {
		if (IN6_IS_ADDR_LINKLOCAL(&in6->sin6_addr) ||
		    IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr))
			return;
		inet_ntop(AF_INET6, &in6->sin6_addr, text, sizeof text);
		len = prefix_length((const void *)&in6_mask->sin6_addr, 16);
	}
	snprintf(line, sizeof line, "%s:%s/%u", a->ifa_name, text, len);
	json_array_append_new(list, json_string(line));
}

static void
compare_addresses(struct comparison *c, json_t *want)
{
	struct ifaddrs *all = NULL;
	json_t *got = json_array();

	if (getifaddrs(&all) == 0)
		for (const struct ifaddrs *a = all; a != NULL; a = a->ifa_next)
			add_address(got, a);
	freeifaddrs(all);
	compare_json(c, "addrs", want, got);
	json_decref(got);
}

/* ---- a step ------------------------------------------------------------- */

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* With the words of each line in the order of the alphabet; allocated. */
static char *
sort_words(const char *text)
{
	char *copy = strdup(text), *out = calloc(1, strlen(text) + 2);
	char *save = NULL, *inner = NULL, *word[64];

	if (copy == NULL || out == NULL)
		abort();
	for (char *line = strtok_r(copy, "\n", &save); line != NULL;
	    line = strtok_r(NULL, "\n", &save)) {
		size_t n = 0;

		for (char *w = strtok_r(line, " ", &inner); w != NULL &&
		    n < 64; w = strtok_r(NULL, " ", &inner))
			word[n++] = w;
		qsort(word, n, sizeof *word, by_text);
		for (size_t i = 0; i < n; i++)
			strcat(strcat(out, word[i]), i + 1 < n ? " " : "\n");
	}
	free(copy);
	return out;
}

/* Interfaces that come back are the last ones on FreeBSD, not on Linux. */
static void
compare_output(struct comparison *c, const char *cmd, const char *want)
{
	bool sorted = strstr(cmd, "ifconfig -l") != NULL;
	char *out = world_read(&c->r->world, "out", 0);
	char *folded = world_fold(&c->r->world, out);
	char *w = sorted ? sort_words(want) : strdup(want);
	char *g = sorted ? sort_words(folded) : strdup(folded);

	compare_text(c, "stdout", w, g);
	free(w);
	free(g);
	free(out);
	free(folded);
}

static void
compare(struct comparison *c, const json_t *step, int status, const char *log)
{
	const char *cmd = json_string_value(json_object_get(step, "cmd"));
	char number[16], want[16];

	snprintf(number, sizeof number, "%d", status);
	snprintf(want, sizeof want, "%d", (int)json_integer_value(
	    json_object_get(step, "exit")));
	compare_text(c, "exit", want, number);
	if (strstr(cmd, "jail ") == NULL && !c->quiet)
		compare_output(c, cmd, json_string_value(
		    json_object_get(step, "stdout")));
	compare_log(c, json_object_get(step, "log"), log);
	compare_jails(c, json_object_get(step, "jails"));
	compare_mounts(c, json_object_get(step, "mounts"));
	compare_addresses(c, json_object_get(step, "addrs"));
}

void
compare_step(struct replay *r, const json_t *step, int status,
    const char *log)
{
	struct comparison c = { .r = r, .same = true };

	compare(&c, step, status, log);
}

static void
list_jails(struct replay *r)
{
	bool listed = world_run(&r->world, "world-jailagent " LIST_JAILS) == 0;

	free(r->listed);
	r->listed = world_read(&r->world, listed ? "out" : "err", 0);
}

bool
compare_quietly(struct replay *r, const json_t *step, int status,
    const char *log)
{
	struct comparison c = { .r = r, .quiet = true, .same = true };
	json_t *kept = json_deep_copy(r->jids);

	list_jails(r);
	compare(&c, step, status, log);
	json_decref(r->jids);
	r->jids = kept;
	return c.same;
}
