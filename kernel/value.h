/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Values as text and as bytes.  The canonical text of a value is: `true` or
 * `false`; a decimal number; `disable`, `new`, `inherit`; addresses as
 * inet_ntop(3) writes them, without interface, prefix and extra words.
 */
#ifndef JA_VALUE_H
#define JA_VALUE_H

#include "params.h"
#include "error.h"

/* A list of texts; each and the array are owned. */
struct text_list {
	char **text;
	size_t count;
};

int text_list_add(struct text_list *l, const char *text);
int text_list_copy(struct text_list *to, const struct text_list *from);
bool text_list_equal(const struct text_list *a, const struct text_list *b);
void text_list_free(struct text_list *l);

/*
 * Checks the texts of a parameter and puts them into canonical form in place:
 * types, ranges, lengths, duplicate or forbidden addresses.  Address texts
 * keep their interface, prefix and extra words.  The message tells what was
 * expected and what was there, without naming the parameter or a place;
 * *which is the index of the offending text.
 */
int value_check(const struct param_def *def, struct text_list *texts,
    size_t *which, struct error *err);

/*
 * The two halves of value_check, for texts that are kept otherwise.
 * value_canonical: one text's canonical form, which is the text itself, a
 * constant or in `buf`; NULL when it is no value.  value_check_together: what
 * concerns all of the (canonical) texts: how many, duplicates.
 */
#define VALUE_TEXT_MAX 1024
const char *value_canonical(const struct param_def *def, const char *text,
    char buf[VALUE_TEXT_MAX], struct error *err);
int value_check_together(const struct param_def *def,
    const struct text_list *texts, size_t *which, struct error *err);

/*
 * The bytes that jail_set(2) takes for canonical texts.  *data is allocated
 * (NULL when there is none, as for booleans); the caller frees it.
 */
int value_import(enum param_type type, const struct text_list *texts,
    void **data, size_t *len, struct error *err);

/* The canonical texts of bytes that jail_get(2) returned. */
int value_export(enum param_type type, const void *data, size_t len,
    struct text_list *texts, struct error *err);

/*
 * The address part of `[interface|]address[/prefix][ extra words]`: writes it
 * to buf.  Returns 0, -1 when it does not fit.
 */
int address_part(const char *text, char *buf, size_t size);
/* Whether one of such texts (NULL: none) is of that address. */
bool address_listed(const struct text_list *l, const char *address);

/*
 * Whether two values mean the same (jail-semantics 6.2): ip4/ip6 new and
 * disable read alike; of addresses the first counts and the rest as a set.
 */
bool value_same(const char *name, enum param_type type,
    const struct text_list *a, const struct text_list *b);

#endif
