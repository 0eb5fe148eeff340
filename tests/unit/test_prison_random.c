/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random calls: after each some invariants hold, and the table says the same
 * when it is opened again.  And writers that are killed at any moment leave a
 * table that holds them too.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include "prison_fixture.h"

#define SEEDS 30
#define CALLS 400
#define JAILS_MAX 512

struct seen_jail {
	int jid, parent, below;
	enum prison_state state;
	char name[JAIL_NAME_MAX];
};

struct seen {
	struct seen_jail jail[JAILS_MAX];
	size_t count;
};

static uint32_t
next_random(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

static int
see(void *arg, const struct prison *p)
{
	struct seen *s = arg;
	struct seen_jail *j = &s->jail[s->count++];

	assert_true(s->count < JAILS_MAX);
	j->jid = p->jid;
	j->parent = p->parent;
	j->state = p->state;
	snprintf(j->name, sizeof j->name, "%s", p->name);
	return 0;
}

static const struct seen_jail *
find(const struct seen *s, int jid)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->jail[i].jid == jid)
			return &s->jail[i];
	return NULL;
}

static void
count_below(struct seen *s)
{
	for (size_t i = 0; i < s->count; i++)
		for (int p = s->jail[i].parent; p != 0;) {
			struct seen_jail *j = (void *)(uintptr_t)find(s, p);

			assert_non_null(j);
			j->below++;
			p = j->parent;
		}
}

/* What a jail is allowed is never more than what the one above it is. */
static void
check_limits(struct prison_fixture *f, int jid, int above)
{
	static const char *const grows[] = { "securelevel", "enforce_statfs" };
	static const char *const shrinks[] = { "children.max",
		"allow.raw_sockets", "allow.set_hostname" };

	for (size_t i = 0; i < sizeof grows / sizeof *grows; i++)
		assert_true(fixture_int(f, jid, grows[i], -9) >=
		    fixture_int(f, above, grows[i], 9));
	for (size_t i = 0; i < sizeof shrinks / sizeof *shrinks; i++) {
		int own = fixture_int(f, jid, shrinks[i], 9999);

		/* Each level below has one child less, down to none. */
		assert_true(own <= fixture_int(f, above, shrinks[i], -9));
		assert_true(i > 0 || own == 0 ||
		    own < fixture_int(f, above, shrinks[i], -9));
	}
}

/* What always holds of a table without renames. */
static void
check_invariants(struct prison_fixture *f, struct seen *s)
{
	size_t listed = 0;

	memset(s, 0, sizeof *s);
	assert_int_equal(prison_walk(f->t, 0, see, s), 0);
	count_below(s);
	for (size_t i = 0; i < s->count; i++) {
		const struct seen_jail *a = &s->jail[i];
		const struct seen_jail *p = find(s, a->parent);

		assert_int_equal(fixture_int(f, a->jid, "children.cur", -1),
		    a->below);
		if (p != NULL)
			assert_memory_equal(a->name, p->name, strlen(p->name));
		if (a->state != PRISON_ALIVE)
			continue;
		assert_true(p == NULL || p->state == PRISON_ALIVE);
		if (p != NULL)
			check_limits(f, a->jid, p->jid);
		assert_int_equal(fixture_jid(f, a->name), a->jid);
		for (size_t j = 0; j < i; j++)
			assert_false(s->jail[j].state == PRISON_ALIVE &&
			    strcmp(s->jail[j].name, a->name) == 0);
	}
	for (int jid = 0; (jid = fixture_next(f, jid)) > 0; listed++)
		assert_non_null(find(s, jid));
	assert_int_equal(listed, s->count);
}

static void
random_name(uint32_t *seed, char name[64])
{
	static const char letters[] = "abcd";
	size_t depth = 1 + next_random(seed) % 3, n = 0;

	n += (size_t)snprintf(name, 64, "name=");
	for (size_t i = 0; i < depth; i++)
		n += (size_t)snprintf(name + n, 64 - n, "%s%c",
		    i > 0 ? "." : "", letters[next_random(seed) % 4]);
}

static void
random_call(struct prison_fixture *f, uint32_t *seed)
{
	static const char *const changes[] = {
		"nopersist", "persist", "securelevel#1", "children.max#2",
		"allow.raw_sockets", "allow.noraw_sockets", "meta.k=v",
		"host.hostname=h", "host#2", "sysvmsg#1", "sysvmsg#0",
		"bogus", "env=a=1", "enforce_statfs#1", "enforce_statfs#0",
		"children.max#30", "allow.noset_hostname",
	};
	/* By depth, so that those below fit. */
	static const char *const room[] = { "children.max#40",
		"children.max#20", "children.max#10" };
	const char *change = changes[next_random(seed) %
	    (sizeof changes / sizeof *changes)];
	char name[64];
	size_t depth = 0;

	random_name(seed, name);
	for (const char *p = name; *p != '\0'; p++)
		depth += *p == '.';
	switch (next_random(seed) % 5) {
	case 0:
	case 1:
		fixture_set(f, JAIL_CREATE, name, "persist",
		    room[depth], "path=/", NULL);
		break;
	case 2:
		fixture_set(f, JAIL_CREATE, name, "persist", change, NULL);
		break;
	case 3:
		fixture_set(f, JAIL_UPDATE, name, change, NULL);
		break;
	default:
		prison_remove(f->t, fixture_jid(f, name + 5));
	}
}

static void
random_calls_keep_invariants(void **state)
{
	struct prison_fixture f;
	static struct seen before, after;

	(void)state;
	for (uint32_t seed = 1; seed <= SEEDS; seed++) {
		uint32_t r = seed;

		fixture_start(&f, NULL, NULL);
		for (int i = 0; i < CALLS; i++) {
			random_call(&f, &r);
			if (i % 10 == 0)
				check_invariants(&f, &before);
		}
		check_invariants(&f, &before);
		prison_close(f.t);
		fixture_open(&f, NULL, NULL);
		check_invariants(&f, &after);
		assert_memory_equal(&before, &after, sizeof before);
		for (int jid; (jid = fixture_next(&f, 0)) > 0;)
			assert_int_equal(prison_remove(f.t, jid), 0);
		check_invariants(&f, &after);
		assert_int_equal(after.count, 0);
		fixture_end(&f);
	}
}

static void
write_until_killed(struct prison_fixture *f, uint32_t seed)
{
	fixture_open(f, NULL, NULL);
	alarm(20);
	for (;;)
		random_call(f, &seed);
}

static void
killed_writers_leave_a_whole_table(void **state)
{
	struct prison_fixture f;
	static struct seen seen;
	uint32_t r = 7;

	(void)state;
	memset(&f, 0, sizeof f);
	temp_dir_make(&f.dir);
	for (uint32_t i = 0; i < 40; i++) {
		struct timespec t = { 0, 2000000 + next_random(&r) % 9000000 };
		pid_t pid = fork();

		if (pid == 0)
			write_until_killed(&f, i);
		nanosleep(&t, NULL);
		assert_int_equal(kill(pid, SIGKILL), 0);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
		fixture_open(&f, NULL, NULL);
		check_invariants(&f, &seen);
		prison_close(f.t);
	}
	temp_dir_remove(&f.dir);
}

static void
two_writers_share_a_table(void **state)
{
	struct prison_fixture f;
	static struct seen seen;
	uint32_t r = 99;
	pid_t pid;

	(void)state;
	memset(&f, 0, sizeof f);
	temp_dir_make(&f.dir);
	pid = fork();
	if (pid == 0)
		write_until_killed(&f, 5);
	fixture_open(&f, NULL, NULL);
	for (int i = 0; i < 300; i++)
		random_call(&f, &r);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	check_invariants(&f, &seen);
	fixture_end(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_calls_keep_invariants),
		cmocka_unit_test(killed_writers_leave_a_whole_table),
		cmocka_unit_test(two_writers_share_a_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
