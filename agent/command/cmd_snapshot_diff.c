/* SPDX-License-Identifier: BSD-2-Clause */
/* jailagent snapshot diff. */
#include "agent/command/cmd_snapshot.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "agent/base/buffer.h"
#include "agent/sign/snapshot_diff.h"

/* One of both forms is printed at the end. */
struct output {
	struct buffer text, json;
	const char *jail; /* the one whose changes are being listed */
};

/* Words of --json, and the sign in front of a jail's name. */
static const struct {
	const char *word;
	char sign;
} kinds[] = {
	[CHANGE_FIELD] = { "field", '~' },
	[CHANGE_PARAM] = { "param", '~' },
	[CHANGE_ADDED] = { "added", '+' },
	[CHANGE_REMOVED] = { "removed", '-' },
};

static void
add_value_text(struct buffer *b, const struct text_list *value)
{
	if (value == NULL) {
		buffer_text(b, "(not there)");
		return;
	}
	if (value->count == 0 ||
	    (value->count == 1 && value->text[0][0] == '\0'))
		buffer_text(b, "(empty)");
	for (size_t i = 0; i < value->count; i++) {
		if (i > 0)
			buffer_text(b, ", ");
		buffer_printable(b, value->text[i]);
	}
}

static void
add_text(struct output *o, const struct snapshot_change *c)
{
	struct buffer *b = &o->text;

	if (c->jail != NULL && (o->jail == NULL ||
	    strcmp(o->jail, c->jail) != 0)) {
		buffer_printf(b, "%c ", kinds[c->kind].sign);
		buffer_printable(b, c->jail);
		buffer_text(b, "\n");
	}
	o->jail = c->jail;
	if (c->name == NULL)
		return;
	buffer_text(b, c->jail == NULL ? "" : "    ");
	buffer_printable(b, c->name);
	buffer_text(b, ": ");
	add_value_text(b, c->from);
	buffer_text(b, " -> ");
	add_value_text(b, c->to);
	buffer_text(b, "\n");
}

static void
add_value_json(struct buffer *b, const char *key,
    const struct snapshot_change *c, const struct text_list *value)
{
	buffer_printf(b, ",\"%s\":", key);
	if (value == NULL) {
		buffer_text(b, "null");
	} else if (c->kind == CHANGE_FIELD) {
		buffer_json(b, value->text[0]);
	} else {
		buffer_text(b, "[");
		for (size_t i = 0; i < value->count; i++) {
			buffer_text(b, i > 0 ? "," : "");
			buffer_json(b, value->text[i]);
		}
		buffer_text(b, "]");
	}
}

static void
add_json(struct output *o, const struct snapshot_change *c)
{
	struct buffer *b = &o->json;

	buffer_printf(b, "%s{\"change\":\"%s\",\"jail\":",
	    b->len > 0 ? "," : "", kinds[c->kind].word);
	if (c->jail == NULL)
		buffer_text(b, "null");
	else
		buffer_json(b, c->jail);
	if (c->name != NULL) {
		buffer_text(b, ",\"name\":");
		buffer_json(b, c->name);
		add_value_json(b, "from", c, c->from);
		add_value_json(b, "to", c, c->to);
	}
	buffer_text(b, "}");
}

static void
add_change(void *arg, const struct snapshot_change *c)
{
	add_text(arg, c);
	add_json(arg, c);
}

static void
print_diff(const struct snapshot *a, const struct snapshot *b, bool json)
{
	struct output o = { .jail = NULL };
	char from[SNAPSHOT_TIME_MAX], to[SNAPSHOT_TIME_MAX];

	snapshot_diff(a, b, add_change, &o);
	if (o.text.failed || o.json.failed)
		complain("no memory for the differences");
	else if (json)
		printf("{\"from\":%" PRIu64 ",\"to\":%" PRIu64
		    ",\"changes\":[%s]}\n", a->sequence, b->sequence,
		    o.json.len == 0 ? "" : o.json.data);
	else
		printf("snapshot %" PRIu64 " (%s) -> %" PRIu64 " (%s)\n%s",
		    a->sequence, snapshot_time(a->taken, from), b->sequence,
		    snapshot_time(b->taken, to),
		    o.text.len == 0 ? "no difference\n" : o.text.data);
	buffer_free(&o.text);
	buffer_free(&o.json);
}

int
snapshot_command_diff(const struct snapshot_args *a)
{
	struct snapshot from, to;

	/* Without operands: from the one before the newest to the newest. */
	if (snapshot_argument(a, a->argc > 0 ? a->argv[0] : NULL, 1,
	    &from) == -1)
		return EXIT_FAILED;
	if (snapshot_argument(a, a->argc > 1 ? a->argv[1] : NULL, 0,
	    &to) == -1) {
		snapshot_free(&from);
		return EXIT_FAILED;
	}
	print_diff(&from, &to, a->json);
	snapshot_free(&from);
	snapshot_free(&to);
	return EXIT_OK;
}
