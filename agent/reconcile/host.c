/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/reconcile/host.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/sorted.h"
#include "agent/plan/hostname.h"
#include "kernel/iface.h"
#include "agent/reconcile/heir.h"
#include "agent/reconcile/realise.h"

#define LIMITS "limits of the jail" /* their name in the journal */

static const enum thing alias_kinds[] = { THING_ALIAS4, THING_ALIAS6 };

#define ALIAS_KINDS (sizeof alias_kinds / sizeof *alias_kinds)

static bool
is_real(const struct observer *o)
{
	return o->kernel->backend->spawn != NULL;
}

static bool
host_is_real(const struct workshop *w)
{
	return is_real(w->observer);
}

/*
 * Journals that a thing is about to be made.  Returns 1: it is to be made; 0: it
 * is there, or there is nothing real behind the kernel; -1 with err.
 */
static int
claim(struct workshop *w, struct entry *e, enum thing kind,
    const char *name, struct error *err)
{
	struct inventory *inv = w->inventory;
	int there = 0;

	if (host_is_real(w) &&
	    (there = thing_there(kind, thing_text(kind, name), err)) < 0)
		return -1;
	/* Somebody else may have taken it away. */
	if (entry_made(e, name))
		return there == 0 && host_is_real(w);
	/* What nobody of ours made was there before. */
	if (there > 0 && inventory_shared(inv, e, name) == NULL)
		return 0;
	if (inventory_making(inv, e, name, err) != 0)
		return -1;
	return there == 0 && host_is_real(w);
}

/* The entry's own name of the same thing, or NULL. */
static const char *
own_name(const struct entry *e, const char *name)
{
	for (size_t i = 0; i < e->made.count; i++)
		if (thing_same(e->made.text[i], name))
			return e->made.text[i];
	return NULL;
}

static int
drop_one(struct workshop *w, struct entry *e, enum thing kind,
    const char *name, struct error *err)
{
	char **none = NULL;

	return host_unmake(w, e, kind, name, &none, err) != 0 ? -1 :
	    inventory_unmade(w->inventory, e, name, err);
}

/*
 * All that have an address know it by the prefix and the words with which it
 * was made, since it is taken away by them: *name becomes that.  One that the
 * entry alone has by another name is taken away, to be made by this one.
 */
static int
choose_name(struct workshop *w, struct entry *e, enum thing kind,
    const char **name, struct error *err)
{
	const char *own = own_name(e, *name);
	const char *known = inventory_shared(w->inventory, e, *name);
	struct entry *heir;
	int rc = 0;

	if (kind == THING_MOUNT)
		return 0;
	if (own == NULL || strcmp(own, *name) == 0) {
		*name = own == NULL && known != NULL ? known : *name;
		return 0;
	}
	if (known == NULL)
		rc = heir_find(w, e, kind, thing_text(kind, own), &heir, err);
	if (rc == 0 && known == NULL)
		return drop_one(w, e, kind, own, err);
	*name = own;
	return rc < 0 ? -1 : 0;
}

int
host_make(struct workshop *w, struct entry *e, enum thing kind,
    const char *name, char ***argv, struct error *err)
{
	int rc;

	if (e == NULL)
		return error_set(err, ENOENT, "not in the inventory");
	if (choose_name(w, e, kind, &name, err) != 0)
		return -1;
	rc = claim(w, e, kind, name, err);
	if (rc > 0)
		rc = thing_make(kind, thing_text(kind, name), argv, err);
	/* Somebody was faster: then it is the host's. */
	if (rc >= 0 || err->code != EEXIST || !entry_made(e, name))
		return rc;
	error_clear(err);
	return inventory_unmade(w->inventory, e, name, err);
}

/*
 * Whether a living jail has the address without having asked for the alias, or
 * without being the agent's.  Of the agent's own one takes it over: 1, 0, -1.
 */
static int
hand_over(struct workshop *w, const struct entry *e, enum thing kind,
    const char *name, struct error *err)
{
	struct entry *heir;
	int rc;

	if (kind == THING_MOUNT)
		return 0;
	rc = heir_find(w, e, kind, thing_text(kind, name), &heir, err);
	if (rc > 0 && heir != NULL &&
	    inventory_making(w->inventory, heir, name, err) != 0)
		return -1;
	return rc;
}

int
host_unmake(struct workshop *w, const struct entry *e, enum thing kind,
    const char *name, char ***argv, struct error *err)
{
	const char *text = thing_text(kind, name);
	int rc;

	if (!host_is_real(w) ||
	    inventory_shared(w->inventory, e, name) != NULL)
		return 0;
	rc = hand_over(w, e, kind, name, err);
	if (rc != 0)
		return rc > 0 ? 0 : -1;
	rc = thing_there(kind, text, err);
	return rc <= 0 ? rc : thing_unmake(kind, text, argv, err);
}

int
host_limit(struct workshop *w, struct entry *e, const struct spec *s, int jid,
    struct error *err)
{
	if (e != NULL && !entry_made(e, LIMITS) &&
	    inventory_making(w->inventory, e, LIMITS, err) != 0)
		return -1;
	return realise_limit(w->observer, s, jid, err);
}

int
host_unlimit(struct workshop *w, struct entry *e, const struct spec *s,
    struct error *err)
{
	if (e == NULL || !entry_made(e, LIMITS))
		return 0;
	return realise_limit(w->observer, s, 0, err) != 0 ? -1 :
	    inventory_unmade(w->inventory, e, LIMITS, err);
}

/*
 * Notes what the journal has now in the place of `had` (NULL: nothing).  A deed
 * that failed may have taken that away all the same.
 */
static int
note_change(struct host_change *c, bool failed, const char *had,
    const char *now)
{
	bool same = had != NULL && now != NULL && strcmp(had, now) == 0;

	if (had != NULL && (failed || !same) &&
	    text_list_add(&c->replaced, had) != 0)
		return -1;
	return now == NULL || same ? 0 : text_list_add(&c->added, now);
}

static int
add_one(struct workshop *w, struct entry *e, enum thing kind,
    const char *text, struct host_change *c, struct error *err)
{
	char *name = thing_name(kind, text), *had = NULL, **none = NULL;
	const char *own = name == NULL ? NULL : own_name(e, name);
	int rc = -1;

	if (name == NULL || (own != NULL && (had = strdup(own)) == NULL))
		error_sys(err, ENOMEM, "%s", text);
	else if ((rc = host_make(w, e, kind, name, &none, err)) != 0)
		error_wrap(err, "%s", text);
	if (name != NULL &&
	    note_change(c, rc != 0, had, own_name(e, name)) != 0)
		rc = error_sys(err, ENOMEM, "%s", text);
	free(had);
	free(name);
	return rc;
}

int
host_add_aliases(struct workshop *w, struct entry *e, const struct spec *s,
    struct host_change *c, struct error *err)
{
	struct error ignored;
	int rc = 0;

	for (size_t k = 0; k < ALIAS_KINDS && rc == 0; k++) {
		struct text_list l = { 0 };

		rc = things_wanted(w->observer, s, alias_kinds[k], &l, err);
		for (size_t i = 0; i < l.count && rc == 0; i++)
			rc = add_one(w, e, alias_kinds[k], l.text[i], c, err);
		text_list_free(&l);
	}
	if (rc != 0) {
		error_clear(&ignored);
		host_take_back(w, e, c, &ignored);
	}
	return rc;
}

static int
make_one(struct workshop *w, struct entry *e, enum thing kind,
    const char *name, struct error *err)
{
	char **none = NULL;

	return host_make(w, e, kind, name, &none, err);
}

typedef int alias_deed(struct workshop *w, struct entry *e, enum thing kind,
    const char *name, struct error *err);

/* From the last to the first; goes on after a failure. */
static int
each_alias(struct workshop *w, struct entry *e, const struct text_list *names,
    alias_deed *deed, struct error *err)
{
	int rc = 0;

	for (size_t i = names->count; i-- > 0;)
		for (size_t k = 0; k < ALIAS_KINDS; k++)
			if (thing_text(alias_kinds[k], names->text[i]) !=
			    NULL && deed(w, e, alias_kinds[k], names->text[i],
			    err) != 0)
				rc = -1;
	return rc;
}

int
host_take_back(struct workshop *w, struct entry *e,
    const struct host_change *c, struct error *err)
{
	int dropped = each_alias(w, e, &c->added, drop_one, err);
	int made = each_alias(w, e, &c->replaced, make_one, err);

	return dropped != 0 || made != 0 ? -1 : 0;
}

void
host_change_free(struct host_change *c)
{
	text_list_free(&c->added);
	text_list_free(&c->replaced);
}

/* Whether one of the texts has the address of an alias, wherever it is. */
static bool
has_address(const struct text_list *l, const char *alias)
{
	char address[128];

	return address_part(alias, address, sizeof address) == 0 &&
	    address_listed(l, address);
}

static bool
has_alias(const struct text_list *l, const char *alias)
{
	for (size_t i = 0; i < l->count; i++)
		if (alias_same(l->text[i], alias))
			return true;
	return false;
}

/*
 * An alias that was handed over, which no spec of the jail asked for, stays
 * while the jail has the address.
 */
static bool
is_wanted(const struct spec *s, const struct text_list *wanted,
    const struct text_list *before, enum thing kind, const char *name)
{
	const char *text = thing_text(kind, name);

	if (text == NULL || has_alias(wanted, text))
		return true;
	return !has_alias(before, text) && !has_address(wanted, text) &&
	    has_address(spec_list(s, kind == THING_ALIAS4 ? "ip4.addr" :
	    "ip6.addr"), text);
}

int
host_keep_aliases(struct workshop *w, struct entry *e, const struct spec *s,
    struct error *err)
{
	int rc = 0;

	for (size_t k = 0; k < ALIAS_KINDS && rc == 0; k++) {
		struct text_list wanted = { 0 }, before = { 0 }, gone = { 0 };

		rc = things_wanted(w->observer, s, alias_kinds[k], &wanted,
		    err);
		if (rc == 0 && e->applied != NULL)
			rc = things_wanted(w->observer, e->applied,
			    alias_kinds[k], &before, err);
		for (size_t i = 0; i < e->made.count && rc == 0; i++)
			if (!is_wanted(s, &wanted, &before, alias_kinds[k],
			    e->made.text[i]) &&
			    text_list_add(&gone, e->made.text[i]) != 0)
				rc = error_sys(err, ENOMEM, "aliases");
		if (rc == 0)
			rc = each_alias(w, e, &gone, drop_one, err);
		text_list_free(&wanted);
		text_list_free(&before);
		text_list_free(&gone);
	}
	return rc;
}

/* ------------------------------------------------------- what is missing */

void
host_forget(struct host_addresses *a)
{
	text_list_free(&a->text);
	a->known = false;
}

void
host_turn(struct host_addresses *a)
{
	if (!a->told)
		host_forget(a);
}

static int
take_address(void *arg, const struct iface_alias *i)
{
	char text[IFACE_NAME_SIZE + INET6_ADDRSTRLEN + 1];
	char address[INET6_ADDRSTRLEN];

	if (inet_ntop(i->family, i->address, address, sizeof address) == NULL)
		return 0;
	snprintf(text, sizeof text, "%s|%s", i->interface, address);
	return text_list_add(arg, text) == 0 ? 0 : ENOMEM;
}

static const char *
text_of(const void *list, size_t i)
{
	return ((const struct text_list *)list)->text[i];
}

/* Whether an alias, INTERFACE|ADDRESS/PREFIX[ WORDS], is among them. */
static bool
is_there(const struct host_addresses *a, const char *alias)
{
	char text[IFACE_NAME_SIZE + INET6_ADDRSTRLEN + 1];
	bool found;

	snprintf(text, sizeof text, "%.*s", (int)strcspn(alias, "/"), alias);
	(void)sorted_position(&a->text, a->text.count, text_of, text, &found);
	return found;
}

static int
compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool
known(struct host_addresses *a)
{
	struct error ignored;

	error_clear(&ignored);
	if (a->known)
		return true;
	if (iface_list(take_address, &a->text, &ignored) != 0) {
		host_forget(a);
		return false;
	}
	if (a->text.count > 0)
		qsort(a->text.text, a->text.count, sizeof *a->text.text,
		    compare);
	return a->known = true;
}

/* Appends the aliases that the spec asks for and that the host has not. */
static int
find_lost(const struct observer *o, struct host_addresses *a,
    const struct spec *s, struct text_list *lost)
{
	struct text_list l = { 0 };
	struct error ignored;
	int rc = 0;

	error_clear(&ignored);
	for (size_t k = 0; is_real(o) && k < ALIAS_KINDS; k++)
		if (things_wanted(o, s, alias_kinds[k], &l, &ignored) != 0)
			break;
	for (size_t i = 0; rc == 0 && i < l.count && known(a); i++)
		if (!is_there(a, l.text[i]))
			rc = text_list_add(lost, l.text[i]);
	text_list_free(&l);
	return rc;
}

/* things_wanted, with what was found for a name, which the spec does not say. */
static int
wanted_with_found(const struct observer *o, const struct entry *e,
    const struct spec *s, enum thing kind, struct text_list *out,
    struct error *err)
{
	struct spec *made;
	int rc;

	if (!hostname_wanted(s))
		return things_wanted(o, s, kind, out, err);
	if (e->found.count == 0 ||
	    (made = hostname_spec(s, &e->found, err)) == NULL)
		return -1;
	rc = things_wanted(o, made, kind, out, err);
	spec_free(made);
	return rc;
}

static int
add_spare(struct host_addresses *a, const struct entry *e,
    const struct plan_input *in, enum thing kind,
    const struct text_list *wanted, const struct text_list *before,
    struct text_list *spare)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < e->made.count; i++) {
		const char *name = e->made.text[i];
		const char *text = thing_text(kind, name);

		if (text != NULL && !has_alias(before, text) &&
		    !is_wanted(in->desired, wanted, before, kind, name) &&
		    known(a) && is_there(a, text))
			rc = text_list_add(spare, text);
	}
	return rc;
}

/*
 * Appends the aliases of the jail's that are on the host, and for which neither
 * spec asks: their change was cut off.
 */
static int
find_spare(const struct observer *o, struct host_addresses *a,
    const struct entry *e, const struct plan_input *in,
    struct text_list *spare)
{
	struct error ignored;
	int rc = 0;

	error_clear(&ignored);
	for (size_t k = 0; rc == 0 && is_real(o) && k < ALIAS_KINDS; k++) {
		struct text_list wanted = { 0 }, before = { 0 };

		if (wanted_with_found(o, e, in->desired, alias_kinds[k],
		    &wanted, &ignored) == 0 && wanted_with_found(o, e,
		    in->applied, alias_kinds[k], &before, &ignored) == 0)
			rc = add_spare(a, e, in, alias_kinds[k], &wanted,
			    &before, spare);
		text_list_free(&wanted);
		text_list_free(&before);
	}
	return rc;
}

int
host_decide(const struct observer *o, struct host_addresses *a,
    const struct entry *e, struct plan_input *in, struct action *out)
{
	struct text_list lost = { 0 }, had = { 0 }, spare = { 0 };
	bool there = in->live != NULL && in->desired != NULL;
	bool other = there && in->applied != NULL &&
	    !spec_same(in->applied, in->desired);
	int rc = there ? find_lost(o, a, in->desired, &lost) : 0;

	if (rc == 0 && other)
		rc = find_lost(o, a, in->applied, &had);
	if (rc == 0 && there && in->applied != NULL && e != NULL)
		rc = find_spare(o, a, e, in, &spare);
	in->lost = &lost;
	in->had = other ? &had : &lost;
	in->spare = &spare;
	rc = rc == 0 ? plan_jail(in, out) : rc;
	text_list_free(&lost);
	text_list_free(&had);
	text_list_free(&spare);
	in->lost = in->had = in->spare = NULL;
	return rc;
}
