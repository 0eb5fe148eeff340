/* SPDX-License-Identifier: BSD-2-Clause */
/* jailagent snapshot show and list. */
#include "agent/command/cmd_snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/base/buffer.h"
#include "agent/command/table.h"
#include "agent/sign/defaults.h"
#include "agent/sign/statement.h"

#define SHORT_DIGEST 12 /* characters shown; enough to tell them apart */

static void
print_label(const char *label, const char *value)
{
	struct buffer b = { .data = NULL };

	buffer_printable(&b, value);
	printf("%-9s %s\n", label, b.len == 0 ? "-" : b.data);
	buffer_free(&b);
}

static void
print_heading(const struct snapshot *s)
{
	char text[SNAPSHOT_TIME_MAX];

	snprintf(text, sizeof text, "%" PRIu64, s->sequence);
	print_label("snapshot", text);
	print_label("host", s->host);
	print_label("taken", snapshot_time(s->taken, text));
	print_label("kernel", s->kernel);
	print_label("boot", s->boot);
	print_label("set", s->set);
	print_label("revision", s->revision);
	print_label("previous", s->previous);
	print_label("root", s->root);
}

static void
add_jail(struct table *t, const struct snapshot_jail *j)
{
	char jid[16], spec[SHORT_DIGEST + 1], applied[SHORT_DIGEST + 1];

	snprintf(jid, sizeof jid, "%d", j->jid);
	snprintf(spec, sizeof spec, "%s", j->spec_digest);
	snprintf(applied, sizeof applied, "%s", j->applied_digest);
	table_row(t, j->name, j->jid == 0 ? "-" : jid, j->state, spec, applied,
	    j->error, NULL);
}

static void
print_params(const struct snapshot_jail *j)
{
	struct buffer b = { .data = NULL };

	buffer_text(&b, "\n");
	buffer_printable(&b, j->name);
	buffer_text(&b, ":\n");
	for (size_t i = 0; i < j->count; i++) {
		const struct snapshot_param *p = &j->param[i];

		buffer_text(&b, "  ");
		buffer_printable(&b, p->name);
		for (size_t k = 0; k < p->value.count; k++) {
			buffer_text(&b, k == 0 ? " = " : ", ");
			buffer_printable(&b, p->value.text[k]);
		}
		buffer_text(&b, "\n");
	}
	fputs(b.failed ? "" : b.data, stdout);
	buffer_free(&b);
}

static void
show_table(const struct snapshot *s, bool params)
{
	struct table t = { .columns = 6 };

	print_heading(s);
	putchar('\n');
	table_row(&t, "NAME", "JID", "STATE", "SPEC", "APPLIED", "ERROR",
	    NULL);
	for (size_t i = 0; i < s->count; i++)
		add_jail(&t, &s->jail[i]);
	if (table_print(&t) == -1)
		complain("no memory for the table");
	for (size_t i = 0; params && i < s->count; i++)
		print_params(&s->jail[i]);
}

int
snapshot_command_show(const struct snapshot_args *a)
{
	struct snapshot s;
	struct error err;
	size_t len;
	char *json;

	if (snapshot_argument(a, a->argc > 0 ? a->argv[0] : NULL, 0, &s) == -1)
		return EXIT_FAILED;
	if (!a->json && (!a->params || defaults_put_in(&s, &err) == 0)) {
		show_table(&s, a->params);
	} else if (!a->json) {
		complain("%s", err.text);
	} else if ((json = snapshot_encode(&s, &len, &err)) != NULL) {
		printf("%s\n", json);
		free(json);
	} else {
		complain("%s", err.text);
	}
	snapshot_free(&s);
	return EXIT_OK;
}

/* One line of the list. */
struct entry {
	uint64_t sequence;
	struct snapshot s;
	bool good;
	const char *problem; /* "" when there is none */
};

static void
list_json(struct buffer *b, const struct entry *e)
{
	buffer_printf(b, "%s{\"sequence\":%" PRIu64 ",\"good\":%s,"
	    "\"problem\":", b->len > 1 ? "," : "", e->sequence,
	    e->good ? "true" : "false");
	buffer_json(b, e->problem);
	if (e->good) {
		buffer_printf(b, ",\"taken\":%" PRId64 ",\"jails\":%zu,"
		    "\"root\":\"%s\",\"host\":", e->s.taken, e->s.count,
		    e->s.root);
		buffer_json(b, e->s.host);
		buffer_text(b, ",\"revision\":");
		buffer_json(b, e->s.revision);
	}
	buffer_text(b, "}");
}

static void
list_row(struct table *t, const struct entry *e)
{
	char number[24], jails[24], taken[SNAPSHOT_TIME_MAX];

	snprintf(number, sizeof number, "%" PRIu64, e->sequence);
	snprintf(jails, sizeof jails, "%zu", e->s.count);
	if (e->good)
		table_row(t, number, snapshot_time(e->s.taken, taken), jails,
		    e->s.host, e->s.revision,
		    e->problem[0] == '\0' ? "good" : e->problem, NULL);
	else
		table_row(t, number, "-", "-", "-", "-", e->problem, NULL);
}

/* Whether its signer dropped it, or was about to, as the anchor says. */
static bool
was_dropped(const struct keychain *keys, int dir, uint64_t sequence)
{
	struct statement anchor;
	struct error err;
	uint64_t last;

	if (statement_newest(dir, STATEMENT_ANCHOR, &last, &err) == -1 ||
	    last < sequence ||
	    keychain_anchor(keys, dir, last, &anchor, &err) == -1)
		return false;
	statement_free(&anchor);
	return true;
}

/* Loads each; *bad when one is not good. */
static void
list_all(const struct keychain *keys, int dir, const uint64_t *sequence,
    size_t count, struct buffer *json, struct table *t, bool *bad)
{
	unsigned char digest[DIGEST_SIZE];
	char name[SNAPSHOT_NAME_MAX];
	int64_t last = INT64_MIN;
	struct error err;
	bool readable;

	for (size_t i = 0; i < count; i++) {
		struct entry e = { .sequence = sequence[i], .problem = "" };

		snapshot_name(sequence[i], name);
		e.good = snapshot_load(dir, name, keys, &e.s, digest, &readable,
		    &err) == 0;
		if (!e.good && err.code == ENOENT &&
		    was_dropped(keys, dir, sequence[i]))
			continue;
		if (!e.good) {
			e.problem = err.text;
			*bad = true;
		} else {
			if (e.s.taken < last)
				e.problem = "good, but the clock went back";
			last = e.s.taken;
		}
		list_json(json, &e);
		list_row(t, &e);
		snapshot_free(&e.s);
	}
}

static int
list_once(const struct snapshot_args *a, int dir, struct buffer *json,
    struct table *t, bool *bad, struct error *err)
{
	struct keychain keys = { 0 };
	uint64_t *sequence = NULL;
	size_t count;
	int rc = -1;

	*bad = false;
	buffer_text(json, "[");
	table_row(t, "NUMBER", "TAKEN", "JAILS", "HOST", "REVISION", "STATE",
	    NULL);
	if (snapshot_keys(a, dir, &keys, err) == 0 &&
	    (rc = snapshot_sequences(dir, &sequence, &count, err)) == 0)
		list_all(&keys, dir, sequence, count, json, t, bad);
	free(sequence);
	keychain_free(&keys);
	return rc;
}

/* As verify: what is odd while a signer goes on is looked at once more. */
static int
list_quiet(const struct snapshot_args *a, struct buffer *json,
    struct table *t, bool *bad, struct error *err)
{
	struct statement_marks marks = { { 0 } };
	int dir = open(a->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc = 0;

	if (dir == -1)
		return error_sys(err, errno, "%s", a->dir);
	(void)statement_moved(dir, &marks);
	for (int i = 0; i < STATEMENT_TRIES; i++) {
		buffer_free(json);
		buffer_free(&t->text);
		*t = (struct table){ .columns = 6 };
		rc = list_once(a, dir, json, t, bad, err);
		if ((rc == 0 && !*bad) || !statement_moved(dir, &marks))
			break;
	}
	close(dir);
	return rc;
}

int
snapshot_command_list(const struct snapshot_args *a)
{
	struct table t = { .columns = 6 };
	struct buffer json = { .data = NULL };
	struct error err;
	bool bad = false;
	int rc = list_quiet(a, &json, &t, &bad, &err);

	if (rc == -1)
		complain("%s", err.text);
	else if (a->json)
		printf("%s]\n", json.failed ? "[" : json.data);
	if (a->json || rc == -1)
		buffer_free(&t.text);
	else if (table_print(&t) == -1)
		complain("no memory for the table");
	buffer_free(&json);
	return rc == -1 || bad ? EXIT_FAILED : EXIT_OK;
}
