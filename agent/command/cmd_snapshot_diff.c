/* SPDX-License-Identifier: BSD-2-Clause */
/* jailagent snapshot diff: in the words of plan. */
#include "agent/command/cmd_snapshot.h"

#include <inttypes.h>
#include <stdio.h>

#include "agent/command/action_print.h"
#include "agent/daemon/status.h"
#include "agent/plan/between.h"
#include "agent/sign/defaults.h"

static void
print_json(const struct snapshot *from, const struct snapshot *to,
    const struct between *b)
{
	json_t *states = json_array(), *actions = json_array(), *o;

	for (size_t i = 0; i < b->states.count; i++)
		json_array_append_new(states,
		    status_change(&b->states.change[i]));
	for (size_t i = 0; i < b->count; i++)
		json_array_append_new(actions, status_action(&b->action[i]));
	o = json_pack("{s:I, s:I, s:o, s:o}", "from",
	    (json_int_t)from->sequence, "to", (json_int_t)to->sequence,
	    "states", states, "actions", actions);
	json_dumpf(o, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(o);
}

static void
print_text(const struct context *ctx, const struct snapshot *from,
    const struct snapshot *to, const struct between *b)
{
	char was[SNAPSHOT_TIME_MAX], is[SNAPSHOT_TIME_MAX];

	printf("snapshot %" PRIu64 " (%s) -> %" PRIu64 " (%s)\n",
	    from->sequence, snapshot_time(from->taken, was), to->sequence,
	    snapshot_time(to->taken, is));
	for (size_t i = 0; i < b->states.count; i++) {
		change_print(&b->states.change[i]);
		printf("\n");
	}
	for (size_t i = 0; i < b->count; i++)
		action_print(ctx, &b->action[i]);
	if (b->count == 0 && b->states.count == 0)
		printf("no difference\n");
}

static int
show(const struct snapshot_args *a, struct snapshot *from,
    struct snapshot *to)
{
	struct between b;
	struct error err;

	if (defaults_put_in(from, &err) == -1 ||
	    defaults_put_in(to, &err) == -1 || between(from, to, &b, &err) != 0) {
		complain("%s", err.text);
		return EXIT_FAILED;
	}
	if (a->json)
		print_json(from, to, &b);
	else
		print_text(a->ctx, from, to, &b);
	between_free(&b);
	return EXIT_OK;
}

int
snapshot_command_diff(const struct snapshot_args *a)
{
	struct snapshot from, to;
	int status;

	/* Without operands: from the one before the newest to the newest. */
	if (snapshot_argument(a, a->argc > 0 ? a->argv[0] : NULL, 1,
	    &from) == -1)
		return EXIT_FAILED;
	if (snapshot_argument(a, a->argc > 1 ? a->argv[1] : NULL, 0,
	    &to) == -1) {
		snapshot_free(&from);
		return EXIT_FAILED;
	}
	status = show(a, &from, &to);
	snapshot_free(&from);
	snapshot_free(&to);
	return status;
}
