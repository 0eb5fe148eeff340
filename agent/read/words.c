/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/read/words.h"

#include <stdlib.h>
#include <string.h>

/* What names are usually made of. */
static bool
is_part(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
}

char *
words_of(const char *text, size_t len)
{
	char *words, *to;

	/*
	 * A NUL is one of a text in UTF-16, which YAML may be; behind a backslash
	 * any character can be spelled in another way.
	 */
	if (len > WORDS_MAX || memchr(text, '\0', len) != NULL ||
	    memchr(text, '\\', len) != NULL ||
	    (words = malloc(len + 3)) == NULL)
		return NULL;
	to = words;
	*to++ = ' ';
	for (size_t i = 0; i < len; i++)
		if (is_part(text[i]))
			*to++ = text[i];
		else if (to[-1] != ' ')
			*to++ = ' ';
	*to++ = ' ';
	*to = '\0';
	return words;
}

bool
words_have(const char *words, const char *name)
{
	size_t len = strlen(name);
	const char *at = words;

	/* Another name may be written in more than one way. */
	for (const char *c = name; *c != '\0'; c++)
		if (!is_part(*c))
			return true;
	for (; at != NULL && (at = strstr(at, name)) != NULL; at++)
		if (at > words && at[-1] == ' ' && at[len] == ' ')
			return true;
	return words == NULL;
}
