/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/daemon/status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agent/base/buffer.h"
#include "agent/base/clock.h"
#include "agent/base/program.h"
#include "agent/daemon/shown.h"
#include "agent/reconcile/mask.h"
#include "agent/reconcile/secrets.h"

const char *
status_time(int64_t seconds, char *buf)
{
	time_t t = (time_t)seconds;
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(buf, 32, "%Y-%m-%dT%H:%M:%SZ", &tm);
	return buf;
}

static json_t *
time_or_null(int64_t seconds)
{
	char buf[32];

	return seconds == 0 ? json_null() :
	    json_string(status_time(seconds, buf));
}

json_t *
status_text(const char *text)
{
	json_t *o = json_string(text);
	struct buffer b = { 0 };
	char *quoted;

	if (o != NULL)
		return o;
	buffer_json(&b, text);
	quoted = buffer_take(&b, NULL);
	o = quoted == NULL ? NULL : json_loads(quoted, JSON_DECODE_ANY, NULL);
	free(quoted);
	return o != NULL ? o : json_string("?");
}

static json_t *
text_or_null(const char *text)
{
	return text == NULL || text[0] == '\0' ? json_null() :
	    status_text(text);
}

static json_t *
digest_of(const struct reconciler *r, const struct spec *s,
    const struct text_list *seals)
{
	char hex[2 * SPEC_DIGEST_SIZE + 1];

	if (s == NULL)
		return json_null();
	return json_string(reconciler_digest(r, s, seals, hex));
}

static json_t *
texts(const struct text_list *l, bool set)
{
	json_t *a;

	if (!set)
		return json_null();
	if (l->count == 1)
		return status_text(l->text[0]);
	a = json_array();
	for (size_t i = 0; i < l->count; i++)
		json_array_append_new(a, status_text(l->text[i]));
	return a;
}

json_t *
status_change(const struct change *c)
{
	return json_pack("{s:o, s:o, s:o}", "name", status_text(c->name),
	    "from", texts(&c->from, c->was_set), "to",
	    texts(&c->to, c->is_set));
}

/* The changes of an action. */
static json_t *
params_array(const struct action *a)
{
	json_t *params = json_array();

	for (size_t i = 0; i < a->count; i++) {
		json_t *change = status_change(&a->change[i]);

		(void)json_object_set_new(change, "how",
		    json_string(how_word(a->change[i].how)));
		json_array_append_new(params, change);
	}
	return params;
}

json_t *
status_action(const struct action *a)
{
	json_t *o = json_pack("{s:o, s:s, s:o, s:o}", "jail",
	    status_text(a->name), "action", action_word(a->kind), "reason",
	    status_text(a->reason), "params", params_array(a));

	if (a->kind == ACTION_BLOCKED)
		(void)json_object_set_new(o, "state",
		    json_string(action_shown(a)));
	return o;
}

/* ---------------------------------------------------------------- a jail */

static json_t *
last_change(const struct last_change *l)
{
	json_t *params;

	if (l->at == 0)
		return json_null();
	params = json_array();
	for (size_t i = 0; i < l->params.count; i++)
		json_array_append_new(params,
		    json_string(l->params.text[i]));
	return json_pack("{s:s, s:o, s:o, s:o, s:I}", "action",
	    action_word(l->action), "params", params, "reason",
	    status_text(l->reason != NULL ? l->reason : ""), "at", time_or_null(l->at),
	    "took_us", (json_int_t)l->took_us);
}

struct view {
	enum jail_state state;
	char reason[ERROR_TEXT_MAX + 64];
	struct action action; /* what would be done now */
	int jid;	      /* what the kernel says; 0: it does not run */
};

/* What an idle jail is like, by what would be done about it. */
static void
view_idle(const struct status_source *src, struct managed *m, struct view *v)
{
	struct reconciler *r = src->reconciler;

	if (reconciler_plan(r, m, &v->action) != 0)
		return;
	v->jid = v->action.jid;
	snprintf(v->reason, sizeof v->reason, "%s", v->action.reason);
	switch (v->action.kind) {
	case ACTION_NONE:
		if (managed_health(m) != HEALTH_GOOD) {
			v->state = m->state;
			snprintf(v->reason, sizeof v->reason, "%s",
			    health_text(m->health));
			break;
		}
		if (v->action.jid != 0 && managed_quarantine(m, v->reason,
		    sizeof v->reason) != NULL) {
			v->state = STATE_QUARANTINED;
			break;
		}
		v->state = m->state == STATE_FAILED ? STATE_FAILED :
		    v->action.jid == 0 ? STATE_STOPPED :
		    src->running && m->desired != NULL ? STATE_READY :
		    STATE_MATCHING;
		if (v->state == STATE_READY || v->state == STATE_MATCHING)
			v->reason[0] = '\0';
		break;
	case ACTION_BLOCKED:
		v->state = v->action.paused ? STATE_PAUSED : STATE_BLOCKED;
		break;
	case ACTION_CONFLICT:
		v->state = STATE_CONFLICT;
		if (src->running && m->state != STATE_CONFLICT)
			reconciler_look(r, m);
		break;
	default:
		if (!src->running) {
			v->state = STATE_FAILED;
			break;
		}
		v->state = m->state == STATE_READY ? STATE_PROGRESSING :
		    m->state;
		if (m->reason != NULL && m->reason[0] != '\0')
			snprintf(v->reason, sizeof v->reason, "%s", m->reason);
		reconciler_look(r, m);
	}
}

/*
 * A jail of which something is under way, or is to be tried again: what that is
 * says why, and the kernel says whether it lives.
 */
static void
view_busy(const struct status_source *src, struct managed *m, struct view *v)
{
	struct action a;

	if (m->machine == MACHINE_WORKING)
		snprintf(v->reason, sizeof v->reason, "%s: %s",
		    operation_step(m->op), m->doing.reason);
	if (reconciler_plan(src->reconciler, m, &a) != 0)
		return;
	v->jid = a.kind == ACTION_CONFLICT ? 0 : a.jid;
	if (m->machine == MACHINE_WAITING) {
		v->action = a;
		if (v->jid != m->jid)
			reconciler_look(src->reconciler, m);
	} else
		action_free(&a);
}

static void
view_jail(const struct status_source *src, struct managed *m, struct view *v)
{
	memset(v, 0, sizeof *v);
	v->state = m->state;
	snprintf(v->reason, sizeof v->reason, "%s",
	    m->reason != NULL ? m->reason : "");
	v->jid = m->jid;
	if (m->machine == MACHINE_IDLE)
		view_idle(src, m, v);
	else
		view_busy(src, m, v);
	v->state = shown_state(src->reconciler, src->scan, m, v->state,
	    v->reason, sizeof v->reason);
}

/* The last lines that the programs of a jail printed. */
static json_t *
output_of(const struct reconciler *r, const struct managed *m,
    const struct spec *applied)
{
	char *text = console_last(r->shop.paths->console, m->name);
	char *shown = text == NULL ? NULL :
	    mask_secrets(r->shop.vault, m->desired, applied, text);
	char *next = shown, *line;
	json_t *output = json_array();

	while (next != NULL && shown[0] != '\0' &&
	    (line = strsep(&next, "\n")) != NULL)
		json_array_append_new(output, status_text(line));
	free(shown);
	free(text);
	return output;
}

static bool
tells_output(const struct status_source *src, const char *name)
{
	const json_t *one;
	size_t i;

	json_array_foreach (src->output, i, one)
		if (json_is_string(one) &&
		    name_matches(json_string_value(one), name))
			return true;
	return false;
}

static json_t *
jail_object(const struct status_source *src, struct managed *m,
    size_t summary[STATE_COUNT])
{
	const struct entry *entry = inventory_find(
	    src->reconciler->shop.inventory, m->name);
	/* Without an agent nobody tries what a file says. */
	const struct spec *d = src->running ? managed_said(m) : NULL;
	struct view v;
	json_t *o;

	view_jail(src, m, &v);
	summary[v.state]++;
	o = json_pack("{s:s, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:i, "
	    "s:o}",
	    "name", m->name, "jid",
	    v.jid > 0 ? json_integer(v.jid) : json_null(),
	    "state", jail_state_word[v.state], "reason",
	    text_or_null(v.reason), "since",
	    time_or_null(entry != NULL && v.jid > 0 && v.jid == entry->jid ?
	    entry->up_at : 0), "file",
	    text_or_null(d != NULL ? d->place.file : NULL), "line",
	    d != NULL && d->place.line > 0 ?
	    json_integer((json_int_t)d->place.line) : json_null(),
	    "spec_digest", digest_of(src->reconciler, d, NULL),
	    "applied_digest", entry == NULL ? json_null() :
	    digest_of(src->reconciler, entry->applied, &entry->seals),
	    "last_change",
	    last_change(&m->last), "restarts", (int)m->restarts, "next_retry",
	    m->retry_at == 0 ? json_null() :
	    time_or_null(time(NULL) + (m->retry_at - clock_ms() + 999) / 1000));
	if (v.action.count > 0)
		json_object_set_new(o, "drift", params_array(&v.action));
	if (tells_output(src, m->name))
		json_object_set_new(o, "output", output_of(src->reconciler, m,
		    entry != NULL ? entry->applied : NULL));
	action_free(&v.action);
	return o;
}

/* -------------------------------------------------------- those of others */

static void
put(struct buffer *out, size_t before, json_t *o)
{
	char *text = o == NULL ? NULL : json_dumps(o, JSON_COMPACT);

	json_decref(o);
	out->failed |= text == NULL;
	if (before > 0)
		buffer_add(out, ",", 1);
	if (text != NULL)
		buffer_text(out, text);
	free(text);
}

struct others {
	const struct status_source *src;
	struct status_part *part;
	struct buffer *out;
};

static void
other_jail(void *arg, const struct seen *s)
{
	struct others *x = arg;
	struct status_part *p = x->part;
	enum jail_state state = s->dying ? STATE_DYING : STATE_UNMANAGED;

	if (!s->dying && reconciler_jail(x->src->reconciler, s->name,
	    false) != NULL)
		return;
	p->summary[state]++;
	put(x->out, p->jails + p->others++,
	    json_pack("{s:o, s:i, s:s, s:s}", "name", status_text(s->name),
	    "jid", s->jid, "state", jail_state_word[state], "reason",
	    s->dying ? "it was removed and waits for its last reference" :
	    s->token != NULL ? "an agent made it; it was given away, or is "
	    "another agent's" : "not this agent's"));
}

/* ---------------------------------------------------------------- files */

static json_t *
error_object(const struct spec_error *e)
{
	return json_pack("{s:i, s:i, s:o}", "line", (int)e->place.line,
	    "column", (int)e->place.column, "message", status_text(e->message));
}

/* With its first error. */
static json_t *
file_object(const struct scan *s, const char *path)
{
	json_t *o = json_pack("{s:o, s:n}", "path", status_text(path), "error");

	for (size_t j = 0; j < s->errors.count; j++) {
		const struct spec_error *e = &s->errors.error[j];

		if (e->warning || e->place.file == NULL ||
		    strcmp(e->place.file, path) != 0)
			continue;
		json_object_set_new(o, "error", error_object(e));
		break;
	}
	return o;
}

/* Whether some jail goes on with what the file last said. */
static bool
has_jail(const struct reconciler *r, const char *file)
{
	for (size_t i = 0; i < r->count; i++) {
		const char *own = managed_file(r->jail[i]);

		if (own != NULL && strcmp(own, file) == 0)
			return true;
	}
	return false;
}

static json_t *
agent_object(const struct status_source *src)
{
	const struct reconciler *r = src->reconciler;
	const struct scan *s = src->scan;
	char letters[4];
	json_t *o = json_pack("{s:s, s:o, s:b, s:s, s:o, s:o}", "version",
	    JAILAGENT_VERSION, "pid",
	    src->running ? json_integer(src->pid) : json_null(), "running",
	    (int)src->running, "kernel",
	    r->shop.observer->kernel->backend->name, "specs",
	    text_or_null(r->shop.set), "revision",
	    text_or_null(src->revision));

	json_object_set_new(o, "letters", src->running ? json_string(
	    letters_text(r->opt.letters, letters)) : json_null());
	json_object_set_new(o, "recursive", src->running ?
	    json_boolean(src->below) : json_null());
	json_object_set_new(o, "problem", text_or_null(
	    s != NULL && s->state == SCAN_MISSING ? s->why : src->problem));
	json_object_set_new(o, "events", text_or_null(src->watch));
	json_object_set_new(o, "snapshot", text_or_null(src->snapshot));
	return o;
}

/* ------------------------------------------------------------ in pieces */

/* What links lead through is read once for so many jails. */
#define ROOTS_SERVE 64

static bool
write_jails(struct status_part *p, const struct status_source *src,
    int64_t until, struct buffer *out)
{
	struct reconciler *r = src->reconciler;
	size_t at = reconciler_behind(r, p->jail);
	unsigned served = 0;

	jail_roots_forget(&r->roots);
	if (p->jails == 0) {
		host_forget(&r->addresses);
		buffer_text(out, "{\"jails\":[");
	} else
		host_turn(&r->addresses);
	while (at < r->count) {
		struct managed *m = r->jail[at++];

		put(out, p->jails++, jail_object(src, m, p->summary));
		snprintf(p->jail, sizeof p->jail, "%s", m->name);
		if (clock_us() >= until && (!r->roots.known ||
		    ++served >= ROOTS_SERVE))
			break;
	}
	return at < r->count;
}

static bool
write_others(struct status_part *p, const struct status_source *src,
    int64_t until, struct buffer *out)
{
	struct others x = { src, p, out };

	return observe_some(src->reconciler->shop.observer, &p->jid, until,
	    other_jail, &x, NULL) > 0;
}

/* The scan may be a newer one than before; its files are sorted, too. */
static size_t
next_file(const struct status_part *p, const struct scan *s)
{
	size_t at = p->files;

	if (at == 0 || (at <= s->file_count &&
	    strcmp(s->file[at - 1].path, p->file) == 0))
		return at;
	for (at = 0; at < s->file_count &&
	    strcmp(s->file[at].path, p->file) <= 0; at++)
		;
	return at;
}

static bool
write_files(struct status_part *p, const struct status_source *src,
    int64_t until, struct buffer *out)
{
	const struct scan *s = src->scan;
	size_t at = s == NULL ? 0 : next_file(p, s), end = s == NULL ? 0 :
	    s->file_count;

	if (p->file == NULL)
		buffer_text(out, "],\"files\":[");
	while (at < end) {
		const struct scan_file *f = &s->file[at++];

		put(out, p->file != NULL, file_object(s, f->path));
		/* One that is broken without any jail of its own counts. */
		p->summary[STATE_INVALID] += !f->valid &&
		    !has_jail(src->reconciler, f->path);
		free(p->file);
		p->file = strdup(f->path);
		out->failed |= p->file == NULL;
		p->files = at;
		if (clock_us() >= until || out->failed)
			break;
	}
	return at < end && !out->failed;
}

static bool
write_rest(struct status_part *p, const struct status_source *src,
    int64_t until, struct buffer *out)
{
	json_t *sums = json_pack("{s:I}", "jails", (json_int_t)p->jails);

	(void)until;
	for (size_t i = 0; i < STATE_COUNT; i++)
		json_object_set_new(sums, jail_state_word[i],
		    json_integer((json_int_t)p->summary[i]));
	buffer_text(out, "],\"agent\":");
	put(out, 0, agent_object(src));
	buffer_text(out, ",\"summary\":");
	put(out, 0, sums);
	buffer_text(out, "}");
	return false;
}

bool
status_write(struct status_part *p, const struct status_source *src,
    int64_t until, struct buffer *out)
{
	static bool (*const parts[])(struct status_part *p,
	    const struct status_source *src, int64_t until,
	    struct buffer *out) = { write_jails, write_others, write_files,
		write_rest };

	if (!parts[p->part](p, src, until, out))
		p->part++;
	if (p->part < sizeof parts / sizeof *parts && !out->failed)
		return true;
	free(p->file);
	p->file = NULL;
	return false;
}

json_t *
status_ordered(json_t *o)
{
	static const char *const names[] = { "agent", "summary", "jails",
		"files" };
	json_t *ordered = json_object();

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		json_object_set(ordered, names[i],
		    json_object_get(o, names[i]));
	json_decref(o);
	return ordered;
}

json_t *
status_build(const struct status_source *src)
{
	struct status_part part = { 0 };
	struct buffer out = { 0 };
	json_t *o;

	while (status_write(&part, src, INT64_MAX, &out))
		;
	o = out.failed ? NULL : json_loadb(out.data, out.len, 0, NULL);
	buffer_free(&out);
	return o == NULL ? NULL : status_ordered(o);
}
