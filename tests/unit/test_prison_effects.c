/* SPDX-License-Identifier: BSD-2-Clause */
/* The order in which the engine calls effects, and what their errors do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>

#include "prison_fixture.h"

/* A system that only writes down what it was asked to do. */
struct fake {
	char log[512];
	bool refuse_create, refuse_update, refuse_attach;
	const char *refuse_only; /* updates of this one; NULL: of all */
	bool holders, dead; /* prisons have holders; they have ended */
	int others;	    /* processes that only the holder knows */
	uint32_t lost;	    /* of `extra` */
	struct prison last;
	char told[32]; /* with the last update that was unsure */
};

static void
note(struct fake *s, const char *what, const char *name)
{
	size_t n = strlen(s->log);

	snprintf(s->log + n, sizeof s->log - n, "%s%s(%s)", n > 0 ? " " : "",
	    what, name);
}

static int
refuse(struct error *err)
{
	error_set(err, ENODEV, "the fake system refuses");
	errno = ENODEV;
	return -1;
}

static int
fake_create(void *arg, struct prison *p, const struct prison *parent,
    struct error *err)
{
	struct fake *s = arg;

	note(s, "create", p->name);
	assert_int_equal(parent->jid, p->parent);
	if (s->refuse_create)
		return refuse(err);
	if (s->holders)
		p->holder = (struct prison_proc){ 1, (uint64_t)p->jid };
	s->last = *p;
	return 0;
}

static void
fake_created(void *arg, const struct prison *p)
{
	note(arg, "created", p->name);
}

static void
fake_abandon(void *arg, const struct prison *p)
{
	note(arg, "abandon", p->name);
}

static int
fake_tell(void *arg, const struct prison *before, const struct prison *after,
    char **text, struct error *err)
{
	assert_string_equal(before->name, after->name);
	note(arg, "tell", before->name);
	*text = malloc(JAIL_NAME_MAX + 16);
	if (*text == NULL)
		return refuse(err);
	snprintf(*text, JAIL_NAME_MAX + 16, "told of %s", before->name);
	return 0;
}

static int
fake_update(void *arg, const struct prison *before, const struct prison *after,
    struct error *err)
{
	struct fake *s = arg;

	note(s, "update", before->name);
	if (after->unsure != NULL)
		snprintf(s->told, sizeof s->told, "%s", after->unsure);
	if (s->refuse_update && (s->refuse_only == NULL ||
	    strcmp(s->refuse_only, before->name) == 0))
		return refuse(err);
	s->last = *after;
	return 0;
}

static void
fake_kill(void *arg, const struct prison *p, const struct prison_proc *procs,
    size_t nprocs)
{
	(void)procs;
	(void)nprocs;
	note(arg, "kill", p->name);
}

static int
fake_attach(void *arg, const struct prison *p, struct error *err)
{
	struct fake *s = arg;

	note(s, "attach", p->name);
	return s->refuse_attach ? refuse(err) : 0;
}

static int
fake_busy(void *arg, const struct prison *p)
{
	struct fake *s = arg;

	note(s, "busy", p->name);
	return s->others;
}

static void
fake_ends(void *arg, const struct prison *p, bool ends)
{
	note(arg, ends ? "ends" : "stays", p->name);
}

static bool
fake_running(void *arg, const struct prison_proc *proc, bool *zombie)
{
	struct fake *s = arg;

	*zombie = false;
	return proc->pid != 1 || !s->dead;
}

static void
fake_now(void *arg, const struct prison *p, uint32_t *now, char *list,
    size_t *len)
{
	const struct fake *s = arg;

	(void)p;
	(void)list;
	(void)len;
	*now &= ~s->lost;
}

static const char *const extra[] = { "mount.devfs", "mount.procfs" };

static const struct prison_effects fake_effects = {
	.extra = extra,
	.extra_count = 2,
	.create = fake_create,
	.created = fake_created,
	.abandon = fake_abandon,
	.tell = fake_tell,
	.update = fake_update,
	.extra_now = fake_now,
	.kill = fake_kill,
	.attach = fake_attach,
	.busy = fake_busy,
	.ends = fake_ends,
	.running = fake_running,
};

static void
creation_in_order(void **state)
{
	struct prison_fixture f;
	struct fake s = { .log = "" };

	(void)state;
	fixture_start(&f, &fake_effects, &s);
	assert_int_equal(fixture_set(&f, JAIL_CREATE, "name=a", "path=/",
	    "persist", "host.hostname=h", "mount.devfs", NULL), 1);
	assert_string_equal(s.log, "create(a) created(a)");
	assert_string_equal(s.last.hostname, "h");
	assert_string_equal(s.last.path, "/");
	assert_true(s.last.persist);
	assert_int_equal(s.last.extra, 1);
	assert_int_equal(fixture_int(&f, 1, "mount.devfs", -1), 1);
	assert_int_equal(fixture_int(&f, 1, "mount.procfs", -1), 0);
	assert_int_equal(fixture_int(&f, 1, "mount.noprocfs", -1), 1);
	fixture_end(&f);
}

static void
refused_creation_leaves_nothing(void **state)
{
	struct prison_fixture f;
	struct fake s = { .refuse_create = true };

	(void)state;
	fixture_start(&f, &fake_effects, &s);
	assert_int_equal(fixture_set(&f, JAIL_CREATE, "name=a", "persist",
	    NULL), -1);
	assert_int_equal(errno, ENODEV);
	assert_string_equal(f.errmsg, "the fake system refuses");
	assert_string_equal(s.log, "create(a)");
	assert_int_equal(fixture_next(&f, 0), -1);
	fixture_end(&f);
}

/* Nothing is made for a call that the checks refuse, or for a jail that is
   gone within its call. */
static void
no_effects_without_a_jail(void **state)
{
	struct prison_fixture f;
	struct fake s = { .log = "" };

	(void)state;
	fixture_start(&f, &fake_effects, &s);
	assert_int_equal(fixture_set(&f, JAIL_CREATE, "name=a", "persist",
	    "bogus", NULL), -1);
	assert_int_equal(fixture_set(&f, JAIL_CREATE, "name=a", "persist",
	    "meta.=x", NULL), -1);
	assert_true(fixture_set(&f, JAIL_UPDATE, "name=", NULL) > 0);
	assert_string_equal(s.log, "");
	fixture_end(&f);
}

static void
refused_update_changes_nothing(void **state)
{
	struct prison_fixture f;
	struct fake s = { .log = "" };

	(void)state;
	fixture_start(&f, &fake_effects, &s);
	assert_int_equal(fixture_set(&f, JAIL_CREATE, "name=a", "persist",
	    NULL), 1);
	s.log[0] = '\0';
	s.refuse_update = true;
	assert_int_equal(fixture_set(&f, JAIL_UPDATE, "name=a",
	    "securelevel#2", NULL), -1);
	assert_string_equal(f.errmsg, "the fake system refuses");
	assert_int_equal(fixture_int(&f, 1, "securelevel", -5), -1);
	s.refuse_update = false;
	assert_int_equal(fixture_set(&f, JAIL_UPDATE, "name=a",
	    "securelevel#2", NULL), 1);
	assert_int_equal(fixture_int(&f, 1, "securelevel", -5), 2);
	/* What failed may have been done in part, and is taken back. */
	assert_string_equal(s.log, "update(a) update(a) update(a)");
	fixture_end(&f);
}

static int
set_address(struct prison_fixture *f, const char *name, unsigned char last)
{
	const unsigned char address[4] = { 192, 0, 2, last };
	struct jail_call c = { 0 };
	int jid;

	call_add_text(&c, "name", name);
	call_add(&c, "ip4.addr", address, sizeof address);
	call_add(&c, "errmsg", f->errmsg, sizeof f->errmsg);
	jid = prison_set(f->t, c.iov, c.count, JAIL_UPDATE);
	memcpy(f->errmsg, c.iov[c.count - 1].iov_base, sizeof f->errmsg);
	call_finish(&c);
	return jid;
}

/*
 * What cannot be taken back is tried again by each call until it can, and the
 * prison is changed no further until then; others are.
 */
static void
what_is_not_undone_is_tried_again(void **state)
{
	struct prison_fixture f;
	struct fake s = { .log = "" };

	(void)state;
	fixture_start(&f, &fake_effects, &s);
	assert_int_equal(fixture_set(&f, JAIL_CREATE, "name=a", "persist",
	    "ip4#1", NULL), 1);
	assert_int_equal(fixture_set(&f, JAIL_CREATE, "name=b", "persist",
	    "ip4#1", NULL), 2);
	assert_int_equal(set_address(&f, "a", 1), 1);
	s.log[0] = '\0';
	s.refuse_update = true;
	assert_int_equal(set_address(&f, "a", 2), -1);
	assert_string_equal(s.log, "tell(a) update(a) update(a)");
	assert_string_equal(s.told, "told of a");
	/* Others are changed beside it, again and again. */
	for (unsigned char i = 3; i < 6; i++) {
		s.log[0] = s.told[0] = '\0';
		s.refuse_only = "a";
		assert_int_equal(set_address(&f, "b", i), 2);
		assert_string_equal(s.log, "update(a) tell(b) update(b)");
		assert_string_equal(s.told, "told of a");
	}
	/* Those who only read are not held up. */
	assert_int_equal(fixture_jid(&f, "a"), 1);
	assert_int_equal(set_address(&f, "a", 6), -1);
	assert_non_null(strstr(f.errmsg, "could not be undone yet"));
	/* Then it is as before, and can be changed. */
	s.log[0] = s.told[0] = '\0';
	s.refuse_update = false;
	assert_int_equal(set_address(&f, "a", 7), 1);
	assert_string_equal(s.log, "update(a) tell(a) update(a)");
	assert_string_equal(s.told, "told of a");
	s.log[0] = '\0';
	assert_int_equal(set_address(&f, "a", 8), 1);
	assert_string_equal(s.log, "tell(a) update(a)");
	fixture_end(&f);
}

static void
extra_is_fixed_at_creation(void **state)
{
	struct prison_fixture f;
	struct fake s = { .log = "" };

	(void)state;
	fixture_start(&f, &fake_effects, &s);
	assert_int_equal(fixture_set(&f, JAIL_CREATE, "name=a", "persist",
	    NULL), 1);
	assert_int_equal(fixture_set(&f, JAIL_UPDATE, "name=a",
	    "mount.procfs", NULL), -1);
	assert_int_equal(errno, EINVAL);
	assert_string_equal(f.errmsg,
	    "mount.procfs cannot be changed after creation");
	fixture_end(&f);
}

static void
extra_that_was_lost_is_said_again(void **state)
{
	struct prison_fixture f;
	struct fake s = { .log = "" };

	(void)state;
	fixture_start(&f, &fake_effects, &s);
	assert_int_equal(fixture_set(&f, JAIL_CREATE, "name=a", "persist",
	    "mount.devfs", "mount.procfs", NULL), 1);
	assert_int_equal(fixture_int(&f, 1, "mount.procfs", -1), 1);
	s.lost = 2;
	assert_int_equal(fixture_int(&f, 1, "mount.devfs", -1), 1);
	assert_int_equal(fixture_int(&f, 1, "mount.procfs", -1), 0);
	assert_int_equal(fixture_set(&f, JAIL_UPDATE, "name=a",
	    "mount.procfs", NULL), 1);
	assert_int_equal(s.last.extra_again, 2);
	assert_int_equal(fixture_set(&f, JAIL_UPDATE, "name=a",
	    "mount.noprocfs", NULL), -1);
	assert_string_equal(f.errmsg,
	    "mount.noprocfs cannot be changed after creation");
	fixture_end(&f);
}

static void
removal_kills_from_the_top(void **state)
{
	struct prison_fixture f;
	struct fake s = { .holders = true };

	(void)state;
	fixture_start(&f, &fake_effects, &s);
	assert_int_equal(fixture_set(&f, JAIL_CREATE, "name=a", "persist",
	    "children.max#2", NULL), 1);
	assert_int_equal(fixture_set(&f, JAIL_CREATE, "name=a.b", "persist",
	    NULL), 2);
	s.log[0] = '\0';
	assert_int_equal(prison_remove(f.t, 1), 0);
	assert_non_null(strstr(s.log, "kill(a)"));
	assert_non_null(strstr(s.log, "kill(a.b)"));
	/* The holders have not ended yet, so the jails are dying. */
	assert_int_equal(fixture_jid(&f, "a"), -1);
	assert_int_equal(fixture_int(&f, 1, "dying", -1), 1);
	assert_int_equal(fixture_int(&f, 2, "dying", -1), 1);
	s.dead = true;
	assert_int_equal(fixture_next(&f, 0), -1);
	fixture_end(&f);
}

static void
a_dead_holder_ends_its_jail(void **state)
{
	struct prison_fixture f;
	struct fake s = { .holders = true };

	(void)state;
	fixture_start(&f, &fake_effects, &s);
	assert_int_equal(fixture_set(&f, JAIL_CREATE, "name=a", "persist",
	    "children.max#2", NULL), 1);
	assert_int_equal(fixture_set(&f, JAIL_CREATE, "name=a.b", "persist",
	    NULL), 2);
	assert_int_equal(fixture_jid(&f, "a"), 1);
	s.dead = true;
	assert_int_equal(fixture_jid(&f, "a"), -1);
	assert_int_equal(fixture_next(&f, 0), -1);
	assert_int_equal(fixture_set(&f, JAIL_CREATE, "name=a", "persist",
	    NULL), 3);
	fixture_end(&f);
}

/* The holder is told what is committed, and what it did not hear again. */
static void
a_holder_ends_with_its_processes(void **state)
{
	struct prison_fixture f;
	struct fake s = { .holders = true, .others = 1 };

	(void)state;
	fixture_start(&f, &fake_effects, &s);
	assert_int_equal(fixture_set(&f, JAIL_CREATE, "name=a", "persist",
	    NULL), 1);
	s.log[0] = '\0';
	assert_int_equal(fixture_set(&f, JAIL_UPDATE, "name=a", "nopersist",
	    NULL), 1);
	assert_string_equal(s.log, "busy(a) update(a) ends(a)");
	assert_int_equal(fixture_jid(&f, "a"), 1);
	s.log[0] = '\0';
	assert_int_equal(fixture_jid(&f, "a"), 1);
	assert_string_equal(s.log, ""); /* it is in the record now */
	assert_int_equal(fixture_set(&f, JAIL_UPDATE, "name=a", "persist",
	    NULL), 1);
	assert_string_equal(s.log, "update(a) stays(a)");
	assert_int_equal(fixture_jid(&f, "a"), 1);
	s.log[0] = '\0';
	s.others = 0;
	assert_int_equal(fixture_jid(&f, "a"), 1);
	assert_int_equal(fixture_set(&f, JAIL_UPDATE, "name=a", "nopersist",
	    NULL), 1);
	assert_string_equal(s.log, "busy(a) kill(a)");
	s.dead = true;
	assert_int_equal(fixture_next(&f, 0), -1);
	fixture_end(&f);
}

static void
a_failed_attach_leaves_no_process(void **state)
{
	struct prison_fixture f;
	struct fake s = { .refuse_attach = true };
	struct prison p;

	(void)state;
	fixture_start(&f, &fake_effects, &s);
	assert_int_equal(fixture_set(&f, JAIL_CREATE, "name=a", "persist",
	    NULL), 1);
	assert_int_equal(prison_attach(f.t, 1), -1);
	assert_int_equal(errno, ENODEV);
	assert_int_equal(prison_find(f.t, 1, &p), 0);
	assert_int_equal(fixture_set(&f, JAIL_UPDATE, "name=a", "nopersist",
	    NULL), 1);
	assert_int_equal(fixture_next(&f, 0), -1);
	assert_int_equal(fixture_set(&f, JAIL_CREATE | JAIL_ATTACH, "name=b",
	    NULL), -1);
	assert_string_equal(f.errmsg, "attach failed");
	assert_int_equal(fixture_next(&f, 0), -1);
	fixture_end(&f);
}

static int
collect(void *arg, const struct prison *p)
{
	note(arg, "", p->name);
	return 0;
}

static void
walk_has_parents_first(void **state)
{
	struct prison_fixture f;
	struct fake s = { .log = "" }, seen = { .log = "" };

	(void)state;
	fixture_start(&f, &fake_effects, &s);
	assert_int_equal(fixture_set(&f, JAIL_CREATE, "name=a", "persist",
	    "children.max#5", NULL), 1);
	assert_int_equal(fixture_set(&f, JAIL_CREATE, "name=a.b", "persist",
	    "children.max#2", NULL), 2);
	assert_int_equal(fixture_set(&f, JAIL_CREATE, "name=a.b.c", "persist",
	    NULL), 3);
	assert_int_equal(fixture_set(&f, JAIL_CREATE, "name=x", "persist",
	    NULL), 4);
	assert_int_equal(prison_walk(f.t, 1, collect, &seen), 0);
	assert_string_equal(seen.log, "(a) (a.b) (a.b.c)");
	assert_int_equal(prison_walk(f.t, 99, collect, &seen), -1);
	assert_int_equal(errno, EINVAL);
	fixture_end(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(creation_in_order),
		cmocka_unit_test(refused_creation_leaves_nothing),
		cmocka_unit_test(no_effects_without_a_jail),
		cmocka_unit_test(refused_update_changes_nothing),
		cmocka_unit_test(what_is_not_undone_is_tried_again),
		cmocka_unit_test(extra_is_fixed_at_creation),
	cmocka_unit_test(extra_that_was_lost_is_said_again),
		cmocka_unit_test(removal_kills_from_the_top),
		cmocka_unit_test(a_dead_holder_ends_its_jail),
		cmocka_unit_test(a_holder_ends_with_its_processes),
		cmocka_unit_test(a_failed_attach_leaves_no_process),
		cmocka_unit_test(walk_has_parents_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
