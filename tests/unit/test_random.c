/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random sets of specs: after an apply nothing is to be done, whatever was
 * there before, and the jails are those of the set.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent_fixture.h"

#define SEEDS 200
#define JAILS 8

/* xorshift: the same everywhere. */
static uint32_t
dice(uint32_t *state, uint32_t sides)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state % sides;
}

/* Lines that may follow; each alone is valid together with all others. */
static const char *const lines[][4] = {
	{ "", "host.hostname: a\n", "host.hostname: b\n", "host: inherit\n" },
	{ "", "ip4: inherit\n", "ip4: disable\n", "ip4.addr: [192.0.2.%u]\n" },
	{ "", "ip6: inherit\n", "ip6.addr: [\"2001:db8::%u\"]\n", "" },
	{ "", "allow.raw_sockets: true\n", "allow.raw_sockets: false\n", "" },
	{ "", "allow.set_hostname: false\n", "", "" },
	{ "", "meta.k: one\n", "meta.k: two\nmeta.l: x\n",
	    "meta: \"free=text\"\n" },
	{ "", "env.k: one\n", "env: \"a=b\"\nenv.k: two\n", "" },
	{ "", "sysvmsg: new\n", "sysvmsg: inherit\n", "sysvshm: new\n" },
	{ "", "enforce_statfs: 1\n", "devfs_ruleset: 4\n", "" },
	{ "", "exec.start: [a]\n", "exec.start: [b, c]\n", "exec.stop: d\n" },
	{ "", "exec.poststop: e\n", "exec.prestart: f\n", "osrelease: 13.9\n" },
	{ "", "agent: {heal: never}\n", "agent: {labels: {a: b}}\n", "" },
	{ "", "jid: 10%u\n", "", "" },
};

static void
random_set(uint32_t *state, char *yaml, size_t size)
{
	static const char *const names[JAILS] = { "a", "b", "b.x", "b.y", "c",
		"d", "e", "f" };
	bool in[JAILS];
	size_t n = 0;

	yaml[0] = '\0';
	for (unsigned i = 0; i < JAILS; i++) {
		in[i] = dice(state, 4) != 0 && (i < 2 || i > 3 || in[1]);
		if (!in[i])
			continue;
		n += (size_t)snprintf(yaml + n, size - n, "%sname: %s\n"
		    "path: @\npersist: true\n%s", n == 0 ? "" : "---\n",
		    names[i], i == 1 ? "children.max: 9\n" : "");
		for (size_t l = 0; l < sizeof lines / sizeof *lines; l++) {
			const char *line = lines[l][dice(state, 4)];
			const char *at = strstr(line, "%u");
			bool nested = i == 2 || i == 3;

			/* A parent must permit these to its children. */
			if (nested && (l < 3 || l == 3 || l == 8 || l == 7))
				continue;
			n += (size_t)snprintf(yaml + n, size - n, "%.*s",
			    (int)(at == NULL ? strlen(line) :
			    (size_t)(at - line)), line);
			if (at != NULL)
				n += (size_t)snprintf(yaml + n, size - n,
				    "%u%s", i + 1, at + 2);
		}
		if (i > 3 && in[i - 1] && dice(state, 2) == 0)
			n += (size_t)snprintf(yaml + n, size - n,
			    "depend: [%s]\n", names[i - 1]);
	}
	assert_true(n < size);
}

/* What plan says of all jails, as "create a;modify b;". */
static void
plan_all(struct world *w, char *buf, size_t size)
{
	struct reconciler *r = &w->reconciler;
	size_t n = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < r->count; i++) {
		struct action a;

		assert_int_equal(reconciler_plan(r, r->jail[i], &a), 0);
		if (a.kind != ACTION_NONE)
			n += (size_t)snprintf(buf + n, size - n, "%s %s;",
			    action_word(a.kind), a.name);
		action_free(&a);
	}
}

/* Every deed that was planned was done, each once, in any order. */
static void
same_deeds(const struct world *w, const char *plan, const char *yaml)
{
	const struct reconciler *r = &w->reconciler;
	const char *deeds = w->deeds, *end;
	char text[4096];
	size_t n = 0;

	for (const char *p = plan; (end = strchr(p, ';')) != NULL;
	    p = end + 1) {
		char one[64];

		snprintf(one, sizeof one, "%.*s", (int)(end + 1 - p), p);
		/* A jail that follows another one's restart is made anew. */
		if (strstr(deeds, one) != NULL || strncmp(one, "modify", 6) == 0)
			continue;
		for (size_t i = 0; i < r->count && n < sizeof text; i++)
			n += (size_t)snprintf(text + n, sizeof text - n,
			    "%s: %s %s\n", r->jail[i]->name,
			    jail_state_word[r->jail[i]->state],
			    r->jail[i]->reason);
		fail_msg("%s plan %s, deeds %s\n%s\n%s", one, plan, deeds,
		    text, yaml);
	}
}

static void
one_world(uint32_t seed)
{
	uint32_t state = seed * 2654435761u + 1;
	struct world w;

	world_make(&w, seed % 2 == 0 ? JAIL_GEN_15 : JAIL_GEN_13);
	for (unsigned round = 0; round < 2; round++) {
		struct reconcile_options opt = { .letters = ALL_LETTERS,
			.prune = true };
		char yaml[8192], plan[1024];
		char *clean;

		random_set(&state, yaml, sizeof yaml);
		/* Generation 13 has neither meta nor env. */
		if (w.kopt.generation == JAIL_GEN_13)
			while ((clean = strstr(yaml, "meta")) != NULL ||
			    (clean = strstr(yaml, "env")) != NULL)
				memmove(clean, strchr(clean, '\n') + 1,
				    strlen(strchr(clean, '\n') + 1) + 1);
		trace_clear(&w);
		world_reconciler(&w, &opt);
		world_want(&w, yaml);
		plan_all(&w, plan, sizeof plan);
		assert_int_equal(trace_mutations(&w), 0);
		world_apply_with(&w, yaml, ALL_LETTERS, dice(&state, 4));
		if (w.failures > 0)
			fail_msg("seed %u: %s: %s\n%s", seed, w.deeds, w.error,
			    yaml);
		same_deeds(&w, plan, yaml);
		plan_all(&w, plan, sizeof plan);
		if (plan[0] != '\0')
			fail_msg("seed %u: then %s after %s\n%s", seed, plan,
			    w.deeds, yaml);
		reconciler_free(&w.reconciler);
		w.has_reconciler = false;
		world_restart(&w);
		trace_clear(&w);
		world_apply(&w, yaml);
		if (w.told != 0 || trace_mutations(&w) != 0)
			fail_msg("seed %u: again %s\n%s", seed, w.deeds, yaml);
	}
	world_apply(&w, "");
	assert_int_equal(w.inventory.count, 0);
	world_remove(&w);
}

static void
fixed_point_of_random_sets(void **unused)
{
	const char *one = getenv("SEED"), *more = getenv("SEEDS");
	uint32_t seeds = more != NULL ? (uint32_t)atol(more) : SEEDS;

	(void)unused;
	if (one != NULL) {
		one_world((uint32_t)strtoul(one, NULL, 10));
		return;
	}
	for (uint32_t seed = 0; seed < seeds; seed++)
		one_world(seed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fixed_point_of_random_sets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
