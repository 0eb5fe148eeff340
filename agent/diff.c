/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The three-way difference (design: "What a change does"): what the spec says,
 * what was last applied, what the kernel shows.  A parameter that neither says
 * is nobody's business here.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plan.h"

static struct change *
add_change(struct action *a, const char *name, enum change_how how)
{
	struct change *c = realloc(a->change, (a->count + 1) * sizeof *c);

	if (c == NULL)
		return NULL;
	a->change = c;
	c += a->count;
	memset(c, 0, sizeof *c);
	c->name = strdup(name);
	if (c->name == NULL)
		return NULL;
	c->how = how;
	a->count++;
	return c;
}

static bool
kernel_takes(const struct plan_input *in, const struct spec_param *p)
{
	return params_find(in->params,
	    p->def != NULL ? p->def->name : p->name) != NULL;
}

static enum change_how
how_of(const struct plan_input *in, const struct spec_param *p)
{
	const struct param_def *def = p->def;

	if (kernel_takes(in, p)) {
		const struct jail_param_info *info = params_find(in->params,
		    def != NULL ? def->name : p->name);

		if (info->access != PARAM_RW)
			return HOW_RESTART;
		return def != NULL && def->class == PARAM_RESTART ?
		    HOW_RESTART : HOW_LIVE;
	}
	switch (def->class) {
	case PARAM_RESTART:
	case PARAM_WORKLOAD:
	case PARAM_USERLAND:
		return HOW_RESTART;
	default:
		return HOW_USERLAND;
	}
}

static int
out_of_memory(struct error *err)
{
	return error_sys(err, ENOMEM, "plan");
}

static enum param_type
type_of(const struct plan_input *in, const struct spec_param *p)
{
	const struct jail_param_info *info;

	if (p->def != NULL)
		return p->def->type;
	info = params_find(in->params, p->name);
	return info != NULL ? info->type : PARAM_STRING;
}

/* What the spec wants of a parameter, in the form in which it reads back. */
static int
wanted(const struct plan_input *in, const struct spec_param *p,
    struct text_list *texts, struct error *err)
{
	enum param_type type = type_of(in, p);
	char address[128];

	memset(texts, 0, sizeof *texts);
	if (strcmp(p->name, "path") == 0 && in->path != NULL)
		return text_list_add(texts, in->path);
	if (type != PARAM_IP4 && type != PARAM_IP6)
		return text_list_copy(texts, &p->value);
	for (size_t i = 0; i < p->value.count; i++) {
		if (address_part(p->value.text[i], address,
		    sizeof address) != 0 || text_list_add(texts, address) != 0)
			return out_of_memory(err);
	}
	return 0;
}

/* A parameter of the spec that the kernel knows: against the live value. */
static int
diff_live(const struct plan_input *in, const struct spec_param *p,
    struct action *out, struct error *err)
{
	struct text_list want, have;
	struct change *c = NULL;
	int rc = -1;

	memset(&have, 0, sizeof have);
	if (wanted(in, p, &want, err) != 0 ||
	    live_texts(in->live, p->name, &have, err) != 0)
		goto done;
	if (value_same(p->name, type_of(in, p), &want, &have)) {
		rc = 0;
		goto done;
	}
	c = add_change(out, p->name, how_of(in, p));
	if (c == NULL) {
		out_of_memory(err);
		goto done;
	}
	c->from = have;
	c->to = want;
	c->was_set = c->is_set = true;
	return 0;
done:
	text_list_free(&want);
	text_list_free(&have);
	return rc;
}

/* One that only the agent knows: against what was last applied. */
static int
diff_applied(const struct plan_input *in, const struct spec_param *p,
    struct action *out, struct error *err)
{
	const struct spec_param *old = in->applied == NULL ? NULL :
	    spec_param_find(in->applied, p->name);
	struct change *c;

	if (in->applied == NULL ||
	    (old != NULL && text_list_equal(&old->value, &p->value)))
		return 0;
	c = add_change(out, p->name, how_of(in, p));
	if (c == NULL || text_list_copy(&c->to, &p->value) != 0)
		return out_of_memory(err);
	c->is_set = true;
	c->was_set = old != NULL;
	if (old != NULL && text_list_copy(&c->from, &old->value) != 0)
		return out_of_memory(err);
	return 0;
}

/*
 * The value that a parameter goes back to.  Where the table has none (the
 * parent's), booleans of allow.* are on and anything else takes a restart.
 */
static const char *
default_of(const struct param_def *def)
{
	if (def->dflt != NULL)
		return def->dflt;
	return def->type == PARAM_BOOL ? "true" : NULL;
}

static int
default_texts(const struct param_def *def, bool key, struct text_list *texts)
{
	const char *d = key ? "" : default_of(def);

	if (d == NULL || key || (d[0] == '\0' && (def->type == PARAM_IP4 ||
	    def->type == PARAM_IP6 || def->type == PARAM_LIST)))
		return 0;
	return text_list_add(texts, d);
}

/* A parameter that left the spec goes back to its default. */
static int
diff_left(const struct plan_input *in, const struct spec_param *old,
    struct action *out, struct error *err)
{
	bool key = old->def != NULL && strcmp(old->def->name, old->name) != 0;
	struct text_list have, want;
	struct change *c;

	memset(&have, 0, sizeof have);
	memset(&want, 0, sizeof want);
	if (old->def == NULL || default_texts(old->def, key, &want) != 0)
		return old->def == NULL ? 0 : out_of_memory(err);
	if (kernel_takes(in, old)) {
		if (live_texts(in->live, old->name, &have, err) != 0)
			return -1;
		if (value_same(old->name, old->def->type, &want, &have)) {
			text_list_free(&want);
			text_list_free(&have);
			return 0;
		}
	} else if (text_list_copy(&have, &old->value) != 0)
		return out_of_memory(err);
	c = add_change(out, old->name, how_of(in, old));
	if (c == NULL)
		return out_of_memory(err);
	c->from = have;
	c->to = want;
	c->was_set = true;
	if (kernel_takes(in, old) && !key && default_of(old->def) == NULL)
		c->how = HOW_RESTART;
	return 0;
}

/* Settings of the agent itself: nothing to do but to take them over. */
static int
diff_agent(const struct plan_input *in, struct action *out, struct error *err)
{
	const struct spec *a = in->applied, *d = in->desired;
	struct change *c;

	if (a == NULL || out->count > 0 ||
	    memcmp(a->digest, d->digest, SPEC_DIGEST_SIZE) == 0)
		return 0;
	c = add_change(out, text_list_equal(&a->depend, &d->depend) ?
	    "agent" : "depend", HOW_USERLAND);
	if (c == NULL || text_list_copy(&c->from, &a->depend) != 0 ||
	    text_list_copy(&c->to, &d->depend) != 0)
		return out_of_memory(err);
	c->was_set = c->is_set = true;
	return 0;
}

static bool
compared(const struct spec_param *p)
{
	return strcmp(p->name, "name") != 0 && strcmp(p->name, "depend") != 0;
}

int
diff_jail(const struct plan_input *in, struct action *out, struct error *err)
{
	const struct spec *d = in->desired, *a = in->applied;

	for (size_t i = 0; i < d->count; i++) {
		const struct spec_param *p = &d->param[i];

		if (!compared(p))
			continue;
		if ((kernel_takes(in, p) ? diff_live : diff_applied)(in, p,
		    out, err) != 0)
			return -1;
	}
	for (size_t i = 0; a != NULL && i < a->count; i++) {
		const struct spec_param *p = &a->param[i];

		if (compared(p) && spec_param_find(d, p->name) == NULL &&
		    diff_left(in, p, out, err) != 0)
			return -1;
	}
	return diff_agent(in, out, err);
}
