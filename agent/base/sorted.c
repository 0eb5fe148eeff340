/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/base/sorted.h"

#include <string.h>

size_t
sorted_position(const void *table, size_t count, sorted_name_fn *name_of,
    const char *name, bool *found)
{
	size_t low = 0, high = count;

	*found = false;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int c = strcmp(name_of(table, mid), name);

		if (c == 0) {
			*found = true;
			return mid;
		}
		if (c < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

uint32_t
text_hash(const char *text)
{
	uint32_t h = 2166136261u;

	for (const char *p = text; *p != '\0'; p++)
		h = (h ^ (unsigned char)*p) * 16777619u;
	return h;
}
