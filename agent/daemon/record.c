/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/daemon/record.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

static char *
digest_text(const struct spec *s)
{
	char *hex = malloc(2 * SPEC_DIGEST_SIZE + 1);

	if (hex == NULL || s == NULL) {
		free(hex);
		return s == NULL ? strdup("") : NULL;
	}
	return sodium_bin2hex(hex, 2 * SPEC_DIGEST_SIZE + 1, s->digest,
	    SPEC_DIGEST_SIZE);
}

static int
record_params(const struct reconciler *r, const struct managed *m,
    struct snapshot_jail *j, struct error *err)
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
	j->spec_digest = digest_text(m != NULL ? m->desired : NULL);
	j->applied_digest = digest_text(e->applied);
	j->error = strdup(state == STATE_FAILED && m->reason != NULL ?
	    m->reason : "");
	if (j->name == NULL || j->state == NULL || j->set == NULL ||
	    j->token == NULL || j->spec_digest == NULL ||
	    j->applied_digest == NULL || j->error == NULL)
		return error_sys(err, ENOMEM, "snapshot");
	return m != NULL ? record_params(r, m, j, err) : 0;
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
