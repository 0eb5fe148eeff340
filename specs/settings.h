/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The settings below agent:, as one table: parser, printer and digest read
 * it, and `print --json` does.
 */
#ifndef JA_SETTINGS_H
#define JA_SETTINGS_H

#include "spec.h"

enum setting_type {
	SETTING_WORD,	  /* an enum; `words` name its values from 0 on */
	SETTING_BOOL,	  /* bool */
	SETTING_INT,	  /* int */
	SETTING_DURATION, /* long, milliseconds */
	SETTING_SIZE,	  /* long, bytes */
	SETTING_PERCENT,  /* long */
	SETTING_TEXT,	  /* char *, NULL when not set */
	SETTING_MAP,	  /* text_list of KEY=VALUE; KEY follows the name */
};

struct setting {
	const char *name; /* "agent.retry.max" */
	size_t len;	  /* of the name */
	enum setting_type type;
	size_t offset; /* in struct spec_agent */
	long min, max;
	long dflt; /* of numbers, less than min: none; texts and maps are not
		      set */
	const char *words[3]; /* NULL-terminated */
	int (*check)(const char *text, struct error *err); /* of texts */
	const char *help; /* one sentence */
};

/* Sorted by name. */
extern const struct setting setting_table[];
extern const size_t setting_count;

/*
 * Finds a setting by its full name; "agent.labels.K" finds "agent.labels".
 * setting_group: whether `name` has settings below it.
 */
const struct setting *setting_find(const char *name);
bool setting_group(const char *name);
/* The known name most like `name`, or NULL. */
const char *setting_nearest(const char *name);

/*
 * Stores a text in *agent, unless that is NULL (then it is only checked).
 * SETTING_TEXT borrows the text; maps are not stored.
 */
int setting_store(const struct setting *s, const char *text,
    struct spec_agent *agent, struct error *err);

/* What a text of a setting matches (ECMA-262), or NULL: anything. */
const char *setting_pattern(const struct setting *s);

/* Checks KEY and VALUE of a map. */
int setting_check_entry(const struct setting *s, const char *key,
    const char *value, struct error *err);

/* The defaults of all settings; nothing in it is allocated. */
void settings_default(struct spec_agent *agent);

bool setting_is_default(const struct setting *s,
    const struct spec_agent *agent);

/* The canonical text of a setting (not a map); `buf` may be used for it.
   NULL: not set. */
const char *setting_text(const struct setting *s,
    const struct spec_agent *agent, char *buf, size_t size);

#endif
