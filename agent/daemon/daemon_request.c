/* SPDX-License-Identifier: BSD-2-Clause */
/* What commands ask of a running agent: one function a request. */
#include <event2/event.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/base/clock.h"
#include "agent/daemon/daemon.h"
#include "agent/daemon/daemon_orders.h"
#include "agent/daemon/daemon_trust.h"
#include "agent/daemon/shown.h"
#include "agent/daemon/daemon_status.h"
#include "agent/daemon/status.h"

static void
answer_error(struct control_client *client, const char *text)
{
	control_reply(client, json_pack("{s:s}", "error", text));
}

/* ------------------------------------------------------------------ wait */

static bool
names(const struct waiter *w, const char *jail)
{
	if (w->names.count == 0)
		return true;
	for (size_t i = 0; i < w->names.count; i++)
		if (name_matches(w->names.text[i], jail))
			return true;
	return false;
}

/* A name or pattern that is waited for and that no jail has. */
static const char *
missing(const struct waiter *w, const struct reconciler *r)
{
	for (size_t i = 0; i < w->names.count; i++) {
		size_t k = 0;

		while (k < r->count && !name_matches(w->names.text[i],
		    r->jail[k]->name))
			k++;
		if (k == r->count)
			return w->names.text[i];
	}
	return NULL;
}

static bool
busy(const struct managed *m)
{
	return m->machine == MACHINE_WORKING || m->dirty ||
	    m->state == STATE_PROGRESSING ||
	    (m->absent_at != 0 && m->hold == NULL && !m->unwanted);
}

static json_t *
verdict(int status, json_t *message)
{
	json_t *o = json_pack("{s:i}", "status", status);

	if (message != NULL)
		json_object_set_new(o, "message", message);
	return o;
}

/* What was written before the question must be in the answer. */
static void
ask_scan(struct daemon *d, struct waiter *w)
{
	daemon_scan_soon(d);
	w->after_scan = d->scans_asked + (d->scan_again ? 1 : 0);
	w->asked_at = clock_ms();
}

/* Who waits for all is told of files by file_verdict. */
static const struct scan *
scan_for(const struct daemon *d, const struct waiter *w)
{
	return w->names.count > 0 ? &d->scan : NULL;
}

/* A jail's state as status tells it. */
static enum jail_state
told_state(const struct daemon *d, const struct waiter *w,
    const struct managed *m, char *why, size_t size)
{
	snprintf(why, size, "%s", m->reason != NULL ? m->reason : "");
	return shown_state(&d->reconciler, scan_for(d, w), m, m->state, why,
	    size);
}

static bool
is_well(const struct daemon *d, const struct waiter *w,
    const struct managed *m)
{
	char why[ERROR_TEXT_MAX];

	if (w->deeds != NULL)
		return managed_converged(m);
	return shown_state(&d->reconciler, scan_for(d, w), m, m->state, why,
	    sizeof why) == STATE_READY;
}

/* What is wrong with a jail, and which state that is. */
static json_t *
bad_text(const struct daemon *d, const struct waiter *w,
    const struct managed *m, enum jail_state *state)
{
	char why[ERROR_TEXT_MAX], text[2 * ERROR_TEXT_MAX];

	*state = told_state(d, w, m, why, sizeof why);
	snprintf(text, sizeof text, "%s: %s: %s", m->name,
	    jail_state_word[*state], why);
	return status_text(text);
}

/* What is wrong with the jails that are waited for, by one of them. */
static json_t *
bad_verdict(const struct daemon *d, const struct waiter *w,
    const struct managed *m)
{
	enum jail_state state;
	json_t *text = bad_text(d, w, m, &state);

	return verdict(state == STATE_HELD || (state == STATE_PAUSED &&
	    w->deeds != NULL) ? EXIT_HELD : EXIT_FAILED, text);
}

/* Who applies is told of each: "messages". */
static json_t *
all_bad_verdict(const struct daemon *d, const struct waiter *w,
    const struct managed *m)
{
	const struct reconciler *r = &d->reconciler;
	json_t *answer = bad_verdict(d, w, m), *all;
	enum jail_state state;

	if (w->deeds == NULL)
		return answer;
	all = json_array();
	for (size_t i = 0; i < r->count; i++)
		if (names(w, r->jail[i]->name) && !is_well(d, w, r->jail[i]))
			json_array_append_new(all, bad_text(d, w, r->jail[i],
			    &state));
	json_object_set_new(answer, "messages", all);
	return answer;
}

/* One that shall go and does not until somebody does something about it. */
static bool
stays(const struct managed *m)
{
	return m->hold != NULL || (m->unwanted && !m->waits &&
	    (m->state == STATE_FAILED || m->state == STATE_PAUSED ||
	    m->state == STATE_BLOCKED || m->state == STATE_CONFLICT));
}

/* A file that is broken: what it says is not what runs. */
static json_t *
file_verdict(const struct daemon *d, const struct waiter *w)
{
	const struct scan *s = &d->scan;

	if (s->state == SCAN_MISSING)
		return verdict(EXIT_FAILED, status_text(s->why));
	if (w->names.count == 0 && d->absence.held_file != NULL)
		return verdict(EXIT_HELD, json_sprintf("%s is gone, and its "
		    "removal is held: %s", d->absence.held_file,
		    d->absence.hold));
	for (size_t i = 0; w->names.count == 0 && i < s->errors.count; i++) {
		char *text = s->errors.error[i].warning ? NULL :
		    spec_error_text(&s->errors.error[i]);
		json_t *o = text == NULL ? NULL : verdict(EXIT_FAILED,
		    status_text(text));

		free(text);
		if (o != NULL)
			return o;
	}
	return NULL;
}

/* Met by a scan before, or an ancestor of what is there now. */
static bool
was_seen(const struct daemon *d, const char *revision)
{
	const struct revisions *r = &d->revisions;

	for (size_t i = 0; i < d->scan.passed.count; i++)
		if (strcmp(d->scan.passed.text[i], revision) == 0)
			return true;
	for (size_t i = 0; i < sizeof r->seen / sizeof *r->seen; i++)
		if (strcmp(r->seen[i], revision) == 0)
			return true;
	return false;
}

/* Whether the commit is there, and is a set that is not taken. */
static bool
is_held(const struct daemon *d, const char *revision)
{
	size_t len = strlen(revision);

	return d->scan.state == SCAN_MISSING &&
	    strncmp(d->scan.revision, revision, len) == 0 &&
	    strcmp(d->scan.revision + len, "+dirty") == 0;
}

/*
 * Whether the specs are at the revision that is waited for, be it held; *answer is
 * set when they never will be.  A directory with other changes than a commit's
 * ("+dirty") is on its way to something.
 */
static bool
at_revision(const struct daemon *d, const struct waiter *w, json_t **answer)
{
	const char *now = d->scan.revision;

	if (w->revision == NULL || strcmp(now, w->revision) == 0 ||
	    is_held(d, w->revision))
		return true;
	if (was_seen(d, w->revision) &&
	    strchr(now, '+') == NULL)
		*answer = verdict(EXIT_SUPERSEDED, json_sprintf("%s was "
		    "replaced by %s", w->revision, now));
	else if (d->scan.no_commit != NULL && now[0] != '\0')
		*answer = verdict(EXIT_FAILED, json_sprintf("%s: %s (the "
		    "revision is %s, the digest of the set)", d->set,
		    d->scan.no_commit, now));
	return false;
}

/* A live jail that somebody waits to be gone. */
struct remains {
	const struct waiter *w;
	char *name;
	int jid;
};

static void
find_remains(void *arg, const struct seen *s)
{
	struct remains *x = arg;

	if (x->name != NULL || s->dying || !names(x->w, s->name))
		return;
	x->name = strdup(s->name);
	x->jid = s->jid;
}

/* No jail of the agent's is left: those of others do not go by themselves. */
static json_t *
gone_verdict(const struct daemon *d, const struct waiter *w)
{
	struct remains x = { .w = w };
	json_t *answer = NULL;
	struct error err;

	if (observe_all(&d->observer, find_remains, &x, &err) < 0)
		answer = verdict(EXIT_FAILED, status_text(err.text));
	else if (x.jid != 0)
		answer = verdict(EXIT_FAILED, json_sprintf("%s: lives with "
		    "jid %d and is not the agent's, which therefore does not "
		    "remove it", x.name, x.jid));
	free(x.name);
	return answer != NULL ? answer : verdict(EXIT_OK, NULL);
}

/* Whether something is under way of what is waited for; begins with the last one. */
static bool
any_busy(const struct reconciler *r, struct waiter *w)
{
	for (size_t i = 0; i < r->count; i++) {
		size_t at = (w->busy + i) % r->count;

		if (busy(r->jail[at]) && names(w, r->jail[at]->name)) {
			w->busy = at;
			return true;
		}
	}
	return false;
}

/* Down by a user's order, or for want of one that is, until that is ended. */
static bool
is_put_down(const struct reconciler *r, const struct managed *m)
{
	for (size_t n = 0; m != NULL && m->jid == 0 && n <= r->count; n++) {
		if (m->state == STATE_STOPPED)
			return true;
		if (m->state != STATE_BLOCKED)
			return false;
		m = m->waits_up;
	}
	return false;
}

/* The answer to a waiter, or NULL while it is not known. */
static json_t *
wait_answer(const struct daemon *d, struct waiter *w)
{
	const struct reconciler *r = &d->reconciler;
	const struct managed *bad = NULL, *held = NULL;
	json_t *answer = NULL;
	const char *name;
	bool any = false;

	/* Some file is always written; what was there then is enough. */
	if (d->scans_done < w->after_scan || (d->scan.state ==
	    SCAN_UNSETTLED && d->known_at < w->asked_at) || d->absence.drop)
		return NULL;
	if (!at_revision(d, w, &answer))
		return answer;
	if (any_busy(r, w))
		return NULL;
	for (size_t i = 0; i < r->count; i++) {
		const struct managed *m = r->jail[i];

		if (!names(w, m->name))
			continue;
		any |= !is_put_down(r, m);
		if (stays(m))
			held = m;
		/* What failed is told rather than what is held for it. */
		if (!is_well(d, w, m))
			bad = bad == NULL || bad->state == STATE_HELD ||
			    bad->state == STATE_PAUSED ? m : bad;
	}
	if (w->gone && any && held != NULL)
		return bad_verdict(d, w, held);
	if (w->gone)
		return any ? NULL : gone_verdict(d, w);
	name = missing(w, r);
	if (name != NULL)
		return verdict(EXIT_FAILED, json_sprintf(
		    "%s: no spec says it", name));
	if (bad != NULL)
		return all_bad_verdict(d, w, bad);
	answer = file_verdict(d, w);
	return answer != NULL ? answer : verdict(EXIT_OK, NULL);
}

/*
 * A revision counts when it is the same before the scan and after all was
 * done: another scan has to say so.
 */
static bool
to_be_confirmed(struct daemon *d, struct waiter *w, json_t *answer)
{
	if (w->revision == NULL || w->confirmed ||
	    json_integer_value(json_object_get(answer, "status")) != EXIT_OK)
		return false;
	w->confirmed = true;
	ask_scan(d, w);
	return true;
}

static void
waiter_free(struct daemon *d, struct waiter *w)
{
	TAILQ_REMOVE(&d->waiters, w, link);
	text_list_free(&w->names);
	free(w->revision);
	json_decref(w->deeds);
	free(w);
}

void
daemon_wake_waiters(struct daemon *d)
{
	struct waiter *w, *next;

	for (w = TAILQ_FIRST(&d->waiters); w != NULL; w = next) {
		json_t *answer = wait_answer(d, w);

		next = TAILQ_NEXT(w, link);
		if (answer == NULL)
			continue;
		if (to_be_confirmed(d, w, answer)) {
			json_decref(answer);
			continue;
		}
		if (w->deeds != NULL)
			json_object_set(answer, "deeds", w->deeds);
		control_reply(w->client, answer);
		waiter_free(d, w);
	}
}

void
daemon_tell_waiters(struct daemon *d, const char *text)
{
	struct waiter *w;

	TAILQ_FOREACH (w, &d->waiters, link)
		if (w->deeds != NULL)
			json_array_append_new(w->deeds, json_string(text));
}

/* Scans, and has the client wait until the jails it names are settled. */
static struct waiter *
waiter_new(struct daemon *d, struct control_client *client, json_t *names,
    const char *revision)
{
	struct waiter *w = calloc(1, sizeof *w);
	json_t *value;
	size_t i;

	if (w == NULL || (revision != NULL &&
	    (w->revision = strdup(revision)) == NULL)) {
		free(w);
		answer_error(client, "out of memory");
		return NULL;
	}
	TAILQ_INSERT_TAIL(&d->waiters, w, link);
	w->client = client;
	json_array_foreach (names, i, value)
		if (json_is_string(value) && text_list_add(&w->names,
		    json_string_value(value)) != 0)
			break;
	/* Some kernels do not tell what was done to jails. */
	reconciler_look_all(&d->reconciler);
	ask_scan(d, w);
	return w;
}

static void
request_wait(struct daemon *d, struct control_client *client, json_t *q)
{
	const char *goal = json_string_value(json_object_get(q, "for"));
	struct waiter *w = waiter_new(d, client, json_object_get(q, "names"),
	    json_string_value(json_object_get(q, "revision")));

	if (w != NULL)
		w->gone = goal != NULL && strcmp(goal, "gone") == 0;
}

/* What apply asks for and this agent was not told; NULL: nothing. */
static json_t *
other_options(const struct daemon *d, json_t *q)
{
	json_int_t letters = json_integer_value(json_object_get(q, "letters"));
	json_t *parallel = json_object_get(q, "parallel");
	char own[4], asked[4];

	if (json_is_true(json_object_get(q, "recursive")) && !d->opt.below)
		return json_sprintf("the agent with pid %ld runs without "
		    "--recursive; leave it out, or stop it first",
		    (long)getpid());
	if (json_is_true(json_object_get(q, "signed")) && d->opt.keys == 0)
		return json_sprintf("the agent with pid %ld runs without "
		    "--require-signed; leave it out, or stop it first",
		    (long)getpid());
	if (letters != 0 && letters != d->opt.letters)
		return json_sprintf("the agent with pid %ld runs with -%s, not "
		    "-%s; leave the letters out, or stop it first",
		    (long)getpid(), letters_text(d->opt.letters, own),
		    letters_text((unsigned)letters, asked));
	if (json_is_integer(parallel) && json_integer_value(parallel) >= 0 &&
	    json_integer_value(parallel) != d->opt.parallel)
		return json_sprintf("the agent with pid %ld runs with -p %u; "
		    "leave -p out, or stop it first", (long)getpid(),
		    d->opt.parallel);
	return NULL;
}

/* apply while an agent holds the state: the agent does it. */
static void
request_apply(struct daemon *d, struct control_client *client, json_t *q)
{
	const char *set = json_string_value(json_object_get(q, "set"));
	json_t *wrong;
	struct waiter *w;

	if (set == NULL || strcmp(set, d->set) != 0) {
		control_reply(client, json_pack("{s:o}", "error",
		    json_sprintf("the agent with pid %ld keeps %s with this "
		    "state directory; apply other specs with another one "
		    "(-s)", (long)getpid(), d->set)));
		return;
	}
	wrong = other_options(d, q);
	if (wrong != NULL) {
		control_reply(client, json_pack("{s:o}", "error", wrong));
		return;
	}
	reconciler_look_all(&d->reconciler);
	w = waiter_new(d, client, NULL, NULL);
	if (w != NULL)
		w->deeds = json_array();
}

static void
on_gone(void *arg, struct control_client *client)
{
	struct daemon *d = arg;
	struct waiter *w, *next;

	if (d->asker == client)
		d->asker = NULL;
	daemon_status_gone(d, client);
	for (w = TAILQ_FIRST(&d->waiters); w != NULL; w = next) {
		next = TAILQ_NEXT(w, link);
		if (w->client == client)
			waiter_free(d, w);
	}
}

/* ------------------------------------------------------------- the table */

static const struct {
	const char *name;
	void (*answer)(struct daemon *d, struct control_client *client,
	    json_t *q);
} requests[] = {
	{ "status", request_status },
	{ "wait", request_wait },
	{ "apply", request_apply },
	{ "trust-reset", request_trust_reset },
	{ "rotate", request_rotate },
};

static void
on_request(void *arg, struct control_client *client, json_t *request)
{
	const char *name = json_string_value(json_object_get(request,
	    "command"));

	for (size_t i = 0; name != NULL &&
	    i < sizeof requests / sizeof *requests; i++) {
		if (strcmp(name, requests[i].name) == 0) {
			requests[i].answer(arg, client, request);
			return;
		}
	}
	if (name == NULL || !daemon_order(arg, client, name, request))
		answer_error(client, "the agent does not know this request");
}

int
daemon_request_start(struct daemon *d, struct error *err)
{
	d->control = control_new(d->base, &d->ctx->paths, on_request, on_gone,
	    d, err);
	return d->control == NULL ? -1 : 0;
}

void
daemon_request_stop(struct daemon *d)
{
	daemon_status_gone(d, NULL);
	while (!TAILQ_EMPTY(&d->waiters))
		waiter_free(d, TAILQ_FIRST(&d->waiters));
	control_free(d->control);
}
