/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * YAML text as trees of nodes, within the limits of spec.h and without what
 * the spec language leaves out: aliases, anchors, tags, merge keys, keys that
 * are not texts.
 */
#ifndef JA_YAML_H
#define JA_YAML_H

#include "arena.h"
#include "spec.h"

enum node_kind {
	NODE_TEXT,
	NODE_LIST,
	NODE_MAP, /* children: key, value, key, value; keys are texts */
	NODE_BAD, /* was wrong; the error is reported already */
};

struct node {
	enum node_kind kind;
	bool plain; /* a text without quotes */
	bool secret; /* a text with the tag !secret: names a file */
	unsigned line, column;
	unsigned len; /* of the text */
	char *text;
	struct node *child, *next;
};

/* Whether a text says that there is no value: nothing, ~ or null. */
bool node_is_null(const struct node *n);

/* "a mapping", "a list", "the text": for messages. */
const char *node_kind_name(const struct node *n);

/*
 * Calls `each` with the root of every document.  The nodes and their texts are
 * in `scratch`, which is reset when it returns.  `faults` tells how many errors
 * that document has so far.  Errors are appended.  Returns -1 when the text
 * could not be read to its end.
 */
int yaml_read(const char *file, const char *text, size_t len,
    void (*each)(void *arg, const struct node *root, size_t faults), void *arg,
    struct arena *scratch, struct spec_errors *errors);

#endif
