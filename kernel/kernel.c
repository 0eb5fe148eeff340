/* SPDX-License-Identifier: BSD-2-Clause */
/* Which backends there are, and opening one by name. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "backends.h"
#include "jail.h"

const struct jail_backend *const jail_backends[] = {
#if defined(__FreeBSD__)
	&jail_freebsd,
#elif defined(__DragonFly__)
	&jail_dragonfly,
#elif defined(__linux__)
	&jail_linux,
#endif
	&jail_model,
	&jail_trace,
	NULL,
};

static const struct jail_backend *
find_backend(const char *name, size_t len)
{
	for (size_t i = 0; jail_backends[i] != NULL; i++) {
		const struct jail_backend *b = jail_backends[i];

		if (len == 4 && memcmp(name, "auto", 4) == 0 && b->native)
			return b;
		if (strlen(b->name) == len && memcmp(name, b->name, len) == 0)
			return b;
	}
	return NULL;
}

bool
kernel_may_learn(const char *name)
{
	const struct jail_backend *b = find_backend(name, strcspn(name, ":"));

	return b != NULL && b->learns;
}

struct jail_kernel *
kernel_open(const char *name, const struct kernel_options *opt,
    struct error *err)
{
	static const struct kernel_options none;
	size_t len = strcspn(name, ":");
	const char *arg = name[len] == ':' ? name + len + 1 : NULL;
	struct jail_kernel *k;

	k = calloc(1, sizeof *k);
	if (k == NULL) {
		error_sys(err, ENOMEM, "kernel %s", name);
		return NULL;
	}
	k->backend = find_backend(name, len);
	if (k->backend == NULL) {
		error_set(err, EINVAL, "kernel %s: there is no such backend "
		    "on this system; use %s or model:DIR", name,
		    jail_backends[0]->name);
		goto fail;
	}
	if (k->backend->open(k, arg, opt != NULL ? opt : &none, err) != 0)
		goto fail;
	return k;
fail:
	free(k);
	return NULL;
}

void
kernel_close(struct jail_kernel *k)
{
	if (k == NULL)
		return;
	k->backend->close(k);
	free(k);
}
