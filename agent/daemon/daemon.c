/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/daemon/daemon.h"
#include "agent/daemon/daemon_orders.h"
#include "agent/daemon/daemon_trust.h"

#include <event2/event.h>

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "agent/base/buffer.h"
#include "agent/reconcile/message.h"
#include "agent/reconcile/state.h"
#include "agent/daemon/status.h"
#include "kernel/iface.h"

/*
 * Names and what hooks print may be any bytes; a line of the log is one line,
 * and nothing that a terminal obeys.  To be freed; NULL when memory is out.
 */
static char *
plain_text(const char *text)
{
	struct buffer b = { 0 };

	buffer_printable(&b, text);
	return buffer_take(&b, NULL);
}

void
daemon_log(const char *fmt, ...)
{
	char when[32], line[2048], *plain;
	va_list ap;
	size_t n;

	n = (size_t)snprintf(line, sizeof line, "%s ",
	    status_time((int64_t)time(NULL), when));
	va_start(ap, fmt);
	vsnprintf(line + n, sizeof line - n, fmt, ap);
	va_end(ap);
	plain = plain_text(line);
	fprintf(stderr, "%s\n", plain != NULL ? plain : strerror(ENOMEM));
	free(plain);
}

bool
daemon_holds_lock(const struct daemon *d)
{
	struct stat own, there;

	return fstat(d->lock, &own) != 0 ||
	    (stat(d->ctx->paths.lock, &there) == 0 &&
	    own.st_dev == there.st_dev && own.st_ino == there.st_ino);
}

/* Each deed is a line in the log, and told to those who asked for it. */
static void
told(void *arg, const struct managed *m, const struct action *a,
    const struct outcome *o)
{
	char text[ERROR_TEXT_MAX * 2], *plain;

	(void)m;
	daemon_log("%s", message_of(a, o, true, text, sizeof text));
	plain = plain_text(message_of(a, o, false, text, sizeof text));
	if (plain != NULL)
		daemon_tell_waiters(arg, plain);
	free(plain);
}

/* Nothing is done, so no deed tells of it. */
static void
stuck(void *arg, const struct managed *m)
{
	(void)arg;
	daemon_log("%s: %s: %s", m->name, jail_state_word[m->state],
	    m->reason != NULL ? m->reason : "");
}

static void
turned(void *arg)
{
	struct daemon *d = arg;

	if (d->reconciler.changed && d->has_scan)
		daemon_snapshot_due(d);
	if (d->reconciler.unwatched != 0 && !d->said_unwatched) {
		d->said_unwatched = true;
		daemon_log("no events for some jails: %s; those are looked at "
		    "every %u s", strerror(d->reconciler.unwatched),
		    d->opt.interval);
	}
	daemon_wake_waiters(d);
}

static void
on_signal(evutil_socket_t sig, short what, void *arg)
{
	struct daemon *d = arg;

	(void)what;
	if (sig == SIGHUP) {
		daemon_scan_anew(d);
		return;
	}
	event_base_loopexit(d->base, NULL);
}

/* The kernel says that something changed about some jail. */
static void
on_kernel_event(evutil_socket_t fd, short what, void *arg)
{
	struct daemon *d = arg;
	struct reconciler *r = &d->reconciler;
	int jid;

	(void)fd;
	(void)what;
	while ((jid = d->kernel->backend->next(d->kernel)) >= 0) {
		if (jid == 0)
			reconciler_look_all(r);
		for (size_t i = 0; jid > 0 && i < r->count; i++)
			if (r->jail[i]->jid == jid)
				reconciler_look(r, r->jail[i]);
	}
}

/* An address may be gone that a jail is to have. */
static void
on_address(evutil_socket_t fd, short what, void *arg)
{
	struct daemon *d = arg;
	struct reconciler *r = &d->reconciler;

	(void)what;
	host_forget(&r->addresses);
	if (!iface_lost(fd))
		return;
	for (size_t i = 0; i < r->count; i++)
		if (r->jail[i]->desired != NULL && spec_list(
		    r->jail[i]->desired, "ip4.addr")->count + spec_list(
		    r->jail[i]->desired, "ip6.addr")->count > 0)
			reconciler_look(r, r->jail[i]);
}

/* Without it, addresses are looked at with each rescan. */
static int
listen_to_addresses(struct daemon *d, struct error *err)
{
	d->addresses = d->kernel->backend->spawn == NULL ? -1 : iface_events();
	if (d->addresses == -1)
		return 0;
	d->address_event = event_new(d->base, d->addresses,
	    EV_READ | EV_PERSIST, on_address, d);
	return d->address_event != NULL && event_add(d->address_event,
	    NULL) == 0 ? 0 : error_sys(err, ENOMEM, "event loop");
}

static int
start_events(struct daemon *d, struct error *err)
{
	static const int numbers[] = { SIGTERM, SIGINT, SIGHUP };
	int fd = d->kernel->backend->events == NULL ? -1 :
	    d->kernel->backend->events(d->kernel);

	for (size_t i = 0; i < 3; i++) {
		d->signals[i] = evsignal_new(d->base, numbers[i], on_signal,
		    d);
		if (d->signals[i] == NULL ||
		    event_add(d->signals[i], NULL) != 0)
			return error_sys(err, ENOMEM, "event loop");
	}
	if (listen_to_addresses(d, err) != 0)
		return -1;
	if (fd == -1)
		return 0;
	d->kernel_event = event_new(d->base, fd, EV_READ | EV_PERSIST,
	    on_kernel_event, d);
	if (d->kernel_event == NULL || event_add(d->kernel_event, NULL) != 0)
		return error_sys(err, ENOMEM, "event loop");
	return 0;
}

static int
start_reconciler(struct daemon *d, struct error *err)
{
	struct workshop shop = {
		.base = d->base,
		.children = d->children,
		.observer = &d->observer,
		.inventory = &d->inventory,
		.paths = &d->ctx->paths,
		.standing = &d->standing,
		.set = d->set,
		.vault = &d->vault,
	};
	struct reconcile_options opt = {
		.letters = d->opt.letters,
		.prune = true,
		.healing = true,
		.parallel = d->opt.parallel,
		.max_restart = d->opt.max_restart,
		.told = told,
		.turned = turned,
		.stuck = stuck,
		.arg = d,
	};

	if (reconciler_init(&d->reconciler, &shop, &opt, err) != 0)
		return -1;
	d->has_reconciler = true;
	d->reconciler.addresses.told = d->addresses != -1;
	if (reconciler_adopt_inventory(&d->reconciler) != 0)
		return error_sys(err, ENOMEM, "inventory");
	return 0;
}

/* The helpers are made first, while this process is small. */
static int
start_helpers(struct daemon *d, int *reader, int *signer, struct error *err)
{
	const struct paths *p = &d->ctx->paths;
	struct reader_options reads = { .dir = d->opt.dir,
		.below = d->opt.below, .trust = d->opt.trust, .watch = true,
		.good = p->good, .outdated = p->outdated, .applied = p->applied,
		.public_key = p->public_key, .key = d->opt.key,
		.keys = d->opt.keys, .accepted = p->accepted };
	pid_t pid;

	*reader = helper_start("reader", reader_body, &reads, NULL, &pid, err);
	if (*reader == -1)
		return -1;
	*signer = daemon_signer_first(d, err);
	return *signer == -1 ? -1 : 0;
}

/*
 * What was asked meanwhile is seen between any two callbacks: several that take
 * their time never add up to one long turn.
 */
static struct event_base *
loop_new(void)
{
	struct event_config *config = event_config_new();
	struct event_base *base = NULL;

	if (config != NULL && event_config_set_max_dispatch_interval(config,
	    NULL, 1, 0) == 0)
		base = event_base_new_with_config(config);
	if (config != NULL)
		event_config_free(config);
	return base;
}

static int
start(struct daemon *d, struct error *err)
{
	const struct paths *p = &d->ctx->paths;
	long holder = 0;
	int reader, signer;

	if (set_name(d->opt.dir, d->set, err) != 0 ||
	    paths_make(p, err) != 0)
		return -1;
	d->lock = paths_lock(p, &holder, err);
	if (d->lock == -1)
		return -1;
	if (vault_open(&d->vault, p->seal, true, err) != 0)
		return -1;
	/* The reader parses: it has to know what this process knows. */
	kernel_learn(d->ctx->kernel);
	if (start_helpers(d, &reader, &signer, err) != 0)
		return -1;
	d->kernel = kernel_open(d->ctx->kernel, NULL, err);
	if (d->kernel == NULL || observer_init(&d->observer, d->kernel,
	    err) != 0 || state_open(&d->inventory, &d->standing, &d->vault, p,
	    d->observer.boot, true, err) != 0)
		return -1;
	d->base = loop_new();
	d->children = d->base == NULL ? NULL : children_new(d->base);
	if (d->children == NULL)
		return error_sys(err, ENOMEM, "event loop");
	if (start_events(d, err) != 0 || start_reconciler(d, err) != 0 ||
	    daemon_snapshot_start(d, err) != 0 ||
	    daemon_trust_start(d, err) != 0 ||
	    daemon_signer_start(d, signer, err) != 0 ||
	    daemon_scan_start(d, reader, err) != 0 ||
	    daemon_orders_start(d, err) != 0 ||
	    daemon_request_start(d, err) != 0)
		return -1;
	return 0;
}

static void
stop(struct daemon *d)
{
	daemon_request_stop(d);
	daemon_orders_stop(d);
	daemon_scan_stop(d);
	daemon_signer_stop(d);
	daemon_trust_stop(d);
	daemon_snapshot_stop(d);
	if (d->has_reconciler)
		reconciler_free(&d->reconciler);
	for (size_t i = 0; i < 3; i++)
		if (d->signals[i] != NULL)
			event_free(d->signals[i]);
	if (d->kernel_event != NULL)
		event_free(d->kernel_event);
	if (d->address_event != NULL)
		event_free(d->address_event);
	if (d->addresses != -1)
		close(d->addresses);
	children_free(d->children);
	inventory_close(&d->inventory);
	vault_close(&d->vault);
	standing_close(&d->standing);
	observer_free(&d->observer);
	kernel_close(d->kernel);
	if (d->base != NULL)
		event_base_free(d->base);
	if (d->lock != -1)
		close(d->lock);
}

int
daemon_run(const struct context *ctx, const struct daemon_options *opt)
{
	struct daemon d = { .ctx = ctx, .opt = *opt, .lock = -1,
		.addresses = -1 };
	struct error err;

	error_clear(&err);
	TAILQ_INIT(&d.waiters);
	TAILQ_INIT(&d.status_askers);
	d.inventory.journal = d.inventory.rewrite = d.inventory.old = -1;
	d.absence.limit = opt->max_remove;
	if (start(&d, &err) != 0) {
		complain("%s", err.text);
		stop(&d);
		return EXIT_FAILED;
	}
	daemon_log("jailagent %s: kernel %s, specs %s, pid %ld",
	    JAILAGENT_VERSION, d.kernel->backend->name, d.set, (long)getpid());
	if (d.inventory.doubt != NULL)
		daemon_log("no jail is removed: %s", d.inventory.doubt);
	for (size_t i = 0; i < d.inventory.notes.count; i++)
		daemon_log("%s", d.inventory.notes.text[i]);
	event_base_dispatch(d.base);
	daemon_snapshot_last(&d);
	daemon_log("ends; the jails go on");
	stop(&d);
	return d.status;
}
