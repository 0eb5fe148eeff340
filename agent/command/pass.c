/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/command/pass.h"

#include <event2/event.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/read/git.h"
#include "agent/read/links.h"
#include "agent/read/reader.h"
#include "agent/reconcile/rivals.h"
#include "agent/reconcile/state.h"

/* The set of a file is the directory that holds it. */
int
pass_set(const struct pass_options *opt, char *set, struct error *err)
{
	char dir[PATHS_MAX], *slash;
	struct stat st;

	if (stat(opt->path, &st) != 0)
		return error_sys(err, errno, "%s", opt->path);
	if (opt->as != NULL)
		return set_name(opt->as, set, err);
	if (S_ISDIR(st.st_mode))
		return set_name(opt->path, set, err);
	if (opt->prune)
		return error_set(err, EINVAL, "%s: --prune needs a directory: "
		    "what one file does not say is not to be removed",
		    opt->path);
	snprintf(dir, sizeof dir, "%s", opt->path);
	slash = strrchr(dir, '/');
	if (slash == NULL)
		return set_name(".", set, err);
	*(slash == dir ? slash + 1 : slash) = '\0';
	return set_name(dir, set, err);
}

static int
take_lock(struct pass *p, const struct context *ctx, struct error *err)
{
	long holder = 0;

	if (paths_make(&ctx->paths, err) != 0)
		return -1;
	p->lock = paths_lock(&ctx->paths, &holder, err);
	return p->lock == -1 ? -1 : 0;
}

static int
compare_place(const void *a, const void *b)
{
	const struct spec_place *x = &(*(struct spec *const *)a)->place;
	const struct spec_place *y = &(*(struct spec *const *)b)->place;
	int file = strcmp(x->file, y->file);

	return file != 0 ? file : (x->line > y->line) - (x->line < y->line);
}

/* As jail(8): started in the order of the files, stopped in reverse. */
static int
want_all(struct pass *p)
{
	size_t n = p->specs.count;
	struct spec **spec = calloc(n + 1, sizeof *spec);
	int rc = spec == NULL ? -1 : 0;

	if (rc == 0) {
		memcpy(spec, p->specs.spec, n * sizeof *spec);
		qsort(spec, n, sizeof *spec, compare_place);
	}
	for (size_t i = 0; rc == 0 && i < n; i++) {
		bool down = p->reconciler.opt.letters == LETTER_R;
		struct spec *s = spec_copy(spec[down ? n - 1 - i : i]);

		rc = s == NULL ? -1 : reconciler_want(&p->reconciler, s);
	}
	free(spec);
	return rc;
}

/* Why the agent holds a jail; NULL: it does not. */
static const char *
held_for(const struct text_list *held, const char *name)
{
	for (size_t i = 0; held != NULL && i + 1 < held->count; i += 2)
		if (strcmp(held->text[i], name) == 0)
			return held->text[i + 1];
	return NULL;
}

/* Nobody speaks of it here: it is left as it is. */
static void
leave_alone(struct reconciler *r, struct managed *m)
{
	spec_free(m->desired);
	m->desired = NULL;
	/* Also where no other jail has it looked at. */
	managed_state(r, m, STATE_MATCHING, "not wanted here");
}

/*
 * What the specs want; what they do not say is not wanted any more, or held while
 * the inventory is in doubt, or by the agent.
 */
static int
fill(struct pass *p, const struct pass_options *opt, struct error *err)
{
	struct reconciler *r = &p->reconciler;
	const char *doubt = r->opt.prune ? p->inventory.doubt : NULL;

	if (want_all(p) != 0)
		return error_sys(err, ENOMEM, "specs");
	r->opt.prune &= doubt == NULL;
	for (size_t i = r->count; i-- > 0;) {
		struct managed *m = r->jail[i];
		const char *hold = doubt != NULL ? doubt :
		    held_for(opt->held, m->name);

		if (!m->said && hold != NULL &&
		    (m->hold = strdup(hold)) == NULL)
			return error_sys(err, ENOMEM, "specs");
		if (!m->said && r->opt.prune && hold == NULL)
			reconciler_unwant(r, m);
		if (!m->said && (!r->opt.prune || hold != NULL))
			leave_alone(r, m);
	}
	return 0;
}

static bool
has_secrets(const struct spec_set *specs)
{
	for (size_t i = 0; i < specs->count; i++) {
		struct spec_secret ref;
		size_t at = 0;

		if (spec_secret_next(specs->spec[i], &at, &ref))
			return true;
	}
	return false;
}

/*
 * Whoever changes jails makes the key by which secrets are known, and whoever
 * binds a plan to them.
 */
static int
open_vault(struct pass *p, const struct context *ctx,
    const struct pass_options *opt, struct error *err)
{
	bool bind = opt->keep && has_secrets(&p->specs);

	if (bind && paths_make(&ctx->paths, err) != 0)
		return error_wrap(err, "the plan has to be bound to secrets");
	return vault_open(&p->vault, ctx->paths.seal, opt->write || bind, err);
}

/*
 * Those of what is wanted and of what runs; this process may wait for them.
 * What is wanted may be another spec than the one that is said (rollback.h).
 */
static int
read_wanted_secrets(struct pass *p)
{
	const struct reconciler *r = &p->reconciler;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < r->count; i++)
		if (r->jail[i]->desired != NULL)
			rc = vault_read(&p->vault, r->jail[i]->desired);
	return rc;
}

static int
read_secrets(struct pass *p)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < p->specs.count; i++)
		rc = vault_read(&p->vault, p->specs.spec[i]);
	for (size_t i = 0; rc == 0 && i < p->inventory.count; i++)
		if (p->inventory.entry[i]->applied != NULL)
			rc = vault_read(&p->vault,
			    p->inventory.entry[i]->applied);
	return rc;
}

/* One that counts as a whole is not used in part. */
static int
load_set(struct pass *p, const struct pass_options *opt, struct error *err)
{
	bool whole;

	if (whole_check(opt->path, opt->below, &whole, err) != 0)
		return -1;
	if (spec_load_below(&opt->path, 1, opt->below, &p->specs) == 0 ||
	    !whole)
		return 0;
	(void)pass_print_errors(p);
	return error_set(err, EINVAL, "is a set that counts as a whole or not "
	    "at all; mend what is wrong with it");
}

static int
load(struct pass *p, const struct context *ctx, const struct pass_options *opt,
    struct error *err)
{
	kernel_learn(ctx->kernel);
	if (opt->required != NULL && opt->required->keys > 0) {
		p->errors = &p->scan.errors;
		return pass_load_signed(p, ctx, opt, err);
	}
	if ((opt->write && opt->prune && git_calm(opt->path, err) != 0) ||
	    load_set(p, opt, err) != 0)
		return error_wrap(err, "%s", opt->path);
	return 0;
}

int
pass_open(struct pass *p, const struct context *ctx,
    const struct pass_options *opt, struct error *err)
{
	struct kernel_options kopt = { .read_only = !opt->write };
	struct workshop shop = { .children = NULL, .observer = &p->observer,
		.inventory = &p->inventory, .standing = &p->standing,
		.paths = &ctx->paths,
		.set = p->set, .vault = &p->vault };
	struct reconcile_options ropt = { .letters = opt->letters,
		.prune = opt->prune, .parallel = opt->parallel,
		.bound = opt->bound, .for_agent = opt->for_agent,
		.told = opt->told, .arg = opt->arg };

	memset(p, 0, sizeof *p);
	p->lock = p->inventory.journal = p->inventory.rewrite =
	    p->inventory.old = -1;
	p->errors = &p->specs.errors;
	if (opt->path != NULL && pass_set(opt, p->set, err) != 0)
		return -1;
	if (opt->write && take_lock(p, ctx, err) != 0)
		return -1;
	if (opt->path != NULL && load(p, ctx, opt, err) != 0)
		return -1;
	if (open_vault(p, ctx, opt, err) != 0)
		return -1;
	p->kernel = kernel_open(ctx->kernel, &kopt, err);
	if (p->kernel == NULL ||
	    observer_init(&p->observer, p->kernel, err) != 0 ||
	    state_open(&p->inventory, &p->standing, &p->vault, &ctx->paths,
	    p->observer.boot, opt->write, err) != 0)
		return -1;
	for (size_t i = 0; i < p->inventory.notes.count; i++)
		complain("%s", p->inventory.notes.text[i]);
	/* Without specs: the set that the inventory speaks of. */
	if (opt->path == NULL && p->inventory.count > 0)
		snprintf(p->set, sizeof p->set, "%s",
		    p->inventory.entry[0]->set);
	p->base = shop.base = event_base_new();
	p->children = shop.children = p->base == NULL ? NULL :
	    children_new(p->base);
	if (p->children == NULL)
		return error_sys(err, ENOMEM, "event loop");
	if (reconciler_init(&p->reconciler, &shop, &ropt, err) != 0)
		return -1;
	p->has_reconciler = true;
	if (read_secrets(p) != 0)
		return error_sys(err, ENOMEM, "secrets");
	if (reconciler_adopt_inventory(&p->reconciler) != 0)
		return error_sys(err, ENOMEM, "inventory");
	if (opt->path != NULL && fill(p, opt, err) != 0)
		return -1;
	return read_wanted_secrets(p) == 0 ? 0 :
	    error_sys(err, ENOMEM, "secrets");
}

static void
settle(struct pass *p)
{
	while (!reconciler_settled(&p->reconciler))
		if (event_base_loop(p->base, EVLOOP_ONCE) != 0)
			break;
}

/*
 * What stands against a jail may be something else, once others are done: it is
 * told, and signed, as the next pass would find it.
 */
static void
look_at_blocked(struct reconciler *r)
{
	bool any = false;

	for (size_t i = 0; i < r->count; i++)
		if (r->jail[i]->state == STATE_BLOCKED) {
			r->jail[i]->follows = false; /* that is over */
			reconciler_look(r, r->jail[i]);
			any = true;
		}
	if (any)
		rivals_forget(r);
}

void
pass_run(struct pass *p)
{
	struct reconciler *r = &p->reconciler;
	struct error err;

	settle(p);
	look_at_blocked(r);
	settle(p);
	/* Those that went down for others and came back are as before. */
	for (size_t i = 0; i < r->count; i++)
		if (!r->jail[i]->said && !r->jail[i]->unwanted &&
		    r->jail[i]->state == STATE_READY)
			leave_alone(r, r->jail[i]);
	if (p->inventory.writable && inventory_copy(&p->inventory,
	    &err) != 0)
		complain("applied specs are not copied: %s", err.text);
}

void
pass_close(struct pass *p)
{
	if (p->has_reconciler)
		reconciler_free(&p->reconciler);
	children_free(p->children);
	inventory_close(&p->inventory);
	vault_close(&p->vault);
	standing_close(&p->standing);
	observer_free(&p->observer);
	kernel_close(p->kernel);
	if (p->base != NULL)
		event_base_free(p->base);
	spec_set_free(&p->specs);
	scan_free(&p->scan);
	text_list_free(&p->outdated);
	if (p->lock != -1)
		close(p->lock);
}

bool
pass_keep_all(struct pass *p)
{
	struct reconciler *r = &p->reconciler;
	bool told = r->opt.prune;
	size_t wrong = 0;

	for (size_t i = 0; i < p->errors->count; i++)
		wrong += !p->errors->error[i].warning;
	if (wrong == 0)
		return false;
	r->opt.prune = false;
	for (size_t i = 0; i < r->count; i++)
		if (!r->jail[i]->said) {
			r->jail[i]->unwanted = false;
			claims_changed(r, r->jail[i]);
		}
	return told;
}

size_t
pass_print_errors(const struct pass *p)
{
	return print_errors(p->errors);
}
