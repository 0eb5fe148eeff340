/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Each step of a start and of a stop fails in turn, and the agent is killed at
 * each point in between: what was done is undone in reverse, nothing is left,
 * what the host had before is there still, and the next attempt succeeds.
 * The points are found by running; that each step has one is checked by the
 * table of steps.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fault_stage.h"
#include "agent/reconcile/steps.h"

#define POINTS_MAX 400

static const char everything[] =
	"name: web\npath: @\npersist: true\ninterface: em0\n"
	"ip_hostname: true\nhost.hostname: web.example\n"
	"ip4.addr: [192.0.2.1/24, em1|192.0.2.2]\n"
	"ip6.addr: [\"2001:db8::1/64\"]\n"
	"mount: [/src @/mnt nullfs ro, tmpfs @/tmp tmpfs]\n"
	"mount.devfs: true\nmount.procfs: true\n"
	"zfs.dataset: [tank/web]\nvnet.interface: [epair0b]\n"
	"stop.timeout: 1\nagent.limits.processes: 5\n"
	"exec.prepare: [\"echo exec.prepare >> @/log\"]\n"
	"exec.prestart: [\"echo exec.prestart >> @/log\"]\n"
	"exec.created: [\"echo exec.created >> @/log\"]\n"
	"exec.start: [\"echo exec.start >> @/log\"]\n"
	"command: [\"echo command >> @/log\"]\n"
	"exec.poststart: [\"echo exec.poststart >> @/log\"]\n"
	"exec.prestop: [\"echo exec.prestop >> @/log\"]\n"
	"exec.stop: [\"echo exec.stop >> @/log\"]\n"
	"exec.poststop: [\"echo exec.poststop >> @/log\"]\n"
	"exec.release: [\"echo exec.release >> @/log\"]\n";

/* What the label of a step's call begins with. */
static const char *
label_of(const struct step *s, bool start)
{
	static const char *const things[][2] = {
		[THING_ALIAS4] = { "-alias em0|192.0.2.1",
		    "+alias em0|192.0.2.1" },
		[THING_ALIAS6] = { "-alias em0|2001:", "+alias em0|2001:" },
		[THING_MOUNT] = { "-mount ", "+mount " },
	};

	switch (s->kind) {
	case STEP_HOST_HOOK:
	case STEP_JAIL_HOOK:
		return s->param;
	case STEP_MAKE:
	case STEP_UNMAKE:
		assert_true(s->thing < sizeof things / sizeof *things);
		return things[s->thing][start];
	case STEP_LIMIT:
		return "+limit";
	case STEP_UNLIMIT:
		return "-limit";
	case STEP_CREATE:
		return "+jail";
	case STEP_REMOVE:
		return "-jail";
	case STEP_EACH:
		return s->words[0];
	case STEP_BEGIN:
		return "journal preparing";
	case STEP_LOOKUP:
		return "lookup";
	case STEP_SETTLE:
		return "journal up";
	case STEP_HALT:
		return "journal removing";
	case STEP_TERM:
		return "signal";
	case STEP_GONE:
		return "gone";
	case STEP_KINDS:
		break;
	}
	fail_msg("a kind of step without a point at which it fails");
	return NULL;
}

/*
 * Killing takes a process each, which is slow, and all is slower with
 * sanitizers: only some points are taken then, others each time.  FAULTS=all
 * takes them all.
 */
#ifdef __SANITIZE_ADDRESS__
#define FAILING_STRIDE 7
#else
#define FAILING_STRIDE 1
#endif

static int
stride_of_points(void)
{
	return getenv("FAULTS") != NULL ? 1 : 4 * FAILING_STRIDE;
}

struct coverage {
	char *label[POINTS_MAX];
	size_t count;
};

static void
covers(struct coverage *c)
{
	assert_true(c->count < POINTS_MAX);
	if (host.failed != NULL)
		c->label[c->count++] = strdup(host.failed);
}

static void
all_covered(struct coverage *c, const struct step *steps, size_t count,
    bool start)
{
	for (size_t i = 0; i < count && FAILING_STRIDE == 1; i++) {
		const char *want = label_of(&steps[i], start);
		bool found = false;

		for (size_t j = 0; j < c->count; j++)
			found |= strncmp(c->label[j], want,
			    strlen(want)) == 0;
		if (!found)
			fail_msg("%s never failed", want);
	}
	for (size_t i = 0; i < c->count; i++)
		free(c->label[i]);
}

/*
 * Whether what failed is this, or the line of the journal that
 * speaks of it.
 */
static bool
failed_at(const char *hook)
{
	static const char line[] = "journal hook of ";
	const char *at = host.failed;

	if (strncmp(at, line, strlen(line)) == 0)
		at += strlen(line);
	return strcmp(at, hook) == 0;
}

/* Whether what was made is unmade from the last to the first. */
static void
in_reverse(void)
{
	const char *stack[LABELS_MAX];
	size_t depth = 0;

	for (size_t i = 0; i < host.labels; i++) {
		const char *l = host.label[i];

		if (host.failed != NULL && failed_at(l))
			continue;
		if (l[0] == '+')
			stack[depth++] = l + 1;
		if (l[0] == '-' && (depth == 0 ||
		    strcmp(stack[--depth], l + 1) != 0))
			fail_msg("%s failed: %s is out of order",
			    host.failed != NULL ? host.failed : "nothing", l);
	}
	assert_int_equal(depth, 0);
}

/* How often a word was logged. */
static size_t
said(struct world *w, const char *word)
{
	char *data, path[PATHS_MAX + 8];
	size_t len, n = 0;

	snprintf(path, sizeof path, "%s/log", w->root);
	if (access(path, F_OK) != 0)
		return 0;
	data = temp_read(path, &len);
	for (char *p = strstr(data, word); p != NULL; p = strstr(p + 1, word))
		n++;
	free(data);
	return n;
}

/* Where a word was logged last; -1: never. */
static long
last_said(struct world *w, const char *word)
{
	char *data, path[PATHS_MAX + 8];
	size_t len;
	long at = -1;

	snprintf(path, sizeof path, "%s/log", w->root);
	if (access(path, F_OK) != 0)
		return -1;
	data = temp_read(path, &len);
	for (char *p = strstr(data, word); p != NULL; p = strstr(p + 1, word))
		at = p - data;
	free(data);
	return at;
}

static void
forget_said(struct world *w)
{
	char path[PATHS_MAX + 8];

	snprintf(path, sizeof path, "%s/log", w->root);
	unlink(path);
}

/* What began is undone, also when it failed. */
static void
undone_hooks(struct world *w, const char *hook, const char *undo)
{
	assert_int_equal(said(w, undo), said(w, hook) + failed_at(hook));
}

/* One start whose point `n` fails.  Returns whether there was one. */
static bool
failing_start(struct world *w, const char *before, int n, struct coverage *c)
{
	bool failed;

	cpu_limit();
	forget_said(w);
	host_reset(n, -1);
	world_apply(w, everything);
	failed = host.failed != NULL;
	if (failed) {
		covers(c);
		if (strcmp(w->deeds, "!create web;") != 0)
			fail_msg("%s failed, and yet: %s", host.failed,
			    w->deeds);
		in_reverse();
		undone_hooks(w, "exec.prepare", "exec.release");
		undone_hooks(w, "exec.prestart", "exec.poststop");
		gone(w, before);
		host_reset(-1, -1);
		world_apply(w, everything);
	}
	if (strcmp(w->deeds, "create web;") != 0)
		fail_msg("the next attempt: %s %s", w->deeds, w->error);
	assert_true(host_there("alias", "em0|2001:db8::1"));
	host_reset(-1, -1);
	world_apply(w, "");
	gone(w, before);
	return failed;
}

/* Each point in turn, in one world; those after a call do not fail. */
static void
all_points(bool (*failing)(struct world *, const char *, int,
    struct coverage *), struct coverage *c)
{
	struct world w;
	char *before;
	int last = getpid() % FAILING_STRIDE;

	stage_make(&w);
	before = host_listing();
	for (int n = last; n < POINTS_MAX && n - last < 4 * FAILING_STRIDE;
	    n += FAILING_STRIDE)
		if (failing(&w, before, n, c))
			last = n;
	free(before);
	world_remove(&w);
}

static void
each_step_of_a_start_fails(void **state)
{
	struct coverage c = { .count = 0 };

	(void)state;
	all_points(failing_start, &c);
	all_covered(&c, start_steps, start_count, true);
}

static bool
failing_stop(struct world *w, const char *before, int n, struct coverage *c)
{
	bool failed;

	cpu_limit();
	host_reset(-1, -1);
	world_apply(w, everything);
	assert_string_equal(w->deeds, "create web;");
	host_reset(n, -1);
	world_apply(w, "");
	failed = host.failed != NULL;
	if (failed) {
		bool stays = failed_at("exec.prestop") ||
		    failed_at("exec.stop") || failed_at("-jail") ||
		    failed_at("journal removing");

		covers(c);
		assert_int_equal(kernel_jid(w, "web") != 0, stays);
		if (stays)
			assert_true(host_there("alias", "em0|192.0.2.1"));
		host_reset(-1, -1);
		world_apply(w, "");
	}
	gone(w, before);
	return failed;
}

static void
each_step_of_a_stop_fails(void **state)
{
	struct coverage c = { .count = 0 };

	(void)state;
	all_points(failing_stop, &c);
	all_covered(&c, stop_steps, stop_count, false);
}

static void
killed_between_any_two_steps(void **state)
{
	int stride = stride_of_points(), n;
	bool more = true;
	struct world w;
	char *before, *up;

	(void)state;
	stage_make(&w);
	before = host_listing();
	world_apply(&w, everything);
	up = host_listing();
	world_apply(&w, "");
	gone(&w, before);
	for (n = getpid() % stride; more; n += stride) {
		more = killed_at(&w, n, everything, "");
		world_apply(&w, everything);
		if (kernel_jid(&w, "web") == 0)
			fail_msg("killed at %d: %s %s", n, w.deeds, w.error);
		same_host(up, "after the start of another agent");
		if (last_said(&w, "exec.start") < last_said(&w, "exec.prestop"))
			fail_msg("killed at %d: stopped, and not started", n);
		world_apply(&w, "");
		gone(&w, before);
	}
	free(before);
	free(up);
	world_remove(&w);
	assert_true(n > 2 * (int)(start_count + stop_count));
}

/* What the host had is not made, and is left alone by all that happens. */
static void
what_was_there_stays(void **state)
{
	struct world w;
	char target[PATHS_MAX + 16], *before;

	(void)state;
	stage_make(&w);
	snprintf(target, sizeof target, "%s/mnt nullfs", w.root);
	host_put("alias", "em0|192.0.2.1", true);
	host_put("mount", target, true);
	before = host_listing();
	world_apply(&w, everything);
	assert_string_equal(w.deeds, "create web;");
	for (size_t i = 0; i < host.labels; i++)
		if (strcmp(host.label[i], "+alias em0|192.0.2.1") == 0)
			fail_msg("made again: %s", host.label[i]);
	stage_again(&w);
	world_apply(&w, "");
	gone(&w, before);
	/* A failing start, and one that is killed. */
	for (int n = 0; n < 48; n += stride_of_points()) {
		host_reset(n, -1);
		world_apply(&w, everything);
		world_apply(&w, "");
		host_reset(-1, -1);
		world_apply(&w, "");
		gone(&w, before);
		killed_at(&w, n, everything, "");
		world_apply(&w, "");
		gone(&w, before);
	}
	free(before);
	world_remove(&w);
}

/* Somebody gives the host an address just before the agent does. */
static void
what_others_make_meanwhile_is_theirs(void **state)
{
	static const char more[] = "name: web\npath: @\npersist: true\n"
	    "interface: em0\nip4.addr: [192.0.2.1, 192.0.2.2]\n";
	static const char one[] = "name: web\npath: @\npersist: true\n"
	    "interface: em0\nip4.addr: [192.0.2.1]\n";
	struct world w;
	char *before;

	(void)state;
	stage_make(&w);
	host_put("alias", "em0|192.0.2.1", true);
	host_put("alias", "em0|192.0.2.2", true);
	before = host_listing();
	host.blind = true;
	world_apply(&w, everything);
	assert_string_equal(w.deeds, "create web;");
	host.blind = false;
	world_apply(&w, "");
	gone(&w, before);
	world_apply(&w, one);
	host.blind = true;
	world_apply(&w, more);
	assert_string_equal(w.deeds, "modify web;");
	host.blind = false;
	stage_again(&w);
	world_apply(&w, "");
	gone(&w, before);
	free(before);
	world_remove(&w);
}

/* A target is looked at when what is mounted before it is there. */
static void
links_that_a_mount_brings(void **state)
{
	static const char yaml[] = JAIL("web",
	    "mount: [/src @/mnt nullfs, tmpfs @/mnt/l tmpfs]\n");
	char link[PATHS_MAX + 8], *before;
	struct world w;

	(void)state;
	stage_make(&w);
	before = host_listing();
	snprintf(link, sizeof link, "%s/mnt/l", w.root);
	host.plant = link;
	world_apply(&w, yaml);
	host.plant = NULL;
	assert_string_equal(w.deeds, "!create web;");
	if (strstr(w.error, link) == NULL)
		fail_msg("%s", w.error);
	gone(&w, before);
	free(before);
	world_remove(&w);
}

/* One that several jails have is made once, however many programs are slow. */
static void
a_shared_mount_is_made_once(void **state)
{
	static const char db[] = JAIL("db", "mount.devfs: true\n");
	static const char web[] = JAIL("web", "mount.devfs: true\n");
	static const char *const sets[] = { db, web, JAIL("db",
	    "mount.devfs: true\n") "---\n" JAIL("web", "mount.devfs: true\n"),
	    web, db };
	char dev[PATHS_MAX + 16], *before;
	struct world w;

	(void)state;
	stage_make(&w);
	before = host_listing();
	snprintf(dev, sizeof dev, "%s/dev devfs", w.root);
	for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
		world_apply(&w, sets[i]);
		if (w.failures != 0)
			fail_msg("%s %s", w.deeds, w.error);
		assert_true(host_there("mount", dev));
		/* Both go, and both come, at once. */
		if (i == 2) {
			world_apply(&w, "");
			gone(&w, before);
			world_apply(&w, sets[i]);
			assert_int_equal(w.failures, 0);
		}
	}
	world_apply(&w, "");
	gone(&w, before);
	free(before);
	world_remove(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_step_of_a_start_fails),
		cmocka_unit_test(each_step_of_a_stop_fails),
		cmocka_unit_test(killed_between_any_two_steps),
		cmocka_unit_test(what_was_there_stays),
		cmocka_unit_test(what_others_make_meanwhile_is_theirs),
		cmocka_unit_test(links_that_a_mount_brings),
		cmocka_unit_test(a_shared_mount_is_made_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
