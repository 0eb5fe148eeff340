/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random sets of specs and random live states, the same ones for the same seed
 * on every system, on a host that is a directory (fault_host.h).
 */
#ifndef TEST_RANDOM_SETS_H
#define TEST_RANDOM_SETS_H

#include "random_family.h"
#include "random_seeds.h"

#define SETS_ALONE 8  /* jails of which most have nothing to do with others */
#define SETS_JAILS (SETS_ALONE + FAMILY)

/* Restarts were kept off: nested jails are older than their parent's spec. */
static bool sets_forget_past;

/* fail_msg, with the set of specs, which would be cut off in it. */
#define blame(yaml, ...) \
	do { \
		fprintf(stderr, "%s", yaml); \
		fail_msg(__VA_ARGS__); \
	} while (0)

/* Lines that may follow; each alone is valid together with all others. */
static const struct {
	bool nested; /* also of a jail whose parent allows nothing */
	unsigned generations;
	const char *line[4];
} set_lines[] = {
	{ 0, GEN_ALL, { "", "host.hostname: a\n", "host.hostname: b\n",
	    "host: inherit\n" } },
	{ 0, GEN_ALL, { "", "ip4: inherit\n", "ip4: disable\n", "<4>" } },
	{ 0, GEN_ALL, { "", "ip6: inherit\n", "<6>", "" } },
	{ 0, GEN_ALL, { "", "allow.raw_sockets: true\n",
	    "allow.raw_sockets: false\n", "allow.mount: true\n" } },
	{ 1, GEN_ALL, { "", "allow.set_hostname: false\n", "", "" } },
	{ 1, GEN_15, { "", "meta.k: one\n", "meta.k: two\nmeta.l: x\n",
	    "meta: \"free=text\\n\"\n" } },
	{ 1, GEN_15, { "", "env.k: one\n", "env: \"a=b\"\nenv.k: two\n",
	    "env: \"a=b\\n\\nc=d\\n\"\n" } },
	{ 0, GEN_ALL, { "", "sysvmsg: new\n", "sysvmsg: inherit\n",
	    "allow.sysvipc: true\nsysvshm: new\n" } },
	{ 0, GEN_ALL, { "", "enforce_statfs: 1\n", "devfs_ruleset: 4\n",
	    "enforce_statfs: 0\n" } },
	{ 0, GEN_ALL, { "", "securelevel: 1\n", "securelevel: 3\n", "" } },
	{ 1, GEN_ALL, { "", "exec.start: [a]\n", "exec.start: [b, c]\n",
	    "exec.stop: d\n" } },
	{ 1, GEN_ALL, { "", "exec.poststop: e\n", "exec.prestart: f\n",
	    "osrelease: 13.9\n" } },
	{ 1, GEN_ALL, { "", "agent: {heal: never}\n",
	    "agent: {labels: {a: b}}\n", "mount.devfs: true\n" } },
	{ 1, GEN_ALL, { "", "jid: 10%u\n", "", "" } },
	{ 0, GEN_ALL, { "", "ip4.saddrsel: false\n", "allow.chflags: true\n",
	    "" } },
	{ 0, GEN_ALL, { "", "interface: em0\n", "interface: em1\n", "" } },
};

/* Dice for sets in which several jails want the same addresses; 0: none do. */
static uint32_t sets_rivals;

static inline bool
is_rival(void)
{
	return sets_rivals != 0 && dice(&sets_rivals, 2) == 0;
}

/*
 * One to three of few addresses, none of which another jail of the set has unless
 * it is a rival.
 */
static inline void
add_addresses(struct yaml_text *y, bool six)
{
	unsigned count = 1 + dice(y->state, 3), given = 0, own = 0;
	bool rival = is_rival();

	yaml_add(y, "%s", six ? "ip6.addr: [" : "ip4.addr: [");
	for (unsigned tries = 0; given < count && tries < 20; tries++) {
		unsigned a = dice(y->state, rival ? 4 : 14);

		if ((rival ? own : y->dealt[six]) & (1u << a))
			continue;
		y->dealt[six] |= 1u << a;
		own |= 1u << a;
		yaml_add(y, six ? "%s\"2001:db8::%u\"" : "%s192.0.2.%u",
		    given++ == 0 ? "" : ", ", a + 1);
	}
	yaml_add(y, "]\n");
}

static inline void
add_lines(struct yaml_text *y, enum jail_generation g, unsigned jail,
    bool nested)
{
	unsigned gen = g == JAIL_GEN_13 ? GEN_13 : GEN_15;
	bool vnet = !nested && dice(y->state, 8) == 0;

	if (vnet)
		yaml_add(y, "vnet: new\n");
	for (size_t l = 0; l < sizeof set_lines / sizeof *set_lines; l++) {
		const char *line = set_lines[l].line[dice(y->state, 4)];
		const char *at = strstr(line, "%u");

		if ((nested && !set_lines[l].nested) || (vnet && line[0] != '\0' &&
		    strchr("i<", line[0]) != NULL) ||
		    !(set_lines[l].generations & gen))
			continue;
		if (line[0] == '<')
			add_addresses(y, line[1] == '6');
		else if (at != NULL)
			yaml_add(y, "%.*s%u%s", (int)(at - line), line,
			    jail + 1, at + 2);
		else
			yaml_add(y, "%s", line);
	}
}

static const char *const set_names[SETS_JAILS] = { "a", "b", "b.x", "b.y",
	"c", "d", "e", "f", "g", "g.x", "g.x.z" };

/* Whether a jail of the set is in another one of the set. */
static inline bool
set_below(const char *name, const char *parent)
{
	size_t len = strlen(parent);

	return strncmp(name, parent, len) == 0 && name[len] == '.';
}

/* The dice of the family are others, so that the rest stays as it was. */
struct dice_pair {
	uint32_t *alone, family;
};

static inline struct dice_pair
two_dice(uint32_t *state)
{
	struct dice_pair two = { state, *state * 2654435761u + 12345 };

	if (two.family == 0)
		two.family = 1;
	return two;
}

static inline uint32_t *
dice_of(struct dice_pair *two, unsigned jail)
{
	return jail < SETS_ALONE ? two->alone : &two->family;
}

/* A valid set of which everything can be had at once. */
static inline void
random_set(uint32_t *state, enum jail_generation g, struct yaml_text *y)
{
	struct dice_pair two = two_dice(state);
	bool in[SETS_ALONE];

	memset(y, 0, sizeof *y);
	y->state = state;
	for (unsigned i = 0; i < SETS_ALONE; i++) {
		bool nested = i == 2 || i == 3, spoiled = is_spoiled();

		in[i] = dice(state, 4) != 0 && (!nested || in[1]);
		if (!in[i])
			continue;
		yaml_add(y, "%sname: %s\npath: @\npersist: true\n"
		    "stop.timeout: 0\n%s", y->n == 0 ? "" : "---\n",
		    set_names[i], i == 1 ? "children.max: 9\n" : "");
		add_lines(y, g, i, nested);
		if (i > 3 && in[i - 1] && dice(state, 2) == 0)
			yaml_add(y, "depend: [%s%s]\n", set_names[i - 1],
			    spoiled ? ", nobody" : "");
		else if (spoiled)
			yaml_add(y, "depend: [nobody]\n");
	}
	y->state = &two.family;
	random_family(y);
	y->state = state;
}

/* ------------------------------------------------------- what there is */

/*
 * All that the kernel says of a jail but its numbers, and meta and env by their
 * keys; to be freed.  NULL: there is none.
 */
static inline char *
row_string(struct world *w, const char *name)
{
	static const char *const own[] = { "jid", "cpuset.id", "children.cur",
		"parent", "dying", "path" };
	struct live live;
	struct spec *keys = spec_of_text(w, w->observer.has_meta ?
	    "name: k\npath: @\npersist: true\nmeta.k: a\nmeta.l: a\n"
	    "meta.free: a\nenv.k: a\nenv.a: b\n" : "name: k\npath: @\npersist: true\n");
	char *text = calloc(1, 8192);
	int rc = live_read(&w->observer, name, keys, NULL, &live, NULL);

	assert_true(rc >= 0 && text != NULL);
	for (size_t i = 0; rc == 0 && i < live.row.count; i++) {
		const char *param = live.row.value[i].name;
		struct text_list l;
		bool skip = strcmp(param, TOKEN_KEY) == 0 ||
		    strcmp(param, "meta") == 0 || strcmp(param, "env") == 0;

		for (size_t k = 0; k < sizeof own / sizeof *own; k++)
			skip |= strcmp(param, own[k]) == 0;
		if (skip || live_texts(&live, param, &l, NULL) != 0)
			continue;
		strcat(strcat(text, param), "=");
		for (size_t k = 0; k < l.count; k++)
			strcat(strcat(text, l.text[k]), " ");
		strcat(text, "\n");
		text_list_free(&l);
	}
	live_free(&live);
	spec_free(keys);
	if (rc != 0) {
		free(text);
		return NULL;
	}
	assert_true(strlen(text) < 8000);
	return text;
}

/* What plan says of all jails now, as "create a;modify b;". */
static inline void
plan_words(struct world *w, char *buf, size_t size)
{
	struct reconciler *r = &w->reconciler;
	size_t n = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < r->count; i++) {
		struct action a;

		assert_int_equal(reconciler_plan(r, r->jail[i], &a), 0);
		if (a.kind != ACTION_NONE)
			n += (size_t)snprintf(buf + n, size - n, "%s %s (%s);",
			    action_word(a.kind), a.name, a.reason);
		action_free(&a);
		assert_true(n < size);
	}
}

static inline void
print_states(const struct world *w)
{
	for (size_t i = 0; i < w->reconciler.count; i++) {
		const struct managed *m = w->reconciler.jail[i];

		print_error("%s: %s: %s\n", m->name, jail_state_word[m->state],
		    m->reason);
	}
}

/* Opens the world's kernel and inventory anew, as another process would. */
static inline void
world_again(struct world *w)
{
	world_restart(w);
	host_behind(w);
}

static inline void
random_world(struct world *w, uint32_t seed, uint32_t *state)
{
	*state = seed * 2654435761u + 1;
	if (*state == 0)
		*state = 1;
	family_kind = seed / 2;
	sets_forget_past = false;
	world_make(w, seed % 2 == 0 ? JAIL_GEN_15 : JAIL_GEN_13);
	memset(&host, 0, sizeof host);
	host.dry = true;
	host.chance = *state;
	host_behind(w);
}

/* What the kernel says of each of the set's jails; to be freed one by one. */
static inline void
rows_of(struct world *w, char *rows[SETS_JAILS])
{
	for (unsigned i = 0; i < SETS_JAILS; i++)
		rows[i] = row_string(w, set_names[i]);
}

/*
 * Takes out of a nested jail's row what it has lost with its parent and is not
 * given back with it: where its spec says nothing, that depends on what was
 * before.
 */
static inline void
forget_past(char *row)
{
	static const char *const params[] = { "allow.", "enforce_statfs=",
		"securelevel=", "devfs_ruleset=" };
	char *to = row, *next;

	for (char *line = row; line != NULL && *line != '\0'; line = next) {
		bool skip = false;

		next = strchr(line, '\n') + 1;
		for (size_t i = 0; i < sizeof params / sizeof *params; i++)
			skip |= strncmp(line, params[i],
			    strlen(params[i])) == 0;
		if (skip)
			continue;
		memmove(to, line, (size_t)(next - line));
		to += next - line;
	}
	if (to != NULL)
		*to = '\0';
}

/*
 * Fails unless the jails are as if the set were all that had ever happened.
 * The world is opened anew, without its reconciler.
 */
static inline void
same_as_fresh(struct world *w, const char *yaml, uint32_t seed)
{
	char *rows[SETS_JAILS], *want[SETS_JAILS];
	struct fault_host kept = host;
	struct world fresh;

	rows_of(w, rows);
	world_close(w);
	world_make(&fresh, w->kopt.generation);
	memset(&host, 0, sizeof host);
	host.dry = true;
	host.chance = 1;
	host_behind(&fresh);
	world_apply(&fresh, yaml);
	if (fresh.failures > 0)
		blame(yaml, "seed %u: alone: %s: %s", seed, fresh.deeds,
		    fresh.error);
	rows_of(&fresh, want);
	world_remove(&fresh);
	for (unsigned i = 0; i < SETS_JAILS; i++) {
		if (sets_forget_past && strchr(set_names[i], '.') != NULL) {
			forget_past(rows[i]);
			forget_past(want[i]);
		}
		if (rows[i] == NULL || want[i] == NULL ? rows[i] != want[i] :
		    strcmp(rows[i], want[i]) != 0) {
			fprintf(stderr, "is\n%s\nshould be\n%s\n", rows[i] !=
			    NULL ? rows[i] : "not there", want[i] != NULL ?
			    want[i] : "not there");
			blame(yaml, "seed %u: %s is other than if nothing had "
			    "been before", seed, set_names[i]);
		}
		free(rows[i]);
		free(want[i]);
	}
	host = kept;
	world_open(w);
	host_behind(w);
}

#endif
