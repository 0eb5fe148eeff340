/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Texts as YAML scalars: plain where any YAML parser reads them back as they
 * are, else in double quotes with escapes.  Texts are UTF-8.
 */
#ifndef JA_SCALAR_H
#define JA_SCALAR_H

#include "text.h"

/* Writes a text in which ${x} is a reference. */
void scalar_put(struct textbuf *b, const char *text);
/* Writes a text that refers to nothing: ${ becomes $${. */
void scalar_put_literal(struct textbuf *b, const char *text);
/* Appends a text with $${ for ${, for use in a text for scalar_put. */
void scalar_escape(struct textbuf *b, const char *text);
/* Writes `# text`; what cannot stand there, or would end it, becomes '?'. */
void scalar_put_comment(struct textbuf *b, const char *text);

#endif
