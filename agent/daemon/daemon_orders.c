/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/daemon/daemon_orders.h"

#include <event2/event.h>

#include <errno.h>
#include <string.h>
#include <time.h>

#include "agent/base/buffer.h"
#include "agent/reconcile/adopt.h"
#include "agent/reconcile/lodgers.h"
#include "agent/reconcile/unrecorded.h"
#include "specs/rules.h"

/* A request, while the jails that it names are gone through. */
struct asked {
	struct daemon *d;
	json_t *q;
	bool *may; /* of each jail, as far as it was asked yet: it can be given */
	char wrong[ERROR_TEXT_MAX + 300];
};

/* One kind of order. */
struct order {
	const char *name;
	/* Whether it can be given about a jail: 0, else -1 with `wrong`. */
	int (*may)(struct asked *a, const struct managed *m);
	/* Carries it out, or has it carried out; likewise. */
	int (*deed)(struct asked *a, struct managed *m);
	/* What a pattern names beside others is left out when it may not. */
	bool partly;
	/* Whether a pattern means the jail; NULL: it does. */
	bool (*meant)(struct asked *a, const struct managed *m);
	/* What it means for the agent itself, when all deeds are done. */
	void (*after)(struct daemon *d, json_t *names);
};

static int wrong(struct asked *a, const struct managed *m, const char *fmt,
    ...) __attribute__((format(printf, 3, 4)));

static int
wrong(struct asked *a, const struct managed *m, const char *fmt, ...)
{
	char text[ERROR_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	snprintf(a->wrong, sizeof a->wrong, "%s: %s", m->name, text);
	return -1;
}

/* ------------------------------------------------- for the named jails */

static bool
same_name(const char *said, const char *name)
{
	return strcmp(said, name) == 0;
}

/* Whether one of the names fits: as a pattern (name_matches), or as it is. */
static bool
named(json_t *names, const struct managed *m,
    bool (*fits)(const char *said, const char *name))
{
	json_t *value;
	size_t i;

	json_array_foreach (names, i, value)
		if (json_is_string(value) &&
		    fits(json_string_value(value), m->name))
			return true;
	return false;
}

/* The first of the names that matches no jail, or NULL. */
static const char *
matches_none(const struct reconciler *r, json_t *names)
{
	json_t *value;
	size_t i;

	json_array_foreach (names, i, value) {
		const char *pattern = json_string_value(value);
		bool found = false;

		for (size_t j = 0; pattern != NULL && j < r->count; j++)
			found |= name_matches(pattern, r->jail[j]->name);
		if (!found)
			return pattern != NULL ? pattern : "";
	}
	return NULL;
}

/*
 * Finds out about which of the named jails the order can be given: those of
 * a->may, in the order of the table.  The others are told in `left` when a
 * pattern names them, else the order as a whole is refused.
 */
static int
judge(struct asked *a, const struct order *o, json_t *left)
{
	json_t *names = json_object_get(a->q, "names");
	struct reconciler *r = &a->d->reconciler;
	size_t some = 0;

	snprintf(a->wrong, sizeof a->wrong, "there is nothing to %s", o->name);
	for (size_t i = 0; i < r->count; i++) {
		const struct managed *m = r->jail[i];
		bool exactly = named(names, m, same_name);

		if (!exactly && (!named(names, m, name_matches) ||
		    (o->meant != NULL && !o->meant(a, m))))
			continue;
		a->may[i] = o->may == NULL || o->may(a, m) == 0;
		some += a->may[i];
		if (a->may[i])
			continue;
		if (!o->partly || exactly)
			return -1;
		json_array_append_new(left, json_string(a->wrong));
	}
	return some > 0 ? 0 : -1;
}

static int
go_through(struct asked *a, const struct order *o, json_int_t *done,
    json_t *left)
{
	json_t *names = json_object_get(a->q, "names");
	struct reconciler *r = &a->d->reconciler;
	const char *none = matches_none(r, names);
	struct error err;
	int rc = 0;

	error_clear(&err);
	if (none != NULL && rules_own_name(none, &err) != 0) {
		snprintf(a->wrong, sizeof a->wrong, "%s", err.text);
		return -1;
	}
	if (none != NULL) {
		snprintf(a->wrong, sizeof a->wrong,
		    "%.300s: there is no such jail here", none);
		return -1;
	}
	a->may = calloc(r->count + 1, sizeof *a->may);
	if (a->may == NULL) {
		snprintf(a->wrong, sizeof a->wrong, "out of memory");
		return -1;
	}
	rc = judge(a, o, left);
	for (size_t i = 0; rc == 0 && i < r->count; i++)
		if (a->may[i]) {
			rc = o->deed(a, r->jail[i]);
			*done += rc == 0;
		}
	free(a->may);
	if (rc == 0 && o->after != NULL)
		o->after(a->d, names);
	return rc;
}

/* --------------------------------------------------- standing orders */

static void
arm(struct daemon *d)
{
	int64_t now = (int64_t)time(NULL);
	int64_t next = standing_next_end(&d->standing, now);
	/* A clock that is set meanwhile is noticed within the hour. */
	struct timeval tv = { next - now > 3600 ? 3600 : next - now, 1000 };

	if (next != 0)
		evtimer_add(d->order_timer, &tv);
	else
		evtimer_del(d->order_timer);
}

static void
tidy(struct daemon *d)
{
	struct error err;

	error_clear(&err);
	if (standing_tidy(&d->standing, (int64_t)time(NULL), &err) != 0)
		daemon_log("orders that are over stay written down: %s",
		    err.text);
}

static void
order_ended(evutil_socket_t fd, short what, void *arg)
{
	struct daemon *d = arg;

	(void)fd;
	(void)what;
	for (size_t i = 0; i < d->standing.count; i++) {
		struct managed *m = reconciler_jail(&d->reconciler,
		    d->standing.order[i].name, false);

		if (m != NULL)
			unrecorded(&d->reconciler, m);
	}
	tidy(d);
	daemon_snapshot_due(d);
	reconciler_look_all(&d->reconciler);
	arm(d);
}

/* Orders are new: what is to be done about the jail is thought over. */
static int
changed(struct asked *a, struct managed *m)
{
	arm(a->d);
	m->fresh = true;
	unrecorded(&a->d->reconciler, m);
	daemon_snapshot_due(a->d);
	reconciler_look(&a->d->reconciler, m);
	return 0;
}

static int
give(struct asked *a, struct managed *m, enum standing_kind kind)
{
	const char *reason = json_string_value(json_object_get(a->q,
	    "reason"));
	struct standing_order o = {
		.name = m->name,
		.kind = kind,
		.reason = (char *)(uintptr_t)(reason != NULL ? reason : ""),
		.until = json_integer_value(json_object_get(a->q, "until")),
		.no_hooks = json_is_true(json_object_get(a->q, "no_hooks")),
	};
	struct error err;

	if (!text_is_printable(o.reason))
		return wrong(a, m, "the reason is not one line of text");
	error_clear(&err);
	if (standing_give(&a->d->standing, &o, &err) != 0)
		return wrong(a, m, "%s", err.text);
	m->forces |= standing_forces(&o);
	return changed(a, m);
}

static int
take_back(struct asked *a, struct managed *m)
{
	struct error err;

	error_clear(&err);
	return standing_take_back(&a->d->standing, m->name, &err) == 0 ?
	    changed(a, m) : wrong(a, m, "%s", err.text);
}

static bool
has_order(const struct asked *a, const struct managed *m,
    enum standing_kind kind)
{
	const struct standing_order *o = reconciler_standing(&a->d->reconciler, m);

	return o != NULL && o->kind == kind;
}

static int
may_pause(struct asked *a, const struct managed *m)
{
	return !has_order(a, m, STANDING_STOP) ? 0 : wrong(a, m,
	    "is stopped by hand: there is nothing to pause");
}

static int
pause_jail(struct asked *a, struct managed *m)
{
	return give(a, m, STANDING_PAUSE);
}

static int
may_resume(struct asked *a, const struct managed *m)
{
	if (has_order(a, m, STANDING_STOP))
		return wrong(a, m, "is stopped, not paused; start it with: "
		    "jailagent restart %s", m->name);
	if (!has_order(a, m, STANDING_PAUSE) && m->desired != NULL &&
	    m->desired->agent.paused != NULL)
		return wrong(a, m, "its spec pauses it; take agent.paused out "
		    "of %s", m->desired->place.file);
	return 0;
}

static int
resume_jail(struct asked *a, struct managed *m)
{
	return has_order(a, m, STANDING_PAUSE) ? take_back(a, m) : 0;
}

/* Its spec is gone, and it is kept as it is by what that said, held or not. */
static bool
is_kept(const struct asked *a, const struct managed *m)
{
	const struct entry *e = inventory_find(&a->d->inventory, m->name);

	return (m->unwanted || m->hold != NULL) && e != NULL &&
	    e->applied != NULL && e->applied->agent.protect;
}

static int
may_change(struct asked *a, const struct managed *m)
{
	if (is_kept(a, m))
		return wrong(a, m, "its spec is gone, and agent.protect was "
		    "true: it is kept as it is; bring the spec back first");
	if (has_order(a, m, STANDING_PAUSE))
		return wrong(a, m, "is paused by hand; first: jailagent "
		    "resume %s", m->name);
	if (m->desired != NULL && m->desired->agent.paused != NULL)
		return wrong(a, m, "its spec pauses it; take agent.paused out "
		    "of %s first", m->desired->place.file);
	return 0;
}

static int
stop_jail(struct asked *a, struct managed *m)
{
	return give(a, m, STANDING_STOP);
}

static int
restart_jail(struct asked *a, struct managed *m)
{
	struct spec *bad = rollback_end(&m->rollback,
	    a->d->reconciler.shop.paths, m->name);

	/* What was in quarantine is tried again. */
	if (bad != NULL) {
		spec_free(m->desired);
		m->desired = bad;
		claims_changed(&a->d->reconciler, m);
	}
	m->by_hand = true;
	m->fresh = true;
	if (has_order(a, m, STANDING_STOP))
		return take_back(a, m);
	reconciler_look(&a->d->reconciler, m);
	return 0;
}

/* ------------------------------------------------------ ack and adopt */

static bool
wave_waits(const struct asked *a, const struct managed *m)
{
	const char *failed = a->d->reconciler.waves.failed;

	return m->state == STATE_HELD || (failed != NULL &&
	    strcmp(failed, m->name) == 0);
}

/* Whether a jail is asked for by its name. */
static bool
is_named(const struct asked *a, const struct managed *m)
{
	json_t *names = json_object_get(a->q, "names"), *name;
	size_t i;

	json_array_foreach (names, i, name)
		if (json_is_string(name) && strcmp(json_string_value(name),
		    m->name) == 0)
			return true;
	return false;
}

/* Who names a jail wants something of it; what is not held yet is not seen. */
static int
may_ack(struct asked *a, const struct managed *m)
{
	const struct scan *s = a->d->has_scan ? &a->d->scan : NULL;

	if (is_named(a, m) && m->hold == NULL && lodgers_live(&a->d->reconciler, m))
		return 0;
	if (s != NULL && s->state == SCAN_MISSING && !s->accept_helps &&
	    !wave_waits(a, m))
		return wrong(a, m, "its removal is no question yet: %.600s; "
		    "bring the directory back, or make an empty one to have it "
		    "taken at its word", s->why);
	if (is_named(a, m) && m->hold == NULL && !wave_waits(a, m))
		return wrong(a, m, "nothing is held about it%s",
		    absence_undecided(m) ? " yet: its spec is gone for less than "
		    "a second; try again" : "");
	return 0;
}

static int
ack_jail(struct asked *a, struct managed *m)
{
	struct reconciler *r = &a->d->reconciler;

	m->acked = m->hold != NULL;
	/* Whoever says "all" does not speak of strangers in them. */
	if (is_named(a, m) && lodgers_approve(r, m) > 0) {
		daemon_log("%s: what lives in it may end with it", m->name);
		reconciler_look_all(r);
	}
	if (wave_waits(a, m))
		waves_go_on(r);
	return 0;
}

static void
acked(struct daemon *d, json_t *names)
{
	bool all = false;
	json_t *name;
	size_t i;

	json_array_foreach (names, i, name)
		all |= json_is_string(name) &&
		    strcmp(json_string_value(name), "*") == 0;
	/* Defaults that are gone have no name but that of all. */
	d->absence.acked |= all;
	/* A directory that looks like another one is taken as it is. */
	if (all && d->has_scan && d->scan.accept_helps)
		channel_send(d->reader, READER_ACCEPT, 0, NULL, 0);
	daemon_scan_soon(d);
}

/* A pattern is for what there is to adopt among all others. */
static bool
is_conflict(struct asked *a, const struct managed *m)
{
	struct action now;
	bool yes;

	/* Most are not, which has been found out already. */
	if (m->state != STATE_CONFLICT || m->desired == NULL || m->unwanted ||
	    reconciler_plan(&a->d->reconciler, m, &now) != 0)
		return false;
	yes = now.kind == ACTION_CONFLICT;
	action_free(&now);
	return yes;
}

/* Those around a jail come before it in the table. */
static bool
adopts_parent(const struct asked *a, const struct managed *m)
{
	char parent[JAIL_NAME_MAX];
	size_t behind = managed_parent(m->name, parent, sizeof parent) ?
	    reconciler_behind(&a->d->reconciler, parent) : 0;

	return behind > 0 && a->may[behind - 1] &&
	    strcmp(a->d->reconciler.jail[behind - 1]->name, parent) == 0;
}

static int
may_adopt(struct asked *a, const struct managed *m)
{
	struct error err;

	error_clear(&err);
	return adopt_refused(&a->d->reconciler, m, adopts_parent(a, m),
	    &err) == 0 ? 0 : wrong(a, m, "%s", err.text);
}

static int
adopt_jail(struct asked *a, struct managed *m)
{
	struct error err;
	int jid;

	error_clear(&err);
	jid = adopt(&a->d->reconciler, m, &err);
	if (jid < 0)
		return wrong(a, m, "%s", err.text);
	daemon_log("%s: adopted (jid %d)", m->name, jid);
	reconciler_look(&a->d->reconciler, m);
	return 0;
}

/* -------------------------------------------------------------- the table */

static const struct order orders[] = {
	{ "restart", may_change, restart_jail, true, NULL, NULL },
	{ "ack", may_ack, ack_jail, false, NULL, acked },
	{ "pause", may_pause, pause_jail, true, NULL, NULL },
	{ "resume", may_resume, resume_jail, true, NULL, NULL },
	{ "stop", may_change, stop_jail, true, NULL, NULL },
	{ "adopt", may_adopt, adopt_jail, true, is_conflict, NULL },
};

bool
daemon_order(struct daemon *d, struct control_client *client,
    const char *name, json_t *q)
{
	const struct order *o = orders;
	struct asked a = { .d = d, .q = q };
	json_t *left = json_array();
	json_int_t done = 0;

	while (o < orders + sizeof orders / sizeof *orders &&
	    strcmp(o->name, name) != 0)
		o++;
	if (o == orders + sizeof orders / sizeof *orders) {
		json_decref(left);
		return false;
	}
	if (go_through(&a, o, &done, left) == 0)
		control_reply(client, json_pack("{s:I, s:O}", "jails", done,
		    "left_out", left));
	else
		control_reply(client, json_pack("{s:s}", "error", a.wrong));
	json_decref(left);
	return true;
}

int
daemon_orders_start(struct daemon *d, struct error *err)
{
	d->order_timer = evtimer_new(d->base, order_ended, d);
	if (d->order_timer == NULL)
		return error_sys(err, ENOMEM, "event loop");
	tidy(d);
	arm(d);
	return 0;
}

void
daemon_orders_stop(struct daemon *d)
{
	if (d->order_timer != NULL)
		event_free(d->order_timer);
}
