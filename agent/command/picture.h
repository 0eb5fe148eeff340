/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A text that is shown again and again on a terminal: only what differs from the
 * last one is a reason to write, and it is written over that one, line by line,
 * so nothing flickers.
 */
#ifndef JA_PICTURE_H
#define JA_PICTURE_H

#include <stdio.h>

/* All zero: nothing was shown yet. */
struct picture {
	char *shown;
	unsigned rows, columns; /* of the terminal then; 0: no terminal */
};

void picture_free(struct picture *p);

/*
 * Takes `text` over (allocated; freed also on failure of the output) and shows
 * it.  Writes nothing when it and the terminal are as they were; to what is no
 * terminal, the text and an empty line.  0, -1.
 */
int picture_show(struct picture *p, char *text, FILE *out);

/*
 * The bytes that show `text` on a terminal of that size: lines are broken at its
 * right edge, and those that do not fit are counted in its last row but one.
 * Sizes of 0 have no limit.
 */
void picture_write(const char *text, unsigned rows, unsigned columns,
    FILE *out);

#endif
