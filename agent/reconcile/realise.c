/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/reconcile/realise.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/plan/limits.h"

static int
no_memory(const char *name, struct error *err)
{
	return error_sys(err, ENOMEM, "%s", name);
}

/* Appends one parameter with its canonical texts. */
static int
add_value(struct jail_call *c, const struct observer *o, const char *name,
    const struct text_list *texts, struct error *err)
{
	const struct param_def *def = param_find(name);
	const struct jail_param_info *info = params_find(&o->params,
	    def != NULL ? def->name : name);
	enum param_type type = info != NULL ? info->type : PARAM_STRING;
	struct text_list bare = { NULL, 0 };
	void *data = NULL;
	size_t len = 0;
	int rc = -1;

	if (type == PARAM_BOOL)
		return call_add_bool(c, name, texts->count == 0 ||
		    strcmp(texts->text[0], "true") == 0) == 0 ? 0 :
		    no_memory(name, err);
	for (size_t i = 0; (type == PARAM_IP4 || type == PARAM_IP6) &&
	    i < texts->count; i++) {
		char address[128];

		if (address_part(texts->text[i], address,
		    sizeof address) != 0 || text_list_add(&bare, address) != 0)
			goto done;
	}
	if (value_import(type == PARAM_KEYVALUE ? PARAM_STRING : type,
	    bare.count > 0 ? &bare : texts, &data, &len, err) != 0)
		goto done;
	rc = call_add(c, name, data, len) == 0 ? 0 : no_memory(name, err);
done:
	free(data);
	text_list_free(&bare);
	return rc;
}

/*
 * Parameters that the call carries in a form of its own, and the default of
 * vnet, which the kernel refuses beside addresses as it does `new`.
 */
static bool
carried(const struct spec_param *p)
{
	return strcmp(p->name, "name") == 0 ||
	    strcmp(p->name, "persist") == 0 || strcmp(p->name, "depend") == 0 ||
	    strcmp(p->name, "mount") == 0 || (strcmp(p->name, "vnet") == 0 &&
	    p->value.count > 0 && strcmp(p->value.text[0], "inherit") == 0);
}

static int
add_spec(struct jail_call *c, const struct observer *o, const struct spec *s,
    struct error *err)
{
	for (size_t i = 0; i < s->count; i++) {
		const struct spec_param *p = &s->param[i];
		const char *base = p->def != NULL ? p->def->name : p->name;

		if (carried(p) || params_find(&o->params, base) == NULL)
			continue;
		if (add_value(c, o, p->name, &p->value, err) != 0)
			return -1;
	}
	return 0;
}

/* FreeBSD 13 leaves a dying jail its jid. */
static void
explain_dying(const struct observer *o, int jid, struct error *err)
{
	char key[] = "jid";
	struct iovec iov[] = { { key, sizeof key }, { &jid, sizeof jid } };
	const struct jail_backend *b = o->kernel->backend;

	if (b->get(o->kernel, iov, 2, 0) < 0 &&
	    b->get(o->kernel, iov, 2, JAIL_DYING) == jid)
		(void)error_set(err, EEXIST, "jid %d still belongs to a jail "
		    "that is dying, because a connection or a process that "
		    "was not waited for holds it; it is tried again, or choose "
		    "another jid", jid);
}

int
realise_create(const struct observer *o, const struct spec *s,
    const struct text_list *mounts, const char *token, int *jid, struct error *err)
{
	struct jail_call c = { 0 };
	int rc = -1, n;

	if (call_add_text(&c, "name", s->name) != 0 ||
	    call_add_bool(&c, "persist", true) != 0) {
		no_memory(s->name, err);
		goto done;
	}
	if (add_spec(&c, o, s, err) != 0)
		goto done;
	if (mounts->count > 0 && params_find(&o->params, "mount") != NULL &&
	    add_value(&c, o, "mount", mounts, err) != 0)
		goto done;
	if (o->has_meta && call_add_text(&c, TOKEN_KEY, token) != 0) {
		no_memory(s->name, err);
		goto done;
	}
	n = call_set(o->kernel, &c, JAIL_CREATE, err);
	if (n > 0) {
		*jid = n;
		rc = 0;
	} else if (err->code == EEXIST && spec_text(s, "jid") != NULL)
		explain_dying(o, (int)spec_int(s, "jid"), err);
done:
	call_finish(&c);
	return rc;
}

static int
another(struct error *err)
{
	return error_set(err, ESTALE, "the jail of that name is another one "
	    "now; it is left alone");
}

/* Whether the jail of this name is the entry's: 0, -1 with err. */
static int
check_identity(const struct observer *o, int jid, const struct entry *e,
    bool *gone, struct error *err)
{
	struct live live;
	bool same;
	int rc = live_read(o, e->name, NULL, NULL, &live, err);

	*gone = rc > 0;
	if (rc != 0)
		return rc < 0 ? -1 : 0;
	same = live.jid == jid &&
	    live_is(&live, o->has_meta, e->token, jid, e->path);
	live_free(&live);
	return same ? 0 : another(err);
}

int
realise_path(const struct observer *o, int jid, struct entry *e,
    struct error *err)
{
	struct live live;
	int rc;

	if (o->has_meta)
		return 0;
	rc = live_read(o, e->name, NULL, NULL, &live, err);
	if (rc != 0)
		return rc < 0 ? -1 : 0; /* the next look finds that it ended */
	if (live.jid != jid)
		rc = another(err);
	else if (entry_path(e, live.path) != 0)
		rc = error_sys(err, ENOMEM, "%s", e->name);
	live_free(&live);
	return rc;
}

int
realise_settle(const struct observer *o, const struct spec *s, int jid,
    const struct entry *e, struct error *err)
{
	struct jail_call c = { 0 };
	bool gone;
	int rc = -1;

	if (spec_bool(s, "persist"))
		return 0;
	if (check_identity(o, jid, e, &gone, err) != 0)
		return -1;
	if (call_add_text(&c, "name", s->name) != 0 ||
	    call_add_bool(&c, "persist", false) != 0)
		no_memory(s->name, err);
	else
		rc = call_set(o->kernel, &c, JAIL_UPDATE, err) > 0 ? 0 :
		    error_wrap(err, "taking persist back");
	call_finish(&c);
	return rc;
}

/* Whether a change is of the whole text of meta or env. */
static bool
whole_text(const struct change *one)
{
	const struct param_def *def = param_find(one->name);

	return one->how == HOW_LIVE && def != NULL &&
	    def->type == PARAM_KEYVALUE && strcmp(def->name, one->name) == 0;
}

/* Such a text replaces all lines: those that keys say are sent again. */
static int
add_whole(struct jail_call *c, const struct observer *o,
    const struct change *one, const struct spec *s, const char *token,
    struct error *err)
{
	size_t len = strlen(one->name);

	if (add_value(c, o, one->name, &one->to, err) != 0)
		return -1;
	for (size_t i = 0; i < s->count; i++) {
		const struct spec_param *p = &s->param[i];

		if (strncmp(p->name, one->name, len) == 0 &&
		    p->name[len] == '.' &&
		    add_value(c, o, p->name, &p->value, err) != 0)
			return -1;
	}
	if (strcmp(one->name, "meta") == 0 && token != NULL &&
	    call_add_text(c, TOKEN_KEY, token) != 0)
		return no_memory(s->name, err);
	return 0;
}

/* Whether another change of the action replaces the text with this key. */
static bool
in_whole(const struct action *a, const struct change *key)
{
	for (size_t i = 0; i < a->count; i++) {
		size_t len = strlen(a->change[i].name);

		if (whole_text(&a->change[i]) &&
		    strncmp(key->name, a->change[i].name, len) == 0 &&
		    key->name[len] == '.')
			return true;
	}
	return false;
}

static bool
changes(const struct action *a, const char *name)
{
	for (size_t i = 0; i < a->count; i++)
		if (strcmp(a->change[i].name, name) == 0)
			return true;
	return false;
}

/*
 * A call with allow.sysvipc decides about each sysv* that it does not mention,
 * so it mentions those that the spec says.
 */
static int
add_sysv(struct jail_call *c, const struct observer *o,
    const struct action *a, const struct spec *s, struct error *err)
{
	static const char *const names[] = { "sysvmsg", "sysvsem", "sysvshm" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const struct spec_param *p = spec_param_find(s, names[i]);

		if (p != NULL && !changes(a, names[i]) &&
		    add_value(c, o, names[i], &p->value, err) != 0)
			return -1;
	}
	return 0;
}

int
realise_modify(const struct observer *o, const struct action *a,
    const struct spec *s, const struct entry *e, struct error *err)
{
	const char *token = e != NULL ? e->token : NULL;
	struct jail_call c = { 0 };
	size_t live = 0;
	bool gone;
	int rc = -1;

	if (e != NULL && check_identity(o, a->jid, e, &gone, err) != 0)
		return -1;
	/* By name: on FreeBSD 15 a nested jail must not be keyed by its jid. */
	if (call_add_text(&c, "name", a->name) != 0) {
		no_memory(a->name, err);
		goto done;
	}
	for (size_t i = 0; i < a->count; i++) {
		const struct change *one = &a->change[i];
		const struct param_def *def = param_find(one->name);
		const struct text_list *to = one->secret && one->is_set ?
		    spec_list(s, one->name) : &one->to;

		if (one->how != HOW_LIVE || in_whole(a, one) ||
		    limits_name(one->name))
			continue;
		live++;
		if (whole_text(one)) {
			if (add_whole(&c, o, one, s, token, err) != 0)
				goto done;
			continue;
		}
		/* No value at all removes a key of meta or env. */
		if (def != NULL && strcmp(def->name, one->name) != 0 &&
		    to->count == 0) {
			if (call_add(&c, one->name, NULL, 0) != 0) {
				no_memory(a->name, err);
				goto done;
			}
		} else if (add_value(&c, o, one->name, to, err) != 0)
			goto done;
	}
	if (changes(a, "allow.sysvipc") && add_sysv(&c, o, a, s, err) != 0)
		goto done;
	rc = live == 0 || call_set(o->kernel, &c, JAIL_UPDATE, err) > 0 ? 0 :
	    -1;
done:
	call_finish(&c);
	return rc;
}

int
realise_limit(const struct observer *o, const struct spec *s, int jid,
    struct error *err)
{
	const struct jail_backend *b = o->kernel->backend;
	struct jail_limits l;

	limits_of(s, &l);
	if (b->limit == NULL || b->limit(o->kernel, jid, s->name, &l,
	    err) == 0)
		return 0;
	return error_wrap(err, "agent.limits");
}

int
realise_mark(const struct observer *o, const char *name, int jid,
    const char *token, struct error *err)
{
	struct jail_call c = { 0 };
	int rc = -1, n;

	if (!o->has_meta)
		return 0;
	if (call_add_text(&c, "name", name) != 0 ||
	    call_add_text(&c, TOKEN_KEY, token) != 0)
		no_memory(name, err);
	else if ((n = call_set(o->kernel, &c, JAIL_UPDATE, err)) > 0)
		rc = n == jid ? 0 : error_set(err, ESTALE, "the jail of that "
		    "name is another one now");
	call_finish(&c);
	return rc;
}

/*
 * A descriptor that is taken before the jail is looked at names the jail that
 * was looked at, or one that is dead: no other can be hit.  Kernels without
 * descriptors leave the moment between looking and removing.
 */
int
realise_remove(const struct observer *o, int jid, const struct entry *e,
    struct error *err)
{
	const struct jail_backend *b = o->kernel->backend;
	int fd = b->remove_jd != NULL ? call_descriptor(o->kernel, jid) : -1;
	bool gone;
	int rc = check_identity(o, jid, e, &gone, err);

	if (rc == 0 && !gone) {
		rc = fd >= 0 ? b->remove_jd(o->kernel, fd) :
		    b->remove(o->kernel, jid);
		if (rc != 0 && (errno == EINVAL || errno == ENOENT))
			rc = 0; /* it ended by itself */
		else if (rc != 0)
			error_sys(err, errno, "jail_remove %d", jid);
	}
	if (fd >= 0)
		close(fd);
	return rc;
}

static int
present(const struct observer *o, int jid, int flags)
{
	struct jail_params none = { .info = NULL };
	struct jail_row row;
	struct error err;
	int rc = row_read(o->kernel, &none, jid, NULL, NULL, flags, &row,
	    &err);

	if (rc == 0)
		row_free(&row);
	return rc == 0 ? 1 : rc > 0 ? 0 : -1;
}

int
realise_present(const struct observer *o, int jid)
{
	return present(o, jid, JAIL_DYING);
}

int
realise_alive(const struct observer *o, int jid)
{
	return present(o, jid, 0);
}
