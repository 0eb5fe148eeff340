/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Building parameter lists and reading what comes back: the one way in which
 * the rest of the program uses a kernel.
 */
#ifndef JA_CALL_H
#define JA_CALL_H

#include "jail.h"
#include "params.h"

/* A parameter list under construction; zero-initialise, then finish. */
struct jail_call {
	struct iovec *iov;
	unsigned count, room;
	char errmsg[JAIL_ERRMSG_MAX];
};

/*
 * Appends a parameter; name and value are copied.  `value` NULL: no value.
 * Returns 0, -1 when memory is out.
 */
int call_add(struct jail_call *c, const char *name, const void *value,
    size_t len);
int call_add_int(struct jail_call *c, const char *name, int value);
int call_add_text(struct jail_call *c, const char *name, const char *text);
/* By presence: NAME, or its negative form. */
int call_add_bool(struct jail_call *c, const char *name, bool on);
void call_finish(struct jail_call *c);

/*
 * jail_set(2) with the list; an errmsg buffer is added.  Returns the jid, or
 * -1 with err: the kernel's own text when it gave one, else strerror.
 */
int call_set(struct jail_kernel *k, struct jail_call *c, int flags,
    struct error *err);

/*
 * The error of a failed call: the kernel's own text in `errmsg`, whose first
 * byte was cleared before, else strerror of `code`.  Always returns -1.
 */
int call_failure(char errmsg[JAIL_ERRMSG_MAX], int code, struct error *err);

/*
 * A descriptor, close-on-exec, of the living jail that has this jid now: it
 * stays that jail's, whoever has the jid later.  -1/errno; EINVAL where the
 * kernel has no descriptors.  The caller closes it.
 */
int call_descriptor(struct jail_kernel *k, int jid);

/* A value that was read.  `data` is NULL when the kernel did not have it. */
struct jail_value {
	const char *name; /* of an extra one: the caller's own */
	const struct jail_param_info *info; /* NULL: an extra one */
	void *data;
	size_t len;
};

/* The parameters that a kernel advertises, copied, sorted by name. */
struct jail_params {
	struct jail_param_info *info;
	size_t count;
	/*
	 * Why jails cannot be restricted to addresses, as who asked the backend
	 * has written here; code 0: they can.
	 */
	struct error no_addresses;
	/*
	 * The same of limits, by enum jail_limit, the last one of swap without
	 * a limit of memory; NULL: all are possible.  Allocated.
	 */
	struct error *no_limit;
};

int params_read(struct jail_kernel *k, struct jail_params *p,
    struct error *err);
const struct jail_param_info *params_find(const struct jail_params *p,
    const char *name);
void params_free(struct jail_params *p);

/*
 * One jail as the kernel describes it; values in the order of `params`.
 * Values and their data are one block of memory.  Texts end in a NUL, which
 * their length counts.
 */
struct jail_row {
	int jid;
	struct jail_value *value;
	size_t count;
};

/*
 * Reads all parameters of `p`, sorted by name, of a jail found by `jid` (> 0), or by `name`
 * (jid 0), or the next one after `-jid` (jid < 0, or 0 without a name).
 * `extra` names further ones (meta.K), NULL-terminated, or is NULL; they follow
 * with info NULL, and their names must live as long as the row, as `params`
 * must.  One call of the kernel as a rule; more only when a list of addresses
 * is longer than a kernel allows by default.  Returns 0, 1 when there is no
 * such jail, -1 on error.
 */
int row_read(struct jail_kernel *k, const struct jail_params *p, int jid,
    const char *name, const char *const *extra, int flags,
    struct jail_row *row, struct error *err);
void row_free(struct jail_row *row);

/* Access by name; NULL or `dflt` when the kernel does not have it. */
const struct jail_value *row_find(const struct jail_row *row,
    const char *name);
const char *row_text(const struct jail_row *row, const char *name);
int row_int(const struct jail_row *row, const char *name, int dflt);

#endif
