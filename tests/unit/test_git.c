/* SPDX-License-Identifier: BSD-2-Clause */
/* The revision of a git work tree, compared with what git itself says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/read/unpack.h"
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
	write_jail(w, "b.yaml", "b", "two");
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

/* What is staged is no commit's, whatever the files are. */
static void
test_staged(void **state)
{
	struct world *w = *state;

	if (w == NULL)
		skip();
	run(w, "sed -i s/one/two/ specs/a.yaml && git add specs/a.yaml");
	expect_head(w, "+dirty");
	run(w, "git commit -q -m two");
	expect_head(w, "");
	write_jail(w, "c.yaml", "c", "one");
	run(w, "git add specs/c.yaml");
	expect_head(w, "+dirty");
	run(w, "git rm -q --cached specs/c.yaml && rm specs/c.yaml");
	expect_head(w, "");
	run(w, "git rm -q specs/b.yaml");
	expect_head(w, "+dirty");
	run(w, "git reset -q --hard && git mv specs/a.yaml specs/z.yaml");
	expect_head(w, "+dirty");
	/* The files are the commit's again, so that is what counts. */
	run(w, "git mv specs/z.yaml specs/a.yaml && echo x > other/new && "
	    "git add other/new");
	expect_head(w, "");
}

/* Objects in packs, as differences to others, and borrowed ones. */
static void
test_packs(void **state)
{
	static const char *const commands[] = {
		"git gc -q && ls .git/objects/pack/*.idx",
		"sed -i s/one/two/ specs/a.yaml && git commit -q -a -m two",
		"for i in $(seq 60); do for j in $(seq $i $((i + 20))); do "
		    "echo name: z$j; done > specs/$i.yaml; git add .; "
		    "git commit -q -m $i; done",
		"git repack -q -a -d -f --depth=200 --window=200 && "
		    "git prune-packed && git verify-pack -v .git/objects/pack/"
		    "*.idx | grep -q 'chain length = [5-9]'",
		"git -c pack.compression=0 -c repack.usedeltabaseoffset=false "
		    "repack -q -a -d -F",
		"git config core.compression 0 && git rm -q specs/1.yaml && "
		    "git commit -q -m none",
		"mkdir -p $PWD/borrowed && git clone -q --bare . "
		    "borrowed/lender && rm -rf .git/objects/pack/* "
		    "&& rm -rf .git/objects/[0-9a-f][0-9a-f] && "
		    "echo ../../borrowed/lender/objects > "
		    ".git/objects/info/alternates && git fsck",
	};
	struct world *w = *state;

	if (w == NULL)
		skip();
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
		run(w, commands[i]);
		expect_head(w, "");
	}
	write_jail(w, "x.yaml", "x", "one");
	expect_head(w, "+dirty");
}

/* With the directories below, and in a directory that the commit has not. */
static void
test_trees(void **state)
{
	struct world *w = *state;

	if (w == NULL)
		skip();
	w->opt.below = true;
	run(w, "mkdir -p specs/one/two specs/.not && "
	    "echo 'name: c' > specs/one/two/c.yaml && "
	    "echo 'name: d' > specs/.not/d.yaml && "
	    "echo 'name: e' > specs/one.yaml && "
	    "echo 'name: y' > specs/sub/y.yaml && git add . && "
	    "git commit -q -m below");
	expect_head(w, "");
	run(w, "sed -i 's/: c/: cc/' specs/one/two/c.yaml");
	expect_head(w, "+dirty");
	run(w, "git add . && git commit -q -m cc");
	expect_head(w, "");
	run(w, "mv specs/one/two specs/one/three");
	expect_head(w, "+dirty");
	run(w, "git rm -r -q --cached specs && rm -r specs/one && "
	    "git commit -q -m none");
	expect_head(w, "+dirty");
}

/* What cannot be read is no commit's. */
static void
test_not_understood(void **state)
{
	struct world *w = *state;

	if (w == NULL)
		skip();
	expect_head(w, "");
	run(w, "mv .git/objects .git/away && mkdir .git/objects");
	/* What was read is known. */
	expect_head(w, "");
	git_specs_free(&w->r.commit);
	expect_head(w, "+dirty");
	run(w, "rm -r .git/objects && mv .git/away .git/objects");
	expect_head(w, "");
	assert_null(w->s.no_commit);
	run(w, "cp .git/config config && git config extensions.refStorage "
	    "reftable");
	scan(w);
	assert_int_equal(strlen(w->s.revision), 64);
	assert_non_null(strstr(w->s.no_commit, "reftable"));
	run(w, "cp config .git/config");
	expect_head(w, "");
	run(w, "rm -rf .git && git init -q --object-format=sha256 . && "
	    "git add . && git commit -q -m 256");
	scan(w);
	assert_int_equal(strlen(w->s.revision), 64);
	assert_non_null(strstr(w->s.no_commit, "SHA-256"));
	run(w, "rm -rf .git");
	scan(w);
	assert_int_equal(strlen(w->s.revision), 64);
	assert_null(w->s.no_commit);
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

/*
 * Whatever is cut off or changed in a file, no step goes over its end, and
 * nothing is taken for what the commit has.
 */
static void
damage(struct world *w, const char *path, size_t from, size_t step)
{
	size_t len;
	char *data = temp_read(path, &len);
	struct git_specs s = { .count = 0 };
	struct git g;

	assert_int_equal(git_find(w->opt.dir, &g), 0);
	for (size_t i = from; i < len; i += step) {
		temp_write(path, 0644, data, i);
		(void)git_specs_read(&g, false, &s);
		git_specs_free(&s);
		data[i] ^= 0x55;
		temp_write(path, 0644, data, len);
		data[i] ^= 0x55;
		if (git_specs_read(&g, false, &s) == 0)
			assert_int_equal(s.count, 2);
		git_specs_free(&s);
	}
	temp_write(path, 0644, data, len);
	free(data);
	assert_int_equal(git_specs_read(&g, false, &s), 0);
	assert_int_equal(s.count, 2);
	git_specs_free(&s);
	expect_head(w, "");
}

/* The name of a file that a command prints, in the top directory. */
static const char *
found(const struct world *w, const char *command)
{
	static char path[PATH_MAX];
	char *name, text[256];
	size_t len;

	snprintf(text, sizeof text, "%s | tr -d '\\n' > name", command);
	run(w, text);
	name = temp_read(temp_file(&w->top, "name"), &len);
	snprintf(path, sizeof path, "%s/%.*s", w->top.path, (int)len, name);
	free(name);
	return path;
}

static void
test_damaged_objects(void **state)
{
	struct world *w = *state;

	if (w == NULL)
		skip();
	run(w, "chmod -R u+w .git/objects");
	damage(w, found(w, "git rev-parse HEAD | "
	    "sed 's,^..,.git/objects/&/,'"), 0, 1);
	damage(w, found(w, "git rev-parse HEAD:specs | "
	    "sed 's,^..,.git/objects/&/,'"), 0, 1);
}

static void
test_damaged_pack(void **state)
{
	struct world *w = *state;

	if (w == NULL)
		skip();
	run(w, "for i in 1 2 3; do sed -i s/one/one$i/ specs/a.yaml; "
	    "git commit -q -a -m $i; done; git repack -q -a -d -f; "
	    "git prune-packed; chmod u+w .git/objects/pack/*");
	damage(w, found(w, "ls .git/objects/pack/*.pack"), 0, 3);
	damage(w, found(w, "ls .git/objects/pack/*.idx"), 0, 17);
}

/* As zlib packs it: stored, with fixed codes, and with codes of its own. */
static void
test_unpack(void **state)
{
	static const unsigned char stored[] = { 0x78, 0x01, 0x01, 0x05, 0x00,
		0xfa, 0xff, 'h', 'e', 'l', 'l', 'o', 0x06, 0x2c, 0x02, 0x15 };
	static const unsigned char fixed[] = { 0x78, 0x9c, 0xcb, 0x48, 0xcd,
		0xc9, 0xc9, 0x07, 0x00, 0x06, 0x2c, 0x02, 0x15 };
	unsigned char *out;
	size_t len;

	(void)state;
	assert_int_equal(unpack_zlib(stored, sizeof stored, 5, &out, &len), 0);
	assert_int_equal(len, 5);
	assert_memory_equal(out, "hello", 5);
	free(out);
	assert_int_equal(unpack_zlib(fixed, sizeof fixed, 99, &out, &len), 0);
	assert_int_equal(len, 5);
	assert_memory_equal(out, "hello", 5);
	free(out);
	/* Too large, cut off, not zlib's. */
	assert_int_equal(unpack_zlib(fixed, sizeof fixed, 4, &out, &len), -1);
	for (size_t i = 0; i < 9; i++)
		assert_int_equal(unpack_zlib(fixed, i, 99, &out, &len), -1);
	assert_int_equal(unpack_zlib(fixed + 2, 9, 99, &out, &len), -1);
}

/* Random bytes end in an error or in a text, and nowhere else. */
static void
test_unpack_random(void **state)
{
	unsigned seed = 1;
	unsigned char in[200], *out;
	size_t len;

	(void)state;
	for (unsigned n = 0; n < 200000; n++) {
		for (size_t i = 0; i < sizeof in; i++) {
			seed = seed * 1103515245 + 12345;
			in[i] = (unsigned char)(seed >> 16);
		}
		in[0] = 0x78;
		in[1] = 0x9c;
		if (unpack_zlib(in, n % sizeof in, 5000, &out, &len) == 0) {
			assert_true(len <= 5000);
			free(out);
		}
	}
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
		TEST(test_staged),
		TEST(test_packs),
		TEST(test_trees),
		TEST(test_not_understood),
		TEST(test_damaged_objects),
		TEST(test_damaged_pack),
		TEST(test_fifo_of_refs),
		cmocka_unit_test(test_unpack),
		cmocka_unit_test(test_unpack_random),
		cmocka_unit_test(test_sha1),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
