/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/read/unpack.h"

#include <limits.h>
#include <stdlib.h>

#define ZLIB_CONST /* what is read is not written */
#include <zlib.h>

#define FIRST_ROOM 4096

/* Room for more output, of which there may be one byte too many: it tells. */
static int
make_room(z_stream *z, unsigned char **out, size_t *room, size_t max)
{
	size_t more = *room == 0 ? FIRST_ROOM : *room * 2;
	unsigned char *grown;

	if (*room > max)
		return -1;
	if (more > max)
		more = max + 1;
	if ((grown = realloc(*out, more)) == NULL)
		return -1;
	z->next_out = grown + *room;
	z->avail_out = (uInt)(more - *room);
	*out = grown;
	*room = more;
	return 0;
}

int
unpack_zlib(const unsigned char *in, size_t len, size_t max,
    unsigned char **out, size_t *out_len)
{
	z_stream z = { .next_in = in, .avail_in = (uInt)len };
	unsigned char *text = NULL;
	size_t room = 0;
	int rc = Z_OK;

	if (len > UINT_MAX || max >= UINT_MAX || inflateInit(&z) != Z_OK)
		return -1;
	while (rc == Z_OK && (z.avail_out > 0 ||
	    make_room(&z, &text, &room, max) == 0))
		rc = inflate(&z, Z_NO_FLUSH);
	*out_len = z.total_out;
	(void)inflateEnd(&z);
	if (rc != Z_STREAM_END || *out_len > max) {
		free(text);
		return -1;
	}
	*out = text;
	return 0;
}
