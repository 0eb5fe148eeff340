/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/daemon/record.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/base/buffer.h"
#include "agent/reconcile/secrets.h"

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

/* Hides what keys say that the spec has a secret for, in the text of `base`. */
static int
hide_lines(const struct spec *s, const char *base, char **text)
{
	size_t skip = strlen(base) + 1;
	char *next = *text, *line;
	struct buffer b = { .data = NULL };

	while ((line = strsep(&next, "\n")) != NULL) {
		size_t len = strcspn(line, "=");
		bool secret = false;

		for (size_t i = 0; i < s->count; i++)
			secret |= s->param[i].secret &&
			    strncmp(s->param[i].name, base, skip - 1) == 0 &&
			    strlen(s->param[i].name) == skip + len &&
			    memcmp(s->param[i].name + skip, line, len) == 0;
		buffer_printf(&b, "%.*s%s%s%s", (int)len, line,
		    line[len] == '=' ? "=" : "", secret ? SECRET_SHOWN :
		    line[len] == '=' ? line + len + 1 : "",
		    next != NULL ? "\n" : "");
	}
	sodium_memzero(*text, strlen(*text));
	free(*text);
	*text = buffer_take(&b, NULL);
	buffer_free(&b);
	return *text != NULL ? 0 : -1;
}

/*
 * Snapshots are for everybody to read.  What was applied counts as well as what
 * is wanted: a secret that the spec does not say any more is there for a while.
 */
static int
hide_secrets(const struct managed *m, const struct spec *applied,
    struct snapshot_param *p)
{
	const struct spec *specs[] = { m->desired, applied };
	const struct param_def *def = param_find(p->name);

	if (def == NULL || def->type != PARAM_KEYVALUE || p->value.count != 1)
		return 0;
	for (size_t i = 0; i < sizeof specs / sizeof *specs; i++)
		if (specs[i] != NULL && hide_lines(specs[i], p->name,
		    &p->value.text[0]) != 0)
			return -1;
	return 0;
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
record_params(const struct reconciler *r, const struct managed *m,
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
		if (rc == 0 && hide_secrets(m, applied, p) != 0)
			rc = error_sys(err, ENOMEM, "snapshot");
		j->count++;
	}
	live_free(&live);
	return rc;
}

static int
record_jail(const struct reconciler *r, const struct entry *e,
    struct snapshot_jail *j, struct error *err)
{
	const struct managed *m = reconciler_jail((struct reconciler *)r,
	    e->name, false);
	enum jail_state state = m == NULL ? STATE_MATCHING :
	    m->hold != NULL ? STATE_HELD : m->state;

	j->name = strdup(e->name);
	j->state = strdup(jail_state_word[state]);
	j->set = strdup(e->set);
	j->token = strdup(e->token);
	j->spec_digest = digest_text(r, m != NULL ? m->desired : NULL, NULL);
	j->applied_digest = digest_text(r, e->applied, &e->seals);
	j->error = strdup(state == STATE_FAILED && m->reason != NULL ?
	    m->reason : "");
	if (j->name == NULL || j->state == NULL || j->set == NULL ||
	    j->token == NULL || j->spec_digest == NULL ||
	    j->applied_digest == NULL || j->error == NULL)
		return error_sys(err, ENOMEM, "snapshot");
	return m != NULL ? record_params(r, m, e->applied, j, err) : 0;
}

int
record_state(const struct reconciler *r, const char *revision,
    struct snapshot *s, struct error *err)
{
	const struct inventory *inv = r->shop.inventory;
	char host[256] = "";

	memset(s, 0, sizeof *s);
	gethostname(host, sizeof host - 1);
	memset(s->previous, '0', sizeof s->previous - 1);
	s->host = strdup(host);
	s->boot = strdup(r->shop.observer->boot);
	s->kernel = strdup(r->shop.observer->kernel->backend->name);
	s->revision = strdup(revision);
	s->set = strdup(r->shop.set);
	s->jail = calloc(inv->count + 1, sizeof *s->jail);
	if (s->host == NULL || s->boot == NULL || s->kernel == NULL ||
	    s->revision == NULL || s->set == NULL || s->jail == NULL) {
		snapshot_free(s);
		return error_sys(err, ENOMEM, "snapshot");
	}
	for (size_t i = 0; i < inv->count; i++) {
		s->count++;
		if (record_jail(r, inv->entry[i], &s->jail[i], err) != 0) {
			snapshot_free(s);
			return -1;
		}
	}
	return 0;
}
