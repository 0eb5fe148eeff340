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
	free(d->param);
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

/* Puts a resolved slot into the draft. */
static int
draft_slot(struct drafter *d, struct spec *draft, const struct slot *slot)
{
	const struct assign *a = slot->assign[slot->count - 1];

	if (slot->state != SLOT_DONE)
		return 0;
	if (a->kind == ASSIGN_PARAM) {
		d->param[draft->count++] = (struct spec_param){
			.name = (char *)a->name, .def = a->def,
			.value = *slot->value, .place = a->place,
			.secret = a->secret };
		return 0;
	}
	if (a->kind == ASSIGN_AGENT && a->secret)
		return add_entry(&d->scope.arena, &draft->agent.secrets, a,
		    slot->value->text[0]);
	if (a->kind == ASSIGN_AGENT && a->setting->type == SETTING_MAP)
		return add_entry(&d->scope.arena, (struct text_list *)(void *)
		    ((char *)&draft->agent + a->setting->offset), a,
		    slot->value->text[0]);
	if (a->kind == ASSIGN_AGENT)
		(void)setting_store(a->setting, slot->value->text[0],
		    &draft->agent, NULL);
	return 0;
}

int
draft_make(struct drafter *d, struct spec *draft)
{
	struct scope *s = &d->scope;

	scope_resolve(s);
	*draft = (struct spec){ .name = s->doc->name,
		.place = s->doc->place };
	draft->agent = d->agent;
	if (s->slots > d->room) {
		struct spec_param *grown = realloc(d->param,
		    s->slots * sizeof *grown);

		if (grown == NULL)
			return -1;
		d->param = grown;
		d->room = s->slots;
	}
	draft->param = d->param;
	for (size_t i = 0; i < s->slots; i++) {
		if (draft_slot(d, draft, &s->slot[i]) != 0)
			return -1;
	}
	cross_check(s, draft);
	return 0;
}
