/* SPDX-License-Identifier: BSD-2-Clause */
/* Lines of fstab(5): reading, printing, what they mean on Linux, changes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/fslinux.h"

/* A line, and what it is printed as; NULL: an error with that word. */
static const struct {
	const char *line, *printed, *error;
} lines[] = {
	{ "/src /jail/mnt nullfs", "/src /jail/mnt nullfs rw", NULL },
	{ " \t/src\t/jail/mnt  nullfs ro 0 0\r\n",
	    "/src /jail/mnt nullfs ro", NULL },
	{ "/a\\040b /jail/c\\011d nullfs ro,noexec 1 2 # said",
	    "/a\\040b /jail/c\\011d nullfs ro,noexec", NULL },
	{ "/a\\134b /jail//x///y/ nullfs rw", "/a\\134b /jail/x/y nullfs rw",
	    NULL },
	{ "/a\\\\b / tmpfs", "/a\\134b / tmpfs rw", NULL },
	{ "a\\043b /x tmpfs", "a\\043b /x tmpfs rw", NULL },
	{ "md /x..y/..z tmpfs", "md /x..y/..z tmpfs rw", NULL },
	{ "/src /mnt", NULL, "missing information" },
	{ "/src", NULL, "found 1 field" },
	{ "/src mnt nullfs", NULL, "absolute" },
	{ "/src /jail/../etc nullfs", NULL, ".." },
	{ "/src /jail/.. nullfs", NULL, ".." },
	{ "/src /m nullfs rw x 0", NULL, "dump frequency" },
	{ "/src /m nullfs rw 0 y", NULL, "pass number" },
	{ "/src /m nullfs rw 0 0 0", NULL, "six" },
	{ "/a\\04 /m nullfs", NULL, "octal" },
	{ "/a\\ b /m nullfs", NULL, "octal" },
	{ "/a\\400 /m nullfs", NULL, "\\377" },
	{ "/a\\000 /m nullfs", NULL, "\\001" },
	{ "/a\\012b /m nullfs", NULL, "newline" },
};

static void
lines_are_read_and_printed(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		struct fstab_line l;
		struct error err = { 0 };
		char *printed = NULL;
		int rc = fstab_read(lines[i].line, &l, &err);

		if (lines[i].error != NULL) {
			assert_int_equal(rc, -1);
			if (strstr(err.text, lines[i].error) == NULL)
				fail_msg("%s: %s", lines[i].line, err.text);
			continue;
		}
		if (rc != 0)
			fail_msg("%s: %s", lines[i].line, err.text);
		printed = fstab_print(&l);
		assert_string_equal(printed, lines[i].printed);
		fstab_free(&l);
		/* What is printed reads as the same. */
		assert_int_equal(fstab_read(printed, &l, &err), 0);
		free(printed);
		printed = fstab_print(&l);
		assert_string_equal(printed, lines[i].printed);
		free(printed);
		fstab_free(&l);
	}
}

static void
nothing_is_no_line(void **state)
{
	static const char *const texts[] = { "", " \t", "# a comment",
		"  #x", "\n" };
	struct fstab_line l;
	struct error err;

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		assert_int_equal(fstab_read(texts[i], &l, &err), 1);
}

static void
options_are_found(void **state)
{
	(void)state;
	assert_true(fstab_has_option("ro,size=1m,x", "size"));
	assert_true(fstab_has_option("bind", "bind"));
	assert_false(fstab_has_option("robind,bindx", "bind"));
	assert_false(fstab_has_option("", "ro"));
}

/* A line, its kind, flags and options on Linux, or an error. */
static const struct {
	const char *line;
	enum fslinux_kind kind;
	uint32_t flags;
	const char *options; /* with blanks for NULs */
	const char *error;
} meanings[] = {
	{ "/s /m nullfs", FSLINUX_BIND, 0, "", NULL },
	{ "/s /m nullfs ro,late", FSLINUX_BIND, FSLINUX_READ_ONLY, "", NULL },
	{ "/s /m none bind,noatime", FSLINUX_BIND, FSLINUX_NOATIME, "", NULL },
	{ "/s /m bind nosuid,noexec", FSLINUX_BIND,
	    FSLINUX_NOSUID | FSLINUX_NOEXEC, "", NULL },
	{ "t /m tmpfs size=10%,mode=01777,inodes=5,uid=3", FSLINUX_TMPFS, 0,
	    "size 10% mode 01777 nr_inodes 5 uid 3 ", NULL },
	{ "p /m linprocfs", FSLINUX_PROC, 0, "", NULL },
	{ "d /m devfs rw", FSLINUX_DEV, 0, "", NULL },
	{ "/s /m none ro", 0, 0, NULL, "type none" },
	{ "s /m nullfs", 0, 0, NULL, "absolute" },
	{ "/s /m nullfs size=1m", 0, 0, NULL, "size=1m" },
	{ "t /m tmpfs size=", 0, 0, NULL, "NUMBER" },
	{ "t /m tmpfs size", 0, 0, NULL, "NUMBER" },
	{ "t /m tmpfs size=1mm", 0, 0, NULL, "number" },
	{ "t /m tmpfs mode=888", 0, 0, NULL, "octal" },
	{ "t /m tmpfs size=%", 0, 0, NULL, "number" },
	{ "/dev/sda /m ext4", 0, 0, NULL, "on the host" },
	{ "f /m/fd fdescfs", 0, 0, NULL, "mount.fdescfs" },
	{ "s /m sysfs", 0, 0, NULL, "devices" },
};

static void
lines_mean_something_on_linux(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++) {
		struct fstab_line l;
		struct fslinux f;
		struct error err = { 0 };
		int rc;

		assert_int_equal(fstab_read(meanings[i].line, &l, &err), 0);
		rc = fslinux_read(&l, &f, &err);
		fstab_free(&l);
		if (meanings[i].error != NULL) {
			if (rc == 0 || strstr(err.text, meanings[i].error) ==
			    NULL)
				fail_msg("%s: %s", meanings[i].line, err.text);
			continue;
		}
		if (rc != 0)
			fail_msg("%s: %s", meanings[i].line, err.text);
		assert_int_equal(f.kind, meanings[i].kind);
		assert_int_equal(f.flags, meanings[i].flags);
		for (size_t j = 0; j < f.options_len; j++)
			f.options[j] = f.options[j] == '\0' ? ' ' :
			    f.options[j];
		assert_int_equal(f.options_len, strlen(meanings[i].options));
		assert_memory_equal(f.options, meanings[i].options,
		    f.options_len);
	}
}

static void
places_are_below_the_path(void **state)
{
	(void)state;
	assert_string_equal(fslinux_place("/j/web/mnt/x", "/j/web"), "/mnt/x");
	assert_string_equal(fslinux_place("/mnt", "/"), "/mnt");
	assert_null(fslinux_place("/j/web", "/j/web"));
	assert_null(fslinux_place("/j/webs/mnt", "/j/web"));
	assert_null(fslinux_place("/j", "/j/web"));
	assert_null(fslinux_place("/", "/"));
}

/* Lists as words of targets, and what is to be done. */
static const struct {
	const char *from, *to;
	bool can;
	const char *gone, *come; /* a letter for each line: x or . */
} changes[] = {
	{ "", "", true, "", "" },
	{ "/a /b", "/a /b", true, "..", ".." },
	{ "/a", "/a /b", true, ".", ".x" },
	{ "/a /b /c", "/a /c", true, ".x.", ".." },
	{ "/a /b", "/b /a", true, "x.", ".x" },
	{ "/a", "/a /a/b", true, ".", ".x" },
	{ "/a /a/b", "/a", true, ".x", "." },
	{ "/a/b", "/a /a/b", false, ".", "x." },
	{ "/a /a/b", "/a/b", false, "x.", "." },
	{ "/a /ab", "/ab", true, "x.", "." },
	{ "/", "/ /x", true, ".", ".x" },
	{ "/x", "/ /x", false, ".", "x." },
	{ "/a /a", "/a", true, ".x", "." },
};

static void
list_of(const char *words, struct text_list *l)
{
	char line[64], *copy = strdup(words), *save = NULL;

	memset(l, 0, sizeof *l);
	for (char *w = strtok_r(copy, " ", &save); w != NULL;
	    w = strtok_r(NULL, " ", &save)) {
		snprintf(line, sizeof line, "/s %s nullfs rw", w);
		assert_int_equal(text_list_add(l, line), 0);
	}
	free(copy);
}

static void
same_marks(const bool *got, const char *want)
{
	for (size_t i = 0; want[i] != '\0'; i++)
		assert_int_equal(got[i], want[i] == 'x');
}

static void
differences_keep_what_stays(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
		struct text_list from, to;
		bool gone[8], come[8];

		list_of(changes[i].from, &from);
		list_of(changes[i].to, &to);
		assert_int_equal(fstab_difference(&from, &to, gone, come),
		    changes[i].can);
		same_marks(gone, changes[i].gone);
		same_marks(come, changes[i].come);
		text_list_free(&from);
		text_list_free(&to);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_read_and_printed),
		cmocka_unit_test(nothing_is_no_line),
		cmocka_unit_test(options_are_found),
		cmocka_unit_test(lines_mean_something_on_linux),
		cmocka_unit_test(places_are_below_the_path),
		cmocka_unit_test(differences_keep_what_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
