/* SPDX-License-Identifier: BSD-2-Clause */
/* The words of jail.conf(5).  Private to specs/jailconf/. */
#ifndef JA_CONF_LEXER_H
#define JA_CONF_LEXER_H

#include "jailconf.h"

enum token_kind {
	TOKEN_WORD,	 /* text, or a piece of one */
	TOKEN_REFERENCE, /* $x or ${x} */
	TOKEN_MARK,	 /* one of {};,= */
	TOKEN_APPEND,	 /* += */
	TOKEN_END,	 /* of the file */
	TOKEN_OTHER,	 /* a byte that can stand in quotes only */
};

struct token {
	enum token_kind kind;
	bool joined; /* nothing between it and the piece before */
	char mark;
	char *text;	 /* without quotes and escapes; in the arena */
	const char *raw; /* as it stands in the file */
	size_t raw_len;
	struct spec_place place;
};

struct comment {
	char *text; /* one line of it */
	unsigned line;
	struct comment *next;
};

/* One file; set all but the private part. */
struct lexer {
	const char *text;
	size_t len;
	struct arena *arena;
	struct spec_errors *errors;
	struct spec_place place; /* of the next byte; begins at 1, 1 */
	struct comment *comment, **comment_tail; /* seen so far */
	/* private */
	size_t at;
	bool in_quotes; /* behind a reference in double quotes */
	bool in_word;
};

/* Reads the next token.  Returns -1 when memory is out. */
int lexer_next(struct lexer *lx, struct token *t);

/* Adds an error, unless there are CONF_ERRORS_MAX. */
void conf_fault(struct spec_errors *errors, struct spec_place place,
    const char *fmt, ...) __attribute__((format(printf, 3, 4)));

#endif
