/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The prison engine: FreeBSD's jail(2) in user space.
 *
 * It owns a table of prisons (an LMDB environment, so that jails outlive the
 * process that made them) and answers jail_set, jail_get, jail_remove and
 * jail_attach as the recorded kernels do: ordered checks with the same errno
 * and errmsg.  What a prison *is* beyond its record is left to effects:
 * `model` has none, `linux` realises them with namespaces.
 *
 * Order of a creation, so that a kill at any point leaves no half jail:
 * checks, effects->create (a holder that waits for its release), commit of the
 * record, effects->created (the holder goes on).  A holder whose creator died
 * before the commit sees its pipe closed and ends; a record whose holder is
 * gone is dead to everybody who looks.  Removal commits the dying state first,
 * then kills; the record goes when the last process has.
 */
#ifndef JA_PRISON_H
#define JA_PRISON_H

#include "kernel/params.h"
#include "kernel/prison/effects.h"

struct prison_table;

/*
 * Opens (creates) the table in directory `dir`, which exists.  A table of
 * another boot is emptied when `boot` is not NULL.  The caller closes it.
 *
 * A process has at most one handle of a table, and no handle is used across
 * fork(2): in the child every call fails with ECHILD.  A table has one
 * generation; opening it with another one is an error while there are jails.
 * With opt->read_only all but prison_get and prison_params fail with EROFS,
 * and a table that does not exist reads as empty.
 */
struct prison_table *prison_open(const char *dir, const char *boot,
    const struct kernel_options *opt, const struct prison_effects *effects,
    void *effects_arg, struct error *err);
void prison_close(struct prison_table *t);

/* The calls of jail.h, and the advertised parameters. */
int prison_set(struct prison_table *t, struct iovec *iov, unsigned niov,
    int flags);
int prison_get(struct prison_table *t, struct iovec *iov, unsigned niov,
    int flags);
int prison_remove(struct prison_table *t, int jid);
int prison_attach(struct prison_table *t, int jid);
int prison_remove_jd(struct prison_table *t, int fd);
int prison_attach_jd(struct prison_table *t, int fd);
int prison_params(struct prison_table *t,
    int (*each)(void *arg, const struct jail_param_info *info), void *arg);

/*
 * Looks a living prison up for a backend's own needs (spawn, signal, watch):
 * fills *p.  Returns 0, -1/errno (EINVAL: no such jail).
 */
int prison_find(struct prison_table *t, int jid, struct prison *p);

/*
 * Calls `each` for a prison and all its descendants (0: for all prisons),
 * parents first.  `each` returns 0 to go on; what else it returns is the
 * result.
 */
int prison_walk(struct prison_table *t, int jid,
    int (*each)(void *arg, const struct prison *p), void *arg);

/*
 * Processes: fills in *p for a pid (-1/ESRCH); whether one still exists, and
 * is a zombie; sending a signal to it and to no later one with its pid.
 * prison_proc_running is also what the engine uses without effects->running.
 */
int prison_proc_id(pid_t pid, struct prison_proc *p);
bool prison_proc_running(const struct prison_proc *p, bool *zombie);
int prison_proc_signal(const struct prison_proc *p, int sig);

enum jail_generation prison_generation(const struct prison_table *t);

/*
 * For replaying recordings: the table behind an open kernel whose `data`
 * points to a struct that begins with its `struct prison_table *`, as those of
 * `model` and `linux` do; the counters from which automatic jids (the next is
 * last + 1) and those of renumbered dying prisons (the next is lastdead - 1,
 * 0: the highest) go on; and giving back the references that prisons have
 * lost by defects of the recorded kernels.
 */
struct prison_table *prison_table_of(const struct jail_kernel *k);
int prison_set_counters(struct prison_table *t, int last, int lastdead);
int prison_drop_leaks(struct prison_table *t);

/*
 * Whether somebody else has changed the table since this was asked last, or
 * since it was opened; changes through `t` itself do not count, those of others
 * that come between two of them do.
 */
bool prison_changed(struct prison_table *t);

#endif
