/* SPDX-License-Identifier: BSD-2-Clause */
/* Journal and inventory: what an agent that starts anew knows. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "agent/reconcile/journal.h"
#include "agent_fixture.h"

static struct entry *
creating(struct world *w, const char *yaml)
{
	struct spec *s = spec_of_text(w, yaml);
	struct entry *e;
	struct error err;

	if (inventory_creating(&w->inventory, w->set, s, &e, &err) != 0)
		fail_msg("%s", err.text);
	spec_free(s);
	return e;
}

#define WEB "name: web\npath: @\npersist: true\nmeta.a: b\n"

static void
every_stage_is_read_back(void **state)
{
	struct world *w = *state;
	char token[TOKEN_SIZE];
	struct entry *e = creating(w, WEB);
	struct error err;

	memcpy(token, e->token, sizeof token);
	assert_int_equal(strlen(token), TOKEN_SIZE - 1);
	for (int stage = 0; stage < 4; stage++) {
		static const enum entry_stage want[] = { ENTRY_CREATING,
			ENTRY_UP, ENTRY_REMOVING, ENTRY_DOWN };

		e = inventory_find(&w->inventory, "web");
		if (stage == 1)
			inventory_up(&w->inventory, e, 77, &err);
		if (stage == 2)
			inventory_removing(&w->inventory, e, &err);
		if (stage == 3)
			inventory_down(&w->inventory, e, &err);
		world_restart(w);
		e = inventory_find(&w->inventory, "web");
		assert_non_null(e);
		assert_int_equal(e->stage, want[stage]);
		assert_string_equal(e->token, token);
		assert_string_equal(e->set, w->set);
		assert_string_equal(e->boot, w->observer.boot);
		assert_int_equal(e->jid, stage == 1 || stage == 2 ? 77 : 0);
		assert_non_null(e->applied);
	}
	assert_int_equal(inventory_gone(&w->inventory, e, &err), 0);
	world_restart(w);
	assert_int_equal(w->inventory.count, 0);
	assert_int_equal(access(world_path(w, "run/applied/web.yaml"),
	    F_OK), -1);
}

/* The canonical spec on disk means exactly what was applied. */
static void
applied_spec_keeps_its_digest(void **state)
{
	struct world *w = *state;
	unsigned char digest[SPEC_DIGEST_SIZE];
	struct entry *e = creating(w, "name: a.b\npath: @\npersist: true\n"
	    "depend: [x, y]\nexec.start: [\"echo \\\"q\\\" # c\", \"b: c\"]\n"
	    "meta.k: \"- x\"\nagent: {labels: {l: \"1\"}, heal: never, "
	    "retry: {initial: 1500ms}}\nip4.addr: [192.0.2.2, 192.0.2.1]\n");

	memcpy(digest, spec_digest(e->applied), sizeof digest);
	world_restart(w);
	e = inventory_find(&w->inventory, "a.b");
	assert_non_null(e->applied);
	assert_memory_equal(spec_digest(e->applied), digest, sizeof digest);
}

static void
damaged_applied_spec_is_none(void **state)
{
	struct world *w = *state;

	creating(w, WEB);
	temp_write(world_path(w, "run/applied/web.yaml"), 0600, "na", 2);
	world_restart(w);
	assert_non_null(inventory_find(&w->inventory, "web"));
	assert_null(inventory_find(&w->inventory, "web")->applied);
}

/* What the run directory has lost is known by its copy, and is there again. */
static void
lost_applied_spec_has_a_copy(void **state)
{
	struct world *w = *state;
	struct error err;

	creating(w, WEB);
	assert_int_equal(inventory_copy(&w->inventory, &err), 0);
	assert_int_equal(unlink(world_path(w, "run/applied/web.yaml")), 0);
	world_restart(w);
	assert_non_null(inventory_find(&w->inventory, "web")->applied);
	assert_int_equal(access(world_path(w, "run/applied/web.yaml"),
	    F_OK), 0);
	/* Nothing but the newest one counts. */
	temp_write(world_path(w, "state/applied/web.yaml"), 0600, "na", 2);
	world_restart(w);
	assert_non_null(inventory_find(&w->inventory, "web")->applied);
	/* One that is gone has no copy either. */
	assert_int_equal(inventory_gone(&w->inventory,
	    inventory_find(&w->inventory, "web"), &err), 0);
	assert_int_equal(inventory_copy(&w->inventory, &err), 0);
	assert_int_equal(access(world_path(w, "state/applied/web.yaml"),
	    F_OK), -1);
}

/* Also while the change is under way: nobody shows it then. */
static void
value_that_becomes_a_secret(void **state)
{
	struct world *w = *state;
	struct entry *e = creating(w, WEB "env.T: plain\n");
	struct spec *s = spec_of_text(w, WEB "env.T: !secret /etc/none\n");
	struct error err;

	assert_int_equal(inventory_changing(&w->inventory, e, s, &err), 0);
	spec_free(s);
	for (int i = 0; i < 2; i++) {
		assert_true(spec_param_find(inventory_find(&w->inventory,
		    "web")->applied, "env.T")->secret);
		world_restart(w);
	}
}

/* One that cannot be read is the affair of its jail alone, which is told. */
static void
copy_that_is_no_file(void **state)
{
	struct world *w = *state;
	const char *copy = "state/applied/web.yaml";

	creating(w, WEB);
	assert_int_equal(unlink(world_path(w, "run/applied/web.yaml")), 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(i == 0 ? mkdir(world_path(w, copy), 0700) :
		    symlink("web.yaml", world_path(w, copy)), 0);
		world_restart(w);
		assert_int_equal(w->inventory.notes.count, 1);
		assert_int_equal(remove(world_path(w, copy)), 0);
	}
}

/* A start that was cut off before its spec was written has none. */
static void
copy_of_an_earlier_jail_is_not_used(void **state)
{
	struct world *w = *state;
	struct spec *s = spec_of_text(w, WEB);
	char from[PATH_MAX];
	struct error err;

	assert_int_equal(inventory_preparing(&w->inventory, w->set, s,
	    &err), 0);
	spec_free(s);
	snprintf(from, sizeof from, "%s", world_path(w,
	    "run/applied/web.yaml"));
	assert_int_equal(rename(from, world_path(w, "state/applied/web.yaml")),
	    0);
	world_restart(w);
	assert_non_null(inventory_find(&w->inventory, "web"));
	assert_null(inventory_find(&w->inventory, "web")->applied);
}

/* Its files have no room for the whole name. */
static void
long_name_is_known_again(void **state)
{
	struct world *w = *state;
	char name[231], yaml[sizeof name + 64];
	struct error err;

	memset(name, 'n', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	snprintf(yaml, sizeof yaml, "name: %s\npath: @\npersist: true\n",
	    name);
	creating(w, yaml);
	assert_int_equal(inventory_copy(&w->inventory, &err), 0);
	for (int i = 0; i < 3; i++) {
		world_restart(w);
		assert_non_null(inventory_find(&w->inventory, name));
		assert_non_null(inventory_find(&w->inventory, name)->applied);
	}
}

static void
journal_of_another_boot_is_discarded(void **state)
{
	struct world *w = *state;

	creating(w, WEB);
	inventory_close(&w->inventory);
	assert_int_equal(inventory_open(&w->inventory, &w->paths, NULL, "other",
	    true, NULL), 0);
	assert_int_equal(w->inventory.count, 0);
	inventory_close(&w->inventory);
	/* It is another one now, for good. */
	assert_int_equal(inventory_open(&w->inventory, &w->paths, NULL,
	    w->observer.boot, true, NULL), 0);
	assert_int_equal(w->inventory.count, 0);
}

static int
count_record(void *arg, const struct journal_record *r)
{
	(void)r;
	(*(unsigned *)arg)++;
	return 0;
}

/* Wherever a crash cut the journal: what is appended later is read. */
static void
cut_anywhere(void **state)
{
	struct world *w = *state;
	const struct journal_record r = { JOURNAL_UP, "web", "/set", "t",
		"boot", 3, NULL, 0 };
	const char *path = world_path(w, "cut");
	size_t len, head;
	char *whole;
	int fd = journal_open(path, "boot", NULL);

	assert_true(journal_append(fd, &r, NULL) > 0);
	assert_true(journal_append(fd, &r, NULL) > 0);
	close(fd);
	whole = temp_read(path, &len);
	head = strcspn(whole, "\n") + 1;
	for (size_t cut = 0; cut <= len; cut++) {
		unsigned lines = 0, want = 0;

		for (size_t i = head; i < cut; i++)
			want += whole[i] == '\n';
		temp_write(path, 0600, whole, cut);
		assert_int_equal(journal_read(path, "boot", count_record,
		    &lines, NULL), 0);
		assert_int_equal(lines, want);
		fd = journal_open(path, "boot", NULL);
		assert_true(fd >= 0);
		assert_true(journal_append(fd, &r, NULL) > 0);
		close(fd);
		lines = 0;
		assert_int_equal(journal_read(path, "boot", count_record,
		    &lines, NULL), 0);
		if (lines != want + 1)
			fail_msg("cut at %zu of %zu: %u lines", cut, len,
			    lines);
	}
	free(whole);
}

/* A damaged line is skipped, and what it said is missed: a doubt. */
static void
damaged_line_is_a_doubt(void **state)
{
	struct world *w = *state;
	char *whole, *more;
	size_t len;

	creating(w, WEB);
	assert_null(w->inventory.doubt);
	whole = temp_read(w->paths.journal, &len);
	more = calloc(1, len + 100);
	snprintf(more, len + 100, "%s{\"stage\":\n", whole);
	temp_write(w->paths.journal, 0600, more, strlen(more));
	world_restart(w);
	assert_non_null(inventory_find(&w->inventory, "web"));
	assert_non_null(w->inventory.doubt);
	assert_non_null(strstr(w->inventory.doubt, "damaged line"));
	assert_non_null(strstr(w->inventory.doubt, "the journal"));
	assert_null(strstr(w->inventory.doubt, "snapshot"));
	free(whole);
	free(more);
}

/* A full disk in the middle of a line leaves a journal that can be read. */
static void
full_disk(void **state)
{
	struct world *w = *state;
	const struct journal_record r = { JOURNAL_UP, "web", "/set", "t",
		"boot", 3, NULL, 0 };
	const char *path = world_path(w, "full");
	struct rlimit old, small;
	struct error err;
	unsigned lines = 0;
	int fd = journal_open(path, "boot", NULL), rc;

	assert_true(journal_append(fd, &r, NULL) > 0);
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &old);
	small = old;
	small.rlim_cur = (rlim_t)lseek(fd, 0, SEEK_END) + 10;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	rc = journal_append(fd, &r, &err);
	setrlimit(RLIMIT_FSIZE, &old);
	assert_int_equal(rc, -1);
	assert_true(journal_append(fd, &r, NULL) > 0);
	close(fd);
	if (journal_read(path, "boot", count_record, &lines, &err) != 0)
		fail_msg("%s", err.text);
	assert_int_equal(lines, 2);
}

/* Freeing what a long journal had takes time, so that is done in steps. */
static void
old_one_goes_in_steps(struct inventory *inv, int old)
{
	struct stat before, st;
	struct error err;
	int rc;

	assert_int_equal(fstat(old, &st), 0);
	assert_true(st.st_size > 1024 * 1024);
	do {
		before = st;
		rc = inventory_compact_on(inv, 1, &err);
		assert_int_equal(fstat(old, &st), 0);
		assert_true(before.st_size - st.st_size <= 256 * 1024);
	} while (rc == 1);
	assert_int_equal(rc, 0);
	assert_true(st.st_size <= 256 * 1024);
	close(old);
}

static void
compaction_keeps_everything(void **state)
{
	struct world *w = *state;
	struct entry *e = creating(w, WEB);
	int old = dup(w->inventory.journal);
	struct stat st;
	struct error err;

	for (int i = 0; i < 20000; i++)
		assert_int_equal(inventory_up(&w->inventory, e, i + 1, &err),
		    0);
	creating(w, "name: two\npath: @\npersist: true\n");
	assert_int_equal(inventory_compact(&w->inventory, &err), 1);
	assert_int_equal(inventory_compact_on(&w->inventory, 1, &err), 1);
	old_one_goes_in_steps(&w->inventory, old);
	assert_int_equal(stat(w->paths.journal, &st), 0);
	assert_true(st.st_size < 2000);
	/* It goes on in the new file. */
	e = inventory_find(&w->inventory, "two");
	assert_int_equal(inventory_up(&w->inventory, e, 5, &err), 0);
	world_restart(w);
	assert_int_equal(w->inventory.count, 2);
	assert_int_equal(inventory_find(&w->inventory, "web")->jid, 20000);
	assert_int_equal(inventory_find(&w->inventory, "two")->jid, 5);
	assert_int_equal(inventory_find(&w->inventory, "two")->stage,
	    ENTRY_UP);
}

/* What happens to jails while the journal is written anew, on both sides of it. */
static void
compaction_in_steps(void **state)
{
	static const char *const names[] = { "a", "b", "c", "d", "e", "f" };
	struct world *w = *state;
	struct inventory *inv = &w->inventory;
	struct entry *e[6];
	struct error err;

	for (int i = 0; i < 6; i++) {
		char yaml[80];

		snprintf(yaml, sizeof yaml, "name: %s\npath: @\n"
		    "persist: true\n", names[i]);
		(void)creating(w, yaml);
	}
	for (int i = 0; i < 6; i++) {
		e[i] = inventory_find(inv, names[i]);
		assert_int_equal(inventory_up(inv, e[i], i + 1, &err), 0);
	}
	inv->journal_len = 1 << 20;
	assert_int_equal(inventory_compact(inv, &err), 1);
	assert_int_equal(inventory_compact_on(inv, 3, &err), 1);
	/* b is in the new one, e is not yet; a and f go, c gets another. */
	assert_int_equal(inventory_up(inv, e[1], 12, &err), 0);
	assert_int_equal(inventory_making(inv, e[1], "mount x", &err), 0);
	assert_int_equal(inventory_up(inv, e[4], 15, &err), 0);
	assert_int_equal(inventory_making(inv, e[4], "mount y", &err), 0);
	assert_int_equal(inventory_gone(inv, e[0], &err), 0);
	assert_int_equal(inventory_gone(inv, e[5], &err), 0);
	assert_int_equal(inventory_gone(inv, e[2], &err), 0);
	(void)creating(w, "name: bb\npath: @\npersist: true\n");
	(void)creating(w, "name: dd\npath: @\npersist: true\n");
	assert_int_equal(inventory_compact(inv, &err), 0);
	assert_int_equal(inventory_compact_on(inv, 1, &err), 1);
	assert_int_equal(inventory_compact_on(inv, 9, &err), 0);
	assert_int_equal(inventory_compact_on(inv, 9, &err), 0);
	world_restart(w);
	assert_int_equal(inv->count, 5);
	assert_null(inventory_find(inv, "a"));
	assert_null(inventory_find(inv, "c"));
	assert_null(inventory_find(inv, "f"));
	assert_non_null(inventory_find(inv, "bb"));
	assert_non_null(inventory_find(inv, "dd"));
	assert_int_equal(inventory_find(inv, "b")->jid, 12);
	assert_int_equal(inventory_find(inv, "d")->jid, 4);
	assert_int_equal(inventory_find(inv, "e")->jid, 15);
	assert_int_equal(inventory_find(inv, "b")->made.count, 1);
	assert_int_equal(inventory_find(inv, "e")->made.count, 1);
}

/* One that is cut off leaves the old journal. */
static void
compaction_that_is_cut_off(void **state)
{
	struct world *w = *state;
	struct inventory *inv = &w->inventory;
	struct error err;

	(void)creating(w, WEB);
	(void)creating(w, "name: two\npath: @\npersist: true\n");
	inv->journal_len = 1 << 20;
	assert_int_equal(inventory_compact(inv, &err), 1);
	assert_int_equal(inventory_compact_on(inv, 1, &err), 1);
	assert_int_equal(inventory_up(inv, inventory_find(inv, "web"), 7,
	    &err), 0);
	world_restart(w);
	assert_int_equal(inv->count, 2);
	assert_int_equal(inventory_find(inv, "web")->jid, 7);
}

/* A hook's line of the journal, and a process that may be it. */
static pid_t
journal_a_hook(struct world *w)
{
	struct error err;
	pid_t pid = fork();

	error_clear(&err);
	if (pid == 0) {
		pause();
		_exit(0);
	}
	assert_true(pid > 0);
	assert_int_equal(inventory_hook(&w->inventory, "web", pid, &err), 0);
	return pid;
}

static bool
journal_names(struct world *w, pid_t pid)
{
	char word[32], *data;
	size_t len;
	bool found;

	snprintf(word, sizeof word, "\"jid\":%d", (int)pid);
	data = temp_read(w->paths.journal, &len);
	found = strstr(data, word) != NULL;
	free(data);
	return found;
}

static void
end_hook(pid_t pid)
{
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* Without any snapshot, lines of hooks that have ended go; all others stay. */
static void
ended_hooks_are_dropped(void **state)
{
	struct world *w = *state;
	struct entry *e = creating(w, WEB);
	pid_t ended = journal_a_hook(w), lives = journal_a_hook(w), last;
	struct error err;

	assert_int_equal(inventory_making(&w->inventory, e, "alias4 em0|"
	    "192.0.2.1/24", &err), 0);
	end_hook(ended);
	assert_true(journal_names(w, ended) && journal_names(w, lives));
	assert_true(w->inventory.hook_len > 0 &&
	    w->inventory.hook_len < w->inventory.journal_len);
	w->inventory.hook_len = 1024 * 1024;
	last = journal_a_hook(w);
	assert_false(journal_names(w, ended));
	assert_true(journal_names(w, lives) && journal_names(w, last));
	assert_true(w->inventory.hook_len < 1024);
	end_hook(lives);
	end_hook(last);
	world_restart(w);
	e = inventory_find(&w->inventory, "web");
	assert_non_null(e);
	assert_int_equal(e->stage, ENTRY_CREATING);
	assert_true(entry_made(e, "alias4 em0|192.0.2.1/24"));
}

/* What an agent that starts could not read is not applied. */
static void
long_specs(void **state)
{
	enum { VALUES = 10, VALUE = 60 * 1024 };
	struct world *w = *state;
	char *yaml = calloc(1, (VALUES + 1) * VALUE);

	assert_non_null(yaml);
	strcpy(yaml, WEB "exec.prestart:\n");
	for (int i = 0; i < VALUES; i++) {
		char *at = yaml + strlen(yaml);

		strcpy(at, "  - '#");
		memset(strchr(at, '\0'), '"', VALUE - 100);
		strcat(at, "'\n");
	}
	world_apply(w, yaml);
	assert_string_equal(w->deeds, "!create web;");
	if (strstr(w->error, "an agent that starts would read") == NULL)
		fail_msg("%.500s", w->error);
	assert_int_equal(kernel_jid(w, "web"), 0);
	assert_int_equal(w->inventory.count, 0);
	free(yaml);
}

/* A creation that was cut off is found, undone and begun anew. */
static void
unfinished_creation(void **state)
{
	struct world *w = *state;
	struct entry *e = creating(w, WEB);
	int jid = kernel_make(w, "web");

	/* Without our mark it is somebody else's. */
	world_apply(w, WEB);
	assert_string_equal(world_state(w, "web"), "conflict");
	e = inventory_find(&w->inventory, "web");
	assert_int_equal(kernel_set_text(w, "web", TOKEN_KEY, e->token), jid);
	world_apply(w, WEB);
	assert_string_equal(w->deeds, "restart web;");
	assert_string_equal(world_state(w, "web"), "ready");
	assert_int_not_equal(kernel_jid(w, "web"), jid);
}

/* Where the kernel keeps no mark, the path tells an unfinished jail. */
static void
unfinished_creation_without_marks(void **state)
{
	struct world w;

	(void)state;
	world_make(&w, JAIL_GEN_13);
	creating(&w, "name: web\npath: @\npersist: true\n");
	kernel_make(&w, "web");
	world_apply(&w, "name: web\npath: @\npersist: true\n");
	assert_string_equal(w.deeds, "restart web;");
	assert_string_equal(world_state(&w, "web"), "ready");
	world_remove(&w);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_stage_is_read_back),
		TEST(applied_spec_keeps_its_digest),
		TEST(damaged_applied_spec_is_none),
		TEST(lost_applied_spec_has_a_copy),
		TEST(copy_of_an_earlier_jail_is_not_used),
		TEST(value_that_becomes_a_secret),
		TEST(copy_that_is_no_file),
		TEST(long_name_is_known_again),
		TEST(journal_of_another_boot_is_discarded),
		TEST(cut_anywhere),
		TEST(damaged_line_is_a_doubt),
		TEST(full_disk),
		TEST(long_specs),
		TEST(compaction_keeps_everything),
		TEST(compaction_in_steps),
		TEST(compaction_that_is_cut_off),
		TEST(ended_hooks_are_dropped),
		TEST(unfinished_creation),
		cmocka_unit_test(unfinished_creation_without_marks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
