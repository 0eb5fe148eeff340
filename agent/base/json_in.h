/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads canonical JSON, of which the reader knows at each place what has to come
 * next.  What is accepted is byte for byte what buffer.h writes for it, so
 * nothing has to be written again to be compared.
 */
#ifndef JA_JSON_IN_H
#define JA_JSON_IN_H

#include <stdbool.h>
#include <stddef.h>

#include "kernel/error.h"

struct json_in {
	const char *json, *at, *end;
	struct error *err; /* says what should be at which byte */
};

/* Whether the next bytes are these. */
bool json_next(const struct json_in *in, const char *literal);
/* Takes them. */
int json_expect(struct json_in *in, const char *literal);
/* A text, after `key` with all its punctuation; *text is allocated. */
int json_text(struct json_in *in, const char *key, char **text);
/* An integer from min to max, after `key`. */
int json_integer_in(struct json_in *in, const char *key, long long min,
    long long max, long long *to);
/* To be returned for something else that was expected at this place. */
int json_wrong(const struct json_in *in, const char *expected);

#endif
