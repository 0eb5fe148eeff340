/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/sign/head.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/buffer.h"
#include "agent/base/file.h"

#define HEAD_MAX 256

void
head_read(const char *file, struct head *h)
{
	struct error why;
	char *text;
	size_t len;

	*h = (struct head){ .file = file };
	if (file == NULL ||
	    file_read(AT_FDCWD, file, HEAD_MAX, &text, &len, &why) != 0)
		return;
	if (sscanf(text, "%" SCNu64 " %64[0-9a-f]", &h->sequence,
	    h->digest) != 2)
		h->sequence = 0;
	free(text);
}

int
head_check(const struct head *h, uint64_t newest,
    const unsigned char digest[DIGEST_SIZE], struct error *err)
{
	char hex[DIGEST_HEX];

	if (newest < h->sequence)
		return error_set(err, ESTALE, "snapshot number %" PRIu64 " was "
		    "written since the host booted, but number %" PRIu64 " is "
		    "the newest that is there: bring back what is missing, or "
		    "remove %s to go on without", h->sequence, newest,
		    h->file);
	if (newest == h->sequence && newest > 0 && strcmp(h->digest,
	    text_hex(digest, DIGEST_SIZE, hex)) != 0)
		return error_set(err, ESTALE, "snapshot number %" PRIu64
		    " is another one than was written since the host booted: "
		    "bring back the right one, or remove %s to go on with "
		    "this", newest, h->file);
	return 0;
}

void
head_write(const char *file, uint64_t newest,
    const unsigned char digest[DIGEST_SIZE])
{
	char hex[DIGEST_HEX], text[HEAD_MAX];
	int n;

	if (file == NULL)
		return;
	n = snprintf(text, sizeof text, "%" PRIu64 " %s\n", newest,
	    text_hex(digest, DIGEST_SIZE, hex));
	(void)file_replace(AT_FDCWD, file, text, (size_t)n, NULL);
}
