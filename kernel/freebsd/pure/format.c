/* SPDX-License-Identifier: BSD-2-Clause */
#include "format.h"

#include <netinet/in.h>

#include <string.h>

#define STRING_MAX 65536 /* more than a list of parameters may have */

static const struct {
	unsigned kind;
	const char *format;
	enum param_type type;
	size_t size; /* 0: the node's value tells it */
} formats[] = {
	{ KIND_INT, "B", PARAM_BOOL, sizeof(int) },
	{ KIND_INT, "E,jailsys", PARAM_JAILSYS, sizeof(int) },
	{ KIND_INT, "I", PARAM_INT, sizeof(int) },
	{ KIND_ULONG, "LU", PARAM_ULONG, sizeof(unsigned long) },
	{ KIND_STRING, "A", PARAM_STRING, 0 },
	{ KIND_STRING, "A,keyvalue", PARAM_KEYVALUE, 0 },
	{ KIND_STRUCT, "S,in_addr,a", PARAM_IP4, sizeof(struct in_addr) },
	{ KIND_STRUCT, "S,in6_addr,a", PARAM_IP6, sizeof(struct in6_addr) },
};

/* The decimal number at the start of a text that may lack its NUL; 0: none. */
static size_t
text_number(const char *text, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len && text[i] >= '0' && text[i] <= '9'; i++) {
		n = n * 10 + (size_t)(text[i] - '0');
		if (n > STRING_MAX)
			return 0;
	}
	return n;
}

int
format_param(unsigned kind, const char *format, const void *value, size_t len,
    struct jail_param_info *info)
{
	for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
		if ((kind & KIND_TYPE) != formats[i].kind ||
		    strcmp(format, formats[i].format) != 0)
			continue;
		info->type = formats[i].type;
		info->size = formats[i].size != 0 ? formats[i].size :
		    text_number(value, len);
		info->access = (kind & KIND_WRITE) != 0 ? PARAM_RW :
		    (kind & KIND_TUNABLE) != 0 ? PARAM_RDTUN : PARAM_RD;
		return info->size > 0 ? 0 : -1;
	}
	return -1;
}

int
format_name(const char *node, char *buf, size_t size)
{
	static const char prefix[] = PARAM_NODE ".";
	size_t len;

	if (strncmp(node, prefix, sizeof prefix - 1) != 0)
		return -1;
	node += sizeof prefix - 1;
	len = strlen(node);
	if (len > 0 && node[len - 1] == '.')
		len--;
	if (len == 0 || len >= size)
		return -1;
	memcpy(buf, node, len);
	buf[len] = '\0';
	return 0;
}
