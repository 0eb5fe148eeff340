/* SPDX-License-Identifier: BSD-2-Clause */
/* Random specs, the same ones for the same seed on every system. */
#ifndef TEST_SPEC_RANDOM_H
#define TEST_SPEC_RANDOM_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "specs/pack.h"
#include "specs/settings.h"
#include "specs/text.h"

static uint64_t seed;

/* xorshift64*: the same numbers on every system. */
static inline unsigned
random_below(unsigned n)
{
	seed ^= seed >> 12;
	seed ^= seed << 25;
	seed ^= seed >> 27;
	return (unsigned)((seed * 0x2545f4914f6cdd1dULL) >> 33) % n;
}

static inline unsigned
rounds(unsigned usual)
{
	const char *more = getenv("SPEC_ROUNDS");

	return more != NULL ? (unsigned)strtoul(more, NULL, 10) : usual;
}

/* Pieces that mean something in YAML, in this language, or to terminals. */
static const char *const pieces[] = { "a", "Z", "9", "-", "--- ", "...", ":",
	": ", " #", "#", "'", "\"", "\\", "\\n", "\n", "\r", "\t", " ", "  ",
	"?", "? ", "- ", "!", "!secret ", "&a", "*a", "%", "@", "`", "|", ">",
	"{", "}", "[", "]", ",", "${", "$${", "$", "}", "~", "null", "true",
	"\x01", "\x1b[31m", "\x7f", "\xc2\x85", "\xc2\xa0", "\xc3\xa9",
	"\xe2\x80\xa8", "\xe2\x80\xa9", "\xef\xbb\xbf", "\xef\xbf\xbf",
	"\xf0\x9f\x98\x80", "\xf4\x8f\xbf\xbf", "<<", "name: x", "\xc2\x80" };

static inline char *
ugly(unsigned most)
{
	struct textbuf b = { 0 };

	textbuf_text(&b, "");
	for (unsigned n = random_below(most + 1); n > 0; n--)
		textbuf_text(&b, pieces[random_below(sizeof pieces /
		    sizeof *pieces)]);
	return b.text;
}

/* A text that every rule for words, paths and commands lets pass. */
static inline void
add_value(struct text_list *l, const struct param_def *def)
{
	static const char *const jailsys[] = { "new", "inherit" };
	char *u = ugly(6), text[512];

	switch (def->type) {
	case PARAM_BOOL:
		snprintf(text, sizeof text, "%s",
		    random_below(2) ? "true" : "false");
		break;
	case PARAM_INT:
		snprintf(text, sizeof text, "%ld", def->min > 1 ? def->min :
		    1L);
		break;
	case PARAM_ULONG:
		snprintf(text, sizeof text, "%u", random_below(1000));
		break;
	case PARAM_JAILSYS:
		snprintf(text, sizeof text, "%s", jailsys[random_below(2)]);
		break;
	case PARAM_IP4:
		snprintf(text, sizeof text, "em0|10.%u.%u.1/24 x",
		    random_below(250), (unsigned)l->count);
		break;
	case PARAM_IP6:
		snprintf(text, sizeof text, "2001:db8::%x:%x",
		    random_below(250) + 1, (unsigned)l->count + 1);
		break;
	default:
		snprintf(text, sizeof text, "x%u", random_below(1000));
		if (strcmp(def->name, "path") == 0 ||
		    strcmp(def->name, "mount.fstab") == 0 ||
		    strcmp(def->name, "exec.consolelog") == 0)
			snprintf(text, sizeof text, "/%sx", u);
		else if (strcmp(def->name, "mount") == 0)
			snprintf(text, sizeof text, "x\\040%u /x\t t # %u",
			    random_below(9), random_below(9));
		else if (strncmp(def->name, "exec.", 5) == 0 &&
		    def->type == PARAM_LIST)
			snprintf(text, sizeof text, "%sx%s", u, u);
		else if (def->type == PARAM_KEYVALUE)
			snprintf(text, sizeof text, "%s", u);
	}
	free(u);
	assert_int_equal(text_list_add(l, text), 0);
}

static inline bool
takes_list(const struct param_def *def)
{
	return def->type == PARAM_LIST || def->type == PARAM_IP4 ||
	    def->type == PARAM_IP6;
}

/* Whether a parameter may be there beside the others (cross.c). */
static inline bool
is_usable(const struct param_def *def)
{
	static const char *const not[] = { "name", "vnet", "ip4", "ip6",
		"host", "linux", "jid", "depend" };

	for (size_t i = 0; i < sizeof not / sizeof *not; i++) {
		if (strcmp(def->name, not[i]) == 0)
			return false;
	}
	return def->access != PARAM_RD;
}

static inline void
random_agent(struct spec_agent *agent, char **texts)
{
	settings_default(agent);
	agent->restart = random_below(2) ? RESTART_ALLOW : RESTART_NEVER;
	agent->heal = random_below(2) ? HEAL_ALWAYS : HEAL_NEVER;
	agent->protect = random_below(2);
	agent->follow_depend = random_below(2);
	agent->retry_initial_ms = 1 + random_below(100000);
	agent->retry_max_ms = agent->retry_initial_ms + random_below(9999999);
	if (random_below(2)) {
		agent->limits.cpu = 1 + random_below(400);
		agent->limits.memory = 65536L + random_below(1u << 30);
		agent->limits.swap = (long)(1 + random_below(9)) << 20;
		agent->limits.processes = 1 + (int)random_below(1000);
	}
	texts[0] = ugly(5);
	texts[1] = ugly(5);
	if (texts[0][strspn(texts[0], " \t\n")] != '\0')
		agent->paused = texts[0];
	if (texts[1][strspn(texts[1], " \t\n")] != '\0') {
		agent->health.exec = texts[1];
		agent->health.interval_ms = 100 + random_below(100000);
		agent->health.start_period_ms = random_below(3) * 1000;
	}
	if (random_below(2)) {
		char *u = ugly(4), text[512];

		snprintf(text, sizeof text, "A=%s", u);
		text_list_add(&agent->environment, text);
		snprintf(text, sizeof text, "B_1=%s=", u);
		text_list_add(&agent->environment, text);
		free(u);
		text_list_add(&agent->secrets, "A_2=/etc/a b: c");
		text_list_add(&agent->secrets, "B=/x");
		text_list_add(&agent->labels, "a:b#'\"/.x=1: 2 # 3");
		text_list_add(&agent->labels, "~=null");
	}
}

/* A valid spec; the caller frees it. */
static inline struct spec *
random_spec(void)
{
	struct spec_param param[128] = { 0 };
	struct spec draft = { .name = (char *)"web.x-1", .param = param }, *s;
	char *texts[2];

	draft.place = (struct spec_place){ "random.yaml", 1, 7 };
	for (size_t i = 0; i < param_count; i++) {
		const struct param_def *def = &param_table[i];
		struct spec_param *p = &param[draft.count];
		bool persist = strcmp(def->name, "persist") == 0;

		if (!is_usable(def) || (random_below(3) != 0 && !persist))
			continue;
		*p = (struct spec_param){ .name = (char *)def->name,
			.def = def };
		p->place = (struct spec_place){ random_below(2) ?
			"random.yaml" : "other.yaml", 2, 3 };
		for (unsigned n = takes_list(def) ? random_below(4) : 1; n > 0;
		    n--)
			add_value(&p->value, def);
		/* One key of meta, its value in a file. */
		if (def->type == PARAM_KEYVALUE && random_below(2)) {
			char *u = ugly(4), file[512];

			p->name = (char *)(uintptr_t)(def->name[0] == 'm' ?
			    "meta.k" : "env.k");
			p->secret = true;
			snprintf(file, sizeof file, "/%sx", u);
			free(p->value.text[0]);
			p->value.text[0] = strdup(file);
			free(u);
		}
		if (persist)
			strcpy(p->value.text[0], "true");
		draft.count++;
	}
	random_agent(&draft.agent, texts);
	s = spec_pack(&draft);
	assert_non_null(s);
	spec_digest(s);
	for (size_t i = 0; i < draft.count; i++)
		text_list_free(&param[i].value);
	text_list_free(&draft.agent.labels);
	text_list_free(&draft.agent.environment);
	text_list_free(&draft.agent.secrets);
	free(texts[0]);
	free(texts[1]);
	return s;
}

#endif
