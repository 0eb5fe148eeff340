/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Each parameter of the table, on a running jail: unchanged, changed, removed,
 * and what apply does about it with -cm (live changes alone) and with -cmr.
 * What it did must leave the jail as a new one of the same spec is, and plan
 * empty.  The table that comes out is tests/golden/changes/SYSTEM.out; UPDATE=1
 * in the environment writes it anew.
 *
 * timeout: 300
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <sched.h>

#include <cmocka.h>

#include "golden.h"
#include "random_sets.h"

/* What keeps a jail that need not persist. */
#define LASTING "sleep"

/* Two values of a parameter that those of its type would not do for. */
static const struct {
	const char *name, *value[2];
	const char *beside; /* lines that it needs beside it */
} special[] = {
	{ "allow.raw_sockets", { "true", "false" }, "vnet: new\n" },
	{ "depend", { "[other]", "[other, third]" }, "" },
	{ "devfs_ruleset", { "4", "0" }, "" },
	{ "enforce_statfs", { "1", "2" }, "" },
	{ "exec.consolelog", { "@/one.log", "@/two.log" }, "" },
	{ "exec.jail_user", { "root", "\"0\"" }, "exec.start: []\n" },
	{ "host.hostuuid", { "00000000-0000-0000-0000-000000000001",
	    "00000000-0000-0000-0000-000000000002" }, "" },
	{ "interface", { "em0", "em1" }, "ip4.addr: [192.0.2.9]\n" },
	{ "ip4", { "inherit", "disable" }, "" },
	{ "ip6", { "inherit", "disable" }, "" },
	{ "ip_hostname", { "true", "false" },
	    "host.hostname: \"192.0.2.9\"\n" },
	{ "jid", { "701", "702" }, "" },
	{ "mount", { "[tmpfs @/sub tmpfs]", "[tmpfs @/sub tmpfs size=1m]" },
	    "" },
	{ "mount.fdescfs", { "true", "false" }, "mount.devfs: true\n" },
	{ "mount.fstab", { "[@.fstab1]", "[@.fstab2]" }, "" },
	{ "osreldate", { "1301000", "1302000" }, "" },
	{ "osrelease", { "13.1-RELEASE", "13.2-RELEASE" }, "" },
	{ "path", { "@", "@/sub" }, "" },
	{ "persist", { "true", "false" },
	    "exec.start: [\"" LASTING " 1000 &\"]\n" },
	{ "vnet.interface", { "[epair0b]", "[epair1b]" }, "vnet: new\n" },
	{ "zfs.dataset", { "[tank/a]", "[tank/b]" }, "" },
};

/* What has no row of its own, and why. */
static const char *const apart[][2] = {
	{ "name", "another name is another jail" },
};

static void
values_of(const struct param_def *def, bool other, const char *value[2],
    const char **beside)
{
	static const char *const by_type[][2] = {
		[PARAM_BOOL] = { "true", "false" },
		[PARAM_INT] = { "1", "2" },
		[PARAM_ULONG] = { "1", "2" },
		[PARAM_JAILSYS] = { "new", "inherit" },
		[PARAM_STRING] = { "one", "two" },
		[PARAM_KEYVALUE] = { "\"a=one\"", "\"a=two\"" },
		[PARAM_IP4] = { "[192.0.2.1, 192.0.2.3]", "[192.0.2.2]" },
		[PARAM_IP6] = { "[\"2001:db8::1\"]", "[\"2001:db8::2\"]" },
		[PARAM_LIST] = { "[\"/bin/sh -c true\"]",
		    "[\"/bin/sh -c :\"]" },
	};
	bool on = other || (def->type == PARAM_BOOL && def->dflt != NULL &&
	    strcmp(def->dflt, "true") == 0);

	*beside = "";
	value[0] = by_type[def->type][on];
	value[1] = by_type[def->type][!on];
	for (size_t i = 0; i < sizeof special / sizeof *special; i++)
		if (strcmp(special[i].name, def->name) == 0) {
			value[0] = special[i].value[0];
			value[1] = special[i].value[1];
			*beside = special[i].beside;
		}
}

/* The default is the parent's: which value is not the default is not known. */
static bool
has_two_rows(const struct param_def *def)
{
	return def->type == PARAM_BOOL && def->access != PARAM_RD &&
	    def->dflt == NULL;
}

/* The jail a, with the parameter (value NULL: without), and two more. */
static void
set_with(const struct param_def *def, const char *value, const char *beside,
    char *yaml, size_t size)
{
	bool path = strcmp(def->name, "path") == 0;
	bool persist = strcmp(def->name, "persist") == 0;

	snprintf(yaml, size, "name: a\n%sstop.timeout: 0\n%s%s"
	    "%s%s%s%s---\nname: other\npath: @\npersist: true\n---\n"
	    "name: third\npath: @\npersist: true\n",
	    persist ? "" : "persist: true\n", path ? "" : "path: @\n",
	    beside, value != NULL ? def->name : "", value != NULL ? ": " : "",
	    value != NULL ? value : "", value != NULL ? "\n" : "");
	if (strcmp(def->name, "stop.timeout") == 0)
		memmove(strstr(yaml, "stop.timeout: 0\n"), strstr(yaml,
		    "stop.timeout: 0\n") + 16, strlen(strstr(yaml,
		    "stop.timeout: 0\n") + 16) + 1);
}

static bool
is_valid(const struct world *w, const char *yaml)
{
	char *text = calloc(1, strlen(yaml) * 2 + 64 * PATHS_MAX), *to = text;
	struct spec_docs docs = { 0 };
	struct spec_set set = { 0 };
	bool good;

	for (const char *p = yaml; *p != '\0'; p++)
		if (*p == '@')
			to = stpcpy(to, w->root);
		else
			*to++ = *p;
	spec_parse("x.yaml", text, strlen(text), &docs, &set.errors);
	spec_resolve(&docs, &set);
	good = set.count == 3;
	spec_set_free(&set);
	spec_docs_free(&docs);
	free(text);
	return good;
}

/* What plan says of the jail a. */
static const char *
cell(struct world *w)
{
	struct managed *m = reconciler_jail(&w->reconciler, "a", false);
	static const char *const words[] = { [ACTION_NONE] = "same",
		[ACTION_RESTART] = "restart", [ACTION_BLOCKED] = "blocked" };
	const char *word;
	struct action a;

	assert_non_null(m);
	assert_int_equal(reconciler_plan(&w->reconciler, m, &a), 0);
	if (a.kind == ACTION_MODIFY) {
		word = "userland";
		for (size_t i = 0; i < a.count; i++)
			if (a.change[i].how == HOW_LIVE)
				word = "live";
	} else {
		assert_true(a.kind == ACTION_NONE ||
		    a.kind == ACTION_RESTART || a.kind == ACTION_BLOCKED);
		word = words[a.kind];
	}
	action_free(&a);
	return word;
}

/* From one set to another with these letters; what was done. */
static const char *
change(struct world *w, const char *from, const char *to, unsigned letters,
    const char *name)
{
	struct reconcile_options opt = { .letters = letters, .prune = true };
	const char *word;
	char *got, *want;

	world_apply(w, "");
	world_apply(w, from);
	if (w->failures > 0)
		fail_msg("%s: %s: %s\n%s", name, w->deeds, w->error, from);
	world_reconciler(w, &opt);
	world_want(w, to);
	word = cell(w);
	world_apply_with(w, to, letters, 4);
	if (w->failures > 0)
		fail_msg("%s: %s: %s\n%s", name, w->deeds, w->error, to);
	if (strcmp(word, "blocked") == 0) {
		assert_string_equal(w->deeds, "");
		return word;
	}
	if (strcmp(cell(w), "same") != 0)
		fail_msg("%s: then %s\n%s", name, cell(w), to);
	got = row_string(w, "a");
	world_apply(w, "");
	world_apply(w, to);
	want = row_string(w, "a");
	if (strcmp(got, want) != 0)
		fail_msg("%s (%s): is\n%s\nshould be\n%s", name, word, got,
		    want);
	free(got);
	free(want);
	return word;
}

/* Why there is no row, or NULL. */
static const char *
no_row(struct world *w, const struct param_def *def, const char *yaml)
{
	struct managed *m;

	for (size_t i = 0; i < sizeof apart / sizeof *apart; i++)
		if (strcmp(apart[i][0], def->name) == 0)
			return apart[i][1];
	if (def->access == PARAM_RD)
		return "is read only";
	if (!is_valid(w, yaml))
		return "is no value by itself";
	world_apply(w, yaml);
	m = reconciler_jail(&w->reconciler, "a", false);
	if (m != NULL && m->state == STATE_BLOCKED)
		return "is refused here";
	return w->failures > 0 ? "cannot be had on the host of the tests" :
	    NULL;
}

/* `other`: the row that begins with the other value. */
static void
add_row(struct world *w, const struct param_def *def, bool other,
    struct textbuf *out)
{
	static const unsigned letters[] = { LETTER_C | LETTER_M, ALL_LETTERS };
	char yaml[3][2048], line[512], name[64];
	const char *value[2], *beside, *why, *word[6];
	size_t n = 0;

	values_of(def, other, value, &beside);
	snprintf(name, sizeof name, "%s%s%s", def->name,
	    has_two_rows(def) ? " " : "", has_two_rows(def) ? value[0] : "");
	set_with(def, value[0], beside, yaml[0], sizeof yaml[0]);
	set_with(def, value[1], beside, yaml[1], sizeof yaml[1]);
	set_with(def, NULL, beside, yaml[2], sizeof yaml[2]);
	why = no_row(w, def, yaml[0]);
	if (why != NULL) {
		snprintf(line, sizeof line, "%-36s %s\n", name, why);
		textbuf_text(out, line);
		return;
	}
	for (size_t l = 0; l < 2; l++)
		for (size_t t = 0; t < 3; t++) {
			bool can = is_valid(w, yaml[t]);

			if (can && t == 1) {
				world_apply(w, "");
				can = no_row(w, def, yaml[t]) == NULL;
			}
			word[n++] = can ? change(w, yaml[0], yaml[t],
			    letters[l], def->name) : "-";
		}
	snprintf(line, sizeof line, "%-36s %-9s %-9s %-9s %-9s %-9s %s\n",
	    name, word[0], word[1], word[2], word[3], word[4], word[5]);
	textbuf_text(out, line);
}

static void
all_rows(struct world *w, const char *golden)
{
	struct textbuf out = { 0 };
	char line[PATHS_MAX + 256];

	temp_write(world_path(w, "root.fstab1"), 0600, "", 0);
	snprintf(line, sizeof line, "tmpfs %s/sub tmpfs rw 0 0\n", w->root);
	temp_write(world_path(w, "root.fstab2"), 0600, line, strlen(line));
	assert_int_equal(mkdir(world_path(w, "root/sub"), 0700), 0);
	textbuf_text(&out, "What apply does about a parameter of a running "
	    "jail: live (jail_set), userland (by the\nagent, or taken over for "
	    "the next time), restart, same (nothing), blocked (needs a "
	    "restart,\nwhich is not allowed), - (this system does not take the "
	    "other value).  Where the\ndefault is the parent's, there is a row "
	    "for each value to begin with.\n\n");
	snprintf(line, sizeof line, "%-36s %-29s %s\n%-36s %-9s %-9s %-9s %-9s "
	    "%-9s %s\n", "", "-cm", "-cmr", "", "unchanged", "changed",
	    "removed", "unchanged", "changed", "removed");
	textbuf_text(&out, line);
	for (size_t i = 0; i < param_count; i++) {
		for (int other = 0; other <= has_two_rows(&param_table[i]);
		    other++) {
			cpu_limit();
			add_row(w, &param_table[i], other, &out);
			world_apply(w, "");
		}
	}
	golden_compare(golden, out.text);
	free(out.text);
	world_remove(w);
}

/* A process in a jail of the model, and one that waits for its end. */
static void
leave_process(const char *kernel, const struct kernel_options *opt, int jid)
{
	int ready[2];
	char c;

	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	if (fork() == 0) {
		struct jail_kernel *k;

		alarm(100);
		if (fork() != 0)
			_exit(wait(NULL) < 0);
		alarm(100);
		k = kernel_open(kernel, opt, NULL);
		if (k == NULL || k->backend->attach(k, jid) != 0 ||
		    write(ready[1], "", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &c, 1), 1);
	close(ready[0]);
}

/* The world of the model, for what its programs do. */
static struct world *modelled;

static pid_t
lasting_spawn(struct jail_kernel *k, const struct jail_exec *x,
    struct error *err)
{
	if (x->jid > 0 && strcmp(x->argv[0], LASTING) == 0)
		leave_process(modelled->kernel_name, &modelled->kopt, x->jid);
	return fault_spawn(k, x, err);
}

static void
model(enum jail_generation g, const char *golden)
{
	struct world w;

	use_memory();
	world_make(&w, g);
	memset(&host, 0, sizeof host);
	host.dry = true;
	host.chance = 1;
	host_behind(&w);
	modelled = &w;
	host.backend.spawn = lasting_spawn;
	all_rows(&w, golden);
}

static void
on_model_13(void **state)
{
	(void)state;
#ifdef __SANITIZE_ADDRESS__
	print_message("skip: takes long with sanitizers\n");
	skip();
#endif
	model(JAIL_GEN_13, "tests/golden/changes/model-13.yaml");
}

static void
on_model_15(void **state)
{
	(void)state;
	model(JAIL_GEN_15, "tests/golden/changes/model-15.yaml");
}

/* The shell of a root, for what runs in the jail. */
static bool
has_shell(struct world *w)
{
	char command[2 * PATHS_MAX];

	snprintf(command, sizeof command, "cd %s && mkdir bin dev proc etc && "
	    "cp /bin/busybox bin/sh && ln bin/sh bin/sleep && "
	    "echo root:x:0:0::/:/bin/sh > etc/passwd && "
	    "echo root:x:0: > etc/group", w->root);
	return access("/bin/busybox", X_OK) == 0 && system(command) == 0;
}

/* Interfaces to give to a jail, in a network of the test's own. */
static bool
has_interfaces(void)
{
	return unshare(CLONE_NEWNET) == 0 && system("ip link set lo up && "
	    "for i in 0 1; do ip link add epair${i}a type veth "
	    "peer name epair${i}b || exit; done") == 0;
}

static void
on_linux(void **state)
{
	struct error err;
	struct world w;

	(void)state;
	if (geteuid() != 0) {
		print_message("skip: needs root\n");
		skip();
	}
	world_make(&w, JAIL_GEN_15);
	if (!has_shell(&w) || !has_interfaces()) {
		world_remove(&w);
		print_message("skip: needs busybox, ip and veth interfaces\n");
		skip();
	}
	memset(&host, 0, sizeof host);
	host.dry = true;
	host.chance = 1;
	snprintf(host.dir, sizeof host.dir, "%s", world_path(&w, "host"));
	assert_int_equal(mkdir(host.dir, 0700), 0);
	world_close(&w);
	snprintf(w.kernel_name, sizeof w.kernel_name, "linux:%s",
	    world_path(&w, "table"));
	world_open(&w);
	if (w.kernel->backend->addresses != NULL &&
	    w.kernel->backend->addresses(w.kernel, &err) != 0) {
		world_remove(&w);
		print_message("skip: %s\n", err.text);
		skip();
	}
	all_rows(&w, "tests/golden/changes/linux.yaml");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(on_linux), /* not in memory, which may be noexec */
		cmocka_unit_test(on_model_13),
		cmocka_unit_test(on_model_15),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
