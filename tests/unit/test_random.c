/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random sets of specs, whatever was there before: plan changes nothing; apply
 * does the calls that follow from the plan, in the order that dependencies and
 * addresses ask for, and no others; then the jails are as if nothing else had
 * ever been; plan is empty; a second apply makes no call that changes anything,
 * runs no hook and writes no file.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/reconcile/foresee.h"
#include "agent/reconcile/order.h"
#include "random_calls.h"
#include "random_lodged.h"
#include "random_rivals.h"

static uint32_t seed_now;

/* ---------------------------------------------------- files of the agent */

static char files[65536];
static size_t files_len;

static int
list_file(const char *path, const struct stat *st, int type, struct FTW *f)
{
	(void)f;
	if (type == FTW_F)
		files_len += (size_t)snprintf(files + files_len, sizeof files -
		    files_len, "%s %lld.%09ld %lld\n", path,
		    (long long)st->st_mtim.tv_sec, st->st_mtim.tv_nsec,
		    (long long)st->st_size);
	assert_true(files_len < sizeof files);
	return 0;
}

/* Names, times and sizes of all that the agent keeps; to be freed. */
static char *
agent_files(const struct world *w)
{
	files_len = 0;
	files[0] = '\0';
	assert_int_equal(nftw(w->paths.state, list_file, 16, FTW_PHYS), 0);
	assert_int_equal(nftw(w->paths.run, list_file, 16, FTW_PHYS), 0);
	return strdup(files);
}

/* "app db;": who depended on whom, as it was last applied. */
static void
old_depends(const struct world *w, char *buf, size_t size)
{
	size_t n = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < w->inventory.count; i++) {
		const struct spec *s = w->inventory.entry[i]->applied;

		for (size_t k = 0; s != NULL && k < s->depend.count; k++)
			n += (size_t)snprintf(buf + n, size - n, "%s %s;",
			    s->name, s->depend.text[k]);
	}
	assert_true(n < size);
}

static bool
depended(const char *old, const char *name, const char *on)
{
	char pair[160];

	snprintf(pair, sizeof pair, "%s %s;", name, on);
	return strstr(old, pair) != NULL;
}

/* Whether one depends on another by what was and what is to be, however far. */
static bool
leads_to(const struct reconciler *r, const struct calls *c, const char *old,
    const char *from, const char *to, unsigned steps)
{
	const struct managed *m = reconciler_find(r, from);

	for (size_t i = 0; steps > 0 && i < c->count; i++) {
		const char *name = c->jail[i].name;

		if ((depended(old, from, name) || (m != NULL &&
		    order_depends(m->desired, name))) && (strcmp(name, to) == 0 ||
		    leads_to(r, c, old, name, to, steps - 1)))
			return true;
	}
	return false;
}

/*
 * A jail is made after what it depends on, and those that both go down do so
 * in the order of what they depended on, unless that is now the other way round.
 */
static void
check_order(const struct reconciler *r, struct calls *c, const char *old,
    const char *yaml)
{
	for (size_t i = 0; i < r->count; i++) {
		const struct spec *s = r->jail[i]->desired;
		struct called *u = called_jail(c, r->jail[i]->name);

		for (size_t k = 0; s != NULL && k < s->depend.count; k++) {
			struct called *d = called_jail(c, s->depend.text[k]);

			if (u->made != 0 && d->made > u->made)
				blame(yaml, "seed %u: %s made before %s",
				    seed_now, u->name, d->name);
		}
	}
	for (size_t i = 0; i < c->count; i++)
		for (size_t k = 0; k < c->count; k++) {
			struct called *u = &c->jail[i], *d = &c->jail[k];

			if (depended(old, u->name, d->name) && d->made != 0 &&
			    d->removed != 0 && u->removed > d->removed &&
			    !leads_to(r, c, old, d->name, u->name, RIVALS))
				blame(yaml, "seed %u: %s removed after %s",
				    seed_now, u->name, d->name);
		}
}

static struct action *
planned(struct world *w, const char *yaml)
{
	const struct reconcile_options opt = { .letters = ALL_LETTERS,
		.prune = true };
	struct action *actions;

	trace_clear(w);
	world_reconciler(w, &opt);
	world_want(w, yaml);
	actions = foresee(&w->reconciler);
	assert_non_null(actions);
	assert_int_equal(trace_mutations(w), 0);
	return actions;
}

/* Applies; what was called is what was planned. */
static void
apply_as_planned(struct world *w, const char *yaml, unsigned parallel)
{
	struct action *actions = planned(w, yaml);
	size_t count = w->reconciler.count;
	struct calls c = { .count = 0 };
	char old[1024];

	old_depends(w, old, sizeof old);
	for (size_t i = 0; i < count; i++)
		called_jail(&c, actions[i].name)->jid = actions[i].jid;
	trace_clear(w);
	host.spawns = 0;
	world_apply_with(w, yaml, ALL_LETTERS, parallel);
	if (w->failures > 0)
		blame(yaml, "seed %u: %s: %s", seed_now, w->deeds, w->error);
	read_calls(w, &c);
	for (size_t i = 0; i < count; i++) {
		struct action *a = &actions[i];
		const char *got = called_jail(&c, a->name)->calls;
		char want[512];

		calls_of(a, want, sizeof want);
		if (!same_update(want, got))
			print_states(w);
		if (!same_update(want, got))
			blame(yaml, "seed %u: %s %s (%s): wanted \"%s\", called "
			    "\"%s\"\n%s", seed_now, action_word(a->kind),
			    a->name, a->reason, want, got, w->deeds);
		action_free(a);
	}
	check_order(&w->reconciler, &c, old, yaml);
	free(actions);
}

/* Nothing is done any more, by this process or by another one. */
static void
fixed_point(struct world *w, const char *yaml)
{
	char plan[4096], *before, *after;

	plan_words(w, plan, sizeof plan);
	if (plan[0] != '\0')
		blame(yaml, "seed %u: then %s after %s", seed_now, plan,
		    w->deeds);
	same_as_fresh(w, yaml, seed_now);
	before = agent_files(w);
	trace_clear(w);
	host.spawns = 0;
	world_apply(w, yaml);
	after = agent_files(w);
	if (w->told != 0 || trace_mutations(w) != 0 || host.spawns != 0)
		blame(yaml, "seed %u: again %s", seed_now, w->deeds);
	assert_string_equal(before, after);
	free(before);
	free(after);
}

/* All addresses of the host's interfaces. */
static void
take_aliases(void)
{
	DIR *d = opendir(host.dir);
	struct dirent *e;

	assert_non_null(d);
	while ((e = readdir(d)) != NULL)
		if (strncmp(e->d_name, "alias ", 6) == 0)
			assert_int_equal(unlinkat(dirfd(d), e->d_name, 0), 0);
	closedir(d);
}

/* What somebody else does to jails, in between. */
static void
disturb(struct world *w, uint32_t *state)
{
	struct dice_pair two = two_dice(state);

	for (unsigned i = 0; i < SETS_JAILS; i++) {
		const char *name = set_names[i];
		struct managed *m = reconciler_jail(&w->reconciler, name,
		    false);

		if (kernel_jid(w, name) == 0 || m == NULL ||
		    m->desired == NULL)
			continue;
		switch (dice(dice_of(&two, i), 6)) {
		case 0:
			kernel_kill(w, name);
			break;
		case 2:
			take_aliases();
			break;
		case 1:
			if (spec_param_find(m->desired, "host.hostname"))
				kernel_set_text(w, name, "host.hostname",
				    "changed");
			break;
		default:
			break;
		}
	}
}

/*
 * Somebody else has jails in those of the set, and so has another set; some of it
 * cannot be had.  What is blocked by that is blocked in both, and nobody goes down
 * that the plan does not say.
 */
static void
with_others(struct world *w, uint32_t seed)
{
	static struct yaml_text yaml;
	uint32_t state = seed * 2246822519u + 3;
	struct lodged lodged = { .dice = seed * 3266489917u + 5 };
	bool other = dice(&lodged.dice, 3) == 0 && kernel_jid(w, "b") != 0;
	int jid = 0;

	sets_forget_past = true;
	if (other) {
		world_apply_other(w, JAIL("b.q", "stop.timeout: 0\n"));
		jid = kernel_jid(w, "b.q");
		assert_true(jid > 0);
	}
	if (dice(&lodged.dice, 2) == 0)
		lodge(w, &lodged, 5);
	sets_spoil = dice(&lodged.dice, 3) != 0 ? lodged.dice : 0;
	sets_rivals = dice(&lodged.dice, 2) != 0 ? lodged.dice : 0;
	random_set(&state, w->kopt.generation, &yaml);
	sets_spoil = sets_rivals = 0;
	apply_as_planned(w, yaml.text, dice(&state, 4));
	same_lodged(w, &lodged, yaml.text, seed_now);
	if (other && kernel_jid(w, "b.q") != jid)
		blame(yaml.text, "seed %u: b.q of another set is gone: %s",
		    seed_now, w->deeds);
	lodged_leave(w, &lodged);
	if (other)
		world_apply_other(w, "");
}

static void
one_world(uint32_t seed)
{
	static struct yaml_text yaml;
	struct world w;
	uint32_t state;

	seed_now = seed;
	random_world(&w, seed, &state);
	random_set(&state, w.kopt.generation, &yaml);
	apply_as_planned(&w, yaml.text, dice(&state, 4));
	if (dice(&state, 2) == 0)
		disturb(&w, &state);
	with_others(&w, seed);
	random_set(&state, w.kopt.generation, &yaml);
	apply_as_planned(&w, yaml.text, dice(&state, 4));
	fixed_point(&w, yaml.text);
	world_apply(&w, "");
	assert_int_equal(w.inventory.count, 0);
	world_remove(&w);
}

static void
plan_is_true_and_apply_ends(void **unused)
{
	(void)unused;
	each_seed(one_world);
}

static void
one_world_of_rivals(uint32_t seed)
{
	static struct yaml_text yaml;
	unsigned order[RIVALS] = { 0 };
	struct world w;
	uint32_t state;

	seed_now = seed;
	random_world(&w, seed, &state);
	for (unsigned i = 0; i < 3; i++) {
		rival_order(&state, order);
		random_rivals(&state, order, &yaml);
		apply_as_planned(&w, yaml.text, dice(&state, 4));
	}
	world_apply(&w, "");
	assert_int_equal(w.inventory.count, 0);
	world_remove(&w);
}

/* What one jail wants, others want, too: the plan says who gets it. */
static void
rivals_get_what_is_planned(void **unused)
{
	(void)unused;
	each_seed(one_world_of_rivals);
}

/* ------------------------------------------------------------- edits */

/* An agent for the specs of a set, until nothing moves. */
static void
agent_begins(struct world *w, struct spec_set *set)
{
	const struct reconcile_options opt = { .letters = ALL_LETTERS,
		.healing = true, .max_restart = { .value = SWAPPERS } };

	w->told = w->failures = 0;
	w->deeds[0] = '\0';
	world_reconciler(w, &opt);
	for (size_t i = 0; i < set->count; i++)
		assert_int_equal(reconciler_want(&w->reconciler,
		    spec_copy(set->spec[i])), 0);
	world_rest(w);
}

/*
 * Gives it what one set says after the other's, jail by jail, in any order; some of
 * the last ones may stay as they were.
 */
static void
edit_each(struct world *w, uint32_t *state, const struct spec_set *before,
    struct spec_set *set)
{
	size_t stay = dice(state, 6) == 0 ? dice(state, SWAPPERS) : 0;

	for (size_t left = set->count; left > stay; left--) {
		size_t at = dice(state, (unsigned)left);
		struct spec *s = set->spec[at];

		set->spec[at] = set->spec[left - 1];
		set->spec[left - 1] = s;
		assert_int_equal(reconciler_want(&w->reconciler,
		    spec_copy(s)), 0);
		world_rest(w);
	}
	for (size_t i = 0; i < before->count; i++)
		for (size_t k = 0; k < stay; k++)
			if (strcmp(before->spec[i]->name,
			    set->spec[k]->name) == 0) {
				spec_free(set->spec[k]);
				set->spec[k] = spec_copy(before->spec[i]);
			}
}

/* Whatever was said while the others were not edited yet, another agent does no more. */
static void
one_world_of_edits(uint32_t seed)
{
	static struct yaml_text yaml;
	struct spec_set before, after;
	struct world w;
	uint32_t state;

	seed_now = seed;
	random_world(&w, seed, &state);
	random_swappers(&state, &yaml);
	specs_parse(&w, yaml.text, &before);
	agent_begins(&w, &before);
	random_swappers(&state, &yaml);
	specs_parse(&w, yaml.text, &after);
	edit_each(&w, &state, &before, &after);
	for (size_t i = 0; i < w.reconciler.count; i++)
		if (w.reconciler.jail[i]->state == STATE_FAILED ||
		    w.reconciler.jail[i]->state == STATE_PROGRESSING)
			blame(yaml.text, "seed %u: %s %s", seed,
			    w.reconciler.jail[i]->name,
			    w.reconciler.jail[i]->reason);
	agent_begins(&w, &after);
	if (w.told != 0)
		blame(yaml.text, "seed %u: then %s", seed, w.deeds);
	spec_set_free(&before);
	spec_set_free(&after);
	world_apply(&w, "");
	world_remove(&w);
}

static void
edits_one_by_one(void **unused)
{
	(void)unused;
	each_seed(one_world_of_edits);
}

/* Another agent takes over: `left` of the specs were not edited yet. */
static void
agent_follows(struct world *w, const struct spec_set *before,
    const struct spec_set *after, size_t left)
{
	static const struct reconcile_options opt = { .letters = ALL_LETTERS,
		.healing = true };
	const struct spec *s;

	world_reconciler(w, &opt);
	for (size_t k = 0; k < after->count; k++)
		for (size_t i = 0; i < before->count; i++) {
			s = k < left ? before->spec[i] : after->spec[k];
			if (strcmp(before->spec[i]->name,
			    after->spec[k]->name) == 0)
				assert_int_equal(reconciler_want(
				    &w->reconciler, spec_copy(s)), 0);
		}
}

/* In any order, at rest or while something is under way. */
static void
edit_ring(struct world *w, uint32_t *state, const struct spec_set *before,
    struct spec_set *after)
{
	for (size_t left = after->count; left > 0; left--) {
		size_t at = dice(state, (unsigned)left);
		struct spec *s = after->spec[at];

		after->spec[at] = after->spec[left - 1];
		after->spec[left - 1] = s;
		if (dice(state, 3) == 0)
			world_rest(w);
		else for (unsigned n = dice(state, 4); n > 0; n--)
			event_base_loop(w->base, EVLOOP_NONBLOCK);
		if (dice(state, 6) == 0)
			agent_follows(w, before, after, left);
		assert_int_equal(reconciler_want(&w->reconciler,
		    spec_copy(s)), 0);
	}
	world_rest(w);
}

/* What all want can be had: nobody waits for another look at all of them. */
static void
one_ring(uint32_t seed)
{
	static struct yaml_text was, yaml;
	struct spec_set before, after;
	struct world w;
	uint32_t state;

	random_world(&w, seed, &state);
	random_ring(&state, seed % 2 == 0, &was);
	specs_parse(&w, was.text, &before);
	agent_begins(&w, &before);
	random_ring(&state, seed % 2 == 0, &yaml);
	specs_parse(&w, yaml.text, &after);
	edit_ring(&w, &state, &before, &after);
	for (size_t i = 0; i < w.reconciler.count; i++)
		if (w.reconciler.jail[i]->state != STATE_READY) {
			fprintf(stderr, "%s--- then\n", was.text);
			print_states(&w);
			blame(yaml.text, "seed %u: %s", seed,
			    w.reconciler.jail[i]->name);
		}
	spec_set_free(&before);
	spec_set_free(&after);
	world_apply(&w, "");
	world_remove(&w);
}

static void
rings_with_nested_jails(void **unused)
{
	(void)unused;
	some_seeds(one_ring, 5);
}

/* Circles of who gives up an address and who waits for whose restart. */
static void
seeds_that_failed_once(void **unused)
{
	static const uint32_t seeds[] = { 5192, 5844, 6316 };

	(void)unused;
	for (size_t i = 0; i < sizeof seeds / sizeof *seeds; i++)
		one_world(seeds[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plan_is_true_and_apply_ends),
		cmocka_unit_test(rivals_get_what_is_planned),
		cmocka_unit_test(edits_one_by_one),
		cmocka_unit_test(rings_with_nested_jails),
		cmocka_unit_test(seeds_that_failed_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
