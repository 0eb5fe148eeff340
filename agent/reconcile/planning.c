/* SPDX-License-Identifier: BSD-2-Clause */
/* What a plan is told of a jail: spec, inventory, kernel, users' orders. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "agent/plan/mounts.h"
#include "agent/reconcile/around.h"
#include "agent/reconcile/lodgers.h"
#include "agent/reconcile/owner.h"
#include "agent/reconcile/reconcile.h"
#include "agent/reconcile/secrets.h"

static void
input_of_entry(struct plan_input *in, const struct reconciler *r,
    const struct entry *e)
{
	if (e == NULL)
		return;
	in->managed = true;
	in->applied = e->applied;
	in->applied_seals = &e->seals;
	in->found = &e->found;
	in->token = e->token;
	in->old_boot = e->boot;
	in->old_jid = e->jid;
	in->old_path = e->path;
	in->down = e->stage == ENTRY_DOWN;
	in->left = e->made.count > 0;
	in->unfinished = e->stage == ENTRY_CREATING ||
	    e->stage == ENTRY_PREPARING ? "creation" :
	    e->stage == ENTRY_REMOVING ? "removal" : NULL;
	/* A jail of that name that is there now is not of its making. */
	if (e->stage == ENTRY_PREPARING) {
		in->token = NULL;
		in->old_jid = -1;
	}
	if (strcmp(e->set, r->shop.set) != 0)
		in->other_set = e->set;
}

const struct standing_order *
reconciler_standing(const struct reconciler *r, const struct managed *m)
{
	return r->shop.standing == NULL ? NULL : standing_find(
	    r->shop.standing, m->name, (int64_t)time(NULL));
}

/* Those that run before the jail is made, and may make its root. */
static bool
has_early_hooks(const struct spec *s)
{
	return spec_param_find(s, "exec.prepare") != NULL ||
	    spec_param_find(s, "exec.prestart") != NULL;
}

/* The name that somebody has given to the jail of an entry; NULL: none. */
static const char *
renamed_to(const struct observer *o, const struct entry *e, const char *name,
    char *buf, size_t size)
{
	struct error ignored;

	return o->has_meta && e->stage == ENTRY_UP && e->jid > 0 &&
	    live_marked(o, e->jid, e->token, buf, size, &ignored) == 0 &&
	    strcmp(buf, name) != 0 ? buf : NULL;
}

/* What is allowed to the jail beyond the letters of all. */
static void
more_letters(const struct managed *m, unsigned *letters)
{
	/* Somebody who asks for a restart overrides what the spec allows. */
	if (m->by_hand)
		*letters = LETTER_C | LETTER_R;
	/* What went down for another one comes back, whatever is allowed. */
	if (m->follows && *letters != LETTER_R)
		*letters |= LETTER_C;
	/* What -c or -rc asked for is done; now it is compared. */
	if (m->done && !m->by_hand && *letters != LETTER_R)
		*letters |= LETTER_M;
}

/* What is asked of a plan: what to do, or what would be to do if ... */
enum question {
	AS_IT_IS,
	IF_ADOPTED, /* ... the living jail were ours */
	IF_DOWN,    /* ... there were none, and it were to come up */
};

static void
input_of_question(struct plan_input *in, enum question question)
{
	if (question == IF_ADOPTED) {
		in->adopting = in->managed = true;
		in->applied = in->desired;
		in->other_set = in->unfinished = NULL;
	} else if (question == IF_DOWN) {
		in->down = true;
	}
}

/* `seen`: what live_digest says, or NULL. */
static int
plan(struct reconciler *r, const struct managed *m, enum question question,
    const struct plan_parent *parent, struct action *a, unsigned char *seen)
{
	const struct observer *o = r->shop.observer;
	const struct entry *e = inventory_find(r->shop.inventory, m->name);
	const struct standing_order *order = reconciler_standing(r, m);
	char path[1024], orders[ERROR_TEXT_MAX], jid_of[JAIL_NAME_MAX],
	    other[JAIL_NAME_MAX];
	struct live live;
	struct secrets secrets;
	struct text_list mounts = { 0 };
	struct error err, path_err, mounts_err;
	struct plan_input in = {
		.name = m->name,
		.desired = m->unwanted ? NULL : m->desired,
		.backend = o->kernel->backend->name,
		.params = &o->params,
		.parent = parent,
		.boot = o->boot,
		.letters = r->opt.letters,
		.prune = r->opt.prune && m->unwanted,
		.healing = (r->opt.healing || r->opt.for_agent) && !m->by_hand,
		.unhealthy = r->opt.healing && managed_health(m) ==
		    HEALTH_BAD ? health_text(m->health) : NULL,
	};
	int rc;

	error_clear(&err);
	if (order != NULL)
		*(order->kind == STANDING_PAUSE ? &in.paused : &in.stopped) =
		    standing_text(order, orders, sizeof orders);
	input_of_entry(&in, r, e);
	input_of_question(&in, question);
	if (in.desired != NULL) {
		in.path = canonical_path(o, &r->roots,
		    spec_text(in.desired, "path"), path, sizeof path,
		    &path_err) == 0 ? path : NULL;
		in.path_error = path_err.text;
		error_clear(&mounts_err);
		in.mounts = in.path != NULL && mounts_read(o, &r->roots,
		    in.desired, path, &mounts, &mounts_err) == 0 ? &mounts :
		    NULL;
		in.mounts_error = mounts_err.text;
	}
	if (secrets_open(r->shop.vault, o, &r->roots, in.desired,
	    &secrets) != 0) {
		text_list_free(&mounts);
		return -1;
	}
	in.revealed = secrets.revealed;
	in.seals = &secrets.seals;
	in.secret_error = secrets.err.code != 0 ? secrets.err.text : NULL;
	if (taken_jid(r, m, jid_of, sizeof jid_of))
		in.jid_of = jid_of;
	rc = live_read(o, m->name, in.desired, in.applied, &live, &err);
	if (rc > 0 && e != NULL)
		in.renamed = renamed_to(o, e, m->name, other, sizeof other);
	if (rc >= 0)
		more_letters(m, &in.letters);
	/* What would go down now comes up again, whatever is allowed. */
	if (rc == 0 && question == IF_DOWN)
		in.letters |= LETTER_C;
	in.live = rc == 0 && question != IF_DOWN ? &live : NULL;
	in.path_later = rc >= 0 && in.live == NULL && in.desired != NULL &&
	    in.path == NULL &&
	    path_err.code == ENOENT && has_early_hooks(in.desired);
	in.live_error = rc < 0 ? err.text : NULL;
	in.replaced = m->unwanted && in.live != NULL && e != NULL &&
	    !live_is_ours(&in) && owner_replaced(r, e);
	if (seen != NULL)
		live_digest(&live, seen);
	rc = host_decide(o, &r->addresses, e, &in, a);
	if (rc == 0 && in.live != NULL && question == AS_IT_IS)
		rc = lodgers_judge(r, m, &live, parent, a);
	live_free(&live);
	secrets_close(&secrets);
	text_list_free(&mounts);
	return rc;
}

int
reconciler_plan_in(struct reconciler *r, const struct managed *m,
    const struct plan_parent *parent, struct action *a)
{
	return plan(r, m, AS_IT_IS, parent, a, NULL);
}

static int
plan_nested(struct reconciler *r, const struct managed *m,
    enum question question, struct action *a, unsigned char *seen)
{
	struct around *around;
	int rc;

	if (around_read(r, m, &around) != 0)
		return -1;
	rc = plan(r, m, question, around_parent(around), a, seen);
	around_free(around);
	return rc;
}

int
reconciler_plan(struct reconciler *r, const struct managed *m,
    struct action *a)
{
	return plan_nested(r, m, AS_IT_IS, a, NULL);
}

int
reconciler_plan_seen(struct reconciler *r, const struct managed *m,
    struct action *a, unsigned char seen[LIVE_DIGEST])
{
	return plan_nested(r, m, AS_IT_IS, a, seen);
}

int
reconciler_plan_adopted(struct reconciler *r, const struct managed *m,
    struct action *a)
{
	return plan_nested(r, m, IF_ADOPTED, a, NULL);
}

int
reconciler_plan_anew(struct reconciler *r, const struct managed *m,
    struct action *a)
{
	return plan_nested(r, m, IF_DOWN, a, NULL);
}
