/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/daemon/record.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "agent/base/buffer.h"
#include "agent/daemon/shown.h"
#include "agent/plan/hidden.h"
#include "agent/reconcile/secrets.h"
#include "agent/reconcile/unrecorded.h"
#include "agent/sign/defaults.h"
#include "agent/sign/signer_state.h"

/* What there is to be said of a jail. */
enum { RECORD_WHOLE = 0, RECORD_GONE = 1, RECORD_UNREADABLE = 2 };

/* What changes by itself, or is said elsewhere in the record. */
static bool
left_out(const char *name)
{
	static const char *const names[] = { "children.cur", "cpuset.id",
		"dying", "jid", "meta", "name", "parent" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

/* Whether a line of meta or env is shown to nobody. */
static bool
is_hidden(const struct spec *wanted, const struct spec *applied,
    const char *base, const char *key, size_t len)
{
	const struct spec_param *p;
	struct buffer name = { .data = NULL };
	bool hidden = true;
	char *text;

	buffer_printf(&name, "%s.%.*s", base, (int)len, key);
	text = buffer_take(&name, NULL);
	if (text != NULL) {
		p = wanted == NULL ? NULL : spec_param_find(wanted, text);
		hidden = (p != NULL && p->secret) ||
		    hidden_live(applied, text);
	}
	free(text);
	buffer_free(&name);
	return hidden;
}

/*
 * Snapshots are for everybody to read.  What was applied counts as well as what
 * is wanted: a secret that the spec does not say any more is there for a while.
 */
static int
hide_secrets(const struct spec *wanted, const struct spec *applied,
    struct snapshot_param *p)
{
	const struct param_def *def = param_find(p->name);
	struct buffer b = { .data = NULL };
	char *next, *line;

	if (def == NULL || def->type != PARAM_KEYVALUE || p->value.count != 1)
		return 0;
	next = p->value.text[0];
	while ((line = strsep(&next, "\n")) != NULL) {
		size_t len = strcspn(line, "=");

		buffer_printf(&b, "%.*s%s%s%s", (int)len, line,
		    line[len] == '=' ? "=" : "", line[len] == '\0' ? "" :
		    is_hidden(wanted, applied, p->name, line, len) ?
		    SECRET_SHOWN : line + len + 1, next != NULL ? "\n" : "");
		sodium_memzero(line, strlen(line));
	}
	free(p->value.text[0]);
	p->value.text[0] = buffer_take(&b, NULL);
	buffer_free(&b);
	return p->value.text[0] != NULL ? 0 : -1;
}

/* The digest of what is wanted, or of what was applied with these seals. */
static char *
digest_text(const struct reconciler *r, const struct spec *s,
    const struct text_list *seals)
{
	char *hex = malloc(2 * SPEC_DIGEST_SIZE + 1);

	if (hex != NULL)
		*hex = '\0';
	return hex == NULL || s == NULL ? hex : reconciler_digest(r, s, seals,
	    hex);
}

static int
record_params(struct reconciler *r, const struct managed *m,
    const struct spec *applied, struct snapshot_jail *j, struct error *err)
{
	const struct jail_params *params = &r->shop.observer->params;
	struct live live;
	int rc = live_read(r->shop.observer, m->name, NULL, NULL, &live, err);

	if (rc != 0)
		return rc < 0 ? -1 : 0;
	j->jid = live.jid;
	j->param = calloc(params->count, sizeof *j->param);
	if (j->param == NULL)
		rc = error_sys(err, ENOMEM, "snapshot");
	for (size_t i = 0; rc == 0 && i < params->count; i++) {
		struct snapshot_param *p = &j->param[j->count];

		if (left_out(params->info[i].name))
			continue;
		p->name = strdup(params->info[i].name);
		rc = p->name == NULL ? error_sys(err, ENOMEM, "snapshot") :
		    live_texts(&live, p->name, &p->value, err);
		if (rc == 0 && hide_secrets(m->desired, applied, p) != 0)
			rc = error_sys(err, ENOMEM, "snapshot");
		j->count++;
	}
	live_free(&live);
	if (rc == 0 && defaults_take_out(&r->defaults, j) == -1)
		rc = error_sys(err, ENOMEM, "snapshot");
	return rc;
}

/* Why a jail is not as it should be, as far as that stays the same. */
static const char *
reason_of(const struct managed *m, enum jail_state state)
{
	bool told = state == STATE_FAILED || state == STATE_BLOCKED ||
	    state == STATE_CONFLICT;

	return told && m->reason != NULL ? m->reason : "";
}

/* One that cannot be read is no reason to say nothing of all others. */
static int
say_unreadable(struct snapshot_jail *j, struct error *err)
{
	struct snapshot_params read = { j->param, j->count };

	snapshot_params_free(&read);
	j->param = NULL;
	j->count = 0;
	free(j->state);
	free(j->error);
	j->state = strdup(jail_state_word[STATE_FAILED]);
	j->error = strdup(err->text);
	return j->state != NULL && j->error != NULL ? 0 :
	    error_sys(err, ENOMEM, "snapshot");
}

/* What is known of the directory of specs. */
struct files {
	const struct scan *scan; /* NULL: nothing */
	bool unseen;
};

/* As users are told. */
static enum jail_state
state_of(const struct reconciler *r, const struct files *f,
    const struct managed *m)
{
	char why[ERROR_TEXT_MAX];
	enum jail_state state;

	if (m == NULL)
		return STATE_MATCHING;
	/* What the revision does not say is on its way out, held or kept. */
	if (m->absent_at != 0 && m->hold == NULL && !m->unwanted && !f->unseen)
		return STATE_PROGRESSING;
	/* What its state was by another spec says nothing of this one. */
	state = shown_state(r, f->scan, m, m->fresh ? STATE_PROGRESSING :
	    m->state, why, sizeof why);
	return f->unseen ? shown_unseen(m, state) : state;
}

/* One of both may be NULL: what is not made yet, what belongs to another set */
static int
record_jail(struct reconciler *r, const struct files *f, const struct entry *e,
    const struct managed *m, struct snapshot_jail *j, struct error *err)
{
	enum jail_state state = state_of(r, f, m);

	j->name = strdup(e != NULL ? e->name : m->name);
	j->state = strdup(jail_state_word[state]);
	j->set = strdup(e != NULL ? e->set : r->shop.set);
	j->token = strdup(e != NULL ? e->token : "");
	j->spec_digest = digest_text(r, m != NULL ?
	    managed_said(m) : NULL, NULL);
	j->applied_digest = digest_text(r, e != NULL ? e->applied : NULL,
	    e != NULL ? &e->seals : NULL);
	j->error = strdup(m != NULL ? reason_of(m, state) : "");
	if (j->name == NULL || j->state == NULL || j->set == NULL ||
	    j->token == NULL || j->spec_digest == NULL ||
	    j->applied_digest == NULL || j->error == NULL)
		return error_sys(err, ENOMEM, "snapshot");
	if (m == NULL || e == NULL ||
	    record_params(r, m, e->applied, j, err) == 0)
		return 0;
	return err->code == ENOMEM || say_unreadable(j, err) != 0 ? -1 :
	    RECORD_UNREADABLE;
}

/* RECORD_GONE: there is nothing to be said of it any more. */
static int
read_jail(struct reconciler *r, const struct files *f, const char *name,
    struct snapshot_jail *j, struct error *err)
{
	const struct entry *e = inventory_find(r->shop.inventory, name);
	const struct managed *m = reconciler_find(r, name);

	if (e != NULL || (m != NULL && m->desired != NULL))
		return record_jail(r, f, e, m, j, err);
	j->name = strdup(name);
	return j->name == NULL ? error_sys(err, ENOMEM, "snapshot") :
	    RECORD_GONE;
}

/* In doubt whose jails there are nothing is known to be gone. */
static enum copies_what
copy_of(const struct inventory *inv, const char *name)
{
	if (inventory_find(inv, name) != NULL)
		return COPIES_MAKE;
	return inv->doubt == NULL ? COPIES_REMOVE : COPIES_NOTHING;
}

int
record_next(struct reconciler *r, const struct scan *s, bool unseen,
    struct bytes_out *b, struct error *err)
{
	const struct files files = { s, unseen };
	const char *name = unrecorded_first(r);
	struct snapshot_jail j = { .name = NULL };
	struct managed *m;
	int rc, encoded = -1;

	if (name == NULL)
		return 0;
	b->len = 0;
	b->failed = false;
	rc = read_jail(r, &files, name, &j, err);
	if (rc >= 0)
		encoded = signer_jail_encode(b, &j, &r->defaults,
		    rc == RECORD_GONE, copy_of(r->shop.inventory, name), err);
	snapshot_jail_free(&j);
	if (encoded != 0)
		return -1;
	m = rc == RECORD_UNREADABLE ? reconciler_jail(r, name, false) : NULL;
	/* Whatever the next look sees is new, so it is recorded again. */
	if (m != NULL)
		memset(m->seen, 0, sizeof m->seen);
	unrecorded_take(r);
	return 1;
}

int
record_heading(const struct reconciler *r, const char *revision,
    struct bytes_out *b, struct error *err)
{
	char host[256] = "";
	/* Only read by who encodes it. */
	struct snapshot s = {
		.host = host,
		.boot = (char *)(uintptr_t)r->shop.observer->boot,
		.kernel = (char *)(uintptr_t)
		    r->shop.observer->kernel->backend->name,
		.revision = (char *)(uintptr_t)revision,
		.set = (char *)(uintptr_t)r->shop.set,
		.taken = (int64_t)time(NULL),
		.defaults = r->defaults,
	};

	gethostname(host, sizeof host - 1);
	b->len = 0;
	b->failed = false;
	signer_heading_encode(b, &s);
	return b->failed ? error_sys(err, ENOMEM, "snapshot") : 0;
}
