/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/command/action_print.h"

#include <stdio.h>
#include <string.h>

#include "agent/base/program.h"

static void
print_texts(const struct text_list *l, bool set)
{
	if (!set)
		printf("(default)");
	else if (l->count == 0 || (l->count == 1 && l->text[0][0] == '\0'))
		printf("(empty)");
	for (size_t i = 0; set && i < l->count; i++) {
		printf("%s", i == 0 ? "" : ", ");
		print_plain(stdout, l->text[i]);
	}
}

void
change_print(const struct change *c)
{
	print_plain(stdout, c->name);
	if (strcmp(c->name, CHANGE_AGENT) == 0)
		return;
	printf(": ");
	print_texts(&c->from, c->was_set);
	printf(" -> ");
	print_texts(&c->to, c->is_set || c->to.count > 0);
}

void
action_print(const struct context *ctx, const struct action *a)
{
	static const char *const colour[] = {
		[ACTION_NONE] = "",
		[ACTION_CREATE] = "\033[32m",
		[ACTION_MODIFY] = "\033[36m",
		[ACTION_RESTART] = "\033[33m",
		[ACTION_REMOVE] = "\033[31m",
		[ACTION_BLOCKED] = "\033[35m",
		[ACTION_CONFLICT] = "\033[35m",
	};

	printf("%s%-8s%s ", ctx->colour ? colour[a->kind] : "",
	    action_shown(a), ctx->colour ? "\033[0m" : "");
	print_plain(stdout, a->name);
	printf(": ");
	print_plain(stdout, a->reason);
	printf("\n");
	for (size_t i = 0; i < a->count; i++) {
		printf("           ");
		change_print(&a->change[i]);
		printf(" (%s)\n", how_word(a->change[i].how));
	}
}
