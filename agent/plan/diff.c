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

#include "agent/plan/aliases.h"
#include "agent/plan/defaults.h"
#include "agent/plan/hidden.h"
#include "agent/plan/limits.h"
#include "agent/plan/parent.h"
#include "kernel/fstab.h"

static bool
kernel_takes(const struct plan_input *in, const struct spec_param *p)
{
	return params_find(in->params,
	    p->def != NULL ? p->def->name : p->name) != NULL;
}

/* On Linux processes keep the rights with which they began. */
static bool
for_new_processes(const char *backend, const char *name)
{
	return strcmp(backend, "linux") == 0 &&
	    strcmp(name, "allow.raw_sockets") == 0;
}

enum change_how
change_how_live(const char *backend, const char *name,
    enum param_access access, const struct param_def *def)
{
	return for_new_processes(backend, name) || access != PARAM_RW ||
	    (def != NULL && def->class == PARAM_RESTART) ? HOW_RESTART :
	    HOW_LIVE;
}

/* Another name has other addresses, which are looked up by a start. */
static bool
is_looked_up(const struct plan_input *in, const char *name)
{
	return strcmp(name, "host.hostname") == 0 &&
	    spec_bool(in->desired, "ip_hostname");
}

static enum change_how
how_of(const struct plan_input *in, const struct spec_param *p)
{
	const struct param_def *def = p->def;

	if (for_new_processes(in->backend, p->name) || is_looked_up(in, p->name))
		return HOW_RESTART;
	if (kernel_takes(in, p))
		return change_how_live(in->backend, p->name, params_find(
		    in->params, def != NULL ? def->name : p->name)->access,
		    def);
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
	if (p->secret)
		p = spec_param_find(in->revealed, p->name);
	if (type != PARAM_IP4 && type != PARAM_IP6)
		return text_list_copy(texts, &p->value);
	for (size_t i = 0; i < p->value.count; i++) {
		if (address_part(p->value.text[i], address,
		    sizeof address) != 0 || text_list_add(texts, address) != 0)
			return out_of_memory(err);
	}
	return 0;
}

/* Whether a line of meta or env is said by a key of the spec. */
static bool
said_by_key(const struct spec *s, const char *base, const char *line,
    size_t len)
{
	size_t skip = strlen(base) + 1;

	for (size_t i = 0; s != NULL && i < s->count; i++) {
		const struct spec_param *p = &s->param[i];

		if (p->def != NULL && strcmp(p->def->name, base) == 0 &&
		    strlen(p->name) == skip + len &&
		    memcmp(p->name + skip, line, len) == 0)
			return true;
	}
	return false;
}

/*
 * The whole text of meta or env is compared without the lines that have a key
 * of their own in the wanted spec, or in that of the living jail (`applied`;
 * NULL for the wanted text), without the agent's mark, and without empty lines.
 */
static void
drop_keys(const struct plan_input *in, const struct spec *applied,
    const char *base, struct text_list *have)
{
	char *text = have->count == 1 ? have->text[0] : NULL, *to = text;

	while (text != NULL && *text != '\0') {
		size_t len = strcspn(text, "\n"), key = strcspn(text, "=\n");
		char *next = text + len + (text[len] == '\n');

		if (len > 0 && !said_by_key(in->desired, base, text, key) &&
		    !said_by_key(applied, base, text, key) &&
		    !(strcmp(base, "meta") == 0 &&
		    key == strlen(TOKEN_KEY) - strlen("meta.") &&
		    memcmp(text, &TOKEN_KEY[strlen("meta.")], key) == 0)) {
			memmove(to, text, (size_t)(next - text));
			to += next - text;
		}
		text = next;
	}
	if (to == NULL)
		return;
	*to = '\0';
	if (to > have->text[0] && to[-1] == '\n')
		to[-1] = '\0';
}

/* Such a jail gets the addresses that it lacks only when it is made anew. */
static bool
is_secluded(const struct plan_input *in, const struct spec_param *p)
{
	return in->live->secluded && (type_of(in, p) == PARAM_IP4 ||
	    type_of(in, p) == PARAM_IP6);
}

/*
 * What userland mounts elsewhere, and this kernel at creation alone (`mount.devfs`
 * on Linux), is mounted again where somebody has unmounted it.
 */
static bool
is_unmounted(const struct plan_input *in, const struct spec_param *p)
{
	const struct spec_param *old = in->applied == NULL ? NULL :
	    spec_param_find(in->applied, p->name);

	return p->def != NULL && p->def->class == PARAM_USERLAND &&
	    p->def->type == PARAM_BOOL && old != NULL &&
	    text_list_equal(&old->value, &p->value) &&
	    strcmp(p->value.text[0], "true") == 0;
}

static bool
is_whole_text(const struct spec_param *p)
{
	return p->def != NULL && p->def->type == PARAM_KEYVALUE &&
	    strcmp(p->def->name, p->name) == 0;
}

/*
 * The live value of a parameter, as it is compared: for a nested jail, as it is
 * when those around it have been changed.
 */
static int
live_value(const struct plan_input *in, const struct spec_param *p,
    struct text_list *have, struct error *err)
{
	if (live_texts(in->live, p->name, have, err) != 0)
		return -1;
	if (parent_follow(in->parent, p->name, have) != 0)
		return out_of_memory(err);
	if (is_whole_text(p))
		drop_keys(in, in->applied, p->name, have);
	return 0;
}

/* Nobody is shown the value. */
static int
mask(struct change *c, struct text_list *texts, struct error *err)
{
	c->secret = true;
	text_list_free(texts);
	return text_list_add(texts, SECRET_SHOWN) == 0 ? 0 :
	    out_of_memory(err);
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
	    live_value(in, p, &have, err) != 0)
		goto done;
	if (is_whole_text(p))
		drop_keys(in, NULL, p->name, &want);
	if (value_same(p->name, type_of(in, p), &want, &have)) {
		rc = 0;
		goto done;
	}
	c = action_add(out, p->name, is_secluded(in, p) ? HOW_RESTART :
	    is_unmounted(in, p) ? HOW_LIVE : how_of(in, p));
	if (c == NULL) {
		out_of_memory(err);
		goto done;
	}
	c->from = have;
	c->to = want;
	c->was_set = c->is_set = true;
	if (p->secret && mask(c, &c->to, err) != 0)
		return -1;
	return hidden_live(in->applied, p->name) ? mask(c, &c->from, err) : 0;
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
	c = action_add(out, p->name, how_of(in, p));
	if (c == NULL || text_list_copy(&c->to, &p->value) != 0)
		return out_of_memory(err);
	c->is_set = true;
	c->was_set = old != NULL;
	if (old != NULL && text_list_copy(&c->from, &old->value) != 0)
		return out_of_memory(err);
	return 0;
}

/*
 * Whether a parameter that left the spec is decided by another one in it, or
 * by the kernel alone: then its default is no wish.
 */
static bool
moot(const struct plan_input *in, const struct spec_param *old)
{
	static const char *const addresses[] = { "ip4", "ip4.addr", "ip6",
		"ip6.addr" };
	const char *host = spec_text(in->desired, "host");
	const char *vnet = spec_text(in->desired, "vnet");

	/* Any jid will do. */
	if (strcmp(old->name, "jid") == 0)
		return true;
	if (strncmp(old->name, "host.", 5) == 0)
		return strcmp(host, "inherit") == 0;
	for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++)
		if (strcmp(old->name, addresses[i]) == 0)
			return strcmp(vnet, "new") == 0;
	return false;
}

/* A parameter that left the spec goes back to its default. */
static int
diff_left(const struct plan_input *in, const struct spec_param *old,
    struct action *out, struct error *err)
{
	bool key = old->def != NULL && strcmp(old->def->name, old->name) != 0;
	struct text_list have = { 0 }, want = { 0 };
	struct change *c;
	bool known;

	if (old->def == NULL || default_texts(in, old->def, key, &want,
	    &known) != 0)
		return old->def == NULL ? 0 : out_of_memory(err);
	if (kernel_takes(in, old)) {
		if (live_value(in, old, &have, err) != 0) {
			text_list_free(&want);
			return -1;
		}
		if (value_same(old->name, old->def->type, &want, &have) ||
		    (!known && default_surely(old->def, &have))) {
			text_list_free(&want);
			text_list_free(&have);
			return 0;
		}
	} else if (text_list_copy(&have, &old->value) != 0)
		return out_of_memory(err);
	c = action_add(out, old->name, how_of(in, old));
	if (c == NULL)
		return out_of_memory(err);
	c->from = have;
	c->to = want;
	c->was_set = true;
	if (old->secret && mask(c, &c->from, err) != 0)
		return -1;
	if (kernel_takes(in, old) && !known)
		c->how = HOW_RESTART;
	return 0;
}

/* The seal of the same name, NULL if there was none. */
static const char *
seal_of(const struct text_list *seals, const char *seal)
{
	size_t len = strcspn(seal, " ") + 1;

	for (size_t i = 0; seals != NULL && i < seals->count; i++)
		if (strncmp(seals->text[i], seal, len) == 0)
			return seals->text[i];
	return NULL;
}

static bool
is_listed(const struct action *a, const char *name, size_t len)
{
	for (size_t i = 0; i < a->count; i++)
		if (strncmp(a->change[i].name, name, len) == 0 &&
		    a->change[i].name[len] == '\0')
			return true;
	return false;
}

/*
 * Secrets that are others than when the spec was applied: those of the
 * environment, which no kernel shows.
 */
static int
diff_secrets(const struct plan_input *in, struct action *out,
    struct error *err)
{
	const struct text_list *is = in->seals;

	for (size_t i = 0; is != NULL && i < is->count; i++) {
		const char *was = seal_of(in->applied_seals, is->text[i]);
		size_t len = strcspn(is->text[i], " ");
		struct change *c;
		char *name;

		if (was == NULL || strcmp(was, is->text[i]) == 0 ||
		    is_listed(out, is->text[i], len))
			continue;
		name = strndup(is->text[i], len);
		c = name == NULL ? NULL : action_add(out, name, HOW_USERLAND);
		free(name);
		if (c == NULL)
			return out_of_memory(err);
		c->was_set = c->is_set = true;
		if (mask(c, &c->from, err) != 0 || mask(c, &c->to, err) != 0)
			return -1;
	}
	return 0;
}

int
diff_agent(const struct plan_input *in, struct action *out, struct error *err)
{
	const struct spec *a = in->applied, *d = in->desired;
	struct change *c;

	if (out->count > 0 || (a != NULL && spec_same(a, d)))
		return 0;
	if (a == NULL || text_list_equal(&a->depend, &d->depend))
		return action_add(out, CHANGE_AGENT, HOW_USERLAND) == NULL ?
		    out_of_memory(err) : 0;
	c = action_add(out, "depend", HOW_USERLAND);
	if (c == NULL || text_list_copy(&c->from, &a->depend) != 0 ||
	    text_list_copy(&c->to, &d->depend) != 0)
		return out_of_memory(err);
	c->was_set = c->is_set = true;
	return 0;
}

/* Whether what differs can be mounted and unmounted while the jail runs. */
static bool
mounts_can_change(const struct text_list *from, const struct text_list *to)
{
	bool *flags = calloc(from->count + to->count + 1, sizeof *flags), can;

	can = flags != NULL && fstab_difference(from, to, flags,
	    flags + from->count);
	free(flags);
	return can;
}

/* What `mount` and the files of mount.fstab say, against what is mounted. */
static int
diff_mounts(const struct plan_input *in, struct action *out,
    struct error *err)
{
	struct text_list have;
	struct change *c;

	if (params_find(in->params, "mount") == NULL)
		return 0;
	if (live_texts(in->live, "mount", &have, err) != 0)
		return -1;
	if (text_list_equal(&have, in->mounts)) {
		text_list_free(&have);
		return 0;
	}
	c = action_add(out, "mount", mounts_can_change(&have, in->mounts) ?
	    HOW_LIVE : HOW_RESTART);
	if (c == NULL) {
		text_list_free(&have);
		return out_of_memory(err);
	}
	c->from = have;
	c->was_set = c->is_set = true;
	return text_list_copy(&c->to, in->mounts) == 0 ? 0 :
	    out_of_memory(err);
}

/*
 * Interfaces, prefixes and words of addresses, which the kernel does not see,
 * against what was last applied.
 */
static int
diff_aliases(const struct plan_input *in, struct action *out,
    struct error *err)
{
	struct text_list was = { 0 }, want = { 0 };
	size_t spare = in->spare != NULL ? in->spare->count : 0;
	struct change *c = NULL;
	int rc = 0;

	if (in->applied == NULL)
		return 0;
	if (aliases_left(in->applied, in->lost, &was, err) != 0 ||
	    aliases_left(in->desired, NULL, &want, err) != 0)
		rc = -1;
	for (size_t i = 0; rc == 0 && i < spare; i++)
		if (text_list_add(&was, in->spare->text[i]) != 0)
			rc = out_of_memory(err);
	if (rc == 0 && !text_list_equal(&was, &want) &&
	    (c = action_add(out, "interface", HOW_USERLAND)) == NULL)
		rc = out_of_memory(err);
	if (c == NULL) {
		text_list_free(&was);
		text_list_free(&want);
		return rc;
	}
	c->from = was;
	c->to = want;
	c->was_set = c->is_set = true;
	return 0;
}

/* A kernel that mounts is asked what is mounted: see diff_mounts. */
static bool
compared(const struct plan_input *in, const struct spec_param *p)
{
	static const char *const apart[] = { "name", "depend", "interface" };
	static const char *const mounts[] = { "mount", "mount.fstab" };

	for (size_t i = 0; i < sizeof apart / sizeof *apart; i++)
		if (strcmp(p->name, apart[i]) == 0)
			return false;
	for (size_t i = 0; i < 2; i++)
		if (strcmp(p->name, mounts[i]) == 0)
			return params_find(in->params, "mount") == NULL;
	return true;
}

int
diff_jail(const struct plan_input *in, struct action *out, struct error *err)
{
	const struct spec *d = in->desired, *a = in->applied;

	for (size_t i = 0; i < d->count; i++) {
		const struct spec_param *p = &d->param[i];

		if (!compared(in, p))
			continue;
		if ((kernel_takes(in, p) ? diff_live : diff_applied)(in, p,
		    out, err) != 0)
			return -1;
	}
	for (size_t i = 0; a != NULL && i < a->count; i++) {
		const struct spec_param *p = &a->param[i];

		if (compared(in, p) && spec_param_find(d, p->name) == NULL &&
		    !moot(in, p) && diff_left(in, p, out, err) != 0)
			return -1;
	}
	if (diff_aliases(in, out, err) != 0 ||
	    diff_mounts(in, out, err) != 0 ||
	    limits_diff(in, out, err) != 0 || diff_secrets(in, out, err) != 0)
		return -1;
	return diff_agent(in, out, err);
}
