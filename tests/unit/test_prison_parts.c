/* SPDX-License-Identifier: BSD-2-Clause */
/* Records as bytes, K=V texts, paths. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "kernel/prison/keyvalue.h"
#include "kernel/path.h"
#include "kernel/prison/record.h"
#include "temp_dir.h"

static struct record *
sample(struct arena *a)
{
	struct record *r = arena_alloc(a, sizeof *r);
	static struct in_addr addresses[2] = { { 0x0100000a }, { 0x0200000a } };
	static struct prison_proc procs[1] = { { 42, 4711 } };

	r->jid = 7;
	r->parent = 3;
	r->serial = 99;
	r->state = PRISON_ALIVE;
	r->flags = PR_PERSIST | PR_IP4 | PR_IP4_USER;
	r->allow = (uint64_t)1 << 40;
	r->securelevel = -1;
	/* A name that a rename made shorter, with what is left behind it. */
	memcpy(r->name, "n\0b", 4);
	r->path = "/jails/a";
	r->hostname = "h";
	r->domainname = r->hostuuid = r->osrelease = "";
	r->meta = "k=v\nl=w";
	r->env = "";
	r->ip4 = (struct list){ addresses, 2 };
	r->procs = (struct list){ procs, 1 };
	return r;
}

static void
records_come_back(void **state)
{
	struct arena a = { 0 };
	struct record *r = sample(&a), *copy;
	size_t len;
	void *data;

	(void)state;
	assert_int_equal(record_encode(&a, r, &data, &len), 0);
	copy = record_decode(&a, data, len);
	assert_non_null(copy);
	assert_int_equal(copy->jid, 7);
	assert_int_equal(copy->securelevel, -1);
	assert_int_equal(copy->allow, r->allow);
	assert_memory_equal(copy->name, r->name, sizeof r->name);
	assert_string_equal(copy->path, "/jails/a");
	assert_string_equal(copy->meta, "k=v\nl=w");
	assert_int_equal(copy->ip4.count, 2);
	assert_memory_equal(copy->ip4.data, r->ip4.data, 8);
	assert_int_equal(copy->procs.count, 1);
	assert_true(copy->was.stored && copy->was.busy);
	assert_int_equal(copy->was.ip4.count, 2);
	arena_free(&a);
}

static void
damaged_records_are_refused(void **state)
{
	struct arena a = { 0 };
	struct record *r = sample(&a);
	unsigned char *bytes;
	size_t len;
	void *data;

	(void)state;
	assert_int_equal(record_encode(&a, r, &data, &len), 0);
	for (size_t n = 0; n < len; n++)
		assert_null(record_decode(&a, data, n));
	bytes = data;
	for (size_t i = 0; i < len; i++) {
		unsigned char was = bytes[i];

		/* Whatever comes out, nothing outside is read. */
		bytes[i] = 0xff;
		(void)record_decode(&a, bytes, len);
		bytes[i] = was;
	}
	bytes[0]++;
	assert_null(record_decode(&a, bytes, len));
	arena_free(&a);
}

static int
change(struct arena *a, const char **text, const char *name,
    const char *value)
{
	struct option o = { .name = name, .len = value == NULL ? 0 :
	    strlen(value) + 1 };

	if (value != NULL)
		o.value = arena_copy(a, value, strlen(value));
	return keyvalue_set(a, &o, text);
}

static void
keys_in_front_and_first_equals(void **state)
{
	struct arena a = { 0 };
	const char *text = "";
	size_t len;

	(void)state;
	assert_int_equal(change(&a, &text, "meta.a", "1"), 0);
	assert_int_equal(change(&a, &text, "meta.b", "x=y"), 0);
	assert_string_equal(text, "b=x=y\na=1");
	assert_memory_equal(keyvalue_get(text, "b", &len), "x=y", 3);
	assert_int_equal(len, 3);
	assert_null(keyvalue_get(text, "c", &len));
	assert_int_equal(change(&a, &text, "meta.b", NULL), 0);
	assert_string_equal(text, "a=1");
	assert_int_equal(change(&a, &text, "meta.", "1"), EINVAL);
	assert_int_equal(change(&a, &text, "meta", ""), 0);
	assert_string_equal(text, "");
	arena_free(&a);
}

static void
texts_have_a_limit(void **state)
{
	struct arena a = { 0 };
	char long_text[KEYVALUE_MAX + 1];
	const char *text = "";

	(void)state;
	memset(long_text, 'x', sizeof long_text);
	long_text[KEYVALUE_MAX] = '\0';
	assert_int_equal(change(&a, &text, "env", long_text), EFBIG);
	long_text[KEYVALUE_MAX - 1] = '\0';
	assert_int_equal(change(&a, &text, "env", long_text), 0);
	assert_int_equal(change(&a, &text, "env.k", "v"), EFBIG);
	assert_int_equal(strlen(text), KEYVALUE_MAX - 1);
	long_text[KEYVALUE_MAX - 3] = '\0';
	text = "";
	assert_int_equal(change(&a, &text, "env.k", long_text), 0);
	arena_free(&a);
}

static void
paths_stay_below_their_root(void **state)
{
	struct temp_dir dir;
	char real[PATH_MAX], want[PATH_MAX + 16], out[1024];

	(void)state;
	temp_dir_make(&dir);
	assert_non_null(realpath(dir.path, real));
	assert_int_equal(mkdir(temp_file(&dir, "a"), 0755), 0);
	assert_int_equal(mkdir(temp_file(&dir, "a/b"), 0755), 0);
	assert_int_equal(symlink("/b", temp_file(&dir, "a/abs")), 0);
	assert_int_equal(symlink("../../..", temp_file(&dir, "a/up")), 0);
	assert_int_equal(symlink("loop", temp_file(&dir, "loop")), 0);
	temp_write(temp_file(&dir, "file"), 0600, "", 0);

	snprintf(want, sizeof want, "%s/a", real);
	assert_int_equal(path_resolve("", temp_file(&dir, "a/b/../.././a"), NULL,
	    out, sizeof out), 0);
	assert_string_equal(out, want);
	assert_int_equal(path_resolve(want, "/up", NULL, out, sizeof out), 0);
	assert_string_equal(out, want);
	assert_int_equal(path_resolve(want, "abs", NULL, out, sizeof out), 0);
	assert_string_equal(out + strlen(want), "/b");
	assert_int_equal(path_resolve(want, "..", NULL, out, sizeof out), 0);
	assert_string_equal(out, want);
	assert_int_equal(path_resolve("", temp_file(&dir, "loop"), NULL, out,
	    sizeof out), ELOOP);
	assert_int_equal(path_resolve("", temp_file(&dir, "file"), NULL, out,
	    sizeof out), ENOTDIR);
	assert_int_equal(symlink("../file", temp_file(&dir, "a/link")), 0);
	snprintf(want, sizeof want, "%s/file", real);
	assert_int_equal(path_resolve_any("", temp_file(&dir, "a/link"), NULL,
	    out, sizeof out), 0);
	assert_string_equal(out, want);
	assert_int_equal(path_resolve("", temp_file(&dir, "none"), NULL, out,
	    sizeof out), ENOENT);
	assert_int_equal(path_resolve("", "", NULL, out, sizeof out), ENOENT);
	assert_int_equal(path_resolve("", temp_file(&dir, "a"), NULL, out, 8),
	    ENAMETOOLONG);
	assert_int_equal(path_resolve("", "/", NULL, out, sizeof out), 0);
	assert_string_equal(out, "/");
	temp_dir_remove(&dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_come_back),
		cmocka_unit_test(damaged_records_are_refused),
		cmocka_unit_test(keys_in_front_and_first_equals),
		cmocka_unit_test(texts_have_a_limit),
		cmocka_unit_test(paths_stay_below_their_root),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
