/* SPDX-License-Identifier: BSD-2-Clause */
#include "draft.h"

#include <stdlib.h>
#include <string.h>

#include "cross.h"

void
drafter_init(struct drafter *d)
{
	*d = (struct drafter){ 0 };
	settings_default(&d->agent);
}

void
drafter_finish(struct drafter *d)
{
	scope_finish(&d->scope);
	free(d->params);
	free(d->said);
}

/* Adds KEY=VALUE; the key is what follows the setting's name. */
static int
add_entry(struct arena *arena, struct text_list *to, const struct assign *a,
    const char *value)
{
	const char *key = a->name + strlen(a->setting->name) + 1;
	size_t key_len = strlen(key), len = strlen(value);
	char *text = arena_aligned(arena, key_len + len + 2, 1);

	if (text == NULL)
		return -1;
	memcpy(text, key, key_len);
	text[key_len] = '=';
	memcpy(text + key_len + 1, value, len + 1);
	return arena_list_add(arena, to, text);
}

static int
add_setting(struct drafter *d, const struct assign *a, const char *value)
{
	struct spec_agent *agent = &d->spec.agent;

	if (a->secret)
		return add_entry(&d->scope.arena, &agent->secrets, a, value);
	if (a->setting->type == SETTING_MAP)
		return add_entry(&d->scope.arena, (struct text_list *)(void *)
		    ((char *)agent + a->setting->offset), a, value);
	(void)setting_store(a->setting, value, agent, NULL);
	return 0;
}

static void
add_param(struct drafter *d, const struct assign *a,
    const struct text_list *value)
{
	struct spec_param *p = &d->params[d->spec.count++];

	*p = (struct spec_param){ .name = (char *)a->name, .def = a->def,
		.value = *value, .place = a->place, .secret = a->secret };
	if (a->index < P_COUNT)
		d->param[a->index] = p;
}

/* Adds what is said; `value`: what it is in the end, NULL if it is wrong. */
static int
add(struct drafter *d, const struct assign *a, const struct text_list *value)
{
	if (a->kind == ASSIGN_AGENT)
		d->said[d->saids++] = a;
	if (value == NULL || a->kind == ASSIGN_VAR)
		return 0;
	if (a->kind == ASSIGN_AGENT)
		return add_setting(d, a, value->text[0]);
	add_param(d, a, value);
	return 0;
}

/* Starts an empty draft with room for so many assignments. */
static int
begin(struct drafter *d, const struct spec_doc *doc, size_t count)
{
	void *grown;

	if (count > d->params_room) {
		grown = realloc(d->params, count * sizeof *d->params);
		if (grown == NULL)
			return -1;
		d->params = grown;
		d->params_room = count;
	}
	if (count > d->said_room) {
		grown = realloc(d->said, count * sizeof *d->said);
		if (grown == NULL)
			return -1;
		d->said = grown;
		d->said_room = count;
	}
	d->spec = (struct spec){ .name = doc->name, .place = doc->place,
		.param = d->params, .agent = d->agent };
	memset(d->param, 0, sizeof d->param);
	d->saids = 0;
	return 0;
}

int
draft_make(struct drafter *d)
{
	struct scope *s = &d->scope;

	scope_resolve(s);
	if (begin(d, s->doc, s->slots) != 0)
		return -1;
	for (size_t i = 0; i < s->slots; i++) {
		const struct slot *slot = &s->slot[i];

		if (add(d, slot->assign[slot->count - 1],
		    slot->state == SLOT_DONE ? slot->value : NULL) != 0)
			return -1;
	}
	cross_check(d);
	return 0;
}

int
draft_whole(struct drafter *d, const struct spec_doc *doc,
    const struct assign *const *sorted, size_t count)
{
	scope_begin_alone(&d->scope, doc);
	if (begin(d, doc, count) != 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		if (add(d, sorted[i], &sorted[i]->value) != 0)
			return -1;
	}
	cross_check(d);
	return 0;
}
