/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/reconcile/health.h"

#include <event2/event.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/base/clock.h"
#include "agent/reconcile/hook.h"
#include "agent/reconcile/mask.h"

#define FIRST_PAUSE_MS 50

/* ---------------------------------------------------------- the judgement */

/* How long until a check that follows a failure while nothing is known. */
static int64_t
quick(struct health_count *c, const struct spec_health *s, int64_t now)
{
	int64_t left = s->interval_ms;

	c->pause = c->pause == 0 ? FIRST_PAUSE_MS : 2 * c->pause;
	if (c->failures > 0)
		left = c->counted + s->interval_ms - now;
	return c->pause < left ? c->pause : left > 0 ? left : 0;
}

int64_t
health_count(struct health_count *c, const struct spec_health *s, bool ok,
    int64_t began, int64_t now)
{
	bool early = c->verdict == HEALTH_UNKNOWN &&
	    (now - began < s->start_period_ms ||
	    (c->failures > 0 && now - c->counted < s->interval_ms));

	if (ok) {
		c->verdict = HEALTH_GOOD;
		c->failures = 0;
		return s->interval_ms;
	}
	if (!early) {
		if (c->failures < s->retries)
			c->failures++;
		c->counted = now;
		c->pause = 0;
	}
	if (c->failures >= s->retries)
		c->verdict = HEALTH_BAD;
	return c->verdict == HEALTH_UNKNOWN ? quick(c, s, now) :
	    s->interval_ms;
}

/* -------------------------------------------------------------- the checks */

struct health {
	struct workshop *shop;
	struct spec *spec;
	int jid;
	health_changed_fn *changed;
	void *arg;

	struct health_count count;
	int64_t began;
	struct event *timer; /* the next check, or the end of this one */
	pid_t pid;	     /* of the check that runs; 0: none */
	uint64_t output;
	bool judged; /* that check took too long: it was counted and killed */
	int64_t next_ms; /* until the check after it */
	char text[ERROR_TEXT_MAX];
};

static void
wake_in(struct health *h, int64_t ms)
{
	struct timeval tv = { ms / 1000, (ms % 1000) * 1000 };

	evtimer_add(h->timer, &tv);
}

/* `why` NULL: it went well.  Tells what is new about it. */
static void
judge(struct health *h, const char *why)
{
	enum health_verdict before = h->count.verdict;
	const struct spec_health *s = &h->spec->agent.health;
	char text[sizeof h->text];

	h->next_ms = health_count(&h->count, s, why == NULL, h->began,
	    clock_ms());
	if (h->count.verdict == HEALTH_GOOD)
		text[0] = '\0';
	else if (h->count.verdict == HEALTH_BAD)
		snprintf(text, sizeof text, "agent.health.exec fails: %.900s",
		    why);
	else
		snprintf(text, sizeof text, "health: waits for "
		    "agent.health.exec to succeed: %.900s", why);
	if (before == h->count.verdict && strcmp(text, h->text) == 0)
		return;
	snprintf(h->text, sizeof h->text, "%s", text);
	h->changed(h->arg);
}

static void
check_ended(void *arg, pid_t pid, int status)
{
	struct health *h = arg;
	char tail[512] = "", why[sizeof tail + 64], *shown;

	(void)pid;
	h->pid = 0;
	evtimer_del(h->timer);
	console_close(&h->shop->console, h->output,
	    status != 0 && !h->judged ? tail : NULL, sizeof tail);
	shown = mask_secrets(h->shop->vault, h->spec, NULL, tail);
	if (!h->judged)
		judge(h, status == 0 ? NULL : hook_why(status, false,
		    shown != NULL ? shown : "", why, sizeof why));
	free(shown);
	h->judged = false;
	wake_in(h, h->next_ms);
}

/* An agent that comes after this one finds it, and ends it. */
static int
check_noted(void *arg, pid_t pid, struct error *err)
{
	struct health *h = arg;

	return inventory_hook(h->shop->inventory, h->spec->name, pid, err);
}

/* Starts one check.  Returns 0, -1 when it could not be. */
static int
check(struct health *h, struct error *err)
{
	struct workshop *w = h->shop;
	struct hook hook = { .kernel = w->observer->kernel, .spec = h->spec,
		.vault = w->vault,
		.command = h->spec->agent.health.exec, .in_jail = true,
		.jid = h->jid, .started = check_noted, .arg = h };
	bool background = false;

	hook.output = console_open(&w->console, w->paths->console,
	    h->spec->name, NULL, &h->output, err);
	if (hook.output == -1)
		return -1;
	h->pid = hook_start(&hook, &background, err);
	close(hook.output);
	if (h->pid > 0 && background) {
		kill(-h->pid, SIGKILL);
		error_set(err, 0, "\"%s\": nothing tells how a command in the "
		    "background ends; remove the &", hook.command);
	} else if (h->pid > 0 && children_add(w->children, h->pid,
	    check_ended, h) == 0) {
		wake_in(h, h->spec->agent.health.timeout_ms);
		return 0;
	}
	console_close(&w->console, h->output, NULL, 0);
	h->pid = 0;
	return -1;
}

/* The whole group: what the check started must not go on. */
static void
took_too_long(struct health *h)
{
	char why[64];

	kill(-h->pid, SIGKILL);
	h->judged = true;
	snprintf(why, sizeof why, "timed out after %ld ms",
	    h->spec->agent.health.timeout_ms);
	judge(h, why);
}

static void
timer_fired(evutil_socket_t fd, short what, void *arg)
{
	struct health *h = arg;
	struct error err;

	(void)fd;
	(void)what;
	if (h->pid != 0) {
		took_too_long(h);
		return;
	}
	error_clear(&err);
	if (check(h, &err) == 0)
		return;
	judge(h, err.text);
	wake_in(h, h->next_ms);
}

struct health *
health_new(struct workshop *w, const struct spec *s, int jid,
    health_changed_fn *changed, void *arg)
{
	struct health *h = calloc(1, sizeof *h);

	if (h == NULL)
		return NULL;
	h->shop = w;
	h->spec = spec_copy(s);
	h->jid = jid;
	h->changed = changed;
	h->arg = arg;
	h->began = clock_ms();
	h->timer = evtimer_new(w->base, timer_fired, h);
	snprintf(h->text, sizeof h->text, "health: waits for "
	    "agent.health.exec to succeed");
	if (h->spec == NULL || h->timer == NULL) {
		health_free(h);
		return NULL;
	}
	wake_in(h, 0);
	return h;
}

void
health_free(struct health *h)
{
	if (h == NULL)
		return;
	if (h->pid != 0) {
		children_forget(h->shop->children, h->pid);
		kill(-h->pid, SIGKILL);
		console_close(&h->shop->console, h->output, NULL, 0);
	}
	if (h->timer != NULL)
		event_free(h->timer);
	spec_free(h->spec);
	free(h);
}

bool
health_is_for(const struct health *h, const struct spec *s, int jid)
{
	return h->jid == jid && spec_same(h->spec, s);
}

enum health_verdict
health_verdict(const struct health *h)
{
	return h->count.verdict;
}

const char *
health_text(const struct health *h)
{
	return h->text;
}
