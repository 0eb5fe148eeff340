/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Operations with hooks that are really run (on the host, all of them), on
 * jails of the backend model: failures, timeouts, what is undone.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "kernel/prison/prison.h"
#include "real_hooks.h"

/* A spec whose hooks note their names in the file "log". */
static void
apply(struct stage *s, const char *more)
{
	static const char *const hooks[] = { "prepare", "prestart", "created",
		"start", "poststart", "prestop", "stop", "poststop",
		"release" };
	char yaml[8192];
	size_t n;

	n = (size_t)snprintf(yaml, sizeof yaml, "name: web\npath: @\n"
	    "persist: true\n");
	for (size_t i = 0; i < sizeof hooks / sizeof *hooks; i++) {
		char key[32];

		snprintf(key, sizeof key, "exec.%s:", hooks[i]);
		if (strstr(more, key) == NULL)
			n += (size_t)snprintf(yaml + n, sizeof yaml - n,
			    "%s [\"echo %s >> @/log\"]\n", key, hooks[i]);
	}
	snprintf(yaml + n, sizeof yaml - n, "%s", more);
	world_apply(&s->w, yaml);
}

static void
order_of_hooks(void **state)
{
	struct stage *s = *state;

	apply(s, "");
	assert_string_equal(log_of(s),
	    "prepare prestart created start poststart");
	apply(s, "ip4: inherit\n");
	assert_string_equal(s->w.deeds, "restart web;");
	assert_string_equal(log_of(s), "prestop stop poststop release "
	    "prepare prestart created start poststart");
	world_apply(&s->w, "");
	assert_string_equal(log_of(s), "prestop stop poststop release");
}

static void
failing_start_is_undone(void **state)
{
	struct stage *s = *state;

	apply(s, "exec.start: [\"echo start >> @/log\", \"echo why it "
	    "failed; exit 3\", \"echo never >> @/log\"]\n");
	assert_string_equal(s->w.deeds, "!create web;");
	assert_string_equal(log_of(s),
	    "prepare prestart created start poststop release");
	assert_non_null(strstr(s->w.error, "exec.start"));
	assert_non_null(strstr(s->w.error, "exit status 3"));
	assert_non_null(strstr(s->w.error, "why it failed"));
	assert_int_equal(kernel_jid(&s->w, "web"), 0);
	assert_int_equal(s->w.inventory.count, 0);
}

static void
failing_undo_does_not_hide_the_cause(void **state)
{
	struct stage *s = *state;

	apply(s, "exec.prestart: \"exit 5;\"\nexec.poststop: [\"exit 6;\", "
	    "\"echo second >> @/log\"]\n");
	assert_non_null(strstr(s->w.error, "exit status 5"));
	assert_string_equal(log_of(s), "prepare second release");
	assert_int_equal(s->w.inventory.count, 0);
}

static void
missing_program_fails(void **state)
{
	struct stage *s = *state;

	apply(s, "exec.poststart: /no/such/program\n");
	assert_string_equal(s->w.deeds, "!create web;");
	assert_non_null(strstr(s->w.error, "/no/such/program"));
	assert_int_equal(kernel_jid(&s->w, "web"), 0);
}

/* A jail that cannot be stopped runs on, and is not forgotten. */
static void
failing_stop_keeps_the_jail(void **state)
{
	struct stage *s = *state;
	int jid;

	apply(s, "exec.prestop: \"exit 1;\"\n");
	jid = kernel_jid(&s->w, "web");
	log_of(s);
	apply(s, "exec.prestop: \"exit 1;\"\nip4: inherit\n");
	assert_string_equal(s->w.deeds, "!restart web;");
	assert_int_equal(kernel_jid(&s->w, "web"), jid);
	assert_string_equal(world_state(&s->w, "web"), "failed");
	assert_string_equal(log_of(s), "");
	assert_non_null(inventory_find(&s->w.inventory, "web"));
	assert_string_equal(spec_text(inventory_find(&s->w.inventory,
	    "web")->applied, "ip4"), "disable");
	/* It is as it was: without that change there is nothing to be done. */
	assert_int_equal(inventory_find(&s->w.inventory, "web")->stage,
	    ENTRY_UP);
	apply(s, "exec.prestop: \"exit 1;\"\n");
	assert_string_equal(s->w.deeds, "");
	assert_string_equal(world_state(&s->w, "web"), "ready");
}

/* As after kill -9 of the agent in the middle: that jail is not believed. */
static void
interrupted_stop_is_begun_anew(void **state)
{
	struct stage *s = *state;
	struct entry *e;

	apply(s, "");
	log_of(s);
	e = inventory_find(&s->w.inventory, "web");
	assert_int_equal(inventory_removing(&s->w.inventory, e, NULL), 0);
	apply(s, "");
	assert_string_equal(s->w.deeds, "restart web;");
	assert_string_equal(log_of(s), "prestop stop poststop release "
	    "prepare prestart created start poststart");
	/* One that cannot be stopped then is not up for that. */
	apply(s, "exec.prestop: \"exit 1;\"\n");
	assert_int_equal(inventory_removing(&s->w.inventory, e, NULL), 0);
	apply(s, "exec.prestop: \"exit 1;\"\n");
	assert_string_equal(s->w.deeds, "!restart web;");
	assert_int_equal(e->stage, ENTRY_REMOVING);
	/* Another spec mends that. */
	apply(s, "exec.prestop: \"/bin/true\"\n");
	assert_string_equal(s->w.deeds, "restart web;");
	assert_int_equal(e->stage, ENTRY_UP);
}

/* What was journalled of hooks that begin, or have run, since `from`. */
static const char *
hooks_noted(struct stage *s, size_t from)
{
	static char text[256];
	size_t len;
	char *data = temp_read(s->w.paths.journal, &len);

	text[0] = '\0';
	for (char *line = strtok(data + from, "\n"); line != NULL;
	    line = strtok(NULL, "\n")) {
		const char *what = strstr(line, "\"begun");

		what = what != NULL ? what : strstr(line, "\"ran ");
		if (what != NULL)
			snprintf(text + strlen(text), sizeof text -
			    strlen(text), "%.*s;", (int)strcspn(what + 1,
			    "\""), what + 1);
	}
	free(data);
	return text;
}

/* The next agent is told of hooks that have something to run, and no others. */
static void
hooks_are_noted(void **state)
{
	struct stage *s = *state;
	size_t from;

	world_apply(&s->w, JAIL("web", ""));
	world_apply(&s->w, "");
	assert_string_equal(hooks_noted(s, 0), "");
	from = s->w.inventory.journal_len;
	world_apply(&s->w, JAIL("web", "exec.release: [/bin/true]\n"));
	world_apply(&s->w, "");
	assert_string_equal(hooks_noted(s, from), "begun;begun exec.release;"
	    "ran exec.release;");
	from = s->w.inventory.journal_len;
	world_apply(&s->w, JAIL("web", "exec.prestart: [/bin/false]\n"
	    "exec.poststop: [/bin/true]\n"));
	assert_string_equal(s->w.deeds, "!create web;");
	assert_string_equal(hooks_noted(s, from), "begun;begun exec.poststop;"
	    "ran exec.poststop;");
}

/* After the removal everything is tried; what is left is nothing. */
static void
failing_poststop(void **state)
{
	struct stage *s = *state;

	apply(s, "exec.poststop: [\"exit 1;\", \"echo two >> @/log\"]\n");
	log_of(s);
	world_apply(&s->w, "");
	assert_string_equal(s->w.deeds, "!remove web;");
	assert_string_equal(log_of(s), "prestop stop two release");
	assert_int_equal(kernel_jid(&s->w, "web"), 0);
	assert_int_equal(s->w.inventory.count, 0);
}

/* Nor does it keep a jail from being started again. */
static void
failing_poststop_in_a_restart(void **state)
{
	static const char bad[] = "exec.poststop: \"exit 7;\"\n";
	struct stage *s = *state;
	char more[200];

	apply(s, bad);
	log_of(s);
	snprintf(more, sizeof more, "%sip4: inherit\n", bad);
	apply(s, more);
	assert_string_equal(s->w.deeds, "restart web;");
	assert_string_equal(log_of(s), "prestop stop release "
	    "prepare prestart created start poststart");
	assert_string_equal(world_state(&s->w, "web"), "ready");
	/* A start that fails as well is what is reported. */
	snprintf(more, sizeof more, "%sexec.start: \"exit 8;\"\n", bad);
	apply(s, more);
	assert_string_equal(s->w.deeds, "!restart web;");
	assert_non_null(strstr(s->w.error, "exit status 8"));
	assert_int_equal(kernel_jid(&s->w, "web"), 0);
}

static void
timeout_kills_the_group(void **state)
{
	struct stage *s = *state;
	char path[PATHS_MAX + 8], *text;
	size_t len;
	pid_t pid;

	apply(s, "exec.timeout: 1\nexec.start: \"sleep 100 & echo $! > "
	    "@/pid; wait\"\n");
	assert_string_equal(s->w.deeds, "!create web;");
	assert_non_null(strstr(s->w.error, "timed out"));
	snprintf(path, sizeof path, "%s/pid", s->w.root);
	text = temp_read(path, &len);
	pid = (pid_t)atol(text);
	free(text);
	assert_true(pid > 0);
	/* The host's init may take its time to reap it. */
	for (int i = 0; i < 100; i++) {
		struct prison_proc p;
		bool zombie = false;

		if (prison_proc_id(pid, &p) != 0 ||
		    !prison_proc_running(&p, &zombie) || zombie)
			return;
		usleep(10000);
	}
	fail_msg("%ld still runs", (long)pid);
}

/* jail(8) gives up on each command at once. */
static void
negative_timeouts_give_no_time(void **state)
{
	struct stage *s = *state;

	apply(s, "exec.timeout: -1\nexec.start: sleep 100\n");
	assert_string_equal(s->w.deeds, "!create web;");
	if (strstr(s->w.error, "timed out") == NULL)
		fail_msg("%s", s->w.error);
}

static void
background_is_not_waited_for(void **state)
{
	struct stage *s = *state;

	apply(s, "exec.poststart: \"/bin/sleep 1 &\"\n");
	assert_string_equal(s->w.deeds, "create web;");
	assert_true(reconciler_jail(&s->w.reconciler, "web",
	    false)->last.took_us < 900000);
	sleep(1);
}

/* An agent that ends in the middle leaves no hook behind. */
static void
let_go_in_the_middle(void **state)
{
	struct reconcile_options opt = { .letters = ALL_LETTERS,
		.healing = true };
	struct stage *s = *state;
	struct timeval tv = { 0, 300000 };
	char path[PATHS_MAX + 8], *text;
	size_t len;
	pid_t pid;

	world_reconciler(&s->w, &opt);
	world_want(&s->w, "name: web\npath: @\npersist: true\n"
	    "exec.start: \"echo $$ > @/pid; exec /bin/sleep 100\"\n");
	event_base_loopexit(s->w.base, &tv);
	event_base_dispatch(s->w.base);
	snprintf(path, sizeof path, "%s/pid", s->w.root);
	text = temp_read(path, &len);
	pid = (pid_t)atol(text);
	free(text);
	assert_int_equal(kill(pid, 0), 0);
	reconciler_free(&s->w.reconciler);
	s->w.has_reconciler = false;
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	/* The next one finds the creation unfinished and begins anew. */
	assert_int_equal(inventory_find(&s->w.inventory, "web")->stage,
	    ENTRY_CREATING);
	apply(s, "");
	assert_string_equal(s->w.deeds, "restart web;");
	assert_string_equal(world_state(&s->w, "web"), "ready");
}

/* As after kill -9 of the agent: the hook goes on until the next one. */
static void
survivor_is_killed(void **state)
{
	struct stage *s = *state;
	pid_t pid = fork();

	if (pid == 0) {
		setsid();
		execl("/bin/sleep", "sleep", "100", (char *)NULL);
		_exit(127);
	}
	usleep(100000);
	assert_int_equal(inventory_hook(&s->w.inventory, "web", pid, NULL), 0);
	/* Also from a journal that was written anew meanwhile. */
	s->w.inventory.journal_len = 1 << 20;
	assert_int_equal(inventory_compact(&s->w.inventory, NULL), 1);
	assert_int_equal(inventory_compact_on(&s->w.inventory, 1, NULL), 0);
	assert_int_equal(s->w.inventory.journal_len, 0);
	inventory_close(&s->w.inventory);
	assert_int_equal(inventory_open(&s->w.inventory, &s->w.paths, NULL,
	    s->w.observer.boot, false, NULL), 0);
	assert_int_equal(waitpid(pid, NULL, WNOHANG), 0);
	inventory_close(&s->w.inventory);
	assert_int_equal(inventory_open(&s->w.inventory, &s->w.paths, NULL,
	    s->w.observer.boot, true, NULL), 0);
	assert_int_equal(waitpid(pid, NULL, WNOHANG), pid);
}

/* ------------------------------------------------- a stop without hooks */

/* A user's order about web, and that it is looked at for that. */
static void
order_stop(struct stage *s, struct standing *orders, bool no_hooks)
{
	struct standing_order o = { .name = (char *)(uintptr_t)"web",
		.kind = STANDING_STOP, .reason = (char *)(uintptr_t)"",
		.no_hooks = no_hooks };
	struct managed *m = reconciler_jail(&s->w.reconciler, "web", false);

	assert_int_equal(standing_give(orders, &o, NULL), 0);
	m->fresh = true;
	m->forces = no_hooks;
	reconciler_look(&s->w.reconciler, m);
}

static void
open_orders(struct stage *s, struct standing *orders)
{
	snprintf(s->w.paths.orders, sizeof s->w.paths.orders, "%s",
	    world_path(&s->w, "state/orders.json"));
	assert_int_equal(standing_open(orders, &s->w.paths, NULL, NULL), 0);
	s->w.standing = orders;
}

/* An agent that comes after the one that was told so does not run them. */
static void
order_without_hooks_is_kept(void **state)
{
	static const char veto[] = "exec.prestop: \"exit 1;\"\n";
	struct stage *s = *state;
	struct standing orders;

	open_orders(s, &orders);
	apply(s, veto);
	log_of(s);
	order_stop(s, &orders, true);
	standing_close(&orders);
	open_orders(s, &orders);
	apply(s, veto);
	assert_string_equal(s->w.error, "");
	assert_int_equal(kernel_jid(&s->w, "web"), 0);
	assert_string_equal(log_of(s), "poststop release");
	standing_close(&orders);
}

/* What hangs is ended by the order, and nothing is said against that. */
static void
hanging_stop_is_forced(void **state)
{
	static const struct {
		const char *spec, *hangs, *log;
	} cases[] = {
		{ "exec.prestop: [\"echo hangs >> @/log; sleep 100\", "
		    "\"echo never >> @/log\"]\n", "hangs",
		    "hangs poststop release" },
		{ "exec.stop: [\"echo hangs >> @/log; sleep 100; true\", "
		    "\"echo never >> @/log\"]\n", "hangs",
		    "prestop hangs poststop release" },
		{ "stop.timeout: 100\n", "\nstop\n",
		    "prestop stop poststop release" },
	};
	struct stage *s = *state;
	struct standing orders;

	open_orders(s, &orders);
	s->backend.signal = deaf;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_int_equal(standing_take_back(&orders, "web", NULL), 0);
		apply(s, cases[i].spec);
		assert_int_not_equal(kernel_jid(&s->w, "web"), 0);
		log_of(s);
		order_stop(s, &orders, false);
		until_said(s, cases[i].hangs);
		world_turns(s, 20);
		assert_int_not_equal(kernel_jid(&s->w, "web"), 0);
		order_stop(s, &orders, true);
		world_settle(&s->w);
		assert_string_equal(s->w.error, "");
		assert_int_equal(kernel_jid(&s->w, "web"), 0);
		assert_string_equal(log_of(s), cases[i].log);
	}
	standing_close(&orders);
}

/* So is what comes behind it; that it was killed is said. */
static void
hanging_undo_is_forced(void **state)
{
	static const char hangs[] = "exec.poststop: [\"echo hangs >> @/log; "
	    "sleep 100\", \"echo second >> @/log\"]\n";
	struct stage *s = *state;
	struct standing orders;

	open_orders(s, &orders);
	apply(s, hangs);
	log_of(s);
	order_stop(s, &orders, false);
	until_said(s, "hangs");
	assert_int_equal(kernel_jid(&s->w, "web"), 0);
	order_stop(s, &orders, true);
	world_settle(&s->w);
	assert_non_null(strstr(s->w.error, "exec.poststop"));
	assert_string_equal(log_of(s), "prestop stop hangs second release");
	standing_close(&orders);
}

/* However often it is looked at, each order kills one command. */
static void
forced_once_for_each_order(void **state)
{
	static const char slow[] = "exec.prestop: "
	    "\"echo p >> @/log; sleep 100\"\nexec.poststop: "
	    "[\"echo b >> @/log; sleep 0.2; echo e >> @/log\", "
	    "\"echo hangs >> @/log; sleep 100\"]\n";
	struct stage *s = *state;
	struct managed *m;
	struct standing orders;

	open_orders(s, &orders);
	apply(s, slow);
	log_of(s);
	order_stop(s, &orders, false);
	until_said(s, "p\n");
	order_stop(s, &orders, true);
	m = reconciler_jail(&s->w.reconciler, "web", false);
	for (int i = 0; i < 40; i++) {
		reconciler_look(&s->w.reconciler, m);
		world_turns(s, 10);
	}
	until_said(s, "hangs");
	order_stop(s, &orders, true);
	world_settle(&s->w);
	assert_int_equal(kernel_jid(&s->w, "web"), 0);
	assert_string_equal(log_of(s), "p b e hangs release");
	standing_close(&orders);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(order_of_hooks),
		TEST(failing_start_is_undone),
		TEST(failing_undo_does_not_hide_the_cause),
		TEST(missing_program_fails),
		TEST(failing_stop_keeps_the_jail),
		TEST(interrupted_stop_is_begun_anew),
		TEST(hooks_are_noted),
		TEST(failing_poststop),
		TEST(failing_poststop_in_a_restart),
		TEST(timeout_kills_the_group),
		TEST(negative_timeouts_give_no_time),
		TEST(background_is_not_waited_for),
		TEST(survivor_is_killed),
		TEST(let_go_in_the_middle),
		TEST(order_without_hooks_is_kept),
		TEST(hanging_stop_is_forced),
		TEST(hanging_undo_is_forced),
		TEST(forced_once_for_each_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
