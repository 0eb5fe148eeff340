/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a world's kernel was asked to change, jail by jail, out of its trace, and
 * what an action of a plan asks of it.
 */
#ifndef TEST_RANDOM_CALLS_H
#define TEST_RANDOM_CALLS_H

#include "random_sets.h"

struct called {
	char name[64];
	int jid;	/* that it had last */
	char calls[512]; /* "remove;create;" or "update a b;" */
	unsigned made, removed; /* numbers of the newest such calls */
	bool removed_once;
};

struct calls {
	struct called jail[32];
	size_t count;
	unsigned number;
};

static inline struct called *
called_jail(struct calls *c, const char *name)
{
	for (size_t i = 0; i < c->count; i++)
		if (strcmp(c->jail[i].name, name) == 0)
			return &c->jail[i];
	assert_true(c->count < 32);
	snprintf(c->jail[c->count].name, sizeof c->jail->name, "%s", name);
	return &c->jail[c->count++];
}

/* One line of the trace; what does not change anything is left out. */
static inline void
take_call(struct calls *c, char *line)
{
	char *words = strstr(line, " name="), *result = strrchr(line, '=');
	struct called *j = NULL;
	size_t n;

	if (result == NULL || atoi(result + 1) < 0)
		return;
	if (strncmp(line, "remove ", 7) == 0) {
		for (size_t i = 0; i < c->count; i++)
			if (c->jail[i].jid == atoi(line + 7))
				j = &c->jail[i];
		assert_non_null(j);
		j->jid = 0;
		j->removed = ++c->number;
		strcat(j->calls, "remove;");
	}
	if (strncmp(line, "set ", 4) != 0)
		return;
	assert_non_null(words);
	words += strlen(" name=");
	n = strcspn(words, " ");
	result[-1] = '\0';
	words[n] = '\0';
	j = called_jail(c, words);
	if (strncmp(line, "set create", 10) == 0) {
		j->jid = atoi(result + 1);
		j->made = ++c->number;
		strcat(j->calls, "create;");
	} else {
		n = strlen(j->calls);
		snprintf(j->calls + n, sizeof j->calls - n, "update %s;",
		    words + strlen(words) + 1);
	}
}

static inline void
read_calls(struct world *w, struct calls *c)
{
	FILE *f = fopen(w->trace, "r");
	char line[8192];

	assert_non_null(f);
	while (fgets(line, sizeof line, f) != NULL)
		take_call(c, line);
	fclose(f);
}

/* The calls that an action leads to. */
static inline void
calls_of(const struct action *a, char *buf, size_t size)
{
	size_t n = 0;

	buf[0] = '\0';
	if (a->kind == ACTION_REMOVE || a->kind == ACTION_RESTART)
		n += (size_t)snprintf(buf, size, "%s",
		    a->jid != 0 ? "remove;" : "");
	if (a->kind == ACTION_CREATE || (a->kind == ACTION_RESTART &&
	    !a->stays))
		n += (size_t)snprintf(buf + n, size - n, "create;");
	for (size_t i = 0; a->kind == ACTION_MODIFY && i < a->count; i++)
		if (a->change[i].how == HOW_LIVE)
			n += (size_t)snprintf(buf + n, size - n, "%s%s",
			    n == 0 ? "update " : " ", a->change[i].name);
	if (a->kind == ACTION_MODIFY && n > 0)
		snprintf(buf + n, size - n, ";");
}

/* Whether "update a b;" has a word. */
static inline bool
has_word(const char *calls, const char *word)
{
	size_t len = strlen(word);

	for (const char *p = calls; (p = strstr(p, word)) != NULL; p += len)
		if (p[-1] == ' ' && (p[len] == ' ' || p[len] == ';'))
			return true;
	return false;
}

/*
 * Whether the first call only takes addresses away, in a circle of jails that
 * wait for each other.
 */
static inline bool
gives_up(const char *calls)
{
	return strncmp(calls, "update ip4.addr;", 16) == 0 ||
	    strncmp(calls, "update ip6.addr;", 16) == 0 ||
	    strncmp(calls, "update ip4.addr ip6.addr;", 25) == 0 ||
	    strncmp(calls, "update ip6.addr ip4.addr;", 25) == 0;
}

/*
 * Words that a call has beside the planned ones, or in another form: negative
 * names, and what must be said again with a text or with allow.sysvipc.
 */
static inline bool
same_update(const char *want, const char *got)
{
	const char *rest = strchr(got, ';');
	char buf[512], all[512], *save = NULL;

	if (strcmp(want, got) == 0)
		return true;
	/* One of them may be about to go down for a jail that waits, too. */
	if (strncmp(want, "remove;", 7) == 0 && gives_up(got) &&
	    strcmp(rest + 1, want) == 0)
		return true;
	if (strncmp(want, "update", 6) == 0 && gives_up(got) &&
	    strncmp(rest, ";update ", 8) == 0) {
		snprintf(all, sizeof all, "%.*s%s", (int)(rest - got), got,
		    rest + strlen(";update"));
		got = all;
	}
	if (strncmp(want, "update", 6) != 0 || strncmp(got, "update", 6) != 0 ||
	    strchr(got, ';') != got + strlen(got) - 1)
		return false;
	snprintf(buf, sizeof buf, "%.*s", (int)strlen(want) - 1, want);
	for (char *p = strtok_r(buf, " ", &save); p != NULL;
	    p = strtok_r(NULL, " ", &save)) {
		char negative[128];

		/* A whole text takes its keys along. */
		if ((strncmp(p, "meta.", 5) == 0 && has_word(got, "meta")) ||
		    (strncmp(p, "env.", 4) == 0 && has_word(got, "env")))
			continue;
		if (strstr(got, p) == NULL && (param_negative(p, negative,
		    sizeof negative) == NULL || strstr(got, negative) == NULL))
			return false;
	}
	snprintf(buf, sizeof buf, "%.*s", (int)strlen(got) - 1, got);
	for (char *p = strtok_r(buf, " ", &save); p != NULL;
	    p = strtok_r(NULL, " ", &save)) {
		char positive[128], *no = strstr(p, "no");

		snprintf(positive, sizeof positive, "%s", p);
		if (no != NULL && (no == p || no[-1] == '.'))
			snprintf(positive, sizeof positive, "%.*s%s",
			    (int)(no - p), p, no + 2);
		if (strstr(want, p) == NULL && strstr(want, positive) == NULL &&
		    strncmp(p, "sysv", 4) != 0 && strncmp(p, "meta.", 5) != 0 &&
		    strncmp(p, "env.", 4) != 0)
			return false;
	}
	return true;
}

#endif
