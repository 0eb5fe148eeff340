/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ip_hostname: the addresses of host.hostname are the jail's, besides those
 * that its spec says.  They are looked up when the jail is created, and stay
 * until its next start; what was found is kept with the applied spec.
 */
#ifndef JA_HOSTNAME_H
#define JA_HOSTNAME_H

#include "agent/plan/plan.h"

bool hostname_wanted(const struct spec *s);
/* Whether a family, by its "ip4" or "ip6", gets addresses that way. */
bool hostname_opens(const struct spec *s, const char *mode);
/*
 * The family to be asked for, of those that this kernel has: AF_INET,
 * AF_INET6, AF_UNSPEC for both; -1: none.
 */
int hostname_family(const struct spec *s, const struct jail_params *params);

/*
 * The spec with the addresses that were found behind its own; those that it has
 * are not there twice.  NULL with err when there are too many, or one cannot be
 * a jail's.
 */
struct spec *hostname_spec(const struct spec *s, const struct text_list *found,
    struct error *err);

/*
 * Where it is not known what was found: appends the addresses that a living
 * jail has besides those of the spec.
 */
int hostname_live(const struct live *live, const struct spec *s,
    struct text_list *found, struct error *err);

/* diff_jail with the addresses that were found. */
int hostname_diff(const struct plan_input *in, struct action *out,
    struct error *err);

#endif
