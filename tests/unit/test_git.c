/* SPDX-License-Identifier: BSD-2-Clause */
/* The revision of a git work tree, compared with what git itself says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scan_world.h"

/* Runs a shell command in the top directory. */
static void
run(const struct world *w, const char *command)
{
	char text[2 * PATH_MAX];

	snprintf(text, sizeof text, "cd '%s' && export HOME=/nonexistent "
	    "GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b "
	    "GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b && exec >/dev/null "
	    "2>&1 && { %s; }", w->top.path, command);
	if (system(text) != 0)
		fail_msg("failed: %s", command);
}

static int
setup(void **state)
{
	if (system("git --version >/dev/null 2>&1") != 0)
		return 0;
	if (world_setup(state) != 0)
		return -1;
	write_jail(*state, "a.yaml", "a", "one");
	write_jail(*state, "b.yaml", "b", "one");
	run(*state, "git init -q -b main . && mkdir other specs/sub && "
	    "echo x > other/x.yaml && echo x > specs/README && "
	    "echo x > specs/sub/y.yaml && git add . && git commit -q -m 1");
	return 0;
}

static int
teardown(void **state)
{
	return *state == NULL ? 0 : world_teardown(state);
}

/* The revision is what git says of HEAD, followed by `more`. */
static void
expect_head(struct world *w, const char *more)
{
	char want[256];
	size_t len;
	char *head;

	run(w, "git -C specs rev-parse HEAD > head");
	head = temp_read(temp_file(&w->top, "head"), &len);
	snprintf(want, sizeof want, "%.40s%s", head, more);
	free(head);
	scan(w);
	assert_string_equal(w->s.revision, want);
}

static void
test_clean_and_dirty(void **state)
{
	struct world *w = *state;

	if (w == NULL)
		skip();
	expect_head(w, "");
	write_jail(w, "a.yaml", "a", "two");
	expect_head(w, "+dirty");
	run(w, "git commit -q -a -m 2");
	expect_head(w, "");
	write_jail(w, "new.yaml", "new", "one");
	expect_head(w, "+dirty");
	run(w, "rm specs/new.yaml");
	expect_head(w, "");
	run(w, "rm specs/b.yaml");
	expect_head(w, "+dirty");
	run(w, "git checkout -q -- specs/b.yaml && echo y > other/x.yaml");
	expect_head(w, "");
	run(w, "touch .git/index.lock");
	expect_head(w, "+dirty");
	run(w, "rm .git/index.lock");
	expect_head(w, "");
	run(w, "ln -sf b.yaml specs/c.yaml");
	expect_head(w, "+dirty");
}

/* While git is at work nothing is looked at, for ten seconds. */
static void
at_work(struct world *w, const char *lock, const char *begin, const char *end)
{
	const char *name = strrchr(lock, '/') + 1;

	scan(w);
	run(w, begin);
	run(w, "rm specs/a.yaml");
	write_jail(w, "b.yaml", "b", "other");
	scan(w);
	expect(w, SCAN_UNSETTLED, "");
	assert_true(w->s.again_ms > 0);
	w->r.git_ms -= 10000;
	scan(w);
	expect(w, SCAN_OK, "+b -a ");
	expect_error(w, ".git", name);
	assert_false(file_of(w, ".git")->has_last_good);
	run(w, end);
	scan(w);
	expect(w, SCAN_UNSETTLED, "");
	w->r.calm_ms -= 1000;
	run(w, "git checkout -q -f -- specs");
	scan(w);
	expect(w, SCAN_OK, "+a +b ");
	assert_int_equal(w->s.errors.count, 0);
}

static void
test_at_work(void **state)
{
	struct world *w = *state;

	if (w == NULL)
		skip();
	at_work(w, "/index.lock", "touch .git/index.lock",
	    "rm -f .git/index.lock");
	at_work(w, "/rebase-merge", "mkdir .git/rebase-merge",
	    "rmdir .git/rebase-merge");
	/* One that is old is told of at once. */
	run(w, "touch -d '-1 minute' .git/index.lock");
	scan(w);
	expect(w, SCAN_OK, "");
	expect_error(w, ".git", "index.lock");
}

/* Directories below can be work trees of their own. */
static void
test_at_work_below(void **state)
{
	struct world *w = *state;

	if (w == NULL)
		skip();
	w->opt.below = true;
	run(w, "git init -q tree && mkdir tree/deep && "
	    "ln -s ../tree/deep specs/link && git init -q specs/own");
	write_jail(w, "link/l.yaml", "l", "one");
	write_jail(w, "own/o.yaml", "o", "one");
	scan(w);
	run(w, "touch tree/.git/index.lock && rm tree/deep/l.yaml");
	scan(w);
	expect(w, SCAN_UNSETTLED, "");
	run(w, "rm tree/.git/index.lock && touch specs/own/.git/index.lock");
	scan(w);
	expect(w, SCAN_UNSETTLED, "");
	run(w, "rm specs/own/.git/index.lock");
	scan(w);
	expect(w, SCAN_OK, "-l ");
}

/* Every form in which git may keep the same. */
static void
test_layouts(void **state)
{
	static const char *const commands[] = {
		"git pack-refs --all && rm -rf .git/refs/heads/*",
		"git checkout -q --detach",
		"git checkout -q -b feature/one",
		"git update-index --index-version 4",
		"git update-index --index-version 3",
		"git update-index --index-version 2",
		"touch specs/z.yaml && git add -N specs/z.yaml && "
		    "rm specs/z.yaml && git rm -q --cached specs/z.yaml",
		"git symbolic-ref refs/heads/alias refs/heads/main && "
		    "git symbolic-ref HEAD refs/heads/alias",
	};
	struct world *w = *state;

	if (w == NULL)
		skip();
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
		run(w, commands[i]);
		expect_head(w, "");
	}
}

static void
test_other_work_tree(void **state)
{
	struct world *w = *state;

	if (w == NULL)
		skip();
	run(w, "git worktree add -q -b side tree && rm -r specs && "
	    "ln -s tree/specs specs");
	run(w, "cd tree && echo x >> README && git add . && git commit -q -m s");
	expect_head(w, "");
	run(w, "sed -i 's/hostname: one/hostname: two/' tree/specs/a.yaml");
	expect_head(w, "+dirty");
}

/* An index in two files, with entries that are new, replaced, deleted. */
static void
test_split_index(void **state)
{
	static const char *const commands[] = {
		"git update-index --split-index",
		"echo 'name: c' > specs/c.yaml && git add specs/c.yaml && "
		    "git commit -q -m c",
		"sed -i s/one/two/ specs/a.yaml && git commit -q -a -m a",
		"git rm -q specs/b.yaml && git commit -q -m b",
		"sed -i s/two/three/ specs/a.yaml && git commit -q -a -m aa",
		"for i in 1 2 3 4 5 6 7 8 9; do echo name: z$i > "
		    "specs/$i-z.yaml; echo > other/$i; done && git add . && "
		    "git commit -q -m z",
		"git mv specs/1-z.yaml specs/zz.yaml && git commit -q -m zz",
		"git update-index --index-version 4",
		"sed -i s/z2/y2/ specs/2-z.yaml && git commit -q -a -m y",
	};
	struct world *w = *state;

	if (w == NULL)
		skip();
	/* So that the shared file stays what it is. */
	run(w, "git config splitIndex.maxPercentChange 100");
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
		run(w, commands[i]);
		expect_head(w, "");
	}
	write_jail(w, "x.yaml", "x", "one");
	expect_head(w, "+dirty");
	run(w, "rm specs/x.yaml && mv specs/a.yaml aside");
	expect_head(w, "+dirty");
	run(w, "mv aside specs/a.yaml && ls .git/sharedindex.* && "
	    "git update-index --no-split-index");
	expect_head(w, "");
}

/* What is not understood is no commit's. */
static void
test_not_understood(void **state)
{
	struct world *w = *state;

	if (w == NULL)
		skip();
	run(w, "printf DIRC > .git/index");
	expect_head(w, "+dirty");
	run(w, "rm .git/index && git reset -q && "
	    "git update-index --split-index");
	expect_head(w, "");
	run(w, "rm .git/sharedindex.*");
	expect_head(w, "+dirty");
	run(w, "rm -rf .git");
	scan(w);
	assert_int_equal(strlen(w->s.revision), 64);
}

/* What is no file must not keep the reader. */
static void
test_fifo_of_refs(void **state)
{
	struct world *w = *state;

	if (w == NULL)
		skip();
	run(w, "rm -f .git/refs/heads/main .git/packed-refs && "
	    "mkfifo .git/packed-refs");
	scan(w);
	assert_int_equal(strlen(w->s.revision), 64);
}

/* Whatever is cut off or changed in a file, no step goes over its end. */
static void
damage(struct world *w, const char *path, size_t step)
{
	size_t len;
	char *data = temp_read(path, &len);

	for (size_t i = 0; i < len; i += step) {
		temp_write(path, 0644, data, i);
		scan(w);
		data[i] ^= 0x55;
		temp_write(path, 0644, data, len);
		data[i] ^= 0x55;
		scan(w);
	}
	temp_write(path, 0644, data, len);
	free(data);
	expect_head(w, "");
}

static void
test_damaged_index(void **state)
{
	struct world *w = *state;

	if (w == NULL)
		skip();
	run(w, "git update-index --index-version 4");
	damage(w, temp_file(&w->top, ".git/index"), 3);
}

static void
test_damaged_split_index(void **state)
{
	struct world *w = *state;
	char path[2 * PATH_MAX], *name;
	size_t len;

	if (w == NULL)
		skip();
	run(w, "git config splitIndex.maxPercentChange 100 && "
	    "git update-index --split-index && sed -i s/one/two/ specs/a.yaml "
	    "&& git rm -q other/x.yaml && git commit -q -a -m 2 && "
	    "ls .git/sharedindex.* | tr -d '\\n' > name");
	name = temp_read(temp_file(&w->top, "name"), &len);
	snprintf(path, sizeof path, "%s/%.*s", w->top.path, (int)len, name);
	free(name);
	expect_head(w, "");
	damage(w, temp_file(&w->top, ".git/index"), 1);
	damage(w, path, 7);
}

static void
test_sha1(void **state)
{
	static const unsigned char want[SHA1_SIZE] = { 0xa9, 0x99, 0x3e, 0x36,
	    0x47, 0x06, 0x81, 0x6a, 0xba, 0x3e, 0x25, 0x71, 0x78, 0x50, 0xc2,
	    0x6c, 0x9c, 0xd0, 0xd8, 0x9d };
	static const unsigned char million[SHA1_SIZE] = { 0x34, 0xaa, 0x97,
	    0x3c, 0xd4, 0xc4, 0xda, 0xa4, 0xf6, 0x1e, 0xeb, 0x2b, 0xdb, 0xad,
	    0x27, 0x31, 0x65, 0x34, 0x01, 0x6f };
	unsigned char digest[SHA1_SIZE];
	struct sha1 s;

	(void)state;
	sha1_init(&s);
	sha1_update(&s, "abc", 3);
	sha1_final(&s, digest);
	assert_memory_equal(digest, want, sizeof want);
	sha1_init(&s);
	for (int i = 0; i < 1000000; i++)
		sha1_update(&s, "a", 1);
	sha1_final(&s, digest);
	assert_memory_equal(digest, million, sizeof million);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_clean_and_dirty),
		TEST(test_layouts),
		TEST(test_at_work),
		TEST(test_at_work_below),
		TEST(test_other_work_tree),
		TEST(test_not_understood),
		TEST(test_split_index),
		TEST(test_damaged_index),
		TEST(test_damaged_split_index),
		TEST(test_fifo_of_refs),
		cmocka_unit_test(test_sha1),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
