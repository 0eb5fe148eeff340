/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one error contract of the program.
 *
 * A function that can fail for a reason the user should read takes a
 * `struct error *` from its caller as the last argument, and returns -1 or
 * NULL on failure with the error filled in.  The text is complete for the
 * user: what failed, where, why and, where there is one, what to do.  The
 * caller owns the struct; nothing in it is allocated.  NULL is accepted by all
 * functions and means that nobody wants to know.
 */
#ifndef JA_ERROR_H
#define JA_ERROR_H

#define ERROR_TEXT_MAX 1024

struct error {
	int code; /* an errno value; 0 while nothing is wrong */
	char text[ERROR_TEXT_MAX];
};

/* Forgets an earlier error. */
void error_clear(struct error *err);

/*
 * Fills in `code` and the formatted text.  Always returns -1, so that a
 * function can say `return error_set(err, EINVAL, ...)`.
 */
int error_set(struct error *err, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* As error_set, with ": " and the text of errno `code` appended. */
int error_sys(struct error *err, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * Puts context in front of an error that is already set: "context: text".
 * Always returns -1.
 */
int error_wrap(struct error *err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
