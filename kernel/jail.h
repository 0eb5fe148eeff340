/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel interface: jail(2)'s calls in one form on every system.
 *
 * Parameters travel as iovec pairs (name with its NUL, raw value), exactly as
 * in jail_set(2) and jail_get(2): same value sizes, same flags, same errno and
 * the text of a failure in an `errmsg` parameter.  So recorded calls can be
 * replayed against any backend, and what is true of one is true of all.
 * `params.h` describes the parameters, `call.h` builds and reads such lists.
 *
 * A backend is a const table of functions.  An open kernel is used by one
 * process: after fork(2) the child opens its own.  All descriptors are
 * close-on-exec.
 */
#ifndef JA_JAIL_H
#define JA_JAIL_H

#include <sys/types.h>
#include <sys/uio.h>

#include <stdbool.h>
#include <stddef.h>

#include "error.h"
#include "jail_limits.h"

/* Flags of jail_set and jail_get; the values are FreeBSD's. */
#ifndef JAIL_CREATE
#define JAIL_CREATE 0x01
#define JAIL_UPDATE 0x02
#define JAIL_ATTACH 0x04
#define JAIL_DYING 0x08
#endif
#ifndef JAIL_USE_DESC
#define JAIL_USE_DESC 0x10
#define JAIL_AT_DESC 0x20
#define JAIL_GET_DESC 0x40
#define JAIL_OWN_DESC 0x80
#endif
#ifndef JAIL_SYS_DISABLE
#define JAIL_SYS_DISABLE 0
#define JAIL_SYS_NEW 1
#define JAIL_SYS_INHERIT 2
#endif

#define JAIL_NAME_MAX 256    /* bytes of a full name, NUL included */
#define JAIL_ERRMSG_MAX 1024 /* the errmsg buffer that call.h sends */

/* Which kernel's behaviour: FreeBSD 13 (generation A) or 15 (B). */
enum jail_generation { JAIL_GEN_13 = 13, JAIL_GEN_15 = 15 };

/* What kernel_open is told besides the name. */
struct kernel_options {
	enum jail_generation generation; /* 0: the backend's own */
	bool read_only; /* jail_get only: no table is created, no helper runs */
};

/* A program to be run in a jail, or beside it on the host. */
struct jail_exec {
	int jid;		  /* 0: on the host */
	const char *const *argv;  /* argv[0] is looked up along PATH of envp */
	const char *const *envp;  /* complete environment */
	const char *dir;	  /* NULL: "/" in a jail, unchanged on the host */
	const char *user;	  /* NULL: unchanged */
	bool host_user;		  /* `user` is the host's, not the jail's */
	const int *fib;		  /* FreeBSD: routing table in a jail, or NULL */
	/*
	 * Where USER=, HOME= or SHELL= are empty in envp, the user's own follow;
	 * and in the place of an argv that is NULL the user's shell runs, with
	 * -i.  Without `user` that is the jail's user number 0, or the caller.
	 */
	bool login;
	bool home;		  /* with login: dir is the user's home */
	const char *const *kept;  /* of envp; no login class changes them */
	size_t kept_count;
	int fd[3];		  /* become 0, 1, 2; -1: /dev/null */
	bool session;		  /* of its own; in a jail on Linux always */
	/*
	 * NULL, or called with its pid before the program runs.  When that
	 * fails (-1 with err), or the caller is killed meanwhile, it never does.
	 */
	int (*started)(void *arg, pid_t pid, struct error *err);
	void *arg;
};

struct jail_backend;
struct jail_param_info; /* params.h */

struct jail_kernel {
	const struct jail_backend *backend;
	void *data; /* the backend's own */
};

struct jail_backend {
	const char *name;
	const char *help; /* one line for usage texts */
	bool native;	  /* may be chosen by "auto" */
	bool learns;	  /* may have parameters that params.def lacks */

	/* `arg` is what followed ':' in the kernel's name, or NULL. */
	int (*open)(struct jail_kernel *k, const char *arg,
	    const struct kernel_options *opt, struct error *err);
	void (*close)(struct jail_kernel *k);

	/* jail_set(2), jail_get(2), jail_remove(2), jail_attach(2): -1/errno. */
	int (*set)(struct jail_kernel *k, struct iovec *iov, unsigned niov,
	    int flags);
	int (*get)(struct jail_kernel *k, struct iovec *iov, unsigned niov,
	    int flags);
	int (*remove)(struct jail_kernel *k, int jid);
	int (*attach)(struct jail_kernel *k, int jid);

	/* The forms with a jail descriptor; NULL where there are none. */
	int (*remove_jd)(struct jail_kernel *k, int fd);
	int (*attach_jd)(struct jail_kernel *k, int fd);

	/* What security.jail.param tells: calls `each` for every parameter that
	   this kernel knows, in the order of their names, until it returns
	   non-zero, which is then the result. */
	int (*params)(struct jail_kernel *k,
	    int (*each)(void *arg, const struct jail_param_info *info),
	    void *arg);

	/* Starts a program without waiting for it.  The process is a child of
	   the caller.  Returns its pid; on failure -1, and nothing has run. */
	pid_t (*spawn)(struct jail_kernel *k, const struct jail_exec *x,
	    struct error *err);

	/* Sends SIGTERM or the like to all processes of the jail and of those
	   below; `sig` 0: only looks.  0: there are none, > 0, -1/errno. */
	int (*signal)(struct jail_kernel *k, int jid, int sig);

	/* From now on the caller goes ahead of ordinary processes, of which a
	   jail that is to end may have many; or it does not any more.  What it
	   starts never does.  NULL: the kernel has no such thing. */
	void (*haste)(struct jail_kernel *k, bool on);

	/* Moves a network interface of the host into a jail that has a network
	   stack of its own.  When the jail ends it comes back.  0, -1 with
	   err.  NULL where ifconfig(8) does it. */
	int (*interface)(struct jail_kernel *k, int jid, const char *name,
	    struct error *err);

	/* Whether this host can restrict a jail to addresses: 0, -1 with the
	   reason.  NULL: it can. */
	int (*addresses)(struct jail_kernel *k, struct error *why);

	/* Whether a jail without addresses gets none but by a new start, or
	   that cannot be told.  NULL: no jail is so. */
	bool (*secluded)(struct jail_kernel *k, int jid);

	/*
	 * limitable: whether this host can limit that; for swap `with` tells
	 * whether memory is limited, too: 0, -1 with the reason.  limits: reads
	 * those of a living jail.  limit: sets them all, at once for all of its
	 * processes; jid 0: what an ended jail left is removed.  0, -1 with
	 * err.  NULL: nothing is behind this kernel that could be used up.
	 */
	int (*limitable)(struct jail_kernel *k, enum jail_limit which,
	    bool with, struct error *why);
	int (*limits)(struct jail_kernel *k, int jid, const char *name,
	    struct jail_limits *l, struct error *err);
	int (*limit)(struct jail_kernel *k, int jid, const char *name,
	    const struct jail_limits *l, struct error *err);

	/*
	 * Events are hints.  events: a descriptor that polls readable when some
	 * jail changed, or -1.  watch: asks for events about a jail, until it is
	 * gone.  next: the jid that an event is about, 0 for "look at all", -1
	 * when there is none left; never blocks.
	 */
	int (*events)(struct jail_kernel *k);
	int (*watch)(struct jail_kernel *k, int jid);
	int (*next)(struct jail_kernel *k);
};

/* All backends that this system has, NULL at the end. */
extern const struct jail_backend *const jail_backends[];

/*
 * Opens a kernel by name: "auto", or BACKEND or BACKEND:ARG.  The caller
 * closes it with kernel_close.  `opt` may be NULL.
 */
struct jail_kernel *kernel_open(const char *name,
    const struct kernel_options *opt, struct error *err);
void kernel_close(struct jail_kernel *k);

/*
 * Adds to the table what the kernel advertises and the table lacks
 * (param_add).  Returns how many there were; a kernel that cannot be opened
 * has none.  kernel_may_learn: whether that is worth a look.
 */
size_t kernel_learn(const char *name);
bool kernel_may_learn(const char *name);

/* The boot that this host is in, as text of at most 63 characters. */
int kernel_boot_id(char *buf, size_t size, struct error *err);

#endif
