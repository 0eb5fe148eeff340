/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The three-way difference for every parameter in the table, on the backend
 * model: unchanged, changed, gone from the spec, changed behind the agent's
 * back.  After each apply the plan is empty, also for an agent that starts
 * anew, and applying again changes nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent_fixture.h"

/* Two different values of a parameter, as YAML; NULL: none can be made. */
struct sample {
	const char *name, *one, *two;
};

static const struct sample special[] = {
	{ "children.cur", NULL, NULL },
	{ "cpuset.id", NULL, NULL },
	{ "dying", NULL, NULL },
	{ "name", NULL, NULL },
	{ "parent", NULL, NULL },
	{ "ip_hostname", NULL, NULL }, /* see test_hostname.c */
	{ "persist", NULL, NULL }, /* see persist_off_is_no_difference */
	{ "depend", NULL, NULL },
	{ "mac.label", NULL, NULL },
	{ "allow.dying", "true", "false" },
	{ "children.max", "5", "7" },
	{ "devfs_ruleset", "4", "5" },
	{ "enforce_statfs", "1", "0" },
	{ "env", "\"a=1\"", "\"a=2\"" },
	{ "meta", "\"a=1\"", "\"a=2\"" },
	{ "host.hostuuid", "11111111-1111-1111-1111-111111111111",
	    "22222222-2222-2222-2222-222222222222" },
	{ "ip4.addr", "[192.0.2.1]", "[192.0.2.9, 192.0.2.2, 192.0.2.3]" },
	{ "ip6.addr", "[2001:db8::1]", "[\"2001:db8:0::9\", 2001:db8::2]" },
	{ "jid", "700", "701" },
	{ "osreldate", "1300139", "1400097" },
	{ "osrelease", "13.1-RELEASE", "14.0-RELEASE" },
	{ "path", "@", "@/../set" },
	{ "securelevel", "1", "2" },
	{ "exec.consolelog", "/var/log/a", "/var/log/b" },
	{ "mount.fstab", "[@.a]", "[@.b]" },
	{ "mount", "[\"a /b nullfs ro 0 0\"]", "[\"a /c nullfs ro 0 0\"]" },
};

static const char *const by_type[][2] = {
	[PARAM_BOOL] = { "true", "false" },
	[PARAM_INT] = { "1", "2" },
	[PARAM_ULONG] = { "5", "6" },
	[PARAM_JAILSYS] = { "inherit", "new" },
	[PARAM_STRING] = { "one", "two" },
	[PARAM_LIST] = { "[one, two]", "[one, three]" },
};

static bool
sample_of(const struct param_def *def, struct sample *s)
{
	for (size_t i = 0; i < sizeof special / sizeof *special; i++)
		if (strcmp(special[i].name, def->name) == 0) {
			*s = special[i];
			return s->one != NULL;
		}
	*s = (struct sample){ def->name, by_type[def->type][0],
		by_type[def->type][1] };
	return true;
}

static void
document(struct world *w, char *buf, size_t size, const char *name,
    const char *value)
{
	bool path = strcmp(name, "path") == 0;
	char other[PATHS_MAX];

	snprintf(other, sizeof other, "%s", world_path(w, "set"));
	if (path && value != NULL && strcmp(value, "@") != 0)
		value = other;
	snprintf(buf, size, "name: web\npersist: true\n%s%s%s%s%s",
	    path ? "" : "path: @\n", value != NULL ? name : "",
	    value != NULL ? ": " : "", value != NULL ? value : "",
	    value != NULL ? "\n" : "");
}

/* Says what is wrong and goes on: one run shows all. */
static unsigned wrong;

static void wrong_with(const char *what, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void
wrong_with(const char *what, const char *fmt, ...)
{
	char text[2048];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	print_error("%s: %s\n", what, text);
	wrong++;
}

static int
none_wrong(void **state)
{
	unsigned n = wrong;

	(void)state;
	wrong = 0;
	return n == 0 ? 0 : -1;
}

/* The plan is empty now, for an agent that starts anew, and truly. */
static void
fixed(struct world *w, const char *yaml, const char *what)
{
	if (strcmp(world_state(w, "web"), "ready") != 0 || w->failures > 0)
		wrong_with(what, "%s: %s", world_state(w, "web"),
		    w->failures > 0 ? w->error : world_reason(w, "web"));
	if (strcmp(world_plan(w, "web"), "none: no difference []") != 0)
		wrong_with(what, "then plan says %s", world_plan(w, "web"));
	reconciler_free(&w->reconciler);
	w->has_reconciler = false;
	world_restart(w);
	trace_clear(w);
	world_apply(w, yaml);
	if (w->told != 0 || trace_mutations(w) != 0)
		wrong_with(what, "applied again: %s", w->deeds);
}

/* What applying must do, by the table. */
static const char *
deed_of(const struct param_def *def)
{
	/* It is for aliases, which are made while a jail runs. */
	if (strcmp(def->name, "interface") == 0)
		return "modify web;";
	switch (def->class) {
	case PARAM_LIVE:
	case PARAM_HOOK:
	case PARAM_ORDER:
		return "modify web;";
	default:
		return "restart web;";
	}
}

static void
change(struct world *w, const struct param_def *def, const char *from,
    const char *to)
{
	char old[2048], new[2048], what[256];

	snprintf(what, sizeof what, "%s: %s -> %s", def->name,
	    from != NULL ? from : "none", to != NULL ? to : "none");
	document(w, old, sizeof old, def->name, from);
	document(w, new, sizeof new, def->name, to);
	world_apply(w, old);
	fixed(w, old, what);
	world_apply(w, new);
	if (w->deeds[0] != '\0' && strcmp(w->deeds, deed_of(def)) != 0 &&
	    from != NULL && to != NULL)
		wrong_with(what, "%s", w->deeds);
	if (from != NULL && to != NULL && w->deeds[0] == '\0' &&
	    strcmp(def->name, "ip4") != 0 && strcmp(def->name, "ip6") != 0)
		wrong_with(what, "nothing was done");
	fixed(w, new, what);
	world_apply(w, "");
	assert_int_equal(kernel_jid(w, "web"), 0);
	assert_int_equal(w->inventory.count, 0);
}

static void
all_of(enum jail_generation generation)
{
	unsigned gen = generation == JAIL_GEN_13 ? GEN_13 : GEN_15;
	unsigned params = 0, changes = 0;
	struct world w;

	world_make(&w, generation);
	temp_write(world_path(&w, "root.a"), 0600, "", 0);
	temp_write(world_path(&w, "root.b"), 0600, "", 0);
	for (size_t i = 0; i < param_count; i++) {
		const struct param_def *def = &param_table[i];
		struct sample s;

		if ((def->generations & gen) == 0 || !sample_of(def, &s))
			continue;
		change(&w, def, s.one, s.two);
		change(&w, def, s.two, s.one);
		change(&w, def, s.one, NULL);
		change(&w, def, NULL, s.one);
		params++;
		changes += 4;
	}
	print_message("generation %d: %u of %zu parameters, %u changes\n",
	    (int)generation, params, param_count, changes);
	assert_true(params > 60);
	world_remove(&w);
}

static void
every_parameter_generation_13(void **state)
{
	(void)state;
#ifdef __SANITIZE_ADDRESS__
	print_message("skip: takes long with sanitizers\n");
	skip();
#endif
	all_of(JAIL_GEN_13);
}

static void
every_parameter_generation_15(void **state)
{
	(void)state;
	all_of(JAIL_GEN_15);
}

/* Pairs of specs in which parameters bear on each other. */
static void
related_parameters(void **state)
{
	static const char *const pairs[][2] = {
		{ "host.hostname: a\n", "host: inherit\n" },
		{ "host: inherit\n", "host.hostname: a\n" },
		{ "host.hostname: a\nhost.hostid: 5\n", "" },
		{ "ip4: inherit\n", "ip4.addr: [192.0.2.1]\n" },
		{ "ip4.addr: [192.0.2.1]\n", "ip4: inherit\n" },
		{ "ip4: new\nip4.addr: [192.0.2.1]\n",
		    "ip4.addr: [192.0.2.1]\n" },
		{ "ip4: disable\n", "ip4: new\n" },
		{ "ip4: disable\n", "" },
		{ "vnet: new\n", "" },
		{ "ip4: disable\n", "vnet: new\n" },
		{ "jid: 9\n", "" },
		{ "meta.a: 1\nmeta.b: 2\n", "meta.b: 3\nmeta.c: 4\n" },
		{ "meta.a: 1\n", "meta: \"b=2\"\n" },
		{ "meta: \"b=2\"\n", "meta.a: 1\n" },
		{ "meta: \"b=2\"\nmeta.a: 1\n", "meta: \"b=3\"\nmeta.a: 1\n" },
		{ "meta: \"b=2\\n\"\n", "meta: \"b=2\\n\\nc=3\\n\"\nmeta.a: 1\n" },
		{ "meta: \"a=2\"\nmeta.a: 1\n", "meta: \"jailagent=x\"\n" },
		{ "env: \"b=2\\n\"\nenv.a: 1\n", "env: \"\\n\"\nenv.b: 3\n" },
		{ "env.a: 1\nenv.b: 2\n", "env.a: 2\n" },
		{ "meta.a: \"\"\n", "meta.a: x\n" },
		{ "depend: []\nexec.stop: a\n", "exec.stop: b\n" },
		{ "agent: {labels: {a: b}}\n", "agent: {labels: {a: c}}\n" },
		{ "agent: {heal: never}\n", "" },
		{ "host.domainname: d\n", "host: new\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
		struct world w;
		char yaml[2][512];

		world_make(&w, JAIL_GEN_15);
		for (size_t j = 0; j < 2; j++) {
			snprintf(yaml[j], sizeof yaml[j], "name: web\n"
			    "persist: true\npath: @\n%s", pairs[i][j]);
			world_apply(&w, yaml[j]);
			fixed(&w, yaml[j], yaml[j]);
		}
		world_remove(&w);
	}
}

/* A jail without persist lives by its child; that is no difference. */
static void
persist_off_is_no_difference(void **state)
{
	struct world w;
	const char *yaml = "name: web\npath: @\npersist: false\n"
	    "exec.start: true\nchildren.max: 3\n---\nname: web.in\npath: @\n"
	    "persist: true\n";

	(void)state;
	world_make(&w, JAIL_GEN_15);
	world_apply(&w, "name: web\npath: @\npersist: true\nexec.start: true\n"
	    "children.max: 3\n---\nname: web.in\npath: @\npersist: true\n");
	assert_int_equal(w.failures, 0);
	world_apply(&w, yaml);
	assert_string_equal(w.deeds, "modify web;");
	fixed(&w, yaml, "nopersist");
	world_remove(&w);
}

static void
changed_behind_our_back(void **state)
{
	struct world w;
	const char *yaml = "name: web\npath: @\npersist: true\n"
	    "host.hostname: a\nmeta.k: v\n";

	(void)state;
	world_make(&w, JAIL_GEN_15);
	world_apply(&w, yaml);
	kernel_set_text(&w, "web", "host.hostname", "other");
	kernel_set_text(&w, "web", "meta.k", "other");
	kernel_set_text(&w, "web", "meta.foreign", "stays");
	world_apply(&w, yaml);
	assert_string_equal(w.deeds, "modify web;");
	fixed(&w, yaml, "drift");
	world_remove(&w);
}

static void
path_through_links(void **state)
{
	struct world w;
	char yaml[4096];

	(void)state;
	world_make(&w, JAIL_GEN_15);
	assert_int_equal(symlink("root", world_path(&w, "link")), 0);
	snprintf(yaml, sizeof yaml, "name: web\npath: %s\npersist: true\n",
	    world_path(&w, "link"));
	world_apply(&w, yaml);
	fixed(&w, yaml, "symlink");
	assert_int_equal(unlink(world_path(&w, "link")), 0);
	assert_int_equal(symlink("set", world_path(&w, "link")), 0);
	world_apply(&w, yaml);
	assert_string_equal(w.deeds, "restart web;");
	fixed(&w, yaml, "symlink that moved");
	world_remove(&w);
}

/* Without the applied spec later changes of hooks could not be seen. */
static void
lost_applied_spec(void **state)
{
	struct world w;
	const char *yaml = "name: web\npath: @\npersist: true\n"
	    "exec.start: one\n";

	(void)state;
	world_make(&w, JAIL_GEN_15);
	world_apply(&w, yaml);
	assert_int_equal(unlink(world_path(&w, "run/applied/web.yaml")), 0);
	world_restart(&w);
	world_apply(&w, yaml);
	fixed(&w, yaml, "lost");
	world_apply(&w, "name: web\npath: @\npersist: true\n"
	    "exec.start: two\n");
	assert_string_equal(w.deeds, "restart web;");
	world_remove(&w);
}

#define TEST(f) cmocka_unit_test_teardown(f, none_wrong)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_parameter_generation_13),
		TEST(every_parameter_generation_15),
		TEST(related_parameters),
		TEST(persist_off_is_no_difference),
		TEST(changed_behind_our_back),
		TEST(path_through_links),
		TEST(lost_applied_spec),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
