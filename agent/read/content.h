/* SPDX-License-Identifier: BSD-2-Clause */
/* What a spec file held at some time, parsed once. */
#ifndef JA_CONTENT_H
#define JA_CONTENT_H

#include "agent/read/git.h"
#include "agent/read/manifest.h"
#include "specs/spec.h"

/* Shared by count. */
struct content {
	unsigned refs;
	char *path; /* the documents and errors refer to it */
	unsigned char digest[SPEC_DIGEST_SIZE]; /* of the text */
	size_t len;				/* its bytes */
	unsigned char blob[SHA1_SIZE];		/* git's name for it */
	unsigned char sha256[MANIFEST_DIGEST];	/* as a MANIFEST has it */
	struct spec_docs docs;
	struct spec_errors errors; /* of parsing */
	bool valid;
	char *text; /* until it is kept, as long as it is not good; or NULL */
	size_t text_len;
};

struct content *content_new(const char *path, const char *text, size_t len,
    const unsigned char digest[SPEC_DIGEST_SIZE]);
/* The same for a text whose digest is not known yet. */
struct content *content_of(const char *path, const char *text, size_t len);
struct content *content_ref(struct content *c);
void content_unref(struct content *c);

#endif
