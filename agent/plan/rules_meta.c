/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Texts of meta and env that the kernel would refuse.  FreeBSD 15 looks at
 * their size when everything else of a new jail is done; one that it refuses
 * then stays dying until the host boots.  So it is never asked.
 */
#include <stdio.h>
#include <string.h>

#include "agent/plan/rules_meta.h"

/* Bytes of the lines that a spec gives to meta or env, newlines between. */
static size_t
text_size(const struct spec *s, const char *base)
{
	size_t size = 0, prefix = strlen(base) + 1;

	for (size_t i = 0; i < s->count; i++) {
		const struct spec_param *p = &s->param[i];

		if (p->def == NULL || strcmp(p->def->name, base) != 0)
			continue;
		if (strlen(p->name) > prefix)
			size += strlen(p->name) - prefix + strlen("=");
		for (size_t j = 0; j < p->value.count; j++)
			size += strlen(p->value.text[j]);
		size += strlen("\n");
	}
	return size;
}

const char *
refuse_meta(const struct spec *s, const struct jail_params *params, char *buf,
    size_t size)
{
	static const struct {
		const char *name;
		size_t mark; /* of the agent's own: a line with its token */
	} bases[] = {
		{ "env", 0 },
		{ "meta", sizeof TOKEN_KEY - sizeof "meta." + sizeof "=" - 1 +
		    TOKEN_SIZE },
	};

	for (size_t i = 0; i < sizeof bases / sizeof *bases; i++) {
		const struct jail_param_info *info =
		    params_find(params, bases[i].name);
		size_t wanted = text_size(s, bases[i].name);

		if (info == NULL || wanted == 0 ||
		    wanted + bases[i].mark <= info->size)
			continue;
		snprintf(buf, size, "%s: its lines have %zu bytes together, "
		    "and this kernel allows %zu%s; shorten them",
		    bases[i].name, wanted, info->size - bases[i].mark,
		    bases[i].mark > 0 ? " beside the agent's own line" : "");
		return buf;
	}
	return NULL;
}
