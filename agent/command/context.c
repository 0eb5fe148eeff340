/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/command/command.h"

struct jail_kernel *
context_kernel(const struct context *ctx, bool read_only)
{
	const struct kernel_options opt = { .read_only = read_only };
	struct jail_kernel *k;
	struct error err;

	k = kernel_open(ctx->kernel, &opt, &err);
	if (k == NULL)
		complain("%s", err.text);
	return k;
}
