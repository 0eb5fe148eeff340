/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading the files that `!secret FILE` names.
 *
 * The rules are those of a secret key: the file belongs to root or to us and
 * nobody else may read it, and nobody else can change the way to it (trust.h).
 * It holds one text, of which a newline at the end is no part.
 */
#ifndef JA_SECRET_H
#define JA_SECRET_H

#include "agent/read/quiet.h"
#include "kernel/error.h"

#define SECRET_MAX 65536 /* bytes of a secret */

/* One state of a file; all zeros before the first look. */
struct secret {
	struct file_id id;
	char *real;    /* the path without links; NULL: there is none */
	char *value;   /* NULL: see problem */
	char *problem; /* why it could not be read; NULL with a value */
	bool whole;    /* it was read, though the value may be wiped since */
	bool racy;
	long long since_ms;
};

enum secret_look {
	SECRET_SAME,	/* as `old`; *s is not filled in */
	SECRET_NEW,	/* *s holds what is there, or why nothing can be had */
	SECRET_WRITTEN, /* somebody is writing it: look again soon, with *s */
};

/*
 * Looks at a file of which `old` is known (NULL: nothing).  `wait`: a file that
 * is being written is not read.  The caller frees with secret_finish.
 */
enum secret_look secret_look(const char *file, const struct secret *old,
    bool wait, struct secret *s);

/* Of one of many files, what was last seen. */
struct secret_file {
	char *file;
	struct secret last; /* its value is wiped */
	bool wanted;	    /* for the time of a scan */
};

void secret_wipe(struct secret *s); /* the value only */
void secret_finish(struct secret *s);

struct reader;
struct bytes_out;
/*
 * scan_secret.c: looks at the files with secrets; what is new is appended to
 * `out`, a count in front.  *again_ms is lowered when one is being written.
 */
void secrets_look(struct reader *r, struct bytes_out *out,
    unsigned *again_ms);
void secrets_finish(struct reader *r);

#endif
