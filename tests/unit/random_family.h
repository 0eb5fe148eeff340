/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random jails in jails.  Each may have what it says because of what the one
 * around it says; nearly all of that can be changed while they run.
 */
#ifndef TEST_RANDOM_FAMILY_H
#define TEST_RANDOM_FAMILY_H

#include "random_yaml.h"

#define FAMILY 3
static const char *const family_names[FAMILY] = { "g", "g.x", "g.x.z" };

/* Dice for sets in which some jails wait for one that is not there; 0: none. */
static uint32_t sets_spoil;

static inline bool
is_spoiled(void)
{
	return sets_spoil != 0 && dice(&sets_spoil, 6) == 0;
}

static uint32_t family_kind; /* that of the world: how its jails are made */

/* What a jail of it has, which is what the next one can be given. */
struct member {
	int securelevel, enforce_statfs, children_max;
	bool right[5], facility[2];
	int addresses; /* -1: any */
	unsigned first; /* of them */
};

/* What the host has. */
static const struct member family_host = { -1, 0, 7,
	{ true, true, true, true, true }, { true, true }, -1, 0 };

/* A boolean that is not said is false, but for set_hostname. */
static inline void
add_rights(struct yaml_text *y, const struct member *p, struct member *m)
{
	static const char *const names[] = { "allow.set_hostname",
		"allow.mount", "allow.chflags", "allow.quotas",
		"allow.unprivileged_proc_debug" };

	for (size_t i = 0; i < 5; i++) {
		/* The last one needs nothing of the parent. */
		m->right[i] = dice(y->state, 3) != 0 &&
		    (p->right[i] || i == 4);
		if (m->right[i] || i == 0 || i == 4 || dice(y->state, 2) == 0)
			yaml_add(y, "%s: %s\n", names[i], m->right[i] ?
			    "true" : "false");
	}
}

static inline void
add_facilities(struct yaml_text *y, const struct member *p, struct member *m)
{
	static const char *const names[] = { "sysvmsg", "sysvshm" };

	for (size_t i = 0; i < 2; i++) {
		unsigned n = dice(y->state, 4);

		m->facility[i] = p->facility[i] && n < 2;
		if (m->facility[i] || n == 2)
			yaml_add(y, "%s: %s\n", names[i], !m->facility[i] ?
			    "disable" : n == 0 ? "new" : "inherit");
	}
}

/*
 * In one with a list: the only address of that, or none; in one that has all, up
 * to three of its own.
 */
static inline void
add_family_addresses(struct yaml_text *y, const struct member *p,
    struct member *m, bool top)
{
	m->addresses = p->addresses == 1 ? (int)dice(y->state, 2) :
	    p->addresses == -1 ? (int)dice(y->state, 4) : 0;
	m->first = p->addresses == 1 ? p->first : dice(y->state, 5);
	if (p->addresses == -1 && top && family_kind % 3 == 0) {
		m->addresses = -1;
		yaml_add(y, "ip4: inherit\n");
	} else if (m->addresses > 0) {
		yaml_add(y, "ip4.addr: [");
		for (int i = 0; i < m->addresses; i++)
			yaml_add(y, "%s198.51.100.%u", i > 0 ? ", " : "",
			    m->first + (unsigned)i + 1);
		yaml_add(y, "]\n");
	}
}

static inline void
add_member(struct yaml_text *y, const char *name, const struct member *p,
    struct member *m, bool top)
{
	m->securelevel = p->securelevel +
	    (int)dice(y->state, (uint32_t)(4 - p->securelevel));
	m->enforce_statfs = p->enforce_statfs +
	    (int)dice(y->state, (uint32_t)(3 - p->enforce_statfs));
	m->children_max = p->children_max < 1 ? 0 :
	    (int)dice(y->state, (uint32_t)p->children_max);
	yaml_add(y, "%sname: %s\npath: @\npersist: true\nstop.timeout: 0\n"
	    "securelevel: %d\ndevfs_ruleset: %u\n",
	    y->n == 0 ? "" : "---\n", name, m->securelevel,
	    4 + dice(y->state, 3));
	if (m->enforce_statfs != 2 || dice(y->state, 2) == 0)
		yaml_add(y, "enforce_statfs: %d\n", m->enforce_statfs);
	if (m->children_max != 0)
		yaml_add(y, "children.max: %d\n", m->children_max);
	add_rights(y, p, m);
	add_facilities(y, p, m);
	add_family_addresses(y, p, m, top);
	if (family_kind % 5 == 0 && dice(y->state, 3) == 0)
		yaml_add(y, "osrelease: 13.9\n");
}

/* None, one of them, or some. */
static inline void
random_family(struct yaml_text *y)
{
	struct member m[FAMILY + 1] = { family_host };
	unsigned depth = family_kind % 2 == 0 ? 0 : dice(y->state, FAMILY + 1);

	for (unsigned i = 0; i < depth; i++) {
		add_member(y, family_names[i], &m[i], &m[i + 1],
		    i == 0);
		if (is_spoiled())
			yaml_add(y, "depend: [nobody]\n");
	}
}

#endif
