/* SPDX-License-Identifier: BSD-2-Clause */
/* DragonFly's jail.list, nodes and table of names. */
#include <arpa/inet.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/dragonfly/pure/list.h"
#include "kernel/dragonfly/pure/table.h"

#define ROOM 8

static size_t
parse(const char *text, struct dragonfly_jail jails[ROOM])
{
	size_t len = strlen(text);
	char *exact = malloc(len + 1); /* a reader behind the end is seen */
	size_t count;

	assert_non_null(exact);
	memcpy(exact, text, len);
	exact = realloc(exact, len > 0 ? len : 1);
	count = list_parse(exact, len, false, jails, ROOM);
	free(exact);
	return count;
}

static void
check(const struct dragonfly_jail *j, int jid, const char *hostname,
    const char *path, bool doubtful)
{
	assert_int_equal(j->jid, jid);
	assert_string_equal(j->hostname, hostname);
	assert_string_equal(j->path, path);
	assert_int_equal(j->doubtful, doubtful);
}

static void
test_list(void **state)
{
	struct dragonfly_jail jails[ROOM];
	char text[INET6_ADDRSTRLEN];

	(void)state;
	assert_int_equal(parse("", jails), 0);
	assert_int_equal(parse("12 web.example /jails/web 127.0.0.1 10.0.0.1 "
	    "fe80::1 ::1\n3 db /jails/db", jails), 2);
	check(&jails[0], 12, "web.example", "/jails/web", false);
	assert_int_equal(jails[0].ip4_count, 2);
	assert_string_equal(inet_ntop(AF_INET, &jails[0].ip4[0], text,
	    sizeof text), "127.0.0.1");
	assert_string_equal(inet_ntop(AF_INET, &jails[0].ip4[1], text,
	    sizeof text), "10.0.0.1");
	assert_int_equal(jails[0].ip6_count, 2);
	assert_string_equal(inet_ntop(AF_INET6, &jails[0].ip6[0], text,
	    sizeof text), "fe80::1");
	check(&jails[1], 3, "db", "/jails/db", false);
	assert_int_equal(jails[1].ip4_count + jails[1].ip6_count, 0);
	/* An unknown family is nothing that anybody could compare. */
	assert_int_equal(parse("1 h /p ?family? 10.0.0.1", jails), 1);
	check(&jails[0], 1, "h", "/p", false);
	assert_int_equal(jails[0].ip4_count, 1);
	/* A NUL at the end, as other versions may send. */
	assert_int_equal(list_parse("1 h /p", 7, false, jails, ROOM), 1);
	check(&jails[0], 1, "h", "/p", false);
}

static void
test_hostile_names(void **state)
{
	struct dragonfly_jail jails[ROOM];

	(void)state;
	/* Blanks, slashes and addresses in the name change nothing behind. */
	assert_int_equal(parse("5 a /etc 10.9.9.9 b /jails/web 10.0.0.1",
	    jails), 1);
	check(&jails[0], 5, "a /etc 10.9.9.9 b", "/jails/web", false);
	assert_int_equal(jails[0].ip4_count, 1);
	/* An empty name, as a jail has before it is told one. */
	assert_int_equal(parse("5  /jails/web", jails), 1);
	check(&jails[0], 5, "", "/jails/web", false);
	/* A newline that makes a line of somebody else's jail. */
	assert_int_equal(parse("5 x /\n2 db /jails/db /jails/web\n2 db "
	    "/jails/db", jails), 3);
	assert_int_equal(jails[0].jid, 5);
	assert_true(jails[1].doubtful);
	assert_true(jails[2].doubtful);
	/* A newline that makes no line. */
	assert_int_equal(parse("5 x\ny /jails/web\n2 db /jails/db", jails), 2);
	check(&jails[0], 5, "", "", true);
	check(&jails[1], 2, "db", "/jails/db", false);
}

static void
test_broken_lists(void **state)
{
	struct dragonfly_jail jails[ROOM];
	char many[4096] = "";
	size_t len = 0;

	(void)state;
	/* Cut: the last line may lack anything. */
	assert_int_equal(list_parse("7 a /jails/a\n6 b /jails/bb", 25, true,
	    jails, ROOM), 2);
	check(&jails[0], 7, "a", "/jails/a", false);
	assert_true(jails[1].doubtful);
	assert_int_equal(parse("7 a", jails), 1);
	assert_true(jails[0].doubtful);
	/* Numbers that are no jids. */
	assert_int_equal(parse("0 a /p\n-1 a /p\n007 a /p\n99999999 a /p\n7",
	    jails), 0);
	/* More jails than there is room for, and more addresses. */
	for (int i = 1; i <= ROOM + 2; i++)
		len += (size_t)snprintf(many + len, sizeof many - len,
		    "%d h /p\n", i);
	assert_int_equal(parse(many, jails), ROOM + 2);
	check(&jails[ROOM - 1], ROOM, "h", "/p", false);
	len = (size_t)snprintf(many, sizeof many, "1 h /p");
	for (int i = 0; i <= DRAGONFLY_ADDRESSES; i++)
		len += (size_t)snprintf(many + len, sizeof many - len,
		    " 10.0.0.%d", i);
	assert_int_equal(parse(many, jails), 1);
	assert_int_equal(jails[0].ip4_count, DRAGONFLY_ADDRESSES);
}

static void
test_any_bytes(void **state)
{
	static const char bytes[] = "12 /\n.:a\0?9";
	struct dragonfly_jail jails[ROOM];
	unsigned seed = 1;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		char text[64];
		size_t len = (size_t)(round % (int)sizeof text);

		for (size_t i = 0; i < len; i++) {
			seed = seed * 1103515245u + 12345u;
			text[i] = bytes[(seed >> 16) % (sizeof bytes - 1)];
		}
		for (size_t i = 0, n = list_parse(text, len, round % 2 == 0,
		    jails, ROOM); i < n && i < ROOM; i++) {
			assert_true(jails[i].jid > 0);
			assert_true(jails[i].doubtful ||
			    jails[i].path[0] == '/');
		}
	}
}

static void
test_nodes(void **state)
{
	char node[64];
	bool on;
	const struct dragonfly_param *p;

	(void)state;
	p = dragonfly_param("allow.mount.nonullfs", &on);
	assert_non_null(p);
	assert_false(on);
	assert_int_equal(dragonfly_node(p, 12, on, node, sizeof node), 0);
	assert_string_equal(node, "jail.12.vfs_mount_nullfs");
	/* The node restricts what the parameter allows. */
	p = dragonfly_param("allow.socket_af", &on);
	assert_int_equal(dragonfly_node(p, 1, true, node, sizeof node), 0);
	assert_int_equal(dragonfly_node(p, 1, false, node, sizeof node), 1);
	assert_string_equal(node, "jail.1.net_unixiproute");
	assert_int_equal(dragonfly_node(p, 1, true, node, 5), -1);
	assert_null(dragonfly_param("securelevel", &on));
	assert_null(dragonfly_param("noname", &on));
}

/* What the planner lets through is what there is, and it is sorted. */
static void
test_table_of_parameters(void **state)
{
	(void)state;
	for (size_t i = 0; i < dragonfly_param_count; i++) {
		const struct jail_param_info *info = &dragonfly_params[i].info;
		const struct param_def *def = param_find(info->name);

		assert_non_null(def);
		assert_int_equal(info->type, def->type);
		if (i > 0)
			assert_true(strcmp(dragonfly_params[i - 1].info.name,
			    info->name) < 0);
		if (dragonfly_params[i].kind == DRAGONFLY_CAPABILITY)
			assert_null(def->dragonfly.only);
	}
	for (size_t i = 0; i < param_count; i++) {
		const struct param_def *def = &param_table[i];
		bool on, has = dragonfly_param(def->name, &on) != NULL;

		/* Refused by its rule, or there; read-only ones are neither. */
		if (def->kind == PARAM_KERNEL && def->access != PARAM_RD &&
		    !(def->dragonfly.only != NULL &&
		    def->dragonfly.only[0] == '\0') && !has)
			fail_msg("%s is neither refused nor there", def->name);
	}
}

static void
test_table(void **state)
{
	struct dragonfly_jail j = { .jid = 12, .holder = 345,
		.holder_start = 1234567890123 }, back = { 0 }, other;
	char line[TABLE_LINE_MAX], tight[12];
	int len;

	(void)state;
	strcpy(j.name, "web");
	strcpy(j.path, "/jails/a b%c\nd");
	len = table_format(&j, line, sizeof line);
	assert_true(len > 0);
	assert_string_equal(line,
	    "12 345 1234567890123 a web /jails/a%20b%25c%0ad\n");
	line[len - 1] = '\0';
	assert_int_equal(table_parse(line, &back), 0);
	assert_int_equal(back.jid, 12);
	assert_int_equal(back.holder, 345);
	assert_true(back.holder_start == j.holder_start);
	assert_string_equal(back.name, j.name);
	assert_string_equal(back.path, j.path);
	other = back;
	assert_true(table_matches(&back, &other));
	other.path[1] = 'J';
	assert_false(table_matches(&back, &other));
	other = back;
	other.jid++;
	assert_false(table_matches(&back, &other));
	assert_int_equal(table_format(&j, tight, sizeof tight), -1);
}

static void
test_broken_table(void **state)
{
	static const char *const lines[] = {
		"", "12", "12 3 4 a", "12 3 4 a web", "12 3 4 a  /p",
		"0 3 4 a web /p", "-1 3 4 a web /p", "100000 3 4 a web /p",
		"12 -3 4 a web /p", "12 3 4 x web /p", "12 3 4 a web /p more",
		"12 3 4 a we%zz /p", "12 3 4 a web /p%", "12 3 4 a web /p%0",
		"12 3 4 a we%00b /p", "x 3 4 a web /p",
	};

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		struct dragonfly_jail j = { 0 };

		if (table_parse(lines[i], &j) != -1)
			fail_msg("accepted: %s", lines[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_hostile_names),
		cmocka_unit_test(test_broken_lists),
		cmocka_unit_test(test_any_bytes),
		cmocka_unit_test(test_nodes),
		cmocka_unit_test(test_table_of_parameters),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_broken_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
