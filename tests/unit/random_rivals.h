/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random sets of jails that want the same few addresses, of which some depend on
 * others, or on one that is not there.
 */
#ifndef TEST_RANDOM_RIVALS_H
#define TEST_RANDOM_RIVALS_H

#include "random_yaml.h"

#define RIVALS 7

static inline void
add_rival_addresses(struct yaml_text *y)
{
	static const char *const lists[] = { "[192.0.2.1, 192.0.2.2]",
		"[192.0.2.3, 192.0.2.4]", "[192.0.2.2, 192.0.2.3]",
		"[192.0.2.5, 192.0.2.6]", "192.0.2.1", "192.0.2.3" };
	unsigned n = dice(y->state, 8);

	if (n < sizeof lists / sizeof *lists)
		yaml_add(y, "ip4.addr: %s\n", lists[n]);
}

/* The numbers from 0 to n - 1, in any order. */
static inline void
deal(uint32_t *state, unsigned *order, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		unsigned k = dice(state, i + 1);

		order[i] = order[k];
		order[k] = i;
	}
}

/*
 * An order that is none of names, in which the jails of a set depend.  The next set
 * of a world has another one, so that what was and what is to be may lead in circles.
 */
static inline void
rival_order(uint32_t *state, unsigned order[RIVALS])
{
	deal(state, order, RIVALS);
}

/* On those that come before it in that order. */
static inline void
add_rival_depend(struct yaml_text *y, const unsigned *order, unsigned at)
{
	unsigned n = dice(y->state, 3), on;

	if (dice(y->state, 10) == 0) {
		yaml_add(y, "depend: [nobody]\n");
		return;
	}
	if (at == 0 || n == 0)
		return;
	on = dice(y->state, at);
	yaml_add(y, "depend: [%c", 'a' + order[on]);
	if (n == 2 && on > 0)
		yaml_add(y, ", %c", 'a' + order[dice(y->state, on)]);
	yaml_add(y, "]\n");
}

static inline void
random_rivals(uint32_t *state, const unsigned order[RIVALS],
    struct yaml_text *y)
{
	memset(y, 0, sizeof *y);
	y->state = state;
	for (unsigned i = 0; i < RIVALS; i++) {
		if (dice(state, 5) == 0)
			continue;
		yaml_add(y, "%sname: %c\npath: @\npersist: true\n"
		    "stop.timeout: 0\n", y->n == 0 ? "" : "---\n",
		    'a' + order[i]);
		add_rival_addresses(y);
		add_rival_depend(y, order, i);
		if (dice(state, 2) == 0) /* a restart */
			yaml_add(y, "osrelease: 13.9\n");
	}
}

#define SWAPPERS 4

/*
 * Jails that always are there, with one or two each of addresses that suffice; some
 * are to be restarted.
 */
static inline void
random_swappers(uint32_t *state, struct yaml_text *y)
{
	unsigned order[RIVALS] = { 0 }, next = 0;

	memset(y, 0, sizeof *y);
	y->state = state;
	rival_order(state, order);
	for (unsigned i = 0; i < SWAPPERS; i++) {
		yaml_add(y, "%sname: %c\npath: @\npersist: true\n"
		    "stop.timeout: 0\n", i == 0 ? "" : "---\n", 'a' + i);
		yaml_add(y, "ip4.addr: [192.0.2.%u", order[next++] + 1);
		if (next < RIVALS - SWAPPERS + i + 1 && dice(state, 2) == 0)
			yaml_add(y, ", 192.0.2.%u", order[next++] + 1);
		yaml_add(y, "]\n");
		if (dice(state, 3) == 0) /* a restart */
			yaml_add(y, "osrelease: 13.9\n");
	}
}

#define RING_ADDRESSES 9

/*
 * The same, where one is in another one, and one in that, each with what the first of
 * these has.
 */
static inline void
random_ring(uint32_t *state, bool deep, struct yaml_text *y)
{
	static const struct {
		const char *name, *more;
		bool in; /* the one before it */
	} jails[] = { { "a", "", 0 }, { "b", "", 0 }, { "v", "", 0 },
		{ "p", "children.max: 2\n", 0 },
		{ "p.c", "children.max: 1\n", 1 }, { "p.c.d", "", 1 } };
	unsigned order[RING_ADDRESSES] = { 0 }, next = 0;

	memset(y, 0, sizeof *y);
	y->state = state;
	deal(state, order, RING_ADDRESSES);
	for (unsigned i = 0; i < 5u + deep; i++) {
		yaml_add(y, "%sname: %s\npath: @\npersist: true\n"
		    "stop.timeout: 0\n%s", i == 0 ? "" : "---\n",
		    jails[i].name, jails[i].more);
		next += !jails[i].in;
		yaml_add(y, "ip4.addr: [192.0.2.%u", order[next - 1] + 1);
		for (unsigned n = i < 3 ? dice(state, 3) : 0; n > 0 &&
		    next < RING_ADDRESSES - 1; n--)
			yaml_add(y, ", 192.0.2.%u", order[next++] + 1);
		yaml_add(y, "]\n");
	}
}

#endif
